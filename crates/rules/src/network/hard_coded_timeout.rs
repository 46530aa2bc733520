//! `hard-coded-timeout`: a constant bounds how long another machine may take, and nothing can change it.

use crate::Rule;
use crate::network::changeable::{
    MembersSet, has_settable_sibling, is_a_default, is_alternative, is_poll, is_set_elsewhere, may_be_overridden,
    members_set, of_another_object,
};
use crate::network::limit_names::is_default_name;
use crate::network::limits::{Limit, fixed_value, limits_at};
use crate::network::remote::{Remote, is_ending, is_near};
use crate::network::stakes::weighs;
use crate::network::text_limits::text_limits;
use crate::story::{Story, lower};
use crate::surface::is_command;
use std::collections::BTreeMap;
use timelint_diagnostics::{Confidence, Family, Finding, Location, RuleMeta, Severity};
use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::catalog::{ApiRole, TimeoutKind};
use timelint_semantics::{Analysis, How, Resolved, Value, has_word, words};

/// See the module.
pub(crate) struct HardCodedTimeout;

pub(crate) static META: RuleMeta = RuleMeta {
    id: "hard-coded-timeout",
    aliases: &[],
    family: Family::Network,
    mechanism: "a fixed limit on a network whose delays have none",
    severity: Severity::Warning,
    summary: "how long another machine may take is a constant in the code that nobody can change where it runs",
    page: include_str!("hard_coded_timeout.md"),
};

impl Rule for HardCodedTimeout {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check(&self, file: &Analysis<'_>, out: &mut Vec<Finding>) {
        let mut groups = Groups::default();
        let set = members_set(file);
        for id in file.model.ids() {
            for limit in limits_at(file, id) {
                if let Some(fixed) = judge(file, limit, &set) {
                    groups.add(file, fixed);
                }
            }
        }
        out.extend(groups.all.into_iter().map(|group| tell(file, group)));
        out.extend(text_limits(file));
    }
}

/// A limit that is a constant.
struct Fixed {
    limit: Limit,
    value: Value,
    seconds: Option<f64>,
    confidence: Confidence,
}

/// Limits that are one mistake: the same constant, or the same construction.
#[derive(Default)]
struct Groups {
    all: Vec<Vec<Fixed>>,
    by_literal: BTreeMap<Location, usize>,
    by_statement: BTreeMap<NodeId, usize>,
    by_use: BTreeMap<(String, u64), usize>,
    lengths: BTreeMap<NodeId, usize>,
}

impl Groups {
    fn add(&mut self, file: &Analysis<'_>, fixed: Fixed) {
        if self.lengths.contains_key(&fixed.limit.length) {
            return;
        }
        let literal = fixed.value.sites.first().map(|s| s.location.clone());
        let statement = file.statement(fixed.limit.site);
        // The same number again for the same purpose; a different construction of the same length is another matter.
        let again = (fixed.limit.name.clone(), fixed.value.number.unwrap_or_default().to_bits());
        let known = literal.as_ref().and_then(|l| self.by_literal.get(l));
        let known = known.or_else(|| self.by_statement.get(&statement)).or_else(|| self.by_use.get(&again)).copied();
        let index = known.unwrap_or_else(|| {
            self.all.push(Vec::new());
            self.all.len() - 1
        });
        self.lengths.insert(fixed.limit.length, index);
        self.by_statement.entry(statement).or_insert(index);
        self.by_use.entry(again).or_insert(index);
        if let Some(literal) = literal {
            self.by_literal.entry(literal).or_insert(index);
        }
        self.all[index].push(fixed);
    }
}

/// The limit if it is a constant that deserves a word, with how sure that is.
fn judge(file: &Analysis<'_>, limit: Limit, set: &MembersSet<'_>) -> Option<Fixed> {
    const DAY: f64 = 86400.0;
    let quiet = |because, holds| file.is_silent(&META, limit.length, because, holds);
    if quiet("nothing says that another machine is waited for", limit.remote == Remote::No) {
        return None;
    }
    let value = fixed_value(file, &limit);
    quiet("it is no constant: a parameter, setting, field or something unknown", value.is_none());
    let value = value?;
    let seconds = value.seconds(limit.unit);
    if quiet("longer than a day is no limit", seconds.is_some_and(|s| s > DAY))
        || quiet("it stands for a setting that is not given", is_alternative(file, limit.length))
        || quiet("it is the limit of another object", of_another_object(file, limit.length, 0))
        || quiet("other code may set it", is_set_elsewhere(file, &limit, set))
        || quiet("it is the default of something that callers choose", is_a_default(file, &limit))
        || quiet("it is how often is asked, not how long is waited", is_poll(file, &limit))
    {
        return None;
    }
    let confidence = sureness(file, &limit, &value, seconds);
    Some(Fixed { limit, value, seconds, confidence })
}

