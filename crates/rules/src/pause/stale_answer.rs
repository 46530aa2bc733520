//! Answers that are given on the strength of a claim that was checked before a wait, and `select`s in which the loss of
//! a claim competes with the work.

use crate::pause::guarded_write::{guards_through, is_about_the_lock_itself};
use crate::pause::ownership::{Check, Claim, confirmed, leaf, suspicious};
use crate::pause::pause_window::{Window, long_wait};
use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::{Analysis, ClassInfo, How, has_word, words};

/// An answer that is older than its check.
pub(crate) struct Stale<'a> {
    /// The last check before the answer.
    pub(crate) check: Check<'a>,
    /// The wait between the two.
    pub(crate) window: Window,
    /// The answer.
    pub(crate) answer: NodeId,
}

/// A case that competes with the news that the claim is lost.
pub(crate) struct Race {
    /// What is received in the case that works.
    pub(crate) case: NodeId,
    /// What is received in the case that tells of the loss.
    pub(crate) loss: NodeId,
    /// What the working case does.
    pub(crate) act: NodeId,
}

/// Words that tell of a claim's end.
const LOSS: [&str; 12] = [
    "lost", "loss", "demoted", "expired", "revoked", "changed", "stepped", "resigned", "stepdown", "done", "quorum",
    "lose",
];

/// The stale answers of a function: leadership or a lease is checked, then others are waited for, then a result is
/// returned. One answer a check.
pub(crate) fn stale_answers<'a>(file: &Analysis<'a>, function: NodeId) -> Vec<Stale<'a>> {
    let model = file.model;
    let mut found: Vec<Stale<'a>> = Vec::new();
    if is_about_the_lock_itself(file, function) {
        return found;
    }
    let returns = model.descendants(function).filter(|d| model.kind(*d) == Kind::Return && gives_result(file, *d));
    for answer in returns {
        let checks = guards_through(file, answer).into_iter().filter_map(|g| confirmed(file, g));
        let Some(check) = checks.filter(|c| c.claim != Claim::Lock).max_by_key(|c| c.at) else { continue };
        if found.iter().any(|f| f.check.at == check.at) {
            continue;
        }
        let Some(window) = long_wait(file, check.at, answer) else { continue };
        if !asks_again(file, window.at, answer) && !passes_consensus(file, check.at, answer) {
            found.push(Stale { check, window, answer });
        }
    }
    found
}

/// A return of something other than a verdict or an error.
fn gives_result(file: &Analysis<'_>, id: NodeId) -> bool {
    let model = file.model;
    let Some(value) = model.child(id, Role::Value) else { return false };
    // A call is somebody else's answer: forwarded, or checked there.
    let plain = matches!(model.kind(value), Kind::Name | Kind::Member | Kind::Unary | Kind::Record | Kind::New);
    let failed = |n: NodeId| has_word(leaf(file, n), &["err", "error", "errors", "exception", "failure"]);
    plain && !model.children_with(id, Role::Value).any(failed)
}

/// Whether something between two places went through the log of a consensus group, which only its leader can do.
fn passes_consensus(file: &Analysis<'_>, from: NodeId, to: NodeId) -> bool {
    const LOG: [&str; 7] = ["raft", "propose", "proposal", "barrier", "readindex", "linearizable", "consensus"];
    let model = file.model;
    let between = file.tables.calls.iter().copied().filter(|c| from < *c && *c < to);
    let on = |c: NodeId| model.child(c, Role::Receiver).map_or("", |r| leaf(file, r));
    between.into_iter().any(|c| has_word(model.name(c), &LOG) || has_word(on(c), &LOG))
}

/// Whether a condition between two places looks at the claim, or at its loss.
fn asks_again(file: &Analysis<'_>, from: NodeId, to: NodeId) -> bool {
    let model = file.model;
    let conditions =
        (from.0..to.0).map(NodeId).filter(|n| model.role(*n) == Role::Condition || model.kind(*n) == Kind::Case);
    let about = |n: NodeId| {
        let name = model.name(n);
        matches!(model.kind(n), Kind::Name | Kind::Member | Kind::Call) && (suspicious(name) || has_word(name, &LOSS))
    };
    conditions.into_iter().any(|c| model.self_and_descendants(c).take(24).any(about))
}

/// Branches that answer a read on the strength of a lease, in a function that never looks at one:
/// `case ReadOnlyLeaseBased: respond()`.
pub(crate) fn unchecked_lease_reads(file: &Analysis<'_>) -> Vec<(NodeId, NodeId)> {
    let model = file.model;
    let is_lease_read = |name: &str| has_word(name, &["lease"]) && has_word(name, &["read", "readonly"]);
    if !file.says(&["lease"]) || !file.says(&["read", "readonly"]) {
        return Vec::new();
    }
    let cases = model.ids().filter(|n| model.kind(*n) == Kind::Case);
    cases
        .filter_map(|case| {
            let value = model.child(case, Role::Value).filter(|v| is_lease_read(leaf(file, *v)))?;
            let function = file.function_around(case).filter(|f| !is_about_the_lock_itself(file, *f))?;
            let answers = model.descendants(case).find(|n| {
                model.kind(*n) == Kind::Call
                    && has_word(model.name(*n), &["respond", "response", "reply", "success", "run", "send"])
            })?;
            // Any other word about a lease is taken for the check.
            let looked = model.descendants(function).any(|n| {
                n != value
                    && matches!(model.kind(n), Kind::Call | Kind::Name | Kind::Member)
                    && has_word(model.name(n), &["lease", "quorum"])
                    && !is_lease_read(model.name(n))
                    && has_word(model.name(n), &["valid", "check", "expired", "active", "alive", "lease"])
            });
            (!looked).then_some((value, answers))
        })
        .collect()
}

