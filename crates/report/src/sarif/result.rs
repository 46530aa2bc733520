//! One result: message with links, region, story, fingerprints, fixes.

use super::fold::Group;
use super::place::{artifact, exact_region, physical};
use super::prose::{LIMIT, message, result_text, sentence};
use super::rules::RuleTable;
use crate::position;
use serde_json::{Value, json};
use serde_sarif::sarif::{
    ArtifactChange, ArtifactContent, CodeFlow, Fix, Location, PropertyBag, Replacement, Result as SarifResult,
    ResultLevel, Suppression, ThreadFlow, ThreadFlowLocation,
};
use std::collections::BTreeMap;
use timelint_diagnostics::{Acceptance, Accepted, Confidence, Edit, Finding, Label, Report, Severity};

/// Related locations and steps of a story that are written; GitHub shows as many and rejects ten times that.
const STEPS: usize = 100;

/// The result for a group of findings.
pub(super) fn result(report: &Report, rules: &RuleTable, group: &Group<'_>) -> SarifResult {
    let lead = group.lead;
    let labels = lead.labels.get(..STEPS).unwrap_or(&lead.labels);
    let others = group.rest.get(..STEPS).unwrap_or(&group.rest);
    let place = physical(report, &lead.primary.path, lead.primary.span, true);
    SarifResult::builder()
        .rule_id(lead.rule.id)
        .opt_rule_index(rules.index(lead.rule))
        .level(level(lead.severity))
        .message(message(&text(lead, labels, others)))
        .locations(vec![Location::builder().physical_location(place).build()])
        .opt_related_locations(filled(related(report, labels, others)))
        .opt_code_flows(code_flow(report, labels).map(|flow| vec![flow]))
        .opt_partial_fingerprints(fingerprints(group))
        .opt_fixes(filled(lead.fixes.iter().filter_map(|fix| fix_of(report, fix)).collect()))
        .opt_suppressions(group.accepted.map(|accepted| vec![suppression(accepted)]))
        .properties(properties(lead))
        .rank(rank(lead.confidence))
        .build()
}

fn suppression(accepted: &Accepted) -> Suppression {
    let kind = match accepted.by {
        Acceptance::Comment(_) => "inSource",
        Acceptance::Baseline => "external",
    };
    Suppression::builder()
        .kind(kind)
        .status("accepted")
        .opt_justification(accepted.reason.as_deref().map(str::to_owned))
        .build()
}

fn filled<T>(list: Vec<T>) -> Option<Vec<T>> {
    (!list.is_empty()).then_some(list)
}

fn level(severity: Severity) -> ResultLevel {
    match severity {
        Severity::Error => ResultLevel::Error,
        Severity::Warning => ResultLevel::Warning,
        Severity::Note => ResultLevel::Note,
    }
}

fn rank(confidence: Confidence) -> f64 {
    match confidence {
        Confidence::High => 90.0,
        Confidence::Medium => 60.0,
        Confidence::Low => 30.0,
    }
}

fn properties(finding: &Finding) -> PropertyBag {
    let mut more: BTreeMap<String, Value> = BTreeMap::new();
    more.insert("confidence".to_owned(), json!(finding.confidence.name()));
    if !finding.help.trim().is_empty() {
        more.insert("help".to_owned(), json!(sentence(&finding.help, LIMIT)));
    }
    PropertyBag::builder().additional_properties(more).build()
}

/// The id of the `nth` related location.
fn id(nth: usize) -> i64 {
    i64::try_from(nth).unwrap_or(i64::MAX - 1) + 1
}

fn text(lead: &Finding, labels: &[Label], others: &[&Finding]) -> String {
    let steps: Vec<(i64, &str)> = labels.iter().enumerate().map(|(n, label)| (id(n), &*label.message)).collect();
    let rest: Vec<(i64, &str)> =
        others.iter().enumerate().map(|(n, other)| (id(labels.len() + n), &*other.message)).collect();
    result_text(&lead.message, &lead.why, &steps, &rest)
}

fn related(report: &Report, labels: &[Label], others: &[&Finding]) -> Vec<Location> {
    let labels = labels.iter().map(|label| (&label.location, &label.message));
    let others = others.iter().map(|other| (&other.primary, &other.message));
    labels
        .chain(others)
        .enumerate()
        .map(|(nth, (location, text))| {
            Location::builder()
                .id(id(nth))
                .physical_location(physical(report, &location.path, location.span, false))
                .message(message(&one_text(text)))
                .build()
        })
        .collect()
}

fn one_text(text: &str) -> String {
    let text = sentence(text, LIMIT);
    if text.is_empty() { "Here.".to_owned() } else { super::prose::escape(&text) }
}

/// The story, where it has more than one step.
fn code_flow(report: &Report, labels: &[Label]) -> Option<CodeFlow> {
    if labels.len() < 2 {
        return None;
    }
    let steps: Vec<ThreadFlowLocation> = labels
        .iter()
        .enumerate()
        .map(|(nth, label)| {
            let place = physical(report, &label.location.path, label.location.span, false);
            let text = message(&one_text(&label.message));
            let location = Location::builder().physical_location(place).message(text).build();
            ThreadFlowLocation::builder().location(location).execution_order(id(nth)).build()
        })
        .collect();
    Some(CodeFlow::builder().thread_flows(vec![ThreadFlow::builder().locations(steps).build()]).build())
}

fn fingerprints(group: &Group<'_>) -> Option<BTreeMap<String, String>> {
    let mut prints = BTreeMap::new();
    if let Some(hash) = &group.line_hash {
        prints.insert("primaryLocationLineHash".to_owned(), hash.clone());
    }
    if !group.lead.fingerprint.is_empty() {
        prints.insert("timelint/v1".to_owned(), group.lead.fingerprint.clone());
    }
    (!prints.is_empty()).then_some(prints)
}

/// A fix with edits whose files are known; others cannot be said in SARIF.
fn fix_of(report: &Report, fix: &timelint_diagnostics::Fix) -> Option<Fix> {
    let mut changes: BTreeMap<&str, Vec<Replacement>> = BTreeMap::new();
    for edit in &fix.edits {
        changes.entry(&edit.location.path).or_default().push(replacement(report, edit)?);
    }
    if changes.is_empty() {
        return None;
    }
    let changes: Vec<ArtifactChange> = changes
        .into_iter()
        .map(|(path, edits)| ArtifactChange::builder().artifact_location(artifact(path)).replacements(edits).build())
        .collect();
    let title = sentence(&fix.title, LIMIT);
    let title = if title.is_empty() { format!("Fix ({}).", fix.applicability.name()) } else { title };
    let more = BTreeMap::from([("applicability".to_owned(), json!(fix.applicability.name()))]);
    Some(
        Fix::builder()
            .description(message(&title))
            .artifact_changes(changes)
            .properties(PropertyBag::builder().additional_properties(more).build())
            .build(),
    )
}

fn replacement(report: &Report, edit: &Edit) -> Option<Replacement> {
    let file = position::source(report, &edit.location.path)?;
    Some(
        Replacement::builder()
            .deleted_region(exact_region(file, edit.location.span))
            .inserted_content(ArtifactContent::builder().text(&*edit.text).build())
            .build(),
    )
}
