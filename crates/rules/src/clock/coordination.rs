//! Locks, leases, leaders and heartbeats by their names, and this machine's reading of its clock.

use crate::clock::replicas::surroundings;
use crate::clock::stamped::Stamped;
use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::catalog::{ApiRole, Unit};
use timelint_semantics::{Analysis, Callee, Origins, StoreKind, has_word, is_called_wall_clock, words};

const COORDINATES: [&str; 28] = [
    "lock",
    "locks",
    "locked",
    "locker",
    "locking",
    "lease",
    "leases",
    "leased",
    "leader",
    "leadership",
    "election",
    "claim",
    "claimed",
    "mutex",
    "semaphore",
    "holder",
    "heartbeat",
    "heartbeats",
    "beat",
    "alive",
    "liveness",
    "keepalive",
    "lastseen",
    "heartbeated",
    "checkin",
    "ping",
    "stall",
    "stalled",
];
/// Locks that no machine holds against another: accounts, rows, retention, screens.
const OTHER: [&str; 22] = [
    "account",
    "accounts",
    "user",
    "login",
    "password",
    "lockout",
    "attempt",
    "attempts",
    "auth",
    "retention",
    "legal",
    "cookie",
    "certificate",
    "jwt",
    "token",
    "screen",
    "email",
    "invite",
    "invitation",
    "subscription",
    "stat",
    "stats",
];

/// Whether names speak of a lock, lease, leader or heartbeat that several machines share.
pub(crate) fn coordinates<S: AsRef<str>>(names: &[S]) -> bool {
    let has = |list: &[&str]| names.iter().any(|n| has_word(n.as_ref(), list));
    let seen = || {
        let all: Vec<String> = names.iter().flat_map(|n| words(n.as_ref())).collect();
        all.windows(2)
            .any(|p| p[0] == "last" && matches!(p[1].as_str(), "seen" | "contact" | "ping" | "beat" | "alive"))
    };
    (has(&COORDINATES) || has(&["last"]) && seen()) && !has(&OTHER)
}

/// Whether the stamp, or the code around it, coordinates machines.
pub(crate) fn is_coordination(file: &Analysis<'_>, id: NodeId, stamp: &Stamped) -> bool {
    // `previous_beat.time`: the one before in a series of this process's own.
    if has_word(&stamp.root, &["previous", "prev"]) {
        return false;
    }
    let (functions, places) = surroundings(file, id);
    // A lease of an address is no lock, and whoever gives it out keeps its dates for itself.
    let of_address = |names: &[String]| names.iter().any(|n| n.to_lowercase().contains("dhcp"));
    if of_address(&functions) || of_address(&places) {
        return false;
    }
    coordinates_itself(file, id, stamp)
        || (coordinates(&functions) || coordinates(&places)) && !has_word(&stamp.member, &OTHER)
}

/// Whether the stamp says by its own names, or by those of the difference that it is part of, that it coordinates
/// machines.
pub(crate) fn coordinates_itself(file: &Analysis<'_>, id: NodeId, stamp: &Stamped) -> bool {
    let chain = file
        .model
        .self_and_descendants(stamp.node)
        .filter(|n| matches!(file.model.kind(*n), Kind::Member | Kind::Name));
    let mut own: Vec<String> = chain.take(8).map(|n| file.model.name(n).to_owned()).collect();
    own.push(stamp.words.join("_"));
    // `silence = now - row.updated_at`: what the difference is called.
    own.extend(result_name(file, id));
    coordinates(&own)
}

/// The variable that a difference is kept in.
fn result_name(file: &Analysis<'_>, id: NodeId) -> Option<String> {
    let model = file.model;
    let statement = model.parent(id).filter(|p| matches!(model.kind(*p), Kind::Let | Kind::Assign))?;
    model.child(statement, Role::Target).map(|t| model.name(t).to_owned())
}

/// Whether names or numbers in what is compared say that hours or days do not matter: no seconds of skew do then.
pub(crate) fn spans_hours(file: &Analysis<'_>, compared: NodeId) -> bool {
    const LONG: [&str; 9] = ["hour", "hours", "day", "days", "week", "weeks", "month", "months", "retention"];
    const HOUR: f64 = 3600.0;
    spans(file, compared, HOUR, &LONG)
}

