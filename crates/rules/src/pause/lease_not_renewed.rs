//! `lease-not-renewed`: a lease runs out while the work that it covers goes on, since nobody renews it, or since the
//! renewal fails and nobody hears.

use crate::Rule;
use crate::pause::aged_lock::aged_locks;
use crate::pause::drained_channel::drained_channels;
use crate::pause::dropped_renewal::{dropped_renewals, foreign_renewals};
use crate::pause::early_end::early_ends;
use crate::pause::ended_timer::ended_timers;
use crate::pause::lost_claim::{kept_flags, unheard_losses};
use crate::pause::outlived_lease::{early_leases, outlived};
use crate::pause::own_beat::own_beats;
use crate::pause::renewal::{forgotten_leases, fragile_renewals, may_renew};
use crate::pause::renewal_timing::mistimed_renewals;
use crate::pause::retaken_claim::retaken_claims;
use crate::pause::taken_again::taken_again;
use crate::pause::unheeded_renewal::unheeded_renewals;
use crate::story::Story;
use timelint_diagnostics::{Confidence, Family, Finding, RuleMeta, Severity};
use timelint_model::NodeId;
use timelint_semantics::Analysis;

/// See the module.
pub(crate) struct LeaseNotRenewed;

pub(crate) static META: RuleMeta = RuleMeta {
    id: "lease-not-renewed",
    aliases: &["lock-extend-unchecked"],
    family: Family::Pause,
    mechanism: "the work, or a pause in it, lasts longer than the lease",
    severity: Severity::Warning,
    summary: "a lease runs out while its work goes on: nothing renews it, or the renewal fails unheard",
    page: include_str!("lease_not_renewed.md"),
};

/// A lease that ends before its work does.
#[derive(Debug)]
pub(crate) struct Lapse {
    /// The expression that is wrong.
    pub(crate) at: NodeId,
    /// How it comes to its end.
    pub(crate) kind: Kind,
    /// The story, in the order of time.
    pub(crate) steps: Vec<(NodeId, &'static str)>,
    /// How sure.
    pub(crate) confidence: Confidence,
    /// What counted.
    pub(crate) evidence: String,
    /// What the library's own entry advises.
    pub(crate) advice: Option<String>,
}

/// How a lease comes to its end too early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The work may take longer than the lease.
    Outlived,
    /// The arguments for the wait and the lease look swapped.
    Swapped,
    /// It is made before a loop that waits for something else.
    Early,
    /// The answer of the renewal is dropped.
    Dropped,
    /// The renewal ends at the first failure, and only the log knows.
    Ended,
    /// A failed renewal is logged or slept over, and nothing looks at how long ago the last success was.
    Unheeded,
    /// A renewal takes a claim that was lost again, and says that all is well.
    Retaken,
    /// An exception ends the loop that renews.
    Unguarded,
    /// An exception ends the timer that renews.
    Cut,
    /// Nothing keeps it alive.
    Never,
    /// It is renewed between the pieces of work, and not in them.
    Between,
    /// The heartbeat leaves the end of the lease where it is.
    Unmoved,
    /// Others are renewed, this one is not.
    Forgotten,
    /// The renewal comes when the lease is over.
    Late,
    /// Every renewal adds a whole term.
    Grows,
    /// The renewal ends before the work does.
    EndsFirst,
    /// A failed renewal leaves the flag that says that it succeeded.
    Kept,
    /// The handle tells of the loss, and nobody listens.
    Unheard,
    /// The thread that renews is not the one that holds.
    Foreign,
    /// It is renewed by taking the lock again, which only the holding thread can.
    Again,
    /// Others take the lock by its age, and its holder never makes it younger.
    Aged,
}

