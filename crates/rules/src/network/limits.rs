//! Lengths of time that bound something: found by what an API says of its arguments, by names, and by hand-written
//! comparisons with the clock.

use crate::network::beats::beaten_limit;
use crate::network::call_limits::{keeps_in_a_cache, unknown_call_limits};
use crate::network::cancelling_timers::cancelling_timer;
use crate::network::compared_limits::{added_constant, compared_limit, silence_asked_for};
use crate::network::limit_names::{is_default_name, merges, named_kind, speaks_of_limits, unit_of_name};
use crate::network::remote::{Remote, evidence_around, evidence_at, evidence_polled, evidence_reached, is_remote_name};
use crate::network::sides::known_remote;
use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::catalog::{ApiRole, ArgMeaning, ArgPlace, ArgSpec, OneOrMany, TimeoutKind, Unit, leaf};
use timelint_semantics::{Analysis, How, Resolved, Value, has_word, words};

/// A length of time that bounds something.
#[derive(Debug, Clone)]
pub(crate) struct Limit {
    /// The expression that says how long.
    pub(crate) length: NodeId,
    /// The call, construction, record or assignment that takes it.
    pub(crate) site: NodeId,
    /// What it is called there.
    pub(crate) name: String,
    /// What it bounds.
    pub(crate) kind: TimeoutKind,
    /// Its unit where it is a bare number.
    pub(crate) unit: Option<Unit>,
    /// Numbers that mean "for ever".
    pub(crate) infinite: Vec<f64>,
    /// How it is known to be a limit.
    pub(crate) how: How,
    /// How it is known that another machine is on the other side.
    pub(crate) remote: Remote,
}

/// The limit's value, if it is nothing but a constant.
pub(crate) fn fixed_value(file: &Analysis<'_>, limit: &Limit) -> Option<Value> {
    let mut value = file.value(limit.length);
    // `put("session.timeout.ms", "6000")`
    if file.model.kind(limit.length) == Kind::String {
        value.number = file.model.name(limit.length).parse().ok();
    }
    (value.is_constant() && value.number.is_some_and(|n| n > 0.0 && !limit.infinite.contains(&n))).then_some(value)
}

/// All limits of a file by the node that they stand at, in source order.
struct Limits(Vec<(NodeId, Vec<Limit>)>);

/// Every limit at the node `id` itself.
pub(crate) fn limits_at(file: &Analysis<'_>, id: NodeId) -> Vec<Limit> {
    let all = file.shared(|file| {
        let found = file.model.ids().map(|id| (id, find_limits(file, id)));
        Limits(found.filter(|(_, limits)| !limits.is_empty()).collect())
    });
    let place = all.0.binary_search_by_key(&id, |(at, _)| *at);
    place.map_or_else(|_| Vec::new(), |i| all.0[i].1.clone())
}

fn find_limits(file: &Analysis<'_>, id: NodeId) -> Vec<Limit> {
    let model = file.model;
    match model.kind(id) {
        Kind::Call | Kind::New | Kind::Decorator | Kind::Record | Kind::Idiom => match file.resolve(id) {
            Some(known) if known.api.role == ApiRole::Schedule => {
                beaten_limit(file, id).or_else(|| cancelling_timer(file, id)).into_iter().collect()
            }
            Some(known) if known.api.role == ApiRole::TimeCompare => compared_limit(file, id).into_iter().collect(),
            Some(known) if known.how != How::Name || known.api.args.iter().any(|a| a.is == ArgMeaning::Timeout) => {
                let limits = known_limits(file, id, known);
                if limits.is_empty() { keyed_limit(file, id).into_iter().collect() } else { limits }
            }
            Some(known) if is_local(known.api.role) => Vec::new(),
            _ => keyed_limit(file, id).map_or_else(|| unknown_call_limits(file, id), |limit| vec![limit]),
        },
        Kind::Argument | Kind::Entry => {
            let named = || named_limit(file, id).filter(|_| speaks_of_limits(file));
            keyed_limit(file, id).or_else(named).into_iter().collect()
        }
        Kind::Assign | Kind::Let | Kind::Field => assigned_limits(file, id),
        Kind::Binary => compared_limit(file, id).or_else(|| silence_asked_for(file, id)).into_iter().collect(),
        _ => Vec::new(),
    }
}

