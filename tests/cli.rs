//! The command line from outside: exit codes, formats, messages.
#![allow(clippy::disallowed_methods, reason = "tests write files")]

use crate::sandbox::{BAD, Folder, GOOD, RULE, Run};
use serde_json::Value;
use std::process::Stdio;

#[test]
fn code_0_for_clean_files() {
    let run = Folder::new(&[("a.py", GOOD)]).run("check");
    assert_eq!((run.code(), run.last().as_str()), (0, "passed: no findings in 1 file"));
    assert!(run.out().starts_with("no findings: checked 1 file (python 1)"), "{}", run.out());
}

#[test]
fn code_1_for_findings_the_same_in_every_format() {
    let folder = Folder::new(&[("a.py", BAD)]);
    for format in
        ["full", "concise", "grouped", "json", "jsonl", "sarif", "github", "gitlab", "junit", "checkstyle", "rdjson"]
    {
        let run = folder.run(&format!("check --format {format}"));
        assert_eq!(run.code(), 1, "{format}");
        assert_eq!(run.last(), "failing: 1 warning at or above --fail-on warning", "{format}");
        assert!(run.out().contains(RULE), "{format}");
    }
}

#[test]
fn fail_on_and_exit_zero_decide_about_the_code() {
    let folder = Folder::new(&[("a.py", BAD)]);
    assert_eq!(folder.run("check --fail-on note").code(), 1);
    let error = folder.run("check --fail-on error");
    assert_eq!((error.code(), error.last().as_str()), (0, "passed: 1 finding, none at or above --fail-on error"));
    let never = folder.run("check --fail-on never");
    assert_eq!((never.code(), never.last().as_str()), (0, "passed: 1 finding, and --fail-on is never"));
    let zero = folder.run("check --exit-zero");
    assert_eq!(zero.code(), 0);
    assert!(zero.last().starts_with("passed because of --exit-zero: 1 warning"));
}

#[test]
fn code_2_for_wrong_usage() {
    let folder = Folder::new(&[("a.py", GOOD)]);
    for (line, message) in [
        ("", "Usage"),
        ("check --nope", "--nope"),
        ("check --format xml", "xml"),
        ("check nope.py", "error: nope.py: no such file or directory"),
        (
            "check --select wall-clock-duratio",
            "--select: no rule, family or group is called `wall-clock-duratio`: did you mean `wall-clock-duration`?",
        ),
        ("check --ignore clok", "did you mean `clock`?"),
        ("check --exclude a[", "--exclude: the pattern `a[` is malformed"),
        ("check --max-file-size huge", "write bytes"),
        ("check --config nope.toml", "nope.toml: cannot be read: no such file or directory"),
        ("check -", "`-` needs --stdin-filename"),
        ("check --stdin-filename a.py", "--stdin-filename needs `-`"),
        ("check - a.py --stdin-filename a.py", "`-` cannot stand beside other paths"),
        ("check - --stdin-filename a.rb", "a.rb: no language has this extension; timelint reads .go"),
        ("check --explain-silence a.py", "wants PATH:LINE"),
        ("check --isolated --config x.toml", "cannot be used with"),
        ("check --output-file no/such/folder/x.json", "no/such/folder/x.json: cannot be written"),
        ("explain wall-clock", "no rule is called `wall-clock`"),
        ("dump a.py", "--model"),
    ] {
        let run = folder.run(line);
        assert_eq!(run.code(), 2, "{line}: {}", run.err());
        assert!(run.err().contains(message), "{line}: {}", run.err());
    }
}

#[test]
fn code_2_for_a_wrong_configuration() {
    for (text, message) in [
        ("selct = []", "error: timelint.toml:1:1: unknown key `selct`: did you mean `select`?"),
        (
            "\nignore = [\"unfenced-lok\"]",
            "timelint.toml:2:11: no rule, family or group is called `unfenced-lok`: did you mean `unfenced-lock`?",
        ),
        (
            "[[api]]\nlanguage = \"go\"\nname = \"a.B\"\nrole = \"clock.wal\"",
            "timelint.toml:4:9: unknown value `clock.wal`: did you mean `clock.wall`?",
        ),
    ] {
        let folder = Folder::new(&[("a.py", GOOD), ("timelint.toml", text)]);
        let run = folder.run("check");
        assert_eq!(run.code(), 2);
        assert!(run.err().contains(message), "{}", run.err());
        assert!(run.out().is_empty());
        assert_eq!(folder.run("check --isolated").code(), 0);
    }
}

