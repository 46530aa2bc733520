//! Lengths of time that are too great for what holds them: a timer that counts in 32 bits, and products of plain whole
//! numbers that wrap around.

use crate::network::timeout_unit_mismatch::META;
use crate::story::Story;
use timelint_diagnostics::{Applicability, Confidence, Edit, Finding};
use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::{Analysis, How, StoreKind, has_word};

const DAY: f64 = 86_400.0;
/// Factors of a product that are looked at.
const MOST_FACTORS: usize = 16;

/// `setTimeout(renew, 30 * 24 * 60 * 60 * 1000)`: a delay that the timer cannot count.
pub(super) fn beyond_timer(file: &Analysis<'_>, call: NodeId) -> Option<Finding> {
    let known = file.resolve(call).filter(|k| k.how != How::Name)?;
    let (spec, most) = known.api.args.iter().find_map(|a| Some((a, a.most?)))?;
    let length = file.argument_at(call, spec.at.as_slice())?;
    let value = file.value(length);
    let number = value.number.filter(|n| value.is_constant() && *n > most)?;
    let unit = spec.unit?.seconds();
    let days = |n: f64| (n * unit / DAY * 10.0).floor() / 10.0;
    let called = file.model.name(call);
    let message = format!("`{called}` waits for at most {} days, and is to wait for {}", days(most), days(number));
    Some(
        Story::new(&META, file, length, message)
            .why("a longer delay does not fit: the timer goes off at once, and an interval never pauses at all")
            .help(format!("wait in steps of at most {most} and look at the clock in between, or use a scheduler"))
            .confidence(Confidence::High)
            .step(file.location(length), "more than the timer can count")
            .sites(&value.sites, "set here")
            .tell(),
    )
}

/// `30 * 24 * 60 * 60 * 1000`, `days * 24 * 60 * 60 * 1000`: a product of plain whole numbers that wraps around.
pub(super) fn wrapped(file: &Analysis<'_>, product: NodeId) -> Option<Finding> {
    let integer = file.catalog().plain_integer()?;
    let model = file.model;
    let multiplies = |n: NodeId| model.kind(n) == Kind::Binary && model.name(n) == "*";
    if !multiplies(product) || model.parent(product).is_some_and(multiplies) {
        return None;
    }
    let factors = factors_of(file, product)?;
    let mut counts = Vec::new();
    let mut numbers = Vec::new();
    for factor in &factors {
        let declared = || file.type_of(*factor).is_some_and(|t| integer.names.contains(&t.name));
        match model.kind(*factor) {
            Kind::Number if is_plain(model.name(*factor)) => numbers.push(file.value(*factor).number?),
            Kind::Name | Kind::Member if declared() => match fixed(file, *factor) {
                Some(number) => numbers.push(number),
                None => counts.push(*factor),
            },
            _ => return None,
        }
    }
    let known: f64 = numbers.iter().product();
    let is = |of: f64| numbers.iter().any(|n| (n - of).abs() < 1e-9);
    if !is(1000.0) || !(is(60.0) || is(3600.0) || is(DAY)) {
        return None;
    }
    let (at, said, confidence) = match counts[..] {
        [] if known > integer.most => (product, "more than its type can hold".to_owned(), Confidence::High),
        [count] if known >= DAY * 1000.0 && known <= integer.most && counts_days(file, count) => {
            let most = (integer.most / known).floor();
            (count, format!("wraps around from {} on", most + 1.0), Confidence::Medium)
        }
        _ => return None,
    };
    let ty = integer.names.first()?;
    let text = file.short(product);
    let first = factors.iter().copied().find(|f| model.kind(*f) == Kind::Number)?;
    let edit = Edit { location: file.location(first), text: format!("{}{}", model.name(first), integer.wide) };
    // What was computed before the wide factor has wrapped around already.
    let leads = factors.first() == Some(&first) || counts.len() == 1 && factors.get(1) == Some(&first);
    let story = Story::new(&META, file, product, format!("`{text}` is computed as `{ty}` and wraps around"))
        .why("the length of time becomes negative or far too short: what should last for weeks ends at once")
        .help(format!(
            "make one of the first factors a wider number, `{}{}`, or use a type that knows its unit",
            model.name(first),
            integer.wide
        ))
        .confidence(confidence)
        .step(file.location(at), said);
    let title = format!("multiply as wide numbers, `{}{}`", model.name(first), integer.wide);
    Some(if leads { story.fix(title, Applicability::Suggestion, vec![edit]).tell() } else { story.tell() })
}

/// What is multiplied, in the order in which it is; `None` where it is too much.
fn factors_of(file: &Analysis<'_>, product: NodeId) -> Option<Vec<NodeId>> {
    let model = file.model;
    let mut factors = Vec::new();
    let mut open = vec![product];
    while let Some(id) = open.pop() {
        if model.kind(id) == Kind::Binary && model.name(id) == "*" {
            let operands: Vec<NodeId> = model.children_with(id, Role::Operand).collect();
            open.extend(operands.into_iter().rev());
        } else {
            factors.push(id);
        }
        if factors.len() + open.len() > MOST_FACTORS {
            return None;
        }
    }
    Some(factors)
}

/// A literal without an ending that widens it.
fn is_plain(literal: &str) -> bool {
    literal.bytes().all(|b| b.is_ascii_digit() || b == b'_')
}

fn fixed(file: &Analysis<'_>, name: NodeId) -> Option<f64> {
    let value = file.value(name);
    value.number.filter(|_| value.is_constant() && value.how > How::Name)
}

/// A number of days or more that somebody chose or gave: 25 of them are no surprise.
fn counts_days(file: &Analysis<'_>, count: NodeId) -> bool {
    let named = has_word(file.model.name(count), &["day", "days", "week", "weeks", "month", "months"]);
    named && file.stores_of(count).iter().all(|s| !matches!(s.kind, StoreKind::Update))
}
