//! The shipped catalogues load, and nobody empties one by accident.

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
