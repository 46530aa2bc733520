//! Retries without a loop: a function that runs itself again, or is run again by a handler of failures, at once or later.

use crate::network::attempts::{RETRY, contends};
use crate::network::delay::{Delay, delay_of};
use crate::network::elsewhere::is_cause;
use crate::network::outcome::{Outcome, is_error_name, outcome_of};
use crate::network::pace::{Pause, pause_of};
use crate::network::remote::{Remote, call_evidence, evidence_around};
use crate::network::rounds::{is_local_failure, is_of_this_machine};
use crate::network::times::{Bound, most_of};
use std::rc::Rc;
use timelint_diagnostics::Confidence;
use timelint_model::{Kind, NodeId, Role, Sym};
use timelint_semantics::catalog::{ApiRole, ArgMeaning, Unit};
use timelint_semantics::{Analysis, Callee, Guard, How, has_word, words};

/// A function that is run again after it failed.
#[derive(Debug, Clone)]
pub(crate) struct Redial {
    /// The call, or the mention of the function, that runs it again.
    pub(crate) again: NodeId,
    /// The handler or test that is reached after a failure.
    pub(crate) failure: NodeId,
    /// The pause before, where there is one.
    pub(crate) delay: Option<(NodeId, Delay)>,
    /// It waits for a time that cannot be seen, and that may grow.
    pub(crate) hidden: bool,
    /// From what is known of the other side.
    pub(crate) confidence: Confidence,
    /// How often.
    pub(crate) bound: Bound,
    /// It is a lock that is asked for.
    pub(crate) contends: bool,
    /// It sets up a connection.
    pub(crate) connects: bool,
}

/// Names of events that tell of a lost or failed connection.
#[rustfmt::skip]
const LOST: [&str; 14] = [
    "error", "close", "closed", "end", "disconnect", "disconnected", "timeout", "offline", "connect_error",
    "connect_failed", "connectFailed", "reconnect_failed", "onclose", "onerror",
];

/// Words of functions that are called when something was lost or failed.
#[rustfmt::skip]
const FAILING: [&str; 12] = [
    "error", "errored", "failure", "failed", "fail", "close", "closed", "disconnect", "disconnected", "lost",
    "inactive", "timeout",
];

/// Words of functions that set up a connection.
#[rustfmt::skip]
const CONNECTING: [&str; 12] = [
    "connect", "reconnect", "dial", "redial", "subscribe", "resubscribe", "watch", "join", "register", "login",
    "rejoin", "relogin",
];

/// Nodes of one function that are looked at.
const MOST_NODES: usize = 4000;

/// Every place of the file where a function is run again because it failed.
pub(crate) fn redials(file: &Analysis<'_>) -> Rc<Vec<Redial>> {
    file.shared(find_redials)
}

fn find_redials(file: &Analysis<'_>) -> Vec<Redial> {
    let model = file.model;
    let mut found: Vec<Redial> = Vec::new();
    for mention in model.ids() {
        if !matches!(model.kind(mention), Kind::Call | Kind::Name | Kind::Member) || model.sym(mention) == Sym::EMPTY {
            continue;
        }
        let Some(redial) = redial_at(file, mention) else { continue };
        if !found.iter().any(|r| r.failure == redial.failure || model.contains(r.again, mention)) {
            found.push(redial);
        }
    }
    found
}

