//! One file as timelint sees it: for `dump` and for explaining silence.

use crate::engine::Engine;
use crate::error::EngineError;
use crate::map::{model, reread, with_parser};
use crate::panics::guard;
use crate::read::Place;
use crate::walk::{Candidate, clean, extensions, shown};
use std::path::Path;
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
        let file = Candidate { path: name.as_str().into(), absolute, place: Place::Disk, language, is_test: false };
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
