//! How far a run is, and where its time goes.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Files that are named as the slowest.
const SLOWEST: usize = 5;

/// What a run tells while it works; shared with whoever watches.
#[derive(Debug, Default)]
pub struct Progress {
    files: AtomicUsize,
    read: AtomicUsize,
    timings: Mutex<Timings>,
}

/// Where the time went. Phases are wall time, rules and files are summed over threads.
#[derive(Debug, Clone, Default)]
pub struct Timings {
    /// In the order in which they ran.
    pub phases: Vec<(&'static str, Duration)>,
    /// By rule.
    pub rules: BTreeMap<&'static str, Duration>,
    /// The slowest files, slowest first.
    pub files: Vec<(Duration, Arc<str>)>,
}

impl Progress {
    /// Files read so far, and files in all.
    pub fn files(&self) -> (usize, usize) {
        (self.read.load(Ordering::Relaxed), self.files.load(Ordering::Relaxed))
    }

    /// Where the time went so far.
    pub fn timings(&self) -> Timings {
        self.lock().clone()
    }

    pub(crate) fn found(&self, files: usize) {
        self.read.store(0, Ordering::Relaxed);
        self.files.store(files, Ordering::Relaxed);
    }

    pub(crate) fn read_one(&self) {
        self.read.fetch_add(1, Ordering::Relaxed);
    }

    /// Runs a phase.
    pub(crate) fn phase<T>(&self, name: &'static str, job: impl FnOnce() -> T) -> T {
        let started = Instant::now();
        let result = job();
        let mut timings = self.lock();
        match timings.phases.iter_mut().find(|p| p.0 == name) {
            Some(phase) => phase.1 += started.elapsed(),
            None => timings.phases.push((name, started.elapsed())),
        }
        result
    }

    /// The rules of one file took this long.
    pub(crate) fn file(&self, path: &Arc<str>, rules: &[(&'static str, Duration)]) {
        let mut timings = self.lock();
        for (rule, took) in rules {
            *timings.rules.entry(rule).or_default() += *took;
        }
        let all = rules.iter().map(|r| r.1).sum();
        let at = timings.files.partition_point(|f| f.0 >= all);
        if at < SLOWEST {
            timings.files.insert(at, (all, path.clone()));
            timings.files.truncate(SLOWEST);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Timings> {
        self.timings.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slowest_files_are_kept() {
        let progress = Progress::default();
        for ms in [3, 9, 1, 7, 5, 8, 2] {
            progress.file(&Arc::from(format!("{ms}")), &[("r", Duration::from_millis(ms))]);
        }
        let timings = progress.timings();
        let names: Vec<&str> = timings.files.iter().map(|f| &*f.1).collect();
        assert_eq!(names, ["9", "8", "7", "5", "3"]);
        assert_eq!(timings.rules["r"], Duration::from_millis(35));
    }
}
