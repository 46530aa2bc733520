//! The edit that moves a measured time to the monotonic clock, where nothing else can notice.
//!
//! A reading may be exchanged only with every reading that it meets. So starting at the two sides of a difference, all
//! readings and variables that meet are gathered; as soon as one of them is used for anything but a difference, a
//! comparison or a shift among themselves, there is no edit.

use timelint_diagnostics::{Applicability, Edit, Location, Span};
use timelint_model::{Kind, NodeId, Role, Sym};
use timelint_semantics::catalog::leaf;
use timelint_semantics::{Analysis, How, Origins, Shape, StoreKind};

/// Calls and variables beyond this are not worth an edit that nobody can review.
const MOST: usize = 12;

/// The edits that replace all readings that meet in `sides`, and who may apply them.
pub(crate) fn monotonic_edit(file: &Analysis<'_>, sides: [NodeId; 2]) -> Option<(Applicability, Vec<Edit>)> {
    let mut readings = Readings { file, calls: Vec::new(), variables: Vec::new(), uses: Vec::new() };
    for side in sides {
        readings.include(side)?;
    }
    while let Some(used) = readings.uses.pop() {
        readings.check_use(used)?;
    }
    let edits: Vec<(Applicability, Edit)> =
        readings.calls.iter().map(|c| replacement(file, *c)).collect::<Option<_>>()?;
    let applicability = edits.iter().map(|e| e.0).max()?;
    Some((applicability, edits.into_iter().map(|e| e.1).collect()))
}

/// Readings of one clock that meet.
struct Readings<'f, 'a> {
    file: &'f Analysis<'a>,
    calls: Vec<NodeId>,
    variables: Vec<(NodeId, Sym)>,
    /// Expressions whose use is not checked yet.
    uses: Vec<NodeId>,
}

impl Readings<'_, '_> {
    /// Takes in everything that `value`, an instant, is made of.
    fn include(&mut self, value: NodeId) -> Option<()> {
        let mut open = vec![value];
        while let Some(part) = open.pop() {
            match self.file.model.kind(part) {
                Kind::Call => self.call(part)?,
                Kind::Name => self.variable(part, &mut open)?,
                Kind::Binary => {
                    let instants = self.instants_of_shift(part)?;
                    open.push(instants);
                }
                _ => return None,
            }
        }
        Some(())
    }

    fn call(&mut self, call: NodeId) -> Option<()> {
        if !self.calls.contains(&call) {
            replacement(self.file, call)?;
            self.calls.push(call);
            self.uses.push(call);
        }
        (self.calls.len() <= MOST).then_some(())
    }

    /// A local variable: its stores are `open`, its reads are uses.
    fn variable(&mut self, name: NodeId, open: &mut Vec<NodeId>) -> Option<()> {
        let model = self.file.model;
        let sym = model.sym(name);
        let mut functions = model.ancestors(name).filter(|a| model.kind(*a) == Kind::Function);
        let scope = functions.find(|s| !self.file.tables.stores(*s, sym).is_empty())?;
        if self.variables.contains(&(scope, sym)) {
            return Some(());
        }
        self.variables.push((scope, sym));
        for store in self.file.tables.stores(scope, sym) {
            match (store.kind, store.value) {
                (StoreKind::Plain, Some(value)) if model.children_with(store.at, Role::Target).count() == 1 => {
                    open.push(value);
                }
                (StoreKind::Update, Some(value))
                    if matches!(model.name(store.at), "+=" | "-=") && !self.is_instant(value) => {}
                _ => return None,
            }
            let target = model.child(store.at, Role::Target).filter(|t| model.kind(*t) == Kind::Name)?;
            self.uses.extend(self.file.reads_of(target));
        }
        (self.variables.len() <= MOST).then_some(())
    }

    /// The one instant of `instant + duration` or `instant - duration`.
    fn instants_of_shift(&self, sum: NodeId) -> Option<NodeId> {
        let model = self.file.model;
        let sides: Vec<NodeId> = model.children_with(sum, Role::Operand).collect();
        match (model.name(sum), sides.as_slice()) {
            ("+", [l, r]) if self.is_instant(*l) && self.is_length(*r) => Some(*l),
            ("+", [l, r]) if self.is_instant(*r) && self.is_length(*l) => Some(*r),
            // What is taken away could be an instant from elsewhere, so it has to be seen to be none.
            ("-", [l, r]) if self.is_instant(*l) && self.is_seen_length(*r) => Some(*l),
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
                let target = targets.next().filter(|t| model.kind(*t) == Kind::Name)?;
                self.include(target)
            }
            Kind::Binary => self.check_operation(parent, used),
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
        let op = model.name(operation);
        if matches!(op, "-" | "<" | ">" | "<=" | ">=") && self.is_instant(other) {
            return self.include(other);
        }
        self.instants_of_shift(operation)?;
        self.uses.push(operation);
        Some(())
    }
}

/// The edit for one reading: of a clock whose entry names its monotonic twin, written plainly through a module.
fn replacement(file: &Analysis<'_>, call: NodeId) -> Option<(Applicability, Edit)> {
    let model = file.model;
    let known = file.resolve(call).filter(|r| r.how == How::Import)?;
    let twin = known.api.monotonic.as_deref()?;
    let receiver = model.child(call, Role::Receiver).filter(|r| model.kind(*r) == Kind::Name)?;
    let written = file.text(call);
    if written != format!("{}.{}()", file.text(receiver), model.name(call)) {
        return None;
    }
    let span = model.span(call);
    let callee = Span::new(span.start, span.end - 2);
    let same_module = file.path_of(receiver).is_some_and(|module| twin == format!("{module}.{}", leaf(twin)));
    let (applicability, text) = if same_module {
        (Applicability::Safe, format!("{}.{}", file.text(receiver), leaf(twin)))
    } else {
        // Another module: an old runtime, or a fake clock of the tests, may not have it.
        (Applicability::Unsafe, twin.to_owned())
    };
    Some((applicability, Edit { location: Location::new(file.path.clone(), callee), text }))
}
