//! `deadline-not-propagated`: the whole limit of the caller is handed to every step of a loop.

use crate::Rule;
use crate::network::bare_requests::bare_requests;
use crate::network::endless_polls::is_a_clock;
use crate::network::limits::{Limit, limits_at};
use crate::network::remote::{Remote, is_ending, is_near};
use crate::story::Story;
use crate::surface::is_command;
use timelint_diagnostics::{Confidence, Family, Finding, RuleMeta, Severity};
use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::catalog::{ApiRole, ArgMeaning, TimeoutKind};
use timelint_semantics::{Analysis, How, StoreKind, words};

/// See the module.
pub(crate) struct DeadlineNotPropagated;

pub(crate) static META: RuleMeta = RuleMeta {
    id: "deadline-not-propagated",
    aliases: &[],
    family: Family::Network,
    mechanism: "delays that add up, where each alone is within its limit",
    severity: Severity::Note,
    summary: "the caller's whole limit of time is handed to every step, so that all steps together may take a multiple of it",
    page: include_str!("deadline_not_propagated.md"),
};

impl Rule for DeadlineNotPropagated {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check(&self, file: &Analysis<'_>, out: &mut Vec<Finding>) {
        let steps = file.tables.calls.iter().filter_map(|call| step(file, *call).or_else(|| restarted(file, *call)));
        let mut told: Vec<NodeId> = Vec::new();
        for step in steps {
            if !told.contains(&step.around) {
                told.push(step.around);
                out.push(tell(file, &step));
            }
        }
        out.extend(bare_requests(file));
        out.extend(file.tables.calls.iter().filter_map(|call| unheeded(file, *call)).map(|s| tell_unheeded(file, &s)));
    }
}

/// A call in a function that is given a deadline, whose limit has nothing to do with it: by then the deadline may be over.
fn unheeded(file: &Analysis<'_>, call: NodeId) -> Option<Step> {
    let model = file.model;
    let function = file.function_around(call)?;
    let parameter = model.children_with(function, Role::Param).find(|p| {
        let name = model.child(*p, Role::Target).map_or(model.name(*p), |t| model.name(t));
        name == "deadline"
    })?;
    let limits = limits_at(file, call);
    let asks = |l: &&Limit| matches!(l.kind, TimeoutKind::Connect | TimeoutKind::Total | TimeoutKind::Read);
    let limit = limits.iter().find(|l| asks(l) && l.remote >= Remote::Named)?;
    // Something of another object or a constant, and not what is left of the deadline.
    let elsewhere = match model.kind(limit.length) {
        Kind::Member => file.stores_of(limit.length).is_empty() || file.value(limit.length).is_constant(),
        _ => file.value(limit.length).is_constant(),
    };
    let speaks = |n: NodeId| model.name(n) == "deadline";
    let heeded = model.self_and_descendants(call).any(speaks)
        || file.guards(call).iter().any(|g| model.self_and_descendants(g.condition).any(speaks));
    let used = model.descendants(function).any(|n| n > call && model.kind(n) == Kind::Name && speaks(n));
    let quiet = is_near(file, call) || is_command(file);
    (elsewhere && !heeded && used && !quiet).then_some(Step { call, length: limit.length, around: function, parameter })
}

/// A step of a loop that is given the whole limit.
struct Step {
    call: NodeId,
    length: NodeId,
    /// The loop.
    around: NodeId,
    /// Where the limit comes in.
    parameter: NodeId,
}

fn step(file: &Analysis<'_>, call: NodeId) -> Option<Step> {
    let model = file.model;
    let known = file.resolve(call).filter(|k| k.how != How::Name)?;
    let steps = match known.api.role {
        ApiRole::RemoteCall | ApiRole::Await => true,
        // A context that is derived from the caller's ends with it.
        ApiRole::TimeoutSet => {
            let parent = model.child(call, Role::Arg).and_then(|a| file.resolve(a));
            parent.is_some_and(|p| p.api.role == ApiRole::ContextRoot)
        }
        _ => false,
    };
    let around = file.in_loop(call).filter(|l| steps && goes_through(file, *l))?;
    let limit = limits_at(file, call).into_iter().find(|l| model.kind(l.length) == Kind::Name)?;
    let parameter = whole_limit(file, limit.length)?;
    let function = file.function_around(call)?;
    (!is_of_no_matter(file, function, call)).then_some(Step { call, length: limit.length, around, parameter })
}

/// Whoever called does not wait for it, or nothing far away is asked.
fn is_of_no_matter(file: &Analysis<'_>, function: NodeId, call: NodeId) -> bool {
    file.is_silent(&META, call, "it ends things", is_ending(file.model.name(function)))
        || file.is_silent(&META, call, "the other side is on this machine", is_near(file, call))
        || file.is_silent(&META, call, "nobody but the one who started the command waits for it", is_command(file))
}

