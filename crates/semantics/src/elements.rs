//! The types of what containers hold, where their declarations say it: `map[string]*conn`, `dict[str, Session]`.

use crate::analysis::{Analysis, Type};
use crate::catalog::leaf;
use crate::tables::{Store, StoreKind};
use timelint_model::{Kind, NodeId, Role};

impl Analysis<'_> {
    /// The type of an element of the container that a variable or field holds.
    pub(crate) fn element_type(&self, container: NodeId) -> Option<Type> {
        const CONTAINERS: [&str; 18] = [
            "map",
            "[]",
            "chan",
            "list",
            "List",
            "dict",
            "Dict",
            "deque",
            "Deque",
            "set",
            "Set",
            "frozenset",
            "Sequence",
            "Iterable",
            "Mapping",
            "MutableMapping",
            "OrderedDict",
            "defaultdict",
        ];
        let declared = self.declared_type(container)?;
        if !CONTAINERS.contains(&leaf(self.model.name(declared))) {
            return None;
        }
        self.named_type(self.model.children(declared).filter(|c| self.model.kind(*c) == Kind::Type).last()?)
    }

    /// The type of what a loop takes out of a container: the element itself, or beside its key or number.
    pub(crate) fn type_of_element(&self, store: Store) -> Option<Type> {
        let model = self.model;
        let container = store.value.filter(|_| store.kind == StoreKind::Element)?;
        let pairs = model.children_with(store.at, Role::Target).nth(1).is_some();
        let (over, takes_values) = match model.kind(container) {
            Kind::Call if matches!(model.name(container), "items" | "values") => {
                (model.child(container, Role::Receiver)?, true)
            }
            _ => (container, false),
        };
        let keyed = self.declared_type(over).is_some_and(|t| self.has_two_parts(t));
        let element = if pairs { store.index == 1 } else { takes_values || !keyed };
        if element { self.element_type(over) } else { None }
    }

    fn has_two_parts(&self, ty: NodeId) -> bool {
        self.model.children(ty).filter(|c| self.model.kind(*c) == Kind::Type).nth(1).is_some()
    }

    /// The type that is written where a variable, parameter or field is declared.
    fn declared_type(&self, id: NodeId) -> Option<NodeId> {
        if let Some(own) = self.stores_of(id).iter().find_map(|s| s.ty) {
            return Some(own);
        }
        let owner = self.type_of(self.model.child(id, Role::Object)?)?;
        let class = self.tables.classes.iter().find(|c| c.name == leaf(&owner.name))?;
        class.fields.get(&self.model.sym(id))?.iter().find_map(|s| s.ty)
    }
}
