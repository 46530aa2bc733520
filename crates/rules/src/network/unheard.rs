//! Limits that only tell that time is up, where nobody listens: the call goes on as if there were none.

use crate::network::missing_timeout::META;
use crate::network::remote::is_near;
use crate::story::Story;
use crate::surface::is_command;
use timelint_diagnostics::{Confidence, Finding};
use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::catalog::ArgPlace;
use timelint_semantics::{Analysis, How, has_word, words};

/// A call whose limit is an event.
struct Unheard<'a> {
    site: NodeId,
    limit: NodeId,
    event: &'a str,
    advice: &'a str,
    /// Somebody listens, and only takes note.
    noted: bool,
}

/// Calls with a limit that ends nothing by itself, in a file where nothing listens for it.
pub(crate) fn unheard_limits(file: &Analysis<'_>) -> Vec<Finding> {
    let calls = file.tables.calls.iter().filter_map(|c| unheard(file, *c).or_else(|| only_noted(file, *c)));
    calls.into_iter().map(|u| tell(file, &u)).collect()
}

fn unheard<'a>(file: &Analysis<'a>, site: NodeId) -> Option<Unheard<'a>> {
    let model = file.model;
    let known = file.resolve(site).filter(|k| k.how != How::Name && model.kind(site) == Kind::Call)?;
    let event = known.api.tells.as_deref()?;
    let advice = known.api.advice.as_deref().unwrap_or_default();
    let places = known.api.args.iter().flat_map(|a| a.at.as_slice());
    let limits: Vec<_> = places.filter_map(|p| Some((p, file.argument_at(site, std::slice::from_ref(p))?))).collect();
    let named = |p: &ArgPlace| matches!(p, ArgPlace::Keyword(k) if k == event);
    let (_, limit) = limits.iter().find(|(p, _)| named(p))?;
    let ended_otherwise = limits.iter().any(|(p, _)| !named(p)) || hears(file, event);
    let unheard = Unheard { site, limit: *limit, event, advice, noted: false };
    (!ended_otherwise && !is_near(file, site)).then_some(unheard)
}

/// `req.setTimeout(ms, () => log('late'))`: who hears that time is up does not end what takes too long.
fn only_noted<'a>(file: &Analysis<'a>, call: NodeId) -> Option<Unheard<'a>> {
    let model = file.model;
    let args: Vec<NodeId> = model.children_with(call, Role::Arg).collect();
    let [limit, told] = args[..] else { return None };
    let site = file.condition_source(model.child(call, Role::Receiver)?);
    let known = file.resolve(site).filter(|k| k.how != How::Name && model.kind(site) == Kind::Call)?;
    let event = known.api.tells.as_deref().filter(|e| words(model.name(call)) == ["set", *e])?;
    let advice = known.api.advice.as_deref().unwrap_or_default();
    let heard = file.tables.calls.iter().any(|c| listens(file, *c, event) && *c != call);
    (!may_end(file, told) && !heard && !is_near(file, site)).then_some(Unheard {
        site,
        limit,
        event,
        advice,
        noted: true,
    })
}

/// Whether what is called when time is up may end the call. One in another place may.
fn may_end(file: &Analysis<'_>, told: NodeId) -> bool {
    #[rustfmt::skip]
    const ENDS: [&str; 20] = [
        "destroy", "abort", "end", "close", "reject", "cancel", "emit", "fail", "failed", "error", "resolve", "done", "next",
        "callback", "cb", "terminate", "finish", "retry", "handle", "disconnect",
    ];
    let model = file.model;
    let ends = |n: NodeId| match model.kind(n) {
        Kind::Call => has_word(model.name(n), &ENDS),
        Kind::Throw | Kind::Assign => true,
        _ => false,
    };
    model.kind(told) != Kind::Function || model.descendants(told).any(ends)
}

fn listens(file: &Analysis<'_>, call: NodeId, event: &str) -> bool {
    let model = file.model;
    let first = model.child(call, Role::Arg);
    first.is_some_and(|a| model.kind(a) == Kind::String && model.name(a) == event)
        && has_word(model.name(call), &["on", "once", "listener", "event"])
}

/// Somebody listens for the event, or ends what takes too long.
fn hears(file: &Analysis<'_>, event: &str) -> bool {
    let model = file.model;
    file.tables.calls.iter().any(|c| {
        // `req.setTimeout(ms, () => req.destroy())`, `AbortSignal.timeout(ms)`, a promise that loses a race.
        let timed = has_word(model.name(*c), &[event])
            && model.child(*c, Role::Receiver).is_some()
            && (model.children_with(*c, Role::Arg).count() > 1 || !has_word(model.name(*c), &["set"]));
        listens(file, *c, event) || timed || has_word(model.name(*c), &["race", "abort"])
    })
}

fn tell(file: &Analysis<'_>, unheard: &Unheard<'_>) -> Finding {
    let Unheard { site, limit, event, advice, noted } = *unheard;
    let listener = if noted { "who listens lets it go on" } else { "nobody listens" };
    let message = format!("`{}` ends nothing: it only emits `{event}`, and {listener}", file.short(limit));
    let confidence = if is_command(file) { Confidence::Low } else { Confidence::Medium };
    Story::new(&META, file, limit, message)
        .why(
            "the limit looks as if it were one, and when it is over nothing happens: the call waits for ever, and holds what its \
             caller holds",
        )
        .help(advice)
        .confidence(confidence)
        .step(file.location(site), "goes on after its limit")
        .tell()
}
