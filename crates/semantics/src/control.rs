//! Order and guards: what must hold when a place is reached.

use crate::analysis::Analysis;
use crate::catalog::ApiRole;
use crate::names::{has_word, words};
use crate::resolve::Callee;
use crate::tables::{Store, StoreKind};
use crate::value::How;
use timelint_model::{Kind, NodeId, Role};

/// A condition that holds (or fails) when a place is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Guard {
    /// The condition: never a negation or conjunction, those are taken apart.
    pub condition: NodeId,
    /// Whether it holds.
    pub holds: bool,
    /// It is known from an exit before the place, not from a block around it.
    pub by_exit: bool,
}

/// A helper that throws what it is named after: `throwNotLeader()`, `raise_if_not_leader()`, `checkRaftException(e)`.
fn throws_by_name(name: &str) -> bool {
    let words = words(name);
    let first = words.first().map_or("", String::as_str);
    matches!(first, "throw" | "throws" | "raise" | "panic" | "rethrow")
        || first == "check" && has_word(name, &["exception"])
}

impl Analysis<'_> {
    /// The conditions that hold when `id` runs, nearest first, inside its function.
    pub fn guards(&self, id: NodeId) -> Vec<Guard> {
        let model = self.model;
        let mut guards = Vec::new();
        let mut child = id;
        for ancestor in model.ancestors(id) {
            match (model.kind(ancestor), model.role(child)) {
                (Kind::If | Kind::Conditional, Role::Then) => self.assume(ancestor, true, false, &mut guards),
                (Kind::If, Role::Else) => {
                    self.assume(ancestor, false, false, &mut guards);
                    // Earlier `elif`s failed too.
                    for earlier in model.children_with(ancestor, Role::Else).take_while(|e| *e < child) {
                        if model.kind(earlier) == Kind::If {
                            self.assume(earlier, false, false, &mut guards);
                        }
                    }
                }
                (Kind::Conditional, Role::Else) => self.assume(ancestor, false, false, &mut guards),
                (Kind::Loop, Role::Body) if model.name(ancestor) != "do" => {
                    self.assume(ancestor, true, false, &mut guards);
                }
                (Kind::Binary, Role::Operand) if matches!(model.name(ancestor), "&&" | "||") => {
                    let holds = model.name(ancestor) == "&&";
                    for operand in model.children_with(ancestor, Role::Operand).take_while(|o| *o < child) {
                        self.decompose(operand, holds, false, 0, &mut guards);
                    }
                }
                _ => {}
            }
            self.guards_by_exit(ancestor, child, &mut guards);
            if model.kind(ancestor) == Kind::Function {
                break;
            }
            child = ancestor;
        }
        guards
    }

    /// Statements before `child` in the same sequence that leave it under a condition.
    fn guards_by_exit(&self, parent: NodeId, child: NodeId, guards: &mut Vec<Guard>) {
        let model = self.model;
        if !matches!(model.kind(parent), Kind::Block | Kind::Module | Kind::Case | Kind::Function) {
            return;
        }
        for before in model.children(parent).take_while(|c| *c < child).filter(|c| model.kind(*c) == Kind::If) {
            let then_exits = model.child(before, Role::Then).is_some_and(|t| self.exits(t));
            let mut others = model.children_with(before, Role::Else).peekable();
            let else_exits = others.peek().is_some() && others.all(|e| self.exits(e));
            if then_exits {
                self.assume(before, false, true, guards);
            } else if else_exits {
                self.assume(before, true, true, guards);
            }
        }
    }

    fn assume(&self, statement: NodeId, holds: bool, by_exit: bool, guards: &mut Vec<Guard>) {
        if let Some(condition) = self.model.child(statement, Role::Condition) {
            self.decompose(condition, holds, by_exit, 0, guards);
        }
    }

    fn decompose(&self, condition: NodeId, holds: bool, by_exit: bool, depth: usize, guards: &mut Vec<Guard>) {
        let model = self.model;
        if depth > 32 {
            return;
        }
        match (model.kind(condition), model.name(condition)) {
            (Kind::Unary, "!") => {
                if let Some(operand) = model.child(condition, Role::Operand) {
                    self.decompose(operand, !holds, by_exit, depth + 1, guards);
                }
            }
            (Kind::Binary, op) if (op == "&&") == holds && matches!(op, "&&" | "||") => {
                for operand in model.children_with(condition, Role::Operand) {
                    self.decompose(operand, holds, by_exit, depth + 1, guards);
                }
            }
            // `x == true`, `ok === false`
            (Kind::Binary, op @ ("==" | "!=")) => {
                let mut operands = model.children_with(condition, Role::Operand);
                let (left, right) = (operands.next(), operands.next());
                match (left, right) {
                    (Some(left), Some(right)) if model.kind(right) == Kind::Boolean => {
                        let literal = model.name(right).eq_ignore_ascii_case("true");
                        self.decompose(left, holds == (literal == (op == "==")), by_exit, depth + 1, guards);
                    }
                    _ => guards.push(Guard { condition, holds, by_exit }),
                }
            }
            (Kind::Await, _) => {
                if let Some(value) = model.child(condition, Role::Value) {
                    self.decompose(value, holds, by_exit, depth + 1, guards);
                }
            }
            _ => {
                guards.push(Guard { condition, holds, by_exit });
            }
        }
    }

    /// The expression behind a condition that is a plain local variable stored once: `ok := isLeader()`.
    pub fn condition_source(&self, condition: NodeId) -> NodeId {
        let model = self.model;
        if model.kind(condition) != Kind::Name {
            return condition;
        }
        let name = model.sym(condition);
        for scope in self.scopes(condition) {
            let stores = self.tables.stores(scope, name);
            let plain: Vec<_> = stores.iter().filter(|s| s.kind == StoreKind::Plain && s.at < condition).collect();
            if let Some(last) = plain.last()
                && let Some(mut value) = last.value
            {
                while model.kind(value) == Kind::Await
                    && let Some(inner) = model.child(value, Role::Value)
                {
                    value = inner;
                }
                return value;
            }
            if !stores.is_empty() {
                break;
            }
        }
        condition
    }

    /// The value that a name surely has: of the last store before it whose block it stands in, or of its only store.
    pub fn only_source(&self, name: NodeId) -> Option<NodeId> {
        let model = self.model;
        let scope = self.scopes(name).find(|s| !self.tables.stores(*s, model.sym(name)).is_empty())?;
        let stores = self.tables.stores(scope, model.sym(name));
        // `ttl = toSeconds(ttl)` is no source of what is converted in it.
        let around = |s: &&Store| {
            s.at < name && !model.contains(s.at, name) && model.parent(s.at).is_some_and(|b| model.contains(b, name))
        };
        let store = match stores {
            [only] => only,
            _ => stores.iter().rev().find(around)?,
        };
        store.value.filter(|_| store.kind == StoreKind::Plain && store.index == 0)
    }

    /// Whether a function is declared as asynchronous.
    pub fn is_asynchronous(&self, function: NodeId) -> bool {
        let model = self.model;
        model.children(function).any(|m| model.kind(m) == Kind::Modifier && model.name(m) == "async")
    }

    /// Whether a place runs again and again by a timer: in a function that is handed to one, or in a loop over its ticks.
    pub fn is_timed(&self, at: NodeId) -> bool {
        let model = self.model;
        model.ancestors(at).any(|a| match model.kind(a) {
            Kind::Function => {
                let call = model.parent(a).filter(|p| model.kind(*p) == Kind::Call && model.role(a) == Role::Arg);
                call.is_some_and(|c| self.timer_of(c))
            }
            Kind::Loop => {
                let ticks = |n: NodeId| has_word(model.name(n), &["ticker", "tick", "ticks"]);
                model.child(a, Role::Iterable).is_some_and(|i| model.self_and_descendants(i).any(ticks))
            }
            _ => false,
        })
    }

    /// Whether a call runs its function again and again.
    fn timer_of(&self, call: NodeId) -> bool {
        self.resolve(call).is_some_and(|known| known.api.role == ApiRole::Schedule && known.api.repeats)
    }

    /// Whether control never passes the end of `id`: it returns, throws, breaks, continues or ends the process.
    pub fn exits(&self, id: NodeId) -> bool {
        self.guarded(id, || self.exits_unguarded(id).then_some(())).is_some()
    }

    fn exits_unguarded(&self, id: NodeId) -> bool {
        let model = self.model;
        match model.kind(id) {
            Kind::Return | Kind::Throw | Kind::Break | Kind::Continue => true,
            Kind::Block => model.children(id).last().is_some_and(|last| self.exits(last)),
            Kind::If => {
                let mut others = model.children_with(id, Role::Else).peekable();
                others.peek().is_some()
                    && others.all(|e| self.exits(e))
                    && model.child(id, Role::Then).is_some_and(|t| self.exits(t))
            }
            // A `break` only leaves the `select` itself.
            Kind::Switch if model.name(id) == "select" => {
                let mut cases = model.children_with(id, Role::Case).peekable();
                cases.peek().is_some()
                    && cases.all(|c| {
                        let last = model.children(c).last();
                        last.is_some_and(|l| model.kind(l) != Kind::Break && self.exits(l))
                    })
            }
            Kind::Call => match self.resolve(id) {
                Some(known) if known.how != How::Name => known.api.role == ApiRole::Exit,
                _ => throws_by_name(model.name(id)),
            },
            _ => false,
        }
    }

    /// Whether `id` is inside a loop of its function.
    pub fn in_loop(&self, id: NodeId) -> Option<NodeId> {
        let model = self.model;
        model.ancestors(id).take_while(|a| model.kind(*a) != Kind::Function).find(|a| model.kind(*a) == Kind::Loop)
    }

    /// The function around `id`, not `id` itself.
    pub fn function_around(&self, id: NodeId) -> Option<NodeId> {
        self.model.enclosing(id, Kind::Function)
    }

    /// The statement that holds `id`: the child of the nearest block, function or module.
    pub fn statement(&self, id: NodeId) -> NodeId {
        let model = self.model;
        let holds = |n: NodeId| {
            model.parent(n).is_none_or(|p| {
                matches!(model.kind(p), Kind::Block | Kind::Module | Kind::Function | Kind::Class | Kind::Case)
            })
        };
        model.self_and_ancestors(id).find(|n| holds(*n)).unwrap_or(id)
    }

    /// All reads of the local variable that is stored at `target` (a name), in its scope, after `target`.
    pub fn reads_of(&self, target: NodeId) -> Vec<NodeId> {
        let model = self.model;
        let name = model.sym(target);
        let scope =
            self.scopes(target).find(|s| !self.tables.stores(*s, name).is_empty()).unwrap_or_else(|| model.root());
        // A declaration is seen in its own block only.
        let declared = model.enclosing(target, Kind::Let).filter(|l| model.contains(scope, *l));
        let scope = declared.and_then(|l| model.parent(l)).unwrap_or(scope);
        let inside = |d: &NodeId| *d != target && model.contains(scope, *d);
        self.tables.reads(name).iter().copied().filter(inside).collect()
    }

    /// The calls in a node, itself among them, and in functions inside it.
    pub fn calls_below(&self, node: NodeId) -> &[NodeId] {
        self.tables.calls_between(node, self.model.end(node))
    }

    /// Calls of a function in its own file: those that lead to it, and those of its name on an object of which nothing is
    /// known, where no other function is called so.
    pub fn calls_to(&self, function: NodeId) -> Vec<NodeId> {
        const MOST: usize = 16;
        let model = self.model;
        let name = model.sym(function);
        let only = || self.tables.functions.iter().filter(|f| model.sym(f.node) == name).nth(1).is_none();
        let leads = |call: &NodeId| match self.callee(*call) {
            Some(callee) => matches!(callee, Callee::Here(f) if f == function),
            None => model.child(*call, Role::Receiver).is_some_and(|r| self.type_of(r).is_none()) && only(),
        };
        self.tables.calls_of(name).iter().copied().take(MOST).filter(leads).collect()
    }

    /// Every store to what `id` reads: a variable, by the innermost scope that stores to it, or a field of the class
    /// around.
    pub fn stores_of(&self, id: NodeId) -> &[Store] {
        let model = self.model;
        let name = model.sym(id);
        let own_field = || {
            let class = self.tables.own_class(model, id);
            self.tables.classes[class as usize].fields.get(&name).map(Vec::as_slice)
        };
        match model.kind(id) {
            Kind::Name => {
                let variable = self.scopes(id).map(|s| self.tables.stores(s, name)).find(|s| !s.is_empty());
                variable.or_else(own_field).unwrap_or_default()
            }
            Kind::Member if model.child(id, Role::Object).is_some_and(|o| self.tables.is_this(model, o)) => {
                own_field().unwrap_or_default()
            }
            _ => &[],
        }
    }
}
