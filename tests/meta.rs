//! The repository agrees with itself: rules, pages, fixtures, tables, headers.
#![allow(clippy::disallowed_methods, reason = "a test reads the repository")]

use crate::folders::{entries, name, shown};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use timelint_diagnostics::RuleMeta;
use timelint_rules::RULES;

#[test]
fn rules_pages_and_fixtures_belong_together() {
    let registered: BTreeSet<String> = rules().map(|r| r.id.to_owned()).collect();
    assert_eq!(registered.len(), RULES.len(), "two rules have the same id");
    let folder = root().join("crates/rules/src");
    let placed = |extension: &str, wanted: &dyn Fn(&Path) -> bool| -> BTreeSet<String> {
        let families = entries(&folder).into_iter().filter(|p| p.is_dir());
        let files = families.flat_map(|family| entries(&family));
        let own = files.filter(|p| p.extension().is_some_and(|e| e == extension) && wanted(p));
        own.map(|p| shown(&p)).collect()
    };
    let expected: BTreeSet<String> = rules().filter_map(RuleMeta::page_path).collect();
    assert_eq!(expected, placed("md", &|_| true), "left: pages of the rules in RULES; right: pages in the folders");
    let expected: BTreeSet<String> = expected.iter().map(|p| p.replace(".md", ".rs")).collect();
    let code = placed("rs", &|p| read(p).contains("\nimpl Rule for "));
    assert_eq!(expected, code, "left: files of the rules in RULES; right: files that implement a rule");
    let fixtures: BTreeSet<String> =
        entries(&root().join("fixtures")).iter().map(|p| name(p)).filter(|n| !n.starts_with('_')).collect();
    assert_eq!(registered, fixtures, "left: rules in RULES; right: folders in fixtures");
}

#[test]
fn rules_are_sorted_by_family_and_id() {
    let mut sorted: Vec<_> = rules().map(|r| (r.family, r.id)).collect();
    sorted.sort_unstable();
    let written: Vec<_> = rules().map(|r| (r.family, r.id)).collect();
    assert_eq!(written, sorted);
}

#[test]
fn names_and_texts_of_rules_follow_the_conventions() {
    let mut wrong = Vec::new();
    for rule in rules() {
        for id in [rule.id].iter().chain(rule.aliases) {
            let kebab = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
            if !id.split('-').all(|part| !part.is_empty() && part.chars().all(kebab)) {
                wrong.push(format!("`{id}` is not kebab-case"));
            }
        }
        for (what, text) in [("mechanism", rule.mechanism), ("summary", rule.summary)] {
            if text.is_empty() || text.trim() != text {
                wrong.push(format!("{}: its {what} is empty or starts or ends with a blank", rule.id));
            } else if text.starts_with(char::is_uppercase) || text.ends_with('.') {
                wrong.push(format!("{}: its {what} starts with a capital or ends with a period", rule.id));
            }
        }
    }
    let used: Vec<&str> = rules().flat_map(|r| [r.id].into_iter().chain(r.aliases.iter().copied())).collect();
    let distinct: BTreeSet<&&str> = used.iter().collect();
    if distinct.len() != used.len() {
        wrong.push("a name is used by two rules".to_owned());
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_table_of_rules_in_the_readme_is_fresh() {
    let readme = read(&root().join("README.md"));
    let fresh = xtask::with_fresh_table(&readme).expect("markers");
    assert!(readme == fresh, "run `cargo run -p xtask -- readme`");
}

#[test]
fn the_architecture_names_every_crate() {
    let text = read(&root().join("ARCHITECTURE.md"));
    let missing: Vec<String> =
        entries(&root().join("crates")).iter().map(|p| name(p)).filter(|n| !text.contains(&format!("`{n}`"))).collect();
    assert!(missing.is_empty(), "ARCHITECTURE.md does not speak of {missing:?}");
}

/// The tests that it names exist, so that no invariant is claimed and unguarded.
#[test]
fn the_architecture_names_tests_that_exist() {
    let text = read(&root().join("ARCHITECTURE.md"));
    let code: String =
        committed().iter().filter(|p| p.extension().is_some_and(|e| e == "rs")).map(|p| read(p)).collect();
    let table = text.lines().filter(|l| l.starts_with('|'));
    let named: BTreeSet<&str> =
        table.flat_map(|l| l.split('`').skip(1).step_by(2)).filter(|w| w.matches('_').count() >= 3).collect();
    assert!(named.len() > 5, "no tests are named");
    let missing: Vec<&&str> = named.iter().filter(|n| !code.contains(&format!("fn {n}("))).collect();
    assert!(missing.is_empty(), "ARCHITECTURE.md names tests that do not exist: {missing:?}");
}

#[test]
fn every_source_file_says_what_it_is_for() {
    let crates = root().join("crates");
    let mut silent: Vec<String> = Vec::new();
    for path in committed() {
        let is_source = path.starts_with(&crates) && path.extension().is_some_and(|e| e == "rs");
        if is_source && !read(&path).starts_with("//!") {
            silent.push(shown(&path));
        }
    }
    assert!(silent.is_empty(), "these files do not start with `//!`: {silent:#?}");
}

#[test]
fn no_file_names_a_place_on_somebodys_machine() {
    // In two parts, so that this file passes.
    let places = [("/wo", "rk/"), ("/ro", "ot/"), ("/ho", "me/"), ("/tmp", "/corpus"), ("/tmp", "/target")];
    let places = places.map(|(a, b)| format!("{a}{b}"));
    let mut wrong = Vec::new();
    for path in committed() {
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        for (number, line) in (1..).zip(text.lines()) {
            let starts = |at: usize| !line[..at].ends_with(|c: char| c.is_alphanumeric() || "_.-/}:".contains(c));
            if places.iter().any(|p| line.match_indices(p.as_str()).any(|(at, _)| starts(at))) {
                wrong.push(format!("{}:{number}: {line}", shown(&path)));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn rules() -> impl Iterator<Item = &'static RuleMeta> {
    RULES.iter().map(|r| r.meta())
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// Every file of the repository, without what is built.
fn committed() -> Vec<PathBuf> {
    let mut all = Vec::new();
    let mut folders = vec![root()];
    while let Some(folder) = folders.pop() {
        for path in entries(&folder) {
            // In a work tree of its own `.git` is a file.
            if matches!(name(&path).as_str(), ".git" | "target") {
                continue;
            }
            if path.is_dir() { &mut folders } else { &mut all }.push(path);
        }
    }
    all.sort();
    all
}
