//! Retry loops: another machine is called again and again until it answers.
//!
//! What tells them from polling, consuming and periodic work: success leaves the loop, failure does not.

use crate::network::outcome::{Outcome, outcome_of, targets_of};
use crate::network::remote::{Remote, call_evidence, evidence_around, is_remote_name};
use crate::network::rounds::{fails_back, goes_on, leaves_on_success, on_failure_path, try_around};
use timelint_model::{Kind, NodeId, Role, Sym};
use timelint_semantics::catalog::{ApiRole, LockScope};
use timelint_semantics::{Analysis, How, Value, has_word, words};

/// How often is tried.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Bound {
    /// Until it works.
    Endless,
    /// This often.
    Times(f64),
    /// Up to a number or a time that is not known here.
    Some,
}

/// A loop that repeats a call until it works.
#[derive(Debug, Clone)]
pub(crate) struct Attempt {
    /// The loop; for a jump back: the statement that jumps.
    pub(crate) again: NodeId,
    /// The call that is repeated.
    pub(crate) call: NodeId,
    /// How it is known that it goes to another machine.
    pub(crate) remote: Remote,
    /// How often.
    pub(crate) bound: Bound,
    /// It asks for something that others ask for too: a lock, a lease, leadership.
    pub(crate) contends: bool,
    /// Each round asks another machine, or after the cause of the failure was mended.
    pub(crate) elsewhere: bool,
}

/// Words of code that repeats what failed.
#[rustfmt::skip]
pub(crate) const RETRY: [&str; 14] = [
    "retry", "retries", "retrying", "retryable", "attempt", "attempts", "attempted", "tries", "trial",
    "reconnect", "reconnecting", "backoff", "redial", "retried",
];

/// Words of what is taken from others.
const CONTENDED: [&str; 11] =
    ["lock", "locked", "locks", "mutex", "acquire", "acquired", "lease", "semaphore", "lockkey", "redlock", "locker"];

/// First words of calls that try to bring something about, as opposed to asking how things are.
#[rustfmt::skip]
const TRYING: [&str; 30] = [
    "connect", "reconnect", "acquire", "lock", "try", "register", "join", "send", "publish", "post",
    "transaction", "txn", "commit", "write", "submit", "push", "bind", "login", "auth", "authenticate",
    "renew", "ping", "health", "probe", "dial", "open", "set", "put", "exec", "execute",
];

/// Words of calls that are no attempt, whatever they are called on.
#[rustfmt::skip]
const IDLE: [&str; 61] = [
    "log", "debug", "info", "warn", "warning", "error", "errorf", "infof", "warnf", "debugf", "trace", "print",
    "printf", "println", "format", "sprintf", "close", "closed", "stop", "cancel", "destroy", "is", "has",
    "len", "size", "string", "parse", "new", "now", "since", "done", "err", "sleep", "wait", "delay", "build",
    "builder", "with", "emit", "metrics", "observe", "pop", "equal", "equals", "contains", "starts", "ends",
    "matches", "compare", "bind", "listen", "next", "hash", "decode", "encode", "append", "should", "can",
    "to", "getattr", "isinstance",
];

/// Nodes of one loop that are looked at.
const MOST_NODES: usize = 3000;

/// Every loop of the file that repeats a call of another machine until it works.
pub(crate) fn attempts(file: &Analysis<'_>) -> Vec<Attempt> {
    let model = file.model;
    let loops = model.ids().filter(|id| model.kind(*id) == Kind::Loop);
    let mut found: Vec<Attempt> = loops.filter_map(|l| attempt_in(file, l)).collect();
    let jumps = model.ids().filter(|id| model.kind(*id) == Kind::Continue && model.sym(*id) != Sym::EMPTY);
    found.extend(jumps.filter_map(|j| jump_back(file, j)));
    found
}

/// Whether names in the code, its function or its class speak of trying again.
pub(crate) fn speaks_of_retry(file: &Analysis<'_>, id: NodeId) -> bool {
    let model = file.model;
    let around = model.ancestors(id).filter(|a| matches!(model.kind(*a), Kind::Function | Kind::Class));
    let inside = model
        .descendants(id)
        .take(MOST_NODES)
        .filter(|n| matches!(model.kind(*n), Kind::Name | Kind::Member | Kind::Call | Kind::String));
    around.into_iter().chain(inside).any(|n| {
        let name = model.name(n);
        name.len() < 80 && has_word(name, &RETRY)
    })
}

