//! `monotonic-misuse`: a monotonic reading is used for what only this process's differences can say.

use crate::Rule;
use crate::shown::is_log_call;
use crate::story::{Story, lower};
use timelint_diagnostics::{Confidence, Family, Finding, RuleMeta, Severity};
use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::catalog::{ApiRole, ArgMeaning, LockScope, Unit};
use timelint_semantics::{Analysis, How, Origins, Shape, StoreKind, Value, has_word};

/// See the module.
pub(crate) struct MonotonicMisuse;

static META: RuleMeta = RuleMeta {
    id: "monotonic-misuse",
    aliases: &[],
    family: Family::Clock,
    mechanism: "a monotonic clock's origin means nothing outside its process",
    severity: Severity::Error,
    summary: "a monotonic reading is stored, sent, or compared as if its value meant something by itself",
    page: include_str!("monotonic_misuse.md"),
};

impl Rule for MonotonicMisuse {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check(&self, file: &Analysis<'_>, out: &mut Vec<Finding>) {
        for id in file.model.ids() {
            let found = match file.model.kind(id) {
                Kind::Binary => order(file, id).or_else(|| never(file, id)).or_else(|| identical(file, id)),
                Kind::Call | Kind::New => escape(file, id),
                _ => None,
            };
            out.extend(found);
        }
    }
}

fn is_order(operator: &str) -> bool {
    matches!(operator, "<" | ">" | "<=" | ">=")
}

/// A point in time of the monotonic clock, and of no other.
fn is_mark(value: &Value) -> bool {
    let other = Origins::WALL.and(Origins::BOTH).and(Origins::REMOTE).and(Origins::DATABASE).and(Origins::CPU);
    value.shape == Shape::Instant && value.origins.any(Origins::MONOTONIC) && !value.origins.any(other)
}

/// What was divided since leaves room for no wrap, and its difference would not survive one.
fn wraps(value: &Value) -> bool {
    is_mark(value) && value.origins.any(Origins::WRAPPING) && value.unit.is_none_or(|u| u == Unit::Nanos)
}

fn operands(file: &Analysis<'_>, id: NodeId) -> Option<[NodeId; 2]> {
    let mut sides = file.model.children_with(id, Role::Operand);
    let pair = [sides.next()?, sides.next()?];
    sides.next().is_none().then_some(pair)
}

fn sure(how: How) -> Confidence {
    if how == How::Name { Confidence::Medium } else { Confidence::High }
}

/// `nanoTime() < deadline`: right only as long as neither side has wrapped around.
fn order(file: &Analysis<'_>, id: NodeId) -> Option<Finding> {
    let [left, right] = operands(file, id).filter(|_| is_order(file.model.name(id)))?;
    let values = [file.value(left), file.value(right)];
    let marks = values.iter().all(is_mark);
    let length = || is_made_of_reading(file, left) || is_made_of_reading(file, right);
    if file.is_silent(&META, id, "what is compared does not wrap around", marks && !values.iter().all(wraps))
        || !values.iter().all(wraps)
        || file.is_silent(&META, id, "one side is a length of time, not a reading", length())
    {
        return None;
    }
    let operator = file.model.name(id);
    let message = format!("`{}` compares two readings whose origin is arbitrary", file.short(id));
    let story = Story::new(&META, file, id, message)
        .why(
            "this clock may start anywhere, also just below its greatest number: a deadline that is far away then wraps \
             around to a negative number, and the comparison says the opposite for ever",
        )
        .help(format!("compare the difference, which survives the wrap: `a - b {operator} 0`, or the time passed with its limit"))
        .confidence(sure(values[0].how.min(values[1].how)))
        .severity(Severity::Warning);
    Some(marked(story, &values).step(file.location(id), "and the two numbers are compared here").tell())
}

/// `start > 0`, or a mark that begins as 0: no number of this clock means "never".
fn never(file: &Analysis<'_>, id: NodeId) -> Option<Finding> {
    let [left, right] = operands(file, id)?;
    let operator = file.model.name(id);
    let zero = |n: NodeId| file.model.kind(n) == Kind::Number && file.value(n).number == Some(0.0);
    let variable = |n: NodeId| matches!(file.model.kind(n), Kind::Name | Kind::Member);
    let mark = match operator {
        _ if is_order(operator) && zero(right) && variable(left) => left,
        _ if is_order(operator) && zero(left) && variable(right) => right,
        "-" if variable(right) && wraps(&file.value(left)) && is_limited(file, id) => right,
        _ => return None,
    };
    let value = file.value(mark);
    let unset = file.stores_of(mark).iter().filter_map(|s| s.value).find_map(|v| zero_within(file, v, zero));
    // A conditional that leaves it 0 has its condition asked again where it is read.
    let plain = unset.is_some_and(zero);
    if !wraps(&value)
        || is_made_of_reading(file, mark)
        || unset.is_none()
        || operator == "-" && (!plain || is_tested(file, id, mark))
    {
        return None;
    }
    let message =
        format!("0 stands for \"not yet\" in `{}`, which is a reading of this clock like any other", file.short(mark));
    let mut story = Story::new(&META, file, id, message)
        .why(
            "this clock may be negative or near 0: a mark that was set looks unset, or one that was never set looks \
             recent, and what depends on it does not happen",
        )
        .help(
            "keep whether the mark was set in a value of its own, or start it one interval before the present reading",
        )
        .confidence(lower(sure(value.how)));
    if let Some(unset) = unset {
        story = story.step(file.location(unset), "the mark starts as 0");
    }
    Some(marked(story, &[value]).step(file.location(id), "and is taken for a reading here").tell())
}

