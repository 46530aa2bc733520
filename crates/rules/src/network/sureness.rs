//! How sure it is that a call waits for another machine, and that nothing limits it.

use crate::network::answers::{has_come, is_asynchronous, is_own_request};
use crate::network::built_settings::limits_connecting;
use crate::network::context_roots::carries_limit;
use crate::network::missing_timeout::META;
use crate::network::peers::is_daemon_name;
use crate::network::remote::{Remote, is_ending, is_near, source_evidence};
use crate::network::servers::sureness_of_server;
use crate::story::lower;
use crate::surface::{is_called_by_a_person, is_interface};
use timelint_diagnostics::Confidence;
use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::catalog::{Api, ApiRole, ArgMeaning, leaf};
use timelint_semantics::{Analysis, Guard, How, Resolved, has_word, library_of, words};

/// How sure it is that this waits for another machine and that nothing limits it; `None` where it is not.
pub(super) fn sureness(file: &Analysis<'_>, site: NodeId, known: Resolved<'_>) -> Option<Confidence> {
    let receiver = file.model.child(site, Role::Receiver).map(|r| file.condition_source(r));
    let near =
        is_near(file, site) || receiver.is_some_and(|r| is_near(file, r)) || is_called_a_local_socket(file, site);
    let never =
        || file.guards(site).iter().any(|g| file.model.kind(g.condition) == Kind::Boolean && is_false(file, *g));
    if file.is_silent(&META, site, "the other side is on this machine", near)
        || file.is_silent(&META, site, "it ends things", ends(file, site))
        || file.is_silent(&META, site, "it never runs", never())
    {
        return None;
    }
    if known.api.role == ApiRole::Server {
        return Some(sureness_of_server(file, site));
    }
    let mut confidence = match known.api.role {
        ApiRole::Await => match awaited_source(file, site) {
            Remote::Known if is_of_a_given_client(file, site) => Confidence::Low,
            Remote::Known => Confidence::High,
            // That a call is named after something remote says little of who answers, and when.
            Remote::Named if is_said_to_be_asynchronous(file, site) => Confidence::Medium,
            Remote::Named => Confidence::Low,
            _ => return None,
        },
        _ => Confidence::High,
    };
    let default = known.api.default.as_deref().unwrap_or_default();
    if known.how == How::Project || default != "none" {
        confidence = lower(confidence);
    }
    // What is called while a file is loaded is a script's, or nothing that serves waits for it. Only some versions wait for
    // ever, or something that no argument says gives up in the end.
    let conditional = default.contains(" before ") || default.contains('(');
    if conditional
        || is_called_by_a_person(file)
        || is_interface(&file.path)
        || is_of_unknown_kind(file, site, known)
        || lasts(file, site)
        || known.api.role == ApiRole::RemoteCall && file.function_around(site).is_none()
        || is_handed_on(file, site, known)
        || requests_are_limited(file, known)
        || is_delegated(file, site, known)
        || may_be_a_file(file, site, known)
        || known.api.role == ApiRole::RemoteCall && is_a_location(file, site)
        || speaks_to_a_plugin(file, site)
        || is_of_any_network(file, site, known)
    {
        confidence = Confidence::Low;
    }
    Some(confidence)
}

