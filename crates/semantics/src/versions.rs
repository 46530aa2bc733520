//! Which versions of libraries a project uses, as far as its manifests and lock files say.

use crate::catalog::Api;
use crate::names::has_word;
use rustc_hash::{FxHashMap, FxHashSet};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

/// A version by its numbers: `v1.5.0-rc.1` is 1.5, as 1.5 and 1.5.0 are.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct Version(Vec<u32>);

impl Version {
    /// Reads the numbers at the start of `text`, after a `v`; `None` where there are none.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim().trim_start_matches('v');
        let end = text.find(|c: char| c != '.' && !c.is_ascii_digit()).unwrap_or(text.len());
        let numbers: Option<Vec<u32>> = text[..end].trim_end_matches('.').split('.').map(|n| n.parse().ok()).collect();
        numbers.map(Self::of)
    }

    fn of(mut numbers: Vec<u32>) -> Self {
        while numbers.last() == Some(&0) {
            numbers.pop();
        }
        Self(numbers)
    }

    /// The first version that differs from this one in the number at `place`, the later ones being 0.
    fn next(&self, place: usize) -> Self {
        let mut numbers = self.0.clone();
        numbers.resize(place + 1, 0);
        numbers[place] = numbers[place].saturating_add(1);
        Self::of(numbers)
    }
}

impl TryFrom<String> for Version {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text).ok_or_else(|| format!("`{text}` is no version: write numbers with dots between, `8.1`"))
    }
}

/// The versions among which the one in use is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionRange {
    from: Version,
    /// The first that is not among them; absent: none is known.
    below: Option<Version>,
}

impl VersionRange {
    /// Reads what a manifest asks for, in the notations of the package managers (`1.2.3`, `^1.2`, `~=1.2`, `>=1,<3`,
    /// `1.x`, `a || b`); `None` where nothing bounds the version from below.
    pub fn parse(constraint: &str) -> Option<Self> {
        let mut found: Option<Self> = None;
        for choice in constraint.split("||") {
            let one = Self::of_all(choice)?;
            found = Some(match found {
                None => one,
                Some(known) => {
                    Self { from: known.from.min(one.from), below: known.below.zip(one.below).map(|(a, b)| a.max(b)) }
                }
            });
        }
        found
    }

    /// A range for conditions that all hold.
    fn of_all(conditions: &str) -> Option<Self> {
        let mut from: Option<Version> = None;
        let mut below: Option<Version> = None;
        // `>= 1.2` is one condition.
        let joined = conditions.replace(", ", ",").replace("= ", "=").replace("> ", ">").replace("< ", "<");
        for condition in joined.split([',', ' ']).filter(|c| !c.is_empty()) {
            let start = condition.find(|c: char| c.is_ascii_digit() || c == 'v').unwrap_or(condition.len());
            let (operator, text) = condition.split_at(start);
            let Some(version) = Version::parse(text) else { continue };
            let written =
                text.split('.').take_while(|n| n.starts_with(|c: char| c.is_ascii_digit() || c == 'v')).count();
            let (low, high) = match operator.trim() {
                "" | "=" | "==" | "===" => {
                    // `1.*` and `1.x` leave the rest open; an exact version has no later one of its own numbers.
                    let open = text.ends_with(['*', 'x', 'X']);
                    (Some(version.clone()), Some(version.next(if open { written.max(1) - 1 } else { written.max(3) })))
                }
                "^" => {
                    let first = version.0.iter().position(|n| *n != 0).unwrap_or(0);
                    (Some(version.clone()), Some(version.next(first)))
                }
                "~" => (Some(version.clone()), Some(version.next(usize::from(written > 1)))),
                "~=" => (Some(version.clone()), Some(version.next(written.max(2) - 2))),
                ">=" | ">" => (Some(version), None),
                "<" => (None, Some(version)),
                "<=" => (None, Some(version.next(written.max(3)))),
                _ => (None, None),
            };
            from = from.max(low);
            below = match (below, high) {
                (Some(a), Some(b)) => Some(a.min(b)),
                (a, b) => a.or(b),
            };
        }
        Some(Self { from: from?, below })
    }

