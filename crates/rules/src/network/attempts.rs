//! Retry loops: another machine is called again and again until it answers.
//!
//! What tells them from polling, consuming and periodic work: success leaves the loop, failure does not.

use crate::network::elsewhere::{asks_elsewhere, drains, mends_cause};
use crate::network::outcome::{Outcome, outcome_of, targets_of};
use crate::network::remote::{Remote, call_evidence, evidence_around, is_remote_name};
use crate::network::rounds::{fails_back, leaves_on_success, on_failure_path, try_around};
use crate::network::times::{Bound, bound_of, counts};
use std::rc::Rc;
use timelint_model::{Kind, NodeId, Role, Sym};
use timelint_semantics::catalog::{ApiRole, LockScope};
use timelint_semantics::{Analysis, How, has_word, words};

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
    /// It sets up a connection, or makes this process known to others.
    pub(crate) connects: bool,
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
const IDLE: [&str; 63] = [
    "log", "debug", "info", "warn", "warning", "error", "errorf", "infof", "warnf", "debugf", "trace", "print",
    "printf", "println", "format", "sprintf", "close", "closed", "stop", "cancel", "destroy", "is", "has",
    "len", "size", "string", "parse", "new", "now", "since", "done", "err", "sleep", "wait", "delay", "build",
    "builder", "with", "emit", "metrics", "observe", "pop", "equal", "equals", "contains", "starts", "ends",
    "matches", "compare", "bind", "listen", "next", "hash", "decode", "encode", "append", "should", "can",
    "to", "getattr", "isinstance", "min", "max",
];

/// Nodes of one loop that are looked at.
const MOST_NODES: usize = 3000;

/// Every loop of the file that repeats a call of another machine until it works.
pub(crate) fn attempts(file: &Analysis<'_>) -> Rc<Vec<Attempt>> {
    file.shared(|file| {
        let model = file.model;
        let loops = model.ids().filter(|id| model.kind(*id) == Kind::Loop);
        let mut found: Vec<Attempt> = loops.filter_map(|l| attempt_in(file, l)).collect();
        let jumps = model.ids().filter(|id| model.kind(*id) == Kind::Continue && model.sym(*id) != Sym::EMPTY);
        found.extend(jumps.filter_map(|j| jump_back(file, j)));
        found
    })
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
            connects: connects(file, call),
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
    waits.then(|| Attempt {
        again: jump,
        call,
        remote,
        bound,
        contends: contends(file, call),
        connects: connects(file, call),
        elsewhere: false,
    })
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

/// What is called for the next round's thing: `for item in list()`, `for b := next(); b != nil; b = next()`.
fn in_iterable(file: &Analysis<'_>, repeated: NodeId, call: NodeId) -> bool {
    let model = file.model;
    let mut heads =
        model.children(repeated).filter(|c| matches!(model.role(*c), Role::Iterable | Role::Init | Role::Update));
    heads.any(|h| model.contains(h, call))
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
    if is_inner(file, call) || speaks_of_embedded_store(file, repeated, call) {
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

/// `connect(merge(address, options))`, `shutdown().join(60, SECONDS)`: it prepares another call, or waits for one.
fn is_inner(file: &Analysis<'_>, call: NodeId) -> bool {
    let model = file.model;
    let receiver = model.child(call, Role::Receiver);
    if receiver.is_some_and(|r| model.kind(r) == Kind::Call) && model.name(call) == "join" {
        return true;
    }
    let mut child = call;
    for around in model.ancestors(call) {
        if model.kind(around).is_statement() || matches!(model.kind(around), Kind::Function | Kind::Block) {
            return false;
        }
        if matches!(model.kind(around), Kind::Call | Kind::New) && model.role(child) == Role::Arg {
            let asks = has_word(model.name(call), &TRYING) || has_word(model.name(call), &["fetch", "call", "invoke"]);
            let named = receiver.is_some_and(|r| is_remote_name(model.name(r))) || is_remote_name(model.name(call));
            return !asks && model.child(call, Role::Arg).is_none() || !named;
        }
        child = around;
    }
    false
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

/// Whether the code around `id`, or what it is given, speaks of a lock.
pub(crate) fn is_contended(file: &Analysis<'_>, id: NodeId) -> bool {
    let model = file.model;
    let part = model.parent(id).map_or(id, |p| model.parent(p).unwrap_or(p));
    let written = model.child(part, Role::Type).is_some_and(|t| has_word(model.name(t), &CONTENDED));
    written || contends(file, id)
}

/// The call, or the function around it, sets up a connection.
fn connects(file: &Analysis<'_>, call: NodeId) -> bool {
    #[rustfmt::skip]
    const CONNECTING: [&str; 11] = [
        "connect", "reconnect", "dial", "redial", "connection", "resubscribe", "join", "rejoin", "register", "reregister",
        "connector",
    ];
    let model = file.model;
    let function = model.ancestors(call).find(|a| model.kind(*a) == Kind::Function && model.sym(*a) != Sym::EMPTY);
    has_word(model.name(call), &CONNECTING) || function.is_some_and(|f| has_word(model.name(f), &CONNECTING))
}

/// It is a lock that is asked for.
pub(crate) fn contends(file: &Analysis<'_>, call: NodeId) -> bool {
    let model = file.model;
    let receivers = std::iter::successors(Some(call), |n| {
        model.child(*n, Role::Receiver).or_else(|| model.child(*n, Role::Object))
    });
    // Who is `locked down` or `locked out` holds nothing.
    let speaks = |name: &str| {
        let words = words(name);
        let barred = words.windows(2).any(|w| w[0].starts_with("lock") && matches!(w[1].as_str(), "down" | "out"));
        !barred && words.iter().any(|w| CONTENDED.contains(&w.as_str()))
    };
    let near = receivers.take(8).any(|n| speaks(model.name(n)));
    let around = model.ancestors(call).filter(|a| matches!(model.kind(*a), Kind::Function | Kind::Class));
    near || around.into_iter().any(|a| speaks(model.name(a)))
}
