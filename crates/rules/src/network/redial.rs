//! Retries without a loop: a function that runs itself again, or is run again by a handler of failures, at once or later.

use crate::network::attempts::{RETRY, contends};
use crate::network::delay::{Delay, delay_of};
use crate::network::outcome::{Outcome, outcome_of};
use crate::network::remote::{Remote, call_evidence, evidence_around};
use std::rc::Rc;
use timelint_diagnostics::Confidence;
use timelint_model::{Kind, NodeId, Role, Sym};
use timelint_semantics::catalog::{ApiRole, ArgMeaning, Unit};
use timelint_semantics::{Analysis, Guard, How, has_word};

/// A function that is run again after it failed.
#[derive(Debug, Clone)]
pub(crate) struct Redial {
    /// The call, or the mention of the function, that runs it again.
    pub(crate) again: NodeId,
    /// The handler or test that is reached after a failure.
    pub(crate) failure: NodeId,
    /// The pause before, where there is one.
    pub(crate) delay: Option<(NodeId, Delay)>,
    /// From what is known of the other side.
    pub(crate) confidence: Confidence,
    /// A number of attempts is counted and compared.
    pub(crate) bounded: bool,
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
    let timer = timer_around(file, id);
    let failure = failure_around(file, timer.map_or(id, |t| t.0))?;
    let name = model.name(target);
    let own = around.contains(&target);
    // `pool.connect(listen)`: the function is what runs when there is a connection.
    let handed = model.parent(id).filter(|p| model.kind(*p) == Kind::Call && model.role(id) == Role::Arg);
    let taker = handed.filter(|p| has_word(model.name(*p), &CONNECTING));
    let named = has_word(name, &CONNECTING) || has_word(name, &RETRY) || taker.is_some();
    if !(own || named && leads_back(file, target, &around)) {
        return None;
    }
    // `connect` that is called with something else next time is no repetition: `walk(child)`.
    if timer.is_none()
        && (model.kind(id) != Kind::Call
            || !has_word(name, &CONNECTING)
            || waits_somewhere(file, target)
            || around.iter().any(|f| waits_somewhere(file, *f)))
    {
        return None;
    }
    let inner = taker
        .into_iter()
        .chain(model.descendants(target).take(MOST_NODES).filter(|c| matches!(model.kind(*c), Kind::Call | Kind::New)));
    let remote = inner.map(|c| call_evidence(file, c)).max().unwrap_or(Remote::No).max(evidence_around(file, id));
    // A lock that several others have to grant is no lock of this process.
    let granted = |n: NodeId| has_word(model.name(n), &["servers", "nodes", "quorum"]);
    let votes = contends(file, id) && model.descendants(target).take(MOST_NODES).any(granted);
    let remote = if votes { remote.max(Remote::Named) } else { remote };
    let confidence = match (remote, named) {
        (Remote::Known | Remote::Named, true) => Confidence::Medium,
        (Remote::Known, false) if timer.is_some() => Confidence::Medium,
        (Remote::Around, true) | (Remote::Named, false) => Confidence::Low,
        _ => return None,
    };
    let bounded = around.iter().any(|f| counts_down(file, *f));
    let delay = timer.map(|(_, amount, unit)| (amount, delay_of(file, amount, unit, target)));
    // A timer of zero is none.
    let delay = delay.filter(|(_, d)| d.fixed != Some(0.0));
    let connects = around.iter().chain([&target]).any(|f| has_word(model.name(*f), &CONNECTING));
    Some(Redial { again: id, failure, delay, confidence, bounded, contends: contends(file, id), connects })
}

