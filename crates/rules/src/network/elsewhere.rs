//! Loops in which a round is no repetition of the one before: another machine is asked, another thing is done, or the
//! cause of the failure was mended in between.

use crate::network::attempts::RETRY;
use crate::network::failing::failing;
use crate::network::rounds::{goes_on, try_around};
use timelint_model::{Kind, NodeId, Role, Sym};
use timelint_semantics::{Analysis, StoreKind, has_word};

/// Nodes of one loop that are looked at.
const MOST_NODES: usize = 3000;

/// Nodes of one argument that are looked at.
const FEW_NODES: usize = 32;

/// Each round goes to another machine, or for another piece.
pub(crate) fn asks_elsewhere(file: &Analysis<'_>, repeated: NodeId, call: NodeId) -> bool {
    const MOVES: [&str; 11] =
        ["next", "pick", "select", "choose", "rotate", "switch", "random", "shuffle", "failover", "cycle", "assign"];
    #[rustfmt::skip]
    const PLACES: [&str; 29] = [
        "brokers",
        "server", "host", "node", "address", "addr", "endpoint", "broker", "leader", "peer", "url", "replica",
        "target", "master", "shard", "servers", "hosts", "endpoints", "nodes", "proxy", "index",
        "invoker", "invokers", "provider", "providers", "instance", "instances", "worker", "workers",
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
        // `item = next(items)`
        let built_in =
            name == "next" && model.child(n, Role::Receiver).is_none() && model.child(n, Role::Arg).is_some();
        let of_places = || model.child(n, Role::Receiver).is_some_and(|r| has_word(model.name(r), &PLACES));
        let iterates = || {
            model
                .child(n, Role::Receiver)
                .is_some_and(|r| has_word(model.name(r), &["iterator", "iter", "provider", "balancer"]))
        };
        let among = || model.children_with(n, Role::Arg).any(|a| has_word(model.name(a), &PLACES));
        // `addr = pool.Next()`
        let stored = || {
            let store = Some(file.statement(n)).filter(|p| matches!(model.kind(*p), Kind::Assign | Kind::Let));
            let mut targets = store.into_iter().flat_map(|s| model.children_with(s, Role::Target));
            targets.any(|t| model.self_and_descendants(t).any(|n| has_word(model.name(n), &PLACES)))
        };
        // `brokers.remove(leader)`: the one that failed is left out.
        let leaves_out = matches!(name, "remove" | "delete" | "discard" | "Remove" | "Delete") && of_places();
        if model.kind(n) == Kind::Call && leaves_out {
            return true;
        }
        model.kind(n) == Kind::Call
            && has_word(name, &MOVES)
            && (built_in || has_word(name, &PLACES) || iterates() || of_places() || among() || stored())
    };
    if model.descendants(repeated).take(MOST_NODES).any(moves) {
        return true;
    }
    // `port++`, `{ height: slot }` after `slot--`: another one is tried next time.
    let counted_up = |a: NodeId| {
        matches!(model.kind(a), Kind::Name | Kind::Member)
            && !has_word(model.name(a), &RETRY)
            && file.stores_of(a).iter().any(|s| s.kind == StoreKind::Update && model.contains(repeated, s.at))
    };
    let parts = |a: NodeId| model.self_and_descendants(a).take(FEW_NODES);
    let entry = |a: NodeId| model.kind(a) == Kind::Record && parts(a).any(counted_up);
    if model.children_with(call, Role::Arg).any(|a| counted_up(a) || entry(a)) {
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

/// What fails is no outage: a conflict with another writer, a thing that is gone (the next round takes another), a
/// token that is renewed before the next round.
pub(crate) fn mends_cause(file: &Analysis<'_>, repeated: NodeId, call: NodeId) -> bool {
    let model = file.model;
    // `store.put(key, value, old.version)`: it fails where somebody else was faster.
    let expects = |a: NodeId| has_word(model.name(a), &["version", "etag", "revision", "expected"]);
    // A `revision` alone may be what is asked for.
    if model.children_with(call, Role::Arg).any(|a| model.kind(a) == Kind::Member && expects(a)) {
        return true;
    }
    let Some(guarding) = try_around(file, repeated, call) else {
        // `if errors.Is(err, ErrNotFound) { continue }`: it waits until there is something.
        let named = |n: NodeId| matches!(model.kind(n), Kind::Name | Kind::Member | Kind::Call);
        let cause = |c: NodeId| model.self_and_descendants(c).any(|n| named(n) && is_cause(model.name(n)));
        let tested = failing(file, repeated, call).and_then(|f| f.at);
        if tested.is_some_and(|t| model.kind(t) == Kind::Binary && cause(t)) {
            return true;
        }
        let mut jumps = model.descendants(repeated).take(MOST_NODES).filter(|n| model.kind(*n) == Kind::Continue);
        return jumps.any(|j| {
            let guards = file.guards(j);
            file.in_loop(j) == Some(repeated)
                && guards.iter().any(|g| g.holds && g.condition > call && cause(g.condition))
        });
    };
    let handlers: Vec<NodeId> =
        model.children_with(guarding, Role::Catch).filter(|c| goes_on(file, repeated, *c)).collect();
    let mut types = handlers.iter().flat_map(|c| model.children_with(*c, Role::Type)).peekable();
    let by_type = types.peek().is_some() && types.all(|t| is_cause(model.name(t)));
    // `except SessionExpired: self.login()`
    let logs_in = |n: NodeId| {
        matches!(model.kind(n), Kind::Call | Kind::Assign) && {
            let named = if model.kind(n) == Kind::Call { Some(n) } else { model.child(n, Role::Target) };
            named.is_some_and(|n| has_word(model.name(n), &ENTERING))
        }
    };
    // `if (!(err instanceof UniqueError)) throw err;`
    let lets_pass = |n: NodeId| {
        model.kind(n) == Kind::Throw
            && file.guards(n).iter().any(|g| {
                let mut inner = model.self_and_descendants(g.condition).take(FEW_NODES);
                inner.any(|d| matches!(model.kind(d), Kind::Name | Kind::Type) && is_cause(model.name(d)))
            })
    };
    by_type || handlers.iter().any(|h| model.descendants(*h).take(MOST_NODES).any(|n| logs_in(n) || lets_pass(n)))
}

/// Words of calls that get in again after what let in before has expired.
const ENTERING: [&str; 6] = ["login", "relogin", "authenticate", "reauthenticate", "reauth", "authorize"];

/// A failure that names what is wrong, and it is not the connection.
pub(crate) fn is_cause(name: &str) -> bool {
    #[rustfmt::skip]
    const CAUSES: [&str; 35] = [
        "auth", "authentication", "authorization", "unauthorized", "permission", "denied", "token", "conflict",
        "integrity", "optimistic", "stale", "concurrent", "duplicate", "exists", "serialization", "deadlock",
        "credentials", "redirect", "watch", "such", "missing", "found", "full", "programming", "empty", "big",
        "large", "concurrency", "locking", "yet", "precondition", "exist", "constraint", "insufficient", "buffer",
    ];
    let pairs = ["nonode", "badversion", "notempty", "tryagain", "notready"];
    has_word(name, &CAUSES) || pairs.iter().any(|p| name.to_ascii_lowercase().contains(p))
}

/// `while (!queue.isEmpty())`, `while i < len(items)`, `while addresses:` each round is for another thing.
pub(crate) fn drains(file: &Analysis<'_>, repeated: NodeId) -> bool {
    const TAKING: [&str; 9] = ["pop", "popleft", "poll", "shift", "splice", "remove", "take", "dequeue", "delete"];
    let model = file.model;
    let Some(condition) = model.child(repeated, Role::Condition) else { return false };
    let Some(body) = model.child(repeated, Role::Body) else { return false };
    let iterates =
        |n: NodeId| matches!(model.kind(n), Kind::Call | Kind::Member) && has_word(model.name(n), &["next", "more"]);
    let sized = |n: NodeId| {
        let sizes = matches!(model.kind(n), Kind::Call | Kind::Member)
            && has_word(model.name(n), &["empty", "size", "len", "length"]);
        let of = [Role::Receiver, Role::Object, Role::Arg].into_iter().find_map(|r| model.child(n, r));
        of.filter(|_| sizes)
    };
    let mentions = |sym: Sym, within: NodeId| {
        let mut inside = model.self_and_descendants(within).take(MOST_NODES);
        inside.any(|n| matches!(model.kind(n), Kind::Name | Kind::Member) && model.sym(n) == sym)
    };
    // `addresses` is true as long as there is one, and the body takes them out.
    let taken = |n: NodeId| {
        matches!(model.kind(n), Kind::Name | Kind::Member)
            && model.descendants(body).take(MOST_NODES).any(|c| {
                model.kind(c) == Kind::Call
                    && has_word(model.name(c), &TAKING)
                    && model
                        .children(c)
                        .filter(|a| matches!(model.role(*a), Role::Arg | Role::Receiver))
                        .any(|a| model.sym(a) == model.sym(n))
            })
    };
    let mut parts = model.self_and_descendants(condition);
    parts.any(|n| iterates(n) || sized(n).is_some_and(|c| mentions(model.sym(c), body)) || taken(n))
}
