//! An operand seen as the time stamp of some thing: which member, of what, and what its names say.

use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::catalog::{ApiRole, ArgMeaning, leaf};
use timelint_semantics::{Analysis, Origins, Site, StoreKind, Value, has_word, member_key, words};

/// How many wrappers and locals are looked through.
const STEPS: usize = 12;

/// A time stamp that an expression reads.
#[derive(Debug)]
pub(crate) struct Stamped {
    /// The read itself, without conversions around it.
    pub(crate) node: NodeId,
    /// The member, getter, key or variable.
    pub(crate) member: String,
    /// Its words, and those of a local variable that it came through.
    pub(crate) words: Vec<String>,
    /// The leftmost name of the chain, as text; empty when there is none.
    pub(crate) root: String,
    /// The leftmost node of the chain.
    pub(crate) root_node: NodeId,
    /// Whether the read is of a member of something, not a bare variable.
    pub(crate) of_object: bool,
    /// Where it comes from.
    pub(crate) value: Value,
}

impl Stamped {
    /// What the expression at `id` reads.
    pub(crate) fn new(file: &Analysis<'_>, id: NodeId) -> Self {
        let mut aliases = Vec::new();
        let node = unwrap(file, id, &mut aliases);
        let (member, object) = member_of(file, node);
        let root_node = object.map_or(node, |o| root(file, o));
        aliases.extend(collection_name(file, root_node));
        let all = words(&member).into_iter().chain(aliases.iter().flat_map(|a| words(a))).collect();
        Self {
            node,
            words: all,
            root: file.model.name(root_node).to_owned(),
            root_node,
            of_object: object.is_some(),
            member,
            value: file.value(id),
        }
    }

    /// The object whose member it is.
    pub(crate) fn owner(&self, file: &Analysis<'_>) -> Option<NodeId> {
        object_of(file, self.node)
    }

    /// Where the project puts a reading of the wall clock into this member, and whether the class is known to be the same.
    pub(crate) fn stamping<'a>(&self, file: &'a Analysis<'_>) -> Option<(&'a Site, bool)> {
        let key = member_key(&self.member);
        let owner = self.owner(file).and_then(|o| file.type_of(o)).map(|t| leaf(&t.name).to_owned());
        let typed = owner.filter(|c| !c.is_empty()).and_then(|class| file.index().stamp(&class, &key));
        typed.map(|s| (s, true)).or_else(|| file.index().stamp("", &key).map(|s| (s, false)))
    }

    /// Whether it is called a version, and the project gives it a reading of the wall clock. Everything has a plain
    /// `version`: that has to be one of the very class.
    pub(crate) fn is_stamped_version(&self, file: &Analysis<'_>) -> bool {
        has_word(&self.member, &["version", "revision", "rev"])
            && !self.value.origins.any(Origins::LOGICAL)
            && self.stamping(file).is_some_and(|(_, same_class)| same_class || words(&self.member).len() > 1)
    }

    /// Whether the names say that it is the time of a change.
    pub(crate) fn is_change_time(&self) -> bool {
        is_change_time(&self.words)
    }
}

/// For the variable of a loop: the collection that it goes through.
fn collection_name(file: &Analysis<'_>, name: NodeId) -> Option<String> {
    let model = file.model;
    let function = file.function_around(name).filter(|_| model.kind(name) == Kind::Name)?;
    let store = file.tables.stores(function, model.sym(name)).first().filter(|s| s.kind == StoreKind::Element)?;
    let collection = root(file, store.value?);
    Some(model.name(collection).to_owned())
}

/// Whether a variable was filled through its address by a call that reads what another process wrote.
pub(crate) fn is_filled_remotely(file: &Analysis<'_>, name: NodeId) -> bool {
    let model = file.model;
    let Some(function) = file.function_around(name).filter(|_| model.kind(name) == Kind::Name) else { return false };
    let by_address = |arg: NodeId| {
        model.kind(arg) == Kind::Unary
            && model.name(arg) == "&"
            && model.child(arg, Role::Operand).is_some_and(|o| model.sym(o) == model.sym(name))
    };
    file.tables.calls_between(function, name).iter().any(|call| {
        model.children_with(*call, Role::Arg).any(by_address)
            && file.resolve(*call).is_some_and(|r| r.api.role == ApiRole::RemoteRead)
    })
}

