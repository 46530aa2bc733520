//! What a lock is for: correctness (two holders do damage) or efficiency (two holders waste work), by scored evidence.

use crate::pause::read_modify_write::{Dependency, dependency, fills_gap};
use timelint_diagnostics::Confidence;
use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::catalog::{ApiRole, ArgMeaning, Effect, LockPurpose, LockScope};
use timelint_semantics::{Analysis, How, Region, Write, has_word, words};

/// Things whose double change costs someone something.
const DOMAIN: [&str; 44] = [
    "balance",
    "stock",
    "inventory",
    "seat",
    "seats",
    "order",
    "orders",
    "pay",
    "payment",
    "wallet",
    "ledger",
    "quota",
    "transfer",
    "assign",
    "failover",
    "promote",
    "migrate",
    "migration",
    "elect",
    "account",
    "amount",
    "credit",
    "coupon",
    "refund",
    "purchase",
    "booking",
    "book",
    "ticket",
    "invoice",
    "sequence",
    "allocate",
    "allocation",
    "commit",
    "checkpoint",
    "withdraw",
    "deposit",
    "charge",
    "reserve",
    "reservation",
    "volume",
    "workflow",
    "state",
    "settle",
    "bill",
];
/// Work that may be done twice without harm.
const EFFICIENCY: [&str; 33] = [
    "cleaner",
    "vacuum",
    "cache",
    "caches",
    "cached",
    "refresh",
    "warm",
    "warmup",
    "rebuild",
    "reload",
    "preload",
    "stampede",
    "breakdown",
    "throttle",
    "debounce",
    "dedup",
    "dedupe",
    "once",
    "beat",
    "cron",
    "schedule",
    "scheduled",
    "scheduler",
    "cleanup",
    "clean",
    "purge",
    "report",
    "metrics",
    "stats",
    "gc",
    "housekeeping",
    "ratelimit",
    "expired",
];

/// The points of a section and what gave them.
#[derive(Debug, Default)]
pub(crate) struct Score {
    /// The sum.
    pub(crate) points: i32,
    /// One line for each item that counted.
    pub(crate) evidence: Vec<String>,
    cap: Option<Confidence>,
}

impl Score {
    fn add(&mut self, points: i32, text: impl std::fmt::Display) {
        self.points += points;
        self.evidence.push(format!("{points:+} {text}"));
    }

    fn cap(&mut self, most: Confidence) {
        self.cap = Some(self.cap.map_or(most, |old| old.min(most)));
    }

    /// The confidence that a report is due; `None` when it is not.
    pub(crate) fn confidence(&self) -> Option<Confidence> {
        let own = match self.points {
            6.. => Confidence::High,
            4..=5 => Confidence::Medium,
            2..=3 => Confidence::Low,
            _ => return None,
        };
        Some(self.cap.map_or(own, |cap| cap.min(own)))
    }
}

/// Scores a section by its unfenced writes and the read that the first important one depends on.
pub(crate) fn score(
    file: &Analysis<'_>,
    region: &Region<'_>,
    principal: &Write,
    writes: &[Write],
    dependency: Option<Dependency>,
) -> Score {
    let mut score = Score::default();
    score_writes(file, writes, &mut score);
    let changes = |n: NodeId| names_change(file.model.name(n));
    // `rows.forEach(store::failOver)`: what is referred to says what happens.
    let referred = || {
        let args = file.model.children_with(principal.at, Role::Arg);
        args.filter(|a| file.model.kind(*a) == Kind::Member).any(changes)
    };
    if principal.indirect && !changes(principal.at) && !referred() {
        score.cap(Confidence::Low);
    }
    if region.api.api.role == ApiRole::LockDecorator && dependency.is_none() || in_snapshot(file, region, principal.at)
    {
        score.cap(Confidence::Low);
    }
    let cached_only = writes.iter().all(|w| w.effect == Effect::Cache);
    let fills_gaps = principal.effect < Effect::External && fills_gap(file, region, principal.at);
    if let Some(dependency) = dependency {
        let text = file.short(dependency.read);
        match (dependency.flows, dependency.known) {
            (true, true) => score.add(3, format_args!("reads `{text}` and writes what it derives from it")),
            (true, false) => {
                score.add(2, format_args!("reads `{text}` (by its name) and writes what it derives from it"));
            }
            (false, _) => score.add(2, format_args!("`{text}` decides whether the write happens")),
        }
    }
    if fills_gaps || cached_only && dependency.is_some() {
        score.add(-4, "what is missing is looked up again and filled in, as in a cache");
    }
    let texts = file.lock_texts(region);
    if file.catalog().lock_purpose(&texts) == Some(LockPurpose::Correctness) {
        score.add(4, "the configuration says that this lock keeps state right");
    }
    let domain = score_names(file, region, &texts, &mut score);
    // Where the write depends on no read and nothing names what must not change twice, the work is mostly such as may be
    // done twice: queued tasks, syncs, notices.
    let derived = dependency.is_some();
    let domain = || domain || speaks_of_business(file, &texts, principal.at);
    if !region.leads() && (principal.indirect && region.skips_when_held || !derived && !domain()) {
        score.cap(Confidence::Low);
    }
    if region.leads() {
        score_leading(file, region, principal, &mut score);
        return score;
    }
    score_acquire(file, region, dependency.is_some(), &mut score);
    score
}

