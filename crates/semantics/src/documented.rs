//! The units that documentation states for parameters.

use crate::analysis::Analysis;
use crate::catalog::Unit;
use crate::measures::{By, Measure};
use crate::tables::{Store, StoreKind};
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

    /// The unit that the documentation of a function states for a parameter. Code and documentation may differ in which of
    /// them is wrong.
    pub(crate) fn measure_documented(&self, name: NodeId) -> Option<Measure> {
        let model = self.model;
        let symbol = model.sym(name);
        if !self.is_called_length(name) {
            return None;
        }
        let function = self.scopes(name).find(|s| !self.tables.stores(*s, symbol).is_empty())?;
        let mut reaching =
            self.tables.stores(function, symbol).iter().filter(|s| s.at < name && !model.contains(s.at, name));
        let first = reaching.next().filter(|s| matches!(s.kind, StoreKind::Param(_)))?;
        let unit = reaching.next().is_none().then(|| self.documented_unit(function, model.name(name)))??;
        Some(Measure { unit, source: first.at, by: By::Documentation })
    }

    /// The unit that a comment states where a variable, constant or field is declared.
    pub(crate) fn measure_commented(&self, read: NodeId) -> Option<Measure> {
        const MOST: usize = 8;
        let model = self.model;
        if !self.is_called_length(read) {
            return None;
        }
        let stores: Vec<Store> = match model.kind(read) {
            Kind::Member => {
                let object = model.child(read, Role::Object).filter(|o| self.tables.is_this(model, *o))?;
                let class = self.tables.class_around(model, object)?;
                self.tables.classes[class as usize].fields.get(&model.sym(read))?.clone()
            }
            _ => self.stores_of(read).to_vec(),
        };
        let declares = |s: &&Store| {
            matches!(s.kind, StoreKind::Plain) && matches!(model.kind(s.at), Kind::Field | Kind::Let | Kind::Assign)
        };
        let mut told =
            stores.iter().filter(declares).take(MOST).filter_map(|s| Some((s.at, self.unit_commented(s.at)?)));
        let (source, unit) = told.next()?;
        told.all(|(_, other)| other == unit).then_some(Measure { unit, source, by: By::Documentation })
    }

    /// The unit that the comment on a declaration states for what is kept in it: `int timeout; // in seconds`.
    pub fn unit_commented(&self, declaration: NodeId) -> Option<Unit> {
        let model = self.model;
        let span = model.span(declaration);
        let after = model.comments.partition_point(|c| c.start < span.end);
        let trailing = model.comments.get(after).filter(|c| {
            let between = self.source_between(span.end, c.start);
            c.start >= span.end
                && between.len() < 80
                && !between.contains(|x: char| !matches!(x, ' ' | '\t' | ',' | ';'))
        });
        if let Some(unit) = trailing.and_then(|c| unit_of_comment(self.source_between(c.start, c.end))) {
            return Some(unit);
        }
        let before = model.comments.partition_point(|c| c.start < span.start);
        let comment = model.comments.get(before.checked_sub(1)?)?;
        let gap = self.source_between(comment.end.min(span.start), span.start);
        let adjoins =
            comment.end <= span.start && gap.len() < 80 && gap.trim().is_empty() && gap.matches('\n').count() <= 1;
        // What follows code on its line is a comment on that.
        let line = self.source_between(comment.start.saturating_sub(80), comment.start);
        let alone = line.rsplit('\n').next().is_some_and(|l| l.trim().is_empty());
        (adjoins && alone).then(|| unit_of_comment(self.source_between(comment.start, comment.end)))?
    }
}

/// The unit in which a comment says that something is counted. `30 seconds` says how long, in whatever unit.
fn unit_of_comment(text: &str) -> Option<Unit> {
    const LONG: usize = 400;
    if text.len() > LONG {
        return None;
    }
    let mut named: Option<Unit> = None;
    let mut said = false;
    let mut before = "";
    let words = || text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|w| !w.is_empty());
    let alone = words().count() == 1;
    for word in words() {
        let lower = word.to_ascii_lowercase();
        if let Some(unit) = unit_word(&lower).filter(|_| !matches!(lower.as_str(), "us" | "ns" | "s" | "day" | "hour"))
        {
            if named.is_some_and(|n| n != unit) {
                return None;
            }
            named = Some(unit);
            said |= alone || matches!(before.to_ascii_lowercase().as_str(), "in" | "of" | "unit" | "units");
        }
        before = word;
    }
    let bracketed = |unit: &str| {
        let mut at = text.match_indices(['(', '[']).map(|(i, _)| &text[i + 1..]);
        at.any(|t| t.split([')', ']']).next().is_some_and(|t| t.trim().eq_ignore_ascii_case(unit)))
    };
    let in_brackets = || ["ms", "milliseconds", "seconds", "secs", "sec", "millis"].iter().any(|u| bracketed(u));
    named.filter(|_| said || in_brackets())
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
    fn comments_state_units() {
        for text in
            ["// in seconds", "// secs", "/** The timeout, in seconds. */", "# timeout (seconds)", "number of seconds"]
        {
            assert_eq!(unit_of_comment(text), Some(Unit::Seconds), "{text}");
        }
        for text in
            ["// 30 seconds", "// seconds or ms", "// waits a few seconds", "// one minute in ms", "// tell us in time"]
        {
            assert_eq!(unit_of_comment(text), None, "{text}");
        }
    }

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
