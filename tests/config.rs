//! Configuration and suppression from outside.
#![allow(clippy::disallowed_methods, reason = "tests read and write files")]

use crate::sandbox::{BAD, Folder, GOOD, RULE};
use serde_json::Value;

const JSON: &str = "--format json";

#[test]
fn the_nearest_configuration_holds_for_each_file() {
    let folder = Folder::new(&[
        ("timelint.toml", "ignore = [\"wall-clock-duration\"]"),
        ("a.py", BAD),
        ("strict/timelint.toml", ""),
        ("strict/deep/b.py", BAD),
        ("python/pyproject.toml", "[project]\nname = \"x\"\n[tool.timelint]\nexclude = [\"c.py\"]\n"),
        ("python/c.py", BAD),
        ("python/d.py", BAD),
        ("built/timelint.toml", "extend = \"//\"\n"),
        ("built/e.py", BAD),
        ("module/.git/HEAD", ""),
        ("module/f.py", BAD),
    ]);
    let run = folder.run(&format!("check {JSON}"));
    let wanted = ["module/f.py", "python/d.py", "strict/deep/b.py"].map(|p| format!("{p}:5 {RULE}"));
    // A repository inside has nothing to do with the configuration around it.
    assert_eq!(run.findings(), wanted[1..], "{}", run.err());
    assert_eq!(folder.run(&format!("check {JSON} python/c.py --allow-empty")).findings().len(), 0);
    folder.write("strict/timelint.toml", "selct = []");
    let wrong = folder.run("check");
    assert_eq!(wrong.code(), 2);
    assert!(
        wrong.err().contains("strict/timelint.toml:1:1: unknown key `selct`: did you mean `select`?"),
        "{}",
        wrong.err()
    );
}

#[test]
fn extending_adds_lists_and_replaces_values() {
    let folder = Folder::new(&[
        ("timelint.toml", "ignore = [\"unfenced-lock\"]\nfail-on = \"error\"\nexclude = [\"gen\"]\n"),
        ("sub/timelint.toml", "extend = \"../timelint.toml\"\nignore = [\"clock\"]\nfail-on = \"note\"\n"),
        ("sub/a.py", BAD),
        ("sub/gen/b.py", BAD),
    ]);
    let show = folder.run("config show sub/a.py").out();
    for line in [
        "ignore = [\"unfenced-lock\"]  # timelint.toml:1",
        "ignore = [\"clock\"]          # sub/timelint.toml:2",
        "fail-on = \"note\"            # sub/timelint.toml:3",
        "min-confidence = \"medium\"   # default",
    ] {
        assert!(show.contains(line), "{show}");
    }
    assert!(!show.contains("fail-on = \"error\""), "{show}");
    let run = folder.run(&format!("check {JSON} sub"));
    assert_eq!((run.code(), run.findings().len()), (0, 0));
    assert_eq!(folder.run("config check sub").last(), "sub/timelint.toml: is right");
    folder.write("sub/timelint.toml", "extend = \"timelint.toml\"");
    assert!(folder.run("check sub").err().contains("extend one another in a circle"));
    folder.write("sub/timelint.toml", "extend = \"nope.toml\"");
    assert!(folder.run("config check sub").err().contains("sub/timelint.toml:1:10: there is no file `nope.toml`"));
}

#[test]
fn the_wrappers_of_a_nearer_configuration_count() {
    let text = "from clocks import now_ms\n\ndef wait():\n    start = now_ms()\n    while now_ms() - start < 5000:\n        poll()\n";
    let api = "[[api]]\nlanguage = \"python\"\nname = \"clocks.now_ms\"\nrole = \"clock.wall\"\nunit = \"ms\"\n";
    let folder = Folder::new(&[("sub/a.py", text), ("sub/timelint.toml", api), ("timelint.toml", "")]);
    assert_eq!(folder.run("check").code(), 1);
}

#[test]
fn the_configuration_says_what_locks_are_for() {
    let text = "import redis\n\ndef pay(db, r: redis.Redis, id):\n    with r.lock(f\"wallet:{id}\", timeout=30):\n        \
                cursor = db.cursor()\n        cursor.execute(\"UPDATE wallet SET open = 0 WHERE id = %s\", (id,))\n";
    let folder = Folder::new(&[("a.py", text), ("timelint.toml", "[locks]\ncorrectness = [\"wallet:*\"]\n")]);
    assert_eq!(folder.run(&format!("check {JSON}")).findings(), ["a.py:4 unfenced-lock"]);
    folder.write("timelint.toml", "[locks]\nefficiency = [\"wallet:*\"]\n");
    assert_eq!(folder.run(&format!("check {JSON} --min-confidence low")).findings().len(), 0);
}

