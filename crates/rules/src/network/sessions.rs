//! Loops that serve for ever: they connect, subscribe or take one thing after another, and when that fails the next round
//! tries again. Success does not leave them, so the pause that counts is the one after a failure.

use crate::network::attempted::is_partner;
use crate::network::attempts::{attempts, polls};
use crate::network::elsewhere::{asks_elsewhere, drains};
use crate::network::failing::failing;
use crate::network::outcome::{is_error_name, targets_of};
use crate::network::pace::{Pace, pace_of};
use crate::network::remote::{Remote, call_evidence, evidence_around, is_near};
use crate::network::rounds::{continues, fails_back, on_failure_path};
use crate::network::times::{Bound, bound_of};
use std::rc::Rc;
use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::catalog::ApiRole;
use timelint_semantics::{Analysis, Callee, How, has_word, words};

/// A loop that opens or takes something again and again.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    /// The call that may fail.
    pub(crate) call: NodeId,
    /// The handler or the test that a failure reaches; absent where nobody looks.
    pub(crate) failure: Option<NodeId>,
    /// How it is known that it goes to another machine.
    pub(crate) remote: Remote,
    /// It opens something that lasts, rather than takes the next thing.
    pub(crate) opens: bool,
    /// What happens between a failure and the next try.
    pub(crate) pace: Pace,
}

/// Words of calls that open what then lasts.
#[rustfmt::skip]
const OPENING: [&str; 16] = [
    "connect", "reconnect", "dial", "redial", "subscribe", "resubscribe", "psubscribe", "watch", "consume", "consuming",
    "establish", "login", "handshake", "stream", "join", "rejoin",
];

/// Words of calls that take the next thing from another machine.
const TAKING: [&str; 6] = ["dequeue", "fetch", "lease", "claim", "pull", "reserve"];

/// Words of commands that take the next thing from a queue of a server, whatever they are called on.
const QUEUES: [&str; 8] = ["blpop", "brpop", "blmove", "brpoplpush", "bzpopmin", "bzpopmax", "xread", "xreadgroup"];

/// What a call does that a loop makes again and again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Deed {
    /// It opens what then lasts.
    Opens,
    /// It takes the next thing.
    Takes,
    /// Something else.
    Else,
}

/// Words of calls that open something in this process, or end it.
#[rustfmt::skip]
const LOCAL: [&str; 22] = [
    "is", "has", "on", "handle", "handler", "unsubscribe", "disconnect", "log", "close", "stop", "thread", "path", "string", "str",
    "array", "lines", "get", "set", "add", "remove", "accept", "file",
];

/// Every such loop of the file.
pub(crate) fn sessions(file: &Analysis<'_>) -> Rc<Vec<Session>> {
    file.shared(|file| {
        let known = attempts(file);
        let loops = file.model.ids().filter(|id| file.model.kind(*id) == Kind::Loop);
        let loops = loops.filter(|l| !known.iter().any(|a| a.again == *l || file.model.contains(*l, a.again)));
        loops.filter_map(|l| session_in(file, l)).collect()
    })
}

fn session_in(file: &Analysis<'_>, repeated: NodeId) -> Option<Session> {
    let model = file.model;
    if model.name(repeated) == "each"
        || drains(file, repeated)
        || polls(file, repeated)
        || bound_of(file, repeated) != Bound::Endless
    {
        return None;
    }
    let own =
        file.calls_below(repeated).iter().copied().filter(|c| {
            file.in_loop(*c) == Some(repeated) && file.function_around(*c) == file.function_around(repeated)
        });
    for call in own {
        let Some((remote, deed)) = evidence(file, call).or_else(|| by_callee(file, call)) else { continue };
        if is_conditional(file, repeated, call)
            || on_failure_path(file, repeated, call)
            || !fails_back(file, repeated, call)
            || asks_elsewhere(file, repeated, call)
            || is_near(file, call)
        {
            continue;
        }
        let failure = failing(file, repeated, call)?.at;
        // What throws past the loop leaves it, and an empty answer is no failure.
        let caught = failure.is_some_and(|f| model.kind(f) == Kind::Catch);
        if !caught && !targets_of(file, call).iter().any(|t| is_error_name(model.text(*t))) {
            continue;
        }
        let pace = pace_of(file, repeated, call);
        // What a handler makes longer is a pause between attempts, whatever is attempted.
        let handled = |at: NodeId| failure.is_some_and(|f| model.kind(f) == Kind::Catch && model.contains(f, at));
        let longer = match pace {
            Pace::Changing(pause, delay) => delay.grows && (handled(pause.at) || delay.grown.is_some_and(handled)),
            _ => false,
        };
        // Who waits when there is nothing to do, and not after a failure, forgot the failure.
        let forgotten = || {
            let jumps = failure.is_some_and(|f| jumps_after(file, repeated, f));
            matches!(pace, Pace::AtOnce) && jumps && rests_elsewhere(file, repeated)
        };
        if deed == Deed::Else && !longer && !forgotten() {
            continue;
        }
        return Some(Session { call, failure, remote, opens: deed == Deed::Opens, pace });
    }
    None
}

