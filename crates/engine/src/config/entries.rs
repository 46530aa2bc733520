//! `[[api]]`, `[[type]]` and `[locks]`: what the project's own names mean.

use super::Entries;
use super::locks::{self, RawLocks};
use super::raw::improve;
use crate::error::ConfigError;
use crate::suggest::hint;
use serde::de::DeserializeOwned;
use timelint_semantics::catalog::{Api, ApiType};
use timelint_syntax::LANGUAGES;
use toml::{Spanned, Table, Value};

/// Sorts entries by catalogue.
pub(super) fn read(
    file: &str,
    text: &str,
    apis: Vec<Spanned<Table>>,
    types: Vec<Spanned<Table>>,
    locks: RawLocks,
) -> Result<Vec<Entries>, ConfigError> {
    let mut all: Vec<Entries> = Vec::new();
    let shared: std::sync::Arc<str> = text.into();
    for api in apis {
        let (catalog, entry) = entry::<Api>(file, text, api)?;
        slot(&mut all, catalog).apis.push(entry);
    }
    for ty in types {
        let (catalog, entry) = entry::<ApiType>(file, text, ty)?;
        slot(&mut all, catalog).types.push(entry);
    }
    locks::add(file, text, locks, &mut all)?;
    for entries in &mut all {
        file.clone_into(&mut entries.file);
        entries.text = shared.clone();
    }
    Ok(all)
}

pub(super) fn slot<'e>(all: &'e mut Vec<Entries>, catalog: &'static str) -> &'e mut Entries {
    let at = all.iter().position(|e| e.catalog == catalog).unwrap_or_else(|| {
        let (apis, types, locks) = (Vec::new(), Vec::new(), Vec::new());
        all.push(Entries { catalog, apis, types, locks, file: String::new(), text: "".into() });
        all.len() - 1
    });
    &mut all[at]
}

fn entry<T: DeserializeOwned>(file: &str, text: &str, table: Spanned<Table>) -> Result<(&'static str, T), ConfigError> {
    let start = table.span().start;
    let body = body(text, start);
    let mut table = table.into_inner();
    let catalog = match table.remove("language") {
        Some(Value::String(name)) => {
            catalog(&name).map_err(|m| ConfigError::at(file, text, find(body, start, &name), m))?
        }
        Some(_) => {
            return Err(ConfigError::at(file, text, find(body, start, "language"), "`language` must be a string"));
        }
        None => {
            let message = "this entry needs a `language`, such as `language = \"go\"`";
            return Err(ConfigError::at(file, text, start, message));
        }
    };
    let entry = T::deserialize(Value::Table(table)).map_err(|error| {
        let message = improve(error.message());
        let at = quoted(&message).map_or(start, |word| find(body, start, word));
        ConfigError::at(file, text, at, message)
    })?;
    Ok((catalog, entry))
}

pub(super) fn catalog(name: &str) -> Result<&'static str, String> {
    let known = LANGUAGES.iter().find(|l| l.name == name || l.apis == name || l.pack == name);
    known.map(|l| l.apis).ok_or_else(|| {
        let mut names: Vec<&str> = LANGUAGES.iter().map(|l| l.name).collect();
        names.dedup();
        format!("there is no language `{name}`{}", hint(name, &names))
    })
}

/// The text of the entry that starts at `start`, up to the next table.
fn body(text: &str, start: usize) -> &str {
    let rest = text.get(start..).unwrap_or("");
    let first = rest.find('\n').map_or(rest.len(), |i| i + 1);
    let end = rest[first..].find("\n[").map_or(rest.len(), |i| first + i);
    &rest[..end]
}

fn find(body: &str, start: usize, word: &str) -> usize {
    start + body.find(word).unwrap_or(0)
}

/// The first word in backquotes.
fn quoted(message: &str) -> Option<&str> {
    message.split('`').nth(1).filter(|w| !w.is_empty())
}
