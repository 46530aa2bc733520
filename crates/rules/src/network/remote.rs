//! Is another machine on the other side of a call? By what is known of the API, by names, by what stands around.

use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::catalog::{ApiRole, leaf};
use timelint_semantics::{Analysis, How, has_word, words};

/// Evidence that a call leaves the process, weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Remote {
    /// None.
    No,
    /// The function, class or file around it is called after something remote.
    Around,
    /// The call, its receiver, or a neighbouring argument is.
    Named,
    /// The catalogue says so.
    Known,
}

/// Arguments or entries of one construction that are looked at.
const MOST_CHILDREN: usize = 64;

/// Nodes that are looked at around one limit: a construction is small, a table of thousands of entries is data.
pub(crate) const MOST_NEAR: usize = 500;

/// Nodes under one limit that are looked at.
const MOST_NODES: usize = 2000;

/// Words of identifiers that speak of another machine.
const REMOTE: [&str; 82] = [
    "client",
    "clients",
    "rpc",
    "grpc",
    "http",
    "https",
    "conn",
    "connection",
    "connections",
    "connect",
    "connector",
    "dial",
    "dialer",
    "socket",
    "sock",
    "remote",
    "peer",
    "peers",
    "endpoint",
    "endpoints",
    "url",
    "uri",
    "host",
    "hostname",
    "hosts",
    "replica",
    "replication",
    "replicating",
    "raft",
    "transport",
    "stub",
    "request",
    "requests",
    "req",
    "fetch",
    "fetcher",
    "redis",
    "kafka",
    "zookeeper",
    "zk",
    "etcd",
    "consul",
    "mongo",
    "mongodb",
    "database",
    "jdbc",
    "datasource",
    "dao",
    "webhook",
    "broker",
    "upstream",
    "gateway",
    "api",
    "axios",
    "amqp",
    "rabbitmq",
    "nats",
    "mqtt",
    "sentinel",
    "cassandra",
    "elasticsearch",
    "smtp",
    "ldap",
    "ssh",
    "s3",
    "download",
    "upload",
    "cluster",
    "network",
    "rest",
    "websocket",
    "tcp",
    "follower",
    "roundtripper",
    "roundtrip",
    "backend",
    "comm",
    "comms",
    "rsync",
    "replicator",
    "federation",
    "invocation",
];

/// Words of code that ends something.
const ENDING: [&str; 16] = [
    "shutdown",
    "stop",
    "close",
    "teardown",
    "cleanup",
    "drain",
    "terminate",
    "quit",
    "exit",
    "dispose",
    "destroy",
    "finalize",
    "disconnect",
    "unregister",
    "deregister",
    "kill",
];

/// Whether a name speaks of shutting down, where a fixed limit is fine.
pub(crate) fn is_ending(name: &str) -> bool {
    has_word(name, &ENDING)
}

/// Whether any word of an identifier or qualified name speaks of another machine.
pub(crate) fn is_remote_name(name: &str) -> bool {
    has_word(name, &REMOTE)
}

/// Evidence of a call or construction itself: what it is, who receives it, what else it is given.
pub(crate) fn evidence_at(file: &Analysis<'_>, site: NodeId) -> Remote {
    let model = file.model;
    if is_known_remote(file, site) {
        return Remote::Known;
    }
    let mut named = is_remote_name(model.name(site))
        || model.child(site, Role::Type).is_some_and(|t| is_remote_name(model.name(t)));
    for child in model.children(site).take(MOST_CHILDREN) {
        named |= match model.role(child) {
            Role::Receiver | Role::Callee | Role::Target => chain_is_remote(file, child),
            Role::Arg | Role::Item => neighbour_is_remote(file, child, 0),
            _ => false,
        };
    }
    if named { Remote::Named } else { Remote::No }
}

fn is_known_remote(file: &Analysis<'_>, call: NodeId) -> bool {
    let Some(known) = file.resolve(call).filter(|k| k.how != How::Name) else { return false };
    matches!(known.api.role, ApiRole::RemoteCall | ApiRole::RemoteClient | ApiRole::RemoteRead | ApiRole::Write)
}

