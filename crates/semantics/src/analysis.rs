//! One file with everything that rules may ask about it.

use crate::catalog::{Api, ApiId, ApiRole, Catalog, Effect, RunsIn};
use crate::index::ProjectIndex;
use crate::key_command::KeyCommand;
use crate::lock_helper::LockHelper;
use crate::lock_record::LockTouch;
use crate::measures::Measure;
use crate::memo::{ByNode, Kept, Questions};
use crate::names::{fold, vocabulary};
use crate::regions::Region;
use crate::resolve::Callee;
use crate::silence::Silence;
use crate::tables::Tables;
use crate::units::TimeNames;
use crate::value::How;
use rustc_hash::{FxHashMap, FxHashSet};
use std::any::{Any, TypeId};
use std::cell::{OnceCell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use timelint_diagnostics::{Location, Span};
use timelint_model::{FileModel, NodeId, Sym};

/// The type of an expression and how it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Type {
    /// Qualified name, or the simple name of a class of the project.
    pub name: String,
    /// How it was found.
    pub how: How,
}

/// A call (construction, member, decorator) whose meaning the catalogue knows.
#[derive(Debug, Clone, Copy)]
pub struct Resolved<'a> {
    /// The entry.
    pub api: &'a Api,
    /// How the name was resolved.
    pub how: How,
}

/// One file with the facts that rules may ask for. Answers are computed on demand and kept.
pub struct Analysis<'a> {
    /// The neutral model.
    pub model: &'a FileModel,
    /// The path shown to the user.
    pub path: Arc<str>,
    /// The file's functions, classes, imports and stores.
    pub tables: Tables,
    pub(crate) catalog: &'a Catalog,
    pub(crate) index: &'a ProjectIndex,
    source: &'a dyn Fn() -> Arc<str>,
    text: OnceCell<Arc<str>>,
    pub(crate) symbols: OnceCell<FxHashMap<&'a str, Sym>>,
    pub(crate) calls: RefCell<ByNode<Option<(ApiId, How)>>>,
    /// Of functions, and of the calls and decorators that reach them.
    pub(crate) helpers: Kept<NodeId, Option<LockHelper>>,
    pub(crate) callees: Kept<NodeId, Option<Callee<'a>>>,
    pub(crate) measures: Kept<NodeId, Option<Measure>>,
    pub(crate) commands: Kept<NodeId, Option<KeyCommand>>,
    /// The strongest unfenced write of a function, through so many others.
    pub(crate) effects: Kept<(NodeId, usize), Option<Effect>>,
    pub(crate) supertypes: RefCell<FxHashMap<String, Rc<[String]>>>,
    vocabulary: OnceCell<FxHashSet<u64>>,
    pub(crate) times: OnceCell<TimeNames>,
    roles: OnceCell<FxHashSet<ApiRole>>,
    shared: RefCell<FxHashMap<TypeId, Rc<dyn Any>>>,
    pub(crate) questions: Questions,
    pub(crate) regions: OnceCell<Vec<Region<'a>>>,
    /// Calls that may take a lock, in source order.
    pub(crate) lock_calls: OnceCell<Vec<NodeId>>,
    pub(crate) key_commands: OnceCell<Vec<KeyCommand>>,
    pub(crate) lock_touches: OnceCell<Vec<LockTouch>>,
    /// Which entries of the catalogue are about key-value stores.
    pub(crate) store_entries: RefCell<FxHashMap<ApiId, bool>>,
    /// Where somebody wants to know.
    pub(crate) silences: Option<RefCell<Vec<Silence>>>,
}

