//! Giving a lock back, or renewing it, without asking in the same step whether it is still one's own.

use crate::pause::non_atomic_lock::META;
use crate::pause::owned_edit::owned_edit;
use crate::story::Story;
use timelint_diagnostics::{Applicability, Confidence, Finding, Severity};
use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::catalog::{ApiRole, Effect, LockScope};
use timelint_semantics::{Analysis, Command, Expiry, Guard, How, KeyCommand, Origins, Scripts, has_word};

const COMPARE: &str = "compare the owner and delete in one script: `if redis.call('get', KEYS[1]) == ARGV[1] then return \
                       redis.call('del', KEYS[1]) end`, with a value that only this holder knows";
/// Functions that take a lock away on purpose.
const ON_PURPOSE: [&str; 12] =
    ["force", "forced", "reset", "clear", "purge", "admin", "break", "evict", "flush", "cleanup", "steal", "delete"];

/// Removals of a lock's key, one for each key and function.
pub(crate) fn removals(file: &Analysis<'_>, all: &[KeyCommand]) -> Vec<Finding> {
    let deletes = all.iter().filter(|c| c.command == Command::Delete && !file.is_one_step(c.at));
    let mut told: Vec<&KeyCommand> = Vec::new();
    let mut found = Vec::new();
    for delete in deletes {
        let again = |t: &&KeyCommand| {
            file.named_function_around(t.at) == file.named_function_around(delete.at)
                && file.same_key(t.key, delete.key)
        };
        if told.iter().any(again) {
            continue;
        }
        if let Some(finding) = compared(file, delete, all).or_else(|| unasked(file, delete, all)) {
            found.push(finding);
            told.push(delete);
        }
    }
    found
}

/// The key is read, compared with the owner, and then removed by a second command.
fn compared(file: &Analysis<'_>, act: &KeyCommand, all: &[KeyCommand]) -> Option<Finding> {
    let read = file.comparison_before(act, all)?;
    if !is_lock(file, act, all) {
        return None;
    }
    let message = format!("`{}` releases the lock that `{}` found to be ours", file.short(act.at), file.short(read));
    let story = Story::new(&META, file, act.at, message)
        .why(
            "between the two the lock may expire and another process take it: its lock is removed, and a third one comes \
             in",
        )
        .help(COMPARE)
        .confidence(Confidence::High)
        .step(file.location(read), "it is ours here")
        .step(file.location(act.at), "and may be somebody else's here");
    let story = match owned_edit(file, read, act.at) {
        Some(edits) => story.fix("compare and delete in one command", Applicability::Unsafe, edits),
        None => story,
    };
    Some(story.tell())
}

/// A library's release that asks for no owner, where nobody says that this is meant: `lock.forceUnlock()`.
pub(crate) fn forced(file: &Analysis<'_>) -> Vec<Finding> {
    let model = file.model;
    let calls = file.tables.calls.iter().copied().filter(|c| {
        let known = file.resolve(*c).filter(|k| k.api.role == ApiRole::LockRelease && k.how != How::Name);
        let name = file.named_function_around(*c).map_or("", |f| file.function_name(f));
        known.is_some_and(|k| k.api.scope == Some(LockScope::Distributed))
            && has_word(model.name(*c), &["force", "forced"])
            && !has_word(name, &ON_PURPOSE)
    });
    let judge = |at: NodeId| {
        Story::new(&META, file, at, format!("`{}` releases the lock whoever holds it", file.short(at)))
            .why(
                "when the work takes longer than the lock lasts, another process holds it by now: its lock is removed, and \
                 a third one comes in",
            )
            .help("release it as its holder (`unlock()`), and let what a crashed holder left expire")
            .confidence(Confidence::Medium)
            .severity(Severity::Warning)
            .step(file.location(at), "the owner is not asked for")
            .tell()
    };
    calls.map(judge).collect()
}

