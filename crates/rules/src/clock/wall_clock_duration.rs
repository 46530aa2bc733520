//! `wall-clock-duration`: two readings of this process's wall clock are subtracted or compared, and the outcome
//! controls something.

use crate::Rule;
use crate::clock::consequence::is_harmless;
use crate::clock::coordination::{is_own_mark, spans_days};
use crate::clock::marks::{is_end_of_record, is_unproven, mark_of, sides};
use crate::clock::monotonic_edit::monotonic_edit;
use crate::clock::purpose::{Purpose, is_counting, purpose};
use crate::clock::step_back::{allows_for_step_back, are_now, is_order, is_step_back};
use crate::shown::SHOWN;
use crate::story::{Story, lower};
use crate::surface::{is_for_browsers, is_front_end, is_interface, is_page, is_tool};
use crate::usage::{Usage, usage};
use timelint_diagnostics::{Confidence, Family, Finding, RuleMeta, Severity, Span};
use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::catalog::ApiRole;
use timelint_semantics::{Analysis, How, Origins, Shape, Value, describes_object, has_word};

/// See the module.
pub(crate) struct WallClockDuration;

static META: RuleMeta = RuleMeta {
    id: "wall-clock-duration",
    aliases: &[],
    family: Family::Clock,
    mechanism: "wall clock steps between two readings",
    severity: Severity::Warning,
    summary: "time that passed is measured with the wall clock, which NTP, an operator or a VM resume can set",
    page: include_str!("wall_clock_duration.md"),
};

impl Rule for WallClockDuration {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check(&self, file: &Analysis<'_>, out: &mut Vec<Finding>) {
        let mut reported: Vec<NodeId> = Vec::new();
        for id in file.model.ids() {
            let Some((left, right)) = operands(file, id) else { continue };
            // One finding for `now - start > limit`: at the subtraction.
            let quiet = |because, holds| file.is_silent(&META, id, because, holds);
            if quiet("the same member of two things is compared: their order", is_order(file, id))
                || quiet("it asks whether the clock was set back", is_step_back(file, id))
                || reported.iter().any(|r| file.model.contains(id, *r) || file.model.contains(*r, id))
            {
                continue;
            }
            if let Some(finding) = judge(file, id, &left, &right) {
                reported.push(id);
                out.push(finding);
            }
        }
    }
}

/// The two sides of a subtraction or comparison, in source order.
fn operands(file: &Analysis<'_>, id: NodeId) -> Option<(Value, Value)> {
    let model = file.model;
    match model.kind(id) {
        Kind::Binary if model.name(id).split(' ').all(|op| matches!(op, "-" | "<" | ">" | "<=" | ">=")) => {
            let sides: Vec<NodeId> = model.children_with(id, Role::Operand).collect();
            // `start < t < stop`: what lies between two times that were asked for.
            let asked = |n: &NodeId| model.kind(*n) == Kind::Name && file.value(*n).origins.any(Origins::PARAM);
            if sides.len() == 3 && [sides[0], sides[2]].iter().all(asked) {
                return None;
            }
            // `now - minutes * 60000`: what is multiplied is a length, whatever else has its name.
            if model.name(id) == "-" && sides.last().is_some_and(|s| is_multiple(file, *s)) {
                return None;
            }
            let mut pairs = sides.windows(2).map(|pair| pair_of(file, pair[0], pair[1]));
            pairs.find(|(left, right)| {
                let local = both_local(left, right);
                let one = !local && (is_reading(left) || is_reading(right));
                file.is_silent(&META, id, "only one side is known to be a reading of this process's wall clock", one);
                local
            })
        }
        Kind::Call => {
            if let Some((at, keys)) = file.cut_at(id) {
                return Some((file.value(at), keys));
            }
            let known = file.resolve(id)?;
            let receiver = model.child(id, Role::Receiver);
            let first = model.child(id, Role::Arg);
            let value = |n: Option<NodeId>| n.map(|n| file.value(n));
            match known.api.role {
                ApiRole::TimeCompare => Some((value(receiver)?, value(first)?)),
                ApiRole::TimeDifference => {
                    let (from, to) = file.difference_operands(id, known);
                    Some((value(to)?, value(from)?))
                }
                ApiRole::TimeSince | ApiRole::TimeUntil => {
                    let now = Value { shape: Shape::Instant, ..Value::of(Origins::BOTH) };
                    Some((now, value(first)?))
                }
                _ => None,
            }
        }
        _ => None,
    }
}

