//! Retries that a library makes: what the policy says of the pauses, and what the library does when it says nothing.

use crate::network::attempts::{RETRY, is_contended};
use crate::network::delay::{Delay, delay_given_by, is_random_name};
use crate::network::elsewhere::is_cause;
use crate::network::remote::{Remote, call_evidence, evidence_around};
use crate::network::retry_function::given_by_function;
use crate::network::retry_schedule::{class_draws, given_by_schedule};
use std::rc::Rc;
use timelint_diagnostics::{Confidence, Edit, Span};
use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::catalog::{ApiRole, ArgMeaning, Pauses, RetrySpec, Unit, leaf};
use timelint_semantics::{Analysis, How, Resolved, Store, StoreKind, has_word, words};

/// A policy of repeating what failed.
#[expect(clippy::struct_excessive_bools, reason = "independent facts of one policy")]
#[derive(Debug, Clone)]
pub(crate) struct Policy {
    /// Where it is made.
    pub(crate) at: NodeId,
    /// What it is called.
    pub(crate) name: String,
    /// How the pauses follow each other.
    pub(crate) pauses: Pauses,
    /// They have a random part.
    pub(crate) random: bool,
    /// The length of an even pause, in seconds.
    pub(crate) fixed: Option<f64>,
    /// Its length can be set from outside.
    pub(crate) settable: bool,
    /// How often is tried; absent: without end.
    pub(crate) attempts: Option<f64>,
    /// How often is tried is a setting or a parameter.
    pub(crate) counted: bool,
    /// Neither pauses nor attempts were chosen: the library's defaults hold.
    pub(crate) unchosen: bool,
    /// It is a lock that is waited for.
    pub(crate) contends: bool,
    /// The library repeats nothing but calls of other machines.
    pub(crate) network: bool,
    /// From what is known of the library and the other side.
    pub(crate) confidence: Confidence,
    /// What the library offers.
    pub(crate) advice: Option<String>,
    /// `2 ^ n` where a power is meant.
    pub(crate) xor: Option<NodeId>,
    /// A bare power of a tiny unit.
    pub(crate) tiny: Option<NodeId>,
    /// The edit that gives the pauses a random part, where an option of the library does.
    pub(crate) flag: Option<Edit>,
}

impl Policy {
    /// A policy that somebody wrote down as code, by the pauses that it gives.
    pub(crate) fn of_code(at: NodeId, name: &str, delay: Delay, contends: bool, confidence: Confidence) -> Self {
        Self {
            at,
            name: name.to_owned(),
            pauses: if delay.grows { Pauses::Growing } else { Pauses::Fixed },
            random: delay.random,
            fixed: delay.fixed,
            settable: delay.settable && !delay.grows,
            attempts: None,
            counted: false,
            unchosen: false,
            contends,
            network: false,
            confidence,
            advice: None,
            xor: delay.xor,
            tiny: delay.tiny,
            flag: None,
        }
    }
}

/// Nodes of one policy or function that are looked at.
const MOST_NODES: usize = 2000;

/// Steps of a chain of builders that are followed.
const MOST_STEPS: usize = 24;

/// Every retry policy of the file that can be understood as a whole.
pub(crate) fn policies(file: &Analysis<'_>) -> Rc<Vec<Policy>> {
    file.shared(find_policies)
}

fn find_policies(file: &Analysis<'_>) -> Vec<Policy> {
    let model = file.model;
    let mut found: Vec<Policy> = Vec::new();
    for id in model.ids() {
        let policy = match model.kind(id) {
            Kind::Call | Kind::New | Kind::Decorator | Kind::Record => known_policy(file, id),
            Kind::Function => {
                let given = given_by_function(file, id).or_else(|| given_by_schedule(file, id));
                given.filter(|_| !class_draws(file, id))
            }
            _ => None,
        };
        // What is said inside a policy is part of it.
        found.extend(policy.filter(|p| !found.iter().any(|f| f.at != p.at && model.contains(f.at, p.at))));
    }
    found
}

