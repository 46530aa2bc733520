//! How long a lock that several stores granted counts as valid.

use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::{Analysis, Origins, has_word, is_lock_word, words};

/// What the computation leaves out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Missing {
    /// The time that the requests took.
    Elapsed,
    /// The difference between the rates of clocks.
    Drift,
}

/// A validity that is too long.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Gap {
    /// Where it is decided.
    pub(crate) at: NodeId,
    /// What is missing.
    pub(crate) missing: Missing,
}

const LEASE: [&str; 9] = ["ttl", "timeout", "expiry", "expire", "expires", "release", "lease", "duration", "lifetime"];
const ELAPSED: [&str; 10] = ["elapsed", "start", "started", "began", "begin", "took", "spent", "now", "time", "diff"];
const DRIFT: [&str; 6] = ["drift", "skew", "margin", "factor", "tolerance", "safety"];

/// All of the file.
pub(crate) fn validity_gaps(file: &Analysis<'_>) -> Vec<Gap> {
    let model = file.model;
    let mut gaps = Vec::new();
    if file.says(&["valid", "validity"]) {
        let remaining = model.ids().filter(|n| model.kind(*n) == Kind::Binary && model.name(*n).starts_with('-'));
        gaps.extend(remaining.filter_map(|n| remaining_gap(file, n)));
    }
    if file.says(&["quorum"]) {
        gaps.extend(file.tables.functions.iter().filter_map(|f| quorum_gap(file, f.node)));
    }
    gaps
}

/// `validity = ttl - drift`, `valid = ttl - elapsed > 0`.
fn remaining_gap(file: &Analysis<'_>, difference: NodeId) -> Option<Gap> {
    let model = file.model;
    let function = file.function_around(difference)?;
    let inner =
        model.parent(difference).is_some_and(|p| model.kind(p) == Kind::Binary && model.name(p).starts_with('-'));
    let mut rest: Vec<NodeId> = model.children_with(difference, Role::Operand).collect();
    // `a - b - c` may be a difference of a difference.
    while let Some(first) =
        rest.first().copied().filter(|f| model.kind(*f) == Kind::Binary && model.name(*f).starts_with('-'))
    {
        rest.splice(..1, model.children_with(first, Role::Operand));
    }
    let lease = *rest.first().filter(|_| !inner)?;
    let rest = &rest[1..];
    let named =
        |n: NodeId, list: &[&str]| model.self_and_descendants(n).take(12).any(|d| has_word(model.name(d), list));
    let is_lease = matches!(model.kind(lease), Kind::Name | Kind::Member) && has_word(model.name(lease), &LEASE);
    if !is_lease || !is_about_locks(file, function) || !decides_validity(file, difference, function) {
        return None;
    }
    let is_spent = |n: &NodeId| named(*n, &ELAPSED) || file.value(*n).origins.any(Origins::CLOCKS);
    let drift = rest.iter().any(|n| named(*n, &DRIFT));
    let elapsed = rest.iter().any(is_spent);
    let missing = match (elapsed, drift) {
        (false, true) => Missing::Elapsed,
        (true, false) => Missing::Drift,
        _ => return None,
    };
    Some(Gap { at: difference, missing })
}

/// The result says whether the lock is valid: by the name that it is given, or that the function has.
fn decides_validity(file: &Analysis<'_>, id: NodeId, function: NodeId) -> bool {
    let model = file.model;
    let valid = |name: &str| has_word(name, &["valid", "validity"]);
    let stored =
        model.ancestors(id).take_while(|a| *a != function).find(|a| matches!(model.kind(*a), Kind::Let | Kind::Assign));
    valid(model.name(function))
        || stored.is_some_and(|s| model.children_with(s, Role::Target).any(|t| valid(model.name(t))))
}

/// `if n < m.quorum { return false }; return true` where the lock is taken or extended, and no clock is looked at.
fn quorum_gap(file: &Analysis<'_>, function: NodeId) -> Option<Gap> {
    let model = file.model;
    let verb = words(model.name(function)).into_iter().next()?;
    let grants = matches!(verb.as_str(), "extend" | "renew" | "acquire" | "lock" | "obtain" | "refresh");
    if !grants || !is_about_locks(file, function) {
        return None;
    }
    let below = || model.descendants(function);
    let speaks = |list: &[&str]| below().any(|n| has_word(model.name(n), list));
    // Nothing that tells time is read here, nor handed on to something that could.
    if !speaks(&LEASE) || speaks(&["now", "start", "elapsed", "clock", "until", "validity", "timer", "monotonic"]) {
        return None;
    }
    let compares = |n: &NodeId| {
        model.kind(*n) == Kind::Binary
            && matches!(model.name(*n), "<" | "<=" | ">" | ">=")
            && model.children_with(*n, Role::Operand).any(|o| has_word(model.name(o), &["quorum"]))
    };
    let at = below().find(compares)?;
    let succeeds = |n: &NodeId| {
        model.kind(*n) == Kind::Return
            && model
                .child(*n, Role::Value)
                .is_some_and(|v| model.kind(v) == Kind::Boolean && model.name(v).eq_ignore_ascii_case("true"))
    };
    below().any(|n| succeeds(&n)).then_some(Gap { at, missing: Missing::Elapsed })
}

fn is_about_locks(file: &Analysis<'_>, function: NodeId) -> bool {
    let class =
        file.tables.class_around(file.model, function).map_or("", |c| file.tables.classes[c as usize].name.as_str());
    let about = |name: &str| is_lock_word(name) || name.to_ascii_lowercase().contains("lock");
    about(class) || about(file.model.name(function))
}
