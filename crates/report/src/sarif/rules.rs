//! The tool and its rules.

use super::HOME;
use super::prose::{LIMIT, description, ended, sentence};
use serde_json::{Value, json};
use serde_sarif::sarif::{
    MultiformatMessageString, PropertyBag, ReportingConfiguration, ReportingDescriptor, ToolComponent,
};
use std::collections::{BTreeMap, BTreeSet};
use timelint_diagnostics::{Report, RuleMeta, Severity};

/// The rules of the run, in the order in which they are written.
pub(super) struct RuleTable {
    rules: Vec<&'static RuleMeta>,
}

impl RuleTable {
    /// All rules that were on, then any that spoke all the same.
    pub(super) fn new(report: &Report) -> Self {
        let mut rules = Vec::new();
        let spoke = report.findings.iter().map(|finding| finding.rule);
        let mut known = BTreeSet::new();
        for rule in report.rules.iter().copied().chain(spoke) {
            if known.insert(rule.id) {
                rules.push(rule);
            }
        }
        Self { rules }
    }

    /// Where `rule` stands.
    pub(super) fn index(&self, rule: &RuleMeta) -> Option<i64> {
        let at = self.rules.iter().position(|known| known.id == rule.id)?;
        i64::try_from(at).ok()
    }

    /// The description of the tool.
    pub(super) fn driver(&self) -> ToolComponent {
        let version = env!("CARGO_PKG_VERSION");
        ToolComponent::builder()
            .name("timelint")
            .information_uri(HOME)
            .version(version)
            .semantic_version(version)
            .rules(self.rules.iter().map(|rule| descriptor(rule)).collect::<Vec<_>>())
            .build()
    }
}

fn descriptor(rule: &RuleMeta) -> ReportingDescriptor {
    let full = format!(
        "{} The fault that turns it into a failure: {}",
        sentence(rule.summary, LIMIT / 2),
        ended(rule.mechanism, LIMIT / 3)
    );
    let url = help_uri(rule);
    let text = format!("{} More: timelint explain {}, or {url}", sentence(&full, LIMIT / 2), rule.id);
    let help = MultiformatMessageString::builder()
        .text(text)
        .opt_markdown((!rule.page.trim().is_empty()).then(|| rule.page.to_owned()))
        .build();
    ReportingDescriptor::builder()
        .id(rule.id)
        .name(pascal_case(rule.id))
        .short_description(description(rule.summary, rule.id))
        .full_description(description(&full, rule.id))
        .help(help)
        .help_uri(url)
        .default_configuration(ReportingConfiguration::builder().level(rule.severity.name()).build())
        .properties(properties(rule))
        .build()
}

fn properties(rule: &RuleMeta) -> PropertyBag {
    let tags = [rule.family.name(), "timing", "reliability"].map(str::to_owned).to_vec();
    let problem = match rule.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "recommendation",
    };
    // Findings of one rule differ in confidence, and a rule must not differ between code bases.
    let more: BTreeMap<String, Value> =
        BTreeMap::from([("precision".to_owned(), json!("medium")), ("problem.severity".to_owned(), json!(problem))]);
    PropertyBag::builder().tags(tags).additional_properties(more).build()
}

/// Where the rule's page is on the web.
pub(crate) fn help_uri(rule: &RuleMeta) -> String {
    match rule.page_path() {
        Some(path) => format!("{HOME}/blob/main/{path}"),
        None => format!("{HOME}#suppression"),
    }
}

/// `unfenced-lock` as `UnfencedLock`.
pub(super) fn pascal_case(id: &str) -> String {
    id.split('-')
        .filter_map(|word| {
            let mut chars = word.chars();
            chars.next().map(|first| first.to_ascii_uppercase().to_string() + chars.as_str())
        })
        .collect()
}
