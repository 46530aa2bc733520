//! Questions that lead back to themselves: cycles are cut, work is bounded, and every answer is computed once.
//!
//! A field that is stored from itself makes its value depend on its value. The inner question is cut off there; what was
//! answered on the way is incomplete and holds only until the question at the head of the cycle is answered.

use crate::analysis::{Analysis, Type};
use crate::value::Value;
use rustc_hash::FxHashMap;
use std::cell::{Cell, RefCell};
use std::hash::Hash;
use timelint_model::NodeId;

/// How deep questions may nest.
const MAX_DEPTH: usize = 48;

/// No question was cut off.
const WHOLE: usize = usize::MAX;

/// What is being asked, and what was answered.
pub(crate) struct Questions {
    /// How many nodes the file has.
    nodes: usize,
    /// What is being asked now, outermost first.
    busy: RefCell<Vec<NodeId>>,
    /// Questions that may still be asked: bounds the work on a hostile file. Beyond, everything is unknown.
    fuel: Cell<u32>,
    /// The depth of the outermost question that some answer, given inside the current one, had to do without.
    cut: Cell<usize>,
    /// Incomplete answers in the order in which they were given.
    open: RefCell<Vec<Open>>,
    values: Memo<Value>,
    types: Memo<Option<Type>>,
}

#[derive(Clone, Copy)]
enum Open {
    Value(NodeId),
    Type(NodeId),
}

/// Answers by node, with the depth of the question that they had to do without.
type Memo<T> = RefCell<ByNode<(T, usize)>>;

/// One answer a node: its place among the answers is looked up, which costs less than hashing.
pub(crate) struct ByNode<T> {
    /// One past the answer's place; 0 where there is none. Empty until something is kept.
    places: Vec<u32>,
    answers: Vec<T>,
}

impl<T> Default for ByNode<T> {
    fn default() -> Self {
        Self { places: Vec::new(), answers: Vec::new() }
    }
}

impl<T> ByNode<T> {
    pub(crate) fn get(&self, id: NodeId) -> Option<&T> {
        let place = self.places.get(id.0 as usize)?.checked_sub(1)?;
        self.answers.get(place as usize)
    }

    /// Keeps an answer about a node of a file of `nodes` nodes.
    pub(crate) fn insert(&mut self, id: NodeId, answer: T, nodes: usize) {
        if self.places.is_empty() {
            self.places.resize(nodes, 0);
        }
        if let Some(place) = self.places.get_mut(id.0 as usize) {
            self.answers.push(answer);
            *place = self.answers.len() as u32;
        }
    }

    /// Forgets what is known of a node.
    fn forget(&mut self, id: NodeId) {
        if let Some(place) = self.places.get_mut(id.0 as usize) {
            *place = 0;
        }
    }
}

impl Questions {
    /// For a file of `nodes` nodes.
    pub(crate) fn new(nodes: usize) -> Self {
        Self {
            nodes,
            busy: RefCell::default(),
            fuel: Cell::new(10_000 + 16 * nodes as u32),
            cut: Cell::new(WHOLE),
            open: RefCell::default(),
            values: RefCell::default(),
            types: RefCell::default(),
        }
    }

    /// Counts a step of the work that is allowed for the file; false when there is none left.
    pub(crate) fn take_fuel(&self) -> bool {
        let left = self.fuel.get();
        self.fuel.set(left.saturating_sub(1));
        left > 0
    }

    fn miss(&self, depth: usize) {
        self.cut.set(self.cut.get().min(depth));
    }

    /// Asks unless the same is being asked already or too much is. Also says at which depth the answer was cut.
    fn ask<T>(&self, id: NodeId, question: impl FnOnce() -> Option<T>) -> (Option<T>, usize) {
        let depth = self.busy.borrow().len();
        let same = self.busy.borrow().iter().position(|b| *b == id);
        if let Some(at) = same.or((depth >= MAX_DEPTH || !self.take_fuel()).then_some(0)) {
            self.miss(at);
            return (None, at);
        }
        let outer = self.cut.replace(WHOLE);
        let opened = self.open.borrow().len();
        self.busy.borrow_mut().push(id);
        let answer = question();
        self.busy.borrow_mut().pop();
        let cut = self.cut.replace(outer);
        if cut < depth {
            self.miss(cut);
            return (answer, cut);
        }
        for open in self.open.borrow_mut().drain(opened..) {
            match open {
                Open::Value(id) => self.values.borrow_mut().forget(id),
                Open::Type(id) => self.types.borrow_mut().forget(id),
            }
        }
        (answer, WHOLE)
    }

    /// Asks what may lead to questions; also says whether nothing on the way had to be cut off.
    fn whole<T>(&self, question: impl FnOnce() -> T) -> (T, bool) {
        let outer = self.cut.replace(WHOLE);
        let answer = question();
        let cut = self.cut.replace(outer);
        if cut != WHOLE {
            self.miss(cut);
        }
        (answer, cut == WHOLE)
    }

    fn known<T: Clone>(&self, memo: &Memo<T>, id: NodeId) -> Option<T> {
        let memo = memo.borrow();
        let (answer, cut) = memo.get(id)?;
        self.miss(*cut);
        Some(answer.clone())
    }

    fn keep<T: Clone>(&self, memo: &Memo<T>, id: NodeId, answer: T, cut: usize, open: Open) -> T {
        if cut != WHOLE {
            self.open.borrow_mut().push(open);
        }
        memo.borrow_mut().insert(id, (answer.clone(), cut), self.nodes);
        answer
    }
}

/// Answers that are kept when nothing on the way to them was cut off.
pub(crate) type Kept<K, T> = RefCell<FxHashMap<K, T>>;

impl Analysis<'_> {
    /// The answer that is kept in `memo`, or that of `question`.
    pub(crate) fn kept<K: Copy + Eq + Hash, T: Clone>(
        &self,
        memo: &Kept<K, T>,
        key: K,
        question: impl FnOnce() -> T,
    ) -> T {
        if let Some(known) = memo.borrow().get(&key) {
            return known.clone();
        }
        let (answer, whole) = self.questions.whole(question);
        if whole {
            memo.borrow_mut().insert(key, answer.clone());
        }
        answer
    }

    /// Runs `question` about `id` unless it is already being asked or too much is.
    pub(crate) fn guarded<T>(&self, id: NodeId, question: impl FnOnce() -> Option<T>) -> Option<T> {
        self.questions.ask(id, question).0
    }

    /// The provenance of an expression. Never fails: what cannot be followed is [`crate::Origins::UNKNOWN`].
    pub fn value(&self, id: NodeId) -> Value {
        let questions = &self.questions;
        questions.known(&questions.values, id).unwrap_or_else(|| {
            let (found, cut) = questions.ask(id, || Some(self.evaluate(id)));
            questions.keep(&questions.values, id, found.unwrap_or_else(Value::unknown), cut, Open::Value(id))
        })
    }

    /// The type of an expression, where declarations, constructions, factories or fields tell it.
    pub fn type_of(&self, id: NodeId) -> Option<Type> {
        let questions = &self.questions;
        questions.known(&questions.types, id).unwrap_or_else(|| {
            let (found, cut) = questions.ask(id, || self.find_type(id));
            // A type that was found stays true, whatever else could not be asked.
            let cut = if found.is_some() { WHOLE } else { cut };
            questions.keep(&questions.types, id, found, cut, Open::Type(id))
        })
    }
}
