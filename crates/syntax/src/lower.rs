//! One cursor walk that turns a syntax tree into a [`FileModel`].
//!
//! Each node is matched against the patterns of its kind. A match opens a node of the model; the nodes that the
//! pattern names get their role when the walk reaches them. What no pattern names is transparent: its children belong
//! to whatever encloses it, so that nothing is lost in unknown syntax.

use crate::matcher::{Bound, Child, Matcher, Part};
use crate::pack::{CompiledPattern, Pack};
use std::borrow::Cow;
use timelint_diagnostics::Span;
use timelint_model::{Builder, Capture, FileModel, Kind, NodeId, Role};
use tree_sitter::{Node, Tree};

/// A parser of one language; not shared between threads.
pub struct Parser {
    parser: tree_sitter::Parser,
    asserts_non_null: bool,
}

impl Parser {
    /// A parser for the grammar of `pack`; `None` when the grammar's ABI is not supported by the linked tree-sitter.
    pub fn new(pack: &Pack) -> Option<Self> {
        let mut parser = tree_sitter::Parser::new();
        parser.set_language(&pack.grammar).ok()?;
        let asserts_non_null = parser.language()?.id_for_node_kind("non_null_expression", true) != 0;
        Some(Self { parser, asserts_non_null })
    }

    /// The syntax tree of `text`; `None` only when parsing was cancelled, which nothing here does.
    pub fn parse(&mut self, text: &str) -> Option<Tree> {
        if self.asserts_non_null {
            return self.parser.parse(without_assertions(text).as_ref(), None);
        }
        self.parser.parse(text, None)
    }
}

/// `text` with a blank for each non-null assertion: every place stays. TypeScript binds the postfix `!` tightest, but
/// tree-sitter-typescript (0.23.2) reads `now - entry!.at` as `(now - entry)!.at`, and an assertion changes no value.
///
/// What follows must not begin an operand: `if (a)!b` negates. Strings may be hit; their text is read from the file.
fn without_assertions(text: &str) -> Cow<'_, [u8]> {
    let mut bytes = Cow::Borrowed(text.as_bytes());
    for (at, _) in text.match_indices('!') {
        let before = at.checked_sub(1).map(|b| text.as_bytes()[b]);
        let asserted = before.is_some_and(|b| b.is_ascii_alphanumeric() || b"_$)]".contains(&b));
        let ends = text.as_bytes().get(at + 1).is_none_or(|a| b".[)]},;:?>*%&| \t\r\n".contains(a));
        if asserted && ends {
            bytes.to_mut()[at] = b' ';
        }
    }
    bytes
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
    /// Parts without a role of their own so far.
    parts: usize,
}

struct Level {
    context: Context,
    /// How many nodes of the model it closes.
    opened: u8,
}

/// Lowers `tree`, the parse of `text`, with the patterns of `pack`. Total: unknown or broken syntax is passed through
/// and listed in [`FileModel::errors`].
pub fn lower(pack: &Pack, tree: &Tree, text: &str) -> FileModel {
    let mut walk = Walk {
        pack,
        text,
        is_broken: tree.root_node().has_error(),
        matcher: Matcher::new(),
        builder: Builder::new(text.len() as u32),
        bound: Vec::new(),
        frames: Vec::new(),
        levels: Vec::new(),
    };
    let mut path = vec![Step::default()];
    walk.matcher.take_children(tree.root_node(), &mut path[0].children);
    walk.levels.push(Level { context: Context::Transparent, opened: 0 });
    let mut spare: Vec<Step<'_>> = Vec::new();
    while let Some(step) = path.last_mut() {
        let Some(child) = step.children.get(step.next).copied() else {
            spare.extend(path.pop());
            if let Some(level) = walk.levels.pop() {
                walk.leave(&level);
            }
            continue;
        };
        step.next += 1;
        if let Some(level) = walk.enter(child) {
            let node = child.node;
            if node.child_count() == 0 {
                walk.leave(&level);
                continue;
            }
            let mut inside = spare.pop().unwrap_or_default();
            inside.next = 0;
            walk.matcher.take_children(node, &mut inside.children);
            walk.levels.push(level);
            path.push(inside);
        }
    }
    walk.builder.finish()
}

/// A tree node whose children are being visited.
#[derive(Default)]
struct Step<'tree> {
    children: Vec<Child<'tree>>,
    next: usize,
}

struct Walk<'a, 'tree> {
    pack: &'a Pack,
    text: &'a str,
    /// Whether the tree has any error: looking at every node costs.
    is_broken: bool,
    matcher: Matcher<'tree>,
    builder: Builder,
    bound: Vec<Bound>,
    frames: Vec<Frame>,
    levels: Vec<Level>,
}