/// `while (pending()) if (!changed.await(timeout, unit)) break;`: whatever wakes it starts the whole limit again.
fn restarted(file: &Analysis<'_>, call: NodeId) -> Option<Step> {
    let model = file.model;
    let known = file.resolve(call).filter(|k| k.how != How::Name && k.api.role == ApiRole::Await)?;
    let wakes = words(model.name(call)).first().is_some_and(|w| matches!(w.as_str(), "await" | "wait"));
    let around = file.in_loop(call).filter(|l| wakes && model.name(*l) == "while")?;
    let condition = model.child(around, Role::Condition).filter(|c| !model.contains(*c, call))?;
    // What it says decides: time was up.
    let test = model.ancestors(call).take_while(|a| *a != around).find(|a| model.kind(*a) == Kind::If)?;
    let asked = model.child(test, Role::Condition).is_some_and(|c| c == call || model.contains(c, call));
    let limit = file.argument(call, known, ArgMeaning::Timeout)?;
    let plain = matches!(model.kind(limit), Kind::Name | Kind::Member) && is_whole(model.name(limit));
    let name = model.sym(limit);
    let clocked = |n: NodeId| file.resolve(n).is_some_and(|k| k.how != How::Name && is_a_clock(k.api.role));
    let measured = || model.self_and_descendants(around).any(clocked);
    let smaller = || file.stores_of(limit).iter().any(|s| model.contains(around, s.at));
    let endless = matches!(model.kind(condition), Kind::Boolean);
    let function = file.function_around(call)?;
    if !asked || !plain || endless || is_ending(model.name(function)) || is_command(file) || smaller() || measured() {
        return None;
    }
    let parameter = file.stores_of(limit).iter().map(|s| s.at).find(|at| model.sym(*at) == name).unwrap_or(limit);
    Some(Step { call, length: limit, around, parameter })
}

/// A loop over things that there are, and not one that waits until something happens.
fn goes_through(file: &Analysis<'_>, id: NodeId) -> bool {
    matches!(file.model.name(id), "each" | "for")
        && (file.model.child(id, Role::Iterable).is_some() || file.model.child(id, Role::Condition).is_some())
}

/// A name of the limit of a whole call: `timeout`, `maxWaitTimeoutMs`.
fn is_whole(name: &str) -> bool {
    const WHOLE: [&str; 16] = [
        "timeout",
        "deadline",
        "limit",
        "max",
        "wait",
        "total",
        "overall",
        "time",
        "out",
        "ms",
        "millis",
        "seconds",
        "secs",
        "s",
        "milliseconds",
        "duration",
    ];
    let words = words(name);
    let speaks = words.iter().any(|w| matches!(w.as_str(), "timeout" | "deadline"));
    speaks && words.iter().all(|w| WHOLE.contains(&w.as_str()))
}

/// The parameter behind a name, if it is the limit of the whole call and never made smaller.
fn whole_limit(file: &Analysis<'_>, name: NodeId) -> Option<NodeId> {
    let model = file.model;
    if !is_whole(model.name(name)) {
        return None;
    }
    let function = file.function_around(name)?;
    match file.tables.stores(function, model.sym(name)) {
        [only] if matches!(only.kind, StoreKind::Param(_)) => Some(only.at),
        stores => {
            let made = !stores.is_empty();
            file.is_silent(&META, name, "it is not what the caller gave for the whole call", made);
            None
        }
    }
}

fn tell_unheeded(file: &Analysis<'_>, step: &Step) -> Finding {
    let message = format!("`{}` does not look at the deadline that the caller set", file.short(step.length));
    Story::new(&META, file, step.length, message)
        .why("the step may take its own full limit when nearly nothing is left of the caller's: the caller has given up, and what \
              comes after the step starts too late")
        .help("give the step what is left until the deadline, or the smaller of the two")
        .confidence(Confidence::Medium)
        .step(file.location(step.parameter), "the deadline of the whole call")
        .step(file.location(step.call), "takes a limit of its own")
        .tell()
}

fn tell(file: &Analysis<'_>, step: &Step) -> Finding {
    let model = file.model;
    let limit = model.name(step.length);
    Story::new(&META, file, step.length, format!("every round of the loop may take the whole `{limit}`"))
        .why(
            "each step stays within its limit and all together take a multiple of it: the caller has long given up, and the work \
             goes on and holds what it holds",
        )
        .help("turn the limit into a deadline of a monotonic clock once, and give each step what is left of it")
        .confidence(Confidence::Medium)
        .step(file.location(step.parameter), "the limit of the whole call")
        .step(file.location(step.call), format!("waits up to `{limit}`, in every round"))
        .tell()
}
