//! Query packs and API catalogues, compiled when a language first needs them.

use crate::config::{Entries, improve};
use crate::error::EngineError;
use crate::settings::Settings;
use crate::suggest::hint;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::OnceLock;
use timelint_semantics::catalog::{Catalog, CatalogError};
use timelint_syntax::{LANGUAGES, Language, Pack, QuerySource, inherited_packs};

type Text = Cow<'static, str>;

/// One file of a pack's folder.
#[derive(Debug, Clone)]
struct KnowledgeFile {
    /// The folder: a pack's name.
    pack: String,
    /// The file for messages.
    shown: String,
    text: Text,
    is_query: bool,
}

/// What timelint knows of languages and libraries. Compiling is put off until a language is met, so that a run over
/// Go files does not pay for TypeScript.
#[derive(Debug)]
pub struct Knowledge {
    /// In the order in which patterns win: the user's files, then the built-in ones.
    files: Vec<KnowledgeFile>,
    entries: Vec<Entries>,
    packs: BTreeMap<&'static str, OnceLock<Result<Pack, EngineError>>>,
    catalogs: BTreeMap<&'static str, OnceLock<Result<Catalog, EngineError>>>,
}

impl Knowledge {
    /// Knowledge from built-in files, each with its path below `queries/` (`go/structure.scm`) and its text.
    pub fn new(builtin: Vec<(&'static str, &'static str)>) -> Self {
        let mut files: Vec<KnowledgeFile> = builtin
            .into_iter()
            .filter_map(|(path, text)| file(path, format!("queries/{path}"), Cow::Borrowed(text)))
            .collect();
        files.sort_by(|a, b| a.shown.cmp(&b.shown));
        Self {
            files,
            entries: Vec::new(),
            packs: LANGUAGES.iter().map(|l| (l.pack, OnceLock::new())).collect(),
            catalogs: LANGUAGES.iter().map(|l| (l.apis, OnceLock::new())).collect(),
        }
    }

    /// Adds `.timelint/queries/<language>/{*.scm,apis.toml}` below `folder` (the `.timelint` folder); messages call it
    /// `shown`. These files come before the built-in ones and win over them.
    ///
    /// # Errors
    ///
    /// When a file cannot be read, or a folder has the name of no language.
    pub fn with_user_folder(mut self, folder: &Path, shown: &str) -> Result<Self, EngineError> {
        let mut own = Vec::new();
        for pack in list(&folder.join("queries"), &format!("{shown}/queries"))? {
            if !folder.join("queries").join(&pack).is_dir() {
                continue;
            }
            let place = format!("{shown}/queries/{pack}");
            let known = pack.starts_with('_') || LANGUAGES.iter().any(|l| l.pack == pack || l.apis == pack);
            if !known {
                let names: Vec<&str> = LANGUAGES.iter().map(|l| l.pack).collect();
                return Err(EngineError::UnknownQueryFolder { path: place, hint: hint(&pack, &names) });
            }
            for name in list(&folder.join("queries").join(&pack), &place)? {
                let path = folder.join("queries").join(&pack).join(&name);
                let shown = format!("{place}/{name}");
                let text = crate::read::text(&path).map_err(|e| EngineError::unreadable(&shown, &e))?;
                own.extend(file(&format!("{pack}/{name}"), shown, Cow::Owned(text)));
            }
        }
        own.append(&mut self.files);
        self.files = own;
        Ok(self)
    }

    /// Adds the `[[api]]` and `[[type]]` entries of the configuration behind `settings`; they win over all files.
    #[must_use]
    pub fn with_settings(mut self, settings: &Settings) -> Self {
        self.entries.clone_from(&settings.entries);
        self
    }

