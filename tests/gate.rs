//! Fixes, baselines, revisions and suppressions from outside.
#![allow(clippy::disallowed_methods, reason = "tests read and write files")]

use crate::sandbox::{BAD, Folder, GOOD, RULE, Run};

const JSON: &str = "--format json";

#[test]
fn safe_fixes_are_applied_and_a_second_run_changes_nothing() {
    let folder = Folder::new(&[("a.py", BAD), ("src/b.py", &BAD.replace('\n', "\r\n"))]);
    let run = folder.run("check --fix");
    assert_eq!((run.code(), run.last().as_str()), (0, "passed: no findings in 2 files"), "{}", run.err());
    assert!(run.err().contains("applied 2 fixes in 2 files"), "{}", run.err());
    assert_eq!(folder.text("a.py"), GOOD);
    assert_eq!(folder.text("src/b.py"), GOOD.replace('\n', "\r\n"));
    assert!(folder.run("check --fix").err().contains("applied 0 fixes in 0 files"));
    assert_eq!(folder.text("a.py"), GOOD);
}

#[cfg(unix)]
#[test]
fn fixes_keep_permissions_and_leave_nothing_behind() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new(&[("a.py", BAD)]);
    let path = folder.0.join("a.py");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("allowed");
    assert_eq!(folder.run("check --fix").code(), 0);
    assert_eq!(std::fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o755);
    let names: Vec<_> =
        std::fs::read_dir(&folder.0).expect("readable").map(|e| e.expect("entry").file_name()).collect();
    assert_eq!(names.len(), 2, "{names:?}");
}

#[test]
fn a_file_that_is_no_utf_8_is_left_alone() {
    let folder = Folder::new(&[]);
    let mut bytes = BAD.as_bytes().to_vec();
    bytes.extend(b"# caf\xe9\n");
    std::fs::write(folder.0.join("a.py"), &bytes).expect("writable");
    let run = folder.run("check --fix");
    assert_eq!(run.code(), 1);
    assert!(run.err().contains("not fixed: a.py: wall-clock-duration: its file is no UTF-8"), "{}", run.err());
    assert_eq!(std::fs::read(folder.0.join("a.py")).expect("readable"), bytes);
}

#[test]
fn the_patch_is_one_that_git_applies() {
    let folder = Folder::new(&[("src/a b.py", BAD), ("src/c.py", &BAD.replace('\n', "\r\n"))]);
    folder.commit_all();
    let run = folder.run("check --diff");
    assert_eq!(run.code(), 0, "{}", run.err());
    assert!(run.err().contains("would apply 2 fixes in 2 files"), "{}", run.err());
    assert_eq!(folder.text("src/a b.py"), BAD);
    folder.write("fix.patch", &run.out());
    folder.git("apply fix.patch");
    assert_eq!(folder.text("src/a b.py"), GOOD);
    assert_eq!(folder.text("src/c.py"), GOOD.replace('\n', "\r\n"));
    assert_eq!(folder.run("check src").code(), 0);
}

#[test]
fn a_baseline_hides_what_is_known_and_survives_moving_code() {
    let folder = Folder::new(&[("src/a.py", BAD), ("src/b.py", &BAD.replace("wait", "drain"))]);
    let create = folder.run("baseline create --reason adoption");
    assert_eq!(create.code(), 0, "{}", create.err());
    assert!(create.last().starts_with(".timelint-baseline.jsonl: 2 known findings in 2 files"), "{}", create.last());
    let run = folder.run("check");
    assert_eq!((run.code(), run.last().as_str()), (0, "passed: no new findings in 2 files"));
    assert!(run.out().contains("hidden: 2 baselined"), "{}", run.out());
    let moved = BAD.replace("def wait():\n", "# moved\n\n\ndef pause( ):\n    begin = 0\n").replace("start", "began");
    let _ = std::fs::remove_file(folder.0.join("src/a.py"));
    folder.write(
        "src/a.py",
        &moved.replace("time.time() - began < 5", "(\n            time.time()  # now\n            - began\n    ) < 5"),
    );
    let _ = std::fs::rename(folder.0.join("src/b.py"), folder.0.join("src/c.py"));
    let run = folder.run("check");
    assert_eq!((run.code(), run.last().as_str()), (0, "passed: no new findings in 2 files"), "{}", run.out());
    let update = folder.run("baseline update");
    assert!(update.last().ends_with("0 dropped, 0 added, 2 in all"), "{}", update.last());
    let text = folder.text(".timelint-baseline.jsonl");
    assert!(text.contains("\"path\":\"src/c.py\"") && text.contains("\"scope\":\"pause\""), "{text}");
    assert!(text.contains("\"reason\":\"adoption\""), "{text}");
}

