//! The run: walk, map, reduce, map again, collect.

use crate::analyze::{Analyzed, Shared, analyze, sort_key};
use crate::error::EngineError;
use crate::gate::SkipReason;
use crate::knowledge::Knowledge;
use crate::manifests;
use crate::map::{Budget, Lowered, Mapped, map, reread};
use crate::nested::Nested;
use crate::outcome::{Hidden, HiddenBecause, Outcome};
use crate::overlay::Overlay;
use crate::policy::enabled_somewhere;
use crate::progress::Progress;
use crate::selector::Names;
use crate::settings::Settings;
use crate::suppress::SUPPRESSION_RULES;
use crate::walk::{Candidate, Found, Input, find, listed, shown};
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use timelint_diagnostics::{Finding, Report, RuleMeta, SourceFile, Summary};
use timelint_rules::Rule;
use timelint_semantics::catalog::Catalog;
use timelint_semantics::{ProjectIndex, ProjectVersions, Understood};
use timelint_syntax::Language;

/// Stack of each worker: rules may follow deep nesting. Only what is touched costs memory.
const STACK: usize = 32 * 1024 * 1024;

/// A configured linter.
pub struct Engine {
    pub(crate) knowledge: Knowledge,
    rules: Vec<&'static dyn Rule>,
    names: Names,
    pub(crate) settings: Settings,
    nested: Option<Nested>,
    progress: Arc<Progress>,
}

impl Engine {
    /// A linter that knows `knowledge` and runs those of `rules` that `settings` turn on.
    pub fn new(knowledge: Knowledge, rules: &[&'static dyn Rule], settings: Settings) -> Self {
        let knowledge = knowledge.with_settings(&settings);
        Self {
            knowledge,
            rules: rules.to_vec(),
            names: Names::new(rules.iter().map(|r| r.meta()).chain(SUPPRESSION_RULES)),
            settings,
            nested: None,
            progress: Arc::default(),
        }
    }

    /// Also honours configurations that are nearer to a file than the run's own.
    #[must_use]
    pub fn with_nested(mut self, nested: Nested) -> Self {
        self.nested = Some(nested);
        self
    }

    /// The settings of the run.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// What tells how far a run is.
    pub fn progress(&self) -> &Arc<Progress> {
        &self.progress
    }

    /// Checks files, folders and texts. The outcome does not depend on threads or on the order of files.
    ///
    /// # Errors
    ///
    /// When nothing reliable can be said: a path that does not exist, a text in an unknown language, a mistake in a
    /// query file or catalogue of a language that is present, no threads. Trouble with single files is in the report's
    /// notes instead.
    pub fn check(&self, inputs: &[Input]) -> Result<Outcome, EngineError> {
        self.check_with(inputs, &Overlay::default())
    }

    /// Like [`Engine::check`], with the files that are in `overlay` as they are there. Inputs that exist neither on disk
    /// nor in the overlay are empty.
    ///
    /// # Errors
    ///
    /// As [`Engine::check`].
    pub fn check_with(&self, inputs: &[Input], overlay: &Overlay) -> Result<Outcome, EngineError> {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(self.settings.threads)
            .stack_size(STACK)
            .build()
            .map_err(|e| EngineError::Threads { message: e.to_string() })?;
        let mut found = self.progress.phase("find files", || find(inputs, &self.settings, overlay))?;
        let more = self.settle(&mut found)?;
        let knowledge = more.as_ref().unwrap_or(&self.knowledge);
        pool.install(|| self.run(found, knowledge))
    }

    /// The settings that hold for the file at the absolute path `path`.
    ///
    /// # Errors
    ///
    /// A mistake in a configuration between the file and the run's own.
    pub fn settings_of(&self, path: &Path) -> Result<Settings, EngineError> {
        let own = match (&self.nested, path.parent()) {
            (Some(nested), Some(folder)) => nested.settings(folder, &self.settings, &self.names)?,
            _ => None,
        };
        Ok(own.map_or_else(|| self.settings.clone(), Arc::unwrap_or_clone))
    }

    /// Compiles all query packs and catalogues, so that mistakes come up.
    ///
    /// # Errors
    ///
    /// The first mistake in any of them.
    pub fn compile_all(&self) -> Result<(), EngineError> {
        self.knowledge.check()
    }

    /// Gives each file the settings that hold for it. Returns the knowledge that their entries add to, if they do.
    fn settle(&self, found: &mut Found) -> Result<Option<Knowledge>, EngineError> {
        let Some(nested) = &self.nested else { return Ok(None) };
        let mut others: BTreeMap<String, Arc<Settings>> = BTreeMap::new();
        for file in &mut found.files {
            let Some(folder) = file.absolute.parent() else { continue };
            file.settings = nested.settings(folder, &self.settings, &self.names)?;
            if let Some(own) = &file.settings {
                others.extend(own.entries.iter().map(|e| (e.file.clone(), own.clone())));
            }
        }
        let skipped = &mut found.skipped;
        found.files.retain(|file| {
            let excluded = file.settings(&self.settings).excludes(&file.absolute);
            if excluded {
                skipped.insert(file.path.clone(), SkipReason::Excluded);
            }
            !excluded
        });
        let more = (!others.is_empty()).then(|| self.knowledge.with_more(others.values().map(|s| &**s)));
        Ok(more)
    }

    /// Every rule that is on for some file, sorted by family and id.
    pub fn enabled_rules(&self) -> Vec<&'static RuleMeta> {
        let all = self.rules.iter().map(|r| r.meta()).chain(SUPPRESSION_RULES);
        let mut rules: Vec<_> = all.filter(|r| enabled_somewhere(&self.settings, r)).collect();
        rules.sort_by_key(|r| (r.family, r.id));
        rules
    }

