//! SARIF 2.1.0 as GitHub code scanning reads it: one run, all rules that were on, stories as code flows.
//!
//! The bytes depend on the report alone: no time, user, machine or absolute path of this one's working directory.
//! Results are built and written one by one, since a SARIF result is large in memory.

mod fold;
mod notifications;
mod place;
mod prose;
mod result;
mod rules;

pub(crate) use rules::help_uri;

use crate::Reporter;
use fold::Group;
use rules::RuleTable;
use serde::{Serialize, Serializer};
use serde_sarif::sarif;
use std::collections::BTreeMap;
use std::io::{self, BufWriter, Write};
use timelint_diagnostics::Report;

/// Results that one run may have before GitHub rejects the file.
pub const MAX_RESULTS: usize = 25_000;

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";
const HOME: &str = "https://github.com/timelint/timelint";

/// The format of code scanning services.
#[derive(Debug, Clone, Default)]
pub struct Sarif {
    /// What tells several analyses of one commit apart.
    pub category: Option<String>,
}

impl Sarif {
    /// How many results `report` would have if there was no limit.
    pub fn results(report: &Report) -> usize {
        fold::count(report)
    }
}

impl Reporter for Sarif {
    fn write(&self, report: &Report, out: &mut dyn Write) -> io::Result<()> {
        let mut out = BufWriter::new(out);
        serde_json::to_writer(&mut out, &Log::new(report, self.category.as_deref()))?;
        writeln!(out)?;
        out.flush()
    }
}

/// The document; `serde_sarif`'s own has no room for results that are made while they are written.
#[derive(Serialize)]
struct Log<'r> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run<'r>; 1],
}

impl<'r> Log<'r> {
    fn new(report: &'r Report, category: Option<&str>) -> Self {
        Self { schema: SCHEMA, version: "2.1.0", runs: [Run::new(report, category)] }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<'r> {
    tool: sarif::Tool,
    column_kind: &'static str,
    original_uri_base_ids: BTreeMap<&'static str, sarif::ArtifactLocation>,
    invocations: [sarif::Invocation; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    automation_details: Option<sarif::RunAutomationDetails>,
    results: Results<'r>,
}

impl<'r> Run<'r> {
    fn new(report: &'r Report, category: Option<&str>) -> Self {
        let rules = RuleTable::new(report);
        let (groups, cut) = fold::fold(report, MAX_RESULTS);
        let root =
            sarif::ArtifactLocation::builder().description(prose::message("The root of the repository.")).build();
        Self {
            tool: sarif::Tool::builder().driver(rules.driver()).build(),
            column_kind: "utf16CodeUnits",
            original_uri_base_ids: BTreeMap::from([(place::ROOT, root)]),
            invocations: [notifications::invocation(report, groups.len(), cut)],
            // The part behind the last slash would be the run's own name.
            automation_details: category
                .map(|c| sarif::RunAutomationDetails::builder().id(format!("{}/", c.trim_end_matches('/'))).build()),
            results: Results { report, rules, groups },
        }
    }
}

struct Results<'r> {
    report: &'r Report,
    rules: RuleTable,
    groups: Vec<Group<'r>>,
}

impl Serialize for Results<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.groups.iter().map(|group| result::result(self.report, &self.rules, group)))
    }
}

#[cfg(test)]
mod tests;