/// A function of this file whose body calls another machine, itself or in one more function of this file.
fn by_callee(file: &Analysis<'_>, call: NodeId) -> Option<(Remote, Deed)> {
    let function = |c: NodeId| match file.callee(c) {
        Some(Callee::Here(function)) => Some(function),
        _ => None,
    };
    let leaves = |c: NodeId| call_evidence(file, c) >= Remote::Named;
    let further = |c: NodeId| function(c).is_some_and(|f| file.calls_below(f).iter().copied().any(leaves));
    let called = function(call)?;
    let remote =
        file.calls_below(called).iter().copied().any(leaves) || file.calls_below(called).iter().copied().any(further);
    remote.then_some((Remote::Named, Deed::Else))
}

/// What sees the failure goes on with the next round by itself: `if err != nil { log(err); continue }`.
fn jumps_after(file: &Analysis<'_>, repeated: NodeId, failure: NodeId) -> bool {
    let model = file.model;
    let region = if model.kind(failure) == Kind::Catch { Some(failure) } else { model.parent(failure) };
    region.is_some_and(|r| continues(file, repeated, r))
}

/// The loop waits for a time where something else than a failure was found.
fn rests_elsewhere(file: &Analysis<'_>, repeated: NodeId) -> bool {
    let own = file.calls_below(repeated).iter().copied().filter(|c| file.in_loop(*c) == Some(repeated));
    own.into_iter()
        .any(|c| file.resolve(c).is_some_and(|k| k.api.role == ApiRole::Sleep) && is_conditional(file, repeated, c))
}

/// `if lost: connect()`: the loop watches something, and does what has to be done.
fn is_conditional(file: &Analysis<'_>, repeated: NodeId, call: NodeId) -> bool {
    let model = file.model;
    let mut child = call;
    for around in model.ancestors(call).take_while(|a| *a != repeated) {
        if matches!(model.kind(around), Kind::If | Kind::Conditional | Kind::Case)
            && model.role(child) != Role::Condition
        {
            return model.role(child) != Role::Init;
        }
        child = around;
    }
    false
}

/// How it is known that the call goes to another machine, and what it does there.
fn evidence(file: &Analysis<'_>, call: NodeId) -> Option<(Remote, Deed)> {
    let model = file.model;
    let name = model.name(call);
    if has_word(name, &LOCAL) {
        return None;
    }
    let queue = QUEUES.iter().any(|q| name.eq_ignore_ascii_case(q));
    let deed = match () {
        () if has_word(name, &OPENING) => Deed::Opens,
        () if has_word(name, &TAKING) || queue => Deed::Takes,
        () => Deed::Else,
    };
    if let Some(known) = file.resolve(call).filter(|k| k.how != How::Name) {
        return match known.api.role {
            ApiRole::RemoteClient => Some((Remote::Known, Deed::Opens)),
            ApiRole::RemoteCall | ApiRole::RemoteRead => Some((Remote::Known, deed)),
            _ => None,
        };
    }
    // `this.connect()` is named, but it may be anything that is connected.
    let bare = words(name).len() == 1
        && model.child(call, Role::Receiver).is_none_or(|r| file.tables.is_this(model, r))
        && evidence_around(file, call) == Remote::No;
    let named = queue || call_evidence(file, call) >= Remote::Named || is_partner(file, call);
    // `fetchTask()` may well be a matter of this process.
    let local = deed == Deed::Takes && model.child(call, Role::Receiver).is_none_or(|r| file.tables.is_this(model, r));
    (named && !bare && !local).then_some((Remote::Named, deed))
}
