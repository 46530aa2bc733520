//! Reporters: they turn a [`Report`] into bytes and decide nothing.
//!
//! Which findings exist, how they are sorted and whether the run fails is settled before a reporter sees them.
//! Every reporter writes the same bytes for the same report, and none panics on hostile source text: terminal
//! reporters make control and bidirectional characters visible, machine formats escape them.

mod concise;
mod excerpt;
mod footer;
mod full;
mod github;
mod gitlab;
mod grouped;
mod json;
mod jsonl;
mod line_hash;
mod position;
mod rdjson;
mod root;
mod sarif;
mod statistics;
mod text;
mod xml;

#[cfg(test)]
mod testing;

pub use concise::Concise;
pub use full::Full;
pub use github::{GitHub, step_summary};
pub use gitlab::GitLab;
pub use grouped::Grouped;
pub use json::{JSON_SCHEMA, Json, SCHEMA_VERSION};
pub use jsonl::JsonLines;
pub use line_hash::line_hashes;
pub use rdjson::RdJson;
pub use root::Root;
pub use sarif::{MAX_RESULTS, Sarif};
pub use statistics::statistics;
pub use xml::{Checkstyle, Junit};

use std::io;
use timelint_diagnostics::{Report, Severity};

/// Writes a report in one format.
pub trait Reporter {
    /// Writes all of `report` to `out`.
    ///
    /// # Errors
    ///
    /// Whatever writing to `out` yields.
    fn write(&self, report: &Report, out: &mut dyn io::Write) -> io::Result<()>;
}

/// How text for people looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TextOptions {
    /// Use ANSI colours.
    pub color: bool,
    /// Make names of rules links to their pages, for terminals that follow OSC 8.
    pub links: bool,
    /// Draw with Unicode characters; plain ASCII otherwise.
    pub unicode: bool,
    /// Columns at which prose is wrapped and source lines are clipped.
    pub width: usize,
    /// The severity from which findings fail the run; the footer counts them.
    pub fail_on: Severity,
    /// Findings that are shown at most; the others are counted.
    pub max_findings: Option<usize>,
}

impl Default for TextOptions {
    fn default() -> Self {
        Self { color: false, links: false, unicode: true, width: 100, fail_on: Severity::Warning, max_findings: None }
    }
}
