//! `missing-timeout`: a call to another machine, or a client for one, that waits for ever when no answer comes.

use crate::Rule;
use crate::network::answers::{
    awaited_answer, awaited_call, awaited_channel, awaited_condition, awaited_latch, awaited_peer,
};
use crate::network::bounds::{Bound, chained, given, limited_around, set_on_receiver, set_on_result};
use crate::network::built_settings::limits_connecting;
use crate::network::commands::remote_command;
use crate::network::connections::endless_connections;
use crate::network::contexts::endless_contexts;
use crate::network::ended_beside::is_ended_by_a_timer;
use crate::network::endless_polls::endless_polls;
use crate::network::events::awaited_event;
use crate::network::forwarded::forwarded_calls;
use crate::network::ignored_limits::ignored_limits;
use crate::network::libraries::{begun, family_of, is_sent_by_another, library, library_is_limited, option_is_limited};
use crate::network::signals::lost_limits;
use crate::network::stubs::stub_call;
use crate::network::sureness::sureness;
use crate::network::unheard::unheard_limits;
use crate::story::Story;
use std::collections::BTreeMap;
use timelint_diagnostics::{Confidence, Family, Finding, RuleMeta, Severity};
use timelint_model::{Kind, NodeId, Role, Sym};
use timelint_semantics::catalog::{Api, ApiRole, ArgMeaning, TimeoutKind, leaf};
use timelint_semantics::{Analysis, How, Resolved, has_word, library_of, words};

/// See the module.
pub(crate) struct MissingTimeout;

pub(crate) static META: RuleMeta = RuleMeta {
    id: "missing-timeout",
    aliases: &[],
    family: Family::Network,
    mechanism: "an answer that never comes on a network that loses messages",
    severity: Severity::Warning,
    summary: "a call to another machine has no limit of time: when the answer is lost, the caller waits for ever",
    page: include_str!("missing_timeout.md"),
};

impl Rule for MissingTimeout {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check(&self, file: &Analysis<'_>, out: &mut Vec<Finding>) {
        let mut groups: Vec<Vec<Endless<'_>>> = Vec::new();
        let mut clients: BTreeMap<(Sym, Option<NodeId>), usize> = BTreeMap::new();
        let mut families: BTreeMap<&str, usize> = BTreeMap::new();
        let mut listening: Option<usize> = None;
        for site in file.model.ids() {
            let endless = match file.model.kind(site) {
                Kind::Call => known(file, site).or_else(|| guessed(file, site)),
                Kind::New | Kind::Record | Kind::Member => known(file, site).or_else(|| remote_command(file, site)),
                Kind::Unary => awaited_channel(file, site),
                _ => None,
            };
            let Some(endless) = endless else { continue };
            let next = groups.len();
            let group = client_of(file, &endless).map(|c| *clients.entry(c).or_insert(next));
            let group = group.or_else(|| {
                endless.api.and_then(|api| family_of(file, api)).map(|f| *families.entry(f).or_insert(next))
            });
            let serves = endless.api.is_some_and(|a| a.role == ApiRole::Server);
            let group = group.or_else(|| serves.then(|| *listening.get_or_insert(next)));
            match group.and_then(|g| groups.get_mut(g)) {
                Some(group) => group.push(endless),
                None => groups.push(vec![endless]),
            }
        }
        out.extend(groups.iter().map(|group| tell(file, group)));
        out.extend(endless_contexts(file));
        out.extend(endless_connections(file));
        out.extend(endless_polls(file));
        out.extend(ignored_limits(file));
        out.extend(unheard_limits(file));
        out.extend(lost_limits(file));
        out.extend(forwarded_calls(file));
    }
}

