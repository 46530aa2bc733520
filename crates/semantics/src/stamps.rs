//! Where readings of a clock are put on things: the time stamps that a project gives out.

use crate::analysis::Analysis;
use crate::catalog::{ApiRole, leaf};
use crate::names::words;
use crate::sites::Site;
use timelint_model::{Kind, NodeId, Role};

/// A store of a clock's reading into a member of an object, whoever owns it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp {
    /// Simple name of the object's class; empty where it is not known.
    pub class: String,
    /// The member by [`member_key`].
    pub member: String,
    /// The reading.
    pub site: Site,
}

/// How far a reading is followed upwards, and through how many local variables.
const STEPS: usize = 10;
const LOCALS: usize = 2;

/// One key for a member, its accessors and its column: `updated_at`, `getUpdatedAt`, `SetUpdatedAt`.
pub fn member_key(name: &str) -> String {
    let all = words(name);
    let from = usize::from(all.len() > 1 && matches!(all[0].as_str(), "get" | "set" | "with" | "put" | "is"));
    all[from..].concat()
}

impl Analysis<'_> {
    /// Every member, entry, keyword and setter of the file that is given a reading of the wall clock, or one that
    /// carries both clocks.
    pub fn stamps(&self) -> Vec<Stamp> {
        let mut stamps = Vec::new();
        for (id, known) in self.known_calls() {
            if matches!(known.api.role, ApiRole::ClockWall | ApiRole::ClockBoth) {
                self.stamped_with(id, id, 0, &mut stamps);
            }
        }
        stamps
    }

    fn stamped_with(&self, read: NodeId, from: NodeId, depth: usize, stamps: &mut Vec<Stamp>) {
        let model = self.model;
        let mut child = from;
        for _ in 0..STEPS {
            let Some(parent) = model.parent(child) else { return };
            match (model.kind(parent), model.role(child)) {
                (Kind::Binary, _) if is_arithmetic(model.name(parent)) => {}
                (Kind::Unary | Kind::Cast | Kind::Await, _) | (Kind::Conditional, Role::Then | Role::Else) => {}
                (Kind::New, Role::Arg) if model.children_with(parent, Role::Arg).count() == 1 => {}
                (Kind::Call, Role::Receiver | Role::Arg) => {
                    if let Some((class, member)) = self.setter(parent, child) {
                        return self.stamp(read, class, &member, stamps);
                    }
                    if !self.passes_on(parent) {
                        return;
                    }
                }
                (Kind::Argument, _) => {
                    let call = model.parent(parent).map_or("", |c| model.name(c));
                    return self.stamp(read, leaf(call).to_owned(), model.name(parent), stamps);
                }
                (Kind::Entry, Role::Value) => {
                    let record = model.parent(parent).and_then(|r| model.child(r, Role::Type));
                    let class = record.map_or("", |t| leaf(model.name(t))).to_owned();
                    return self.stamp(read, class, model.name(parent), stamps);
                }
                (Kind::Field, Role::Value) => {
                    let class =
                        self.tables.class_around(model, parent).map(|c| self.tables.classes[c as usize].name.clone());
                    return self.stamp(read, class.unwrap_or_default(), model.name(parent), stamps);
                }
                (Kind::Let | Kind::Assign, Role::Value) => {
                    for target in model.children_with(parent, Role::Target).collect::<Vec<_>>() {
                        self.stamped_target(read, target, depth, stamps);
                    }
                    return;
                }
                _ => return,
            }
            child = parent;
        }
    }

    fn stamped_target(&self, read: NodeId, target: NodeId, depth: usize, stamps: &mut Vec<Stamp>) {
        let model = self.model;
        let class = |object: Option<NodeId>| {
            object.and_then(|o| self.type_of(o)).map(|t| leaf(&t.name).to_owned()).unwrap_or_default()
        };
        match model.kind(target) {
            Kind::Member => self.stamp(read, class(model.child(target, Role::Object)), model.name(target), stamps),
            Kind::Index => {
                if let Some(key) = model.child(target, Role::Key).filter(|k| model.kind(*k) == Kind::String) {
                    self.stamp(read, String::new(), model.name(key), stamps);
                }
            }
            Kind::Name if depth < LOCALS => {
                for use_ in self.reads_of(target) {
                    self.stamped_with(read, use_, depth + 1, stamps);
                }
            }
            _ => {}
        }
    }

    /// The class and member that a setter call with this one argument stores to: `x.setTs(now)`, `x.ts.set(now)`.
    fn setter(&self, call: NodeId, argument: NodeId) -> Option<(String, String)> {
        let model = self.model;
        if model.role(argument) != Role::Arg || model.children_with(call, Role::Arg).count() != 1 {
            return None;
        }
        let name = words(model.name(call));
        let receiver = model.child(call, Role::Receiver)?;
        let class = |of: NodeId| self.type_of(of).map(|t| leaf(&t.name).to_owned()).unwrap_or_default();
        match (name.first()?.as_str(), name.len()) {
            ("set" | "store", 1) if model.kind(receiver) == Kind::Member => {
                let owner = model.child(receiver, Role::Object);
                Some((owner.map(class).unwrap_or_default(), model.name(receiver).to_owned()))
            }
            ("set" | "with", 2..) => Some((class(receiver), model.name(call).to_owned())),
            _ => None,
        }
    }

    fn passes_on(&self, call: NodeId) -> bool {
        match self.resolve(call).map(|r| r.api.role) {
            Some(role) => matches!(
                role,
                ApiRole::TimeConvert | ApiRole::TimeStrip | ApiRole::TimeAdd | ApiRole::ValuePass | ApiRole::ClockWall
            ),
            None => false,
        }
    }

    fn stamp(&self, read: NodeId, class: String, member: &str, stamps: &mut Vec<Stamp>) {
        let member = member_key(member);
        if !member.is_empty() && member.len() < 64 {
            let site = Site { location: self.location(read), origins: self.value(read).origins };
            stamps.push(Stamp { class, member, site });
        }
    }
}

fn is_arithmetic(operators: &str) -> bool {
    operators.split(' ').all(|op| matches!(op, "+" | "-" | "*" | "/" | "//" | "||" | "??"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accessors_and_columns_share_a_key() {
        for name in ["updated_at", "updatedAt", "getUpdatedAt", "SetUpdatedAt", "UpdatedAt"] {
            assert_eq!(member_key(name), "updatedat", "{name}");
        }
        assert_eq!(member_key("set"), "set");
    }
}
