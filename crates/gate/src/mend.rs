//! Changes files so that findings go away, and checks that they do.
//!
//! Everything happens in memory: proposals that do not overlap are applied together and the project is analysed again
//! as it would then be. Where a finding stays, a new one appears, or a file can no longer be parsed, the culprits are
//! looked for by halving and left out. What is left is tried again until nothing more is proposed, so that a second run
//! has nothing to do.

use crate::error::GateError;
use crate::write::{read, write_whole};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use timelint_diagnostics::{Edit, Finding, NoteKind, Span};
use timelint_engine::{Engine, Input, Outcome, Overlay};

/// Rounds after which to stop; each one is an analysis of everything.
const ROUNDS: usize = 10;

/// Edits that make one finding go away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// The file of the finding.
    pub path: Arc<str>,
    /// The finding's rule.
    pub rule: &'static str,
    /// The finding's fingerprint.
    pub fingerprint: String,
    /// What is done, in words.
    pub title: String,
    /// The edits, of one or more files; applied together or not at all.
    pub edits: Vec<Edit>,
}

impl Proposal {
    /// `edits` against `finding`.
    pub fn new(finding: &Finding, title: &str, edits: Vec<Edit>) -> Self {
        Self {
            path: finding.primary.path.clone(),
            rule: finding.rule.id,
            fingerprint: finding.fingerprint.clone(),
            title: title.to_owned(),
            edits,
        }
    }
}

/// A proposal that was dropped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The proposal.
    pub proposal: Proposal,
    /// What was wrong with it.
    pub why: &'static str,
}

/// A changed file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// The path as reports show it.
    pub path: Arc<str>,
    /// The absolute path.
    pub absolute: PathBuf,
    /// The text on disk.
    pub before: Arc<str>,
    /// The text as it should be.
    pub after: Arc<str>,
}

impl Changed {
    /// Writes the file, whole, if it is still as it was.
    ///
    /// # Errors
    ///
    /// When it has changed, or cannot be written; it is then as it was.
    pub fn write(&self) -> Result<(), GateError> {
        let path = self.path.to_string();
        match read(&self.absolute) {
            Ok(bytes) if bytes == self.before.as_bytes() => {}
            _ => return Err(GateError::Changed { path }),
        }
        write_whole(&self.absolute, self.after.as_bytes())
            .map_err(|e| GateError::Write { path, message: e.to_string() })
    }
}

/// What came of it; nothing is written yet.
#[derive(Debug, Default)]
pub struct Mended {
    /// The outcome as it is after the changes.
    pub outcome: Outcome,
    /// The changed files, sorted by path.
    pub files: Vec<Changed>,
    /// How many proposals were applied.
    pub applied: usize,
    /// Those that were not.
    pub refused: Vec<Refused>,
}

/// Applies what `propose` finds in `outcome`, the result of checking `inputs`, and what it finds after that.
///
/// # Errors
///
/// When an analysis cannot be done.
pub fn mend(
    engine: &Engine,
    inputs: &[Input],
    outcome: Outcome,
    propose: &mut dyn FnMut(&Outcome) -> Vec<Proposal>,
) -> Result<Mended, GateError> {
    let mut session = Session { engine, inputs, outcome, texts: BTreeMap::new(), applied: 0, refused: Vec::new() };
    for _ in 0..ROUNDS {
        let batch = session.disjoint(propose(&session.outcome));
        if batch.is_empty() {
            break;
        }
        session.settle(batch)?;
    }
    Ok(session.finish())
}

/// A file before and after.
#[derive(Debug, Clone)]
struct Text {
    before: Arc<str>,
    after: Arc<str>,
}

type Texts = BTreeMap<Arc<str>, Text>;

struct Session<'e> {
    engine: &'e Engine,
    inputs: &'e [Input],
    outcome: Outcome,
    texts: Texts,
    applied: usize,
    refused: Vec<Refused>,
}

