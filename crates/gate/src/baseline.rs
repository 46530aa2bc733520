//! The list of findings that a team lives with for now.
//!
//! JSON Lines, one finding a line, sorted, without line numbers: changes of it are small to read and merge line by
//! line. Paths are relative to the file's folder.

use crate::error::GateError;
use crate::known::Known;
use crate::write::{read, write_whole};
use serde::{Deserialize, Serialize};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use timelint_diagnostics::{Finding, Report};

/// The file's usual name.
pub const BASELINE_FILE: &str = ".timelint-baseline.jsonl";

/// What the fingerprints of this version begin with.
const FINGERPRINTS: &str = "v1:";

/// Characters of code that are kept for the reader.
const EXCERPT: usize = 80;

/// One known finding. Order of fields is the order in the file and of lines.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Entry {
    /// The file, relative to the baseline's folder, with `/`.
    pub path: String,
    /// The rule's id.
    pub rule: String,
    /// The enclosing classes and functions.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub scope: String,
    /// The finding's fingerprint.
    pub fingerprint: String,
    /// The code, for the reader; it plays no part.
    #[serde(default)]
    pub excerpt: String,
    /// Why it is accepted, where somebody said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl Entry {
    /// An entry for `finding`, whose file is `path` for the baseline.
    pub fn new(finding: &Finding, report: &Report, path: String, reason: Option<&str>) -> Self {
        let source = report.sources.get(&finding.primary.path);
        let code = source.map_or("", |s| finding.primary.span.text(&s.text));
        let words: Vec<&str> = code.split_whitespace().collect();
        let mut excerpt: String = words.join(" ").chars().filter(|c| !c.is_control()).take(EXCERPT + 1).collect();
        if excerpt.chars().count() > EXCERPT {
            excerpt.pop();
            excerpt.push('…');
        }
        Self {
            path,
            rule: finding.rule.id.to_owned(),
            scope: finding.scope.clone(),
            fingerprint: finding.fingerprint.clone(),
            excerpt,
            reason: reason.map(str::to_owned),
        }
    }
}

/// A baseline file.
#[derive(Debug, Clone, Default)]
pub struct Baseline {
    /// The file's absolute path.
    pub file: PathBuf,
    /// The entries, sorted.
    pub entries: Vec<Entry>,
}

impl Baseline {
    /// Reads the file at the absolute path `file`; messages call it `shown`. `None` where there is none.
    ///
    /// # Errors
    ///
    /// When it cannot be read, or a line is no entry.
    pub fn read(file: &Path, shown: &str) -> Result<Option<Self>, GateError> {
        let wrong = |line, message: String| GateError::Baseline { path: shown.to_owned(), line, message };
        let bytes = match read(file) {
            Ok(bytes) => bytes,
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(wrong(1, format!("the baseline cannot be read: {e}"))),
        };
        let text = String::from_utf8_lossy(&bytes);
        let mut entries = Vec::new();
        for (nth, line) in text.lines().enumerate().filter(|(_, l)| !l.trim().is_empty()) {
            if ["<<<<<<<", "=======", ">>>>>>>"].iter().any(|mark| line.starts_with(mark)) {
                let remedy = "a merge left its marks: keep the lines of both sides and delete the marks";
                return Err(wrong(nth + 1, remedy.to_owned()));
            }
            let entry: Entry = serde_json::from_str(line)
                .map_err(|e| wrong(nth + 1, format!("this is no entry of a baseline: {e}")))?;
            if !entry.fingerprint.starts_with(FINGERPRINTS) {
                let remedy = "this entry is of another version of timelint: `timelint baseline create --force` starts \
                              again with what is there now";
                return Err(wrong(nth + 1, remedy.to_owned()));
            }
            entries.push(entry);
        }
        entries.sort();
        entries.dedup();
        Ok(Some(Self { file: file.to_owned(), entries }))
    }

    /// Writes the file, whole.
    ///
    /// # Errors
    ///
    /// Whatever the file system says.
    pub fn write(&mut self, shown: &str) -> Result<(), GateError> {
        self.entries.sort();
        self.entries.dedup();
        let mut text = String::new();
        for entry in &self.entries {
            let line = serde_json::to_string(entry)
                .map_err(|e| GateError::Write { path: shown.to_owned(), message: e.to_string() })?;
            text.push_str(&line);
            text.push('\n');
        }
        write_whole(&self.file, text.as_bytes())
            .map_err(|e| GateError::Write { path: shown.to_owned(), message: e.to_string() })
    }

    /// The absolute path of an entry's file.
    pub fn absolute(&self, entry: &Entry) -> PathBuf {
        self.folder().join(&entry.path)
    }

    /// The path that entries have for the file at the absolute path `path`.
    pub fn relative(&self, path: &Path) -> String {
        let below = path.strip_prefix(self.folder()).unwrap_or(path);
        below.to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/")
    }

    fn folder(&self) -> &Path {
        self.file.parent().unwrap_or(Path::new(""))
    }

    /// What is known by it, in the order of entries.
    pub fn known(&self) -> Vec<Known> {
        let known = |entry: &Entry| Known {
            path: self.absolute(entry).to_string_lossy().into_owned(),
            rule: entry.rule.clone(),
            scope: entry.scope.clone(),
            fingerprint: entry.fingerprint.clone(),
        };
        self.entries.iter().map(known).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Folder;

    fn entry(path: &str, print: &str) -> Entry {
        let text = |s: &str| s.to_owned();
        Entry {
            path: text(path),
            rule: text("fake-call"),
            scope: text("A.f"),
            fingerprint: text(print),
            excerpt: text("bad()"),
            reason: None,
        }
    }

    #[test]
    fn lines_are_sorted_and_read_back() {
        let folder = Folder::new(&[]);
        let file = folder.path(BASELINE_FILE);
        let entries = vec![entry("b.py", "v1:2"), entry("a.py", "v1:9"), entry("b.py", "v1:2")];
        Baseline { file: file.clone(), entries }.write("x").expect("written");
        assert_eq!(
            folder.text(BASELINE_FILE),
            "{\"path\":\"a.py\",\"rule\":\"fake-call\",\"scope\":\"A.f\",\"fingerprint\":\"v1:9\",\"excerpt\":\"bad()\"}\n\
             {\"path\":\"b.py\",\"rule\":\"fake-call\",\"scope\":\"A.f\",\"fingerprint\":\"v1:2\",\"excerpt\":\"bad()\"}\n"
        );
        let read = Baseline::read(&file, "x").expect("readable").expect("there");
        assert_eq!(read.entries, [entry("a.py", "v1:9"), entry("b.py", "v1:2")]);
        assert_eq!(read.absolute(&read.entries[0]), folder.path("a.py"));
        assert_eq!(read.relative(&folder.path("c/d.py")), "c/d.py");
        assert!(Baseline::read(&folder.path("none"), "x").expect("no error").is_none());
    }

    const FUTURE: &str = r#"{"path":"a.py","rule":"fake-call","fingerprint":"v9:1"}"#;

    #[test]
    fn mistakes_have_a_line() {
        let folder = Folder::new(&[("b", "\n<<<<<<< main\n"), ("c", "{\"path\": 1}"), ("d", FUTURE)]);
        let error = |name| Baseline::read(&folder.path(name), name).expect_err("wrong").to_string();
        assert!(error("b").starts_with("b:2: a merge left its marks"), "{}", error("b"));
        assert!(error("d").starts_with("d:1: this entry is of another version of timelint"), "{}", error("d"));
        assert!(error("c").starts_with("c:1: this is no entry of a baseline: "), "{}", error("c"));
    }
}
