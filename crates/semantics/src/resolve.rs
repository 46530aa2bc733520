//! Import-aware names, cheap types, and the catalogue entry behind a call.

use crate::analysis::{Analysis, Resolved, Type};
use crate::catalog::{ApiId, ApiRole, leaf};
use crate::names::canonical;
use crate::tables::{Store, StoreKind, join_path};
use crate::value::How;
use timelint_model::{Kind, NodeId, Role, Sym};

/// A function that a call reaches.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Callee<'a> {
    /// In this file.
    Here(NodeId),
    /// In another file of the project.
    Elsewhere(&'a crate::summary::FunctionSummary),
}

impl<'a> Analysis<'a> {
    /// The catalogue entry behind a call, construction, idiom, member read or decorator.
    pub fn resolve(&self, id: NodeId) -> Option<Resolved<'a>> {
        let (api, how) = self.entry_of(id)?;
        let api = self.catalog.api(api).in_use(|package| self.index.version_of(&self.path, package));
        Some(Resolved { api, how })
    }

    /// The index of the catalogue entry behind `id`.
    pub(crate) fn api_id(&self, id: NodeId) -> Option<ApiId> {
        self.entry_of(id).map(|(api, _)| api)
    }

    fn entry_of(&self, id: NodeId) -> Option<(ApiId, How)> {
        let can_have_one = matches!(
            self.model.kind(id),
            Kind::Idiom | Kind::New | Kind::Record | Kind::Call | Kind::Decorator | Kind::Member
        );
        if !can_have_one {
            return None;
        }
        let known = self.calls.borrow().get(id).copied();
        known.unwrap_or_else(|| {
            let found = self.resolve_uncached(id);
            self.calls.borrow_mut().insert(id, found, self.model.len());
            found
        })
    }

    fn resolve_uncached(&self, id: NodeId) -> Option<(ApiId, How)> {
        let model = self.model;
        let arity = || model.children_with(id, Role::Arg).count();
        match model.kind(id) {
            Kind::Idiom => self.catalog.lookup(&format!("idiom:{}", model.name(id)), None).map(|a| (a, How::Import)),
            Kind::New => {
                let ty = self.constructed_type(id)?;
                self.catalog.lookup(&ty.name, Some(arity())).map(|a| (a, ty.how))
            }
            Kind::Record => {
                let ty = model.child(id, Role::Type).and_then(|t| self.named_type(t))?;
                self.catalog.lookup(&ty.name, None).map(|a| (a, ty.how))
            }
            Kind::Call | Kind::Decorator => {
                let name = model.name(id);
                let known = self.catalog.has_leaf(name);
                let (receiver, callee) = (model.child(id, Role::Receiver), model.child(id, Role::Callee));
                if !known && receiver.is_some() {
                    return None;
                }
                match (receiver, callee) {
                    (Some(receiver), _) => self.resolve_member(receiver, model.sym(id), Some(arity())),
                    (None, Some(_)) => None,
                    (None, None) => self.resolve_plain(id, model.sym(id), Some(arity())),
                }
            }
            Kind::Member => {
                if !self.catalog.has_leaf(model.name(id)) {
                    return None;
                }
                let object = model.child(id, Role::Object)?;
                let found = self.resolve_member(object, model.sym(id), None).filter(|(_, how)| *how != How::Name);
                found.or_else(|| self.resolve_inner_member(object, model.name(id)))
            }
            _ => None,
        }
    }

    /// `config.Consumer.Group.Session.Timeout`: a member of a part of an object of a library, by the way to it.
    fn resolve_inner_member(&self, part: NodeId, name: &str) -> Option<(ApiId, How)> {
        const DEEP: usize = 4;
        let mut way = name.to_owned();
        let mut part = part;
        for _ in 0..DEEP {
            let object = self.model.child(part, Role::Object)?;
            way = format!("{}.{way}", self.model.name(part));
            let typed = self.type_of(object);
            let entry = |ty: Type| Some((self.catalog.lookup(&format!("{}#{way}", ty.name), None)?, ty.how));
            if let Some(found) = typed.and_then(entry) {
                return Some(found);
            }
            part = object;
        }
        None
    }

    fn resolve_member(&self, object: NodeId, method: Sym, arity: Option<usize>) -> Option<(ApiId, How)> {
        let name = self.model.text(method);
        if let Some(path) = self.path_of(object)
            && let Some(api) = self.catalog.lookup(&canonical(&join_path(&path, name)), arity)
        {
            return Some((api, How::Import));
        }
        let ty = self.type_of(object);
        if let Some(ty) = &ty {
            if let Some(api) = self.typed_method(&ty.name, name, arity) {
                return Some((api, ty.how));
            }
            // The type is a known one of a library and has no such entry: its method means nothing to us.
            if self.catalog.knows_type(&ty.name) && ty.how != How::Name {
                return None;
            }
        }
        let called = || self.lock_of_called(object, name, arity).map(|a| (a, How::Project));
        if let Some(found) = ty.is_none().then(called).flatten() {
            return Some(found);
        }
        if let Some(api) = self.catalog.method_of_any(name, arity) {
            return Some((api, How::Name));
        }
        let unknown = ty.is_none_or(|t| !self.catalog.knows_type(&t.name))
            && !self.tables.defines_function(method)
            && !self.index.defines(name);
        // A wait by itself says nothing of who is waited for.
        let imported = || {
            let found = self.catalog.method_of_imported(self.tables.imports.values(), name, arity)?;
            (self.catalog.api(found).role != ApiRole::Await).then_some(found)
        };
        unknown.then(imported).flatten().map(|api| (api, How::Project))
    }

    /// The entry of a method that makes or takes a lock, on an object that only its name tells to be a store's client.
    fn lock_of_called(&self, object: NodeId, method: &str, arity: Option<usize>) -> Option<ApiId> {
        let plain = matches!(self.model.kind(object), Kind::Name | Kind::Member);
        let ty = plain.then(|| self.catalog.type_called(self.model.name(object))).flatten()?;
        let locks =
            |role| matches!(role, ApiRole::LockNew | ApiRole::LockAcquire | ApiRole::LockTry | ApiRole::LockRegion);
        self.catalog.method(ty, method, arity).filter(|a| locks(self.catalog.api(*a).role))
    }

    /// The entry of a method on a library type, or on the library types that a project class extends.
    pub(crate) fn typed_method(&self, ty: &str, method: &str, arity: Option<usize>) -> Option<ApiId> {
        if let Some(api) = self.catalog.method(ty, method, arity) {
            return Some(api);
        }
        if !self.catalog.has_methods(method) {
            return None;
        }
        self.supertypes(ty).iter().find_map(|parent| self.catalog.method(parent, method, arity))
    }

    fn resolve_plain(&self, id: NodeId, name: Sym, arity: Option<usize>) -> Option<(ApiId, How)> {
        let text = self.model.text(name);
        if let Some((path, how)) = self.path_of_name(id, name)
            && let Some(api) = self.catalog.lookup(&path, arity)
        {
            return Some((api, how));
        }
        if !self.catalog.has_leaf(text) {
            let store = self.local_store(id, name).filter(|s| s.kind == StoreKind::Plain && s.index == 0)?;
            return self.bound_method(store.value?, arity);
        }
        // A method of the same class, inherited from a library type.
        if let Some(class) = self.tables.class_around(self.model, id) {
            let name = &self.tables.classes[class as usize].name;
            if let Some(api) = self.typed_method(name, text, arity) {
                return Some((api, How::Annotation));
            }
        }
        if let Some(store) = self.local_store(id, name) {
            let bound = store.value.filter(|_| store.kind == StoreKind::Plain && store.index == 0)?;
            return self.bound_method(bound, arity);
        }
        if self.is_defined_here(id, name) {
            return None;
        }
        self.catalog.method_of_any(text, arity).map(|a| (a, How::Name))
    }

    /// A function of this name stands in the file, or in the class around: it is what a bare call means.
    fn is_defined_here(&self, at: NodeId, name: Sym) -> bool {
        let own = |class: u32| self.tables.classes[class as usize].methods.contains_key(&name);
        self.tables.free_functions.contains_key(&name) || self.tables.class_around(self.model, at).is_some_and(own)
    }

    /// A local variable that holds a method: `join = result.join_native if native else result.join`.
    fn bound_method(&self, value: NodeId, arity: Option<usize>) -> Option<(ApiId, How)> {
        let model = self.model;
        self.guarded(value, || match model.kind(value) {
            Kind::Member if self.catalog.has_leaf(model.name(value)) => {
                let object = model.child(value, Role::Object)?;
                self.resolve_member(object, model.sym(value), arity)
            }
            Kind::Conditional => {
                let branches = model.children(value).filter(|c| model.role(*c) != Role::Condition);
                branches.into_iter().find_map(|branch| self.bound_method(branch, arity))
            }
            _ => None,
        })
    }

    /// The qualified path that an expression names: an imported module, class or function and members of it, through
    /// module-level rebinding and destructuring.
    pub fn path_of(&self, id: NodeId) -> Option<String> {
        match self.model.kind(id) {
            Kind::Name => self.path_of_name(id, self.model.sym(id)).map(|p| p.0),
            Kind::Member => {
                let object = self.model.child(id, Role::Object)?;
                if self.tables.is_this(self.model, object) || self.stands_for_this(object) {
                    return self.path_of_own_field(id);
                }
                let path = self.guarded(object, || self.path_of(object))?;
                Some(canonical(&join_path(&path, self.model.name(id))))
            }
            // `require('x')`
            Kind::Call if self.model.name(id) == "require" && self.model.child(id, Role::Receiver).is_none() => {
                let arg = self.model.child(id, Role::Arg)?;
                (self.model.kind(arg) == Kind::String).then(|| canonical(self.model.name(arg)))
            }
            Kind::Await => {
                let value = self.model.child(id, Role::Value)?;
                self.guarded(value, || self.path_of(value))
            }
            // `const transport = secure ? https : http`: either stands for both.
            Kind::Conditional => {
                let mut branches = self.model.children(id).filter(|c| self.model.role(*c) != Role::Condition);
                branches.find_map(|branch| self.guarded(branch, || self.path_of(branch)))
            }
            _ => None,
        }
    }

    /// `this.transport = secure ? https : http`: a field that holds a module or a function of one, whoever stores to it.
    fn path_of_own_field(&self, member: NodeId) -> Option<String> {
        /// Stores that are looked at.
        const MOST_STORES: usize = 8;
        let class = self.tables.class_around(self.model, member)?;
        let stores = self.tables.classes[class as usize].fields.get(&self.model.sym(member))?;
        let path = |s: &Store| {
            let value = s.value.filter(|v| s.index == 0 && self.names_an_import(*v))?;
            self.guarded(value, || self.path_of(value))
        };
        (stores.len() <= MOST_STORES).then(|| stores.iter().map(path).collect::<Option<Vec<_>>>())??.into_iter().next()
    }

    /// `const self = this`
    fn stands_for_this(&self, object: NodeId) -> bool {
        let held = || self.local_store(object, self.model.sym(object)).and_then(|s| s.value);
        self.model.kind(object) == Kind::Name && held().is_some_and(|v| self.model.kind(v) == Kind::This)
    }

    /// Something imported, a member of it, or one of several such.
    fn names_an_import(&self, value: NodeId) -> bool {
        let model = self.model;
        match model.kind(value) {
            Kind::Name => {
                self.tables.imports.contains_key(model.name(value))
                    || self.local_store(value, model.sym(value)).is_some()
            }
            Kind::Member => model.child(value, Role::Object).is_some_and(|o| self.names_an_import(o)),
            Kind::Call => model.name(value) == "require",
            Kind::Conditional => {
                let mut branches = model.children(value).filter(|c| model.role(*c) != Role::Condition);
                branches.all(|b| self.names_an_import(b))
            }
            _ => false,
        }
    }

    pub(crate) fn path_of_name(&self, at: NodeId, name: Sym) -> Option<(String, How)> {
        let text = self.model.text(name);
        if let Some(store) = self.local_store(at, name) {
            return self.path_of_store(store, text).map(|p| (p, How::Import));
        }
        if let Some(path) = self.tables.imports.get(text) {
            return Some((path.clone(), How::Import));
        }
        for module in &self.tables.wildcards {
            let path = canonical(&join_path(module, text));
            if self.catalog.lookup(&path, None).is_some()
                || self.catalog.knows_type(&path)
                || self.catalog.has_members_of(&path)
            {
                return Some((path, How::Import));
            }
        }
        if self.tables.free_functions.contains_key(&name) || self.tables.classes.iter().any(|c| c.name == text) {
            return None;
        }
        for implicit in self.tables.package.as_deref().into_iter().chain(["java.lang"]) {
            let path = join_path(implicit, text);
            if self.catalog.knows_type(&path)
                || self.catalog.has_members_of(&path)
                || self.catalog.lookup(&path, None).is_some()
            {
                return Some((path, How::Import));
            }
        }
        Some((text.to_owned(), How::Import))
    }

    /// The path behind `now = time.time`, `const { now } = Date`, `def f(now=time.time)`.
    pub(crate) fn path_of_store(&self, store: Store, name: &str) -> Option<String> {
        let value = store.value?;
        if matches!(store.kind, StoreKind::Element | StoreKind::Update | StoreKind::Caught | StoreKind::Resource) {
            return None;
        }
        self.guarded(value, || {
            let path = self.path_of(value)?;
            if store.index == 0 {
                return Some(path);
            }
            // Destructured: the entry's key names the member.
            let target = self.model.child(store.at, Role::Target)?;
            let entry = self.model.descendants(target).find(|e| {
                self.model.kind(*e) == Kind::Entry
                    && self.model.child(*e, Role::Value).is_some_and(|v| self.model.name(v) == name)
            })?;
            Some(canonical(&join_path(&path, self.model.name(entry))))
        })
    }

    /// The store that a local name refers to first: of the innermost scope that stores to it.
    pub(crate) fn local_store(&self, at: NodeId, name: Sym) -> Option<Store> {
        self.scopes(at).find_map(|scope| self.tables.stores(scope, name).first().copied())
    }

    /// The scopes around `at`, innermost first: functions, then the module. A class body is visible only to itself.
    pub(crate) fn scopes(&self, at: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        let model = self.model;
        let holders = || self.tables.holders(model, at);
        let direct = holders().next().filter(|a| model.kind(*a) == Kind::Class);
        let functions = holders().filter(|a| model.kind(*a) == Kind::Function);
        direct.into_iter().chain(functions).chain([model.root()])
    }

    /// The function that a call reaches, in this file or elsewhere in the project.
    pub fn callee(&self, id: NodeId) -> Option<Callee<'a>> {
        if self.model.kind(id) != Kind::Call {
            return None;
        }
        self.kept(&self.callees, id, || self.find_callee(id))
    }

    /// Whether a call may reach a function of this file, or one whose name it does not say: [`Analysis::callee`] need
    /// not be asked about a call of which neither this nor the index's names hold.
    pub(crate) fn may_lead_here(&self, call: NodeId) -> bool {
        let name = self.model.sym(call);
        let held = || self.model.child(call, Role::Receiver).is_none() && self.local_store(call, name).is_some();
        self.tables.defines_function(name) || held()
    }

    fn find_callee(&self, id: NodeId) -> Option<Callee<'a>> {
        let model = self.model;
        let name = model.sym(id);
        let text = model.text(name);
        let arity = model.children_with(id, Role::Arg).count();
        let Some(receiver) = model.child(id, Role::Receiver) else {
            if model.child(id, Role::Callee).is_some() {
                return None;
            }
            // A local variable that holds a function.
            if let Some(store) = self.local_store(id, name) {
                if let Some(value) = store.value.filter(|v| model.kind(*v) == Kind::Function) {
                    return Some(Callee::Here(value));
                }
                // `const { now } = require('./clocks')`
                let path = self.path_of_store(store, text)?;
                return self.index.function(Some(&path), "", leaf(&path)).map(Callee::Elsewhere);
            }
            if let Some(class) = self.tables.class_around(model, id)
                && let Some(found) = self.method_of(&self.tables.classes[class as usize].name, name, arity)
            {
                return Some(found);
            }
            // What is inside of another class calls its methods as it sees its fields.
            let mut outer = self.tables.outer_classes(model, id).into_iter();
            if let Some(found) =
                outer.find_map(|class| self.method_of(&self.tables.classes[class as usize].name, name, arity))
            {
                return Some(found);
            }
            if let Some(found) = self.tables.free_functions.get(&name).and_then(|f| f.first()) {
                return Some(Callee::Here(*found));
            }
            let module = self.tables.imports.get(text).map(String::as_str);
            return self.index.function(module.or(self.tables.package.as_deref()), "", text).map(Callee::Elsewhere);
        };
        if let Some(ty) = self.type_of(receiver) {
            return self.method_of(&ty.name, name, arity);
        }
        let path = self.path_of(receiver)?;
        // `Clocks.now()`, and the constant of an enumeration: `Clocks.INSTANCE.now()`.
        let constant = leaf(&path).chars().all(|c| c.is_uppercase() || c == '_');
        let owner = path.rsplit_once('.').map(|(owner, _)| leaf(owner)).filter(|_| constant);
        if let Some(found) =
            [Some(leaf(&path)), owner].into_iter().flatten().find_map(|c| self.method_of(c, name, arity))
        {
            return Some(found);
        }
        self.index.function(Some(&path), "", text).map(Callee::Elsewhere)
    }

    /// The method of a class of the project; of overloads the one with as many parameters as the call has arguments.
    fn method_of(&self, class: &str, name: Sym, arity: usize) -> Option<Callee<'a>> {
        // `driver.Conn` is another class than the file's own `Conn`; `Pool.Conn` of its own `Pool` is not.
        let outer = class.rsplit_once('.').map(|(outer, _)| leaf(outer));
        let foreign = outer.is_some_and(|o| self.tables.classes.iter().all(|c| c.name != o));
        let (class, method) = (leaf(class), self.model.text(name));
        let own = |class: &str| {
            let found = self.tables.classes.iter().find(|c| c.name == class)?.methods.get(&name)?;
            let fits = |f: &&NodeId| self.model.children_with(**f, Role::Param).count() == arity;
            found.iter().find(fits).or(found.first()).copied()
        };
        if class.is_empty() {
            return None;
        }
        if let Some(node) = own(class).filter(|_| !foreign) {
            return Some(Callee::Here(node));
        }
        if let Some(found) = self.index.function(None, class, method) {
            return Some(Callee::Elsewhere(found));
        }
        self.supertypes(class).iter().find_map(|parent| {
            let parent = leaf(parent);
            own(parent).map(Callee::Here).or_else(|| self.index.function(None, parent, method).map(Callee::Elsewhere))
        })
    }
}
