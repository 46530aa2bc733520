//! Matches one compiled pattern at one node.

use crate::pack::{CompiledElement, CompiledPattern, CompiledTest, Pack};
use std::ops::Range;
use timelint_model::Capture;
use tree_sitter::{Node, Tree, TreeCursor};

/// What the lowering does with a node that a pattern names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// It has this meaning.
    Captured(Capture),
    /// It makes no node; what it holds belongs to the pattern's root.
    Absorbed,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Bound {
    pub(crate) node: usize,
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) part: Part,
}

/// A node with its field in the parent and its kind, which tree-sitter is asked for once.
#[derive(Clone, Copy)]
pub(crate) struct Child<'tree> {
    pub(crate) node: Node<'tree>,
    pub(crate) field: Option<u16>,
    pub(crate) kind: u16,
}

impl<'tree> Child<'tree> {
    pub(crate) fn root(node: Node<'tree>) -> Self {
        Self { node, field: None, kind: node.kind_id() }
    }
}

/// How many lists of children are kept.
const KEPT: usize = 128;

/// Scratch space that is reused from match to match.
pub(crate) struct Matcher<'tree> {
    levels: Vec<Level<'tree>>,
    /// Lists that a pattern asked for below its root: the walk comes by there soon. Each has one place.
    kept: Vec<Level<'tree>>,
    cursor: Option<TreeCursor<'tree>>,
    raw: Vec<(u16, Node<'tree>)>,
    hits: Vec<Hit>,
}

/// The children of the node that is being matched at one depth of a pattern.
#[derive(Default)]
struct Level<'tree> {
    node: usize,
    children: Vec<Child<'tree>>,
}

/// One child that one child pattern of an ordered element matched.
struct Hit {
    wanted: usize,
    child: usize,
    late: bool,
    raw: Range<usize>,
    bound: Range<usize>,
}

impl<'tree> Matcher<'tree> {
    pub(crate) fn new() -> Self {
        let kept = (0..KEPT).map(|_| Level::default()).collect();
        Self { levels: Vec::new(), kept, cursor: None, raw: Vec::new(), hits: Vec::new() }
    }

    /// Whether `pattern` matches at `node`; on success `bound` gets the nodes that it names, in source order.
    pub(crate) fn matches(
        &mut self,
        pattern: &CompiledPattern,
        node: Child<'tree>,
        text: &[u8],
        bound: &mut Vec<Bound>,
    ) -> bool {
        self.raw.clear();
        let from = bound.len();
        if !self.element(&pattern.root, node, pattern, 0, bound) || !self.predicates(pattern, text) {
            bound.truncate(from);
            return false;
        }
        bound[from..].sort_unstable_by_key(|b| (b.start, std::cmp::Reverse(b.end)));
        true
    }

    fn element(
        &mut self,
        element: &CompiledElement,
        at: Child<'tree>,
        pattern: &CompiledPattern,
        depth: usize,
        bound: &mut Vec<Bound>,
    ) -> bool {
        let node = at.node;
        match &element.test {
            CompiledTest::Kind(kind) if at.kind != *kind => return false,
            CompiledTest::AnyNamed if !node.is_named() => return false,
            CompiledTest::OneOf(options) => {
                let (raw, marks) = (self.raw.len(), bound.len());
                let hit = options.iter().any(|option| {
                    self.raw.truncate(raw);
                    bound.truncate(marks);
                    self.element(option, at, pattern, depth, bound)
                });
                if !hit {
                    return false;
                }
            }
            _ => {}
        }
        if element.absent.iter().any(|field| node.child_by_field_id(*field).is_some()) {
            return false;
        }
        if !element.children.is_empty() && !self.children(element, node, pattern, depth, bound) {
            return false;
        }
        for index in &element.captures {
            self.raw.push((*index, node));
            if let Some(capture @ (Capture::Child(..) | Capture::Text(_))) = pattern.captures[*index as usize].1 {
                bound.push(Bound::new(node, Part::Captured(capture)));
            }
        }
        if element.absorbed && depth > 0 {
            bound.push(Bound::new(node, Part::Absorbed));
        }
        true
    }

