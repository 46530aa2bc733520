//! One scan over a file: its functions, classes, imports and every store to a name.

mod stores;

use crate::names::{canonical, import_local_names};
use rustc_hash::{FxHashMap, FxHashSet};
use timelint_model::{FileModel, Kind, NodeId, Role, Sym};

/// One store to a name or field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Store {
    /// The storing node: let, assign, param, loop, with-item, catch.
    pub at: NodeId,
    /// The stored expression, where there is one.
    pub value: Option<NodeId>,
    /// Which of several values of the expression (`a, err := f()`): 0 for the first or only one.
    pub index: u32,
    /// The written type.
    pub ty: Option<NodeId>,
    /// How the value gets there.
    pub kind: StoreKind,
}

/// How a value gets into a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreKind {
    /// Plain assignment or declaration.
    Plain,
    /// `+=` and kin: the old value takes part.
    Update,
    /// A parameter, by position.
    Param(u32),
    /// One element of what a loop goes through.
    Element,
    /// A caught error.
    Caught,
    /// A resource of a scoped statement.
    Resource,
}

/// A function of the file.
#[derive(Debug, Clone, Copy)]
pub struct FunctionInfo {
    /// Its node.
    pub node: NodeId,
    /// The class it belongs to, by index into [`Tables::classes`].
    pub class: Option<u32>,
}

/// A class of the file; methods may stand outside its body (Go).
#[derive(Debug, Clone, Default)]
pub struct ClassInfo {
    /// Its node; `None` when only methods of it are in this file.
    pub node: Option<NodeId>,
    /// Its simple name.
    pub name: String,
    /// Supertypes as written.
    pub extends: Vec<NodeId>,
    /// Fields: declarations and every store through the current object.
    pub fields: FxHashMap<Sym, Vec<Store>>,
    /// Methods by name.
    pub methods: FxHashMap<Sym, Vec<NodeId>>,
}

/// The name of the class that stands for current objects outside any class.
pub(crate) const LOOSE: &str = "<file>";

/// The tables of one file.
#[derive(Debug, Default)]
pub struct Tables {
    /// All functions in source order.
    pub functions: Vec<FunctionInfo>,
    /// All classes.
    pub classes: Vec<ClassInfo>,
    /// Local name to the canonical path that it was imported from.
    pub imports: FxHashMap<String, String>,
    /// Modules of which everything was imported.
    pub wildcards: Vec<String>,
    /// The package that the file declares.
    pub package: Option<String>,
    /// Calls, constructions and idioms, in source order.
    pub calls: Vec<NodeId>,
    /// The resources of scoped statements, in source order.
    pub scoped: Vec<NodeId>,
    /// Calls by their name, constructions by their type's, in source order.
    calls_of: FxHashMap<Sym, Vec<NodeId>>,
    /// Stores by scope (function, class or module node) and name.
    stores: FxHashMap<(NodeId, Sym), Vec<Store>>,
    /// Named functions by name, outside classes.
    pub free_functions: FxHashMap<Sym, Vec<NodeId>>,
    class_of: FxHashMap<NodeId, u32>,
    /// What is put into the map or list of this name: a local one, or a field of the class.
    elements: FxHashMap<(Option<u32>, Sym), Vec<NodeId>>,
    /// Under which keys something is put into the map of this name.
    keys: FxHashMap<(Option<u32>, Sym), Vec<NodeId>>,
    foreign: FxHashMap<Sym, Vec<(NodeId, Store)>>,
    /// Names that a function declares to be of an outer scope.
    outer_names: FxHashSet<(NodeId, Sym)>,
    /// Every read of a plain name, by name and in source order, and for each name where its reads begin.
    reads: Vec<NodeId>,
    first_reads: Vec<u32>,
    /// For each node the innermost function, class or module around it, or itself if it is one.
    around: Vec<NodeId>,
    /// Names of all functions and methods, and of parameters that are the current object.
    function_names: FxHashSet<Sym>,
    this_names: FxHashSet<Sym>,
}

