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
}

#[test]
fn another_unit_is_converted_where_readings_meet() {
    let elapsed = "class A {\n  boolean late(long limit) {\n    long start = System.currentTimeMillis();\n    work();\n    \
                   return System.currentTimeMillis() - start > limit;\n  }\n}\n";
    let after = mended("A.java", elapsed, Applicability::Safe);
    assert!(after.contains("long start = System.nanoTime();"), "{after}");
    assert!(after.contains("return (System.nanoTime() - start) / 1_000_000L > limit;"), "{after}");
    let deadline = "class A {\n  void f(long ms) throws Exception {\n    long end = System.currentTimeMillis() + ms + 5;\n    \
                    while (System.currentTimeMillis() < end) { Thread.sleep(1); }\n  }\n}\n";
    let after = mended("A.java", deadline, Applicability::Unsafe);
    assert!(after.contains("end = System.nanoTime() + ms * 1_000_000L + 5 * 1_000_000L;"), "{after}");
    assert!(after.contains("while (System.nanoTime() - end < 0)"), "{after}");
    let sum = "class A {\n  void f(long ms) throws Exception {\n    long start = System.currentTimeMillis();\n    \
               while (System.currentTimeMillis() < start + ms) { Thread.sleep(1); }\n  }\n}\n";
    let after = mended("A.java", sum, Applicability::Unsafe);
    assert!(after.contains("while (System.nanoTime() - (start + ms * 1_000_000L) < 0)"), "{after}");
}

#[test]
fn numbers_that_were_made_of_a_reading_become_the_reading() {
    let text = |make: &str| {
        format!(
            "package a\n\nimport \"time\"\n\nfunc f(limit int64) bool {{\n\tstart := time.Now().{make}()\n\twork()\n\t\
             return time.Now().{make}()-start > limit\n}}\n"
        )
    };
    let after = mended("a.go", &text("UnixMilli"), Applicability::Safe);
    assert!(after.contains("start := time.Now()\n"), "{after}");
    assert!(after.contains("return time.Since(start).Milliseconds() > limit"), "{after}");
    let after = mended("a.go", &text("Unix"), Applicability::Unsafe);
    assert!(after.contains("return int64(time.Since(start) / time.Second) > limit"), "{after}");
}

#[test]
fn what_strips_a_reading_is_taken_away() {
    let text = "package a\n\nimport \"time\"\n\nfunc f(limit time.Duration) bool {\n\tstart := time.Now().UTC()\n\twork()\n\t\
                return time.Since(start) > limit\n}\n";
    let after = mended("a.go", text, Applicability::Safe);
    assert!(after.contains("start := time.Now()\n"), "{after}");
    let shown = text.replace("work()", "log.Println(start)");
    assert!(findings("a.go", &shown).iter().all(|f| f.fixes.is_empty()));
}

#[test]
fn a_private_field_moves_with_all_its_readings() {
    let python = "import time\n\nclass Breaker:\n    def __init__(self):\n        self._opened = None\n\n    def open(self):\n        \
                  self._opened = time.time()\n\n    def is_over(self):\n        \
                  return self._opened is not None and time.time() - self._opened > 5\n";
    let after = safely_mended(python);
    assert_eq!(after.matches("time.monotonic()").count(), 2);
    let script =
        "class Breaker {\n  #opened = Date.now();\n  isOver() {\n    return Date.now() - this.#opened > 5;\n  }\n}\n";
    assert_eq!(mended("a.js", script, Applicability::Unsafe).matches("performance.now()").count(), 2);
    let java = "class Breaker {\n  private final long opened = System.currentTimeMillis();\n  boolean isOver() {\n    \
                return System.currentTimeMillis() - opened > 5;\n  }\n}\n";
    assert_eq!(mended("A.java", java, Applicability::Safe).matches("System.nanoTime()").count(), 2);
}