/// Both values; where one is a reading and the other a parameter, by what callers pass.
fn pair_of(file: &Analysis<'_>, left: NodeId, right: NodeId) -> (Value, Value) {
    let (l, r) = (own_value(file, left), own_value(file, right));
    let is_mark = |v: &Value| v.origins.any(Origins::PARAM) && !v.origins.any(Origins::CLOCKS);
    match (l.origins.any(Origins::WALL), r.origins.any(Origins::WALL)) {
        (true, false) if is_mark(&r) => (l, file.with_callers(right)),
        (false, true) if is_mark(&l) => (file.with_callers(left), r),
        (true, false) => (l, made_of_reading(file, right).or_else(|| mark_of(file, right)).unwrap_or(r)),
        (false, true) => (made_of_reading(file, left).or_else(|| mark_of(file, left)).unwrap_or(l), r),
        _ => (l, r),
    }
}

/// The value of a side; how long a lease is that began here may come from elsewhere.
fn own_value(file: &Analysis<'_>, id: NodeId) -> Value {
    let value = file.value(id);
    let own = value.origins.has(Origins::WALL.and(Origins::REMOTE)) && is_own_mark(file, id);
    if own { Value { origins: value.origins.without(Origins::REMOTE), ..value } } else { value }
}

/// `engine.tick(now)`: what a function that was not followed makes of nothing but a reading is an instant of the same
/// clock, unless it asks a calendar.
fn made_of_reading(file: &Analysis<'_>, id: NodeId) -> Option<Value> {
    const CALENDAR: [&str; 19] = [
        "key", "bucket", "slot", "index", "align", "next", "cron", "fire", "date", "calendar", "trigger", "parse",
        "midnight", "day", "month", "offset", "floor", "round", "truncate",
    ];
    let model = file.model;
    let mut args = model.children_with(id, Role::Arg);
    let (only, None) = (args.next()?, args.next()) else { return None };
    let opaque = model.kind(id) == Kind::Call && file.resolve(id).is_none() && !has_word(model.name(id), &CALENDAR);
    let value = file.value(only);
    let reading = model.kind(only) == Kind::Call && value.shape == Shape::Instant && value.origins == Origins::WALL;
    (opaque && reading).then_some(Value { how: How::Project, ..value })
}

/// A product with a number that is no factor between the units of clocks.
fn is_multiple(file: &Analysis<'_>, id: NodeId) -> bool {
    let model = file.model;
    let number = |n: NodeId| file.value(n).number.filter(|_| model.kind(n) == Kind::Number);
    let counts = |n: f64| n > 1.0 && ![1e3, 1e6, 1e9].contains(&n);
    model.kind(id) == Kind::Binary
        && model.name(id) == "*"
        && model.children_with(id, Role::Operand).filter_map(number).any(counts)
}

/// Parts of the page in the folder that holds all that runs in the browser: `client/components/list.js`.
fn is_of_client(path: &str) -> bool {
    path.starts_with("client/") && is_interface(path) || path.contains("app/client/")
}

/// `time.Now().Round(0).Sub(start)`: rounding to nothing only takes the monotonic part off, so that the time that the
/// machine slept counts.
fn is_stripped_here(file: &Analysis<'_>, id: NodeId) -> bool {
    let model = file.model;
    let strips = |n: NodeId| {
        let mut args = model.children_with(n, Role::Arg);
        let zero = args.next().is_some_and(|a| file.value(a).number == Some(0.0)) && args.next().is_none();
        zero && file.resolve(n).is_some_and(|k| k.api.role == ApiRole::TimeStrip)
    };
    model.descendants(id).any(|n| model.kind(n) == Kind::Call && strips(n))
}

