//! What identifiers say about a claim.

use super::Claim;
use timelint_semantics::{has_word, words};

pub(super) fn subject_of(words: &[String]) -> Option<Claim> {
    words.iter().find_map(|w| match w.as_str() {
        "lease" | "leaseholder" => Some(Claim::Lease),
        "leader" | "leadership" | "elector" | "latch" => Some(Claim::Leadership),
        "lock" | "mutex" | "locked" | "lockout" => Some(Claim::Lock),
        _ => None,
    })
}

/// What an identifier claims, whether the word is also common for other things, and whether it claims to have it.
/// Anything besides the claim, its verb and fillers makes it another question (`hasLeader`, `isLeaderElectionEnabled`).
pub(super) fn claim_of(identifier: &str) -> Option<(Claim, bool, bool)> {
    const FILL: [&str; 19] = [
        "is",
        "am",
        "i",
        "we",
        "are",
        "this",
        "self",
        "local",
        "node",
        "server",
        "instance",
        "still",
        "currently",
        "the",
        "elected",
        "active",
        "cluster",
        "raft",
        "process",
    ];
    const HAVE: [&str; 14] = [
        "has", "have", "holds", "hold", "own", "owns", "held", "owner", "owned", "valid", "still", "mine", "live",
        "alive",
    ];
    let all = words(identifier);
    let negative = is_negative(&all);
    let core: Vec<&str> = all.iter().map(String::as_str).filter(|w| !is_negative_word(w)).collect();
    let verb = core.iter().any(|w| matches!(*w, "is" | "am" | "are"));
    let only = |subject: &[&str], allowed: &[&[&str]]| {
        core.iter().any(|w| subject.contains(w))
            && core.iter().all(|w| subject.contains(w) || allowed.iter().any(|list| list.contains(w)))
    };
    let having = negative || core.iter().any(|w| HAVE.contains(w));
    if only(&["leader"], &[&FILL]) && verb || only(&["leading"], &[&FILL]) {
        return Some((Claim::Leadership, false, !negative));
    }
    if having
        && (only(&["leadership"], &[&FILL, &HAVE])
            || (core.contains(&"leader") && only(&["lock", "lease", "role"], &[&["leader"], &FILL, &HAVE])))
    {
        return Some((Claim::Leadership, false, !negative));
    }
    if only(&["master", "primary"], &[&FILL]) && verb {
        return Some((Claim::Leadership, true, !negative));
    }
    if having && only(&["lease", "leaseholder"], &[&FILL, &HAVE]) {
        return Some((Claim::Lease, false, !negative));
    }
    if having && only(&["lock"], &[&FILL, &HAVE, &["distributed", "redis", "global"]]) {
        return Some((Claim::Lock, false, !negative));
    }
    None
}

pub(super) fn is_negative(words: &[String]) -> bool {
    words.iter().any(|w| is_negative_word(w))
}

fn is_negative_word(word: &str) -> bool {
    matches!(word, "expired" | "lost" | "not" | "revoked" | "released" | "expire")
}

/// The claim that a function's name says it insists on: `ensureLeadership`, `check_is_leader`, `assertLocked`.
pub(super) fn demanded_claim(identifier: &str) -> Option<Claim> {
    const DEMANDS: [&str; 9] =
        ["ensure", "check", "require", "requires", "assert", "verify", "validate", "confirm", "must"];
    let all = words(identifier);
    let (first, rest) = all.split_first()?;
    if !DEMANDS.contains(&first.as_str()) || is_negative(&all) {
        return None;
    }
    claim_alone(rest)
}

/// The claim under which a decorator runs its function: `leader_only`, `requires_leadership`.
pub(super) fn conditional_claim(identifier: &str) -> Option<Claim> {
    const ONLY: [&str; 9] = ["only", "require", "requires", "required", "ensure", "if", "needs", "must", "when"];
    let all = words(identifier);
    let rest: Vec<String> = all.iter().filter(|w| !ONLY.contains(&w.as_str())).cloned().collect();
    if rest.len() == all.len() || is_negative(&all) {
        return None;
    }
    claim_alone(&rest).filter(|c| *c != Claim::Lock)
}

/// The claim that the words name, if they name nothing else.
fn claim_alone(words: &[String]) -> Option<Claim> {
    const FILL: [&str; 14] =
        ["is", "am", "i", "we", "be", "still", "the", "this", "node", "held", "valid", "status", "on", "by"];
    let claim = words.iter().find_map(|w| match w.as_str() {
        "leader" | "leadership" => Some(Claim::Leadership),
        "lease" | "leaseholder" => Some(Claim::Lease),
        "lock" | "locked" => Some(Claim::Lock),
        _ => None,
    })?;
    let named = ["leader", "leadership", "lease", "leaseholder", "lock", "locked"];
    words.iter().all(|w| named.contains(&w.as_str()) || FILL.contains(&w.as_str())).then_some(claim)
}

/// A function that runs when this process becomes the leader.
pub(super) fn begins_leadership(identifier: &str) -> bool {
    const BEGINS: [&str; 14] = [
        "is", "on", "become", "became", "take", "takes", "gain", "gained", "acquire", "acquired", "start", "started",
        "win", "won",
    ];
    let ends = has_word(
        identifier,
        &["not", "lost", "lose", "stop", "stopped", "stopping", "revoked", "resign", "change", "changed", "new"],
    );
    !ends
        && (has_word(identifier, &["leader", "leadership", "leading", "master"]) && has_word(identifier, &BEGINS)
            || has_word(identifier, &["granted", "elected", "promoted"]))
}
