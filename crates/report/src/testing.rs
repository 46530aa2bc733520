//! Reports for this crate's tests.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use crate::Reporter;
use std::collections::BTreeMap;
use std::sync::Arc;
use timelint_diagnostics::{
    Applicability, Confidence, Edit, Family, Finding, Fix, Label, Location, Note, NoteKind, Report, RuleMeta, Severity,
    SourceFile, Span, Summary,
};

pub(crate) static LEASE: RuleMeta = RuleMeta {
    id: "lease-check-then-act",
    aliases: &[],
    family: Family::Pause,
    mechanism: "process pause between check and act",
    severity: Severity::Warning,
    summary: "A lease is checked, then relied on",
    page: "# lease-check-then-act\n\nPass a fencing token.\n",
};

pub(crate) static LOCK: RuleMeta = RuleMeta {
    id: "unfenced-lock",
    aliases: &[],
    family: Family::Pause,
    mechanism: "process pause while a lock with expiry is held",
    severity: Severity::Error,
    summary: "A write under an expiring lock carries no fencing token",
    page: "",
};

const GO: &str = "package lease\nfunc flush() {\n\tif m.lease.Valid() {\n\t\t// GC may run here\n\t\treturn m.store.Put(key, val)\n\t}\n}\n";
const OTHER: &str = "package store\n\nfunc Put(k, v string) {}\n";

/// The location of the first `needle` in `text`.
pub(crate) fn at(path: &str, text: &str, needle: &str) -> Location {
    let start = text.find(needle).unwrap() as u32;
    Location::new(path.into(), Span::new(start, start + needle.len() as u32))
}

pub(crate) fn label(location: Location, message: &str) -> Label {
    Label { message: message.into(), location }
}

/// A finding of `LEASE` with nothing optional.
pub(crate) fn finding(primary: Location) -> Finding {
    Finding {
        rule: &LEASE,
        severity: Severity::Warning,
        confidence: Confidence::High,
        primary,
        message: "lease checked here, used later without a fence".into(),
        why: "a pause of any length may sit between 1 and 2".into(),
        help: "pass the lease's fencing token and let the store refuse older tokens".into(),
        labels: vec![],
        evidence: vec![],
        fixes: vec![],
        scope: String::new(),
        fingerprint: "v1:0123456789abcdef".into(),
    }
}

/// A report on one file.
pub(crate) fn report(path: &str, text: &str, findings: Vec<Finding>) -> Report {
    Report {
        findings,
        notes: vec![],
        summary: Summary::default(),
        sources: BTreeMap::from([(Arc::from(path), SourceFile::new(path, text))]),
        rules: vec![&LEASE, &LOCK],
        accepted: vec![],
    }
}

/// Two findings, a story through two files, a fix, a note.
pub(crate) fn sample() -> Report {
    let path = "src/lease.go";
    let mut first = finding(at(path, GO, "m.lease.Valid()"));
    first.primary.span.start = GO.find("m.lease").unwrap() as u32;
    first.labels = vec![
        label(first.primary.clone(), "validity is read from the local clock"),
        label(at(path, GO, "m.store.Put(key, val)"), "write carries no token"),
        label(at("src/store.go", OTHER, "Put(k, v string)"), "accepts any writer"),
    ];
    first.fixes = vec![Fix {
        title: "pass the token".into(),
        applicability: Applicability::Unsafe,
        edits: vec![Edit { location: at(path, GO, "key, val"), text: "key, val, token".into() }],
    }];
    let mut second = finding(at(path, GO, "return m.store"));
    second.primary.span.start += 7;
    second.rule = &LOCK;
    second.severity = Severity::Error;
    second.confidence = Confidence::Medium;
    second.message = "lock is held on the word of a clock".into();
    let mut report = report(path, GO, vec![first, second]);
    report.sources.insert("src/store.go".into(), SourceFile::new("src/store.go", OTHER));
    report.summary.files_by_language = BTreeMap::from([("go", 2)]);
    report.notes = vec![Note {
        path: "src/broken.go".into(),
        line: Some(7),
        kind: NoteKind::ParseError,
        message: "skipped 3 lines".into(),
    }];
    report
}

