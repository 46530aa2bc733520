//! Removing a name from a suppression comment, and the comment with its last name.

use timelint_diagnostics::{Edit, Location, SourceFile, Span};

/// The edit that removes the name at `name` from the directive at `place` in the comment at `comment`. `None` where
/// other text stands in the way.
pub(super) fn name(source: &SourceFile, comment: Span, place: Span, name: Span) -> Option<Edit> {
    let text = &source.text;
    let list = place.text(text);
    let (open, close) = (list.find('[')?, list.find(']')?);
    let span = if list[open..close].contains(',') {
        one_of_many(text, name, place.start + close as u32)
    } else {
        whole(source, comment, place)?
    };
    Some(Edit { location: Location::new(source.path.clone(), span), text: String::new() })
}

/// A name with the comma behind it, or the one before it where it is the last.
fn one_of_many(text: &str, name: Span, close: u32) -> Span {
    let behind = Span::new(name.end, close).text(text);
    if let Some(comma) = behind.find(',') {
        let blanks = behind[comma + 1..].len() - behind[comma + 1..].trim_start().len();
        return Span::new(name.start, name.end + (comma + 1 + blanks) as u32);
    }
    let before = text[..name.start as usize].trim_end().strip_suffix(',').unwrap_or("");
    Span::new(before.len() as u32, name.end)
}

/// The comment, with its line where nothing else stands there.
fn whole(source: &SourceFile, comment: Span, place: Span) -> Option<Span> {
    let text = &source.text;
    let lead = Span::new(comment.start, place.start).text(text);
    let rest = Span::new(place.end, comment.end).text(text);
    let is_alone = lead.chars().all(|c| !c.is_alphanumeric()) && rest.chars().all(|c| matches!(c, '*' | '/' | ' '));
    if !is_alone || comment.text(text).contains('\n') {
        return None;
    }
    let line = source.lines.line(comment.start);
    let start = source.lines.line_start(line);
    let before = Span::new(start, comment.start).text(text);
    let after = text.get(comment.end as usize..)?;
    let end = after.find('\n').unwrap_or(after.len());
    if !after[..end].trim().is_empty() {
        return Some(comment);
    }
    if before.trim().is_empty() {
        let newline = usize::from(end < after.len());
        return Some(Span::new(start, comment.end + (end + newline) as u32));
    }
    Some(Span::new(start + before.trim_end().len() as u32, comment.end))
}
