//! Tests of the module above.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use super::place::uri;
use super::{MAX_RESULTS, Sarif, fold, prose, rules};
use crate::testing::{LOCK, at, finding, hostile, label, render, report, sample};
use serde_json::{Value, json};
use timelint_diagnostics::{Acceptance, Accepted, Confidence, Location, Report, Severity, Span};

fn log(report: &Report) -> Value {
    let text = render(&Sarif::default(), report);
    let typed: serde_sarif::sarif::Sarif = serde_json::from_str(&text).unwrap();
    assert_eq!(typed.runs.len(), 1);
    serde_json::from_str(&text).unwrap()
}

fn results(report: &Report) -> Vec<Value> {
    log(report)["runs"][0]["results"].as_array().unwrap().clone()
}

#[test]
fn says_all_about_a_run() {
    let log = log(&sample());
    assert_eq!(log["$schema"], "https://json.schemastore.org/sarif-2.1.0.json");
    assert_eq!(log["version"], "2.1.0");
    let run = &log["runs"][0];
    assert_eq!(run["columnKind"], "utf16CodeUnits");
    let rule = &run["tool"]["driver"]["rules"][0];
    assert_eq!(
        *rule,
        json!({
            "id": "lease-check-then-act",
            "name": "LeaseCheckThenAct",
            "shortDescription": {"text": "A lease is checked, then relied on."},
            "fullDescription": {"text": "A lease is checked, then relied on. The fault that turns it into a failure: process pause between check and act."},
            "help": {
                "text": "A lease is checked, then relied on. The fault that turns it into a failure: process pause between check and act. More: timelint explain lease-check-then-act, or https://github.com/timelint/timelint/blob/main/crates/rules/src/pause/lease_check_then_act.md",
                "markdown": "# lease-check-then-act\n\nPass a fencing token.\n"
            },
            "helpUri": "https://github.com/timelint/timelint/blob/main/crates/rules/src/pause/lease_check_then_act.md",
            "defaultConfiguration": {"level": "warning"},
            "properties": {"tags": ["pause", "timing", "reliability"], "precision": "medium", "problem.severity": "warning"}
        })
    );
    assert_eq!(
        run["invocations"],
        json!([{
            "executionSuccessful": true,
            "toolConfigurationNotifications": [],
            "toolExecutionNotifications": [{
                "level": "warning",
                "descriptor": {"id": "parse-error"},
                "message": {"text": "Skipped 3 lines."},
                "locations": [{"physicalLocation": {
                    "artifactLocation": {"uri": "src/broken.go", "uriBaseId": "%SRCROOT%"}, "region": {"startLine": 7}}}]
            }]
        }])
    );
}

#[test]
fn says_all_about_a_result() {
    let results = results(&sample());
    let first = &results[0];
    assert_eq!(first["ruleId"], "lease-check-then-act");
    assert_eq!((&first["ruleIndex"], &first["level"]), (&json!(0), &json!("warning")));
    assert_eq!(
        first["message"]["text"],
        "Lease checked here, used later without a fence. A pause of any length may sit between 1 and 2. \
         In time: [validity is read from the local clock](1), then [write carries no token](2), \
         then [accepts any writer](3)."
    );
    let region = json!({"startLine": 3, "startColumn": 5, "endLine": 3, "endColumn": 20,
                        "snippet": {"text": "m.lease.Valid()"}});
    let place = &first["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"], json!({"uri": "src/lease.go", "uriBaseId": "%SRCROOT%"}));
    assert_eq!(place["region"], region);
    assert_eq!((&place["contextRegion"]["startLine"], &place["contextRegion"]["endLine"]), (&json!(1), &json!(5)));
    let related = first["relatedLocations"].as_array().unwrap();
    assert_eq!(related.iter().map(|r| r["id"].as_i64().unwrap()).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!(related[2]["physicalLocation"]["artifactLocation"]["uri"], "src/store.go");
    let steps = first["codeFlows"][0]["threadFlows"][0]["locations"].as_array().unwrap();
    let texts: Vec<_> = steps.iter().map(|step| step["location"]["message"]["text"].as_str().unwrap()).collect();
    assert_eq!(texts, ["Validity is read from the local clock.", "Write carries no token.", "Accepts any writer."]);
    assert_eq!(first["partialFingerprints"]["timelint/v1"], "v1:0123456789abcdef");
    assert_eq!(first["properties"]["confidence"], "high");
    assert_eq!(
        first["fixes"][0]["artifactChanges"][0]["replacements"],
        json!([{"deletedRegion": {"startLine": 5, "startColumn": 22, "endLine": 5, "endColumn": 30},
                "insertedContent": {"text": "key, val, token"}}])
    );
    assert!(results[1].get("codeFlows").is_none());
}