/// `id` calls or names a function around it, or one that leads here, on a path of failure.
fn redial_at(file: &Analysis<'_>, id: NodeId) -> Option<Redial> {
    let model = file.model;
    let target = function_named(file, id)?;
    if file.in_loop(id).is_some() {
        return None;
    }
    let around: Vec<NodeId> = model.ancestors(id).filter(|a| model.kind(*a) == Kind::Function).collect();
    let own = around.contains(&target);
    let timer = timer_around(file, id);
    let slept = if timer.is_none() && own { last_pause(file, target, id) } else { None };
    // A number of attempts alone may count how often was looked, not how often it failed.
    let failure = failure_around(file, timer.map_or(id, |t| t.0), timer.is_some())
        .or_else(|| slept.and_then(|p| handler_that_sets(file, target, p.amount?)))?;
    let name = model.name(target);
    // `openNextFile()` opens another one; `isRetryable(err.cause())` looks at another error.
    let tells = words(name).first().is_some_and(|w| matches!(w.as_str(), "is" | "should" | "can" | "has"));
    if has_word(name, &["next"]) || tells {
        return None;
    }
    // `pool.connect(listen)`: the function is what runs when there is a connection.
    let handed = model.parent(id).filter(|p| model.kind(*p) == Kind::Call && model.role(id) == Role::Arg);
    let taker = handed.filter(|p| has_word(model.name(*p), &CONNECTING));
    let named = has_word(name, &CONNECTING) || has_word(name, &RETRY) || taker.is_some();
    if !(own || named && leads_back(file, target, &around)) {
        return None;
    }
    let again = own && model.kind(id) == Kind::Call && repeats(file, id, target);
    if timer.is_none() && slept.is_none() {
        let waits = waits_somewhere(file, target) || around.iter().any(|f| waits_somewhere(file, *f));
        let connects = model.kind(id) == Kind::Call && has_word(name, &CONNECTING);
        if waits
            || moves_on(file, failure, id)
            || makes_what_lacked(file, failure, id)
            || !(connects || again && is_bare(file, failure, id))
        {
            return None;
        }
    } else if timer.is_none() && !again {
        return None;
    }
    let calls = model.descendants(target).take(MOST_NODES).filter(|c| matches!(model.kind(*c), Kind::Call | Kind::New));
    // What it is called itself says nothing of what it calls.
    // `this.producer.send(row)` in `send(row)` is another one.
    let itself = |c: NodeId| {
        let receiver = model.child(c, Role::Receiver);
        model.sym(c) == model.sym(target) && receiver.is_none_or(|r| file.tables.is_this(model, r))
    };
    let inner = taker.into_iter().chain(calls.filter(|c| *c != id && !itself(*c)));
    let inner = inner.map(|c| call_evidence(file, c)).max().unwrap_or(Remote::No);
    let remote = inner.max(evidence_around(file, id));
    // A lock that several others have to grant is no lock of this process.
    let granted = |n: NodeId| has_word(model.name(n), &["servers", "nodes", "quorum"]);
    let votes = contends(file, id) && model.descendants(target).take(MOST_NODES).any(granted);
    let remote = if votes { remote.max(Remote::Named) } else { remote };
    let confidence = match (remote, named) {
        _ if moves_on(file, failure, id) || closes_itself(file, failure) => Confidence::Low,
        (Remote::Known | Remote::Named, true) => Confidence::Medium,
        (Remote::Known, false) if timer.is_some() => Confidence::Medium,
        // A call that is known, in a function that gives itself the same again.
        (Remote::Known | Remote::Named, false) if again => Confidence::Medium,
        (Remote::Around, true) | (Remote::Named, false) => Confidence::Low,
        _ => return None,
    };
    let pause = timer.map(|(_, amount, unit)| (amount, unit));
    let pause = pause.or_else(|| slept.and_then(|s| Some((s.amount?, s.unit))));
    let delay = pause.map(|(amount, unit)| (amount, delay_between(file, amount, unit, target, id)));
    // A timer of zero is none.
    let delay = delay.filter(|(_, d)| d.fixed != Some(0.0));
    let connects = around.iter().chain([&target]).any(|f| has_word(model.name(*f), &CONNECTING));
    let counted = around.iter().find_map(|f| counted_in(file, *f)).unwrap_or(Bound::Endless);
    let bound = if runs_once_more(file, id) { Bound::Times(2.0) } else { counted };
    let hidden = slept.is_some_and(|s| s.amount.is_none());
    Some(Redial { again: id, failure, delay, hidden, confidence, bound, contends: contends(file, id), connects })
}

/// The pause that a function makes before it runs itself again.
fn last_pause(file: &Analysis<'_>, function: NodeId, again: NodeId) -> Option<Pause> {
    file.tables.calls_between(function, again).iter().filter_map(|c| pause_of(file, *c)).last()
}

