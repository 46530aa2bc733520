//! The edit that waits for a call.

use timelint_diagnostics::{Edit, Location, Span};
use timelint_model::NodeId;
use timelint_semantics::Analysis;

/// Puts `await` in front of a call. All languages that have it spell it so, and a call binds as tightly as it must.
pub(crate) fn awaiting(file: &Analysis<'_>, call: NodeId) -> Edit {
    let start = file.model.span(call).start;
    let location = Location::new(file.path.clone(), Span { start, end: start });
    Edit { location, text: "await ".to_owned() }
}
