//! Which files are not worth reading. Nothing is skipped without a reason that is counted.

use crate::generated;

/// Why a file was seen and not analysed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SkipReason {
    /// Over the size limit.
    TooLarge,
    /// Not text.
    Binary,
    /// Made by a generator.
    Generated,
    /// Made by a minifier or bundler.
    Minified,
    /// In a folder of other people's code.
    Vendored,
    /// Excluded by the configuration or the command line.
    Excluded,
    /// Test code, in which no rule is to report.
    TestCode,
    /// Could not be read.
    Unreadable,
    /// Named on the command line, but in no language that timelint reads.
    UnknownLanguage,
    /// The analysis failed inside timelint.
    InternalError,
}

impl SkipReason {
    /// The reason in reports.
    pub fn name(self) -> &'static str {
        match self {
            SkipReason::TooLarge => "too large",
            SkipReason::Binary => "binary",
            SkipReason::Generated => "generated",
            SkipReason::Minified => "minified",
            SkipReason::Vendored => "vendored",
            SkipReason::Excluded => "excluded",
            SkipReason::TestCode => "test code",
            SkipReason::Unreadable => "unreadable",
            SkipReason::UnknownLanguage => "unknown language",
            SkipReason::InternalError => "internal error",
        }
    }
}

const BINARY_HEAD: usize = 8 * 1024;
/// From which size on which mean length of a line is that of no written code.
const MINIFIED: [(usize, usize); 2] = [(20 * 1024, 300), (2 * 1024, 1000)];
const MINIFIED_LINE: usize = 5000;

/// Decides by name alone.
pub(crate) fn by_name(name: &str) -> Option<SkipReason> {
    if generated::by_name(name) {
        return Some(SkipReason::Generated);
    }
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let before = stem.strip_suffix("min").unwrap_or("");
    before.ends_with(['.', '-']).then_some(SkipReason::Minified)
}

/// Decides by content.
pub(crate) fn by_content(bytes: &[u8]) -> Option<SkipReason> {
    let head = &bytes[..bytes.len().min(BINARY_HEAD)];
    if memchr::memchr(0, head).is_some() {
        return Some(SkipReason::Binary);
    }
    // Forty lines of a header fit in here; the text is only decoded in full when the file is analysed.
    if generated::by_head(&String::from_utf8_lossy(head)) {
        return Some(SkipReason::Generated);
    }
    is_minified(bytes).then_some(SkipReason::Minified)
}

/// Long lines alone do not make a file minified (an embedded certificate does not): they must be most of it.
fn is_minified(bytes: &[u8]) -> bool {
    let Some((_, mean)) = MINIFIED.iter().find(|(size, _)| bytes.len() >= *size) else { return false };
    let (mut lines, mut long, mut from) = (1, 0, 0);
    for at in memchr::memchr_iter(b'\n', bytes).chain([bytes.len()]) {
        lines += 1;
        if at - from > MINIFIED_LINE {
            long += at - from;
        }
        from = at + 1;
    }
    bytes.len() / lines > *mean || long > bytes.len() / 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_its_own_name() {
        use SkipReason as S;
        let all = [
            S::TooLarge,
            S::Binary,
            S::Generated,
            S::Minified,
            S::Vendored,
            S::Excluded,
            S::Unreadable,
            S::UnknownLanguage,
            S::InternalError,
        ];
        let names: std::collections::BTreeSet<_> = all.iter().map(|r| r.name()).collect();
        assert_eq!(names.len(), all.len());
    }

    #[test]
    fn names_tell_generated_and_minified_files() {
        assert_eq!(by_name("jquery.min.js"), Some(SkipReason::Minified));
        assert_eq!(by_name("a_pb2.py"), Some(SkipReason::Generated));
        assert_eq!(by_name("admin.py"), None);
        assert_eq!(by_name("min.js"), None);
    }

    #[test]
    fn content_tells_binary_generated_and_minified_files() {
        assert_eq!(by_content(b"a\0b"), Some(SkipReason::Binary));
        assert_eq!(by_content(b"// @generated\n"), Some(SkipReason::Generated));
        assert_eq!(by_content("var a=1;".repeat(5000).as_bytes()), Some(SkipReason::Minified));
        let code = "let x = 1;\n".repeat(5000);
        assert_eq!(by_content(code.as_bytes()), None);
        let with_blob = format!("{code}const CERT = \"{}\";\n", "A".repeat(8000));
        assert_eq!(by_content(with_blob.as_bytes()), None);
        assert_eq!(by_content("x".repeat(400).as_bytes()), None);
        assert_eq!(by_content("var a=1;".repeat(500).as_bytes()), Some(SkipReason::Minified));
        assert_eq!(by_content(b""), None);
    }
}
