//! Requests that are made without the context that their function is given.

use crate::network::context_roots::{is_context, takes_context};
use crate::network::deadline_not_propagated::META;
use crate::network::remote::is_near;
use crate::story::Story;
use crate::surface::is_command;
use timelint_diagnostics::{Confidence, Finding};
use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::catalog::{ApiRole, Ends};
use timelint_semantics::{Analysis, How, has_word};

/// A request for each function that is given a context and sends the request without it.
pub(crate) fn bare_requests(file: &Analysis<'_>) -> Vec<Finding> {
    let found = file.tables.calls.iter().filter_map(|c| bare(file, *c).map(|function| tell(file, *c, function)));
    found.collect()
}

/// The function that is given a context which the request made at `call` never gets.
fn bare(file: &Analysis<'_>, call: NodeId) -> Option<NodeId> {
    let model = file.model;
    let known = file.resolve(call).filter(|k| k.how != How::Name)?;
    if known.api.role != ApiRole::None || known.api.ends != Some(Ends::Never) {
        return None;
    }
    let function = file.function_around(call).filter(|f| takes_context(file, *f))?;
    let request = model.child(file.statement(call), Role::Target).filter(|t| model.kind(*t) == Kind::Name)?;
    let of_request = |n: NodeId| model.sym(n) == model.sym(request) && matches!(model.kind(n), Kind::Name);
    let speaks = |n: NodeId| model.kind(n) == Kind::Name && has_word(model.name(n), &["ctx", "context"]);
    // `request = request.WithContext(ctx)`, `ctxhttp.Do(ctx, client, request)`, `return request`
    let handed = |n: NodeId| match model.kind(n) {
        Kind::Call => {
            let mut args = model.children_with(n, Role::Arg);
            let attaches = file.resolve(n).is_some_and(|k| k.api.role == ApiRole::ContextAttach);
            attaches || has_word(model.name(n), &["context", "ctx"]) || {
                let given: Vec<NodeId> = args.by_ref().collect();
                let to_request = model.child(n, Role::Receiver).is_some_and(of_request);
                given.iter().any(|a| speaks(*a)) && (to_request || given.iter().any(|a| of_request(*a)))
            }
        }
        Kind::Return => model.child(n, Role::Value).is_some_and(of_request),
        _ => false,
    };
    let quiet = is_near(file, call) || model.descendants(function).any(handed);
    (!quiet).then_some(function)
}

fn tell(file: &Analysis<'_>, call: NodeId, function: NodeId) -> Finding {
    let model = file.model;
    let advice =
        file.resolve(call).and_then(|k| k.api.advice.as_deref()).unwrap_or("give the request the caller's context");
    let message = format!("the request of `{}` is sent without the context of its caller", model.name(call));
    let confidence = if is_command(file) { Confidence::Low } else { Confidence::Medium };
    let mut story = Story::new(&META, file, call, message)
        .why(
            "when the caller's time is over or it has gone, the request goes on: nobody waits for its answer, and it holds its \
             connection",
        )
        .help(advice)
        .confidence(confidence);
    if let Some(param) = model.children_with(function, Role::Param).find(|p| is_context(file, *p)) {
        story = story.step(file.location(param), "the caller's context");
    }
    story.step(file.location(call), "knows nothing of it").tell()
}
