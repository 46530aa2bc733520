//! In which unit an expression counts time: by what is known of the APIs in it, by names, by conversions, and by what is
//! stored in the variables and fields that it reads.

use crate::analysis::Analysis;
use crate::catalog::{ApiRole, ArgMeaning, ArgPlace, Unit, leaf};
use crate::eval::{scaled, unit_of};
use crate::names::{has_word, words};
use crate::resolve::Callee;
use crate::tables::{Store, StoreKind};
use crate::units::{given_unit, is_length_name, stated_unit};
use crate::value::{How, Origins, Shape, unit_word};
use timelint_model::{Kind, NodeId, Role};

/// Nodes of one stored value that are looked at.
const MOST_PARTS: usize = 64;

/// How a unit is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// A name, an API or a conversion states it.
    Statement,
    /// The documentation of a parameter, which may be wrong.
    Documentation,
    /// Nothing but a factor of a thousand: `timeout * 1000` counts milliseconds if timeouts count seconds.
    Factor,
}

/// The unit of a bare number, and what says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Measure {
    /// The unit.
    pub unit: Unit,
    /// The name, call or conversion that says so.
    pub source: NodeId,
    /// What kind of evidence that is.
    pub by: By,
}

impl Measure {
    fn said(unit: Unit, source: NodeId) -> Self {
        Self { unit, source, by: By::Statement }
    }
}

