//! `lock-released-early`: the lock is given back before what it protects is done: before the transaction commits, or while
//! work that was started under it still runs.

use crate::Rule;
use crate::pause::awaiting::awaiting;
use crate::pause::foreign_release::foreign_release;
use crate::story::Story;
use timelint_diagnostics::{Applicability, Confidence, Family, Finding, RuleMeta, Severity};
use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::catalog::{ApiRole, Effect};
use timelint_semantics::{Analysis, Callee, How, Region, has_word, is_lock_word, words};

/// See the module.
pub(crate) struct LockReleasedEarly;

static META: RuleMeta = RuleMeta {
    id: "lock-released-early",
    aliases: &[],
    family: Family::Pause,
    mechanism: "release before the end of the work",
    severity: Severity::Warning,
    summary: "a lock is released before the transaction commits, or while work that was started under it still runs",
    page: include_str!("lock_released_early.md"),
};

/// How far writes are followed into functions.
const DEPTH: usize = 2;

impl Rule for LockReleasedEarly {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check(&self, file: &Analysis<'_>, out: &mut Vec<Finding>) {
        out.extend(file.lock_regions().iter().filter_map(|region| judge(file, region)));
    }
}

/// Why a section is over before its work is.
struct Early {
    at: NodeId,
    message: String,
    why: &'static str,
    help: &'static str,
    step: &'static str,
    confidence: Confidence,
    /// A call whose promise nobody waits for.
    unawaited: Option<NodeId>,
}

fn judge(file: &Analysis<'_>, region: &Region<'_>) -> Option<Finding> {
    let early = released_elsewhere(file, region)
        .or_else(|| before_commit(file, region))
        .or_else(|| before_own_commit(file, region))
        .or_else(|| raced(file, region))
        .or_else(|| started(file, region))
        .or_else(|| promised(file, region));
    file.is_silent(&META, region.acquire, "nothing under it is seen to go on after the release", early.is_none());
    let early = early?;
    let confidence = if region.through_helper { early.confidence.min(Confidence::Medium) } else { early.confidence };
    let mut story = Story::new(&META, file, region.acquire, early.message)
        .why(early.why)
        .help(early.help)
        .confidence(confidence)
        .step(file.location(region.acquire), "the lock is taken here")
        .step(file.location(early.at), early.step);
    if let Some(call) = early.unawaited {
        story = story.fix(
            "wait for the work before the lock is released",
            Applicability::Unsafe,
            vec![awaiting(file, call)],
        );
    }
    Some(story.tell())
}

/// The release is handed to a thread that does not hold the lock.
fn released_elsewhere(file: &Analysis<'_>, region: &Region<'_>) -> Option<Early> {
    let at = foreign_release(file, region)?;
    Some(Early {
        at,
        message: format!("`{}` is given back in another thread than the one that took it", lock_name(file, region)),
        why: "the lock belongs to the thread that took it: in another one the release throws, and the lock stays, renewed for \
              as long as this process lives",
        help: "give it back where it was taken, when the work has ended; or take and release it asynchronously with one thread id \
               (`lockAsync(id)`, `unlockAsync(id)`)",
        step: "this runs in another thread",
        confidence: Confidence::High,
        unawaited: None,
    })
}

/// The section lies inside a transaction that commits after it.
fn before_commit(file: &Analysis<'_>, region: &Region<'_>) -> Option<Early> {
    let model = file.model;
    let writes = file.writes_in(region.from, region.to, DEPTH);
    let writes = writes.iter().any(|w| w.effect == Effect::State && w.fence.is_none() && !speaks_of_lock(file, w.at));
    // The function that holds the whole section; a callback or decorator has its own.
    if !writes || model.kind(region.acquire) == Kind::Decorator {
        return None;
    }
    let transaction = transaction_around(file, region)?;
    Some(Early {
        at: transaction,
        message: format!("`{}` is released before the transaction commits", lock_name(file, region)),
        why: "between the release and the commit the next holder reads the old state, and decides by it",
        help: "take the lock outside the transaction, so that the commit happens while it is held",
        step: "the transaction commits only when this ends, after the release",
        confidence: Confidence::High,
        unawaited: None,
    })
}

