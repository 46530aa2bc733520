//! The language-neutral program model: what every language is lowered to, and the only thing that
//! analyses and rules see.
//!
//! A [`FileModel`] is one array of [`Node`]s in source order (pre-order). It owns its strings, has no lifetime of a
//! syntax tree, and is `Send + Sync`. What the nodes may be called is closed: [`Kind`] and [`Role`] are the
//! vocabulary that query files use as `@kind` and `@kind.role`.

mod dump;
mod file;
mod vocabulary;

pub use dump::dump;
pub use file::{Builder, FileModel, Node, NodeId, Sym};
pub use vocabulary::{Capture, Kind, Role, capture, capture_names};
