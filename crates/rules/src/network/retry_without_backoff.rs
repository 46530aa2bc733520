//! `retry-without-backoff`: what failed is repeated at once, or after a pause that never becomes longer.

use crate::Rule;
use crate::network::attempts::{Attempt, attempts};
use crate::network::delay::Delay;
use crate::network::pace::{Pace, Pause, pace_of};
use crate::network::redial::{Redial, redials};
use crate::network::remote::Remote;
use crate::network::reopen::{Reopening, reopenings};
use crate::network::retry_policy::{Policy, policies};
use crate::network::rounds::{goes_on, try_around};
use crate::network::sessions::{Session, sessions};
use crate::network::times::Bound;
use crate::story::Story;
use crate::surface::quiet_beside_services;
use timelint_diagnostics::{Confidence, Family, Finding, RuleMeta, Severity};
use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::catalog::Pauses;
use timelint_semantics::{Analysis, Origins, has_word, words};

/// See the module.
pub(crate) struct RetryWithoutBackoff;

pub(crate) static META: RuleMeta = RuleMeta {
    id: "retry-without-backoff",
    aliases: &[],
    family: Family::Network,
    mechanism: "retries multiply the load of a server that is already failing",
    severity: Severity::Warning,
    summary: "a remote call that failed is repeated at once, or after a pause that never grows",
    page: include_str!("retry_without_backoff.md"),
};

/// Attempts up to which an even pace does little harm.
const FEW: f64 = 3.0;

/// Attempts, and the pause in seconds between them, with which the same is true.
const HANDFUL: f64 = 5.0;
const BREATH: f64 = 0.05;

/// A pause longer than this keeps one client from being a load, however often it tries.
const CALM: f64 = 1.0;

/// Words of calls that only look.
const READS: [&str; 9] = ["get", "list", "find", "read", "load", "lookup", "describe", "fetch", "is"];

/// The same where the loop looks at the clock and gives up.
const MOMENT: f64 = 0.1;

impl Rule for RetryWithoutBackoff {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check(&self, file: &Analysis<'_>, out: &mut Vec<Finding>) {
        let from = out.len();
        out.extend(attempts(file).iter().filter_map(|a| of_loop(file, a)));
        out.extend(redials(file).iter().filter_map(|r| of_redial(file, r)));
        out.extend(reopenings(file).into_iter().map(|r| of_reopening(file, r)));
        out.extend(sessions(file).iter().filter_map(|s| of_session(file, s)));
        out.extend(policies(file).iter().filter_map(|p| of_policy(file, p)));
        quiet_beside_services(file, &mut out[from..]);
    }
}

fn of_loop(file: &Analysis<'_>, attempt: &Attempt) -> Option<Finding> {
    let call = file.short(attempt.call);
    if file.is_silent(&META, attempt.call, "the loop goes through pages", goes_through_pages(file, attempt)) {
        return None;
    }
    let pace = pace_of(file, attempt.again, attempt.call);
    let (at, message, confidence) = match pace {
        Pace::AtOnce => {
            // A lock by name alone may be one of this process, which is spun on for moments.
            let spins = attempt.remote != Remote::Known && has_word(file.model.name(attempt.call), &["lock", "mutex"]);
            // Who retries after timeouts only has waited for as long.
            let confidence =
                if spins || has_waited(file, attempt) { Confidence::Low } else { when_at_once(file, attempt) };
            (attempt.call, format!("`{call}` is repeated with no pause when it fails"), confidence)
        }
        // Who waits for a lock may ask at a steady pace; that all do so together is another rule's.
        Pace::Even(..) if attempt.contends => return None,
        Pace::Even(pause, delay) => {
            let message = match delay.fixed {
                Some(seconds) => format!("`{call}` is repeated every {} when it fails", length(seconds)),
                None => return None,
            };
            let timed = delay.fixed.is_some_and(|s| s >= MOMENT) && gives_up_in_time(file, attempt);
            (pause.at, message, if timed { Confidence::Low } else { when_even(attempt, delay) })
        }
        Pace::Changing(pause, delay) => {
            let (message, confidence) = of_changing(file, &call, attempt, pause, delay)?;
            (delay.xor.or(delay.tiny).unwrap_or(pause.at), message, confidence)
        }
        Pace::Unknown => return None,
    };
    let story = Story::new(&META, file, at, message).why(why(attempt.bound)).help(help(attempt.contends));
    let story = story.confidence(confidence).step(file.location(attempt.call), "the call that may fail");
    let story = match pace {
        Pace::Even(pause, _) | Pace::Changing(pause, _) => story.step(file.location(pause.at), "the only pause"),
        _ => story.step(head(file, attempt.again), "and again at once"),
    };
    Some(story.evidence(of_bound(attempt.bound)).tell())
}

