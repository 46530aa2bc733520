//! Renewing by taking the lock again: a lock that lets its holder in anew, where the holder is a thread.

use crate::pause::lease_not_renewed::{Kind as Lapsed, Lapse};
use crate::pause::ownership::confirmed;
use crate::pause::renewal::names_renewal;
use timelint_diagnostics::Confidence;
use timelint_model::NodeId;
use timelint_semantics::catalog::{ApiRole, ArgMeaning};
use timelint_semantics::{Analysis, Callee, How};

/// All of the file.
pub(crate) fn taken_again(file: &Analysis<'_>) -> Vec<Lapse> {
    let calls = file.tables.calls.iter().copied();
    calls.filter_map(|c| again(file, c)).collect()
}

fn again(file: &Analysis<'_>, take: NodeId) -> Option<Lapse> {
    let known = file.resolve(take).filter(|k| {
        k.how != How::Name
            && k.api.thread_bound
            && !k.api.renewed
            && matches!(k.api.role, ApiRole::LockTry | ApiRole::LockAcquire)
    })?;
    let lease = file.argument(take, known, ArgMeaning::Lease)?;
    let held = held_already(file, take)?;
    Some(Lapse {
        at: take,
        kind: Lapsed::Again,
        steps: vec![
            (held, "here the claim is held already, and is to be renewed"),
            (lease, "the lease begins anew only for the thread that holds the lock"),
        ],
        confidence: Confidence::Medium,
        evidence: "the lock keeps its owner by thread".to_owned(),
        advice: None,
    })
}

/// Where the lock is taken although it is held: the check before it, or the function that is called a renewal; here, or
/// where the function around it is called.
fn held_already(file: &Analysis<'_>, take: NodeId) -> Option<NodeId> {
    let here = |at: NodeId| {
        let function = file.named_function_around(at)?;
        let checked = file.guards(at).into_iter().find(|g| confirmed(file, *g).is_some()).map(|g| g.condition);
        checked.or_else(|| names_renewal(file.function_name(function)).then_some(function))
    };
    let callers = || {
        let function = file.named_function_around(take)?;
        let reached = |c: &NodeId| matches!(file.callee(*c), Some(Callee::Here(f)) if f == function);
        file.calls_to(function).into_iter().filter(reached).find_map(here)
    };
    here(take).or_else(callers)
}
