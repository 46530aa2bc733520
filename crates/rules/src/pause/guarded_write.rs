//! Writes that rely on an answer about this process's own claim.

use crate::pause::lease_check_then_act::META;
use crate::pause::ownership::{Check, Source, confirmed, decorated, demanded, leadership_flags, leaf, suspicious};
use crate::pause::pause_window::{Window, window};
use crate::pause::read_modify_write::is_called_a_read;
use std::collections::BTreeMap;
use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::catalog::{ApiRole, LockScope};
use timelint_semantics::{Analysis, Callee, Guard, How, Write, has_word};

/// Calls deep that a write is followed.
const DEPTH: usize = 2;

/// Writes of one function that are looked at; more is generated code.
const MOST_WRITES: usize = 400;

/// A write that relies on a check.
pub(crate) struct Act<'a> {
    /// The last check before the write.
    pub(crate) check: Check<'a>,
    /// What relies on it.
    pub(crate) write: Write,
    /// The write is recognised by its name, or stands in another file.
    pub(crate) by_name: bool,
    /// What takes time between the two.
    pub(crate) window: Option<Window>,
}

/// The outermost functions (or the module) in which a name hints at such a check.
pub(crate) fn suspicious_functions(file: &Analysis<'_>) -> Vec<NodeId> {
    let model = file.model;
    let mut hints: Vec<bool> = model.symbols().map(|(_, s)| suspicious(s)).collect();
    if !hints.contains(&true) {
        return Vec::new();
    }
    for flag in leadership_flags(file) {
        if let Some(known) = hints.get_mut(flag.0 as usize) {
            *known = true;
        }
    }
    let hint = |hints: &[bool], id: NodeId| hints.get(model.sym(id).0 as usize).copied().unwrap_or(false);
    // A helper of any name may ask: `canServe() { return latch.hasLeadership() }`.
    for info in &file.tables.functions {
        if let [value] = file.returns(info.node)[..]
            && model.self_and_descendants(value).take(12).any(|n| hint(&hints, n))
            && let Some(known) = hints.get_mut(model.sym(info.node).0 as usize)
        {
            *known = !model.name(info.node).is_empty();
        }
    }
    let mut functions = Vec::new();
    let mut open_until = model.root();
    for id in model.ids() {
        if model.kind(id) == Kind::Function && id >= open_until {
            open_until = model.end(id);
            let named = |n: &NodeId| matches!(model.kind(*n), Kind::Name | Kind::Member | Kind::Call | Kind::Decorator);
            if model.descendants(id).any(|n| named(&n) && hint(&hints, n)) {
                functions.push(id);
            }
        }
    }
    functions
}

/// Adds the unfenced writes of a function that rely on a check.
pub(crate) fn collect<'a>(file: &Analysis<'a>, function: NodeId, acts: &mut Vec<Act<'a>>) {
    // What a library of consensus writes as the leader goes through its own log; what it answers may be stale all the same,
    // and is judged elsewhere.
    let own = is_about_the_lock_itself(file, function) || file.path.split('/').any(|part| part.ends_with("raft"));
    if file.is_silent(&META, function, "it is part of the lock, lease or election itself", own) {
        return;
    }
    let mut checks: BTreeMap<(NodeId, bool), Option<Check<'a>>> = BTreeMap::new();
    let writes = file.writes_in(function, file.model.end(function), DEPTH);
    for write in writes.into_iter().take(MOST_WRITES) {
        let reads = write.indirect && is_called_a_read(file.model.name(write.at));
        if reads || is_upkeep(file, write.at) {
            continue;
        }
        let guards = guards_through(file, write.at);
        let known = guards.into_iter().filter_map(|guard| {
            *checks.entry((guard.condition, guard.holds)).or_insert_with(|| confirmed(file, guard))
        });
        // The last check before the write is the one that it relies on.
        let Some(check) = known.chain(demands(file, write.at)).max_by_key(|c| c.at) else { continue };
        if file.is_silent(&META, write.at, "the write is fenced or conditional", write.fence.is_some())
            || file.model.contains(write.at, check.at)
            || file.is_silent(
                &META,
                write.at,
                "check and write are one transaction",
                in_one_transaction(file, &check, write.at),
            )
        {
            continue;
        }
        let Some(how) = shared_write(file, &write) else { continue };
        let by_name = how <= How::Project;
        acts.push(Act { check, write, by_name, window: window(file, check.at, write.at) });
    }
}

/// How a shared write was recognised; one in a function of this file by what was seen there. `None` for files, which
/// usually are this machine's own.
fn shared_write(file: &Analysis<'_>, write: &Write) -> Option<How> {
    let is_file = |call| file.resolve(call).is_some_and(|r| r.api.scope == Some(LockScope::File));
    match file.callee(write.at) {
        Some(Callee::Here(function)) if write.indirect => {
            let inner = file.writes_in(function, file.model.end(function), DEPTH - 1);
            inner.into_iter().filter(|w| w.fence.is_none() && !is_file(w.at)).map(|w| w.how).max()
        }
        _ => (!is_file(write.at)).then_some(write.how),
    }
}