/// What the links and the length say: each link by name alone costs a step, and so does what seldom hurts.
fn sureness(file: &Analysis<'_>, limit: &Limit, value: &Value, seconds: Option<f64>) -> Confidence {
    const TEN_MINUTES: f64 = 600.0;
    const TWO_HOURS: f64 = 7200.0;
    let mut confidence = match (limit.how, limit.remote) {
        (How::Name, Remote::Known | Remote::Named) => Confidence::Medium,
        (How::Name, _) | (_, Remote::Around | Remote::No) => Confidence::Low,
        (_, Remote::Named) => Confidence::Medium,
        (_, Remote::Known) => Confidence::High,
    };
    let connects = matches!(limit.kind, TimeoutKind::Connect | TimeoutKind::Pool) && limit.how != How::Name;
    let shakes_hands = words(&limit.name).iter().any(|w| w == "handshake");
    let generous = is_generous(limit.kind, seconds, value.number) && !moves_much(file, limit);
    // Whatever a client moves, its limit is for all of it: however long, somebody moves more.
    let of_a_client = limit.how != How::Name
        && matches!(limit.kind, TimeoutKind::Total | TimeoutKind::Read)
        && file.resolve(limit.site).is_some_and(|k| k.api.role == ApiRole::RemoteClient);
    for mild in [generous, generous && !of_a_client, connects, shakes_hands] {
        if mild {
            confidence = lower(confidence);
        }
    }
    if confidence == Confidence::Low && limit.remote >= Remote::Named && has_settable_sibling(file, limit) {
        confidence = Confidence::Medium;
    }
    if value.how == How::Name {
        confidence = lower(confidence);
    }
    // A setting of a client that opens its connections again by itself: who made it waits for answers, not for this.
    let dialer = |t: NodeId| has_word(file.model.name(t), &["dialer"]);
    let made = file.model.child(limit.site, Role::Type).filter(|_| file.model.kind(limit.site) == Kind::Record);
    let dials = connects && made.is_some_and(|t| !dialer(t));
    let settable = is_open_entry(file, limit) || may_be_overridden(file, limit.length);
    let harmless = seconds.is_some_and(|s| s >= if of_a_client { TWO_HOURS } else { TEN_MINUTES })
        || keeps_alive(file, limit)
        || ends(file, limit)
        || is_near(file, limit.site)
        || is_near_by_origin(file, limit.site)
        || limit.how == How::Name && is_settings_file(&file.path);
    let pretends = file.function_around(limit.site).is_some_and(|f| has_word(file.model.name(f), &["mock", "fake"]));
    let quiet = settable || harmless || pretends || dials || is_command(file);
    let says_why = || confidence > Confidence::Low && weighs(file, limit, seconds, value.number);
    if quiet || !says_why() { Confidence::Low } else { confidence }
}

/// What a limit is set on was made for this machine, or connects to it: `s = socket(AF_UNIX); s.settimeout(1)`.
fn is_near_by_origin(file: &Analysis<'_>, site: NodeId) -> bool {
    let model = file.model;
    let Some(receiver) = model.child(site, Role::Receiver) else { return false };
    let same = |c: &NodeId| {
        file.function_around(*c) == file.function_around(site)
            && has_word(model.name(*c), &["connect"])
            && model.child(*c, Role::Receiver).is_some_and(|r| model.sym(r) == model.sym(receiver))
    };
    let mut connects = file.tables.calls.iter().copied().filter(same);
    file.stores_of(receiver).iter().take(8).filter_map(|s| s.value).any(|v| is_near(file, v))
        || model.kind(receiver) == Kind::Name && connects.any(|c| is_near(file, c))
}

/// A file whose entries are the settings: `src/config/api.ts`, `settings.py`.
fn is_settings_file(path: &str) -> bool {
    let mut parts = path.rsplit('/').take(2);
    let own = |part: &str| {
        let stem = part.split('.').next().unwrap_or(part);
        matches!(stem, "config" | "configs" | "conf" | "configuration" | "settings" | "options" | "defaults")
    };
    parts.any(own)
}

