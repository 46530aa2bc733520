//! `retry-non-idempotent`: a request that may have been carried out is sent again, with nothing by which the other side
//! could tell that it is the same one.

use crate::Rule;
use crate::network::attempts::{Attempt, attempts};
use crate::network::remote::{Remote, call_evidence, quiet_in_tools};
use crate::network::rounds::try_around;
use crate::story::Story;
use timelint_diagnostics::{Confidence, Family, Finding, RuleMeta, Severity};
use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::catalog::{ApiRole, ArgMeaning, Effect};
use timelint_semantics::{Analysis, How, Origins, has_word, is_conditional, words};

/// See the module.
pub(crate) struct RetryNonIdempotent;

static META: RuleMeta = RuleMeta {
    id: "retry-non-idempotent",
    aliases: &[],
    family: Family::Network,
    mechanism: "a timeout does not say whether the request was carried out",
    severity: Severity::Error,
    summary: "a request that is not idempotent is sent again after a failure that may have come too late",
    page: include_str!("retry_non_idempotent.md"),
};

/// Names of what tells the other side that a request is the same as before.
#[rustfmt::skip]
const KEYS: [&str; 20] = [
    "idempotency", "idempotent", "idempotence", "requestid", "clienttoken", "dedup", "dedupid", "deduplication", "nonce", "unique",
    "uniq", "msgid", "messageid", "txid", "txnid", "orderno", "correlation", "upsert", "conflict", "exists",
];

/// First words of calls that do something each time that they are made.
#[rustfmt::skip]
const DOING: [&str; 14] = [
    "charge", "pay", "refund", "transfer", "debit", "credit", "withdraw", "deposit", "purchase", "checkout", "incr", "increment",
    "lpush", "rpush",
];

/// Words of calls that hand a request on, whatever it is.
const SENDING: [&str; 10] =
    ["send", "post", "publish", "submit", "execute", "exec", "charge", "pay", "insert", "append"];

/// Words of failures that say that nothing was sent.
const UNSENT: [&str; 8] = ["refused", "connect", "resolve", "unknownhost", "noroute", "dns", "gaierror", "ratelimit"];

/// Words of failures after which the request may have been carried out.
const AMBIGUOUS: [&str; 8] =
    ["timeout", "timeouterror", "connection", "reset", "socket", "io", "ioexception", "network"];

/// Nodes of one function that are looked at.
const MOST_NODES: usize = 3000;

impl Rule for RetryNonIdempotent {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check(&self, file: &Analysis<'_>, out: &mut Vec<Finding>) {
        let from = out.len();
        out.extend(attempts(file).iter().filter_map(|a| of_loop(file, a)));
        for id in file.model.ids() {
            out.extend(match file.model.kind(id) {
                Kind::Decorator => of_function(file, id),
                Kind::Call => of_function(file, id).or_else(|| of_policy(file, id)),
                Kind::New | Kind::Record => of_policy(file, id),
                Kind::Catch => of_handler(file, id),
                _ => None,
            });
        }
        quiet_in_tools(file, &mut out[from..]);
    }
}

/// A request in a loop.
fn of_loop(file: &Analysis<'_>, attempt: &Attempt) -> Option<Finding> {
    if attempt.contends || is_unsent(file, attempt.again, attempt.call) {
        return None;
    }
    if let Some(key) = fresh_key(file, attempt.call, attempt.again) {
        return Some(of_fresh_key(file, attempt.call, key));
    }
    let confidence = doing(file, attempt.call)?;
    if carries_key(file, attempt.call) {
        return None;
    }
    let message = format!("`{}` is repeated although it may have been carried out", file.short(attempt.call));
    let story = Story::new(&META, file, attempt.call, message).why(WHY).help(HELP).confidence(confidence);
    Some(story.step(file.location(attempt.call), "sent again after a failure that may have come too late").tell())
}

