//! Failure detectors made of a timer: each tick sends a ping and ends what has not answered the last ones. How long a
//! silence may last is the period of the timer.

use crate::network::limits::Limit;
use crate::network::remote::Remote;
use timelint_model::{Kind, NodeId};
use timelint_semantics::catalog::{ApiRole, ArgMeaning, TimeoutKind};
use timelint_semantics::{Analysis, Callee, How, has_word, words};

/// Words of what counts or marks signs of life.
const BEATS: [&str; 12] = [
    "ping",
    "pings",
    "pinged",
    "pong",
    "pongs",
    "heartbeat",
    "heartbeats",
    "beat",
    "beats",
    "alive",
    "missed",
    "misses",
];

/// First words of calls that end a connection or a member.
const ENDS: [&str; 10] =
    ["terminate", "close", "disconnect", "destroy", "drop", "kill", "evict", "remove", "expire", "mark"];

/// `setInterval(() => { if (client.missed >= 2) return client.terminate(); client.missed++; client.ping() }, 1000)`
pub(super) fn beaten_limit(file: &Analysis<'_>, id: NodeId) -> Option<Limit> {
    /// A tick that is longer than this lets most pauses pass.
    const LONG_SECONDS: f64 = 15.0;
    let known = file.resolve(id).filter(|k| k.api.role == ApiRole::Schedule && k.api.repeats)?;
    if !file.says(&BEATS) {
        return None;
    }
    let callback = file.argument(id, known, ArgMeaning::Callback)?;
    let spec = known.api.args.iter().rfind(|a| a.is == ArgMeaning::Amount)?;
    let length = file.argument_at(id, spec.at.as_slice())?;
    let named = file.argument(id, known, ArgMeaning::Unit).and_then(|u| file.unit_named_by(u));
    let unit = named.or(spec.unit);
    let value = file.value(length);
    let short = value.seconds(unit).is_some_and(|s| s > 0.0 && s <= LONG_SECONDS);
    if !value.is_constant() || !short || !ends_the_silent(file, callback) {
        return None;
    }
    let (name, kind, remote) = (file.model.name(id).to_owned(), TimeoutKind::Heartbeat, Remote::Named);
    Some(Limit { length, site: id, name, kind, unit, infinite: Vec::new(), how: How::Annotation, remote })
}

/// What runs at each tick, or a function of the file that it calls, ends something where signs of life are missing.
fn ends_the_silent(file: &Analysis<'_>, callback: NodeId) -> bool {
    const MOST_CALLS: usize = 64;
    let model = file.model;
    let mut bodies: Vec<NodeId> = file.body_range(callback).map(|(body, _)| body).into_iter().collect();
    let inner = model.self_and_descendants(callback).filter(|n| model.kind(*n) == Kind::Call).take(MOST_CALLS);
    bodies.extend(inner.filter_map(|c| match file.callee(c) {
        Some(Callee::Here(function)) => Some(function),
        _ => None,
    }));
    bodies.into_iter().any(|body| {
        let mut calls = model.descendants(body).filter(|n| model.kind(*n) == Kind::Call).take(MOST_CALLS);
        calls.any(|c| is_end(file, c) && file.guards(c).iter().any(|g| speaks_of_beats(file, g.condition)))
    })
}

fn is_end(file: &Analysis<'_>, call: NodeId) -> bool {
    words(file.model.name(call)).first().is_some_and(|w| ENDS.contains(&w.as_str()))
}

/// `client.missed >= 2`, `!ws.isAlive`
fn speaks_of_beats(file: &Analysis<'_>, condition: NodeId) -> bool {
    let model = file.model;
    let named = |n: NodeId| matches!(model.kind(n), Kind::Name | Kind::Member) && has_word(model.name(n), &BEATS);
    model.self_and_descendants(condition).take(64).any(named)
}
