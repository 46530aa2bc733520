//! `wall-clock-ordering`.

use crate::Rule;
use timelint_diagnostics::{Family, Finding, RuleMeta, Severity};
use timelint_semantics::Analysis;

/// See the module.
pub(crate) struct WallClockOrdering;

static META: RuleMeta = RuleMeta {
    id: "wall-clock-ordering",
    aliases: &[],
    family: Family::Clock,
    mechanism: "",
    severity: Severity::Warning,
    summary: "",
    page: include_str!("wall_clock_ordering.md"),
};

impl Rule for WallClockOrdering {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check(&self, _file: &Analysis<'_>, _out: &mut Vec<Finding>) {}
}
