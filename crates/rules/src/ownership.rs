//! Recognises questions about this process's own lease, lock or leadership: "is it still mine?".

use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::catalog::{Api, ApiRole, LockScope};
use timelint_semantics::{Analysis, Callee, Guard, How, Origins, Shape, StoreKind, words};

/// What the question is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Claim {
    /// Leading a group of processes.
    Leadership,
    /// A lease with an end.
    Lease,
    /// A lock.
    Lock,
}

impl Claim {
    /// The word for messages.
    pub(crate) fn noun(self) -> &'static str {
        match self {
            Claim::Leadership => "leadership",
            Claim::Lease => "lease",
            Claim::Lock => "lock",
        }
    }
}

/// How the answer is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    /// A library or helper is asked.
    Asked,
    /// A flag that something else keeps up to date.
    Flag,
    /// An expiry is compared with a local clock.
    Clock,
    /// A stored owner or state is compared.
    Compared,
    /// Other processes are asked.
    RoundTrip,
}

/// A question about an own claim that was answered with "yes".
#[derive(Debug, Clone, Copy)]
pub(crate) struct Check<'a> {
    /// The expression.
    pub(crate) at: NodeId,
    /// What it is about.
    pub(crate) claim: Claim,
    /// How the answer is found.
    pub(crate) source: Source,
    /// Recognised by a name only.
    pub(crate) by_name: bool,
    /// The name is also common for other things, or what follows is usually fenced.
    pub(crate) weak: bool,
    /// The catalogue's entry, where the library is known.
    pub(crate) api: Option<&'a Api>,
}

/// Conjunctions, negations and helpers that are looked through.
const MAX_DEPTH: usize = 4;

/// The check behind a condition that holds (or fails), if it means "still mine" there.
pub(crate) fn confirmed<'a>(file: &Analysis<'a>, guard: Guard) -> Option<Check<'a>> {
    let source = file.condition_source(guard.condition);
    let check = affirm(file, source, guard.holds, 0);
    if check.is_some() || source == guard.condition {
        return check;
    }
    // `leading, err := ask()`: the variable's own name.
    named(file, guard.condition, guard.holds)
}

/// Whether the identifier may take part in such a question: a cheap test before anything is resolved.
pub(crate) fn suspicious(identifier: &str) -> bool {
    const STEMS: [&str; 9] = ["lead", "lease", "lock", "master", "primary", "owner", "acquired", "obtained", "elected"];
    let lower = identifier.to_ascii_lowercase();
    STEMS.iter().any(|s| lower.contains(s))
}

fn affirm<'a>(file: &Analysis<'a>, id: NodeId, holds: bool, depth: usize) -> Option<Check<'a>> {
    let model = file.model;
    if depth > MAX_DEPTH {
        return None;
    }
    match (model.kind(id), model.name(id)) {
        (Kind::Unary, "!") => affirm(file, model.child(id, Role::Operand)?, !holds, depth + 1),
        (Kind::Await, _) => affirm(file, model.child(id, Role::Value)?, holds, depth + 1),
        (Kind::Binary, op) if (op == "&&") == holds && matches!(op, "&&" | "||") => {
            model.children_with(id, Role::Operand).find_map(|o| affirm(file, o, holds, depth + 1))
        }
        (Kind::Binary, op @ ("==" | "!=")) => {
            let (left, right) = pair(file, id)?;
            let holds = holds == (op == "==");
            equality(file, id, left, right, holds, depth)
        }
        (Kind::Binary, "<" | ">" | "<=" | ">=") => {
            let (left, right) = pair(file, id)?;
            let later = model.name(id).starts_with('<') == holds;
            remaining(file, id, left, right, later).or_else(|| clock(file, id, left, right, later))
        }
        (Kind::Call, _) => call(file, id, holds, depth),
        (Kind::Name | Kind::Member, _) => known(file, id, holds).or_else(|| named(file, id, holds)),
        _ => None,
    }
}

fn pair(file: &Analysis<'_>, id: NodeId) -> Option<(NodeId, NodeId)> {
    let mut operands = file.model.children_with(id, Role::Operand);
    Some((operands.next()?, operands.next()?))
}

