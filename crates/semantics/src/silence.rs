//! What was understood of a file and what was not, and why rules kept silent: for those who ask.

use crate::analysis::{Analysis, Resolved};
use crate::regions::Region;
use crate::resolve::Callee;
use crate::value::{Origins, Shape};
use std::cell::RefCell;
use timelint_diagnostics::{RuleMeta, Span};
use timelint_model::{Kind, NodeId, Role};

/// A rule looked at a place and kept silent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Silence {
    /// The rule.
    pub rule: &'static str,
    /// The place.
    pub at: Span,
    /// The code there, on one line and cut to a readable length.
    pub about: String,
    /// Why: one clause, lower case, no final period.
    pub because: &'static str,
}

/// What was seen of a file, with the whole project in view.
#[derive(Debug, Default)]
pub struct Understood {
    /// Each known call with its role and how it was resolved, in source order.
    pub roles: Vec<(Span, String)>,
    /// Each call that the catalogue does not know, and what of it is known.
    pub unknown: Vec<(Span, String)>,
    /// Where the values of expressions come from, as far as anything takes part that is followed; with the node's kind.
    pub values: Vec<(Span, &'static str, String)>,
    /// The sections under a lock or while leading: what takes it, and the section.
    pub regions: Vec<(Span, Span)>,
    /// Why rules kept silent, in the order in which they ran.
    pub silences: Vec<Silence>,
}

impl<'a> Analysis<'a> {
    /// Takes notes of why rules keep silent, which [`Self::understood`] gives.
    #[must_use]
    pub fn listening(mut self) -> Self {
        self.silences = Some(RefCell::default());
        self
    }

    /// Hands `holds` on. Where it holds, `rule` keeps silent about a node because of it, which is noted for those who ask.
    pub fn is_silent(&self, rule: &RuleMeta, at: NodeId, because: &'static str, holds: bool) -> bool {
        if let Some(silences) = self.silences.as_ref().filter(|_| holds) {
            let silence = Silence { rule: rule.id, at: self.model.span(at), about: self.short(at), because };
            let mut silences = silences.borrow_mut();
            if !silences.contains(&silence) {
                silences.push(silence);
            }
        }
        holds
    }

    /// What was understood so far.
    pub fn understood(&self) -> Understood {
        let calls = self.tables.calls.iter().copied();
        let unknown = calls.filter(|c| self.resolve(*c).is_none()).map(|c| (self.model.span(c), self.what_is_known(c)));
        Understood {
            roles: self.roles(),
            unknown: unknown.collect(),
            values: self.model.ids().filter_map(|id| self.traced(id)).collect(),
            regions: self.lock_regions().iter().chain(&self.leading_regions()).map(|r| self.section(r)).collect(),
            silences: self.silences.as_ref().map(|s| s.borrow().clone()).unwrap_or_default(),
        }
    }

    /// What was understood, for `timelint dump --roles`: each known call with its role and how it was resolved.
    pub fn roles(&self) -> Vec<(Span, String)> {
        let describe = |(id, known): (NodeId, Resolved<'a>)| {
            let name = known.api.name.as_slice().first().map_or("", String::as_str);
            (self.model.span(id), format!("{:?} {name} ({:?})", known.api.role, known.how))
        };
        self.known_calls().into_iter().map(describe).collect()
    }

    fn section(&self, region: &Region<'_>) -> (Span, Span) {
        let first = self.model.span(region.from);
        let inside = self.model.ids().filter(|id| *id >= region.from && *id < region.to);
        let end = inside.map(|id| self.model.span(id).end).max().unwrap_or(first.end);
        (self.model.span(region.acquire), Span::new(first.start, end))
    }

    fn traced(&self, id: NodeId) -> Option<(Span, &'static str, String)> {
        Some((self.model.span(id), self.model.kind(id).name(), self.provenance(id)?))
    }

    /// `wall instant in seconds`; `None` where nothing is known, and for plain constants.
    fn provenance(&self, id: NodeId) -> Option<String> {
        let kinds = [Kind::Name, Kind::Member, Kind::Call, Kind::Binary, Kind::Index];
        let value = kinds.contains(&self.model.kind(id)).then(|| self.value(id))?;
        let origins = value.origins.without(Origins::UNKNOWN);
        if origins.is_empty() || self.model.role(id) == Role::Target {
            return None;
        }
        let shape = match value.shape {
            Shape::Plain => "",
            Shape::Instant => " instant",
            Shape::Duration => " length",
        };
        let unit = value.unit.map(|u| format!(" in {}", u.noun())).unwrap_or_default();
        let number = value.number.map(|n| format!(" {n}")).unwrap_or_default();
        Some(format!("{}{shape}{number}{unit}", origins.names().join(", ")))
    }

    /// What is known of a call that has no entry in the catalogue.
    fn what_is_known(&self, call: NodeId) -> String {
        let model = self.model;
        match self.callee(call) {
            Some(Callee::Here(_)) => return "a function of this file".to_owned(),
            Some(Callee::Elsewhere(_)) => return "a function of the project".to_owned(),
            None => {}
        }
        let unlisted = |path: String| format!("`{path}` is in no catalogue");
        if model.kind(call) == Kind::New {
            let ty = model.child(call, Role::Type).and_then(|t| self.named_type(t));
            return unlisted(ty.map_or_else(|| model.name(call).to_owned(), |t| t.name));
        }
        let name = model.name(call);
        let Some(receiver) = model.child(call, Role::Receiver) else {
            return unlisted(self.path_of_name(call, model.sym(call)).map_or_else(|| name.to_owned(), |p| p.0));
        };
        let on = self.path_of(receiver).map(|path| format!("{path}.{name}"));
        let on = on.or_else(|| self.type_of(receiver).map(|ty| format!("{}#{name}", ty.name)));
        on.map_or_else(|| format!("the type of what `{name}` is called on is unknown"), unlisted)
    }
}
