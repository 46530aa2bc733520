//! How sure it is that a call waits for another machine, and that nothing limits it.

use crate::network::answers::{has_come, is_own_request};
use crate::network::contexts::carries_limit;
use crate::network::missing_timeout::META;
use crate::network::remote::{Remote, is_ending, is_near, source_evidence};
use crate::story::lower;
use crate::surface::{is_command, is_interface};
use timelint_diagnostics::Confidence;
use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::catalog::{ApiRole, leaf};
use timelint_semantics::{Analysis, Guard, How, Resolved, has_word, library_of, words};

/// How sure it is that this waits for another machine and that nothing limits it; `None` where it is not.
pub(super) fn sureness(file: &Analysis<'_>, site: NodeId, known: Resolved<'_>) -> Option<Confidence> {
    let receiver = file.model.child(site, Role::Receiver).map(|r| file.condition_source(r));
    let near = is_near(file, site) || receiver.is_some_and(|r| is_near(file, r));
    let never =
        || file.guards(site).iter().any(|g| file.model.kind(g.condition) == Kind::Boolean && is_false(file, *g));
    if file.is_silent(&META, site, "the other side is on this machine", near)
        || file.is_silent(&META, site, "it ends things", ends(file, site))
        || file.is_silent(&META, site, "it never runs", never())
    {
        return None;
    }
    let mut confidence = match known.api.role {
        ApiRole::Await => match awaited_source(file, site) {
            Remote::Known => Confidence::High,
            Remote::Named => Confidence::Medium,
            _ => return None,
        },
        _ => Confidence::High,
    };
    let default = known.api.default.as_deref().unwrap_or_default();
    if known.how == How::Project || default != "none" {
        confidence = lower(confidence);
    }
    // Only some versions or platforms wait for ever.
    let conditional = default.contains(" before ") || default.contains('(') && !is_back_end(&file.path);
    // Profiles are fetched by those who run it.
    let profiles = default.contains("none can be set") && file.says(&["pprof"]);
    if conditional
        || profiles
        || is_command(file)
        || is_interface(&file.path)
        || is_handed_on(file, site, known)
        || requests_are_limited(file, known)
        || is_delegated(file, site, known)
        || may_be_a_file(file, site, known)
    {
        confidence = Confidence::Low;
    }
    Some(confidence)
}

/// `if False: ..`
fn is_false(file: &Analysis<'_>, guard: Guard) -> bool {
    file.model.name(guard.condition).eq_ignore_ascii_case("false") == guard.holds
}

/// Evidence of the call that gave what is waited for; a local worker that is handed the call is local.
fn awaited_source(file: &Analysis<'_>, site: NodeId) -> Remote {
    const LOCAL: [&str; 8] = ["submit", "apply", "map", "schedule", "execute", "run", "supply", "invoke"];
    let Some(receiver) = file.model.child(site, Role::Receiver) else { return Remote::No };
    let source = file.condition_source(receiver);
    if file.model.kind(source) != Kind::Call || has_come(file, site, receiver) {
        return Remote::No;
    }
    // `producer.send(record).get()`: the library gives up by itself.
    let limited = file.resolve(source).filter(|k| k.how != How::Name).and_then(|k| k.api.default.as_deref());
    if limited.is_some_and(|d| !d.starts_with("none") && !d.contains("context")) {
        return Remote::No;
    }
    let worker = words(file.model.name(source)).first().is_some_and(|w| LOCAL.contains(&w.as_str()));
    match source_evidence(file, receiver) {
        Remote::Named if worker => Remote::No,
        Remote::No if is_own_request(file, source) => Remote::Named,
        evidence => evidence,
    }
}

/// Code that serves others.
fn is_back_end(path: &str) -> bool {
    const BACK: [&str; 12] = [
        "server", "service", "services", "api", "backend", "worker", "workers", "job", "jobs", "lambda", "gateway",
        "handlers",
    ];
    !is_interface(path) && path.rsplit('/').any(|f| has_word(f, &BACK))
}

/// The address comes from elsewhere and is of a kind that may as well name a file.
fn may_be_a_file(file: &Analysis<'_>, site: NodeId, known: Resolved<'_>) -> bool {
    let Some(receiver) = file.model.child(site, Role::Receiver) else { return false };
    // `(HttpURLConnection) url.openConnection()`
    let cast = file.model.parent(site).is_some_and(|p| file.model.kind(p) == Kind::Cast);
    let names = |ty: &str| has_word(leaf(ty), &["url", "uri", "resource"]);
    let opens = file.type_of(receiver).is_some_and(|t| names(&t.name)) && known.api.args.is_empty() && !cast;
    let source = file.condition_source(receiver);
    let made = match file.model.kind(source) {
        Kind::New | Kind::Call => !names_a_file(file, source),
        _ => false,
    };
    opens && known.api.role != ApiRole::Await && !made
}

