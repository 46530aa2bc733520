//! `timelint suppress`.

use super::check::{count, write_files};
use super::run::{Run, paths};
use crate::args::SuppressArguments;
use crate::exit::{Exit, Failure, print, say};
use timelint_diagnostics::Finding;
use timelint_engine::{Day, Outcome, Selector, did_you_mean};
use timelint_gate::{Comment, Mended, Proposal, mend, patch};

pub(crate) fn run(arguments: &SuppressArguments) -> Result<Exit, Failure> {
    let scan = &arguments.scan;
    let mut run = Run::new(&scan.config, &arguments.gate, &scan.flags(), paths(&arguments.project, scan))?;
    run.report_in(&arguments.project, scan, &arguments.gate)?;
    run.ask_git(&arguments.gate)?;
    let selectors = selectors(&arguments.rules)?;
    let comment = Comment { reason: &arguments.reason, until: arguments.until.as_deref() };
    if arguments.gate.staged {
        return Err(Failure::Usage(
            "--staged reads the index, and comments are written to the files on disk".to_owned(),
        ));
    }
    if arguments.reason.trim().is_empty() {
        return Err(Failure::Usage("--reason is empty: say why these findings are fine".to_owned()));
    }
    check_until(arguments.until.as_deref())?;
    let outcome = run.check()?;
    let mut propose = |outcome: &Outcome| -> Vec<Proposal> {
        let wanted = |f: &&Finding| selectors.iter().any(|s| s.covers(f.rule));
        let shown = run.filter.shown(&run.engine, outcome).into_iter().filter(wanted);
        // Behind the code where a line above it does not do.
        let both = |f: &Finding| [comment.above(&outcome.report, f), comment.behind(&outcome.report, f)];
        shown.flat_map(both).flatten().collect()
    };
    let mended = mend(&run.engine, &run.filter.inputs, outcome, &mut propose)?;
    if mended.applied == 0 && mended.refused.is_empty() {
        let wanted = |f: &&Finding| selectors.iter().any(|s| s.covers(f.rule));
        let known = mended.outcome.report.findings.iter().filter(wanted).count();
        let hint = match known {
            0 => String::new(),
            n => format!(": {} known from the baseline or from before; --no-baseline counts them in", are(n)),
        };
        say(&format!("there is nothing to suppress{hint}"));
        return Ok(Exit::Clean);
    }
    settle(arguments, &mended)
}

fn are(n: usize) -> String {
    format!("{} {}", count(n, "finding"), if n == 1 { "is" } else { "are" })
}

/// A comment that has ended, or that never ends by a slip of the pen, helps nobody.
fn check_until(until: Option<&str>) -> Result<(), Failure> {
    let Some(text) = until else { return Ok(()) };
    let day: Day = text.parse().map_err(|e| Failure::Usage(format!("--until: {e}")))?;
    match super::project::today()? {
        Some(today) if day < today => Err(Failure::Usage(format!("--until: {day} is over"))),
        _ => Ok(()),
    }
}

fn selectors(names: &[String]) -> Result<Vec<Selector>, Failure> {
    let known = super::project::names();
    let read = |name: &String| {
        known.selector(name).map_err(|hint| {
            let hint = if hint.is_empty() { did_you_mean(name, known.all()).unwrap_or("").to_owned() } else { hint };
            Failure::Usage(format!("--rule: no rule, family or group is called `{name}`{hint}"))
        })
    };
    names.iter().map(read).collect()
}

fn settle(arguments: &SuppressArguments, mended: &Mended) -> Result<Exit, Failure> {
    for refused in &mended.refused {
        say(&format!("not suppressed: {}: {}: {}", refused.proposal.path, refused.proposal.rule, refused.why));
    }
    let (comments, files) = (count(mended.applied, "comment"), count(mended.files.len(), "file"));
    if arguments.diff {
        print(|out| out.write_all(patch(&mended.files).as_bytes()))?;
        say(&format!("would write {comments} in {files}"));
        return Ok(Exit::Clean);
    }
    write_files(&mended.files)?;
    say(&format!("wrote {comments} in {files}"));
    Ok(if mended.refused.is_empty() { Exit::Clean } else { Exit::Findings })
}
