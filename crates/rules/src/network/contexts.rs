//! Calls to other machines under a context that nothing ends.

use crate::network::missing_timeout::META;
use crate::network::peers::{is_a_daemon, is_daemon_name, speaks_out, talks};
use crate::network::remote::{is_ending, is_near};
use crate::story::{Story, lower};
use crate::surface::is_command;
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
    let dropped = root == Root::Nothing && function.is_some_and(|f| takes_context(file, f));
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
        _ if root != Root::Component && (talks(file, site) || dropped && speaks_out(file, site)) => Confidence::Medium,
        _ if root == Root::Nothing && is_handed_to_a_remote_call(file, site) => Confidence::Medium,
        _ if tries_each_target(file, site) || talks(file, site) && is_round(file, site) => Confidence::Medium,
        _ => return None,
    };
    let waits_for_many = || tries_each_target(file, site) || is_round(file, site);
    if root == Root::Component && !carries_request && !waits_for_many() {
        confidence = lower(confidence);
    }
    let again = || root == Root::Nothing && (is_round(file, site) || is_chosen(file, site));
    if is_command(file) || starts_up(file, function) && !asks && !again() {
        confidence = Confidence::Low;
    }
    Some(Call { site, context, confidence, dropped })
}

/// `resolve(attachToken(context.Background(), header), req)`: what comes back is the context that another call takes.
fn makes_a_context(file: &Analysis<'_>, site: NodeId) -> bool {
    let model = file.model;
    let first = || model.parent(site).and_then(|p| model.child(p, Role::Arg)) == Some(site);
    first() && has_word(model.name(site), &["attach", "with", "inject", "embed", "new", "ctx", "context"])
}

/// By its type, or by the options that its calls take.
fn is_known_client(file: &Analysis<'_>, site: NodeId) -> bool {
    let model = file.model;
    // Options that do nothing themselves, and whose entry says what ends the calls that take them.
    let says_limit = |k: Resolved<'_>| k.api.role == ApiRole::None && k.api.default.is_some();
    let limited = |a: NodeId| model.kind(a) == Kind::Record && file.resolve(a).is_some_and(says_limit);
    let receiver = model.child(site, Role::Receiver);
    model.children_with(site, Role::Arg).any(limited)
        || receiver.and_then(|r| file.type_of(r)).is_some_and(|t| file.catalog().knows_type(&t.name))
}

/// Whether a request that is given a context is bounded by it.
pub(crate) fn carries_limit(file: &Analysis<'_>, attaches: NodeId) -> bool {
    let context = file.model.child(attaches, Role::Arg);
    context.and_then(|c| root_of(file, c, 0)) != Some(Root::Nothing)
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
        let bounded = || file.resolve(*c).filter(|k| k.how != How::Name).is_some_and(|k| is_bounded_by_context(k));
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

/// One of several things that a loop does as they come: `select { case <-timer.C: ping(ctx) }`.
fn is_chosen(file: &Analysis<'_>, site: NodeId) -> bool {
    let model = file.model;
    let chooses = |a: NodeId| model.kind(a) == Kind::Switch && model.name(a) == "select";
    file.in_loop(site).is_some_and(|l| model.ancestors(site).take_while(|a| *a != l).any(chooses))
}

/// A loop without end that waits for time to pass, and for the end of this very context: `case <-ctx.Done(): return`.
fn ends_its_loop(file: &Analysis<'_>, context: NodeId) -> bool {
    let model = file.model;
    let Some(around) = file.in_loop(context) else { return false };
    let done = |c: &NodeId| {
        model.kind(*c) == Kind::Call
            && file.resolve(*c).is_some_and(|k| k.api.role == ApiRole::Await)
            && model.child(*c, Role::Receiver).is_some_and(|r| model.sym(r) == model.sym(context))
    };
    let endless = model.child(around, Role::Condition).is_none() && model.child(around, Role::Iterable).is_none();
    endless && model.descendants(around).any(|d| done(&d))
}

/// Somebody waits for what the function gives, and it is no loop in the background.
fn gives_an_answer(file: &Analysis<'_>, function: NodeId) -> bool {
    let mut given = file.model.children_with(function, Role::Returns);
    given.any(|r| file.model.self_and_descendants(r).any(|t| !matches!(file.model.name(t), "" | "error")))
}

/// What ends a context.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Root {
    /// Nothing.
    Nothing,
    /// The end of the component whose field it is.
    Component,
}

