//! What a difference of two readings is about, where that is not the time that passed in this process: the age of a
//! record, a date of the calendar, the clock itself, a statistic, a line of the log.

use crate::clock::rows::is_of_row;
use crate::clock::stamped::is_told;
use crate::shown::LOGS_THAT_ARE_KEPT;
use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::catalog::ApiRole;
use timelint_semantics::{Analysis, How, Origins, Store, StoreKind, Value, has_word, words};

/// What a difference or comparison of readings is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// It measures the time that passed, as far as names tell.
    Measure,
    /// It says when the next line of a log is due.
    Line,
    /// It counts and shows how things went.
    Statistic,
    /// The age of a record, a date, the clock itself.
    Other,
}

/// What the difference or comparison `id` is for.
pub(crate) fn purpose(file: &Analysis<'_>, id: NodeId) -> Purpose {
    if is_about_the_clock(file, id)
        || is_record_age(file, id)
        || is_period_number(file, id)
        || is_calendar_answer(file, id)
        || is_next_boundary(file, id)
        || is_kept_elsewhere(file, id)
        || is_default(file, id)
        || is_of_row(file, id)
        || is_comparator(file, id)
        || model_sides(file, id).any(|s| is_told(file, s))
    {
        Purpose::Other
    } else if is_statistic(file, id) {
        Purpose::Statistic
    } else if is_due_line(file, id) {
        Purpose::Line
    } else {
        Purpose::Measure
    }
}

fn model_sides<'f>(file: &'f Analysis<'_>, id: NodeId) -> impl Iterator<Item = NodeId> + 'f {
    file.model.children_with(id, Role::Operand).chain(file.model.child(id, Role::Arg))
}

/// The mark says that it is the one of a line of the log, and of no log that is a file or a store.
fn is_due_line(file: &Analysis<'_>, id: NodeId) -> bool {
    #[rustfmt::skip]
    const LINES: [&str; 12] = [
        "log", "logged", "logging", "print", "printed", "warn", "warned", "warning", "warnings", "stat", "stats", "debug",
    ];
    let model = file.model;
    // What the mark is called, not what it is kept in.
    let names = |n: &NodeId| {
        matches!(model.kind(*n), Kind::Name | Kind::Member) && !matches!(model.role(*n), Role::Object | Role::Receiver)
    };
    let line = |n: NodeId| has_word(model.name(n), &LINES) && !has_word(model.name(n), &LOGS_THAT_ARE_KEPT);
    // `logSlowCall(start)` does nothing else.
    let logs = file.function_around(id).map(|f| words(model.name(f))).is_some_and(|all| {
        all.len() > 1
            && all.first().is_some_and(|w| w == "log")
            && !all.iter().any(|w| LOGS_THAT_ARE_KEPT.contains(&w.as_str()))
    });
    logs || model.descendants(id).filter(names).any(line)
}

/// A mark that comes back under its own name, `self.last = saved["last"]`, or is kept in a web session: it outlives
/// this process.
fn is_kept_elsewhere(file: &Analysis<'_>, id: NodeId) -> bool {
    let model = file.model;
    let key = |v: NodeId| match model.kind(v) {
        Kind::Index => model.child(v, Role::Key),
        Kind::Call if matches!(model.name(v), "get" | "pop" | "getLong") => model.child(v, Role::Arg),
        _ => None,
    };
    let restored = |n: NodeId| {
        let own = words(model.name(n));
        let keys = file.stores_of(n).iter().filter_map(|s| s.value).filter_map(key);
        model.kind(n) == Kind::Member
            && keys.into_iter().any(|k| model.kind(k) == Kind::String && words(model.name(k)) == own)
    };
    let of_session = |n: NodeId| {
        let object = model.child(n, Role::Object);
        object.is_some_and(|o| {
            let owner = model.child(o, Role::Object).map_or("", |r| model.name(r));
            let handled = matches!(owner, "req" | "request" | "ctx") || model.kind(n) == Kind::Index;
            model.name(o) == "session" && handled && matches!(model.kind(o), Kind::Name | Kind::Member)
        })
    };
    let within = |n: NodeId| model.self_and_descendants(n).any(|d| restored(d) || of_session(d));
    within(id) || model.descendants(id).any(|d| model.kind(d) == Kind::Name && within(file.condition_source(d)))
}

