//! `timelint check`.

use super::{project, silence};
use crate::args::{CheckArguments, Color, Format};
use crate::exit::{Exit, Failure, print, say};
use std::io::{self, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;
use timelint_diagnostics::{Report, Severity};
use timelint_engine::{Engine, FailOn, Input, Outcome};
use timelint_report::{Concise, Full, Json, Reporter, Sarif, TextOptions};

pub(crate) fn run(arguments: &CheckArguments) -> Result<Exit, Failure> {
    let started = Instant::now();
    let place = arguments.explain_silence.as_deref().map(silence::parse).transpose()?;
    let inputs = inputs(arguments, place.as_ref())?;
    let start = match inputs.first() {
        Some(Input::Path(path) | Input::Text { name: path, .. }) => path.clone(),
        None => PathBuf::from("."),
    };
    let engine = project::engine(&arguments.config, &start, &arguments.flags())?;
    let mut outcome = engine.check(&inputs)?;
    if let Some(place) = place {
        silence::explain(&engine, &outcome, &place)?;
        return Ok(Exit::Clean);
    }
    outcome.report.summary.elapsed_ms = u64::try_from(started.elapsed().as_millis()).ok();
    if arguments.verbose {
        tell_more(&engine, &outcome);
    }
    write(arguments, engine.settings().fail_on, &outcome.report)?;
    Ok(verdict(arguments, engine.settings().fail_on, &outcome))
}

fn inputs(arguments: &CheckArguments, place: Option<&silence::Place>) -> Result<Vec<Input>, Failure> {
    let reads_stdin = arguments.paths.iter().any(|p| p.as_os_str() == "-");
    match (&arguments.stdin_filename, reads_stdin) {
        (None, true) => Err(Failure::Usage(
            "`-` needs --stdin-filename, which says what the text on standard input is (`--stdin-filename src/lease.go`)".to_owned(),
        )),
        (Some(_), false) => Err(Failure::Usage("--stdin-filename needs `-` as the only path".to_owned())),
        (Some(_), true) if arguments.paths.len() > 1 => {
            Err(Failure::Usage("`-` cannot stand beside other paths".to_owned()))
        }
        (Some(name), true) => {
            let mut bytes = Vec::new();
            io::stdin().lock().read_to_end(&mut bytes).map_err(Failure::Input)?;
            Ok(vec![Input::Text { name: name.clone(), text: String::from_utf8_lossy(&bytes).into_owned() }])
        }
        (None, false) => {
            let given = arguments.paths.iter().cloned().map(Input::Path);
            match place {
                // The place's own file, when no other path was given.
                Some(place) if arguments.paths == [PathBuf::from(".")] => Ok(vec![Input::Path(place.path.clone())]),
                _ => Ok(given.collect()),
            }
        }
    }
}

fn tell_more(engine: &Engine, outcome: &Outcome) {
    let rules: Vec<&str> = engine.enabled_rules().iter().map(|r| r.id).collect();
    say(&format!("rules: {}", rules.join(", ")));
    for skipped in &outcome.skipped {
        say(&format!("skipped: {} ({})", skipped.path, skipped.reason.name()));
    }
}

fn write(arguments: &CheckArguments, fail_on: FailOn, report: &Report) -> Result<(), Failure> {
    let silent = report.findings.is_empty() && report.notes.is_empty();
    if arguments.quiet && arguments.format.is_text() && silent {
        return Ok(());
    }
    let to_terminal = arguments.output_file.is_none() && io::stdout().is_terminal();
    let reporter = reporter(arguments, fail_on, to_terminal);
    match &arguments.output_file {
        Some(path) => to_file(path, |out| reporter.write(report, out)),
        None => print(|out| reporter.write(report, out)),
    }
}

fn reporter(arguments: &CheckArguments, fail_on: FailOn, to_terminal: bool) -> Box<dyn Reporter> {
    let options = TextOptions {
        color: color(arguments.color, to_terminal),
        width: width(),
        fail_on: match fail_on {
            FailOn::At(severity) => severity,
            FailOn::Never => Severity::Error,
        },
        ..TextOptions::default()
    };
    match arguments.format {
        Format::Full => Box::new(Full::new(options)),
        Format::Concise => Box::new(Concise::new(options)),
        Format::Json => Box::new(Json),
        Format::Sarif => Box::new(Sarif),
    }
}

fn color(wish: Color, to_terminal: bool) -> bool {
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|v| !v.is_empty() && v != "0");
    match wish {
        Color::Always => true,
        Color::Never => false,
        Color::Auto if is_set("NO_COLOR") => false,
        Color::Auto if is_set("FORCE_COLOR") || is_set("CLICOLOR_FORCE") => true,
        Color::Auto => to_terminal && std::env::var_os("TERM").is_none_or(|t| t != "dumb"),
    }
}

