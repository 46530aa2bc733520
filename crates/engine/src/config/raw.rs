//! The file's shape, and its translation into checked values.

use super::discover::PYPROJECT;
use super::locks::RawLocks;
use super::{Config, entries, origin, value};
use crate::error::ConfigError;
use crate::globs::Patterns;
use crate::selector::{Names, Selector};
use crate::suggest::{did_you_mean, hint};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;
use timelint_diagnostics::{Confidence, Severity};
use toml::{Spanned, Table};

pub(super) type Word = Spanned<String>;

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Raw {
    extend: Option<Word>,
    baseline: Option<Word>,
    select: Option<Vec<Word>>,
    #[serde(default)]
    ignore: Vec<Word>,
    min_confidence: Option<Word>,
    fail_on: Option<Word>,
    #[serde(default)]
    exclude: Vec<Word>,
    include_tests: Option<bool>,
    max_file_size: Option<Spanned<Size>>,
    #[serde(default)]
    rules: BTreeMap<Word, RawRule>,
    #[serde(default)]
    overrides: Vec<RawOverride>,
    #[serde(default)]
    api: Vec<Spanned<Table>>,
    #[serde(default, rename = "type")]
    types: Vec<Spanned<Table>>,
    #[serde(default)]
    locks: RawLocks,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Size {
    Bytes(u64),
    Text(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRule {
    severity: Option<Word>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RawOverride {
    files: Vec<Word>,
    select: Option<Vec<Word>>,
    #[serde(default)]
    ignore: Vec<Word>,
    #[serde(default)]
    severity: BTreeMap<Word, Word>,
    min_confidence: Option<Word>,
    include_tests: Option<bool>,
}

/// One step of choosing rules.
#[derive(Debug, Clone, Default)]
pub(crate) struct Layer {
    /// The rules to run; absent: those of the step before.
    pub(crate) select: Option<Vec<Selector>>,
    /// Rules to leave out.
    pub(crate) ignore: Vec<Selector>,
}

/// What holds for some files only.
#[derive(Debug, Clone)]
pub(crate) struct Override {
    pub(crate) files: Patterns,
    pub(crate) layer: Layer,
    pub(crate) severities: Vec<(Selector, Severity)>,
    pub(crate) min_confidence: Option<Confidence>,
    pub(crate) include_tests: Option<bool>,
}

#[derive(Deserialize)]
struct PyProject {
    tool: Option<PyTools>,
}

#[derive(Deserialize)]
struct PyTools {
    timelint: Option<Raw>,
}

pub(super) fn read(file: &str, text: &str, folder: &Path, names: &Names) -> Result<Config, ConfigError> {
    let in_pyproject = file.ends_with(PYPROJECT);
    let raw = if in_pyproject {
        toml::from_str::<PyProject>(text).map(|p| p.tool.and_then(|t| t.timelint).unwrap_or_default())
    } else {
        toml::from_str::<Raw>(text)
    };
    let raw = raw.map_err(|e| ConfigError::at(file, text, e.span().map_or(0, |s| s.start), improve(e.message())))?;
    let reader = Reader { file, text, folder, names };
    Ok(Config {
        file: file.to_owned(),
        layers: vec![Layer {
            select: raw.select.map(|s| reader.selectors(&s)).transpose()?,
            ignore: reader.selectors(&raw.ignore)?,
        }],
        min_confidence: reader.word(raw.min_confidence.as_ref(), value::confidence)?,
        fail_on: reader.word(raw.fail_on.as_ref(), value::fail_on)?,
        exclude: vec![reader.patterns(&raw.exclude)?],
        include_tests: raw.include_tests,
        max_file_size: raw.max_file_size.map(|s| reader.size(&s)).transpose()?,
        severities: reader.rules(&raw.rules)?,
        overrides: raw.overrides.iter().map(|o| reader.one_override(o)).collect::<Result<_, _>>()?,
        entries: entries::read(file, text, raw.api, raw.types, raw.locks)?,
        baseline: raw.baseline.map(|b| crate::walk::clean(&folder.join(b.get_ref()))),
        settings: origin::settings(file, text, in_pyproject),
        extend: raw.extend.map(|e| (e.get_ref().clone(), e.span().start)),
    })
}

struct Reader<'a> {
    file: &'a str,
    text: &'a str,
    folder: &'a Path,
    names: &'a Names,
}

impl Reader<'_> {
    fn error(&self, offset: usize, message: impl Into<String>) -> ConfigError {
        ConfigError::at(self.file, self.text, offset, message)
    }

    fn selectors(&self, words: &[Word]) -> Result<Vec<Selector>, ConfigError> {
        words.iter().map(|w| self.selector(w)).collect()
    }

    fn selector(&self, word: &Word) -> Result<Selector, ConfigError> {
        let name = word.get_ref();
        self.names
            .selector(name)
            .map_err(|hint| self.error(word.span().start, format!("no rule, family or group is called `{name}`{hint}")))
    }

    fn word<T>(&self, word: Option<&Word>, read: fn(&str) -> Result<T, String>) -> Result<Option<T>, ConfigError> {
        word.map(|w| read(w.get_ref()).map_err(|m| self.error(w.span().start, m))).transpose()
    }

    fn patterns(&self, words: &[Word]) -> Result<Patterns, ConfigError> {
        let list: Vec<String> = words.iter().map(|w| w.get_ref().clone()).collect();
        Patterns::new(self.folder, &list).map_err(|(index, message)| {
            let (start, pattern) = words.get(index).map_or((0, ""), |w| (w.span().start, w.get_ref().as_str()));
            self.error(start, format!("the pattern `{pattern}` is malformed: {message}"))
        })
    }

    fn size(&self, size: &Spanned<Size>) -> Result<u64, ConfigError> {
        match size.get_ref() {
            Size::Bytes(bytes) => Ok(*bytes),
            Size::Text(text) => value::parse_size(text).ok_or_else(|| {
                let message = format!("`{text}` is not a size: write bytes (500000) or a unit (\"500 KB\", \"2 MiB\")");
                self.error(size.span().start, message)
            }),
        }
    }

    fn rules(&self, rules: &BTreeMap<Word, RawRule>) -> Result<Vec<(&'static str, Severity)>, ConfigError> {
        let mut all = Vec::new();
        for (word, settings) in rules {
            let name = word.get_ref();
            let Some(rule) = self.names.rule(name) else {
                let hint = hint(name, &self.names.ids());
                return Err(self.error(word.span().start, format!("no rule is called `{name}`{hint}")));
            };
            all.extend(self.word(settings.severity.as_ref(), value::severity)?.map(|s| (rule.id, s)));
        }
        Ok(all)
    }

    fn one_override(&self, raw: &RawOverride) -> Result<Override, ConfigError> {
        let select = raw.select.as_ref().map(|s| self.selectors(s)).transpose()?;
        let mut severities = Vec::new();
        for (name, severity) in &raw.severity {
            let selector = self.selector(name)?;
            severities.extend(self.word(Some(severity), value::severity)?.map(|s| (selector, s)));
        }
        Ok(Override {
            files: self.patterns(&raw.files)?,
            layer: Layer { select, ignore: self.selectors(&raw.ignore)? },
            severities,
            min_confidence: self.word(raw.min_confidence.as_ref(), value::confidence)?,
            include_tests: raw.include_tests,
        })
    }
}

/// Replaces the list of everything that was expected by the nearest suggestion.
pub(crate) fn improve(message: &str) -> String {
    let message = message.trim();
    let Some((what, expected)) = message.split_once(", expected") else { return message.to_owned() };
    if !what.starts_with("unknown ") {
        return message.to_owned();
    }
    let word = what.split('`').nth(1).unwrap_or("");
    let known: Vec<&str> = expected.split('`').skip(1).step_by(2).collect();
    match did_you_mean(word, known.iter().copied()) {
        Some(best) => format!("{}: did you mean `{best}`?", what.replace("field", "key").replace("variant", "value")),
        None => message.replacen("field", "key", 1).replacen("variant", "value", 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::FailOn;
    use crate::testing::names;

    fn config(text: &str) -> Result<Config, String> {
        read("timelint.toml", text, Path::new("/r"), &names())
            .map_err(|e| format!("{}:{}: {}", e.line, e.column, e.message))
    }

    fn error(text: &str) -> String {
        config(text).err().unwrap_or_default()
    }

    #[test]
    fn every_key_is_understood() {
        let c = config(
            r#"
            select = ["all"]
            ignore = ["network", "fake-call"]
            min-confidence = "low"
            fail-on = "never"
            exclude = ["gen/**"]
            include-tests = true
            max-file-size = "1 MiB"
            [rules.fake-call]
            severity = "error"
            [[overrides]]
            files = ["tools/**"]
            select = ["clock"]
            ignore = ["fake-call"]
            severity = { other-call = "note" }
            min-confidence = "high"
            include-tests = false
            [[api]]
            language = "typescript"
            name = "clock.nowMs"
            role = "clock.wall"
            unit = "ms"
            [[type]]
            language = "go"
            name = "locks.Lock"
            [locks]
            efficiency = ["cache:*"]
            correctness = ["order:*"]
            [[locks.wrappers]]
            language = "go"
            name = "acme.dev/locks.Locker#WithLock"
            key = 1
            ttl = "ttl"
            unit = "typed"
            callback = 2
            renews = true
            token = "acme.dev/locks.Locker#Token"
            "#,
        )
        .expect("valid");
        assert_eq!(c.fail_on, Some(FailOn::Never));
        assert_eq!(c.max_file_size, Some(1 << 20));
        assert_eq!(c.severities, [("fake-call", Severity::Error)]);
        assert_eq!(c.overrides.len(), 1);
        assert_eq!(c.entries.iter().map(|e| e.catalog).collect::<Vec<_>>(), ["javascript", "go", "java", "python"]);
    }

    #[test]
    fn an_empty_file_is_fine() {
        assert!(config("").is_ok());
    }

    #[test]
    fn unknown_keys_have_a_place_and_a_suggestion() {
        assert_eq!(error("\nselct = []"), "2:1: unknown key `selct`: did you mean `select`?");
        assert_eq!(error("[rules.fake-call]\nseverty = \"x\""), "2:1: unknown key `severty`: did you mean `severity`?");
        assert!(error("[[overrides]]\nfiles = []\nignor = []").contains("did you mean `ignore`?"));
    }

    #[test]
    fn unknown_names_have_a_place_and_a_suggestion() {
        assert_eq!(
            error("select = [\"fake-cal\"]"),
            "1:11: no rule, family or group is called `fake-cal`: did you mean `fake-call`?"
        );
        assert_eq!(
            error("ignore = [\"networks\"]"),
            "1:11: no rule, family or group is called `networks`: did you mean `network`?"
        );
        assert_eq!(error("[rules.other-cal]"), "1:8: no rule is called `other-cal`: did you mean `other-call`?");
        assert_eq!(error("min-confidence = \"hig\""), "1:18: there is no confidence `hig`: did you mean `high`?");
        assert!(error("fail-on = \"errors\"").ends_with("did you mean `error`?"));
        assert!(error("max-file-size = \"big\"").contains("is not a size"));
        assert!(error("exclude = [\"a[\"]").contains("1:12: the pattern `a[` is malformed"));
        assert!(error("select = [").starts_with("1:"));
    }

    #[test]
    fn wrong_entries_have_a_place_and_a_suggestion() {
        let api = "[[api]]\nlanguage = \"go\"\nname = \"a.B\"\n";
        assert_eq!(
            error(&format!("{api}role = \"clock.wal\"")),
            "4:9: unknown value `clock.wal`: did you mean `clock.wall`?"
        );
        assert_eq!(error(&format!("{api}rol = \"sleep\"")), "4:1: unknown key `rol`: did you mean `role`?");
        assert_eq!(
            error("[[api]]\nname = \"a\"\nrole = \"sleep\""),
            "1:1: this entry needs a `language`, such as `language = \"go\"`"
        );
        assert_eq!(
            error("[[api]]\nlanguage = \"pyton\"\nname = \"a\"\nrole = \"sleep\""),
            "2:13: there is no language `pyton`: did you mean `python`?"
        );
    }

    #[test]
    fn wrong_locks_have_a_place_and_a_remedy() {
        let wrapper = |rest: &str| error(&format!("[[locks.wrappers]]\nlanguage = \"go\"\nname = \"a.B\"\n{rest}"));
        assert_eq!(error("[locks]\neficiency = []"), "2:1: unknown key `eficiency`: did you mean `efficiency`?");
        assert_eq!(error("[locks]\nefficiency = [\"*\"]"), "2:15: `*` fits every lock: name a key, such as `cache:*`");
        assert_eq!(
            error("[locks]\nefficiency = [\"a\"]\ncorrectness = [\"b\", \"a\"]"),
            "3:21: `a` stands in `efficiency`, too: it can only be one of them"
        );
        assert_eq!(wrapper("does = \"aquire\""), "4:8: unknown value `aquire`: did you mean `acquire`?");
        assert_eq!(wrapper("does = \"run\""), "4:8: what does it run? say which argument with `callback = 1`");
        assert_eq!(
            wrapper("callback = 1\ndoes = \"try\""),
            "5:8: a wrapper with a `callback` runs it: write `does = \"run\"`"
        );
        assert!(wrapper("ttl = 1").starts_with("4:7: in which unit is the `ttl`? say `unit = \"ms\"`"));
        assert!(wrapper("tll = 1").starts_with("4:1: unknown key `tll`: did you mean `ttl`?"));
        assert_eq!(
            error("[[locks.wrappers]]\nlanguage = \"pyton\"\nname = \"a\""),
            "2:12: there is no language `pyton`: did you mean `python`?"
        );
    }

    #[test]
    fn the_schema_has_every_key() {
        let known = |error: toml::de::Error| -> Vec<String> {
            error.message().split('`').skip(3).step_by(2).map(str::to_owned).collect()
        };
        let error = |text: &str| toml::from_str::<Raw>(text).err().map(known).unwrap_or_default();
        for (text, least) in [
            ("zzz = 0", 12),
            ("[rules.x]\nzzz = 0", 1),
            ("[[overrides]]\nzzz = 0", 6),
            ("[locks]\nzzz = 0", 3),
            ("[[locks.wrappers]]\nzzz = 0", 9),
        ] {
            let keys = error(text);
            assert!(keys.len() >= least, "{text}: {keys:?}");
            for key in keys {
                let entry = format!("\"{key}\": {{");
                assert!(super::super::CONFIG_SCHEMA.contains(&entry), "the schema lacks `{key}`");
            }
        }
    }
}