impl Rule for LeaseNotRenewed {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check(&self, file: &Analysis<'_>, out: &mut Vec<Finding>) {
        let mut lapses = outlived(file);
        lapses.extend(early_leases(file));
        if may_renew(file) {
            lapses.extend(dropped_renewals(file));
            lapses.extend(fragile_renewals(file));
            lapses.extend(forgotten_leases(file));
            lapses.extend(kept_flags(file));
            lapses.extend(mistimed_renewals(file));
            lapses.extend(foreign_renewals(file));
            lapses.extend(unheeded_renewals(file));
            lapses.extend(retaken_claims(file));
            lapses.extend(early_ends(file));
            lapses.extend(drained_channels(file));
            lapses.extend(ended_timers(file));
        }
        lapses.extend(unheard_losses(file));
        lapses.extend(taken_again(file));
        lapses.extend(own_beats(file));
        lapses.extend(aged_locks(file));
        lapses.sort_by_key(|l| (l.at, std::cmp::Reverse(l.confidence)));
        lapses.dedup_by_key(|l| l.at);
        out.extend(lapses.into_iter().map(|l| tell(file, l)));
    }
}

fn tell(file: &Analysis<'_>, lapse: Lapse) -> Finding {
    let here = file.short(lapse.at);
    let (message, why, help) = words_of(lapse.kind, &here);
    let help = lapse.advice.map_or_else(|| help.to_owned(), |own| format!("{own}; or {help}"));
    let story = Story::new(&META, file, lapse.at, message)
        .why(why)
        .help(help)
        .confidence(lapse.confidence)
        .evidence(lapse.evidence);
    lapse.steps.into_iter().fold(story, |story, (at, text)| story.step(file.location(at), text)).tell()
}

