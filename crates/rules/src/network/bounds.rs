//! What limits how long a call to another machine may take: its arguments, the chain it stands in, what is set on its
//! result, what stands around it.

use crate::network::built_settings::built;
use timelint_model::{Kind, NodeId, Role, Sym};
use timelint_semantics::catalog::{Api, ApiRole, ArgMeaning, ArgPlace, ArgSpec, TimeoutKind};
use timelint_semantics::{Analysis, Callee, How, Origins, has_word, words};

/// What is known of the limit of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bound {
    /// Something limits it.
    Given,
    /// It is given a limit that means "for ever".
    Endless(NodeId),
    /// It is given none.
    Absent,
    /// Something may limit it that cannot be followed.
    Unknown,
}

/// Words of names that speak of a limit of time.
pub(super) const LIMITS: [&str; 14] = [
    "timeout",
    "timeouts",
    "deadline",
    "signal",
    "timelimit",
    "timelimiter",
    "timed",
    "cancel",
    "abort",
    "rcvtimeo",
    "sndtimeo",
    "connectiontimeout",
    "connecttimeout",
    "readtimeout",
];

/// Words of names of objects that carry settings, a limit perhaps among them.
const CARRIERS: [&str; 22] = [
    "opts",
    "opt",
    "options",
    "option",
    "config",
    "conf",
    "cfg",
    "settings",
    "params",
    "kwargs",
    "args",
    "init",
    "transport",
    "session",
    "factory",
    "defaults",
    "context",
    "builder",
    "request",
    "req",
    "manager",
    "executor",
];

/// Keywords under which a call is given an object that may limit it.
pub(super) const HANDED: [&str; 10] =
    ["transport", "session", "config", "options", "factory", "manager", "opener", "executor", "channel", "pool"];

/// Arguments that bound a call.
pub(super) fn limits(api: &Api) -> impl Iterator<Item = &ArgSpec> {
    api.args.iter().filter(|a| a.is == ArgMeaning::Timeout && a.kind.is_some_and(TimeoutKind::bounds))
}

/// What the arguments of a call say, or the entries of a typed record.
pub(crate) fn given(file: &Analysis<'_>, site: NodeId, api: &Api) -> Bound {
    let mut endless = None;
    for spec in limits(api) {
        let Some(length) = file.argument_at(site, spec.at.as_slice()) else { continue };
        if !means_for_ever(file, spec, length) {
            return Bound::Given;
        }
        endless = endless.or(Some(length));
    }
    if let Some(length) = endless {
        return Bound::Endless(length);
    }
    let model = file.model;
    match model.kind(site) {
        Kind::Record if model.children_with(site, Role::Item).any(|i| model.kind(i) != Kind::Entry) => Bound::Unknown,
        Kind::Record if speaks_of_limits(file, site) => Bound::Given,
        Kind::Record | Kind::Member => Bound::Absent,
        _ => given_by_arguments(file, site, api),
    }
}

fn speaks_of_limits(file: &Analysis<'_>, id: NodeId) -> bool {
    file.model.self_and_descendants(id).take(64).any(|n| has_word(file.model.name(n), &LIMITS))
}

/// Null, or a number that stands for no limit.
pub(super) fn means_for_ever(file: &Analysis<'_>, spec: &ArgSpec, length: NodeId) -> bool {
    let value = file.value(length);
    // `ClientTimeout(total=None)`, perhaps under a name of its own that was given before: two that are made of each other
    // lead nowhere.
    let earlier = |v: &NodeId| file.model.end(*v) <= length;
    let source = match file.stores_of(length) {
        [only] if file.model.kind(length) == Kind::Name => only.value.filter(earlier).unwrap_or(length),
        _ => length,
    };
    let made = || file.resolve(source).filter(|k| k.how != How::Name && k.api.role == ApiRole::TimeoutSet);
    let made_endless = || {
        let Some(made) = made() else { return false };
        let given = || limits(made.api).filter_map(|s| Some((s, file.argument_at(source, s.at.as_slice())?)));
        given().next().is_some() && given().all(|(s, inner)| inner != length && means_for_ever(file, s, inner))
    };
    value.origins == Origins::NULL
        || matches!(file.model.kind(source), Kind::Call | Kind::New) && made_endless()
        || value.is_constant() && value.number.is_some_and(|n| spec.infinite.contains(&n))
        || file.model.kind(length) == Kind::Boolean && file.model.name(length).eq_ignore_ascii_case("false")
}

