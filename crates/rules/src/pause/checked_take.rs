//! Taking a lock by looking whether it is free and then writing it.

use crate::pause::non_atomic_lock::META;
use crate::story::Story;
use timelint_diagnostics::{Confidence, Finding};
use timelint_model::{Kind, NodeId, Role, Sym};
use timelint_semantics::{Analysis, LockTouch, SplitClaim, Subject, Touch, has_word, words};

/// Functions that give a lock back, keep it or look after the locks of others.
const NOT_TAKING: [&str; 22] = [
    "unlock",
    "release",
    "free",
    "renew",
    "renewal",
    "extend",
    "refresh",
    "heartbeat",
    "touch",
    "keepalive",
    "prolong",
    "clear",
    "reset",
    "clean",
    "cleanup",
    "delete",
    "remove",
    "list",
    "migrate",
    "test",
    "force",
    "steal",
];

/// Functions that take a lock.
const TAKING: [&str; 9] = ["lock", "trylock", "acquire", "obtain", "elect", "claim", "campaign", "mutex", "lease"];

/// The record of a lock is read, and written if the answer was that nobody has it: two that read at the same time both
/// write.
pub(crate) fn checks_then_writes(file: &Analysis<'_>) -> Vec<Finding> {
    let touches = file.lock_touches();
    let writes = touches.iter().filter(|t| t.touch == Touch::Write);
    let mut found: Vec<(NodeId, Finding)> = writes.filter_map(|w| Some((w.at, checked(file, w, touches)?))).collect();
    let model = file.model;
    let others = file.tables.calls.iter().copied().filter(|c| model.kind(*c) == Kind::Call);
    for call in others.filter(|c| touches.binary_search_by_key(c, |t| t.at).is_err()) {
        found.extend(own_store(file, call).map(|f| (call, f)));
    }
    found.extend(file.tables.calls.iter().filter_map(|c| Some((*c, cleared(file, *c, touches)?))));
    found.extend(file.split_claims().into_iter().map(|c| (c.write, claimed(file, c))));
    found.sort_by_key(|(at, _)| *at);
    found.dedup_by_key(|(at, _)| *at);
    found.into_iter().map(|(_, finding)| finding).collect()
}

/// In a function that takes a lock: what is found to be expired is removed by its name, and the lock is tried again.
fn cleared(file: &Analysis<'_>, removal: NodeId, touches: &[LockTouch]) -> Option<Finding> {
    let model = file.model;
    let touch = touches.binary_search_by_key(&removal, |t| t.at).ok().map(|at| touches[at]);
    let own = || {
        let first = words(model.name(removal)).into_iter().next();
        let gives_back = first.is_some_and(|w| matches!(w.as_str(), "unlock" | "release" | "free"));
        let receiver = model.child(removal, Role::Receiver);
        gives_back
            && receiver.is_none_or(|r| file.tables.is_this(model, r))
            && model.child(removal, Role::Arg).is_some()
    };
    if touch.map_or_else(|| !own(), |t| t.touch != Touch::Remove) {
        return None;
    }
    let function = file.named_function_around(removal).filter(|f| {
        let name = file.function_name(*f);
        has_word(name, &TAKING) && !has_word(name, &NOT_TAKING)
    })?;
    let reads = touches
        .iter()
        .filter(|r| r.touch == Touch::Read && r.at < removal && file.named_function_around(r.at) == Some(function));
    let (read, aged) = reads.filter_map(|r| Some((r.at, aged(file, r.at, removal)?))).last()?;
    if file.is_one_step_until(read, removal) || in_transaction(file, removal) {
        return None;
    }
    let message = format!("`{}` removes the lock that `{}` found to be expired", file.short(removal), file.short(read));
    Some(
        Story::new(&META, file, removal, message)
            .why(
                "two processes that find the same old lock both remove it: the second one removes the lock that the first has \
                 taken meanwhile, and both go on",
            )
            .help(
                "take an expired lock over in one command that compares what was read (`UPDATE .. SET owner = ? WHERE name = ? \
                 AND expires_at < now()`, compare-and-set), or let the store expire it",
            )
            .confidence(Confidence::Medium)
            .step(file.location(read), "an old lock is read")
            .step(file.location(aged), "it counts as expired")
            .step(file.location(removal), "and whatever is there by now is removed")
            .tell(),
    )
}

