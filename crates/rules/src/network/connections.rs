//! Open connections on which an answer is waited for, and that are never given a limit.

use crate::network::bounds::limited_around;
use crate::network::missing_timeout::META;
use crate::network::remote::is_near;
use crate::network::sureness::ends;
use crate::story::Story;
use crate::surface::is_command;
use timelint_diagnostics::{Confidence, Finding};
use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::catalog::{ApiRole, ArgMeaning, ArgSpec, TimeoutKind, leaf};
use timelint_semantics::{Analysis, How, StoreKind, has_word, words};

/// How many readers, decoders and the like may stand between a read and the connection.
const MOST_WRAPPERS: usize = 4;

/// First words of calls that wait for what the other side sends, or takes.
const READS: [&str; 13] = [
    "read",
    "readline",
    "readexactly",
    "readuntil",
    "readfull",
    "recv",
    "receive",
    "decode",
    "handshake",
    "peek",
    "copyn",
    "discard",
    "recvfrom",
];
const WRITES: [&str; 5] = ["write", "flush", "encode", "sendall", "drain"];

/// Words of what is built around a connection.
const WRAPPERS: [&str; 20] = [
    "wait", "open", "new", "reader", "writer", "server", "client", "decoder", "encoder", "stream", "makefile",
    "scanner", "codec", "buffered", "data", "input", "output", "conn", "limit", "proto",
];

/// A read or write that nothing ends.
struct Wait {
    site: NodeId,
    /// It is part of an exchange, and not of a loop that takes whatever comes.
    exchange: bool,
    reads: bool,
    /// The file opens the connection itself.
    own: bool,
}

/// One finding for all connections of a file in which nothing limits any.
pub(crate) fn endless_connections(file: &Analysis<'_>) -> Option<Finding> {
    let waits: Vec<(Wait, String)> = file.tables.calls.iter().filter_map(|c| wait(file, *c)).collect();
    let limits = limits_of_connections(file);
    let unlimited = |w: &Wait| match limits.as_slice() {
        [] => true,
        // Elsewhere somebody thought of limits: what opens an exchange has none of these.
        limits => w.exchange && opens_an_exchange(file, w.site) && !is_reached(file, w.site, limits, 0),
    };
    let waits: Vec<(Wait, String)> = waits.into_iter().filter(|(w, _)| unlimited(w)).collect();
    let worst = waits.iter().max_by_key(|(w, _)| (weight(file, w), std::cmp::Reverse(w.site)))?;
    Some(tell(file, &waits, worst))
}

/// In a function that is called after the first messages of a connection.
fn opens_an_exchange(file: &Analysis<'_>, site: NodeId) -> bool {
    const FIRST: [&str; 8] =
        ["handshake", "auth", "authenticate", "authentication", "login", "negotiate", "greeting", "hello"];
    let called = words(file.model.name(site)).first().is_some_and(|w| w == "handshake");
    called || file.function_around(site).is_some_and(|f| has_word(file.model.name(f), &FIRST))
}

/// One of the limits is set before: in the function around, in what it calls, or in what calls it, up to the call.
fn is_reached(file: &Analysis<'_>, site: NodeId, limits: &[NodeId], depth: usize) -> bool {
    /// Callers of callers that are looked at.
    const MOST_CALLERS: usize = 4;
    let model = file.model;
    let Some(function) = file.function_around(site) else { return true };
    let until = if depth == 0 { model.end(function) } else { site };
    let set_in = |f: NodeId| limits.iter().any(|l| model.contains(f, *l));
    let called = |c: &NodeId| {
        let named = |f: &NodeId| model.name(*f) == model.name(*c) && *f != function;
        file.tables.functions.iter().map(|f| f.node).filter(named).any(set_in)
    };
    let mut calls = file.tables.calls.iter().filter(|c| model.contains(function, **c) && **c < until && **c != site);
    if limits.iter().any(|l| model.contains(function, *l) && *l < until) || calls.any(called) {
        return true;
    }
    let name = model.name(function);
    if name.is_empty() {
        // Who waits for a function without a name stands around it, and may choose the end of time.
        let chooses =
            |f: NodeId| model.descendants(f).any(|n| model.kind(n) == Kind::Switch && model.name(n) == "select");
        let mut outer = model.ancestors(function).filter(|a| model.kind(*a) == Kind::Function);
        return outer.any(|f| set_in(f) || chooses(f));
    }
    let callers =
        file.tables.calls.iter().filter(|c| model.name(**c) == name && file.function_around(**c) != Some(function));
    depth < MOST_CALLERS && callers.into_iter().any(|c| is_reached(file, *c, limits, depth + 1))
}