    fn run(&self, found: Found, knowledge: &Knowledge) -> Result<Outcome, EngineError> {
        let languages: BTreeMap<&str, &'static Language> =
            found.files.iter().map(|f| (f.language.pack, f.language)).collect();
        let languages: Vec<_> = languages.into_values().collect();
        let places: BTreeMap<Arc<str>, Candidate> = found.files.iter().map(|f| (f.path.clone(), f.clone())).collect();
        let mut collector = Collector { skipped: found.skipped, ..Collector::default() };
        collector.report.notes = found.notes;
        let budget = Budget::default();
        self.progress.found(found.files.len());
        let read = |file| {
            let mapped = map(file, knowledge, &self.settings, &budget);
            self.progress.read_one();
            mapped
        };
        // The first files are parsed while catalogues are read: a run over one file waits for the longer of both.
        let (ready, mapped) = self.progress.phase("read and lower", || {
            rayon::join(
                || prepare(knowledge, &languages),
                || found.files.into_par_iter().with_max_len(1).map(read).collect::<Vec<Mapped>>(),
            )
        });
        ready?;
        let mut lowered = collector.take(mapped);
        let versions = |apis: &str, catalog: &Catalog| {
            let packages = catalog.packages().into_iter().collect();
            manifests::versions(&found.manifests, apis, &packages, |folder| self.shown_folder(folder))
        };
        let indexes = self.progress.phase("index the project", || reduce(knowledge, &mut lowered, versions))?;
        let shared = Shared {
            knowledge,
            rules: &self.rules,
            names: &self.names,
            settings: &self.settings,
            progress: &self.progress,
        };
        let nothing = ProjectIndex::default();
        let run_rules = |l: Lowered| {
            let index = indexes.get(l.file.language.apis).unwrap_or(&nothing);
            analyze(&shared, l, index)
        };
        let analyzed: Vec<Analyzed> = self.progress.phase("run rules", || {
            lowered.into_par_iter().with_max_len(1).filter(|l| l.needed).map(run_rules).collect()
        });
        for one in analyzed {
            collector.add(one);
        }
        collector.report.rules = self.enabled_rules();
        Ok(collector.finish(&places))
    }

    /// A folder as the paths of files in it begin in reports; empty for one that holds the working directory.
    fn shown_folder(&self, folder: &Path) -> String {
        let above = self.settings.working_dir.starts_with(folder);
        if above { String::new() } else { shown(folder, &self.settings, folder) }
    }
}

