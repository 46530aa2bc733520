//! What a call does to the world: whether doing it twice does something twice.

use crate::network::remote::{Remote, call_evidence};
use timelint_diagnostics::Confidence;
use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::catalog::{ArgMeaning, Effect, leaf};
use timelint_semantics::{Analysis, How, has_word, is_conditional, words};

/// First words of calls that do something each time that they are made.
#[rustfmt::skip]
const DOING: [&str; 14] = [
    "charge", "pay", "refund", "transfer", "debit", "credit", "withdraw", "deposit", "purchase", "checkout", "incr", "increment",
    "lpush", "rpush",
];

/// First words of calls that make something new.
const MAKING: [&str; 7] = ["create", "place", "submit", "issue", "book", "make", "add"];

/// Words of what people and books notice when it is there twice.
#[rustfmt::skip]
const NOTICED: [&str; 16] = [
    "order", "payment", "charge", "invoice", "transfer", "refund", "booking", "reservation", "purchase", "withdrawal", "payout",
    "subscription", "ticket", "comment", "deposit", "checkout",
];

/// `transfer`, `/orders`: what people and books notice when it is done twice.
pub(crate) fn names_a_deed(name: &str) -> bool {
    let one = |w: &String| w.strip_suffix('s').unwrap_or(w).to_owned();
    words(name).iter().map(one).any(|w| NOTICED.contains(&w.as_str()) || DOING.contains(&w.as_str()))
}

/// How sure it is that making the call twice does something twice.
pub(crate) fn doing(file: &Analysis<'_>, call: NodeId) -> Option<Confidence> {
    let model = file.model;
    if only_asks(file, call) {
        return None;
    }
    let external = file.write_at(call, 0).filter(|w| w.fence.is_none());
    let text = || {
        let known = file.resolve(call)?;
        file.literal_text(file.argument(call, known, ArgMeaning::Text)?)
    };
    if let Some(write) = external.filter(|w| w.how != How::Name) {
        let inserts =
            text().is_some_and(|t| t.trim_start().to_ascii_uppercase().starts_with("INSERT") && !is_conditional(&t));
        if write.effect == Effect::External || inserts {
            let bare = !inserts && matches!(model.name(call), "post" | "request" | "fetch");
            return Some(if bare { of_post(file, call) } else { Confidence::Medium });
        }
    }
    let parts = words(model.name(call));
    let first = parts.first().map_or("", String::as_str);
    // Mails and messages to people are no data that could be written twice without harm.
    if parts.windows(2).any(|w| w[0] == "send" && matches!(w[1].as_str(), "mail" | "email" | "sms")) {
        return Some(Confidence::Medium);
    }
    let makes = MAKING.contains(&first) && has_word(model.name(call), &NOTICED);
    // `stripe.charges.create(…)`
    let of = model.child(call, Role::Receiver).map_or("", |r| model.name(r).trim_end_matches('s'));
    let makes = makes || parts.len() == 1 && first == "create" && NOTICED.contains(&of.to_ascii_lowercase().as_str());
    let posts = first == "post" && parts.len() == 1 && model.child(call, Role::Receiver).is_some();
    let sends = parts.len() <= 2 && matches!(first, "request" | "do" | "send" | "execute" | "fetch");
    let does = DOING.contains(&first) || makes || posts || sends && posts_something(file, call);
    let sure = if DOING.contains(&first) || makes { Confidence::Medium } else { of_post(file, call) };
    (does && call_evidence(file, call) >= Remote::Named).then_some(sure)
}

/// How sure it is that a `POST` does something: many only ask, for the question is long. What is sent, its address or the
/// function around it says that something new comes of it.
fn of_post(file: &Analysis<'_>, call: NodeId) -> Confidence {
    const NEW: [&str; 12] = [
        "create", "add", "insert", "submit", "place", "register", "enqueue", "launch", "start", "trigger", "issue",
        "book",
    ];
    let model = file.model;
    let says = |name: &str| names_a_deed(name) || has_word(name, &NEW);
    let around = model.ancestors(call).find(|a| model.kind(*a) == Kind::Function && !model.name(*a).is_empty());
    let told =
        around.is_some_and(|f| says(model.name(f))) || model.descendants(call).take(64).any(|n| says(model.name(n)));
    if told { Confidence::Medium } else { Confidence::Low }
}

/// `request("POST", url)`, `Do(req)` after `req := NewRequest(MethodPost, url)`, `execute(post)` of an `HttpPost`.
fn posts_something(file: &Analysis<'_>, call: NodeId) -> bool {
    let model = file.model;
    let is_post = |n: NodeId| match model.kind(n) {
        Kind::String => matches!(model.name(n), "POST" | "post"),
        Kind::Name | Kind::Member => matches!(words(model.name(n)).join(" ").as_str(), "method post" | "post"),
        _ => false,
    };
    let said = |n: NodeId| {
        let value = model.child(n, Role::Value).filter(|_| matches!(model.kind(n), Kind::Argument | Kind::Entry));
        is_post(value.unwrap_or(n))
    };
    let made = |n: NodeId| {
        let source = file.only_source(n).filter(|_| model.kind(n) == Kind::Name);
        source.is_some_and(|s| model.children_with(s, Role::Arg).any(said))
    };
    let typed = |n: NodeId| {
        let kind = file.type_of(n).map(|t| words(leaf(&t.name)).join(" "));
        kind.is_some_and(|k| k == "http post")
    };
    let entries = |n: NodeId| model.kind(n) == Kind::Record && model.children(n).any(said);
    model.children_with(call, Role::Arg).any(|a| said(a) || made(a) || typed(a) || entries(a))
}

/// A request that only asks, or that may well be made twice: a search, a query, a token.
fn only_asks(file: &Analysis<'_>, call: NodeId) -> bool {
    #[rustfmt::skip]
    const ASKING: [&str; 22] = [
        "token", "tokens", "oauth", "auth", "login", "authenticate", "search", "query", "graphql", "introspect", "session", "verify",
        "validate", "lookup", "find", "list", "heartbeat", "ping", "signin", "check", "license", "licence",
    ];
    let model = file.model;
    let function = model.ancestors(call).find(|a| model.kind(*a) == Kind::Function && !model.name(*a).is_empty());
    let speaks = |n: NodeId| {
        matches!(model.kind(n), Kind::Name | Kind::Member | Kind::String | Kind::Call)
            && has_word(model.name(n), &ASKING)
    };
    // The address may stand behind a context and a method.
    let mut targets = model.children_with(call, Role::Arg).take(3).filter(|a| model.kind(*a) != Kind::Record);
    function.is_some_and(|f| has_word(model.name(f), &ASKING))
        || targets.any(|t| model.self_and_descendants(t).take(64).any(speaks))
}
