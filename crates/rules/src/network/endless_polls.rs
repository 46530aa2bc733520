//! Loops that ask another machine again and again until it says that something is done, and that nothing else ends.

use crate::network::bounds::limited_around;
use crate::network::context_roots::{carries_limit, is_context};
use crate::network::missing_timeout::META;
use crate::network::peers::talks;
use crate::network::remote::{Remote, call_evidence, is_near};
use crate::network::sureness::ends;
use crate::story::Story;
use crate::surface::is_command;
use timelint_diagnostics::{Confidence, Finding};
use timelint_model::{Kind, NodeId, Role, Sym};
use timelint_semantics::catalog::ApiRole;
use timelint_semantics::{Analysis, How, has_word, words};

/// Nodes of one loop that are looked at.
const MOST_NODES: usize = 1000;

/// One finding a loop.
pub(crate) fn endless_polls(file: &Analysis<'_>) -> Vec<Finding> {
    if !file.has_role(ApiRole::Sleep) {
        return Vec::new();
    }
    let loops = file.model.ids().filter(|l| file.model.kind(*l) == Kind::Loop);
    loops.filter_map(|l| endless_poll(file, l)).collect()
}

fn endless_poll(file: &Analysis<'_>, around: NodeId) -> Option<Finding> {
    let model = file.model;
    let function = file.function_around(around)?;
    if model.child(around, Role::Iterable).is_some()
        || lasts(file, function)
        || model.descendants(around).nth(MOST_NODES).is_some()
    {
        return None;
    }
    let own = |n: &NodeId| file.function_around(*n) == Some(function);
    let calls: Vec<NodeId> = model.descendants(around).filter(|n| model.kind(*n) == Kind::Call).filter(own).collect();
    let sleep = *calls.iter().find(|c| file.resolve(**c).is_some_and(|k| k.api.role == ApiRole::Sleep))?;
    if file.in_loop(sleep) != Some(around) || is_bounded(file, around) {
        return None;
    }
    let question = *calls.iter().find(|c| **c != sleep && asks(file, **c))?;
    let end = end_of(file, around, question)?;
    if limited_around(file, around) || ends(file, around) || is_near(file, question) {
        return None;
    }
    let confidence = if is_command(file) { Confidence::Low } else { Confidence::Medium };
    let asked = file.short(question);
    let story =
        Story::new(&META, file, question, format!("`{asked}` is asked again and again, and nothing ends the wait"));
    let story = story
        .why(
            "when the other side never gets there, because it failed, forgot the request or lost what it worked on, the loop \
             goes on for ever and holds its thread, its locks and whoever waits for it",
        )
        .help("stop at a deadline that is a setting, measured by a monotonic clock, and report what was still missing")
        .confidence(confidence)
        .step(file.location(question), "asks the other side")
        .step(file.location(end), "the only way out is its answer")
        .step(file.location(sleep), "waits, and asks again");
    Some(story.tell())
}

/// A loop in the background, that is meant to last.
fn lasts(file: &Analysis<'_>, function: NodeId) -> bool {
    const LASTS: [&str; 14] = [
        "run", "loop", "daemon", "serve", "watch", "watcher", "monitor", "worker", "consume", "consumer", "main",
        "listen", "follow", "tail",
    ];
    let model = file.model;
    let mut outer = model.self_and_ancestors(function).filter(|a| model.kind(*a) == Kind::Function);
    outer.any(|f| has_word(model.name(f), &LASTS))
        || model.parent(function).is_some_and(|p| model.kind(p) == Kind::Spawn)
}

