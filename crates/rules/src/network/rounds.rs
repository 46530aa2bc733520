//! How a loop goes on and how it ends: failure leads to the next round, success leaves.

use crate::network::outcome::{Outcome, is_error_name, outcome_of, targets_of};
use timelint_model::{Kind, NodeId, Role, Sym};
use timelint_semantics::Analysis;

/// Nodes of one loop that are looked at.
const MOST_NODES: usize = 3000;

/// The call runs only after an earlier one failed.
pub(crate) fn on_failure_path(file: &Analysis<'_>, repeated: NodeId, call: NodeId) -> bool {
    let model = file.model;
    let inside = || model.ancestors(call).take_while(|a| *a != repeated);
    inside().any(|a| matches!(model.kind(a), Kind::Catch | Kind::Defer | Kind::Spawn))
        || file.guards(call).iter().any(|g| {
            model.contains(repeated, g.condition)
                && !is_loop_condition(file, repeated, g.condition)
                && !model.contains(g.condition, call)
                && outcome_of(file, g.condition, g.holds, call, &[]) == Outcome::Failure
        })
}

/// Failure leads to the next round: a handler that does not leave, or a test that goes on.
pub(crate) fn fails_back(file: &Analysis<'_>, repeated: NodeId, call: NodeId) -> bool {
    let model = file.model;
    if let Some(guarding) = try_around(file, repeated, call) {
        return model.children_with(guarding, Role::Catch).any(|c| goes_on(file, repeated, c));
    }
    // `if err != nil { return err }` right after it.
    let targets = targets_of(file, call);
    let leaves = |id: NodeId| {
        let condition = model.child(id, Role::Condition);
        let failed = condition.is_some_and(|c| {
            matches!(model.kind(c), Kind::Binary | Kind::Unary | Kind::Name | Kind::Call)
                && outcome_of(file, c, true, call, &targets) == Outcome::Failure
                && is_plain(file, c)
        });
        let then = model.child(id, Role::Then);
        failed && then.is_some_and(|t| file.exits(t) && !continues(file, repeated, t))
    };
    let ifs = model.descendants(repeated).take(MOST_NODES).filter(|n| *n > call || model.contains(*n, call));
    !ifs.filter(|n| model.kind(*n) == Kind::If && file.in_loop(*n) == Some(repeated)).any(leaves)
}

/// A test of nothing but whether there is an error.
pub(crate) fn is_plain(file: &Analysis<'_>, condition: NodeId) -> bool {
    let model = file.model;
    match model.kind(condition) {
        Kind::Binary => model.children_with(condition, Role::Operand).any(|o| model.kind(o) == Kind::Null),
        kind => kind != Kind::Call,
    }
}

/// The nearest `try` inside the loop whose body holds the call and which has a handler.
pub(crate) fn try_around(file: &Analysis<'_>, repeated: NodeId, call: NodeId) -> Option<NodeId> {
    let model = file.model;
    let mut child = call;
    for ancestor in model.ancestors(call).take_while(|a| *a != repeated) {
        let guards = model.kind(ancestor) == Kind::Try
            && matches!(model.role(child), Role::Body | Role::Item)
            && model.child(ancestor, Role::Catch).is_some();
        if guards {
            return Some(ancestor);
        }
        child = ancestor;
    }
    None
}

/// Whether a handler takes nothing but what goes wrong inside this process or on this machine.
pub(crate) fn is_of_this_machine(file: &Analysis<'_>, handler: NodeId) -> bool {
    #[rustfmt::skip]
    const LOCAL: [&str; 19] = [
        "Empty", "Full", "InterruptedException", "KeyboardInterrupt", "CancelledError",
        "CancellationException", "StopIteration", "KeyError", "ValueError", "IndexError", "TypeError",
        "AttributeError", "NumberFormatException", "AssertionError", "FileNotFoundError", "FileExistsError",
        "ClosedSelectorException", "UnicodeDecodeError", "BindException",
    ];
    let mut types = file.model.children_with(handler, Role::Type).map(|t| file.model.name(t)).peekable();
    types.peek().is_some() && types.all(|t| t.starts_with("sqlite") || LOCAL.iter().any(|l| t.ends_with(l)))
}

