//! `non-atomic-lock`: a lock is taken, renewed or given back in several steps that somebody can come between.

use crate::Rule;
use crate::pause::checked_take::checks_then_writes;
use crate::pause::expired_removal::expired_removals;
use crate::pause::forgotten_owner::forgotten_owners;
use crate::pause::ownerless::{forced, removals, renewals};
use crate::pause::ownerless_text::{rows, scripts, transactions};
use crate::pause::split_lock::split_acquires;
use timelint_diagnostics::{Family, Finding, RuleMeta, Severity};
use timelint_model::NodeId;
use timelint_semantics::{Analysis, How, Region};

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
        let mut found = split_acquires(file, commands);
        found.extend(checks_then_writes(file));
        found.extend(removals(file, commands));
        found.extend(renewals(file, commands));
        // Under another lock nobody comes between.
        found.retain(|f| !file.lock_regions().iter().any(|r| is_under(file, r, f)));
        // One finding a place: an old lock that is removed is both looked at and ownerless.
        found.sort_by_key(|f| f.primary.span);
        found.dedup_by_key(|f| f.primary.span);
        out.extend(found);
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

/// Whether a finding lies in the section of a lock of a library, behind its acquire.
fn is_under(file: &Analysis<'_>, region: &Region<'_>, finding: &Finding) -> bool {
    let model = file.model;
    let inside = |n: NodeId| region.covers(n) && n != region.acquire && model.span(n) == finding.primary.span;
    // A lock that is itself a command on a key is what is judged here.
    let of_library = !file.key_commands().iter().any(|c| c.at == region.acquire);
    of_library && region.api.how != How::Name && !region.through_helper && file.tables.calls.iter().any(|c| inside(*c))
}
