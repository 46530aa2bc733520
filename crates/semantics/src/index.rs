//! What is known across the files of a project: the reduce step.

use crate::catalog::{Catalog, Effect, Unit, leaf};
use crate::globals::Globals;
use crate::implements::{ClassMethods, implicit_interfaces};
use crate::lock_helper::LockHelper;
use crate::settable::LimitMethod;
use crate::shims::Shims;
use crate::sites::Site;
use crate::summary::{FieldSummary, FileSummary, FunctionSummary};
use crate::value::{Origins, Value};
use crate::versions::{ProjectVersions, VersionRange};
use rustc_hash::{FxBuildHasher, FxHashMap, FxHashSet};
use std::collections::BTreeMap;

/// Something by two names: class and member.
type ByNames<T> = hashbrown::HashMap<(String, String), T, FxBuildHasher>;

/// Two names that are looked up without a copy of either; hashed as [`ByNames`]' keys are.
#[derive(Hash)]
struct Names<'q>(&'q str, &'q str);

impl hashbrown::Equivalent<(String, String)> for Names<'_> {
    fn equivalent(&self, key: &(String, String)) -> bool {
        self.0 == key.0 && self.1 == key.1
    }
}

/// Answers by class and method.
type Methods<T> = ByNames<T>;

/// What is known across the files of one catalogue (one language and its dialects).
#[derive(Debug, Default)]
pub struct ProjectIndex {
    functions: ByNames<Vec<FunctionSummary>>,
    function_names: FxHashSet<String>,
    fields: ByNames<FieldSummary>,
    fields_by_name: FxHashMap<String, Option<FieldSummary>>,
    constants: FxHashMap<String, Value>,
    classes: FxHashMap<String, Vec<String>>,
    arguments: FxHashMap<String, BTreeMap<u32, Value>>,
    /// Class (empty: any) and member key to where a clock is read for it.
    stamps: ByNames<Site>,
    locks: Methods<LockHelper>,
    effects: Methods<Effect>,
    /// Names of functions that handle a lock, and of those that write: most calls are of none of them.
    lock_names: FxHashSet<String>,
    effect_names: FxHashSet<String>,
    /// Methods of interfaces whose implementations read a clock, all of them the same.
    clocks: Methods<FunctionSummary>,
    parameters: FxHashMap<String, Option<Vec<String>>>,
    /// Methods that take a limit of time, by their names.
    limit_methods: FxHashMap<String, Vec<LimitMethod>>,
    /// By class, function and position; none where functions of one name differ.
    parameter_units: FxHashMap<(String, String, usize), Option<Unit>>,
    /// Of fields whose names state none; none where classes differ.
    field_units: FxHashMap<String, Option<Unit>>,
    /// Of functions whose names state none, by class and name (any class: empty); none where they differ.
    return_units: ByNames<Option<Unit>>,
    set: FxHashSet<String>,
    /// Beginnings of qualified names that a limit for the whole process bounds.
    covered: FxHashSet<String>,
    shields: FxHashSet<String>,
    /// Functions that give locks back and use the context that they are handed.
    bound_releases: FxHashSet<String>,
    bounding: FxHashSet<String>,
    /// Libraries whose requests are given limits one by one.
    limited: FxHashSet<String>,
    shims: Shims,
    globals: Globals,
    versions: ProjectVersions,
}