/// Whether the handler may lead to the next round.
pub(crate) fn goes_on(file: &Analysis<'_>, repeated: NodeId, handler: NodeId) -> bool {
    let model = file.model;
    if is_of_this_machine(file, handler) {
        return false;
    }
    let Some(body) = model.child(handler, Role::Body) else { return true };
    if model.descendants(body).take(MOST_NODES).any(|n| is_local_failure(file, n)) {
        return false;
    }
    continues(file, repeated, body) || !file.exits(body)
}

/// Interrupted system calls are repeated at once, and rightly so; a port that is taken is taken on this machine.
pub(crate) fn is_local_failure(file: &Analysis<'_>, id: NodeId) -> bool {
    const LOCAL: [&str; 6] = ["EINTR", "WSAEINTR", "EADDRINUSE", "EAGAIN", "EWOULDBLOCK", "EEXIST"];
    matches!(file.model.kind(id), Kind::Name | Kind::Member | Kind::String) && LOCAL.contains(&file.model.name(id))
}

pub(crate) fn continues(file: &Analysis<'_>, repeated: NodeId, id: NodeId) -> bool {
    let model = file.model;
    let mut inside = model.self_and_descendants(id).take(MOST_NODES);
    inside.any(|n| model.kind(n) == Kind::Continue && file.in_loop(n) == Some(repeated))
}

/// Success leaves the loop; `Some(true)` where it is certain that it is success and no state that is waited for.
pub(crate) fn leaves_on_success(file: &Analysis<'_>, repeated: NodeId, call: NodeId) -> Option<bool> {
    let model = file.model;
    let targets = targets_of(file, call);
    let guarding = try_around(file, repeated, call);
    if let Some(sure) = by_condition(file, repeated, call, guarding) {
        return Some(sure);
    }
    let after = model.descendants(repeated).take(MOST_NODES).filter(|n| *n > call || model.contains(*n, call));
    let exits = after.filter(|n| matches!(model.kind(*n), Kind::Return | Kind::Break));
    let mut best = None;
    for exit in exits.filter(|e| leaves(file, repeated, *e)) {
        let Some(sure) = is_success_exit(file, repeated, call, exit, &targets, guarding) else { continue };
        if sure {
            return Some(true);
        }
        best = Some(false);
    }
    best
}

/// The exit leaves this loop, not a `select` inside it or a loop inside it.
fn leaves(file: &Analysis<'_>, repeated: NodeId, exit: NodeId) -> bool {
    let model = file.model;
    if file.in_loop(exit) != Some(repeated) {
        return false;
    }
    let inner = model.ancestors(exit).find(|a| matches!(model.kind(*a), Kind::Loop | Kind::Switch));
    model.kind(exit) == Kind::Return || inner == Some(repeated)
}

fn is_success_exit(
    file: &Analysis<'_>,
    repeated: NodeId,
    call: NodeId,
    exit: NodeId,
    targets: &[Sym],
    guarding: Option<NodeId>,
) -> Option<bool> {
    let model = file.model;
    let mut inside = model.ancestors(exit).take_while(|a| *a != repeated);
    if inside.any(|a| matches!(model.kind(a), Kind::Catch | Kind::Case)) {
        return None;
    }
    // After the whole `try`: only where every handler jumps to the next round.
    if let Some(guarding) = guarding
        && exit >= model.end(guarding)
        && model.children_with(guarding, Role::Catch).any(|c| model.child(c, Role::Body).is_none_or(|b| !file.exits(b)))
        && file.guards(exit).iter().all(|g| g.condition < guarding)
    {
        return None;
    }
    let mut sure = false;
    let mut proven = guarding.is_some();
    let mut answered = false;
    for guard in file.guards(exit) {
        let later = guard.condition > call || model.contains(guard.condition, call);
        if !model.contains(repeated, guard.condition) || !later || is_loop_condition(file, repeated, guard.condition) {
            continue;
        }
        match outcome_of(file, guard.condition, guard.holds, call, targets) {
            Outcome::Success => (sure, proven) = (true, true),
            Outcome::Answer => (answered, proven) = (true, true),
            Outcome::Neutral => {}
            // Whichever way it goes, the loop is left.
            Outcome::Other if guard.by_exit && leaves_if(file, repeated, guard.condition) => {}
            Outcome::Failure | Outcome::Other => return None,
        }
    }
    proven.then_some(sure || guarding.is_some() && !answered)
}

