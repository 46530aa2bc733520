//! Whether a mark is known to live and die with this process: kept in a variable, in a field of this object, in a
//! container that was made here, in an object of a class of the project that is none of a store's.

use crate::clock::coordination::is_local_reading;
use crate::clock::saved_state::{is_dumped, saves_state};
use crate::clock::stamped::{Stamped, is_filled_remotely};
use std::cell::Cell;
use timelint_model::{Kind, NodeId, Role, Sym};
use timelint_semantics::catalog::{ApiRole, leaf};
use timelint_semantics::{Analysis, Callee, Origins, Store, StoreKind, has_word, words};

/// How many variables, fields and functions are looked through.
const DEEP: usize = 6;

/// Variables, fields and functions that are looked at for one mark; more is generated code, of which nothing is said.
const MOST_STEPS: u32 = 2000;

/// Words of calls that bring back what was kept outside the process.
const LOADS: [&str; 14] = [
    "load",
    "loads",
    "read",
    "parse",
    "json",
    "restore",
    "unpickle",
    "unmarshal",
    "decode",
    "deserialize",
    "fetch",
    "query",
    "find",
    "select",
];

/// Whether nothing says that the time on this side of a difference is kept by this process alone.
pub(crate) fn may_outlive(file: &Analysis<'_>, side: NodeId) -> bool {
    if is_local_reading(file, side) {
        return false;
    }
    let (stamp, holder) = (Stamped::new(file, side), Holder { file, left: Cell::new(MOST_STEPS) });
    let of_state = stamp.of_object || holder.is_own_field(stamp.node);
    of_state && saves_state(file) || !holder.mark(stamp.node, 0)
}

/// `session.getAttribute("begin")`, `process.getVariable("start")`: what others keep for the program.
fn is_kept_with(name: &str) -> bool {
    has_word(name, &["attribute", "variable", "property", "header", "claim", "column", "parameter", "preference"])
}

/// Whether a type is called like what holds many things: `ConcurrentHashMap`, `map`, `[]`.
fn holds_many(name: &str) -> bool {
    const MANY: [&str; 14] = [
        "map",
        "list",
        "set",
        "dict",
        "queue",
        "deque",
        "array",
        "cache",
        "table",
        "collection",
        "vector",
        "mapping",
        "record",
        "iterable",
    ];
    let name = leaf(name);
    name.starts_with('[') || has_word(name, &MANY)
}

struct Holder<'f, 'a> {
    /// Steps that may still be taken: variables that are stored in each other lead everywhere.
    left: Cell<u32>,
    file: &'f Analysis<'a>,
}

impl Holder<'_, '_> {
    /// Whether enough was looked at.
    fn ends_at(&self, depth: usize) -> bool {
        let left = self.left.get().saturating_sub(1);
        self.left.set(left);
        depth > DEEP || left == 0
    }

    /// The mark itself.
    fn mark(&self, id: NodeId, depth: usize) -> bool {
        let (file, model) = (self.file, self.file.model);
        if self.ends_at(depth) {
            return true;
        }
        match model.kind(id) {
            Kind::Name if is_filled_remotely(file, id) => false,
            Kind::Name if self.is_own_field(id) => self.own_mark(id, depth),
            Kind::Name => file.stores_of(id).iter().all(|s| match (s.kind, s.value) {
                (StoreKind::Element, Some(container)) => self.container(container, depth + 1),
                (StoreKind::Plain, Some(value)) if s.index == 0 => self.mark(value, depth + 1),
                _ => true,
            }),
            Kind::Member => {
                let Some(object) = model.child(id, Role::Object) else { return true };
                let own = file.tables.is_this(model, object);
                if own { self.own_mark(id, depth) } else { self.thing(object, depth + 1) }
            }
            Kind::Index => model.child(id, Role::Object).is_none_or(|o| self.container(o, depth + 1)),
            Kind::Call => self.answer(id, depth),
            Kind::Binary if matches!(model.name(id), "+" | "-" | "*" | "/" | "//") => {
                self.instants(&model.children_with(id, Role::Operand).collect::<Vec<_>>(), depth)
            }
            Kind::Await | Kind::Unary | Kind::Cast | Kind::Binary | Kind::Conditional => {
                let mut parts = model.children(id).filter(|c| !matches!(model.role(*c), Role::Condition | Role::Type));
                parts.all(|c| self.mark(c, depth + 1))
            }
            _ => true,
        }
    }

