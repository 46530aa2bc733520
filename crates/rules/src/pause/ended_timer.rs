//! Renewals that the first exception of the wrong kind ends, silently: in a timer that drops a task which threw, in a task
//! whose outcome nobody looks at.

use crate::pause::dropped_renewal::is_claim_renewal;
use crate::pause::lease_not_renewed::{Kind as Lapsed, Lapse};
use crate::pause::renewal::names_renewal;
use timelint_diagnostics::Confidence;
use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::catalog::{ApiRole, ArgMeaning};
use timelint_semantics::{Analysis, Callee, Command, How, has_word};

/// Functions deep that a timer's task is followed.
const DEPTH: usize = 2;

/// All of the file.
pub(crate) fn ended_timers(file: &Analysis<'_>) -> Vec<Lapse> {
    let calls = || file.tables.calls.iter().copied();
    let mut lapses: Vec<Lapse> = calls().filter_map(|c| ended(file, c)).collect();
    lapses.extend(file.tables.functions.iter().filter_map(|f| narrowly_guarded(file, f.node)));
    lapses.extend(calls().filter_map(|c| rearmed_behind(file, c)));
    lapses
}

/// `scheduler.scheduleAtFixedRate(() -> lease.renew(), ..)`
fn ended(file: &Analysis<'_>, timer: NodeId) -> Option<Lapse> {
    let known = file.resolve(timer).filter(|k| k.api.ends_on_throw && k.how != How::Name)?;
    let task = file.argument(timer, known, ArgMeaning::Callback)?;
    let (from, to) = task_of(file, task)?;
    let renewal = open_renewal(file, from, to, DEPTH)?;
    Some(Lapse {
        at: renewal,
        kind: Lapsed::Cut,
        steps: vec![
            (timer, "this runs its task until it throws once"),
            (renewal, "and what is thrown here leaves the task"),
        ],
        confidence: Confidence::Medium,
        evidence: "nothing around it catches whatever may be thrown".to_owned(),
        advice: known.api.advice.clone(),
    })
}

/// `def beat(self): self.lock.extend(10); Timer(5, self.beat).start()`: what is thrown first leaves the timer unset.
fn rearmed_behind(file: &Analysis<'_>, timer: NodeId) -> Option<Lapse> {
    let model = file.model;
    let known =
        file.resolve(timer).filter(|k| k.api.role == ApiRole::Schedule && !k.api.repeats && k.how != How::Name)?;
    let function = file.named_function_around(timer).filter(|_| !file.is_cleanup(timer))?;
    let name = file.function_name(function);
    let task = file.argument(timer, known, ArgMeaning::Callback)?;
    let again = |n: NodeId| matches!(model.kind(n), Kind::Name | Kind::Member | Kind::Call) && model.name(n) == name;
    let body = model.child(function, Role::Body)?;
    if name.is_empty() || !model.self_and_descendants(task).any(again) {
        return None;
    }
    let here = |c: &NodeId| file.function_around(*c) == Some(function) && !is_caught(file, *c, body);
    let renewal =
        file.tables.calls_between(body, timer).iter().copied().filter(here).find(|c| renews_by_itself(file, *c))?;
    Some(Lapse {
        at: renewal,
        kind: Lapsed::Cut,
        steps: vec![(renewal, "what is thrown here leaves the function"), (timer, "and the next renewal is not set")],
        confidence: Confidence::Medium,
        evidence: "nothing around it catches whatever may be thrown".to_owned(),
        advice: None,
    })
}

/// The statements of a task: a function, a named one, the `run` of an object that is made here.
fn task_of(file: &Analysis<'_>, task: NodeId) -> Option<(NodeId, NodeId)> {
    let model = file.model;
    let task = file.condition_source(task);
    file.body_range(task).or_else(|| {
        let made = (model.kind(task) == Kind::New).then_some(task)?;
        let run = model.descendants(made).find(|n| model.kind(*n) == Kind::Function && model.name(*n) == "run")?;
        let body = model.child(run, Role::Body)?;
        Some((body, model.end(body)))
    })
}

/// The first renewal in a range, or in a function of the file that it calls, whose failure nothing there catches.
fn open_renewal(file: &Analysis<'_>, from: NodeId, to: NodeId, depth: usize) -> Option<NodeId> {
    let model = file.model;
    let open = |c: &NodeId| model.kind(*c) == Kind::Call && !is_caught(file, *c, from);
    let calls: Vec<NodeId> = file.tables.calls_between(from, to).iter().copied().filter(open).collect();
    // A function that is called a renewal renews by whatever it sends.
    let named = model.parent(from).is_some_and(|f| names_renewal(file.function_name(f)));
    calls.into_iter().find_map(|call| {
        if renews_by_itself(file, call) || named && is_request(file, call) {
            return Some(call);
        }
        let function = match file.callee(call) {
            Some(Callee::Here(function)) if depth > 0 => function,
            _ => return None,
        };
        let body = model.child(function, Role::Body)?;
        open_renewal(file, body, model.end(body), depth - 1)
    })
}

