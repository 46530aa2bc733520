//! Work that may take longer than the lease it runs under, and leases that begin before the lock is taken.

use crate::pause::lease_not_renewed::{Kind as Lapsed, Lapse, META};
use crate::pause::lock_purpose::opaque_call;
use crate::pause::renewal::{is_renewal, names_renewal};
use timelint_diagnostics::Confidence;
use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::catalog::{ApiRole, ArgMeaning, Effect};
use timelint_semantics::{
    Analysis, Callee, How, Origins, Region, Resolved, StoreKind, has_word, is_lock_word, stated_unit, words,
};

/// A lease longer than this (in seconds) was meant for long work.
const LONG_LEASE: f64 = 300.0;
/// At most as many calls of a section are looked at.
const MOST_CALLS: usize = 400;

/// The sections of the file whose work may outlast their lease.
pub(crate) fn outlived(file: &Analysis<'_>) -> Vec<Lapse> {
    let found = |region| swapped(file, region).or_else(|| blocked(file, region)).or_else(|| judge(file, region));
    file.lock_regions().iter().filter_map(found).collect()
}

/// A program is waited for, or much is computed, in the one thread that also runs the timer which renews.
fn blocked(file: &Analysis<'_>, region: &Region<'_>) -> Option<Lapse> {
    const LONG: [&str; 6] = ["exec", "spawn", "pbkdf2", "scrypt", "gzip", "brotli"];
    let model = file.model;
    region.callback.filter(|_| region.api.api.renewed && region.api.how != How::Name)?;
    let blocks = |c: &NodeId| {
        let said = words(model.name(*c));
        said.last().is_some_and(|w| w == "sync") && said.first().is_some_and(|w| LONG.contains(&w.as_str()))
    };
    let call = file.tables.calls.iter().copied().filter(|c| region.covers(*c)).find(blocks)?;
    Some(Lapse {
        at: region.acquire,
        kind: Lapsed::Outlived,
        steps: vec![
            (region.acquire, "a timer of this process renews the lease"),
            (call, "and this lets no timer run until it has ended"),
        ],
        confidence: Confidence::Medium,
        evidence: "nothing else runs while this does".to_owned(),
        advice: None,
    })
}

/// A lease that is written down: its expression and its length in seconds where that is constant.
#[derive(Debug, Clone, Copy)]
struct Lease {
    at: NodeId,
    seconds: Option<f64>,
    /// It is handed to a function of the project, which hands it on to the library below.
    handed: bool,
}

/// The explicit lease of a section's lock, at the acquire or where the handle is made.
fn lease_of(file: &Analysis<'_>, region: &Region<'_>) -> Option<Lease> {
    if region.api.api.renewed {
        return None;
    }
    let made = || {
        let made = file.made_by(region.handle?)?;
        let known = file.resolve(made).filter(|k| !k.api.renewed && k.how != How::Name)?;
        explicit(file, made, known)
    };
    // What a function of the project is given has the places of that function, and not those of the library's.
    handed_lease(file, region).or_else(|| explicit(file, region.acquire, region.api)).or_else(made)
}

/// The lease that a function of the project takes for its lock: an argument that it, or its parameter, calls so.
fn handed_lease(file: &Analysis<'_>, region: &Region<'_>) -> Option<Lease> {
    let model = file.model;
    if !region.through_helper || model.kind(region.acquire) != Kind::Call {
        return None;
    }
    let params = file.parameter_names(region.acquire);
    let at = model.children_with(region.acquire, Role::Arg).enumerate().find_map(|(position, argument)| {
        let named = model.kind(argument) == Kind::Argument;
        let value = if named { model.child(argument, Role::Value)? } else { argument };
        let declared = params.get(position).filter(|_| !named).is_some_and(|p| names_lease(p));
        (declared || names_lease(model.name(argument))).then_some((value, position))
    });
    let (at, position) = at?;
    let name = params.get(position).map_or(model.name(at), String::as_str);
    let unit = stated_unit(name);
    let forever = file.never(at) || matches!(model.kind(at), Kind::Null | Kind::Function);
    (!forever).then(|| Lease { at, seconds: file.value(at).seconds(unit), handed: true })
}

