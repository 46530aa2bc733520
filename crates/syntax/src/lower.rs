//! One cursor walk that turns a syntax tree into a [`FileModel`].
//!
//! Each node is matched against the patterns of its kind. A match opens a node of the model; the nodes that the
//! pattern names get their role when the walk reaches them. What no pattern names is transparent: its children belong
//! to whatever encloses it, so that nothing is lost in unknown syntax.

use crate::matcher::{Bound, Matcher, Part};
use crate::pack::{CompiledPattern, Pack};
use timelint_diagnostics::Span;
use timelint_model::{Builder, Capture, FileModel, Kind, NodeId, Role};
use tree_sitter::{Node, Tree};

/// A parser of one language; not shared between threads.
pub struct Parser {
    parser: tree_sitter::Parser,
}

impl Parser {
    /// A parser for the grammar of `pack`; `None` when the grammar's ABI is not supported by the linked tree-sitter.
    pub fn new(pack: &Pack) -> Option<Self> {
        let mut parser = tree_sitter::Parser::new();
        parser.set_language(&pack.grammar).ok()?;
        Some(Self { parser })
    }

    /// The syntax tree of `text`; `None` only when parsing was cancelled, which nothing here does.
    pub fn parse(&mut self, text: &str) -> Option<Tree> {
        self.parser.parse(text, None)
    }
}

/// What the children of a tree node belong to.
#[derive(Clone, Copy)]
enum Context {
    /// A node of the model is open; captures are looked up in its frame.
    Frame,
    /// Children take this role.
    Group(Role),
    /// Children have no role.
    Transparent,
}

/// A node of the model that is open.
struct Frame {
    node: NodeId,
    kind: Kind,
    /// Its part of `bound`: from here to the next frame's start.
    from: usize,
    /// Entries before this one lie behind the walk.
    next: usize,
}

struct Level {
    context: Context,
    opened: bool,
}

/// Lowers `tree`, the parse of `text`, with the patterns of `pack`. Total: unknown or broken syntax is passed through
/// and listed in [`FileModel::errors`].
pub fn lower(pack: &Pack, tree: &Tree, text: &str) -> FileModel {
    let mut walk = Walk {
        pack,
        text,
        matcher: Matcher::new(),
        builder: Builder::new(text.len() as u32),
        bound: Vec::new(),
        frames: Vec::new(),
        levels: Vec::new(),
    };
    let mut cursor = tree.walk();
    if !cursor.goto_first_child() {
        return walk.builder.finish();
    }
    walk.levels.push(Level { context: Context::Transparent, opened: false });
    loop {
        if let Some(level) = walk.enter(cursor.node()) {
            if cursor.goto_first_child() {
                walk.levels.push(level);
                continue;
            }
            walk.leave(&level);
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return walk.builder.finish();
            }
            if let Some(level) = walk.levels.pop() {
                walk.leave(&level);
            }
            if walk.levels.is_empty() {
                return walk.builder.finish();
            }
        }
    }
}

struct Walk<'a, 'tree> {
    pack: &'a Pack,
    text: &'a str,
    matcher: Matcher<'tree>,
    builder: Builder,
    bound: Vec<Bound>,
    frames: Vec<Frame>,
    levels: Vec<Level>,
}

impl<'tree> Walk<'_, 'tree> {
    /// Handles a node; `Some` when its children are to be visited.
    fn enter(&mut self, node: Node<'tree>) -> Option<Level> {
        if node.is_error() || node.is_missing() {
            self.builder.error(span(node));
        }
        let context = self.levels.last().map_or(Context::Transparent, |l| l.context);
        let mut named = true;
        let role = match (context, self.part(node, context)) {
            (Context::Group(role), _) => role,
            (Context::Transparent, _) => Role::Other,
            (Context::Frame, Some(Part::Absorbed)) => return Some(Level { context: Context::Frame, opened: false }),
            (Context::Frame, Some(Part::Captured(Capture::Text(_)))) => {
                self.name_of_frame(node);
                return None;
            }
            (Context::Frame, Some(Part::Captured(Capture::Child(_, role)))) => role,
            (Context::Frame, _) => {
                named = false;
                self.frames.last().map_or(Role::Other, |f| default_role(f.kind))
            }
        };
        let from = self.bound.len();
        let patterns = self.pack.by_kind.get(node.kind_id() as usize).map_or(&[][..], Vec::as_slice);
        for index in patterns {
            let pattern = &self.pack.patterns[*index as usize];
            if self.matcher.matches(pattern, node, self.text.as_bytes(), &mut self.bound) {
                return self.open(pattern, node, role, from);
            }
        }
        if !named || role == Role::Other || !node.is_named() || node.is_extra() {
            return Some(Level { context: Context::Transparent, opened: false });
        }
        self.builder.open(Kind::Opaque, role, span(node));
        Some(Level { context: Context::Transparent, opened: true })
    }

    fn open(&mut self, pattern: &CompiledPattern, node: Node<'tree>, role: Role, from: usize) -> Option<Level> {
        match pattern.kind {
            Kind::Group => {
                self.bound.truncate(from);
                return Some(Level { context: Context::Group(role), opened: false });
            }
            Kind::Skip => {
                self.bound.truncate(from);
                return None;
            }
            Kind::Comment => {
                self.bound.truncate(from);
                self.builder.comment(span(node));
                return None;
            }
            _ => {}
        }
        let id = self.builder.open(pattern.kind, role, span(node));
        if let Some(name) = &pattern.name {
            self.builder.add_name(id, name);
        } else if !pattern.captures_text {
            self.name_from_text(id, pattern.kind, node);
        }
        self.frames.push(Frame { node: id, kind: pattern.kind, from, next: from });
        Some(Level { context: Context::Frame, opened: true })
    }

    fn leave(&mut self, level: &Level) {
        if !level.opened {
            return;
        }
        self.builder.close();
        if matches!(level.context, Context::Frame)
            && let Some(frame) = self.frames.pop()
        {
            self.bound.truncate(frame.from);
        }
    }

    /// What the innermost frame's pattern says of `node`.
    fn part(&mut self, node: Node<'tree>, context: Context) -> Option<Part> {
        if !matches!(context, Context::Frame) {
            return None;
        }
        let frame = self.frames.last_mut()?;
        let start = node.start_byte();
        while self.bound.get(frame.next).is_some_and(|b| b.end <= start && b.end > b.start) {
            frame.next += 1;
        }
        let mut best = None;
        for bound in self.bound[frame.next..].iter().take_while(|b| b.start <= start) {
            if bound.node == node.id() {
                // A captured node that also leads to captured ones stays a node of its own.
                match bound.part {
                    Part::Captured(_) => return Some(bound.part),
                    Part::Absorbed => best = Some(bound.part),
                }
            }
        }
        best
    }

    fn name_of_frame(&mut self, node: Node<'tree>) {
        if let Some(frame) = self.frames.last() {
            let raw = self.text.get(node.byte_range()).unwrap_or("");
            let text = if matches!(frame.kind, Kind::Import | Kind::Entry | Kind::Decorator) { unquote(raw) } else { raw };
            self.builder.add_name(frame.node, text);
        }
    }

    fn name_from_text(&mut self, id: NodeId, kind: Kind, node: Node<'tree>) {
        let text = self.text.get(node.byte_range()).unwrap_or("");
        match kind {
            Kind::String => self.builder.add_name(id, unquote(text)),
            Kind::Name | Kind::Number | Kind::Boolean | Kind::Modifier | Kind::Type | Kind::ImportItem => {
                self.builder.add_name(id, text);
            }
            _ => {}
        }
    }
}

