//! What the neutral model means: names and types, API roles, the facts that rules ask for, and the project index.
//!
//! Nothing here names a language, an API or tree-sitter: names come from the catalogues, shapes from the model.

mod analysis;
mod cancellation;
pub mod catalog;
mod control;
mod documented;
mod due;
mod effects;
mod eval;
mod implements;
mod index;
mod key_command;
mod leading;
mod lock_file;
mod lock_helper;
mod lock_node;
mod lock_record;
mod lock_section;
mod measures;
mod memo;
mod names;
mod one_step;
mod own_lock;
mod regions;
mod replicated;
mod resolve;
mod settable;
mod sites;
mod stamps;
mod summary;
mod tables;
mod units;
mod value;
mod versions;

pub use analysis::{Analysis, Resolved, Type};
pub use cancellation::Ending;
pub use control::Guard;
pub use effects::{Write, is_conditional, is_data_change};
pub use index::ProjectIndex;
pub use key_command::{Command, Expiry, KeyCommand};
pub use lock_helper::{Does, LockHelper, is_lock_word};
pub use lock_record::{LockTouch, Subject, Touch};
pub use measures::{By, Measure};
pub use names::{canonical, contains_part, has_word, words};
pub use one_step::{
    clears_expired_locks, frees_lock_row, is_blind_extension, is_blind_write, makes_lock_row, script_compares_owner,
    script_reads,
};
pub use regions::Region;
pub use replicated::Replayed;
pub use resolve::Callee;
pub use sites::{Site, Sites};
pub use stamps::{Stamp, member_key};
pub use summary::{FieldSummary, FileSummary, FunctionSummary, summarize};
pub use tables::{ClassInfo, FunctionInfo, Store, StoreKind, Tables};
pub use units::{is_length_name, stated_unit};
pub use value::{How, Origins, Shape, Value, unit_word};
pub use versions::{ProjectVersions, Version, VersionRange, VersionSpan};