/// A function that a policy repeats as a whole: `@retry def pay()`, `pRetry(() => client.charge(card))`.
fn of_function(file: &Analysis<'_>, policy: NodeId) -> Option<Finding> {
    let model = file.model;
    file.resolve(policy).filter(|k| k.api.role == ApiRole::RetryPolicy && k.how != How::Name)?;
    let around = model.parent(policy).filter(|_| model.kind(policy) == Kind::Decorator);
    let function = around.into_iter().chain(model.children_with(policy, Role::Arg));
    let function = function.into_iter().find(|f| model.kind(*f) == Kind::Function)?;
    let first = file.tables.calls.partition_point(|c| *c < function);
    let inside = || file.tables.calls[first..].iter().copied().take_while(|c| model.contains(function, *c));
    // What the policy is told is not repeated.
    let calls = || inside().filter(|c| model.kind(policy) != Kind::Decorator || !model.contains(policy, *c));
    if let Some((call, key)) = calls().find_map(|c| fresh_key(file, c, function).map(|k| (c, k))) {
        return Some(of_fresh_key(file, call, key));
    }
    let (call, confidence) = calls().find_map(|c| doing(file, c).map(|d| (c, d)))?;
    if calls().any(|c| carries_key(file, c)) {
        return None;
    }
    let name = file.short(policy);
    let message = format!("`{}` is repeated by `{name}` although it may have been carried out", file.short(call));
    let story = Story::new(&META, file, call, message).why(WHY).help(HELP).confidence(confidence);
    let story = story.step(file.location(policy), "repeats the whole function");
    Some(story.step(file.location(call), "sent again").tell())
}

/// A policy that is told to repeat every method.
fn of_policy(file: &Analysis<'_>, id: NodeId) -> Option<Finding> {
    let model = file.model;
    let known = file.resolve(id).filter(|k| k.api.retry.is_some() && k.how != How::Name)?;
    let repeats = file.argument(id, known, ArgMeaning::Repeats)?;
    let all = match model.kind(repeats) {
        Kind::Boolean => model.name(repeats).eq_ignore_ascii_case("true") == (known.api.args.len() == 2),
        Kind::Null => true,
        Kind::List | Kind::Call => model.self_and_descendants(repeats).any(|n| {
            model.kind(n) == Kind::String && matches!(model.name(n).to_ascii_uppercase().as_str(), "POST" | "PATCH")
        }),
        Kind::Function => {
            let returned = file.returns(repeats);
            let yes = |n: NodeId| model.kind(n) == Kind::Boolean && model.name(n).eq_ignore_ascii_case("true");
            !returned.is_empty() && returned.into_iter().all(yes)
        }
        _ => false,
    };
    let message = "requests that are not idempotent are repeated, too";
    let story = || Story::new(&META, file, repeats, message).why(WHY).help(HELP).confidence(Confidence::Medium);
    all.then(|| story().step(file.location(repeats), "leaves out no method").tell())
}

/// `except ConnectionError: conn.send(x)` after `try: conn.send(x)`.
fn of_handler(file: &Analysis<'_>, handler: NodeId) -> Option<Finding> {
    let model = file.model;
    let ambiguous = |t: NodeId| has_word(model.name(t), &AMBIGUOUS) && !has_word(model.name(t), &UNSENT);
    let tried = model.parent(handler).and_then(|t| model.child(t, Role::Body))?;
    model.children_with(handler, Role::Type).find(|t| ambiguous(*t))?;
    let body = model.child(handler, Role::Body)?;
    let calls = |id: NodeId| model.descendants(id).take(MOST_NODES).filter(|n| model.kind(*n) == Kind::Call);
    let sends = |c: &NodeId| has_word(model.name(*c), &SENDING) && call_evidence(file, *c) >= Remote::Named;
    let (first, again) = calls(body).filter(sends).find_map(|again| {
        let same = |c: &NodeId| model.sym(*c) == model.sym(again) && file.text(*c) == file.text(again);
        calls(tried).find(same).map(|first| (first, again))
    })?;
    if model.child(again, Role::Arg).is_none() || carries_key(file, again) {
        return None;
    }
    let message = format!("`{}` is sent again although the first may have been carried out", file.short(again));
    let story = Story::new(&META, file, again, message).why(WHY).help(HELP).confidence(Confidence::Medium);
    let story =
        story.step(file.location(first), "sent").step(file.location(again), "and again after a lost or late answer");
    Some(story.tell())
}

fn of_fresh_key(file: &Analysis<'_>, call: NodeId, key: NodeId) -> Finding {
    let message =
        format!("each attempt of `{}` gets a new key, so that none is known as a repetition", file.short(call));
    Story::new(&META, file, key, message)
        .why(WHY)
        .help("make the key once, before the first attempt, and send the same one each time")
        .confidence(Confidence::High)
        .step(file.location(key), "made anew for each attempt")
        .step(file.location(call), "sent with it")
        .tell()
}

