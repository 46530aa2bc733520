//! Why nothing can be said or written. Each message names the place and the remedy.

use thiserror::Error;
use timelint_engine::EngineError;

/// Why nothing can be said or written.
#[derive(Debug, Error)]
pub enum GateError {
    /// The analysis could not be done.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// A file cannot be written.
    #[error("{path}: cannot be written: {message}")]
    Write {
        /// The file.
        path: String,
        /// What the system says.
        message: String,
    },
    /// A file that was to be changed is another one by now.
    #[error("{path}: changed while it was analysed and was left alone: run timelint again")]
    Changed {
        /// The file.
        path: String,
    },
    /// The baseline cannot be read.
    #[error("{path}:{line}: {message}")]
    Baseline {
        /// The file.
        path: String,
        /// Line, from 1.
        line: usize,
        /// What is wrong and how to mend it.
        message: String,
    },
    /// git cannot answer.
    #[error("{0}")]
    Git(String),
}
