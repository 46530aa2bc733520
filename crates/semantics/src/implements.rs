//! Interfaces that classes implement without saying so: by having their methods.

use crate::tables::ClassInfo;
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::{BTreeMap, BTreeSet};
use timelint_model::{FileModel, Role};

/// The methods of a class, as far as one file knows them.
#[derive(Debug)]
pub(crate) struct ClassMethods {
    class: String,
    methods: Vec<String>,
    /// No method has a body.
    is_abstract: bool,
}

impl ClassMethods {
    /// The class, where none of its methods has a body.
    pub(crate) fn interface(&self) -> Option<&str> {
        self.is_abstract.then_some(self.class.as_str())
    }

    /// Those of a class of the file, if it has any.
    pub(crate) fn of(model: &FileModel, class: &ClassInfo) -> Option<Self> {
        let mut methods: Vec<String> = class.methods.keys().map(|m| model.text(*m).to_owned()).collect();
        methods.sort_unstable();
        let has_body = |m: &timelint_model::NodeId| model.child(*m, Role::Body).is_some();
        let is_abstract = !class.methods.values().flatten().any(has_body);
        (!methods.is_empty()).then(|| Self { class: class.name.clone(), methods, is_abstract })
    }
}

/// Pairs of a class and an interface of the project whose methods it has, for interfaces that nothing names as its
/// supertype. An interface that too many classes fit says nothing about any of them.
pub(crate) fn implicit_interfaces(
    methods: Vec<ClassMethods>,
    declared: &FxHashMap<String, Vec<String>>,
) -> Vec<(String, String)> {
    const MOST_CLASSES: usize = 6;
    let named: FxHashSet<&str> =
        declared.values().flatten().map(|parent| parent.rsplit(['.', '/']).next().unwrap_or(parent)).collect();
    let (interfaces, concrete): (Vec<_>, Vec<_>) = methods.into_iter().partition(|m| m.is_abstract);
    // Methods may be spread over files.
    let mut classes: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for class in concrete {
        classes.entry(class.class).or_default().extend(class.methods);
    }
    let mut by_method: FxHashMap<&str, Vec<&String>> = FxHashMap::default();
    for (class, methods) in &classes {
        for method in methods {
            by_method.entry(method).or_default().push(class);
        }
    }
    let mut pairs = Vec::new();
    for interface in interfaces.iter().filter(|i| !named.contains(i.class.as_str())) {
        let candidates = interface.methods.iter().map(|m| by_method.get(m.as_str()).map_or(&[][..], Vec::as_slice));
        let Some(rarest) = candidates.min_by_key(|c| c.len()) else { continue };
        let has_all = |class: &&String| interface.methods.iter().all(|m| classes[*class].contains(m));
        let fitting: Vec<&String> =
            rarest.iter().copied().filter(|class| **class != interface.class).filter(has_all).collect();
        if fitting.len() <= MOST_CLASSES {
            pairs.extend(fitting.into_iter().map(|class| (class.clone(), interface.class.clone())));
        }
    }
    pairs.sort_unstable();
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(name: &str, methods: &[&str], is_abstract: bool) -> ClassMethods {
        ClassMethods { class: name.to_owned(), methods: methods.iter().map(|m| (*m).to_owned()).collect(), is_abstract }
    }

    #[test]
    fn a_class_implements_the_interfaces_whose_methods_it_has() {
        let all = vec![
            class("Broker", &["Done", "Requeue"], true),
            class("RDB", &["Done", "Ping"], false),
            class("RDB", &["Requeue"], false),
            class("Other", &["Done"], false),
        ];
        let pairs = implicit_interfaces(all, &FxHashMap::default());
        assert_eq!(pairs, [("RDB".to_owned(), "Broker".to_owned())]);
    }
}
