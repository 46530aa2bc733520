//! `timelint check --explain-silence PATH:LINE`: why nothing is reported at a place.

use super::dump::place;
use crate::exit::{Failure, print};
use std::io::{self, Write};
use std::path::PathBuf;
use timelint_diagnostics::{Finding, Severity, Span};
use timelint_engine::{Engine, HiddenBecause, Inspection, Outcome, Understood};
use timelint_model::Kind;
use timelint_rules::RULES;

/// A line of a file.
pub(crate) struct Place {
    pub(crate) path: PathBuf,
    line: u32,
}

/// Reads `PATH:LINE`; a column after it is ignored.
pub(crate) fn parse(text: &str) -> Result<Place, Failure> {
    let wrong =
        || Failure::Usage(format!("--explain-silence wants PATH:LINE, such as `src/lease.go:42`, not `{text}`"));
    let (mut path, mut last) = text.rsplit_once(':').ok_or_else(wrong)?;
    if let Some((before, line)) = path.rsplit_once(':')
        && line.parse::<u32>().is_ok()
        && last.parse::<u32>().is_ok()
    {
        (path, last) = (before, line);
    }
    let line = last.parse().ok().filter(|l| *l > 0 && !path.is_empty()).ok_or_else(wrong)?;
    Ok(Place { path: PathBuf::from(path), line })
}

/// Prints what is known of the place.
pub(crate) fn explain(engine: &Engine, outcome: &Outcome, wanted: &Place) -> Result<(), Failure> {
    let seen = engine.inspect(&wanted.path)?;
    let lines = seen.source.text.lines().count();
    if wanted.line as usize > lines {
        return Err(Failure::Usage(format!("{}: has no line {}, only {lines}", seen.source.path, wanted.line)));
    }
    print(|out| {
        writeln!(out, "{}:{}", seen.source.path, wanted.line)?;
        writeln!(out, "  {}", seen.source.lines.line_text(&seen.source.text, wanted.line).trim())?;
        skipped(outcome, &seen, out)?;
        nodes(&seen, outcome.understood.as_ref(), wanted.line, out)?;
        rules(engine, outcome, &seen, wanted.line, out)
    })
}

fn skipped(outcome: &Outcome, seen: &Inspection, out: &mut dyn Write) -> io::Result<()> {
    if let Some(skipped) = outcome.skipped.iter().find(|s| s.path == seen.source.path) {
        writeln!(out, "\nthe file was not analysed: {}", skipped.reason.name())?;
    }
    for note in outcome.report.notes.iter().filter(|n| n.path == seen.source.path) {
        let line = note.line.map(|l| format!(" at line {l}")).unwrap_or_default();
        writeln!(out, "\n{}{line}: {}", note.kind.name(), note.message)?;
    }
    Ok(())
}

fn nodes(seen: &Inspection, understood: Option<&Understood>, line: u32, out: &mut dyn Write) -> io::Result<()> {
    let starts_here = |start: u32| seen.source.lines.line(start) == line;
    let roles = understood.map_or(&seen.roles, |u| &u.roles);
    writeln!(out, "\nmodel of the line:")?;
    let mut any = false;
    for id in seen.model.ids().skip(1).filter(|id| starts_here(seen.model.span(*id).start)) {
        any = true;
        let span = seen.model.span(id);
        let name = match seen.model.name(id) {
            "" => String::new(),
            name => format!(" {name:?}"),
        };
        // A block or a statement may have the same span as the one call in it.
        let is_code = !matches!(seen.model.kind(id), Kind::Block | Kind::Return);
        let here: Vec<&str> = roles.iter().filter(|r| is_code && r.0 == span).map(|r| r.1.as_str()).collect();
        let is_call = matches!(seen.model.kind(id), Kind::Call | Kind::New);
        let unknown = understood.and_then(|u| u.unknown.iter().find(|n| is_call && n.0 == span));
        let meaning = match (here.as_slice(), unknown) {
            ([], Some((_, known))) => format!("  unknown: {known}"),
            ([], None) => String::new(),
            (roles, _) => format!("  = {}", roles.join(", ")),
        };
        let kind = seen.model.kind(id).name();
        let value = understood.and_then(|u| u.values.iter().find(|v| v.0 == span && v.1 == kind));
        let value = value.map(|v| format!("  from: {}", v.2)).unwrap_or_default();
        writeln!(out, "  {} {kind}{name}{meaning}{value}", place(&seen.source, span))?;
    }
    for (acquire, section) in understood.map(|u| &u.regions).into_iter().flatten() {
        let line_of = |at: u32| seen.source.lines.line(at);
        if (line_of(section.start)..=line_of(section.end)).contains(&line) {
            writeln!(out, "  under the lock that line {} takes", line_of(acquire.start))?;
        }
    }
    if !any {
        writeln!(out, "  nothing starts on this line")?;
    }
    Ok(())
}