/// A module or function that calls other machines is imported under this name.
fn is_remote_module(file: &Analysis<'_>, name: NodeId) -> bool {
    let Some(path) = file.path_of(name) else { return false };
    let api = file.catalog().lookup(&path, None).map(|a| file.catalog().api(a));
    api.is_some_and(|a| matches!(a.role, ApiRole::RemoteCall | ApiRole::RemoteClient))
}

/// `h.orders.get(..)`, where `orders` is an `OrdersClient`: its type is called after what stands for another machine.
fn is_typed_remote(file: &Analysis<'_>, id: NodeId) -> bool {
    const STANDS_FOR: [&str; 4] = ["client", "stub", "api", "gateway"];
    let named = matches!(file.model.kind(id), Kind::Name | Kind::Member);
    let ty = named.then(|| file.type_of(id)).flatten();
    ty.is_some_and(|t| words(leaf(&t.name)).last().is_some_and(|w| STANDS_FOR.contains(&w.as_str())))
}

/// `a.client.b`: the names along a receiver, and what it is itself.
fn chain_is_remote(file: &Analysis<'_>, id: NodeId) -> bool {
    let model = file.model;
    if is_typed_remote(file, id) {
        return true;
    }
    let mut at = Some(id);
    for _ in 0..16 {
        let Some(node) = at else { return false };
        let known = match model.kind(node) {
            Kind::Call => is_known_remote(file, node),
            Kind::Name => is_remote_module(file, node),
            _ => false,
        };
        if known || is_remote_name(model.name(node)) {
            return true;
        }
        at = model
            .child(node, Role::Receiver)
            .or_else(|| model.child(node, Role::Object))
            .or_else(|| model.child(node, Role::Value));
    }
    false
}

/// `host: x`, `url=u`, `addr`: another argument or entry that speaks of a remote side.
fn neighbour_is_remote(file: &Analysis<'_>, id: NodeId, depth: usize) -> bool {
    let model = file.model;
    match model.kind(id) {
        Kind::Record | Kind::List => {
            depth < 3 && model.children(id).take(MOST_CHILDREN).any(|c| neighbour_is_remote(file, c, depth + 1))
        }
        Kind::Argument | Kind::Entry => {
            let speaks = !speaks_of_time(model.name(id)) && is_remote_name(model.name(id));
            speaks || model.child(id, Role::Value).is_some_and(|v| depth < 3 && neighbour_is_remote(file, v, depth + 1))
        }
        Kind::Name | Kind::Member | Kind::Call => !speaks_of_time(model.name(id)) && is_remote_name(model.name(id)),
        Kind::String => {
            let text = model.name(id);
            text.starts_with("http://") || text.starts_with("https://")
        }
        _ => false,
    }
}

fn speaks_of_time(name: &str) -> bool {
    words(name).iter().any(|w| matches!(w.as_str(), "timeout" | "timeouts" | "interval" | "deadline" | "delay"))
}

/// Evidence of the function, class and file around a place.
pub(crate) fn evidence_around(file: &Analysis<'_>, id: NodeId) -> Remote {
    let model = file.model;
    let enclosing = model.ancestors(id).filter(|a| matches!(model.kind(*a), Kind::Function | Kind::Class));
    let mut named = enclosing.into_iter().any(|a| is_remote_name(model.name(a)));
    // A local function shares the current object of the method around it.
    let receiver = model.ancestors(id).find_map(|a| model.child(a, Role::This));
    let ty = receiver.and_then(|r| model.child(r, Role::Type));
    named |= ty.is_some_and(|t| is_remote_name(model.name(t)));
    let mut path = file.path.rsplit('/');
    named |= path.by_ref().take(2).any(is_remote_name);
    if named { Remote::Around } else { Remote::No }
}

