//! XML for build servers: `JUnit` and Checkstyle.

use crate::text::one_line;
use crate::{Reporter, position};
use std::collections::BTreeMap;
use std::io::{self, BufWriter, Write};
use timelint_diagnostics::{Finding, Report, Severity};

/// `JUnit`: a suite a file, a failed case a finding.
#[derive(Debug, Clone, Copy, Default)]
pub struct Junit;

/// Checkstyle: a file with its errors.
#[derive(Debug, Clone, Copy, Default)]
pub struct Checkstyle;

impl Reporter for Junit {
    fn write(&self, report: &Report, out: &mut dyn Write) -> io::Result<()> {
        let mut out = BufWriter::new(out);
        let count = report.findings.len();
        writeln!(out, r#"<?xml version="1.0" encoding="UTF-8"?>"#)?;
        writeln!(out, r#"<testsuites name="timelint" tests="{}" failures="{count}" errors="0">"#, count.max(1))?;
        for (path, findings) in by_file(report) {
            let name = escape(path);
            let n = findings.len();
            writeln!(out, r#"  <testsuite name="{name}" tests="{n}" failures="{n}" errors="0" skipped="0">"#)?;
            for finding in findings {
                let at = position::start(report, &finding.primary);
                let case = format!("{} at {}:{}", finding.rule.id, at.line, at.column);
                writeln!(out, r#"    <testcase name="{}" classname="{name}">"#, escape(&case))?;
                let message = escape(&one_line(&finding.message));
                write!(out, r#"      <failure type="{}" message="{message}">"#, finding.severity.name())?;
                writeln!(
                    out,
                    "{}</failure>",
                    escape(&format!("{path}:{}:{}\n{}", at.line, at.column, advice(finding)))
                )?;
                writeln!(out, "    </testcase>")?;
            }
            writeln!(out, "  </testsuite>")?;
        }
        if count == 0 {
            // Some servers take a report without cases for a broken one.
            writeln!(out, r#"  <testsuite name="timelint" tests="1" failures="0" errors="0" skipped="0">"#)?;
            writeln!(out, r#"    <testcase name="no findings" classname="timelint"/>"#)?;
            writeln!(out, "  </testsuite>")?;
        }
        writeln!(out, "</testsuites>")?;
        out.flush()
    }
}

impl Reporter for Checkstyle {
    fn write(&self, report: &Report, out: &mut dyn Write) -> io::Result<()> {
        let mut out = BufWriter::new(out);
        writeln!(out, r#"<?xml version="1.0" encoding="UTF-8"?>"#)?;
        writeln!(out, r#"<checkstyle version="4.3">"#)?;
        for (path, findings) in by_file(report) {
            writeln!(out, r#"  <file name="{}">"#, escape(path))?;
            for finding in findings {
                let at = position::start(report, &finding.primary);
                let severity = match finding.severity {
                    Severity::Error => "error",
                    Severity::Warning => "warning",
                    Severity::Note => "info",
                };
                let message = escape(&format!("{}\n{}", one_line(&finding.message), advice(finding)));
                writeln!(
                    out,
                    r#"    <error line="{}" column="{}" severity="{severity}" message="{message}" source="timelint.{}"/>"#,
                    at.line, at.column, finding.rule.id
                )?;
            }
            writeln!(out, "  </file>")?;
        }
        writeln!(out, "</checkstyle>")?;
        out.flush()
    }
}

fn by_file(report: &Report) -> BTreeMap<&str, Vec<&Finding>> {
    let mut files: BTreeMap<&str, Vec<&Finding>> = BTreeMap::new();
    for finding in &report.findings {
        files.entry(&finding.primary.path).or_default().push(finding);
    }
    files
}

fn advice(finding: &Finding) -> String {
    format!("why: {}\nfix: {}", one_line(&finding.why), one_line(&finding.help))
}

/// Text for XML 1.0: markup escaped, characters that XML does not have replaced.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            '\n' => out.push_str("&#10;"),
            '\t' => out.push_str("&#9;"),
            '\0'..='\x1f' | '\u{7f}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}' => out.push(char::REPLACEMENT_CHARACTER),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{hostile, render, sample};

    #[test]
    fn junit_has_a_case_a_finding() {
        let text = render(&Junit, &sample());
        assert!(text.contains(r#"<testsuites name="timelint" tests="2" failures="2" errors="0">"#), "{text}");
        assert!(text.contains(r#"<testcase name="lease-check-then-act at 3:5" classname="src/lease.go">"#), "{text}");
        assert!(render(&Junit, &Report::default()).contains(r#"<testcase name="no findings""#));
    }

    #[test]
    fn checkstyle_has_files_with_errors() {
        let text = render(&Checkstyle, &sample());
        assert!(
            text.contains("  <file name=\"src/lease.go\">\n    <error line=\"3\" column=\"5\" severity=\"warning\""),
            "{text}"
        );
        assert!(text.contains(r#"source="timelint.unfenced-lock"/>"#), "{text}");
    }

    #[test]
    fn hostile_text_is_well_formed() {
        for report in hostile() {
            for text in [render(&Junit, &report), render(&Checkstyle, &report)] {
                assert!(!text.contains('\x1b') && !text.contains('\r'), "{text:?}");
                assert_eq!(text.matches('<').count(), text.matches('>').count(), "{text}");
            }
        }
    }
}
