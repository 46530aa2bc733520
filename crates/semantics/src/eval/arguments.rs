//! Which expression is the argument that a catalogue entry speaks of.

use crate::analysis::{Analysis, Resolved};
use crate::catalog::{ArgMeaning, ArgPlace};
use crate::resolve::Callee;
use crate::tables::{Store, StoreKind};
use timelint_model::{Kind, NodeId, Role};

impl Analysis<'_> {
    /// The argument of a call with a meaning, by the entry's places.
    pub fn argument(&self, id: NodeId, known: Resolved<'_>, meaning: ArgMeaning) -> Option<NodeId> {
        known.api.args.iter().filter(|a| a.is == meaning).find_map(|spec| self.argument_at(id, spec.at.as_slice()))
    }

    /// The first argument found at any of `places`: by position, keyword, or key of an options object.
    pub fn argument_at(&self, id: NodeId, places: &[ArgPlace]) -> Option<NodeId> {
        let model = self.model;
        let args: Vec<NodeId> = match model.kind(id) {
            Kind::Record => vec![id],
            _ => model.children_with(id, Role::Arg).collect(),
        };
        places.iter().find_map(|place| match place {
            ArgPlace::Position(p) => {
                let plain: Vec<NodeId> = args.iter().copied().filter(|a| model.kind(*a) != Kind::Argument).collect();
                let at =
                    if *p < 0 { plain.len().checked_sub(p.unsigned_abs() as usize) } else { usize::try_from(*p).ok() };
                let found = at.and_then(|at| plain.get(at)).copied()?;
                let spread = plain.iter().take_while(|a| **a <= found).any(|a| model.kind(*a) == Kind::Spread);
                (!spread).then_some(found)
            }
            ArgPlace::Keyword(key) => {
                let named = args.iter().find(|a| model.kind(**a) == Kind::Argument && model.name(**a) == key);
                if let Some(found) = named {
                    return model.child(*found, Role::Value);
                }
                args.iter().find_map(|a| self.entry(*a, key))
            }
        })
    }

    /// The value under a (dotted) key of a record, through a local variable.
    pub fn entry(&self, id: NodeId, key: &str) -> Option<NodeId> {
        let model = self.model;
        let plain = |s: Store| s.value.filter(|_| matches!(s.kind, StoreKind::Plain) && s.index == 0);
        let record = match model.kind(id) {
            Kind::Record => id,
            Kind::Name => {
                // `var transport *http.Transport`, and set once later.
                let set_once = || match self.stores_of(id) {
                    [declared, only] if declared.value.is_none() => plain(*only),
                    _ => None,
                };
                let value = self.local_store(id, model.sym(id)).and_then(plain).or_else(set_once)?;
                match model.kind(value) {
                    Kind::Record => value,
                    // What is made of itself, `options = !options`, leads nowhere.
                    Kind::Unary | Kind::Call | Kind::Name => return self.guarded(value, || self.entry(value, key)),
                    _ => return None,
                }
            }
            Kind::Spread => return self.entry(model.child(id, Role::Value)?, key),
            // `new Handler({ requestTimeout: 5000 })`
            Kind::New => return model.children_with(id, Role::Arg).find_map(|a| self.entry(a, key)),
            // `&http.Transport{..}`
            Kind::Unary => return self.entry(model.child(id, Role::Operand)?, key),
            // What a function of this file makes.
            Kind::Call => match self.callee(id)? {
                Callee::Here(function) => {
                    let made = || self.returns(function).into_iter().find_map(|r| self.entry(r, key));
                    return self.guarded(function, made);
                }
                Callee::Elsewhere(_) => return None,
            },
            _ => return None,
        };
        // Keys may hold dots themselves (`session.timeout.ms`).
        let whole = |item: &NodeId| model.kind(*item) == Kind::Entry && model.name(*item) == key;
        if let Some(item) = model.children(record).find(whole) {
            return model.child(item, Role::Value);
        }
        let (first, rest) = key.split_once('.').map_or((key, None), |(f, r)| (f, Some(r)));
        for item in model.children(record) {
            match model.kind(item) {
                Kind::Entry if model.name(item) == first => {
                    let value = model.child(item, Role::Value)?;
                    return rest.map_or(Some(value), |rest| self.entry(value, rest));
                }
                // `{ retryStrategy(times) { … } }`
                Kind::Function if rest.is_none() && model.name(item) == first => return Some(item),
                _ => {}
            }
        }
        None
    }
}
