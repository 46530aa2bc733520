//! `lock-without-expiry`: a lock that a crashed holder leaves behind for ever.

use crate::Rule;
use crate::story::Story;
use crate::surface::quiet_in_tools;
use timelint_diagnostics::{Confidence, Family, Finding, RuleMeta, Severity};
use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::catalog::{ApiRole, ArgMeaning, LockScope};
use timelint_semantics::{
    Analysis, Callee, Command, Expiry, How, KeyCommand, Origins, Resolved, StoreKind, clears_expired_locks, has_word,
    makes_lock_row,
};

/// See the module.
pub(crate) struct LockWithoutExpiry;

static META: RuleMeta = RuleMeta {
    id: "lock-without-expiry",
    aliases: &[],
    family: Family::Pause,
    mechanism: "crash of a lock holder",
    severity: Severity::Error,
    summary: "a lock with no expiry and no session outlives a holder that crashes, and nobody gets it again",
    page: include_str!("lock_without_expiry.md"),
};

const WHY: &str = "a holder that crashes, is killed or loses its network before it releases leaves the lock behind, and \
                   everybody waits until somebody deletes it by hand";

impl Rule for LockWithoutExpiry {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check(&self, file: &Analysis<'_>, out: &mut Vec<Finding>) {
        let from = out.len();
        out.extend(file.known_calls().into_iter().filter_map(|(call, known)| library_lock(file, call, known)));
        let commands = file.key_commands();
        out.extend(commands.iter().filter_map(|take| own_lock(file, take, commands)));
        out.extend(file.lock_files().into_iter().map(|found| lock_file(file, found)));
        out.extend(rows_of_one(file).into_iter().map(|found| row_of_one(file, found)));
        out.extend(file.unleased_puts().into_iter().map(|found| unleased(file, found)));
        out.extend(file.unbound_nodes().into_iter().map(|found| unbound(file, found)));
        quiet_in_tools(file, &mut out[from..]);
    }
}

/// A lock of a library whose default is to last for ever, and that is not told otherwise.
fn library_lock(file: &Analysis<'_>, call: NodeId, known: Resolved<'_>) -> Option<Finding> {
    let model = file.model;
    let api = known.api;
    let locks = matches!(
        api.role,
        ApiRole::LockNew | ApiRole::LockAcquire | ApiRole::LockTry | ApiRole::LockRegion | ApiRole::LockDecorator
    );
    let scope = api.scope.or_else(|| model.child(call, Role::Receiver).and_then(|h| file.lock_scope(h)));
    let is_command = api.args.iter().any(|a| a.is == ArgMeaning::Value);
    let untied = file.argument(call, known, ArgMeaning::Session).filter(|s| {
        let value = model.child(*s, Role::Value).unwrap_or(*s);
        model.kind(value) == Kind::Boolean && model.name(value).eq_ignore_ascii_case("false")
    });
    if let Some(untied) = untied.filter(|_| locks && known.how != How::Name) {
        return Some(
            Story::new(&META, file, call, format!("the lock of `{}` outlives its session", file.short(call)))
                .why(WHY)
                .help("let the lock go with the session of its holder: leave this argument out")
                .confidence(Confidence::High)
                .step(file.location(untied), "the lock stays when its holder's session ends")
                .tell(),
        );
    }
    if !locks || is_command || api.renewed || known.how == How::Name || scope != Some(LockScope::Distributed) {
        return None;
    }
    let scattered = model.children_with(call, Role::Arg).any(|a| model.kind(a) == Kind::Spread);
    let lease = file.argument(call, known, ArgMeaning::Lease);
    let endless = lease.map_or(!scattered, |lease| file.never(lease));
    if api.default.as_deref() != Some("none") {
        return None;
    }
    let quiet = |because, holds| file.is_silent(&META, call, because, holds);
    if quiet("it is given a lease, or may be", !endless)
        || lease.is_none() && quiet("another argument says how long it lasts", says_term(file, call))
        || api.role == ApiRole::LockNew && quiet("nobody takes the lock with it", is_only_asked(file, call))
    {
        return None;
    }
    let message = format!("the lock of `{}` never expires", file.short(call));
    let advice = api.advice.as_deref().unwrap_or("give the lock a lease that is longer than the work, and renew it");
    let said = if lease.is_some() { "the lease is none" } else { "no lease is given, and the default is none" };
    Some(
        Story::new(&META, file, call, message)
            .why(WHY)
            .help(format!("{advice}; choose more than the longest work, or renew while it runs"))
            .confidence(if known.how == How::Project { Confidence::Medium } else { Confidence::High })
            .step(file.location(lease.unwrap_or(call)), said)
            .tell(),
    )
}

