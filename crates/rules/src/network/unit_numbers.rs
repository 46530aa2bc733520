//! Numbers that make no sense in the unit that is due: literals, and counts that were not converted.

use crate::network::limit_names::is_default_name;
use crate::network::limits::limits_at;
use crate::network::timeout_unit_mismatch::{Mismatch, Taker};
use crate::network::unit_places::{name_of, sides_of_one_unit, unit_of_place};
use timelint_diagnostics::Confidence;
use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::catalog::{ApiRole, ArgMeaning, TimeoutKind, Unit, leaf};
use timelint_semantics::{Analysis, By, How, Origins, Shape, has_word, is_length_name};

/// A literal that makes no sense in the unit that is due: 5000 seconds, 30 milliseconds, 10 nanoseconds.
pub(super) fn implausible(file: &Analysis<'_>, site: NodeId) -> Vec<Mismatch> {
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
        let taker = Taker::takes(name_of(file, site), site);
        let confidence = if due == Unit::Nanos { Confidence::High } else { Confidence::Medium };
        let (length, source) = (limit.length, limit.length);
        all.push(Mismatch { length, is, source, due, taker, confidence, converts: false });
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
    counts_as_nanos(file) && file.resolve(site).is_some()
}

/// In a language whose typed lengths are numbers of nanoseconds.
fn counts_as_nanos(file: &Analysis<'_>) -> bool {
    file.apis_in(ApiRole::TimeDuration).any(|a| a.args.is_empty() && a.unit == Some(Unit::Nanos))
}

/// `time.Since(seen) > expirySecs`: a bare constant beside a typed length counts what the type counts, whatever it is called.
pub(super) fn beside_typed(file: &Analysis<'_>, id: NodeId) -> Option<Mismatch> {
    let model = file.model;
    let (left, right) = sides_of_one_unit(file, id)?;
    let length = |n: NodeId| {
        let value = file.value(n);
        let since = || file.resolve(n).is_some_and(|k| k.api.role == ApiRole::TimeSince && k.how != How::Name);
        value.unit == Some(Unit::Typed) && (value.shape == Shape::Duration || since())
    };
    let (typed, bare) = if length(left) { (left, right) } else { (right, left) };
    let value = file.value(bare);
    let counts =
        value.is_constant() && value.unit.is_none() && value.number.is_some() && model.kind(bare) != Kind::Number;
    if !length(typed) || !counts || file.is_typed(bare) || !counts_as_nanos(file) {
        return None;
    }
    let is = file.measure(bare).filter(|m| m.by == By::Statement)?;
    let taker = Taker::is_in(format!("`{}`", file.short(typed)), typed);
    let found = Mismatch::between(bare, is, Unit::Nanos, taker, Confidence::High)?;
    Some(Mismatch { converts: false, ..found })
}

/// The unit in which a number is a whole number of days or hours, where in the unit that is due it is nothing at all:
/// `86400` milliseconds, `3600000` seconds, `60 * 60 * 24 * days` milliseconds.
pub(super) fn calendar(file: &Analysis<'_>, length: NodeId, due: Unit) -> Option<Unit> {
    const HOUR: f64 = 3600.0;
    const DAY: f64 = 86_400.0;
    let value = file.value(length);
    let written = file.model.kind(length) == Kind::Number;
    let by_factors = || spelled_factors(file, length).filter(|unit| *unit != due && usual(due));
    let Some(number) = value.number.filter(|_| written && value.is_constant() && value.unit.is_none()) else {
        return by_factors();
    };
    let minutes = (number / 1000.0) % 60.0 == 0.0;
    match due {
        Unit::Millis if number >= DAY && number % DAY == 0.0 && !minutes => Some(Unit::Seconds),
        Unit::Seconds
            if number >= 1000.0 * HOUR && number % (1000.0 * HOUR) == 0.0 && number % (400.0 * DAY) != 0.0 =>
        {
            Some(Unit::Millis)
        }
        _ => by_factors(),
    }
}

fn usual(unit: Unit) -> bool {
    matches!(unit, Unit::Seconds | Unit::Millis)
}

/// The unit that the factors of a product spell: `60 * 60 * days` are seconds, with `1000` milliseconds.
fn spelled_factors(file: &Analysis<'_>, product: NodeId) -> Option<Unit> {
    let model = file.model;
    if model.kind(product) != Kind::Binary || model.name(product) != "*" {
        return None;
    }
    let mut factors = Vec::new();
    let mut open = vec![product];
    while let Some(id) = open.pop() {
        if model.kind(id) == Kind::Binary && model.name(id) == "*" {
            open.extend(model.children_with(id, Role::Operand));
        } else {
            factors.push(id);
        }
    }
    let numbers: Vec<f64> = factors.iter().filter_map(|f| file.value(*f).number).collect();
    let is = |n: &f64, of: f64| (n - of).abs() < 1e-9;
    let sixty = numbers.iter().filter(|n| is(n, 60.0)).count();
    let hours = sixty >= 2 || numbers.iter().any(|n| is(n, 3600.0) || is(n, 86_400.0));
    let thousand = numbers.iter().any(|n| n % 1000.0 == 0.0);
    // `60 * 60 * second`: what is no number may be any unit.
    let counts = |f: &NodeId| {
        let name = model.name(*f);
        matches!(model.kind(*f), Kind::Number)
            || has_word(name, &["day", "days", "hour", "hours"]) && file.value(*f).number.is_none()
            || model.kind(*f) == Kind::Call && file.resolve(*f).is_some_and(|k| k.api.role == ApiRole::ValuePass)
    };
    let plain = factors.iter().all(counts) && factors.iter().all(|f| file.value(*f).unit.is_none());
    match (hours, thousand) {
        (true, false) if plain => Some(Unit::Seconds),
        (_, true) if plain && sixty >= 1 => Some(Unit::Millis),
        _ => None,
    }
}