/// The role of children that no pattern names.
fn default_role(kind: Kind) -> Role {
    match kind {
        Kind::List | Kind::Record => Role::Item,
        Kind::String => Role::Part,
        _ => Role::Other,
    }
}

fn span(node: Node<'_>) -> Span {
    Span::new(node.start_byte() as u32, node.end_byte() as u32)
}

/// A string literal's content: without prefix letters and quotes; anything else is returned as it is.
fn unquote(text: &str) -> &str {
    let body = text.trim_start_matches(|c: char| c.is_ascii_alphabetic());
    for quote in ["\"\"\"", "'''", "\"", "'", "`"] {
        if let Some(inner) = body.strip_prefix(quote) {
            return inner.strip_suffix(quote).unwrap_or(inner);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{QuerySource, language_by_name};
    use timelint_model::dump;

    fn lowered(queries: &str, text: &str) -> FileModel {
        let go = language_by_name("go").expect("known");
        let pack = Pack::compile(go, &[QuerySource { file: "t.scm".into(), text: queries.into() }]).expect("compiles");
        let tree = Parser::new(&pack).expect("supported").parse(text).expect("parsed");
        lower(&pack, &tree, text)
    }

    const CALLS: &str = r"
        (call_expression function: (selector_expression operand: (_) @call.receiver field: (_) @call.name)
            arguments: (argument_list) @call.arg) @call
        (call_expression function: (identifier) @call.name arguments: (argument_list) @call.arg) @call
        (argument_list) @group
        (parenthesized_expression) @group
        (identifier) @name
        (comment) @comment
        (interpreted_string_literal) @string
    ";

    #[test]
    fn nested_captures_groups_and_absorbed_nodes() {
        let m = lowered(CALLS, "package p\nfunc f() { a.b(g(x), (y), \"s\") /* c */ }");
        assert_eq!(
            dump(&m),
            "name \"f\"\ncall \"b\"\n  receiver: name \"a\"\n  arg: call \"g\"\n    arg: name \"x\"\n  arg: name \"y\"\n  arg: string \"s\"\n"
        );
        assert_eq!(m.comments.len(), 1);
        assert!(m.errors.is_empty());
    }

    #[test]
    fn unknown_syntax_in_a_role_becomes_opaque_and_keeps_what_it_holds() {
        let m = lowered(CALLS, "package p\nvar _ = f(x + g(1))");
        assert_eq!(dump(&m), "name \"_\"\ncall \"f\"\n  arg: opaque\n    name \"x\"\n    call \"g\"\n      arg: opaque\n");
    }

    #[test]
    fn broken_syntax_is_listed_and_passed_through() {
        let m = lowered(CALLS, "package p\nfunc f( { g(");
        assert!(!m.errors.is_empty());
    }

    #[test]
    fn deep_nesting_does_not_exhaust_the_stack() {
        let text = format!("package p\nvar _ = {}1{}", "f(".repeat(20_000), ")".repeat(20_000));
        assert!(lowered(CALLS, &text).len() > 20_000);
    }

    #[test]
    fn quotes_and_prefixes_are_stripped() {
        assert_eq!(unquote("rb'''x'''"), "x");
        assert_eq!(unquote("`a`"), "a");
        assert_eq!(unquote("plain"), "plain");
        assert_eq!(unquote("\"open"), "open");
    }
}
