//! Calls to other machines under a context that nothing ends.

use crate::network::context_roots::{Root, context_at_hand, has_context, is_context, is_named_context, made, root_of};
use crate::network::lasting::{is_long_lived, starts_up};
use crate::network::missing_timeout::META;
use crate::network::peers::{is_a_daemon, is_daemon_name, speaks_out, talks};
use crate::network::remote::is_near;
use crate::story::{Story, lower};
use crate::surface::is_called_by_a_person;
use std::collections::BTreeMap;
use timelint_diagnostics::{Confidence, Finding};
use timelint_model::{Kind, NodeId, Role, Sym};
use timelint_semantics::catalog::ApiRole;
use timelint_semantics::{Analysis, Callee, How, Resolved, has_word, words};

/// A call under an endless context.
struct Call {
    site: NodeId,
    context: NodeId,
    confidence: Confidence,
    /// The caller has a context that is not used.
    dropped: bool,
}

/// One finding for each function that calls other machines under a context that nothing ends; where a whole layer is
/// written so, that is one decision, and one finding.
pub(crate) fn endless_contexts(file: &Analysis<'_>) -> Vec<Finding> {
    /// Functions that call on one object and are no layer yet.
    const FEW: usize = 4;
    let mut by_function: BTreeMap<Option<NodeId>, Vec<Call>> = BTreeMap::new();
    for site in &file.tables.calls {
        if let Some(call) = endless_call(file, *site) {
            by_function.entry(file.function_around(*site)).or_default().push(call);
        }
    }
    let mut layers: BTreeMap<(Sym, Confidence, bool), Vec<Vec<Call>>> = BTreeMap::new();
    for calls in by_function.into_values() {
        let surest = calls.iter().max_by_key(|c| (c.confidence, c.dropped));
        if let Some(key) = surest.map(|c| (object_of(file, c.site), c.confidence, c.dropped)) {
            layers.entry(key).or_default().push(calls);
        }
    }
    let layers = layers.into_iter().flat_map(|((object, ..), groups)| {
        let is_layer = groups.len() > FEW && object != Sym::EMPTY;
        if is_layer { vec![groups.into_iter().flatten().collect()] } else { groups }
    });
    layers.map(|calls| tell(file, &calls)).collect()
}

/// The object on which a call is made in the end: `s` of `s.db.table(..).insert(..)`.
fn object_of(file: &Analysis<'_>, site: NodeId) -> Sym {
    let model = file.model;
    let inner = |n: &NodeId| model.child(*n, Role::Receiver).or_else(|| model.child(*n, Role::Object));
    let last = std::iter::successors(inner(&site), inner).last();
    last.map_or(Sym::EMPTY, |object| model.sym(object))
}

fn endless_call(file: &Analysis<'_>, site: NodeId) -> Option<Call> {
    let model = file.model;
    let context = model.child(site, Role::Arg)?;
    let root = root_of(file, context, 0)?;
    if makes_a_context(file, site) {
        return None;
    }
    let carries_request = carries_request(file, site);
    let function = file.function_around(site);
    // `go client.Report(context.Background(), task)`: it outlives its caller.
    let outlives = model.ancestors(site).take_while(|a| Some(*a) != function).any(|a| model.kind(a) == Kind::Spawn);
    let dropped = root == Root::Nothing && !outlives && function.is_some_and(|f| has_context(file, f));
    let asks = carries_request || dropped && speaks_out(file, site);
    let known = file.resolve(site).filter(|k| k.how != How::Name && is_bounded_by_context(*k));
    if is_long_lived(file, site, asks)
        || is_near(file, site)
        || is_given_a_limit(file, site)
        || known.is_none() && file.bounds_itself(site)
        || known.is_none_or(|k| k.api.name.as_slice().iter().any(|n| is_daemon_name(n))) && is_a_daemon(file, site)
    {
        return None;
    }
    let mut confidence = match file.resolve(site) {
        _ if known.is_some() => Confidence::High,
        Some(known) if known.how != How::Name => return None,
        // A client that the catalogue knows has limits of its own, unless an entry says otherwise.
        _ if is_known_client(file, site) => return None,
        _ if carries_request && (root == Root::Nothing || talks(file, site)) => Confidence::Medium,
        _ if root == Root::Nothing && dropped && (talks(file, site) || speaks_out(file, site)) => Confidence::Medium,
        _ if root == Root::Nothing && is_handed_to_a_remote_call(file, site) => Confidence::Medium,
        _ if tries_each_target(file, site) || talks(file, site) && comes_again(file, site) => Confidence::Medium,
        // That names speak of another machine is a coin toss: a client may as well be a part of this process.
        _ if root == Root::Nothing && talks(file, site) => Confidence::Low,
        _ => return None,
    };
    let waits_for_many = || tries_each_target(file, site) || is_round(file, site);
    if root == Root::Component && !carries_request && !waits_for_many() {
        confidence = lower(confidence);
    }
    let again = || root == Root::Nothing && (is_round(file, site) || is_chosen(file, site));
    if is_called_by_a_person(file) || starts_up(file, function) && !asks && !again() {
        confidence = Confidence::Low;
    }
    Some(Call { site, context, confidence, dropped })
}

