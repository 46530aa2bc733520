//! One line per finding, for `grep`, editors and narrow logs.

use crate::sarif::help_uri;
use crate::text::link;
use crate::text::{BOLD, DIM, number, one_line, paint, severity_style, visible};
use crate::{Reporter, TextOptions, footer, position};
use std::io::{self, BufWriter, Write};
use timelint_diagnostics::{Acceptance, Accepted, Finding, Note, Report};

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
        for finding in shown(report, &self.options) {
            writeln!(out, "{}", finding_line(report, finding, &self.options, " "))?;
        }
        for line in more_lines(report, &self.options) {
            writeln!(out, "{line}")?;
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

/// The findings that are shown.
pub(crate) fn shown<'r>(report: &'r Report, options: &TextOptions) -> &'r [Finding] {
    let most = options.max_findings.unwrap_or(usize::MAX);
    report.findings.get(..most).unwrap_or(&report.findings)
}

/// What stands below the findings: how many are not shown, and those that somebody accepted.
pub(crate) fn more_lines(report: &Report, options: &TextOptions) -> Vec<String> {
    let shown = shown(report, options).len();
    let rest = report.findings.len() - shown;
    let mut lines = Vec::new();
    if rest > 0 {
        let s = if rest == 1 { "" } else { "s" };
        lines.push(format!("… and {} more finding{s} (--max-findings {shown})", number(rest)));
    }
    lines.extend(report.accepted.iter().map(|accepted| accepted_line(report, accepted, options)));
    lines
}

fn accepted_line(report: &Report, accepted: &Accepted, options: &TextOptions) -> String {
    let finding = &accepted.finding;
    let at = position::start(report, &finding.primary);
    let place = format!("{}:{}:{}", visible(&finding.primary.path), at.line, at.column);
    let (kind, by) = match accepted.by {
        Acceptance::Comment(line) => ("suppressed", format!("comment on line {line}")),
        Acceptance::Baseline => ("baselined", "baseline".to_owned()),
    };
    let reason = accepted.reason.as_ref().map(|r| format!(": {}", one_line(r))).unwrap_or_default();
    format!(
        "{} {} {} ({by}{reason})",
        paint(options.color, BOLD, &place),
        paint(options.color, DIM, &format!("{kind}[{}]", finding.rule.id)),
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
    fn what_is_not_shown_is_counted_and_what_was_accepted_is_listed() {
        let mut report = sample();
        let finding = report.findings[0].clone();
        report.accepted = vec![
            Accepted { finding: finding.clone(), by: Acceptance::Comment(2), reason: Some("one\u{1b} host".into()) },
            Accepted { finding, by: Acceptance::Baseline, reason: None },
        ];
        let text = render(&Concise::new(TextOptions { max_findings: Some(1), ..TextOptions::default() }), &report);
        let lines: Vec<&str> = text.lines().skip(1).collect();
        assert_eq!(lines[0], "… and 1 more finding (--max-findings 1)");
        let what = "lease checked here, used later without a fence";
        let first = format!("src/lease.go:3:5 suppressed[lease-check-then-act] {what} (comment on line 2: one␛ host)");
        assert_eq!(lines[1], first);
        assert_eq!(lines[2], format!("src/lease.go:3:5 baselined[lease-check-then-act] {what} (baseline)"));
        assert!(lines.last().is_some_and(|l| l.starts_with("2 findings in 1 file")), "{text}");
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
