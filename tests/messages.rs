//! Bad input of every kind: each message names the place and what to do about it.
#![allow(clippy::disallowed_methods, reason = "tests write files")]

use crate::sandbox::{BAD, Folder, GOOD, Run};

/// The error of a run that must be unusable.
fn error(folder: &Folder, line: &str) -> String {
    let run = folder.run(line);
    assert_eq!(run.code(), 2, "{line}: {}", run.err());
    assert!(run.out().is_empty(), "{line}: {}", run.out());
    run.err()
}

#[test]
fn wrong_configurations_have_a_place_and_a_hint() {
    for (text, message) in [
        ("select = [", "timelint.toml:1:11: unclosed array"),
        ("min-confidence = \"hi\"", "timelint.toml:1:18: there is no confidence `hi`: did you mean `high`?"),
        ("[[overrides]]\nfiles = [\"[\"]", "timelint.toml:2:10: the pattern `[` is malformed"),
        ("[rules.unfenced-lok]\nseverity = \"error\"", "did you mean `unfenced-lock`?"),
        ("extend = \"//\"", "timelint.toml:1:10: `//` is the configuration at the repository's root"),
        ("extend = \"nope.toml\"", "there is no file `nope.toml`"),
        ("extend = \"sub/timelint.toml\"", "extend one another in a circle"),
        ("[[api]]\nlanguage = \"cobol\"", "timelint.toml:2:13: there is no language `cobol`: expected one of `go`"),
        ("[[api]]\nlanguage = \"go\"\nname = 3\nrole = \"log\"", "one value or a list of values"),
    ] {
        let folder = Folder::new(&[
            ("a.py", GOOD),
            ("timelint.toml", text),
            ("sub/timelint.toml", "extend = \"../timelint.toml\""),
        ]);
        for line in ["check", "config check"] {
            assert!(error(&folder, line).contains(message), "{text}: {}", error(&folder, line));
        }
    }
    let folder = Folder::new(&[("a.py", GOOD)]);
    std::fs::write(folder.0.join("timelint.toml"), b"# caf\xe9\nselect = []\n").expect("writable");
    assert!(error(&folder, "check").contains("timelint.toml:1:6: this is no UTF-8"), "{}", error(&folder, "check"));
    folder.write("timelint.toml", "");
    folder.write("pyproject.toml", "[project]\nname = \"x\"\n[tool.timelint]\nselct = []\n");
    std::fs::remove_file(folder.0.join("timelint.toml")).expect("removed");
    assert!(error(&folder, "check").contains("pyproject.toml:4:1: unknown key `selct`: did you mean `select`?"));
}

#[test]
fn wrong_query_packs_have_a_place() {
    for (name, text, message) in [
        ("python/x.scm", "(call @nope", "python/x.scm:1:7: expected a pattern"),
        ("python/x.scm", "(call) @nope", "python/x.scm:1:8: the capture `@nope` is not in the vocabulary"),
        ("python/x.scm", "(cal) @call", "python/x.scm:1:1: the grammar has no node kind `cal`"),
        ("python/apis.toml", "[[api]]\nname = \"a.b\"", "apis.toml:1: missing field `role`"),
        ("python/apis.toml", "[[api]]\nname = \"a.b\"\nrole = \"clock.wal\"", "did you mean `clock.wall`?"),
        ("cobol/x.scm", "", ".timelint/queries/cobol: no language or pack has this name: expected one of `go`"),
    ] {
        let folder = Folder::new(&[("a.py", GOOD), (&format!(".timelint/queries/{name}"), text)]);
        assert!(error(&folder, "check").contains(message), "{text}: {}", error(&folder, "check"));
    }
}

#[test]
fn wrong_baselines_say_what_to_do() {
    for (text, message) in [
        ("{\"version\": 9}", ".timelint-baseline.jsonl:1: this is no entry of a baseline: missing field `path`"),
        ("<<<<<<< HEAD", "a merge left its marks: keep the lines of both sides"),
        (
            "{\"path\":\"a.py\",\"rule\":\"x\",\"fingerprint\":\"v9:1\"}",
            "of another version of timelint: `timelint baseline create --force`",
        ),
    ] {
        let folder = Folder::new(&[("a.py", BAD), (".timelint-baseline.jsonl", text)]);
        assert!(error(&folder, "check").contains(message), "{}", error(&folder, "check"));
        assert!(error(&folder, "baseline prune").contains(message));
        assert_eq!(folder.run("check --no-baseline").code(), 1);
        assert_eq!(folder.run("baseline create --force").code(), 0);
        assert_eq!(folder.run("check").code(), 0);
    }
    let none = Folder::new(&[("a.py", BAD)]);
    assert!(error(&none, "baseline show").contains("there is no baseline; `timelint baseline create` writes one"));
}

