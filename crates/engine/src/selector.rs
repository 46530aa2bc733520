//! Names of rules and groups of rules.

use crate::suggest::hint;
use timelint_diagnostics::{Family, RuleMeta};

const FAMILIES: [Family; 4] = [Family::Clock, Family::Pause, Family::Network, Family::Suppression];

/// What a selector stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Selector {
    /// Every rule: `all`.
    All,
    /// Every rule that is on by default: `default`.
    Default,
    /// Every rule of a family.
    Family(Family),
    /// One rule, by its id or a former name.
    Rule(&'static str),
}

impl Selector {
    /// Whether the selector covers `rule`.
    pub fn covers(self, rule: &RuleMeta) -> bool {
        match self {
            Selector::All | Selector::Default => true,
            Selector::Family(family) => rule.family == family,
            Selector::Rule(id) => rule.id == id,
        }
    }

    /// How narrow it is: a rule's name beats its family, a family beats `all`.
    fn weight(self) -> u8 {
        match self {
            Selector::All | Selector::Default => 1,
            Selector::Family(_) => 2,
            Selector::Rule(_) => 3,
        }
    }
}

/// The narrowest of `selectors` that covers `rule`; 0 when none does.
pub(crate) fn strength(selectors: &[Selector], rule: &RuleMeta) -> u8 {
    selectors.iter().filter(|s| s.covers(rule)).map(|s| s.weight()).max().unwrap_or(0)
}

/// The names that selectors may use.
#[derive(Debug, Clone)]
pub struct Names {
    rules: Vec<&'static RuleMeta>,
}

impl Names {
    /// The names of `rules`, of the families and of the groups.
    pub fn new(rules: impl IntoIterator<Item = &'static RuleMeta>) -> Self {
        Self { rules: rules.into_iter().collect() }
    }

    /// The rules behind the names.
    pub fn rules(&self) -> &[&'static RuleMeta] {
        &self.rules
    }

    /// The rule with this id or former name.
    pub fn rule(&self, name: &str) -> Option<&'static RuleMeta> {
        self.rules.iter().copied().find(|r| r.id == name || r.aliases.contains(&name))
    }

    /// The selector written `name`.
    ///
    /// # Errors
    ///
    /// For a name that means nothing: a suggestion that starts with a colon, or the empty string.
    pub fn selector(&self, name: &str) -> Result<Selector, String> {
        match name {
            "all" => return Ok(Selector::All),
            "default" => return Ok(Selector::Default),
            _ => {}
        }
        if let Some(family) = FAMILIES.into_iter().find(|f| f.name() == name) {
            return Ok(Selector::Family(family));
        }
        match self.rule(name) {
            Some(rule) => Ok(Selector::Rule(rule.id)),
            None => Err(hint(name, &self.all())),
        }
    }

    /// Every name that a selector may use.
    pub fn all(&self) -> Vec<&'static str> {
        let families = FAMILIES.into_iter().map(Family::name);
        self.rules.iter().map(|r| r.id).chain(families).chain(["all", "default"]).collect()
    }

    /// Every name of a rule, for messages about one rule.
    pub fn ids(&self) -> Vec<&'static str> {
        self.rules.iter().map(|r| r.id).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{FAKE, OTHER};

    #[test]
    fn names_families_groups_and_former_names_are_understood() {
        let names = Names::new([&FAKE, &OTHER]);
        assert_eq!(names.selector("fake-call"), Ok(Selector::Rule("fake-call")));
        assert_eq!(names.selector("old-fake"), Ok(Selector::Rule("fake-call")));
        assert_eq!(names.selector("network"), Ok(Selector::Family(Family::Network)));
        assert_eq!(names.selector("all"), Ok(Selector::All));
        assert_eq!(names.selector("fake-cal"), Err(": did you mean `fake-call`?".into()));
    }

    #[test]
    fn the_narrowest_selector_decides() {
        assert_eq!(strength(&[Selector::All, Selector::Family(Family::Clock)], &FAKE), 2);
        assert_eq!(strength(&[Selector::Rule("fake-call")], &OTHER), 0);
    }
}
