//! What hangs on a limit: whether the right length depends on where the program runs, and whether somebody is harmed where
//! it is wrong. Without a sign of both a fixed limit is a matter of taste.

use crate::network::changeable::has_settable_sibling;
use crate::network::limits::Limit;
use crate::network::purposes::{is_a_probe, is_an_order, is_asked_by_a_person, is_first_contact, takes_what_comes};
use crate::network::remote::MOST_NEAR;
use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::catalog::{ApiRole, TimeoutKind};
use timelint_semantics::{Analysis, How, Origins, has_word, words};

/// Who is on the other side, as far as the code around a limit shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// An address that is written there: one service for all who run the program.
    Written,
    /// An address that comes from elsewhere: another one wherever the program runs.
    Given,
    /// Nothing to be seen.
    Unseen,
}

/// So short that a pause or a slow link is longer.
const TIGHT: f64 = 3.0;

/// The same for setting up a connection.
const TIGHT_CONNECT: f64 = 2.0;

/// Longer than whoever waits for an ordinary answer.
const LONG: f64 = 30.0;

/// The same among members of one system, which ask each other for little; and for setting up a connection to one.
const LONG_MEMBER: f64 = 15.0;
const LONG_CONNECT: f64 = 10.0;

/// The same where data of any size go over to a place that is set.
const LONG_MOVE: f64 = 60.0;

/// The same where the function is there to move as much as there is.
const MINUTES: f64 = 300.0;

/// Members of one system, which decide about each other.
#[rustfmt::skip]
const PEERS: [&str; 20] = [
    "peer", "peers", "replica", "replicas", "replicate", "replication", "raft", "follower", "followers", "leader",
    "cluster", "gossip", "secondary", "p2p", "rpc", "quorum", "federation", "supervisor", "watchdog", "liveness",
];

/// What takes as long as there is to move.
#[rustfmt::skip]
const MOVES: [&str; 16] = [
    "rsync", "download", "upload", "replicate", "replication", "backup", "restore", "transfer", "snapshot", "export",
    "import", "migrate", "cleaner", "purge", "prune", "reindex",
];

/// What is nice to have: nobody is harmed where it fails.
#[rustfmt::skip]
const EXTRAS: [&str; 27] = [
    "telemetry", "metrics", "metric", "tracing", "trace", "exporter", "analytic", "analytics", "notifier", "notifiers",
    "notification", "announce", "faker", "fake", "mock", "simulator", "sim", "installer", "install", "onboarding",
    "tester", "diagnostics", "metadata", "console", "progress", "uninstall", "local",
];

#[rustfmt::skip]
const ADDRESS: [&str; 28] = [
    "base", "url", "urls", "uri", "host", "hosts", "hostname", "addr", "addrs", "address", "addresses", "endpoint", "endpoints",
    "server", "servers", "dsn", "broker", "brokers", "bootstrap", "target", "ip", "port", "peer", "peers", "node",
    "nodes", "link", "remote",
];

/// How the other side is reached, beside its address.
#[rustfmt::skip]
const SETTINGS: [&str; 13] = [
    "verify", "insecure", "ssl", "tls", "cert", "certs", "certificate", "proxy", "proxies", "retries", "retry", "pool",
    "region",
];

/// What holds settings.
#[rustfmt::skip]
const OWNERS: [&str; 10] = [
    "config", "configuration", "conf", "cfg", "settings", "setting", "options", "opts", "properties", "env",
];

