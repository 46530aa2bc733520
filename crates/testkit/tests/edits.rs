//! Suggested edits: applied to the source they take the finding away, and there is none where they would do harm.

use timelint_diagnostics::{Applicability, Edit, Finding};
use timelint_testkit::Project;

const RULE: &str = "wall-clock-duration";

fn findings(path: &str, text: &str) -> Vec<Finding> {
    let mut project = Project::default();
    project.add(path, text);
    project.findings().into_iter().filter(|f| f.rule.id == RULE).collect()
}

fn applied(text: &str, edits: &[Edit]) -> String {
    let mut edits: Vec<&Edit> = edits.iter().collect();
    edits.sort_by_key(|e| e.location.span);
    let mut text = text.to_owned();
    for edit in edits.iter().rev() {
        let span = edit.location.span;
        text.replace_range(span.start as usize..span.end as usize, &edit.text);
    }
    text
}

/// The text after the first finding's edit, which must take every finding of the text away.
fn mended(path: &str, text: &str, who: Applicability) -> String {
    let found = findings(path, text);
    let fix = found.first().expect("a finding").fixes.first().expect("a fix");
    assert_eq!(fix.applicability, who);
    let after = applied(text, &fix.edits);
    let left: Vec<String> = findings(path, &after).into_iter().map(|f| f.message).collect();
    assert!(left.is_empty(), "{after}\n{left:?}");
    after
}

fn safely_mended(text: &str) -> String {
    mended("a.py", text, Applicability::Safe)
}

#[test]
fn a_deadline_moves_to_the_monotonic_clock_with_all_its_readings() {
    let after = safely_mended(
        "import time\n\ndef wait(ready, timeout):\n    start = time.time()\n    deadline = start + timeout\n    \
         while not ready():\n        now = time.time()\n        if now >= deadline:\n            raise TimeoutError\n        \
         time.sleep(min(1, deadline - now))\n",
    );
    assert_eq!(after.matches("time.monotonic()").count(), 2);
    assert!(!after.contains("time.time()"));
}

#[test]
fn a_difference_may_go_anywhere() {
    let after = safely_mended(
        "import time\n\ndef run(job, limit):\n    start = time.time()\n    job()\n    took = time.time() - start\n    \
         log.info('took %s', took)\n    if took > limit:\n        raise TimeoutError\n    return took\n",
    );
    assert_eq!(after.matches("time.monotonic()").count(), 2);
}

#[test]
fn an_alias_of_the_module_is_kept() {
    let after = safely_mended(
        "import time as mod_time\n\ndef wait(ready):\n    end = mod_time.time_ns() + 5_000_000_000\n    \
         while mod_time.time_ns() < end:\n        ready()\n",
    );
    assert_eq!(after.matches("mod_time.monotonic_ns()").count(), 2);
}

#[test]
fn another_module_is_for_a_person_to_decide() {
    let text = "async function wait(ready, ms) {\n  const start = Date.now();\n  while (!ready()) {\n    \
                if (Date.now() - start > ms) throw new Error('late');\n    await pause(10);\n  }\n}\n";
    let after = mended("a.js", text, Applicability::Unsafe);
    assert_eq!(after.matches("performance.now()").count(), 2);
}

#[test]
fn no_edit_where_a_reading_is_noticed_elsewhere() {
    let loops = "    while time.time() < end:\n        poll()\n";
    for (what, before, after) in [
        ("returned", "    end = time.time() + 5\n", "    return end\n"),
        ("logged", "    end = time.time() + 5\n    log.info('until %s', end)\n", ""),
        ("formatted", "    end = time.time() + 5\n    print(f'until {end}')\n", ""),
        ("passed on", "    end = time.time() + 5\n    register(end)\n", ""),
        ("a field too", "    end = self.end = time.time() + 5\n", ""),
        ("stored in a field", "    end = time.time() + 5\n    self.end = end\n", ""),
        ("stored in a list", "    end = time.time() + 5\n    self.ends.append(end)\n", ""),
        ("compared with a foreign instant", "    end = time.time() + 5\n    if job.eta > end:\n        return\n", ""),
        ("a parameter else", "    end = time.time() + 5\n    if until:\n        end = until\n", ""),
        ("an empty start", "    end = None\n    if end is None:\n        end = time.time() + 5\n", ""),
        (
            "a file's time",
            "    end = os.path.getmtime('x') + 5\n    end = time.time() + 5\n",
            "    stale = end - os.path.getmtime('y')\n",
        ),
        ("rounded", "    end = int(time.time()) + 5\n", ""),
    ] {
        let text = format!("import os\nimport time\n\ndef wait(self, job, until):\n{before}{loops}{after}");
        let found = findings("a.py", &text);
        assert!(!found.is_empty(), "{what}: nothing to mend");
        let fixes: Vec<_> = found.into_iter().flat_map(|f| f.fixes).collect();
        assert!(fixes.is_empty(), "{what}: {fixes:?}");
    }
}

#[test]
fn no_edit_without_the_module_at_hand() {
    for text in [
        "from time import time\n\ndef wait():\n    end = time() + 5\n    while time() < end:\n        poll()\n",
        "import time\n\nclass Waiter:\n    def wait(self):\n        self.end = time.time() + 5\n        \
         while time.time() < self.end:\n            poll()\n",
        "import time\nend = time.time() + 5\nwhile time.time() < end:\n    poll()\n",
    ] {
        let found = findings("a.py", text);
        assert!(!found.is_empty(), "{text}");
        assert!(found.iter().all(|f| f.fixes.is_empty()), "{text}");
    }
    let java = "class A {\n  void f() throws Exception {\n    long end = System.currentTimeMillis() + 5;\n    \
                while (System.currentTimeMillis() < end) { Thread.sleep(1); }\n  }\n}\n";
    assert!(findings("A.java", java).iter().all(|f| f.fixes.is_empty()));
}

/// The text after the first edit for `retry-without-jitter`, which must take the finding away.
fn jittered(path: &str, text: &str) -> String {
    let rule = |path: &str, text: &str| -> Vec<Finding> {
        let mut project = Project::default();
        project.add(path, text);
        project.findings().into_iter().filter(|f| f.rule.id == "retry-without-jitter").collect()
    };
    let found = rule(path, text);
    let fix = found.first().expect("a finding").fixes.first().expect("a fix");
    assert_eq!(fix.applicability, Applicability::Unsafe);
    let after = applied(text, &fix.edits);
    assert!(rule(path, &after).is_empty(), "{after}");
    after
}

#[test]
fn a_flag_of_the_library_adds_chance() {
    let script = "const pRetry = require('p-retry');\nmodule.exports = (client) => pRetry(() => client.load(), { retries: 8 });\n";
    assert!(jittered("a.js", script).contains("{ retries: 8, randomize: true }"));
    let script = "const { backOff } = require('exponential-backoff');\nmodule.exports = (client) => backOff(() => client.load(), { numOfAttempts: 8 });\n";
    assert!(jittered("a.js", script).contains("numOfAttempts: 8, jitter: 'full' }"));
    let class = "import org.springframework.retry.annotation.*;\nclass A {\n    @Retryable(maxAttempts = 8, backoff = @Backoff(delay = 200, multiplier = 2))\n    void load() { client.load(); }\n}\n";
    assert!(jittered("A.java", class).contains("multiplier = 2, random = true)"));
}
