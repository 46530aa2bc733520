//! `lease-check-then-act`: this process asks whether its lease, lock or leadership still holds, and a write that
//! nothing fences relies on the answer.

use crate::Rule;
use crate::ownership::{Check, Claim, Source, confirmed, suspicious};
use crate::pause_window::{Window, window};
use crate::story::{Story, lower};
use crate::unread_answer::{Unread, unread_answers};
use crate::usage::words_match;
use std::collections::BTreeMap;
use timelint_diagnostics::{Confidence, Family, Finding, RuleMeta, Severity};
use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::catalog::{ApiRole, Effect, LockScope};
use timelint_semantics::{Analysis, Callee, Guard, How, Write};

/// See the module.
pub(crate) struct LeaseCheckThenAct;

static META: RuleMeta = RuleMeta {
    id: "lease-check-then-act",
    aliases: &["leader-check-then-act"],
    family: Family::Pause,
    mechanism: "a pause between the check and the write outlives the lease",
    severity: Severity::Warning,
    summary: "a process checks its own lease, lock or leadership and then writes where nothing enforces it",
    page: include_str!("lease_check_then_act.md"),
};

/// Calls deep that a write is followed.
const DEPTH: usize = 2;

/// Writes of one function that are looked at; more is generated code.
const MOST_WRITES: usize = 400;

impl Rule for LeaseCheckThenAct {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check(&self, file: &Analysis<'_>, out: &mut Vec<Finding>) {
        let mut acts: Vec<Act<'_>> = Vec::new();
        for function in suspicious_functions(file) {
            collect(file, function, &mut acts);
        }
        // One finding a check: the act with the strongest story.
        acts.sort_by_key(|a| (a.check.at, std::cmp::Reverse(a.strength()), a.write.at));
        acts.dedup_by_key(|a| a.check.at);
        out.extend(acts.iter().map(|a| tell(file, a)));
        out.extend(unread_answers(file).iter().map(|u| tell_unread(file, u)));
    }
}

/// A write that relies on a check.
struct Act<'a> {
    check: Check<'a>,
    write: Write,
    /// The write is recognised by its name, or stands in another file.
    by_name: bool,
    window: Option<Window>,
}

impl Act<'_> {
    fn strength(&self) -> (Confidence, bool, Effect) {
        (confidence(self), self.window.is_some(), self.write.effect)
    }
}

