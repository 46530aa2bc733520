//! `timeout-unit-mismatch`: a length of time in one unit where another one is due.

use crate::Rule;
use crate::network::limits::limits_at;
use crate::story::Story;
use timelint_diagnostics::{Applicability, Confidence, Edit, Family, Finding, RuleMeta, Severity};
use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::catalog::{ApiRole, ArgMeaning, TimeoutKind, Unit};
use timelint_semantics::{Analysis, How, Origins, has_word, stated_unit};

/// See the module.
pub(crate) struct TimeoutUnitMismatch;

static META: RuleMeta = RuleMeta {
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
        for id in file.model.ids() {
            let found = match file.model.kind(id) {
                Kind::Call | Kind::New | Kind::Record | Kind::Decorator => {
                    let mut found = at_api(file, id);
                    found.extend(at_parameters(file, id));
                    found.extend(implausible(file, id));
                    found
                }
                Kind::Let | Kind::Assign | Kind::Argument | Kind::Entry | Kind::Param | Kind::Field => {
                    at_name(file, id).or_else(|| thousandfold(file, id)).into_iter().collect()
                }
                Kind::Binary => at_operands(file, id).into_iter().collect(),
                Kind::Function => at_returns(file, id).into_iter().collect(),
                _ => Vec::new(),
            };
            for mismatch in found {
                // The innermost place comes last in a walk from the outside, and each expression is told of once.
                if !seen.contains(&mismatch.length) {
                    seen.push(mismatch.length);
                    out.push(tell(file, &mismatch));
                }
            }
        }
    }
}

/// An expression and the unit that is due in its place.
struct Mismatch {
    length: NodeId,
    is: Unit,
    due: Unit,
    /// What it is given to, in words.
    taker: String,
    /// The place that is due another unit.
    other: NodeId,
    confidence: Confidence,
    /// Whether converting the expression mends it: not where either side may be the wrong one.
    converts: bool,
}

/// An argument of a known API that states another unit than it takes.
fn at_api(file: &Analysis<'_>, site: NodeId) -> Vec<Mismatch> {
    let Some(known) = file.resolve(site).filter(|k| k.how != How::Name) else { return Vec::new() };
    let model = file.model;
    let by_argument = file.argument(site, known, ArgMeaning::Unit).map(|u| file.unit_named_by(u));
    let counts = known.api.role == ApiRole::TimeDuration && is_count(file, site);
    let lengths =
        known.api.args.iter().filter(|a| {
            matches!(a.is, ArgMeaning::Timeout | ArgMeaning::Wait | ArgMeaning::Lease | ArgMeaning::Amount)
        });
    let mut all = Vec::new();
    for spec in lengths.filter(|_| !counts) {
        let Some(length) = file.argument_at(site, spec.at.as_slice()) else { continue };
        let due = match by_argument {
            Some(unit) => unit,
            None => spec.unit.or(known.api.unit),
        };
        let (Some(due), Some(is)) = (due.filter(|u| *u != Unit::Typed), file.length_unit(length)) else { continue };
        if is != due {
            let taker = format!("`{}` takes", name_of(file, site));
            let confidence = Confidence::High;
            all.push(Mismatch { length, is, due, taker, other: site, confidence, converts: true });
        }
    }
    // `TimeUnit.SECONDS.toMillis(timeoutMs)`, `MILLISECONDS.convert(timeout, SECONDS)`
    let unit = || match model.children_with(site, Role::Arg).nth(1) {
        Some(second) if model.name(second).chars().any(char::is_lowercase) => None,
        Some(second) => file.unit_named_by(second),
        None => model.child(site, Role::Receiver).and_then(|r| file.unit_named_by(r)),
    };
    if known.api.role == ApiRole::TimeConvert
        && let Some(due) = unit()
        && let Some(length) = model.child(site, Role::Arg)
        && let Some(is) = file.length_unit(length).filter(|is| *is != due)
    {
        let taker = format!("`{}` converts from", file.short(site));
        let confidence = Confidence::High;
        all.push(Mismatch { length, is, due, taker, other: site, confidence, converts: false });
    }
    all
}

