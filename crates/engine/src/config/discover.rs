//! Where the configuration is.

use std::path::{Path, PathBuf};

/// The configuration file's usual name.
pub const CONFIG_FILE: &str = "timelint.toml";

/// Files that may hold a configuration; of several in one folder the first one counts.
const NAMES: [&str; 3] = [CONFIG_FILE, ".timelint.toml", PYPROJECT];

/// Python's project file, in which `[tool.timelint]` is ours.
pub(super) const PYPROJECT: &str = "pyproject.toml";

const USER_FOLDER: &str = ".timelint";

/// The nearest configuration in `start` (a folder, or a file's folder) or above it, up to the repository's root.
/// Outside a repository only the folder itself is looked at, so that no file of the home directory takes part.
pub fn discover_config(start: &Path) -> Option<PathBuf> {
    folders(start).into_iter().find_map(|f| config_in(&f))
}

/// The configuration in `folder` itself.
pub(crate) fn config_in(folder: &Path) -> Option<PathBuf> {
    configs_in(folder).into_iter().next()
}

/// All configurations in `folder`, the one that counts first.
pub fn configs_in(folder: &Path) -> Vec<PathBuf> {
    NAMES.into_iter().map(|name| folder.join(name)).filter(|path| holds_config(path)).collect()
}

fn holds_config(path: &Path) -> bool {
    let is_python = path.file_name().is_some_and(|n| n == PYPROJECT);
    path.is_file() && (!is_python || crate::read::text(path).is_ok_and(|text| text.contains("tool.timelint")))
}

/// The nearest `.timelint` folder, looked for in the same places.
pub fn discover_user_folder(start: &Path) -> Option<PathBuf> {
    folders(start).into_iter().map(|f| f.join(USER_FOLDER)).find(|f| f.is_dir())
}

/// The nearest file called `name` in `start` or above it, looked for in the same places.
pub fn discover(start: &Path, name: &str) -> Option<PathBuf> {
    folders(start).into_iter().map(|f| f.join(name)).find(|f| f.is_file())
}

/// The root of the repository that holds `start`, or the folder of `start` itself.
pub fn repository_root(start: &Path) -> PathBuf {
    folders(start).pop().unwrap_or_else(|| start.to_owned())
}

/// Whether `folder` is the root of a repository.
pub(crate) fn is_root(folder: &Path) -> bool {
    folder.join(".git").exists()
}

fn folders(start: &Path) -> Vec<PathBuf> {
    let folder = if start.is_dir() { Some(start) } else { start.parent() };
    let Some(folder) = folder else { return Vec::new() };
    let mut seen = Vec::new();
    for ancestor in folder.ancestors() {
        seen.push(ancestor.to_owned());
        if is_root(ancestor) {
            return seen;
        }
    }
    seen.truncate(1);
    seen
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Folder;

    #[test]
    fn the_nearest_file_wins_up_to_the_repository_root() {
        let folder =
            Folder::new(&[("timelint.toml", ""), ("r/.git/HEAD", ""), ("r/a/b/x.py", ""), ("r/timelint.toml", "")]);
        let at = |p: &str| discover_config(&folder.0.join(p));
        assert_eq!(at("r/a/b/x.py"), Some(folder.0.join("r/timelint.toml")));
        folder.write("r/a/timelint.toml", b"");
        assert_eq!(at("r/a/b"), Some(folder.0.join("r/a/timelint.toml")));
        folder.write("r/a/b/pyproject.toml", b"[tool.ruff]\n");
        assert_eq!(at("r/a/b"), Some(folder.0.join("r/a/timelint.toml")));
        folder.write("r/a/b/pyproject.toml", b"[tool.timelint]\n");
        assert_eq!(at("r/a/b"), Some(folder.0.join("r/a/b/pyproject.toml")));
        assert_eq!(at(""), Some(folder.0.join("timelint.toml")));
    }

    #[test]
    fn nothing_above_the_repository_or_outside_one_is_read() {
        let folder =
            Folder::new(&[("timelint.toml", ""), ("r/.git/HEAD", ""), ("plain/x.py", ""), (".timelint/queries/x", "")]);
        assert_eq!(discover_config(&folder.0.join("r")), None);
        assert_eq!(discover_config(&folder.0.join("plain")), None);
        assert_eq!(discover_user_folder(&folder.0), Some(folder.0.join(".timelint")));
        assert_eq!(discover_user_folder(&folder.0.join("r")), None);
    }
}