#[test]
fn a_swapped_finding_is_new_and_its_entry_stale() {
    let both = format!("{GOOD}\n{}", BAD.replace("import time\n", "").replace("wait", "drain"));
    let swapped = format!("{BAD}\n{}", GOOD.replace("import time\n", "").replace("wait", "drain"));
    let folder = Folder::new(&[("a.py", &both)]);
    folder.run("baseline create");
    assert_eq!(folder.run("check").code(), 0);
    folder.write("a.py", &swapped);
    let run = folder.run(&format!("check {JSON}"));
    assert_eq!((run.code(), run.findings()), (1, vec![format!("a.py:5 {RULE}")]));
    assert!(run.out().contains("1 entry matches no finding any more: run `timelint baseline prune`"), "{}", run.out());
    assert_eq!(folder.run("check --no-baseline").code(), 1);
    std::fs::create_dir_all(folder.0.join("deep")).expect("writable");
    let mut inside = folder.command("check .. --format json");
    let run = Run(inside.current_dir(folder.0.join("deep")).output().expect("runs"));
    assert_eq!(run.findings(), [format!("../a.py:5 {RULE}")], "the baseline holds wherever timelint is started");
    let show = folder.run("baseline show");
    assert!(show.out().starts_with("stale   a.py wall-clock-duration in drain: "), "{}", show.out());
    let prune = folder.run("baseline prune");
    assert!(prune.last().ends_with("1 dropped, 0 added, 0 in all"), "{}", prune.last());
    assert_eq!(folder.run("check").code(), 1);
}

#[test]
fn a_baseline_shrinks_only_when_it_must() {
    let folder = Folder::new(&[("a.py", BAD), ("sub/b.py", BAD)]);
    folder.run("baseline create");
    assert_eq!(folder.run("baseline create").code(), 2);
    folder.write("a.py", GOOD);
    assert_eq!(folder.run("check --baseline-strict sub").code(), 0, "a.py was not looked at");
    assert_eq!(folder.run("check --baseline-strict --min-confidence high").code(), 1);
    let strict = folder.run("check --baseline-strict");
    assert_eq!(strict.last(), "failing: 1 stale entry in the baseline (--baseline-strict)");
    assert_eq!(folder.run("check").code(), 0);
    assert_eq!(folder.run("check --isolated").code(), 1);
    assert!(folder.run("check --baseline nope.jsonl").last().contains("timelint baseline create"));
}

#[test]
fn since_compares_findings_and_not_lines() {
    let folder = Folder::new(&[("a.py", BAD), ("b.py", GOOD), ("c.py", BAD)]);
    folder.commit_all();
    assert_eq!(folder.run("check --since HEAD").code(), 0);
    folder.git("checkout -q -b topic");
    // The line of the old finding changes, the new one comes by an edit elsewhere in its function.
    folder.write("a.py", &BAD.replace("while time.time() - start < 5:", "while (time.time() - start) < 50:"));
    folder.write("b.py", &GOOD.replace("time.monotonic()", "time.time()"));
    folder.git("mv c.py d.py");
    folder.write("new.py", GOOD);
    let run = folder.run(&format!("check --since main {JSON}"));
    assert_eq!((run.code(), run.findings()), (1, vec![format!("b.py:5 {RULE}")]));
    assert_eq!(run.json()["summary"]["not_new"], 2);
    folder.git("add -A");
    folder.git("commit -q -m second");
    assert_eq!(folder.run(&format!("check --since main {JSON}")).findings().len(), 1);
    assert_eq!(folder.run(&format!("check --since HEAD {JSON}")).findings().len(), 0);
    folder.write("new.py", BAD);
    assert_eq!(folder.run(&format!("check --since HEAD {JSON}")).findings(), [format!("new.py:5 {RULE}")]);
}

