//! Code that every replica applies, or that is replayed from a log, asks its own machine what time it is.

use crate::shown::is_shown_call;
use crate::story::{Story, lower};
use crate::usage::{Usage, usage};
use timelint_diagnostics::{Confidence, Finding, RuleMeta, Severity};
use timelint_model::{Kind, NodeId};
use timelint_semantics::catalog::ApiRole;
use timelint_semantics::{Analysis, How, Replayed};

/// The readings in functions that have to give the same result on every machine.
pub(crate) fn replayed_readings(file: &Analysis<'_>, meta: &'static RuleMeta, out: &mut Vec<Finding>) {
    let mut told: Vec<NodeId> = Vec::new();
    for replayed in file.replayed_functions() {
        let readings =
            file.calls_below(replayed.function).iter().filter(|c| is_reading(file, **c) && decides(file, **c));
        for reading in readings {
            if !told.contains(reading) {
                told.push(*reading);
                out.push(tell(file, meta, *reading, &replayed));
            }
        }
    }
}

fn is_reading(file: &Analysis<'_>, call: NodeId) -> bool {
    let clock = |role| matches!(role, ApiRole::ClockWall | ApiRole::ClockBoth);
    matches!(file.model.kind(call), Kind::Call | Kind::New)
        && file.resolve(call).is_some_and(|k| clock(k.api.role) && k.how != How::Name)
}

/// More comes of it than a line of the log or a measured time. What goes into a record is kept with it.
fn decides(file: &Analysis<'_>, reading: NodeId) -> bool {
    let model = file.model;
    let around = || model.ancestors(reading).take_while(|a| !matches!(model.kind(*a), Kind::Block | Kind::Function));
    let kept = || around().any(|a| model.kind(a) == Kind::Record) && !around().any(|a| is_shown_call(file, a));
    usage(file, reading) >= Usage::HandedOn || kept()
}

fn tell(file: &Analysis<'_>, meta: &'static RuleMeta, reading: NodeId, replayed: &Replayed<'_>) -> Finding {
    let message =
        format!("`{}` asks each machine for its own time, in code that all of them apply", file.short(reading));
    let advice = replayed.api.and_then(|a| a.advice.clone());
    let help = advice.unwrap_or_else(|| {
        "let the one that appends the entry read its clock once, and carry that time in the entry".to_owned()
    });
    let sure = if replayed.api.is_some() { Confidence::High } else { lower(Confidence::High) };
    Story::new(meta, file, reading, message)
        .why(
            "the same entry is applied on every replica and again after a restart, each time at another moment: what one \
             finds expired another keeps, and the copies differ for ever",
        )
        .help(help)
        .confidence(sure)
        .severity(Severity::Error)
        .step(file.location(replayed.root), "this is run by every replica, or again from a log")
        .step(file.location(reading), "and reads the clock of the machine that it happens to run on")
        .tell()
}
