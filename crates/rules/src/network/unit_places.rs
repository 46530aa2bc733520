//! The places at which a unit of time is due: arguments of APIs and of the project's own functions, names, operands,
//! what a function returns.

use crate::network::timeout_unit_mismatch::{META, Mismatch, Taker};
use crate::network::unit_numbers::calendar;
use timelint_diagnostics::Confidence;
use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::catalog::{ApiRole, ArgMeaning, Unit};
use timelint_semantics::{Analysis, By, How, Measure, Origins, Resolved, Shape, has_word, stated_unit, words};

/// An argument of a known API that states another unit than it takes.
pub(super) fn at_api(file: &Analysis<'_>, site: NodeId) -> Vec<Mismatch> {
    let Some(known) = file.resolve(site) else { return Vec::new() };
    if known.how == How::Name {
        let named = at_instant(file, site, known).or_else(|| at_pause(file, site, known));
        return named.into_iter().collect();
    }
    let model = file.model;
    let by_argument = file.argument(site, known, ArgMeaning::Unit).map(|u| file.unit_named_by(u));
    let counts = known.api.role == ApiRole::TimeDuration && file.is_count(site);
    let lengths = known.api.args.iter().filter(|a| a.is.is_length());
    let mut all = Vec::new();
    for spec in lengths.filter(|_| !counts) {
        let Some(length) = file.argument_at(site, spec.at.as_slice()) else { continue };
        let due = match by_argument {
            Some(unit) => unit,
            None => spec.unit.or(known.api.unit).or_else(|| file.unit_of_receiver(site)),
        };
        let Some(due) = due.filter(|u| *u != Unit::Typed) else { continue };
        let spelled = || {
            let unit = calendar(file, length, due)?;
            Some(Measure { unit, source: length, by: By::Statement })
        };
        let is = file.measure(length).or_else(spelled);
        file.is_silent(&META, length, "nothing says in which unit it is", is.is_none());
        let Some(is) = is else { continue };
        file.is_silent(&META, length, "it is in the unit that is due", is.unit == due);
        let taker = Taker::takes(name_of(file, site), site);
        // Where only the name of a variable speaks against the API, it may be the name that is wrong.
        let named = matches!(model.kind(is.source), Kind::Name | Kind::Param);
        let confidence = if named { Confidence::Medium } else { Confidence::High };
        all.extend(Mismatch::between(length, is, due, taker, confidence));
    }
    // `TimeUnit.SECONDS.toMillis(timeoutMs)`, `MILLISECONDS.convert(timeout, SECONDS)`
    if known.api.role == ApiRole::TimeConvert
        && let Some(due) = file.converted_unit(site)
        && let Some(length) = model.child(site, Role::Arg)
        && let Some(is) = file.measure(length)
    {
        let taker = Taker { what: format!("`{}`", file.short(site)), verb: "converts from", at: site };
        let found = Mismatch::between(length, is, due, taker, Confidence::High);
        all.extend(found.map(|m| Mismatch { converts: false, ..m }));
    }
    all
}

/// `helpers.delay(pauseSeconds)`: a pause that is known by its name alone counts as pauses of the language do. A function
/// of that name comes from somewhere, and counts as it likes.
fn at_pause(file: &Analysis<'_>, site: NodeId, known: Resolved<'_>) -> Option<Mismatch> {
    file.model.child(site, Role::Receiver)?;
    let spec = known.api.args.iter().find(|a| known.api.role == ApiRole::Sleep && a.is == ArgMeaning::Amount)?;
    let length = file.argument_at(site, spec.at.as_slice()).filter(|_| file.callee(site).is_none())?;
    let is = file.measure(length).filter(|m| m.by == By::Statement)?;
    let due = spec.unit.filter(|u| *u != Unit::Typed)?;
    Mismatch::between(length, is, due, Taker::takes(name_of(file, site), site), Confidence::Medium)
}

/// `db.expireAt(key, date.getTime())`: known by the method's name alone, and given a reading of a clock in another unit.
fn at_instant(file: &Analysis<'_>, site: NodeId, known: Resolved<'_>) -> Option<Mismatch> {
    let spec = known.api.args.iter().find(|a| known.api.role == ApiRole::Write && a.is == ArgMeaning::Amount)?;
    let length = file.argument_at(site, spec.at.as_slice())?;
    let value = file.value(length);
    let instant = value.shape == Shape::Instant && value.origins.any(Origins::CLOCKS);
    let is = file.measure(length).filter(|_| instant)?;
    let due = spec.unit.filter(|u| *u != Unit::Typed)?;
    Mismatch::between(length, is, due, Taker::takes(name_of(file, site), site), Confidence::Medium)
}

