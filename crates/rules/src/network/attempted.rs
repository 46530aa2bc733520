//! Is it an attempt at something on another machine that a loop repeats? By the call, by what it fails with, by the loop.

use crate::network::attempts::{RETRY, TRYING, speaks_of_retry};
use crate::network::remote::{Remote, call_evidence, evidence_around, is_remote_name};
use crate::network::rounds::{goes_on, try_around};
use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::catalog::{ApiRole, LockScope, leaf};
use timelint_semantics::{Analysis, Callee, How, Resolved, has_word, words};

/// Words of calls that are no attempt, whatever they are called on.
#[rustfmt::skip]
const IDLE: [&str; 78] = [
    "log", "debug", "info", "warn", "warning", "error", "errorf", "infof", "warnf", "debugf", "trace", "print",
    "printf", "println", "format", "sprintf", "close", "closed", "stop", "cancel", "destroy", "is", "has",
    "valid", "invalid", "running", "enabled", "disabled", "len", "size", "string", "parse", "new", "now", "since", "done", "err", "sleep", "wait", "delay", "build",
    "builder", "with", "emit", "metrics", "observe", "pop", "equal", "equals", "contains", "starts", "ends",
    "matches", "compare", "bind", "listen", "next", "hash", "decode", "encode", "append", "should", "can",
    "to", "getattr", "isinstance", "min", "max", "addr", "split", "poll", "recv", "presign", "presigned", "signed",
    "getsockname", "assert", "namespace",
];

/// Words of what is written to in this process.
const LOCAL: [&str; 8] = ["out", "output", "file", "writer", "buffer", "buf", "stdout", "baos"];

/// Nodes of one loop that are looked at.
const MOST_NODES: usize = 3000;

/// `log.atInfo().attr("port", port).log("starting")`
fn logs(file: &Analysis<'_>, call: NodeId) -> bool {
    let model = file.model;
    let mut chain = std::iter::successors(model.child(call, Role::Receiver), |n| model.child(*n, Role::Receiver));
    chain.any(|n| {
        model.kind(n) == Kind::Name && matches!(model.name(n), "log" | "logger" | "LOG" | "LOGGER" | "metrics")
    })
}

/// A method of what runs a program of this machine talks to that.
fn is_of_a_program(file: &Analysis<'_>, call: NodeId) -> bool {
    let model = file.model;
    let own = model.child(call, Role::Receiver).is_some_and(|r| file.tables.is_this(model, r));
    let class = model.enclosing(call, Kind::Class).filter(|_| own);
    class.is_some_and(|c| has_word(model.name(c), &["program", "process", "subprocess", "command"]))
}

/// Evidence that the call goes to another machine.
pub(crate) fn attempted(file: &Analysis<'_>, repeated: NodeId, call: NodeId) -> Remote {
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
            // `net.DialTimeout` makes a connection, and connects it.
            ApiRole::RemoteClient if has_word(model.name(call), &TRYING) => Remote::Known,
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
    if is_inner(file, call) || speaks_of_embedded_store(file, repeated, call) || fills_a_list(file, call) {
        return Remote::No;
    }
    // What tells that a promise is kept.
    if matches!(model.name(call), "resolve" | "reject") || is_of_a_program(file, call) || logs(file, call) {
        return Remote::No;
    }
    if is_given(file, call) {
        let speaks = speaks_of_retry(file, repeated) && file_is_remote(file, repeated);
        return if speaks { Remote::Named } else { Remote::No };
    }
    if is_accessor(file, call) {
        return Remote::No;
    }
    // `ref.get()`
    if matches!(model.name(call), "get" | "value" | "peek") && model.child(call, Role::Arg).is_none() {
        return Remote::No;
    }
    let named = call_evidence(file, call);
    if named >= Remote::Named {
        return named;
    }
    let asks = has_word(model.name(call), &TRYING) || words(model.name(call)).len() > 1;
    // `ctx, cancel := context.WithTimeout(…); zero.Timestamps(ctx, n)`
    let limited = |a: NodeId| {
        let made = file.only_source(a).and_then(|v| file.resolve(v));
        model.kind(a) == Kind::Name && made.is_some_and(|k| k.api.role == ApiRole::TimeoutSet)
    };
    if asks && is_partner(file, call)
        || model.children_with(call, Role::Arg).any(limited)
        || is_tried_remotely(file, repeated, call)
    {
        return Remote::Named;
    }
    // A function of this file that calls another machine.
    if let Some(Callee::Here(function)) = file.callee(call)
        && (speaks_of_retry(file, repeated) || has_word(model.name(call), &TRYING))
        && file.calls_below(function).iter().copied().any(|c| file.resolve(c).is_some_and(is_remote_api))
    {
        return Remote::Named;
    }
    // `out.write(chunk)` goes to this machine.
    let here = model.child(call, Role::Receiver).is_some_and(|r| has_word(model.name(r), &LOCAL));
    if has_word(model.name(call), &TRYING) && !here { evidence_around(file, call) } else { Remote::No }
}