/// The function of this file that a call runs or a reference names.
fn function_named(file: &Analysis<'_>, id: NodeId) -> Option<NodeId> {
    let model = file.model;
    let name = model.sym(id);
    let of_class = || {
        let class = file.tables.class_around(model, id)?;
        file.tables.classes.get(class as usize)?.methods.get(&name)?.first().copied()
    };
    // `const listen = () => …`
    let bound = || match file.stores_of(id) {
        [store] => store.value.filter(|v| model.kind(*v) == Kind::Function),
        _ => None,
    };
    let free = || file.tables.free_functions.get(&name).and_then(|f| f.first()).copied().or_else(bound);
    match model.kind(id) {
        Kind::Call => match model.child(id, Role::Receiver) {
            Some(receiver) if file.tables.is_this(model, receiver) => of_class(),
            // `this.connect.bind(this)` names it, too; that is the member's turn.
            Some(_) => None,
            None => of_class().or_else(free),
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
            let amount = model
                .children_with(ancestor, Role::Arg)
                .find(|a| *a != child && *a != id && speaks_of_pause(file, *a) && file.value(*a).number.is_some());
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
fn failure_around(file: &Analysis<'_>, id: NodeId) -> Option<NodeId> {
    let model = file.model;
    // Who looks at how often was tried has not succeeded.
    let failed = |g: &Guard| {
        outcome_of(file, g.condition, g.holds, id, &[]) == Outcome::Failure
            || is_counted(file, g.condition)
                && model.self_and_descendants(g.condition).any(|n| has_word(model.name(n), &RETRY))
    };
    if let Some(guard) = file.guards(id).iter().find(|g| failed(g)) {
        return Some(guard.condition);
    }
    for ancestor in model.ancestors(id) {
        match model.kind(ancestor) {
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

/// `.catch(() => …)`, `.on('close', () => …)`, `ws.onclose = () => …`, `def on_disconnect(…)`.
fn is_handler(file: &Analysis<'_>, function: NodeId) -> bool {
    let model = file.model;
    let name = model.name(function);
    if !name.is_empty() {
        let handles = has_word(name, &["on", "handle", "handler", "channel", "connection"]);
        return handles && has_word(name, &FAILING) || has_word(name, &["reconnect", "redial"]);
    }
    let Some(parent) = model.parent(function) else { return false };
    match model.kind(parent) {
        Kind::Call if model.role(function) == Role::Arg => {
            let args: Vec<NodeId> = model.children_with(parent, Role::Arg).collect();
            match model.name(parent) {
                "catch" => true,
                "then" => args.get(1) == Some(&function),
                "on" | "once" | "addEventListener" | "addListener" => {
                    args.first().is_some_and(|a| model.kind(*a) == Kind::String && LOST.contains(&model.name(*a)))
                }
                _ => false,
            }
        }
        Kind::Assign => model.child(parent, Role::Target).is_some_and(|t| LOST.contains(&model.name(t))),
        _ => false,
    }
}

/// The function installs, or calls something that installs, the handler that `around` belongs to.
fn leads_back(file: &Analysis<'_>, target: NodeId, around: &[NodeId]) -> bool {
    let model = file.model;
    let names: Vec<Sym> = around.iter().map(|f| model.sym(*f)).filter(|s| *s != Sym::EMPTY).collect();
    model.descendants(target).take(MOST_NODES).any(|n| {
        matches!(model.kind(n), Kind::Call | Kind::Name | Kind::Member)
            && names.contains(&model.sym(n))
            && (failure_around(file, n).is_some()
                || model.ancestors(n).take_while(|a| *a != target).any(|a| model.kind(a) == Kind::Function))
    })
}

fn waits_somewhere(file: &Analysis<'_>, function: NodeId) -> bool {
    let model = file.model;
    model.descendants(function).take(MOST_NODES).filter(|n| model.kind(*n) == Kind::Call).any(|c| {
        file.resolve(c).is_some_and(|k| matches!(k.api.role, ApiRole::Sleep | ApiRole::Schedule))
            || has_word(model.name(c), &["sleep", "delay", "backoff", "wait", "later", "schedule", "timer"])
    })
}

/// A number of attempts is counted and compared.
fn counts_down(file: &Analysis<'_>, function: NodeId) -> bool {
    file.model.descendants(function).take(MOST_NODES).any(|n| is_counted(file, n))
}

/// `attempts < max`
fn is_counted(file: &Analysis<'_>, id: NodeId) -> bool {
    const COUNTED: [&str; 9] =
        ["retry", "retries", "attempt", "attempts", "tries", "count", "remaining", "max", "times"];
    let model = file.model;
    model.kind(id) == Kind::Binary
        && model.name(id).starts_with(['<', '>'])
        && model.children_with(id, Role::Operand).any(|o| has_word(model.name(o), &COUNTED))
}
