//! The text of a suppression comment.

use crate::day::Day;
use crate::suggest::hint;

/// What every suppression comment holds.
pub(super) const MARK: &str = "timelint:";

const VERBS: [(&str, Verb); 4] = [
    ("ignore", Verb::Statement),
    ("ignore-file", Verb::File),
    ("ignore-start", Verb::Start),
    ("ignore-end", Verb::End),
];

/// What a comment covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    Statement,
    File,
    Start,
    End,
}

/// A well-formed comment.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Directive<'t> {
    pub(super) verb: Verb,
    pub(super) names: Vec<&'t str>,
    /// The last day on which it holds.
    pub(super) until: Option<Day>,
    /// What follows `--`; `None` where there is no `--`.
    pub(super) reason: Option<&'t str>,
}

impl Directive<'_> {
    /// What is missing though it works.
    pub(super) fn complaint(&self) -> Option<String> {
        if self.verb == Verb::End || self.reason.is_some_and(|r| !r.is_empty()) {
            return None;
        }
        let word = VERBS.iter().find(|v| v.1 == self.verb).map_or("ignore", |v| v.0);
        let names = self.names.join(", ");
        Some(format!("this suppression needs a reason: `timelint: {word}[{names}] -- why this is fine`"))
    }
}

/// The directives of a comment, each with its offset: one a line.
pub(super) fn read(comment: &str) -> Vec<(usize, Result<Directive<'_>, String>)> {
    let mut all = Vec::new();
    let mut start = 0;
    for line in comment.split_inclusive('\n') {
        if let Some(at) = line.find(MARK) {
            let after = line[at + MARK.len()..].trim_start();
            // Prose may mention the tool; a directive starts its line, or says what it wants.
            let leads = line[..at].chars().all(|c| !c.is_alphanumeric());
            if leads || after.starts_with("ignore") {
                all.push((start + at, parse(after)));
            }
        }
        start += line.len();
    }
    all
}

fn parse(text: &str) -> Result<Directive<'_>, String> {
    let end = text.find(|c: char| !c.is_ascii_alphabetic() && c != '-').unwrap_or(text.len());
    let (word, rest) = text.split_at(end);
    let Some((_, verb)) = VERBS.iter().find(|v| v.0 == word) else {
        let words: Vec<&str> = VERBS.iter().map(|v| v.0).collect();
        return Err(format!("`timelint: {word}` is no instruction{}", hint(word, &words)));
    };
    let example = format!("write `timelint: {word}[rule-name] -- reason`");
    let inner =
        rest.trim_start().strip_prefix('[').ok_or_else(|| format!("the rules to ignore must be named: {example}"))?;
    let (list, tail) = inner.split_once(']').ok_or_else(|| format!("the list of rules has no `]`: {example}"))?;
    let names: Vec<&str> = list.split(',').map(str::trim).filter(|n| !n.is_empty()).collect();
    if names.is_empty() {
        return Err(format!("the list of rules is empty: {example}"));
    }
    let tail = tail.trim().trim_end_matches("*/").trim_end_matches("-->").trim();
    let (until, tail) = match tail.strip_prefix("until=") {
        Some(after) => {
            let (day, rest) = after.split_at(after.find(char::is_whitespace).unwrap_or(after.len()));
            (Some(day.parse::<Day>()?), rest.trim_start())
        }
        None => (None, tail),
    };
    Ok(Directive { verb: *verb, names, until, reason: tail.strip_prefix("--").map(str::trim) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(comment: &str) -> Result<Directive<'_>, String> {
        let mut all = read(comment);
        assert_eq!(all.len(), 1, "{comment}");
        all.remove(0).1
    }

    #[test]
    fn comments_of_all_languages_are_understood() {
        for comment in [
            "// timelint: ignore[a-b, clock] -- one host",
            "# timelint:ignore [a-b,clock] -- one host",
            "/* timelint: ignore[a-b, clock] -- one host */",
            "/**\n * timelint: ignore[a-b, clock] -- one host\n */",
            "# noqa: E501  timelint: ignore[a-b, clock] -- one host",
        ] {
            let directive = one(comment).expect(comment);
            assert_eq!(
                directive,
                Directive { verb: Verb::Statement, names: vec!["a-b", "clock"], until: None, reason: Some("one host") }
            );
            assert_eq!(directive.complaint(), None);
        }
        assert_eq!(one("// timelint: ignore-file[all] -- x").map(|d| d.verb), Ok(Verb::File));
    }

    #[test]
    fn a_missing_reason_is_reported_with_the_text_to_write() {
        let complaint = |c| one(c).ok().and_then(|d| d.complaint());
        let wanted = Some("this suppression needs a reason: `timelint: ignore[a] -- why this is fine`".to_owned());
        assert_eq!(complaint("// timelint: ignore[a]"), wanted);
        assert_eq!(complaint("// timelint: ignore[a] --"), wanted);
        assert_eq!(complaint("// timelint: ignore[a] because"), wanted);
        assert_eq!(complaint("// timelint: ignore-end[a]"), None);
    }

    #[test]
    fn malformed_comments_say_how_to_write_them() {
        let error = |c| one(c).err().unwrap_or_default();
        assert_eq!(error("// timelint: ignor[a]"), "`timelint: ignor` is no instruction: did you mean `ignore`?");
        assert!(error("// timelint: ignore").contains("must be named: write `timelint: ignore[rule-name] -- reason`"));
        assert!(error("// timelint: ignore a -- x").contains("must be named"));
        assert!(error("// timelint: ignore[a -- x").contains("no `]`"));
        assert!(error("// timelint: ignore[ ] -- x").contains("is empty"));
    }

    #[test]
    fn an_end_may_be_given() {
        let directive = one("// timelint: ignore[a] until=2027-06-30 -- until the move").expect("well-formed");
        assert_eq!(
            (directive.until.map(|d| d.to_string()).as_deref(), directive.complaint()),
            (Some("2027-06-30"), None)
        );
        assert!(one("// timelint: ignore[a] until=soon -- x").is_err_and(|e| e.contains("`soon` is no day")));
    }

    #[test]
    fn prose_is_left_alone() {
        assert!(read("// this is what timelint: the linter, says").is_empty());
        assert!(read("// see timelint").is_empty());
    }
}
