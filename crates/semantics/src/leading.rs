//! What runs because this process leads: the callbacks of elections.

use crate::analysis::{Analysis, Resolved};
use crate::catalog::{ApiRole, ArgMeaning};
use crate::names::has_word;
use crate::regions::Region;
use crate::value::How;
use timelint_model::{Kind, NodeId, Role};

/// Words of an event that tells of a won election.
const WON: [&str; 10] =
    ["elected", "leader", "leading", "leadership", "acquired", "promoted", "takeover", "won", "granted", "start"];

impl<'a> Analysis<'a> {
    /// The callbacks of the file that an election runs when this process has won it, in source order. Nothing ends them
    /// when the leadership does.
    pub fn leading_regions(&self) -> Vec<Region<'a>> {
        let model = self.model;
        let is_typed = |id: &NodeId| model.kind(*id) == Kind::Record && model.child(*id, Role::Type).is_some();
        let records = model.ids().filter(is_typed);
        let mut regions: Vec<Region<'a>> =
            self.tables.calls.iter().copied().chain(records).filter_map(|c| self.led_callback(c)).collect();
        regions.extend(self.tables.functions.iter().filter_map(|f| self.led_method(f.node)));
        regions.sort_by_key(|r| (r.from, r.acquire));
        regions.dedup_by_key(|r| (r.from, r.to));
        regions
    }

    /// `LeaderCallbacks{OnStartedLeading: f}`, `election.run(f)`, `campaign.on('elected', f)`.
    fn led_callback(&self, call: NodeId) -> Option<Region<'a>> {
        let known = self.resolve(call).filter(|k| k.api.role == ApiRole::LeaderCallback && k.how != How::Name)?;
        let callback = self.argument(call, known, ArgMeaning::Callback)?;
        let event = self.model.child(call, Role::Arg).filter(|a| self.model.kind(*a) == Kind::String);
        if event.is_some_and(|e| !has_word(self.model.name(e), &WON)) {
            return None;
        }
        Some(Self::led(callback, known, self.body_range(callback)?))
    }

    /// A method that an election calls on its listener: `takeLeadership`, `onGranted`.
    fn led_method(&self, function: NodeId) -> Option<Region<'a>> {
        let model = self.model;
        let name = model.name(function);
        if !self.catalog.has_leaf(name) {
            return None;
        }
        let owner = model.ancestors(function).find(|a| matches!(model.kind(*a), Kind::Class | Kind::New))?;
        let api = if model.kind(owner) == Kind::New {
            let ty = self.named_type(model.child(owner, Role::Type)?)?;
            self.typed_method(&ty.name, name, None)?
        } else {
            let class = self.tables.class_around(model, function)?;
            self.typed_method(&self.tables.classes[class as usize].name, name, None)?
        };
        let known = Resolved { api: self.catalog.api(api), how: How::Annotation };
        let body = model.child(function, Role::Body)?;
        (known.api.role == ApiRole::LeaderCallback).then(|| Self::led(function, known, (body, model.end(body))))
    }

    fn led(callback: NodeId, api: Resolved<'a>, section: (NodeId, NodeId)) -> Region<'a> {
        Region { callback: Some(callback), ..Region::new(callback, api, section) }
    }
}
