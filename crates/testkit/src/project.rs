//! A few files, analysed as one project without the engine.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};
use timelint_diagnostics::Finding;
use timelint_model::FileModel;
use timelint_rules::RULES;
use timelint_semantics::catalog::Catalog;
use timelint_semantics::{Analysis, ProjectIndex, summarize};
use timelint_syntax::{Language, Pack, Parser, QuerySource, inherited_packs, language_for_path, lower};

/// A language ready for use.
pub struct Loaded {
    /// Its compiled pack.
    pub pack: Pack,
    /// Its catalogue.
    pub catalog: Catalog,
}

/// The repository's `queries` folder.
pub fn queries_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../queries")
}

fn sources(pack: &str, into: &mut Vec<QuerySource>) {
    let folder = queries_folder().join(pack);
    let entries = std::fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut files: Vec<PathBuf> = entries.map(|e| e.expect("entry").path()).collect();
    files.retain(|p| p.extension().is_some_and(|e| e == "scm"));
    files.sort();
    for path in files {
        let text = std::fs::read_to_string(&path).expect("readable");
        let parents = inherited_packs(&text);
        into.push(QuerySource { file: path.display().to_string(), text });
        for parent in parents {
            sources(&parent, into);
        }
    }
}

/// The language with its shipped packs, loaded once per process.
pub fn load(language: &'static Language) -> &'static Loaded {
    static CACHE: OnceLock<Mutex<BTreeMap<&'static str, &'static Loaded>>> = OnceLock::new();
    let cache = CACHE.get_or_init(Mutex::default);
    let mut cache = cache.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    cache.entry(language.pack).or_insert_with(|| {
        let mut all = Vec::new();
        sources(language.pack, &mut all);
        let pack = Pack::compile(language, &all).unwrap_or_else(|e| panic!("{e}"));
        let path = queries_folder().join(language.apis).join("apis.toml");
        let mut catalog = Catalog::default();
        if path.exists() {
            let text = std::fs::read_to_string(&path).expect("readable");
            catalog.add(&path.display().to_string(), &text).unwrap_or_else(|e| panic!("{e}"));
        }
        Box::leak(Box::new(Loaded { pack, catalog }))
    })
}

/// Files of one or more languages.
#[derive(Default)]
pub struct Project {
    files: Vec<(Arc<str>, Arc<str>, &'static Language, FileModel)>,
}

impl Project {
    /// Adds a file; its extension picks the language.
    pub fn add(&mut self, path: &str, text: &str) -> &FileModel {
        let language = language_for_path(Path::new(path)).unwrap_or_else(|| panic!("{path}: unknown extension"));
        let pack = &load(language).pack;
        let tree = Parser::new(pack).expect("supported grammar").parse(text).expect("parsed");
        self.files.push((path.into(), text.into(), language, lower(pack, &tree, text)));
        &self.files.last().expect("just added").3
    }

    /// Runs every rule; findings of any confidence, sorted by path and place.
    pub fn findings(&self) -> Vec<Finding> {
        let mut found = Vec::new();
        for apis in ["go", "java", "javascript", "python"] {
            let own = || self.files.iter().filter(move |f| f.2.apis == apis);
            let Some(first) = own().next() else { continue };
            let catalog = &load(first.2).catalog;
            let summaries = own().map(|f| summarize(catalog, &f.0, &f.3)).collect();
            let index = ProjectIndex::build(catalog, summaries);
            for (path, text, _, model) in own() {
                let source = || text.clone();
                let analysis = Analysis::new(catalog, &index, path.clone(), model, &source);
                for rule in RULES {
                    rule.check(&analysis, &mut found);
                }
            }
        }
        found.sort_by(|a, b| (&a.primary, a.rule.id).cmp(&(&b.primary, b.rule.id)));
        found
    }
}