/// `left = connection.remainingLife(now, limit)`: what a function of the project makes of a reading is what is left until
/// some moment as often as a moment; and what is summed up is a length.
fn is_made_of_reading(file: &Analysis<'_>, id: NodeId) -> bool {
    const LENGTHS: [&str; 9] =
        ["cost", "elapsed", "took", "passed", "remaining", "duration", "spent", "latency", "lag"];
    let model = file.model;
    if has_word(model.name(id), &LENGTHS) {
        return true;
    }
    let made = |v: NodeId| {
        model.kind(v) == Kind::Call
            && file.resolve(v).is_none()
            && model.children_with(v, Role::Arg).any(|a| file.value(a).origins.any(Origins::MONOTONIC))
    };
    let stores = || file.stores_of(id).iter();
    // `age = now - accessed(entry)`: what is taken away may be a reading as well.
    let difference = |v: NodeId| {
        let taken = model.children_with(v, Role::Operand).nth(1).filter(|_| model.kind(v) == Kind::Binary);
        let unknown = |t: NodeId| file.value(t).origins.any(Origins::UNKNOWN) && !file.is_called_length(t);
        model.name(v) == "-" && taken.is_some_and(unknown)
    };
    let kept = || stores().filter_map(|s| s.value).any(|v| made(v) || difference(v));
    // `passed += end - start`
    let summed = || stores().any(|s| s.kind == StoreKind::Update);
    made(id) || matches!(model.kind(id), Kind::Name | Kind::Member) && (kept() || summed())
}

/// The difference is compared with something: `now - last > interval`.
fn is_limited(file: &Analysis<'_>, difference: NodeId) -> bool {
    file.model.parent(difference).is_some_and(|p| file.model.kind(p) == Kind::Binary && is_order(file.model.name(p)))
}

/// The 0 that a stored expression may be: itself, or a branch of it.
fn zero_within(file: &Analysis<'_>, value: NodeId, zero: impl Fn(NodeId) -> bool) -> Option<NodeId> {
    if file.model.kind(value) == Kind::Conditional {
        return file.model.children(value).find(|c| zero(*c) && file.model.role(*c) != Role::Condition);
    }
    zero(value).then_some(value)
}

/// The mark is looked at first: `last != 0 && now - last > limit`.
fn is_tested(file: &Analysis<'_>, id: NodeId, mark: NodeId) -> bool {
    let model = file.model;
    let tests = |condition: NodeId| {
        let mut inside = model.self_and_descendants(condition);
        matches!(model.name(condition), "==" | "!=" | "<" | ">" | "<=" | ">=")
            && model.children(condition).any(|c| model.kind(c) == Kind::Number)
            && inside.any(|n| model.kind(n) == model.kind(mark) && model.sym(n) == model.sym(mark))
    };
    file.guards(id).iter().any(|g| tests(g.condition))
}

/// `a == b` of instants that carry the monotonic reading: equal moments differ when one side lost it.
fn identical(file: &Analysis<'_>, id: NodeId) -> Option<Finding> {
    let [left, right] = operands(file, id).filter(|_| matches!(file.model.name(id), "==" | "!="))?;
    let values = [file.value(left), file.value(right)];
    let typed = |v: &Value| v.shape == Shape::Instant && v.unit == Some(Unit::Typed);
    let carries = |v: &Value| v.origins.any(Origins::BOTH);
    let lost = |v: &Value| v.origins.any(Origins::STRIPPED) && !carries(v);
    let [l, r] = &values;
    if !values.iter().all(typed) || !(carries(l) && lost(r) || lost(l) && carries(r)) {
        return None;
    }
    let message = format!("`{}` compares the monotonic readings inside the two values, too", file.short(id));
    let story = Story::new(&META, file, id, message)
        .why("one side lost its monotonic reading, the other has it: the same moment is never equal to itself")
        .help("compare moments with the type's own method for equality, not with the operator")
        .confidence(sure(l.how.min(r.how)));
    Some(marked(story, &values).step(file.location(id), "and the two are compared as plain values").tell())
}

