//! Qualified names in the form that catalogues use, and the words of names.

use rustc_hash::{FxHashMap, FxHashSet, FxHasher};
use std::cell::RefCell;
use std::hash::Hasher;
use std::ops::Deref;
use std::rc::Rc;
use timelint_model::FileModel;

/// The canonical form of a module path or qualified name: no version segments (`/v2`, `.v8`), no `node:` prefix, no
/// `.default` export.
pub fn canonical(path: &str) -> String {
    let path = path.strip_prefix("node:").unwrap_or(path);
    let path = path.strip_suffix(".default").unwrap_or(path);
    if !path.contains('/') {
        return path.to_owned();
    }
    let mut out: Vec<&str> = path.split('/').filter(|s| !is_version(s)).collect();
    if let Some(last) = out.last_mut()
        && let Some((head, version)) = last.rsplit_once('.')
        && is_version(version)
    {
        *last = head;
    }
    out.join("/")
}

fn is_version(segment: &str) -> bool {
    segment.strip_prefix('v').is_some_and(|d| !d.is_empty() && d.bytes().all(|b| b.is_ascii_digit()))
}

/// The local names under which a module may be used when it is imported without an alias: its last segment and, since
/// a package's name may differ from its folder's (`go-redis` declares `redis`), that segment without usual affixes.
pub(crate) fn import_local_names(module: &str) -> Vec<String> {
    let last =
        if module.contains('/') { module.rsplit('/').next() } else { module.rsplit('.').next() }.unwrap_or(module);
    let mut names = vec![last.to_owned()];
    if last.contains(['-', '.']) {
        let bare = last.trim_start_matches("go-").trim_end_matches("-go").trim_end_matches(".go");
        names.push(bare.replace(['-', '.'], ""));
        names.extend(bare.rsplit(['-', '.']).next().map(str::to_owned));
    }
    names.dedup();
    names
}

/// The lower-case words of an identifier, shared: they are asked for far more often than there are names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Words(Rc<[String]>);

impl Deref for Words {
    type Target = [String];

    fn deref(&self) -> &[String] {
        &self.0
    }
}

impl IntoIterator for Words {
    type Item = String;
    type IntoIter = std::vec::IntoIter<String>;

    fn into_iter(self) -> Self::IntoIter {
        Vec::from(&*self.0).into_iter()
    }
}

impl<const N: usize> PartialEq<[&str; N]> for Words {
    fn eq(&self, other: &[&str; N]) -> bool {
        *self.0 == *other
    }
}

thread_local! {
    /// What [`words`] answered on this thread. Code bases use the same names again and again.
    static KNOWN: RefCell<FxHashMap<Box<str>, Words>> = RefCell::default();
}

/// Names that are kept a thread; then all are forgotten, which costs less than keeping count of their use.
const MOST_KNOWN: usize = 1 << 14;

/// A longer text is no name, but a message or a statement: it is not kept.
const LONGEST_KNOWN: usize = 64;

/// Lower-case words of an identifier in any convention: `lastSeenMs`, `last_seen_ms`, `LAST_SEEN_MS`.
pub fn words(identifier: &str) -> Words {
    let split = || Words(word_parts(identifier).map(str::to_lowercase).collect());
    if identifier.len() > LONGEST_KNOWN {
        return split();
    }
    KNOWN.with_borrow_mut(|known| {
        if let Some(words) = known.get(identifier) {
            return words.clone();
        }
        if known.len() == MOST_KNOWN {
            known.clear();
        }
        let words = split();
        known.insert(identifier.into(), words.clone());
        words
    })
}

/// Whether any word of `identifier` is one of `list` (lower case).
pub fn has_word(identifier: &str, list: &[&str]) -> bool {
    if identifier.len() > LONGEST_KNOWN {
        return word_parts(identifier).any(|part| list.iter().any(|w| part.eq_ignore_ascii_case(w)));
    }
    words(identifier).iter().any(|word| list.contains(&word.as_str()))
}