/// An entry of the project's own type whose name is open to other packages by convention.
fn is_open_entry(file: &Analysis<'_>, limit: &Limit) -> bool {
    let local = || {
        matches!(file.model.kind(file.statement(limit.site)), Kind::Let) && file.function_around(limit.site).is_some()
    };
    !(detects(limit.kind) && local())
        && limit.how == How::Name
        && file.model.kind(limit.site) == Kind::Record
        && limit.name.starts_with(char::is_uppercase)
}

/// So long that waiting less is hardly ever what goes wrong.
fn is_generous(kind: TimeoutKind, seconds: Option<f64>, number: Option<f64>) -> bool {
    let enough = match kind {
        TimeoutKind::Connect | TimeoutKind::Pool => 10.0,
        TimeoutKind::Session | TimeoutKind::Heartbeat | TimeoutKind::Election => 300.0,
        _ => 60.0,
    };
    // A bare number that is long even in milliseconds.
    seconds.or(number.map(|n| n / 1000.0)).is_some_and(|s| s > enough)
}

/// The function around moves as much as there is, or what others ask for: no length of time is long.
fn moves_much(file: &Analysis<'_>, limit: &Limit) -> bool {
    const MOVES: [&str; 9] =
        ["rsync", "download", "upload", "replicate", "replication", "backup", "restore", "transfer", "snapshot"];
    const RELAYS: [&str; 6] = ["proxy", "forward", "relay", "tunnel", "passthrough", "proxied"];
    let moves = |name: &str| {
        let first = words(name).into_iter().next().unwrap_or_default();
        has_word(name, &MOVES) || RELAYS.contains(&first.as_str())
    };
    file.function_around(limit.site).is_some_and(|f| moves(file.model.name(f)))
}

/// How often a connection is probed, not how long silence is tolerated; or what a client does about its own connection,
/// which it opens again by itself.
fn keeps_alive(file: &Analysis<'_>, limit: &Limit) -> bool {
    let of_client =
        |k: Resolved<'_>| k.how != How::Name && k.api.name.as_slice().iter().any(|n| has_word(n, &["keepalive"]));
    if file.resolve(limit.site).is_some_and(of_client) {
        return true;
    }
    let words = words(&limit.name);
    let has = |list: &[&str]| words.iter().any(|w| list.contains(&w.as_str()));
    let probes = has(&["keepalive", "alive", "ping", "pings"]);
    limit.kind == TimeoutKind::Heartbeat && probes && !has(&["timeout", "deadline"]) && limit.how != How::Name
}

/// It bounds how long something may take to end.
fn ends(file: &Analysis<'_>, limit: &Limit) -> bool {
    let model = file.model;
    let function = file.function_around(limit.site).map_or("", |f| model.name(f));
    let statement = file.statement(limit.site);
    let target = model.child(statement, Role::Target).map_or("", |t| model.name(t));
    [function, target, limit.name.as_str()].iter().any(|n| is_ending(n))
}

fn tell(file: &Analysis<'_>, mut group: Vec<Fixed>) -> Finding {
    const MOST: usize = 5;
    // The surest first; then what costs most when it is wrong.
    let rank = |f: &Fixed| (f.confidence, !matches!(f.limit.kind, TimeoutKind::Connect | TimeoutKind::Pool));
    let mut best = 0;
    for (i, fixed) in group.iter().enumerate() {
        if rank(fixed) > rank(&group[best]) {
            best = i;
        }
    }
    let main = group.swap_remove(best);
    let limit = &main.limit;
    let (bound, subject) = (noun(limit.kind), subject(file, limit));
    let message = match (main.seconds, main.value.number) {
        (Some(seconds), _) => format!("{} {bound} {subject} is fixed in code", describe(seconds)),
        (None, Some(number)) => format!("the {bound} {subject} is fixed in code at {number}"),
        (None, None) => format!("the {bound} {subject} is fixed in code"),
    };
    let mut story = Story::new(&META, file, limit.length, message)
        .why(why(limit.kind))
        .help(help(limit.kind))
        .confidence(main.confidence)
        .severity(severity(&main));
    let declared = main.value.sites.first().filter(|s| !within(file, limit.length, &s.location));
    if let Some(site) = declared {
        story = story.step(site.location.clone(), "the constant");
    }
    story = story.step(file.location(limit.length), format!("bounds the {bound}"));
    group.retain(|f| f.confidence >= main.confidence.min(Confidence::Medium));
    group.sort_by_key(|f| f.limit.length);
    for other in group.iter().take(MOST) {
        story = story.step(file.location(other.limit.length), format!("also fixed: {}", noun(other.limit.kind)));
    }
    if group.len() > MOST {
        story = story.evidence(format!("{} more uses", group.len() - MOST));
    }
    story.tell()
}