impl Session<'_> {
    /// The first proposal for each finding that was not refused before and touches no text that another one touches.
    fn disjoint(&mut self, proposals: Vec<Proposal>) -> Vec<Proposal> {
        let key = |p: &Proposal| (p.path.clone(), p.fingerprint.clone(), p.title.clone());
        let seen: BTreeSet<_> = self.refused.iter().map(|r| key(&r.proposal)).collect();
        let mut answered = BTreeSet::new();
        let mut taken: BTreeMap<Arc<str>, Vec<Span>> = BTreeMap::new();
        let mut batch = Vec::new();
        for proposal in proposals {
            let finding = (proposal.path.clone(), proposal.fingerprint.clone());
            if proposal.edits.is_empty() || seen.contains(&key(&proposal)) || answered.contains(&finding) {
                continue;
            }
            if let Some(why) = self.unfit(&proposal) {
                self.refused.push(Refused { proposal, why });
                continue;
            }
            let is_free = |edit: &Edit| {
                let spans = taken.get(&edit.location.path).map_or(&[][..], Vec::as_slice);
                !spans.iter().any(|s| touch(*s, edit.location.span))
            };
            if proposal.edits.iter().all(is_free) {
                for edit in &proposal.edits {
                    taken.entry(edit.location.path.clone()).or_default().push(edit.location.span);
                }
                batch.push(proposal);
                answered.insert(finding);
            }
        }
        batch
    }

    /// Why a proposal cannot be applied at all.
    fn unfit(&self, proposal: &Proposal) -> Option<&'static str> {
        for (nth, edit) in proposal.edits.iter().enumerate() {
            let span = edit.location.span;
            if proposal.edits[..nth]
                .iter()
                .any(|e| e.location.path == edit.location.path && touch(e.location.span, span))
            {
                return Some("its own edits overlap");
            }
            let Some(text) = self.text(&edit.location.path) else { return Some("its file cannot be read") };
            if text.get(span.start as usize..span.end as usize).is_none() {
                return Some("its place does not fit the file");
            }
            // Also tells files that are no UTF-8 from their readable rendering.
            let on_disk = read(&self.engine.absolute(&edit.location.path));
            let before = self.texts.get(&edit.location.path).map_or(&text, |t| &t.before);
            if !on_disk.is_ok_and(|bytes| bytes == before.as_bytes()) {
                return Some("its file is no UTF-8 text or has changed meanwhile");
            }
        }
        None
    }

    fn text(&self, path: &Arc<str>) -> Option<Arc<str>> {
        let changed = self.texts.get(path).map(|t| t.after.clone());
        changed.or_else(|| self.outcome.report.sources.get(path).map(|s| s.text.clone()))
    }

    /// Applies as many of `batch` as can be.
    fn settle(&mut self, batch: Vec<Proposal>) -> Result<(), GateError> {
        let mut accepted: Vec<Proposal> = Vec::new();
        let mut best = None;
        let mut open = vec![batch];
        while let Some(mut part) = open.pop() {
            let all: Vec<Proposal> = accepted.iter().chain(&part).cloned().collect();
            match self.attempt(&all)? {
                Ok(state) => {
                    best = Some(state);
                    accepted = all;
                }
                Err(_) if part.len() > 1 => {
                    let second = part.split_off(part.len() / 2);
                    open.push(second);
                    open.push(part);
                }
                Err(why) => self.refused.extend(part.into_iter().map(|proposal| Refused { proposal, why })),
            }
        }
        self.applied += accepted.len();
        if let Some((texts, outcome)) = best {
            self.texts = texts;
            self.outcome = outcome;
        }
        Ok(())
    }

    /// The texts and the outcome with all of `proposals`; or what is wrong with that.
    fn attempt(&self, proposals: &[Proposal]) -> Result<Result<(Texts, Outcome), &'static str>, GateError> {
        let mut edits: BTreeMap<Arc<str>, Vec<&Edit>> = BTreeMap::new();
        for edit in proposals.iter().flat_map(|p| &p.edits) {
            edits.entry(edit.location.path.clone()).or_default().push(edit);
        }
        let mut texts = self.texts.clone();
        for (path, edits) in edits {
            let Some(old) = self.text(&path) else { return Ok(Err("its file cannot be read")) };
            let after = applied(&old, edits);
            texts.entry(path).or_insert(Text { before: old, after: Arc::from("") }).after = after;
        }
        let mut overlay = Overlay::default();
        for (path, text) in &texts {
            overlay.set(&self.engine.absolute(path), Some(text.after.clone()));
        }
        let outcome = self.engine.check_with(self.inputs, &overlay)?;
        Ok(match objection(&self.outcome, &outcome, proposals) {
            Some(why) => Err(why),
            None => Ok((texts, outcome)),
        })
    }

    fn finish(mut self) -> Mended {
        // Another proposal may have done.
        let left: BTreeSet<_> = self.outcome.report.findings.iter().map(identity).collect();
        self.refused.retain(|r| left.contains(&(&*r.proposal.path, r.proposal.rule, r.proposal.fingerprint.as_str())));
        let file = |(path, text): (Arc<str>, Text)| Changed {
            absolute: self.engine.absolute(&path),
            path,
            before: text.before,
            after: text.after,
        };
        Mended {
            outcome: self.outcome,
            files: self.texts.into_iter().map(file).filter(|f| f.before != f.after).collect(),
            applied: self.applied,
            refused: self.refused,
        }
    }
}