impl<'tree> Walk<'_, 'tree> {
    /// Handles a node; `Some` when its children are to be visited.
    fn enter(&mut self, child: Child<'tree>) -> Option<Level> {
        let node = child.node;
        if self.is_broken && (node.is_error() || node.is_missing()) {
            self.builder.error(span(node));
        }
        let context = self.levels.last().map_or(Context::Transparent, |l| l.context);
        let mut named = true;
        let role = match (context, self.part(node, context)) {
            (Context::Group(role), _) | (Context::Frame, Some(Part::Captured(Capture::Child(_, role)))) => role,
            (Context::Transparent, _) => Role::Other,
            (Context::Frame, Some(Part::Absorbed)) => return Some(Level { context: Context::Frame, opened: 0 }),
            (Context::Frame, Some(Part::Captured(Capture::Text(_)))) => {
                self.name_of_frame(node);
                return None;
            }
            (Context::Frame, _) => {
                let placed = self.role_by_place(node);
                named = placed.is_some();
                placed.unwrap_or_else(|| self.frames.last().map_or(Role::Other, |f| default_role(f.kind)))
            }
        };
        let from = self.bound.len();
        let patterns = self.pack.by_kind.get(child.kind as usize).map_or(&[][..], Vec::as_slice);
        for index in patterns {
            let pattern = &self.pack.patterns[*index as usize];
            if self.matcher.matches(pattern, child, self.text.as_bytes(), &mut self.bound) {
                return self.open(pattern, node, role, from);
            }
        }
        if !named || role == Role::Other || !node.is_named() || node.is_extra() {
            return Some(Level { context: Context::Transparent, opened: 0 });
        }
        self.builder.open(Kind::Opaque, role, span(node));
        Some(Level { context: Context::Transparent, opened: 1 })
    }

    fn open(&mut self, pattern: &CompiledPattern, node: Node<'tree>, role: Role, from: usize) -> Option<Level> {
        match pattern.kind {
            Kind::Group => {
                self.bound.truncate(from);
                return Some(Level { context: Context::Group(role), opened: 0 });
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
        let (kind, role) = in_role(pattern.kind, role, self.frames.last().map_or(Kind::Module, |f| f.kind));
        if kind == Kind::Group {
            self.bound.truncate(from);
            return Some(Level { context: Context::Group(role), opened: 0 });
        }
        let text = self.text.get(node.byte_range()).unwrap_or("");
        let is_call = kind != pattern.kind && pattern.kind == Kind::Member && text.contains('(');
        let kind = if is_call { pattern.kind } else { kind };
        // A destructured parameter that the grammar does not wrap.
        let wrapped = role == Role::Param && matches!(kind, Kind::Record | Kind::List);
        if wrapped {
            self.builder.open(Kind::Param, role, span(node));
        }
        let id = self.builder.open(kind, if wrapped { Role::Target } else { role }, span(node));
        let recast = kind != pattern.kind;
        if recast {
            self.builder.add_name(id, text);
        } else if let Some(name) = &pattern.name {
            self.builder.add_name(id, name);
        } else if !pattern.captures_text {
            self.name_from_text(id, kind, node);
        }
        if kind == Kind::Entry && node.child_count() == 0 && self.bound.len() == from {
            self.shorthand_entry(id, node);
        }
        let own_text = pattern.name.is_none() && self.bound.len() == from && is_leaf(kind);
        // Labels are not kept.
        let own_text = own_text || matches!(kind, Kind::Break | Kind::Continue);
        if recast || own_text {
            self.bound.truncate(from);
            self.builder.close();
            return None;
        }
        self.frames.push(Frame { node: id, kind: pattern.kind, from, next: from, parts: 0 });
        Some(Level { context: Context::Frame, opened: 1 + u8::from(wrapped) })
    }

    /// `{a}` is `{a: a}`.
    fn shorthand_entry(&mut self, id: NodeId, node: Node<'tree>) {
        let text = self.text.get(node.byte_range()).unwrap_or("");
        self.builder.add_name(id, text);
        let value = self.builder.open(Kind::Name, Role::Value, span(node));
        self.builder.add_name(value, text);
        self.builder.close();
    }

    fn leave(&mut self, level: &Level) {
        if level.opened == 0 {
            return;
        }
        for _ in 0..level.opened {
            self.builder.close();
        }
        if matches!(level.context, Context::Frame)
            && let Some(frame) = self.frames.pop()
        {
            self.bound.truncate(frame.from);
        }
    }

    /// The role of a part of a conditional expression whose grammar has no fields: `then if condition else otherwise`.
    fn role_by_place(&mut self, node: Node<'tree>) -> Option<Role> {
        const PLACES: [Role; 3] = [Role::Then, Role::Condition, Role::Else];
        let frame = self.frames.last_mut().filter(|f| f.kind == Kind::Conditional && f.from == self.bound.len())?;
        if !node.is_named() || node.is_extra() {
            return None;
        }
        frame.parts += 1;
        PLACES.get(frame.parts - 1).copied()
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
            let text =
                if matches!(frame.kind, Kind::Import | Kind::Entry | Kind::Decorator) { unquote(raw) } else { raw };
            self.builder.add_name(frame.node, text);
        }
    }

    fn name_from_text(&mut self, id: NodeId, kind: Kind, node: Node<'tree>) {
        let text = self.text.get(node.byte_range()).unwrap_or("");
        match kind {
            Kind::String => self.builder.add_name(id, unquote(text)),
            kind if is_leaf(kind) => {
                self.builder.add_name(id, text);
            }
            _ => {}
        }
    }
}