/// The pause between two runs: what the function hands to itself unchanged does not grow.
fn delay_between(file: &Analysis<'_>, amount: NodeId, unit: Option<Unit>, target: NodeId, again: NodeId) -> Delay {
    let model = file.model;
    let mut delay = delay_of(file, amount, unit, target);
    let place = model.children_with(target, Role::Param).position(|p| model.sym(p) == model.sym(amount));
    let given = place.and_then(|at| model.children_with(again, Role::Arg).nth(at));
    let same = place.is_some() && given.is_none_or(|g| model.sym(g) == model.sym(amount));
    if model.kind(amount) == Kind::Name && model.kind(again) == Kind::Call && same {
        delay.grows = false;
        delay.settable = true;
    }
    delay
}

/// The handler of the function in which the length of the pause is computed.
fn handler_that_sets(file: &Analysis<'_>, function: NodeId, amount: NodeId) -> Option<NodeId> {
    let model = file.model;
    let stores = file.stores_of(amount).iter();
    let handler = |at: NodeId| model.enclosing(at, Kind::Catch).filter(|c| model.contains(function, *c));
    stores.into_iter().find_map(|s| handler(s.at))
}

/// `send(request, attempts - 1)`: the function gets what it had, but for counters. What gets a part of its parameter
/// walks down a tree: `convert(*failure.cause)`.
fn repeats(file: &Analysis<'_>, call: NodeId, function: NodeId) -> bool {
    let model = file.model;
    let param = |n: NodeId| model.children_with(function, Role::Param).any(|p| model.sym(p) == model.sym(n));
    let is_param = |n: NodeId| model.kind(n) == Kind::Name && param(n);
    let had = |argument: NodeId| {
        // `*failure.cause`, `&request`
        let inner = model.child(argument, Role::Operand).filter(|_| model.kind(argument) == Kind::Unary);
        let n = inner.unwrap_or(argument);
        match model.kind(n) {
            Kind::Name => param(n) || file.stores_of(n).iter().all(|s| !model.contains(function, s.at)),
            // `send(request, Method.CHECK)`: another thing is done.
            Kind::Member => !model.descendants(n).any(is_param) && !is_constant_name(model.name(n)),
            Kind::Binary | Kind::Unary | Kind::Assign | Kind::Record | Kind::Argument => {
                model.descendants(n).any(is_param)
            }
            kind => {
                matches!(kind, Kind::Number | Kind::String | Kind::Boolean | Kind::Null | Kind::Spread | Kind::This)
            }
        }
    };
    model.children_with(call, Role::Arg).all(had)
}

/// Nothing but the failure and the number of attempts decides that it runs again, and nothing is mended before: no
/// other place is chosen, nobody logs in, no state is looked at that may have changed.
fn is_bare(file: &Analysis<'_>, failure: NodeId, again: NodeId) -> bool {
    #[rustfmt::skip]
    const MENDING: [&str; 27] = [
        "login", "relogin", "authenticate", "reauthenticate", "reauth", "authorize", "refresh", "renew", "invalidate", "clear",
        "update", "next", "switch", "rotate", "failover", "fallback", "create", "ensure", "register", "install", "redirect",
        "follow", "remove", "delete", "pop", "shift", "set",
    ];
    let model = file.model;
    let named = |n: NodeId| matches!(model.kind(n), Kind::Name | Kind::Member | Kind::Call | Kind::Type | Kind::String);
    let parts = |n: NodeId| model.self_and_descendants(n).take(64).filter(|d| named(*d));
    // Who repeats what did not answer in time has waited for as long.
    let waited = |n: NodeId| matches!(model.kind(n), Kind::Type | Kind::Name) && has_word(model.name(n), &["timeout"]);
    let cause = |n: NodeId| parts(n).any(|d| is_cause(model.name(d)) || is_local_failure(file, d) || waited(d));
    // `n === 1`
    let number = |n: NodeId| {
        model.kind(n) == Kind::Binary
            && model.children_with(n, Role::Operand).any(|o| model.kind(o) == Kind::Number)
            && model.children_with(n, Role::Operand).any(|o| model.kind(o) == Kind::Name)
    };
    let decides = |n: NodeId| {
        is_counted(file, n)
            || number(n)
            || parts(n).any(|d| is_error_name(model.name(d)) || has_word(model.name(d), &RETRY))
    };
    !file.tables.calls_between(failure, again).iter().any(|c| has_word(model.name(*c), &MENDING))
        && file
            .guards(again)
            .iter()
            .filter(|g| g.condition >= failure)
            .all(|g| decides(g.condition) && !cause(g.condition))
        && !model.children_with(failure, Role::Type).any(cause)
}

