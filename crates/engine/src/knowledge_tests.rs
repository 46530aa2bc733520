//! Tests of the module above.

use super::*;
use crate::config::Config;
use crate::settings::Flags;
use crate::testing::{Folder, knowledge, names};
use timelint_syntax::language_by_name;

fn language(name: &str) -> &'static Language {
    language_by_name(name).expect("known")
}

#[test]
fn packs_inherit_and_are_compiled_once() {
    let knowledge = knowledge();
    let first: *const Pack = knowledge.pack(language("javascript")).expect("compiles");
    let second: *const Pack = knowledge.pack(language("javascript")).expect("compiles");
    assert_eq!(first, second);
    let names: Vec<String> = knowledge.sources("javascript").expect("found").into_iter().map(|s| s.file).collect();
    assert_eq!(names, ["queries/javascript/structure.scm", "queries/_ecma/structure.scm"]);
}

#[test]
fn a_mistake_in_one_language_does_not_touch_the_others() {
    let knowledge =
        Knowledge::new(vec![("go/structure.scm", "(nope) @call"), ("python/structure.scm", "(comment) @comment")]);
    assert!(knowledge.pack(language("python")).is_ok());
    let error = knowledge.pack(language("go")).expect_err("refused").to_string();
    assert!(error.starts_with("queries/go/structure.scm:1:"), "{error}");
    assert!(knowledge.check().is_err());
}

#[test]
fn circles_end_and_unknown_parents_are_named() {
    let circle = Knowledge::new(vec![("go/a.scm", "; inherits: _x\n"), ("_x/a.scm", "; inherits: _x, go\n")]);
    assert_eq!(circle.sources("go").expect("ends").len(), 2);
    let lost = Knowledge::new(vec![("go/a.scm", "; inherits: _emca\n"), ("_ecma/a.scm", "")]);
    assert_eq!(
        lost.pack(language("go")).expect_err("refused").to_string(),
        "queries/go/a.scm:1: there is no query pack `_emca` to inherit from: did you mean `_ecma`?"
    );
}

#[test]
fn the_users_files_come_first_in_packs_and_win_in_catalogues() {
    let api = "[[api]]\nname = \"m.f\"\nrole = \"log\"\n";
    let folder = Folder::new(&[
        ("queries/python/extra.scm", "(identifier) @name"),
        ("queries/python/apis.toml", api),
        ("queries/readme.md", ""),
    ]);
    let knowledge = Knowledge::new(vec![
        ("python/structure.scm", "(comment) @comment"),
        ("python/apis.toml", "[[api]]\nname = \"m.f\"\nrole = \"sleep\"\n"),
    ]);
    let knowledge = knowledge.with_user_folder(&folder.0, ".timelint").expect("read");
    let names: Vec<String> = knowledge.sources("python").expect("found").into_iter().map(|s| s.file).collect();
    assert_eq!(names, [".timelint/queries/python/extra.scm", "queries/python/structure.scm"]);
    let catalog = knowledge.catalog(language("python")).expect("read");
    let found = catalog.lookup("m.f", None).map(|id| catalog.api(id).role);
    assert_eq!(found, Some(timelint_semantics::catalog::ApiRole::Log));
}

#[test]
fn a_folder_of_no_language_is_refused() {
    let folder = Folder::new(&[("queries/pyton/a.scm", "")]);
    let error = Knowledge::new(vec![]).with_user_folder(&folder.0, ".timelint").map(|_| ()).expect_err("refused");
    assert_eq!(error.to_string(), ".timelint/queries/pyton: no language or pack has this name: did you mean `python`?");
}

#[test]
fn configured_entries_win_over_files_and_keep_their_place() {
    let entry = |args: &str| format!("[[api]]\nlanguage = \"python\"\nname = \"m.f\"\nrole = \"log\"\n{args}");
    let with = |text: &str| {
        let config = Config::parse("timelint.toml", text, Path::new("/r"), &names()).expect("valid");
        let settings = Settings::resolve(Path::new("/r"), &names(), Some(config), &Flags::default()).expect("valid");
        knowledge().with_settings(&settings)
    };
    assert!(with(&entry("")).catalog(language("python")).is_ok_and(|c| c.lookup("m.f", None).is_some()));
    let error = with(&entry("arity = 1\nargs = [{ at = 3, is = \"amount\" }]")).catalog(language("python")).map(|_| ());
    assert!(error.expect_err("refused").to_string().starts_with("timelint.toml:3: argument 3 does not exist"));
}
