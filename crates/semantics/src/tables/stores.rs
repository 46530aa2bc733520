//! What is stored to a name, a field or a container, and where.

use super::{Store, StoreKind, Tables};
use timelint_model::{FileModel, Kind, NodeId, Role, Sym};

impl Tables {
    fn add(&mut self, scope: NodeId, name: Sym, store: Store) {
        self.stores.entry((scope, name)).or_default().push(store);
    }

    pub(super) fn assignment(&mut self, model: &FileModel, id: NodeId) {
        let targets: Vec<NodeId> = model.children_with(id, Role::Target).collect();
        let values: Vec<NodeId> = model.children_with(id, Role::Value).collect();
        let ty = model.child(id, Role::Type);
        let outer = |m: NodeId| model.kind(m) == Kind::Modifier && matches!(model.name(m), "global" | "nonlocal");
        if model.children(id).any(outer) {
            let scope = Self::store_scope(model, id);
            self.outer_names.extend(targets.iter().map(|t| (scope, model.sym(*t))));
            return;
        }
        let kind = match model.name(id) {
            "" | "=" | ":=" => StoreKind::Plain,
            _ => StoreKind::Update,
        };
        // `a = b = value`: the inner assignment is the outer one's value.
        let packed = targets.len() == 1 && values.len() > 1;
        let value_of = |i: usize| {
            // `pair = a, b`: the statement stands for all of its values.
            if packed {
                return Some(id);
            }
            let direct = if values.len() == targets.len() { values.get(i) } else { values.first() };
            direct.copied().map(|v| innermost_value(model, v))
        };
        if values.is_empty() && self.declared_part(model, id) {
            return;
        }
        for (i, target) in targets.iter().enumerate() {
            let index = if values.len() == targets.len() { 0 } else { i as u32 };
            let store = Store { at: id, value: value_of(i), index, ty, kind };
            self.target(model, *target, store);
        }
    }

    fn target(&mut self, model: &FileModel, target: NodeId, store: Store) {
        match model.kind(target) {
            Kind::Name => {
                let scope = match model.kind(store.at) {
                    Kind::Assign => match self.assigned_scope(model, target) {
                        Ok(scope) => scope,
                        Err(class) => {
                            self.classes[class as usize].fields.entry(model.sym(target)).or_default().push(store);
                            return;
                        }
                    },
                    _ => Self::store_scope(model, target),
                };
                if model.kind(scope) == Kind::Class
                    && let Some(class) = self.class_of.get(&scope).copied()
                {
                    self.classes[class as usize].fields.entry(model.sym(target)).or_default().push(store);
                }
                self.add(scope, model.sym(target), store);
            }
            Kind::Member => {
                let object = model.child(target, Role::Object);
                match object {
                    Some(o) if self.is_this(model, o) => {
                        let class = self.own_class(model, target);
                        self.classes[class as usize].fields.entry(model.sym(target)).or_default().push(store);
                    }
                    Some(o) => self.foreign.entry(model.sym(target)).or_default().push((o, store)),
                    None => {}
                }
            }
            Kind::Index => {
                // `this[kLastUse] = now`: a field whose name only this module knows.
                let this = model.child(target, Role::Object).is_some_and(|o| model.kind(o) == Kind::This);
                let symbol = model.child(target, Role::Key).filter(|k| this && model.kind(*k) == Kind::Name);
                if let Some(symbol) = symbol {
                    let class = self.own_class(model, target);
                    self.classes[class as usize].fields.entry(model.sym(symbol)).or_default().push(store);
                }
                let container = model.child(target, Role::Object).and_then(|o| self.container_key(model, o));
                if let (Some(key), Some(value)) = (container, store.value) {
                    self.elements.entry(key).or_default().push(value);
                    self.keys.entry(key).or_default().extend(model.child(target, Role::Key));
                }
            }
            Kind::List => {
                for (i, item) in model.children(target).enumerate() {
                    self.target(model, item, Store { index: i as u32, ..store });
                }
            }
            Kind::Record => {
                for entry in model.children(target) {
                    if let Some(value) = model.child(entry, Role::Value) {
                        self.target(model, value, Store { index: u32::MAX, ..store });
                    }
                }
            }
            _ => {}
        }
    }

