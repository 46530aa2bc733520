//! `timeout-as-death`: one silence or one failed probe is taken as the death of a node, with no counter, no grace and no
//! second opinion.

use crate::Rule;
use crate::network::death::death_at;
use crate::network::few_beats::few_beats;
use crate::network::outcome::{Outcome, outcome_of};
use crate::story::Story;
use crate::surface::is_command;
use timelint_diagnostics::{Confidence, Family, Finding, RuleMeta, Severity};
use timelint_model::{Kind, NodeId, Role, Sym};
use timelint_semantics::catalog::ApiRole;
use timelint_semantics::catalog::Unit;
use timelint_semantics::{Analysis, Guard, How, Origins, has_word, words};

/// See the module.
pub(crate) struct TimeoutAsDeath;

pub(super) static META: RuleMeta = RuleMeta {
    id: "timeout-as-death",
    aliases: &[],
    family: Family::Network,
    mechanism: "a slow node cannot be told from a dead one",
    severity: Severity::Warning,
    summary: "one silence or failed probe is enough to declare a node dead, remove it or fail over",
    page: include_str!("timeout_as_death.md"),
};

/// Names of signs of life, and of when they were last seen.
#[rustfmt::skip]
const LIFE: [&str; 16] = [
    "seen", "heartbeat", "heartbeats", "beat", "contact", "ping", "pong", "alive", "heard", "keepalive", "lastseen", "refresh",
    "refreshed", "lastbeat", "hb", "checkin",
];

/// Names of calls that ask whether a node is there.
#[rustfmt::skip]
const PROBES: [&str; 16] = [
    "ping", "probe", "health", "healthy", "healthcheck", "heartbeat", "alive", "reachable", "resolvable", "online", "responding",
    "liveness", "echo", "reach", "heartbeats", "responsive",
];

/// Names of what makes the verdict wait for more: counters, suspicion, other witnesses, adaptive detectors.
#[rustfmt::skip]
const PATIENCE: [&str; 34] = [
    "suspect", "suspected", "suspicion", "suspicious", "miss", "missed", "misses", "failures", "failcount", "strikes", "count",
    "counter", "attempt", "attempts", "retry", "retries", "tries", "quorum", "majority", "vote", "votes", "phi", "grace", "confirm",
    "confirmed", "indirect", "consecutive", "streak", "threshold", "liveness", "preserve", "preservation", "backoff", "errors",
];

/// Names of functions that say whether something is gone.
const VERDICTS: [&str; 8] = ["expired", "dead", "down", "offline", "lost", "stale", "gone", "failed"];

/// A silence of this many seconds is many heartbeats in most systems.
const LONG_SECONDS: f64 = 30.0;

/// Nodes of one function that are looked at.
const MOST_NODES: usize = 3000;

impl Rule for TimeoutAsDeath {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check(&self, file: &Analysis<'_>, out: &mut Vec<Finding>) {
        if !file.says(&LIFE) && !file.says(&PROBES) {
            return;
        }
        out.extend(file.model.ids().filter_map(|id| few_beats(file, id)));
        let mut causes: Vec<NodeId> = Vec::new();
        for id in file.model.ids() {
            let found = match file.model.kind(id) {
                Kind::Return => verdict(file, id),
                _ => death_at(file, id).and_then(|_| after_silence(file, id).or_else(|| after_probe(file, id))),
            };
            // Several things are done to the same node for the same reason.
            let Some((cause, mut finding)) = found.filter(|(cause, _)| !causes.contains(cause)) else { continue };
            causes.push(cause);
            if is_command(file) {
                finding.confidence = Confidence::Low;
            }
            out.push(finding);
        }
    }
}

