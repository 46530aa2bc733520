//! How long a program waits between two attempts: always the same, longer each time, by chance.

use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::catalog::{ApiRole, Unit};
use timelint_semantics::{Analysis, Callee, Origins, Store, StoreKind, Value, has_word};

/// Words of what makes waits differ from each other by chance.
#[rustfmt::skip]
const RANDOM: [&str; 16] = [
    "rand", "random", "randint", "randrange", "uniform", "jitter", "jittered", "fuzz", "noise", "splay",
    "stagger", "spread", "randomize", "randomized", "randomization", "rnd",
];

/// Functions that only change the form or the bounds of a number.
#[rustfmt::skip]
const PLAIN: [&str; 30] = [
    "min", "max", "abs", "floor", "ceil", "round", "trunc", "clamp", "int", "int32", "int64", "uint", "uint64",
    "float", "float64", "long", "Number", "parseInt", "Duration", "timedelta", "ofMillis", "ofSeconds",
    "toMillis", "valueOf", "intValue", "longValue", "Math", "pow", "exp", "exp2",
];

/// Words of objects that hold what was set from outside.
const OPTIONS: [&str; 10] =
    ["opts", "options", "config", "configuration", "conf", "cfg", "settings", "props", "properties", "params"];

/// A pause from which on repeating without end no longer loads anybody.
pub(crate) const GENTLE_SECONDS: f64 = 10.0;

/// A bare number from which on it is taken to be milliseconds.
const MILLIS_FROM: f64 = 50.0;

/// Expressions that are followed from one to the next.
const MOST_STEPS: u32 = 4;

/// Nodes of one expression or function that are looked at.
const MOST_NODES: usize = 400;

/// What is known of a wait between attempts.
#[expect(clippy::struct_excessive_bools, reason = "independent facts of one walk")]
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Delay {
    /// Its length in seconds, where it is one literal or constant.
    pub(crate) fixed: Option<f64>,
    /// It depends on how often was tried.
    pub(crate) grows: bool,
    /// Where it becomes longer, if elsewhere than where is waited.
    pub(crate) grown: Option<NodeId>,
    /// It has a random part.
    pub(crate) random: bool,
    /// It can be set from outside.
    pub(crate) settable: bool,
    /// Part of it cannot be followed.
    pub(crate) unknown: bool,
    /// `2 ^ n`, which is no power.
    pub(crate) xor: Option<NodeId>,
    /// A power with nothing to multiply it, in a unit so small that the first attempts do not wait.
    pub(crate) tiny: Option<NodeId>,
}

/// Whether a name speaks of chance.
pub(crate) fn is_random_name(name: &str) -> bool {
    has_word(name, &RANDOM)
}

/// The wait of `amount`, which is a number of `unit`; `within` is what is repeated: a loop, or a function that is called
/// for each attempt.
pub(crate) fn delay_of(file: &Analysis<'_>, amount: NodeId, unit: Option<Unit>, within: NodeId) -> Delay {
    let unit = unit.or_else(|| file.unit_named_by(amount));
    let mut walk = Walk { file, within, found: Delay::default() };
    walk.visit(amount, 0);
    let value = file.value(amount);
    if value.origins.any(Origins::RANDOM) {
        walk.found.random = true;
    }
    let found = walk.found;
    if !found.grows && !found.random && value.is_constant() {
        // A helper that says no unit: hardly anybody waits for minutes, or for a few milliseconds.
        let guessed = || value.number.map(|n| if n >= MILLIS_FROM { n / 1000.0 } else { n });
        walk.found.fixed = value.seconds(unit).or_else(guessed);
        walk.found.unknown |= walk.found.fixed.is_none();
    }
    walk.found.tiny = tiny_power(file, amount, unit, &value);
    walk.found
}

/// The wait that a function gives for each attempt.
pub(crate) fn delay_given_by(file: &Analysis<'_>, function: NodeId, unit: Option<Unit>) -> Delay {
    let mut all = delay_given_by_inner(file, function, 0);
    let mut lengths = given_values(file, function).into_iter().map(|v| delay_of(file, v, unit, function));
    let first = lengths.next();
    all.tiny = first.and_then(|d| d.tiny);
    all.fixed = first.and_then(|d| d.fixed).filter(|f| lengths.all(|d| d.fixed == Some(*f)));
    all
}

fn delay_given_by_inner(file: &Analysis<'_>, function: NodeId, depth: u32) -> Delay {
    let values = given_values(file, function);
    let mut walk = Walk { file, within: function, found: Delay { unknown: values.is_empty(), ..Delay::default() } };
    for value in values {
        walk.visit(value, depth);
    }
    walk.found.random |= speaks_of_chance(file, function);
    walk.found
}

/// The waits that a function returns: `null`, `false` and errors end the attempts.
fn given_values(file: &Analysis<'_>, function: NodeId) -> Vec<NodeId> {
    let model = file.model;
    let ends = |v: &NodeId| {
        matches!(model.kind(*v), Kind::Null | Kind::Boolean | Kind::New | Kind::String) || model.name(*v) == "undefined"
    };
    file.returns(function).into_iter().filter(|v| !ends(v)).collect()
}

