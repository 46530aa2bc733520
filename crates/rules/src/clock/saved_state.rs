//! What a program writes out as a whole and reads back when it starts the next time.

use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::catalog::ApiRole;
use timelint_semantics::{Analysis, has_word};

/// Whether the file writes the container out as a whole, and reads such things back.
pub(crate) fn is_dumped(file: &Analysis<'_>, container: NodeId) -> bool {
    const WRITES: [&str; 8] = ["dump", "dumps", "stringify", "marshal", "serialize", "pickle", "save", "persist"];
    const READS: [&str; 7] = ["load", "loads", "parse", "unmarshal", "deserialize", "unpickle", "restore"];
    let model = file.model;
    let calls = || file.tables.calls.iter().copied();
    let named = |n: NodeId| model.sym(n) == model.sym(container) && model.kind(n) == model.kind(container);
    let within = |c: NodeId| model.children_with(c, Role::Arg).any(|a| model.self_and_descendants(a).any(named));
    file.says(&WRITES)
        && calls().any(|c| has_word(model.name(c), &WRITES) && within(c))
        && calls().any(|c| has_word(model.name(c), &READS))
}

/// Whether one module writes something out, to a file, and reads it back: the fields of the objects here may be part of it.
pub(crate) fn saves_state(file: &Analysis<'_>) -> bool {
    file.shared(|file| SavesState(finds_saves(file))).0
}

struct SavesState(bool);

fn finds_saves(file: &Analysis<'_>) -> bool {
    if !file.has_role(ApiRole::Write) || !file.has_role(ApiRole::RemoteRead) {
        return false;
    }
    let model = file.model;
    let module = |call: NodeId| {
        let receiver = model.child(call, Role::Receiver).filter(|r| model.kind(*r) == Kind::Name)?;
        let imported = file.stores_of(receiver).is_empty();
        file.path_of(receiver).filter(|_| imported)
    };
    let known = file.known_calls();
    let of = |role: ApiRole| known.iter().filter(move |(_, k)| k.api.role == role).filter_map(|(c, _)| module(*c));
    // `dump(state, file)` and `load(file)`; what is read from a text was most likely sent.
    let written: Vec<String> = of(ApiRole::Write).collect();
    of(ApiRole::RemoteRead).any(|m| written.contains(&m))
}