/// A count that is converted in the same expression, `-time.Duration(seconds) * time.Second`, or may be where it is handed
/// to: a variable that is multiplied, a function of the project.
fn is_count(file: &Analysis<'_>, conversion: NodeId) -> bool {
    let model = file.model;
    let scales = |n: NodeId| {
        let around = model.ancestors(n).find(|a| !matches!(model.kind(*a), Kind::Unary | Kind::Cast));
        around.is_some_and(|a| model.kind(a) == Kind::Binary && matches!(model.name(a), "*" | "/"))
    };
    let Some(parent) = model.parent(conversion) else { return false };
    let multiplied = || {
        let target =
            model.child(parent, Role::Target).filter(|_| matches!(model.kind(parent), Kind::Let | Kind::Assign));
        target.is_some_and(|t| file.reads_of(t).iter().any(|r| scales(*r)))
    };
    let handed = || matches!(model.kind(parent), Kind::Call | Kind::New) && file.resolve(parent).is_none();
    scales(conversion) || multiplied() || handed()
}

/// An argument whose name states another unit than the parameter of the project's own function.
fn at_parameters(file: &Analysis<'_>, site: NodeId) -> Vec<Mismatch> {
    let model = file.model;
    if file.resolve(site).is_some() {
        return Vec::new();
    }
    let parameters = file.parameter_names(site);
    let mut all = Vec::new();
    for (position, length) in model.children_with(site, Role::Arg).enumerate() {
        let Some(parameter) = parameters.get(position) else { break };
        if matches!(model.kind(length), Kind::Argument | Kind::Spread) {
            break;
        }
        let (Some(due), Some(is)) = (stated_unit(parameter), file.length_unit(length)) else { continue };
        if is != due {
            let taker = format!("`{parameter}` of `{}` is", name_of(file, site));
            let confidence = Confidence::Medium;
            all.push(Mismatch { length, is, due, taker, other: site, confidence, converts: true });
        }
    }
    all
}

/// A variable, field, keyword or key whose name states another unit than what it is given.
fn at_name(file: &Analysis<'_>, id: NodeId) -> Option<Mismatch> {
    let model = file.model;
    let length = model.child(id, Role::Value)?;
    let target = model.child(id, Role::Target);
    if model.children_with(id, Role::Target).count() > 1 || model.kind(id) == Kind::Assign && model.name(id) != "=" {
        return None;
    }
    // `arguments["x-expires"] = ..`
    let key = target.filter(|t| model.kind(*t) == Kind::Index).and_then(|t| model.child(t, Role::Key));
    let name = key.or(target).map_or(model.name(id), |t| model.name(t));
    let due = stated_unit(name).or_else(|| unit_of_key(file, name))?;
    let is = file.length_unit(length).filter(|is| *is != due)?;
    if file.type_of(target.unwrap_or(id)).is_some_and(|t| file.catalog().knows_type(&t.name)) {
        return None;
    }
    let taker = format!("`{name}` is");
    let confidence = Confidence::Medium;
    Some(Mismatch { length, is, due, taker, other: target.unwrap_or(id), confidence, converts: true })
}

/// A keyword argument that is called a timeout, and by custom counts seconds, is given a field that was multiplied by a
/// thousand: `self._timeout_of_session = int(timeout * 1000)`, `connect(peer, timeout=self._timeout_of_session)`.
fn thousandfold(file: &Analysis<'_>, id: NodeId) -> Option<Mismatch> {
    let model = file.model;
    let length = model.child(id, Role::Value).filter(|v| model.kind(*v) == Kind::Member)?;
    let call = model.parent(id).filter(|c| model.kind(*c) == Kind::Call)?;
    let known = file.resolve(call).filter(|k| k.how != How::Name).map(|k| k.api);
    let seconds =
        known.is_none_or(|a| a.args.iter().any(|s| s.is == ArgMeaning::Timeout && s.unit == Some(Unit::Seconds)));
    if model.kind(id) != Kind::Argument || model.name(id) != "timeout" || !seconds {
        return None;
    }
    let stores = file.stores_of(length);
    let raised = |value: NodeId| {
        let mut products = model.self_and_descendants(value).take(8);
        products.any(|n| model.kind(n) == Kind::Binary && model.name(n) == "*" && is_by_thousand(file, n))
    };
    let values: Vec<NodeId> = stores.iter().filter_map(|s| s.value).collect();
    if values.is_empty()
        || !values.iter().any(|v| raised(*v))
        || !values.iter().all(|v| raised(*v) || is_none(file, *v))
    {
        return None;
    }
    let taker = format!("`{}` takes", model.name(call));
    let (is, due, confidence) = (Unit::Millis, Unit::Seconds, Confidence::Medium);
    Some(Mismatch { length, is, due, taker, other: *values.first()?, confidence, converts: false })
}

