//! Renewals that are tried again and again while the work goes on, whatever became of the last one.

use crate::pause::dropped_renewal::is_claim_renewal;
use crate::pause::lease_not_renewed::{Kind as Lapsed, Lapse};
use crate::pause::renewal_timing::timers_of;
use crate::shown::{is_log_call, is_shown_call};
use timelint_diagnostics::Confidence;
use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::catalog::ApiRole;
use timelint_semantics::{Analysis, How, Origins, has_word};

/// Words of a call that does something about a claim that is lost.
const ENDS: [&str; 17] = [
    "stop",
    "lost",
    "loss",
    "lose",
    "abort",
    "exit",
    "shutdown",
    "resign",
    "revoke",
    "revoked",
    "demote",
    "step",
    "fatal",
    "kill",
    "cancel",
    "interrupt",
    "panic",
];
/// Words of a call that lets time pass.
const WAITS: [&str; 5] = ["sleep", "wait", "delay", "backoff", "pause"];
/// Words of values that say how long a claim lasts.
const TERMS: [&str; 12] = [
    "deadline",
    "since",
    "elapsed",
    "expired",
    "expires",
    "expiry",
    "expiration",
    "until",
    "remaining",
    "last",
    "valid",
    "age",
];

/// Renewals in a loop that waits between two of them, whose failure is shown, counted or slept over, and nothing else.
pub(crate) fn unheeded_renewals(file: &Analysis<'_>) -> Vec<Lapse> {
    let calls = file.tables.calls.iter().copied().filter(|c| is_claim_renewal(file, *c));
    calls.filter_map(|c| unheeded(file, c)).collect()
}

fn unheeded(file: &Analysis<'_>, renewal: NodeId) -> Option<Lapse> {
    let model = file.model;
    // Who does not hold the claim yet may try for ever.
    let tries =
        |f: NodeId| has_word(file.function_name(f), &["gain", "acquire", "obtain", "become", "campaign", "elect"]);
    let function = file.function_around(renewal).filter(|f| !tries(*f))?;
    let round = rounds(file, renewal, function)?;
    let (handler, failure) = handler_of(file, renewal, function)?;
    if !leads_nowhere(file, handler) || answers_elsewhere(file, function, round, handler) {
        return None;
    }
    Some(Lapse {
        at: renewal,
        kind: Lapsed::Unheeded,
        steps: vec![
            (renewal, "the claim is renewed"),
            (failure, "a failure ends here"),
            (round, "and this tries again, however long ago the last success was"),
        ],
        confidence: Confidence::Medium,
        evidence: format!("nothing looks at when `{}` last succeeded", model.name(renewal)),
        advice: None,
    })
}

/// The loop of the function that comes back to a renewal after a wait, or the timer that runs it.
fn rounds(file: &Analysis<'_>, renewal: NodeId, function: NodeId) -> Option<NodeId> {
    let model = file.model;
    if model.role(function) == Role::Arg && file.is_timed(renewal) {
        return model.parent(function);
    }
    // A method that a timer runs.
    if let Some(timer) = timers_of(file, function).next() {
        return Some(timer);
    }
    let waits = |c: &NodeId| match file.resolve(*c) {
        Some(known) if known.how != How::Name => matches!(known.api.role, ApiRole::Sleep | ApiRole::Schedule),
        _ => has_word(model.name(*c), &WAITS),
    };
    // A case of a `select` that receives from a ticker or timer.
    let ticks = |n: &NodeId| {
        model.kind(*n) == Kind::Case
            && model.child(*n, Role::Value).is_some_and(|v| {
                model.self_and_descendants(v).any(|d| has_word(model.name(d), &["ticker", "timer", "tick", "after"]))
            })
    };
    let loops = model.ancestors(renewal).take_while(|a| *a > function).filter(|a| model.kind(*a) == Kind::Loop);
    loops.into_iter().find(|l| {
        model.name(*l) != "each"
            && (file.tables.calls.iter().filter(|c| model.contains(*l, **c)).any(&waits)
                || model.descendants(*l).any(|n| ticks(&n)))
            || model.child(*l, Role::Iterable).is_some_and(|i| ticks_in(file, i))
    })
}

