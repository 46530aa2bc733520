//! `fake-fencing-token`: what goes along with a write as a fencing token does not grow from one holder to the next.

use crate::Rule;
use crate::story::Story;
use timelint_diagnostics::{Confidence, Family, Finding, RuleMeta, Severity};
use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::catalog::{ApiRole, LockScope};
use timelint_semantics::{Analysis, Callee, Command, How, Origins, has_word, words};

/// See the module.
pub(crate) struct FakeFencingToken;

static META: RuleMeta = RuleMeta {
    id: "fake-fencing-token",
    aliases: &[],
    family: Family::Pause,
    mechanism: "a late holder's token is not lower than the next one's",
    severity: Severity::Warning,
    summary: "a random value, a time or a lease id is used as a fencing token",
    page: include_str!("fake_fencing_token.md"),
};

/// Words that only a fencing token has.
const FENCE: [&str; 3] = ["fence", "fencing", "fenced"];
/// Words of numbers that a resource compares.
const ORDER: [&str; 7] = ["version", "epoch", "term", "generation", "revision", "seq", "sequence"];
/// Words of what such a number may belong to.
const HOLDER: [&str; 8] = ["leader", "leadership", "lock", "lease", "master", "election", "holder", "coordinator"];

impl Rule for FakeFencingToken {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check(&self, file: &Analysis<'_>, out: &mut Vec<Finding>) {
        let model = file.model;
        if !file.says(&FENCE) && !file.says(&ORDER) {
            return;
        }
        let mut found: Vec<Fake> = model.ids().filter_map(|id| named_value(file, id)).collect();
        found.extend(file.tables.calls.iter().flat_map(|call| passed(file, *call)));
        found.sort_by_key(|f| (f.at, f.named));
        found.dedup_by_key(|f| f.at);
        // The value that a name was given is told once, where it is made.
        out.extend(found.iter().map(|f| tell(file, f)));
        out.extend(mortal_counters(file));
        out.extend(old_tokens(file));
    }
}

