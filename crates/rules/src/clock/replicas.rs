//! Do two versions of one thing meet here, from different machines, and does one of them win?

use crate::clock::stamped::{Stamped, is_filled_remotely};
use crate::shown::is_log_call;
use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::catalog::leaf;
use timelint_semantics::{Analysis, Origins, has_word, member_key, words};

/// How sure it is that one of the compared things was made elsewhere, weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Elsewhere {
    /// Nothing says so.
    No,
    /// The function is called like a handler.
    Handled,
    /// Names of the operands, the function or the class speak of replicas.
    Named,
    /// The value was decoded, received or read from a store.
    Seen,
}

/// What the comparison leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// One of the two is taken, stored, returned; or left out as stale.
    Winner(NodeId),
    /// The answer is returned to the caller.
    Answered,
    /// The greater of two instants, and nothing else.
    Maximum,
    /// Something else.
    Other,
}

/// Words of a variable that holds what came from elsewhere.
const INCOMING: [&str; 18] = [
    "incoming",
    "remote",
    "peer",
    "received",
    "theirs",
    "their",
    "foreign",
    "other",
    "replica",
    "upstream",
    "replicated",
    "msg",
    "message",
    "request",
    "req",
    "packet",
    "entry",
    "update",
];
const SURELY_INCOMING: [&str; 9] =
    ["incoming", "remote", "peer", "received", "theirs", "their", "foreign", "replica", "replicated"];
/// Words of a function that brings versions together.
const MERGES: [&str; 14] = [
    "merge",
    "merged",
    "replicate",
    "replicated",
    "replication",
    "replica",
    "gossip",
    "sync",
    "synchronize",
    "reconcile",
    "conflict",
    "receive",
    "peer",
    "lww",
];
const HANDLES: [&str; 14] = [
    "handle", "handler", "on", "apply", "notify", "upsert", "put", "push", "pull", "process", "consume", "register",
    "update", "dispatch",
];
/// Words of a class, package or file whose things live on several machines.
const REPLICATES: [&str; 22] = [
    "replica",
    "replicas",
    "replication",
    "replicator",
    "replicated",
    "gossip",
    "peer",
    "peers",
    "cluster",
    "clusters",
    "crdt",
    "conflict",
    "membership",
    "mesh",
    "federation",
    "consistency",
    "distributed",
    "topology",
    "registry",
    "anti",
    "memberlist",
    "hinted",
];
/// Words of code whose order of events is data, not a decision: series, streams, logs, caches, views.
const DATA: [&str; 52] = [
    "aggregator",
    "aggregators",
    "serializers",
    "prometheus",
    "metric",
    "metrics",
    "series",
    "sample",
    "samples",
    "chart",
    "graph",
    "log",
    "logs",
    "logger",
    "trace",
    "tracing",
    "span",
    "stat",
    "stats",
    "statistics",
    "history",
    "historical",
    "report",
    "window",
    "windowed",
    "watermark",
    "stream",
    "streams",
    "candle",
    "feed",
    "view",
    "ui",
    "component",
    "render",
    "format",
    "formatter",
    "cli",
    "test",
    "tests",
    "mock",
    "benchmark",
    "backup",
    "backups",
    "segment",
    "retention",
    "oracle",
    "tso",
    "mvcc",
    "release",
    "releases",
    "changelog",
    "clock",
];
/// Words of types that carry what another process sent.
const CARRIERS: [&str; 10] =
    ["request", "message", "msg", "event", "packet", "rpc", "payload", "envelope", "frame", "notification"];

/// Names of the function, class, package, folder and file around `id`.
pub(crate) fn surroundings(file: &Analysis<'_>, id: NodeId) -> (Vec<String>, Vec<String>) {
    let model = file.model;
    let functions = model.ancestors(id).filter(|a| model.kind(*a) == Kind::Function).map(|f| model.name(f).to_owned());
    let class = file.tables.class_around(model, id).map(|c| file.tables.classes[c as usize].name.clone());
    let mut places: Vec<String> = class.into_iter().collect();
    places.extend(file.tables.package.iter().map(|p| leaf(p).to_owned()));
    let stem = file.path.rsplit_once('.').map_or(&*file.path, |(stem, _)| stem);
    places.extend(stem.rsplit(['/', '\\']).take(2).map(str::to_owned));
    (functions.collect(), places)
}

/// Whether the code around is about data whose order is not a decision between machines.
pub(crate) fn is_about_data(file: &Analysis<'_>, id: NodeId) -> bool {
    let (functions, places) = surroundings(file, id);
    functions.iter().chain(&places).any(|n| has_word(n, &DATA))
}

