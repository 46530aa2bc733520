//! The table of languages: the one line that a new language adds here.

use std::path::Path;
use tree_sitter_language::LanguageFn;

/// A language that timelint reads.
pub struct Language {
    /// Name in selectors and reports.
    pub name: &'static str,
    /// Folder under `queries/` with its structure and idioms.
    pub pack: &'static str,
    /// Folder under `queries/` with its `apis.toml`: dialects of one language share it.
    pub apis: &'static str,
    /// File extensions without the dot, lower case.
    pub extensions: &'static [&'static str],
    pub(crate) grammar: LanguageFn,
}

impl std::fmt::Debug for Language {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Language").field("pack", &self.pack).finish_non_exhaustive()
    }
}

impl PartialEq for Language {
    fn eq(&self, other: &Self) -> bool {
        self.pack == other.pack
    }
}

/// Every language, sorted by name.
pub static LANGUAGES: &[Language] = &[
    Language { name: "go", pack: "go", apis: "go", extensions: &["go"], grammar: tree_sitter_go::LANGUAGE },
    Language { name: "java", pack: "java", apis: "java", extensions: &["java"], grammar: tree_sitter_java::LANGUAGE },
    Language {
        name: "javascript",
        pack: "javascript",
        apis: "javascript",
        extensions: &["js", "mjs", "cjs", "jsx"],
        grammar: tree_sitter_javascript::LANGUAGE,
    },
    Language {
        name: "python",
        pack: "python",
        apis: "python",
        extensions: &["py", "pyi", "pyw"],
        grammar: tree_sitter_python::LANGUAGE,
    },
    Language {
        name: "typescript",
        pack: "typescript",
        apis: "javascript",
        extensions: &["ts", "mts", "cts"],
        grammar: tree_sitter_typescript::LANGUAGE_TYPESCRIPT,
    },
    Language {
        name: "typescript",
        pack: "tsx",
        apis: "javascript",
        extensions: &["tsx"],
        grammar: tree_sitter_typescript::LANGUAGE_TSX,
    },
];

/// The language of a path, by its extension.
pub fn language_for_path(path: &Path) -> Option<&'static Language> {
    let extension = path.extension()?.to_str()?.to_ascii_lowercase();
    LANGUAGES.iter().find(|l| l.extensions.contains(&extension.as_str()))
}

/// The language whose pack is called `name`.
pub fn language_by_name(name: &str) -> Option<&'static Language> {
    LANGUAGES.iter().find(|l| l.pack == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extensions_pick_the_language() {
        let of = |p: &str| language_for_path(Path::new(p)).map(|l| l.pack);
        assert_eq!(of("a/B.java"), Some("java"));
        assert_eq!(of("a.pyi"), Some("python"));
        assert_eq!(of("a.MTS"), Some("typescript"));
        assert_eq!(of("a.tsx"), Some("tsx"));
        assert_eq!(of("Makefile"), None);
    }
}
