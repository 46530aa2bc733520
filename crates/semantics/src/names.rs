//! Qualified names in the form that catalogues use.

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

/// Lower-case words of an identifier in any convention: `lastSeenMs`, `last_seen_ms`, `LAST_SEEN_MS`.
pub fn words(identifier: &str) -> Vec<String> {
    word_parts(identifier).map(str::to_lowercase).collect()
}

/// Whether any word of `identifier` is one of `list` (lower case); allocates nothing.
pub fn has_word(identifier: &str, list: &[&str]) -> bool {
    word_parts(identifier).any(|part| list.iter().any(|w| part.eq_ignore_ascii_case(w)))
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
}