/// `with lock: session.add(row)` and then `session.commit()`: what was written under the lock is seen only after it.
fn before_own_commit(file: &Analysis<'_>, region: &Region<'_>) -> Option<Early> {
    #[rustfmt::skip]
    const WRITES: [&str; 14] = [
        "add", "flush", "save", "merge", "delete", "insert", "update", "persist", "exec", "execute", "create", "remove", "put",
        "upsert",
    ];
    let model = file.model;
    let function = file.function_around(region.acquire)?;
    let on = |c: NodeId| {
        let receiver = model.child(c, Role::Receiver).filter(|r| matches!(model.kind(*r), Kind::Name | Kind::Member));
        receiver.map(|r| model.sym(r))
    };
    let commits = |c: NodeId| words(model.name(c)) == ["commit"];
    let calls = || file.tables.calls.iter().copied().filter(|c| model.kind(*c) == Kind::Call);
    let written: Vec<_> =
        calls().filter(|c| region.covers(*c) && has_word(model.name(*c), &WRITES)).filter_map(on).collect();
    let inside = calls().any(|c| region.covers(c) && commits(c));
    let late = calls().find(|c| {
        *c >= region.to
            && model.contains(function, *c)
            && file.function_around(*c) == Some(function)
            && commits(*c)
            && on(*c).is_some_and(|o| written.contains(&o))
    });
    let at = late.filter(|_| !inside && model.kind(region.acquire) != Kind::Decorator)?;
    Some(Early {
        at,
        message: format!("`{}` is released before `{}`", lock_name(file, region), file.short(at)),
        why: "between the release and the commit the next holder reads the old state, and decides by it",
        help: "commit while the lock is held",
        step: "what was written under the lock is seen only from here on",
        confidence: Confidence::Medium,
        unawaited: None,
    })
}

/// The annotation, scoped statement or callback that makes the section part of a transaction.
fn transaction_around(file: &Analysis<'_>, region: &Region<'_>) -> Option<NodeId> {
    let model = file.model;
    let is_transaction =
        |n: NodeId| file.resolve(n).is_some_and(|k| k.api.role == ApiRole::Transaction && k.how != How::Name);
    for around in model.ancestors(region.acquire) {
        match model.kind(around) {
            Kind::Function => {
                let decorator = model.children_with(around, Role::Decorator).find(|d| is_transaction(*d));
                if decorator.is_some() && ends_inside(file, region, around) {
                    return decorator;
                }
                let call = model.parent(around).filter(|p| model.kind(*p) == Kind::Call && is_transaction(*p));
                if call.is_some() || !model.name(around).is_empty() {
                    return call;
                }
            }
            Kind::With => {
                let values = model.children_with(around, Role::Item).filter_map(|i| model.child(i, Role::Value));
                let found = values.take_while(|v| *v < region.acquire).find(|v| is_transaction(*v));
                if found.is_some() {
                    return found;
                }
            }
            _ => {}
        }
    }
    None
}

/// The lock is also given back in the function: otherwise somebody else does, perhaps after the commit.
fn ends_inside(file: &Analysis<'_>, region: &Region<'_>, function: NodeId) -> bool {
    let scoped = region.callback.is_some() || file.model.enclosing(region.acquire, Kind::WithItem).is_some();
    let calls = file.tables.calls_between(region.acquire, file.model.end(function));
    scoped || calls.iter().any(|c| file.releases(*c))
}

