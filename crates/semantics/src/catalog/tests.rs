//! What a catalogue accepts, refuses and finds.

use super::*;

fn catalog(text: &str) -> Result<Catalog, String> {
    let mut c = Catalog::default();
    c.add("a.toml", text).map(|()| c).map_err(|e| e.to_string())
}

#[test]
fn overloads_are_told_apart_by_arity_and_types_inherit() {
    let c = catalog(
        r#"
        [[type]]
        name = "r.RLock"
        extends = ["j.Lock"]
        scope = "distributed"
        [[api]]
        name = "j.Lock#tryLock"
        role = "lock.try"
        [[api]]
        name = "r.RLock#tryLock"
        arity = 3
        role = "lock.try"
        args = [{ at = 1, is = "lease", unit = "ms" }]
        "#,
    )
    .expect("valid");
    let lease = |n| c.method("r.RLock", "tryLock", n).map(|id| c.api(id).args.len());
    assert_eq!(lease(Some(3)), Some(1));
    assert_eq!(lease(Some(2)), Some(0));
    assert_eq!(c.lock_scope("r.RLock"), Some(LockScope::Distributed));
    assert!(c.has_leaf("tryLock") && !c.has_leaf("lock"));
    assert_eq!(c.types_named("RLock"), ["r.RLock"]);
}

#[test]
fn mistakes_are_refused_with_their_line() {
    let error = |t: &str| catalog(t).err().unwrap_or_default();
    assert!(error("[[api]]\nname = \"a\"\nrole = \"clock.wal\"").starts_with("a.toml:3: unknown variant `clock.wal`"));
    assert!(error("[[api]]\nname = \"a\"\nrole = \"sleep\"\ncolour = 1").contains("unknown field `colour`"));
    assert!(error("[[api]]\nname = \"a b\"\nrole = \"sleep\"").contains("not a qualified name"));
    assert!(error("[[api]]\nnames = [\"a\", \"a\"]\nrole = \"sleep\"").contains("stands here twice"));
    let args = "[[api]]\nname = \"a\"\nrole = \"sleep\"\narity = 1\nargs = [{ at = 1, is = \"amount\" }]";
    assert!(error(args).contains("argument 1 does not exist"));
    assert!(
        error("[[api]]\nname = \"a\"\nrole = \"timeout.set\"\nargs = [{ at = 0, is = \"timeout\" }]")
            .contains("needs a `kind`")
    );
}

#[test]
fn modules_are_known_under_other_names() {
    let c =
        catalog("[[module]]\nname = \"http.client\"\nalso = [\"httplib\", \"six.moves.http_client\"]").expect("valid");
    assert_eq!(c.usual_path("httplib").as_deref(), Some("http.client"));
    assert_eq!(c.usual_path("six.moves.http_client.HTTPException").as_deref(), Some("http.client.HTTPException"));
    assert_eq!(c.usual_path("httplib2.Http"), None);
}