/// The condition around the removal that compares an age with what was read.
fn aged(file: &Analysis<'_>, read: NodeId, removal: NodeId) -> Option<NodeId> {
    let model = file.model;
    let mut answers = answer_names(file, read, removal, file.statement(read));
    for n in (read.0..removal.0).map(NodeId) {
        if matches!(model.kind(n), Kind::Let | Kind::Assign)
            && model.children_with(n, Role::Value).any(|v| mentions(file, v, &answers))
        {
            answers.extend(names_below(file, model.children_with(n, Role::Target)));
        }
    }
    let orders = |c: NodeId| {
        model.kind(c) == Kind::Binary && matches!(model.name(c), "<" | ">" | "<=" | ">=")
            || model.kind(c) == Kind::Call && has_word(model.name(c), &["before", "after", "expired", "stale"])
    };
    let guards = file.guards(removal).into_iter().map(|g| g.condition);
    guards.into_iter().find(|c| *c > read && orders(*c) && mentions(file, *c, &answers))
}

fn mentions(file: &Analysis<'_>, at: NodeId, names: &[Sym]) -> bool {
    let model = file.model;
    model.self_and_descendants(at).any(|d| model.kind(d) == Kind::Name && names.contains(&model.sym(d)))
}

/// Records that nobody works on are looked for, and then marked by their id.
fn claimed(file: &Analysis<'_>, claim: SplitClaim) -> Finding {
    let message =
        format!("`{}` claims by id what `{}` found to be free", file.short(claim.write), file.short(claim.read));
    Story::new(&META, file, claim.write, message)
        .why("two processes that look at the same time find the same records, both claim them, and both do their work")
        .help(
            "repeat in the write that nobody holds the record (`WHERE id = ? AND locked_by IS NULL`) and go on only with those \
             that it changed; or find and claim in one command (`UPDATE .. RETURNING`, `find_one_and_update`, `FOR UPDATE SKIP \
             LOCKED`)",
        )
        .confidence(Confidence::Medium)
        .step(file.location(claim.read), "nobody holds them here")
        .step(file.location(claim.write), "the condition names the records, and not that they are still free")
        .tell()
}

fn checked(file: &Analysis<'_>, write: &LockTouch, all: &[LockTouch]) -> Option<Finding> {
    let function = file.named_function_around(write.at)?;
    let name = file.function_name(function);
    if has_word(name, &NOT_TAKING) {
        return None;
    }
    let reads = all.iter().filter(|r| {
        r.touch == Touch::Read
            && r.at < write.at
            && same_subject(file, r.subject, write.subject)
            && file.named_function_around(r.at) == Some(function)
    });
    let (read, refusal) = reads.filter_map(|r| Some((r, refusal(file, r.at, write.at)?))).last()?;
    let counted = !has_word(name, &TAKING) && follows_a_count(file, refusal, write.at);
    if !meant_as_lock(file, write, refusal)
        || file.is_silent(&META, write.at, "it locks somebody out once a count is reached", counted)
        || file.is_one_step_until(read.at, write.at)
        || in_transaction(file, write.at)
    {
        return None;
    }
    let sure = matches!(write.subject, Subject::Key(key) if file.is_lock_key(key));
    Some(tell(file, read.at, write.at, if sure { Confidence::High } else { Confidence::Medium }))
}

fn tell(file: &Analysis<'_>, read: NodeId, write: NodeId, confidence: Confidence) -> Finding {
    let message = format!("`{}` and `{}` take the lock in two steps", file.short(read), file.short(write));
    Story::new(&META, file, write, message)
        .why("two processes that both find nothing there both write, and both believe that they hold the lock")
        .help(
            "let the store decide in one command: write the record only if it is absent or expired (`SET .. NX`, `UPDATE .. \
             WHERE .. AND owner IS NULL`, a condition or precondition of the write), and look at whether it was written",
        )
        .confidence(confidence)
        .step(file.location(read), "nobody holds it here")
        .step(file.location(write), "somebody else may have taken it before this")
        .tell()
}

/// `attempts >= LIMIT` after the refusal decides on the write: an account is locked out, and no work is guarded.
fn follows_a_count(file: &Analysis<'_>, refusal: NodeId, write: NodeId) -> bool {
    let model = file.model;
    file.guards(write).into_iter().any(|g| {
        g.condition > model.end(refusal)
            && model.kind(g.condition) == Kind::Binary
            && matches!(model.name(g.condition), "<" | ">" | "<=" | ">=")
    })
}

