//! `timelint baseline`.

use super::check::count;
use super::run::{Run, baseline_file, paths};
use crate::args::{BaselineArguments, BaselineCommand, GateArguments, ProjectArguments};
use crate::exit::{Exit, Failure, print, say};
use std::collections::BTreeSet;
use std::path::PathBuf;
use timelint_engine::repository_root;
use timelint_gate::{BASELINE_FILE, Baseline, Entry};

pub(crate) fn run(command: &BaselineCommand) -> Result<Exit, Failure> {
    match command {
        BaselineCommand::Create(arguments) => create(arguments),
        BaselineCommand::Update(arguments) => update(arguments, true),
        BaselineCommand::Prune(arguments) => update(arguments, false),
        BaselineCommand::Show(arguments) => show(arguments),
    }
}

/// A run whose findings are not held back, and the baseline that holds.
fn prepare(arguments: &BaselineArguments) -> Result<(Run, Option<PathBuf>), Failure> {
    let gate = GateArguments { no_baseline: true, ..GateArguments::default() };
    let scan = &arguments.scan;
    let run = Run::new(&scan.config, &gate, &scan.flags(), paths(&ProjectArguments::default(), scan))?;
    let gate = GateArguments { baseline: arguments.baseline.clone(), ..GateArguments::default() };
    let start = scan.paths.first().cloned().unwrap_or_default();
    let file = baseline_file(&scan.config, &gate, &run.engine, &start).map(|(file, _)| file);
    Ok((run, file))
}

fn create(arguments: &BaselineArguments) -> Result<Exit, Failure> {
    let (mut run, file) = prepare(arguments)?;
    let start = run.engine.absolute(&arguments.scan.paths.first().cloned().unwrap_or_default().to_string_lossy());
    let file = file.unwrap_or_else(|| repository_root(&start).join(BASELINE_FILE));
    let shown = run.engine.shown(&file);
    if !arguments.force && Baseline::read(&file, &shown)?.is_some_and(|b| !b.entries.is_empty()) {
        let remedy = "`timelint baseline update` adds what is new, --force starts again";
        return Err(Failure::Usage(format!("{shown}: there is a baseline already; {remedy}")));
    }
    let outcome = run.check()?;
    run.filter.baseline = Some(Baseline { file, entries: Vec::new() });
    let (mut baseline, _, added) = run.filter.renewed(&run.engine, &outcome, Some(arguments.reason.as_deref()));
    baseline.write(&shown)?;
    let files = count(outcome.report.summary.files_checked(), "file");
    say(&format!(
        "{shown}: {} in {files}; commit it, and only new findings are reported from now on",
        count(added, "known finding")
    ));
    Ok(Exit::Clean)
}

fn update(arguments: &BaselineArguments, add: bool) -> Result<Exit, Failure> {
    let (mut run, file) = prepare(arguments)?;
    let (baseline, shown) = existing(&run, file)?;
    let outcome = run.check()?;
    run.filter.baseline = Some(baseline);
    let add = add.then_some(arguments.reason.as_deref());
    let (mut baseline, dropped, added) = run.filter.renewed(&run.engine, &outcome, add);
    baseline.write(&shown)?;
    say(&format!("{shown}: {dropped} dropped, {added} added, {} in all", baseline.entries.len()));
    Ok(Exit::Clean)
}

fn show(arguments: &BaselineArguments) -> Result<Exit, Failure> {
    let (mut run, file) = prepare(arguments)?;
    let (baseline, shown) = existing(&run, file)?;
    let mut outcome = run.check()?;
    run.filter.baseline = Some(baseline.clone());
    let stale: BTreeSet<Entry> = run.filter.apply(&run.engine, &mut outcome).into_iter().collect();
    print(|out| {
        for entry in &baseline.entries {
            let mark = if stale.contains(entry) { "stale  " } else { "known  " };
            let scope = if entry.scope.is_empty() { String::new() } else { format!(" in {}", entry.scope) };
            let reason = entry.reason.as_ref().map(|r| format!("  # {r}")).unwrap_or_default();
            writeln!(out, "{mark} {} {}{scope}: {}{reason}", entry.path, entry.rule, entry.excerpt)?;
        }
        writeln!(out, "{shown}: {}, {} stale", count(baseline.entries.len(), "known finding"), stale.len())
    })?;
    Ok(Exit::Clean)
}

fn existing(run: &Run, file: Option<PathBuf>) -> Result<(Baseline, String), Failure> {
    let shown = file.as_ref().map_or_else(|| BASELINE_FILE.to_owned(), |f| run.engine.shown(f));
    let read = file.map(|f| Baseline::read(&f, &shown)).transpose()?.flatten();
    let missing = || Failure::Usage(format!("{shown}: there is no baseline; `timelint baseline create` writes one"));
    Ok((read.ok_or_else(missing)?, shown))
}
