//! What an identifier is made of: a reading of the wall clock, constants, and anything else.

use crate::clock::coordination::is_local_reading;
use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::catalog::ApiRole;
use timelint_semantics::{Analysis, has_word};

/// Expressions nested deeper are not followed.
const DEEP: usize = 10;

/// The parts of an expression.
#[derive(Debug, Default)]
pub(crate) struct Ingredients {
    /// The expression that is a reading of the wall clock.
    pub(crate) reading: Option<NodeId>,
    /// Something takes part that may tell two values of one moment apart, or that could not be followed.
    pub(crate) other: bool,
    /// A random number of a few digits takes part.
    pub(crate) few_digits: bool,
}

impl Ingredients {
    /// The reading, when nothing but constants takes part besides.
    pub(crate) fn only_reading(self) -> Option<NodeId> {
        self.nearly_only_reading().filter(|_| !self.few_digits)
    }

    /// The reading, when a random number of a few digits may take part, too.
    pub(crate) fn nearly_only_reading(&self) -> Option<NodeId> {
        self.reading.filter(|_| !self.other)
    }
}

/// The parts of `id`, through arithmetic, conversions, formatting and single-assignment locals.
pub(crate) fn ingredients(file: &Analysis<'_>, id: NodeId) -> Ingredients {
    let mut found = Ingredients::default();
    gather(file, id, 0, &mut found);
    found
}

fn gather(file: &Analysis<'_>, id: NodeId, depth: usize, found: &mut Ingredients) {
    let model = file.model;
    if depth > DEEP {
        found.other = true;
        return;
    }
    if is_few_digits(file, id) {
        found.few_digits = true;
        return;
    }
    let mut all = |children: Vec<NodeId>| children.into_iter().for_each(|c| gather(file, c, depth + 1, found));
    match model.kind(id) {
        Kind::Number | Kind::Boolean | Kind::Null | Kind::Type => {}
        Kind::String | Kind::Unary | Kind::Cast | Kind::Await | Kind::Argument | Kind::List => {
            all(model.children(id).collect());
        }
        Kind::Binary if matches!(model.name(id), "||" | "??" | "&&") => found.other = true,
        Kind::Binary => all(model.children_with(id, Role::Operand).collect()),
        Kind::Call | Kind::New => call(file, id, depth, found),
        Kind::Name => {
            let source = file.condition_source(id);
            let stores = file.stores_of(id);
            if source != id && source < id && stores.len() == 1 {
                gather(file, source, depth + 1, found);
            } else {
                found.other |= !file.value(id).is_constant();
            }
        }
        _ => found.other |= !file.value(id).is_constant(),
    }
}

/// `Math.floor(Math.random() * 1000)`, `rand.Intn(100)`, `random.randint(100, 999)`.
fn is_few_digits(file: &Analysis<'_>, id: NodeId) -> bool {
    const MOST: f64 = 9999.0;
    const BOUNDED: [&str; 8] = ["randint", "randrange", "nextInt", "Intn", "IntN", "Int63n", "Int31n", "randomInt"];
    let model = file.model;
    let random = |n: NodeId| model.kind(n) == Kind::Call && model.name(n) == "random";
    let number = |n: NodeId| file.value(n).number.filter(|_| model.kind(n) == Kind::Number);
    let small = |mut numbers: Vec<f64>| {
        numbers.retain(|n| *n > 0.0);
        !numbers.is_empty() && numbers.iter().all(|n| *n <= MOST)
    };
    match model.kind(id) {
        Kind::Binary if model.name(id) == "*" => {
            let sides = || model.children_with(id, Role::Operand);
            sides().any(random) && small(sides().filter_map(number).collect())
        }
        Kind::Binary if model.name(id) == "+" => {
            let mut sides = model.children_with(id, Role::Operand);
            let (a, b) = (sides.next(), sides.next());
            a.zip(b).is_some_and(|(a, b)| {
                is_few_digits(file, a) && number(b).is_some() || is_few_digits(file, b) && number(a).is_some()
            })
        }
        Kind::Call if BOUNDED.contains(&model.name(id)) => {
            let args = || model.children_with(id, Role::Arg);
            args().all(|a| number(a).is_some()) && small(args().filter_map(number).collect())
        }
        Kind::Call
            if matches!(model.name(id), "floor" | "round" | "ceil" | "trunc" | "toString" | "padStart" | "str") =>
        {
            let whole = model.child(id, Role::Arg).filter(|a| number(*a).is_none() && model.kind(*a) != Kind::String);
            whole.or_else(|| model.child(id, Role::Receiver)).is_some_and(|w| is_few_digits(file, w))
        }
        _ => false,
    }
}

fn call(file: &Analysis<'_>, id: NodeId, depth: usize, found: &mut Ingredients) {
    let model = file.model;
    let args = || model.children_with(id, Role::Arg);
    let receiver = model.child(id, Role::Receiver);
    let mut all = |parts: Vec<NodeId>| parts.into_iter().for_each(|p| gather(file, p, depth + 1, found));
    match file.resolve(id).map(|k| k.api.role) {
        Some(ApiRole::ClockWall | ApiRole::ClockBoth) => found.reading = found.reading.or(Some(id)),
        Some(ApiRole::TimeConvert | ApiRole::TimeStrip | ApiRole::TimeAdd | ApiRole::ValuePass) => {
            // A receiver that is a module or type takes no part.
            let object = receiver.filter(|r| model.kind(*r) != Kind::Name || file.path_of(*r).is_none());
            all(object.into_iter().chain(args()).collect());
        }
        None | Some(ApiRole::None) if is_format(model.name(id)) => {
            let object = receiver.filter(|r| model.kind(*r) != Kind::Name || is_variable(file, *r));
            all(object.into_iter().chain(args()).collect());
        }
        None if args().next().is_none() && is_local_reading(file, id) => found.reading = found.reading.or(Some(id)),
        _ => found.other = true,
    }
}

fn is_variable(file: &Analysis<'_>, name: NodeId) -> bool {
    !file.stores_of(name).is_empty()
}

/// Calls that only give their receiver and arguments another form, or a shorter one.
fn is_format(name: &str) -> bool {
    const FORMS: [&str; 21] = [
        "string",
        "str",
        "format",
        "sprintf",
        "text",
        "hex",
        "bytes",
        "encode",
        "decode",
        "bigint",
        "number",
        "substring",
        "substr",
        "slice",
        "concat",
        "md5",
        "sha1",
        "sha256",
        "digest",
        "hexdigest",
        "base36",
    ];
    has_word(name, &FORMS) && !has_word(name, &["random", "rand", "uuid", "nonce", "unique", "secure"])
}
