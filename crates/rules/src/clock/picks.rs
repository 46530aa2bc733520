//! The newest of several copies is picked by their stamps: by a comparator, a key function, or the store's own order.

use crate::clock::replicas::{brings_together, is_about_data};
use crate::clock::stamped::{Stamped, is_change_time};
use timelint_diagnostics::Confidence;
use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::{Analysis, Origins, has_word, is_data_change, words};

/// A choice by stamps.
#[derive(Debug)]
pub(crate) struct Pick {
    /// The stamp that is compared.
    pub(crate) stamp: NodeId,
    /// Where one is taken for the current one.
    pub(crate) taken: NodeId,
    /// How sure.
    pub(crate) confidence: Confidence,
}

/// Words of a collection of copies of one thing that several machines wrote.
const COPIES: [&str; 16] = [
    "replica",
    "replicas",
    "sibling",
    "siblings",
    "version",
    "versions",
    "copy",
    "copies",
    "conflict",
    "conflicts",
    "conflicting",
    "peer",
    "peers",
    "remote",
    "remotes",
    "revisions",
];

/// `max(replicas, key=lambda r: r.updated_at)`, `sort.Slice(versions, newer)` and `versions[0]`.
pub(crate) fn pick(file: &Analysis<'_>, call: NodeId) -> Option<Pick> {
    const ORDERS: [&str; 12] =
        ["sort", "sorted", "slice", "stable", "order", "func", "max", "min", "latest", "reduce", "last", "first"];
    let model = file.model;
    let name = model.name(call);
    if model.kind(call) != Kind::Call || !has_word(name, &ORDERS) || is_about_data(file, call) {
        return None;
    }
    let args: Vec<NodeId> = model.children_with(call, Role::Arg).collect();
    let stamp = args.iter().find_map(|a| key_stamp(file, *a))?;
    if has_word(name, &["reduce"]) && !is_compared(file, stamp) {
        return None;
    }
    let receiver = model.child(call, Role::Receiver);
    let things = receiver.into_iter().chain(args.iter().copied().take(1)).find_map(|n| collection(file, n));
    let copies = things.is_some_and(|t| has_word(model.name(t), &COPIES));
    if !copies && !brings_together(file, call) {
        return None;
    }
    let taken =
        if has_word(name, &["max", "min", "latest", "reduce"]) { call } else { first_taken(file, call, things?)? };
    let confidence = if copies || brings_together(file, call) { Confidence::Medium } else { Confidence::Low };
    Some(Pick { stamp, taken, confidence })
}

/// The change time in a key function or a comparator.
fn key_stamp(file: &Analysis<'_>, argument: NodeId) -> Option<NodeId> {
    const MOST: usize = 64;
    let model = file.model;
    let keyed = matches!(model.kind(argument), Kind::Function | Kind::Argument | Kind::Call);
    let mut inside = model.self_and_descendants(argument).take(MOST);
    let stamp = inside.find(|n| {
        matches!(model.kind(*n), Kind::Member | Kind::Index) && {
            let stamped = Stamped::new(file, *n);
            let other = Origins::LOGICAL.and(Origins::FILE).and(Origins::EXTERNAL).and(Origins::DATABASE);
            stamped.of_object && stamped.is_change_time() && !stamped.value.origins.any(other)
        }
    });
    stamp.filter(|_| keyed)
}

/// A stamp that two copies are compared by; one that is only copied picks nothing.
fn is_compared(file: &Analysis<'_>, stamp: NodeId) -> bool {
    let model = file.model;
    let around = model.ancestors(stamp).take_while(|a| !matches!(model.kind(*a), Kind::Block | Kind::Function));
    around.into_iter().any(|a| {
        let order = matches!(model.name(a), "<" | ">" | "<=" | ">=" | "-");
        let compares = has_word(model.name(a), &["compare", "max", "min", "after", "before"]);
        order && model.kind(a) == Kind::Binary || compares && model.kind(a) == Kind::Call
    })
}