    /// Whether the version in use is `version` or a later one, for certain.
    fn reaches(&self, version: &Version) -> bool {
        self.from >= *version
    }

    /// Whether the version in use is older than `version`, for certain.
    fn precedes(&self, version: &Version) -> bool {
        self.below.as_ref().is_some_and(|below| below <= version)
    }
}

/// The packages that folders use.
#[derive(Debug, Clone, Default)]
pub struct ProjectVersions {
    folders: BTreeMap<String, FxHashMap<String, VersionRange>>,
    /// The packages that the manifests of a folder ask for, in whatever version, of those that matter.
    named: BTreeMap<String, FxHashSet<String>>,
    /// Folders of packages by whose names they test or measure something else.
    testing: BTreeSet<String>,
}

impl ProjectVersions {
    /// What the manifests of `folder` (`""`: of all files) say of `package`. What is said later counts.
    pub fn add(&mut self, folder: &str, package: &str, range: VersionRange) {
        self.folders.entry(folder.to_owned()).or_default().insert(package.to_owned(), range);
    }

    /// `folder` has a manifest of its own.
    pub fn manifest(&mut self, folder: &str) {
        self.named.entry(folder.to_owned()).or_default();
    }

    /// A manifest of `folder` asks for `package`.
    pub fn mention(&mut self, folder: &str, package: &str) {
        self.named.entry(folder.to_owned()).or_default().insert(package.to_owned());
    }

    /// Whether the nearest manifest around `path` asks for `package`.
    pub(crate) fn asks_for(&self, path: &str, package: &str) -> bool {
        let folders = path.match_indices('/').map(|(at, _)| &path[..at]).rev();
        let nearest = folders.chain([""]).find_map(|folder| self.named.get(folder));
        nearest.is_some_and(|packages| packages.contains(package))
    }

    /// What the manifest of `folder` calls its own package.
    pub fn name(&mut self, folder: &str, package: &str) {
        #[rustfmt::skip]
        const TESTS: [&str; 9] =
            ["test", "tests", "testing", "testkit", "e2e", "conformance", "benchmark", "benchmarks", "bench"];
        if has_word(package, &TESTS) {
            self.testing.insert(folder.to_owned());
        }
    }

    /// Whether the file at `path` belongs to a package that tests or measures something else.
    pub fn serves_tests(&self, path: &str) -> bool {
        let mut folder = path;
        while !self.testing.is_empty() {
            folder = folder.rsplit_once('/').map_or("", |(parent, _)| parent);
            if self.testing.contains(folder) {
                return true;
            }
            if folder.is_empty() {
                break;
            }
        }
        false
    }

    /// The versions among which that of `package` is for the file at `path`: the nearest folder that names it decides.
    pub fn of(&self, path: &str, package: &str) -> Option<&VersionRange> {
        let mut folder = path;
        while !self.folders.is_empty() {
            folder = folder.rsplit_once('/').map_or("", |(parent, _)| parent);
            if let Some(range) = self.folders.get(folder).and_then(|known| known.get(package)) {
                return Some(range);
            }
            if folder.is_empty() {
                break;
            }
        }
        None
    }
}

/// What of an entry is other in some versions of its package.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VersionSpan {
    /// The package as manifests name it: of `PyPI` in lower case with `-`, of Maven as `group:artifact`, the module's path.
    pub package: String,
    /// The first version of which it holds.
    #[serde(default)]
    pub from: Option<Version>,
    /// The first version of which it does not hold any more.
    #[serde(default)]
    pub below: Option<Version>,
    /// The entry's `default` there.
    pub default: String,
    /// The entry as it is there, made when somebody asks.
    #[serde(skip)]
    entry: OnceLock<Box<Api>>,
}

