//! What git knows: the files of other revisions and of the index, by the git command line.

use crate::error::GateError;
use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use timelint_engine::{Overlay, is_source};

/// A work tree.
#[derive(Debug, Clone)]
pub struct Repository {
    here: PathBuf,
    root: PathBuf,
}

/// How files differ from those on disk.
#[derive(Debug, Default)]
pub struct Revision {
    /// The files as they were.
    pub overlay: Overlay,
    /// Former path and present path of renamed files, absolute.
    pub renames: Vec<(PathBuf, PathBuf)>,
    /// Source files that differ, absolute, by their present path.
    pub changed: Vec<PathBuf>,
}

/// One line of `git diff --raw`.
struct Change {
    is_file: bool,
    old: String,
    status: u8,
    path: String,
    renamed_to: Option<String>,
}

impl Repository {
    /// The repository that holds `here`, an absolute folder.
    ///
    /// # Errors
    ///
    /// When there is none, or no git.
    pub fn open(here: &Path) -> Result<Self, GateError> {
        let mut repository = Self { here: here.to_owned(), root: here.to_owned() };
        let prefix = repository.text(&["rev-parse", "--show-prefix"], |said| {
            let trust = "; if you trust it, run `git config --global --add safe.directory` with its path";
            let hint = if said.contains("dubious ownership") { trust } else { "" };
            format!("--since and --staged need a git repository: {said}{hint}")
        })?;
        for _ in Path::new(&prefix).components() {
            repository.root.pop();
        }
        Ok(repository)
    }

    /// The folder of the work tree, absolute, spelled as `here` is.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The index, against what is on disk; [`Revision::changed`] are the files that are staged.
    ///
    /// # Errors
    ///
    /// When git fails.
    pub fn index(&self) -> Result<Revision, GateError> {
        let mut revision = self.revision(&self.changes(&[])?)?;
        self.without_untracked(&mut revision.overlay)?;
        let staged = self.changes(&["--cached", "--diff-filter=d"])?;
        let present = |c: &Change| self.root.join(c.renamed_to.as_ref().unwrap_or(&c.path));
        revision.changed = staged.iter().filter(|c| c.is_file || c.status == b'A').map(present).collect();
        revision.changed.retain(|path| is_source(path));
        Ok(revision)
    }

    /// The last common ancestor of `reference` and `HEAD`, against what is on disk, or against the index where `index`
    /// is what [`Repository::index`] gave.
    ///
    /// # Errors
    ///
    /// When git does not know `reference`, or the clone does not reach back to the common ancestor.
    pub fn since(&self, reference: &str, index: Option<&Revision>) -> Result<Revision, GateError> {
        if reference == "HEAD" && self.run(&["rev-parse", "--verify", "--quiet", "HEAD"]).is_err() {
            return self.before_the_first_commit();
        }
        let base = self.base(reference)?;
        let against: &[&str] = if index.is_some() { &["--cached", base.as_str()] } else { &[base.as_str()] };
        let changes = self.changes(against)?;
        let mut revision = self.revision(&changes)?;
        if let Some(index) = index {
            let mut overlay = index.overlay.clone();
            overlay.extend(revision.overlay);
            revision.overlay = overlay;
        } else {
            let untracked = self.without_untracked(&mut revision.overlay)?;
            revision.changed.extend(untracked);
        }
        Ok(revision)
    }

    /// Nothing was there.
    fn before_the_first_commit(&self) -> Result<Revision, GateError> {
        let out = self.run(&["ls-files", "-z", "--full-name", "--", ":/"]).map_err(GateError::Git)?;
        let names = out.split(|b| *b == 0).filter(|f| !f.is_empty());
        let paths = names.map(|f| self.root.join(String::from_utf8_lossy(f).as_ref()));
        let mut revision = Revision { changed: paths.filter(|p| is_source(p)).collect(), ..Revision::default() };
        for path in &revision.changed {
            revision.overlay.set(path, None);
        }
        revision.changed.extend(self.without_untracked(&mut revision.overlay)?);
        Ok(revision)
    }

