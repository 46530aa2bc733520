//! Where the section that a lock protects begins and ends, read from the shapes around the acquiring call.

use crate::analysis::Analysis;
use crate::catalog::ApiRole;
use crate::lock_helper::Does;
use crate::names::words;
use timelint_model::{Kind, NodeId, Role, Sym};

/// How many blocks an acquire may stand deeper than the section that it protects.
const MOST_CLIMBS: usize = 4;
/// How far behind the acquire its result is looked at.
const MOST_SIBLINGS: usize = 6;

/// The nodes that run while the lock is held.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Section {
    pub(crate) from: NodeId,
    pub(crate) to: NodeId,
    /// Not acquiring leads past the section.
    pub(crate) skips: bool,
}

/// A local variable that holds what the acquire returned.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ResultName {
    pub(crate) name: Sym,
    is_error: bool,
}

impl Analysis<'_> {
    /// The section behind an acquiring call, up to the end of the block; `None` when the caller gets the lock.
    pub(crate) fn section_after(&self, call: NodeId, results: &[ResultName]) -> Option<Section> {
        let model = self.model;
        let statement = self.statement(call);
        if matches!(model.kind(statement), Kind::Return | Kind::Throw) || self.is_lambda_value(statement) {
            return None;
        }
        let in_part = |role| model.children_with(statement, role).any(|part| model.contains(part, call));
        match model.kind(statement) {
            Kind::If => self.after_if(statement, call, results, 0),
            Kind::Loop if in_part(Role::Condition) => {
                let condition = model.child(statement, Role::Condition)?;
                if self.held_when(condition, call, results) == Some(true) {
                    let body = model.child(statement, Role::Body)?;
                    return Some(Section { from: body, to: model.end(body), skips: true });
                }
                self.follow(statement, results, 0)
            }
            Kind::With | Kind::Try if in_part(Role::Item) => {
                let body = model.child(statement, Role::Body)?;
                Some(Section { from: body, to: model.end(body), skips: false })
            }
            _ => self.follow(statement, results, 0),
        }
    }

    /// Whether the condition of an `if` says that the lock of `call` was taken (or, `false`, that it was not); `None` when it
    /// speaks of something else.
    pub fn asks_if_taken(&self, statement: NodeId, call: NodeId) -> Option<bool> {
        let condition = self.model.child(statement, Role::Condition)?;
        self.held_when(condition, call, &self.result_names(call))
    }

    /// The names that a statement gives to what `call` returned: `ok, err := tryLock()`.
    pub(crate) fn result_names(&self, call: NodeId) -> Vec<ResultName> {
        let model = self.model;
        let stored = |n: &NodeId| matches!(model.kind(*n), Kind::Let | Kind::Assign);
        let around = model.ancestors(call).take_while(|a| !matches!(model.kind(*a), Kind::Block | Kind::Function));
        let Some(statement) = around.filter(stored).last() else { return Vec::new() };
        let targets = model.children_with(statement, Role::Target).flat_map(|t| model.self_and_descendants(t));
        let names = targets.filter(|t| matches!(model.kind(*t), Kind::Name | Kind::Member) && model.name(*t) != "_");
        names.map(|t| ResultName { name: model.sym(t), is_error: names_error(model.name(t)) }).collect()
    }

    fn is_lambda_value(&self, statement: NodeId) -> bool {
        let model = self.model;
        model.parent(statement).is_some_and(|p| model.kind(p) == Kind::Function) && model.kind(statement) != Kind::Block
    }

    /// What follows `statement` while the lock is held: behind exits for the case that it is not, or the branch for
    /// the case that it is. Climbs out of blocks that do nothing but acquire.
    fn follow(&self, statement: NodeId, results: &[ResultName], climbs: usize) -> Option<Section> {
        let model = self.model;
        let parent = model.parent(statement)?;
        let mut section = Section { from: model.end(statement), to: model.end(parent), skips: false };
        let siblings = model.children(parent).filter(|s| *s > statement && model.role(*s) == model.role(statement));
        for sibling in siblings.take(MOST_SIBLINGS) {
            if model.kind(sibling) != Kind::If || self.probe(sibling, NodeId(u32::MAX), results).is_none() {
                continue;
            }
            let found = self.after_if(sibling, NodeId(u32::MAX), results, climbs)?;
            section.skips |= found.skips;
            if found.from < model.end(sibling) || found.from > section.to {
                return Some(Section { skips: section.skips, ..found });
            }
            section.from = found.from;
        }
        self.climb(parent, section, results, climbs)
    }

    /// An acquire in a `try` or `if` of its own: the section lies behind it.
    fn climb(&self, block: NodeId, section: Section, results: &[ResultName], climbs: usize) -> Option<Section> {
        let model = self.model;
        let rest = model.children(block).filter(|c| *c >= section.from);
        let idle = rest.into_iter().all(|c| matches!(model.kind(c), Kind::Defer | Kind::Break));
        let outer = model.parent(block);
        let climbable = outer.is_some_and(|o| {
            matches!((model.kind(o), model.role(block)), (Kind::Try, Role::Body) | (Kind::If, Role::Then | Role::Else))
                || model.kind(o) == Kind::Block
        });
        match outer {
            Some(outer) if idle && climbable && climbs < MOST_CLIMBS => {
                let found = self.follow(self.statement(outer), results, climbs + 1)?;
                Some(Section { skips: section.skips || found.skips, ..found })
            }
            _ if section.from < section.to => Some(section),
            _ => None,
        }
    }

    /// The section of an `if` whose condition asks whether the lock was acquired.
    fn after_if(&self, statement: NodeId, call: NodeId, results: &[ResultName], climbs: usize) -> Option<Section> {
        let model = self.model;
        let behind = |skips| {
            let found = self.follow_plain(statement, climbs)?;
            Some(Section { skips, ..found })
        };
        let whole = |branch: NodeId, skips| Some(Section { from: branch, to: model.end(branch), skips });
        let condition = model.child(statement, Role::Condition)?;
        let Some(then) = model.child(statement, Role::Then) else { return behind(false) };
        let other = model.child(statement, Role::Else);
        let about_error = self.probe(statement, call, results).is_some_and(|p| self.is_error_name(p, results));
        match self.held_when(condition, call, results) {
            Some(false) if self.exits(then) => behind(!about_error && !self.throws(then)),
            Some(false) => other.map_or_else(|| behind(false), |o| whole(o, true)),
            Some(true) if self.only_leaves(then) => match self.in_loop(statement) {
                Some(round) if self.breaks(then) => self.follow(self.statement(round), &[], climbs + 1),
                _ => None,
            },
            Some(true) => whole(then, other.is_none_or(|o| !self.throws(o))),
            None if self.exits(then) => behind(false),
            None => whole(then, false),
        }
    }

    fn follow_plain(&self, statement: NodeId, climbs: usize) -> Option<Section> {
        let model = self.model;
        let parent = model.parent(statement)?;
        let section = Section { from: model.end(statement), to: model.end(parent), skips: false };
        self.climb(parent, section, &[], climbs)
    }

    fn throws(&self, branch: NodeId) -> bool {
        let model = self.model;
        model.kind(branch) == Kind::Throw || model.children(branch).any(|c| model.kind(c) == Kind::Throw)
    }

    fn breaks(&self, branch: NodeId) -> bool {
        let model = self.model;
        model.kind(branch) == Kind::Break || model.children(branch).last().is_some_and(|c| model.kind(c) == Kind::Break)
    }

    /// `return true` or `break` and nothing else: whoever waits for it goes on with the lock held.
    fn only_leaves(&self, branch: NodeId) -> bool {
        let model = self.model;
        self.exits(branch) && model.descendants(branch).all(|d| model.kind(d) != Kind::Call)
    }

    /// Whether a condition that looks at the acquire holds when the lock was acquired.
    fn held_when(&self, condition: NodeId, call: NodeId, results: &[ResultName]) -> Option<bool> {
        let model = self.model;
        let probe = self.probe_in(condition, call, results)?;
        let is_error = self.is_error_name(probe, results);
        let mut held = !is_error;
        let mut child = probe;
        while child != condition {
            let parent = model.parent(child)?;
            match (model.kind(parent), model.name(parent)) {
                (Kind::Unary, "!") => held = !held,
                (Kind::Binary, "&&" | "||" | ">") => {}
                (Kind::Binary, op @ ("==" | "!=" | "is" | "is not")) => {
                    let same = matches!(op, "==" | "is");
                    let other = model.children_with(parent, Role::Operand).find(|o| *o != child)?;
                    match self.means_failure(other) {
                        Some(fails) => held ^= same == fails,
                        // `err == ErrNotObtained`
                        None if is_error && same => {}
                        None => return None,
                    }
                }
                (Kind::Binary, _) => return None,
                (Kind::Call, name) => held ^= self.negates(parent, name),
                _ => {}
            }
            child = parent;
        }
        Some(held)
    }

    /// `isNull(lock)`, `Boolean.FALSE.equals(ok)`.
    fn negates(&self, call: NodeId, name: &str) -> bool {
        let model = self.model;
        let receiver = model.child(call, Role::Receiver).map_or("", |r| model.name(r));
        let asks = words(name);
        receiver == "FALSE" || asks.iter().any(|w| matches!(w.as_str(), "null" | "nil" | "empty" | "not" | "isnull"))
    }

    /// Whether a literal stands for "not acquired"; `None` for what is not a literal.
    fn means_failure(&self, literal: NodeId) -> Option<bool> {
        let model = self.model;
        match model.kind(literal) {
            Kind::Null => Some(true),
            Kind::Boolean => Some(model.name(literal).eq_ignore_ascii_case("false")),
            Kind::Number => Some(model.name(literal).trim_end_matches(['L', 'l']) == "0"),
            Kind::String => Some(model.name(literal).is_empty()),
            _ => None,
        }
    }

    fn probe(&self, statement: NodeId, call: NodeId, results: &[ResultName]) -> Option<NodeId> {
        self.probe_in(self.model.child(statement, Role::Condition)?, call, results)
    }

    /// The acquire or a name for its result inside a condition.
    fn probe_in(&self, condition: NodeId, call: NodeId, results: &[ResultName]) -> Option<NodeId> {
        let model = self.model;
        model.self_and_descendants(condition).find(|n| {
            *n == call
                || (matches!(model.kind(*n), Kind::Name | Kind::Member)
                    && results.iter().any(|r| r.name == model.sym(*n)))
        })
    }

    fn is_error_name(&self, probe: NodeId, results: &[ResultName]) -> bool {
        results.iter().any(|r| r.is_error && r.name == self.model.sym(probe))
    }

    /// The first release of the lock between two nodes that ends its section: not deferred, and not on the way out
    /// of a failure.
    pub(crate) fn release_between(&self, acquire: NodeId, section: Section, results: &[ResultName]) -> Option<NodeId> {
        let model = self.model;
        let handle = self.handle_name(acquire);
        let candidates = self.tables.calls_between(section.from, section.to).iter().copied();
        candidates.filter(|c| *c != acquire && self.ends_section(*c, acquire)).find(|c| {
            self.releases(*c)
                && handle.is_none_or(|handle| self.speaks_of(*c, handle, results) || model.kind(*c) == Kind::Idiom)
        })
    }

    /// What a release of the same lock is recognised by.
    fn handle_name(&self, acquire: NodeId) -> Option<(Kind, Sym)> {
        let receiver = self.model.child(acquire, Role::Receiver)?;
        Some((self.model.kind(receiver), self.model.sym(receiver)))
    }

    /// Whether a release has the acquire's handle or result as its receiver or argument.
    fn speaks_of(&self, release: NodeId, handle: (Kind, Sym), results: &[ResultName]) -> bool {
        let model = self.model;
        let receiver = model.child(release, Role::Receiver);
        let own = receiver.is_some_and(|r| (model.kind(r), model.sym(r)) == handle);
        let result = |n: NodeId| results.iter().any(|r| !r.is_error && r.name == model.sym(n));
        // `lock = await redlock.acquire(..)`, `await lock()` where the result is the release.
        own || receiver.is_some_and(result)
            || result(release)
            || model.children_with(release, Role::Arg).any(|a| result(a) || (model.kind(a), model.sym(a)) == handle)
    }

    /// Whether a call gives a distributed lock back, itself or through a helper.
    pub fn releases(&self, call: NodeId) -> bool {
        if self.advisory(call) == Some(Does::Release) {
            return true;
        }
        match self.resolve(call) {
            Some(known) if known.api.role == ApiRole::LockRelease => true,
            Some(known) if known.how != crate::value::How::Name => false,
            _ => self.lock_helper_of(call).is_some_and(|h| h.does == Does::Release),
        }
    }

    /// A release in a branch belongs to that branch, unless it is the clean-up of the section itself.
    fn ends_section(&self, release: NodeId, acquire: NodeId) -> bool {
        let model = self.model;
        let mut inside_finally = false;
        for ancestor in model.ancestors(release) {
            if model.contains(ancestor, acquire) {
                break;
            }
            match (model.kind(ancestor), model.role(ancestor)) {
                (Kind::Defer, _) => return false,
                (_, Role::Finally) => inside_finally = true,
                (Kind::Catch, _) | (_, Role::Then | Role::Else) if !inside_finally => return false,
                _ => {}
            }
        }
        true
    }
}

fn names_error(name: &str) -> bool {
    words(name).iter().any(|w| matches!(w.as_str(), "err" | "error" | "ex" | "exception"))
}