/// `for (j = start; j < start + length; j++)`: the loop steps the compared variable itself.
pub(crate) fn is_counting(file: &Analysis<'_>, loop_: NodeId, comparison: NodeId) -> bool {
    let model = file.model;
    let compared: Vec<_> = model.children_with(comparison, Role::Operand).map(|o| model.sym(o)).collect();
    let steps = |n: NodeId| model.kind(n) == Kind::Assign && matches!(model.name(n), "++" | "--" | "+=" | "-=");
    model.children(loop_).filter(|c| model.role(*c) != Role::Body).any(|c| {
        let mut inside = model.self_and_descendants(c);
        inside.any(|n| steps(n) && model.children_with(n, Role::Target).any(|t| compared.contains(&model.sym(t))))
    })
}

/// The next date of a calendar, asked with a reading: `nextRun(now) - now`.
fn is_calendar_answer(file: &Analysis<'_>, id: NodeId) -> bool {
    let model = file.model;
    let answer = |n: NodeId| {
        let asked = model.kind(n) == Kind::Call && model.child(n, Role::Arg).is_some();
        asked && has_word(model.name(n), &["next", "cron", "fire", "schedule", "trigger", "midnight", "tomorrow"])
    };
    // `nextDay - now`, `nextTick - now`: periods of the calendar.
    let period = |n: NodeId| {
        const PERIODS: [&str; 10] =
            ["tick", "window", "second", "minute", "min", "hour", "day", "week", "month", "midnight"];
        let whole = matches!(model.kind(n), Kind::Name | Kind::Member);
        whole && has_word(model.name(n), &["next", "tomorrow"]) && has_word(model.name(n), &PERIODS)
    };
    // `combine(today(), at)`: a time of this day.
    let combined = |n: NodeId| model.kind(n) == Kind::Call && model.name(n) == "combine";
    model.kind(id) == Kind::Binary
        && (model.children_with(id, Role::Operand).any(|o| {
            let source = file.condition_source(o);
            answer(o) || answer(source) || combined(o) || combined(source)
        }) || model.name(id) == "-" && model.descendants(id).any(period))
}

/// The order of two things, in the function that says which of them comes first.
fn is_comparator(file: &Analysis<'_>, id: NodeId) -> bool {
    let function = file.function_around(id).map_or("", |f| file.model.name(f));
    matches!(function, "compareTo" | "compare" | "Less" | "Compare" | "__lt__" | "__gt__" | "__le__" | "__ge__")
}

/// How long it is until a full second or minute, `until(now.Truncate(period).Add(period))`: a date of the calendar.
fn is_next_boundary(file: &Analysis<'_>, id: NodeId) -> bool {
    let model = file.model;
    let role = file.resolve(id).map(|k| k.api.role);
    let cuts = |n: NodeId| model.kind(n) == Kind::Call && has_word(model.name(n), &["truncate", "round"]);
    let cut = |n: NodeId| model.self_and_descendants(n).any(cuts);
    // `next.Sub(now)`: the boundary is what the reading is taken from.
    let boundary = match role {
        Some(ApiRole::TimeUntil) => model.child(id, Role::Arg),
        Some(ApiRole::TimeDifference) => model.child(id, Role::Receiver),
        _ => None,
    };
    // A reading that is rounded is still one; what is added to it makes the boundary.
    let made = |v: NodeId| {
        let added = file.resolve(v).is_some_and(|k| k.api.role == ApiRole::TimeAdd);
        cut(v) && (added || role == Some(ApiRole::TimeUntil))
    };
    boundary.is_some_and(|a| made(a) || file.stores_of(a).iter().filter_map(|s| s.value).any(made))
}

