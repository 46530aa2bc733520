//! The fixes that rules propose.

use crate::mend::Proposal;
use timelint_diagnostics::{Applicability, Finding};

/// The fixes of each finding that may be applied: those that are `Safe`, or with `Unsafe` also those.
pub fn fixes<'f>(findings: impl IntoIterator<Item = &'f Finding>, most: Applicability) -> Vec<Proposal> {
    let of = |finding: &'f Finding| {
        let fixes = finding.fixes.iter().filter(move |f| f.applicability <= most && !f.edits.is_empty());
        fixes.map(|fix| Proposal::new(finding, &fix.title, fix.edits.clone()))
    };
    findings.into_iter().flat_map(of).collect()
}
