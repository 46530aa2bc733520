//! A class that is a lock, whose entry to a scoped statement drops what its own acquire answers.

use crate::pause::lock_result_ignored::META;
use crate::story::Story;
use timelint_diagnostics::{Confidence, Finding};
use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::catalog::LockScope;
use timelint_semantics::{Analysis, Callee, SCOPE_ENTRIES, words};

/// `def __enter__(self): self.acquire()`, where `acquire` says by `False` that it did not get the lock.
pub(crate) fn dropped_entry(file: &Analysis<'_>, call: NodeId) -> Option<Finding> {
    let model = file.model;
    let entry = file.function_around(call).filter(|f| SCOPE_ENTRIES.contains(&model.name(*f)))?;
    let takes = words(model.name(call))
        .first()
        .is_some_and(|w| matches!(w.as_str(), "acquire" | "lock" | "obtain" | "try" | "take"));
    let receiver = model.child(call, Role::Receiver).filter(|r| file.tables.is_this(model, *r));
    if !takes || receiver.is_none() || !is_dropped(file, call) {
        return None;
    }
    let Callee::Here(acquire) = file.callee(call)? else { return None };
    let refusal = file.returns(acquire).into_iter().find(|r| is_no(file, *r))?;
    if !file.returns(acquire).into_iter().any(|r| !is_no(file, r)) || !is_shared(file, entry) {
        return None;
    }
    Some(
        Story::new(&META, file, call, format!("the block runs whatever `{}` answers", file.short(call)))
            .why("whoever does not get the lock runs the block all the same, at the same time as the one that has it")
            .help("raise when the lock was not acquired: a block cannot be skipped from here")
            .confidence(Confidence::High)
            .step(file.location(refusal), "this says that the lock was not acquired")
            .step(file.location(call), "and nobody looks")
            .tell(),
    )
}

/// The call is a statement of its own.
fn is_dropped(file: &Analysis<'_>, call: NodeId) -> bool {
    let model = file.model;
    let top = model.parent(call).filter(|p| model.kind(*p) == Kind::Await).unwrap_or(call);
    file.statement(top) == top && model.parent(top).is_some_and(|p| model.kind(p) == Kind::Block)
}

fn is_no(file: &Analysis<'_>, answer: NodeId) -> bool {
    file.model.kind(answer) == Kind::Boolean && file.model.name(answer).eq_ignore_ascii_case("false")
}

/// The class around is a lock that other processes see: it writes to a store, and holds no lock of this process alone.
fn is_shared(file: &Analysis<'_>, entry: NodeId) -> bool {
    let model = file.model;
    let Some(class) = file.tables.class_around(model, entry).and_then(|c| file.tables.classes[c as usize].node) else {
        return false;
    };
    let inside = |c: NodeId| model.contains(class, c);
    let local = file.tables.calls.iter().copied().filter(|c| inside(*c)).any(|c| {
        let scope = model.child(c, Role::Receiver).and_then(|r| file.lock_scope(r));
        scope.is_some_and(|s| s != LockScope::Distributed)
    });
    let stores = file.key_commands().iter().any(|c| inside(c.at))
        || file.lock_touches().iter().any(|t| inside(t.at))
        || file.tables.calls.iter().any(|c| inside(*c) && file.takes_distributed(*c));
    !local && stores
}
