//! `unfenced-lock`: shared state is written while a distributed lock is held, and the resource cannot tell a holder
//! whose lock has gone from the one that has it now.

use crate::Rule;
use crate::pause::announced::{Announced, announced};
use crate::pause::lock_purpose::{opaque_call, principal, score};
use crate::pause::order_seen::{OrderSeen, orders_seen};
use crate::pause::read_modify_write::is_called_a_read;
use crate::pause::tokenless_step::{Tokenless, tokenless_steps};
use crate::pause::unreceipted::{Unreceipted, unreceipted};
use crate::shown::is_log_call;
use crate::story::Story;
use timelint_diagnostics::{Confidence, Family, Finding, RuleMeta, Severity};
use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::catalog::{Api, ApiRole, Effect, LockPurpose};
use timelint_semantics::{Analysis, Region, UncheckedEnd, Write, has_word, is_lock_word, words};

/// See the module.
pub(crate) struct UnfencedLock;

static META: RuleMeta = RuleMeta {
    id: "unfenced-lock",
    aliases: &[],
    family: Family::Pause,
    mechanism: "process pause longer than the lock lasts",
    severity: Severity::Warning,
    summary: "shared state is written under a distributed lock, and nothing that grows goes along for the resource to check",
    page: include_str!("unfenced_lock.md"),
};

/// How far writes are followed into functions.
const DEPTH: usize = 3;
/// At most this many writes are shown.
const MOST_STEPS: usize = 3;

impl Rule for UnfencedLock {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check(&self, file: &Analysis<'_>, out: &mut Vec<Finding>) {
        let led = file.leading_regions();
        out.extend(file.lock_regions().iter().chain(&led).filter_map(|region| judge(file, region)));
        let handed = file.tables.calls.iter().filter_map(|c| Some((*c, file.handed_on_callback(*c)?)));
        out.extend(handed.filter_map(|(call, callback)| handed_on(file, call, callback)));
        out.extend(unreceipted(file).into_iter().map(|u| tell_unreceipted(file, u)));
        out.extend(tokenless_steps(file).into_iter().map(|t| tell_tokenless(file, t)));
        out.extend(file.unchecked_ends().into_iter().map(|e| tell_end(file, e)));
        out.extend(orders_seen(file).into_iter().map(|o| tell_order(file, o)));
        out.extend(announced(file).into_iter().map(|a| tell_announced(file, a)));
    }
}

fn tell_tokenless(file: &Analysis<'_>, step: Tokenless) -> Finding {
    Story::new(&META, file, step.sent, "this step moves work on without the token of the worker that holds it")
        .why(
            "a worker that pauses for longer than its lock lasts loses the work to another one, and then moves it on all the \
             same: it is done twice, or taken away from who does it now",
        )
        .help("send the token along as the other steps do, and let the store compare it with the lock before it moves anything")
        .confidence(Confidence::Medium)
        .evidence("the steps beside it send a token")
        .step(file.location(step.beside), "here the token goes along")
        .step(file.location(step.sent), "and here it does not")
        .tell()
}

fn tell_end(file: &Analysis<'_>, end: UncheckedEnd) -> Finding {
    let message = format!("`{}` ends whoever's claim it is by now", file.short(end.write));
    let story = Story::new(&META, file, end.write, message)
        .why(
            "a worker that pauses for longer than its claim lasts finishes after another one has taken the record over: it \
             frees what that one is working on, and puts its own outcome over the other's",
        )
        .help(
            "keep what the claim wrote (owner, time, attempt) and compare it in this write (`WHERE id = ? AND locked_by = ?`); \
             when no row was changed, the claim is lost and so is its outcome",
        )
        .confidence(Confidence::Medium);
    let story = match end.taken_over {
        Some(old) => story.step(file.location(old), "an old claim passes to another worker"),
        None => story.evidence("the record says until when a claim lasts"),
    };
    story.step(file.location(end.write), "and the condition names the record only").tell()
}

