//! Parts of a length that are taken for the whole: `delta.seconds` drops the days, `duration.getNano()` the seconds.

use crate::network::timeout_unit_mismatch::META;
use crate::story::Story;
use timelint_diagnostics::{Confidence, Finding};
use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::catalog::{Api, ApiRole, leaf};
use timelint_semantics::{Analysis, How, Origins, StoreKind};

/// Expressions around a place that are looked at.
const MOST_AROUND: usize = 8;

/// Nodes of one function that are looked at.
const MOST_NODES: usize = 2000;

/// A part of a length that decides something.
pub(super) struct Part<'a> {
    /// The read or call.
    pub(super) at: NodeId,
    /// The length.
    pub(super) whole: NodeId,
    /// What it decides.
    pub(super) decides: NodeId,
    /// What is known of it.
    pub(super) api: &'a Api,
}

/// The parts of lengths in a file that stand where the whole length is meant.
pub(super) fn parts<'a>(file: &Analysis<'a>) -> Vec<Part<'a>> {
    if !file.says(&["seconds", "microseconds", "milliseconds", "minutes", "hours", "days", "nano"]) {
        return Vec::new();
    }
    let apis: Vec<&'a Api> = file.apis_in(ApiRole::TimeConvert).filter(|a| a.part).collect();
    let named = |id: NodeId| {
        let name = file.model.name(id);
        let called = |a: &&&Api| a.name.as_slice().iter().any(|n| leaf(n) == name);
        matches!(file.model.kind(id), Kind::Call | Kind::Member).then(|| apis.iter().find(called).copied()).flatten()
    };
    file.model.ids().filter_map(|id| part_at(file, id, named(id)?)).collect()
}

fn part_at<'a>(file: &Analysis<'a>, at: NodeId, named: &'a Api) -> Option<Part<'a>> {
    let model = file.model;
    let whole = model.child(at, if model.kind(at) == Kind::Call { Role::Receiver } else { Role::Object })?;
    let known = file.resolve(at).filter(|k| k.how != How::Name);
    // `(now - then).seconds`: nothing else of a clock has parts of this name.
    let by_clock = || {
        let reads = model.kind(whole) != Kind::Call && file.value(whole).origins.any(Origins::CLOCKS);
        (reads && model.kind(at) == Kind::Member && named.unit.is_some()).then_some(named)
    };
    let api = known.map_or_else(by_clock, |k| k.api.part.then_some(k.api))?;
    if file.value(whole).number.is_some() || taken_apart(file, at, whole) {
        return None;
    }
    Some(Part { at, whole, decides: decision(file, at, true)?, api })
}

/// Where a number decides: a comparison, a wait, what a function returns.
fn decision(file: &Analysis<'_>, number: NodeId, follow: bool) -> Option<NodeId> {
    let model = file.model;
    if let Some(due) = file.unit_due(number) {
        return Some(due.source);
    }
    let mut at = number;
    for _ in 0..MOST_AROUND {
        let parent = model.parent(at)?;
        match model.kind(parent) {
            Kind::Binary => match model.name(parent) {
                "<" | ">" | "<=" | ">=" => return Some(parent),
                "*" | "/" | "+" | "-" => {}
                _ => return None,
            },
            Kind::Cast | Kind::Conditional | Kind::Unary => {}
            Kind::Call if file.resolve(parent).is_some_and(|k| k.api.role == ApiRole::ValuePass) => {}
            Kind::Let | Kind::Assign if follow && model.role(at) == Role::Value => {
                let target = model.child(parent, Role::Target).filter(|t| model.kind(*t) == Kind::Name)?;
                let plain = file.stores_of(target).iter().all(|s| s.kind == StoreKind::Plain);
                let reads = file.reads_of(target);
                return reads.iter().filter(|_| plain).find_map(|r| decision(file, *r, false));
            }
            _ => return None,
        }
        at = parent;
    }
    None
}

/// Other parts of the same length are looked at in the same function.
fn taken_apart(file: &Analysis<'_>, at: NodeId, whole: NodeId) -> bool {
    let model = file.model;
    let function = file.function_around(at).unwrap_or_else(|| model.root());
    let text = file.text(whole);
    let other = |n: NodeId| {
        let of = model.child(n, Role::Object).or_else(|| model.child(n, Role::Receiver));
        model.sym(n) != model.sym(at) && of.is_some_and(|o| file.text(o) == text)
    };
    let mut inside = model.descendants(function).take(MOST_NODES);
    inside.any(|n| matches!(model.kind(n), Kind::Member | Kind::Call) && other(n))
}

/// `midnight - now()`: the time until something is as long as it was chosen, and ends.
fn lies_ahead(file: &Analysis<'_>, whole: NodeId) -> bool {
    let model = file.model;
    let difference = file.condition_source(whole);
    let mut sides = model.children_with(difference, Role::Operand);
    let (Some(later), Some(now)) = (sides.next(), sides.next()) else { return false };
    let reads = |n: NodeId| {
        let source = file.condition_source(n);
        let call = |c: NodeId| model.kind(c) == Kind::Call;
        (call(n) || call(source)) && file.value(n).origins.any(Origins::CLOCKS)
    };
    model.kind(difference) == Kind::Binary && model.name(difference) == "-" && reads(now) && !reads(later)
}

impl Part<'_> {
    /// What is wrong with it.
    pub(super) fn tell(&self, file: &Analysis<'_>) -> Finding {
        let Part { at, whole, decides, api } = self;
        let message = format!("`{}` is only a part of the length `{}`", file.short(*at), file.short(*whole));
        // How long a field says is chosen, and mostly short; what was measured may be anything.
        let chosen = file.model.kind(*whole) == Kind::Member && !file.value(*whole).origins.any(Origins::CLOCKS);
        Story::new(&META, file, *at, message)
            .confidence(if chosen || lies_ahead(file, *whole) { Confidence::Low } else { Confidence::Medium })
            .why("it starts again at zero whenever the next larger unit is full: what is a day old looks new, and a wait is too short")
            .help(api.advice.clone().unwrap_or_else(|| "convert the whole length".to_owned()))
            .step(file.location(*whole), "the whole length")
            .step(file.location(*at), "a part of it")
            .step(file.location(*decides), "decides here")
            .tell()
    }
}
