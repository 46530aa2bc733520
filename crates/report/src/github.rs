//! GitHub's workflow commands: an annotation a finding.

use crate::text::one_line;
use crate::{Reporter, TextOptions, footer, position};
use std::cmp::Reverse;
use std::io::{self, BufWriter, Write};
use timelint_diagnostics::{Finding, Report, Severity};

/// Annotations of one kind that GitHub shows for a step; it drops the others without a word.
const SHOWN: usize = 10;

/// Annotations, most severe first.
#[derive(Debug, Clone, Copy, Default)]
pub struct GitHub;

impl Reporter for GitHub {
    fn write(&self, report: &Report, out: &mut dyn Write) -> io::Result<()> {
        let mut out = BufWriter::new(out);
        let findings = most_severe_first(report);
        for finding in &findings {
            let start = position::start(report, &finding.primary);
            let end = position::line_column(report, &finding.primary.path, finding.primary.span.end);
            // Columns are shown only where the lines are the same.
            let columns = if start.line == end.line {
                format!(",col={},endColumn={}", start.column, end.column)
            } else {
                String::new()
            };
            writeln!(
                out,
                "::{} file={},line={},endLine={}{columns},title={}::{}",
                kind(finding.severity),
                property(&one_line(&finding.primary.path)),
                start.line,
                end.line,
                property(finding.rule.id),
                data(&format!(
                    "{}\n{}\n{}",
                    one_line(&finding.message),
                    one_line(&finding.why),
                    one_line(&finding.help)
                ))
            )?;
        }
        let hidden: usize = [Severity::Error, Severity::Warning, Severity::Note]
            .iter()
            .map(|s| findings.iter().filter(|f| f.severity == *s).count().saturating_sub(SHOWN))
            .sum();
        if hidden > 0 {
            let text = format!("{hidden} more findings are in the log: GitHub shows {SHOWN} annotations of a kind");
            writeln!(out, "::notice title=timelint::{}", data(&text))?;
        }
        out.flush()
    }
}

/// Rows of a step's summary; GitHub refuses summaries over 1 MiB.
const ROWS: usize = 200;

/// Writes the findings as a Markdown table for the summary of a workflow's step, with as many rows as fit.
///
/// # Errors
///
/// Whatever writing to `out` yields.
pub fn step_summary(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "### timelint\n")?;
    let options = TextOptions::default();
    if report.findings.is_empty() {
        return writeln!(out, "{}", footer::one_line(report, &options));
    }
    writeln!(out, "| severity | rule | place | finding |\n| --- | --- | --- | --- |")?;
    for finding in most_severe_first(report).iter().take(ROWS) {
        let place = format!("{}:{}", finding.primary.path, position::start(report, &finding.primary).line);
        let (severity, rule) = (finding.severity.name(), finding.rule.id);
        writeln!(out, "| {severity} | `{rule}` | {} | {} |", cell(&place), cell(&finding.message))?;
    }
    writeln!(out)?;
    if let Some(rest @ 1..) = report.findings.len().checked_sub(ROWS) {
        writeln!(out, "{rest} more findings are in the log.\n")?;
    }
    footer::lines(report, &options).iter().try_for_each(|line| writeln!(out, "{line}  "))
}

/// Text of others, which must not end its cell nor become markup.
fn cell(text: &str) -> String {
    let mut out = String::new();
    for c in one_line(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '\\' | '|' | '`' | '*' | '_' | '[' | ']' | '~' | '#' | '!' => out.extend(['\\', c]),
            other => out.push(other),
        }
    }
    out
}

fn most_severe_first(report: &Report) -> Vec<&Finding> {
    let mut findings: Vec<&Finding> = report.findings.iter().collect();
    findings.sort_by_key(|f| Reverse((f.severity, f.confidence)));
    findings
}

fn kind(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    }
}

fn data(text: &str) -> String {
    text.trim_end().replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{hostile, render, report, sample};

    #[test]
    fn the_most_severe_come_first_and_text_is_escaped() {
        let text = render(&GitHub, &sample());
        let first = text.lines().next().expect("a line");
        assert!(first.starts_with("::error file=src/lease.go,line=5,endLine=5,col=10,endColumn="), "{first}");
        assert!(first.contains(",title=unfenced-lock::lock is held on the word of a clock%0A"), "{first}");
    }

    #[test]
    fn what_github_does_not_show_is_counted() {
        let finding = sample().findings.remove(0);
        let many = report("src/lease.go", "x", vec![finding; 13]);
        let text = render(&GitHub, &many);
        assert!(text.ends_with(
            "::notice title=timelint::3 more findings are in the log: GitHub shows 10 annotations of a kind\n"
        ));
    }

    #[test]
    fn the_summary_is_a_table_with_the_most_severe_first() {
        let summary = |report: &Report| {
            let mut bytes = Vec::new();
            step_summary(report, &mut bytes).expect("written");
            String::from_utf8(bytes).expect("text")
        };
        let mut many = sample();
        many.findings[0].message = "a | b\n<b>`c` [d](e)".into();
        let text = summary(&many);
        let rows: Vec<&str> = text.lines().filter(|l| l.starts_with("| ")).skip(2).collect();
        assert_eq!(rows[0], "| error | `unfenced-lock` | src/lease.go:5 | lock is held on the word of a clock |");
        assert!(rows[1].ends_with(r"| a \| b &lt;b>\`c\` \[d\](e) |"), "{}", rows[1]);
        assert!(text.contains("\n2 findings in 1 file: 1 error, 1 warning"), "{text}");
        many.findings = vec![many.findings.remove(0); ROWS + 5];
        assert!(summary(&many).contains("\n5 more findings are in the log.\n"));
        many.findings.clear();
        assert!(summary(&many).starts_with("### timelint\n\nno findings: checked 2 files"));
    }

    #[test]
    fn hostile_text_makes_no_command() {
        for report in hostile() {
            let text = render(&GitHub, &report);
            assert!(text.lines().all(|l| l.starts_with("::")) && !text.contains('\x1b'), "{text:?}");
        }
    }
}
