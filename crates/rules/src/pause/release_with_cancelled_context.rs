//! `release-with-cancelled-context`: a lock is given back by a call that is bound to what may have ended already.

use crate::Rule;
use crate::story::Story;
use timelint_diagnostics::{Confidence, Family, Finding, RuleMeta, Severity};
use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::catalog::{ApiRole, Ends, LockScope};
use timelint_semantics::{Analysis, Command, Ending, How, KeyCommand, has_word, words};

/// See the module.
pub(crate) struct ReleaseWithCancelledContext;

static META: RuleMeta = RuleMeta {
    id: "release-with-cancelled-context",
    aliases: &[],
    family: Family::Pause,
    mechanism: "cancellation before the clean-up",
    severity: Severity::Warning,
    summary: "a lock is released with a context, signal or scope that is cancelled by then, so it stays locked",
    page: include_str!("release_with_cancelled_context.md"),
};

/// First words of a call that takes a lock.
const TAKES: [&str; 6] = ["lock", "rlock", "acquire", "obtain", "try", "trylock"];

impl Rule for ReleaseWithCancelledContext {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check(&self, file: &Analysis<'_>, out: &mut Vec<Finding>) {
        let calls = file.tables.calls.iter().copied();
        out.extend(calls.filter_map(|call| judge(file, call)));
    }
}

fn judge(file: &Analysis<'_>, call: NodeId) -> Option<Finding> {
    if file.model.kind(call) != Kind::Call || !gives_lock_back(file, call) {
        return None;
    }
    let shields = file.index().shields(file.model.name(call));
    if file.is_silent(&META, call, "the function that is called makes a context of its own", shields) {
        return None;
    }
    let (said, at, mut confidence) = match file.ending_of(call)? {
        Ending::Cancelled(at) => ("it is cancelled here", at, Confidence::High),
        Ending::InTime(at) if file.is_cleanup(call) => {
            ("its time may be over when the work is", at, Confidence::Medium)
        }
        Ending::ByCaller(at) if file.is_cleanup(call) => {
            ("whoever made it may have cancelled it, which may be why the work ended", at, Confidence::Medium)
        }
        Ending::ByCaller(at) if helps_to_release(file, call, at) => {
            ("callers hand over what the work was bound to, and that may be cancelled by now", at, Confidence::Medium)
        }
        Ending::ByCaller(at) if is_handed_out(file, call, at) => (
            "the lock was asked for with it, and it may be cancelled when the lock is given back",
            at,
            Confidence::Medium,
        ),
        Ending::ByCaller(at) if follows_acquire(file, call) => {
            ("whoever made it may cancel it while the lock is held", at, Confidence::Medium)
        }
        Ending::InTime(_) | Ending::ByCaller(_) => return None,
    };
    if confidence == Confidence::Medium && (ends_with_session(file, call) || is_tried_again(file, call)) {
        confidence = Confidence::Low;
    }
    // A name alone may be a lock of this process that only logs with what it is handed.
    if confidence == Confidence::Medium && !is_remote(file, call) {
        confidence = Confidence::Low;
    }
    let message = format!("`{}` releases the lock with what may be cancelled by then", file.short(call));
    Some(
        Story::new(&META, file, call, message)
            .why(
                "a release that is cancelled before it is sent does nothing: the lock stays until it expires, or for ever, \
                 just when work was cut short and somebody else should take over",
            )
            .help(advice(file))
            .confidence(confidence)
            .step(file.location(at), said)
            .step(file.location(call), "and the release is bound to it")
            .tell(),
    )
}

/// A call that gives back a lock that others see: by its resolved name, its statement, a helper, or a name that says both.
fn gives_lock_back(file: &Analysis<'_>, call: NodeId) -> bool {
    let model = file.model;
    if file.unlocks_by_statement(call) || removes_lock_key(file, call) {
        return true;
    }
    let receiver = model.child(call, Role::Receiver);
    if let Some(known) = file.resolve(call).filter(|k| k.how != How::Name) {
        let scope = known.api.scope.or_else(|| receiver.and_then(|r| file.lock_scope(r)));
        return known.api.role == ApiRole::LockRelease && scope.is_none_or(|s| s == LockScope::Distributed);
    }
    if receiver.and_then(|r| file.lock_scope(r)).is_some_and(|s| s != LockScope::Distributed) {
        return false;
    }
    let said = words(model.name(call));
    let names_lock = |n: &str| has_word(n, &["lock", "locks", "mutex", "locker", "lease", "lck", "unlock", "runlock"]);
    match said.first().map(String::as_str) {
        Some("unlock" | "runlock") => true,
        Some("r") => said.get(1).is_some_and(|w| w == "unlock"),
        Some("release") => names_lock(model.name(call)) || receiver.is_some_and(|r| names_lock(model.name(r))),
        Some("free" | "drop" | "delete" | "remove" | "relinquish" | "yield") => {
            has_word(model.name(call), &["lock", "lease", "mutex"])
        }
        _ => false,
    }
}

