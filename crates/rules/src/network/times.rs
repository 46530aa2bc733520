//! How often something is tried.

use crate::network::attempts::RETRY;
use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::{Analysis, Store, StoreKind, Value, has_word};

/// Words of what counts attempts.
const COUNTERS: [&str; 9] =
    ["retry", "retries", "attempt", "attempts", "attempted", "tries", "count", "cnt", "trycount"];

/// Nodes of one loop that are looked at.
const MOST_NODES: usize = 3000;

/// How often is tried.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Bound {
    /// Until it works.
    Endless,
    /// This often.
    Times(f64),
    /// Up to a number or a time that is not known here.
    Some,
}

/// How often a loop tries.
pub(crate) fn bound_of(file: &Analysis<'_>, repeated: NodeId) -> Bound {
    let model = file.model;
    if model.name(repeated) == "each" {
        let times = model.child(repeated, Role::Iterable).and_then(|i| match model.kind(i) {
            Kind::Number | Kind::Name | Kind::Member => file.value(i).number,
            Kind::Call if model.name(i) == "count" => Some(f64::INFINITY),
            Kind::Call => model.children_with(i, Role::Arg).last().and_then(|a| file.value(a).number),
            _ => None,
        });
        return match times {
            Some(f) if f.is_infinite() => Bound::Endless,
            times => times.map_or(Bound::Some, Bound::Times),
        };
    }
    if let Some(condition) = model.child(repeated, Role::Condition) {
        let compares = |n: NodeId| {
            model.kind(n) == Kind::Binary
                && model.name(n).split(' ').all(|op| matches!(op, "<" | "<=" | ">" | ">=" | "!="))
        };
        if let Some(comparison) = model.self_and_descendants(condition).find(|n| compares(*n)) {
            return most_of(file, comparison).map_or(Bound::Some, Bound::Times);
        }
        // `while retries:`, `while (retries--)`
        let counter = model.self_and_descendants(condition).find(|n| is_counter(file, *n));
        if let Some(times) = counter.and_then(|c| first_of(file, c)) {
            return Bound::Times(times);
        }
    }
    if tries_again_once(file, repeated) {
        return Bound::Times(2.0);
    }
    let gives_up = |n: NodeId| {
        matches!(model.kind(n), Kind::If | Kind::Case)
            && (model.child(n, Role::Condition).or(model.child(n, Role::Value))).is_some_and(|c| counts(file, c))
            && model.descendants(n).take(MOST_NODES).any(|d| {
                matches!(model.kind(d), Kind::Return | Kind::Throw | Kind::Break)
                    && file.function_around(d) == file.function_around(n)
            })
    };
    let endings: Vec<NodeId> = model.descendants(repeated).take(MOST_NODES).filter(|n| gives_up(*n)).collect();
    let times = endings
        .iter()
        .filter_map(|e| model.child(*e, Role::Condition).or(model.child(*e, Role::Value)))
        .find_map(|c| {
            let parts = model.self_and_descendants(c).filter(|n| matches!(model.kind(*n), Kind::Binary | Kind::Unary));
            let counted = |n: &NodeId| model.children_with(*n, Role::Operand).any(|o| is_counter(file, o));
            parts.filter(counted).find_map(|n| most_of(file, n))
        });
    match times {
        Some(times) => Bound::Times(times),
        None if endings.is_empty() => Bound::Endless,
        None => Bound::Some,
    }
}

/// The limit of `attempt < 5`; where `left > 0` or `!left` counts down, what it starts with.
pub(crate) fn most_of(file: &Analysis<'_>, comparison: NodeId) -> Option<f64> {
    let operands = || file.model.children_with(comparison, Role::Operand);
    if let Some(first) = operands().find_map(|o| first_of(file, o)) {
        return Some(first);
    }
    // How far it counts down says nothing of how often, nor does what a counter starts with.
    if operands().any(|o| counts_down(file, o)) {
        return None;
    }
    let moves = |o: &NodeId| file.stores_of(*o).iter().any(|s| s.kind == StoreKind::Update);
    let limits = operands().filter(|o| !moves(o)).map(|o| file.value(o));
    let numbers = limits.filter(Value::is_constant).filter_map(|v| v.number);
    numbers.reduce(f64::max).filter(|n| *n > 0.0)
}

fn counts_down(file: &Analysis<'_>, counter: NodeId) -> bool {
    let down = |s: &Store| matches!(file.model.name(s.at), "-=" | "--") || s.value.is_some_and(|v| subtracts(file, v));
    file.stores_of(counter).iter().any(down)
}

/// What a counter starts with that is counted down.
fn first_of(file: &Analysis<'_>, counter: NodeId) -> Option<f64> {
    if !counts_down(file, counter) {
        return None;
    }
    let plain = file.stores_of(counter).iter().filter(|s| s.kind == StoreKind::Plain).filter_map(|s| s.value);
    plain.map(|v| file.value(v)).filter(Value::is_constant).find_map(|v| v.number).filter(|n| *n > 0.0)
}

fn subtracts(file: &Analysis<'_>, value: NodeId) -> bool {
    file.model.kind(value) == Kind::Binary && file.model.name(value) == "-"
}

fn is_counter(file: &Analysis<'_>, id: NodeId) -> bool {
    matches!(file.model.kind(id), Kind::Name | Kind::Member) && has_word(file.model.name(id), &COUNTERS)
}

/// `if !retried { retried = true; continue }`: a flag lets it be tried a second time and no more.
fn tries_again_once(file: &Analysis<'_>, repeated: NodeId) -> bool {
    let model = file.model;
    let flag = |condition: NodeId| {
        let plain = match model.kind(condition) {
            Kind::Unary => model.child(condition, Role::Operand)?,
            _ => condition,
        };
        matches!(model.kind(plain), Kind::Name | Kind::Member).then_some(plain)
    };
    let mut inside = model.descendants(repeated).take(MOST_NODES);
    inside.any(|n| {
        let name = (model.kind(n) == Kind::If).then(|| model.child(n, Role::Condition).and_then(flag)).flatten();
        let Some((name, then)) = name.zip(model.child(n, Role::Then)) else { return false };
        let sets = |s: &Store| model.contains(then, s.at) && s.value.is_some_and(|v| model.kind(v) == Kind::Boolean);
        let goes_on = || {
            let mut jumps = model.descendants(then).filter(|d| model.kind(*d) == Kind::Continue);
            jumps.any(|j| file.in_loop(j) == Some(repeated))
        };
        file.stores_of(name).iter().any(sets) && (has_word(model.name(name), &RETRY) || goes_on())
    })
}

/// A comparison with how often or how long is tried.
pub(crate) fn counts(file: &Analysis<'_>, condition: NodeId) -> bool {
    #[rustfmt::skip]
    const COUNTED: [&str; 16] = [
        "retry", "retries", "attempt", "attempts", "attempted", "tries", "count", "counter", "max", "limit",
        "deadline", "timeout", "elapsed", "remaining", "times", "trycount",
    ];
    let model = file.model;
    model.self_and_descendants(condition).any(|n| {
        matches!(model.kind(n), Kind::Name | Kind::Member | Kind::Call) && has_word(model.name(n), &COUNTED)
            || model.kind(n) == Kind::Number && model.role(n) == Role::Operand
    })
}
