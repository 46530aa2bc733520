//! Writes reports: each to its file, or to standard output.

use crate::args::{Color, Format, OutputArguments};
use crate::exit::{Failure, print};
use std::io::{self, IsTerminal, Write};
use std::path::Path;
use timelint_diagnostics::{Report, Severity};
use timelint_engine::FailOn;
use timelint_gate::write_whole;
use timelint_report::{Concise, Full, Json, Reporter, Sarif, TextOptions};

/// Writes every report that was asked for.
pub(crate) fn write(arguments: &OutputArguments, fail_on: FailOn, report: &Report) -> Result<(), Failure> {
    let silent = report.findings.is_empty() && report.notes.is_empty();
    for wish in arguments.formats() {
        let to_terminal = wish.file.is_none() && io::stdout().is_terminal();
        let reporter = reporter(wish.format, arguments.color, fail_on, to_terminal);
        match &wish.file {
            Some(path) => to_file(path, |out| reporter.write(report, out))?,
            None if arguments.quiet && wish.format.is_text() && silent => {}
            None => print(|out| reporter.write(report, out))?,
        }
    }
    Ok(())
}

fn reporter(format: Format, wish: Color, fail_on: FailOn, to_terminal: bool) -> Box<dyn Reporter> {
    let options = TextOptions {
        color: color(wish, to_terminal),
        width: width(),
        fail_on: match fail_on {
            FailOn::At(severity) => severity,
            FailOn::Never => Severity::Error,
        },
        ..TextOptions::default()
    };
    match format {
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

fn to_file(path: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Failure> {
    let mut bytes = Vec::new();
    let written = write(&mut bytes).and_then(|()| write_whole(path, &bytes));
    written.map_err(|error| Failure::Output { path: path.to_string_lossy().into_owned(), error })
}
