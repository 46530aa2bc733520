//! Reading files: the only place of the engine that does.
#![allow(clippy::disallowed_methods, reason = "the engine is where files are read")]

use std::io;
use std::path::Path;
use std::sync::Arc;

/// The file's bytes.
pub(crate) fn bytes(path: &Path) -> io::Result<Vec<u8>> {
    std::fs::read(path)
}

/// The file's text; invalid UTF-8 is replaced.
pub(crate) fn text(path: &Path) -> io::Result<String> {
    bytes(path).map(decode)
}

/// Text of `bytes`, without a copy where they are valid UTF-8. A byte order mark stays, so that offsets are those of
/// the file; parsers skip it.
pub(crate) fn decode(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|e| String::from_utf8_lossy(e.as_bytes()).into_owned())
}

/// Where a file's text comes from.
#[derive(Debug, Clone)]
pub(crate) enum Place {
    /// A file, by its absolute path.
    Disk,
    /// Text that the caller gave.
    Memory(Arc<str>),
}
