//! `timeout-swallowed`: a call that did not answer in time is taken as one that did nothing, or as one that worked.

use crate::Rule;
use crate::network::outcome::is_error_name;
use crate::network::remote::{Remote, call_evidence, is_ending};
use crate::story::Story;
use crate::surface::quiet_in_tools;
use timelint_diagnostics::{Confidence, Family, Finding, RuleMeta, Severity};
use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::catalog::ApiRole;
use timelint_semantics::{Analysis, How, has_word, words};

/// See the module.
pub(crate) struct TimeoutSwallowed;

static META: RuleMeta = RuleMeta {
    id: "timeout-swallowed",
    aliases: &[],
    family: Family::Network,
    mechanism: "a timeout leaves open whether the request was carried out",
    severity: Severity::Warning,
    summary: "a timeout is taken as proof that something did not happen, or that it did",
    page: include_str!("timeout_swallowed.md"),
};

/// Names of failures that leave open what happened.
#[rustfmt::skip]
const TIMEOUTS: [&str; 12] = [
    "timeout", "timeouts", "timeoutexception", "timeouterror", "deadline", "deadlineexceeded", "etimedout", "econnaborted",
    "readtimeout", "connecttimeout", "timedout", "sockettimeoutexception",
];

/// Words of calls that change something on the other side.
#[rustfmt::skip]
const CHANGING: [&str; 26] = [
    "write", "put", "post", "send", "publish", "save", "store", "insert", "update", "delete", "remove", "commit", "submit", "create",
    "charge", "pay", "transfer", "append", "acquire", "release", "set", "register", "execute", "apply", "propose", "unlock",
];

/// Words of entries that say that the outcome is not known, or why.
const REASONS: [&str; 8] = ["timeout", "timedout", "timed", "unknown", "error", "retry", "retryable", "pending"];

/// Words of functions for which it does not matter.
#[rustfmt::skip]
const BEST_EFFORT: [&str; 17] = [
    "emit",
    "metric", "metrics", "log", "report", "telemetry", "analytics", "ping", "probe", "health", "check", "poll", "wait", "notify",
    "heartbeat", "test", "try",
];

/// Nodes of one function that are looked at.
const MOST_NODES: usize = 2000;

impl Rule for TimeoutSwallowed {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check(&self, file: &Analysis<'_>, out: &mut Vec<Finding>) {
        let from = out.len();
        for id in file.model.ids() {
            out.extend(match file.model.kind(id) {
                Kind::Catch => in_handler(file, id),
                Kind::If => in_test(file, id).or_else(|| of_dropped_error(file, id)),
                _ => None,
            });
        }
        quiet_in_tools(file, &mut out[from..]);
    }
}

/// `catch (TimeoutException e) { return false; }` around a write.
fn in_handler(file: &Analysis<'_>, handler: NodeId) -> Option<Finding> {
    let model = file.model;
    let mut types = model.children_with(handler, Role::Type);
    let timeout = types
        .find(|t| has_word(model.name(*t), &TIMEOUTS) || model.name(*t).to_ascii_lowercase().contains("timeout"))?;
    let tried = model.parent(handler).and_then(|t| model.child(t, Role::Body))?;
    let call = changing_call(file, tried)?;
    let body = model.child(handler, Role::Body)?;
    let end = settled(file, body)?;
    Some(tell(file, call, timeout, end))
}

/// `if errors.Is(err, context.DeadlineExceeded) { return nil }`, `if (err.code === 'ETIMEDOUT') return true`.
fn in_test(file: &Analysis<'_>, test: NodeId) -> Option<Finding> {
    let model = file.model;
    let condition = model.child(test, Role::Condition)?;
    let named = |n: NodeId| {
        matches!(model.kind(n), Kind::Name | Kind::Member | Kind::String | Kind::Call)
            && (words(model.name(n)).windows(2).any(|w| w[0] == "timed" && w[1] == "out")
                || has_word(model.name(n), &TIMEOUTS)
                || has_word(model.name(n), &["ETIMEDOUT", "ECONNABORTED"]))
    };
    let timeout = model.self_and_descendants(condition).take(64).find(|n| named(*n))?;
    let error = |n: NodeId| matches!(model.kind(n), Kind::Name) && is_error_name(model.name(n));
    let failed = model.self_and_descendants(condition).take(64).find(|n| error(*n))?;
    let negated = model.kind(condition) == Kind::Unary || model.name(condition) == "!=";
    let body = model.child(test, Role::Then).filter(|_| !negated)?;
    let end = settled(file, body)?;
    let stores = file.stores_of(failed).iter().filter(|s| s.at < test);
    let source = stores.filter_map(|s| s.value).next_back();
    let call = if let Some(value) = source {
        changing_call(file, value)?
    } else {
        // The error of a handler around it.
        let handler = model.enclosing(test, Kind::Catch)?;
        let tried = model.parent(handler).and_then(|t| model.child(t, Role::Body))?;
        changing_call(file, tried)?
    };
    Some(tell(file, call, timeout, end))
}

