//! Bare waits whose end comes from another machine: by what is waited for, by who gives the answer, by names.

use crate::network::bounds::{Bound, chained, given, limited_around};
use crate::network::missing_timeout::Endless;
use crate::network::remote::{Remote, call_evidence, is_ending, is_near, source_evidence};
use crate::network::sureness::ends;
use crate::surface::is_command;
use timelint_diagnostics::Confidence;
use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::catalog::{Api, ApiRole, leaf};
use timelint_semantics::{Analysis, Callee, How, Store, StoreKind, has_word, words};

/// Words of names of what another machine sends back.
const ANSWER: [&str; 10] =
    ["reply", "replies", "response", "responses", "rpc", "grpc", "ack", "acks", "answer", "remote"];

/// Of these, the ones that no part of a server is called after.
const ANSWERS_ONLY: [&str; 4] = ["reply", "replies", "response", "responses"];

/// A bare wait for what a call that says it is asynchronous sends to another machine: `client.submitAsync(r).get()`.
pub(crate) fn awaited_call<'a>(file: &Analysis<'a>, site: NodeId) -> Option<Endless<'a>> {
    let model = file.model;
    let receiver = model.child(site, Role::Receiver).filter(|r| model.kind(*r) == Kind::Call)?;
    // `asyncGet(key).toCompletableFuture().join()`
    let converts = has_word(model.name(receiver), &["to"]) && has_word(model.name(receiver), &["future"]);
    let inner = || model.child(receiver, Role::Receiver).map(|r| file.condition_source(r));
    let own = || is_own_request(file, receiver) || converts && inner().is_some_and(|s| is_own_request(file, s));
    if !is_asynchronous(model.name(receiver))
        || model.child(site, Role::Arg).is_some()
        || file.resolve(site).is_some_and(|k| k.how != How::Name)
        || source_evidence(file, receiver) < Remote::Named && !own()
    {
        return None;
    }
    let api = wait_named(file, model.name(site))?;
    unlimited(file, site, Some(api))
}

/// A name that says that the answer comes later.
pub(crate) fn is_asynchronous(name: &str) -> bool {
    let words = words(name);
    words.last().is_some_and(|w| w == "async" || w == "future") || words.first().is_some_and(|w| w == "async")
}

/// An asynchronous request that a client makes of itself: `asyncGet(key)` in `CacheClient`.
pub(crate) fn is_own_request(file: &Analysis<'_>, call: NodeId) -> bool {
    let model = file.model;
    let own = model.child(call, Role::Receiver).is_none_or(|r| file.tables.is_this(model, r));
    let mut outer = model.ancestors(call).filter(|a| model.kind(*a) == Kind::Class);
    // Whoever implements it limits it, or does not.
    let only_declared = || matches!(file.callee(call), Some(Callee::Here(f)) if model.child(f, Role::Body).is_none());
    model.kind(call) == Kind::Call
        && !only_declared()
        && is_asynchronous(model.name(call))
        && own
        && outer.any(|c| has_word(model.name(c), &["client", "stub", "proxy", "connection", "session"]))
}

/// A bare wait for a condition that only callbacks of answers signal: `while (acked < sent) acksCame.await()`.
pub(crate) fn awaited_condition<'a>(file: &Analysis<'a>, site: NodeId) -> Option<Endless<'a>> {
    const COUNTED: [&str; 14] = [
        "callback",
        "callbacks",
        "response",
        "responses",
        "reply",
        "replies",
        "ack",
        "acks",
        "acked",
        "inflight",
        "flight",
        "outstanding",
        "requests",
        "rpcs",
    ];
    const SIGNALS: [&str; 4] = ["signal", "notify", "broadcast", "set"];
    const TAKES: [&str; 10] =
        ["call", "on", "completed", "complete", "failed", "handle", "callback", "operation", "received", "done"];
    let model = file.model;
    let known = file.resolve(site).filter(|k| k.api.role == ApiRole::Await && k.api.waits_for_ever())?;
    let condition =
        model.child(site, Role::Receiver).filter(|r| matches!(model.kind(*r), Kind::Name | Kind::Member))?;
    if known.how == How::Name || is_ending(model.name(condition)) {
        return None;
    }
    // What is waited for, as the loop around says it, is answers.
    let until = file.in_loop(site).and_then(|l| model.child(l, Role::Condition))?;
    if !model.self_and_descendants(until).take(64).any(|n| has_word(model.name(n), &COUNTED)) {
        return None;
    }
    let is_a_callback = |at: NodeId| {
        let mut outer = model.ancestors(at);
        outer.any(|a| match model.kind(a) {
            Kind::Function => words(model.name(a)).first().is_some_and(|w| TAKES.contains(&w.as_str())),
            Kind::Class => has_word(model.name(a), &["callback", "listener"]),
            _ => false,
        })
    };
    let mut signals = file.tables.calls.iter().filter(|c| {
        let first = words(model.name(**c)).into_iter().next().unwrap_or_default();
        SIGNALS.contains(&first.as_str())
            && model.child(**c, Role::Receiver).is_some_and(|r| model.sym(r) == model.sym(condition))
    });
    let mut all = signals.by_ref().peekable();
    all.peek()?;
    if !all.all(|c| is_a_callback(*c) || file.function_around(*c).is_some_and(|f| is_ending(model.name(f)))) {
        return None;
    }
    unlimited(file, site, Some(known.api))
}