fn weight(file: &Analysis<'_>, wait: &Wait) -> usize {
    match wait {
        // Where another opened the connection, it may have a limit already, or is that of one of a server's many clients.
        Wait { own: false, .. } if !opens_an_exchange(file, wait.site) => 0,
        Wait { exchange: true, reads: true, .. } => 2,
        Wait { exchange: true, own: true, .. } => 1,
        _ => 0,
    }
}

fn wait(file: &Analysis<'_>, site: NodeId) -> Option<(Wait, String)> {
    let model = file.model;
    let first = words(model.name(site)).into_iter().next()?;
    let reads = READS.contains(&first.as_str());
    if model.kind(site) != Kind::Call || !reads && !WRITES.contains(&first.as_str()) {
        return None;
    }
    let receiver = model.child(site, Role::Receiver).and_then(|r| connection(file, r, 0));
    // `io.ReadFull(conn, buffer)`, and the project's own `readLine(reader)`.
    let handed = || model.child(site, Role::Arg).filter(|a| matches!(model.kind(*a), Kind::Name | Kind::Member));
    let connection = receiver.or_else(|| connection(file, handed()?, 0))?;
    let function = file.function_around(site)?;
    // `Read(b) { return c.inner.Read(b) }`: whoever calls it decides.
    let hands_on = model.name(function).eq_ignore_ascii_case(model.name(site));
    let called = || {
        let mut calls = file.tables.calls.iter().filter(|c| model.name(**c) == model.name(function));
        calls.any(|c| limited_around(file, *c))
    };
    let near = ["unix", "pipe", "serial", "uds", "tty", "stdin", "udp"];
    // `HandshakeContext(ctx)`: the context ends it.
    let bounded = model.child(site, Role::Arg).is_some_and(|a| has_word(model.name(a), &["ctx", "context"]));
    if hands_on
        || bounded
        || ends(file, site)
        || is_near(file, site)
        || has_word(model.name(function), &near)
        || limited_around(file, site)
        || called()
    {
        return None;
    }
    // What is written first, to a connection just opened, finds room.
    let fresh = || !reads && model.descendants(function).any(|n| model.kind(n) == Kind::Call && dials(file, n));
    // Who connects again and again begins each time with one exchange.
    let round = || is_in_a_round(file, site) && !opens_an_exchange(file, site);
    let exchange = file.in_loop(site).is_none() && !round() && !fresh();
    Some((Wait { site, exchange, reads, own: connection.1 }, connection.0))
}

/// In a function that a loop of the file calls again and again: `for { s.readMessage() }`.
fn is_in_a_round(file: &Analysis<'_>, site: NodeId) -> bool {
    let model = file.model;
    let Some(function) = file.function_around(site).filter(|f| !model.name(*f).is_empty()) else { return false };
    let mut calls = file.tables.calls.iter().filter(|c| model.name(**c) == model.name(function));
    calls.any(|c| file.in_loop(*c).is_some())
}

/// The type of the connection behind an expression, through what is built around it, and whether this file opens it.
fn connection(file: &Analysis<'_>, id: NodeId, depth: usize) -> Option<(String, bool)> {
    let model = file.model;
    if depth > MOST_WRAPPERS {
        return None;
    }
    // A parameter of the same name as another variable in the function may be anything.
    let stores = file.stores_of(id);
    if stores.len() > 1 && stores.iter().any(|s| matches!(s.kind, StoreKind::Param(_))) {
        return None;
    }
    if let Some(ty) = file.type_of(id)
        && is_connection(file, &ty.name)
    {
        let source = file.condition_source(id);
        let opens = |n: NodeId| {
            let role = file.resolve(n).map(|k| k.api.role);
            matches!(role, Some(ApiRole::RemoteCall | ApiRole::RemoteClient))
        };
        let values = stores.iter().filter_map(|s| s.value).chain([source]);
        let mut made = values.filter(|v| matches!(model.kind(*v), Kind::Call | Kind::New | Kind::Await));
        let field = model.kind(id) == Kind::Member;
        let near = made.clone().any(|v| is_near(file, v))
            || field && file.tables.calls.iter().any(|c| dials(file, *c) && is_near(file, *c));
        let own = made.any(opens) || field && file.tables.calls.iter().any(|c| dials(file, *c));
        return (!near).then_some((ty.name, own));
    }
    match model.kind(id) {
        Kind::Call | Kind::New => {
            let name = model.child(id, Role::Type).map_or(model.name(id), |t| model.name(t));
            if !has_word(name, &WRAPPERS) {
                return None;
            }
            let parts = model.children(id).filter(|c| matches!(model.role(*c), Role::Arg | Role::Receiver));
            let parts = parts.filter(|c| matches!(model.kind(*c), Kind::Name | Kind::Member | Kind::Call | Kind::New));
            parts.into_iter().find_map(|c| connection(file, c, depth + 1))
        }
        Kind::Name | Kind::Member => {
            let own = file.stores_of(id).iter().filter_map(|s| s.value);
            let literal = file.tables.foreign_stores(model.sym(id)).iter().filter_map(|(_, s)| s.value);
            let of_field = literal.filter(|_| model.kind(id) == Kind::Member);
            let values: Vec<NodeId> = own.chain(of_field).take(8).collect();
            values.into_iter().filter(|v| *v != id).find_map(|v| match model.kind(v) {
                Kind::Await => connection(file, model.child(v, Role::Value)?, depth + 1),
                _ => connection(file, v, depth + 1),
            })
        }
        _ => None,
    }
}

