//! `lock-result-ignored`: the answer "not acquired" is dropped, and the section runs without the lock.

use crate::Rule;
use crate::pause::dropped_entry::dropped_entry;
use crate::pause::swallowed_refusal::swallowed_refusal;
use crate::pause::unheard_lock::{silent_channels, unpromised};
use crate::pause::unread_answer::Unreads;
use crate::shown::is_log_call;
use crate::story::Story;
use timelint_diagnostics::{Confidence, Family, Finding, RuleMeta, Severity};
use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::catalog::{ApiRole, ArgMeaning, LockScope};
use timelint_semantics::{Analysis, Callee, Command, Does, How, KeyCommand, SCOPE_ENTRIES, has_word};

/// See the module.
pub(crate) struct LockResultIgnored;

pub(crate) static META: RuleMeta = RuleMeta {
    id: "lock-result-ignored",
    aliases: &[],
    family: Family::Pause,
    mechanism: "contention",
    severity: Severity::Error,
    summary: "what says that a lock was not acquired is dropped, and the section runs without it",
    page: include_str!("lock_result_ignored.md"),
};

impl Rule for LockResultIgnored {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check(&self, file: &Analysis<'_>, out: &mut Vec<Finding>) {
        let commands = file.key_commands();
        let told = file.shared(Unreads::of);
        let calls = file.tables.calls.iter().copied().filter(|c| !told.0.iter().any(|u| u.asked == *c));
        out.extend(calls.filter_map(|call| ignored(file, call, commands)));
        out.extend(silent_channels(file));
        out.extend(file.tables.scoped.iter().filter_map(|item| swallowed(file, *item)));
    }
}

/// How an answer is ignored.
#[derive(Clone, Copy)]
enum Ignored {
    /// Nobody takes it.
    Dropped,
    /// It is tested, and the branch for "not acquired" goes on: with this `if`.
    GoesOn(NodeId),
}

fn ignored(file: &Analysis<'_>, call: NodeId, commands: &[KeyCommand]) -> Option<Finding> {
    let model = file.model;
    if let Some(finding) = unpromised(file, call) {
        return Some(finding);
    }
    if let Some(finding) = swallowed_refusal(file, call).or_else(|| dropped_entry(file, call)) {
        return Some(finding);
    }
    let confidence = answers(file, call, commands).or_else(|| answers_elsewhere(file, call))?;
    let top = whole_expression(file, call);
    let unasked = asks_only_for_failure(file, call);
    let how = dropped(file, top, call, commands).or_else(|| goes_on(file, call));
    let how = how.or(unasked.then_some(Ignored::Dropped));
    file.is_silent(&META, call, "its answer is looked at, or handed on", how.is_none());
    let how = how?;
    let after = match how {
        Ignored::Dropped => model.end(file.statement(top)),
        Ignored::GoesOn(statement) => model.end(statement),
    };
    let function = file.function_around(call)?;
    // A helper that hands on what it asked for leaves the work to its caller.
    let handed_on = || (unasked && file.is_about_locks(call)).then(|| file.statement(call));
    let work = first_work(file, after, model.end(function)).or_else(|| handed_out(file, call)).or_else(handed_on);
    file.is_silent(&META, call, "no work follows that the lock could guard", work.is_none());
    let work = work?;
    let story = Story::new(&META, file, call, format!("`{}` may not get the lock, and nobody looks", file.short(call)))
        .why("whoever does not get the lock does the work all the same, at the same time as the one that has it")
        .help("leave when the lock was not acquired, and release only what was")
        .confidence(confidence)
        .step(file.location(call), "the lock is asked for");
    let story = match how {
        Ignored::Dropped => story,
        Ignored::GoesOn(statement) => story.step(file.location(statement), "it was not acquired, and control goes on"),
    };
    Some(story.step(file.location(work), "this runs whatever the answer was").tell())
}

