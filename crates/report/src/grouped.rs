//! Findings under their files.

use crate::concise::{more_lines, note_line, shown};
use crate::text::{BOLD, one_line, paint, severity_style, visible};
use crate::{Reporter, TextOptions, footer, position};
use std::io::{self, BufWriter, Write};
use timelint_diagnostics::Report;

/// A heading a file, a line a finding.
#[derive(Debug, Clone, Copy, Default)]
pub struct Grouped {
    options: TextOptions,
}

impl Grouped {
    /// A reporter with these options.
    pub fn new(options: TextOptions) -> Self {
        Self { options }
    }
}

impl Reporter for Grouped {
    fn write(&self, report: &Report, out: &mut dyn Write) -> io::Result<()> {
        let mut out = BufWriter::new(out);
        let mut heading = "";
        for finding in shown(report, &self.options) {
            let path = &*finding.primary.path;
            if path != heading {
                let gap = if heading.is_empty() { "" } else { "\n" };
                writeln!(out, "{gap}{}", paint(self.options.color, BOLD, &visible(path)))?;
                heading = path;
            }
            let at = position::start(report, &finding.primary);
            let kind = format!("{}[{}]", finding.severity.name(), finding.rule.id);
            let kind = paint(self.options.color, severity_style(finding.severity), &kind);
            writeln!(out, "  {:>9} {kind} {}", format!("{}:{}", at.line, at.column), one_line(&finding.message))?;
        }
        if !report.findings.is_empty() {
            writeln!(out)?;
        }
        for line in more_lines(report, &self.options) {
            writeln!(out, "{line}")?;
        }
        for note in &report.notes {
            writeln!(out, "{}", note_line(note, &self.options))?;
        }
        for line in footer::lines(report, &self.options) {
            writeln!(out, "{line}")?;
        }
        out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{hostile, render, sample};

    #[test]
    fn files_head_their_findings() {
        let text = render(&Grouped::default(), &sample());
        let head =
            "src/lease.go\n        3:5 warning[lease-check-then-act] lease checked here, used later without a fence\n";
        assert!(text.starts_with(head), "{text}");
        assert!(text.contains("     5:10 error[unfenced-lock]"), "{text}");
    }

    #[test]
    fn hostile_text_stays_harmless() {
        for report in hostile() {
            assert!(!render(&Grouped::default(), &report).contains(['\x1b', '\u{202e}', '\r', '\t']));
        }
    }
}
