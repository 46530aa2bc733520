//! `wall-clock-id`: an identifier, sequence or version rests on the wall clock.

use crate::Rule;
use crate::clock::coordination::is_local_reading;
use crate::clock::ingredients::ingredients;
use crate::clock::purpose::is_divided;
use crate::clock::snowflake::packed;
use crate::story::Story;
use crate::surface::{is_interface, quiet_in_tools};
use timelint_diagnostics::{Confidence, Family, Finding, RuleMeta, Severity};
use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::catalog::{ApiRole, LockScope};
use timelint_semantics::{Analysis, How, has_word, words};

/// See the module.
pub(crate) struct WallClockId;

static META: RuleMeta = RuleMeta {
    id: "wall-clock-id",
    aliases: &[],
    family: Family::Clock,
    mechanism: "wall clock repeats a moment, or two machines share one",
    severity: Severity::Warning,
    summary: "an id or sequence number rests on the wall clock, which gives the same number twice",
    page: include_str!("wall_clock_id.md"),
};

impl Rule for WallClockId {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check(&self, file: &Analysis<'_>, out: &mut Vec<Finding>) {
        let from = out.len();
        for id in file.model.ids() {
            let found = match file.model.kind(id) {
                Kind::Binary => packed(file, id, &META),
                Kind::Return => generated(file, id),
                Kind::Call | Kind::New => handed_over(file, id).or_else(|| put(file, id)),
                Kind::Entry | Kind::Argument | Kind::Assign => named(file, id),
                Kind::Let => numbered(file, id),
                _ => None,
            };
            // A number that a variable carries into a record is told where it is made.
            out.extend(found.filter(|f| !out.iter().any(|o| o.rule == f.rule && o.primary == f.primary)));
        }
        quiet_in_tools(file, &mut out[from..]);
    }
}

/// Whether a name says that it tells things apart, or puts them in order.
fn is_id_name(name: &str) -> bool {
    const IDS: [&str; 12] =
        ["id", "uuid", "guid", "uid", "xid", "txid", "txnid", "seq", "seqno", "sequence", "sequencer", "serial"];
    const OTHER: [&str; 30] = [
        "nonce",
        "boundary",
        "cache",
        "temp",
        "tmp",
        "test",
        "mock",
        "fake",
        "dummy",
        "sample",
        "demo",
        "trace",
        "span",
        "element",
        "dom",
        "toast",
        "animation",
        "frame",
        "node",
        "widget",
        "window",
        "tab",
        "timer",
        "seed",
        "build",
        "run",
        "thread",
        "process",
        "pid",
        "html",
    ];
    if !has_word(name, &IDS) {
        return false;
    }
    let all = words(name);
    let last = all.last().is_some_and(|w| IDS.contains(&w.as_str()));
    last && !has_word(name, &OTHER)
}

/// A name that says which of two states of something is the newer one: `subVersion`, `config_revision`. What is built or
/// cached is told apart for a human or a browser.
fn is_version_name(file: &Analysis<'_>, name: &str) -> bool {
    const VERSIONS: [&str; 4] = ["version", "revision", "generation", "incarnation"];
    #[rustfmt::skip]
    const OTHER: [&str; 22] = [
        "app", "api", "build", "asset", "assets", "cache", "static", "schema", "migration", "software", "file", "image", "script",
        "release", "css", "js", "style", "deploy", "deployment", "plugin", "package", "model",
    ];
    let all = words(name);
    let last = all.last().is_some_and(|w| VERSIONS.contains(&w.as_str()));
    let own = all.iter().filter(|w| !matches!(w.as_str(), "set" | "with" | "new" | "next")).count();
    let bare = || is_compared(file, all.last().map_or("", String::as_str));
    last && !has_word(name, &OTHER) && (own > 1 || bare())
}

/// `String newRequestId() { return "" + now; }`.
fn generated(file: &Analysis<'_>, exit: NodeId) -> Option<Finding> {
    let model = file.model;
    let named = |f: &NodeId| is_id_name(model.name(*f)) || is_number_name(model.name(*f)) || makes_key(model.name(*f));
    let function = file.function_around(exit).filter(named)?;
    let value = model.child(exit, Role::Value)?;
    // What another function of the project makes is told there, and the number of a period is meant to be the same within it.
    let made_there = model.kind(value) == Kind::Call && file.callee(value).is_some() && is_id_name(model.name(value));
    let period = model.self_and_descendants(value).any(|n| is_divided(file, n));
    if file.returns(function).len() != 1 || made_there || period {
        return None;
    }
    let reading = made_of(file, model.name(function), value)?;
    let confidence = if is_interface(&file.path) { Confidence::Low } else { Confidence::Medium };
    let message = format!("`{}` gives out the wall clock as an id", model.name(function));
    Some(tell(file, reading, value, message, confidence, "and is given out as an id here"))
}