fn same_subject(file: &Analysis<'_>, one: Subject, other: Subject) -> bool {
    match (one, other) {
        (Subject::Key(a), Subject::Key(b)) => file.same_key(a, b),
        (one, other) => one == other,
    }
}

/// Whether the record is a lock: by its key, by who writes it, or by what is said when it is there.
fn meant_as_lock(file: &Analysis<'_>, write: &LockTouch, refusal: NodeId) -> bool {
    let function = file.named_function_around(write.at).map_or("", |f| file.function_name(f));
    match write.subject {
        Subject::Key(key) if mentions_cache(file, key) || caches(file, write.at) => false,
        Subject::Key(key) => file.is_lock_key(key) || has_word(function, &TAKING[..7]) || refuses_second(file, refusal),
        Subject::Table(_) => true,
        Subject::Record(_) => has_word(function, &TAKING),
    }
}

fn mentions_cache(file: &Analysis<'_>, key: NodeId) -> bool {
    file.model.self_and_descendants(key).any(|n| has_word(file.model.name(n), &["cache", "cached"]))
}

/// The store is called a cache, and the key is no lock's by its own text.
fn caches(file: &Analysis<'_>, write: NodeId) -> bool {
    let receiver = file.model.child(write, Role::Receiver);
    receiver.is_some_and(|r| has_word(file.model.name(r), &["cache", "caches"])) && !file.is_about_locks(write)
}

/// `throw new Error("There is already an active scheduler")`
fn refuses_second(file: &Analysis<'_>, refusal: NodeId) -> bool {
    let model = file.model;
    let thrown = model.self_and_descendants(refusal).filter(|n| model.kind(*n) == Kind::Throw);
    thrown.into_iter().any(|t| {
        model.descendants(t).any(|n| {
            let text = model.name(n);
            model.kind(n) == Kind::String
                && has_word(text, &["already", "another"])
                && has_word(text, &["active", "running", "runs", "locked", "started", "instance", "held", "progress"])
        })
    })
}

/// A transaction around the write may lock what it reads.
fn in_transaction(file: &Analysis<'_>, at: NodeId) -> bool {
    let model = file.model;
    let words = ["transactional", "atomic", "transaction", "serializable"];
    model
        .ancestors(at)
        .filter(|a| matches!(model.kind(*a), Kind::Function | Kind::Class))
        .any(|f| model.children_with(f, Role::Decorator).any(|d| has_word(model.name(d), &words)))
}

/// The statement between a read and a write that leaves because of what was read, or that holds the write.
fn refusal(file: &Analysis<'_>, read: NodeId, write: NodeId) -> Option<NodeId> {
    let model = file.model;
    let statement = file.statement(read);
    let mut answers = answer_names(file, read, write, statement);
    let speaks =
        |n: NodeId, answers: &[Sym]| n == read || model.kind(n) == Kind::Name && answers.contains(&model.sym(n));
    let about = |n: NodeId, answers: &[Sym]| model.self_and_descendants(n).any(|d| speaks(d, answers));
    // The read may be a part of the condition.
    let from = if matches!(model.kind(statement), Kind::If | Kind::Loop) { statement } else { read };
    for n in (from.0..write.0).map(NodeId) {
        match model.kind(n) {
            Kind::Let | Kind::Assign if n > read && model.children_with(n, Role::Value).any(|v| about(v, &answers)) => {
                answers.extend(names_below(file, model.children_with(n, Role::Target)));
            }
            Kind::If | Kind::Loop => {
                let asks = model.child(n, Role::Condition).is_some_and(|c| about(c, &answers));
                let leaves = model.contains(n, write)
                    || model.kind(n) == Kind::Loop
                    || model
                        .descendants(n)
                        .any(|d| matches!(model.kind(d), Kind::Return | Kind::Throw | Kind::Continue));
                // A cache hands out what it found.
                let handed_out = model.descendants(n).any(|d| {
                    model.kind(d) == Kind::Return && model.child(d, Role::Value).is_some_and(|v| about(v, &answers))
                });
                if asks && leaves && !handed_out {
                    return Some(n);
                }
            }
            _ => {}
        }
    }
    // `try: head(key); return False; except NotFound: pass`
    let asked =
        model.ancestors(read).take_while(|a| !model.contains(*a, write)).find(|a| model.kind(*a) == Kind::Try)?;
    let body = model.child(asked, Role::Body).filter(|b| model.contains(*b, read) && file.exits(*b));
    body.map(|_| asked)
}