/// The arguments that the catalogue says nothing of: options objects, spreads, objects that carry settings.
fn given_by_arguments(file: &Analysis<'_>, site: NodeId, api: &Api) -> Bound {
    let model = file.model;
    let by_keyword = model.children_with(site, Role::Arg).any(|a| model.kind(a) == Kind::Argument);
    let (position, keyword) =
        (|p: &ArgPlace| matches!(p, ArgPlace::Position(_)), |p: &ArgPlace| matches!(p, ArgPlace::Keyword(_)));
    let takes_options = limits(api).any(|s| s.at.as_slice().iter().any(keyword));
    let by_parameter = limits(api).any(|s| s.at.as_slice().iter().any(position) && s.at.as_slice().iter().any(keyword));
    if let Some(part) = limits(api).find_map(|s| part_with_limits(file, site, s)).filter(|p| *p != Bound::Absent) {
        return part;
    }
    let settings = api.args.iter().find(|a| a.is == ArgMeaning::Settings);
    if let Some(handed) = settings.and_then(|s| file.argument_at(site, s.at.as_slice())) {
        return of_settings(file, handed);
    }
    let values: Vec<NodeId> = api
        .args
        .iter()
        .filter(|a| matches!(a.is, ArgMeaning::Value | ArgMeaning::Text))
        .filter_map(|a| file.argument_at(site, a.at.as_slice()))
        .collect();
    for (position, arg) in model.children_with(site, Role::Arg).enumerate() {
        let bound = match model.kind(arg) {
            Kind::Spread => model.child(arg, Role::Value).map_or(Bound::Unknown, |v| of_settings(file, v)),
            // Also `dial(address, readTimeout(t))`, `"host=db connect_timeout=3"`.
            Kind::Argument | Kind::Call | Kind::String if has_word(model.name(arg), &LIMITS) => return Bound::Given,
            // `get(url, HTTP_TIMEOUT)`
            Kind::Name | Kind::Member if position > 0 && names_a_limit(model.name(arg)) => return Bound::Given,
            Kind::Argument if has_word(model.name(arg), &HANDED) => Bound::Unknown,
            Kind::Record => of_record(file, arg),
            // `request(config as Options)`
            Kind::Cast => model.children(arg).find(|c| model.kind(*c) == Kind::Name).map_or(Bound::Absent, |named| {
                let options = position > 0 || has_word(model.name(named), &CARRIERS);
                if options { of_settings(file, named) } else { Bound::Absent }
            }),
            Kind::Name if position > 0 && is_callback(model.name(arg)) => Bound::Absent,
            Kind::Call if position > 0 && makes_a_callback(file, arg) => Bound::Absent,
            Kind::Name | Kind::Member | Kind::Call | Kind::Conditional | Kind::Binary | Kind::New | Kind::Index => {
                // `self.get_option("webhook", options)`: one setting, and not all of them.
                let one = model.kind(arg) == Kind::Call
                    && words(model.name(arg)).first().is_some_and(|w| w == "get")
                    && model.child(arg, Role::Arg).is_some_and(|a| model.kind(a) == Kind::String);
                let carries = has_word(called(file, arg), &CARRIERS);
                // `urlopen(request)`: where the limit is a parameter of the call, what is asked has none.
                let asked = by_parameter && has_word(called(file, arg), &["request", "req"]);
                let named = carries && !one && !asked;
                let options = takes_options && position > 0 || named;
                let plain = by_keyword || values.contains(&arg) || is_text(file, arg);
                if options && !plain { of_settings(file, arg) } else { Bound::Absent }
            }
            _ => Bound::Absent,
        };
        if bound != Bound::Absent {
            return bound;
        }
    }
    Bound::Absent
}