fn is_local(role: ApiRole) -> bool {
    matches!(
        role,
        ApiRole::LocalProcess
            | ApiRole::Schedule
            | ApiRole::Sleep
            | ApiRole::Log
            | ApiRole::ConfigRead
            | ApiRole::ValuePass
            | ApiRole::TimeAdd
            | ApiRole::TimeConvert
            | ApiRole::TimeDuration
            | ApiRole::TimeCompare
            | ApiRole::TimeDifference
    )
}

/// What the catalogue says of the arguments of a call or of the entries of a typed record.
fn known_limits(file: &Analysis<'_>, id: NodeId, known: Resolved<'_>) -> Vec<Limit> {
    if is_local(known.api.role) {
        return Vec::new();
    }
    let by_argument = file.argument(id, known, ArgMeaning::Unit).and_then(|u| file.unit_named_by(u));
    let specs = known.api.args.iter().filter(|a| a.is == ArgMeaning::Timeout);
    let mut all = Vec::new();
    for spec in specs {
        let Some(length) = file.argument_at(id, spec.at.as_slice()) else { continue };
        let Some(kind) = effective_kind(known, spec) else { continue };
        // A deadline is an instant: what counts is the constant that it lies ahead.
        let instant = known.api.name.as_slice().iter().any(|n| n.ends_with("Deadline"));
        let length = match added_constant(file, length) {
            Some(amount) => amount,
            None if instant => continue,
            None => length,
        };
        let remote = known_remote(file, id, known, kind);
        let name = spec_name(spec).or_else(|| known.api.name.as_slice().first().map(|n| leaf(n).to_owned()));
        all.push(Limit {
            length,
            site: id,
            name: name.unwrap_or_default(),
            kind,
            unit: by_argument.or(spec.unit),
            infinite: spec.infinite.clone(),
            how: known.how,
            remote,
        });
    }
    all
}

/// `properties.put(ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG, 6000)`, `{"session.timeout.ms": 6000}`: a setting under a key
/// that the catalogue knows.
fn keyed_limit(file: &Analysis<'_>, id: NodeId) -> Option<Limit> {
    let model = file.model;
    let (key, length) = match model.kind(id) {
        Kind::Call => {
            let args: Vec<NodeId> = model.children_with(id, Role::Arg).collect();
            let [key, length] = args[..] else { return None };
            if is_for_a_server(file, id) {
                return None;
            }
            (Some(key), length)
        }
        Kind::Entry => (model.child(id, Role::Key), model.child(id, Role::Value)?),
        _ => return None,
    };
    let text = key.filter(|k| model.kind(*k) == Kind::String).map_or(model.name(id), |k| model.name(k));
    let by_text = || {
        let entry = text.contains('.').then(|| file.catalog().lookup(&format!("key:{text}"), None)).flatten()?;
        Some(Resolved { api: file.catalog().api(entry), how: How::Import })
    };
    let constant = key.filter(|k| model.kind(*k) == Kind::Member).and_then(|k| file.resolve(k));
    let known = constant.filter(|k| k.how != How::Name).or_else(by_text)?;
    let spec = known.api.args.iter().find(|a| a.is == ArgMeaning::Timeout && is_second(a))?;
    let kind = effective_kind(known, spec)?;
    let name = key.map_or(model.name(id), |k| model.name(k)).to_owned();
    let (unit, infinite) = (spec.unit, spec.infinite.clone());
    Some(Limit { length, site: id, name, kind, unit, infinite, how: known.how, remote: Remote::Known })
}

/// `new ServerBootstrap().childOption(SO_TIMEOUT, 10)`: an option of what waits to be asked.
fn is_for_a_server(file: &Analysis<'_>, call: NodeId) -> bool {
    const MOST_LINKS: usize = 24;
    let model = file.model;
    let links = std::iter::successors(model.child(call, Role::Receiver), |n| model.child(*n, Role::Receiver));
    let Some(root) = links.take(MOST_LINKS).last() else { return false };
    let made = file.type_of(root).is_some_and(|t| has_word(leaf(&t.name), &["server"]));
    made || has_word(model.name(call), &["child"])
}