impl Tables {
    /// Scans `model`.
    pub fn new(model: &FileModel) -> Self {
        let mut tables = Self::default();
        tables.new_class(LOOSE);
        let mut by_name: FxHashMap<String, u32> = FxHashMap::default();
        tables.around.reserve_exact(model.len());
        for id in model.ids() {
            let own = matches!(model.kind(id), Kind::Function | Kind::Class | Kind::Module);
            let around = if own { id } else { model.parent(id).map_or(id, |p| tables.around[p.0 as usize]) };
            tables.around.push(around);
            if model.role(id) == Role::This {
                tables.this_names.insert(model.sym(id));
            }
            match model.kind(id) {
                Kind::Import => tables.import(model, id),
                Kind::Class => {
                    tables.class(model, id, &mut by_name);
                }
                Kind::Function => tables.function(model, id, &mut by_name),
                Kind::Call | Kind::New | Kind::Idiom => tables.call(model, id),
                Kind::WithItem => tables.scoped.push(id),
                _ => {}
            }
        }
        for id in model.ids() {
            match model.kind(id) {
                Kind::Let => tables.assignment(model, id),
                Kind::Record => tables.typed_record(model, id),
                Kind::Param => tables.param(model, id),
                Kind::Field => tables.field(model, id),
                Kind::Loop => tables.bind(model, id, Role::Iterable, StoreKind::Element),
                Kind::WithItem => tables.bind(model, id, Role::Value, StoreKind::Resource),
                Kind::Catch => tables.bind(model, id, Role::Value, StoreKind::Caught),
                Kind::Call => {
                    tables.element_by_method(model, id);
                    tables.store_by_address(model, id);
                }
                _ => {}
            }
        }
        tables.list_reads(model);
        // Declarations first: they say which scope an assignment stores to.
        for id in model.ids().filter(|id| model.kind(*id) == Kind::Assign) {
            tables.assignment(model, id);
        }
        tables.stores.values_mut().for_each(|stores| stores.sort_by_key(|s| s.at));
        tables
    }

    fn call(&mut self, model: &FileModel, id: NodeId) {
        self.calls.push(id);
        let name = match model.kind(id) {
            Kind::New => model.child(id, Role::Type).map(|t| model.sym(t)),
            _ => Some(model.sym(id)),
        };
        if let Some(name) = name.filter(|n| *n != Sym::EMPTY) {
            self.calls_of.entry(name).or_default().push(id);
        }
    }

    /// The calls of this name, and the constructions of types that are called so, in source order.
    pub(crate) fn calls_of(&self, name: Sym) -> &[NodeId] {
        self.calls_of.get(&name).map_or(&[], Vec::as_slice)
    }

    /// The calls from one place (inclusive) to another, in source order.
    pub fn calls_between(&self, from: NodeId, to: NodeId) -> &[NodeId] {
        let first = self.calls.partition_point(|c| *c < from);
        let end = self.calls.partition_point(|c| *c < to);
        &self.calls[first..end.max(first)]
    }

    fn list_reads(&mut self, model: &FileModel) {
        let reads = || model.ids().filter(|id| model.kind(*id) == Kind::Name && model.role(*id) != Role::Target);
        // Counted, summed up, and put in their places.
        let mut ends = vec![0; model.symbols().len() + 1];
        reads().for_each(|id| ends[model.sym(id).0 as usize] += 1);
        let mut sum = 0;
        for end in &mut ends {
            sum += std::mem::replace(end, sum);
        }
        self.first_reads.clone_from(&ends);
        self.reads = vec![model.root(); sum as usize];
        for id in reads() {
            let place = &mut ends[model.sym(id).0 as usize];
            self.reads[*place as usize] = id;
            *place += 1;
        }
    }

    /// Gives imports the path that `usual` knows for theirs.
    pub(crate) fn rename_imports(&mut self, usual: impl Fn(&str) -> Option<String>) {
        for path in self.imports.values_mut().chain(&mut self.wildcards) {
            if let Some(known) = usual(path) {
                *path = known;
            }
        }
    }

    /// Stores to a field of this name through anything but the current object, with that object (or the written type
    /// of a struct literal).
    pub fn foreign_stores(&self, field: Sym) -> &[(NodeId, Store)] {
        self.foreign.get(&field).map_or(&[], Vec::as_slice)
    }

    /// The names of all fields with foreign stores, in order.
    pub(crate) fn foreign_fields(&self) -> Vec<Sym> {
        let mut all: Vec<Sym> = self.foreign.keys().copied().collect();
        all.sort_unstable();
        all
    }

    fn typed_record(&mut self, model: &FileModel, id: NodeId) {
        let Some(ty) = model.child(id, Role::Type) else { return };
        for entry in model.children(id).filter(|e| model.kind(*e) == Kind::Entry) {
            let value = model.child(entry, Role::Value);
            let store = Store { at: entry, value, index: 0, ty: None, kind: StoreKind::Plain };
            self.foreign.entry(model.sym(entry)).or_default().push((ty, store));
        }
    }

    /// The stores to `name` in exactly `scope`.
    pub fn stores(&self, scope: NodeId, name: Sym) -> &[Store] {
        self.stores.get(&(scope, name)).map_or(&[], Vec::as_slice)
    }

