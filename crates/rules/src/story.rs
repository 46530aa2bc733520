//! Builds a finding: what, why, do, and the labels in time order.

use timelint_diagnostics::{Applicability, Confidence, Edit, Finding, Fix, Label, Location, RuleMeta, Severity};
use timelint_model::NodeId;
use timelint_semantics::{Analysis, Site};

/// A finding in the making.
pub(crate) struct Story {
    finding: Finding,
}

impl Story {
    /// A finding of `rule` whose primary span is `at`.
    pub(crate) fn new(rule: &'static RuleMeta, file: &Analysis<'_>, at: NodeId, message: impl Into<String>) -> Self {
        Self {
            finding: Finding {
                rule,
                severity: rule.severity,
                confidence: Confidence::Medium,
                primary: file.location(at),
                message: message.into(),
                why: String::new(),
                help: String::new(),
                labels: Vec::new(),
                evidence: Vec::new(),
                fixes: Vec::new(),
                scope: String::new(),
                fingerprint: String::new(),
            },
        }
    }

    /// How it goes wrong in production.
    pub(crate) fn why(mut self, text: impl Into<String>) -> Self {
        self.finding.why = text.into();
        self
    }

    /// What to do about it.
    pub(crate) fn help(mut self, text: impl Into<String>) -> Self {
        self.finding.help = text.into();
        self
    }

    /// How sure.
    pub(crate) fn confidence(mut self, confidence: Confidence) -> Self {
        self.finding.confidence = confidence;
        self
    }

    /// The cost if true, where it differs from the rule's.
    pub(crate) fn severity(mut self, severity: Severity) -> Self {
        self.finding.severity = severity;
        self
    }

    /// What counted for or against.
    pub(crate) fn evidence(mut self, text: impl Into<String>) -> Self {
        self.finding.evidence.push(text.into());
        self
    }

    /// The next step of the story.
    pub(crate) fn step(mut self, location: Location, message: impl Into<String>) -> Self {
        let label = Label { message: message.into(), location };
        if !self.finding.labels.iter().any(|l| l.location == label.location) {
            self.finding.labels.push(label);
        }
        self
    }

    /// Steps for the places that take part in a value.
    pub(crate) fn sites<'s>(mut self, sites: impl IntoIterator<Item = &'s Site>, message: &str) -> Self {
        for site in sites {
            self = self.step(site.location.clone(), message);
        }
        self
    }

    /// A way out with its edits.
    pub(crate) fn fix(mut self, title: impl Into<String>, applicability: Applicability, edits: Vec<Edit>) -> Self {
        self.finding.fixes.push(Fix { title: title.into(), applicability, edits });
        self
    }

    /// The finding.
    pub(crate) fn tell(self) -> Finding {
        self.finding
    }
}

/// One step less sure.
pub(crate) fn lower(confidence: Confidence) -> Confidence {
    match confidence {
        Confidence::High => Confidence::Medium,
        Confidence::Medium | Confidence::Low => Confidence::Low,
    }
}