#[test]
fn suppressions_are_not_written_in_vain() {
    let folder = Folder::new(&[("a.py", BAD)]);
    let with = |more: &str| format!("suppress --rule clock --reason x {more}");
    assert!(error(&folder, &with("--until soon")).contains("--until: `soon` is no day: write it as 2027-06-30"));
    assert!(error(&folder, &with("--until 2020-01-01")).contains("--until: 2020-01-01 is over"));
    folder.run("baseline create");
    let known = folder.run(&with(""));
    assert_eq!(known.code(), 0);
    assert!(known.last().contains("1 finding is known from the baseline") && known.last().contains("--no-baseline"));
    assert_eq!(folder.run(&with("--no-baseline --until 2999-01-01")).last(), "wrote 1 comment in 1 file");
    assert_eq!(folder.run(&with("")).last(), "there is nothing to suppress");
}

#[test]
fn places_that_do_not_exist_are_errors() {
    let folder = Folder::new(&[("a.py", BAD)]);
    assert!(error(&folder, "check --explain-silence a.py:300").contains("a.py: has no line 300, only 6"));
    assert!(error(&folder, "check --explain-silence nope.py:3").contains("nope.py: no such file or directory"));
    assert!(error(&folder, "dump --roles x.rb").contains("no language has this extension"));
}

#[cfg(unix)]
#[test]
fn what_is_no_file_is_called_so() {
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;
    let folder = Folder::new(&[("a.py", GOOD), ("sub/b.py", GOOD)]);
    let _socket = UnixListener::bind(folder.0.join("s.py")).expect("bound");
    symlink("self.py", folder.0.join("self.py")).expect("linked");
    symlink("..", folder.0.join("sub/up")).expect("linked");
    symlink("nowhere.py", folder.0.join("dangling.py")).expect("linked");
    assert!(error(&folder, "check s.py").contains("s.py: neither a file nor a folder"));
    assert!(error(&folder, "check self.py").contains("self.py: too many levels of symbolic links"));
    assert!(error(&folder, "check dangling.py").contains("dangling.py: no such file or directory"));
    let run = folder.run("check");
    assert_eq!((run.code(), run.last().as_str()), (0, "passed: no findings in 2 files"), "{}", run.err());
}

#[test]
fn odd_texts_are_read() {
    let bom = format!("\u{feff}{BAD}");
    let folder = Folder::new(&[("bom.py", &bom), ("crlf.py", &BAD.replace('\n', "\r\n")), ("empty.py", "")]);
    let mut latin = BAD.as_bytes().to_vec();
    latin.extend(b"# caf\xe9\n");
    std::fs::write(folder.0.join("latin.py"), latin).expect("writable");
    let wide: Vec<u8> = BAD.encode_utf16().flat_map(u16::to_le_bytes).collect();
    std::fs::write(folder.0.join("wide.py"), wide).expect("writable");
    let run = folder.run("check --format json");
    let found: Vec<String> = ["bom", "crlf", "latin"].map(|n| format!("{n}.py:5 wall-clock-duration")).into();
    assert_eq!((run.code(), run.findings()), (1, found));
    assert_eq!(run.json()["summary"]["files_skipped"], 1, "UTF-16 has zero bytes: it counts as binary");
}

#[cfg(unix)]
#[test]
fn a_reader_that_goes_away_is_no_error() {
    let code = format!("import time\n\n{}", BAD.trim_start_matches("import time\n").repeat(2000));
    let folder = Folder::new(&[("a.py", &code)]);
    for format in ["full", "concise", "json", "sarif"] {
        let mut command = folder.command(&format!("check --format {format}"));
        let mut child =
            command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().expect("started");
        drop(child.stdout.take());
        let run = Run(child.wait_with_output().expect("ended"));
        assert_eq!(run.code(), 1, "{format}: {}", run.err());
        assert!(run.last().starts_with("failing: 2000 warnings"), "{format}: {}", run.err());
    }
}

#[test]
fn the_help_of_a_fixed_timeout_is_its_own() {
    let fix = |text: &str| {
        let run = Folder::new(&[("a.js", text)]).run("check --select hard-coded-timeout --format json");
        let finding = run.json()["findings"][0].clone();
        let part = |key: &str| finding[key].as_str().unwrap_or_default().to_owned();
        (part("message"), part("help"))
    };
    let (message, help) = fix("const axios = require('axios');\nexports.api = axios.create({ timeout: 2000 });\n");
    assert!(message.starts_with("2 s timeout"), "{message}");
    assert!(help.starts_with("make it a setting"), "what sets a timeout need not be told to set one: {help}");
    let (message, _) = fix("exports.ask = (rpc) => rpc.call('svc', { timeout: 1500 });\n");
    assert_eq!(message, "the timeout `timeout` is fixed in code at 1500", "of what, nobody says");
}