fn tell_announced(file: &Analysis<'_>, announced: Announced) -> Finding {
    let message = format!("`{}` begins the leader's work, and gives no term to go with it", file.short(announced.told));
    Story::new(&META, file, announced.told, message)
        .why(
            "the claim ends by itself while this process is paused, and the next leader is told the same: of what both then \
             write nothing shows which came from the one that leads",
        )
        .help(
            "count the terms where the claim is taken (a number that the store raises with each new holder, the lock's own \
             fencing token), hand the term to whoever works for the leader, and let the resource refuse a lower one",
        )
        .confidence(Confidence::Medium)
        .evidence("nothing that grows is near")
        .step(file.location(announced.take), "the leadership is taken for a time")
        .step(file.location(announced.told), "and the work begins, without a number that would tell its writes from the next leader's")
        .tell()
}

fn tell_order(file: &Analysis<'_>, seen: OrderSeen) -> Finding {
    let message = format!("`{}` overwrites what is there, although only the older may be", file.short(seen.write));
    Story::new(&META, file, seen.write, message)
        .why(
            "the writer compares the numbers, and not the store: two writers that read the same state both find themselves \
             newer, and one that pauses here puts the older state back",
        )
        .help(
            "make the comparison a part of the write: a precondition on what was read (`IfMatch`, generation, version, \
             revision), `UPDATE .. WHERE version < ?`, or a script that compares and writes",
        )
        .confidence(Confidence::Medium)
        .evidence("the number that orders the writers is compared here, and goes along with no condition")
        .step(file.location(seen.read), "what is there is read")
        .step(file.location(seen.compare), "it is found to be older")
        .step(file.location(seen.write), "and whatever is there by now is overwritten")
        .tell()
}

fn tell_unreceipted(file: &Analysis<'_>, work: Unreceipted) -> Finding {
    let again = file.model.name(work.again);
    Story::new(&META, file, work.timer, "work is handed out for a time, and acknowledged by its id alone")
        .why(
            "a worker that pauses for longer than that time finishes after the work went to another one, and its late \
             acknowledgement settles the other one's attempt",
        )
        .help(
            "make a new token for every hand-out, keep it with the work, and refuse an acknowledgement that brings another \
             one",
        )
        .confidence(Confidence::Medium)
        .evidence("no parameter tells one hand-out from the next")
        .step(file.location(work.timer), "the work is on loan until this timer runs")
        .step(file.location(work.again), format!("then `{again}` gives it to the next worker"))
        .step(file.location(work.ack), "and this cannot tell the two apart")
        .tell()
}

fn judge(file: &Analysis<'_>, region: &Region<'_>) -> Option<Finding> {
    let purpose = file.catalog().lock_purpose(&file.lock_texts(region));
    let quiet = |because, holds| file.is_silent(&META, region.acquire, because, holds);
    if quiet("the configuration calls it an efficiency lock", purpose == Some(LockPurpose::Efficiency))
        || quiet("a fencing token is taken with it", takes_token(file, region))
    {
        return None;
    }
    if !region.leads()
        && let Some(call) = opaque_call(file, region)
    {
        return Some(wrapper(file, region, call));
    }
    if quiet("this is the library of the lock", is_lock_library(file, region.acquire)) {
        return None;
    }
    let mut writes = file.writes_in(region.from, region.to, DEPTH);
    quiet("nothing is written under it to what others share", writes.is_empty());
    writes.retain(|w| {
        let quiet = |because, holds| file.is_silent(&META, w.at, because, holds);
        !quiet("the write is fenced or conditional", w.fence.is_some())
            && w.at != region.acquire
            && !keeps_lock(file, w.at)
            && !quiet("it does no harm when it comes late or twice", is_harmless(file, w))
            && !quiet("the database locks the rows that it changes", w.indirect && file.locks_rows_through(w.at))
    });
    let (write, read) = principal(file, region, &writes)?;
    let score = score(file, region, &write, &writes, read);
    let confidence = score.confidence();
    quiet("more speaks for a lock that only saves work", confidence.is_none());
    let confidence = confidence?;
    let lock = lock_name(file, region);
    let written = file.short(write.at);
    let (place, message, first) = if region.leads() {
        let message = format!("`{written}` while leading is not fenced: a leader that was deposed writes too");
        (write.at, message, "this runs once the election is won, and goes on when the leadership is lost")
    } else {
        let message = format!("`{written}` under {lock} is not fenced: a late holder writes too");
        (region.acquire, message, "the lock is taken here")
    };
    let severity = if confidence == Confidence::Low { Severity::Note } else { Severity::Warning };
    let mut story = Story::new(&META, file, place, message)
        .why(why(region, &write))
        .help(help(file, region))
        .confidence(confidence)
        .severity(severity)
        .step(file.location(region.acquire), first);
    if let Some(read) = read {
        story = story.step(file.location(read.read), "what the write depends on is read here");
    }
    story = story_of_writes(file, story, region, &write, &writes);
    Some(score.evidence.into_iter().fold(story, Story::evidence).tell())
}

