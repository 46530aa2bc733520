//! The unit of an expression: by what is known of the APIs in it, and by the names of variables and functions.

use crate::analysis::Analysis;
use crate::catalog::{ApiRole, Unit};
use crate::names::words;
use crate::value::{How, Origins, Shape, unit_word};
use timelint_model::{Kind, NodeId, Role};

/// The unit that a name states for the number it stands for: `timeoutMs`, `POLL_SECONDS`, `getTtlMillis`. Names that state
/// two units, or a ratio, or whose unit may mean something else (`ns`, `us`, `sec`) state none.
pub fn stated_unit(name: &str) -> Option<Unit> {
    const RATIO: [&str; 12] = ["per", "in", "to", "from", "of", "as", "and", "or", "length", "count", "size", "number"];
    const TIMELY: [&str; 22] = [
        "timeout",
        "time",
        "delay",
        "interval",
        "elapsed",
        "duration",
        "latency",
        "deadline",
        "period",
        "ttl",
        "now",
        "expire",
        "expires",
        "expiry",
        "wait",
        "lease",
        "age",
        "epoch",
        "since",
        "backoff",
        "remaining",
        "timestamp",
    ];
    // `TEN_MINUTES` says how long, in whatever unit it is kept.
    const AMOUNT: [&str; 18] = [
        "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "twelve", "fifteen", "twenty",
        "thirty", "forty", "sixty", "half", "quarter",
    ];
    let words = words(name);
    if words.iter().any(|w| AMOUNT.contains(&w.as_str()) || w.bytes().all(|b| b.is_ascii_digit())) {
        return None;
    }
    let counted = |w: &str| match w {
        "second" | "minute" | "hour" | "day" | "milli" | "micro" | "nano" => None,
        // Namespaces, us, sections.
        "ns" | "us" | "sec" | "nsec" | "usec" => {
            words.iter().any(|w| TIMELY.contains(&w.as_str())).then(|| unit_word(w)).flatten()
        }
        _ => unit_word(w),
    };
    let fine = match &words[..] {
        [.., fraction, last] if matches!(last.as_str(), "seconds" | "second" | "sec" | "secs") => {
            match fraction.as_str() {
                "milli" | "millis" | "mill" | "mills" | "m" => Some(Unit::Millis),
                "micro" | "micros" | "u" => Some(Unit::Micros),
                "nano" | "nanos" | "n" => Some(Unit::Nanos),
                _ => None,
            }
        }
        _ => None,
    };
    if fine.is_some() {
        return fine;
    }
    let mut units = words.iter().enumerate().filter_map(|(i, w)| counted(w).map(|u| (i, u)));
    let (at, unit) = units.next()?;
    let last =
        at + 1 == words.len() || words[at + 1..].iter().all(|w| matches!(w.as_str(), "since" | "epoch" | "value"));
    let ratio = words.iter().any(|w| RATIO.contains(&w.as_str()));
    (units.next().is_none() && last && !ratio).then_some(unit)
}