/// Whether a wrong length would harm somebody who cannot change it: the limit decides who is alive, it is tight for a
/// place that is not the program's, it bounds what is moved, or everything around it can be set.
pub(super) fn weighs(file: &Analysis<'_>, limit: &Limit, seconds: Option<f64>, number: Option<f64>) -> bool {
    let model = file.model;
    let Some(seconds) = seconds.or(number.map(of_bare)) else { return false };
    if says(file, limit, &EXTRAS)
        || is_asked_by_a_person(file, limit)
        || takes_what_comes(file, limit)
        || is_for_tests(file, limit)
    {
        return false;
    }
    let near = neighbours(file, limit);
    let place = place_of(file, &near);
    let ordered = near.iter().any(|n| is_an_order(file, *n));
    if place == Place::Written || ordered || is_first_contact(file, limit) {
        return false;
    }
    match limit.kind {
        TimeoutKind::Session | TimeoutKind::Heartbeat | TimeoutKind::Election => return seconds <= LONG,
        _ if has_settable_sibling(file, limit) => return seconds <= LONG,
        _ => {}
    }
    let connects = matches!(limit.kind, TimeoutKind::Connect | TimeoutKind::Pool);
    let peers = says(file, limit, &PEERS) || near.iter().any(|n| is_called(file, *n, &PEERS));
    if moves_all(file, limit) && seconds <= MINUTES {
        return true;
    }
    let longest = match () {
        () if connects => LONG_CONNECT,
        () if makes_a_member(file, limit) || kills(file, limit) => LONG,
        () => LONG_MEMBER,
    };
    if peers && seconds <= longest {
        return true;
    }
    if is_a_probe(file, limit) {
        return false;
    }
    // A client whose address cannot be seen may be one of a service for everybody.
    let open = place == Place::Given || !makes_a_client(file, limit);
    // What is only compared with need not be anybody's answer.
    let compared = model.kind(limit.site) == Kind::Binary;
    let tight = match limit.kind {
        TimeoutKind::Pool => 0.0,
        TimeoutKind::Connect => TIGHT_CONNECT,
        _ => TIGHT,
    };
    if seconds <= tight && open && !compared {
        return true;
    }
    let settings = near.iter().any(|n| is_setting(file, *n));
    !connects
        && (moves_data(file, limit) && seconds <= if settings { LONG_MOVE } else { LONG }
            || settings && open && seconds <= LONG && changes_something(file, limit)
            || is_for_everybody(file, limit) && place == Place::Unseen && seconds <= LONG_MOVE)
}

/// The seconds of a bare number: of milliseconds where it is large and no number of minutes.
fn of_bare(number: f64) -> f64 {
    const LARGE: f64 = 500.0;
    let minutes = number % 600.0 == 0.0 && number % 1000.0 != 0.0;
    if number >= LARGE && !minutes { number / 1000.0 } else { number }
}

/// `if runningInTests { .. }`
fn is_for_tests(file: &Analysis<'_>, limit: &Limit) -> bool {
    let model = file.model;
    file.guards(limit.site).iter().any(|g| {
        let mut inner = model.self_and_descendants(g.condition).take(16);
        g.holds && inner.any(|n| has_word(model.name(n), &["test", "tests", "testing"]))
    })
}

/// A client of members is made of what it is given, but for its limit: whoever makes it cannot say how long it waits.
fn makes_a_member(file: &Analysis<'_>, limit: &Limit) -> bool {
    let model = file.model;
    let given = |e: NodeId| {
        let value = model.child(e, Role::Value).filter(|v| *v != limit.length);
        value.is_some_and(|v| file.value(v).origins.any(Origins::PARAM))
    };
    model.kind(limit.site) == Kind::Record
        && model.child(limit.site, Role::Type).is_some()
        && model.children(limit.site).any(given)
}

/// Whoever does not answer in time is ended.
fn kills(file: &Analysis<'_>, limit: &Limit) -> bool {
    let Some(function) = file.function_around(limit.site) else { return false };
    file.calls_below(function).iter().any(|c| has_word(file.model.name(*c), &["kill", "terminate", "evict"]))
}

/// A request by a library that has an effect: cut off, nobody knows whether it was carried out.
fn changes_something(file: &Analysis<'_>, limit: &Limit) -> bool {
    let model = file.model;
    limit.how != How::Name
        && model.kind(limit.site) == Kind::Call
        && has_word(model.name(limit.site), &["post", "put", "patch", "delete"])
}

/// All of what is moved has to have come within the limit, and there is as much of it as others have stored.
fn moves_data(file: &Analysis<'_>, limit: &Limit) -> bool {
    let model = file.model;
    let function = file.function_around(limit.site).map_or("", |f| model.name(f));
    let chain = std::iter::successors(Some(limit.site), |n| model.child(*n, Role::Receiver)).take(16);
    let own = model.ancestors(limit.site).find_map(|a| model.child(a, Role::This));
    let ty = own.and_then(|r| model.child(r, Role::Type)).map_or("", |t| model.name(t));
    let mut names = chain.map(|n| model.name(n)).chain([function, ty]);
    limit.how != How::Name && limit.kind == TimeoutKind::Total && names.any(|n| has_word(n, &MOVES))
}

/// The function around is called after moving as much as there is.
fn moves_all(file: &Analysis<'_>, limit: &Limit) -> bool {
    limit.how != How::Name
        && file.function_around(limit.site).is_some_and(|f| has_word(file.model.name(f), &["rsync", "replicate"]))
}

