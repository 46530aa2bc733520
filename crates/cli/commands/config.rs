//! `timelint config` and `timelint init`.

use super::project;
use crate::args::{ConfigCommand, InitArguments, ShowArguments};
use crate::exit::{Exit, Failure, print, say};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use timelint_engine::{CONFIG_FILE, CONFIG_SCHEMA, Flags, Input, configs_in, discover_config, repository_root};
use timelint_gate::{BASELINE_FILE, write_whole};

pub(crate) fn run(command: &ConfigCommand) -> Result<Exit, Failure> {
    match command {
        ConfigCommand::Show(arguments) => show(arguments),
        ConfigCommand::Check(arguments) => check(arguments),
        ConfigCommand::Schema => {
            print(|out| out.write_all(CONFIG_SCHEMA.as_bytes()))?;
            Ok(Exit::Clean)
        }
    }
}

fn show(arguments: &ShowArguments) -> Result<Exit, Failure> {
    let flags = Flags::default();
    let engine = project::engine(&arguments.config, &arguments.path, &flags)?;
    let path = engine.absolute(&arguments.path.to_string_lossy());
    let settings = engine.settings_of(&path)?;
    let rows = settings.origins(&path, &flags);
    let left = rows.iter().map(|s| s.key.len() + s.value.len() + 3).max().unwrap_or(0).min(60);
    print(|out| {
        for setting in &rows {
            let value = format!("{} = {}", setting.key, setting.value);
            writeln!(out, "{value:left$}  # {}", setting.origin)?;
        }
        Ok(())
    })?;
    Ok(Exit::Clean)
}

/// Reads the configuration that holds at a path, and compiles everything that it adds.
fn check(arguments: &ShowArguments) -> Result<Exit, Failure> {
    let engine = project::engine(&arguments.config, &arguments.path, &Flags::default())?;
    let path = engine.absolute(&arguments.path.to_string_lossy());
    engine.settings_of(&path)?;
    engine.compile_all()?;
    let file = arguments.config.config.clone().or_else(|| discover_config(&path));
    match file.filter(|_| !arguments.config.isolated) {
        Some(file) => {
            say(&format!("{}: is right", engine.shown(&engine.absolute(&file.to_string_lossy()))));
            tell_others(&file, |path| engine.shown(path));
        }
        None => say("there is no configuration here: the defaults hold"),
    }
    Ok(Exit::Clean)
}

/// Of several configurations in one folder only the first one counts.
pub(crate) fn tell_others(file: &Path, shown: impl Fn(&Path) -> String) {
    for other in configs_in(file.parent().unwrap_or(Path::new("."))).iter().filter(|o| *o != file) {
        say(&format!("warning: {} is not used: {} is beside it", shown(other), shown(file)));
    }
}

pub(crate) fn init(arguments: &InitArguments) -> Result<Exit, Failure> {
    let here = std::env::current_dir().map_err(Failure::WorkingDirectory)?;
    let file = here.join(CONFIG_FILE);
    if file.exists() && !arguments.force {
        return Err(Failure::Usage(format!("{CONFIG_FILE}: there is one already; --force replaces it")));
    }
    let engine =
        project::engine(&crate::args::ConfigArguments { isolated: true, config: None }, &here, &Flags::default())?;
    let outcome = engine.check(&[Input::Path(PathBuf::from("."))])?;
    let summary = &outcome.report.summary;
    let languages: Vec<String> = summary.files_by_language.iter().map(|(name, n)| format!("{name} ({n})")).collect();
    let found = outcome.report.findings.len();
    write_whole(&file, starter(&languages).as_bytes())
        .map_err(|error| Failure::Output { path: CONFIG_FILE.to_owned(), error })?;
    say(&format!("wrote {CONFIG_FILE}"));
    if languages.is_empty() {
        say("no file in a language that timelint reads was found here");
    }
    match found {
        0 => say("there are no findings: a baseline is not needed"),
        n => say(&format!(
            "there are {n} findings: `timelint baseline create` writes them to {BASELINE_FILE}, and only new ones fail"
        )),
    }
    if repository_root(&here) != here {
        say("this is not the root of the repository: files outside this folder are not governed by it");
    }
    Ok(Exit::Clean)
}

/// A file in which every setting stands at its default, commented out.
fn starter(languages: &[String]) -> String {
    let mut text = String::from(
        "#:schema https://raw.githubusercontent.com/timelint/timelint/main/crates/engine/schema/timelint-config.schema.json\n\n",
    );
    if !languages.is_empty() {
        // Writing to a string does not fail.
        let _ = writeln!(text, "# Languages here: {}.\n", languages.join(", "));
    }
    text.push_str(include_str!("starter.toml"));
    text
}
