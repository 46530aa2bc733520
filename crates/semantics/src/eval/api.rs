//! The values of calls, constructions and reads whose meaning the catalogue knows.

use super::arithmetic::arithmetic;
use crate::analysis::{Analysis, Resolved};
use crate::catalog::{ApiRole, ArgMeaning, Unit};
use crate::names::words;
use crate::value::{Origins, Shape, Value, unit_word};
use timelint_model::{Kind, NodeId, Role};

impl Analysis<'_> {
    /// The value of a call, construction or read whose meaning is known.
    pub(super) fn api_value(&self, id: NodeId, known: Resolved<'_>) -> Value {
        let api = known.api;
        let here = |origins: Origins, shape: Shape| {
            Value { shape, unit: api.unit, how: known.how, ..Value::of(origins) }.at(self.location(id))
        };
        let joined_args =
            || self.model.children_with(id, Role::Arg).fold(Value::default(), |v, a| v.join(self.value(a)));
        match api.role {
            ApiRole::ClockWall => here(Origins::WALL, Shape::Instant),
            ApiRole::ClockBoth => here(Origins::BOTH, Shape::Instant),
            ApiRole::ClockMonotonic if api.wraps => here(Origins::MONOTONIC.and(Origins::WRAPPING), Shape::Instant),
            ApiRole::ClockMonotonic => here(Origins::MONOTONIC, Shape::Instant),
            ApiRole::ClockElapsed => here(Origins::MONOTONIC, Shape::Duration),
            ApiRole::ClockCpu => here(Origins::CPU, Shape::Instant),
            ApiRole::ClockLogical => here(Origins::LOGICAL, Shape::Plain),
            ApiRole::ClockDatabase => here(Origins::DATABASE, Shape::Instant),
            ApiRole::ClockFile => here(Origins::FILE, Shape::Instant),
            ApiRole::ClockExternal => here(Origins::EXTERNAL, Shape::Instant),
            ApiRole::LeaseDeadline => here(Origins::LEASE, Shape::Instant),
            ApiRole::LockToken => here(Origins::TOKEN, Shape::Plain),
            ApiRole::ConfigRead => here(Origins::CONFIG, Shape::Plain),
            // A column that the database stamps by itself: `Column(DateTime, default=func.now())`.
            ApiRole::RemoteRead if joined_args().origins.any(Origins::DATABASE) => {
                here(Origins::DATABASE, Shape::Instant)
            }
            ApiRole::RemoteRead => here(Origins::REMOTE, Shape::Plain),
            ApiRole::Random => here(Origins::RANDOM, Shape::Plain),
            ApiRole::TimeConvert | ApiRole::TimeStrip => self.converted(id, known),
            ApiRole::TimeDifference => {
                let (from, to) = self.difference_operands(id, known);
                let value = from.map_or_else(Value::unknown, |f| self.value(f));
                let value = arithmetic("-", to.map_or_else(Value::unknown, |t| self.value(t)), value);
                Value { shape: Shape::Duration, unit: api.unit, ..value }
            }
            ApiRole::TimeSince | ApiRole::TimeUntil => {
                let mark = self.model.child(id, Role::Arg).map_or_else(Value::unknown, |a| self.value(a));
                let now = here(Origins::BOTH, Shape::Instant);
                Value { unit: api.unit, ..arithmetic("-", now, mark) }
            }
            ApiRole::TimeAdd => {
                let base = self.model.child(id, Role::Receiver).map_or_else(Value::unknown, |r| self.value(r));
                let amount = self.model.child(id, Role::Arg).map_or_else(Value::unknown, |a| self.value(a));
                arithmetic("+", base, amount)
            }
            ApiRole::TimeDuration => self.duration(id, known),
            ApiRole::ValuePass => {
                let args = joined_args();
                let receiver = self.model.child(id, Role::Receiver);
                let base = receiver.map_or_else(Value::default, |r| self.value(r));
                // The content of an atomic variable.
                let base = receiver.and_then(|r| self.stored_elements(r)).map_or(base.clone(), |kept| kept.join(base));
                let value = if base.origins.any(Origins::CLOCKS.and(Origins::CONFIG)) {
                    base.join(args)
                } else {
                    args.join(base)
                };
                if value.origins.is_empty() { Value::unknown() } else { value }
            }
            _ => {
                let value = Value { how: known.how, ..Value::unknown() };
                if self.model.kind(id) == Kind::Member { value } else { value.at(self.location(id)) }
            }
        }
    }

    /// The operands of a difference: where it starts and where it ends.
    pub fn difference_operands(&self, id: NodeId, known: Resolved<'_>) -> (Option<NodeId>, Option<NodeId>) {
        let from = self.argument(id, known, ArgMeaning::From);
        let to = self.argument(id, known, ArgMeaning::To);
        let receiver = self.model.child(id, Role::Receiver);
        let first = self.model.child(id, Role::Arg);
        match (from, to) {
            (None, None) => (first, receiver),
            (Some(from), None) => (Some(from), receiver),
            (None, Some(to)) => (receiver, Some(to)),
            both => both,
        }
    }

    /// The argument that is converted; of several (seconds and nanoseconds) the first that is no constant.
    pub fn converted_part(&self, id: NodeId, known: Resolved<'_>) -> Option<NodeId> {
        let from = known.api.args.iter().filter(|a| a.is == ArgMeaning::From);
        let parts: Vec<NodeId> = from.filter_map(|a| self.argument_at(id, a.at.as_slice())).collect();
        parts.iter().copied().find(|p| !self.value(*p).is_constant()).or(parts.first().copied())
    }

    fn converted(&self, id: NodeId, known: Resolved<'_>) -> Value {
        let source = self
            .converted_part(id, known)
            .or_else(|| {
                self.model.child(id, Role::Receiver).filter(|r| self.path_of(*r).is_none() || self.is_variable(*r))
            })
            .or_else(|| self.model.child(id, Role::Arg));
        let Some(source) = source else { return Value::unknown() };
        let mut value = self.value(source);
        if known.api.role == ApiRole::TimeStrip && value.origins.any(Origins::BOTH) {
            value.origins = value.origins.without(Origins::BOTH).and(Origins::WALL).and(Origins::STRIPPED);
            for site in value.sites.iter_mut() {
                if site.origins.any(Origins::BOTH) {
                    site.origins = site.origins.without(Origins::BOTH).and(Origins::WALL);
                }
            }
        }
        if known.api.role == ApiRole::TimeStrip && value.shape == Shape::Plain {
            value.shape = Shape::Instant;
        }
        let named = self.model.child(id, Role::Receiver).and_then(|r| self.unit_named_by(r));
        // `SECONDS.convert(length, MILLISECONDS)` gives seconds, `MILLISECONDS.toSeconds(length)` too.
        let (from_unit, to) = match self.argument(id, known, ArgMeaning::Unit) {
            Some(unit) => (self.unit_named_by(unit), known.api.unit.or(named)),
            None => (named, known.api.unit),
        };
        if let (Some(number), Some(to)) = (value.number, to) {
            let from = value.unit.or(from_unit).unwrap_or(to);
            value.number = Some(number * from.seconds() / to.seconds());
        }
        value.unit = to.or(value.unit);
        value.how = value.how.min(known.how);
        value
    }

    fn is_variable(&self, id: NodeId) -> bool {
        self.model.kind(id) == Kind::Name && self.local_store(id, self.model.sym(id)).is_some()
    }

    fn duration(&self, id: NodeId, known: Resolved<'_>) -> Value {
        let unit = known.api.unit;
        let amounts: Vec<(NodeId, Option<Unit>)> = known
            .api
            .args
            .iter()
            .filter(|a| a.is == ArgMeaning::Amount)
            .filter_map(|spec| self.argument_at(id, spec.at.as_slice()).map(|n| (n, spec.unit)))
            .collect();
        if known.api.args.is_empty() {
            // A constant such as `time.Second`.
            let number = unit.filter(|u| *u != Unit::Typed).map(Unit::seconds);
            let value =
                Value { number, unit: Some(Unit::Typed), shape: Shape::Duration, ..Value::of(Origins::CONSTANT) };
            return Value { how: known.how, ..value }.at(self.location(id));
        }
        let by_argument = self.argument(id, known, ArgMeaning::Unit).and_then(|u| self.unit_named_by(u));
        let mut total = Value::default();
        let mut seconds = Some(0.0);
        for (node, own) in amounts {
            let value = self.value(node);
            seconds = seconds.zip(value.seconds(by_argument.or(own).or(unit))).map(|(a, b)| a + b);
            total = total.combine(value);
        }
        if total.origins.is_empty() {
            return Value::unknown();
        }
        let number = seconds.filter(|_| total.is_constant());
        Value { number, unit: Some(Unit::Typed), shape: Shape::Duration, how: total.how.min(known.how), ..total }
    }

    /// The unit that an expression names: `TimeUnit.SECONDS`, `time.Millisecond`.
    pub fn unit_named_by(&self, id: NodeId) -> Option<Unit> {
        match self.model.kind(id) {
            Kind::Name | Kind::Member => words(self.model.name(id)).last().and_then(|w| unit_word(w)),
            // `then.diff(now, 'minutes')`
            Kind::String => unit_word(self.model.name(id)),
            _ => None,
        }
    }
}
