//! Claims whose loss leaves no trace: a flag that a failed renewal does not clear, an event that nobody hears.

use crate::pause::drained_channel::CHANNEL;
use crate::pause::lease_not_renewed::{Kind as Lapsed, Lapse};
use crate::pause::renewal::names_renewal;
use timelint_diagnostics::Confidence;
use timelint_model::{Kind, NodeId, Role, Sym};
use timelint_semantics::{Analysis, How, has_word};

/// Words of a failure handler that does something about the claim.
const ENDS: [&str; 16] = [
    "stop", "lost", "loss", "lose", "abort", "exit", "shutdown", "resign", "revoke", "release", "demote", "step",
    "fail", "close", "end", "expire",
];

/// Renewals in a `try` that set a flag, in a function that goes on as long as the flag is set; the handler leaves it.
pub(crate) fn kept_flags(file: &Analysis<'_>) -> Vec<Lapse> {
    let functions = file.tables.functions.iter().map(|f| f.node);
    functions.filter(|f| names_renewal(file.model.name(*f))).filter_map(|f| kept_flag(file, f)).collect()
}

fn kept_flag(file: &Analysis<'_>, function: NodeId) -> Option<Lapse> {
    let model = file.model;
    let within = || model.descendants(function);
    let conditions = within().filter(|n| model.kind(*n) == Kind::Loop).filter_map(|l| model.child(l, Role::Condition));
    let flags: Vec<(NodeId, Sym)> = conditions.filter_map(|c| flag_in(file, c).map(|flag| (c, flag))).collect();
    let tries = within().filter(|n| model.kind(*n) == Kind::Try);
    let (round, set, handler) = tries.into_iter().find_map(|t| {
        let body = model.child(t, Role::Body)?;
        let (round, set) = flags.iter().find_map(|(round, flag)| Some((*round, stores_answer(file, body, *flag)?)))?;
        let flag = flags.iter().find(|f| f.0 == round)?.1;
        let handler = model.children(t).find(|c| model.kind(*c) == Kind::Catch)?;
        (!answers_for(file, handler, flag)).then_some((round, set, handler))
    })?;
    Some(Lapse {
        at: set,
        kind: Lapsed::Kept,
        steps: vec![
            (set, "a success is noted here"),
            (handler, "a failure is not"),
            (round, "and this goes on as long as the last success is noted"),
        ],
        confidence: Confidence::Medium,
        evidence: "the handler neither sets the flag nor leaves".to_owned(),
        advice: None,
    })
}

/// `renewed`, `renewed.get()`, in a condition that holds while it is set.
fn flag_in(file: &Analysis<'_>, condition: NodeId) -> Option<Sym> {
    let model = file.model;
    let plain = match model.kind(condition) {
        Kind::Call if matches!(model.name(condition), "get" | "Load" | "is_set") => {
            model.child(condition, Role::Receiver)?
        }
        _ => condition,
    };
    matches!(model.kind(plain), Kind::Name | Kind::Member).then(|| model.sym(plain))
}

/// A store of a call's answer into the flag: `renewed.set(future.get(..))`, `renewed = renew()`.
fn stores_answer(file: &Analysis<'_>, body: NodeId, flag: Sym) -> Option<NodeId> {
    let model = file.model;
    let is_flag = |n: NodeId| matches!(model.kind(n), Kind::Name | Kind::Member) && model.sym(n) == flag;
    let asks = |n: NodeId| model.self_and_descendants(n).any(|d| model.kind(d) == Kind::Call);
    model.descendants(body).find(|n| match model.kind(*n) {
        Kind::Call => {
            matches!(model.name(*n), "set" | "Store")
                && model.child(*n, Role::Receiver).is_some_and(is_flag)
                && model.child(*n, Role::Arg).is_some_and(asks)
        }
        Kind::Assign => {
            model.children_with(*n, Role::Target).any(is_flag) && model.children_with(*n, Role::Value).any(asks)
        }
        _ => false,
    })
}

/// The handler speaks of the flag, leaves, or ends something.
fn answers_for(file: &Analysis<'_>, handler: NodeId, flag: Sym) -> bool {
    let model = file.model;
    model.descendants(handler).any(|n| match model.kind(n) {
        Kind::Throw | Kind::Return | Kind::Break => true,
        Kind::Name | Kind::Member => model.sym(n) == flag,
        Kind::Call => has_word(model.name(n), &ENDS),
        _ => false,
    })
}

/// Leases that are kept in a field and tell of their loss by an event that no file of the class's names.
pub(crate) fn unheard_losses(file: &Analysis<'_>) -> Vec<Lapse> {
    let model = file.model;
    let made = file.tables.calls.iter().copied().filter_map(|c| {
        let known = file.resolve(c).filter(|k| k.how != How::Name)?;
        let event = known.api.loss.as_deref().filter(|event| *event != CHANNEL)?;
        Some((c, event, known.api.advice.clone()))
    });
    let heard = |event: &str| model.ids().any(|n| model.kind(n) == Kind::String && model.name(n) == event);
    let kept = made.filter(|(call, event, _)| is_kept(file, *call) && !heard(event));
    kept.map(|(at, event, advice)| Lapse {
        at,
        kind: Lapsed::Unheard,
        steps: vec![(at, "the lease is made and kept")],
        confidence: Confidence::Medium,
        evidence: format!("the handle tells of its loss by the event `{event}`, which nothing here listens to"),
        advice,
    })
    .collect()
}

/// What a call makes is stored in a field, at once or through a local variable.
fn is_kept(file: &Analysis<'_>, call: NodeId) -> bool {
    let model = file.model;
    let Some(stored) = model.ancestors(call).take(2).find(|a| matches!(model.kind(*a), Kind::Let | Kind::Assign))
    else {
        return false;
    };
    let Some(target) = model.child(stored, Role::Target) else { return false };
    let own = |t: NodeId| model.child(t, Role::Object).is_some_and(|o| file.tables.is_this(model, o));
    if model.kind(target) == Kind::Member {
        return own(target);
    }
    let function = file.named_function_around(call).unwrap_or(model.root());
    model.descendants(function).any(|n| {
        model.kind(n) == Kind::Assign
            && model.child(n, Role::Target).is_some_and(|t| model.kind(t) == Kind::Member && own(t))
            && model
                .child(n, Role::Value)
                .is_some_and(|v| model.kind(v) == Kind::Name && model.sym(v) == model.sym(target))
    })
}
