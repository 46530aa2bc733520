//! Products of lengths of time: a count multiplied by another unit than its own, and a length that knows its unit
//! multiplied by one once more.

use crate::network::timeout_unit_mismatch::{META, Mismatch, Taker};
use crate::story::Story;
use timelint_diagnostics::{Confidence, Finding};
use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::catalog::{ApiRole, Unit};
use timelint_semantics::{Analysis, How, Store, StoreKind, Value, stated_unit, unit_of};

/// Expressions that are followed from one to the next.
const MOST_STEPS: u32 = 4;

/// A constant below is a count that was only given the type of a length: `time.Duration(5)`.
const LEAST_SECONDS: f64 = 1e-4;

/// A length that is multiplied by a unit although it has one: `cfg.Timeout * time.Second`.
pub(super) struct Squared {
    /// The product.
    pub(super) product: NodeId,
    /// The length.
    pub(super) length: NodeId,
    /// What it is multiplied by.
    pub(super) unit: NodeId,
}

/// `timeout * time.Second` where `timeout` is a length itself, for example a field that is set to `5 * time.Second`.
pub(super) fn squared(file: &Analysis<'_>, product: NodeId) -> Option<Squared> {
    let (left, right) = operands(file, product)?;
    // `time.Millisecond * time.Second` is a bound of what a number may be.
    let unit = match (unit_in(file, left), unit_in(file, right)) {
        (None, Some(_)) => Some((left, right)),
        (Some(_), None) => Some((right, left)),
        _ => None,
    };
    let (length, unit) = unit.filter(|(length, _)| is_length(file, *length, 0))?;
    Some(Squared { product, length, unit })
}

/// `time.Duration(timeoutMs) * time.Second`
pub(super) fn in_other_unit(file: &Analysis<'_>, product: NodeId) -> Option<Mismatch> {
    let (left, right) = operands(file, product)?;
    let scaled = |count: NodeId, unit: NodeId| unit_in(file, unit).map(|due| (count, due, unit));
    let (count, hours, unit) = scaled(left, right).or_else(|| scaled(right, left))?;
    let due = unit_of(hours.seconds() * factor_around(file, product)?)?;
    let length = converted(file, count).unwrap_or(count);
    let taker = Taker { what: format!("`{}`", file.short(unit)), verb: "multiplies", at: unit };
    Mismatch::between(length, file.measure(length)?, due, taker, Confidence::Medium)
}

/// By what else a product is multiplied: `days * time.Hour * 24`. `None` where that is not known.
fn factor_around(file: &Analysis<'_>, product: NodeId) -> Option<f64> {
    let model = file.model;
    let mut factor = 1.0;
    let mut at = product;
    while let Some(around) = model.parent(at).filter(|p| model.kind(*p) == Kind::Binary && model.name(*p) == "*") {
        let other = model.children_with(around, Role::Operand).find(|o| *o != at)?;
        let value = file.value(converted(file, other).unwrap_or(other));
        factor *= value.number.filter(|_| value.is_constant() && value.unit.is_none())?;
        at = around;
    }
    Some(factor)
}

fn operands(file: &Analysis<'_>, product: NodeId) -> Option<(NodeId, NodeId)> {
    let model = file.model;
    if model.kind(product) != Kind::Binary || model.name(product) != "*" {
        return None;
    }
    let operands: Vec<NodeId> = model.children_with(product, Role::Operand).collect();
    let [left, right] = operands[..] else { return None };
    Some((left, right))
}

/// The unit that a typed constant of the library stands for: `time.Second`.
fn unit_in(file: &Analysis<'_>, id: NodeId) -> Option<Unit> {
    let known = file.resolve(id).filter(|_| file.model.kind(id) == Kind::Member)?;
    let unit = known.api.role == ApiRole::TimeDuration && known.api.args.is_empty() && known.how != How::Name;
    known.api.unit.filter(|u| unit && *u != Unit::Typed && *u != Unit::Nanos)
}

/// What a conversion to the type of lengths converts, and nothing else: `time.Duration(n)`.
fn converted(file: &Analysis<'_>, call: NodeId) -> Option<NodeId> {
    let model = file.model;
    let known = file.resolve(call).filter(|_| model.kind(call) == Kind::Call)?;
    let mut args = model.children_with(call, Role::Arg);
    let only = args.next().filter(|_| args.next().is_none())?;
    matches!(known.api.role, ApiRole::TimeDuration | ApiRole::ValuePass).then_some(only)
}

