//! Waiting for a call: what stands for it, and the edit that does so.

use timelint_diagnostics::{Edit, Location, Span};
use timelint_model::{Kind, NodeId};
use timelint_semantics::Analysis;

/// The call with the awaits around it.
pub(crate) fn with_awaits(file: &Analysis<'_>, call: NodeId) -> NodeId {
    let mut top = call;
    while let Some(outer) = file.model.parent(top).filter(|p| file.model.kind(*p) == Kind::Await) {
        top = outer;
    }
    top
}

/// Puts `await` in front of a call. All languages that have it spell it so, and a call binds as tightly as it must.
pub(crate) fn awaiting(file: &Analysis<'_>, call: NodeId) -> Edit {
    let start = file.model.span(call).start;
    let location = Location::new(file.path.clone(), Span { start, end: start });
    Edit { location, text: "await ".to_owned() }
}