#[test]
fn code_3_when_there_is_nothing_to_analyse() {
    let folder = Folder::new(&[("readme.md", "x"), ("gen_pb2.py", "x = 1")]);
    let run = folder.run("check");
    assert_eq!((run.code(), run.last().as_str()), (3, "nothing to analyse in .: 1 file skipped (see -v)"));
    assert_eq!(folder.run("check --allow-empty").code(), 0);
    let unknown = folder.run("check readme.md --format json");
    assert_eq!(unknown.code(), 3);
    assert_eq!(unknown.json()["notes"][0]["path"], "readme.md");
    let tests = Folder::new(&[("tests/test_a.py", BAD)]).run("check");
    assert_eq!((tests.code(), tests.last().as_str()), (0, "passed: no findings in 0 files"));
}

#[test]
fn the_call_of_the_contract_gives_one_document() {
    let folder = Folder::new(&[("src/a.py", BAD), ("timelint.toml", "ignore = [\"all\"]")]);
    let run = folder.run("check --isolated --no-ignore --min-confidence low --format json src");
    let document = run.json();
    assert_eq!(run.code(), 1);
    assert_eq!(document["schema_version"], 1);
    assert_eq!(document["summary"]["files_checked"], 1);
    let finding = &document["findings"][0];
    assert_eq!((&finding["rule"], &finding["path"]), (&RULE.into(), &"src/a.py".into()));
    assert_eq!(finding["range"]["start"]["line"], 5);
    assert!(finding["fingerprint"].as_str().is_some_and(|f| f.starts_with("v1:") && f.len() == 19));
    let clean = Folder::new(&[("a.py", GOOD)]).run("check --format json");
    assert_eq!((clean.code(), clean.json()["findings"].as_array().map(Vec::len)), (0, Some(0)));
}

#[test]
fn runs_are_reproducible() {
    let folder = Folder::new(&[("a.py", BAD), ("b/c.py", BAD), ("d.go", "package d\n")]);
    let first = folder.run("check --format json -j 1").out();
    assert_eq!(first, folder.run("check --format json -j 4").out());
    assert_eq!(first, folder.run("check --format json d.go b a.py").out());
}

#[test]
fn text_from_standard_input_is_checked() {
    let folder = Folder::new(&[]);
    let run = folder.run_with_input("check - --stdin-filename tests/x.py --min-confidence low --format concise", BAD);
    assert_eq!(run.code(), 1);
    assert!(run.out().starts_with("tests/x.py:5:"), "{}", run.out());
}

#[test]
fn comments_suppress() {
    let text = BAD.replace("start < 5:", "start < 5:  # timelint: ignore[wall-clock-duration] -- one host, short");
    let run = Folder::new(&[("a.py", &text)]).run("check --format json");
    assert_eq!((run.code(), &run.json()["summary"]["suppressed"]), (0, &1.into()));
    assert_eq!(run.json()["notes"].as_array().map(Vec::len), Some(0));
    let bare = text.replace(" -- one host, short", "");
    let run = Folder::new(&[("a.py", &bare)]).run("check --format json");
    assert_eq!((run.code(), &run.json()["findings"][0]["rule"]), (0, &"suppression-without-reason".into()));
}

#[test]
fn skipped_files_are_counted_and_listed() {
    let folder =
        Folder::new(&[("a.py", GOOD), ("x_pb2.py", ""), ("node_modules/m/i.js", ""), ("big.py", &"x()\n".repeat(500))]);
    let run = folder.run("check --no-ignore -v --max-file-size 1KB");
    assert_eq!(run.code(), 0);
    for line in
        ["skipped: x_pb2.py (generated)", "skipped: node_modules/m/i.js (vendored)", "skipped: big.py (too large)"]
    {
        assert!(run.err().contains(line), "{}", run.err());
    }
    assert!(run.out().contains("3 files skipped (1 generated, 1 too large, 1 vendored)"), "{}", run.out());
}