/// Whether a call may come back without the lock, and says so.
fn answers(file: &Analysis<'_>, call: NodeId, commands: &[KeyCommand]) -> Option<Confidence> {
    if let Some(command) = commands.iter().find(|c| c.at == call) {
        // `SET .. NX` and then `GET`: what is there says who has it.
        let asked = commands.iter().any(|c| {
            c.command == Command::Get
                && c.at > call
                && file.same_key(c.key, command.key)
                && file.function_around(c.at) == file.function_around(call)
        });
        let taken = command.command == Command::SetIfAbsent && !asked && file.is_own_lock(command, commands);
        return taken.then_some(if command.how == How::Name { Confidence::Medium } else { Confidence::High });
    }
    // A step of a builder hands its object back: `params.nx()` asks for nothing yet.
    if file.resolve(call).is_some_and(|k| k.api.returns.as_deref() == Some("receiver")) {
        return None;
    }
    let Some(known) = file.resolve(call).filter(|k| k.how != How::Name) else {
        let helper = file.lock_helper_of(call).filter(|h| matches!(h.does, Does::Try | Does::Acquire))?;
        if answers_nothing(file, call) {
            return None;
        }
        // A helper whose lock is not known counts where its declaration says that it answers.
        if hands_answer_on(file, call) {
            return None;
        }
        // One that waits says no only where it is told not to wait.
        let told = file.model.child(call, Role::Arg).is_some();
        return (helper.does == Does::Try && helper.api.is_some()
            || (helper.does == Does::Try || told) && file.answers_yes_or_no(call))
        .then_some(Confidence::Medium);
    };
    let given = |meaning| file.argument(call, known, meaning).is_some();
    let says = match known.api.role {
        ApiRole::LockTry => true,
        ApiRole::LockAcquire => {
            known.api.answers.unwrap_or_else(|| given(ArgMeaning::Wait) || made_with_limit(file, call))
                || given(ArgMeaning::Blocking) && !waits(file, call)
        }
        _ => false,
    };
    (says && file.takes_distributed(call)).then_some(Confidence::High)
}

/// Of the result only the error of the request is asked for: `SetNX(..).Err()`.
fn asks_only_for_failure(file: &Analysis<'_>, call: NodeId) -> bool {
    let model = file.model;
    let asked = model.parent(call).filter(|p| model.kind(*p) == Kind::Call && model.role(call) == Role::Receiver);
    let failure = file.resolve(call).and_then(|k| k.api.failure.as_deref());
    asked.zip(failure).is_some_and(|(asked, failure)| model.name(asked) == failure)
}

/// The function that is called hands nothing back: it waits, throws or ends the process.
fn answers_nothing(file: &Analysis<'_>, call: NodeId) -> bool {
    match file.callee(call) {
        Some(Callee::Here(function)) => {
            file.model.child(function, Role::Body).is_some() && file.returns(function).is_empty()
        }
        Some(Callee::Elsewhere(summary)) => {
            summary.return_type.as_deref().is_some_and(|t| matches!(t, "void" | "Void" | "None"))
        }
        None => false,
    }
}

/// `tryLock(wait, outcome)`: what is handed over and read afterwards may hold the answer.
fn hands_answer_on(file: &Analysis<'_>, call: NodeId) -> bool {
    const ANSWERS: [&str; 9] =
        ["result", "future", "promise", "outcome", "mutex", "latch", "callback", "handler", "listener"];
    let model = file.model;
    let handed = model.children_with(call, Role::Arg).filter(|a| model.kind(*a) == Kind::Name);
    handed.into_iter().any(|a| has_word(model.name(a), &ANSWERS))
}

/// The handle was made with a limit for the wait: `lock = r.lock(name, blocking_timeout=5)`.
fn made_with_limit(file: &Analysis<'_>, call: NodeId) -> bool {
    let made = file.model.child(call, Role::Receiver).and_then(|h| file.made_by(h));
    let known = made.and_then(|m| Some((m, file.resolve(m).filter(|k| k.how != How::Name)?)));
    known.is_some_and(|(made, known)| {
        let limit = file.argument(made, known, ArgMeaning::Wait);
        limit.is_some_and(|l| file.model.kind(l) != Kind::Null)
    })
}