/// Whether a name is that of the time for which a lock is held.
fn names_lease(name: &str) -> bool {
    let held =
        has_word(name, &["lock", "hold", "lease", "max"]) && has_word(name, &["time", "duration", "ms", "millis"]);
    (held || has_word(name, &["ttl", "lease", "expiry", "expire", "expires", "expiration"]))
        && !has_word(name, &["wait", "retry", "acquire", "block", "key", "name", "id"])
}

fn explicit(file: &Analysis<'_>, call: NodeId, known: Resolved<'_>) -> Option<Lease> {
    let spec = known.api.args.iter().find(|a| a.is == ArgMeaning::Lease)?;
    let at = file.argument(call, known, ArgMeaning::Lease)?;
    let value = file.value(at);
    let unit = file.argument(call, known, ArgMeaning::Unit).and_then(|u| file.unit_named_by(u)).or(spec.unit);
    let forever = value.number.is_some_and(|n| n <= 0.0 || spec.infinite.contains(&n));
    (!forever && file.model.kind(at) != Kind::Null).then(|| Lease { at, seconds: value.seconds(unit), handed: false })
}

/// `tryLock(60, 1, SECONDS)`: a long wait for a very short lease.
fn swapped(file: &Analysis<'_>, region: &Region<'_>) -> Option<Lapse> {
    const SHORT: f64 = 1.0;
    let lease = lease_of(file, region)?;
    let wait = file.argument(region.acquire, region.api, ArgMeaning::Wait)?;
    let unit = file.argument(region.acquire, region.api, ArgMeaning::Unit).and_then(|u| file.unit_named_by(u));
    let wait = file.value(wait).seconds(unit)?;
    let seconds = lease.seconds.filter(|s| *s <= SHORT && wait >= 5.0 * *s)?;
    Some(Lapse {
        at: region.acquire,
        kind: Lapsed::Swapped,
        steps: vec![(lease.at, "the lease")],
        confidence: Confidence::Medium,
        evidence: format!("waits for {wait} s and holds for {seconds} s"),
        advice: region.api.api.advice.clone(),
    })
}

fn judge(file: &Analysis<'_>, region: &Region<'_>) -> Option<Lapse> {
    let lease = lease_of(file, region)?;
    let quiet = |because, holds| file.is_silent(&META, region.acquire, because, holds);
    if quiet("something near it renews the lease, or may", is_renewed_nearby(file, region))
        || quiet("it is kept for others, who may renew it", is_kept(file, region))
        || quiet("it is taken for others, whose work is not seen", takes_for_others(file, region))
        || quiet("it is at least as long as something that is computed", at_least(file, lease.at))
    {
        return None;
    }
    let work = work_of(file, region);
    let outlived = verdict(&lease, &work).or_else(|| callers(file, region, &lease));
    quiet("nothing under it is seen to take longer than the lease", outlived.is_none());
    let (at, text, evidence, mut confidence) = outlived?;
    if region.api.how == How::Name || region.through_helper && !lease.handed {
        confidence = confidence.min(Confidence::Low);
    }
    let steps = vec![(region.acquire, "the lease begins"), (at, text)];
    let advice = region.api.api.advice.clone();
    Some(Lapse { at: region.acquire, kind: Lapsed::Outlived, steps, confidence, evidence, advice })
}

/// `max(300, self.time_limit)`: the lease was made to outlast what is limited so.
fn at_least(file: &Analysis<'_>, lease: NodeId) -> bool {
    let model = file.model;
    let source = file.condition_source(lease);
    model.kind(source) == Kind::Call
        && model.name(source).eq_ignore_ascii_case("max")
        && model.children_with(source, Role::Arg).any(|a| file.value(a).number.is_none())
}

/// The section stands in a method that itself takes a lock of a project's own: what follows is still the taking.
fn takes_for_others(file: &Analysis<'_>, region: &Region<'_>) -> bool {
    const TAKES: [&str; 6] = ["lock", "try", "trylock", "acquire", "obtain", "relock"];
    let first =
        file.named_function_around(region.acquire).and_then(|f| words(file.function_name(f)).into_iter().next());
    region.through_helper
        && file.class_about_locks(region.acquire)
        && first.is_some_and(|w| TAKES.contains(&w.as_str()))
}

