//! A project on disk, and timelint and git run in it.
#![allow(clippy::disallowed_methods, reason = "tests read and write files")]

use serde_json::Value;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

/// A wait that the wall clock decides.
pub(crate) const BAD: &str =
    "import time\n\ndef wait():\n    start = time.time()\n    while time.time() - start < 5:\n        poll()\n";
pub(crate) const GOOD: &str = "import time\n\ndef wait():\n    start = time.monotonic()\n    while time.monotonic() - start < 5:\n        poll()\n";
pub(crate) const RULE: &str = "wall-clock-duration";

/// A folder with files, removed when dropped.
pub(crate) struct Folder(pub(crate) PathBuf);

static COUNTER: AtomicUsize = AtomicUsize::new(0);

impl Folder {
    /// A folder that is a repository, so that no configuration above it takes part.
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        let nth = COUNTER.fetch_add(1, Ordering::Relaxed);
        let folder = Self(std::env::temp_dir().join(format!("timelint-run-{}-{nth}", std::process::id())));
        folder.write(".git/HEAD", "");
        for (name, text) in files {
            folder.write(name, text);
        }
        folder
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.0.join(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("writable");
        std::fs::write(path, text).expect("writable");
    }

    pub(crate) fn command(&self, line: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_timelint"));
        command.args(line.split_whitespace()).current_dir(&self.0);
        for name in ["NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE", "RUST_BACKTRACE", "COLUMNS", "GITHUB_STEP_SUMMARY"] {
            command.env_remove(name);
        }
        command
    }

    pub(crate) fn run(&self, line: &str) -> Run {
        Run(self.command(line).stdin(Stdio::null()).output().expect("started"))
    }

    pub(crate) fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.0.join(name)).expect("readable")
    }

    /// Makes the folder a real repository with one commit on `main`.
    pub(crate) fn commit_all(&self) {
        let _ = std::fs::remove_file(self.0.join(".git/HEAD"));
        self.git("init -q -b main");
        self.git("add -A");
        self.git("commit -q --allow-empty -m first");
    }

    pub(crate) fn git(&self, line: &str) -> Run {
        let mut command = Command::new("git");
        command.args(line.split_whitespace()).current_dir(&self.0);
        for (name, value) in [
            ("GIT_CONFIG_GLOBAL", "/dev/null"),
            ("GIT_CONFIG_NOSYSTEM", "1"),
            ("GIT_AUTHOR_NAME", "a"),
            ("GIT_AUTHOR_EMAIL", "a@example.com"),
            ("GIT_COMMITTER_NAME", "a"),
            ("GIT_COMMITTER_EMAIL", "a@example.com"),
        ] {
            command.env(name, value);
        }
        let run = Run(command.output().expect("git runs"));
        assert_eq!(run.code(), 0, "git {line}: {}", run.err());
        run
    }

    pub(crate) fn run_with_input(&self, line: &str, input: &str) -> Run {
        let mut command = self.command(line);
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("started");
        child.stdin.take().expect("piped").write_all(input.as_bytes()).expect("taken");
        Run(child.wait_with_output().expect("ended"))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// What a process did.
pub(crate) struct Run(pub(crate) Output);

impl Run {
    pub(crate) fn code(&self) -> i32 {
        self.0.status.code().unwrap_or(-1)
    }

    pub(crate) fn out(&self) -> String {
        String::from_utf8(self.0.stdout.clone()).expect("text")
    }

    pub(crate) fn err(&self) -> String {
        String::from_utf8(self.0.stderr.clone()).expect("text")
    }

    pub(crate) fn last(&self) -> String {
        self.err().lines().last().unwrap_or("").to_owned()
    }

    /// `path:line rule` of every finding of a JSON report.
    pub(crate) fn findings(&self) -> Vec<String> {
        let document = self.json();
        let line = |f: &Value| {
            let text = |key: &str| f[key].as_str().unwrap_or_default().to_owned();
            format!("{}:{} {}", text("path"), f["range"]["start"]["line"], text("rule"))
        };
        document["findings"].as_array().map(|all| all.iter().map(line).collect()).unwrap_or_default()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out()).expect("one document")
    }
}
