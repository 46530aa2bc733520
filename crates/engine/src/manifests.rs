//! Which versions of libraries a project uses: read from the manifests and lock files beside its code.
//!
//! Only packages whose versions matter to the catalogue are looked for. A file that cannot be read or understood says
//! nothing, as if it were not there: it is its package manager's to complain.

use crate::config::repository_root;
use crate::read;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use timelint_semantics::{ProjectVersions, VersionRange};

/// A version catalogue of Gradle, and the folder of the project in which it stands.
const CATALOG: &str = "libs.versions.toml";
const CATALOG_FOLDER: &str = "gradle";

/// Reads a manifest's text and says each package with its version or constraint.
type Reader = fn(&str, &mut dyn FnMut(&str, &str));

/// A kind of manifest.
struct Kind {
    /// The catalogue of the language whose packages it names.
    apis: &'static str,
    /// The file's name; `*` in it stands for anything.
    name: &'static str,
    read: Reader,
}

const fn kind(apis: &'static str, name: &'static str, read: Reader) -> Kind {
    Kind { apis, name, read }
}

/// All kinds. Of two in one folder the later is believed: a lock file says what is used, a manifest what may be.
const KINDS: [Kind; 20] = [
    kind("go", "go.mod", go_mod),
    kind("java", "pom.xml", maven),
    kind("java", "build.gradle", coordinates),
    kind("java", "build.gradle.kts", coordinates),
    kind("java", CATALOG, version_catalog),
    kind("java", "gradle.lockfile", coordinates),
    kind("javascript", "package.json", package_json),
    kind("javascript", "package-lock.json", package_lock),
    kind("javascript", "npm-shrinkwrap.json", package_lock),
    kind("javascript", "yarn.lock", yarn_lock),
    kind("javascript", "pnpm-lock.yaml", pnpm_lock),
    kind("python", "setup.cfg", requirements),
    kind("python", "pyproject.toml", pyproject),
    kind("python", "Pipfile", pipfile),
    kind("python", "constraints*.txt", requirements),
    kind("python", "requirements*.txt", requirements),
    kind("python", "Pipfile.lock", pipfile_lock),
    kind("python", "pdm.lock", toml_lock),
    kind("python", "poetry.lock", toml_lock),
    kind("python", "uv.lock", toml_lock),
];

/// Where a file of this name stands among the kinds.
fn rank(path: &Path) -> Option<usize> {
    let name = path.file_name()?.to_str()?;
    KINDS.iter().position(|kind| match kind.name.split_once('*') {
        Some((start, end)) => name.len() >= kind.name.len() - 1 && name.starts_with(start) && name.ends_with(end),
        None => name == kind.name,
    })
}

/// Whether the file's name is that of a manifest or lock file.
pub(crate) fn is_manifest(path: &Path) -> bool {
    rank(path).is_some()
}

/// The manifests in `folder` and those above it, up to the root of its repository; of `folder` alone outside of one.
pub(crate) fn above(folder: &Path) -> BTreeSet<PathBuf> {
    let root = repository_root(folder);
    let folders = folder.ancestors().take_while(|f| f.starts_with(&root));
    let folders = folders.flat_map(|f| [f.to_owned(), f.join(CATALOG_FOLDER)]);
    let entries = folders.filter_map(|f| std::fs::read_dir(f).ok()).flatten().flatten();
    entries.map(|entry| entry.path()).filter(|path| is_manifest(path)).collect()
}