fn within(file: &Analysis<'_>, node: NodeId, location: &Location) -> bool {
    let span = file.model.span(node);
    location.path == file.path && span.start <= location.span.start && location.span.end <= span.end
}

/// What is limited, as the message says it.
fn subject(file: &Analysis<'_>, limit: &Limit) -> String {
    let model = file.model;
    // A comparison with a bare number has no name but its own text.
    if matches!(model.kind(limit.site), Kind::Binary) && !matches!(model.kind(limit.length), Kind::Name | Kind::Member)
    {
        return format!("in `{}`", file.short(limit.site));
    }
    format!("`{}`", subject_name(file, limit))
}

fn subject_name(file: &Analysis<'_>, limit: &Limit) -> String {
    let model = file.model;
    let key = || model.child(limit.site, Role::Arg).is_some_and(|k| model.name(k) == limit.name);
    let named = !limit.name.is_empty() && (model.role(limit.length) == Role::Value || key());
    if named || limit.how == How::Name && !is_default_name(&limit.name) && !limit.name.is_empty() {
        return limit.name.clone();
    }
    match model.kind(limit.site) {
        Kind::New | Kind::Record => {
            model.child(limit.site, Role::Type).map_or_else(String::new, |t| model.name(t).to_owned())
        }
        _ => model.name(limit.site).to_owned(),
    }
}

fn noun(kind: TimeoutKind) -> &'static str {
    match kind {
        TimeoutKind::Connect => "connect timeout",
        TimeoutKind::Read | TimeoutKind::Idle => "read timeout",
        TimeoutKind::Write => "write timeout",
        TimeoutKind::Pool => "pool timeout",
        TimeoutKind::Session => "session timeout",
        TimeoutKind::Heartbeat => "failure-detection limit",
        TimeoutKind::Election => "election timeout",
        TimeoutKind::Query => "query timeout",
        TimeoutKind::Total | TimeoutKind::Await | TimeoutKind::Shutdown => "timeout",
    }
}

fn detects(kind: TimeoutKind) -> bool {
    matches!(kind, TimeoutKind::Session | TimeoutKind::Heartbeat | TimeoutKind::Election)
}

fn severity(fixed: &Fixed) -> Severity {
    let minor = matches!(fixed.limit.kind, TimeoutKind::Connect | TimeoutKind::Pool)
        || is_generous(fixed.limit.kind, fixed.seconds, fixed.value.number);
    if minor { Severity::Note } else { Severity::Warning }
}

/// What is wrong with a fixed limit of anything but a failure detector.
pub(super) const WHY: &str = "network delay has no bound and differs between places: under load or over a slow link this gives \
                              up on answers that were on their way, and nobody can raise it without a new release";

fn why(kind: TimeoutKind) -> &'static str {
    if detects(kind) {
        "network delay, a long pause or load has no bound: a limit that fits one place declares healthy nodes dead in another, \
         and their work moves just when everything is slow"
    } else {
        WHY
    }
}

fn help(kind: TimeoutKind) -> &'static str {
    if detects(kind) {
        return "measure how long round trips and pauses take, make the limit a setting with this value as its default, or use an \
                adaptive detector such as phi accrual";
    }
    "make it a setting with this value as its default; choose the default from measured round trips: p99.9 plus a margin"
}

/// `1.5 s`, `200 ms`, `2 min`.
fn describe(seconds: f64) -> String {
    let (amount, unit) = match seconds {
        s if s < 1.0 => (s * 1000.0, "ms"),
        s if s < 120.0 => (s, "s"),
        s if s < 7200.0 => (s / 60.0, "min"),
        s => (s / 3600.0, "h"),
    };
    let rounded = (amount * 100.0).round() / 100.0;
    format!("{rounded} {unit}")
}