fn known_policy(file: &Analysis<'_>, id: NodeId) -> Option<Policy> {
    let known = file.resolve(id).filter(|k| k.api.role != ApiRole::RetryWait && k.how != How::Name)?;
    let spec = known.api.retry.as_ref()?;
    // It only runs what the policy that it is given repeats.
    if known.api.args.is_empty() && known.api.advice.is_none() {
        return None;
    }
    let mut reading = Reading::of(file, spec);
    reading.arguments(id, known, spec)?;
    reading.later(id)?;
    let Reading {
        mut pauses, mut random, mut fixed, settable, attempts, counted, xor, tiny, zero, flag, chosen, ..
    } = reading;
    if zero && pauses == Pauses::Fixed {
        pauses = Pauses::None;
    }
    if pauses == Pauses::Fixed {
        random &= !spec.jitter_grows;
        fixed = fixed.or(spec.delay.filter(|_| !settable));
    }
    let name = known.api.name.as_slice().first().map_or_else(String::new, |n| leaf(n).to_owned());
    let remote = if spec.network { Remote::Known } else { evidence_of(file, id) };
    let excused = mends_a_conflict(file, id) || waits_for_a_state(file, id);
    let confidence = if remote >= Remote::Named && !excused { Confidence::Medium } else { Confidence::Low };
    let advice = known.api.advice.clone();
    let contends = is_contended(file, id);
    let shown = model_name(file, id).unwrap_or(name);
    Some(Policy {
        at: id,
        name: shown,
        pauses,
        random,
        fixed,
        settable,
        attempts,
        counted,
        unchosen: !chosen && spec.delay.is_some(),
        contends,
        network: spec.network,
        confidence,
        advice,
        xor,
        tiny,
        flag,
    })
}

/// What is repeated lost against another writer, or names another cause that is no outage.
fn mends_a_conflict(file: &Analysis<'_>, id: NodeId) -> bool {
    let model = file.model;
    // Also in the steps behind: `builder().retryIfExceptionOfType(Conflict.class)`.
    let steps = std::iter::successors(Some(id), |c| {
        model.parent(*c).filter(|p| model.kind(*p) == Kind::Call && model.role(*c) == Role::Receiver)
    });
    let steps = steps.take(MOST_STEPS).flat_map(|s| model.children(s));
    let told = steps.filter(|c| matches!(model.role(*c), Role::Arg | Role::Value));
    let named = |n: NodeId| matches!(model.kind(n), Kind::Name | Kind::Member | Kind::Type);
    told.flat_map(|a| model.self_and_descendants(a)).take(MOST_NODES).any(|n| named(n) && is_cause(model.name(n)))
}

/// `@retry def wait_until_up()`: nothing failed, something is not yet as it should be.
fn waits_for_a_state(file: &Analysis<'_>, id: NodeId) -> bool {
    let model = file.model;
    let decorated = model.parent(id).filter(|_| model.kind(id) == Kind::Decorator);
    decorated
        .is_some_and(|f| words(model.name(f)).first().is_some_and(|w| matches!(w.as_str(), "wait" | "await" | "poll")))
}

fn model_name(file: &Analysis<'_>, id: NodeId) -> Option<String> {
    let name = match file.model.kind(id) {
        Kind::New | Kind::Record => file.model.child(id, Role::Type).map(|t| file.model.name(t)),
        _ => Some(file.model.name(id)),
    };
    name.filter(|n| !n.is_empty() && *n != "default").map(str::to_owned)
}

/// What is repeated: the decorated function, the function that is handed over, what stands around.
fn evidence_of(file: &Analysis<'_>, id: NodeId) -> Remote {
    let model = file.model;
    let repeated = match model.kind(id) {
        Kind::Decorator => model.parent(id).unwrap_or(id),
        _ => file.function_around(id).unwrap_or(id),
    };
    // What the policy is told says nothing of what it repeats: `retry_if_exception_type(NetworkInterfaceNotFound)`.
    let told = |c: NodeId| model.kind(id) == Kind::Decorator && model.contains(id, c);
    let inner = model.descendants(repeated).take(MOST_NODES).filter(|c| model.kind(*c) == Kind::Call && !told(*c));
    let inside = inner.map(|c| call_evidence(file, c)).max().unwrap_or(Remote::No);
    inside.max(evidence_around(file, id)).max(evidence_of_class(file, id))
}

/// A policy that is kept in a field is for what its class does: that asks other machines, as the catalogue says.
fn evidence_of_class(file: &Analysis<'_>, id: NodeId) -> Remote {
    let model = file.model;
    let Some(class) = model.enclosing(id, Kind::Class).filter(|_| file.builds_object(id)) else { return Remote::No };
    let asks = |c: &NodeId| model.contains(class, *c) && call_evidence(file, *c) == Remote::Known;
    if file.tables.calls.iter().any(asks) { Remote::Named } else { Remote::No }
}

