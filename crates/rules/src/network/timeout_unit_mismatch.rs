//! `timeout-unit-mismatch`: a length of time in one unit where another one is due.

use crate::Rule;
use crate::network::unit_numbers::{beside_typed, implausible, spelled_out, unconverted};
use crate::network::unit_overflow::{beyond_timer, wrapped};
use crate::network::unit_parts::parts;
use crate::network::unit_places::{at_api, at_name, at_operands, at_pair, at_parameters, at_returns, at_update};
use crate::network::unit_products::{in_other_unit, squared};
use crate::network::unit_swaps::{swapped, unmoved};
use crate::network::unit_texts::text_dues;
use crate::network::unit_unheard::unheard;
use crate::network::unit_uses::used_differently;
use crate::story::Story;
use timelint_diagnostics::{Applicability, Confidence, Edit, Family, Finding, RuleMeta, Severity};
use timelint_model::{Kind, NodeId};
use timelint_semantics::catalog::Unit;
use timelint_semantics::{Analysis, By, Measure};

/// See the module.
pub(crate) struct TimeoutUnitMismatch;

pub(super) static META: RuleMeta = RuleMeta {
    id: "timeout-unit-mismatch",
    aliases: &[],
    family: Family::Network,
    mechanism: "a limit that is a thousand times too long or too short",
    severity: Severity::Error,
    summary: "a length of time in one unit is used where another unit is due",
    page: include_str!("timeout_unit_mismatch.md"),
};

impl Rule for TimeoutUnitMismatch {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check(&self, file: &Analysis<'_>, out: &mut Vec<Finding>) {
        let mut seen: Vec<NodeId> = Vec::new();
        let mut told: Vec<(NodeId, &str)> = Vec::new();
        let texts = text_dues(file);
        let mut all: Vec<Mismatch> = file.model.ids().flat_map(|id| at(file, id)).collect();
        all.extend(texts.iter().filter_map(|due| due.mismatch(file)));
        all.extend(used_differently(file, &texts));
        out.extend(file.model.ids().filter_map(|id| squared(file, id)).map(|s| s.tell(file)));
        out.extend(file.model.ids().filter_map(|id| wrapped(file, id)));
        out.extend(file.tables.calls.iter().filter_map(|c| beyond_timer(file, *c)));
        out.extend(file.tables.calls.iter().filter_map(|c| swapped(file, *c)).map(|s| s.tell(file)));
        out.extend(file.tables.calls.iter().filter_map(|c| unmoved(file, *c)).map(|u| u.tell(file)));
        out.extend(file.tables.functions.iter().filter_map(|f| unheard(file, f.node)).map(|u| u.tell(file)));
        out.extend(parts(file).iter().map(|p| p.tell(file)));
        for mismatch in all {
            // The innermost place comes last in a walk from the outside, and each expression is told of once.
            // The same value for two arguments of one call is one mistake.
            let again = (mismatch.taker.at, file.text(mismatch.length));
            if !seen.contains(&mismatch.length) && !told.contains(&again) {
                seen.push(mismatch.length);
                told.push(again);
                out.push(tell(file, &mismatch));
            }
        }
    }
}

/// What is wrong at a node itself.
fn at(file: &Analysis<'_>, id: NodeId) -> Vec<Mismatch> {
    match file.model.kind(id) {
        Kind::Call | Kind::New | Kind::Record | Kind::Decorator => {
            let mut found = at_api(file, id);
            found.extend(at_pair(file, id));
            found.extend(at_parameters(file, id));
            found.extend(implausible(file, id));
            found.extend(unconverted(file, id));
            found
        }
        Kind::Let | Kind::Assign | Kind::Argument | Kind::Entry | Kind::Param | Kind::Field => {
            at_name(file, id).or_else(|| at_update(file, id)).or_else(|| spelled_out(file, id)).into_iter().collect()
        }
        Kind::Binary => at_operands(file, id)
            .or_else(|| beside_typed(file, id))
            .or_else(|| in_other_unit(file, id))
            .into_iter()
            .collect(),
        Kind::Function => at_returns(file, id),
        _ => Vec::new(),
    }
}

