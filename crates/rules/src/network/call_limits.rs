//! Limits among the arguments of calls that the catalogue does not know, by names.

use crate::network::limit_names::{is_housekeeping, named_kind, unit_of_name};
use crate::network::limits::{Limit, by_name_limit, is_local_callee};
use std::cell::LazyCell;
use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::catalog::{TimeoutKind, Unit};
use timelint_semantics::{Analysis, has_word, words};

/// Calls that the catalogue does not know: a method that sets a timeout, a parameter or a constant that is called one.
pub(super) fn unknown_call_limits(file: &Analysis<'_>, id: NodeId) -> Vec<Limit> {
    let model = file.model;
    if !matches!(model.kind(id), Kind::Call | Kind::New) {
        return Vec::new();
    }
    let args: Vec<NodeId> = model.children_with(id, Role::Arg).collect();
    let callee = match model.kind(id) {
        Kind::New => model.child(id, Role::Type).map_or("", |t| model.name(t)),
        _ => model.name(id),
    };
    if args.is_empty() {
        return Vec::new();
    }
    if is_incoming(file, id) {
        return Vec::new();
    }
    // Asked last: most calls have no argument that looks like a limit.
    let fits = LazyCell::new(|| {
        !callee.to_ascii_lowercase().contains("sockopt")
            && !is_housekeeping(callee)
            && !takes_a_default(callee)
            && !is_local_callee(file, id)
            && !keeps_in_a_cache(file, id)
            && !sleeps(file, id)
            && !only_reads(callee)
            && !tells_of_a_failure(callee)
    });
    let parameters = file.parameter_names(id);
    let unit = LazyCell::new(|| args.last().and_then(|a| file.unit_named_by(*a)));
    let own_name = named_kind(callee).filter(|_| model.kind(id) == Kind::Call && is_setter(file, id, &args));
    let mut all = Vec::new();
    for (position, arg) in args.iter().enumerate() {
        let by_parameter = parameters.get(position).map(String::as_str);
        // A keyword argument's place says nothing.
        let by_parameter = by_parameter.filter(|p| model.kind(*arg) != Kind::Argument && named_kind(p).is_some());
        let by_own_name = match model.kind(*arg) {
            Kind::Name | Kind::Member if !is_code(file, *arg) => {
                Some(model.name(*arg)).filter(|n| named_kind(n).is_some())
            }
            _ => None,
        };
        let is_unit = || position > 0 && file.unit_named_by(*arg).is_some();
        let by_callee = own_name.map(|_| callee).filter(|_| !is_unit() && is_number(file, *arg));
        // `connect(limit, TimeUnit.SECONDS)`: the unit is no length.
        let length = || reaches_out(file, id, *arg, callee).filter(|_| !is_unit());
        let Some(name) = by_callee.or(by_own_name).or(by_parameter).or_else(length) else {
            continue;
        };
        if !*fits {
            return Vec::new();
        }
        // `connect() { connect(TIMEOUT) }`: the other overload makes it configurable.
        if file.function_around(id).is_some_and(|f| model.name(f) == callee) {
            continue;
        }
        let kind = named_kind(name).unwrap_or(TimeoutKind::Total);
        let unit = (*unit).or_else(|| unit_of_name(name));
        all.push(by_name_limit(file, *arg, id, name, kind, unit));
    }
    all
}

/// `(req, res) => req.setTimeout(5000)`: a client of this server may take so long.
fn is_incoming(file: &Analysis<'_>, call: NodeId) -> bool {
    let model = file.model;
    let receiver = model.child(call, Role::Receiver).filter(|r| model.kind(*r) == Kind::Name);
    let Some(receiver) = receiver.filter(|r| matches!(model.name(*r), "req" | "request" | "res" | "response")) else {
        return false;
    };
    let handler = model.ancestors(call).find(|a| {
        model.kind(*a) == Kind::Function && file.names_of_parameters(*a).iter().any(|p| p == model.name(receiver))
    });
    handler.is_some_and(|h| {
        let names = file.names_of_parameters(h);
        names.iter().any(|n| matches!(n.as_str(), "req" | "request"))
            && names.iter().any(|n| matches!(n.as_str(), "res" | "response"))
    })
}

