//! A model as indented text, for people and for the rosetta fixtures.

use crate::{FileModel, NodeId, Role};
use std::fmt::Write as _;

/// One node a line: `role: kind "name"`, children indented by two blanks. Spans are left out on purpose:
/// the same program in two languages must give the same text.
pub fn dump(model: &FileModel) -> String {
    let mut out = String::new();
    let mut stack: Vec<(NodeId, usize)> = model.children(model.root()).map(|c| (c, 0)).collect();
    stack.reverse();
    while let Some((id, depth)) = stack.pop() {
        let parent = model.parent(id).map_or(model.kind(id), |p| model.kind(p));
        let role = match model.role(id) {
            Role::Other => String::new(),
            role => format!("{}: ", role.name_in(parent)),
        };
        let name = match model.name(id) {
            "" => String::new(),
            name => format!(" {name:?}"),
        };
        let _ = writeln!(out, "{:indent$}{role}{}{name}", "", model.kind(id).name(), indent = depth * 2);
        let at = stack.len();
        stack.extend(model.children(id).map(|c| (c, depth + 1)));
        stack[at..].reverse();
    }
    out
}
