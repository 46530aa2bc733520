//! Entries of a catalogue that are read when somebody asks for them: a run meets few of the thousands that are shipped.

use super::{Api, ApiRole, File};
use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::{Error, StrDeserializer};
use std::sync::OnceLock;

/// An entry, read or not.
#[derive(Debug)]
pub(super) enum Slot {
    /// Read and checked.
    Read(Box<Api>),
    /// Its text, and what was read of it.
    Unread(&'static str, ApiRole, OnceLock<Box<Api>>),
}

impl Slot {
    /// The entry itself.
    pub(super) fn api(&self) -> &Api {
        match self {
            Slot::Read(api) => api,
            Slot::Unread(text, role, api) => api.get_or_init(|| {
                let read = toml::from_str::<File>(text).ok().and_then(|file| file.api.into_iter().next());
                // Shipped text is right: a test reads all of it.
                Box::new(read.unwrap_or_else(|| Api::named(String::new(), *role)))
            }),
        }
    }

    /// Whether it may have this key; most are told apart without reading them.
    pub(super) fn may_say(&self, key: &str) -> bool {
        match self {
            Slot::Read(_) => true,
            Slot::Unread(text, ..) => text.contains(key),
        }
    }

    /// What it does; known without reading it.
    pub(super) fn role(&self) -> ApiRole {
        match self {
            Slot::Read(api) => api.role,
            Slot::Unread(_, role, _) => *role,
        }
    }
}

/// What can be told of one `[[api]]` or `[[type]]` table without reading it.
pub(super) struct Table<'t> {
    pub(super) text: &'t str,
    pub(super) is_type: bool,
    pub(super) names: Vec<&'t str>,
    pub(super) role: Option<ApiRole>,
    pub(super) returns: Option<&'t str>,
}

/// The tables of a catalogue that is written as the shipped ones are: one key a line, strings in double quotes.
pub(super) fn tables(text: &str) -> impl Iterator<Item = Table<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let start = heading(rest)?;
        let body = start + rest[start..].find('\n').unwrap_or(rest.len() - start);
        let end = heading(&rest[body..]).map_or(rest.len(), |next| body + next);
        let table = scan(&rest[start..end]);
        rest = &rest[end..];
        Some(table)
    })
}

/// Where the next line begins that is the heading of a table.
fn heading(text: &str) -> Option<usize> {
    if text.starts_with("[[") {
        return Some(0);
    }
    text.find("\n[[").map(|at| at + 1)
}

fn scan(text: &str) -> Table<'_> {
    let mut table = Table { text, is_type: text.starts_with("[[type]]"), names: Vec::new(), role: None, returns: None };
    let mut in_names = false;
    for line in text.lines() {
        let value = |key: &str| line.strip_prefix(key).and_then(|rest| rest.trim_start().strip_prefix('='));
        if in_names {
            table.names.extend(strings(line));
            in_names = !line.contains(']');
        } else if let Some(value) = value("names").or_else(|| value("name")) {
            table.names.extend(strings(value));
            in_names = value.trim_start().starts_with('[') && !value.contains(']');
        } else if let Some(value) = value("role") {
            let name = strings(value).next().unwrap_or_default();
            let deserializer: StrDeserializer<'_, Error> = name.into_deserializer();
            table.role = ApiRole::deserialize(deserializer).ok();
        } else if let Some(value) = value("returns") {
            table.returns = strings(value).next();
        }
    }
    table
}

/// What stands in double quotes.
fn strings(line: &str) -> impl Iterator<Item = &str> {
    line.split('"').skip(1).step_by(2)
}
