//! What a retry loop does between its attempts.

use crate::network::attempts::RETRY;
use crate::network::delay::{Delay, delay_of, is_random_name};
use crate::network::failing::failing;
use crate::network::rounds::on_failure_path;
use crate::shown::is_log_call;
use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::catalog::{ApiRole, ArgMeaning, Unit};
use timelint_semantics::{Analysis, Callee, How, has_word, words};

/// A pause between attempts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pause {
    /// The expression that waits.
    pub(crate) at: NodeId,
    /// How long, where an expression says so.
    pub(crate) amount: Option<NodeId>,
    /// The unit of a bare number.
    pub(crate) unit: Option<Unit>,
}

/// How the attempts follow each other.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Pace {
    /// At once.
    AtOnce,
    /// After a pause of one length.
    Even(Pause, Delay),
    /// After pauses that become longer, or are random.
    Changing(Pause, Delay),
    /// Something waits; nothing more is known.
    Unknown,
}

/// Words of functions that wait, one way or another.
#[rustfmt::skip]
const WAITING: [&str; 25] = [
    "sleep", "backoff", "delay", "wait", "pause", "throttle", "ratelimit", "limiter", "await", "park", "yield",
    "poll", "timer", "tick", "ticker", "nap", "snooze", "nanosleep", "usleep", "idle", "block", "recv",
    "receive", "accept", "trampoline",
];

/// Words of functions that do nothing but wait for the time that they are given.
const SLEEPING: [&str; 6] = ["sleep", "delay", "pause", "nap", "usleep", "snooze"];

/// Nodes of one loop that are looked at.
const MOST_NODES: usize = 3000;

/// The pace of what is repeated in `again`, whose call is `call`.
pub(crate) fn pace_of(file: &Analysis<'_>, again: NodeId, call: NodeId) -> Pace {
    let is_loop = file.model.kind(again) == Kind::Loop;
    // `for attempt in backoff`: what gives the rounds may wait between them.
    let given = file.model.child(again, Role::Iterable).filter(|_| is_loop);
    if given.is_some_and(|g| file.model.kind(g) != Kind::Number && names_a_pause(file, g)) {
        return Pace::Unknown;
    }
    if is_told_to_wait(file, call) {
        return Pace::Unknown;
    }
    let mut pauses = pauses_in(file, again, call);
    let failing = if is_loop { failing(file, again, call) } else { None };
    // Another branch of the failure waits, and this one may be no failure: the end of a blocking read.
    let elsewhere = |p: &Pause| p.amount.is_some() && p.at > call && on_failure_path(file, again, p.at);
    let waits_elsewhere = is_loop && pauses.iter().any(elsewhere);
    pauses.retain(|p| failing.as_ref().is_none_or(|f| f.passes(file, call, p.at)));
    let Some(first) = pauses.first().copied() else {
        return if waits_elsewhere { Pace::Unknown } else { Pace::AtOnce };
    };
    let mut even: Option<(Pause, Delay)> = None;
    for pause in &pauses {
        let Some(amount) = pause.amount else { return Pace::Unknown };
        let delay = delay_of(file, amount, pause.unit, within(file, again));
        if delay.xor.is_some() || delay.grows || delay.random || delay.tiny.is_some() {
            return Pace::Changing(*pause, delay);
        }
        if delay.unknown || delay.settable && delay.fixed.is_none() {
            return if pauses.len() == 1 && !delay.unknown { Pace::Even(first, delay) } else { Pace::Unknown };
        }
        even = even.or(Some((*pause, delay)));
    }
    even.map_or(Pace::Unknown, |(pause, delay)| Pace::Even(pause, delay))
}

/// The pause that a call makes.
pub(crate) fn pause_of(file: &Analysis<'_>, call: NodeId) -> Option<Pause> {
    pause_at(file, call, call)
}

/// Whether a call may wait.
pub(crate) fn waits(file: &Analysis<'_>, call: NodeId) -> bool {
    pause_at(file, call, call).is_some()
}

/// What is repeated: the loop, or the function around a jump back.
fn within(file: &Analysis<'_>, again: NodeId) -> NodeId {
    if file.model.kind(again) == Kind::Loop { again } else { file.function_around(again).unwrap_or(again) }
}

