//! SARIF as a whole: the specification's schema, and what GitHub asks for beyond it.
#![allow(clippy::disallowed_methods, reason = "tests read and write files")]

use crate::sandbox::{BAD, Folder};
use serde_json::Value;
use std::path::Path;
use std::process::Command;

/// The SARIF 2.1.0 schema, which the crate that we serialise with carries.
fn schema() -> Value {
    // Packages of other systems were never downloaded.
    let version = Command::new(env!("CARGO")).arg("-vV").output().expect("cargo runs").stdout;
    let version = String::from_utf8(version).expect("text");
    let host = version.lines().find_map(|l| l.strip_prefix("host: ")).expect("a host");
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--offline", "--locked", "--format-version", "1", "--filter-platform", host])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let packages = metadata["packages"].as_array().expect("a list");
    let package = packages.iter().find(|p| p["name"] == "serde-sarif").expect("a dependency");
    let manifest = Path::new(package["manifest_path"].as_str().expect("a path"));
    let path = manifest.with_file_name("src").join("schema.json");
    let mut schema: Value = serde_json::from_str(&std::fs::read_to_string(path).expect("readable")).expect("JSON");
    // This pattern has a bracket too many and is no regular expression; we write no language.
    for object in ["run", "toolComponent"] {
        let language = schema["definitions"][object]["properties"]["language"].as_object_mut().expect("an object");
        language.remove("pattern");
    }
    schema
}

fn sarif(folder: &Folder) -> Value {
    let run = folder.run("check --format sarif --min-confidence low --sarif-category all");
    assert_eq!(run.code(), 1, "{}", run.err());
    run.json()
}

#[test]
fn every_fixture_follows_the_schema_and_githubs_limits() {
    let validator = jsonschema::validator_for(&schema()).expect("a schema");
    let folder = Folder::new(&[("odd/é #%[1].py", BAD), ("odd/crlf.py", &BAD.replace('\n', "\r\n"))]);
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    copy_sources(&fixtures, &folder.0.join("src"));
    folder.write("src/broken.py", "def (:\n    time.time(\n");
    folder.write("src/ignored.py", "x = 1  # timelint: ignore[nope] -- x\n");
    let document = sarif(&folder);
    let errors: Vec<String> =
        validator.iter_errors(&document).take(5).map(|e| format!("{}: {e}", e.instance_path())).collect();
    assert!(errors.is_empty(), "{errors:#?}");
    let run = &document["runs"][0];
    let results = run["results"].as_array().expect("a list");
    assert!(results.len() > 50, "{} results", results.len());
    for result in results {
        let location = &result["locations"][0]["physicalLocation"];
        let uri = location["artifactLocation"]["uri"].as_str().expect("a path");
        assert!(uri.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~/%".contains(&b)), "{uri}");
        assert!(location["region"]["startLine"].is_u64() && location["region"]["endColumn"].is_u64(), "{uri}");
        let text = result["message"]["text"].as_str().expect("a message");
        assert!(text.ends_with('.') && text.chars().count() <= 1024, "{text}");
        assert!(result["partialFingerprints"]["primaryLocationLineHash"].as_str().is_some_and(|h| h.contains(':')));
    }
    for rule in run["tool"]["driver"]["rules"].as_array().expect("a list") {
        for key in ["shortDescription", "fullDescription", "help"] {
            let length = rule[key]["text"].as_str().map_or(0, |text| text.chars().count());
            assert!((1..=1024).contains(&length), "{}: {key} has {length} characters", rule["id"]);
        }
        assert!(rule["properties"]["tags"].as_array().is_some_and(|tags| tags.len() <= 10));
    }
}

#[test]
fn columns_count_utf_16_units() {
    let line = "    start = time.time(); mark = '日本🎉'; wait = time.time() - start\n";
    let text = format!("import time\n\ndef f():\n{line}    if wait > 5:\n        stop()\n");
    let folder = Folder::new(&[("a.py", &text)]);
    let region = sarif(&folder)["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"].clone();
    let start = region["startColumn"].as_u64().expect("a column") as usize;
    let end = region["endColumn"].as_u64().expect("a column") as usize;
    let units: Vec<u16> = line.encode_utf16().collect();
    let shown = String::from_utf16(&units[start - 1..end - 1]).expect("whole characters");
    assert_eq!(region["snippet"]["text"].as_str(), Some(shown.as_str()));
}

fn copy_sources(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("writable");
    for entry in std::fs::read_dir(from).expect("readable") {
        let path = entry.expect("readable").path();
        let target = to.join(path.file_name().expect("a name"));
        if path.is_dir() {
            copy_sources(&path, &target);
        } else {
            std::fs::copy(&path, &target).expect("copied");
        }
    }
}