#[test]
fn git_errors_name_the_remedy() {
    let folder = Folder::new(&[("a.py", BAD)]);
    folder.commit_all();
    folder.write("a.py", GOOD);
    folder.git("commit -q -a -m second");
    let run = folder.run("check --since nope");
    assert_eq!(run.code(), 2);
    assert!(run.last().contains("git knows no commit `nope` here; fetch it first"), "{}", run.last());
    folder.git("clone -q --depth 1 --no-local . shallow");
    let mut command = folder.command("check --since HEAD~1");
    let output = command.current_dir(folder.0.join("shallow")).output().expect("runs");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.code() == Some(2) && said.contains("fetch-depth: 0"), "{said}");
    let plain = Folder::new(&[("a.py", BAD)]);
    std::fs::remove_dir_all(plain.0.join(".git")).expect("removed");
    assert!(plain.run("check --since main").last().contains("need a git repository"));
}

#[test]
fn staged_reads_the_index() {
    let folder = Folder::new(&[("a.py", GOOD), ("old.py", BAD)]);
    folder.commit_all();
    let nothing = folder.run("check --staged");
    assert_eq!((nothing.code(), nothing.last().as_str()), (0, "passed: no file that timelint reads is staged"));
    folder.write("a.py", BAD);
    folder.git("add a.py");
    folder.write("a.py", GOOD);
    folder.write("untracked.py", BAD);
    let run = folder.run(&format!("check --staged {JSON}"));
    assert_eq!((run.code(), run.findings()), (1, vec![format!("a.py:5 {RULE}")]));
    folder.git("add a.py");
    folder.write("a.py", BAD);
    folder.git("add untracked.py");
    assert_eq!(folder.run(&format!("check --staged {JSON}")).findings(), [format!("untracked.py:5 {RULE}")]);
    assert_eq!(folder.run(&format!("check --staged --since HEAD old.py {JSON}")).findings().len(), 0);
    assert_eq!(folder.run("check --staged --fix").code(), 2);
}

#[test]
fn suppressions_are_written_with_their_reason() {
    let folder = Folder::new(&[("a.py", BAD), ("b.py", BAD)]);
    let mut command = folder.command("suppress a.py --rule wall-clock-duration");
    let output = command.args(["--reason", "one host"]).output().expect("runs");
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(folder.text("a.py").contains("    # timelint: ignore[wall-clock-duration] -- one host\n    while "));
    let run = folder.run(&format!("check {JSON}"));
    assert_eq!((run.findings(), &run.json()["summary"]["suppressed"]), (vec![format!("b.py:5 {RULE}")], &1.into()));
    assert_eq!(folder.run("suppress --rule wall-clock-duration --reason x --diff").code(), 0);
    assert_eq!(folder.text("b.py"), BAD);
    assert!(folder.run("suppress --rule wall-clock-duratio --reason x").last().contains("did you mean"));
}

#[test]
fn before_the_first_commit_everything_is_new() {
    let folder = Folder::new(&[("a.py", BAD), ("b.py", BAD)]);
    std::fs::remove_file(folder.0.join(".git/HEAD")).expect("removed");
    folder.git("init -q -b main");
    folder.git("add a.py");
    let run = folder.run(&format!("check --staged --since HEAD {JSON}"));
    assert_eq!((run.code(), run.findings()), (1, vec![format!("a.py:5 {RULE}")]), "{}", run.err());
}

