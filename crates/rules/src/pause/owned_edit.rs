//! The edit that removes a lock only where it is still its holder's, in one command.

use crate::pause::awaiting::with_awaits;
use crate::pause::joined_edit::{plain_arguments, removal};
use crate::template::fill;
use timelint_diagnostics::{Edit, Location};
use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::{Analysis, How};

/// The edits that put the comparison into the command: only where a branch holds the removal and nothing else, and asks for
/// nothing but what the read found.
pub(crate) fn owned_edit(file: &Analysis<'_>, read: NodeId, remove: NodeId) -> Option<Vec<Edit>> {
    let model = file.model;
    let known = file.resolve(remove).filter(|k| k.how != How::Name)?;
    let template = known.api.owned.as_deref()?;
    let arguments = plain_arguments(file, remove)?;
    let client = model.child(remove, Role::Receiver)?;
    let reader = model.child(read, Role::Receiver)?;
    // `template` of `template.opsForValue()`
    let same = file.text(reader).strip_prefix(file.text(client)).is_some_and(|b| b.is_empty() || b.starts_with('.'));
    let whole = with_awaits(file, remove);
    let branch = only_in_branch(file, whole)?;
    let (owner, before) = owner_of(file, branch, read)?;
    if !same || file.function_around(read) != file.function_around(remove) {
        return None;
    }
    let call = fill(template, |place| match place {
        "r" => Some(file.text(client).to_owned()),
        "owner" => Some(file.text(owner).to_owned()),
        number => Some(file.text(*arguments.get(number.parse::<usize>().ok()?)?).to_owned()),
    })?;
    let waits = if whole == remove { "" } else { "await " };
    // Where statements end with a mark, so does this one.
    let source = file.text(model.root());
    let base = model.span(model.root()).start as usize;
    let behind = source.get((model.span(whole).end as usize).checked_sub(base)?..)?;
    let mark = if behind.starts_with(';') { ";" } else { "" };
    let edit =
        Edit { location: Location::new(file.path.clone(), model.span(branch)), text: format!("{waits}{call}{mark}") };
    let mut edits = vec![edit];
    if let Some(before) = before {
        edits.push(removal(file, before)?);
    }
    Some(edits)
}

/// The `if` without another branch whose only statement this is.
fn only_in_branch(file: &Analysis<'_>, statement: NodeId) -> Option<NodeId> {
    let model = file.model;
    let parent = model.parent(statement)?;
    let (inner, branch) = match model.kind(parent) {
        Kind::Block if model.children(parent).count() == 1 => (parent, model.parent(parent)?),
        Kind::If => (statement, parent),
        _ => return None,
    };
    let own = model.kind(branch) == Kind::If && model.role(inner) == Role::Then;
    (own && model.role(branch) != Role::Else && model.child(branch, Role::Else).is_none()).then_some(branch)
}

/// What the answer of the read is compared with, and the statement that stores the answer where that is one of its own.
fn owner_of(file: &Analysis<'_>, branch: NodeId, read: NodeId) -> Option<(NodeId, Option<NodeId>)> {
    let model = file.model;
    let condition = model.child(branch, Role::Condition)?;
    let sides: Vec<NodeId> = match (model.kind(condition), model.name(condition)) {
        (Kind::Binary, "==") => model.children_with(condition, Role::Operand).collect(),
        (Kind::Call, "equals") => {
            vec![model.child(condition, Role::Receiver)?, model.child(condition, Role::Arg)?]
        }
        _ => return None,
    };
    let [left, right] = sides[..] else { return None };
    let stored = file.statement(read);
    let target = model.child(stored, Role::Target).filter(|t| {
        matches!(model.kind(stored), Kind::Let | Kind::Assign)
            && model.kind(*t) == Kind::Name
            && model.children_with(stored, Role::Target).count() == 1
            && file.reads_of(*t).len() == 1
            && model.end(stored) == branch
    });
    let answers = |n: NodeId| {
        model.contains(n, read) || target.is_some_and(|t| model.kind(n) == Kind::Name && model.sym(n) == model.sym(t))
    };
    let owner = match (answers(left), answers(right)) {
        (true, false) => right,
        (false, true) => left,
        _ => return None,
    };
    let plain = matches!(model.kind(owner), Kind::Name | Kind::Member) || file.value(owner).is_constant();
    let before = (!model.contains(branch, read)).then_some(stored);
    (plain && (before.is_none() || target.is_some())).then_some((owner, before))
}