/// The argument after the key.
fn is_second(spec: &ArgSpec) -> bool {
    spec.at.as_slice().iter().any(|p| matches!(p, ArgPlace::Position(1)))
}

fn spec_name(spec: &ArgSpec) -> Option<String> {
    let place = match &spec.at {
        OneOrMany::One(one) => one,
        OneOrMany::Many(many) => many.iter().find(|p| matches!(p, ArgPlace::Keyword(_)))?,
    };
    match place {
        ArgPlace::Keyword(k) => Some(k.clone()),
        ArgPlace::Position(_) => None,
    }
}

/// The kind as far as this rule is concerned; `None` for limits that are no timeouts of a remote side: closing idle
/// connections, shutting down, serving.
fn effective_kind(known: Resolved<'_>, spec: &ArgSpec) -> Option<TimeoutKind> {
    let serves = known.api.role == ApiRole::None;
    match spec.kind? {
        TimeoutKind::Shutdown => None,
        TimeoutKind::Idle => {
            let name = known.api.name.as_slice().first().map_or("", String::as_str);
            let named = spec_name(spec).unwrap_or_default();
            let housekeeping = ["idle", "keep", "alive", "server", "lifetime", "recycle", "life"];
            let any = |text: &str| words(text).iter().any(|w| housekeeping.contains(&w.as_str()));
            (!serves && !any(name) && !any(&named)).then_some(TimeoutKind::Read)
        }
        TimeoutKind::Read | TimeoutKind::Write | TimeoutKind::Total | TimeoutKind::Await | TimeoutKind::Pool
            if serves =>
        {
            None
        }
        _ if spec_name(spec).is_some_and(|n| words(&n).iter().any(|w| w == "continue" || w == "tick")) => None,
        kind => Some(kind),
    }
}

pub(super) fn by_name_limit(
    file: &Analysis<'_>,
    length: NodeId,
    site: NodeId,
    name: &str,
    kind: TimeoutKind,
    unit: Option<Unit>,
) -> Limit {
    let model = file.model;
    let mut remote = evidence_at(file, site);
    if remote < Remote::Named {
        let own = is_remote_name(name)
            || matches!(model.kind(length), Kind::Name | Kind::Member) && is_remote_name(model.name(length));
        let around = evidence_around(file, site);
        let given_to =
            model.ancestors(site).take_while(|a| !model.kind(*a).is_statement() && model.kind(*a) != Kind::Function);
        let outer = given_to.filter(|a| model.kind(*a) == Kind::Call).any(|a| evidence_at(file, a) >= Remote::Named);
        remote = if outer || own && around >= Remote::Around { Remote::Named } else { remote.max(around) };
        remote = remote.max(evidence_polled(file, site));
        // Signs of life come from somebody else.
        let detects = has_word(name, &["heartbeat", "heartbeats", "liveness"]) && has_word(name, &["timeout"]);
        if kind == TimeoutKind::Heartbeat && detects {
            remote = remote.max(Remote::Named);
        }
    }
    Limit { length, site, name: name.to_owned(), kind, unit, infinite: Vec::new(), how: How::Name, remote }
}

/// A keyword argument, or an entry of an options object or struct literal, that is called a timeout.
fn named_limit(file: &Analysis<'_>, id: NodeId) -> Option<Limit> {
    let model = file.model;
    let name = model.name(id);
    // `"app.middleware.TimeoutMiddleware": 350`: a class by its path.
    if name.contains('.') && leaf(name).starts_with(char::is_uppercase) {
        return None;
    }
    let kind = named_kind(name)?;
    let length = model.child(id, Role::Value)?;
    let site = taker(file, id)?;
    if let Some(known) = file.resolve(site) {
        let specified = known.api.args.iter().any(|a| a.is == ArgMeaning::Timeout && spec_speaks_of(a, name));
        let elsewhere =
            matches!(known.api.role, ApiRole::Await | ApiRole::LockAcquire | ApiRole::LockTry | ApiRole::LockNew);
        if specified || is_local(known.api.role) || elsewhere || known.api.role == ApiRole::None {
            return None;
        }
    }
    if is_local_callee(file, site) || keeps_in_a_cache(file, site) {
        return None;
    }
    Some(by_name_limit(file, length, site, name, kind, unit_of_name(name)))
}

