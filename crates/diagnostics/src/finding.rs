//! Findings and everything that hangs on one.

use crate::Span;
use std::sync::Arc;

/// The cause to which a timing bug traces. Every rule belongs to exactly one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Family {
    /// Unreliable clocks.
    Clock,
    /// Process pauses.
    Pause,
    /// Lost, late or ambiguous messages.
    Network,
    /// No cause of a timing bug: a comment that silences findings, and is wrong itself.
    Suppression,
}

impl Family {
    /// The name in selectors, tags and reports.
    pub fn name(self) -> &'static str {
        match self {
            Family::Clock => "clock",
            Family::Pause => "pause",
            Family::Network => "network",
            Family::Suppression => "suppression",
        }
    }
}

/// The cost if the finding is true.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// Worth knowing.
    Note,
    /// An outage, or a false failure under load.
    Warning,
    /// Data loss, two holders of one lock, a permanent outage.
    Error,
}

impl Severity {
    /// All severities, mildest first.
    pub const ALL: [Severity; 3] = [Severity::Note, Severity::Warning, Severity::Error];

    /// The name in configuration and reports.
    pub fn name(self) -> &'static str {
        match self {
            Severity::Note => "note",
            Severity::Warning => "warning",
            Severity::Error => "error",
        }
    }
}

/// How sure a finding is; computed from its evidence, never a property of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Confidence {
    /// Several links rest on names or convention.
    Low,
    /// One link rests on a name or on convention.
    Medium,
    /// Every link was seen: resolved names, flow, effect.
    High,
}

impl Confidence {
    /// All confidences, weakest first.
    pub const ALL: [Confidence; 3] = [Confidence::Low, Confidence::Medium, Confidence::High];

    /// The name in configuration and reports.
    pub fn name(self) -> &'static str {
        match self {
            Confidence::Low => "low",
            Confidence::Medium => "medium",
            Confidence::High => "high",
        }
    }
}

/// A span in a file.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Location {
    /// Path as in [`crate::SourceFile::path`].
    pub path: Arc<str>,
    /// Byte range.
    pub span: Span,
}

impl Location {
    /// `span` in the file shown as `path`.
    pub fn new(path: Arc<str>, span: Span) -> Self {
        Self { path, span }
    }
}

/// One step of the story that a finding tells. Labels stand in time order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// What happens here: lower case, no final period.
    pub message: String,
    /// Where it happens; may be another file than the finding's.
    pub location: Location,
}

/// Whether an edit may be applied without a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Applicability {
    /// Keeps the meaning except for the bug: `--fix` applies it.
    Safe,
    /// Mechanical, but changes behaviour that someone may rely on: `--unsafe-fixes`.
    Unsafe,
    /// Shown only: the reader must choose a value or a design.
    Suggestion,
}

impl Applicability {
    /// The name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Applicability::Safe => "safe",
            Applicability::Unsafe => "unsafe",
            Applicability::Suggestion => "suggestion",
        }
    }
}

/// Replace the text at a location; an empty span inserts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// What is replaced.
    pub location: Location,
    /// The new text.
    pub text: String,
}

/// A way out, with edits where one can be written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// What applying it does: imperative, lower case, no final period.
    pub title: String,
    /// Who may apply it.
    pub applicability: Applicability,
    /// Never overlapping; may be empty for a suggestion.
    pub edits: Vec<Edit>,
}

/// One report of one rule at one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The rule that speaks.
    pub rule: &'static RuleMeta,
    /// Cost if true.
    pub severity: Severity,
    /// How sure.
    pub confidence: Confidence,
    /// The one expression that is wrong.
    pub primary: Location,
    /// What is wrong: one sentence, lower case, no final period.
    pub message: String,
    /// How it goes wrong in production.
    pub why: String,
    /// What to do about it.
    pub help: String,
    /// The story in time order; usually includes the primary span.
    pub labels: Vec<Label>,
    /// What counted for and against, in words; shown by `--explain-silence` and in verbose output.
    pub evidence: Vec<String>,
    /// Suggested fixes.
    pub fixes: Vec<Fix>,
    /// The enclosing classes and functions, joined by dots; empty outside of all. The engine fills it in.
    pub scope: String,
    /// Content-based identity (`v1:` and 16 hex digits), stable under moved lines and reformatting; the engine fills
    /// it in.
    pub fingerprint: String,
}

/// What is known of a rule before it runs.
#[derive(Debug, PartialEq, Eq)]
pub struct RuleMeta {
    /// Kebab-case name of the mistake; stable for ever.
    pub id: &'static str,
    /// Former names.
    pub aliases: &'static [&'static str],
    /// The cause to which the mistake traces.
    pub family: Family,
    /// The fault that turns the mistake into a failure, in a few words.
    pub mechanism: &'static str,
    /// Severity unless the finding or the configuration says otherwise.
    pub severity: Severity,
    /// One line on what it finds.
    pub summary: &'static str,
    /// The rule's Markdown page.
    pub page: &'static str,
}

impl RuleMeta {
    /// Where the page lies in timelint's repository; `None` for findings about comments, whose page is in the README.
    pub fn page_path(&self) -> Option<String> {
        let family = match self.family {
            Family::Suppression => return None,
            Family::Clock | Family::Pause | Family::Network => self.family.name(),
        };
        Some(format!("crates/rules/src/{family}/{}.md", self.id.replace('-', "_")))
    }
}

/// Why a file was not (fully) analysed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum NoteKind {
    /// The parser had to skip text; findings there may be missing.
    ParseError,
    /// Over the size limit.
    TooLarge,
    /// Could not be read.
    Unreadable,
    /// A bound of the analysis was hit; findings may be missing.
    MatchLimit,
    /// Analysing it failed inside timelint.
    InternalError,
    /// Entries of the baseline match nothing any more.
    Baseline,
}

impl NoteKind {
    /// The name in reports.
    pub fn name(self) -> &'static str {
        match self {
            NoteKind::ParseError => "parse-error",
            NoteKind::TooLarge => "too-large",
            NoteKind::Unreadable => "unreadable",
            NoteKind::MatchLimit => "match-limit",
            NoteKind::InternalError => "internal-error",
            NoteKind::Baseline => "baseline",
        }
    }
}

/// Something to tell about a file that is not a finding.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Note {
    /// The file, as in [`crate::SourceFile::path`].
    pub path: Arc<str>,
    /// Line (from 1) where that is known.
    pub line: Option<u32>,
    /// What sort of trouble.
    pub kind: NoteKind,
    /// What happened and what to do.
    pub message: String,
}
