//! Acts that follow from the belief that a node is dead.

use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::{Analysis, has_word};

/// Acts that say it by themselves.
#[rustfmt::skip]
const FINAL: [&str; 11] = [
    "evict", "deregister", "unregister", "failover", "takeover", "quarantine", "convict", "expel", "reap", "bury", "promote",
];

/// Acts that need an object, and the objects.
const REMOVING: [&str; 9] = ["remove", "delete", "drop", "kill", "expire", "purge", "replace", "reassign", "forget"];
#[rustfmt::skip]
const NODES: [&str; 20] = [
    "node", "nodes", "member", "members", "peer", "peers", "worker", "workers", "instance", "instances", "server", "servers", "broker",
    "brokers", "replica", "replicas", "agent", "agents", "host", "hosts",
];
const JUDGING: [&str; 9] = ["mark", "set", "declare", "report", "handle", "on", "notify", "trigger", "start"];
#[rustfmt::skip]
const DEAD: [&str; 13] = [
    "dead", "down", "offline", "lost", "failed", "unreachable", "death", "crashed", "election", "failover", "takeover", "dying",
    "inactive",
];
const LIVING: [&str; 6] = ["alive", "online", "healthy", "up", "available", "active"];

/// The act at `id`, if it is one: a call or an assignment.
pub(crate) fn death_at(file: &Analysis<'_>, id: NodeId) -> Option<NodeId> {
    let model = file.model;
    let found = match model.kind(id) {
        Kind::Call => is_final_call(file, id),
        Kind::Assign => is_final_state(file, id),
        _ => false,
    };
    found.then_some(id)
}

fn is_final_call(file: &Analysis<'_>, call: NodeId) -> bool {
    let model = file.model;
    let name = model.name(call);
    if has_word(name, &FINAL) || has_word(name, &JUDGING) && has_word(name, &DEAD) {
        return true;
    }
    if !has_word(name, &REMOVING) {
        return false;
    }
    // `removeNode(id)`, `nodes.remove(id)`, `delete(nodes, id)`
    let first = model.child(call, Role::Arg).filter(|_| model.child(call, Role::Receiver).is_none());
    let owner = model.child(call, Role::Receiver).or(first);
    has_word(name, &NODES) || owner.is_some_and(|o| has_word(model.name(o), &NODES))
}

/// `node.alive = false`, `node.status = DEAD`.
fn is_final_state(file: &Analysis<'_>, assign: NodeId) -> bool {
    let model = file.model;
    let (Some(target), Some(value)) = (model.child(assign, Role::Target), model.child(assign, Role::Value)) else {
        return false;
    };
    if model.name(assign) != "=" || model.kind(target) != Kind::Member {
        return false;
    }
    let name = model.name(target);
    let text = model.name(value);
    match model.kind(value) {
        Kind::Boolean => {
            let holds = text.eq_ignore_ascii_case("true");
            has_word(name, if holds { &DEAD[..] } else { &LIVING[..] })
        }
        Kind::String | Kind::Name | Kind::Member => {
            has_word(name, &["status", "state", "health"]) && has_word(text, &DEAD)
        }
        _ => false,
    }
}