fn ticks_in(file: &Analysis<'_>, iterable: NodeId) -> bool {
    file.model.self_and_descendants(iterable).any(|n| has_word(file.model.name(n), &["ticker", "tick", "ticks"]))
}

/// What runs when the renewal fails: a handler around it, or the branch for its error or its "no".
fn handler_of(file: &Analysis<'_>, renewal: NodeId, function: NodeId) -> Option<(NodeId, NodeId)> {
    let model = file.model;
    let around = model.ancestors(renewal).take_while(|a| *a > function);
    for ancestor in around {
        // `extendLock().catch((e) => log(e))`
        if model.kind(ancestor) == Kind::Call && model.name(ancestor) == "catch" {
            let handler = model.child(ancestor, Role::Arg).filter(|h| model.kind(*h) == Kind::Function)?;
            return Some((model.child(handler, Role::Body)?, handler));
        }
        match model.kind(ancestor) {
            Kind::If if model.child(ancestor, Role::Condition).is_some_and(|c| model.contains(c, renewal)) => {
                return failing_branch(file, ancestor, renewal);
            }
            Kind::Let | Kind::Assign => {
                let names: Vec<_> = model.children_with(ancestor, Role::Target).map(|t| model.sym(t)).collect();
                // `if err := renew(); err != nil`, or the statement behind.
                let own = model.parent(ancestor).filter(|p| model.kind(*p) == Kind::If);
                let next = || {
                    let block = model.parent(ancestor)?;
                    model.children(block).find(|s| *s > ancestor)
                };
                let branch = own.or_else(next).filter(|b| model.kind(*b) == Kind::If)?;
                let condition = model.child(branch, Role::Condition)?;
                let speaks = model.self_and_descendants(condition).any(|n| names.contains(&model.sym(n)));
                return speaks.then(|| failing_branch(file, branch, condition)).flatten();
            }
            Kind::Try => {
                let body = model.child(ancestor, Role::Body).filter(|b| model.contains(*b, renewal))?;
                // What is interrupted has not failed.
                let interrupted = |c: &NodeId| {
                    let mut types = model.children_with(*c, Role::Type);
                    types.any(|t| has_word(model.name(t), &["interrupted", "cancelled"]))
                };
                let mut handlers = model.children(ancestor).filter(|c| model.kind(*c) == Kind::Catch);
                let handler = handlers.find(|c| !interrupted(c))?;
                // Handlers of a long body are about all of it.
                return (model.children(body).count() <= 3)
                    .then(|| Some((model.child(handler, Role::Body)?, handler)))
                    .flatten();
            }
            _ => {}
        }
    }
    None
}

/// The branch of an `if` in which the renewal has failed: there is an error, or the answer is no.
fn failing_branch(file: &Analysis<'_>, branch: NodeId, about: NodeId) -> Option<(NodeId, NodeId)> {
    let model = file.model;
    let condition = model.child(branch, Role::Condition)?;
    let then = model.child(branch, Role::Then)?;
    let error =
        |n: NodeId| matches!(model.kind(n), Kind::Name) && has_word(model.name(n), &["err", "error", "e", "ex"]);
    let fails = match (model.kind(condition), model.name(condition)) {
        (Kind::Unary, "!") => true,
        (Kind::Binary, "!=") => model.children_with(condition, Role::Operand).any(error),
        (Kind::Binary, "==") => {
            let no = |n: NodeId| matches!(model.name(n).to_ascii_lowercase().as_str(), "false" | "0");
            model.children_with(condition, Role::Operand).any(no)
        }
        (Kind::Name, _) => error(condition),
        _ => false,
    };
    // What else is done when it succeeded may be what others look at.
    (fails && model.contains(condition, about) && model.child(branch, Role::Else).is_none()).then_some((then, then))
}