/// The same of whole days: nobody hurries, whichever way a clock is set.
pub(crate) fn spans_days(file: &Analysis<'_>, compared: NodeId) -> bool {
    const LONG: [&str; 6] = ["day", "days", "week", "weeks", "month", "months"];
    const DAY: f64 = 86400.0;
    spans(file, compared, DAY, &LONG)
}

fn spans(file: &Analysis<'_>, compared: NodeId, least: f64, long: &[&str]) -> bool {
    let model = file.model;
    // A number without a unit is not more than so many milliseconds.
    let millis = |v: NodeId| file.value(v).seconds(Some(Unit::Millis)).is_some_and(|s| s >= least);
    let stored = |n: NodeId| file.stores_of(n).iter().filter_map(|s| s.value).any(millis);
    let said = |n: NodeId| {
        let length = || file.value(n).seconds(None).is_some_and(|s| s >= least);
        match model.kind(n) {
            Kind::Call | Kind::Argument | Kind::Member => has_word(model.name(n), long) || length(),
            Kind::Name => has_word(model.name(n), long) || stored(n),
            // `1000 * 60 * 60 * 24`
            Kind::Binary => model.name(n) == "*" && millis(n),
            _ => false,
        }
    };
    let within = |n: NodeId| model.self_and_descendants(n).any(said);
    let sources =
        model.descendants(compared).filter(|n| model.kind(*n) == Kind::Name).map(|n| file.condition_source(n));
    within(compared) || sources.into_iter().any(within) || within(file.condition_source(compared))
}

/// Whether the expression is this machine's wall clock, read in this function or by a helper, give or take a duration.
pub(crate) fn is_local_reading(file: &Analysis<'_>, id: NodeId) -> bool {
    let value = file.value(id);
    let elsewhere =
        Origins::REMOTE.and(Origins::DATABASE).and(Origins::FILE).and(Origins::EXTERNAL).and(Origins::LEASE);
    if value.origins.any(elsewhere.and(Origins::MONOTONIC)) {
        return false;
    }
    if value.origins.any(Origins::WALL.and(Origins::BOTH)) {
        reads_clock(file, id, 0)
    } else {
        is_called_reading(file, id)
    }
}

/// A clock of another file of which nothing is known but what it is called, give or take a duration.
fn is_called_reading(file: &Analysis<'_>, id: NodeId) -> bool {
    let model = file.model;
    let source = file.condition_source(id);
    let called = |n: NodeId| {
        let plain = model.kind(n) == Kind::Call && model.child(n, Role::Arg).is_none();
        plain && is_called_wall_clock(model.name(n)) && file.callee(n).is_none() && file.resolve(n).is_none()
    };
    match model.kind(source) {
        Kind::Binary if matches!(model.name(source), "+" | "-") => model.children(source).any(called),
        _ => called(source),
    }
}

/// A field of this object that is only ever set to this machine's time, give or take a length that came from elsewhere.
pub(crate) fn is_own_mark(file: &Analysis<'_>, node: NodeId) -> bool {
    let model = file.model;
    let values: Vec<NodeId> = match model.kind(node) {
        Kind::Member => file.stores_of(node).iter().filter_map(|s| s.value).collect(),
        // A field by its bare name, which the rest of the file sets as that of an object.
        Kind::Name if file.function_around(node).is_some_and(|f| file.tables.stores(f, model.sym(node)).is_empty()) => {
            let foreign = file.tables.foreign_stores(model.sym(node)).iter().map(|(_, s)| s);
            let copied = |v: &NodeId| model.kind(*v) == Kind::Member && model.sym(*v) == model.sym(node);
            file.stores_of(node).iter().chain(foreign).filter_map(|s| s.value).filter(|v| !copied(v)).collect()
        }
        _ => Vec::new(),
    };
    are_readings(file, &values)
}

/// Whether this file sets the member of that name, of whatever object, to nothing but readings of the wall clock, with
/// something added: `leases[id] = Lease{End: time.Now().Add(asked)}`.
pub(crate) fn is_own_member(file: &Analysis<'_>, node: NodeId) -> bool {
    let foreign = file.tables.foreign_stores(file.model.sym(node)).iter().filter_map(|(_, s)| s.value);
    file.model.kind(node) == Kind::Member && are_readings(file, &foreign.collect::<Vec<_>>())
}

