//! Who is on the other side of a call, by the names and types along its receiver.

use crate::network::remote::is_remote_name;
use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::catalog::leaf;
use timelint_semantics::{Analysis, has_word, words};

/// `client.files.get(x)`: an expression, what it is a part of or called on, and so on.
fn along(file: &Analysis<'_>, id: NodeId) -> Vec<NodeId> {
    let model = file.model;
    let next = |n: &NodeId| model.child(*n, Role::Receiver).or_else(|| model.child(*n, Role::Object));
    std::iter::successors(Some(id), next).take(12).collect()
}

/// The other side is another process of this machine: a daemon, a plug-in, an executor.
pub(crate) fn is_a_daemon(file: &Analysis<'_>, site: NodeId) -> bool {
    let named = |n: NodeId| is_daemon_name(file.model.name(n));
    along(file, site).into_iter().any(named) || file.path.rsplit('/').skip(1).any(is_daemon_name)
}

/// A name of a daemon of this machine, or of what runs beside the process.
pub(crate) fn is_daemon_name(name: &str) -> bool {
    const DAEMONS: [&str; 9] =
        ["docker", "dockerd", "containerd", "podman", "crio", "dbus", "executor", "plugin", "plugins"];
    has_word(name, &DAEMONS)
}

/// The call itself, or something along its receiver, is called after the other side of a connection.
pub(crate) fn talks(file: &Analysis<'_>, site: NodeId) -> bool {
    const TALKS: [&str; 21] = [
        "client",
        "clients",
        "cli",
        "stub",
        "rpc",
        "grpc",
        "conn",
        "connection",
        "peer",
        "peers",
        "etcd",
        "consul",
        "kafka",
        "mongo",
        "upstream",
        "remote",
        "endpoint",
        "webhook",
        "dns",
        "resolver",
        "kms",
    ];
    // `updateConsul()`: a system of other machines is asked for whatever is done with it.
    const SYSTEMS: [&str; 5] = ["etcd", "consul", "kafka", "mongo", "zookeeper"];
    let model = file.model;
    // Nobody else is asked in these words.
    let asks = words(model.name(site)).first().is_some_and(|w| matches!(w.as_str(), "login" | "logout" | "ping"));
    let typed = |id: NodeId| {
        let names = matches!(model.kind(id), Kind::Name | Kind::Member) && !file.tables.is_this(model, id);
        let ty = file.type_of(id).filter(|_| names);
        ty.is_some_and(|t| has_word(leaf(&t.name), &TALKS) && !file.catalog().knows_type(&t.name))
    };
    let about = |n: NodeId| n == site && is_about(model.name(n)) && !has_word(model.name(n), &SYSTEMS);
    let called = |n: NodeId| has_word(model.name(n), &TALKS) && !about(n);
    asks || along(file, site).into_iter().any(|n| called(n) || n != site && typed(n))
}

/// `getPeer(key)`, `updateEndpoint(..)`: what is looked up or kept, not who is asked.
fn is_about(name: &str) -> bool {
    const KEEPS: [&str; 22] = [
        "choose", "select", "get", "find", "lookup", "list", "load", "create", "add", "update", "set", "save", "store",
        "put", "delete", "remove", "insert", "is", "has", "pick", "mark", "new",
    ];
    words(name).first().is_some_and(|w| KEEPS.contains(&w.as_str()))
}

/// The call or what receives it is called after something that talks to another machine.
pub(crate) fn speaks_out(file: &Analysis<'_>, site: NodeId) -> bool {
    let model = file.model;
    let receiver = model.child(site, Role::Receiver).map_or("", |r| model.name(r));
    is_remote_name(receiver) || is_remote_name(model.name(site))
}
