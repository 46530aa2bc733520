//! Changes as a patch.

use crate::mend::Changed;
use similar::TextDiff;
use std::fmt::Write as _;

/// A unified patch of `files`, which `git apply` and `patch -p1` take in the directory to which paths are relative.
pub fn patch(files: &[Changed]) -> String {
    let mut out = String::new();
    for file in files {
        let lines = |text: &'_ str| -> Vec<String> { text.split_inclusive('\n').map(str::to_owned).collect() };
        let (before, after) = (lines(&file.before), lines(&file.after));
        let before: Vec<&str> = before.iter().map(String::as_str).collect();
        let after: Vec<&str> = after.iter().map(String::as_str).collect();
        let diff = TextDiff::configure().newline_terminated(true).diff_slices(&before, &after);
        let hunks = diff.unified_diff().context_radius(3).to_string();
        if hunks.is_empty() {
            continue;
        }
        // Writing to a string does not fail.
        let _ = write!(out, "--- {}\n+++ {}\n{hunks}", name("a", &file.path), name("b", &file.path));
    }
    out
}

/// A file's name as git writes it: quoted where it holds what a name cannot, and ended by a tab where it holds blanks.
fn name(side: &str, path: &str) -> String {
    if path.chars().any(|c| c.is_control() || matches!(c, '"' | '\\')) {
        let mut quoted = format!("\"{side}/");
        for byte in path.bytes() {
            match byte {
                b'"' | b'\\' => quoted.extend(['\\', char::from(byte)]),
                0x20..=0x7e => quoted.push(char::from(byte)),
                _ => {
                    let _ = write!(quoted, "\\{byte:03o}");
                }
            }
        }
        quoted.push('"');
        return quoted;
    }
    let end = if path.contains(' ') { "\t" } else { "" };
    format!("{side}/{path}{end}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(path: &str, before: &str, after: &str) -> Changed {
        Changed { path: path.into(), absolute: path.into(), before: before.into(), after: after.into() }
    }

    #[test]
    fn a_patch_has_headers_hunks_and_context() {
        let text = patch(&[changed("a.py", "1\n2\n3\n4\n5\n6\n", "1\n2\n3\n4\nx\n6\n")]);
        assert_eq!(text, "--- a/a.py\n+++ b/a.py\n@@ -2,5 +2,5 @@\n 2\n 3\n 4\n-5\n+x\n 6\n");
        assert_eq!(patch(&[changed("a.py", "1\n", "1\n")]), "");
    }

    #[test]
    fn line_ends_and_odd_names_are_kept() {
        let text = patch(&[changed("a b.py", "1\r\n2", "x\r\n2")]);
        assert_eq!(
            text,
            "--- a/a b.py\t\n+++ b/a b.py\t\n@@ -1,2 +1,2 @@\n-1\r\n+x\r\n 2\n\\ No newline at end of file\n"
        );
        assert_eq!(name("a", "x\"\u{e9}\n"), "\"a/x\\\"\\303\\251\\012\"");
    }
}
