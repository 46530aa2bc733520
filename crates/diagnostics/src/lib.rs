//! What timelint says, as plain data.
//!
//! Nothing here renders, serialises or does IO: reporters (`timelint-report`) turn these values into text,
//! rules (`timelint-rules`) make them, the engine sorts and filters them.

mod finding;
mod report;
mod source;

pub use finding::{
    Applicability, Confidence, Edit, Family, Finding, Fix, Label, Location, Note, NoteKind, RuleMeta, Severity,
};
pub use report::{Acceptance, Accepted, Report, Summary};
pub use source::{LineColumn, LineIndex, SourceFile, Span};
