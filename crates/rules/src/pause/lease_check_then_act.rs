//! `lease-check-then-act`: this process asks whether its lease, lock or leadership still holds, and a write that
//! nothing fences relies on the answer.

use crate::Rule;
use crate::pause::existence::{Existence, existences};
use crate::pause::guarded_write::{Act, collect, suspicious_functions};
use crate::pause::lock_validity::{Gap, Missing, validity_gaps};
use crate::pause::ownership::{Check, Claim, Source};
use crate::pause::stale_answer::{Race, Stale, races, stale_answers, unasked_leases, unchecked_lease_reads};
use crate::pause::unread_answer::{Unread, Unreads};
use crate::story::{Story, lower};
use timelint_diagnostics::{Confidence, Family, Finding, RuleMeta, Severity};
use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::Analysis;
use timelint_semantics::catalog::Effect;

/// See the module.
pub(crate) struct LeaseCheckThenAct;

pub(super) static META: RuleMeta = RuleMeta {
    id: "lease-check-then-act",
    aliases: &["leader-check-then-act"],
    family: Family::Pause,
    mechanism: "a pause between the check and the write outlives the lease",
    severity: Severity::Warning,
    summary: "a process checks its own lease, lock or leadership and then writes where nothing enforces it",
    page: include_str!("lease_check_then_act.md"),
};

impl Rule for LeaseCheckThenAct {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check(&self, file: &Analysis<'_>, out: &mut Vec<Finding>) {
        let mut acts: Vec<Act<'_>> = Vec::new();
        for function in suspicious_functions(file) {
            collect(file, function, &mut acts);
            out.extend(stale_answers(file, function).iter().map(|s| tell_stale(file, s)));
            out.extend(races(file, function).iter().map(|r| tell_race(file, r)));
        }
        // One finding a check: the act with the strongest story.
        acts.sort_by_key(|a| (a.check.at, std::cmp::Reverse(strength(a)), a.write.at));
        acts.dedup_by_key(|a| a.check.at);
        out.extend(acts.iter().map(|a| tell(file, a)));
        out.extend(file.shared(Unreads::of).0.iter().map(|u| tell_unread(file, u)));
        out.extend(unchecked_lease_reads(file).into_iter().map(|(mode, answer)| tell_lease_read(file, mode, answer)));
        out.extend(unasked_leases(file).into_iter().map(|(answer, lease)| tell_unasked(file, answer, lease)));
        out.extend(existences(file).into_iter().map(|e| tell_existence(file, e)));
        out.extend(validity_gaps(file).into_iter().map(|g| tell_gap(file, g)));
    }
}

fn strength(act: &Act<'_>) -> (Confidence, bool, Effect) {
    (confidence(act), act.window.is_some(), act.write.effect)
}

/// How sure: links that rest on a name, and how long the answer has to last.
fn confidence(act: &Act<'_>) -> Confidence {
    let names = u8::from(act.check.by_name) + u8::from(act.by_name);
    let mut confidence = match (names, act.window.is_some()) {
        (0, true) => Confidence::High,
        (0, false) | (1, _) => Confidence::Medium,
        _ => Confidence::Low,
    };
    if act.check.weak || act.check.source == Source::RoundTrip || act.write.effect == Effect::Cache {
        confidence = lower(confidence);
    }
    confidence
}

fn tell(file: &Analysis<'_>, act: &Act<'_>) -> Finding {
    let noun = act.check.claim.noun();
    let asked = file.short(act.check.at);
    let write = file.model.name(act.write.at);
    let message = format!("`{asked}` may no longer hold when `{write}` writes");
    let severity = if act.write.effect >= Effect::External { Severity::Error } else { Severity::Warning };
    let mut story = Story::new(&META, file, act.check.at, message)
        .why(format!(
            "a pause after the check (GC, VM freeze, slow disk or network) can outlive the {noun}: another process gets \
             it and writes, then this one wakes up behind its check and writes too"
        ))
        .help(help(act))
        .confidence(confidence(act))
        .severity(severity)
        .step(file.location(act.check.at), asked_step(&act.check));
    if let Some(window) = &act.window {
        story = story.step(file.location(window.at), window.text).evidence(window.text);
    }
    if act.check.by_name {
        story = story.evidence("the check is recognised by its name");
    }
    if act.by_name {
        story = story.evidence("the write is recognised by its name or in another function");
    }
    story.step(file.location(act.write.at), "the write relies on that answer, and nothing rejects it when late").tell()
}

fn tell_stale(file: &Analysis<'_>, stale: &Stale<'_>) -> Finding {
    let noun = stale.check.claim.noun();
    let message = format!("`{}` may no longer hold when the answer is given", file.short(stale.check.at));
    Story::new(&META, file, stale.check.at, message)
        .why(format!(
            "the {noun} can move to another process while this one waits: the answer then is that of a process that has \
             no right to give it, and contradicts what the new holder says"
        ))
        .help(
            "confirm the claim after the wait, as part of what is answered: a read index or quorum read, or the term or \
             revision at which the answer was true, for the caller to compare",
        )
        .confidence(stale_confidence(stale))
        .evidence("the answer is given after a wait, and nothing asks again")
        .step(file.location(stale.check.at), asked_step(&stale.check))
        .step(file.location(stale.window.at), stale.window.text)
        .step(file.location(stale.answer), "the answer relies on it")
        .tell()
}

fn stale_confidence(stale: &Stale<'_>) -> Confidence {
    if stale.check.weak || stale.check.source == Source::RoundTrip { Confidence::Low } else { Confidence::Medium }
}

