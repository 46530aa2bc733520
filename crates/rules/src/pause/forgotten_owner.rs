//! A store of locks that writes who holds one, and gives it back without naming them.

use crate::pause::non_atomic_lock::META;
use crate::shown::is_log_call;
use crate::story::Story;
use timelint_diagnostics::{Confidence, Finding, Severity};
use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::{Analysis, Callee, has_word, is_lock_word, words};

/// Words of what says who holds a lock.
const OWNERS: [&str; 8] = ["owner", "holder", "instance", "token", "uuid", "hostname", "worker", "identity"];
/// First words of methods that take a lock.
const TAKES: [&str; 6] = ["lock", "acquire", "try", "trylock", "obtain", "relock"];
/// Words of an object that keeps records for many processes.
pub(crate) const RECORD_STORES: [&str; 14] = [
    "collection",
    "coll",
    "table",
    "repository",
    "repo",
    "dao",
    "mapper",
    "model",
    "db",
    "database",
    "session",
    "datastore",
    "entity",
    "bucket",
];

/// The releases of the file's lock stores that forget whose lock it is.
pub(crate) fn forgotten_owners(file: &Analysis<'_>) -> Vec<Finding> {
    let model = file.model;
    if !file.says(&["unlock", "release"]) || !file.says(&OWNERS) {
        return Vec::new();
    }
    let classes = file.tables.classes.iter().filter(|c| c.node.is_some() && is_lock_word(&c.name));
    let found = classes.filter_map(|class| {
        let methods = || class.methods.values().flatten().copied();
        let named = |f: NodeId, list: &[&str]| words(model.name(f)).first().is_some_and(|w| list.contains(&w.as_str()));
        let owner = methods().filter(|f| named(*f, &TAKES)).find_map(|f| owner_named_in(file, f))?;
        let mut releases: Vec<NodeId> = methods().filter(|f| named(*f, &["unlock", "release"])).collect();
        releases.sort_unstable();
        releases.into_iter().find_map(|f| ownerless_removal(file, f)).map(|removal| tell(file, owner, removal))
    });
    found.collect()
}

/// Where a function speaks of who holds the lock, other than in a log line.
fn owner_named_in(file: &Analysis<'_>, function: NodeId) -> Option<NodeId> {
    let model = file.model;
    let logged = |n: NodeId| {
        let around = model.ancestors(n).take_while(|a| *a != function);
        around.into_iter().any(|a| model.kind(a) == Kind::Call && is_log_call(file, a))
    };
    model.descendants(function).find(|n| {
        matches!(model.kind(*n), Kind::Name | Kind::Member | Kind::Entry | Kind::Argument | Kind::String | Kind::Call)
            && has_word(model.name(*n), &OWNERS)
            && !logged(*n)
    })
}

/// The removal of a record in a function that names no owner, itself or one function of the class further on.
fn ownerless_removal(file: &Analysis<'_>, function: NodeId) -> Option<NodeId> {
    let model = file.model;
    if owner_named_in(file, function).is_some() {
        return None;
    }
    let calls = file.calls_below(function).iter().copied().filter(|c| model.kind(*c) == Kind::Call);
    calls.into_iter().find(|c| {
        if removes_record(file, *c) {
            return true;
        }
        let own = model.child(*c, Role::Receiver).is_none_or(|r| file.tables.is_this(model, r));
        let Some(Callee::Here(helper)) = file.callee(*c).filter(|_| own && is_removal(model.name(*c))) else {
            return false;
        };
        owner_named_in(file, helper).is_none() && file.calls_below(helper).iter().any(|h| removes_record(file, *h))
    })
}

fn is_removal(name: &str) -> bool {
    words(name).first().is_some_and(|w| matches!(w.as_str(), "delete" | "remove" | "destroy"))
}

/// `collection.deleteMany(filter)`, `repository.delete(key)`: not what a map of this process offers.
fn removes_record(file: &Analysis<'_>, call: NodeId) -> bool {
    const WHICH: [&str; 7] = ["one", "many", "item", "by", "row", "document", "record"];
    let model = file.model;
    let Some(receiver) = model.child(call, Role::Receiver).filter(|_| model.child(call, Role::Arg).is_some()) else {
        return false;
    };
    let stored = has_word(model.name(receiver), &RECORD_STORES)
        || file
            .type_of(receiver)
            .is_some_and(|t| has_word(t.name.rsplit('.').next().unwrap_or(&t.name), &RECORD_STORES));
    let which = words(model.name(call)).get(1).is_some_and(|w| WHICH.contains(&w.as_str()));
    // `delete_if_equal(key, value)` compares.
    let conditional = has_word(model.name(call), &["if", "compare", "equal", "equals", "when", "matching"]);
    model.kind(call) == Kind::Call && is_removal(model.name(call)) && (stored || which) && !conditional
}

fn tell(file: &Analysis<'_>, owner: NodeId, removal: NodeId) -> Finding {
    Story::new(&META, file, removal, "the lock's record is removed whoever holds it")
        .why(
            "when the holder paused longer than the lock lasts, the record is the next holder's: its lock is taken away, and a \
             third one comes in",
        )
        .help("name the owner in the filter of the removal, as the acquire does, and look at how many were removed")
        .confidence(Confidence::Medium)
        .severity(Severity::Warning)
        .step(file.location(owner), "who holds the lock is written here")
        .step(file.location(removal), "and not asked for here")
        .tell()
}