    /// What a call gives: a reading, a conversion of a mark, what a function of the project returns, an element.
    fn answer(&self, call: NodeId, depth: usize) -> bool {
        let (file, model) = (self.file, self.file.model);
        let receiver = model.child(call, Role::Receiver);
        let mut args = model.children_with(call, Role::Arg);
        if let Some(known) = file.resolve(call) {
            let variable = |p: &NodeId| file.path_of(*p).is_none() || !file.stores_of(*p).is_empty();
            let parts: Vec<NodeId> = receiver.into_iter().chain(args).filter(variable).collect();
            return match known.api.role {
                ApiRole::ClockWall | ApiRole::ClockBoth => true,
                ApiRole::RemoteRead | ApiRole::RemoteCall => false,
                // Any of them may be what comes out.
                _ if has_word(model.name(call), &["max", "min"]) => parts.iter().all(|p| self.mark(*p, depth + 1)),
                _ => self.instants(&parts, depth),
            };
        }
        if let Some(Callee::Here(function)) = file.callee(call) {
            let returned = file.returns(function);
            return !returned.is_empty() && returned.into_iter().all(|r| self.mark(r, depth + 1));
        }
        let found = file.value(call).origins;
        match (receiver, args.next()) {
            // `engine.tick(now())` is made of a reading.
            (_, Some(arg)) if is_local_reading(file, arg) => true,
            (Some(receiver), None) => self.thing(receiver, depth + 1),
            (Some(receiver), Some(_)) => !is_kept_with(model.name(call)) && self.container(receiver, depth + 1),
            // `now()`: a clock that was handed in.
            (None, None) => true,
            (None, Some(_)) => found.any(Origins::CLOCKS) && !found.any(Origins::UNKNOWN),
        }
    }

    /// Of an instant and the lengths of time that are added to it, the instant counts.
    fn instants(&self, parts: &[NodeId], depth: usize) -> bool {
        let reads = |p: &&NodeId| self.file.value(**p).origins.any(Origins::CLOCKS);
        let some = parts.iter().any(|p| reads(&p));
        parts.iter().filter(|p| !some || reads(p)).all(|p| self.mark(*p, depth + 1))
    }

    /// A field of this object: its class is none of a store's, and nothing is brought back into it.
    fn own_mark(&self, field: NodeId, depth: usize) -> bool {
        let (file, model) = (self.file, self.file.model);
        if self.is_of_kept_class(field) || self.is_restored(field) {
            return false;
        }
        // `this.seen = saved.seen`
        let copied = |v: NodeId| {
            let object = model.child(v, Role::Object).filter(|_| model.kind(v) == Kind::Member);
            let given = |o: &NodeId| file.stores_of(*o).iter().any(|s| matches!(s.kind, StoreKind::Param(_)));
            let same = |o: NodeId| file.type_of(o).is_some_and(|t| self.is_own_class(field, leaf(&t.name)));
            model.sym(v) == model.sym(field) && object.filter(given).is_some_and(|o| !same(o))
        };
        let held = |s: &Store| match (s.kind, s.value) {
            (StoreKind::Plain, Some(v)) if s.index == 0 => !copied(v) && !self.is_loaded(v) && self.mark(v, depth + 1),
            _ => true,
        };
        file.stores_of(field).iter().all(held)
    }

    /// The object that has the mark.
    fn thing(&self, id: NodeId, depth: usize) -> bool {
        let (file, model) = (self.file, self.file.model);
        if self.ends_at(depth) {
            return true;
        }
        if file.tables.is_this(model, id) {
            return !self.is_of_kept_class(id);
        }
        let stores = file.stores_of(id);
        if model.kind(id) == Kind::Name && is_filled_remotely(file, id)
            || stores.iter().filter_map(|s| s.value).any(|v| self.is_loaded(v))
        {
            return false;
        }
        if let Some(kept) = file.type_of(id).and_then(|t| self.kept(leaf(&t.name))) {
            return !kept;
        }
        match model.kind(id) {
            // A class, a module, a global variable of another file.
            Kind::Name if stores.is_empty() => true,
            Kind::Name => stores.iter().all(|s| self.stored_thing(s, model.sym(id), depth)),
            Kind::Member => match model.child(id, Role::Object) {
                // A field of a class above, of which nothing is known.
                Some(object) if file.tables.is_this(model, object) && stores.is_empty() => file.type_of(id).is_some(),
                Some(object) if file.tables.is_this(model, object) => {
                    stores.iter().all(|s| self.stored_thing(s, model.sym(id), depth)) && !self.is_of_kept_class(id)
                }
                Some(object) => self.thing(object, depth + 1),
                None => true,
            },
            Kind::Index => model.child(id, Role::Object).is_none_or(|o| self.container(o, depth + 1)),
            Kind::Call => match (file.callee(id), model.child(id, Role::Receiver)) {
                (Some(Callee::Here(function)), _) => {
                    file.returns(function).into_iter().all(|r| self.thing(r, depth + 1))
                }
                (_, Some(receiver)) => self.container(receiver, depth + 1),
                (_, None) => self.is_made(id),
            },
            Kind::Cast | Kind::Binary | Kind::Conditional | Kind::Unary | Kind::Assign => {
                let mut parts = model
                    .children(id)
                    .filter(|c| !matches!(model.role(*c), Role::Condition | Role::Type | Role::Target));
                parts.all(|c| self.thing(c, depth + 1))
            }
            Kind::Await => false,
            _ => true,
        }
    }