fn attempt_in(file: &Analysis<'_>, repeated: NodeId) -> Option<Attempt> {
    let model = file.model;
    let counts = model.name(repeated) != "each" || only_counts(file, repeated);
    if !counts || polls(file, repeated) || drains(file, repeated) {
        return None;
    }
    let first = file.tables.calls.partition_point(|c| *c < repeated);
    let inside = file.tables.calls[first..].iter().copied().take_while(|c| model.contains(repeated, *c));
    let own = inside.filter(|c| file.in_loop(*c) == Some(repeated) && !in_iterable(file, repeated, *c));
    for call in own {
        let remote = attempted(file, repeated, call);
        if remote == Remote::No || on_failure_path(file, repeated, call) || !fails_back(file, repeated, call) {
            continue;
        }
        let Some(sure) = leaves_on_success(file, repeated, call) else { continue };
        let tries = has_word(model.name(call), &TRYING);
        if !sure && !tries {
            continue;
        }
        let around = remote == Remote::Around;
        if around && !speaks_of_retry(file, repeated) && !tries {
            continue;
        }
        return Some(Attempt {
            again: repeated,
            call,
            remote,
            bound: bound_of(file, repeated),
            contends: contends(file, call),
            elsewhere: asks_elsewhere(file, repeated, call) || mends_cause(file, repeated, call),
        });
    }
    None
}

/// `time.Sleep(d); goto RETRY`: the nearest call of another machine before the jump.
fn jump_back(file: &Analysis<'_>, jump: NodeId) -> Option<Attempt> {
    let model = file.model;
    let function = file.function_around(jump)?;
    let block = model.parent(jump)?;
    let waits = model
        .children(block)
        .take_while(|c| *c < jump)
        .any(|c| model.kind(c) == Kind::Call && file.resolve(c).is_some_and(|r| r.api.role == ApiRole::Sleep));
    let first = file.tables.calls.partition_point(|c| *c < function);
    let before = file.tables.calls[first..].iter().copied().take_while(|c| *c < jump && !model.contains(block, *c));
    let remote: Vec<NodeId> = before.filter(|c| attempted(file, function, *c) >= Remote::Named).collect();
    let body = model.child(function, Role::Body);
    let on_top = |c: &NodeId| model.parent(file.statement(*c)) == body;
    let call = remote.iter().copied().rfind(on_top).or(remote.last().copied())?;
    let remote = attempted(file, function, call);
    let failed = |c: NodeId, holds: bool| outcome_of(file, c, holds, call, &targets_of(file, call)) == Outcome::Failure;
    if !file.guards(jump).iter().any(|g| failed(g.condition, g.holds)) {
        return None;
    }
    let bound = if file.guards(jump).iter().any(|g| counts(file, g.condition)) { Bound::Some } else { Bound::Endless };
    waits.then(|| Attempt { again: jump, call, remote, bound, contends: contends(file, call), elsewhere: false })
}

/// A loop over numbers, not over things.
fn only_counts(file: &Analysis<'_>, repeated: NodeId) -> bool {
    const COUNTERS: [&str; 5] = ["range", "xrange", "count", "times", "rangeClosed"];
    let model = file.model;
    model.child(repeated, Role::Iterable).is_some_and(|i| match model.kind(i) {
        Kind::Number => true,
        Kind::Call => COUNTERS.contains(&model.name(i)),
        Kind::Name | Kind::Member => has_word(model.name(i), &RETRY),
        _ => false,
    })
}

/// `while (!queue.isEmpty())`, `while i < len(items)`: each round is for another thing.
fn drains(file: &Analysis<'_>, repeated: NodeId) -> bool {
    let model = file.model;
    let ending = |n: NodeId| {
        matches!(model.kind(n), Kind::Call | Kind::Member)
            && has_word(model.name(n), &["empty", "size", "len", "length", "next"])
    };
    model.child(repeated, Role::Condition).is_some_and(|c| model.self_and_descendants(c).any(ending))
}

