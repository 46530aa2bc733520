//! What API names mean: the catalogues `queries/<language>/apis.toml` and the user's `[[api]]` entries.
//!
//! Keys are the qualified names that resolution produces: `module.function`, `module.Type` (its construction),
//! `module.Type#method`, `*#method` for a method whose receiver could not be resolved (evidence by name only), and
//! `idiom:name` for an idiom of the query pack.

mod entry;
mod purpose;
mod relevance;
mod role;
#[cfg(test)]
mod tests;
mod unread;

pub use entry::*;
pub use purpose::{DeclaredLocks, LockPurpose};
pub use role::ApiRole;

use crate::names::words;
use rustc_hash::{FxHashMap, FxHashSet};
use serde::Deserialize;
use std::sync::OnceLock;
use thiserror::Error;
use unread::{Slot, tables};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    api: Vec<Api>,
    #[serde(default, rename = "type")]
    types: Vec<ApiType>,
    #[serde(default, rename = "module")]
    modules: Vec<ApiModule>,
    #[serde(default, rename = "integer")]
    integers: Vec<Integer>,
    #[serde(default, rename = "package")]
    packages: Vec<ApiPackage>,
}

/// Why a catalogue was refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{file}{place}: {message}", place = line.map(|l| format!(":{l}")).unwrap_or_default())]
pub struct CatalogError {
    /// The catalogue's file.
    pub file: String,
    /// Line, from 1, where it is known.
    pub line: Option<usize>,
    /// What is wrong and how to mend it.
    pub message: String,
}

/// A language's APIs, looked up by leaf name first.
#[derive(Debug, Default)]
pub struct Catalog {
    apis: Vec<Slot>,
    /// Qualified name to entries (overloads).
    by_name: FxHashMap<String, Vec<u32>>,
    /// Last segments of all names, with the types (or `*`) that have a method of that name.
    leaves: FxHashMap<String, Vec<String>>,
    types: FxHashMap<String, ApiType>,
    /// What objects are called whose type nothing else says, and that type.
    called: FxHashMap<String, String>,
    /// Other names of modules, and the name under which entries speak of them.
    modules: FxHashMap<String, String>,
    /// Types of whole numbers that wrap around.
    integers: Vec<Integer>,
    /// Every `a.b.C` of which an entry `a.b.C.m` or `a.b.C#m` exists.
    containers: FxHashSet<String>,
    /// Simple type name to qualified ones, for languages with wildcard imports.
    simple_types: FxHashMap<String, Vec<String>>,
    /// What the team says its locks are for.
    locks: Vec<DeclaredLocks>,
    /// Packages that tell by themselves where what depends on them runs.
    packages: FxHashMap<String, RunsIn>,
    /// What files are searched for before they are analysed.
    triggers: OnceLock<relevance::Triggers>,
}

impl Catalog {
    /// Adds a catalogue file; entries of a later file replace those of an earlier one with the same name and arity.
    ///
    /// # Errors
    ///
    /// Bad TOML, an unknown key, role or unit, an empty or ill-formed name, a duplicate within the file, an argument
    /// position that makes no sense for the entry's arity, versions without bounds.
    pub fn add(&mut self, file: &str, text: &str) -> Result<(), CatalogError> {
        let parsed: File = toml::from_str(text).map_err(|e| CatalogError {
            file: file.to_owned(),
            line: e.span().map(|s| text.get(..s.start).unwrap_or("").matches('\n').count() + 1),
            message: e.message().to_owned(),
        })?;
        for module in parsed.modules {
            self.modules.extend(module.also.into_iter().map(|other| (other, module.name.clone())));
        }
        self.integers.extend(parsed.integers);
        for package in parsed.packages {
            self.packages.extend(package.name.as_slice().iter().map(|name| (name.clone(), package.runs_in)));
        }
        self.add_entries(file, text, parsed.api, parsed.types)
    }

