//! timelint's gate: it compares runs, so that a team hears of what is new, and mends what can be mended.
//!
//! [`claim`] recognises findings that are known, from a [`Baseline`] or from another revision ([`Repository`]).
//! [`mend`] applies edits, and keeps only those after which a second run finds less and nothing else. Nothing here
//! prints; files are written whole or not at all ([`write_whole`]).

mod baseline;
mod error;
mod filter;
mod fix;
mod git;
mod known;
mod mend;
mod patch;
mod silence;
mod write;

#[cfg(test)]
mod testing;

pub use baseline::{BASELINE_FILE, Baseline, Entry};
pub use error::GateError;
pub use filter::Filter;
pub use fix::fixes;
pub use git::{Repository, Revision};
pub use known::{Claims, Known, claim};
pub use mend::{Changed, Mended, Proposal, Refused, mend};
pub use patch::patch;
pub use silence::Comment;
pub use write::write_whole;
