//! The lines of a file that a snippet needs, cleaned and clipped, as a `miette` source.
//!
//! `miette` scans a text from its start for every label, prints control characters raw and never clips a line.
//! So it gets a short text of its own: the labelled lines and their neighbours, each harmless and narrow, with their
//! real line numbers and columns beside.

use crate::text::{char_width, visible_char};
use miette::{MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use timelint_diagnostics::{SourceFile, Span};

/// Lines shown before and after a labelled one.
pub(crate) const CONTEXT: usize = 1;

/// A labelled stretch of one line of an excerpt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mark {
    /// What stands beside the underline.
    pub text: Option<String>,
    /// Where it is in the excerpt's text; never empty, never past its row.
    pub range: Range<usize>,
    /// Whether the finding's position is here.
    pub primary: bool,
}

/// What to mark in a file.
#[derive(Debug, Clone)]
pub(crate) struct Wish {
    /// What stands beside the underline.
    pub text: Option<String>,
    /// Bytes of the file.
    pub span: Span,
    /// Whether the finding's position is here.
    pub primary: bool,
}

#[derive(Debug)]
struct Row {
    /// Line in the file, from 1.
    number: u32,
    /// Where the row starts in the excerpt.
    start: usize,
    /// Characters of the line that the clipped row leaves out on its left.
    skipped: usize,
    /// Where each shown character starts in the excerpt; one more for the end.
    offsets: Vec<usize>,
}

impl Row {
    /// Excerpt offset of the line's character `column` (from 0), held inside the row.
    fn offset(&self, column: usize) -> usize {
        let last = self.offsets.len().saturating_sub(1);
        let at = column.saturating_sub(self.skipped).min(last);
        self.offsets.get(at).copied().unwrap_or(self.start)
    }
}

/// A part of a file, ready for `miette`.
#[derive(Debug)]
pub(crate) struct Excerpt {
    text: String,
    rows: Vec<Row>,
}

impl Excerpt {
    /// The lines that `wishes` touch, and where in them the marks are. `width` bounds a row's columns;
    /// `ellipsis` stands where a row was cut.
    pub(crate) fn new(file: &SourceFile, wishes: &[Wish], width: usize, ellipsis: char) -> (Self, Vec<Mark>) {
        let places: Vec<Place> = wishes.iter().map(|wish| Place::new(file, wish.span)).collect();
        let mut excerpt = Self { text: String::new(), rows: Vec::new() };
        for number in line_numbers(file, &places) {
            let anchor = anchor(&places, wishes, number);
            excerpt.push(file.lines.line_text(&file.text, number), number, anchor, width, ellipsis);
        }
        let marks = places.iter().zip(wishes).filter_map(|(place, wish)| excerpt.mark(place, wish)).collect();
        (excerpt, separate(marks))
    }

    fn push(&mut self, line: &str, number: u32, anchor: usize, width: usize, ellipsis: char) {
        let chars: Vec<char> = line.chars().collect();
        let window = window(&chars, anchor, width);
        let mut row = Row { number, start: self.text.len(), skipped: window.start, offsets: Vec::new() };
        for (at, c) in chars.iter().enumerate().take(window.end).skip(window.start) {
            row.offsets.push(self.text.len());
            let cut = at == window.start && at > 0;
            self.text.push(if cut { ellipsis } else { shown(*c) });
        }
        row.offsets.push(self.text.len());
        if window.end < chars.len() {
            self.text.push(ellipsis);
        }
        self.text.push('\n');
        self.rows.push(row);
    }

    fn mark(&self, place: &Place, wish: &Wish) -> Option<Mark> {
        let row = self.rows.iter().find(|row| row.number == place.line)?;
        let start = row.offset(place.columns.start);
        let end = row.offset(place.columns.end).max(self.next_char(start));
        Some(Mark { text: wish.text.clone(), range: start..end, primary: wish.primary })
    }

    fn next_char(&self, at: usize) -> usize {
        at + self.text.get(at..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8)
    }

    /// The row that holds excerpt byte `at`.
    fn row_at(&self, at: usize) -> usize {
        self.rows.partition_point(|row| row.start <= at).saturating_sub(1)
    }

    /// Rows `first..=last` with up to this many neighbours that also follow each other in the file.
    fn widen(&self, first: usize, last: usize, before: usize, after: usize) -> (usize, usize) {
        let joined = |a: usize, b: usize| match (self.rows.get(a), self.rows.get(b)) {
            (Some(a), Some(b)) => a.number + 1 == b.number,
            _ => false,
        };
        let (mut from, mut to) = (first, last);
        while from > 0 && first - from < before && joined(from - 1, from) {
            from -= 1;
        }
        while to - last < after && joined(to, to + 1) {
            to += 1;
        }
        (from, to)
    }
}

