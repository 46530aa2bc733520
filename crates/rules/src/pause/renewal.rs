//! Renewals: what counts as one, and those that fail without anybody hearing of it.

use crate::pause::dropped_renewal::is_dropped;
use crate::pause::ended_timer::is_narrow;
use crate::pause::lease_not_renewed::{Kind as Lapsed, Lapse};
use crate::pause::outlived_lease::makes_lease;
use crate::shown::is_log_call;
use timelint_diagnostics::Confidence;
use timelint_model::{Kind, NodeId, Role, Sym};
use timelint_semantics::catalog::ApiRole;
use timelint_semantics::{Analysis, Callee, ClassInfo, Command, Expiry, How, has_word, words};

/// Words of renewing that are about a claim wherever they stand.
const SURE: [&str; 10] = [
    "renew",
    "renews",
    "renewal",
    "renewer",
    "keepalive",
    "heartbeat",
    "heartbeats",
    "watchdog",
    "reelect",
    "reelection",
];
/// Words of renewing that are about a claim only next to one.
const VERBS: [&str; 11] =
    ["extend", "extends", "refresh", "touch", "prolong", "reacquire", "alive", "beat", "update", "sustain", "maintain"];
/// Words of claims.
const CLAIMS: [&str; 12] = [
    "lock",
    "locks",
    "lease",
    "leases",
    "leader",
    "leadership",
    "session",
    "mutex",
    "semaphore",
    "membership",
    "claim",
    "conductor",
];

/// Whether an identifier speaks of keeping a claim alive: `renewLease`, `extend_lock`, `keepAlive`, `heartbeat`.
pub(crate) fn names_renewal(name: &str) -> bool {
    // `setKeepAlive(true)` is an option of a connection.
    if words(name).first().is_some_and(|w| w == "set") {
        return false;
    }
    let keep_alive = || has_word(name, &["keep"]) && has_word(name, &["alive", "leader", "fresh"]);
    has_word(name, &SURE) || keep_alive() || has_word(name, &VERBS) && has_word(name, &CLAIMS)
}

/// Whether anything in the file may renew a claim.
pub(crate) fn may_renew(file: &Analysis<'_>) -> bool {
    file.says(&SURE) || file.says(&VERBS) || file.has_role(ApiRole::LockExtend)
}

/// Whether a call renews a claim: by the catalogue, by its name, or by its name and that of what it is called on.
pub(crate) fn is_renewal(file: &Analysis<'_>, call: NodeId) -> bool {
    let model = file.model;
    match file.resolve(call) {
        Some(known) if known.how != How::Name => return known.api.role == ApiRole::LockExtend,
        _ => {}
    }
    let name = model.name(call);
    let on_claim = || model.child(call, Role::Receiver).is_some_and(|r| has_word(model.name(r), &CLAIMS));
    names_renewal(name) || has_word(name, &VERBS) && !has_word(name, &["update"]) && on_claim()
}

/// Whether a function keeps a claim alive, by its name or that of a function around it.
fn renews(file: &Analysis<'_>, at: NodeId) -> bool {
    let model = file.model;
    let functions = model.ancestors(at).filter(|a| model.kind(*a) == Kind::Function);
    let bound = |f: NodeId| {
        let named = model.parent(f).filter(|p| matches!(model.kind(*p), Kind::Let | Kind::Assign | Kind::Entry));
        named.and_then(|p| model.child(p, Role::Target)).map_or(model.name(f), |t| model.name(t))
    };
    functions.into_iter().any(|f| names_renewal(model.name(f)) || names_renewal(bound(f)))
}

/// Renewals that one failure ends for good.
pub(crate) fn fragile_renewals(file: &Analysis<'_>) -> Vec<Lapse> {
    let model = file.model;
    let mut lapses: Vec<Lapse> = Vec::new();
    // Only where failures are thrown can they end a loop by themselves.
    if model.ids().any(|n| matches!(model.kind(n), Kind::Throw | Kind::Catch)) {
        lapses.extend(file.tables.functions.iter().filter_map(|f| unguarded(file, f.node)));
    }
    let branches = model.ids().filter(|n| model.kind(*n) == Kind::If);
    lapses.extend(branches.filter_map(|b| ended(file, b)));
    lapses
}

