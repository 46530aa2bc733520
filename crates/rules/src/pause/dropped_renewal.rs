//! Renewals whose failure or answer goes nowhere.

use crate::pause::awaiting::with_awaits;
use crate::pause::lease_not_renewed::{Kind as Lapsed, Lapse};
use crate::pause::renewal::{names_renewal, only_logs};
use timelint_diagnostics::Confidence;
use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::catalog::ApiRole;
use timelint_semantics::{Analysis, Callee, How, has_word, words};

/// Renewals whose failure an empty handler swallows, or whose answer is dropped.
pub(crate) fn dropped_renewals(file: &Analysis<'_>) -> Vec<Lapse> {
    let calls = file.tables.calls.iter().copied();
    calls.filter_map(|c| swallowed(file, c).or_else(|| discarded(file, c)).or_else(|| unwatched(file, c))).collect()
}

/// `extendLock().then(..).catch(() => {})`, `try { renew() } catch {}`.
fn swallowed(file: &Analysis<'_>, call: NodeId) -> Option<Lapse> {
    if !is_claim_renewal(file, call) {
        return None;
    }
    let empty = rejected_to(file, call).or_else(|| caught_by(file, call, true));
    let (handler, evidence) = if let Some(handler) = empty {
        (handler, "the handler of the failure is empty")
    } else {
        // A library's own renewal in a timer beside the work: who waits for the work does not read the log.
        let known = file.resolve(call).is_some_and(|k| k.how != How::Name) && file.is_timed(call);
        (known.then(|| caught_by(file, call, false)).flatten()?, "the failure is logged and nothing else")
    };
    Some(Lapse {
        at: call,
        kind: Lapsed::Dropped,
        steps: vec![(call, "the claim is renewed"), (handler, "a failure ends here, and the work is not told")],
        confidence: Confidence::Medium,
        evidence: evidence.to_owned(),
        advice: None,
    })
}

/// A renewal of a lock, lease or leadership; not of a connection or a form.
pub(crate) fn is_claim_renewal(file: &Analysis<'_>, call: NodeId) -> bool {
    const CLAIM: [&str; 7] = ["lock", "locks", "lease", "leases", "leadership", "leader", "mutex"];
    const RENEW: [&str; 7] = ["renew", "extend", "refresh", "keepalive", "prolong", "reelect", "reelection"];
    let model = file.model;
    if model.kind(call) != Kind::Call {
        return false;
    }
    if let Some(known) = file.resolve(call).filter(|k| k.how != How::Name) {
        return known.api.role == ApiRole::LockExtend;
    }
    let name = model.name(call);
    let on = model.child(call, Role::Receiver).map_or("", |r| model.name(r));
    let own = || {
        let receiver = model.child(call, Role::Receiver);
        receiver.is_none_or(|r| file.tables.is_this(model, r)) && file.class_about_locks(call)
    };
    // A leader's heartbeat goes to its followers, a lock's to whoever keeps the lock.
    let beats =
        || has_word(on, &["lock", "locks", "lease", "leases", "mutex"]) && has_word(name, &["heartbeat", "touch"]);
    has_word(name, &RENEW[..2]) && own()
        || has_word(name, &RENEW[5..])
        || beats()
        || has_word(name, &RENEW) && (has_word(name, &CLAIM) || has_word(on, &CLAIM))
}

/// `self.update_lock()`, `dcs.updateLeader(name)`: the claim is written anew, and the answer says whether it was ours.
fn updates_claim(file: &Analysis<'_>, call: NodeId) -> bool {
    let name = file.model.name(call);
    ["lock", "lease", "leader"].iter().any(|claim| words(name) == ["update", *claim])
}

/// The empty function that a chain of continuations ends in.
fn rejected_to(file: &Analysis<'_>, call: NodeId) -> Option<NodeId> {
    let model = file.model;
    let mut at = call;
    while let Some(next) = model.parent(at).filter(|p| model.kind(*p) == Kind::Call && model.role(at) == Role::Receiver)
    {
        if model.name(next) == "catch" {
            let handler = model.child(next, Role::Arg).filter(|h| model.kind(*h) == Kind::Function)?;
            return model
                .descendants(handler)
                .all(|d| matches!(model.kind(d), Kind::Block | Kind::Param))
                .then_some(handler);
        }
        at = next;
    }
    None
}

/// The handler of the `try` around a renewal that is empty, or does nothing but log.
fn caught_by(file: &Analysis<'_>, call: NodeId, empty: bool) -> Option<NodeId> {
    let model = file.model;
    let inside = model.ancestors(call).take_while(|a| model.kind(*a) != Kind::Function);
    let body = inside
        .into_iter()
        .find(|a| model.role(*a) == Role::Body && model.parent(*a).is_some_and(|p| model.kind(p) == Kind::Try))?;
    // Several statements: the handler is about all of them.
    let alone = model.children(body).count() <= 2;
    let around = model.parent(body)?;
    let mut catches = model.children(around).filter(|c| model.kind(*c) == Kind::Catch);
    let handler = catches.next().filter(|_| alone)?;
    let idle = |c: NodeId| {
        model.child(c, Role::Body).is_none_or(|b| {
            model.kind(b) == Kind::Block && model.children(b).next().is_none() || !empty && only_logs(file, b)
        })
    };
    (idle(handler) && catches.all(idle)).then_some(handler)
}

