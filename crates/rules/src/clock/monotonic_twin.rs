//! How a reading of the wall clock, and what is done with it, is written with the monotonic clock.

use crate::template::fill;
use timelint_diagnostics::{Applicability, Edit, Location, Span};
use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::catalog::{ApiRole, Unit, leaf};
use timelint_semantics::{Analysis, How};

/// What takes the place of a reading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Twin {
    /// Another function, which counts the same unit; whether it is of the same module.
    Same { text: String, near: bool },
    /// Another function, which counts a smaller unit: so many to one, and its readings are compared by their difference.
    Scaled { text: String, scale: String },
    /// The reading itself, which carries both clocks, without what strips it.
    Whole,
    /// The same, for a number that was made of it: how such differences are taken, also from now.
    Unmade { difference: String, elapsed: String, exact: bool },
}

/// What is done with readings of one group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    /// The difference of two.
    Difference(NodeId, NodeId, NodeId),
    /// Which of two is later.
    Order(NodeId, NodeId, NodeId),
    /// One is moved by this amount.
    Shift(NodeId),
    /// One is moved in place.
    Moved,
    /// A field that begins without a reading; whether it then is a number.
    Unset(bool),
}

impl Twin {
    /// Of a reading that is written plainly, through a module whose clock has a monotonic twin.
    pub(crate) fn of(file: &Analysis<'_>, call: NodeId) -> Option<Self> {
        let model = file.model;
        let known = file.resolve(call)?;
        let receiver = model.child(call, Role::Receiver)?;
        if known.api.role == ApiRole::ClockBoth && known.how == How::Import {
            return Some(Self::Whole);
        }
        if known.api.role == ApiRole::TimeStrip {
            file.resolve(receiver).filter(|k| k.api.role == ApiRole::ClockBoth && k.how == How::Import)?;
            if known.api.unit == Some(Unit::Typed) {
                return Some(Self::Whole);
            }
            let exact = known.api.unit != Some(Unit::Seconds);
            let (difference, elapsed) = (known.api.difference.clone()?, known.api.elapsed.clone()?);
            return Some(Self::Unmade { difference, elapsed, exact });
        }
        let twin = known.api.monotonic.as_deref().filter(|_| known.how == How::Import)?;
        let plain = model.kind(receiver) == Kind::Name
            && file.text(call) == format!("{}.{}()", file.text(receiver), model.name(call));
        let near = file.path_of(receiver).is_some_and(|module| twin == format!("{module}.{}", leaf(twin)));
        let text = if near { format!("{}.{}", file.text(receiver), leaf(twin)) } else { twin.to_owned() };
        plain.then_some(match known.api.scale.clone() {
            Some(scale) => Self::Scaled { text, scale },
            None => Self::Same { text, near },
        })
    }

    /// Whether readings with these twins may meet.
    pub(crate) fn meets(&self, other: &Self) -> bool {
        self == other
    }
}

/// The edits for all readings and operations of a group.
pub(crate) fn rewritten(
    file: &Analysis<'_>,
    twin: &Twin,
    calls: &[NodeId],
    operations: &[Operation],
) -> Option<(Applicability, Vec<Edit>)> {
    let write = Writer { file, edits: Vec::new() };
    let unset = |numbers: bool| operations.iter().any(|o| matches!(o, Operation::Unset(n) if *n || !numbers));
    let only_differences = operations.iter().all(|o| matches!(o, Operation::Difference(..)));
    match twin {
        // An old runtime, or a fake clock of the tests, may not have the function of another module.
        Twin::Same { text, near } => {
            let sure = if *near { Applicability::Safe } else { Applicability::Unsafe };
            Some((sure, write.calls(calls, text).edits))
        }
        Twin::Scaled { text, scale } => {
            if unset(true) || operations.contains(&Operation::Moved) {
                return None;
            }
            let sure = if only_differences { Applicability::Safe } else { Applicability::Unsafe };
            Some((sure, write.calls(calls, text).scaled(operations, scale)?.edits))
        }
        Twin::Whole => {
            let edits = write.whole(calls).edits;
            (!edits.is_empty()).then_some((Applicability::Safe, edits))
        }
        Twin::Unmade { difference, elapsed, exact } => {
            if !only_differences {
                return None;
            }
            let sure = if *exact { Applicability::Safe } else { Applicability::Unsafe };
            Some((sure, write.unmade(calls, operations, difference, elapsed)?.edits))
        }
    }
}