/// `SESSION_TTL_MS = 86400`
pub(super) fn spelled_out(file: &Analysis<'_>, id: NodeId) -> Option<Mismatch> {
    let model = file.model;
    let length = model.child(id, Role::Value)?;
    let (name, due) = unit_of_place(file, id).filter(|_| model.children_with(id, Role::Target).count() < 2)?;
    let is = calendar(file, length, due)?;
    let taker = Taker::is_in(format!("`{name}`"), model.child(id, Role::Target).unwrap_or(id));
    let (source, confidence) = (length, Confidence::Medium);
    Some(Mismatch { length, is, source, due, taker, confidence, converts: false })
}

/// A setting that is declared as a plain number, made a typed length without its unit: `time.Duration(cfg.Timeout)`; or
/// the other way round, a typed length that is cut to a plain number of its type: `StopTimeout: int(limit)`.
pub(super) fn unconverted(file: &Analysis<'_>, site: NodeId) -> Vec<Mismatch> {
    let model = file.model;
    let known = file.resolve(site).filter(|k| k.how != How::Name && model.kind(site) == Kind::Call);
    let Some(known) = known else { return Vec::new() };
    let made = match known.api.role {
        ApiRole::TimeDuration => typed_without_unit(file, site),
        ApiRole::ValuePass => cut_to_a_number(file, site),
        _ => None,
    };
    made.into_iter().collect()
}

fn typed_without_unit(file: &Analysis<'_>, conversion: NodeId) -> Option<Mismatch> {
    let model = file.model;
    let mut args = model.children_with(conversion, Role::Arg);
    let length = args.next().filter(|l| matches!(model.kind(*l), Kind::Member | Kind::Name))?;
    let due = file.resolve(conversion)?.api.args.iter().find(|a| a.is == ArgMeaning::Amount)?.unit?;
    if due != Unit::Nanos
        || args.next().is_some()
        || !is_length_name(model.name(length))
        || file.measure(length).is_some()
        || file.is_count(conversion)
        || !(is_count_of_something(file, length)
            || is_short_number(file, length) && file.taken_as_length(conversion).is_some())
    {
        return None;
    }
    let taker = Taker::takes(name_of(file, conversion), conversion);
    let (source, is, confidence) = (length, Unit::Seconds, Confidence::Medium);
    Some(Mismatch { length, is, source, due, taker, confidence, converts: false })
}

fn cut_to_a_number(file: &Analysis<'_>, conversion: NodeId) -> Option<Mismatch> {
    let model = file.model;
    let place = model.parent(conversion).filter(|p| matches!(model.kind(*p), Kind::Entry | Kind::Argument))?;
    let short = matches!(model.name(conversion), "int" | "int32" | "uint" | "uint32" | "int16" | "uint16");
    let measure = file.measure(conversion).filter(|m| m.unit == Unit::Nanos && m.source == conversion && short)?;
    if !is_length_name(model.name(place)) {
        return None;
    }
    let taker = Taker { what: format!("`{}`, a plain number,", model.name(place)), verb: "is rather in", at: place };
    let (is, source, due, confidence) = (measure.unit, conversion, Unit::Seconds, Confidence::Medium);
    Some(Mismatch { length: conversion, is, source, due, taker, confidence, converts: false })
}

/// A setting that is a plain number, or a constant that is nothing at all in nanoseconds.
fn is_count_of_something(file: &Analysis<'_>, length: NodeId) -> bool {
    let model = file.model;
    let setting = model.child(length, Role::Object).is_some_and(|o| is_default_name(model.name(o)));
    let plain = || file.type_of(length).is_some_and(|t| is_plain_number(file, &t.name));
    let value = file.value(length);
    let small = value.is_constant() && value.unit.is_none() && value.number.is_some_and(|n| (2.0..1e6).contains(&n));
    setting && plain() || small && value.how > How::Name
}

/// Of a type in which nobody counts nanoseconds.
fn is_short_number(file: &Analysis<'_>, length: NodeId) -> bool {
    const SHORT: [&str; 9] = ["int", "int32", "uint32", "int16", "uint16", "uint", "uint8", "float64", "float32"];
    file.type_of(length).is_some_and(|t| SHORT.contains(&t.name.as_str()))
        && file.value(length).unit.is_none()
        && !file.value(length).origins.any(Origins::CLOCKS)
}

/// A type whose conversion gives the number that it is given.
fn is_plain_number(file: &Analysis<'_>, ty: &str) -> bool {
    let conversion = file.catalog().lookup(leaf(ty), None).map(|a| file.catalog().api(a));
    conversion.is_some_and(|a| a.role == ApiRole::ValuePass)
}