/// A call: by the catalogue, a comparison in the form of a call, by its name, or a helper that asks.
fn call<'a>(file: &Analysis<'a>, id: NodeId, holds: bool, depth: usize) -> Option<Check<'a>> {
    let model = file.model;
    let receiver = model.child(id, Role::Receiver);
    if let (Some(receiver), Some(arg)) = (receiver, model.child(id, Role::Arg)) {
        match model.name(id) {
            "equals" => return equality(file, id, receiver, arg, holds, depth),
            "before" | "Before" | "isBefore" => return clock(file, id, receiver, arg, holds),
            "after" | "After" | "isAfter" => return clock(file, id, receiver, arg, !holds),
            _ => {}
        }
    }
    // `flag.get()`, `atomic.LoadInt32(&flag)`
    if matches!(
        model.name(id),
        "get" | "Get" | "load" | "Load" | "is_set" | "isSet" | "LoadInt32" | "LoadUint32" | "LoadBool"
    ) && let Some(flag) =
        receiver.filter(|r| claim_of(leaf(file, *r)).is_some()).or_else(|| model.child(id, Role::Arg))
        && let Some(check) = named(file, flag, holds)
    {
        return Some(Check { at: id, ..check });
    }
    if let Some(check) = known(file, id, holds) {
        return Some(check);
    }
    // A project's own function of such a name may renew, or lead to one that is known.
    match file.callee(id) {
        Some(Callee::Here(function)) => {
            let returns = file.returns(function);
            if let [value] = returns[..]
                && let Some(check) = affirm(file, value, holds, depth + 2)
            {
                return Some(Check { at: id, ..check });
            }
            if !file.writes_in(function, model.end(function), 0).is_empty() {
                return None;
            }
        }
        Some(Callee::Elsewhere(summary)) if summary.effect.is_some() => return None,
        _ => {}
    }
    by_name(file, id, holds)
}

/// What the catalogue says of a call or property whose owner is known.
fn known<'a>(file: &Analysis<'a>, id: NodeId, holds: bool) -> Option<Check<'a>> {
    let known = file.resolve(id)?;
    let (claim, source) = match known.api.role {
        ApiRole::LeaderCheck => (Claim::Leadership, Source::Asked),
        ApiRole::LeaderVerify => (Claim::Leadership, Source::RoundTrip),
        ApiRole::LeaseCheck => (Claim::Lease, Source::Asked),
        ApiRole::LockCheck => (Claim::Lock, Source::Asked),
        _ => return None,
    };
    if known.how == How::Name {
        return None;
    }
    let handle = file.model.child(id, Role::Receiver).or_else(|| file.model.child(id, Role::Object));
    let scope = known.api.scope.or_else(|| handle.and_then(|h| file.lock_scope(h)));
    if claim == Claim::Lock && scope != Some(LockScope::Distributed) {
        return None;
    }
    let negative = is_negative(&words(file.model.name(id)));
    (negative != holds).then_some(Check { at: id, claim, source, by_name: false, weak: false, api: Some(known.api) })
}

/// A method whose name says it: `isLeader()`, `lease.isValid()`.
fn by_name<'a>(file: &Analysis<'a>, id: NodeId, holds: bool) -> Option<Check<'a>> {
    const STATE: [&str; 12] = [
        "check",
        "valid",
        "isvalid",
        "isheld",
        "held",
        "owned",
        "isowned",
        "isexpired",
        "expired",
        "isalive",
        "isactive",
        "hasexpired",
    ];
    let model = file.model;
    let receiver = model.child(id, Role::Receiver);
    let args = model.children_with(id, Role::Arg).filter(|a| !matches!(leaf(file, *a), "ctx" | "context")).count();
    if args > 0 || receiver.is_some_and(|r| is_someone_elses(file, r)) {
        return None;
    }
    let name = model.name(id);
    let (claim, weak, positive) = if let Some(found) = claim_of(name) {
        found
    } else {
        let subject = subject_of(&words(leaf(file, receiver?)))?;
        let verb: String = words(name).concat();
        if !STATE.contains(&verb.as_str()) || (subject == Claim::Lock && is_local_lock(file, receiver?)) {
            return None;
        }
        (subject, false, !verb.contains("expired"))
    };
    if claim == Claim::Lock && receiver.is_some_and(|r| is_local_lock(file, r)) {
        return None;
    }
    (positive == holds).then_some(Check { at: id, claim, source: Source::Asked, by_name: true, weak, api: None })
}