/// One client of a module for whoever imports it: its limit is for requests that it does not know.
fn is_for_everybody(file: &Analysis<'_>, limit: &Limit) -> bool {
    const MAKES: [&str; 3] = ["create", "extend", "instance"];
    let model = file.model;
    let mut around = model.self_and_ancestors(limit.site);
    limit.kind == TimeoutKind::Total
        && file.function_around(limit.site).is_none()
        && around.any(|a| model.kind(a) == Kind::Call && has_word(model.name(a), &MAKES))
}

/// Arguments and entries beside a limit: of its call or record, of the calls around and along the chain, and of those
/// that what was made is used by in the same function.
fn neighbours(file: &Analysis<'_>, limit: &Limit) -> Vec<NodeId> {
    const MOST_LINKS: usize = 24;
    let model = file.model;
    let taking = |n: NodeId| matches!(model.kind(n), Kind::Call | Kind::New | Kind::Record);
    let around = model
        .ancestors(limit.site)
        .take_while(|a| !model.kind(*a).is_statement() && !matches!(model.kind(*a), Kind::Function | Kind::Block));
    let mut sites: Vec<NodeId> = std::iter::once(limit.site).chain(around.filter(|a| taking(*a))).collect();
    let chain = std::iter::successors(model.child(limit.site, Role::Receiver), |n| model.child(*n, Role::Receiver));
    sites.extend(chain.take(MOST_LINKS));
    if let Some(subject) = subject_of(file, limit) {
        let function = file.function_around(limit.site);
        let within = |n: NodeId| file.function_around(n) == function;
        let same = |n: NodeId| model.kind(n) == model.kind(subject) && model.sym(n) == model.sym(subject);
        let uses = |c: &NodeId| {
            model.child(*c, Role::Receiver).is_some_and(same) || model.children_with(*c, Role::Arg).any(same)
        };
        sites.extend(file.tables.calls.iter().copied().filter(|c| *c != limit.site && within(*c) && uses(c)));
        // `client.Config.RetryTimes = config.MaxRetries`
        let set = |a: &NodeId| {
            let target = model.child(*a, Role::Target).filter(|t| model.kind(*t) == Kind::Member);
            target.is_some_and(|t| same(root_of(file, t)))
        };
        sites.extend(model.ids().filter(|n| model.kind(*n) == Kind::Assign && within(*n) && set(n)));
    }
    let mut all = Vec::new();
    for site in sites {
        collect(file, site, limit.length, 0, &mut all);
    }
    all
}

/// The variable or field that holds what the limit is set on.
fn subject_of(file: &Analysis<'_>, limit: &Limit) -> Option<NodeId> {
    let model = file.model;
    let statement = file.statement(limit.site);
    let holds = matches!(model.kind(statement), Kind::Let | Kind::Assign);
    let target = model.child(statement, Role::Target).filter(|t| holds && *t != limit.length);
    let receiver = || model.child(limit.site, Role::Receiver).filter(|_| model.kind(limit.site) == Kind::Call);
    let subject = target.map(|t| root_of(file, t)).or_else(receiver);
    subject.filter(|s| matches!(model.kind(*s), Kind::Name | Kind::Member))
}

/// What something that is assigned to is a member of.
fn root_of(file: &Analysis<'_>, id: NodeId) -> NodeId {
    const MOST: usize = 16;
    let model = file.model;
    let root = std::iter::successors(Some(id), |n| model.child(*n, Role::Object)).take(MOST).last().unwrap_or(id);
    if file.tables.is_this(model, root) { id } else { root }
}

/// The parts of what a call or record is given, but for the limit.
fn collect(file: &Analysis<'_>, site: NodeId, length: NodeId, depth: usize, all: &mut Vec<NodeId>) {
    const MOST_CHILDREN: usize = 64;
    const DEEPEST: usize = 4;
    let model = file.model;
    if all.len() > MOST_NEAR || depth > DEEPEST {
        return;
    }
    for child in model.children(site).take(MOST_CHILDREN) {
        let entry = matches!(model.kind(child), Kind::Entry | Kind::Argument);
        let given = entry || matches!(model.role(child), Role::Arg | Role::Item | Role::Value | Role::Operand);
        if child == length || !given || model.kind(child) == Kind::Function {
            continue;
        }
        if !model.contains(child, length) {
            all.push(child);
        }
        collect(file, child, length, depth + 1, all);
        // `request = new Request(url); client.send(request)`
        if model.kind(child) == Kind::Name && depth < 2 {
            let source = file.condition_source(child);
            if source != child && matches!(model.kind(source), Kind::Call | Kind::New) {
                collect(file, source, length, depth + 2, all);
            }
        }
    }
}

