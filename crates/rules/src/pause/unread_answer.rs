//! The answer "taken" or "still mine" that is bound to a name and then never read.

use crate::shown::is_log_call;
use timelint_model::{Kind, NodeId, Role, Sym};
use timelint_semantics::catalog::ApiRole;
use timelint_semantics::{Analysis, has_word};

/// An answer that nobody reads.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Unread {
    /// The name that holds it.
    pub(crate) at: NodeId,
    /// The call that gave it.
    pub(crate) asked: NodeId,
    /// The first call that runs whatever the answer was.
    pub(crate) work: NodeId,
}

/// All such answers of a file, which two rules ask for.
pub(crate) struct Unreads(pub(crate) Vec<Unread>);

impl Unreads {
    /// Those of the file.
    pub(crate) fn of(file: &Analysis<'_>) -> Self {
        Self(unread_answers(file))
    }
}

/// All such answers of the file: parameters of continuations and local variables.
fn unread_answers(file: &Analysis<'_>) -> Vec<Unread> {
    let model = file.model;
    let mut found = rearmed(file);
    if !file.says(&["locked", "acquired", "obtained", "lock", "leader"]) {
        return found;
    }
    let continuations = file.tables.functions.iter().filter_map(|f| continuation(file, f.node));
    let locals =
        model.ids().filter(|i| matches!(model.kind(*i), Kind::Let | Kind::Assign)).filter_map(|i| local(file, i));
    found.extend(continuations.chain(locals));
    found
}

/// A renewer that arms its own timer again before it knows whether the claim could be renewed:
/// `renewer = () => { timer = setTimeout(renewer, period); return job.takeLock() }`.
fn rearmed(file: &Analysis<'_>) -> Vec<Unread> {
    if !file.says(&["renewer", "renew", "extender", "refresher"]) {
        return Vec::new();
    }
    let renewers = file.tables.functions.iter().filter_map(|f| rearm(file, f.node));
    renewers.collect()
}

fn rearm(file: &Analysis<'_>, function: NodeId) -> Option<Unread> {
    let model = file.model;
    let bound = model.parent(function).filter(|p| matches!(model.kind(*p), Kind::Let | Kind::Assign));
    let name = match bound {
        Some(bound) => model.sym(model.child(bound, Role::Target)?),
        None => model.sym(function),
    };
    if !has_word(model.text(name), &["renew", "renewer", "extend", "extender", "refresh", "refresher"]) {
        return None;
    }
    let own = |c: &NodeId| file.function_around(*c) == Some(function) && file.guards(*c).is_empty();
    let calls: Vec<NodeId> = file.tables.calls.iter().copied().filter(|c| model.contains(function, *c)).collect();
    let is_self = |a: NodeId| model.kind(a) == Kind::Name && model.sym(a) == name;
    let again = calls.iter().copied().filter(own).find(|c| model.children_with(*c, Role::Arg).any(is_self))?;
    let asked = calls.iter().copied().filter(own).find(|c| gives_answer(file, *c))?;
    // `.then(locked => ..)` reads it.
    let continued = model.parent(asked).filter(|p| model.kind(*p) == Kind::Call && model.name(*p) == "then");
    continued.is_none().then_some(Unread { at: again, asked, work: again })
}

/// `takeLock().then(function (locked) { work() })`
fn continuation(file: &Analysis<'_>, function: NodeId) -> Option<Unread> {
    let model = file.model;
    let param = model.child(function, Role::Param).filter(|p| is_answer(model.name(*p)))?;
    let call = model.parent(function).filter(|p| model.kind(*p) == Kind::Call)?;
    let asked = model.child(call, Role::Receiver).filter(|r| gives_answer(file, *r))?;
    let body = model.child(function, Role::Body)?;
    if is_read(file, body, model.sym(param)) {
        return None;
    }
    Some(Unread { at: param, asked, work: first_work(file, body, model.end(body))? })
}

/// `locked = take_lock()`, and work follows.
fn local(file: &Analysis<'_>, statement: NodeId) -> Option<Unread> {
    let model = file.model;
    let target =
        model.child(statement, Role::Target).filter(|t| model.kind(*t) == Kind::Name && is_answer(model.name(*t)))?;
    let mut asked = model.child(statement, Role::Value)?;
    if model.kind(asked) == Kind::Await {
        asked = model.child(asked, Role::Value)?;
    }
    let function = file.function_around(statement).filter(|_| gives_answer(file, asked))?;
    if !file.reads_of(target).is_empty() {
        return None;
    }
    Some(Unread { at: target, asked, work: first_work(file, model.end(statement), model.end(function))? })
}

fn is_answer(name: &str) -> bool {
    has_word(name, &["locked", "acquired", "obtained"])
        || matches!(name, "gotLock" | "got_lock" | "hasLock" | "has_lock" | "isLeader" | "is_leader")
}

/// A call that takes or renews a lock or lease and says whether it did.
fn gives_answer(file: &Analysis<'_>, id: NodeId) -> bool {
    if file.model.kind(id) != Kind::Call {
        return false;
    }
    if let Some(known) = file.resolve(id) {
        return matches!(
            known.api.role,
            ApiRole::LockTry | ApiRole::LockExtend | ApiRole::LeaderCheck | ApiRole::LeaseCheck
        );
    }
    let name = file.model.name(id);
    has_word(name, &["lock", "locks", "lease", "leadership"])
        && has_word(name, &["take", "acquire", "obtain", "try", "get", "renew", "extend"])
}

fn is_read(file: &Analysis<'_>, within: NodeId, name: Sym) -> bool {
    let model = file.model;
    model.self_and_descendants(within).any(|n| matches!(model.kind(n), Kind::Name) && model.sym(n) == name)
}

/// The first call of the range that is more than a log line.
fn first_work(file: &Analysis<'_>, from: NodeId, to: NodeId) -> Option<NodeId> {
    let calls = file.tables.calls_between(from, to);
    calls.iter().copied().find(|c| !is_log_call(file, *c) && !has_word(file.model.name(*c), &["resolve"]))
}