/// A variable or field whose name says it: `isLeader`, `self.has_lock`.
fn named<'a>(file: &Analysis<'a>, id: NodeId, holds: bool) -> Option<Check<'a>> {
    let model = file.model;
    let id = match model.kind(id) {
        Kind::Unary => model.child(id, Role::Operand)?,
        _ => id,
    };
    if !matches!(model.kind(id), Kind::Name | Kind::Member) {
        return None;
    }
    let (claim, weak, positive) = claim_of(model.name(id))?;
    let foreign = match model.child(id, Role::Object) {
        Some(object) => is_someone_elses(file, object),
        None => matches!(store_kind(file, id), Some(StoreKind::Param(_) | StoreKind::Element)),
    };
    (positive == holds && !foreign).then_some(Check {
        at: id,
        claim,
        source: Source::Flag,
        by_name: true,
        weak,
        api: None,
    })
}

/// `state == LEADER`, `leaderId == myId`, `err == nil` of a check, `flag == 1`.
fn equality<'a>(
    file: &Analysis<'a>,
    id: NodeId,
    left: NodeId,
    right: NodeId,
    holds: bool,
    depth: usize,
) -> Option<Check<'a>> {
    let model = file.model;
    for (side, other) in [(left, right), (right, left)] {
        if model.kind(other) == Kind::Null {
            let asked = file.condition_source(side);
            if asked != side && model.kind(asked) == Kind::Call {
                return call(file, asked, holds, depth + 1).filter(|c| c.source != Source::Flag);
            }
            return None;
        }
        if model.kind(other) == Kind::Number && model.name(other) == "1" {
            return affirm(file, side, holds, depth + 1);
        }
    }
    if !holds {
        return None;
    }
    let sides = [(left, right), (right, left)];
    let found = sides
        .into_iter()
        .find_map(|(side, other)| is_own_state(file, side, other).or_else(|| is_own_claim(file, side, other)));
    let (claim, weak) = found?;
    Some(Check { at: id, claim, source: Source::Compared, by_name: true, weak, api: None })
}

/// `state == State.LEADER`, `raft.State() == raft.Leader`.
fn is_own_state(file: &Analysis<'_>, side: NodeId, other: NodeId) -> Option<(Claim, bool)> {
    let model = file.model;
    let state = words(leaf(file, side));
    let is_constant = model.kind(other) == Kind::String || leaf(file, other).starts_with(char::is_uppercase);
    if !is_constant || !state.iter().any(|w| matches!(w.as_str(), "state" | "role" | "status" | "mode")) {
        return None;
    }
    let owner = model.child(side, Role::Object).or_else(|| model.child(side, Role::Receiver));
    if owner.is_some_and(|o| is_someone_elses(file, o)) {
        return None;
    }
    let value = words(leaf(file, other));
    // A consensus library is asked: what follows is usually an append that its term fences.
    let consensus = owner.is_some_and(|o| words(leaf(file, o)).iter().any(|w| w == "raft"));
    let weak = consensus || value.iter().any(|w| matches!(w.as_str(), "master" | "primary"));
    (weak || value.iter().any(|w| matches!(w.as_str(), "leader" | "leading"))).then_some((Claim::Leadership, weak))
}

/// `leaderId == this.id`, `row.locked_by == me`.
fn is_own_claim(file: &Analysis<'_>, side: NodeId, other: NodeId) -> Option<(Claim, bool)> {
    if !is_self(file, other) {
        return None;
    }
    let holder = words(leaf(file, side));
    let has = |list: &[&str]| holder.iter().any(|w| list.contains(&w.as_str()));
    if has(&["leader"]) {
        return Some((Claim::Leadership, false));
    }
    if has(&["master", "primary"]) {
        return Some((Claim::Leadership, true));
    }
    if has(&["locked"]) && has(&["by"]) {
        return Some((Claim::Lock, false));
    }
    if !has(&["owner", "holder"]) {
        return None;
    }
    let owner = file.model.child(side, Role::Object).or_else(|| file.model.child(side, Role::Receiver));
    let subject = subject_of(&holder).or_else(|| owner.and_then(|o| subject_of(&words(leaf(file, o)))));
    subject.map(|s| (s, false))
}