#[test]
fn the_configuration_is_found_above_and_can_be_replaced() {
    let folder = Folder::new(&[
        ("src/a.py", BAD),
        ("timelint.toml", "ignore = [\"wall-clock-duration\"]"),
        ("other.toml", "fail-on = \"error\""),
    ]);
    assert_eq!(folder.run("check src").code(), 0);
    assert_eq!(folder.run("check src --isolated").code(), 1);
    let other = folder.run("check src --config other.toml");
    assert_eq!((other.code(), other.last().as_str()), (0, "passed: 1 finding, none at or above --fail-on error"));
    assert_eq!(folder.run("check src --select wall-clock-duration").code(), 1);
}

#[test]
fn a_projects_own_clock_can_be_declared() {
    let text = "from clocks import now_ms\n\ndef wait():\n    start = now_ms()\n    while now_ms() - start < 5000:\n        poll()\n";
    let api = "[[api]]\nlanguage = \"python\"\nname = \"clocks.now_ms\"\nrole = \"clock.wall\"\nunit = \"ms\"\n";
    let folder = Folder::new(&[("a.py", text)]);
    assert_eq!(folder.run("check").code(), 0);
    folder.write("timelint.toml", api);
    assert_eq!(folder.run("check").code(), 1);
    folder.write("timelint.toml", "");
    folder.write(".timelint/queries/python/apis.toml", &api.replace("language = \"python\"\n", ""));
    assert_eq!(folder.run("check").code(), 1);
    assert_eq!(folder.run("check --isolated").code(), 0);
}

#[test]
fn a_report_can_go_to_a_file() {
    let folder = Folder::new(&[("a.py", BAD)]);
    let run = folder.run("check --format sarif --output-file out.sarif");
    assert_eq!((run.code(), run.out().as_str()), (1, ""));
    let text = std::fs::read_to_string(folder.0.join("out.sarif")).expect("written");
    assert!(serde_json::from_str::<Value>(&text).is_ok_and(|v| v["version"] == "2.1.0"));
    let left: Vec<_> =
        std::fs::read_dir(&folder.0).expect("readable").filter_map(Result::ok).map(|e| e.file_name()).collect();
    assert!(!left.iter().any(|n| n.to_string_lossy().ends_with(".tmp")), "{left:?}");
}

#[test]
fn quiet_says_nothing_about_clean_files() {
    let run = Folder::new(&[("a.py", GOOD)]).run("check -q");
    assert_eq!((run.code(), run.out().as_str(), run.err().as_str()), (0, "", ""));
    assert!(!Folder::new(&[("a.py", BAD)]).run("check -q").out().is_empty());
}

#[test]
fn colours_are_used_on_demand_only() {
    let folder = Folder::new(&[("a.py", BAD)]);
    assert!(!folder.run("check").out().contains('\u{1b}'));
    assert!(folder.run("check --color always").out().contains('\u{1b}'));
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let text: String = (0..3000).map(|i| BAD.replace("wait", &format!("wait{i}"))).collect();
    let folder = Folder::new(&[("a.py", &text)]);
    let mut child = folder
        .command("check")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("started");
    drop(child.stdout.take());
    let run = Run(child.wait_with_output().expect("ended"));
    assert_eq!(run.code(), 1, "{}", run.err());
    assert!(run.last().starts_with("failing: "));
}

#[test]
fn silence_is_explained() {
    let text = BAD.replace("start < 5:", "start < 5:  # timelint: ignore[clock] -- x");
    let folder = Folder::new(&[("tests/a.py", &text), ("b_pb2.py", BAD), ("c.py", BAD)]);
    let run = folder.run("check --explain-silence tests/a.py:5");
    assert_eq!(run.code(), 0);
    assert!(run.out().contains("wall-clock-duration: suppressed by the comment on line 5"), "{}", run.out());
    let quiet = folder.run("check . tests --explain-silence tests/a.py:5 --ignore unfenced-lock");
    assert!(quiet.out().contains("unfenced-lock: is off"), "{}", quiet.out());
    assert!(folder.run("check --explain-silence b_pb2.py:5").out().contains("not analysed: generated"));
    assert!(folder.run("check --explain-silence c.py:5").out().contains("wall-clock-duration: reported"));
    assert!(folder.run("check --explain-silence c.py:1").out().contains("saw nothing wrong here: "));
}

#[test]
fn a_finding_of_low_confidence_says_what_speaks_against_it() {
    let code = "import time
class Offer:
    def __init__(self, days):
        self.days = days
        self.since = time.time()
    def is_stale(self):
        return time.time() - self.since > self.days * 86400
";
    let folder = Folder::new(&[("a.py", code)]);
    let out = folder.run("check --explain-silence a.py:7").out();
    assert!(out.contains("the time spans days"), "{out}");
}