/// A request that only asks, or that may well be made twice: a search, a query, a token.
fn only_asks(file: &Analysis<'_>, call: NodeId) -> bool {
    #[rustfmt::skip]
    const ASKING: [&str; 18] = [
        "token", "tokens", "oauth", "auth", "login", "authenticate", "search", "query", "graphql", "introspect", "session", "verify",
        "validate", "lookup", "find", "list", "heartbeat", "ping",
    ];
    let model = file.model;
    let function = model.ancestors(call).find(|a| model.kind(*a) == Kind::Function && !model.name(*a).is_empty());
    let speaks = |n: NodeId| {
        matches!(model.kind(n), Kind::Name | Kind::Member | Kind::String | Kind::Call)
            && has_word(model.name(n), &ASKING)
    };
    let target = model.children_with(call, Role::Arg).next();
    function.is_some_and(|f| has_word(model.name(f), &ASKING))
        || target.is_some_and(|t| model.self_and_descendants(t).take(64).any(speaks))
}

/// How sure it is that making the call twice does something twice.
fn doing(file: &Analysis<'_>, call: NodeId) -> Option<Confidence> {
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
            return Some(Confidence::Medium);
        }
    }
    let parts = words(model.name(call));
    // Mails and messages to people are no data that could be written twice without harm.
    let tells = parts.windows(2).any(|w| w[0] == "send" && matches!(w[1].as_str(), "mail" | "email" | "sms"));
    let does = tells || parts.first().is_some_and(|w| DOING.contains(&w.as_str()));
    (does && call_evidence(file, call) >= Remote::Named).then_some(Confidence::Medium)
}

/// A key among the arguments, or around the call, by its name.
fn carries_key(file: &Analysis<'_>, call: NodeId) -> bool {
    let model = file.model;
    let named = |n: NodeId| {
        let name = model.name(n);
        matches!(model.kind(n), Kind::Name | Kind::Member | Kind::Argument | Kind::Entry | Kind::Call | Kind::String)
            && name.len() < 200
            && is_key_name(name)
    };
    let function = file.function_around(call).unwrap_or(call);
    model.self_and_descendants(function).take(MOST_NODES).any(named)
}

fn is_key_name(name: &str) -> bool {
    let parts = words(name);
    let pair = |a: &str, b: &str| parts.windows(2).any(|w| w[0] == a && w[1] == b);
    has_word(name, &KEYS)
        || pair("request", "id")
        || pair("client", "token")
        || pair("message", "id")
        || pair("transaction", "id")
}

/// A key among the arguments that is made of chance inside what is repeated.
fn fresh_key(file: &Analysis<'_>, call: NodeId, repeated: NodeId) -> Option<NodeId> {
    let model = file.model;
    let inside = model.descendants(call).take(400);
    let keyed =
        inside.filter(|n| matches!(model.kind(*n), Kind::Argument | Kind::Entry) && is_key_name(model.name(*n)));
    let mut values = keyed.filter_map(|n| model.child(n, Role::Value));
    values.find(|value| {
        let chance = |n: NodeId| file.resolve(n).is_some_and(|k| k.api.role == ApiRole::Random);
        let drawn = model.self_and_descendants(*value).any(|n| model.kind(n) == Kind::Call && chance(n));
        let random = drawn || file.value(*value).origins.any(Origins::RANDOM);
        let made_here = match model.kind(*value) {
            Kind::Name => {
                let stores = file.stores_of(*value);
                !stores.is_empty() && stores.iter().all(|s| model.contains(repeated, s.at) && s.value.is_some())
            }
            _ => true,
        };
        random && made_here
    })
}

/// Every handler that goes on says that nothing was sent.
fn is_unsent(file: &Analysis<'_>, repeated: NodeId, call: NodeId) -> bool {
    let model = file.model;
    let Some(guarding) = try_around(file, repeated, call) else { return false };
    let handlers = model.children_with(guarding, Role::Catch);
    let mut types = handlers.flat_map(|c| model.children_with(c, Role::Type)).peekable();
    types.peek().is_some() && types.all(|t| has_word(model.name(t), &UNSENT))
}

const WHY: &str = "no answer does not mean that nothing happened: the request, the work or only the answer may be late or lost; sent \
                   again, money moves twice, mails go out twice, rows appear twice, and mostly when the server is slow";

const HELP: &str = "make a key before the first attempt and send it each time, for the server to recognise what it has done \
                    (`Idempotency-Key`, a client token, a unique column); or look whether it happened before trying again; or \
                    repeat only failures that say that nothing was sent";