/// `resolve(attachToken(context.Background(), header), req)`, `return attachToken(context.Background(), header)`: what
/// comes back is the context that another call takes. `newWorker(context.Background(), name)`: a part of this process.
fn makes_a_context(file: &Analysis<'_>, site: NodeId) -> bool {
    let model = file.model;
    let first = || model.parent(site).and_then(|p| model.child(p, Role::Arg)) == Some(site);
    let handed_out = || {
        let function = file.function_around(site).filter(|_| model.kind(file.statement(site)) == Kind::Return);
        let mut given = function.into_iter().flat_map(|f| model.children_with(f, Role::Returns));
        given.any(|r| model.self_and_descendants(r).any(|t| is_named_context(model.name(t))))
    };
    let package = |r: NodeId| file.tables.imports.contains_key(model.name(r));
    let constructs = words(model.name(site)).first().is_some_and(|w| w == "new")
        && model.child(site, Role::Receiver).is_none_or(package);
    constructs && !carries_request(file, site)
        || has_word(model.name(site), &["ctx", "context"]) && handed_out()
        || first() && has_word(model.name(site), &["attach", "with", "inject", "embed", "new", "ctx", "context"])
}

/// By its type, or by the options that its calls take.
fn is_known_client(file: &Analysis<'_>, site: NodeId) -> bool {
    let model = file.model;
    // Options that do nothing themselves, and whose entry says what ends the calls that take them.
    let says_limit = |k: Resolved<'_>| k.api.role == ApiRole::None && k.api.default.is_some();
    let limited = |a: NodeId| model.kind(a) == Kind::Record && file.resolve(a).is_some_and(says_limit);
    let mut along = std::iter::successors(model.child(site, Role::Receiver), |r| model.child(*r, Role::Receiver));
    model.children_with(site, Role::Arg).any(limited)
        || along.any(|r| file.type_of(r).is_some_and(|t| file.catalog().knows_type(&t.name)))
}

/// The function that is called here gives its context to another machine as it is: `s.subscription(ctx, name)`.
fn is_handed_to_a_remote_call(file: &Analysis<'_>, site: NodeId) -> bool {
    let model = file.model;
    let Some(Callee::Here(function)) = file.callee(site) else { return false };
    let Some(parameter) = model.children_with(function, Role::Param).next().filter(|p| is_context(file, *p)) else {
        return false;
    };
    let name = model.child(parameter, Role::Target).map_or(model.sym(parameter), |t| model.sym(t));
    // What it makes of the context may have a limit.
    if file.tables.stores(function, name).len() > 1 {
        return false;
    }
    let mut calls = file.tables.calls.iter().filter(|c| model.contains(function, **c));
    calls.any(|c| {
        let given = model.child(*c, Role::Arg).is_some_and(|a| model.kind(a) == Kind::Name && model.sym(a) == name);
        // Where the context ends no single call, it may end the attempts.
        let bounded = || {
            let known = file.resolve(*c).filter(|k| k.how != How::Name);
            known.is_some_and(|k| is_bounded_by_context(k) || k.api.role == ApiRole::RemoteCall)
        };
        given && bounded() && !is_long_lived(file, *c, true)
    })
}

/// A call of another machine that lasts as long as its context lets it.
fn is_bounded_by_context(known: Resolved<'_>) -> bool {
    let asks = matches!(
        known.api.role,
        ApiRole::RemoteCall | ApiRole::RemoteRead | ApiRole::RemoteClient | ApiRole::Write | ApiRole::LockExtend
    );
    asks && known.api.default.as_deref().is_some_and(|d| d.contains("context"))
}

/// One after another of several targets is asked, and the first that does not answer keeps the others from it.
fn tries_each_target(file: &Analysis<'_>, site: NodeId) -> bool {
    const TARGETS: [&str; 22] = [
        "urls",
        "endpoints",
        "peers",
        "addrs",
        "addresses",
        "members",
        "nodes",
        "hosts",
        "servers",
        "replicas",
        "targets",
        "brokers",
        "clients",
        "conns",
        "connections",
        "stores",
        "backends",
        "seeds",
        "followers",
        "voters",
        "upstreams",
        "shards",
    ];
    let model = file.model;
    let Some(around) = file.in_loop(site).filter(|l| model.name(*l) == "each") else { return false };
    let over = model.child(around, Role::Iterable).is_some_and(|i| has_word(model.name(i), &TARGETS));
    let items: Vec<_> = model.children_with(around, Role::Target).map(|t| model.sym(t)).collect();
    let is_item = |n: NodeId| model.kind(n) == Kind::Name && items.contains(&model.sym(n));
    let mut parts = model.children_with(site, Role::Arg).chain(model.child(site, Role::Receiver));
    over && parts.any(|p| model.self_and_descendants(p).take(16).any(is_item))
}

