//! Wrappers that leave the limit to their callers, and a caller that gives none: `def ask(url, **kw): get(url, **kw)`.

use crate::network::bounds::{Bound, HANDED, LIMITS, given, limits, means_for_ever, of_record};
use crate::network::missing_timeout::{META, otherwise_unlimited, subject};
use crate::story::{Story, lower};
use timelint_diagnostics::Finding;
use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::{Analysis, Callee, How, StoreKind, has_word};

/// Wrappers around wrappers that are looked through.
const DEEP: usize = 3;

/// A parameter on which a limit may come in.
#[derive(Clone, Copy)]
struct Way {
    function: NodeId,
    /// The declaration.
    parameter: NodeId,
    position: usize,
}

/// Remote calls whose limit would have to come from a caller that gives none.
pub(crate) fn forwarded_calls(file: &Analysis<'_>) -> Vec<Finding> {
    file.tables.calls.iter().filter_map(|c| forwarded(file, *c)).collect()
}

fn forwarded(file: &Analysis<'_>, site: NodeId) -> Option<Finding> {
    let known = file.resolve(site).filter(|k| k.how != How::Name && k.api.waits_for_ever())?;
    let way = match given(file, site, known.api) {
        Bound::Given => own_limit(file, site)?,
        Bound::Unknown => handed_settings(file, site)?,
        _ => return None,
    };
    let witness = witness(file, way, DEEP)?;
    let confidence = lower(otherwise_unlimited(file, site, known)?);
    let name = file.model.name(way.parameter);
    let message = format!("`{}` has no limit of time where callers give none", subject(file, site));
    let finding = Story::new(&META, file, site, message)
        .why(
            "the limit is left to the callers and one of them gives none: when no answer comes it hangs for ever and holds its thread, \
             locks and connections",
        )
        .help("give the wrapper a limit of its own, from settings, that holds where the caller says nothing")
        .confidence(confidence)
        .step(file.location(witness), format!("gives no limit in `{name}`"))
        .step(file.location(site), "nothing ends this when no answer comes");
    Some(finding.tell())
}

/// The limit is a parameter that means "for ever" when it is left out.
fn own_limit(file: &Analysis<'_>, site: NodeId) -> Option<Way> {
    let model = file.model;
    let api = file.resolve(site)?.api;
    // `Client(session=session, timeout=timeout)`: what is handed over may have a limit of its own.
    let handed = |a: NodeId| model.kind(a) == Kind::Argument && has_word(model.name(a), &HANDED);
    if model.children_with(site, Role::Arg).any(handed) {
        return None;
    }
    let mut all = limits(api).filter_map(|s| Some((s, file.argument_at(site, s.at.as_slice())?)));
    let ((spec, length), None) = (all.next()?, all.next()) else { return None };
    let way = parameter_behind(file, length)?;
    let default = model.child(way.parameter, Role::Value);
    default.is_none_or(|d| means_for_ever(file, spec, d)).then_some(way)
}

/// What is handed on as it came in, settings perhaps among it, by a function that itself never speaks of limits.
fn handed_settings(file: &Analysis<'_>, site: NodeId) -> Option<Way> {
    let model = file.model;
    let mut ways = model
        .children_with(site, Role::Arg)
        .enumerate()
        .flat_map(|(position, arg)| match model.kind(arg) {
            Kind::Spread => model.child(arg, Role::Value).into_iter().collect(),
            Kind::Record => {
                let spreads = model.children(arg).filter(|c| model.kind(*c) == Kind::Spread);
                spreads.filter_map(|s| model.child(s, Role::Value)).collect()
            }
            Kind::Name if position > 0 => vec![arg],
            _ => Vec::new(),
        })
        .filter_map(|n| parameter_behind(file, n))
        .filter(|w| has_word(model.name(w.parameter), &CARRIES));
    let (way, None) = (ways.next()?, ways.next()) else { return None };
    let speaks = |n: NodeId| !matches!(model.kind(n), Kind::Type) && has_word(model.name(n), &LIMITS);
    (!model.descendants(way.function).any(speaks)).then_some(way)
}

/// Words of parameters that carry settings of a call.
const CARRIES: [&str; 12] =
    ["kwargs", "kw", "kwds", "options", "opts", "option", "config", "init", "settings", "extra", "args", "params"];

/// The parameter that a name stands for, if nothing else is ever stored to it.
fn parameter_behind(file: &Analysis<'_>, name: NodeId) -> Option<Way> {
    let model = file.model;
    let name = match model.kind(name) {
        Kind::Name => name,
        Kind::Argument => model.child(name, Role::Value).filter(|v| model.kind(*v) == Kind::Name)?,
        _ => return None,
    };
    let function = file.function_around(name)?;
    let [only] = file.stores_of(name) else { return None };
    let StoreKind::Param(position) = only.kind else { return None };
    let parameter = model.children_with(function, Role::Param).nth(position as usize)?;
    let own = only.at == parameter || model.contains(parameter, only.at);
    own.then_some(Way { function, parameter, position: position as usize })
}

/// A call of the function in this file that certainly gives no limit on this way.
fn witness(file: &Analysis<'_>, way: Way, depth: usize) -> Option<NodeId> {
    let model = file.model;
    let name = model.name(way.function);
    if depth == 0 || name.is_empty() {
        return None;
    }
    let calls = file.tables.calls.iter().copied().filter(|c| model.name(*c) == name);
    calls.filter(|c| matches!(file.callee(*c), Some(Callee::Here(f)) if f == way.function)).find_map(|c| {
        let mut onward = None;
        for (position, arg) in model.children_with(c, Role::Arg).enumerate() {
            let silent = match model.kind(arg) {
                Kind::Argument => !has_word(model.name(arg), &LIMITS) && model.name(arg) != model.name(way.parameter),
                Kind::Spread => {
                    onward = model.child(arg, Role::Value).and_then(|v| parameter_behind(file, v));
                    onward.is_some()
                }
                _ if position != way.position => true,
                Kind::Record => of_record(file, arg) == Bound::Absent,
                Kind::Null => true,
                _ => {
                    onward = parameter_behind(file, arg);
                    onward.is_some()
                }
            };
            if !silent {
                return None;
            }
        }
        match onward {
            Some(outer) if outer.function != way.function => witness(file, outer, depth - 1),
            Some(_) => None,
            None => Some(c),
        }
    })
}
