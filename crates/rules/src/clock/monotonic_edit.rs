//! The edit that moves a measured time to the monotonic clock, where nothing else can notice.
//!
//! A reading may be exchanged only with every reading that it meets. So starting at the two sides of a difference, all
//! readings and variables that meet are gathered; as soon as one of them is used for anything but a difference, a
//! comparison or a shift among themselves, there is no edit.

use crate::clock::monotonic_twin::{Operation, Twin, rewritten};
use timelint_diagnostics::{Applicability, Edit};
use timelint_model::{Kind, NodeId, Role, Sym};
use timelint_semantics::catalog::{ApiRole, Unit};
use timelint_semantics::{Analysis, Origins, Shape, Store, StoreKind, has_word, stated_unit};

/// Calls and variables beyond this are not worth an edit that nobody can review.
const MOST: usize = 12;

/// The edits that replace all readings that meet in the difference or comparison `id`, and who may apply them.
pub(crate) fn monotonic_edit(file: &Analysis<'_>, id: NodeId) -> Option<(Applicability, Vec<Edit>)> {
    let mut group = Group {
        file,
        twin: None,
        calls: Vec::new(),
        variables: Vec::new(),
        uses: Vec::new(),
        operations: Vec::new(),
        fields: false,
    };
    for side in group.sides(id)? {
        group.include(side)?;
    }
    while let Some(used) = group.uses.pop() {
        group.check_use(used)?;
    }
    let twin = group.twin?;
    // `endMillis` would hold nanoseconds.
    let says_unit = |sym: &Sym| stated_unit(file.model.text(*sym)).is_some_and(|u| u != Unit::Nanos);
    if matches!(twin, Twin::Scaled { .. }) && group.variables.iter().any(|(_, v)| says_unit(v)) {
        return None;
    }
    let (applicability, edits) = rewritten(file, &twin, &group.calls, &group.operations)?;
    // Another class may write all fields of an object somewhere.
    let dumped = group.fields && file.says(&["pickle", "dict", "asdict", "vars", "serializable", "json"]);
    Some((applicability.max(if dumped { Applicability::Unsafe } else { Applicability::Safe }), edits))
}

/// Readings of one clock that meet.
struct Group<'f, 'a> {
    file: &'f Analysis<'a>,
    twin: Option<Twin>,
    calls: Vec<NodeId>,
    /// By the function or class that they belong to.
    variables: Vec<(NodeId, Sym)>,
    /// Expressions whose use is not checked yet.
    uses: Vec<NodeId>,
    operations: Vec<Operation>,
    /// Whether a field takes part.
    fields: bool,
}

impl Group<'_, '_> {
    /// The two instants of a difference or comparison; one where the other is implied.
    fn sides(&self, id: NodeId) -> Option<Vec<NodeId>> {
        let model = self.file.model;
        if model.kind(id) == Kind::Binary {
            return Some(model.children_with(id, Role::Operand).collect::<Vec<_>>()).filter(|s| s.len() == 2);
        }
        let arg = model.child(id, Role::Arg)?;
        match self.file.resolve(id)?.api.role {
            ApiRole::TimeSince | ApiRole::TimeUntil => Some(vec![arg]),
            ApiRole::TimeDifference | ApiRole::TimeCompare => Some(vec![model.child(id, Role::Receiver)?, arg]),
            _ => None,
        }
    }

    /// Takes in everything that `value`, an instant, is made of.
    fn include(&mut self, value: NodeId) -> Option<()> {
        let mut open = vec![value];
        while let Some(part) = open.pop() {
            match self.file.model.kind(part) {
                Kind::Call => self.call(part, &mut open)?,
                Kind::Name => self.variable(part, &mut open)?,
                Kind::Member => self.field(part, &mut open)?,
                Kind::Binary => {
                    let (instant, _) = self.shift(part)?;
                    open.push(instant);
                }
                _ => return None,
            }
        }
        Some(())
    }

