//! Loops that set up again what failed: as one of the events that they wait for, or where reading from it failed.

use crate::network::outcome::is_error_name;
use crate::network::pace::waits;
use crate::network::remote::{Remote, call_evidence};
use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::{Analysis, has_word, words};

/// An event of a loop: something failed, and is set up again.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reopening {
    /// The call that sets it up again.
    pub(crate) call: NodeId,
    /// What tells that it failed.
    pub(crate) event: NodeId,
}

/// Words of events that tell of a failure.
const LOST: [&str; 8] = ["err", "errc", "errch", "error", "errors", "lost", "disconnected", "failed"];

/// Nodes of one case that are looked at.
const MOST_NODES: usize = 2000;

/// `case err := <-errc: client = newClient()` in a loop, with nothing that waits.
pub(crate) fn reopenings(file: &Analysis<'_>) -> Vec<Reopening> {
    let model = file.model;
    let cases = model.ids().filter(|id| model.kind(*id) == Kind::Case && file.in_loop(*id).is_some());
    let mut all: Vec<Reopening> = cases.filter_map(|case| reopening_in(file, case)).collect();
    let assigned = model.ids().filter(|id| model.kind(*id) == Kind::Assign);
    all.extend(assigned.filter_map(|assign| reopening_at(file, assign)));
    all
}

/// `catch (RpcException e) { stream = client.observe(query); }` in a loop that reads from `stream`, with nothing that waits.
fn reopening_at(file: &Analysis<'_>, assign: NodeId) -> Option<Reopening> {
    let model = file.model;
    let repeated = file.in_loop(assign)?;
    let target = model.child(assign, Role::Target).filter(|t| matches!(model.kind(*t), Kind::Name | Kind::Member))?;
    let value = model.child(assign, Role::Value)?;
    let opens = |c: &NodeId| model.kind(*c) == Kind::Call && opens(model.name(*c));
    let call = model.self_and_descendants(value).take(MOST_NODES).find(opens)?;
    let (region, event) = failure_around(file, repeated, assign)?;
    let read = |c: NodeId| {
        let from = model.child(c, Role::Receiver);
        from.is_some_and(|f| model.sym(f) == model.sym(target)) && !model.contains(region, c) && !waits(file, c)
    };
    let function = file.function_around(repeated);
    let own = |c: &&NodeId| model.contains(repeated, **c) && file.function_around(**c) == function;
    let calls: Vec<NodeId> = file.tables.calls.iter().filter(own).copied().collect();
    let reads = calls.iter().any(|c| *c < assign && read(*c));
    let remote = call_evidence(file, call) >= Remote::Named;
    let waits = || calls.iter().any(|c| *c != call && waits(file, *c)) || receives(file, repeated);
    let counted = || model.descendants(region).take(MOST_NODES).any(|n| is_counter(file, n));
    (reads && remote && !waits() && !counted()).then_some(Reopening { call, event })
}

/// The handler, or the branch of a test for an error, in which a place of a loop stands, and what tells of the failure.
fn failure_around(file: &Analysis<'_>, repeated: NodeId, at: NodeId) -> Option<(NodeId, NodeId)> {
    let model = file.model;
    let mut child = at;
    for around in model.ancestors(at).take_while(|a| *a != repeated) {
        match model.kind(around) {
            Kind::Catch => return Some((around, around)),
            Kind::If if model.role(child) == Role::Then => {
                let condition = model.child(around, Role::Condition)?;
                let failed = model.kind(condition) == Kind::Binary
                    && model.name(condition) == "!="
                    && model.children_with(condition, Role::Operand).any(|o| is_error_name(model.name(o)));
                return failed.then_some((around, condition));
            }
            Kind::Function => return None,
            _ => child = around,
        }
    }
    None
}

fn receives(file: &Analysis<'_>, repeated: NodeId) -> bool {
    let model = file.model;
    model.descendants(repeated).take(MOST_NODES).any(|n| model.kind(n) == Kind::Unary && model.name(n) == "<-")
}

fn is_counter(file: &Analysis<'_>, id: NodeId) -> bool {
    let name = file.model.name(id);
    matches!(file.model.kind(id), Kind::Name | Kind::Member) && has_word(name, &["attempts", "retries", "backoff"])
}

/// `observeJobs`, `subscribe`, `newStream`
fn opens(name: &str) -> bool {
    const OPENING: [&str; 8] =
        ["observe", "subscribe", "resubscribe", "watch", "stream", "listen", "consume", "reopen"];
    sets_up(name) || words(name).first().is_some_and(|w| OPENING.contains(&w.as_str()))
}

fn reopening_in(file: &Analysis<'_>, case: NodeId) -> Option<Reopening> {
    let model = file.model;
    let event = model.child(case, Role::Value)?;
    let mut inside = model.self_and_descendants(event);
    let receive = inside.find(|n| model.kind(*n) == Kind::Unary && model.name(*n) == "<-")?;
    let channel = model.child(receive, Role::Operand)?;
    let name = model.name(channel);
    if !matches!(model.kind(channel), Kind::Name | Kind::Member) || !(is_error_name(name) || has_word(name, &LOST)) {
        return None;
    }
    let after = || model.descendants(case).take(MOST_NODES).filter(|n| *n >= model.end(event));
    let calls = || after().filter(|n| model.kind(*n) == Kind::Call);
    let call = calls().find(|c| sets_up(model.name(*c)))?;
    let pauses = calls().any(|c| waits(file, c)) || after().any(|n| model.name(n) == "<-");
    // Who counts how often, or asks what kind of failure it was and leaves, has thought of it.
    let counted = after().any(|n| is_counter(file, n));
    (!pauses && !counted).then_some(Reopening { call, event })
}

/// `newWatchClient`, `openStream`, `reconnect`
fn sets_up(name: &str) -> bool {
    const AGAIN: [&str; 5] = ["reconnect", "redial", "resubscribe", "reopen", "reestablish"];
    const MAKING: [&str; 8] = ["new", "open", "connect", "dial", "create", "start", "subscribe", "establish"];
    const LINKS: [&str; 9] =
        ["client", "conn", "connection", "stream", "session", "watch", "watcher", "subscription", "channel"];
    let words = words(name);
    let first = words.first().map_or("", String::as_str);
    AGAIN.contains(&first) || MAKING.contains(&first) && has_word(name, &LINKS)
}