/// The work is the caller's: how long it takes is not known here, and nobody renews.
fn callers(
    file: &Analysis<'_>,
    region: &Region<'_>,
    lease: &Lease,
) -> Option<(NodeId, &'static str, String, Confidence)> {
    let call = opaque_call(file, region)?;
    let long = lease.seconds.is_some_and(|s| s > LONG_LEASE);
    // Whoever describes the work may say how long it takes (an annotation, an option), and a cache is filled again at worst.
    let stores = file.stores_of(lease.at);
    let plain = file.model.kind(lease.at) == Kind::Name && stores.iter().all(|s| matches!(s.kind, StoreKind::Param(_)));
    let described = file.model.kind(lease.at) == Kind::Call || file.value(lease.at).origins.any(Origins::PARAM);
    let chosen = lease.seconds.is_none() && !plain && described;
    let saves_work = file.lock_texts(region).iter().any(|t| has_word(t, &["cache", "cached", "caches"]));
    let confidence = if long || chosen || saves_work { Confidence::Low } else { Confidence::Medium };
    let evidence = "the code that runs under the lease is the caller's".to_owned();
    Some((call, "the caller's code takes as long as it takes", evidence, confidence))
}

/// What runs under a lease.
#[derive(Debug, Default)]
struct Work {
    /// Constant times that it may take: the sum in seconds, and the longest of them.
    known: f64,
    longest: Option<NodeId>,
    /// A request to another service inside a loop.
    repeated: Option<NodeId>,
    /// Requests to other services.
    requests: Vec<NodeId>,
}

fn work_of(file: &Analysis<'_>, region: &Region<'_>) -> Work {
    let model = file.model;
    let mut work = Work::default();
    let calls = file.tables.calls_between(region.from, region.to).iter().copied().take(MOST_CALLS);
    for call in calls.filter(|c| *c != region.acquire) {
        let concurrent = model.ancestors(call).take_while(|a| *a >= region.from).any(|a| model.kind(a) == Kind::Spawn);
        if concurrent {
            continue;
        }
        if let Some(seconds) = own_time(file, call) {
            work.known += seconds;
            work.longest = work.longest.or(Some(call));
        }
        let round = || model.ancestors(call).take_while(|a| *a >= region.from).any(|a| model.kind(a) == Kind::Loop);
        if work.repeated.is_none() && (is_round_trip(file, call, 1) && round() || repeats_round_trips(file, call)) {
            work.repeated = Some(call);
        }
        if is_request(file, call, 1) {
            work.requests.push(call);
        }
    }
    work
}

/// A function of this file that is called goes through things and asks another machine for each.
fn repeats_round_trips(file: &Analysis<'_>, call: NodeId) -> bool {
    let Some(Callee::Here(function)) = file.callee(call) else { return false };
    let below = file.calls_below(function).iter().copied().take(MOST_CALLS);
    let repeated = |c: NodeId| file.in_loop(c).is_some_and(|l| file.model.contains(function, l));
    below.into_iter().any(|c| repeated(c) && is_round_trip(file, c, 1))
}

/// A call that waits for another machine, itself or in a function of this file: a request, or a write to a store.
fn is_round_trip(file: &Analysis<'_>, call: NodeId, depth: usize) -> bool {
    let of_store = |c: NodeId| {
        file.resolve(c).is_some_and(|k| {
            k.how != How::Name
                && k.api.role == ApiRole::Write
                && k.api.scope.is_none()
                && k.api.effect == Some(Effect::State)
        })
    };
    let inner = || match file.callee(call) {
        Some(Callee::Here(function)) if depth > 0 => {
            file.calls_below(function).iter().take(MOST_CALLS).any(|c| of_store(*c))
        }
        _ => false,
    };
    is_request(file, call, depth) || of_store(call) || inner()
}

