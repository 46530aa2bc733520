//! The outcome of one run, ready to be rendered.

use crate::{Finding, Note, RuleMeta, SourceFile};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Everything that a reporter may show. Findings and notes are sorted.
#[derive(Debug, Default)]
pub struct Report {
    /// Findings to show, sorted by path, position and rule.
    pub findings: Vec<Finding>,
    /// Trouble with files, sorted.
    pub notes: Vec<Note>,
    /// Counts that prove what ran.
    pub summary: Summary,
    /// The text of every file that a finding or label names.
    pub sources: BTreeMap<Arc<str>, SourceFile>,
    /// Every rule that was on, sorted by family and id.
    pub rules: Vec<&'static RuleMeta>,
    /// Findings that somebody accepted, sorted like the others; empty where nobody asked for them.
    pub accepted: Vec<Accepted>,
}

/// A finding that is not reported because somebody said that it is fine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// The finding.
    pub finding: Finding,
    /// Where that was said.
    pub by: Acceptance,
    /// Why, where a reason was given.
    pub reason: Option<Arc<str>>,
}

/// Where a finding was accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Acceptance {
    /// In a comment on this line (from 1).
    Comment(u32),
    /// In the baseline.
    Baseline,
}

/// Counts of one run.
#[derive(Debug, Default, Clone)]
pub struct Summary {
    /// Files analysed, by language name, sorted by name.
    pub files_by_language: BTreeMap<&'static str, usize>,
    /// Files seen and not analysed, by reason (`too large`, `generated`, `vendored`, `minified`, `binary`, `unreadable`).
    pub skipped_by_reason: BTreeMap<&'static str, usize>,
    /// Findings silenced by a comment.
    pub suppressed: usize,
    /// Findings known from a baseline.
    pub baselined: usize,
    /// Findings that were there before, where only new ones are asked for.
    pub not_new: usize,
    /// Findings under the confidence threshold.
    pub below_confidence: usize,
    /// Wall time of the run in milliseconds, where the caller measured it; never part of machine formats.
    pub elapsed_ms: Option<u64>,
}

impl Summary {
    /// Files analysed in all languages.
    pub fn files_checked(&self) -> usize {
        self.files_by_language.values().sum()
    }

    /// Files seen and not analysed, for any reason.
    pub fn files_skipped(&self) -> usize {
        self.skipped_by_reason.values().sum()
    }
}
