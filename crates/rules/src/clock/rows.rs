//! Marks on rows, documents and credentials: another process wrote them, or will read them, so that no clock of this
//! process alone could take the place of the wall clock.

use crate::clock::stamped::Stamped;
use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::{Analysis, StoreKind, has_word, is_data_change, words};

/// Whether one of the times that meet in `id` belongs to a row of a store, or says how long a credential is good.
pub(crate) fn is_of_row(file: &Analysis<'_>, id: NodeId) -> bool {
    let model = file.model;
    let sides = model.children_with(id, Role::Operand).chain(model.children_with(id, Role::Arg));
    let sides = sides.chain(model.child(id, Role::Receiver));
    sides.map(|s| Stamped::new(file, s)).any(|s| {
        let others = s.of_object && !file.tables.is_this(model, s.root_node);
        is_validity(file, id, &s) || others && is_in_data_access(file, id) || is_row_of_store(file, &s)
    })
}

/// Whether a statement of the file has a column of this name, or the object was found in a store.
pub(crate) fn is_row_of_store(file: &Analysis<'_>, stamp: &Stamped) -> bool {
    let others = stamp.of_object && !file.tables.is_this(file.model, stamp.root_node);
    others && (is_column(file, &stamp.member) || is_loaded(file, stamp.root_node))
}

/// Names of columns that statements of the file speak of.
struct Columns(Vec<String>);

impl Columns {
    fn of(file: &Analysis<'_>) -> Self {
        let model = file.model;
        let texts = model.ids().filter(|n| model.kind(*n) == Kind::String).map(|n| model.name(n));
        let statement = |t: &&str| {
            let begins = |verb: &str| t.trim_start().get(..verb.len()).is_some_and(|b| b.eq_ignore_ascii_case(verb));
            is_data_change(t) || begins("select ") || begins("create table ")
        };
        let names = texts.filter(statement).flat_map(|t| t.split(|c: char| !c.is_alphanumeric() && c != '_'));
        // One word is also the name of something else.
        Self(names.filter(|n| n.contains('_')).map(|n| n.replace('_', "").to_lowercase()).collect())
    }
}

fn is_column(file: &Analysis<'_>, member: &str) -> bool {
    let all = words(member);
    let own: Vec<&str> = all.iter().map(String::as_str).filter(|w| *w != "get").collect();
    own.len() > 1 && file.shared(Columns::of).0.contains(&own.concat())
}

/// The class, file or folder is one of those through which a program reaches its store.
fn is_in_data_access(file: &Analysis<'_>, id: NodeId) -> bool {
    const ACCESS: [&str; 6] = ["repository", "dao", "mapper", "sql", "repositories", "daos"];
    let class = file.tables.class_around(file.model, id).map_or("", |c| file.tables.classes[c as usize].name.as_str());
    let last = |name: &str, list: &[&str]| words(name).last().is_some_and(|w| list.contains(&w.as_str()));
    let stem = file.path.rsplit_once('.').map_or(&*file.path, |(stem, _)| stem);
    let mut places = stem.rsplit(['/', '\\']).take(2);
    // `UserModel` in the folder `models`: by the name alone it may be what a view shows.
    let model = last(class, &["model"]) && stem.rsplit(['/', '\\']).nth(1).is_some_and(|f| has_word(f, &["models"]));
    model || last(class, &ACCESS) || places.any(|p| last(p, &ACCESS))
}

/// The object was found in a store: `peer, err := s.store.Get(ctx, id)`, `await Job.findOne(..)`.
fn is_loaded(file: &Analysis<'_>, root: NodeId) -> bool {
    const HOPS: usize = 3;
    let model = file.model;
    let mut at = root;
    for _ in 0..HOPS {
        let Some(store) = file.stores_of(at).first().filter(|_| model.kind(at) == Kind::Name) else {
            return false;
        };
        let Some(value) = store.value else { return false };
        let (call, awaited) = match model.kind(value) {
            Kind::Await => (model.children(value).next().unwrap_or(value), true),
            _ => (value, false),
        };
        if model.kind(call) == Kind::Call {
            let several = model.parent(value).is_some_and(|s| model.children_with(s, Role::Target).count() > 1);
            return is_load(file, call, awaited || several);
        }
        // The element of what was loaded.
        if !matches!(store.kind, StoreKind::Element | StoreKind::Plain) || model.kind(call) != Kind::Name {
            return false;
        }
        at = call;
    }
    false
}

/// A call that asks a store; of a mere `store`, which also is what keeps things in memory, only one that takes its time
/// or may fail.
fn is_load(file: &Analysis<'_>, call: NodeId, far: bool) -> bool {
    const ASKS: [&str; 12] =
        ["get", "find", "load", "fetch", "query", "read", "select", "list", "first", "consume", "retrieve", "lookup"];
    const STORES: [&str; 7] = ["repo", "repository", "dao", "db", "database", "datastore", "mapper"];
    const PERHAPS: [&str; 6] = ["store", "storage", "backend", "session", "collection", "persistence"];
    let model = file.model;
    let asks = words(model.name(call)).first().is_some_and(|w| ASKS.contains(&w.as_str()));
    let receiver = model.child(call, Role::Receiver).map_or("", |r| model.name(r));
    // `Job.findOne(..)`: a class that is asked for its objects.
    let class = far && receiver.starts_with(char::is_uppercase);
    asks && (class || has_word(receiver, &STORES) || far && has_word(receiver, &PERHAPS))
}

/// Until when a token, key, receipt or invoice is good was said by who gave it out, to all who look at it.
fn is_validity(file: &Analysis<'_>, id: NodeId, stamp: &Stamped) -> bool {
    const ENDS: [&str; 9] =
        ["expires", "expiry", "expire", "expiration", "expired", "validity", "valid", "until", "lifetime"];
    const GIVEN: [&str; 15] = [
        "token",
        "receipt",
        "invoice",
        "cert",
        "certificate",
        "license",
        "licence",
        "credential",
        "credentials",
        "assertion",
        "voucher",
        "ticket",
        "signature",
        "sig",
        "principal",
    ];
    const KEYS: [&str; 9] = ["root", "pub", "public", "private", "api", "signing", "artifact", "access", "auth"];
    let model = file.model;
    let key = |n: &str| has_word(n, &["key"]) && has_word(n, &KEYS);
    let given = |n: &str| has_word(n, &GIVEN) || key(n);
    let ends = stamp.words.iter().any(|w| ENDS.contains(&w.as_str()));
    let function = file.function_around(id).map_or("", |f| model.name(f));
    let judges = has_word(function, &["valid", "validate", "verify", "check", "expired", "introspect"]);
    let owner = stamp.owner(file).and_then(|o| file.type_of(o)).is_some_and(|t| given(&t.name));
    ends && (given(&stamp.root) || owner || judges && given(function))
}
