//! Limits that are written down and never reach the call: overwritten before it, or a signal that nobody gives.

use crate::network::missing_timeout::META;
use crate::network::remote::is_near;
use crate::story::Story;
use crate::surface::is_command;
use timelint_diagnostics::{Confidence, Finding};
use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::catalog::{ApiRole, ArgPlace, Ends};
use timelint_semantics::{Analysis, How, has_word};

/// Every such limit of the file.
pub(crate) fn lost_limits(file: &Analysis<'_>) -> Vec<Finding> {
    const SPEAKS: [&str; 6] = ["signal", "timeout", "timeouts", "deadline", "abortcontroller", "abort"];
    if !file.says(&SPEAKS) {
        return Vec::new();
    }
    let stores = file.model.ids().filter(|n| file.model.kind(*n) == Kind::Assign);
    let overwritten = stores.filter_map(|s| overwritten(file, s)).collect::<Vec<_>>();
    let calls = file.tables.calls.iter().filter_map(|c| mute_signal(file, *c));
    overwritten.into_iter().chain(calls).collect()
}

/// `o.signal = AbortSignal.any([a, timeout]); o.signal = a;`: the second store undoes the limit of the first.
fn overwritten(file: &Analysis<'_>, store: NodeId) -> Option<Finding> {
    let model = file.model;
    let target = model.child(store, Role::Target).filter(|t| model.kind(*t) == Kind::Member)?;
    let value = model.child(store, Role::Value)?;
    if model.name(store) != "=" || !has_word(model.name(target), &["signal", "timeout", "deadline"]) {
        return None;
    }
    let block = model.parent(store)?;
    let before = model.children(block).take_while(|c| *c < store).last()?;
    let first = model.child(before, Role::Target).filter(|_| model.kind(before) == Kind::Assign)?;
    let limit = model.child(before, Role::Value)?;
    let same = |a: NodeId, b: NodeId| file.text(a) == file.text(b);
    if !same(first, target) || !limits(file, limit) || limits(file, value) || mentions(file, value, target) {
        return None;
    }
    let message = format!("the limit of `{}` is overwritten before anything is called with it", file.short(target));
    let quiet = is_command(file);
    let finding = Story::new(&META, file, store, message)
        .why(
            "the call looks as if it had a limit and has none: what comes last counts, and when no answer comes the caller waits for \
             ever",
        )
        .help("keep the store that has the limit, or join both: what ends first ends the call")
        .confidence(if quiet { Confidence::Low } else { Confidence::High })
        .step(file.location(before), "the limit")
        .step(file.location(store), "takes it away");
    Some(finding.tell())
}

/// A limit of time stands in the value, or in what its names were made of.
fn limits(file: &Analysis<'_>, value: NodeId) -> bool {
    const MOST: usize = 24;
    let model = file.model;
    let own = |n: NodeId| match model.kind(n) {
        Kind::Name | Kind::Member | Kind::Call => {
            has_word(model.name(n), &["timeout", "timeouts", "deadline", "timer"])
        }
        _ => false,
    };
    model.self_and_descendants(value).take(MOST).any(own)
}

fn mentions(file: &Analysis<'_>, value: NodeId, target: NodeId) -> bool {
    let sym = file.model.sym(target);
    file.model
        .self_and_descendants(value)
        .any(|n| file.model.kind(n) == Kind::Member && file.model.sym(n) == sym && file.text(n) == file.text(target))
}

/// A remote call that hangs on the signal of a controller of the same function, which nobody gives and nobody else holds.
fn mute_signal(file: &Analysis<'_>, call: NodeId) -> Option<Finding> {
    let model = file.model;
    let known = file.resolve(call).filter(|k| k.how != How::Name && k.api.role == ApiRole::RemoteCall)?;
    let none = known.api.default.as_deref().is_some_and(|d| d.starts_with("none"));
    let signal = file.argument_at(call, &[ArgPlace::Keyword("signal".to_owned())])?;
    let source = file.condition_source(signal);
    let of = if model.kind(source) == Kind::Member { source } else { signal };
    let controller = model.child(of, Role::Object).filter(|o| model.kind(*o) == Kind::Name && none)?;
    let [store] = file.stores_of(controller) else { return None };
    let made = store.value.filter(|v| file.function_around(*v) == file.function_around(call))?;
    let controls = file.resolve(made).is_some_and(|k| k.api.ends == Some(Ends::Called));
    let reads = file.reads_of(model.child(store.at, Role::Target)?);
    let only_signal = |r: NodeId| {
        let parent = model.parent(r);
        parent.is_some_and(|p| {
            model.kind(p) == Kind::Member && model.role(r) == Role::Object && model.name(p) == "signal"
        })
    };
    if !controls || !reads.into_iter().all(only_signal) || is_near(file, call) {
        return None;
    }
    let message = format!("nobody ever gives the signal on which `{}` hangs", model.name(call));
    let finding = Story::new(&META, file, signal, message)
        .why("the call looks as if it could be ended and cannot: when no answer comes the caller waits for ever")
        .help("end it by time: `AbortSignal.timeout(limit)`, or a timer that calls the controller's `abort`")
        .confidence(if is_command(file) { Confidence::Low } else { Confidence::Medium })
        .step(file.location(made), "a signal that nothing gives")
        .step(file.location(call), "nothing ends this when no answer comes");
    Some(finding.tell())
}
