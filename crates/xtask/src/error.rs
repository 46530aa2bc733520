//! Why a chore was not done.

use std::io;
use thiserror::Error as ThisError;

/// Why a chore was not done. Nothing was written then, unless it says so.
#[derive(Debug, ThisError)]
pub enum Error {
    /// No such chore, or arguments are missing.
    #[error("usage: cargo run -p xtask -- new-rule <id> <family>\n       cargo run -p xtask -- readme")]
    Usage,
    /// The name of a rule is ill-formed.
    #[error("`{0}` is no name for a rule: write the mistake in kebab-case, such as `unfenced-lock`")]
    BadId(String),
    /// There is no such family.
    #[error("there is no family `{0}`: it is `clock`, `pause` or `network`")]
    UnknownFamily(String),
    /// A rule has this name, or had it.
    #[error("a rule is already called `{0}`")]
    KnownRule(String),
    /// A file that would be written is there.
    #[error("{0} exists already: nothing was written")]
    Exists(String),
    /// The README has no place for the table.
    #[error("README.md needs one `{}` and after it one `{}`", crate::table::START, crate::table::END)]
    NoMarkers,
    /// A file could not be read or written.
    #[error("{path}: {error}")]
    Io {
        /// The file.
        path: String,
        /// What happened.
        error: io::Error,
    },
}
