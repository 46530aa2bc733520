//! What the names of settings and calls say of limits of time.

use timelint_semantics::catalog::{TimeoutKind, Unit};
use timelint_semantics::{Analysis, contains_part, has_word, unit_word, words};

/// Whether a call of this name lays settings over defaults.
pub(crate) fn merges(callee: &str) -> bool {
    words(callee).iter().any(|w| {
        matches!(
            w.as_str(),
            "assign" | "merge" | "extend" | "defaults" | "default" | "update" | "setdefault" | "with" | "deep"
        )
    })
}

/// A name of something that holds defaults or settings.
pub(crate) fn is_default_name(name: &str) -> bool {
    words(name).iter().any(|w| {
        matches!(
            w.as_str(),
            "default"
                | "defaults"
                | "config"
                | "configs"
                | "configuration"
                | "conf"
                | "settings"
                | "setting"
                | "options"
                | "opts"
                | "properties"
                | "props"
                | "preferences"
                | "prefs"
                | "schema"
                | "params"
                | "cfg"
        )
    })
}

/// The unit that a name ends in: `timeoutMs`, `SECONDS`.
pub(crate) fn unit_of_name(name: &str) -> Option<Unit> {
    words(name).last().and_then(|w| unit_word(w))
}

/// A call of this name waits, schedules or ends; its times are no limits of a remote side.
pub(crate) fn is_housekeeping(name: &str) -> bool {
    words(name).iter().any(|w| {
        matches!(
            w.as_str(),
            "sleep"
                | "delay"
                | "after"
                | "interval"
                | "schedule"
                | "debounce"
                | "throttle"
                | "tick"
                | "log"
                | "assert"
                | "shutdown"
                | "close"
                | "stop"
                | "exec"
                | "spawn"
                | "expect"
                | "eventually"
                | "lock"
                | "format"
                | "string"
                | "println"
                | "sprintf"
        )
    })
}

/// Whether any name of the file may speak of a timeout, or any function of the project that it calls: without one, names
/// need not be looked at.
pub(crate) fn speaks_of_limits(file: &Analysis<'_>) -> bool {
    struct Speaks(bool);
    // A name that speaks has one of these parts; they are looked for in each name of the file once.
    let spoken = |file: &Analysis<'_>| file.model.symbols().any(|(_, name)| contains_part(name, &PARTS));
    file.shared(|file| Speaks(spoken(file))).0
}

/// Parts of which a name that speaks of a timeout has one.
const PARTS: [&str; 4] = ["timeout", "time_out", "deadline", "heartbeat"];

/// What a name that speaks of a timeout says it bounds.
pub(crate) fn named_kind(name: &str) -> Option<TimeoutKind> {
    const OTHER: [&str; 63] = [
        "unit",
        "units",
        "free",
        "busy",
        "restore",
        "abort",
        "aborted",
        "cached",
        "animation",
        "debounce",
        "idle",
        "keep",
        "shutdown",
        "close",
        "stop",
        "grace",
        "graceful",
        "drain",
        "cache",
        "toast",
        "tooltip",
        "hover",
        "test",
        "mock",
        "retry",
        "lock",
        "inactivity",
        "transition",
        "error",
        "err",
        "exceeded",
        "exception",
        "count",
        "max",
        "min",
        "default",
        "defaults",
        "cleanup",
        "termination",
        "process",
        "task",
        "job",
        "build",
        "exit",
        "event",
        "handler",
        "callback",
        "id",
        "timer",
        "message",
        "code",
        "cookie",
        "base",
        "jitter",
        "exp",
        "factor",
        "multiplier",
        "ratio",
        "iterations",
        "retries",
        "attempts",
        "scale",
        "continue",
    ];
    if !contains_part(name, &PARTS) {
        return None;
    }
    let has = |list: &[&str]| has_word(name, list);
    let timeout = has(&["timeout", "timeouts", "timeoutms", "deadline"]) || contains_part(name, &["time_out"]);
    let beats = || has(&["heartbeat", "heartbeats"]) && has(&["interval", "period", "frequency", "ttl", "delay"]);
    if !timeout && !beats() || has(&OTHER) {
        return None;
    }
    Some(if has(&["heartbeat", "heartbeats", "beat", "ping", "liveness", "suspect", "failure", "alive"]) {
        TimeoutKind::Heartbeat
    } else if has(&["election", "leader"]) {
        TimeoutKind::Election
    } else if has(&["session", "lease"]) {
        TimeoutKind::Session
    } else if has(&["connect", "connection", "conn", "dial", "handshake"]) && !has(&["read", "write", "request"]) {
        TimeoutKind::Connect
    } else if has(&["read", "response", "receive", "recv", "socket", "so", "headers", "header"]) {
        TimeoutKind::Read
    } else if has(&["write", "send"]) {
        TimeoutKind::Write
    } else if has(&["query", "statement", "sql"]) {
        TimeoutKind::Query
    } else if has(&["pool", "acquire"]) {
        TimeoutKind::Pool
    } else {
        TimeoutKind::Total
    })
}
