//! What is only shown: log lines, metrics, and branches that do nothing but write them.

use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::catalog::ApiRole;
use timelint_semantics::{Analysis, How, Origins, has_word, words};

/// Words of a function, field or variable that holds a measurement.
pub(crate) const SHOWN: [&str; 35] = [
    "log",
    "metric",
    "metrics",
    "stat",
    "stats",
    "latency",
    "histogram",
    "observe",
    "record",
    "trace",
    "span",
    "report",
    "print",
    "format",
    "debug",
    "dump",
    "info",
    "warn",
    "warning",
    "warnings",
    "error",
    "timing",
    "duration",
    "elapsed",
    "uptime",
    "took",
    "cost",
    "gauge",
    "counter",
    "measure",
    "benchmark",
    "profile",
    "summary",
    "message",
    "tostring",
];

/// Words of an object that only takes in what is shown.
const TAKES_IN: [&str; 10] =
    ["logger", "logg", "metric", "metrics", "stats", "statsd", "gauge", "counter", "histogram", "meter"];

/// Levels of log lines, which builders of such lines start with.
const LEVELS: [&str; 6] = ["info", "warn", "error", "debug", "trace", "level"];

/// What is done with a log that is a store, not a text for people.
pub(crate) const LOGS_THAT_ARE_KEPT: [&str; 12] =
    ["flush", "roll", "sync", "retention", "append", "segment", "clean", "commit", "index", "compact", "file", "sort"];

/// Whether a call writes a line of a log: a logger's, or one that is called so.
pub(crate) fn is_log_call(file: &Analysis<'_>, call: NodeId) -> bool {
    #[rustfmt::skip]
    const LINES: [&str; 19] = [
        "log", "logger", "logging", "logf", "debug", "debugf", "info", "infof", "warn", "warnf", "warning", "error", "errorf",
        "trace", "tracef", "print", "printf", "println", "exception",
    ];
    let model = file.model;
    if model.kind(call) != Kind::Call {
        return false;
    }
    match file.resolve(call) {
        Some(known) if known.api.role == ApiRole::Log => true,
        Some(known) if known.how > How::Name => false,
        _ => {
            has_word(model.name(call), &LINES)
                || model.child(call, Role::Receiver).is_some_and(|r| has_word(model.name(r), &LINES))
        }
    }
}

/// Whether a call only shows what it is given: a logger's, a meter's, or one that is called so.
pub(crate) fn is_shown_call(file: &Analysis<'_>, call: NodeId) -> bool {
    if let Some(known) = file.resolve(call) {
        return known.api.role == ApiRole::Log;
    }
    let name = file.model.name(call);
    has_word(name, &SHOWN) && !has_word(name, &LOGS_THAT_ARE_KEPT) || takes_in(file, call)
}

/// `isDebugEnabled`, `is_enabled_for_info`
fn is_level_question(name: &str) -> bool {
    has_word(name, &["enabled"]) && has_word(name, &LEVELS)
}

/// `latencyGauge.update(x)`, `log.info().attr("took", x)`.
fn takes_in(file: &Analysis<'_>, call: NodeId) -> bool {
    let model = file.model;
    let mut at = model.child(call, Role::Receiver);
    while let Some(receiver) = at {
        match model.kind(receiver) {
            Kind::Name | Kind::Member => return has_word(model.name(receiver), &TAKES_IN),
            Kind::Call if file.resolve(receiver).is_some_and(|k| k.api.role == ApiRole::Log) => return true,
            Kind::Call if has_word(model.name(receiver), &LEVELS) => {
                let root = model.child(receiver, Role::Receiver);
                return root.is_some_and(|r| has_word(model.name(r), &["log", "logger", "logging"]));
            }
            Kind::Call => at = model.child(receiver, Role::Receiver),
            _ => return false,
        }
    }
    false
}