fn spec_speaks_of(spec: &ArgSpec, name: &str) -> bool {
    spec.at.as_slice().iter().any(|p| matches!(p, ArgPlace::Keyword(k) if leaf(k) == name))
}

/// The call that takes a keyword argument or the record with an entry; `None` when something may override the entry.
fn taker(file: &Analysis<'_>, id: NodeId) -> Option<NodeId> {
    let model = file.model;
    let parent = model.parent(id)?;
    if model.kind(parent) != Kind::Record {
        // `set_defaults(conf, pool_timeout=10)`
        let sets_defaults = has_word(model.name(parent), &["default", "defaults", "setdefault"]);
        let takes = matches!(model.kind(parent), Kind::Call | Kind::New | Kind::Decorator) && !sets_defaults;
        return takes.then_some(parent);
    }
    let overridden = model.children(parent).any(|c| c > id && model.kind(c) == Kind::Spread);
    if overridden {
        return None;
    }
    let mut site = parent;
    for outer in model.ancestors(parent).take(8) {
        match model.kind(outer) {
            Kind::Unary | Kind::Cast | Kind::Record | Kind::Argument => {}
            Kind::Entry
                if !words(model.name(outer))
                    .iter()
                    .any(|w| matches!(w.as_str(), "default" | "defaults" | "schema")) => {}
            Kind::Call | Kind::New | Kind::Decorator => {
                let callee = model.child(outer, Role::Type).map_or(model.name(outer), |t| model.name(t));
                return (!merges(callee) && !is_default_name(callee)).then_some(outer);
            }
            Kind::Let | Kind::Assign => {
                let target = model.child(outer, Role::Target)?;
                let settings = is_default_name(model.name(target)) && !is_handed_over(file, target);
                return (!settings && !is_laid_over(file, target)).then_some(site);
            }
            Kind::Return => return (!in_defaults(file, outer)).then_some(site),
            _ => return None,
        }
        site = if model.kind(site) == Kind::Record && model.child(site, Role::Type).is_some() { site } else { outer };
    }
    None
}

/// `Object.assign(options, given)`: what is given replaces the entries.
fn is_laid_over(file: &Analysis<'_>, target: NodeId) -> bool {
    let model = file.model;
    let filled = |read: NodeId| {
        let call = model.parent(read).filter(|p| model.kind(*p) == Kind::Call && merges(model.name(*p)));
        call.is_some_and(|c| {
            let mut args = model.children_with(c, Role::Arg);
            args.next() == Some(read) && args.next().is_some()
                || model.child(c, Role::Receiver) == Some(read) && model.child(c, Role::Arg).is_some()
        })
    };
    model.kind(target) == Kind::Name && file.reads_of(target).into_iter().any(filled)
}

/// Options of one call in a local variable: nobody lays them over others, and others over them.
fn is_handed_over(file: &Analysis<'_>, target: NodeId) -> bool {
    let model = file.model;
    let default = words(model.name(target)).iter().any(|w| w.starts_with("default"));
    let laid = |read: NodeId| {
        let Some(parent) = model.parent(read) else { return true };
        match model.kind(parent) {
            Kind::Spread | Kind::Return => true,
            Kind::Call => merges(model.name(parent)) || is_default_name(model.name(parent)),
            _ => false,
        }
    };
    let reads = file.reads_of(target);
    model.kind(target) == Kind::Name
        && file.function_around(target).is_some_and(|f| !is_default_name(model.name(f)))
        && !default
        && !reads.is_empty()
        && !reads.into_iter().any(laid)
}

/// Whether the function or class around a place makes or holds settings.
pub(crate) fn in_defaults(file: &Analysis<'_>, id: NodeId) -> bool {
    let model = file.model;
    model.ancestors(id).any(|a| matches!(model.kind(a), Kind::Function | Kind::Class) && is_default_name(model.name(a)))
}