/// An argument that another maker of the same handle takes for the term: `expire=60` beside `timeout=`.
fn says_term(file: &Analysis<'_>, call: NodeId) -> bool {
    let model = file.model;
    model.children_with(call, Role::Arg).filter(|a| model.kind(*a) == Kind::Argument).any(|a| {
        let name = model.name(a);
        let given = model.child(a, Role::Value).is_some_and(|v| !file.never(v));
        given
            && has_word(name, &["expire", "expires", "expiry", "ttl", "lease"])
            && !has_word(name, &["blocking", "wait"])
    })
}

/// The handle is asked or given back by what it is called, and nobody takes the lock with it.
fn is_only_asked(file: &Analysis<'_>, call: NodeId) -> bool {
    let model = file.model;
    let statement = file.statement(call);
    let target = model.child(statement, Role::Target).filter(|t| {
        matches!(model.kind(statement), Kind::Let | Kind::Assign)
            && model.kind(*t) == Kind::Name
            && model.child(statement, Role::Value) == Some(call)
    });
    let reads = target.map(|t| file.reads_of(t)).unwrap_or_default();
    let asks = |r: &NodeId| {
        let used = model.parent(*r).filter(|p| model.kind(*p) == Kind::Call && model.role(*r) == Role::Receiver);
        used.is_some_and(|u| !has_word(model.name(u), &["acquire", "lock", "try", "obtain", "enter", "hold", "using"]))
    };
    !reads.is_empty() && reads.iter().all(asks)
}

/// A key that is written if absent, called or used as a lock, and never told to go away.
fn own_lock(file: &Analysis<'_>, take: &KeyCommand, all: &[KeyCommand]) -> Option<Finding> {
    let left_out = if take.expiry == Expiry::Given { left_out(file, take.at) } else { None };
    let quiet = |because, holds| file.is_silent(&META, take.at, because, holds);
    if quiet("it is written with an expiry, or may be", take.expiry != Expiry::Never && left_out.is_none())
        || quiet("nothing says that the key is a lock", !file.is_own_lock(take, all))
    {
        return None;
    }
    let later = |c: &KeyCommand| matches!(c.command, Command::Expire | Command::Swap) && file.same_key(take.key, c.key);
    // A deadline as the value is an expiry of the project's own.
    let deadline = take.value.is_some_and(|v| file.value(v).origins.any(Origins::CLOCKS));
    if quiet("its value says until when it is held", deadline)
        || quiet("it is given an expiry later", all.iter().any(later) || file.expires_later(take, all).is_some())
    {
        return None;
    }
    let message = format!("the lock that `{}` takes never expires", file.short(take.at));
    let mut story = Story::new(&META, file, take.at, message)
        .why(WHY)
        .help(format!("{}; choose more than the longest work, or renew while it runs", advice(file, take)))
        .confidence(if take.how == How::Name { Confidence::Medium } else { Confidence::High })
        .step(file.location(take.at), "the key is written with no expiry");
    if let Some(call) = left_out {
        story = story.step(file.location(call), "this call leaves the expiry out, and the default is none");
    }
    if let Some(free) = file.frees(take, all).next() {
        story = story.step(file.location(free.at), "and removed only if the holder gets here");
    }
    Some(story.tell())
}

