//! `mixed-clocks`: two clocks, or two units of one clock, meet in one operation.

use crate::Rule;
use crate::clock::bound_clocks::bound_clocks;
use crate::story::Story;
use crate::usage::{Usage, usage};
use timelint_diagnostics::{Confidence, Family, Finding, RuleMeta, Severity};
use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::catalog::{ApiRole, ArgMeaning, Unit};
use timelint_semantics::{Analysis, How, Origins, Shape, Site, Value, has_word};

/// See the module.
pub(crate) struct MixedClocks;

static META: RuleMeta = RuleMeta {
    id: "mixed-clocks",
    aliases: &[],
    family: Family::Clock,
    mechanism: "two clocks that count from different origins, or in different units",
    severity: Severity::Warning,
    summary: "readings of two clocks, or in two units, meet in one comparison or difference",
    page: include_str!("mixed_clocks.md"),
};

impl Rule for MixedClocks {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check(&self, file: &Analysis<'_>, out: &mut Vec<Finding>) {
        bound_clocks(file, &META, out);
        for id in file.model.ids() {
            let found = match meeting(file, id) {
                Some(sides) => clocks(file, id, sides).or_else(|| units(file, id, sides)),
                None => date(file, id).or_else(|| handed(file, id)),
            };
            out.extend(found);
        }
    }
}

/// The two sides of a comparison or difference.
fn meeting(file: &Analysis<'_>, id: NodeId) -> Option<[NodeId; 2]> {
    let model = file.model;
    match model.kind(id) {
        Kind::Binary if matches!(model.name(id), "-" | "<" | ">" | "<=" | ">=") => {
            let mut sides = model.children_with(id, Role::Operand);
            let pair = [sides.next()?, sides.next()?];
            sides.next().is_none().then_some(pair)
        }
        Kind::Call => {
            let known = file.resolve(id)?;
            match known.api.role {
                ApiRole::TimeCompare => Some([model.child(id, Role::Receiver)?, model.child(id, Role::Arg)?]),
                ApiRole::TimeDifference => {
                    let (from, to) = file.difference_operands(id, known);
                    Some([to?, from?])
                }
                _ => None,
            }
        }
        _ => None,
    }
}

/// The one clock that an instant was read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Clock {
    Wall,
    Monotonic,
    Cpu,
    Database,
}

impl Clock {
    /// Of a value that nothing but this clock, numbers and settings take part in.
    fn of(value: &Value) -> Option<Self> {
        let elsewhere = Origins::REMOTE.and(Origins::FILE).and(Origins::EXTERNAL).and(Origins::LOGICAL);
        if value.shape != Shape::Instant || value.origins.any(elsewhere.and(Origins::BOTH)) {
            return None;
        }
        let all = [Self::Wall, Self::Monotonic, Self::Cpu, Self::Database];
        let mut present = all.into_iter().filter(|clock| value.origins.any(clock.origin()));
        let only = present.next()?;
        present.next().is_none().then_some(only)
    }

    fn origin(self) -> Origins {
        match self {
            Self::Wall => Origins::WALL,
            Self::Monotonic => Origins::MONOTONIC,
            Self::Cpu => Origins::CPU,
            Self::Database => Origins::DATABASE,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Wall => "the wall clock",
            Self::Monotonic => "the monotonic clock",
            Self::Cpu => "the CPU's time",
            Self::Database => "the database's clock",
        }
    }
}

/// Readings of two clocks.
fn clocks(file: &Analysis<'_>, id: NodeId, sides: [NodeId; 2]) -> Option<Finding> {
    let mut values = sides.map(|s| file.value(s));
    for (side, value) in sides.into_iter().zip(&mut values) {
        if Clock::of(value).is_none() && value.origins.any(Origins::PARAM) && !value.origins.any(Origins::CLOCKS) {
            // What callers hand in, unless they disagree.
            *value = file.with_callers(side);
        }
    }
    let (left, right) = match (Clock::of(&values[0]), Clock::of(&values[1])) {
        (Some(left), Some(right)) => (left, right),
        (Some(left), None) => (left, other_clock(file, sides[1], left)?),
        (None, Some(right)) => (other_clock(file, sides[0], right)?, right),
        (None, None) => return None,
    };
    let anchored = || sides.iter().any(|s| is_anchored(file, *s));
    if file.is_silent(&META, id, "both sides are read from the same clock", left == right)
        || file.is_silent(&META, id, "one side is what turns readings of one clock into those of the other", anchored())
    {
        return None;
    }
    let decides = || matches!(usage(file, id), Usage::Decides | Usage::Waits) || is_called_a_length(file, id);
    // The distance of two clocks is a number that one may want: it turns readings of one into those of the other.
    if file.model.name(id) == "-" && (!decides() || is_anchored(file, id)) {
        return None;
    }
    let message = format!("`{}` mixes {} with {}", file.short(id), left.name(), right.name());
    let (why, help) = if [left, right].contains(&Clock::Database) {
        (
            "the database and this machine disagree on what time it is: the comparison is wrong by that difference, in \
             both directions",
            "let the database judge by its own time: compare inside the statement, and bind only lengths of time",
        )
    } else {
        (
            "the two clocks count from different origins: the result is off by years, so the branch is always or never \
             taken",
            "take both readings from one clock: the monotonic one for what passes inside this process",
        )
    };
    let confidence = match values[0].how.min(values[1].how) {
        How::Name => Confidence::Low,
        How::Project => Confidence::Medium,
        _ => Confidence::High,
    };
    let mut story = Story::new(&META, file, id, message).why(why).help(help).confidence(confidence);
    for (value, clock) in values.iter().zip([left, right]) {
        let of_clock = readings(value).filter(|s| s.origins.any(clock.origin()));
        story = story.sites(of_clock, &format!("{} is read here", clock.name()));
    }
    Some(story.step(file.location(id), "and the two meet here").tell())
}

