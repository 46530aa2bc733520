//! Steps of work that is held under a token: the others take the token along, and one does not.

use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::{Analysis, has_word, words};

/// A step that leaves the token out.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tokenless {
    /// What the step sends.
    pub(crate) sent: NodeId,
    /// The token in a step beside it.
    pub(crate) beside: NodeId,
}

/// First words of functions that take a piece of work out of the hands of its worker.
const STEPS: [&str; 9] = ["move", "retry", "finish", "complete", "fail", "delay", "reschedule", "requeue", "settle"];
/// What work is called that is in somebody's hands.
const HELD: [&str; 4] = ["active", "processing", "running", "inflight"];

/// All of the file.
pub(crate) fn tokenless_steps(file: &Analysis<'_>) -> Vec<Tokenless> {
    if !file.says(&["token"]) || !file.says(&["lock"]) {
        return Vec::new();
    }
    let model = file.model;
    let steps: Vec<NodeId> = file.tables.functions.iter().map(|f| f.node).filter(|f| is_step(file, *f)).collect();
    let token = |f: NodeId| {
        let inside = model.descendants(f);
        inside.into_iter().find(|n| {
            matches!(model.kind(*n), Kind::Name | Kind::Member)
                && words(model.name(*n)).last().is_some_and(|w| w == "token")
        })
    };
    let Some(beside) = steps.iter().find_map(|f| token(*f)) else { return Vec::new() };
    let without = steps.iter().filter(|f| token(**f).is_none());
    let sent = without.filter_map(|f| {
        // What is put together and handed out is sent as it is.
        let [answer] = file.returns(*f)[..] else { return None };
        let id = model.self_and_descendants(answer).any(|n| {
            matches!(model.kind(n), Kind::Name | Kind::Member) && words(model.name(n)).last().is_some_and(|w| w == "id")
        });
        (model.kind(answer) == Kind::Call && id).then_some(Tokenless { sent: answer, beside })
    });
    sent.collect()
}

/// A function that says by its name that it moves work on, and by a key that somebody works on it.
fn is_step(file: &Analysis<'_>, function: NodeId) -> bool {
    let model = file.model;
    let first = words(file.function_name(function)).into_iter().next();
    let held =
        |n: NodeId| model.kind(n) == Kind::String && HELD.contains(&model.name(n)) && model.role(n) != Role::Condition;
    first.is_some_and(|w| STEPS.contains(&w.as_str()))
        && has_word(
            file.function_name(function),
            &["job", "task", "message", "args", "delayed", "finished", "completed", "failed"],
        )
        && model.descendants(function).any(held)
}
