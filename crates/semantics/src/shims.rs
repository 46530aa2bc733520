//! Modules of a project through which others import a library under one name, whatever the version of the language:
//! `compat.httpclient` is `http.client`.

use crate::analysis::Analysis;
use crate::names::has_word;
use rustc_hash::FxHashMap;

/// Words of the names of such modules.
const SHIMS: [&str; 12] =
    ["compat", "future", "six", "py2", "py3", "py3k", "py3compat", "py2compat", "backports", "shim", "shims", "moves"];

/// What a name of a shim stands for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Shim {
    /// The shim's own module, with dots.
    module: String,
    /// The name in it.
    name: String,
    /// The qualified name of the library's.
    target: String,
}

impl Analysis<'_> {
    /// The names that this file imports for others, if it is a shim.
    pub(crate) fn shims(&self) -> Vec<Shim> {
        let stem = self.path.rsplit_once('.').map_or(&*self.path, |(stem, _)| stem);
        let stem = stem.strip_suffix("/__init__").unwrap_or(stem);
        if !stem.rsplit('/').next().is_some_and(|s| has_word(s, &SHIMS)) {
            return Vec::new();
        }
        let module = stem.replace('/', ".");
        let known = |path: &str| {
            let catalog = self.catalog();
            catalog.has_members_of(path) || catalog.knows_type(path) || catalog.lookup(path, None).is_some()
        };
        let imported = self.tables.imports.iter().filter(|(_, target)| known(target));
        let shim = |(name, target): (&String, &String)| Shim {
            module: module.clone(),
            name: name.clone(),
            target: target.clone(),
        };
        let mut all: Vec<Shim> = imported.map(shim).collect();
        all.sort_by(|a, b| a.name.cmp(&b.name));
        all
    }
}

/// The shims of a project, by the last two parts of the path by which they are imported.
#[derive(Debug, Default)]
pub(crate) struct Shims(FxHashMap<String, Vec<Shim>>);

impl Shims {
    pub(crate) fn add(&mut self, shim: Shim) {
        let last = shim.module.rsplit('.').next().unwrap_or_default();
        self.0.entry(format!("{last}.{}", shim.name)).or_default().push(shim);
    }

    /// The library's name behind an imported path, if that is one of a shim: `acme.compat.httpclient`.
    pub(crate) fn behind(&self, path: &str) -> Option<String> {
        if self.0.is_empty() {
            return None;
        }
        let path = path.trim_start_matches('.');
        let (module, name) = path.rsplit_once('.')?;
        let last = module.rsplit('.').next().unwrap_or(module);
        let ends = |long: &str, short: &str| {
            long.strip_suffix(short).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        };
        let mut fitting = self
            .0
            .get(&format!("{last}.{name}"))?
            .iter()
            .filter(|s| ends(&s.module, module) || ends(module, &s.module));
        let first = fitting.next()?;
        fitting.all(|s| s.target == first.target).then(|| first.target.clone())
    }
}