fn is_by_thousand(file: &Analysis<'_>, product: NodeId) -> bool {
    let model = file.model;
    let sides: Vec<NodeId> = model.children_with(product, Role::Operand).collect();
    let thousand = |n: &NodeId| file.value(*n).is_constant() && file.value(*n).number == Some(1000.0);
    let timely = |n: &NodeId| has_word(model.name(*n), &["timeout", "interval", "delay", "seconds", "secs", "ttl"]);
    sides.iter().any(thousand) && sides.iter().any(timely)
}

fn is_none(file: &Analysis<'_>, value: NodeId) -> bool {
    file.value(value).origins == Origins::NULL
}

/// A function that returns milliseconds here, and there a number that is a round number of days only in seconds.
fn at_returns(file: &Analysis<'_>, function: NodeId) -> Option<Mismatch> {
    const DAY: f64 = 86_400.0;
    let model = file.model;
    let branches = |n: NodeId| match model.kind(n) {
        Kind::Conditional => model.children(n).filter(|c| model.role(*c) != Role::Condition).collect(),
        _ => vec![n],
    };
    let returns: Vec<NodeId> = file.returns(function).into_iter().flat_map(branches).collect();
    let millis = |n: &NodeId| {
        let scaled = model.kind(*n) == Kind::Binary && model.name(*n) == "*" && {
            let mut sides = model.children_with(*n, Role::Operand);
            sides.any(|s| model.kind(s) == Kind::Number && file.value(s).number == Some(1000.0))
        };
        scaled || file.length_unit(*n) == Some(Unit::Millis)
    };
    let seconds = |n: &NodeId| {
        let number = file.value(*n).number.filter(|_| model.kind(*n) == Kind::Number);
        number.is_some_and(|n| n >= DAY && n % DAY == 0.0 && (n / 1000.0) % 60.0 != 0.0)
    };
    let other = *returns.iter().find(|r| millis(r))?;
    let length = *returns.iter().find(|r| seconds(r))?;
    let taker = "what the function returns elsewhere is".to_owned();
    let (is, due, confidence) = (Unit::Seconds, Unit::Millis, Confidence::Medium);
    Some(Mismatch { length, is, due, taker, other, confidence, converts: true })
}

/// The unit of a setting that a library knows by its key.
fn unit_of_key(file: &Analysis<'_>, name: &str) -> Option<Unit> {
    let entry = file.catalog().lookup(&format!("key:{name}"), None)?;
    file.catalog().api(entry).args.iter().find_map(|a| a.unit)
}

/// Two operands that are added, subtracted or compared, and state different units.
fn at_operands(file: &Analysis<'_>, id: NodeId) -> Option<Mismatch> {
    let model = file.model;
    if !matches!(model.name(id), "+" | "-" | "<" | ">" | "<=" | ">=") {
        return None;
    }
    let sides: Vec<NodeId> = model.children_with(id, Role::Operand).collect();
    let [left, right] = sides[..] else { return None };
    // Two readings of clocks in different units are mixed clocks.
    let reading = |n: NodeId| file.value(n).origins.any(Origins::CLOCKS);
    if reading(left) && reading(right) {
        return None;
    }
    let (first, second) = (file.length_unit(left)?, file.length_unit(right)?);
    // Amounts of days and hours that are added up for display.
    let calendar = |u: Unit| matches!(u, Unit::Days | Unit::Hours | Unit::Minutes);
    if first == second || calendar(first) && calendar(second) {
        return None;
    }
    let taker = format!("`{}` is", file.short(left));
    let confidence = Confidence::Medium;
    Some(Mismatch { length: right, is: second, due: first, taker, other: left, confidence, converts: false })
}