fn evidence(finding: &Finding, out: &mut dyn Write) -> io::Result<()> {
    finding.evidence.iter().try_for_each(|fact| writeln!(out, "    {fact}"))
}

fn rules(engine: &Engine, outcome: &Outcome, seen: &Inspection, line: u32, out: &mut dyn Write) -> io::Result<()> {
    let lines = |span: Span| seen.source.lines.line(span.start)..=seen.source.lines.line(span.end.max(1) - 1);
    let touches = |finding: &&Finding| {
        let spans = finding.labels.iter().map(|l| &l.location).chain([&finding.primary]);
        spans.filter(|l| l.path == seen.source.path).any(|l| lines(l.span).contains(&line))
    };
    let enabled = engine.enabled_rules();
    let mut idle = Vec::new();
    writeln!(out, "\nrules:")?;
    for rule in RULES.iter().map(|r| r.meta()) {
        if !enabled.iter().any(|r| r.id == rule.id) {
            writeln!(out, "  {}: is off (select, ignore)", rule.id)?;
            continue;
        }
        let shown: Vec<&Finding> =
            outcome.report.findings.iter().filter(|f| f.rule.id == rule.id).filter(touches).collect();
        let hidden: Vec<_> =
            outcome.hidden.iter().filter(|h| h.finding.rule.id == rule.id && touches(&&h.finding)).collect();
        for finding in &shown {
            writeln!(out, "  {}: reported, {}", rule.id, describe(finding))?;
            evidence(finding, out)?;
        }
        for hidden in &hidden {
            writeln!(out, "  {}: {}; {}", rule.id, because(&hidden.because), describe(&hidden.finding))?;
            evidence(&hidden.finding, out)?;
        }
        let all = outcome.understood.iter().flat_map(|u| &u.silences);
        let silences: Vec<_> =
            all.filter(|s| s.rule == rule.id && seen.source.lines.line(s.at.start) == line).collect();
        for silence in &silences {
            writeln!(out, "  {}: silent about `{}`: {}", rule.id, silence.about, silence.because)?;
        }
        if shown.is_empty() && hidden.is_empty() && silences.is_empty() {
            idle.push(rule.id);
        }
    }
    match idle.as_slice() {
        [] => Ok(()),
        idle => writeln!(out, "  saw nothing wrong here: {}", idle.join(", ")),
    }
}

fn because(reason: &HiddenBecause) -> String {
    match reason {
        HiddenBecause::TestCode => {
            "not reported: test code, examples and benchmarks are quiet (--include-tests)".to_owned()
        }
        HiddenBecause::Suppressed { line, .. } => format!("suppressed by the comment on line {line}"),
        HiddenBecause::Baselined { .. } => "known: it is in the baseline".to_owned(),
        HiddenBecause::NotNew => "not new".to_owned(),
        HiddenBecause::Elsewhere => "not asked for: the file is not staged".to_owned(),
        HiddenBecause::BelowConfidence(least) => format!("held back: below --min-confidence {}", least.name()),
    }
}

fn describe(finding: &Finding) -> String {
    let severity: Severity = finding.severity;
    format!("{} confidence, {}: {}", finding.confidence.name(), severity.name(), finding.message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_paths_with_lines() {
        let read = |t: &str| parse(t).map(|p| (p.path.display().to_string(), p.line)).map_err(|e| e.to_string());
        assert_eq!(read("a/b.go:42"), Ok(("a/b.go".into(), 42)));
        assert_eq!(read("a/b.go:42:7"), Ok(("a/b.go".into(), 42)));
        assert!(read("a/b.go").is_err_and(|e| e.contains("wants PATH:LINE")));
        assert!(read("a/b.go:0").is_err());
    }
}
