//! Renewals that take a claim which was lost again, and say that all is well.

use crate::pause::lease_not_renewed::{Kind as Lapsed, Lapse};
use timelint_diagnostics::Confidence;
use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::catalog::ApiRole;
use timelint_semantics::{Analysis, Command, Guard, How, Script, Scripts, has_word, words};

/// Words of a function that keeps a claim.
const KEEPS: [&str; 6] = ["renew", "renewal", "extend", "refresh", "prolong", "keepalive"];
/// First words of a method that takes a claim.
const TAKES: [&str; 6] = ["acquire", "obtain", "lock", "trylock", "take", "claim"];

/// All of the file.
pub(crate) fn retaken_claims(file: &Analysis<'_>) -> Vec<Lapse> {
    if !file.says(&KEEPS) {
        return Vec::new();
    }
    let scripts = file.shared(Scripts::of);
    // One that is called for both says by its answer which of the two it was.
    let for_both = ["acquire", "obtain", "elect", "campaign", "take", "claim"];
    let keeps = |s: &&Script| s.retakes() && file.serves(s.at, &KEEPS) && !file.serves(s.at, &for_both);
    let in_scripts = scripts.0.iter().filter(keeps);
    let in_scripts = in_scripts.map(|s| Lapse {
        at: s.at,
        kind: Lapsed::Retaken,
        steps: vec![(s.at, "where the key is gone, it is written anew and the answer is the same as for a renewal")],
        confidence: Confidence::Medium,
        evidence: "one answer for two outcomes".to_owned(),
        advice: None,
    });
    in_scripts.chain(file.tables.calls.iter().filter_map(|c| retaken(file, *c))).collect()
}

/// `refresh() { if (!(await this.extend())) { await this.acquire() } }`, `if (get(key) == null) setnx(key, ..)`.
fn retaken(file: &Analysis<'_>, take: NodeId) -> Option<Lapse> {
    let model = file.model;
    let function = file.named_function_around(take).filter(|f| has_word(file.function_name(*f), &KEEPS))?;
    if !takes(file, take)
        || !(file.class_about_locks(take) || has_word(file.function_name(function), &["lock", "lease"]))
    {
        return None;
    }
    let guard = file.guards(take).into_iter().find(|g| found_gone(file, *g))?;
    // Whoever asked may be told apart from this function's own answer.
    let told = model.descendants(function).any(|n| {
        matches!(model.kind(n), Kind::Call | Kind::Throw | Kind::New)
            && n > guard.condition
            && has_word(model.name(n), &["lost", "loss", "expired", "revoked", "demote", "abort", "emit", "stop"])
    });
    (!told).then(|| Lapse {
        at: take,
        kind: Lapsed::Retaken,
        steps: vec![(guard.condition, "the claim is gone here"), (take, "and is taken again")],
        confidence: Confidence::Medium,
        evidence: "nobody is told that it was lost".to_owned(),
        advice: None,
    })
}

/// A call that takes the claim: the library's, a conditional write, or the class's own method.
fn takes(file: &Analysis<'_>, call: NodeId) -> bool {
    let model = file.model;
    if let Some(known) = file.resolve(call).filter(|k| k.how != How::Name) {
        return matches!(known.api.role, ApiRole::LockAcquire | ApiRole::LockTry);
    }
    if file.key_command(call).is_some_and(|k| k.command == Command::SetIfAbsent) {
        return true;
    }
    let own = model.child(call, Role::Receiver).is_some_and(|r| file.tables.is_this(model, r));
    model.kind(call) == Kind::Call
        && own
        && words(model.name(call)).first().is_some_and(|w| TAKES.contains(&w.as_str()))
}

/// A condition that holds because a renewal failed, or because a read found nothing.
fn found_gone(file: &Analysis<'_>, guard: Guard) -> bool {
    let model = file.model;
    let source = file.condition_source(guard.condition);
    let renews = |n: NodeId| model.kind(n) == Kind::Call && has_word(model.name(n), &KEEPS);
    let failed = !guard.holds && model.self_and_descendants(source).any(renews);
    let nothing = model.kind(guard.condition) == Kind::Binary
        && guard.holds == matches!(model.name(guard.condition), "==" | "is")
        && model.children_with(guard.condition, Role::Operand).any(|o| model.kind(o) == Kind::Null);
    let of_key = || {
        model.children_with(guard.condition, Role::Operand).any(|o| {
            let source = file.condition_source(o);
            file.key_command(source).is_some_and(|k| k.command == Command::Get)
        })
    };
    failed || nothing && of_key()
}
