//! One file a command.

pub(crate) mod check;
pub(crate) mod dump;
pub(crate) mod explain;
mod project;
pub(crate) mod rules;
mod silence;
