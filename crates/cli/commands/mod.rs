//! One file a command.

pub(crate) mod baseline;
pub(crate) mod check;
pub(crate) mod config;
pub(crate) mod dump;
pub(crate) mod explain;
pub(crate) mod generate;
mod output;
mod project;
pub(crate) mod rules;
mod run;
mod silence;
pub(crate) mod suppress;
mod verdict;
mod watch;