impl SourceCode for Excerpt {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let end = span.offset() + span.len();
        let first = self.row_at(span.offset());
        let last = self.row_at(end.saturating_sub(1)).max(first);
        let row = self.rows.get(first).ok_or(MietteError::OutOfBounds)?;
        let (range, line, column, count) = if before == 0 && after == 0 {
            // Only the header asks this way, for the position to print.
            let left = self.text.get(row.start..span.offset()).ok_or(MietteError::OutOfBounds)?;
            (span.offset()..end, row.number, row.skipped + left.chars().count(), last - first + 1)
        } else {
            let (from, to) = self.widen(first, last, before, after);
            let top = self.rows.get(from).ok_or(MietteError::OutOfBounds)?;
            let bottom = self.rows.get(to + 1).map_or(self.text.len(), |next| next.start);
            (top.start..bottom, top.number, 0, to - from + 1)
        };
        let data = self.text.as_bytes().get(range.clone()).ok_or(MietteError::OutOfBounds)?;
        let line = line.saturating_sub(1) as usize;
        Ok(Box::new(MietteSpanContents::new(data, range.into(), line, column, count)))
    }
}

/// A span's part of the line on which it starts, in characters.
struct Place {
    line: u32,
    columns: Range<usize>,
}

impl Place {
    fn new(file: &SourceFile, span: Span) -> Self {
        let start = file.line_column(span.start.min(file.text.len() as u32));
        let end = file.line_column(span.end.min(file.text.len() as u32));
        let from = start.column as usize - 1;
        let to = if end.line == start.line { end.column as usize - 1 } else { usize::MAX };
        Self { line: start.line, columns: from..to.max(from) }
    }
}

/// The marked lines and their neighbours; an empty last line is no worthwhile neighbour.
fn line_numbers(file: &SourceFile, places: &[Place]) -> BTreeSet<u32> {
    let count = file.lines.line_count();
    let mut numbers = BTreeSet::new();
    for place in places {
        let reach = CONTEXT as u32;
        numbers.extend(place.line.saturating_sub(reach).max(1)..=(place.line + reach).min(count));
    }
    let marked = places.iter().any(|place| place.line == count);
    if !marked && file.lines.line_text(&file.text, count).is_empty() {
        numbers.remove(&count);
    }
    numbers
}

/// The column of `line` that must stay visible: where the finding is, or else where the first mark begins.
fn anchor(places: &[Place], wishes: &[Wish], line: u32) -> usize {
    let here = places.iter().zip(wishes).filter(|(place, _)| place.line == line);
    here.map(|(place, wish)| (!wish.primary, place.columns.start)).min().map_or(0, |(_, column)| column)
}

/// The characters to show of a line: all, or `width` columns that begin a little left of `anchor`.
fn window(chars: &[char], anchor: usize, width: usize) -> Range<usize> {
    if chars.iter().map(|c| char_width(*c)).sum::<usize>() <= width {
        return 0..chars.len();
    }
    let mut start = anchor.min(chars.len());
    let mut used = 0;
    while start > 0 && used < width / 4 {
        start -= 1;
        used += char_width(chars[start]);
    }
    let mut end = start;
    used = 0;
    while end < chars.len() && used + char_width(chars[end]) < width {
        used += char_width(chars[end]);
        end += 1;
    }
    start..end
}

fn shown(c: char) -> char {
    if c == '\t' { c } else { visible_char(c) }
}

/// Joins marks on one place and cuts overlapping ones apart: `miette` draws an underline that would overlap the
/// one before it further to the right, under code that it does not mean.
fn separate(marks: Vec<Mark>) -> Vec<Mark> {
    let mut by_place: BTreeMap<(usize, usize), Mark> = BTreeMap::new();
    for mark in marks {
        match by_place.entry((mark.range.start, mark.range.end)) {
            Entry::Occupied(mut same) => same.get_mut().join(mark),
            Entry::Vacant(free) => {
                free.insert(mark);
            }
        }
    }
    let mut apart: Vec<Mark> = Vec::new();
    for mut mark in by_place.into_values() {
        if let Some(last) = apart.last_mut()
            && mark.range.start < last.range.end
        {
            if mark.range.start > last.range.start {
                last.range.end = mark.range.start;
            } else if mark.range.end > last.range.end {
                mark.range.start = last.range.end;
            } else {
                last.join(mark);
                continue;
            }
        }
        apart.push(mark);
    }
    apart
}