/// What `manifests` say of `packages` in the language of the catalogue `apis`; `shown` is a folder's path in reports.
pub(crate) fn versions(
    manifests: &BTreeSet<PathBuf>,
    apis: &str,
    packages: &BTreeSet<&str>,
    shown: impl Fn(&Path) -> String,
) -> ProjectVersions {
    let mut versions = ProjectVersions::default();
    if packages.is_empty() {
        return versions;
    }
    let mut known: Vec<(usize, &PathBuf)> = manifests.iter().filter_map(|path| Some((rank(path)?, path))).collect();
    known.retain(|(rank, _)| KINDS[*rank].apis == apis);
    known.sort();
    for (rank, path) in known {
        let (Ok(text), Some(folder)) = (read::text(path), path.parent()) else { continue };
        let stands_below = KINDS[rank].name == CATALOG && folder.ends_with(CATALOG_FOLDER);
        let folder = shown(folder.parent().filter(|_| stands_below).unwrap_or(folder));
        // Lock files say what others depend on, too.
        let is_lock_file = KINDS[rank].name.contains("lock") || KINDS[rank].name.contains("shrinkwrap");
        if !is_lock_file {
            versions.manifest(&folder);
        }
        if let Some(name) = own_name(KINDS[rank].name, &text) {
            versions.name(&folder, &name);
        }
        (KINDS[rank].read)(&text, &mut |package, constraint| {
            if packages.contains(package) && !is_lock_file {
                versions.mention(&folder, package);
            }
            if packages.contains(package)
                && let Some(range) = VersionRange::parse(constraint)
            {
                versions.add(&folder, package, range);
            }
        });
    }
    versions
}

/// What a manifest calls the package that it stands for.
fn own_name(manifest: &str, text: &str) -> Option<String> {
    match manifest {
        "pyproject.toml" => {
            let file = toml_of(text);
            let project = file.get("project").or_else(|| file.get("tool").and_then(|t| t.get("poetry")))?;
            Some(project.get("name")?.as_str()?.to_owned())
        }
        "package.json" => Some(json_of(text).get("name")?.as_str()?.to_owned()),
        "go.mod" => {
            let path = text.lines().find_map(|l| l.trim().strip_prefix("module "))?;
            Some(path.rsplit('/').next()?.trim().to_owned())
        }
        "pom.xml" => {
            let rest = text.split_once("</parent>").map_or(text, |(_, rest)| rest);
            element(rest, "artifactId").map(str::to_owned)
        }
        _ => None,
    }
}

/// The name of a Python package as `PyPI` compares it.
fn normalized(name: &str) -> String {
    name.trim().to_ascii_lowercase().replace(['_', '.'], "-")
}

/// `name[extra]>=1.0,<2; marker`, one a line.
fn requirements(text: &str, say: &mut dyn FnMut(&str, &str)) {
    for line in text.lines() {
        requirement(line, say);
    }
}

fn requirement(line: &str, say: &mut dyn FnMut(&str, &str)) {
    let line = line.split(['#', ';']).next().unwrap_or_default();
    // A hash after the version is for the installer.
    let line = line.split(" --").next().unwrap_or_default();
    let Some(at) = line.find(['=', '<', '>', '~', '!']) else { return };
    let name = line[..at].split('[').next().unwrap_or_default();
    say(&normalized(name), line[at..].trim_end_matches(['\\', ' ', ')']));
}

fn toml_of(text: &str) -> toml::Table {
    text.parse().unwrap_or_default()
}

/// A dependency's constraint: a string or the `version` of a table.
fn constraint(value: &toml::Value) -> Option<&str> {
    value.as_str().or_else(|| value.get("version")?.as_str())
}

fn pyproject(text: &str, say: &mut dyn FnMut(&str, &str)) {
    let file = toml_of(text);
    let listed = |value: Option<&toml::Value>, say: &mut dyn FnMut(&str, &str)| {
        for line in value.and_then(toml::Value::as_array).into_iter().flatten().filter_map(toml::Value::as_str) {
            requirement(line, say);
        }
    };
    let project = file.get("project");
    listed(project.and_then(|p| p.get("dependencies")), say);
    let groups = project.and_then(|p| p.get("optional-dependencies")).and_then(toml::Value::as_table);
    for group in groups.into_iter().flatten() {
        listed(Some(group.1), say);
    }
    let poetry = file.get("tool").and_then(|t| t.get("poetry")).and_then(|p| p.get("dependencies"));
    table(poetry, say);
}

