//! What happens if a time was measured wrong: nothing that anybody notices where the answer only lets memory go, makes
//! room for other work of the same thread, throttles lines of a log or feeds a gauge.

use crate::shown::{LOGS_THAT_ARE_KEPT, is_shown_call};
use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::catalog::{ApiRole, ArgMeaning};
use timelint_semantics::{Analysis, Callee, Resolved, has_word, words};

/// Words of what somebody waits for or is kept out by: dropping it early or late is noticed.
#[rustfmt::skip]
const MISSED: [&str; 67] = [
    "idle",
    "peer", "peers", "node", "nodes", "member", "members", "server", "servers", "host", "hosts", "client", "clients", "worker",
    "workers", "agent", "agents", "instance", "instances", "replica", "replicas", "broker", "brokers", "session", "sessions",
    "connection", "connections", "conn", "conns", "channel", "channels", "subscription", "subscriptions", "subscriber", "sub",
    "heartbeat", "heartbeats", "beat", "alive", "sync", "lock", "locks", "lease", "leases", "claim", "claims", "lost", "limit",
    "limiter", "rate", "throttle", "throttler", "quota", "pending", "inflight", "allow", "allowed", "sliding", "seen", "timer", "timers", "expiry", "watchdog", "request", "requests", "timeout", "timeouts",
];

/// Whether nobody notices when the comparison `id` is wrong for once.
pub(crate) fn is_harmless(file: &Analysis<'_>, id: NodeId) -> bool {
    is_about_lines(file, id) || only_forgets(file, id) || only_yields(file, id) || feeds_a_gauge(file, id)
}

/// Code that is about the lines of a log, and not about a log that is a store.
fn is_about_lines(file: &Analysis<'_>, id: NodeId) -> bool {
    const LOGGERS: [&str; 4] = ["logger", "loggers", "logging", "observability"];
    let class = class_name(file, id);
    let mut places = file.path.rsplit('/').take(2).map(|p| p.split('.').next().unwrap_or(p));
    let about = |name: &str| has_word(name, &LOGGERS) && !has_word(name, &LOGS_THAT_ARE_KEPT);
    about(class) || places.any(about)
}

fn class_name<'f>(file: &'f Analysis<'_>, id: NodeId) -> &'f str {
    file.tables.class_around(file.model, id).map_or("", |c| file.tables.classes[c as usize].name.as_str())
}

/// What the comparison decides lets entries of a container go, and nothing says that somebody misses them.
fn only_forgets(file: &Analysis<'_>, id: NodeId) -> bool {
    let model = file.model;
    let Some(forgets) = decided(file, id) else { return false };
    // The function that a container is cleaned with is a part of another.
    let functions: Vec<NodeId> = model.ancestors(id).filter(|a| model.kind(*a) == Kind::Function).collect();
    let stem = file.path.rsplit('/').next().unwrap_or_default();
    let mut around = functions.iter().map(|f| model.name(*f)).chain([class_name(file, id), stem]);
    let missed =
        |n: NodeId| matches!(model.kind(n), Kind::Name | Kind::Member | Kind::Call) && has_word(model.name(n), &MISSED);
    // What the mark is called says how old it is, not what it is of.
    let said = |n: NodeId| {
        let parts = model.children(n).filter(|c| model.role(*c) != Role::Condition && !model.contains(*c, id));
        parts.into_iter().any(|p| model.self_and_descendants(p).any(missed))
    };
    // `for (it = leases.iterator(); ..)`
    let over = file.in_loop(id).into_iter().flat_map(|l| model.children(l)).filter(|c| model.role(*c) != Role::Body);
    let gone_over = over.into_iter().any(|c| !model.contains(c, id) && model.self_and_descendants(c).any(missed));
    let queue = model.kind(forgets) == Kind::Loop && model.child(forgets, Role::Condition).is_some_and(said);
    !said(forgets) && !queue && !gone_over && !around.any(|n| has_word(n, &MISSED))
}

/// The statement or call that the comparison decides about, where that only lets entries go.
fn decided(file: &Analysis<'_>, id: NodeId) -> Option<NodeId> {
    let model = file.model;
    let mut child = id;
    for parent in model.ancestors(id) {
        match (model.kind(parent), model.role(child)) {
            (Kind::If, Role::Condition) => {
                let then = model.child(parent, Role::Then)?;
                return (model.child(parent, Role::Else).is_none() && lets_go(file, then)).then_some(parent);
            }
            // `while (old(queue[0])) queue.shift()`
            (Kind::Loop, Role::Condition) => {
                let body = model.child(parent, Role::Body)?;
                // `while (now < deadline) consumer.poll()` waits.
                let receivers = model.descendants(body).filter_map(|c| model.child(c, Role::Receiver));
                let condition = model.child(parent, Role::Condition)?;
                let asked = |r: NodeId| model.descendants(condition).any(|n| model.sym(n) == model.sym(r));
                let of_queue = receivers.into_iter().any(asked);
                return (of_queue && lets_go(file, body)).then_some(parent);
            }
            // `marks.removeIf(m -> m < limit)`
            (Kind::Call, Role::Arg) if model.kind(child) == Kind::Function => {
                let kept = || is_put_back(file, parent);
                return (matches!(model.name(parent), "removeIf" | "DeleteFunc") || kept()).then_some(parent);
            }
            (Kind::Binary | Kind::Unary | Kind::Group | Kind::Return | Kind::Function, _) => child = parent,
            (Kind::Block, Role::Body) if model.children(parent).count() == 1 => child = parent,
            (Kind::Call, Role::Arg) if file.resolve(parent).is_some_and(|k| is_conversion(k.api.role)) => {
                child = parent;
            }
            _ => return None,
        }
    }
    None
}

