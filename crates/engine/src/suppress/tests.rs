//! Tests of the module above.

use super::*;
use crate::testing::{FAKE, OTHER, knowledge, names};
use timelint_syntax::language_by_name;

fn python(text: &str) -> (SourceFile, FileModel) {
    let language = language_by_name("python").expect("known");
    let model = crate::map::model(&knowledge(), language, text).expect("lowered");
    (SourceFile::new("a.py", text), model)
}

/// The lines on which `fake-call` is suppressed.
fn covered(text: &str) -> Vec<u32> {
    let (source, model) = python(text);
    let mut found = Suppressions::read(&source, &model, &names(), None);
    (1..=source.lines.line_count()).filter(|line| found.cover(&FAKE, *line).is_some()).collect()
}

fn complaints(text: &str, used: &[u32]) -> Vec<String> {
    let (source, model) = python(text);
    let mut found = Suppressions::read(&source, &model, &names(), None);
    for line in used {
        found.cover(&FAKE, *line);
    }
    let line = |f: &Finding| source.lines.line(f.primary.span.start);
    found.complaints(|_| true, &names()).into_iter().map(|f| format!("{}: {}", line(&f), f.message)).collect()
}

#[test]
fn after_code_the_whole_statement_is_covered() {
    assert_eq!(covered("a()\nbad(  # timelint: ignore[fake-call] -- x\n  1,\n)\nb()"), [2, 3, 4]);
    assert_eq!(covered("a()\nbad(\n  1,\n)  # timelint: ignore[fake-call] -- x\nb()"), [2, 3, 4]);
    assert_eq!(covered("def f():\n  a()\n  bad()  # timelint: ignore[fake-call] -- x\n  b()"), [3]);
}

#[test]
fn alone_the_next_statement_is_covered() {
    assert_eq!(covered("# timelint: ignore[fake-call] -- x\n# more\n\nbad(\n  1,\n)\nb()"), [4, 5, 6]);
    assert_eq!(covered("def f():\n  # timelint: ignore[fake-call] -- x\n  bad()\n  b()"), [3]);
    assert_eq!(covered("a()\n# timelint: ignore[fake-call] -- x\n"), [0; 0]);
}

#[test]
fn of_a_statement_with_a_body_only_the_head_is_covered() {
    let head = "# timelint: ignore[fake-call] -- x\nif bad(\n  1):\n  b()\n  c()\nd()";
    assert_eq!(covered(head), [2, 3]);
    assert_eq!(covered("if bad(1):  # timelint: ignore[fake-call] -- x\n  b()\nd()"), [1]);
}

#[test]
fn several_statements_on_a_line_are_all_covered() {
    assert_eq!(covered("bad(); b(\n1)  # timelint: ignore[fake-call] -- x"), [1, 2]);
}

#[test]
fn files_and_regions_are_covered() {
    assert_eq!(covered("a()\n# timelint: ignore-file[clock] -- x\nb()"), [1, 2, 3]);
    let region = "a()\n# timelint: ignore-start[fake-call] -- x\nb()\nc()\n# timelint: ignore-end[fake-call]\nd()";
    assert_eq!(covered(region), [2, 3, 4, 5]);
    assert_eq!(covered("a()\n# timelint: ignore-start[all] -- x\nb()"), [2, 3]);
}

#[test]
fn only_named_rules_are_covered() {
    let (source, model) = python("bad()  # timelint: ignore[fake-call] -- x");
    let mut found = Suppressions::read(&source, &model, &names(), None);
    assert_eq!(found.cover(&OTHER, 1), None);
    assert_eq!(found.cover(&FAKE, 1).map(|(line, _)| line), Some(1));
    assert_eq!(covered("bad()  # timelint: ignore[old-fake] -- former name"), [1]);
}

#[test]
fn a_comment_in_a_string_is_no_comment() {
    assert_eq!(covered("bad('# timelint: ignore[fake-call] -- x')"), [0; 0]);
}

#[test]
fn mistakes_are_reported() {
    assert_eq!(
        complaints("bad()  # timelint: ignore[fake-call]", &[1]),
        ["1: this suppression needs a reason: `timelint: ignore[fake-call] -- why this is fine`"]
    );
    assert_eq!(
        complaints("bad()  # timelint: ignore[fake-cal] -- x", &[1]),
        ["1: no rule, family or group is called `fake-cal`: did you mean `fake-call`?"]
    );
    assert_eq!(
        complaints("good()\nx()  # timelint: ignore[fake-call] -- x", &[]),
        ["2: nothing is suppressed by `fake-call` here"]
    );
    assert!(complaints("# timelint: ignroe[x]", &[])[0].contains("did you mean `ignore`?"));
    assert!(complaints("# timelint: ignore-end[all]", &[])[0].contains("without an `ignore-start[all]`"));
    assert!(complaints("# timelint: ignore-start[all] -- x\nbad()", &[2])[0].contains("has no `ignore-end[all]`"));
    assert_eq!(complaints("bad()  # timelint: ignore[fake-call] -- x", &[1]), [""; 0]);
}

#[test]
fn unused_is_judged_only_for_rules_that_ran() {
    let (source, model) = python("x()  # timelint: ignore[fake-call] -- x");
    let found = Suppressions::read(&source, &model, &names(), None);
    assert!(found.complaints(|rule| rule.id != "fake-call", &names()).is_empty());
}

/// The text after the fix of the first complaint.
fn mended(text: &str) -> String {
    let (source, model) = python(text);
    let found = Suppressions::read(&source, &model, &names(), None);
    let complaints = found.complaints(|_| true, &names());
    let edit = &complaints[0].fixes[0].edits[0];
    let span = edit.location.span;
    format!("{}{}{}", &text[..span.start as usize], edit.text, &text[span.end as usize..])
}

#[test]
fn what_suppresses_nothing_is_removed() {
    assert_eq!(mended("x()  # timelint: ignore[fake-call] -- x\ny()"), "x()\ny()");
    assert_eq!(mended("a()\n  # timelint: ignore[fake-call] -- x\ny()"), "a()\ny()");
    assert_eq!(mended("x()  # timelint: ignore[fake-call, clock] -- x"), "x()  # timelint: ignore[clock] -- x");
    assert_eq!(mended("x()  # timelint: ignore[zzzzz] -- x"), "x()");
    assert_eq!(mended("x()  # timelint: ignore[fake-cal] -- x"), "x()  # timelint: ignore[fake-call] -- x");
}

#[test]
fn a_suppression_ends_with_its_day() {
    let text = "bad()  # timelint: ignore[fake-call] until=2026-11-22 -- x";
    let (source, model) = python(text);
    let on = |day: &str| {
        let mut found = Suppressions::read(&source, &model, &names(), day.parse().ok());
        (found.cover(&FAKE, 1).map(|(line, _)| line), found.complaints(|_| true, &names()).len())
    };
    assert_eq!(on("2026-11-22"), (Some(1), 0));
    assert_eq!(on("2026-11-23"), (None, 1));
}
