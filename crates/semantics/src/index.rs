//! What is known across the files of a project: the reduce step.

use crate::analysis::Analysis;
use crate::catalog::{Catalog, Effect, Unit, leaf};
use crate::implements::{ClassMethods, implicit_interfaces};
use crate::lock_helper::LockHelper;
use crate::sites::Site;
use crate::stamps::Stamp;
use crate::tables::LOOSE;
use crate::value::{Origins, Value};
use aho_corasick::AhoCorasick;
use rustc_hash::{FxBuildHasher, FxHashMap, FxHashSet};
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};
use timelint_model::{FileModel, Kind, Role, Sym};

/// A function as seen from other files.
#[derive(Debug, Clone, PartialEq)]
pub struct FunctionSummary {
    /// The file's path without extension, with `/`.
    pub module: Arc<str>,
    /// The declared package, or the empty string.
    pub package: Arc<str>,
    /// The simple name of the class, or the empty string.
    pub class: String,
    /// The function's name.
    pub name: String,
    /// What it returns, in terms of its parameters.
    pub value: Value,
    /// The type of its result.
    pub return_type: Option<String>,
    /// The strongest write that it makes itself or through functions of its file, unless every write is conditional.
    pub effect: Option<Effect>,
    /// What it does with a distributed lock for its callers.
    pub lock: Option<LockHelper>,
    /// For a function that speaks of locks: the methods of other classes of the project that it may hand the work to.
    pub via: Vec<(String, String)>,
    /// Methods of other classes of the project that it calls and that may write, where no write of its own is known.
    pub calls: Vec<(String, String)>,
}

/// A field as seen from other files.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FieldSummary {
    /// All stores of all files, joined.
    pub value: Value,
    /// Its type.
    pub ty: Option<String>,
}

/// What one file contributes to the project, and whether rules may speak there.
#[derive(Debug, Default)]
pub struct FileSummary {
    relevant: bool,
    functions: Vec<FunctionSummary>,
    fields: Vec<(String, String, FieldSummary)>,
    constants: Vec<(String, Value)>,
    classes: Vec<(String, Vec<String>)>,
    methods: Vec<ClassMethods>,
    arguments: Vec<(String, u32, Value)>,
    stamps: Vec<Stamp>,
    parameters: Vec<(String, Vec<String>)>,
    parameter_units: Vec<(String, String, usize, Unit)>,
    field_units: Vec<(String, Option<Unit>)>,
    set: Vec<String>,
    covered: Vec<String>,
    shields: Vec<String>,
}

impl FileSummary {
    /// Whether any rule can possibly report in this file: if not, its model may be dropped.
    pub fn is_relevant(&self) -> bool {
        self.relevant
    }

    /// Forgets what the file stores to fields and passes to functions: a test's values say nothing of the program.
    #[must_use]
    pub fn without_values(mut self) -> Self {
        self.fields.clear();
        self.arguments.clear();
        self.stamps.clear();
        self.field_units.clear();
        self
    }
}

/// Beginnings of words of identifiers that some rule's evidence starts from. A file without any of them has nothing to
/// report, and nothing to tell other files but its classes.
const TRIGGERS: [&str; 60] = [
    "fenc",
    "time",
    "now",
    "date",
    "updated",
    "modified",
    "deadline",
    "lease",
    "lead",
    "lock",
    "unlock",
    "mutex",
    "expir",
    "heartbeat",
    "seen",
    "milli",
    "nano",
    "clock",
    "elapsed",
    "monotonic",
    "ttl",
    "master",
    "primary",
    "retry",
    "session",
    "semaphore",
    "elect",
    "redlock",
    "fetch",
    "request",
    "http",
    "await",
    "dial",
    "wait",
    "sleep",
    "hasleadership",
    "datetime",
    "currenttime",
    "lastseen",
    "held",
    "socket",
    "connect",
    "url",
    "axios",
    "got",
    "smtp",
    "ftp",
    "imap",
    "client",
    "context",
    "rest",
    "hrtime",
    "attempt",
    "tries",
    "backoff",
    "remote",
    "maxage",
    "popen",
    "exec",
    "spawn",
];

/// Whether any symbol of the file has a word that begins with a trigger.
fn is_relevant(model: &FileModel) -> bool {
    static WORDS: OnceLock<Option<AhoCorasick>> = OnceLock::new();
    let built = || AhoCorasick::builder().ascii_case_insensitive(true).build(TRIGGERS).ok();
    let Some(words) = WORDS.get_or_init(built) else { return true };
    let starts_word = |text: &str, at: usize| {
        let bytes = text.as_bytes();
        let Some(before) = at.checked_sub(1).map(|i| bytes[i]) else { return true };
        !before.is_ascii_alphanumeric()
            || (bytes[at].is_ascii_uppercase() && !before.is_ascii_uppercase())
            || (bytes[at].is_ascii_uppercase() && bytes.get(at + 1).is_some_and(u8::is_ascii_lowercase))
    };
    model
        .symbols()
        .any(|(_, text)| text.len() < 80 && words.find_overlapping_iter(text).any(|m| starts_word(text, m.start())))
}

