//! `wall-clock-ordering`: readings of the wall clocks of different machines are compared, and the answer decides which
//! write, version or holder wins.

use crate::Rule;
use crate::clock::coordination::{
    coordinates_itself, is_coordination, is_local_reading, is_own_mark, is_own_member, spans_hours,
};
use crate::clock::picks::{Pick, pick};
use crate::clock::replayed::replayed_readings;
use crate::clock::replicas::{
    Elsewhere, Outcome, are_copies, are_places, compete, elsewhere, is_about_data, is_conditional_request,
    is_merged_series, is_of_replicas, outcome,
};
use crate::clock::rows::is_row_of_store;
use crate::clock::stamped::{Stamped, is_filled_remotely, is_told, may_be_wall};
use crate::clock::store_stamps::{Handed, Use, handed};
use crate::clock::timed_condition::timed_condition;
use crate::clock::version_field::timed_version;
use crate::story::{Story, lower};
use crate::surface::quiet_beside_services;
use crate::usage::{Usage, usage};
use timelint_diagnostics::{Confidence, Family, Finding, RuleMeta, Severity};
use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::catalog::{ApiRole, leaf};
use timelint_semantics::{Analysis, How, Origins, Shape, Value, has_word, member_key, words};

/// See the module.
pub(crate) struct WallClockOrdering;

static META: RuleMeta = RuleMeta {
    id: "wall-clock-ordering",
    aliases: &["last-write-wins"],
    family: Family::Clock,
    mechanism: "wall clocks of different machines disagree",
    severity: Severity::Warning,
    summary: "time stamps of different machines decide which write, version or lock holder wins",
    page: include_str!("wall_clock_ordering.md"),
};

/// Why the later time must not win, and what to do instead.
const LATER_WINS: (&str, &str) = (
    "each machine stamps with its own clock: a write from a machine whose clock is behind is dropped although it came \
     later, and one whose clock is ahead masks all writes until the others catch up",
    "order versions by what cannot go back: a revision or version counter with compare-and-set, a version vector, or a \
     hybrid logical clock that takes in the time it receives",
);

impl Rule for WallClockOrdering {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check(&self, file: &Analysis<'_>, out: &mut Vec<Finding>) {
        let from = out.len();
        replayed_readings(file, &META, out);
        for id in file.model.ids() {
            if file.model.kind(id) == Kind::Decorator {
                out.extend(timed_version(file, id, &META));
                continue;
            }
            let found = match comparison(file, id) {
                Some((left, right, direct)) => judge_clocks(file, id, left, right, direct)
                    .or_else(|| direct.then(|| judge_versions(file, id, left, right)).flatten()),
                None => None,
            };
            let found = found.or_else(|| pick(file, id).map(|p| tell_pick(file, id, &p)));
            let found = found.or_else(|| handed(file, id).map(|h| tell_store(file, id, h)));
            out.extend(found.or_else(|| timed_condition(file, id, &META)));
        }
        quiet_beside_services(file, &mut out[from..]);
    }
}

/// The two sides of a comparison or difference of instants, and whether they are compared directly.
fn comparison(file: &Analysis<'_>, id: NodeId) -> Option<(NodeId, NodeId, bool)> {
    const COMPARERS: [&str; 8] = ["isAfter", "isBefore", "After", "Before", "after", "before", "compareTo", "Compare"];
    let model = file.model;
    match model.kind(id) {
        Kind::Binary => {
            let direct = matches!(model.name(id), "<" | ">" | "<=" | ">=");
            if !direct && model.name(id) != "-" {
                return None;
            }
            let mut sides = model.children_with(id, Role::Operand);
            let (left, right) = (sides.next()?, sides.next()?);
            let plain = |n: NodeId| matches!(model.kind(n), Kind::Number | Kind::String | Kind::Boolean | Kind::Null);
            (!plain(left) && !plain(right)).then_some((left, right, direct))
        }
        Kind::Call => {
            let receiver = model.child(id, Role::Receiver);
            let mut args = model.children_with(id, Role::Arg);
            let (first, second) = (args.next(), args.next());
            match file.resolve(id) {
                Some(known) if known.api.role == ApiRole::TimeCompare => Some((receiver?, first?, true)),
                Some(known) if known.api.role == ApiRole::TimeDifference => {
                    let (from, to) = file.difference_operands(id, known);
                    Some((to?, from?, false))
                }
                Some(known) if matches!(known.api.role, ApiRole::TimeSince | ApiRole::TimeUntil) => {
                    Some((id, first?, false))
                }
                Some(known) if known.how != How::Name => None,
                _ if model.name(id) == "compare" && second.is_some() => Some((first?, second?, true)),
                _ if COMPARERS.contains(&model.name(id)) && second.is_none() => Some((receiver?, first?, true)),
                _ => None,
            }
        }
        _ => None,
    }
}