/// The clock of a side of which little is known, beside a reading of `clock`.
fn other_clock(file: &Analysis<'_>, side: NodeId, clock: Clock) -> Option<Clock> {
    stored_from_another(file, side, clock).or_else(|| {
        let nanos = clock == Clock::Wall && is_nano_mark(file, side);
        nanos.then_some(Clock::Monotonic)
    })
}

/// `NANOSECONDS.toMillis(context.getReceivedNanos())` of a file that reads a monotonic clock in nanoseconds, and no other
/// clock so: nobody counts the time since 1970 like this.
fn is_nano_mark(file: &Analysis<'_>, side: NodeId) -> bool {
    let model = file.model;
    let reads = |monotonic: bool| {
        file.known_calls().iter().any(|(_, k)| match k.api.role {
            ApiRole::ClockMonotonic => monotonic && k.api.unit == Some(Unit::Nanos) && k.how != How::Name,
            ApiRole::ClockWall => !monotonic && k.api.unit == Some(Unit::Nanos),
            _ => false,
        })
    };
    let source = file.condition_source(side);
    let converted = match model.kind(source) {
        Kind::Call => model.child(source, Role::Arg).filter(|_| file.converted_unit(source) == Some(Unit::Nanos)),
        Kind::Binary if matches!(model.name(source), "/" | "//") => model.child(source, Role::Operand),
        _ => None,
    };
    let mark = |n: NodeId| {
        let plain = model.child(n, Role::Arg).is_none() && matches!(model.kind(n), Kind::Call | Kind::Member);
        let nanos = has_word(model.name(n), &["nano", "nanos", "ns", "nanotime"]);
        plain && nanos && !has_word(model.name(n), &["epoch", "unix", "wall", "instant"])
    };
    converted.is_some_and(mark) && reads(true) && !reads(false)
}

/// An instant of one clock, handed to a call that waits until one of the other.
fn handed(file: &Analysis<'_>, id: NodeId) -> Option<Finding> {
    let known = file.resolve(id).filter(|k| k.how != How::Name)?;
    let expected = [(ArgMeaning::MonotonicInstant, Clock::Monotonic), (ArgMeaning::WallInstant, Clock::Wall)];
    let due = |(meaning, clock)| Some((file.argument(id, known, meaning)?, clock));
    let (arg, clock) = expected.into_iter().find_map(due)?;
    let value = file.value(arg);
    let given = Clock::of(&value).filter(|given| *given != clock && !is_anchored(file, arg))?;
    let message =
        format!("`{}` is given an instant of {}, and expects one of {}", file.short(id), given.name(), clock.name());
    let story = Story::new(&META, file, id, message)
        .why("the two clocks count from different origins: the call waits for years, or not at all")
        .help(format!("take the instant from {}, the clock that the call compares it with", clock.name()))
        .confidence(if value.how == How::Name { Confidence::Medium } else { Confidence::High })
        .sites(readings(&value), &format!("{} is read here", given.name()));
    Some(story.step(file.location(arg), "and handed over as one of the other clock here").tell())
}

/// A variable that is set from several clocks, each time from one: the first of them that is not `clock`.
fn stored_from_another(file: &Analysis<'_>, side: NodeId, clock: Clock) -> Option<Clock> {
    let model = file.model;
    let mut other = None;
    for value in file.stores_of(side).iter().filter_map(|s| s.value) {
        // "None yet"
        if !matches!(model.kind(value), Kind::Number | Kind::Null | Kind::Unary) {
            let stored = Clock::of(&file.value(value))?;
            other = other.or((stored != clock).then_some(stored));
        }
    }
    other
}

/// `duration = end - start`
fn is_called_a_length(file: &Analysis<'_>, id: NodeId) -> bool {
    let target = file.model.parent(id).and_then(|p| file.model.child(p, Role::Target));
    target.is_some_and(|t| has_word(file.model.name(t), &["duration", "elapsed", "took", "latency"]))
}

fn readings(value: &Value) -> impl Iterator<Item = &Site> {
    value.sites.iter().filter(|s| s.origins.any(Origins::CLOCKS.and(Origins::DATABASE))).take(2)
}