/// `generateKey`, `nextNumber`: whatever it is for, no two are to be the same.
fn makes_key(function: &str) -> bool {
    const MAKES: [&str; 8] = ["generate", "gen", "new", "next", "create", "make", "unique", "allocate"];
    let all = words(function);
    let (first, last) = (all.first().map_or("", String::as_str), all.last().map_or("", String::as_str));
    all.len() == 2 && MAKES.contains(&first) && matches!(last, "key" | "number")
}

/// A number under which a business keeps something: `invoiceNumber`, `order_no`, `outTradeNo`.
fn is_number_name(name: &str) -> bool {
    const NUMBERS: [&str; 5] = ["number", "no", "num", "sn", "reference"];
    const KEPT: [&str; 18] = [
        "order",
        "invoice",
        "trade",
        "payment",
        "pay",
        "bill",
        "refund",
        "receipt",
        "transaction",
        "txn",
        "shipment",
        "tracking",
        "withdraw",
        "withdrawal",
        "recharge",
        "contract",
        "booking",
        "ticket",
    ];
    has_word(name, &KEPT) && words(name).last().is_some_and(|w| NUMBERS.contains(&w.as_str()))
}

/// The reading that something of this name is made of. Of the numbers of a business, which are entered once and for
/// all, also with a random number of a few digits, which repeats soon.
fn made_of(file: &Analysis<'_>, name: &str, value: NodeId) -> Option<NodeId> {
    let parts = ingredients(file, value);
    let apart = parts.reading.is_some() && parts.other;
    file.is_silent(&META, value, "something besides the clock takes part, which may tell two of them apart", apart);
    let reading = if is_number_name(name) { parts.nearly_only_reading() } else { parts.only_reading() };
    reading.filter(|r| is_local_reading(file, *r))
}

/// `const invoiceNumber = "INV-" + now`
fn numbered(file: &Analysis<'_>, statement: NodeId) -> Option<Finding> {
    let model = file.model;
    let mut targets = model.children_with(statement, Role::Target);
    let (target, None) = (targets.next()?, targets.next()) else { return None };
    let value = model.child(statement, Role::Value).filter(|_| is_number_name(model.name(target)))?;
    given(file, statement, model.name(target), value)
}

/// A name that says what is told apart: `requestId`, `txn_sequence`, not a bare `id`.
fn is_specific(name: &str) -> bool {
    is_id_name(name) && (words(name).len() > 1 || !has_word(name, &["id", "uid", "serial"]))
}

/// A name of something that stores, queues and receivers match by: a duplicate is an error there, not in a log.
fn is_matched_by(name: &str) -> bool {
    const MATCHED: [&str; 18] = [
        "transaction",
        "txn",
        "tx",
        "txid",
        "xid",
        "execution",
        "message",
        "msg",
        "event",
        "order",
        "command",
        "operation",
        "record",
        "document",
        "row",
        "sequence",
        "seq",
        "seqno",
    ];
    has_word(name, &MATCHED)
}

/// `message.setRequestId(now)`, `properties.put(EXECUTION_ID, now)`.
fn put(file: &Analysis<'_>, call: NodeId) -> Option<Finding> {
    const PUTS: [&str; 4] = ["put", "set", "add", "with"];
    let model = file.model;
    let unknown = file.resolve(call).is_none_or(|k| k.how == How::Name || k.api.role == ApiRole::Write);
    if !unknown || !words(model.name(call)).first().is_some_and(|w| PUTS.contains(&w.as_str())) {
        return None;
    }
    let args: Vec<NodeId> = model.children_with(call, Role::Arg).collect();
    let (name, value) = match args[..] {
        [value] => (model.name(call), value),
        [key, value] if model.kind(key) == Kind::String || file.value(key).is_constant() => (model.name(key), value),
        _ => return None,
    };
    given(file, call, name, value)
}

/// `{ requestId: now }`, `request_id=now`, `message.requestId = now`.
fn named(file: &Analysis<'_>, id: NodeId) -> Option<Finding> {
    let model = file.model;
    let name = match model.kind(id) {
        Kind::Assign if model.name(id) == "=" => {
            let mut targets = model.children_with(id, Role::Target);
            let target = targets.next().filter(|t| model.kind(*t) == Kind::Member)?;
            targets.next().is_none().then(|| model.name(target))?
        }
        Kind::Assign => return None,
        _ => model.name(id),
    };
    given(file, id, name, model.child(id, Role::Value)?)
}