/// `if now - node.lastSeen > 1 s { remove(node) }`: the guard, and what is to be said.
fn after_silence(file: &Analysis<'_>, death: NodeId) -> Option<(NodeId, Finding)> {
    let silence = |g: &Guard| limit_of_silence(file, g.condition).map(|l| (g.condition, l));
    let (condition, (limit, seconds)) = file.guards(death).iter().find_map(silence)?;
    if file.is_silent(&META, condition, "it counts, suspects or asks others before", is_patient(file, death)) {
        return None;
    }
    let confidence = if seconds > LONG_SECONDS { Confidence::Low } else { Confidence::Medium };
    let act = file.short(death);
    let message = format!("a silence of {} is taken as death: `{act}`", length(seconds));
    let story = Story::new(&META, file, condition, message).why(WHY).help(HELP).confidence(confidence);
    let story = story.sites(&file.value(limit).sites, "the limit, fixed in code");
    let story = story.step(file.location(condition), "one comparison with the last sign of life");
    Some((condition, story.step(file.location(death), "decides that the node is dead").tell()))
}

/// The fixed limit with which the age of the last sign of life is compared.
fn limit_of_silence(file: &Analysis<'_>, condition: NodeId) -> Option<(NodeId, f64)> {
    let model = file.model;
    let ordered = match model.kind(condition) {
        Kind::Binary => model.name(condition).split(' ').all(|op| matches!(op, "<" | ">" | "<=" | ">=")),
        Kind::Call => file.resolve(condition).is_some_and(|k| k.api.role == ApiRole::TimeCompare),
        _ => false,
    };
    if !ordered || !speaks_of_life(file, condition) {
        return None;
    }
    let sides: Vec<NodeId> = model
        .children(condition)
        .filter(|c| matches!(model.role(*c), Role::Operand | Role::Receiver | Role::Arg))
        .collect();
    let clocked = |n: NodeId| file.value(n).origins.any(Origins::CLOCKS);
    if !sides.iter().any(|s| clocked(*s)) {
        return None;
    }
    let fixed = |n: NodeId| {
        let value = file.value(n);
        let unit = value.unit.or_else(|| file.unit_named_by(n)).unwrap_or(Unit::Millis);
        let seconds = value.number.filter(|n| value.is_constant() && *n > 0.0).map(|n| n * unit.seconds())?;
        (!is_of_interval(file, n)).then_some((n, seconds))
    };
    if let Some(found) = sides.iter().find_map(|s| fixed(*s)) {
        return Some(found);
    }
    // `last + LIMIT < now`, `now.After(last.Add(limit))`
    let inner = sides.iter().flat_map(|s| model.descendants(*s).take(MOST_NODES));
    let terms = inner.filter(|n| {
        let added = model.parent(*n).is_some_and(|p| {
            matches!(model.kind(p), Kind::Binary) && matches!(model.name(p), "+" | "-")
                || model.kind(p) == Kind::Call && file.resolve(p).is_some_and(|k| k.api.role == ApiRole::TimeAdd)
        });
        added && matches!(model.role(*n), Role::Operand | Role::Arg)
    });
    terms.into_iter().find_map(fixed)
}

/// A multiple of the interval between signs of life is a counter in disguise.
fn is_of_interval(file: &Analysis<'_>, limit: NodeId) -> bool {
    let model = file.model;
    model.self_and_descendants(limit).take(64).any(|n| {
        matches!(model.kind(n), Kind::Name | Kind::Member) && has_word(model.name(n), &["interval", "period", "every"])
    })
}

/// The condition, or what its variables were computed of, names a sign of life.
fn speaks_of_life(file: &Analysis<'_>, condition: NodeId) -> bool {
    let model = file.model;
    let speaks = |id: NodeId| {
        model
            .self_and_descendants(id)
            .take(200)
            .any(|n| matches!(model.kind(n), Kind::Name | Kind::Member | Kind::Call) && has_word(model.name(n), &LIFE))
    };
    speaks(condition)
        || model
            .self_and_descendants(condition)
            .take(64)
            .filter(|n| model.kind(*n) == Kind::Name)
            .any(|n| file.stores_of(n).iter().filter_map(|s| s.value).any(speaks))
}

