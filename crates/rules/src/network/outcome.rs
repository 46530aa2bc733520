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
    let statement = model.ancestors(call).find(|a| {
        matches!(model.kind(*a), Kind::Let | Kind::Assign) || matches!(model.kind(*a), Kind::Block | Kind::Function)
    });
    let Some(statement) = statement.filter(|s| matches!(model.kind(*s), Kind::Let | Kind::Assign)) else {
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
    if has_word(name, &STATUS) {
        let number = file.value(right).number;
        let good = number.is_none_or(|n| n < 500.0);
        return match (equal, good) {
            (true, true) => Outcome::Success,
            (false, true) => Outcome::Failure,
            (bad, false) => {
                if bad && model.name(condition) == "==" {
                    Outcome::Failure
                } else {
                    Outcome::Success
                }
            }
        };
    }
    if model.contains(condition, call) || targets.contains(&model.sym(subject)) {
        return if equal { Outcome::Answer } else { Outcome::Other };
    }
    Outcome::Other
}
