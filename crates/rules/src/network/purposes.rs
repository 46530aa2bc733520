//! What a limit is there for: a first look, a probe, a person who waits, the next of many rounds. A short limit is meant
//! there, and whoever meets it asks again.

use crate::network::limits::Limit;
use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::catalog::{ApiRole, TimeoutKind};
use timelint_semantics::{Analysis, has_word, words};

/// It asks whether somebody is there: that the answer has to come soon is the question.
pub(super) fn is_a_probe(file: &Analysis<'_>, limit: &Limit) -> bool {
    #[rustfmt::skip]
    const PROBES: [&str; 19] = [
        "ping", "pings", "pinger", "probe", "probes", "prober", "health", "healthy", "healthcheck", "liveness", "readiness",
        "available", "availability", "reachable", "reachability", "alive", "detect", "detection", "status",
    ];
    const ASKS: [&str; 2] = ["check", "test"];
    let model = file.model;
    let probes =
        |name: &str| has_word(name, &PROBES) || words(name).first().is_some_and(|w| ASKS.contains(&w.as_str()));
    let target = model.child(file.statement(limit.site), Role::Target).map_or("", |t| model.name(t));
    let length = matches!(model.kind(limit.length), Kind::Name | Kind::Member).then(|| model.name(limit.length));
    let called = [target, length.unwrap_or_default(), limit.name.as_str()].iter().any(|n| has_word(n, &PROBES));
    let mut around = model.self_and_ancestors(limit.site).filter(|a| match model.kind(*a) {
        Kind::Function => probes(model.name(*a)),
        Kind::Call | Kind::Class => has_word(model.name(*a), &PROBES),
        _ => false,
    });
    let stem = file.path.rsplit('/').next().unwrap_or_default();
    called || around.next().is_some() || has_word(stem, &PROBES)
}

/// Something starts, and looks whether the other side is there: who starts it sees that it is not, and starts it again.
pub(super) fn is_first_contact(file: &Analysis<'_>, limit: &Limit) -> bool {
    #[rustfmt::skip]
    const FIRST: [&str; 12] = [
        "new", "init", "initialize", "connect", "open", "setup", "start", "bootstrap", "configure", "create", "main",
        "constructor",
    ];
    let model = file.model;
    let function = file.function_around(limit.site).map_or("", |f| model.name(f));
    let context =
        limit.kind == TimeoutKind::Total && file.resolve(limit.site).is_some_and(|k| k.api.role == ApiRole::TimeoutSet);
    let begins = words(function).first().is_some_and(|w| FIRST.contains(&w.as_str()));
    let mut around = model.self_and_ancestors(limit.length).take_while(|a| !model.kind(*a).is_statement());
    context && begins
        || around.any(|a| {
            let name = model.child(a, Role::Type).map_or(model.name(a), |t| model.name(t));
            has_word(name, &["ready", "validation", "validate"]) || has_word(name, &["server"]) && serves(name)
        })
        || has_word(&limit.name, &["validation"])
}

/// `startServer(…)`, `ServerParameters{…}`: what this process allows its own clients.
fn serves(name: &str) -> bool {
    has_word(name, &["start", "parameters", "options", "params"]) || words(name).last().is_some_and(|w| w == "server")
}

/// A person waits for the answer, sees that there is none, and asks again: a handler of a web server, a command.
pub(super) fn is_asked_by_a_person(file: &Analysis<'_>, limit: &Limit) -> bool {
    let model = file.model;
    let asked = |a: NodeId| {
        let receiver = model.child(a, Role::Receiver).map_or("", |r| model.name(r));
        model.kind(a) == Kind::Call
            && model.name(a).eq_ignore_ascii_case("context")
            && matches!(receiver, "r" | "req" | "request" | "Request")
    };
    let handler = model.child(limit.site, Role::Arg).is_some_and(asked);
    // `func(cmd *Command, args []string)`
    let mut functions = model.ancestors(limit.site).filter(|a| model.kind(*a) == Kind::Function);
    let command = functions.any(|f| {
        let names = file.names_of_parameters(f);
        names.iter().any(|n| n == "cmd") && names.iter().any(|n| n == "args")
    });
    let prints = |c: &NodeId| {
        let receiver = model.child(*c, Role::Receiver).map_or("", |r| model.name(r));
        matches!(model.name(*c), "println" | "Println" | "Printf") && matches!(receiver, "out" | "fmt")
    };
    // A program prints what it is while it starts.
    let function = file.function_around(limit.site).filter(|f| !matches!(model.name(*f), "main" | "run"));
    let tells = || {
        let within = |c: &&NodeId| function.is_some_and(|f| model.contains(f, **c));
        file.tables.calls.iter().filter(within).any(prints)
    };
    handler || command || tells()
}

/// `arguments.host`: a word of the command line.
pub(super) fn is_an_order(file: &Analysis<'_>, node: NodeId) -> bool {
    let object = file.model.child(node, Role::Object);
    file.model.kind(node) == Kind::Member
        && object.is_some_and(|o| matches!(file.model.name(o), "arguments" | "argv" | "flags"))
}

/// It takes what has come, and asks again where nothing has; or what is called a limit is the number of something.
pub(super) fn takes_what_comes(file: &Analysis<'_>, limit: &Limit) -> bool {
    #[rustfmt::skip]
    const TAKES: [&str; 20] = [
        "pop", "brpop", "blpop", "blmove", "brpoplpush", "bzpopmin", "bzpopmax", "poll", "receive", "recv", "message",
        "messages", "notifies", "notifications", "dequeue", "take", "consume", "listen", "subscribe", "events",
    ];
    let model = file.model;
    let call = model.kind(limit.site) == Kind::Call;
    let object = model.child(limit.length, Role::Object).map_or("", |o| model.name(o));
    call && has_word(model.name(limit.site), &TAKES) && !has_word(model.name(limit.site), &["until"])
        || has_word(&limit.name, &["wait"]) && has_word(&limit.name, &["max"])
        || has_word(object, &["type", "types", "command", "commands", "opcode", "kind", "kinds"])
}
