//! The settings of single files: the nearest configuration holds.

use crate::config::{Config, config_in, is_root};
use crate::error::EngineError;
use crate::selector::Names;
use crate::settings::{Flags, Settings};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// Looks for configurations between files and the repository's root.
#[derive(Debug)]
pub struct Nested {
    flags: Flags,
    /// The run's own configuration, absolute.
    main: Option<PathBuf>,
    /// The folder from which the run's own configuration was looked for.
    start: PathBuf,
    known: Mutex<BTreeMap<PathBuf, Option<Arc<Settings>>>>,
}

impl Nested {
    /// For a run that looked for its own configuration from the absolute folder `start` on and found `main`.
    pub fn new(flags: Flags, main: Option<PathBuf>, start: PathBuf) -> Self {
        Self { flags, main, start, known: Mutex::default() }
    }

    /// The settings of files in `folder`; `None` where they are the run's own.
    pub(crate) fn settings(
        &self,
        folder: &Path,
        run: &Settings,
        names: &Names,
    ) -> Result<Option<Arc<Settings>>, EngineError> {
        let mut passed = Vec::new();
        let mut found = None;
        for ancestor in folder.ancestors() {
            let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(ancestor).cloned();
            if let Some(known) = known {
                found = Some(known);
                break;
            }
            passed.push(ancestor.to_owned());
            if let Some(file) = config_in(ancestor) {
                found = Some(self.read(&file, run, names)?);
                break;
            }
            if is_root(ancestor) || ancestor == self.start {
                break;
            }
        }
        let settings = match found {
            Some(settings) => settings,
            // Another repository than that of the run's own configuration.
            None if self.main.as_ref().is_some_and(|m| m.parent().is_some_and(|p| !folder.starts_with(p))) => {
                Some(Arc::new(Settings::resolve(&run.working_dir, names, None, &self.flags)?))
            }
            None => None,
        };
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.extend(passed.into_iter().map(|folder| (folder, settings.clone())));
        Ok(settings)
    }

    fn read(&self, file: &Path, run: &Settings, names: &Names) -> Result<Option<Arc<Settings>>, EngineError> {
        if self.main.as_deref() == Some(file) {
            return Ok(None);
        }
        let shown = crate::walk::shown(file, run, file);
        let config = Config::read(file, &shown, names)?;
        Ok(Some(Arc::new(Settings::resolve(&run.working_dir, names, Some(config), &self.flags)?)))
    }
}
