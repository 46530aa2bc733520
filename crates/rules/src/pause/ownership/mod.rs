//! Recognises questions about this process's own lease, lock or leadership: "is it still mine?".

mod compared;
mod names;

use compared::{clock, equality, pair, remaining};
use names::{claim_of, demanded_claim, is_negative, subject_of};
use timelint_model::{Kind, NodeId, Role, Sym};
use timelint_semantics::catalog::{Api, ApiRole, LockScope};
use timelint_semantics::{Analysis, Callee, Guard, How, Store, StoreKind, contains_part, words};

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
    contains_part(identifier, &STEMS)
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
        // `lock.isHeld() || leader`: whichever of them says so.
        (Kind::Binary, "&&" | "||") => {
            let mut each = model.children_with(id, Role::Operand).map(|o| affirm(file, o, holds, depth + 1));
            let first = each.next()??;
            each.try_fold(first, |best, next| next.map(|n| if best.by_name && !n.by_name { n } else { best }))
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
    if let Some(claim) = demanded_claim(name).filter(|c| holds && *c != Claim::Lock) {
        return Some(Check { at: id, claim, source: Source::RoundTrip, by_name: true, weak: false, api: None });
    }
    let (claim, weak, positive) = if let Some(found) = claim_of(name) {
        found
    } else {
        let of_type = || file.type_of(receiver?).and_then(|t| subject_of(&words(last_segment(&t.name))));
        let subject = subject_of(&words(leaf(file, receiver?))).or_else(of_type)?;
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
    let (claim, weak, positive) = claim_of(model.name(id))
        .or_else(|| is_set_when_elected(file, id).then_some((Claim::Leadership, false, true)))?;
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

/// A field that is set where leadership begins: `isLeader() { active = true }`, `on_elected`.
fn is_set_when_elected(file: &Analysis<'_>, id: NodeId) -> bool {
    let model = file.model;
    let own = model.child(id, Role::Object).is_none_or(|o| file.tables.is_this(model, o));
    let class = file.tables.class_around(model, id).filter(|_| own);
    class.is_some_and(|class| {
        let fields = &file.tables.classes[class as usize].fields;
        fields.get(&model.sym(id)).is_some_and(|stores| stores.iter().any(|s| marks_leadership(file, s)))
    })
}

/// The fields of the file's classes that are set where leadership begins.
pub(crate) fn leadership_flags(file: &Analysis<'_>) -> Vec<Sym> {
    let fields = file.tables.classes.iter().flat_map(|c| &c.fields);
    fields.filter(|(_, stores)| stores.iter().any(|s| marks_leadership(file, s))).map(|(name, _)| *name).collect()
}

fn marks_leadership(file: &Analysis<'_>, store: &Store) -> bool {
    let model = file.model;
    let is_true = |v: NodeId| model.kind(v) == Kind::Boolean && model.name(v).eq_ignore_ascii_case("true");
    let elected = |f: NodeId| names::begins_leadership(model.name(f));
    store.value.is_some_and(is_true) && file.function_around(store.at).is_some_and(elected)
}

/// A call that leaves the function when the answer is no: `ensureLeadership()`, `LockAssert.assertLocked()`, or a
/// helper that throws where its own check fails.
pub(crate) fn demanded<'a>(file: &Analysis<'a>, call: NodeId) -> Option<Check<'a>> {
    let model = file.model;
    if model.kind(call) != Kind::Call || model.child(call, Role::Receiver).is_some_and(|r| is_someone_elses(file, r)) {
        return None;
    }
    let claim = demanded_claim(model.name(call));
    let check = Check { at: call, claim: claim?, source: Source::Asked, by_name: true, weak: false, api: None };
    if let Some(known) = file.resolve(call).filter(|k| k.how != How::Name) {
        let source = match known.api.role {
            ApiRole::LeaderVerify => Source::RoundTrip,
            ApiRole::LeaderCheck | ApiRole::LeaseCheck | ApiRole::LockCheck => Source::Asked,
            _ => return None,
        };
        return Some(Check { source, by_name: false, api: Some(known.api), ..check });
    }
    // What is asked decides how good the answer is; a helper that nobody sees into may well ask others.
    match file.callee(call) {
        Some(Callee::Here(function)) => {
            let throws = |n: &NodeId| matches!(model.kind(*n), Kind::Throw);
            let inner = model.descendants(function).filter(throws).flat_map(|t| file.guards(t));
            let asked =
                inner.into_iter().find_map(|g| affirm(file, file.condition_source(g.condition), !g.holds, 1))?;
            Some(Check { source: asked.source, by_name: asked.by_name, weak: asked.weak, api: asked.api, ..check })
        }
        _ => (claim != Some(Claim::Lock)).then_some(check),
    }
}

/// The claim that a decorator makes a condition of running the function: `@leader_only`.
pub(crate) fn decorated<'a>(file: &Analysis<'a>, decorator: NodeId) -> Option<Check<'a>> {
    let claim = names::conditional_claim(file.model.name(decorator))?;
    Some(Check { at: decorator, claim, source: Source::Asked, by_name: true, weak: false, api: None })
}

fn last_segment(name: &str) -> &str {
    name.rsplit(['.', '/', '#']).next().unwrap_or(name)
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

/// A peer, member or row, or what was put together for a request: the answer does not speak of this process.
fn is_someone_elses(file: &Analysis<'_>, object: NodeId) -> bool {
    const OTHERS: [&str; 26] = [
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
        "context",
        "info",
        "mapping",
        "metadata",
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
