//! Where a value comes from: evaluation of expressions over the provenance lattice.

mod api;
mod arguments;
mod arithmetic;
mod given;
mod parts;

pub use arithmetic::unit_of;
pub(crate) use arithmetic::{arithmetic, scaled};

use crate::analysis::{Analysis, Resolved};
use crate::catalog::{ApiRole, leaf};
use crate::names::has_word;
use crate::resolve::Callee;
use crate::tables::{Store, StoreKind, Tables};
use crate::value::{How, Origins, Value, parse_number};
use timelint_model::{Kind, NodeId, Role};

impl Analysis<'_> {
    pub(crate) fn evaluate(&self, id: NodeId) -> Value {
        let model = self.model;
        let inner = |role| model.child(id, role).map_or_else(Value::unknown, |c| self.value(c));
        match model.kind(id) {
            Kind::Number => {
                parse_number(model.name(id)).map_or_else(Value::unknown, Value::number).at(self.location(id))
            }
            Kind::String | Kind::Boolean => Value::of(Origins::CONSTANT).at(self.location(id)),
            Kind::Null => Value::of(Origins::NULL),
            Kind::Name => self.name_value(id),
            Kind::Member => self.member_value(id),
            Kind::Call | Kind::New | Kind::Idiom => self.call_value(id),
            Kind::Binary => self.binary_value(id),
            Kind::Unary => self.unary_value(id),
            Kind::Conditional => {
                let branches = model.children(id).filter(|c| model.role(*c) != Role::Condition);
                branches.fold(Value::default(), |v, c| v.join(self.value(c)))
            }
            Kind::Await | Kind::Cast | Kind::Spread | Kind::Argument | Kind::Assign => inner(Role::Value),
            Kind::Index => self.element_value(id),
            Kind::List => model.children(id).fold(Value::default(), |v, c| v.join(self.value(c))),
            _ => Value::unknown(),
        }
    }

    fn unary_value(&self, id: NodeId) -> Value {
        let Some(operand) = self.model.child(id, Role::Operand) else { return Value::unknown() };
        let mut value = self.value(operand);
        match self.model.name(id) {
            "-" => value.number = value.number.map(|n| -n),
            "+" => {}
            _ => value.number = None,
        }
        value
    }

    fn name_value(&self, id: NodeId) -> Value {
        let name = self.model.sym(id);
        for scope in self.scopes(id) {
            let stores = self.tables.stores(scope, name);
            if stores.is_empty() {
                continue;
            }
            let reaching = self.reaching(stores, id, scope);
            let from_module = scope == self.model.root();
            return reaching.iter().fold(Value::default(), |v, s| v.join(self.store_value(**s, from_module)));
        }
        if let Some(class) = self.tables.class_around(self.model, id) {
            let info = &self.tables.classes[class as usize];
            if info.fields.contains_key(&name) {
                return self.field_value(&info.name.clone(), self.model.text(name));
            }
        }
        for outer in self.tables.outer_classes(self.model, id) {
            let info = &self.tables.classes[outer as usize];
            if info.fields.contains_key(&name) {
                return self.field_value(&info.name.clone(), self.model.text(name));
            }
        }
        if let Some(path) = self.path_of(id) {
            if let Some(value) = self.path_value(&path, id) {
                return value;
            }
            if let Some(value) = self.index.constant(&path, self.tables.package.as_deref()) {
                return value.clone();
            }
        }
        if let Some(class) = self.tables.class_around(self.model, id) {
            let class = self.tables.classes[class as usize].name.clone();
            for owner in std::iter::once(class.clone()).chain(self.supertypes(&class).iter().cloned()) {
                if let Some(summary) = self.index.field(leaf(&owner), self.model.text(name)) {
                    return summary.value.clone();
                }
            }
        }
        Value::unknown()
    }

    /// The stores that may have given a name its value at `at`.
    pub(crate) fn reaching<'s>(&self, stores: &'s [Store], at: NodeId, scope: NodeId) -> Vec<&'s Store> {
        let model = self.model;
        if Tables::scope_of(model, at) != scope || model.kind(scope) == Kind::Class {
            return stores.iter().collect();
        }
        // The last store before the use that always happens before it replaces all earlier ones.
        let before = |s: &&Store| s.at < at && !(model.contains(s.at, at) && matches!(s.kind, StoreKind::Plain));
        let certain = |s: &&Store| {
            let block = model.parent(s.at).unwrap_or(scope);
            model.contains(block, at) || matches!(s.kind, StoreKind::Param(_))
        };
        let replacing = stores.iter().rposition(|s| before(&s) && certain(&s) && s.kind != StoreKind::Update);
        let from = replacing.unwrap_or(0);
        let in_loop_with = |s: &Store| {
            model.ancestors(at).any(|a| {
                model.kind(a) == Kind::Loop
                    && model.contains(a, s.at)
                    && !replacing
                        .is_some_and(|r| model.contains(a, stores[r].at) && model.kind(stores[r].at) != Kind::Loop)
            })
        };
        let chosen: Vec<&Store> = stores
            .iter()
            .enumerate()
            .filter(|(i, s)| (*i >= from && before(s)) || (s.at >= at && in_loop_with(s)))
            .map(|(_, s)| s)
            .collect();
        if chosen.is_empty() { stores.iter().collect() } else { chosen }
    }

    fn store_value(&self, store: Store, from_module: bool) -> Value {
        if let Some(part) = self.taken_apart(store) {
            return part;
        }
        if matches!(store.kind, StoreKind::Param(_))
            && let Some(element) = self.element_for(store.at)
        {
            return element;
        }
        let value = match (store.kind, store.value) {
            (StoreKind::Param(position), default) => {
                let mut value = Value { params: 1u32.checked_shl(position).unwrap_or(0), ..Value::of(Origins::PARAM) };
                if let Some(default) = default {
                    let default = self.value(default);
                    value =
                        value.join(Value { number: None, origins: default.origins.and(Origins::DEFAULT), ..default });
                }
                value
            }
            (StoreKind::Element, Some(value)) => {
                let mut value = self.stored_elements(value).unwrap_or_else(|| self.value(value));
                value.number = None;
                value
            }
            (StoreKind::Caught | StoreKind::Element, _) => Value::unknown(),
            // The old value takes part: what comes out is no number that is known.
            (StoreKind::Update, value) => {
                let value = value.map_or_else(|| Value::of(Origins::CONSTANT), |v| self.value(v));
                Value { number: None, ..value }
            }
            (_, Some(value)) if store.index == 0 || self.model.kind(value) == Kind::List => {
                self.tuple_part(value, store.index)
            }
            (_, Some(value)) => {
                let whole = self.value(value);
                // Parts of configuration or of a message are configuration or message.
                let kept = [Origins::CONFIG, Origins::REMOTE].into_iter().filter(|o| whole.origins.any(*o));
                kept.fold(Value::unknown(), |v, o| v.join(Value::of(o)))
            }
            (_, None) => Value::default(),
        };
        // A module-level constant that an environment variable or flag may replace is no longer constant; nothing to do.
        if from_module && value.origins.is_empty() { Value::unknown() } else { value }
    }

    fn tuple_part(&self, value: NodeId, index: u32) -> Value {
        if self.model.kind(value) == Kind::List
            && let Some(item) = self.model.children(value).nth(index as usize)
        {
            return self.value(item);
        }
        self.value(value)
    }

    fn member_value(&self, id: NodeId) -> Value {
        let model = self.model;
        let Some(object) = model.child(id, Role::Object) else { return Value::unknown() };
        if let Some(known) = self.resolve(id) {
            return self.api_value(id, known);
        }
        if let Some(path) = self.path_of(id) {
            if let Some(value) = self.path_value(&path, id) {
                return value;
            }
            if let Some(value) = self.index.constant(&path, self.tables.package.as_deref()) {
                return value.clone();
            }
        }
        let name = model.name(id);
        if let Some(column) = self.class_member(object, name) {
            return column;
        }
        if let Some(ty) = self.type_of(object) {
            if let Some(api) =
                self.catalog.lookup(&ty.name, None).filter(|a| self.catalog.api(*a).role == ApiRole::ConfigRead)
            {
                return self.api_value(id, Resolved { api: self.catalog.api(api), how: ty.how });
            }
            let class = leaf(&ty.name).to_owned();
            for owner in std::iter::once(class.clone()).chain(self.supertypes(&class).iter().cloned()) {
                let value = self.field_value(leaf(&owner), name);
                if !value.origins.without(Origins::STORED).is_empty() {
                    return Value { how: value.how.min(ty.how), ..value };
                }
            }
        }
        let owner = self.value_if_simple(object);
        if owner.origins.any(Origins::CONFIG.and(Origins::REMOTE).and(Origins::EXTERNAL)) {
            return Value { number: None, sites: owner.sites, ..Value::of(owner.origins.without(Origins::CONSTANT)) };
        }
        if let Some(api) = self.catalog.lookup(&format!("*#{name}"), None) {
            return self.api_value(id, Resolved { api: self.catalog.api(api), how: How::Name });
        }
        if let Some(value) = self.entry_of_records(object, name).filter(|v| v.origins.any(Origins::CLOCKS)) {
            return value;
        }
        if !self.is_of_known_type(object)
            && !self.is_foreign_class(object)
            && let Some(value) = self.field_by_name(model.sym(id))
        {
            return value;
        }
        let mut value = Value::unknown();
        value.origins = value.origins.and(owner.origins.without(Origins::CONSTANT.and(Origins::NULL)));
        value.params = owner.params;
        value
    }

    /// A member of a class of the project that is named itself: `models.Job.updated_at`, a column that the database stamps.
    fn class_member(&self, object: NodeId, name: &str) -> Option<Value> {
        let class = self.model.name(object);
        let named =
            class.starts_with(char::is_uppercase) && matches!(self.model.kind(object), Kind::Name | Kind::Member);
        let known = self.index.field(class, name).filter(|_| named)?;
        let value = known.value.clone();
        value.origins.any(Origins::DATABASE).then_some(Value { how: How::Project, ..value })
    }

    /// Whether the written type of an object is that of a class, so that fields of others say nothing of it.
    fn is_of_known_type(&self, object: NodeId) -> bool {
        let class = self.type_of(object).filter(|t| t.how >= How::Annotation).map(|t| leaf(&t.name).to_owned());
        class.is_some_and(|c| c.len() > 1 && c.starts_with(char::is_uppercase) && c != "Object")
    }

    /// A class that is imported and not of the project: what fields of the project are called says nothing of its own.
    fn is_foreign_class(&self, object: NodeId) -> bool {
        let name = self.model.name(object);
        self.model.kind(object) == Kind::Name
            && name.starts_with(char::is_uppercase)
            && self.tables.imports.contains_key(name)
            && !self.index.has_class(name)
    }

    /// A field of an object whose class is unknown: all stores to fields of this name, in this file and in others.
    fn field_by_name(&self, field: timelint_model::Sym) -> Option<Value> {
        let here = self.tables.foreign_stores(field).iter().map(|(_, s)| self.store_value(*s, false));
        let here = here.fold(Value::default(), Value::join).join(self.only_field(field));
        if here.origins.any(Origins::CLOCKS) {
            // One file that stores and reads a field of this name means the same one.
            return Some(Value { how: here.how.min(How::Project), ..here });
        }
        let elsewhere = self.index.field_by_name(self.model.text(field)).map(|s| s.value.clone());
        let value = Value { how: How::Name, ..here.join(elsewhere.unwrap_or_default()) };
        (!value.origins.is_empty()).then_some(value)
    }

    /// The object of a member access, when asking costs little.
    fn value_if_simple(&self, object: NodeId) -> Value {
        match self.model.kind(object) {
            Kind::Name | Kind::Member | Kind::Call | Kind::Await | Kind::Index => self.value(object),
            _ => Value::unknown(),
        }
    }

    /// What the catalogue says of a path that is read, not called: `process.env.X`, `settings.TIMEOUT`, `time.Second`.
    fn path_value(&self, path: &str, id: NodeId) -> Option<Value> {
        let mut at = Some(path);
        let mut whole = true;
        while let Some(current) = at {
            if let Some(api) = self.catalog.lookup(current, None) {
                let api = self.catalog.api(api);
                if api.role == ApiRole::ConfigRead || (whole && api.role == ApiRole::TimeDuration) {
                    return Some(self.api_value(id, Resolved { api, how: How::Import }));
                }
            }
            whole = false;
            at = current.rsplit_once('.').map(|(head, _)| head);
        }
        None
    }

    /// The value of `class.field`: every store in this file and, from the index, in others.
    pub fn field_value(&self, class: &str, field: &str) -> Value {
        let mut value = Value::default();
        if let Some(info) = self.tables.classes.iter().find(|c| c.name == class)
            && let Some((_, stores)) = info.fields.iter().find(|(sym, _)| self.model.text(**sym) == field)
        {
            for store in stores {
                let part = self.store_value(*store, false);
                value = value.join(part);
            }
            if value.origins.any(Origins::PARAM) && !value.origins.any(Origins::CLOCKS) {
                value = value.join(self.given(info, stores).unwrap_or_default());
            }
            if stores.iter().any(|s| self.is_tagged(s.at)) || self.is_kept_class(class) {
                value.origins = value.origins.and(Origins::STORED);
            }
        }
        if let Some(sym) = self.sym_of(field) {
            for (object, store) in self.tables.foreign_stores(sym) {
                if self.owner_class(*object).is_some_and(|owner| owner == class) {
                    value = value.join(self.store_value(*store, false));
                }
            }
        }
        if let Some(summary) = self.index.field(class, field) {
            value = value.join(Value { how: How::Project, ..summary.value.clone() });
        }
        value
    }

    /// A declaration with a tag that names the field in its stored or sent form: `json:"lastUpdate"`.
    fn is_tagged(&self, at: NodeId) -> bool {
        let model = self.model;
        let tags = |n: NodeId| model.kind(n) == Kind::String && model.role(n) != Role::Value;
        let named = |n: NodeId| model.name(n).split_whitespace().any(|t| t.contains(":\"") && !t.ends_with(":\"-\""));
        model.kind(at) == Kind::Field && model.children(at).any(|c| tags(c) && named(c))
    }

    /// The simple name of the class whose field a foreign store writes.
    pub(crate) fn owner_class(&self, object: NodeId) -> Option<String> {
        let ty = match self.model.kind(object) {
            Kind::Type => self.named_type(object),
            _ => self.type_of(object),
        };
        ty.map(|t| leaf(&t.name).to_owned())
    }

    fn element_value(&self, id: NodeId) -> Value {
        let Some(object) = self.model.child(id, Role::Object) else { return Value::unknown() };
        let value = self.value(object);
        if value.origins.any(Origins::CONFIG.and(Origins::REMOTE)) {
            return Value { number: None, ..value };
        }
        // `this[kLastUse]`: a field whose name only this module knows.
        let this = self.tables.is_this(self.model, object);
        let symbol = self.model.child(id, Role::Key).filter(|k| this && self.model.kind(*k) == Kind::Name);
        if let Some((symbol, class)) = symbol.zip(self.tables.class_around(self.model, id)) {
            let class = self.tables.classes[class as usize].name.clone();
            let field = self.field_value(&class, self.model.name(symbol));
            return if field.origins.is_empty() { Value::unknown() } else { field };
        }
        let key = self.model.child(id, Role::Key).filter(|k| self.model.kind(*k) == Kind::String);
        let entry = key.and_then(|k| self.entry_of_records(object, self.model.name(k)));
        let entry = entry.or_else(|| self.position_of_tuple(id, object));
        entry.or_else(|| self.stored_elements(object)).unwrap_or_else(Value::unknown)
    }

    fn call_value(&self, id: NodeId) -> Value {
        let model = self.model;
        if let Some(known) = self.resolve(id) {
            let value = self.api_value(id, known);
            if value.origins.any(Origins::WALL)
                && known.how <= How::Annotation
                && let Some(other) = self.replaced_clock(id)
            {
                return other;
            }
            if known.how != How::Name || value.origins != Origins::UNKNOWN {
                return value;
            }
        }
        // A rebound clock: `self._time = time.monotonic` … `self._time()`.
        if let Some(value) = self.called_field(id) {
            return value;
        }
        if let Some(callee) = self.callee(id) {
            let result = self.returned_value(callee);
            let value = self.substitute(result, id);
            // Through a helper, the clock is read where the helper is called.
            return if value.origins.any(Origins::CLOCKS) { value.at(self.location(id)) } else { value };
        }
        if let Some(receiver) = model.child(id, Role::Receiver) {
            let name = model.name(id);
            if let Some(key) = self.stored_key(id) {
                return key;
            }
            if let Some(value) = self.stored_value(id) {
                return value;
            }
            let owner = self.value_if_simple(receiver);
            let through = owner.origins.without(Origins::CONSTANT.and(Origins::NULL));
            if through.any(Origins::CONFIG.and(Origins::REMOTE).and(Origins::EXTERNAL)) {
                return Value { sites: owner.sites, ..Value::of(through) };
            }
            if let Some(value) = self.accessor_value(receiver, name) {
                return value;
            }
            return Value { params: owner.params, ..Value::of(Origins::UNKNOWN.and(through)) };
        }
        Value::unknown()
    }

    /// The reading of a class of this file that extends the clock's type, and is monotonic: the clock that is handed in.
    fn replaced_clock(&self, call: NodeId) -> Option<Value> {
        let (name, receiver) = (self.model.sym(call), self.model.child(call, Role::Receiver)?);
        let clock = self.type_of(receiver)?.name;
        // `this(.., new MonotonicClock())`, of another file.
        let made = |c: &&NodeId| {
            let ty = self.model.child(**c, Role::Type).filter(|_| self.model.kind(**c) == Kind::New);
            ty.is_some_and(|t| has_word(leaf(self.model.name(t)), &["monotonic", "steady"]))
        };
        if self.tables.calls.iter().any(|c| made(&c)) {
            return Some(Value::unknown());
        }
        let classes = self.tables.classes.iter().filter(|c| c.methods.contains_key(&name));
        let extending = classes.filter(|c| self.supertypes(&c.name).contains(&clock));
        let methods = extending.filter_map(|c| c.methods.get(&name)?.first().copied());
        let mut values = methods.map(|m| self.returned_value(Callee::Here(m)));
        values.find(|v| v.origins.any(Origins::MONOTONIC))
    }

    /// A getter of an object whose class is unknown: `peer.getLastSeen()` by the project's fields of that name.
    fn accessor_value(&self, receiver: NodeId, name: &str) -> Option<Value> {
        if self.is_of_known_type(receiver) {
            return None;
        }
        if let Some(component) = self.component(name) {
            return Some(component);
        }
        let field = name.strip_prefix("get").or_else(|| name.strip_prefix("Get")).filter(|f| f.len() > 3)?;
        let mut chars = field.chars();
        let lower: String = chars.next().into_iter().flat_map(char::to_lowercase).chain(chars).collect();
        let here = self.sym_of(&lower).map(|field| self.only_field(field)).filter(|v| v.origins.any(Origins::CLOCKS));
        if let Some(value) = here {
            return Some(Value { how: value.how.min(How::Project), ..value });
        }
        // The value of an entry is no field of the project.
        let summary = self.index.field_by_name(&lower).filter(|_| !matches!(lower.as_str(), "value" | "key"))?;
        Some(Value { how: How::Name, ..summary.value.clone() })
    }

    fn called_field(&self, id: NodeId) -> Option<Value> {
        let model = self.model;
        let receiver = model.child(id, Role::Receiver).filter(|r| self.tables.is_this(model, *r))?;
        let class = self.tables.class_around(model, receiver)?;
        let stores = self.tables.classes[class as usize].fields.get(&model.sym(id))?;
        let paths: Vec<String> = stores.iter().filter_map(|s| s.value).filter_map(|v| self.function_path(v)).collect();
        let api = self.catalog.lookup(paths.first()?, Some(0)).or_else(|| self.catalog.lookup(&paths[0], None))?;
        Some(self.api_value(id, Resolved { api: self.catalog.api(api), how: How::Constructor }))
    }

    /// The function that a value names, through a parameter's default: `clock=time.time`.
    fn function_path(&self, value: NodeId) -> Option<String> {
        match self.model.kind(value) {
            Kind::Binary => self.model.children(value).find_map(|c| self.function_path(c)),
            _ => self.path_of(value),
        }
    }

    /// What a function of the project returns, in terms of its parameters.
    pub fn returned_value(&self, callee: Callee<'_>) -> Value {
        match callee {
            Callee::Elsewhere(summary) => Value { how: summary.value.how.min(How::Project), ..summary.value.clone() },
            Callee::Here(function) => {
                let value = self.guarded(function, || {
                    Some(self.returns(function).iter().fold(Value::default(), |v, r| v.join(self.value(*r))))
                });
                let value = value.unwrap_or_else(Value::unknown);
                if value.origins.is_empty() { Value::unknown() } else { value }
            }
        }
    }

    /// A value in terms of what callers pass: each parameter that takes part is replaced by what calls of a function of
    /// this name give at its position, in this file and in others.
    pub fn with_callers(&self, id: NodeId) -> Value {
        self.passed_by_callers(id, 0)
    }

    /// `depth` counts the callers that handed on what they were given.
    fn passed_by_callers(&self, id: NodeId, depth: usize) -> Value {
        const DEEP: usize = 3;
        const MOST: usize = 8;
        let value = self.value(id);
        // A closure uses the parameters of the function around it.
        let mut around = self.model.ancestors(id).filter(|a| self.model.kind(*a) == Kind::Function);
        let function = around.find(|f| value.params != 0 && self.takes_param(*f, id, 0));
        // Nobody can call what has no name, and nobody elsewhere what is inside another function.
        let Some(function) = function.filter(|f| !self.model.name(*f).is_empty()) else {
            return self.given_to_field(id).map_or_else(|| value.clone(), |given| given.join(value.clone()));
        };
        let name = self.model.sym(function);
        let reachable = self.model.enclosing(function, Kind::Function).is_none();
        let class =
            self.tables.class_around(self.model, function).map(|c| self.tables.classes[c as usize].name.clone());
        let mut passed = Value::default();
        for position in (0..32u32).filter(|p| value.params >> p & 1 == 1) {
            // A constructor is called by its class's name.
            for called in [Some(self.model.text(name)), class.as_deref()].into_iter().flatten() {
                if let Some(known) = self.index.argument(called, position).filter(|_| reachable) {
                    passed = passed.join(Value { how: How::Project, ..known.clone() });
                }
            }
            let calls = self.tables.calls.iter().filter(|c| self.model.sym(**c) == name);
            // What is called from everywhere under one name, as in a bundle, is not followed further up.
            let few = calls.clone().nth(MOST).is_none();
            for call in calls.take(MOST) {
                let Some(arg) = self.model.children_with(*call, Role::Arg).nth(position as usize) else { continue };
                let recursive = self.model.contains(function, *call);
                let given = self.value(arg);
                let handed_on = few && !recursive && depth < DEEP && !given.origins.any(Origins::CLOCKS);
                let given = if handed_on { self.passed_by_callers(arg, depth + 1) } else { given };
                // Further up, functions that call each other hand on nothing new.
                let direct = if depth == 0 { Origins::PARAM } else { Origins::NONE };
                let elsewhere = direct.and(Origins::UNKNOWN).and(Origins::REMOTE);
                if !recursive && given.origins.any(elsewhere) && !given.origins.any(Origins::CLOCKS) {
                    // One caller hands in what came from elsewhere.
                    return value;
                }
                passed = passed.join(Value { how: How::Project, ..given });
            }
        }
        if passed.origins.is_empty() { value } else { passed.join(value) }
    }

    /// Whether a parameter of `function` itself takes part in `id`, also through a local variable or two, not one that
    /// filled a field elsewhere.
    fn takes_param(&self, function: NodeId, id: NodeId, depth: usize) -> bool {
        const DEEP: usize = 2;
        const MOST: usize = 8;
        const LARGE: usize = 64;
        let model = self.model;
        let names = model.self_and_descendants(id).take(LARGE).filter(|n| model.kind(*n) == Kind::Name).take(MOST);
        names.into_iter().any(|n| {
            let stores = self.tables.stores(function, model.sym(n));
            let through = |v: NodeId| depth < DEEP && v < n && self.takes_param(function, v, depth + 1);
            stores.iter().any(|s| matches!(s.kind, StoreKind::Param(_)))
                || stores.iter().take(MOST).filter_map(|s| s.value).any(through)
        })
    }

    /// Puts a call's arguments in the place of the parameters that its result is made of.
    fn substitute(&self, mut result: Value, call: NodeId) -> Value {
        if result.params == 0 {
            return result;
        }
        let args: Vec<NodeId> = self.model.children_with(call, Role::Arg).collect();
        let params = std::mem::take(&mut result.params);
        result.origins = result.origins.without(Origins::PARAM);
        for (i, arg) in args.iter().enumerate().take(32) {
            if params >> i & 1 == 1 {
                result = result.join(self.value(*arg));
            }
        }
        if result.origins.is_empty() { Value::unknown() } else { result }
    }

    fn binary_value(&self, id: NodeId) -> Value {
        let operands: Vec<NodeId> = self.model.children_with(id, Role::Operand).collect();
        let op = self.model.name(id);
        if matches!(op, "||" | "??" | "&&") {
            return operands.iter().fold(Value::default(), |v, o| v.join(self.value(*o)));
        }
        let mut values = operands.iter().map(|o| self.value(*o));
        let Some(first) = values.next() else { return Value::unknown() };
        values.fold(first, |left, right| arithmetic(op, left, right))
    }
}
