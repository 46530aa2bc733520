//! Does a write depend on something that was read in the same section?

use timelint_model::{Kind, NodeId, Role, Sym};
use timelint_semantics::catalog::ApiRole;
use timelint_semantics::{Analysis, How, Region, has_word, words};

/// A read in a section and what it leads to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Dependency {
    /// The read.
    pub(crate) read: NodeId,
    /// The catalogue knows the read; otherwise its name tells.
    pub(crate) known: bool,
    /// What was read goes into the write; otherwise it only decides whether the write happens.
    pub(crate) flows: bool,
}

/// First words of methods that read, whatever they are called on.
const READS: [&str; 10] = ["find", "select", "query", "load", "fetch", "read", "lookup", "count", "exists", "retrieve"];
/// First words of methods that read when they are called on a store.
const GETS: [&str; 8] = ["get", "list", "one", "first", "scalar", "is", "has", "all"];
/// Words of things that keep shared data.
const STORES: [&str; 24] = [
    "repository",
    "repo",
    "dao",
    "mapper",
    "service",
    "client",
    "store",
    "storage",
    "session",
    "db",
    "database",
    "redis",
    "manager",
    "cursor",
    "model",
    "objects",
    "collection",
    "zk",
    "kv",
    "gateway",
    "query",
    "api",
    "cache",
    "conn",
];

/// The first read of the section on which `write` depends.
pub(crate) fn dependency(file: &Analysis<'_>, region: &Region<'_>, write: NodeId) -> Option<Dependency> {
    let mut tainted: Vec<(Sym, NodeId, bool)> = Vec::new();
    let model = file.model;
    // A read before the lock was taken is all the staler.
    let start = file.function_around(region.acquire).filter(|f| model.contains(*f, region.from)).unwrap_or(region.from);
    for id in (start.0..write.0).map(NodeId) {
        match model.kind(id) {
            Kind::Let | Kind::Assign => {
                let value = model.children_with(id, Role::Value).find_map(|v| source(file, v, &tainted));
                if let Some((read, known)) = value {
                    let targets = model.children_with(id, Role::Target).flat_map(|t| model.self_and_descendants(t));
                    tainted
                        .extend(targets.filter(|t| model.kind(*t) == Kind::Name).map(|t| (model.sym(t), read, known)));
                }
            }
            Kind::Loop => {
                let element = model.children_with(id, Role::Iterable).find_map(|v| source(file, v, &tainted));
                if let Some((read, known)) = element {
                    let targets = model.children_with(id, Role::Target).flat_map(|t| model.self_and_descendants(t));
                    tainted
                        .extend(targets.filter(|t| model.kind(*t) == Kind::Name).map(|t| (model.sym(t), read, known)));
                }
            }
            // `row.Scan(&stock)`, `db.First(&account)`
            Kind::Call if model.children_with(id, Role::Arg).any(|a| addressed(file, a).is_some()) => {
                if let Some((read, known)) = source(file, id, &tainted) {
                    let filled = model.children_with(id, Role::Arg).filter_map(|a| addressed(file, a));
                    tainted.extend(filled.map(|name| (name, read, known)));
                }
            }
            // `copy.setStock(row.getStock() - 1)`
            Kind::Call if has_word(model.name(id), &["set", "put", "add", "append", "push"]) => {
                let receiver = model.child(id, Role::Receiver).filter(|r| model.kind(*r) == Kind::Name);
                if let Some(receiver) = receiver
                    && let Some((read, known)) =
                        model.children_with(id, Role::Arg).find_map(|a| source(file, a, &tainted))
                {
                    tainted.push((model.sym(receiver), read, known));
                }
            }
            _ => {}
        }
    }
    let parts = model.children(write).filter(|c| matches!(model.role(*c), Role::Arg | Role::Receiver));
    if let Some((read, known)) = parts.into_iter().find_map(|part| source(file, part, &tainted)) {
        return Some(Dependency { read, known, flows: true });
    }
    let guards = file
        .guards(write)
        .into_iter()
        .filter(|g| model.contains(start, g.condition) && !decides_lock(region, g.condition, file));
    let (read, known) = guards.into_iter().find_map(|g| source(file, g.condition, &tainted))?;
    Some(Dependency { read, known, flows: false })
}