/// What no entry of the catalogue says by itself: names, and what stands around.
fn guessed<'a>(file: &Analysis<'a>, site: NodeId) -> Option<Endless<'a>> {
    awaited_call(file, site)
        .or_else(|| awaited_latch(file, site))
        .or_else(|| awaited_answer(file, site))
        .or_else(|| awaited_peer(file, site))
        .or_else(|| awaited_event(file, site))
        .or_else(|| awaited_condition(file, site))
        .or_else(|| stub_call(file, site))
        .or_else(|| remote_command(file, site))
}

/// The object that a call is made on: all calls on one client are one mistake. A local variable is another one in each
/// function.
fn client_of(file: &Analysis<'_>, endless: &Endless<'_>) -> Option<(Sym, Option<NodeId>)> {
    let model = file.model;
    let receiver = model.child(endless.site, Role::Receiver);
    let receiver = receiver.filter(|r| matches!(model.kind(*r), Kind::Name | Kind::Member))?;
    let calls = endless.api.is_none_or(|a| a.role == ApiRole::RemoteCall) && file.type_of(receiver).is_some();
    let function = file.function_around(endless.site);
    let stores = file.stores_of(receiver);
    let local = !stores.is_empty() && stores.iter().all(|s| function.is_some_and(|f| model.contains(f, s.at)));
    let scope = function.filter(|_| model.kind(receiver) == Kind::Name && local);
    calls.then(|| (model.sym(receiver), scope))
}

/// A call that nothing limits.
pub(crate) struct Endless<'a> {
    pub(crate) site: NodeId,
    /// What the catalogue knows of it.
    pub(crate) api: Option<&'a Api>,
    /// The value that means "for ever", where one is given.
    pub(crate) value: Option<NodeId>,
    /// What to do, where the catalogue does not say.
    pub(crate) help: Option<&'static str>,
    pub(crate) confidence: Confidence,
}

fn known<'a>(file: &Analysis<'a>, site: NodeId) -> Option<Endless<'a>> {
    let known = file.resolve(site).filter(|k| k.how != How::Name)?;
    let bound = given(file, site, known.api);
    let quiet = |because, holds| file.is_silent(&META, site, because, holds);
    let value = match bound {
        Bound::Endless(value) if known.api.role != ApiRole::Await && takes_long(known) => Some(value),
        Bound::Absent if known.api.waits_for_ever() => None,
        _ => {
            quiet("it is given a limit", bound == Bound::Given);
            quiet("what it is given may hold a limit", bound == Bound::Unknown && known.api.waits_for_ever());
            return None;
        }
    };
    let confidence = otherwise_unlimited(file, site, known)?;
    Some(Endless { site, api: Some(known.api), value, help: None, confidence })
}

/// How sure it is that nothing but its arguments limits a call; `None` where something does.
pub(crate) fn otherwise_unlimited(file: &Analysis<'_>, site: NodeId, known: Resolved<'_>) -> Option<Confidence> {
    let quiet = |because, holds| file.is_silent(&META, site, because, holds);
    if file.model.kind(site) == Kind::Member && !is_ready_made(file, site, known)
        || known.api.role == ApiRole::None && is_sent_by_another(file, library(known.api.name.as_slice().first()?))
        || quiet("it is only asked what it is made of", is_only_asked(file, site, known))
        || quiet("the chain of calls sets a limit, or may", chained(file, site) != Bound::Absent)
        || quiet("what stands around it limits it", limited_around(file, site))
        || quiet("a timer beside it ends it", is_ended_by_a_timer(file, site))
        || quiet("what it is built of was made elsewhere", is_built_elsewhere(file, site, known))
        || quiet("the project sets a limit for all of its kind", is_covered(file, known))
        || quiet("an option sets its limit", option_is_limited(file, site, known))
        || quiet("the object that is called or made has its limit elsewhere", is_limited_elsewhere(file, site, known))
    {
        return None;
    }
    sureness(file, site, known)
}

