//! Two readings that are compared for their order: whether the clock was set back, which of two things came first.

use crate::clock::coordination::is_local_reading;
use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::catalog::ApiRole;
use timelint_semantics::{Analysis, Callee, Store, StoreKind, has_word};

/// The same member of two things is compared: that is their order, not a time that passed.
pub(crate) fn is_order(file: &Analysis<'_>, id: NodeId) -> bool {
    let model = file.model;
    let mut sides =
        model.children_with(id, Role::Operand).filter(|o| matches!(model.kind(*o), Kind::Member | Kind::Call));
    let (left, right) = (sides.next(), sides.next());
    let of_object = |n: NodeId| model.child(n, Role::Object).or_else(|| model.child(n, Role::Receiver)).is_some();
    left.zip(right)
        .is_some_and(|(l, r)| model.sym(l) == model.sym(r) && model.name(id) != "-" && of_object(l) && of_object(r))
}

/// Two bare readings are compared and no length of time takes part: has the clock been set back since the last one?
pub(crate) fn is_step_back(file: &Analysis<'_>, id: NodeId) -> bool {
    let model = file.model;
    if model.kind(id) != Kind::Binary || !model.children_with(id, Role::Operand).all(|o| is_bare_reading(file, o, 0)) {
        return false;
    }
    // How far it was set back is asked for only there.
    let sides = |n: NodeId| {
        let mut all: Vec<_> = model.children_with(n, Role::Operand).map(|o| model.sym(o)).collect();
        all.sort_unstable();
        all
    };
    let order = |n: NodeId| model.kind(n) == Kind::Binary && model.name(n) != "-";
    order(id) || file.guards(id).iter().any(|g| order(g.condition) && sides(g.condition) == sides(id))
}

/// `now - begin > length || now < begin`: the code allows for a clock that is set back, and one that is set forward only
/// ends the period early.
pub(crate) fn allows_for_step_back(file: &Analysis<'_>, id: NodeId) -> bool {
    let model = file.model;
    let either = model
        .ancestors(id)
        .take_while(|a| model.kind(*a) == Kind::Binary)
        .filter(|a| matches!(model.name(*a), "||" | "or"))
        .last();
    let syms = |n: NodeId| {
        let sides = model.children_with(n, Role::Operand);
        let mut all: Vec<_> = sides.map(|o| model.sym(o)).collect();
        all.sort_unstable();
        all
    };
    let same = |n: NodeId| {
        let order = model.kind(n) == Kind::Binary && matches!(model.name(n), "<" | ">" | "<=" | ">=");
        order && !model.contains(n, id) && syms(n).len() == 2 && syms(n) == syms(id)
    };
    model.name(id) == "-" && (either.is_some_and(|e| model.descendants(e).any(same)) || is_negative_asked(file, id))
}

/// `age = now - begin; if age < 0 || age > length`
fn is_negative_asked(file: &Analysis<'_>, id: NodeId) -> bool {
    let model = file.model;
    let statement = model.parent(id).filter(|p| matches!(model.kind(*p), Kind::Let | Kind::Assign));
    let Some(age) = statement.and_then(|s| model.child(s, Role::Target)) else { return false };
    file.reads_of(age).into_iter().any(|read| {
        let Some(below) = model.parent(read).filter(|p| model.name(*p) == "<") else { return false };
        let mut sides = model.children_with(below, Role::Operand);
        let zero = |n: NodeId| model.kind(n) == Kind::Number && file.value(n).number == Some(0.0);
        let negative = sides.next() == Some(read) && sides.next().is_some_and(zero);
        let either = model.parent(below).filter(|e| matches!(model.name(*e), "||" | "or"));
        let named = |n: NodeId| model.kind(n) == Kind::Name && model.sym(n) == model.sym(age);
        negative && either.is_some_and(|e| model.descendants(e).filter(|n| named(*n)).count() > 1)
    })
}