    /// The class whose method, constructor or body holds `id`, by index.
    pub fn class_around(&self, model: &FileModel, id: NodeId) -> Option<u32> {
        self.holders(model, id).find_map(|a| match model.kind(a) {
            Kind::Class => self.class_of.get(&a).copied(),
            Kind::Function => {
                self.functions.binary_search_by_key(&a, |f| f.node).ok().and_then(|i| self.functions[i].class)
            }
            _ => None,
        })
    }

    /// The functions, classes and the module around `id`, with itself if it is one, innermost first.
    pub(crate) fn holders<'t>(&'t self, model: &'t FileModel, id: NodeId) -> impl Iterator<Item = NodeId> + 't {
        let around = |id: NodeId| self.around.get(id.0 as usize).copied();
        std::iter::successors(around(id), move |holder| model.parent(*holder).and_then(around))
    }

    /// Whether any function or method of the file has this name.
    pub(crate) fn defines_function(&self, name: Sym) -> bool {
        self.function_names.contains(&name)
    }

    /// The classes around that one, from the inside: what is inside of another class sees its fields.
    pub(crate) fn outer_classes(&self, model: &FileModel, id: NodeId) -> Vec<u32> {
        let own = self.class_around(model, id);
        self.holders(model, id).filter_map(|a| self.class_of.get(&a).copied()).filter(|c| Some(*c) != own).collect()
    }

    /// The class of the current object at `id`; outside any class (methods on a prototype) the file's objects are one.
    pub(crate) fn own_class(&self, model: &FileModel, id: NodeId) -> u32 {
        self.class_around(model, id).unwrap_or(0)
    }

    /// Where an assignment to a plain name stores: the scope that declares the name, or (`Err`) the class that does.
    fn assigned_scope(&self, model: &FileModel, target: NodeId) -> Result<NodeId, u32> {
        let name = model.sym(target);
        let own = Self::store_scope(model, target);
        let outer_only = self.outer_names.contains(&(own, name));
        let declares = |scope: &NodeId| {
            let declaration = |s: &Store| model.kind(s.at) != Kind::Assign;
            self.stores(*scope, name).iter().any(declaration) && !(outer_only && *scope == own)
        };
        let functions = model.ancestors(target).filter(|a| model.kind(*a) == Kind::Function);
        if let Some(scope) = functions.chain([model.root()]).find(declares) {
            return Ok(scope);
        }
        if outer_only {
            // `nonlocal`: of a function around it, where that one stores to the name; else of the module.
            let around = model.ancestors(own).filter(|a| model.kind(*a) == Kind::Function);
            let holder = around.into_iter().find(|f| !self.stores(*f, name).is_empty());
            return Ok(holder.unwrap_or(model.root()));
        }
        match self.class_around(model, target) {
            Some(class) if model.kind(own) == Kind::Function => {
                let info = &self.classes[class as usize];
                let is_field =
                    info.fields.get(&name).is_some_and(|f| f.iter().any(|s| model.kind(s.at) == Kind::Field));
                if is_field { Err(class) } else { Ok(own) }
            }
            _ => Ok(own),
        }
    }

    /// The nearest function around `id` (or `id` itself), else the module.
    pub fn scope_of(model: &FileModel, id: NodeId) -> NodeId {
        model.self_and_ancestors(id).find(|a| matches!(model.kind(*a), Kind::Function)).unwrap_or(model.root())
    }

    fn import(&mut self, model: &FileModel, id: NodeId) {
        let module = canonical(model.name(id));
        let modifier = |word| model.children(id).any(|c| model.kind(c) == Kind::Modifier && model.name(c) == word);
        if modifier("package") {
            self.package = Some(module);
            return;
        }
        let alias =
            |node| model.children(node).find(|c| model.role(*c) == Role::Alias).map(|c| model.name(c).to_owned());
        let items: Vec<NodeId> = model.children(id).filter(|c| model.kind(*c) == Kind::ImportItem).collect();
        if items.is_empty() {
            match alias(id) {
                Some(name) if name == "." => self.wildcards.push(module),
                Some(name) => {
                    self.imports.insert(name, module);
                }
                None => {
                    for local in import_local_names(&module) {
                        self.imports.insert(local, module.clone());
                    }
                }
            }
            return;
        }
        if let Some(default) = alias(id) {
            self.imports.insert(default, module.clone());
        }
        for item in items {
            let imported = model.name(item);
            match (imported, alias(item)) {
                ("*" | "default", Some(local)) => {
                    self.imports.insert(local, module.clone());
                }
                ("*", None) => self.wildcards.push(module.clone()),
                (name, local) if module.is_empty() => {
                    let first = name.split('.').next().unwrap_or(name);
                    match local {
                        Some(local) => self.imports.insert(local, canonical(name)),
                        None => self.imports.insert(first.to_owned(), first.to_owned()),
                    };
                }
                (name, local) => {
                    let path = join_path(&module, name);
                    self.imports.insert(local.unwrap_or_else(|| name.to_owned()), path);
                }
            }
        }
    }

