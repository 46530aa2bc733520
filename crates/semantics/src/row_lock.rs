//! Rows that a database locks while they are changed, and statements that a builder makes to read.

use crate::analysis::Analysis;
use crate::catalog::{ApiRole, LockScope};
use crate::resolve::Callee;
use timelint_model::{Kind, NodeId, Role};

impl Analysis<'_> {
    /// Whether a function of the project that `call` leads to has the database lock the rows that it changes.
    pub fn locks_rows_through(&self, call: NodeId) -> bool {
        match self.callee(call) {
            Some(Callee::Here(function)) => self.locks_rows(function),
            Some(Callee::Elsewhere(summary)) => summary.locks_rows,
            None => self.project_method(call).is_some_and(|(class, method)| {
                self.index.function(None, &class, &method).is_some_and(|summary| summary.locks_rows)
            }),
        }
    }

    /// Whether a function reads rows in a way that locks them: `with_for_update()`, `SELECT .. FOR UPDATE`.
    pub(crate) fn locks_rows(&self, function: NodeId) -> bool {
        self.calls_below(function).iter().any(|c| self.locks_row(*c))
    }

    fn locks_row(&self, call: NodeId) -> bool {
        let known = self.resolve(call);
        let locked = known.is_some_and(|k| {
            matches!(k.api.role, ApiRole::LockAcquire | ApiRole::LockTry) && k.api.scope == Some(LockScope::Row)
        });
        locked || {
            let text = self.model.child(call, Role::Arg).and_then(|a| self.literal_text(a));
            text.is_some_and(|t| {
                let tail = t.trim_end().to_ascii_uppercase();
                tail.trim_start().starts_with("SELECT") && tail.contains(" FOR UPDATE")
            })
        }
    }

    /// Whether a statement is built to read: `select(User).where(..)`, also through the variable that holds it.
    pub(crate) fn is_built_query(&self, statement: NodeId) -> bool {
        let model = self.model;
        let mut at = statement;
        loop {
            match model.kind(at) {
                Kind::Call => match model.child(at, Role::Receiver) {
                    Some(receiver) if matches!(model.kind(receiver), Kind::Call) => at = receiver,
                    // `sa.select(..)`, and a step that a variable's statement was given.
                    Some(receiver) => {
                        return model.name(at) == "select"
                            || model.kind(receiver) == Kind::Name && self.holds_query(receiver);
                    }
                    None => return model.name(at) == "select",
                },
                Kind::Name => return self.holds_query(at),
                _ => return false,
            }
        }
    }

    /// Whether a variable was first given a statement that reads.
    fn holds_query(&self, name: NodeId) -> bool {
        let first = self.stores_of(name).iter().min_by_key(|s| s.at);
        let value = first.and_then(|s| s.value).filter(|v| *v < name);
        value.is_some_and(|v| self.guarded(v, || Some(self.is_built_query(v))).unwrap_or(false))
    }
}
