//! What becomes of an expression: does it decide something, or is it only shown?

use crate::shown::{SHOWN, is_log_call, is_shown_call, only_shows};
use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::catalog::{ApiRole, leaf};
use timelint_semantics::{Analysis, Callee, has_word};

/// What a value leads to, weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Usage {
    /// Nothing that was seen.
    Nothing,
    /// It is logged, measured, formatted or returned as a statistic.
    Shown,
    /// It is handed on to code that was not followed.
    HandedOn,
    /// It decides a branch that has an effect.
    Decides,
    /// It decides how long something waits or loops.
    Waits,
}

/// Words of a variable that says how long something waits.
const WAITS: [&str; 6] = ["remaining", "delay", "timeout", "wait", "backoff", "reschedule"];

/// So many stores and functions are followed.
const MOST: usize = 8;

/// What `id` leads to, through local variables and conversions.
pub(crate) fn usage(file: &Analysis<'_>, id: NodeId) -> Usage {
    follow(file, id, &mut Vec::new())
}

/// `seen` holds the stores that were followed: each is followed once, and only so many.
fn follow(file: &Analysis<'_>, id: NodeId, seen: &mut Vec<NodeId>) -> Usage {
    let model = file.model;
    let mut child = id;
    let mut compared = is_comparison(file, id);
    while let Some(parent) = model.parent(child) {
        match (model.kind(parent), model.role(child)) {
            (Kind::If | Kind::Conditional | Kind::Case, Role::Condition) => return branch(file, parent, seen),
            (Kind::Switch, Role::Subject) => return Usage::Decides,
            (Kind::Binary, _) => {
                if model.children(parent).any(|c| model.kind(c) == Kind::String) {
                    return Usage::Shown;
                }
                if is_taken_from_wait(file, parent, child) {
                    return Usage::Waits;
                }
                compared |= is_comparison(file, parent);
            }
            (Kind::Call | Kind::New, Role::Arg) => match call(file, parent, child) {
                Some(usage) => return usage,
                None => compared |= is_comparison(file, parent),
            },
            (Kind::List, _) if model.parent(parent).is_none_or(|p| model.kind(p) != Kind::Call) => return Usage::Shown,
            (Kind::String | Kind::Throw | Kind::Entry | Kind::Record, _) => return Usage::Shown,
            (Kind::Loop, Role::Condition) => return Usage::Waits,
            (Kind::Argument, _) if has_word(model.name(parent), &["timeout", "wait", "delay"]) => {
                return if is_told_to_log(file, parent) { Usage::Shown } else { Usage::Waits };
            }
            (Kind::Return, _) => return returned(file, parent, compared, seen),
            (Kind::Function, Role::Body) => return returned(file, child, compared, seen),
            (Kind::Let | Kind::Assign, Role::Value) => return stored(file, parent, compared, seen),
            (Kind::Block | Kind::Module, _) => return Usage::Nothing,
            _ => {}
        }
        child = parent;
    }
    Usage::Nothing
}

/// `log.info("found", extra=dict(delay=elapsed))`
fn is_told_to_log(file: &Analysis<'_>, argument: NodeId) -> bool {
    let model = file.model;
    let around = model.ancestors(argument).take_while(|a| {
        matches!(model.kind(*a), Kind::Call | Kind::Argument | Kind::Record | Kind::Entry | Kind::List)
    });
    around.into_iter().any(|a| is_log_call(file, a))
}

/// `timeout - elapsed`: what is left of a wait.
fn is_taken_from_wait(file: &Analysis<'_>, difference: NodeId, length: NodeId) -> bool {
    let model = file.model;
    let mut sides = model.children_with(difference, Role::Operand);
    let (from, taken) = (sides.next(), sides.next());
    let named = |n: NodeId| matches!(model.kind(n), Kind::Name | Kind::Member) && has_word(model.name(n), &WAITS);
    model.name(difference) == "-" && taken == Some(length) && from.is_some_and(named)
}

fn is_comparison(file: &Analysis<'_>, id: NodeId) -> bool {
    let by_call = || file.resolve(id).is_some_and(|r| r.api.role == ApiRole::TimeCompare);
    match file.model.kind(id) {
        Kind::Binary => file.model.name(id).split(' ').any(|op| matches!(op, "<" | ">" | "<=" | ">=" | "==" | "!=")),
        Kind::Call => by_call(),
        _ => false,
    }
}

/// A branch that only logs decides nothing.
fn branch(file: &Analysis<'_>, statement: NodeId, seen: &mut Vec<NodeId>) -> Usage {
    if file.model.kind(statement) == Kind::Conditional {
        return follow(file, statement, seen).max(Usage::HandedOn);
    }
    if only_shows(file, statement) { Usage::Shown } else { Usage::Decides }
}

/// What a call makes of its argument; `None` when it only passes it on.
fn call(file: &Analysis<'_>, call: NodeId, arg: NodeId) -> Option<Usage> {
    let model = file.model;
    match file.resolve(call).map(|r| r.api.role) {
        Some(ApiRole::Log) => Some(Usage::Shown),
        // The project's own length of time.
        None if model.kind(call) == Kind::New && is_length(file, call) => None,
        Some(
            ApiRole::Sleep
            | ApiRole::Await
            | ApiRole::LockAcquire
            | ApiRole::LockTry
            | ApiRole::TimeoutSet
            | ApiRole::Schedule
            | ApiRole::RemoteCall,
        ) => Some(Usage::Waits),
        Some(
            ApiRole::ValuePass
            | ApiRole::TimeConvert
            | ApiRole::TimeStrip
            | ApiRole::TimeDuration
            | ApiRole::TimeCompare
            | ApiRole::TimeDifference
            | ApiRole::TimeSince
            | ApiRole::TimeUntil
            | ApiRole::TimeAdd,
        ) => None,
        _ if is_told_to_judge(file, call, arg, 0) => Some(Usage::Decides),
        _ if has_word(model.name(call), &SHOWN) || is_shown_call(file, call) => Some(Usage::Shown),
        _ if has_word(
            model.name(call),
            &["wait", "sleep", "poll", "select", "timeout", "delay", "schedule", "join"],
        ) =>
        {
            Some(Usage::Waits)
        }
        _ if is_wait_there(file, call, arg) => Some(Usage::Waits),
        _ => Some(Usage::HandedOn),
    }
}

