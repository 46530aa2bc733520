//! The borders between crates are where ARCHITECTURE.md draws them.
#![allow(clippy::disallowed_methods, reason = "a test reads the sources")]

use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Crate, and every other crate of the workspace that it may depend on.
const EDGES: [(&str, &[&str]); 11] = [
    ("diagnostics", &[]),
    ("model", &["diagnostics"]),
    ("syntax", &["diagnostics", "model"]),
    ("semantics", &["diagnostics", "model"]),
    ("rules", &["diagnostics", "model", "semantics"]),
    ("report", &["diagnostics"]),
    ("engine", &["diagnostics", "model", "rules", "semantics", "syntax"]),
    ("gate", &["diagnostics", "engine"]),
    ("testkit", &["diagnostics", "model", "rules", "semantics", "syntax"]),
    ("xtask", &["diagnostics", "rules"]),
    // The root package: the command line.
    ("timelint", &["diagnostics", "engine", "gate", "model", "report", "rules"]),
];

/// Start of an outside crate's name, and the only crate that may depend on it.
const OUTSIDE: [(&str, &str); 3] = [("tree-sitter", "syntax"), ("miette", "report"), ("serde-sarif", "report")];

/// Crates whose code is a function of its input: no files, no environment, no processes, no threads of their own.
const PURE: [&str; 6] = ["diagnostics", "model", "syntax", "semantics", "rules", "report"];

/// A crate of the workspace: its dependencies by kind (`normal`, `dev`, `build`), and the kinds of its targets.
struct Package {
    dependencies: Vec<(String, String)>,
    targets: Vec<String>,
}

#[test]
fn crates_depend_only_on_those_below_them() {
    let packages = packages();
    let known: Vec<&str> = EDGES.iter().map(|e| e.0).collect();
    let unknown: Vec<&String> = packages.keys().filter(|p| !known.contains(&p.as_str())).collect();
    assert!(unknown.is_empty(), "say in tests/architecture.rs what {unknown:?} may depend on");
    for (name, allowed) in EDGES {
        for dependency in normal(&packages, name).filter(|d| known.contains(d)) {
            assert!(allowed.contains(&dependency), "`{name}` must not depend on `{dependency}`");
        }
    }
}

#[test]
fn only_one_crate_names_each_outside_world() {
    for (name, package) in packages() {
        for (dependency, kind) in &package.dependencies {
            for (prefix, owner) in OUTSIDE {
                let is_ours = !dependency.starts_with(prefix) || name == owner;
                assert!(is_ours, "`{name}` has the {kind} dependency `{dependency}`: only `{owner}` may");
            }
        }
    }
}

#[test]
fn rules_and_diagnostics_depend_on_nothing_outside() {
    let packages = packages();
    for name in ["diagnostics", "rules"] {
        let outside: Vec<&str> = normal(&packages, name).filter(|d| !packages.contains_key(*d)).collect();
        assert!(outside.is_empty(), "`{name}` is plain code over our own types, but depends on {outside:?}");
    }
}

#[test]
fn nothing_is_generated_while_building() {
    for (name, package) in packages() {
        for kind in ["custom-build", "proc-macro"] {
            assert!(!package.targets.iter().any(|t| t == kind), "`{name}` has a {kind} target");
        }
    }
}

#[test]
fn the_core_is_a_function_of_its_input() {
    const FORBIDDEN: [&str; 7] =
        ["std::fs", "std::env", "std::process", "std::thread", "std::net", "SystemTime", "Instant::now"];
    let found = lines_with(&PURE, &FORBIDDEN);
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn rules_see_no_syntax_and_no_language() {
    let found = lines_with(&["rules"], &["timelint_syntax", "Language", "language_for_path", ".extension()"]);
    assert!(found.is_empty(), "a rule that asks for the language lacks a role or an entry:\n{}", found.join("\n"));
}

#[test]
fn the_model_knows_no_grammar() {
    let found = lines_with(&["model", "semantics"], &["tree_sitter", "node_kind", "Language"]);
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// The names of the crates, without `timelint-`.
fn short(name: &str) -> &str {
    name.strip_prefix("timelint-").unwrap_or(name)
}

fn packages() -> BTreeMap<String, Package> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let package = |package: &Value| {
        let dependencies = list(&package["dependencies"]);
        Package {
            dependencies: dependencies
                .iter()
                .map(|d| (short(&text(&d["name"])).to_owned(), d["kind"].as_str().unwrap_or("normal").to_owned()))
                .collect(),
            targets: list(&package["targets"]).iter().flat_map(|t| list(&t["kind"])).map(|k| text(&k)).collect(),
        }
    };
    list(&metadata["packages"]).iter().map(|p| (short(&text(&p["name"])).to_owned(), package(p))).collect()
}

fn normal<'p>(packages: &'p BTreeMap<String, Package>, name: &str) -> impl Iterator<Item = &'p str> {
    let package = packages.get(name).unwrap_or_else(|| panic!("there is no crate `{name}`"));
    package.dependencies.iter().filter(|d| d.1 == "normal").map(|d| d.0.as_str())
}

/// Lines of code (no comments, no tests) of these crates that hold one of these words.
fn lines_with(crates: &[&str], words: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for name in crates {
        let mut files = Vec::new();
        sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("crates").join(name).join("src"), &mut files);
        assert!(!files.is_empty(), "`{name}` has no code");
        for file in files {
            let text = std::fs::read_to_string(&file).expect("readable");
            let code = text.split("\n#[cfg(test)]").next().unwrap_or_default();
            for (number, line) in (1..).zip(code.lines()) {
                let code = line.split("//").next().unwrap_or_default();
                if words.iter().any(|w| code.contains(w)) {
                    found.push(format!("{}:{number}: {}", file.display(), line.trim()));
                }
            }
        }
    }
    found
}

fn sources(folder: &Path, into: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> =
        std::fs::read_dir(folder).expect("a folder").map(|e| e.expect("readable").path()).collect();
    entries.sort();
    for path in entries {
        let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() {
            sources(&path, into);
        } else if path.extension().is_some_and(|e| e == "rs") && !stem.ends_with("tests") && stem != "testing" {
            into.push(path);
        }
    }
}