/// `setIndex(index + 1)`: the next time another place is asked.
fn moves_on(file: &Analysis<'_>, failure: NodeId, again: NodeId) -> bool {
    const MOVING: [&str; 7] = ["next", "index", "switch", "rotate", "failover", "fallback", "pick"];
    file.tables.calls_between(failure, again).iter().any(|c| has_word(file.model.name(*c), &MOVING))
        || leaves_out(file, failure, again)
}

/// `servers.remove(server)`: the one that failed is not asked again.
fn leaves_out(file: &Analysis<'_>, failure: NodeId, again: NodeId) -> bool {
    let model = file.model;
    file.tables.calls_between(failure, again).iter().any(|c| {
        matches!(model.name(*c), "remove" | "delete" | "discard" | "Remove" | "Delete")
            && model.child(*c, Role::Receiver).is_some_and(|r| model.name(r).ends_with('s'))
            && model.child(*c, Role::Arg).is_some()
    })
}

/// `createParent(); register(id)`: what was missing is there the next time.
fn makes_what_lacked(file: &Analysis<'_>, failure: NodeId, again: NodeId) -> bool {
    const MAKING: [&str; 5] = ["create", "ensure", "install", "mkdir", "mkdirs"];
    file.tables.calls_between(failure, again).iter().any(|c| has_word(file.model.name(*c), &MAKING))
}

/// `if (!failedOnce) { failedOnce = true; … }`, `send(request, true)`: it is tried a second time and no more.
fn runs_once_more(file: &Analysis<'_>, again: NodeId) -> bool {
    let model = file.model;
    let set = |n: NodeId| file.stores_of(n).iter().any(|s| s.value.is_some_and(|v| model.kind(v) == Kind::Boolean));
    model.children_with(again, Role::Arg).any(|a| model.kind(a) == Kind::Boolean)
        || file
            .guards(again)
            .iter()
            .any(|g| matches!(model.kind(g.condition), Kind::Name | Kind::Member) && set(g.condition))
}

fn is_constant_name(name: &str) -> bool {
    name.chars().any(char::is_alphabetic) && !name.chars().any(char::is_lowercase)
}

/// The function of this file that a call runs or a reference names.
fn function_named(file: &Analysis<'_>, id: NodeId) -> Option<NodeId> {
    let model = file.model;
    let name = model.sym(id);
    let of_class = || {
        let class = file.tables.class_around(model, id)?;
        let methods = file.tables.classes.get(class as usize)?.methods.get(&name)?;
        // Another one of the same name is no repetition.
        let arity = model.children_with(id, Role::Arg).count();
        let fits = |f: &&NodeId| model.children_with(**f, Role::Param).count() == arity;
        match methods[..] {
            [ref only] => Some(*only),
            _ if model.kind(id) == Kind::Call => {
                let mut fitting = methods.iter().filter(fits);
                fitting.next().filter(|_| fitting.next().is_none()).copied()
            }
            _ => methods.first().copied(),
        }
    };
    // `const listen = () => …`
    let bound = || match file.stores_of(id) {
        [store] => store.value.filter(|v| model.kind(*v) == Kind::Function),
        _ => None,
    };
    let free = || file.tables.free_functions.get(&name).and_then(|f| f.first()).copied().or_else(bound);
    let called = || match file.callee(id) {
        Some(Callee::Here(function)) => Some(function),
        _ => None,
    };
    match model.kind(id) {
        Kind::Call => match model.child(id, Role::Receiver) {
            Some(receiver) if file.tables.is_this(model, receiver) => of_class(),
            // `this.connect.bind(this)` names it, too; that is the member's turn.
            Some(_) => None,
            None => of_class().or_else(free).or_else(called),
        },
        Kind::Member => {
            let own = model.child(id, Role::Object).is_some_and(|o| file.tables.is_this(model, o));
            let handed = matches!(model.role(id), Role::Arg | Role::Receiver);
            (own && handed).then(of_class).flatten()
        }
        Kind::Name if model.role(id) == Role::Arg => free(),
        _ => None,
    }
}

