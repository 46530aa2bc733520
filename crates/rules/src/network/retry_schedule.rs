//! Schedules of pauses: generators that yield them, iterators and methods that give the next one.

use crate::network::attempts::{RETRY, is_contended};
use crate::network::delay::{Delay, delay_given_by, delay_of};
use crate::network::remote::{Remote, evidence_around, is_remote_name};
use crate::network::retry_function::{imports_remote, name_of_function};
use crate::network::retry_policy::Policy;
use timelint_diagnostics::Confidence;
use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::catalog::ApiRole;
use timelint_semantics::{Analysis, has_word, words};

/// Words of what is set up again after it broke.
const AGAIN: [&str; 5] = ["reconnection", "reconnects", "redelivery", "backoffs", "delays"];

/// Nodes of one function that are looked at.
const MOST_NODES: usize = 1000;

/// A function that gives one pause after the other, each longer than the one before: `def schedule(self): … yield base * 2 ** i`,
/// `next() { return base * 2 ** this.attempt++ }`.
pub(crate) fn given_by_schedule(file: &Analysis<'_>, function: NodeId) -> Option<Policy> {
    let model = file.model;
    let names = names_around(file, function);
    let about = |n: &&str| has_word(n, &RETRY) || has_word(n, &AGAIN);
    let policy = names.iter().copied().find(about)?;
    // Who speaks of jitter adds it where the pauses are used.
    if file.says(&["jitter", "jittered", "randomize", "randomized"]) {
        return None;
    }
    // A setting that is read is as long as whoever wrote it said.
    if file.calls_below(function).iter().any(|c| has_word(model.name(*c), &["parse"])) {
        return None;
    }
    let yields: Vec<NodeId> = yields_of(file, function);
    let (at, delay) = if yields.is_empty() {
        let gives = gives_next(names.first().copied().unwrap_or_default());
        // What grew elsewhere is only handed out here.
        let here = |d: &Delay| d.grows && computes(file, function);
        let delay = gives.then(|| delay_given_by(file, function, None)).filter(here)?;
        let at = file.returns(function).into_iter().rfind(|r| model.kind(*r) != Kind::Null)?;
        (delay.grown.unwrap_or(at), delay)
    } else {
        let mut delays = yields.iter().map(|y| (*y, delay_of(file, *y, None, function)));
        delays.find(|(_, d)| d.grows)?
    };
    if !delay.grows || delay.random || delay.unknown && delay.xor.is_none() {
        return None;
    }
    let reconnects = names.iter().any(|n| has_word(n, &["reconnect", "reconnection", "reconnecting", "redial"]));
    let remote = reconnects
        || names.iter().any(|n| is_remote_name(n))
        || evidence_around(file, function) >= Remote::Around
        || imports_remote(file);
    let confidence = if remote { Confidence::Medium } else { Confidence::Low };
    Some(Policy::of_code(at, policy, delay, is_contended(file, function), confidence))
}

/// Another method of the class adds chance to when it is tried again.
pub(crate) fn class_draws(file: &Analysis<'_>, function: NodeId) -> bool {
    let Some(class) = file.model.enclosing(function, Kind::Class) else { return false };
    let mut calls = file.calls_below(class).iter();
    calls.any(|c| file.resolve(*c).is_some_and(|k| k.api.role == ApiRole::Random))
}

/// Something is counted up or multiplied.
fn computes(file: &Analysis<'_>, function: NodeId) -> bool {
    let model = file.model;
    model.descendants(function).take(MOST_NODES).any(|n| match model.kind(n) {
        Kind::Assign => matches!(model.name(n), "++" | "+=" | "*=" | "<<="),
        Kind::Binary => matches!(model.name(n), "*" | "**" | "<<"),
        Kind::Call => matches!(model.name(n), "pow" | "exp" | "exp2" | "multipliedBy"),
        _ => false,
    })
}

/// What a generator yields by itself.
fn yields_of(file: &Analysis<'_>, function: NodeId) -> Vec<NodeId> {
    let model = file.model;
    let yields = |n: &NodeId| model.kind(*n) == Kind::Unary && model.name(*n) == "yield";
    let own = |n: &NodeId| file.function_around(*n) == Some(function);
    let inside = model.descendants(function).take(MOST_NODES);
    inside.filter(|n| yields(n) && own(n)).filter_map(|n| model.child(n, Role::Operand)).collect()
}

/// Names of functions that give the next pause: `next`, `nextBackOff`, `computeDelay`, `duration`.
fn gives_next(name: &str) -> bool {
    const PAUSES: [&str; 8] = ["backoff", "delay", "wait", "interval", "pause", "duration", "sleep", "timeout"];
    const DOING: [&str; 9] = ["reset", "set", "with", "is", "has", "should", "on", "run", "start"];
    // `retryAfterDelay` is what the server asks for.
    if has_word(name, &["after"]) {
        return false;
    }
    let words = words(name);
    let first = words.first().map_or("", String::as_str);
    first == "next" || has_word(name, &PAUSES) && !DOING.contains(&first)
}

/// The names of a function and of what stands around it: functions, classes, `Policy.prototype.schedule = …`.
fn names_around<'f>(file: &'f Analysis<'_>, function: NodeId) -> Vec<&'f str> {
    const MOST: usize = 6;
    let model = file.model;
    let mut names = Vec::new();
    let around = std::iter::once(function).chain(model.ancestors(function));
    for at in around.into_iter().filter(|a| matches!(model.kind(*a), Kind::Function | Kind::Class)).take(MOST) {
        names.push(if model.kind(at) == Kind::Function { name_of_function(file, at) } else { model.name(at) });
        let receiver = model.child(at, Role::This).and_then(|r| model.child(r, Role::Type));
        names.extend(receiver.map(|t| model.name(t)));
        let assigned = model.parent(at).filter(|p| model.kind(*p) == Kind::Assign);
        let target = assigned.and_then(|p| model.child(p, Role::Target));
        let owner = target.and_then(|t| model.child(t, Role::Object)).and_then(|p| model.child(p, Role::Object));
        names.extend(owner.map(|o| model.name(o)));
    }
    names
}
