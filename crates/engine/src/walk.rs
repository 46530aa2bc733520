//! Finds the files of a run.

use crate::error::{EngineError, describe};
use crate::gate::SkipReason;
use crate::manifests;
use crate::outcome::Skipped;
use crate::overlay::Overlay;
use crate::read::Place;
use crate::settings::Settings;
use crate::test_code::is_test_code;
use ignore::{DirEntry, WalkBuilder, WalkState};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use timelint_diagnostics::{Note, NoteKind};
use timelint_syntax::{LANGUAGES, Language, language_for_path};

/// What to check.
#[derive(Debug, Clone)]
pub enum Input {
    /// A file or folder; relative to the working directory.
    Path(PathBuf),
    /// Text that is not (yet) on disk.
    Text {
        /// The name under which it is shown and which says its language.
        name: PathBuf,
        /// The text.
        text: String,
    },
}

/// A file to analyse.
#[derive(Debug, Clone)]
pub(crate) struct Candidate {
    /// The path as shown.
    pub(crate) path: Arc<str>,
    /// The absolute path.
    pub(crate) absolute: PathBuf,
    pub(crate) place: Place,
    pub(crate) language: &'static Language,
    /// Test code that the user did not name.
    pub(crate) is_test: bool,
    /// The user named the file itself.
    pub(crate) is_named: bool,
    /// The settings that hold for it, where they are not the run's own.
    pub(crate) settings: Option<Arc<Settings>>,
}

impl Candidate {
    /// A file that the user named.
    pub(crate) fn named(path: Arc<str>, absolute: PathBuf, place: Place, language: &'static Language) -> Self {
        Self { path, absolute, place, language, is_test: false, is_named: true, settings: None }
    }

    /// The settings that hold for it.
    pub(crate) fn settings<'a>(&'a self, run: &'a Settings) -> &'a Settings {
        self.settings.as_deref().unwrap_or(run)
    }
}

/// What was found, sorted by path.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) files: Vec<Candidate>,
    pub(crate) skipped: BTreeMap<Arc<str>, SkipReason>,
    pub(crate) notes: Vec<Note>,
    /// What may say which versions of libraries are used: below and above the inputs.
    pub(crate) manifests: BTreeSet<PathBuf>,
}

/// Folders of other people's code.
const VENDORED: &[&str] = &[
    "vendor",
    "_vendor",
    "vendored",
    "_vendored",
    "node_modules",
    "third_party",
    "third-party",
    "thirdparty",
    "3rdparty",
    "site-packages",
    "dist-packages",
    "bower_components",
    "jspm_packages",
    "web_modules",
];

/// Finds the files behind `inputs`, as `overlay` has them.
pub(crate) fn find(inputs: &[Input], settings: &Settings, overlay: &Overlay) -> Result<Found, EngineError> {
    let collected = Mutex::new(Collected::default());
    for input in inputs {
        match input {
            Input::Text { name, text } => {
                let absolute = clean(&settings.working_dir.join(name));
                let language = language_for_path(name).ok_or_else(|| EngineError::UnknownLanguage {
                    path: shown(&absolute, settings, name),
                    known: extensions(),
                })?;
                let path: Arc<str> = shown(&absolute, settings, name).into();
                let place = Place::Memory(text.as_str().into());
                if settings.excludes(&absolute) {
                    lock(&collected).skipped.insert(path, SkipReason::Excluded);
                    continue;
                }
                lock(&collected).file(Candidate::named(path, absolute, place, language));
            }
            Input::Path(path) => {
                let absolute = clean(&settings.working_dir.join(path));
                if absolute.is_dir() {
                    walk(&absolute, path, settings, &collected);
                } else if absolute.is_file() {
                    named_file(absolute, path, settings, &mut lock(&collected));
                } else if overlay.is_empty() {
                    let error = match std::fs::metadata(&absolute) {
                        Ok(_) => "neither a file nor a folder".to_owned(),
                        Err(error) => describe(&error),
                    };
                    return Err(EngineError::NoSuchPath { path: path.to_string_lossy().into_owned(), error });
                }
            }
        }
    }
    let mut collected = collected.into_inner().unwrap_or_else(PoisonError::into_inner);
    let folders = inputs.iter().filter_map(|input| {
        let (Input::Path(path) | Input::Text { name: path, .. }) = input;
        let absolute = clean(&settings.working_dir.join(path));
        if absolute.is_dir() { Some(absolute) } else { absolute.parent().map(Path::to_owned) }
    });
    collected.manifests.extend(folders.collect::<BTreeSet<_>>().iter().flat_map(|f| manifests::above(f)));
    overlay.lay_over(&mut collected, inputs, settings);
    Ok(collected.finish())
}