/// What is waited for came from a call that says that its answer comes later.
fn is_said_to_be_asynchronous(file: &Analysis<'_>, site: NodeId) -> bool {
    let source = file.model.child(site, Role::Receiver).map(|r| file.condition_source(r));
    source.is_some_and(|s| is_asynchronous(file.model.name(s)))
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

/// In what listens for as long as somebody talks: there silence is no failure.
fn lasts(file: &Analysis<'_>, site: NodeId) -> bool {
    const LASTING: [&str; 12] = [
        "stream",
        "streaming",
        "sse",
        "watch",
        "watcher",
        "subscribe",
        "follow",
        "tail",
        "listen",
        "longpoll",
        "websocket",
        "ws",
    ];
    let model = file.model;
    let mut functions = model.ancestors(site).filter(|a| model.kind(*a) == Kind::Function);
    functions.any(|f| has_word(model.name(f), &LASTING))
}

/// A method of an object that only the file's imports tell to be of a library.
fn is_of_unknown_kind(file: &Analysis<'_>, site: NodeId, known: Resolved<'_>) -> bool {
    let receiver = file.model.child(site, Role::Receiver);
    // `Connector().connect(host)`: of an imported class.
    let imported = |r: NodeId| file.path_of(r).is_some() || file.tables.imports.contains_key(file.model.name(r));
    let untyped = receiver.is_some_and(|r| file.type_of(r).is_none() && !imported(r));
    known.how == How::Project && untyped
}

/// What is waited for was asked of a client that somebody else made, with a limit or without:
/// `this.client.get().retrieve().block()`.
fn is_of_a_given_client(file: &Analysis<'_>, site: NodeId) -> bool {
    const MOST_LINKS: usize = 24;
    let model = file.model;
    let along = std::iter::successors(model.child(site, Role::Receiver), |n| match model.kind(*n) {
        Kind::Name => Some(file.condition_source(*n)).filter(|s| s != n),
        _ => model.child(*n, Role::Receiver),
    });
    let Some(root) = along.take(MOST_LINKS).last() else { return false };
    let makes = |n: NodeId| matches!(model.kind(n), Kind::Call | Kind::New | Kind::Record);
    let made = |v: NodeId| model.self_and_descendants(v).any(|n| makes(n) && file.resolve(n).is_some());
    matches!(model.kind(root), Kind::Name | Kind::Member)
        && file.type_of(root).is_some_and(|t| file.catalog().knows_type(&t.name))
        && !file.stores_of(root).iter().filter_map(|s| s.value).any(made)
}

/// A location that somebody else found: a resource of the program, a file.
fn is_a_location(file: &Analysis<'_>, site: NodeId) -> bool {
    let Some(given) = file.model.child(site, Role::Arg).filter(|a| file.model.kind(*a) == Kind::Name) else {
        return false;
    };
    let source = file.condition_source(given);
    let names = file.type_of(given).is_some_and(|t| matches!(leaf(&t.name), "URL" | "URI"));
    names && (file.model.kind(source) != Kind::New || names_a_file(file, source))
}

/// In a class or file that is called after the sockets of one machine: `DomainSocketClient`.
fn is_called_a_local_socket(file: &Analysis<'_>, site: NodeId) -> bool {
    let local = |name: &str| has_word(name, &["socket"]) && has_word(name, &["domain", "unix"]);
    let mut outer = file.model.ancestors(site).filter(|a| matches!(file.model.kind(*a), Kind::Class | Kind::Function));
    outer.any(|a| local(file.model.name(a))) || file.path.rsplit('/').next().is_some_and(local)
}

/// `client.Call("Plugin.Name", ..)`: the other side is a part of the program in a process of its own.
fn speaks_to_a_plugin(file: &Analysis<'_>, site: NodeId) -> bool {
    let first = file.model.child(site, Role::Arg).filter(|a| file.model.kind(*a) == Kind::String);
    first.is_some_and(|a| !file.model.name(a).contains('/') && is_daemon_name(file.model.name(a)))
}

/// What the connection runs over is a setting: it may as well be a datagram, or a socket of this machine.
fn is_of_any_network(file: &Analysis<'_>, site: NodeId, known: Resolved<'_>) -> bool {
    let network = known.api.args.iter().find(|a| a.is == ArgMeaning::Network);
    let given = network.and_then(|a| file.argument_at(site, a.at.as_slice()));
    given.is_some_and(|n| file.model.kind(file.condition_source(n)) != Kind::String && !file.value(n).is_constant())
}

/// The address comes from elsewhere and is of a kind that may as well name a file.
fn may_be_a_file(file: &Analysis<'_>, site: NodeId, known: Resolved<'_>) -> bool {
    let Some(receiver) = file.model.child(site, Role::Receiver) else { return false };
    // `(HttpURLConnection) url.openConnection()`, and not `(JarURLConnection)`.
    let to_http = |c: NodeId| file.model.descendants(c).take_while(|n| *n < site).any(|n| speaks_http(file, n));
    let cast = file.model.parent(site).is_some_and(|p| file.model.kind(p) == Kind::Cast && to_http(p));
    let names = |ty: &str| has_word(leaf(ty), &["url", "uri", "resource"]);
    let opens = file.type_of(receiver).is_some_and(|t| names(&t.name)) && known.api.args.is_empty() && !cast;
    let source = file.condition_source(receiver);
    // `uri.toURL()` is of the kind of what it is made of.
    let path = |n: NodeId| has_word(file.model.name(n), &["path", "file", "filename", "location"]);
    let given = |n: NodeId| match file.model.kind(n) {
        Kind::New => !file.model.children_with(n, Role::Arg).any(path),
        _ => file.model.child(n, Role::Arg).is_some() && file.resolve(n).is_some(),
    };
    let made = match file.model.kind(source) {
        Kind::New | Kind::Call => given(source) && !names_a_file(file, source),
        _ => false,
    };
    opens && known.api.role != ApiRole::Await && !made
}

fn speaks_http(file: &Analysis<'_>, ty: NodeId) -> bool {
    file.model.kind(ty) == Kind::Type && has_word(leaf(file.model.name(ty)), &["http", "https"])
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

/// A client whose requests may carry limits of their own, and none is seen that carries none: whoever uses it decides.
fn is_handed_on(file: &Analysis<'_>, site: NodeId, known: Resolved<'_>) -> bool {
    let model = file.model;
    let is_client = known.api.role == ApiRole::RemoteClient && model.kind(site) != Kind::New;
    let by_request = made_type(known).is_some_and(|client| limits_by_request(file, client));
    let shared = file.function_around(site).is_none() && model.kind(file.statement(site)) != Kind::Return;
    // Where connecting is limited here, the limits are chosen here.
    is_client
        && !limits_connecting(file, site)
        && (requests_carry_limits(file, site) || by_request && !shared && !is_asked_without_limit(file, site))
}

/// What a construction makes, or what is ready for use.
fn made_type(known: Resolved<'_>) -> Option<&str> {
    known.api.returns.as_deref().or_else(|| known.api.name.as_slice().first().map(String::as_str))
}

/// Calls on a client of this type may be limited by the request that they are given.
fn limits_by_request(file: &Analysis<'_>, client: &str) -> bool {
    let own = |n: &String| n.split_once('#').is_some_and(|(ty, _)| ty == client);
    file.apis_in(ApiRole::RemoteCall).any(|a| a.name.as_slice().iter().any(own) && is_limited_by_request(a))
}

fn is_limited_by_request(api: &Api) -> bool {
    api.default.as_deref().is_some_and(|d| d.contains("context of the request"))
}

/// A call on this client in the file takes no request, or one that is made here without a limit.
fn is_asked_without_limit(file: &Analysis<'_>, site: NodeId) -> bool {
    let model = file.model;
    let mut outer =
        model.self_and_ancestors(site).skip_while(|a| *a == site || matches!(model.kind(*a), Kind::Unary | Kind::Cast));
    let name = match outer.next().filter(|o| matches!(model.kind(*o), Kind::Entry | Kind::Argument)) {
        Some(entry) => Some(model.name(entry)),
        None => model.child(file.statement(site), Role::Target).map(|t| model.name(t)),
    };
    let on_it =
        |r: NodeId| r == site || matches!(model.kind(r), Kind::Name | Kind::Member) && Some(model.name(r)) == name;
    let unlimited = |c: &NodeId| {
        let Some(known) = file.resolve(*c).filter(|k| k.how != How::Name && k.api.role == ApiRole::RemoteCall) else {
            return false;
        };
        let made = model.child(*c, Role::Arg).map(|a| file.condition_source(a));
        let unlimited = |m: NodeId| {
            file.resolve(m).is_some_and(|k| match k.api.role {
                ApiRole::ContextAttach => !carries_limit(file, m),
                role => role == ApiRole::None,
            })
        };
        !is_limited_by_request(known.api) || made.is_some_and(unlimited)
    };
    let mut calls = file.tables.calls.iter();
    calls.any(|c| model.child(*c, Role::Receiver).is_some_and(on_it) && unlimited(c))
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