#[test]
fn no_edit_for_a_field_that_leaves_its_class() {
    for (path, text) in [
        // Read by others, shown, stored as nothing but a number before it is measured, known to other files.
        (
            "a.py",
            "import time\n\nclass B:\n    def __init__(self):\n        self._at = time.time()\n\n    def over(self):\n        \
                  return time.time() - self._at > 5\n\n    def to_dict(self):\n        return {'at': self._at}\n",
        ),
        (
            "a.py",
            "import time\n\nclass B:\n    def __init__(self):\n        self._at = time.time()\n\n    def over(self):\n        \
                  return time.time() - self._at > 5\n\ndef peek(b):\n    return b._at\n",
        ),
        (
            "a.py",
            "import time\n\nclass B:\n    def __init__(self):\n        self._at = 0\n\n    def touch(self):\n        \
                  self._at = time.time()\n\n    def over(self):\n        return time.time() - self._at > 5\n",
        ),
        (
            "A.java",
            "class B {\n  private long at;\n  void touch() { at = System.currentTimeMillis(); }\n  boolean over() {\n    \
                    return System.currentTimeMillis() - at > 5;\n  }\n}\n",
        ),
        (
            "A.java",
            "class B {\n  private final long at = System.currentTimeMillis();\n  boolean over() {\n    \
                    return System.currentTimeMillis() - at > 5;\n  }\n  Date since() { return new Date(at); }\n}\n",
        ),
    ] {
        let found = findings(path, text);
        assert!(!found.is_empty(), "{text}");
        assert!(found.iter().all(|f| f.fixes.is_empty()), "{text}");
    }
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

/// The text after the edit of the first finding of `rule`, which must take all of that rule's findings away.
fn mended_of(rule: &str, path: &str, text: &str, who: Applicability) -> String {
    let found = |text: &str| {
        let mut project = Project::default();
        project.add(path, text);
        project.findings().into_iter().filter(|f| f.rule.id == rule).collect::<Vec<_>>()
    };
    let findings = found(text);
    let fix = findings.first().expect("a finding").fixes.first().expect("a fix");
    assert_eq!(fix.applicability, who);
    let after = applied(text, &fix.edits);
    let left: Vec<String> = found(&after).into_iter().map(|f| f.message).collect();
    assert!(left.is_empty(), "{after}\n{left:?}");
    after
}

#[test]
fn a_lock_is_taken_with_its_expiry() {
    let joined = |path, text| mended_of("non-atomic-lock", path, text, Applicability::Safe);
    let python = "import redis\nr = redis.Redis()\n\ndef acquire(key, owner, ttl):\n    if r.setnx(key, owner):\n        \
                  r.expire(key, ttl)\n        return True\n    return False\n";
    let after = joined("a.py", python);
    assert!(after.contains("if r.set(key, owner, nx=True, ex=ttl):\n        return True\n"), "{after}");
    let braces = python.replace("(key,", "('lock:{1}',").replace("acquire('lock:{1}',", "acquire(");
    let after = joined("a.py", &braces);
    assert!(after.contains("if r.set('lock:{1}', owner, nx=True, ex=ttl):"), "{after}");
    let script = "const Redis = require('ioredis');\nconst redis = new Redis();\nasync function acquireLock(key, owner) {\n  \
                  const taken = await redis.setnx(key, owner);\n  if (taken) {\n    await redis.pexpire(key, 5000);\n    \
                  return true;\n  }\n  return false;\n}\n";
    let after = joined("a.js", script);
    assert!(
        after.contains("await redis.set(key, owner, 'PX', 5000, 'NX');\n  if (taken) {\n    return true;"),
        "{after}"
    );
    let go = "package a\n\nimport (\n\t\"context\"\n\t\"time\"\n\n\t\"github.com/redis/go-redis/v9\"\n)\n\nfunc lock(ctx \
              context.Context, rdb *redis.Client, key, owner string) bool {\n\tok, err := rdb.SetNX(ctx, key, owner, \
              0).Result()\n\tif err == nil && ok {\n\t\trdb.Expire(ctx, key, 30*time.Second)\n\t\treturn true\n\t}\n\treturn \
              false\n}\n";
    let after = joined("a.go", go);
    assert!(after.contains("rdb.SetNX(ctx, key, owner, 30*time.Second).Result()"), "{after}");
    assert!(!after.contains("Expire"), "{after}");
    let java = "import java.util.concurrent.TimeUnit;\nimport org.springframework.data.redis.core.StringRedisTemplate;\nclass \
                Locks {\n  private StringRedisTemplate template;\n  boolean lock(String key, String owner, long ttl) {\n    \
                Boolean taken = template.opsForValue().setIfAbsent(key, owner);\n    if (taken) {\n      \
                template.expire(key, ttl, TimeUnit.SECONDS);\n      return true;\n    }\n    return false;\n  }\n}\n";
    let after = joined("A.java", java);
    assert!(after.contains("setIfAbsent(key, owner, ttl, TimeUnit.SECONDS);"), "{after}");
}

#[test]
fn a_lock_is_taken_with_its_expiry_where_the_answer_is_compared() {
    let joined = |path, text, who| mended_of("non-atomic-lock", path, text, who);
    let script = "const Redis = require('ioredis');\nconst redis = new Redis();\nasync function acquireLock(key, owner) {\n  \
                  if ((await redis.setnx(key, owner)) === 1) {\n    await redis.expire(key, 30);\n    return true;\n  }\n  \
                  return false;\n}\n";
    let after = joined("a.js", script, Applicability::Safe);
    assert!(
        after.contains("if ((await redis.set(key, owner, 'EX', 30, 'NX')) === 'OK') {\n    return true;"),
        "{after}"
    );
    let script = "import { createClient } from 'redis';\nconst client = createClient();\nexport async function \
                  acquireLock(key: string, owner: string) {\n  if (await client.setNX(key, owner)) {\n    await \
                  client.expire(key, 30);\n    return true;\n  }\n  return false;\n}\n";
    let after = joined("a.ts", script, Applicability::Safe);
    assert!(after.contains("if (await client.set(key, owner, { NX: true, EX: 30 })) {\n    return true;"), "{after}");
    let java = "import redis.clients.jedis.Jedis;\nclass Locks {\n  boolean lock(Jedis jedis, String key, String owner, int \
                ttl) {\n    if (jedis.setnx(key, owner) == 1) {\n      jedis.expire(key, ttl);\n      return true;\n    }\n    \
                return false;\n  }\n}\n";
    let after = joined("A.java", java, Applicability::Unsafe);
    assert!(after.contains("if (\"OK\".equals(jedis.set(key, owner, redis.clients.jedis.params.SetParams"), "{after}");
    let java = "import io.lettuce.core.api.sync.RedisCommands;\nclass Locks {\n  boolean lock(RedisCommands<String, String> \
                redis, String key, String owner, long ttl) {\n    if (redis.setnx(key, owner)) {\n      redis.expire(key, \
                ttl);\n      return true;\n    }\n    return false;\n  }\n}\n";
    let after = joined("A.java", java, Applicability::Unsafe);
    assert!(after.contains("if (\"OK\".equals(redis.set(key, owner, io.lettuce.core.SetArgs"), "{after}");
}

#[test]
fn a_lock_is_compared_and_removed_in_one_command() {
    let owned = |path, text| mended_of("non-atomic-lock", path, text, Applicability::Unsafe);
    let python = "import redis\nr = redis.Redis()\n\ndef release_lock(key, owner):\n    if r.get(key) == owner:\n        \
                  r.delete(key)\n";
    let after = owned("a.py", python);
    assert!(
        after.contains("def release_lock(key, owner):\n    r.eval(\"if redis.call('get', KEYS[1]) == ARGV[1]"),
        "{after}"
    );
    let script = "const Redis = require('ioredis');\nconst redis = new Redis();\nasync function releaseLock(key, owner) {\n  \
                  const held = await redis.get(key);\n  if (held === owner) {\n    await redis.del(key);\n  }\n}\n";
    let after = owned("a.js", script);
    assert!(after.contains("{\n  await redis.eval(\"if redis.call"), "{after}");
    assert!(after.contains("1, key, owner);\n}"), "{after}");
    let script = "import { createClient } from 'redis';\nconst client = createClient();\nexport async function \
                  releaseLock(key: string, owner: string) {\n  if ((await client.get(key)) === owner) {\n    await \
                  client.del(key);\n  }\n}\n";
    let after = owned("a.ts", script);
    assert!(after.contains("{ keys: [key], arguments: [owner] });"), "{after}");
    let java = "import redis.clients.jedis.Jedis;\nclass Locks {\n  void unlock(Jedis jedis, String lockKey, String owner) \
                {\n    if (owner.equals(jedis.get(lockKey))) {\n      jedis.del(lockKey);\n    }\n  }\n}\n";
    let after = owned("A.java", java);
    assert!(after.contains("java.util.List.of(lockKey), java.util.List.of(owner));"), "{after}");
    let go = "package a\n\nimport (\n\t\"context\"\n\n\t\"github.com/redis/go-redis/v9\"\n)\n\nfunc unlock(ctx \
              context.Context, rdb *redis.Client, key, owner string) {\n\tif rdb.Get(ctx, key).Val() == owner \
              {\n\t\trdb.Del(ctx, key)\n\t}\n}\n";
    let after = owned("a.go", go);
    assert!(after.contains("[]string{key}, owner)\n}"), "{after}");
}

#[test]
fn a_lock_stays_where_its_answer_or_what_is_between_would_change() {
    for (what, body) in [
        (
            "the answer is compared",
            "    if r.setnx(key, owner) == 1:\n        r.expire(key, ttl)\n        return True\n",
        ),
        (
            "the answer is returned",
            "    ok = r.setnx(key, owner)\n    if ok:\n        r.expire(key, ttl)\n        log()\n    return ok\n",
        ),
        (
            "something is between",
            "    if r.setnx(key, owner):\n        ttl = ask()\n        r.expire(key, ttl)\n        return True\n",
        ),
        ("the block would be empty", "    if r.setnx(key, owner):\n        r.expire(key, ttl)\n"),
        (
            "another client has the key",
            "    if r2.setnx(key, owner):\n        r.expire(key, ttl)\n        return True\n",
        ),
        ("it is not asked", "    r.setnx(key, owner)\n    r.expire(key, ttl)\n"),
    ] {
        let text =
            format!("import redis\nr, r2 = redis.Redis(), redis.Redis()\n\ndef acquire_lock(key, owner, ttl):\n{body}");
        let mut project = Project::default();
        project.add("a.py", text.as_str());
        let found = project.findings().into_iter().filter(|f| f.rule.id == "non-atomic-lock");
        let fixes: Vec<_> = found.flat_map(|f| f.fixes).collect();
        assert!(fixes.is_empty(), "{what}: {fixes:?}");
    }
}

#[test]
fn what_is_done_under_a_lock_is_awaited() {
    let text = "import Redlock from 'redlock';\nexport async function run(redlock: Redlock, work: () => Promise<void>) {\n  \
                const lock = await redlock.acquire(['a'], 5000);\n  try {\n    return work();\n  } finally {\n    await \
                lock.release();\n  }\n}\n";
    let after = mended_of("lock-released-early", "a.ts", text, Applicability::Unsafe);
    assert!(after.contains("return await work();"), "{after}");
    let text = "import redis.asyncio as redis\nclient = redis.Redis()\n\nasync def run(work):\n    lock = client.lock('a', \
                timeout=9)\n    lock.acquire()\n    await work()\n    await lock.release()\n";
    let after = mended_of("lock-result-ignored", "a.py", text, Applicability::Unsafe);
    assert!(after.contains("    await lock.acquire()\n"), "{after}");
}