impl ProjectIndex {
    /// The reduce step; the result does not depend on the order of `summaries` as long as the engine sorts them.
    pub fn build(catalog: &Catalog, summaries: Vec<FileSummary>) -> Self {
        let mut index = Self::default();
        let mut methods: Vec<ClassMethods> = Vec::new();
        for summary in summaries {
            methods.extend(summary.methods);
            for function in summary.functions {
                if !index.function_names.contains(&function.name) {
                    index.function_names.insert(function.name.clone());
                }
                let key = (function.class.clone(), function.name.clone());
                index.functions.entry(key).or_default().push(function);
            }
            for (class, field, known) in summary.fields {
                let by_name =
                    index.fields_by_name.entry(field.clone()).or_insert_with(|| Some(FieldSummary::default()));
                let entry = index.fields.entry((class, field)).or_default();
                entry.value = std::mem::take(&mut entry.value).join(known.value.clone());
                entry.ty = entry.ty.take().or(known.ty.clone());
                if let Some(joined) = by_name {
                    joined.value = std::mem::take(&mut joined.value).join(known.value);
                }
            }
            for (path, value) in summary.constants {
                let entry = index.constants.entry(path).or_default();
                *entry = std::mem::take(entry).join(value);
            }
            for (class, parents) in summary.classes {
                let known = index.classes.entry(class).or_default();
                for parent in parents {
                    if !known.contains(&parent) {
                        known.push(parent);
                    }
                }
            }
            for (name, names) in summary.parameters {
                let known = index.parameters.entry(name).or_insert_with(|| Some(names.clone()));
                if known.as_ref() != Some(&names) {
                    *known = None;
                }
            }
            for method in summary.limit_methods {
                index.limit_methods.entry(method.name.clone()).or_default().push(method);
            }
            for (class, function, position, unit) in summary.parameter_units {
                let known = index.parameter_units.entry((class, function, position)).or_insert(Some(unit));
                *known = known.filter(|u| *u == unit);
            }
            for (field, unit) in summary.field_units {
                let known = index.field_units.entry(field).or_insert(unit);
                *known = known.filter(|u| Some(*u) == unit);
            }
            for (class, function, unit) in summary.return_units {
                let any = (!class.is_empty()).then(|| (String::new(), function.clone()));
                for key in any.into_iter().chain([(class, function)]) {
                    let known = index.return_units.entry(key).or_insert(unit);
                    *known = known.filter(|u| Some(*u) == unit);
                }
            }
            index.set.extend(summary.set);
            index.covered.extend(summary.covered);
            index.shields.extend(summary.shields);
            index.bound_releases.extend(summary.bound_releases);
            index.bounding.extend(summary.bounding);
            index.limited.extend(summary.limited);
            summary.shims.into_iter().for_each(|s| index.shims.add(s));
            summary.globals.iter().for_each(|g| index.globals.add(g));
            for stamp in summary.stamps {
                index.stamps.entry((String::new(), stamp.member.clone())).or_insert_with(|| stamp.site.clone());
                index.stamps.entry((stamp.class, stamp.member)).or_insert(stamp.site);
            }
            for (name, position, value) in summary.arguments {
                let entry = index.arguments.entry(name).or_default().entry(position).or_default();
                *entry = std::mem::take(entry).join(value);
            }
        }
        let interfaces: FxHashSet<String> = methods.iter().filter_map(|m| m.interface().map(str::to_owned)).collect();
        for (class, interface) in implicit_interfaces(methods, &index.classes) {
            index.classes.entry(class).or_default().push(interface);
        }
        index.connect_lock_helpers(catalog);
        index.connect_effects(catalog);
        index.collect_names();
        index.doubt_overridden_clocks(catalog);
        index.connect_clocks(catalog, &interfaces);
        index
    }

    /// Lets helpers be found through the interfaces that their classes implement, and through classes that only hand
    /// the work on.
    fn connect_lock_helpers(&mut self, catalog: &Catalog) {
        let own = |functions: &[FunctionSummary]| functions.iter().find_map(|f| f.lock);
        let handed = |functions: &[FunctionSummary], known: &Methods<LockHelper>| {
            functions.iter().flat_map(|f| &f.via).find_map(|(class, method)| self.inherited(known, class, method))
        };
        self.locks = self.connect(catalog, own, handed);
    }

    /// Lets writes be found through interfaces, and through classes that only hand the work on.
    fn connect_effects(&mut self, catalog: &Catalog) {
        let own = |functions: &[FunctionSummary]| functions.iter().filter_map(|f| f.effect).max();
        let handed = |functions: &[FunctionSummary], known: &Methods<Effect>| {
            functions
                .iter()
                .flat_map(|f| &f.calls)
                .filter_map(|(class, method)| self.inherited(known, class, method))
                .max()
        };
        self.effects = self.connect(catalog, own, handed);
    }

    fn collect_names(&mut self) {
        let functions = || self.functions.values().flatten();
        let locks = functions().filter(|f| f.lock.is_some()).map(|f| &f.name);
        self.lock_names = locks.chain(self.locks.keys().map(|key| &key.1)).cloned().collect();
        let effects = functions().filter(|f| f.effect.is_some()).map(|f| &f.name);
        self.effect_names = effects.chain(self.effects.keys().map(|key| &key.1)).cloned().collect();
    }