/// `provider.getBuilder().build()`: who made what it is built of may have limited it.
fn is_built_elsewhere(file: &Analysis<'_>, site: NodeId, known: Resolved<'_>) -> bool {
    const MOST_LINKS: usize = 24;
    let model = file.model;
    let next = |n: &NodeId| match model.kind(*n) {
        Kind::Name => Some(file.condition_source(*n)).filter(|s| s != n),
        Kind::Call => model.child(*n, Role::Receiver),
        _ => None,
    };
    let links = std::iter::successors(model.child(site, Role::Receiver), next).take(MOST_LINKS);
    let mut calls = links.filter(|n| model.kind(*n) == Kind::Call);
    // What another part of the project gives, and no link of the library's own chain.
    let foreign = |c: NodeId| {
        let gives_builder = words(model.name(c)).last().is_some_and(|w| w == "builder");
        gives_builder
            && model.child(c, Role::Receiver).is_some()
            && file.resolve(c).is_none()
            && file.callee(c).is_none()
    };
    known.api.role == ApiRole::RemoteClient
        && model.kind(site) == Kind::Call
        && calls.any(|c| foreign(c) && !is_of_a_class(file, c))
}

/// `Client.newBuilder()`: called on a class, and not on an object.
fn is_of_a_class(file: &Analysis<'_>, call: NodeId) -> bool {
    let receiver = file.model.child(call, Role::Receiver);
    receiver.is_some_and(|r| file.model.name(r).starts_with(char::is_uppercase) && file.stores_of(r).is_empty())
}

/// A client that a library has ready for use, not a class whose members are spoken of.
fn is_ready_made(file: &Analysis<'_>, site: NodeId, known: Resolved<'_>) -> bool {
    known.api.args.is_empty() && file.model.role(site) != Role::Target
}

/// `new Client().getConverters()`: made for what it has inside, and gone with the statement.
fn is_only_asked(file: &Analysis<'_>, site: NodeId, known: Resolved<'_>) -> bool {
    let model = file.model;
    let asked = model.parent(site).filter(|_| model.role(site) == Role::Receiver);
    let bare = |call: NodeId| model.child(call, Role::Arg).is_none() && file.resolve(call).is_none();
    let getter = |call: NodeId| {
        let name = words(model.name(call));
        name.len() > 1 && name.first().is_some_and(|w| w == "get")
    };
    // `builder.build().uri()`
    let part = |call: NodeId| matches!(model.name(call), "uri" | "url" | "headers" | "method");
    match known.api.role {
        ApiRole::RemoteClient if only_signs(file, site) => true,
        ApiRole::RemoteClient if model.kind(site) == Kind::New => asked.is_some_and(|c| getter(c) && bare(c)),
        ApiRole::None => asked.is_some_and(|c| part(c) && bare(c)),
        _ => false,
    }
}

/// `getSignedUrl(client, command)`: what the client signs is sent by somebody else.
fn only_signs(file: &Analysis<'_>, site: NodeId) -> bool {
    let model = file.model;
    let signs = |read: NodeId| {
        let call = model.parent(read).filter(|_| model.role(read) == Role::Arg);
        call.is_some_and(|c| has_word(model.name(c), &["sign", "signed", "presign", "presigned"]))
    };
    let named = model.child(file.statement(site), Role::Target).filter(|t| model.kind(*t) == Kind::Name);
    let mut reads = named.map(|t| file.reads_of(t)).unwrap_or_default().into_iter().peekable();
    reads.peek().is_some() && reads.all(signs)
}

/// A limit of none that somebody wrote down matters where a whole exchange hangs on it.
fn takes_long(known: Resolved<'_>) -> bool {
    matches!(known.api.role, ApiRole::RemoteCall | ApiRole::RemoteClient)
        && known.api.args.iter().any(|a| match a.kind {
            Some(TimeoutKind::Read | TimeoutKind::Total | TimeoutKind::Connect) => true,
            // `connection.isValid(0)`
            Some(TimeoutKind::Query) => known.api.role == ApiRole::RemoteCall,
            _ => false,
        })
}

