//! Walking the repository's folders, for tests.
#![allow(clippy::disallowed_methods, reason = "tests read the repository")]

use std::path::{Path, PathBuf};

/// The path below the repository, with `/`.
pub(crate) fn shown(path: &Path) -> String {
    let below = path.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap_or(path);
    below.to_string_lossy().replace('\\', "/")
}

/// A path's last part.
pub(crate) fn name(path: &Path) -> String {
    path.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned())
}

/// What a folder holds, sorted.
pub(crate) fn entries(folder: &Path) -> Vec<PathBuf> {
    let read = std::fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut all: Vec<PathBuf> = read.map(|e| e.expect("readable").path()).collect();
    all.sort();
    all
}

/// Mistakes that cannot be made in a language, as their pages say, by rule and language.
const ABSENT: [(&str, &str); 1] = [("release-with-cancelled-context", "java")];

/// Whether a rule's mistake does not exist in a language.
pub(crate) fn is_absent(rule: &str, language: &str) -> bool {
    ABSENT.contains(&(rule, language))
}
