//! Code that would take for ever if the analysis followed every way through it.

use std::fmt::Write as _;
use timelint_testkit::Project;

/// Elements of a list that are put into the same list again: each name may be every other one.
#[test]
fn elements_that_lead_to_each_other_are_followed_once() {
    const TIMES: usize = 60;
    let mut text = String::from("import time\n\n\ndef run(jobs):\n");
    for _ in 0..TIMES {
        text.push_str("    for job in jobs:\n        jobs.append(job)\n");
    }
    let _ = writeln!(text, "    return time.time() - jobs[0].started > 5");
    let mut project = Project::default();
    project.add("jobs.py", &text);
    assert!(project.findings().is_empty(), "nothing says what `started` is");
}