    /// Adds entries that were read elsewhere (the user's configuration); `text` is only used to find lines.
    ///
    /// # Errors
    ///
    /// As [`Catalog::add`].
    pub fn add_entries(
        &mut self,
        file: &str,
        text: &str,
        apis: Vec<Api>,
        types: Vec<ApiType>,
    ) -> Result<(), CatalogError> {
        let mut own: FxHashSet<(&str, Option<&[usize]>)> = FxHashSet::default();
        for api in &apis {
            check_arguments(api)
                .and_then(|()| check_versions(api))
                .map_err(|message| refuse(file, text, api, message))?;
            for name in api.name.as_slice() {
                if name.is_empty() || name.contains(char::is_whitespace) {
                    return Err(refuse(file, text, api, format!("`{name}` is not a qualified name")));
                }
                if !own.insert((name, api.arities())) {
                    let message = format!("`{name}` stands here twice: give each overload its own `arity`");
                    return Err(refuse(file, text, api, message));
                }
            }
        }
        for ty in types {
            if let Some(name) = ty.name.as_slice().first() {
                self.called.extend(ty.called.iter().map(|word| (word.clone(), name.clone())));
            }
            for name in ty.name.as_slice() {
                self.add_type(name);
                self.types.insert(name.clone(), ty.clone());
            }
        }
        for api in apis {
            for name in api.name.as_slice() {
                if let Some(known) = self.by_name.get_mut(name) {
                    known.retain(|old| self.apis[*old as usize].api().arities() != api.arities());
                }
            }
            let names: Vec<&str> = api.name.as_slice().iter().map(String::as_str).collect();
            self.register(&names, api.returns.as_deref());
            self.apis.push(Slot::Read(Box::new(api)));
        }
        Ok(())
    }

    /// Adds a shipped catalogue before any other; its entries are read when they are asked for.
    ///
    /// # Errors
    ///
    /// As [`Catalog::add`], for its types. Entries are taken to be right: a test reads all that are shipped.
    pub fn add_shipped(&mut self, file: &str, text: &'static str) -> Result<(), CatalogError> {
        for table in tables(text) {
            match table.role.filter(|_| !table.is_type) {
                Some(role) => {
                    self.register(&table.names, table.returns);
                    self.apis.push(Slot::Unread(table.text, role, OnceLock::new()));
                }
                None => self.add(file, table.text)?,
            }
        }
        Ok(())
    }

    /// Makes the names of the entry that is added next known.
    fn register(&mut self, names: &[&str], returns: Option<&str>) {
        let index = self.apis.len() as u32;
        for name in names {
            match self.by_name.get_mut(*name) {
                Some(known) => known.push(index),
                None => drop(self.by_name.insert((*name).to_owned(), vec![index])),
            }
            let owners = match self.leaves.get_mut(leaf(name)) {
                Some(owners) => owners,
                None => self.leaves.entry(leaf(name).to_owned()).or_default(),
            };
            // A member of a part, `Config#Net.DialTimeout`, is none of the object itself.
            let own = |(owner, member): &(&str, &str)| leaf(member) == *member && owners.iter().all(|o| o != owner);
            if let Some((owner, _)) = name.rsplit_once('#').filter(own) {
                owners.push(owner.to_owned());
            }
            if let Some((container, _)) = name.rsplit_once(['.', '#'])
                && !self.containers.contains(container)
            {
                self.containers.insert(container.to_owned());
            }
            if let Some((owner, _)) = name.split_once('#').filter(|(owner, _)| *owner != "*") {
                self.add_type(owner);
            }
        }
        if let Some(returned) = returns {
            self.add_type(returned);
        }
    }

    fn add_type(&mut self, name: &str) {
        match self.simple_types.get_mut(leaf(name)) {
            Some(known) if known.iter().any(|k| k == name) => {}
            Some(known) => known.push(name.to_owned()),
            None => drop(self.simple_types.insert(leaf(name).to_owned(), vec![name.to_owned()])),
        }
    }

    /// Adds what a team says its locks are for; what is said later counts.
    pub fn declare_locks(&mut self, locks: &[DeclaredLocks]) {
        self.locks.extend_from_slice(locks);
    }

    /// What the team says a lock is for of which `texts` are the key's parts and the names.
    pub fn lock_purpose(&self, texts: &[String]) -> Option<LockPurpose> {
        let fits = |lock: &&DeclaredLocks| texts.iter().any(|t| lock.fits(t));
        self.locks.iter().rev().find(fits).map(|lock| lock.purpose)
    }

