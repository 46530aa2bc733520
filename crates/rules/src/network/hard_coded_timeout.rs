//! `hard-coded-timeout`: a constant bounds how long another machine may take, and nothing can change it.

use crate::Rule;
use crate::network::limit_names::is_default_name;
use crate::network::limits::{Limit, fixed_value, in_defaults, limits_at};
use crate::network::remote::{MOST_NEAR, Remote, is_ending, is_near, is_tool};
use crate::network::text_limits::text_limits;
use crate::story::{Story, lower};
use std::collections::{BTreeMap, BTreeSet};
use timelint_diagnostics::{Confidence, Family, Finding, Location, RuleMeta, Severity};
use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::catalog::{TimeoutKind, leaf};
use timelint_semantics::{Analysis, How, Origins, Value, has_word, words};

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
fn judge(file: &Analysis<'_>, limit: Limit, set: &BTreeSet<&str>) -> Option<Fixed> {
    const DAY: f64 = 86400.0;
    if limit.remote == Remote::No {
        return None;
    }
    let value = fixed_value(file, &limit)?;
    let seconds = value.seconds(limit.unit);
    let endless = seconds.is_some_and(|s| s > DAY);
    if endless
        || of_another_object(file, limit.length, 0)
        || is_set_elsewhere(file, &limit, set)
        || is_a_default(file, &limit)
        || is_poll(file, &limit)
    {
        return None;
    }
    let confidence = sureness(file, &limit, &value, seconds);
    Some(Fixed { limit, value, seconds, confidence })
}

/// A wait that is repeated when its time is up: the limit only says how often something else gets its turn.
fn is_poll(file: &Analysis<'_>, limit: &Limit) -> bool {
    let model = file.model;
    let reads = matches!(limit.kind, TimeoutKind::Await | TimeoutKind::Read | TimeoutKind::Total);
    let Some(around) = file.in_loop(limit.site).filter(|_| reads) else { return false };
    let repeats = |body: NodeId| {
        !model.descendants(body).any(|d| matches!(model.kind(d), Kind::Throw | Kind::Return | Kind::Break))
    };
    let timed_out = |catch: &NodeId| {
        let named = |t: NodeId| has_word(model.name(t), &["timeout", "empty"]);
        model.self_and_descendants(*catch).take(MOST_NEAR).any(named)
    };
    let tries = model.ancestors(limit.site).take_while(|a| *a != around).filter(|a| model.kind(*a) == Kind::Try);
    let mut catches = tries.flat_map(|t| model.children_with(t, Role::Catch)).filter(timed_out);
    catches.any(|c| model.child(c, Role::Body).is_some_and(repeats))
}