    fn base(&self, reference: &str) -> Result<String, GateError> {
        let commit = format!("{reference}^{{commit}}");
        let shallow = self.run(&["rev-parse", "--is-shallow-repository"]).is_ok_and(|o| o.starts_with(b"true"));
        let remedy = "this clone is shallow: fetch the history first (`git fetch --unshallow`; with actions/checkout, \
                      `fetch-depth: 0`)";
        self.text(&["rev-parse", "--verify", "--quiet", "--end-of-options", &commit], |_| {
            let hint = if shallow { remedy } else { "fetch it first, or name another commit, branch or tag" };
            format!("--since: git knows no commit `{reference}` here; {hint}")
        })?;
        self.text(&["merge-base", reference, "HEAD"], |said| {
            let hint = match (shallow, said) {
                (true, _) => remedy.to_owned(),
                (false, "") => "their histories have nothing in common".to_owned(),
                (false, said) => said.to_owned(),
            };
            format!("--since: there is no common ancestor of `{reference}` and HEAD; {hint}")
        })
    }

    /// `git diff --raw` with `arguments`.
    fn changes(&self, arguments: &[&str]) -> Result<Vec<Change>, GateError> {
        let mut all = vec!["diff", "--raw", "-z", "-M", "--no-abbrev", "--no-relative", "--ignore-submodules=all"];
        all.extend(arguments);
        all.push("--");
        let out = self.run(&all).map_err(|said| GateError::Git(format!("git diff failed: {said}")))?;
        let mut fields = out.split(|b| *b == 0).map(|f| String::from_utf8_lossy(f).into_owned());
        let mut changes = Vec::new();
        while let Some(head) = fields.next().filter(|h| h.starts_with(':')) {
            let words: Vec<&str> = head.split(' ').collect();
            let [mode, _, old, _, status] = words[..] else { break };
            let status = status.bytes().next().unwrap_or(b'M');
            let path = fields.next().unwrap_or_default();
            let renamed_to = matches!(status, b'R' | b'C').then(|| fields.next().unwrap_or_default());
            let is_file = mode.starts_with(":100");
            changes.push(Change { is_file, old: old.to_owned(), status, path, renamed_to });
        }
        Ok(changes)
    }

    /// The old side of `changes`.
    fn revision(&self, changes: &[Change]) -> Result<Revision, GateError> {
        let wanted = |c: &&Change| c.is_file && !matches!(c.status, b'A' | b'C') && is_source(Path::new(&c.path));
        let ids: Vec<&str> = changes.iter().filter(wanted).map(|c| c.old.as_str()).collect();
        let mut texts = self.blobs(&ids)?.into_iter();
        let mut revision = Revision::default();
        for change in changes {
            let old = self.root.join(&change.path);
            let new = change.renamed_to.as_ref().map_or_else(|| old.clone(), |p| self.root.join(p));
            if is_source(&new) {
                if matches!(change.status, b'A' | b'C' | b'R') {
                    revision.overlay.set(&new, None);
                }
                revision.changed.push(new.clone());
            }
            if wanted(&change) {
                revision.overlay.set(&old, texts.next().flatten());
            }
            if change.status == b'R' {
                revision.renames.push((old, new));
            }
        }
        Ok(revision)
    }

    /// Lets files that git does not know be absent; returns them.
    fn without_untracked(&self, overlay: &mut Overlay) -> Result<Vec<PathBuf>, GateError> {
        let arguments = ["ls-files", "--others", "--exclude-standard", "-z", "--full-name", "--", ":/"];
        let out = self.run(&arguments).map_err(|said| GateError::Git(format!("git ls-files failed: {said}")))?;
        let paths = out.split(|b| *b == 0).filter(|f| !f.is_empty());
        let paths = paths.map(|f| self.root.join(String::from_utf8_lossy(f).as_ref()));
        let untracked: Vec<PathBuf> = paths.filter(|path| is_source(path)).collect();
        for path in &untracked {
            overlay.set(path, None);
        }
        Ok(untracked)
    }

