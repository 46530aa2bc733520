//! Holds back what is known.

use crate::baseline::{Baseline, Entry};
use crate::known::{Claims, Known, claim};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use timelint_diagnostics::{Finding, Span};
use timelint_engine::{Engine, Hidden, HiddenBecause, Input, Outcome, Overlay};

/// What is known, and where new findings count.
#[derive(Debug, Default)]
pub struct Filter {
    /// What is checked.
    pub inputs: Vec<Input>,
    /// The files as they are analysed.
    pub overlay: Overlay,
    /// Findings that the team lives with.
    pub baseline: Option<Baseline>,
    /// Findings of the revision to compare with.
    pub former: Option<Vec<Known>>,
    /// The files and folders that count, absolute; all where there is no such set.
    pub only: Option<BTreeSet<PathBuf>>,
}

impl Filter {
    /// Moves what is known from the report's findings to the hidden ones, and counts it. Returns the entries of the
    /// baseline that the run should have found again and did not.
    pub fn apply(&self, engine: &Engine, outcome: &mut Outcome) -> Vec<Entry> {
        let (reasons, stale) = self.judge(engine, outcome);
        let findings = std::mem::take(&mut outcome.report.findings);
        for (finding, because) in findings.into_iter().zip(reasons) {
            match because {
                None => outcome.report.findings.push(finding),
                Some(because) => {
                    match &because {
                        HiddenBecause::Baselined { .. } => outcome.report.summary.baselined += 1,
                        HiddenBecause::Elsewhere => {}
                        _ => outcome.report.summary.not_new += 1,
                    }
                    outcome.hidden.push(Hidden { finding, because });
                }
            }
        }
        outcome.hidden.sort_by(|a, b| place(&a.finding).cmp(&place(&b.finding)));
        outcome.report.notes.retain(|note| self.counts(&engine.absolute(&note.path)));
        stale
    }

