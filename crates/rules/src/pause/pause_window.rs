//! What takes time between a check and the write that relies on it.

use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::catalog::ApiRole;
use timelint_semantics::{Analysis, Callee, How, has_word};

/// A place where time passes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Window {
    /// Where.
    pub(crate) at: NodeId,
    /// What happens there, for the story.
    pub(crate) text: &'static str,
}

/// The first place between `check` and `act` that may take long.
pub(crate) fn window(file: &Analysis<'_>, check: NodeId, act: NodeId) -> Option<Window> {
    let model = file.model;
    let between = file.tables.calls_between(model.end(check), act).iter().copied();
    let slow = between.filter(|c| leads_on(file, *c, act) && !model.contains(*c, act)).find_map(|c| slow_call(file, c));
    slow.or_else(|| repeated(file, check, act))
}

/// The first place between `check` and `act` where others are waited for: a wait, a poll, a round of requests.
pub(crate) fn long_wait(file: &Analysis<'_>, check: NodeId, act: NodeId) -> Option<Window> {
    let model = file.model;
    let between = file.tables.calls_between(model.end(check), act).iter().copied();
    between.filter(|c| leads_on(file, *c, act) && !model.contains(*c, act)).find_map(|call| {
        let named = has_word(model.name(call), &["wait", "await", "sleep"])
            || has_word(model.name(call), &["sync", "replicate", "broadcast"])
                && model.children_with(call, Role::Arg).next().is_some();
        let text = match file.resolve(call).map(|k| (k.api.role, k.how)) {
            Some((ApiRole::Sleep | ApiRole::Await, how)) if how > How::Name => {
                "it waits here while the answer gets older"
            }
            Some((ApiRole::RemoteCall, how)) if how > How::Name => "a remote call takes its time here",
            Some((_, how)) if how > How::Name => return None,
            _ if named => "it waits for others here while the answer gets older",
            _ => return None,
        };
        Some(Window { at: call, text })
    })
}

/// Control goes from `call` on to `act`: it is not in a branch that leaves or in another function.
fn leads_on(file: &Analysis<'_>, call: NodeId, act: NodeId) -> bool {
    let model = file.model;
    model.ancestors(call).take_while(|a| !model.contains(*a, act)).all(|a| match model.kind(a) {
        Kind::Function | Kind::Catch => false,
        _ => !(model.role(a) == Role::Then && file.exits(a)),
    })
}

fn slow_call(file: &Analysis<'_>, call: NodeId) -> Option<Window> {
    let model = file.model;
    let slow = |role| match role {
        ApiRole::Sleep => Some("it waits here while the answer gets older"),
        ApiRole::Await | ApiRole::LockAcquire | ApiRole::LockTry => {
            Some("it waits for others here while the answer gets older")
        }
        ApiRole::RemoteRead => Some("what another process sends is read here"),
        ApiRole::RemoteCall | ApiRole::Write => Some("a remote call takes its time here"),
        _ => None,
    };
    if let Some(known) = file.resolve(call) {
        return slow(known.api.role).map(|text| Window { at: call, text });
    }
    if model.parent(call).is_some_and(|p| model.kind(p) == Kind::Await) {
        return Some(Window { at: call, text: "it awaits here while the answer gets older" });
    }
    if let Some(Callee::Here(function)) = file.callee(call) {
        let found =
            file.calls_below(function).iter().filter_map(|c| file.resolve(*c)).find_map(|known| slow(known.api.role));
        return found.map(|text| Window { at: call, text });
    }
    let waits = has_word(model.name(call), &["sleep", "wait", "await", "poll"]);
    waits.then_some(Window { at: call, text: "it waits here while the answer gets older" })
}

/// The write stands in a loop that does not ask again.
fn repeated(file: &Analysis<'_>, check: NodeId, act: NodeId) -> Option<Window> {
    let model = file.model;
    let around = model.ancestors(act).take_while(|a| !model.contains(*a, check));
    let outer = around.filter(|a| model.kind(*a) == Kind::Loop).last()?;
    Some(Window { at: outer, text: "the loop goes on without a new answer" })
}