fn is_reading(value: &Value) -> bool {
    value.shape == Shape::Instant && value.origins.any(Origins::WALL.and(Origins::BOTH))
}

/// Both sides are readings of this process's clock, and at least one has no monotonic part.
fn both_local(left: &Value, right: &Value) -> bool {
    let elsewhere = Origins::STORED
        .and(Origins::REMOTE)
        .and(Origins::FILE)
        .and(Origins::EXTERNAL)
        .and(Origins::DATABASE)
        .and(Origins::LEASE)
        // One wall reading that a monotonic clock counts on from is never set.
        .and(Origins::MONOTONIC);
    is_reading(left)
        && is_reading(right)
        && left.origins.and(right.origins).any(Origins::WALL)
        && !left.origins.and(right.origins).any(elsewhere)
}

fn judge(file: &Analysis<'_>, id: NodeId, left: &Value, right: &Value) -> Option<Finding> {
    let quiet = |because, holds| file.is_silent(&META, id, because, holds);
    if quiet(
        "not both sides are readings of this process's wall clock, or one comes from elsewhere",
        !both_local(left, right),
    ) || quiet("neither side is read here: two marks are compared", !has_fresh_reading(file, id, left, right))
        || quiet(
            "both sides come from one reading",
            is_one_reading(file, id, left, right) || file.cut_at(id).is_none() && are_now(file, &sides(file, id)),
        )
        || quiet("a clock that is set back is allowed for", allows_for_step_back(file, id))
        || quiet("the monotonic part is taken off on purpose, beside the difference", is_stripped_here(file, id))
    {
        return None;
    }
    let purpose = purpose(file, id);
    let mut usage = usage(file, id);
    let described = file.function_around(id).is_some_and(|f| describes_object(file.model.name(f)));
    if purpose == Purpose::Line || described {
        usage = Usage::Shown;
    } else if usage == Usage::HandedOn && keeps_others_out(file, id) {
        usage = Usage::Decides;
    }
    if file.cut_at(id).is_some() {
        usage = usage.max(Usage::Decides);
    }
    let mut confidence = match usage {
        Usage::Waits => Confidence::High,
        Usage::Decides => Confidence::Medium,
        Usage::HandedOn | Usage::Shown | Usage::Nothing => Confidence::Low,
    };
    if left.how.min(right.how) == How::Name || is_interface(&file.path) {
        confidence = lower(confidence);
    }
    let doubts = doubts(file, id, [left, right], purpose, usage);
    if !doubts.is_empty() {
        confidence = Confidence::Low;
    }
    let shown = usage <= Usage::Shown;
    let text = file.short(id);
    let message = if shown {
        format!("`{text}` measures a time with the wall clock, for display only")
    } else {
        format!("`{text}` measures how much time passed with the wall clock")
    };
    let mut story = Story::new(&META, file, id, message)
        .why(
            "the wall clock may be set back or forward between the two readings (NTP step, operator, VM resume): the \
             wait ends at once, never ends, or everything expires together",
        )
        .help(help(file, left, right))
        .confidence(confidence)
        .severity(if shown { Severity::Note } else { Severity::Warning });
    let mut sites: Vec<_> =
        left.sites.iter().chain(&right.sites).filter(|s| s.origins.any(Origins::WALL.and(Origins::BOTH))).collect();
    sites.sort_by_key(|s| (s.location.path != file.path, s.location.span));
    sites.truncate(4);
    story = story.sites(sites, "the wall clock is read here");
    story = story.step(file.location(id), "and the difference decides here");
    for doubt in doubts {
        story = story.evidence(doubt);
    }
    if let Some((applicability, edits)) = monotonic_edit(file, id) {
        story = story.fix("take all readings that meet here from the monotonic clock", applicability, edits);
    }
    Some(story.tell())
}