/// Whether the name of a function of the project says that it reads, whatever something below it does.
pub(crate) fn is_called_a_read(name: &str) -> bool {
    const READING: [&str; 14] = [
        "get", "find", "is", "has", "list", "query", "select", "read", "load", "check", "validate", "count", "exists",
        "fetch",
    ];
    words(name).first().is_some_and(|w| READING.contains(&w.as_str()))
}

/// The variable whose address an argument is.
fn addressed(file: &Analysis<'_>, argument: NodeId) -> Option<Sym> {
    let model = file.model;
    let name = model.child(argument, Role::Operand).filter(|_| model.kind(argument) == Kind::Unary)?;
    (model.name(argument) == "&" && model.kind(name) == Kind::Name).then(|| model.sym(name))
}

fn decides_lock(region: &Region<'_>, condition: NodeId, file: &Analysis<'_>) -> bool {
    file.model.contains(condition, region.acquire)
}

/// Whether the write fills in what was found missing in the section, as for caches.
pub(crate) fn fills_gap(file: &Analysis<'_>, region: &Region<'_>, write: NodeId) -> bool {
    const FILLS: [&str; 12] =
        ["put", "putall", "set", "hset", "hmset", "setex", "psetex", "mset", "multiset", "fastput", "setall", "store"];
    let name: String = words(file.model.name(write)).concat();
    // Also from inside functions that are handed to others: `found.forEach(x -> store.put(x))`.
    let lambdas = file.model.ancestors(write).filter(|a| file.model.kind(*a) == Kind::Function && region.covers(*a));
    let absent = |at: NodeId| {
        file.guards(at).iter().any(|g| region.covers(g.condition) && is_absence(file, g.condition, g.holds))
    };
    FILLS.contains(&name.as_str()) && [write].into_iter().chain(lambdas).any(absent)
}

/// Whether a condition that holds (or not) means that something is not there.
fn is_absence(file: &Analysis<'_>, condition: NodeId, holds: bool) -> bool {
    const MISSING: [&str; 6] = ["empty", "null", "blank", "absent", "missing", "none"];
    const THERE: [&str; 7] = ["has", "exists", "exist", "contains", "present", "any", "get"];
    let model = file.model;
    match model.kind(condition) {
        Kind::Call if has_word(model.name(condition), &MISSING) => holds,
        Kind::Call if has_word(model.name(condition), &THERE) => !holds,
        Kind::Name | Kind::Member => !holds,
        Kind::Binary => model.children_with(condition, Role::Operand).any(|o| match model.kind(o) {
            Kind::Null => holds == matches!(model.name(condition), "==" | "is"),
            Kind::Number => model.name(o) == "0",
            _ => false,
        }),
        _ => false,
    }
}

/// The read that takes part in an expression, by itself or through a variable.
fn source(file: &Analysis<'_>, expression: NodeId, tainted: &[(Sym, NodeId, bool)]) -> Option<(NodeId, bool)> {
    let model = file.model;
    model.self_and_descendants(expression).find_map(|n| match model.kind(n) {
        Kind::Name => tainted.iter().find(|t| t.0 == model.sym(n)).map(|t| (t.1, t.2)),
        Kind::Call | Kind::New => is_read(file, n).map(|known| (n, known)),
        _ => None,
    })
}

/// Whether a call reads shared data: `Some(true)` when the catalogue says so, `Some(false)` when its name does.
pub(crate) fn is_read(file: &Analysis<'_>, call: NodeId) -> Option<bool> {
    let model = file.model;
    match file.resolve(call).map(|r| (r.api.role, r.how)) {
        Some((ApiRole::RemoteRead, _)) => return Some(true),
        Some((ApiRole::Write | ApiRole::RemoteCall, _)) if file.is_query(call) => return Some(true),
        Some((_, how)) if how != How::Name => return None,
        _ => {}
    }
    let name = words(model.name(call));
    let first = name.first()?.as_str();
    let receiver = model.child(call, Role::Receiver);
    let on_store = receiver.is_some_and(|r| {
        has_word(model.name(r), &STORES) || file.type_of(r).is_some_and(|t| has_word(last(&t.name), &STORES))
    });
    let own = receiver.is_none_or(|r| file.tables.is_this(model, r)) && name.len() > 1;
    let by_key = name.len() > 2 && matches!(first, "get" | "find") && name[1] == "by" && receiver.is_some();
    (by_key || READS.contains(&first) && (on_store || own) || GETS.contains(&first) && on_store).then_some(false)
}

fn last(name: &str) -> &str {
    name.rsplit(['.', '/', '#']).next().unwrap_or(name)
}