/// `clockSynced := now.Sub(lease.RenewTime) < limit`, in a function or class that is called so, too.
fn asks_whether_clocks_agree(file: &Analysis<'_>, id: NodeId) -> bool {
    let model = file.model;
    let agree = |n: NodeId| {
        let agreement = ["sync", "synced", "synchronized", "skew", "skewed", "drift", "offset"];
        has_word(model.name(n), &["clock", "clocks"]) && has_word(model.name(n), &agreement)
    };
    let target = model.child(file.statement(id), Role::Target);
    let mut outer = model.ancestors(id).filter(|a| matches!(model.kind(*a), Kind::Function | Kind::Class));
    target.is_some_and(agree) || outer.any(agree)
}

/// This machine's clock against a stamp that another machine gave.
fn judge_clocks(file: &Analysis<'_>, id: NodeId, left: NodeId, right: NodeId, direct: bool) -> Option<Finding> {
    let now = |n: NodeId| n == id || is_local_reading(file, n);
    let (reading, other) = match (now(left), now(right)) {
        (true, false) => (left, right),
        (false, true) => (right, left),
        _ => return None,
    };
    if file.is_silent(&META, id, "it asks whether the clocks agree", asks_whether_clocks_agree(file, id)) {
        return None;
    }
    let stamp = Stamped::new(file, other);
    // Fields of this name that are remote in one class and read from the clock in another say nothing of this one.
    let remote = |v: &Value| v.origins.any(Origins::REMOTE) && (v.how != How::Name || !v.origins.any(Origins::CLOCKS));
    let comes_in = Some(file.value(stamp.root_node)).is_some_and(|root| root.how != How::Name && remote(&root))
        || is_filled_remotely(file, stamp.root_node)
        || is_told(file, stamp.node);
    // How long a lease is that this process gave may have been asked for by another.
    let is_given_here = !comes_in && is_own_member(file, stamp.node);
    let is_remote = !is_given_here && (comes_in || remote(&stamp.value) || remote(&file.value(stamp.node)));
    // A row of a lock or heartbeat is there for the other machines.
    let is_row = !is_remote && (is_kept(file, &stamp) || is_row_of_store(file, &stamp));
    let quiet = |because, holds| file.is_silent(&META, id, because, holds);
    if quiet("the other time is none of a wall clock", !may_be_wall(&stamp.value))
        || quiet("nothing says that another machine gave the other time", !(is_remote || is_row))
        || !is_row && quiet("this process set the other time itself", is_own_mark(file, stamp.node))
        || quiet("how far two clocks are apart is what is asked", is_about_skew(file, id, &stamp))
        || quiet("a token or version is compared as well", is_also_compared(file, id, &stamp))
    {
        return None;
    }
    let used = usage(file, id);
    let coordinated = is_coordination(file, id, &stamp);
    if is_row && quiet("the row is none of a lock or a heartbeat", !coordinates_itself(file, id, &stamp)) {
        return None;
    }
    // The order of two events, not the age of one: a mark that was taken here before the other thing was made.
    let ordered = direct && is_mark(file, reading) && is_event(&stamp);
    let mut confidence = match (coordinated || ordered, used) {
        (true, Usage::Decides | Usage::Waits) => Confidence::High,
        (true, Usage::HandedOn) => Confidence::Medium,
        (false, Usage::Decides | Usage::Waits) => Confidence::Low,
        _ => return None,
    };
    if spans_hours(file, id) {
        confidence = Confidence::Low;
    }
    if stamp.value.how == How::Name || is_about_data(file, id) || is_row && confidence == Confidence::High {
        confidence = lower(confidence);
    }
    let message = format!("`{}` compares this machine's clock with another's", file.short(id));
    let story = Story::new(&META, file, id, message)
        .why(
            "the stamp was given by another machine's clock: if the two clocks differ by more than the margin, a live \
             holder or peer is taken for dead, or a dead one for alive",
        )
        .help(
            "let one clock judge: compare in the store with the store's own time, let the store expire the record, or \
             keep the local time at which the record last changed",
        )
        .confidence(confidence)
        .severity(if coordinated { Severity::Error } else { Severity::Warning })
        .step(file.location(stamp.node), "another machine's clock gave this time");
    let clock = file.value(reading).sites.into_iter().find(|s| s.origins.any(Origins::WALL.and(Origins::BOTH)));
    let story = match clock.filter(|_| reading != id) {
        Some(site) => story.step(site.location, "this machine's clock is read here"),
        None => story,
    };
    Some(story.step(file.location(id), "and the two are compared here").tell())
}