/// Whether a function's name says that it changes something.
fn names_change(name: &str) -> bool {
    const VERBS: [&str; 68] = [
        "save", "update", "insert", "delete", "remove", "create", "put", "write", "store", "send", "publish", "post",
        "set", "add", "append", "apply", "commit", "execute", "process", "handle", "pay", "transfer", "move", "run",
        "do", "persist", "upsert", "merge", "register", "assign", "allocate", "promote", "failover", "migrate",
        "complete", "finish", "close", "cancel", "schedule", "submit", "dispatch", "start", "stop", "attach", "detach",
        "reserve", "release", "charge", "refund", "notify", "sync", "flush", "import", "reduce", "increase", "change",
        "buy", "purchase", "sell", "book", "withdraw", "deposit", "debit", "credit", "grant", "revoke", "deploy",
        "elect",
    ];
    has_word(name, &VERBS)
}

/// Files are usually this machine's own.
fn is_file(file: &Analysis<'_>, write: &Write) -> bool {
    file.resolve(write.at).is_some_and(|r| r.api.scope == Some(LockScope::File))
}

fn score_writes(file: &Analysis<'_>, writes: &[Write], score: &mut Score) {
    let strongest = writes.iter().map(|w| w.effect).max();
    if strongest == Some(Effect::External) || writes.iter().any(|w| w.effect == Effect::External) {
        score.add(3, "has an effect outside that cannot be taken back");
    }
    if writes.iter().any(|w| matches!(w.effect, Effect::State | Effect::Cluster)) {
        score.add(2, "writes shared state with no condition or token");
    }
    if writes.iter().all(|w| is_file(file, w)) {
        score.cap(Confidence::Low);
    }
    let how = writes.iter().filter(|w| w.effect != Effect::Cache).map(|w| w.how).max();
    match how {
        Some(How::Name | How::Project) => score.cap(Confidence::Medium),
        None => score.cap(Confidence::Low),
        _ => {}
    }
}

/// The lock's key, or what is written, names something that must not change twice.
fn speaks_of_business(file: &Analysis<'_>, lock_texts: &[String], write: NodeId) -> bool {
    let model = file.model;
    let said = |n: NodeId| {
        matches!(model.kind(n), Kind::String | Kind::Name | Kind::Member | Kind::Call)
            && has_word(model.name(n), &DOMAIN)
    };
    lock_texts.iter().any(|t| has_word(t, &DOMAIN)) || model.self_and_descendants(write).any(said)
}

/// Scores the names around; whether they speak of the business's own things is handed back.
fn score_names(file: &Analysis<'_>, region: &Region<'_>, texts: &[String], score: &mut Score) -> bool {
    let model = file.model;
    let function = file.function_around(region.acquire).map_or("", |f| model.name(f));
    let class =
        file.tables.class_around(model, region.acquire).map_or("", |c| file.tables.classes[c as usize].name.as_str());
    let key = file.argument(region.acquire, region.api, ArgMeaning::Key).or(model.child(region.acquire, Role::Arg));
    let direct = key.map(|k| model.self_and_descendants(k).map(|n| model.name(n)).collect::<Vec<_>>());
    let domain = has_word(function, &DOMAIN)
        || has_word(class, &DOMAIN)
        || direct.is_some_and(|parts| parts.iter().any(|t| has_word(t, &DOMAIN)));
    if domain {
        score.add(1, "the names speak of something that must not change twice");
    }
    if has_word(function, &EFFICIENCY)
        || has_word(class, &["cache", "cleanup", "cleaner", "metrics", "scheduler"])
        || texts.iter().any(|t| has_word(t, &EFFICIENCY))
    {
        score.add(-2, "the names speak of a cache, a schedule or cleaning up");
    }
    // `with only_one_running_task(self)`
    if region.through_helper
        && has_word(model.name(region.acquire), &["only", "once", "single", "singleton", "overlap"])
    {
        score.add(-2, "the helper's name says that it keeps work from running twice");
        score.cap(Confidence::Low);
    }
    domain
}