#[test]
fn the_line_hash_is_of_the_primary_line() {
    let text = "x = 2\nx = 1\nprint(x)\nx = 3\nprint(x)\nx = 4\nprint(x)\n";
    let results = results(&report("a.py", text, vec![finding(at("a.py", text, "x = 3"))]));
    assert_eq!(results[0]["partialFingerprints"]["primaryLocationLineHash"], "5c482a0f8b35ea28:1");
}

#[test]
fn columns_are_utf16_units_and_regions_end_on_a_character() {
    let text = "日本語🎉 = f(\n  now())\r\nz\n";
    let region = |needle: &str| {
        results(&report("a.py", text, vec![finding(at("a.py", text, needle))]))[0]["locations"][0]["physicalLocation"]
            ["region"]
            .clone()
    };
    assert_eq!(
        region("= f"),
        json!({"startLine": 1, "startColumn": 7, "endLine": 1, "endColumn": 10, "snippet": {"text": "= f"}})
    );
    assert_eq!(
        region("f(\n  now())\r\n"),
        json!({"startLine": 1, "startColumn": 9, "endLine": 2, "endColumn": 9, "snippet": {"text": "f(\n  now())"}})
    );
}

#[test]
fn paths_become_uri_references() {
    assert_eq!(uri("src/a b#c%d/é[1]?.go"), "src/a%20b%23c%25d/%C3%A9%5B1%5D%3F.go");
    assert_eq!(uri("./src/x-y_z.~.py"), "src/x-y_z.~.py");
    assert_eq!(uri("../up.py"), "../up.py");
    assert_eq!(uri("a:b.py"), "a%3Ab.py");
    assert_eq!(uri("/abs/a b.py"), "file:///abs/a%20b.py");
    assert_eq!(uri("C:/abs/a b.py"), "file:///C:/abs/a%20b.py");
    assert_eq!(uri(""), "unknown");
}

#[test]
fn findings_of_one_rule_on_one_line_are_folded() {
    let text = "f(now(), later())\nnow()\n";
    let mut mild = finding(at("a.py", text, "now()"));
    mild.message = "mild".into();
    mild.labels = vec![label(mild.primary.clone(), "read")];
    let mut grave = finding(at("a.py", text, "later()"));
    grave.severity = Severity::Error;
    grave.message = "grave".into();
    grave.fingerprint = "v1:grave".into();
    grave.labels = vec![label(grave.primary.clone(), "used [here]")];
    let mut other = finding(at("a.py", text, "later()"));
    other.rule = &LOCK;
    let mut below = finding(Location::new("a.py".into(), Span::new(18, 23)));
    below.why = String::new();
    let results = results(&report("a.py", text, vec![mild, grave, other, below]));
    let rules: Vec<_> = results.iter().map(|result| result["ruleId"].as_str().unwrap()).collect();
    assert_eq!(rules, ["lease-check-then-act", "unfenced-lock", "lease-check-then-act"]);
    assert_eq!(results[0]["level"], "error");
    assert_eq!(
        results[0]["message"]["text"],
        "Grave. A pause of any length may sit between 1 and 2. In time: [used \\[here\\]](1). \
         Also on this line: [mild](2)."
    );
    assert_eq!(results[0]["relatedLocations"][1]["message"]["text"], "Mild.");
    assert_eq!(results[0]["partialFingerprints"]["timelint/v1"], "v1:grave");
    assert_eq!(results[2]["message"]["text"], "Lease checked here, used later without a fence.");
}

