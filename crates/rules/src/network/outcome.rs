//! What a condition says of a call that was made: it worked, it failed, or something about its answer.

use timelint_model::{Kind, NodeId, Role, Sym};
use timelint_semantics::{Analysis, has_word};

/// What holds of a call when a condition holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It worked.
    Success,
    /// Its answer is there, or is true.
    Answer,
    /// It failed.
    Failure,
    /// Nothing about it.
    Neutral,
    /// Something else decides.
    Other,
}

/// Names of what went wrong.
const ERROR: [&str; 9] = ["err", "error", "exc", "exception", "failure", "cause", "throwable", "errno", "lasterr"];

/// Names of whether it went well.
#[rustfmt::skip]
const WELL: [&str; 14] = [
    "ok", "success", "succeeded", "successful", "successfully", "acquired", "connected", "locked", "granted",
    "registered", "joined", "sent", "passed", "healthy",
];

/// Names of how it went.
const STATUS: [&str; 7] = ["status", "statuscode", "code", "ok", "success", "successful", "rc"];

/// Whether a name is that of an error.
pub(crate) fn is_error_name(name: &str) -> bool {
    matches!(name, "e" | "ex") || has_word(name, &ERROR)
}

/// The variables that get what the call gives.
pub(crate) fn targets_of(file: &Analysis<'_>, call: NodeId) -> Vec<Sym> {
    let model = file.model;
    let statement = model
        .ancestors(call)
        .find(|a| matches!(model.kind(*a), Kind::Let | Kind::Assign | Kind::WithItem | Kind::Block | Kind::Function));
    let gives = |s: &NodeId| matches!(model.kind(*s), Kind::Let | Kind::Assign | Kind::WithItem);
    let Some(statement) = statement.filter(gives) else {
        return Vec::new();
    };
    let targets = model.children_with(statement, Role::Target).flat_map(|t| model.self_and_descendants(t));
    targets.filter(|t| matches!(model.kind(*t), Kind::Name | Kind::Member)).map(|t| model.sym(t)).collect()
}

/// What `condition` being `holds` says of `call`, whose results went to `targets`.
pub(crate) fn outcome_of(
    file: &Analysis<'_>,
    condition: NodeId,
    holds: bool,
    call: NodeId,
    targets: &[Sym],
) -> Outcome {
    let model = file.model;
    let when = |success: bool, yes: Outcome| if success { yes } else { Outcome::Failure };
    if model.contains(condition, call) && !matches!(model.kind(condition), Kind::Binary | Kind::Unary) {
        return when(holds, Outcome::Answer);
    }
    match model.kind(condition) {
        Kind::Name | Kind::Member => {
            let name = model.name(condition);
            if is_error_name(name) {
                return when(!holds, Outcome::Success);
            }
            if has_word(name, &WELL) {
                return when(holds, Outcome::Success);
            }
            if model.kind(condition) == Kind::Name && targets.contains(&model.sym(condition)) {
                return when(holds, Outcome::Answer);
            }
            Outcome::Other
        }
        Kind::Unary if model.name(condition) == "!" => match model.child(condition, Role::Operand) {
            Some(inner) => outcome_of(file, inner, !holds, call, targets),
            None => Outcome::Other,
        },
        Kind::Binary if matches!(model.name(condition), "&&" | "||") => compound(file, condition, holds, call, targets),
        Kind::Binary if matches!(model.name(condition), "in" | "!in") => member(file, condition, holds, call, targets),
        Kind::Binary => comparison(file, condition, holds, call, targets),
        Kind::Call => {
            let takes_error = model
                .children_with(condition, Role::Arg)
                .any(|a| matches!(model.kind(a), Kind::Name | Kind::Member) && is_error_name(model.name(a)));
            let of_error = model.child(condition, Role::Receiver).is_some_and(|r| is_error_name(model.name(r)));
            if takes_error || of_error {
                return if holds { Outcome::Failure } else { Outcome::Neutral };
            }
            let name = model.name(condition);
            if has_word(name, &["failed", "error", "err"]) {
                return when(!holds, Outcome::Success);
            }
            if has_word(name, &WELL) { when(holds, Outcome::Success) } else { Outcome::Other }
        }
        _ => Outcome::Other,
    }
}

