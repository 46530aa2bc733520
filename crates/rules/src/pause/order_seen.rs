//! Numbers that grow, compared by the writer instead of by the store: what is there is read, its number is found to be
//! older, and then it is overwritten whatever is there by now.

use timelint_model::{Kind, NodeId, Role, Sym};
use timelint_semantics::{Analysis, Command, has_word, words};

/// An order that only the writer looks at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OrderSeen {
    /// The read.
    pub(crate) read: NodeId,
    /// The comparison that leaves when what is there is newer.
    pub(crate) compare: NodeId,
    /// The write.
    pub(crate) write: NodeId,
}

/// Words of numbers that only grow.
const GROWS: [&str; 16] = [
    "version",
    "epoch",
    "term",
    "generation",
    "revision",
    "sequence",
    "seq",
    "number",
    "serial",
    "counter",
    "fence",
    "token",
    "nonce",
    "offset",
    "index",
    "rev",
];

/// All of the file.
pub(crate) fn orders_seen(file: &Analysis<'_>) -> Vec<OrderSeen> {
    if !file.says(&GROWS) {
        return Vec::new();
    }
    let all = file.key_commands();
    let writes = all.iter().filter(|c| c.command == Command::Set && !file.is_one_step(c.at));
    writes
        .filter_map(|write| {
            let function = file.named_function_around(write.at)?;
            let reads = all.iter().filter(|r| {
                r.command == Command::Get
                    && r.at < write.at
                    && file.named_function_around(r.at) == Some(function)
                    && file.same_key(r.key, write.key)
            });
            let (read, compare) = reads.filter_map(|r| Some((r.at, comparison(file, r.at, write.at)?))).last()?;
            Some(OrderSeen { read, compare, write: write.at })
        })
        .collect()
}

/// An ordering of numbers that grow, one of them from the read, that decides whether the write is reached.
fn comparison(file: &Analysis<'_>, read: NodeId, write: NodeId) -> Option<NodeId> {
    let model = file.model;
    let mut known: Vec<Sym> = targets(file, file.statement(read));
    let about = |n: NodeId, known: &[Sym]| {
        model.self_and_descendants(n).any(|d| model.kind(d) == Kind::Name && known.contains(&model.sym(d)) || d == read)
    };
    for n in (read.0..write.0).map(NodeId) {
        match model.kind(n) {
            Kind::Let | Kind::Assign if model.children_with(n, Role::Value).any(|v| about(v, &known)) => {
                known.extend(targets(file, n));
            }
            Kind::If => {
                let Some(condition) = model.child(n, Role::Condition) else { continue };
                let leaves = model.child(n, Role::Then).is_some_and(|t| file.exits(t)) || model.contains(n, write);
                let order = model.self_and_descendants(condition).find(|c| orders(file, *c) && about(*c, &known));
                if let Some(order) = order.filter(|_| leaves) {
                    return Some(order);
                }
            }
            _ => {}
        }
    }
    None
}

/// The plain names that a statement stores to, but for errors.
fn targets(file: &Analysis<'_>, statement: NodeId) -> Vec<Sym> {
    let model = file.model;
    let plain =
        |t: &NodeId| model.kind(*t) == Kind::Name && !has_word(model.name(*t), &["err", "error", "ctx", "ok", "_"]);
    model.children_with(statement, Role::Target).filter(plain).map(|t| model.sym(t)).collect()
}

/// `stored.version >= incoming.version`, `a.Number.Cmp(b.Number) <= 0`: both sides are called numbers that grow.
fn orders(file: &Analysis<'_>, condition: NodeId) -> bool {
    let model = file.model;
    if model.kind(condition) != Kind::Binary || !matches!(model.name(condition), "<" | ">" | "<=" | ">=") {
        return false;
    }
    let grows = |n: NodeId| {
        let last = |name: &str| words(name).last().is_some_and(|w| GROWS.contains(&w.as_str()));
        model.self_and_descendants(n).any(|d| {
            matches!(model.kind(d), Kind::Name | Kind::Member | Kind::Call | Kind::String) && last(model.name(d))
        })
    };
    let mut operands = model.children_with(condition, Role::Operand);
    let (Some(left), Some(right)) = (operands.next(), operands.next()) else { return false };
    let compared = |n: NodeId| {
        model.kind(n) == Kind::Call
            && has_word(model.name(n), &["cmp", "compare"])
            && model.child(n, Role::Receiver).is_some_and(grows)
            && model.child(n, Role::Arg).is_some_and(grows)
    };
    grows(left) && grows(right) && model.kind(left) != Kind::Number && model.kind(right) != Kind::Number
        || compared(left)
}
