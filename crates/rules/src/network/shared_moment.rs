//! Whether many are sure to fail in the same moment: what waits between attempts runs in each of many processes that lose
//! the same connection, or in a helper that every caller goes through.

use crate::network::attempts::RETRY;
use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::{Analysis, has_word};

/// Words of what a system has many of, all of which talk to one and the same other side.
#[rustfmt::skip]
const MANY: [&str; 15] = [
    "agent", "agents", "worker", "workers", "node", "nodes", "member", "members", "sdk", "replica", "replicas", "peer", "peers",
    "kubelet", "heartbeat",
];

/// Nodes of one function that are looked at.
const MOST_NODES: usize = 2000;

/// Whether a name speaks of setting up again what broke.
pub(super) fn reconnects(name: &str) -> bool {
    has_word(name, &["reconnect", "reconnects", "reconnecting", "reconnection", "redial", "resubscribe"])
}

/// Whether the code around runs in many processes or for many callers that come back together. Of those that run it in
/// many processes only what all of them lose at once counts: a connection.
pub(super) fn is_shared(file: &Analysis<'_>, id: NodeId, connects: bool, library: bool) -> bool {
    let model = file.model;
    let around = || model.ancestors(id).filter(|a| matches!(model.kind(*a), Kind::Function | Kind::Class));
    let receiver =
        model.ancestors(id).find_map(|a| model.child(a, Role::This)).and_then(|r| model.child(r, Role::Type));
    // Whoever makes a client of a library need not be one of many.
    let many = |name: &str| has_word(name, &MANY) || !library && has_word(name, &["client", "clients"]);
    let of_many = || {
        around().any(|a| many(model.name(a)))
            || receiver.is_some_and(|t| many(model.name(t)))
            || file.path.rsplit('/').take(2).any(many)
    };
    // What has a word for losing its connection loses it together with the others.
    let inside = |f: NodeId| model.self_and_descendants(f).take(MOST_NODES).any(|n| reconnects(model.name(n)));
    let broke = || around().any(|a| reconnects(model.name(a))) || file.function_around(id).is_some_and(inside);
    connects && (of_many() || !library && broke())
}

/// Whether the function or class around is called after what there are many of.
pub(super) fn is_of_many(file: &Analysis<'_>, id: NodeId) -> bool {
    let model = file.model;
    let mut around = model.ancestors(id).filter(|a| matches!(model.kind(*a), Kind::Function | Kind::Class));
    around.any(|a| has_word(model.name(a), &MANY))
}

/// Whether the lock is one that several servers vote on, as in the Redlock algorithm: who asks in step with others splits
/// the votes each time, and nobody gets it.
pub(super) fn is_voted_on(file: &Analysis<'_>) -> bool {
    struct Voted(bool);
    let votes = |file: &Analysis<'_>| {
        file.model.symbols().any(|(_, name)| {
            has_word(name, &["quorum", "drift", "votes"]) || name.to_ascii_lowercase().contains("redlock")
        })
    };
    file.shared(|file| Voted(votes(file))).0
}

/// `func WithRetry(ctx, operation)`, `def retry(times): def decorate(function): …`: it repeats whatever it is given.
pub(super) fn is_given_work(file: &Analysis<'_>, id: NodeId) -> bool {
    #[rustfmt::skip]
    const GIVEN: [&str; 14] = [
        "fn", "func", "function", "f", "op", "operation", "action", "callback", "task", "supplier", "callable", "invoker",
        "wrapped", "exceptions",
    ];
    let model = file.model;
    let around = || file.model.ancestors(id).filter(|a| file.model.kind(*a) == Kind::Function);
    let given = |a: NodeId| {
        let names = file.names_of_parameters(a);
        names.iter().any(|p| has_word(p, &GIVEN))
    };
    around().any(|a| model.kind(a) == Kind::Function && has_word(model.name(a), &RETRY))
        && around().any(|a| model.kind(a) == Kind::Function && given(a))
}