/// The key is removed and nobody asked whose it is.
fn unasked(file: &Analysis<'_>, delete: &KeyCommand, all: &[KeyCommand]) -> Option<Finding> {
    let name = file.named_function_around(delete.at).map_or("", |f| file.function_name(f));
    let quiet = |because, holds| file.is_silent(&META, delete.at, because, holds);
    if quiet("the name around it says that the owner does not count", has_word(name, &ON_PURPOSE))
        || file.comparison_before(delete, all).is_some()
    {
        return None;
    }
    let take = all.iter().find(|c| {
        file.is_own_lock(c, all)
            && (file.same_key(c.key, delete.key) && belongs(file, c, delete) || hands_key_on(file, c, delete))
    });
    let by_script = take.is_none().then(|| taken_by_script(file, delete)).flatten();
    quiet("no lock of this key is seen to be taken", take.is_none() && by_script.is_none());
    let Some(take) = take else { return by_script.map(|script| ownerless(file, script, delete.at).tell()) };
    let later = |c: &KeyCommand| c.command == Command::Expire && file.same_key(take.key, c.key);
    let expires = take.expiry != Expiry::Never || all.iter().any(later);
    let together = file.named_function_around(take.at) == file.named_function_around(delete.at);
    let not_held = together && file.is_cleanup(delete.at) && inside_cleaned(file, take.at, delete.at);
    // Without an expiry nobody else can have it, unless this runs when it was not taken.
    if quiet("the lock never expires: nobody else can have it", !expires && !not_held)
        || together && quiet("it is given back by whoever just took it", is_way_out(file, take, delete, all))
    {
        return None;
    }
    let anonymous = take.value.is_some_and(|v| file.is_constant(v));
    let mut story = ownerless(file, take.at, delete.at).confidence(
        match (anonymous || not_held, is_mild(file, take, delete, all)) {
            (_, true) => Confidence::Low,
            (true, false) => Confidence::High,
            (false, false) => Confidence::Medium,
        },
    );
    if anonymous {
        story = story.evidence("every holder writes the same value, so nobody can tell whose it is");
    }
    if not_held {
        story = story.evidence("the clean-up also runs when the lock was not acquired");
    }
    Some(story.tell())
}

/// What is to be said of a lock that is taken at one place and removed at the other by whoever comes along.
fn ownerless(file: &Analysis<'_>, take: NodeId, delete: NodeId) -> Story {
    Story::new(&META, file, delete, format!("`{}` releases the lock whoever holds it", file.short(delete)))
        .why(
            "when the work takes longer than the lock lasts, another process holds it by now: its lock is removed, and a \
             third one comes in",
        )
        .help(COMPARE)
        .confidence(Confidence::Medium)
        .severity(Severity::Warning)
        .step(file.location(take), "the lock is taken here")
        .step(file.location(delete), "and removed here, without a look at its owner")
}

/// The script that takes a lock whose key a method of it removes, where no script of the file compares the owner first.
fn taken_by_script(file: &Analysis<'_>, delete: &KeyCommand) -> Option<NodeId> {
    let scripts = file.shared(Scripts::of);
    let take = scripts.0.iter().find(|s| s.takes() && s.expires())?;
    let asks = scripts.0.iter().any(|s| s.compares_owner() && s.removes());
    (!asks && file.is_lock_key(delete.key) && file.is_about_locks(delete.at)).then_some(take.at)
}

/// A removal that costs little: it is skipped when a monotonic clock says that the lease may be over, or the lock only
/// keeps a cache from being filled by several at a time.
fn is_mild(file: &Analysis<'_>, take: &KeyCommand, delete: &KeyCommand, all: &[KeyCommand]) -> bool {
    let model = file.model;
    let reads_monotonic = |n: NodeId| file.value(n).origins.any(Origins::MONOTONIC);
    let asks =
        |g: &Guard| model.self_and_descendants(g.condition).any(|n| model.kind(n) == Kind::Call && reads_monotonic(n));
    file.guards(delete.at).iter().any(asks) || fills_cache(file, take, delete, all) || saves_work(file, take, delete)
}

/// Whether names say that the key only keeps one message, mail or look-up from being handled by two: a third one that comes
/// in costs some work.
fn saves_work(file: &Analysis<'_>, take: &KeyCommand, delete: &KeyCommand) -> bool {
    #[rustfmt::skip]
    const ONCE: [&str; 17] = [
        "dedup", "dedupe", "deduplicate", "deduplication", "once", "idempotency", "idempotent", "processing", "processed",
        "notification", "notifications", "notify", "notifier", "email", "emails", "mail", "webhook",
    ];
    let model = file.model;
    let class = |at: NodeId| file.tables.class_around(model, at).map(|c| file.tables.classes[c as usize].name.as_str());
    let stem = file.path.rsplit('/').next().map_or("", |name| name.split('.').next().unwrap_or(name));
    let functions = [take.at, delete.at].into_iter().filter_map(|at| file.named_function_around(at));
    let names = functions.map(|f| file.function_name(f)).chain(class(delete.at)).chain([stem, model.name(delete.key)]);
    // What is called a store of caches serves everybody; a class that is one itself serves nobody else.
    let cache = class(take.at).is_some_and(|c| class(delete.at) == Some(c) && has_word(c, &["cache", "cached"]));
    cache || names.into_iter().any(|n| has_word(n, &ONCE))
}

