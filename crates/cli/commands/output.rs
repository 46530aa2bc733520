//! Writes reports: each to its file, or to standard output.

use super::run::Run;
use crate::args::{Color, Format, OutputArguments};
use crate::exit::{Failure, print, say};
use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::time::Duration;
use timelint_diagnostics::{Accepted, Report, Severity};
use timelint_engine::{FailOn, Hidden, Input, Outcome, Timings, repository_root};
use timelint_gate::write_whole;
use timelint_report::{
    Checkstyle, Concise, Full, GitHub, GitLab, Grouped, Json, JsonLines, Junit, MAX_RESULTS, RdJson, Reporter, Root,
    Sarif, TextOptions, statistics, step_summary,
};

/// Writes every report that was asked for.
pub(crate) fn write(arguments: &OutputArguments, run: &Run, outcome: &mut Outcome) -> Result<(), Failure> {
    let engine = &run.engine;
    let accepted: Vec<Accepted> = outcome.hidden.iter().filter_map(Hidden::accepted).collect();
    let report = &mut outcome.report;
    let silent = report.findings.is_empty() && report.notes.is_empty();
    let wishes = arguments.formats();
    for wish in &wishes {
        let is_sarif = wish.format == Format::Sarif;
        let asked = if is_sarif { arguments.sarif_include_suppressed } else { arguments.show_suppressed };
        report.accepted = if asked { accepted.clone() } else { Vec::new() };
        let to_terminal = wish.file.is_none() && io::stdout().is_terminal();
        let reporter = reporter(wish.format, arguments, engine.settings().fail_on, to_terminal);
        // Services know paths of the repository, wherever timelint was started.
        let from_root = matches!(wish.format, Format::Sarif | Format::GitHub | Format::GitLab);
        let moved = from_root.then(|| root(run).report(report));
        let report = moved.as_ref().unwrap_or(report);
        match &wish.file {
            Some(path) => to_file(path, |out| reporter.write(report, out))?,
            None if arguments.quiet && wish.format.is_text() && silent && report.accepted.is_empty() => {}
            None => print(|out| reporter.write(report, out))?,
        }
        let results = if is_sarif { Sarif::results(report) } else { 0 };
        if let Some(rest @ 1..) = results.checked_sub(MAX_RESULTS) {
            say(&format!(
                "warning: SARIF holds at most {MAX_RESULTS} results: {rest} of {results}, the least severe, are left out"
            ));
        }
        if wish.format == Format::GitHub {
            summarise(report)?;
        }
    }
    let report = &outcome.report;
    if arguments.statistics {
        let on_stdout = wishes.iter().all(|w| w.file.is_some() || w.format.is_text());
        let options = options(arguments, engine.settings().fail_on, false);
        if on_stdout {
            print(|out| statistics(report, &options, out))?;
        } else {
            let mut bytes = Vec::new();
            if statistics(report, &options, &mut bytes).is_ok() {
                say(String::from_utf8_lossy(&bytes).trim_end());
            }
        }
    }
    if arguments.timings {
        tell_timings(&engine.progress().timings());
    }
    Ok(())
}

/// Adds a table to the summary of the workflow's step, when a GitHub workflow runs timelint.
#[allow(clippy::disallowed_methods, reason = "GitHub takes summaries by a file")]
fn summarise(report: &Report) -> Result<(), Failure> {
    let Some(path) = std::env::var_os("GITHUB_STEP_SUMMARY").filter(|path| !path.is_empty()) else { return Ok(()) };
    let file = std::fs::OpenOptions::new().append(true).create(true).open(&path);
    let written = file.and_then(|mut file| step_summary(report, &mut file));
    written.map_err(|error| Failure::Output { path: path.to_string_lossy().into_owned(), error })
}