/// An expression for this process: `this.id`, `me`, `myId`, `nodeId`.
fn is_self(file: &Analysis<'_>, id: NodeId) -> bool {
    let model = file.model;
    let own = words(leaf(file, id));
    let object = model.child(id, Role::Object).or_else(|| model.child(id, Role::Receiver));
    let on_this = object.is_some_and(|o| file.tables.is_this(model, o));
    let is_id = own
        .last()
        .is_some_and(|w| matches!(w.as_str(), "id" | "name" | "uuid" | "address" | "addr" | "identity" | "hostname"));
    own.iter().any(|w| matches!(w.as_str(), "me" | "my" | "self" | "own" | "local" | "whoami"))
        || (is_id && on_this)
        || (is_id
            && own.iter().any(|w| matches!(w.as_str(), "node" | "instance" | "server" | "worker" | "host" | "process")))
}

/// `lock.remainTimeToLive() > 0` where the library is known.
fn remaining<'a>(file: &Analysis<'a>, id: NodeId, left: NodeId, right: NodeId, later: bool) -> Option<Check<'a>> {
    let is_number = |n: NodeId| file.model.kind(n) == Kind::Number;
    let (side, holds) = match (is_number(left), is_number(right)) {
        (true, false) => (right, later),
        (false, true) => (left, !later),
        _ => return None,
    };
    known(file, file.condition_source(side), holds).map(|c| Check { at: id, ..c })
}

/// `now < lease.expiry` in either order; `later`: the right side is the later one.
fn clock<'a>(file: &Analysis<'a>, id: NodeId, left: NodeId, right: NodeId, later: bool) -> Option<Check<'a>> {
    let (now, end) = if later { (left, right) } else { (right, left) };
    let claim = end_of(file, end)?;
    let reading = file.value(now);
    let is_now = reading.shape == Shape::Instant && reading.origins.any(Origins::CLOCKS) && end_of(file, now).is_none();
    is_now.then_some(Check { at: id, claim, source: Source::Clock, by_name: true, weak: false, api: None })
}

/// The claim of which an expression is the end: `lease.expiresAt`, `lockedUntil`.
fn end_of(file: &Analysis<'_>, id: NodeId) -> Option<Claim> {
    const ENDS: [&str; 11] = [
        "expiry",
        "expires",
        "expire",
        "expiration",
        "until",
        "deadline",
        "end",
        "ends",
        "valid",
        "validity",
        "expired",
    ];
    const PEOPLE: [&str; 6] = ["user", "account", "login", "password", "auth", "customer"];
    let model = file.model;
    let own = words(leaf(file, id));
    if !own.iter().any(|w| ENDS.contains(&w.as_str())) {
        return None;
    }
    let object = model.child(id, Role::Object).or_else(|| model.child(id, Role::Receiver));
    let object = object.map_or_else(Vec::new, |o| words(leaf(file, o)));
    // Accounts are locked too, against people.
    if own.iter().chain(&object).any(|w| PEOPLE.contains(&w.as_str())) {
        return None;
    }
    subject_of(&own).or_else(|| subject_of(&object))
}

fn subject_of(words: &[String]) -> Option<Claim> {
    words.iter().find_map(|w| match w.as_str() {
        "lease" | "leaseholder" => Some(Claim::Lease),
        "leader" | "leadership" | "elector" | "latch" => Some(Claim::Leadership),
        "lock" | "mutex" | "locked" | "lockout" => Some(Claim::Lock),
        _ => None,
    })
}