/// `{ requestHandler: new Handler({ .. }) }` where the limit is an option of the handler: what is given in its place.
fn part_with_limits(file: &Analysis<'_>, site: NodeId, spec: &ArgSpec) -> Option<Bound> {
    let whole = |p: &ArgPlace| match p {
        ArgPlace::Keyword(key) => key.split_once('.').map(|(part, _)| ArgPlace::Keyword(part.to_owned())),
        ArgPlace::Position(_) => None,
    };
    let part = spec.at.as_slice().iter().find_map(whole)?;
    let given = file.argument_at(site, &[part])?;
    let args: Vec<NodeId> = match file.model.kind(given) {
        Kind::New => file.model.children_with(given, Role::Arg).collect(),
        _ => vec![given],
    };
    let mut bounds = args.into_iter().map(|a| of_settings(file, a));
    Some(bounds.find(|b| *b != Bound::Absent).unwrap_or(Bound::Absent))
}

/// A function that is called when there is an answer.
fn is_callback(name: &str) -> bool {
    const CALLBACK: [&str; 10] =
        ["cb", "callback", "done", "next", "fn", "handler", "listener", "resolve", "reject", "func"];
    has_word(name, &CALLBACK)
}

/// `onAnswer(request, done)`: what comes back is a function, or it is called so.
fn makes_a_callback(file: &Analysis<'_>, call: NodeId) -> bool {
    let function = |v: &NodeId| file.model.kind(*v) == Kind::Function;
    match file.callee(call) {
        Some(Callee::Here(made)) => {
            let values = file.returns(made);
            !values.is_empty() && values.iter().all(function)
        }
        _ => is_callback(file.model.name(call)),
    }
}

/// What an expression is called: its own name, or that of the type it constructs.
fn called<'f>(file: &'f Analysis<'_>, id: NodeId) -> &'f str {
    file.model.child(id, Role::Type).map_or(file.model.name(id), |t| file.model.name(t))
}

/// An address, by its name or because it is put together.
fn is_text(file: &Analysis<'_>, id: NodeId) -> bool {
    #[rustfmt::skip]
    const ADDRESS: [&str; 12] = [
        "url", "uri", "urls", "href", "link", "path", "endpoint", "address", "host", "hostname", "port", "addr",
    ];
    let model = file.model;
    let joined = model.kind(id) == Kind::Binary && model.name(id).split(' ').all(|op| matches!(op, "+" | "%"));
    joined || has_word(called(file, id), &ADDRESS)
}

/// What an options object says that is a literal, or a local variable that only ever holds literals.
fn of_settings(file: &Analysis<'_>, id: NodeId) -> Bound {
    of_settings_beside(file, id, &mut Vec::new())
}

pub(super) fn of_record(file: &Analysis<'_>, record: NodeId) -> Bound {
    of_record_beside(file, record, &mut Vec::new())
}

/// `seen` are the records that are being looked at: `config = {...config, agent}` is spread into itself.
fn of_settings_beside(file: &Analysis<'_>, id: NodeId, seen: &mut Vec<NodeId>) -> Bound {
    match file.model.kind(id) {
        Kind::Record => of_record_beside(file, id, seen),
        Kind::Name => {
            let Some(records) = file.literals_of(id) else { return Bound::Unknown };
            let mut bounds = records.into_iter().map(|r| of_record_beside(file, r, seen));
            bounds.find(|b| *b != Bound::Absent).unwrap_or(Bound::Absent)
        }
        _ => Bound::Unknown,
    }
}

