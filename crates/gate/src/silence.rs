//! Comments that silence findings.

use crate::mend::Proposal;
use std::path::Path;
use timelint_diagnostics::{Edit, Finding, Location, Report, Span};

/// A comment to write.
#[derive(Debug, Clone, Copy)]
pub struct Comment<'t> {
    /// Why the finding is fine.
    pub reason: &'t str,
    /// The last day on which it holds.
    pub until: Option<&'t str>,
}

impl Comment<'_> {
    /// The comment as a line of its own above the finding's first line, indented like it.
    pub fn above(self, report: &Report, finding: &Finding) -> Option<Proposal> {
        let source = report.sources.get(&finding.primary.path)?;
        let number = source.lines.line(finding.primary.span.start);
        let line = source.lines.line_text(&source.text, number);
        let indent: String = line.chars().take_while(|c| c.is_whitespace()).collect();
        let text = format!("{indent}{}\n", self.text(finding));
        Some(insertion(finding, "suppress it by a comment above", source.lines.line_start(number), text))
    }

    /// The comment behind the code of the finding's first line.
    pub fn behind(self, report: &Report, finding: &Finding) -> Option<Proposal> {
        let source = report.sources.get(&finding.primary.path)?;
        let number = source.lines.line(finding.primary.span.start);
        let line = source.lines.line_text(&source.text, number).trim_end();
        let end = source.lines.line_start(number) + line.len() as u32;
        Some(insertion(finding, "suppress it by a comment behind", end, format!("  {}", self.text(finding))))
    }

    fn text(self, finding: &Finding) -> String {
        let extension = Path::new(&*finding.primary.path).extension().and_then(|e| e.to_str()).unwrap_or("");
        let mark = if ["py", "pyi", "pyw"].contains(&extension) { "#" } else { "//" };
        let until = self.until.map(|day| format!(" until={day}")).unwrap_or_default();
        let reason: String = self.reason.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        format!("{mark} timelint: ignore[{}]{until} -- {}", finding.rule.id, reason.trim())
    }
}

fn insertion(finding: &Finding, title: &str, at: u32, text: String) -> Proposal {
    let place = Location::new(finding.primary.path.clone(), Span::new(at, at));
    Proposal::new(finding, title, vec![Edit { location: place, text }])
}