/// A library's renewal, or one of an object of which the project does not say what it does.
fn renews_by_itself(file: &Analysis<'_>, call: NodeId) -> bool {
    let expires = || file.key_command(call).is_some_and(|k| k.command == Command::Expire && file.is_lock_key(k.key));
    is_claim_renewal(file, call) && file.callee(call).is_none() || expires()
}

fn is_request(file: &Analysis<'_>, call: NodeId) -> bool {
    file.resolve(call).is_some_and(|k| {
        k.how != How::Name && matches!(k.api.role, ApiRole::RemoteCall | ApiRole::Write | ApiRole::LockExtend)
    })
}

/// Whether a `try` between `call` and `from` catches whatever may be thrown, or a function that is handed the outcome
/// may: `const [error, lock] = await settled(lock.extend(ttl))`.
fn is_caught(file: &Analysis<'_>, call: NodeId, from: NodeId) -> bool {
    let model = file.model;
    let taker = model.parent(call).filter(|p| model.kind(*p) == Kind::Call && model.role(call) == Role::Arg);
    if taker.is_some_and(|t| file.resolve(t).is_none()) {
        return true;
    }
    let tries = model.ancestors(call).take_while(|a| *a > from).filter(|a| model.kind(*a) == Kind::Try);
    tries
        .into_iter()
        .any(|t| model.child(t, Role::Body).is_some_and(|b| model.contains(b, call)) && !is_narrow(file, t))
}

/// Whether a `try` catches nothing that a failed request throws: only an interruption, or errors that the project makes
/// itself.
pub(crate) fn is_narrow(file: &Analysis<'_>, guarded: NodeId) -> bool {
    /// Words of errors that say that a request failed, whoever defines them.
    const REQUESTS: [&str; 17] = [
        "client",
        "api",
        "io",
        "connection",
        "network",
        "http",
        "remote",
        "transport",
        "store",
        "storage",
        "redis",
        "etcd",
        "sql",
        "database",
        "timeout",
        "request",
        "runtime",
    ];
    let model = file.model;
    let beside = |ty: NodeId| {
        let name = model.name(ty).rsplit('.').next().unwrap_or_default();
        has_word(name, &["interrupted", "cancelled", "cancellation"])
            || is_own(file, name) && !has_word(name, &REQUESTS)
    };
    let mut catches = model.children(guarded).filter(|c| model.kind(*c) == Kind::Catch).peekable();
    catches.peek().is_some()
        && catches.all(|c| {
            let mut types = model.children_with(c, Role::Type).peekable();
            types.peek().is_some() && types.all(beside)
        })
}

/// A class of the project: it is defined there, or imported from a package that begins as the file's own.
fn is_own(file: &Analysis<'_>, class: &str) -> bool {
    const SEGMENTS: usize = 3;
    let begins = |path: &str| path.split('.').take(SEGMENTS).map(str::to_owned).collect::<Vec<_>>();
    let beside = || {
        let imported = file.tables.imports.get(class)?;
        let package = file.tables.package.as_deref().map(begins).filter(|p| p.len() == SEGMENTS)?;
        Some(begins(imported) == package)
    };
    file.index().has_class(class) || beside().unwrap_or(false)
}

/// `submit(() -> renew())`, where `renew` catches errors of the project's own only.
fn narrowly_guarded(file: &Analysis<'_>, function: NodeId) -> Option<Lapse> {
    let model = file.model;
    if !names_renewal(model.name(function)) {
        return None;
    }
    let guarded = model
        .descendants(function)
        .find(|n| model.kind(*n) == Kind::Try && file.function_around(*n) == Some(function) && is_narrow(file, *n))?;
    let body = model.child(guarded, Role::Body)?;
    let mut inside = file.calls_below(body).iter().copied();
    let renewal = inside.find(|c| is_claim_renewal(file, *c) && !is_caught(file, *c, function))?;
    let handler = model.children(guarded).find(|c| model.kind(*c) == Kind::Catch)?;
    let handed = file.calls_to(function).into_iter().find_map(|c| {
        let task = file.function_around(c).filter(|f| model.role(*f) == Role::Arg && !is_caught(file, c, *f))?;
        let by = model.parent(task).filter(|p| has_word(model.name(*p), &["submit", "execute", "schedule"]))?;
        // Whoever keeps the outcome may look at it.
        matches!(model.kind(file.statement(by)), Kind::Call).then_some(by)
    })?;
    Some(Lapse {
        at: renewal,
        kind: Lapsed::Cut,
        steps: vec![
            (handed, "the outcome of this task is nobody's"),
            (renewal, "the claim is renewed"),
            (handler, "of what may be thrown only this is caught"),
        ],
        confidence: Confidence::Medium,
        evidence: "the error that is caught is the project's own: a library throws others".to_owned(),
        advice: None,
    })
}
