//! `non-atomic-lock`: a lock is taken, renewed or given back in several steps that somebody can come between.

use crate::Rule;
use crate::pause::checked_take::checks_then_writes;
use crate::pause::expired_removal::expired_removals;
use crate::pause::forgotten_owner::forgotten_owners;
use crate::pause::ownerless::{forced, removals, renewals};
use crate::pause::ownerless_text::{rows, scripts, transactions};
use crate::pause::split_lock::split_acquires;
use timelint_diagnostics::{Family, Finding, RuleMeta, Severity};
use timelint_semantics::Analysis;

/// See the module.
pub(crate) struct NonAtomicLock;

pub(crate) static META: RuleMeta = RuleMeta {
    id: "non-atomic-lock",
    aliases: &[],
    family: Family::Pause,
    mechanism: "process pause or crash between two steps",
    severity: Severity::Error,
    summary: "a lock is taken, renewed or released in several steps, or released by who may no longer own it",
    page: include_str!("non_atomic_lock.md"),
};

impl Rule for NonAtomicLock {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check(&self, file: &Analysis<'_>, out: &mut Vec<Finding>) {
        let commands = file.key_commands();
        out.extend(split_acquires(file, commands));
        out.extend(checks_then_writes(file));
        out.extend(removals(file, commands));
        out.extend(renewals(file, commands));
        out.extend(forced(file));
        out.extend(scripts(file));
        out.extend(transactions(file));
        let rows = rows(file);
        let told = |f: &Finding| rows.iter().any(|r| r.primary.span == f.primary.span);
        out.extend(forgotten_owners(file).into_iter().filter(|f| !told(f)));
        out.extend(expired_removals(file));
        out.extend(rows);
    }
}
