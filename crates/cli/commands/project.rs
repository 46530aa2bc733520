//! Makes an engine for a place on disk: built-in packs, the user's, the configuration.

use super::config::tell_others;
use crate::args::ConfigArguments;
use crate::exit::Failure;
use crate::packs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use timelint_engine::{
    Config, Day, Engine, Flags, Knowledge, Names, Nested, SUPPRESSION_RULES, Settings, discover_config,
    discover_user_folder,
};
use timelint_rules::RULES;

/// The names of all rules.
pub(crate) fn names() -> Names {
    Names::new(RULES.iter().map(|r| r.meta()).chain(SUPPRESSION_RULES))
}

/// An engine with all rules, configured as it holds at `start`.
pub(crate) fn engine(arguments: &ConfigArguments, start: &Path, flags: &Flags) -> Result<Engine, Failure> {
    let here = std::env::current_dir().map_err(Failure::WorkingDirectory)?;
    let start = here.join(start);
    let names = names();
    let mut knowledge = Knowledge::new(packs::builtin());
    let mut file = None;
    let flags = Flags { today: today()?, ..flags.clone() };
    if !arguments.isolated {
        if let Some(folder) = discover_user_folder(&start) {
            knowledge = knowledge.with_user_folder(&folder, &shown(&folder, &here))?;
        }
        file = arguments.config.as_ref().map(|c| here.join(c)).or_else(|| discover_config(&start));
    }
    let config = file.as_ref().map(|file| Config::read(file, &shown(file, &here), &names)).transpose()?;
    let settings = Settings::resolve(&here, &names, config, &flags)?;
    let engine = Engine::new(knowledge, RULES, settings);
    if arguments.isolated || arguments.config.is_some() {
        return Ok(engine);
    }
    if let Some(file) = &file {
        tell_others(file, |path| engine.shown(path));
    }
    let start = if start.is_dir() { start } else { start.parent().map_or_else(PathBuf::new, Path::to_owned) };
    Ok(engine.with_nested(Nested::new(flags, file, start)))
}

/// The present day (UTC), or that of `TIMELINT_TODAY`, for runs that are to be repeatable.
#[allow(clippy::disallowed_methods, reason = "suppressions end on a day; nothing else in timelint asks for the time")]
pub(super) fn today() -> Result<Option<Day>, Failure> {
    if let Ok(day) = std::env::var("TIMELINT_TODAY") {
        return day.parse().map(Some).map_err(|e| Failure::Usage(format!("TIMELINT_TODAY: {e}")));
    }
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    Ok(since.ok().map(|since| Day::from_unix_seconds(since.as_secs())))
}

fn shown(path: &Path, here: &Path) -> String {
    path.strip_prefix(here).unwrap_or(path).to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/")
}
