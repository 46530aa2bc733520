//! Where a value comes from: the lattice of provenance.

use crate::catalog::Unit;
use crate::sites::{Site, Sites};
use timelint_diagnostics::Location;

/// A set of sources that may take part in a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct Origins(u32);

impl Origins {
    /// Nothing known to take part.
    pub const NONE: Origins = Origins(0);
    /// A reading of this machine's wall clock, with no monotonic part.
    pub const WALL: Origins = Origins(1);
    /// A reading that carries both clocks (Go's `time.Now()`).
    pub const BOTH: Origins = Origins(1 << 1);
    /// A monotonic reading.
    pub const MONOTONIC: Origins = Origins(1 << 2);
    /// CPU time.
    pub const CPU: Origins = Origins(1 << 3);
    /// A logical clock, revision, term, version counter.
    pub const LOGICAL: Origins = Origins(1 << 4);
    /// The database's clock.
    pub const DATABASE: Origins = Origins(1 << 5);
    /// A file's time stamp.
    pub const FILE: Origins = Origins(1 << 6);
    /// A date that an outside standard fixes in wall time.
    pub const EXTERNAL: Origins = Origins(1 << 7);
    /// A literal or constant.
    pub const CONSTANT: Origins = Origins(1 << 8);
    /// Environment, flag, property, setting.
    pub const CONFIG: Origins = Origins(1 << 9);
    /// A parameter of the function (see [`Value::params`]).
    pub const PARAM: Origins = Origins(1 << 10);
    /// Data that another process made: message, row, decoded body.
    pub const REMOTE: Origins = Origins(1 << 11);
    /// Random bits.
    pub const RANDOM: Origins = Origins(1 << 12);
    /// A fencing token.
    pub const TOKEN: Origins = Origins(1 << 13);
    /// Something that analysis could not follow.
    pub const UNKNOWN: Origins = Origins(1 << 14);
    /// The instant until which a lease is valid.
    pub const LEASE: Origins = Origins(1 << 15);
    /// The null value.
    pub const NULL: Origins = Origins(1 << 16);
    /// A default parameter value.
    pub const DEFAULT: Origins = Origins(1 << 17);
    /// A reading that carried both clocks and lost its monotonic part; also [`Origins::WALL`].
    pub const STRIPPED: Origins = Origins(1 << 18);
    /// A monotonic reading that may be negative and wrap around; also [`Origins::MONOTONIC`].
    pub const WRAPPING: Origins = Origins(1 << 19);
    /// A field whose declaration says how it is stored or sent.
    pub const STORED: Origins = Origins(1 << 20);
    /// Readings of any clock of this process.
    pub const CLOCKS: Origins = Origins(Self::WALL.0 | Self::BOTH.0 | Self::MONOTONIC.0 | Self::CPU.0);

    /// Whether all of `other` is in `self`.
    pub fn has(self, other: Origins) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether any of `other` is in `self`.
    pub fn any(self, other: Origins) -> bool {
        self.0 & other.0 != 0
    }

    /// Both sets together.
    #[must_use]
    pub fn and(self, other: Origins) -> Origins {
        Origins(self.0 | other.0)
    }

    /// `self` without `other`.
    #[must_use]
    pub fn without(self, other: Origins) -> Origins {
        Origins(self.0 & !other.0)
    }

    /// Whether the set is empty.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The names of the members, for traces.
    pub fn names(self) -> Vec<&'static str> {
        const NAMES: [&str; 21] = [
            "wall",
            "wall+monotonic",
            "monotonic",
            "cpu",
            "logical",
            "database",
            "file",
            "external",
            "constant",
            "config",
            "param",
            "remote",
            "random",
            "token",
            "unknown",
            "lease",
            "null",
            "default",
            "stripped",
            "wrapping",
            "stored",
        ];
        NAMES.iter().enumerate().filter(|(i, _)| self.0 >> i & 1 == 1).map(|(_, n)| *n).collect()
    }
}

/// How a name was resolved, weakest first; the weakest link of a chain decides its confidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum How {
    /// By its name alone.
    Name,
    /// Through another file of the project, by class and member or function name.
    Project,
    /// By a known factory's result.
    Factory,
    /// By a written type.
    Annotation,
    /// By a construction.
    Constructor,
    /// By an import or a builtin.
    #[default]
    Import,
}

/// A point in time, a length of time, or something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum Shape {
    /// Not known to be either.
    #[default]
    Plain,
    /// A point in time.
    Instant,
    /// A length of time.
    Duration,
}

/// The provenance of an expression.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Value {
    /// Everything that takes part.
    pub origins: Origins,
    /// Instant or duration, where that is known.
    pub shape: Shape,
    /// Unit of a number; `Typed` for typed values.
    pub unit: Option<Unit>,
    /// The number, when it is constant: in `unit`, and in seconds for typed values.
    pub number: Option<f64>,
    /// Bit set of the parameters that take part (the first 32).
    pub params: u32,
    /// The places that take part.
    pub sites: Sites,
    /// The weakest link.
    pub how: How,
}

