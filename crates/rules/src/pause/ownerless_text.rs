//! Scripts, transactions and statements that change a lock without asking whose it is.

use crate::pause::non_atomic_lock::META;
use crate::story::Story;
use timelint_diagnostics::{Confidence, Finding, Severity};
use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::{
    Analysis, Command, LockTouch, Script, Scripts, Subject, Touch, frees_lock_row, has_word, words,
};

/// Functions that take a lock or keep it.
const KEEPING: [&str; 8] = ["lock", "renew", "renewal", "extend", "extension", "refresh", "prolong", "keepalive"];
/// Functions that give a lock back.
const RELEASING: [&str; 3] = ["unlock", "release", "free"];

/// Scripts that write, prolong or remove the lock's key whoever holds it.
pub(crate) fn scripts(file: &Analysis<'_>) -> Vec<Finding> {
    let scripts = file.shared(Scripts::of);
    let all = &scripts.0;
    // In a file that also knows better, and not only where a rate is limited.
    let asks = all.iter().any(Script::compares_owner);
    let found = all.iter().filter_map(|script| {
        let (message, why) = if script.writes_blindly() && written_to_keep(file, script, all) {
            (
                "the script writes the lock's key without asking who holds it",
                "a holder that paused longer than the lease takes the lock back from the one that has it now",
            )
        } else if script.extends_blindly() && asks && file.serves(script.at, &KEEPING[1..]) {
            (
                "the script prolongs the lock without asking who holds it",
                "after a pause that outlasts the lease this prolongs the next holder's lock, and this one works on without any",
            )
        } else if script.only_removes() && file.serves(script.at, &RELEASING) {
            (
                "the script removes the lock's key without asking who holds it",
                "after a pause that outlasts the lease this removes the next holder's lock, and a third one comes in",
            )
        } else {
            return None;
        };
        let story = Story::new(&META, file, script.at, message)
            .why(why)
            .help("compare the owner first, in the same script, and only then touch the key")
            .confidence(Confidence::Medium)
            .step(file.location(script.at), "whoever holds the key, it is touched");
        Some(story.tell())
    });
    found.collect()
}

/// A blind write in a function that keeps a lock, and looks at it in no other script.
fn written_to_keep(file: &Analysis<'_>, script: &Script, all: &[Script]) -> bool {
    let Some(function) = file.named_function_around(script.at) else { return false };
    let reads = all.iter().any(|s| file.model.contains(function, s.at) && s.reads());
    has_word(file.function_name(function), &KEEPING) && !reads
}

/// A coordinator's transaction that deletes the lock's key and has no condition.
pub(crate) fn transactions(file: &Analysis<'_>) -> Vec<Finding> {
    let judge = |delete: NodeId| {
        Story::new(&META, file, delete, format!("`{}` deletes the lock whoever holds it", file.short(delete)))
            .why("after a pause the key belongs to the next holder, and this takes it away from it")
            .help("make the transaction conditional on your own key: compare its value or create revision in `If(..)`")
            .confidence(Confidence::High)
            .step(file.location(delete), "the transaction has no condition")
            .tell()
    };
    file.unconditional_deletes().into_iter().map(judge).collect()
}

