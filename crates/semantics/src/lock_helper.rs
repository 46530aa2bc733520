//! Functions of the project that take or give back a distributed lock for their callers.

use crate::analysis::Analysis;
use crate::catalog::{ApiId, ApiRole, ArgMeaning, LockScope, leaf};
use crate::names::{has_word, words};
use crate::resolve::Callee;
use crate::value::How;
use timelint_model::{Kind, NodeId, Role, Sym};

/// What a helper does for its caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Does {
    /// It returns with the lock held.
    Acquire,
    /// It says whether the lock is held now.
    Try,
    /// It gives the lock back.
    Release,
    /// It runs its parameter at this position while holding the lock.
    Run(u32),
    /// A scoped resource: what its user does runs while the lock is held.
    Scope,
    /// A decorator: the decorated function runs while the lock is held.
    Decorate,
}

/// A function that handles a lock for its callers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LockHelper {
    /// What it does.
    pub does: Does,
    /// The lock's own entry; `None` for a lock that the project made itself of writes.
    pub api: Option<ApiId>,
}

/// Words of a function that handles locks; without one a function that leaves a lock taken is not a helper.
const LOCK_WORDS: [&str; 16] = [
    "lock",
    "locks",
    "locker",
    "locked",
    "locking",
    "mutex",
    "acquire",
    "obtain",
    "unlock",
    "release",
    "synchronized",
    "exclusive",
    "lease",
    "trylock",
    "relock",
    "semaphore",
];

/// Functions of databases that give back a lock of the connection.
const GIVES: [&str; 3] = ["pg_advisory_unlock(", "pg_advisory_unlock_all(", "release_lock("];

/// Whether an identifier speaks of a lock that is held against other machines.
fn names_distributed_lock(identifier: &str) -> bool {
    const SHARED: [&str; 7] = ["distributed", "dist", "redis", "cluster", "global", "remote", "zk"];
    let words = words(identifier);
    let has = |list: &[&str]| words.iter().any(|w| list.contains(&w.as_str()));
    has(&SHARED) && has(&["lock", "locks", "locker", "mutex", "locking"])
}

/// Whether an identifier speaks of locks.
pub fn is_lock_word(identifier: &str) -> bool {
    has_word(identifier, &LOCK_WORDS)
}

