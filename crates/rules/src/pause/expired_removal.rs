//! A lock that was read and found to have run out is removed by its name: by then it may be the next holder's.

use crate::pause::forgotten_owner::RECORD_STORES;
use crate::pause::non_atomic_lock::META;
use crate::story::Story;
use timelint_diagnostics::{Confidence, Finding, Severity};
use timelint_model::{Kind, NodeId, Role, Sym};
use timelint_semantics::{Analysis, Origins, StoreKind, has_word, is_lock_word, words};

/// Words of a question whether a lock has run out.
const OVER: [&str; 6] = ["expired", "expire", "stale", "outdated", "abandoned", "timedout"];
/// First words of a call that reads a record.
const READS: [&str; 8] = ["find", "get", "load", "read", "select", "query", "fetch", "lookup"];
/// First words of a call that takes a lock away.
const REMOVES: [&str; 6] = ["unlock", "release", "delete", "remove", "destroy", "clear"];
/// Words of other objects that keep locks for many processes.
const STORES: [&str; 5] = ["store", "redis", "client", "backend", "storage"];

/// All of the file.
pub(crate) fn expired_removals(file: &Analysis<'_>) -> Vec<Finding> {
    if !file.says(&OVER) {
        return Vec::new();
    }
    let removals = file.tables.calls.iter().copied().filter(|c| removes(file, *c));
    removals.filter_map(|c| judge(file, c)).collect()
}

fn removes(file: &Analysis<'_>, call: NodeId) -> bool {
    let model = file.model;
    model.kind(call) == Kind::Call
        && model.child(call, Role::Arg).is_some()
        && words(model.name(call)).first().is_some_and(|w| REMOVES.contains(&w.as_str()))
        && model.child(call, Role::Receiver).is_some_and(|r| keeps_locks(model.name(r)))
}

fn keeps_locks(name: &str) -> bool {
    has_word(name, &STORES) || has_word(name, &RECORD_STORES)
}

/// A time goes along: the statement compares it with the record's.
fn is_told_the_time(file: &Analysis<'_>, removal: NodeId) -> bool {
    const BOUNDS: [&str; 10] =
        ["expire", "expired", "expires", "expiry", "expiration", "until", "before", "cutoff", "deadline", "version"];
    let model = file.model;
    model.children_with(removal, Role::Arg).any(|a| {
        model.self_and_descendants(a).any(|n| {
            has_word(model.name(n), &BOUNDS)
                || model.kind(n) == Kind::Call && file.value(n).origins.any(Origins::CLOCKS)
        })
    })
}

fn judge(file: &Analysis<'_>, removal: NodeId) -> Option<Finding> {
    let model = file.model;
    if file.is_silent(&META, removal, "a time goes along that the store may compare", is_told_the_time(file, removal)) {
        return None;
    }
    // What is handed on of the record may be the condition.
    let given: Vec<Sym> = model
        .children_with(removal, Role::Arg)
        .flat_map(|a| model.self_and_descendants(a).collect::<Vec<_>>())
        .filter(|n| model.kind(*n) == Kind::Name)
        .map(|n| model.sym(n))
        .collect();
    let guards = file.guards(removal);
    let (asked, read) = guards.iter().filter(|g| g.holds).find_map(|g| {
        let question = model
            .self_and_descendants(g.condition)
            .find(|n| model.kind(*n) == Kind::Call && has_word(model.name(*n), &OVER))?;
        let record = model.descendants(question).find_map(|n| read_of_lock(file, n))?;
        (!given.contains(&model.sym(record.0))).then_some((question, record.1))
    })?;
    Some(
        Story::new(&META, file, removal, format!("`{}` removes a lock that was found expired before", file.short(removal)))
            .why(
                "between the look and the removal another process may have done the same and taken the lock: its lock is \
                 removed, and both go on",
            )
            .help(
                "take it over in one conditional write that names what was read (its time, owner or version), or remove it by \
                 a condition on its expiry",
            )
            .confidence(Confidence::Medium)
            .severity(Severity::Warning)
            .step(file.location(read), "the lock is read")
            .step(file.location(asked), "found to have run out")
            .step(file.location(removal), "and removed by its name")
            .tell(),
    )
}

/// A name that holds a lock's record read before, and the read.
fn read_of_lock(file: &Analysis<'_>, name: NodeId) -> Option<(NodeId, NodeId)> {
    let model = file.model;
    if model.kind(name) != Kind::Name {
        return None;
    }
    let stores = file.stores_of(name);
    let [store] = stores[..] else { return None };
    let mut value = store.value.filter(|_| store.kind == StoreKind::Plain)?;
    while model.kind(value) == Kind::Await {
        value = model.child(value, Role::Value)?;
    }
    let reads = model.kind(value) == Kind::Call
        && words(model.name(value)).first().is_some_and(|w| READS.contains(&w.as_str()))
        && (is_lock_word(model.name(value)) || is_lock_word(model.name(name)))
        && model.child(value, Role::Receiver).is_some_and(|r| keeps_locks(model.name(r)));
    reads.then_some((name, value))
}