/// Summarises a file by itself (the map step). `path` is the path shown to the user.
pub fn summarize(catalog: &Catalog, path: &Arc<str>, model: &FileModel) -> FileSummary {
    let relevant = is_relevant(model);
    let empty = ProjectIndex::default();
    let no_text = || Arc::from("");
    let file = Analysis::new(catalog, &empty, path.clone(), model, &no_text);
    let mut summary = FileSummary { relevant, ..FileSummary::default() };
    for class in &file.tables.classes {
        if class.name.is_empty() || class.name == LOOSE {
            continue;
        }
        summary.classes.push((class.name.clone(), file.supertypes(&class.name).to_vec()));
        if !relevant {
            continue;
        }
        summary.methods.extend(ClassMethods::of(model, class));
        let mut names: Vec<Sym> = class.fields.keys().copied().collect();
        names.sort_unstable();
        for name in names {
            let text = model.text(name);
            let value = file.field_value(&class.name, text);
            let ty = class.fields[&name].iter().find_map(|s| file.type_of_store(*s)).map(|t| t.name);
            if ty.is_some() || !value.origins.without(Origins::UNKNOWN.and(Origins::NULL)).is_empty() {
                summary.fields.push((class.name.clone(), text.to_owned(), FieldSummary { value, ty }));
            }
        }
    }
    if !relevant {
        return summary;
    }
    for name in file.tables.foreign_fields() {
        for (object, store) in file.tables.foreign_stores(name) {
            let value = store.value.map_or_else(Value::unknown, |v| file.value(v));
            if value.origins.without(Origins::UNKNOWN.and(Origins::NULL)).is_empty() {
                continue;
            }
            let class = file.owner_class(*object).unwrap_or_default();
            summary.fields.push((class, model.text(name).to_owned(), FieldSummary { value, ty: None }));
        }
    }
    summarize_functions(&file, &mut summary);
    summarize_constants(&file, &mut summary);
    summarize_arguments(&file, &mut summary);
    summary.stamps = file.stamps();
    summary.parameters = file.limit_parameters();
    summary.parameter_units = file.parameter_units();
    summary.field_units = file.field_units();
    summary.set = file.members_set();
    summary.covered = file.covered_names();
    summary.shields = file.shielded_releases();
    summary
}

fn summarize_functions(file: &Analysis<'_>, summary: &mut FileSummary) {
    let model = file.model;
    let module: Arc<str> = file.path.rsplit_once('.').map_or(&*file.path, |(stem, _)| stem).into();
    let package: Arc<str> = file.tables.package.clone().unwrap_or_default().into();
    for info in &file.tables.functions {
        let name = model.name(info.node);
        if name.is_empty() {
            continue;
        }
        let value = file.returned_value(crate::resolve::Callee::Here(info.node));
        let return_type = file.returned_type(info.node).map(|t| t.name);
        let effect = file.effect_of(info.node);
        let lock = file.lock_helper(info.node);
        let via = if lock.is_none() { file.hands_lock_on(info.node) } else { Vec::new() };
        let calls = if effect.is_none() { file.may_write_through(info.node) } else { Vec::new() };
        let known = value.origins.without(Origins::UNKNOWN.and(Origins::NULL).and(Origins::CONSTANT));
        if known.is_empty()
            && return_type.is_none()
            && effect.is_none()
            && lock.is_none()
            && via.is_empty()
            && calls.is_empty()
        {
            continue;
        }
        let class = info.class.map(|c| file.tables.classes[c as usize].name.clone()).unwrap_or_default();
        let (module, package) = (module.clone(), package.clone());
        let name = name.to_owned();
        summary.functions.push(FunctionSummary {
            module,
            package,
            class,
            name,
            value,
            return_type,
            effect,
            lock,
            via,
            calls,
        });
    }
}

/// Module-level and class-level values under `Container.NAME`, where the container is the file, package or class.
fn summarize_constants(file: &Analysis<'_>, summary: &mut FileSummary) {
    let model = file.model;
    let stem = file.path.rsplit_once('.').map_or(&*file.path, |(stem, _)| stem);
    let stem = stem.rsplit('/').next().unwrap_or(stem);
    for id in model.children(model.root()).filter(|c| matches!(model.kind(*c), Kind::Let | Kind::Assign)) {
        for target in model.children_with(id, Role::Target).filter(|t| model.kind(*t) == Kind::Name) {
            let value = file.value(target);
            if value.origins.without(Origins::UNKNOWN.and(Origins::NULL)).is_empty() {
                continue;
            }
            let name = model.name(target);
            summary.constants.push((format!("{stem}.{name}"), value.clone()));
            if let Some(package) = &file.tables.package
                && leaf(package) != stem
            {
                summary.constants.push((format!("{}.{name}", leaf(package)), value));
            }
        }
    }
    for (class, field, known) in &summary.fields {
        if known.value.is_constant() || known.value.origins.any(Origins::CONFIG) {
            summary.constants.push((format!("{class}.{field}"), known.value.clone()));
        }
    }
}