/// Evidence of what runs under a limit: the body of a scoped limit, the calls that are handed its result, the awaited
/// call, the call it is an argument of.
pub(crate) fn evidence_reached(file: &Analysis<'_>, site: NodeId) -> Remote {
    let model = file.model;
    let mut best = Remote::No;
    for inner in model.descendants(site).take(MOST_NODES).filter(|d| matches!(model.kind(*d), Kind::Call | Kind::New)) {
        best = best.max(call_evidence(file, inner));
    }
    if let Some(receiver) = model.child(site, Role::Receiver) {
        best = best.max(source_evidence(file, receiver));
    }
    for outer in model.ancestors(site) {
        match model.kind(outer) {
            Kind::Call | Kind::New if outer != site => best = best.max(call_evidence(file, outer)),
            Kind::WithItem => {
                let body = model.parent(outer).and_then(|w| model.child(w, Role::Body));
                return best.max(body.map_or(Remote::No, |b| inside(file, b)));
            }
            // The result of what was awaited is no limit.
            Kind::Await => return best,
            Kind::Let | Kind::Assign => return best.max(uses(file, outer)),
            kind if kind.is_statement() || kind == Kind::Function => break,
            _ => {}
        }
    }
    if matches!(model.kind(site), Kind::Let | Kind::Assign) {
        best = best.max(uses(file, site));
    }
    best
}

/// What the first target of a declaration is handed to, in the rest of its function.
fn uses(file: &Analysis<'_>, statement: NodeId) -> Remote {
    let model = file.model;
    let Some(target) = model.child(statement, Role::Target) else { return Remote::No };
    let mut best = Remote::No;
    for read in file.reads_of(target) {
        if read < statement {
            continue;
        }
        let calls = model.ancestors(read).take_while(|a| !model.kind(*a).is_statement());
        for call in calls.filter(|a| matches!(model.kind(*a), Kind::Call | Kind::New)) {
            if is_ending(model.name(call)) {
                return Remote::No;
            }
            best = best.max(call_evidence(file, call));
        }
    }
    best
}

fn inside(file: &Analysis<'_>, body: NodeId) -> Remote {
    let calls =
        file.model.descendants(body).take(MOST_NODES).filter(|d| matches!(file.model.kind(*d), Kind::Call | Kind::New));
    calls.map(|c| call_evidence(file, c)).max().unwrap_or(Remote::No)
}

/// What a function asks that is handed over to be asked again until it is satisfied: `poll_until(is_ready, timeout=100)`.
pub(crate) fn evidence_polled(file: &Analysis<'_>, site: NodeId) -> Remote {
    let model = file.model;
    if model.kind(site) != Kind::Call || !has_word(model.name(site), &["poll", "wait", "until", "retry", "eventually"])
    {
        return Remote::No;
    }
    let args = model.children_with(site, Role::Arg).take(MOST_CHILDREN);
    let named = args.filter(|a| matches!(model.kind(*a), Kind::Name | Kind::Member | Kind::Function));
    let bodies = named.filter_map(|a| file.body_range(a));
    bodies.map(|(body, _)| inside(file, body)).max().unwrap_or(Remote::No)
}

pub(crate) fn call_evidence(file: &Analysis<'_>, call: NodeId) -> Remote {
    if is_known_remote(file, call) {
        return Remote::Known;
    }
    let model = file.model;
    let receiver = model.child(call, Role::Receiver).is_some_and(|r| chain_is_remote(file, r));
    let handed = || {
        let mut args =
            model.children_with(call, Role::Arg).filter(|a| matches!(model.kind(*a), Kind::Name | Kind::Member));
        args.any(|a| !speaks_of_time(model.name(a)) && is_remote_name(model.name(a)))
    };
    if receiver || is_remote_name(model.name(call)) || handed() { Remote::Named } else { Remote::No }
}

/// Where an awaited object came from: the remote call that returned it.
pub(crate) fn source_evidence(file: &Analysis<'_>, id: NodeId) -> Remote {
    let model = file.model;
    match model.kind(id) {
        Kind::Call | Kind::New => call_evidence(file, id),
        Kind::Name => {
            let source = file.condition_source(id);
            if source == id { Remote::No } else { call_evidence(file, source) }
        }
        _ => Remote::No,
    }
}

