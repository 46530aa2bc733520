//! Retry loops: another machine is called again and again until it answers.
//!
//! What tells them from polling, consuming and periodic work: success leaves the loop, failure does not.

use crate::network::attempted::attempted;
use crate::network::elsewhere::{asks_elsewhere, drains, mends_cause};
use crate::network::failing::failing;
use crate::network::outcome::{Outcome, outcome_of, targets_of};
use crate::network::pace::{self, pause_of};
use crate::network::remote::{Remote, is_near};
use crate::network::retry_without_backoff::META;
use crate::network::rounds::{fails_back, is_plain, leaves_on_success, on_failure_path, try_around};
use crate::network::times::{Bound, bound_of, counts};
use std::rc::Rc;
use timelint_model::{Kind, NodeId, Role, Sym};
use timelint_semantics::catalog::ApiRole;
use timelint_semantics::{Analysis, has_word, words};

/// A loop that repeats a call until it works.
#[derive(Debug, Clone)]
pub(crate) struct Attempt {
    /// The loop; for a jump back: the statement that jumps.
    pub(crate) again: NodeId,
    /// The call that is repeated.
    pub(crate) call: NodeId,
    /// How it is known that it goes to another machine.
    pub(crate) remote: Remote,
    /// How often.
    pub(crate) bound: Bound,
    /// It asks for something that others ask for too: a lock, a lease, leadership.
    pub(crate) contends: bool,
    /// It sets up a connection, or makes this process known to others.
    pub(crate) connects: bool,
    /// Each round asks another machine, or after the cause of the failure was mended.
    pub(crate) elsewhere: bool,
}

/// Words of code that repeats what failed.
#[rustfmt::skip]
pub(crate) const RETRY: [&str; 14] = [
    "retry", "retries", "retrying", "retryable", "attempt", "attempts", "attempted", "tries", "trial",
    "reconnect", "reconnecting", "backoff", "redial", "retried",
];

/// Words of what is taken from others.
const CONTENDED: [&str; 11] =
    ["lock", "locked", "locks", "mutex", "acquire", "acquired", "lease", "semaphore", "lockkey", "redlock", "locker"];

/// First words of calls that try to bring something about, as opposed to asking how things are.
#[rustfmt::skip]
pub(crate) const TRYING: [&str; 30] = [
    "connect", "reconnect", "acquire", "lock", "try", "register", "join", "send", "publish", "post",
    "transaction", "txn", "commit", "write", "submit", "push", "bind", "login", "auth", "authenticate",
    "renew", "ping", "health", "probe", "dial", "open", "set", "put", "exec", "execute",
];

/// Nodes of one loop that are looked at.
const MOST_NODES: usize = 3000;

/// Every loop of the file that repeats a call of another machine until it works.
pub(crate) fn attempts(file: &Analysis<'_>) -> Rc<Vec<Attempt>> {
    file.shared(|file| {
        let model = file.model;
        let loops = model.ids().filter(|id| model.kind(*id) == Kind::Loop);
        let mut found: Vec<Attempt> = loops.filter_map(|l| attempt_in(file, l)).collect();
        let jumps = model.ids().filter(|id| model.kind(*id) == Kind::Continue && model.sym(*id) != Sym::EMPTY);
        found.extend(jumps.filter_map(|j| jump_back(file, j)));
        // The innermost loop that repeats a call is what repeats it.
        let inner: Vec<(NodeId, NodeId)> = found.iter().map(|a| (a.call, a.again)).collect();
        found.retain(|a| {
            !inner.iter().any(|(call, again)| *call == a.call && *again != a.again && model.contains(a.again, *again))
        });
        found
    })
}

/// Whether names in the code, its function or its class speak of trying again.
pub(crate) fn speaks_of_retry(file: &Analysis<'_>, id: NodeId) -> bool {
    let model = file.model;
    let around = model.ancestors(id).filter(|a| matches!(model.kind(*a), Kind::Function | Kind::Class));
    let inside = model
        .descendants(id)
        .take(MOST_NODES)
        .filter(|n| matches!(model.kind(*n), Kind::Name | Kind::Member | Kind::Call | Kind::String));
    around.into_iter().chain(inside).any(|n| {
        let name = model.name(n);
        name.len() < 80 && has_word(name, &RETRY)
    })
}