fn story_of_writes(
    file: &Analysis<'_>,
    story: Story,
    region: &Region<'_>,
    principal: &Write,
    writes: &[Write],
) -> Story {
    let text = if region.leads() {
        "a pause before this outlives the leadership; the write is still accepted"
    } else {
        "a pause before this outlives the lock; the write is still accepted"
    };
    let story = story.step(file.location(principal.at), text);
    let others = writes.iter().filter(|w| w.at != principal.at && w.effect != Effect::Cache).take(MOST_STEPS - 1);
    others.fold(story, |story, write| story.step(file.location(write.at), "and so is this one"))
}

/// A lock handed out as a wrapper around somebody's code: one report, at the wrapper.
fn wrapper(file: &Analysis<'_>, region: &Region<'_>, call: NodeId) -> Finding {
    let lock = lock_name(file, region);
    opaque(file, region.acquire, call, &lock, help(file, region))
}

/// `redlock.using(keys, ttl, routine)` in a function that got the routine from its caller.
fn handed_on(file: &Analysis<'_>, call: NodeId, callback: NodeId) -> Option<Finding> {
    let known = file.resolve(call)?;
    let token = known.api.token.as_deref().unwrap_or("hand a number that grows with every acquire to the callback");
    let help = format!("{token}; {CONDITION}");
    Some(opaque(file, call, callback, &format!("`{}`", file.model.name(call)), help))
}

fn opaque(file: &Analysis<'_>, acquire: NodeId, call: NodeId, lock: &str, help: String) -> Finding {
    let message = format!("`{}` runs under {lock} and is given no fencing token", file.short(call));
    Story::new(&META, file, acquire, message)
        .why(
            "code that runs in here cannot tell its resource which holder it is: after a pause that outlives the lock, \
             two callers write",
        )
        .help(help)
        .confidence(Confidence::Low)
        .severity(Severity::Note)
        .evidence("the code that runs under the lock is the caller's")
        .step(file.location(acquire), "the lock is taken here")
        .step(file.location(call), "and the caller's code runs here")
        .tell()
}