/// The names that hold what a read found: its targets, what it fills, its cursor, the parameters of its continuation.
fn answer_names(file: &Analysis<'_>, read: NodeId, write: NodeId, statement: NodeId) -> Vec<Sym> {
    let model = file.model;
    let mut names = names_below(file, model.children_with(statement, Role::Target));
    let filled = model.descendants(statement).filter(|n| model.kind(*n) == Kind::Unary && model.name(*n) == "&");
    names.extend(names_below(file, filled));
    if words(model.name(read)).first().is_some_and(|w| w == "execute") {
        names.extend(names_below(file, model.child(read, Role::Receiver).into_iter()));
    }
    let continuations = model.ancestors(write).take_while(|a| *a > statement && model.contains(statement, *a));
    for function in continuations.filter(|a| model.kind(*a) == Kind::Function) {
        names.extend(names_below(file, model.children_with(function, Role::Param)));
        names.extend(model.children_with(function, Role::Param).map(|p| model.sym(p)));
    }
    names
}

/// The names in some expressions, but those of errors.
fn names_below(file: &Analysis<'_>, nodes: impl Iterator<Item = NodeId>) -> Vec<Sym> {
    let model = file.model;
    let error = |name: &str| name == "_" || name == "e" || has_word(name, &["err", "error", "ex", "exception", "ctx"]);
    nodes
        .flat_map(|n| model.self_and_descendants(n))
        .filter(|n| model.kind(*n) == Kind::Name && !error(model.name(*n)))
        .map(|n| model.sym(n))
        .collect()
}

/// The same in a store of the project's own, in a class that is about locks.
fn own_store(file: &Analysis<'_>, write: NodeId) -> Option<Finding> {
    let model = file.model;
    let first = words(model.name(write)).into_iter().next()?;
    if !matches!(first.as_str(), "set" | "put" | "setex" | "psetex" | "write" | "store") || file.is_one_step(write) {
        return None;
    }
    let store = model.child(write, Role::Receiver)?;
    let key = model.child(write, Role::Arg)?;
    // Properties and attributes belong to this process.
    if has_word(model.name(write), &["property", "attribute", "env"]) {
        return None;
    }
    if !file.class_about_locks(write) || !shared_store(file, store) || !file.is_lock_key(key) {
        return None;
    }
    let check = file.guards(write).into_iter().find_map(|guard| {
        let source = file.condition_source(guard.condition);
        let asked = model.self_and_descendants(source).find(|n| asks_for(file, *n, store, key));
        asked.filter(|_| looks_for_nothing(file, guard.condition, guard.holds))
    })?;
    Some(tell(file, check, write, Confidence::Medium))
}

/// Whether a call asks the same store for the same key.
fn asks_for(file: &Analysis<'_>, call: NodeId, store: NodeId, key: NodeId) -> bool {
    let model = file.model;
    model.kind(call) == Kind::Call
        && words(model.name(call)).first().is_some_and(|w| matches!(w.as_str(), "get" | "exists" | "has" | "read"))
        && model.child(call, Role::Receiver).is_some_and(|r| file.same_key(r, store))
        && model.children_with(call, Role::Arg).any(|k| file.same_key(k, key))
}

/// Keys that are texts live in a store that others can see; a collection of this process is no such store.
fn shared_store(file: &Analysis<'_>, store: NodeId) -> bool {
    const LOCAL: [&str; 9] = ["map", "dict", "locks", "set", "cache", "local", "table", "hash", "registry"];
    let known = file.type_of(store).is_some_and(|t| has_word(&t.name, &LOCAL));
    !known && !has_word(file.model.name(store), &LOCAL)
}

/// The condition says, where the write happens, that nothing was found.
fn looks_for_nothing(file: &Analysis<'_>, condition: NodeId, holds: bool) -> bool {
    let model = file.model;
    match (model.kind(condition), model.name(condition)) {
        (Kind::Binary, op @ ("==" | "!=" | "is" | "is not" | "===" | "!==")) => {
            let nothing = model.children_with(condition, Role::Operand).any(|o| {
                model.kind(o) == Kind::Null
                    || model.kind(o) == Kind::Number && model.name(o) == "0"
                    || model.kind(o) == Kind::String && model.name(o).is_empty()
                    || has_word(model.name(o), &["empty", "nil", "none", "missing"])
            });
            nothing && holds == matches!(op, "==" | "is" | "===")
        }
        (Kind::Binary, _) => false,
        _ => !holds,
    }
}
