//! What callers and other objects may set: names of parameters that take a limit of time, members that are stored to.

use crate::analysis::Analysis;
use crate::names::words;
use crate::resolve::Callee;
use crate::value::Origins;
use timelint_model::{Kind, NodeId, Role};

impl Analysis<'_> {
    /// The names of the parameters of the function that a call reaches, in this file or, for functions that take a
    /// limit of time, anywhere in the project; empty where it is not known.
    pub fn parameter_names(&self, call: NodeId) -> Vec<String> {
        let model = self.model;
        match self.callee(call) {
            Some(Callee::Here(function)) => self.names_of_parameters(function),
            Some(Callee::Elsewhere(summary)) => self.index().parameters(&summary.name).unwrap_or_default().to_vec(),
            // By its name alone: only a name that is not every other class's too.
            None if model.kind(call) == Kind::Call && model.name(call).len() > 3 => {
                let names = self.index().parameters(model.name(call)).unwrap_or_default();
                let given = model.children_with(call, Role::Arg).count();
                if given <= names.len() { names.to_vec() } else { Vec::new() }
            }
            _ => Vec::new(),
        }
    }

    fn names_of_parameters(&self, function: NodeId) -> Vec<String> {
        let model = self.model;
        let mut names = Vec::new();
        for param in model.children_with(function, Role::Param) {
            let before = names.len();
            names.extend(model.children_with(param, Role::Target).map(|t| model.name(t).to_owned()));
            if names.len() == before {
                names.push(model.name(param).to_owned());
            }
        }
        names
    }

    /// The named functions of this file that take a limit of time, with the names of all their parameters.
    pub(crate) fn limit_parameters(&self) -> Vec<(String, Vec<String>)> {
        let named = self.tables.functions.iter().filter(|f| !self.model.name(f.node).is_empty());
        let all = named.map(|f| (self.model.name(f.node).to_owned(), self.names_of_parameters(f.node)));
        all.filter(|(_, names)| names.iter().any(|n| speaks_of_a_limit(n))).collect()
    }

    /// The members that this file stores something to that is no constant, through any object but the current one.
    pub(crate) fn members_set(&self) -> Vec<String> {
        let model = self.model;
        let constant = Origins::CONSTANT.and(Origins::NULL);
        let mut names: Vec<String> = Vec::new();
        for id in model.ids().filter(|n| model.kind(*n) == Kind::Assign) {
            let (Some(target), Some(value)) = (model.child(id, Role::Target), model.child(id, Role::Value)) else {
                continue;
            };
            let other = model.kind(target) == Kind::Member
                && model.child(target, Role::Object).is_some_and(|o| !self.tables.is_this(model, o));
            if other && speaks_of_a_limit(model.name(target)) && !self.value(value).origins.without(constant).is_empty()
            {
                names.push(model.name(target).to_owned());
            }
        }
        names.sort();
        names.dedup();
        names
    }
}

fn speaks_of_a_limit(name: &str) -> bool {
    words(name)
        .iter()
        .any(|w| matches!(w.as_str(), "timeout" | "timeouts" | "deadline" | "ttl" | "interval" | "period" | "expiry"))
}