/// The outermost functions (or the module) in which a name hints at such a check.
fn suspicious_functions(file: &Analysis<'_>) -> Vec<NodeId> {
    let model = file.model;
    let mut hints: Vec<bool> = model.symbols().map(|(_, s)| suspicious(s)).collect();
    if !hints.contains(&true) {
        return Vec::new();
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

fn collect<'a>(file: &Analysis<'a>, function: NodeId, acts: &mut Vec<Act<'a>>) {
    if is_about_the_lock_itself(file, function) {
        return;
    }
    let mut checks: BTreeMap<(NodeId, bool), Option<Check<'a>>> = BTreeMap::new();
    let writes = file.writes_in(function, file.model.end(function), DEPTH);
    for write in writes.into_iter().take(MOST_WRITES) {
        if write.fence.is_some() || is_upkeep(file, write.at) {
            continue;
        }
        let known = guards_through(file, write.at).into_iter().filter_map(|guard| {
            *checks.entry((guard.condition, guard.holds)).or_insert_with(|| confirmed(file, guard))
        });
        // The last check before the write is the one that it relies on.
        let Some(check) = known.max_by_key(|c| c.at) else { continue };
        if file.model.contains(write.at, check.at) || in_one_transaction(file, &check, write.at) {
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
fn guards_through(file: &Analysis<'_>, id: NodeId) -> Vec<Guard> {
    let mut guards = file.guards(id);
    let mut at = id;
    for _ in 0..4 {
        let Some(function) = file.function_around(at).filter(|f| file.model.name(*f).is_empty()) else { break };
        guards.extend(file.guards(function));
        at = function;
    }
    guards
}

/// The code that implements a lock, lease or election: its writes are the lock.
fn is_about_the_lock_itself(file: &Analysis<'_>, function: NodeId) -> bool {
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
    words_match(class, &LOCKS) || words_match(file.model.name(function), &["campaign", "elect", "election"])
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
    const CLAIM: [&str; 8] = ["lock", "lease", "leader", "leadership", "mutex", "election", "heartbeat", "liveness"];
    let model = file.model;
    let receiver = model.child(call, Role::Receiver);
    words_match(model.name(call), &UPKEEP)
        || receiver.is_some_and(|r| {
            words_match(crate::ownership::leaf(file, r), &["raft", "log", "logger", "metrics", "lock", "lease"])
        })
        || model.children_with(call, Role::Arg).take(2).any(|a| names_in(file, a).any(|n| words_match(n, &CLAIM)))
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
    if !matches!(check.source, Source::Compared | Source::Clock) {
        return false;
    }
    model.ancestors(write).filter(|a| model.contains(*a, check.at)).any(|a| match model.kind(a) {
        Kind::Call => file.resolve(a).is_some_and(|r| r.api.role == ApiRole::Transaction),
        Kind::With => model.children_with(a, Role::Item).any(|i| {
            model
                .child(i, Role::Value)
                .is_some_and(|v| words_match(crate::ownership::leaf(file, v), &["transaction", "atomic", "begin"]))
        }),
        Kind::Function => model
            .children_with(a, Role::Decorator)
            .any(|d| words_match(model.name(d), &["transactional", "atomic", "transaction"])),
        _ => false,
    })
}

/// How sure: links that rest on a name, and how long the answer has to last.
fn confidence(act: &Act<'_>) -> Confidence {
    let names = u8::from(act.check.by_name) + u8::from(act.by_name);
    let mut confidence = match (names, act.window.is_some()) {
        (0, true) => Confidence::High,
        (0, false) | (1, _) => Confidence::Medium,
        _ => Confidence::Low,
    };
    if act.check.weak || act.check.source == Source::RoundTrip || act.write.effect == Effect::Cache {
        confidence = lower(confidence);
    }
    confidence
}

fn tell(file: &Analysis<'_>, act: &Act<'_>) -> Finding {
    let noun = act.check.claim.noun();
    let asked = file.short(act.check.at);
    let write = file.model.name(act.write.at);
    let message = format!("`{asked}` may no longer hold when `{write}` writes");
    let severity = if act.write.effect >= Effect::External { Severity::Error } else { Severity::Warning };
    let mut story = Story::new(&META, file, act.check.at, message)
        .why(format!(
            "a pause after the check (GC, VM freeze, slow disk or network) can outlive the {noun}: another process gets \
             it and writes, then this one wakes up behind its check and writes too"
        ))
        .help(help(act))
        .confidence(confidence(act))
        .severity(severity)
        .step(file.location(act.check.at), asked_step(&act.check));
    if let Some(window) = &act.window {
        story = story.step(file.location(window.at), window.text).evidence(window.text);
    }
    if act.check.by_name {
        story = story.evidence("the check is recognised by its name");
    }
    if act.by_name {
        story = story.evidence("the write is recognised by its name or in another function");
    }
    story.step(file.location(act.write.at), "the write relies on that answer, and nothing rejects it when late").tell()
}

fn tell_unread(file: &Analysis<'_>, unread: &Unread) -> Finding {
    let model = file.model;
    let message = format!("`{}` is never looked at: the work runs without the lock", model.name(unread.at));
    Story::new(&META, file, unread.at, message)
        .why("the call says \"no\" by its result when another process holds the lock; both then do the same work")
        .help(
            "run the work only when the answer is yes, and let the work's own writes carry a token or version as well",
        )
        .confidence(Confidence::Medium)
        .evidence("the call and its answer are recognised by their names")
        .step(file.location(unread.asked), "the lock is asked for")
        .step(file.location(unread.at), "the answer is bound here and never read")
        .step(file.location(unread.work), "this runs whatever the answer was")
        .tell()
}

fn asked_step(check: &Check<'_>) -> String {
    let noun = check.claim.noun();
    match check.source {
        Source::Asked => format!("the {noun} is asked for, once"),
        Source::Flag => format!("a flag is read that says the {noun} is held: as old as its last update"),
        Source::Clock => format!("the {noun}'s end is compared with a clock, once"),
        Source::Compared => format!("the {noun} is compared, once"),
        Source::RoundTrip => format!("the {noun} is confirmed, as of the start of that round trip"),
    }
}

fn help(act: &Act<'_>) -> String {
    let api = act.check.api.and_then(|a| a.token.as_deref());
    let own = match act.check.claim {
        Claim::Leadership => {
            "send the leader's epoch (term, revision, transitions) with the write and let the resource reject older ones"
        }
        Claim::Lease | Claim::Lock => "send the fencing token with the write and let the resource reject older ones",
    };
    let first = api.unwrap_or(own);
    format!(
        "{first}; or make the write itself conditional (`WHERE version = ?`, compare-and-set, one transaction with the owner's row)"
    )
}
