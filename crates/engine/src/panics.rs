//! Keeps a failure in one file from ending the run.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs `job`; a panic becomes its message. What `job` shares with the rest of the run must stay usable after a panic:
/// here it is only read.
pub(crate) fn guard<T>(job: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(job)).map_err(|payload| message(payload.as_ref()))
}

fn message(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().copied().or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("unknown failure").lines().next().unwrap_or("unknown failure").to_owned()
}