    fn class(&mut self, model: &FileModel, id: NodeId, by_name: &mut FxHashMap<String, u32>) -> u32 {
        let name = model.name(id);
        let index = if name.is_empty() { self.new_class("") } else { self.class_named(name, by_name) };
        self.class_of.insert(id, index);
        let class = &mut self.classes[index as usize];
        class.node = Some(id);
        class.extends.extend(model.children_with(id, Role::Extends));
        index
    }

    fn class_named(&mut self, name: &str, by_name: &mut FxHashMap<String, u32>) -> u32 {
        if let Some(index) = by_name.get(name) {
            return *index;
        }
        let index = self.new_class(name);
        by_name.insert(name.to_owned(), index);
        index
    }

    fn new_class(&mut self, name: &str) -> u32 {
        self.classes.push(ClassInfo { name: name.to_owned(), ..ClassInfo::default() });
        self.classes.len() as u32 - 1
    }

    fn function(&mut self, model: &FileModel, id: NodeId, by_name: &mut FxHashMap<String, u32>) {
        let receiver =
            model.child(id, Role::This).and_then(|p| model.children(p).find(|c| model.kind(*c) == Kind::Type));
        let outer = model.ancestors(id).find(|a| matches!(model.kind(*a), Kind::Class | Kind::Function | Kind::New));
        let class = match (receiver, outer) {
            (Some(ty), _) => Some(self.class_named(model.name(ty), by_name)),
            (None, Some(outer)) if model.kind(outer) == Kind::Class => self.class_of.get(&outer).copied(),
            // A lambda or local function shares the current object of the method around it.
            (None, Some(outer)) if model.kind(outer) == Kind::Function => {
                self.functions.binary_search_by_key(&outer, |f| f.node).ok().and_then(|i| self.functions[i].class)
            }
            _ => None,
        };
        let name = model.sym(id);
        let direct = receiver.is_some() || outer.is_some_and(|o| model.kind(o) == Kind::Class);
        if name != Sym::EMPTY {
            self.function_names.insert(name);
            match class {
                Some(index) if direct => self.classes[index as usize].methods.entry(name).or_default().push(id),
                _ => self.free_functions.entry(name).or_default().push(id),
            }
        }
        self.functions.push(FunctionInfo { node: id, class });
    }

    /// A container that is a plain name or a field of the current object.
    pub(crate) fn container_key(&self, model: &FileModel, id: NodeId) -> Option<(Option<u32>, Sym)> {
        match model.kind(id) {
            Kind::Name => Some((None, model.sym(id))),
            Kind::Member if model.child(id, Role::Object).is_some_and(|o| self.is_this(model, o)) => {
                Some((Some(self.own_class(model, id)), model.sym(id)))
            }
            _ => None,
        }
    }

    /// What is put into a container of this key, in the whole file.
    pub(crate) fn elements(&self, key: (Option<u32>, Sym)) -> &[NodeId] {
        self.elements.get(&key).map_or(&[], Vec::as_slice)
    }

    /// Under which keys something is put into a container of this key, in the whole file.
    pub(crate) fn keys(&self, key: (Option<u32>, Sym)) -> &[NodeId] {
        self.keys.get(&key).map_or(&[], Vec::as_slice)
    }

    /// Every read of the plain name, in source order.
    pub(crate) fn reads(&self, name: Sym) -> &[NodeId] {
        let from = |sym: u32| self.first_reads.get(sym as usize).map(|at| *at as usize);
        from(name.0).zip(from(name.0 + 1)).and_then(|(first, end)| self.reads.get(first..end)).unwrap_or_default()
    }

    /// Whether the expression is the current object: `this`, or the name of the method's receiver parameter.
    pub fn is_this(&self, model: &FileModel, id: NodeId) -> bool {
        match model.kind(id) {
            Kind::This => true,
            Kind::Name => {
                let name = model.sym(id);
                self.this_names.contains(&name)
                    && self
                        .holders(model, id)
                        .filter(|a| *a != id && model.kind(*a) == Kind::Function)
                        .any(|f| model.child(f, Role::This).is_some_and(|p| model.sym(p) == name))
            }
            _ => false,
        }
    }
}

/// `module.name`, or with `/` kept where the module is a path.
pub(crate) fn join_path(module: &str, name: &str) -> String {
    if module.is_empty() || module.ends_with('.') { format!("{module}{name}") } else { format!("{module}.{name}") }
}