    /// A clock that a class below replaces by one that does not wrap, because it counts from 0: of the one above nothing is
    /// known but that it is monotonic, for nobody knows which of the two answers.
    fn doubt_overridden_clocks(&mut self, catalog: &Catalog) {
        let wraps = |f: &&FunctionSummary| f.value.origins.any(Origins::WRAPPING) && !f.class.is_empty();
        let wrapping = self.functions.values().flatten().filter(wraps);
        let names: FxHashSet<&str> = wrapping.map(|f| f.name.as_str()).collect();
        let replaces = |f: &&FunctionSummary| {
            names.contains(f.name.as_str()) && !f.class.is_empty() && !f.value.origins.any(Origins::WRAPPING)
        };
        let below = self.functions.values().flatten().filter(replaces);
        let doubted: Vec<(String, String)> = below
            .flat_map(|f| self.ancestors(&f.class, catalog).into_iter().map(|class| (class, f.name.clone())))
            .collect();
        for (class, name) in doubted {
            for function in self.functions.get_mut(&Names(&class, &name)).into_iter().flatten() {
                function.value.origins = function.value.origins.without(Origins::WRAPPING);
            }
        }
    }

    /// Lets readings of a clock be found through interfaces: an injected time service, a provider. Fakes that give out what
    /// they were told read none.
    fn connect_clocks(&mut self, catalog: &Catalog, interfaces: &FxHashSet<String>) {
        let reads = |f: &&FunctionSummary| f.value.origins.any(Origins::CLOCKS) && f.value.params == 0;
        let mut reading: Vec<&FunctionSummary> =
            self.functions.values().flatten().filter(reads).filter(|f| !f.class.is_empty()).collect();
        reading.sort_by(|a, b| (&a.class, &a.name, &a.module).cmp(&(&b.class, &b.name, &b.module)));
        let mut found: Methods<Option<FunctionSummary>> = Methods::default();
        for function in reading {
            for class in self.ancestors(&function.class, catalog).into_iter().filter(|c| interfaces.contains(c)) {
                let known = found.entry((class, function.name.clone())).or_insert_with(|| Some(function.clone()));
                if known
                    .as_ref()
                    .is_some_and(|k| k.value.origins != function.value.origins || k.value.unit != function.value.unit)
                {
                    *known = None;
                }
            }
        }
        self.clocks = found.into_iter().filter_map(|(key, summary)| Some((key, summary?))).collect();
    }

    /// What methods do: by themselves, through the methods that they call (a few steps), and for each class above.
    fn connect<T: Copy>(
        &self,
        catalog: &Catalog,
        own: impl Fn(&[FunctionSummary]) -> Option<T>,
        handed: impl Fn(&[FunctionSummary], &Methods<T>) -> Option<T>,
    ) -> Methods<T> {
        const ROUNDS: usize = 5;
        let mut keys: Vec<&(String, String)> = self.functions.keys().filter(|key| !key.0.is_empty()).collect();
        keys.sort();
        let mut known: Methods<T> = ByNames::default();
        for round in 0..=ROUNDS {
            let mut found: Vec<(&(String, String), T)> = Vec::new();
            for key in &keys {
                let functions = &self.functions[*key];
                let answer = if round == 0 { own(functions) } else { handed(functions, &known) };
                found.extend(answer.filter(|_| !known.contains_key(*key)).map(|answer| (*key, answer)));
            }
            for (key, answer) in found {
                for class in self.ancestors(&key.0, catalog) {
                    known.entry((class, key.1.clone())).or_insert(answer);
                }
                known.entry(key.clone()).or_insert(answer);
            }
        }
        known
    }

    /// The classes of the project above `class`, by simple name.
    fn ancestors(&self, class: &str, catalog: &Catalog) -> Vec<String> {
        const MOST: usize = 16;
        let mut all: Vec<String> = Vec::new();
        let mut queue = vec![class.to_owned()];
        while let Some(next) = queue.pop() {
            for parent in self.supertypes(&next).iter().filter(|p| !catalog.knows_type(p)) {
                let parent = leaf(parent).to_owned();
                if !all.contains(&parent) && all.len() < MOST {
                    all.push(parent.clone());
                    queue.push(parent);
                }
            }
        }
        all
    }

