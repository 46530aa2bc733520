//! The edit that takes a lock and gives it its expiry in one command, where nothing else can notice.

use crate::pause::awaiting::with_awaits;
use crate::template::fill;
use timelint_diagnostics::{Applicability, Edit, Location, Span};
use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::{Analysis, How};

/// The edits that put the expiry into the command that takes the lock: only where the two follow each other, the second
/// runs when the first succeeded, and the answer is used for no more than that.
pub(crate) fn joined_edit(file: &Analysis<'_>, take: NodeId, expire: NodeId) -> Option<(Applicability, Vec<Edit>)> {
    let model = file.model;
    let known = file.resolve(take).filter(|k| k.how != How::Name)?;
    let (first, second) = (plain_arguments(file, take)?, plain_arguments(file, expire)?);
    let name = model.name(expire);
    let waited = with_awaits(file, take);
    let compared = compared_with_one(file, waited);
    let joined = known.api.joined.iter().find(|j| {
        j.after.eq_ignore_ascii_case(name)
            && j.arity == second.len()
            && j.verdict == compared.is_some()
            && (!j.verdict || j.text.contains("await ") == (waited != take))
    })?;
    let (receiver, other) = (model.child(take, Role::Receiver)?, model.child(expire, Role::Receiver)?);
    // `template` of `template.opsForValue()`, and not `redis` of `redis2`.
    let behind = file.text(receiver).strip_prefix(file.text(other));
    let same_client = behind.is_some_and(|b| b.is_empty() || b.starts_with('.'));
    let fixed =
        |a: &NodeId| matches!(model.kind(*a), Kind::Name | Kind::Member | Kind::Number) || file.value(*a).is_constant();
    if !same_client
        || !second.iter().all(fixed)
        || file.guards(expire).is_empty()
        || !follows(file, take, expire)
        || !joined.alike && !joined.verdict && !only_tested(file, waited, 0)
    {
        return None;
    }
    let text = fill(&joined.text, |place| {
        if place == "r" {
            return Some(file.text(receiver).to_owned());
        }
        let (arguments, number) = place.strip_prefix('+').map_or((&first, place), |number| (&second, number));
        Some(file.text(*arguments.get(number.parse::<usize>().ok()?)?).to_owned())
    })?;
    let text = if joined.text.contains("{r}") { text } else { format!("{}.{text}", file.text(receiver)) };
    let (place, text) = match compared {
        Some((comparison, true)) => (comparison, text),
        Some((comparison, false)) => (comparison, format!("!({text})")),
        None => (take, text),
    };
    let whole = Edit { location: Location::new(file.path.clone(), model.span(place)), text };
    let applicability = if joined.unsure { Applicability::Unsafe } else { Applicability::Safe };
    Some((applicability, vec![whole, removal(file, expire)?]))
}

/// The comparison of a number with one or zero around it, and whether it asks for one.
fn compared_with_one(file: &Analysis<'_>, value: NodeId) -> Option<(NodeId, bool)> {
    let model = file.model;
    let comparison = model.parent(value).filter(|p| model.kind(*p) == Kind::Binary)?;
    let number = model.children_with(comparison, Role::Operand).find(|o| model.kind(*o) == Kind::Number)?;
    let one = match file.value(number).number {
        Some(n) if (n - 1.0).abs() < f64::EPSILON => true,
        Some(0.0) => false,
        _ => return None,
    };
    match model.name(comparison) {
        "==" => Some((comparison, one)),
        "!=" => Some((comparison, !one)),
        _ => None,
    }
}

pub(crate) fn plain_arguments(file: &Analysis<'_>, call: NodeId) -> Option<Vec<NodeId>> {
    let model = file.model;
    let given: Vec<NodeId> = model.children_with(call, Role::Arg).collect();
    let odd = |a: &NodeId| matches!(model.kind(*a), Kind::Argument | Kind::Spread | Kind::Function);
    (!given.iter().any(odd)).then_some(given)
}

/// Nothing is called and nothing stored between the two, but for asking whether the first succeeded.
fn follows(file: &Analysis<'_>, take: NodeId, expire: NodeId) -> bool {
    let model = file.model;
    let stored = file.statement(take);
    (model.end(take).0..expire.0).map(NodeId).all(|n| match model.kind(n) {
        Kind::Call | Kind::New => model.contains(n, take) || model.contains(n, expire),
        Kind::Let | Kind::Assign => n == stored,
        Kind::Await => model.contains(n, expire),
        _ => true,
    }) && file.function_around(take) == file.function_around(expire)
}

/// Whether a value is used for nothing but the question whether it is true.
fn only_tested(file: &Analysis<'_>, value: NodeId, depth: usize) -> bool {
    let model = file.model;
    let Some(parent) = model.parent(value).filter(|_| depth < 4) else { return false };
    match model.kind(parent) {
        Kind::If | Kind::Loop | Kind::Conditional => model.role(value) == Role::Condition,
        Kind::Unary => model.name(parent) == "!" && only_tested(file, parent, depth + 1),
        Kind::Binary => matches!(model.name(parent), "&&" | "||") && only_tested(file, parent, depth + 1),
        Kind::Let | Kind::Assign => {
            let mut targets = model.children_with(parent, Role::Target);
            let (Some(target), None) = (targets.next(), targets.next()) else { return false };
            let reads = file.reads_of(target);
            model.kind(target) == Kind::Name
                && !reads.is_empty()
                && reads.into_iter().all(|r| only_tested(file, r, depth + 1))
        }
        _ => false,
    }
}

/// Takes the statement away with its line; not one that is alone in its block, which some languages cannot leave empty.
pub(crate) fn removal(file: &Analysis<'_>, call: NodeId) -> Option<Edit> {
    let model = file.model;
    let statement = with_awaits(file, call);
    let block = model.parent(statement).filter(|p| model.kind(*p) == Kind::Block)?;
    if model.children(block).count() < 2 {
        return None;
    }
    let source = file.text(model.root());
    let base = model.span(model.root()).start as usize;
    let span = model.span(statement);
    let before = source.get(..(span.start as usize).checked_sub(base)?)?;
    let behind = source.get((span.end as usize).checked_sub(base)?..)?;
    let line = before.rfind('\n').map_or(0, |at| at + 1);
    let rest = behind.find('\n').map_or(behind.len(), |at| at + 1);
    // A declaration may begin with a word of its own.
    let word = |s: &str| model.kind(statement) == Kind::Let && s.chars().all(char::is_alphabetic);
    let head = before[line..].trim();
    let alone = (head.is_empty() || word(head)) && behind[..rest].trim().trim_matches(';').is_empty();
    let span = Span { start: (base + line) as u32, end: span.end + rest as u32 };
    alone.then(|| Edit { location: Location::new(file.path.clone(), span), text: String::new() })
}