/// The row of a lock is deleted by its name alone where locks are given back.
pub(crate) fn rows(file: &Analysis<'_>) -> Vec<Finding> {
    let model = file.model;
    if !file.says(&RELEASING) {
        return Vec::new();
    }
    let releasing = |at: NodeId| file.named_function_around(at).is_some_and(|f| releases_locks(file, f));
    let texts = model.ids().filter(|n| statement(file, *n).is_some_and(|s| frees_lock_row(&s)));
    let calls = file.tables.calls.iter().copied().filter(|c| deletes_by_name(file, *c));
    let touches = file.lock_touches();
    let records = touches.iter().filter(|t| removes_record(file, t)).map(|t| t.at);
    let mut places: Vec<NodeId> = texts.chain(calls).chain(records).filter(|at| releasing(*at)).collect();
    places.sort_unstable();
    let judge = |at: NodeId| {
        Story::new(&META, file, at, "the lock's row is freed whoever holds it")
            .why(
                "when the holder paused longer than the lock lasts, the row is the next holder's: its lock is taken away, \
                 and a third one comes in",
            )
            .help("name the owner in the condition, `DELETE .. WHERE name = ? AND owner = ?`, and look at the number of rows")
            .confidence(Confidence::Medium)
            .severity(Severity::Warning)
            .step(file.location(at), "the condition does not name the owner")
            .tell()
    };
    places.into_iter().map(judge).collect()
}

/// A document or item is removed by its name alone; a key of a coordinator is, where nothing compares it before.
fn removes_record(file: &Analysis<'_>, touch: &LockTouch) -> bool {
    if touch.touch != Touch::Remove {
        return false;
    }
    let Subject::Key(key) = touch.subject else { return true };
    let taken = file.key_commands().iter().any(|c| c.command == Command::SetIfAbsent && file.same_key(c.key, key));
    // Keys that are taken by a command are judged with it.
    !taken && file.is_lock_key(key) && file.is_coordinator(touch.at) && !file.is_one_step(touch.at)
}

/// A function that gives a lock back by its name, or that such a function of the file calls.
fn releases_locks(file: &Analysis<'_>, function: NodeId) -> bool {
    let named = |f: NodeId| has_word(file.function_name(f), &RELEASING);
    let model = file.model;
    let calls = || file.tables.calls.iter().copied().filter(|c| model.sym(*c) == model.sym(function));
    named(function)
        || !model.name(function).is_empty() && calls().any(|c| file.named_function_around(c).is_some_and(named))
}

/// The text of a statement: a string, or what strings and names are put together to. Names stand for what they hold.
fn statement(file: &Analysis<'_>, id: NodeId) -> Option<String> {
    let model = file.model;
    let inner = model.parent(id).is_some_and(|p| model.kind(p) == Kind::Binary && model.name(p) == "+");
    match model.kind(id) {
        _ if inner => None,
        Kind::String => changes_rows(model.name(id)).then(|| model.name(id).to_owned()),
        Kind::Binary
            if model.name(id) == "+"
                && model
                    .descendants(id)
                    .find(|n| model.kind(*n) != Kind::Binary)
                    .is_some_and(|first| model.kind(first) == Kind::String && changes_rows(model.name(first))) =>
        {
            let parts = model.descendants(id).filter(|n| {
                matches!(model.kind(*n), Kind::String | Kind::Call)
                    || matches!(model.kind(*n), Kind::Name | Kind::Member)
                        && model.role(*n) != Role::Receiver
                        && model.role(*n) != Role::Object
            });
            Some(parts.map(|n| model.name(n)).collect())
        }
        _ => None,
    }
}

/// Whether a text begins like a statement that changes rows.
fn changes_rows(text: &str) -> bool {
    let verb = text.trim_start().get(..6);
    verb.is_some_and(|v| v.eq_ignore_ascii_case("update") || v.eq_ignore_ascii_case("delete"))
}

/// `lockRepository.deleteByLockName(name)`
fn deletes_by_name(file: &Analysis<'_>, call: NodeId) -> bool {
    let model = file.model;
    let said = words(model.name(call));
    let Some(by) = said.iter().position(|w| w == "by") else { return false };
    // The id of a row is its holder's own where every acquire inserts one.
    let plain = |w: &String| matches!(w.as_str(), "lock" | "name" | "key");
    matches!(said[0].as_str(), "delete" | "remove")
        && by + 1 < said.len()
        && said[by + 1..].iter().all(plain)
        && model.child(call, Role::Receiver).is_some_and(|r| has_word(model.name(r), &["lock", "locks"]))
}