/// The number of a period, `now / period`: periods of the calendar are counted, no time is measured.
fn is_period_number(file: &Analysis<'_>, id: NodeId) -> bool {
    file.model.kind(id) == Kind::Binary
        && file
            .model
            .children_with(id, Role::Operand)
            .any(|o| is_divided(file, o) || is_divided(file, file.condition_source(o)))
}

/// Whether something is divided by a number that is no factor between two units.
pub(crate) fn is_divided(file: &Analysis<'_>, id: NodeId) -> bool {
    let model = file.model;
    let by = model.children_with(id, Role::Operand).nth(1).map(|d| file.value(d));
    let unit = by.and_then(|d| d.number).is_some_and(|d| [1e3, 1e6, 1e9].contains(&d.abs()));
    model.kind(id) == Kind::Binary && matches!(model.name(id), "/" | "//") && !unit
}

/// Code that counts and shows how things went, and generators of ids, which ask the clock for another reason.
fn is_statistic(file: &Analysis<'_>, id: NodeId) -> bool {
    const COUNTED: [&str; 9] =
        ["stats", "stat", "statistics", "latency", "metrics", "histogram", "telemetry", "profiler", "snowflake"];
    let class = file.tables.class_around(file.model, id).map_or("", |c| file.tables.classes[c as usize].name.as_str());
    let stem = file.path.rsplit('/').next().map_or("", |name| name.split('.').next().unwrap_or(name));
    let folders = file.path.rsplit_once('/').map_or("", |(folders, _)| folders);
    let shown = folders.split('/').any(|f| matches!(f, "metrics" | "mbeans" | "stats" | "statistics" | "telemetry"));
    let generates = |n: &str| has_word(n, &["id"]) && has_word(n, &["generator", "gen", "worker"]);
    shown || [class, stem].iter().any(|n| has_word(n, &COUNTED) || generates(n))
}

/// A time that came from elsewhere, with now in its place where it is missing: `sent = header["date"] or now`.
fn is_default(file: &Analysis<'_>, id: NodeId) -> bool {
    let model = file.model;
    let elsewhere = |v: &Value| {
        let other = Origins::PARAM.and(Origins::UNKNOWN).and(Origins::REMOTE);
        // Some field of this name is a reading, of whatever class.
        let read = v.origins.any(Origins::CLOCKS.and(Origins::NULL)) && v.how != How::Name;
        v.origins.any(other) && !read
    };
    let reads = |v: NodeId| file.value(v).origins.any(Origins::CLOCKS);
    // `usage = await this.getUsage(user)`: what is waited for comes from where it is kept.
    let awaited = |side: NodeId| {
        let object = model.child(side, Role::Object).filter(|o| model.kind(*o) == Kind::Name);
        object.is_some_and(|o| model.kind(file.condition_source(o)) == Kind::Await)
    };
    let or_now = |v: NodeId| {
        // `sent if sent else now`
        if model.kind(v) == Kind::Conditional {
            let ways: Vec<NodeId> = model.children(v).filter(|c| model.role(*c) != Role::Condition).collect();
            let other = Origins::PARAM.and(Origins::REMOTE);
            // Also what is parsed from it: `parse(sent) if sent else now`.
            let foreign =
                |w: &NodeId| !reads(*w) && model.self_and_descendants(*w).any(|n| file.value(n).origins.any(other));
            let clock = |n: NodeId| file.resolve(n).is_some_and(|k| k.api.role == ApiRole::ClockWall);
            let now = |w: &NodeId| model.self_and_descendants(*w).any(clock);
            return ways.iter().any(now) && ways.iter().any(foreign);
        }
        let mut sides = model.children_with(v, Role::Operand);
        matches!(model.name(v), "||" | "??")
            && sides.next().is_some_and(|s| elsewhere(&file.value(s)) || awaited(s))
            && sides.next().is_some_and(reads)
    };
    // `if sent is None: sent = now`
    let filled_in = |name: NodeId, store: &Store| {
        // What a branch declares for its own condition fills in nothing.
        let around = model.enclosing(store.at, Kind::If);
        let inside = |i: &NodeId| model.child(*i, Role::Then).is_some_and(|t| model.contains(t, store.at));
        let branch = around.filter(inside).and_then(|i| model.child(i, Role::Condition));
        let asked = |c: NodeId| {
            let mut inside = model.self_and_descendants(c);
            inside.any(|n| model.kind(n) == Kind::Name && model.sym(n) == model.sym(name))
        };
        // `if now - last > period: last = now` asks how long it was, not whether there is one.
        store.value.is_some_and(reads) && branch.is_some_and(|b| asked(b) && !model.contains(b, id))
    };
    let named = |n: &NodeId| matches!(model.kind(*n), Kind::Name | Kind::Member);
    // `seen.deadline`, where the class sets `self.deadline = self.seen + lifetime`.
    let stores_of = |n: NodeId| -> Vec<Store> {
        let own = file.stores_of(n);
        if !own.is_empty() || model.kind(n) != Kind::Member {
            return own.to_vec();
        }
        file.tables.classes.iter().filter_map(|c| c.fields.get(&model.sym(n))).flatten().copied().collect()
    };
    let mut parts: Vec<NodeId> = model.descendants(id).filter(named).collect();
    let sums = |v: &NodeId| model.kind(*v) == Kind::Binary;
    let made: Vec<NodeId> = parts.iter().flat_map(|n| stores_of(*n)).filter_map(|s| s.value).filter(sums).collect();
    parts.extend(made.into_iter().flat_map(|v| model.descendants(v)).filter(named));
    parts.into_iter().any(|name| {
        let stores = stores_of(name);
        let foreign = |s: &Store| match s.kind {
            StoreKind::Param(_) => true,
            StoreKind::Update => false,
            _ => s.value.is_some_and(|v| elsewhere(&file.value(v))),
        };
        stores.iter().filter_map(|s| s.value).any(or_now)
            || stores.iter().any(|s| filled_in(name, s)) && stores.iter().any(foreign)
    })
}

