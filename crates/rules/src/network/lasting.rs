//! Calls that are meant to last, and code that runs once.

use crate::network::remote::is_ending;
use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::catalog::ApiRole;
use timelint_semantics::{Analysis, How, has_word, words};

/// Calls that are meant to last as long as the process, that end something, or that only hand a context on.
pub(crate) fn is_long_lived(file: &Analysis<'_>, site: NodeId, asks: bool) -> bool {
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
pub(crate) fn starts_up(file: &Analysis<'_>, function: Option<NodeId>) -> bool {
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

/// A lock that ends by itself is asked for, `&pb.LockRequest{TTL: ttl}`, which is renewed in the same way: an answer is due
/// before it has ended.
fn asks_for_a_lease(file: &Analysis<'_>, site: NodeId) -> bool {
    let model = file.model;
    let mut handed = model.children_with(site, Role::Arg).skip(1).map(|a| file.condition_source(a));
    let says = |n: NodeId| model.kind(n) == Kind::Entry && has_word(model.name(n), &["ttl", "lease", "expiry"]);
    handed.any(|a| model.self_and_descendants(a).take(64).any(says))
}