/// Answers to "am I the leader" that compare what is remembered, in a class that could ask its lease: the answer, and where
/// the class does ask.
pub(crate) fn unasked_leases(file: &Analysis<'_>) -> Vec<(NodeId, NodeId)> {
    const CLAIM: [&str; 2] = ["lease", "leadership"];
    const ASKS: [&str; 6] = ["check", "valid", "expired", "alive", "held", "holds"];
    let model = file.model;
    if !file.says(&CLAIM) || !file.says(&["leader", "master", "primary"]) {
        return Vec::new();
    }
    let asks = |call: NodeId| {
        has_word(model.name(call), &ASKS)
            && model.child(call, Role::Receiver).is_some_and(|r| has_word(model.name(r), &CLAIM))
    };
    let answer = |method: NodeId| {
        let said = words(model.name(method));
        let about = said.len() == 2 && said[0] == "is" && matches!(said[1].as_str(), "leader" | "master" | "primary");
        let [value] = file.returns(method)[..] else { return None };
        let compares = about && model.kind(value) == Kind::Binary && model.name(value) == "==";
        let silent =
            !model.descendants(value).any(|n| has_word(model.name(n), &CLAIM) || has_word(model.name(n), &ASKS));
        (compares && silent).then_some(value)
    };
    let of_class = |class: &ClassInfo| {
        let mut methods: Vec<NodeId> = class.methods.values().flatten().copied().collect();
        methods.sort_unstable();
        let value = methods.iter().find_map(|m| answer(*m))?;
        let inside = |c: &NodeId| methods.iter().any(|m| model.contains(*m, *c));
        let lease = file.tables.calls.iter().copied().find(|c| inside(c) && asks(*c))?;
        Some((value, lease))
    };
    file.tables.classes.iter().filter_map(of_class).collect()
}

/// The cases of a function's `select`s that run although the claim may be lost already.
pub(crate) fn races(file: &Analysis<'_>, function: NodeId) -> Vec<Race> {
    let model = file.model;
    let selects = model.descendants(function).filter(|d| model.kind(*d) == Kind::Switch && model.name(*d) == "select");
    selects.filter(|_| !is_about_the_lock_itself(file, function)).filter_map(|s| race(file, s)).collect()
}

fn race(file: &Analysis<'_>, select: NodeId) -> Option<Race> {
    let model = file.model;
    let cases: Vec<NodeId> = model.children(select).filter(|c| model.kind(*c) == Kind::Case).collect();
    let loss = cases.iter().find_map(|c| {
        let value = model.child(*c, Role::Value)?;
        let body = model.child(*c, Role::Body)?;
        (tells_of_loss(file, value) && file.exits(body)).then_some(value)
    })?;
    cases.iter().find_map(|c| {
        let case = model.child(*c, Role::Value).filter(|v| *v != loss && model.kind(*v) != Kind::Unary)?;
        let body = model.child(*c, Role::Body)?;
        let act = act_of(file, body)?;
        (!tells_of_loss(file, case) && !looks_at_loss(file, body)).then_some(Race { case, loss, act })
    })
}

/// A receive from a channel that is closed when the claim is lost: `session.Done()`, `leaderChanged`, `lostCh`.
fn tells_of_loss(file: &Analysis<'_>, value: NodeId) -> bool {
    let model = file.model;
    let names: Vec<&str> = model.self_and_descendants(value).take(12).map(|n| model.name(n)).collect();
    let claim = ["leader", "leadership", "lease", "lock", "session", "election", "elected"];
    names.iter().any(|n| has_word(n, &LOSS)) && names.iter().any(|n| has_word(n, &claim))
}

/// The write or the result of a case.
fn act_of(file: &Analysis<'_>, body: NodeId) -> Option<NodeId> {
    let model = file.model;
    let writes = file.writes_in(body, model.end(body), 1);
    let write = writes.into_iter().find(|w| w.fence.is_none() && w.how > How::Name).map(|w| w.at);
    let result = || {
        let own = |r: &NodeId| file.function_around(*r) == file.function_around(body);
        model.descendants(body).filter(|d| model.kind(*d) == Kind::Return && gives_result(file, *d)).find(own)
    };
    write.or_else(result)
}

fn looks_at_loss(file: &Analysis<'_>, body: NodeId) -> bool {
    let model = file.model;
    model.descendants(body).any(|n| match model.kind(n) {
        Kind::Case => model.child(n, Role::Value).is_some_and(|v| tells_of_loss(file, v)),
        Kind::If => model.child(n, Role::Condition).is_some_and(|c| {
            model.self_and_descendants(c).take(12).any(|n| suspicious(model.name(n)) || has_word(model.name(n), &LOSS))
        }),
        _ => false,
    })
}