/// A reading as it came from the clock, also kept in a variable or field, with a number for "none yet".
fn is_bare_reading(file: &Analysis<'_>, id: NodeId, depth: usize) -> bool {
    const DEEP: usize = 4;
    let model = file.model;
    match model.kind(id) {
        Kind::Call | Kind::New => match file.resolve(id).map(|k| k.api.role) {
            Some(ApiRole::ClockWall | ApiRole::ClockBoth) => true,
            Some(ApiRole::TimeConvert | ApiRole::TimeStrip | ApiRole::ValuePass) => {
                // A receiver beside arguments is a type or a module.
                let receiver = model.child(id, Role::Receiver).filter(|_| model.child(id, Role::Arg).is_none());
                let mut parts = receiver.into_iter().chain(model.children_with(id, Role::Arg)).peekable();
                parts.peek().is_some() && parts.all(|p| is_bare_reading(file, p, depth + 1))
            }
            None => model.child(id, Role::Arg).is_none() && is_local_reading(file, id),
            Some(_) => false,
        },
        Kind::Name | Kind::Member => {
            let stores = file.stores_of(id);
            let is_number = |v: NodeId| matches!(model.kind(v), Kind::Number | Kind::Unary | Kind::Null);
            // Beyond, it is most likely made of itself: `last = max(last, now)`.
            let bare = |v: NodeId| depth >= DEEP || is_bare_reading(file, v, depth + 1);
            // A declaration without a value gives none.
            let declares = |s: &Store| s.kind == StoreKind::Plain || model.kind(s.at) == Kind::Field;
            let mut values = stores.iter().filter(|s| s.value.is_some() || s.at != id && !declares(s));
            // `untilNextMillis(last)`: the last reading is handed in.
            let last = |s: &Store| matches!(s.kind, StoreKind::Param(_)) && has_word(model.name(id), &["last", "prev"]);
            !stores.is_empty() && values.all(|s| last(s) || s.value.is_some_and(|v| is_number(v) || bare(v)))
        }
        Kind::Binary if matches!(model.name(id), "*" | "/" | "//" | ">>") => {
            model.children_with(id, Role::Operand).any(|o| is_bare_reading(file, o, depth + 1))
        }
        // `now - EPOCH`
        Kind::Binary if model.name(id) == "-" => {
            let mut sides = model.children_with(id, Role::Operand);
            let (from, taken) = (sides.next(), sides.next());
            from.is_some_and(|f| is_bare_reading(file, f, depth + 1)) && taken.is_some_and(|t| is_epoch(file, t))
        }
        _ => false,
    }
}

/// A constant that generators of ids count from.
fn is_epoch(file: &Analysis<'_>, id: NodeId) -> bool {
    let named = || has_word(file.model.name(id), &["epoch", "twepoch", "origin"]);
    matches!(file.model.kind(id), Kind::Name | Kind::Member) && named()
}

/// Both times are readings of this very moment, whatever is added to one of them: no time passes in between.
pub(crate) fn are_now(file: &Analysis<'_>, sides: &[NodeId]) -> bool {
    !sides.is_empty() && sides.iter().all(|s| is_now(file, *s, 0))
}

fn is_now(file: &Analysis<'_>, id: NodeId, depth: usize) -> bool {
    const DEEP: usize = 6;
    let model = file.model;
    let now = |n: NodeId| is_now(file, n, depth + 1);
    if depth > DEEP {
        return false;
    }
    match model.kind(id) {
        Kind::Call | Kind::New => {
            let receiver = model.child(id, Role::Receiver);
            let mut args = model.children_with(id, Role::Arg).peekable();
            match (file.resolve(id).map(|k| k.api.role), file.callee(id)) {
                (Some(ApiRole::ClockWall | ApiRole::ClockBoth), _) => true,
                (_, Some(Callee::Here(function))) => {
                    let returned = file.returns(function);
                    !returned.is_empty() && returned.into_iter().all(now)
                }
                (None, _) if args.peek().is_none() && is_local_reading(file, id) => true,
                (Some(_), _) => receiver.into_iter().chain(args).any(now),
                // `now().plus(period)`; what else is made of a reading, `engine.tick(now())`, need not be of this moment.
                _ => receiver.is_some_and(now),
            }
        }
        Kind::Binary if matches!(model.name(id), "+" | "-") => model.children_with(id, Role::Operand).any(now),
        Kind::Cast | Kind::Unary => model.children(id).any(now),
        _ => false,
    }
}