/// `row.token != lease.token || lease.expires <= now`: what was taken is told by its token, and its age refuses only more.
fn is_also_compared(file: &Analysis<'_>, id: NodeId, stamp: &Stamped) -> bool {
    const TOLD: [&str; 7] = ["token", "version", "revision", "generation", "epoch", "fence", "fencing"];
    let model = file.model;
    let Some(owner) = stamp.owner(file) else { return false };
    let told = |n: NodeId| {
        let same = model.child(n, Role::Object).is_some_and(|o| model.sym(o) == model.sym(owner));
        model.kind(n) == Kind::Member && same && has_word(model.name(n), &TOLD)
    };
    let equal = |n: NodeId| {
        let equality = matches!(model.name(n), "==" | "!=" | "===" | "!==");
        equality && model.kind(n) == Kind::Binary && model.children_with(n, Role::Operand).any(told)
    };
    let chain = model.ancestors(id).take_while(|a| matches!(model.kind(*a), Kind::Binary | Kind::Group)).last();
    chain.is_some_and(|c| model.descendants(c).any(equal))
}

/// The class of the stamp says that it is stored or sent.
fn is_kept(file: &Analysis<'_>, stamp: &Stamped) -> bool {
    let classes = &file.tables.classes;
    let around = || file.tables.class_around(file.model, stamp.node).map(|c| classes[c as usize].name.clone());
    let class = match stamp.owner(file) {
        Some(owner) => file.type_of(owner).map(|t| leaf(&t.name).to_owned()),
        None => around(),
    };
    let kept = |c: String| file.field_value(&c, file.model.name(stamp.node)).origins.any(Origins::STORED);
    stamp.value.origins.any(Origins::STORED) && class.is_some_and(kept)
}

/// The difference of the clocks is what is looked for: another clock's present time, measured or allowed for.
fn is_about_skew(file: &Analysis<'_>, id: NodeId, stamp: &Stamped) -> bool {
    const SKEW: [&str; 9] = ["skew", "drift", "offset", "db", "database", "ntp", "synchronized", "clocks", "rtt"];
    let model = file.model;
    let function = file.function_around(id).map_or("", |f| model.name(f));
    // `request.offset = now - request.sent`
    let kept =
        model.enclosing(id, Kind::Assign).and_then(|a| model.child(a, Role::Target)).map_or("", |t| model.name(t));
    let skew = |name: &str| has_word(name, &SKEW);
    stamp.words.iter().any(|w| SKEW.contains(&w.as_str())) || skew(function) || skew(kept)
}

/// A reading that was kept in a variable whose name says that something began or happened.
fn is_mark(file: &Analysis<'_>, reading: NodeId) -> bool {
    const MARKS: [&str; 7] = ["start", "started", "begin", "began", "since", "mark", "startup"];
    let name = file.model.name(reading);
    file.model.kind(reading) == Kind::Name && has_word(name, &MARKS)
}