/// A reading is among what a call stores or sends.
fn escape(file: &Analysis<'_>, call: NodeId) -> Option<Finding> {
    let known = file.resolve(call).filter(|k| k.how != How::Name)?;
    let leaves = match known.api.role {
        ApiRole::Write => known.api.scope != Some(LockScope::File),
        ApiRole::RemoteCall => known.api.effect.is_some(),
        ApiRole::Serialize => !is_shown(file, call),
        _ => false,
    };
    if !leaves {
        return None;
    }
    let waits: Vec<NodeId> = [ArgMeaning::Timeout, ArgMeaning::Wait, ArgMeaning::Lease]
        .into_iter()
        .filter_map(|m| file.argument(call, known, m))
        .collect();
    let mut args = file.model.children_with(call, Role::Arg).filter(|a| !waits.contains(a));
    let (reading, named) = args.find_map(|a| carried(file, a, None, 0))?;
    let value = file.value(reading);
    let confidence = match named.map(|n| is_instant_name(file.model.name(n))) {
        Some(false) => Confidence::Low,
        Some(true) | None => sure(known.how.min(value.how)),
    };
    let message = format!("`{}` leaves the process, and means nothing anywhere else", file.short(reading));
    let story = Story::new(&META, file, reading, message)
        .why(
            "a monotonic clock counts from an origin of its own (boot, process start, anything): another process, \
             another machine, or this one after a restart reads a number that is hours or years off",
        )
        .help(
            "store or send a length of time, or let the store set and judge its own time; keep the monotonic reading for \
             differences inside this process",
        )
        .confidence(confidence);
    Some(marked(story, &[value]).step(file.location(call), "and the value is stored or sent here").tell())
}

/// The reading in an argument: itself, inside a record or text, or in a record that a local variable holds; with the
/// entry that names it.
fn carried(file: &Analysis<'_>, id: NodeId, name: Option<NodeId>, depth: usize) -> Option<(NodeId, Option<NodeId>)> {
    const DEEP: usize = 8;
    let model = file.model;
    if depth > DEEP {
        return None;
    }
    if is_wait(model.name(id)) && matches!(model.kind(id), Kind::Argument | Kind::Entry) {
        return None;
    }
    let inside = |name: Option<NodeId>| model.children(id).find_map(|c| carried(file, c, name, depth + 1));
    match model.kind(id) {
        Kind::Argument | Kind::Entry => inside(Some(id)),
        Kind::Record | Kind::List | Kind::Spread | Kind::String => inside(name),
        Kind::Name if is_record(file, id) => carried(file, file.condition_source(id), name, depth + 1),
        Kind::Name | Kind::Member | Kind::Call | Kind::New | Kind::Binary | Kind::Cast | Kind::Await => {
            let mark = is_mark(&file.value(id)) && !is_distance(file, id);
            mark.then_some((id, name)).or_else(|| match model.kind(id) {
                // What a serialiser is handed is judged there.
                Kind::Call | Kind::New if file.resolve(id).is_none() => {
                    // `reading.toString(16)`: the base says how it is written.
                    let bare = model.children_with(id, Role::Arg).all(|a| model.kind(a) == Kind::Number);
                    let receiver = model.child(id, Role::Receiver).filter(|_| bare);
                    let mut parts = receiver.into_iter().chain(model.children_with(id, Role::Arg));
                    parts.find_map(|c| carried(file, c, name, depth + 1))
                }
                Kind::Cast | Kind::Await => inside(name),
                _ => None,
            })
        }
        _ => None,
    }
}

/// `now - start`, where nothing says what `start` is: most likely another reading.
fn is_distance(file: &Analysis<'_>, id: NodeId) -> bool {
    let model = file.model;
    let difference = |n: NodeId| {
        let taken = model.children_with(n, Role::Operand).last().map(|r| file.value(r));
        model.name(n) == "-" && taken.is_some_and(|v| v.shape != Shape::Duration && !v.is_constant())
    };
    let mut around = model.self_and_descendants(id).filter(|n| model.kind(*n) == Kind::Binary);
    around.any(difference)
}

fn is_record(file: &Analysis<'_>, name: NodeId) -> bool {
    matches!(file.model.kind(file.condition_source(name)), Kind::Record | Kind::List)
}

fn is_wait(name: &str) -> bool {
    has_word(name, &["timeout", "deadline", "wait", "delay", "eta"])
}

/// Whether an entry's name promises a point in time.
fn is_instant_name(name: &str) -> bool {
    const INSTANTS: [&str; 22] = [
        "at",
        "ts",
        "time",
        "timestamp",
        "stamp",
        "expires",
        "expiry",
        "expiration",
        "until",
        "since",
        "last",
        "seen",
        "heartbeat",
        "beat",
        "updated",
        "created",
        "sent",
        "started",
        "start",
        "now",
        "date",
        "version",
    ];
    has_word(name, &INSTANTS)
}

/// What is serialised only to be shown.
fn is_shown(file: &Analysis<'_>, call: NodeId) -> bool {
    let model = file.model;
    let around = model.ancestors(call).take_while(|a| !matches!(model.kind(*a), Kind::Block | Kind::Function));
    around.into_iter().any(|a| is_log_call(file, a))
}

/// The readings of `values` as the first steps.
fn marked(story: Story, values: &[Value]) -> Story {
    let clocks = Origins::MONOTONIC.and(Origins::BOTH);
    let sites = values.iter().flat_map(|v| &v.sites).filter(|s| s.origins.any(clocks)).take(3);
    story.sites(sites, "the monotonic clock is read here")
}
