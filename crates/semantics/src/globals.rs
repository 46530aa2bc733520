//! Objects that a module makes once for all others: `redis = Redis(..)` in one file, `from .stores import redis` in many.

use crate::analysis::Analysis;
use crate::catalog::leaf;
use crate::value::Origins;
use rustc_hash::FxHashMap;
use timelint_model::{Kind, NodeId, Role};

/// Names under which a folder's own module is imported.
const FOLDERS: [&str; 3] = ["__init__", "index", "mod"];

/// A module-level object.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Global {
    /// The module's or package's simple name.
    container: String,
    /// The object's name in it; empty for what the module itself stands for.
    name: String,
    /// Its type.
    ty: String,
}

impl Analysis<'_> {
    /// The objects of this file that others may import, with their types.
    pub(crate) fn globals(&self) -> Vec<Global> {
        let model = self.model;
        let containers = self.containers();
        let mut found = Vec::new();
        let mut add = |name: &str, ty: Option<String>| {
            let Some(ty) = ty else { return };
            let global =
                |container: &String| Global { container: container.clone(), name: name.to_owned(), ty: ty.clone() };
            found.extend(containers.iter().map(global));
        };
        for id in model.children(model.root()) {
            match model.kind(id) {
                Kind::Let | Kind::Assign => {
                    for target in model.children_with(id, Role::Target) {
                        match model.kind(target) {
                            Kind::Name => add(model.name(target), self.made_once(target)),
                            // `module.exports = client`
                            Kind::Member if model.name(target) == "exports" => {
                                add("", model.child(id, Role::Value).and_then(|v| self.made_once(v)));
                            }
                            _ => {}
                        }
                    }
                }
                // `export default client`
                Kind::Name => add("", self.made_once(id)),
                _ => {}
            }
        }
        found
    }

    /// The type of an object, where it is one of a library's that the catalogue knows.
    fn made_once(&self, object: NodeId) -> Option<String> {
        let known = self.value(object).origins.without(Origins::UNKNOWN.and(Origins::NULL)).is_empty();
        let ty = self.type_of(object).filter(|t| known && self.catalog.knows_type(&t.name))?;
        Some(ty.name)
    }

    /// What others call this file: by its own name or its folder's, and by its package's.
    fn containers(&self) -> Vec<String> {
        let stem = self.path.rsplit_once('.').map_or(&*self.path, |(stem, _)| stem);
        let mut parts = stem.rsplit('/');
        let own = parts.next().unwrap_or(stem);
        let own = if FOLDERS.contains(&own) { parts.next().unwrap_or(own) } else { own };
        let package = self.tables.package.as_deref().map(leaf).filter(|p| *p != own);
        std::iter::once(own).chain(package).map(str::to_owned).collect()
    }
}

/// The module-level objects of a project, by container and name; none where modules of one name differ.
#[derive(Debug, Default)]
pub(crate) struct Globals(FxHashMap<String, Option<String>>);

impl Globals {
    pub(crate) fn add(&mut self, global: &Global) {
        let known =
            self.0.entry(format!("{}.{}", global.container, global.name)).or_insert_with(|| Some(global.ty.clone()));
        known.take_if(|ty| *ty != global.ty);
    }

    /// The type of the object at an import path; a path that is a module's stands for what the module exports as such.
    pub(crate) fn type_at(&self, path: &str, package: Option<&str>) -> Option<&str> {
        if self.0.is_empty() {
            return None;
        }
        let mut segments = path.rsplit(['.', '/']).filter(|s| !s.is_empty());
        let name = segments.next()?;
        let container = segments.next().or_else(|| package.map(leaf));
        let named = container.and_then(|c| self.0.get(&format!("{c}.{name}")));
        let module = || self.0.get(&format!("{name}.")).filter(|_| path.starts_with('.') || path.contains('/'));
        named.or_else(module)?.as_deref()
    }
}