fn is_event(stamp: &Stamped) -> bool {
    let event = |w: &String| matches!(w.as_str(), "creation" | "created" | "event" | "occurred");
    stamp.is_change_time() || stamp.words.iter().any(event)
}

/// The stamps of two versions against each other.
fn judge_versions(file: &Analysis<'_>, id: NodeId, left: NodeId, right: NodeId) -> Option<Finding> {
    let sides = [Stamped::new(file, left), Stamped::new(file, right)];
    let [a, b] = &sides;
    let lengths = sides.iter().any(|s| s.value.shape == Shape::Duration);
    // Whatever it is called, the project stamps it.
    let stamps = |s: &Stamped| s.is_change_time() || s.is_stamped_version(file);
    if lengths || !(stamps(a) || stamps(b)) || !sides.iter().all(|s| may_be_wall(&s.value)) {
        return None;
    }
    let present = |n: NodeId, s: &Stamped| is_local_reading(file, n) || has_word(&s.root, &["now"]);
    if !(a.of_object || b.of_object) || present(left, a) || present(right, b) {
        return None;
    }
    let alike = is_alike(a, b);
    let outcome = outcome(file, id, [a, b]);
    let elsewhere = elsewhere(file, id, [a, b]);
    let quiet = |because, holds| file.is_silent(&META, id, because, holds);
    if quiet("the greater of two times is taken, and nothing else", outcome == Outcome::Maximum)
        || quiet("nothing is taken or left out by it", outcome == Outcome::Other)
        || quiet("nothing says that one of the two was made elsewhere", elsewhere == Elsewhere::No)
        || quiet("the two are not alike: no versions of one thing", !alike)
    {
        return None;
    }
    let stamping = a.stamping(file).or_else(|| b.stamping(file));
    let taken = matches!(outcome, Outcome::Winner(_));
    let mut confidence = match (stamping.map(|s| s.1), elsewhere, taken) {
        (Some(true), Elsewhere::Seen | Elsewhere::Named, true) => Confidence::High,
        (Some(true), Elsewhere::Handled, true) | (Some(true), Elsewhere::Seen | Elsewhere::Named, false) => {
            Confidence::Medium
        }
        // Who stamps them is not known: then the place has to say that copies of several machines compete.
        (_, Elsewhere::Seen | Elsewhere::Named, true) if compete(file, id, [a, b]) => Confidence::Medium,
        (_, Elsewhere::Seen | Elsewhere::Named, false) if are_copies(file, id, [a, b]) => Confidence::Medium,
        _ => Confidence::Low,
    };
    if is_about_data(file, id)
        || is_merged_series(file, [a, b])
        || are_places([a, b])
        || is_conditional_request(file, id)
        || is_changed_since(file, outcome, [a, b])
        // What changed since a moment that somebody names, is asked far more often than it decides.
        || confidence == Confidence::Medium && !(a.of_object && b.of_object)
    {
        confidence = Confidence::Low;
    }
    let message = format!("`{}` lets the later wall-clock time win", file.short(id));
    let mut story = Story::new(&META, file, id, message)
        .why(LATER_WINS.0)
        .help(LATER_WINS.1)
        .confidence(confidence)
        .severity(if taken { Severity::Error } else { Severity::Warning });
    if let Some((site, _)) = stamping {
        story = story.step(site.location.clone(), "the stamp is read from a machine's wall clock");
    }
    story = story.step(file.location(id), "two stamps are compared");
    if let Outcome::Winner(at) = outcome {
        story = story.step(file.location(at), "and one of the two wins");
    }
    Some(story.tell())
}

/// What changed since some moment is put on a list: `if (node.updated > since) changed.add(node)`.
fn is_changed_since(file: &Analysis<'_>, outcome: Outcome, sides: [&Stamped; 2]) -> bool {
    let Outcome::Winner(at) = outcome else { return false };
    let model = file.model;
    let mut calls = model.ancestors(at).take(4).chain([at]).filter(|a| model.kind(*a) == Kind::Call);
    let collects = calls.any(|c| matches!(model.name(c), "add" | "append" | "push" | "addAll" | "extend"));
    collects && sides.iter().any(|s| !s.of_object)
}

