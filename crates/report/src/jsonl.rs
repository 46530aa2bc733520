//! JSON Lines: one finding a line, then the notes, then the summary.

use crate::Reporter;
use crate::json::{AcceptedEntry, Counts, FindingEntry, NoteEntry, SCHEMA_VERSION};
use serde::Serialize;
use std::io::{self, BufWriter, Write};
use timelint_diagnostics::Report;

/// The same objects as in [`crate::Json`], one a line, each with its `type`.
#[derive(Debug, Clone, Copy, Default)]
pub struct JsonLines;

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum Line<'r> {
    Finding(FindingEntry<'r>),
    Suppressed(AcceptedEntry<'r>),
    Note(NoteEntry<'r>),
    Summary {
        schema_version: u32,
        #[serde(flatten)]
        counts: Counts,
    },
}

impl Reporter for JsonLines {
    fn write(&self, report: &Report, out: &mut dyn Write) -> io::Result<()> {
        let mut out = BufWriter::new(out);
        let findings = report.findings.iter().map(|f| Line::Finding(FindingEntry::new(report, f)));
        let accepted = report.accepted.iter().map(|a| Line::Suppressed(AcceptedEntry::new(report, a)));
        let notes = report.notes.iter().map(|n| Line::Note(NoteEntry::new(n)));
        let summary = Line::Summary { schema_version: SCHEMA_VERSION, counts: Counts::new(report) };
        for line in findings.chain(accepted).chain(notes).chain([summary]) {
            serde_json::to_writer(&mut out, &line)?;
            writeln!(out)?;
        }
        out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{hostile, render, sample};
    use serde_json::Value;

    #[test]
    fn every_line_is_an_object_and_the_last_one_the_summary() {
        let text = render(&JsonLines, &sample());
        let lines: Vec<Value> = text.lines().map(|l| serde_json::from_str(l).expect("JSON")).collect();
        let types: Vec<&str> = lines.iter().filter_map(|l| l["type"].as_str()).collect();
        assert_eq!(types, ["finding", "finding", "note", "summary"]);
        assert_eq!((&lines[0]["rule"], &lines[3]["findings"]), (&"lease-check-then-act".into(), &2.into()));
    }

    #[test]
    fn hostile_text_stays_on_its_line() {
        for report in hostile() {
            let lines = render(&JsonLines, &report).lines().count();
            assert_eq!(lines, report.findings.len() + report.notes.len() + 1);
        }
    }
}
