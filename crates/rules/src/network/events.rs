//! Waits for an event of another machine whose end is a callback, and that nothing else ends.

use crate::network::bounds::limited_around;
use crate::network::missing_timeout::Endless;
use crate::network::remote::{is_ending, is_near, is_remote_name};
use crate::network::sureness::ends;
use crate::surface::is_command;
use timelint_diagnostics::Confidence;
use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::{Analysis, has_word, words};

/// Events by which the other side shows that it is there, or has answered.
const COMES: [&str; 14] = [
    "ready",
    "connect",
    "connected",
    "open",
    "opened",
    "secureConnect",
    "session",
    "message",
    "response",
    "reply",
    "answer",
    "ack",
    "joined",
    "registered",
];

/// Events that tell that it will not come.
const FAILS: [&str; 16] = [
    "error",
    "close",
    "closed",
    "end",
    "timeout",
    "disconnect",
    "disconnected",
    "abort",
    "aborted",
    "exit",
    "failed",
    "failure",
    "connectFailed",
    "reconnect_failed",
    "connect_error",
    "disconnecting",
];

/// Functions that go on with what waits for them.
const CONTINUES: [&str; 9] = ["resolve", "callback", "cb", "done", "next", "fulfill", "accept", "res", "ok"];

/// `broker.once('ready', () => callback())`: what waits goes on when the event comes, and not when it never does.
pub(crate) fn awaited_event<'a>(file: &Analysis<'a>, site: NodeId) -> Option<Endless<'a>> {
    let model = file.model;
    if !matches!(model.name(site), "on" | "once" | "addListener" | "prependOnceListener" | "one") {
        return None;
    }
    let mut args = model.children_with(site, Role::Arg);
    let (event, handler) = (args.next()?, args.next()?);
    let receiver = model.child(site, Role::Receiver)?;
    let comes = model.kind(event) == Kind::String && COMES.contains(&model.name(event));
    if !comes || !is_remote(file, receiver) || !goes_on(file, site, handler) {
        return None;
    }
    let within = waiting(file, site);
    if ended_otherwise(file, within, site, receiver) || limited_around(file, site) {
        return None;
    }
    let quiet = ends(file, site) || is_near(file, receiver) || is_command(file);
    let help = "start a timer beside it that fails what waits, and clear it in the listener; also listen for the event that tells \
                that the connection is lost";
    let confidence = if quiet { Confidence::Low } else { Confidence::Medium };
    Some(Endless { site, api: None, value: None, help: Some(help), confidence })
}

/// What emits the event speaks for another machine.
fn is_remote(file: &Analysis<'_>, receiver: NodeId) -> bool {
    const SERVES: [&str; 9] = ["server", "req", "request", "res", "response", "process", "worker", "child", "app"];
    let model = file.model;
    let named = matches!(model.kind(receiver), Kind::Name | Kind::Member) && is_remote_name(model.name(receiver));
    named && !has_word(model.name(receiver), &SERVES) && !is_ending(model.name(receiver))
}

/// The handler is what goes on, or it calls it: an outer function's parameter or a promise's `resolve`.
fn goes_on(file: &Analysis<'_>, site: NodeId, handler: NodeId) -> bool {
    let model = file.model;
    let continues = |n: NodeId| {
        let name = model.name(n);
        let last = words(name).last().is_some_and(|w| CONTINUES.contains(&w.as_str()));
        last && model.ancestors(site).filter(|a| model.kind(*a) == Kind::Function).any(|f| has_parameter(file, f, name))
    };
    match model.kind(handler) {
        Kind::Name => continues(handler),
        Kind::Function => {
            let calls = model.descendants(handler).filter(|n| model.kind(*n) == Kind::Call);
            calls.into_iter().any(|c| model.child(c, Role::Receiver).is_none() && continues(c))
        }
        _ => false,
    }
}

fn has_parameter(file: &Analysis<'_>, function: NodeId, name: &str) -> bool {
    let model = file.model;
    let mut params = model.children_with(function, Role::Param);
    params.any(|p| model.child(p, Role::Target).map_or(model.name(p), |t| model.name(t)) == name)
}

/// The outermost function around that is no module's wrapper: what it waits for may be ended anywhere in it.
fn waiting(file: &Analysis<'_>, site: NodeId) -> NodeId {
    /// A function with more nodes holds a module or a class, not one wait.
    const LARGEST: u32 = 3000;
    let model = file.model;
    let length = |f: NodeId| model.end(f).0 - f.0;
    let mut around = model.ancestors(site).filter(|a| model.kind(*a) == Kind::Function).collect::<Vec<_>>();
    around.retain(|f| length(*f) < LARGEST);
    around.last().copied().unwrap_or_else(|| model.root())
}

/// A timer, a signal, a race, or a listener for what tells that the event will not come.
fn ended_otherwise(file: &Analysis<'_>, within: NodeId, site: NodeId, receiver: NodeId) -> bool {
    const TIMES: [&str; 8] = ["timeout", "timer", "race", "abort", "signal", "deadline", "timelimit", "timeouts"];
    let model = file.model;
    let listens = |c: NodeId| {
        let event = model.child(c, Role::Arg).filter(|a| model.kind(*a) == Kind::String);
        let same = model.child(c, Role::Receiver).is_some_and(|r| root(file, r) == root(file, receiver));
        same && event.is_some_and(|e| FAILS.contains(&model.name(e)))
    };
    // A chain of listeners hangs on the same emitter.
    let chained = |c: NodeId| model.child(c, Role::Receiver).is_some_and(|r| r == site || model.contains(r, site));
    model.descendants(within).any(|n| match model.kind(n) {
        Kind::Call => {
            has_word(model.name(n), &TIMES)
                || listens(n)
                || chained(n) && model.child(n, Role::Arg).is_some_and(|a| FAILS.contains(&model.name(a)))
        }
        Kind::Entry | Kind::Member | Kind::Name | Kind::New => has_word(model.name(n), &TIMES),
        _ => false,
    })
}

/// What stands first in a chain: `socket` of `socket.on(..).on(..)`.
fn root<'f>(file: &'f Analysis<'_>, id: NodeId) -> &'f str {
    let model = file.model;
    let mut at = id;
    while model.kind(at) == Kind::Call
        && let Some(receiver) = model.child(at, Role::Receiver)
    {
        at = receiver;
    }
    model.name(at)
}