impl Analysis<'_> {
    /// The unit of a bare number; `None` where nothing states it, for typed lengths, and for literals.
    pub fn measure(&self, id: NodeId) -> Option<Measure> {
        let ask = || self.guarded(id, || self.find_measure(id)).filter(|m| m.unit != Unit::Typed);
        self.kept(&self.measures, id, ask)
    }

    fn find_measure(&self, id: NodeId) -> Option<Measure> {
        let model = self.model;
        let stated = || self.unit_stated_by(id).map(|unit| Measure::said(unit, id));
        match model.kind(id) {
            Kind::Binary => self.measure_of_arithmetic(id),
            Kind::Cast | Kind::Argument | Kind::Await => self.measure(model.child(id, Role::Value)?),
            Kind::Unary if matches!(model.name(id), "-" | "+") => self.measure(model.child(id, Role::Operand)?),
            Kind::Conditional => {
                let branches = model.children(id).filter(|c| model.role(*c) != Role::Condition);
                self.common_measure(branches.collect())
            }
            Kind::Call => self.measure_of_call(id),
            // `config["timeout_ms"]`
            Kind::Index => {
                let key = model.child(id, Role::Key).filter(|k| model.kind(*k) == Kind::String)?;
                stated_unit(model.name(key)).map(|unit| Measure::said(unit, key))
            }
            Kind::Member => match self.resolve(id) {
                Some(known) => {
                    let unit = known.api.unit.filter(|_| known.api.role != ApiRole::TimeDuration)?;
                    Some(Measure::said(unit, id))
                }
                None if self.is_typed(id) => None,
                None => stated().or_else(|| self.measure_of_field(id)).or_else(|| self.measure_commented(id)),
            },
            Kind::Name if self.is_typed(id) => None,
            Kind::Name => {
                let clock = || self.clock_unit(id).map(|unit| Measure::said(unit, id));
                if let Some(stated) = stated() {
                    // Where the name and what it holds differ, one of them lies, and that is told of where it is stored.
                    let other = |m: Option<Measure>| m.is_some_and(|m| m.unit != stated.unit);
                    let lies = other(clock()) || self.is_converted_in_place(id) || other(self.measure_of_stores(id));
                    return (!lies).then_some(stated);
                }
                let stored = self.measure_of_stores(id).or_else(clock);
                stored.or_else(|| self.measure_documented(id)).or_else(|| self.measure_commented(id))
            }
            _ => None,
        }
    }

    /// `ms = (ms + 500) / 1000`: the variable counts something else from there on.
    fn is_converted_in_place(&self, name: NodeId) -> bool {
        let model = self.model;
        let scales = |n: NodeId| match model.kind(n) {
            Kind::Binary => matches!(model.name(n), "*" | "/" | "//"),
            Kind::Call => self.resolve(n).is_some_and(|k| k.api.role == ApiRole::TimeConvert),
            _ => false,
        };
        self.stores_of(name).iter().any(|s| match (s.kind, s.value) {
            (StoreKind::Update, _) => matches!(model.name(s.at), "/=" | "*=" | "//="),
            (StoreKind::Plain, Some(value)) => {
                let itself = |n: NodeId| model.kind(n) == Kind::Name && model.sym(n) == model.sym(name);
                let inside = || model.self_and_descendants(value).take(MOST_PARTS);
                s.at < name && inside().any(itself) && inside().any(scales)
            }
            _ => false,
        })
    }

    /// Whether an expression is of a type that the catalogue knows or that is called a length of time, and therefore no
    /// bare number.
    pub fn is_typed(&self, id: NodeId) -> bool {
        const TYPED: [&str; 8] =
            ["duration", "timedelta", "timespan", "period", "instant", "datetime", "timestamp", "timeunit"];
        self.type_of(id).is_some_and(|t| self.catalog.knows_type(&t.name) || has_word(leaf(&t.name), &TYPED))
    }

    /// Whether a function gives something else than a number, whatever it is called: `scanSeconds() (Token, error)`.
    pub fn gives_no_number(&self, function: NodeId) -> bool {
        self.returned_type(function).is_some_and(|t| !may_be_number(&t.name))
    }

    /// The unit of what a variable surely holds, or of all that it may hold.
    fn measure_of_stores(&self, name: NodeId) -> Option<Measure> {
        if let Some(source) = self.only_source(name).filter(|s| self.value(*s).origins != Origins::NULL) {
            return self.measure(source);
        }
        let stores = self.stores_of(name);
        let plain = |s: &&Store| s.kind == StoreKind::Plain && s.index == 0 && s.at < name;
        let values: Vec<NodeId> = stores.iter().filter(plain).filter_map(|s| s.value).collect();
        let told: Vec<NodeId> = values.into_iter().filter(|v| self.value(*v).origins != Origins::NULL).collect();
        let all_told =
            stores.iter().all(|s| s.kind == StoreKind::Plain) && told.iter().all(|v| self.measure(*v).is_some());
        if all_told { self.common_measure(told) } else { None }
    }

    fn measure_of_call(&self, id: NodeId) -> Option<Measure> {
        let known = self.resolve(id);
        if let Some(known) = known.filter(|k| k.how != How::Name) {
            return match known.api.role {
                ApiRole::ValuePass => self.measure_passed_on(id),
                // Something below its bound: `nextInt(maxWaitSeconds)`.
                ApiRole::Random => self.measure(self.model.children_with(id, Role::Arg).last()?),
                // A typed length, whatever unit it was made of.
                ApiRole::TimeDuration => None,
                ApiRole::ConfigRead => self.measure_looked_up(id),
                _ if self.argument(id, known, ArgMeaning::Unit).is_some() => {
                    let unit = self.argument(id, known, ArgMeaning::Unit)?;
                    let gives = known.api.role == ApiRole::TimeDifference;
                    self.unit_named_by(unit).filter(|_| gives).or(known.api.unit).map(|unit| Measure::said(unit, id))
                }
                _ => known.api.unit.map(|unit| Measure::said(unit, id)),
            };
        }
        // `days(7)` converts from days to whatever the program counts in.
        let name = self.model.name(id);
        let converts = words(name).len() == 1 && self.model.child(id, Role::Arg).is_some() && name != "ms";
        let number = || self.type_of(id).is_none_or(|t| may_be_number(&t.name));
        let named = || given_unit(name).filter(|_| !converts && number()).map(|unit| Measure::said(unit, id));
        let returned = || match self.callee(id) {
            _ if self.is_typed(id) => None,
            Some(Callee::Here(function)) => self.common_measure(self.returns(function)),
            Some(Callee::Elsewhere(summary)) => self.returned_elsewhere(id, Some(&summary.class)),
            None => self.returned_elsewhere(id, None),
        };
        self.measure_looked_up(id).or_else(named).or_else(returned)
    }

    /// The unit of what a function of another file returns, by its class, or by its name where all of that name agree.
    fn returned_elsewhere(&self, call: NodeId, class: Option<&str>) -> Option<Measure> {
        let name = self.model.name(call);
        if !is_length_name(name) {
            return None;
        }
        let receiver = self.model.child(call, Role::Receiver);
        let owner = class.map(str::to_owned).or_else(|| Some(leaf(&self.type_of(receiver?)?.name).to_owned()));
        let unit = self.index.return_unit(owner.as_deref(), name)?;
        Some(Measure::said(unit, call))
    }

    /// A setting is in the unit that its key states: `conf.getInt("timeout.ms", 5)`, `int(get(AGE_MINUTES))`.
    fn measure_looked_up(&self, call: NodeId) -> Option<Measure> {
        const GETS: [&str; 18] = [
            "get", "getenv", "env", "read", "lookup", "int", "integer", "parse", "long", "float", "number", "atoi",
            "value", "property", "option", "setting", "required", "opt",
        ];
        let model = self.model;
        let name = words(model.name(call));
        let gets = name.first().is_some_and(|w| GETS.contains(&w.as_str()));
        // `getTimeDuration(key, default, TimeUnit.SECONDS)` converts.
        if !gets || name.iter().any(|w| w == "duration") {
            let last = model.children_with(call, Role::Arg).last()?;
            let unit = self.unit_named_by(last).filter(|_| gets && name.iter().any(|w| w == "time"))?;
            return Some(Measure::said(unit, last));
        }
        let key = model.child(call, Role::Arg)?;
        let constant = |name: &str| !name.chars().any(char::is_lowercase);
        match model.kind(key) {
            Kind::String => stated_unit(model.name(key)).map(|unit| Measure::said(unit, key)),
            Kind::Name | Kind::Member if constant(model.name(key)) => {
                stated_unit(model.name(key)).map(|unit| Measure::said(unit, key))
            }
            Kind::Call if self.resolve(key).is_none_or(|k| k.api.role == ApiRole::ConfigRead) => {
                self.measure_looked_up(key)
            }
            _ => None,
        }
    }

    /// The unit of a reading of a clock, or of a difference of readings.
    pub(crate) fn clock_unit(&self, id: NodeId) -> Option<Unit> {
        // `elapsed /= 1000`
        let converted = |s: &Store| s.kind == StoreKind::Update && matches!(self.model.name(s.at), "/=" | "*=" | "//=");
        if self.model.kind(id) == Kind::Name && self.stores_of(id).iter().any(converted) {
            return None;
        }
        let value = self.value(id);
        let unit = (value.shape != Shape::Plain && value.origins.any(Origins::CLOCKS)).then_some(value.unit).flatten();
        unit.filter(|u| *u != Unit::Typed)
    }

    /// The unit that the stores to a field agree on: of this class, of the object's class, or of all fields of this name
    /// in the project.
    fn measure_of_field(&self, member: NodeId) -> Option<Measure> {
        let model = self.model;
        let object = model.child(member, Role::Object)?;
        let name = model.sym(member);
        let class = if self.tables.is_this(model, object) {
            let class = self.tables.class_around(model, member)?;
            self.tables.classes[class as usize].name.clone()
        } else if let Some(ty) = self.type_of(object) {
            leaf(&ty.name).to_owned()
        } else {
            let unit = self.index.field_unit(model.name(member))?;
            return Some(Measure::said(unit, member));
        };
        self.common_measure(self.stored_in_field(&class, name))
    }

    /// The expressions that are stored in a field, in this file.
    pub(crate) fn stored_in_field(&self, class: &str, field: timelint_model::Sym) -> Vec<NodeId> {
        let own = self.tables.classes.iter().find(|c| c.name == class).and_then(|c| c.fields.get(&field));
        let foreign = self.tables.foreign_stores(field).iter();
        let foreign = foreign.filter(|(object, _)| self.owner_class(*object).is_some_and(|owner| owner == class));
        let all = own.into_iter().flatten().copied().chain(foreign.map(|(_, store)| *store));
        all.filter_map(|s: Store| s.value).collect()
    }

    /// The unit of what a conversion or choice passes on, unless it also calculates.
    fn measure_passed_on(&self, call: NodeId) -> Option<Measure> {
        let model = self.model;
        let args: Vec<NodeId> = model.children_with(call, Role::Arg).collect();
        let chooses = matches!(model.name(call), "max" | "min");
        let calculates = !chooses && args.len() > 1 && args.iter().any(|a| self.value(*a).number.is_some());
        if calculates {
            return None;
        }
        // `int64(timeout)`: a typed length as a number counts what its type counts.
        let typed = |a: &NodeId| self.type_of(*a).and_then(|t| self.unit_in_type(&t.name));
        match args[..] {
            [only] => typed(&only).map(|unit| Measure::said(unit, call)).or_else(|| self.measure(only)),
            _ => self.common_measure(args),
        }
    }

    /// What a typed length counts where its type is that of a number: the unit that a conversion of a bare number to it
    /// takes.
    pub fn unit_in_type(&self, ty: &str) -> Option<Unit> {
        let conversion = self.catalog.lookup(ty, None).map(|a| self.catalog.api(a))?;
        let amount = conversion.args.iter().find(|a| a.is == ArgMeaning::Amount)?;
        (conversion.role == ApiRole::TimeDuration && amount.at.as_slice() == [ArgPlace::Position(0)])
            .then(|| amount.unit.or(conversion.unit))
            .flatten()
            .filter(|u| *u == Unit::Nanos)
    }

    fn measure_of_arithmetic(&self, id: NodeId) -> Option<Measure> {
        let model = self.model;
        let sides: Vec<NodeId> = model.children_with(id, Role::Operand).collect();
        let [left, right] = sides[..] else { return None };
        let op = model.name(id);
        match op {
            "+" | "-" | "||" | "??" | "or" if !sides.iter().any(|s| self.is_text(*s)) => {
                self.common_measure(vec![left, right])
            }
            // `timeout / time.Second`
            "/" if self.value(right).unit == Some(Unit::Typed) && self.value(right).is_constant() => {
                let unit = unit_of(self.value(right).number?)?;
                Some(Measure::said(unit, id))
            }
            "*" | "/" | "//" => {
                // What has a unit itself is no mere factor: `nanos / NANOSECONDS.convert(1, SECONDS)`.
                let factor = |n: NodeId| self.value(n).number.filter(|_| self.value(n).unit.is_none());
                if sides.iter().any(|s| self.is_conversion_factor(*s)) {
                    return None;
                }
                match (factor(left), factor(right)) {
                    (None, Some(by)) => self.scaled_measure(id, left, by, op == "*"),
                    (Some(by), None) if op == "*" => self.scaled_measure(id, right, by, true),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// How many of one unit another is: `TimeUnit.NANOSECONDS.convert(1, TimeUnit.SECONDS)`.
    fn is_conversion_factor(&self, id: NodeId) -> bool {
        let model = self.model;
        let inner = model.child(id, Role::Value).filter(|_| model.kind(id) == Kind::Cast).unwrap_or(id);
        let value = self.value(inner);
        let converted = || self.resolve(inner).is_some_and(|k| k.api.role == ApiRole::TimeConvert);
        value.is_constant()
            && (value.unit.is_some_and(|u| u != Unit::Typed) || model.kind(inner) == Kind::Call && converted())
    }

    /// A measure whose number was multiplied or divided.
    fn scaled_measure(&self, product: NodeId, base: NodeId, by: f64, multiply: bool) -> Option<Measure> {
        if let Some(measure) = self.measure(base) {
            if !converts_by(by) {
                return Some(measure);
            }
            let unit = scaled(measure.unit, Some(by), multiply)?;
            return Some(Measure { unit, source: product, by: measure.by });
        }
        let unit = if multiply { Unit::Millis } else { Unit::Seconds };
        let named = matches!(self.model.kind(base), Kind::Name | Kind::Member) && self.is_called_length(base);
        let thousand = (by - 1000.0).abs() < 1e-9;
        (thousand && named && !self.is_typed(base)).then_some(Measure { unit, source: product, by: By::Factor })
    }

    fn is_text(&self, id: NodeId) -> bool {
        let model = self.model;
        model.kind(id) == Kind::String
            || model.kind(id) == Kind::Binary
                && model.children_with(id, Role::Operand).any(|o| model.kind(o) == Kind::String)
    }

    /// The measure of the first that has one, unless another has a different one.
    fn common_measure(&self, all: Vec<NodeId>) -> Option<Measure> {
        let mut measures = all.into_iter().filter_map(|n| self.measure(n));
        let first = measures.next()?;
        measures.all(|m| m.unit == first.unit).then_some(first)
    }

    /// The units of what the file's functions with the names of lengths return, where the names state none.
    pub(crate) fn return_units(&self) -> Vec<(String, String, Option<Unit>)> {
        let model = self.model;
        let mut all = Vec::new();
        for info in &self.tables.functions {
            let name = model.name(info.node);
            if !is_length_name(name) || stated_unit(name).is_some() {
                continue;
            }
            let returns = self.returns(info.node);
            let told = !returns.is_empty() && !returns.iter().any(|r| self.is_typed(*r));
            let unit = self.common_measure(returns).filter(|_| told).map(|m| m.unit);
            let class = info.class.map(|c| self.tables.classes[c as usize].name.clone()).unwrap_or_default();
            all.push((class, name.to_owned(), unit));
        }
        all
    }

    /// The units of the fields of this file whose names are those of lengths of time and state none.
    pub(crate) fn field_units(&self) -> Vec<(String, Option<Unit>)> {
        let model = self.model;
        let mut all = Vec::new();
        for class in &self.tables.classes {
            let mut names: Vec<_> = class.fields.keys().copied().collect();
            names.sort_unstable();
            for name in names {
                let text = model.text(name);
                if !is_length_name(text) || stated_unit(text).is_some() {
                    continue;
                }
                let stored = self.stored_in_field(&class.name, name);
                let mut told =
                    stored.into_iter().filter(|v| !self.value(*v).origins.without(Origins::NULL).is_empty()).peekable();
                if told.peek().is_none() {
                    continue;
                }
                let units: Vec<Option<Unit>> = told.map(|v| self.measure(v).map(|m| m.unit)).collect();
                let agreed = units.first().copied().flatten().filter(|first| units.iter().all(|u| *u == Some(*first)));
                all.push((text.to_owned(), agreed));
            }
        }
        all
    }
}

/// A type of the language that is a number, or one that is called after a time or an amount.
fn may_be_number(ty: &str) -> bool {
    #[rustfmt::skip]
    const NUMBERS: [&str; 12] = [
        "int", "integer", "uint", "long", "short", "float", "double", "number", "bigint", "bigdecimal", "biginteger", "atomic",
    ];
    let name = leaf(ty).to_ascii_lowercase();
    let primitive = NUMBERS.iter().any(|n| name.starts_with(n) || name.ends_with(n));
    primitive
        || has_word(leaf(ty), &["time", "any", "object", "var", "unit", "promise", "future"])
        || words(leaf(ty)).iter().any(|w| unit_word(w).is_some())
}

/// Whether a factor leads from one unit to another: not halves, thirds and tenths of an amount.
pub(crate) fn converts_by(factor: f64) -> bool {
    const CONVERSIONS: [f64; 10] = [60.0, 3600.0, 86400.0, 1440.0, 24.0, 1e3, 1e6, 1e9, 60_000.0, 3_600_000.0];
    let factor = factor.abs();
    factor >= 50.0 || factor <= 0.02 || CONVERSIONS.iter().any(|c| (factor - c).abs() < 1e-9)
}