    fn children(
        &mut self,
        element: &CompiledElement,
        node: Node<'tree>,
        pattern: &CompiledPattern,
        depth: usize,
        bound: &mut Vec<Bound>,
    ) -> bool {
        let children = self.children_of(node, depth);
        let mut missing =
            element.children.iter().enumerate().filter(|(_, c)| c.required).fold(0u64, |m, (i, _)| m | 1 << i);
        let hits = self.hits.len();
        for (at, child) in children.iter().copied().enumerate() {
            let before = missing;
            for (i, wanted) in element.children.iter().enumerate() {
                let early = element.ordered && before & ((1 << i) - 1) != 0;
                if early || (wanted.field.is_some() && wanted.field != child.field) {
                    continue;
                }
                let (raw, marks) = (self.raw.len(), bound.len());
                if self.element(wanted, child, pattern, depth + 1, bound) {
                    missing &= !(1 << i);
                    if element.ordered {
                        let (raw, bound) = (raw..self.raw.len(), marks..bound.len());
                        self.hits.push(Hit { wanted: i, child: at, late: false, raw, bound });
                    }
                } else {
                    self.raw.truncate(raw);
                    bound.truncate(marks);
                }
            }
        }
        self.levels[depth].children = children;
        if missing == 0 && element.ordered {
            self.drop_late_hits(element, hits, bound);
        }
        self.hits.truncate(hits);
        missing == 0
    }

    /// The children of `node` with their fields, kept for the next pattern that asks about the same node. The caller
    /// puts them back.
    fn children_of(&mut self, node: Node<'tree>, depth: usize) -> Vec<Child<'tree>> {
        while self.levels.len() <= depth {
            self.levels.push(Level::default());
        }
        let level = &mut self.levels[depth];
        if level.node != node.id() {
            // What was listed here may be asked for again, and this node's children may have been listed elsewhere.
            std::mem::swap(level, &mut self.kept[place(level.node)]);
            std::mem::swap(level, &mut self.kept[place(node.id())]);
        }
        let mut children = std::mem::take(&mut level.children);
        if level.node != node.id() {
            level.node = node.id();
            self.list(node, &mut children);
        }
        children
    }

    /// Swaps `children` for those of `node`, which were listed already if a pattern asked for them.
    pub(crate) fn take_children(&mut self, node: Node<'tree>, children: &mut Vec<Child<'tree>>) {
        let is_listed = |level: &&mut Level<'tree>| level.node == node.id();
        let kept = self.kept.get_mut(place(node.id())).filter(is_listed);
        if let Some(level) = self.levels.first_mut().filter(is_listed).or(kept) {
            level.node = 0;
            std::mem::swap(children, &mut level.children);
        } else {
            self.list(node, children);
        }
    }

    fn list(&mut self, node: Node<'tree>, children: &mut Vec<Child<'tree>>) {
        children.clear();
        if node.child_count() == 0 {
            return;
        }
        let cursor = self.cursor.get_or_insert_with(|| node.walk());
        cursor.reset(node);
        let mut more = cursor.goto_first_child();
        while more {
            let (node, field) = (cursor.node(), cursor.field_id().map(std::num::NonZero::get));
            children.push(Child { node, field, kind: node.kind_id() });
            more = cursor.goto_next_sibling();
        }
    }

    /// Takes back what matched at or after the last place where the required patterns behind it can still match:
    /// in `((_) @a name: (_) @b)` the child `name` is not an `@a`.
    fn drop_late_hits(&mut self, element: &CompiledElement, from: usize, bound: &mut Vec<Bound>) {
        let hits = &mut self.hits[from..];
        let mut limit = usize::MAX;
        for (i, wanted) in element.children.iter().enumerate().rev() {
            let mut last = 0;
            for hit in hits.iter_mut().filter(|h| h.wanted == i) {
                hit.late = hit.child >= limit;
                last = if hit.late { last } else { last.max(hit.child) };
            }
            if wanted.required {
                limit = last;
            }
        }
        for hit in hits.iter().rev().filter(|h| h.late) {
            self.raw.drain(hit.raw.clone());
            bound.drain(hit.bound.clone());
        }
    }

    fn predicates(&self, pattern: &CompiledPattern, text: &[u8]) -> bool {
        pattern.predicates.iter().all(|predicate| {
            self.raw.iter().filter(|(index, _)| *index == predicate.capture).all(|(_, node)| {
                let found = text.get(node.byte_range()).unwrap_or_default();
                predicate.values.iter().any(|v| v.as_bytes() == found) != predicate.negated
            })
        })
    }
}

/// Where the children of a node are kept: nodes are told apart by addresses, of which the lowest bits are all the same.
fn place(node: usize) -> usize {
    (node >> 3) % KEPT
}

impl Bound {
    fn new(node: Node<'_>, part: Part) -> Self {
        Self { node: node.id(), start: node.start_byte(), end: node.end_byte(), part }
    }
}

/// A capture as tree-sitter's own query engine would report it; for the test that holds both engines together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CapturedNode {
    /// The capture's name without `@`.
    pub capture: String,
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
    /// The node's kind.
    pub kind: String,
}