fn score_acquire(file: &Analysis<'_>, region: &Region<'_>, modifies: bool, score: &mut Score) {
    let role = region.api.api.role;
    let named_after_job = is_named_after_job(file, region);
    if named_after_job {
        score.add(-2, "the lock is named after the job: it keeps it from running next to itself");
    }
    if role == ApiRole::LockDecorator {
        if is_scheduled(file, region) {
            score.add(-3, "it keeps a schedule from running twice");
        } else {
            score.add(1, "every caller waits for its turn: the work matters");
        }
    } else if region.skips_when_held && !modifies {
        score.add(-2, "whoever does not get the lock skips the work");
    } else if is_run_by_schedule(file, region) && (region.skips_when_held || named_after_job) {
        score.cap(Confidence::Low);
    } else if waits(file, region) {
        score.add(1, "every caller waits for its turn: the work matters");
    }
    if let Some(lock) = &region.lock_type
        && hands_out_tokens(file, lock)
    {
        score.add(2, "this lock hands out a fencing token that is not used");
    }
    // A lock of the database connection: a writer that lost it has lost its way to the data too.
    if region.api.api.default.as_deref().is_some_and(|d| d.starts_with("connection")) {
        score.cap(Confidence::Low);
    }
    if region.api.how == How::Name || is_shared_lock(file, region) {
        score.cap(Confidence::Low);
    }
    if region.through_helper {
        score.cap(Confidence::Medium);
    }
}

/// What narrows or widens the time in which a deposed leader goes on.
fn score_leading(file: &Analysis<'_>, region: &Region<'_>, principal: &Write, score: &mut Score) {
    let model = file.model;
    if principal.effect == Effect::Cluster {
        score.add(-2, "the cluster's store compares versions where it is told to");
    }
    let leaves = |c: &NodeId| file.resolve(*c).is_some_and(|k| k.api.role == ApiRole::Exit && k.how != How::Name);
    if file.tables.calls.iter().any(leaves) {
        score.add(-1, "the process ends itself somewhere, perhaps when the leadership is lost");
    }
    let params = region.callback.into_iter().flat_map(|c| model.children_with(c, Role::Param));
    let handed = params.map(|p| model.sym(p)).collect::<Vec<_>>();
    if model
        .children_with(principal.at, Role::Arg)
        .any(|a| model.kind(a) == Kind::Name && handed.contains(&model.sym(a)))
    {
        score.add(-1, "the write is given what the election handed over, which may end with the leadership");
    }
}

fn waits(file: &Analysis<'_>, region: &Region<'_>) -> bool {
    let role = region.api.api.role;
    let blocking = file.argument(region.acquire, region.api, ArgMeaning::Blocking);
    let refuses = blocking.is_some_and(|b| file.model.name(b).eq_ignore_ascii_case("false"));
    let patient = || {
        file.argument(region.acquire, region.api, ArgMeaning::Wait).is_some_and(|w| file.value(w).number != Some(0.0))
    };
    match role {
        ApiRole::LockAcquire | ApiRole::LockRegion | ApiRole::LockNew => !refuses,
        ApiRole::LockTry => patient(),
        _ => false,
    }
}

fn hands_out_tokens(file: &Analysis<'_>, lock_type: &str) -> bool {
    let own = |name: &String| name.split_once('#').is_some_and(|(ty, _)| ty == lock_type);
    file.apis_in(ApiRole::LockToken).any(|api| api.name.as_slice().iter().any(own))
}

/// A decorated function that a scheduler runs.
fn is_scheduled(file: &Analysis<'_>, region: &Region<'_>) -> bool {
    let model = file.model;
    let decorated = model.parent(region.acquire).map(|f| model.children_with(f, Role::Decorator).collect::<Vec<_>>());
    let words = ["scheduled", "scheduler", "cron", "task", "shared", "periodic", "singleton", "once"];
    decorated.is_some_and(|all| all.iter().any(|d| has_word(model.name(*d), &words)))
}

