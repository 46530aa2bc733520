//! A local reading of the wall clock that is handed to a store, which orders writes or judges locks by it.

use crate::clock::bound_clocks::meets_database_time;
use crate::clock::compared_columns::{COMPARES, compared_column};
use crate::clock::coordination::{coordinates, is_local_reading, spans_hours};
use crate::clock::picks::last_write_wins;
use crate::clock::replicas::surroundings;
use timelint_diagnostics::Confidence;
use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::catalog::ArgMeaning;
use timelint_semantics::{Analysis, How, has_word, is_data_change, words};

/// What the store does with the reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    /// The write with the greatest stamp wins.
    OrdersWrites,
    /// A lock, lease or heartbeat column is set or compared.
    JudgesRow,
    /// Records are replayed in this order.
    OrdersRecords,
}

/// A reading handed to a store.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Handed {
    /// The reading's expression.
    pub(crate) reading: NodeId,
    /// What it is used for.
    pub(crate) purpose: Use,
    /// How sure.
    pub(crate) confidence: Confidence,
}

/// The reading that a call, entry or keyword argument hands to a store.
pub(crate) fn handed(file: &Analysis<'_>, id: NodeId) -> Option<Handed> {
    let found = match file.model.kind(id) {
        Kind::Call | Kind::New => ordering_argument(file, id)
            .or_else(|| statement(file, id))
            .or_else(|| bound(file, id))
            .or_else(|| script(file, id))
            .or_else(|| judged_row(file, id)),
        Kind::Argument => keyword_predicate(file, id),
        Kind::Entry | Kind::Record => judged_row(file, id),
        Kind::Binary => column_operand(file, id),
        _ => None,
    }?;
    if found.purpose == Use::JudgesRow && meets_database_time(file, found.reading) {
        return None;
    }
    let long = found.purpose == Use::JudgesRow && spans_hours(file, found.reading);
    Some(if long { Handed { confidence: Confidence::Low, ..found } } else { found })
}

/// A condition of a query on a column of a lock or heartbeat.
fn judged_row(file: &Analysis<'_>, id: NodeId) -> Option<Handed> {
    let reading = compared_column(file, id)?;
    // How many there are is shown, and decides about none of them.
    let model = file.model;
    let counts = |c: NodeId| model.kind(c) == Kind::Call && has_word(model.name(c), &["count", "aggregate"]);
    if model.self_and_ancestors(id).take_while(|a| !model.kind(*a).is_statement()).any(counts) {
        return None;
    }
    Some(Handed { reading, purpose: Use::JudgesRow, confidence: Confidence::Medium })
}

/// A declared "order writes by this" argument.
fn ordering_argument(file: &Analysis<'_>, call: NodeId) -> Option<Handed> {
    let known = file.resolve(call)?;
    let reading = file.argument(call, known, ArgMeaning::Timestamp)?;
    let confidence = if known.how == How::Name { Confidence::Medium } else { Confidence::High };
    is_local_reading(file, reading).then_some(Handed { reading, purpose: Use::OrdersWrites, confidence })
}

/// A statement text with a reading among its parameters.
fn statement(file: &Analysis<'_>, call: NodeId) -> Option<Handed> {
    let model = file.model;
    if !file.shared(Statements::of).0 {
        return None;
    }
    let first = model.children_with(call, Role::Arg).take(3);
    let object = model.child(call, Role::Receiver);
    let prepared = |n: NodeId| prepared_text(file, n);
    let text = first.filter_map(|a| file.literal_text(a).or_else(|| prepared(a))).find(|t| is_statement(t));
    let text = text.or_else(|| object.and_then(prepared))?;
    let lower = text.to_lowercase();
    let orders = lower.contains("using timestamp") || last_write_wins(&text);
    let judges = !orders && touches_coordination(&lower);
    if !orders && !judges {
        return None;
    }
    let reading = model.children_with(call, Role::Arg).find_map(|a| reading_within(file, a, 0))?;
    let known = file.resolve(call).is_some_and(|r| r.how > How::Name);
    let purpose = if orders { Use::OrdersWrites } else { Use::JudgesRow };
    Some(Handed { reading, purpose, confidence: if known { Confidence::High } else { Confidence::Medium } })
}

