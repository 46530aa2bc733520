//! Heartbeats that do not keep what they are for: sessions that are to be renewed by hand and are not while the work under
//! them runs, and heartbeats of leased records that leave the end of the lease where it is.

use crate::pause::lease_not_renewed::{Kind as Lapsed, Lapse};
use crate::pause::outlived_lease::makes_lease;
use crate::pause::renewal::names_renewal;
use timelint_diagnostics::Confidence;
use timelint_model::{Kind, NodeId, Role, Sym};
use timelint_semantics::catalog::{ApiRole, ArgMeaning};
use timelint_semantics::{Analysis, Callee, How, Origins, has_word};

/// Words of a function that leases a record to whoever asks.
const LEASES: [&str; 8] = ["lease", "claim", "acquire", "reserve", "checkout", "lock", "pop", "take"];

/// All of the file.
pub(crate) fn own_beats(file: &Analysis<'_>) -> Vec<Lapse> {
    let calls = file.tables.calls.iter().copied();
    let mut lapses: Vec<Lapse> = calls.filter_map(|c| unkept(file, c)).collect();
    lapses.extend(file.tables.functions.iter().filter_map(|f| left_as_it_is(file, f.node)));
    if !file.says(&["alive", "keepalive", "renew", "renewal", "heartbeat", "refresh", "ticker", "timer", "interval"]) {
        lapses.extend(file.tables.calls.iter().filter_map(|c| never_kept(file, *c)));
    }
    lapses
}

/// `coordinator.start()` without its heart, where locks of the coordinator are taken, and `heartbeat()` comes between them.
fn unkept(file: &Analysis<'_>, start: NodeId) -> Option<Lapse> {
    let model = file.model;
    let known = file.resolve(start).filter(|k| !k.api.beats.is_empty() && k.how != How::Name)?;
    let is_off = |a: NodeId| {
        let value = model.child(a, Role::Value).filter(|_| model.kind(a) == Kind::Argument).unwrap_or(a);
        model.name(value).eq_ignore_ascii_case("false")
    };
    if !model.children_with(start, Role::Arg).all(is_off) {
        return None;
    }
    let session = model.sym(model.child(start, Role::Receiver)?);
    let on_session = |c: &NodeId| model.child(*c, Role::Receiver).is_some_and(|r| model.sym(r) == session);
    let calls = || file.tables.calls.iter().copied().filter(on_session);
    let lock = calls().find(|c| file.resolve(*c).is_some_and(|k| k.api.role == ApiRole::LockNew))?;
    let mut beats = calls().filter(|c| known.api.beats.iter().any(|b| b == model.name(*c)));
    let (at, text) = match beats.next() {
        None => (lock, "its locks are taken, and nothing here keeps them alive"),
        Some(beat) => {
            // In a function of its own it may run beside the work.
            let takes = |f: NodeId| {
                let below = file.calls_below(f).iter().copied();
                below.into_iter().any(|c| file.resolve(c).is_some_and(|k| k.api.role == ApiRole::LockAcquire))
            };
            let between = |b: NodeId| file.in_loop(b).is_some() && file.function_around(b).is_some_and(takes);
            (between(beat) && beats.all(between))
                .then_some((beat, "its locks are kept alive only here, between two pieces of work"))?
        }
    };
    Some(Lapse {
        at: start,
        kind: Lapsed::Between,
        steps: vec![(start, "the session begins, without a heartbeat of its own"), (at, text)],
        confidence: Confidence::Medium,
        evidence: "nothing renews while the work runs".to_owned(),
        advice: known.api.advice.clone(),
    })
}

/// `lease = client.Grant(ctx, 10)`, with which this process says that it is there or leads, once, in a file in which nothing
/// keeps anything alive.
fn never_kept(file: &Analysis<'_>, grant: NodeId) -> Option<Lapse> {
    const ENTERS: [&str; 12] = [
        "register",
        "registration",
        "announce",
        "advertise",
        "join",
        "campaign",
        "elect",
        "lead",
        "leader",
        "lock",
        "acquire",
        "publish",
    ];
    let model = file.model;
    let known =
        file.resolve(grant).filter(|k| k.how != How::Name && k.api.role == ApiRole::LockNew && !k.api.renewed)?;
    file.argument(grant, known, ArgMeaning::Lease)?;
    let function = file.named_function_around(grant)?;
    if !makes_lease(file, grant) || !has_word(file.function_name(function), &ENTERS) || file.in_loop(grant).is_some() {
        return None;
    }
    let statement = model.ancestors(grant).take(3).find(|a| matches!(model.kind(*a), Kind::Let | Kind::Assign))?;
    let target = model.child(statement, Role::Target).filter(|t| model.kind(*t) == Kind::Name)?;
    let reads = file.reads_of(target);
    // Whoever else gets it may keep it.
    let leaves = |r: &NodeId| {
        let up = model.ancestors(*r).take_while(|a| *a > function && model.kind(*a) != Kind::Call);
        up.into_iter().any(|a| matches!(model.kind(a), Kind::Return | Kind::Assign | Kind::Entry | Kind::Spawn))
    };
    let used = reads.iter().copied().find_map(|r| {
        let up = model.ancestors(r).take_while(|a| *a > function).filter(|a| model.kind(*a) == Kind::Call);
        up.into_iter().find(|c| file.resolve(*c).is_some_and(|k| k.how != How::Name && k.api.role == ApiRole::Write))
    })?;
    let foreign = |r: &NodeId| {
        let call = model.ancestors(*r).take_while(|a| *a > function).find(|a| model.kind(*a) == Kind::Call);
        call.is_some_and(|c| file.callee(c).is_some())
    };
    let again = file.calls_to(function).into_iter().any(|c| file.in_loop(c).is_some() || file.is_timed(c));
    (!again && !reads.iter().any(|r| leaves(r) || foreign(r))).then(|| Lapse {
        at: grant,
        kind: Lapsed::Never,
        steps: vec![(grant, "the lease begins to run"), (used, "and what hangs on it goes away when it ends")],
        confidence: Confidence::Medium,
        evidence: "nothing in this file keeps a lease alive".to_owned(),
        advice: known.api.advice.clone(),
    })
}