fn root_of(file: &Analysis<'_>, context: NodeId, depth: usize) -> Option<Root> {
    let model = file.model;
    if depth > 4 {
        return None;
    }
    match model.kind(context) {
        Kind::Call => match file.resolve(context)?.api.role {
            ApiRole::ContextRoot => Some(Root::Nothing),
            ApiRole::ContextDerive => root_of(file, model.child(context, Role::Arg)?, depth + 1),
            _ => None,
        },
        Kind::Name => {
            if let Some(source) = file.only_source(context) {
                // `if limit > 0 { ctx, cancel = context.WithTimeout(ctx, limit) }`: whoever sets it decides.
                let limits = |v: NodeId| file.resolve(v).is_some_and(|k| k.api.role == ApiRole::TimeoutSet);
                let mut between = file.stores_of(context).iter().filter(|s| s.at > source && s.at < context);
                if between.any(|s| s.value.is_some_and(limits)) {
                    return None;
                }
                return root_of(file, source, depth + 1);
            }
            // The caller's, and it lasts as long as the loop that only its end stops.
            let function = file.function_around(context)?;
            let lasts = takes_context(file, function) && !gives_an_answer(file, function);
            (lasts && ends_its_loop(file, context)).then_some(Root::Component)
        }
        Kind::Member => {
            let own = model.child(context, Role::Object).is_some_and(|o| file.tables.is_this(model, o));
            let names = has_word(model.name(context), &["ctx", "context"]) && !has_word(model.name(context), &["done"]);
            (own && names).then_some(Root::Component)
        }
        _ => None,
    }
}

/// A message that asks for one answer is handed over: `&pb.AllocRequest{..}`.
fn carries_request(file: &Analysis<'_>, site: NodeId) -> bool {
    const ASKS: [&str; 3] = ["request", "req", "input"];
    let model = file.model;
    model.children_with(site, Role::Arg).skip(1).any(|arg| {
        let mut at = file.condition_source(arg);
        while matches!(model.kind(at), Kind::Unary | Kind::Cast) {
            match model.child(at, Role::Operand).or_else(|| model.child(at, Role::Value)) {
                Some(inner) => at = inner,
                None => break,
            }
        }
        let ty = model.child(at, Role::Type).filter(|_| model.kind(at) == Kind::Record);
        let name = ty.map(|t| words(model.name(t))).unwrap_or_default();
        name.last().is_some_and(|w| ASKS.contains(&w.as_str()))
    })
}

/// A lock that ends by itself is asked for, `&pb.LockRequest{TTL: ttl}`, which is renewed in the same way: an answer is due
/// before it has ended.
fn asks_for_a_lease(file: &Analysis<'_>, site: NodeId) -> bool {
    let model = file.model;
    let mut handed = model.children_with(site, Role::Arg).skip(1).map(|a| file.condition_source(a));
    let says = |n: NodeId| model.kind(n) == Kind::Entry && has_word(model.name(n), &["ttl", "lease", "expiry"]);
    handed.any(|a| model.self_and_descendants(a).take(64).any(says))
}

/// Another argument speaks of a limit: `rpc.WithRequestTimeout(t)`.
fn is_given_a_limit(file: &Analysis<'_>, site: NodeId) -> bool {
    let model = file.model;
    let mut named = model.children_with(site, Role::Arg).skip(1).flat_map(|a| model.self_and_descendants(a).take(64));
    named.any(|n| has_word(model.name(n), &["timeout", "deadline"]))
}