    /// The findings that [`Filter::apply`] would leave.
    pub fn shown<'o>(&self, engine: &Engine, outcome: &'o Outcome) -> Vec<&'o Finding> {
        let (reasons, _) = self.judge(engine, outcome);
        let findings = outcome.report.findings.iter().zip(reasons);
        findings.filter(|(_, because)| because.is_none()).map(|(finding, _)| finding).collect()
    }

    /// The baseline as it should be after a run that gave `outcome`: without stale entries, with present paths and code;
    /// where `add` is given, also with what is new, for that reason. Says how many entries were dropped and added.
    pub fn renewed(&self, engine: &Engine, outcome: &Outcome, add: Option<Option<&str>>) -> (Baseline, usize, usize) {
        let none = Baseline::default();
        let old = self.baseline.as_ref().unwrap_or(&none);
        let mut scopes = Scopes { engine, overlay: &self.overlay, known: BTreeMap::new() };
        let claims = self.claims(old, engine, outcome, &mut scopes);
        let mut baseline = Baseline { file: old.file.clone(), entries: Vec::new() };
        let mut added = 0;
        let mut present = BTreeSet::new();
        for (finding, known) in outcome.report.findings.iter().zip(&claims.known) {
            let reason = match (known, add) {
                (Some(at), _) => old.entries[*at].reason.as_deref(),
                (None, Some(reason)) => reason,
                (None, None) => continue,
            };
            present.extend(*known);
            added += usize::from(known.is_none());
            let path = old.relative(&engine.absolute(&finding.primary.path));
            baseline.entries.push(Entry::new(finding, &outcome.report, path, reason));
        }
        let stays = |at: &usize| !present.contains(at) && !claims.stale.contains(at);
        baseline.entries.extend((0..old.entries.len()).filter(stays).map(|at| old.entries[at].clone()));
        (baseline, claims.stale.len(), added)
    }

    /// Who answers to the entries of `baseline`: the findings, then those below the threshold, which are still there.
    /// Of the entries that nothing answers to, those are given that the run would have found.
    fn claims(&self, baseline: &Baseline, engine: &Engine, outcome: &Outcome, scopes: &mut Scopes<'_>) -> Claims {
        let known = baseline.known();
        let weak = outcome.hidden.iter().filter(|h| matches!(h.because, HiddenBecause::BelowConfidence(_)));
        let all = present(engine, outcome.report.findings.iter().chain(weak.map(|h| &h.finding)));
        let mut claims = claim(&known, &all, |k| scopes.is_gone(k));
        let rules: BTreeSet<&str> = outcome.report.rules.iter().map(|r| r.id).collect();
        let whole = self.only.is_none() && self.former.is_none();
        let was_looked_for = |at: &usize| {
            let path = baseline.absolute(&baseline.entries[*at]);
            whole && rules.contains(known[*at].rule.as_str()) && self.covers(engine, &path)
        };
        claims.stale.retain(was_looked_for);
        claims
    }

    /// Whether an input folder holds the file at the absolute path `path`. A file that was named is analysed without
    /// those that explain it, so what is missing there may well be there still.
    fn covers(&self, engine: &Engine, path: &Path) -> bool {
        self.inputs.iter().any(|input| match input {
            Input::Path(given) => {
                let given = engine.absolute(&given.to_string_lossy());
                path.starts_with(&given) && path != given
            }
            Input::Text { .. } => false,
        })
    }

    /// Whether it matters what is found in the file at the absolute path `path`.
    fn counts(&self, path: &Path) -> bool {
        self.only.as_ref().is_none_or(|only| path.ancestors().any(|at| only.contains(at)))
    }

    fn judge(&self, engine: &Engine, outcome: &Outcome) -> (Vec<Option<HiddenBecause>>, Vec<Entry>) {
        let findings = &outcome.report.findings;
        let mut reasons = vec![None; findings.len()];
        let mut stale = Vec::new();
        let mut scopes = Scopes { engine, overlay: &self.overlay, known: BTreeMap::new() };
        for (finding, reason) in findings.iter().zip(&mut reasons) {
            if !self.counts(&engine.absolute(&finding.primary.path)) {
                *reason = Some(HiddenBecause::Elsewhere);
            }
        }
        if let Some(former) = &self.former {
            mark(&mut reasons, &claim(former, &present(engine, findings), |k| scopes.is_gone(k)).known, |_| {
                HiddenBecause::NotNew
            });
        }
        if let Some(baseline) = &self.baseline {
            let claims = self.claims(baseline, engine, outcome, &mut scopes);
            mark(&mut reasons, &claims.known, |at| HiddenBecause::Baselined {
                reason: baseline.entries[at].reason.as_deref().map(Into::into),
            });
            stale = claims.stale.into_iter().map(|at| baseline.entries[at].clone()).collect();
        }
        (reasons, stale)
    }
}

/// The findings of a run, as what is known is compared with them.
fn present<'f>(engine: &Engine, findings: impl IntoIterator<Item = &'f Finding>) -> Vec<Known> {
    findings.into_iter().map(|f| Known::new(f, &engine.absolute(&f.primary.path))).collect()
}

fn place(finding: &Finding) -> (&str, Span, &str) {
    (&finding.primary.path, finding.primary.span, finding.rule.id)
}

fn mark(reasons: &mut [Option<HiddenBecause>], known: &[Option<usize>], because: impl Fn(usize) -> HiddenBecause) {
    for (reason, known) in reasons.iter_mut().zip(known) {
        *reason = reason.take().or_else(|| known.map(&because));
    }
}

/// The classes and functions of files, read when first asked for.
struct Scopes<'e> {
    engine: &'e Engine,
    overlay: &'e Overlay,
    known: BTreeMap<String, Option<BTreeSet<String>>>,
}

impl Scopes<'_> {
    fn is_gone(&mut self, known: &Known) -> bool {
        let (engine, overlay) = (self.engine, self.overlay);
        let scopes = self.known.entry(known.path.clone()).or_insert_with(|| engine.scopes(&known.path, overlay));
        !scopes.as_ref().is_some_and(|all| all.contains(&known.scope))
    }
}
