//! The exit code, said on the last line of standard error.

use super::check::count;
use crate::args::CheckArguments;
use crate::exit::{Exit, say};
use timelint_diagnostics::{Report, Severity};
use timelint_engine::{FailOn, Outcome, SkipReason};

/// The exit code of a check with `stale` stale entries in its baseline.
pub(crate) fn of(arguments: &CheckArguments, fail_on: FailOn, outcome: &Outcome, stale: usize) -> Exit {
    let report = &outcome.report;
    let mut failing = tally(report, fail_on);
    if arguments.gate.baseline_strict && stale > 0 {
        let entries = if stale == 1 { "1 stale entry".to_owned() } else { format!("{stale} stale entries") };
        failing.push(format!("{entries} in the baseline (--baseline-strict)"));
    }
    let (exit, why) = if outcome.internal_errors() > 0 {
        let files = count(outcome.internal_errors(), "file");
        (Exit::Internal, format!("internal error in {files}: see the notes, the other files are reported"))
    } else if report.summary.files_checked() == 0 && !left_tests_alone(report) {
        let code = if arguments.allow_empty { Exit::Clean } else { Exit::Nothing };
        (code, nothing(arguments, outcome))
    } else if failing.is_empty() {
        (Exit::Clean, format!("passed: {}", passed(report, fail_on)))
    } else if arguments.exit_zero {
        (Exit::Clean, format!("passed because of --exit-zero: {}", failing.join(", ")))
    } else {
        (Exit::Findings, format!("failing: {}", failing.join(", ")))
    };
    if exit != Exit::Clean || !arguments.output.quiet {
        say(&why);
    }
    exit
}

/// Test code was found, in which no rule reports: that is a project without findings, and not an empty one.
fn left_tests_alone(report: &Report) -> bool {
    report.summary.skipped_by_reason.contains_key(SkipReason::TestCode.name())
}

/// What fails the run, in words.
fn tally(report: &Report, fail_on: FailOn) -> Vec<String> {
    let failing = |s: Severity| report.findings.iter().filter(|f| f.severity == s && fail_on.fails(s)).count();
    let counts: Vec<String> = [Severity::Error, Severity::Warning, Severity::Note]
        .into_iter()
        .map(|s| (failing(s), s.name()))
        .filter(|(n, _)| *n > 0)
        .map(|(n, name)| count(n, name))
        .collect();
    if counts.is_empty() {
        return Vec::new();
    }
    vec![format!("{} at or above --fail-on {}", counts.join(", "), fail_on.name())]
}

fn passed(report: &Report, fail_on: FailOn) -> String {
    let new = if report.summary.baselined + report.summary.not_new > 0 { "new " } else { "" };
    match (report.findings.len(), fail_on) {
        (0, _) => format!("no {new}findings in {}", count(report.summary.files_checked(), "file")),
        (n, FailOn::Never) => format!("{}, and --fail-on is never", count(n, "finding")),
        (n, FailOn::At(least)) => format!("{}, none at or above --fail-on {}", count(n, "finding"), least.name()),
    }
}

fn nothing(arguments: &CheckArguments, outcome: &Outcome) -> String {
    let paths: Vec<String> = arguments.scan.paths.iter().map(|p| p.display().to_string()).collect();
    let why = match outcome.skipped.len() {
        0 => "no file in a language that timelint reads".to_owned(),
        n => format!("{} skipped (see -v)", count(n, "file")),
    };
    format!("nothing to analyse in {}: {why}", paths.join(", "))
}