/// Words say that an origin is added or taken away: a reading of one clock is turned into one of the other.
fn is_anchored(file: &Analysis<'_>, id: NodeId) -> bool {
    const ORIGINS: [&str; 12] = [
        "offset",
        "origin",
        "delta",
        "epoch",
        "boot",
        "base",
        "skew",
        "drift",
        "anchor",
        "diff",
        "shift",
        "correction",
    ];
    let model = file.model;
    let function = file.function_around(id).map_or("", |f| model.name(f));
    let target = model.parent(id).and_then(|p| model.child(p, Role::Target));
    has_word(function, &ORIGINS)
        || target.is_some_and(|t| has_word(model.name(t), &ORIGINS))
        || model.self_and_descendants(id).any(|n| has_word(model.name(n), &ORIGINS))
}

/// Readings of the wall clock in two units.
fn units(file: &Analysis<'_>, id: NodeId, sides: [NodeId; 2]) -> Option<Finding> {
    let values = sides.map(|s| file.value(s));
    let numbers = values.each_ref().map(|v| v.unit.filter(|u| *u != Unit::Typed && Clock::of(v).is_some()));
    let (left, right) = match numbers {
        [Some(left), Some(right)] if Clock::of(&values[0]) == Clock::of(&values[1]) => (left, right),
        [None, Some(right)] if is_numeric_date(file, sides[0], &values) => (Unit::Seconds, right),
        [Some(left), None] if is_numeric_date(file, sides[1], &values) => (left, Unit::Seconds),
        _ => return None,
    };
    if left == right {
        return None;
    }
    let message = format!("`{}` mixes {} with {}", file.short(id), left.noun(), right.noun());
    let mut story = Story::new(&META, file, id, message)
        .why("the two numbers count the same clock in different units: one is a thousand times the other or more")
        .help("convert one side, and name the unit in the variable")
        .confidence(if sides.iter().any(|s| is_guess(file, *s)) { Confidence::Low } else { Confidence::Medium });
    for (value, unit) in values.iter().zip([left, right]) {
        story = story.sites(readings(value), &format!("read in {} here", unit.noun()));
    }
    Some(story.step(file.location(id), "and the two meet here").tell())
}

/// A claim of a token under the name that the standard gives it, which counts seconds by RFC 7519, beside a
/// reading of the wall clock; unless the file keeps something else under that name.
fn is_numeric_date(file: &Analysis<'_>, side: NodeId, values: &[Value; 2]) -> bool {
    let model = file.model;
    let own = model.kind(side) == Kind::Member && matches!(model.name(side), "exp" | "iat" | "nbf");
    let wall = values.iter().any(|v| Clock::of(v) == Some(Clock::Wall));
    let converted = |id: NodeId| {
        let stored = match model.kind(id) {
            Kind::Assign => model.child(id, Role::Target).is_some_and(|t| model.sym(t) == model.sym(side)),
            Kind::Entry | Kind::Argument => model.sym(id) == model.sym(side),
            _ => false,
        };
        let value = model.child(id, Role::Value).filter(|_| stored);
        value.is_some_and(|v| {
            let scales =
                |n: NodeId| matches!(model.kind(n), Kind::Binary) || file.value(n).origins.any(Origins::CLOCKS);
            model.self_and_descendants(v).any(scales)
        })
    };
    own && wall && !model.ids().any(converted)
}

/// A getter of an object of which no type is known: one of the same name, of whatever class, is taken for it.
fn is_guess(file: &Analysis<'_>, side: NodeId) -> bool {
    let model = file.model;
    let unknown = |n: NodeId| {
        let receiver = model.child(n, Role::Receiver);
        let untyped = |r: NodeId| model.kind(r) != Kind::This && file.type_of(r).is_none_or(|t| t.how == How::Name);
        model.kind(n) == Kind::Call && file.resolve(n).is_none() && receiver.is_some_and(untyped)
    };
    unknown(file.condition_source(side)) || unknown(side)
}

/// A monotonic reading that is taken for a date.
fn date(file: &Analysis<'_>, id: NodeId) -> Option<Finding> {
    let known = file.resolve(id).filter(|k| matches!(k.api.role, ApiRole::TimeConvert | ApiRole::TimeStrip))?;
    if known.api.unit != Some(Unit::Typed) || known.how == How::Name {
        return None;
    }
    let source = file.converted_part(id, known)?;
    let value = file.value(source);
    let unsure = Origins::UNKNOWN.and(Origins::PARAM);
    let is_number = value.unit.is_some_and(|u| u != Unit::Typed);
    if Clock::of(&value) != Some(Clock::Monotonic) || !is_number || value.origins.any(unsure) {
        return None;
    }
    if is_anchored(file, source) {
        return None;
    }
    let message = format!("`{}` makes a date of a monotonic reading", file.short(id));
    let story = Story::new(&META, file, id, message)
        .why("a monotonic clock counts from an origin of its own, not from 1970: the date is off by years")
        .help("read the wall clock for what is a date, and the monotonic clock for differences only")
        .confidence(Confidence::High)
        .sites(readings(&value), "the monotonic clock is read here");
    Some(story.step(file.location(id), "and taken for a time since 1970 here").tell())
}
