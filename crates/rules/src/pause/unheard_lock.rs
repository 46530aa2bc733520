//! Locks whose answer or loss nobody can hear: a promise that is not awaited, a channel that nobody can close.

use crate::pause::awaiting::awaiting;
use crate::pause::lock_result_ignored::{META, first_work};
use crate::story::Story;
use timelint_diagnostics::{Applicability, Confidence, Finding};
use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::catalog::ApiRole;
use timelint_semantics::{Analysis, How, has_word};

/// `lock.acquire();` in an asynchronous function where the same file awaits such calls: the section begins before the
/// answer is there.
pub(crate) fn unpromised(file: &Analysis<'_>, call: NodeId) -> Option<Finding> {
    let model = file.model;
    let known = file.resolve(call).filter(|k| matches!(k.api.role, ApiRole::LockAcquire | ApiRole::LockTry))?;
    let takes = known.how != How::Name && file.takes_distributed(call);
    let in_block = model.parent(call).is_some_and(|p| model.kind(p) == Kind::Block);
    let continued = model.children_with(call, Role::Arg).any(|a| model.kind(a) == Kind::Function);
    if !takes || !in_block || continued || !file.is_asynchronous(file.function_around(call)?) {
        return None;
    }
    let handle = model.sym(model.child(call, Role::Receiver)?);
    let awaited = model.ids().any(|n| {
        let value = model.child(n, Role::Value).filter(|_| model.kind(n) == Kind::Await);
        value.is_some_and(|v| model.child(v, Role::Receiver).is_some_and(|r| model.sym(r) == handle))
    });
    let work = first_work(file, model.end(call), model.end(file.function_around(call)?))?;
    awaited.then(|| {
        Story::new(&META, file, call, format!("nobody waits for `{}`", file.short(call)))
            .why("the section begins while the lock is still asked for, and goes on when it is refused")
            .help("await it, and leave when the lock was not acquired")
            .confidence(Confidence::High)
            .fix("await the lock", Applicability::Unsafe, vec![awaiting(file, call)])
            .step(file.location(call), "the lock is asked for")
            .step(file.location(work), "this runs before the answer is there")
            .tell()
    })
}

/// `return make(chan struct{}), err` where a lock is taken: the caller waits on it for the news that the lock is lost, and
/// nobody else has it to close it.
pub(crate) fn silent_channels(file: &Analysis<'_>) -> Vec<Finding> {
    let model = file.model;
    if !file.says(&["lock", "acquire"]) || !file.says(&["make"]) {
        return Vec::new();
    }
    let fresh = |call: NodeId| {
        let channel =
            model.child(call, Role::Arg).is_some_and(|a| model.kind(a) == Kind::Type && model.name(a) == "chan");
        let returned = model.parent(call).is_some_and(|p| model.kind(p) == Kind::Return);
        let function = file.function_around(call).filter(|_| channel && returned && model.name(call) == "make")?;
        let takes = |name: &str| has_word(name, &["lock", "acquire", "campaign"]);
        // A lock that is nobody else's, and cannot be lost, takes no other.
        let others = file.tables.calls.iter().copied().filter(|c| model.contains(function, *c));
        (takes(model.name(function)) && others.into_iter().any(|c| takes(model.name(c)))).then_some(function)
    };
    let found = file.tables.calls.iter().copied().filter(|c| fresh(*c).is_some());
    let judge = |call: NodeId| {
        Story::new(&META, file, call, format!("`{}` never tells that the lock is lost", file.short(call)))
            .why("whoever took the lock waits on this for the news of its loss: nobody can close it, and two go on working")
            .help("watch the lock's key or session, and close the channel when it is gone")
            .confidence(Confidence::Medium)
            .step(file.location(call), "nobody else knows this channel")
            .tell()
    };
    found.map(judge).collect()
}
