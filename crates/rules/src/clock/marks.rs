//! How well it is proven that the times that meet are readings of this process: what sets the mark, where that stands,
//! and whether one of the two is the present time.

use crate::clock::coordination::{is_local_reading, is_own_mark};
use crate::clock::held::may_outlive;
use crate::clock::stamped::Stamped;
use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::catalog::ApiRole;
use timelint_semantics::{Analysis, How, Origins, Shape, StoreKind, Value, has_word, words};

/// Words of things that are stored or sent, with the dates that they bear.
const RECORDS: [&str; 16] = [
    "entity", "record", "do", "po", "dto", "vo", "model", "message", "event", "request", "response", "info", "row",
    "document", "schema", "dao",
];

/// Words of what keeps when something happened last, or until when something goes on.
const MARKS: [&str; 20] = [
    "last",
    "activity",
    "active",
    "seen",
    "access",
    "accessed",
    "used",
    "touched",
    "beat",
    "heartbeat",
    "ping",
    "pong",
    "since",
    "start",
    "started",
    "deadline",
    "until",
    "expire",
    "expires",
    "expiry",
];

/// Whether nothing proves that the comparison measures the time since a mark of this process.
pub(crate) fn is_unproven(file: &Analysis<'_>, id: NodeId) -> bool {
    let sides = sides(file, id);
    let implied = file.resolve(id).is_some_and(|k| matches!(k.api.role, ApiRole::TimeSince | ApiRole::TimeUntil));
    let present = implied || sides.iter().any(|s| is_present(file, *s));
    !present
        || sides.iter().any(|s| is_set_unseen(file, *s) || is_saved(file, *s) || is_calendar_mark(file, *s))
        || sides.iter().any(|s| may_outlive(file, *s))
}

/// The times that meet, as they are written.
pub(crate) fn sides(file: &Analysis<'_>, id: NodeId) -> Vec<NodeId> {
    let model = file.model;
    if model.kind(id) == Kind::Binary {
        return model.children_with(id, Role::Operand).collect();
    }
    let args = model.children_with(id, Role::Arg);
    // Where a sorted map is cut, and what static functions compare: the receiver is no time.
    let receiver = model.child(id, Role::Receiver);
    let time = |n: &NodeId| file.cut_at(id).is_none() && (file.path_of(*n).is_none() || !file.stores_of(*n).is_empty());
    receiver.filter(time).into_iter().chain(args).collect()
}

/// The present time: read here, by a clock of this object, or given by the caller.
fn is_present(file: &Analysis<'_>, side: NodeId) -> bool {
    let model = file.model;
    let stamp = Stamped::new(file, side);
    let given = |n: NodeId| {
        let value = file.value(n);
        let handed = file.stores_of(n).iter().any(|s| matches!(s.kind, StoreKind::Param(_)));
        model.kind(n) == Kind::Name && (handed || value.origins == Origins::PARAM)
    };
    // `self._time()`, which a class above defines.
    let own_clock = |n: NodeId| {
        let plain = model.kind(n) == Kind::Call && model.child(n, Role::Arg).is_none();
        let own = model.child(n, Role::Receiver).is_none_or(|r| file.tables.is_this(model, r));
        plain && own && file.value(n).origins.any(Origins::WALL)
    };
    // `fastNow`: kept for all to read.
    let kept = |n: NodeId| model.kind(n) == Kind::Name && is_own_mark(file, n);
    is_local_reading(file, side) || [side, stamp.node].into_iter().any(|n| given(n) || own_clock(n) || kept(n))
}

/// A mark that other files set as well, and not all that they put into it was followed; or whose class is one of those
/// that a project keeps for its records.
fn is_set_unseen(file: &Analysis<'_>, side: NodeId) -> bool {
    const FOLDERS: [&str; 10] =
        ["model", "models", "entity", "entities", "dto", "dtos", "schema", "schemas", "vo", "po"];
    let model = file.model;
    let stamp = Stamped::new(file, side);
    if is_local_reading(file, side) {
        return false;
    }
    // What a caller hands in comes from where callers have it.
    let handed = model.kind(stamp.node) == Kind::Name && stamp.value.origins.any(Origins::PARAM);
    let value = if handed && !stamp.value.origins.any(Origins::CLOCKS) {
        file.with_callers(stamp.node)
    } else {
        stamp.value.clone()
    };
    let unknown = value.origins.any(Origins::UNKNOWN);
    // What this object keeps in a record of its own, it has put there.
    let own_record = file.tables.is_this(model, stamp.root_node);
    let kept = || is_kept_elsewhere(file, stamp.node);
    if (unknown && !own_record || kept()) && is_entry_of_record(file, stamp.node) {
        return true;
    }
    let (here, elsewhere): (Vec<_>, Vec<_>) =
        value.sites.iter().filter(|s| s.origins.any(Origins::CLOCKS)).partition(|s| s.location.path == file.path);
    let own = stamp.owner(file).is_some_and(|o| file.tables.is_this(model, o));
    if own && !here.is_empty() {
        return false;
    }
    let records = |path: &str| {
        let stem = path.rsplit_once('.').map_or(path, |(stem, _)| stem);
        stem.rsplit(['/', '\\']).take(2).any(|p| FOLDERS.contains(&p))
    };
    let of_record = stamp.of_object && elsewhere.iter().any(|s| records(&s.location.path));
    of_record || unknown && !elsewhere.is_empty()
}