/// `do { page = find(page); handle(page) } while (page.hasNext())`: no handler in it, and nobody looks at how the call went.
fn goes_through_pages(file: &Analysis<'_>, attempt: &Attempt) -> bool {
    const MOST_NODES: usize = 2000;
    let model = file.model;
    let within = || model.descendants(attempt.again).take(MOST_NODES);
    let asks = |n: NodeId| {
        let name = words(model.name(n));
        model.kind(n) == Kind::Call && (name == ["has", "next"] || name == ["has", "more"] || name == ["next", "page"])
    };
    file.statement(attempt.call) == attempt.call
        && !within().any(|n| model.kind(n) == Kind::Catch)
        && within().any(asks)
}

/// The loop looks at the clock and ends: an even pace for so long was chosen.
fn gives_up_in_time(file: &Analysis<'_>, attempt: &Attempt) -> bool {
    const MOST_NODES: usize = 2000;
    let model = file.model;
    let compares = |n: NodeId| {
        model.kind(n) == Kind::Binary
            && matches!(model.name(n), "<" | "<=" | ">" | ">=")
            && model.children_with(n, Role::Operand).any(|o| file.value(o).origins.any(Origins::CLOCKS))
    };
    model.descendants(attempt.again).take(MOST_NODES).any(compares)
}

/// Pauses that change and still do not back off.
fn of_changing(
    file: &Analysis<'_>,
    call: &str,
    attempt: &Attempt,
    pause: Pause,
    delay: Delay,
) -> Option<(String, Confidence)> {
    let endless = attempt.bound == Bound::Endless;
    if delay.xor.is_some() {
        let message = format!("`^` is exclusive or, not a power: the pause before `{call}` is repeated does not grow");
        return Some((message, Confidence::High));
    }
    if delay.tiny.is_some() && !delay.random {
        let message = format!(
            "the pause before `{call}` is repeated is a bare power of a tiny unit: the first attempts follow at once"
        );
        return Some((message, Confidence::Medium));
    }
    // A random part on top of something is a pause; a random part of something may be next to nothing.
    let model = file.model;
    let sum = |n: NodeId| model.kind(n) == Kind::Binary && model.name(n).contains('+');
    let part = |n: NodeId| model.kind(n) == Kind::Binary && model.name(n).contains('*');
    let nodes = |test: &dyn Fn(NodeId) -> bool| pause.amount.is_some_and(|a| model.self_and_descendants(a).any(test));
    let only_chance = delay.random && !delay.grows && endless && !attempt.contends && nodes(&part) && !nodes(&sum);
    only_chance.then(|| {
        let message = format!("`{call}` is repeated without end after a random pause that never grows");
        (message, Confidence::Medium)
    })
}

/// Nothing but a timeout leads to the next attempt.
fn has_waited(file: &Analysis<'_>, attempt: &Attempt) -> bool {
    let model = file.model;
    let Some(guarding) = try_around(file, attempt.again, attempt.call) else { return false };
    let handlers = model.children_with(guarding, Role::Catch).filter(|c| goes_on(file, attempt.again, *c));
    let mut types = handlers.flat_map(|c| model.children_with(c, Role::Type)).peekable();
    types.peek().is_some() && types.all(|t| has_word(model.name(t), &["timeout"]))
}

/// `client.Get(..)`: it looks, and changes nothing.
fn only_reads(file: &Analysis<'_>, call: NodeId) -> bool {
    let first = words(file.model.name(call)).into_iter().next();
    first.is_some_and(|w| READS.contains(&w.as_str()))
}

fn when_at_once(file: &Analysis<'_>, attempt: &Attempt) -> Confidence {
    let sure = match attempt.remote {
        Remote::Known => Confidence::High,
        Remote::Named => Confidence::Medium,
        Remote::Around | Remote::No => Confidence::Low,
    };
    match attempt.bound {
        Bound::Times(n) if n <= FEW => Confidence::Low,
        // Some looks at once are soon over.
        Bound::Times(_) | Bound::Some if only_reads(file, attempt.call) => Confidence::Low,
        _ if attempt.elsewhere => Confidence::Low,
        _ => sure,
    }
}