impl Analysis<'_> {
    /// What the function that a call or decorator reaches does with a distributed lock.
    pub fn lock_helper_of(&self, call: NodeId) -> Option<LockHelper> {
        self.kept(&self.helpers, call, || self.guarded(call, || self.lock_helper_uncached(call)))
    }

    fn lock_helper_uncached(&self, call: NodeId) -> Option<LockHelper> {
        let model = self.model;
        let known = match model.kind(call) {
            Kind::Decorator => self.decorating_helper(call),
            _ => self.called_helper(call),
        };
        known.or_else(|| self.helper_by_name(call))
    }

    /// Whether the function that a call reaches is declared to answer with yes or no.
    pub fn answers_yes_or_no(&self, call: NodeId) -> bool {
        let is_truth = |ty: &str| matches!(leaf(ty), "boolean" | "Boolean" | "bool");
        let is_promise = |ty: &str| matches!(leaf(ty), "Promise" | "CompletableFuture" | "CompletionStage" | "Mono");
        match self.callee(call) {
            Some(Callee::Here(function)) => {
                let declared = self.model.child(function, Role::Returns);
                declared.map_or_else(
                    || self.returns_truth(function),
                    // `Promise<boolean>` is a promise here, whatever of.
                    |t| is_truth(self.model.name(t)) || is_promise(self.model.name(t)) && self.returns_truth(function),
                )
            }
            Some(Callee::Elsewhere(summary)) => summary.return_type.as_deref().is_some_and(is_truth),
            None => false,
        }
    }

    /// Every value that a function gives back is a comparison, or true or false.
    fn returns_truth(&self, function: NodeId) -> bool {
        let model = self.model;
        let truth = |v: &NodeId| match model.kind(*v) {
            Kind::Boolean => true,
            Kind::Binary => matches!(model.name(*v), "==" | "!=" | "is" | "is not" | ">" | "<" | ">=" | "<="),
            Kind::Unary => matches!(model.name(*v), "!" | "not"),
            _ => false,
        };
        let values = self.returns(function);
        !values.is_empty() && values.iter().all(truth)
    }

    fn decorating_helper(&self, decorator: NodeId) -> Option<LockHelper> {
        let model = self.model;
        let name = model.name(decorator);
        if let Some(receiver) = model.child(decorator, Role::Receiver) {
            return self.index.function(Some(&self.path_of(receiver)?), "", name)?.lock;
        }
        match self.tables.free_functions.get(&model.sym(decorator)).and_then(|f| f.first()) {
            Some(function) => self.lock_helper(*function),
            None => self.index.function(self.tables.imports.get(name).map(String::as_str), "", name)?.lock,
        }
    }

    /// Evidence by convention: `distributedLock.tryLock(key)`, `redisLockService.runLocked(key, () -> ..)`.
    fn helper_by_name(&self, call: NodeId) -> Option<LockHelper> {
        let model = self.model;
        if model.kind(call) == Kind::Decorator {
            return names_distributed_lock(model.name(call)).then_some(LockHelper { does: Does::Decorate, api: None });
        }
        let receiver =
            model.child(call, Role::Receiver).filter(|r| matches!(model.kind(*r), Kind::Name | Kind::Member))?;
        let callback = model.children_with(call, Role::Arg).position(|a| model.kind(a) == Kind::Function);
        let does = match (callback, words(model.name(call)).first()?.as_str()) {
            (Some(position), _) => Does::Run(position as u32),
            (None, "lock" | "try" | "trylock" | "acquire" | "obtain") => Does::Try,
            (None, "unlock" | "release") => Does::Release,
            _ => return None,
        };
        let ty = self.type_of(receiver);
        let foreign =
            ty.as_ref().is_none_or(|t| !self.catalog.knows_type(&t.name) && !self.index.has_class(leaf(&t.name)));
        let named =
            names_distributed_lock(model.name(receiver)) || ty.is_some_and(|t| names_distributed_lock(leaf(&t.name)));
        (foreign && named && self.catalog_has_no(receiver)).then_some(LockHelper { does, api: None })
    }

    /// The object does not come from a module whose members the catalogue knows.
    fn catalog_has_no(&self, object: NodeId) -> bool {
        self.path_of(object).is_none_or(|path| !self.catalog.has_members_of(&path))
    }

    fn called_helper(&self, call: NodeId) -> Option<LockHelper> {
        let model = self.model;
        if !self.may_lead_here(call) && !self.index.names_lock_helper(model.name(call)) {
            return None;
        }
        match self.callee(call) {
            Some(Callee::Here(function)) if model.child(function, Role::Body).is_some() => {
                self.lock_helper(function).or_else(|| {
                    self.hands_lock_on(function)
                        .iter()
                        .find_map(|(class, method)| self.index.lock_helper(class, method))
                })
            }
            Some(Callee::Elsewhere(summary)) => {
                summary.lock.or_else(|| self.index.lock_helper(&summary.class, &summary.name))
            }
            _ => {
                let (class, method) = self.project_method(call)?;
                self.index.lock_helper(&class, &method)
            }
        }
    }

    /// For a function that speaks of locks: the methods of classes of the project that also do, and that it calls.
    pub(crate) fn hands_lock_on(&self, function: NodeId) -> Vec<(String, String)> {
        const MOST: usize = 4;
        let model = self.model;
        if !is_lock_word(model.name(function)) {
            return Vec::new();
        }
        let gives_back = |name: &str| words(name).first().is_some_and(|w| w == "release" || w == "unlock");
        let calls = self.calls_below(function).iter().copied();
        let others = calls.filter(|c| model.child(*c, Role::Receiver).is_some() && is_lock_word(model.name(*c)));
        // What is given back in the function itself is not held for the caller.
        if !gives_back(model.name(function)) && others.clone().any(|c| gives_back(model.name(c))) {
            return Vec::new();
        }
        others.filter_map(|c| self.project_method(c)).take(MOST).collect()
    }

    /// What a function of this file does with a distributed lock for its callers.
    pub(crate) fn lock_helper(&self, function: NodeId) -> Option<LockHelper> {
        self.kept(&self.helpers, function, || self.find_lock_helper(function))
    }

    fn find_lock_helper(&self, function: NodeId) -> Option<LockHelper> {
        let model = self.model;
        if let Some(helper) = self.runs_under_lock(function) {
            return Some(helper);
        }
        if !is_lock_word(model.name(function)) {
            return None;
        }
        let calls = self.calls_below(function);
        let failed = |c: NodeId| model.ancestors(c).any(|a| a > function && model.kind(a) == Kind::Catch);
        let release = calls.iter().find(|c| self.is_role(**c, ApiRole::LockRelease) && !failed(**c));
        let acquire = calls.iter().find_map(|c| {
            let known = self.resolve(*c)?;
            let taken = matches!(known.api.role, ApiRole::LockAcquire | ApiRole::LockTry) && self.takes_distributed(*c);
            taken.then_some((known.api.role, self.api_id(*c)))
        });
        match (acquire, release) {
            (Some((role, api)), None) => {
                let does = if role == ApiRole::LockTry { Does::Try } else { Does::Acquire };
                Some(LockHelper { does, api })
            }
            (None, Some(release)) if model.child(*release, Role::Receiver).is_some() => {
                let receiver = model.child(*release, Role::Receiver)?;
                let scope = self.resolve(*release)?.api.scope.or_else(|| self.lock_scope(receiver));
                (scope == Some(LockScope::Distributed))
                    .then_some(LockHelper { does: Does::Release, api: self.api_id(*release) })
            }
            _ => self.home_made(function),
        }
    }

    /// A lock that the project makes itself: `acquire(key)` of a class that speaks of locks, which writes shared state.
    fn home_made(&self, function: NodeId) -> Option<LockHelper> {
        let model = self.model;
        let class = self.tables.class_around(model, function)?;
        let class = self.tables.classes[class as usize].name.as_str();
        let words = words(model.name(function));
        let takes_key = model.child(function, Role::Param).is_some();
        if !is_lock_word(class) || !takes_key {
            return None;
        }
        let does = match words.first()?.as_str() {
            "lock" | "try" | "trylock" | "acquire" | "obtain" => Does::Try,
            "unlock" | "release" => Does::Release,
            _ => return None,
        };
        self.effect_of(function).map(|_| LockHelper { does, api: None })
    }

    /// What a call does with a lock of the database connection, by its statement: `SELECT pg_advisory_lock($1)`. Locks that
    /// end with their transaction are none of these.
    pub(crate) fn advisory(&self, call: NodeId) -> Option<Does> {
        const TAKES: [&str; 3] = ["pg_advisory_lock(", "pg_try_advisory_lock(", "get_lock("];
        let known = self.resolve(call).filter(|k| matches!(k.api.role, ApiRole::Write | ApiRole::RemoteCall))?;
        let text = self.argument(call, known, ArgMeaning::Text)?;
        let statement = self.literal_text(text)?.to_ascii_lowercase();
        let asks = statement.trim_start().starts_with("select");
        if asks && GIVES.iter().any(|f| statement.contains(f)) {
            return Some(Does::Release);
        }
        (asks && TAKES.iter().any(|f| statement.contains(f))).then_some(Does::Acquire)
    }

    /// Whether a call sends the statement that gives back a lock of the database connection, whoever's method it is.
    pub fn unlocks_by_statement(&self, call: NodeId) -> bool {
        let texts = self.model.children_with(call, Role::Arg).take(3);
        texts.into_iter().filter_map(|a| self.literal_text(a)).any(|text| {
            let statement = text.to_ascii_lowercase();
            statement.trim_start().starts_with("select") && GIVES.iter().any(|f| statement.contains(f))
        })
    }

    /// Whether a call takes a lock that is held against other machines, by resolved names.
    pub fn takes_distributed(&self, call: NodeId) -> bool {
        let Some(known) = self.resolve(call) else { return false };
        let handle = self.model.child(call, Role::Receiver);
        let typed = handle.and_then(|h| self.lock_scope(h));
        let scope = known.api.scope.or(typed);
        if scope != Some(LockScope::Distributed) || typed.is_some_and(|s| s != LockScope::Distributed) {
            return false;
        }
        // A conditional write of a key is a lock only where something calls it one.
        if known.api.args.iter().any(|a| a.is == ArgMeaning::Value) {
            return self.is_called_a_lock(call);
        }
        known.how != How::Name
    }

    fn is_called_a_lock(&self, call: NodeId) -> bool {
        let model = self.model;
        let around = model.ancestors(call).find(|a| model.kind(*a) == Kind::Function && !model.name(*a).is_empty());
        let class = self.tables.class_around(model, call).map(|c| self.tables.classes[c as usize].name.as_str());
        model.descendants(call).any(|d| is_lock_word(model.name(d)))
            || around.is_some_and(|f| is_lock_word(model.name(f)))
            || class.is_some_and(is_lock_word)
    }

    fn is_role(&self, call: NodeId, role: ApiRole) -> bool {
        self.resolve(call).is_some_and(|r| r.api.role == role)
    }

    /// For a function that runs code of its caller while holding a lock: a parameter, the body of a scoped statement,
    /// or a decorated function.
    fn runs_under_lock(&self, function: NodeId) -> Option<LockHelper> {
        let model = self.model;
        let mut regions = self.direct_regions_in(function);
        regions.extend(self.with_regions_in(function));
        let params: Vec<Sym> = model.children_with(function, Role::Param).map(|p| model.sym(p)).collect();
        let handed = self.lock_calls_below(function).iter().find_map(|c| Some((*c, self.handed_on_callback(*c)?)));
        if let Some((call, callback)) = handed
            && let Some(position) = params.iter().position(|p| *p == model.sym(callback))
        {
            return Some(LockHelper { does: Does::Run(position as u32), api: self.api_id(call) });
        }
        regions.iter().find_map(|region| {
            let api = self.api_id(region.acquire).or(region.api_id);
            let inside = |n: &NodeId| region.covers(*n);
            let yields = || {
                let below = model.descendants(function).filter(|d| region.covers(*d));
                below.into_iter().any(|d| model.kind(d) == Kind::Unary && model.name(d) == "yield")
            };
            let called =
                self.calls_below(function).iter().copied().filter(inside).filter_map(|c| self.called_parameter(c));
            for name in called {
                if let Some(position) = params.iter().position(|p| *p == name) {
                    return Some(LockHelper { does: Does::Run(position as u32), api });
                }
                let inner = model.ancestors(region.acquire).take_while(|a| *a != function);
                let is_param = |f: &NodeId| model.children_with(*f, Role::Param).any(|p| model.sym(p) == name);
                if inner.filter(|a| model.kind(*a) == Kind::Function).any(|f| is_param(&f)) {
                    return Some(LockHelper { does: Does::Decorate, api });
                }
            }
            yields().then_some(LockHelper { does: Does::Scope, api })
        })
    }

    /// The name that a call invokes, where it may be a parameter: `fn()`, `task.run()`.
    pub fn called_parameter(&self, call: NodeId) -> Option<Sym> {
        let model = self.model;
        let invokes = |name: &str| match name {
            "run" | "call" | "apply" | "accept" | "invoke" | "proceed" => true,
            "get" | "execute" => model.child(call, Role::Arg).is_none(),
            _ => false,
        };
        match (model.kind(call), model.child(call, Role::Receiver)) {
            (Kind::Call, None) => Some(model.sym(call)),
            (Kind::Call, Some(r)) if model.kind(r) == Kind::Name && invokes(model.name(call)) => Some(model.sym(r)),
            _ => None,
        }
    }
}