fn of_record_beside(file: &Analysis<'_>, record: NodeId, seen: &mut Vec<NodeId>) -> Bound {
    let model = file.model;
    if seen.contains(&record) {
        return Bound::Absent;
    }
    seen.push(record);
    for child in model.children(record) {
        let spread = |seen: &mut Vec<NodeId>| {
            model.child(child, Role::Value).map_or(Bound::Unknown, |v| of_settings_beside(file, v, seen))
        };
        match model.kind(child) {
            Kind::Entry | Kind::Argument if has_word(model.name(child), &LIMITS) => return Bound::Given,
            Kind::Entry if matches!(model.name(child), "session" | "transport" | "opener") => return Bound::Unknown,
            Kind::Entry | Kind::Argument if !model.name(child).is_empty() => {}
            Kind::Spread => match spread(seen) {
                Bound::Absent => {}
                other => return other,
            },
            Kind::Name if !has_word(model.name(child), &LIMITS) => {}
            Kind::Type => {}
            _ => return Bound::Unknown,
        }
    }
    Bound::Absent
}

/// What the calls say that a call is chained to: builders before it, wrappers after it.
pub(crate) fn chained(file: &Analysis<'_>, site: NodeId) -> Bound {
    const MOST: usize = 24;
    let model = file.model;
    let mut at = model.child(site, Role::Receiver).or_else(|| model.child(site, Role::Object));
    for _ in 0..MOST {
        let Some(node) = at else { break };
        match link(file, node) {
            Bound::Absent if is_limited_inside(file, node) => return Bound::Given,
            Bound::Absent => {}
            other => return other,
        }
        at = match model.kind(node) {
            Kind::Name => match file.condition_source(node) {
                source if source == node => None,
                source => Some(source),
            },
            _ => model.child(node, Role::Receiver).or_else(|| model.child(node, Role::Value)),
        };
    }
    let mut child = site;
    for parent in model.ancestors(site).take(MOST) {
        match (model.kind(parent), model.role(child)) {
            (Kind::Call, Role::Receiver) if link(file, parent) != Bound::Absent => return Bound::Given,
            (Kind::Call | Kind::Member, Role::Receiver | Role::Object) | (Kind::Await, _) => {}
            _ => break,
        }
        child = parent;
    }
    Bound::Absent
}

/// `newRequest(url).send()`: the function of the file that makes what is sent sets a limit.
fn is_limited_inside(file: &Analysis<'_>, call: NodeId) -> bool {
    let Some(Callee::Here(function)) = file.callee(call) else { return false };
    file.calls_below(function).iter().any(|c| sets_limit(file, *c))
}

/// One call of a chain: it sets a limit, or is given settings that may hold one.
fn link(file: &Analysis<'_>, id: NodeId) -> Bound {
    let model = file.model;
    if !matches!(model.kind(id), Kind::Call | Kind::New) {
        return Bound::Absent;
    }
    if sets_limit(file, id) {
        return Bound::Given;
    }
    if let Some(bound) = built(file, id) {
        return bound;
    }
    let args: Vec<NodeId> = model.children_with(id, Role::Arg).collect();
    let named = |n: &str| has_word(n, &["config", "options", "settings", "factory", "customizer", "transport"]);
    if args.iter().any(|a| speaks_of_limits(file, *a)) {
        return Bound::Given;
    }
    // `newBuilder(request, filter)`, `request.toBuilder()`: what is copied may have a limit.
    let handed = |a: &NodeId| model.kind(*a) == Kind::Name && has_word(model.name(*a), &["request", "req", "client"]);
    let copies = match args.as_slice() {
        [] => matches!(model.name(id), "copy" | "toBuilder"),
        given => has_word(model.name(id), &["builder", "copy"]) && given.iter().any(handed),
    };
    if !args.is_empty() && named(model.name(id)) || copies { Bound::Unknown } else { Bound::Absent }
}

/// A call that limits something: by its role, or by its name.
fn sets_limit(file: &Analysis<'_>, call: NodeId) -> bool {
    match file.resolve(call) {
        Some(known) if matches!(known.api.role, ApiRole::TimeoutSet) => true,
        Some(known) if known.api.role == ApiRole::Await => given(file, call, known.api) == Bound::Given,
        _ => names_a_limit(file.model.name(call)),
    }
}

fn names_a_limit(name: &str) -> bool {
    has_word(name, &["timeout", "timeouts", "deadline"])
}

