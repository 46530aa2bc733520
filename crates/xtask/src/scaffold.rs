//! The files of a new rule. The tests fail on every one of them until it is filled in.

use crate::Error;
use std::path::Path;
use timelint_rules::RULES;

const FAMILIES: [(&str, &str); 3] = [("clock", "Clock"), ("pause", "Pause"), ("network", "Network")];

/// Folder of the language, extension, start of a comment.
const LANGUAGES: [(&str, &str, &str); 5] = [
    ("go", "go", "//"),
    ("java", "java", "//"),
    ("javascript", "js", "//"),
    ("python", "py", "#"),
    ("typescript", "ts", "//"),
];

/// What was written, and what is left to do by hand.
#[derive(Debug, PartialEq, Eq)]
pub struct Scaffold {
    /// The new files, below the repository.
    pub files: Vec<String>,
    /// The line for the list of modules in `crates/rules/src/<family>/mod.rs`.
    pub module: String,
    /// The line for `RULES`, which is sorted by family and name.
    pub entry: String,
}

/// Writes the files of a rule called `id` into the repository at `root`.
///
/// # Errors
///
/// When the name or family will not do, or a file is there already or cannot be written.
pub fn new_rule(root: &Path, id: &str, family: &str) -> Result<Scaffold, Error> {
    if !is_kebab(id) {
        return Err(Error::BadId(id.to_owned()));
    }
    let (_, variant) =
        FAMILIES.iter().find(|f| f.0 == family).ok_or_else(|| Error::UnknownFamily(family.to_owned()))?;
    if RULES.iter().any(|r| r.meta().id == id || r.meta().aliases.contains(&id)) {
        return Err(Error::KnownRule(id.to_owned()));
    }
    let module = id.replace('-', "_");
    let ty: String = id.split('-').map(capitalised).collect();
    let mut files = vec![
        (format!("crates/rules/src/{family}/{module}.rs"), code(id, &ty, &module, variant)),
        (format!("crates/rules/src/{family}/{module}.md"), page(id)),
    ];
    for (language, extension, comment) in LANGUAGES {
        let folder = format!("fixtures/{id}/{language}");
        files.push((format!("{folder}/bad.{extension}"), format!("{comment} want {id}\n")));
        let good = format!("{comment} noise {id}: write the mended version of bad.{extension}\n");
        files.push((format!("{folder}/good.{extension}"), good));
    }
    if let Some((path, _)) = files.iter().find(|(path, _)| root.join(path).exists()) {
        return Err(Error::Exists(path.clone()));
    }
    for (path, text) in &files {
        write(root, path, text).map_err(|error| Error::Io { path: path.clone(), error })?;
    }
    Ok(Scaffold {
        files: files.into_iter().map(|f| f.0).collect(),
        module: format!("pub(crate) mod {module};"),
        entry: format!("    &{family}::{module}::{ty},"),
    })
}

#[allow(clippy::disallowed_methods, reason = "a chore writes files")]
fn write(root: &Path, path: &str, text: &str) -> std::io::Result<()> {
    let path = root.join(path);
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(path, text)
}

fn is_kebab(id: &str) -> bool {
    let word = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_lowercase())
            && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
    };
    id.split('-').all(word)
}

fn capitalised(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().into_iter().flat_map(char::to_uppercase).chain(chars).collect()
}

fn code(id: &str, ty: &str, module: &str, family: &str) -> String {
    format!(
        "//! `{id}`.\n\
         \n\
         use crate::Rule;\n\
         use timelint_diagnostics::{{Family, Finding, RuleMeta, Severity}};\n\
         use timelint_semantics::Analysis;\n\
         \n\
         /// See the module.\n\
         pub(crate) struct {ty};\n\
         \n\
         static META: RuleMeta = RuleMeta {{\n    \
             id: \"{id}\",\n    \
             aliases: &[],\n    \
             family: Family::{family},\n    \
             mechanism: \"\",\n    \
             severity: Severity::Warning,\n    \
             summary: \"\",\n    \
             page: include_str!(\"{module}.md\"),\n\
         }};\n\
         \n\
         impl Rule for {ty} {{\n    \
             fn meta(&self) -> &'static RuleMeta {{\n        \
                 &META\n    \
             }}\n\
         \n    \
             fn check(&self, _file: &Analysis<'_>, _out: &mut Vec<Finding>) {{}}\n\
         }}\n"
    )
}

fn page(id: &str) -> String {
    let blocks = LANGUAGES.map(|(language, ..)| format!("```{language}\n```\n\n")).concat();
    format!(
        "# {id}\n\n## What it finds\n\n## Why it is wrong\n\n## Example\n\n{blocks}## Instead\n\n{blocks}\
         ## When it is quiet or wrong\n\n## References\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("timelint-xtask-{name}-{}", std::process::id()));
            Self(path)
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn a_rule_gets_code_a_page_and_fixtures_once() {
        let folder = Folder::new("new");
        let made = new_rule(&folder.0, "two-clocks", "clock").expect("written");
        assert_eq!(
            (made.module.as_str(), made.entry.as_str()),
            ("pub(crate) mod two_clocks;", "    &clock::two_clocks::TwoClocks,")
        );
        assert_eq!(made.files.len(), 12);
        assert!(made.files.iter().all(|f| folder.0.join(f).is_file()));
        let again = new_rule(&folder.0, "two-clocks", "clock");
        assert!(matches!(again, Err(Error::Exists(path)) if path == "crates/rules/src/clock/two_clocks.rs"));
    }

    #[test]
    fn the_code_is_formatted() {
        let text = code("a-b", "AB", "a_b", "Pause");
        assert!(text.contains("\n    family: Family::Pause,\n    mechanism: \"\",\n"));
        assert!(
            text.contains("\nimpl Rule for AB {\n    fn meta(&self) -> &'static RuleMeta {\n        &META\n    }\n\n")
        );
        assert!(text.ends_with("    fn check(&self, _file: &Analysis<'_>, _out: &mut Vec<Finding>) {}\n}\n"));
    }

    #[test]
    fn bad_names_are_refused_before_anything_is_written() {
        let folder = Folder::new("refused");
        for id in ["", "Two-Clocks", "two_clocks", "two--clocks", "2-clocks", "-a", "../a"] {
            assert!(matches!(new_rule(&folder.0, id, "clock"), Err(Error::BadId(_))), "{id}");
        }
        assert!(matches!(new_rule(&folder.0, "two-clocks", "clocks"), Err(Error::UnknownFamily(_))));
        assert!(matches!(new_rule(&folder.0, RULES[0].meta().id, "clock"), Err(Error::KnownRule(_))));
        assert!(!folder.0.exists());
    }
}