/// The section waits for its work or for a clock, whichever comes first.
fn raced(file: &Analysis<'_>, region: &Region<'_>) -> Option<Early> {
    const CLOCK: [&str; 6] = ["timeout", "timer", "sleep", "delay", "deadline", "wait"];
    let model = file.model;
    let inside = |c: &NodeId| region.covers(*c) && model.kind(*c) == Kind::Call;
    let race = file.tables.calls.iter().copied().filter(inside).find(|call| {
        let runners: Vec<NodeId> = model.children_with(*call, Role::Arg).flat_map(|a| model.children(a)).collect();
        let clock =
            |n: &NodeId| has_word(&file.short(*n), &CLOCK) || has_word(file.text(file.condition_source(*n)), &CLOCK);
        words(model.name(*call)) == ["race"]
            && runners.len() > 1
            && runners.iter().any(clock)
            && runners.iter().any(|r| !clock(r) && matches!(model.kind(*r), Kind::Call | Kind::Name | Kind::Await))
    })?;
    // `if (!timedOut) release()`
    let asked = |n: NodeId| {
        let condition = model.child(n, Role::Condition).filter(|_| model.kind(n) == Kind::If);
        condition.is_some_and(|c| has_word(&file.short(c), &["timed", "timeout", "settled", "finished"]))
    };
    if file.function_around(race).is_some_and(|f| model.descendants(f).any(|n| n > race && asked(n))) {
        return None;
    }
    Some(Early {
        at: race,
        message: format!("`{}` is released while the work may still run", lock_name(file, region)),
        why: "the race ends the waiting and not the work: it goes on without the lock, next to the one of the next holder",
        help: "cancel the work when its time is over and wait until it has stopped, and release only then",
        step: "when the clock wins, the work goes on",
        confidence: Confidence::Medium,
        unawaited: None,
    })
}

/// Work that is started under the lock, writes, and is not waited for.
fn started(file: &Analysis<'_>, region: &Region<'_>) -> Option<Early> {
    let model = file.model;
    let spawned = model.descendants(model.root()).filter(|n| region.covers(*n)).find(|n| {
        (model.kind(*n) == Kind::Spawn || scatters(file, *n) || submits(file, *n)) && writes_below(file, *n)
    })?;
    if waits_after(file, region, spawned) || is_handed_lock(file, region, spawned) {
        return None;
    }
    Some(Early {
        at: spawned,
        message: format!("`{}` is released while work that it started still runs", lock_name(file, region)),
        why: "what is started here goes on after the release, next to the work of the next holder",
        help: "wait for all of it before the lock is released, or let it take the lock itself",
        step: "nobody waits for what is started here",
        confidence: Confidence::Medium,
        unawaited: None,
    })
}

/// What is started is given the lock itself, and releases it.
fn is_handed_lock(file: &Analysis<'_>, region: &Region<'_>, spawned: NodeId) -> bool {
    let model = file.model;
    let statement = file.statement(region.acquire);
    let results = model.children_with(statement, Role::Target).chain(region.handle);
    let named: Vec<_> =
        results.filter(|t| matches!(model.kind(*t), Kind::Name | Kind::Member)).map(|t| model.sym(t)).collect();
    model.descendants(spawned).any(|n| {
        matches!(model.kind(n), Kind::Name | Kind::Member)
            && named.contains(&model.sym(n))
            && (model.role(n) == Role::Arg || model.parent(n).is_some_and(|p| file.releases(p)))
            && is_lock_word(model.name(n))
    })
}

/// `items.forEach(async item => ..)`: each round is a promise that nobody keeps.
fn scatters(file: &Analysis<'_>, call: NodeId) -> bool {
    let model = file.model;
    model.kind(call) == Kind::Call
        && (words(model.name(call)) == ["for", "each"] || model.name(call) == "map" && is_statement(file, call))
        && model.children_with(call, Role::Arg).any(|a| {
            model.kind(a) == Kind::Function
                && model
                    .children_with(a, Role::Other)
                    .chain(model.children(a))
                    .any(|m| model.kind(m) == Kind::Modifier && model.name(m) == "async")
        })
}

/// `pool.submit(save, row)`, `asyncio.create_task(save(row))`, `CompletableFuture.runAsync(..)`, and nobody takes what
/// stands for its end.
fn submits(file: &Analysis<'_>, call: NodeId) -> bool {
    const SUBMITTING: [&str; 7] =
        ["create_task", "ensure_future", "submit", "runAsync", "supplyAsync", "execute", "run_in_executor"];
    let model = file.model;
    let pool = |r: NodeId| has_word(model.name(r), &["executor", "pool", "exec", "executors", "workers"]);
    model.kind(call) == Kind::Call
        && SUBMITTING.contains(&model.name(call))
        && (model.name(call) != "execute" || model.child(call, Role::Receiver).is_some_and(pool))
        && is_statement(file, call)
}