/// Whether a field is, somewhere in its class, given what a message says: `self.last_seen = message["sent_at"]`, or the
/// time that a handler of messages is called with.
pub(crate) fn is_told(file: &Analysis<'_>, field: NodeId) -> bool {
    const HANDLERS: [&str; 6] = ["on", "handle", "handler", "receive", "received", "heartbeat"];
    const TOLD: [&str; 10] = ["timestamp", "ts", "sent", "time", "stamp", "beat", "heartbeat", "seen", "at", "date"];
    let model = file.model;
    if model.kind(field) != Kind::Member {
        return false;
    }
    file.stores_of(field).iter().filter_map(|s| s.value).any(|value| {
        let found = file.value(value);
        let given = file.value(root(file, value)).origins.any(Origins::PARAM);
        let said = given && !found.origins.any(Origins::CLOCKS.and(Origins::CONFIG));
        let handler = file.function_around(value).is_some_and(|f| has_word(model.name(f), &HANDLERS));
        let (member, object) = member_of(file, value);
        let called = has_word(&member, &TOLD);
        let own = object.is_some_and(|o| file.tables.is_this(model, root(file, o)));
        said && handler && called && !own
    })
}

/// The object whose member `node` reads.
fn object_of(file: &Analysis<'_>, node: NodeId) -> Option<NodeId> {
    let model = file.model;
    model.child(node, Role::Object).or_else(|| model.child(node, Role::Receiver))
}

/// The name of what is read, and the object that it is read from.
fn member_of(file: &Analysis<'_>, node: NodeId) -> (String, Option<NodeId>) {
    let model = file.model;
    let object = object_of(file, node);
    match model.kind(node) {
        Kind::Index => {
            let key = model.child(node, Role::Key).filter(|k| model.kind(*k) == Kind::String);
            match (key, object) {
                (Some(key), _) => (model.name(key).to_owned(), object),
                (None, Some(container)) => member_of(file, container),
                (None, None) => (String::new(), None),
            }
        }
        // `fields.get("timestamp")`, `stamps.get(key)`
        Kind::Call
            if matches!(model.name(node), "get" | "Get" | "getOrDefault" | "getLong" | "getTimestamp" | "hget") =>
        {
            let key = model.child(node, Role::Arg).filter(|a| model.kind(*a) == Kind::String);
            match (key, object) {
                (Some(key), _) => (model.name(key).to_owned(), object),
                (None, Some(container)) if model.name(node) != "getTimestamp" => member_of(file, container),
                _ => (model.name(node).to_owned(), object),
            }
        }
        Kind::Call | Kind::Member => (model.name(node).to_owned(), object),
        Kind::Name => (model.name(node).to_owned(), None),
        _ => (String::new(), None),
    }
}

fn root(file: &Analysis<'_>, mut id: NodeId) -> NodeId {
    let model = file.model;
    for _ in 0..STEPS {
        let next = match model.kind(id) {
            Kind::Member | Kind::Index => model.child(id, Role::Object),
            Kind::Call => model.child(id, Role::Receiver),
            Kind::Unary | Kind::Cast | Kind::Await | Kind::Spread => model.children(id).last(),
            _ => None,
        };
        match next {
            Some(inner) => id = inner,
            None => break,
        }
    }
    id
}

/// Looks through conversions, casts, parsers and single-assignment locals.
fn unwrap(file: &Analysis<'_>, mut id: NodeId, aliases: &mut Vec<String>) -> NodeId {
    let model = file.model;
    for _ in 0..STEPS {
        let next = match model.kind(id) {
            Kind::Unary | Kind::Cast | Kind::Await => {
                model.child(id, Role::Operand).or_else(|| model.child(id, Role::Value))
            }
            Kind::New if model.children_with(id, Role::Arg).count() == 1 => model.child(id, Role::Arg),
            // `stamp + allowance`
            Kind::Binary if matches!(model.name(id), "+" | "-" | "*" | "/" | "||" | "??") => {
                model.child(id, Role::Operand)
            }
            Kind::Call => converted(file, id),
            // `x.creationTimestamp.Time`
            Kind::Member if matches!(model.name(id), "Time" | "seconds" | "Seconds" | "nanos") => {
                model.child(id, Role::Object).filter(|o| matches!(model.kind(*o), Kind::Member | Kind::Call))
            }
            Kind::Name => {
                let value = local_value(file, id);
                if value.is_some() {
                    aliases.push(model.name(id).to_owned());
                }
                value
            }
            _ => None,
        };
        match next {
            Some(inner) if inner != id => id = inner,
            _ => break,
        }
    }
    id
}

/// The value of a local variable that is stored once, in one piece.
fn local_value(file: &Analysis<'_>, name: NodeId) -> Option<NodeId> {
    let model = file.model;
    let scope = file.function_around(name)?;
    let stores = file.tables.stores(scope, model.sym(name));
    match stores {
        [only] if only.kind == StoreKind::Plain && only.index == 0 && only.at < name => only.value,
        _ => None,
    }
}