/// Waits inside this process, by the name of what is called.
pub(super) fn is_local_callee(file: &Analysis<'_>, site: NodeId) -> bool {
    const LOCAL: [&str; 25] = [
        "parse",
        "acquire",
        "wait",
        "thread",
        "queue",
        "lock",
        "process",
        "subprocess",
        "popen",
        "sleep",
        "event",
        "animate",
        "toast",
        "run",
        "exec",
        "spawn",
        "execute",
        "shell",
        "command",
        "popup",
        "screenshot",
        "selector",
        "locator",
        "expect",
        "click",
    ];
    /// What shows that a service answers.
    const SERVICE: [&str; 9] =
        ["up", "server", "service", "reachable", "online", "healthy", "alive", "connected", "reply"];
    let model = file.model;
    let name = model.name(site);
    let joins = words(name).first().is_some_and(|w| w == "join");
    // `wait_until_up(timeout=1)`, `waitForServer(5000)`
    let service = has_word(name, &["wait", "until"]) && has_word(name, &SERVICE);
    !is_remote_name(name) && !service && (joins || has_word(name, &LOCAL))
}

/// `client.timeout = 5`, and instants made of the clock and a constant that are called a deadline.
fn assigned_limits(file: &Analysis<'_>, id: NodeId) -> Vec<Limit> {
    let model = file.model;
    // `self.request_timeouts += 1` counts.
    if model.kind(id) == Kind::Assign && matches!(model.name(id), "+=" | "-=" | "++" | "--") {
        return Vec::new();
    }
    // A field is its own name.
    let target = model.child(id, Role::Target).or((model.kind(id) == Kind::Field).then_some(id));
    let (Some(target), Some(value)) = (target, model.child(id, Role::Value)) else { return Vec::new() };
    let name = model.name(target);
    let mut all = Vec::new();
    if model.kind(target) == Kind::Member {
        if let Some(known) = file.resolve(target) {
            let spec = known.api.args.iter().find(|a| a.is == ArgMeaning::Timeout);
            if let Some((spec, kind)) = spec.and_then(|s| effective_kind(known, s).map(|k| (s, k))) {
                let remote = known_remote(file, id, known, kind);
                let (name, infinite) = (name.to_owned(), spec.infinite.clone());
                let unit = spec.unit;
                all.push(Limit { length: value, site: id, name, kind, unit, infinite, how: known.how, remote });
            }
        } else if let Some(kind) = named_kind(name)
            && name.chars().any(char::is_lowercase)
            && !guarded_by_itself(file, id, name)
            && !in_defaults(file, id)
        {
            all.push(by_name_limit(file, value, id, name, kind, unit_of_name(name)));
        }
    }
    if has_word(name, &["deadline", "timeout", "expiry"])
        && let Some(amount) = added_constant(file, value)
    {
        let mut limit = by_name_limit(
            file,
            amount,
            id,
            name,
            named_kind(name).unwrap_or(TimeoutKind::Total),
            unit_of_sum(file, value, amount),
        );
        limit.remote = limit.remote.max(evidence_reached(file, id));
        all.push(limit);
    }
    all
}

/// `if t == 0 { t = LIMIT }`, `if (!o.t) o.t = LIMIT`: the constant is a default.
fn guarded_by_itself(file: &Analysis<'_>, id: NodeId, name: &str) -> bool {
    let model = file.model;
    file.guards(id).iter().any(|g| model.self_and_descendants(g.condition).any(|n| model.name(n) == name))
}

fn unit_of_sum(file: &Analysis<'_>, sum: NodeId, amount: NodeId) -> Option<Unit> {
    let number = |n: NodeId| file.value(n).unit.filter(|u| *u != Unit::Typed);
    // `new Date(now() + LIMIT)`
    let inner = || file.model.parent(amount).filter(|p| file.model.kind(*p) == Kind::Binary);
    file.value(amount).unit.or_else(|| number(sum)).or_else(|| number(inner()?))
}
