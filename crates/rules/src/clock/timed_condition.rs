//! A write that goes through only where a row still carries the time that was read before: the time serves as version.

use crate::clock::stamped::{Stamped, is_change_time};
use crate::story::Story;
use timelint_diagnostics::{Confidence, Finding, RuleMeta};
use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::{Analysis, Origins, has_word, is_data_change, words};

/// `UPDATE .. WHERE id = ? AND updated_at = ?`, `.filter(id=job.id, updated_at=job.updated_at).update(values)`,
/// `updateOne({ _id, updatedAt: doc.updatedAt }, ..)`.
pub(crate) fn timed_condition(file: &Analysis<'_>, id: NodeId, meta: &'static RuleMeta) -> Option<Finding> {
    let (condition, write) = match file.model.kind(id) {
        Kind::Call => by_text(file, id).or_else(|| by_column_text(file, id))?,
        Kind::Argument | Kind::Entry => by_name(file, id)?,
        Kind::Binary => by_operand(file, id)?,
        _ => return None,
    };
    let message = format!("`{}` takes the time of the last change for the version of the row", file.short(condition));
    let story = Story::new(meta, file, condition, message)
        .why(
            "two writes in one tick of the column, by machines whose clocks differ, or around a clock that is set back, \
             leave the same time behind: the second writer does not see that the row has changed, and overwrites it",
        )
        .help("let the store count: compare with a version number that each write increments, and keep the time for display")
        .confidence(Confidence::Medium)
        .step(file.location(condition), "the row has to carry the time that was read");
    Some(story.step(file.location(write), "and is then written").tell())
}

/// A statement whose condition has a change time equal to a parameter.
fn by_text(file: &Analysis<'_>, call: NodeId) -> Option<(NodeId, NodeId)> {
    let args = file.model.children_with(call, Role::Arg).take(2);
    let (at, text) = args.filter_map(|a| file.literal_text(a).map(|t| (a, t))).find(|(_, t)| is_data_change(t))?;
    let lower = text.to_lowercase();
    // What is deleted in passing because it is old is no version.
    let condition = own_condition(&lower).filter(|_| lower.trim_start().starts_with("update"))?;
    equals_parameter(condition).then_some((at, call))
}

/// What follows the statement's own `where`, and not that of a query within it.
fn own_condition(statement: &str) -> Option<&str> {
    let depth = |at: usize| {
        let open = |c: char| statement[..at].matches(c).count();
        open('(') == open(')')
    };
    let (at, found) = statement.match_indices(" where ").find(|(at, _)| depth(*at))?;
    statement.get(at + found.len()..)
}

/// `.where("updated_at = ?", seen.updatedAt).updates(values)`
fn by_column_text(file: &Analysis<'_>, call: NodeId) -> Option<(NodeId, NodeId)> {
    let model = file.model;
    let mut args = model.children_with(call, Role::Arg);
    let text =
        args.next().filter(|a| model.kind(*a) == Kind::String && has_word(model.name(call), &["where", "and"]))?;
    (args.any(|a| is_read_stamp(file, a)) && equals_parameter(&model.name(text).to_lowercase())).then_some(())?;
    Some((text, written_later(file, call)?))
}

/// Whether a condition asks for a change time that equals a bound value.
fn equals_parameter(condition: &str) -> bool {
    let separated = condition.replace('=', " = ").replace(['(', ')', ','], " ");
    let tokens: Vec<&str> = separated.split_whitespace().collect();
    tokens.windows(3).any(|w| {
        let column = w[0].rsplit('.').next().unwrap_or(w[0]).trim_matches(['"', '`']);
        w[1] == "=" && is_column(column) && w[2].starts_with(['?', ':', '$', '%', '@'])
    })
}

/// A column that keeps when its row was changed last: more than a bare `ts` or `timestamp`, which often are a key.
fn is_column(name: &str) -> bool {
    let all = words(name);
    let changed = ["updated", "update", "modified", "modification", "changed", "change"];
    is_change_time(&all) && all.iter().any(|w| changed.contains(&w.as_str()))
}

/// `updated_at=job.updated_at` in a query that writes.
fn by_name(file: &Analysis<'_>, part: NodeId) -> Option<(NodeId, NodeId)> {
    let model = file.model;
    let value = model.child(part, Role::Value).filter(|v| is_read_stamp(file, *v))?;
    let call = model.ancestors(part).find(|a| matches!(model.kind(*a), Kind::Call | Kind::Block | Kind::Function))?;
    if model.kind(call) != Kind::Call {
        return None;
    }
    if model.kind(part) == Kind::Argument {
        // The row is looked up by several columns of what was read.
        let stamp = Stamped::new(file, value);
        let others =
            model.children_with(call, Role::Arg).filter(|a| *a != part).filter_map(|a| model.child(a, Role::Value));
        let others: Vec<NodeId> = others.filter(|o| Stamped::new(file, *o).root == stamp.root).collect();
        if others.iter().any(|o| is_counted(file, *o)) {
            return None;
        }
        let same = !others.is_empty();
        let named = is_column(model.name(part)) || same;
        return Some((part, written_later(file, call).filter(|_| named)?));
    }
    let first = model.child(call, Role::Arg)?;
    let inside =
        |name: &str| model.ancestors(part).take(4).any(|a| model.kind(a) == Kind::Entry && model.name(a) == name);
    let second = model.children_with(call, Role::Arg).nth(1).filter(|s| model.kind(*s) != Kind::Argument);
    let filter = inside("where") || model.contains(first, part) && second.is_some();
    let writes = is_writing_call(file, call) && is_column(model.name(part));
    (filter && writes && !inside("data")).then_some((part, call))
}

