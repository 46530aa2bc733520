//! The identity of a finding that survives moved lines.
//!
//! `v1:` and 16 hexadecimal digits: a 64-bit FNV-1a hash of
//!
//! 1. the rule's id,
//! 2. the lines that the primary span touches, whole, with runs of white space as one blank,
//! 3. the code under each label of the same file, normalised likewise, in the order of the labels,
//! 4. the number of findings before it in its file that agree in 1 to 3, if there are any.
//!
//! The path is not part of it, so that a renamed file keeps its findings; who compares runs keeps the path beside it.
//! Labels in other files are left out: a change there must not make an old finding look new. Line numbers,
//! confidence, severity and texts take no part.

use std::collections::BTreeMap;
use timelint_diagnostics::{Finding, SourceFile, Span};

const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0000_0100_0000_01b3;

/// The hash without the count of equals; `source` is the file of the finding's primary span.
pub fn fingerprint_base(finding: &Finding, source: &SourceFile) -> u64 {
    let mut hash = part(OFFSET, finding.rule.id);
    hash = code(hash, lines(source, finding.primary.span));
    for label in finding.labels.iter().filter(|l| l.location.path == finding.primary.path) {
        hash = code(hash, label.location.span.text(&source.text));
    }
    hash
}

/// Fills in the fingerprints of one file's findings, which are in source order.
pub(crate) fn fill_in(findings: &mut [Finding], source: &SourceFile) {
    let mut equals: BTreeMap<u64, u64> = BTreeMap::new();
    for finding in findings {
        let base = fingerprint_base(finding, source);
        let nth = equals.entry(base).or_default();
        let hash = if *nth == 0 { base } else { part(base, &nth.to_string()) };
        *nth += 1;
        finding.fingerprint = format!("v1:{hash:016x}");
    }
}

fn lines(source: &SourceFile, span: Span) -> &str {
    let first = source.lines.line_start(source.lines.line(span.start));
    let last = source.lines.line(span.end.max(span.start + 1) - 1);
    let end =
        if last >= source.lines.line_count() { source.text.len() as u32 } else { source.lines.line_start(last + 1) };
    Span::new(first, end).text(&source.text)
}

/// Hashes `text` with runs of white space as one blank.
fn code(hash: u64, text: &str) -> u64 {
    let mut hash = hash;
    for word in text.split_whitespace() {
        hash = bytes(hash, word.as_bytes());
        hash = bytes(hash, b" ");
    }
    bytes(hash, &[0xff])
}

fn part(hash: u64, text: &str) -> u64 {
    bytes(bytes(hash, text.as_bytes()), &[0xff])
}

fn bytes(hash: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(hash, |h, b| (h ^ u64::from(*b)).wrapping_mul(PRIME))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::FAKE;
    use std::sync::Arc;
    use timelint_diagnostics::{Confidence, Label, Location, Severity};

    fn prints(text: &str, code: &str) -> Vec<String> {
        let source = SourceFile::new("a.py", text);
        let mut findings: Vec<Finding> =
            text.match_indices(code).map(|(at, _)| finding("a.py", at, code.len())).collect();
        fill_in(&mut findings, &source);
        findings.into_iter().map(|f| f.fingerprint).collect()
    }

    fn finding(path: &str, at: usize, len: usize) -> Finding {
        let primary = Location::new(Arc::from(path), Span::new(at as u32, (at + len) as u32));
        Finding {
            rule: &FAKE,
            severity: Severity::Note,
            confidence: Confidence::Low,
            labels: vec![Label { message: "x".into(), location: primary.clone() }],
            primary,
            message: String::new(),
            why: String::new(),
            help: String::new(),
            evidence: vec![],
            fixes: vec![],
            fingerprint: String::new(),
        }
    }

    #[test]
    fn moved_and_reindented_code_keeps_its_identity() {
        let old = prints("x = bad()\n", "bad()");
        assert_eq!(old, prints("# new\n\n    x  =  bad()\n", "bad()"));
        assert_ne!(old, prints("y = bad()\n", "bad()"));
        assert!(old[0].starts_with("v1:") && old[0].len() == 19);
    }

    #[test]
    fn equals_are_told_apart_by_their_order() {
        let two = prints("x = bad()\nx = bad()\n", "bad()");
        assert_ne!(two[0], two[1]);
        assert_eq!(two[0], prints("x = bad()", "bad()")[0]);
    }

    #[test]
    fn the_algorithm_is_pinned() {
        assert_eq!(prints("x = bad()\n", "bad()"), ["v1:08049ad580b05ec7"]);
        assert_eq!(bytes(OFFSET, b"a"), 0xaf63_dc4c_8601_ec8c);
    }

    #[test]
    fn spans_that_do_not_fit_the_text_do_no_harm() {
        let source = SourceFile::new("a.py", "é");
        assert_eq!(
            fingerprint_base(&finding("a.py", 1, 90), &source),
            fingerprint_base(&finding("a.py", 1, 90), &source)
        );
        let empty = SourceFile::new("a.py", "");
        let _ = fingerprint_base(&finding("a.py", 0, 0), &empty);
    }
}