fn attempt_in(file: &Analysis<'_>, repeated: NodeId) -> Option<Attempt> {
    let model = file.model;
    let counts = model.name(repeated) != "each" || only_counts(file, repeated);
    let quiet = |because, holds| file.is_silent(&META, repeated, because, holds);
    if quiet("it goes through elements, and does not repeat one thing", !counts)
        || quiet("it asks again and again by design", polls(file, repeated))
        || quiet("it takes what there is until nothing is left", drains(file, repeated))
        || quiet("a person is asked in each round", asks_a_person(file, repeated))
        || quiet("each round takes the next one", takes_next(file, repeated))
    {
        return None;
    }
    let inside = file.calls_below(repeated).iter().copied();
    let belongs = |c: NodeId| {
        let inner = file.in_loop(c).filter(|l| *l != repeated);
        inner.is_none_or(|l| try_around(file, repeated, c).is_some_and(|t| model.contains(t, l)))
    };
    let calls = inside.filter(|c| belongs(*c) && !in_iterable(file, repeated, *c));
    let found: Vec<(NodeId, Remote)> = calls.filter_map(|c| repeated_call(file, repeated, c)).collect();
    // Of several the one that is known best, and of these the one that brings something about, is what fails.
    let tries = |call: NodeId| has_word(model.name(call), &TRYING);
    let (call, remote) = found.into_iter().rev().max_by_key(|(call, remote)| (*remote, tries(*call)))?;
    Some(Attempt {
        again: repeated,
        call,
        remote,
        bound: bound_of(file, repeated),
        contends: contends(file, call),
        connects: connects(file, call),
        elsewhere: asks_elsewhere(file, repeated, call) || mends_cause(file, repeated, call),
    })
}

/// The call, if the loop repeats it until it works, and how it is known that it goes to another machine.
fn repeated_call(file: &Analysis<'_>, repeated: NodeId, call: NodeId) -> Option<(NodeId, Remote)> {
    let model = file.model;
    let remote = attempted(file, repeated, call);
    let near = |a: NodeId| is_near(file, a) || file.only_source(a).is_some_and(|s| is_near(file, s));
    // `connect(local, options(…))`: what is handed to a call goes where it goes.
    let around = model.self_and_ancestors(call).take_while(|a| !model.kind(*a).is_statement());
    let mut calls = around.into_iter().filter(|a| matches!(model.kind(*a), Kind::Call | Kind::New));
    if calls.any(|c| model.children_with(c, Role::Arg).any(near)) {
        return None;
    }
    if remote == Remote::No || on_failure_path(file, repeated, call) || !fails_back(file, repeated, call) {
        return None;
    }
    let sure = leaves_on_success(file, repeated, call)?;
    let tries = has_word(file.model.name(call), &TRYING);
    let speaks = remote != Remote::Around || tries || speaks_of_retry(file, repeated);
    // Who waits after a failure only, and not for an answer, tries again.
    let sure = sure || tries || pauses_after_failure(file, repeated, call);
    (speaks && sure).then_some((call, remote))
}

/// A handler that leads to the next round waits for a time.
fn pauses_after_failure(file: &Analysis<'_>, repeated: NodeId, call: NodeId) -> bool {
    let handler = failing(file, repeated, call).and_then(|f| f.at).filter(|a| file.model.kind(*a) == Kind::Catch);
    handler.is_some_and(|h| {
        file.calls_below(h).iter().copied().any(|c| pause_of(file, c).is_some_and(|p| p.amount.is_some()))
    })
}

/// `time.Sleep(d); goto RETRY`: the nearest call of another machine before the jump.
fn jump_back(file: &Analysis<'_>, jump: NodeId) -> Option<Attempt> {
    let model = file.model;
    let function = file.function_around(jump)?;
    let block = model.parent(jump)?;
    if !leads_back(file, function, jump) {
        return None;
    }
    let waits = model
        .children(block)
        .take_while(|c| *c < jump)
        .any(|c| model.kind(c) == Kind::Call && file.resolve(c).is_some_and(|r| r.api.role == ApiRole::Sleep));
    let calls = || file.tables.calls_between(function, jump).iter().copied();
    let before = calls().take_while(|c| !model.contains(block, *c));
    let remote: Vec<NodeId> = before.filter(|c| attempted(file, function, *c) >= Remote::Named).collect();
    let body = model.child(function, Role::Body);
    let on_top = |c: &NodeId| model.parent(file.statement(*c)) == body;
    let call = remote.iter().copied().rfind(on_top).or(remote.last().copied())?;
    let remote = attempted(file, function, call);
    let failed = |c: NodeId, holds: bool| outcome_of(file, c, holds, call, &targets_of(file, call)) == Outcome::Failure;
    // At once: after any failure, not after one that says that somebody else was faster.
    let any = |c: NodeId| is_plain(file, c) && model.kind(c) == Kind::Binary;
    if !file.guards(jump).iter().any(|g| failed(g.condition, g.holds) && (waits || any(g.condition))) {
        return None;
    }
    if !waits && calls().any(|c| c != call && pace::waits(file, c)) {
        return None;
    }
    let bound = if file.guards(jump).iter().any(|g| counts(file, g.condition)) { Bound::Some } else { Bound::Endless };
    Some(Attempt {
        again: jump,
        call,
        remote,
        bound,
        contends: contends(file, call),
        connects: connects(file, call),
        elsewhere: false,
    })
}

/// The label that is jumped to stands before the jump: `RETRY:`, and not `Cleanup:` at the end.
fn leads_back(file: &Analysis<'_>, function: NodeId, jump: NodeId) -> bool {
    let label = file.text(jump).split_whitespace().last().unwrap_or_default();
    let length = file.model.span(jump).start.saturating_sub(file.model.span(function).start) as usize;
    let before = file.text(function).get(..length).unwrap_or_default();
    let stands = |line: &str| line.trim_start().strip_prefix(label).is_some_and(|rest| rest.starts_with(':'));
    !label.is_empty() && before.lines().any(stands)
}