/// Nobody knows what the callee takes it with, but it is declared to answer, or the file looks at its answer everywhere
/// else: `owner = handler.obtainLock(c, A)` here, `handler.obtainLock(c, B);` there.
fn answers_elsewhere(file: &Analysis<'_>, call: NodeId) -> Option<Confidence> {
    const TAKES: [&str; 5] = ["acquire", "obtain", "try", "take", "grab"];
    let model = file.model;
    let name = model.name(call);
    let takes = has_word(name, &["lock", "lease", "leadership", "lead", "leader"])
        && has_word(name, &TAKES)
        && !has_word(name, &["failed", "on", "fail"]);
    let known = file.resolve(call).is_some_and(|k| k.how != How::Name);
    if model.kind(call) != Kind::Call || !takes || known || answers_nothing(file, call) || hands_answer_on(file, call) {
        return None;
    }
    let leads = has_word(name, &["leadership", "lead", "leader"]);
    if leads && file.answers_yes_or_no(call) {
        return Some(Confidence::Medium);
    }
    let receiver = |c: NodeId| model.child(c, Role::Receiver).map(|r| model.sym(r));
    let same = |c: &NodeId| *c != call && model.sym(*c) == model.sym(call) && receiver(*c) == receiver(call);
    let answered = |c: NodeId| {
        let statement = file.statement(whole_expression(file, c));
        match model.kind(statement) {
            Kind::If | Kind::Loop => true,
            Kind::Let | Kind::Assign => {
                model.child(statement, Role::Target).is_some_and(|t| !file.reads_of(t).is_empty())
            }
            _ => false,
        }
    };
    file.tables.calls.iter().copied().filter(same).any(answered).then_some(Confidence::Medium)
}

/// The lock is the caller's from here, without what would tell it of the loss.
fn handed_out(file: &Analysis<'_>, call: NodeId) -> Option<NodeId> {
    let known = file.resolve(call).filter(|k| k.api.verdict && k.api.role == ApiRole::LockTry)?;
    (known.how != How::Name).then(|| file.statement(call))
}

/// `blocking=True` and kin: it waits until it has the lock.
fn waits(file: &Analysis<'_>, call: NodeId) -> bool {
    let Some(known) = file.resolve(call) else { return false };
    let blocking = file.argument(call, known, ArgMeaning::Blocking);
    blocking.is_some_and(|b| !file.model.name(b).eq_ignore_ascii_case("false"))
}

/// The call with what is asked of its result: awaits, and `.Result()` and kin.
fn whole_expression(file: &Analysis<'_>, call: NodeId) -> NodeId {
    let model = file.model;
    let mut top = call;
    while let Some(parent) = model.parent(top) {
        let asks = model.kind(parent) == Kind::Call && model.role(top) == Role::Receiver;
        if !asks && model.kind(parent) != Kind::Await {
            break;
        }
        top = parent;
    }
    top
}

/// The answer is the value of a statement, or goes to nowhere.
fn dropped(file: &Analysis<'_>, top: NodeId, call: NodeId, commands: &[KeyCommand]) -> Option<Ignored> {
    let model = file.model;
    let statement = file.statement(top);
    let in_block =
        model.parent(statement).is_some_and(|p| matches!(model.kind(p), Kind::Block | Kind::Module | Kind::Case));
    // A continuation may look at it.
    let continued = model
        .self_and_descendants(top)
        .take_while(|n| *n != call)
        .any(|n| has_word(model.name(n), &["then", "subscribe", "catch", "finally", "handle", "map", "if"]));
    let told = |chained: NodeId| model.children_with(chained, Role::Arg).any(|a| model.kind(a) == Kind::Function);
    let handled = model.ancestors(call).take_while(|a| *a >= top).any(told);
    if !in_block || continued || handled {
        return None;
    }
    if statement == top {
        return Some(Ignored::Dropped);
    }
    if !matches!(model.kind(statement), Kind::Let | Kind::Assign) || model.child(statement, Role::Value) != Some(top) {
        return None;
    }
    let blank = |t: &NodeId| model.name(*t) == "_";
    let targets: Vec<NodeId> = model.children_with(statement, Role::Target).collect();
    if let [only] = targets[..]
        && only_released(file, only, call)
    {
        return Some(Ignored::Dropped);
    }
    // A command answers with its first value; the second is an error of the connection.
    let of_command = commands.iter().any(|c| c.at == call) && targets.len() > 1 && targets.first().is_some_and(blank);
    // A lock that says by its first value whether, or how long, it is held.
    let verdict =
        file.resolve(call).is_some_and(|k| k.api.verdict && k.how != How::Name) && targets.first().is_some_and(blank);
    (of_command || verdict || !targets.is_empty() && targets.iter().all(blank)).then_some(Ignored::Dropped)
}

