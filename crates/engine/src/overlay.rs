//! Files as they are not on disk: at another revision, in an index, after an edit.

use crate::read::Place;
use crate::settings::Settings;
use crate::walk::{Candidate, Collected, Input, candidate_below, clean};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Texts that stand in for files.
#[derive(Debug, Clone, Default)]
pub struct Overlay {
    texts: BTreeMap<PathBuf, Option<Arc<str>>>,
}

impl Overlay {
    /// Lets the file at the absolute path `path` have this text; `None` lets it be absent.
    pub fn set(&mut self, path: &Path, text: Option<Arc<str>>) {
        self.texts.insert(clean(path), text);
    }

    /// The text that stands in for the file at the absolute path `path`: `None` where the disk decides, `Some(None)`
    /// where the file is absent.
    pub fn get(&self, path: &Path) -> Option<Option<&Arc<str>>> {
        self.texts.get(path).map(Option::as_ref)
    }

    /// Takes over what `other` says.
    pub fn extend(&mut self, other: Overlay) {
        self.texts.extend(other.texts);
    }

    /// Whether the disk decides about every file.
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }

    /// Replaces, removes and adds files. Those that only exist here are taken in where an input leads to them.
    pub(crate) fn lay_over(&self, collected: &mut Collected, inputs: &[Input], settings: &Settings) {
        for file in collected.files.values_mut() {
            if let Some(Some(text)) = self.texts.get(&file.absolute) {
                file.place = Place::Memory(text.clone());
            }
        }
        collected.files.retain(|_, file| self.texts.get(&file.absolute).is_none_or(Option::is_some));
        let known: BTreeSet<PathBuf> = collected.files.values().map(|f| f.absolute.clone()).collect();
        for (absolute, text) in self.texts.iter().filter(|(path, _)| !known.contains(*path)) {
            let Some(text) = text else { continue };
            for input in inputs {
                let Input::Path(given) = input else { continue };
                let root = clean(&settings.working_dir.join(given));
                match candidate_below(&root, given, absolute, settings) {
                    Some((Ok(file), path)) => {
                        collected.skipped.remove(&path);
                        collected.file(Candidate { place: Place::Memory(text.clone()), ..file });
                    }
                    Some((Err(reason), path)) => {
                        collected.skipped.insert(path, reason);
                    }
                    None => {}
                }
            }
        }
    }
}
