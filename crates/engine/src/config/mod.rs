//! `timelint.toml`: finding it, reading it, refusing it with a place and a remedy.

mod discover;
mod entries;
mod raw;
mod value;

pub use discover::{CONFIG_FILE, discover, discover_config, discover_user_folder, repository_root};
pub use value::parse_size;

pub(crate) use raw::{Layer, Override};

use crate::error::EngineError;
use crate::globs::Patterns;
use crate::selector::Names;
use crate::settings::FailOn;
use std::path::{Path, PathBuf};
use timelint_diagnostics::{Confidence, Severity};
use timelint_semantics::catalog::{Api, ApiType};

/// A checked configuration file.
#[derive(Debug, Clone)]
pub struct Config {
    /// The file, as shown in messages.
    pub file: String,
    pub(crate) text: String,
    pub(crate) layer: Layer,
    pub(crate) min_confidence: Option<Confidence>,
    pub(crate) fail_on: Option<FailOn>,
    pub(crate) exclude: Patterns,
    pub(crate) include_tests: Option<bool>,
    pub(crate) max_file_size: Option<u64>,
    pub(crate) severities: Vec<(&'static str, Severity)>,
    pub(crate) overrides: Vec<Override>,
    pub(crate) entries: Vec<Entries>,
}

/// The project's own API entries for one catalogue.
#[derive(Debug, Clone, Default)]
pub(crate) struct Entries {
    pub(crate) catalog: &'static str,
    pub(crate) apis: Vec<Api>,
    pub(crate) types: Vec<ApiType>,
}

impl Config {
    /// Reads `path`; messages call it `shown`.
    ///
    /// # Errors
    ///
    /// When the file cannot be read or is wrong; see [`Config::parse`].
    pub fn read(path: &Path, shown: &str, names: &Names) -> Result<Self, EngineError> {
        let text = crate::read::text(path).map_err(|e| EngineError::unreadable(shown, &e))?;
        let folder = path.parent().map_or_else(PathBuf::new, Path::to_owned);
        Self::parse(shown, &text, &folder, names)
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