fn when_even(attempt: &Attempt, delay: Delay) -> Confidence {
    let few = matches!(attempt.bound, Bound::Times(n) if n <= FEW);
    let gentle = delay.fixed.is_some_and(|s| s > CALM);
    // Some attempts, seconds apart, load nobody; nor do a handful that do not come in one breath.
    let gentle = gentle
        || match attempt.bound {
            Bound::Endless | Bound::Some => false,
            Bound::Times(n) => n <= HANDFUL && delay.fixed.is_some_and(|s| s >= BREATH),
        };
    if few || gentle || attempt.elsewhere || attempt.remote < Remote::Named {
        Confidence::Low
    } else {
        Confidence::Medium
    }
}

fn of_redial(file: &Analysis<'_>, redial: &Redial) -> Option<Finding> {
    let call = file.short(redial.again);
    let (message, confidence) = match redial.delay {
        None if redial.hidden => return None,
        None => (format!("`{call}` runs again at once after a failure"), redial.confidence),
        Some((_, delay)) => {
            if delay.xor.is_some() {
                (format!("`^` is exclusive or, not a power: the pause before `{call}` does not grow"), Confidence::High)
            } else if let Some(seconds) = delay.fixed.filter(|_| !delay.grows && !delay.random && !delay.unknown) {
                // Some attempts at an even pace were thought of.
                let mild = seconds > CALM || redial.bound != Bound::Endless;
                let confidence = if mild { Confidence::Low } else { redial.confidence };
                (format!("`{call}` runs again every {} after a failure", length(seconds)), confidence)
            } else {
                return None;
            }
        }
    };
    let at = redial.delay.map_or(redial.again, |(amount, delay)| delay.xor.unwrap_or(amount));
    let declared = redial.delay.map(|(amount, _)| file.value(amount).sites).unwrap_or_default();
    // Who waits for a lock may ask at a steady pace; that all do so together is another rule's.
    if redial.contends && redial.delay.is_some() && confidence != Confidence::High {
        return None;
    }
    let last = file.function_around(redial.failure).map(|f| file.tables.calls_between(f, redial.failure));
    let reads = last.and_then(<[NodeId]>::last).is_some_and(|c| only_reads(file, *c));
    let few = matches!(redial.bound, Bound::Times(n) if n <= FEW) || redial.bound != Bound::Endless && reads;
    let confidence = if few { Confidence::Low } else { redial.confidence.min(confidence) };
    let story = Story::new(&META, file, at, message).why(why(redial.bound)).help(help(false)).confidence(confidence);
    let story = story.sites(&declared, "the pause").step(file.location(redial.failure), "reached after a failure");
    Some(story.step(file.location(redial.again), "and again").tell())
}

/// A loop that serves for ever, and tries again when what it serves has failed.
fn of_session(file: &Analysis<'_>, session: &Session) -> Option<Finding> {
    let call = file.short(session.call);
    let (at, message, confidence) = match session.pace {
        Pace::AtOnce => {
            let message = format!("`{call}` is repeated with no pause when it fails");
            (session.call, message, Confidence::Medium)
        }
        Pace::Even(pause, delay) => {
            let seconds = delay.fixed?;
            let gentle = seconds > CALM || !session.opens;
            let confidence = if gentle { Confidence::Low } else { Confidence::Medium };
            (pause.at, format!("`{call}` is repeated every {} when it fails", length(seconds)), confidence)
        }
        Pace::Changing(_, delay) => {
            let at = delay.xor?;
            let message =
                format!("`^` is exclusive or, not a power: the pause before `{call}` is repeated does not grow");
            (at, message, Confidence::High)
        }
        Pace::Unknown => return None,
    };
    let confidence = if session.remote < Remote::Named { Confidence::Low } else { confidence };
    let story = Story::new(&META, file, at, message).why(why(Bound::Endless)).help(help(false)).confidence(confidence);
    let story = story.step(file.location(session.call), "the call that may fail");
    let reached = session.failure.map(|f| file.location(f));
    Some(reached.into_iter().fold(story, |s, f| s.step(f, "reached after a failure, and again")).tell())
}

