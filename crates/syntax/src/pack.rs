//! A language's query files, checked and compiled into a table keyed by node kind.

use crate::language::Language;
use crate::query::{self, Element, Quantifier, QueryError, Test};
use timelint_model::{Capture, Kind, capture, capture_names};

/// One query file of a pack.
#[derive(Debug, Clone)]
pub struct QuerySource {
    /// Name for messages, such as `queries/go/structure.scm` or the user's path.
    pub file: String,
    /// Its text.
    pub text: String,
}

#[derive(Debug, Clone)]
pub(crate) enum CompiledTest {
    Kind(u16),
    Any,
    AnyNamed,
    OneOf(Vec<CompiledElement>),
}

#[derive(Debug, Clone)]
pub(crate) struct CompiledElement {
    pub(crate) test: CompiledTest,
    pub(crate) field: Option<u16>,
    pub(crate) absent: Vec<u16>,
    pub(crate) children: Vec<CompiledElement>,
    /// Indexes into [`CompiledPattern::captures`].
    pub(crate) captures: Vec<u16>,
    /// Has no meaning of its own but leads to captured nodes: it makes no node of the model.
    pub(crate) absorbed: bool,
    pub(crate) required: bool,
    /// Whether the order of `children` can decide what they match: some of them name no field.
    pub(crate) ordered: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct CompiledPredicate {
    pub(crate) capture: u16,
    pub(crate) values: Vec<String>,
    pub(crate) negated: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct CompiledPattern {
    pub(crate) kind: Kind,
    pub(crate) root: CompiledElement,
    /// Capture names with what they mean; `None` for `_private` ones.
    pub(crate) captures: Vec<(String, Option<Capture>)>,
    pub(crate) predicates: Vec<CompiledPredicate>,
    pub(crate) name: Option<String>,
    pub(crate) captures_text: bool,
}

/// A compiled pack. Patterns of one root kind are tried in order; the first that matches names the node.
#[derive(Debug)]
pub struct Pack {
    /// The language whose grammar it was compiled against.
    pub language: &'static Language,
    pub(crate) grammar: tree_sitter::Language,
    pub(crate) patterns: Vec<CompiledPattern>,
    pub(crate) by_kind: Vec<Vec<u16>>,
}

impl Pack {
    /// Compiles `sources` in order: patterns of an earlier file win.
    ///
    /// # Errors
    ///
    /// The first mistake, with its file, line and column: bad syntax, a node kind, token or field that the grammar
    /// does not have, a capture outside the vocabulary, an unused capture that does not start with `_`, an unknown
    /// setting, or a pattern without exactly one root capture.
    pub fn compile(language: &'static Language, sources: &[QuerySource]) -> Result<Self, QueryError> {
        let grammar: tree_sitter::Language = language.grammar.into();
        let mut pack =
            Self { language, by_kind: vec![Vec::new(); grammar.node_kind_count()], grammar, patterns: vec![] };
        for source in sources {
            for pattern in query::parse(&source.file, &source.text)? {
                pack.add(source, &pattern)?;
            }
        }
        Ok(pack)
    }

    fn add(&mut self, source: &QuerySource, pattern: &query::Pattern) -> Result<(), QueryError> {
        let mut compiler = Compiler { grammar: &self.grammar, source, captures: Vec::new(), uses: Vec::new() };
        let root = compiler.element(&pattern.root)?;
        let kind = compiler.root_kind(pattern)?;
        let mut predicates = Vec::new();
        for predicate in &pattern.predicates {
            let Some(capture) = compiler.captures.iter().position(|c| c.0 == predicate.capture) else {
                return Err(
                    compiler.error(predicate.offset, format!("no capture `@{}` in this pattern", predicate.capture))
                );
            };
            compiler.uses[capture] = true;
            predicates.push(CompiledPredicate {
                capture: capture as u16,
                values: predicate.values.clone(),
                negated: predicate.negated,
            });
        }
        compiler.check_uses(pattern)?;
        let mut name = None;
        for (key, value, offset) in &pattern.settings {
            if key != "name" {
                return Err(compiler.error(*offset, format!("unknown setting `{key}`: only `name` can be set")));
            }
            name = Some(value.clone());
        }
        let captures = compiler.captures;
        let captures_text = captures.iter().any(|c| matches!(c.1, Some(Capture::Text(_))));
        let index = self.patterns.len() as u16;
        let kinds = root_kinds(&root);
        self.patterns.push(CompiledPattern { kind, root, captures, predicates, name, captures_text });
        for id in kinds {
            let list = &mut self.by_kind[id as usize];
            if list.contains(&index) {
                continue;
            }
            // Idioms say more than structure: they come first.
            let idioms = list
                .iter()
                .take_while(|i| self.patterns.get(**i as usize).is_some_and(|p| p.kind == Kind::Idiom))
                .count();
            list.insert(if kind == Kind::Idiom { idioms } else { list.len() }, index);
        }
        Ok(())
    }
}

fn root_kinds(root: &CompiledElement) -> Vec<u16> {
    match &root.test {
        CompiledTest::Kind(id) => vec![*id],
        CompiledTest::OneOf(options) => options.iter().flat_map(root_kinds).collect(),
        CompiledTest::Any | CompiledTest::AnyNamed => Vec::new(),
    }
}

struct Compiler<'a> {
    grammar: &'a tree_sitter::Language,
    source: &'a QuerySource,
    captures: Vec<(String, Option<Capture>)>,
    uses: Vec<bool>,
}

impl Compiler<'_> {
    fn error(&self, offset: usize, message: impl Into<String>) -> QueryError {
        QueryError::at(&self.source.file, &self.source.text, offset, message)
    }