/// Whether an `if` decides nothing but what is shown: in all its branches, or, where it leaves early, in what follows.
pub(crate) fn only_shows(file: &Analysis<'_>, statement: NodeId) -> bool {
    let model = file.model;
    let Some(then) = model.child(statement, Role::Then) else { return false };
    let condition = model.child(statement, Role::Condition);
    let condition: Vec<NodeId> = condition.into_iter().flat_map(|c| model.self_and_descendants(c)).collect();
    if let Some(rest) = skipped(file, statement, then) {
        let region = Region { file, parts: rest, condition };
        return region.logs() && !region.acts();
    }
    let branches = model.children(statement).filter(|c| matches!(model.role(*c), Role::Then | Role::Else)).collect();
    !Region { file, parts: branches, condition }.acts()
}

/// What a bare `return` or `continue` leaves out: the rest of the function or of the round.
fn skipped(file: &Analysis<'_>, statement: NodeId, then: NodeId) -> Option<Vec<NodeId>> {
    let model = file.model;
    let exits =
        |n: NodeId| matches!(model.kind(n), Kind::Return | Kind::Continue) && model.children(n).next().is_none();
    let only = match model.kind(then) {
        Kind::Block => model.children(then).next().filter(|_| model.children(then).count() == 1)?,
        _ => then,
    };
    let block = model.parent(statement).filter(|_| exits(only))?;
    let left = if model.kind(only) == Kind::Return { Kind::Function } else { Kind::Loop };
    let whole = model.role(block) == Role::Body && model.parent(block).is_some_and(|p| model.kind(p) == left);
    (whole && model.child(statement, Role::Else).is_none())
        .then(|| model.children(block).filter(|c| *c > statement).collect())
}

/// Statements that a condition decides about.
struct Region<'f, 'a> {
    file: &'f Analysis<'a>,
    parts: Vec<NodeId>,
    condition: Vec<NodeId>,
}

impl Region<'_, '_> {
    fn nodes(&self) -> impl Iterator<Item = NodeId> {
        self.parts.iter().flat_map(|p| self.file.model.self_and_descendants(*p))
    }

    fn contains(&self, id: NodeId) -> bool {
        self.parts.iter().any(|p| self.file.model.contains(*p, id))
    }

    fn logs(&self) -> bool {
        self.nodes().any(|n| self.file.model.kind(n) == Kind::Call && is_shown_call(self.file, n))
    }

    /// Whether anything is done besides showing something, and besides what that takes.
    fn acts(&self) -> bool {
        let model = self.file.model;
        let logs = self.logs();
        self.nodes().any(|n| match model.kind(n) {
            Kind::Return | Kind::Throw | Kind::Break | Kind::Continue => {
                self.file.function_around(n).is_none_or(|f| !self.contains(f))
            }
            Kind::Unary => model.name(n) == "delete",
            Kind::Assign if model.child(n, Role::Value).is_some_and(|v| self.is_level(v)) => false,
            Kind::Assign => {
                !model.children_with(n, Role::Target).all(|t| self.is_compared(t) || logs && self.is_kept(n, t))
            }
            Kind::Call | Kind::New => {
                let asks = has_word(model.name(n), &["loggable"]) || is_level_question(model.name(n));
                let shows = asks || is_shown_call(self.file, n) || self.is_inside_shown(n);
                !(shows || logs && (self.is_own(n) || self.is_pure(n) || self.renews(n) || self.is_text(n)))
            }
            _ => false,
        })
    }

    /// Clamping the compared value, or renewing the mark after a throttled log line, is no act by itself.
    fn is_compared(&self, target: NodeId) -> bool {
        let model = self.file.model;
        let same = |c: &NodeId| model.kind(*c) == model.kind(target) && model.sym(*c) == model.sym(target);
        // `marks.length = 0` forgets what was in it.
        model.name(target) != "length" && self.condition.iter().any(same)
    }

    /// A counter that is reset after it was shown, the mark of the next line, a variable of these statements alone.
    fn is_kept(&self, assignment: NodeId, target: NodeId) -> bool {
        let model = self.file.model;
        let value = model.child(assignment, Role::Value);
        let reset = value.is_some_and(|v| model.kind(v) == Kind::Number || self.is_reading(v));
        let local = model.kind(target) == Kind::Name && self.file.reads_of(target).iter().all(|r| self.contains(*r));
        reset || local
    }