/// Readings of the wall clock, with something added, or nothing yet.
fn are_readings(file: &Analysis<'_>, values: &[NodeId]) -> bool {
    let model = file.model;
    let clock =
        |n: NodeId| file.resolve(n).is_some_and(|k| matches!(k.api.role, ApiRole::ClockWall | ApiRole::ClockBoth));
    let read = |v: NodeId| model.self_and_descendants(v).any(clock);
    let unset = |v: NodeId| matches!(model.kind(v), Kind::Number | Kind::Null | Kind::Unary);
    values.iter().any(|v| read(*v)) && values.iter().all(|v| read(*v) || unset(*v))
}

fn reads_clock(file: &Analysis<'_>, id: NodeId, depth: usize) -> bool {
    let model = file.model;
    if depth > 8 {
        return false;
    }
    let inside = |role: Role| model.child(id, role).is_some_and(|c| reads_clock(file, c, depth + 1));
    match model.kind(id) {
        Kind::Call | Kind::New | Kind::Idiom => match file.resolve(id).map(|r| r.api.role) {
            Some(ApiRole::ClockWall | ApiRole::ClockBoth) => true,
            Some(ApiRole::TimeConvert | ApiRole::TimeStrip | ApiRole::TimeAdd | ApiRole::ValuePass) => {
                inside(Role::Receiver) || model.children_with(id, Role::Arg).any(|a| reads_clock(file, a, depth + 1))
            }
            Some(_) => false,
            // A helper of the project, or a wrapper such as `new Timestamp(now)`.
            None => match (model.child(id, Role::Arg), model.child(id, Role::Receiver)) {
                (Some(arg), _) => model.children_with(id, Role::Arg).count() == 1 && reads_clock(file, arg, depth + 1),
                (None, receiver) => is_clock_helper(file, id, receiver, depth),
            },
        },
        Kind::Binary => {
            matches!(model.name(id), "+" | "-" | "*" | "/" | "//")
                && model.children(id).any(|c| reads_clock(file, c, depth + 1))
        }
        Kind::Unary | Kind::Await | Kind::Cast => model.children(id).any(|c| reads_clock(file, c, depth + 1)),
        Kind::Name => {
            let stored = |scope: NodeId| file.tables.stores(scope, model.sym(id));
            let scope =
                model.ancestors(id).filter(|a| model.kind(*a) == Kind::Function).find(|f| !stored(*f).is_empty());
            scope.is_some_and(|s| {
                stored(s).iter().any(|store| {
                    store.kind == StoreKind::Plain
                        && store.value.is_some_and(|v| v < id && reads_clock(file, v, depth + 1))
                })
            })
        }
        _ => false,
    }
}

/// A function without arguments that returns a reading; the getter of a stamp is none.
fn is_clock_helper(file: &Analysis<'_>, call: NodeId, receiver: Option<NodeId>, depth: usize) -> bool {
    const CLOCKS: [&str; 7] = ["now", "clock", "current", "millis", "utc", "today", "wall"];
    if let Some(Callee::Here(function)) = file.callee(call) {
        return file.returns(function).iter().any(|r| reads_clock(file, *r, depth + 1));
    }
    let named = has_word(file.model.name(call), &CLOCKS);
    // `Analyzer.getLastUpdateTime()` gives out a mark.
    let mark = has_word(file.model.name(call), &["last", "start", "updated", "update", "created", "expiry"]);
    let of_class = |r: NodeId| file.path_of(r).is_some_and(|p| p.starts_with(char::is_uppercase));
    named || !mark && receiver.is_none_or(of_class)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locks_of_machines_are_told_from_locks_of_accounts() {
        assert!(coordinates(&["lockedUntil"]) && coordinates(&["JdbcLeaseLock"]) && coordinates(&["node_last_seen"]));
        assert!(
            !coordinates(&["accountLockedUntil"]) && !coordinates(&["updated_at"]) && !coordinates(&["blockUntil"])
        );
    }
}