/// `current, _ := read(ctx); if current != own { return nil }`: the answer that failed to come decides.
fn of_dropped_error(file: &Analysis<'_>, test: NodeId) -> Option<Finding> {
    let model = file.model;
    let condition = model.child(test, Role::Condition).filter(|c| matches!(model.name(*c), "!=" | "==" | "!"))?;
    let body = model.child(test, Role::Then)?;
    // `return nil, ErrForbidden` is none.
    let null = |r: NodeId| model.children_with(r, Role::Value).all(|v| model.kind(v) == Kind::Null);
    let returns = |n: &NodeId| model.kind(*n) == Kind::Return && model.child(*n, Role::Value).is_some();
    let success = model.descendants(body).find(|n| returns(n) && null(*n))?;
    let name = model.self_and_descendants(condition).find(|n| model.kind(*n) == Kind::Name)?;
    let statement = file.stores_of(name).iter().map(|s| s.at).rfind(|at| *at < test)?;
    let targets: Vec<NodeId> = model.children_with(statement, Role::Target).collect();
    let [_, dropped] = targets[..] else { return None };
    // `err, _ := run(f)`
    if model.name(dropped) != "_" || is_error_name(model.name(name)) || model.parent(statement) != model.parent(test) {
        return None;
    }
    let call = model.child(statement, Role::Value).filter(|v| model.kind(*v) == Kind::Call)?;
    let context = model.children_with(call, Role::Arg).any(|a| has_word(model.name(a), &["ctx", "context"]));
    if !context && call_evidence(file, call) < Remote::Known {
        return None;
    }
    let message = format!("whether `{}` got an answer is not looked at, and its answer decides", file.short(call));
    let story = Story::new(&META, file, call, message).why(WHY).help(HELP).confidence(Confidence::Medium);
    let story = story
        .step(file.location(dropped), "the error is dropped")
        .step(file.location(condition), "no answer looks like this one");
    Some(story.step(file.location(success), "and counts as success").tell())
}

/// A call of another machine that changes something, where it is the point of the code.
fn changing_call(file: &Analysis<'_>, within: NodeId) -> Option<NodeId> {
    let model = file.model;
    let function = file.function_around(within)?;
    let tries = is_ending(model.name(function)) || has_word(model.name(function), &BEST_EFFORT);
    if file.is_silent(&META, within, "the function around it only tries, or ends things", tries) {
        return None;
    }
    let calls = model.self_and_descendants(within).take(MOST_NODES).filter(|n| model.kind(*n) == Kind::Call);
    let changes = |c: &NodeId| {
        let name = model.name(*c);
        let first = words(name);
        let changing = first.first().is_some_and(|w| CHANGING.contains(&w.as_str()));
        let written = file.write_at(*c, 0).is_some_and(|w| w.how != How::Name && w.fence.is_none());
        !is_ending(name) && (written || changing && call_evidence(file, *c) >= Remote::Named)
    };
    calls.into_iter().find(changes)
}

/// The handler returns something definite, as if the outcome was known, or does nothing at all.
fn settled(file: &Analysis<'_>, body: NodeId) -> Option<NodeId> {
    let model = file.model;
    let uncertain = |n: NodeId| {
        model.kind(n) == Kind::Throw
            || matches!(model.kind(n), Kind::Continue | Kind::Break | Kind::Assign)
            || matches!(model.kind(n), Kind::Call)
                && has_word(
                    model.name(n),
                    &[
                        "unknown", "check", "verify", "confirm", "retry", "fail", "failed", "reject", "raise", "abort",
                        "error", "mark", "schedule", "requeue", "close",
                    ],
                )
                && file.resolve(n).is_none_or(|k| k.api.role != ApiRole::Log)
    };
    let told = model.descendants(body).take(MOST_NODES).any(uncertain);
    if file.is_silent(&META, body, "it lets the failure be known, asks again or goes on", told) {
        return None;
    }
    let definite = |v: NodeId| match model.kind(v) {
        Kind::Boolean | Kind::Null => true,
        Kind::List => model.children(v).next().is_none(),
        // `{ created: false }`, and no word of why.
        Kind::Record => model.children(v).all(|e| {
            let value = model.child(e, Role::Value).filter(|_| model.kind(e) == Kind::Entry);
            value.is_some_and(|v| model.kind(v) == Kind::Boolean) && !has_word(model.name(e), &REASONS)
        }),
        _ => false,
    };
    let mut returns = model.descendants(body).filter(|n| model.kind(*n) == Kind::Return);
    let returned = returns.find(|r| {
        let values: Vec<NodeId> = model.children_with(*r, Role::Value).collect();
        values.is_empty() || values.iter().all(|v| definite(*v))
    });
    returned.or_else(|| model.children(body).next().is_none().then_some(body))
}

fn tell(file: &Analysis<'_>, call: NodeId, timeout: NodeId, end: NodeId) -> Finding {
    let model = file.model;
    let empty = model.kind(end) != Kind::Return;
    let what = if empty { "is passed over".to_owned() } else { format!("becomes `{}`", file.short(end)) };
    let message = format!("a timeout of `{}` {what}, as if the outcome was known", file.short(call));
    let confidence = if file.in_loop(end).is_some() { Confidence::Low } else { Confidence::Medium };
    let story = Story::new(&META, file, timeout, message).why(WHY).help(HELP).confidence(confidence);
    let story = story.step(file.location(call), "may or may not have been carried out");
    story.step(file.location(end), "the caller is told something definite").tell()
}

const WHY: &str = "no answer in time does not mean that nothing happened: the write may have been made, or may be made later; who is \
                   told \"no\" does it again or gives up what he holds, who is told \"yes\" goes on without it";

const HELP: &str = "let the failure through as one of unknown outcome, or ask for the state before answering; repeat only what carries \
                    a key by which the other side knows it";
