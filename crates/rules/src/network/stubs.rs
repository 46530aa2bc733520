//! Calls of generated stubs that are given no deadline.

use crate::network::bounds::limited_around;
use crate::network::missing_timeout::Endless;
use crate::network::remote::is_near;
use crate::network::sureness::ends;
use crate::surface::is_command;
use timelint_diagnostics::Confidence;
use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::catalog::leaf;
use timelint_semantics::{Analysis, Callee, has_word, words};

/// A blocking call of a stub, `stub.getUser(request)`, where nothing in the file speaks of a limit for it.
pub(crate) fn stub_call<'a>(file: &Analysis<'a>, site: NodeId) -> Option<Endless<'a>> {
    const LASTS: [&str; 8] = ["watch", "stream", "subscribe", "listen", "with", "new", "observe", "tail"];
    let model = file.model;
    let receiver = model.child(site, Role::Receiver)?;
    let positional = model.children_with(site, Role::Arg).filter(|a| model.kind(*a) != Kind::Argument).count();
    let lasts = words(model.name(site)).iter().any(|w| LASTS.contains(&w.as_str()));
    let unary = positional == 1 || calls_back(file, site);
    if !unary || lasts || !is_stub(file, receiver) || limited_around(file, site) {
        return None;
    }
    let forgotten = is_limited_beside(file, receiver);
    if !forgotten && speaks_of_deadlines(file) {
        return None;
    }
    let open = model.children_with(site, Role::Arg).any(|a| model.kind(a) == Kind::Spread);
    let quiet = open || is_near(file, site) || is_command(file) || ends(file, site);
    let help = "give every call a deadline: `withDeadlineAfter(limit, unit)` on the stub at the time of the call, or the call's \
                own `timeout`, from settings";
    let elsewhere = file.stubs_have_deadlines() && !forgotten;
    let confidence = if quiet || elsewhere { Confidence::Low } else { Confidence::Medium };
    Some(Endless { site, api: None, value: None, help: Some(help), confidence })
}

/// `stub.getUser(request, metadata, (error, user) => ..)`: one answer, and no options that may hold a deadline.
fn calls_back(file: &Analysis<'_>, site: NodeId) -> bool {
    let model = file.model;
    let args: Vec<NodeId> = model.children_with(site, Role::Arg).collect();
    let last = args.last().is_some_and(|a| model.kind(*a) == Kind::Function && model.child(*a, Role::Param).is_some());
    let records = args.iter().skip(1).any(|a| !matches!(model.kind(*a), Kind::Name | Kind::Function));
    last && !records && (2..=3).contains(&args.len())
}

/// `new Inventory(address, credentials.createInsecure())`: made of an address and the credentials of a channel.
fn is_made_with_credentials(file: &Analysis<'_>, made: NodeId) -> bool {
    let model = file.model;
    let of_channel = |a: NodeId| {
        let on = model.child(a, Role::Receiver).map_or("", |r| model.name(r));
        model.kind(a) == Kind::Call && words(on).last().is_some_and(|w| w == "credentials")
    };
    model.kind(made) == Kind::New && model.children_with(made, Role::Arg).nth(1).is_some_and(of_channel)
}

/// A stub that waits for answers: by its type, or made by a constructor of generated code.
fn is_stub(file: &Analysis<'_>, receiver: NodeId) -> bool {
    let model = file.model;
    let blocking = |n: &str| n.ends_with("BlockingStub") || n.ends_with("BlockingV2Stub");
    if file.type_of(receiver).is_some_and(|t| blocking(leaf(&t.name))) {
        return true;
    }
    let made = |n: NodeId| {
        let name = model.name(n);
        let generated = || {
            let module = model.child(n, Role::Receiver).map_or(String::new(), |r| model.name(r).to_owned());
            let imported = file.tables.imports.get(name).is_some_and(|p| p.contains("pb2_grpc"));
            imported || module.ends_with("pb2_grpc")
        };
        is_made_with_credentials(file, n)
            || model.kind(n) == Kind::Call && (blocking(name) || name.ends_with("Stub") && generated())
    };
    match model.kind(receiver) {
        Kind::Call => made(receiver) || returned(file, receiver).into_iter().any(|r| is_stub(file, r)),
        Kind::Name | Kind::Member => file.stores_of(receiver).iter().filter_map(|s| s.value).any(made),
        _ => false,
    }
}

/// What a function of the file gives back under a name: `function getStub() { ..; return stub }`.
fn returned(file: &Analysis<'_>, call: NodeId) -> Vec<NodeId> {
    let Some(Callee::Here(function)) = file.callee(call) else { return Vec::new() };
    file.returns(function).iter().copied().filter(|v| file.model.kind(*v) == Kind::Name).collect()
}

/// Other calls of the same stub are given a deadline where they are made, `stub.withDeadlineAfter(..).getUser(request)`: then
/// the deadline comes on no other way, and this call was forgotten.
fn is_limited_beside(file: &Analysis<'_>, receiver: NodeId) -> bool {
    let model = file.model;
    let limits = |n: NodeId| model.kind(n) == Kind::Call && has_word(model.name(n), &["deadline"]);
    let on_it = |c: NodeId| {
        model
            .child(c, Role::Receiver)
            .is_some_and(|r| model.kind(r) == model.kind(receiver) && model.name(r) == model.name(receiver))
    };
    let called_at_once = |c: NodeId| {
        let outer = model.parent(c).filter(|_| model.role(c) == Role::Receiver);
        outer.is_some_and(|call| model.kind(call) == Kind::Call && !model.name(call).starts_with("with"))
    };
    let kept = |v: NodeId| model.self_and_descendants(v).any(limits);
    let otherwise = |n: NodeId| has_word(model.name(n), &INTERCEPTS) && model.kind(n) != Kind::String;
    matches!(model.kind(receiver), Kind::Name | Kind::Member)
        && file.tables.calls.iter().any(|c| limits(*c) && on_it(*c) && called_at_once(*c))
        && !file.stores_of(receiver).iter().filter_map(|s| s.value).any(kept)
        && !model.ids().any(otherwise)
}

/// What sees every call of a channel.
const INTERCEPTS: [&str; 3] = ["interceptor", "interceptors", "intercept"];

/// A deadline may come on another way: an interceptor, a service configuration, a stub that is limited where it is made.
fn speaks_of_deadlines(file: &Analysis<'_>) -> bool {
    const SPEAKS: [&str; 6] = ["deadline", "timeout", "timeouts", "interceptor", "interceptors", "intercept"];
    let model = file.model;
    let mut named = model.ids().filter(|n| {
        matches!(model.kind(*n), Kind::Call | Kind::Argument | Kind::Member | Kind::Name | Kind::Entry | Kind::New)
    });
    named.any(|n| has_word(model.name(n), &SPEAKS))
}