/// Everything that may wait between two attempts, in source order.
fn pauses_in(file: &Analysis<'_>, again: NodeId, call: NodeId) -> Vec<Pause> {
    let model = file.model;
    // Before a jump back only what stands with it runs again.
    let region = if model.kind(again) == Kind::Loop { again } else { model.parent(again).unwrap_or(again) };
    let mut found = Vec::new();
    for node in model.descendants(region).take(MOST_NODES) {
        let pause = match model.kind(node) {
            Kind::Call | Kind::New if node != call => {
                // The end of a context is no pause, nor is any other case of a `select` without a length.
                pause_at(file, again, node).filter(|p| p.amount.is_some() || !is_case(file, node))
            }
            // `select` without a default, `<-timer.C`
            Kind::Switch if model.name(node) == "select" => blocks(file, node).then_some(unknown(node)),
            Kind::Unary if model.name(node) == "<-" && in_select(file, node) => {
                // A timer that is made here is a call, and found as one.
                let made = model.child(node, Role::Operand).is_some_and(|o| model.kind(o) == Kind::Call);
                timer_channel(file, node).filter(|_| !made && !is_woken(file, node))
            }
            Kind::Unary if model.name(node) == "<-" => match timer_channel(file, node) {
                Some(pause) => Some(pause),
                None => Some(unknown(node)),
            },
            Kind::Loop if model.name(node) == "each" && waits_for_items(file, node) => Some(unknown(node)),
            _ => None,
        };
        found.extend(pause);
    }
    found.sort_by_key(|p| p.amount.is_none());
    found.dedup_by_key(|p| p.at);
    // A `select` with a timer is that timer.
    let timed = found.iter().any(|p| p.amount.is_some());
    if timed {
        found.retain(|p| p.amount.is_some() || model.kind(p.at) != Kind::Switch);
    }
    found
}

fn unknown(at: NodeId) -> Pause {
    Pause { at, amount: None, unit: None }
}

fn in_select(file: &Analysis<'_>, id: NodeId) -> bool {
    file.model.role(id) == Role::Value && file.model.parent(id).is_some_and(|p| file.model.kind(p) == Kind::Case)
}

/// Another case of the `select` around, but for ends, goes on earlier.
fn is_woken(file: &Analysis<'_>, receive: NodeId) -> bool {
    const ENDS: [&str; 10] =
        ["done", "stop", "stopped", "quit", "close", "closed", "closing", "exit", "shutdown", "stopch"];
    let model = file.model;
    let Some(select) = model.enclosing(receive, Kind::Switch) else { return false };
    let wakes = |case: NodeId| {
        let value = model.child(case, Role::Value);
        let channel = value.filter(|v| !model.contains(*v, receive));
        channel.is_some_and(|v| !model.self_and_descendants(v).any(|n| has_word(model.name(n), &ENDS)))
    };
    model.children_with(select, Role::Case).any(wakes)
}

fn is_case(file: &Analysis<'_>, call: NodeId) -> bool {
    let received = file.model.parent(call).filter(|p| file.model.kind(*p) == Kind::Unary);
    received.is_some_and(|r| in_select(file, r))
}

/// A `select` that waits for something: no default, and a case beside those of timers and ends.
fn blocks(file: &Analysis<'_>, select: NodeId) -> bool {
    let model = file.model;
    model.children_with(select, Role::Case).all(|c| model.child(c, Role::Value).is_some())
}

/// `<-time.After(d)`, `<-ticker.C` after `ticker := time.NewTicker(d)`.
fn timer_channel(file: &Analysis<'_>, receive: NodeId) -> Option<Pause> {
    let model = file.model;
    let inner = model.child(receive, Role::Operand)?;
    let timer = match model.kind(inner) {
        Kind::Call => inner,
        Kind::Member => file.only_source(model.child(inner, Role::Object)?).filter(|v| model.kind(*v) == Kind::Call)?,
        _ => return None,
    };
    let pause = known_pause(file, timer)?;
    Some(Pause { at: receive, ..pause })
}

/// A loop over a channel or stream that an inner loop drains.
fn waits_for_items(file: &Analysis<'_>, each: NodeId) -> bool {
    let model = file.model;
    model.child(each, Role::Iterable).is_some_and(|i| {
        matches!(model.kind(i), Kind::Name | Kind::Member | Kind::Call)
            && has_word(
                model.name(i),
                &["chan", "ch", "stream", "events", "messages", "subscribe", "watch", "listen", "iter"],
            )
    })
}