/// The age of a record: it keeps the time at which it was made or changed, for ever and on every node that reads it.
/// A monotonic mark could not take that place.
fn is_record_age(file: &Analysis<'_>, id: NodeId) -> bool {
    const MADE: [&str; 12] = [
        "create",
        "created",
        "creation",
        "modify",
        "modified",
        "submit",
        "submitted",
        "release",
        "released",
        "published",
        "birth",
        "issued",
    ];
    let model = file.model;
    let is_record = |n: NodeId| {
        let name = model.name(n);
        let stamped = has_word(name, &["updated", "changed"]) && has_word(name, &["at"]);
        // What only this process sees is no part of a record.
        (stamped || has_word(name, &MADE)) && !has_word(name, &["last"]) && !name.starts_with('_')
    };
    let names = |n: &NodeId| matches!(model.kind(*n), Kind::Name | Kind::Member);
    // A time that was read from a text came from where texts are kept.
    let parsed = |n: NodeId| {
        let parser = has_word(model.name(n), &["iso", "isoformat", "fromisoformat", "parse", "strptime", "sql"]);
        parser && model.kind(n) == Kind::Call && model.child(n, Role::Arg).is_some()
    };
    let from_text = |n: NodeId, depth: usize| {
        let mut at = n;
        (0..depth).any(|_| {
            let found = model.self_and_descendants(at).any(parsed);
            let next = model.descendants(at).chain([at]).find(|d| {
                model.kind(*d) == Kind::Name && model.role(*d) != Role::Target && file.condition_source(*d) != *d
            });
            at = next.map_or(at, |d| file.condition_source(d));
            found
        })
    };
    if model.children_with(id, Role::Operand).any(|o| from_text(o, 3)) {
        return true;
    }
    // `made := time.Unix(0, job.SubmitTime)`: the variable stands for the field.
    model.descendants(id).filter(names).any(|n| {
        let source = file.condition_source(n);
        // Taken out of a field of this object, the name says less than where it is kept.
        let own = source != n && model.self_and_descendants(source).any(|s| model.kind(s) == Kind::This);
        is_record(n) && !own || (source != n && model.self_and_descendants(source).filter(names).any(is_record))
    })
}

