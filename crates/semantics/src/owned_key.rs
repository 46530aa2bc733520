//! Keys that are removed only after a look at whose they are: what is written to them is a lock, whatever it is called.

use crate::analysis::Analysis;
use crate::key_command::{Command, KeyCommand};
use crate::names::has_word;
use crate::script::Scripts;
use crate::tables::StoreKind;
use timelint_model::{Kind, NodeId, Role};

impl Analysis<'_> {
    /// A read of the same key whose answer, compared with something, decides whether `act` happens.
    pub fn comparison_before(&self, act: &KeyCommand, all: &[KeyCommand]) -> Option<NodeId> {
        let reads = all.iter().filter(|c| c.command == Command::Get && c.at < act.at && self.same_key(c.key, act.key));
        let guards = self.guards(act.at);
        reads.map(|r| r.at).find(|read| guards.iter().any(|g| self.compares(g.condition, *read)))
    }

    /// Whether the key that `take` writes is removed only by who compared it with a value of its own, in two steps or in
    /// a script.
    pub(crate) fn is_removed_by_owner(&self, take: &KeyCommand, all: &[KeyCommand]) -> bool {
        let model = self.model;
        let deletes = all.iter().filter(|c| c.command == Command::Delete && self.same_key(c.key, take.key));
        if deletes.into_iter().any(|d| self.comparison_before(d, all).is_some()) {
            return true;
        }
        let scripts = self.shared(Scripts::of);
        let runs = |c: &NodeId| {
            has_word(model.name(*c), &["eval", "evalsha", "execute", "run", "script"])
                && model
                    .children_with(*c, Role::Arg)
                    .any(|a| model.self_and_descendants(a).take(16).any(|n| self.same_key(n, take.key)))
        };
        scripts.0.iter().any(|s| s.compares_owner() && s.removes()) && self.tables.calls.iter().any(runs)
    }

    /// Whether a condition compares the answer of `read` with a value that is not nothing.
    fn compares(&self, condition: NodeId, read: NodeId) -> bool {
        let model = self.model;
        let speaks = model.self_and_descendants(condition).any(|n| n == read || self.comes_from(n, read));
        let against_nothing = model
            .children_with(condition, Role::Operand)
            .any(|o| model.kind(o) == Kind::Null || has_word(model.name(o), &["nil", "none", "null", "err", "error"]));
        let is_comparison = match model.kind(condition) {
            Kind::Binary => matches!(model.name(condition), "==" | "!=" | "is" | "is not"),
            Kind::Call => has_word(model.name(condition), &["equals", "equal", "equalsignorecase", "compare", "match"]),
            _ => false,
        };
        speaks && is_comparison && !against_nothing
    }

    /// A name that holds the answer of `read`: assigned from it, or the parameter of its continuation.
    fn comes_from(&self, name: NodeId, read: NodeId) -> bool {
        let model = self.model;
        if model.kind(name) != Kind::Name {
            return false;
        }
        self.stores_of(name).iter().any(|store| match store.kind {
            StoreKind::Param(_) => {
                let takes = model.enclosing(store.at, Kind::Function).and_then(|f| model.parent(f));
                takes.is_some_and(|call| {
                    call == read || model.child(call, Role::Receiver).is_some_and(|r| model.contains(r, read))
                })
            }
            _ => store.value.is_some_and(|v| model.contains(v, read)),
        })
    }
}