/// An event loop that opens again what broke.
fn of_reopening(file: &Analysis<'_>, reopening: Reopening) -> Finding {
    let message = format!("`{}` runs again at once whenever it has failed", file.short(reopening.call));
    let story = Story::new(&META, file, reopening.call, message).why(why(Bound::Endless)).help(help(false));
    let story = story.confidence(Confidence::Medium).step(file.location(reopening.event), "tells of a failure");
    story.step(file.location(reopening.call), "sets it up again, with no pause").tell()
}

fn of_policy(file: &Analysis<'_>, policy: &Policy) -> Option<Finding> {
    let (message, base) = match policy.pauses {
        _ if policy.xor.is_some() => {
            ("`^` is exclusive or, not a power: the pause between attempts does not grow".to_owned(), Confidence::High)
        }
        _ if policy.tiny.is_some() && !policy.random => (
            "the pause between attempts is a bare power of milliseconds: the first attempts follow at once".to_owned(),
            Confidence::Medium,
        ),
        Pauses::None => (format!("`{}` repeats what failed with no pause", policy.name), Confidence::Medium),
        Pauses::Fixed if policy.contends || policy.random => return None,
        Pauses::Fixed => {
            let length = policy.fixed.filter(|s| *s <= CALM).map(length);
            let sure = if length.is_some() { Confidence::Medium } else { Confidence::Low };
            let pace = length.map_or_else(|| "at an even pace".to_owned(), |l| format!("every {l}"));
            if policy.settable {
                return None;
            }
            (format!("`{}` repeats what failed {pace}", policy.name), sure)
        }
        Pauses::Growing => return None,
    };
    // Who chose a few even attempts thought of it; who left the pause to the library did not.
    let most = if policy.unchosen && policy.pauses == Pauses::Fixed { 2.0 } else { FEW };
    // How often is a setting: whoever runs it says so.
    let few = policy.attempts.is_some_and(|n| n <= most) || policy.counted && policy.pauses == Pauses::None;
    let confidence = if few && policy.xor.is_none() { Confidence::Low } else { base.min(policy.confidence) };
    let bound = if policy.attempts.is_some() { Bound::Some } else { Bound::Endless };
    let help = policy.advice.clone().unwrap_or_else(|| help(policy.contends));
    let at = policy.xor.or(policy.tiny).unwrap_or(policy.at);
    Some(
        Story::new(&META, file, at, message)
            .why(why(bound))
            .help(help)
            .confidence(confidence)
            .step(file.location(policy.at), "the policy")
            .tell(),
    )
}

/// The first line of a loop, for a label.
fn head(file: &Analysis<'_>, again: NodeId) -> timelint_diagnostics::Location {
    let model = file.model;
    let condition = model.children(again).next().filter(|c| model.kind(*c) != Kind::Block);
    condition.map_or_else(
        || {
            let span = model.span(again);
            file.location_of(timelint_diagnostics::Span::new(span.start, span.start + 3))
        },
        |c| file.location(c),
    )
}

fn of_bound(bound: Bound) -> String {
    match bound {
        Bound::Endless => "it is repeated without end".to_owned(),
        Bound::Times(n) => format!("it is repeated up to {n} times"),
        Bound::Some => "it is repeated up to some number of times".to_owned(),
    }
}

fn why(bound: Bound) -> &'static str {
    if bound == Bound::Endless {
        "when the other side is down or slow, every client turns into a loop that calls it as fast as it can: the load keeps it \
         down after the first cause is gone"
    } else {
        "all attempts fall into the same bad moment and multiply the load of a server that is already failing"
    }
}

fn help(contends: bool) -> String {
    if contends {
        return "wait between attempts, for a random time around a few round trips, or let the lock service wake you"
            .to_owned();
    }
    "wait longer after each failure, up to a limit, and add a random part: `sleep(random(0, min(cap, base * 2 ** attempt)))`; give \
     up after a total time"
        .to_owned()
}

/// `1.5 s`, `200 ms`.
fn length(seconds: f64) -> String {
    if seconds < 1.0 {
        format!("{} ms", (seconds * 1e5).round() / 100.0)
    } else {
        format!("{} s", (seconds * 100.0).round() / 100.0)
    }
}