/// Whether anything in a stretch of code is called after chance.
fn speaks_of_chance(file: &Analysis<'_>, id: NodeId) -> bool {
    let model = file.model;
    model.self_and_descendants(id).take(MOST_NODES).any(|n| {
        matches!(model.kind(n), Kind::Call | Kind::New | Kind::Name | Kind::Member | Kind::Param)
            && is_random_name(model.name(n))
    })
}

struct Walk<'f, 'a> {
    file: &'f Analysis<'a>,
    within: NodeId,
    found: Delay,
}

impl Walk<'_, '_> {
    fn visit(&mut self, id: NodeId, depth: u32) {
        let model = self.file.model;
        if depth > MOST_STEPS {
            self.found.unknown = true;
            return;
        }
        let mut skip = id;
        for node in model.self_and_descendants(id).take(MOST_NODES) {
            if node < skip {
                continue;
            }
            // What a choice depends on is no part of the wait.
            if model.role(node) == Role::Condition {
                skip = model.end(node);
                continue;
            }
            match model.kind(node) {
                Kind::Binary if model.name(node) == "^" => self.power(node),
                Kind::Call | Kind::New if !self.call(node, depth) => skip = model.end(node),
                // `opts.ReconnectWait` is what was set, wherever the options come from.
                Kind::Name if model.role(node) == Role::Object && has_word(model.name(node), &OPTIONS) => {}
                Kind::Name if model.role(node) != Role::Receiver => self.name(node, depth),
                Kind::Member => self.member(node, depth),
                Kind::Index if self.is_told(node) => skip = model.end(node),
                // `self._config['retry_backoff_ms']`
                Kind::Index if model.child(node, Role::Object).is_some_and(|o| has_word(model.name(o), &OPTIONS)) => {
                    self.found.settable = true;
                    skip = model.end(node);
                }
                Kind::Opaque | Kind::Index => self.found.unknown = true,
                _ => {}
            }
        }
    }

    /// `response.headers["Retry-After"]`: the server itself says how long.
    fn is_told(&self, node: NodeId) -> bool {
        let model = self.file.model;
        model.descendants(node).take(16).any(|n| {
            model.kind(n) == Kind::String && model.name(n).len() < 32 && {
                let name = model.name(n).to_ascii_lowercase();
                name.contains("retry") && name.contains("after")
            }
        })
    }

    /// `2 ^ attempt`: a constant and something that is none.
    fn power(&mut self, node: NodeId) {
        let operands: Vec<NodeId> = self.file.model.children_with(node, Role::Operand).collect();
        let [base, exponent] = operands[..] else { return };
        if self.file.value(base).number == Some(2.0) && self.file.model.kind(exponent) != Kind::Number {
            self.found.xor = Some(node);
        }
    }

    /// A call in a wait; whether its arguments are part of the wait themselves.
    fn call(&mut self, call: NodeId, depth: u32) -> bool {
        let model = self.file.model;
        let name = model.name(call);
        if is_random_name(name) {
            self.found.random = true;
            return false;
        }
        if self.is_told(call) {
            return false;
        }
        // `s.options().ReconnectWait`, `conf.get("reconnect.wait")`
        let receiver = model.child(call, Role::Receiver).map_or("", |r| model.name(r));
        if has_word(receiver, &OPTIONS) || has_word(name, &OPTIONS) && model.child(call, Role::Arg).is_none() {
            self.found.settable = true;
            return false;
        }
        if let Some(known) = self.file.resolve(call)
            && known.api.role != ApiRole::None
        {
            match known.api.role {
                ApiRole::Random => self.found.random = true,
                ApiRole::ConfigRead => self.found.settable = true,
                // `interval - since(last)`: the rest of a pause.
                ApiRole::TimeSince | ApiRole::TimeUntil | ApiRole::TimeDifference => {}
                ApiRole::TimeConvert | ApiRole::TimeDuration | ApiRole::ValuePass | ApiRole::TimeAdd => return true,
                _ => self.found.unknown = true,
            }
            return false;
        }
        if PLAIN.iter().any(|p| name.eq_ignore_ascii_case(p)) {
            return true;
        }
        match self.file.callee(call) {
            Some(Callee::Here(function)) if model.child(function, Role::Body).is_some() => {
                let given = delay_given_by_inner(self.file, function, depth + 1);
                let varies = model.children_with(call, Role::Arg).any(|a| !self.file.value(a).is_constant());
                self.found.random |= given.random;
                self.found.unknown |= given.unknown;
                self.found.settable |= given.settable;
                self.found.grows |= given.grows && varies;
                self.found.xor = self.found.xor.or(given.xor);
            }
            _ => self.found.unknown = true,
        }
        false
    }

