//! GitLab's code quality report.

use crate::text::one_line;
use crate::{Reporter, position};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{self, Write};
use timelint_diagnostics::{Report, Severity};

/// A list of issues, as GitLab's `codequality` artifact wants it.
#[derive(Debug, Clone, Copy, Default)]
pub struct GitLab;

impl Reporter for GitLab {
    fn write(&self, report: &Report, out: &mut dyn Write) -> io::Result<()> {
        // Two issues of one fingerprint are one to GitLab.
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        let issues: Vec<Value> = report
            .findings
            .iter()
            .map(|finding| {
                let path = finding.primary.path.to_string();
                let print = format!("{}:{path}", finding.fingerprint);
                let nth = seen.entry(print.clone()).or_default();
                *nth += 1;
                let print = if *nth > 1 { format!("{print}:{nth}") } else { print };
                let start = position::start(report, &finding.primary);
                let end = position::line_column(report, &finding.primary.path, finding.primary.span.end);
                json!({
                    "type": "issue",
                    "check_name": finding.rule.id,
                    "description": format!("{}: {}", finding.rule.id, one_line(&finding.message)),
                    "content": {"body": format!("{}\n\n{}", one_line(&finding.why), one_line(&finding.help))},
                    "categories": ["Bug Risk"],
                    "severity": severity(finding.severity),
                    "fingerprint": print,
                    "location": {"path": path, "lines": {"begin": start.line, "end": end.line}},
                })
            })
            .collect();
        serde_json::to_writer_pretty(&mut *out, &issues)?;
        writeln!(out)
    }
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "critical",
        Severity::Warning => "major",
        Severity::Note => "info",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{render, report, sample};

    #[test]
    fn issues_have_places_and_fingerprints_of_their_own() {
        let finding = sample().findings.remove(0);
        let twice = report("src/lease.go", "x", vec![finding.clone(), finding]);
        let issues: Vec<Value> = serde_json::from_str(&render(&GitLab, &twice)).expect("JSON");
        assert_eq!(issues[0]["location"]["path"], "src/lease.go");
        assert_eq!(issues[0]["severity"], "major");
        assert_ne!(issues[0]["fingerprint"], issues[1]["fingerprint"]);
    }
}
