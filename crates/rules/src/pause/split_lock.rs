//! Taking a lock in two steps.

use crate::pause::non_atomic_lock::META;
use crate::story::Story;
use timelint_diagnostics::{Confidence, Finding};
use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::{Analysis, Command, Expiry, How, KeyCommand, has_word, words};

/// The key is written if it is absent, and told when to go away by a second command.
pub(crate) fn split_acquires(file: &Analysis<'_>, all: &[KeyCommand]) -> Vec<Finding> {
    let takes = all.iter().filter(|c| c.command == Command::SetIfAbsent && c.expiry != Expiry::Given);
    let judge = |take: &KeyCommand| {
        let function = file.function_around(take.at);
        let expires = |c: &&KeyCommand| {
            c.command == Command::Expire
                && c.at > take.at
                && file.same_key(take.key, c.key)
                && outermost(file, c.at) == outermost(file, take.at)
        };
        let expire = all.iter().find(expires)?;
        // The keys of a lock may have any name where two commands show that it must go away.
        if !file.is_own_lock(take, all) || file.is_one_step(take.at) {
            return None;
        }
        let direct = function == file.function_around(expire.at);
        let sure = direct && take.how != How::Name;
        let message = format!("`{}` and `{}` take the lock in two steps", file.short(take.at), file.short(expire.at));
        Some(
            Story::new(&META, file, take.at, message)
                .why(
                    "a crash, a lost connection or an error between the two leaves a lock that never expires, and \
                     everybody waits for ever",
                )
                .help(
                    file.resolve(take.at)
                        .and_then(|k| k.api.advice.as_deref())
                        .unwrap_or("write key, owner and expiry in one command: `SET key owner NX PX ttl`"),
                )
                .confidence(if sure { Confidence::High } else { Confidence::Medium })
                .step(file.location(take.at), "the lock is held from here, for ever")
                .step(file.location(expire.at), "and gets its expiry only if this is reached")
                .tell(),
        )
    };
    takes.filter_map(judge).collect()
}

fn outermost(file: &Analysis<'_>, at: NodeId) -> Option<NodeId> {
    file.model.ancestors(at).filter(|a| file.model.kind(*a) == Kind::Function).last()
}

/// A key is read, and written if nothing was there: two readers both find nothing.
pub(crate) fn checks_then_writes(file: &Analysis<'_>) -> Vec<Finding> {
    let model = file.model;
    let calls = file.tables.calls.iter().copied().filter(|c| model.kind(*c) == Kind::Call);
    calls.filter_map(|call| checked_write(file, call)).collect()
}

fn checked_write(file: &Analysis<'_>, write: NodeId) -> Option<Finding> {
    let model = file.model;
    let first = words(model.name(write)).into_iter().next()?;
    if !matches!(first.as_str(), "set" | "put" | "setex" | "psetex" | "write" | "store") || file.is_one_step(write) {
        return None;
    }
    let store = model.child(write, Role::Receiver)?;
    let command = file.key_command(write);
    let key = command.map(|c| c.key).or_else(|| model.child(write, Role::Arg))?;
    let of_store = match command {
        Some(command) => command.command == Command::Set,
        None => file.class_about_locks(write) && shared_store(file, store),
    };
    if !of_store || !file.is_lock_key(key) {
        return None;
    }
    let check = file.guards(write).into_iter().find_map(|guard| {
        let source = file.condition_source(guard.condition);
        let asked = model.self_and_descendants(source).find(|n| asks_for(file, *n, store, key));
        asked.filter(|_| looks_for_nothing(file, guard.condition, guard.holds))
    })?;
    let message = format!("`{}` and `{}` take the lock in two steps", file.short(check), file.short(write));
    Some(
        Story::new(&META, file, write, message)
            .why("two processes that both find nothing there both write, and both believe that they hold the lock")
            .help("let the store decide: write the key only if it is absent, with owner and expiry, in one command")
            .confidence(if command.is_some() { Confidence::High } else { Confidence::Medium })
            .step(file.location(check), "nobody holds it here")
            .step(file.location(write), "somebody else may have taken it before this")
            .tell(),
    )
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