fn width() -> usize {
    let columns = std::env::var("COLUMNS").ok().and_then(|c| c.parse().ok());
    columns.filter(|c| (40..=400).contains(c)).unwrap_or(TextOptions::default().width)
}

/// Writes beside the file and renames, so that nobody finds half a report.
#[allow(clippy::disallowed_methods, reason = "the command line writes the files that it is asked for")]
fn to_file(path: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Failure> {
    let failed = |error| Failure::Output { path: path.to_string_lossy().into_owned(), error };
    let mut bytes = Vec::new();
    write(&mut bytes).map_err(failed)?;
    // A device or pipe cannot be replaced.
    if path.exists() && !path.is_file() {
        return std::fs::write(path, bytes).map_err(failed);
    }
    let mut name = path.file_name().map(std::ffi::OsStr::to_os_string).unwrap_or_default();
    name.push(format!(".{}.tmp", std::process::id()));
    let beside = path.with_file_name(name);
    std::fs::write(&beside, bytes).and_then(|()| std::fs::rename(&beside, path)).map_err(|error| {
        let _ = std::fs::remove_file(&beside);
        failed(error)
    })
}

/// The exit code, said on the last line of standard error.
fn verdict(arguments: &CheckArguments, fail_on: FailOn, outcome: &Outcome) -> Exit {
    let report = &outcome.report;
    let failing: Vec<Severity> = report.findings.iter().map(|f| f.severity).filter(|s| fail_on.fails(*s)).collect();
    let (exit, why) = if outcome.internal_errors() > 0 {
        let files = count(outcome.internal_errors(), "file");
        (Exit::Internal, format!("internal error in {files}: see the notes, the other files are reported"))
    } else if report.summary.files_checked() == 0 {
        let code = if arguments.allow_empty { Exit::Clean } else { Exit::Nothing };
        (code, nothing(arguments, outcome))
    } else if failing.is_empty() {
        (Exit::Clean, format!("passed: {}", passed(report, fail_on)))
    } else {
        let tally: Vec<String> = [Severity::Error, Severity::Warning, Severity::Note]
            .into_iter()
            .map(|s| (failing.iter().filter(|f| **f == s).count(), s.name()))
            .filter(|(n, _)| *n > 0)
            .map(|(n, name)| count(n, name))
            .collect();
        let why = format!("{} at or above --fail-on {}", tally.join(", "), fail_on.name());
        if arguments.exit_zero {
            (Exit::Clean, format!("passed because of --exit-zero: {why}"))
        } else {
            (Exit::Findings, format!("failing: {why}"))
        }
    };
    if exit != Exit::Clean || !arguments.quiet {
        say(&why);
    }
    exit
}

fn passed(report: &Report, fail_on: FailOn) -> String {
    match (report.findings.len(), fail_on) {
        (0, _) => format!("no findings in {}", count(report.summary.files_checked(), "file")),
        (n, FailOn::Never) => format!("{}, and --fail-on is never", count(n, "finding")),
        (n, FailOn::At(least)) => format!("{}, none at or above --fail-on {}", count(n, "finding"), least.name()),
    }
}

fn nothing(arguments: &CheckArguments, outcome: &Outcome) -> String {
    let paths: Vec<String> = arguments.paths.iter().map(|p| p.display().to_string()).collect();
    let why = match outcome.skipped.len() {
        0 => "no file in a language that timelint reads".to_owned(),
        n => format!("{} skipped (see -v)", count(n, "file")),
    };
    format!("nothing to analyse in {}: {why}", paths.join(", "))
}

fn count(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}