    fn element(&mut self, element: &Element) -> Result<CompiledElement, QueryError> {
        let test = match &element.test {
            Test::Named(kind) => CompiledTest::Kind(self.kind(kind, true, element.offset)?),
            Test::Token(token) => CompiledTest::Kind(self.kind(token, false, element.offset)?),
            Test::Any => CompiledTest::Any,
            Test::AnyNamed => CompiledTest::AnyNamed,
            Test::OneOf(options) => {
                CompiledTest::OneOf(options.iter().map(|o| self.element(o)).collect::<Result<_, _>>()?)
            }
        };
        let field = element.field.as_deref().map(|f| self.field(f, element.offset)).transpose()?;
        let absent = element.absent_fields.iter().map(|f| self.field(f, element.offset)).collect::<Result<_, _>>()?;
        let mut captures = Vec::new();
        for (name, offset) in &element.captures {
            captures.push(self.capture(name, *offset)?);
        }
        let children = element.children.iter().map(|c| self.element(c)).collect::<Result<Vec<_>, _>>()?;
        let meant = captures.iter().any(|c| self.captures[*c as usize].1.is_some());
        let absorbed = !meant && children.iter().any(|c| self.leads_to_meaning(c));
        let required = element.quantifier == Quantifier::Required;
        let ordered = children.len() > 1 && children.iter().any(|c| c.field.is_none());
        Ok(CompiledElement { test, field, absent, children, captures, absorbed, required, ordered })
    }

    fn leads_to_meaning(&self, element: &CompiledElement) -> bool {
        let inner = match &element.test {
            CompiledTest::OneOf(options) => options.as_slice(),
            _ => &[],
        };
        element.captures.iter().any(|c| self.captures[*c as usize].1.is_some())
            || element.children.iter().chain(inner).any(|c| self.leads_to_meaning(c))
    }

    fn kind(&self, name: &str, named: bool, offset: usize) -> Result<u16, QueryError> {
        match self.grammar.id_for_node_kind(name, named) {
            0 => {
                let what = if named { "node kind" } else { "token" };
                Err(self.error(offset, format!("the grammar has no {what} `{name}`")))
            }
            id => Ok(id),
        }
    }

