//! A lock that belongs to the thread that took it, and is given back in another one.

use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::{Analysis, How, Region, words};

/// Words of a call whose function runs in another thread or later.
const ELSEWHERE: [&str; 12] = [
    "thenRun",
    "thenRunAsync",
    "thenAccept",
    "thenAcceptAsync",
    "whenComplete",
    "whenCompleteAsync",
    "runAsync",
    "supplyAsync",
    "submit",
    "execute",
    "schedule",
    "doFinally",
];

/// The call that hands the release of a section's lock to another thread.
pub(crate) fn foreign_release(file: &Analysis<'_>, region: &Region<'_>) -> Option<NodeId> {
    let model = file.model;
    let handle = region.handle.filter(|_| region.api.api.thread_bound && region.api.how != How::Name)?;
    let function = file.function_around(region.acquire)?;
    let same = |n: NodeId| matches!(model.kind(n), Kind::Name | Kind::Member) && model.sym(n) == model.sym(handle);
    let unlocks = |n: NodeId| words(model.name(n)) == ["unlock"];
    let gives_back = |a: NodeId| match model.kind(a) {
        // `lock::unlock`
        Kind::Member => unlocks(a) && model.child(a, Role::Object).is_some_and(same),
        Kind::Function => file.calls_below(a).iter().any(|c| {
            let plain = model.child(*c, Role::Arg).is_none();
            let taken = file.calls_below(a).iter().any(|t| t < c && file.takes_distributed(*t));
            unlocks(*c) && plain && !taken && model.child(*c, Role::Receiver).is_some_and(same)
        }),
        _ => false,
    };
    file.calls_below(function).iter().copied().find(|c| {
        *c > region.acquire
            && file.function_around(*c) == Some(function)
            && ELSEWHERE.contains(&model.name(*c))
            && model.children_with(*c, Role::Arg).any(gives_back)
    })
}
