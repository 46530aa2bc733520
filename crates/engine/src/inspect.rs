//! One file as timelint sees it: for `dump` and for explaining silence.

use crate::engine::Engine;
use crate::error::EngineError;
use crate::fingerprint::scopes;
use crate::map::{model, reread, with_parser};
use crate::overlay::Overlay;
use crate::panics::guard;
use crate::read::{self, Place};
use crate::walk::{Candidate, clean, extensions, shown};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use timelint_diagnostics::{SourceFile, Span};
use timelint_model::FileModel;
use timelint_semantics::{Analysis, ProjectIndex, summarize};
use timelint_syntax::{CapturedNode, all_captures, language_for_path};

/// One file as timelint sees it.
#[derive(Debug)]
pub struct Inspection {
    /// The text.
    pub source: SourceFile,
    /// The neutral model.
    pub model: FileModel,
    /// Every capture of every query pattern.
    pub captures: Vec<CapturedNode>,
    /// Places with a role that the catalogues give them, in source order. The file is looked at by itself: names that
    /// other files define stay unresolved.
    pub roles: Vec<(Span, String)>,
}

impl Engine {
    /// The absolute path of a file that a report calls `shown`.
    pub fn absolute(&self, shown: &str) -> PathBuf {
        clean(&self.settings.working_dir.join(shown))
    }

    /// The absolute path `absolute` as reports show it.
    pub fn shown(&self, absolute: &Path) -> String {
        shown(absolute, &self.settings, absolute)
    }

    /// The classes and functions of the file that a report calls `shown`, as in [`timelint_diagnostics::Finding::scope`],
    /// with the empty one of the file itself; `None` where there is no such file, or it cannot be read.
    pub fn scopes(&self, shown: &str, overlay: &Overlay) -> Option<BTreeSet<String>> {
        let absolute = self.absolute(shown);
        let language = language_for_path(&absolute)?;
        let text = match overlay.get(&absolute) {
            Some(text) => text?.clone(),
            None => Arc::from(read::text(&absolute).ok()?),
        };
        let model = guard(|| model(&self.knowledge, language, &text)).ok()?.ok()?;
        Some(scopes(&model))
    }

    /// Looks at one file, whatever its size or origin.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, is in no known language, or the analysis fails.
    pub fn inspect(&self, path: &Path) -> Result<Inspection, EngineError> {
        let absolute = clean(&self.settings.working_dir.join(path));
        let name = shown(&absolute, &self.settings, path);
        let Some(language) = language_for_path(path) else {
            return Err(EngineError::UnknownLanguage { path: name, known: extensions() });
        };
        let file = Candidate::named(name.as_str().into(), absolute, Place::Disk, language);
        let text = reread(&file).map_err(|message| EngineError::Unreadable { path: name.clone(), message })?;
        let pack = self.knowledge.pack(language)?;
        let catalog = self.knowledge.catalog(language)?;
        let internal = |message: String| EngineError::Internal { path: name.clone(), message };
        let looked = guard(|| {
            let model = model(&self.knowledge, language, &text)?;
            let tree = with_parser(pack, |parser| parser.parse(&text))?;
            let captures = tree.map(|tree| all_captures(pack, &tree, &text)).unwrap_or_default();
            let index = ProjectIndex::build(catalog, vec![summarize(catalog, &file.path, &model)]);
            let text_of = || text.clone();
            let analysis = Analysis::new(catalog, &index, file.path.clone(), &model, &text_of);
            let roles = analysis.roles();
            Ok::<_, String>((model, captures, roles))
        });
        let (model, captures, roles) = looked.and_then(|r| r).map_err(internal)?;
        Ok(Inspection { source: SourceFile::new(file.path, text), model, captures, roles })
    }
}