/// What was read of a policy so far.
#[expect(clippy::struct_excessive_bools, reason = "independent facts of one policy")]
struct Reading<'f, 'a> {
    file: &'f Analysis<'a>,
    pauses: Pauses,
    random: bool,
    fixed: Option<f64>,
    settable: bool,
    attempts: Option<f64>,
    /// The number of attempts comes from elsewhere.
    counted: bool,
    /// The pause is given, and it is zero.
    zero: bool,
    xor: Option<NodeId>,
    tiny: Option<NodeId>,
    flag: Option<Edit>,
    /// Anything was said of the pauses or the attempts.
    chosen: bool,
}

impl<'f, 'a> Reading<'f, 'a> {
    fn of(file: &'f Analysis<'a>, spec: &RetrySpec) -> Self {
        Self {
            file,
            pauses: spec.pauses,
            random: spec.jitter,
            fixed: None,
            settable: false,
            attempts: spec.attempts,
            counted: false,
            zero: false,
            xor: None,
            tiny: None,
            flag: None,
            chosen: false,
        }
    }

    /// What the arguments of the policy or of one of its waits say; `None` where that cannot be followed.
    fn arguments(&mut self, id: NodeId, known: Resolved<'_>, spec: &RetrySpec) -> Option<()> {
        let file = self.file;
        let model = file.model;
        // Options that come from elsewhere may say anything.
        if model.children_with(id, Role::Arg).any(|a| is_spread(file, a)) {
            return None;
        }
        // Another object decides: `@Retryable(interceptor = "…")`.
        if file.argument(id, known, ArgMeaning::Settings).is_some() {
            return None;
        }
        let options = spec.options.and_then(|at| model.children_with(id, Role::Arg).nth(at));
        if options.is_some_and(|o| !is_written_here(file, o)) {
            return None;
        }
        let chooses =
            [ArgMeaning::Attempts, ArgMeaning::Delay, ArgMeaning::Growth, ArgMeaning::Backoff, ArgMeaning::Jitter];
        self.chosen |= chooses.into_iter().any(|m| file.argument(id, known, m).is_some());
        let unit = |meaning| known.api.args.iter().find(|a| a.is == meaning).and_then(|a| a.unit);
        match file.argument(id, known, ArgMeaning::Attempts) {
            Some(given) => {
                let value = file.value(given);
                if spec.opt_in && value.number.is_some_and(|n| n <= 0.0) || model.kind(given) == Kind::Boolean {
                    return None;
                }
                // `stop_after_attempt(3)`
                let inner = || model.child(given, Role::Arg).and_then(|a| file.value(a).number);
                let named = has_word(model.name(given), &RETRY);
                let number = value.number.or_else(|| inner().filter(|_| named)).filter(|n| *n >= 0.0);
                self.counted = number.is_none() && named;
                self.attempts = Some(number.unwrap_or(f64::INFINITY));
            }
            None if spec.opt_in => return None,
            None => {}
        }
        if let Some(delay) = file.argument(id, known, ArgMeaning::Delay) {
            let value = file.value(delay);
            let by_unit = file.argument(id, known, ArgMeaning::Unit).and_then(|u| file.unit_named_by(u));
            match value.number {
                Some(_) if value.is_constant() => {
                    self.pause(value.seconds(by_unit.or(unit(ArgMeaning::Delay))).or(value.number));
                }
                _ => self.settable = true,
            }
            if self.pauses == Pauses::None {
                self.pauses = Pauses::Fixed;
            }
        }
        if let Some(growth) = file.argument(id, known, ArgMeaning::Growth) {
            let number = file.value(growth).number;
            // A factor grows above one; a first pause to which a unit belongs grows by itself.
            let factor = unit(ArgMeaning::Growth).is_none();
            let grows = number.is_none_or(|n| n > 1.0 || !factor && n > 0.0) && !is_off(file, growth);
            self.pauses = if grows { Pauses::Growing } else { self.pauses.min(Pauses::Fixed) };
        }
        if let Some(jitter) = file.argument(id, known, ArgMeaning::Jitter) {
            self.random = !is_off(file, jitter);
            // What is random of each pause is a pause: `wait_random_max=2000`.
            if self.random && self.pauses == Pauses::None {
                self.pauses = Pauses::Fixed;
                self.settable = true;
            }
        } else if let Some(flag) = &spec.flag {
            self.flag = one_more_option(file, id, flag);
        }
        match file.argument(id, known, ArgMeaning::Backoff) {
            Some(backoff) => self.backoff(backoff, unit(ArgMeaning::Backoff)),
            None => Some(()),
        }
    }