    fn stored_thing(&self, store: &Store, name: Sym, depth: usize) -> bool {
        match (store.kind, store.value) {
            (StoreKind::Param(position), _) => self.given(store.at, name, position, depth),
            (StoreKind::Element, Some(container)) => self.container(container, depth + 1),
            (StoreKind::Plain | StoreKind::Update, Some(value)) => self.thing(value, depth + 1),
            (StoreKind::Caught | StoreKind::Resource, _) => false,
            _ => true,
        }
    }

    /// What a parameter is given: by a container that is gone over, or by the callers in this file.
    fn given(&self, param: NodeId, name: Sym, position: u32, depth: usize) -> bool {
        let (file, model) = (self.file, self.file.model);
        let Some(function) = file.function_around(param) else { return false };
        let over = model.parent(function).filter(|p| model.kind(*p) == Kind::Call);
        // `Row.select(lambda r: r.seen < limit)`
        if over.is_some_and(|c| has_word(model.name(c), &["select", "query", "where"])) {
            return false;
        }
        if let Some(call) = over {
            let receiver = model.child(call, Role::Receiver);
            let mut others = model.children_with(call, Role::Arg).filter(|a| *a != function);
            return receiver.into_iter().chain(others.next()).any(|c| self.container(c, depth + 1));
        }
        let calls = file.calls_to(function);
        let at = |c: &NodeId| model.children_with(*c, Role::Arg).nth(position as usize);
        // `check({ worker })`: the part of the record that the parameter takes out.
        let part = |a: NodeId| {
            let entry = |e: &NodeId| model.kind(*e) == Kind::Entry && model.sym(*e) == name;
            let entry = model.children(a).find(entry).filter(|_| model.kind(a) == Kind::Record);
            entry.and_then(|e| model.child(e, Role::Value)).unwrap_or(a)
        };
        !calls.is_empty() && calls.iter().filter_map(at).all(|a| self.thing(part(a), depth + 1))
    }

    /// What holds many of them.
    fn container(&self, id: NodeId, depth: usize) -> bool {
        let (file, model) = (self.file, self.file.model);
        if self.ends_at(depth) {
            return true;
        }
        let stores = file.stores_of(id);
        match model.kind(id) {
            Kind::Name | Kind::Member if !stores.is_empty() => {
                let values: Vec<NodeId> = stores.iter().filter_map(|s| s.value).collect();
                let typed = |s: &Store| s.ty.is_some_and(|t| holds_many(model.name(t)));
                let made = || values.iter().any(|v| self.is_made(*v)) || stores.iter().any(typed);
                let loaded = values.iter().any(|v| self.is_loaded(*v)) || is_dumped(file, id);
                let project = || file.type_of(id).and_then(|t| self.kept(leaf(&t.name)));
                !loaded && (made() || project().map_or_else(|| self.all_held(stores, depth), |kept| !kept))
            }
            // `marks.values()`, `Object.entries(marks)`, `list(marks)`
            Kind::Call => {
                let receiver = model.child(id, Role::Receiver);
                let variable = receiver.filter(|r| file.path_of(*r).is_none_or(|_| !file.stores_of(*r).is_empty()));
                let over = variable.or_else(|| model.child(id, Role::Arg));
                !self.is_loaded(id) && over.map_or_else(|| self.is_made(id), |o| self.container(o, depth + 1))
            }
            Kind::String | Kind::Number => false,
            _ => self.thing(id, depth),
        }
    }

    fn all_held(&self, stores: &[Store], depth: usize) -> bool {
        stores.iter().all(|s| self.stored_container(s, depth))
    }

    fn stored_container(&self, store: &Store, depth: usize) -> bool {
        match (store.kind, store.value) {
            (StoreKind::Param(position), _) => self.given(store.at, self.file.model.sym(store.at), position, depth),
            (StoreKind::Plain | StoreKind::Update | StoreKind::Element, Some(value)) => {
                self.container(value, depth + 1)
            }
            _ => true,
        }
    }

