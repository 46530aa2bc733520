//! The second map step: rules run on one file, and what they say is filtered.

use crate::fingerprint;
use crate::knowledge::Knowledge;
use crate::map::{Lowered, internal, model, reread};
use crate::outcome::{Hidden, HiddenBecause};
use crate::panics::guard;
use crate::policy::Policy;
use crate::progress::Progress;
use crate::selector::Names;
use crate::settings::Settings;
use crate::suppress::Suppressions;
use crate::walk::Candidate;
use std::cell::OnceCell;
use std::sync::Arc;
use std::time::Instant;
use timelint_diagnostics::{Finding, Note, NoteKind, SourceFile};
use timelint_model::FileModel;
use timelint_rules::Rule;
use timelint_semantics::{Analysis, ProjectIndex, Understood};

/// What a file contributes to the report.
#[derive(Default)]
pub(crate) struct Analyzed {
    pub(crate) findings: Vec<Finding>,
    pub(crate) hidden: Vec<Hidden>,
    pub(crate) notes: Vec<Note>,
    /// Of the file that is to be explained.
    pub(crate) understood: Option<Understood>,
    /// The file's text, where a shown or hidden finding stands in it.
    pub(crate) source: Option<SourceFile>,
}

/// What all files share.
pub(crate) struct Shared<'e> {
    pub(crate) knowledge: &'e Knowledge,
    pub(crate) rules: &'e [&'static dyn Rule],
    pub(crate) names: &'e Names,
    pub(crate) settings: &'e Settings,
    pub(crate) progress: &'e Progress,
}

/// Runs the rules on one file.
pub(crate) fn analyze(shared: &Shared<'_>, lowered: Lowered, index: &ProjectIndex) -> Analyzed {
    let Lowered { file, model, has_directives, .. } = lowered;
    let job = guard(|| run(shared, &file, model, has_directives, index));
    job.unwrap_or_else(|message| Analyzed { notes: vec![internal(&file, &message)], ..Analyzed::default() })
}

fn run(
    shared: &Shared<'_>,
    file: &Candidate,
    kept: Option<FileModel>,
    has_directives: bool,
    index: &ProjectIndex,
) -> Analyzed {
    let settings = file.settings(shared.settings);
    let policy = Policy::new(settings, &file.absolute);
    let quiet = file.is_test && !policy.includes_tests();
    let listens = shared.settings.explains(&file.absolute);
    if quiet && !listens {
        return Analyzed::default();
    }
    let read = OnceCell::new();
    let text = || read.get_or_init(|| reread(file)).clone().unwrap_or_else(|_| Arc::from(""));
    let model = match kept.map_or_else(|| model(shared.knowledge, file.language, &text()), Ok) {
        Ok(model) => model,
        Err(message) => return Analyzed { notes: vec![internal(file, &message)], ..Analyzed::default() },
    };
    let rules: Vec<&dyn Rule> = shared.rules.iter().copied().filter(|r| policy.enables(r.meta())).collect();
    let (mut findings, understood) = match findings(shared, file, &model, index, &rules, &text) {
        Ok(found) => found,
        Err(message) => return Analyzed { notes: vec![internal(file, &message)], ..Analyzed::default() },
    };
    let mut analyzed = Analyzed { understood, ..Analyzed::default() };
    if findings.is_empty() && !has_directives {
        return analyzed;
    }
    let source = SourceFile::new(file.path.clone(), text());
    fingerprint::fill_in(&mut findings, &source, &model);
    if let Some(Err(message)) = read.get() {
        let message = format!("could not be read a second time: {message}");
        analyzed.notes.push(Note { path: file.path.clone(), line: None, kind: NoteKind::Unreadable, message });
    }
    let mut suppressions = Suppressions::read(&source, &model, shared.names, settings.today);
    for mut finding in findings {
        policy.adjust(&mut finding);
        match hide(&finding, quiet, &policy, &mut suppressions, &source) {
            Some(because) => analyzed.hidden.push(Hidden { finding, because }),
            None => analyzed.findings.push(finding),
        }
    }
    if !quiet {
        let mut own = suppressions.complaints(|rule| rules.iter().any(|r| r.meta().id == rule.id), shared.names);
        own.retain(|finding| policy.enables(finding.rule));
        fingerprint::fill_in(&mut own, &source, &model);
        for finding in &mut own {
            policy.adjust(finding);
        }
        analyzed.findings.extend(own);
    }
    if !analyzed.findings.is_empty() || !analyzed.hidden.is_empty() {
        analyzed.source = Some(source);
    }
    analyzed
}

/// What the rules say of one file, in source order and without repeats; and what was understood of it, where that is to be
/// explained.
fn findings(
    shared: &Shared<'_>,
    file: &Candidate,
    model: &FileModel,
    index: &ProjectIndex,
    rules: &[&dyn Rule],
    text: &dyn Fn() -> Arc<str>,
) -> Result<(Vec<Finding>, Option<Understood>), String> {
    let mut findings = Vec::new();
    let listens = shared.settings.explains(&file.absolute);
    if rules.is_empty() && !listens {
        return Ok((findings, None));
    }
    let catalog = shared.knowledge.catalog(file.language).map_err(|e| e.to_string())?;
    let mut analysis = Analysis::new(catalog, index, file.path.clone(), model, text);
    if listens {
        analysis = analysis.listening();
    }
    let mut times = Vec::with_capacity(rules.len());
    for rule in rules {
        let started = Instant::now();
        rule.check(&analysis, &mut findings);
        times.push((rule.meta().id, started.elapsed()));
    }
    shared.progress.file(&file.path, &times);
    findings.sort_by(|a, b| sort_key(a).cmp(&sort_key(b)));
    findings.dedup_by(|a, b| sort_key(a) == sort_key(b));
    Ok((findings, listens.then(|| analysis.understood())))
}

/// Path, position, rule; the message makes the order total.
pub(crate) fn sort_key(finding: &Finding) -> (&str, u32, u32, &str, &str) {
    let Finding { primary, rule, message, .. } = finding;
    (&primary.path, primary.span.start, primary.span.end, rule.id, message)
}

fn hide(
    finding: &Finding,
    quiet: bool,
    policy: &Policy<'_>,
    suppressions: &mut Suppressions,
    source: &SourceFile,
) -> Option<HiddenBecause> {
    if quiet {
        return Some(HiddenBecause::TestCode);
    }
    if finding.primary.path == source.path
        && let Some((line, reason)) = suppressions.cover(finding.rule, source.lines.line(finding.primary.span.start))
    {
        return Some(HiddenBecause::Suppressed { line, reason });
    }
    let least = policy.min_confidence();
    (finding.confidence < least).then_some(HiddenBecause::BelowConfidence(least))
}
