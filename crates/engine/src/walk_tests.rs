//! Tests of the module above.

use super::*;
use crate::settings::Flags;
use crate::testing::{Folder, names};

fn found(folder: &Folder, flags: &Flags, inputs: &[&str]) -> Found {
    let settings = Settings::resolve(&folder.0, &names(), None, flags).expect("valid");
    let inputs: Vec<Input> = inputs.iter().map(|p| Input::Path(PathBuf::from(p))).collect();
    find(&inputs, &settings, &Overlay::default()).expect("found")
}

fn paths(found: &Found) -> Vec<&str> {
    found.files.iter().map(|f| &*f.path).collect()
}

fn skipped(found: &Found) -> Vec<(&str, &str)> {
    found.skipped.iter().map(|(p, r)| (&**p, r.name())).collect()
}

#[test]
fn ignore_files_are_honoured_unless_told_otherwise() {
    let folder = Folder::new(&[
        (".gitignore", "out/\n"),
        ("out/a.py", ""),
        ("b.py", ""),
        (".hidden/c.py", ""),
        ("readme.md", ""),
    ]);
    assert_eq!(paths(&found(&folder, &Flags::default(), &["."])), ["b.py"]);
    let all = Flags { no_ignore: true, hidden: true, ..Flags::default() };
    assert_eq!(paths(&found(&folder, &all, &["."])), [".hidden/c.py", "b.py", "out/a.py"]);
    assert_eq!(paths(&found(&folder, &Flags::default(), &["out/a.py"])), ["out/a.py"]);
}

#[test]
fn other_peoples_code_is_skipped_and_counted_even_without_ignore_files() {
    let folder = Folder::new(&[
        ("node_modules/x/a.js", ""),
        ("node_modules/x/readme.md", ""),
        ("go/vendor/b.go", ""),
        ("c.go", ""),
        ("src/main/java/com/vendor/D.java", ""),
    ]);
    let found_here = found(&folder, &Flags { no_ignore: true, ..Flags::default() }, &["."]);
    assert_eq!(paths(&found_here), ["c.go", "src/main/java/com/vendor/D.java"]);
    assert_eq!(skipped(&found_here), [("go/vendor/b.go", "vendored"), ("node_modules/x/a.js", "vendored")]);
    assert_eq!(paths(&found(&folder, &Flags::default(), &["node_modules/x"])), ["node_modules/x/a.js"]);
}

#[test]
fn excluded_files_are_skipped_even_when_they_are_named() {
    let folder = Folder::new(&[("gen/a.py", ""), ("b.py", "")]);
    let flags = Flags { exclude: vec!["gen".into()], ..Flags::default() };
    let found = found(&folder, &flags, &[".", "gen/a.py"]);
    assert_eq!(paths(&found), ["b.py"]);
    assert_eq!(skipped(&found), [("gen/a.py", "excluded")]);
}

#[test]
fn a_named_file_in_no_known_language_is_reported() {
    let folder = Folder::new(&[("a.rb", "")]);
    let found = found(&folder, &Flags::default(), &["a.rb"]);
    assert_eq!(skipped(&found), [("a.rb", "unknown language")]);
    assert!(found.notes[0].message.starts_with("no language has this extension: timelint reads .go, .java"));
}

#[test]
fn a_missing_path_is_an_error() {
    let folder = Folder::new(&[]);
    let settings = Settings::resolve(&folder.0, &names(), None, &Flags::default()).expect("valid");
    let error = find(&[Input::Path("nope".into())], &settings, &Overlay::default()).expect_err("missing");
    assert_eq!(error.to_string(), "nope: no such file or directory");
}

#[test]
fn a_text_needs_a_name_with_a_known_extension() {
    let folder = Folder::new(&[]);
    let settings = Settings::resolve(&folder.0, &names(), None, &Flags::default()).expect("valid");
    let text = |name: &str| Input::Text { name: name.into(), text: "x".into() };
    assert_eq!(paths(&find(&[text("src/a.py")], &settings, &Overlay::default()).expect("found")), ["src/a.py"]);
    assert!(
        find(&[text("a.rb")], &settings, &Overlay::default())
            .is_err_and(|e| e.to_string().starts_with("a.rb: no language has this extension"))
    );
}

#[test]
fn tests_are_told_below_the_named_path() {
    let folder = Folder::new(&[("tests/a.py", ""), ("tests/unit/test_b.py", ""), ("c.py", "")]);
    let is_test = |inputs: &[&str]| -> Vec<bool> {
        found(&folder, &Flags::default(), inputs).files.iter().map(|f| f.is_test).collect()
    };
    assert_eq!(is_test(&["."]), [false, true, true]);
    assert_eq!(is_test(&["tests"]), [false, true]);
    assert_eq!(is_test(&["tests/unit/test_b.py"]), [false]);
    assert_eq!(is_test(&[".", "tests/unit/test_b.py"]), [false, true, false]);
}

#[test]
fn paths_are_shown_relative_to_the_working_directory() {
    let folder = Folder::new(&[("here/a.py", ""), ("there/b.py", "")]);
    let settings = Settings::resolve(&folder.0.join("here"), &names(), None, &Flags::default()).expect("valid");
    let absolute = folder.0.join("here");
    let inputs = [Input::Path("../there".into()), Input::Path(absolute), Input::Path("./a.py".into())];
    assert_eq!(paths(&find(&inputs, &settings, &Overlay::default()).expect("found")), ["../there/b.py", "a.py"]);
}

#[test]
fn dots_are_cleaned_away() {
    let clean = |p: &str| clean(Path::new(p)).to_string_lossy().into_owned();
    assert_eq!(clean("/a/./b/../c"), "/a/c");
    assert_eq!(clean("../a/../../b"), "../../b");
    assert_eq!(clean("/../a"), "/a");
}
