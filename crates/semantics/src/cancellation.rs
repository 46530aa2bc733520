//! Contexts, signals and scopes that a call is bound to, and whether they have ended when it runs.

use crate::analysis::Analysis;
use crate::catalog::{ArgMeaning, Ends};
use crate::lock_helper::is_lock_word;
use crate::names::words;
use crate::tables::{Store, StoreKind};
use timelint_model::{Kind, NodeId, Role};

/// Why a call may find what it is bound to ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// It is cancelled here, before the call.
    Cancelled(NodeId),
    /// Its time, set here, may be over.
    InTime(NodeId),
    /// It came in here, and whoever made it may have cancelled it.
    ByCaller(NodeId),
}

/// How many derivations of a context are followed.
const MOST_STEPS: usize = 5;

impl Analysis<'_> {
    /// The context or signal that a call is given.
    pub fn bound_to(&self, call: NodeId) -> Option<NodeId> {
        let model = self.model;
        let context = |a: &NodeId| {
            self.type_of(*a).is_some_and(|t| matches!(t.name.as_str(), "context.Context" | "AbortSignal"))
                || self.is_context(*a) && self.contexts_end()
        };
        model
            .children_with(call, Role::Arg)
            .find(context)
            .or_else(|| model.children_with(call, Role::Arg).find_map(|a| self.entry(a, "signal")))
    }

    /// Whether what a call is bound to may have ended when it runs, and how.
    pub fn ending_of(&self, call: NodeId) -> Option<Ending> {
        match self.bound_to(call) {
            Some(context) => match self.cancel_before(call, context) {
                Some(cancel) => Some(Ending::Cancelled(cancel)),
                None => self.ending(context, (call, call), MOST_STEPS),
            },
            None => self.ended_scope(call),
        }
    }

    /// The functions of this file that give locks back: those that do not use the context that they are handed, or only as
    /// the parent of one that does not end with it, and those that call something with it.
    pub(crate) fn releases_by_context(&self) -> (Vec<String>, Vec<String>) {
        let model = self.model;
        let named = self.tables.functions.iter().map(|f| f.node).filter(|f| {
            words(model.name(*f)).first().is_some_and(|w| matches!(w.as_str(), "unlock" | "release" | "runlock"))
        });
        let (shielded, others): (Vec<NodeId>, Vec<NodeId>) = named.partition(|f| self.shields(*f));
        let hands_on = |f: &NodeId| {
            let param = model.children_with(*f, Role::Param).find(|p| self.is_bindable(*p));
            let given = |c: NodeId| {
                model.children_with(c, Role::Arg).any(|a| param.is_some_and(|p| model.sym(a) == model.sym(p)))
            };
            self.calls_below(*f).iter().any(|c| given(*c))
        };
        let spelled = |list: Vec<NodeId>| list.into_iter().map(|f| model.name(f).to_owned()).collect();
        (spelled(shielded), spelled(others.into_iter().filter(hands_on).collect()))
    }

    fn shields(&self, function: NodeId) -> bool {
        let model = self.model;
        let Some(body) = model.child(function, Role::Body) else { return false };
        let takes = model.children_with(function, Role::Param).find(|p| self.is_bindable(*p));
        let used =
            |p: NodeId| model.descendants(body).any(|n| model.kind(n) == Kind::Name && model.sym(n) == model.sym(p));
        let fresh = |c: &NodeId| self.resolve(*c).is_some_and(|k| k.api.ends == Some(Ends::Never));
        takes.is_some_and(|p| !used(p)) || self.calls_below(function).iter().any(fresh)
    }

    /// Whether a parameter is a context that ends with its caller: by its written type, or its name where it has none.
    fn is_bindable(&self, param: NodeId) -> bool {
        match self.model.child(param, Role::Type).and_then(|t| self.named_type(t)) {
            Some(ty) => matches!(ty.name.as_str(), "context.Context" | "AbortSignal"),
            None => self.is_named_context(param) && self.contexts_end(),
        }
    }

    /// Whether what is called a context can be ended by whoever made it: not in a language whose libraries keep settings or
    /// users in what they call so.
    fn contexts_end(&self) -> bool {
        self.catalog.entries().any(|api| matches!(api.ends, Some(Ends::Outside)))
    }

    /// How a context that is used at `at` may end by the time that `release` runs.
    fn ending(&self, context: NodeId, (release, at): (NodeId, NodeId), steps: usize) -> Option<Ending> {
        let model = self.model;
        if steps == 0 {
            return None;
        }
        match model.kind(context) {
            Kind::Name => {
                let store = self.last_store(context, at)?;
                match (store.kind, store.value) {
                    (StoreKind::Param(_), _) => self.is_bindable(store.at).then_some(Ending::ByCaller(store.at)),
                    (StoreKind::Plain, Some(value)) if store.index == 0 => {
                        self.ending(value, (release, store.at), steps - 1)
                    }
                    _ => None,
                }
            }
            Kind::Member | Kind::Call => {
                let ends = self.resolve(context).and_then(|known| known.api.ends);
                match ends {
                    Some(Ends::Time) if !self.in_same_cleanup(context, release) => Some(Ending::InTime(context)),
                    Some(Ends::Outside) => Some(Ending::ByCaller(context)),
                    // Cancelled by its own function, or with the one that it was derived from.
                    Some(Ends::Called) | None
                        if model.kind(context) == Kind::Call && !is_lock_word(model.name(context)) =>
                    {
                        let parent = self.bound_to(context)?;
                        self.ending(parent, (release, at), steps - 1)
                    }
                    _ => None,
                }
            }
            Kind::Await => self.ending(model.child(context, Role::Value)?, (release, at), steps - 1),
            _ => None,
        }
    }

    /// Whether a context is made in the clean-up that also releases: its time starts there.
    fn in_same_cleanup(&self, context: NodeId, release: NodeId) -> bool {
        let model = self.model;
        let cleanup = |n: &NodeId| model.kind(*n) == Kind::Defer || model.role(*n) == Role::Finally;
        model.ancestors(release).find(cleanup).is_some_and(|c| model.contains(c, context))
    }

    /// The last store to a name before `at`, in source order.
    fn last_store(&self, name: NodeId, at: NodeId) -> Option<Store> {
        let stores = self.stores_of(name);
        stores.iter().rev().find(|s| s.at < at && !self.model.contains(s.at, at)).or_else(|| stores.first()).copied()
    }

    /// A call before `call` that cancels its context, on the way to it.
    fn cancel_before(&self, call: NodeId, context: NodeId) -> Option<NodeId> {
        let model = self.model;
        let function = self.function_around(call)?;
        let deferred =
            |n: NodeId| model.ancestors(n).take_while(|a| *a != function).find(|a| model.kind(*a) == Kind::Defer);
        let own = deferred(call);
        self.calls_below(function).iter().copied().find(|cancel| {
            let same_function = self.function_around(*cancel) == Some(function);
            if *cancel == call || !same_function || !self.cancels(*cancel, context) {
                return false;
            }
            match (own, deferred(*cancel)) {
                // What is deferred last runs first.
                (Some(own), Some(other)) => other > own,
                (Some(_), None) => self.always_reached(*cancel, function),
                (None, Some(_)) => false,
                (None, None) => *cancel < call && self.leads_to(*cancel, call),
            }
        })
    }

    /// Whether a call cancels a context: by the function that came with it, by the controller of the signal, or by the
    /// neighbour field of the same object.
    fn cancels(&self, cancel: NodeId, context: NodeId) -> bool {
        let model = self.model;
        let says = |n: NodeId| words(model.name(n)).iter().any(|w| matches!(w.as_str(), "cancel" | "abort" | "stop"));
        match model.kind(context) {
            Kind::Name => {
                let of_store = self.stores_of(context).iter().any(|s| {
                    let partner = model.children_with(s.at, Role::Target).nth(1);
                    let plain = model.child(cancel, Role::Receiver).is_none();
                    plain && partner.is_some_and(|p| model.sym(p) == model.sym(cancel))
                        || s.value.is_some_and(|v| model.kind(v) == Kind::Member && self.cancels(cancel, v))
                });
                of_store && model.kind(cancel) == Kind::Call
            }
            Kind::Member => {
                let object = model.child(context, Role::Object);
                let receiver = model.child(cancel, Role::Receiver);
                says(cancel) && receiver.zip(object).is_some_and(|(r, o)| self.same_key(r, o))
            }
            _ => false,
        }
    }

    /// Whether control goes on from `from` to `to`, which follows it: no branch around `from` leaves before.
    fn leads_to(&self, from: NodeId, to: NodeId) -> bool {
        let model = self.model;
        model.ancestors(from).take_while(|a| !model.contains(*a, to)).all(|a| match model.kind(a) {
            Kind::Function | Kind::Catch | Kind::Case => false,
            _ => !(matches!(model.role(a), Role::Then | Role::Else) && self.exits(a)),
        })
    }

    /// A statement of the function's own body.
    fn always_reached(&self, at: NodeId, function: NodeId) -> bool {
        let statement = self.statement(at);
        self.model.parent(statement).and_then(|b| self.model.parent(b)) == Some(function)
    }

    /// The cancel scope around a clean-up that may have ended it, if nothing shields the clean-up.
    fn ended_scope(&self, call: NodeId) -> Option<Ending> {
        let model = self.model;
        let cleanup = model.self_and_ancestors(call).find(|a| model.role(*a) == Role::Finally)?;
        let scope = |with: NodeId| {
            model.children_with(with, Role::Item).filter_map(|i| model.child(i, Role::Value)).find_map(|value| {
                let known = self.resolve(value).filter(|k| k.api.ends.is_some())?;
                let shield = self.argument(value, known, ArgMeaning::Fence);
                Some((value, shield.is_some_and(|s| model.name(s).eq_ignore_ascii_case("true"))))
            })
        };
        let around = model.ancestors(call).take_while(|a| model.kind(*a) != Kind::Function);
        let (with, (value, shielded)) =
            around.filter(|a| model.kind(*a) == Kind::With).find_map(|w| scope(w).map(|s| (w, s)))?;
        (!shielded && model.contains(with, cleanup)).then_some(Ending::InTime(value))
    }
}