    /// The path by which entries speak of an imported module or member, where it has another one.
    pub(crate) fn usual_path(&self, path: &str) -> Option<String> {
        let ends = path.match_indices(['.', '/']).map(|(at, _)| at).chain([path.len()]);
        ends.filter_map(|end| Some(format!("{}{}", self.modules.get(&path[..end])?, &path[end..]))).next_back()
    }

    /// Whether any entry ends in `leaf`.
    pub fn has_leaf(&self, leaf: &str) -> bool {
        self.leaves.contains_key(leaf)
    }

    /// Whether any type has a method of this name.
    pub(crate) fn has_methods(&self, method: &str) -> bool {
        self.leaves.get(method).is_some_and(|owners| !owners.is_empty())
    }

    /// The entry behind `index`, as returned by [`Catalog::lookup`].
    pub fn api(&self, index: ApiId) -> &Api {
        self.apis[index.0 as usize].api()
    }

    /// The entry for a qualified name and a number of arguments; an entry without arity serves any number.
    pub fn lookup(&self, name: &str, arity: Option<usize>) -> Option<ApiId> {
        let candidates = self.by_name.get(name)?;
        let fits = |a: &&u32| match (&self.apis[**a as usize].api().arity, arity) {
            (Some(wanted), Some(n)) => wanted.as_slice().contains(&n),
            (Some(_), None) => false,
            (None, _) => true,
        };
        let exact = candidates.iter().filter(|a| self.apis[**a as usize].api().arity.is_some()).find(fits);
        exact.or_else(|| candidates.iter().find(fits)).map(|i| ApiId(*i))
    }

    /// The entry for `method` on `ty` or, failing that, on a type that it extends.
    pub fn method(&self, ty: &str, method: &str, arity: Option<usize>) -> Option<ApiId> {
        let owners = self.leaves.get(method).filter(|owners| !owners.is_empty())?;
        let of = |owner: &str| {
            owners.iter().any(|o| o == owner).then(|| self.lookup(&format!("{owner}#{method}"), arity)).flatten()
        };
        // Most types extend nothing: their ancestry need not be built.
        match self.types.get(ty) {
            Some(known) if !known.extends.is_empty() => self.ancestry(ty).iter().find_map(|t| of(t)),
            _ => of(ty),
        }
    }

    /// The entry for a method whose receiver is unknown.
    pub(crate) fn method_of_any(&self, method: &str, arity: Option<usize>) -> Option<ApiId> {
        self.method("*", method, arity)
    }