fn pipfile(text: &str, say: &mut dyn FnMut(&str, &str)) {
    table(toml_of(text).get("packages"), say);
}

fn table(dependencies: Option<&toml::Value>, say: &mut dyn FnMut(&str, &str)) {
    for (name, value) in dependencies.and_then(toml::Value::as_table).into_iter().flatten() {
        if let Some(constraint) = constraint(value) {
            say(&normalized(name), constraint);
        }
    }
}

/// `[[package]]` tables with `name` and `version`.
fn toml_lock(text: &str, say: &mut dyn FnMut(&str, &str)) {
    let file = toml_of(text);
    for package in file.get("package").and_then(toml::Value::as_array).into_iter().flatten() {
        let field = |name| package.get(name).and_then(toml::Value::as_str);
        if let (Some(name), Some(version)) = (field("name"), field("version")) {
            say(&normalized(name), version);
        }
    }
}

fn json_of(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap_or_default()
}

fn members<'j>(value: &'j serde_json::Value, key: &str) -> impl Iterator<Item = (&'j String, &'j serde_json::Value)> {
    value.get(key).and_then(serde_json::Value::as_object).into_iter().flatten()
}

fn pipfile_lock(text: &str, say: &mut dyn FnMut(&str, &str)) {
    for (name, package) in members(&json_of(text), "default") {
        if let Some(version) = package.get("version").and_then(serde_json::Value::as_str) {
            say(&normalized(name), version);
        }
    }
}

fn package_json(text: &str, say: &mut dyn FnMut(&str, &str)) {
    let file = json_of(text);
    for group in ["peerDependencies", "devDependencies", "dependencies"] {
        for (name, version) in members(&file, group) {
            say(name, version.as_str().unwrap_or_default());
        }
    }
}

fn package_lock(text: &str, say: &mut dyn FnMut(&str, &str)) {
    let file = json_of(text);
    // Lock files of npm 6 have `dependencies`, later ones `packages` by folder.
    let old = members(&file, "dependencies").map(|(name, package)| (name.as_str(), package));
    let new = members(&file, "packages")
        .filter_map(|(folder, package)| Some((folder.strip_prefix("node_modules/")?, package)));
    for (name, package) in old.chain(new) {
        if let Some(version) = package.get("version").and_then(serde_json::Value::as_str) {
            say(name, version);
        }
    }
}

/// `"name@range", name@range:` and, on a later line, `version "1.2.3"` or `version: 1.2.3`.
fn yarn_lock(text: &str, say: &mut dyn FnMut(&str, &str)) {
    let mut name = None;
    for line in text.lines() {
        if !line.starts_with([' ', '#']) {
            let first = line.trim_start_matches('"');
            // A scope starts with `@`, too.
            name = first.get(1..).and_then(|rest| rest.find('@')).map(|at| &first[..=at]);
        } else if let Some(version) = line.trim_start().strip_prefix("version")
            && let Some(name) = name.take()
        {
            say(name, version.trim_matches([' ', ':', '"']));
        }
    }
}

/// Keys `name@1.2.3`, `/name@1.2.3` or, of older ones, `/name/1.2.3`, perhaps with peers in parentheses after it.
fn pnpm_lock(text: &str, say: &mut dyn FnMut(&str, &str)) {
    for line in text.lines().filter_map(|l| l.trim().strip_suffix(':')) {
        let key = line.trim_matches('\'').trim_start_matches('/');
        let key = key.split(['(', '_']).next().unwrap_or_default();
        if let Some((name, version)) = key.rsplit_once(['@', '/']) {
            say(name, version);
        }
    }
}

/// `require path v1.2.3`, also in parentheses. Go takes the lowest version that all ask for, so what stands here is used.
fn go_mod(text: &str, say: &mut dyn FnMut(&str, &str)) {
    for line in text.lines() {
        let line = line.split("//").next().unwrap_or_default().trim();
        let mut words = line.strip_prefix("require ").unwrap_or(line).split_whitespace();
        if let (Some(path), Some(version), None) = (words.next(), words.next(), words.next()) {
            say(path, version);
        }
    }
}