fn tell_unasked(file: &Analysis<'_>, answer: NodeId, lease: NodeId) -> Finding {
    Story::new(&META, file, answer, format!("`{}` says who led last, and not whether the lease still holds", file.short(answer)))
        .why(
            "what was learned of the leader stays as it is while this process is paused or cut off: it goes on saying yes after \
             another one has taken over, and whoever asks it acts on that",
        )
        .help("ask the lease as part of the answer; and let what is done for the answer carry the term or revision")
        .confidence(Confidence::Medium)
        .step(file.location(lease), "the lease could be asked")
        .step(file.location(answer), "and is not")
        .tell()
}

fn tell_existence(file: &Analysis<'_>, existence: Existence) -> Finding {
    Story::new(&META, file, existence.answer, format!("`{}` says that somebody holds the lock, not who", file.short(existence.answer)))
        .why(
            "after a pause that outlasts the lease the key is the next holder's: this still answers yes, and whoever asks works \
             on next to that holder",
        )
        .help(
            "compare what is stored with the value that this holder wrote; and let what is done for the answer be conditional \
             on it at the resource",
        )
        .confidence(Confidence::Medium)
        .step(file.location(existence.take), "who holds the lock is written here")
        .step(file.location(existence.read), "and not compared here")
        .tell()
}

fn tell_race(file: &Analysis<'_>, race: &Race) -> Finding {
    Story::new(&META, file, race.case, "this case may run although the claim is already lost")
        .why(
            "when both channels are ready, `select` takes either: a process that was paused finds the loss and the work \
             waiting side by side, and goes on with the work",
        )
        .help(
            "ask the loss channel again, without waiting, as the first thing in this case; and let what it does carry \
             the term, revision or token for the resource to check",
        )
        .confidence(Confidence::Medium)
        .evidence("`select` gives neither case precedence")
        .step(file.location(race.loss), "this case says that the claim is lost")
        .step(file.location(race.act), "and this happens whether or not it is ready, too")
        .tell()
}

fn tell_lease_read(file: &Analysis<'_>, mode: NodeId, answer: NodeId) -> Finding {
    let switch = file.model.enclosing(mode, Kind::Switch);
    let chosen = switch.and_then(|s| file.model.child(s, Role::Subject));
    Story::new(&META, file, mode, "a read is answered on the strength of a lease that nobody looks at")
        .why(
            "a leader that was paused for longer than its lease answers from its old state, while the new leader has \
             already accepted writes: the read is stale although it was promised to be linearizable",
        )
        .help(
            "check that the leader's lease is still valid, on a monotonic clock, right before the answer, and fall back to \
             a round of heartbeats (read index) when it is not",
        )
        .confidence(Confidence::Medium)
        .evidence("the branch is named after a lease, and the function asks for none")
        .step(file.location(chosen.unwrap_or(mode)), "how to answer is chosen here")
        .step(file.location(mode), "this mode trusts the lease")
        .step(file.location(answer), "and answers at once")
        .tell()
}

fn tell_gap(file: &Analysis<'_>, gap: Gap) -> Finding {
    let (message, help) = match gap.missing {
        Missing::Elapsed => (
            "the lock counts as valid for its whole lease, although taking it has used some of it up",
            "read a monotonic clock before the first request and subtract what has passed since from the lease; report \
             failure when nothing is left",
        ),
        Missing::Drift => (
            "the lock's validity leaves no room for clocks that run at different rates",
            "subtract a margin for drift as well (Redlock: 1 % of the lease and 2 ms), so that the holder stops before \
             the stores let go",
        ),
    };
    Story::new(&META, file, gap.at, message)
        .why(
            "the stores count from the moment they got the request, on their own clocks: the holder believes in the lock \
             for longer than they keep it, and acts next to the next holder",
        )
        .help(help)
        .confidence(Confidence::Medium)
        .evidence("how long a lock is valid is computed here")
        .step(file.location(gap.at), "the validity is decided here")
        .tell()
}

fn tell_unread(file: &Analysis<'_>, unread: &Unread) -> Finding {
    let model = file.model;
    let message = match model.kind(unread.at) {
        Kind::Call => format!("`{}` goes on whatever `{}` answers", file.short(unread.at), model.name(unread.asked)),
        _ => format!("`{}` is never looked at: the work runs without the lock", model.name(unread.at)),
    };
    Story::new(&META, file, unread.at, message)
        .why("the call says \"no\" by its result when another process holds the lock; both then do the same work")
        .help(
            "run the work only when the answer is yes, and let the work's own writes carry a token or version as well",
        )
        .confidence(Confidence::Medium)
        .evidence("the call and its answer are recognised by their names")
        .step(file.location(unread.asked), "the lock is asked for")
        .step(file.location(unread.at), "the answer is bound here and never read")
        .step(file.location(unread.work), "this runs whatever the answer was")
        .tell()
}

fn asked_step(check: &Check<'_>) -> String {
    let noun = check.claim.noun();
    match check.source {
        Source::Asked => format!("the {noun} is asked for, once"),
        Source::Flag => format!("a flag is read that says the {noun} is held: as old as its last update"),
        Source::Clock => format!("the {noun}'s end is compared with a clock, once"),
        Source::Compared => format!("the {noun} is compared, once"),
        Source::RoundTrip => format!("the {noun} is confirmed, as of the start of that round trip"),
    }
}

fn help(act: &Act<'_>) -> String {
    let api = act.check.api.and_then(|a| a.token.as_deref());
    let own = match act.check.claim {
        Claim::Leadership => {
            "send the leader's epoch (term, revision, transitions) with the write and let the resource reject older ones"
        }
        Claim::Lease | Claim::Lock => "send the fencing token with the write and let the resource reject older ones",
    };
    let first = api.unwrap_or(own);
    format!(
        "{first}; or make the write itself conditional (`WHERE version = ?`, compare-and-set, one transaction with the owner's row)"
    )
}
