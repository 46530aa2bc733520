//! A record whose version, by which its store sees that somebody else changed it, is a wall-clock time.

use crate::story::{Story, lower};
use timelint_diagnostics::{Confidence, Finding, RuleMeta, Severity};
use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::catalog::{ApiRole, leaf};
use timelint_semantics::{Analysis, How, has_word};

/// `@Version private Instant updated;`, also on a getter.
pub(crate) fn timed_version(file: &Analysis<'_>, mark: NodeId, meta: &'static RuleMeta) -> Option<Finding> {
    const TIMES: [&str; 6] = ["timestamp", "instant", "date", "time", "calendar", "datetime"];
    let model = file.model;
    let known = file.resolve(mark).filter(|k| k.api.role == ApiRole::Fence)?;
    let owner = model.parent(mark)?;
    let written = model.child(owner, Role::Type).or_else(|| model.child(owner, Role::Returns))?;
    if !matches!(model.kind(owner), Kind::Field | Kind::Function) || !has_word(leaf(model.name(written)), &TIMES) {
        return None;
    }
    let message = format!("the version of this record, `{}`, is a wall-clock time", model.name(owner));
    let confidence = if known.how == How::Name { lower(Confidence::High) } else { Confidence::High };
    let story = Story::new(meta, file, written, message)
        .why(
            "the store compares versions to see that somebody else wrote meanwhile: two writes in one tick of the column, \
             or around a clock that is set back, carry the same time, and the second silently overwrites the first",
        )
        .help("make the version a number that the store increments, and keep the time in a field of its own")
        .confidence(confidence)
        .severity(Severity::Error);
    Some(story.step(file.location(mark), "the store tells old from new by this").tell())
}