/// `rdb.Del(ctx, lockKey)` where a section ends.
fn removes_lock_key(file: &Analysis<'_>, call: NodeId) -> bool {
    let all = file.key_commands();
    let of_lock = |key| {
        let taken = |t: &&KeyCommand| t.command == Command::SetIfAbsent && file.same_key(t.key, key);
        file.is_lock_key(key) && all.iter().any(|t| taken(&t))
            || all.iter().filter(taken).any(|t| file.is_own_lock(t, all))
    };
    all.iter().any(|c| c.at == call && c.command == Command::Delete && of_lock(c.key))
}

/// What the lock was made of is closed by a call of its own when the function ends, and the lock goes with it.
fn ends_with_session(file: &Analysis<'_>, call: NodeId) -> bool {
    let model = file.model;
    let made = model.child(call, Role::Receiver).and_then(|r| file.made_by(r));
    let (Some(made), Some(function)) = (made, file.named_function_around(call)) else { return false };
    let given: Vec<_> = model.children_with(made, Role::Arg).filter(|a| model.kind(*a) == Kind::Name).collect();
    file.calls_below(function).iter().any(|c| {
        let closes = has_word(model.name(*c), &["close", "revoke"]) && file.is_cleanup(*c);
        let receiver = model.child(*c, Role::Receiver);
        closes && receiver.is_some_and(|r| given.iter().any(|g| model.sym(*g) == model.sym(r)))
    })
}

/// A controller's function is run again with a new context, and releases then.
fn is_tried_again(file: &Analysis<'_>, call: NodeId) -> bool {
    file.named_function_around(call).is_some_and(|f| has_word(file.model.name(f), &["reconcile"]))
}

/// A resolved name, a key beside the context, an answer that may be an error of the way there, or a receiver that speaks of
/// a store.
fn is_remote(file: &Analysis<'_>, call: NodeId) -> bool {
    const STORES: [&str; 14] = [
        "storage",
        "store",
        "redis",
        "rdb",
        "etcd",
        "consul",
        "zk",
        "zookeeper",
        "client",
        "db",
        "distributed",
        "dist",
        "cluster",
        "dynamo",
    ];
    let model = file.model;
    let said =
        |n: NodeId| has_word(model.name(n), &STORES) || file.type_of(n).is_some_and(|t| has_word(&t.name, &STORES));
    file.resolve(call).is_some_and(|k| k.how != How::Name)
        || file.releases(call)
        || model.children_with(call, Role::Arg).count() > 1
        || matches!(model.kind(file.statement(call)), Kind::Let | Kind::Assign | Kind::If)
        || model.child(call, Role::Receiver).is_some_and(said)
}

/// A release in a function that is handed to the caller together with the lock: `return func() { m.Unlock(ctx) }`.
fn is_handed_out(file: &Analysis<'_>, call: NodeId, param: NodeId) -> bool {
    let model = file.model;
    let Some(inner) = file.function_around(call).filter(|f| model.name(*f).is_empty() && !model.contains(*f, param))
    else {
        return false;
    };
    let Some(outer) = file.named_function_around(inner).filter(|f| model.contains(*f, param)) else { return false };
    let returned = model.parent(inner).is_some_and(|p| matches!(model.kind(p), Kind::Return | Kind::List));
    let takes = |c: &NodeId| words(model.name(*c)).first().is_some_and(|w| TAKES.contains(&w.as_str()));
    returned && file.calls_below(outer).iter().any(takes)
}

/// A release behind the work, in the function that also takes the lock, on the same handle.
fn follows_acquire(file: &Analysis<'_>, call: NodeId) -> bool {
    let model = file.model;
    let Some(function) = file.function_around(call) else { return false };
    let handle = |c: NodeId| model.child(c, Role::Receiver).map(|r| (model.kind(r), model.sym(r)));
    let takes = |c: &NodeId| {
        *c < call
            && model.kind(*c) == Kind::Call
            && words(model.name(*c)).first().is_some_and(|w| TAKES.contains(&w.as_str()))
            && handle(*c) == handle(call)
            && file.bound_to(*c).is_some()
            && file.function_around(*c) == Some(function)
    };
    handle(call).is_some() && file.tables.calls.iter().any(takes)
}

/// A function of its own that releases for its callers, next to one that acquires for them.
fn helps_to_release(file: &Analysis<'_>, call: NodeId, param: NodeId) -> bool {
    let model = file.model;
    let Some(function) = file.named_function_around(call).filter(|f| model.contains(*f, param)) else { return false };
    let named = |f: NodeId, list: &[&str]| words(model.name(f)).first().is_some_and(|w| list.contains(&w.as_str()));
    let free = |f: NodeId| model.child(f, Role::This).is_none() && file.tables.class_around(model, f).is_none();
    let acquires = |f: NodeId| {
        free(f) && named(f, &["acquire", "lock", "obtain"]) && has_word(model.name(f), &["lock", "locks", "mutex"])
    };
    free(function) && named(function, &["release", "unlock"]) && file.tables.functions.iter().any(|f| acquires(f.node))
}

/// What the language's catalogue advises where it speaks of what never ends.
fn advice(file: &Analysis<'_>) -> String {
    let binds = |e: &Ends| !matches!(e, Ends::Outside);
    let advised = file.catalog().entries().filter(|api| api.ends.as_ref().is_some_and(binds));
    let advised = advised.filter_map(|api| api.advice.as_deref()).find(|a| a.starts_with("release"));
    advised.unwrap_or("release with something of its own that is not cancelled with the work").to_owned()
}