/// Whether an expression is surely a length that knows its unit, not a count in the type of one.
fn is_length(file: &Analysis<'_>, id: NodeId, depth: u32) -> bool {
    let model = file.model;
    if depth > MOST_STEPS {
        return false;
    }
    let inner = |n: NodeId| is_length(file, n, depth + 1);
    let parts = |n: NodeId| model.children_with(n, Role::Operand).collect::<Vec<NodeId>>();
    match model.kind(id) {
        Kind::Binary => match (model.name(id), &parts(id)[..]) {
            ("*" | "+" | "-", all) => all.iter().any(|o| inner(*o)),
            // `d / time.Second` is a count.
            ("/" | "%", [length, by]) => file.value(*by).unit != Some(Unit::Typed) && inner(*length),
            _ => false,
        },
        Kind::Call => match file.resolve(id).map(|k| k.api.role) {
            Some(ApiRole::TimeSince | ApiRole::TimeUntil | ApiRole::TimeDifference) => {
                file.resolve(id).is_some_and(|k| k.how != How::Name && k.api.unit == Some(Unit::Typed))
            }
            Some(ApiRole::TimeDuration | ApiRole::ValuePass) => converted(file, id).is_some_and(inner),
            _ => is_long(file, id),
        },
        Kind::Name => {
            let stores = file.stores_of(id);
            let given = |s: &Store| matches!(s.kind, StoreKind::Param(_));
            if stores.iter().any(given) {
                return is_given_length(file, id, stores, depth);
            }
            let set = |s: &Store| s.kind == StoreKind::Plain && s.index == 0 && s.value.is_some_and(inner);
            if stores.is_empty() { is_long(file, id) } else { stores.iter().any(set) }
        }
        Kind::Member => unit_in(file, id).is_some() || is_long(file, id),
        _ => false,
    }
}

/// A parameter to which all callers of the file give lengths.
fn is_given_length(file: &Analysis<'_>, id: NodeId, stores: &[Store], depth: u32) -> bool {
    let model = file.model;
    let declared = || file.type_of(id).is_some_and(|t| file.unit_in_type(&t.name).is_some());
    let [Store { kind: StoreKind::Param(position), .. }] = stores else { return false };
    let Some(function) = file.function_around(id).filter(|f| !model.name(*f).is_empty()) else { return false };
    let calls = file.tables.calls.iter().filter(|c| model.sym(**c) == model.sym(function));
    let mut given = calls.filter_map(|c| model.children_with(*c, Role::Arg).nth(*position as usize)).peekable();
    given.peek().is_some() && declared() && given.all(|a| is_length(file, a, depth + 1))
}

/// A typed constant, perhaps of another file, that is long enough to be meant as a length. What is declared as a plain number
/// holds a count, whatever it was computed of.
fn is_long(file: &Analysis<'_>, id: NodeId) -> bool {
    let value = file.value(id);
    let declared = file.type_of(id).is_none_or(|t| file.unit_in_type(&t.name).is_some());
    let unsaid = stated_unit(file.model.name(id)).is_none() && value.how > How::Name;
    declared && unsaid && is_long_number(&value)
}

fn is_long_number(value: &Value) -> bool {
    value.unit == Some(Unit::Typed) && value.number.is_some_and(|n| n >= LEAST_SECONDS)
}

impl Squared {
    /// What is wrong with it.
    pub(super) fn tell(&self, file: &Analysis<'_>) -> Finding {
        let Squared { product, length, unit } = self;
        let message = format!(
            "`{}` is a length of time that knows its unit, and is multiplied by one again",
            file.short(*length)
        );
        Story::new(&META, file, *product, message)
            .why("both factors count nanoseconds: the product is millions of times as long as meant, or overflows and is negative")
            .help("use the length as it is; what a conversion to a length multiplies has to be a plain number")
            .step(file.location(*length), "a length of time")
            .step(file.location(*unit), "its unit, once more")
            .sites(&file.value(*length).sites, "set to a length here")
            .tell()
    }
}
