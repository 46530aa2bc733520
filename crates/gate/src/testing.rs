//! Folders for the tests.
#![allow(clippy::disallowed_methods, reason = "tests read and write files")]

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A folder with files, removed when dropped.
pub(crate) struct Folder(PathBuf);

static COUNTER: AtomicUsize = AtomicUsize::new(0);

impl Folder {
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        let nth = COUNTER.fetch_add(1, Ordering::Relaxed);
        let folder = Self(std::env::temp_dir().join(format!("timelint-gate-{}-{nth}", std::process::id())));
        std::fs::create_dir_all(&folder.0).expect("writable");
        for (name, text) in files {
            std::fs::write(folder.path(name), text).expect("writable");
        }
        folder
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub(crate) fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).expect("readable")
    }

    pub(crate) fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(&self.0).expect("readable");
        let mut names: Vec<String> =
            entries.map(|e| e.expect("readable").file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
