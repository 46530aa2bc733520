//! A fake rule, fake knowledge and folders on disk for the tests.
#![allow(clippy::disallowed_methods, reason = "tests write files")]

use crate::{Engine, Flags, Input, Knowledge, Names, Outcome, Settings};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use timelint_diagnostics::{Confidence, Family, Finding, Label, Location, RuleMeta, Severity};
use timelint_model::Kind;
use timelint_rules::Rule;
use timelint_semantics::Analysis;

pub(crate) static FAKE: RuleMeta = RuleMeta {
    id: "fake-call",
    aliases: &["old-fake"],
    family: Family::Clock,
    mechanism: "fake",
    severity: Severity::Warning,
    summary: "finds calls of bad_now()",
    page: "# fake-call\n",
};

pub(crate) static OTHER: RuleMeta = RuleMeta {
    id: "other-call",
    aliases: &[],
    family: Family::Network,
    mechanism: "fake",
    severity: Severity::Error,
    summary: "finds calls of worse_now()",
    page: "# other-call\n",
};

/// Reports calls of one name at high, of `maybe_` that name at low confidence; panics at `boom_now`. The names hold a
/// word that makes a file relevant.
pub(crate) struct Fake(&'static RuleMeta, &'static str, &'static str);

static FAKE_RULE: Fake = Fake(&FAKE, "bad_now", "maybe_bad_now");
static OTHER_RULE: Fake = Fake(&OTHER, "worse_now", "maybe_worse_now");
pub(crate) static FAKES: [&'static dyn Rule; 2] = [&FAKE_RULE, &OTHER_RULE];

impl Rule for Fake {
    fn meta(&self) -> &'static RuleMeta {
        self.0
    }

    fn check(&self, file: &Analysis<'_>, out: &mut Vec<Finding>) {
        let model = file.model;
        for id in model.ids().filter(|id| model.kind(*id) == Kind::Call) {
            let name = model.name(id);
            assert!(name != "boom_now", "boom_now was called");
            if name != self.1 && name != self.2 {
                continue;
            }
            let primary = Location::new(file.path.clone(), model.span(id));
            out.push(Finding {
                rule: self.0,
                severity: self.0.severity,
                confidence: if name == self.1 { Confidence::High } else { Confidence::Low },
                labels: vec![Label { message: "called".into(), location: primary.clone() }],
                primary,
                message: format!("`{name}` is called"),
                why: "because".into(),
                help: "do not".into(),
                evidence: vec![],
                fixes: vec![],
                scope: String::new(),
                fingerprint: String::new(),
            });
        }
    }
}

pub(crate) const PYTHON: &str = r"
(call function: (identifier) @call.name arguments: (argument_list) @call.arg) @call
(argument_list) @group
(identifier) @name
(integer) @number
(comment) @comment
(block) @block
(expression_statement) @group
(function_definition name: (identifier) @function.name body: (block) @function.body) @function
(if_statement condition: (_) @if.condition consequence: (block) @if.then) @if
(lambda body: (_) @function.body) @function
";

pub(crate) fn knowledge() -> Knowledge {
    Knowledge::new(vec![
        ("python/structure.scm", PYTHON),
        ("python/apis.toml", ""),
        (
            "go/structure.scm",
            "(comment) @comment\n(call_expression function: (identifier) @call.name) @call\n(block) @block",
        ),
        ("javascript/structure.scm", "; inherits: _ecma\n"),
        ("_ecma/structure.scm", "(comment) @comment\n(call_expression function: (identifier) @call.name) @call"),
    ])
}

pub(crate) fn names() -> Names {
    Names::new(FAKES.iter().map(|r| r.meta()).chain(crate::SUPPRESSION_RULES))
}

/// A folder with files, removed when dropped.
pub(crate) struct Folder(pub(crate) PathBuf);

static COUNTER: AtomicUsize = AtomicUsize::new(0);

impl Folder {
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        let nth = COUNTER.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("timelint-engine-{}-{nth}", std::process::id()));
        let folder = Self(path.canonicalize().unwrap_or(path));
        std::fs::create_dir_all(&folder.0).expect("writable");
        for (name, text) in files {
            folder.write(name, text.as_bytes());
        }
        folder
    }

    pub(crate) fn write(&self, name: &str, bytes: &[u8]) {
        let path = self.0.join(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("writable");
        std::fs::write(path, bytes).expect("writable");
    }

    pub(crate) fn check(&self, flags: &Flags, inputs: &[&str]) -> Outcome {
        check(&self.0, flags, inputs)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub(crate) fn check(root: &Path, flags: &Flags, inputs: &[&str]) -> Outcome {
    let settings = Settings::resolve(root, &names(), None, flags).expect("valid");
    let inputs: Vec<Input> = inputs.iter().map(|p| Input::Path(PathBuf::from(p))).collect();
    Engine::new(knowledge(), &FAKES, settings).check(&inputs).expect("runs")
}

/// `path:line rule` of every finding.
pub(crate) fn shown(outcome: &Outcome) -> Vec<String> {
    let report = &outcome.report;
    let line = |f: &Finding| report.sources[&f.primary.path].line_column(f.primary.span.start).line;
    report.findings.iter().map(|f| format!("{}:{} {}", f.primary.path, line(f), f.rule.id)).collect()
}
