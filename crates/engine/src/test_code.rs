//! Tells test code, examples and benchmarks, in which rules are quiet unless the configuration says otherwise.
//!
//! Folders are looked at below the path that the user named, so that checking a folder called `tests`, or anything
//! inside one, does what it says.

use std::path::Path;
use timelint_model::{FileModel, Kind, NodeId, Role};

/// Names of folders.
const FOLDERS: &[&str] = &[
    "spec",
    "specs",
    "__mocks__",
    "testutil",
    "testutils",
    "testhelpers",
    "testsuite",
    "testsuites",
    "testfixtures",
    "integrationtest",
    "integrationtests",
    "androidtest",
    "unittest",
    "unittests",
    "demo",
    "demos",
    "benchmark",
    "benchmarks",
    "bench",
    "benches",
    "jmh",
    "jmh-benchmarks",
    "doc",
    "docs",
    "tutorial",
    "tutorials",
    "step_definitions",
];

/// Words of folders' names: `persistence-tests`, `test_helpers`, `__tests__`, `server-examples`.
const FOLDER_WORDS: &[&str] = &[
    "test",
    "tests",
    "testing",
    "testdata",
    "testcase",
    "testcases",
    "testkit",
    "e2e",
    "fixtures",
    "fuzz",
    "fake",
    "fakes",
    "mock",
    "mocks",
    "playwright",
    "qa",
    "example",
    "examples",
    "sample",
    "samples",
];

/// Words that end as those of tests do and mean something else.
const NO_TESTS: &[&str] = &["contests", "protests", "latests"];

/// Folders of a Java or Kotlin source tree are packages below one of these: `com.acme.spec` is not a test.
const PACKAGE_ROOTS: &[&str] = &["java", "kotlin"];

/// Ends of file names without extension.
const STEM_ENDS: &[&str] =
    &["_test", "_tests", ".test", ".tests", ".spec", ".e2e", ".bench", ".stories", "_bench", "_benchmark", ".example"];

/// Beginnings of file names: doubles of what a test does not want to run.
const STEM_STARTS: &[&str] = &["fake_", "fake-", "mock_", "mock-"];

/// Words of file names, in languages whose files are not called for what a class tests: `client_test_helpers.go`.
const STEM_WORDS: &[&str] = &["test", "tests", "testing", "testutil", "mock", "mocks", "fake", "fakes"];

/// Ends of class names.
const CLASS_ENDS: &[&str] =
    &["Test", "Tests", "TestCase", "IT", "ITCase", "Benchmark", "TestBase", "TestUtil", "TestUtils"];

/// Beginnings of class names, before a capital letter.
const CLASS_STARTS: &[&str] = &["Fake", "Mock"];

/// Libraries that only tests use, as imports spell them; also what is below them.
const LIBRARIES: &[&str] = &[
    "@jest/globals",
    "@playwright/test",
    "chai",
    "github.com/onsi/ginkgo",
    "github.com/onsi/gomega",
    "github.com/stretchr/testify",
    "mocha",
    "node:test",
    "org.assertj",
    "org.junit",
    "org.mockito",
    "org.testng",
    "pytest",
    "sinon",
    "supertest",
    "unittest",
    "vitest",
];

/// Whether a file is test code by what it imports: helpers of tests stand anywhere. Go's packages export theirs from
/// files with other code, so there most functions have to take a test.
pub(crate) fn uses_test_library(model: &FileModel) -> bool {
    let top = || model.children(model.root());
    let below = |name: &str, library: &str| {
        name.strip_prefix(library).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '/']))
    };
    let imports = || top().filter(|n| model.kind(*n) == Kind::Import).map(|n| model.name(n));
    if imports().any(|name| LIBRARIES.iter().any(|library| below(name, library))) {
        return true;
    }
    let takes_test = |function: NodeId| {
        let types = model.children(function).filter_map(|p| model.child(p, Role::Type));
        types.map(|t| model.name(t)).any(|t| t.starts_with("testing."))
    };
    let functions: Vec<NodeId> = top().filter(|n| model.kind(*n) == Kind::Function).collect();
    let tests = functions.iter().filter(|f| takes_test(**f)).count();
    imports().any(|name| name == "testing") && tests > functions.len() / 2
}