/// `lease(key, DAY_MS, TimeUnit.SECONDS)`: an amount beside the unit that it is said to be in, whatever is called.
pub(super) fn at_pair(file: &Analysis<'_>, site: NodeId) -> Vec<Mismatch> {
    let model = file.model;
    if file.resolve(site).is_some_and(|k| k.how != How::Name) {
        return Vec::new();
    }
    let args: Vec<NodeId> = model.children_with(site, Role::Arg).collect();
    let mismatch = |at: usize| {
        let pair = args.get(at..at + 2)?;
        let due = file.unit_written(pair[1])?;
        // `new Granularity(NANOS, amount, MILLIS)`: the unit before it is its own.
        if at.checked_sub(1).is_some_and(|before| file.unit_written(args[before]).is_some()) {
            return None;
        }
        let taker = Taker::takes(name_of(file, site), site);
        Mismatch::between(pair[0], file.measure(pair[0])?, due, taker, Confidence::High)
    };
    (0..args.len()).filter_map(mismatch).collect()
}

/// An argument that counts otherwise than the parameter of the project's own function, by its name or by what the body
/// does with it.
pub(super) fn at_parameters(file: &Analysis<'_>, site: NodeId) -> Vec<Mismatch> {
    let model = file.model;
    if file.resolve(site).is_some() || model.kind(site) == Kind::Record {
        return Vec::new();
    }
    let value = |a: NodeId| model.child(a, Role::Value).filter(|_| model.kind(a) == Kind::Argument).unwrap_or(a);
    if !model.children_with(site, Role::Arg).any(|a| file.measure(value(a)).is_some()) {
        return Vec::new();
    }
    // `record(nanos, NANOSECONDS)`: the unit is another argument.
    let unit = |a: NodeId| file.unit_named_by(a).is_some() && !model.name(a).chars().any(char::is_lowercase);
    if model.children_with(site, Role::Arg).any(unit) {
        return Vec::new();
    }
    let mut parameters = file.parameter_names(site);
    if parameters.is_empty()
        && let Some(constructor) = file.constructor_of(site)
    {
        parameters = file.names_of_parameters(constructor);
    }
    let mut all = Vec::new();
    for (position, argument) in model.children_with(site, Role::Arg).enumerate() {
        let named = model.kind(argument) == Kind::Argument;
        let position = if named { parameters.iter().position(|p| p == model.name(argument)) } else { Some(position) };
        if model.kind(argument) == Kind::Spread {
            break;
        }
        let Some(position) = position else { continue };
        let length = if named { model.child(argument, Role::Value) } else { Some(argument) };
        let Some((length, is)) = length.and_then(|l| Some((l, file.measure(l)?))) else { continue };
        let parameter = parameters.get(position).map_or("", String::as_str);
        let reached = file.callee(site).is_some() || file.constructor_of(site).is_some();
        let stated = || stated_unit(parameter).map(|unit| (unit, None)).filter(|_| !reached);
        let Some((due, source)) = file.unit_taken(site, position).or_else(stated) else { continue };
        let what = match parameter {
            "" => format!("argument {} of `{}`", position + 1, name_of(file, site)),
            name => format!("`{name}` of `{}`", name_of(file, site)),
        };
        let taker = Taker::is_in(what, source.unwrap_or(site));
        all.extend(Mismatch::between(length, is, due, taker, Confidence::Medium));
    }
    all
}