/// `if closed { conn.Close(); return }`
fn leaves_if(file: &Analysis<'_>, repeated: NodeId, condition: NodeId) -> bool {
    let model = file.model;
    let test = model.ancestors(condition).find(|a| model.kind(*a) == Kind::If);
    let Some(then) = test.and_then(|t| model.child(t, Role::Then)) else { return false };
    file.exits(then) && !continues(file, repeated, then)
}

fn is_loop_condition(file: &Analysis<'_>, repeated: NodeId, id: NodeId) -> bool {
    file.model.child(repeated, Role::Condition).is_some_and(|c| file.model.contains(c, id))
}

/// `while (!connected)`, `while err != nil`, `while (!client.connect())`.
fn by_condition(file: &Analysis<'_>, repeated: NodeId, call: NodeId, guarding: Option<NodeId>) -> Option<bool> {
    let model = file.model;
    let condition = model.child(repeated, Role::Condition)?;
    let targets = targets_of(file, call);
    for part in conjuncts(file, condition) {
        if model.contains(part, call) {
            return (outcome_of(file, part, true, call, &[]) == Outcome::Failure).then_some(false);
        }
        // `do { … } while (response.status() == 503)`
        if model.kind(part) == Kind::Binary
            && model.name(part) == "=="
            && outcome_of(file, part, true, call, &targets) == Outcome::Failure
            && model.children_with(part, Role::Operand).all(|o| model.kind(o) != Kind::Null)
        {
            return Some(true);
        }
        let Some(name) = tested_name(file, part) else { continue };
        let fails = outcome_of(file, part, true, call, &targets) == Outcome::Failure;
        for store in file.stores_of(name).iter().copied() {
            let Some(value) = store.value.filter(|_| model.contains(repeated, store.at)) else { continue };
            let passed_on = model
                .self_and_descendants(value)
                .take(64)
                .any(|n| store.at > call && model.kind(n) == Kind::Name && targets.contains(&model.sym(n)));
            if fails && model.contains(value, call) || (fails || is_negated(file, part)) && passed_on {
                return Some(is_error_name(model.name(name)));
            }
            let handled =
                model.ancestors(store.at).take_while(|a| *a != repeated).any(|a| model.kind(a) == Kind::Catch);
            let ends = model.kind(value) == Kind::Boolean
                && model.name(value).eq_ignore_ascii_case("true") == is_negated(file, part);
            if ends && store.at > call && !handled {
                return Some(guarding.is_some_and(|g| model.contains(g, store.at)));
            }
        }
    }
    None
}

/// The parts of a condition that must all hold.
fn conjuncts(file: &Analysis<'_>, condition: NodeId) -> Vec<NodeId> {
    let model = file.model;
    if model.kind(condition) == Kind::Binary && model.name(condition) == "&&" {
        return model.children_with(condition, Role::Operand).flat_map(|o| conjuncts(file, o)).collect();
    }
    vec![condition]
}

/// The variable of `done`, `!done`, `done != true`, `err != nil`.
fn tested_name(file: &Analysis<'_>, part: NodeId) -> Option<NodeId> {
    let model = file.model;
    match model.kind(part) {
        Kind::Name | Kind::Member => Some(part),
        Kind::Unary => model.child(part, Role::Operand).and_then(|o| tested_name(file, o)),
        Kind::Binary => {
            let plain = |o: NodeId| matches!(model.kind(o), Kind::Null | Kind::Boolean);
            let operands: Vec<NodeId> = model.children_with(part, Role::Operand).collect();
            let named = |o: &NodeId| matches!(model.kind(*o), Kind::Name | Kind::Member);
            operands.iter().copied().find(named).filter(|_| operands.iter().any(|o| plain(*o)))
        }
        _ => None,
    }
}

/// The part holds as long as the variable is false.
fn is_negated(file: &Analysis<'_>, part: NodeId) -> bool {
    let model = file.model;
    let against = |word: &str| {
        model
            .children_with(part, Role::Operand)
            .any(|o| model.kind(o) == Kind::Boolean && model.name(o).eq_ignore_ascii_case(word))
    };
    match (model.kind(part), model.name(part)) {
        (Kind::Unary, "!") => true,
        (Kind::Binary, "==") => against("false"),
        (Kind::Binary, "!=") => against("true"),
        _ => false,
    }
}
