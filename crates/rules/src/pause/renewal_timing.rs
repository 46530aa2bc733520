//! Renewals at the wrong time: too late, too long, or ended before the work.

use crate::pause::lease_not_renewed::{Kind as Lapsed, Lapse};
use crate::pause::outlived_lease::makes_lease;
use crate::pause::renewal::{is_renewal, names_renewal};
use timelint_diagnostics::Confidence;
use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::catalog::{ApiRole, ArgMeaning};
use timelint_semantics::{Analysis, Command, Expiry, How, KeyCommand, has_word};

/// A renewal that begins later than this part of the lease leaves no time for a second try.
const LATEST: f64 = 0.75;
/// The same for a lease that is a number of pauses: with less than two, the first renewal that is late or lost is the last.
const LATEST_COUNTED: f64 = 0.6;

/// All of the file.
pub(crate) fn mistimed_renewals(file: &Analysis<'_>) -> Vec<Lapse> {
    let calls = file.tables.calls.iter().copied();
    calls
        .filter_map(|c| {
            late(file, c)
                .or_else(|| part_of_lease(file, c))
                .or_else(|| whole_lease(file, c))
                .or_else(|| whole_term(file, c))
                .or_else(|| grows(file, c))
                .or_else(|| ends_first(file, c))
        })
        .collect()
}

/// Loops and timers that renew no sooner than the lease ends, by their constants.
fn late(file: &Analysis<'_>, renewal: NodeId) -> Option<Lapse> {
    let known = file.resolve(renewal).filter(|k| k.how != How::Name);
    let extended = || {
        let known = known.filter(|k| k.api.role == ApiRole::LockExtend)?;
        let unit = known.api.args.iter().find(|a| a.is == ArgMeaning::Lease).and_then(|a| a.unit);
        file.value(file.argument(renewal, known, ArgMeaning::Lease)?).seconds(unit)
    };
    let kept = || {
        let beats = prolongs_key(file, renewal) || beats_key(file, renewal);
        file.key_command(renewal).filter(|_| beats).and_then(|c| file.lives_for(&c))
    };
    let lease = extended().or_else(kept)?;
    let (at, seconds) = pauses(file, renewal).into_iter().find_map(|p| Some((p, seconds_of(file, p)?)))?;
    (lease > 0.0 && seconds >= LATEST * lease).then(|| Lapse {
        at: renewal,
        kind: Lapsed::Late,
        steps: vec![(at, "the pause between two renewals"), (renewal, "and the lease that it renews")],
        confidence: if known.is_some() { Confidence::High } else { Confidence::Medium },
        evidence: format!("renews every {seconds} s and more, for {lease} s"),
        advice: None,
    })
}

/// The length of a pause that a known call is given.
fn seconds_of(file: &Analysis<'_>, pause: NodeId) -> Option<f64> {
    let model = file.model;
    let argument = model.parent(pause).filter(|p| model.kind(*p) == Kind::Argument).unwrap_or(pause);
    let call = model.parent(argument)?;
    let known = file.resolve(call).filter(|k| k.how != How::Name)?;
    let timed = matches!(known.api.role, ApiRole::Sleep | ApiRole::Schedule | ApiRole::Await);
    let spec = known.api.args.iter().find(|a| a.is == ArgMeaning::Amount);
    let given = spec.is_none() || file.argument(call, known, ArgMeaning::Amount) == Some(pause);
    let stated = file.argument(call, known, ArgMeaning::Unit).and_then(|u| file.unit_named_by(u));
    let unit = stated.or(spec.and_then(|s| s.unit)).or(known.api.unit);
    (timed && given).then(|| file.value(pause).seconds(unit)).flatten()
}

/// `redis.set("alive:" + me, "1", ex=30)` in a function that is called a heartbeat.
fn beats_key(file: &Analysis<'_>, call: NodeId) -> bool {
    let writes = |c: &KeyCommand| c.command == Command::Set && c.expiry == Expiry::Given;
    file.key_command(call).is_some_and(|c| writes(&c))
        && file.named_function_around(call).is_some_and(|f| names_renewal(file.function_name(f)))
}