/// Why it may well be right as it is, or nobody may mind.
fn doubts(file: &Analysis<'_>, id: NodeId, sides: [&Value; 2], purpose: Purpose, usage: Usage) -> Vec<&'static str> {
    // What a browser measures decides about its page, and a command is waited for by who started it.
    let page = is_for_browsers(&file.path) && (is_front_end(&file.path) || is_of_client(&file.path) || is_page(file));
    let command = file.index().serves_tests(&file.path) || is_tool(&file.path) && !is_interface(&file.path);
    // Two fields of one name, a moment here and a number there: which of them is meant is not known.
    let either = Origins::BOTH.and(Origins::STRIPPED);
    let ambiguous = sides.iter().any(|v| v.origins.has(either) && v.unit.is_none());
    // `for (t = start; t <= end; t++)` goes through seconds that were chosen before.
    let counting = file.in_loop(id).is_some_and(|l| is_counting(file, l, id));
    let by_name = sides.iter().all(|v| v.how == How::Name);
    let other = purpose == Purpose::Other || purpose == Purpose::Statistic && usage == Usage::Decides;
    let all = [
        ("it is until when a record is good that others keep as well", is_end_of_record(file, id)),
        ("it decides about a page in a browser", page),
        ("it serves tests, or a command that somebody waits for", command),
        ("that both marks are set by this process since it started is not proven", is_unproven(file, id)),
        ("the time spans days", spans_days(file, limited(file, id))),
        ("two fields of this name hold different things", ambiguous),
        ("a loop counts through times that were chosen before", counting),
        ("of both sides no more is known than the names of their fields", by_name),
        ("nobody notices when it is wrong for once", is_harmless(file, id)),
        ("what it serves is no wait, limit or age that somebody relies on", other),
    ];
    all.into_iter().filter_map(|(doubt, holds)| holds.then_some(doubt)).collect()
}

/// The comparison that the difference is part of: `now - start > limit`.
fn limited(file: &Analysis<'_>, id: NodeId) -> NodeId {
    let model = file.model;
    let order = |n: NodeId| model.kind(n) == Kind::Binary && matches!(model.name(n), "<" | ">" | "<=" | ">=");
    model.parent(id).filter(|p| order(*p)).unwrap_or(id)
}

fn help(file: &Analysis<'_>, left: &Value, right: &Value) -> String {
    if left.origins.and(right.origins).any(Origins::BOTH.and(Origins::STRIPPED)) {
        return "keep both sides as they came from the clock (`start := time.Now()`, `time.Since(start)`): what strips the \
                monotonic part (UTC, Round, Truncate, Unix*) makes every comparison fall back to the wall clock"
            .to_owned();
    }
    let sites = || left.sites.iter().chain(&right.sites).filter(|s| s.location.path == file.path);
    let calls = file.tables.calls.iter().filter(|c| sites().any(|s| s.location.span == file.model.span(**c)));
    let known =
        calls.filter_map(|c| file.resolve(*c)).filter(|k| k.api.role == ApiRole::ClockWall && k.how != How::Name);
    let advice = known.map(|k| (k.api.advice.as_deref(), k.api.monotonic.as_deref())).find(|a| *a != (None, None));
    match advice {
        Some((Some(advice), _)) => advice.to_owned(),
        Some((None, Some(twin))) => {
            format!("read `{twin}()` on both sides; keep the wall clock only for values that are shown, stored or sent")
        }
        _ => "take both readings from the monotonic clock of the runtime; keep the wall clock only for values that are shown, \
              stored or sent"
            .to_owned(),
    }
}

/// One side is read here, or comes from a call or a parameter: two stored marks are compared for their order.
fn has_fresh_reading(file: &Analysis<'_>, id: NodeId, left: &Value, right: &Value) -> bool {
    let model = file.model;
    let functions: Vec<Span> =
        model.ancestors(id).filter(|a| model.kind(*a) == Kind::Function).map(|f| model.span(f)).collect();
    let here = |v: &Value| {
        v.origins.any(Origins::PARAM)
            || v.sites.iter().any(|s| {
                let inside = functions.is_empty() || functions.iter().any(|f| f.contains(s.location.span));
                s.location.path == file.path && inside && s.origins.any(Origins::CLOCKS)
            })
    };
    let implied = file.resolve(id).is_some_and(|r| matches!(r.api.role, ApiRole::TimeSince | ApiRole::TimeUntil));
    implied
        || here(left)
        || here(right)
        || model.descendants(id).any(|d| model.kind(d) == Kind::Call && file.value(d).origins.any(Origins::CLOCKS))
}

/// Both sides come from the same reading, and nothing that outlives the call (a field, a variable around the function)
/// nor a loop carries an older one: no time passes in between.
fn is_one_reading(file: &Analysis<'_>, id: NodeId, left: &Value, right: &Value) -> bool {
    let model = file.model;
    let readings = |v: &Value| {
        let clocks = v.sites.iter().filter(|s| s.origins.any(Origins::CLOCKS));
        clocks.map(|s| s.location.clone()).collect::<Vec<_>>()
    };
    let (l, r) = (readings(left), readings(right));
    let mut sides = model.children_with(id, Role::Operand).map(|o| the_reading(file, o, 0));
    if let (Some(Some(a)), Some(Some(b))) = (sides.next(), sides.next())
        && a == b
    {
        return true;
    }
    let outer = |name: NodeId| {
        let own = file.function_around(name).is_some_and(|f| !file.tables.stores(f, model.sym(name)).is_empty());
        !own && !file.stores_of(name).is_empty()
    };
    let stored = model.descendants(id).any(|d| match model.kind(d) {
        Kind::Member | Kind::Index => true,
        Kind::Name => outer(d),
        _ => false,
    });
    // A reading through a helper is seen in two places.
    (1..=2).contains(&l.len()) && l == r && !stored && file.in_loop(id).is_none()
}

/// The one call that reads the clock for an expression, through local variables that are stored once: `now - days(7)`.
fn the_reading(file: &Analysis<'_>, id: NodeId, depth: usize) -> Option<NodeId> {
    const DEEP: usize = 8;
    let model = file.model;
    let reads = |n: &NodeId| file.value(*n).origins.any(Origins::CLOCKS);
    if depth > DEEP {
        return None;
    }
    match model.kind(id) {
        Kind::Name => {
            let source = file.condition_source(id);
            let once = file.stores_of(id).len() == 1 && file.function_around(id) == file.function_around(source);
            (once && source < id).then(|| the_reading(file, source, depth + 1)).flatten()
        }
        Kind::Call | Kind::New | Kind::Binary | Kind::Unary | Kind::Cast => {
            let mut parts = model.children(id).filter(reads);
            match (parts.next(), parts.next()) {
                (Some(only), None) => the_reading(file, only, depth + 1),
                (None, _) => reads(&id).then_some(id),
                _ => None,
            }
        }
        _ => None,
    }
}

/// A time that is handed on inside a lock, lease, membership or limiter decides who is let in, and for how long.
fn keeps_others_out(file: &Analysis<'_>, id: NodeId) -> bool {
    const KEPT: [&str; 14] = [
        "lock",
        "lease",
        "leader",
        "leadership",
        "session",
        "heartbeat",
        "election",
        "membership",
        "expiry",
        "expires",
        "bucket",
        "limiter",
        "throttle",
        "breaker",
    ];
    let model = file.model;
    let function = file.function_around(id).map_or("", |f| model.name(f));
    let class = file.tables.class_around(model, id).map_or("", |c| file.tables.classes[c as usize].name.as_str());
    // One of many things that an object is made of decides nothing by itself.
    let made = model.ancestors(id).find(|a| matches!(model.kind(*a), Kind::Call | Kind::New | Kind::Block));
    let part = made.is_some_and(|m| model.kind(m) == Kind::New && model.children_with(m, Role::Arg).nth(1).is_some());
    // Nor does one of many things that are told of it, or what counts how it went.
    let told =
        model.ancestors(id).take_while(|a| model.kind(*a) != Kind::Function).any(|a| model.kind(a) == Kind::Entry);
    let counts = has_word(function, &SHOWN);
    !part && !told && !counts && (has_word(function, &KEPT) || has_word(class, &KEPT))
}
