//! The way that a failure takes through a loop: which handlers and branches lead from a call that failed to its next try.

use crate::network::outcome::{Outcome, outcome_of, targets_of};
use crate::network::rounds::{continues, goes_on, try_around};
use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::Analysis;

/// What a failure of a call in a loop reaches before the next try.
#[derive(Debug, Clone)]
pub(crate) struct Failing {
    /// The handler or the test that sees it; absent where nobody looks.
    pub(crate) at: Option<NodeId>,
    /// The statement that takes it from there: a `try`, an `if`.
    branching: Option<NodeId>,
    /// What runs in that statement.
    regions: Vec<NodeId>,
    /// From there the next round follows.
    jumps: bool,
}

/// Nodes of one loop that are looked at.
const MOST_NODES: usize = 3000;

/// What a failure of `call` reaches in `repeated`; `None` where it leaves the loop.
pub(crate) fn failing(file: &Analysis<'_>, repeated: NodeId, call: NodeId) -> Option<Failing> {
    let model = file.model;
    if let Some(guarding) = try_around(file, repeated, call) {
        let handlers: Vec<NodeId> =
            model.children_with(guarding, Role::Catch).filter(|c| goes_on(file, repeated, *c)).collect();
        let at = Some(*handlers.last()?);
        let regions: Vec<NodeId> = handlers.iter().filter_map(|h| model.child(*h, Role::Body)).collect();
        let jumps = !regions.is_empty() && regions.iter().all(|r| jumps(file, repeated, *r));
        return Some(Failing { at, branching: Some(guarding), regions, jumps });
    }
    let targets = targets_of(file, call);
    let tested = |id: NodeId| {
        let condition = model.child(id, Role::Condition)?;
        [true, false].into_iter().find_map(|holds| {
            let branch = model.child(id, if holds { Role::Then } else { Role::Else })?;
            let failed = outcome_of(file, condition, holds, call, &targets) == Outcome::Failure;
            failed.then(|| Failing {
                at: Some(condition),
                branching: Some(id),
                regions: vec![branch],
                jumps: jumps(file, repeated, branch),
            })
        })
    };
    let after = model.descendants(repeated).take(MOST_NODES).filter(|n| *n > call || model.contains(*n, call));
    let mut ifs = after.filter(|n| model.kind(*n) == Kind::If && file.in_loop(*n) == Some(repeated));
    Some(ifs.find_map(tested).unwrap_or(Failing { at: None, branching: None, regions: Vec::new(), jumps: false }))
}

impl Failing {
    /// Whether a failure of `call` passes the place before the next try.
    pub(crate) fn passes(&self, file: &Analysis<'_>, call: NodeId, place: NodeId) -> bool {
        let model = file.model;
        let Some(branching) = self.branching else { return true };
        if place < call || self.regions.iter().any(|r| model.contains(*r, place)) {
            return true;
        }
        if model.contains(branching, place) {
            let part = model.children(branching).find(|c| model.contains(*c, place));
            return part.is_some_and(|p| matches!(model.role(p), Role::Finally | Role::Condition));
        }
        // What stands between the call and the test runs in any case.
        place < branching || !self.jumps
    }
}

fn jumps(file: &Analysis<'_>, repeated: NodeId, region: NodeId) -> bool {
    continues(file, repeated, region) && file.exits(region)
}