#[test]
fn the_heaviest_results_are_kept_and_the_cut_is_told() {
    let count = MAX_RESULTS as u32 + 3;
    let text = "x\n".repeat(count as usize);
    let findings = (0..count).map(|i| {
        let mut found = finding(Location::new("a.py".into(), Span::new(2 * i, 2 * i + 1)));
        match i {
            0 => found.severity = Severity::Note,
            1 => found.confidence = Confidence::Low,
            _ => {}
        }
        found
    });
    let log = log(&report("a.py", &text, findings.collect()));
    let results = log["runs"][0]["results"].as_array().unwrap();
    let line = |result: &Value| result["locations"][0]["physicalLocation"]["region"]["startLine"].as_u64().unwrap();
    assert_eq!(results.len(), MAX_RESULTS);
    assert_eq!(line(&results[0]), 3);
    assert_eq!(line(&results[MAX_RESULTS - 1]), u64::from(count) - 1);
    assert!(results.iter().map(line).is_sorted());
    assert_eq!(
        log["runs"][0]["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"],
        "3 results are left out: a file may hold 25000, and the most severe and most certain were kept."
    );
}

#[test]
fn texts_stay_within_the_limits() {
    let long = "[word\\] ".repeat(1000);
    let mut found = finding(Location::new("a.py".into(), Span::new(0, 1)));
    found.message.clone_from(&long);
    found.why.clone_from(&long);
    found.labels = (0..2000).map(|_| label(found.primary.clone(), &long)).collect();
    let result = &results(&report("a.py", "x\n", vec![found]))[0];
    let text = result["message"]["text"].as_str().unwrap();
    assert!(text.chars().count() <= prose::LIMIT, "{}", text.chars().count());
    assert_eq!(result["relatedLocations"].as_array().unwrap().len(), 100);
    assert_eq!(result["codeFlows"][0]["threadFlows"][0]["locations"].as_array().unwrap().len(), 100);
}

#[test]
fn hostile_text_yields_valid_results_with_a_place_and_a_line() {
    for report in hostile() {
        for result in results(&report) {
            let place = &result["locations"][0]["physicalLocation"];
            let uri = place["artifactLocation"]["uri"].as_str().unwrap();
            assert!(!uri.is_empty() && uri.bytes().all(|b| b.is_ascii_graphic()));
            let region = &place["region"];
            assert!(region["startLine"].as_u64().unwrap() >= 1);
            let at = |key: &str| region[key].as_u64().unwrap_or(1);
            assert!(
                (at("endLine"), at("endColumn")) >= (at("startLine"), at("startColumn")) || region["endLine"].is_null()
            );
            let text = result["message"]["text"].as_str().unwrap();
            assert!(!text.contains(['\x1b', '\u{202e}', '\n']) && text.ends_with('.'));
            assert!(text.contains("\\[a\\](1) \\\\"), "{text}");
        }
    }
}

#[test]
fn an_empty_report_is_a_run_with_no_results() {
    assert_eq!(log(&Report::default())["runs"][0]["results"], json!([]));
}

#[test]
fn accepted_findings_are_marked_and_the_first_to_be_cut() {
    let mut report = sample();
    let finding = report.findings[0].clone();
    report.accepted = vec![
        Accepted { finding: finding.clone(), by: Acceptance::Comment(2), reason: Some("one host".into()) },
        Accepted { finding, by: Acceptance::Baseline, reason: None },
    ];
    let results = results(&report);
    assert_eq!((results.len(), Sarif::results(&report)), (4, 4));
    assert!(results[..2].iter().all(|r| r.get("suppressions").is_none()));
    let comment = json!([{"kind": "inSource", "status": "accepted", "justification": "one host"}]);
    assert_eq!(results[2]["suppressions"], comment);
    assert_eq!(results[3]["suppressions"], json!([{"kind": "external", "status": "accepted"}]));
    let (kept, cut) = fold::fold(&report, 2);
    assert_eq!((kept.iter().filter(|g| g.accepted.is_some()).count(), cut), (0, 2));
}

#[test]
fn the_bytes_are_the_same_each_time() {
    assert_eq!(render(&Sarif::default(), &sample()), render(&Sarif::default(), &sample()));
}

#[test]
fn names_of_rules() {
    assert_eq!(rules::pascal_case("wall-clock-ordering"), "WallClockOrdering");
    assert_eq!(rules::pascal_case("--"), "");
}