/// Whether the file at `path`, relative to what the user named, is test code.
pub(crate) fn is_test_code(path: &Path) -> bool {
    let mut parts: Vec<String> = path.iter().map(|p| p.to_string_lossy().into_owned()).collect();
    let Some(name) = parts.pop() else { return false };
    in_test_folder(&parts) || is_test_name(&name)
}

fn in_test_folder(folders: &[String]) -> bool {
    let mut in_package = false;
    for (at, folder) in folders.iter().enumerate() {
        let lower = folder.to_ascii_lowercase();
        let source_set = at > 0 && folders[at - 1] == "src" && (folder.ends_with("Test") || lower.starts_with("test"));
        let named = FOLDERS.contains(&lower.as_str())
            || lower.split(['-', '_', '.']).any(|w| FOLDER_WORDS.contains(&w))
            // `systests`, `jobtests`
            || lower.len() > 7 && lower.ends_with("tests") && !NO_TESTS.contains(&lower.as_str());
        // Behaviour-driven tests keep their code there; `features` alone is where products keep theirs.
        let steps = at > 0 && lower == "steps" && folders[at - 1] == "features";
        if source_set || steps || (!in_package && named) {
            return true;
        }
        in_package |= PACKAGE_ROOTS.contains(&lower.as_str());
    }
    false
}

fn is_test_name(name: &str) -> bool {
    let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
    match extension {
        "java" => {
            let capital = |rest: &str| rest.starts_with(char::is_uppercase);
            let double = CLASS_STARTS.iter().any(|s| stem.strip_prefix(s).is_some_and(capital));
            CLASS_ENDS.iter().any(|e| stem.ends_with(e)) || double
        }
        "go" if stem.split('_').any(|w| STEM_WORDS.contains(&w)) => true,
        _ if STEM_STARTS.iter().any(|s| stem.starts_with(s)) => true,
        "py" | "pyi" | "pyw" if stem == "conftest" || stem.starts_with("test_") || stem == "tests" => true,
        // Helpers that a package exports for other packages' tests.
        _ if matches!(stem, "testing" | "testutil" | "testutils" | "test-helpers" | "test-utils") => true,
        _ => STEM_ENDS.iter().any(|e| stem.ends_with(e)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_code_is_told_by_folder_and_name() {
        for path in [
            "tests/a.py",
            "pkg/testdata/a.go",
            "src/test/java/a/B.java",
            "src/integrationTest/java/a/B.java",
            "common/persistence-tests/base.go",
            "test_helpers/a.py",
            "features/steps/a.py",
            "web/__tests__/a.ts",
            "a_test.go",
            "pkg/testing.go",
            "test_a.py",
            "a_test.py",
            "conftest.py",
            "BTest.java",
            "BTests.java",
            "BIT.java",
            "a.spec.ts",
            "a.test.js",
            "docs/conf.py",
            "examples/a.go",
            "benchmarks/a.py",
            "demo/a.js",
            "server-examples/src/main/java/a/B.java",
            "server/packs/testcases/testcases.go",
            "client/manager_test_helpers.go",
            "sdk/fake_server.go",
            "FakeClock.java",
            "web/playwright/lib/a.ts",
            "systests/src/main/java/a/B.java",
            "fuzz/server/http.go",
        ] {
            assert!(is_test_code(Path::new(path)), "{path}");
        }
    }

    #[test]
    fn other_code_is_not() {
        for path in [
            "a.py",
            "latest/a.py",
            "contests/a.py",
            "worker/src/features/mail/a.ts",
            "contest.py",
            "src/main/java/com/acme/spec/A.java",
            "src/main/java/a/Audit.java",
            "attest.go",
            "tester.js",
            "Faker.java",
            "src/main/java/com/example/A.java",
            "latest_offset.go",
            "test-connection.js",
        ] {
            assert!(!is_test_code(Path::new(path)), "{path}");
        }
    }
}