    fn field(&self, name: &str, offset: usize) -> Result<u16, QueryError> {
        let id = self.grammar.field_id_for_name(name);
        id.map(std::num::NonZero::get).ok_or_else(|| self.error(offset, format!("the grammar has no field `{name}`")))
    }

    fn capture(&mut self, name: &str, offset: usize) -> Result<u16, QueryError> {
        if let Some(known) = self.captures.iter().position(|c| c.0 == name) {
            return Ok(known as u16);
        }
        let meaning = if name.starts_with('_') { None } else { capture(name) };
        if meaning.is_none() && !name.starts_with('_') {
            let names = capture_names();
            let near = names.iter().filter(|n| n.split('.').next() == name.split('.').next()).map(|n| format!("@{n}"));
            let near = near.collect::<Vec<_>>().join(", ");
            let hint = if near.is_empty() { String::new() } else { format!(": did you mean one of {near}?") };
            return Err(self.error(offset, format!("the capture `@{name}` is not in the vocabulary{hint}")));
        }
        self.captures.push((name.to_owned(), meaning));
        self.uses.push(meaning.is_some());
        Ok(self.captures.len() as u16 - 1)
    }

    fn root_kind(&self, pattern: &query::Pattern) -> Result<Kind, QueryError> {
        let roots: Vec<Kind> = pattern
            .root
            .captures
            .iter()
            .filter_map(|(name, _)| match capture(name) {
                Some(Capture::Root(kind)) => Some(kind),
                _ => None,
            })
            .collect();
        let [kind] = roots.as_slice() else {
            return Err(self
                .error(pattern.offset, "a pattern needs exactly one capture of a kind on its root, such as `@call`"));
        };
        if matches!(pattern.root.test, Test::Any | Test::AnyNamed) {
            return Err(self.error(pattern.offset, "a pattern's root must name a node kind or token"));
        }
        for (name, meaning) in &self.captures {
            let of = match meaning {
                Some(Capture::Child(of, _) | Capture::Text(of)) => *of,
                Some(Capture::Root(_)) | None => continue,
            };
            if of != *kind {
                return Err(
                    self.error(pattern.offset, format!("`@{name}` belongs to another kind than `@{}`", kind.name()))
                );
            }
        }
        Ok(*kind)
    }

    fn check_uses(&self, pattern: &query::Pattern) -> Result<(), QueryError> {
        for ((name, _), used) in self.captures.iter().zip(&self.uses) {
            if !used && name.starts_with('_') {
                continue;
            }
            if !used {
                return Err(self.error(pattern.offset, format!("the capture `@{name}` is never used")));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language_by_name;

    fn refusal(text: &str) -> String {
        let go = language_by_name("go").expect("known");
        let source = QuerySource { file: "q.scm".into(), text: text.into() };
        Pack::compile(go, &[source]).map_or_else(|e| e.message, |_| String::new())
    }

    #[test]
    fn the_loader_refuses_what_cannot_work() {
        assert_eq!(refusal("(call_expression) @call"), "");
        assert_eq!(refusal("(call_expresion) @call"), "the grammar has no node kind `call_expresion`");
        assert_eq!(refusal("\"whlie\" @modifier"), "the grammar has no token `whlie`");
        assert_eq!(refusal("(call_expression fun: (_) @call.callee) @call"), "the grammar has no field `fun`");
        assert!(refusal("(call_expression) @called").contains("`@called` is not in the vocabulary"));
        assert!(
            refusal("(call_expression (_) @call.argument) @call").contains("did you mean one of @call, @call.name")
        );
        assert!(refusal("(call_expression (_) @if.then) @call").contains("belongs to another kind"));
        assert!(refusal("(call_expression)").contains("exactly one capture of a kind"));
        assert!(refusal("(_) @call").contains("must name a node kind"));
        assert!(refusal("((call_expression) @call (#set! colour \"red\"))").contains("unknown setting `colour`"));
        assert!(refusal("((call_expression) @call (#eq? @_x \"red\"))").contains("no capture `@_x`"));
    }
}