/// `newTransport(5 * time.Second)`, `dial(addr, Duration.ofSeconds(5))`: a length of time for what reaches out by its name.
fn reaches_out<'n>(file: &Analysis<'_>, call: NodeId, arg: NodeId, callee: &'n str) -> Option<&'n str> {
    const OUT: [&str; 12] = [
        "dial",
        "connect",
        "client",
        "transport",
        "conn",
        "rpc",
        "request",
        "fetch",
        "roundtripper",
        "dialer",
        "ping",
        "probe",
    ];
    const OTHER: [&str; 16] = [
        "interval", "ttl", "expire", "period", "cache", "window", "retry", "delay", "backoff", "poll", "every", "age",
        "set", "limit", "limiter", "record",
    ];
    let has = |list: &[&str]| has_word(callee, list);
    let value = || file.value(arg);
    let fits = has(&OUT) && !has(&OTHER) && matches!(file.model.kind(arg), Kind::Binary | Kind::Member | Kind::Call);
    (fits && file.resolve(call).is_none() && value().is_constant() && value().unit == Some(Unit::Typed))
        .then_some(callee)
}

/// `await timeout(5000)`
fn sleeps(file: &Analysis<'_>, call: NodeId) -> bool {
    let model = file.model;
    model.name(call) == "timeout"
        && model.child(call, Role::Receiver).is_none()
        && model.children_with(call, Role::Arg).count() == 1
}

/// `cache.set(key, value, timeout=3600)`: how long it is kept.
pub(super) fn keeps_in_a_cache(file: &Analysis<'_>, call: NodeId) -> bool {
    let model = file.model;
    let receiver = model.child(call, Role::Receiver).map_or("", |r| model.name(r));
    has_word(receiver, &["cache", "caches"])
        && matches!(
            model.name(call),
            "set" | "set_many" | "add" | "put" | "touch" | "get_or_set" | "aset" | "aset_many" | "aadd"
        )
}

/// `settings.get(timeout)`, `log.info(timeout)`: nobody waits.
fn only_reads(callee: &str) -> bool {
    const READS: [&str; 12] =
        ["get", "has", "contains", "parse", "lookup", "log", "info", "debug", "warn", "printf", "format", "assert"];
    let words = words(callee);
    words.len() == 1 && words.first().is_some_and(|w| READS.contains(&w.as_str()))
}

/// `x.setReadTimeout(5000)`, `promise.timeout(1000)`, `withTimeout(work, 1000)`, but not `isTimeout(5)`.
fn is_setter(file: &Analysis<'_>, id: NodeId, args: &[NodeId]) -> bool {
    let model = file.model;
    let plain = model.child(id, Role::Receiver).is_none();
    let lambda_first = args.first().is_some_and(|a| model.kind(*a) == Kind::Function);
    // A timer: the callback runs when time is up.
    if matches!(model.name(id), "setTimeout" | "clearTimeout") && (plain || lambda_first) {
        return false;
    }
    let first = words(model.name(id)).into_iter().next().unwrap_or_default();
    !["is", "has", "on", "get", "check", "handle", "assert", "test", "clear", "log"].contains(&first.as_str())
}

/// `ErrorCode.EXECUTION_TIMEOUT`: one of several things that may have happened.
fn is_code(file: &Analysis<'_>, arg: NodeId) -> bool {
    let object = file.model.child(arg, Role::Object);
    object.is_some_and(|o| has_word(file.model.name(o), &["error", "errors", "code", "codes", "reason", "status"]))
}

/// `new PushException(PUSH_TIMEOUT)`, `fail(SESSION_TIMEOUT)`: the code of what happened. And `newTimeout(task, delay, unit)`
/// of a timer: what runs later.
fn tells_of_a_failure(callee: &str) -> bool {
    has_word(callee, &["exception", "error", "err", "fail", "failure", "notify", "reason", "status"])
        || callee == "newTimeout"
}

/// `getTimeoutOr(5)`, `optional(t, 5)`.
fn takes_a_default(callee: &str) -> bool {
    words(callee).iter().any(|w| {
        matches!(w.as_str(), "or" | "default" | "optional" | "coalesce" | "keepalive" | "keep" | "define" | "ensure")
    })
}

fn is_number(file: &Analysis<'_>, id: NodeId) -> bool {
    file.value(id).number.is_some()
}
