//! Queries that compare a lock's or heartbeat's column with this machine's time, in the spellings of query builders and
//! documents.

use crate::clock::coordination::{coordinates, is_local_reading};
use crate::shown::is_log_call;
use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::{Analysis, words};

/// Operators of query builders and documents that compare.
pub(crate) const COMPARES: [&str; 16] = [
    "$lt", "$lte", "$gt", "$gte", "lt", "lte", "gt", "gte", "<", "<=", ">", ">=", "before", "after", "Op.lt",
    "lessThan",
];
/// A column's or operator's text, no statement.
const SHORT: usize = 60;

/// The reading with which a call, entry, typed record or pair of a query compares a column of that kind.
pub(crate) fn compared_column(file: &Analysis<'_>, id: NodeId) -> Option<NodeId> {
    let model = file.model;
    match model.kind(id) {
        Kind::Call | Kind::New => by_call(file, id),
        Kind::Entry => by_entry(file, id),
        // `sq.Lt{"locked_until": now}`, `bson.D{{"$lt", now}}`
        Kind::Record => by_record(file, id),
        _ => None,
    }
}

/// `.where("locked_until", "<", now)`, `lt("heartbeatAt", cutoff)`, `findByLockedAtBefore(now)`,
/// `new BasicDBObject("$lt", cutoff)`.
fn by_call(file: &Analysis<'_>, call: NodeId) -> Option<NodeId> {
    let model = file.model;
    let texts: Vec<&str> = model.children_with(call, Role::Arg).filter_map(|a| text(file, a)).collect();
    let called = if model.kind(call) == Kind::Call { model.name(call) } else { "" };
    let name = words(called);
    let finder = matches!(name.first().map(String::as_str), Some("find" | "delete" | "count" | "exists"))
        && name.iter().any(|w| w == "by");
    // `zremrangebyscore(beats, 0, cutoff)`: members whose score is a time.
    let scores = || called.to_lowercase().contains("rangebyscore") || name.ends_with(&["by".into(), "score".into()]);
    let last = name.last().map_or("", String::as_str);
    let by_operator = last == "than" || COMPARES.contains(&last) && !matches!(last, "before" | "after");
    let named = by_operator || COMPARES.contains(&last);
    let operator = texts.iter().any(|t| COMPARES.contains(t) || t.contains(['<', '>']));
    if !(named || operator || scores()) {
        return None;
    }
    let reading = model.children_with(call, Role::Arg).find_map(|a| reading_in(file, a))?;
    if is_log_call(file, call) {
        return None;
    }
    let itself = (finder || last == "lt" || last == "gt") && coordinates(&[called]);
    // `conn.lastSeen.Before(cutoff)` asks an object of this process.
    let column = || (by_operator || operator) && has_column(file, call);
    (itself || texts.iter().any(|t| coordinates(&[*t])) || column()).then_some(reading)
}

/// The column beside the reading: a member or getter that is named, what the call is made on, or what it is put under.
fn has_column(file: &Analysis<'_>, call: NodeId) -> bool {
    let model = file.model;
    let column = |n: NodeId| match model.kind(n) {
        // A class's or table's own: `locks.lockedUntil`, `Node::getHeartbeatTime`.
        Kind::Member => {
            let object = model.child(n, Role::Object).map_or("", |o| model.name(o));
            coordinates(&[model.name(n), object])
        }
        Kind::Call => model.children_with(n, Role::Arg).filter_map(|a| text(file, a)).any(|t| coordinates(&[t])),
        _ => false,
    };
    let beside = model.children_with(call, Role::Arg).filter(|a| !is_local_reading(file, *a)).any(column);
    let mut chain = std::iter::successors(model.child(call, Role::Receiver), |c| model.child(*c, Role::Receiver));
    beside || chain.any(column) || put_under(file, call).is_some_and(|name| coordinates(&[name]))
}

/// The column that a condition is put under: `query.put("last_seen", condition)`, `{ lockedUntil: condition }`.
fn put_under<'f>(file: &'f Analysis<'_>, condition: NodeId) -> Option<&'f str> {
    let model = file.model;
    let parent = model.parent(condition)?;
    match model.kind(parent) {
        Kind::Entry => Some(model.name(parent)),
        Kind::Call | Kind::New => text(file, model.child(parent, Role::Arg)?),
        Kind::Record | Kind::List => text(file, model.children(parent).find(|c| *c != condition)?),
        _ => None,
    }
}

/// `{ lockedAt: { $lt: deadline } }`, `{ lockedAt: { [Op.lt]: deadline } }`.
fn by_entry(file: &Analysis<'_>, entry: NodeId) -> Option<NodeId> {
    let model = file.model;
    let computed = model.child(entry, Role::Key).map_or("", |k| model.name(k));
    if !COMPARES.contains(&model.name(entry)) && !COMPARES.contains(&computed) {
        return None;
    }
    let column = model.ancestors(entry).skip(1).take(2).find(|a| model.kind(*a) == Kind::Entry)?;
    let reading = model.child(entry, Role::Value).filter(|v| is_local_reading(file, *v));
    reading.filter(|_| coordinates(&[model.name(column)]))
}

fn by_record(file: &Analysis<'_>, record: NodeId) -> Option<NodeId> {
    let model = file.model;
    let ty = model.child(record, Role::Type).map_or("", |t| model.name(t));
    if COMPARES.contains(&words(ty).last().map_or("", String::as_str)) {
        let entry = model.children(record).find(|e| model.kind(*e) == Kind::Entry && coordinates(&[model.name(*e)]))?;
        return model.child(entry, Role::Value).filter(|v| is_local_reading(file, *v));
    }
    let mut parts = model.children(record).filter(|c| model.role(*c) == Role::Item);
    let (operator, reading) = (parts.next()?, parts.next()?);
    if !text(file, operator).is_some_and(|t| COMPARES.contains(&t)) || !is_local_reading(file, reading) {
        return None;
    }
    let conditions = model.parent(record)?;
    put_under(file, conditions).is_some_and(|name| coordinates(&[name])).then_some(reading)
}

fn text<'f>(file: &'f Analysis<'_>, id: NodeId) -> Option<&'f str> {
    let name = file.model.name(id);
    (file.model.kind(id) == Kind::String && name.len() < SHORT).then_some(name)
}

/// An argument that is a reading, also written as text or bound by a name.
fn reading_in(file: &Analysis<'_>, arg: NodeId) -> Option<NodeId> {
    let model = file.model;
    if is_local_reading(file, arg) {
        return Some(arg);
    }
    match model.kind(arg) {
        Kind::Record => {
            let values = model.children(arg).filter_map(|e| model.child(e, Role::Value));
            values.filter(|v| is_local_reading(file, *v)).last()
        }
        Kind::Argument => model.child(arg, Role::Value).filter(|v| is_local_reading(file, *v)),
        _ => None,
    }
}