/// A latch, event or queue that only the callback of a call to another machine opens:
/// `client.send(m, r -> latch.countDown()); latch.await()`.
pub(crate) fn awaited_latch<'a>(file: &Analysis<'a>, site: NodeId) -> Option<Endless<'a>> {
    const OPENS: [&str; 8] = ["count", "set", "complete", "release", "signal", "notify", "put", "offer"];
    const LOCAL: [&str; 12] =
        ["submit", "execute", "run", "schedule", "apply", "map", "supply", "thread", "start", "each", "then", "when"];
    let model = file.model;
    let known = file.resolve(site).filter(|k| k.api.role == ApiRole::Await && k.api.waits_for_ever())?;
    let latch = model.child(site, Role::Receiver).filter(|r| model.kind(*r) == Kind::Name)?;
    if known.how == How::Name || is_ending(model.name(latch)) {
        return None;
    }
    let function = file.function_around(site)?;
    let reads = file.reads_of(latch);
    let opens = reads.iter().copied().filter(|r| {
        let call = model.parent(*r).filter(|p| model.kind(*p) == Kind::Call && model.role(*r) == Role::Receiver);
        call.is_some_and(|c| words(model.name(c)).first().is_some_and(|w| OPENS.contains(&w.as_str())))
    });
    let by_a_callback = |opens: NodeId| {
        let inner = model.ancestors(opens).take_while(|a| *a != function).filter(|a| model.kind(*a) == Kind::Function);
        let callback = inner.last()?;
        let takes = |a: &NodeId| matches!(model.kind(*a), Kind::Call | Kind::New);
        let mut calls = model.ancestors(callback).take_while(|a| *a != function).filter(takes);
        calls.find(|c| {
            let name = model.child(*c, Role::Type).map_or(model.name(*c), |t| model.name(t));
            let local = words(name).first().is_some_and(|w| LOCAL.contains(&w.as_str()));
            !local && call_evidence(file, *c) >= Remote::Named
        })
    };
    opens.into_iter().find_map(by_a_callback)?;
    unlimited(file, site, Some(known.api))
}