/// A loop over numbers, not over things.
fn only_counts(file: &Analysis<'_>, repeated: NodeId) -> bool {
    const COUNTERS: [&str; 5] = ["range", "xrange", "count", "times", "rangeClosed"];
    let model = file.model;
    model.child(repeated, Role::Iterable).is_some_and(|i| match model.kind(i) {
        Kind::Number => true,
        Kind::Call => COUNTERS.contains(&model.name(i)),
        Kind::Name | Kind::Member => {
            has_word(model.name(i), &RETRY) || has_word(model.name(i), &["delays", "backoffs"])
        }
        // `for delay in (1, 2, 4)`
        Kind::List => model.children_with(i, Role::Item).all(|n| model.kind(n) == Kind::Number),
        _ => false,
    })
}

/// The function says that it waits for something.
pub(crate) fn polls(file: &Analysis<'_>, repeated: NodeId) -> bool {
    let function = file
        .model
        .ancestors(repeated)
        .find(|a| file.model.kind(*a) == Kind::Function && file.model.sym(*a) != Sym::EMPTY);
    function.is_some_and(|f| {
        has_word(file.model.name(f), &["wait", "await", "poll", "polling", "until", "eventually", "test"])
    })
}

/// `for { msg, err := sub.NextMsg() … }`: each round begins with taking another one from somebody else.
fn takes_next(file: &Analysis<'_>, repeated: NodeId) -> bool {
    const TAKES: [&str; 6] = ["next", "receive", "recv", "accept", "dequeue", "message"];
    let model = file.model;
    let body = model.child(repeated, Role::Body);
    let first = body.and_then(|b| model.children(b).next()).filter(|s| model.kind(*s) == Kind::Let);
    let taken = first.and_then(|s| model.child(s, Role::Value)).filter(|v| model.kind(*v) == Kind::Call);
    let endless = model.child(repeated, Role::Condition).is_none();
    endless && taken.is_some_and(|c| has_word(model.name(c), &TAKES) && !speaks_of_retry(file, repeated))
}

/// `password = ask_password()`
fn asks_a_person(file: &Analysis<'_>, repeated: NodeId) -> bool {
    #[rustfmt::skip]
    const ASKS: [&str; 6] = ["input", "raw_input", "getpass", "readline", "readLine", "prompt"];
    file.calls_below(repeated).iter().any(|c| {
        let name = file.model.name(*c);
        ASKS.contains(&name)
            || has_word(name, &["ask", "prompt"]) && has_word(name, &["password", "user", "input", "prompt"])
    })
}

/// What is called for the next round's thing: `for item in list()`, `for b := next(); b != nil; b = next()`.
fn in_iterable(file: &Analysis<'_>, repeated: NodeId, call: NodeId) -> bool {
    let model = file.model;
    let mut heads =
        model.children(repeated).filter(|c| matches!(model.role(*c), Role::Iterable | Role::Init | Role::Update));
    heads.any(|h| model.contains(h, call))
}

/// Whether the code around `id`, or what it is given, speaks of a lock.
pub(crate) fn is_contended(file: &Analysis<'_>, id: NodeId) -> bool {
    let model = file.model;
    let part = model.parent(id).map_or(id, |p| model.parent(p).unwrap_or(p));
    let written = model.child(part, Role::Type).is_some_and(|t| has_word(model.name(t), &CONTENDED));
    written || contends(file, id)
}

/// The call, or the function around it, sets up a connection.
fn connects(file: &Analysis<'_>, call: NodeId) -> bool {
    #[rustfmt::skip]
    const CONNECTING: [&str; 11] = [
        "connect", "reconnect", "dial", "redial", "connection", "resubscribe", "join", "rejoin", "register", "reregister",
        "connector",
    ];
    let model = file.model;
    let function = model.ancestors(call).find(|a| model.kind(*a) == Kind::Function && model.sym(*a) != Sym::EMPTY);
    has_word(model.name(call), &CONNECTING) || function.is_some_and(|f| has_word(model.name(f), &CONNECTING))
}

/// It is a lock that is asked for.
pub(crate) fn contends(file: &Analysis<'_>, call: NodeId) -> bool {
    let model = file.model;
    let receivers = std::iter::successors(Some(call), |n| {
        model.child(*n, Role::Receiver).or_else(|| model.child(*n, Role::Object))
    });
    // Who is `locked down` or `locked out` holds nothing.
    let speaks = |name: &str| {
        let words = words(name);
        let barred = words.windows(2).any(|w| w[0].starts_with("lock") && matches!(w[1].as_str(), "down" | "out"));
        !barred && words.iter().any(|w| CONTENDED.contains(&w.as_str()))
    };
    // Who gives a lock back waits for nobody.
    if has_word(model.name(call), &["release", "unlock"]) {
        return false;
    }
    let near = receivers.take(8).any(|n| speaks(model.name(n)));
    let around = model.ancestors(call).filter(|a| matches!(model.kind(*a), Kind::Function | Kind::Class));
    near || around.into_iter().any(|a| speaks(model.name(a)))
}