/// In a loop that never ends by itself, which such a call stops for good.
fn is_round(file: &Analysis<'_>, site: NodeId) -> bool {
    let model = file.model;
    let endless = |l: NodeId| model.child(l, Role::Condition).is_none() && model.child(l, Role::Iterable).is_none();
    let after_a_wait = |l: NodeId| {
        let mut calls = model.descendants(l).take_while(|d| *d < site).filter(|d| model.kind(*d) == Kind::Call);
        calls.any(|c| file.resolve(c).is_some_and(|k| matches!(k.api.role, ApiRole::Await | ApiRole::Sleep)))
    };
    file.in_loop(site).is_some_and(|l| endless(l) && after_a_wait(l))
}

/// Round after round: in a loop without end, as time passes, or in what is handed over to be done again.
fn comes_again(file: &Analysis<'_>, site: NodeId) -> bool {
    const REPEATS: [&str; 8] = ["repeat", "every", "until", "forever", "poll", "periodic", "periodically", "interval"];
    let model = file.model;
    let handed = |f: NodeId| model.parent(f).filter(|p| model.kind(*p) == Kind::Call);
    let mut outer = model.ancestors(site).filter(|a| model.kind(*a) == Kind::Function).filter_map(handed);
    is_round(file, site) || is_chosen(file, site) || outer.any(|c| has_word(model.name(c), &REPEATS))
}

/// One of several things that a loop does as they come: `select { case <-timer.C: ping(ctx) }`.
fn is_chosen(file: &Analysis<'_>, site: NodeId) -> bool {
    let model = file.model;
    let chooses = |a: NodeId| model.kind(a) == Kind::Switch && model.name(a) == "select";
    file.in_loop(site).is_some_and(|l| model.ancestors(site).take_while(|a| *a != l).any(chooses))
}

/// A message that asks for one answer is handed over: `&pb.AllocRequest{..}`.
fn carries_request(file: &Analysis<'_>, site: NodeId) -> bool {
    const ASKS: [&str; 3] = ["request", "req", "input"];
    let model = file.model;
    // What the client does by itself is bounded where it does it.
    if model.child(site, Role::Receiver).is_some_and(|r| file.tables.is_this(model, r)) {
        return false;
    }
    // A message of another package, which speaks the language of the other side.
    let foreign = |name: &str| name.contains('.') || talks(file, site);
    model.children_with(site, Role::Arg).skip(1).any(|arg| {
        let mut at = file.condition_source(arg);
        while matches!(model.kind(at), Kind::Unary | Kind::Cast) {
            match model.child(at, Role::Operand).or_else(|| model.child(at, Role::Value)) {
                Some(inner) => at = inner,
                None => break,
            }
        }
        let ty = model.child(at, Role::Type).filter(|_| model.kind(at) == Kind::Record);
        let name = ty.map_or("", |t| model.name(t));
        words(name).last().is_some_and(|w| ASKS.contains(&w.as_str())) && foreign(name)
    })
}

/// Another argument speaks of a limit: `rpc.WithRequestTimeout(t)`.
fn is_given_a_limit(file: &Analysis<'_>, site: NodeId) -> bool {
    let model = file.model;
    let mut named = model.children_with(site, Role::Arg).skip(1).flat_map(|a| model.self_and_descendants(a).take(64));
    named.any(|n| has_word(model.name(n), &["timeout", "deadline"]))
}

fn tell(file: &Analysis<'_>, calls: &[Call]) -> Finding {
    const MOST: usize = 10;
    let mut best = &calls[0];
    for call in calls {
        if call.confidence > best.confidence {
            best = call;
        }
    }
    let name = file.model.name(best.site);
    let mut functions: Vec<_> = calls.iter().map(|c| file.function_around(c.site)).collect();
    functions.dedup();
    let message = match functions.len() - 1 {
        0 => format!("`{name}` runs under a context without a deadline"),
        others => {
            format!(
                "`{name}` runs under a context without a deadline, as do the calls of {others} other functions here"
            )
        }
    };
    let at_hand = file.function_around(best.site).filter(|_| best.dropped).and_then(|f| context_at_hand(file, f));
    let help = match at_hand {
        Some(own) => {
            format!("pass on the caller's context, and bound it: `ctx, cancel := context.WithTimeout({own}, limit)`")
        }
        None => {
            "bound it: `ctx, cancel := context.WithTimeout(ctx, limit)`, with a limit from settings; `defer cancel()`"
                .to_owned()
        }
    };
    let mut story = Story::new(&META, file, best.site, message)
        .why(
            "a lost packet or a peer that vanishes sends no error: without a deadline the call waits for ever and holds what \
             its caller holds",
        )
        .help(help)
        .confidence(best.confidence)
        .step(file.location(made(file, best.context)), "this context never ends by itself");
    for other in calls.iter().filter(|c| c.site != best.site).take(MOST) {
        story = story.step(file.location(other.site), "also without a deadline");
    }
    story.tell()
}