/// A bare wait for something that is called an answer, or in what is called after answers: `responseFuture.get()`,
/// `result.await()` of a `RequestResult`, `queues[id].get()` among `ReplyWaiters`.
pub(crate) fn awaited_answer<'a>(file: &Analysis<'a>, site: NodeId) -> Option<Endless<'a>> {
    const HOLDS: [&str; 12] = [
        "queue",
        "queues",
        "future",
        "futures",
        "latch",
        "promise",
        "event",
        "condition",
        "waiter",
        "waiters",
        "cond",
        "semaphore",
    ];
    // What is sent, in the name of what holds its outcome: `produce_future`.
    const SENT: [&str; 10] =
        ["produce", "publish", "send", "fetch", "commit", "invoke", "subscribe", "request", "replicate", "deliver"];
    let model = file.model;
    let name = model.name(site);
    if model.child(site, Role::Arg).is_some() || !file.catalog().has_leaf(name) {
        return None;
    }
    let receiver = model.child(site, Role::Receiver)?;
    let object = match model.kind(receiver) {
        Kind::Name | Kind::Member => receiver,
        Kind::Index => model.child(receiver, Role::Object)?,
        _ => return None,
    };
    let ty = file.type_of(receiver).map(|t| leaf(&t.name).to_owned()).unwrap_or_default();
    let (called, holds) = (model.name(object), |n: &str| has_word(n, &HOLDS));
    let waits = match file.resolve(site).filter(|k| k.how != How::Name) {
        Some(known) => known.api.role == ApiRole::Await && known.api.waits_for_ever(),
        None => match name {
            "await" => true,
            "get" | "wait" | "result" | "take" | "join" => holds(called) || holds(&ty),
            _ => false,
        },
    };
    let answers = |n: &str| has_word(n, &ANSWER) || has_word(n, &SENT) && has_word(n, &["future", "promise"]);
    let asked = || {
        let mut outer = model.ancestors(site).filter(|a| model.kind(*a) == Kind::Class);
        // In a loop, one message after another is taken.
        file.in_loop(site).is_none()
            && (holds(called) || holds(&ty))
            && outer.any(|a| has_word(model.name(a), &ANSWERS_ONLY))
    };
    // `get() { return reply.get() }` beside a `get(limit)`.
    let hands_on = file.function_around(site).is_some_and(|f| {
        let first = words(model.name(f)).into_iter().next().unwrap_or_default();
        let waits = matches!(model.name(f), "get" | "join" | "result") || matches!(first.as_str(), "await" | "wait");
        waits && model.child(f, Role::Param).is_none()
    });
    // `Future<?> sent = executor.submit(..)`: a worker of this process.
    let source = file.condition_source(object);
    let local = model.kind(source) == Kind::Call
        && words(model.name(source))
            .first()
            .is_some_and(|w| matches!(w.as_str(), "submit" | "execute" | "run" | "schedule"));
    // The library that gave it gives up by itself.
    let given_up = file.stores_of(object).iter().filter_map(|s| s.value).any(|v| {
        let known = file.resolve(v).filter(|k| k.how != How::Name);
        known.and_then(|k| k.api.default.as_deref()).is_some_and(|d| !d.starts_with("none") && !d.contains("context"))
    });
    // Workers of this process are waited for, and what a worker takes from its queue, one after another.
    let group = has_word(&ty, &["group", "barrier"]) || name == "take" && file.in_loop(site).is_some();
    if hands_on || local || given_up || group || has_come(file, site, object) {
        return None;
    }
    // A request that is on its way, not one that came in.
    let on_its_way = has_word(&ty, &["request"]) && has_word(&ty, &["result", "future", "promise", "completion"]);
    if !waits || !(answers(called) || answers(&ty) || on_its_way || asked()) || is_ending(called) {
        return None;
    }
    let api = wait_named(file, name)?;
    let found = unlimited(file, site, Some(api))?;
    // Whoever handed it over knows what it comes from, and what ends that.
    let handed = |s: &Store| matches!(s.kind, StoreKind::Param(_));
    let stores = file.stores_of(object);
    let given = model.kind(object) == Kind::Name && !stores.is_empty() && stores.iter().all(handed);
    Some(Endless { confidence: if given { Confidence::Low } else { found.confidence }, ..found })
}

/// A bare receive of what another machine sends: `<-m.leaveBroadcast`, `resp := <-call.reply` after the request went out.
pub(crate) fn awaited_channel<'a>(file: &Analysis<'a>, site: NodeId) -> Option<Endless<'a>> {
    const SENT: [&str; 8] = ["ack", "acks", "pong", "broadcast", "rpc", "grpc", "remote", "handshake"];
    const REPLIES: [&str; 8] = ["reply", "replies", "response", "responses", "resp", "answer", "result", "rsp"];
    let model = file.model;
    if model.name(site) != "<-" {
        return None;
    }
    let channel = model.child(site, Role::Operand)?;
    let called =
        matches!(model.kind(channel), Kind::Name | Kind::Member | Kind::Index).then(|| match model.kind(channel) {
            Kind::Index => model.child(channel, Role::Object).map_or("", |o| model.name(o)),
            _ => model.name(channel),
        })?;
    let function = file.function_around(site)?;
    let in_a_choice = model.ancestors(site).take_while(|a| *a != function).any(|a| {
        model.kind(a) == Kind::Case
            && model.children(a).next().is_some_and(|first| model.contains(first, site) || first == site)
    });
    // In a loop one message after another is taken, and a worker lasts as long as its process.
    if in_a_choice || file.in_loop(site).is_some() || is_ending(called) {
        return None;
    }
    // The request goes to another machine in the same function, just before.
    let asked = || {
        let mut before = file.tables.calls.iter().filter(|c| **c < site && model.contains(function, **c));
        before.any(|c| file.function_around(*c) == Some(function) && call_evidence(file, *c) == Remote::Known)
    };
    if !(has_word(called, &SENT) || has_word(called, &REPLIES) && asked()) {
        return None;
    }
    let found = unlimited(file, site, None)?;
    let help = "choose between it and the end of time: `select` with `<-ctx.Done()` of a context that has a deadline, or with a timer";
    Some(Endless { help: Some(help), ..found })
}