    /// Whether a limit that the project sets for the whole process bounds the API of this qualified name.
    pub fn is_covered(&self, name: &str) -> bool {
        self.covered.iter().any(|c| name.starts_with(c.as_str()))
    }

    /// The library's name behind a path that is imported from a module of the project that stands in for it.
    pub(crate) fn behind_shim(&self, path: &str) -> Option<String> {
        self.shims.behind(path)
    }

    /// The same with the versions of libraries that the project uses.
    #[must_use]
    pub fn with_versions(self, versions: ProjectVersions) -> Self {
        Self { versions, ..self }
    }

    /// The versions among which that of `package` is for the file at `path`.
    pub(crate) fn version_of(&self, path: &str, package: &str) -> Option<&VersionRange> {
        self.versions.of(path, package)
    }

    /// Whether the nearest manifest around `path` asks for `package`.
    pub(crate) fn asks_for(&self, path: &str, package: &str) -> bool {
        self.versions.asks_for(path, package)
    }

    /// Whether the file at `path` belongs to a package that tests or measures something else, by its name.
    pub fn serves_tests(&self, path: &str) -> bool {
        self.versions.serves_tests(path)
    }

    /// Whether the project has a function of this name, in any class.
    pub(crate) fn defines(&self, function: &str) -> bool {
        self.function_names.contains(function)
    }

    /// Whether a function of this name in any class handles a distributed lock.
    pub(crate) fn names_lock_helper(&self, function: &str) -> bool {
        self.lock_names.contains(function)
    }

    /// Whether a function of this name in any class writes.
    pub(crate) fn names_write(&self, function: &str) -> bool {
        self.effect_names.contains(function)
    }

    /// The strongest write that `class#method` makes, itself, in a class that implements it, or in one that it extends.
    pub fn effect(&self, class: &str, method: &str) -> Option<Effect> {
        self.inherited(&self.effects, class, method)
    }

    /// What `class#method` does with a distributed lock, itself, in a class that implements it, or in one that it extends.
    pub fn lock_helper(&self, class: &str, method: &str) -> Option<LockHelper> {
        self.inherited(&self.locks, class, method)
    }

    /// The answer for a method of a class, or for the method that it has from a class above.
    fn inherited<T: Copy>(&self, known: &Methods<T>, class: &str, method: &str) -> Option<T> {
        const MOST: usize = 8;
        let mut queue = vec![class];
        let mut next = 0;
        while let Some(class) = queue.get(next).copied().filter(|_| next < MOST) {
            if let Some(answer) = known.get(&Names(class, method)) {
                return Some(*answer);
            }
            queue.extend(self.supertypes(class).iter().map(|parent| leaf(parent)));
            next += 1;
        }
        None
    }

    /// The function `class#name` (class empty: a free function), where one candidate fits or all agree. `module` is an
    /// import path or package that narrows the choice.
    pub fn function(&self, module: Option<&str>, class: &str, name: &str) -> Option<&FunctionSummary> {
        let known = self.declared(module, class, name);
        if class.is_empty() || known.is_some_and(|k| k.value.origins != Origins::UNKNOWN) {
            return known;
        }
        self.clocks.get(&Names(class, name)).or(known)
    }

    fn declared(&self, module: Option<&str>, class: &str, name: &str) -> Option<&FunctionSummary> {
        let candidates = self.functions.get(&Names(class, name))?;
        let fitting: Vec<&FunctionSummary> = match module {
            Some(module) => candidates.iter().filter(|c| fits(c, module)).collect(),
            None => candidates.iter().collect(),
        };
        let first = *fitting.first()?;
        let agree = fitting.iter().all(|c| {
            c.value.origins == first.value.origins && c.return_type == first.return_type && c.effect == first.effect
        });
        (agree && (module.is_some() || !class.is_empty() || fitting.len() == 1)).then_some(first)
    }

    /// The field `class.field` over all files.
    pub fn field(&self, class: &str, field: &str) -> Option<&FieldSummary> {
        self.fields.get(&Names(class, field))
    }

