//! Helpers for timelint's own tests: small projects in memory, and the matcher of expectation comments.
//!
//! Tests may panic; these helpers do, with the place.
#![allow(clippy::disallowed_methods, reason = "test code reads fixtures")]
#![allow(clippy::missing_panics_doc, reason = "test code fails by panicking")]

mod expectations;
mod project;

pub use expectations::{Expectation, check_expectations, expectations};
pub use project::{Loaded, Project, load, queries_folder};
