//! Limits made of a timer that cancels what takes too long: `setTimeout(() => controller.abort(), 300)`.

use crate::network::limits::Limit;
use crate::network::remote::{Remote, call_evidence};
use timelint_model::{Kind, NodeId};
use timelint_semantics::catalog::{ApiRole, ArgMeaning, Ends, TimeoutKind};
use timelint_semantics::{Analysis, How};

/// Nodes of a timer's function that are looked at: one that only cancels is short.
const MOST_NODES: usize = 40;

/// The limit that a timer is, where what it cancels is handed to a call of another machine.
pub(super) fn cancelling_timer(file: &Analysis<'_>, id: NodeId) -> Option<Limit> {
    let model = file.model;
    let known = file.resolve(id).filter(|k| k.api.role == ApiRole::Schedule && !k.api.repeats)?;
    let callback = file.argument(id, known, ArgMeaning::Callback)?;
    let spec = known.api.args.iter().rfind(|a| a.is == ArgMeaning::Amount)?;
    let length = file.argument_at(id, spec.at.as_slice())?;
    let names = model.self_and_descendants(callback).take(MOST_NODES).filter(|n| model.kind(*n) == Kind::Name);
    let controller = names.into_iter().find(|n| is_canceller(file, *n))?;
    let function = file.function_around(id);
    let handed = |read: NodeId| {
        let outer = model.ancestors(read).take_while(|a| !model.kind(*a).is_statement());
        outer.filter(|a| matches!(model.kind(*a), Kind::Call | Kind::New)).collect::<Vec<_>>()
    };
    let reads = file.reads_of(controller).into_iter().filter(|r| !model.contains(id, *r));
    let calls = reads.filter(|r| file.function_around(*r) == function).flat_map(handed);
    let remote = calls.map(|c| call_evidence(file, c)).max().unwrap_or(Remote::No);
    let (name, kind) = (model.name(id).to_owned(), TimeoutKind::Total);
    Some(Limit { length, site: id, name, kind, unit: spec.unit, infinite: Vec::new(), how: How::Annotation, remote })
}

/// A variable that holds what ends a call when it is asked to.
fn is_canceller(file: &Analysis<'_>, name: NodeId) -> bool {
    let made = |v: NodeId| file.resolve(v).is_some_and(|k| k.how != How::Name && k.api.ends == Some(Ends::Called));
    matches!(file.stores_of(name), [only] if only.value.is_some_and(made))
}