/// Whether what is called a cache is filled between the two commands of a function.
fn fills_cache(file: &Analysis<'_>, take: &KeyCommand, delete: &KeyCommand, all: &[KeyCommand]) -> bool {
    const CACHE: [&str; 3] = ["cache", "caches", "cached"];
    let model = file.model;
    let outermost = |at: NodeId| model.ancestors(at).filter(|a| model.kind(*a) == Kind::Function).last();
    let Some(function) = outermost(take.at).filter(|f| outermost(delete.at) == Some(*f)) else { return false };
    let of_lock = |at: NodeId| all.iter().any(|c| c.at == at && file.same_key(c.key, take.key));
    let mut writes = file.writes_in(take.at, model.end(function), 2);
    writes.retain(|w| !of_lock(w.at));
    let class = file.tables.class_around(model, take.at).map_or("", |c| file.tables.classes[c as usize].name.as_str());
    let named =
        [file.function_name(function), class].iter().any(|n| has_word(n, &CACHE)) || has_word(&file.path, &CACHE);
    named && !writes.iter().any(|w| w.effect == Effect::External)
}

/// Whether the removal is the other half of the acquire: in its function, in a clean-up, or where locks are released.
fn belongs(file: &Analysis<'_>, take: &KeyCommand, delete: &KeyCommand) -> bool {
    file.named_function_around(take.at) == file.named_function_around(delete.at)
        || file.is_cleanup(delete.at)
        || file.is_about_locks(delete.at)
}

/// The key that was taken is handed to a new object, whose own method removes it: `return &held{key: key}`.
fn hands_key_on(file: &Analysis<'_>, take: &KeyCommand, delete: &KeyCommand) -> bool {
    let model = file.model;
    let releases =
        file.named_function_around(delete.at).is_some_and(|f| has_word(file.function_name(f), &["release", "unlock"]));
    let own = model.child(delete.key, Role::Object).is_some_and(|o| file.tables.is_this(model, o));
    let class = file.tables.class_around(model, delete.at).map(|c| file.tables.classes[c as usize].name.as_str());
    let (Some(class), Some(taker), true) = (class, file.function_around(take.at), releases && own) else {
        return false;
    };
    let makes = |n: NodeId| match model.kind(n) {
        Kind::New | Kind::Record => {
            model.child(n, Role::Type).is_some_and(|t| model.name(t).trim_start_matches(['&', '*']) == class)
        }
        Kind::Call => model.name(n) == class,
        _ => false,
    };
    let given =
        |n: NodeId| model.descendants(n).any(|d| model.kind(d) == Kind::Name && model.sym(d) == model.sym(take.key));
    model.descendants(taker).any(|n| n > take.at && makes(n) && given(n))
}

/// Whether a clean-up belongs to a block that also acquires: it runs when that failed.
fn inside_cleaned(file: &Analysis<'_>, take: NodeId, delete: NodeId) -> bool {
    let model = file.model;
    let finally = model.self_and_ancestors(delete).find(|a| model.role(*a) == Role::Finally);
    let around = finally.and_then(|f| model.parent(f));
    let guarded = !file.guards(delete).is_empty();
    around.is_some_and(|t| model.child(t, Role::Body).is_some_and(|b| model.contains(b, take))) && !guarded
}

/// The acquire's own undoing: its expiry could not be set.
fn is_way_out(file: &Analysis<'_>, take: &KeyCommand, delete: &KeyCommand, all: &[KeyCommand]) -> bool {
    let model = file.model;
    let expire = all.iter().find(|c| c.command == Command::Expire && c.at > take.at && c.at < delete.at);
    let failed = model.enclosing(delete.at, Kind::Catch).is_some();
    expire.is_some_and(|e| file.guards(delete.at).iter().any(|g| model.contains(g.condition, e.at))) || failed
}

/// Whether the key of a command is a lock's: by its name, its surroundings, or an acquire of it in this file.
fn is_lock(file: &Analysis<'_>, command: &KeyCommand, all: &[KeyCommand]) -> bool {
    file.is_lock_key(command.key)
        || file.is_about_locks(command.at)
        || all.iter().any(|c| file.is_own_lock(c, all) && file.same_key(c.key, command.key))
}

/// Words of a function that keeps a lock alive.
const RENEWING: [&str; 12] = [
    "hold",
    "renew",
    "renewal",
    "extend",
    "refresh",
    "prolong",
    "keepalive",
    "heartbeat",
    "watchdog",
    "keep",
    "touch",
    "sustain",
];

