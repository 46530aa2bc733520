//! Shows on a terminal how far a long run is.

use crate::args::OutputArguments;
use std::io::{self, IsTerminal, Write};
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;
use timelint_engine::Progress;

/// Runs that are over sooner show nothing.
const PATIENCE: Duration = Duration::from_millis(500);
const BEAT: Duration = Duration::from_millis(100);

/// A line on standard error that is rewritten until this is dropped.
pub(crate) struct Watch {
    work: Option<(Sender<()>, JoinHandle<()>)>,
}

impl Watch {
    /// Watches `progress`, if standard error is a terminal and nobody asked for quiet.
    pub(crate) fn new(arguments: &OutputArguments, progress: &Arc<Progress>) -> Self {
        let is_dumb = std::env::var_os("TERM").is_some_and(|t| t == "dumb");
        if arguments.quiet || is_dumb || std::env::var_os("CI").is_some() || !io::stderr().is_terminal() {
            return Self { work: None };
        }
        let (stop, stopped) = channel();
        let progress = progress.clone();
        let thread = std::thread::spawn(move || {
            let mut wait = PATIENCE;
            let mut shown = false;
            while stopped.recv_timeout(wait) == Err(RecvTimeoutError::Timeout) {
                wait = BEAT;
                shown = true;
                let (read, all) = progress.files();
                let text =
                    if read < all { format!("reading {read} of {all} files") } else { format!("checking {all} files") };
                let _ = write!(io::stderr().lock(), "\r\x1b[K{text} …");
            }
            if shown {
                let _ = write!(io::stderr().lock(), "\r\x1b[K");
            }
        });
        Self { work: Some((stop, thread)) }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if let Some((stop, thread)) = self.work.take() {
            drop(stop);
            let _ = thread.join();
        }
    }
}
