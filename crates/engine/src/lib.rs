//! timelint's engine: it finds files, reads them, runs the analysis in parallel and decides what is reported.
//!
//! The engine prints nothing. [`Engine::check`] returns an [`Outcome`]: a [`timelint_diagnostics::Report`] that
//! reporters render, and what was held back, with reasons. The same input gives the same outcome, whatever the number
//! of threads and the order in which files were found.
//!
//! One file a job: `walk` finds files, `gate` says which are not worth reading, `map` lowers and summarises them,
//! `manifests` tells which versions of libraries the project uses, `analyze` runs the rules on one file, `suppress`
//! honours comments, `settings` holds what the user asked for.

mod analyze;
mod config;
mod day;
mod engine;
mod error;
mod fingerprint;
mod gate;
mod generated;
mod globs;
mod inspect;
mod knowledge;
mod manifests;
mod map;
mod nested;
mod outcome;
mod overlay;
mod panics;
mod policy;
mod progress;
mod read;
mod selector;
mod settings;
mod suggest;
mod suppress;
mod test_code;
mod walk;

#[cfg(test)]
mod testing;

pub use config::{
    CONFIG_FILE, CONFIG_SCHEMA, Config, Setting, configs_in, discover, discover_config, discover_user_folder,
    parse_size, repository_root,
};
pub use day::Day;
pub use engine::Engine;
pub use error::{ConfigError, EngineError};
pub use gate::SkipReason;
pub use inspect::Inspection;
pub use knowledge::Knowledge;
pub use nested::Nested;
pub use outcome::{Hidden, HiddenBecause, Outcome, Skipped};
pub use overlay::Overlay;
pub use progress::{Progress, Timings};
pub use selector::{Names, Selector};
pub use settings::{FailOn, Flags, Settings};
pub use suggest::did_you_mean;
pub use suppress::SUPPRESSION_RULES;
pub use timelint_semantics::{Silence, Understood};
pub use walk::{Input, is_source};