/// `marks = marks.filter((m) => m.at > limit)`: what is left over takes the place of all.
fn is_put_back(file: &Analysis<'_>, call: NodeId) -> bool {
    let model = file.model;
    let assign = model.parent(call).filter(|p| model.kind(*p) == Kind::Assign);
    let target = assign.and_then(|a| model.child(a, Role::Target));
    let over = model.child(call, Role::Receiver).into_iter().chain(model.children_with(call, Role::Arg));
    let same = |t: NodeId| over.into_iter().any(|o| model.kind(o) == model.kind(t) && model.sym(o) == model.sym(t));
    model.name(call) == "filter" && target.is_some_and(same)
}

fn is_conversion(role: ApiRole) -> bool {
    matches!(role, ApiRole::ValuePass | ApiRole::TimeConvert | ApiRole::TimeDuration | ApiRole::TimeCompare)
}

/// Whether all that a block does is to take entries out of containers, and to write so.
fn lets_go(file: &Analysis<'_>, block: NodeId) -> bool {
    const DROPS: [&str; 12] = [
        "delete",
        "remove",
        "pop",
        "popleft",
        "popitem",
        "poll",
        "shift",
        "discard",
        "del",
        "pollfirst",
        "removefirst",
        "unset",
    ];
    let model = file.model;
    let drop = |n: NodeId| match model.kind(n) {
        Kind::Call => {
            let plain = !matches!(file.callee(n), Some(Callee::Here(_)));
            let of_container = model.child(n, Role::Receiver).is_some() || model.name(n) == "delete";
            plain && of_container && DROPS.contains(&model.name(n).to_lowercase().as_str())
        }
        Kind::Unary => matches!(model.name(n), "delete" | "del"),
        _ => false,
    };
    let statements: Vec<NodeId> =
        if model.kind(block) == Kind::Block { model.children(block).collect() } else { vec![block] };
    // `queue.pop().run()` does more.
    let only = |s: NodeId| {
        let outer = model.self_and_descendants(s).find(|n| matches!(model.kind(*n), Kind::Call | Kind::Unary));
        outer.is_some_and(drop)
    };
    let calls = |s: NodeId| model.self_and_descendants(s).find(|n| matches!(model.kind(*n), Kind::Call | Kind::New));
    let counts = |s: NodeId| matches!(model.name(s), "++" | "--" | "+=" | "-=");
    let says = |s: NodeId| calls(s).is_some_and(|c| is_shown_call(file, c));
    let leaves = |s: NodeId| model.kind(s) == Kind::Continue;
    statements.iter().any(|s| only(*s))
        && statements.iter().all(|s| {
            let plain = !model
                .self_and_descendants(*s)
                .any(|n| matches!(model.kind(n), Kind::If | Kind::Throw | Kind::Return | Kind::Await | Kind::Spawn));
            plain && (only(*s) || counts(*s) || says(*s) || leaves(*s))
        })
}

/// `if (now - paused > 100) await new Promise((go) => setTimeout(go, 0))`: other work of the thread gets its turn.
fn only_yields(file: &Analysis<'_>, id: NodeId) -> bool {
    let model = file.model;
    let Some(branch) = model.enclosing(id, Kind::If).and_then(|i| model.child(i, Role::Then)) else { return false };
    // At once, after what others have to do: a pause of nothing, a callback without a delay.
    let turns = |c: NodeId| {
        let paused = |k: &Resolved<'_>| matches!(k.api.role, ApiRole::Sleep | ApiRole::Schedule) && !k.api.repeats;
        let Some(known) = file.resolve(c).filter(paused) else { return false };
        if let Some(length) = file.argument(c, known, ArgMeaning::Amount) {
            return file.value(length).number == Some(0.0);
        }
        // What takes more than a callback may take the time when it runs.
        let callback = file.argument(c, known, ArgMeaning::Callback);
        known.api.args.len() == 1 && callback.is_some() && callback == model.child(c, Role::Arg)
    };
    model.self_and_descendants(branch).any(|n| model.kind(n) == Kind::Call && turns(n))
}

/// A function whose answer nothing in its file takes but a gauge: `metrics.staleGauge(this::isStale)`.
fn feeds_a_gauge(file: &Analysis<'_>, id: NodeId) -> bool {
    const GAUGES: [&str; 6] = ["gauge", "metric", "metrics", "meter", "histogram", "collector"];
    let model = file.model;
    let Some(function) = file.function_around(id).filter(|f| !model.name(*f).is_empty()) else { return false };
    let own = words(model.name(function));
    let names = |n: &NodeId| {
        matches!(model.kind(*n), Kind::Name | Kind::Member | Kind::Call)
            && model.sym(*n) == model.sym(function)
            && words(model.name(*n)) == own
    };
    let told = |n: NodeId| {
        model.ancestors(n).take_while(|a| !matches!(model.kind(*a), Kind::Block | Kind::Class)).any(|a| {
            let receiver = model.child(a, Role::Receiver).map_or("", |r| model.name(r));
            model.kind(a) == Kind::Call && (has_word(model.name(a), &GAUGES) || has_word(receiver, &GAUGES))
        })
    };
    let mut uses = model.ids().filter(names).peekable();
    uses.peek().is_some() && uses.all(told)
}
