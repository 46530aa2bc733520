//! The JSON contract: one document, described by `schema/timelint-report.schema.json`.

use crate::footer::of_severity;
use crate::{Reporter, position};
use serde::{Serialize, Serializer};
use std::io::{self, BufWriter, Write};
use timelint_diagnostics::{Acceptance, Accepted, Edit, Finding, Fix, Label, Location, Note, Report, Severity};

/// The contract's version; within one, fields are added and never changed.
pub const SCHEMA_VERSION: u32 = 1;

/// JSON Schema (2020-12) of what [`Json`] writes.
pub const JSON_SCHEMA: &str = include_str!("../schema/timelint-report.schema.json");

/// The machine format with everything in it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Json;

impl Reporter for Json {
    fn write(&self, report: &Report, out: &mut dyn Write) -> io::Result<()> {
        let mut out = BufWriter::new(out);
        serde_json::to_writer_pretty(&mut out, &Document::new(report))?;
        writeln!(out)?;
        out.flush()
    }
}

#[derive(Serialize)]
struct Document<'r> {
    schema_version: u32,
    tool: Tool,
    summary: Counts,
    findings: Findings<'r>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    suppressed: Vec<AcceptedEntry<'r>>,
    notes: Notes<'r>,
}

impl<'r> Document<'r> {
    fn new(report: &'r Report) -> Self {
        Self {
            schema_version: SCHEMA_VERSION,
            tool: Tool { name: "timelint", version: env!("CARGO_PKG_VERSION") },
            summary: Counts::new(report),
            findings: Findings(report),
            suppressed: report.accepted.iter().map(|accepted| AcceptedEntry::new(report, accepted)).collect(),
            notes: Notes(report),
        }
    }
}

#[derive(Serialize)]
struct Tool {
    name: &'static str,
    version: &'static str,
}

#[derive(Serialize)]
pub(crate) struct Counts {
    files_checked: usize,
    files_skipped: usize,
    findings: usize,
    errors: usize,
    warnings: usize,
    notes: usize,
    suppressed: usize,
    baselined: usize,
    not_new: usize,
    below_confidence: usize,
}

impl Counts {
    pub(crate) fn new(report: &Report) -> Self {
        Self {
            files_checked: report.summary.files_checked(),
            files_skipped: report.summary.files_skipped(),
            findings: report.findings.len(),
            errors: of_severity(report, Severity::Error),
            warnings: of_severity(report, Severity::Warning),
            notes: of_severity(report, Severity::Note),
            suppressed: report.summary.suppressed,
            baselined: report.summary.baselined,
            not_new: report.summary.not_new,
            below_confidence: report.summary.below_confidence,
        }
    }
}

/// Written one by one: a report may have very many findings.
struct Findings<'r>(&'r Report);

impl Serialize for Findings<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.findings.iter().map(|finding| FindingEntry::new(self.0, finding)))
    }
}

struct Notes<'r>(&'r Report);

impl Serialize for Notes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.notes.iter().map(NoteEntry::new))
    }
}

#[derive(Serialize)]
pub(crate) struct FindingEntry<'r> {
    rule: &'r str,
    family: &'static str,
    mechanism: &'r str,
    severity: &'static str,
    confidence: &'static str,
    path: &'r str,
    range: Range,
    message: &'r str,
    why: &'r str,
    help: &'r str,
    labels: Vec<LabelEntry<'r>>,
    fixes: Vec<FixEntry<'r>>,
    scope: &'r str,
    fingerprint: &'r str,
}

impl<'r> FindingEntry<'r> {
    pub(crate) fn new(report: &'r Report, finding: &'r Finding) -> Self {
        let label = |(nth, label)| LabelEntry::new(report, nth, label);
        Self {
            rule: finding.rule.id,
            family: finding.rule.family.name(),
            mechanism: finding.rule.mechanism,
            severity: finding.severity.name(),
            confidence: finding.confidence.name(),
            path: &finding.primary.path,
            range: Range::new(report, &finding.primary),
            message: &finding.message,
            why: &finding.why,
            help: &finding.help,
            labels: finding.labels.iter().enumerate().map(label).collect(),
            fixes: finding.fixes.iter().map(FixEntry::new).collect(),
            scope: &finding.scope,
            fingerprint: &finding.fingerprint,
        }
    }
}

#[derive(Serialize)]
pub(crate) struct AcceptedEntry<'r> {
    #[serde(flatten)]
    finding: FindingEntry<'r>,
    suppression: SuppressionEntry<'r>,
}

#[derive(Serialize)]
struct SuppressionEntry<'r> {
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'r str>,
}

impl<'r> AcceptedEntry<'r> {
    pub(crate) fn new(report: &'r Report, accepted: &'r Accepted) -> Self {
        let (kind, line) = match accepted.by {
            Acceptance::Comment(line) => ("comment", Some(line)),
            Acceptance::Baseline => ("baseline", None),
        };
        let suppression = SuppressionEntry { kind, line, reason: accepted.reason.as_deref() };
        Self { finding: FindingEntry::new(report, &accepted.finding), suppression }
    }
}

#[derive(Serialize)]
struct LabelEntry<'r> {
    order: usize,
    message: &'r str,
    path: &'r str,
    range: Range,
}

impl<'r> LabelEntry<'r> {
    fn new(report: &Report, nth: usize, label: &'r Label) -> Self {
        Self {
            order: nth + 1,
            message: &label.message,
            path: &label.location.path,
            range: Range::new(report, &label.location),
        }
    }
}

#[derive(Serialize)]
struct Range {
    start: Position,
    end: Position,
}

impl Range {
    fn new(report: &Report, location: &Location) -> Self {
        let at = |byte| {
            let at = position::line_column(report, &location.path, byte);
            Position { line: at.line, column: at.column, byte }
        };
        Self { start: at(location.span.start), end: at(location.span.end) }
    }
}

