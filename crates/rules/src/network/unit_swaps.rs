//! Conversions whose two sides are swapped: `unit.convert(timeout, MILLISECONDS)` takes milliseconds, where `timeout` is
//! in `unit`; and those whose sides are the same: `unit.convert(timeoutNs, unit)`.

use crate::network::timeout_unit_mismatch::META;
use crate::story::Story;
use timelint_diagnostics::{Applicability, Confidence, Edit, Finding};
use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::catalog::ApiRole;
use timelint_semantics::{Analysis, How, Measure, StoreKind};

/// An amount that is said to be in the unit that it should be converted to.
pub(super) struct Swapped {
    /// The conversion.
    pub(super) call: NodeId,
    /// The amount.
    pub(super) amount: NodeId,
    /// The unit that it is in.
    pub(super) unit: NodeId,
    /// The unit that it is said to be in.
    pub(super) said: NodeId,
}

/// The wanted unit, the amount, and the unit that it is said to be in, of `unit.convert(amount, said)`.
fn conversion(file: &Analysis<'_>, call: NodeId) -> Option<(NodeId, NodeId, NodeId)> {
    let model = file.model;
    let unit = model.child(call, Role::Receiver).filter(|r| model.kind(*r) == Kind::Name)?;
    let args: Vec<NodeId> = model.children_with(call, Role::Arg).collect();
    let [amount, said] = args[..] else { return None };
    let known = file.resolve(call).filter(|k| k.api.role == ApiRole::TimeConvert && k.how != How::Name);
    known.filter(|_| model.kind(call) == Kind::Call).map(|_| (unit, amount, said))
}

/// The amount and the unit are parameters that stand side by side, as in `get(long timeout, TimeUnit unit)`.
pub(super) fn swapped(file: &Analysis<'_>, call: NodeId) -> Option<Swapped> {
    let model = file.model;
    let (unit, amount, said) = conversion(file, call)?;
    file.unit_named_by(said).filter(|_| !model.name(said).chars().any(char::is_lowercase))?;
    let given = |n: NodeId| match file.stores_of(n) {
        [store] if model.kind(n) == Kind::Name => match store.kind {
            StoreKind::Param(position) => Some((model.parent(store.at), position)),
            _ => None,
        },
        _ => None,
    };
    let ((taker, first), (other, second)) = given(amount).zip(given(unit))?;
    (taker == other && first + 1 == second).then_some(Swapped { call, amount, unit, said })
}

impl Swapped {
    /// What is wrong with it.
    pub(super) fn tell(&self, file: &Analysis<'_>) -> Finding {
        let Swapped { call, amount, unit, said } = self;
        let [amount_text, unit_text, said_text] = [amount, unit, said].map(|n| file.short(*n));
        let message = format!(
            "`{amount_text}` is in `{unit_text}`, but is converted as if it were in `{said_text}`: the sides are swapped"
        );
        let edit = Edit {
            location: file.location(*call),
            text: format!("{said_text}.{}({amount_text}, {unit_text})", file.model.name(*call)),
        };
        Story::new(&META, file, *call, message)
            .why("for any other unit than that one the result is wrong by its factor squared: seconds become thousandths, and a wait ends at once")
            .help("call the conversion on the unit that is wanted, and give it the unit that the amount is in")
            .confidence(Confidence::High)
            .step(file.location(*unit), "the unit of the amount, and the one that is converted to")
            .step(file.location(*said), "the unit that it is said to be in")
            .fix("swap the sides of the conversion", Applicability::Suggestion, vec![edit])
            .tell()
    }
}

/// An amount that is converted from the wanted unit to that same unit.
pub(super) struct Unmoved {
    /// The conversion.
    call: NodeId,
    /// The amount.
    amount: NodeId,
    /// What it is in.
    is: Measure,
    /// The unit that is wanted, as what the amount is said to be in.
    said: NodeId,
}

/// `unit.convert(timeoutNs, unit)`
pub(super) fn unmoved(file: &Analysis<'_>, call: NodeId) -> Option<Unmoved> {
    let model = file.model;
    let (unit, amount, said) = conversion(file, call)?;
    let same = model.kind(said) == Kind::Name && model.sym(said) == model.sym(unit);
    let wanted = file.unit_named_by(said).is_none() || model.name(said).chars().any(char::is_lowercase);
    Some(Unmoved { call, amount, is: file.measure(amount).filter(|_| same && wanted)?, said })
}

impl Unmoved {
    /// What is wrong with it.
    pub(super) fn tell(&self, file: &Analysis<'_>) -> Finding {
        let Unmoved { call, amount, is, said } = self;
        let message = format!(
            "`{}` is in {}, but is converted as if it were in `{}` already",
            file.short(*amount),
            is.unit.noun(),
            file.short(*said)
        );
        Story::new(&META, file, *call, message)
            .why("the number stays what it is, whatever unit the caller asks for: nanoseconds are taken for seconds")
            .help("give the conversion the unit that the amount is in, as its second argument")
            .confidence(Confidence::High)
            .step(file.location(is.source), format!("counts {}", is.unit.noun()))
            .step(file.location(*said), "said to be in the unit that is wanted")
            .tell()
    }
}
