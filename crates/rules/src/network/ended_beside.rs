//! What ends a call from beside it: a timer of the same function.

use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::catalog::{ApiRole, ArgMeaning};
use timelint_semantics::{Analysis, words};

/// Functions around the call in which the timer may stand.
const MOST_FUNCTIONS: usize = 3;

/// Parts of a timer's function that are looked at: one that only ends something is short.
const MOST_NODES: usize = 80;

/// Whether the call goes on in the background, and a timer that is started in the same function gives up for it:
/// `setTimeout(() => reject(late), limit); socket.connect(port, host)`.
pub(super) fn is_ended_by_a_timer(file: &Analysis<'_>, site: NodeId) -> bool {
    let model = file.model;
    let mut waited_for = model.ancestors(site).take_while(|a| model.kind(*a) != Kind::Function);
    if waited_for.any(|a| model.kind(a) == Kind::Await) {
        return false;
    }
    let around: Vec<NodeId> =
        model.ancestors(site).filter(|a| model.kind(*a) == Kind::Function).take(MOST_FUNCTIONS).collect();
    let beside = |c: NodeId| file.function_around(c).is_some_and(|f| around.contains(&f));
    file.tables.calls.iter().any(|c| beside(*c) && gives_up(file, *c))
}

/// A timer that runs once, and whose function ends what others wait for; one with a name says so by it.
fn gives_up(file: &Analysis<'_>, timer: NodeId) -> bool {
    #[rustfmt::skip]
    const ENDS: [&str; 16] = [
        "reject", "destroy", "abort", "end", "close", "cancel", "fail", "finish", "done", "callback", "cb", "disconnect",
        "terminate", "kill", "timeout", "deadline",
    ];
    let model = file.model;
    let Some(known) = file.resolve(timer).filter(|k| k.api.role == ApiRole::Schedule && !k.api.repeats) else {
        return false;
    };
    let Some(callback) = file.argument(timer, known, ArgMeaning::Callback) else { return false };
    let ends = |n: NodeId| words(model.name(n)).iter().any(|w| ENDS.contains(&w.as_str()));
    match model.kind(callback) {
        Kind::Name | Kind::Member => ends(callback),
        _ => {
            let calls = model.descendants(callback).take(MOST_NODES).filter(|n| model.kind(*n) == Kind::Call);
            let handed = |c: NodeId| model.children_with(c, Role::Arg).any(|a| model.kind(a) == Kind::Name && ends(a));
            calls.into_iter().any(|c| ends(c) || handed(c))
        }
    }
}