#[derive(Default)]
pub(crate) struct Collected {
    pub(crate) files: BTreeMap<Arc<str>, Candidate>,
    pub(crate) skipped: BTreeMap<Arc<str>, SkipReason>,
    notes: Vec<Note>,
    manifests: BTreeSet<PathBuf>,
}

impl Collected {
    /// A file that is found twice is test code only if it is so both times.
    pub(crate) fn file(&mut self, file: Candidate) {
        match self.files.get_mut(&file.path) {
            Some(known) => {
                known.is_test &= file.is_test;
                known.is_named |= file.is_named;
            }
            None => {
                self.files.insert(file.path.clone(), file);
            }
        }
    }

    fn note(&mut self, path: Arc<str>, message: String) {
        self.notes.push(Note { path, line: None, kind: NoteKind::Unreadable, message });
    }

    fn finish(mut self) -> Found {
        self.skipped.retain(|path, _| !self.files.contains_key(path));
        self.notes.sort();
        self.notes.dedup();
        Found {
            files: self.files.into_values().collect(),
            skipped: self.skipped,
            notes: self.notes,
            manifests: self.manifests,
        }
    }
}

fn lock(collected: &Mutex<Collected>) -> std::sync::MutexGuard<'_, Collected> {
    collected.lock().unwrap_or_else(PoisonError::into_inner)
}

fn named_file(absolute: PathBuf, given: &Path, settings: &Settings, collected: &mut Collected) {
    let path: Arc<str> = shown(&absolute, settings, given).into();
    let Some(language) = language_for_path(&absolute) else {
        collected.note(path.clone(), format!("no language has this extension: timelint reads {}", extensions()));
        collected.skipped.insert(path, SkipReason::UnknownLanguage);
        return;
    };
    if settings.excludes(&absolute) {
        collected.skipped.insert(path, SkipReason::Excluded);
        return;
    }
    collected.file(Candidate::named(path, absolute, Place::Disk, language));
}

fn walk(root: &Path, given: &Path, settings: &Settings, collected: &Mutex<Collected>) {
    let mut builder = WalkBuilder::new(root);
    let ignores = !settings.no_ignore;
    builder.hidden(!settings.hidden).threads(settings.threads);
    builder.ignore(ignores).git_ignore(ignores).git_exclude(ignores).parents(ignores);
    // A user's own ignore file would make two machines differ; a tarball without `.git` should not.
    builder.git_global(false).require_git(false);
    builder.filter_entry(|e| e.file_name() != ".git");
    builder.build_parallel().run(|| {
        Box::new(|entry| {
            match entry {
                Ok(entry) => visit(root, given, &entry, settings, collected),
                Err(error) => failed(root, given, &error, settings, collected),
            }
            WalkState::Continue
        })
    });
}

fn visit(root: &Path, given: &Path, entry: &DirEntry, settings: &Settings, collected: &Mutex<Collected>) {
    if !entry.file_type().is_some_and(|t| t.is_file()) {
        return;
    }
    if manifests::is_manifest(entry.path()) && !entry.path().strip_prefix(root).is_ok_and(is_vendored) {
        lock(collected).manifests.insert(entry.path().to_owned());
    }
    match candidate_below(root, given, entry.path(), settings) {
        Some((Ok(file), _)) => lock(collected).file(file),
        Some((Err(reason), path)) => {
            lock(collected).skipped.insert(path, reason);
        }
        None => {}
    }
}

