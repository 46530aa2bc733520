//! Source text and positions in it.

use std::sync::Arc;

/// A half-open range of byte offsets in one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// The span from `start` (inclusive) to `end` (exclusive), in bytes.
    pub fn new(start: u32, end: u32) -> Self {
        Self { start, end }
    }

    /// Whether `other` lies within `self`.
    pub fn contains(self, other: Span) -> bool {
        self.start <= other.start && other.end <= self.end
    }

    /// The text under this span, or the empty string where the span does not fit `text`
    /// (a file may change on disk between two readings).
    pub fn text(self, text: &str) -> &str {
        text.get(self.start as usize..self.end as usize).unwrap_or("")
    }
}

/// A position for people: both numbers start at 1, the column counts Unicode code points.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct LineColumn {
    /// Line, from 1.
    pub line: u32,
    /// Column in code points, from 1.
    pub column: u32,
}

/// Where each line of a text starts. Lines end at `\n`; a `\r` before it belongs to the line.
#[derive(Debug, Clone, Default)]
pub struct LineIndex {
    starts: Vec<u32>,
}

impl LineIndex {
    /// Indexes `text` in one pass.
    pub fn new(text: &str) -> Self {
        let mut starts = vec![0];
        starts.extend(text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(i, _)| i as u32 + 1));
        Self { starts }
    }

    /// Number of lines; a text that ends in a newline has an empty last line.
    pub fn line_count(&self) -> u32 {
        self.starts.len() as u32
    }

    /// The line (from 1) that holds byte `offset`.
    pub fn line(&self, offset: u32) -> u32 {
        self.starts.partition_point(|s| *s <= offset) as u32
    }

    /// The byte at which `line` (from 1) starts; the last line's start for lines past the end.
    pub fn line_start(&self, line: u32) -> u32 {
        let at = (line.max(1) as usize - 1).min(self.starts.len() - 1);
        self.starts[at]
    }

    /// The text of `line` (from 1) without its line ending.
    pub fn line_text<'t>(&self, text: &'t str, line: u32) -> &'t str {
        let start = self.line_start(line) as usize;
        let end = self.starts.get(line as usize).map_or(text.len(), |s| *s as usize);
        text.get(start..end).unwrap_or("").trim_end_matches(['\n', '\r'])
    }

    /// Line and column of byte `offset` in `text`, the text this index was made from.
    pub fn line_column(&self, text: &str, offset: u32) -> LineColumn {
        let line = self.line(offset);
        let start = self.line_start(line) as usize;
        let mut end = (offset as usize).clamp(start, text.len());
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let column = text.get(start..end).map_or(0, |s| s.chars().count()) as u32 + 1;
        LineColumn { line, column }
    }
}

/// A file's text with its line index; cheap to clone and to share between threads.
#[derive(Debug, Clone)]
pub struct SourceFile {
    /// Path as shown to the user: relative to the working directory where possible, with `/`.
    pub path: Arc<str>,
    /// The text; invalid UTF-8 has been replaced.
    pub text: Arc<str>,
    /// Line starts of `text`.
    pub lines: Arc<LineIndex>,
}

impl SourceFile {
    /// Indexes `text` under `path`.
    pub fn new(path: impl Into<Arc<str>>, text: impl Into<Arc<str>>) -> Self {
        let text = text.into();
        let lines = Arc::new(LineIndex::new(&text));
        Self { path: path.into(), text, lines }
    }

    /// Line and column of byte `offset`.
    pub fn line_column(&self, offset: u32) -> LineColumn {
        self.lines.line_column(&self.text, offset)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_code_points_and_lines_start_at_one() {
        let file = SourceFile::new("a.py", "x\n日本🎉 = 1\n");
        let at = file.text.find('=').expect("present") as u32;
        assert_eq!(file.line_column(at), LineColumn { line: 2, column: 5 });
        assert_eq!(file.line_column(0), LineColumn { line: 1, column: 1 });
        assert_eq!(file.lines.line_count(), 3);
    }

    #[test]
    fn offsets_past_the_end_or_inside_a_character_do_not_panic() {
        let file = SourceFile::new("a.py", "é");
        assert_eq!(file.line_column(1).column, 1);
        assert_eq!(file.line_column(99).column, 2);
        assert_eq!(Span::new(1, 99).text(&file.text), "");
    }

    #[test]
    fn line_text_drops_the_line_ending() {
        let text = "a\r\nb\n";
        let lines = LineIndex::new(text);
        assert_eq!(lines.line_text(text, 1), "a");
        assert_eq!(lines.line_text(text, 2), "b");
        assert_eq!(lines.line_text(text, 3), "");
    }
}