struct Writer<'f, 'a> {
    file: &'f Analysis<'a>,
    edits: Vec<Edit>,
}

impl Writer<'_, '_> {
    fn replace(&mut self, span: Span, text: String) {
        let location = Location::new(self.file.path.clone(), span);
        self.edits.push(Edit { location, text });
    }

    fn insert(&mut self, at: u32, text: &str) {
        self.replace(Span::new(at, at), text.to_owned());
    }

    fn calls(mut self, calls: &[NodeId], text: &str) -> Self {
        for call in calls {
            let span = self.file.model.span(*call);
            self.replace(Span::new(span.start, span.end - 2), text.to_owned());
        }
        self
    }

    /// What strips the reading is taken away.
    fn whole(mut self, calls: &[NodeId]) -> Self {
        let model = self.file.model;
        for call in calls.iter().filter(|c| self.file.resolve(**c).is_some_and(|k| k.api.role == ApiRole::TimeStrip)) {
            if let Some(receiver) = model.child(*call, Role::Receiver) {
                self.replace(Span::new(model.span(receiver).end, model.span(*call).end), String::new());
            }
        }
        self
    }

    /// Differences are divided, amounts multiplied, and order is asked by the difference.
    fn scaled(mut self, operations: &[Operation], scale: &str) -> Option<Self> {
        let model = self.file.model;
        for operation in operations {
            match *operation {
                Operation::Difference(whole, ..) => {
                    self.insert(model.span(whole).start, "(");
                    self.insert(model.span(whole).end, &format!(") / {scale}"));
                }
                Operation::Shift(amount) => {
                    let span = model.span(amount);
                    let product = model.kind(amount) != Kind::Binary || model.name(amount) == "*";
                    if !product {
                        self.insert(span.start, "(");
                    }
                    self.insert(span.end, &format!("{} * {scale}", if product { "" } else { ")" }));
                }
                Operation::Order(whole, left, right) => {
                    let between = Span::new(model.span(left).end, model.span(right).start);
                    let text = self.file.text(whole);
                    let from = (between.start - model.span(whole).start) as usize;
                    let written = text.get(from..from + (between.end - between.start) as usize)?;
                    let plain = written.trim() == model.name(whole) && model.span(right).end == model.span(whole).end;
                    let operator = model.name(whole);
                    plain.then_some(())?;
                    let sum = model.kind(right) == Kind::Binary;
                    self.replace(between, if sum { " - (".to_owned() } else { " - ".to_owned() });
                    self.insert(model.span(right).end, &format!("{} {operator} 0", if sum { ")" } else { "" }));
                }
                Operation::Moved | Operation::Unset(_) => {}
            }
        }
        Some(self)
    }

    /// Numbers become the readings that they were made of; differences are taken of those.
    fn unmade(mut self, calls: &[NodeId], operations: &[Operation], difference: &str, elapsed: &str) -> Option<Self> {
        let model = self.file.model;
        let mut inside: Vec<NodeId> = Vec::new();
        for operation in operations {
            let Operation::Difference(whole, to, from) = *operation else { return None };
            let direct = |n: NodeId| calls.contains(&n).then(|| model.child(n, Role::Receiver)).flatten();
            let text = |n: NodeId| match model.kind(n) {
                Kind::Name | Kind::Member => Some(self.file.text(n).to_owned()),
                _ => direct(n).map(|r| self.file.text(r).to_owned()),
            };
            let template = if direct(to).is_some() { elapsed } else { difference };
            let written = fill(template, |place| text(if place == "to" { to } else { from }))?;
            inside.extend([to, from]);
            self.replace(model.span(whole), written);
        }
        let others: Vec<NodeId> = calls.iter().copied().filter(|c| !inside.contains(c)).collect();
        Some(self.whole(&others))
    }
}