/// The call that runs `id` later, and how long that is: a timer, or any call that is handed a function and a constant.
fn timer_around(file: &Analysis<'_>, id: NodeId) -> Option<(NodeId, NodeId, Option<Unit>)> {
    let model = file.model;
    let mut child = id;
    for ancestor in model.ancestors(id) {
        if model.kind(ancestor) == Kind::Call && model.role(child) == Role::Arg {
            if let Some(known) = file.resolve(ancestor).filter(|k| k.api.role == ApiRole::Schedule) {
                let amount = file.argument(ancestor, known, ArgMeaning::Amount)?;
                let by_unit = file.argument(ancestor, known, ArgMeaning::Unit).and_then(|u| file.unit_named_by(u));
                let spec = known.api.args.iter().find(|a| a.is == ArgMeaning::Amount);
                return Some((ancestor, amount, by_unit.or(spec.and_then(|s| s.unit))));
            }
            let unknown = file.resolve(ancestor).is_none_or(|k| k.how == How::Name);
            // `setAbortableTimeout(() => this.join(), 5000, signal)`
            let later = has_word(model.name(ancestor), &["timeout", "delay", "delayed", "later", "after", "schedule"]);
            let pause = |a: NodeId| speaks_of_pause(file, a) || later && model.kind(a) == Kind::Number;
            let amount = model
                .children_with(ancestor, Role::Arg)
                .find(|a| *a != child && *a != id && pause(*a) && file.value(*a).number.is_some());
            if let Some(amount) = amount.filter(|_| unknown) {
                return Some((ancestor, amount, None));
            }
        }
        if model.kind(ancestor) == Kind::Function && model.sym(ancestor) != Sym::EMPTY {
            return None;
        }
        child = ancestor;
    }
    None
}

fn speaks_of_pause(file: &Analysis<'_>, id: NodeId) -> bool {
    matches!(file.model.kind(id), Kind::Name | Kind::Member)
        && has_word(file.model.name(id), &["delay", "backoff", "interval", "wait", "pause", "retry"])
}

/// What is reached after a failure and holds `id`: a handler, a test of an error, a listener of lost connections.
fn failure_around(file: &Analysis<'_>, id: NodeId, counted: bool) -> Option<NodeId> {
    let model = file.model;
    // Who looks at how often was tried has not succeeded.
    let failed = |g: &Guard| {
        outcome_of(file, g.condition, g.holds, id, &[]) == Outcome::Failure
            || counted
                && is_counted(file, g.condition)
                && model.self_and_descendants(g.condition).any(|n| has_word(model.name(n), &RETRY))
    };
    if let Some(guard) = file.guards(id).iter().find(|g| failed(g)) {
        return Some(guard.condition);
    }
    for ancestor in model.ancestors(id) {
        match model.kind(ancestor) {
            Kind::Catch if is_of_this_machine(file, ancestor) => return None,
            Kind::Catch => return Some(ancestor),
            Kind::Function if is_handler(file, ancestor) => return Some(ancestor),
            Kind::Function if model.sym(ancestor) != Sym::EMPTY => return None,
            Kind::Function => {
                let inner = file.guards(ancestor);
                if let Some(guard) = inner.iter().find(|g| failed(g)) {
                    return Some(guard.condition);
                }
            }
            _ => {}
        }
    }
    None
}

/// `.on('close', …)`, `ws.onclose = …`
fn listens_for_loss(file: &Analysis<'_>, id: NodeId) -> bool {
    let model = file.model;
    match (model.kind(id), model.name(id)) {
        (Kind::Call, "on" | "once" | "addEventListener" | "addListener") => {
            let event = model.child(id, Role::Arg);
            event.is_some_and(|a| model.kind(a) == Kind::String && LOST.contains(&model.name(a)))
        }
        (Kind::Assign, _) => model.child(id, Role::Target).is_some_and(|t| LOST.contains(&model.name(t))),
        _ => false,
    }
}