/// The text of a statement that was prepared before: `write = session.prepare("INSERT ..")`, `write.bind(key, reading)`.
fn prepared_text(file: &Analysis<'_>, statement: NodeId) -> Option<String> {
    let model = file.model;
    let made = |v: NodeId| {
        let call = if model.kind(v) == Kind::Await { model.child(v, Role::Value)? } else { v };
        let prepares = model.kind(call) == Kind::Call && has_word(model.name(call), &["prepare"]);
        prepares.then(|| model.child(call, Role::Arg)).flatten()
    };
    let plain = matches!(model.kind(statement), Kind::Name | Kind::Member);
    let mut values = file.stores_of(statement).iter().filter(|_| plain).filter_map(|s| s.value);
    let (only, None) = (values.next()?, values.next()) else { return None };
    file.literal_text(made(only)?)
}

/// Whether any text of the file begins like a statement.
struct Statements(bool);

impl Statements {
    fn of(file: &Analysis<'_>) -> Self {
        let begins = |text: &str| is_data_change(text) || text.trim_start().get(..6).is_some_and(is_select);
        let mut texts = file.model.ids().filter(|n| file.model.kind(*n) == Kind::String);
        Self(texts.any(|n| begins(file.model.name(n))))
    }
}

fn is_select(word: &str) -> bool {
    word.eq_ignore_ascii_case("select")
}

fn is_statement(text: &str) -> bool {
    is_data_change(text) || text.trim_start().get(..7).is_some_and(|t| t.eq_ignore_ascii_case("select "))
}

/// Whether a column that is set or compared with a parameter belongs to a lock, lease or heartbeat.
fn touches_coordination(statement: &str) -> bool {
    if ["now()", "current_timestamp", "sysdate", "getdate", "utc_timestamp"].iter().any(|f| statement.contains(f)) {
        return false;
    }
    let time_like = |w: &String| {
        matches!(
            w.as_str(),
            "until"
                | "at"
                | "expires"
                | "expiry"
                | "expiration"
                | "expire"
                | "time"
                | "timestamp"
                | "heartbeat"
                | "seen"
                | "beat"
                | "ts"
                | "date"
        )
    };
    let columns = words(statement);
    coordinates(&[statement]) && columns.iter().any(time_like)
}

/// A reading in an argument or inside a list of arguments.
fn reading_within(file: &Analysis<'_>, id: NodeId, depth: usize) -> Option<NodeId> {
    let model = file.model;
    if is_local_reading(file, id) {
        return Some(id);
    }
    let inside = match model.kind(id) {
        Kind::List | Kind::Record | Kind::Entry | Kind::Spread | Kind::Argument | Kind::String if depth < 3 => true,
        _ => return None,
    };
    model.children(id).filter(|_| inside).find_map(|c| reading_within(file, c, depth + 1))
}

/// `statement.setTimestamp(2, now + lease)` in a class about locks, leases or journals.
fn bound(file: &Analysis<'_>, call: NodeId) -> Option<Handed> {
    const BINDERS: [&str; 7] =
        ["setTimestamp", "setLong", "setObject", "setParameter", "bindLong", "setInstant", "setDate"];
    const ORDERED: [&str; 5] = ["journal", "oplog", "wal", "changelog", "outbox"];
    let model = file.model;
    if !BINDERS.contains(&model.name(call)) || model.children_with(call, Role::Arg).count() != 2 {
        return None;
    }
    let reading = model.children_with(call, Role::Arg).last().filter(|a| is_local_reading(file, *a))?;
    // `new URIBuilder().setParameter("version", now)`: what a peer is told is no row.
    let mut chain = std::iter::successors(Some(call), |c| model.child(*c, Role::Receiver));
    let address = |n: NodeId| file.type_of(n).is_some_and(|t| has_word(&t.name, &["uri", "url", "http", "request"]));
    if chain.any(|n| address(n) || has_word(model.name(n), &["uri", "url", "host", "scheme"])) {
        return None;
    }
    let (functions, places) = surroundings(file, call);
    let names: Vec<&String> = functions.iter().chain(&places).collect();
    let ordered = || names.iter().any(|n| has_word(n, &ORDERED));
    let purpose = if coordinates(&names) {
        Use::JudgesRow
    } else if ordered() {
        Use::OrdersRecords
    } else {
        return None;
    };
    Some(Handed { reading, purpose, confidence: Confidence::Medium })
}