/// Whether two edits cannot both be applied. Two insertions at one place have no order.
fn touch(a: Span, b: Span) -> bool {
    a.start < b.end && b.start < a.end || a.start == b.start
}

/// `text` after `edits`, which do not touch each other. New lines end as the file's lines do.
fn applied(text: &str, mut edits: Vec<&Edit>) -> Arc<str> {
    edits.sort_by_key(|e| e.location.span);
    let crlf = text.find('\n').is_some_and(|at| text[..at].ends_with('\r'));
    let mut out = String::with_capacity(text.len());
    let mut from = 0;
    for edit in edits {
        let span = edit.location.span;
        out.push_str(text.get(from..span.start as usize).unwrap_or(""));
        if crlf {
            out.push_str(&edit.text.replace("\r\n", "\n").replace('\n', "\r\n"));
        } else {
            out.push_str(&edit.text);
        }
        from = span.end as usize;
    }
    out.push_str(text.get(from..).unwrap_or(""));
    out.into()
}

/// What speaks against the change from `before` to `after`.
fn objection(before: &Outcome, after: &Outcome, proposals: &[Proposal]) -> Option<&'static str> {
    let broken = |outcome: &Outcome| -> BTreeSet<(Arc<str>, String)> {
        let notes = outcome.report.notes.iter();
        let trouble = notes.filter(|n| matches!(n.kind, NoteKind::ParseError | NoteKind::InternalError));
        trouble.map(|n| (n.path.clone(), n.message.clone())).collect()
    };
    if !broken(after).is_subset(&broken(before)) {
        return Some("the file could not be parsed after it");
    }
    let (old, new) = (counts(before), counts(after));
    let known: BTreeSet<_> = before.report.findings.iter().map(identity).collect();
    if after.report.findings.iter().any(|f| !known.contains(&identity(f))) {
        return Some("another finding would appear");
    }
    let mut wanted: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for proposal in proposals {
        *wanted.entry((&proposal.path, proposal.rule)).or_default() += 1;
    }
    let stays = |(key, gone): (&(&str, &str), &usize)| {
        let (old, new) = (old.get(key).copied().unwrap_or(0), new.get(key).copied().unwrap_or(0));
        new + gone > old
    };
    wanted.iter().any(stays).then_some("the finding would stay")
}

fn identity(finding: &Finding) -> (&str, &str, &str) {
    (&finding.primary.path, finding.rule.id, &finding.fingerprint)
}

fn counts(outcome: &Outcome) -> BTreeMap<(&str, &str), usize> {
    let mut counts = BTreeMap::new();
    for finding in &outcome.report.findings {
        *counts.entry((&*finding.primary.path, finding.rule.id)).or_default() += 1;
    }
    counts
}
