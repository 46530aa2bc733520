//! Limits that readings of clocks are compared with, and those that are added to one.

use crate::network::limits::Limit;
use crate::network::remote::{Remote, is_remote_name};
use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::catalog::{ApiRole, TimeoutKind, Unit};
use timelint_semantics::{Analysis, How, Origins, Shape, has_word, words};

/// The constant that is added to a reading of a clock.
pub(super) fn added_constant(file: &Analysis<'_>, id: NodeId) -> Option<NodeId> {
    let amount = amount_added(file, id)?;
    let value = file.value(id);
    (value.shape == Shape::Instant && value.origins.any(Origins::CLOCKS)).then_some(amount)
}

/// The constant operand of an addition.
fn amount_added(file: &Analysis<'_>, id: NodeId) -> Option<NodeId> {
    let model = file.model;
    // `new Date(Date.now() + LIMIT)`
    if let (Kind::New, Some(inner)) = (model.kind(id), model.child(id, Role::Arg))
        && model.children_with(id, Role::Arg).count() == 1
        && file.resolve(id).is_some_and(|r| r.api.role == ApiRole::TimeConvert)
    {
        return amount_added(file, inner);
    }
    let mut parts = match model.kind(id) {
        Kind::Binary if model.name(id) == "+" => model.children_with(id, Role::Operand).collect::<Vec<_>>(),
        Kind::Call if file.resolve(id).is_some_and(|r| r.api.role == ApiRole::TimeAdd) => {
            vec![model.child(id, Role::Arg)?]
        }
        _ => return None,
    };
    // `now + limit + 1`: the constant is not the limit.
    let more = |p: &NodeId| {
        let origins = file.value(*p).origins;
        !origins.without(Origins::CLOCKS.and(Origins::CONSTANT)).is_empty() && origins.any(Origins::CLOCKS)
    };
    if parts.iter().any(more) {
        return None;
    }
    // `seen + limit + 1000`: what is unknown may be the limit.
    let sum = |p: &NodeId| model.kind(*p) == Kind::Binary && model.name(*p).split(' ').all(|op| op == "+");
    let terms = parts.iter().flat_map(|p| {
        let inner = model.children_with(*p, Role::Operand).filter(|_| sum(p));
        inner.chain((!sum(p)).then_some(*p)).collect::<Vec<_>>()
    });
    parts = terms.collect();
    if parts.iter().filter(|p| !file.value(**p).is_constant()).count() > 1 {
        return None;
    }
    parts.retain(|p| file.value(*p).is_constant());
    // `seen + LIMIT + 1000`: the slack is not the limit.
    let number = |p: &NodeId| file.value(*p).number.unwrap_or_default();
    parts.into_iter().reduce(|most, p| if number(&p) > number(&most) { p } else { most })
}

/// `now - lastHeartbeat > LIMIT`, `now.isBefore(seen.plus(LIMIT))`: a failure detector made by hand.
pub(super) fn compared_limit(file: &Analysis<'_>, id: NodeId) -> Option<Limit> {
    let model = file.model;
    let sides: Vec<NodeId> = match model.kind(id) {
        Kind::Binary if model.name(id).split(' ').all(|op| matches!(op, "<" | ">" | "<=" | ">=")) => {
            model.children_with(id, Role::Operand).collect()
        }
        Kind::Call if file.resolve(id).is_some_and(|r| r.api.role == ApiRole::TimeCompare) => {
            model.child(id, Role::Receiver).into_iter().chain(model.child(id, Role::Arg)).collect()
        }
        _ => return None,
    };
    let [left, right] = sides[..] else { return None };
    let (length, unit) = compared_constant(file, left, right)?;
    let function = file.function_around(id).map_or("", |f| model.name(f));
    let mut names = vec![function];
    names.extend(model.self_and_descendants(id).map(|n| model.name(n)).filter(|n| !n.is_empty()));
    let all: Vec<String> = names.iter().flat_map(|n| words(n)).collect();
    let has = |list: &[&str]| all.iter().any(|w| list.contains(&w.as_str()));
    let detects =
        has(&["heartbeat", "heartbeats", "beat", "alive", "dead", "liveness", "suspect", "keepalive", "ping", "pong"])
            || (has(&["last"]) && has(&["seen", "contact", "heard"]));
    let has_name = matches!(model.kind(length), Kind::Name | Kind::Member);
    let own = if has_name { model.name(length) } else { function };
    if words(own).iter().any(|w| matches!(w.as_str(), "interval" | "period" | "frequency" | "every" | "rate" | "delay"))
    {
        return None;
    }
    let mut classes = model.ancestors(id).filter(|a| model.kind(*a) == Kind::Class);
    let times_out = has_name
        && words(own).iter().any(|w| w == "timeout")
        && (is_remote_name(own) || classes.any(|c| is_remote_name(model.name(c))));
    if !(detects || times_out) || has(&["log", "warn", "print", "report", "cache", "cached"]) {
        return None;
    }
    if detects && (beats_itself(file, id) || only_tells(file, id)) {
        return None;
    }
    let kind = if detects { TimeoutKind::Heartbeat } else { TimeoutKind::Total };
    let (name, remote) = (own.to_owned(), Remote::Named);
    Some(Limit { length, site: id, name, kind, unit, infinite: Vec::new(), how: How::Name, remote })
}