#[test]
fn declared_lock_wrappers_are_locks() {
    let text = "from acme.locks import with_lock\n\ndef pay(db, id):\n    def work():\n        cursor = db.cursor()\n        \
                cursor.execute(\"SELECT open FROM wallet WHERE id = %s\", (id,))\n        open = cursor.fetchone()[0]\n        \
                cursor.execute(\"UPDATE wallet SET open = %s WHERE id = %s\", (open - 1, id))\n    with_lock(id, work)\n";
    let wrapper = "[[locks.wrappers]]\nlanguage = \"python\"\nname = \"acme.locks.with_lock\"\nkey = 0\ncallback = 1\n\
                   token = \"acme.locks.token\"\n";
    let folder = Folder::new(&[("a.py", text), ("timelint.toml", "")]);
    assert_eq!(folder.run(&format!("check {JSON}")).findings().len(), 0);
    folder.write("timelint.toml", wrapper);
    let run = folder.run(&format!("check {JSON}"));
    assert_eq!(run.findings(), ["a.py:9 unfenced-lock"], "{}", run.err());
    assert!(folder.run("check").out().contains("`token` gives the fencing token: send it with the write"));
}

#[test]
fn of_two_configurations_in_a_folder_one_is_used_and_named() {
    let folder = Folder::new(&[("a.py", BAD), ("timelint.toml", ""), (".timelint.toml", "ignore = [\"all\"]")]);
    let run = folder.run("check");
    assert_eq!(run.code(), 1);
    assert!(run.err().contains("warning: .timelint.toml is not used: timelint.toml is beside it"), "{}", run.err());
}

#[test]
fn a_commented_start_is_written_once() {
    let folder = Folder::new(&[("a.py", BAD), ("b/c.go", "package c\n")]);
    let run = folder.run("init");
    assert_eq!(run.code(), 0, "{}", run.err());
    assert!(run.err().contains("there are 1 findings: `timelint baseline create`"), "{}", run.err());
    let text = folder.text("timelint.toml");
    assert!(text.starts_with("#:schema https://") && text.contains("# Languages here: go (1), python (1)."), "{text}");
    assert_eq!(folder.run("init").code(), 2);
    assert_eq!(folder.run("config check").code(), 0);
    folder.write("timelint.toml", &text.lines().map(uncommented).collect::<Vec<_>>().join("\n"));
    assert_eq!(folder.run("config check").last(), "timelint.toml: is right", "the commented settings are right, too");
}

/// A setting without its `# `; other comments stay.
fn uncommented(line: &str) -> &str {
    let setting = line.strip_prefix("# ").filter(|l| l.starts_with('[') || l.contains(" = "));
    setting.unwrap_or(line)
}

#[test]
fn the_schema_has_no_key_that_is_not_known() {
    let folder = Folder::new(&[]);
    let schema: Value = serde_json::from_str(&folder.run("config schema").out()).expect("JSON");
    let key = |name: &str| {
        folder.write("timelint.toml", name);
        let said = folder.run("config check").err();
        !said.contains("unknown key")
    };
    let properties = schema["properties"].as_object().expect("an object");
    for name in properties.keys().filter(|k| !["api", "type", "rules", "overrides"].contains(&k.as_str())) {
        assert!(key(&format!("{name} = 0")), "the schema has `{name}`, which no configuration may have");
    }
}

#[test]
fn suppressions_are_judged_and_mended() {
    let lines = BAD.replace("start < 5:", "start < 5:  # timelint: ignore[wall-clock-duratio] -- typo");
    let folder = Folder::new(&[("a.py", &lines), ("b.py", &format!("{GOOD}# timelint: ignore-file[clock] -- old\n"))]);
    let run = folder.run(&format!("check {JSON}"));
    assert_eq!(
        run.findings(),
        [format!("a.py:5 {RULE}"), "a.py:5 unknown-suppression".into(), "b.py:7 unused-suppression".into()]
    );
    assert_eq!(folder.run("check b.py").code(), 0, "notes do not fail");
    assert_eq!(folder.run("check b.py --fail-on note").code(), 1);
    assert_eq!(folder.run("check b.py --fail-on note --ignore suppression").code(), 0);
    assert_eq!(folder.run("check b.py --fix --fail-on note").code(), 0);
    assert_eq!(folder.text("b.py"), GOOD);
    assert_eq!(folder.run("check a.py --unsafe-fixes --ignore wall-clock-duration").code(), 0);
}