fn is_covered(file: &Analysis<'_>, known: Resolved<'_>) -> bool {
    known.api.name.as_slice().iter().any(|n| file.index().is_covered(n))
}

/// The object that is called, or that is made, gets its limit in another place.
fn is_limited_elsewhere(file: &Analysis<'_>, site: NodeId, known: Resolved<'_>) -> bool {
    let own = known.api.args.iter().any(|a| a.is == ArgMeaning::Timeout);
    let calls = known.api.role == ApiRole::RemoteCall;
    set_on_receiver(file, site, calls && own)
        || calls && own && client_decides(file, site)
        || (own || !calls) && set_on_result(file, site)
        || own && !calls && each_call_is_limited(file, site)
        || !own && !calls && library_is_limited(file, site, known)
}

/// `client.send(command, { abortSignal: AbortSignal.timeout(5000) })`, and no call on what is made here without a limit.
fn each_call_is_limited(file: &Analysis<'_>, site: NodeId) -> bool {
    let model = file.model;
    let statement = file.statement(site);
    let target = match model.kind(statement) {
        Kind::Field => Some(statement),
        _ => model.child(statement, Role::Target).filter(|t| matches!(model.kind(*t), Kind::Name | Kind::Member)),
    };
    let Some(name) = target.map(|t| model.sym(t)) else { return false };
    let class = |n: NodeId| file.tables.class_around(model, n);
    let same = |r: NodeId| model.sym(r) == name && (model.kind(r) == Kind::Name || class(r) == class(site));
    let on_it = |c: &NodeId| model.child(*c, Role::Receiver).is_some_and(same);
    let remote = |c: &NodeId| file.resolve(*c).filter(|k| k.how != How::Name && k.api.role == ApiRole::RemoteCall);
    let mut bounds =
        file.tables.calls.iter().filter(|c| on_it(c)).filter_map(|c| Some(given(file, *c, remote(c)?.api))).peekable();
    bounds.peek().is_some() && bounds.all(|b| b == Bound::Given)
}

/// A call on a client whose construction takes a limit itself: there, or unknown.
fn client_decides(file: &Analysis<'_>, site: NodeId) -> bool {
    let Some(receiver) = file.model.child(site, Role::Receiver) else { return false };
    let Some(ty) = file.type_of(receiver) else { return false };
    // `FTP()` connects to nobody yet, and was given nothing.
    let empty =
        |v: NodeId| file.resolve(v).is_some_and(|k| k.api.role == ApiRole::None && k.api.arities() == Some(&[0]));
    let all_empty = |v: NodeId| {
        let mut made = file.model.self_and_descendants(v).filter(|n| file.model.kind(*n) == Kind::Call).peekable();
        made.peek().is_some() && made.all(empty)
    };
    let stores = file.stores_of(receiver);
    if !stores.is_empty() && stores.iter().all(|s| s.value.is_some_and(all_empty)) {
        return false;
    }
    // `this.client = new Client({ region })`: made here, and given none.
    let unlimited = |v: NodeId| {
        let known = file.resolve(v).filter(|k| k.how != How::Name && k.api.role == ApiRole::RemoteClient);
        known.is_some_and(|k| !k.api.waits_for_ever() && given(file, v, k.api) == Bound::Absent)
    };
    let mut made = stores.iter().filter_map(|s| s.value).peekable();
    if made.peek().is_some() && made.all(unlimited) {
        return false;
    }
    // `Got` is what `got.extend` gives, by another name.
    let own = |t: &String| library_of(t) == library_of(&ty.name);
    let types: Vec<String> = file.catalog().ancestry(&ty.name).into_iter().filter(own).collect();
    file.apis_in(ApiRole::RemoteClient).any(|api| {
        let makes = api.returns.as_ref().map_or_else(|| api.name.as_slice(), std::slice::from_ref);
        makes.iter().any(|r| types.contains(r))
            && api.args.iter().any(|a| a.is == ArgMeaning::Timeout && a.kind.is_some_and(TimeoutKind::bounds))
    })
}