/// `err == nil || !retryable(err)`: whatever else leads there, success does; `err != nil && tries < 3` is a failure.
fn compound(file: &Analysis<'_>, condition: NodeId, holds: bool, call: NodeId, targets: &[Sym]) -> Outcome {
    let model = file.model;
    let parts = model.children_with(condition, Role::Operand);
    let outcomes: Vec<Outcome> = parts.map(|p| outcome_of(file, p, holds, call, targets)).collect();
    let any = |outcome| outcomes.contains(&outcome);
    let all_hold = (model.name(condition) == "&&") == holds;
    if all_hold && any(Outcome::Failure) || !outcomes.is_empty() && outcomes.iter().all(|o| *o == Outcome::Failure) {
        return Outcome::Failure;
    }
    let found = [Outcome::Success, Outcome::Answer].into_iter().find(|o| any(*o));
    found.unwrap_or(if any(Outcome::Other) { Outcome::Other } else { Outcome::Neutral })
}

/// The answer of the call, part of it, or a variable that was made of it.
fn is_of(file: &Analysis<'_>, id: NodeId, call: NodeId, targets: &[Sym]) -> bool {
    let model = file.model;
    let names =
        |n: NodeId| model.self_and_descendants(n).take(64).any(|d| d == call || targets.contains(&model.sym(d)));
    names(id) || file.stores_of(id).iter().filter_map(|s| s.value).any(names)
}

/// `status not in RETRYABLE`, `status in (200, 201)`.
fn member(file: &Analysis<'_>, condition: NodeId, holds: bool, call: NodeId, targets: &[Sym]) -> Outcome {
    const BAD: [&str; 7] = ["retry", "retryable", "retriable", "transient", "error", "errors", "failed"];
    let model = file.model;
    let operands: Vec<NodeId> = model.children_with(condition, Role::Operand).collect();
    let [left, right] = operands[..] else { return Outcome::Other };
    if !has_word(model.name(left), &STATUS) || !is_of(file, left, call, targets) {
        return Outcome::Other;
    }
    let codes = model.children_with(right, Role::Item).filter_map(|i| file.value(i).number);
    let bad = has_word(model.name(right), &BAD) || codes.into_iter().any(|n| n >= 429.0);
    if holds == (model.name(condition) == "in") && bad || !bad && holds == (model.name(condition) == "!in") {
        return Outcome::Failure;
    }
    Outcome::Success
}

fn comparison(file: &Analysis<'_>, condition: NodeId, holds: bool, call: NodeId, targets: &[Sym]) -> Outcome {
    let model = file.model;
    let operands: Vec<NodeId> = model.children_with(condition, Role::Operand).collect();
    let [left, right] = operands[..] else { return Outcome::Other };
    let equal = match model.name(condition) {
        "==" | "<" | "<=" => holds,
        "!=" | ">" | ">=" => !holds,
        _ => return Outcome::Other,
    };
    let null = matches!(model.kind(right), Kind::Null) || matches!(model.kind(left), Kind::Null);
    let subject = if model.kind(left) == Kind::Null { right } else { left };
    let name = model.name(subject);
    if null {
        // `ctx.Err() != nil`: somebody else's failure, or none at all.
        let asked = model.kind(subject) == Kind::Call && !model.contains(subject, call);
        let of = model.child(subject, Role::Receiver).filter(|_| asked);
        if of.is_some_and(|r| !is_error_name(model.name(r)) && !targets.contains(&model.sym(r))) {
            return Outcome::Neutral;
        }
        if is_error_name(name) && !model.contains(subject, call)
            || targets.last() == Some(&model.sym(subject)) && is_error_name(name)
        {
            return if equal { Outcome::Success } else { Outcome::Failure };
        }
        if targets.contains(&model.sym(subject)) || model.contains(subject, call) {
            return if equal { Outcome::Failure } else { Outcome::Answer };
        }
        return Outcome::Other;
    }
    if [left, right]
        .iter()
        .any(|s| matches!(model.kind(*s), Kind::Name | Kind::Member) && is_error_name(model.name(*s)))
    {
        // `err == redis.TxFailedErr`
        return match (model.name(condition), holds) {
            ("==", true) | ("!=", false) => Outcome::Failure,
            _ => Outcome::Neutral,
        };
    }
    if has_word(name, &STATUS) && is_of(file, subject, call, targets) {
        // What is compared with is bad by itself, or the first that is bad.
        let bad = file.value(right).number.is_some_and(|n| n >= 500.0 || (429.0..430.0).contains(&n));
        let below = matches!(model.name(condition), "<" | "<=" | ">" | ">=");
        return if equal == (!bad || below) { Outcome::Success } else { Outcome::Failure };
    }
    if model.contains(condition, call) || targets.contains(&model.sym(subject)) {
        return if equal { Outcome::Answer } else { Outcome::Other };
    }
    Outcome::Other
}
