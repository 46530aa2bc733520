//! `timelint check`.

use super::run::{Run, paths};
use super::watch::Watch;
use super::{output, silence, verdict};
use crate::args::{CheckArguments, Format};
use crate::exit::{Exit, Failure, print, say};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::Instant;
use timelint_diagnostics::{Note, NoteKind};
use timelint_engine::{Engine, Flags, Input, Outcome};
use timelint_gate::{Changed, Entry, GateError, Mended, fixes, mend, patch};

pub(crate) fn run(arguments: &CheckArguments) -> Result<Exit, Failure> {
    let started = Instant::now();
    let place = arguments.explain_silence.as_deref().map(silence::parse).transpose()?;
    let inputs = inputs(arguments, place.as_ref())?;
    refuse_combinations(arguments, &inputs)?;
    let flags = Flags { explain: place.as_ref().map(|p| p.path.clone()), ..arguments.flags() };
    let mut run = Run::new(&arguments.scan.config, &arguments.gate, &flags, inputs)?;
    run.report_in(&arguments.project, &arguments.scan, &arguments.gate)?;
    let mut watch = Some(Watch::new(&arguments.output, run.engine.progress()));
    run.ask_git(&arguments.gate)?;
    if run.nothing_staged {
        say("passed: no file that timelint reads is staged");
        return Ok(Exit::Clean);
    }
    let mut outcome = run.check()?;
    if let Some(place) = place {
        drop(watch.take());
        run.filter.apply(&run.engine, &mut outcome);
        silence::explain(&run.engine, &outcome, &place)?;
        return Ok(Exit::Clean);
    }
    tell_partial(arguments);
    if let Some(most) = arguments.fixes() {
        let mut propose = |outcome: &Outcome| fixes(run.filter.shown(&run.engine, outcome), most);
        let mended = mend(&run.engine, &run.filter.inputs, outcome, &mut propose)?;
        drop(watch.take());
        outcome = settle(arguments, mended)?;
    }
    drop(watch.take());
    let stale = run.filter.apply(&run.engine, &mut outcome);
    tell_stale(&run, &stale, &mut outcome);
    outcome.report.summary.elapsed_ms = u64::try_from(started.elapsed().as_millis()).ok();
    if arguments.output.verbose {
        tell_more(&run.engine, &outcome);
    }
    if !arguments.diff {
        output::write(&arguments.output, &run, &mut outcome)?;
    }
    Ok(verdict::of(arguments, run.engine.settings().fail_on, &outcome, stale.len()))
}

fn refuse_combinations(arguments: &CheckArguments, inputs: &[Input]) -> Result<(), Failure> {
    if arguments.fixes().is_none() {
        return Ok(());
    }
    if arguments.gate.staged {
        let remedy = "run them without --staged and stage the result";
        return Err(Failure::Usage(format!("fixes change the files on disk, and --staged reads the index: {remedy}")));
    }
    if inputs.iter().any(|i| matches!(i, Input::Text { .. })) {
        return Err(Failure::Usage("fixes cannot be applied to text on standard input".to_owned()));
    }
    Ok(())
}

fn inputs(arguments: &CheckArguments, place: Option<&silence::Place>) -> Result<Vec<Input>, Failure> {
    let given = &arguments.scan.paths;
    let reads_stdin = given.iter().any(|p| p.as_os_str() == "-");
    match (&arguments.stdin_filename, reads_stdin) {
        (None, true) => Err(Failure::Usage(
            "`-` needs --stdin-filename, which says what the text on standard input is (`--stdin-filename src/lease.go`)".to_owned(),
        )),
        (Some(_), false) => Err(Failure::Usage("--stdin-filename needs `-` as the only path".to_owned())),
        (Some(_), true) if given.len() > 1 => {
            Err(Failure::Usage("`-` cannot stand beside other paths".to_owned()))
        }
        (Some(name), true) => {
            let mut bytes = Vec::new();
            io::stdin().lock().read_to_end(&mut bytes).map_err(Failure::Input)?;
            Ok(vec![Input::Text { name: name.clone(), text: String::from_utf8_lossy(&bytes).into_owned() }])
        }
        (None, false) => match place {
            // What holds of a place depends on the files around it: it is judged as a run over all of them judges it.
            Some(place) => {
                let own = Input::Path(place.path.clone());
                let here = *given == [PathBuf::from(".")];
                let mut all = if here && !lies_below(&place.path) { vec![] } else { paths(&arguments.project, &arguments.scan) };
                all.push(own);
                Ok(all)
            }
            None => Ok(paths(&arguments.project, &arguments.scan)),
        },
    }
}