/// `renew(id, ttl); sleep(ttl * 0.9)`, `setInterval(() => redis.pexpire(key, TTL), TTL)`, `pexpire(key, beat * 1.5)` every
/// `beat`: the lease and the pause are parts of the same length.
fn part_of_lease(file: &Analysis<'_>, renewal: NodeId) -> Option<Lapse> {
    let model = file.model;
    if model.kind(renewal) != Kind::Call || !is_renewal(file, renewal) && !prolongs_key(file, renewal) {
        return None;
    }
    let lengths: Vec<(f64, NodeId)> = model
        .children_with(renewal, Role::Arg)
        .map(|a| model.child(a, Role::Value).filter(|_| model.kind(a) == Kind::Argument).unwrap_or(a))
        .map(|a| factor_of(file, a))
        .filter(|(factor, length)| *factor > 0.0 && matches!(model.kind(*length), Kind::Name | Kind::Member))
        .collect();
    let (pause, part) = pauses(file, renewal).into_iter().find_map(|p| {
        let (factor, length) = factor_of(file, p);
        let (lease, _) = lengths.iter().find(|(_, l)| file.same_key(*l, length))?;
        let part = factor / lease;
        // A lease that is counted in pauses is one, whatever the length is called.
        let late =
            if *lease > 1.0 { part > LATEST_COUNTED } else { part >= LATEST && is_lease_length(file, length, part) };
        late.then_some((p, part))
    })?;
    Some(Lapse {
        at: renewal,
        kind: Lapsed::Late,
        steps: vec![(renewal, "the lease that is renewed"), (pause, "and the pause between two renewals")],
        confidence: Confidence::Medium,
        evidence: format!("the pause is {part:.2} of the lease"),
        advice: None,
    })
}

/// `lease = client.lease(TTL)` and `while not stopped.wait(TTL): lease.refresh()`: the pause is the length that the lease
/// was taken for.
fn whole_lease(file: &Analysis<'_>, renewal: NodeId) -> Option<Lapse> {
    let model = file.model;
    if model.kind(renewal) != Kind::Call || !is_renewal(file, renewal) {
        return None;
    }
    let class = file.tables.class_around(model, renewal);
    let begins = |c: &NodeId| {
        let taken = || {
            let all = file.key_commands();
            all.iter().any(|t| t.at == *c && file.is_own_lock(t, all))
        };
        file.tables.class_around(model, *c) == class && (makes_lease(file, *c) || taken())
    };
    let (pause, part, length) = pauses(file, renewal).into_iter().find_map(|p| {
        let (factor, length) = factor_of(file, p);
        // `EVERY = TTL`
        let (inner, behind) = match file.stores_of(length) {
            [only] => only.value.map_or((1.0, length), |v| factor_of(file, v)),
            _ => (1.0, length),
        };
        let named = matches!(model.kind(behind), Kind::Name | Kind::Member);
        let (part, length) = if named && inner > 0.0 { (factor * inner, behind) } else { (factor, length) };
        (part >= LATEST && is_lease_length(file, length, part)).then_some((p, part, length))
    })?;
    let given = |c: &NodeId| {
        let args = model.children_with(*c, Role::Arg).flat_map(|a| model.self_and_descendants(a));
        args.into_iter().any(|n| matches!(model.kind(n), Kind::Name | Kind::Member) && file.same_key(n, length))
    };
    let taken = file.tables.calls.iter().copied().filter(|c| *c != renewal).find(|c| begins(c) && given(c))?;
    Some(Lapse {
        at: renewal,
        kind: Lapsed::Late,
        steps: vec![(taken, "the lease is taken for this long"), (pause, "and the pause between two renewals")],
        confidence: Confidence::Medium,
        evidence: format!("the pause is {part:.2} of the lease"),
        advice: None,
    })
}

/// A new expiry for a key that stands for a claim: by what it is called, by who takes it, by the function that does it.
fn prolongs_key(file: &Analysis<'_>, call: NodeId) -> bool {
    let Some(command) = file.key_command(call).filter(|k| k.command == Command::Expire) else { return false };
    let in_renewal = || file.named_function_around(call).is_some_and(|f| names_renewal(file.function_name(f)));
    file.is_lock_key(command.key) || in_renewal() || taken_here(file, command.key)
}