/// A thread's loop that renews and waits, with nothing around the renewal that catches.
fn unguarded(file: &Analysis<'_>, function: NodeId) -> Option<Lapse> {
    let model = file.model;
    if !names_renewal(model.name(function)) || model.child(function, Role::Decorator).is_some() {
        return None;
    }
    let own = |n: NodeId| file.function_around(n) == Some(function);
    let round =
        model.descendants(function).find(|n| model.kind(*n) == Kind::Loop && model.name(*n) == "while" && own(*n))?;
    let catches = |n: NodeId| model.kind(n) == Kind::Try && !is_narrow(file, n);
    if model.ancestors(round).take_while(|a| *a > function).any(catches) || model.descendants(round).any(catches) {
        return None;
    }
    let calls: Vec<NodeId> = file.tables.calls.iter().copied().filter(|c| model.contains(round, *c)).collect();
    let waits = |c: &NodeId| has_word(model.name(*c), &["wait", "sleep"]);
    let renewal = calls.iter().copied().find(|c| {
        let name = model.name(*c);
        let moves = || {
            let command = file.key_command(*c);
            command
                .is_some_and(|k| k.command == Command::Expire || k.command == Command::Set && k.expiry == Expiry::Given)
        };
        let beats = is_renewal(file, *c) || has_word(name, &["touch", "beat", "heartbeat", "keepalive"]) || moves();
        beats && own(*c) && !waits(c) && is_dropped(file, *c) && !catches_itself(file, *c)
    })?;
    calls.iter().any(waits).then(|| Lapse {
        at: renewal,
        kind: Lapsed::Unguarded,
        steps: vec![(round, "this loop keeps the claim alive"), (renewal, "what is thrown here leaves it")],
        confidence: Confidence::Medium,
        evidence: "nothing in the loop catches whatever may be thrown".to_owned(),
        advice: None,
    })
}

/// The function that a call reaches handles its failures, as far as this file shows: all that it calls is in a `try`.
fn catches_itself(file: &Analysis<'_>, call: NodeId) -> bool {
    let model = file.model;
    let Some(Callee::Here(function)) = file.callee(call) else { return false };
    let mut calls = file.tables.calls.iter().filter(|c| model.contains(function, **c));
    let covered = |c: NodeId| model.ancestors(c).take_while(|a| *a > function).any(|a| model.kind(a) == Kind::Try);
    calls.all(|c| covered(*c))
}

/// `if (e != null) { log(e); return; }` behind a renewal that runs again only when it succeeded.
fn ended(file: &Analysis<'_>, branch: NodeId) -> Option<Lapse> {
    let model = file.model;
    let condition = model.child(branch, Role::Condition)?;
    let failure = model.self_and_descendants(condition).find(|n| {
        model.kind(*n) == Kind::Name
            && matches!(model.name(*n), "e" | "err" | "error" | "ex" | "exception" | "t" | "throwable")
    })?;
    let then = model.child(branch, Role::Then).filter(|t| only_logs(file, *t))?;
    if model.child(branch, Role::Else).is_some() {
        return None;
    }
    let leaves = model.children(then).last().filter(|l| {
        let silent = |r: NodeId| model.child(r, Role::Value).is_none();
        // In Go and its kin a `break` leaves the `select` or `switch` around it, and the loop goes on.
        let around = model.ancestors(*l).find(|a| matches!(model.kind(*a), Kind::Loop | Kind::Switch));
        model.kind(*l) == Kind::Break && around.is_some_and(|a| model.kind(a) == Kind::Loop)
            || model.kind(*l) == Kind::Return && silent(*l)
    })?;
    if tells_when_it_ends(file, branch) {
        return None;
    }
    let renewal = renewal_before(file, branch, model.sym(failure))?;
    let known = file.resolve(renewal).is_some_and(|k| k.how != How::Name && k.api.role == ApiRole::LockExtend);
    if !known && !renews(file, branch) {
        return None;
    }
    // Whether anything goes on: a loop around it, or a call of the function's own name behind the branch.
    let repeats = file.in_loop(branch).is_some() || rearms_behind(file, branch);
    repeats.then(|| Lapse {
        at: renewal,
        kind: Lapsed::Ended,
        steps: vec![(renewal, "the claim is renewed"), (leaves, "after a failure it is not renewed again")],
        confidence: Confidence::Medium,
        evidence: "the failure is logged and nothing else".to_owned(),
        advice: None,
    })
}

/// Whatever ends the function closes a channel or cancels the work: `defer close(lost)`.
fn tells_when_it_ends(file: &Analysis<'_>, at: NodeId) -> bool {
    let model = file.model;
    let Some(function) = file.function_around(at) else { return false };
    file.calls_below(function).iter().any(|c| {
        let plain = model.child(*c, Role::Receiver).is_none();
        plain
            && matches!(model.name(*c), "close" | "cancel")
            && model.ancestors(*c).take_while(|a| *a > function).any(|a| model.kind(a) == Kind::Defer)
    })
}

