//! The only crate that names tree-sitter: languages, query packs, and the lowering of a file to the neutral
//! [`timelint_model::FileModel`].
//!
//! Query files are ordinary tree-sitter queries, but they are not run by tree-sitter's `QueryCursor`: compiling them
//! costs 50 to 400 ms in every process, and the cursor is quadratic on long call chains. [`Pack`] reads the patterns
//! into a table keyed by the root's node kind, and [`lower()`] matches them during one cursor walk.

mod language;
mod lower;
mod matcher;
mod pack;
mod query;

pub use language::{LANGUAGES, Language, language_by_name, language_for_path};
pub use lower::{Parser, lower};
pub use matcher::{CapturedNode, all_captures};
pub use pack::{Pack, QuerySource};
pub use query::{QueryError, inherited_packs};