/// Log lines, counters and pauses; leaving only after so many failures, or because the whole is over.
fn leads_nowhere(file: &Analysis<'_>, block: NodeId) -> bool {
    let model = file.model;
    let told = |n: NodeId| model.kind(n) == Kind::Call && is_log_call(file, n);
    let idle = |s: NodeId| match model.kind(s) {
        Kind::Call | Kind::Await => {
            let call = if model.kind(s) == Kind::Await { model.child(s, Role::Value).unwrap_or(s) } else { s };
            is_shown_call(file, call) || is_log_call(file, call) || pauses(file, call)
        }
        Kind::Assign => is_count(file, s),
        Kind::Continue | Kind::Let => true,
        // It leaves the `select`, and not the loop around it.
        Kind::Break => leaves_select(file, s),
        Kind::If => excuses(file, s),
        _ => false,
    };
    let statements: Vec<NodeId> =
        if model.kind(block) == Kind::Block { model.children(block).collect() } else { vec![block] };
    statements.iter().any(|s| model.self_and_descendants(*s).any(told)) && statements.into_iter().all(idle)
}

/// A `break` without a label inside a `select`.
fn leaves_select(file: &Analysis<'_>, exit: NodeId) -> bool {
    let model = file.model;
    let around = model.ancestors(exit).find(|a| matches!(model.kind(*a), Kind::Loop | Kind::Switch | Kind::Function));
    let labelled = file.text(exit).split_whitespace().nth(1).is_some_and(|label| label != ";");
    !labelled && around.is_some_and(|a| model.kind(a) == Kind::Switch)
}

fn pauses(file: &Analysis<'_>, call: NodeId) -> bool {
    file.resolve(call).is_some_and(|k| k.api.role == ApiRole::Sleep) || has_word(file.model.name(call), &WAITS)
}

/// `failures++`, `delay *= 2`
fn is_count(file: &Analysis<'_>, assignment: NodeId) -> bool {
    let name = file.model.name(assignment);
    matches!(name, "++" | "+=" | "*=")
}

/// `if cancelled { return }`, `if failures >= 5 { return }`: an end that has nothing to do with the lease.
fn excuses(file: &Analysis<'_>, branch: NodeId) -> bool {
    const OVER: [&str; 14] = [
        "canceled",
        "cancelled",
        "cancel",
        "interrupted",
        "closed",
        "closing",
        "stopped",
        "stopping",
        "shutdown",
        "errors",
        "failures",
        "attempts",
        "retries",
        "done",
    ];
    const OVER_PARTS: [&str; 2] = ["num", "count"];
    let model = file.model;
    let about = |n: NodeId| has_word(model.name(n), &OVER) || has_word(model.name(n), &OVER_PARTS);
    model.child(branch, Role::Condition).is_some_and(|c| model.self_and_descendants(c).any(about))
        && !model.descendants(branch).any(|n| {
            model.kind(n) == Kind::Call
                && has_word(model.name(n), &ENDS)
                && n > branch
                && !is_in_condition(file, n, branch)
        })
}

fn is_in_condition(file: &Analysis<'_>, id: NodeId, branch: NodeId) -> bool {
    file.model.child(branch, Role::Condition).is_some_and(|c| file.model.contains(c, id))
}

/// Elsewhere in the loop somebody is told, a clock is looked at, or a success is noted for others.
fn answers_elsewhere(file: &Analysis<'_>, function: NodeId, round: NodeId, handler: NodeId) -> bool {
    let model = file.model;
    let outside = |n: &NodeId| !model.contains(handler, *n) && !file.is_cleanup(*n);
    let on_timer = |c: NodeId| {
        let receiver = model.child(c, Role::Receiver);
        receiver.is_some_and(|r| has_word(model.name(r), &["timer", "ticker", "watch", "stopwatch"]))
    };
    let tells = model.descendants(round).filter(outside).any(|n| match model.kind(n) {
        Kind::Call => has_word(model.name(n), &ENDS) && !on_timer(n),
        Kind::Assign if model.name(n) == "<-" => true,
        Kind::Assign => model.children_with(n, Role::Value).any(|v| file.value(v).origins.any(Origins::CLOCKS)),
        _ => false,
    });
    tells
        || model.descendants(function).any(|n| {
            model.role(n) == Role::Condition
                && model.self_and_descendants(n).any(|d| {
                    matches!(model.kind(d), Kind::Name | Kind::Member | Kind::Call) && has_word(model.name(d), &TERMS)
                })
        })
}