/// Points of series that are put together in the order of their times: `a[i].time < b[j].time`, `sample.time`.
pub(crate) fn is_merged_series(file: &Analysis<'_>, sides: [&Stamped; 2]) -> bool {
    const POINTS: [&str; 12] = [
        "sample",
        "samples",
        "series",
        "point",
        "points",
        "datapoint",
        "candle",
        "tick",
        "metric",
        "metrics",
        "span",
        "bucket",
    ];
    let model = file.model;
    let counted = |s: &Stamped| {
        let mut inside = model.self_and_descendants(s.node).filter(|n| model.kind(*n) == Kind::Index);
        inside
            .any(|i| model.child(i, Role::Key).is_some_and(|k| model.kind(k) == Kind::Name && model.name(k).len() == 1))
    };
    sides.iter().all(|s| counted(s)) || sides.iter().any(|s| has_word(&s.root, &POINTS))
}

/// Whether the function around brings versions of several machines together, or stands where such things are kept.
pub(crate) fn brings_together(file: &Analysis<'_>, id: NodeId) -> bool {
    let (functions, places) = surroundings(file, id);
    let merges = functions.iter().any(|f| has_word(f, &MERGES));
    merges || places.iter().any(|p| has_word(p, &["replica", "replicas", "replication", "gossip", "crdt", "conflict"]))
}

/// Whether names say that copies of several machines compete: those of the two things, or of the code around.
pub(crate) fn compete(file: &Analysis<'_>, id: NodeId, sides: [&Stamped; 2]) -> bool {
    let speaks = |s: &&Stamped| {
        has_word(&s.root, &SURELY_INCOMING) || s.words.iter().any(|w| SURELY_INCOMING.contains(&w.as_str()))
    };
    sides.iter().any(speaks) || brings_together(file, id) || are_copies(file, id, sides)
}

/// Whether a collection is called after the machines that its things come from.
pub(crate) fn is_of_replicas(file: &Analysis<'_>, sort: NodeId) -> bool {
    const COPIES: [&str; 7] = ["replica", "replicas", "copies", "peer", "peers", "siblings", "conflicts"];
    let model = file.model;
    let called = |n: NodeId| matches!(model.kind(n), Kind::Name | Kind::Member) && has_word(model.name(n), &COPIES);
    model.self_and_descendants(sort).any(called) || brings_together(file, sort)
}

/// How sure it is that one of the two stamps was given elsewhere.
pub(crate) fn elsewhere(file: &Analysis<'_>, id: NodeId, sides: [&Stamped; 2]) -> Elsewhere {
    let (functions, places) = surroundings(file, id);
    let seen = |s: &Stamped| {
        s.value.origins.any(Origins::REMOTE)
            || file.value(s.root_node).origins.any(Origins::REMOTE)
            || is_filled_remotely(file, s.root_node)
    };
    if sides.iter().any(|s| seen(s)) {
        return Elsewhere::Seen;
    }
    let speaks =
        |s: &Stamped, list: &[&str]| has_word(&s.root, list) || s.words.iter().any(|w| list.contains(&w.as_str()));
    let incoming = sides.iter().any(|s| speaks(s, &SURELY_INCOMING));
    let merges = functions.iter().any(|f| has_word(f, &MERGES));
    let replicates = places.iter().any(|p| has_word(p, &REPLICATES));
    let handled = functions.iter().any(|f| has_word(f, &HANDLES))
        || sides.iter().any(|s| speaks(s, &INCOMING))
        || parameter_types(file, id).iter().any(|t| has_word(t, &CARRIERS));
    match (incoming || merges, replicates, handled) {
        (true, _, _) | (_, true, true) => Elsewhere::Named,
        (_, _, true) if are_copies(file, id, sides) => Elsewhere::Named,
        (_, true, _) | (_, _, true) => Elsewhere::Handled,
        _ => Elsewhere::No,
    }
}

/// The two things are copies of one: the function asks whether they have the same content, or are the same version.
pub(crate) fn are_copies(file: &Analysis<'_>, id: NodeId, sides: [&Stamped; 2]) -> bool {
    const CONTENT: [&str; 10] =
        ["etag", "hash", "checksum", "digest", "crc", "md5", "version", "revision", "fingerprint", "rev"];
    let model = file.model;
    let Some(function) = file.function_around(id) else { return false };
    let root = |n: NodeId| Stamped::new(file, n);
    let alike = |a: NodeId, b: NodeId| {
        let (a, b) = (root(a), root(b));
        let content = |s: &Stamped| s.of_object && has_word(&s.member, &CONTENT);
        let roots = [&a.root, &b.root];
        content(&a) && content(&b) && sides.iter().all(|s| roots.contains(&&s.root)) && a.root != b.root
    };
    model.descendants(function).any(|n| {
        let role = match model.kind(n) {
            Kind::Binary if matches!(model.name(n), "==" | "!=") => Role::Operand,
            Kind::Call if has_word(model.name(n), &["equal", "equals", "same", "matches"]) => Role::Arg,
            _ => return false,
        };
        let mut pair = model.children_with(n, role);
        pair.next().zip(pair.next()).is_some_and(|(a, b)| alike(a, b))
    })
}