/// What is due another unit, and how that is said: "`get`", "takes".
pub(super) struct Taker {
    /// In words.
    pub(super) what: String,
    /// What goes before the unit.
    pub(super) verb: &'static str,
    /// Its place.
    pub(super) at: NodeId,
}

impl Taker {
    /// A call that takes its argument in a unit.
    pub(super) fn takes(name: &str, at: NodeId) -> Self {
        Self { what: format!("`{name}`"), verb: "takes", at }
    }

    /// Something that is in a unit itself.
    pub(super) fn is_in(what: String, at: NodeId) -> Self {
        Self { what, verb: "is in", at }
    }
}

/// An expression and the unit that is due in its place.
pub(super) struct Mismatch {
    /// The expression.
    pub(super) length: NodeId,
    /// Its unit.
    pub(super) is: Unit,
    /// What says so.
    pub(super) source: NodeId,
    /// The unit that is due.
    pub(super) due: Unit,
    /// What takes it.
    pub(super) taker: Taker,
    /// How sure.
    pub(super) confidence: Confidence,
    /// Whether converting the expression mends it: not where either side may be the wrong one.
    pub(super) converts: bool,
}

impl Mismatch {
    /// The expression counts otherwise than what takes it; `None` where it does not, or only a factor says so and other
    /// units than seconds and milliseconds meet.
    pub(super) fn between(
        length: NodeId,
        is: Measure,
        due: Unit,
        taker: Taker,
        confidence: Confidence,
    ) -> Option<Mismatch> {
        let usual = matches!((is.unit, due), (Unit::Millis, Unit::Seconds) | (Unit::Seconds, Unit::Millis));
        if is.unit == due || is.by == By::Factor && !usual {
            return None;
        }
        let confidence = if is.by == By::Statement { confidence } else { confidence.min(Confidence::Medium) };
        Some(Mismatch {
            length,
            is: is.unit,
            source: is.source,
            due,
            taker,
            confidence,
            converts: is.by == By::Statement,
        })
    }
}

fn tell(file: &Analysis<'_>, mismatch: &Mismatch) -> Finding {
    let Mismatch { length, is, source, due, taker, confidence, converts } = mismatch;
    let Taker { what, verb, at } = taker;
    let message = format!("`{}` is in {}, but {what} {verb} {}", file.short(*length), is.noun(), due.noun());
    let factor = (is.seconds() / due.seconds()).max(due.seconds() / is.seconds()).round();
    let long = is.seconds() < due.seconds();
    let why = if long {
        format!(
            "the wait is {factor} times as long as meant: what should end after seconds holds its caller for minutes or hours"
        )
    } else {
        format!("the wait is {factor} times as short as meant: calls fail that would have succeeded, and are repeated")
    };
    // It may be the name that is wrong.
    let why = match confidence {
        Confidence::High => why,
        _ => format!("if the names are right, {why}; if one is wrong, the next who trusts it makes that mistake"),
    };
    let mut story = Story::new(&META, file, *length, message)
        .why(why)
        .help("convert where the units meet, or use a type that knows its unit")
        .confidence(*confidence)
        .step(file.location(*at), format!("{} are due", due.noun()))
        .step(file.location(*length), format!("in {}", is.noun()))
        .step(file.location(*source), format!("counts {}", is.noun()));
    if *converts && factor > 1.0 {
        let model = file.model;
        let text = file.text(*length);
        let whole = if model.kind(*length) == Kind::Binary { format!("({text})") } else { text.to_owned() };
        let op = if long { '/' } else { '*' };
        let edit = Edit { location: file.location(*length), text: format!("{whole} {op} {factor}") };
        let title = format!("convert {} to {}", is.noun(), due.noun());
        story = story.fix(title, Applicability::Suggestion, vec![edit]);
    }
    story.tell()
}
