//! reviewdog's diagnostic format.

use crate::text::one_line;
use crate::{Reporter, position};
use serde_json::{Value, json};
use std::io::{self, Write};
use timelint_diagnostics::{Finding, Location, Report, Severity};

/// One `rdjson` document.
#[derive(Debug, Clone, Copy, Default)]
pub struct RdJson;

impl Reporter for RdJson {
    fn write(&self, report: &Report, out: &mut dyn Write) -> io::Result<()> {
        let diagnostics: Vec<Value> = report.findings.iter().map(|f| diagnostic(report, f)).collect();
        let source = json!({"name": "timelint", "url": "https://github.com/timelint/timelint"});
        serde_json::to_writer_pretty(&mut *out, &json!({"source": source, "diagnostics": diagnostics}))?;
        writeln!(out)
    }
}

fn diagnostic(report: &Report, finding: &Finding) -> Value {
    let message = [&finding.message, &finding.why, &finding.help].map(|text| one_line(text)).join("\n");
    let edits = finding.fixes.iter().flat_map(|f| &f.edits).filter(|e| e.location.path == finding.primary.path);
    let suggestions: Vec<Value> = edits.map(|e| json!({"range": range(report, &e.location), "text": e.text})).collect();
    json!({
        "message": message.trim_end(),
        "location": {"path": &*finding.primary.path, "range": range(report, &finding.primary)},
        "severity": match finding.severity {
            Severity::Error => "ERROR",
            Severity::Warning => "WARNING",
            Severity::Note => "INFO",
        },
        "code": {"value": finding.rule.id, "url": crate::sarif::help_uri(finding.rule)},
        "suggestions": suggestions,
    })
}

/// Lines from 1; columns from 1 in UTF-8 bytes, as reviewdog counts them.
fn range(report: &Report, location: &Location) -> Value {
    let at = |offset: u32| {
        let Some(file) = position::source(report, &location.path) else { return json!({"line": 1, "column": 1}) };
        let offset = offset.min(file.text.len() as u32);
        let line = file.lines.line(offset);
        json!({"line": line, "column": offset - file.lines.line_start(line) + 1})
    };
    json!({"start": at(location.span.start), "end": at(location.span.end)})
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{render, sample};

    #[test]
    fn diagnostics_have_ranges_and_suggestions() {
        let document: Value = serde_json::from_str(&render(&RdJson, &sample())).expect("JSON");
        let first = &document["diagnostics"][0];
        assert_eq!(first["location"]["range"]["start"], json!({"line": 3, "column": 5}));
        assert_eq!(first["suggestions"][0]["text"], "key, val, token");
        assert_eq!(first["code"]["value"], "lease-check-then-act");
    }
}
