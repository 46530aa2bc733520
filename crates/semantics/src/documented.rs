//! The units that documentation states for parameters.

use crate::analysis::Analysis;
use crate::catalog::Unit;
use crate::value::unit_word;
use timelint_model::{Kind, NodeId, Role};

/// Bytes of documentation that are read.
const MOST_TEXT: usize = 8000;

impl Analysis<'_> {
    /// The unit that the comment before a function, or the text that it begins with, states for a parameter:
    /// `@param timeout in milliseconds`, `:param timeout: seconds to wait`.
    pub(crate) fn documented_unit(&self, function: NodeId, parameter: &str) -> Option<Unit> {
        let model = self.model;
        let start = model.span(function).start;
        // Comments stand one after the other, with nothing but decoration between the last and the function.
        let after = model.comments.partition_point(|c| c.start < start);
        let first_line = model.child(function, Role::Body).and_then(|b| model.children(b).next());
        let docstring =
            first_line.filter(|s| model.kind(*s) == Kind::String).map(|s| unit_told(self.text(s), parameter));
        if let Some(Some(unit)) = docstring {
            return Some(unit);
        }
        let comment = model.comments.get(after.checked_sub(1)?)?;
        let near = start.saturating_sub(comment.end) < 200;
        let between =
            || (comment.end..start).len() < 4 || !self.source_between(comment.end, start).contains(['{', ';', '}']);
        (near && between()).then(|| unit_told(self.source_between(comment.start, comment.end), parameter))?
    }
}

/// The only unit that is named where a documentation speaks of a parameter.
fn unit_told(text: &str, parameter: &str) -> Option<Unit> {
    let text = text.get(..text.len().min(MOST_TEXT)).unwrap_or(text);
    let mut at = 0;
    while let Some(found) = text.get(at..).and_then(|t| t.find(parameter)) {
        let begin = at + found;
        at = begin + parameter.len();
        let line = text[..begin].rsplit('\n').next().unwrap_or("");
        let introduces = line.trim().trim_start_matches(['*', '/', '#']).trim();
        let typed = introduces.starts_with(":param ") || introduces.starts_with("@param");
        let rest = &text[at..];
        let opens = rest.starts_with([':', ' '])
            && (typed || introduces.is_empty() && rest.trim_start().starts_with([':', '(', '-']));
        if !opens {
            continue;
        }
        return only_unit(rest);
    }
    None
}

/// The unit in the first sentence or so.
fn only_unit(rest: &str) -> Option<Unit> {
    let end = [":param", "@", ":return", ":type", "\n\n", ". ", ".\n"].iter().filter_map(|e| rest.find(e)).min();
    let part = &rest[..end.unwrap_or(rest.len())];
    let named = part.split(|c: char| !c.is_ascii_alphabetic()).filter_map(|w| {
        let word = w.to_ascii_lowercase();
        let plain = matches!(
            word.as_str(),
            "seconds" | "secs" | "milliseconds" | "millis" | "ms" | "microseconds" | "nanoseconds"
        );
        unit_word(&word).filter(|_| plain)
    });
    let mut named = named;
    let first = named.next()?;
    named.all(|u| u == first).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documentation_states_units() {
        let java = "/**\n * Waits.\n *\n * @param timeout timeout in milliseconds\n * @return seconds\n */";
        assert_eq!(unit_told(java, "timeout"), Some(Unit::Millis));
        let sphinx = "Receive.\n\n    :param timeout: poll timeout in seconds\n    ";
        assert_eq!(unit_told(sphinx, "timeout"), Some(Unit::Seconds));
        let google = "Args:\n    timeout (float): Seconds to wait.\n    count: In milliseconds.";
        assert_eq!(unit_told(google, "timeout"), Some(Unit::Seconds));
        for text in
            ["the timeout in ms", ":param timeout_ms: ms", ":param timeout: seconds, or ms", "@param timeout a length"]
        {
            assert_eq!(unit_told(text, "timeout"), None, "{text}");
        }
    }
}
