//! Reads the part of tree-sitter's query language that packs may use.
//!
//! Patterns are rooted, free of anchors and grouping, and carry only the predicates `#eq?`, `#not-eq?`, `#any-of?`,
//! `#not-any-of?` and `#set!`. Everything else is refused with its place, so that a pack means the same here and in
//! tree-sitter's own query engine.

use thiserror::Error;

/// Why a query file was refused. Displays as `file:line:column: message`, the offending line and a caret.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{file}:{line}:{column}: {message}\n  {excerpt}\n  {caret:>column$}", caret = "^")]
pub struct QueryError {
    /// The query file's name.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in bytes, from 1.
    pub column: usize,
    /// What is wrong and how to mend it.
    pub message: String,
    /// The line of the file.
    pub excerpt: String,
}

impl QueryError {
    pub(crate) fn at(file: &str, text: &str, offset: usize, message: impl Into<String>) -> Self {
        let offset = offset.min(text.len());
        let before = text.get(..offset).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |i| i + 1);
        Self {
            file: file.to_owned(),
            line: before.matches('\n').count() + 1,
            column: offset - line_start + 1,
            message: message.into(),
            excerpt: text.get(line_start..).and_then(|t| t.lines().next()).unwrap_or("").to_owned(),
        }
    }
}

/// How often a child pattern may match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Quantifier {
    /// At least one child must match.
    Required,
    /// Matching is optional.
    Optional,
}

/// What a node must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Test {
    /// A named node of this kind.
    Named(String),
    /// An anonymous token.
    Token(String),
    /// Any named node, `(_)`.
    AnyNamed,
    /// Any node, `_`.
    Any,
    /// One of several patterns.
    OneOf(Vec<Element>),
}

/// One element of a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Element {
    pub(crate) test: Test,
    pub(crate) field: Option<String>,
    pub(crate) children: Vec<Element>,
    pub(crate) absent_fields: Vec<String>,
    pub(crate) captures: Vec<(String, usize)>,
    pub(crate) quantifier: Quantifier,
    pub(crate) offset: usize,
}

/// A text predicate on a capture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Predicate {
    pub(crate) capture: String,
    pub(crate) values: Vec<String>,
    pub(crate) negated: bool,
    pub(crate) offset: usize,
}

/// A rooted pattern with its predicates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pattern {
    pub(crate) root: Element,
    pub(crate) predicates: Vec<Predicate>,
    pub(crate) settings: Vec<(String, String, usize)>,
    pub(crate) offset: usize,
}

/// The packs named on a first line `; inherits: a, b`.
pub fn inherited_packs(text: &str) -> Vec<String> {
    let first = text.lines().next().unwrap_or("");
    let Some(list) = first.trim_start_matches([';', ' ']).strip_prefix("inherits:") else { return Vec::new() };
    list.split(',').map(|s| s.trim().to_owned()).filter(|s| !s.is_empty()).collect()
}

/// Parses a query file.
pub(crate) fn parse(file: &str, text: &str) -> Result<Vec<Pattern>, QueryError> {
    Reader { file, text, at: 0, depth: 0 }.patterns()
}

/// Deeper nesting than any real pattern; keeps a hostile pack from exhausting the stack.
const MAX_DEPTH: usize = 32;

struct Reader<'t> {
    file: &'t str,
    text: &'t str,
    at: usize,
    depth: usize,
}

