//! The shipped catalogues load, and nobody empties one by accident.

use timelint_semantics::catalog::{Api, Catalog};
use timelint_syntax::LANGUAGES;
use timelint_testkit::load;

/// Far fewer than there are, and far more than a broken merge leaves.
const LEAST: usize = 400;

#[test]
fn every_catalogue_loads_and_knows_many_names() {
    for language in LANGUAGES {
        let names: usize = load(language).catalog.entries().map(|api| api.name.as_slice().len()).sum();
        assert!(names >= LEAST, "queries/{}/apis.toml: {names} names, expected at least {LEAST}", language.apis);
    }
}

/// A shipped entry is read when it is asked for, and then as if all had been read at once.
#[test]
fn entries_that_are_read_late_are_the_same() {
    for (apis, text) in [
        ("go", include_str!("../queries/go/apis.toml")),
        ("java", include_str!("../queries/java/apis.toml")),
        ("javascript", include_str!("../queries/javascript/apis.toml")),
        ("python", include_str!("../queries/python/apis.toml")),
    ] {
        let (mut late, mut whole) = (Catalog::default(), Catalog::default());
        late.add_shipped(apis, text).unwrap_or_else(|e| panic!("{e}"));
        whole.add(apis, text).unwrap_or_else(|e| panic!("{e}"));
        let key = |api: &Api| format!("{api:?}");
        let (mut a, mut b): (Vec<_>, Vec<_>) = (late.entries().map(key).collect(), whole.entries().map(key).collect());
        a.sort();
        b.sort();
        assert_eq!(a, b, "{apis}");
        for api in whole.entries() {
            for name in api.name.as_slice() {
                let arity = api.arity.as_ref().and_then(|n| n.as_slice().first().copied());
                let found = |c: &Catalog| c.lookup(name, arity).map(|id| key(c.api(id)));
                assert_eq!(found(&late), found(&whole), "{apis}: {name}");
            }
            let role = |c: &Catalog| c.entries_in(api.role).count();
            assert_eq!(role(&late), role(&whole), "{apis}: {:?}", api.role);
        }
    }
}
