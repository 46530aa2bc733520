//! The built-in query packs and API catalogues, embedded. The engine treats them like a user's own.

macro_rules! table {
    ($($path:literal,)*) => {
        &[$(($path, include_str!(concat!("../../queries/", $path))),)*]
    };
}

/// Every file below `queries/` that a pack consists of, with its text.
static FILES: &[(&str, &str)] = table![
    "_ecma/structure.scm",
    "_jsx/structure.scm",
    "_typescript/structure.scm",
    "go/apis.toml",
    "go/structure.scm",
    "java/apis.toml",
    "java/structure.scm",
    "javascript/apis.toml",
    "javascript/structure.scm",
    "python/apis.toml",
    "python/structure.scm",
    "tsx/structure.scm",
    "typescript/structure.scm",
];

/// The built-in files: path below `queries/`, text.
pub(crate) fn builtin() -> Vec<(&'static str, &'static str)> {
    FILES.to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;
    use timelint_engine::Knowledge;

    #[test]
    fn the_table_lists_every_file_of_the_folder() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("queries");
        let mut found = Vec::new();
        for folder in std::fs::read_dir(&root).expect("readable").map(|e| e.expect("readable")) {
            if !folder.path().is_dir() {
                continue;
            }
            for file in std::fs::read_dir(folder.path()).expect("readable").map(|e| e.expect("readable")) {
                let name = file.file_name().to_string_lossy().into_owned();
                if Path::new(&name).extension().is_some_and(|e| e == "scm" || e == "toml") {
                    found.push(format!("{}/{name}", folder.file_name().to_string_lossy()));
                }
            }
        }
        found.sort();
        let listed: Vec<&str> = FILES.iter().map(|f| f.0).collect();
        assert_eq!(listed, found, "add the file to the table in crates/cli/packs.rs");
    }

    #[test]
    fn every_built_in_pack_and_catalogue_compiles() {
        if let Err(error) = Knowledge::new(builtin()).check() {
            panic!("{error}");
        }
    }
}