/// What an identifier claims, whether the word is also common for other things, and whether it claims to have it.
/// Anything besides the claim, its verb and fillers makes it another question (`hasLeader`, `isLeaderElectionEnabled`).
fn claim_of(identifier: &str) -> Option<(Claim, bool, bool)> {
    const FILL: [&str; 19] = [
        "is",
        "am",
        "i",
        "we",
        "are",
        "this",
        "self",
        "local",
        "node",
        "server",
        "instance",
        "still",
        "currently",
        "the",
        "elected",
        "active",
        "cluster",
        "raft",
        "process",
    ];
    const HAVE: [&str; 12] =
        ["has", "have", "holds", "hold", "own", "owns", "held", "owner", "owned", "valid", "still", "mine"];
    let all = words(identifier);
    let negative = is_negative(&all);
    let core: Vec<&str> = all.iter().map(String::as_str).filter(|w| !is_negative_word(w)).collect();
    let verb = core.iter().any(|w| matches!(*w, "is" | "am" | "are"));
    let only = |subject: &[&str], allowed: &[&[&str]]| {
        core.iter().any(|w| subject.contains(w))
            && core.iter().all(|w| subject.contains(w) || allowed.iter().any(|list| list.contains(w)))
    };
    let having = negative || core.iter().any(|w| HAVE.contains(w));
    if only(&["leader"], &[&FILL]) && verb || only(&["leading"], &[&FILL]) {
        return Some((Claim::Leadership, false, !negative));
    }
    if having
        && (only(&["leadership"], &[&FILL, &HAVE])
            || (core.contains(&"leader") && only(&["lock", "lease", "role"], &[&["leader"], &FILL, &HAVE])))
    {
        return Some((Claim::Leadership, false, !negative));
    }
    if only(&["master", "primary"], &[&FILL]) && verb {
        return Some((Claim::Leadership, true, !negative));
    }
    if having && only(&["lease", "leaseholder"], &[&FILL, &HAVE]) {
        return Some((Claim::Lease, false, !negative));
    }
    if having && only(&["lock"], &[&FILL, &HAVE, &["distributed", "redis", "global"]]) {
        return Some((Claim::Lock, false, !negative));
    }
    None
}

fn is_negative(words: &[String]) -> bool {
    words.iter().any(|w| is_negative_word(w))
}

fn is_negative_word(word: &str) -> bool {
    matches!(word, "expired" | "lost" | "not" | "revoked" | "released" | "expire")
}

/// The last name of an expression: of a name, member or call; content of a string.
pub(crate) fn leaf<'f>(file: &'f Analysis<'_>, id: NodeId) -> &'f str {
    let model = file.model;
    match model.kind(id) {
        Kind::Name | Kind::Member | Kind::Call | Kind::String => model.name(id),
        Kind::Await | Kind::Cast | Kind::Spread | Kind::Argument => {
            model.child(id, Role::Value).map_or("", |v| leaf_of_name(file, v))
        }
        Kind::Unary => model.child(id, Role::Operand).map_or("", |v| leaf_of_name(file, v)),
        _ => "",
    }
}

fn leaf_of_name<'f>(file: &'f Analysis<'_>, id: NodeId) -> &'f str {
    match file.model.kind(id) {
        Kind::Name | Kind::Member | Kind::Call => file.model.name(id),
        _ => "",
    }
}

/// A peer, member or row: the answer speaks of another process.
fn is_someone_elses(file: &Analysis<'_>, object: NodeId) -> bool {
    const OTHERS: [&str; 22] = [
        "member",
        "peer",
        "replica",
        "broker",
        "partition",
        "tablet",
        "region",
        "shard",
        "other",
        "remote",
        "follower",
        "candidate",
        "target",
        "source",
        "response",
        "resp",
        "reply",
        "request",
        "status",
        "entry",
        "slave",
        "shards",
    ];
    let model = file.model;
    if file.tables.is_this(model, object) {
        return false;
    }
    let name = words(leaf(file, object));
    // The last word is the head: `raftMember` is a member, `memberService` a service.
    name.last().is_some_and(|w| OTHERS.contains(&w.as_str()))
        || (model.kind(object) == Kind::Name && matches!(store_kind(file, object), Some(StoreKind::Element)))
        || model.kind(object) == Kind::Index
}

/// How the local variable behind a name got its value.
fn store_kind(file: &Analysis<'_>, id: NodeId) -> Option<StoreKind> {
    let model = file.model;
    let name = model.sym(id);
    let functions = model.ancestors(id).filter(|a| model.kind(*a) == Kind::Function);
    functions.chain([model.root()]).find_map(|scope| file.tables.stores(scope, name).first().map(|s| s.kind))
}

fn is_local_lock(file: &Analysis<'_>, handle: NodeId) -> bool {
    matches!(file.lock_scope(handle), Some(LockScope::Local | LockScope::Row | LockScope::File))
}
