//! What those who make an object, or call its setter, put into its fields.

use crate::analysis::Analysis;
use crate::tables::{ClassInfo, LOOSE, Store, StoreKind};
use crate::value::{How, Origins, Value};
use timelint_model::{Kind, NodeId, Role, Sym};

/// Calls of one method or constructor that are looked at.
const MOST: usize = 8;

impl Analysis<'_> {
    /// The value of a field that only one class of this file has, whatever object it is read from.
    pub(super) fn only_field(&self, field: Sym) -> Value {
        let mut classes = self.tables.classes.iter().filter(|c| c.name != LOOSE && c.fields.contains_key(&field));
        match (classes.next(), classes.next()) {
            (Some(only), None) => self.field_value(&only.name, self.model.text(field)),
            _ => Value::default(),
        }
    }

    /// What is read by the name of a part that only one class of this file declares and is given: `lease.due()`.
    pub(super) fn component(&self, name: &str) -> Option<Value> {
        let field = self.sym_of(name)?;
        let declared = |s: &Store| matches!(s.kind, StoreKind::Param(_)) && self.filled_by(*s).0.is_none();
        let known = self.tables.classes.iter().any(|c| c.fields.get(&field).is_some_and(|s| s.iter().any(declared)));
        let read = || self.only_field(field);
        let plain = known && !self.tables.defines_function(field);
        plain.then(read).filter(|v| v.origins.any(Origins::CLOCKS))
    }

    /// What is given to the parameters that fill the field `id` of the class around.
    pub(super) fn given_to_field(&self, id: NodeId) -> Option<Value> {
        let class = self.tables.class_around(self.model, id)?;
        self.given(&self.tables.classes[class as usize], self.stores_of(id))
    }

    /// What every construction, or every call of a setter, in this file gives to the parameters that fill a field with
    /// these stores, where all give readings.
    pub(super) fn given(&self, class: &ClassInfo, stores: &[Store]) -> Option<Value> {
        let mut given = Value::default();
        for store in stores {
            let (function, positions) = self.filled_by(*store);
            if positions.is_empty() {
                continue;
            }
            for call in self.calls_that_fill(class, function) {
                let args = positions.iter().filter_map(|p| self.argument_for(call, function, *p, store.at));
                let values: Vec<Value> = args.map(|a| self.value(a)).collect();
                match values.iter().find(|v| v.origins.any(Origins::CLOCKS)) {
                    Some(reading) => given = given.join(Value { how: How::Project, ..reading.clone() }),
                    None if !values.is_empty() && values.iter().all(|v| v.origins == Origins::NULL) => {}
                    None => return None,
                }
            }
        }
        (!given.origins.is_empty()).then_some(given)
    }

    /// The function, `None` for a component that is declared with its class, and the positions of its parameters that
    /// take part in a store to a field.
    fn filled_by(&self, store: Store) -> (Option<NodeId>, Vec<usize>) {
        let model = self.model;
        if let StoreKind::Param(position) = store.kind {
            let function = model.parent(store.at).filter(|f| model.kind(*f) == Kind::Function);
            return (function, vec![position as usize]);
        }
        let (Some(value), Some(function)) = (store.value, self.function_around(store.at)) else {
            return (None, Vec::new());
        };
        let given = self.value(value).params;
        (Some(function), (0..32).filter(|p| given >> p & 1 == 1).collect())
    }

    /// Whether a place is where an object of its class is made: in the constructor, or in no function at all.
    pub fn builds_object(&self, id: NodeId) -> bool {
        let class = self.tables.class_around(self.model, id).map(|c| &self.tables.classes[c as usize]);
        let function = self.function_around(id);
        class.is_some_and(|class| function.is_none_or(|f| self.is_constructor(class, f)))
    }

    fn is_constructor(&self, class: &ClassInfo, function: NodeId) -> bool {
        let name = self.model.name(function);
        matches!(name, "__init__" | "constructor") || name == class.name
    }

    /// The calls of a method, or the constructions of the class.
    fn calls_that_fill(&self, class: &ClassInfo, function: Option<NodeId>) -> impl Iterator<Item = NodeId> {
        let method = function.filter(|f| !self.is_constructor(class, *f));
        let name = method.map(|m| self.model.sym(m)).or_else(|| self.sym_of(&class.name));
        let calls = name.map_or(&[][..], |n| self.tables.calls_of(n));
        let fills = move |c: &NodeId| method.is_none() || self.model.child(*c, Role::Receiver).is_some();
        calls.iter().copied().filter(fills).take(MOST)
    }

    /// The argument of a call for a parameter: by its name, or at its position.
    fn argument_for(
        &self,
        call: NodeId,
        function: Option<NodeId>,
        position: usize,
        component: NodeId,
    ) -> Option<NodeId> {
        let model = self.model;
        let param = function.and_then(|f| model.children_with(f, Role::Param).nth(position)).unwrap_or(component);
        let name = model.child(param, Role::Target).map_or(model.sym(param), |t| model.sym(t));
        let named = |a: &NodeId| model.kind(*a) == Kind::Argument && model.sym(*a) == name;
        if let Some(named) = model.children_with(call, Role::Arg).find(named) {
            return model.child(named, Role::Value);
        }
        model.children_with(call, Role::Arg).nth(position).filter(|a| model.kind(*a) != Kind::Argument)
    }
}
