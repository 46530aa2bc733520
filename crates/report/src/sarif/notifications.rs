//! What went wrong with files, and what was left out.

use super::place::line_location;
use super::prose::{LIMIT, escape, message, sentence};
use serde_sarif::sarif::{Invocation, Notification, ReportingDescriptorReference};
use timelint_diagnostics::{Note, NoteKind, Report};

/// The run itself: it finished, whatever happened to single files.
pub(super) fn invocation(report: &Report, results: usize, cut: usize) -> Invocation {
    let mut execution = Vec::new();
    let mut configuration = Vec::new();
    if cut > 0 {
        execution.push(cut_notification(results, cut));
    }
    for note in &report.notes {
        let list = if note.kind == NoteKind::Baseline { &mut configuration } else { &mut execution };
        list.push(notification(note));
    }
    Invocation::builder()
        .execution_successful(true)
        .tool_execution_notifications(execution)
        .tool_configuration_notifications(configuration)
        .build()
}

fn cut_notification(results: usize, cut: usize) -> Notification {
    let text = format!(
        "{cut} results are left out: a file may hold {results}, and the most severe and most certain were kept."
    );
    Notification::builder()
        .level("warning")
        .descriptor(ReportingDescriptorReference::builder().id("results-cut").build())
        .message(message(&text))
        .build()
}

fn notification(note: &Note) -> Notification {
    let text = sentence(&note.message, LIMIT);
    let text = if text.is_empty() { sentence(note.kind.name(), LIMIT) } else { escape(&text) };
    Notification::builder()
        .level(level(note.kind))
        .descriptor(ReportingDescriptorReference::builder().id(note.kind.name()).build())
        .message(message(&text))
        .locations(vec![line_location(&note.path, note.line)])
        .build()
}

fn level(kind: NoteKind) -> &'static str {
    match kind {
        NoteKind::InternalError => "error",
        NoteKind::Baseline => "note",
        NoteKind::ParseError | NoteKind::TooLarge | NoteKind::Unreadable | NoteKind::MatchLimit => "warning",
    }
}