/// The variable or field that a chain of calls starts from.
fn collection(file: &Analysis<'_>, mut id: NodeId) -> Option<NodeId> {
    let model = file.model;
    for _ in 0..8 {
        match model.kind(id) {
            // A module is no collection.
            Kind::Name if file.path_of(id).is_some() && file.stores_of(id).is_empty() => return None,
            Kind::Name | Kind::Member => return Some(id),
            Kind::Call => id = model.child(id, Role::Receiver).or_else(|| model.child(id, Role::Arg))?,
            Kind::Spread | Kind::List => id = model.children(id).next()?,
            _ => return None,
        }
    }
    None
}

/// Where one end of the sorted things is read: `versions[0]`, `versions.get(0)`, `sorted(versions)[-1]`.
fn first_taken(file: &Analysis<'_>, sort: NodeId, things: NodeId) -> Option<NodeId> {
    const ENDS: [&str; 8] = ["pop", "shift", "first", "getFirst", "getLast", "findFirst", "at", "get"];
    let model = file.model;
    let is_end = |n: NodeId| match model.kind(n) {
        Kind::Index => model.child(n, Role::Key).is_some_and(|k| file.value(k).is_constant()),
        Kind::Call => {
            ENDS.contains(&model.name(n)) && model.children_with(n, Role::Arg).all(|a| file.value(a).is_constant())
        }
        _ => false,
    };
    if let Some(around) = model.parent(sort).filter(|p| is_end(*p)) {
        return Some(around);
    }
    let function = file.function_around(sort)?;
    // Sorted in place, or kept under a name.
    let statement = file.statement(sort);
    let kept = model.child(statement, Role::Target).map_or(model.sym(things), |t| model.sym(t));
    let mut rest = (model.end(sort).0..model.end(function).0).map(NodeId);
    rest.find(|n| {
        let of = model.child(*n, Role::Object).or_else(|| model.child(*n, Role::Receiver));
        is_end(*n) && of.is_some_and(|o| model.sym(o) == kept)
    })
}

/// A statement that writes only where its own time is later than the row's: `... WHERE t.updated_at < excluded.updated_at`.
pub(crate) fn last_write_wins(statement: &str) -> bool {
    let lower = statement.to_lowercase();
    if !is_data_change(statement) || lower.trim_start().starts_with("delete") {
        return false;
    }
    let Some((_, condition)) = lower.split_once(" where ").or_else(|| lower.split_once(" if ")) else { return false };
    let separated = condition.replace('<', " < ").replace('>', " > ").replace('=', " = ");
    let tokens: Vec<&str> = separated.split_whitespace().collect();
    tokens.windows(4).any(|w| {
        let order = matches!(w[1], "<" | ">");
        let right = if w[2] == "=" { w[3] } else { w[2] };
        let column = |t: &str| is_change_time(&words(t.rsplit('.').next().unwrap_or(t)));
        let bound = |t: &str| t.starts_with(['?', ':', '$', '%', '@']);
        order && column(w[0]) && (bound(right) || column(right))
    }) || tokens.len() >= 3 && {
        let w = &tokens[tokens.len() - 3..];
        let column = |t: &str| is_change_time(&words(t.rsplit('.').next().unwrap_or(t)));
        matches!(w[1], "<" | ">") && column(w[0]) && (w[2].starts_with(['?', ':', '$', '%', '@']) || column(w[2]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_that_the_later_time_wins_are_told_from_others() {
        for text in [
            "UPDATE kv SET v = ?, updated_at = ? WHERE k = ? AND updated_at < ?",
            "INSERT INTO kv VALUES ($1) ON CONFLICT (k) DO UPDATE SET v = excluded.v WHERE kv.updated_at <= excluded.updated_at",
        ] {
            assert!(last_write_wins(text), "{text}");
        }
        for text in [
            "UPDATE kv SET v = ? WHERE k = ? AND version < ?",
            "DELETE FROM kv WHERE updated_at < ?",
            "SELECT v FROM kv WHERE updated_at < ?",
            "UPDATE kv SET v = ? WHERE created_at < ?",
        ] {
            assert!(!last_write_wins(text), "{text}");
        }
    }
}