fn why(region: &Region<'_>, write: &Write) -> &'static str {
    match write.effect {
        _ if region.leads() => {
            "a pause (GC, VM freeze, slow disk) or a partition can outlast the leadership: another process is elected and \
             writes, then this one wakes up in the middle of its work and overwrites it"
        }
        Effect::External => {
            "a pause (GC, VM freeze, slow disk) or a partition can outlast the lock: the next holder acts, then this one \
             wakes up and acts again, and what it does cannot be taken back"
        }
        _ => {
            "a pause (GC, VM freeze, slow disk) or a partition can outlast the lock: the next holder writes, then this one \
             wakes up and overwrites it, and nobody notices"
        }
    }
}

const CONDITION: &str = "or make the write conditional: compare a version column or revision and check that it changed";

fn help(file: &Analysis<'_>, region: &Region<'_>) -> String {
    let made = || region.lock_type.as_deref().and_then(|lock| token_of(file, lock));
    match region.api.api.token.as_deref().or_else(made) {
        Some(token) => format!("{token}; {CONDITION}"),
        None => format!(
            "hand a number that grows with every acquire to the resource and let it refuse a lower one; {CONDITION}"
        ),
    }
}

/// What the catalogue says of tokens where it speaks of making a lock of this type.
fn token_of<'a>(file: &'a Analysis<'_>, lock_type: &str) -> Option<&'a str> {
    let makes = |api: &&Api| {
        api.role == ApiRole::LockNew
            && (api.returns.as_deref() == Some(lock_type) || api.name.as_slice().iter().any(|n| n == lock_type))
    };
    file.catalog().entries().filter(makes).find_map(|api| api.token.as_deref())
}

/// The lock as a reader knows it: its handle, else the acquire.
fn lock_name(file: &Analysis<'_>, region: &Region<'_>) -> String {
    let model = file.model;
    if model.kind(region.acquire) == Kind::Decorator {
        return format!("`@{}`", model.name(region.acquire));
    }
    let plain = |n: &NodeId| matches!(model.kind(*n), Kind::Name | Kind::Member);
    format!("`{}`", file.short(region.handle.filter(plain).unwrap_or(region.acquire)))
}

/// The section asks its lock for a token: what it does with it was not followed, so it is trusted.
fn takes_token(file: &Analysis<'_>, region: &Region<'_>) -> bool {
    let function = file.function_around(region.acquire).unwrap_or(file.model.root());
    let range = file.model.descendants(function);
    range.into_iter().any(|n| {
        matches!(file.model.kind(n), Kind::Call | Kind::Member)
            && file.resolve(n).is_some_and(|r| r.api.role == ApiRole::LockToken)
            // A log enforces nothing.
            && !file.model.ancestors(n).take_while(|a| *a > function).any(|a| is_log_call(file, a))
    })
}

/// Renewing, releasing and the like are about the lock, not about what it protects.
fn keeps_lock(file: &Analysis<'_>, call: NodeId) -> bool {
    let model = file.model;
    let about_lock = |n: NodeId| model.descendants(n).any(|d| is_lock_word(model.name(d)));
    file.resolve(call).is_some_and(|r| {
        matches!(r.api.role, ApiRole::LockRelease | ApiRole::LockExtend | ApiRole::LockAcquire | ApiRole::LockTry)
    }) || file.releases(call)
        || model
            .children_with(call, Role::Arg)
            .next()
            .is_some_and(|key| is_lock_word(model.name(key)) || about_lock(key))
}

/// Writes that may come late or twice in any order, since the store adds them up; and calls whose name says that they
/// read, although something below them writes.
fn is_harmless(file: &Analysis<'_>, write: &Write) -> bool {
    const ADDING_UP: [&str; 10] =
        ["increment", "incr", "incrby", "decrement", "decr", "decrby", "hincrby", "sadd", "pfadd", "zincrby"];
    const CLOSING: [&str; 5] = ["close", "shutdown", "stop", "dispose", "unsubscribe"];
    let name = file.model.name(write.at);
    // A file of this machine's own is not what others write to.
    let scratch = file.model.child(write.at, Role::Arg).is_some_and(|a| {
        matches!(file.model.kind(a), Kind::Name | Kind::Member)
            && has_word(file.model.name(a), &["tmp", "temp", "local", "scratch"])
            && has_word(file.model.name(a), &["path", "file", "dir", "folder", "directory"])
    });
    if scratch {
        return true;
    }
    let closes = words(name).first().is_some_and(|w| CLOSING.contains(&w.as_str()));
    has_word(name, &ADDING_UP) || write.indirect && (is_called_a_read(name) || closes)
}

/// A class whose business is the lock itself.
fn is_lock_library(file: &Analysis<'_>, at: NodeId) -> bool {
    const PARTS: [&str; 8] = ["lock", "unlock", "acquire", "release", "tryLock", "Lock", "Unlock", "try_lock"];
    let Some(class) = file.tables.class_around(file.model, at) else { return false };
    let class = &file.tables.classes[class as usize];
    let methods = class.methods.keys().filter(|m| PARTS.contains(&file.model.text(**m))).count();
    is_lock_word(&class.name) && methods >= 2
}