fn place_of(file: &Analysis<'_>, near: &[NodeId]) -> Place {
    let model = file.model;
    let mut written = false;
    for node in near {
        let spoken = || has_word(model.name(*node), &ADDRESS);
        match model.kind(*node) {
            Kind::String => written |= names_a_host(model.name(*node)),
            Kind::Entry | Kind::Argument if spoken() => {
                let value = model.child(*node, Role::Value);
                if value.is_some_and(|v| model.kind(v) != Kind::String && !is_fixed(file, v)) {
                    return Place::Given;
                }
            }
            Kind::Name | Kind::Member | Kind::Call | Kind::Index if spoken() => {
                if !is_fixed(file, *node) {
                    return Place::Given;
                }
                written = true;
            }
            _ => {}
        }
    }
    if written { Place::Written } else { Place::Unseen }
}

/// A constant, or a name that stands for one text of the file.
fn is_fixed(file: &Analysis<'_>, id: NodeId) -> bool {
    let model = file.model;
    let text = |v: NodeId| model.kind(v) == Kind::String;
    file.value(id).is_constant()
        || matches!(model.kind(id), Kind::Name | Kind::Member)
            && matches!(file.stores_of(id), [only] if only.value.is_some_and(text))
}

/// `https://api.example.com/v1`
fn names_a_host(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let host = rest.and_then(|r| r.split('/').next());
    host.is_some_and(|h| h.contains('.') && !h.contains(['%', '{', '$']))
}

/// Something beside the limit that can be set where the program runs.
fn is_setting(file: &Analysis<'_>, node: NodeId) -> bool {
    let model = file.model;
    let open = |v: NodeId| {
        let plain = matches!(model.kind(v), Kind::String | Kind::Number | Kind::Boolean | Kind::Null | Kind::Function);
        !plain && !is_fixed(file, v)
    };
    match model.kind(node) {
        Kind::Entry | Kind::Argument => {
            has_word(model.name(node), &SETTINGS) && model.child(node, Role::Value).is_some_and(open)
        }
        Kind::Name | Kind::Member | Kind::Call | Kind::Index => {
            let owners = std::iter::successors(Some(node), |n| {
                model.child(*n, Role::Object).or_else(|| model.child(*n, Role::Receiver))
            });
            file.value(node).origins.any(Origins::CONFIG)
                || has_word(model.name(node), &SETTINGS) && open(node)
                || owners.skip(1).take(8).any(|o| has_word(model.name(o), &OWNERS))
        }
        _ => false,
    }
}

fn is_called(file: &Analysis<'_>, node: NodeId, list: &[&str]) -> bool {
    let kind = file.model.kind(node);
    matches!(kind, Kind::Name | Kind::Member | Kind::Call) && has_word(file.model.name(node), list)
}

/// What takes the limit, what is asked, or the function, class and file around have one of these words.
fn says(file: &Analysis<'_>, limit: &Limit, list: &[&str]) -> bool {
    let model = file.model;
    // `updateClusterView()` is about a cluster, and need not be a part of it.
    let about = |a: NodeId| model.kind(a) == Kind::Function && has_word(model.name(a), &["cluster"]);
    let around =
        |a: NodeId| matches!(model.kind(a), Kind::Function | Kind::Class) && has_word(model.name(a), list) && !about(a);
    let own = model.ancestors(limit.site).find_map(|a| model.child(a, Role::This));
    let ty = own.and_then(|r| model.child(r, Role::Type));
    let next = |n: &NodeId| model.child(*n, Role::Receiver).or_else(|| model.child(*n, Role::Object));
    let mut chain = std::iter::successors(Some(limit.site), next).take(16);
    chain.any(|n| has_word(model.name(n), list))
        || model.ancestors(limit.site).any(around)
        || ty.is_some_and(|t| has_word(model.name(t), list))
        || is_called(file, limit.length, list)
        || file.path.rsplit('/').take(2).any(|p| has_word(p, list))
}

fn makes_a_client(file: &Analysis<'_>, limit: &Limit) -> bool {
    let model = file.model;
    let known = file.resolve(limit.site).filter(|k| k.how != How::Name);
    let name = model.child(limit.site, Role::Type).map_or(model.name(limit.site), |t| model.name(t));
    let last = words(name).last().cloned().unwrap_or_default();
    known.is_some_and(|k| k.api.role == ApiRole::RemoteClient)
        || matches!(last.as_str(), "client" | "transport" | "session" | "dialer" | "http")
}
