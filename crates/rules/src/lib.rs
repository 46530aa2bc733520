//! The rules. A rule sees facts, never a syntax tree, a language or an API name.
//!
//! One folder a family; in it one file and one Markdown page a rule, and what its rules share. [`RULES`] is the registry.

mod clock;
mod network;
mod pause;
mod shown;
mod story;
mod surface;
mod template;
mod usage;

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
    &clock::mixed_clocks::MixedClocks,
    &clock::monotonic_misuse::MonotonicMisuse,
    &clock::wall_clock_duration::WallClockDuration,
    &clock::wall_clock_id::WallClockId,
    &clock::wall_clock_ordering::WallClockOrdering,
    &pause::fake_fencing_token::FakeFencingToken,
    &pause::lease_check_then_act::LeaseCheckThenAct,
    &pause::lease_not_renewed::LeaseNotRenewed,
    &pause::lock_released_early::LockReleasedEarly,
    &pause::lock_result_ignored::LockResultIgnored,
    &pause::lock_without_expiry::LockWithoutExpiry,
    &pause::non_atomic_lock::NonAtomicLock,
    &pause::release_with_cancelled_context::ReleaseWithCancelledContext,
    &pause::unfenced_lock::UnfencedLock,
    &network::deadline_not_propagated::DeadlineNotPropagated,
    &network::hard_coded_timeout::HardCodedTimeout,
    &network::missing_timeout::MissingTimeout,
    &network::retry_non_idempotent::RetryNonIdempotent,
    &network::retry_without_backoff::RetryWithoutBackoff,
    &network::retry_without_jitter::RetryWithoutJitter,
    &network::timeout_as_death::TimeoutAsDeath,
    &network::timeout_swallowed::TimeoutSwallowed,
    &network::timeout_unit_mismatch::TimeoutUnitMismatch,
];
