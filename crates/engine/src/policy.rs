//! What holds for one file: which rules run, how sure and how severe.

use crate::config::Layer;
use crate::selector::strength;
use crate::settings::Settings;
use std::path::Path;
use timelint_diagnostics::{Confidence, Finding, RuleMeta, Severity};

/// The settings as they hold for one file.
pub(crate) struct Policy<'s> {
    settings: &'s Settings,
    overrides: Vec<&'s crate::config::Override>,
}

impl<'s> Policy<'s> {
    /// For the file at the absolute path `path`.
    pub(crate) fn new(settings: &'s Settings, path: &Path) -> Self {
        Self { settings, overrides: settings.overrides.iter().filter(|o| o.files.fit(path)).collect() }
    }

    /// Whether `rule` runs.
    pub(crate) fn enables(&self, rule: &RuleMeta) -> bool {
        let layers = self.settings.layers.iter().chain(self.overrides.iter().map(|o| &o.layer));
        layers.fold(false, |on, layer| decide(on, layer, rule))
    }

    /// Findings under this are held back.
    pub(crate) fn min_confidence(&self) -> Confidence {
        let own = self.overrides.iter().rev().find_map(|o| o.min_confidence);
        self.settings.forced_confidence.or(own).unwrap_or(self.settings.min_confidence)
    }

    /// The configured severity of `rule`, where there is one.
    pub(crate) fn severity(&self, rule: &RuleMeta) -> Option<Severity> {
        let mut found = self.settings.severities.iter().find(|(id, _)| *id == rule.id).map(|(_, s)| *s);
        for over in &self.overrides {
            let best = over.severities.iter().max_by_key(|(selector, _)| strength(&[*selector], rule));
            found = best.filter(|(selector, _)| selector.covers(rule)).map(|(_, s)| *s).or(found);
        }
        found
    }

    /// Gives `finding` its configured severity.
    pub(crate) fn adjust(&self, finding: &mut Finding) {
        if let Some(severity) = self.severity(finding.rule) {
            finding.severity = severity;
        }
    }

    /// Whether rules report in test code.
    pub(crate) fn includes_tests(&self) -> bool {
        let own = self.overrides.iter().rev().find_map(|o| o.include_tests);
        self.settings.forced_tests || own.unwrap_or(self.settings.include_tests)
    }
}

/// Whether any file can have `rule` on.
pub(crate) fn enabled_somewhere(settings: &Settings, rule: &RuleMeta) -> bool {
    let base = settings.layers.iter().fold(false, |on, layer| decide(on, layer, rule));
    base || settings.overrides.iter().any(|o| decide(false, &o.layer, rule))
}

fn decide(before: bool, layer: &Layer, rule: &RuleMeta) -> bool {
    let ignored = strength(&layer.ignore, rule);
    match &layer.select {
        Some(select) => strength(select, rule) > ignored,
        None => before && ignored == 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::settings::Flags;
    use crate::testing::{FAKE, OTHER, names};

    fn settings(text: &str, flags: &Flags) -> Settings {
        let config = Config::parse("timelint.toml", text, Path::new("/r"), &names()).expect("valid");
        Settings::resolve(Path::new("/r"), &names(), Some(config), flags).expect("valid")
    }

    fn enabled(text: &str, flags: &Flags, path: &str) -> (bool, bool) {
        let settings = settings(text, flags);
        let policy = Policy::new(&settings, Path::new(path));
        (policy.enables(&FAKE), policy.enables(&OTHER))
    }

    #[test]
    fn selectors_choose_the_narrowest_wins() {
        let none = Flags::default();
        assert_eq!(enabled("", &none, "/r/a"), (true, true));
        assert_eq!(enabled("ignore = [\"network\"]", &none, "/r/a"), (true, false));
        assert_eq!(enabled("select = [\"other-call\"]\nignore = [\"network\"]", &none, "/r/a"), (false, true));
        assert_eq!(enabled("select = [\"all\"]\nignore = [\"fake-call\"]", &none, "/r/a"), (false, true));
    }

    #[test]
    fn a_selection_on_the_command_line_replaces_the_configured_one() {
        let only = Flags { select: Some(vec!["fake-call".into()]), ..Flags::default() };
        assert_eq!(enabled("ignore = [\"fake-call\"]", &only, "/r/a"), (true, false));
        let less = Flags { ignore: vec!["clock".into()], ..Flags::default() };
        assert_eq!(enabled("", &less, "/r/a"), (false, true));
    }

    #[test]
    fn overrides_hold_for_their_files() {
        let text = "select = [\"clock\"]\n[rules.fake-call]\nseverity = \"error\"\n[[overrides]]\nfiles = [\"tools/**\"]\n\
            select = [\"network\"]\nmin-confidence = \"high\"\nseverity = { all = \"note\", network = \"warning\" }";
        assert_eq!(enabled(text, &Flags::default(), "/r/a.py"), (true, false));
        assert_eq!(enabled(text, &Flags::default(), "/r/tools/a.py"), (false, true));
        let settings = settings(text, &Flags::default());
        let tools = Policy::new(&settings, Path::new("/r/tools/a.py"));
        assert_eq!(tools.min_confidence(), Confidence::High);
        assert_eq!(tools.severity(&OTHER), Some(Severity::Warning));
        assert_eq!(tools.severity(&FAKE), Some(Severity::Note));
        let other = Policy::new(&settings, Path::new("/r/a.py"));
        assert_eq!((other.severity(&FAKE), other.severity(&OTHER)), (Some(Severity::Error), None));
        assert!(enabled_somewhere(&settings, &OTHER));
    }
}