/// What holds at a place, also through the anonymous functions around it.
pub(crate) fn guards_through(file: &Analysis<'_>, id: NodeId) -> Vec<Guard> {
    let mut guards = file.guards(id);
    let mut at = id;
    for _ in 0..4 {
        let Some(function) = file.function_around(at).filter(|f| file.model.name(*f).is_empty()) else { break };
        guards.extend(file.guards(function));
        at = function;
    }
    guards
}

/// Checks before a place that leave the function themselves when the answer is no, and decorators around it.
fn demands<'a>(file: &Analysis<'a>, id: NodeId) -> Vec<Check<'a>> {
    let model = file.model;
    let mut found = Vec::new();
    let mut child = id;
    for ancestor in model.ancestors(id) {
        match model.kind(ancestor) {
            Kind::Block => {
                let before = model.children(ancestor).take_while(|c| *c < child);
                let plain = before
                    .map(|c| if model.kind(c) == Kind::Await { model.child(c, Role::Value).unwrap_or(c) } else { c });
                found.extend(plain.filter_map(|c| demanded(file, c)));
            }
            Kind::Function => {
                found.extend(model.children_with(ancestor, Role::Decorator).filter_map(|d| decorated(file, d)));
                if !model.name(ancestor).is_empty() {
                    break;
                }
            }
            _ => {}
        }
        child = ancestor;
    }
    found
}

/// The code that implements a lock, lease or election: its writes are the lock.
pub(crate) fn is_about_the_lock_itself(file: &Analysis<'_>, function: NodeId) -> bool {
    const LOCKS: [&str; 14] = [
        "lock",
        "locker",
        "locks",
        "lease",
        "leases",
        "mutex",
        "election",
        "elector",
        "leadership",
        "latch",
        "raft",
        "paxos",
        "consensus",
        "semaphore",
    ];
    // A folder of consensus code: the term of the log fences what it writes.
    if file.path.split('/').any(|part| matches!(part, "raft" | "paxos" | "consensus" | "zab")) {
        return true;
    }
    let class = file.tables.class_around(file.model, function);
    let class = class.map_or("", |c| file.tables.classes[c as usize].name.as_str());
    has_word(class, &LOCKS) || has_word(file.model.name(function), &["campaign", "elect", "election"])
}

/// Renewing, giving up and reporting the claim itself, and appends to a consensus log, need no fence.
fn is_upkeep(file: &Analysis<'_>, call: NodeId) -> bool {
    const UPKEEP: [&str; 24] = [
        "renew",
        "extend",
        "heartbeat",
        "heartbeats",
        "keepalive",
        "touch",
        "resign",
        "stepdown",
        "release",
        "unlock",
        "relinquish",
        "abdicate",
        "demote",
        "refresh",
        "raft",
        "propose",
        "proposal",
        "log",
        "metric",
        "metrics",
        "audit",
        "forward",
        "redirect",
        "lock",
    ];
    // Changes of a consensus group go through its log, which refuses those of a deposed leader.
    const GROUP: [&str; 6] = ["voter", "nonvoter", "voters", "learner", "leadershiptransfer", "membership"];
    const CLAIM: [&str; 8] = ["lock", "lease", "leader", "leadership", "mutex", "election", "heartbeat", "liveness"];
    let model = file.model;
    let receiver = model.child(call, Role::Receiver);
    let transfers = has_word(model.name(call), &["leadership"]) && has_word(model.name(call), &["transfer"]);
    transfers
        || has_word(model.name(call), &GROUP)
        || has_word(model.name(call), &UPKEEP)
        || receiver.is_some_and(|r| has_word(leaf(file, r), &["raft", "log", "logger", "metrics", "lock", "lease"]))
        || model.children_with(call, Role::Arg).take(2).any(|a| names_in(file, a).any(|n| has_word(n, &CLAIM)))
}

/// The names and strings of a short expression.
fn names_in<'f>(file: &'f Analysis<'_>, id: NodeId) -> impl Iterator<Item = &'f str> {
    let model = file.model;
    let named = move |n: &NodeId| matches!(model.kind(*n), Kind::Name | Kind::Member | Kind::String | Kind::Call);
    model.self_and_descendants(id).take(12).filter(named).map(move |n| model.name(n))
}

/// An owner column that is read and compared in the very transaction of the write.
fn in_one_transaction(file: &Analysis<'_>, check: &Check<'_>, write: NodeId) -> bool {
    let model = file.model;
    let made_inside = |around: NodeId| {
        let stores = file.stores_of(check.at);
        !stores.is_empty() && stores.iter().all(|s| model.contains(around, s.at))
    };
    let around = model.ancestors(write).filter(|a| model.contains(*a, check.at));
    let around: Vec<NodeId> = match check.source {
        Source::Compared | Source::Clock => around.collect(),
        Source::Flag => around.filter(|a| made_inside(*a)).collect(),
        Source::Asked | Source::RoundTrip => return false,
    };
    around.into_iter().any(|a| match model.kind(a) {
        Kind::Call => file.resolve(a).is_some_and(|r| r.api.role == ApiRole::Transaction),
        Kind::With => model.children_with(a, Role::Item).any(|i| {
            model.child(i, Role::Value).is_some_and(|v| has_word(leaf(file, v), &["transaction", "atomic", "begin"]))
        }),
        Kind::Function => model
            .children_with(a, Role::Decorator)
            .any(|d| has_word(model.name(d), &["transactional", "atomic", "transaction"])),
        _ => false,
    })
}