/// `self.config["last_update"]`, `self.persist["last_cleanup"]`: what the program finds again when it starts the next time.
fn is_kept_elsewhere(file: &Analysis<'_>, node: NodeId) -> bool {
    const KEPT: [&str; 9] =
        ["config", "conf", "persist", "persisted", "persistence", "prefs", "preferences", "settings", "storage"];
    file.model.child(node, Role::Object).is_some_and(|o| has_word(file.model.name(o), &KEPT))
}

/// `data["timestamp"]`, `row[5]`: what a record has under a name or at a place that is written here.
fn is_entry_of_record(file: &Analysis<'_>, node: NodeId) -> bool {
    let model = file.model;
    let key = model.child(node, Role::Key).filter(|_| model.kind(node) == Kind::Index);
    key.is_some_and(|k| matches!(model.kind(k), Kind::String | Kind::Number))
}

/// `account.checked_at = now` and `account.save()`, or `AccountStorage.saveAccount(account)`: the object is kept in a store.
fn is_saved(file: &Analysis<'_>, side: NodeId) -> bool {
    const SAVES: [&str; 6] = ["save", "persist", "saveOrUpdate", "saveAndFlush", "upsert", "bulk_update"];
    const STORES: [&str; 7] = ["storage", "repository", "repo", "dao", "collection", "db", "database"];
    let model = file.model;
    let stamp = Stamped::new(file, side);
    if !stamp.of_object || model.kind(stamp.root_node) != Kind::Name || file.tables.is_this(model, stamp.root_node) {
        return false;
    }
    let root = model.sym(stamp.root_node);
    let saves = |c: NodeId| {
        let store = model.child(c, Role::Receiver).is_some_and(|r| has_word(model.name(r), &STORES));
        SAVES.contains(&model.name(c))
            || store && words(model.name(c)).first().is_some_and(|w| SAVES.contains(&w.as_str()))
    };
    file.says(&["save", "persist", "upsert", "update"])
        && file.tables.calls.iter().any(|c| {
            let of = model.child(*c, Role::Receiver).into_iter().chain(model.children_with(*c, Role::Arg));
            let mut named = of.filter(|n| model.kind(*n) == Kind::Name && model.sym(*n) == root);
            saves(*c) && named.next().is_some()
        })
}

/// `deadline = now + (hour - now % hour)`: the next full hour, whatever time passes until then.
fn is_calendar_mark(file: &Analysis<'_>, side: NodeId) -> bool {
    let model = file.model;
    let reads = |n: NodeId| file.value(n).origins.any(Origins::CLOCKS);
    let rest = |n: NodeId| {
        let taken = model.kind(n) == Kind::Binary && model.name(n) == "%";
        taken && model.child(n, Role::Operand).is_some_and(reads)
    };
    let day = |n: NodeId| model.kind(n) == Kind::Call && has_word(model.name(n), &["midnight", "tomorrow"]);
    let source = file.condition_source(side);
    [side, source].into_iter().any(|s| model.self_and_descendants(s).any(|n| rest(n) || day(n)))
}

/// A mark of an object of the project that other files set to readings: `connection.setLastActivity(now)`.
pub(crate) fn mark_of(file: &Analysis<'_>, id: NodeId) -> Option<Value> {
    let stamp = Stamped::new(file, id);
    let elsewhere = Origins::CLOCKS.and(Origins::REMOTE).and(Origins::STORED).and(Origins::DATABASE);
    if !stamp.of_object || stamp.value.origins.any(elsewhere) || !has_word(&stamp.member, &MARKS) {
        return None;
    }
    let class = file.type_of(stamp.owner(file)?)?;
    let (site, _) = stamp.stamping(file).filter(|(_, same_class)| *same_class)?;
    let kept = has_word(&class.name, &RECORDS);
    let reading = Value { shape: Shape::Instant, how: How::Project, ..Value::of(site.origins) };
    (!kept).then(|| reading.at(site.location.clone()))
}

/// `message.expires`, `task["expires_at"]`: until when a thing is good that others keep as well.
pub(crate) fn is_end_of_record(file: &Analysis<'_>, id: NodeId) -> bool {
    const ENDS: [&str; 5] = ["expire", "expires", "expired", "expiry", "expiration"];
    let model = file.model;
    model.children_with(id, Role::Operand).any(|side| {
        let member = match model.kind(side) {
            Kind::Member => Some(model.name(side)),
            Kind::Index => model.child(side, Role::Key).map(|k| model.name(k)),
            _ => None,
        };
        let object = model.child(side, Role::Object).filter(|o| model.kind(*o) == Kind::Name);
        let record = |o: NodeId| has_word(model.name(o), &RECORDS) || matches!(model.name(o), "task" | "job" | "token");
        member.is_some_and(|m| has_word(m, &ENDS)) && object.is_some_and(record)
    })
}