/// `if now - lastHeartbeat > PERIOD: sendHeartbeat()`, `lock.reacquire()`: how often a sign of life is given or asked for.
fn beats_itself(file: &Analysis<'_>, comparison: NodeId) -> bool {
    const BEATS: [&str; 5] = ["heartbeat", "heartbeats", "ping", "keepalive", "beat"];
    const GIVES: [&str; 7] = ["send", "emit", "write", "publish", "heartbeat", "ping", "beat"];
    const RENEWS: [&str; 6] = ["reacquire", "renew", "extend", "refresh", "prolong", "touch"];
    let model = file.model;
    let gives = |c: NodeId| {
        let first = words(model.name(c)).into_iter().next().unwrap_or_default();
        has_word(model.name(c), &BEATS) && GIVES.contains(&first.as_str()) || RENEWS.contains(&first.as_str())
    };
    // `keepaliveId = ++nextKeepaliveId`: the next sign of life gets its number.
    let next = |n: NodeId| has_word(model.name(n), &BEATS) && has_word(model.name(n), &["next"]);
    branch_of(file, comparison)
        .is_some_and(|t| model.descendants(t).take(64).any(|c| model.kind(c) == Kind::Call && gives(c) || next(c)))
}

/// The branch that is taken where a comparison holds.
fn branch_of(file: &Analysis<'_>, comparison: NodeId) -> Option<NodeId> {
    let model = file.model;
    let test = model.ancestors(comparison).find(|a| matches!(model.kind(*a), Kind::If | Kind::Function));
    test.filter(|t| model.kind(*t) == Kind::If).and_then(|t| model.child(t, Role::Then))
}

/// Nothing follows from it but a line in a log.
fn only_tells(file: &Analysis<'_>, comparison: NodeId) -> bool {
    const TELLS: [&str; 9] = ["log", "logger", "warn", "warning", "warnf", "warnln", "debug", "info", "logrus"];
    let model = file.model;
    let Some(branch) = branch_of(file, comparison) else { return false };
    let tells = |c: NodeId| {
        let links = std::iter::successors(Some(c), |n| {
            model.child(*n, Role::Receiver).or_else(|| model.child(*n, Role::Object))
        });
        file.resolve(c).is_some_and(|k| k.api.role == ApiRole::Log)
            || links.take(16).any(|n| words(model.name(n)).iter().any(|w| TELLS.contains(&w.as_str())))
    };
    let statements = || model.children(branch);
    statements().next().is_some()
        && statements().all(|s| {
            let made = model.kind(s) == Kind::Let;
            let call = model.self_and_descendants(s).find(|n| model.kind(*n) == Kind::Call);
            let ends =
                matches!(model.kind(s), Kind::Return | Kind::Throw | Kind::Break | Kind::Continue | Kind::Assign);
            made || !ends && call.is_some_and(&tells)
        })
}

/// `query("last_seen", ">=", now - PING_TIMEOUT)`: how long a member may be silent, in a question to a store.
pub(super) fn silence_asked_for(file: &Analysis<'_>, id: NodeId) -> Option<Limit> {
    let model = file.model;
    let handed = || model.ancestors(id).take(6).any(|a| matches!(model.kind(a), Kind::Call | Kind::New | Kind::Entry));
    if model.name(id) != "-" || !handed() {
        return None;
    }
    let sides: Vec<NodeId> = model.children_with(id, Role::Operand).collect();
    let [now, length] = sides[..] else { return None };
    let limits = |n: &str| has_word(n, &["timeout", "threshold", "ttl", "expiry", "expiration"]);
    if !matches!(model.kind(length), Kind::Name | Kind::Member) || !limits(model.name(length)) {
        return None;
    }
    let clock = model.kind(now) == Kind::Call && has_word(model.name(now), &["now", "timestamp", "current", "time"])
        || file.value(now).origins.any(Origins::CLOCKS);
    let seen = |n: &str| {
        has_word(n, &["heartbeat", "heartbeats", "lastseen"])
            || has_word(n, &["last"]) && has_word(n, &["seen", "contact", "heard", "ping", "beat", "alive"])
    };
    let statement = file.statement(id);
    let asked = model.descendants(statement).take(64).any(|n| n != length && seen(model.name(n)));
    if !clock || !asked || !file.value(length).is_constant() {
        return None;
    }
    let (name, unit) = (model.name(length).to_owned(), file.value(length).unit);
    let (kind, how, remote) = (TimeoutKind::Heartbeat, How::Name, Remote::Named);
    Some(Limit { length, site: id, name, kind, unit, infinite: Vec::new(), how, remote })
}

/// The constant on one side of a comparison whose other side is a time that passed, or that is added to an instant.
fn compared_constant(file: &Analysis<'_>, left: NodeId, right: NodeId) -> Option<(NodeId, Option<Unit>)> {
    let elapsed = |n: NodeId| {
        let value = file.value(n);
        let since = file.resolve(n).is_some_and(|r| r.api.role == ApiRole::TimeSince);
        since || value.shape == Shape::Duration && value.origins.any(Origins::CLOCKS)
    };
    for (passed, length) in [(left, right), (right, left)] {
        if elapsed(passed) && file.value(length).is_constant() {
            return Some((length, file.value(passed).unit.filter(|u| *u != Unit::Typed)));
        }
        let reading = file.value(passed).origins.any(Origins::CLOCKS);
        if reading && let Some(amount) = amount_added(file, length).filter(|a| file.value(*a).is_constant()) {
            return Some((
                amount,
                file.value(amount).unit.or_else(|| file.value(passed).unit.filter(|u| *u != Unit::Typed)),
            ));
        }
    }
    None
}
