//! Ids that are packed from a reading of the wall clock and a sequence, and what they do when the clock goes back.

use crate::clock::coordination::is_local_reading;
use crate::story::{Story, lower};
use crate::surface::is_interface;
use timelint_diagnostics::{Confidence, Finding, RuleMeta};
use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::{Analysis, Origins, Site, has_word};

/// What the code does when the clock goes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Guard {
    /// Nothing: numbers are given out again.
    None,
    /// It refuses, so that no number is given out until the clock has caught up.
    Refuses,
    /// It waits, or goes on from the greatest number that it gave out.
    Holds,
}

/// `(now - EPOCH) << 22 | worker << 12 | sequence`.
pub(crate) fn packed(file: &Analysis<'_>, shift: NodeId, meta: &'static RuleMeta) -> Option<Finding> {
    let model = file.model;
    let reading = model.child(shift, Role::Operand).filter(|_| model.name(shift) == "<<")?;
    let whole = model
        .ancestors(shift)
        .take_while(|a| matches!(model.kind(*a), Kind::Binary | Kind::Unary | Kind::Cast | Kind::Call | Kind::New))
        .filter(|a| model.kind(*a) == Kind::Binary && matches!(model.name(*a), "|" | "+" | "^" | "| |"))
        .last()?;
    let other = Origins::RANDOM.and(Origins::LOGICAL).and(Origins::MONOTONIC);
    if !is_local_reading(file, reading)
        || file.value(whole).origins.any(other)
        || is_other_number(file, shift)
        || !gives_ids(file, shift)
    {
        return None;
    }
    let guard = guard(file, shift, reading);
    let (why, confidence) = match guard {
        Guard::Holds => return None,
        Guard::Refuses => (
            "when the clock is set back, no id is given out until it has caught up: every machine that follows the same \
             time server stops at once",
            Confidence::Medium,
        ),
        Guard::None => (
            "when the clock is set back, the same numbers are given out again: rows overwrite each other or are refused, \
             and messages are dropped as duplicates",
            Confidence::High,
        ),
    };
    let message = format!("`{}` makes an id of the wall clock", file.short(whole));
    let mut story = Story::new(meta, file, whole, message)
        .why(why)
        .help(
            "count time on from one wall-clock reading with the monotonic clock, keep the greatest number that was given \
             out, and go on from it when the clock is behind",
        )
        .confidence(if is_interface(&file.path) { lower(confidence) } else { confidence });
    story = story.sites(&clock_sites(file, reading), "the wall clock is read here");
    Some(story.step(file.location(whole), "and becomes the leading part of the id").tell())
}

fn clock_sites(file: &Analysis<'_>, reading: NodeId) -> Vec<Site> {
    let clocks = Origins::WALL.and(Origins::BOTH);
    file.value(reading).sites.into_iter().filter(|s| s.origins.any(clocks)).take(3).collect()
}

/// The code around is called after ids.
fn gives_ids(file: &Analysis<'_>, id: NodeId) -> bool {
    const IDS: [&str; 12] = [
        "id",
        "ids",
        "uid",
        "snowflake",
        "flake",
        "sequence",
        "sequencer",
        "next",
        "generate",
        "generator",
        "unique",
        "xid",
    ];
    let names = file.model.ancestors(id).filter(|a| matches!(file.model.kind(*a), Kind::Function | Kind::Class));
    names.map(|a| file.model.name(a)).any(|n| has_word(n, &IDS))
}

/// Logical clocks that start from the wall clock, colours, hashes, seeds.
fn is_other_number(file: &Analysis<'_>, id: NodeId) -> bool {
    const OTHER: [&str; 17] = [
        "tso", "hlc", "hybrid", "logical", "lamport", "oracle", "mvcc", "hash", "seed", "random", "rand", "color",
        "mask", "uuid", "ulid", "guid", "entropy",
    ];
    let names = file.model.ancestors(id).filter(|a| matches!(file.model.kind(*a), Kind::Function | Kind::Class));
    names.map(|a| file.model.name(a)).any(|n| has_word(n, &OTHER)) || has_word(&file.path, &OTHER)
}

/// A comparison of the reading with the last one, and what is done when it is behind.
fn guard(file: &Analysis<'_>, shift: NodeId, reading: NodeId) -> Guard {
    const LAST: [&str; 7] = ["last", "prev", "previous", "latest", "max", "highest", "watermark"];
    const WAITS: [&str; 9] = ["wait", "sleep", "til", "until", "next", "block", "park", "tick", "max"];
    let model = file.model;
    let Some(function) = file.function_around(shift) else { return Guard::None };
    let variables: Vec<_> =
        model.self_and_descendants(reading).filter(|n| model.kind(*n) == Kind::Name).map(|n| model.sym(n)).collect();
    let body = model.descendants(function).collect::<Vec<_>>();
    let is_reading = |n: NodeId| model.kind(n) == Kind::Name && variables.contains(&model.sym(n));
    let waits = |n: NodeId| match model.kind(n) {
        Kind::Loop => true,
        Kind::Assign | Kind::Let => model.children_with(n, Role::Target).any(is_reading),
        Kind::Call => has_word(model.name(n), &WAITS),
        _ => false,
    };
    let clamps = |n: &NodeId| {
        let max = model.kind(*n) == Kind::Call && has_word(model.name(*n), &["max"]);
        max && file.value(*n).origins.any(Origins::WALL.and(Origins::BOTH))
    };
    if body.iter().any(clamps) {
        return Guard::Holds;
    }
    let behind = |n: &NodeId| {
        let order = matches!(model.name(*n), "<" | ">" | "<=" | ">=") && model.kind(*n) == Kind::Binary;
        let sides: Vec<NodeId> = model.children_with(*n, Role::Operand).collect();
        let mentions = |test: &dyn Fn(NodeId) -> bool| sides.iter().any(|s| test(*s));
        order
            && mentions(&|s| model.self_and_descendants(s).any(is_reading))
            && mentions(&|s| model.self_and_descendants(s).any(|n| has_word(model.name(n), &LAST)))
    };
    let mut guard = Guard::None;
    for comparison in body.iter().copied().filter(|n| behind(n)) {
        let around =
            |kind: Kind| model.ancestors(comparison).take_while(|a| *a != function).find(|a| model.kind(*a) == kind);
        match around(Kind::If)
            .filter(|i| model.child(*i, Role::Condition).is_some_and(|c| model.contains(c, comparison)))
        {
            Some(branch) => {
                let then = model.child(branch, Role::Then);
                if then.is_some_and(|t| model.self_and_descendants(t).any(waits)) {
                    return Guard::Holds;
                }
                guard = Guard::Refuses;
            }
            // Spinning until the next tick holds only where it is not for equal readings alone.
            None if around(Kind::Loop).is_some() && around(Kind::If).is_none() => return Guard::Holds,
            None => guard = Guard::Refuses,
        }
    }
    guard
}