    /// `map.put(k, v)` and kin: the last argument becomes an element.
    pub(super) fn element_by_method(&mut self, model: &FileModel, call: NodeId) {
        const PUT: [&str; 26] = [
            "put",
            "set",
            "putIfAbsent",
            "setdefault",
            "Store",
            "add",
            "append",
            "push",
            "lazySet",
            "getAndSet",
            "compareAndSet",
            "weakCompareAndSet",
            "compareAndExchange",
            "CompareAndSwap",
            "Swap",
            "offer",
            "appendleft",
            "addLast",
            "addFirst",
            "offerLast",
            "offerFirst",
            "enqueue",
            "unshift",
            "insert",
            "PushBack",
            "PushFront",
        ];
        // Heaps that are functions over a list take the container first.
        const PUSH_INTO: [&str; 3] = ["heappush", "heappushpop", "Push"];
        let name = model.name(call);
        let mut args = model.children_with(call, Role::Arg);
        let container = if PUT.contains(&name) {
            model.child(call, Role::Receiver)
        } else if PUSH_INTO.contains(&name) {
            args.next()
        } else {
            return;
        };
        let container = container.and_then(|c| self.container_key(model, c));
        let (first, last) = (model.child(call, Role::Arg), args.last());
        if let (Some(key), Some(value)) = (container, last) {
            self.elements.entry(key).or_default().push(value);
            self.keys.entry(key).or_default().extend(first.filter(|k| *k != value && PUT.contains(&name)));
        }
    }

    /// `atomic.StoreInt64(&p.seen, now)`, `atomic.CompareAndSwapInt64(&p.seen, old, now)`: a store through the address of a field or variable.
    pub(super) fn store_by_address(&mut self, model: &FileModel, call: NodeId) {
        let name = model.name(call);
        let mut args = model.children_with(call, Role::Arg);
        let exchange = name.starts_with("CompareAndSwap");
        let (Some(address), Some(value), None) = (args.next(), args.nth(usize::from(exchange)), args.next()) else {
            return;
        };
        if (name.starts_with("Store") || name.starts_with("Swap") || exchange)
            && (model.kind(address), model.name(address)) == (Kind::Unary, "&")
            && let Some(target) = model.child(address, Role::Operand)
        {
            let store = Store { at: call, value: Some(value), index: 0, ty: None, kind: StoreKind::Plain };
            self.target(model, target, store);
        }
    }

    pub(super) fn store_scope(model: &FileModel, id: NodeId) -> NodeId {
        model.ancestors(id).find(|a| matches!(model.kind(*a), Kind::Function | Kind::Class)).unwrap_or(model.root())
    }

    pub(super) fn param(&mut self, model: &FileModel, id: NodeId) {
        if let Some(class) = model.parent(id).filter(|p| model.kind(*p) == Kind::Class) {
            return self.component(model, class, id);
        }
        let Some(function) = model.enclosing(id, Kind::Function) else { return };
        // One node may declare several parameters of one type: count names, not nodes.
        let names = |p: NodeId| match model.sym(p) {
            Sym::EMPTY => model.children_with(p, Role::Target).count().max(1),
            _ => 1,
        };
        let mut params = model.children_with(function, Role::Param);
        let position = match model.role(id) {
            Role::Param => params.by_ref().take_while(|p| *p < id).map(names).sum::<usize>() as u32,
            _ => u32::MAX,
        };
        let store = Store {
            at: id,
            value: model.child(id, Role::Value),
            index: 0,
            ty: model.children(id).find(|c| model.kind(*c) == Kind::Type),
            kind: StoreKind::Param(position),
        };
        if model.sym(id) != Sym::EMPTY {
            self.add(function, model.sym(id), store);
        }
        // A parameter that says who may see it declares a field too.
        let visible = |m: NodeId| matches!(model.name(m), "private" | "public" | "protected" | "readonly");
        if model.children_with(id, Role::Modifier).any(visible)
            && let Some(class) = self.class_around(model, function)
        {
            self.classes[class as usize].fields.entry(model.sym(id)).or_default().push(store);
        }
        for (i, target) in model.children_with(id, Role::Target).enumerate() {
            let kind = StoreKind::Param(position.saturating_add(i as u32));
            self.target(model, target, Store { kind, ..store });
        }
    }