#[test]
fn what_was_accepted_is_listed_on_demand() {
    let text = BAD.replace("start < 5:", "start < 5:  # timelint: ignore[clock] -- one host");
    let folder = Folder::new(&[("a.py", BAD), ("b.py", &text)]);
    folder.run("baseline create --reason adoption");
    let run = folder.run("check --show-suppressed --format concise --format json=all.json --format sarif=plain.sarif");
    assert_eq!(run.code(), 0, "{}", run.err());
    assert!(run.out().contains("a.py:5:11 baselined[wall-clock-duration]"), "{}", run.out());
    assert!(run.out().contains("(baseline: adoption)") && run.out().contains("(comment on line 5: one host)"));
    let document: serde_json::Value = serde_json::from_str(&folder.text("all.json")).expect("JSON");
    assert_eq!(document["suppressed"][0]["suppression"], serde_json::json!({"kind": "baseline", "reason": "adoption"}));
    assert_eq!(
        (&document["suppressed"][1]["suppression"]["line"], &document["findings"]),
        (&5.into(), &serde_json::json!([]))
    );
    let results = |text: &str| -> Vec<serde_json::Value> {
        let sarif: serde_json::Value = serde_json::from_str(text).expect("JSON");
        sarif["runs"][0]["results"].as_array().expect("a list").clone()
    };
    assert!(results(&folder.text("plain.sarif")).is_empty(), "code scanning would open alerts");
    let all = results(&folder.run("check --format sarif --sarif-include-suppressed").out());
    let kinds: Vec<_> = all.iter().map(|r| r["suppressions"][0]["kind"].as_str().unwrap_or_default()).collect();
    assert_eq!(kinds, ["external", "inSource"]);
    assert!(folder.run("check --format json").json().get("suppressed").is_none());
}

#[test]
fn a_workflow_gets_a_summary_of_its_step() {
    let folder = Folder::new(&[("a.py", BAD)]);
    let summary = folder.0.join("summary.md");
    for format in ["github", "concise"] {
        let mut command = folder.command(&format!("check --format {format}"));
        assert_eq!(Run(command.env("GITHUB_STEP_SUMMARY", &summary).output().expect("runs")).code(), 1);
    }
    let text = folder.text("summary.md");
    assert_eq!(text.matches("| warning | `wall-clock-duration` | a.py:5 |").count(), 1, "{text}");
}

#[cfg(unix)]
#[test]
fn a_folder_that_cannot_be_written_to_is_named() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new(&[("a.py", BAD), ("locked/b.py", BAD)]);
    let mode = |mode| {
        std::fs::set_permissions(folder.0.join("locked"), std::fs::Permissions::from_mode(mode)).expect("allowed");
    };
    mode(0o555);
    // Who is root may write everywhere.
    let is_root = std::fs::write(folder.0.join("locked/probe"), "").is_ok();
    let run = folder.run("check --fix");
    mode(0o755);
    if !is_root {
        assert_eq!((run.code(), folder.text("a.py").as_str()), (2, GOOD));
        assert!(run.last().contains("locked/b.py: cannot be written: "), "{}", run.err());
        assert!(run.last().ends_with("; 1 file of 2 changed"), "{}", run.err());
    }
}

#[test]
fn files_are_reported_as_their_project_explains_them() {
    let helper = "import time\n\ndef now():\n    return time.time()\n";
    let user =
        "from clock import now\n\ndef wait():\n    start = now()\n    while now() - start < 5:\n        poll()\n";
    let folder = Folder::new(&[("clock.py", helper), ("a.py", user), ("b.py", BAD), ("tests/test_a.py", BAD)]);
    assert_eq!(folder.run(&format!("check a.py {JSON}")).findings().len(), 0, "alone it says too little");
    let run = folder.run(&format!("check --project . a.py tests/test_a.py {JSON}"));
    assert_eq!((run.code(), run.findings()), (1, vec![format!("a.py:5 {RULE}")]), "{}", run.err());
    assert_eq!(run.json()["summary"]["not_new"], 0);
    folder.run("baseline create");
    let known = folder.run(&format!("check --project . a.py {JSON}"));
    assert_eq!((known.code(), &known.json()["notes"]), (0, &serde_json::json!([])));
    let alone = folder.run("check a.py --baseline-strict");
    assert_eq!(alone.code(), 0, "what a file alone does not show is not called stale: {}", alone.err());
    let both = folder.run("check --project . --staged");
    assert_eq!(both.code(), 2);
    assert!(both.last().contains("--project and --staged cannot be combined"), "{}", both.err());
    let suppress = "suppress --no-baseline --rule clock --reason x";
    assert_eq!(folder.run(&format!("{suppress} a.py")).last(), "there is nothing to suppress");
    let as_project = folder.run(&format!("{suppress} --project . a.py"));
    assert_eq!(as_project.last(), "wrote 1 comment in 1 file", "and in b.py, which was not named, none");
}