fn tell(file: &Analysis<'_>, group: &[Endless<'_>]) -> Finding {
    const MOST: usize = 20;
    let mut endless = &group[0];
    for other in group {
        if other.confidence > endless.confidence {
            endless = other;
        }
    }
    let site = endless.site;
    let role = endless.api.map_or(ApiRole::RemoteCall, |a| a.role);
    let subject = if is_operator(file, site) { file.short(site) } else { subject(file, site) };
    let what = match role {
        ApiRole::RemoteClient | ApiRole::None | ApiRole::TimeoutSet | ApiRole::Server => "has no limit of time",
        // `none (undici: headers 300 s)`
        _ if default_of(endless).is_some_and(|d| d.starts_with("none (")) => "waits without a limit of time of its own",
        _ => "waits without a limit of time",
    };
    let message = match endless.value {
        Some(value) => format!("`{}` lets `{subject}` wait for ever", file.short(value)),
        None if limits_connecting(file, site) => {
            format!("`{subject}` limits how long connecting may take, and not how long an answer may")
        }
        None => format!("`{subject}` {what}"),
    };
    let mut story = Story::new(&META, file, endless.value.unwrap_or(site), message)
        .why(why(role))
        .help(help(endless))
        .confidence(endless.confidence)
        .step(file.location(site), ends_never(role));
    if let Some(default) = default_of(endless).filter(|d| *d != "none") {
        story = story.evidence(format!("default: {default}"));
    }
    for other in group.iter().filter(|o| o.site != site).take(MOST) {
        story = story.step(file.location(other.site), "nor this");
    }
    for begun in group.iter().filter_map(|o| begun(file, o.site)).take(MOST) {
        story = story.step(file.location(begun), "what it is made of begins here");
    }
    story.tell()
}

fn ends_never(role: ApiRole) -> &'static str {
    match role {
        ApiRole::Server => "nothing ends a connection on which nothing comes",
        _ => "nothing ends this when no answer comes",
    }
}

fn default_of<'a>(endless: &Endless<'a>) -> Option<&'a str> {
    endless.api.and_then(|a| a.default.as_deref())
}

/// `<-reply`: an operator, which has no name to speak of.
fn is_operator(file: &Analysis<'_>, site: NodeId) -> bool {
    file.model.kind(site) == Kind::Unary
}

pub(crate) fn subject(file: &Analysis<'_>, site: NodeId) -> String {
    let model = file.model;
    let own = match model.kind(site) {
        Kind::New | Kind::Record => model.child(site, Role::Type).map_or("", |t| model.name(t)),
        _ => model.name(site),
    };
    let object = model.child(site, Role::Receiver).or_else(|| model.child(site, Role::Object));
    match object.filter(|o| matches!(model.kind(*o), Kind::Name | Kind::Member)) {
        Some(object) => format!("{}.{own}", leaf(model.name(object))),
        None => own.to_owned(),
    }
}

fn why(role: ApiRole) -> &'static str {
    match role {
        ApiRole::Server => {
            "a client that vanishes, or sends its request a byte at a time, keeps its connection and what serves it for as long as \
             it likes: some hundred of them use up descriptors and memory, and nobody else is served"
        }
        ApiRole::RemoteClient | ApiRole::TimeoutSet => {
            "a peer that vanishes sends no error: without a limit every caller of this client hangs on it, one after another, \
             until threads, connections and memory are used up"
        }
        _ => {
            "a lost packet or a peer that vanishes sends no error: the caller hangs for ever and holds its thread, locks and \
             connections, and the callers behind it pile up"
        }
    }
}

fn help(endless: &Endless<'_>) -> String {
    let advice = endless.api.and_then(|a| a.advice.as_deref()).or(endless.help);
    let any =
        "give it a limit of time: measure how long answers take, choose p99.9 plus a margin, and make it a setting";
    advice.unwrap_or(any).to_owned()
}