impl VersionSpan {
    /// Whether the version in use is one of these, for certain.
    pub(crate) fn holds(&self, range: &VersionRange) -> bool {
        self.from.as_ref().is_none_or(|v| range.reaches(v)) && self.below.as_ref().is_none_or(|v| range.precedes(v))
    }

    /// `usual` as it is in these versions.
    pub(crate) fn entry(&self, usual: &Api) -> &Api {
        let made = || Api { default: Some(self.default.clone()), versions: Vec::new(), ..usual.clone() };
        self.entry.get_or_init(|| Box::new(made()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(from: Option<&str>, below: Option<&str>) -> VersionSpan {
        let version = |v: Option<&str>| v.and_then(Version::parse);
        let (from, below) = (version(from), version(below));
        VersionSpan { package: "p".to_owned(), from, below, default: "5 s".to_owned(), entry: OnceLock::new() }
    }

    fn holds(constraint: &str, from: Option<&str>, below: Option<&str>) -> bool {
        VersionRange::parse(constraint).is_some_and(|range| span(from, below).holds(&range))
    }

    #[test]
    fn versions_are_compared_by_their_numbers() {
        assert_eq!(Version::parse("v1.5.0-rc.1"), Version::parse("1.5"));
        assert!(Version::parse("1.10") > Version::parse("1.9.9"));
        assert_eq!(Version::parse("latest"), None);
        assert_eq!(Version::parse("${redis.version}"), None);
    }

    #[test]
    fn a_lower_bound_that_is_late_enough_is_certain() {
        for constraint in
            ["8.0.1", "==8.0.1", "^8.0.0", "~8.0.1", "~=8.0", ">=8,<9", ">= 8.0, < 10", "8.*", "8.x", "^8 || ^9"]
        {
            assert!(holds(constraint, Some("8.0"), None), "{constraint}");
        }
        for constraint in ["7.4.1", ">=4", "^7", "<9", "*", "^7.1 || ^8", "!=8.1", "~=7.0"] {
            assert!(!holds(constraint, Some("8.0"), None), "{constraint}");
        }
    }

    #[test]
    fn an_upper_bound_that_is_early_enough_is_certain() {
        for constraint in ["7.4.1", "==7.4", "^7", "~7.4.1", "~=7.0", ">=4,<8", "7.*", "^5 || ^6", ">=4,<=7.9"] {
            assert!(holds(constraint, None, Some("8.0")), "{constraint}");
        }
        for constraint in ["8.0", ">=4", ">=4,<9", "^7 || ^8", "*"] {
            assert!(!holds(constraint, None, Some("8.0")), "{constraint}");
        }
        assert!(holds("0.7.1", Some("0.7"), Some("0.8")));
        assert!(holds("^0.7.1", Some("0.7"), Some("0.8")));
        assert!(!holds("^0.7.1", Some("0.7"), Some("0.7.5")));
    }

    #[test]
    fn the_nearest_folder_that_names_the_package_decides() {
        let mut versions = ProjectVersions::default();
        let range = |text| VersionRange::parse(text).expect("a range");
        versions.add("", "redis", range("7.0"));
        versions.add("services/new", "redis", range("8.1"));
        versions.add("services/new/worker", "httpx", range("0.27"));
        assert_eq!(versions.of("services/new/worker/main.py", "redis"), Some(&range("8.1")));
        assert_eq!(versions.of("services/old/main.py", "redis"), Some(&range("7.0")));
        assert_eq!(versions.of("main.py", "redis"), Some(&range("7.0")));
        assert_eq!(versions.of("main.py", "httpx"), None);
    }

    #[test]
    fn packages_that_test_others_are_told_by_their_names() {
        let mut versions = ProjectVersions::default();
        versions.name("", "acme-cluster-tests");
        versions.name("lib/contest", "contest");
        assert!(versions.serves_tests("acme/waits.py"));
        let mut versions = ProjectVersions::default();
        versions.name("", "acme");
        versions.name("packages/testkit", "@acme/testkit");
        assert!(versions.serves_tests("packages/testkit/src/a.ts") && !versions.serves_tests("packages/core/a.ts"));
    }
}