/// The other side is this machine.
pub(crate) fn is_near(file: &Analysis<'_>, site: NodeId) -> bool {
    const NEAR: [&str; 9] = ["inmem", "memory", "loopback", "pipe", "netlink", "unix", "mock", "fake", "dgram"];
    let model = file.model;
    let here = |text: &str| ["localhost", "127.0.0.1", "[::1]", "unix"].iter().any(|l| text.contains(l));
    // `const STATUS = "http://localhost:4242/status"; get(STATUS)`
    let kept = |n: NodeId| match file.stores_of(n) {
        [only] => only.value.is_some_and(|v| {
            let mut texts = model.self_and_descendants(v).take(16);
            matches!(model.kind(v), Kind::String | Kind::Binary | Kind::Group)
                && texts.any(|t| model.kind(t) == Kind::String && here(model.name(t)))
        }),
        _ => false,
    };
    // `request = Request(STATUS); urlopen(request)`, `urlopen(Request(STATUS))`
    let asked = |a: NodeId| {
        let made = if model.kind(a) == Kind::Name { file.condition_source(a) } else { a };
        let mut inner =
            model.children_with(made, Role::Arg).filter(|_| matches!(model.kind(made), Kind::Call | Kind::New));
        inner.any(|i| model.kind(i) == Kind::Name && kept(i))
    };
    let addresses = model.children_with(site, Role::Arg).filter(|a| model.kind(*a) == Kind::Name);
    let origin = model.child(site, Role::Receiver).filter(|r| model.kind(*r) == Kind::Name);
    addresses.take(4).any(kept)
        || model.children_with(site, Role::Arg).take(4).any(asked)
        || origin.is_some_and(|r| file.stores_of(r).iter().filter_map(|s| s.value).any(|v| names_a_file(file, v)))
        || names_a_file(file, site)
        || model.self_and_descendants(site).take(MOST_NEAR).any(|d| match model.kind(d) {
            // A datagram socket waits for nobody.
            Kind::String if matches!(model.name(d), "udp" | "udp4" | "udp6") || model.name(d).starts_with("ip4:") => {
                true
            }
            Kind::String => here(model.name(d)),
            // `{ path: socketPath }`, `{ socketPath: '/run/docker.sock' }`
            Kind::Entry if is_socket_path(file, d) => true,
            Kind::Member if has_word(model.name(d), &["url", "uri", "host", "address"]) && kept(d) => true,
            Kind::Call | Kind::Name | Kind::Member | Kind::New => has_word(model.name(d), &NEAR),
            _ => false,
        })
}

/// An address that is made of a path or of a part of the program: `path.toUri()`, `loader.getResource(name)`.
fn names_a_file(file: &Analysis<'_>, id: NodeId) -> bool {
    let model = file.model;
    model.self_and_descendants(id).take(MOST_NEAR).filter(|n| model.kind(*n) == Kind::Call).any(|call| {
        let asks = model.child(call, Role::Arg).is_some();
        match model.name(call) {
            "toUri" | "toURI" => !asks,
            "getResource" | "getEntry" | "findResource" => asks,
            _ => false,
        }
    })
}

/// A socket in the file system, and no host beside it that is taken where there is none.
fn is_socket_path(file: &Analysis<'_>, entry: NodeId) -> bool {
    let model = file.model;
    let says = |name: &str| has_word(name, &["socket", "sock"]) && has_word(name, &["path", "file"]);
    let value = model.child(entry, Role::Value);
    let plain = value.filter(|v| matches!(model.kind(*v), Kind::Name | Kind::Member | Kind::String));
    let host = |e: NodeId| matches!(model.name(e), "host" | "hostname" | "port");
    plain.is_some_and(|v| says(model.name(entry)) || says(model.name(v)))
        && model.parent(entry).is_some_and(|record| !model.children(record).any(host))
}