/// Opens a connection to another machine.
fn dials(file: &Analysis<'_>, call: NodeId) -> bool {
    file.resolve(call).is_some_and(|k| {
        matches!(k.api.role, ApiRole::RemoteCall | ApiRole::RemoteClient)
            && k.api.returns.as_deref().is_some_and(|t| is_connection(file, t))
    })
}

/// A type of open connections; a subtype that says nothing of limits is none.
fn is_connection(file: &Analysis<'_>, ty: &str) -> bool {
    file.catalog().connection_advice(ty).is_some_and(|advice| !advice.is_empty())
}

/// What limits connections in the file: one that is limited may be any.
fn limits_of_connections(file: &Analysis<'_>) -> Vec<NodeId> {
    const LIMITS: [&str; 8] =
        ["deadline", "deadlines", "timeout", "timeouts", "settimeout", "sotimeout", "setblocking", "idletimer"];
    const OTHER: [&str; 5] = ["dial", "is", "connect", "listen", "context"];
    let model = file.model;
    let limits = |n: &NodeId| {
        let n = *n;
        let name = match model.kind(n) {
            Kind::Call if opens_with_limit(file, n) => return true,
            Kind::Call => model.name(n),
            Kind::New | Kind::Record => model.child(n, Role::Type).map_or("", |t| model.name(t)),
            _ => return false,
        };
        let first = words(leaf(name)).into_iter().next().unwrap_or_default();
        let context = model.child(n, Role::Receiver).is_some_and(|r| model.name(r) == "context");
        has_word(name, &LIMITS) && !OTHER.contains(&first.as_str()) && !context
    };
    file.model.ids().filter(limits).collect()
}

/// `socket.create_connection(address, limit)`: the limit stays with the connection, and bounds what is read from it.
fn opens_with_limit(file: &Analysis<'_>, call: NodeId) -> bool {
    let Some(known) = file.resolve(call).filter(|k| k.how != How::Name) else { return false };
    let opens = known.api.returns.as_deref().is_some_and(|ty| file.catalog().connection_advice(ty).is_some());
    let stays =
        |a: &&ArgSpec| a.is == ArgMeaning::Timeout && matches!(a.kind, Some(TimeoutKind::Read | TimeoutKind::Total));
    opens && known.api.args.iter().filter(stays).any(|a| file.argument_at(call, a.at.as_slice()).is_some())
}

fn tell(file: &Analysis<'_>, waits: &[(Wait, String)], worst: &(Wait, String)) -> Finding {
    const MOST: usize = 12;
    let (wait, ty) = worst;
    let site = wait.site;
    let quiet = weight(file, wait) == 0 || is_command(file);
    let verb = if wait.reads { "waits" } else { "may wait" };
    let message = format!("`{}` {verb} on a connection that is never given a limit of time", file.model.name(site));
    let mut story = Story::new(&META, file, site, message)
        .why(
            "a peer that vanishes or stalls sends no error: the read waits for ever and holds its thread, its locks and the connection, \
             and whoever needs one of them waits behind it",
        )
        .help(file.catalog().connection_advice(ty).unwrap_or_default())
        .confidence(if quiet { Confidence::Low } else { Confidence::Medium })
        .step(file.location(site), "nothing ends this when no answer comes");
    for (other, _) in waits.iter().filter(|(w, _)| w.site != site).take(MOST) {
        story = story.step(file.location(other.site), "nor this");
    }
    story.tell()
}