    /// The fields of this name in all classes, joined: evidence by name only.
    pub fn field_by_name(&self, field: &str) -> Option<&FieldSummary> {
        self.fields_by_name.get(field)?.as_ref()
    }

    /// The value of a constant by its import path (`pkg.NAME`, `module.Class.NAME`); the last two segments decide.
    pub fn constant(&self, path: &str, package: Option<&str>) -> Option<&Value> {
        let mut segments = path.rsplit(['.', '/']);
        let name = segments.next()?;
        match segments.next().or_else(|| package.map(leaf)) {
            Some(container) => self.constants.get(&format!("{container}.{name}")),
            None => None,
        }
    }

    /// The type of an object that a module of the project makes once, by its import path.
    pub(crate) fn global(&self, path: &str, package: Option<&str>) -> Option<&str> {
        self.globals.type_at(path, package)
    }

    /// Whether the project defines a class of this simple name.
    pub fn has_class(&self, name: &str) -> bool {
        self.classes.contains_key(name)
    }

    /// The supertypes of a class of the project.
    pub fn supertypes(&self, class: &str) -> &[String] {
        self.classes.get(class).map_or(&[], Vec::as_slice)
    }

    /// The names of the parameters of the project's functions of this name that take a limit of time, if all agree.
    pub fn parameters(&self, function: &str) -> Option<&[String]> {
        self.parameters.get(function)?.as_deref()
    }

    /// The project's methods of a name that take a limit of time.
    pub(crate) fn methods_with_limits(&self, name: &str) -> Option<&[LimitMethod]> {
        self.limit_methods.get(name).map(Vec::as_slice)
    }

    /// The unit in which a function takes the argument at `position`, as far as its body says.
    pub(crate) fn parameter_unit(&self, function: &FunctionSummary, position: usize) -> Option<Unit> {
        let key = (function.class.clone(), function.name.clone(), position);
        self.parameter_units.get(&key).copied().flatten()
    }

    /// The unit that all fields of this name count, where their name does not state it.
    pub(crate) fn field_unit(&self, field: &str) -> Option<Unit> {
        self.field_units.get(field).copied().flatten()
    }

    /// The unit of what a function returns, of this class, or of any where all functions of its name agree.
    pub(crate) fn return_unit(&self, class: Option<&str>, function: &str) -> Option<Unit> {
        let of = |class: &str| self.return_units.get(&Names(class, function)).copied();
        class.and_then(of).or_else(|| of("")).flatten()
    }

    /// Whether any file stores something that is no constant to a member of this name through another object.
    pub fn is_set(&self, member: &str) -> bool {
        self.set.contains(member)
    }

    /// Whether the functions of this name that give locks back do not bind that to the context that they are handed.
    pub fn shields(&self, function: &str) -> bool {
        self.shields.contains(function) && !self.bound_releases.contains(function)
    }

    /// Whether some function of this name, alone or after its class, limits how long it takes by itself.
    pub(crate) fn bounds(&self, function: &str) -> bool {
        self.bounding.contains(function)
    }

    /// Whether requests of this library are given limits one by one anywhere in the project.
    pub fn limits_requests_of(&self, library: &str) -> bool {
        self.limited.contains(library)
    }

    /// Where a reading of the wall clock is put into this member (by [`crate::member_key`]) of a class; an empty class
    /// asks for any.
    pub fn stamp(&self, class: &str, member: &str) -> Option<&Site> {
        self.stamps.get(&Names(class, member))
    }

    /// What callers in all files pass at `position` to functions of this name.
    pub fn argument(&self, name: &str, position: u32) -> Option<&Value> {
        self.arguments.get(name)?.get(&position)
    }
}

/// Whether a function's file or package is named by the last two segments of `module`.
fn fits(function: &FunctionSummary, module: &str) -> bool {
    let mut wanted = module.rsplit(['.', '/', ':']).filter(|s| !s.is_empty()).take(2);
    let stem = function.module.rsplit('/').next().unwrap_or("");
    let folder = function.module.rsplit('/').nth(1).unwrap_or("");
    let package = leaf(&function.package);
    wanted.any(|w| w == stem || w == package || w == folder)
}
