//! Which unit of time is due in the place of an expression, as far as an API, a conversion or a clock says so.

use crate::analysis::{Analysis, Resolved};
use crate::catalog::{ApiRole, ArgMeaning, Unit};
use crate::eval::unit_of;
use crate::measures::{By, Measure, converts_by};
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
                    let known = self.resolve(parent).filter(|k| k.how != How::Name)?;
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
                            return said(self.clock_unit(other)?.seconds() * factor, other);
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

    /// Whether a conversion or choice gives what it is given, in the same unit.
    fn is_passed_on(&self, call: NodeId) -> bool {
        self.model.children_with(call, Role::Arg).count() == 1 || matches!(self.model.name(call), "max" | "min")
    }

    /// The unit in which a call takes the argument or entry `whole`.
    fn unit_of_argument(&self, call: NodeId, known: Resolved<'_>, whole: NodeId) -> Option<Unit> {
        let meant = |is: ArgMeaning| {
            matches!(is, ArgMeaning::Timeout | ArgMeaning::Wait | ArgMeaning::Lease | ArgMeaning::Amount)
        };
        if known.api.role == ApiRole::TimeConvert {
            return self.converted_unit(call).filter(|_| self.model.child(call, Role::Arg) == Some(whole));
        }
        let by_argument = self.argument(call, known, ArgMeaning::Unit);
        let mut specs = known.api.args.iter().filter(|a| meant(a.is));
        let spec = specs.find(|a| self.argument_at(call, a.at.as_slice()) == Some(whole))?;
        let unit = match by_argument {
            Some(unit) => self.unit_named_by(unit),
            None => spec.unit.or(known.api.unit),
        };
        unit.filter(|u| *u != Unit::Typed)
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