/// Whether a path leads to a place below the working directory.
fn lies_below(path: &Path) -> bool {
    let resolved = |p: &Path| p.canonicalize().ok();
    resolved(path).zip(resolved(Path::new("."))).is_none_or(|(path, here)| path.starts_with(here))
}

/// Writes or prints the changes; the outcome is the one that holds afterwards on disk.
fn settle(arguments: &CheckArguments, mended: Mended) -> Result<Outcome, Failure> {
    for refused in &mended.refused {
        let proposal = &refused.proposal;
        say(&format!("not fixed: {}: {}: {} ({})", proposal.path, proposal.rule, refused.why, proposal.title));
    }
    let (applied, files) = (count(mended.applied, "fix"), count(mended.files.len(), "file"));
    if arguments.diff {
        print(|out| out.write_all(patch(&mended.files).as_bytes()))?;
        say(&format!("would apply {applied} in {files}"));
        return Ok(mended.outcome);
    }
    write_files(&mended.files)?;
    if mended.applied > 0 || !arguments.output.quiet {
        say(&format!("applied {applied} in {files}"));
    }
    Ok(mended.outcome)
}

/// Writes every file that can be written; the error says of how many that is true.
pub(crate) fn write_files(files: &[Changed]) -> Result<(), Failure> {
    let errors: Vec<GateError> = files.iter().filter_map(|file| file.write().err()).collect();
    let Some((last, others)) = errors.split_last() else { return Ok(()) };
    for error in others {
        say(&format!("error: {error}"));
    }
    let written = count(files.len() - errors.len(), "file");
    Err(Failure::Usage(format!("{last}; {written} of {} changed", files.len())))
}

/// Code scanning takes alerts that an upload lacks for mended.
fn tell_partial(arguments: &CheckArguments) {
    let is_partial = arguments.gate.since.is_some() || arguments.gate.staged;
    if is_partial && arguments.output.formats().iter().any(|w| w.format == Format::Sarif) {
        say(
            "warning: this SARIF holds new findings only; uploaded for a branch, it would close the alerts of all others",
        );
    }
}

/// Entries of the baseline that nothing answers to, as a note.
fn tell_stale(run: &Run, stale: &[Entry], outcome: &mut Outcome) {
    let Some(baseline) = run.filter.baseline.as_ref().filter(|_| !stale.is_empty()) else { return };
    let entries = if stale.len() == 1 { "entry matches".to_owned() } else { "entries match".to_owned() };
    let message = format!("{} {entries} no finding any more: run `timelint baseline prune`", stale.len());
    let path = run.engine.shown(&baseline.file).into();
    outcome.report.notes.push(Note { path, line: None, kind: NoteKind::Baseline, message });
    outcome.report.notes.sort();
}

fn tell_more(engine: &Engine, outcome: &Outcome) {
    let rules: Vec<&str> = engine.enabled_rules().iter().map(|r| r.id).collect();
    say(&format!("rules: {}", rules.join(", ")));
    for skipped in &outcome.skipped {
        say(&format!("skipped: {} ({})", skipped.path, skipped.reason.name()));
    }
}

/// `1 finding`, `2 fixes`.
pub(crate) fn count(n: usize, what: &str) -> String {
    let plural = if what.ends_with('x') { "es" } else { "s" };
    format!("{n} {what}{}", if n == 1 { "" } else { plural })
}