/// A variable, field, keyword or key whose name states another unit than what it is given.
pub(super) fn at_name(file: &Analysis<'_>, id: NodeId) -> Option<Mismatch> {
    let model = file.model;
    let length = model.child(id, Role::Value)?;
    let target = model.child(id, Role::Target);
    if model.children_with(id, Role::Target).count() > 1 || model.kind(id) == Kind::Assign && model.name(id) != "=" {
        return None;
    }
    let is = file.measure(length)?;
    let (name, due) = unit_of_place(file, id).or_else(|| by_custom(file, id, is))?;
    if file.type_of(target.unwrap_or(id)).is_some_and(|t| file.catalog().knows_type(&t.name)) {
        return None;
    }
    // `"ms": float64(time.Millisecond)` is a table of units, `milliSecond = float64(time.Millisecond)` a factor.
    let prefixes = ["milli", "micro", "nano"];
    let said = words(name);
    let unit_alone = said.len() == 1 || said.len() == 2 && said.first().is_some_and(|w| prefixes.contains(&w.as_str()));
    if unit_alone && file.value(length).number.is_some() {
        return None;
    }
    // `ttlDays = SECONDS_A_DAY * days`: the name says what it was made of.
    let made_of = |n: NodeId| file.measure(n).is_some_and(|m| m.unit == due);
    if is_calendar(due) && model.kind(length) == Kind::Binary && model.children_with(length, Role::Operand).any(made_of)
    {
        return None;
    }
    // `ms = durationMs / 1000`: the number was converted, the name was not.
    let slip = is.by != By::Statement || matches!(model.name(length), "/" | "//" | "*");
    let slip = slip && model.kind(length) == Kind::Binary && model.children_with(length, Role::Operand).any(made_of);
    let taker = Taker::is_in(format!("`{name}`"), target.unwrap_or(id));
    Mismatch::between(length, is, due, taker, if slip { Confidence::Low } else { Confidence::Medium })
}

/// `grace += timeouts.longestMs()`: what is added counts otherwise than what the variable holds until then.
pub(super) fn at_update(file: &Analysis<'_>, id: NodeId) -> Option<Mismatch> {
    let model = file.model;
    let adds = model.kind(id) == Kind::Assign && matches!(model.name(id), "+=" | "-=");
    let (target, length) = model.child(id, Role::Target).zip(model.child(id, Role::Value)).filter(|_| adds)?;
    let is = file.measure(length)?;
    let due = file.unit_before(target)?;
    if due.by != By::Statement || is_calendar(due.unit) && is_calendar(is.unit) {
        return None;
    }
    let taker = Taker::is_in(format!("`{}`", file.short(target)), target);
    Mismatch::between(length, is, due.unit, taker, Confidence::Medium)
}

/// Amounts of days and hours are added up for display.
fn is_calendar(unit: Unit) -> bool {
    matches!(unit, Unit::Days | Unit::Hours | Unit::Minutes)
}

/// A keyword argument that is called a timeout counts seconds by custom, where nothing is known of the function: enough
/// to tell a timeout that was multiplied by a thousand.
fn by_custom<'f>(file: &'f Analysis<'_>, id: NodeId, is: Measure) -> Option<(&'f str, Unit)> {
    let model = file.model;
    let called = model.kind(id) == Kind::Argument && model.name(id) == "timeout";
    let unknown = || model.parent(id).is_some_and(|call| file.resolve(call).is_none() && file.callee(call).is_none());
    (called && is.by == By::Factor && is.unit == Unit::Millis && unknown()).then(|| (model.name(id), Unit::Seconds))
}

/// The name of a variable, field, keyword or key, and the unit that it states.
pub(super) fn unit_of_place<'f>(file: &'f Analysis<'_>, id: NodeId) -> Option<(&'f str, Unit)> {
    let model = file.model;
    let target = model.child(id, Role::Target);
    // `arguments["x-expires"] = ..`
    let key = target.filter(|t| model.kind(*t) == Kind::Index).and_then(|t| model.child(t, Role::Key));
    let name = key.or(target).map_or(model.name(id), |t| model.name(t));
    let due = stated_unit(name).or_else(|| unit_of_key(file, id, name))?;
    Some((name, due))
}

/// The unit of a setting that a library knows by its key, or by the key and what it is a part of: `session.cookie.maxAge`,
/// `res.cookie(name, value, { maxAge })`.
fn unit_of_key(file: &Analysis<'_>, id: NodeId, name: &str) -> Option<Unit> {
    let model = file.model;
    let known = |key: &str| {
        let entry = file.catalog().lookup(&format!("key:{key}"), None)?;
        file.catalog().api(entry).args.iter().find_map(|a| a.unit)
    };
    let around = || {
        let record = model.parent(id).filter(|_| model.kind(id) == Kind::Entry);
        let call = record.and_then(|r| model.parent(r)).filter(|c| model.kind(*c) == Kind::Call);
        call.or_else(|| model.child(id, Role::Target).and_then(|t| model.child(t, Role::Object)))
    };
    let inside = || {
        let around = around()?;
        let outer = model.child(around, Role::Receiver).or_else(|| model.child(around, Role::Object))?;
        known(&format!("{}.{}.{name}", model.name(outer), model.name(around)))
    };
    known(name).or_else(inside)
}

