//! The identity of a finding that survives moved lines, reformatting and renamed files, functions and variables.
//!
//! `v1:` and 16 hexadecimal digits in two halves, both FNV-1a:
//!
//! 1. *what*: the rule's id and the tokens of the primary span. White space, comments, quote style, trailing commas
//!    and semicolons take no part; local variables of the enclosing function are numbered instead of named.
//! 2. *where*: the first half, the names of the enclosing classes and functions, and the number of findings before it
//!    that agree in all this, if there are any.
//!
//! So a renamed function changes the second half only, which whoever compares runs can make use of. The path is not
//! part of it; it is kept beside it. Labels, line numbers, confidence, severity and texts take no part.

use std::collections::{BTreeMap, BTreeSet};
use timelint_diagnostics::{Finding, SourceFile, Span};
use timelint_model::{FileModel, Kind, NodeId, Role, Sym};

const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0000_0100_0000_01b3;

/// Fills in the scopes and fingerprints of one file's findings, which are in source order.
pub(crate) fn fill_in(findings: &mut [Finding], source: &SourceFile, model: &FileModel) {
    let mut equals: BTreeMap<(u64, String), u64> = BTreeMap::new();
    for finding in findings {
        let span = finding.primary.span;
        let what = code(part(OFFSET, finding.rule.id), source, model, span);
        finding.scope = scope(model, model.at(span.start));
        let nth = equals.entry((what, finding.scope.clone())).or_default();
        let place = part(part(bytes(OFFSET, &what.to_be_bytes()), &finding.scope), &nth.to_string());
        *nth += 1;
        finding.fingerprint = format!("v1:{:08x}{:08x}", half(what), half(place));
    }
}

/// The names of the classes and functions that enclose `node` or are it, outermost first, joined by dots.
pub(crate) fn scope(model: &FileModel, node: NodeId) -> String {
    let mut names = Vec::new();
    for id in model.self_and_ancestors(node).filter(|id| opens_scope(model, *id)) {
        names.push(model.name(id));
        // A method that stands outside its class says whose it is by its receiver.
        let receiver = model.child(id, Role::This).and_then(|this| model.child(this, Role::Type));
        names.extend(receiver.map(|ty| model.name(ty)));
    }
    names.retain(|n| !n.is_empty());
    names.reverse();
    names.join(".")
}

/// Every scope of a file.
pub(crate) fn scopes(model: &FileModel) -> BTreeSet<String> {
    let mut all: BTreeSet<String> =
        model.ids().filter(|id| opens_scope(model, *id)).map(|id| scope(model, id)).collect();
    all.insert(String::new());
    all
}

fn opens_scope(model: &FileModel, id: NodeId) -> bool {
    matches!(model.kind(id), Kind::Function | Kind::Class)
}

/// Hashes the tokens of `span`.
fn code(hash: u64, source: &SourceFile, model: &FileModel, span: Span) -> u64 {
    let locals = locals(model, span);
    let mut numbers: Vec<Sym> = Vec::new();
    let mut hash = hash;
    for token in tokens(&source.text, model, span) {
        let local = locals.get(&token.start);
        hash = match local {
            Some(sym) => {
                let nth = numbers.iter().position(|s| s == sym).unwrap_or_else(|| {
                    numbers.push(*sym);
                    numbers.len() - 1
                });
                part(hash, &format!("${nth}"))
            }
            None => part(hash, &token.text(&source.text).replace('\'', "\"")),
        };
    }
    hash
}

/// Words, and single characters that are neither words nor blanks, without comments and what formatters add.
fn tokens(text: &str, model: &FileModel, span: Span) -> Vec<Span> {
    let mut all: Vec<Span> = Vec::new();
    let mut word_open = false;
    let speaks_of_comment = model.comments.iter().any(|c| c.contains(span));
    for (offset, c) in span.text(text).char_indices() {
        let at = span.start + offset as u32;
        let end = at + c.len_utf8() as u32;
        let after = model.comments.partition_point(|s| s.start <= at);
        let in_comment = after.checked_sub(1).and_then(|i| model.comments.get(i)).is_some_and(|s| at < s.end);
        if c.is_whitespace() || in_comment && !speaks_of_comment || matches!(c, ';' | '\\') {
            word_open = false;
            continue;
        }
        let is_word = c.is_alphanumeric() || c == '_' || c == '$';
        let closes = matches!(c, ')' | ']' | '}');
        if closes && all.last().is_some_and(|last| last.text(text) == ",") {
            all.pop();
        }
        match all.last_mut().filter(|_| is_word && word_open) {
            Some(last) => last.end = end,
            None => all.push(Span::new(at, end)),
        }
        word_open = is_word;
    }
    all
}