/// `heartbeat()` that writes to a record of which the end of its lease is a field, and not to that field.
fn left_as_it_is(file: &Analysis<'_>, beat: NodeId) -> Option<Lapse> {
    let model = file.model;
    let name = file.function_name(beat);
    if !names_renewal(name) || has_word(name, &["check", "is", "get", "on", "last", "handle"]) {
        return None;
    }
    let stored = fields_stored(file, beat);
    let first = stored.first()?.1;
    let (leased, term) = file.tables.functions.iter().filter(|f| f.node != beat).find_map(|f| {
        let leases = has_word(file.function_name(f.node), &LEASES);
        let ends = leases.then(|| fields_stored(file, f.node))?;
        let mut ends = ends.into_iter().filter(|(field, at)| is_term(file, *at) && is_compared(file, *field));
        ends.next().map(|(field, at)| (at, field))
    })?;
    // It writes to records of the same kind: one of its fields is set where the lease is given, too.
    let given = file.function_around(leased)?;
    let alike = stored.iter().any(|(field, _)| fields_stored(file, given).iter().any(|(f, _)| f == field));
    let called = || {
        let below = file.calls_below(beat).iter().copied();
        below.into_iter().any(|c| {
            let inner = match file.callee(c) {
                Some(Callee::Here(f)) => fields_stored(file, f).iter().any(|(f, _)| *f == term),
                _ => false,
            };
            inner || model.children_with(c, Role::Arg).any(|a| model.sym(a) == term)
        })
    };
    (alike && !stored.iter().any(|(field, _)| *field == term) && !called()).then(|| Lapse {
        at: first,
        kind: Lapsed::Unmoved,
        steps: vec![
            (leased, "the end of the lease is written here"),
            (first, "and not here, where its holder says that it is alive"),
        ],
        confidence: Confidence::Medium,
        evidence: format!("`{}` is left as it is", model.text(term)),
        advice: None,
    })
}

/// The fields of objects other than `self` that a function stores to, with the store.
fn fields_stored(file: &Analysis<'_>, function: NodeId) -> Vec<(Sym, NodeId)> {
    let model = file.model;
    let stores = model.descendants(function).filter(|n| model.kind(*n) == Kind::Assign && model.name(*n) == "=");
    stores
        .filter_map(|a| {
            let target = model.child(a, Role::Target).filter(|t| model.kind(*t) == Kind::Member)?;
            let object = model.child(target, Role::Object).filter(|o| model.kind(*o) == Kind::Name)?;
            (!file.tables.is_this(model, object)).then_some((model.sym(target), a))
        })
        .collect()
}

/// A moment from now.
fn is_term(file: &Analysis<'_>, store: NodeId) -> bool {
    let model = file.model;
    let Some(value) = model.child(store, Role::Value) else { return false };
    let source = file.condition_source(value);
    model.kind(source) == Kind::Binary && model.name(source) == "+" && file.value(source).origins.any(Origins::CLOCKS)
}

/// A field that is compared with the time somewhere, to see whether the lease is over.
fn is_compared(file: &Analysis<'_>, field: Sym) -> bool {
    let model = file.model;
    model.ids().any(|n| {
        model.kind(n) == Kind::Binary && matches!(model.name(n), "<" | "<=" | ">" | ">=") && {
            let operands: Vec<NodeId> = model.children_with(n, Role::Operand).collect();
            let is_field = |o: &NodeId| model.kind(*o) == Kind::Member && model.sym(*o) == field;
            operands.iter().any(is_field) && operands.iter().any(|o| file.value(*o).origins.any(Origins::CLOCKS))
        }
    })
}
