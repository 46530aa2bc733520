//! The values of parts: elements and keys of containers, positions of tuples.

use crate::analysis::Analysis;
use crate::tables::{Store, StoreKind};
use crate::value::{Origins, Value};
use timelint_model::{Kind, NodeId, Role};

/// Calls that go over each other are followed this deep.
const DEEP: usize = 6;

/// Places that are looked at for one part: generated parsers store tuples into each other a thousand times.
const MOST_PLACES: usize = 32;

impl Analysis<'_> {
    /// The value of the part of a store's expression that one of several targets is given.
    pub(super) fn taken_apart(&self, store: Store) -> Option<Value> {
        let several = store.index > 0 || self.model.children_with(store.at, Role::Target).nth(1).is_some() || {
            let target = self.model.child(store.at, Role::Target);
            target.is_some_and(|t| self.model.kind(t) == Kind::List)
        };
        // `Object.entries(marks).forEach(([key, mark]) => ..)`
        let over = || self.gone_over(store.at).filter(|_| matches!(store.kind, StoreKind::Param(_)));
        let value = store.value.or_else(over).filter(|_| several && store.index != u32::MAX)?;
        let part = match store.kind {
            StoreKind::Element | StoreKind::Param(_) => self.part_of_elements(value, store.index, &mut Vec::new()),
            _ => self.part(value, store.index, &mut Vec::new()),
        };
        part.filter(|v| !v.origins.is_empty())
    }

    /// `heap[0][0]`, `entry[1]`: a position of what was put into a container as a tuple.
    pub(super) fn position_of_tuple(&self, id: NodeId, tuple: NodeId) -> Option<Value> {
        let key = self.model.child(id, Role::Key).filter(|k| self.model.kind(*k) == Kind::Number)?;
        let position = self.model.name(key).parse().ok()?;
        self.part(tuple, position, &mut Vec::new()).filter(|v| v.origins.any(Origins::CLOCKS))
    }

    /// Position `index` of a tuple: written here, kept in a variable or field, or taken out of a container. `seen` are the
    /// places that were looked at for it, each once.
    pub(super) fn part(&self, tuple: NodeId, index: u32, seen: &mut Vec<NodeId>) -> Option<Value> {
        let model = self.model;
        if seen.len() >= MOST_PLACES {
            return None;
        }
        match model.kind(tuple) {
            Kind::List => model.children(tuple).nth(index as usize).map(|item| self.value(item)),
            // A statement that stores several values as one stands for them.
            Kind::Assign | Kind::Let => {
                model.children_with(tuple, Role::Value).nth(index as usize).map(|item| self.value(item))
            }
            Kind::Name | Kind::Member => {
                let mut joined = Value::default();
                for store in self.stores_of(tuple).iter().take(MOST_PLACES) {
                    if seen.contains(&store.at) || !self.questions.take_fuel() {
                        continue;
                    }
                    seen.push(store.at);
                    joined = joined.join(self.part_of_store(*store, tuple, index, seen).unwrap_or_default());
                }
                Some(joined)
            }
            Kind::Index => self.part_of_elements(model.child(tuple, Role::Object)?, index, seen),
            Kind::Call => {
                let args = || model.children_with(tuple, Role::Arg);
                // `queue.popleft()`, `queue.get(key)`, `heappop(queue)`
                let container = model.child(tuple, Role::Receiver).into_iter().chain(args().take(1));
                let mut found = container.filter_map(|c| self.part_of_elements(c, index, seen));
                found.find(|v| !v.origins.is_empty())
            }
            Kind::Cast | Kind::Await => self.part(model.child(tuple, Role::Value)?, index, seen),
            _ => None,
        }
    }

    /// Position `index` of what a store puts into the variable or field `tuple`.
    fn part_of_store(&self, store: Store, tuple: NodeId, index: u32, seen: &mut Vec<NodeId>) -> Option<Value> {
        match (store.kind, store.index) {
            (StoreKind::Plain, 0) => self.part(store.value.filter(|v| *v != tuple)?, index, seen),
            (StoreKind::Element, 0) => self.part_of_elements(store.value?, index, seen),
            // `for key, pair in pairs.items()`
            (StoreKind::Element, 1) => self.part_of_elements(self.paired(store.value?)?, index, seen),
            (StoreKind::Param(_), 0) => self.part_of_elements(self.container_gone_over(store.at)?, index, seen),
            _ => None,
        }
    }

    /// The container whose keys and values a call goes over: `marks.items()`, `Object.entries(marks)`.
    fn paired(&self, call: NodeId) -> Option<NodeId> {
        let model = self.model;
        let pairs = matches!(model.name(call), "items" | "iteritems" | "entries" | "enumerate" | "list" | "sorted");
        let arg = || model.child(call, Role::Arg);
        let inner = match model.kind(call) {
            Kind::Call if pairs => arg().or_else(|| model.child(call, Role::Receiver))?,
            _ => return None,
        };
        Some(self.paired(inner).unwrap_or(inner))
    }

    /// Position `index` of the tuples in a container, also through a call that goes over it.
    fn part_of_elements(&self, container: NodeId, index: u32, seen: &mut Vec<NodeId>) -> Option<Value> {
        if seen.len() >= MOST_PLACES {
            return None;
        }
        seen.push(container);
        if let Kind::Call = self.model.kind(container) {
            let over =
                self.model.child(container, Role::Receiver).or_else(|| self.model.child(container, Role::Arg))?;
            let pairs = matches!(self.model.name(container), "items" | "iteritems" | "entries" | "enumerate");
            let part = self.part_of_elements(over, index, seen).filter(|v| !v.origins.is_empty());
            // `for key, mark in marks.items()`, `Object.entries(marks)`
            return part.or_else(|| {
                let mut mapped = self.model.children_with(container, Role::Arg).chain([over]);
                mapped.find_map(|c| self.stored_elements(c).filter(|_| pairs && index == 1))
            });
        }
        let elements = self.elements_of(container).iter().take(MOST_PLACES);
        Some(elements.filter_map(|e| self.part(*e, index, seen)).fold(Value::default(), Value::join))
    }

    /// The entry of this name in the records that `object` may be: written here, or put into a container.
    pub(super) fn entry_of_records(&self, object: NodeId, name: &str) -> Option<Value> {
        let records = self.records(object);
        let model = self.model;
        let named = |r: &NodeId| model.children(*r).find(|e| model.kind(*e) == Kind::Entry && model.name(*e) == name);
        let entries = records.iter().filter_map(named).filter_map(|e| model.child(e, Role::Value));
        let value = entries.fold(Value::default(), |v, e| v.join(self.value(e)));
        (!value.origins.is_empty()).then_some(value)
    }

    /// The records that `object` may be. Names and containers may lead to each other, so that each place is looked at
    /// once, and not too many of them.
    fn records(&self, object: NodeId) -> Vec<NodeId> {
        const MOST: usize = 64;
        let model = self.model;
        let mut places = vec![object];
        let mut found = Vec::new();
        let mut at = 0;
        while let Some(place) = places.get(at).copied().filter(|_| at < MOST) {
            at += 1;
            let mut next: Vec<NodeId> = Vec::new();
            match model.kind(place) {
                Kind::Record => found.push(place),
                Kind::Name => {
                    for store in self.stores_of(place) {
                        match (store.kind, store.index, store.value) {
                            (StoreKind::Plain, 0, Some(value)) => next.push(value),
                            // `for entry in entries.values()`, `for key, entry in entries.items()`
                            (StoreKind::Element, 0 | 1, Some(over)) => {
                                next.extend(self.elements_of(self.container_behind(over)));
                            }
                            // `Object.entries(entries).filter(([key, entry]) => ..)`
                            (StoreKind::Param(_), 0 | 1, _) => {
                                let over = self.container_gone_over(store.at);
                                next.extend(over.map_or(&[][..], |c| self.elements_of(c)));
                            }
                            _ => {}
                        }
                    }
                }
                Kind::Index => next.extend(model.child(place, Role::Object).map_or(&[][..], |o| self.elements_of(o))),
                Kind::Call => next.extend(model.child(place, Role::Receiver).map_or(&[][..], |r| self.elements_of(r))),
                _ => {}
            }
            let fresh = next.into_iter().take(MOST).filter(|n| !places.contains(n)).collect::<Vec<_>>();
            places.extend(fresh);
        }
        found
    }

    /// The container behind calls that only go over it: `list(entries.items())`.
    fn container_behind(&self, over: NodeId) -> NodeId {
        #[rustfmt::skip]
        const GOES_OVER: [&str; 12] = [
            "values", "items", "itervalues", "iteritems", "entries", "enumerate", "list", "sorted", "reversed", "tuple", "from",
            "copy",
        ];
        let model = self.model;
        let mut at = over;
        for _ in 0..DEEP {
            if model.kind(at) != Kind::Call || !GOES_OVER.contains(&model.name(at)) {
                break;
            }
            let object = model.child(at, Role::Receiver).filter(|r| self.path_of(*r).is_none());
            match object.or_else(|| model.child(at, Role::Arg)) {
                Some(inner) => at = inner,
                None => break,
            }
        }
        at
    }

    /// What was put into a map or list that is a variable or a field.
    pub(super) fn stored_elements(&self, container: NodeId) -> Option<Value> {
        let value = self.elements_of(container).iter().fold(Value::default(), |v, e| v.join(self.value(*e)));
        (!value.origins.is_empty()).then_some(value)
    }

    fn elements_of(&self, container: NodeId) -> &[NodeId] {
        self.tables.container_key(self.model, container).map_or(&[], |key| self.tables.elements(key))
    }

    /// An element of a container that is reached through what goes over it: `iterator.next().getValue()`, `queue.peek()`,
    /// `ticks.at(-1)`.
    pub(super) fn stored_value(&self, read: NodeId) -> Option<Value> {
        #[rustfmt::skip]
        const READS: [&str; 30] = [
            "get", "getOrDefault", "pop", "remove", "Load", "getValue", "value", "next", "peek", "poll", "element", "popleft",
            "shift", "at", "first", "last", "getFirst", "getLast", "removeFirst", "removeLast", "peekFirst", "peekLast",
            "pollFirst", "pollLast", "firstElement", "lastElement", "Front", "Back", "LoadAndDelete", "take",
        ];
        let model = self.model;
        // What is waited for is kept outside of this process.
        let waited = model.parent(read).is_some_and(|p| model.kind(p) == Kind::Await);
        let reads = READS.contains(&model.name(read)) && !waited;
        let mut at = model.child(read, Role::Receiver).filter(|_| reads)?;
        for _ in 0..DEEP {
            if let Some(value) = self.stored_elements(at) {
                return Some(value);
            }
            at = match model.kind(at) {
                Kind::Call => model.child(at, Role::Receiver)?,
                Kind::Name => match self.stores_of(at).first()? {
                    store if matches!(store.kind, StoreKind::Param(_)) => self.container_gone_over(store.at)?,
                    store => store.value?,
                },
                _ => return None,
            };
        }
        None
    }

    /// What a function that goes over a container is handed: `marks.filter((mark) => now - mark < limit)`.
    pub(super) fn element_for(&self, param: NodeId) -> Option<Value> {
        let container = self.container_gone_over(param)?;
        let direct = self.stored_elements(container).filter(|v| v.origins.any(Origins::CLOCKS));
        direct.or_else(|| self.elements_of_elements(container)).filter(|v| v.origins.any(Origins::CLOCKS))
    }

    /// What was put into the lists that a map holds: `stamps.get(key).filter(..)`.
    fn elements_of_elements(&self, read: NodeId) -> Option<Value> {
        let map = self.model.child(read, Role::Receiver).or_else(|| self.model.child(read, Role::Object))?;
        let lists = self.elements_of(map).iter().filter_map(|list| self.stored_elements(*list));
        Some(lists.fold(Value::default(), Value::join))
    }

    /// The container, or what goes over it, whose method is handed the function with this parameter.
    fn gone_over(&self, param: NodeId) -> Option<NodeId> {
        #[rustfmt::skip]
        const OVER: [&str; 21] = [
            "filter", "some", "every", "find", "findIndex", "findLast", "forEach", "removeIf", "anyMatch", "allMatch", "noneMatch",
            "takeWhile", "dropWhile", "partition", "any", "all", "map", "flatMap", "Range", "compute", "computeIfPresent",
        ];
        let model = self.model;
        let function = model.parent(param).filter(|f| model.kind(*f) == Kind::Function)?;
        let call = model.parent(function).filter(|c| model.kind(*c) == Kind::Call && OVER.contains(&model.name(*c)))?;
        let mut params = model.children_with(function, Role::Param);
        let (first, second) = (params.next(), params.next());
        // `marks.forEach((key, mark) -> ..)`, or the other way round: no key is a reading.
        let either = matches!(model.name(call), "forEach" | "Range" | "compute" | "computeIfPresent");
        let element = first == Some(param) || either && second == Some(param);
        model.child(call, Role::Receiver).filter(|_| element)
    }

    /// The container that [`Self::gone_over`] is made of.
    fn container_gone_over(&self, param: NodeId) -> Option<NodeId> {
        let model = self.model;
        let mut container = self.gone_over(param)?;
        for _ in 0..DEEP {
            container = match model.kind(container) {
                Kind::Call if model.child(container, Role::Arg).is_none() => model.child(container, Role::Receiver)?,
                // `Object.values(marks)`
                Kind::Call if self.container_behind(container) != container => self.container_behind(container),
                // `(stamps.get(key) ?? []).filter(..)`
                Kind::Binary if matches!(model.name(container), "||" | "??" | "or") => {
                    model.child(container, Role::Operand)?
                }
                // `[...marks].filter(..)`
                Kind::List | Kind::Spread => {
                    let mut parts = model.children(container);
                    match (parts.next(), parts.next()) {
                        (Some(only), None) => only,
                        _ => break,
                    }
                }
                _ => break,
            };
        }
        Some(container)
    }

    /// The argument at which a call cuts a sorted map or set, and what its keys are: `deadlines.headMap(now)`.
    pub fn cut_at(&self, call: NodeId) -> Option<(NodeId, Value)> {
        #[rustfmt::skip]
        const CUTS: [&str; 14] = [
            "headMap", "tailMap", "subMap", "headSet", "tailSet", "subSet", "floorKey", "ceilingKey", "lowerKey", "higherKey",
            "floorEntry", "ceilingEntry", "lowerEntry", "higherEntry",
        ];
        let model = self.model;
        let cuts = model.kind(call) == Kind::Call && CUTS.contains(&model.name(call));
        let (map, at) = (model.child(call, Role::Receiver).filter(|_| cuts)?, model.child(call, Role::Arg)?);
        let key = self.tables.container_key(model, map)?;
        let kept = self.tables.keys(key).iter().fold(Value::default(), |v, k| v.join(self.value(*k)));
        kept.origins.any(Origins::CLOCKS).then_some((at, kept))
    }

    /// The key of an entry of a map: `entry.getKey()` after `entry = map.firstEntry()`, `map.firstKey()`.
    pub(super) fn stored_key(&self, read: NodeId) -> Option<Value> {
        const KEYS: [&str; 9] =
            ["getKey", "firstKey", "lastKey", "floorKey", "ceilingKey", "lowerKey", "higherKey", "pollFirstKey", "key"];
        let model = self.model;
        let mut at = model.child(read, Role::Receiver).filter(|_| KEYS.contains(&model.name(read)))?;
        for _ in 0..DEEP {
            let keys = self.tables.container_key(model, at).map_or(&[][..], |key| self.tables.keys(key));
            let value = keys.iter().fold(Value::default(), |v, k| v.join(self.value(*k)));
            if !value.origins.is_empty() {
                return Some(value);
            }
            at = match model.kind(at) {
                Kind::Call => model.child(at, Role::Receiver)?,
                Kind::Name => self.stores_of(at).first().and_then(|s| s.value)?,
                _ => return None,
            };
        }
        None
    }
}
