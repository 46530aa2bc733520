//! Which files are worth an analysis at all: those that speak of anything that a rule's evidence starts from.

use super::{ApiRole, Catalog, leaf};
use crate::names::words;
use aho_corasick::AhoCorasick;
use rustc_hash::{FxHashMap, FxHashSet};
use timelint_model::FileModel;

/// Beginnings of words of identifiers that some rule's evidence starts from, whatever library is used. A file without
/// any of them and without the libraries of the catalogue has nothing to report, and nothing to tell other files but its
/// classes.
const TRIGGERS: [&str; 67] = [
    "fenc",
    "time",
    "now",
    "date",
    "updated",
    "modified",
    "deadline",
    "lease",
    "lead",
    "lock",
    "unlock",
    "mutex",
    "expir",
    "heartbeat",
    "seen",
    "milli",
    "nano",
    "clock",
    "elapsed",
    "monotonic",
    "ttl",
    "master",
    "primary",
    "retry",
    "session",
    "semaphore",
    "elect",
    "redlock",
    "redis",
    "fetch",
    "request",
    "http",
    "grpc",
    "await",
    "dial",
    "wait",
    "delay",
    "sleep",
    "hasleadership",
    "datetime",
    "currenttime",
    "lastseen",
    "held",
    "socket",
    "connect",
    "url",
    "axios",
    "got",
    "smtp",
    "ftp",
    "imap",
    "client",
    "context",
    "rest",
    "hrtime",
    "attempt",
    "tries",
    "backoff",
    "remote",
    "maxage",
    "reconnect",
    "redial",
    "redeliver",
    "resend",
    "popen",
    "exec",
    "spawn",
];

/// What files are searched for.
#[derive(Debug)]
pub(super) struct Triggers {
    common: Option<AhoCorasick>,
    /// For names without a common word: the last part, and a word of the module or type before it (empty: there is none),
    /// for the last part may be any verb.
    libraries: FxHashMap<String, FxHashSet<String>>,
}

impl Triggers {
    fn new(catalog: &Catalog) -> Self {
        let common = AhoCorasick::builder().ascii_case_insensitive(true).build(TRIGGERS).ok();
        let mut found = Self { common, libraries: FxHashMap::default() };
        let starting = catalog
            .by_name
            .iter()
            .filter(|(_, entries)| entries.iter().any(|e| starts_evidence(catalog.apis[*e as usize].role())));
        for name in starting.map(|(name, _)| name) {
            if found.has_common_word(name) {
                continue;
            }
            let last = leaf(name);
            let before = leaf(name[..name.len() - last.len()].trim_end_matches(['.', '#', '/', ':', '*']));
            let telling = words(before).into_iter().max_by_key(String::len).unwrap_or_default();
            found.libraries.entry(last.to_owned()).or_default().insert(telling);
        }
        found
    }

    fn has_common_word(&self, text: &str) -> bool {
        let Some(common) = &self.common else { return true };
        let bytes = text.as_bytes();
        let starts_word = |at: usize| {
            let Some(before) = at.checked_sub(1).map(|i| bytes[i]) else { return true };
            !before.is_ascii_alphanumeric()
                || (bytes[at].is_ascii_uppercase() && !before.is_ascii_uppercase())
                || (bytes[at].is_ascii_uppercase() && bytes.get(at + 1).is_some_and(u8::is_ascii_lowercase))
        };
        common.find_overlapping_iter(text).any(|m| starts_word(m.start()))
    }

    /// Whether the names of a file are those of an entry without a common word.
    fn has_library(&self, model: &FileModel) -> bool {
        let wanted: FxHashSet<&str> =
            model.symbols().filter_map(|(_, s)| self.libraries.get(s)).flatten().map(String::as_str).collect();
        wanted.contains("")
            || !wanted.is_empty()
                && model.symbols().any(|(_, s)| s.len() < MOST && words(s).iter().any(|w| wanted.contains(w.as_str())))
    }
}

/// Names that are longer are texts.
const MOST: usize = 80;

/// Whether a rule's evidence can start from such an entry, and not only go on with it.
fn starts_evidence(role: ApiRole) -> bool {
    matches!(
        role,
        ApiRole::ClockWall
            | ApiRole::ClockBoth
            | ApiRole::ClockMonotonic
            | ApiRole::ClockElapsed
            | ApiRole::ClockDatabase
            | ApiRole::LockNew
            | ApiRole::LockAcquire
            | ApiRole::LockTry
            | ApiRole::LockRegion
            | ApiRole::LockDecorator
            | ApiRole::LeaderNew
            | ApiRole::LeaderCheck
            | ApiRole::LeaderCallback
            | ApiRole::RemoteCall
            | ApiRole::RemoteClient
            | ApiRole::TimeoutSet
            | ApiRole::Await
            | ApiRole::RetryPolicy
    )
}

impl Catalog {
    /// Whether any rule can possibly report in a file: if not, its model may be dropped.
    pub(crate) fn may_matter(&self, model: &FileModel) -> bool {
        let triggers = self.triggers.get_or_init(|| Triggers::new(self));
        model.symbols().any(|(_, s)| s.len() < MOST && triggers.has_common_word(s)) || triggers.has_library(model)
    }
}
