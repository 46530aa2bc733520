//! Whether another machine is on the other side of what a limit bounds.

use crate::network::remote::{Remote, evidence_polled, evidence_reached, is_remote_name, source_evidence};
use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::catalog::{ApiRole, TimeoutKind};
use timelint_semantics::{Analysis, How, Resolved, has_word, words};

/// The other side of a limit that an API of the catalogue takes; a poll that asks another machine is one by name.
pub(super) fn known_remote(file: &Analysis<'_>, id: NodeId, known: Resolved<'_>, kind: TimeoutKind) -> Remote {
    remote_of_api(file, id, known, kind).max(evidence_polled(file, id).min(Remote::Named))
}

fn remote_of_api(file: &Analysis<'_>, id: NodeId, known: Resolved<'_>, kind: TimeoutKind) -> Remote {
    let role = known.api.role;
    match kind {
        TimeoutKind::Await if role != ApiRole::RemoteCall => {
            let source = file.model.child(id, Role::Receiver).map_or(Remote::No, |r| source_evidence(file, r));
            source.max(evidence_of_waiting(file, id))
        }
        TimeoutKind::Total if matches!(role, ApiRole::TimeoutSet | ApiRole::Await | ApiRole::None) => {
            let by_name = known.how != How::Name && known.api.name.as_slice().iter().any(|n| is_remote_name(n));
            if by_name {
                return Remote::Known;
            }
            evidence_reached(file, id).max(evidence_of_purpose(file, id)).max(evidence_of_store(file, id))
        }
        _ => Remote::Known,
    }
}

/// The function around is called after an answer of another machine that it waits for: `waitForHandshake`, `await_reply`.
fn evidence_of_waiting(file: &Analysis<'_>, id: NodeId) -> Remote {
    const ANSWERS: [&str; 10] = [
        "handshake",
        "response",
        "reply",
        "ack",
        "acks",
        "acknowledgement",
        "connected",
        "connection",
        "registration",
        "election",
    ];
    let mut outer = file.model.ancestors(id).filter(|a| file.model.kind(*a) == Kind::Function);
    let named = outer.find(|f| !matches!(file.model.name(*f), "" | "_"));
    let waits = named.is_some_and(|f| {
        let name = file.model.name(f);
        has_word(name, &["wait", "await", "waits", "until"]) && has_word(name, &ANSWERS)
    });
    if waits && file.in_loop(id).is_none() { Remote::Named } else { Remote::No }
}

/// The function around is called after what it does with another machine: `_rsync`, `fetch_peers`.
fn evidence_of_purpose(file: &Analysis<'_>, id: NodeId) -> Remote {
    const REACHES: [&str; 14] = [
        "rsync",
        "fetch",
        "connect",
        "dial",
        "download",
        "upload",
        "rpc",
        "ping",
        "probe",
        "request",
        "handshake",
        "replicate",
        "replication",
        "heartbeat",
    ];
    let mut outer = file.model.ancestors(id).filter(|a| file.model.kind(*a) == Kind::Function);
    let named = outer.find(|f| !matches!(file.model.name(*f), "" | "_"));
    let reaches = named.is_some_and(|f| {
        let commands = || file.tables.calls.iter().filter(|c| file.model.contains(f, **c));
        let local = || commands().any(|c| file.resolve(*c).is_some_and(|k| k.api.role == ApiRole::LocalProcess));
        let name = file.model.name(f);
        has_word(name, &REACHES) && (has_word(name, &["rsync"]) || !local())
    });
    if reaches { Remote::Named } else { Remote::No }
}

/// The context that the limit makes is handed to what keeps data: `s.db.DeleteBefore(ctx, horizon)`.
fn evidence_of_store(file: &Analysis<'_>, id: NodeId) -> Remote {
    const STORES: [&str; 14] = [
        "db",
        "dbs",
        "tx",
        "txn",
        "store",
        "repo",
        "repository",
        "dao",
        "driver",
        "pipe",
        "pipeline",
        "datastore",
        "queries",
        "exec",
    ];
    let model = file.model;
    let Some(target) = model.child(file.statement(id), Role::Target).filter(|t| *t < id) else { return Remote::No };
    let commands = file.tables.imports.values().any(|p| p.ends_with("exec"));
    let keeps = |read: NodeId| {
        let call = model.parent(read).filter(|p| model.kind(*p) == Kind::Call && model.role(read) == Role::Arg)?;
        let first = model.child(call, Role::Arg) == Some(read);
        let receiver = model
            .child(call, Role::Receiver)
            .filter(|r| first && matches!(model.kind(*r), Kind::Name | Kind::Member))?;
        let last = words(model.name(receiver)).into_iter().last()?;
        Some(STORES.contains(&last.as_str()) && !(commands && last == "exec"))
    };
    let kept = file.reads_of(target).into_iter().filter(|r| *r > id).any(|r| keeps(r) == Some(true));
    if kept { Remote::Named } else { Remote::No }
}