/// `catch (Timeout) { markDead(node) }` around one probe.
fn after_probe(file: &Analysis<'_>, death: NodeId) -> Option<(NodeId, Finding)> {
    let model = file.model;
    let (cause, probe) = failed_probe(file, death)?;
    if is_patient(file, death) || file.in_loop(probe).is_some_and(|l| file.in_loop(death) != Some(l)) {
        return None;
    }
    let asked = file.short(probe);
    let message = format!("one failed `{asked}` is taken as death: `{}`", file.short(death));
    let story = Story::new(&META, file, death, message).why(WHY).help(HELP).confidence(Confidence::Medium);
    let story = story.step(file.location(probe), "asked once");
    let at = if model.kind(cause) == Kind::Catch { probe } else { cause };
    let story = story.step(file.location(at), "no answer in time");
    Some((cause, story.step(file.location(death), "decides that the node is dead").tell()))
}

/// The handler or test that is reached when a probe fails, and the probe.
fn failed_probe(file: &Analysis<'_>, death: NodeId) -> Option<(NodeId, NodeId)> {
    let model = file.model;
    let asks = |n: &NodeId| {
        model.kind(*n) == Kind::Call
            && (is_probe(model.name(*n)) || sends_probe(file, *n))
            && !is_at_hand(file, *n)
            && death_at(file, *n).is_none()
    };
    let stop = |a: &NodeId| model.kind(*a) != Kind::Function || model.sym(*a) == Sym::EMPTY;
    for around in model.ancestors(death).take_while(stop) {
        if model.kind(around) == Kind::Catch {
            let tried = model.parent(around).and_then(|t| model.child(t, Role::Body))?;
            return model.descendants(tried).take(MOST_NODES).find(asks).map(|probe| (around, probe));
        }
        // `ping(node).catch(() => remove(node))`
        if model.kind(around) == Kind::Function
            && let Some(call) =
                model.parent(around).filter(|p| model.kind(*p) == Kind::Call && model.name(*p) == "catch")
        {
            let receiver = model.child(call, Role::Receiver)?;
            return model.self_and_descendants(receiver).take(MOST_NODES).find(asks).map(|probe| (around, probe));
        }
    }
    for guard in file.guards(death) {
        let within = |n: NodeId| model.self_and_descendants(n).take(200).find(asks);
        let failed = outcome_of(file, guard.condition, guard.holds, death, &[]);
        if let Some(probe) = within(guard.condition) {
            // `if (!isAlive(node))`, `if ping(node) != nil`
            let negative = outcome_of(file, guard.condition, guard.holds, probe, &[]);
            let errs = model.kind(guard.condition) == Kind::Binary && negative == Outcome::Answer;
            if negative == Outcome::Failure || errs {
                return Some((guard.condition, probe));
            }
        } else if failed == Outcome::Failure {
            // `err := ping(node); if err != nil`
            let name = model.self_and_descendants(guard.condition).find(|n| model.kind(*n) == Kind::Name)?;
            let stores = file.stores_of(name).iter().filter(|s| s.at < death);
            if let Some(probe) = stores.filter_map(|s| s.value).filter_map(within).next_back() {
                return Some((guard.condition, probe));
            }
        }
    }
    None
}

/// `ping`, `healthCheck`, `isReachable`; not `hasSatisfiedHeartbeat`.
fn is_probe(name: &str) -> bool {
    const ASKING: [&str; 6] = ["is", "check", "send", "do", "try", "run"];
    let words = words(name);
    let known = |w: Option<&String>| w.is_some_and(|w| PROBES.contains(&w.as_str()));
    known(words.first()) || known(words.last()) && words.first().is_some_and(|w| ASKING.contains(&w.as_str()))
}