/// The words of all names of a file, each as its [`fold`]; texts too long for a name are left out.
pub(crate) fn vocabulary(model: &FileModel) -> FxHashSet<u64> {
    let names = model.symbols().map(|(_, text)| text).filter(|text| text.len() <= LONGEST_KNOWN);
    names.flat_map(|name| word_parts(name).map(fold)).collect()
}

/// A number that stands for a word in whatever case. Two words may share one: what asks must not rely on a yes.
pub(crate) fn fold(word: &str) -> u64 {
    let mut hasher = FxHasher::default();
    word.bytes().for_each(|b| hasher.write_u8(b.to_ascii_lowercase()));
    hasher.finish()
}

/// The words of an identifier as they are written. Letters outside ASCII belong to the word in which they stand: names
/// are looked at so often that decoding them would be felt.
fn word_parts(identifier: &str) -> impl Iterator<Item = &str> {
    let is_part = |b: &u8| b.is_ascii_alphanumeric() || !b.is_ascii();
    let mut rest = identifier;
    std::iter::from_fn(move || {
        let start = rest.as_bytes().iter().position(is_part)?;
        rest = &rest[start..];
        let bytes = rest.as_bytes();
        let starts = |i: usize| {
            let (before, after) = (bytes[i - 1], bytes.get(i + 1).is_some_and(u8::is_ascii_lowercase));
            let new = before.is_ascii_lowercase() || before.is_ascii_digit() || before.is_ascii_uppercase() && after;
            bytes[i].is_ascii_uppercase() && new
        };
        let end = (1..bytes.len()).find(|i| !is_part(&bytes[*i]) || starts(*i)).unwrap_or(bytes.len());
        let (word, left) = rest.split_at(end);
        rest = left;
        Some(word)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_folded_whatever_their_case() {
        assert_eq!(fold("Lease"), fold("lease"));
        assert_ne!(fold("lease"), fold("leases"));
    }

    #[test]
    fn versions_prefixes_and_default_exports_are_dropped() {
        assert_eq!(canonical("github.com/redis/go-redis/v9"), "github.com/redis/go-redis");
        assert_eq!(canonical("go.etcd.io/etcd/client/v3/concurrency"), "go.etcd.io/etcd/client/concurrency");
        assert_eq!(canonical("gopkg.in/redis.v8"), "gopkg.in/redis");
        assert_eq!(canonical("node:fs"), "fs");
        assert_eq!(canonical("ioredis.default"), "ioredis");
        assert_eq!(canonical("a.v1.b"), "a.v1.b");
    }

    #[test]
    fn package_names_that_differ_from_their_folder_are_guessed() {
        assert_eq!(import_local_names("net/http"), ["http"]);
        assert_eq!(import_local_names("java.util.Date"), ["Date"]);
        assert!(import_local_names("github.com/redis/go-redis").contains(&"redis".to_owned()));
        assert!(import_local_names("github.com/x/gocron-redis-lock").contains(&"lock".to_owned()));
    }

    #[test]
    fn identifiers_split_in_every_convention() {
        assert_eq!(words("lastSeenMs"), ["last", "seen", "ms"]);
        assert_eq!(words("LAST_SEEN_MS"), ["last", "seen", "ms"]);
        assert_eq!(words("HTTPTimeout2s"), ["http", "timeout2s"]);
        assert_eq!(words("_isLeader"), ["is", "leader"]);
        assert_eq!(words("a__b$"), ["a", "b"]);
        assert_eq!(words("größeÄndern_à"), ["größeändern", "à"]);
        assert!(has_word("isLeader", &["leader"]) && !has_word("misleading", &["leader"]));
    }

    #[test]
    fn long_texts_are_split_too() {
        let statement = "UPDATE leases SET held_until = now() WHERE name = $1 AND holder = $2 AND held_until < now()";
        assert!(statement.len() > LONGEST_KNOWN && has_word(statement, &["until"]) && !has_word(statement, &["lock"]));
        assert_eq!(words(statement)[..2], ["update", "leases"]);
    }
}