/// The constant time that a call may take by itself: a sleep, a wait, a request with a timeout.
fn own_time(file: &Analysis<'_>, call: NodeId) -> Option<f64> {
    let known = file.resolve(call).filter(|k| k.how != How::Name)?;
    let meaning = match known.api.role {
        ApiRole::Sleep => ArgMeaning::Amount,
        ApiRole::RemoteCall | ApiRole::Await | ApiRole::Write => ArgMeaning::Timeout,
        _ => return None,
    };
    let spec = known.api.args.iter().find(|a| a.is == meaning);
    let at = file
        .argument(call, known, meaning)
        .or_else(|| (known.api.role == ApiRole::Sleep).then(|| file.model.child(call, Role::Arg)).flatten())?;
    let value = file.value(at);
    let unit = file.argument(call, known, ArgMeaning::Unit).and_then(|u| file.unit_named_by(u));
    value.seconds(unit.or(spec.and_then(|s| s.unit)).or(known.api.unit))
}

/// A request that leaves for another service, itself or in a function of this file.
fn is_request(file: &Analysis<'_>, call: NodeId, depth: usize) -> bool {
    match file.resolve(call) {
        Some(known) if known.how != How::Name => {
            known.api.role == ApiRole::RemoteCall
                || known.api.role == ApiRole::Write && known.api.effect == Some(Effect::External)
        }
        _ if depth == 0 => false,
        _ => match file.callee(call) {
            Some(Callee::Here(function)) => {
                file.calls_below(function).iter().take(MOST_CALLS).any(|c| is_request(file, *c, depth - 1))
            }
            _ => false,
        },
    }
}

fn verdict(lease: &Lease, work: &Work) -> Option<(NodeId, &'static str, String, Confidence)> {
    if let (Some(seconds), Some(at)) = (lease.seconds, work.longest)
        && work.known >= seconds
    {
        let evidence = format!("the work may take {} s by its own constants, the lease lasts {seconds} s", work.known);
        return Some((at, "this alone may take as long as the lease", evidence, Confidence::High));
    }
    let long = lease.seconds.is_some_and(|s| s > LONG_LEASE);
    let lower = |c: Confidence| if long { Confidence::Low } else { c };
    if let Some(at) = work.repeated {
        let evidence = "requests in a loop take as long as there are rounds".to_owned();
        return Some((
            at,
            "each round takes a request's time while the lease runs",
            evidence,
            lower(Confidence::Medium),
        ));
    }
    match work.requests[..] {
        [] => None,
        [at] => Some((at, "how long this takes is up to another service", "one request".to_owned(), Confidence::Low)),
        [at, ..] => {
            let evidence = format!("{} requests to other services", work.requests.len());
            Some((at, "how long this and the next take is up to other services", evidence, lower(Confidence::Medium)))
        }
    }
}

/// Tried and never given back: the lease itself spaces the runs, and is not meant to cover one.
fn is_kept(file: &Analysis<'_>, region: &Region<'_>) -> bool {
    let model = file.model;
    let scoped = model.ancestors(region.acquire).any(|a| model.kind(a) == Kind::WithItem);
    if scoped || !matches!(region.api.api.role, ApiRole::LockTry | ApiRole::LockAcquire) {
        return false;
    }
    let function = file.function_around(region.acquire).unwrap_or(model.root());
    let gives_back = |c: NodeId| file.releases(c) || has_word(model.name(c), &["release", "unlock", "close"]);
    !file.tables.calls.iter().any(|c| model.contains(function, *c) && gives_back(*c))
}

/// Something renews in the function of the lock; in its class, where the lock is a field.
fn is_renewed_nearby(file: &Analysis<'_>, region: &Region<'_>) -> bool {
    let model = file.model;
    let shared = region.handle.is_some_and(|h| model.kind(h) == Kind::Member);
    let around = model
        .ancestors(region.acquire)
        .filter(|a| model.kind(*a) == Kind::Function || shared && model.kind(*a) == Kind::Class);
    let range = model.self_and_descendants(around.last().unwrap_or(model.root()));
    let named = |n: NodeId| match model.kind(n) {
        Kind::Call => is_renewal(file, n),
        Kind::Name | Kind::Member | Kind::Argument | Kind::Entry => names_renewal(model.name(n)),
        _ => false,
    };
    range.into_iter().any(named)
}

/// Leases that are made once before a loop that tries to take something with them, and are not kept alive meanwhile.
pub(crate) fn early_leases(file: &Analysis<'_>) -> Vec<Lapse> {
    let calls = file.tables.calls.iter().copied().filter(|c| makes_lease(file, *c));
    calls.filter_map(|c| early(file, c)).collect()
}

