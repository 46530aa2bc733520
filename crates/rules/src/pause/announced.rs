//! Leadership that is told to whoever works for the leader, without a term that would tell it from the next one's.

use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::catalog::ApiRole;
use timelint_semantics::{Analysis, Callee, Command, Does, Guard, How, has_word};

/// Somebody is told that this process leads now.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Announced {
    /// The call that takes the leadership.
    pub(crate) take: NodeId,
    /// The call that tells.
    pub(crate) told: NodeId,
}

/// Words of leading.
const LEADS: [&str; 11] = [
    "leader",
    "leadership",
    "leading",
    "elect",
    "elected",
    "election",
    "elector",
    "campaign",
    "takeover",
    "standby",
    "promote",
];
/// Words of the state of the one that leads.
const STATES: [&str; 6] = ["leader", "leading", "active", "primary", "master", "elected"];
/// Words of numbers that grow with each new leader.
const GROWS: [&str; 11] = [
    "epoch",
    "epochs",
    "term",
    "terms",
    "generation",
    "revision",
    "transitions",
    "token",
    "fence",
    "fencing",
    "ballot",
];
/// What is started besides the work: the renewal, clocks, threads of which nothing is known.
const BESIDES: [&str; 15] = [
    "timer",
    "ticker",
    "watch",
    "stopwatch",
    "heartbeat",
    "renew",
    "renewal",
    "renewer",
    "keep",
    "log",
    "logger",
    "span",
    "thread",
    "elector",
    "election",
];
/// Calls from the one that tests the answer to the one that takes the claim.
const DEPTH: usize = 2;

/// All of the file.
pub(crate) fn announced(file: &Analysis<'_>) -> Vec<Announced> {
    if !file.says(&LEADS) || file.says(&["epoch", "fencing", "transitions"]) {
        return Vec::new();
    }
    let tellers = file.tables.calls.iter().copied().filter(|c| tells(file, *c));
    let mut found: Vec<Announced> =
        tellers.filter_map(|told| Some(Announced { take: taken_before(file, told)?, told })).collect();
    // One finding for a take, at the first that is told.
    found.sort_by_key(|a| (a.take, a.told));
    found.dedup_by_key(|a| a.take);
    found
}

/// A call that makes others work as the leader's: an event, a new state, the start of a part.
fn tells(file: &Analysis<'_>, call: NodeId) -> bool {
    const SAYS: [&str; 8] = ["emit", "publish", "fire", "notify", "dispatch", "trigger", "change", "transition"];
    const STARTS: [&str; 4] = ["start", "resume", "begin", "activate"];
    let model = file.model;
    if model.kind(call) != Kind::Call
        || file.resolve(call).is_some_and(|k| k.how != How::Name && k.api.role == ApiRole::Schedule)
    {
        return false;
    }
    let name = model.name(call);
    let mut args = model.children_with(call, Role::Arg);
    let won = |a: NodeId| {
        matches!(model.kind(a), Kind::String | Kind::Member | Kind::Name)
            && (has_word(model.name(a), &STATES) || has_word(model.name(a), &["takeover"]))
            && !has_word(model.name(a), &["lost", "not", "revoked", "error"])
    };
    if has_word(name, &SAYS) || matches!(name, "setState" | "setStatus" | "set_state" | "become") {
        return args.any(won);
    }
    let part = || {
        model.child(call, Role::Receiver).is_some_and(|r| {
            matches!(model.kind(r), Kind::Name | Kind::Member)
                && !file.tables.is_this(model, r)
                && !has_word(model.name(r), &BESIDES)
        })
    };
    STARTS.contains(&name) && part() && args.next().is_none()
}

/// The call whose "yes" leads to `told`, and takes a leadership that ends by itself.
fn taken_before(file: &Analysis<'_>, told: NodeId) -> Option<NodeId> {
    let model = file.model;
    let take = file.guards(told).into_iter().find_map(|g| taken_by(file, g))?;
    let function = file.named_function_around(told);
    let class = file.tables.class_around(model, told).map_or("", |c| file.tables.classes[c as usize].name.as_str());
    let called = [model.name(take), class, function.map_or("", |f| file.function_name(f))];
    let leads = called.iter().any(|n| has_word(n, &LEADS));
    let numbered = || {
        let around = function.unwrap_or(model.root());
        model
            .descendants(around)
            .any(|n| matches!(model.kind(n), Kind::Name | Kind::Member | Kind::Call) && has_word(model.name(n), &GROWS))
    };
    (leads && !numbered()).then_some(take)
}

/// The take that a condition is the answer of: its call, or the parameter of its continuation.
fn taken_by(file: &Analysis<'_>, guard: Guard) -> Option<NodeId> {
    let model = file.model;
    let source = file.condition_source(guard.condition);
    if model.kind(source) == Kind::Call {
        return Some(source).filter(|c| guard.holds && takes(file, *c, DEPTH));
    }
    // `set(key, id, 'NX', function (err, res) { if (res !== null) {..} })`
    let function = file.function_around(guard.condition)?;
    let bound = model.parent(function).filter(|p| model.role(function) == Role::Receiver && model.name(*p) == "bind");
    let handed = bound.unwrap_or(function);
    let call = model.parent(handed).filter(|p| model.kind(*p) == Kind::Call && model.role(handed) == Role::Arg)?;
    let answer = model.children_with(function, Role::Param).last()?;
    let speaks = model
        .self_and_descendants(guard.condition)
        .any(|n| model.kind(n) == Kind::Name && model.sym(n) == model.sym(answer));
    let yes = match (model.kind(guard.condition), model.name(guard.condition)) {
        (Kind::Name, _) => guard.holds,
        (Kind::Binary, op) => {
            let null = model.children_with(guard.condition, Role::Operand).any(|o| model.kind(o) == Kind::Null);
            guard.holds == (null == op.starts_with('!'))
        }
        _ => false,
    };
    (speaks && yes && takes(file, call, 0)).then_some(call)
}

/// Whether a call takes a claim that others may get while this process is paused.
fn takes(file: &Analysis<'_>, call: NodeId, depth: usize) -> bool {
    if let Some(command) = file.key_command(call) {
        return command.command == Command::SetIfAbsent && file.is_own_lock(&command, file.key_commands());
    }
    if let Some(known) = file.resolve(call).filter(|k| k.how != How::Name) {
        return matches!(known.api.role, ApiRole::LockTry | ApiRole::LockAcquire) && file.takes_distributed(call);
    }
    let helps = file.lock_helper_of(call).is_some_and(|h| matches!(h.does, Does::Try | Does::Acquire));
    let leads_on = |function: NodeId| {
        let named = has_word(file.function_name(function), &LEADS);
        let answers = file.returns(function);
        let within: Vec<NodeId> = if named { vec![function] } else { answers };
        let mut calls = within.into_iter().flat_map(|n| file.calls_below(n).iter().copied());
        calls.any(|c| takes(file, c, depth - 1))
    };
    helps || depth > 0 && matches!(file.callee(call), Some(Callee::Here(function)) if leads_on(function))
}