/// What the file passes to functions that it does not define, by name and position: clocks, constants, configuration.
fn summarize_arguments(file: &Analysis<'_>, summary: &mut FileSummary) {
    let model = file.model;
    let notable = Origins::CLOCKS.and(Origins::REMOTE).and(Origins::CONFIG);
    for id in &file.tables.calls {
        if file.resolve(*id).is_some() {
            continue;
        }
        let name = match model.kind(*id) {
            Kind::Call => model.name(*id),
            Kind::New => model.child(*id, Role::Type).map_or("", |t| leaf(model.name(t))),
            _ => continue,
        };
        for (position, arg) in model.children_with(*id, Role::Arg).enumerate().take(12) {
            if !matches!(model.kind(arg), Kind::Name | Kind::Call | Kind::Binary | Kind::Member) {
                continue;
            }
            let value = file.value(arg);
            if value.origins.any(notable) {
                summary.arguments.push((name.to_owned(), position as u32, value));
            }
        }
    }
}

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
    /// By class, function and position; none where functions of one name differ.
    parameter_units: FxHashMap<(String, String, usize), Option<Unit>>,
    /// Of fields whose names state none; none where classes differ.
    field_units: FxHashMap<String, Option<Unit>>,
    set: FxHashSet<String>,
    /// Beginnings of qualified names that a limit for the whole process bounds.
    covered: FxHashSet<String>,
    shields: FxHashSet<String>,
}

impl ProjectIndex {
    /// The reduce step; the result does not depend on the order of `summaries` as long as the engine sorts them.
    pub fn build(catalog: &Catalog, summaries: Vec<FileSummary>) -> Self {
        let mut index = Self::default();
        let mut methods: Vec<ClassMethods> = Vec::new();
        for summary in summaries {
            methods.extend(summary.methods);
            for function in summary.functions {
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
            for (class, function, position, unit) in summary.parameter_units {
                let known = index.parameter_units.entry((class, function, position)).or_insert(Some(unit));
                *known = known.filter(|u| *u == unit);
            }
            for (field, unit) in summary.field_units {
                let known = index.field_units.entry(field).or_insert(unit);
                *known = known.filter(|u| Some(*u) == unit);
            }
            index.set.extend(summary.set);
            index.covered.extend(summary.covered);
            index.shields.extend(summary.shields);
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
        index.connect_clocks(catalog, &interfaces);
        index
    }

    /// Lets helpers be found through the interfaces that their classes implement, and through classes that only hand
    /// the work on.
    fn connect_lock_helpers(&mut self, catalog: &Catalog) {
        let own = |functions: &[FunctionSummary]| functions.iter().find_map(|f| f.lock);
        let handed = |functions: &[FunctionSummary], known: &Methods<LockHelper>| {
            functions.iter().flat_map(|f| &f.via).find_map(|method| known.get(method)).copied()
        };
        self.locks = self.connect(catalog, own, handed);
    }

    /// Lets writes be found through interfaces, and through classes that only hand the work on.
    fn connect_effects(&mut self, catalog: &Catalog) {
        let own = |functions: &[FunctionSummary]| functions.iter().filter_map(|f| f.effect).max();
        let handed = |functions: &[FunctionSummary], known: &Methods<Effect>| {
            functions.iter().flat_map(|f| &f.calls).filter_map(|call| known.get(call)).max().copied()
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

    /// Whether a function of this name in any class handles a distributed lock.
    pub(crate) fn names_lock_helper(&self, function: &str) -> bool {
        self.lock_names.contains(function)
    }

    /// Whether a function of this name in any class writes.
    pub(crate) fn names_write(&self, function: &str) -> bool {
        self.effect_names.contains(function)
    }

    /// The strongest write that `class#method` makes, itself or in a class that implements it.
    pub fn effect(&self, class: &str, method: &str) -> Option<Effect> {
        self.effects.get(&Names(class, method)).copied()
    }

    /// What `class#method` does with a distributed lock, itself or in a class that implements it.
    pub fn lock_helper(&self, class: &str, method: &str) -> Option<LockHelper> {
        self.locks.get(&Names(class, method)).copied()
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

    /// The unit in which a function takes the argument at `position`, as far as its body says.
    pub(crate) fn parameter_unit(&self, function: &FunctionSummary, position: usize) -> Option<Unit> {
        let key = (function.class.clone(), function.name.clone(), position);
        self.parameter_units.get(&key).copied().flatten()
    }

    /// The unit that all fields of this name count, where their name does not state it.
    pub(crate) fn field_unit(&self, field: &str) -> Option<Unit> {
        self.field_units.get(field).copied().flatten()
    }

    /// Whether any file stores something that is no constant to a member of this name through another object.
    pub fn is_set(&self, member: &str) -> bool {
        self.set.contains(member)
    }

    /// Whether some function of this name that gives locks back does not bind that to the context that it is handed.
    pub fn shields(&self, function: &str) -> bool {
        self.shields.contains(function)
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
