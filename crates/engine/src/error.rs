//! Why a run could not be done. Each message names the place and the remedy.

use thiserror::Error;
use timelint_semantics::catalog::CatalogError;
use timelint_syntax::QueryError;

/// A mistake in a configuration file. Displays as `file:line:column: message`, the line and a caret.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{file}:{line}:{column}: {message}\n  {excerpt}\n  {caret:>column$}", caret = "^")]
pub struct ConfigError {
    /// The configuration file.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in code points, from 1.
    pub column: usize,
    /// What is wrong and how to mend it.
    pub message: String,
    /// The line of the file.
    pub excerpt: String,
}

impl ConfigError {
    /// A mistake at byte `offset` of `text`, the content of `file`.
    pub(crate) fn at(file: &str, text: &str, offset: usize, message: impl Into<String>) -> Self {
        let before = text.get(..offset).unwrap_or(text);
        let start = before.rfind('\n').map_or(0, |i| i + 1);
        Self {
            file: file.to_owned(),
            line: before.matches('\n').count() + 1,
            column: before.get(start..).map_or(0, |s| s.chars().count()) + 1,
            message: message.into(),
            excerpt: text.get(start..).and_then(|t| t.lines().next()).unwrap_or("").to_owned(),
        }
    }
}

/// Why a run could not be done.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum EngineError {
    /// A configuration file is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A query file is wrong.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// An API catalogue is wrong.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// A query file inherits from a pack that does not exist.
    #[error("{file}:1: there is no query pack `{pack}` to inherit from{hint}")]
    UnknownPack {
        /// The inheriting file.
        file: String,
        /// The pack it names.
        pack: String,
        /// A suggestion.
        hint: String,
    },
    /// A folder of the user's queries belongs to no language.
    #[error("{path}: no language or pack has this name{hint}")]
    UnknownQueryFolder {
        /// The folder.
        path: String,
        /// A suggestion.
        hint: String,
    },
    /// A selector on the command line names nothing.
    #[error("{option}: no rule, family or group is called `{name}`{hint}")]
    UnknownSelector {
        /// The option that holds it.
        option: &'static str,
        /// The name.
        name: String,
        /// A suggestion.
        hint: String,
    },
    /// A glob on the command line or in the configuration is malformed.
    #[error("{place}: the pattern `{pattern}` is malformed: {message}")]
    Glob {
        /// Where the pattern stands.
        place: String,
        /// The pattern.
        pattern: String,
        /// What is wrong with it.
        message: String,
    },
    /// A path on the command line leads to nothing that can be analysed.
    #[error("{path}: {error}")]
    NoSuchPath {
        /// The path as given.
        path: String,
        /// What is there instead.
        error: String,
    },
    /// A file or folder that the run depends on cannot be read.
    #[error("{path}: cannot be read: {message}")]
    Unreadable {
        /// The path.
        path: String,
        /// What the system says.
        message: String,
    },
    /// A name on the command line has an extension that no language claims.
    #[error("{path}: no language has this extension; timelint reads {known}")]
    UnknownLanguage {
        /// The path as given.
        path: String,
        /// The known extensions.
        known: String,
    },
    /// A grammar does not fit the parser that timelint was built with.
    #[error("the grammar of {language} does not fit this build of timelint: please report this")]
    Grammar {
        /// The language.
        language: &'static str,
    },
    /// Threads could not be started.
    #[error("threads could not be started: {message}; try a smaller --threads")]
    Threads {
        /// What the system says.
        message: String,
    },
    /// A size is malformed.
    #[error("{option}: `{value}` is not a size: write bytes (`500000`) or a unit (`500 KB`, `2 MiB`)")]
    Size {
        /// The option that holds it.
        option: &'static str,
        /// The value.
        value: String,
    },
    /// Analysing the one file that was asked for failed inside timelint.
    #[error("{path}: timelint failed on this file: {message}; please report this")]
    Internal {
        /// The file.
        path: String,
        /// The panic's message.
        message: String,
    },
}

impl EngineError {
    pub(crate) fn unreadable(path: impl Into<String>, error: &std::io::Error) -> Self {
        Self::Unreadable { path: path.into(), message: describe(error) }
    }
}

/// An IO error without the system's error number, so that messages are the same everywhere.
pub(crate) fn describe(error: &std::io::Error) -> String {
    use std::io::ErrorKind;
    match error.kind() {
        ErrorKind::NotFound => "no such file or directory".to_owned(),
        ErrorKind::PermissionDenied => "permission denied".to_owned(),
        ErrorKind::IsADirectory => "is a directory".to_owned(),
        _ => {
            let text = error.to_string();
            text.split(" (os error").next().unwrap_or(&text).to_lowercase()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configuration_error_shows_its_line_and_a_caret() {
        let text = "select = [\"é\", \"unfenced-lok\"]\n";
        let at = text.find("\"unf").expect("present");
        let error = ConfigError::at("timelint.toml", text, at, "no such rule");
        assert_eq!(
            error.to_string(),
            "timelint.toml:1:16: no such rule\n  select = [\"é\", \"unfenced-lok\"]\n                 ^"
        );
    }

    #[test]
    fn io_errors_carry_no_error_numbers() {
        let error = std::io::Error::from_raw_os_error(2);
        assert_eq!(describe(&error), "no such file or directory");
    }
}
