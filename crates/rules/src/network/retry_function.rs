//! Functions that say how long to wait before each attempt.

use crate::network::attempts::{RETRY, is_contended};
use crate::network::delay::delay_given_by;
use crate::network::remote::{Remote, evidence_around, is_remote_name};
use crate::network::retry_policy::Policy;
use timelint_diagnostics::Confidence;
use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::catalog::Unit;
use timelint_semantics::{Analysis, has_word};

/// A function that says how long to wait before each attempt: `retryStrategy(times)`, `def _backoff(attempt)`.
pub(crate) fn given_by_function(file: &Analysis<'_>, function: NodeId) -> Option<Policy> {
    const COUNTS: [&str; 8] = ["attempt", "attempts", "tries", "retries", "retry", "times", "trial", "retrycount"];
    const NUMBERS: [&str; 4] = ["n", "i", "count", "number"];
    const PAUSES: [&str; 8] = ["backoff", "delay", "wait", "sleep", "interval", "strategy", "pause", "timeout"];
    let model = file.model;
    let named = name_of_function(file, function);
    let params: Vec<NodeId> = model.children_with(function, Role::Param).collect();
    let says = has_word(named, &RETRY);
    // `retryAfter` is what the server asks for.
    let counted = params
        .iter()
        .filter(|p| !has_word(model.name(**p), &["after"]))
        .any(|p| has_word(model.name(*p), &COUNTS) || says && has_word(model.name(*p), &NUMBERS));
    let strategy = matches!(named, "retryStrategy" | "reconnectStrategy" | "retry_strategy" | "sentinelRetryStrategy");
    let pauses = has_word(named, &PAUSES) && !has_word(named, &["test", "mock", "assert", "error", "exception"]);
    if !(strategy || pauses && counted && params.len() <= 3) {
        return None;
    }
    // `func WithRetries(times int) Option { return func(…) {…} }` sets something.
    if file.returns(function).iter().any(|r| model.kind(*r) == Kind::Function) {
        return None;
    }
    // `return retries + 1` counts.
    let next = |r: &NodeId| {
        let mut parts = model.children_with(*r, Role::Operand);
        let plain = model.kind(*r) == Kind::Binary && model.name(*r) == "+";
        plain && parts.all(|p| params.iter().any(|q| model.sym(*q) == model.sym(p)) || model.name(p) == "1")
    };
    let returned = file.returns(function);
    if !returned.is_empty() && returned.iter().all(next) {
        return None;
    }
    let unit = strategy.then_some(Unit::Millis);
    let delay = delay_given_by(file, function, unit);
    let clear = delay.grows || delay.fixed.is_some_and(|s| s > 0.0);
    if delay.unknown && delay.xor.is_none() || !clear && delay.xor.is_none() && delay.tiny.is_none() {
        return None;
    }
    let remote = evidence_around(file, function) >= Remote::Around || imports_remote(file);
    let confidence = if strategy || remote { Confidence::Medium } else { Confidence::Low };
    let at = file.returns(function).into_iter().rfind(|r| model.kind(*r) != Kind::Null).unwrap_or(function);
    Some(Policy::of_code(at, named, delay, is_contended(file, function), confidence))
}

/// The name of a function, of what it is bound to, or of the function that returns it.
pub(crate) fn name_of_function<'f>(file: &'f Analysis<'_>, function: NodeId) -> &'f str {
    let model = file.model;
    match model.parent(function).filter(|_| model.name(function).is_empty()) {
        Some(p) if matches!(model.kind(p), Kind::Entry | Kind::Argument) => model.name(p),
        Some(p) if matches!(model.kind(p), Kind::Let | Kind::Assign) => {
            model.child(p, Role::Target).map_or("", |t| model.name(t))
        }
        // `function createReconnectStrategy() { return retries => … }`
        Some(p) if model.kind(p) == Kind::Return || model.kind(p) == Kind::Function => {
            let named = |a: &NodeId| model.kind(*a) == Kind::Function && !model.name(*a).is_empty();
            [p].into_iter().chain(model.ancestors(p)).find(named).map_or("", |f| model.name(f))
        }
        _ => model.name(function),
    }
}

/// Whether a file imports anything that talks to another machine.
pub(crate) fn imports_remote(file: &Analysis<'_>) -> bool {
    let model = file.model;
    model.ids().any(|n| matches!(model.kind(n), Kind::Import | Kind::ImportItem) && is_remote_name(model.name(n)))
}
