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

/// Whether a method of this name gives the text by which people see an object, in any of the languages.
pub fn describes_object(method: &str) -> bool {
    matches!(method, "toString" | "String" | "GoString" | "__str__" | "__repr__")
}

/// Whether any word of `identifier` is one of `list` (lower case).
pub fn has_word(identifier: &str, list: &[&str]) -> bool {
    word_parts(identifier).any(|part| {
        // Nearly all words differ in length or in their first letter: that is seen without a call.
        let first = part.as_bytes().first().map(u8::to_ascii_lowercase);
        let may_be = |w: &str| w.len() == part.len() && w.as_bytes().first().copied() == first;
        list.iter().any(|w| may_be(w) && part.eq_ignore_ascii_case(w))
    })
}

/// Whether any of `parts` (lower case, ASCII) stands anywhere in `text`, in whatever case.
pub fn contains_part(text: &str, parts: &[&str]) -> bool {
    let bytes = text.as_bytes();
    // Which letters a part may begin with, as bits: most places in a text are passed over by this alone.
    let bit = |byte: u8| 1u32 << (byte & 31);
    let firsts = parts.iter().filter_map(|p| p.as_bytes().first()).fold(0, |all, b| all | bit(*b));
    let starts = |at: &usize| firsts & bit(bytes[*at]) != 0;
    (0..bytes.len()).filter(starts).any(|at| {
        let here = |p: &&str| bytes[at..].get(..p.len()).is_some_and(|b| b.eq_ignore_ascii_case(p.as_bytes()));
        parts.iter().any(here)
    })
}

/// Whether the first word of `identifier` is one of `list` (lower case).
pub(crate) fn starts_with_word(identifier: &str, list: &[&str]) -> bool {
    word_parts(identifier).next().is_some_and(|first| list.iter().any(|w| first.eq_ignore_ascii_case(w)))
}

/// The words of all names of a file, each as its [`fold`]; texts too long for a name are left out.
pub(crate) fn vocabulary(model: &FileModel) -> FxHashSet<u64> {
    let names = model.symbols().map(|(_, text)| text).filter(|text| text.len() <= LONGEST_KNOWN);
    let mut all = FxHashSet::default();
    all.reserve(model.symbols().len());
    all.extend(names.flat_map(|name| word_parts(name).map(fold)));
    all
}

/// A number that stands for a word in whatever case. Two words may share one: what asks must not rely on a yes.
pub(crate) fn fold(word: &str) -> u64 {
    let mut hasher = FxHasher::default();
    word.bytes().for_each(|b| hasher.write_u8(b.to_ascii_lowercase()));
    hasher.finish()
}

/// The words of an identifier as they are written. Letters outside ASCII belong to the word in which they stand: names
/// are looked at so often that decoding them would be felt.
fn word_parts(identifier: &str) -> WordParts<'_> {
    WordParts { text: identifier, at: 0 }
}

struct WordParts<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Iterator for WordParts<'t> {
    type Item = &'t str;

    fn next(&mut self) -> Option<&'t str> {
        let bytes = self.text.as_bytes();
        let mut at = self.at;
        while CLASSES[usize::from(*bytes.get(at)?)] == Class::Other {
            at += 1;
        }
        let start = at;
        at += 1;
        while let Some(byte) = bytes.get(at) {
            match CLASSES[usize::from(*byte)] {
                Class::Other => break,
                Class::Upper if starts_word(bytes, at) && !is_time_out(bytes, start, at) => break,
                _ => at += 1,
            }
        }
        self.at = at;
        self.text.get(start..at)
    }
}

/// Whether the capital at `at`, which is not the first letter, begins a word.
fn starts_word(bytes: &[u8], at: usize) -> bool {
    match CLASSES[usize::from(bytes[at - 1])] {
        Class::Lower | Class::Digit => true,
        Class::Upper => bytes.get(at + 1).is_some_and(u8::is_ascii_lowercase),
        Class::Other | Class::Foreign => false,
    }
}

/// `TimeOut` is one word, however it is written.
fn is_time_out(bytes: &[u8], start: usize, at: usize) -> bool {
    let is = |from: usize, to: usize, word: &[u8]| bytes.get(from..to).is_some_and(|b| b.eq_ignore_ascii_case(word));
    let ends = bytes.get(at + 3).is_none_or(|b| !b.is_ascii_lowercase() || *b == b's');
    at - start == 4 && is(start, at, b"time") && is(at, at + 3, b"out") && ends
}

/// What a byte is in an identifier.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    /// Between words.
    Other,
    Lower,
    Upper,
    Digit,
    /// Part of a letter outside ASCII.
    Foreign,
}

static CLASSES: [Class; 256] = {
    let mut classes = [Class::Other; 256];
    let mut byte = 0;
    while byte < 256 {
        let ascii = byte as u8;
        if ascii.is_ascii_lowercase() {
            classes[byte] = Class::Lower;
        } else if ascii.is_ascii_uppercase() {
            classes[byte] = Class::Upper;
        } else if ascii.is_ascii_digit() {
            classes[byte] = Class::Digit;
        } else if !ascii.is_ascii() {
            classes[byte] = Class::Foreign;
        }
        byte += 1;
    }
    classes
};

/// Whether a function is called after a reading of the time since 1970 and nothing else: `getUTCTimestamp`, `nowMillis`,
/// `current_time_ms`.
pub fn is_called_wall_clock(name: &str) -> bool {
    let all = words(name);
    let rest: Vec<&str> = all.iter().map(String::as_str).filter(|w| *w != "get" && *w != "time").collect();
    let unit = |w: &str| crate::value::unit_word(w).is_some_and(|u| u.seconds() <= 1.0);
    match rest.as_slice() {
        ["utc", "timestamp" | "now"] | ["now", "utc" | "unix"] | ["unix", "now"] => true,
        [a, b] => {
            let says = |w: &str| matches!(w, "now" | "current" | "epoch");
            says(a) && unit(b) && !matches!(*b, "ns" | "nano" | "nanos") || says(b) && unit(a)
        }
        ["now" | "current", "in" | "as", b] => unit(b),
        _ => false,
    }
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
    fn parts_and_first_words_are_found_in_any_case() {
        assert!(contains_part("myRedisClient", &["jedis", "redis"]) && !contains_part("credit", &["redis", "edits"]));
        assert!(starts_with_word("SaveAll", &["save"]) && !starts_with_word("all_saved", &["saved"]));
    }

    #[test]
    fn long_texts_are_split_too() {
        let statement = "UPDATE leases SET held_until = now() WHERE name = $1 AND holder = $2 AND held_until < now()";
        assert!(statement.len() > LONGEST_KNOWN && has_word(statement, &["until"]) && !has_word(statement, &["lock"]));
        assert_eq!(words(statement)[..2], ["update", "leases"]);
    }

    #[test]
    fn clocks_are_told_by_what_they_are_called() {
        for name in ["getUTCTimestamp", "nowMillis", "now_ms", "currentTimeMillis", "getCurrentTimeSeconds"] {
            assert!(is_called_wall_clock(name), "{name}");
        }
        for name in ["getCurrentTime", "currentTimestamp", "now", "nowNanos", "getTimestamp", "epoch"] {
            assert!(!is_called_wall_clock(name), "{name}");
        }
    }
}