impl<'a> Analysis<'a> {
    /// Prepares the facts of one file; `source` is asked for the text at most once, when a finding quotes it.
    pub fn new(
        catalog: &'a Catalog,
        index: &'a ProjectIndex,
        path: Arc<str>,
        model: &'a FileModel,
        source: &'a dyn Fn() -> Arc<str>,
    ) -> Self {
        let mut tables = Tables::new(model);
        tables.rename_imports(|path| catalog.usual_path(path).or_else(|| index.behind_shim(path)));
        Self {
            model,
            path,
            tables,
            catalog,
            index,
            source,
            text: OnceCell::new(),
            symbols: OnceCell::new(),
            calls: RefCell::default(),
            helpers: RefCell::default(),
            callees: RefCell::default(),
            measures: RefCell::default(),
            commands: RefCell::default(),
            effects: RefCell::default(),
            supertypes: RefCell::default(),
            vocabulary: OnceCell::new(),
            times: OnceCell::new(),
            roles: OnceCell::new(),
            shared: RefCell::default(),
            questions: Questions::new(model.len()),
            regions: OnceCell::new(),
            lock_calls: OnceCell::new(),
            key_commands: OnceCell::new(),
            lock_touches: OnceCell::new(),
            store_entries: RefCell::default(),
            silences: None,
        }
    }

    /// The source under a node, for messages and edits.
    pub fn text(&self, id: NodeId) -> &str {
        let span = self.model.span(id);
        span.text(self.text.get_or_init(|| (self.source)()))
    }

    /// The source between two places.
    pub(crate) fn source_between(&self, start: u32, end: u32) -> &str {
        Span::new(start, end).text(self.text.get_or_init(|| (self.source)()))
    }

    /// The source under a node on one line and cut to a readable length, for messages.
    pub fn short(&self, id: NodeId) -> String {
        const MOST: usize = 60;
        let line = self.text(id).split_whitespace().collect::<Vec<_>>().join(" ");
        if line.chars().count() <= MOST {
            return line;
        }
        line.chars().take(MOST - 1).chain(['…']).collect()
    }

    /// Whether any name in the file, of at most 64 bytes, has one of these words (lower case): a rule that needs one is
    /// done at once without.
    pub fn says(&self, words: &[&str]) -> bool {
        let vocabulary = self.vocabulary.get_or_init(|| vocabulary(self.model));
        words.iter().any(|w| vocabulary.contains(&fold(w)))
    }

    /// Whether the catalogue knows any call of the file in this role, by however little evidence.
    pub fn has_role(&self, role: ApiRole) -> bool {
        let roles = || self.tables.calls.iter().filter_map(|c| self.resolve(*c)).map(|known| known.api.role).collect();
        self.roles.get_or_init(roles).contains(&role)
    }

    /// What several rules derive from the file: derived by the first that asks, one answer a type.
    pub fn shared<T: Any>(&self, derive: impl FnOnce(&Self) -> T) -> Rc<T> {
        let known = self.shared.borrow().get(&TypeId::of::<T>()).cloned();
        known.and_then(|any| any.downcast().ok()).unwrap_or_else(|| {
            let derived = Rc::new(derive(self));
            self.shared.borrow_mut().insert(TypeId::of::<T>(), derived.clone());
            derived
        })
    }

    /// The place of a node.
    pub fn location(&self, id: NodeId) -> Location {
        Location::new(self.path.clone(), self.model.span(id))
    }

    /// The place of a span of this file.
    pub fn location_of(&self, span: Span) -> Location {
        Location::new(self.path.clone(), span)
    }

    /// What is known across the project.
    pub fn index(&self) -> &ProjectIndex {
        self.index
    }

    /// The catalogue of the file's language.
    pub fn catalog(&self) -> &Catalog {
        self.catalog
    }

    /// Whether the package that the file belongs to, by what its manifest asks for, runs on users' screens only.
    pub fn runs_on_screens(&self) -> bool {
        let asks = |place| {
            let mut packages = self.catalog.packages_that_run_in(place);
            packages.any(|package| self.index.asks_for(&self.path, package))
        };
        asks(RunsIn::Page) && !asks(RunsIn::Server)
    }

    /// The catalogue's entries in a role.
    pub fn apis_in(&self, role: ApiRole) -> impl Iterator<Item = &'a Api> + 'a {
        self.catalog.entries_in(role)
    }

    /// Every call, construction and idiom of the file that the catalogue knows, in source order.
    pub fn known_calls(&self) -> Vec<(NodeId, Resolved<'a>)> {
        self.tables.calls.iter().filter_map(|c| self.resolve(*c).map(|r| (*c, r))).collect()
    }
}
