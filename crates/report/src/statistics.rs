//! Counts by rule.

use crate::TextOptions;
use crate::text::number;
use std::collections::BTreeMap;
use std::io::{self, Write};
use timelint_diagnostics::{Confidence, Finding, Report, Severity};

/// Writes how often each rule spoke, most often first, by severity and confidence.
///
/// # Errors
///
/// Whatever writing to `out` yields.
pub fn statistics(report: &Report, options: &TextOptions, out: &mut dyn Write) -> io::Result<()> {
    let mut rules: BTreeMap<&str, Vec<&Finding>> = BTreeMap::new();
    for finding in &report.findings {
        rules.entry(finding.rule.id).or_default().push(finding);
    }
    let mut rows: Vec<(&str, Vec<&Finding>)> = rules.into_iter().collect();
    rows.sort_by_key(|(id, all)| (std::cmp::Reverse(all.len()), *id));
    let width = rows.iter().map(|(id, _)| id.len()).max().unwrap_or(4).max(4).min(options.width);
    writeln!(
        out,
        "{:width$} {:>7} {:>6} {:>8} {:>6} {:>6} {:>7} {:>6} {:>6}",
        "rule", "all", "errors", "warnings", "notes", "high", "medium", "low", "files"
    )?;
    for (id, all) in rows {
        let severity = |s: Severity| number(all.iter().filter(|f| f.severity == s).count());
        let confidence = |c: Confidence| number(all.iter().filter(|f| f.confidence == c).count());
        let mut files: Vec<&str> = all.iter().map(|f| &*f.primary.path).collect();
        files.dedup();
        writeln!(
            out,
            "{id:width$} {:>7} {:>6} {:>8} {:>6} {:>6} {:>7} {:>6} {:>6}",
            number(all.len()),
            severity(Severity::Error),
            severity(Severity::Warning),
            severity(Severity::Note),
            confidence(Confidence::High),
            confidence(Confidence::Medium),
            confidence(Confidence::Low),
            number(files.len()),
        )?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::sample;

    #[test]
    fn rules_are_counted() {
        let mut out = Vec::new();
        statistics(&sample(), &TextOptions::default(), &mut out).expect("written");
        let text = String::from_utf8(out).expect("text");
        let words: Vec<&str> = text.lines().nth(1).expect("a row").split_whitespace().collect();
        assert_eq!(words, ["lease-check-then-act", "1", "0", "1", "0", "1", "0", "0", "1"]);
    }
}
