//! Event loops that set up again what failed, as one of the events that they wait for.

use crate::network::outcome::is_error_name;
use crate::network::pace::waits;
use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::{Analysis, has_word, words};

/// An event of a loop: something failed, and is set up again.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reopening {
    /// The call that sets it up again.
    pub(crate) call: NodeId,
    /// What tells that it failed.
    pub(crate) event: NodeId,
}

/// Words of events that tell of a failure.
const LOST: [&str; 8] = ["err", "errc", "errch", "error", "errors", "lost", "disconnected", "failed"];

/// Nodes of one case that are looked at.
const MOST_NODES: usize = 2000;

/// `case err := <-errc: client = newClient()` in a loop, with nothing that waits.
pub(crate) fn reopenings(file: &Analysis<'_>) -> Vec<Reopening> {
    let model = file.model;
    let cases = model.ids().filter(|id| model.kind(*id) == Kind::Case && file.in_loop(*id).is_some());
    cases.filter_map(|case| reopening_in(file, case)).collect()
}

fn reopening_in(file: &Analysis<'_>, case: NodeId) -> Option<Reopening> {
    let model = file.model;
    let event = model.child(case, Role::Value)?;
    let mut inside = model.self_and_descendants(event);
    let receive = inside.find(|n| model.kind(*n) == Kind::Unary && model.name(*n) == "<-")?;
    let channel = model.child(receive, Role::Operand)?;
    let name = model.name(channel);
    if !matches!(model.kind(channel), Kind::Name | Kind::Member) || !(is_error_name(name) || has_word(name, &LOST)) {
        return None;
    }
    let after = || model.descendants(case).take(MOST_NODES).filter(|n| *n >= model.end(event));
    let calls = || after().filter(|n| model.kind(*n) == Kind::Call);
    let call = calls().find(|c| sets_up(model.name(*c)))?;
    let pauses = calls().any(|c| waits(file, c)) || after().any(|n| model.name(n) == "<-");
    // Who counts how often, or asks what kind of failure it was and leaves, has thought of it.
    let counted = after().any(|n| {
        matches!(model.kind(n), Kind::Name | Kind::Member)
            && has_word(model.name(n), &["attempts", "retries", "backoff"])
    });
    (!pauses && !counted).then_some(Reopening { call, event })
}

/// `newWatchClient`, `openStream`, `reconnect`
fn sets_up(name: &str) -> bool {
    const AGAIN: [&str; 5] = ["reconnect", "redial", "resubscribe", "reopen", "reestablish"];
    const MAKING: [&str; 8] = ["new", "open", "connect", "dial", "create", "start", "subscribe", "establish"];
    const LINKS: [&str; 9] =
        ["client", "conn", "connection", "stream", "session", "watch", "watcher", "subscription", "channel"];
    let words = words(name);
    let first = words.first().map_or("", String::as_str);
    AGAIN.contains(&first) || MAKING.contains(&first) && has_word(name, &LINKS)
}
