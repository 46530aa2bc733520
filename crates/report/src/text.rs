//! Small pieces of text for people: visible control characters, wrapping, counting words, colours.

use timelint_diagnostics::Severity;

/// The mark that stands for a character which a terminal would act on instead of showing it.
pub(crate) fn visible_char(c: char) -> char {
    match c {
        '\0'..='\x1f' => char::from_u32(0x2400 + u32::from(c)).unwrap_or(char::REPLACEMENT_CHARACTER),
        '\x7f' => '\u{2421}',
        '\u{80}'..='\u{9f}'
        | '\u{ad}'
        | '\u{61c}'
        | '\u{200b}'
        | '\u{200e}'
        | '\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e007f}' => char::REPLACEMENT_CHARACTER,
        other => other,
    }
}

/// `text` on one line, with control and bidirectional characters made visible; for paths and quoted code.
pub(crate) fn visible(text: &str) -> String {
    text.chars().map(visible_char).collect()
}

/// `text` on one line for prose: line breaks and tabs become spaces, other controls become visible.
pub(crate) fn one_line(text: &str) -> String {
    text.trim().chars().map(|c| if matches!(c, '\n' | '\r' | '\t') { ' ' } else { visible_char(c) }).collect()
}

/// At most `limit` characters of `text`; a cut is marked by `mark`, which counts.
pub(crate) fn clip(text: &str, limit: usize, mark: &str) -> String {
    if text.chars().nth(limit).is_none() {
        return text.to_owned();
    }
    let keep = limit.saturating_sub(mark.chars().count());
    let mut out: String = text.chars().take(keep).collect();
    out.push_str(mark);
    out
}

/// Columns that `c` takes in a terminal, roughly: enough to clip and wrap, too coarse to align.
pub(crate) fn char_width(c: char) -> usize {
    match c {
        '\t' => 4,
        '\u{300}'..='\u{36f}' | '\u{200c}' | '\u{200d}' | '\u{fe00}'..='\u{fe0f}' => 0,
        '\u{1100}'..='\u{115f}'
        | '\u{2e80}'..='\u{a4cf}'
        | '\u{ac00}'..='\u{d7a3}'
        | '\u{f900}'..='\u{faff}'
        | '\u{fe30}'..='\u{fe6f}'
        | '\u{ff00}'..='\u{ff60}'
        | '\u{1f300}'..='\u{1faff}'
        | '\u{20000}'..='\u{3fffd}' => 2,
        _ => 1,
    }
}

/// `text` as a link that terminals follow (OSC 8).
pub(crate) fn link(url: &str, text: &str) -> String {
    format!("\x1b]8;;{url}\x1b\\{text}\x1b]8;;\x1b\\")
}

/// Prose under `head`, wrapped at `width`, later lines indented as far as `head` is wide.
pub(crate) fn paragraph(head: &str, text: &str, width: usize) -> String {
    let indent = head.chars().count();
    let room = width.saturating_sub(indent).max(30);
    let mut out = String::from(head);
    for (nth, line) in text.trim().lines().flat_map(|line| wrap(line, room)).enumerate() {
        if nth > 0 {
            out.push('\n');
            out.push_str(&" ".repeat(indent));
        }
        out.push_str(&line);
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

fn wrap(text: &str, room: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut used = 0;
    for word in text.split_whitespace().map(visible) {
        let columns: usize = word.chars().map(char_width).sum();
        if used > 0 && used + 1 + columns > room {
            lines.push(std::mem::take(&mut line));
            used = 0;
        }
        if used > 0 {
            line.push(' ');
            used += 1;
        }
        line.push_str(&word);
        used += columns;
    }
    lines.push(line);
    lines
}

/// Each of `lines` on a line of its own behind `indent`, without trailing blanks.
pub(crate) fn indented<'t>(indent: &str, lines: impl IntoIterator<Item = &'t str>) -> String {
    let mut out = String::new();
    for line in lines {
        let line = line.trim_end();
        if !line.is_empty() {
            out.push_str(indent);
            out.push_str(line);
        }
        out.push('\n');
    }
    out
}

/// `1,204`.
pub(crate) fn number(n: usize) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

/// `1 file`, `1,204 files`.
pub(crate) fn count(n: usize, noun: &str) -> String {
    format!("{} {noun}{}", number(n), if n == 1 { "" } else { "s" })
}

/// Wraps `text` in an ANSI style where colours are on.
pub(crate) fn paint(color: bool, style: &str, text: &str) -> String {
    if color { format!("\x1b[{style}m{text}\x1b[0m") } else { text.to_owned() }
}

/// The ANSI style of a severity.
pub(crate) fn severity_style(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "1;31",
        Severity::Warning => "1;33",
        Severity::Note => "1;36",
    }
}

/// The ANSI style of paths.
pub(crate) const BOLD: &str = "1";
/// The ANSI style of asides.
pub(crate) const DIM: &str = "2";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn controls_become_visible_and_keep_one_character_each() {
        assert_eq!(visible("a\x1b[31m\u{202e}b\x7f\u{9b}"), "a␛[31m\u{fffd}b␡\u{fffd}");
        assert_eq!(one_line(" two\r\n lines\t. "), "two   lines .");
        assert_eq!(visible("é日🎉"), "é日🎉");
    }

    #[test]
    fn prose_wraps_with_a_hanging_indent() {
        let text = "one two three four five six seven eight nine ten";
        assert_eq!(paragraph("  why: ", text, 37), "  why: one two three four five six\n       seven eight nine ten\n");
        assert_eq!(paragraph("  why: ", "", 40), "  why:\n");
        assert_eq!(paragraph("  why: ", "日本日本日本日本日本 日本日本日本", 0).lines().count(), 2);
    }

    #[test]
    fn numbers_and_nouns() {
        assert_eq!(count(1, "file"), "1 file");
        assert_eq!(count(0, "file"), "0 files");
        assert_eq!(count(1_234_567, "file"), "1,234,567 files");
        assert_eq!(clip("abcdef", 4, "…"), "abc…");
        assert_eq!(clip("abcd", 4, "…"), "abcd");
    }
}