    fn call(&mut self, call: NodeId, open: &mut Vec<NodeId>) -> Option<()> {
        if self.file.resolve(call).is_some_and(|k| k.api.role == ApiRole::TimeAdd) {
            open.push(self.file.model.child(call, Role::Receiver)?);
            return Some(());
        }
        if !self.calls.contains(&call) {
            let twin = Twin::of(self.file, call)?;
            let known = self.twin.get_or_insert_with(|| twin.clone());
            known.meets(&twin).then_some(())?;
            self.calls.push(call);
            self.uses.push(call);
        }
        (self.calls.len() <= MOST).then_some(())
    }

    /// A local variable, or a field that is read without saying whose: its stores are `open`, its reads are uses.
    fn variable(&mut self, name: NodeId, open: &mut Vec<NodeId>) -> Option<()> {
        let model = self.file.model;
        let sym = model.sym(name);
        let mut functions = model.ancestors(name).filter(|a| model.kind(*a) == Kind::Function);
        let Some(scope) = functions.find(|s| !self.file.tables.stores(*s, sym).is_empty()) else {
            return self.field(name, open);
        };
        if self.variables.contains(&(scope, sym)) {
            return Some(());
        }
        self.variables.push((scope, sym));
        for store in self.file.tables.stores(scope, sym) {
            self.store(*store, open)?;
            let target = model.child(store.at, Role::Target).filter(|t| model.kind(*t) == Kind::Name)?;
            self.uses.extend(self.file.reads_of(target));
        }
        (self.variables.len() <= MOST).then_some(())
    }

    fn store(&mut self, store: Store, open: &mut Vec<NodeId>) -> Option<()> {
        let model = self.file.model;
        let number = store.ty.is_none_or(|t| matches!(model.name(t), "long" | "var" | "number" | "float" | "double"));
        match (store.kind, store.value) {
            (StoreKind::Plain, Some(value)) if number && model.children_with(store.at, Role::Target).count() <= 1 => {
                open.push(value);
                Some(())
            }
            (StoreKind::Update, Some(value))
                if matches!(model.name(store.at), "+=" | "-=") && !self.is_instant(value) =>
            {
                self.operations.push(Operation::Moved);
                Some(())
            }
            _ => None,
        }
    }

    /// A private field of the class around, of which every store and every read is in the class.
    fn field(&mut self, member: NodeId, open: &mut Vec<NodeId>) -> Option<()> {
        let model = self.file.model;
        let (tables, sym) = (&self.file.tables, model.sym(member));
        let class = &tables.classes[tables.class_around(model, member)? as usize];
        let node = class.node?;
        if self.variables.contains(&(node, sym)) {
            return Some(());
        }
        self.variables.push((node, sym));
        self.fields = true;
        let stores = class.fields.get(&sym)?;
        let declared = stores.iter().find(|s| model.kind(s.at) == Kind::Field);
        let modifiers =
            |at: NodeId| model.children(at).filter(|c| model.kind(*c) == Kind::Modifier).map(|m| model.name(m));
        let says = |word: &str| declared.is_some_and(|d| modifiers(d.at).any(|m| m == word));
        let private = model.name(member).starts_with(['_', '#']) || says("private");
        for store in stores {
            match store.value {
                // Declared only, or not measured yet.
                None if !private => return None,
                None => self.operations.push(Operation::Unset(store.ty.is_some() && !says("final"))),
                Some(value) if model.kind(value) == Kind::Null => self.operations.push(Operation::Unset(false)),
                Some(_) => self.store(*store, open)?,
            }
        }
        for read in model.ids().filter(|n| matches!(model.kind(*n), Kind::Member | Kind::Name) && model.sym(*n) == sym)
        {
            let local = |f: NodeId| model.kind(f) == Kind::Function && !tables.stores(f, sym).is_empty();
            let named = model.kind(read) == Kind::Name;
            if named && model.ancestors(read).any(local) {
                continue;
            }
            let own = named || model.child(read, Role::Object).is_some_and(|o| tables.is_this(model, o));
            (own && private && model.contains(node, read)).then_some(())?;
            if model.role(read) != Role::Target {
                self.uses.push(read);
            }
        }
        (self.variables.len() <= MOST).then_some(())
    }