/// `client.send(probe)`: what another machine is asked is called so.
fn sends_probe(file: &Analysis<'_>, call: NodeId) -> bool {
    let asks = file.resolve(call).is_some_and(|k| k.how != How::Name && k.api.role == ApiRole::RemoteCall);
    let named =
        |a: NodeId| matches!(file.model.kind(a), Kind::Name | Kind::Member) && has_word(file.model.name(a), &PROBES);
    asks && file.model.children_with(call, Role::Arg).any(named)
}

/// `process.is_alive()`: the system knows for certain whether its own processes and threads run. And
/// `service.status.check()`: what was heard of it before is looked at.
fn is_at_hand(file: &Analysis<'_>, probe: NodeId) -> bool {
    const HEARD: [&str; 6] = ["status", "state", "info", "record", "report", "heartbeat"];
    let receiver = file.model.child(probe, Role::Receiver);
    let heard = |r: NodeId| words(file.model.name(r)).last().is_some_and(|w| HEARD.contains(&w.as_str()));
    receiver.is_some_and(|r| {
        heard(r)
            || has_word(
                file.model.name(r),
                &["process", "proc", "thread", "subprocess", "pid", "child", "click", "console"],
            )
    })
}

/// The function or the object counts, suspects or asks others before it decides.
fn is_patient(file: &Analysis<'_>, death: NodeId) -> bool {
    let model = file.model;
    let Some(function) =
        model.ancestors(death).find(|a| model.kind(*a) == Kind::Function && model.sym(*a) != Sym::EMPTY)
    else {
        return true;
    };
    model.self_and_descendants(function).take(MOST_NODES).any(|n| {
        matches!(model.kind(n), Kind::Name | Kind::Member | Kind::Call | Kind::Function)
            && has_word(model.name(n), &PATIENCE)
    })
}

/// `func expired(..) bool { return reachable(owner, 3*time.Second) != nil }`
fn verdict(file: &Analysis<'_>, returned: NodeId) -> Option<(NodeId, Finding)> {
    let model = file.model;
    let function = file.function_around(returned)?;
    if !has_word(model.name(function), &VERDICTS) || is_patient(file, returned) {
        return None;
    }
    let value = model.child(returned, Role::Value)?;
    let negative = match model.kind(value) {
        Kind::Binary => model.children_with(value, Role::Operand).any(|o| model.kind(o) == Kind::Null),
        Kind::Unary => model.name(value) == "!",
        _ => false,
    };
    let probe = model.descendants(value).find(|n| model.kind(*n) == Kind::Call && has_word(model.name(*n), &PROBES))?;
    let limit = model.children_with(probe, Role::Arg).find(|a| {
        let value = file.value(*a);
        value.is_constant() && value.number.is_some_and(|n| n > 0.0)
    });
    let limit = limit.filter(|_| negative)?;
    let message = format!("one failed `{}` decides that the other side is gone", file.short(probe));
    let story = Story::new(&META, file, value, message).why(WHY).help(HELP).confidence(Confidence::Medium);
    let story = story.step(file.location(limit), "how long the answer may take");
    Some((value, story.step(file.location(value), "decides that the node is dead").tell()))
}

pub(super) const WHY: &str = "a node that pauses, is overloaded or is behind a slow link looks exactly like a dead one; its work moves \
                   although it still does it, the others get more load and fall silent too, and when it comes back there are two";

pub(super) const HELP: &str = "count several missed signs of life before anything irreversible happens, suspect first and ask others (SWIM: \
                    memberlist, Hazelcast, JGroups), or use a detector that adapts (phi accrual: Akka, Cassandra); leave the verdict \
                    to a store with sessions (etcd, ZooKeeper, Consul) where there is one";

/// `1.5 s`, `200 ms`.
fn length(seconds: f64) -> String {
    if seconds < 1.0 {
        format!("{} ms", (seconds * 1e5).round() / 100.0)
    } else {
        format!("{} s", (seconds * 100.0).round() / 100.0)
    }
}
