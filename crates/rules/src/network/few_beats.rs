//! Failure detectors whose settings say how many heartbeats may be lost: the interval between two and the silence that is
//! taken as death, side by side in one configuration.

use crate::network::timeout_as_death::{HELP, META, WHY};
use crate::story::Story;
use timelint_diagnostics::{Confidence, Finding};
use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::catalog::Unit;
use timelint_semantics::{Analysis, has_word};

/// Apache Kafka (`heartbeat.interval.ms`): the interval should be no more than a third of the session's timeout.
const LEAST: f64 = 3.0;
/// etcd's raft (`Config.ElectionTick`): ten ticks of the heartbeat are suggested, so that no election is held in vain.
const LEAST_TICKS: f64 = 10.0;

/// One setting of a configuration.
struct Setting {
    at: NodeId,
    /// In seconds, or in the ticks that all of them count.
    length: f64,
    ticks: bool,
}

/// `{ heartbeatInterval: 1000, electionTimeout: 2000 }`: the record or call that sets both.
pub(super) fn few_beats(file: &Analysis<'_>, id: NodeId) -> Option<Finding> {
    let model = file.model;
    let role = match model.kind(id) {
        Kind::Record => Role::Item,
        Kind::Call | Kind::New => Role::Arg,
        _ => return None,
    };
    let settings = || {
        let entries = model.children_with(id, role).filter(|e| matches!(model.kind(*e), Kind::Entry | Kind::Argument));
        entries.take(MOST_SETTINGS)
    };
    let beat = settings().find(|e| is_interval(model.name(*e))).and_then(|e| setting(file, e))?;
    let silence = settings().find(|e| is_silence(model.name(*e))).and_then(|e| setting(file, e))?;
    let beats = silence.length / beat.length;
    let least = if beat.ticks && silence.ticks { LEAST_TICKS } else { LEAST };
    // What is shorter than the interval counts from a heartbeat that was sent, and is something else.
    if beat.ticks != silence.ticks || !(1.0..least).contains(&beats) {
        return None;
    }
    let beats = (beats * 10.0).round() / 10.0;
    let message = format!("a silence of {beats} heartbeats is taken as death: `{}`", file.short(silence.at));
    let story = Story::new(&META, file, silence.at, message).why(WHY).help(HELP).confidence(Confidence::Medium);
    let story = story.step(file.location(beat.at), "the interval between two heartbeats");
    let story = story.evidence(format!("{least} are due: a pause or two lost messages are no death"));
    Some(story.step(file.location(silence.at), "the silence after which a node is dead").tell())
}

/// Settings of one configuration that are looked at.
const MOST_SETTINGS: usize = 64;

fn is_interval(name: &str) -> bool {
    has_word(name, &["heartbeat", "heartbeats"]) && has_word(name, &["interval", "tick", "ticks", "period", "every"])
}

fn is_silence(name: &str) -> bool {
    let vote = has_word(name, &["election"]) && has_word(name, &["tick", "ticks", "timeout"]);
    vote || has_word(name, &["session"]) && has_word(name, &["timeout"])
}

fn setting(file: &Analysis<'_>, at: NodeId) -> Option<Setting> {
    let model = file.model;
    let value = file.value(model.child(at, Role::Value)?);
    let ticks = has_word(model.name(at), &["tick", "ticks"]);
    let unit = value.unit.or_else(|| file.unit_named_by(at)).filter(|_| !ticks).unwrap_or(Unit::Seconds);
    let number = value.number.filter(|n| value.is_constant() && *n > 0.0)?;
    Some(Setting { at, length: number * unit.seconds(), ticks })
}