    fn pause(&mut self, seconds: Option<f64>) {
        self.zero = seconds == Some(0.0);
        self.fixed = seconds;
    }

    /// The argument that decides about the pauses: waits of the library, a function, a number, a kind.
    fn backoff(&mut self, id: NodeId, unit: Option<Unit>) -> Option<()> {
        let file = self.file;
        let model = file.model;
        match model.kind(id) {
            Kind::Function => {
                self.given(delay_given_by(file, id, unit));
                (!self.settable || self.random || self.pauses != Pauses::Fixed).then_some(())
            }
            Kind::Number => {
                self.pauses = Pauses::Fixed;
                self.pause(file.value(id).seconds(unit));
                Some(())
            }
            Kind::Null => {
                self.pauses = Pauses::None;
                Some(())
            }
            Kind::Record => {
                let kind = file.entry(id, "type").filter(|k| model.kind(*k) == Kind::String)?;
                self.pauses = if model.name(kind).contains("expo") { Pauses::Growing } else { Pauses::Fixed };
                self.random |=
                    model.descendants(id).any(|n| model.kind(n) == Kind::Entry && is_random_name(model.name(n)));
                match file.entry(id, "delay").map(|d| file.value(d)) {
                    Some(delay) if delay.is_constant() => self.pause(delay.seconds(Some(Unit::Millis))),
                    Some(_) => self.settable = true,
                    None => {}
                }
                Some(())
            }
            Kind::String => {
                self.pauses = if model.name(id).contains("expo") { Pauses::Growing } else { Pauses::Fixed };
                Some(())
            }
            _ => self.waits(id, 0),
        }
    }

    /// Waits of the library in an expression, through constants.
    fn waits(&mut self, id: NodeId, depth: u32) -> Option<()> {
        let file = self.file;
        let model = file.model;
        let mut seen = false;
        for node in model.self_and_descendants(id).take(MOST_NODES) {
            if !matches!(model.kind(node), Kind::Call | Kind::New | Kind::Member | Kind::Name | Kind::Decorator) {
                continue;
            }
            let known = file.resolve(node).filter(|k| k.api.role == ApiRole::RetryWait && k.how != How::Name);
            if let Some(known) = known {
                self.wait(node, known)?;
                seen = true;
            } else if is_random_name(model.name(node)) {
                self.random = true;
                seen = true;
            } else if model.kind(node) == Kind::Name && node == id && depth < 3 {
                let stores = file.stores_of(node);
                let [store] = stores else { return None };
                let value = store.value.filter(|_| store.kind == StoreKind::Plain)?;
                return match model.kind(value) {
                    Kind::Function | Kind::Number | Kind::Record => self.backoff(value, None),
                    _ => self.waits(value, depth + 1),
                };
            }
        }
        seen.then_some(())
    }

    /// One wait of the library: of several, the one that grows counts, and chance anywhere is chance.
    fn wait(&mut self, id: NodeId, known: Resolved<'_>) -> Option<()> {
        let spec = known.api.retry.as_ref()?;
        let mut one = Reading::of(self.file, spec);
        one.arguments(id, known, spec)?;
        self.pauses = self.pauses.max(one.pauses);
        let none = self.file.argument(id, known, ArgMeaning::Jitter).is_some_and(|j| is_off(self.file, j));
        self.random = !none && (self.random || one.random);
        self.flag = self.flag.take().or(one.flag);
        self.settable |= one.settable;
        if one.fixed.is_some() {
            self.pause(one.fixed);
        }
        self.attempts = one.attempts.or(self.attempts);
        self.chosen = true;
        Some(())
    }

    fn given(&mut self, delay: Delay) {
        self.pauses = if delay.grows { Pauses::Growing } else { Pauses::Fixed };
        self.random = delay.random;
        self.settable = delay.settable || delay.unknown;
        self.pause(delay.fixed);
        self.xor = delay.xor;
        self.tiny = delay.tiny;
    }

