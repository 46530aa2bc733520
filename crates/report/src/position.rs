//! Looking up where a location is; a report whose sources lack a file still renders.

use timelint_diagnostics::{LineColumn, Location, Report, SourceFile};

/// The file that `path` names, if the report carries it.
pub(crate) fn source<'r>(report: &'r Report, path: &str) -> Option<&'r SourceFile> {
    report.sources.get(path)
}

/// Line and column (code points) of byte `offset` in `path`; the file's start where its text is not known.
pub(crate) fn line_column(report: &Report, path: &str, offset: u32) -> LineColumn {
    source(report, path).map_or(LineColumn { line: 1, column: 1 }, |file| file.line_column(offset))
}

/// Line and column at which `location` starts.
pub(crate) fn start(report: &Report, location: &Location) -> LineColumn {
    line_column(report, &location.path, location.span.start)
}
