//! One line per finding, for `grep`, editors and narrow logs.

use crate::sarif::help_uri;
use crate::text::link;
use crate::text::{BOLD, one_line, paint, severity_style, visible};
use crate::{Reporter, TextOptions, footer, position};
use std::io::{self, BufWriter, Write};
use timelint_diagnostics::{Finding, Note, Report};

/// `path:line:col severity[rule] message` lines and a one-line footer.
#[derive(Debug, Clone, Copy, Default)]
pub struct Concise {
    options: TextOptions,
}

impl Concise {
    /// A reporter with these options.
    pub fn new(options: TextOptions) -> Self {
        Self { options }
    }
}

impl Reporter for Concise {
    fn write(&self, report: &Report, out: &mut dyn Write) -> io::Result<()> {
        let mut out = BufWriter::new(out);
        for finding in &report.findings {
            writeln!(out, "{}", finding_line(report, finding, &self.options, " "))?;
        }
        for note in &report.notes {
            writeln!(out, "{}", note_line(note, &self.options))?;
        }
        writeln!(out, "{}", footer::one_line(report, &self.options))?;
        out.flush()
    }
}

/// The line that names a finding; `separator` stands before its message.
pub(crate) fn finding_line(report: &Report, finding: &Finding, options: &TextOptions, separator: &str) -> String {
    let at = position::start(report, &finding.primary);
    let place = format!("{}:{}:{}", visible(&finding.primary.path), at.line, at.column);
    let name = if options.links { link(&help_uri(finding.rule), finding.rule.id) } else { finding.rule.id.to_owned() };
    let kind = format!("{}[{name}]", finding.severity.name());
    format!(
        "{} {}{separator}{}",
        paint(options.color, BOLD, &place),
        paint(options.color, severity_style(finding.severity), &kind),
        one_line(&finding.message)
    )
}

/// The line that tells of trouble with a file.
pub(crate) fn note_line(note: &Note, options: &TextOptions) -> String {
    let line = note.line.map(|line| format!(":{line}")).unwrap_or_default();
    let place = format!("{}{line}", visible(&note.path));
    format!("{} info[{}] {}", paint(options.color, BOLD, &place), note.kind.name(), one_line(&note.message))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{hostile, render, sample};

    #[test]
    fn one_line_each() {
        assert_eq!(
            render(&Concise::default(), &sample()),
            "src/lease.go:3:5 warning[lease-check-then-act] lease checked here, used later without a fence\n\
             src/lease.go:5:10 error[unfenced-lock] lock is held on the word of a clock\n\
             src/broken.go:7 info[parse-error] skipped 3 lines\n\
             2 findings in 1 file: 1 error, 1 warning (2 at or above --fail-on warning); \
             checked 2 files (go 2) with 2 rules\n"
        );
    }

    #[test]
    fn colours_surround_place_and_severity() {
        let options = TextOptions { color: true, ..TextOptions::default() };
        let text = render(&Concise::new(options), &sample());
        assert!(text.starts_with("\x1b[1msrc/lease.go:3:5\x1b[0m \x1b[1;33mwarning[lease-check-then-act]\x1b[0m "));
    }

    #[test]
    fn names_of_rules_may_be_links() {
        let text = render(&Concise::new(TextOptions { links: true, ..TextOptions::default() }), &sample());
        assert!(text.contains("warning[\x1b]8;;https://"), "{text:?}");
        assert!(text.contains("lease_check_then_act.md\x1b\\lease-check-then-act\x1b]8;;\x1b\\] lease"), "{text:?}");
    }

    #[test]
    fn hostile_text_stays_harmless() {
        for report in hostile() {
            let text = render(&Concise::default(), &report);
            assert!(!text.contains(['\x1b', '\u{202e}', '\r', '\t']), "{text:?}");
        }
    }
}