/// What a conversion is made of; `None` when the call is itself what is read.
fn converted(file: &Analysis<'_>, call: NodeId) -> Option<NodeId> {
    const UNWRAPPERS: [&str; 14] = [
        "get",
        "load",
        "Load",
        "getTime",
        "value",
        "AsTime",
        "toMillis",
        "toEpochMilli",
        "Unix",
        "UnixNano",
        "UnixMilli",
        "valueOf",
        "longValue",
        "timestamp",
    ];
    const PARSERS: [&str; 10] =
        ["int", "float", "Number", "parseInt", "Date", "parse", "parseLong", "fromisoformat", "valueOf", "Timestamp"];
    let model = file.model;
    let (receiver, arg) = (model.child(call, Role::Receiver), model.child(call, Role::Arg));
    if let Some(known) = file.resolve(call) {
        return match known.api.role {
            ApiRole::TimeConvert | ApiRole::TimeStrip => {
                let variable = receiver.filter(|r| {
                    model.kind(*r) != Kind::Name || file.path_of(*r).is_none_or(|p| !p.contains('.') && arg.is_none())
                });
                file.argument(call, known, ArgMeaning::From).or(variable).or(arg).or(receiver)
            }
            ApiRole::TimeAdd => receiver,
            ApiRole::ValuePass if model.children_with(call, Role::Arg).count() == 1 => arg,
            _ => None,
        };
    }
    let name = model.name(call);
    match (receiver, arg) {
        (Some(receiver), None) if UNWRAPPERS.contains(&name) && model.kind(receiver) != Kind::Name => Some(receiver),
        (_, Some(arg)) if PARSERS.contains(&name) && model.children_with(call, Role::Arg).count() <= 2 => Some(arg),
        _ => None,
    }
}

/// Words of times that do not order versions, and of logical clocks that are called time stamps.
#[rustfmt::skip]
const NO_VERSION: [&str; 67] = [
    "id", "ids", "age", "discard", "observed", "grace", "created", "creation", "create", "expires", "expire",
    "expired", "expiry", "expiration", "exp", "iat", "nbf", "start", "started", "end", "begin", "finish", "finished",
    "deadline", "timeout", "elapsed", "duration", "interval", "latency", "schedule", "scheduled", "due", "next",
    "commit", "read", "snapshot", "tso", "oracle", "logical", "lamport", "hlc", "sequence", "seq", "term", "epoch",
    "watermark", "min", "max", "window", "birth", "runtime", "uptime", "delay", "period", "since", "until",
    "cluster", "operation", "polling", "remaining", "immunity", "cost", "spent", "wait", "idle", "lag", "span",
];

/// Whether words name the time at which something changed: `updatedAt`, `lastDirtyTimestamp`, `mtime`, `ts`.
pub(crate) fn is_change_time(all: &[String]) -> bool {
    const STAMPS: [&str; 14] = [
        "timestamp",
        "timestamps",
        "ts",
        "tstamp",
        "stamp",
        "mtime",
        "lww",
        "modtime",
        "updatetime",
        "lastupdated",
        "lastmodified",
        "time",
        "tsns",
        "tsms",
    ];
    const CHANGES: [&str; 12] = [
        "updated",
        "update",
        "modified",
        "modification",
        "changed",
        "change",
        "dirty",
        "written",
        "write",
        "mod",
        "touched",
        "refreshed",
    ];
    const INSTANTS: [&str; 9] = ["at", "time", "on", "ts", "timestamp", "date", "ms", "last", "millis"];
    let has = |list: &[&str]| all.iter().any(|w| list.contains(&w.as_str()));
    !has(&NO_VERSION) && (has(&STAMPS) || (has(&CHANGES) && has(&INSTANTS)))
}

/// Whether nothing of this value can be a logical clock, a file's or the database's time, or a date fixed from outside.
pub(crate) fn may_be_wall(value: &Value) -> bool {
    let other =
        Origins::LOGICAL.and(Origins::TOKEN).and(Origins::EXTERNAL).and(Origins::MONOTONIC).and(Origins::DATABASE);
    !value.origins.any(other.and(Origins::FILE).and(Origins::RANDOM)) && !value.is_constant()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn change_times_are_told_from_other_times() {
        let is = |name: &str| is_change_time(&words(name));
        for name in ["updatedAt", "last_modified", "getLastDirtyTimestamp", "ts", "ModTime", "lastUpdateTime"] {
            assert!(is(name), "{name}");
        }
        for name in [
            "createdAt",
            "startTs",
            "commitTs",
            "expiresAt",
            "version",
            "update",
            "timeout",
            "readTimestamp",
            "pollingTime",
            "timeRemaining",
        ] {
            assert!(!is(name), "{name}");
        }
    }
}