/// `redis.eval(script, keys, now)`: a script of the store that is told this machine's time.
fn script(file: &Analysis<'_>, call: NodeId) -> Option<Handed> {
    const MOST: usize = 64;
    /// The name of a script or a key, not the script.
    const NAME: usize = 40;
    let model = file.model;
    if !has_word(model.name(call), &["eval", "evalsha", "script"]) {
        return None;
    }
    let args = || model.children_with(call, Role::Arg);
    let reading = args().find_map(|a| reading_within(file, a, 0))?;
    let inside = args().flat_map(|a| model.self_and_descendants(a)).take(MOST);
    let called = |n: &NodeId| matches!(model.kind(*n), Kind::String | Kind::Name) && model.name(*n).len() < NAME;
    let names: Vec<&str> = inside.filter(called).map(|n| model.name(n)).collect();
    let class = file.tables.class_around(model, call).map(|c| file.tables.classes[c as usize].name.as_str());
    (coordinates(&names) || class.is_some_and(|c| coordinates(&[c]))).then_some(Handed {
        reading,
        purpose: Use::JudgesRow,
        confidence: Confidence::Medium,
    })
}

/// `heartbeat_at__lt=now`.
fn keyword_predicate(file: &Analysis<'_>, argument: NodeId) -> Option<Handed> {
    let (column, operator) = file.model.name(argument).rsplit_once("__")?;
    if !COMPARES.contains(&operator) || !(coordinates(&[column]) || is_row_of_lock(file, argument)) {
        return None;
    }
    let reading = file.model.child(argument, Role::Value).filter(|v| is_local_reading(file, *v))?;
    Some(Handed { reading, purpose: Use::JudgesRow, confidence: Confidence::Medium })
}

/// The query is over a class that is called after a lock, lease or heartbeat.
fn is_row_of_lock(file: &Analysis<'_>, argument: NodeId) -> bool {
    let model = file.model;
    let mut at = model.parent(argument);
    for _ in 0..8 {
        let Some(node) = at else { return false };
        if matches!(model.kind(node), Kind::Name) {
            return model.name(node).starts_with(char::is_uppercase) && coordinates(&[model.name(node)]);
        }
        at = model.child(node, Role::Receiver).or_else(|| model.child(node, Role::Object));
    }
    false
}

/// `Lease.expires_at < now` as an argument of a query.
fn column_operand(file: &Analysis<'_>, comparison: NodeId) -> Option<Handed> {
    let model = file.model;
    if !model.name(comparison).split(' ').all(|op| COMPARES.contains(&op)) {
        return None;
    }
    let query = model.parent(comparison).is_some_and(|p| {
        model.kind(p) == Kind::Call
            && words(model.name(p)).iter().any(|w| matches!(w.as_str(), "filter" | "where" | "and" | "or" | "having"))
    });
    if !query {
        return None;
    }
    let operands: Vec<NodeId> = model.children_with(comparison, Role::Operand).collect();
    let column = operands.iter().find(|o| {
        model.kind(**o) == Kind::Member
            && model.child(**o, Role::Object).is_some_and(|c| {
                model.name(c).starts_with(char::is_uppercase) && coordinates(&[model.name(c), model.name(**o)])
            })
    })?;
    let reading = operands.iter().find(|o| *o != column && is_local_reading(file, **o))?;
    Some(Handed { reading: *reading, purpose: Use::JudgesRow, confidence: Confidence::Medium })
}