/// A length that is called a lease's; the whole of one that is called an interval is none.
fn is_lease_length(file: &Analysis<'_>, length: NodeId, factor: f64) -> bool {
    const LEASES: [&str; 9] =
        ["ttl", "lease", "expiry", "expire", "expires", "expiration", "lifetime", "validity", "timeout"];
    let name = file.model.name(length);
    let spaced = has_word(name, &["interval", "period", "delay", "every", "frequency"]);
    !spaced && (has_word(name, &LEASES) || factor < 1.0 && has_word(name, &["duration"]))
}

/// Whether the key is one that this file takes a lock with.
fn taken_here(file: &Analysis<'_>, key: NodeId) -> bool {
    let all = file.key_commands();
    all.iter().any(|t| file.is_own_lock(t, all) && file.same_key(t.key, key))
}

/// The lengths that a renewal waits for before it comes again: in its loop, of its timer, of the ticker of its loop.
fn pauses(file: &Analysis<'_>, renewal: NodeId) -> Vec<NodeId> {
    let model = file.model;
    let plain = |c: NodeId| model.children_with(c, Role::Arg).filter(|a| model.kind(*a) != Kind::Function);
    let mut found = Vec::new();
    if let Some(function) = file.function_around(renewal)
        && model.role(function) == Role::Arg
        && let Some(timer) = model.parent(function).filter(|_| file.is_timed(renewal))
    {
        found.extend(plain(timer));
    }
    // `setInterval(this.renew.bind(this), beat)`
    if let Some(function) = file.named_function_around(renewal) {
        // `@Scheduled(fixedRate = 30000)`
        found.extend(model.children_with(function, Role::Decorator).filter_map(|d| {
            let known = file.resolve(d).filter(|k| k.api.role == ApiRole::Schedule && k.how != How::Name)?;
            file.argument(d, known, ArgMeaning::Amount)
        }));
        found.extend(timers_of(file, function).flat_map(plain));
    }
    if let Some(round) = file.in_loop(renewal) {
        let waits = file.tables.calls.iter().copied().filter(|c| model.contains(round, *c));
        let waits = waits.filter(|c| has_word(model.name(*c), &["sleep", "wait", "after", "delay"]));
        found.extend(waits.flat_map(plain));
        let around = file.named_function_around(renewal).unwrap_or(model.root());
        let tickers = file.tables.calls.iter().copied().filter(|c| model.contains(around, *c));
        let ticks =
            |c: &NodeId| file.resolve(*c).is_some_and(|k| k.api.role == ApiRole::Schedule && k.how != How::Name);
        found.extend(tickers.filter(ticks).flat_map(plain));
    }
    found
}

/// The timers of the class that run a method of it again and again: `setInterval(() => this.renew(), beat)`.
pub(crate) fn timers_of<'f>(file: &'f Analysis<'_>, function: NodeId) -> impl Iterator<Item = NodeId> + 'f {
    let model = file.model;
    let named = model.text(model.sym(function));
    let class = file.tables.class_around(model, function);
    let runs = move |c: &NodeId| {
        !named.is_empty()
            && file.tables.class_around(model, *c) == class
            && file.resolve(*c).is_some_and(|k| k.api.role == ApiRole::Schedule && k.api.repeats)
            && model.child(*c, Role::Arg).is_some_and(|task| {
                let own = |n: NodeId| {
                    matches!(model.kind(n), Kind::Name | Kind::Member | Kind::Call) && model.name(n) == named
                };
                model.self_and_descendants(task).any(own)
            })
    };
    file.tables.calls.iter().copied().filter(runs)
}

/// A length as a factor and what it is a part of.
fn factor_of(file: &Analysis<'_>, length: NodeId) -> (f64, NodeId) {
    let model = file.model;
    let mut operands = model.children_with(length, Role::Operand);
    match (model.kind(length), operands.next(), operands.next()) {
        (Kind::Binary, Some(a), Some(b)) if model.name(length) == "*" => {
            let written = |n: NodeId| file.value(n).number.filter(|_| model.kind(n) == Kind::Number);
            let either = written(a).is_some() || written(b).is_some();
            let number = |n: NodeId| {
                written(n).or_else(|| file.value(n).number.filter(|_| !either && file.value(n).is_constant()))
            };
            match (number(a), number(b)) {
                (Some(f), None) => (f, b),
                (None, Some(f)) => (f, a),
                _ => (0.0, length),
            }
        }
        (Kind::Binary, Some(a), Some(b)) if model.name(length) == "/" => {
            let divisor = file.value(b).number.filter(|n| model.kind(b) == Kind::Number && *n > 0.0);
            divisor.map_or((0.0, length), |d| (1.0 / d, a))
        }
        (Kind::Name | Kind::Member, ..) => (1.0, length),
        _ => (0.0, length),
    }
}