    /// The texts behind object ids, in order; `None` for what is missing.
    fn blobs(&self, ids: &[&str]) -> Result<Vec<Option<Arc<str>>>, GateError> {
        let failed = |e: io::Error| GateError::Git(format!("git cat-file failed: {e}"));
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut command = self.command(&["cat-file", "--batch"]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().map_err(failed)?;
        let (input, output) = (child.stdin.take(), child.stdout.take());
        let request: String = ids.iter().flat_map(|id| [id, "\n"]).collect();
        let bytes = std::thread::scope(|scope| {
            // git answers while it is asked; both pipes are finite.
            scope.spawn(move || input.map(|mut pipe| pipe.write_all(request.as_bytes())));
            let mut bytes = Vec::new();
            output.map_or(Ok(0), |mut pipe| pipe.read_to_end(&mut bytes)).map(|_| bytes)
        });
        child.wait().map_err(failed)?;
        Ok(answers(&bytes.map_err(failed)?, ids.len()))
    }

    /// What git prints, without the line's end; the error is made from what it complains of.
    fn text(&self, arguments: &[&str], error: impl FnOnce(&str) -> String) -> Result<String, GateError> {
        match self.run(arguments) {
            Ok(out) => Ok(String::from_utf8_lossy(&out).trim_end().to_owned()),
            Err(said) => Err(GateError::Git(error(&said))),
        }
    }

    fn run(&self, arguments: &[&str]) -> Result<Vec<u8>, String> {
        let output = self.command(arguments).stdin(Stdio::null()).output().map_err(|e| match e.kind() {
            io::ErrorKind::NotFound => "git is not installed, or not in PATH".to_owned(),
            _ => format!("git cannot be started: {e}"),
        })?;
        if output.status.success() {
            return Ok(output.stdout);
        }
        let said = String::from_utf8_lossy(&output.stderr);
        Err(said.lines().next().unwrap_or("").trim_start_matches("fatal: ").to_owned())
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("git");
        // Nothing is locked or refreshed, and messages are those that were tried.
        command.args(arguments).current_dir(&self.here).env("GIT_OPTIONAL_LOCKS", "0").env("LC_ALL", "C");
        command
    }
}

/// Reads what `git cat-file --batch` answers to `count` questions.
fn answers(bytes: &[u8], count: usize) -> Vec<Option<Arc<str>>> {
    let mut texts = Vec::with_capacity(count);
    let mut rest = bytes;
    while texts.len() < count {
        let Some(end) = rest.iter().position(|b| *b == b'\n') else {
            texts.push(None);
            continue;
        };
        let head = String::from_utf8_lossy(&rest[..end]).into_owned();
        rest = &rest[end + 1..];
        let size = head.rsplit_once(" blob ").and_then(|(_, size)| size.parse::<usize>().ok());
        texts.push(size.and_then(|size| rest.get(..size)).map(|text| String::from_utf8_lossy(text).into()));
        rest = size.and_then(|size| rest.get(size + 1..)).unwrap_or(if size.is_some() { &[] } else { rest });
    }
    texts
}

impl Revision {
    /// The present absolute path of each renamed file by its former one.
    pub fn renamed(&self) -> BTreeMap<String, String> {
        let text = |path: &Path| path.to_string_lossy().into_owned();
        self.renames.iter().map(|(old, new)| (text(old), text(new))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_cut_by_their_sizes() {
        let bytes = b"abc blob 4\na\nb\n\nnope missing\ndef blob 0\n\n";
        let texts = answers(bytes, 4);
        assert_eq!(texts, [Some(Arc::from("a\nb\n")), None, Some(Arc::from("")), None]);
    }
}