/// The repository of what is checked, and the working directory.
fn root(run: &Run) -> Root {
    let here = run.engine.absolute("");
    let start = match run.filter.inputs.first() {
        Some(Input::Path(path) | Input::Text { name: path, .. }) => run.engine.absolute(&path.to_string_lossy()),
        None => here.clone(),
    };
    let slashes = |path: &Path| path.to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/");
    // Outside a repository the working directory is what paths start at.
    let root = repository_root(&start);
    let root = if root.join(".git").exists() { root } else { here.clone() };
    Root::new(&slashes(&here), &slashes(&root))
}

fn tell_timings(timings: &Timings) {
    let seconds = |took: &Duration| format!("{:8.3} s", took.as_secs_f64());
    for (phase, took) in &timings.phases {
        say(&format!("{}  {phase}", seconds(took)));
    }
    let mut rules: Vec<_> = timings.rules.iter().collect();
    rules.sort_by_key(|(_, took)| std::cmp::Reverse(**took));
    say("rules, summed over threads:");
    for (rule, took) in rules {
        say(&format!("{}  {rule}", seconds(took)));
    }
    say("slowest files:");
    for (took, path) in &timings.files {
        say(&format!("{}  {path}", seconds(took)));
    }
}

fn options(arguments: &OutputArguments, fail_on: FailOn, to_terminal: bool) -> TextOptions {
    TextOptions {
        color: color(arguments.color, to_terminal),
        links: links(arguments.hyperlinks, to_terminal),
        width: width(arguments, to_terminal),
        fail_on: match fail_on {
            FailOn::At(severity) => severity,
            FailOn::Never => Severity::Error,
        },
        max_findings: arguments.max_findings,
        ..TextOptions::default()
    }
}

fn reporter(format: Format, arguments: &OutputArguments, fail_on: FailOn, to_terminal: bool) -> Box<dyn Reporter> {
    let options = options(arguments, fail_on, to_terminal);
    match format {
        Format::Full => Box::new(Full::new(options)),
        Format::Concise => Box::new(Concise::new(options)),
        Format::Grouped => Box::new(Grouped::new(options)),
        Format::Json => Box::new(Json),
        Format::Jsonl => Box::new(JsonLines),
        Format::Sarif => Box::new(Sarif { category: arguments.sarif_category.clone() }),
        Format::GitHub => Box::new(GitHub),
        Format::GitLab => Box::new(GitLab),
        Format::Junit => Box::new(Junit),
        Format::Checkstyle => Box::new(Checkstyle),
        Format::Rdjson => Box::new(RdJson),
    }
}

/// Whether names are links: on demand, or on terminals that are known to follow them.
fn links(wish: Color, to_terminal: bool) -> bool {
    let is =
        |name: &str, known: &[&str]| std::env::var(name).is_ok_and(|value| known.iter().any(|k| value.contains(k)));
    let known = std::env::var_os("VTE_VERSION").is_some()
        || std::env::var_os("WT_SESSION").is_some()
        || std::env::var_os("KONSOLE_VERSION").is_some()
        || is("TERM_PROGRAM", &["iTerm", "WezTerm", "vscode", "ghostty", "Hyper"])
        || is("TERM", &["kitty", "alacritty", "foot", "ghostty"]);
    match wish {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => to_terminal && known,
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

fn width(arguments: &OutputArguments, to_terminal: bool) -> usize {
    let given = arguments.width.map(usize::from);
    let columns = || std::env::var("COLUMNS").ok().and_then(|c| c.parse().ok());
    let terminal = || terminal_size::terminal_size().filter(|_| to_terminal).map(|(width, _)| usize::from(width.0));
    let width = given.or_else(columns).or_else(terminal);
    width.filter(|c| (40..=400).contains(c)).unwrap_or(TextOptions::default().width)
}

fn to_file(path: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Failure> {
    let mut bytes = Vec::new();
    let written = write(&mut bytes).and_then(|()| write_whole(path, &bytes));
    written.map_err(|error| Failure::Output { path: path.to_string_lossy().into_owned(), error })
}
