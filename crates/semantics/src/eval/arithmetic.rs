//! The arithmetic of instants, durations and units.

use crate::catalog::Unit;
use crate::value::{Origins, Shape, Value};

/// The clock rules of arithmetic: instants differ by durations, a difference of readings that both carry a monotonic
/// part is monotonic, and powers of ten change the unit.
pub(crate) fn arithmetic(op: &str, left: Value, right: Value) -> Value {
    let number = match (left.number, right.number, left.unit, right.unit) {
        (Some(a), Some(b), lu, ru) if lu.is_none() || ru.is_none() || lu == ru || matches!(op, "*" | "/") => match op {
            "+" => Some(a + b),
            "-" => Some(a - b),
            // A count that was converted to a typed length, times a typed unit: the count was in nanoseconds.
            "*" if (lu, ru) == (Some(Unit::Typed), Some(Unit::Typed)) => Some(a * b / Unit::Nanos.seconds()),
            // How many of one go into the other is as many nanoseconds, in the type of lengths.
            "/" if (lu, ru) == (Some(Unit::Typed), Some(Unit::Typed)) && b != 0.0 => {
                Some(a / b * Unit::Nanos.seconds())
            }
            "*" => Some(a * b),
            "/" | "//" if b != 0.0 => Some(a / b),
            "<<" if (0.0..63.0).contains(&b) => Some(a * b.exp2()),
            "**" => Some(a.powf(b)),
            _ => None,
        },
        _ => None,
    };
    let shapes = (left.shape, right.shape);
    let unit = match (op, shapes) {
        ("*" | "/" | "//", (Shape::Instant | Shape::Duration, _))
            if right.is_constant() && left.unit != Some(Unit::Typed) =>
        {
            left.unit.and_then(|u| scaled(u, right.number, op == "*"))
        }
        // `1000 * elapsed`
        ("*", (_, Shape::Instant | Shape::Duration))
            if left.is_constant() && right.unit != Some(Unit::Typed) && left.unit.is_none() =>
        {
            right.unit.and_then(|u| scaled(u, left.number, true))
        }
        // `now / interval` is a count of intervals, `n * step` whatever `n` is.
        ("*" | "/" | "//", (Shape::Instant | Shape::Duration, _))
            if left.unit != Some(Unit::Typed) && right.unit != Some(Unit::Typed) && !right.is_constant() =>
        {
            None
        }
        ("*", _) if right.unit == Some(Unit::Typed) || left.unit == Some(Unit::Typed) => Some(Unit::Typed),
        _ => left.unit.or(right.unit),
    };
    let both = |o: Origins| left.origins.any(o) && right.origins.any(o);
    let instants = both(Origins::CLOCKS) && shapes == (Shape::Instant, Shape::Instant);
    let mixed = instants && left.origins.and(right.origins).has(Origins::BOTH.and(Origins::WALL));
    // Where a length of time is kept says nothing of where the instant is that it is added to.
    let instant = match shapes {
        (Shape::Instant, other) if other != Shape::Instant => Some(left.origins),
        (other, Shape::Instant) if other != Shape::Instant => Some(right.origins),
        _ => None,
    };
    let mut value = left.combine(right);
    if let ("+" | "-", Some(own)) = (op, instant) {
        // Nor is an instant unknown because a length that is added is; what an unknown value is taken away from may differ
        // from it by a length.
        let kept = if op == "+" { Origins::STORED.and(Origins::UNKNOWN) } else { Origins::STORED };
        value.origins = value.origins.without(kept.without(own));
    }
    value.number = number;
    value.unit = unit;
    value.shape = match (op, shapes) {
        // Only an instant has an instant taken away from it.
        ("-", (_, Shape::Instant)) => Shape::Duration,
        ("+" | "-", (Shape::Instant, _) | (_, Shape::Instant)) => Shape::Instant,
        ("*" | "/" | "//", (s, Shape::Plain) | (Shape::Plain, s)) => s,
        ("+" | "-", (Shape::Duration, _) | (_, Shape::Duration)) => Shape::Duration,
        ("%" | "<" | ">" | "<=" | ">=" | "==" | "!=", _) => Shape::Plain,
        _ => value.shape,
    };
    if matches!(op, "/" | "//" | ">>") {
        // A coarser count of the same clock is too small to wrap around.
        value.origins = value.origins.without(Origins::WRAPPING);
    }
    if instants && op == "-" && value.origins.any(Origins::BOTH) {
        // Falls back to the wall clock for both as soon as one side lacks the monotonic part.
        let kept = value.origins.without(Origins::BOTH);
        value.origins = if mixed { kept } else { kept.and(Origins::MONOTONIC) };
    }
    value
}

/// A unit whose number was multiplied or divided by `factor`.
pub(crate) fn scaled(unit: Unit, factor: Option<f64>, multiply: bool) -> Option<Unit> {
    let per = if multiply { 1.0 / factor? } else { factor? };
    unit_of(unit.seconds() * per)
}

/// The unit that is this many seconds long.
pub fn unit_of(seconds: f64) -> Option<Unit> {
    [Unit::Nanos, Unit::Micros, Unit::Millis, Unit::Seconds, Unit::Minutes, Unit::Hours, Unit::Days]
        .into_iter()
        .find(|u| (u.seconds() / seconds - 1.0).abs() < 1e-6)
}
