//! One length of time that is given, unconverted, to what takes seconds and to what takes milliseconds: one of the two is
//! wrong.

use crate::network::timeout_unit_mismatch::{Mismatch, Taker};
use crate::network::unit_places::name_of;
use crate::network::unit_texts::TextDue;
use std::collections::BTreeMap;
use timelint_diagnostics::Confidence;
use timelint_model::{Kind, NodeId, Role, Sym};
use timelint_semantics::catalog::Unit;
use timelint_semantics::{Analysis, Store, StoreKind};

/// A use of a length: where, in which unit, and what takes it.
struct Use {
    at: NodeId,
    due: Unit,
    taker: Taker,
}

/// The uses of variables and fields that differ from the first use of the same.
pub(super) fn used_differently(file: &Analysis<'_>, texts: &[TextDue]) -> Vec<Mismatch> {
    let model = file.model;
    if !file.names_lengths() {
        return Vec::new();
    }
    let mut uses: BTreeMap<(NodeId, Sym), Vec<Use>> = BTreeMap::new();
    for id in model.ids() {
        if !matches!(model.kind(id), Kind::Name | Kind::Member)
            || model.role(id) == Role::Target
            || !file.is_called_length(id)
        {
            continue;
        }
        let Some(place) = use_of(file, id, texts) else { continue };
        if let Some(first) = only_store(file, id)
            && file.measure(id).is_none()
        {
            uses.entry((first, model.sym(id))).or_default().push(place);
        }
    }
    let mut all = Vec::new();
    for places in uses.into_values() {
        let mut places = places.into_iter();
        let Some(first) = places.next() else { continue };
        // What is days in one branch and hours in another is told which by something else.
        let exact = |u: Unit| matches!(u, Unit::Seconds | Unit::Millis | Unit::Micros | Unit::Nanos);
        if !exact(first.due) {
            continue;
        }
        let other = places.find(|p| p.due != first.due && exact(p.due));
        all.extend(other.map(|Use { at, due, taker }| Mismatch {
            length: at,
            is: first.due,
            source: first.taker.at,
            due,
            taker,
            confidence: Confidence::Medium,
            converts: false,
        }));
    }
    all
}

fn use_of(file: &Analysis<'_>, id: NodeId, texts: &[TextDue]) -> Option<Use> {
    if let Some(text) = texts.iter().find(|t| t.length == id) {
        return Some(Use { at: id, due: text.unit, taker: text.taker() });
    }
    let due = file.unit_due(id)?;
    let taker = match file.model.kind(due.source) {
        Kind::Call | Kind::New | Kind::Decorator => Taker::takes(name_of(file, due.source), due.source),
        _ => Taker::is_in(format!("`{}`", file.short(due.source)), due.source),
    };
    Some(Use { at: id, due: due.unit, taker })
}

/// The first store to a variable or field of this object, if no other one can change its unit; a parameter is one.
fn only_store(file: &Analysis<'_>, id: NodeId) -> Option<NodeId> {
    let model = file.model;
    let given = |s: &Store| matches!(s.kind, StoreKind::Param(_));
    // `if (!callback) { callback = ttl; ttl = value; }`
    let moved = |s: &Store| {
        let plain = |v: NodeId| matches!(model.kind(v), Kind::Name | Kind::Null | Kind::Number);
        s.kind == StoreKind::Plain && s.value.is_none_or(plain)
    };
    let stores = file.stores_of(id);
    let first = stores.iter().find(|s| given(s)).or(stores.first())?;
    let plain = matches!(first.kind, StoreKind::Plain | StoreKind::Param(_));
    (plain && stores.iter().all(|s| s.at == first.at || moved(s))).then_some(first.at)
}