/// The function says that it waits for something.
fn polls(file: &Analysis<'_>, repeated: NodeId) -> bool {
    let function = file
        .model
        .ancestors(repeated)
        .find(|a| file.model.kind(*a) == Kind::Function && file.model.sym(*a) != Sym::EMPTY);
    function.is_some_and(|f| {
        has_word(file.model.name(f), &["wait", "await", "poll", "polling", "until", "eventually", "test"])
    })
}

fn in_iterable(file: &Analysis<'_>, repeated: NodeId, call: NodeId) -> bool {
    file.model.child(repeated, Role::Iterable).is_some_and(|i| file.model.contains(i, call))
}

/// Evidence that the call goes to another machine.
fn attempted(file: &Analysis<'_>, repeated: NodeId, call: NodeId) -> Remote {
    let model = file.model;
    if model.kind(call) != Kind::Call && model.kind(call) != Kind::New {
        return Remote::No;
    }
    if let Some(known) = file.resolve(call).filter(|k| k.how != How::Name) {
        return match known.api.role {
            ApiRole::Write | ApiRole::RemoteCall | ApiRole::Transaction => {
                if known.api.scope == Some(LockScope::File) {
                    Remote::No
                } else {
                    Remote::Known
                }
            }
            ApiRole::LockAcquire | ApiRole::LockTry | ApiRole::LockExtend => {
                let handle = model.child(call, Role::Receiver);
                let scope = known.api.scope.or_else(|| handle.and_then(|h| file.lock_scope(h)));
                if scope == Some(LockScope::Distributed) { Remote::Known } else { Remote::No }
            }
            _ => Remote::No,
        };
    }
    if model.kind(call) == Kind::New || has_word(model.name(call), &IDLE) || is_part(file, call) {
        return Remote::No;
    }
    if speaks_of_embedded_store(file, repeated, call) {
        return Remote::No;
    }
    if is_given(file, call) {
        let speaks = speaks_of_retry(file, repeated) && file_is_remote(file, repeated);
        return if speaks { Remote::Named } else { Remote::No };
    }
    // `ref.get()`
    if matches!(model.name(call), "get" | "value" | "peek") && model.child(call, Role::Arg).is_none() {
        return Remote::No;
    }
    let named = call_evidence(file, call);
    if named >= Remote::Named {
        return named;
    }
    if has_word(model.name(call), &TRYING) { evidence_around(file, call) } else { Remote::No }
}

/// `broker.getQueue()` in `broker.getQueue().isEmpty()`: a part of this process is asked for.
fn is_part(file: &Analysis<'_>, call: NodeId) -> bool {
    let model = file.model;
    model.role(call) == Role::Receiver
        && model.child(call, Role::Arg).is_none()
        && words(model.name(call)).first().is_some_and(|w| w == "get")
}

/// A store inside this process fails for reasons of this machine.
fn speaks_of_embedded_store(file: &Analysis<'_>, repeated: NodeId, call: NodeId) -> bool {
    const EMBEDDED: [&str; 8] = ["rocks", "rocksdb", "leveldb", "sqlite", "badger", "bolt", "lmdb", "berkeley"];
    let model = file.model;
    let caught = try_around(file, repeated, call).into_iter().flat_map(|t| model.children_with(t, Role::Catch));
    let types = caught.flat_map(|c| model.children_with(c, Role::Type));
    let around = model.ancestors(call).filter(|a| model.kind(*a) == Kind::Class);
    types.chain(around).any(|n| has_word(model.name(n), &EMBEDDED))
}

/// A function that the enclosing function was given is called: `f()`.
fn is_given(file: &Analysis<'_>, call: NodeId) -> bool {
    let model = file.model;
    let plain = model.child(call, Role::Receiver).is_none() && model.child(call, Role::Callee).is_none();
    let is_param = |f: NodeId| model.children_with(f, Role::Param).any(|p| model.sym(p) == model.sym(call));
    plain && model.ancestors(call).filter(|a| model.kind(*a) == Kind::Function).any(is_param)
}