/// `request.setPage(page)`, `request.getVersion()`: what is sent or was received is filled in or looked at.
fn is_accessor(file: &Analysis<'_>, call: NodeId) -> bool {
    #[rustfmt::skip]
    const KEPT: [&str; 14] = [
        "req", "request", "builder", "params", "options", "opts", "config", "conf", "properties", "headers", "resp", "response",
        "version", "message",
    ];
    let model = file.model;
    let Some(receiver) = model.child(call, Role::Receiver) else { return false };
    let verb = words(model.name(call)).into_iter().next().unwrap_or_default();
    let kept = words(model.name(receiver)).last().is_some_and(|w| KEPT.contains(&w.as_str()));
    let given = model.child(call, Role::Arg).is_some();
    kept && (matches!(verb.as_str(), "set" | "with" | "add" | "put") && given || verb == "get" && !given)
}

/// `messages.push(message)` where `messages` is a list of this process.
fn fills_a_list(file: &Analysis<'_>, call: NodeId) -> bool {
    let model = file.model;
    let receiver = model.child(call, Role::Receiver).filter(|r| model.kind(*r) == Kind::Name);
    let list = |v: NodeId| matches!(model.kind(v), Kind::List | Kind::Record);
    let named = |r: NodeId| words(model.name(r)).last().is_some_and(|w| matches!(w.as_str(), "list" | "array" | "map"));
    receiver.is_some_and(|r| named(r) || file.stores_of(r).iter().any(|s| s.value.is_some_and(list)))
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

/// `producer.send(record)`, `pinger.Ping(ctx)` of a `PingClient`: what is asked is known by what it is or does.
pub(crate) fn is_partner(file: &Analysis<'_>, call: NodeId) -> bool {
    #[rustfmt::skip]
    const KINDS: [&str; 12] = [
        "client", "stub", "connection", "conn", "rpc", "proxy", "gateway", "producer", "consumer", "group", "subscriber",
        "subscription",
    ];
    const DOING: [&str; 4] = ["producer", "publisher", "proxy", "consumer"];
    let model = file.model;
    let Some(receiver) = model.child(call, Role::Receiver) else { return false };
    let last = |name: &str, kinds: &[&str]| words(name).last().is_some_and(|w| kinds.contains(&w.as_str()));
    last(model.name(receiver), &DOING) || file.type_of(receiver).is_some_and(|t| last(leaf(&t.name), &KINDS))
}

fn is_remote_api(known: Resolved<'_>) -> bool {
    known.how != How::Name && matches!(known.api.role, ApiRole::RemoteCall | ApiRole::RemoteRead)
}

/// What tells of another machine is not the call but what it fails with, or the loop that calls its rounds attempts and
/// speaks of a server.
fn is_tried_remotely(file: &Analysis<'_>, repeated: NodeId, call: NodeId) -> bool {
    #[rustfmt::skip]
    const FAILURES: [&str; 17] = [
        "connection", "connect", "socket", "transport", "rpc", "remote", "network", "http", "thrift", "amqp", "redis", "kafka",
        "unavailable", "unreachable", "zookeeper", "session", "client",
    ];
    let model = file.model;
    let name = model.name(call);
    if name.to_ascii_lowercase().contains("transaction") && has_word(name, &["commit", "start", "begin", "run", "with"])
    {
        return true;
    }
    let Some(guarding) = try_around(file, repeated, call) else { return false };
    // What is done first in the attempt is the attempt.
    let body = model.child(guarding, Role::Body);
    if body.is_none_or(|b| model.parent(file.statement(call)) != Some(b)) || model.role(call) == Role::Arg {
        return false;
    }
    let handlers = model.children_with(guarding, Role::Catch).filter(|c| goes_on(file, repeated, *c));
    let mut types = handlers.flat_map(|c| model.children_with(c, Role::Type));
    let asked = model.child(call, Role::Arg).is_some() || model.child(call, Role::Receiver).is_some();
    let head = model.children(repeated).filter(|c| model.role(*c) != Role::Body);
    let counts = head.flat_map(|h| model.self_and_descendants(h)).any(|n| has_word(model.name(n), &RETRY));
    asked && types.any(|t| has_word(model.name(t), &FAILURES)) || counts && speaks_of_servers(file, repeated)
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
    let spoken = |n: NodeId| {
        matches!(model.kind(n), Kind::ImportItem | Kind::Class | Kind::Import) && is_remote_name(model.name(n))
    };
    speaks_of_servers(file, repeated) || model.ids().any(spoken)
}

fn speaks_of_servers(file: &Analysis<'_>, repeated: NodeId) -> bool {
    let model = file.model;
    model.descendants(repeated).take(MOST_NODES).any(|n| {
        matches!(model.kind(n), Kind::Name | Kind::Member | Kind::Type | Kind::Entry) && is_remote_name(model.name(n))
    })
}
