//! How the process ends, and what it says about that.

use std::io::{self, Write};
use std::process::ExitCode;
use thiserror::Error;
use timelint_engine::EngineError;
use timelint_gate::GateError;

/// How the process ends; the same for every format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// No finding at or above the level.
    Clean,
    /// Findings.
    Findings,
    /// Usage, configuration or IO error: nothing reliable was produced.
    Unusable,
    /// No file was analysed.
    Nothing,
    /// timelint failed on a file; the others are reported.
    Internal,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(match exit {
            Exit::Clean => 0,
            Exit::Findings => 1,
            Exit::Unusable => 2,
            Exit::Nothing => 3,
            Exit::Internal => 4,
        })
    }
}

/// Why nothing reliable was produced.
#[derive(Debug, Error)]
pub(crate) enum Failure {
    #[error(transparent)]
    Engine(#[from] EngineError),
    #[error(transparent)]
    Gate(#[from] GateError),
    #[error("{0}")]
    Usage(String),
    #[error("{path}: cannot be written: {error}")]
    Output { path: String, error: io::Error },
    #[error("standard input cannot be read: {0}")]
    Input(io::Error),
    #[error("the working directory cannot be used: {0}")]
    WorkingDirectory(io::Error),
}

/// Writes a line to standard error; nobody can be told when that fails.
pub(crate) fn say(line: &str) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}

/// Writes to standard output. A reader that went away (`| head`) is no error.
pub(crate) fn print(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match write(&mut out).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::Output { path: "standard output".to_owned(), error })
        }
        _ => Ok(()),
    }
}