/// What the links and the length say: each link by name alone costs a step, and so does what seldom hurts.
fn sureness(file: &Analysis<'_>, limit: &Limit, value: &Value, seconds: Option<f64>) -> Confidence {
    const TEN_MINUTES: f64 = 600.0;
    let mut confidence = match (limit.how, limit.remote) {
        (How::Name, Remote::Known | Remote::Named) => Confidence::Medium,
        (How::Name, _) | (_, Remote::Around | Remote::No) => Confidence::Low,
        (_, Remote::Named) => Confidence::Medium,
        (_, Remote::Known) => Confidence::High,
    };
    let connects = matches!(limit.kind, TimeoutKind::Connect | TimeoutKind::Pool) && limit.how != How::Name;
    let shakes_hands = words(&limit.name).iter().any(|w| w == "handshake");
    let generous = is_generous(limit.kind, seconds, value.number) && !moves_much(file, limit);
    for mild in [generous, connects, shakes_hands] {
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
    let settable = is_open_entry(file, limit) || may_be_overridden(file, limit.length);
    let harmless = seconds.is_some_and(|s| s >= TEN_MINUTES)
        || keeps_alive(limit)
        || ends(file, limit)
        || is_near(file, limit.site);
    let pretends = file.function_around(limit.site).is_some_and(|f| has_word(file.model.name(f), &["mock", "fake"]));
    if settable || harmless || pretends || is_tool(&file.path) { Confidence::Low } else { confidence }
}

/// An entry of the project's own type whose name is open to other packages by convention.
fn is_open_entry(file: &Analysis<'_>, limit: &Limit) -> bool {
    limit.how == How::Name && file.model.kind(limit.site) == Kind::Record && limit.name.starts_with(char::is_uppercase)
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

/// The function around moves as much as there is, for which no length of time is long.
fn moves_much(file: &Analysis<'_>, limit: &Limit) -> bool {
    const MOVES: [&str; 9] =
        ["rsync", "download", "upload", "replicate", "replication", "backup", "restore", "transfer", "snapshot"];
    file.function_around(limit.site).is_some_and(|f| has_word(file.model.name(f), &MOVES))
}

/// How often a connection is probed, not how long silence is tolerated.
fn keeps_alive(limit: &Limit) -> bool {
    let words = words(&limit.name);
    let has = |list: &[&str]| words.iter().any(|w| list.contains(&w.as_str()));
    let probes = has(&["keepalive", "alive", "ping", "pings"]);
    limit.kind == TimeoutKind::Heartbeat && probes && !has(&["timeout", "deadline"]) && limit.how != How::Name
}

/// The constant is called a default, and it goes to something found by name, or where defaults are made.
fn is_a_default(file: &Analysis<'_>, limit: &Limit) -> bool {
    let model = file.model;
    let named = matches!(model.kind(limit.length), Kind::Name | Kind::Member);
    let default = named && words(model.name(limit.length)).iter().any(|w| matches!(w.as_str(), "default" | "defaults"));
    let target = model.child(file.statement(limit.site), Role::Target).map_or("", |t| model.name(t));
    let made_default = words(target).iter().any(|w| matches!(w.as_str(), "default" | "defaults"));
    made_default || default && (limit.how == How::Name || in_defaults(file, limit.length))
}

/// A field that a subclass or another object may set: declared with a value, and neither private nor constant.
fn may_be_overridden(file: &Analysis<'_>, length: NodeId) -> bool {
    let model = file.model;
    let name = model.name(length);
    if !matches!(model.kind(length), Kind::Name | Kind::Member)
        || !name.chars().any(char::is_lowercase)
        || name.starts_with('_')
    {
        return false;
    }
    // By convention open to other packages.
    let public = name.starts_with(char::is_uppercase);
    let own = model.child(length, Role::Object).is_some_and(|o| file.tables.is_this(model, o));
    if own && (public || file.index().is_set(name)) {
        return true;
    }
    let Some(class) = file.tables.class_around(model, length).and_then(|c| file.tables.classes.get(c as usize)) else {
        return false;
    };
    let stores = class.fields.get(&model.sym(length)).map_or(&[][..], Vec::as_slice);
    let elsewhere = file.value(length).sites.first().is_some_and(|s| s.location.path != file.path);
    if stores.is_empty() && elsewhere && !class.extends.is_empty() {
        return true;
    }
    stores.iter().any(|s| {
        let declared =
            class.node.is_some() && file.function_around(s.at).is_none_or(|f| class.node.is_some_and(|c| f < c));
        let closed = |m: NodeId| matches!(model.name(m), "private" | "final" | "readonly" | "const");
        declared && !model.children_with(s.at, Role::Modifier).any(closed)
    })
}

/// Something else may set it: another statement of the file, or of the project for the project's own types.
fn is_set_elsewhere(file: &Analysis<'_>, limit: &Limit, set: &BTreeSet<&str>) -> bool {
    let name = limit.name.as_str();
    let named = file.model.role(limit.length) == Role::Value && !name.is_empty();
    named && (set.contains(leaf(name)) || limit.how == How::Name && file.index().is_set(name))
}

/// The members that the file stores something to that is no constant.
fn members_set<'f>(file: &'f Analysis<'_>) -> BTreeSet<&'f str> {
    let model = file.model;
    let constant = Origins::CONSTANT.and(Origins::NULL);
    let assigns = model.ids().filter(|n| model.kind(*n) == Kind::Assign);
    let stored = assigns.filter_map(|n| Some((model.child(n, Role::Target)?, model.child(n, Role::Value)?)));
    let open = stored.filter(|(target, value)| {
        let named = model.kind(*target) == Kind::Member && model.name(*target).to_ascii_lowercase().contains("timeout");
        named && !file.value(*value).origins.without(constant).is_empty()
    });
    open.map(|(target, _)| model.name(target)).collect()
}

/// Another limit of the same construction can be set: this one was forgotten.
fn has_settable_sibling(file: &Analysis<'_>, limit: &Limit) -> bool {
    let model = file.model;
    let entries = model
        .descendants(file.statement(limit.site))
        .take(MOST_NEAR)
        .filter(|d| matches!(model.kind(*d), Kind::Entry | Kind::Argument));
    let mut named = entries.filter(|e| model.name(*e).to_ascii_lowercase().contains("timeout"));
    named.any(|e| {
        model.child(e, Role::Value).is_some_and(|v| file.value(v).origins.any(Origins::PARAM.and(Origins::CONFIG)))
    })
}

/// It bounds how long something may take to end.
fn ends(file: &Analysis<'_>, limit: &Limit) -> bool {
    let model = file.model;
    let function = file.function_around(limit.site).map_or("", |f| model.name(f));
    let statement = file.statement(limit.site);
    let target = model.child(statement, Role::Target).map_or("", |t| model.name(t));
    [function, target, limit.name.as_str()].iter().any(|n| is_ending(n))
}

/// The value is read from another object, whose owner may have set it: a setting, a message.
fn of_another_object(file: &Analysis<'_>, id: NodeId, depth: usize) -> bool {
    let model = file.model;
    model.self_and_descendants(id).any(|n| match model.kind(n) {
        Kind::Member if model.role(n) != Role::Object => {
            let own = model.child(n, Role::Object).is_some_and(|o| file.tables.is_this(model, o));
            !own && file.resolve(n).is_none() && !is_path(file, n)
        }
        Kind::Call => {
            let asked =
                model.child(n, Role::Receiver).is_some_and(|r| !file.tables.is_this(model, r) && !is_path(file, r));
            asked && file.resolve(n).is_none()
        }
        Kind::Name if depth < 3 => {
            let source = file.condition_source(n);
            source != n && !model.contains(id, source) && of_another_object(file, source, depth + 1)
        }
        _ => false,
    })
}

/// `pkg.CONSTANT`, `Class.CONSTANT`: every part but the last is no variable of this file.
fn is_path(file: &Analysis<'_>, member: NodeId) -> bool {
    let model = file.model;
    let mut root = member;
    for _ in 0..16 {
        match model.child(root, Role::Object) {
            Some(object) => root = object,
            None => break,
        }
    }
    let name = model.name(root);
    model.kind(root) == Kind::Name
        && (file.tables.imports.contains_key(name) || name.starts_with(char::is_uppercase))
        && file.path_of(root).is_some()
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
    let length = describe(main.seconds, main.value.number.unwrap_or_default());
    let limit = &main.limit;
    let message = format!("{length} {} {} is fixed in code", noun(limit.kind), subject(file, limit));
    let mut story = Story::new(&META, file, limit.length, message)
        .why(why(limit.kind))
        .help(help(limit))
        .confidence(main.confidence)
        .severity(severity(&main));
    let declared = main.value.sites.first().filter(|s| !within(file, limit.length, &s.location));
    if let Some(site) = declared {
        story = story.step(site.location.clone(), "the constant");
    }
    story = story.step(file.location(limit.length), format!("bounds the {}", noun(limit.kind)));
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
    let named = !limit.name.is_empty() && model.role(limit.length) == Role::Value;
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

fn why(kind: TimeoutKind) -> &'static str {
    if detects(kind) {
        "network delay, a long pause or load has no bound: a limit that fits one place declares healthy nodes dead in another, \
         and their work moves just when everything is slow"
    } else {
        "network delay has no bound and differs between places: under load or over a slow link every call runs into this limit \
         and is retried, and nobody can raise it without a new release"
    }
}

fn help(limit: &Limit) -> String {
    if let Some(advice) = &limit.advice {
        return advice.clone();
    }
    if detects(limit.kind) {
        return "measure how long round trips and pauses take, make the limit a setting with this value as its default, or use an \
                adaptive detector such as phi accrual"
            .to_owned();
    }
    "make it a setting with this value as its default; choose the default from measured round trips: p99.9 plus a margin".to_owned()
}

/// `1.5 s`, `200 ms`, `2 min`; a bare number where the unit is unknown.
fn describe(seconds: Option<f64>, number: f64) -> String {
    let Some(seconds) = seconds else { return format!("{number}") };
    let (amount, unit) = match seconds {
        s if s < 1.0 => (s * 1000.0, "ms"),
        s if s < 120.0 => (s, "s"),
        s if s < 7200.0 => (s / 60.0, "min"),
        s => (s / 3600.0, "h"),
    };
    let rounded = (amount * 100.0).round() / 100.0;
    format!("{rounded} {unit}")
}