/// A block of log lines that ends by leaving.
pub(crate) fn only_logs(file: &Analysis<'_>, block: NodeId) -> bool {
    let model = file.model;
    let statements = model.children(block);
    model.kind(block) == Kind::Block
        && statements.into_iter().all(|s| match model.kind(s) {
            Kind::Return | Kind::Break => true,
            Kind::Call => is_log_call(file, s),
            _ => false,
        })
        && model.children(block).any(|s| model.kind(s) == Kind::Call)
}

/// The renewal whose failure `name` holds: the call that it was assigned from, or that the continuation belongs to.
fn renewal_before(file: &Analysis<'_>, branch: NodeId, name: Sym) -> Option<NodeId> {
    let model = file.model;
    let function = file.function_around(branch)?;
    if model.children_with(function, Role::Param).any(|p| model.sym(p) == name) {
        // `renewAsync(id).onComplete((res, e) -> ..)`, also through a local variable.
        let handed = model.parent(function).filter(|p| model.kind(*p) == Kind::Call)?;
        let receiver = model.child(handed, Role::Receiver)?;
        let source = file.condition_source(receiver);
        return [receiver, source].into_iter().find(|n| is_renewal(file, *n));
    }
    let stores = (function.0..branch.0 + 8).map(NodeId).filter(|n| matches!(model.kind(*n), Kind::Let | Kind::Assign));
    let own = stores.filter(|s| model.children_with(*s, Role::Target).any(|t| model.sym(t) == name));
    let last = own.take_while(|s| *s < model.end(branch)).last()?;
    model.child(last, Role::Value).filter(|v| is_renewal(file, *v))
}

/// Behind the branch, a function around it is called again: `if (res) renewExpiration()`.
fn rearms_behind(file: &Analysis<'_>, branch: NodeId) -> bool {
    let model = file.model;
    let functions: Vec<NodeId> = model.ancestors(branch).filter(|a| model.kind(*a) == Kind::Function).collect();
    let Some(inner) = functions.first() else { return false };
    let behind = file.tables.calls.iter().filter(|c| **c >= model.end(branch) && model.contains(*inner, **c));
    behind.into_iter().any(|c| functions.iter().any(|f| !model.name(*f).is_empty() && model.sym(*f) == model.sym(*c)))
}

/// Leases in fields that the heartbeat of their class leaves out.
pub(crate) fn forgotten_leases(file: &Analysis<'_>) -> Vec<Lapse> {
    file.tables.classes.iter().filter_map(|class| forgotten_of(file, class)).collect()
}

fn forgotten_of(file: &Analysis<'_>, class: &ClassInfo) -> Option<Lapse> {
    let model = file.model;
    let named = class.methods.iter().filter(|(name, _)| names_renewal(model.text(**name)));
    let mut beats: Vec<NodeId> = named.flat_map(|(_, nodes)| nodes.iter().copied()).collect();
    beats.sort_unstable();
    let renewal = |node: &NodeId| {
        let mut calls = file.tables.calls.iter().copied();
        calls.find(|c| model.contains(*node, *c) && is_renewal(file, *c))
    };
    let beat = beats.iter().find_map(renewal)?;
    let mut fields: Vec<Sym> = class.fields.keys().copied().collect();
    fields.sort_unstable();
    fields.into_iter().find_map(|field| {
        let made = class.fields.get(&field)?.iter().find_map(|s| s.value)?;
        forgotten(file, made, field, beat)
    })
}

fn forgotten(file: &Analysis<'_>, made: NodeId, field: Sym, beat: NodeId) -> Option<Lapse> {
    let model = file.model;
    if !makes_lease(file, made) || !has_word(model.text(field), &["lease", "session"]) {
        return None;
    }
    // Renewed, or handed to something that may do it, anywhere in the file.
    let kept = file.tables.calls.iter().copied().any(|c| {
        let on = model.child(c, Role::Receiver).is_some_and(|r| model.sym(r) == field);
        on && (is_renewal(file, c) || has_word(model.name(c), &VERBS))
            || is_renewal(file, c) && model.children_with(c, Role::Arg).any(|a| model.sym(a) == field)
    });
    (!kept).then(|| Lapse {
        at: made,
        kind: Lapsed::Forgotten,
        steps: vec![(made, "the lease begins"), (beat, "the heartbeat renews these, and not that one")],
        confidence: Confidence::Medium,
        evidence: "the class keeps other claims alive".to_owned(),
        advice: None,
    })
}