/// `.catch(() => …)`, `.on('close', () => …)`, `ws.onclose = () => …`, `def on_disconnect(…)`.
fn is_handler(file: &Analysis<'_>, function: NodeId) -> bool {
    let model = file.model;
    let name = model.name(function);
    if !name.is_empty() {
        let handles = has_word(name, &["on", "handle", "handler", "channel", "connection"]);
        return handles && has_word(name, &FAILING) || has_word(name, &["reconnect", "redial"]);
    }
    let Some(parent) = model.parent(function) else { return false };
    let handed = model.kind(parent) == Kind::Call && model.role(function) == Role::Arg;
    match model.name(parent) {
        "catch" if handed => true,
        "then" if handed => model.children_with(parent, Role::Arg).nth(1) == Some(function),
        _ => (handed || model.kind(parent) == Kind::Assign) && listens_for_loss(file, parent),
    }
}

/// `socket.terminate(); socket.once('close', …)`, `server.on('error', …)`: it ends because this process ends it, or what is
/// lost is no connection but the place where this process listens.
fn closes_itself(file: &Analysis<'_>, handler: NodeId) -> bool {
    const ENDS: [&str; 5] = ["terminate", "close", "destroy", "end", "disconnect"];
    let model = file.model;
    let listens = model.parent(handler).filter(|p| model.kind(*p) == Kind::Call && listens_for_loss(file, *p));
    let Some(source) = listens.and_then(|l| model.child(l, Role::Receiver)) else { return false };
    let same = |r: NodeId| model.sym(r) == model.sym(source) && file.function_around(r) == file.function_around(source);
    let ended = |c: &NodeId| {
        ENDS.contains(&model.name(*c)) && *c < handler && model.child(*c, Role::Receiver).is_some_and(same)
    };
    has_word(model.name(source), &["server", "listener"]) || file.tables.calls.iter().any(ended)
}

/// The function installs, or calls something that installs, the handler that `around` belongs to.
fn leads_back(file: &Analysis<'_>, target: NodeId, around: &[NodeId]) -> bool {
    let model = file.model;
    let names: Vec<Sym> = around.iter().map(|f| model.sym(*f)).filter(|s| *s != Sym::EMPTY).collect();
    model.descendants(target).take(MOST_NODES).any(|n| {
        matches!(model.kind(n), Kind::Call | Kind::Name | Kind::Member)
            && names.contains(&model.sym(n))
            && (failure_around(file, n, true).is_some()
                || model
                    .ancestors(n)
                    .take_while(|a| *a != target)
                    .any(|a| model.kind(a) == Kind::Function || listens_for_loss(file, a)))
    })
}

fn waits_somewhere(file: &Analysis<'_>, function: NodeId) -> bool {
    let model = file.model;
    let mut inside = model.descendants(function).take(MOST_NODES);
    inside.any(|n| match model.kind(n) {
        // `retry(() => start(), { minDelay: settings.pause })`
        Kind::Entry | Kind::Argument => has_word(model.name(n), &["delay", "backoff"]),
        Kind::Call => {
            file.resolve(n).is_some_and(|k| matches!(k.api.role, ApiRole::Sleep | ApiRole::Schedule))
                || has_word(model.name(n), &["sleep", "delay", "backoff", "wait", "later", "schedule", "timer"])
        }
        _ => false,
    })
}

/// How often a function that counts lets itself run again.
fn counted_in(file: &Analysis<'_>, function: NodeId) -> Option<Bound> {
    let mut inside = file.model.descendants(function).take(MOST_NODES);
    let comparison = inside.find(|n| is_counted(file, *n))?;
    Some(most_of(file, comparison).map_or(Bound::Some, Bound::Times))
}

/// `attempts < max`
fn is_counted(file: &Analysis<'_>, id: NodeId) -> bool {
    const COUNTED: [&str; 9] =
        ["retry", "retries", "attempt", "attempts", "tries", "count", "remaining", "max", "times"];
    let model = file.model;
    model.kind(id) == Kind::Binary
        && model.name(id).starts_with(['<', '>', '='])
        && model.children_with(id, Role::Operand).any(|o| has_word(model.name(o), &COUNTED))
}
