//! Path patterns of `exclude` and `[[overrides]]`.

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use std::path::{Path, PathBuf};

/// Patterns relative to one folder.
///
/// A pattern without a slash fits a name at any depth, one with a slash is relative to the folder; a pattern that fits
/// a folder fits everything below it. `*` stays within a name, `**` spans folders.
#[derive(Debug, Clone)]
pub(crate) struct Patterns {
    root: PathBuf,
    set: GlobSet,
}

impl Patterns {
    /// Compiles `patterns`, relative to `root`; an error is the offending pattern's index and what is wrong with it.
    pub(crate) fn new(root: &Path, patterns: &[String]) -> Result<Self, (usize, String)> {
        let mut builder = GlobSetBuilder::new();
        for (index, pattern) in patterns.iter().enumerate() {
            for form in forms(pattern) {
                let glob = GlobBuilder::new(&form).literal_separator(true).build();
                builder.add(glob.map_err(|e| (index, e.kind().to_string()))?);
            }
        }
        let set = builder.build().map_err(|e| (0, e.kind().to_string()))?;
        Ok(Self { root: root.to_owned(), set })
    }

    /// Whether the file at the absolute path `path` fits.
    pub(crate) fn fit(&self, path: &Path) -> bool {
        !self.set.is_empty() && self.set.is_match(path.strip_prefix(&self.root).unwrap_or(path))
    }
}

fn forms(pattern: &str) -> [String; 2] {
    let body = pattern.trim_start_matches("./").trim_end_matches('/');
    let base = match body.strip_prefix('/') {
        Some(anchored) => anchored.to_owned(),
        None if body.contains('/') => body.to_owned(),
        None => format!("**/{body}"),
    };
    let below = format!("{base}/**");
    [base, below]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(pattern: &str, path: &str) -> bool {
        Patterns::new(Path::new("/r"), &[pattern.to_owned()]).expect("valid").fit(&Path::new("/r").join(path))
    }

    #[test]
    fn names_fit_at_any_depth_and_folders_cover_what_is_below() {
        assert!(fits("gen", "a/gen/b.go"));
        assert!(fits("*.gen.go", "a/b.gen.go"));
        assert!(fits("a/b/", "a/b/c/d.go"));
        assert!(fits("/a", "a/x.go") && !fits("/a", "b/a/x.go"));
        assert!(fits("./src/*.py", "src/x.py") && !fits("src/*.py", "src/deep/x.py"));
        assert!(fits("**/test/**", "x/test/y.go"));
        assert!(!fits("gen", "a/general.go"));
    }

    #[test]
    fn malformed_patterns_are_named() {
        let error = Patterns::new(Path::new("/r"), &["ok".into(), "a[".into()]).err();
        assert_eq!(error.map(|e| e.0), Some(1));
    }
}
