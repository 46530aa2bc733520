//! `hard-coded-timeout`.

use crate::Rule;
use timelint_diagnostics::{Family, Finding, RuleMeta, Severity};
use timelint_semantics::Analysis;

/// See the module.
pub(crate) struct HardCodedTimeout;

static META: RuleMeta = RuleMeta {
    id: "hard-coded-timeout",
    aliases: &[],
    family: Family::Network,
    mechanism: "",
    severity: Severity::Warning,
    summary: "",
    page: include_str!("hard_coded_timeout.md"),
};

impl Rule for HardCodedTimeout {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check(&self, _file: &Analysis<'_>, _out: &mut Vec<Finding>) {}
}