    /// The entry for a method whose receiver is unknown in a file that imports `paths`: where a name of several words
    /// is known of one library only, and the file imports it, that library is meant.
    pub(crate) fn method_of_imported<'p>(
        &self,
        mut paths: impl Iterator<Item = &'p String>,
        method: &str,
        arity: Option<usize>,
    ) -> Option<ApiId> {
        let owners = self.leaves.get(method).filter(|_| words(method).len() > 1)?;
        let first = owners.first()?;
        let own = first.rsplit_once('.')?.0;
        if owners.iter().any(|o| o.rsplit_once('.').is_none_or(|(package, _)| package != own)) {
            return None;
        }
        let below = |path: &str| path.strip_prefix(own).is_some_and(|r| r.is_empty() || r.starts_with('.'));
        paths.any(|p| below(p)).then(|| self.lookup(&format!("{first}#{method}"), arity)).flatten()
    }

    /// `ty` and everything that it extends, nearest first.
    pub fn ancestry(&self, ty: &str) -> Vec<String> {
        let mut all = vec![ty.to_owned()];
        let mut at = 0;
        while at < all.len() && all.len() < 32 {
            if let Some(known) = self.types.get(&all[at]) {
                for parent in &known.extends {
                    if !all.contains(parent) {
                        all.push(parent.clone());
                    }
                }
            }
            at += 1;
        }
        all
    }

    /// Where locks of this type live, by the type or one that it extends.
    pub fn lock_scope(&self, ty: &str) -> Option<LockScope> {
        self.ancestry(ty).iter().find_map(|t| self.types.get(t).and_then(|t| t.scope))
    }

    /// How a limit is set on open connections of this type, by the type or one that it extends; `None` for other types.
    pub fn connection_advice(&self, ty: &str) -> Option<&str> {
        let of = |t: &String| self.types.get(t).and_then(|t| t.connection.as_deref());
        self.ancestry(ty).iter().find_map(of)
    }

    /// Whether the catalogue knows the type.
    pub fn knows_type(&self, name: &str) -> bool {
        self.simple_types.get(leaf(name)).is_some_and(|all| all.iter().any(|t| t == name))
    }

    /// Whether the catalogue has members of `name`.
    pub fn has_members_of(&self, name: &str) -> bool {
        self.containers.contains(name)
    }

    /// The type whose objects go by this name, in whatever convention it is written.
    pub(crate) fn type_called(&self, name: &str) -> Option<&str> {
        if self.called.is_empty() {
            return None;
        }
        self.called.get(&words(name).join("_")).map(String::as_str)
    }

    /// The type of the language's plain whole numbers, where it wraps around.
    pub fn plain_integer(&self) -> Option<&Integer> {
        self.integers.first()
    }

    /// Known types with this simple name.
    pub fn types_named(&self, simple: &str) -> &[String] {
        self.simple_types.get(simple).map_or(&[], Vec::as_slice)
    }

    /// The entries in this role.
    pub fn entries_in(&self, role: ApiRole) -> impl Iterator<Item = &Api> {
        self.apis.iter().filter(move |slot| slot.role() == role).map(Slot::api)
    }

    /// The packages that tell that what depends on them runs there.
    pub(crate) fn packages_that_run_in(&self, place: RunsIn) -> impl Iterator<Item = &str> {
        self.packages.iter().filter(move |(_, runs_in)| **runs_in == place).map(|(name, _)| name.as_str())
    }

    /// The packages whose versions or presence matter.
    pub fn packages(&self) -> FxHashSet<&str> {
        let versions = self.apis.iter().filter(|slot| slot.may_say("versions")).flat_map(|slot| &slot.api().versions);
        let telling = self.packages.keys().map(String::as_str);
        versions.map(|span| span.package.as_str()).chain(telling).collect()
    }

    /// All entries with their names, in the order of the files.
    pub fn entries(&self) -> impl Iterator<Item = &Api> {
        self.apis.iter().map(Slot::api)
    }
}

/// Index of an entry in its catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ApiId(u32);

/// The last segment of a qualified name.
pub fn leaf(name: &str) -> &str {
    name.rsplit(['.', '#', '/', ':']).next().unwrap_or(name)
}

fn check_arguments(api: &Api) -> Result<(), String> {
    let most = api.arity.as_ref().and_then(|a| a.as_slice().iter().max().copied());
    for arg in &api.args {
        for place in arg.at.as_slice() {
            match place {
                ArgPlace::Position(p) if most.is_some_and(|m| p.unsigned_abs() as usize >= m.max(1) && *p >= 0) => {
                    return Err(format!("argument {p} does not exist in a call of {} arguments", most.unwrap_or(0)));
                }
                ArgPlace::Position(p) if !(-8..=32).contains(p) => {
                    return Err(format!("argument index {p} makes no sense"));
                }
                ArgPlace::Keyword(k) if k.is_empty() => return Err("an argument's keyword is empty".to_owned()),
                _ => {}
            }
        }
        if arg.is == ArgMeaning::Timeout && arg.kind.is_none() {
            return Err("a timeout needs a `kind`, such as `connect`, `read`, `total` or `session`".to_owned());
        }
    }
    Ok(())
}

fn check_versions(api: &Api) -> Result<(), String> {
    match api.versions.iter().find(|v| v.from.is_none() && v.below.is_none()) {
        Some(span) => Err(format!("the versions of `{}` need a `from` or a `below`", span.package)),
        None => Ok(()),
    }
}

fn refuse(file: &str, text: &str, api: &Api, message: String) -> CatalogError {
    let first = api.name.as_slice().first().map_or("", String::as_str);
    let line = text.find(&format!("\"{first}\"")).map(|at| text[..at].matches('\n').count() + 1);
    CatalogError { file: file.to_owned(), line, message }
}
