//! What runs while a lock is held.

use crate::analysis::{Analysis, Resolved, Type};
use crate::catalog::{Api, ApiId, ApiRole, ArgMeaning, LockScope};
use crate::lock_helper::{Does, LockHelper};
use crate::resolve::Callee;
use crate::tables::Store;
use crate::value::How;
use std::sync::LazyLock;
use timelint_model::{Kind, NodeId, Role};

/// Methods that a scoped statement runs when it begins.
pub const SCOPE_ENTRIES: [&str; 2] = ["__enter__", "__aenter__"];

/// The entry of a lock that a project makes itself of writes to a shared store.
static HOME_MADE: LazyLock<Api> =
    LazyLock::new(|| Api { scope: Some(LockScope::Distributed), ..Api::named(String::new(), ApiRole::LockTry) });

/// The entry of a lock of the database connection that is taken by a statement.
static ADVISORY: LazyLock<Api> = LazyLock::new(|| Api {
    scope: Some(LockScope::Distributed),
    renewed: true,
    default: Some("connection".to_owned()),
    ..Api::named(String::new(), ApiRole::LockAcquire)
});

/// A stretch of code that runs while a distributed lock is held.
#[derive(Debug, Clone)]
pub struct Region<'a> {
    /// The expression that takes the lock.
    pub acquire: NodeId,
    /// What the catalogue says of it; for a helper of the project: of the lock that the helper takes.
    pub api: Resolved<'a>,
    pub(crate) api_id: Option<ApiId>,
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
    /// A helper of the project takes the lock.
    pub through_helper: bool,
}

impl<'a> Region<'a> {
    /// The section from the first node to (not including) the last, about which nothing else is known.
    pub(crate) fn new(acquire: NodeId, api: Resolved<'a>, (from, to): (NodeId, NodeId)) -> Self {
        Self {
            acquire,
            api,
            api_id: None,
            handle: None,
            lock_type: None,
            from,
            to,
            skips_when_held: false,
            callback: None,
            through_helper: false,
        }
    }
}

impl Region<'_> {
    /// Whether the section runs because this process leads, and not because it took a lock right before.
    pub fn leads(&self) -> bool {
        self.api.api.role == ApiRole::LeaderCallback
    }

    /// Whether `id` runs inside the section.
    pub fn covers(&self, id: NodeId) -> bool {
        self.from <= id && id < self.to
    }
}

impl<'a> Analysis<'a> {
    /// Every region of the file that holds a distributed lock, in the order in which locks are taken.
    pub fn lock_regions(&self) -> &[Region<'a>] {
        self.regions.get_or_init(|| {
            let mut regions = self.lock_regions_in(self.model.root());
            regions.extend(self.with_regions_in(self.model.root()));
            regions.sort_by_key(|r| (r.acquire, r.from));
            regions.dedup_by_key(|r| r.acquire);
            regions
        })
    }

