//! Makes an engine for a place on disk: built-in packs, the user's, the configuration.

use crate::args::ConfigArguments;
use crate::exit::Failure;
use crate::packs;
use std::path::{Path, PathBuf};
use timelint_engine::{Config, Engine, Flags, Knowledge, Names, Settings, discover_config, discover_user_folder};
use timelint_rules::RULES;

/// The names of all rules.
pub(crate) fn names() -> Names {
    Names::new(RULES.iter().map(|r| r.meta()))
}

/// An engine with all rules, configured as it holds at `start`.
pub(crate) fn engine(arguments: &ConfigArguments, start: &Path, flags: &Flags) -> Result<Engine, Failure> {
    let here = std::env::current_dir().map_err(Failure::WorkingDirectory)?;
    let start = here.join(start);
    let names = names();
    let mut knowledge = Knowledge::new(packs::builtin());
    let mut config = None;
    if !arguments.isolated {
        if let Some(folder) = discover_user_folder(&start) {
            knowledge = knowledge.with_user_folder(&folder, &shown(&folder, &here))?;
        }
        let file: Option<PathBuf> = arguments.config.as_ref().map(|c| here.join(c)).or_else(|| discover_config(&start));
        if let Some(file) = file {
            config = Some(Config::read(&file, &shown(&file, &here), &names)?);
        }
    }
    let settings = Settings::resolve(&here, &names, config, flags)?;
    Ok(Engine::new(knowledge, RULES, settings))
}

fn shown(path: &Path, here: &Path) -> String {
    path.strip_prefix(here).unwrap_or(path).to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/")
}
