//! What a run found, and what it held back.

use crate::gate::SkipReason;
use std::sync::Arc;
use timelint_diagnostics::{Acceptance, Accepted, Confidence, Finding, NoteKind, Report};
use timelint_semantics::Understood;

/// The result of a run.
#[derive(Debug, Default)]
pub struct Outcome {
    /// What is reported.
    pub report: Report,
    /// Findings that are not reported, sorted like those that are.
    pub hidden: Vec<Hidden>,
    /// Files that were seen and not analysed, sorted by path.
    pub skipped: Vec<Skipped>,
    /// What was understood of the file that was to be explained; `None` where it was not analysed.
    pub understood: Option<Understood>,
}

impl Outcome {
    /// Files whose analysis failed inside timelint.
    pub fn internal_errors(&self) -> usize {
        self.report.notes.iter().filter(|n| n.kind == NoteKind::InternalError).count()
    }
}

/// A finding that is not reported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hidden {
    /// The finding.
    pub finding: Finding,
    /// Why it is not reported.
    pub because: HiddenBecause,
}

/// Why a finding is not reported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HiddenBecause {
    /// It stands in test code (listed only when the run is to be explained).
    TestCode,
    /// A comment on this line (from 1) says so.
    Suppressed {
        /// The comment's line.
        line: u32,
        /// What it says, if anything.
        reason: Option<Arc<str>>,
    },
    /// It is less sure than this.
    BelowConfidence(Confidence),
    /// It is in the baseline.
    Baselined {
        /// What the entry says, if anything.
        reason: Option<Arc<str>>,
    },
    /// It was there before.
    NotNew,
    /// It stands in a file that is not asked for.
    Elsewhere,
}

impl Hidden {
    /// The finding with the word of who accepted it, if somebody did.
    pub fn accepted(&self) -> Option<Accepted> {
        let (by, reason) = match &self.because {
            HiddenBecause::Suppressed { line, reason } => (Acceptance::Comment(*line), reason),
            HiddenBecause::Baselined { reason } => (Acceptance::Baseline, reason),
            _ => return None,
        };
        Some(Accepted { finding: self.finding.clone(), by, reason: reason.clone() })
    }
}

/// A file that was seen and not analysed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// The path as shown.
    pub path: Arc<str>,
    /// Why.
    pub reason: SkipReason,
}