/// The loop, or what the file imports and defines, speaks of other machines.
fn file_is_remote(file: &Analysis<'_>, repeated: NodeId) -> bool {
    let model = file.model;
    let near = model.descendants(repeated).take(MOST_NODES).any(|n| {
        matches!(model.kind(n), Kind::Name | Kind::Member | Kind::Type | Kind::Entry) && is_remote_name(model.name(n))
    });
    let spoken = |n: NodeId| {
        matches!(model.kind(n), Kind::ImportItem | Kind::Class | Kind::Import) && is_remote_name(model.name(n))
    };
    near || model.ids().any(spoken)
}

/// What fails is no outage: a conflict with another writer, a thing that is gone (the next round takes another), a
/// token that is renewed before the next round.
fn mends_cause(file: &Analysis<'_>, repeated: NodeId, call: NodeId) -> bool {
    #[rustfmt::skip]
    const CAUSES: [&str; 22] = [
        "auth", "authentication", "authorization", "unauthorized", "permission", "denied", "token", "conflict",
        "integrity", "optimistic", "stale", "concurrent", "duplicate", "exists", "serialization", "deadlock",
        "credentials", "redirect", "watch", "such", "missing", "found",
    ];
    let model = file.model;
    let Some(guarding) = try_around(file, repeated, call) else { return false };
    let handlers = model.children_with(guarding, Role::Catch).filter(|c| goes_on(file, repeated, *c));
    let mut types = handlers.into_iter().flat_map(|c| model.children_with(c, Role::Type)).peekable();
    types.peek().is_some() && types.all(|t| has_word(model.name(t), &CAUSES))
}

fn bound_of(file: &Analysis<'_>, repeated: NodeId) -> Bound {
    let model = file.model;
    if model.name(repeated) == "each" {
        let times = model.child(repeated, Role::Iterable).and_then(|i| match model.kind(i) {
            Kind::Number | Kind::Name | Kind::Member => file.value(i).number,
            Kind::Call if model.name(i) == "count" => Some(f64::INFINITY),
            Kind::Call => model.children_with(i, Role::Arg).last().and_then(|a| file.value(a).number),
            _ => None,
        });
        return match times {
            Some(f) if f.is_infinite() => Bound::Endless,
            times => times.map_or(Bound::Some, Bound::Times),
        };
    }
    if let Some(condition) = model.child(repeated, Role::Condition) {
        let compares = |n: NodeId| {
            model.kind(n) == Kind::Binary
                && model.name(n).split(' ').all(|op| matches!(op, "<" | "<=" | ">" | ">=" | "!="))
        };
        if let Some(comparison) = model.self_and_descendants(condition).find(|n| compares(*n)) {
            let numbers = model.children_with(comparison, Role::Operand).map(|o| file.value(o));
            let most = numbers.filter(Value::is_constant).filter_map(|v| v.number).reduce(f64::max);
            return most.filter(|n| *n > 0.0).map_or(Bound::Some, Bound::Times);
        }
    }
    let gives_up = |n: NodeId| {
        model.kind(n) == Kind::If
            && model.child(n, Role::Condition).is_some_and(|c| counts(file, c))
            && model.descendants(n).take(MOST_NODES).any(|d| {
                matches!(model.kind(d), Kind::Return | Kind::Throw | Kind::Break)
                    && file.function_around(d) == file.function_around(n)
            })
    };
    if model.descendants(repeated).take(MOST_NODES).any(gives_up) { Bound::Some } else { Bound::Endless }
}

/// A comparison with how often or how long is tried.
fn counts(file: &Analysis<'_>, condition: NodeId) -> bool {
    #[rustfmt::skip]
    const COUNTED: [&str; 16] = [
        "retry", "retries", "attempt", "attempts", "attempted", "tries", "count", "counter", "max", "limit",
        "deadline", "timeout", "elapsed", "remaining", "times", "trycount",
    ];
    let model = file.model;
    model.self_and_descendants(condition).any(|n| {
        matches!(model.kind(n), Kind::Name | Kind::Member | Kind::Call) && has_word(model.name(n), &COUNTED)
            || model.kind(n) == Kind::Number && model.role(n) == Role::Operand
    })
}