#[test]
fn silence_says_what_is_known_of_a_place_in_its_project() {
    let code = "import redis, requests, time
from helper import conn
r = redis.Redis()
def poll(url, last):
    requests.get(url, timeout=5)
    conn.fetch(url)
    with r.lock('x', timeout=10):
        print(url)
    requests.get('http://localhost:80')
    return time.time() - last > 5
def again(url):
    return poll(url, 0)
";
    let folder = Folder::new(&[("a.py", code), ("helper.py", "conn = None\n")]);
    for (line, known) in [
        (5, "missing-timeout: silent about `requests.get(url, timeout=5)`: it is given a limit"),
        (6, "unknown: `helper.conn.fetch` is in no catalogue"),
        (7, "unfenced-lock: silent about `r.lock('x', timeout=10)`: nothing is written under it"),
        (8, "under the lock that line 7 takes"),
        (9, "missing-timeout: silent about `requests.get('http://localhost:80')`: the other side is on this machine"),
        (10, "name \"last\"  from: param"),
        (10, "from: wall instant in seconds"),
        (10, "wall-clock-duration: silent about `time.time() - last`: only one side is known to be"),
        (12, "unknown: a function of this file"),
    ] {
        let out = folder.run(&format!("check . --explain-silence a.py:{line}")).out();
        assert!(out.contains(known), "line {line} lacks {known:?}:\n{out}");
    }
}

#[test]
fn a_place_is_explained_as_the_run_over_its_project_judges_it() {
    let code = "import requests
from helper import fetch
def poll(url):
    return fetch(url)
";
    let helper = "import requests
def fetch(url, limit=None):
    return requests.get(url, timeout=limit)
";
    let folder = Folder::new(&[("src/a.py", code), ("src/helper.py", helper)]);
    for paths in ["", ". ", "src "] {
        let out = folder.run(&format!("check {paths}--explain-silence src/a.py:4")).out();
        assert!(out.contains("unknown: a function of the project"), "{paths:?}: {out}");
    }
    let elsewhere = Folder::new(&[("b.py", "import time\n")]);
    let out = folder.run(&format!("check --explain-silence {}:1", elsewhere.0.join("b.py").display())).out();
    assert!(out.contains("saw nothing wrong here"), "{out}");
}

#[test]
fn rules_say_why_they_kept_silent() {
    let code = "import redis, requests, time
r = redis.Redis()
def merged(local, remote):
    return max(local.updated_at, remote.updated_at)
def newest(local, other):
    latest = local.updated_at
    if other.updated_at > latest:
        latest = other.updated_at
    return latest
def taken(name):
    return r.set(name + ':lock', 'me', nx=True, ex=30)
def kept(name):
    r.set('cache:' + name, 'x', nx=True)
def held(name):
    lock = r.lock(name, timeout=10)
    if lock.acquire(blocking=False):
        r.incr('orders')
        lock.release()
def fetched(url):
    for attempt in range(9):
        try:
            return requests.get(url, timeout=5)
        except requests.ConnectionError:
            time.sleep(2 ** attempt)
def stale(node):
    return time.time() - node.last_seen > 30
def served(name, key):
    if r.set('lock:' + name, key, nx=True):
        r.incr('orders')
        r.delete('lock:' + name)
def cleared(name):
    r.delete('lock:' + name)
def short(name):
    with r.lock(name, timeout=10):
        r.incr('orders')
def watched(node, cluster):
    if time.monotonic() - node.last_heartbeat > 1:
        node.misses += 1
        if node.misses > 3:
            cluster.remove_node(node)
";
    let folder = Folder::new(&[("a.py", code)]);
    for (line, known) in [
        (7, "wall-clock-ordering: silent about `other.updated_at > latest`: the greater of two times is taken"),
        (
            11,
            "lock-without-expiry: silent about `r.set(name + ':lock', 'me', nx=True, ex=30)`: it is written with an expiry",
        ),
        (
            13,
            "lock-without-expiry: silent about `r.set('cache:' + name, 'x', nx=True)`: nothing says that the key is a lock",
        ),
        (15, "lock-without-expiry: silent about `r.lock(name, timeout=10)`: it is given a lease"),
        (16, "lock-result-ignored: silent about `lock.acquire(blocking=False)`: its answer is looked at"),
        (22, "retry-non-idempotent: silent about `requests.get(url, timeout=5)`: nothing says that it does something"),
        (
            26,
            "wall-clock-ordering: silent about `time.time() - node.last_seen`: nothing says that another machine gave",
        ),
        (30, "non-atomic-lock: silent about `r.delete('lock:' + name)`: the lock never expires"),
        (32, "non-atomic-lock: silent about `r.delete('lock:' + name)`: no lock of this key is seen"),
        (34, "lease-not-renewed: silent about `r.lock(name, timeout=10)`: nothing under it is seen to take longer"),
        (37, "timeout-as-death: silent about `time.monotonic() - node.last_heartbeat > 1`: it counts, suspects"),
    ] {
        let out = folder.run(&format!("check . --explain-silence a.py:{line}")).out();
        assert!(out.contains(known), "line {line} lacks {known:?}:\n{out}");
    }
}