/// What a node of `kind` is in `role`: a language whose grammar writes parameters and types as plain expressions
/// cannot tell them apart in a query.
fn in_role(kind: Kind, role: Role, parent: Kind) -> (Kind, Role) {
    match (kind, role) {
        (Kind::Name, Role::Param | Role::This) => (Kind::Param, role),
        (Kind::Spread, Role::Param) => (Kind::Group, role),
        (Kind::This, Role::Param) => (Kind::This, Role::This),
        (Kind::Name | Kind::Member, Role::Type | Role::Extends | Role::Returns) => (Kind::Type, role),
        (Kind::Name, Role::Item) if parent == Kind::Import => (Kind::ImportItem, role),
        (Kind::Decorator, Role::Modifier) => (kind, Role::Decorator),
        _ => (kind, role),
    }
}

/// Whether the node's own text says all: what is inside is not looked into.
fn is_leaf(kind: Kind) -> bool {
    matches!(kind, Kind::Name | Kind::Number | Kind::Boolean | Kind::Modifier | Kind::Type | Kind::ImportItem)
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
    fn non_null_assertions_bind_tightest_and_negations_stay() {
        let blanked = |text| String::from_utf8(without_assertions(text).into_owned()).expect("text");
        assert_eq!(blanked("now - entry!.at > a![0] - (b)!"), "now - entry .at > a [0] - (b) ");
        assert_eq!(blanked("x < a! - b"), "x < a  - b");
        for kept in ["a != b", "a !== b", "a!= b", "a!==b", "if (a)!b", "!a.b", "return !a", "f!(x)", "a ! .b", "é!.b"]
        {
            assert_eq!(blanked(kept), kept);
        }
    }

    #[test]
    fn unknown_syntax_in_a_role_becomes_opaque_and_keeps_what_it_holds() {
        let m = lowered(CALLS, "package p\nvar _ = f(x + g(1))");
        assert_eq!(
            dump(&m),
            "name \"_\"\ncall \"f\"\n  arg: opaque\n    name \"x\"\n    call \"g\"\n      arg: opaque\n"
        );
    }

    #[test]
    fn plain_names_become_params_and_types_where_they_stand_for_them() {
        let queries = r#"
            (call_expression function: (identifier) @function.name arguments: (argument_list) @function.param) @function
            (argument_list) @group
            (variadic_argument (_) @spread.value) @spread
            (unary_expression operator: _ @cast.type operand: (_) @cast.type) @cast
            (selector_expression operand: (_) @member.object field: (field_identifier) @member.name) @member
            ((identifier) @this (#eq? @this "self"))
            (identifier) @name
        "#;
        let m = lowered(queries, "package p\nvar _ = f(self, a, rest...)\nvar _ = -b.c");
        assert_eq!(
            dump(&m),
            "name \"_\"\nfunction \"f\"\n  this: this\n  param: param \"a\"\n  param: param \"rest\"\nname \"_\"\ncast\n  type: type \"b.c\"\n"
        );
    }

    #[test]
    fn imported_names_decorators_and_short_entries_find_their_place() {
        let queries = r"
            (import_spec name: (package_identifier) @import.item path: (_) @import.name) @import
            (package_identifier) @name
            (call_expression function: (identifier) @function.name arguments: (argument_list) @function.modifier) @function
            (argument_list) @group
            (unary_expression) @decorator
            (composite_literal body: (literal_value (literal_element (identifier)))) @record
            (identifier) @entry
        ";
        let m = lowered(queries, "import m \"x\"\nvar _ = f(-1)\nvar _ = T{a}");
        assert_eq!(
            dump(&m),
            "import \"x\"\n  item: import_item \"m\"\nentry \"_\"\n  value: name \"_\"\nfunction \"f\"\n  decorator: decorator\n\
             entry \"_\"\n  value: name \"_\"\nrecord\n  entry \"a\"\n    value: name \"a\"\n"
        );
    }

    #[test]
    fn a_destructured_parameter_is_the_target_of_a_param() {
        let queries = r"
            (call_expression function: (identifier) @function.name arguments: (argument_list) @function.param) @function
            (argument_list) @group
            (composite_literal body: (literal_value (literal_element (identifier) @record.item))) @record
            (identifier) @name
        ";
        let m = lowered(queries, "package p\nvar _ = f(T{a}, b)");
        assert_eq!(
            dump(&m),
            "name \"_\"\nfunction \"f\"\n  param: param\n    target: record\n      item: name \"a\"\n  param: param \"b\"\n"
        );
    }

    #[test]
    fn what_has_its_own_text_is_not_looked_into() {
        let m = lowered("(qualified_type) @type (type_identifier) @type", "package p\nvar x sync.Mutex");
        assert_eq!(dump(&m), "type \"sync.Mutex\"\n");
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