fn early(file: &Analysis<'_>, made: NodeId) -> Option<Lapse> {
    let model = file.model;
    let function = file.function_around(made)?;
    let takes = has_word(model.name(function), &["acquire", "lock", "obtain", "campaign", "elect", "register", "join"]);
    let stored = model
        .ancestors(made)
        .take_while(|a| *a > function)
        .find(|a| matches!(model.kind(*a), Kind::Let | Kind::Assign))?;
    let target = model.child(stored, Role::Target).filter(|t| matches!(model.kind(*t), Kind::Name | Kind::Member))?;
    if let Some(late) = takes.then(|| kept_late(file, function, made, target)).flatten() {
        return Some(late);
    }
    if !takes
        || file.in_loop(made).is_some()
        || model.descendants(function).any(|n| model.kind(n) == Kind::Call && is_renewal(file, n))
    {
        return None;
    }
    let end = model.end(function);
    let loops = (model.end(stored).0..end.0).map(NodeId).filter(|n| model.kind(*n) == Kind::Loop);
    let round = loops.into_iter().find(|l| {
        let uses =
            model.descendants(*l).any(|n| model.kind(n) == model.kind(target) && model.sym(n) == model.sym(target));
        let waits = file.tables.calls.iter().any(|c| model.contains(*l, *c) && is_wait(file, *c));
        uses && waits
    })?;
    Some(Lapse {
        at: made,
        kind: Lapsed::Early,
        steps: vec![(made, "the lease begins to run"), (round, "and this loop waits until it can be used")],
        confidence: Confidence::Medium,
        evidence: "the lease is made once, before the attempts".to_owned(),
        advice: None,
    })
}

/// The lease is handed to a lock that is waited for, and kept alive only behind that.
fn kept_late(file: &Analysis<'_>, function: NodeId, made: NodeId, lease: NodeId) -> Option<Lapse> {
    let model = file.model;
    let inside = || file.tables.calls.iter().copied().filter(|c| *c > made && model.contains(function, *c));
    let given = |c: &NodeId| {
        model
            .children_with(*c, Role::Arg)
            .any(|a| model.kind(a) == model.kind(lease) && model.sym(a) == model.sym(lease))
    };
    let takes = |c: &NodeId| {
        file.resolve(*c)
            .is_some_and(|k| k.how != How::Name && matches!(k.api.role, ApiRole::LockAcquire | ApiRole::LockTry))
    };
    let waits = inside().find(|c| given(c) && takes(c))?;
    let keeps = inside().find(|c| given(c) && is_renewal(file, *c))?;
    (model.end(waits) <= keeps && model.sym(waits) != model.sym(keeps)).then(|| Lapse {
        at: made,
        kind: Lapsed::Early,
        steps: vec![
            (made, "the lease begins to run"),
            (waits, "this waits until the lock is free"),
            (keeps, "and only then is the lease kept alive"),
        ],
        confidence: Confidence::Medium,
        evidence: "the lease is kept alive only behind the wait".to_owned(),
        advice: None,
    })
}

fn is_wait(file: &Analysis<'_>, call: NodeId) -> bool {
    match file.resolve(call) {
        Some(known) if known.how != How::Name => matches!(known.api.role, ApiRole::Sleep | ApiRole::Await),
        _ => has_word(file.model.name(call), &["sleep", "wait"]),
    }
}

/// `client.lease(ttl)`, `lease.grant(ttl)`, `session.create(ttl=..)`.
pub(crate) fn makes_lease(file: &Analysis<'_>, call: NodeId) -> bool {
    let model = file.model;
    let name = model.name(call);
    if model.kind(call) != Kind::Call || model.child(call, Role::Arg).is_none() {
        return false;
    }
    let on = |list: &[&str]| model.child(call, Role::Receiver).is_some_and(|r| has_word(model.name(r), list));
    match name {
        "lease" => on(&["client", "etcd", "coord"]),
        "grant" | "Grant" => on(&["lease", "client", "etcd", "cli", "leaser", "lessor"]),
        "grantLease" | "createLease" | "create_lease" | "grant_lease" | "LeaseGrant" => true,
        "create" | "Create" => on(&["session", "sessions"]) && !is_lock_word(name),
        _ => false,
    }
}
