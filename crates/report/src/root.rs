//! Paths as services want them: from the repository's root on.

use std::collections::BTreeMap;
use std::sync::Arc;
use timelint_diagnostics::{Accepted, Finding, Location, Note, Report, SourceFile};

/// Where the repository is, and where its user stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Root {
    here: String,
    root: String,
}

impl Root {
    /// The working directory `here` and the repository's root, both absolute and with `/`.
    pub fn new(here: &str, root: &str) -> Self {
        Self { here: here.trim_end_matches('/').to_owned(), root: root.trim_end_matches('/').to_owned() }
    }

    /// `report` with paths from the root on; code scanning services know no others.
    pub fn report(&self, report: &Report) -> Report {
        let mut moved = Moved { root: self, known: BTreeMap::new() };
        let findings = report.findings.iter().map(|f| moved.finding(f)).collect();
        let accepted = report.accepted.iter().map(|a| Accepted { finding: moved.finding(&a.finding), ..a.clone() });
        let accepted = accepted.collect();
        let notes = report.notes.iter().map(|n| Note { path: moved.path(&n.path), ..n.clone() }).collect();
        let sources = report.sources.iter().map(|(path, source)| {
            let path = moved.path(path);
            (path.clone(), SourceFile { path, ..source.clone() })
        });
        let sources = sources.collect();
        Report { findings, notes, summary: report.summary.clone(), sources, rules: report.rules.clone(), accepted }
    }

    /// `path` from the root on; as it is where it lies elsewhere.
    fn path(&self, path: &str) -> String {
        let is_absolute = path.starts_with('/') || path.as_bytes().get(1) == Some(&b':');
        let absolute = if is_absolute { path.to_owned() } else { format!("{}/{path}", self.here) };
        let mut parts: Vec<&str> = Vec::new();
        for part in absolute.split('/') {
            match part {
                "." => {}
                ".." if parts.len() > 1 => {
                    parts.pop();
                }
                other => parts.push(other),
            }
        }
        let clean = parts.join("/");
        let below = clean.strip_prefix(&self.root).and_then(|rest| rest.strip_prefix('/'));
        below.map_or_else(|| path.to_owned(), str::to_owned)
    }
}

/// Paths that were moved; each is computed once.
struct Moved<'r> {
    root: &'r Root,
    known: BTreeMap<Arc<str>, Arc<str>>,
}

impl Moved<'_> {
    fn path(&mut self, path: &Arc<str>) -> Arc<str> {
        let root = self.root;
        self.known.entry(path.clone()).or_insert_with(|| root.path(path).into()).clone()
    }

    fn finding(&mut self, finding: &Finding) -> Finding {
        let mut finding = finding.clone();
        let labels = finding.labels.iter_mut().map(|l| &mut l.location);
        let edits = finding.fixes.iter_mut().flat_map(|f| &mut f.edits).map(|e| &mut e.location);
        let all: Vec<&mut Location> = [&mut finding.primary].into_iter().chain(labels).chain(edits).collect();
        for location in all {
            location.path = self.path(&location.path);
        }
        finding
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::sample;

    #[test]
    fn paths_start_at_the_root() {
        let root = Root::new("/r/services/pay", "/r");
        assert_eq!(root.path("src/a.py"), "services/pay/src/a.py");
        assert_eq!(root.path("../b.py"), "services/b.py");
        assert_eq!(root.path("/r/c.py"), "c.py");
        assert_eq!(root.path("/rest/c.py"), "/rest/c.py");
        assert_eq!(root.path("../../../d.py"), "../../../d.py");
        assert_eq!(Root::new("/", "/srv/r").path("srv/r/a.py"), "a.py");
        assert_eq!(Root::new("C:/r/x", "C:/r").path("a.py"), "x/a.py");
    }

    #[test]
    fn a_whole_report_is_moved() {
        let moved = Root::new("/r/sub", "/r").report(&sample());
        assert_eq!(&*moved.findings[0].primary.path, "sub/src/lease.go");
        assert_eq!(&*moved.findings[0].labels[2].location.path, "sub/src/store.go");
        assert_eq!(&*moved.notes[0].path, "sub/src/broken.go");
        assert!(moved.sources.keys().all(|path| path.starts_with("sub/")));
    }
}