/// A call of this file to the function around `take` that leaves out the parameter for the expiry, whose default is none.
fn left_out(file: &Analysis<'_>, take: NodeId) -> Option<NodeId> {
    let model = file.model;
    let function = file.function_around(take)?;
    let params: Vec<NodeId> = model.children_with(function, Role::Param).collect();
    let given = model.descendants(take).filter(|n| model.kind(*n) == Kind::Name);
    let (position, name) = given.into_iter().find_map(|n| {
        let position = params.iter().position(|p| model.sym(*p) == model.sym(n))?;
        let none = model.child(params[position], Role::Value).filter(|v| model.kind(*v) == Kind::Null)?;
        // `expiry = expiry or DEFAULT`
        let kept = file.stores_of(n).iter().all(|s| matches!(s.kind, StoreKind::Param(_)));
        kept.then_some((position, model.name(params[position]))).filter(|_| none < take)
    })?;
    let own = params.first().is_some_and(|p| matches!(model.name(*p), "self" | "cls"));
    let position = position - usize::from(own && position > 0);
    let omits = |c: NodeId| {
        let mut args = model.children_with(c, Role::Arg).peekable();
        model.sym(c) == model.sym(function)
            && model.children_with(c, Role::Arg).count() <= position
            && args.all(|a| model.kind(a) != Kind::Spread && model.name(a) != name)
    };
    file.tables
        .calls
        .iter()
        .copied()
        .find(|c| matches!(file.callee(*c), Some(Callee::Here(f)) if f == function) && omits(*c))
}

/// What the client's catalogue entry advises.
fn advice<'a>(file: &'a Analysis<'_>, take: &KeyCommand) -> &'a str {
    let advised = file.resolve(take.at).and_then(|known| known.api.advice.as_deref());
    advised.unwrap_or("write the key and its expiry in one command, `SET key owner NX PX ttl`")
}

/// Statements that clear away a client's own expired locks, where locks are rows that somebody has to remove.
fn rows_of_one(file: &Analysis<'_>) -> Vec<NodeId> {
    let model = file.model;
    if !file.says(&["lock", "locks", "lease", "leases"]) {
        return Vec::new();
    }
    let changes = |text: &str| {
        let verb = text.trim_start().get(..6);
        verb.is_some_and(|v| ["insert", "update", "delete"].iter().any(|w| v.eq_ignore_ascii_case(w)))
    };
    let strings: Vec<NodeId> =
        model.ids().filter(|n| model.kind(*n) == Kind::String && changes(model.name(*n))).collect();
    let cleared = |n: &NodeId| clears_expired_locks(model.name(*n));
    let own: Vec<NodeId> = strings.iter().copied().filter(|n| cleared(n) == Some(true)).collect();
    let others = strings.iter().any(|n| cleared(n) == Some(false));
    let made = strings.iter().any(|n| makes_lock_row(model.name(*n)));
    if made && !others { own } else { Vec::new() }
}

fn unleased(file: &Analysis<'_>, put: NodeId) -> Finding {
    Story::new(&META, file, put, format!("the lock that `{}` takes has no lease", file.short(put)))
        .why(WHY)
        .help("grant a lease, keep it alive while the work runs, and write the key with it")
        .confidence(Confidence::Medium)
        .step(file.location(put), "the key is written if it is not there, and nothing makes it go away")
        .tell()
}

fn unbound(file: &Analysis<'_>, node: NodeId) -> Finding {
    Story::new(&META, file, node, format!("the lock that `{}` takes outlives its session", file.short(node)))
        .why(WHY)
        .help(
            "make the node ephemeral, so that it goes with the session of its holder, or use the client's lock recipe",
        )
        .confidence(Confidence::Medium)
        .step(file.location(node), "the node stays when its holder's session ends")
        .tell()
}

fn row_of_one(file: &Analysis<'_>, statement: NodeId) -> Finding {
    Story::new(&META, file, statement, "expired locks are cleared away only by the client that made them")
        .why(WHY)
        .help("let everybody clear away or take over a lock that has expired: leave the owner out of this condition")
        .confidence(Confidence::Medium)
        .step(file.location(statement), "the condition asks for the time and for the own client")
        .tell()
}

fn lock_file(file: &Analysis<'_>, created: NodeId) -> Finding {
    let message = format!("the lock file of `{}` outlives its holder", file.short(created));
    Story::new(&META, file, created, message)
        .why(WHY)
        .help(
            "write a time or a heartbeat into the file and let others take it over when it is old, or hold an advisory \
             lock on it, which goes with its process",
        )
        .confidence(Confidence::Medium)
        .step(file.location(created), "it is made if it is not there, and nobody asks how old it is")
        .tell()
}
