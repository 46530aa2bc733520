//! What every replica of a state machine runs, or what is replayed from a log: it has to give the same result each time.

use crate::analysis::{Analysis, Resolved};
use crate::catalog::{Api, ApiRole, leaf};
use crate::names::{has_word, words};
use crate::resolve::Callee;
use crate::value::How;
use rustc_hash::FxHashSet;
use timelint_model::{Kind, NodeId, Role};

/// A function that has to give the same result on every machine.
#[derive(Debug, Clone, Copy)]
pub struct Replayed<'a> {
    /// The function.
    pub function: NodeId,
    /// What says so, of this function or of the one that leads to it: a decorator, a parameter.
    pub root: NodeId,
    /// The library's entry; `None` where only names say so.
    pub api: Option<&'a Api>,
}

impl<'a> Analysis<'a> {
    /// The functions of the file that are applied on every replica or replayed, with those of the file that they call.
    pub fn replayed_functions(&self) -> Vec<Replayed<'a>> {
        const DEEP: usize = 4;
        let mut found: Vec<Replayed<'a>> = self.callbacks().collect();
        found.extend(self.tables.functions.iter().filter_map(|f| self.replayed_root(f.node)));
        let mut seen: FxHashSet<NodeId> = found.iter().map(|r| r.function).collect();
        let mut next = 0;
        for _ in 0..DEEP {
            let end = found.len();
            for at in next..end {
                let from = found[at];
                let first = self.tables.calls.partition_point(|c| *c < from.function);
                let inside = self.tables.calls[first..].iter().take_while(|c| self.model.contains(from.function, **c));
                for call in inside {
                    if let Some(Callee::Here(function)) = self.callee(*call)
                        && seen.insert(function)
                    {
                        found.push(Replayed { function, ..from });
                    }
                }
            }
            next = end;
        }
        found
    }

    /// `orchestrator(function* (context) { .. })`.
    fn callbacks(&self) -> impl Iterator<Item = Replayed<'a>> + '_ {
        let model = self.model;
        self.tables.calls.iter().filter_map(move |call| {
            let known = self.resolve(*call).filter(|k| is_replayed(*k))?;
            let function = model.children_with(*call, Role::Arg).find(|a| model.kind(*a) == Kind::Function)?;
            Some(Replayed { function, root: self.head(function), api: Some(known.api) })
        })
    }

    fn replayed_root(&self, function: NodeId) -> Option<Replayed<'a>> {
        let named = || self.is_applied_by_name(function).then(|| (self.head(function), None));
        let (root, api) = self.replaying_entry(function).map(|(at, api)| (at, Some(api))).or_else(named)?;
        Some(Replayed { function, root, api })
    }

    /// By a decorator, as a method of a library's interface, or by a parameter of a type that only such functions get.
    fn replaying_entry(&self, function: NodeId) -> Option<(NodeId, &'a Api)> {
        let model = self.model;
        let decorated = model
            .children_with(function, Role::Decorator)
            .find_map(|d| Some((d, self.resolve(d).filter(|k| is_replayed(*k))?)));
        if let Some((decorator, known)) = decorated {
            return Some((decorator, known.api));
        }
        let name = model.name(function);
        let overriding = || {
            let class = self.tables.class_around(model, function)?;
            let class = self.tables.classes[class as usize].name.as_str();
            let api = self.catalog.api(self.typed_method(class, name, None)?);
            (api.role == ApiRole::Replayed).then(|| (self.head(function), api))
        };
        let handed = || {
            let params = model.children_with(function, Role::Param);
            let mut types = params.filter_map(|p| model.children(p).find(|c| model.kind(*c) == Kind::Type));
            types.find_map(|t| {
                let ty = self.named_type(t)?;
                let api = self.catalog.api(self.catalog.lookup(&ty.name, None)?);
                (api.role == ApiRole::Replayed).then_some((t, api))
            })
        };
        let known_name = self.catalog.has_leaf(name);
        known_name.then(overriding).flatten().or_else(handed)
    }

    /// Where a function begins, for a label: its first parameter.
    fn head(&self, function: NodeId) -> NodeId {
        self.model.child(function, Role::Param).unwrap_or(function)
    }

    /// A write of a store or machine of states that is given its place in the log: `stateStore.upsert(index, job)`.
    fn is_applied_by_name(&self, function: NodeId) -> bool {
        const PLACES: [&str; 6] = ["index", "idx", "raftIndex", "logIndex", "raft_index", "log_index"];
        let model = self.model;
        let class = self.tables.class_around(model, function).map(|c| self.tables.classes[c as usize].name.as_str());
        let replicated = class.is_some_and(|c| {
            let all = words(leaf(c));
            let has = |w: &str| all.iter().any(|x| x == w);
            has("fsm") || has("state") && (has("store") || has("machine"))
        });
        let mut params = model.children_with(function, Role::Param).take(3);
        let reads = has_word(model.name(function), &["get", "list", "by", "watch", "wait", "snapshot", "restore"]);
        replicated && !reads && params.any(|p| PLACES.contains(&model.name(p)))
    }
}

fn is_replayed(known: Resolved<'_>) -> bool {
    known.api.role == ApiRole::Replayed && known.how != How::Name
}