    /// The regions whose lock is taken below `within`.
    pub fn lock_regions_in(&self, within: NodeId) -> Vec<Region<'a>> {
        let mut regions = self.direct_regions_in(within);
        regions.extend(self.calls_below(within).iter().filter_map(|call| self.helper_region(*call)));
        regions.sort_by_key(|r| (r.from, r.acquire));
        regions.dedup_by_key(|r| (r.from, r.to));
        regions
    }

    /// The calls below `within` that may take a lock which the catalogue knows: of all others nothing more is asked.
    pub(crate) fn lock_calls_below(&self, within: NodeId) -> &[NodeId] {
        let all = self.lock_calls.get_or_init(|| {
            // Locks of the database are taken by statements: a write or a remote call.
            let takes = |role| {
                use ApiRole::{LockAcquire, LockNew, LockRegion, LockTry, RemoteCall, Write};
                matches!(role, LockAcquire | LockTry | LockNew | LockRegion | Write | RemoteCall)
            };
            let may_take = |call: &NodeId| {
                is_each(self.model.name(*call)) || self.resolve(*call).is_some_and(|known| takes(known.api.role))
            };
            self.tables.calls.iter().copied().filter(may_take).collect()
        });
        let (first, end) = (all.partition_point(|c| *c < within), self.model.end(within));
        &all[first..all.partition_point(|c| *c < end).max(first)]
    }

    /// The regions below `within` whose lock the catalogue knows.
    pub(crate) fn direct_regions_in(&self, within: NodeId) -> Vec<Region<'a>> {
        let (functions, end) = (&self.tables.functions, self.model.end(within));
        let first = functions.partition_point(|f| f.node < within);
        let mut regions: Vec<_> =
            self.lock_calls_below(within).iter().filter_map(|call| self.region_of(*call)).collect();
        for info in functions[first..].iter().take_while(|f| f.node < end) {
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
        if self.advisory(call) == Some(Does::Acquire) {
            let api = Resolved { api: &ADVISORY, how: How::Import };
            return self.acquired_region(call, api, None);
        }
        if let Some(region) = self.each_acquired(call) {
            return Some(region);
        }
        let known = self.resolve(call)?;
        let handle = model.child(call, Role::Receiver);
        let scope = known.api.scope.or_else(|| handle.and_then(|h| self.lock_scope(h)));
        match known.api.role {
            ApiRole::LockAcquire | ApiRole::LockTry if self.takes_distributed(call) => {
                self.acquired_region(call, known, handle)
            }
            ApiRole::LockNew => {
                let item = model.ancestors(call).find(|a| model.kind(*a) == Kind::WithItem)?;
                let scope =
                    known.api.scope.or_else(|| self.type_of(call).and_then(|t| self.catalog.lock_scope(&t.name)));
                (scope == Some(LockScope::Distributed)).then(|| self.scoped_region(call, known, item)).flatten()
            }
            ApiRole::LockRegion if known.how != How::Name && scope.is_none_or(|s| s == LockScope::Distributed) => {
                let callback = self.argument(call, known, ArgMeaning::Callback)?;
                self.callback_region(call, known, callback)
            }
            _ => None,
        }
    }

    /// The callback of a call that runs it under a distributed lock, where it is the caller's own: a parameter.
    pub fn handed_on_callback(&self, call: NodeId) -> Option<NodeId> {
        let known = self.resolve(call).filter(|k| k.api.role == ApiRole::LockRegion && k.how != How::Name)?;
        let scope = known.api.scope.or_else(|| self.lock_scope(self.model.child(call, Role::Receiver)?));
        let callback = self.argument(call, known, ArgMeaning::Callback)?;
        let is_param =
            |f: NodeId| self.model.children_with(f, Role::Param).any(|p| self.model.sym(p) == self.model.sym(callback));
        let handed = self.model.kind(callback) == Kind::Name && self.function_around(call).is_some_and(is_param);
        (handed && scope.is_none_or(|s| s == LockScope::Distributed)).then_some(callback)
    }

    fn callback_region(&self, call: NodeId, api: Resolved<'a>, callback: NodeId) -> Option<Region<'a>> {
        let handle = self.model.child(call, Role::Receiver);
        let section = self.body_range(callback)?;
        let lock_type = handle.and_then(|h| self.type_of(h)).map(|t| t.name);
        Some(Region { handle, lock_type, callback: Some(callback), ..Region::new(call, api, section) })
    }

    /// The region of a call to a function of the project that takes a lock for its caller.
    fn helper_region(&self, call: NodeId) -> Option<Region<'a>> {
        let model = self.model;
        if model.kind(call) != Kind::Call || self.resolve(call).is_some_and(|r| r.how != How::Name) {
            return None;
        }
        let helper = self.lock_helper_of(call)?;
        let api = self.helper_api(helper);
        let region = match helper.does {
            Does::Acquire | Does::Try => self.acquired_region(call, api, model.child(call, Role::Receiver)),
            Does::Run(position) => {
                let callback = model.children_with(call, Role::Arg).nth(position as usize)?;
                self.callback_region(call, api, callback)
            }
            Does::Release | Does::Scope | Does::Decorate => None,
        };
        region.map(|r| Region { through_helper: true, api_id: helper.api, ..r })
    }

    fn helper_api(&self, helper: LockHelper) -> Resolved<'a> {
        let api = helper.api.map_or_else(|| &*HOME_MADE, |id| self.catalog.api(id));
        Resolved { api, how: How::Project }
    }

    /// The regions of scoped statements (`with lock:`) below `within` whose lock is not made in the statement itself.
    pub(crate) fn with_regions_in(&self, within: NodeId) -> Vec<Region<'a>> {
        let items = &self.tables.scoped;
        let first = items.partition_point(|i| *i < within);
        let below = items[first..].iter().take_while(|i| **i < self.model.end(within));
        below.filter_map(|item| self.with_region(*item)).collect()
    }

    fn with_region(&self, item: NodeId) -> Option<Region<'a>> {
        let model = self.model;
        let mut value = model.child(item, Role::Value)?;
        while model.kind(value) == Kind::Await {
            value = model.child(value, Role::Value)?;
        }
        if model.kind(value) == Kind::Call && self.region_of(value).is_some() {
            return None;
        }
        if let Some(ty) = self.type_of(value).or_else(|| self.called_object(value))
            && self.catalog.lock_scope(&ty.name) == Some(LockScope::Distributed)
        {
            let api =
                ["acquire", SCOPE_ENTRIES[0], "lock"].iter().find_map(|m| self.catalog.method(&ty.name, m, None))?;
            let known = Resolved { api: self.catalog.api(api), how: ty.how };
            return self.scoped_region(value, known, item).map(|r| Region { api_id: Some(api), ..r });
        }
        let helper = self.lock_helper_of(value).filter(|h| h.does == Does::Scope)?;
        let known = self.helper_api(helper);
        let region = self.scoped_region(value, known, item)?;
        Some(Region { through_helper: true, api_id: helper.api, ..region })
    }

    /// The type of a local object that is itself called: `with lock(blocking):`.
    fn called_object(&self, value: NodeId) -> Option<Type> {
        let plain = self.model.kind(value) == Kind::Call && self.model.child(value, Role::Receiver).is_none();
        let store = plain.then(|| self.local_store(value, self.model.sym(value))).flatten()?;
        self.type_of(store.value?)
    }

    /// The call that made a lock's handle: itself, or what its variable or field was set to.
    pub fn made_by(&self, handle: NodeId) -> Option<NodeId> {
        let model = self.model;
        let stored = match model.kind(handle) {
            Kind::Name => self.local_store(handle, model.sym(handle)).or_else(|| self.own_field(handle))?.value?,
            Kind::Member if model.child(handle, Role::Object).is_some_and(|o| self.tables.is_this(model, o)) => {
                self.own_field(handle)?.value?
            }
            _ => handle,
        };
        let plain = if model.kind(stored) == Kind::Await { model.child(stored, Role::Value)? } else { stored };
        matches!(model.kind(plain), Kind::Call | Kind::New).then_some(plain)
    }

    /// What a section's lock is called: the parts of its key and its handle, and the function that takes it.
    pub fn lock_texts(&self, region: &Region<'_>) -> Vec<String> {
        let model = self.model;
        let key = |call, known| self.argument(call, known, ArgMeaning::Key).or(model.child(call, Role::Arg));
        let mut texts: Vec<String> = key(region.acquire, region.api).map_or_else(Vec::new, |k| self.key_texts(k));
        if let Some(handle) = region.handle.filter(|h| *h != region.acquire) {
            texts.push(model.name(handle).to_owned());
            let made = self.made_by(handle).and_then(|m| key(m, self.resolve(m)?));
            texts.extend(made.into_iter().flat_map(|k| self.key_texts(k)));
        }
        texts.push(model.name(region.acquire).to_owned());
        texts
    }

    /// The only store to a field of the class around a name or member.
    fn own_field(&self, name: NodeId) -> Option<Store> {
        let class = self.tables.class_around(self.model, name)?;
        let stores = self.tables.classes[class as usize].fields.get(&self.model.sym(name))?;
        let mut valued = stores.iter().filter(|s| s.value.is_some());
        valued.next().copied().filter(|_| valued.next().is_none())
    }

    /// `locks.forEach(RLock::lock)`
    fn each_acquired(&self, call: NodeId) -> Option<Region<'a>> {
        let model = self.model;
        if !is_each(model.name(call)) {
            return None;
        }
        let reference = model.child(call, Role::Arg).filter(|a| model.kind(*a) == Kind::Member)?;
        let ty = self.path_of(model.child(reference, Role::Object)?)?;
        let api = self.catalog.method(&ty, model.name(reference), None)?;
        let known = Resolved { api: self.catalog.api(api), how: How::Import };
        let taken =
            known.api.role == ApiRole::LockAcquire && self.catalog.lock_scope(&ty) == Some(LockScope::Distributed);
        let region = taken.then(|| self.acquired_region(call, known, model.child(call, Role::Receiver))).flatten()?;
        Some(Region { lock_type: Some(ty), api_id: Some(api), ..region })
    }

    fn scoped_region(&self, acquire: NodeId, api: Resolved<'a>, item: NodeId) -> Option<Region<'a>> {
        let model = self.model;
        let with = model.parent(item)?;
        let body = model.child(with, Role::Body)?;
        let lock_type = self.type_of(acquire).map(|t| t.name);
        Some(Region { handle: Some(acquire), lock_type, ..Region::new(acquire, api, (body, model.end(body))) })
    }

    fn acquired_region(&self, call: NodeId, api: Resolved<'a>, handle: Option<NodeId>) -> Option<Region<'a>> {
        let lock_type = handle.and_then(|h| self.type_of(h)).or_else(|| self.type_of(call)).map(|t| t.name);
        let results = self.result_names(call);
        let section = self.section_after(call, &results)?;
        let to = self.release_between(call, section, &results).unwrap_or(section.to);
        let from = section.from;
        let refuses = self
            .argument(call, api, ArgMeaning::Blocking)
            .is_some_and(|b| self.model.name(b).eq_ignore_ascii_case("false"));
        let skips_when_held = section.skips && (api.api.role == ApiRole::LockTry || refuses);
        let region = Region { handle, lock_type, skips_when_held, ..Region::new(call, api, (from, to)) };
        (from < to).then_some(region)
    }

    fn decorated_region(&self, function: NodeId) -> Option<Region<'a>> {
        let model = self.model;
        let body = model.child(function, Role::Body)?;
        model.children_with(function, Role::Decorator).find_map(|decorator| {
            let direct = self.resolve(decorator).filter(|r| {
                r.api.role == ApiRole::LockDecorator
                    && r.api.scope == Some(LockScope::Distributed)
                    && r.how != How::Name
            });
            let helper = || self.lock_helper_of(decorator).filter(|h| h.does == Does::Decorate);
            let (api, through_helper) = match direct {
                Some(api) => (api, false),
                None => (self.helper_api(helper()?), true),
            };
            let (from, to, handle, lock_type) = (body, model.end(body), None, None);
            let (skips_when_held, callback, api_id) = (false, Some(function), None);
            Some(Region {
                acquire: decorator,
                api,
                api_id,
                handle,
                lock_type,
                from,
                to,
                skips_when_held,
                callback,
                through_helper,
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

/// A call of this name runs its argument for each element.
fn is_each(name: &str) -> bool {
    matches!(name, "forEach" | "forEachOrdered")
}