/// `group:artifact:version` in quotes or at the start of a line.
fn coordinates(text: &str, say: &mut dyn FnMut(&str, &str)) {
    for word in text.split(['"', '\'', '\n', '=', ' ']) {
        if let Some((package, version)) = word.rsplit_once(':').filter(|(package, _)| package.contains(':')) {
            say(package, version);
        }
    }
}

fn version_catalog(text: &str, say: &mut dyn FnMut(&str, &str)) {
    let file = toml_of(text);
    for library in file.get("libraries").and_then(toml::Value::as_table).into_iter().flatten().map(|(_, l)| l) {
        let field = |name| library.get(name).and_then(toml::Value::as_str);
        let module = field("module").map(str::to_owned);
        let parts = || Some(format!("{}:{}", field("group")?, field("name")?));
        let version = library.get("version");
        let named = version.and_then(|v| v.get("ref")).and_then(toml::Value::as_str);
        let named = named.and_then(|name| file.get("versions")?.get(name)?.as_str());
        if let (Some(package), Some(version)) = (module.or_else(parts), named.or_else(|| version?.as_str())) {
            say(&package, version);
        }
    }
}

/// What stands between `<tag>` and its end, the first time.
fn element<'t>(text: &'t str, tag: &str) -> Option<&'t str> {
    let start = text.find(&format!("<{tag}>"))? + tag.len() + 2;
    let length = text[start..].find(&format!("</{tag}>"))?;
    Some(text[start..start + length].trim())
}