#[test]
fn suppressions_end() {
    let text = BAD.replace("start < 5:", "start < 5:  # timelint: ignore[clock] until=2027-06-30 -- moves in May");
    let folder = Folder::new(&[("a.py", &text)]);
    let on = |day: &str| {
        let output = folder.command("check --format concise").env("TIMELINT_TODAY", day).output().expect("runs");
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    assert_eq!(on("2027-06-30").0, Some(0));
    let (code, out) = on("2027-07-01");
    assert!(code == Some(1) && out.contains("note[expired-suppression] this suppression ended on 2027-06-30"), "{out}");
    assert_eq!(on("someday").0, Some(2));
}

#[test]
fn completions_and_a_manual_are_printed() {
    let folder = Folder::new(&[]);
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        assert!(folder.run(&format!("completions {shell}")).out().contains("baseline"), "{shell}");
    }
    let page = folder.run("man").out();
    assert!(page.contains(".TH timelint 1") && page.contains("timelint\\-baseline"), "{}", &page[..400]);
}

#[test]
fn manifests_tell_which_version_of_a_library_is_used() {
    let code = "import redis\n\n\ndef load(key):\n    return redis.Redis(host=\"cache\").get(key)\n";
    let confidence = |manifest: (&str, &str), path: &str| {
        let folder = Folder::new(&[("service/load.py", code), ("go.mod", "module m\n"), manifest]);
        folder.git("init -q");
        let run = folder.run(&format!("check --select missing-timeout --min-confidence low --format json {path}"));
        run.json()["findings"][0]["confidence"].as_str().map(str::to_owned)
    };
    for path in [".", "service", "service/load.py"] {
        let of = |manifest| confidence(manifest, path);
        assert_eq!(of(("requirements.txt", "redis==8.0.1\n")), None, "{path}: since 8.0 there is a limit");
        assert_eq!(
            of(("requirements.txt", "redis==7.4.0\n")).as_deref(),
            Some("high"),
            "{path}: before, there is none"
        );
        assert_eq!(of(("requirements.txt", "redis>=4\n")).as_deref(), Some("low"), "{path}: it may be an old one");
        assert_eq!(of(("other/requirements.txt", "redis==8.0.1\n")).as_deref(), Some("low"), "{path}: of other code");
        let lock = "[[package]]\nname = \"redis\"\nversion = \"8.1.0\"\n";
        assert_eq!(of(("service/poetry.lock", lock)), None, "{path}: beside the code");
    }
}

#[test]
fn a_project_says_what_other_versions_of_its_libraries_do() {
    let code = "import acme\n\n\ndef load(key):\n    return acme.Client().get(key)\n";
    let entry = "[[api]]\nlanguage = \"python\"\nname = \"acme.Client\"\nrole = \"remote.client\"\ndefault = \"none\"\n\
                 args = [{ at = \"timeout\", is = \"timeout\", unit = \"s\", kind = \"total\" }]\n";
    let findings = |versions: &str| {
        let text = format!("{entry}versions = [{versions}]\n");
        let folder = Folder::new(&[("load.py", code), ("timelint.toml", &text), ("requirements.txt", "acme~=2.1\n")]);
        let run = folder.run("check --select missing-timeout --format json");
        let found = if run.code() == 2 { 0 } else { run.findings().len() };
        (run.code(), found, run.err())
    };
    assert_eq!(findings("").1, 1);
    assert_eq!(findings("{ package = \"acme\", from = \"2\", default = \"10 s\" }").1, 0);
    assert_eq!(findings("{ package = \"acme\", below = \"2\", default = \"10 s\" }").1, 1);
    let (code, _, message) = findings("{ package = \"acme\", default = \"10 s\" }");
    assert_eq!(code, 2);
    assert!(message.contains("the versions of `acme` need a `from` or a `below`"), "{message}");
    let (code, _, message) = findings("{ package = \"acme\", from = \"new\", default = \"10 s\" }");
    assert_eq!(code, 2);
    assert!(message.contains("`new` is no version: write numbers with dots between, `8.1`"), "{message}");
}

#[test]
fn what_a_package_depends_on_tells_whether_it_runs_on_screens() {
    let code = "import axios from 'axios';\nexport const level = (url: string) => axios.get(url);\n";
    let of = |manifests: &[(&str, &str)]| {
        let files: Vec<(&str, &str)> =
            [("shop/src/level.ts", code)].into_iter().chain(manifests.iter().copied()).collect();
        let found = Folder::new(&files).run("check . --min-confidence low --format json").json();
        found["findings"][0]["confidence"].as_str().map(str::to_owned)
    };
    let page = "{\"dependencies\": {\"react-dom\": \"^18.0.0\"}}";
    let both = "{\"dependencies\": {\"react-dom\": \"workspace:*\", \"express\": \"^4.0.0\"}}";
    assert_eq!(of(&[("shop/package.json", page)]).as_deref(), Some("low"));
    assert_eq!(of(&[("shop/package.json", both)]).as_deref(), Some("high"), "a server that draws pages, too");
    assert_eq!(of(&[("package.json", page), ("shop/package.json", "{}")]).as_deref(), Some("high"), "of other code");
    assert_eq!(of(&[]).as_deref(), Some("high"));
}
