//! `retry-non-idempotent`: a request that may have been carried out is sent again, with nothing by which the other side
//! could tell that it is the same one.

use crate::Rule;
use crate::network::attempts::{Attempt, attempts};
use crate::network::deeds::{doing, names_a_deed};
use crate::network::redial::{Redial, redials};
use crate::network::remote::{Remote, call_evidence};
use crate::network::rounds::try_around;
use crate::story::Story;
use crate::surface::quiet_beside_services;
use timelint_diagnostics::{Confidence, Family, Finding, RuleMeta, Severity};
use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::catalog::{ApiRole, ArgMeaning};
use timelint_semantics::{Analysis, Callee, How, Origins, has_word, words};

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
const KEYS: [&str; 23] = ["idem", "seq", "sequence",
    "idempotency", "idempotent", "idempotence", "requestid", "clienttoken", "dedup", "dedupid", "deduplication", "nonce", "unique",
    "uniq", "msgid", "messageid", "txid", "txnid", "orderno", "correlation", "upsert", "conflict", "exists",
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
        out.extend(redials(file).iter().filter_map(|r| of_redial(file, r)));
        for id in file.model.ids() {
            out.extend(match file.model.kind(id) {
                Kind::Decorator => of_function(file, id),
                Kind::Call => of_function(file, id).or_else(|| of_policy(file, id)),
                Kind::New | Kind::Record => of_policy(file, id),
                Kind::Entry => of_option(file, id),
                Kind::Function => of_predicate(file, id),
                Kind::Catch => of_handler(file, id),
                _ => None,
            });
        }
        quiet_beside_services(file, &mut out[from..]);
    }
}

/// A request in a loop.
fn of_loop(file: &Analysis<'_>, attempt: &Attempt) -> Option<Finding> {
    let quiet = |because, holds| file.is_silent(&META, attempt.call, because, holds);
    if quiet("it asks for a lock", attempt.contends)
        || quiet("only what was never sent is repeated", is_unsent(file, attempt.again, attempt.call))
    {
        return None;
    }
    if let Some(key) = fresh_key(file, attempt.call, attempt.again) {
        return Some(of_fresh_key(file, attempt.call, key));
    }
    // `counter.incr(key).result()`
    let model = file.model;
    let calls = model.self_and_descendants(attempt.call).take(MOST_NODES).filter(|n| model.kind(*n) == Kind::Call);
    let told =
        || file.resolve(attempt.call).is_some_and(|k| k.api.role == ApiRole::Log) || measures(file, attempt.call);
    if quiet("it only counts", told()) {
        return None;
    }
    let confidence = calls.into_iter().find_map(|c| doing(file, c)).or_else(|| done_inside(file, attempt.call));
    quiet("nothing says that it does something that must not be done twice", confidence.is_none());
    let confidence = confidence?;
    let keyed = carries_key(file, attempt.call) || file.callee(attempt.call).is_some_and(|c| is_keyed_inside(file, c));
    if quiet("a key tells the other side that it is the same request", keyed) {
        return None;
    }
    let message = format!("`{}` is repeated although it may have been carried out", file.short(attempt.call));
    let story = Story::new(&META, file, attempt.call, message).why(WHY).help(HELP).confidence(confidence);
    Some(story.step(file.location(attempt.call), "sent again after a failure that may have come too late").tell())
}

/// `metrics.Increment(…)`
fn measures(file: &Analysis<'_>, call: NodeId) -> bool {
    let receiver = file.model.child(call, Role::Receiver);
    receiver.is_some_and(|r| has_word(file.model.name(r), &["metrics", "metric", "meter", "stats", "statsd"]))
}

/// What a function of this file does that is called: `submit(order)`, which posts it.
fn done_inside(file: &Analysis<'_>, call: NodeId) -> Option<Confidence> {
    let Some(Callee::Here(function)) = file.callee(call).filter(|c| !is_keyed_inside(file, *c)) else { return None };
    let model = file.model;
    // What is sent may as well be a question: a name or an address says that it is none.
    let around = file.function_around(call).into_iter().chain([function]);
    let texts = model.descendants(function).take(MOST_NODES).filter(|n| model.kind(*n) == Kind::String);
    if !around.chain(texts).any(|n| names_a_deed(model.name(n))) {
        return None;
    }
    let inside = file.calls_below(function).iter().copied();
    inside.into_iter().find_map(|c| doing(file, c)).filter(|_| !says_unsent(file, function))
}

