//! `retry-without-jitter`: many clients wait for the same times between attempts, and come back together.

use crate::Rule;
use crate::network::attempts::{Attempt, attempts};
use crate::network::delay::{Delay, GENTLE_SECONDS};
use crate::network::pace::{Pace, Pause, pace_of};
use crate::network::redial::{Redial, redials};
use crate::network::remote::{Remote, evidence_around};
use crate::network::retry_policy::{Policy, policies};
use crate::network::sessions::{Session, sessions};
use crate::network::shared_moment::{is_given_work, is_of_many, is_shared, is_voted_on, reconnects};
use crate::network::times::Bound;
use crate::story::Story;
use crate::surface::quiet_beside_services;
use timelint_diagnostics::{Applicability, Confidence, Family, Finding, RuleMeta, Severity};
use timelint_semantics::Analysis;
use timelint_semantics::catalog::Pauses;

/// See the module.
pub(crate) struct RetryWithoutJitter;

static META: RuleMeta = RuleMeta {
    id: "retry-without-jitter",
    aliases: &[],
    family: Family::Network,
    mechanism: "clients that failed together retry together",
    severity: Severity::Note,
    summary: "pauses between attempts have no random part, so that clients that failed together come back together",
    page: include_str!("retry_without_jitter.md"),
};

/// Attempts up to which coming back together does little harm.
const FEW: f64 = 2.0;

/// The same for a library's policy whose pauses grow: whoever chose a few attempts thought of one client.
const SOME: f64 = 5.0;

impl Rule for RetryWithoutJitter {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check(&self, file: &Analysis<'_>, out: &mut Vec<Finding>) {
        let from = out.len();
        out.extend(attempts(file).iter().filter_map(|a| of_loop(file, a)));
        out.extend(redials(file).iter().filter_map(|r| of_redial(file, r)));
        out.extend(sessions(file).iter().filter_map(|s| of_session(file, s)));
        out.extend(policies(file).iter().filter_map(|p| of_policy(file, p)));
        quiet_beside_services(file, &mut out[from..]);
    }
}

fn of_loop(file: &Analysis<'_>, attempt: &Attempt) -> Option<Finding> {
    let call = file.short(attempt.call);
    let pace = pace_of(file, attempt.again, attempt.call);
    let random = matches!(pace, Pace::Even(_, delay) | Pace::Changing(_, delay) if delay.random);
    file.is_silent(&META, attempt.call, "its pauses have a random part", random);
    let (pause, delay, message) = match pace {
        Pace::Even(pause, delay) if attempt.contends && !delay.random => {
            (pause, delay, format!("all who wait for the lock repeat `{call}` after the same pause"))
        }
        Pace::Changing(pause, delay) if grows_alike(delay) => {
            (pause, delay, format!("the pause before `{call}` is repeated grows, but is the same for all clients"))
        }
        Pace::Even(pause, delay) if attempt.connects && is_left_to_us(delay) => {
            (pause, delay, format!("all clients repeat `{call}` after the same pause"))
        }
        _ => return None,
    };
    let helper = is_given_work(file, attempt.again) && !matches!(attempt.bound, Bound::Times(n) if n < SOME);
    let few = matches!(attempt.bound, Bound::Times(n) if n <= FEW);
    // Who lost a connection meets the others again, whichever server he asks next.
    let many =
        attempt.contends && is_voted_on(file) || helper || is_shared(file, attempt.again, attempt.connects, false);
    let weak = attempt.remote < Remote::Named || few || attempt.elsewhere && !attempt.connects || !many;
    let confidence = if weak { Confidence::Low } else { Confidence::Medium };
    Some(
        tell(file, pause, delay, message, confidence)
            .step(file.location(attempt.call), "the call that is repeated")
            .tell(),
    )
}

/// A loop that serves for ever, and waits the same times as all others when that has failed.
fn of_session(file: &Analysis<'_>, session: &Session) -> Option<Finding> {
    let call = file.short(session.call);
    let (pause, delay, message) = match session.pace {
        Pace::Changing(pause, delay) if grows_alike(delay) => {
            (pause, delay, format!("the pause before `{call}` is repeated grows, but is the same for all clients"))
        }
        Pace::Even(pause, delay) if session.opens && is_left_to_us(delay) => {
            (pause, delay, format!("all clients repeat `{call}` after the same pause"))
        }
        _ => return None,
    };
    let many = is_given_work(file, session.call) || is_shared(file, session.call, true, false);
    let weak = session.remote < Remote::Named || !many;
    let confidence = if weak { Confidence::Low } else { Confidence::Medium };
    Some(
        tell(file, pause, delay, message, confidence)
            .step(file.location(session.call), "the call that is repeated")
            .tell(),
    )
}