/// Compiles what `languages` need. A mistake there is an error of the run, not of a file.
fn prepare(knowledge: &Knowledge, languages: &[&'static Language]) -> Result<(), EngineError> {
    let results: Vec<Result<(), EngineError>> = languages
        .par_iter()
        .map(|language| {
            knowledge.pack(language)?;
            knowledge.catalog(language).map(|_| ())
        })
        .collect();
    results.into_iter().collect()
}

/// One index for each catalogue.
fn reduce(
    knowledge: &Knowledge,
    lowered: &mut [Lowered],
    versions: impl Fn(&str, &Catalog) -> ProjectVersions,
) -> Result<BTreeMap<&'static str, ProjectIndex>, EngineError> {
    let mut groups = BTreeMap::new();
    for file in lowered {
        let (_, summaries) = groups.entry(file.file.language.apis).or_insert_with(|| (file.file.language, Vec::new()));
        summaries.extend(file.summary.take());
    }
    let mut indexes = BTreeMap::new();
    for (apis, (language, summaries)) in groups {
        let catalog = knowledge.catalog(language)?;
        indexes.insert(apis, ProjectIndex::build(catalog, summaries).with_versions(versions(apis, catalog)));
    }
    Ok(indexes)
}

#[derive(Default)]
struct Collector {
    report: Report,
    hidden: Vec<Hidden>,
    skipped: BTreeMap<Arc<str>, SkipReason>,
    understood: Option<Understood>,
}

impl Collector {
    fn take(&mut self, mapped: Vec<Mapped>) -> Vec<Lowered> {
        let mut all = Vec::with_capacity(mapped.len());
        for one in mapped {
            match one {
                Mapped::Skipped(file, reason, note) => {
                    self.report.notes.extend(note);
                    self.skipped.insert(file.path, reason);
                }
                Mapped::Lowered(mut lowered) => {
                    self.report.notes.extend(lowered.note.take());
                    *self.report.summary.files_by_language.entry(lowered.file.language.name).or_default() += 1;
                    all.push(*lowered);
                }
            }
        }
        all
    }

    fn add(&mut self, one: Analyzed) {
        self.report.findings.extend(one.findings);
        self.report.notes.extend(one.notes);
        self.hidden.extend(one.hidden);
        self.understood = self.understood.take().or(one.understood);
        if let Some(source) = one.source {
            self.report.sources.insert(source.path.clone(), source);
        }
    }

    fn finish(mut self, places: &BTreeMap<Arc<str>, Candidate>) -> Outcome {
        self.report.findings.sort_by(|a, b| sort_key(a).cmp(&sort_key(b)));
        self.hidden.sort_by(|a, b| sort_key(&a.finding).cmp(&sort_key(&b.finding)));
        self.report.notes.sort();
        self.count();
        self.complete_sources(places);
        let skipped = listed(&self.skipped);
        Outcome { report: self.report, hidden: self.hidden, skipped, understood: self.understood }
    }

    fn count(&mut self) {
        let summary: &mut Summary = &mut self.report.summary;
        for reason in self.skipped.values() {
            *summary.skipped_by_reason.entry(reason.name()).or_default() += 1;
        }
        for hidden in &self.hidden {
            match &hidden.because {
                HiddenBecause::Suppressed { .. } => summary.suppressed += 1,
                HiddenBecause::BelowConfidence(_) => summary.below_confidence += 1,
                HiddenBecause::Baselined { .. } => summary.baselined += 1,
                HiddenBecause::NotNew => summary.not_new += 1,
                HiddenBecause::TestCode | HiddenBecause::Elsewhere => {}
            }
        }
    }

    /// Keeps the sources that findings name, and reads those that only labels or edits name.
    fn complete_sources(&mut self, places: &BTreeMap<Arc<str>, Candidate>) {
        let shown = self.report.findings.iter();
        let named: BTreeSet<Arc<str>> = shown.chain(self.hidden.iter().map(|h| &h.finding)).flat_map(paths).collect();
        self.report.sources.retain(|path, _| named.contains(path));
        for path in named {
            if !self.report.sources.contains_key(&path)
                && let Some(Ok(text)) = places.get(&path).map(reread)
            {
                self.report.sources.insert(path.clone(), SourceFile::new(path, text));
            }
        }
    }
}

fn paths(finding: &Finding) -> Vec<Arc<str>> {
    let labels = finding.labels.iter().map(|l| &l.location);
    let edits = finding.fixes.iter().flat_map(|f| &f.edits).map(|e| &e.location);
    [&finding.primary].into_iter().chain(labels).chain(edits).map(|l| l.path.clone()).collect()
}

#[cfg(test)]
#[path = "engine_tests.rs"]
mod tests;
