//! Where things are, the SARIF way: percent-encoded relative URIs, UTF-16 columns, snippets.

use crate::position;
use serde_sarif::sarif::{ArtifactContent, ArtifactLocation, Location, PhysicalLocation, Region};
use std::fmt::Write as _;
use timelint_diagnostics::{Report, SourceFile, Span};

/// What relative URIs are relative to.
pub(super) const ROOT: &str = "%SRCROOT%";
/// Lines of context on either side of a region.
const CONTEXT: u32 = 2;
/// Bytes from which a snippet is left out.
const SNIPPET: usize = 4096;

/// The place of a path.
pub(super) fn artifact(path: &str) -> ArtifactLocation {
    let uri = uri(path);
    if uri.starts_with("file:") {
        return ArtifactLocation::builder().uri(uri).build();
    }
    ArtifactLocation::builder().uri(uri).uri_base_id(ROOT).build()
}

/// `path` as a URI reference: every byte outside RFC 3986's unreserved set and `/` percent-encoded.
pub(super) fn uri(path: &str) -> String {
    let mut relative = path;
    while let Some(rest) = relative.strip_prefix("./") {
        relative = rest.trim_start_matches('/');
    }
    let drive = matches!(relative.as_bytes(), [letter, b':', b'/', ..] if letter.is_ascii_alphabetic());
    if drive {
        let (letter, rest) = relative.split_at(1);
        return format!("file:///{letter}:{}", encode(rest.trim_start_matches(':')));
    }
    if relative.starts_with('/') {
        return format!("file:///{}", encode(relative.trim_start_matches('/')));
    }
    if relative.is_empty() { "unknown".to_owned() } else { encode(relative) }
}

fn encode(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a string does not fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// A location with its region, and with the lines around it where `context` asks for them.
pub(super) fn physical(report: &Report, path: &str, span: Span, context: bool) -> PhysicalLocation {
    let file = position::source(report, path);
    let around = file.filter(|_| context).and_then(|file| context_region(file, span));
    PhysicalLocation::builder()
        .artifact_location(artifact(path))
        .region(file.map_or_else(first_line, |file| region(file, span)))
        .opt_context_region(around)
        .build()
}

/// A location that names a file and perhaps a line.
pub(super) fn line_location(path: &str, line: Option<u32>) -> Location {
    let region = line.map(|line| Region::builder().start_line(i64::from(line.max(1))).build());
    let place = PhysicalLocation::builder().artifact_location(artifact(path)).opt_region(region).build();
    Location::builder().physical_location(place).build()
}

fn first_line() -> Region {
    Region::builder().start_line(1).build()
}

/// The region of `span` with its text; it ends on its last character, not at the start of the line after.
fn region(file: &SourceFile, span: Span) -> Region {
    let span = within(file, span);
    let text = span.text(&file.text).trim_end_matches(['\n', '\r']);
    let span = if text.is_empty() { span } else { Span::new(span.start, span.start + text.len() as u32) };
    Region { snippet: snippet(text), ..exact_region(file, span) }
}

/// The region that `span` covers to the byte.
pub(super) fn exact_region(file: &SourceFile, span: Span) -> Region {
    let span = within(file, span);
    let (start_line, start_column) = utf16_position(file, span.start);
    let (end_line, end_column) = utf16_position(file, span.end);
    Region::builder()
        .start_line(start_line)
        .start_column(start_column)
        .end_line(end_line)
        .end_column(end_column)
        .build()
}

/// `span`, held inside the file.
fn within(file: &SourceFile, span: Span) -> Span {
    let len = file.text.len() as u32;
    let start = span.start.min(len);
    Span::new(start, span.end.clamp(start, len))
}

/// Line and column from 1, the column in UTF-16 units.
fn utf16_position(file: &SourceFile, offset: u32) -> (i64, i64) {
    let line = file.lines.line(offset);
    let start = file.lines.line_start(line) as usize;
    let mut end = (offset as usize).clamp(start, file.text.len().max(start));
    while !file.text.is_char_boundary(end) && end > start {
        end -= 1;
    }
    let units = file.text.get(start..end).map_or(0, |before| before.encode_utf16().count());
    (i64::from(line), i64::try_from(units).unwrap_or(i64::MAX - 1) + 1)
}

/// The lines around `span`, if they are more than the span and worth showing.
fn context_region(file: &SourceFile, span: Span) -> Option<Region> {
    let len = file.text.len() as u32;
    let first = file.lines.line(span.start.min(len));
    let last = file.lines.line(span.end.min(len)).max(first);
    let top = first.saturating_sub(CONTEXT).max(1);
    let mut bottom = (last + CONTEXT).min(file.lines.line_count());
    if bottom > last && file.lines.line_text(&file.text, bottom).is_empty() {
        bottom -= 1;
    }
    if (top, bottom) == (first, last) {
        return None;
    }
    let from = file.lines.line_start(top) as usize;
    let to = file.lines.line_start(bottom) as usize + file.lines.line_text(&file.text, bottom).len();
    let snippet = snippet(file.text.get(from..to)?)?;
    Some(Region::builder().start_line(i64::from(top)).end_line(i64::from(bottom)).snippet(snippet).build())
}

/// `text` as a snippet, unless it is empty, long, or was no UTF-8 before it was read.
fn snippet(text: &str) -> Option<ArtifactContent> {
    let worth = !text.is_empty() && text.len() <= SNIPPET && !text.contains(char::REPLACEMENT_CHARACTER);
    worth.then(|| ArtifactContent::builder().text(text).build())
}
