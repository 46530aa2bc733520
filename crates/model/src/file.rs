//! One file's nodes.

use crate::{Kind, Role};
use hashbrown::HashTable;
use rustc_hash::FxBuildHasher;
use std::hash::BuildHasher;
use timelint_diagnostics::Span;

/// Index of a node in its file; order of ids is source order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(pub u32);

/// An interned string of one file; [`Sym::EMPTY`] is "".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Sym(pub u32);

impl Sym {
    /// The empty string in every file.
    pub const EMPTY: Sym = Sym(0);
}

/// One node; 24 bytes. Children follow their parent directly, `end` is one past the last descendant.
#[derive(Debug, Clone, Copy)]
pub struct Node {
    /// What it is.
    pub kind: Kind,
    /// What it is to its parent.
    pub role: Role,
    /// Its text, as its kind defines.
    pub name: Sym,
    /// Where it stands in the source.
    pub span: Span,
    parent: u32,
    end: u32,
}

/// A lowered file.
#[derive(Debug, Clone, Default)]
pub struct FileModel {
    nodes: Vec<Node>,
    /// All distinct strings, one after the other.
    strings: String,
    /// Where each of them ends in `strings`; the first is empty.
    string_ends: Vec<u32>,
    /// Spans of all comments, in source order.
    pub comments: Vec<Span>,
    /// Spans that the parser could not understand.
    pub errors: Vec<Span>,
}

impl FileModel {
    /// The root; every model has one.
    pub fn root(&self) -> NodeId {
        NodeId(0)
    }

    /// Number of nodes.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether the file has nothing but its root.
    pub fn is_empty(&self) -> bool {
        self.nodes.len() <= 1
    }

    /// All node ids in source order.
    pub fn ids(&self) -> impl Iterator<Item = NodeId> + use<> {
        (0..self.nodes.len() as u32).map(NodeId)
    }

    /// The node behind `id`.
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0 as usize]
    }

    /// The node's kind.
    pub fn kind(&self, id: NodeId) -> Kind {
        self.node(id).kind
    }

    /// The node's role in its parent.
    pub fn role(&self, id: NodeId) -> Role {
        self.node(id).role
    }

    /// The node's text.
    pub fn name(&self, id: NodeId) -> &str {
        self.text(self.node(id).name)
    }

    /// The node's text as a symbol.
    pub fn sym(&self, id: NodeId) -> Sym {
        self.node(id).name
    }

    /// The string behind a symbol of this file.
    pub fn text(&self, sym: Sym) -> &str {
        let at = sym.0 as usize;
        let end = self.string_ends.get(at).copied().unwrap_or(0);
        let start = at.checked_sub(1).and_then(|i| self.string_ends.get(i)).copied().unwrap_or(0);
        self.strings.get(start as usize..end as usize).unwrap_or("")
    }

    /// All distinct strings of the file with their symbols.
    pub fn symbols(&self) -> impl ExactSizeIterator<Item = (Sym, &str)> {
        (0..self.string_ends.len() as u32).map(|i| (Sym(i), self.text(Sym(i))))
    }

    /// The node's place in the source.
    pub fn span(&self, id: NodeId) -> Span {
        self.node(id).span
    }

    /// The enclosing node; `None` for the root.
    pub fn parent(&self, id: NodeId) -> Option<NodeId> {
        (id.0 != 0).then(|| NodeId(self.node(id).parent))
    }

    /// All enclosing nodes, nearest first.
    pub fn ancestors(&self, id: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        std::iter::successors(self.parent(id), |n| self.parent(*n))
    }

    /// `id` and all enclosing nodes, nearest first.
    pub fn self_and_ancestors(&self, id: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        std::iter::successors(Some(id), |n| self.parent(*n))
    }

    /// The children in source order.
    pub fn children(&self, id: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        let end = self.node(id).end;
        let first = id.0 + 1;
        std::iter::successors((first < end).then_some(NodeId(first)), move |n| {
            let next = self.node(*n).end;
            (next < end).then_some(NodeId(next))
        })
    }

    /// The children with `role`, in source order.
    pub fn children_with(&self, id: NodeId, role: Role) -> impl Iterator<Item = NodeId> + '_ {
        self.children(id).filter(move |c| self.role(*c) == role)
    }

    /// The first child with `role`.
    pub fn child(&self, id: NodeId, role: Role) -> Option<NodeId> {
        self.children_with(id, role).next()
    }

    /// All nodes below `id`, in source order, without `id`.
    pub fn descendants(&self, id: NodeId) -> impl Iterator<Item = NodeId> + use<> {
        (id.0 + 1..self.node(id).end).map(NodeId)
    }

    /// `id` and all nodes below it, in source order.
    pub fn self_and_descendants(&self, id: NodeId) -> impl Iterator<Item = NodeId> + use<> {
        (id.0..self.node(id).end).map(NodeId)
    }

    /// One past the last descendant of `id`.
    pub fn end(&self, id: NodeId) -> NodeId {
        NodeId(self.node(id).end)
    }

    /// Whether `inner` is `outer` or below it.
    pub fn contains(&self, outer: NodeId, inner: NodeId) -> bool {
        outer <= inner && inner.0 < self.node(outer).end
    }

    /// The nearest enclosing node (not `id` itself) of `kind`.
    pub fn enclosing(&self, id: NodeId, kind: Kind) -> Option<NodeId> {
        self.ancestors(id).find(|a| self.kind(*a) == kind)
    }

    /// The smallest node that covers `offset` (a byte of the source).
    pub fn at(&self, offset: u32) -> NodeId {
        let mut best = self.root();
        loop {
            let inner = self.children(best).find(|c| {
                let span = self.span(*c);
                span.start <= offset && offset < span.end
            });
            match inner {
                Some(c) => best = c,
                None => return best,
            }
        }
    }

    /// Approximate size in memory, in bytes.
    pub fn heap_bytes(&self) -> usize {
        self.nodes.capacity() * size_of::<Node>()
            + self.strings.capacity()
            + self.string_ends.capacity() * size_of::<u32>()
            + (self.comments.capacity() + self.errors.capacity()) * size_of::<Span>()
    }
}

