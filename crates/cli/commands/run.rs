//! What commands that analyse share: the engine, what it reads, and what is held back.

use super::project;
use crate::args::{ConfigArguments, GateArguments, ProjectArguments, ScanArguments};
use crate::exit::Failure;
use std::path::{Path, PathBuf};
use timelint_diagnostics::Finding;
use timelint_engine::{Engine, Flags, Input, Outcome, discover};
use timelint_gate::{BASELINE_FILE, Baseline, Filter, GateError, Known, Repository, Revision};

/// An engine with what it is to analyse and what is known.
pub(crate) struct Run {
    pub(crate) engine: Engine,
    pub(crate) filter: Filter,
    /// With --staged: whether nothing is.
    pub(crate) nothing_staged: bool,
    /// With --since: how files were.
    former: Option<Revision>,
}

impl Run {
    /// Sets up a run over `inputs`.
    pub(crate) fn new(
        config: &ConfigArguments,
        gate: &GateArguments,
        flags: &Flags,
        inputs: Vec<Input>,
    ) -> Result<Self, Failure> {
        let start = match inputs.first() {
            Some(Input::Path(path) | Input::Text { name: path, .. }) => path.clone(),
            None => PathBuf::from("."),
        };
        let engine = project::engine(config, &start, flags)?;
        let baseline = match baseline_file(config, gate, &engine, &start) {
            Some((file, named)) => read_baseline(&engine, &file, named)?,
            None => None,
        };
        Ok(Self {
            engine,
            filter: Filter { inputs, baseline, ..Filter::default() },
            nothing_staged: false,
            former: None,
        })
    }

    /// Reports in the paths of `scan` only, where another folder is analysed.
    pub(crate) fn report_in(
        &mut self,
        project: &ProjectArguments,
        scan: &ScanArguments,
        gate: &GateArguments,
    ) -> Result<(), Failure> {
        if project.folder.is_none() {
            return Ok(());
        }
        if gate.staged {
            let remedy = "--staged analyses the whole index already";
            return Err(Failure::Usage(format!("--project and --staged cannot be combined: {remedy}")));
        }
        let asked = scan.paths.iter().map(|path| self.engine.absolute(&path.to_string_lossy()));
        self.filter.only = Some(asked.collect());
        Ok(())
    }

    /// Analyses, also as files were, if there is anything to compare. Nothing is held back yet.
    pub(crate) fn check(&mut self) -> Result<Outcome, Failure> {
        let outcome = self.engine.check_with(&self.filter.inputs, &self.filter.overlay)?;
        if let Some(revision) = self.former.take() {
            let is_same = outcome.report.findings.is_empty() || revision.changed.is_empty();
            self.filter.former = Some(if is_same { self.known(&outcome) } else { self.findings_of(&revision)? });
        }
        Ok(outcome)
    }

    /// Learns from git what is staged and what was there before, where that is asked for.
    pub(crate) fn ask_git(&mut self, gate: &GateArguments) -> Result<(), Failure> {
        if !gate.staged && gate.since.is_none() {
            return Ok(());
        }
        if self.filter.inputs.iter().any(|i| matches!(i, Input::Text { .. })) {
            return Err(Failure::Usage("--since and --staged cannot be used with text on standard input".to_owned()));
        }
        let here = std::env::current_dir().map_err(Failure::WorkingDirectory)?;
        let repository = Repository::open(&here)?;
        let index = if gate.staged { Some(repository.index()?) } else { None };
        self.former = gate.since.as_ref().map(|reference| repository.since(reference, index.as_ref())).transpose()?;
        if let Some(index) = index {
            self.nothing_staged = index.changed.is_empty();
            self.filter.overlay = index.overlay;
            self.filter.only = Some(index.changed.into_iter().collect());
        }
        Ok(())
    }

    /// The findings of another revision, by the present configuration, under the present names of files.
    fn findings_of(&self, revision: &Revision) -> Result<Vec<Known>, GateError> {
        let outcome = self.engine.check_with(&self.filter.inputs, &revision.overlay)?;
        let renamed = revision.renamed();
        let present = |mut known: Known| {
            if let Some(path) = renamed.get(&known.path) {
                known.path.clone_from(path);
            }
            known
        };
        Ok(self.known(&outcome).into_iter().map(present).collect())
    }

    fn known(&self, outcome: &Outcome) -> Vec<Known> {
        let of = |f: &Finding| Known::new(f, &self.engine.absolute(&f.primary.path));
        outcome.report.findings.iter().map(of).collect()
    }
}

/// The files and folders that are analysed.
pub(crate) fn paths(project: &ProjectArguments, scan: &ScanArguments) -> Vec<Input> {
    let paths = project.folder.as_ref().map_or(scan.paths.as_slice(), std::slice::from_ref);
    paths.iter().cloned().map(Input::Path).collect()
}

/// The baseline that holds, absolute, and whether it was named.
pub(crate) fn baseline_file(
    config: &ConfigArguments,
    gate: &GateArguments,
    engine: &Engine,
    start: &Path,
) -> Option<(PathBuf, bool)> {
    if gate.no_baseline {
        return None;
    }
    let absolute = |path: &Path| engine.absolute(&path.to_string_lossy());
    match &gate.baseline {
        Some(file) => Some((absolute(file), true)),
        None if config.isolated => None,
        None if engine.settings().baseline.is_some() => engine.settings().baseline.clone().map(|file| (file, true)),
        None => discover(&absolute(start), BASELINE_FILE).map(|file| (file, false)),
    }
}

fn read_baseline(engine: &Engine, file: &Path, named: bool) -> Result<Option<Baseline>, Failure> {
    let shown = engine.shown(file);
    let read = Baseline::read(file, &shown)?;
    if read.is_none() && named {
        let remedy = format!("`timelint baseline create --baseline {shown}` writes one");
        return Err(Failure::Usage(format!("{shown}: there is no such baseline; {remedy}")));
    }
    Ok(read)
}
