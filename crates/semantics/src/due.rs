//! Which unit of time is due in the place of an expression, as far as an API, a conversion or a clock says so.

use crate::analysis::{Analysis, Resolved};
use crate::catalog::{ApiRole, ArgMeaning, Unit};
use crate::eval::unit_of;
use crate::measures::{By, Measure, converts_by};
use crate::names::words;
use crate::resolve::Callee;
use crate::tables::{Store, StoreKind};
use crate::units::{is_length_name, stated_unit};
use crate::value::How;
use timelint_model::{Kind, NodeId, Role, Sym};

/// Expressions around a place that are looked at.
const MOST_AROUND: usize = 12;

impl Analysis<'_> {
    /// The unit that is due in the place of `id`. The source is what takes it.
    pub fn unit_due(&self, id: NodeId) -> Option<Measure> {
        let model = self.model;
        // What the place takes is `id` times this.
        let mut factor = 1.0;
        // The whole argument or entry in which `id` stands, and whether that is all of it.
        let (mut whole, mut entered) = (id, false);
        let mut at = id;
        for _ in 0..MOST_AROUND {
            let parent = model.parent(at)?;
            let said = |seconds: f64, source| unit_of(seconds).map(|unit| Measure { unit, source, by: By::Statement });
            match model.kind(parent) {
                Kind::Argument | Kind::Entry => entered = true,
                Kind::Record if entered => {}
                Kind::Call | Kind::New | Kind::Decorator if model.role(at) == Role::Arg => {
                    let Some(known) = self.resolve(parent).filter(|k| k.how != How::Name) else {
                        let unit = self.unit_beside(parent, whole).filter(|_| !entered)?;
                        return said(unit.seconds() * factor, parent);
                    };
                    let multiplied = known.api.role == ApiRole::TimeDuration && self.is_count(parent);
                    if multiplied {
                        let times = model.parent(parent).filter(|p| model.kind(*p) == Kind::Binary)?;
                        if model.name(times) != "*" {
                            return None;
                        }
                        whole = parent;
                        at = parent;
                        continue;
                    }
                    if known.api.role != ApiRole::ValuePass || entered || !self.is_passed_on(parent) {
                        let unit = self.unit_of_argument(parent, known, whole)?;
                        return said(unit.seconds() * factor, parent);
                    }
                    whole = parent;
                }
                _ if entered => return None,
                Kind::Cast | Kind::Await => whole = parent,
                Kind::Unary if model.name(parent) == "-" => whole = parent,
                Kind::Conditional if model.role(at) != Role::Condition => whole = parent,
                Kind::Binary => {
                    let other = model.children_with(parent, Role::Operand).find(|o| *o != at)?;
                    match model.name(parent) {
                        "*" | "/" | "//" => {
                            let multiplies = model.name(parent) == "*";
                            let value = self.value(other);
                            let by = value.number.filter(|n| value.is_constant() && *n > 0.0)?;
                            if value.unit == Some(Unit::Typed) {
                                return said(by * factor, parent).filter(|_| multiplies);
                            }
                            if converts_by(by) {
                                factor *= if multiplies { by } else { 1.0 / by };
                            }
                        }
                        "||" | "??" | "or" => {}
                        "+" | "-" | "<" | ">" | "<=" | ">=" => {
                            // `clock.millis() + timeout`, of a clock that nobody knows.
                            let stated = || self.measure(other).filter(|m| m.source == other && self.is_call(other));
                            let unit = self.clock_unit(other).or_else(|| stated().map(|m| m.unit))?;
                            return said(unit.seconds() * factor, other);
                        }
                        _ => return None,
                    }
                    whole = parent;
                }
                _ => return None,
            }
            at = parent;
        }
        None
    }

    /// A count that is converted in the same expression, `-time.Duration(seconds) * time.Second`, or may be where it is handed
    /// to: a variable that is multiplied, a function of the project.
    pub fn is_count(&self, conversion: NodeId) -> bool {
        let model = self.model;
        let scales = |n: NodeId| {
            let around = model.ancestors(n).find(|a| !matches!(model.kind(*a), Kind::Unary | Kind::Cast));
            around.is_some_and(|a| model.kind(a) == Kind::Binary && matches!(model.name(a), "*" | "/"))
        };
        let Some(parent) = model.parent(conversion) else { return false };
        let multiplied = || {
            let target =
                model.child(parent, Role::Target).filter(|_| matches!(model.kind(parent), Kind::Let | Kind::Assign));
            target.is_some_and(|t| self.reads_of(t).iter().any(|r| scales(*r)))
        };
        let handed = || matches!(model.kind(parent), Kind::Call | Kind::New) && self.resolve(parent).is_none();
        scales(conversion) || multiplied() || handed()
    }

    fn is_call(&self, id: NodeId) -> bool {
        self.model.kind(id) == Kind::Call && !self.is_typed(id)
    }

    /// `flush(timeout, TimeUnit.SECONDS)`: the unit that stands beside an argument, whatever is called.
    fn unit_beside(&self, call: NodeId, length: NodeId) -> Option<Unit> {
        let mut args = self.model.children_with(call, Role::Arg).skip_while(|a| *a != length);
        self.unit_written(args.nth(1)?)
    }

    /// The unit that a constant is called: `SECONDS`, `TimeUnit.MILLISECONDS`.
    pub fn unit_written(&self, id: NodeId) -> Option<Unit> {
        let name = self.model.name(id);
        let plain = words(name).len() == 1 && name.len() > 2 && !name.chars().any(char::is_lowercase);
        self.unit_named_by(id).filter(|_| plain && matches!(self.model.kind(id), Kind::Name | Kind::Member))
    }

    /// The unit of what a variable or field holds before a place where something is added to it.
    pub fn unit_before(&self, target: NodeId) -> Option<Measure> {
        let model = self.model;
        if let Some(unit) = self.unit_stated_by(target) {
            return Some(Measure { unit, source: target, by: By::Statement });
        }
        if model.kind(target) != Kind::Name || self.is_typed(target) {
            return None;
        }
        let reaches = |s: &&Store| {
            s.at < target
                && !model.contains(s.at, target)
                && (s.kind == StoreKind::Update
                    || model.parent(s.at).is_some_and(|block| model.contains(block, target)))
        };
        for store in self.stores_of(target).iter().rev().filter(reaches) {
            let scales = matches!(model.name(store.at), "*=" | "/=" | "//=");
            let kept = matches!(store.kind, StoreKind::Plain | StoreKind::Update) && store.index == 0 && !scales;
            let measure = self.measure(store.value.filter(|_| kept)?);
            if measure.is_some() || store.kind == StoreKind::Plain {
                return measure;
            }
        }
        None
    }

    /// The known call that takes an expression as a length of time, directly or through a variable.
    pub fn taken_as_length(&self, id: NodeId) -> Option<NodeId> {
        self.length_taken_at(id, 0)
    }

    fn length_taken_at(&self, id: NodeId, depth: usize) -> Option<NodeId> {
        const DEEP: usize = 2;
        let model = self.model;
        let (mut whole, mut entered, mut at) = (id, false, id);
        for _ in 0..MOST_AROUND {
            let parent = model.parent(at)?;
            match model.kind(parent) {
                Kind::Call | Kind::New | Kind::Record if self.resolve(parent).is_some_and(|k| k.how != How::Name) => {
                    let known = self.resolve(parent)?;
                    let mut specs = known.api.args.iter().filter(|a| a.is.is_length());
                    return specs.any(|a| self.argument_at(parent, a.at.as_slice()) == Some(whole)).then_some(parent);
                }
                Kind::Argument | Kind::Entry => entered = true,
                Kind::Record if entered => {}
                _ if entered => return None,
                Kind::Cast => whole = parent,
                Kind::Conditional if model.role(at) != Role::Condition => whole = parent,
                Kind::Let | Kind::Assign if depth < DEEP && model.role(at) == Role::Value => {
                    let target = model.child(parent, Role::Target).filter(|t| model.kind(*t) == Kind::Name)?;
                    let plain = self.stores_of(target).iter().all(|s| s.kind == StoreKind::Plain);
                    let reads = self.reads_of(target);
                    return reads.iter().filter(|_| plain).find_map(|r| self.length_taken_at(*r, depth + 1));
                }
                _ => return None,
            }
            at = parent;
        }
        None
    }

    /// Whether a conversion or choice gives what it is given, in the same unit.
    fn is_passed_on(&self, call: NodeId) -> bool {
        self.model.children_with(call, Role::Arg).count() == 1 || matches!(self.model.name(call), "max" | "min")
    }

    /// The unit in which a call takes the argument or entry `whole`.
    fn unit_of_argument(&self, call: NodeId, known: Resolved<'_>, whole: NodeId) -> Option<Unit> {
        if known.api.role == ApiRole::TimeConvert {
            return self.converted_unit(call).filter(|_| self.model.child(call, Role::Arg) == Some(whole));
        }
        let by_argument = self.argument(call, known, ArgMeaning::Unit);
        let mut specs = known.api.args.iter().filter(|a| a.is.is_length());
        let spec = specs.find(|a| self.argument_at(call, a.at.as_slice()) == Some(whole))?;
        let unit = match by_argument {
            Some(unit) => self.unit_named_by(unit),
            None => spec.unit.or(known.api.unit).or_else(|| self.unit_of_receiver(call)),
        };
        unit.filter(|u| *u != Unit::Typed)
    }

    /// The unit on which a call is made: `TimeUnit.SECONDS.sleep(..)`.
    pub fn unit_of_receiver(&self, call: NodeId) -> Option<Unit> {
        self.model.child(call, Role::Receiver).and_then(|r| self.unit_written(r))
    }

    /// From which unit a conversion converts its argument: `TimeUnit.SECONDS.toMillis(t)`, `MILLISECONDS.convert(t, SECONDS)`.
    pub fn converted_unit(&self, conversion: NodeId) -> Option<Unit> {
        let model = self.model;
        match model.children_with(conversion, Role::Arg).nth(1) {
            Some(second) if model.name(second).chars().any(char::is_lowercase) => None,
            Some(second) => self.unit_named_by(second),
            None => model.child(conversion, Role::Receiver).and_then(|r| self.unit_named_by(r)),
        }
    }

    /// The unit in which a parameter of a function of this file is due: what all uses of it in the body agree on.
    pub fn unit_of_parameter(&self, function: NodeId, position: usize) -> Option<Measure> {
        let param = self.model.children_with(function, Role::Param).nth(position)?;
        let name = self.model.child(param, Role::Target).unwrap_or(param);
        let used = self.guarded(param, || self.unit_of_uses(function, name));
        match stated_unit(self.model.name(name)) {
            // A name that lies, told of in the function itself.
            Some(unit) if used.is_some_and(|used| used.unit != unit) => None,
            Some(unit) => Some(Measure { unit, source: param, by: By::Statement }),
            None => used,
        }
    }

    fn unit_of_uses(&self, function: NodeId, name: NodeId) -> Option<Measure> {
        let symbol = self.model.sym(name);
        let given = |s: &Store| matches!(s.kind, StoreKind::Param(_));
        let told = is_length_name(self.model.name(name)) || stated_unit(self.model.name(name)).is_some();
        if !told || !self.tables.stores(function, symbol).iter().all(given) {
            return None;
        }
        let mut units = self.reads_in(function, symbol).filter_map(|r| self.unit_due(r));
        let first = units.next()?;
        units.all(|u| u.unit == first.unit).then_some(first)
    }

    fn reads_in(&self, function: NodeId, name: Sym) -> impl Iterator<Item = NodeId> + '_ {
        let reads = self.tables.reads(name);
        reads.iter().copied().filter(move |r| self.model.contains(function, *r))
    }

    /// The unit in which the function that a call reaches takes the argument at `position`, and what the parameter is called.
    pub fn unit_taken(&self, call: NodeId, position: usize) -> Option<(Unit, Option<NodeId>)> {
        let here = match self.callee(call) {
            Some(Callee::Here(function)) => Some(function),
            Some(Callee::Elsewhere(summary)) => {
                return self.index().parameter_unit(summary, position).map(|unit| (unit, None));
            }
            None => self.constructor_of(call),
        };
        let measure = self.unit_of_parameter(here?, position)?;
        Some((measure.unit, Some(measure.source)))
    }

    /// The constructor of a class of this file that a call or construction runs.
    pub fn constructor_of(&self, call: NodeId) -> Option<NodeId> {
        let model = self.model;
        let name = match model.kind(call) {
            Kind::New => model.child(call, Role::Type).map(|t| model.name(t))?,
            Kind::Call if model.child(call, Role::Receiver).is_none() => model.name(call),
            _ => return None,
        };
        let class = self.tables.classes.iter().find(|c| c.node.is_some() && c.name == name)?;
        let arity = model.children_with(call, Role::Arg).count();
        let named = |s: Sym| matches!(model.text(s), "__init__" | "constructor") || model.text(s) == name;
        let mut all = class.methods.iter().filter(|(s, _)| named(**s)).flat_map(|(_, f)| f.iter().copied());
        all.find(|f| model.children_with(*f, Role::Param).count() >= arity)
    }

    /// The units of parameters of the file's functions: class, function, position.
    pub(crate) fn parameter_units(&self) -> Vec<(String, String, usize, Unit)> {
        let model = self.model;
        let mut all = Vec::new();
        for info in self.tables.functions.iter().filter(|f| !model.name(f.node).is_empty()) {
            let class = info.class.map(|c| self.tables.classes[c as usize].name.clone()).unwrap_or_default();
            for (position, param) in model.children_with(info.node, Role::Param).enumerate() {
                let name = model.child(param, Role::Target).unwrap_or(param);
                let told = is_length_name(model.name(name)) || stated_unit(model.name(name)).is_some();
                if told && let Some(measure) = self.unit_of_parameter(info.node, position) {
                    all.push((class.clone(), model.name(info.node).to_owned(), position, measure.unit));
                }
            }
        }
        all
    }
}
