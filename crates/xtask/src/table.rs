//! The table of rules in the README.

use crate::Error;
use std::fmt::Write as _;
use timelint_rules::RULES;

pub(crate) const START: &str = "<!-- rules -->";
pub(crate) const END: &str = "<!-- /rules -->";

/// `readme` with the table between its markers as it must be.
///
/// # Errors
///
/// When the markers are missing, or stand there more than once.
pub fn with_fresh_table(readme: &str) -> Result<String, Error> {
    let (before, rest) = readme.split_once(START).ok_or(Error::NoMarkers)?;
    let (_, after) = rest.split_once(END).ok_or(Error::NoMarkers)?;
    if after.contains(START) || after.contains(END) || before.contains(END) {
        return Err(Error::NoMarkers);
    }
    Ok(format!("{before}{START}\n{}{END}{after}", table()))
}

fn table() -> String {
    let mut rules: Vec<_> = RULES.iter().map(|r| r.meta()).collect();
    rules.sort_unstable_by_key(|r| (r.family, r.id));
    let mut out = String::from("| rule | family | severity | what it finds |\n| --- | --- | --- | --- |\n");
    for rule in rules {
        let page = rule.page_path().unwrap_or_default();
        let summary = rule.summary.replace('|', "\\|");
        let (family, severity) = (rule.family.name(), rule.severity.name());
        let _ = writeln!(out, "| [`{}`]({page}) | {family} | {severity} | {summary} |", rule.id);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_around_the_table_is_kept() {
        let fresh = with_fresh_table("a\n<!-- rules -->\nold\n<!-- /rules -->\nb\n").expect("markers");
        assert!(fresh.starts_with("a\n<!-- rules -->\n| rule |") && fresh.ends_with("|\n<!-- /rules -->\nb\n"));
        assert!(!fresh.contains("\nold\n"));
        assert_eq!(with_fresh_table(&fresh).expect("markers"), fresh);
        assert_eq!(fresh.lines().filter(|l| l.starts_with("| [`")).count(), RULES.len());
    }

    #[test]
    fn missing_and_repeated_markers_are_refused() {
        for text in
            ["", "<!-- rules -->", "<!-- /rules --><!-- rules -->", "<!-- rules --><!-- /rules --><!-- rules -->"]
        {
            assert!(matches!(with_fresh_table(text), Err(Error::NoMarkers)), "{text}");
        }
    }
}