/// Calls that are meant to last as long as the process, that end something, or that only hand a context on.
fn is_long_lived(file: &Analysis<'_>, site: NodeId, asks: bool) -> bool {
    const LASTS: [&str; 37] = [
        "watch",
        "wait",
        "subscribe",
        "stream",
        "listen",
        "serve",
        "run",
        "loop",
        "campaign",
        "keepalive",
        "keep",
        "new",
        "with",
        "from",
        "background",
        "go",
        "spawn",
        "init",
        "handle",
        "tail",
        "consume",
        "receive",
        "recv",
        "observe",
        "informer",
        "lock",
        "unlock",
        "trylock",
        "set",
        "create",
        "make",
        "context",
        "follow",
        "monitor",
        "start",
        "dial",
        "connect",
    ];
    let model = file.model;
    let name = model.name(site);
    let words = words(name);
    // `func Lookup(host)` is `LookupContext(context.Background(), host)` for those who want no limit.
    let wrapper = file.function_around(site).is_some_and(|f| !asks && is_same_name(model.name(f), name));
    let mut targets = model.children_with(file.statement(site), Role::Target);
    let streams = targets.any(|t| has_word(model.name(t), &["stream"]) || is_received_from(file, t));
    // `pb.RegisterHandlerFromEndpoint(ctx, ..)`: a connection that lasts as long as the context.
    let registers =
        words.first().is_some_and(|w| w == "register") && words.iter().any(|w| w == "handler" || w == "server");
    if registers || wrapper || streams || words.iter().any(|w| w == "log") {
        return true;
    }
    let first = words.first().map(String::as_str).unwrap_or_default();
    let once = words.last().is_some_and(|w| w == "once");
    let lasts = LASTS.contains(&first) && !asks && !once
        || words.iter().any(|w| matches!(w.as_str(), "watch" | "stream" | "subscribe"))
        || words.iter().any(|w| matches!(w.as_str(), "lock" | "unlock")) && !asks_for_a_lease(file, site);
    let ending = |n: &str| is_ending(n) || has_word(n, &["release", "rollback", "abort", "revoke"]);
    // `func (s *Stmt) Close() error { return s.conn.Deallocate(context.Background(), s.name) }`: an exchange of its own.
    let exchanges = || file.resolve(site).is_some_and(|k| k.how != How::Name && k.api.role == ApiRole::RemoteCall);
    lasts
        || ending(name)
        || file.function_around(site).is_some_and(|f| ending(model.name(f))) && !exchanges()
        || model.ancestors(site).any(|a| model.kind(a) == Kind::Defer)
}

/// What a variable holds is a stream of messages: `assignments.Recv()`.
fn is_received_from(file: &Analysis<'_>, target: NodeId) -> bool {
    let model = file.model;
    file.reads_of(target)
        .iter()
        .filter_map(|r| model.parent(*r).filter(|_| model.role(*r) == Role::Receiver))
        .any(|call| model.kind(call) == Kind::Call && has_word(model.name(call), &["recv"]))
}

fn is_same_name(function: &str, called: &str) -> bool {
    !function.is_empty() && called.to_ascii_lowercase().starts_with(&function.to_ascii_lowercase())
}

/// Code that runs once while the process comes up, where waiting for a peer is often meant.
fn starts_up(file: &Analysis<'_>, function: Option<NodeId>) -> bool {
    const STARTS: [&str; 12] = [
        "main",
        "new",
        "init",
        "initialize",
        "setup",
        "start",
        "must",
        "bootstrap",
        "migrate",
        "register",
        "load",
        "install",
    ];
    let Some(function) = function else { return true };
    let mut outer = file.model.self_and_ancestors(function).filter(|a| file.model.kind(*a) == Kind::Function);
    outer.any(|f| words(file.model.name(f)).first().is_some_and(|w| STARTS.contains(&w.as_str())))
}

pub(crate) fn takes_context(file: &Analysis<'_>, function: NodeId) -> bool {
    file.model.children_with(function, Role::Param).any(|p| is_context(file, p))
}

/// A parameter that is called a context.
pub(crate) fn is_context(file: &Analysis<'_>, param: NodeId) -> bool {
    let model = file.model;
    let name = model.child(param, Role::Target).map_or(model.name(param), |t| model.name(t));
    has_word(name, &["ctx", "context"]) && model.child(param, Role::Type).is_none_or(|t| is_type_of_contexts(file, t))
}

/// Of the standard library, or not said to be of another: `ctx *app.Context` holds settings or users and never ends.
fn is_type_of_contexts(file: &Analysis<'_>, ty: NodeId) -> bool {
    let name = file.model.name(ty);
    let Some((package, own)) = name.rsplit_once('.') else {
        return name.is_empty() || has_word(name, &["ctx", "context"]);
    };
    let path = file.tables.imports.get(package).map_or(package, String::as_str);
    own == "Context" && (path == "context" || path.ends_with("/net/context"))
}

/// Where a context is made, for one that a variable holds.
fn made(file: &Analysis<'_>, context: NodeId) -> NodeId {
    let named = file.model.kind(context) == Kind::Name;
    file.only_source(context).filter(|_| named).unwrap_or(context)
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
    let help = if best.dropped {
        "pass on the caller's context, and bound it: `ctx, cancel := context.WithTimeout(ctx, limit)`"
    } else {
        "bound it: `ctx, cancel := context.WithTimeout(ctx, limit)`, with a limit from settings; `defer cancel()`"
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