/// `new URL("jar:file:" + path)`, `classLoader.getResources(name).nextElement()`
fn names_a_file(file: &Analysis<'_>, made: NodeId) -> bool {
    const SCHEMES: [&str; 3] = ["jar:", "file:", "classpath:"];
    /// Parts of an expression that are looked at.
    const MOST_PARTS: usize = 20;
    let model = file.model;
    let says = |n: NodeId| {
        let whole = if model.kind(n) == Kind::Name { file.condition_source(n) } else { n };
        let texts = model.self_and_descendants(whole).filter(|t| model.kind(*t) == Kind::String);
        texts.take(MOST_PARTS).any(|t| SCHEMES.iter().any(|s| model.name(t).starts_with(s)))
    };
    has_word(model.name(made), &["resource", "resources", "classpath", "element"])
        || model.descendants(made).take(MOST_PARTS).any(says)
}

/// What the project's own factory hands out, whose callers limit it: `createSocket` of a `SocketFactory`.
fn is_delegated(file: &Analysis<'_>, site: NodeId, known: Resolved<'_>) -> bool {
    let name = file.model.name(site);
    let arity = Some(file.model.children_with(site, Role::Arg).count());
    let overrides = || {
        let class = file.tables.class_around(file.model, site)?;
        let supertypes = file.supertypes(&file.tables.classes[class as usize].name);
        supertypes.iter().find_map(|t| file.catalog().method(t, name, arity))
    };
    let same = file.function_around(site).is_some_and(|f| file.model.name(f) == name);
    known.api.role == ApiRole::RemoteClient && same && overrides().is_some()
}

/// A client that is handed to somebody else at once, or whose requests carry limits of their own.
fn is_handed_on(file: &Analysis<'_>, site: NodeId, known: Resolved<'_>) -> bool {
    let model = file.model;
    let client = model.kind(site) == Kind::Record && known.api.role == ApiRole::RemoteClient;
    let mut outer = model.ancestors(site).skip_while(|a| matches!(model.kind(*a), Kind::Unary | Kind::Cast));
    // `context.WithValue(ctx, key, &http.Client{..})`: of which only the transport is taken.
    let carries = |o: NodeId| file.resolve(o).is_some_and(|k| k.api.role == ApiRole::ContextDerive);
    // `&Dispatcher{client: &http.Client{..}}` and `d.client.Do(request)` in one file: it stays here.
    let stays = |o: NodeId| {
        model.kind(o) == Kind::Entry && file.tables.calls.iter().any(|c| is_request_on(file, *c, model.name(o)))
    };
    let leaves = |o: NodeId| matches!(model.kind(o), Kind::Entry | Kind::Argument | Kind::Record) && !stays(o);
    let given_away = client && outer.next().is_some_and(|o| leaves(o) || carries(o));
    let client = client
        || model.kind(site) == Kind::Member
        || model.kind(site) == Kind::Call && known.api.role == ApiRole::RemoteClient;
    given_away || client && requests_carry_limits(file, site)
}

/// A call of another machine on a member of this name.
fn is_request_on(file: &Analysis<'_>, call: NodeId, member: &str) -> bool {
    let receiver = file.model.child(call, Role::Receiver);
    receiver.is_some_and(|r| file.model.kind(r) == Kind::Member && file.model.name(r) == member)
        && file.resolve(call).is_some_and(|k| k.how != How::Name && k.api.role == ApiRole::RemoteCall)
}

/// A client that is made here for others, who give each request its limit.
fn requests_are_limited(file: &Analysis<'_>, known: Resolved<'_>) -> bool {
    let Some(library) = known.api.name.as_slice().first().map(|n| library_of(n)) else { return false };
    let own = |c: &NodeId| {
        let called = file.resolve(*c).filter(|k| k.how != How::Name && k.api.role == ApiRole::RemoteCall);
        called.is_some_and(|k| k.api.name.as_slice().iter().any(|n| library_of(n) == library))
    };
    known.api.role == ApiRole::RemoteClient
        && file.index().limits_requests_of(library)
        && !file.tables.calls.iter().any(own)
}

/// Requests are given contexts where the client is used: in its function, or anywhere for one that outlives it.
fn requests_carry_limits(file: &Analysis<'_>, site: NodeId) -> bool {
    let model = file.model;
    let target = model.child(file.statement(site), Role::Target).filter(|t| model.kind(*t) == Kind::Name);
    // `client := New(); return &service{client: client}`: who uses it is elsewhere.
    let leaves = |read: NodeId| {
        let mut outer = model.ancestors(read).take_while(|a| model.kind(*a) != Kind::Call);
        outer.any(|a| model.kind(a) == Kind::Return)
    };
    let local = target.is_some_and(|t| !file.reads_of(t).into_iter().any(leaves));
    let within = file.function_around(site).filter(|_| local).unwrap_or_else(|| model.root());
    let attaches =
        |c: &NodeId| file.resolve(*c).is_some_and(|k| k.api.role == ApiRole::ContextAttach) && carries_limit(file, *c);
    file.tables.calls.iter().filter(|c| model.contains(within, **c)).any(attaches)
}

/// It runs while something ends, where waiting is no outage.
pub(crate) fn ends(file: &Analysis<'_>, site: NodeId) -> bool {
    file.function_around(site).is_some_and(|f| words(file.model.name(f)).first().is_some_and(|w| is_ending(w)))
}