/// A lock for readers, which several hold at a time: what is written under it is meant to go together.
fn is_shared_lock(file: &Analysis<'_>, region: &Region<'_>) -> bool {
    let model = file.model;
    let reads = |n: NodeId| matches!(model.name(n), "readLock" | "read_lock" | "RLock" | "rlock" | "RLockContext");
    let made = region.handle.and_then(|h| file.made_by(h).or(Some(h)));
    let chain = made.into_iter().flat_map(|m| model.self_and_descendants(m).collect::<Vec<_>>());
    reads(region.acquire) || chain.into_iter().any(|n| model.kind(n) == Kind::Call && reads(n))
}

/// The function around is annotated as one that a scheduler or a queue of tasks runs.
fn is_run_by_schedule(file: &Analysis<'_>, region: &Region<'_>) -> bool {
    let model = file.model;
    let mut functions = model.ancestors(region.acquire).filter(|a| model.kind(*a) == Kind::Function);
    functions.any(|f| {
        let jobs = ["scheduled", "cron", "periodic", "task", "job"];
        model.children_with(f, Role::Decorator).any(|d| has_word(model.name(d), &jobs))
    })
}

/// `lock("refresh_tokens_task")` in `refresh_tokens`: the lock keeps the job from running next to itself.
fn is_named_after_job(file: &Analysis<'_>, region: &Region<'_>) -> bool {
    let job =
        file.named_function_around(region.acquire).map_or_else(Vec::new, |f| words(file.function_name(f)).to_vec());
    job.len() > 1 && file.lock_texts(region).iter().any(|t| words(t).windows(job.len()).any(|w| w == &*job))
}

/// The store compares what a transaction has read with what is there when it commits: sessions of `MongoDB`.
fn in_snapshot(file: &Analysis<'_>, region: &Region<'_>, write: NodeId) -> bool {
    let model = file.model;
    let speaks = model.self_and_descendants(write).any(|n| {
        matches!(model.kind(n), Kind::Name | Kind::Member | Kind::Call) && has_word(model.name(n), &["session", "sess"])
    });
    let begins = |c: &NodeId| {
        has_word(model.name(*c), &["transaction"])
            && model.self_and_descendants(*c).any(|n| model.name(n).to_ascii_lowercase().contains("mongo"))
    };
    speaks && file.function_around(region.acquire).is_some_and(|f| file.calls_below(f).iter().any(begins))
}

/// The write that the story is told about, with the read that it depends on: of the strongest kind, preferably one that
/// is seen in the section itself and derived from a read.
pub(crate) fn principal(
    file: &Analysis<'_>,
    region: &Region<'_>,
    writes: &[Write],
) -> Option<(Write, Option<Dependency>)> {
    /// Enough to find one with a story; each costs a walk over the section.
    const MOST: usize = 6;
    let strength = |w: &Write| match w.effect {
        Effect::External => 3,
        Effect::State | Effect::Cluster if is_file(file, w) => 1,
        Effect::State | Effect::Cluster => 2,
        Effect::Cache => 0,
    };
    let strongest = writes.iter().map(strength).max()?;
    let candidates = writes.iter().filter(|w| strength(w) == strongest).take(MOST);
    let mut best: Option<(u8, Write, Option<Dependency>)> = None;
    for write in candidates {
        let read = dependency(file, region, write.at);
        let rank = read.map_or(0, |r| if r.flows { 4 } else { 2 }) + u8::from(!write.indirect);
        if best.as_ref().is_none_or(|b| rank > b.0) {
            best = Some((rank, *write, read));
        }
    }
    best.map(|(_, write, read)| (write, read))
}

/// Where the section calls code that its caller handed in: a parameter, or the body of a scoped statement.
pub(crate) fn opaque_call(file: &Analysis<'_>, region: &Region<'_>) -> Option<NodeId> {
    let model = file.model;
    let functions: Vec<NodeId> = model.ancestors(region.acquire).filter(|a| model.kind(*a) == Kind::Function).collect();
    let is_param = |name| functions.iter().any(|f| model.children_with(*f, Role::Param).any(|p| model.sym(p) == name));
    let calls = file.tables.calls.iter().copied().filter(|c| region.covers(*c));
    calls.into_iter().find(|c| file.called_parameter(*c).is_some_and(is_param))
}
