//! What runs while a lock is held.

use crate::analysis::{Analysis, Resolved};
use crate::catalog::{ApiRole, ArgMeaning, LockScope};
use crate::resolve::Callee;
use crate::value::How;
use timelint_model::{Kind, NodeId, Role};

/// A stretch of code that runs while a distributed lock is held.
#[derive(Debug, Clone)]
pub struct Region<'a> {
    /// The expression that takes the lock.
    pub acquire: NodeId,
    /// What the catalogue says of it.
    pub api: Resolved<'a>,
    /// The lock's handle, where there is one.
    pub handle: Option<NodeId>,
    /// The handle's type.
    pub lock_type: Option<String>,
    /// First node of the section.
    pub from: NodeId,
    /// One past its last node.
    pub to: NodeId,
    /// Not acquiring leads to skipping the section.
    pub skips_when_held: bool,
    /// The function whose body is the section, for callbacks and decorators.
    pub callback: Option<NodeId>,
}

impl Region<'_> {
    /// Whether `id` runs inside the section.
    pub fn covers(&self, id: NodeId) -> bool {
        self.from <= id && id < self.to
    }
}

impl<'a> Analysis<'a> {
    /// Every region of the file that holds a distributed lock, in source order.
    pub fn lock_regions(&self) -> Vec<Region<'a>> {
        self.lock_regions_in(self.model.root())
    }

    /// The regions whose lock is taken below `within`.
    pub fn lock_regions_in(&self, within: NodeId) -> Vec<Region<'a>> {
        let (first, end) = (self.tables.calls.partition_point(|c| *c < within), self.model.end(within));
        let mut regions = Vec::new();
        for call in self.tables.calls[first..].iter().take_while(|c| **c < end) {
            if let Some(region) = self.region_of(*call) {
                regions.push(region);
            }
        }
        for info in self.tables.functions.iter().filter(|f| within <= f.node && f.node < end) {
            regions.extend(self.decorated_region(info.node));
        }
        regions.sort_by_key(|r| (r.from, r.acquire));
        regions.dedup_by_key(|r| (r.from, r.to));
        regions
    }

    /// Where a lock handle's lock lives.
    pub fn lock_scope(&self, handle: NodeId) -> Option<LockScope> {
        self.type_of(handle).and_then(|t| self.catalog.lock_scope(&t.name))
    }

    fn region_of(&self, call: NodeId) -> Option<Region<'a>> {
        let model = self.model;
        let known = self.resolve(call)?;
        let handle = model.child(call, Role::Receiver);
        let scope = known.api.scope.or_else(|| handle.and_then(|h| self.lock_scope(h)));
        match known.api.role {
            ApiRole::LockAcquire | ApiRole::LockTry if known.how != How::Name => {
                if scope != Some(LockScope::Distributed) {
                    return None;
                }
                self.acquired_region(call, known, handle)
            }
            ApiRole::LockNew => {
                let item = model.ancestors(call).find(|a| model.kind(*a) == Kind::WithItem)?;
                let scope = known.api.scope.or_else(|| self.type_of(call).and_then(|t| self.catalog.lock_scope(&t.name)));
                (scope == Some(LockScope::Distributed)).then(|| self.scoped_region(call, known, item)).flatten()
            }
            ApiRole::LockRegion if scope.is_none_or(|s| s == LockScope::Distributed) => {
                let callback = self.argument(call, known, ArgMeaning::Callback)?;
                let (from, to) = self.body_range(callback)?;
                let lock_type = handle.and_then(|h| self.type_of(h)).map(|t| t.name);
                Some(Region { acquire: call, api: known, handle, lock_type, from, to, skips_when_held: false, callback: Some(callback) })
            }
            _ => None,
        }
    }

    /// A `with lock:` whose handle is a variable: reported through the handle's type.
    pub fn with_regions(&self) -> Vec<Region<'a>> {
        let model = self.model;
        let items = model.ids().filter(|i| model.kind(*i) == Kind::WithItem);
        items
            .filter_map(|item| {
                let value = model.child(item, Role::Value)?;
                if model.kind(value) == Kind::Call || self.lock_scope(value) != Some(LockScope::Distributed) {
                    return None;
                }
                let ty = self.type_of(value)?;
                let api = ["acquire", "__enter__", "lock"].iter().find_map(|m| self.catalog.method(&ty.name, m, None))?;
                let known = Resolved { api: self.catalog.api(api), how: ty.how };
                self.scoped_region(value, known, item)
            })
            .collect()
    }

    fn scoped_region(&self, acquire: NodeId, api: Resolved<'a>, item: NodeId) -> Option<Region<'a>> {
        let model = self.model;
        let with = model.parent(item)?;
        let body = model.child(with, Role::Body)?;
        let lock_type = self.type_of(acquire).map(|t| t.name);
        let (from, to) = (body, model.end(body));
        Some(Region { acquire, api, handle: Some(acquire), lock_type, from, to, skips_when_held: false, callback: None })
    }

    fn acquired_region(&self, call: NodeId, api: Resolved<'a>, handle: Option<NodeId>) -> Option<Region<'a>> {
        let model = self.model;
        let lock_type = handle.and_then(|h| self.type_of(h)).or_else(|| self.type_of(call)).map(|t| t.name);
        let function = self.function_around(call).unwrap_or(model.root());
        let statement = self.statement(call);
        // In a condition: the branch in which the lock is held, else what follows.
        let mut from = model.end(statement);
        let mut limit = model.parent(statement).map_or(model.end(function), |p| model.end(p));
        let mut skips = api.api.role == ApiRole::LockTry;
        if model.kind(statement) == Kind::If
            && model.child(statement, Role::Condition).is_some_and(|c| model.contains(c, call))
            && let Some(then) = model.child(statement, Role::Then)
            && !self.exits(then)
        {
            from = then;
            limit = model.end(then);
        } else if model.kind(statement) == Kind::If {
            // `if err := m.Lock(ctx); err != nil { return }`: the section follows.
            skips = skips && model.child(statement, Role::Then).is_some_and(|t| self.exits(t));
        }
        if model.kind(statement) == Kind::Try {
            from = call;
            limit = model.end(statement);
        }
        let to = self.release_after(call, handle, from, limit).unwrap_or(limit);
        (from < to).then_some(Region { acquire: call, api, handle, lock_type, from, to, skips_when_held: skips, callback: None })
    }

    /// The first release of the same handle in the range that is not deferred.
    fn release_after(&self, acquire: NodeId, handle: Option<NodeId>, from: NodeId, limit: NodeId) -> Option<NodeId> {
        let model = self.model;
        let name = |n: NodeId| (model.kind(n), model.sym(n));
        let own = handle.map(name);
        let first = self.tables.calls.partition_point(|c| *c < from);
        self.tables.calls[first..].iter().take_while(|c| **c < limit).copied().find(|c| {
            *c != acquire
                && self.resolve(*c).is_some_and(|r| r.api.role == ApiRole::LockRelease)
                && (own.is_none() || model.child(*c, Role::Receiver).map(name) == own)
                && model.enclosing(*c, Kind::Defer).is_none()
                && model.ancestors(*c).all(|a| model.role(a) != Role::Then || model.contains(a, acquire))
        })
    }

    fn decorated_region(&self, function: NodeId) -> Option<Region<'a>> {
        let model = self.model;
        model.children_with(function, Role::Decorator).find_map(|decorator| {
            let api = self.resolve(decorator)?;
            let body = model.child(function, Role::Body)?;
            (api.api.role == ApiRole::LockDecorator).then(|| Region {
                acquire: decorator,
                api,
                handle: None,
                lock_type: None,
                from: body,
                to: model.end(body),
                skips_when_held: true,
                callback: Some(function),
            })
        })
    }

    /// The body of a function value: a lambda, or a function of this file that is named.
    pub fn body_range(&self, callback: NodeId) -> Option<(NodeId, NodeId)> {
        let model = self.model;
        let function = match model.kind(callback) {
            Kind::Function => callback,
            Kind::Name => *self.tables.free_functions.get(&model.sym(callback))?.first()?,
            Kind::Member => {
                let class = self.tables.class_around(model, callback)?;
                *self.tables.classes[class as usize].methods.get(&model.sym(callback))?.first()?
            }
            Kind::Call => match self.callee(callback)? {
                Callee::Here(function) => function,
                Callee::Elsewhere(_) => return None,
            },
            _ => return None,
        };
        let body = model.child(function, Role::Body)?;
        Some((body, model.end(body)))
    }
}
