//! What callers and other objects may set: names of parameters that take a limit of time, members that are stored to.

use crate::analysis::Analysis;
use crate::catalog::{ApiRole, ArgMeaning, leaf};
use crate::names::has_word;
use crate::resolve::Callee;
use crate::tables::{FunctionInfo, Store, StoreKind};
use crate::value::{How, Origins};
use timelint_model::{Kind, NodeId, Role};

/// A method of a class of the project that takes a limit of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LimitMethod {
    /// Its class.
    pub(crate) class: String,
    /// Its own name.
    pub(crate) name: String,
    /// The names of its parameters, in order.
    pub(crate) parameters: Vec<String>,
}

impl Analysis<'_> {
    /// The names of the parameters of the function that a call reaches, in this file or, for functions that take a
    /// limit of time, anywhere in the project; empty where it is not known.
    pub fn parameter_names(&self, call: NodeId) -> Vec<String> {
        let model = self.model;
        if let Some(names) = self.parameters_by_class(call) {
            return names.to_vec();
        }
        if !self.may_lead_here(call) && self.index().parameters(model.name(call)).is_none() {
            return Vec::new();
        }
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

    /// The names of the parameters of the method that a call reaches by the class of its receiver and the number of its
    /// arguments, where it takes a limit of time.
    fn parameters_by_class(&self, call: NodeId) -> Option<&[String]> {
        let methods = self.index().methods_with_limits(self.model.name(call))?;
        let receiver = self.model.child(call, Role::Receiver)?;
        let arity = self.model.children_with(call, Role::Arg).count();
        let fitting = methods.iter().filter(|m| m.parameters.len() == arity);
        let ty = fitting.clone().next().and_then(|_| self.type_of(receiver))?;
        let mut of_class = fitting.filter(|m| m.class == leaf(&ty.name));
        let only = of_class.next()?;
        of_class.all(|m| m.parameters == only.parameters).then_some(only.parameters.as_slice())
    }

    /// The records that a local variable holds, if it never holds anything else and no entry is put in that might be a
    /// limit of time: literals, and constructions from named values alone.
    pub fn literals_of(&self, name: NodeId) -> Option<Vec<NodeId>> {
        let model = self.model;
        let symbol = model.sym(name);
        let scope = self.scopes(name).find(|s| !self.tables.stores(*s, symbol).is_empty())?;
        let literal = |store: &Store| {
            let value = store.value.filter(|_| store.kind == StoreKind::Plain && store.index == 0)?;
            let named = model.kind(value) == Kind::Call
                && model.child(value, Role::Receiver).is_none()
                && model.children(value).all(|c| model.kind(c) == Kind::Argument);
            (model.kind(value) == Kind::Record || named || self.is_empty_map(value)).then_some(value)
        };
        let of_text = |s: &&Store| s.kind == StoreKind::Plain && s.value.is_some_and(|v| self.is_made_of_text(v));
        let others = self.tables.stores(scope, symbol).iter().filter(|s| !of_text(s));
        let records = others.map(literal).collect::<Option<Vec<_>>>()?;
        let mut reads = self.tables.reads(symbol).iter().filter(|r| model.contains(scope, **r));
        let filled = records.iter().any(|r| model.kind(*r) == Kind::New);
        (!reads.any(|r| self.may_gain_a_limit(*r) || filled && self.may_be_filled(*r))).then_some(records)
    }

    /// `url.parse(address)`: made of a text that the catalogue knows, and of no settings.
    fn is_made_of_text(&self, value: NodeId) -> bool {
        let known = self.resolve(value).filter(|k| k.how == How::Import && k.api.role == ApiRole::None);
        known.is_some_and(|k| !k.api.args.is_empty() && k.api.args.iter().all(|a| a.is == ArgMeaning::Text))
    }

    /// `new Properties()`, `new HashMap<>()`.
    fn is_empty_map(&self, value: NodeId) -> bool {
        let model = self.model;
        let ty = model.child(value, Role::Type).map_or("", |t| leaf(model.name(t)));
        model.kind(value) == Kind::New
            && model.child(value, Role::Arg).is_none()
            && matches!(ty, "Properties" | "Hashtable" | "HashMap" | "LinkedHashMap" | "TreeMap")
    }

    /// Whether a use of a map may put more into it than what stands there.
    fn may_be_filled(&self, read: NodeId) -> bool {
        let model = self.model;
        let Some(parent) = model.parent(read) else { return false };
        match (model.kind(parent), model.role(read)) {
            (Kind::Call, Role::Receiver) => {
                !matches!(model.name(parent), "put" | "setProperty" | "get" | "getProperty")
            }
            (Kind::Call | Kind::New, Role::Arg) => self.resolve(parent).is_none(),
            _ => false,
        }
    }

    /// Whether a use of a container may put a limit of time into it.
    fn may_gain_a_limit(&self, read: NodeId) -> bool {
        const MERGE: [&str; 9] =
            ["update", "setdefault", "assign", "merge", "extend", "defaults", "prepare", "apply", "set"];
        let model = self.model;
        let Some(parent) = model.parent(read) else { return false };
        match (model.kind(parent), model.role(read)) {
            (Kind::Index, Role::Object) if model.role(parent) == Role::Target => {
                model.child(parent, Role::Key).is_none_or(|k| {
                    model.kind(k) != Kind::String || speaks_of_a_limit(model.name(k)) || model.name(k) == "signal"
                })
            }
            (Kind::Member, Role::Object) if model.role(parent) == Role::Target => {
                speaks_of_a_limit(model.name(parent)) || model.name(parent) == "signal"
            }
            (Kind::Call, Role::Receiver) if matches!(model.name(parent), "put" | "setProperty") => {
                let key = model.child(parent, Role::Arg);
                key.is_none_or(|k| {
                    let plain = matches!(model.kind(k), Kind::String | Kind::Member | Kind::Name);
                    !plain || speaks_of_a_limit(model.name(k))
                })
            }
            (Kind::Call, Role::Receiver | Role::Arg) => has_word(model.name(parent), &MERGE),
            _ => false,
        }
    }

    /// The names of the parameters of a function of this file.
    pub fn names_of_parameters(&self, function: NodeId) -> Vec<String> {
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

    /// The methods of this file that take a limit of time.
    pub(crate) fn limit_methods(&self) -> Vec<LimitMethod> {
        let of_class = |f: &FunctionInfo| {
            let class = self.tables.classes[f.class? as usize].name.clone();
            let (name, parameters) = (self.model.name(f.node).to_owned(), self.names_of_parameters(f.node));
            let speaks = !name.is_empty() && !class.is_empty() && parameters.iter().any(|n| speaks_of_a_limit(n));
            speaks.then_some(LimitMethod { class, name, parameters })
        };
        self.tables.functions.iter().filter_map(of_class).collect()
    }

    /// Beginnings of the qualified names that limits for the whole process bound, where this file sets such limits.
    pub(crate) fn covered_names(&self) -> Vec<String> {
        let model = self.model;
        let assigned = model.ids().filter(|n| model.kind(*n) == Kind::Assign);
        let targets = assigned.filter_map(|n| model.child(n, Role::Target));
        let sites = targets.filter(|t| model.kind(*t) == Kind::Member).chain(self.tables.calls.iter().copied());
        sites.filter_map(|s| self.resolve(s)).flat_map(|known| known.api.covers.iter().cloned()).collect()
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
    has_word(name, &["timeout", "timeouts", "deadline", "ttl", "interval", "period", "expiry", "lease", "expiration"])
        || has_word(name, &["lock"]) && has_word(name, &["time"])
}