/// Where names of local variables start in `span`.
fn locals(model: &FileModel, span: Span) -> BTreeMap<u32, Sym> {
    let inner = model.at(span.start);
    let Some(function) = model.self_and_ancestors(inner).filter(|a| model.kind(*a) == Kind::Function).last() else {
        return BTreeMap::new();
    };
    let is_declared = |id: &NodeId| match model.kind(*id) {
        Kind::Param => true,
        Kind::Name => model.role(*id) == Role::Target,
        _ => false,
    };
    let declared: BTreeSet<Sym> =
        model.descendants(function).filter(is_declared).map(|id| model.sym(id)).filter(|s| *s != Sym::EMPTY).collect();
    let names = model.self_and_descendants(function).filter(|id| model.kind(*id) == Kind::Name);
    let inside = names.filter(|id| span.contains(model.span(*id)) && declared.contains(&model.sym(*id)));
    inside.map(|id| (model.span(id).start, model.sym(id))).collect()
}

fn half(hash: u64) -> u32 {
    (hash ^ (hash >> 32)) as u32
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
    use crate::testing::{FAKE, knowledge};
    use std::sync::Arc;
    use timelint_diagnostics::{Confidence, Label, Location, Severity};
    use timelint_syntax::language_by_name;

    fn findings(text: &str, code: &str) -> Vec<Finding> {
        let source = SourceFile::new("a.py", text);
        let language = language_by_name("python").expect("known");
        let model = crate::map::model(&knowledge(), language, text).expect("lowered");
        let mut findings: Vec<Finding> = text.match_indices(code).map(|(at, _)| finding("a.py", at, code)).collect();
        fill_in(&mut findings, &source, &model);
        findings
    }

    fn prints(text: &str, code: &str) -> Vec<String> {
        findings(text, code).into_iter().map(|f| f.fingerprint).collect()
    }

    fn finding(path: &str, at: usize, code: &str) -> Finding {
        let primary = Location::new(Arc::from(path), Span::new(at as u32, (at + code.len()) as u32));
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
            scope: String::new(),
            fingerprint: String::new(),
        }
    }

    #[test]
    fn moved_and_reformatted_code_keeps_its_identity() {
        let old = prints("x = bad(1, 'a')\n", "bad(1, 'a')");
        assert_eq!(old, prints("# new\n\nif y:\n    x  =  bad(1,'a')\n", "bad(1,'a')"));
        let split = "bad(\n    1,  # why\n    \"a\",\n)";
        assert_eq!(old, prints(&format!("x = {split}\n"), split));
        assert_ne!(old, prints("x = bad(2, 'a')\n", "bad(2, 'a')"));
        assert!(old[0].starts_with("v1:") && old[0].len() == 19);
    }

    #[test]
    fn a_renamed_function_keeps_the_first_half() {
        let old = findings("def f():\n  bad()\n", "bad()").remove(0);
        let new = findings("def g():\n  bad()\n", "bad()").remove(0);
        assert_eq!((old.scope.as_str(), new.scope.as_str()), ("f", "g"));
        assert_eq!(old.fingerprint[..11], new.fingerprint[..11]);
        assert_ne!(old.fingerprint, new.fingerprint);
    }

    #[test]
    fn equals_are_told_apart_by_their_order() {
        let two = prints("x = bad()\nx = bad()\n", "bad()");
        assert_ne!(two[0], two[1]);
        assert_eq!(two[0], prints("x = bad()", "bad()")[0]);
    }

    #[test]
    fn the_algorithm_is_pinned() {
        assert_eq!(prints("x = bad()\n", "bad()"), ["v1:f9b2c7769cbbed48"]);
        assert_eq!(bytes(OFFSET, b"a"), 0xaf63_dc4c_8601_ec8c);
    }

    #[test]
    fn spans_that_do_not_fit_the_text_do_no_harm() {
        let model = FileModel::default();
        assert!(
            locals(
                &crate::map::model(&knowledge(), language_by_name("python").expect("known"), "é").expect("lowered"),
                Span::new(1, 90)
            )
            .is_empty()
        );
        assert!(tokens("é", &model, Span::new(1, 90)).is_empty());
    }
}