#[derive(Serialize)]
struct Position {
    line: u32,
    column: u32,
    byte: u32,
}

#[derive(Serialize)]
struct FixEntry<'r> {
    title: &'r str,
    applicability: &'static str,
    edits: Vec<EditEntry<'r>>,
}

impl<'r> FixEntry<'r> {
    fn new(fix: &'r Fix) -> Self {
        let edits = fix.edits.iter().map(EditEntry::new).collect();
        Self { title: &fix.title, applicability: fix.applicability.name(), edits }
    }
}

#[derive(Serialize)]
struct EditEntry<'r> {
    path: &'r str,
    start_byte: u32,
    end_byte: u32,
    text: &'r str,
}

impl<'r> EditEntry<'r> {
    fn new(edit: &'r Edit) -> Self {
        let span = edit.location.span;
        Self { path: &edit.location.path, start_byte: span.start, end_byte: span.end, text: &edit.text }
    }
}

#[derive(Serialize)]
pub(crate) struct NoteEntry<'r> {
    path: &'r str,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u32>,
    kind: &'static str,
    message: &'r str,
}

impl<'r> NoteEntry<'r> {
    pub(crate) fn new(note: &'r Note) -> Self {
        Self { path: &note.path, line: note.line, kind: note.kind.name(), message: &note.message }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

    use super::*;
    use crate::testing::{finding, hostile, render, report, sample};
    use serde_json::{Value, json};
    use timelint_diagnostics::Span;

    fn valid(text: &str) -> Value {
        let schema: Value = serde_json::from_str(JSON_SCHEMA).unwrap();
        let document: Value = serde_json::from_str(text).unwrap();
        let errors: Vec<String> =
            jsonschema::validator_for(&schema).unwrap().iter_errors(&document).map(|e| e.to_string()).collect();
        assert!(errors.is_empty(), "{errors:?}");
        document
    }

    #[test]
    fn accepted_findings_follow_the_schema() {
        let mut report = sample();
        let (finding, reason) = (report.findings[0].clone(), Some("fine".into()));
        report.accepted = vec![Accepted { finding, by: Acceptance::Comment(2), reason }];
        let document = valid(&render(&Json, &report));
        assert_eq!(document["suppressed"][0]["rule"], "lease-check-then-act");
        let suppression = json!({"kind": "comment", "line": 2, "reason": "fine"});
        assert_eq!(document["suppressed"][0]["suppression"], suppression);
    }

    #[test]
    fn follows_the_contract() {
        let document = valid(&render(&Json, &sample()));
        assert_eq!(document["schema_version"], 1);
        assert_eq!(document["tool"]["name"], "timelint");
        let range =
            json!({"start": {"line": 3, "column": 5, "byte": 33}, "end": {"line": 3, "column": 20, "byte": 48}});
        assert_eq!(
            document["summary"],
            json!({"files_checked": 2, "files_skipped": 0, "findings": 2, "errors": 1, "warnings": 1, "notes": 0,
                   "suppressed": 0, "baselined": 0, "not_new": 0, "below_confidence": 0})
        );
        let first = &document["findings"][0];
        assert_eq!(first["rule"], "lease-check-then-act");
        assert_eq!(first["family"], "pause");
        assert_eq!(first["range"], range);
        assert_eq!(
            first["labels"][0],
            json!({"order": 1, "message": "validity is read from the local clock", "path": "src/lease.go", "range": range})
        );
        assert_eq!(first["labels"][2]["path"], "src/store.go");
        assert_eq!(
            first["fixes"][0],
            json!({"title": "pass the token", "applicability": "unsafe", "edits": [
                {"path": "src/lease.go", "start_byte": 93, "end_byte": 101, "text": "key, val, token"}]})
        );
        assert_eq!(
            document["notes"],
            json!([{"path": "src/broken.go", "line": 7, "kind": "parse-error", "message": "skipped 3 lines"}])
        );
    }

    #[test]
    fn fields_stand_in_the_contracts_order() {
        let text = render(&Json, &sample());
        let order = ["schema_version", "tool", "summary", "findings\": [", "\"rule\"", "\"fingerprint\"", "notes\": ["];
        let places: Vec<usize> = order.iter().map(|key| text.find(key).unwrap()).collect();
        assert!(places.is_sorted());
    }

    #[test]
    fn columns_are_code_points_and_ends_exclusive() {
        let text = "x\r\n日本🎉 = now()\r\n";
        let mut found = finding(crate::testing::at("a.py", text, "now()\r\n"));
        found.labels.clear();
        let document = valid(&render(&Json, &report("a.py", text, vec![found])));
        assert_eq!(
            document["findings"][0]["range"],
            json!({"start": {"line": 2, "column": 7, "byte": 16}, "end": {"line": 3, "column": 1, "byte": 23}})
        );
    }

    #[test]
    fn hostile_text_is_escaped_and_survives() {
        for report in hostile() {
            let text = render(&Json, &report);
            assert!(text.chars().all(|c| c >= ' ' || c == '\n'));
            let document = valid(&text);
            assert_eq!(document["findings"][0]["message"].as_str(), Some(report.findings[0].message.as_str()));
        }
    }

    #[test]
    fn an_empty_report_is_a_document() {
        let document = valid(&render(&Json, &Report::default()));
        assert_eq!(document["findings"], json!([]));
        assert_eq!(document["notes"], json!([]));
        let lone = Location::new("x".into(), Span::new(5, 9));
        let mut report = report("a", "", vec![finding(lone)]);
        report.sources.clear();
        assert_eq!(valid(&render(&Json, &report))["findings"][0]["range"]["start"]["line"], 1);
    }
}