/// `lock = manager.lock(name, ttl)`, which may be none, and all that is done with it is to give it back.
fn only_released(file: &Analysis<'_>, target: NodeId, call: NodeId) -> bool {
    let model = file.model;
    let tries = file.resolve(call).is_some_and(|k| k.api.role == ApiRole::LockTry && k.how != How::Name);
    let reads = if tries && model.kind(target) == Kind::Name { file.reads_of(target) } else { Vec::new() };
    let released = |r: &NodeId| {
        let by = model.parent(*r).filter(|p| model.kind(*p) == Kind::Call && model.role(*r) == Role::Arg);
        by.is_some_and(|b| file.releases(b) && file.guards(b).is_empty())
    };
    !reads.is_empty() && reads.iter().all(released)
}

/// `if (!lock.tryLock()) { log }`, and on it goes.
fn goes_on(file: &Analysis<'_>, call: NodeId) -> Option<Ignored> {
    let model = file.model;
    let own = file.statement(call);
    let statement = match model.kind(own) {
        Kind::If => own,
        Kind::Let | Kind::Assign => {
            let mut targets = model.children_with(own, Role::Target);
            let (Some(target), None) = (targets.next(), targets.next()) else { return None };
            let reads = file.reads_of(target);
            let [read] = reads[..] else { return None };
            Some(file.statement(read)).filter(|s| model.kind(*s) == Kind::If && *s > own)?
        }
        _ => return None,
    };
    let in_condition = model.child(statement, Role::Condition)?;
    let then = model.child(statement, Role::Then)?;
    let silent = model.descendants(then).all(|n| match model.kind(n) {
        Kind::Call => {
            is_log_call(file, n) || model.ancestors(n).take_while(|a| *a != then).any(|a| is_log_call(file, a))
        }
        Kind::Assign | Kind::Throw | Kind::Return | Kind::Loop | Kind::Let => false,
        _ => true,
    });
    let plain = matches!(model.kind(in_condition), Kind::Unary | Kind::Binary | Kind::Name | Kind::Call);
    let alone = model.child(statement, Role::Else).is_none() && !file.exits(then);
    (plain && alone && silent && file.asks_if_taken(statement, call) == Some(false))
        .then_some(Ignored::GoesOn(statement))
}

/// The first call that is neither a log line nor about the lock.
pub(crate) fn first_work(file: &Analysis<'_>, from: NodeId, to: NodeId) -> Option<NodeId> {
    let about_lock = |c: NodeId| {
        file.releases(c)
            || file.resolve(c).is_some_and(|k| {
                matches!(
                    k.api.role,
                    ApiRole::LockCheck | ApiRole::LockRelease | ApiRole::LockTry | ApiRole::LockAcquire
                )
            })
    };
    let asked_again = |c: NodeId| {
        file.resolve(c)
            .is_some_and(|k| matches!(k.api.role, ApiRole::LockTry | ApiRole::LockAcquire | ApiRole::LockCheck))
    };
    let rest = || file.tables.calls_between(from, to).iter().copied();
    // Somebody asks again before the work: not followed.
    let work = rest().find(|c| file.model.kind(*c) == Kind::Call && !is_log_call(file, *c) && !about_lock(*c))?;
    (!rest().take_while(|c| *c < work).any(asked_again)).then_some(work)
}

/// A scoped statement whose entry drops the answer.
fn swallowed(file: &Analysis<'_>, item: NodeId) -> Option<Finding> {
    let model = file.model;
    let mut value = model.child(item, Role::Value)?;
    while model.kind(value) == Kind::Await {
        value = model.child(value, Role::Value)?;
    }
    let ty = file.type_of(value).filter(|t| t.how != How::Name)?;
    let entry = SCOPE_ENTRIES.iter().find_map(|m| file.catalog().method(&ty.name, m, None))?;
    let entry = file.catalog().api(entry);
    if entry.role != ApiRole::LockTry || file.catalog().lock_scope(&ty.name) != Some(LockScope::Distributed) {
        return None;
    }
    let advice = entry.advice.as_deref().unwrap_or("acquire it by hand and leave when that fails");
    Some(
        Story::new(
            &META,
            file,
            value,
            format!("`{}` runs its body without the lock when it cannot get it", file.short(value)),
        )
        .why(
            "whoever does not get the lock in time does the work all the same, at the same time as the one that has it",
        )
        .help(advice)
        .confidence(Confidence::High)
        .step(file.location(value), "the answer of the acquire is thrown away in here")
        .tell(),
    )
}
