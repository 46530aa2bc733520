//! The type of an expression, as far as declarations, constructions, factories and fields say it.

use crate::analysis::{Analysis, Resolved, Type};
use crate::catalog::leaf;
use crate::names::{canonical, starts_with_word};
use crate::resolve::Callee;
use crate::tables::{Store, StoreKind, Tables, join_path};
use crate::value::How;
use std::rc::Rc;
use timelint_model::{Kind, NodeId, Role, Sym};

impl Analysis<'_> {
    pub(crate) fn find_type(&self, id: NodeId) -> Option<Type> {
        let model = self.model;
        match model.kind(id) {
            Kind::This | Kind::Name if self.tables.is_this(model, id) => self.own_class(id),
            Kind::Name => self.type_of_name(id),
            Kind::Member => self.type_of_member(id),
            Kind::Call => self.type_of_call(id),
            Kind::New => self.constructed_type(id),
            Kind::Record | Kind::Cast | Kind::List => model.child(id, Role::Type).and_then(|t| self.named_type(t)),
            Kind::Await | Kind::Spread | Kind::Argument | Kind::Assign => self.type_of(model.child(id, Role::Value)?),
            Kind::Conditional => {
                model.children(id).filter(|c| model.role(*c) != Role::Condition).find_map(|c| self.type_of(c))
            }
            Kind::Binary if matches!(model.name(id), "||" | "??" | "&&") => {
                model.children(id).collect::<Vec<_>>().into_iter().rev().find_map(|c| self.type_of(c))
            }
            // `&Server{}`, `*server`
            Kind::Unary if matches!(model.name(id), "&" | "*") => self.type_of(model.child(id, Role::Operand)?),
            Kind::Index => self.element_type(model.child(id, Role::Object)?),
            Kind::Idiom => self.resolve(id)?.api.returns.clone().map(|name| Type { name, how: How::Import }),
            _ => None,
        }
    }

    fn own_class(&self, id: NodeId) -> Option<Type> {
        let class = self.tables.own_class(self.model, id);
        let name = self.tables.classes[class as usize].name.clone();
        (!name.is_empty()).then_some(Type { name, how: How::Annotation })
    }

    fn type_of_name(&self, id: NodeId) -> Option<Type> {
        let name = self.model.sym(id);
        for scope in self.scopes(id) {
            let stores = self.tables.stores(scope, name);
            if !stores.is_empty() {
                let reaching = self.reaching(stores, id, scope).into_iter().chain(stores);
                return reaching.into_iter().find_map(|s| self.type_of_store(*s));
            }
        }
        if let Some(class) = self.tables.class_around(self.model, id)
            && let Some(ty) =
                self.type_of_field(&self.tables.classes[class as usize].name.clone(), self.model.text(name))
        {
            return Some(ty);
        }
        for outer in self.tables.outer_classes(self.model, id) {
            let info = &self.tables.classes[outer as usize];
            if info.fields.contains_key(&name) {
                return self.type_of_field(&info.name.clone(), self.model.text(name));
            }
        }
        let path = self.path_of(id)?;
        let Some(api) = self.catalog.lookup(&path, None) else { return self.type_of_global(&path) };
        self.catalog.api(api).returns.clone().filter(|r| r != "receiver").map(|name| Type { name, how: How::Import })
    }

    /// The type of an object that another module made.
    fn type_of_global(&self, path: &str) -> Option<Type> {
        let ty = self.index.global(path, self.tables.package.as_deref())?;
        Some(Type { name: ty.to_owned(), how: How::Project })
    }

    pub(crate) fn type_of_store(&self, store: Store) -> Option<Type> {
        if let Some(ty) = store.ty.and_then(|t| self.named_type(t)) {
            return Some(ty);
        }
        match store.kind {
            StoreKind::Plain | StoreKind::Resource | StoreKind::Param(_) if store.index == 0 => {
                self.type_of(store.value?)
            }
            StoreKind::Element => self.type_of_element(store),
            _ => None,
        }
    }

    fn type_of_member(&self, id: NodeId) -> Option<Type> {
        let object = self.model.child(id, Role::Object)?;
        let name = self.model.name(id);
        // `Connection.this`, of a class around
        if name == "this" && self.model.kind(object) == Kind::Name {
            return Some(Type { name: self.model.name(object).to_owned(), how: How::Annotation });
        }
        if let Some(known) = self.resolve(id)
            && let Some(ty) = self.returned(known, Some(object))
        {
            return Some(ty);
        }
        match self.type_of(object) {
            Some(owner) => self.type_of_field(&owner.name, name),
            // `stores.redis` of an imported module.
            None => self.type_of_global(&self.path_of(id)?),
        }
    }

    /// The type of `class.field`, from this file's stores and declarations, else from the project's.
    pub(crate) fn type_of_field(&self, class: &str, field: &str) -> Option<Type> {
        if let Some(info) = self.tables.classes.iter().find(|c| c.name == class) {
            let stores = info.fields.iter().find(|(sym, _)| self.model.text(**sym) == field);
            if let Some(ty) = stores.and_then(|(_, stores)| stores.iter().find_map(|s| self.type_of_store(*s))) {
                return Some(ty);
            }
        }
        let summary = self.index.field(leaf(class), field)?;
        summary.ty.clone().map(|name| Type { name, how: How::Project })
    }

    pub(crate) fn constructed_type(&self, id: NodeId) -> Option<Type> {
        if let Some(ty) = self.model.child(id, Role::Type) {
            return self.named_type(ty).map(|t| Type { how: t.how.max(How::Constructor), ..t });
        }
        let callee = self.model.child(id, Role::Callee)?;
        let path = self.path_of(callee)?;
        Some(Type { name: path, how: How::Constructor })
    }

    fn type_of_call(&self, id: NodeId) -> Option<Type> {
        if let Some(known) = self.resolve(id)
            && let Some(ty) = self.returned(known, self.model.child(id, Role::Receiver))
        {
            return Some(ty);
        }
        // Construction without a keyword: the callee names a type.
        let path = match self.model.child(id, Role::Receiver) {
            None if self.model.child(id, Role::Callee).is_none() => {
                self.path_of_name(id, self.model.sym(id)).map(|p| p.0)
            }
            Some(receiver) => self.path_of(receiver).map(|p| canonical(&join_path(&p, self.model.name(id)))),
            None => None,
        };
        if let Some(path) = path
            && self.catalog.knows_type(&path)
        {
            return Some(Type { name: path, how: How::Constructor });
        }
        let name = self.model.name(id);
        if name.starts_with(char::is_uppercase)
            && (self.tables.classes.iter().any(|c| c.name == name) || self.index.has_class(name))
        {
            return Some(Type { name: name.to_owned(), how: How::Constructor });
        }
        match self.callee(id) {
            Some(Callee::Here(function)) => self.returned_type(function),
            Some(Callee::Elsewhere(summary)) => {
                summary.return_type.clone().map(|name| Type { name, how: How::Project })
            }
            None => self.builder_again(id),
        }
    }

    /// The builder of a library, after a setting of which the catalogue has no entry: `builder.evictIdleConnections(..)`.
    fn builder_again(&self, id: NodeId) -> Option<Type> {
        /// Calls of a chain that are looked through.
        const MOST_LINKS: usize = 24;
        const ENDS: [&str; 8] = ["build", "create", "get", "is", "to", "has", "make", "new"];
        let receiver = self.model.child(id, Role::Receiver)?;
        let links = std::iter::successors(Some(receiver), |n| self.model.child(*n, Role::Receiver));
        if links.take(MOST_LINKS).count() == MOST_LINKS || starts_with_word(self.model.name(id), &ENDS) {
            return None;
        }
        let builds = |t: &Type| t.how != How::Name && leaf(&t.name).ends_with("Builder");
        self.type_of(receiver).filter(|t| builds(t) && self.catalog.knows_type(&t.name))
    }

    fn returned(&self, known: Resolved<'_>, receiver: Option<NodeId>) -> Option<Type> {
        match known.api.returns.as_deref()? {
            "receiver" => self.type_of(receiver?),
            name => Some(Type { name: name.to_owned(), how: known.how.min(How::Factory) }),
        }
    }

    /// The type that a function of this file returns, written or found in its first return.
    pub(crate) fn returned_type(&self, function: NodeId) -> Option<Type> {
        self.guarded(function, || {
            if let Some(ty) = self.model.child(function, Role::Returns).and_then(|t| self.named_type(t)) {
                return Some(ty);
            }
            self.returns(function).iter().find_map(|value| self.type_of(*value))
        })
    }

    /// The (first) values that a function returns; the body itself for an expression lambda.
    pub fn returns(&self, function: NodeId) -> Vec<NodeId> {
        let model = self.model;
        if let Some(body) = model.child(function, Role::Body)
            && !matches!(model.kind(body), Kind::Block | Kind::Group)
            && !model.kind(body).is_statement()
        {
            return vec![body];
        }
        let own = |id: &NodeId| Tables::scope_of(model, *id) == function;
        let returns = model.descendants(function).filter(|d| model.kind(*d) == Kind::Return).filter(own);
        returns.filter_map(|r| model.child(r, Role::Value)).collect()
    }

    /// A written type as a qualified name.
    pub(crate) fn named_type(&self, id: NodeId) -> Option<Type> {
        let model = self.model;
        let name = model.name(id);
        if name.is_empty() {
            return model.children(id).find(|c| model.kind(*c) == Kind::Type).and_then(|c| self.named_type(c));
        }
        if matches!(
            leaf(name),
            "Optional" | "Promise" | "Awaitable" | "Annotated" | "Final" | "ClassVar" | "Type" | "Union"
        ) && let Some(inner) = model.children(id).find(|c| model.kind(*c) == Kind::Type)
        {
            return self.named_type(inner);
        }
        let (first, rest) = name.split_once('.').map_or((name, None), |(f, r)| (f, Some(r)));
        let how = How::Annotation;
        if let Some(path) = self.tables.imports.get(first) {
            let full = rest.map_or_else(|| path.clone(), |r| join_path(path, r));
            return Some(Type { name: canonical(&full), how });
        }
        if rest.is_some() {
            return Some(Type { name: name.to_owned(), how });
        }
        if let Some(store) = self.local_store(id, self.sym_of(first)?)
            && let Some(path) = self.path_of_store(store, first)
        {
            return Some(Type { name: path, how });
        }
        if self.tables.classes.iter().any(|c| c.name == name && c.node.is_some()) {
            return Some(Type { name: name.to_owned(), how });
        }
        let package = self.tables.package.iter().map(String::as_str);
        for module in self.tables.wildcards.iter().map(String::as_str).chain(package).chain(["java.lang"]) {
            let path = join_path(module, name);
            if self.catalog.knows_type(&path) || self.catalog.lookup(&path, None).is_some() {
                return Some(Type { name: path, how });
            }
        }
        Some(Type { name: name.to_owned(), how })
    }

    pub(crate) fn sym_of(&self, text: &str) -> Option<Sym> {
        self.symbols.get_or_init(|| self.model.symbols().map(|(sym, text)| (text, sym)).collect()).get(text).copied()
    }

    /// Supertypes of a project class, qualified where this file can tell, nearest first.
    pub fn supertypes(&self, class: &str) -> Rc<[String]> {
        if let Some(known) = self.supertypes.borrow().get(class) {
            return known.clone();
        }
        let found: Rc<[String]> = self.find_supertypes(class).into();
        self.supertypes.borrow_mut().insert(class.to_owned(), found.clone());
        found
    }

    fn find_supertypes(&self, class: &str) -> Vec<String> {
        let mut all: Vec<String> = Vec::new();
        let mut queue = vec![class.to_owned()];
        while let Some(next) = queue.pop() {
            let mut parents: Vec<String> = Vec::new();
            for info in self.tables.classes.iter().filter(|c| c.name == next) {
                parents.extend(info.extends.iter().filter_map(|t| {
                    if self.model.kind(*t) == Kind::Type {
                        self.named_type(*t).map(|t| t.name)
                    } else {
                        self.path_of(*t)
                    }
                }));
            }
            parents.extend(self.index.supertypes(leaf(&next)).iter().cloned());
            for parent in parents {
                if !all.contains(&parent) && all.len() < 16 {
                    queue.push(leaf(&parent).to_owned());
                    all.push(parent);
                }
            }
        }
        all
    }
}