/// Whether the code around `id`, or what it is given, speaks of a lock.
pub(crate) fn is_contended(file: &Analysis<'_>, id: NodeId) -> bool {
    let model = file.model;
    let part = model.parent(id).map_or(id, |p| model.parent(p).unwrap_or(p));
    let written = model.child(part, Role::Type).is_some_and(|t| has_word(model.name(t), &CONTENDED));
    written || contends(file, id)
}

/// It is a lock that is asked for.
fn contends(file: &Analysis<'_>, call: NodeId) -> bool {
    let model = file.model;
    let receivers = std::iter::successors(Some(call), |n| {
        model.child(*n, Role::Receiver).or_else(|| model.child(*n, Role::Object))
    });
    let near = receivers.take(8).any(|n| has_word(model.name(n), &CONTENDED));
    let around = model.ancestors(call).filter(|a| matches!(model.kind(*a), Kind::Function | Kind::Class));
    near || around.into_iter().any(|a| has_word(model.name(a), &CONTENDED))
}

/// Each round goes to another machine, or for another piece.
fn asks_elsewhere(file: &Analysis<'_>, repeated: NodeId, call: NodeId) -> bool {
    const MOVES: [&str; 10] =
        ["next", "pick", "select", "choose", "rotate", "switch", "random", "shuffle", "failover", "cycle"];
    #[rustfmt::skip]
    const PLACES: [&str; 20] = [
        "server", "host", "node", "address", "addr", "endpoint", "broker", "leader", "peer", "url", "replica",
        "target", "master", "shard", "servers", "hosts", "endpoints", "nodes", "proxy", "index",
    ];
    let model = file.model;
    let moves = |n: NodeId| {
        let name = model.name(n);
        let indexed = |k: NodeId| has_word(model.name(k), &["idx", "index", "pos"]);
        let picks = match model.kind(n) {
            Kind::Index => model.child(n, Role::Key),
            Kind::Call if name == "get" => model.child(n, Role::Arg),
            _ => None,
        };
        if n < model.end(call) && picks.is_some_and(indexed) {
            return true;
        }
        let of_places = || model.child(n, Role::Receiver).is_some_and(|r| has_word(model.name(r), &PLACES));
        let iterates = || {
            model
                .child(n, Role::Receiver)
                .is_some_and(|r| has_word(model.name(r), &["iterator", "iter", "provider", "balancer"]))
        };
        model.kind(n) == Kind::Call && has_word(name, &MOVES) && (has_word(name, &PLACES) || iterates() || of_places())
    };
    if model.descendants(repeated).take(MOST_NODES).any(moves) {
        return true;
    }
    let counters: Vec<Sym> = model
        .children(repeated)
        .filter(|c| matches!(model.role(*c), Role::Init | Role::Target | Role::Update))
        .flat_map(|c| model.self_and_descendants(c))
        .filter(|n| model.kind(*n) == Kind::Name)
        .map(|n| model.sym(n))
        .collect();
    let indexed = |n: NodeId| {
        model.kind(n) == Kind::Index
            && model.child(n, Role::Key).is_some_and(|k| {
                model.self_and_descendants(k).any(|d| model.kind(d) == Kind::Name && counters.contains(&model.sym(d)))
            })
    };
    let paged =
        |a: NodeId| model.kind(a) == Kind::Name && counters.contains(&model.sym(a)) && !has_word(model.name(a), &RETRY);
    let before = model.descendants(repeated).take(MOST_NODES).take_while(|n| *n < model.end(call));
    let derived = |n: NodeId| {
        matches!(model.kind(n), Kind::Let | Kind::Assign)
            && model.child(n, Role::Value).is_some_and(|v| {
                model.self_and_descendants(v).any(|d| {
                    model.kind(d) == Kind::Name && counters.contains(&model.sym(d)) && !has_word(model.name(d), &RETRY)
                })
            })
    };
    let body = model.child(repeated, Role::Body);
    let in_body = |n: &NodeId| body.is_some_and(|b| model.contains(b, *n));
    let before: Vec<NodeId> = before.collect();
    before.iter().copied().any(indexed)
        || before.iter().copied().filter(in_body).any(derived)
        || model.children_with(call, Role::Arg).any(paged)
}