impl Reader<'_> {
    fn error(&self, offset: usize, message: impl Into<String>) -> QueryError {
        QueryError::at(self.file, self.text, offset, message)
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_blank(&mut self) {
        while let Some(b) = self.peek() {
            match b {
                b';' => self.at = self.text[self.at..].find('\n').map_or(self.text.len(), |i| self.at + i),
                b if b.is_ascii_whitespace() => self.at += 1,
                _ => break,
            }
        }
    }

    fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn word(&mut self) -> String {
        let start = self.at;
        while self.peek().is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-' | b'?' | b'!')) {
            self.at += 1;
        }
        self.text[start..self.at].to_owned()
    }

    fn quoted(&mut self) -> Result<String, QueryError> {
        let start = self.at;
        self.at += 1;
        let mut out = String::new();
        let mut chars = self.text[self.at..].char_indices();
        while let Some((i, c)) = chars.next() {
            match c {
                '"' => {
                    self.at += i + 1;
                    return Ok(out);
                }
                '\\' => match chars.next() {
                    Some((_, 'n')) => out.push('\n'),
                    Some((_, other)) => out.push(other),
                    None => break,
                },
                other => out.push(other),
            }
        }
        Err(self.error(start, "this string is never closed"))
    }

    fn patterns(&mut self) -> Result<Vec<Pattern>, QueryError> {
        let mut all = Vec::new();
        loop {
            self.skip_blank();
            if self.peek().is_none() {
                return Ok(all);
            }
            all.push(self.pattern()?);
        }
    }

    /// A top-level pattern: an element, or `(element predicates…)`.
    fn pattern(&mut self) -> Result<Pattern, QueryError> {
        let offset = self.at;
        let mut pattern = Pattern { root: Element::any(offset), predicates: Vec::new(), settings: Vec::new(), offset };
        let save = self.at;
        if self.eat(b'(') {
            self.skip_blank();
            if matches!(self.peek(), Some(b'(' | b'[' | b'"')) {
                pattern.root = self.element(&mut pattern_sink())?;
                loop {
                    self.skip_blank();
                    match self.peek() {
                        Some(b')') => break,
                        Some(b'(') if self.text[self.at + 1..].trim_start().starts_with('#') => {
                            self.predicate(&mut pattern)?;
                        }
                        _ => {
                            return Err(
                                self.error(self.at, "groups of siblings are not supported: write one rooted pattern")
                            );
                        }
                    }
                }
                self.at += 1;
                return Ok(pattern);
            }
            self.at = save;
        }
        let mut found = pattern_sink();
        pattern.root = self.element(&mut found)?;
        pattern.predicates = found.predicates;
        pattern.settings = found.settings;
        Ok(pattern)
    }

    fn element(&mut self, sink: &mut Pattern) -> Result<Element, QueryError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.error(self.at, "patterns nest too deeply"));
        }
        self.skip_blank();
        let offset = self.at;
        let mut element = match self.peek() {
            Some(b'(') => self.node(sink)?,
            Some(b'[') => self.alternatives(sink)?,
            Some(b'"') => Element { test: Test::Token(self.quoted()?), ..Element::any(offset) },
            Some(b'_') => {
                self.at += 1;
                Element::any(offset)
            }
            Some(b'.') => {
                return Err(self.error(offset, "anchors are not supported: patterns are free of sibling order"));
            }
            Some(c) => return Err(self.error(offset, format!("expected a pattern, found `{}`", c as char))),
            None => return Err(self.error(offset, "expected a pattern, found the end of the file")),
        };
        self.suffix(&mut element)?;
        self.depth -= 1;
        Ok(element)
    }

    fn suffix(&mut self, element: &mut Element) -> Result<(), QueryError> {
        loop {
            self.skip_blank();
            match self.peek() {
                Some(b'?' | b'*') => {
                    self.at += 1;
                    element.quantifier = Quantifier::Optional;
                }
                Some(b'+') => self.at += 1,
                Some(b'@') => {
                    let at = self.at;
                    self.at += 1;
                    let name = self.word();
                    if name.is_empty() {
                        return Err(self.error(at, "a capture needs a name after `@`"));
                    }
                    element.captures.push((name, at));
                }
                _ => return Ok(()),
            }
        }
    }

    fn alternatives(&mut self, sink: &mut Pattern) -> Result<Element, QueryError> {
        let offset = self.at;
        self.at += 1;
        let mut options = Vec::new();
        loop {
            self.skip_blank();
            if self.eat(b']') {
                return Ok(Element { test: Test::OneOf(options), ..Element::any(offset) });
            }
            options.push(self.element(sink)?);
        }
    }

    fn node(&mut self, sink: &mut Pattern) -> Result<Element, QueryError> {
        let offset = self.at;
        self.at += 1;
        self.skip_blank();
        let name_at = self.at;
        let kind = self.word();
        let test = match kind.as_str() {
            "" => return Err(self.error(name_at, "expected a node kind after `(`")),
            "_" => Test::AnyNamed,
            "ERROR" | "MISSING" => return Err(self.error(name_at, format!("`{kind}` cannot be matched"))),
            _ => Test::Named(kind),
        };
        let mut element = Element { test, ..Element::any(offset) };
        loop {
            self.skip_blank();
            let at = self.at;
            match self.peek() {
                Some(b')') => {
                    self.at += 1;
                    return Ok(element);
                }
                Some(b'!') => {
                    self.at += 1;
                    element.absent_fields.push(self.word());
                }
                Some(b'(') if self.text[at + 1..].trim_start().starts_with('#') => self.predicate(sink)?,
                Some(b) if b.is_ascii_alphabetic() => {
                    let field = self.word();
                    self.skip_blank();
                    if !self.eat(b':') {
                        return Err(self.error(at, format!("expected `:` after the field `{field}`")));
                    }
                    let mut child = self.element(sink)?;
                    child.field = Some(field);
                    element.children.push(child);
                }
                None => return Err(self.error(offset, "this pattern is never closed")),
                _ => element.children.push(self.element(sink)?),
            }
        }
    }

    fn predicate(&mut self, sink: &mut Pattern) -> Result<(), QueryError> {
        let offset = self.at;
        self.at += 1;
        self.skip_blank();
        self.at += 1;
        let name = self.word();
        let mut captures = Vec::new();
        let mut values = Vec::new();
        loop {
            self.skip_blank();
            match self.peek() {
                Some(b')') => {
                    self.at += 1;
                    break;
                }
                Some(b'@') => {
                    self.at += 1;
                    captures.push(self.word());
                }
                Some(b'"') => values.push(self.quoted()?),
                Some(_) => {
                    let word = self.word();
                    if word.is_empty() {
                        return Err(self.error(self.at, "expected a capture, a string or `)`"));
                    }
                    values.push(word);
                }
                None => return Err(self.error(offset, "this predicate is never closed")),
            }
        }
        match (name.as_str(), captures.as_slice(), values.as_slice()) {
            ("set!", [], [key, value]) => sink.settings.push((key.clone(), value.clone(), offset)),
            ("eq?" | "not-eq?", [capture], [_]) | ("any-of?" | "not-any-of?", [capture], [_, ..]) => {
                let negated = name.starts_with("not-");
                sink.predicates.push(Predicate { capture: capture.clone(), values, negated, offset });
            }
            ("set!" | "eq?" | "not-eq?" | "any-of?" | "not-any-of?", ..) => {
                return Err(self.error(offset, format!("`#{name}` has the wrong arguments")));
            }
            _ => {
                return Err(self.error(
                    offset,
                    format!("unknown predicate `#{name}`: use #eq?, #not-eq?, #any-of?, #not-any-of? or #set!"),
                ));
            }
        }
        Ok(())
    }
}