/// A pause that becomes longer, and in nothing differs from that of others.
fn grows_alike(delay: Delay) -> bool {
    delay.grows && !delay.random && !delay.unknown && delay.xor.is_none() && delay.tiny.is_none()
}

/// An even pause that has no fixed length, or a long one: that it does not grow is for others to say.
fn is_left_to_us(delay: Delay) -> bool {
    !delay.random && !delay.unknown && delay.fixed.map_or(delay.settable, |s| s >= GENTLE_SECONDS)
}

/// A timer that runs the function again.
fn of_redial(file: &Analysis<'_>, redial: &Redial) -> Option<Finding> {
    let (amount, delay) = redial.delay?;
    let call = file.short(redial.again);
    if delay.random || delay.unknown || delay.xor.is_some() || delay.tiny.is_some() {
        return None;
    }
    let message = if delay.grows {
        format!("the pause before `{call}` grows, but is the same for all clients")
    } else if redial.contends {
        format!("all who wait for the lock repeat `{call}` after the same pause")
    } else if redial.connects && is_left_to_us(delay) {
        format!("all clients repeat `{call}` after the same pause")
    } else {
        return None;
    };
    let pause = Pause { at: amount, amount: Some(amount), unit: None };
    let many = redial.contends && is_voted_on(file)
        || is_given_work(file, redial.again)
        || is_shared(file, redial.again, redial.connects, false);
    let confidence = if many { redial.confidence } else { Confidence::Low };
    let story = tell(file, pause, delay, message, confidence);
    Some(story.step(file.location(redial.again), "what is repeated").tell())
}

fn tell(file: &Analysis<'_>, pause: Pause, delay: Delay, message: String, confidence: Confidence) -> Story {
    let story = Story::new(&META, file, pause.at, message).why(WHY).help(HELP).confidence(confidence);
    let story = delay.grown.into_iter().fold(story, |s, grown| s.step(file.location(grown), "how it grows"));
    story.step(file.location(pause.at), "the pause, without chance")
}

fn of_policy(file: &Analysis<'_>, policy: &Policy) -> Option<Finding> {
    // Whatever length is set: a policy of the library that never draws one gives all clients the same.
    let set = policy.network && policy.settable && policy.fixed.is_none();
    let even = policy.pauses == Pauses::Fixed && (policy.contends || set);
    if policy.random || policy.xor.is_some() || policy.tiny.is_some() || !(even || policy.pauses == Pauses::Growing) {
        return None;
    }
    let message = if even {
        let who = if policy.contends { "who wait for the lock" } else { "clients" };
        format!("`{}` gives all {who} the same pause", policy.name)
    } else {
        format!("`{}` waits longer each time, but for the same times in all clients", policy.name)
    };
    let most = if even || policy.network { FEW } else { SOME };
    let few = policy.attempts.is_some_and(|n| n <= most);
    let alone = evidence_around(file, policy.at) == Remote::No && policy.confidence == Confidence::Low;
    let many = policy.contends && is_voted_on(file)
        || reconnects(&policy.name)
        || is_given_work(file, policy.at)
        || is_of_many(file, policy.at)
        // Where a file lies says nothing of who waits for the pauses that one of its functions computes.
        || (policy.advice.is_some() || policy.flag.is_some()) && is_shared(file, policy.at, true, policy.network);
    let confidence = if few || alone || !many { Confidence::Low } else { policy.confidence };
    let help = policy.advice.clone().unwrap_or_else(|| HELP.to_owned());
    let mut story = Story::new(&META, file, policy.at, message).why(WHY).help(help).confidence(confidence);
    if let Some(flag) = &policy.flag {
        story = story.fix("draw the pauses at random", Applicability::Unsafe, vec![flag.clone()]);
    }
    Some(story.step(file.location(policy.at), "the pauses, without chance").tell())
}

const WHY: &str = "one outage fails many clients in the same moment; without a random part they all return in the same moment, too, \
                   again and again, and a server that could serve them one after the other never recovers";

const HELP: &str = "draw the pause at random, such as between zero and the computed time (full jitter)";
