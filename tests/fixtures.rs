//! Every fixture says what it expects, and gets that.
//!
//! `fixtures/<rule>/<language>/<file>` is a project of one file; a folder there is a project of all its files. All
//! rules run on each, so that noise of one rule in another's fixtures shows.
#![allow(clippy::disallowed_methods, reason = "a test reads its fixtures from disk")]

use crate::folders::{entries, is_absent, name, shown};
use std::path::{Path, PathBuf};
use timelint_diagnostics::SourceFile;
use timelint_rules::RULES;
use timelint_semantics::summarize;
use timelint_syntax::language_for_path;
use timelint_testkit::{Expectation, Project, check_expectations, expectations, load};

/// Every language that a rule must have fixtures in, with the extension of `bad` and `good`.
const LANGUAGES: [(&str, &str); 5] =
    [("go", "go"), ("java", "java"), ("python", "py"), ("javascript", "js"), ("typescript", "ts")];

#[test]
fn findings_are_those_that_the_comments_expect() {
    let mut wrong = Vec::new();
    for rule in folders(&root()) {
        if name(&rule).starts_with('_') {
            continue;
        }
        for language in folders(&rule) {
            for project in visible(&language) {
                if let Err(message) = check(&project, &name(&language), &mut wrong) {
                    wrong.push(format!("{}: {message}", shown(&project)));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_rule_has_a_bad_and_a_good_file_in_every_language() {
    let mut missing = Vec::new();
    for rule in RULES.iter().map(|r| r.meta().id) {
        for (language, extension) in LANGUAGES {
            if is_absent(rule, language) {
                continue;
            }
            for stem in ["bad", "good"] {
                let path = root().join(rule).join(language).join(format!("{stem}.{extension}"));
                let Ok(text) = std::fs::read_to_string(&path) else {
                    missing.push(format!("{} does not exist", shown(&path)));
                    continue;
                };
                let source = SourceFile::new(shown(&path), text);
                let wants =
                    expectations(&source).iter().any(|(_, e)| matches!(e, Expectation::Want(r, _) if r == rule));
                if wants != (stem == "bad") {
                    let which = if wants { "wants" } else { "does not want" };
                    missing.push(format!("{} {which} {rule}", shown(&path)));
                }
            }
        }
    }
    assert!(missing.is_empty(), "{} files:\n{}", missing.len(), missing.join("\n"));
}

/// The engine runs rules only on files that their summary calls relevant: that must lose nothing.
#[test]
fn the_relevance_gate_loses_no_finding() {
    let mut all = Vec::new();
    files(&root(), &mut all);
    let mut lost = Vec::new();
    let mut judged = 0;
    for path in all {
        let Some(language) = language_for_path(&path) else { continue };
        let text = std::fs::read_to_string(&path).expect("readable");
        let mut project = Project::default();
        let summary = summarize(&load(language).catalog, &shown(&path).into(), project.add(&shown(&path), &text));
        judged += 1;
        if !summary.is_relevant() && !project.findings().is_empty() {
            lost.push(shown(&path));
        }
    }
    assert!(judged > 0 && lost.is_empty(), "no rule would see these files, and some rule reports in them: {lost:#?}");
}

/// Files without any of the words that most evidence has.
#[test]
fn the_use_of_a_known_library_is_relevant_whatever_it_is_called() {
    let relevant = |name: &str, text: &str| {
        let language = language_for_path(Path::new(name)).expect("known");
        let mut project = Project::default();
        summarize(&load(language).catalog, &name.into(), project.add(name, text)).is_relevant()
    };
    assert!(relevant("a.py", "import redis\n\nc = redis.Redis('cache')\n"));
    assert!(relevant("a.go", "package a\n\nimport \"net\"\n\nfunc f(c net.Conn, b []byte) { c.Read(b) }\n"));
    assert!(relevant(
        "A.java",
        "class A { Object f(org.redisson.Config c) { return org.redisson.Redisson.create(c); } }"
    ));
    assert!(relevant("a.js", "const dayjs = require('dayjs');\nmodule.exports = () => dayjs();\n"));
    assert!(!relevant("a.py", "import store\n\n\ndef add(a, b):\n    return store.put(a + b)\n"));
    assert!(!relevant("a.go", "package a\n\nfunc f(r Source, b []byte) { r.Read(b) }\n"));
}

/// Analyses a file, or all files of a folder together, and appends the differences.
fn check(project: &Path, language: &str, wrong: &mut Vec<String>) -> Result<(), String> {
    let mut paths = Vec::new();
    files(project, &mut paths);
    let base = if project.is_dir() { project } else { project.parent().unwrap_or(project) };
    let mut analysed = Project::default();
    let mut sources = Vec::new();
    for path in paths {
        let known = language_for_path(&path).ok_or_else(|| format!("{} is in no known language", shown(&path)))?;
        if known.name != language {
            return Err(format!("{} is {}, but stands under {language}", shown(&path), known.name));
        }
        let text = std::fs::read_to_string(&path).map_err(|e| e.to_string())?;
        let inside = path.strip_prefix(base).unwrap_or(&path).to_string_lossy().replace('\\', "/");
        analysed.add(&inside, &text);
        sources.push(SourceFile::new(inside, text));
    }
    let findings = analysed.findings();
    for source in sources {
        wrong.extend(check_expectations(&source, &findings).into_iter().map(|d| format!("{}/{d}", shown(base))));
    }
    Ok(())
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

/// What a folder holds, sorted, without hidden names.
fn visible(folder: &Path) -> Vec<PathBuf> {
    let mut all = entries(folder);
    all.retain(|p| !name(p).starts_with('.'));
    all
}

fn folders(folder: &Path) -> Vec<PathBuf> {
    visible(folder).into_iter().filter(|p| p.is_dir()).collect()
}

/// `path`, or every file below it.
fn files(path: &Path, into: &mut Vec<PathBuf>) {
    if path.is_dir() {
        for inner in visible(path) {
            files(&inner, into);
        }
    } else {
        into.push(path.to_owned());
    }
}