impl Mark {
    fn join(&mut self, other: Mark) {
        self.primary |= other.primary;
        self.text = match (self.text.take(), other.text) {
            (Some(a), Some(b)) => Some(format!("{a}; {b}")),
            (a, b) => a.or(b),
        };
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

    use super::*;

    fn wish(start: u32, end: u32, text: &str) -> Wish {
        Wish { text: Some(text.into()), span: Span::new(start, end), primary: false }
    }

    fn build(text: &str, wishes: &[Wish]) -> (Excerpt, Vec<Mark>) {
        Excerpt::new(&SourceFile::new("a.py", text), wishes, 40, '…')
    }

    #[test]
    fn takes_the_lines_around_a_mark() {
        let (excerpt, marks) = build("a\nb\ncc\nd\ne\n", &[wish(4, 6, "x")]);
        assert_eq!(excerpt.text, "b\ncc\nd\n");
        assert_eq!(marks[0].range, 2..4);
        let all = excerpt.read_span(&(2, 2).into(), 1, 1).unwrap();
        assert_eq!((all.line(), all.column(), all.line_count()), (1, 0, 3));
        let head = excerpt.read_span(&(3, 1).into(), 0, 0).unwrap();
        assert_eq!((head.line(), head.column()), (2, 1));
    }

    #[test]
    fn distant_marks_do_not_touch() {
        let (excerpt, marks) = build("a\nb\nc\nd\ne\nf\ng\n", &[wish(0, 1, "x"), wish(12, 13, "y")]);
        assert_eq!(excerpt.text, "a\nb\nf\ng\n");
        let top = excerpt.read_span(&(marks[0].range.clone()).into(), 1, 1).unwrap();
        assert_eq!((top.line(), top.line_count(), top.data()), (0, 2, &b"a\nb\n"[..]));
    }

    #[test]
    fn long_lines_are_clipped_around_the_mark() {
        let line = format!("{}HIT{}", "a".repeat(5000), "b".repeat(5000));
        let (excerpt, marks) = build(&line, &[wish(5000, 5003, "x"), wish(9000, 9001, "far")]);
        assert!(excerpt.text.chars().count() <= 42, "{}", excerpt.text);
        assert_eq!(&excerpt.text[marks[0].range.clone()], "HIT");
        assert_eq!(&excerpt.text[marks[1].range.clone()], "…");
        let head = excerpt.read_span(&marks[0].range.clone().into(), 0, 0).unwrap();
        assert_eq!(head.column(), 5000);
        let primary = Wish { primary: true, ..wish(9000, 9001, "here") };
        let (excerpt, marks) = build(&line, &[wish(0, 1, "x"), primary]);
        assert_eq!(marks.iter().map(|m| &excerpt.text[m.range.clone()]).collect::<Vec<_>>(), ["…", "b"]);
    }

    #[test]
    fn characters_that_act_become_marks_and_positions_still_fit() {
        let (excerpt, marks) = build("é\x1b\u{202e}🎉hit\r\n", &[wish(10, 13, "x")]);
        assert_eq!(excerpt.text, "é␛\u{fffd}🎉hit\n");
        assert_eq!(&excerpt.text[marks[0].range.clone()], "hit");
    }

    #[test]
    fn ends_of_files_and_nonsense_spans_are_marked_somewhere() {
        for text in ["", "x", "x\n", "é"] {
            for (start, end) in [(0, 0), (1, 1), (2, 2), (1, 0), (5, 99), (0, 99), (u32::MAX, u32::MAX)] {
                let (excerpt, marks) = build(text, &[wish(start, end, "x")]);
                assert_eq!(marks.len(), 1);
                assert!(excerpt.text.get(marks[0].range.clone()).is_some_and(|s| !s.is_empty()));
            }
        }
    }

    #[test]
    fn marks_are_joined_or_cut_apart() {
        let (_, marks) = build("abcdefghij", &[wish(0, 8, "1 out"), wish(3, 5, "2 in"), wish(3, 5, "3 in")]);
        let seen: Vec<_> = marks.iter().map(|m| (m.range.clone(), m.text.as_deref().unwrap())).collect();
        assert_eq!(seen, [(0..3, "1 out"), (3..5, "2 in; 3 in")]);
        let (_, marks) = build("abcdefghij", &[wish(0, 8, "out"), wish(0, 3, "in")]);
        let seen: Vec<_> = marks.iter().map(|m| (m.range.clone(), m.text.as_deref().unwrap())).collect();
        assert_eq!(seen, [(0..3, "in"), (3..8, "out")]);
    }
}
