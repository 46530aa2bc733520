//! Text within the limits: complete first sentences, links to related locations.

use crate::text::{clip, one_line};
use serde_sarif::sarif::{Message, MultiformatMessageString};

/// Characters that GitHub takes in a description; held everywhere.
pub(super) const LIMIT: usize = 1024;
/// Characters of the sentence that says what is wrong.
const HEADLINE: usize = 400;
/// Characters of one link's text, and of all links.
const LINK: usize = 120;
const LINKS: usize = 400;

/// Plain text as a message.
pub(super) fn message(text: &str) -> Message {
    Message::builder().text(text).build()
}

/// `text` on one line, as a sentence, at most `limit` characters.
pub(super) fn sentence(text: &str, limit: usize) -> String {
    capital(&ended(text, limit))
}

/// `text` on one line, ending as a sentence does, at most `limit` characters.
pub(super) fn ended(text: &str, limit: usize) -> String {
    let line = one_line(text);
    let line = line.trim_end_matches('.');
    if line.is_empty() {
        return String::new();
    }
    let mut out = clip(line, limit.saturating_sub(1), "…");
    if !out.ends_with(['!', '?', '…']) {
        out.push('.');
    }
    out
}

/// `text` with a capital first, unless it begins with what may be code.
fn capital(text: &str) -> String {
    let word = text.split(' ').next().unwrap_or_default();
    if !word.trim_end_matches([',', '.']).bytes().all(|b| b.is_ascii_lowercase()) {
        return text.to_owned();
    }
    let (first, rest) = text.split_at(text.len().min(1));
    first.to_ascii_uppercase() + rest
}

/// A text that must not be empty.
pub(super) fn description(text: &str, otherwise: &str) -> MultiformatMessageString {
    let text = sentence(text, LIMIT);
    let text = if text.is_empty() { sentence(otherwise, LIMIT) } else { text };
    MultiformatMessageString::builder().text(text).build()
}

/// Backslashes before what SARIF would read as a link.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '[' | ']' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// A result's text: what is wrong, why, and where the story goes. `steps` and `others` are the texts of related
/// locations with their ids.
pub(super) fn result_text(what: &str, why: &str, steps: &[(i64, &str)], others: &[(i64, &str)]) -> String {
    let mut text = escape(&sentence(what, HEADLINE));
    if text.is_empty() {
        text.push_str("Timing bug.");
    }
    let mut tail = String::new();
    append_links(&mut tail, "In time: ", steps, ", then ");
    append_links(&mut tail, "Also on this line: ", others, ", ");
    let room = LIMIT.saturating_sub(text.chars().count() + tail.chars().count() + 1);
    // Escapes may double a text.
    let mut why = escape(&sentence(why, room));
    if why.chars().count() > room {
        why = escape(&sentence(&why, room / 2));
    }
    if !why.is_empty() && room > 20 {
        text.push(' ');
        text.push_str(&why);
    }
    text.push_str(&tail);
    text
}

fn append_links(out: &mut String, head: &str, places: &[(i64, &str)], between: &str) {
    let mut length = 0;
    for (nth, (id, text)) in places.iter().enumerate() {
        let label = escape(&clip(&one_line(text), LINK, "…"));
        let label = if label.is_empty() { "here".to_owned() } else { label };
        length += label.chars().count() + 12;
        if length > LINKS && nth > 0 {
            out.push_str(", …");
            break;
        }
        out.push_str(if nth == 0 { " " } else { between });
        if nth == 0 {
            out.push_str(head);
        }
        out.extend(["[", &label, "](", &id.to_string(), ")"]);
    }
    if !places.is_empty() {
        out.push('.');
    }
}