    /// `write = logger.debug`: which line is written.
    fn is_level(&self, value: NodeId) -> bool {
        let model = self.file.model;
        let object = model.child(value, Role::Object).filter(|_| model.kind(value) == Kind::Member);
        object.is_some_and(|o| has_word(model.name(o), &TAKES_IN) && has_word(model.name(value), &LEVELS))
    }

    fn is_reading(&self, value: NodeId) -> bool {
        self.file.value(value).origins.any(Origins::CLOCKS)
    }

    fn is_inside_shown(&self, id: NodeId) -> bool {
        let model = self.file.model;
        let around = model.ancestors(id).take_while(|a| self.contains(*a));
        around.into_iter().any(|a| model.kind(a) == Kind::Call && is_shown_call(self.file, a))
    }

    /// A call on, or for, a variable of these statements alone: texts that are put together to be shown.
    fn is_own(&self, call: NodeId) -> bool {
        const ASKS: [&str; 28] = [
            "get",
            "is",
            "has",
            "compute",
            "calc",
            "calculate",
            "format",
            "build",
            "make",
            "to",
            "str",
            "len",
            "size",
            "count",
            "sum",
            "join",
            "describe",
            "snapshot",
            "aggregate",
            "collect",
            "percent",
            "rate",
            "since",
            "keys",
            "values",
            "items",
            "copy",
            "round",
        ];
        let model = self.file.model;
        let mut chain = std::iter::successors(Some(call), |c| model.child(*c, Role::Receiver));
        let root = chain.find(|r| model.kind(*r) == Kind::Name);
        let for_own = || {
            let around =
                model.ancestors(call).find(|a| matches!(model.kind(*a), Kind::Let | Kind::Assign | Kind::Block));
            around.is_some_and(|a| {
                let mut targets = model.children_with(a, Role::Target).peekable();
                targets.peek().is_some() && targets.all(|t| self.is_kept(a, t))
            })
        };
        let asks = words(model.name(call)).first().is_some_and(|w| ASKS.contains(&w.as_str()));
        root.is_some_and(|r| self.file.stores_of(r).iter().any(|s| self.contains(s.at))) || asks && for_own()
    }

    /// `text.delete(0, text.length())`, of what was put together in a line of the log.
    fn is_text(&self, call: NodeId) -> bool {
        let model = self.file.model;
        let root = |n: NodeId| {
            let chain = std::iter::successors(Some(n), |c| model.child(*c, Role::Receiver));
            chain.last().filter(|r| model.kind(*r) == Kind::Name).map(|r| model.sym(r))
        };
        let own = root(call).filter(|_| matches!(model.name(call), "append" | "delete" | "length" | "setLength"));
        let shown = |c: NodeId| model.kind(c) == Kind::Call && is_shown_call(self.file, c);
        let told = |sym| {
            let mut lines = self.nodes().filter(|n| shown(*n)).flat_map(|c| model.descendants(c));
            lines.any(|n| model.kind(n) == Kind::Name && model.sym(n) == sym)
        };
        own.is_some_and(told)
    }

    fn is_pure(&self, call: NodeId) -> bool {
        let known = self.file.resolve(call);
        let flush = matches!(self.file.model.name(call), "flush" | "write");
        known.map_or(flush, |k| {
            use ApiRole::{ClockBoth, ClockMonotonic, ClockWall, None, TimeAdd, TimeConvert, TimeStrip, ValuePass};
            matches!(
                k.api.role,
                None | ValuePass | ClockWall | ClockBoth | ClockMonotonic | TimeAdd | TimeConvert | TimeStrip
            )
        })
    }

    /// `marks.put(key, now)`
    fn renews(&self, call: NodeId) -> bool {
        let model = self.file.model;
        matches!(model.name(call), "put" | "set" | "store" | "Store")
            && model.children_with(call, Role::Arg).last().is_some_and(|a| self.is_reading(a))
    }
}