/// A mark that is kept as the time on the wall, `m.lastWall`, is asked how far that clock jumped.
fn is_of_wall_time(file: &Analysis<'_>, id: NodeId) -> bool {
    let model = file.model;
    model.descendants(id).any(|n| model.kind(n) == Kind::Member && has_word(model.name(n), &["wall"]))
}

/// A short function that compares the difference with how far two clocks may be apart: `delta > skew`.
fn allows_for_skew(file: &Analysis<'_>, id: NodeId) -> bool {
    const SHORT: usize = 120;
    let model = file.model;
    let Some(function) = file.function_around(id) else { return false };
    let skew = |n: NodeId| {
        matches!(model.kind(n), Kind::Name | Kind::Member) && has_word(model.name(n), &["skew", "drift", "leeway"])
    };
    model.descendants(function).count() < SHORT && model.descendants(function).any(skew)
}

/// `until = now + answer.getExpiresIn() * 1000`: how long something is good was said by who gave it.
fn is_granted(file: &Analysis<'_>, mark: NodeId) -> bool {
    let model = file.model;
    let says = |n: NodeId| words(model.name(n)).windows(2).any(|w| w[0] == "expires" && w[1] == "in");
    let mut values = file.stores_of(mark).iter().filter_map(|s| s.value);
    matches!(model.kind(mark), Kind::Name | Kind::Member)
        && values.any(|v| model.descendants(v).any(|n| model.kind(n) != Kind::Number && says(n)))
}

/// Measuring skew, detecting suspends, dates that an outside standard sets: the wall clock is the subject.
fn is_about_the_clock(file: &Analysis<'_>, id: NodeId) -> bool {
    // Tickets and certificates are dated by who gave them.
    const DATED: [&str; 6] = ["kerberos", "tgt", "jwt", "certificate", "cert", "credentials"];
    const SUBJECT: [&str; 40] = [
        "nonce",
        "jump",
        "jumped",
        "future",
        "crtime",
        "birthtime",
        "btime",
        "range",
        "seq",
        "sequence",
        "tomorrow",
        "yesterday",
        "skew",
        "drift",
        "offset",
        "suspend",
        "suspended",
        "hibernated",
        "slept",
        "standby",
        "resume",
        "resumed",
        "calendar",
        "cron",
        "midnight",
        "exp",
        "iat",
        "nbf",
        "jwt",
        "cert",
        "certificate",
        "cred",
        "creds",
        "credential",
        "credentials",
        "cookie",
        "kerberos",
        "tgt",
        "mtime",
        "ctime",
    ];
    // How long a token is good is said by who gave it.
    let token = |n: &str| {
        has_word(n, &["token", "oauth"]) && has_word(n, &["expire", "expires", "expired", "expiry", "expiration"])
    };
    let function = file.function_around(id).map_or("", |f| file.model.name(f));
    let class = file.tables.class_around(file.model, id).map_or("", |c| file.tables.classes[c as usize].name.as_str());
    let stem = file.path.rsplit('/').next().map_or("", |name| name.split('.').next().unwrap_or(name));
    has_word(function, &SUBJECT)
        || allows_for_skew(file, id)
        || is_of_wall_time(file, id)
        || has_word(stem, &["cron", "crontab", "calendar"])
        || has_word(class, &DATED)
        || has_word(class, &["sequence", "snowflake"])
        || file.model.self_and_descendants(id).any(|n| token(file.model.name(n)) || is_granted(file, n))
        || file.model.descendants(id).filter(|n| file.model.kind(*n) == Kind::Name).any(|n| {
            // `next = refreshTime(ticket)`
            let made_of =
                file.stores_of(n).iter().filter_map(|s| s.value).flat_map(|v| file.model.self_and_descendants(v));
            made_of.into_iter().any(|m| has_word(file.model.name(m), &DATED))
        })
        || file.model.self_and_descendants(id).any(|n| has_word(file.model.name(n), &SUBJECT))
}
