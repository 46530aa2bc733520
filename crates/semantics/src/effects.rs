//! What leaves the process: writes to shared state, and what makes them conditional.

use crate::analysis::{Analysis, Resolved};
use crate::catalog::{ApiRole, ArgMeaning, Effect};
use crate::names::words;
use crate::resolve::Callee;
use crate::value::{How, Origins};
use timelint_model::{Kind, NodeId, Role};

/// A call that changes something outside the process.
#[derive(Debug, Clone, Copy)]
pub struct Write {
    /// The call in the asked range (for a write inside a callee: the call that leads there).
    pub at: NodeId,
    /// How it is felt.
    pub effect: Effect,
    /// What makes it conditional or idempotent, where something does.
    pub fence: Option<NodeId>,
    /// How it was recognised.
    pub how: How,
    /// It happens in a function that the call leads to.
    pub indirect: bool,
}

/// Words of an argument, key or column that carries a fencing token, version or condition.
const FENCE_WORDS: [&str; 22] = [
    "version", "revision", "rev", "etag", "epoch", "term", "generation", "fence", "fencing", "cas", "seqno", "sequence",
    "precondition", "preconditions", "zxid", "czxid", "modrevision", "resourceversion", "lockindex", "modifyindex",
    "idempotency", "idempotent",
];

impl Analysis<'_> {
    /// The writes between two nodes of one function (from inclusive, to exclusive), through at most `depth` calls.
    /// Code of nested named functions counts only where it is called.
    pub fn writes_in(&self, from: NodeId, to: NodeId, depth: usize) -> Vec<Write> {
        let first = self.tables.calls.partition_point(|c| *c < from);
        let mut writes = Vec::new();
        for call in self.tables.calls[first..].iter().take_while(|c| **c < to) {
            if let Some(write) = self.write_at(*call, depth) {
                writes.push(write);
            }
        }
        writes
    }

    /// The write that a call makes, itself or through at most `depth` functions.
    pub fn write_at(&self, call: NodeId, depth: usize) -> Option<Write> {
        if let Some(known) = self.resolve(call) {
            let effect = self.effect_of_call(call, known);
            if let Some(effect) = effect {
                let fence = self.fence_of(call, known);
                return Some(Write { at: call, effect, fence, how: known.how, indirect: false });
            }
            if known.how != How::Name {
                return None;
            }
        }
        if depth == 0 {
            return None;
        }
        let effect = match self.callee(call)? {
            Callee::Here(function) => self.guarded(function, || {
                let inner = self.writes_in(function, self.model.end(function), depth - 1);
                inner.into_iter().filter(|w| w.fence.is_none()).map(|w| w.effect).max()
            })?,
            Callee::Elsewhere(summary) => summary.effect?,
        };
        let fence = self.fencing_argument(call);
        Some(Write { at: call, effect, fence, how: How::Project, indirect: true })
    }

    fn effect_of_call(&self, call: NodeId, known: Resolved<'_>) -> Option<Effect> {
        let text = self.argument(call, known, ArgMeaning::Text);
        if let Some(text) = text
            && matches!(known.api.role, ApiRole::Write | ApiRole::RemoteCall)
            && let Some(statement) = self.literal_text(text)
        {
            return is_data_change(&statement).then_some(known.api.effect.unwrap_or(Effect::State));
        }
        match known.api.role {
            ApiRole::Write => Some(known.api.effect.unwrap_or(Effect::State)),
            ApiRole::RemoteCall => known.api.effect,
            _ => None,
        }
    }

    /// The content of a string literal, also through a constant, a concatenation or a text wrapper.
    pub fn literal_text(&self, id: NodeId) -> Option<String> {
        let model = self.model;
        match model.kind(id) {
            Kind::String => Some(model.name(id).to_owned()),
            Kind::Binary => {
                let parts: Vec<String> = model.children(id).filter_map(|c| self.literal_text(c)).collect();
                (!parts.is_empty()).then(|| parts.join(" "))
            }
            Kind::Call => model.child(id, Role::Arg).filter(|a| model.kind(*a) == Kind::String).map(|a| model.name(a).to_owned()),
            Kind::Name => {
                let store = self.local_store(id, model.sym(id))?;
                self.guarded(id, || self.literal_text(store.value?))
            }
            _ => None,
        }
    }

    /// What makes a known write conditional: a declared fence argument, a predicate in its text, a token among its
    /// arguments, or a conditional builder around it.
    fn fence_of(&self, call: NodeId, known: Resolved<'_>) -> Option<NodeId> {
        if let Some(argument) = self.argument(call, known, ArgMeaning::Fence) {
            let value = self.value(argument);
            // `-1` means "any version".
            if value.number != Some(-1.0) && !value.origins.has(Origins::NULL) {
                return Some(argument);
            }
        }
        if let Some(text) = self.argument(call, known, ArgMeaning::Text)
            && self.literal_text(text).is_some_and(|t| is_conditional(&t))
        {
            return Some(text);
        }
        self.fencing_argument(call).or_else(|| self.fenced_chain(call))
    }

    /// An argument that carries a token, version or condition, by its value or by its name.
    fn fencing_argument(&self, call: NodeId) -> Option<NodeId> {
        let model = self.model;
        model.children_with(call, Role::Arg).find(|arg| {
            let named = |n: NodeId| words(model.name(n)).iter().any(|w| FENCE_WORDS.contains(&w.as_str()));
            let by_name = model.self_and_descendants(*arg).any(|n| {
                matches!(model.kind(n), Kind::Name | Kind::Member | Kind::Argument | Kind::Entry | Kind::Call) && named(n)
            });
            by_name || self.value(*arg).origins.any(Origins::TOKEN.and(Origins::LOGICAL))
        })
    }

    /// A fence earlier in the same chain: `setData().withVersion(v).forPath(p)`, `txn.If(..).Then(..)`.
    fn fenced_chain(&self, call: NodeId) -> Option<NodeId> {
        let model = self.model;
        let mut at = model.child(call, Role::Receiver);
        while let Some(node) = at {
            if model.kind(node) == Kind::Call
                && self.resolve(node).is_some_and(|r| matches!(r.api.role, ApiRole::Fence | ApiRole::Transaction))
            {
                return Some(node);
            }
            at = model.child(node, Role::Receiver).or_else(|| model.child(node, Role::Object));
        }
        // Handed to a conditional transaction: `txn.If(cmp).Then(op)`.
        model.ancestors(call).take_while(|a| !model.kind(*a).is_statement()).find(|a| {
            model.kind(*a) == Kind::Call && self.resolve(*a).is_some_and(|r| r.api.role == ApiRole::Fence)
        })
    }
}

