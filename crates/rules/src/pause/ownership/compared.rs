//! Claims that are compared: a stored owner or state, an expiry against a clock.

use super::names::subject_of;
use super::{Check, Claim, Source, affirm, call, is_someone_elses, known, leaf};
use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::{Analysis, Origins, Shape, words};

pub(super) fn pair(file: &Analysis<'_>, id: NodeId) -> Option<(NodeId, NodeId)> {
    let mut operands = file.model.children_with(id, Role::Operand);
    Some((operands.next()?, operands.next()?))
}

/// `state == LEADER`, `leaderId == myId`, `err == nil` of a check, `flag == 1`.
pub(super) fn equality<'a>(
    file: &Analysis<'a>,
    id: NodeId,
    left: NodeId,
    right: NodeId,
    holds: bool,
    depth: usize,
) -> Option<Check<'a>> {
    let model = file.model;
    for (side, other) in [(left, right), (right, left)] {
        if model.kind(other) == Kind::Null {
            let asked = file.condition_source(side);
            if asked != side && model.kind(asked) == Kind::Call {
                return call(file, asked, holds, depth + 1).filter(|c| c.source != Source::Flag);
            }
            return None;
        }
        if model.kind(other) == Kind::Number && model.name(other) == "1" {
            return affirm(file, side, holds, depth + 1);
        }
    }
    if !holds {
        return None;
    }
    let sides = [(left, right), (right, left)];
    let found = sides
        .into_iter()
        .find_map(|(side, other)| is_own_state(file, side, other).or_else(|| is_own_claim(file, side, other)));
    let (claim, weak) = found?;
    Some(Check { at: id, claim, source: Source::Compared, by_name: true, weak, api: None })
}

/// `state == State.LEADER`, `raft.State() == raft.Leader`.
fn is_own_state(file: &Analysis<'_>, side: NodeId, other: NodeId) -> Option<(Claim, bool)> {
    let model = file.model;
    let state = words(leaf(file, side));
    let is_constant = model.kind(other) == Kind::String || leaf(file, other).starts_with(char::is_uppercase);
    if !is_constant || !state.iter().any(|w| matches!(w.as_str(), "state" | "role" | "status" | "mode")) {
        return None;
    }
    let owner = model.child(side, Role::Object).or_else(|| model.child(side, Role::Receiver));
    if owner.is_some_and(|o| is_someone_elses(file, o)) {
        return None;
    }
    let value = words(leaf(file, other));
    // A consensus library is asked: what follows is usually an append that its term fences.
    let consensus = owner.is_some_and(|o| words(leaf(file, o)).iter().any(|w| w == "raft"));
    let weak = consensus || value.iter().any(|w| matches!(w.as_str(), "master" | "primary"));
    (weak || value.iter().any(|w| matches!(w.as_str(), "leader" | "leading"))).then_some((Claim::Leadership, weak))
}

/// `leaderId == this.id`, `row.locked_by == me`.
fn is_own_claim(file: &Analysis<'_>, side: NodeId, other: NodeId) -> Option<(Claim, bool)> {
    if !is_self(file, other) {
        return None;
    }
    let holder = words(leaf(file, side));
    let has = |list: &[&str]| holder.iter().any(|w| list.contains(&w.as_str()));
    if has(&["leader"]) {
        return Some((Claim::Leadership, false));
    }
    if has(&["master", "primary"]) {
        return Some((Claim::Leadership, true));
    }
    if has(&["locked"]) && has(&["by"]) {
        return Some((Claim::Lock, false));
    }
    if !has(&["owner", "holder"]) {
        return None;
    }
    let owner = file.model.child(side, Role::Object).or_else(|| file.model.child(side, Role::Receiver));
    let subject = subject_of(&holder).or_else(|| owner.and_then(|o| subject_of(&words(leaf(file, o)))));
    subject.map(|s| (s, false))
}

/// An expression for this process: `this.id`, `me`, `myId`, `nodeId`.
fn is_self(file: &Analysis<'_>, id: NodeId) -> bool {
    let model = file.model;
    let own = words(leaf(file, id));
    let object = model.child(id, Role::Object).or_else(|| model.child(id, Role::Receiver));
    let on_this = object.is_some_and(|o| file.tables.is_this(model, o));
    let is_id = own
        .last()
        .is_some_and(|w| matches!(w.as_str(), "id" | "name" | "uuid" | "address" | "addr" | "identity" | "hostname"));
    own.iter().any(|w| matches!(w.as_str(), "me" | "my" | "self" | "own" | "local" | "whoami"))
        || (is_id && on_this)
        || (is_id
            && own.iter().any(|w| matches!(w.as_str(), "node" | "instance" | "server" | "worker" | "host" | "process")))
}

/// `lock.remainTimeToLive() > 0` where the library is known.
pub(super) fn remaining<'a>(
    file: &Analysis<'a>,
    id: NodeId,
    left: NodeId,
    right: NodeId,
    later: bool,
) -> Option<Check<'a>> {
    let is_number = |n: NodeId| file.model.kind(n) == Kind::Number;
    let (side, holds) = match (is_number(left), is_number(right)) {
        (true, false) => (right, later),
        (false, true) => (left, !later),
        _ => return None,
    };
    known(file, file.condition_source(side), holds).map(|c| Check { at: id, ..c })
}

/// `now < lease.expiry` in either order; `later`: the right side is the later one.
pub(super) fn clock<'a>(
    file: &Analysis<'a>,
    id: NodeId,
    left: NodeId,
    right: NodeId,
    later: bool,
) -> Option<Check<'a>> {
    let (now, end) = if later { (left, right) } else { (right, left) };
    let claim = end_of(file, end)?;
    let reading = file.value(now);
    let is_now = reading.shape == Shape::Instant && reading.origins.any(Origins::CLOCKS) && end_of(file, now).is_none();
    is_now.then_some(Check { at: id, claim, source: Source::Clock, by_name: true, weak: false, api: None })
}

/// The claim of which an expression is the end: `lease.expiresAt`, `lockedUntil`.
fn end_of(file: &Analysis<'_>, id: NodeId) -> Option<Claim> {
    const ENDS: [&str; 11] = [
        "expiry",
        "expires",
        "expire",
        "expiration",
        "until",
        "deadline",
        "end",
        "ends",
        "valid",
        "validity",
        "expired",
    ];
    const PEOPLE: [&str; 6] = ["user", "account", "login", "password", "auth", "customer"];
    let model = file.model;
    let own = words(leaf(file, id));
    if !own.iter().any(|w| ENDS.contains(&w.as_str())) {
        return None;
    }
    let object = model.child(id, Role::Object).or_else(|| model.child(id, Role::Receiver));
    let object = object.map(|o| words(leaf(file, o))).unwrap_or_default();
    // Accounts are locked too, against people.
    if own.iter().chain(object.iter()).any(|w| PEOPLE.contains(&w.as_str())) {
        return None;
    }
    subject_of(&own).or_else(|| subject_of(&object))
}