/// `_, _ = mutex.Extend()`, or a heartbeat that calls `lease.refresh()` and looks at nothing.
fn discarded(file: &Analysis<'_>, call: NodeId) -> Option<Lapse> {
    let known = file.resolve(call).filter(|k| k.how != How::Name);
    let answers = match known {
        // Where the answer is an exception, dropping the result drops nothing.
        Some(known) => known.api.role == ApiRole::LockExtend && known.api.verdict,
        None => (is_claim_renewal(file, call) || updates_claim(file, call)) && file.answers_yes_or_no(call),
    };
    if !answers || !is_dropped(file, call) {
        return None;
    }
    Some(Lapse {
        at: call,
        kind: Lapsed::Dropped,
        steps: vec![(call, "the answer says whether the claim is still held, and is dropped")],
        confidence: Confidence::Medium,
        evidence: "the result is not bound to anything".to_owned(),
        advice: known.and_then(|k| k.api.advice.clone()),
    })
}

/// A statement of its own, or assigned to nothing but blanks.
pub(crate) fn is_dropped(file: &Analysis<'_>, call: NodeId) -> bool {
    let model = file.model;
    let at = with_awaits(file, call);
    let Some(parent) = model.parent(at) else { return true };
    match model.kind(parent) {
        Kind::Block | Kind::Module => true,
        // `() -> lease.renew()`, handed to a timer.
        Kind::Function => file.is_timed(at),
        Kind::Let | Kind::Assign => model.children_with(parent, Role::Target).all(|t| model.name(t) == "_"),
        _ => false,
    }
}

/// Renewals in a function that another thread runs, of locks that only the thread that took them can renew.
pub(crate) fn foreign_renewals(file: &Analysis<'_>) -> Vec<Lapse> {
    let extends =
        |c: &NodeId| file.resolve(*c).is_some_and(|k| k.api.role == ApiRole::LockExtend && k.how != How::Name);
    file.tables.calls.iter().copied().filter(extends).filter_map(|c| foreign(file, c)).collect()
}

fn foreign(file: &Analysis<'_>, renewal: NodeId) -> Option<Lapse> {
    const STARTS: [&str; 4] = ["thread", "timer", "submit", "executor"];
    let model = file.model;
    let made = file.made_by(model.child(renewal, Role::Receiver)?)?;
    let bound = file.resolve(made).is_some_and(|k| k.api.thread_bound && k.how != How::Name);
    let shared = model.children_with(made, Role::Arg).any(|a| {
        model.kind(a) == Kind::Spread
            || has_word(model.name(a), &["local"])
                && model.child(a, Role::Value).is_some_and(|v| model.name(v).eq_ignore_ascii_case("false"))
    });
    let function = file.function_around(renewal).filter(|_| bound && !shared)?;
    let hands = |a: NodeId| {
        let value = model.child(a, Role::Value).filter(|_| model.kind(a) == Kind::Argument).unwrap_or(a);
        value == function || !model.name(function).is_empty() && model.sym(value) == model.sym(function)
    };
    let started = file
        .tables
        .calls
        .iter()
        .copied()
        .find(|c| has_word(model.name(*c), &STARTS) && model.children_with(*c, Role::Arg).any(hands))?;
    Some(Lapse {
        at: renewal,
        kind: Lapsed::Foreign,
        steps: vec![
            (made, "its token is kept for the thread that takes it"),
            (started, "this runs in another thread"),
            (renewal, "and has no token to renew with"),
        ],
        confidence: Confidence::High,
        evidence: "nothing says that the token is shared".to_owned(),
        advice: None,
    })
}

/// `task = create_task(renew_lease())` beside the work, and all that is done with the task is to end it.
fn unwatched(file: &Analysis<'_>, call: NodeId) -> Option<Lapse> {
    const ENDING: [&str; 2] = ["cancel", "abort"];
    const HEARING: [&str; 10] =
        ["lost", "loss", "cancel", "stop", "event", "scope", "callback", "abort", "failed", "failure"];
    let model = file.model;
    if !has_word(model.name(call), &["task", "future", "soon"]) {
        return None;
    }
    let renewer = model.child(call, Role::Arg).filter(|a| model.kind(*a) == Kind::Call)?;
    let speaks_of_claim = ["lock", "lease", "leadership", "leader"];
    let statement = file.statement(call);
    let target = model.child(statement, Role::Target).filter(|t| model.kind(*t) == Kind::Name)?;
    let keeps =
        |n: NodeId| names_renewal(model.name(n)) || has_word(model.name(n), &["maintain", "renewal", "renewer"]);
    if !keeps(renewer) && !keeps(target)
        || !model.self_and_descendants(statement).any(|n| has_word(model.name(n), &speaks_of_claim))
    {
        return None;
    }
    // It may have been told whom to tell, or handle a failure itself.
    let told = model.descendants(renewer).any(|n| has_word(model.name(n), &HEARING));
    let handles = matches!(file.callee(renewer), Some(Callee::Here(f)) if model.descendants(f).any(|n| model.kind(n) == Kind::Catch));
    let only_ended = file.reads_of(target).into_iter().all(|r| {
        let used = model.parent(r);
        let ended = used.filter(|u| model.kind(*u) == Kind::Call && model.role(r) == Role::Receiver);
        ended.is_some_and(|u| has_word(model.name(u), &ENDING))
            || used.is_some_and(|u| model.kind(u) == Kind::Await) && file.is_cleanup(r)
    });
    let reads = file.reads_of(target);
    let ended = reads.iter().copied().find(|r| model.parent(*r).is_some_and(|u| has_word(model.name(u), &ENDING)))?;
    (!told && !handles && only_ended).then(|| Lapse {
        at: call,
        kind: Lapsed::Dropped,
        steps: vec![
            (call, "the claim is kept by a task beside the work"),
            (ended, "which is looked at only when the work has ended"),
        ],
        confidence: Confidence::Medium,
        evidence: "nobody hears when the task fails".to_owned(),
        advice: None,
    })
}
