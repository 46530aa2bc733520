//! `unfenced-lock`.

use crate::Rule;
use timelint_diagnostics::{Family, Finding, RuleMeta, Severity};
use timelint_semantics::Analysis;

/// See the module.
pub(crate) struct UnfencedLock;

static META: RuleMeta = RuleMeta {
    id: "unfenced-lock",
    aliases: &[],
    family: Family::Pause,
    mechanism: "",
    severity: Severity::Warning,
    summary: "",
    page: include_str!("unfenced_lock.md"),
};

impl Rule for UnfencedLock {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check(&self, _file: &Analysis<'_>, _out: &mut Vec<Finding>) {}
}
