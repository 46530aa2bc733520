//! Functions that take an amount and its unit, `close(long timeout, TimeUnit unit)`, and never look at the unit.

use crate::network::timeout_unit_mismatch::META;
use crate::network::unit_places::name_of;
use crate::story::Story;
use timelint_diagnostics::{Confidence, Finding};
use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::catalog::{ApiRole, ArgMeaning, Unit, leaf};
use timelint_semantics::{Analysis, How, StoreKind, has_word};

/// An amount that is taken as if it were in one unit, whatever unit the caller said.
pub(super) struct Unheard {
    amount: NodeId,
    unit: NodeId,
    taker: NodeId,
    due: Unit,
}

/// A type whose constants are units of time.
fn is_unit_type(file: &Analysis<'_>, ty: NodeId) -> bool {
    let name = file.model.name(ty);
    let path = file.tables.imports.get(name).map_or(name, String::as_str);
    let of = |t: &str| t == path || path == name && leaf(t) == name;
    file.apis_in(ApiRole::TimeDuration).any(|a| a.args.is_empty() && a.returns.as_deref().is_some_and(of))
}

/// The unit that a call takes one of its arguments in.
fn due(file: &Analysis<'_>, call: NodeId, argument: NodeId) -> Option<Unit> {
    let model = file.model;
    let written = |u: NodeId| file.unit_named_by(u).filter(|_| !model.name(u).chars().any(char::is_lowercase));
    let Some(known) = file.resolve(call).filter(|k| k.how != How::Name) else {
        let args: Vec<NodeId> = model.children_with(call, Role::Arg).collect();
        let next = args.iter().position(|a| *a == argument)? + 1;
        return written(*args.get(next)?);
    };
    if known.api.role == ApiRole::TimeConvert {
        return file.converted_unit(call).filter(|_| model.child(call, Role::Arg) == Some(argument));
    }
    let takes = |a: &&_| matches!(a, ArgMeaning::Amount) || a.is_length();
    let spec =
        known.api.args.iter().find(|a| takes(&&a.is) && file.argument_at(call, a.at.as_slice()) == Some(argument))?;
    let by_argument = file.argument(call, known, ArgMeaning::Unit).map(written);
    by_argument.unwrap_or(spec.unit.or(known.api.unit)).filter(|u| *u != Unit::Typed)
}

/// The first place in a function where an amount is taken in one unit, though its own unit is a parameter that nobody reads.
pub(super) fn unheard(file: &Analysis<'_>, function: NodeId) -> Option<Unheard> {
    let model = file.model;
    let body = model.child(function, Role::Body)?;
    let params: Vec<NodeId> = model.children_with(function, Role::Param).collect();
    let is_unit = |p: NodeId| model.child(p, Role::Type).is_some_and(|t| is_unit_type(file, t));
    let named = |p: NodeId, n: NodeId| model.kind(n) == Kind::Name && model.name(n) == model.name(p);
    let read = |p: NodeId| model.descendants(body).any(|n| named(p, n));
    let pair = params.windows(2).find(|w| !is_unit(w[0]) && is_unit(w[1]) && !read(w[1]))?;
    let (amount, unit) = (pair[0], pair[1]);
    if model.name(unit).is_empty() || has_word(model.name(unit), &["ignored", "unused", "ignore"]) {
        return None;
    }
    let passed = model.descendants(body).filter(|n| named(amount, *n) && model.role(*n) == Role::Arg);
    passed.into_iter().find_map(|argument| {
        let taker = model.parent(argument).filter(|p| matches!(model.kind(*p), Kind::Call | Kind::New))?;
        let given = |s: &timelint_semantics::Store| matches!(s.kind, StoreKind::Param(_));
        let due = due(file, taker, argument).filter(|_| file.stores_of(argument).iter().all(given))?;
        Some(Unheard { amount, unit, taker, due })
    })
}

impl Unheard {
    /// What is wrong with it.
    pub(super) fn tell(&self, file: &Analysis<'_>) -> Finding {
        let Unheard { amount, unit, taker, due } = self;
        let model = file.model;
        let [amount_name, unit_name] = [amount, unit].map(|p| model.name(*p));
        let message = format!(
            "`{amount_name}` is in `{unit_name}`, which is never looked at, but `{}` takes {}",
            name_of(file, *taker),
            due.noun()
        );
        Story::new(&META, file, *taker, message)
            .why("for any other unit than that one the length is wrong by its factor: 30 seconds end after 30 milliseconds, or after hours")
            .help(format!("convert by the unit that the caller said, or hand on `{unit_name}` as well"))
            .confidence(Confidence::High)
            .step(file.location(*unit), "the unit of the amount, which nobody reads")
            .step(file.location(*taker), format!("{} are due", due.noun()))
            .tell()
    }
}
