//! Locks that are nodes of a coordinator and not bound to the session or lease of their holder.

use crate::analysis::Analysis;
use crate::names::{has_word, words};
use timelint_model::{Kind, NodeId, Role};

/// Names of clients of coordinators with nodes.
const COORDINATORS: [&str; 5] = ["zk", "zookeeper", "kazoo", "curator", "keeper"];

impl Analysis<'_> {
    /// The calls that make the node of a lock which stays when its holder's session ends.
    pub fn unbound_nodes(&self) -> Vec<NodeId> {
        if !self.says(&COORDINATORS) {
            return Vec::new();
        }
        let makes = self.tables.calls.iter().copied().filter(|c| self.is_unbound_node(*c));
        makes.collect()
    }

    fn is_unbound_node(&self, call: NodeId) -> bool {
        let model = self.model;
        if model.kind(call) != Kind::Call || words(model.name(call)) != ["create"] {
            return false;
        }
        let Some(receiver) = model.child(call, Role::Receiver) else { return false };
        let speaks = |name: &str| COORDINATORS.iter().any(|c| name.to_ascii_lowercase().contains(c));
        let of_coordinator = speaks(model.name(receiver)) || self.type_of(receiver).is_some_and(|t| speaks(&t.name));
        let args: Vec<NodeId> = model.children_with(call, Role::Arg).collect();
        let Some(path) = args.first().copied().filter(|_| of_coordinator) else { return false };
        let bound = model.descendants(call).any(|n| has_word(model.name(n), &["ephemeral", "session", "container"]));
        let called = self.is_about_locks(call) && self.is_lock_key(path);
        !bound
            && (called || self.claims_for_itself(call, &args))
            && self.says_nothing_of_sessions(&args)
            && self.takes_a_node_as_refusal(call)
    }

    /// `claim(task) { zk.create(owner(task), self, ..) }`: the node says who made it, and its maker takes something by it.
    fn claims_for_itself(&self, call: NodeId, args: &[NodeId]) -> bool {
        const SELF: [&str; 8] = ["self", "me", "who", "identity", "address", "name", "uri", "endpoint"];
        const CLAIMS: [&str; 7] = ["claim", "claims", "take", "grab", "guard", "occupy", "reserve"];
        let model = self.model;
        let Some(value) = args.get(1).copied() else { return false };
        let own = |n: NodeId| {
            let last = words(model.name(n)).last().cloned();
            matches!(model.kind(n), Kind::Name | Kind::Member) && last.is_some_and(|w| SELF.contains(&w.as_str()))
        };
        let says_who = self.is_owner(value) || model.self_and_descendants(value).take(8).any(own);
        says_who && self.named_function_around(call).is_some_and(|f| has_word(self.function_name(f), &CLAIMS))
    }

    /// The arguments name a mode that lasts, or none where lasting is the default.
    fn says_nothing_of_sessions(&self, args: &[NodeId]) -> bool {
        let model = self.model;
        // Also under the name of a constant.
        let meant = |a: NodeId| match self.stores_of(a).iter().find_map(|s| s.value) {
            Some(value) if matches!(model.kind(a), Kind::Name | Kind::Member) => value,
            _ => a,
        };
        let lasting =
            |a: NodeId| model.self_and_descendants(meant(a)).any(|n| has_word(model.name(n), &["persistent"]));
        let plain: Vec<NodeId> = args.iter().copied().filter(|a| model.kind(*a) != Kind::Argument).collect();
        match plain[..] {
            [_] | [_, _] => args.iter().all(|a| model.kind(*a) != Kind::Spread),
            [_, _, flags, _] if model.kind(flags) == Kind::Number => model.name(flags) == "0",
            _ => plain.iter().any(|a| lasting(*a)),
        }
    }

    /// A node that is there already means that somebody else has the lock.
    fn takes_a_node_as_refusal(&self, call: NodeId) -> bool {
        let model = self.model;
        let Some(function) = self.named_function_around(call) else { return false };
        model.descendants(function).any(|n| {
            matches!(model.kind(n), Kind::Type | Kind::Name | Kind::Member)
                && has_word(model.name(n), &["exists", "nodeexists"])
                && has_word(model.name(n), &["node", "nodeexists"])
        })
    }
}