/// What, why and do.
#[allow(clippy::too_many_lines, reason = "one entry a kind, and nothing else")]
fn words_of(kind: Kind, here: &str) -> (String, &'static str, &'static str) {
    const UNHEARD: &str = "tell the work when its claim is lost (cancel its context, set a flag that it looks at before \
                           every write, end the process), and let its writes carry a token that the resource checks";
    match kind {
        Kind::Outlived => (
            format!("`{here}` gives a lease that the work under it may outlast, and nothing renews it"),
            "when the lease runs out in the middle of the work, the next process takes the lock, and both go on",
            "renew it from a timer well before it ends (a third of the lease), and stop the work when a renewal fails",
        ),
        Kind::Swapped => (
            format!("`{here}` waits for longer than it then holds the lock: are the two swapped?"),
            "the second number is the lease: the lock is free again almost at once, and nobody notices",
            "give the wait first and the lease second, or leave the lease out so that the library renews it",
        ),
        Kind::Early => (
            format!("the lease of `{here}` already runs while the lock is waited for"),
            "the attempts and the pauses between them use the lease up: it can end before the lock is taken, or right \
             after, and the holder does not know",
            "make the lease in each attempt, or keep it alive from the moment it is made",
        ),
        Kind::Dropped => (
            format!("nobody looks at whether `{here}` renewed the claim"),
            "a claim that is lost cannot be renewed any more; the work goes on as if it were held, next to the new \
             holder",
            UNHEARD,
        ),
        Kind::Ended => (
            format!("renewing ends after one failure of `{here}`, and only the log hears of it"),
            "one slow or lost request ends the renewal; the lease runs out while the work believes that it is held",
            "try again while the lease lasts; then tell the work that its claim is lost (cancel its context, end the \
             process) and let its writes carry a token",
        ),
        Kind::Unheeded => (
            format!("when `{here}` fails, the work under the claim goes on"),
            "after the lease has run out another process takes over, while this one logs a line and works on: the failed \
             renewals tell it nothing",
            "keep the time of the last success on a monotonic clock, and stop the work when the lease may have run out since \
             (cancel its context, end the process); let its writes carry a token",
        ),
        Kind::Retaken => (
            "a renewal that finds the claim gone takes it again and reports success".to_owned(),
            "in the time when it was gone another process may have held it and changed what it protects; the work goes on as if \
             nothing had happened",
            "answer that the claim is lost, and let the work begin anew: with a lock of its own, and after reading again what \
             the lock protects",
        ),
        Kind::Unguarded => (
            format!("an exception in `{here}` ends the loop that keeps the claim alive"),
            "one lost connection ends the thread or timer, silently; the lease runs out while the process works on, and \
             another takes over",
            "catch what the renewal throws, log it and try again at the next beat; stop the work when the lease is over",
        ),
        Kind::Cut => (
            format!("an exception in `{here}` ends the task that keeps the claim alive, and nobody hears of it"),
            "one lost connection is enough: the task does not run again, the lease runs out while the process works on, and \
             another takes over",
            "catch whatever the renewal may throw inside the task, log it and try again at the next beat; stop the work when \
             the lease is over",
        ),
        Kind::Never => (
            format!("the lease of `{here}` is never kept alive"),
            "after its first term the key is gone, while the process that wrote it works on: the others take it for dead, and \
             what it claimed goes to the next",
            "keep the lease alive from the moment it is made, and enter anew when that ends",
        ),
        Kind::Between => (
            format!("nothing renews the locks of `{here}` while the work under them runs"),
            "a piece of work that takes longer than the lease loses its lock, and another process takes over while it still \
             runs",
            "renew from a thread or timer of its own, well before the lease ends, and stop the work when that fails",
        ),
        Kind::Unmoved => (
            "a heartbeat that leaves the end of the lease where it is".to_owned(),
            "whoever reports that it is alive and at work loses the record all the same when the lease runs out: another takes \
             it and does the work a second time",
            "move the end of the lease in the heartbeat, where the record still belongs to its sender",
        ),
        Kind::Forgotten => (
            format!("the lease of `{here}` is made here and not renewed with the others"),
            "the other claims of this object are kept alive, this one runs out after its first term: whoever relies on \
             it thinks that the process is gone",
            "renew it in the same heartbeat, and wait for the shorter of the two terms",
        ),
        Kind::Late => (
            format!("`{here}` renews too late for a second try"),
            "a timer that is late, or one request that is lost, and the lease is gone before the next renewal",
            "renew after a third of the lease, so that two failures can be made good",
        ),
        Kind::Grows => (
            format!("`{here}` adds a whole term to what is left, at every beat"),
            "the lease grows with each renewal; when the holder dies, nobody gets the lock for as long as all of them add \
             up to",
            "set the lease back to its full length instead of adding to it (`reacquire()`, `extend(.., replace_ttl=True)`)",
        ),
        Kind::EndsFirst => (
            "renewing the locks ends when closing begins, while work still runs".to_owned(),
            "closing waits for the work that runs; its locks run out meanwhile, and others start the same work",
            "renew until the last piece of work has ended, and stop the timer then",
        ),
        Kind::Kept => (
            format!("when `{here}` fails, the flag still says that the claim was renewed"),
            "a renewal that times out or throws changes nothing here: the loop goes on as if the claim were held, while \
             another process takes it",
            "clear the flag where the failure is caught, or compare the time of the last success with the lease",
        ),
        Kind::Unheard => (
            format!("nobody hears when the lease of `{here}` is lost"),
            "after a pause or a partition the lease is gone for good, and the handle that is kept here goes on to be used \
             as if it were alive",
            UNHEARD,
        ),
        Kind::Foreign => (
            format!("`{here}` renews in a thread that does not hold the lock"),
            "the lock keeps its owner's token for the thread that took it: in another one there is none, each renewal fails, \
             and the lease runs out while the work goes on",
            "make the lock so that its token is shared by all threads (`thread_local=False`), and look at what a renewal \
             says",
        ),
        Kind::Again => (
            format!("`{here}` renews by taking the lock again, which only the thread that holds it can"),
            "a timer's pool runs this in whatever thread is free: in another one the lock is somebody else's, the renewal \
             fails, and the lease runs out while the work goes on; each success has to be given back as well",
            "leave the lease out, so that the library renews for as long as the lock is held, or renew by an owner of your own \
             that all threads share; and stop the work when a renewal fails",
        ),
        Kind::Aged => (
            "a lock counts as abandoned by its age, but its holder never makes it younger".to_owned(),
            "work that takes longer than that age loses its lock to the next process while it still runs",
            "let the holder touch the lock at an interval well below that age, and stop when it finds that it is gone",
        ),
    }
}