    /// This knowledge, not compiled yet, with more entries of other configurations.
    pub(crate) fn with_more<'s>(&self, others: impl Iterator<Item = &'s Settings>) -> Self {
        let more = others.flat_map(|s| &s.entries).filter(|e| !self.entries.iter().any(|own| own.file == e.file));
        let mut fresh = Self::new(Vec::new());
        fresh.files.clone_from(&self.files);
        fresh.entries = self.entries.iter().chain(more).cloned().collect();
        fresh
    }

    /// The patterns of a language.
    ///
    /// # Errors
    ///
    /// The first mistake in its query files; always the same one.
    pub fn pack(&self, language: &'static Language) -> Result<&Pack, EngineError> {
        match self.packs.get(language.pack) {
            Some(cell) => cell.get_or_init(|| self.compile(language)).as_ref().map_err(Clone::clone),
            None => Err(EngineError::Grammar { language: language.name }),
        }
    }

    /// The catalogue that a language uses; dialects share one.
    ///
    /// # Errors
    ///
    /// The first mistake in its files or in the configuration's entries.
    pub fn catalog(&self, language: &'static Language) -> Result<&Catalog, EngineError> {
        match self.catalogs.get(language.apis) {
            Some(cell) => cell.get_or_init(|| self.read_catalog(language.apis, false)).as_ref().map_err(Clone::clone),
            None => Err(EngineError::Grammar { language: language.name }),
        }
    }

    /// Compiles everything, whether a file needs it or not: for tests and for checking a configuration.
    ///
    /// # Errors
    ///
    /// The first mistake in any pack or catalogue.
    pub fn check(&self) -> Result<(), EngineError> {
        for language in LANGUAGES {
            self.pack(language)?;
            self.read_catalog(language.apis, true)?;
        }
        Ok(())
    }

    fn compile(&self, language: &'static Language) -> Result<Pack, EngineError> {
        Ok(Pack::compile(language, &self.sources(language.pack)?)?)
    }

    /// The query files of `pack`, then those of the packs that they inherit, nearest first, each pack once.
    fn sources(&self, pack: &str) -> Result<Vec<QuerySource>, EngineError> {
        let mut wanted = vec![pack.to_owned()];
        let mut sources = Vec::new();
        let mut at = 0;
        while at < wanted.len() {
            let name = wanted[at].clone();
            for file in self.files.iter().filter(|f| f.is_query && f.pack == name) {
                for parent in inherited_packs(&file.text) {
                    if !self.files.iter().any(|f| f.is_query && f.pack == parent) {
                        let mut known: Vec<&str> = self.files.iter().map(|f| f.pack.as_str()).collect();
                        known.sort_unstable();
                        known.dedup();
                        let hint = hint(&parent, &known);
                        return Err(EngineError::UnknownPack { file: file.shown.clone(), pack: parent, hint });
                    }
                    if !wanted.contains(&parent) {
                        wanted.push(parent);
                    }
                }
                sources.push(QuerySource { file: file.shown.clone(), text: file.text.clone().into_owned() });
            }
            at += 1;
        }
        Ok(sources)
    }

    /// Later entries win in a catalogue, so the built-in files are added first and the configuration's entries last.
    /// Built-in entries are read when they are needed, unless a check has to be `thorough`.
    fn read_catalog(&self, apis: &str, thorough: bool) -> Result<Catalog, EngineError> {
        let mut catalog = Catalog::default();
        for file in self.files.iter().rev().filter(|f| !f.is_query && f.pack == apis) {
            let added = match file.text {
                Cow::Borrowed(text) if !thorough => catalog.add_shipped(&file.shown, text),
                _ => catalog.add(&file.shown, &file.text),
            };
            added.map_err(|e| CatalogError { message: improve(&e.message), ..e })?;
        }
        for entries in self.entries.iter().filter(|e| e.catalog == apis) {
            catalog.add_entries(&entries.file, &entries.text, entries.apis.clone(), entries.types.clone())?;
            catalog.declare_locks(&entries.locks);
        }
        Ok(catalog)
    }
}

fn file(path: &str, shown: String, text: Text) -> Option<KnowledgeFile> {
    let (pack, name) = path.split_once('/')?;
    let extension = Path::new(name).extension()?.to_str()?;
    let is_query = match extension {
        "scm" => true,
        "toml" => false,
        _ => return None,
    };
    Some(KnowledgeFile { pack: pack.to_owned(), shown, text, is_query })
}

/// The visible names in a folder, sorted; none where it does not exist.
fn list(folder: &Path, shown: &str) -> Result<Vec<String>, EngineError> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let unreadable = |e: std::io::Error| EngineError::unreadable(shown, &e);
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let name = entry.map_err(unreadable)?.file_name().to_string_lossy().into_owned();
        if !name.starts_with('.') {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

#[cfg(test)]
#[path = "knowledge_tests.rs"]
mod tests;