/// Something that is called `name` is given nothing but a reading.
fn given(file: &Analysis<'_>, at: NodeId, name: &str, value: NodeId) -> Option<Finding> {
    let (version, number) = (is_version_name(file, name), is_number_name(name));
    if !version && !number && !is_specific(name) {
        return None;
    }
    let model = file.model;
    // `NA_1700000000`: a text for people, where nothing was given.
    let placeholder = |n: NodeId| {
        model.kind(n) == Kind::String && has_word(model.name(n), &["na", "none", "null", "unknown", "undefined"])
    };
    if file.is_silent(
        &META,
        value,
        "it stands for what is not known",
        model.self_and_descendants(value).any(placeholder),
    ) {
        return None;
    }
    let reading = made_of(file, name, value)?;
    let matched = version || number || is_matched_by(name) || is_sent(file, at) && is_compared(file, name);
    let confidence = if is_interface(&file.path) || !matched { Confidence::Low } else { Confidence::Medium };
    let message = format!("`{name}` rests on nothing but the wall clock");
    Some(tell(file, reading, at, message, confidence, "and is used as an id here"))
}

/// The entry is part of what a call sends, publishes or stores.
fn is_sent(file: &Analysis<'_>, entry: NodeId) -> bool {
    const SENDS: [&str; 9] = ["send", "publish", "emit", "write", "post", "request", "notify", "broadcast", "produce"];
    let model = file.model;
    let around = model.ancestors(entry).take_while(|a| !matches!(model.kind(*a), Kind::Block | Kind::Function));
    around.into_iter().any(|a| model.kind(a) == Kind::Call && has_word(model.name(a), &SENDS))
}

/// The file asks whether something of this name is the one that it waits for.
fn is_compared(file: &Analysis<'_>, name: &str) -> bool {
    let model = file.model;
    let called = |n: NodeId| match model.kind(n) {
        Kind::Index => model.child(n, Role::Key).is_some_and(|k| model.name(k) == name),
        _ => model.name(n) == name,
    };
    let compares = |n: NodeId| model.kind(n) == Kind::Binary && matches!(model.name(n), "==" | "!=");
    model.ids().any(|n| compares(n) && model.children_with(n, Role::Operand).any(called))
}

/// An id that is a reading goes into what a call stores or sends.
fn handed_over(file: &Analysis<'_>, call: NodeId) -> Option<Finding> {
    let model = file.model;
    let known = file.resolve(call).filter(|k| k.how != How::Name)?;
    let leaves = match known.api.role {
        ApiRole::Write => known.api.scope != Some(LockScope::File),
        ApiRole::RemoteCall => known.api.effect.is_some(),
        ApiRole::Serialize => true,
        _ => false,
    };
    if !leaves {
        return None;
    }
    let mut args = model.children_with(call, Role::Arg);
    let (named, reading) = args.find_map(|a| id_within(file, a, 0))?;
    let confidence = if is_interface(&file.path) { Confidence::Low } else { Confidence::Medium };
    let message = format!("`{}` is nothing but the wall clock", model.name(named));
    Some(tell(file, reading, call, message, confidence, "and leaves the process as an id here"))
}

/// The entry, keyword or variable with an id's name that is made of a reading alone, and that reading.
fn id_within(file: &Analysis<'_>, id: NodeId, depth: usize) -> Option<(NodeId, NodeId)> {
    const DEEP: usize = 5;
    let model = file.model;
    if depth > DEEP {
        return None;
    }
    let made = |value: NodeId| ingredients(file, value).only_reading().filter(|r| is_local_reading(file, *r));
    match model.kind(id) {
        Kind::Entry | Kind::Argument => {
            let value = model.child(id, Role::Value)?;
            let own = (is_id_name(model.name(id)) && !is_specific(model.name(id))).then(|| made(value)).flatten();
            own.map(|r| (id, r)).or_else(|| id_within(file, value, depth + 1))
        }
        Kind::Name if is_id_name(model.name(id)) => made(id).map(|r| (id, r)),
        Kind::Name => {
            let source = file.condition_source(id);
            let record = source != id && matches!(model.kind(source), Kind::Record | Kind::List);
            record.then(|| id_within(file, source, depth + 1)).flatten()
        }
        Kind::Record | Kind::List | Kind::Spread | Kind::String | Kind::Unary => {
            model.children(id).find_map(|c| id_within(file, c, depth + 1))
        }
        _ => None,
    }
}

fn tell(
    file: &Analysis<'_>,
    reading: NodeId,
    end: NodeId,
    message: String,
    confidence: Confidence,
    last: &str,
) -> Finding {
    Story::new(&META, file, reading, message)
        .why(
            "two callers in one tick, on one machine or on two, get the same id, and a clock that is set back gives out \
             old ones again: one of the two things is overwritten, or dropped as a duplicate",
        )
        .help("use a random identifier or a sequence that the store increments; keep the time as a field of its own")
        .confidence(confidence)
        .step(file.location(reading), "the wall clock is read here")
        .step(file.location(end), last)
        .tell()
}
