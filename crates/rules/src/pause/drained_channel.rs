//! Renewals by a library that tells of the loss by closing a channel, and nobody hears: it is dropped, or drained beside the
//! work until it is closed, and nothing follows.

use crate::pause::lease_not_renewed::{Kind as Lapsed, Lapse};
use crate::shown::is_log_call;
use timelint_diagnostics::Confidence;
use timelint_model::{Kind, NodeId, Role, Sym};
use timelint_semantics::{Analysis, How};

/// How the catalogue writes that a channel tells of the loss.
pub(crate) const CHANNEL: &str = "<-";

/// All of the file.
pub(crate) fn drained_channels(file: &Analysis<'_>) -> Vec<Lapse> {
    let tells =
        |c: &NodeId| file.resolve(*c).is_some_and(|k| k.how != How::Name && k.api.loss.as_deref() == Some(CHANNEL));
    file.tables.calls.iter().copied().filter(tells).filter_map(|c| unheard(file, c)).collect()
}

fn unheard(file: &Analysis<'_>, call: NodeId) -> Option<Lapse> {
    let model = file.model;
    let statement = model.ancestors(call).take(2).find(|a| matches!(model.kind(*a), Kind::Let | Kind::Assign))?;
    let channel = model.child(statement, Role::Target)?;
    let lapse = |steps, evidence: &str| Lapse {
        at: call,
        kind: Lapsed::Unheard,
        steps,
        confidence: Confidence::Medium,
        evidence: evidence.to_owned(),
        advice: None,
    };
    if model.name(channel) == "_" {
        return Some(lapse(
            vec![(call, "the lease is kept alive here")],
            "the channel that is closed when the lease is lost is dropped",
        ));
    }
    let names = names_of(file, channel);
    let is_channel = |n: NodeId| matches!(model.kind(n), Kind::Name | Kind::Member) && names.contains(&model.sym(n));
    let received: Vec<NodeId> = model
        .ids()
        .filter(|n| match model.kind(*n) {
            Kind::Loop => model.child(*n, Role::Iterable).is_some_and(is_channel),
            Kind::Unary if model.name(*n) == "<-" => model.child(*n, Role::Operand).is_some_and(is_channel),
            _ => false,
        })
        .collect();
    // Handed on or given back: somebody else may listen.
    let [only] = received[..] else { return None };
    let end = ends_silently(file, only)?;
    (!given_away(file, &names, statement)).then(|| {
        lapse(
            vec![
                (call, "the lease is kept alive here"),
                (end, "when it is lost, this comes to its end, and nobody is told"),
            ],
            "what follows the end of the channel is at most a log line",
        )
    })
}

/// The names under which the channel is kept: its own, and those of fields that it is stored to.
fn names_of(file: &Analysis<'_>, channel: NodeId) -> Vec<Sym> {
    let model = file.model;
    let own = model.sym(channel);
    let stored = model
        .ids()
        .filter(|n| model.kind(*n) == Kind::Assign)
        .filter(|a| model.child(*a, Role::Value).is_some_and(|v| model.kind(v) == Kind::Name && model.sym(v) == own));
    let fields = stored.filter_map(|a| model.child(a, Role::Target)).map(|t| model.sym(t));
    std::iter::once(own).chain(fields).collect()
}

/// `go func() { for range ch {} }()`, `case _, ok := <-ch: if !ok { log; return }`: the statement at which it ends.
fn ends_silently(file: &Analysis<'_>, received: NodeId) -> Option<NodeId> {
    let model = file.model;
    let function = file.function_around(received).filter(|f| runs_beside(file, *f))?;
    if model.kind(received) == Kind::Loop {
        let block = model.parent(received)?;
        let after = model.children(block).filter(|s| *s > received);
        let alone = model.parent(block) == Some(function);
        return (alone && after.into_iter().all(|s| is_idle(file, s)) && !defers(file, function)).then_some(received);
    }
    let case = model.ancestors(received).take_while(|a| *a > function).find(|a| model.kind(*a) == Kind::Case)?;
    let heard = model.child(case, Role::Value).filter(|v| model.kind(*v) == Kind::Let)?;
    let ok = model.children_with(heard, Role::Target).nth(1)?;
    let body = model.child(case, Role::Body).unwrap_or(case);
    let closed = model.descendants(body).find(|n| {
        let condition = model.child(*n, Role::Condition).filter(|_| model.kind(*n) == Kind::If);
        condition.is_some_and(|c| model.name(c) == "!" && model.descendants(c).any(|d| model.sym(d) == model.sym(ok)))
    })?;
    let then = model.child(closed, Role::Then)?;
    let leaves = model.children(then).any(|s| model.kind(s) == Kind::Return && model.child(s, Role::Value).is_none());
    (leaves && model.children(then).all(|s| is_idle(file, s)) && !defers(file, function)).then_some(closed)
}

/// A function that nobody waits for: `go func() {..}()`, `go keep(ch)`.
fn runs_beside(file: &Analysis<'_>, function: NodeId) -> bool {
    let model = file.model;
    let spawned = |c: NodeId| model.parent(c).is_some_and(|p| model.kind(p) == Kind::Spawn);
    let in_place = model.role(function) == Role::Callee && model.parent(function).is_some_and(spawned);
    in_place || !model.name(function).is_empty() && file.calls_to(function).into_iter().any(spawned)
}

/// A log line, a bare return.
fn is_idle(file: &Analysis<'_>, statement: NodeId) -> bool {
    let model = file.model;
    match model.kind(statement) {
        Kind::Call => is_log_call(file, statement),
        Kind::Return => model.child(statement, Role::Value).is_none(),
        Kind::Break => true,
        _ => false,
    }
}

/// What runs when the function ends may tell others.
fn defers(file: &Analysis<'_>, function: NodeId) -> bool {
    file.model.descendants(function).any(|n| file.model.kind(n) == Kind::Defer)
}

/// The channel is returned or handed to a function.
fn given_away(file: &Analysis<'_>, names: &[Sym], made: NodeId) -> bool {
    let model = file.model;
    model.ids().any(|n| {
        let is =
            matches!(model.kind(n), Kind::Name | Kind::Member) && names.contains(&model.sym(n)) && n > model.end(made);
        is && match model.parent(n).map(|p| (p, model.kind(p))) {
            Some((_, Kind::Return)) => true,
            Some((call, Kind::Call)) => model.role(n) == Role::Arg && !is_log_call(file, call),
            _ => false,
        }
    })
}