/// Written types of the parameters of the function around.
fn parameter_types(file: &Analysis<'_>, id: NodeId) -> Vec<String> {
    let model = file.model;
    let Some(function) = file.function_around(id) else { return Vec::new() };
    let types = model
        .children_with(function, Role::Param)
        .filter_map(|p| model.children(p).find(|c| model.kind(*c) == Kind::Type));
    types.map(|t| leaf(model.name(t)).to_owned()).collect()
}

/// What a comparison of two stamps leads to, through `&&`, `||`, `!` and one local variable.
pub(crate) fn outcome(file: &Analysis<'_>, comparison: NodeId, sides: [&Stamped; 2]) -> Outcome {
    let model = file.model;
    let mut child = comparison;
    let mut hops = 0;
    while let Some(parent) = model.parent(child) {
        match (model.kind(parent), model.role(child)) {
            (Kind::If, Role::Condition) => return branches(file, parent, sides),
            (Kind::Conditional, Role::Condition) => return chosen(file, parent, sides),
            (Kind::Binary, _) if matches!(model.name(parent), "&&" | "||" | "==" | "!=" | ">" | "<" | ">=" | "<=") => {}
            (Kind::Unary | Kind::Await | Kind::Cast, _) => {}
            (Kind::Return, _) | (Kind::Function, Role::Body) => return Outcome::Answered,
            (Kind::Let | Kind::Assign, Role::Value) if hops == 0 => {
                let target = model.child(parent, Role::Target).filter(|t| model.kind(*t) == Kind::Name);
                match target.and_then(|t| file.reads_of(t).into_iter().find(|r| *r > parent)) {
                    Some(read) => {
                        hops += 1;
                        child = read;
                        continue;
                    }
                    None => return Outcome::Other,
                }
            }
            _ => return Outcome::Other,
        }
        child = parent;
    }
    Outcome::Other
}

/// `a.ts > b.ts ? a : b`.
fn chosen(file: &Analysis<'_>, conditional: NodeId, sides: [&Stamped; 2]) -> Outcome {
    let model = file.model;
    let branches = [Role::Then, Role::Else].map(|r| model.child(conditional, r));
    let whole = branches.iter().flatten().find(|b| model.kind(**b) == Kind::Name && is_root(file, **b, sides));
    whole.map_or(Outcome::Maximum, |b| Outcome::Winner(*b))
}

fn is_root(file: &Analysis<'_>, id: NodeId, sides: [&Stamped; 2]) -> bool {
    let name = file.model.name(id);
    !name.is_empty() && sides.iter().any(|s| s.of_object && s.root == name)
}

fn branches(file: &Analysis<'_>, statement: NodeId, sides: [&Stamped; 2]) -> Outcome {
    let model = file.model;
    let Some(then) = model.child(statement, Role::Then) else { return Outcome::Other };
    let range = || model.self_and_descendants(then);
    if let Some(taken) = range().find(|n| takes(file, *n, sides)) {
        return Outcome::Winner(taken);
    }
    let stored = |n: &NodeId| model.kind(*n) == Kind::Assign;
    let sets_it = |n: &NodeId| raised_by_setter(file, *n, sides);
    let kept = range().filter(stored).any(|a| is_raised(file, a, sides)) || range().any(|n| sets_it(&n));
    // `tag.setApplied(true)`, `text.append("newer")`: nothing of either thing is kept by it.
    let says = |n: &NodeId| {
        let mut args = model.children_with(*n, Role::Arg).peekable();
        args.peek().is_some() && args.all(|a| matches!(model.kind(a), Kind::Boolean | Kind::String))
    };
    if kept && !range().any(|n| acts(file, n) && !sets_it(&n) && !says(&n)) {
        return Outcome::Maximum;
    }
    if let Some(replaced) = range().filter(stored).find(|a| replaces(file, *a, sides)) {
        return Outcome::Winner(replaced);
    }
    if let Some(exit) = range().find(|n| is_bare_exit(file, *n)) {
        let function = file.function_around(statement).unwrap_or(model.root());
        let rest = (model.end(statement).0..model.end(function).0).map(NodeId);
        let follows = rest.into_iter().any(|n| takes(file, n, sides) || acts(file, n));
        return if follows { Outcome::Winner(exit) } else { Outcome::Answered };
    }
    match range().find(|n| acts(file, *n)) {
        Some(act) if mentions(file, then, sides) => Outcome::Winner(act),
        _ if range().any(|n| matches!(model.kind(n), Kind::Return | Kind::Throw)) => Outcome::Answered,
        _ => Outcome::Other,
    }
}