impl Analysis<'_> {
    /// The unit of a bare number; `None` where it is not stated, for typed lengths, and for literals.
    pub fn length_unit(&self, id: NodeId) -> Option<Unit> {
        self.guarded(id, || self.length_unit_unguarded(id)).filter(|u| *u != Unit::Typed)
    }

    fn length_unit_unguarded(&self, id: NodeId) -> Option<Unit> {
        let model = self.model;
        match model.kind(id) {
            Kind::Binary => self.unit_of_arithmetic(id),
            Kind::Cast | Kind::Argument | Kind::Await => self.length_unit(model.child(id, Role::Value)?),
            Kind::Unary if matches!(model.name(id), "-" | "+") => self.length_unit(model.child(id, Role::Operand)?),
            Kind::Conditional => {
                let branches = model.children(id).filter(|c| model.role(*c) != Role::Condition);
                self.common_unit(branches.collect())
            }
            Kind::Call => match self.resolve(id) {
                Some(known) if known.how != How::Name => match known.api.role {
                    ApiRole::ValuePass => self.unit_passed_on(id),
                    // A typed length, whatever unit it was made of.
                    ApiRole::TimeDuration => None,
                    _ => known.api.unit,
                },
                _ => stated_unit(model.name(id)),
            },
            Kind::Member => match self.resolve(id) {
                Some(known) => known.api.unit.filter(|_| known.api.role != ApiRole::TimeDuration),
                None => stated_unit(model.name(id)).or_else(|| self.unit_of_own_field(id)),
            },
            Kind::Name => {
                if self.type_of(id).is_some_and(|t| self.catalog.knows_type(&t.name)) {
                    return None;
                }
                // What a clock counts is known better than what a name says of it.
                let stated = stated_unit(model.name(id)).map(|stated| self.clock_unit(id).unwrap_or(stated));
                stated.or_else(|| self.length_unit(self.only_source(id)?)).or_else(|| self.clock_unit(id))
            }
            _ => None,
        }
    }

    /// The unit of a reading of a clock, or of a difference of readings.
    fn clock_unit(&self, id: NodeId) -> Option<Unit> {
        let value = self.value(id);
        (value.shape != Shape::Plain && value.origins.any(Origins::CLOCKS)).then_some(value.unit).flatten()
    }

    /// The unit that the stores to a field of the same object agree on.
    fn unit_of_own_field(&self, member: NodeId) -> Option<Unit> {
        let object = self.model.child(member, Role::Object)?;
        if !self.tables.is_this(self.model, object) {
            return None;
        }
        let class = self.tables.class_around(self.model, member)?;
        let stores = self.tables.classes[class as usize].fields.get(&self.model.sym(member))?;
        self.common_unit(stores.iter().filter_map(|s| s.value).collect())
    }

    /// The unit of what a conversion or choice passes on, unless it also calculates.
    fn unit_passed_on(&self, call: NodeId) -> Option<Unit> {
        let args: Vec<NodeId> = self.model.children_with(call, Role::Arg).collect();
        let chooses = matches!(self.model.name(call), "max" | "min");
        let calculates = !chooses && args.len() > 1 && args.iter().any(|a| self.value(*a).number.is_some());
        if calculates { None } else { self.common_unit(args) }
    }

    fn unit_of_arithmetic(&self, id: NodeId) -> Option<Unit> {
        let model = self.model;
        let sides: Vec<NodeId> = model.children_with(id, Role::Operand).collect();
        let [left, right] = sides[..] else { return None };
        let op = model.name(id);
        match op {
            "+" | "-" | "||" | "??" | "or" if !sides.iter().any(|s| self.is_text(*s)) => {
                self.common_unit(vec![left, right])
            }
            "*" | "/" | "//" => {
                let factor = |n: NodeId| self.value(n).number.filter(|_| self.value(n).unit != Some(Unit::Typed));
                match (factor(left), factor(right)) {
                    (None, Some(by)) => crate::eval::scaled(self.length_unit(left)?, Some(by), op == "*"),
                    (Some(by), None) if op == "*" => crate::eval::scaled(self.length_unit(right)?, Some(by), true),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    fn is_text(&self, id: NodeId) -> bool {
        let model = self.model;
        model.kind(id) == Kind::String
            || model.kind(id) == Kind::Binary
                && model.children_with(id, Role::Operand).any(|o| model.kind(o) == Kind::String)
    }

    /// The unit of the first that has one, unless another has a different one.
    fn common_unit(&self, all: Vec<NodeId>) -> Option<Unit> {
        let mut units = all.into_iter().filter_map(|n| self.length_unit(n));
        let first = units.next()?;
        units.all(|u| u == first).then_some(first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_state_units_when_nothing_else_can_be_meant() {
        assert_eq!(stated_unit("timeoutMs"), Some(Unit::Millis));
        assert_eq!(stated_unit("POLL_INTERVAL_SECONDS"), Some(Unit::Seconds));
        assert_eq!(stated_unit("getApproxNSSinceEpoch"), Some(Unit::Nanos));
        assert_eq!(stated_unit("elapsed_us"), Some(Unit::Micros));
        assert_eq!(stated_unit("delayMilliSeconds"), Some(Unit::Millis));
        assert_eq!(stated_unit("getJournalMaxGroupWaitMSec"), Some(Unit::Millis));
        assert_eq!(stated_unit("windowMillSeconds"), Some(Unit::Millis));
        assert_eq!(stated_unit("elapsedMicroSec"), Some(Unit::Micros));
        assert_eq!(stated_unit("parkTimeNanoSec"), Some(Unit::Nanos));
        for name in [
            "contactUs",
            "podNs",
            "cpuMilli",
            "millisPerSecond",
            "secondsToMillis",
            "sleepSec2",
            "DAY",
            "second",
            "minWait",
            "TEN_MINUTES",
            "twoHours",
        ] {
            assert_eq!(stated_unit(name), None, "{name}");
        }
    }
}