/// Whether SQL or CQL text changes data.
pub fn is_data_change(text: &str) -> bool {
    let upper = text.trim_start_matches(|c: char| !c.is_ascii_alphabetic()).to_ascii_uppercase();
    ["INSERT", "UPDATE", "DELETE", "MERGE", "REPLACE", "UPSERT", "CALL", "ALTER", "DROP", "TRUNCATE", "CREATE"]
        .iter()
        .any(|verb| upper.starts_with(verb))
}

/// Whether a statement is conditional on a version or owner, or harmless when repeated.
pub fn is_conditional(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    if ["on conflict", "insert ignore", "if not exists", "on duplicate key"].iter().any(|p| lower.contains(p)) {
        return true;
    }
    let Some((_, predicate)) = lower.split_once(" where ").or_else(|| lower.split_once(" if ")) else { return false };
    let columns = ["owner", "locked_by", "holder", "status", "state"];
    words(predicate).iter().any(|w| FENCE_WORDS.contains(&w.as_str()) || columns.contains(&w.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_are_told_apart() {
        assert!(is_data_change("  (UPDATE t SET a = 1"));
        assert!(!is_data_change("select * from t for update"));
        assert!(is_conditional("UPDATE t SET a = 1 WHERE id = ? AND version = ?"));
        assert!(is_conditional("INSERT INTO t VALUES (1) ON CONFLICT DO NOTHING"));
        assert!(!is_conditional("UPDATE t SET version = 1 WHERE id = ?"));
    }
}