/// The same member of two things, or two variables that differ in whose it is.
fn is_alike(a: &Stamped, b: &Stamped) -> bool {
    const WHOSE: [&str; 28] = [
        "incoming", "remote", "local", "peer", "received", "new", "old", "current", "existing", "stored", "prev",
        "previous", "latest", "other", "my", "their", "our", "self", "known", "cached", "last", "request", "req",
        "existed", "cur", "db", "in", "server",
    ];
    const CHANGED: [&str; 11] =
        ["timestamp", "ts", "stamp", "tstamp", "updated", "update", "modified", "changed", "mtime", "version", "mod"];
    let key = |s: &Stamped| -> Vec<String> {
        words(&s.member).into_iter().filter(|w| !WHOSE.contains(&w.as_str()) && w != "get").collect()
    };
    let (ka, kb) = (key(a), key(b));
    let same = !ka.is_empty()
        && (ka == kb
            || member_key(&ka.concat()).trim_end_matches('s') == member_key(&kb.concat()).trim_end_matches('s'));
    let different_things = a.root != b.root || a.member != b.member || a.root.is_empty();
    // A plain variable is the bound of a search as often as another version's stamp.
    let bound = |s: &Stamped| {
        !s.of_object && !s.words.iter().any(|w| CHANGED.contains(&w.as_str()) || WHOSE.contains(&w.as_str()))
    };
    (same || a.is_change_time() && b.is_change_time() && !bound(a) && !bound(b)) && different_things
}

/// A reading that the store orders or judges by.
fn tell_store(file: &Analysis<'_>, id: NodeId, handed: Handed) -> Finding {
    let (what, why, help, severity) = match handed.purpose {
        Use::OrdersWrites => (
            "the store keeps the write with the greatest time, and the time is this machine's",
            "a writer whose clock is behind loses its writes silently; one whose clock is ahead masks every later write \
             and delete",
            "let the store give the time stamp, or use its conditional write with a version instead of an explicit time",
            Severity::Error,
        ),
        Use::JudgesRow => (
            "a shared lock or heartbeat row is set or judged by this machine's clock",
            "every machine writes and compares with its own clock: a difference between two clocks makes a lock expire \
             early for one of them, so two hold it, or keeps a dead holder's lock alive",
            "use the database's clock on both sides: write and compare with the statement's own current time, and bind only \
             the duration",
            Severity::Error,
        ),
        Use::OrdersRecords => (
            "records are put in order by this machine's wall clock",
            "two records in one tick, or a clock that is set back, are replayed in the wrong order",
            "order by a sequence that the writer or the store increments, and keep the time for display",
            Severity::Warning,
        ),
    };
    let known = file.resolve(id).and_then(|r| r.api.advice.clone());
    // Who was seen in the last day is a report, and no seconds matter to it.
    let reports = handed.purpose == Use::JudgesRow && spans_hours(file, handed.reading);
    let confidence = if reports { Confidence::Low } else { handed.confidence };
    Story::new(&META, file, id, what)
        .why(why)
        .help(known.filter(|_| handed.purpose == Use::OrdersWrites).unwrap_or_else(|| help.to_owned()))
        .confidence(confidence)
        .severity(severity)
        .step(file.location(handed.reading), "this machine's clock is read here")
        .step(file.location(id), "and the store decides by it")
        .tell()
}

/// The copy with the latest stamp is taken for the current one.
fn tell_pick(file: &Analysis<'_>, id: NodeId, pick: &Pick) -> Finding {
    let message = format!("`{}` takes the copy with the latest wall-clock time for the current one", file.short(id));
    // What is put in the order of its times is a series as often as copies of one thing.
    let confidence = if is_of_replicas(file, id) { pick.confidence } else { Confidence::Low };
    Story::new(&META, file, id, message)
        .why(LATER_WINS.0)
        .help(LATER_WINS.1)
        .confidence(confidence)
        .severity(Severity::Error)
        .step(file.location(pick.stamp), "copies of several machines are put in order by their stamps")
        .step(file.location(pick.taken), "and the one at the end wins")
        .tell()
}
