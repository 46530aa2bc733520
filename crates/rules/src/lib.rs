//! The rules. A rule sees facts, never a syntax tree, a language or an API name.
//!
//! One file and one Markdown page a rule; [`RULES`] is the registry.

mod aged_lock;
mod attempts;
mod bounds;
mod contexts;
mod coordination;
mod deadline_not_propagated;
mod death;
mod delay;
mod fake_fencing_token;
mod guarded_write;
mod hard_coded_timeout;
mod ingredients;
mod lease_check_then_act;
mod lease_not_renewed;
mod limit_names;
mod limits;
mod lock_purpose;
mod lock_released_early;
mod lock_result_ignored;
mod lock_validity;
mod lock_without_expiry;
mod missing_timeout;
mod mixed_clocks;
mod monotonic_edit;
mod monotonic_misuse;
mod non_atomic_lock;
mod outcome;
mod outlived_lease;
mod ownerless;
mod ownerless_text;
mod ownership;
mod pace;
mod pause_window;
mod picks;
mod read_modify_write;
mod redial;
mod release_with_cancelled_context;
mod remote;
mod renewal;
mod renewal_timing;
mod replicas;
mod retry_non_idempotent;
mod retry_policy;
mod retry_without_backoff;
mod retry_without_jitter;
mod rounds;
mod split_lock;
mod stale_answer;
mod stamped;
mod store_stamps;
mod story;
mod surface;
mod timeout_as_death;
mod timeout_swallowed;
mod timeout_unit_mismatch;
mod unfenced_lock;
mod unread_answer;
mod unreceipted;
mod usage;
mod wall_clock_duration;
mod wall_clock_id;
mod wall_clock_ordering;

use timelint_diagnostics::{Finding, RuleMeta};
use timelint_semantics::Analysis;

/// A rule: finds one mistake in one file at a time.
pub trait Rule: Sync {
    /// What is known of the rule before it runs.
    fn meta(&self) -> &'static RuleMeta;

    /// Appends a finding for each place of the file where the mistake is made.
    fn check(&self, file: &Analysis<'_>, out: &mut Vec<Finding>);
}

/// Every rule, sorted by family and id.
pub static RULES: &[&dyn Rule] = &[
    &mixed_clocks::MixedClocks,
    &monotonic_misuse::MonotonicMisuse,
    &wall_clock_duration::WallClockDuration,
    &wall_clock_id::WallClockId,
    &wall_clock_ordering::WallClockOrdering,
    &fake_fencing_token::FakeFencingToken,
    &lease_check_then_act::LeaseCheckThenAct,
    &lease_not_renewed::LeaseNotRenewed,
    &lock_released_early::LockReleasedEarly,
    &lock_result_ignored::LockResultIgnored,
    &lock_without_expiry::LockWithoutExpiry,
    &non_atomic_lock::NonAtomicLock,
    &release_with_cancelled_context::ReleaseWithCancelledContext,
    &unfenced_lock::UnfencedLock,
    &deadline_not_propagated::DeadlineNotPropagated,
    &hard_coded_timeout::HardCodedTimeout,
    &missing_timeout::MissingTimeout,
    &retry_non_idempotent::RetryNonIdempotent,
    &retry_without_backoff::RetryWithoutBackoff,
    &retry_without_jitter::RetryWithoutJitter,
    &timeout_as_death::TimeoutAsDeath,
    &timeout_swallowed::TimeoutSwallowed,
    &timeout_unit_mismatch::TimeoutUnitMismatch,
];