/// Anything in the loop that may end it by itself: time, a count, a flag of the process, a context, a signal.
fn is_bounded(file: &Analysis<'_>, around: NodeId) -> bool {
    #[rustfmt::skip]
    const BOUNDS: [&str; 35] = [
        "timeout", "timeouts", "deadline", "attempt", "attempts", "retry", "retries", "tries", "try", "max", "count", "counter",
        "elapsed", "limit", "expired", "expire", "expires", "remaining", "running", "stopped", "shutdown", "stop", "closed", "close",
        "alive", "interrupted", "cancel", "cancelled", "canceled", "abort", "aborted", "until", "iterations", "left",
        "duration",
    ];
    let model = file.model;
    let counts = |n: NodeId| model.kind(n) == Kind::Assign && matches!(model.name(n), "++" | "--" | "+=" | "-=");
    let header = model.name(around) == "for"
        && model.child(around, Role::Condition).is_some()
        && model.descendants(around).any(|n| model.kind(n) == Kind::Assign && model.parent(n) == Some(around));
    header
        || model.self_and_descendants(around).any(|n| match model.kind(n) {
            Kind::Name | Kind::Member | Kind::Call => {
                has_word(model.name(n), &BOUNDS)
                    || model.kind(n) == Kind::Call
                        && file.resolve(n).is_some_and(|k| is_a_clock(k.api.role) && k.how != How::Name)
            }
            // A choice between several channels: one of them may be the end.
            Kind::Switch => model.name(n) == "select",
            _ => counts(n),
        })
}

/// It reads a clock, or says how long ago or how far ahead something is.
pub(crate) fn is_a_clock(role: ApiRole) -> bool {
    matches!(
        role,
        ApiRole::ClockWall | ApiRole::ClockBoth | ApiRole::ClockMonotonic | ApiRole::TimeSince | ApiRole::TimeUntil
    )
}

/// A question to another machine whose answer says how far it is, and that no context bounds.
fn asks(file: &Analysis<'_>, call: NodeId) -> bool {
    const ASKS: [&str; 20] = [
        "get", "describe", "is", "has", "status", "state", "check", "list", "query", "fetch", "find", "by", "read",
        "lookup", "inspect", "poll", "request", "show", "retrieve", "load",
    ];
    let model = file.model;
    let known = file.resolve(call).filter(|k| k.how != How::Name);
    let remote = match known.map(|k| k.api.role) {
        Some(ApiRole::RemoteCall | ApiRole::RemoteRead) => true,
        Some(_) => false,
        None => {
            let first = words(model.name(call)).into_iter().next().unwrap_or_default();
            let asks = ASKS.contains(&first.as_str());
            asks && call_evidence(file, call) >= Remote::Named && (talks(file, call) || is_api(file, call))
        }
    };
    let context = model.child(call, Role::Arg).filter(|a| is_context_value(file, *a));
    remote && (context.is_none() || !carries_limit(file, call))
}

fn is_context_value(file: &Analysis<'_>, arg: NodeId) -> bool {
    is_context(file, arg) || file.resolve(arg).is_some_and(|k| k.api.role == ApiRole::ContextRoot)
}

/// `volumeAPI.ById(..)`, `api.getStatus(..)`
fn is_api(file: &Analysis<'_>, call: NodeId) -> bool {
    let model = file.model;
    model.child(call, Role::Receiver).is_some_and(|r| {
        words(model.name(r)).last().is_some_and(|w| matches!(w.as_str(), "api" | "service" | "gateway" | "manager"))
    })
}

/// Where the loop is left because of the answer: a test of something that the loop itself found out.
fn end_of(file: &Analysis<'_>, around: NodeId, question: NodeId) -> Option<NodeId> {
    let model = file.model;
    let condition = model.child(around, Role::Condition);
    if let Some(condition) = condition.filter(|c| model.contains(*c, question) || *c == question) {
        return Some(condition);
    }
    let function = file.function_around(question)?;
    let stored = |name: Sym| file.tables.stores(function, name).iter().any(|s| model.contains(around, s.at));
    let found_out = |n: NodeId| {
        model.kind(n) == Kind::Name
            && !has_word(model.name(n), &["err", "error", "e", "ex", "ctx"])
            && stored(model.sym(n))
    };
    let asks = |c: NodeId| model.self_and_descendants(c).any(|n| found_out(n) || n == question);
    if let Some(condition) = condition {
        return asks(condition).then_some(condition);
    }
    let leaves = |test: NodeId| {
        let exit = |n: NodeId| {
            matches!(model.kind(n), Kind::Return | Kind::Break)
                && file.function_around(n) == Some(function)
                && (model.kind(n) == Kind::Return || file.in_loop(n) == Some(around))
        };
        model.child(test, Role::Then).is_some_and(|t| model.self_and_descendants(t).any(exit))
    };
    let mut tests = model.descendants(around).filter(|n| model.kind(*n) == Kind::If && leaves(*n));
    tests.find_map(|t| model.child(t, Role::Condition).filter(|c| asks(*c)))
}
