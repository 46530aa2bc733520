//! Where each value of a configuration comes from.

use serde::Deserialize;
use std::collections::BTreeMap;
use toml::{Spanned, Value};

/// A value with the place that set it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// The key, such as `min-confidence` or `rules.unfenced-lock.severity`.
    pub key: String,
    /// The value as TOML.
    pub value: String,
    /// `file:line`, `default` or `command line`.
    pub origin: String,
}

impl Setting {
    /// `key` has `value` because of `origin`.
    pub(crate) fn new(key: &str, value: impl Into<String>, origin: &str) -> Self {
        Self { key: key.to_owned(), value: value.into(), origin: origin.to_owned() }
    }
}

#[derive(Deserialize)]
struct Tool {
    tool: Option<BTreeMap<String, Keys>>,
}

type Keys = BTreeMap<Spanned<String>, Value>;

/// The keys of a file, in the order in which they stand.
pub(super) fn settings(file: &str, text: &str, in_pyproject: bool) -> Vec<Setting> {
    let keys: Keys = if in_pyproject {
        let own = toml::from_str::<Tool>(&only_own(text)).ok().and_then(|t| t.tool?.remove("timelint"));
        own.unwrap_or_default()
    } else {
        toml::from_str(text).unwrap_or_default()
    };
    let mut all: Vec<(usize, Setting)> = Vec::new();
    for (key, value) in keys {
        let at = key.span().start;
        let line = text.get(..at).map_or(1, |before| before.matches('\n').count() + 1);
        let origin = format!("{file}:{line}");
        match value {
            Value::Table(table) => all.extend(leaves(key.get_ref(), table).map(|(key, value)| {
                let line = find_line(text, line, key.rsplit('.').next().unwrap_or(""));
                (at, Setting { key, value, origin: format!("{file}:{line}") })
            })),
            Value::Array(entries) if entries.iter().all(Value::is_table) && !entries.is_empty() => {
                let many = format!("{} entr{}", entries.len(), if entries.len() == 1 { "y" } else { "ies" });
                all.push((at, Setting { key: key.into_inner(), value: many, origin }));
            }
            other => all.push((at, Setting { key: key.into_inner(), value: other.to_string(), origin })),
        }
    }
    all.sort_by_key(|(at, _)| *at);
    all.into_iter().map(|(_, setting)| setting).collect()
}

/// Other tools' tables may have any shape: only ours is read. Offsets stay.
fn only_own(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut own = false;
    for line in text.split_inclusive('\n') {
        if line.starts_with('[') {
            own = line.trim_start_matches('[').starts_with("tool.timelint");
        }
        if own {
            out.push_str(line);
        } else {
            out.extend(line.chars().map(|c| if c == '\n' { "\n".to_owned() } else { " ".repeat(c.len_utf8()) }));
        }
    }
    out
}

fn leaves(key: &str, table: toml::Table) -> impl Iterator<Item = (String, String)> + use<> {
    let mut open: Vec<(String, Value)> = vec![(key.to_owned(), Value::Table(table))];
    let mut all = Vec::new();
    while let Some((key, value)) = open.pop() {
        match value {
            Value::Table(table) => open.extend(table.into_iter().map(|(k, v)| (format!("{key}.{k}"), v))),
            other => all.push((key, other.to_string())),
        }
    }
    all.sort();
    all.into_iter()
}

/// The first line from `from` on that starts with `key`.
fn find_line(text: &str, from: usize, key: &str) -> usize {
    let later = text.lines().enumerate().skip(from - 1);
    later.into_iter().find(|(_, l)| l.trim_start().starts_with(key)).map_or(from, |(nth, _)| nth + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, in_pyproject: bool) -> Vec<String> {
        let line = |s: Setting| format!("{} = {} # {}", s.key, s.value, s.origin);
        settings("f", text, in_pyproject).into_iter().map(line).collect()
    }

    #[test]
    fn values_know_their_lines() {
        let text = "fail-on = \"error\"\n\n[rules.a]\nseverity = \"note\"\n[[api]]\nname = \"x\"\n";
        assert_eq!(
            shown(text, false),
            ["fail-on = \"error\" # f:1", "rules.a.severity = \"note\" # f:4", "api = 1 entry # f:5"]
        );
        let text = "[project]\nname = \"é\"\n[tool.timelint]\nignore = [\"clock\"]\n[tool.x]\ny = 1\n";
        assert_eq!(shown(text, true), ["ignore = [\"clock\"] # f:4"]);
    }
}