/// Makes a [`FileModel`] in source order.
#[derive(Debug)]
pub struct Builder {
    model: FileModel,
    interned: HashTable<Sym>,
    open: Vec<u32>,
}

impl Builder {
    /// A model whose root covers `len` bytes.
    pub fn new(len: u32) -> Self {
        let mut builder = Self {
            model: FileModel { string_ends: vec![0], ..FileModel::default() },
            interned: HashTable::new(),
            open: Vec::new(),
        };
        builder.open(Kind::Module, Role::Other, Span::new(0, len));
        builder
    }

    /// Interns `text`.
    pub fn intern(&mut self, text: &str) -> Sym {
        if text.is_empty() {
            return Sym::EMPTY;
        }
        let hash = FxBuildHasher.hash_one(text);
        if let Some(sym) = self.interned.find(hash, |sym| self.model.text(*sym) == text) {
            return *sym;
        }
        let sym = Sym(self.model.string_ends.len() as u32);
        self.model.strings.push_str(text);
        self.model.string_ends.push(self.model.strings.len() as u32);
        let model = &self.model;
        self.interned.insert_unique(hash, sym, |sym| FxBuildHasher.hash_one(model.text(*sym)));
        sym
    }

    /// Opens a node; everything until the matching [`Builder::close`] is inside it.
    pub fn open(&mut self, kind: Kind, role: Role, span: Span) -> NodeId {
        let id = self.model.nodes.len() as u32;
        let parent = self.open.last().copied().unwrap_or(0);
        self.model.nodes.push(Node { kind, role, name: Sym::EMPTY, span, parent, end: id + 1 });
        self.open.push(id);
        NodeId(id)
    }

    /// Sets the text of `id`; a second text is appended after a blank (the operators of a chained comparison).
    pub fn add_name(&mut self, id: NodeId, text: &str) {
        let old = self.model.node(id).name;
        let sym = if old == Sym::EMPTY {
            self.intern(text)
        } else {
            let joined = format!("{} {text}", self.model.text(old));
            self.intern(&joined)
        };
        self.model.nodes[id.0 as usize].name = sym;
    }

    /// Closes the innermost open node.
    pub fn close(&mut self) {
        if let Some(id) = self.open.pop() {
            self.model.nodes[id as usize].end = self.model.nodes.len() as u32;
        }
    }

    /// Records a comment.
    pub fn comment(&mut self, span: Span) {
        self.model.comments.push(span);
    }

    /// Records text that the parser could not understand.
    pub fn error(&mut self, span: Span) {
        self.model.errors.push(span);
    }

    /// Closes everything that is open and returns the model.
    pub fn finish(mut self) -> FileModel {
        while !self.open.is_empty() {
            self.close();
        }
        self.model.nodes.shrink_to_fit();
        self.model.strings.shrink_to_fit();
        self.model.string_ends.shrink_to_fit();
        self.model
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call_with_two_args() -> FileModel {
        let mut b = Builder::new(9);
        let call = b.open(Kind::Call, Role::Other, Span::new(0, 9));
        b.add_name(call, "f");
        for start in [2, 5] {
            let n = b.open(Kind::Name, Role::Arg, Span::new(start, start + 1));
            b.add_name(n, "x");
            b.close();
        }
        b.close();
        b.finish()
    }

    #[test]
    fn children_and_ancestors_agree() {
        let m = call_with_two_args();
        let call = m.children(m.root()).next().expect("a call");
        let args: Vec<_> = m.children_with(call, Role::Arg).collect();
        assert_eq!(args.len(), 2);
        assert!(args.iter().all(|a| m.parent(*a) == Some(call)));
        assert_eq!(m.sym(args[0]), m.sym(args[1]));
        assert_eq!(m.at(5), args[1]);
        assert!(m.contains(call, args[1]) && !m.contains(args[0], args[1]));
        assert_eq!(size_of::<Node>(), 24);
    }

    #[test]
    fn a_second_name_is_appended() {
        let mut b = Builder::new(1);
        let n = b.open(Kind::Binary, Role::Other, Span::new(0, 1));
        b.add_name(n, "<");
        b.add_name(n, "<=");
        let m = b.finish();
        assert_eq!(m.name(n), "< <=");
    }
}