/// `latest = event.ts`: the greater stamp is kept, and nothing else.
fn is_raised(file: &Analysis<'_>, assignment: NodeId, sides: [&Stamped; 2]) -> bool {
    let target = file.model.child(assignment, Role::Target).map_or("", |t| file.model.name(t));
    sides.iter().any(|s| s.member == target)
}

/// `latest.setTs(event.getTs())`
fn raised_by_setter(file: &Analysis<'_>, call: NodeId, sides: [&Stamped; 2]) -> bool {
    let model = file.model;
    let sets = model.kind(call) == Kind::Call && words(model.name(call)).first().is_some_and(|w| w == "set");
    let key = |name: &str| member_key(name);
    sets && sides.iter().any(|s| key(&s.member) == key(model.name(call)))
        && model.children_with(call, Role::Arg).count() == 1
}

/// Whether the two are places in a log or stream that are called after their times, and not versions of one thing.
pub(crate) fn are_places(sides: [&Stamped; 2]) -> bool {
    const PLACES: [&str; 9] =
        ["position", "watermark", "offset", "cursor", "heap", "oldest", "earliest", "progress", "checkpoint"];
    sides.iter().any(|s| has_word(&s.root, &PLACES) || s.words.iter().any(|w| PLACES.contains(&w.as_str())))
}

/// Whether the function around answers a conditional request of HTTP, which is about these very dates.
pub(crate) fn is_conditional_request(file: &Analysis<'_>, id: NodeId) -> bool {
    let model = file.model;
    let Some(function) = file.function_around(id) else { return false };
    model.descendants(function).filter(|n| matches!(model.kind(*n), Kind::String | Kind::Name | Kind::Member)).any(
        |n| {
            let plain = |c: &char| c.is_ascii_alphabetic();
            let name: String = model.name(n).chars().filter(plain).map(|c| c.to_ascii_lowercase()).collect();
            name.len() < 40 && name.contains("modifiedsince")
        },
    )
}

/// `current = other.holder()`: one of the compared things is replaced by what the other has.
fn replaces(file: &Analysis<'_>, assignment: NodeId, sides: [&Stamped; 2]) -> bool {
    let model = file.model;
    let target =
        model.child(assignment, Role::Target).filter(|t| model.kind(*t) == Kind::Name && is_root(file, *t, sides));
    target.is_some() && model.child(assignment, Role::Value).is_some_and(|v| mentions(file, v, sides))
}

/// One of the compared things as a whole is stored, handed on or returned.
fn takes(file: &Analysis<'_>, id: NodeId, sides: [&Stamped; 2]) -> bool {
    let model = file.model;
    if model.kind(id) != Kind::Name || !is_root(file, id, sides) {
        return false;
    }
    let holder = model
        .ancestors(id)
        .find(|a| !matches!(model.kind(*a), Kind::Unary | Kind::Spread | Kind::Cast | Kind::Await | Kind::Argument));
    holder.is_some_and(|h| match model.kind(h) {
        Kind::Assign | Kind::Return | Kind::Entry | Kind::List => model.role(id) != Role::Target,
        Kind::Call => model.role(id) != Role::Receiver && !is_log_call(file, h),
        _ => false,
    })
}

/// A call that does something with data: stores, removes, sends.
fn acts(file: &Analysis<'_>, id: NodeId) -> bool {
    const ACTS: [&str; 22] = [
        "put",
        "set",
        "add",
        "store",
        "save",
        "update",
        "upsert",
        "replace",
        "insert",
        "write",
        "delete",
        "remove",
        "merge",
        "apply",
        "overwrite",
        "persist",
        "send",
        "accept",
        "create",
        "push",
        "append",
        "publish",
    ];
    matches!(file.model.kind(id), Kind::Call) && has_word(file.model.name(id), &ACTS) && !is_log_call(file, id)
}

fn mentions(file: &Analysis<'_>, within: NodeId, sides: [&Stamped; 2]) -> bool {
    file.model.self_and_descendants(within).any(|n| file.model.kind(n) == Kind::Name && is_root(file, n, sides))
}

/// `return`, `continue`, `return false`: what is left out as stale.
fn is_bare_exit(file: &Analysis<'_>, id: NodeId) -> bool {
    let model = file.model;
    match model.kind(id) {
        Kind::Continue => true,
        Kind::Return => model
            .child(id, Role::Value)
            .is_none_or(|v| matches!(model.kind(v), Kind::Boolean | Kind::Null | Kind::Name | Kind::Member)),
        _ => false,
    }
}