impl Value {
    /// A value with these origins and nothing else known.
    pub fn of(origins: Origins) -> Self {
        Self { origins, ..Self::default() }
    }

    /// What analysis could not follow.
    pub fn unknown() -> Self {
        Self::of(Origins::UNKNOWN)
    }

    /// A constant number.
    pub fn number(number: f64) -> Self {
        Self { number: Some(number), ..Self::of(Origins::CONSTANT) }
    }

    /// The same value, seen at `location`.
    #[must_use]
    pub fn at(mut self, location: Location) -> Self {
        self.sites.push(Site { location, origins: self.origins });
        self
    }

    /// Whether nothing but literals and constants takes part.
    pub fn is_constant(&self) -> bool {
        self.origins == Origins::CONSTANT
    }

    /// The constant in seconds, taking a bare number to be in `unit`.
    pub fn seconds(&self, unit: Option<Unit>) -> Option<f64> {
        let own = self.unit.or(unit)?;
        Some(self.number? * own.seconds())
    }

    /// Either of two values, as after a branch.
    #[must_use]
    pub fn join(mut self, other: Value) -> Value {
        if self.origins.is_empty() {
            return other;
        }
        if other.origins.is_empty() {
            return self;
        }
        self.merge(other, false)
    }

    /// Both of two values in one, as in arithmetic.
    #[must_use]
    pub fn combine(mut self, other: Value) -> Value {
        self.merge(other, true)
    }

    fn merge(&mut self, other: Value, arithmetic: bool) -> Value {
        let mut out = std::mem::take(self);
        if out.shape != other.shape {
            out.shape = match (out.shape, other.shape) {
                (Shape::Plain, s) | (s, Shape::Plain) => s,
                _ => Shape::Instant,
            };
        }
        out.unit = if out.unit == other.unit { out.unit } else { out.unit.xor(other.unit) };
        out.number = if !arithmetic && out.number == other.number { out.number } else { None };
        out.how = match (out.origins.any(Origins::CLOCKS), other.origins.any(Origins::CLOCKS)) {
            // What has no clock in it does not weaken the evidence for the clock that the other side reads.
            (true, false) => out.how,
            (false, true) => other.how,
            (true, true) if !arithmetic => out.how.max(other.how),
            _ => out.how.min(other.how),
        };
        out.origins = out.origins.and(other.origins);
        out.params |= other.params;
        out.sites.append(other.sites);
        out
    }
}

/// The unit that a word of an identifier names: `timeoutMs`, `SECONDS`, `delay_us`.
pub fn unit_word(word: &str) -> Option<Unit> {
    Some(match word {
        "ns" | "nano" | "nanos" | "nanosecond" | "nanoseconds" | "nsec" => Unit::Nanos,
        "us" | "micro" | "micros" | "microsecond" | "microseconds" | "usec" => Unit::Micros,
        "ms" | "milli" | "millis" | "millisecond" | "milliseconds" | "msec" | "msecs" => Unit::Millis,
        "sec" | "secs" | "second" | "seconds" => Unit::Seconds,
        "minute" | "minutes" | "mins" => Unit::Minutes,
        "hour" | "hours" | "hrs" => Unit::Hours,
        "day" | "days" => Unit::Days,
        _ => return None,
    })
}

/// Parses a numeric literal of any of the languages: `1_000`, `30L`, `0x1F`, `1e3`, `5n`.
pub(crate) fn parse_number(text: &str) -> Option<f64> {
    let plain: String = text.chars().filter(|c| *c != '_').collect();
    if let Some(hex) = plain.strip_prefix("0x").or_else(|| plain.strip_prefix("0X")) {
        return u32::from_str_radix(hex.trim_end_matches(['L', 'l', 'n']), 16).ok().map(f64::from);
    }
    plain.trim_end_matches(['L', 'l', 'n', 'f', 'F', 'd', 'D']).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joins_keep_what_agrees_and_the_weakest_link() {
        let a = Value { unit: Some(Unit::Millis), ..Value::number(5.0) };
        let b = Value { how: How::Name, ..a.clone() };
        let same = a.clone().join(b);
        assert_eq!((same.number, same.unit, same.how), (Some(5.0), Some(Unit::Millis), How::Name));
        let other = a.join(Value::of(Origins::CONFIG));
        assert!(!other.is_constant() && other.number.is_none() && other.origins.any(Origins::CONFIG));
    }

    #[test]
    fn numbers_of_all_languages() {
        let all = ["1_000", "1000L", "0x3E8", "1e3", "1000n", "1000.0f"].map(parse_number);
        assert!(all.iter().all(|n| *n == Some(1000.0)), "{all:?}");
        assert_eq!(parse_number("x"), None);
    }
}