/// The file at `absolute` below the folder `root` (or `root` itself), which the user gave as `given`; or why it is
/// skipped. `None` for other files and those in no language.
pub(crate) fn candidate_below(
    root: &Path,
    given: &Path,
    absolute: &Path,
    settings: &Settings,
) -> Option<(Result<Candidate, SkipReason>, Arc<str>)> {
    let below = absolute.strip_prefix(root).ok()?;
    let language = language_for_path(absolute)?;
    let path: Arc<str> = shown(absolute, settings, &given.join(below)).into();
    if is_vendored(below) {
        return Some((Err(SkipReason::Vendored), path));
    }
    if settings.excludes(absolute) {
        return Some((Err(SkipReason::Excluded), path));
    }
    let is_test = is_test_code(below);
    let file = Candidate {
        path: path.clone(),
        absolute: absolute.to_owned(),
        place: Place::Disk,
        language,
        is_test,
        is_named: false,
        settings: None,
    };
    Some((Ok(file), path))
}

/// Whether a folder of `path` holds other people's code. Below a Java source root folders are packages, and `vendor`
/// is a word of many businesses.
fn is_vendored(path: &Path) -> bool {
    let mut in_package = false;
    for part in path.parent().into_iter().flat_map(Path::iter) {
        let name = part.to_string_lossy();
        if VENDORED.contains(&&*name) && !in_package {
            return true;
        }
        in_package |= name == "java";
    }
    false
}

fn failed(root: &Path, given: &Path, error: &ignore::Error, settings: &Settings, collected: &Mutex<Collected>) {
    let at = path_of(error).unwrap_or(root);
    let path: Arc<str> = shown(at, settings, given).into();
    let message = error.io_error().map_or_else(|| error.to_string(), describe);
    let mut collected = lock(collected);
    collected.note(path.clone(), format!("cannot be read: {message}"));
    collected.skipped.insert(path, SkipReason::Unreadable);
}

fn path_of(error: &ignore::Error) -> Option<&Path> {
    match error {
        ignore::Error::WithPath { path, .. } => Some(path),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => path_of(err),
        _ => None,
    }
}

/// The path as the user knows it: relative to the working directory where that holds it, otherwise as it was given.
pub(crate) fn shown(absolute: &Path, settings: &Settings, given: &Path) -> String {
    let path = match absolute.strip_prefix(&settings.working_dir) {
        Ok(below) => below.to_owned(),
        Err(_) => clean(given),
    };
    let text = path.to_string_lossy();
    if std::path::MAIN_SEPARATOR == '/' { text.into_owned() } else { text.replace(std::path::MAIN_SEPARATOR, "/") }
}

/// `path` without `.` and, where that is possible without asking the disk, without `..`.
pub(crate) fn clean(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if matches!(out.components().next_back(), Some(Component::Normal(_))) => {
                out.pop();
            }
            Component::ParentDir if matches!(out.components().next_back(), Some(Component::RootDir)) => {}
            other => out.push(other),
        }
    }
    out
}

/// Whether the file's name says that it is in a language that timelint reads.
pub fn is_source(path: &Path) -> bool {
    language_for_path(path).is_some()
}

/// Every known extension, for messages.
pub(crate) fn extensions() -> String {
    let all: Vec<String> = LANGUAGES.iter().flat_map(|l| l.extensions).map(|e| format!(".{e}")).collect();
    all.join(", ")
}

/// The skipped files as the outcome lists them.
pub(crate) fn listed(skipped: &BTreeMap<Arc<str>, SkipReason>) -> Vec<Skipped> {
    skipped.iter().map(|(path, reason)| Skipped { path: path.clone(), reason: *reason }).collect()
}

#[cfg(test)]
#[path = "walk_tests.rs"]
mod tests;