    /// A part that is declared with its class, and given to its constructor.
    fn component(&mut self, model: &FileModel, class: NodeId, id: NodeId) {
        let position = model.children(class).filter(|c| model.kind(*c) == Kind::Param && *c < id).count();
        self.part(model, class, id, model.sym(id), position);
    }

    /// `due: float` in the body of a data class; positions are those of the parts without a value of their own.
    fn declared_part(&mut self, model: &FileModel, id: NodeId) -> bool {
        let body = model.parent(id).filter(|p| model.kind(*p) == Kind::Block && model.role(*p) == Role::Body);
        let class = body.and_then(|b| model.parent(b)).filter(|c| model.kind(*c) == Kind::Class);
        let target = model.child(id, Role::Target).filter(|t| model.kind(*t) == Kind::Name);
        let (Some(body), Some(class), Some(target)) = (body, class, target) else { return false };
        let declares = |n: &NodeId| model.kind(*n) == Kind::Let && model.child(*n, Role::Type).is_some();
        let position = model.children(body).take_while(|n| *n < id).filter(declares).count();
        self.part(model, class, id, model.sym(target), position);
        true
    }

    fn part(&mut self, model: &FileModel, class: NodeId, at: NodeId, name: Sym, position: usize) {
        let ty = model.children(at).find(|c| model.kind(*c) == Kind::Type);
        let store = Store { at, value: None, index: 0, ty, kind: StoreKind::Param(position as u32) };
        if let Some(class) = self.class_of.get(&class).copied() {
            self.classes[class as usize].fields.entry(name).or_default().push(store);
        }
    }

    pub(super) fn field(&mut self, model: &FileModel, id: NodeId) {
        let Some(class) = model.enclosing(id, Kind::Class).and_then(|c| self.class_of.get(&c).copied()) else { return };
        let store = Store {
            at: id,
            value: model.child(id, Role::Value),
            index: 0,
            ty: model.children(id).find(|c| model.kind(*c) == Kind::Type),
            kind: StoreKind::Plain,
        };
        let targets: Vec<Sym> = model.children_with(id, Role::Target).map(|t| model.sym(t)).collect();
        if targets.is_empty() && model.sym(id) == Sym::EMPTY {
            // An embedded type: its methods are this class's too.
            self.classes[class as usize].extends.extend(store.ty);
        }
        for name in targets.into_iter().chain([model.sym(id)]).filter(|n| *n != Sym::EMPTY) {
            self.classes[class as usize].fields.entry(name).or_default().push(store);
        }
    }

    pub(super) fn bind(&mut self, model: &FileModel, id: NodeId, value: Role, kind: StoreKind) {
        let value = model.child(id, value);
        let ty = model.children(id).find(|c| model.kind(*c) == Kind::Type);
        let targets: Vec<NodeId> = model.children_with(id, Role::Target).collect();
        for (i, target) in targets.into_iter().enumerate() {
            self.target(model, target, Store { at: id, value, index: i as u32, ty, kind });
        }
    }
}

fn innermost_value(model: &FileModel, mut id: NodeId) -> NodeId {
    for _ in 0..16 {
        match (model.kind(id), model.child(id, Role::Value)) {
            (Kind::Assign, Some(inner)) if model.name(id) == "=" => id = inner,
            _ => break,
        }
    }
    id
}