    fn name(&mut self, node: NodeId, depth: u32) {
        // `({ computedValue }) => computedValue`: what the library computed, by chance or not.
        if has_word(self.file.model.name(node), &["computed"]) {
            self.found.unknown = true;
            return;
        }
        if is_random_name(self.file.model.name(node)) {
            self.found.random = true;
        }
        let stores = self.file.stores_of(node);
        if stores.is_empty() {
            self.constant_or_unknown(node);
        }
        self.stores(node, stores, depth);
    }

    fn stores(&mut self, read: NodeId, stores: &[Store], depth: u32) {
        for store in stores {
            let before = self.found.grows;
            self.store(read, *store, depth);
            if self.found.grows && !before && depth == 0 {
                self.found.grown = store.value.or(Some(store.at));
            }
        }
    }

    fn member(&mut self, node: NodeId, depth: u32) {
        let model = self.file.model;
        if is_random_name(model.name(node)) {
            self.found.random = true;
        }
        if matches!(model.role(node), Role::Receiver | Role::Object) || self.file.resolve(node).is_some() {
            return;
        }
        let own = model.child(node, Role::Object).is_some_and(|o| self.file.tables.is_this(model, o));
        let stores = self.file.stores_of(node);
        if !own || stores.is_empty() {
            self.constant_or_unknown(node);
            // Another object may compute it, by chance or not.
            let of_param = model
                .child(node, Role::Object)
                .is_some_and(|o| self.file.stores_of(o).iter().any(|s| matches!(s.kind, StoreKind::Param(_))));
            self.found.unknown |= of_param && !own && model.kind(self.within) == Kind::Function;
            return;
        }
        self.stores(node, stores, depth);
    }

    fn constant_or_unknown(&mut self, node: NodeId) {
        let value = self.file.value(node);
        if value.origins.any(Origins::RANDOM) {
            self.found.random = true;
        } else if !value.is_constant() {
            self.found.settable = true;
        }
    }

    /// One store to what the wait is made of.
    fn store(&mut self, read: NodeId, store: Store, depth: u32) {
        let model = self.file.model;
        let inside = model.contains(self.within, store.at);
        let field = model.kind(read) == Kind::Member;
        match (store.kind, store.value) {
            (StoreKind::Update, _) if inside || field => self.found.grows = true,
            (StoreKind::Update, _) => self.found.unknown = true,
            (StoreKind::Element, _) if store.at == self.within => self.found.grows = true,
            // A parameter of the function that is asked for each wait counts the attempts.
            (StoreKind::Param(_), _) if model.kind(self.within) == Kind::Function && inside => self.found.grows = true,
            (StoreKind::Param(_) | StoreKind::Element | StoreKind::Caught | StoreKind::Resource, _) => {
                self.found.settable = true;
            }
            (StoreKind::Plain, Some(value)) => {
                let again = (inside || field)
                    && model
                        .self_and_descendants(value)
                        .take(MOST_NODES)
                        .any(|n| model.kind(n) == model.kind(read) && model.sym(n) == model.sym(read));
                if again {
                    self.found.grows = true;
                }
                if !model.contains(value, read) {
                    self.visit_value(value, store.index, depth + 1);
                }
            }
            (StoreKind::Plain, None) => {}
        }
    }

    fn visit_value(&mut self, value: NodeId, index: u32, depth: u32) {
        if index == 0 {
            self.visit(value, depth);
        } else {
            self.found.unknown = true;
        }
    }
}

/// `2 ** n`, `Math.exp(n)`, `1 << n` with nothing to multiply it: the first waits are a few of the smallest units.
fn tiny_power(file: &Analysis<'_>, amount: NodeId, unit: Option<Unit>, value: &Value) -> Option<NodeId> {
    const HARMLESS: [&str; 12] =
        ["min", "floor", "ceil", "round", "trunc", "int", "int64", "Duration", "float64", "long", "Number", "abs"];
    let model = file.model;
    let small = value.unit.or(unit).is_some_and(|u| matches!(u, Unit::Nanos | Unit::Micros | Unit::Millis));
    let mut at = amount;
    for _ in 0..8 {
        match (model.kind(at), model.name(at)) {
            (Kind::Cast, _) => at = model.child(at, Role::Value)?,
            (Kind::Call, name) if HARMLESS.contains(&name) => {
                at = model.children_with(at, Role::Arg).find(|a| !file.value(*a).is_constant())?;
            }
            (Kind::Name, _) => {
                let stores = file.stores_of(at);
                let [Store { kind: StoreKind::Plain, value: Some(value), index: 0, .. }] = stores[..] else {
                    return None;
                };
                at = value;
            }
            (Kind::Call, "exp" | "exp2") if small => return Some(at),
            (Kind::Call, "pow") if small => {
                let base = model.child(at, Role::Arg)?;
                return file.value(base).number.filter(|n| *n <= 3.0).map(|_| at);
            }
            (Kind::Binary, "**" | "<<") if small => {
                let base = model.child(at, Role::Operand)?;
                return file.value(base).number.filter(|n| *n <= 3.0).map(|_| at);
            }
            _ => return None,
        }
    }
    None
}
