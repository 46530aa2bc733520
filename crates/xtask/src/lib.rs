//! Chores of timelint's developers: scaffold a rule, keep the README's table of rules fresh.

mod error;
mod scaffold;
mod table;

pub use error::Error;
pub use scaffold::{Scaffold, new_rule};
pub use table::with_fresh_table;