    /// What is said of the policy after it was made: the rest of its chain, and calls on its variable.
    fn later(&mut self, id: NodeId) -> Option<()> {
        let file = self.file;
        let model = file.model;
        let mut at = id;
        for _ in 0..MOST_STEPS {
            let next =
                model.parent(at).filter(|p| matches!(model.kind(*p), Kind::Call) && model.role(at) == Role::Receiver);
            let Some(call) = next else { break };
            self.step(call)?;
            at = call;
        }
        // `withJitter(pause, exponential(base))`
        let wrapped = model.ancestors(id).take_while(|a| !model.kind(*a).is_statement());
        // A step of the policy has said what it says: `jitter(0)`.
        let is_step = |a: NodeId| file.resolve(a).is_some_and(|k| k.api.role == ApiRole::RetryWait);
        let draws = |a: NodeId| model.kind(a) == Kind::Call && is_random_name(model.name(a)) && !is_step(a);
        self.random |= wrapped.into_iter().any(draws);
        let statement = model.parent(at).filter(|p| matches!(model.kind(*p), Kind::Let | Kind::Assign));
        let Some(target) = statement.and_then(|s| model.child(s, Role::Target)) else { return Some(()) };
        for read in file.reads_of(target) {
            let Some(user) = model.parent(read) else { continue };
            match (model.kind(user), model.role(read)) {
                (Kind::Call, Role::Receiver) => self.step(user)?,
                (Kind::Call, Role::Arg) => self.random |= is_random_name(model.name(user)),
                // `client.Backoff = …`
                (Kind::Member, Role::Object) if model.role(user) == Role::Target => {
                    let name = model.name(user);
                    // `policy.RandomizationFactor = 0`
                    let value = model.parent(user).and_then(|s| model.child(s, Role::Value));
                    if is_random_name(name) && value.is_some_and(|v| file.value(v).number == Some(0.0)) {
                        self.random = false;
                        continue;
                    }
                    // How far it goes, and how often, says nothing of how.
                    let bounds = has_word(name, &["max", "min", "count", "attempts", "limit"]);
                    if has_word(name, &["backoff", "jitter", "delay", "factor", "randomization"])
                        || has_word(name, &["wait", "retry"]) && !bounds
                    {
                        return None;
                    }
                }
                _ => {}
            }
        }
        Some(())
    }

    fn step(&mut self, call: NodeId) -> Option<()> {
        let file = self.file;
        if let Some(known) = file.resolve(call).filter(|k| k.api.role == ApiRole::RetryWait) {
            return self.wait(call, known);
        }
        let name = file.model.name(call);
        if is_random_name(name) {
            self.random = true;
        } else if has_word(name, &["backoff", "delay", "wait", "interval"]) {
            return None;
        }
        Some(())
    }
}

fn is_spread(file: &Analysis<'_>, id: NodeId) -> bool {
    let model = file.model;
    model.kind(id) == Kind::Spread
        || model.kind(id) == Kind::Record && model.children(id).any(|c| model.kind(c) == Kind::Spread)
        || model.kind(id) == Kind::Argument && model.name(id).is_empty()
}

/// Options that can be read: a record, or a variable that holds one. What runs is no option.
fn is_written_here(file: &Analysis<'_>, options: NodeId) -> bool {
    match file.model.kind(options) {
        Kind::Name => {
            let record = |s: &Store| s.value.is_some_and(|v| file.model.kind(v) == Kind::Record);
            !file.stores_of(options).is_empty() && file.stores_of(options).iter().all(record)
        }
        kind => matches!(kind, Kind::Record | Kind::Function),
    }
}

/// `{ retries: 8 }` with `randomize: true` behind the last option that is given.
fn one_more_option(file: &Analysis<'_>, id: NodeId, flag: &str) -> Option<Edit> {
    let model = file.model;
    let records = model.children_with(id, Role::Arg).filter(|a| model.kind(*a) == Kind::Record);
    let options = std::iter::once(id).chain(records).flat_map(|n| model.children(n));
    let given = options.filter(|o| matches!(model.kind(*o), Kind::Entry | Kind::Argument)).last()?;
    let end = model.span(given).end;
    Some(Edit { location: file.location_of(Span::new(end, end)), text: format!(", {flag}") })
}

fn is_off(file: &Analysis<'_>, id: NodeId) -> bool {
    match file.model.kind(id) {
        Kind::Boolean => file.model.name(id).eq_ignore_ascii_case("false"),
        Kind::Null => true,
        Kind::String => file.model.name(id).eq_ignore_ascii_case("none"),
        _ => file.value(id).number == Some(0.0),
    }
}