/// Reports that try to break a reporter.
pub(crate) fn hostile() -> Vec<Report> {
    let long = format!("{}\tx(){}", "a ".repeat(2500), "b".repeat(5000));
    let texts: [(&str, &str, u32, u32); 14] = [
        ("esc.py", "s = '\x1b[31mred\x1b[0m'\n", 4, 9),
        ("rtl.py", "a = '\u{202e}gnp\u{2066}.exe' # \u{200b}\n", 4, 8),
        ("tab.py", "\t\tx\t= 1\n\t\ty\n", 2, 3),
        ("emoji.py", "x = '👩‍👩‍👧🎉' + y\n", 4, 10),
        ("crlf.py", "a\r\nb\r\nc\r\n", 3, 4),
        ("cr.py", "a\rb\rc", 2, 3),
        ("empty.py", "", 0, 0),
        ("eof.py", "abc", 3, 3),
        ("eofnl.py", "abc\n", 4, 4),
        ("past.py", "abc\n", 90, 99),
        ("back.py", "abc\ndef\n", 6, 1),
        ("mid.py", "é日é\n", 1, 4),
        ("bom.py", "\u{feff}x = 1\n", 0, 4),
        ("many.py", "f(\n1,\n2,\n3\n)\n", 0, 12),
    ];
    let mut reports: Vec<Report> = texts.iter().map(|(path, text, s, e)| nasty(path, text, *s, *e)).collect();
    reports.push(nasty("long.py", &long, 5001, 5004));
    reports.push(nasty("od\x1bd\u{202e} #%[x].py", "x\n", 0, 1));
    let mut lost = nasty("a.py", "x\n", 0, 1);
    lost.sources.clear();
    lost.rules.clear();
    reports.push(lost);
    reports
}

fn nasty(path: &str, text: &str, start: u32, end: u32) -> Report {
    let place = Location::new(path.into(), Span::new(start, end));
    let mut bad = finding(place.clone());
    bad.message = "calls `\x1b]8;;x\x07` [a](1) \\ \u{202e}\r\n\ttwice".into();
    bad.why = "\x1b[2J".into();
    bad.help = String::new();
    bad.labels = vec![
        label(place.clone(), "same [place](7)"),
        label(Location::new(path.into(), Span::new(0, 2)), "overlaps\nhere\x1b"),
        label(Location::new(path.into(), Span::new(start, u32::MAX)), ""),
        label(Location::new("nowhere.py".into(), Span::new(3, 4)), "in a file that is not there"),
    ];
    let edit = |location: &Location, text: &str| Edit { location: location.clone(), text: text.into() };
    bad.fixes = vec![
        Fix { title: "a\x1bb".into(), applicability: Applicability::Safe, edits: vec![edit(&place, "\x1b\n\u{202e}")] },
        Fix { title: String::new(), applicability: Applicability::Suggestion, edits: vec![] },
    ];
    let mut report = report(path, text, vec![bad]);
    report.notes = vec![Note {
        path: path.into(),
        line: None,
        kind: NoteKind::InternalError,
        message: "\x1b[1m\u{202e}boom\r\nbang".into(),
    }];
    report
}

/// What `reporter` writes.
pub(crate) fn render(reporter: &dyn Reporter, report: &Report) -> String {
    let mut out = Vec::new();
    reporter.write(report, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// Numbers that look random and are the same each time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % sides
    }

    fn text(&mut self) -> String {
        let pieces =
            ["a", "(", " ", "\t", "\n", "\r\n", "\r", "é", "日", "🎉", "\x1b[", "\u{202e}", "\u{301}", "\u{feff}"];
        let length = self.roll(120);
        (0..length).map(|_| pieces[self.roll(pieces.len())]).collect()
    }

    fn place(&mut self, path: &str, text: &str) -> Location {
        let (start, end) = (self.roll(text.len() + 3) as u32, self.roll(text.len() + 3) as u32);
        Location::new(path.into(), Span::new(start.min(end), end.max(start)))
    }
}

#[test]
fn no_reporter_panics_on_any_text_or_span() {
    let mut dice = Dice(7);
    for round in 0..2000 {
        let (one, two) = (dice.text(), dice.text());
        let mut found = finding(dice.place("one.py", &one));
        for _ in 0..dice.roll(6) {
            let place = if dice.roll(3) == 0 { dice.place("two.py", &two) } else { dice.place("one.py", &one) };
            found.labels.push(label(place, &dice.text()));
        }
        let edits = vec![Edit { location: dice.place("one.py", &one), text: dice.text() }];
        found.fixes = vec![Fix { title: dice.text(), applicability: Applicability::Safe, edits }];
        let mut report = report("one.py", &one, vec![found]);
        report.sources.insert("two.py".into(), SourceFile::new("two.py", two));
        let options = crate::TextOptions { width: 40 + round % 50, unicode: round % 2 == 0, ..Default::default() };
        let full = render(&crate::Full::new(options), &report);
        assert!(!full.contains(['\x1b', '\u{202e}', '\r', '\t']) && full.contains("confidence: high"), "{full}");
        assert!(full.contains("[lease-check-then-act]") && !full.contains("OutOfBounds"), "{full}");
        render(&crate::Concise::new(options), &report);
        render(&crate::Json, &report);
        render(&crate::Sarif::default(), &report);
    }
}