/// `term = driver.heartbeat(); stopped.wait(term)`: the next renewal is due when all of the term has passed.
fn whole_term(file: &Analysis<'_>, wait: NodeId) -> Option<Lapse> {
    let model = file.model;
    if !has_word(model.name(wait), &["wait", "sleep"]) {
        return None;
    }
    let round = file.in_loop(wait)?;
    let mut args = model.children_with(wait, Role::Arg);
    let pause = args.next().filter(|a| model.kind(*a) == Kind::Name)?;
    let stores = model.descendants(round).filter(|n| {
        matches!(model.kind(*n), Kind::Let | Kind::Assign)
            && model
                .children_with(*n, Role::Target)
                .any(|t| model.kind(t) == Kind::Name && model.sym(t) == model.sym(pause))
    });
    let stores: Vec<NodeId> = stores.collect();
    let renewal = match stores[..] {
        [only] => model.child(only, Role::Value).filter(|v| model.kind(*v) == Kind::Call && is_renewal(file, *v))?,
        _ => return None,
    };
    Some(Lapse {
        at: wait,
        kind: Lapsed::Late,
        steps: vec![
            (renewal, "the renewal says how long it holds"),
            (wait, "and all of that is waited before the next"),
        ],
        confidence: Confidence::Medium,
        evidence: "nothing is taken off for the renewal itself, or for being late".to_owned(),
        advice: None,
    })
}

/// `lock.extend(lock.timeout)`: adds a whole term to what is left of the last.
fn grows(file: &Analysis<'_>, renewal: NodeId) -> Option<Lapse> {
    let model = file.model;
    let function =
        file.function_around(renewal).filter(|f| names_renewal(model.name(*f)) || file.in_loop(renewal).is_some())?;
    let receiver = model.child(renewal, Role::Receiver).filter(|_| model.name(renewal) == "extend")?;
    let mut args = model.children_with(renewal, Role::Arg);
    let whole =
        args.next().filter(|a| model.kind(*a) == Kind::Member && has_word(model.name(*a), &["timeout", "ttl"]))?;
    let own = model.child(whole, Role::Object).filter(|o| file.text(*o) == file.text(receiver))?;
    args.next().is_none().then(|| Lapse {
        at: renewal,
        kind: Lapsed::Grows,
        steps: vec![
            (function, "this runs again and again"),
            (own, "each time the whole term is added to what is left"),
        ],
        confidence: Confidence::Medium,
        evidence: "extends by the lock's own term".to_owned(),
        advice: None,
    })
}

/// `if (!this.closing) { timer = setTimeout(() => extendLocks(jobs)) }`: renewing ends when closing begins.
fn ends_first(file: &Analysis<'_>, renewal: NodeId) -> Option<Lapse> {
    const BEGUN: [&str; 6] = ["closing", "stopping", "terminating", "draining", "shutting", "exiting"];
    let model = file.model;
    let name = model.name(renewal);
    if !has_word(name, &["extend", "renew"]) || !has_word(name, &["lock", "locks", "lease", "leases"]) {
        return None;
    }
    let callback = file.function_around(renewal).filter(|f| model.role(*f) == Role::Arg)?;
    let timer = model.parent(callback).filter(|p| model.kind(*p) == Kind::Call)?;
    let scheduled = file.resolve(timer).is_some_and(|k| k.api.role == ApiRole::Schedule)
        || has_word(model.name(timer), &["timeout", "interval", "schedule", "timer"]);
    let guard = file.guards(timer).into_iter().find(|g| {
        !g.holds
            && matches!(model.kind(g.condition), Kind::Name | Kind::Member)
            && has_word(model.name(g.condition), &BEGUN)
    })?;
    scheduled.then(|| Lapse {
        at: timer,
        kind: Lapsed::EndsFirst,
        steps: vec![
            (guard.condition, "from when closing begins on, no timer is set"),
            (renewal, "and nothing renews any more"),
        ],
        confidence: Confidence::Medium,
        evidence: "the flag says that closing has begun, not that the work has ended".to_owned(),
        advice: None,
    })
}