/// Every capture of every pattern of `pack` in `tree`, sorted and without repeats.
pub fn all_captures(pack: &Pack, tree: &Tree, text: &str) -> Vec<CapturedNode> {
    let mut found = Vec::new();
    let mut matcher = Matcher::new();
    let mut bound = Vec::new();
    let mut cursor = tree.walk();
    loop {
        let node = cursor.node();
        for index in pack.by_kind.get(node.kind_id() as usize).map_or(&[][..], Vec::as_slice) {
            let pattern = &pack.patterns[*index as usize];
            bound.clear();
            if matcher.matches(pattern, Child::root(node), text.as_bytes(), &mut bound) {
                found.extend(matcher.raw.iter().map(|(capture, node)| CapturedNode {
                    capture: pattern.captures[*capture as usize].0.clone(),
                    start: node.start_byte(),
                    end: node.end_byte(),
                    kind: node.kind().to_owned(),
                }));
            }
        }
        if cursor.goto_first_child() {
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                found.sort();
                found.dedup();
                return found;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Parser, QuerySource, language_by_name};

    fn captured(query: &str, text: &str) -> Vec<(String, String)> {
        let go = language_by_name("go").expect("known");
        let pack = Pack::compile(go, &[QuerySource { file: "t.scm".into(), text: query.into() }]).expect("compiles");
        let tree = Parser::new(&pack).expect("supported").parse(text).expect("parsed");
        let found = all_captures(&pack, &tree, text);
        found.into_iter().map(|c| (c.capture, text[c.start..c.end].to_owned())).filter(|c| c.0.contains('.')).collect()
    }

    #[test]
    fn a_pattern_without_a_field_matches_only_before_what_follows_it() {
        let query = "(for_statement (_) @loop.condition body: (block) @loop.body) @loop";
        assert_eq!(captured(query, "func f() { for { } }"), []);
        let found = captured(query, "func f() { for x { } }");
        assert_eq!(found, [("loop.body".into(), "{ }".into()), ("loop.condition".into(), "x".into())]);
    }

    #[test]
    fn a_repeated_field_is_matched_on_both_sides_of_a_token() {
        let query =
            "(var_spec name: (identifier) @let.target \",\" name: (identifier) @let.target type: (_) @let.type) @let";
        let found: Vec<String> = captured(query, "var a, b, c T").into_iter().map(|c| c.1).collect();
        assert_eq!(found, ["a", "b", "c", "T"]);
        assert_eq!(captured(query, "var a T"), []);
    }
}
