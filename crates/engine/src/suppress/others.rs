//! Comments to other linters that say of the same thing that somebody knows.

/// How another linter is told to be quiet, its name of the rule, and the rule's name here.
const SAME: [(&str, &str, &str); 3] = [
    ("pylint: disable", "missing-timeout", "missing-timeout"),
    ("noqa:", "S113", "missing-timeout"),
    ("nosec", "B113", "missing-timeout"),
];

/// The rule of which a comment says to another linter that this is known: `# pylint: disable=missing-timeout`.
pub(super) fn acknowledged(comment: &str) -> Option<&'static str> {
    let after = |mark: &str| comment.find(mark).and_then(|at| comment.get(at + mark.len()..));
    let names = |rest: &str, name: &str| rest.split([' ', ',', '=', ':', '[', ']']).any(|word| word == name);
    SAME.iter().find(|(mark, name, _)| after(mark).is_some_and(|rest| names(rest, name))).map(|(.., rule)| *rule)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_to_other_linters_are_read() {
        for text in [
            "# pylint: disable=missing-timeout",
            "# pylint: disable=a,missing-timeout",
            "# noqa: E501, S113",
            "# nosec B113",
        ] {
            assert_eq!(acknowledged(text), Some("missing-timeout"), "{text}");
        }
        for text in ["# missing-timeout", "# noqa: E501", "# pylint: disable=broad-except", "# nosec B101"] {
            assert_eq!(acknowledged(text), None, "{text}");
        }
    }
}