/// A function of this file sends a key with its request.
fn is_keyed_inside(file: &Analysis<'_>, callee: Callee<'_>) -> bool {
    let Callee::Here(function) = callee else { return false };
    file.calls_below(function).iter().any(|c| carries_key(file, *c))
}

/// A function that runs itself again after a failure.
fn of_redial(file: &Analysis<'_>, redial: &Redial) -> Option<Finding> {
    let model = file.model;
    let around = model.ancestors(redial.again).filter(|a| model.kind(*a) == Kind::Function);
    let function = around.into_iter().find(|f| model.sym(*f) == model.sym(redial.again))?;
    let (call, confidence) = file.calls_below(function).iter().copied().find_map(|c| doing(file, c).map(|d| (c, d)))?;
    if redial.contends || carries_key(file, call) || says_unsent(file, function) || was_refused(file, redial.again) {
        return None;
    }
    let message = format!("`{}` is repeated although it may have been carried out", file.short(call));
    let story = Story::new(&META, file, call, message).why(WHY).help(HELP).confidence(confidence);
    let story = story.step(file.location(call), "sent").step(file.location(redial.failure), "reached after a failure");
    Some(story.step(file.location(redial.again), "and sent again").tell())
}

/// `retry: { methods: ['GET', 'POST'] }`
fn of_option(file: &Analysis<'_>, entry: NodeId) -> Option<Finding> {
    let model = file.model;
    let outer = model.parent(entry).and_then(|record| model.parent(record))?;
    let methods = model.child(entry, Role::Value).filter(|v| model.kind(*v) == Kind::List)?;
    let named = model.name(entry) == "methods" && model.kind(outer) == Kind::Entry && model.name(outer) == "retry";
    (named && names_doing_method(file, methods)).then(|| of_all_methods(file, methods))
}

/// `retryRequest(failure, …)` says yes to a lost answer before it looks at what was asked.
fn of_predicate(file: &Analysis<'_>, function: NodeId) -> Option<Finding> {
    let model = file.model;
    let name = words(model.name(function));
    let asks = name.iter().any(|w| w == "retry") && name.iter().any(|w| matches!(w.as_str(), "request" | "method"));
    if !asks || model.children_with(function, Role::Param).nth(1).is_none() {
        return None;
    }
    let yes = |r: &NodeId| model.kind(*r) == Kind::Boolean && model.name(*r).eq_ignore_ascii_case("true");
    let lost = |n: NodeId| {
        let words = words(model.name(n));
        let unanswered = words.windows(2).any(|w| w[0] == "no" && matches!(w[1].as_str(), "http" | "response"));
        matches!(model.kind(n), Kind::Name | Kind::Type) && (unanswered || has_word(model.name(n), &["timeout"]))
    };
    let safe = |n: NodeId| has_word(model.name(n), &["idempotent", "method", "enclosing", "sent"]);
    let says = |r: &NodeId, test: &dyn Fn(NodeId) -> bool| {
        file.guards(*r).iter().any(|g| model.self_and_descendants(g.condition).any(test))
    };
    let held = |r: &NodeId, test: &dyn Fn(NodeId) -> bool| {
        file.guards(*r).iter().any(|g| g.holds && !g.by_exit && model.self_and_descendants(g.condition).any(test))
    };
    let answer = file.returns(function).into_iter().filter(yes).find(|r| held(r, &lost) && !says(r, &safe))?;
    let message = "a request whose answer was lost is repeated, whatever it asks for";
    let story = Story::new(&META, file, answer, message).why(WHY).help(HELP).confidence(Confidence::Medium);
    Some(story.step(file.location(answer), "repeated without a look at its method").tell())
}

/// A function that a policy repeats as a whole: `@retry def pay()`, `pRetry(() => client.charge(card))`.
fn of_function(file: &Analysis<'_>, policy: NodeId) -> Option<Finding> {
    let model = file.model;
    file.resolve(policy).filter(|k| k.api.role == ApiRole::RetryPolicy && k.how != How::Name)?;
    let around = model.parent(policy).filter(|_| model.kind(policy) == Kind::Decorator);
    let function = around.into_iter().chain(model.children_with(policy, Role::Arg));
    let function = function.into_iter().find(|f| model.kind(*f) == Kind::Function)?;
    // What the policy is told is not repeated.
    let calls = || {
        file.calls_below(function)
            .iter()
            .copied()
            .filter(|c| model.kind(policy) != Kind::Decorator || !model.contains(policy, *c))
    };
    if let Some((call, key)) = calls().find_map(|c| fresh_key(file, c, function).map(|k| (c, k))) {
        return Some(of_fresh_key(file, call, key));
    }
    let (call, confidence) = calls().find_map(|c| doing(file, c).map(|d| (c, d)))?;
    if calls().any(|c| carries_key(file, c)) {
        return None;
    }
    let name = match model.kind(policy) {
        Kind::Call => model.name(policy).to_owned(),
        _ => file.short(policy),
    };
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
        Kind::List | Kind::Call => names_doing_method(file, repeats),
        Kind::Function => {
            let returned = file.returns(repeats);
            let yes = |n: NodeId| model.kind(n) == Kind::Boolean && model.name(n).eq_ignore_ascii_case("true");
            !returned.is_empty() && returned.into_iter().all(yes) || takes_lost_answers(file, repeats)
        }
        _ => false,
    };
    all.then(|| of_all_methods(file, repeats))
}

