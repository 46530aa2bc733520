//! The counts under a text report: they prove what ran and say what was held back.

use crate::TextOptions;
use crate::text::{count, number, visible};
use std::collections::{BTreeMap, BTreeSet};
use timelint_diagnostics::{Applicability, Family, Finding, Report, Severity};

/// The footer's lines; one line where there is nothing to report.
pub(crate) fn lines(report: &Report, options: &TextOptions) -> Vec<String> {
    if report.findings.is_empty() {
        return vec![one_line(report, options)];
    }
    let mut lines = vec![findings(report, options)];
    lines.extend(hidden(report));
    lines.push(checked(report));
    lines.extend(fixable(report));
    lines
}

/// The whole footer on one line.
pub(crate) fn one_line(report: &Report, options: &TextOptions) -> String {
    let mut parts = Vec::new();
    if report.findings.is_empty() {
        parts.push(format!("no findings: {}", checked(report)));
        parts.extend(hidden(report));
    } else {
        parts.push(findings(report, options));
        parts.extend(hidden(report));
        parts.push(checked(report));
    }
    parts.join("; ")
}

/// Findings of one severity.
pub(crate) fn of_severity(report: &Report, severity: Severity) -> usize {
    report.findings.iter().filter(|finding| finding.severity == severity).count()
}

fn findings(report: &Report, options: &TextOptions) -> String {
    let files: BTreeSet<&str> = report.findings.iter().map(|finding| &*finding.primary.path).collect();
    let by_severity: Vec<String> = Severity::ALL
        .into_iter()
        .rev()
        .map(|severity| (of_severity(report, severity), severity.name()))
        .filter(|(n, _)| *n > 0)
        .map(|(n, name)| count(n, name))
        .collect();
    let failing = report.findings.iter().filter(|finding| finding.severity >= options.fail_on).count();
    format!(
        "{} in {}: {} ({} at or above --fail-on {})",
        count(report.findings.len(), "finding"),
        count(files.len(), "file"),
        by_severity.join(", "),
        number(failing),
        options.fail_on.name()
    )
}

fn hidden(report: &Report) -> Option<String> {
    let summary = &report.summary;
    let mut parts = Vec::new();
    if summary.baselined > 0 {
        parts.push(format!("{} baselined", number(summary.baselined)));
    }
    if summary.not_new > 0 {
        parts.push(format!("{} not new", number(summary.not_new)));
    }
    if summary.suppressed > 0 {
        parts.push(format!("{} suppressed", number(summary.suppressed)));
    }
    if summary.below_confidence > 0 {
        let n = number(summary.below_confidence);
        parts.push(format!("{n} below the confidence threshold (show with --min-confidence low)"));
    }
    (!parts.is_empty()).then(|| format!("hidden: {}", parts.join(", ")))
}

fn checked(report: &Report) -> String {
    let summary = &report.summary;
    let languages = match &summary.files_by_language {
        none if none.is_empty() => String::new(),
        some => format!(" ({})", tally(some, |name, n| format!("{name} {n}"))),
    };
    let time = summary.elapsed_ms.map(|ms| format!(" in {}.{:02} s", ms / 1000, ms % 1000 / 10)).unwrap_or_default();
    let skipped = match summary.files_skipped() {
        0 => String::new(),
        n => {
            let reasons = tally(&summary.skipped_by_reason, |name, n| format!("{n} {name}"));
            format!("; {} skipped ({reasons})", count(n, "file"))
        }
    };
    let files = count(summary.files_checked(), "file");
    let rules = report.rules.iter().filter(|r| r.family != Family::Suppression).count();
    format!("checked {files}{languages} with {}{time}{skipped}", count(rules, "rule"))
}

fn tally(counts: &BTreeMap<&'static str, usize>, show: impl Fn(&str, String) -> String) -> String {
    let parts: Vec<String> = counts.iter().map(|(name, n)| show(&visible(name), number(*n))).collect();
    parts.join(", ")
}

/// How many findings can be mended, and how.
fn fixable(report: &Report) -> Option<String> {
    let safe = report.findings.iter().filter(|finding| has(finding, Applicability::Safe)).count();
    let others = report
        .findings
        .iter()
        .filter(|finding| !has(finding, Applicability::Safe) && has(finding, Applicability::Unsafe));
    match (safe, others.count()) {
        (0, 0) => None,
        (safe, 0) => Some(format!("{} fixable with --fix", number(safe))),
        (0, risky) => Some(format!("{} fixable with --unsafe-fixes", number(risky))),
        (safe, risky) => {
            Some(format!("{} fixable with --fix, {} more with --unsafe-fixes", number(safe), number(risky)))
        }
    }
}

fn has(finding: &Finding, applicability: Applicability) -> bool {
    finding.fixes.iter().any(|fix| fix.applicability == applicability && !fix.edits.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{report, sample};

    #[test]
    fn a_clean_run_has_one_line_with_the_counts() {
        let mut report = report("a.go", "package a\n", vec![]);
        report.summary.files_by_language = BTreeMap::from([("go", 300), ("python", 1104)]);
        report.summary.skipped_by_reason = BTreeMap::from([("generated", 2), ("too large", 1)]);
        report.summary.elapsed_ms = Some(413);
        report.summary.below_confidence = 4;
        assert_eq!(
            lines(&report, &TextOptions::default()),
            ["no findings: checked 1,404 files (go 300, python 1,104) with 2 rules in 0.41 s; \
              3 files skipped (2 generated, 1 too large); \
              hidden: 4 below the confidence threshold (show with --min-confidence low)"]
        );
    }

    #[test]
    fn findings_are_counted_by_severity_and_against_the_threshold() {
        let mut report = sample();
        report.summary.suppressed = 1;
        report.summary.baselined = 40;
        let options = TextOptions { fail_on: Severity::Error, ..TextOptions::default() };
        assert_eq!(
            lines(&report, &options),
            [
                "2 findings in 1 file: 1 error, 1 warning (1 at or above --fail-on error)",
                "hidden: 40 baselined, 1 suppressed",
                "checked 2 files (go 2) with 2 rules",
                "1 fixable with --unsafe-fixes",
            ]
        );
    }
}
