//! What is easily got wrong about clocks, and the fixture that holds each.
#![allow(clippy::disallowed_methods, reason = "a test reads its fixtures from disk")]

use std::path::Path;

/// What is got wrong, the file that says how it is done here, and a text of the line that does.
const CLOCKS: [(&str, &str, &str); 27] = [
    ("conversions strip, shifts keep", "wall-clock-duration/go/strips.go", "ok wall-clock-duration: Add keeps it"),
    (
        "one stripped side poisons the pair",
        "wall-clock-duration/go/strips.go",
        "time.Now().After(l.utc.Add(limit)) { // want",
    ),
    ("intact readings never fire", "wall-clock-duration/go/good.go", "ok wall-clock-duration: both sides keep"),
    (
        "a number turned back into a time",
        "wall-clock-duration/go/strips.go",
        "time.Since(time.Unix(0, l.nanos)) > limit { // want",
    ),
    ("monotonic readings do not leave the process", "monotonic-misuse/java/bad.java", "leaves the process"),
    ("two clocks in one comparison", "mixed-clocks/python/bad.py", "mixes the wall clock with the monotonic clock"),
    ("twins of one moment", "mixed-clocks/python/good.py", "ok mixed-clocks: twins of one moment"),
    ("readings that wrap are compared by difference", "monotonic-misuse/java/bad.java", "a - b >= 0"),
    ("0 is a reading like any other", "monotonic-misuse/java/bad.java", "want monotonic-misuse \"not yet\""),
    (
        "suspends are seen by the wall clock only",
        "wall-clock-duration/python/hard.py",
        "a suspend is what is looked for",
    ),
    ("leases are shorter by the drift", "wall-clock-duration/python/hard.py", "monotonic, and shorter by the drift"),
    ("seconds make ties common", "wall-clock-ordering/go/seconds.go", ".Unix() { // want wall-clock-ordering"),
    ("a browser's clock is the user's", "wall-clock-ordering/typescript/client-clock.ts", "miss wall-clock-ordering"),
    (
        "the database's clock on both sides",
        "wall-clock-ordering/python/good.py",
        "ok wall-clock-ordering: the database's clock",
    ),
    ("the database's clock on one side", "mixed-clocks/python/bound.py", "want mixed-clocks \"set by one clock\""),
    ("clocks under other names", "wall-clock-duration/python/good.py", "monotonic under its own name"),
    ("classes that shadow a clock", "wall-clock-duration/python/hard.py", "a class of this file, no clock"),
    ("times of the day", "wall-clock-duration/python/hard.py", "ok wall-clock-duration: times of the day"),
    (
        "a field that a message fills, too",
        "wall-clock-duration/python/hard.py",
        "self.last_seen > limit  # want wall-clock-ordering",
    ),
    (
        "max(0, elapsed) mends one direction",
        "wall-clock-duration/python/hard.py",
        "max(0, time.time() - self._last)  # want",
    ),
    ("a time that serves as version", "wall-clock-ordering/java/versions.java", "want wall-clock-ordering"),
    ("a guard for equality is none", "wall-clock-id/java/bad.java", "now == last"),
    (
        "greater than the last one, for one writer",
        "wall-clock-ordering/python/hard.py",
        "self.last = max(time.time_ns(), self.last + 1)",
    ),
    (
        "naive local times jump by an hour",
        "wall-clock-duration/python/hard.py",
        "datetime.now() - start).total_seconds() > limit:  # want",
    ),
    ("counters that are called times", "wall-clock-ordering/python/hard.py", "ok wall-clock-ordering: a counter"),
    (
        "times that are called versions",
        "wall-clock-ordering/python/hard.py",
        "current[\"doc_version\"]:  # want wall-clock-ordering",
    ),
    (
        "what is sent or stored keeps its clock",
        "monotonic-misuse/python/good.py",
        "ok monotonic-misuse: the wall clock",
    ),
];

#[test]
fn what_is_easily_got_wrong_about_clocks_has_a_fixture() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let missing = CLOCKS.iter().filter(|(_, file, text)| {
        let found = std::fs::read_to_string(root.join(file)).unwrap_or_default();
        !found.contains(text)
    });
    let missing: Vec<String> = missing.map(|(what, file, text)| format!("{what}: {file} has no `{text}`")).collect();
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}
