//! Closing in the wrong order: what keeps the claims alive is ended, and then the work under them is waited for.

use crate::pause::lease_not_renewed::{Kind as Lapsed, Lapse};
use crate::pause::renewal::names_renewal;
use timelint_diagnostics::Confidence;
use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::{Analysis, has_word};

/// Words of a function that closes.
const CLOSES: [&str; 9] =
    ["stop", "shutdown", "close", "aclose", "terminate", "destroy", "drain", "dispose", "teardown"];
/// Words of a call that ends what runs beside the work.
const ENDS: [&str; 9] =
    ["stop", "shutdown", "cancel", "clear", "close", "interrupt", "shutdownnow", "terminate", "kill"];
/// Words of a call that waits for something to end.
const AWAITS: [&str; 8] = ["wait", "await", "join", "drain", "gather", "stop", "awaittermination", "finish"];
/// Words of what does the work.
const WORKERS: [&str; 22] = [
    "executor",
    "executors",
    "worker",
    "workers",
    "pool",
    "job",
    "jobs",
    "task",
    "tasks",
    "consumer",
    "consumers",
    "processor",
    "processors",
    "running",
    "executions",
    "inflight",
    "handlers",
    "runner",
    "runners",
    "work",
    "active",
    "processing",
];

/// All of the file.
pub(crate) fn early_ends(file: &Analysis<'_>) -> Vec<Lapse> {
    let functions = file.tables.functions.iter().map(|f| f.node);
    functions.filter(|f| has_word(file.function_name(*f), &CLOSES)).filter_map(|f| early_end(file, f)).collect()
}

fn early_end(file: &Analysis<'_>, function: NodeId) -> Option<Lapse> {
    let model = file.model;
    let calls = file.calls_below(function);
    calls.iter().copied().find_map(|end| {
        let beater =
            has_word(model.name(end), &ENDS).then(|| subjects(file, end).find(|s| beats(file, *s))).flatten()?;
        let behind = model.end(file.statement(end));
        let wait = calls.iter().copied().find(|w| {
            *w >= behind
                && has_word(model.name(*w), &AWAITS)
                && !renews(model.name(*w))
                && !model.child(*w, Role::Receiver).is_some_and(|r| renews(model.name(r)))
                && subjects(file, *w).any(|s| model.sym(s) != model.sym(beater) && works(file, s, *w))
        })?;
        Some(Lapse {
            at: end,
            kind: Lapsed::EndsFirst,
            steps: vec![
                (beater, "this keeps the claims alive, and ends here"),
                (wait, "the work is waited for only then"),
            ],
            confidence: Confidence::Medium,
            evidence: "the order of closing".to_owned(),
            advice: None,
        })
    })
}

/// What a call is about: its receiver and its plain arguments.
fn subjects(file: &Analysis<'_>, call: NodeId) -> impl Iterator<Item = NodeId> {
    let model = file.model;
    let parts = model.children(call).filter(move |c| matches!(model.role(*c), Role::Receiver | Role::Arg));
    parts.filter(move |c| matches!(model.kind(*c), Kind::Name | Kind::Member))
}

/// A thread, timer or executor that renews: by its name, by what it was made of, or by what it was handed.
fn beats(file: &Analysis<'_>, subject: NodeId) -> bool {
    let model = file.model;
    let about = |n: NodeId| matches!(model.kind(n), Kind::Name | Kind::Member | Kind::Call) && renews(model.name(n));
    let made =
        || file.stores_of(subject).iter().filter_map(|s| s.value).any(|v| model.self_and_descendants(v).any(about));
    let handed = || {
        let same = |r: NodeId| matches!(model.kind(r), Kind::Name | Kind::Member) && model.sym(r) == model.sym(subject);
        file.tables.calls.iter().copied().any(|c| {
            model.child(c, Role::Receiver).is_some_and(same)
                && has_word(model.name(c), &["schedule", "submit", "execute", "start", "run", "spawn", "add"])
                && model.children_with(c, Role::Arg).next().is_some_and(|a| model.self_and_descendants(a).any(about))
        })
    };
    renews(model.name(subject)) || made() || handed()
}

/// A name for keeping claims alive; not one for watching those of others.
fn renews(name: &str) -> bool {
    names_renewal(name) && !has_word(name, &["monitor", "watchdog", "check", "detect", "interval", "timeout"])
}

/// What does the work, where the call says for how long it may take, or that it waits.
fn works(file: &Analysis<'_>, subject: NodeId, wait: NodeId) -> bool {
    let model = file.model;
    let bounded = has_word(model.name(wait), &["stop"]) && model.child(wait, Role::Arg).is_none();
    has_word(model.name(subject), &WORKERS) && !bounded && !beats(file, subject)
}
