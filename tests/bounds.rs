//! Code that would take for ever, or exhaust the stack, if the analysis followed every way through it.
#![allow(clippy::disallowed_methods, reason = "tests read fixtures")]

use crate::folders::{entries, shown};
use std::fmt::Write as _;
use std::path::Path;
use timelint_syntax::language_for_path;
use timelint_testkit::Project;

/// Elements of a list that are put into the same list again: each name may be every other one.
#[test]
fn elements_that_lead_to_each_other_are_followed_once() {
    const TIMES: usize = 60;
    let mut text = String::from("import time\n\n\ndef run(jobs):\n");
    for _ in 0..TIMES {
        text.push_str("    for job in jobs:\n        jobs.append(job)\n");
    }
    let _ = writeln!(text, "    return time.time() - jobs[0].started > 5");
    let mut project = Project::default();
    project.add("jobs.py", &text);
    assert!(project.findings().is_empty(), "nothing says what `started` is");
}

/// Two objects, each of which may be the other one in many places.
#[test]
fn objects_that_stand_for_each_other_are_followed_within_bounds() {
    const TIMES: usize = 60;
    let mut text = String::from("function run() {\n  let a = {};\n  let b = {};\n");
    for _ in 0..TIMES {
        text.push_str("  a = b;\n  b = a;\n");
    }
    text.push_str("  a.seen = Date.now();\n  if (Date.now() - a.seen > 5000) {\n    stop();\n  }\n}\n");
    let mut project = Project::default();
    project.add("a.js", &text);
    assert_eq!(project.findings().iter().map(|f| f.rule.id).collect::<Vec<_>>(), ["wall-clock-duration"]);
}

#[test]
fn limits_that_are_made_of_each_other_are_followed_once() {
    let text = "import httpx\n\n\ndef f(url):\n    a = httpx.Timeout(b)\n    b = httpx.Timeout(a)\n    return httpx.get(url, timeout=a)\n";
    let mut project = Project::default();
    project.add("a.py", text);
    assert!(project.findings().iter().all(|f| f.rule.id != "missing-timeout"), "nothing says that it is none");
}

#[test]
fn options_that_are_made_of_themselves_are_followed_once() {
    for made in ["!options", "-options", "options", "options || {}", "{ ...options }"] {
        let text = format!(
            "import axios from 'axios';\n\nexport function level(url, options) {{\n  options = {made};\n  return axios.get(url, options);\n}}\n\nlet own = !own;\naxios.get('http://x', own);\n"
        );
        let mut project = Project::default();
        project.add("a.js", &text);
        let found = project.findings();
        assert!(found.iter().all(|f| f.rule.id == "missing-timeout"), "{made}: {found:?}");
    }
}

/// What generated parsers do: two variables are saved in others and restored from them, a thousand times.
#[test]
fn tuples_that_are_saved_and_restored_are_followed_within_bounds() {
    const TIMES: usize = 400;
    let mut text =
        String::from("package p\n\nimport \"time\"\n\nfunc parse(buffer []rune) bool {\n\tposition, depth := 0, 0\n");
    for n in 0..TIMES {
        let _ = write!(
            text,
            "\t{{\n\t\tposition{n}, depth{n} := position, depth\n\t\tif buffer[position] != 'a' {{\n\t\t\tgoto l{n}\n\t\t}}\n\t\tposition++\n\tl{n}:\n\t\tposition, depth = position{n}, depth{n}\n\t}}\n"
        );
    }
    text.push_str("\treturn position > depth && time.Now().Unix() > 0\n}\n");
    let mut project = Project::default();
    project.add("peg.go", &text);
    assert!(project.findings().is_empty(), "positions are no times");
}

#[test]
fn an_object_that_is_spread_into_itself_is_looked_at_once() {
    let files = [
        (
            "a.js",
            "const axios = require('axios');\nasync function f(url, agent) {\n  let c = { a: 1 };\n  c = { ...c, agent };\n  return axios.get(url, c);\n}\n",
        ),
        (
            "a.py",
            "import requests\n\n\ndef f(url, p):\n    o = {}\n    o = {**o, \"proxies\": p}\n    return requests.get(url, **o)\n",
        ),
    ];
    for (name, text) in files {
        let mut project = Project::default();
        project.add(name, text);
        let found: Vec<_> = project.findings().iter().map(|f| f.rule.id).collect();
        assert_eq!(found, ["missing-timeout"], "{name}");
    }
}

/// Definitions that lead to each other in all ways: the names of each fixture are mixed up.
#[test]
fn programs_whose_names_are_mixed_up_are_analysed() {
    const ROUNDS: u64 = 1;
    let mut judged = 0;
    for round in 0..ROUNDS {
        each_file(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures"), &mut |path| {
            let text = std::fs::read_to_string(path).expect("readable");
            let mut project = Project::default();
            project.add(&shown(path), &mixed_up(&text, round));
            drop(project.findings());
            judged += 1;
        });
    }
    assert!(judged > 100, "{judged} files");
}

fn each_file(folder: &Path, visit: &mut impl FnMut(&Path)) {
    for path in entries(folder) {
        if path.is_dir() {
            each_file(&path, visit);
        } else if language_for_path(&path).is_some() {
            visit(&path);
        }
    }
}

/// `text` with some of its words exchanged for others of its words.
fn mixed_up(text: &str, round: u64) -> String {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let words: Vec<&str> = text.split(|c| !is_part(c)).filter(|w| w.len() > 2).collect();
    let mut state = 0x9e37_79b9_7f4a_7c15 ^ (round + 1);
    let mut next = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % below.max(1) as u64) as usize
    };
    let mut mixed = String::new();
    for piece in text.split_inclusive(|c| !is_part(c)) {
        let word = piece.trim_end_matches(|c| !is_part(c));
        let keeps = word.len() <= 2 || next(4) > 0;
        mixed.push_str(if keeps { word } else { words[next(words.len())] });
        mixed.push_str(&piece[word.len()..]);
    }
    mixed
}