/// The two sides of an addition, subtraction or comparison: both have to be in one unit.
pub(super) fn sides_of_one_unit(file: &Analysis<'_>, id: NodeId) -> Option<(NodeId, NodeId)> {
    let model = file.model;
    if !matches!(model.name(id), "+" | "-" | "<" | ">" | "<=" | ">=") {
        return None;
    }
    let sides: Vec<NodeId> = model.children_with(id, Role::Operand).collect();
    let [left, right] = sides[..] else { return None };
    Some((left, right))
}

/// Two operands that are added, subtracted or compared, and state different units.
pub(super) fn at_operands(file: &Analysis<'_>, id: NodeId) -> Option<Mismatch> {
    let model = file.model;
    let (left, right) = sides_of_one_unit(file, id)?;
    // `31 * result + timeoutMs`
    if file.function_around(id).is_some_and(|f| has_word(model.name(f), &["hash"])) {
        return None;
    }
    let (first, second) = (file.measure(left)?, file.measure(right)?);
    // Two readings of clocks in different units are mixed clocks.
    let reading = |n: NodeId| file.value(n).origins.any(Origins::CLOCKS);
    if reading(left) && reading(right) {
        return None;
    }
    if is_calendar(first.unit) && is_calendar(second.unit) || first.by != By::Statement {
        return None;
    }
    let taker = Taker::is_in(format!("`{}`", file.short(left)), left);
    let found = Mismatch::between(right, second, first.unit, taker, Confidence::Medium)?;
    Some(Mismatch { converts: false, ..found })
}

/// What a function returns counts otherwise than its name says, or than what it returns elsewhere.
pub(super) fn at_returns(file: &Analysis<'_>, function: NodeId) -> Vec<Mismatch> {
    // `secondsToMillis`, `fromSeconds`, `timeWithHours`: the name speaks of what it takes.
    const TAKING: [&str; 17] = [
        "to", "from", "of", "convert", "parse", "format", "with", "by", "plus", "minus", "add", "after", "before",
        "within", "until", "ago", "next",
    ];
    let model = file.model;
    if file.gives_no_number(function) {
        return Vec::new();
    }
    let branches = |n: NodeId| match model.kind(n) {
        Kind::Conditional => model.children(n).filter(|c| model.role(*c) != Role::Condition).collect(),
        _ => vec![n],
    };
    let returns: Vec<NodeId> = file.returns(function).into_iter().flat_map(branches).collect();
    let name = model.name(function);
    let converts = words(name).iter().any(|w| TAKING.contains(&w.as_str()));
    // `fmt_millis(millis)`
    let params = file.names_of_parameters(function);
    let of_params = |unit: &Unit| params.iter().any(|p| stated_unit(p) == Some(*unit));
    let named =
        stated_unit(name).filter(|u| !converts && !of_params(u)).map(|unit| (unit, function, format!("`{name}`")));
    let measured = |r: &NodeId| file.measure(*r).map(|m| (*r, m));
    let elsewhere = || {
        let (at, first) = returns.iter().find_map(measured)?;
        let agree = returns.iter().filter_map(measured).all(|(_, m)| m.unit == first.unit);
        agree.then(|| (first.unit, at, "what the function returns elsewhere".to_owned()))
    };
    let Some((due, at, what)) = named.or_else(elsewhere) else { return Vec::new() };
    let mut all = Vec::new();
    for length in returns {
        let spelled = || calendar(file, length, due).map(|unit| Measure { unit, source: length, by: By::Statement });
        let Some(is) = file.measure(length).or_else(spelled) else { continue };
        let taker = Taker::is_in(what.clone(), at);
        all.extend(Mismatch::between(length, is, due, taker, Confidence::Medium));
    }
    all
}

/// What a call, construction or record is called.
pub(super) fn name_of<'f>(file: &'f Analysis<'_>, site: NodeId) -> &'f str {
    let model = file.model;
    let ty = model.child(site, Role::Type).filter(|_| model.kind(site) != Kind::Call);
    ty.map_or(model.name(site), |t| model.name(t))
}