#[test]
fn the_other_rules_say_so_too() {
    let code = "import random, redis, requests, time, uuid
r = redis.Redis()
def swept(urls, timeout):
    for url in urls:
        timeout = timeout / 2
        requests.get(url, timeout=timeout)
def close(urls, timeout):
    for url in urls:
        requests.get(url, timeout=timeout)
def saved(order):
    try:
        requests.post('https://api.example.org/orders', json=order, timeout=5)
    except requests.Timeout:
        raise
def tried(order):
    try:
        requests.post('https://api.example.org/orders', json=order, timeout=5)
    except requests.Timeout:
        return schedule_check(order)
def made(user):
    r.publish('requests', {'request_id': f'{time.time()}-{uuid.uuid4()}'})
def waited(limit_ms):
    requests.get('https://api.example.org', timeout=limit_ms / 1000)
def again(url):
    while True:
        try:
            return requests.get(url, timeout=5)
        except requests.ConnectionError:
            time.sleep(random.uniform(1, 5))
def passed(limit):
    begun = time.time()
    work()
    return time.time() - begun > limit
def over(limit):
    end = time.monotonic() + limit
    work()
    return time.monotonic() > end
def lead(elector, db):
    if elector.is_leader():
        db.execute(\"UPDATE t SET a = 1 WHERE id = %s AND version = %s\", (1, 2))
def held(name):
    with r.lock(name, timeout=10):
        r.incr('orders')
";
    let folder = Folder::new(&[("a.py", code)]);
    for (line, known) in [
        (6, "deadline-not-propagated: silent about `timeout`: it is not what the caller gave for the whole call"),
        (9, "deadline-not-propagated: silent about `requests.get(url, timeout=timeout)`: it ends things"),
        (14, "timeout-swallowed: silent about `raise`: it lets the failure be known"),
        (21, "wall-clock-id: silent about `f'{time.time()}-{uuid.uuid4()}'`: something besides the clock"),
        (23, "timeout-unit-mismatch: silent about `limit_ms / 1000`: it is in the unit that is due"),
        (27, "retry-without-jitter: silent about `requests.get(url, timeout=5)`: its pauses have a random part"),
        (27, "timeout-unit-mismatch: silent about `5`: nothing says in which unit it is"),
        (33, "mixed-clocks: silent about `time.time() - begun`: both sides are read from the same clock"),
        (37, "monotonic-misuse: silent about `time.monotonic() > end`: what is compared does not wrap around"),
        (40, "lease-check-then-act: silent about `db.execute(\"UPDATE t"),
        (42, "lock-released-early: silent about `r.lock(name, timeout=10)`: nothing under it is seen to go on"),
    ] {
        let out = folder.run(&format!("check . --explain-silence a.py:{line}")).out();
        assert!(out.contains(known), "line {line} lacks {known:?}:\n{out}");
    }
}

#[test]
fn rules_are_listed_and_explained() {
    let folder = Folder::new(&[]);
    let list = folder.run("rules");
    assert!(list.code() == 0 && list.out().contains(RULE));
    let rows = folder.run("rules --format json").json();
    assert!(rows.as_array().is_some_and(|r| r.iter().any(|r| r["name"] == RULE && r["family"] == "clock")));
    let page = folder.run(&format!("explain {RULE}"));
    assert!(page.code() == 0 && !page.out().trim().is_empty());
    assert!(folder.run("explain wall-clock-duratoin").last().ends_with("did you mean `wall-clock-duration`?"));
}

#[test]
fn files_can_be_dumped() {
    let folder = Folder::new(&[("a.py", BAD)]);
    assert!(folder.run("dump --model a.py").out().contains("function \"wait\""));
    assert!(folder.run("dump --captures a.py").out().contains("@call"));
    let roles = folder.run("dump --roles a.py");
    assert_eq!(roles.code(), 0);
    assert!(roles.out().contains("4:13-4:24"), "{}", roles.out());
}

#[test]
fn help_and_version_are_no_errors() {
    let folder = Folder::new(&[]);
    for line in ["--help", "--version", "check --help"] {
        let run = folder.run(line);
        assert!(run.code() == 0 && !run.out().is_empty() && run.err().is_empty(), "{line}");
    }
}

#[test]
fn several_reports_are_written_at_once() {
    let folder = Folder::new(&[("a.py", BAD)]);
    let run =
        folder.run("check --format concise --format sarif=out.sarif --format json=out.json --statistics --timings");
    assert_eq!(run.code(), 1);
    assert!(run.out().starts_with("a.py:5:") && run.out().contains("\nrule "), "{}", run.out());
    assert!(run.err().contains("  run rules\n") && run.err().contains("slowest files:"), "{}", run.err());
    for name in ["out.sarif", "out.json"] {
        assert!(serde_json::from_str::<Value>(&folder.text(name)).is_ok(), "{name}");
    }
}

#[test]
fn sarif_paths_start_at_the_repository_wherever_timelint_runs() {
    let folder = Folder::new(&[("web app/src/é#1.py", BAD)]);
    let uri = |run: &Run| {
        let document = run.json();
        document["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].clone()
    };
    let whole = folder.run("check --format sarif --sarif-category nightly");
    assert_eq!(uri(&whole), "web%20app/src/%C3%A9%231.py");
    assert_eq!(whole.json()["runs"][0]["automationDetails"]["id"], "nightly/");
    let mut inside = folder.command("check --format sarif");
    let run = Run(inside.current_dir(folder.0.join("web app/src")).output().expect("runs"));
    assert_eq!(uri(&run), uri(&whole));
    let mut absolute = folder.command("check --format sarif");
    let run = Run(absolute.current_dir("/").arg(&folder.0).output().expect("runs"));
    assert!(uri(&run).as_str().is_some_and(|u| u == "web%20app/src/%C3%A9%231.py"), "{}", uri(&run));
}

#[test]
fn names_of_rules_are_links_on_demand_only() {
    let folder = Folder::new(&[("a.py", BAD)]);
    assert!(folder.run("check --hyperlinks always").out().contains("\u{1b}]8;;https://"));
    assert!(!folder.run("check --color always").out().contains("\u{1b}]8;;"));
    let narrow = folder.run("check --width 50").out();
    assert!(narrow.lines().filter(|l| l.starts_with("  why:")).all(|l| l.chars().count() <= 50), "{narrow}");
}

#[test]
fn helpers_of_tests_are_told_by_what_they_import() {
    let go = |others: &str| {
        format!(
            "package server\n\nimport (\n\t\"net/http\"\n\t\"testing\"\n)\n\nfunc Fetch(t *testing.T, url string) {{\n\t\
             http.Get(url)\n}}\n{others}"
        )
    };
    let python = "import pytest\nimport requests\n\n\ndef fetch(url):\n    return requests.get(url)\n";
    let (helpers, server) = (go(""), go("\nfunc Serve(url string) {\n\thttp.Get(url)\n}\n"));
    let folder =
        Folder::new(&[("server/helpers.go", &helpers), ("server/server.go", &server), ("fetching.py", python)]);
    let places = |line: &str| -> Vec<String> {
        let json = folder.run(&format!("check --select missing-timeout --format json {line}")).json();
        let findings = json["findings"].as_array().cloned().unwrap_or_default();
        findings
            .iter()
            .map(|f| format!("{}:{}", f["path"].as_str().unwrap_or_default(), f["range"]["start"]["line"]))
            .collect()
    };
    let code = ["server/server.go:9", "server/server.go:13"];
    assert_eq!(places("."), code, "a package's code may have a helper for tests beside it");
    assert_eq!(places("server/helpers.go"), ["server/helpers.go:9"], "who names a file wants to see it");
    assert_eq!(places("--include-tests .").len(), 4);
}