/// Whether something limits the object that a call makes, later or elsewhere in the file: `client.setTimeout(..)`,
/// `client.timeout = ..`, settings that cannot be followed.
pub(crate) fn set_on_result(file: &Analysis<'_>, site: NodeId) -> bool {
    let model = file.model;
    let statement = file.statement(site);
    if !matches!(model.kind(statement), Kind::Let | Kind::Assign | Kind::Try | Kind::With | Kind::Field) {
        return false;
    }
    let names: Vec<_> = model
        .children(statement)
        .flat_map(|c| [Some(c), model.child(c, Role::Target)])
        .flatten()
        .filter(|t| model.role(*t) == Role::Target && *t < site)
        .map(|t| model.sym(t))
        .collect();
    // `socket = channel.socket()` and `(HttpURLConnection) connection` are limited in its stead.
    let parts = file.tables.calls.iter().filter(|c| {
        **c > site
            && file.function_around(**c) == file.function_around(site)
            && model.child(**c, Role::Receiver).is_some_and(|r| names.contains(&model.sym(r)))
    });
    let derived = parts.filter_map(|c| {
        let target = model.child(model.parent(*c)?, Role::Target)?;
        matches!(model.kind(target), Kind::Name | Kind::Member).then(|| model.sym(target))
    });
    let cast = |id: NodeId| {
        let value = model.child(id, Role::Value).filter(|v| model.kind(*v) == Kind::Cast)?;
        let inner = model.children(value).find(|c| model.kind(*c) == Kind::Name)?;
        names.contains(&model.sym(inner)).then(|| model.child(id, Role::Target).map(|t| model.sym(t))).flatten()
    };
    let end = file.function_around(site).map_or(model.end(model.root()), |f| model.end(f));
    let stores = (site.0..end.0).map(NodeId).filter(|n| matches!(model.kind(*n), Kind::Let | Kind::Assign));
    let names: Vec<Sym> = derived.chain(stores.filter_map(cast)).chain(names.iter().copied()).collect();
    set_on(file, &names, site)
}

/// Whether something limits the object that a call is made on: `socket.settimeout(5)`, `request.timeout(..)`. Where each
/// call takes its own limit, only what is handed a limit counts: `session.mount(prefix, WithTimeout(5))`.
pub(crate) fn set_on_receiver(file: &Analysis<'_>, site: NodeId, each: bool) -> bool {
    let model = file.model;
    let named = |r: &NodeId| matches!(model.kind(*r), Kind::Name | Kind::Member);
    let Some(receiver) = model.child(site, Role::Receiver).filter(named) else { return false };
    let name = model.sym(receiver);
    if file.tables.imports.contains_key(model.name(receiver)) {
        return false;
    }
    if !each || file.type_of(receiver).is_none() {
        return set_on(file, &[name], site);
    }
    let same = |object: Option<NodeId>| object.is_some_and(|o| model.sym(o) == name);
    let handed = |c: &NodeId| {
        let calls = file.resolve(*c).is_some_and(|k| k.api.role == ApiRole::RemoteCall);
        !calls
            && same(model.child(*c, Role::Receiver))
            && model.children_with(*c, Role::Arg).any(|a| speaks_of_limits(file, a))
    };
    let wrapped = |id: NodeId| {
        let target = model.child(id, Role::Target).filter(|t| model.kind(*t) == Kind::Member);
        let value = model.child(id, Role::Value).filter(|v| model.kind(*v) == Kind::Call);
        // `session.timeout = float(..)` wraps nothing.
        let target = target.filter(|t| !has_word(model.name(*t), &LIMITS));
        target.is_some_and(|t| same(model.child(t, Role::Object))) && value.is_some_and(|v| speaks_of_limits(file, v))
    };
    file.tables.calls.iter().any(handed) || model.ids().filter(|n| model.kind(*n) == Kind::Assign).any(wrapped)
}

