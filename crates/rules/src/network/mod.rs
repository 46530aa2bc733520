//! Rules about limits of time, retries and failure detection: what a late message does.

mod attempts;
mod bounds;
mod contexts;
pub(crate) mod deadline_not_propagated;
mod death;
mod delay;
mod elsewhere;
pub(crate) mod hard_coded_timeout;
mod limit_names;
mod limits;
pub(crate) mod missing_timeout;
mod outcome;
mod pace;
mod redial;
mod remote;
mod reopen;
pub(crate) mod retry_non_idempotent;
mod retry_policy;
pub(crate) mod retry_without_backoff;
pub(crate) mod retry_without_jitter;
mod rounds;
pub(crate) mod timeout_as_death;
pub(crate) mod timeout_swallowed;
pub(crate) mod timeout_unit_mismatch;
mod times;