    /// The one instant of `instant + duration` or `instant - duration`, and the duration.
    fn shift(&self, sum: NodeId) -> Option<(NodeId, NodeId)> {
        let model = self.file.model;
        let sides: Vec<NodeId> = model.children_with(sum, Role::Operand).collect();
        match (model.name(sum), sides.as_slice()) {
            ("+", [l, r]) if self.is_instant(*l) && self.is_length(*r) => Some((*l, *r)),
            ("+", [l, r]) if self.is_instant(*r) && self.is_length(*l) => Some((*r, *l)),
            // What is taken away could be an instant from elsewhere, so it has to be seen to be none.
            ("-", [l, r]) if self.is_instant(*l) && self.is_seen_length(*r) => Some((*l, *r)),
            _ => None,
        }
    }

    fn is_instant(&self, value: NodeId) -> bool {
        let value = self.file.value(value);
        value.shape == Shape::Instant || value.origins.any(Origins::CLOCKS) && value.shape != Shape::Duration
    }

    fn is_seen_length(&self, value: NodeId) -> bool {
        let value = self.file.value(value);
        value.is_constant() || value.shape == Shape::Duration
    }

    /// An amount of time, or something of which nothing says that it is an instant or a text.
    fn is_length(&self, value: NodeId) -> bool {
        self.file.model.kind(value) != Kind::String && !self.is_instant(value)
    }

    /// Whether the reading `used` goes where only the difference to another reading matters.
    fn check_use(&mut self, used: NodeId) -> Option<()> {
        let model = self.file.model;
        let parent = model.parent(used)?;
        match model.kind(parent) {
            Kind::Let | Kind::Assign if model.role(used) == Role::Value && self.is_statement(parent) => {
                let mut targets = model.children_with(parent, Role::Target);
                let target = targets.next().filter(|t| matches!(model.kind(*t), Kind::Name | Kind::Member))?;
                self.include(target)
            }
            Kind::Field if model.role(used) == Role::Value => Some(()),
            Kind::Binary => self.check_operation(parent, used),
            Kind::Call => self.check_call(parent, used),
            // A statement of its own: nothing comes of it.
            Kind::Block => Some(()),
            _ => None,
        }
    }

    /// The value of an assignment that is no statement goes on to somewhere else.
    fn is_statement(&self, node: NodeId) -> bool {
        let model = self.file.model;
        model.parent(node).is_some_and(|p| model.kind(p) == Kind::Block)
    }

    fn check_operation(&mut self, operation: NodeId, used: NodeId) -> Option<()> {
        let model = self.file.model;
        let sides: Vec<NodeId> = model.children_with(operation, Role::Operand).collect();
        let [left, right] = sides.as_slice() else { return None };
        let other = if *left == used { *right } else { *left };
        match model.name(operation) {
            // Whether it was measured yet.
            "==" | "!=" if model.kind(other) == Kind::Null => Some(()),
            "-" if self.is_instant(other) => {
                self.note(Operation::Difference(operation, *left, *right));
                self.include(other)
            }
            "<" | ">" | "<=" | ">=" if self.is_instant(other) => {
                self.note(Operation::Order(operation, *left, *right));
                self.include(other)
            }
            _ => {
                let (_, amount) = self.shift(operation)?;
                self.note(Operation::Shift(amount));
                self.uses.push(operation);
                Some(())
            }
        }
    }

    /// `since(start)`, `now.sub(start)`, `deadline.before(now)`: asked of instants, whatever clock they carry.
    fn check_call(&mut self, call: NodeId, used: NodeId) -> Option<()> {
        let model = self.file.model;
        match self.file.resolve(call)?.api.role {
            ApiRole::TimeSince | ApiRole::TimeUntil => Some(()),
            ApiRole::TimeDifference | ApiRole::TimeCompare if !has_word(model.name(call), &["equal"]) => {
                let sides = [model.child(call, Role::Receiver)?, model.child(call, Role::Arg)?];
                self.include(if sides[0] == used { sides[1] } else { sides[0] })
            }
            ApiRole::TimeAdd if model.role(used) == Role::Receiver => {
                self.uses.push(call);
                Some(())
            }
            _ => None,
        }
    }

    fn note(&mut self, operation: Operation) {
        if !self.operations.contains(&operation) {
            self.operations.push(operation);
        }
    }
}