fn known_pause(file: &Analysis<'_>, call: NodeId) -> Option<Pause> {
    let known = file.resolve(call).filter(|k| k.how != How::Name || k.api.role == ApiRole::Sleep)?;
    let meaning = match known.api.role {
        ApiRole::Sleep | ApiRole::Schedule => ArgMeaning::Amount,
        ApiRole::Await => ArgMeaning::Timeout,
        _ => return None,
    };
    let amount = file.argument(call, known, meaning);
    let spec = known.api.args.iter().find(|a| a.is == meaning);
    let by_unit = file.argument(call, known, ArgMeaning::Unit).and_then(|u| file.unit_named_by(u));
    let by_receiver = || {
        let receiver = file.model.child(call, Role::Receiver)?;
        file.unit_named_by(receiver)
    };
    Some(Pause { at: call, amount, unit: by_unit.or(spec.and_then(|s| s.unit)).or_else(by_receiver) })
}

fn pause_at(file: &Analysis<'_>, again: NodeId, call: NodeId) -> Option<Pause> {
    let model = file.model;
    let name = model.name(call);
    if let Some(pause) = known_pause(file, call) {
        return Some(pause);
    }
    let known = file.resolve(call).is_some_and(|k| k.how != How::Name);
    if has_word(name, &SLEEPING) && !known {
        let amount = model.children_with(call, Role::Arg).find(|a| model.kind(*a) != Kind::Function);
        // A helper that is told the attempt computes the pause itself, and one that speaks of chance adds it.
        let computes = is_random_name(name)
            || amount.is_some_and(|a| model.kind(a) == Kind::Name && has_word(model.name(a), &RETRY));
        let amount = amount.filter(|_| !computes);
        let constant = |a: &NodeId| matches!(model.kind(*a), Kind::Name | Kind::Member);
        let unit = model.children_with(call, Role::Arg).skip(1).filter(constant).find_map(|a| file.unit_named_by(a));
        return Some(Pause { at: call, amount, unit });
    }
    // `waitForExits()`: others end meanwhile.
    let ends = has_word(name, &["exit", "exits", "done", "closed", "shutdown", "goroutines", "threads"]);
    if is_told_to_wait(file, call)
        || !ends && has_word(name, &WAITING)
        || model.child(call, Role::Receiver).is_some_and(|r| names_a_pause(file, r))
    {
        return Some(unknown(call));
    }
    match file.callee(call) {
        // A function of this file that sleeps.
        Some(Callee::Here(function)) if !model.contains(function, again) && sleeps(file, function) => {
            Some(unknown(call))
        }
        Some(Callee::Here(_)) => None,
        _ => prepares_next(file, call).then(|| unknown(call)),
    }
}

/// `handler.prepareForNextAttempt(state)`, `policy.allowRetry(count, elapsed)`: what decides about the next attempt may wait.
fn prepares_next(file: &Analysis<'_>, call: NodeId) -> bool {
    #[rustfmt::skip]
    const TELLING: [&str; 18] = [
        "should", "can", "is", "has", "get", "set", "inc", "increment", "record", "log", "count", "add", "reset", "mark", "max",
        "clear", "on", "emit",
    ];
    let model = file.model;
    let words = words(model.name(call));
    model.child(call, Role::Receiver).is_some()
        && has_word(model.name(call), &RETRY)
        && words.first().is_some_and(|w| !TELLING.contains(&w.as_str()))
        && !is_log_call(file, call)
}

/// `ensure_connection(interval_start=…)`, `process(ctx, task, limiter)`
fn is_told_to_wait(file: &Analysis<'_>, call: NodeId) -> bool {
    let model = file.model;
    model.children_with(call, Role::Arg).any(|a| {
        matches!(model.kind(a), Kind::Argument | Kind::Name | Kind::Member)
            && has_word(model.name(a), &["interval", "backoff", "delay", "sleeper", "limiter", "throttler"])
    })
}

fn names_a_pause(file: &Analysis<'_>, receiver: NodeId) -> bool {
    has_word(
        file.model.name(receiver),
        &["backoff", "limiter", "sleeper", "waiter", "ticker", "timer", "condition", "cond", "retryer", "retrier"],
    )
}

fn sleeps(file: &Analysis<'_>, function: NodeId) -> bool {
    let model = file.model;
    file.calls_below(function).iter().any(|c| {
        file.resolve(*c).is_some_and(|r| matches!(r.api.role, ApiRole::Sleep | ApiRole::Schedule))
            || has_word(model.name(*c), &SLEEPING)
    })
}