fn pattern_sink() -> Pattern {
    Pattern { root: Element::any(0), predicates: Vec::new(), settings: Vec::new(), offset: 0 }
}

impl Element {
    fn any(offset: usize) -> Self {
        Self {
            test: Test::Any,
            field: None,
            children: Vec::new(),
            absent_fields: Vec::new(),
            captures: Vec::new(),
            quantifier: Quantifier::Required,
            offset,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(text: &str) -> String {
        parse("q.scm", text).map_or_else(|e| e.to_string(), |_| String::new())
    }

    #[test]
    fn fields_captures_predicates_and_settings_are_read() {
        let text = "; c\n((call function: (identifier) @_f !arguments) @call (#eq? @_f \"x\") (#set! name \"y\"))";
        let patterns = parse("q.scm", text).expect("valid");
        assert_eq!(patterns.len(), 1);
        assert_eq!(patterns[0].root.captures[0].0, "call");
        assert_eq!(patterns[0].root.children[0].field.as_deref(), Some("function"));
        assert_eq!(patterns[0].root.absent_fields, ["arguments"]);
        assert_eq!(patterns[0].predicates[0].values, ["x"]);
        assert_eq!(patterns[0].settings[0].1, "y");
    }

    #[test]
    fn errors_name_the_place_and_show_the_line() {
        assert_eq!(
            message("(a)\n (b . (c))"),
            "q.scm:2:5: anchors are not supported: patterns are free of sibling order\n   (b . (c))\n      ^"
        );
        assert!(message("(a (#foo? @x))").contains("unknown predicate `#foo?`"));
        assert!(message("(a").contains("never closed"));
        assert!(message("(a \"b)").contains("string is never closed"));
        assert!(message("((a) (b))").contains("groups of siblings"));
        assert!(message("(a) @").contains("needs a name"));
        assert!(message("(a (#eq? \"x\"))").contains("wrong arguments"));
        assert!(message(&"(a ".repeat(100)).contains("nest too deeply"));
    }

    #[test]
    fn inheritance_is_read_from_the_first_line_only() {
        assert_eq!(inherited_packs("; inherits: _ecma, _ts\n(x)"), ["_ecma", "_ts"]);
        assert!(inherited_packs("(x)\n; inherits: _ecma").is_empty());
    }
}