/// The key's expiry is moved and nobody asked whose lock it is by now.
pub(crate) fn renewals(file: &Analysis<'_>, all: &[KeyCommand]) -> Vec<Finding> {
    let renews = |at: NodeId| {
        let named = |a: NodeId| file.model.kind(a) == Kind::Function && has_word(file.function_name(a), &RENEWING);
        file.model.ancestors(at).any(named) || file.is_timed(at)
    };
    let moves = |c: &KeyCommand| match c.command {
        Command::Expire => true,
        // An object does not expire: what is written says until when it counts.
        Command::Set => c.expiry == Expiry::Given || writes_object(file, c) || rewrites(file, c, all),
        _ => false,
    };
    let own_lock = |c: &KeyCommand| all.iter().any(|t| file.is_own_lock(t, all) && file.same_key(t.key, c.key));
    let asked = |c: &KeyCommand| {
        c.command == Command::Expire && file.comparison_before(c, all).is_some() && is_lock(file, c, all)
    };
    let keyed = all.iter().filter(|c| {
        let kept = renews(c.at) && (is_lock_named(file, c) || own_lock(c));
        moves(c) && (kept || prolongs(file, c, all) || asked(c))
    });
    let keyed = keyed.map(|c| (c.at, read_before(file, c, all)));
    let own = file.tables.calls.iter().copied().filter(|c| expires_itself(file, *c) && renews(*c)).map(|c| (c, None));
    let mut places: Vec<(NodeId, Option<NodeId>)> = keyed.chain(own).filter(|p| !file.is_one_step(p.0)).collect();
    places.sort_unstable();
    places.dedup_by_key(|p| p.0);
    places.into_iter().map(|(at, read)| renewal(file, at, read)).collect()
}

/// What was read is changed and written back: `lease = get(key)`, `set(key, lease)`.
fn rewrites(file: &Analysis<'_>, write: &KeyCommand, all: &[KeyCommand]) -> bool {
    write.value.is_some() && read_before(file, write, all).is_some()
}

/// The read of the same key before a write, in its function.
fn read_before(file: &Analysis<'_>, write: &KeyCommand, all: &[KeyCommand]) -> Option<NodeId> {
    let function = file.function_around(write.at);
    let reads = all.iter().filter(|c| c.command == Command::Get && c.at < write.at && file.same_key(c.key, write.key));
    reads.map(|c| c.at).find(|at| file.function_around(*at) == function)
}

/// A new expiry for the key of a lock, in a function that did not take it and does not speak of taking it.
fn prolongs(file: &Analysis<'_>, command: &KeyCommand, all: &[KeyCommand]) -> bool {
    const TAKING: [&str; 8] = ["lock", "trylock", "acquire", "obtain", "elect", "expire", "set", "try"];
    let function = file.named_function_around(command.at);
    let name = function.map_or("", |f| file.function_name(f));
    let takes = |c: &&KeyCommand| {
        matches!(c.command, Command::SetIfAbsent | Command::Set | Command::Swap)
            && file.named_function_around(c.at) == function
    };
    command.command == Command::Expire
        && file.is_lock_key(command.key)
        && !has_word(name, &TAKING)
        && !all.iter().filter(takes).any(|c| file.same_key(c.key, command.key))
}

/// A blind write of an object, whose key and content stand side by side.
fn writes_object(file: &Analysis<'_>, command: &KeyCommand) -> bool {
    command.value.is_none() && file.model.parent(command.key).is_some_and(|p| file.model.name(p) == "Key")
}

fn is_lock_named(file: &Analysis<'_>, command: &KeyCommand) -> bool {
    let function = file.named_function_around(command.at).map_or("", |f| file.function_name(f));
    file.is_lock_key(command.key)
        || file.class_about_locks(command.at)
        || has_word(function, &["lock", "locks", "lease", "leadership"])
}

/// `this.expire(lease)` of a class that is a lock.
fn expires_itself(file: &Analysis<'_>, call: NodeId) -> bool {
    let model = file.model;
    let own = model.child(call, Role::Receiver).is_none_or(|r| file.tables.is_this(model, r));
    model.kind(call) == Kind::Call
        && own
        && has_word(model.name(call), &["expire", "pexpire"])
        && model.child(call, Role::Arg).is_some()
        && file.class_about_locks(call)
        && file.callee(call).is_none()
}

fn renewal(file: &Analysis<'_>, at: NodeId, read: Option<NodeId>) -> Finding {
    let story = Story::new(&META, file, at, format!("`{}` renews the lock whoever holds it", file.short(at)))
        .why("after a pause that outlasts the lease this prolongs the next holder's lock, and this one works on without any")
        .help("compare the owner and set the expiry in one script, and stop the work when it is not ours any more")
        .confidence(Confidence::Medium)
        .severity(Severity::Warning);
    let story = match read {
        Some(read) => story.step(file.location(read), "it is still there here"),
        None => story,
    };
    story.step(file.location(at), "nobody asks whose lock it is").tell()
}
