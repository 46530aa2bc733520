//! What limits time for callers that do not see it: functions that bound their context by themselves, and libraries whose
//! requests are given limits one by one.

use crate::analysis::Analysis;
use crate::catalog::{ApiRole, leaf};
use crate::names::has_word;
use crate::resolve::Callee;
use crate::value::How;
use rustc_hash::FxHashSet;
use timelint_model::{Kind, NodeId, Role, Sym};

/// Stands for the stubs that are generated from the project's own services.
const STUBS: &str = "stub";

impl Analysis<'_> {
    /// The names of the functions of this file that end what they ask by themselves, alone and after their classes: they
    /// derive a context with a limit, or set one, or call a function of the file that does.
    pub(crate) fn bounding_functions(&self) -> Vec<String> {
        let model = self.model;
        if !self.says(&["timeout", "timeouts", "deadline"]) {
            return Vec::new();
        }
        let mut bounding: FxHashSet<NodeId> = FxHashSet::default();
        let bounds = |n: NodeId| match model.kind(n) {
            Kind::Call => self.resolve(n).is_some_and(|k| k.how != How::Name && k.api.role == ApiRole::TimeoutSet),
            Kind::Entry => model.child(n, Role::Value).is_some() && speaks_of_a_limit(model.name(n)),
            _ => false,
        };
        bounding.extend(model.ids().filter(|n| bounds(*n)).filter_map(|n| self.function_around(n)));
        let names: FxHashSet<Sym> = bounding.iter().map(|f| model.sym(*f)).filter(|s| *s != Sym::EMPTY).collect();
        let calls = self.tables.calls.iter().filter(|c| names.contains(&model.sym(**c)));
        let through: Vec<NodeId> = calls.filter_map(|c| self.function_around(*c)).collect();
        bounding.extend(through);
        let functions =
            self.tables.functions.iter().filter(|f| bounding.contains(&f.node) && !model.name(f.node).is_empty());
        functions
            .flat_map(|f| {
                let class = f.class.map_or("", |c| self.tables.classes[c as usize].name.as_str());
                let name = model.name(f.node);
                [name.to_owned(), format!("{class}.{name}")]
            })
            .collect()
    }

    /// Whether the function of the project that a call reaches limits how long it takes: the one that is known, or, behind
    /// an interface, any of its name.
    pub fn bounds_itself(&self, call: NodeId) -> bool {
        let name = self.model.name(call);
        match self.callee(call) {
            Some(Callee::Elsewhere(summary)) => self.index().bounds(&format!("{}.{}", summary.class, summary.name)),
            Some(Callee::Here(_)) => false,
            None => self.index().bounds(name),
        }
    }

    /// Whether stubs are given deadlines anywhere in the project.
    pub fn stubs_have_deadlines(&self) -> bool {
        self.index().limits_requests_of(STUBS)
    }

    /// The libraries whose requests this file gives limits one by one.
    pub(crate) fn libraries_limited_by_request(&self) -> Vec<String> {
        if !self.says(&["timeout", "timeouts", "deadline"]) {
            return Vec::new();
        }
        let limited = |c: &NodeId| {
            let known = self.resolve(*c).filter(|k| k.how != How::Name)?;
            let name = known.api.name.as_slice().first()?;
            let by_request = known.api.role == ApiRole::TimeoutSet
                && name.split_once('#').is_some_and(|(ty, _)| has_word(ty, &["request"]));
            by_request.then(|| library_of(name).to_owned())
        };
        let mut all: Vec<String> = self.tables.calls.iter().filter_map(limited).collect();
        let on_a_stub = |c: &NodeId| {
            let receiver = self.model.child(*c, Role::Receiver).map_or("", |r| self.model.name(r));
            has_word(self.model.name(*c), &["deadline"]) && has_word(receiver, &["stub"])
        };
        if self.tables.calls.iter().any(on_a_stub) {
            all.push(STUBS.to_owned());
        }
        all.sort();
        all.dedup();
        all
    }
}

/// The library of a qualified name, as far as names tell: `org.apache.http` of `org.apache.http.impl.client.X`, `axios` of
/// `axios.create`.
pub fn library_of(name: &str) -> &str {
    let name = name.split_once('#').map_or(name, |(ty, _)| ty);
    if let Some(slash) = name.rfind('/') {
        return name[slash..].find('.').map_or(name, |dot| &name[..slash + dot]);
    }
    let dots: Vec<usize> = name.match_indices('.').map(|(at, _)| at).collect();
    let packages = leaf(name).len() < name.len() && dots.len() >= 3;
    let end = if packages { dots.get(2) } else { dots.first() };
    end.and_then(|e| name.get(..*e)).unwrap_or(name)
}

fn speaks_of_a_limit(name: &str) -> bool {
    has_word(name, &["timeout", "timeouts", "deadline"])
}

#[cfg(test)]
mod tests {
    use super::library_of;

    #[test]
    fn libraries_are_the_beginnings_of_names() {
        assert_eq!(library_of("axios.create"), "axios");
        assert_eq!(library_of("axios.AxiosInstance#get"), "axios");
        assert_eq!(
            library_of("org.apache.http.client.config.RequestConfig.Builder#setSocketTimeout"),
            "org.apache.http"
        );
        assert_eq!(library_of("github.com/redis/go-redis.Client#Get"), "github.com/redis/go-redis");
    }
}
