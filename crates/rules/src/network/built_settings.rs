//! Settings that are built by a chain of calls and handed on: `client.setDefaults(Settings.custom().setX(..).build())`.

use crate::network::bounds::{Bound, means_for_ever};
use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::catalog::{ApiRole, ArgMeaning, TimeoutKind};
use timelint_semantics::{Analysis, How, has_word};

/// How many calls of a chain are looked at.
const MOST: usize = 24;

/// The settings that a call is handed, by the catalogue.
fn handed(file: &Analysis<'_>, call: NodeId) -> Option<NodeId> {
    let known = file.resolve(call).filter(|k| k.how != How::Name && file.model.kind(call) == Kind::Call)?;
    let spec = known.api.args.iter().find(|a| a.is == ArgMeaning::Settings)?;
    file.argument_at(call, spec.at.as_slice())
}

/// The calls of the chain that made settings, the outermost first; `None` where it does not begin with empty ones.
fn chain(file: &Analysis<'_>, settings: NodeId) -> Option<Vec<NodeId>> {
    let model = file.model;
    let made = match (model.kind(settings), file.stores_of(settings)) {
        (Kind::Call, _) => settings,
        (Kind::Name, [only]) => only.value.filter(|v| model.kind(*v) == Kind::Call)?,
        _ => return None,
    };
    let links = std::iter::successors(Some(made), |n| model.child(*n, Role::Receiver));
    let calls: Vec<NodeId> = links.take_while(|n| model.kind(*n) == Kind::Call).take(MOST).collect();
    let first = *calls.last()?;
    let known = file.resolve(first).filter(|k| matches!(k.how, How::Import | How::Factory))?;
    let empty = known.api.role == ApiRole::None && model.child(first, Role::Arg).is_none();
    empty.then_some(calls)
}

/// The kinds of limits that a call of such a chain sets.
fn sets(file: &Analysis<'_>, call: NodeId) -> Vec<TimeoutKind> {
    let Some(known) = file.resolve(call).filter(|k| k.api.role == ApiRole::TimeoutSet) else { return Vec::new() };
    let given = known.api.args.iter().filter(|a| {
        let length = file.argument_at(call, a.at.as_slice());
        a.is == ArgMeaning::Timeout && length.is_some_and(|l| !means_for_ever(file, a, l))
    });
    given.filter_map(|a| a.kind).collect()
}

/// What settings that a link of a chain is handed say of how long an answer may take; `None` where it is handed none, or
/// such that cannot be followed. To limit connecting says nothing of an answer.
pub(super) fn built(file: &Analysis<'_>, link: NodeId) -> Option<Bound> {
    let calls = chain(file, handed(file, link)?)?;
    let answers = |k: &TimeoutKind| matches!(k, TimeoutKind::Read | TimeoutKind::Total | TimeoutKind::Query);
    // Limits of sockets may be set beside it.
    if file.tables.calls.iter().any(|c| sets(file, *c).iter().any(answers)) {
        return None;
    }
    let known = |c: &NodeId| file.resolve(*c).is_some_and(|k| k.api.role == ApiRole::TimeoutSet);
    let named = |c: &NodeId| has_word(file.model.name(*c), &["timeout", "timeouts", "deadline"]);
    if calls.iter().any(|c| named(c) && !known(c)) {
        return None;
    }
    Some(Bound::Absent)
}

/// Whether the settings that a chain is handed limit connecting.
pub(super) fn limits_connecting(file: &Analysis<'_>, site: NodeId) -> bool {
    let model = file.model;
    let links = std::iter::successors(model.child(site, Role::Receiver), |n| model.child(*n, Role::Receiver));
    let mut settings = links.take(MOST).filter_map(|l| chain(file, handed(file, l)?));
    settings.any(|calls| calls.iter().any(|c| sets(file, *c).contains(&TimeoutKind::Connect)))
}