/// `err => err.code === 'ECONNABORTED'`: answers that are late or lost, whatever was asked.
fn takes_lost_answers(file: &Analysis<'_>, function: NodeId) -> bool {
    const LOST: [&str; 4] = ["ECONNABORTED", "ETIMEDOUT", "ECONNRESET", "isNetworkError"];
    let model = file.model;
    let safe = |n: NodeId| has_word(model.name(n), &["idempotent", "method", "get", "post"]);
    let inside = || model.descendants(function).take(MOST_NODES);
    inside().any(|n| LOST.contains(&model.name(n))) && !inside().any(safe)
}

fn names_doing_method(file: &Analysis<'_>, methods: NodeId) -> bool {
    let model = file.model;
    model.self_and_descendants(methods).any(|n| {
        model.kind(n) == Kind::String && matches!(model.name(n).to_ascii_uppercase().as_str(), "POST" | "PATCH")
    })
}

fn of_all_methods(file: &Analysis<'_>, at: NodeId) -> Finding {
    let message = "requests that are not idempotent are repeated, too";
    // Somebody chose to repeat everything: that anything is sent that must not arrive twice has to be seen.
    // `def post(self, …): return self.session.post(…)` only hands it on: whether anybody does so is not known.
    let model = file.model;
    let hands_on = |c: NodeId| file.function_around(c).is_some_and(|f| words(model.name(f)) == words(model.name(c)));
    let does = file.tables.calls.iter().any(|c| doing(file, *c).is_some() && !hands_on(*c));
    let confidence = if does { Confidence::Medium } else { Confidence::Low };
    let story = Story::new(&META, file, at, message).why(WHY).help(HELP).confidence(confidence);
    story.step(file.location(at), "leaves out no method").tell()
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
    // `post(ctx, newKey(), body)`, whose second parameter is called a key.
    let names = file.parameter_names(call);
    let placed = model.children_with(call, Role::Arg).enumerate();
    let placed = placed.filter(|(i, _)| names.get(*i).is_some_and(|n| is_key_name(n))).map(|(_, a)| a);
    let mut values = keyed.filter_map(|n| model.child(n, Role::Value)).chain(placed);
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

/// Nothing but an answer that says "not now" leads to the next attempt.
fn says_unsent(file: &Analysis<'_>, repeated: NodeId) -> bool {
    let model = file.model;
    model.descendants(repeated).take(MOST_NODES).any(|n| match model.kind(n) {
        Kind::Number | Kind::String => model.name(n) == "429",
        Kind::Name | Kind::Member | Kind::Type => {
            has_word(model.name(n), &["ratelimit", "throttle", "throttled", "throttling", "ratelimited"])
                || matches!(words(model.name(n)).join(" ").as_str(), "too many requests" | "status too many requests")
        }
        _ => false,
    })
}

/// `if (err.response.status === 401)`: an answer came, and it says that nothing was done.
fn was_refused(file: &Analysis<'_>, again: NodeId) -> bool {
    const REFUSED: [&str; 7] = ["401", "403", "404", "409", "412", "425", "429"];
    let model = file.model;
    let refused = |n: NodeId| {
        matches!(model.kind(n), Kind::Number | Kind::String) && REFUSED.contains(&model.name(n))
            || has_word(model.name(n), &["unauthorized", "forbidden", "unauthenticated"])
    };
    file.guards(again).iter().any(|g| g.holds && model.self_and_descendants(g.condition).take(64).any(refused))
}

/// Every handler that goes on says that nothing was sent.
fn is_unsent(file: &Analysis<'_>, repeated: NodeId, call: NodeId) -> bool {
    let model = file.model;
    if says_unsent(file, repeated) {
        return true;
    }
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
