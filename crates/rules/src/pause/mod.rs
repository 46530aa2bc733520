//! Rules about leases, locks and leadership: what a process that pauses still believes.

mod aged_lock;
pub(crate) mod fake_fencing_token;
mod guarded_write;
pub(crate) mod lease_check_then_act;
pub(crate) mod lease_not_renewed;
mod lock_purpose;
pub(crate) mod lock_released_early;
pub(crate) mod lock_result_ignored;
mod lock_validity;
pub(crate) mod lock_without_expiry;
mod lost_claim;
pub(crate) mod non_atomic_lock;
mod outlived_lease;
mod ownerless;
mod ownerless_text;
mod ownership;
mod pause_window;
mod read_modify_write;
pub(crate) mod release_with_cancelled_context;
mod renewal;
mod renewal_timing;
mod split_lock;
mod stale_answer;
pub(crate) mod unfenced_lock;
mod unread_answer;
mod unreceipted;
