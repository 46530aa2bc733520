//! Work that is handed out for a limited time and acknowledged by its id alone: who was too slow acknowledges what
//! somebody else is working on by then.

use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::catalog::ApiRole;
use timelint_semantics::{Analysis, has_word};

/// A hand-out whose holders cannot be told apart.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Unreceipted {
    /// The call that arms the timer.
    pub(crate) timer: NodeId,
    /// What the timer does: gives the work to the next one.
    pub(crate) again: NodeId,
    /// The method that acknowledges.
    pub(crate) ack: NodeId,
}

/// Functions that hand out work.
const HANDS_OUT: [&str; 10] =
    ["dequeue", "lease", "claim", "reserve", "take", "poll", "checkout", "deliver", "pop", "dispatch"];
/// Methods that give it to somebody else.
const AGAIN: [&str; 8] = ["nack", "requeue", "redeliver", "reclaim", "expire", "timeout", "reenqueue", "unack"];
/// Methods that say that it is done.
const DONE: [&str; 6] = ["ack", "acknowledge", "complete", "finish", "done", "nack"];
/// What tells one hand-out from the next.
const RECEIPT: [&str; 14] = [
    "token",
    "receipt",
    "attempt",
    "attempts",
    "tag",
    "generation",
    "version",
    "lease",
    "epoch",
    "handle",
    "seq",
    "delivery",
    "owner",
    "fence",
];

/// All of the file.
pub(crate) fn unreceipted(file: &Analysis<'_>) -> Vec<Unreceipted> {
    if !file.says(&AGAIN) {
        return Vec::new();
    }
    file.tables.calls.iter().filter_map(|call| at_timer(file, *call)).collect()
}

fn at_timer(file: &Analysis<'_>, timer: NodeId) -> Option<Unreceipted> {
    let model = file.model;
    file.resolve(timer).filter(|k| k.api.role == ApiRole::Schedule)?;
    let function = file.function_around(timer).filter(|f| has_word(model.name(*f), &HANDS_OUT))?;
    let callback = model.children_with(timer, Role::Arg).find(|a| model.kind(*a) == Kind::Function)?;
    let mut calls = file.tables.calls.iter().copied().filter(|c| model.contains(callback, *c));
    let again = calls.find(|c| has_word(model.name(*c), &AGAIN))?;
    let mut args = model.children_with(again, Role::Arg).peekable();
    args.peek()?;
    if args.any(|a| model.self_and_descendants(a).take(8).any(|n| has_word(model.name(n), &RECEIPT))) {
        return None;
    }
    let class = file.tables.class_around(model, function)?;
    let methods = &file.tables.classes[class as usize].methods;
    let mut acks: Vec<NodeId> = methods
        .iter()
        .filter(|(name, _)| has_word(model.text(**name), &DONE))
        .flat_map(|(_, m)| m.iter().copied())
        .collect();
    acks.sort_unstable();
    let by_id = |m: &NodeId| {
        let params: Vec<&str> = model.children_with(*m, Role::Param).flat_map(|p| names_of(file, p)).collect();
        !params.is_empty()
            && params.iter().any(|p| has_word(p, &["id", "key"]))
            && !params.iter().any(|p| has_word(p, &RECEIPT))
    };
    acks.into_iter().find(by_id).map(|ack| Unreceipted { timer, again, ack })
}

/// A parameter's name or names; some languages keep them in targets.
fn names_of<'f>(file: &'f Analysis<'_>, param: NodeId) -> Vec<&'f str> {
    let model = file.model;
    let targets = model.children_with(param, Role::Target).map(|t| model.name(t));
    targets.chain([model.name(param)]).filter(|name| !name.is_empty()).collect()
}