/// Dependencies with a version, which may be a property of the same file.
fn maven(text: &str, say: &mut dyn FnMut(&str, &str)) {
    for dependency in text.split("<dependency>").skip(1) {
        let dependency = dependency.split("</dependency>").next().unwrap_or_default();
        let (Some(group), Some(artifact)) = (element(dependency, "groupId"), element(dependency, "artifactId")) else {
            continue;
        };
        let version = element(dependency, "version");
        let property = version.and_then(|v| v.strip_prefix("${")?.strip_suffix('}'));
        if let Some(version) = property.map_or(version, |name| element(text, name)) {
            say(&format!("{group}:{artifact}"), version);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a file of this name and text says of `package`, the last time.
    fn said(name: &str, text: &str, package: &str) -> Option<String> {
        let mut found = None;
        (KINDS[rank(Path::new(name))?].read)(text, &mut |known, constraint| {
            if known == package {
                found = Some(constraint.to_owned());
            }
        });
        found
    }

    #[test]
    fn every_kind_of_manifest_says_its_versions() {
        let python = [
            ("requirements.txt", "flask\nRedis[hiredis]>=7,<8 ; python_version > '3.8'  # cache\n", ">=7,<8"),
            ("requirements-dev.txt", "redis==7.1 --hash=sha256:aa", "==7.1"),
            ("constraints.txt", "redis==7.1", "==7.1"),
            ("setup.cfg", "[options]\ninstall_requires =\n    redis>=7\n", ">=7"),
            ("pyproject.toml", "[project]\ndependencies = [\"flask\", \"redis~=7.0\"]\n", "~=7.0"),
            ("pyproject.toml", "[project.optional-dependencies]\ncache = [\"redis>=7\"]\n", ">=7"),
            ("pyproject.toml", "[tool.poetry.dependencies]\nredis = \"^7.1\"\n", "^7.1"),
            (
                "pyproject.toml",
                "[tool.poetry.dependencies]\nredis = { version = \"^7.1\", extras = [\"a\"] }\n",
                "^7.1",
            ),
            ("Pipfile", "[packages]\nredis = \"==7.1\"\n", "==7.1"),
            ("Pipfile.lock", "{\"default\": {\"redis\": {\"version\": \"==7.1.0\"}}}", "==7.1.0"),
            ("poetry.lock", "[[package]]\nname = \"redis\"\nversion = \"7.1.0\"\n", "7.1.0"),
            ("uv.lock", "[[package]]\nname = \"redis\"\nversion = \"7.1.0\"\n", "7.1.0"),
            ("pdm.lock", "[[package]]\nname = \"redis\"\nversion = \"7.1.0\"\n", "7.1.0"),
        ];
        let javascript = [
            ("package.json", "{\"dependencies\": {\"redis\": \"^4.1.0\"}}", "^4.1.0"),
            ("package.json", "{\"devDependencies\": {\"redis\": \"^4.1.0\"}}", "^4.1.0"),
            ("package-lock.json", "{\"packages\": {\"node_modules/redis\": {\"version\": \"4.1.2\"}}}", "4.1.2"),
            ("npm-shrinkwrap.json", "{\"dependencies\": {\"redis\": {\"version\": \"4.1.2\"}}}", "4.1.2"),
            ("yarn.lock", "redis@^4.0.0, redis@^4.1.0:\n  version \"4.1.2\"\n  resolved \"u\"\n", "4.1.2"),
            ("yarn.lock", "\"redis@npm:^4.0.0\":\n  version: 4.1.2\n", "4.1.2"),
            ("pnpm-lock.yaml", "packages:\n\n  /redis@4.1.2:\n    resolution: {}\n", "4.1.2"),
            ("pnpm-lock.yaml", "packages:\n  'redis@4.1.2(a@1.0.0)':\n", "4.1.2"),
            ("pnpm-lock.yaml", "packages:\n  /redis/4.1.2:\n", "4.1.2"),
        ];
        for (name, text, wanted) in python.into_iter().chain(javascript) {
            assert_eq!(said(name, text, "redis").as_deref(), Some(wanted), "{name}: {text}");
        }
        let scoped = "\"@scope/name@^1.0.0\":\n  version \"1.2.0\"\n";
        assert_eq!(said("yarn.lock", scoped, "@scope/name").as_deref(), Some("1.2.0"));
        let go = "module m\n\nrequire (\n\texample.com/lib v1.4.0 // indirect\n)\nrequire example.com/other v2.0.0\n";
        assert_eq!(said("go.mod", go, "example.com/lib").as_deref(), Some("v1.4.0"));
        assert_eq!(said("go.mod", go, "example.com/other").as_deref(), Some("v2.0.0"));
        let dependency = "<dependency><groupId>g</groupId><artifactId>a</artifactId><version>${a.version}</version>";
        let java = [
            ("pom.xml", format!("<a.version>2.1</a.version>{dependency}</dependency>"), "2.1"),
            ("pom.xml", dependency.replace("${a.version}", "2.1"), "2.1"),
            ("build.gradle", "implementation 'g:a:2.1'\n".to_owned(), "2.1"),
            ("build.gradle.kts", "implementation(\"g:a:2.1\")\n".to_owned(), "2.1"),
            ("gradle.lockfile", "g:a:2.1=compileClasspath\n".to_owned(), "2.1"),
            (
                "libs.versions.toml",
                "[versions]\nx = \"2.1\"\n[libraries]\na = { module = \"g:a\", version.ref = \"x\" }\n".to_owned(),
                "2.1",
            ),
            (
                "libs.versions.toml",
                "[libraries]\na = { group = \"g\", name = \"a\", version = \"2.1\" }\n".to_owned(),
                "2.1",
            ),
        ];
        for (name, text, wanted) in java {
            assert_eq!(said(name, &text, "g:a").as_deref(), Some(wanted), "{name}: {text}");
        }
    }

    #[test]
    fn what_is_no_manifest_or_broken_says_nothing() {
        assert!(!is_manifest(Path::new("notes.txt")) && !is_manifest(Path::new("my-package.json")));
        for kind in &KINDS {
            for text in ["", "{", "[", "\u{e9}@\u{e9}:\n version", "<dependency>", "@", "\"", "a:b:"] {
                (kind.read)(text, &mut |_, constraint| assert_eq!(VersionRange::parse(constraint), None));
            }
        }
    }
}
