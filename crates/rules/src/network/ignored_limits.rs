//! Functions that are given a limit of time, wait, and never look at it.

use crate::network::missing_timeout::META;
use crate::network::peers::talks;
use crate::network::remote::is_near;
use crate::story::Story;
use crate::surface::is_command;
use timelint_diagnostics::{Confidence, Finding};
use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::catalog::ApiRole;
use timelint_semantics::{Analysis, How, has_word, words};

/// Nodes of one function that are looked at.
const MOST_NODES: usize = 2000;

/// A finding for each function whose limit is nobody's.
pub(crate) fn ignored_limits(file: &Analysis<'_>) -> Vec<Finding> {
    if !file.says(&["timeout"]) {
        return Vec::new();
    }
    file.tables.functions.iter().filter_map(|f| ignored(file, f.node)).collect()
}

fn ignored(file: &Analysis<'_>, function: NodeId) -> Option<Finding> {
    let model = file.model;
    let body = model.child(function, Role::Body)?;
    let parameter = model.children_with(function, Role::Param).find(|p| is_limit(parameter_name(file, *p)))?;
    if is_a_pretence(file, function) || is_read(file, parameter, body) {
        return None;
    }
    let own = |n: &NodeId| model.kind(*n) == Kind::Call && file.function_around(*n) == Some(function);
    let wait = model.descendants(body).take(MOST_NODES).filter(own).find(|c| waits(file, function, *c))?;
    // A limit that does not come from the caller is one.
    let limits = |n: NodeId| file.resolve(n).is_some_and(|k| k.how != How::Name && k.api.role == ApiRole::TimeoutSet);
    if is_near(file, wait) || model.descendants(body).take(MOST_NODES).filter(own).any(limits) {
        return None;
    }
    let name = parameter_name(file, parameter);
    let message = format!("`{}` waits, and never looks at its `{name}`", model.name(function));
    let confidence = if is_command(file) { Confidence::Low } else { Confidence::Medium };
    let story = Story::new(&META, file, wait, message).confidence(confidence);
    let story = story
        .why(
            "whoever calls it relies on getting the thread back when the time is over: a lost answer keeps it for ever, with its \
             locks and connections",
        )
        .help(format!("hand `{name}` to what it waits for, and say by an error or a result that time was up"))
        .step(file.location(parameter), "the limit that the caller gives")
        .step(file.location(wait), "waits, and knows nothing of it");
    Some(story.tell())
}

fn parameter_name<'f>(file: &'f Analysis<'_>, parameter: NodeId) -> &'f str {
    let model = file.model;
    model.child(parameter, Role::Target).map_or(model.name(parameter), |t| model.name(t))
}

/// `timeout`, `timeoutMillis`, `timeout_ms`: a length of time, and not what happens at its end.
fn is_limit(name: &str) -> bool {
    const UNITS: [&str; 12] = [
        "timeout",
        "ms",
        "millis",
        "milliseconds",
        "millisecond",
        "seconds",
        "secs",
        "sec",
        "s",
        "in",
        "nanos",
        "duration",
    ];
    let words = words(name);
    words.iter().any(|w| w == "timeout") && words.iter().all(|w| UNITS.contains(&w.as_str()))
}

/// What stands in for a real one: it has nothing to wait for.
fn is_a_pretence(file: &Analysis<'_>, function: NodeId) -> bool {
    const PRETENDS: [&str; 14] = [
        "mock",
        "fake",
        "stub",
        "noop",
        "nop",
        "null",
        "dummy",
        "test",
        "tests",
        "immediate",
        "completed",
        "empty",
        "local",
        "memory",
    ];
    let model = file.model;
    let mut outer = model.self_and_ancestors(function);
    outer.any(|a| matches!(model.kind(a), Kind::Class | Kind::Function) && has_word(model.name(a), &PRETENDS))
}

/// It is read for more than to refuse a wrong one: `if (timeout < 0) throw ..`.
fn is_read(file: &Analysis<'_>, parameter: NodeId, body: NodeId) -> bool {
    let model = file.model;
    let name = parameter_name(file, parameter);
    let says = |n: &NodeId| match model.kind(*n) {
        Kind::Name | Kind::Entry | Kind::Member | Kind::Argument => model.name(*n) == name,
        // What the queries do not know may read anything.
        Kind::Opaque => true,
        _ => false,
    };
    let refuses = |n: NodeId| {
        let test = model.ancestors(n).find(|a| model.kind(*a) == Kind::If);
        test.is_some_and(|t| {
            let asked = model.child(t, Role::Condition).is_some_and(|c| {
                // `if (timeout < elapsed) throw ..` looks at it.
                let mut parts =
                    model.self_and_descendants(c).filter(|p| matches!(model.kind(*p), Kind::Name | Kind::Call));
                (model.contains(c, n) || c == n) && parts.all(|p| model.name(p) == name || file.value(p).is_constant())
            });
            let then = model.child(t, Role::Then);
            asked && then.is_some_and(|b| model.self_and_descendants(b).take(64).any(|d| model.kind(d) == Kind::Throw))
        })
    };
    model.descendants(body).filter(says).any(|n| !refuses(n))
}

/// A bare wait, the same function without its limit, or a call of another machine.
fn waits(file: &Analysis<'_>, function: NodeId, call: NodeId) -> bool {
    let model = file.model;
    let own = |receiver: NodeId| file.tables.is_this(model, receiver);
    let bare = model.child(call, Role::Arg).is_none();
    let known = file.resolve(call).filter(|k| k.how != How::Name);
    match known.map(|k| k.api.role) {
        Some(ApiRole::Await) => known.is_some_and(|k| k.api.waits_for_ever()) && bare,
        Some(ApiRole::RemoteCall) => known.is_some_and(|k| k.api.waits_for_ever()),
        Some(_) => false,
        // `get(timeout, unit) { return get(); }`, but not a getter of something that is there.
        None if model.name(call) == model.name(function) && model.child(call, Role::Receiver).is_none_or(own) => {
            bare && waits_itself(file, call)
        }
        None => asks(file, function, call),
    }
}

/// The other overload is seen to wait for something.
fn waits_itself(file: &Analysis<'_>, call: NodeId) -> bool {
    const WAITS: [&str; 6] = ["await", "get", "join", "take", "acquire", "wait"];
    let model = file.model;
    let named = |f: &NodeId| {
        model.name(*f) == model.name(call)
            && model.child(*f, Role::Param).is_none()
            && file.tables.class_around(model, *f) == file.tables.class_around(model, call)
    };
    let waiting = |n: NodeId| {
        model.kind(n) == Kind::Call
            && words(model.name(n)).first().is_some_and(|w| WAITS.contains(&w.as_str()))
            && model.child(n, Role::Receiver).is_some_and(|r| !file.tables.is_this(model, r))
            && model.child(n, Role::Arg).is_none()
    };
    let other = file.tables.functions.iter().map(|f| f.node).find(named);
    other.is_some_and(|f| model.descendants(f).take(MOST_NODES).any(waiting))
}

/// `isValid(timeout) { client.execute(PING) }`: asks whether the other side is there.
fn asks(file: &Analysis<'_>, function: NodeId, call: NodeId) -> bool {
    const ASKS: [&str; 6] = ["execute", "ping", "send", "request", "call", "query"];
    const PROBES: [&str; 8] = ["valid", "alive", "ping", "reachable", "connect", "validate", "connection", "available"];
    let model = file.model;
    let probes = has_word(model.name(function), &PROBES);
    let asks = words(model.name(call)).first().is_some_and(|w| ASKS.contains(&w.as_str()));
    probes && asks && talks(file, call)
}