/// A value that cannot tell an old holder from a new one.
#[derive(Debug, Clone, Copy)]
struct Fake {
    at: NodeId,
    /// Where it gets its name.
    named: NodeId,
    nature: Nature,
    how: How,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Nature {
    Random,
    Time,
    Owner,
}

/// `fence = uuid4()`, `{ fencingToken: Date.now() }`, `write(fencing_token=time.time())`, `version := session.Lease()`.
fn named_value(file: &Analysis<'_>, id: NodeId) -> Option<Fake> {
    let model = file.model;
    let (name, value) = match model.kind(id) {
        Kind::Let | Kind::Assign => {
            let mut targets = model.children_with(id, Role::Target);
            let target = targets.next().filter(|_| targets.next().is_none())?;
            let plain = matches!(model.kind(target), Kind::Name | Kind::Member);
            (model.name(target), plain.then(|| model.child(id, Role::Value)).flatten()?)
        }
        Kind::Argument | Kind::Entry => (model.name(id), model.child(id, Role::Value)?),
        Kind::Call if has_word(model.name(id), &FENCE) => (model.name(id), model.child(id, Role::Arg)?),
        _ => return None,
    };
    fake(file, name, value, id)
}

/// Arguments at the place of parameters that are named so.
fn passed(file: &Analysis<'_>, call: NodeId) -> Vec<Fake> {
    let model = file.model;
    if model.kind(call) != Kind::Call {
        return Vec::new();
    }
    let Some(Callee::Here(function)) = file.callee(call) else { return Vec::new() };
    let params = model.children_with(function, Role::Param).map(|p| model.name(p));
    let args = model.children_with(call, Role::Arg);
    params.zip(args).filter_map(|(name, arg)| fake(file, name, arg, arg)).collect()
}

fn fake(file: &Analysis<'_>, name: &str, value: NodeId, named: NodeId) -> Option<Fake> {
    let model = file.model;
    if matches!(model.kind(value), Kind::Name | Kind::Member | Kind::Number | Kind::String | Kind::Boolean | Kind::Null)
    {
        return None;
    }
    let fencing = has_word(name, &FENCE);
    let order = has_word(name, &ORDER);
    if !fencing && !order {
        return None;
    }
    let random = model.self_and_descendants(value).take(12).find_map(|n| {
        let known = file.resolve(n)?;
        (known.api.role == ApiRole::Random && known.how != How::Name).then_some(known)
    });
    // `recordVersion = item.getRecordVersion()`: kept under its own name, which a holder may compare for being the same.
    let kept = words(name).iter().all(|w| words(model.name(value)).iter().any(|v| v == w));
    if let Some(owner) = random.filter(|k| k.api.scope == Some(LockScope::Distributed)) {
        if file.is_silent(
            &META,
            value,
            "it is kept under its own name, to be compared for being the same",
            kept && !fencing,
        ) {
            return None;
        }
        return Some(Fake { at: value, named, nature: Nature::Owner, how: owner.how });
    }
    if !fencing && !has_word(name, &HOLDER) {
        return None;
    }
    if let Some(random) = random {
        return Some(Fake { at: value, named, nature: Nature::Random, how: random.how });
    }
    let known = file.value(value);
    let rest = Origins::TOKEN.and(Origins::LOGICAL).and(Origins::REMOTE).and(Origins::DATABASE).and(Origins::PARAM);
    if known.origins.any(rest) {
        return None;
    }
    let nature = if known.origins.any(Origins::RANDOM) {
        Nature::Random
    } else if known.origins.any(Origins::CLOCKS) && !is_length(name) {
        Nature::Time
    } else {
        return None;
    };
    Some(Fake { at: value, named, nature, how: known.how })
}

/// `incr(fence)` and then `expire(fence)`: a counter that starts again hands out numbers that the resource has already seen.
fn mortal_counters(file: &Analysis<'_>) -> Vec<Finding> {
    let model = file.model;
    let counts =
        |c: &NodeId| model.kind(*c) == Kind::Call && has_word(model.name(*c), &["incr", "increment", "incrby"]);
    let taken_from: Vec<(NodeId, NodeId)> = file
        .tables
        .calls
        .iter()
        .copied()
        .filter(counts)
        .filter_map(|c| {
            let about =
                |a: &NodeId| model.self_and_descendants(*a).any(|n| has_word(model.name(n), &["fence", "fencing"]));
            Some((c, model.children_with(c, Role::Arg).find(about)?))
        })
        .collect();
    if taken_from.is_empty() {
        return Vec::new();
    }
    let ends = file.key_commands().iter().filter(|c| matches!(c.command, Command::Expire | Command::Delete));
    ends.filter_map(|end| {
        let (next, _) = taken_from.iter().find(|(_, key)| file.same_key(*key, end.key))?;
        Some(
            Story::new(&META, file, end.at, format!("`{}` lets the counter of fencing tokens start again", file.short(end.at)))
                .why(
                    "after it has gone the next holder gets a low number, which the resource refuses, or which a late holder \
                     of the old count exceeds",
                )
                .help("keep the counter as long as what it protects: no expiry, no eviction, no removal with the lock")
                .confidence(Confidence::Medium)
                .step(file.location(*next), "each holder gets the next number")
                .step(file.location(end.at), "and here the count ends")
                .tell(),
        )
    })
    .collect()
}

/// `leaderEpochStart`, `lockTermSeconds`, `last_fence_refresh`: a point or length of time, and no number of a holder.
fn is_length(name: &str) -> bool {
    const TIMES: [&str; 20] = [
        "ms",
        "millis",
        "seconds",
        "secs",
        "at",
        "start",
        "started",
        "time",
        "timeout",
        "deadline",
        "expiry",
        "until",
        "age",
        "since",
        "last",
        "next",
        "refresh",
        "refreshed",
        "renewed",
        "checked",
    ];
    has_word(name, &TIMES)
}

fn tell(file: &Analysis<'_>, fake: &Fake) -> Finding {
    let what = match fake.nature {
        Nature::Random => "a random value",
        Nature::Time => "a reading of this machine's clock",
        Nature::Owner => "what names a holder or its lease",
    };
    let why = match fake.nature {
        Nature::Time => {
            "the clock of the next holder may be behind: its writes are refused, or those of the old holder accepted"
        }
        Nature::Random | Nature::Owner => {
            "the value of the next holder is as likely to be lower as higher: the resource cannot tell which one is late"
        }
    };
    let own = file
        .known_calls()
        .into_iter()
        .find_map(|(_, known)| known.api.token.clone().filter(|_| known.how != How::Name));
    let help = own.unwrap_or_else(|| {
        "take a number that grows with every acquire: a counter in the store that grants the lock, a revision, a czxid, \
         a term"
            .to_owned()
    });
    Story::new(&META, file, fake.at, format!("`{}` is {what}: it does not order holders", file.short(fake.at)))
        .why(why)
        .help(format!("{help}; the resource then refuses a number lower than the last that it saw"))
        .confidence(if fake.how > How::Name { Confidence::Medium } else { Confidence::Low })
        .evidence("its name says that it is compared")
        .step(file.location(fake.at), "every holder gets another one, in no order")
        .step(file.location(fake.named), "and here it is named as if there were one")
        .tell()
}

/// A token that was asked for once, before a loop that takes the lock anew in every round and writes with the old one.
fn old_tokens(file: &Analysis<'_>) -> Vec<Finding> {
    let model = file.model;
    let asked = file
        .tables
        .calls
        .iter()
        .copied()
        .filter(|c| file.resolve(*c).is_some_and(|k| k.api.role == ApiRole::LockToken && k.how != How::Name));
    asked.filter_map(|token| old_token(file, token, model.child(file.statement(token), Role::Target)?)).collect()
}

fn old_token(file: &Analysis<'_>, token: NodeId, target: NodeId) -> Option<Finding> {
    let model = file.model;
    let function = file.function_around(token)?;
    let stores = file.stores_of(target);
    let used = file.reads_of(target);
    let takes = |c: &NodeId| *c > token && model.contains(function, *c) && file.takes_distributed(*c);
    let (again, round) = file.tables.calls.iter().copied().filter(takes).find_map(|c| {
        let round = file.in_loop(c).filter(|l| !model.contains(*l, token))?;
        Some((c, round))
    })?;
    let renewed = stores.iter().any(|s| model.contains(round, s.at));
    let used = used.into_iter().find(|u| *u > again && model.contains(round, *u)).filter(|_| !renewed)?;
    Some(
        Story::new(&META, file, used, format!("`{}` is the token of an earlier acquire", model.name(target)))
            .why(
                "the lock is taken anew in every round and has a new token each time: with the old one this holder looks like one \
                 that was replaced, or passes for it",
            )
            .help("ask for the token again after each acquire")
            .confidence(Confidence::High)
            .step(file.location(token), "the token is asked for once")
            .step(file.location(again), "the lock is taken again here")
            .step(file.location(used), "and the old token goes along")
            .tell(),
    )
}
