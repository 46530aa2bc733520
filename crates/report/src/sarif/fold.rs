//! One result per rule and line, and no more results than a service takes.

use crate::line_hash::line_hashes;
use crate::position;
use std::cmp::Reverse;
use std::collections::HashMap;
use timelint_diagnostics::{Accepted, Finding, Report};

/// Findings that become one result: GitHub knows an alert by rule, path and line only.
pub(super) struct Group<'r> {
    /// The most severe and most certain of them.
    pub lead: &'r Finding,
    /// The others, in the report's order.
    pub rest: Vec<&'r Finding>,
    /// Who accepted it, where somebody did.
    pub accepted: Option<&'r Accepted>,
    /// GitHub's hash of the line, where the text is known.
    pub line_hash: Option<String>,
    line: u32,
}

/// The results to write, in the report's order, and how many more there were.
pub(super) fn fold(report: &Report, limit: usize) -> (Vec<Group<'_>>, usize) {
    let mut groups = group(report);
    groups.extend(accepted(report));
    let cut = groups.len().saturating_sub(limit);
    if cut > 0 {
        groups = keep(groups, limit);
    }
    hash(report, &mut groups);
    (groups, cut)
}

/// How many results there would be without a limit.
pub(super) fn count(report: &Report) -> usize {
    group(report).len() + report.accepted.len()
}

/// Each by itself: their reasons differ.
fn accepted(report: &Report) -> impl Iterator<Item = Group<'_>> {
    report.accepted.iter().map(|accepted| {
        let line = position::start(report, &accepted.finding.primary).line;
        Group { lead: &accepted.finding, rest: Vec::new(), accepted: Some(accepted), line_hash: None, line }
    })
}

fn group(report: &Report) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    let mut known: HashMap<(&str, &str, u32), usize> = HashMap::new();
    for finding in &report.findings {
        let line = position::start(report, &finding.primary).line;
        let next = groups.len();
        let at = *known.entry((&*finding.primary.path, finding.rule.id, line)).or_insert(next);
        match groups.get_mut(at) {
            Some(group) => group.add(finding),
            None => groups.push(Group { lead: finding, rest: Vec::new(), accepted: None, line_hash: None, line }),
        }
    }
    groups
}

impl<'r> Group<'r> {
    fn add(&mut self, finding: &'r Finding) {
        if weight(finding) > weight(self.lead) {
            let lead = std::mem::replace(&mut self.lead, finding);
            self.rest.insert(0, lead);
        } else {
            self.rest.push(finding);
        }
    }
}

fn weight(finding: &Finding) -> impl Ord {
    (finding.severity, finding.confidence)
}

/// The `limit` heaviest groups, in their old order; among equals the first ones.
fn keep(groups: Vec<Group<'_>>, limit: usize) -> Vec<Group<'_>> {
    let mut numbered: Vec<(usize, Group<'_>)> = groups.into_iter().enumerate().collect();
    numbered.sort_by_key(|(nth, group)| (group.accepted.is_some(), Reverse(weight(group.lead)), *nth));
    numbered.truncate(limit);
    numbered.sort_by_key(|(nth, _)| *nth);
    numbered.into_iter().map(|(_, group)| group).collect()
}

/// Fills in the line hashes, computing those of each file once.
fn hash(report: &Report, groups: &mut [Group<'_>]) {
    let mut hashes: HashMap<&str, Vec<String>> = HashMap::new();
    for group in groups {
        let Some(file) = position::source(report, &group.lead.primary.path) else { continue };
        let lines = hashes.entry(&group.lead.primary.path).or_insert_with(|| line_hashes(&file.text));
        group.line_hash = lines.get(group.line.saturating_sub(1) as usize).cloned();
    }
}
