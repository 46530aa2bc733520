//! What one file tells the others: functions, fields, constants, classes, and what it hands to them.

use crate::analysis::Analysis;
use crate::catalog::{Catalog, Effect, Unit, leaf};
use crate::globals::Global;
use crate::implements::ClassMethods;
use crate::index::ProjectIndex;
use crate::lock_helper::LockHelper;
use crate::settable::LimitMethod;
use crate::shims::Shim;
use crate::stamps::Stamp;
use crate::tables::{ClassInfo, LOOSE};
use crate::units::is_length_name;
use crate::value::{Origins, Value};
use std::sync::Arc;
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
    /// It has the database lock the rows that it changes.
    pub locks_rows: bool,
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
    pub(crate) relevant: bool,
    pub(crate) functions: Vec<FunctionSummary>,
    pub(crate) fields: Vec<(String, String, FieldSummary)>,
    pub(crate) constants: Vec<(String, Value)>,
    pub(crate) classes: Vec<(String, Vec<String>)>,
    pub(crate) methods: Vec<ClassMethods>,
    pub(crate) arguments: Vec<(String, u32, Value)>,
    pub(crate) stamps: Vec<Stamp>,
    pub(crate) parameters: Vec<(String, Vec<String>)>,
    /// Methods that take a limit of time.
    pub(crate) limit_methods: Vec<LimitMethod>,
    pub(crate) parameter_units: Vec<(String, String, usize, Unit)>,
    pub(crate) field_units: Vec<(String, Option<Unit>)>,
    pub(crate) return_units: Vec<(String, String, Option<Unit>)>,
    pub(crate) set: Vec<String>,
    pub(crate) covered: Vec<String>,
    pub(crate) shields: Vec<String>,
    pub(crate) bound_releases: Vec<String>,
    pub(crate) bounding: Vec<String>,
    pub(crate) limited: Vec<String>,
    pub(crate) shims: Vec<Shim>,
    pub(crate) globals: Vec<Global>,
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
        self.globals.clear();
        self.stamps.clear();
        self.field_units.clear();
        self.return_units.clear();
        self
    }
}

/// Summarises a file by itself (the map step). `path` is the path shown to the user.
pub fn summarize(catalog: &Catalog, path: &Arc<str>, model: &FileModel) -> FileSummary {
    let relevant = catalog.may_matter(model);
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
            summary.fields.extend(declared_lengths(&file, class));
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
    summary.shims = file.shims();
    summary.globals = file.globals();
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
    summary.limit_methods = file.limit_methods();
    summary.parameter_units = file.parameter_units();
    summary.field_units = file.field_units();
    summary.return_units = file.return_units();
    summary.set = file.members_set();
    summary.covered = file.covered_names();
    (summary.shields, summary.bound_releases) = file.releases_by_context();
    summary.bounding = file.bounding_functions();
    summary.limited = file.libraries_limited_by_request();
    summary
}

/// The written types of the fields that are called lengths of time: all that a file of nothing but declarations tells.
fn declared_lengths(file: &Analysis<'_>, class: &ClassInfo) -> Vec<(String, String, FieldSummary)> {
    let called = |sym: &Sym| is_length_name(file.model.text(*sym));
    let mut names: Vec<Sym> = class.fields.keys().copied().filter(called).collect();
    names.sort_unstable();
    let typed = names.into_iter().filter_map(|name| {
        let ty = class.fields[&name].iter().filter(|s| s.ty.is_some()).find_map(|s| file.type_of_store(*s))?;
        let known = FieldSummary { value: Value::default(), ty: Some(ty.name) };
        Some((class.name.clone(), file.model.text(name).to_owned(), known))
    });
    typed.collect()
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
        let locks_rows = effect.is_some() && file.locks_rows(info.node);
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
            locks_rows,
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
