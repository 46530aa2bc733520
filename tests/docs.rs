//! The commands and configurations of README and docs, run.
#![allow(clippy::disallowed_methods, reason = "tests read and write files")]

use crate::folders::{entries, name};
use crate::sandbox::{BAD, Folder, Run};
use std::path::{Path, PathBuf};

fn pages() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut pages = entries(&root.join("docs"));
    pages.push(root.join("README.md"));
    pages
}

/// The blocks of `language` in a page.
fn blocks(page: &Path, language: &str) -> Vec<String> {
    let text = std::fs::read_to_string(page).expect("readable");
    let mut blocks = Vec::new();
    let mut open: Option<(bool, String)> = None;
    for line in text.lines() {
        open = match (open, line.strip_prefix("```")) {
            (None, Some(info)) => Some((info == language, String::new())),
            (Some((wanted, block)), Some("")) => {
                if wanted {
                    blocks.push(block);
                }
                None
            }
            (Some((wanted, block)), _) => Some((wanted, block + line + "\n")),
            (None, None) => None,
        };
    }
    blocks
}

/// A repository with a finding, on a branch of its own.
fn project() -> Folder {
    let folder = Folder::new(&[("src/poll.py", BAD), ("src/worker.py", BAD), ("src/lease.go", "package lease\n")]);
    folder.commit_all();
    folder.git("checkout -q -b topic");
    folder
}

/// The words of a command, with double quotes as in a shell.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for c in line.chars() {
        match c {
            '"' => quoted = !quoted,
            ' ' if !quoted => words.push(String::new()),
            other => words.last_mut().expect("one").push(other),
        }
    }
    words.retain(|w| !w.is_empty());
    words
}

#[test]
fn every_command_of_the_documentation_runs() {
    for page in pages() {
        let folder = project();
        let mut count = 0;
        for line in blocks(&page, "sh").iter().flat_map(|b| b.lines()).filter(|l| l.starts_with("timelint ")) {
            if line.contains('<') {
                continue;
            }
            let mut command = folder.command("");
            let run = Run(command.args(&words(line)[1..]).output().expect("started"));
            assert!(matches!(run.code(), 0 | 1), "{}: `{line}` ended with {}: {}", name(&page), run.code(), run.err());
            count += 1;
        }
        assert!(count > 0, "{} shows no command", name(&page));
    }
}

#[test]
fn every_configuration_of_the_documentation_is_right() {
    for page in pages() {
        for block in blocks(&page, "toml") {
            let folder = project();
            folder.write("timelint.toml", &block);
            let run = folder.run("config check");
            assert_eq!(run.code(), 0, "{}: {}", name(&page), run.err());
        }
    }
}

#[test]
fn hooks_and_action_of_the_documentation_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path: &str| std::fs::read_to_string(root.join(path)).expect("readable");
    let (hooks, action) = (read(".pre-commit-hooks.yaml"), read("action.yml"));
    let page = read("docs/pre-commit.md");
    for id in page.lines().filter_map(|l| l.trim().strip_prefix("- id: ")) {
        assert!(hooks.contains(&format!("- id: {id}\n")), "there is no hook `{id}`");
    }
    let page = read("docs/github-code-scanning.md");
    let rows = page.lines().filter_map(|l| l.strip_prefix("| `")).filter_map(|l| l.split(" | ").next());
    let inputs: Vec<String> =
        rows.flat_map(|cell| cell.split(", ")).map(|cell| cell.trim_matches('`').to_owned()).collect();
    assert!(inputs.len() > 8, "{inputs:?}");
    for input in inputs {
        assert!(action.contains(&format!("\n  {input}:\n")), "the action has no input `{input}`");
    }
}