/// A literal that makes no sense in the unit that is due: 5000 seconds, 30 milliseconds, 10 nanoseconds.
fn implausible(file: &Analysis<'_>, site: NodeId) -> Vec<Mismatch> {
    let mut all = Vec::new();
    for limit in limits_at(file, site).into_iter().filter(|l| l.how != How::Name) {
        let value = file.value(limit.length);
        let (Some(number), true) = (value.number, value.is_constant()) else { continue };
        let typed = value.unit == Some(Unit::Typed);
        let (is, due) = match limit.unit {
            Some(Unit::Seconds) if !typed && value.unit.is_none() && is_of_millis(number) => {
                (Unit::Millis, Unit::Seconds)
            }
            Some(Unit::Millis) if !typed && value.unit.is_none() && is_of_seconds(number, limit.kind) => {
                (Unit::Seconds, Unit::Millis)
            }
            Some(Unit::Typed)
                if !typed && value.unit.is_none() && counts_nanos(number, limit.kind) && takes_nanos(file, site) =>
            {
                (if number >= 1000.0 { Unit::Millis } else { Unit::Seconds }, Unit::Nanos)
            }
            _ => continue,
        };
        let taker = format!("`{}` takes", name_of(file, site));
        let confidence = if due == Unit::Nanos { Confidence::High } else { Confidence::Medium };
        all.push(Mismatch { length: limit.length, is, due, taker, other: site, confidence, converts: false });
    }
    all
}

/// Round in milliseconds, and no length that anybody would write in seconds.
fn is_of_millis(number: f64) -> bool {
    const HOUR: f64 = 3600.0;
    number >= 1000.0 && number % 500.0 == 0.0 && number % HOUR != 0.0
}

/// Too short to wait for another machine.
fn is_of_seconds(number: f64, kind: TimeoutKind) -> bool {
    let waits = matches!(kind, TimeoutKind::Connect | TimeoutKind::Total | TimeoutKind::Session | TimeoutKind::Query);
    (2.0..=60.0).contains(&number) && number.fract() == 0.0 && waits
}

/// A count that makes no sense in nanoseconds; a timer of 1 goes off at once, and is meant to.
fn counts_nanos(number: f64, kind: TimeoutKind) -> bool {
    let least = if kind == TimeoutKind::Await { 2.0 } else { 1.0 };
    (least..1e6).contains(&number)
}

/// Whether a bare number is a count of nanoseconds where a typed length is due.
fn takes_nanos(file: &Analysis<'_>, site: NodeId) -> bool {
    file.apis_in(ApiRole::TimeDuration).any(|a| a.args.is_empty() && a.unit == Some(Unit::Nanos))
        && file.resolve(site).is_some()
}

fn name_of(file: &Analysis<'_>, site: NodeId) -> String {
    let model = file.model;
    let ty = model.child(site, Role::Type).filter(|_| model.kind(site) != Kind::Call);
    ty.map_or(model.name(site), |t| model.name(t)).to_owned()
}

fn tell(file: &Analysis<'_>, mismatch: &Mismatch) -> Finding {
    let Mismatch { length, is, due, taker, other, confidence, converts } = mismatch;
    let message = format!("`{}` is in {}, but {taker} in {}", file.short(*length), is.noun(), due.noun())
        .replace(" takes in ", " takes ")
        .replace(" from in ", " from ");
    let factor = (is.seconds() / due.seconds()).max(due.seconds() / is.seconds()).round();
    let long = is.seconds() < due.seconds();
    let why = if long {
        format!(
            "the wait is {factor} times as long as meant: what should end after seconds holds its caller for minutes or hours"
        )
    } else {
        format!("the wait is {factor} times as short as meant: calls fail that would have succeeded, and are repeated")
    };
    let mut story = Story::new(&META, file, *length, message)
        .why(why)
        .help("convert where the units meet, or use a type that knows its unit")
        .confidence(*confidence)
        .step(file.location(*other), format!("{} are due", due.noun()))
        .step(file.location(*length), format!("in {}", is.noun()));
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