/// `updateOne`, `update_many`, `findOneAndReplace`: called as stores call them, and no function of the file.
fn is_writing_call(file: &Analysis<'_>, call: NodeId) -> bool {
    const WRITES: [&str; 6] = ["update", "updates", "modify", "delete", "replace", "upsert"];
    #[rustfmt::skip]
    const PARTS: [&str; 18] = [
        "one", "many", "by", "id", "find", "and", "all", "document", "item", "first", "unique", "returning", "or", "throw",
        "if", "exists", "batch", "async",
    ];
    let name = words(file.model.name(call));
    let known = |w: &String| WRITES.contains(&w.as_str()) || PARTS.contains(&w.as_str());
    name.iter().any(|w| WRITES.contains(&w.as_str())) && name.iter().all(known) && file.callee(call).is_none()
}

/// The write also counts this up: `{"claims": job.claims + 1}`.
fn is_counted(file: &Analysis<'_>, compared: NodeId) -> bool {
    let model = file.model;
    let Some(function) = file.function_around(compared).filter(|_| model.kind(compared) == Kind::Member) else {
        return false;
    };
    let mut sums = model.descendants(function).filter(|n| model.kind(*n) == Kind::Binary && model.name(*n) == "+");
    sums.any(|s| {
        let mut operands = model.children_with(s, Role::Operand);
        operands.any(|o| model.kind(o) == Kind::Member && model.sym(o) == model.sym(compared))
    })
}

/// `.where(Job.updated_at == job.updated_at).values(..)`
fn by_operand(file: &Analysis<'_>, comparison: NodeId) -> Option<(NodeId, NodeId)> {
    let model = file.model;
    let mut sides = model.children_with(comparison, Role::Operand).filter(|_| model.name(comparison) == "==");
    let (column, value) = (sides.next()?, sides.next()?);
    let class = model.child(column, Role::Object).is_some_and(|c| model.name(c).starts_with(char::is_uppercase));
    if !class || !is_column(model.name(column)) || !is_read_stamp(file, value) {
        return None;
    }
    let call = model.ancestors(comparison).take(2).find(|a| model.kind(*a) == Kind::Call)?;
    let query = has_word(model.name(call), &["filter", "where"]);
    Some((comparison, written_later(file, call).filter(|_| query)?))
}

/// The time of change of something that was read before, and no reading of this moment.
fn is_read_stamp(file: &Analysis<'_>, value: NodeId) -> bool {
    let stamp = Stamped::new(file, value);
    let logical = Origins::LOGICAL.and(Origins::FILE);
    let member = matches!(file.model.kind(stamp.node), Kind::Member | Kind::Index | Kind::Call);
    // `Job.updated_at` is the column itself.
    let object = file.model.child(stamp.node, Role::Object).map_or("", |o| file.model.name(o));
    let member = member && !object.starts_with(char::is_uppercase);
    member && stamp.of_object && is_column(&stamp.member) && !stamp.value.origins.any(logical)
}

/// The chain of calls that a filter is part of, or the variable that keeps it, ends in a write.
fn written_later(file: &Analysis<'_>, filter: NodeId) -> Option<NodeId> {
    const WRITES: [&str; 8] =
        ["update", "updates", "delete", "update_all", "delete_all", "updateColumns", "executeUpdate", "updateMany"];
    let model = file.model;
    let writes =
        |n: NodeId| model.kind(n) == Kind::Call && WRITES.iter().any(|w| w.eq_ignore_ascii_case(model.name(n)));
    let mut at = filter;
    while let Some(parent) =
        model.parent(at).filter(|p| model.kind(*p) == Kind::Call && model.role(at) == Role::Receiver)
    {
        at = parent;
        if writes(at) {
            return Some(at);
        }
    }
    // `update(Job).where(..)`: the chain begins with it.
    let mut start = filter;
    while let Some(receiver) = model.child(start, Role::Receiver).filter(|r| model.kind(*r) == Kind::Call) {
        start = receiver;
    }
    if start != filter && writes(start) {
        return Some(start);
    }
    let statement = model.parent(at).filter(|p| matches!(model.kind(*p), Kind::Let | Kind::Assign))?;
    let target = model.child(statement, Role::Target).filter(|t| model.kind(*t) == Kind::Name)?;
    let reads = file.reads_of(target).into_iter().filter(|r| model.role(*r) == Role::Receiver);
    reads.filter_map(|r| model.parent(r)).find(|c| writes(*c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_on_the_time_of_change_are_told_from_others() {
        for text in ["id = ? and updated_at = ?", "t.\"modified_at\" = $2", "last_updated = :seen"] {
            assert!(equals_parameter(text), "{text}");
        }
        let within = "update t set a = ?, role = (select id from r where name = ?), modified_at = ? where id = ?";
        assert_eq!(own_condition(within), Some("id = ?"));
        for text in ["id = ? and version = ?", "updated_at < ?", "created_at = ?", "ts = ?", "updated_at = now()"] {
            assert!(!equals_parameter(text), "{text}");
        }
    }
}