fn is_statement(file: &Analysis<'_>, call: NodeId) -> bool {
    file.model.parent(call).is_some_and(|p| file.model.kind(p) == Kind::Block)
}

fn writes_below(file: &Analysis<'_>, at: NodeId) -> bool {
    let model = file.model;
    let counts = |from, to| {
        let writes = file.writes_in(from, to, DEPTH);
        writes.iter().any(|w| w.effect >= Effect::State && !speaks_of_lock(file, w.at))
    };
    // A function may be handed over by its name.
    let handed = || model.children_with(at, Role::Arg).filter_map(|a| file.body_range(a));
    counts(at, model.end(at)) || submits(file, at) && handed().any(|(from, to)| counts(from, to))
}

/// `try { return fn(); } finally { await lock.release(); }`: the clean-up runs before the promise is kept.
fn promised(file: &Analysis<'_>, region: &Region<'_>) -> Option<Early> {
    let model = file.model;
    let returns = (region.from.0..region.to.0).map(NodeId).filter(|n| model.kind(*n) == Kind::Return);
    let call = returns.into_iter().find_map(|r| {
        let call = model.child(r, Role::Value).filter(|v| model.kind(*v) == Kind::Call)?;
        let function = file.function_around(r).filter(|f| file.is_asynchronous(*f))?;
        let inside = model.ancestors(r).take_while(|a| *a > function);
        let freed = inside.into_iter().filter(|a| model.kind(*a) == Kind::Try).any(|t| {
            let last = model.child(t, Role::Finally).filter(|f| *f > r);
            last.is_some_and(|f| file.tables.calls.iter().any(|c| model.contains(f, *c) && file.releases(*c)))
        });
        (freed && gives_promise(file, call)).then_some(call)
    })?;
    Some(Early {
        at: call,
        message: format!("`{}` is released before the work is done", lock_name(file, region)),
        why: "the promise is handed out, the clean-up runs, and only then does the work go on, next to that of the next holder",
        help: "await the work inside the section: `return await ..`",
        step: "this is only begun when the lock is released",
        confidence: Confidence::High,
        unawaited: Some(call),
    })
}

/// Whether a call gives a promise: an asynchronous function of this file, or a parameter that is declared so.
fn gives_promise(file: &Analysis<'_>, call: NodeId) -> bool {
    let model = file.model;
    if let Some(Callee::Here(function)) = file.callee(call) {
        return file.is_asynchronous(function);
    }
    let Some(name) = file.called_parameter(call) else { return false };
    let functions = model.ancestors(call).filter(|a| model.kind(*a) == Kind::Function);
    let param = functions.flat_map(|f| model.children_with(f, Role::Param)).find(|p| model.sym(*p) == name);
    param.is_some_and(|p| ["Promise<", "Awaitable", "Coroutine"].iter().any(|t| file.text(p).contains(t)))
}

/// Somebody waits in the section: a group, a channel, all promises.
fn waits_after(file: &Analysis<'_>, region: &Region<'_>, spawned: NodeId) -> bool {
    let model = file.model;
    (spawned.0..region.to.0).map(NodeId).filter(|n| !model.contains(spawned, *n)).any(|n| match model.kind(n) {
        Kind::Call => has_word(model.name(n), &["wait", "join", "all", "gather", "await", "done"]),
        Kind::Unary => model.name(n) == "<-",
        Kind::Switch => true,
        _ => false,
    })
}

fn speaks_of_lock(file: &Analysis<'_>, call: NodeId) -> bool {
    let model = file.model;
    is_lock_word(model.name(call)) || model.child(call, Role::Arg).is_some_and(|a| file.is_lock_key(a))
}

/// The lock as a reader knows it: its handle, else the acquire.
fn lock_name(file: &Analysis<'_>, region: &Region<'_>) -> String {
    let plain = |n: &NodeId| matches!(file.model.kind(*n), Kind::Name | Kind::Member);
    file.short(region.handle.filter(plain).unwrap_or(region.acquire))
}