fn set_on(file: &Analysis<'_>, names: &[Sym], site: NodeId) -> bool {
    const MOST_LINKS: usize = 6;
    const SETTINGS: [&str; 8] =
        ["timeout", "timeouts", "deadline", "factory", "config", "options", "transport", "properties"];
    let model = file.model;
    let function = file.function_around(site);
    // A local variable of another function may have the same name.
    let own = |n: NodeId| {
        let around = file.function_around(n);
        around == function || around.is_none_or(|f| file.tables.stores(f, model.sym(n)).is_empty())
    };
    let same = |n: NodeId| names.contains(&model.sym(n)) && own(n);
    let called = |c: &NodeId| {
        let object = model.child(*c, Role::Receiver).or_else(|| model.child(*c, Role::Object));
        let set = || {
            let mut args = model.children_with(*c, Role::Arg);
            let said = words(model.name(*c));
            // `setHttpClient(limited)`: what does the work may have a limit.
            let replaces = said.first().is_some_and(|w| w == "set") && said.last().is_some_and(|w| w == "client");
            let by_name = model.child(*c, Role::Arg).is_some() && (replaces || has_word(model.name(*c), &SETTINGS));
            let sets =
                said.first().is_some_and(|w| matches!(w.as_str(), "set" | "put" | "property" | "connect" | "open"));
            sets_limit(file, *c) || by_name || sets && args.any(|a| speaks_of_limits(file, a))
        };
        // Also `client.getConnectionManager().getParams().setSoTimeout(limit)`.
        let along = || std::iter::successors(object, |o| model.child(*o, Role::Receiver)).take(MOST_LINKS).any(same);
        *c != site && along() && set()
    };
    let assigned = |id: NodeId| {
        let target = model.child(id, Role::Target).filter(|t| model.kind(*t) == Kind::Member);
        target.is_some_and(|t| {
            // `client.HTTPClient = limited`
            let replaces = words(model.name(t)).split_last().is_some_and(|(w, rest)| w == "client" && !rest.is_empty());
            // Also `client.inner.timeout = limit`.
            let mut along = std::iter::successors(model.child(t, Role::Object), |o| model.child(*o, Role::Object));
            along.any(same) && (replaces || has_word(model.name(t), &SETTINGS))
        })
    };
    let handed = |c: &NodeId| {
        // Also `post(connection, body, readTimeout)`.
        let with_a_limit = || model.children_with(*c, Role::Arg).any(|a| !same(a) && speaks_of_limits(file, a));
        let configures =
            || has_word(model.name(*c), &["timeout", "timeouts", "configure", "customize", "prepare", "deadline"]);
        *c > site
            && !words(model.name(*c)).first().is_some_and(|w| w == "clear" || w == "set")
            && model.children_with(*c, Role::Arg).any(same)
            && (configures() || with_a_limit())
    };
    file.tables.calls.iter().any(|c| called(c) || handed(c))
        || model.ids().filter(|n| model.kind(*n) == Kind::Assign).any(assigned)
}

/// Whether something around the call limits it: a scoped limit, a wrapper that is handed the call, a decorator.
pub(crate) fn limited_around(file: &Analysis<'_>, site: NodeId) -> bool {
    let model = file.model;
    let limits =
        |id: NodeId| matches!(model.kind(id), Kind::Call | Kind::New | Kind::Decorator) && limits_work(file, id);
    for outer in model.ancestors(site) {
        let found = match model.kind(outer) {
            Kind::Call | Kind::New => limits(outer),
            Kind::With | Kind::Try => model
                .children_with(outer, Role::Item)
                .filter_map(|i| model.child(i, Role::Value))
                .any(|v| model.self_and_descendants(v).take(16).any(limits)),
            Kind::Function => model.children_with(outer, Role::Decorator).any(limits),
            _ => false,
        };
        if found {
            return true;
        }
    }
    false
}

fn limits_work(file: &Analysis<'_>, call: NodeId) -> bool {
    const WRAPPERS: [&str; 8] =
        ["timeout", "timeouts", "deadline", "race", "limiter", "timelimiter", "limit", "withdeadline"];
    let scheduled = words(file.model.name(call)).first().is_some_and(|w| w == "set");
    !scheduled && (sets_limit(file, call) || has_word(file.model.name(call), &WRAPPERS))
}
