//! The units that names state.

use crate::analysis::Analysis;
use crate::catalog::Unit;
use crate::names::words;
use crate::value::unit_word;
use rustc_hash::{FxHashMap, FxHashSet};
use timelint_model::{FileModel, NodeId, Sym};

/// Bytes of the longest name that is looked at.
const LONGEST: usize = 80;

/// What the names of one file say of time: each name is taken apart once, however often it stands there.
#[derive(Debug, Default)]
pub(crate) struct TimeNames {
    units: FxHashMap<Sym, Unit>,
    lengths: FxHashSet<Sym>,
}

impl TimeNames {
    pub(crate) fn of(model: &FileModel) -> Self {
        let mut names = Self::default();
        for (sym, text) in model.symbols().filter(|(_, text)| text.len() <= LONGEST) {
            if let Some(unit) = stated_unit(text) {
                names.units.insert(sym, unit);
            }
            if is_length_name(text) {
                names.lengths.insert(sym);
            }
        }
        names
    }
}

impl Analysis<'_> {
    /// The unit that the name of a node states; see [`stated_unit`].
    pub fn unit_stated_by(&self, id: NodeId) -> Option<Unit> {
        self.time_names().units.get(&self.model.sym(id)).copied()
    }

    /// Whether the name of a node is that of a length of time; see [`is_length_name`].
    pub fn is_called_length(&self, id: NodeId) -> bool {
        self.time_names().lengths.contains(&self.model.sym(id))
    }

    /// Whether any name of the file is that of a length of time.
    pub fn names_lengths(&self) -> bool {
        !self.time_names().lengths.is_empty()
    }

    fn time_names(&self) -> &TimeNames {
        self.times.get_or_init(|| TimeNames::of(self.model))
    }
}

/// The unit that a name states for the number it stands for: `timeoutMs`, `POLL_SECONDS`, `getTtlMillis`. Names that state
/// two units, or a ratio, or whose unit may mean something else (`ns`, `us`, `sec`) state none.
pub fn stated_unit(name: &str) -> Option<Unit> {
    const RATIO: [&str; 12] = ["per", "in", "to", "from", "of", "as", "and", "or", "length", "count", "size", "number"];
    // `TEN_MINUTES` says how long, in whatever unit it is kept.
    const AMOUNT: [&str; 18] = [
        "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "twelve", "fifteen", "twenty",
        "thirty", "forty", "sixty", "half", "quarter",
    ];
    let words = words(name);
    if words.iter().any(|w| AMOUNT.contains(&w.as_str()) || w.bytes().all(|b| b.is_ascii_digit())) {
        return None;
    }
    // `5 * MINUTES` is in whatever unit the constant is kept in.
    if words.len() == 1 && !name.chars().any(char::is_lowercase) {
        return None;
    }
    let counted = |w: &str| match w {
        "second" | "minute" | "hour" | "day" => None,
        // Namespaces, us, sections; thousandths of a CPU.
        "ns" | "us" | "sec" | "nsec" | "usec" | "s" | "milli" | "micro" | "nano" => {
            let unit = if w == "s" { Some(Unit::Seconds) } else { unit_word(w) };
            unit.filter(|_| words.iter().any(|w| TIMELY.contains(&w.as_str())))
        }
        _ => unit_word(w),
    };
    let every = words.iter().any(|w| w == "every");
    let fine = match &words[..] {
        // `every_n_secs`: so many of them.
        [.., n, _] if every && n == "n" => None,
        [.., fraction, last] if matches!(last.as_str(), "seconds" | "second" | "sec" | "secs") => {
            match fraction.as_str() {
                "milli" | "millis" | "mill" | "mills" | "m" => Some(Unit::Millis),
                "micro" | "micros" | "u" => Some(Unit::Micros),
                "nano" | "nanos" | "n" => Some(Unit::Nanos),
                // `delayuSecs`
                other if other.ends_with('u') => return None,
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
    // `timeoutInMs`, `durationAsMillis`
    let said_of = |i: usize| i + 1 == at && matches!(words[i].as_str(), "in" | "as");
    let ratio = words.iter().enumerate().any(|(i, w)| RATIO.contains(&w.as_str()) && !said_of(i));
    (units.next().is_none() && last && !ratio).then_some(unit)
}

/// Words of names that stand for a length of time or an instant.
const TIMELY: [&str; 28] = [
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
    "sleep",
    "pause",
    "keepalive",
    "lifetime",
    "uptime",
    "linger",
];

/// Words that names of lengths of time end in.
const LENGTHS: [&str; 24] = [
    "timeout",
    "timeouts",
    "delay",
    "interval",
    "duration",
    "ttl",
    "expiry",
    "expiration",
    "expires",
    "lease",
    "backoff",
    "keepalive",
    "lifetime",
    "period",
    "sleep",
    "pause",
    "wait",
    "linger",
    "latency",
    "elapsed",
    "grace",
    "frequency",
    "threshold",
    "age",
];

/// Whether a name is that of a length of time: `idleTimeout`, `_ttl`.
pub fn is_length_name(name: &str) -> bool {
    words(name).last().is_some_and(|w| LENGTHS.contains(&w.as_str()))
}

/// The unit that the name of a function states for what it gives: `getTtlMillis`, `toSeconds`, `timeoutAsNanos`.
pub(crate) fn given_unit(name: &str) -> Option<Unit> {
    let all = words(name);
    let converts = match &all[..] {
        [.., to, unit] if to == "to" => unit_word(unit).filter(|_| unit.ends_with('s')),
        _ => None,
    };
    converts.or_else(|| stated_unit(name))
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
        assert_eq!(stated_unit("timeoutInMs"), Some(Unit::Millis));
        assert_eq!(stated_unit("poll_interval_s"), Some(Unit::Seconds));
        assert_eq!(stated_unit("getCheckIntervalMilli"), Some(Unit::Millis));
        assert_eq!(stated_unit("every_n_secs"), Some(Unit::Seconds));
        for name in [
            "contactUs",
            "everyNBytes",
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
            "MINUTES",
            "DAYS",
        ] {
            assert_eq!(stated_unit(name), None, "{name}");
        }
    }

    #[test]
    fn functions_state_what_they_give() {
        assert_eq!(given_unit("toMillis"), Some(Unit::Millis));
        assert_eq!(given_unit("getTtlSeconds"), Some(Unit::Seconds));
        assert_eq!(given_unit("toDay"), None);
        assert!(is_length_name("_idleTimeout") && !is_length_name("timeoutCount"));
    }
}
