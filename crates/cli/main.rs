//! timelint finds timing bugs in distributed code: unreliable clocks, process pauses, lost or late messages.
//!
//! This binary only wires: it reads arguments, hands the embedded packs and all rules to the engine, and gives the
//! report to a reporter. Exit codes: 0 clean, 1 findings, 2 usage, configuration or IO error, 3 nothing to analyse,
//! 4 internal error in a file.

mod args;
mod commands;
mod exit;
mod packs;

use args::{Arguments, Command, with_default_verb};
use clap::Parser;
use exit::{Exit, Failure};
use std::process::ExitCode;

/// Trees, models and facts are many small objects, and all of them go soon.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // A failure in one file becomes a note; its trace is for developers only.
    if std::env::var_os("RUST_BACKTRACE").is_none() {
        std::panic::set_hook(Box::new(|_| {}));
    }
    let arguments = match Arguments::try_parse_from(with_default_verb(std::env::args_os().collect())) {
        Ok(arguments) => arguments,
        Err(error) => {
            let code = if error.use_stderr() { Exit::Unusable } else { Exit::Clean };
            let _ = error.print();
            return code.into();
        }
    };
    match run(arguments.command) {
        Ok(exit) => exit.into(),
        Err(failure) => {
            exit::say(&format!("error: {failure}"));
            Exit::Unusable.into()
        }
    }
}

fn run(command: Command) -> Result<Exit, Failure> {
    match command {
        Command::Check(arguments) => commands::check::run(&arguments),
        Command::Baseline(command) => commands::baseline::run(&command),
        Command::Suppress(arguments) => commands::suppress::run(&arguments),
        Command::Config(command) => commands::config::run(&command),
        Command::Init(arguments) => commands::config::init(&arguments),
        Command::Completions(arguments) => commands::generate::completions(&arguments),
        Command::Man => commands::generate::man(),
        Command::Explain(arguments) => commands::explain::run(&arguments),
        Command::Rules(arguments) => commands::rules::run(&arguments),
        Command::Dump(arguments) => commands::dump::run(&arguments),
    }
}
