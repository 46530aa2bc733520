//! `lease-check-then-act`.

use crate::Rule;
use timelint_diagnostics::{Family, Finding, RuleMeta, Severity};
use timelint_semantics::Analysis;

/// See the module.
pub(crate) struct LeaseCheckThenAct;

static META: RuleMeta = RuleMeta {
    id: "lease-check-then-act",
    aliases: &[],
    family: Family::Pause,
    mechanism: "",
    severity: Severity::Warning,
    summary: "",
    page: include_str!("lease_check_then_act.md"),
};

impl Rule for LeaseCheckThenAct {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check(&self, _file: &Analysis<'_>, _out: &mut Vec<Finding>) {}
}