    /// `{}`, `new Map()`, `make(map[string]int)`, `defaultdict(float)`.
    fn is_made(&self, value: NodeId) -> bool {
        const MAKES: [&str; 14] = [
            "make",
            "new",
            "create",
            "dict",
            "map",
            "set",
            "list",
            "defaultdict",
            "deque",
            "cache",
            "empty",
            "of",
            "object",
            "build",
        ];
        let model = self.file.model;
        let name = model.name(value);
        match model.kind(value) {
            Kind::New | Kind::Record | Kind::List => true,
            Kind::Call => has_word(name, &MAKES) || name.starts_with(char::is_uppercase),
            _ => false,
        }
    }

    /// Whether the expression, and not only what is put into a record by it, is brought back from outside the process.
    fn is_loaded(&self, value: NodeId) -> bool {
        let model = self.file.model;
        match model.kind(value) {
            Kind::Record | Kind::List | Kind::New | Kind::Function => false,
            // `now() + load(text)["ttl"]`: how long is said elsewhere, since when is read here.
            Kind::Binary if model.children(value).any(|c| is_local_reading(self.file, c)) => false,
            Kind::Await => true,
            Kind::Call if has_word(model.name(value), &LOADS) => true,
            _ => model.children(value).any(|c| self.is_loaded(c)),
        }
    }

    /// A field of this object by its bare name.
    fn is_own_field(&self, name: NodeId) -> bool {
        let (file, model) = (self.file, self.file.model);
        let own = file.tables.class_around(model, name).map(|c| &file.tables.classes[c as usize]);
        let mut functions = model.ancestors(name).filter(|a| model.kind(*a) == Kind::Function);
        own.is_some_and(|c| c.fields.contains_key(&model.sym(name)))
            && !functions.any(|f| !file.tables.stores(f, model.sym(name)).is_empty())
    }

    /// Whether a function of the class makes such objects of what was kept or sent, and the field with them.
    fn is_restored(&self, field: NodeId) -> bool {
        const RESTORES: [&str; 10] = [
            "from_dict",
            "fromdict",
            "from_json",
            "fromjson",
            "deserialize",
            "unserialize",
            "__setstate__",
            "parsefrom",
            "readobject",
            "restore",
        ];
        let (file, model) = (self.file, self.file.model);
        let Some(class) = file.tables.class_around(model, field) else { return false };
        let own = words(model.name(field));
        let says = |n: NodeId| match model.kind(n) {
            Kind::Spread => true,
            Kind::Name | Kind::Member | Kind::Argument | Kind::Entry | Kind::String => words(model.name(n)) == own,
            _ => false,
        };
        let methods = file.tables.classes[class as usize].methods.iter();
        // `Record(**json.loads(text))`, `new Mark({...row})`
        let name = file.tables.classes[class as usize].name.as_str();
        let filled =
            |c: NodeId| model.name(c) == name && model.children_with(c, Role::Arg).any(|a| self.is_spread_load(a));
        if file.tables.calls.iter().any(|c| filled(*c)) {
            return true;
        }
        let restoring = methods.filter(|(name, _)| RESTORES.contains(&model.text(**name).to_lowercase().as_str()));
        restoring.flat_map(|(_, all)| all).any(|f| model.descendants(*f).any(says))
    }

    /// What was loaded, and is spread over parameters.
    fn is_spread_load(&self, arg: NodeId) -> bool {
        let model = self.file.model;
        model.kind(arg) == Kind::Spread
            && model.descendants(arg).any(|d| model.kind(d) == Kind::Call && has_word(model.name(d), &LOADS))
    }

    fn is_own_class(&self, id: NodeId, class: &str) -> bool {
        let tables = &self.file.tables;
        tables.class_around(self.file.model, id).is_some_and(|c| tables.classes[c as usize].name == class)
    }

    fn is_of_kept_class(&self, id: NodeId) -> bool {
        let tables = &self.file.tables;
        let class = tables.class_around(self.file.model, id).map(|c| tables.classes[c as usize].name.as_str());
        class.is_some_and(|c| self.file.is_kept_class(c))
    }

    /// Whether objects of a class of the project are kept in a store; `None` where no class of the project is called so.
    fn kept(&self, class: &str) -> Option<bool> {
        let here = self.file.tables.classes.iter().any(|c| c.name == class && c.node.is_some());
        if here {
            return Some(self.file.is_kept_class(class));
        }
        self.file.index().has_class(class).then_some(false)
    }
}
