//! Locks that say "not acquired" by an error, which is caught and logged before the section runs.

use crate::pause::awaiting::with_awaits;
use crate::pause::lock_result_ignored::{META, first_work};
use crate::pause::renewal::only_logs;
use crate::story::Story;
use timelint_diagnostics::{Confidence, Finding};
use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::catalog::ApiRole;
use timelint_semantics::{Analysis, How};

/// `try { lock = await redlock.acquire(..) } catch (e) { log(e) }`, and on it goes.
pub(crate) fn swallowed_refusal(file: &Analysis<'_>, call: NodeId) -> Option<Finding> {
    let model = file.model;
    let known = file.resolve(call).filter(|k| k.how != How::Name && k.api.role == ApiRole::LockAcquire)?;
    if known.api.answers != Some(false) || !file.takes_distributed(call) {
        return None;
    }
    let function = file.function_around(call)?;
    let around = model.ancestors(call).take_while(|a| *a > function).find(|a| model.kind(*a) == Kind::Try)?;
    let body = model.child(around, Role::Body).filter(|b| model.contains(*b, call))?;
    // Nothing but the acquire: the section is not what is guarded.
    let alone =
        model.children(body).count() == 1 && file.statement(with_awaits(file, call)) == model.children(body).next()?;
    let handler = model.children(around).find(|c| model.kind(*c) == Kind::Catch)?;
    let silent = model
        .child(handler, Role::Body)
        .is_none_or(|b| model.children(b).next().is_none() || only_logs(file, b) && !file.exits(b));
    let work = first_work(file, model.end(around), model.end(function))?;
    // Where the handle decides whether the work runs, somebody looks.
    let target = model.child(file.statement(call), Role::Target).map(|t| model.sym(t));
    let asked = file
        .guards(work)
        .iter()
        .any(|g| model.self_and_descendants(g.condition).any(|n| target.is_some_and(|t| model.sym(n) == t)));
    (alone && silent && !asked).then(|| {
        Story::new(&META, file, call, format!("`{}` may fail to get the lock, and the work runs all the same", file.short(call)))
            .why("whoever does not get the lock gets an error here, logs it, and does the work at the same time as the holder")
            .help("leave when the lock was not acquired: return, or let the error pass")
            .confidence(Confidence::Medium)
            .step(file.location(call), "the lock is asked for")
            .step(file.location(handler), "that somebody else has it ends here")
            .step(file.location(work), "and this runs without it")
            .tell()
    })
}