/// A wait until one connection can be read or written, while it is set up: `select.select([conn.fileno()], [], [])`.
pub(crate) fn awaited_peer<'a>(file: &Analysis<'a>, site: NodeId) -> Option<Endless<'a>> {
    const SETS_UP: [&str; 6] = ["handshake", "connect", "poll", "negotiate", "state", "greeting"];
    const PEER: [&str; 8] = ["conn", "connection", "sock", "socket", "client", "peer", "channel", "transport"];
    let model = file.model;
    let known = file.resolve(site).filter(|k| k.how != How::Name && k.api.role == ApiRole::Await)?;
    let lists: Vec<NodeId> = model.children_with(site, Role::Arg).filter(|a| model.kind(*a) == Kind::List).collect();
    let mut waited = lists.iter().flat_map(|l| model.children(*l));
    let (Some(one), None) = (waited.next(), waited.next()) else { return None };
    // `[conn.fileno()]`, `[self.sock]`
    let object = model.child(one, Role::Receiver).filter(|_| model.kind(one) == Kind::Call).unwrap_or(one);
    let peer = matches!(model.kind(object), Kind::Name | Kind::Member) && has_word(model.name(object), &PEER);
    let bare = known.api.waits_for_ever() && given(file, site, known.api) != Bound::Given;
    if !peer || !bare || has_word(model.name(object), &["server", "listen", "listener", "wakeup", "pipe"]) {
        return None;
    }
    // `read(socket, n)`: whoever calls it decides. A loop that takes whatever comes may wait as long as it likes.
    let function = file.function_around(site)?;
    let hands_on = words(model.name(function))
        .iter()
        .any(|w| matches!(w.as_str(), "read" | "recv" | "receive" | "write" | "send" | "sendall"));
    let sets_up = |n: NodeId| model.kind(n) == Kind::Call && has_word(model.name(n), &SETS_UP);
    let takes = file.in_loop(site).is_some_and(|l| !model.descendants(l).any(sets_up));
    if takes || hands_on && file.in_loop(site).is_none() {
        return None;
    }
    let accepts = |n: NodeId| model.kind(n) == Kind::Call && model.name(n) == "accept";
    if model.descendants(function).any(accepts) {
        return None;
    }
    unlimited(file, site, Some(known.api))
}

/// What is handed to a callback has come, and so has what a callback was hung on: `reply.addListener(() -> reply.get())`.
pub(crate) fn has_come(file: &Analysis<'_>, site: NodeId, object: NodeId) -> bool {
    let model = file.model;
    let Some(callback) = file.function_around(site).filter(|f| file.function_around(*f).is_some()) else {
        return false;
    };
    let params = model.children_with(callback, Role::Param);
    let mut names = params.map(|p| model.child(p, Role::Target).unwrap_or(p));
    let call = model.ancestors(callback).find(|a| model.kind(*a) == Kind::Call);
    let hung_on = call.and_then(|c| model.child(c, Role::Receiver));
    names.any(|n| model.sym(n) == model.sym(object)) || hung_on.is_some_and(|r| model.sym(r) == model.sym(object))
}

fn unlimited<'a>(file: &Analysis<'a>, site: NodeId, api: Option<&'a Api>) -> Option<Endless<'a>> {
    // `if (limit <= 0) return answer.get()`: somebody asked for it.
    let asked_for = |n: NodeId| has_word(file.model.name(n), &["timeout", "timeouts", "deadline", "wait", "limit"]);
    let guards = file.guards(site);
    let asked_for = guards.iter().any(|g| file.model.self_and_descendants(g.condition).any(asked_for));
    if asked_for || limited_around(file, site) || chained(file, site) != Bound::Absent {
        return None;
    }
    let quiet = ends(file, site) || is_near(file, site) || is_command(file);
    let confidence = if quiet { Confidence::Low } else { Confidence::Medium };
    Some(Endless { site, api, value: None, help: None, confidence })
}

/// What the catalogue knows of bare waits of this name.
fn wait_named<'a>(file: &Analysis<'a>, name: &str) -> Option<&'a Api> {
    let called = |api: &Api| api.name.as_slice().iter().any(|n| leaf(n) == name);
    file.apis_in(ApiRole::Await).find(|api| api.waits_for_ever() && called(api))
}