/// `new Duration(elapsed, MILLISECONDS)`
fn is_length(file: &Analysis<'_>, made: NodeId) -> bool {
    file.model.child(made, Role::Type).is_some_and(|t| leaf(file.model.name(t)) == "Duration")
}

/// How long something took is told to what judges peers by it: `detector.recordSuccess(node, took)`, also through a
/// function of the file.
fn is_told_to_judge(file: &Analysis<'_>, call: NodeId, arg: NodeId, depth: usize) -> bool {
    const JUDGES: [&str; 8] =
        ["detector", "breaker", "limiter", "balancer", "throttler", "congestion", "quarantine", "suspicion"];
    let model = file.model;
    let receiver = model.child(call, Role::Receiver).map_or("", |r| model.name(r));
    if has_word(receiver, &JUDGES) {
        return true;
    }
    let Some(Callee::Here(function)) = file.callee(call).filter(|_| depth == 0) else { return false };
    let position = model.children_with(call, Role::Arg).position(|a| a == arg);
    let parameter = position.and_then(|p| model.children_with(function, Role::Param).nth(p));
    parameter.is_some_and(|p| {
        let given = |a: &NodeId| model.kind(*a) == Kind::Name && model.sym(*a) == model.sym(p);
        let mut calls = model.descendants(function).filter(|n| model.kind(*n) == Kind::Call);
        calls.any(|c| {
            let told = model.children_with(c, Role::Arg).find(given);
            told.is_some_and(|a| is_told_to_judge(file, c, a, depth + 1))
        })
    })
}

/// The called function of the project takes the argument as a limit: `declare(exchange, timeout)`.
fn is_wait_there(file: &Analysis<'_>, call: NodeId, arg: NodeId) -> bool {
    let model = file.model;
    let Some(position) = model.children_with(call, Role::Arg).position(|a| a == arg) else { return false };
    let is_wait = |name: &str| has_word(name, &["timeout", "wait", "delay"]);
    match file.callee(call) {
        Some(Callee::Here(function)) => {
            model.children_with(function, Role::Param).nth(position).is_some_and(|p| is_wait(model.name(p)))
        }
        Some(Callee::Elsewhere(_)) => {
            let params = file.index().parameters(model.name(call));
            params.and_then(|p| p.get(position)).is_some_and(|p| is_wait(p))
        }
        None => false,
    }
}

fn returned(file: &Analysis<'_>, at: NodeId, compared: bool, seen: &mut Vec<NodeId>) -> Usage {
    let Some(function) = file.function_around(at) else { return Usage::HandedOn };
    let name = file.model.name(function);
    if compared || has_word(name, &["idle"]) {
        return Usage::Decides;
    }
    if has_word(name, &WAITS) {
        return Usage::Waits;
    }
    let called = called(file, function, seen);
    if called >= Usage::Decides {
        return called;
    }
    if has_word(name, &SHOWN) || has_word(name, &["age", "time", "lag"]) { Usage::Shown } else { Usage::HandedOn }
}

/// What the callers in this file make of what a function returns.
fn called(file: &Analysis<'_>, function: NodeId, seen: &mut Vec<NodeId>) -> Usage {
    if file.model.name(function).is_empty() || seen.contains(&function) || seen.len() >= MOST {
        return Usage::Nothing;
    }
    seen.push(function);
    let calls = file.calls_to(function);
    calls.into_iter().map(|c| follow(file, c, seen)).max().unwrap_or(Usage::Nothing)
}

fn stored(file: &Analysis<'_>, statement: NodeId, compared: bool, seen: &mut Vec<NodeId>) -> Usage {
    let model = file.model;
    if seen.contains(&statement) || seen.len() >= MOST {
        return Usage::Nothing;
    }
    seen.push(statement);
    let mut best = Usage::Nothing;
    // `late = now > deadline`: whoever is told of it decides by it.
    let answered = |usage: Usage| if compared && usage == Usage::HandedOn { Usage::Decides } else { usage };
    for target in model.children_with(statement, Role::Target) {
        let usage = match model.kind(target) {
            Kind::Name => {
                let reads = file.reads_of(target);
                let used = reads.into_iter().map(|r| follow(file, r, seen)).max().unwrap_or(Usage::Nothing);
                // What is handed on by the name of a wait is one.
                let wait = used == Usage::HandedOn && has_word(model.name(target), &WAITS);
                if wait { Usage::Waits } else { used }
            }
            Kind::Member if has_word(model.name(target), &SHOWN) => Usage::Shown,
            // `timings.phases.wait` is shown, `self.timeout` is waited for.
            Kind::Member if has_word(model.name(target), &WAITS) && model.name(target) != "wait" => Usage::Waits,
            _ => Usage::HandedOn,
        };
        best = best.max(answered(usage));
    }
    best
}
