//! `timelint.toml`: finding it, reading it, refusing it with a place and a remedy.

mod discover;
mod entries;
mod locks;
mod origin;
mod raw;
mod value;

pub use discover::{CONFIG_FILE, configs_in, discover, discover_config, discover_user_folder, repository_root};
pub use origin::Setting;

/// JSON Schema (draft 7) of the configuration file.
pub const CONFIG_SCHEMA: &str = include_str!("../../schema/timelint-config.schema.json");
pub use value::parse_size;

pub(crate) use discover::{config_in, is_root};
pub(crate) use raw::{Layer, Override, improve};

use crate::error::{ConfigError, EngineError};
use crate::globs::Patterns;
use crate::selector::Names;
use crate::settings::FailOn;
use std::path::{Path, PathBuf};
use timelint_diagnostics::{Confidence, Severity};
use timelint_semantics::catalog::{Api, ApiType, DeclaredLocks};

/// A checked configuration file, with those that it extends.
#[derive(Debug, Clone)]
pub struct Config {
    /// The file, as shown in messages.
    pub file: String,
    /// The layers, outermost first.
    pub(crate) layers: Vec<Layer>,
    pub(crate) min_confidence: Option<Confidence>,
    pub(crate) fail_on: Option<FailOn>,
    pub(crate) exclude: Vec<Patterns>,
    pub(crate) include_tests: Option<bool>,
    pub(crate) max_file_size: Option<u64>,
    /// The first one for a rule counts.
    pub(crate) severities: Vec<(&'static str, Severity)>,
    /// The last one that fits counts.
    pub(crate) overrides: Vec<Override>,
    pub(crate) entries: Vec<Entries>,
    pub(crate) baseline: Option<PathBuf>,
    /// Each value with its place; the last one for a key counts, where keys do not add up.
    pub(crate) settings: Vec<Setting>,
    /// The configuration that this one extends, as written, with the offset of that.
    extend: Option<(String, usize)>,
}

/// The project's own API entries for one catalogue.
#[derive(Debug, Clone)]
pub(crate) struct Entries {
    pub(crate) catalog: &'static str,
    pub(crate) apis: Vec<Api>,
    pub(crate) types: Vec<ApiType>,
    /// What the project's locks are for.
    pub(crate) locks: Vec<DeclaredLocks>,
    /// The configuration file, as shown in messages.
    pub(crate) file: String,
    /// Its text.
    pub(crate) text: std::sync::Arc<str>,
}

/// Configurations that may extend one another in a row.
const DEPTH: usize = 8;

impl Config {
    /// Reads `path` and what it extends; messages call it `shown`.
    ///
    /// # Errors
    ///
    /// When a file cannot be read or is wrong; see [`Config::parse`].
    pub fn read(path: &Path, shown: &str, names: &Names) -> Result<Self, EngineError> {
        Self::read_at(path, shown, names, 0)
    }

    fn read_at(path: &Path, shown: &str, names: &Names, depth: usize) -> Result<Self, EngineError> {
        let text = crate::read::text(path).map_err(|e| EngineError::unreadable(shown, &e))?;
        if let Some(at) = text.find(char::REPLACEMENT_CHARACTER) {
            return Err(ConfigError::at(shown, &text, at, "this is no UTF-8, as TOML must be").into());
        }
        let folder = path.parent().map_or_else(PathBuf::new, Path::to_owned);
        let config = Self::parse(shown, &text, &folder, names)?;
        let Some((target, offset)) = &config.extend else { return Ok(config) };
        let error = |message: String| ConfigError::at(shown, &text, *offset, message);
        if depth == DEPTH {
            return Err(error("configurations extend one another in a circle".to_owned()).into());
        }
        let parent = if target == "//" {
            let root = repository_root(&folder);
            config_in(&root).filter(|file| file != path).ok_or_else(|| {
                error("`//` is the configuration at the repository's root, and there is no other one".to_owned())
            })?
        } else {
            crate::walk::clean(&folder.join(target))
        };
        if !parent.is_file() {
            return Err(
                error(format!("there is no file `{target}`; it is looked for from this file's folder on")).into()
            );
        }
        let parent_shown = sibling(shown, path, &parent);
        Ok(config.over(Self::read_at(&parent, &parent_shown, names, depth + 1)?))
    }

    /// This configuration on top of `parent`: single values replace, lists add up.
    fn over(mut self, parent: Config) -> Self {
        fn before<T>(own: &mut Vec<T>, mut parent: Vec<T>) {
            parent.append(own);
            *own = parent;
        }
        before(&mut self.layers, parent.layers);
        before(&mut self.exclude, parent.exclude);
        before(&mut self.overrides, parent.overrides);
        before(&mut self.entries, parent.entries);
        before(&mut self.settings, parent.settings);
        self.severities.extend(parent.severities);
        self.min_confidence = self.min_confidence.or(parent.min_confidence);
        self.fail_on = self.fail_on.or(parent.fail_on);
        self.include_tests = self.include_tests.or(parent.include_tests);
        self.max_file_size = self.max_file_size.or(parent.max_file_size);
        self.baseline = self.baseline.or(parent.baseline);
        self
    }

    /// Checks `text`, the content of `file`; its path patterns are relative to `folder` (absolute).
    ///
    /// # Errors
    ///
    /// The first mistake, with line, column and a suggestion: bad TOML, an unknown key, rule, family, role, language,
    /// confidence, severity or size, a malformed pattern.
    pub fn parse(file: &str, text: &str, folder: &Path, names: &Names) -> Result<Self, EngineError> {
        Ok(raw::read(file, text, folder, names)?)
    }
}

/// How messages call `parent`, when they call `path` `shown`.
fn sibling(shown: &str, path: &Path, parent: &Path) -> String {
    let root = path.ancestors().nth(Path::new(shown).components().count());
    let below = root.and_then(|root| parent.strip_prefix(root).ok()).unwrap_or(parent);
    below.to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/")
}
