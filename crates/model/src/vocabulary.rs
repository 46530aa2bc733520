//! The closed vocabulary of query captures.
//!
//! `@call` makes a node of kind [`Kind::Call`]; `@call.arg` names one of its children; `@call.name` is the text
//! kept on the node itself. One table, [`SHAPES`], says which roles a kind may have.

/// What a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Kind {
    /// The whole file.
    Module,
    /// An import; `name` is the module's path, children are [`Kind::ImportItem`]s.
    Import,
    /// One imported name; `name` is what is imported (`*` for all), [`Role::Alias`] the local name.
    ImportItem,
    /// A named or anonymous function, method, constructor or lambda; `name` is empty for a lambda.
    Function,
    /// A parameter; `name`, type and default value.
    Param,
    /// A class, interface, struct, enum or type alias.
    Class,
    /// A field declaration of a class.
    Field,
    /// A keyword on a declaration (`static`, `final`, `async`, `export`).
    Modifier,
    /// A decorator or annotation.
    Decorator,
    /// A written type; `name` is its head without type arguments.
    Type,
    /// Statements that run in order.
    Block,
    /// A declaration of local or module-level variables.
    Let,
    /// An assignment; `name` is the operator.
    Assign,
    /// `if`, also the statement forms of `unless`.
    If,
    /// Any loop; `name` says which: `while`, `do`, `for`, `each`.
    Loop,
    /// `try`.
    Try,
    /// One handler of a `try`.
    Catch,
    /// A scoped resource: Python's `with`, Java's try-with-resources and `synchronized`.
    With,
    /// One resource of a [`Kind::With`].
    WithItem,
    /// A call that runs when the function ends.
    Defer,
    /// A call that runs concurrently.
    Spawn,
    /// `return`.
    Return,
    /// `throw`, `raise`.
    Throw,
    /// `break`.
    Break,
    /// `continue`; a jump to a label is a `continue` with the name `goto`.
    Continue,
    /// `switch`, `match`, `select`.
    Switch,
    /// One case of a switch; without [`Role::Value`] it is the default.
    Case,
    /// A call; `name` is the callee's last name.
    Call,
    /// A construction of a named type.
    New,
    /// A keyword argument; `name` and value.
    Argument,
    /// An argument or element that stands for many.
    Spread,
    /// `object.name`.
    Member,
    /// `object[index]`.
    Index,
    /// An operation on two or more operands; `name` holds the operators, separated by blanks.
    Binary,
    /// An operation on one operand; `name` is the operator.
    Unary,
    /// `c ? a : b`.
    Conditional,
    /// `await`.
    Await,
    /// A conversion of a value to a type, without a call.
    Cast,
    /// Key-value literals: dict, object, struct literal (then with a type).
    Record,
    /// One entry of a [`Kind::Record`]; `name` is the key where it is a plain name or string.
    Entry,
    /// A literal sequence: list, array, tuple, set.
    List,
    /// A string literal; `name` is its content, children are interpolated expressions.
    String,
    /// A numeric literal; `name` is its text.
    Number,
    /// `true` or `false`; `name` is its text.
    Boolean,
    /// The null value.
    Null,
    /// A reference to a name.
    Name,
    /// The current object.
    This,
    /// Anything that the queries do not name, standing where a value is expected.
    Opaque,
    /// Keeps the place for its children and vanishes; they inherit its role.
    Group,
    /// Is neither lowered nor looked into.
    Skip,
    /// A comment; kept beside the nodes.
    Comment,
    /// A shape that has a catalogue role by itself; `name` is the role (see the API catalogues).
    Idiom,
}

/// What a node is to its parent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Role {
    /// Found inside, with no part of its own.
    Other,
    /// An argument of a call, in order, keyword arguments included.
    Arg,
    /// The object of a call.
    Receiver,
    /// The called expression, where it is not a name.
    Callee,
    /// A parameter.
    Param,
    /// The parameter that is the current object (Go).
    This,
    /// What runs.
    Body,
    /// A written type.
    Type,
    /// A returned type.
    Returns,
    /// A supertype.
    Extends,
    /// A value: initialiser, returned or thrown value, default, entry's value, case label.
    Value,
    /// What is stored to.
    Target,
    /// A condition.
    Condition,
    /// Runs when the condition holds.
    Then,
    /// Runs when it does not.
    Else,
    /// Runs before a loop.
    Init,
    /// Runs after each round of a loop.
    Update,
    /// What a loop goes through.
    Iterable,
    /// A handler.
    Catch,
    /// Runs at the end, whatever happened.
    Finally,
    /// A resource.
    Item,
    /// The value that a switch looks at.
    Subject,
    /// A case.
    Case,
    /// The object of a member access.
    Object,
    /// The index of an index access, the key of an entry.
    Key,
    /// An operand.
    Operand,
    /// An interpolated expression.
    Part,
    /// The local name of an import.
    Alias,
    /// A decorator or annotation.
    Decorator,
    /// A declaration keyword.
    Modifier,
}

/// What a capture name in a query stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Capture {
    /// `@kind`: the pattern's root becomes a node.
    Root(Kind),
    /// `@kind.role`: a child of that node.
    Child(Kind, Role),
    /// `@kind.name`: the text of that node's `name`.
    Text(Kind),
}

type Shape = (Kind, &'static str, bool, &'static [(&'static str, Role)]);

const DECORATED: (&str, Role) = ("decorator", Role::Decorator);
const MODIFIED: (&str, Role) = ("modifier", Role::Modifier);
const BODY: (&str, Role) = ("body", Role::Body);
const VALUE: (&str, Role) = ("value", Role::Value);
const TYPE: (&str, Role) = ("type", Role::Type);
const TARGET: (&str, Role) = ("target", Role::Target);

/// Kind, its capture name, whether it keeps a text (`.name`), and its roles.
#[rustfmt::skip]
const SHAPES: &[Shape] = &[
    (Kind::Module, "module", false, &[]),
    (Kind::Import, "import", true, &[("item", Role::Item), ("alias", Role::Alias), MODIFIED]),
    (Kind::ImportItem, "import_item", true, &[("alias", Role::Alias)]),
    (Kind::Function, "function", true, &[("param", Role::Param), ("this", Role::This), BODY, ("returns", Role::Returns), DECORATED, MODIFIED]),
    (Kind::Param, "param", true, &[TYPE, VALUE, TARGET, DECORATED, MODIFIED]),
    (Kind::Class, "class", true, &[("extends", Role::Extends), BODY, TYPE, DECORATED, MODIFIED]),
    (Kind::Field, "field", true, &[TYPE, VALUE, TARGET, DECORATED, MODIFIED]),
    (Kind::Modifier, "modifier", true, &[]),
    (Kind::Decorator, "decorator", true, &[("arg", Role::Arg), ("receiver", Role::Receiver)]),
    (Kind::Type, "type", true, &[]),
    (Kind::Block, "block", false, &[]),
    (Kind::Let, "let", false, &[TARGET, TYPE, VALUE, MODIFIED]),
    (Kind::Assign, "assign", true, &[TARGET, VALUE, TYPE]),
    (Kind::If, "if", false, &[("init", Role::Init), ("condition", Role::Condition), ("then", Role::Then), ("else", Role::Else)]),
    (Kind::Loop, "loop", true, &[("init", Role::Init), ("condition", Role::Condition), ("update", Role::Update), TARGET, ("iterable", Role::Iterable), BODY, ("else", Role::Else)]),
    (Kind::Try, "try", false, &[BODY, ("catch", Role::Catch), ("finally", Role::Finally), ("else", Role::Else), ("item", Role::Item)]),
    (Kind::Catch, "catch", false, &[TYPE, TARGET, BODY]),
    (Kind::With, "with", true, &[("item", Role::Item), BODY]),
    (Kind::WithItem, "with_item", false, &[VALUE, TARGET, TYPE]),
    (Kind::Defer, "defer", false, &[VALUE]),
    (Kind::Spawn, "spawn", false, &[VALUE]),
    (Kind::Return, "return", false, &[VALUE]),
    (Kind::Throw, "throw", false, &[VALUE]),
    (Kind::Break, "break", false, &[]),
    (Kind::Continue, "continue", true, &[]),
    (Kind::Switch, "switch", true, &[("subject", Role::Subject), ("case", Role::Case), BODY]),
    (Kind::Case, "case", false, &[VALUE, BODY, ("condition", Role::Condition)]),
    (Kind::Call, "call", true, &[("receiver", Role::Receiver), ("callee", Role::Callee), ("arg", Role::Arg)]),
    (Kind::New, "new", false, &[TYPE, ("callee", Role::Callee), ("arg", Role::Arg), BODY]),
    (Kind::Argument, "argument", true, &[VALUE]),
    (Kind::Spread, "spread", false, &[VALUE]),
    (Kind::Member, "member", true, &[("object", Role::Object)]),
    (Kind::Index, "index", false, &[("object", Role::Object), ("key", Role::Key)]),
    (Kind::Binary, "binary", true, &[("operand", Role::Operand)]),
    (Kind::Unary, "unary", true, &[("operand", Role::Operand)]),
    (Kind::Conditional, "conditional", false, &[("condition", Role::Condition), ("then", Role::Then), ("else", Role::Else)]),
    (Kind::Await, "await", false, &[VALUE]),
    (Kind::Cast, "cast", false, &[TYPE, VALUE]),
    (Kind::Record, "record", false, &[TYPE, ("item", Role::Item)]),
    (Kind::Entry, "entry", true, &[("key", Role::Key), VALUE]),
    (Kind::List, "list", false, &[TYPE, ("item", Role::Item)]),
    (Kind::String, "string", true, &[("part", Role::Part)]),
    (Kind::Number, "number", true, &[]),
    (Kind::Boolean, "boolean", true, &[]),
    (Kind::Null, "null", false, &[]),
    (Kind::Name, "name", true, &[]),
    (Kind::This, "this", false, &[]),
    (Kind::Opaque, "opaque", false, &[]),
    (Kind::Group, "group", false, &[]),
    (Kind::Skip, "skip", false, &[]),
    (Kind::Comment, "comment", false, &[]),
    (Kind::Idiom, "idiom", false, &[VALUE]),
];

impl Kind {
    /// The capture name of this kind.
    pub fn name(self) -> &'static str {
        SHAPES.iter().find(|s| s.0 == self).map_or("", |s| s.1)
    }

    /// Whether nodes of this kind are statements: they have no value.
    pub fn is_statement(self) -> bool {
        matches!(
            self,
            Kind::Block
                | Kind::Let
                | Kind::If
                | Kind::Loop
                | Kind::Try
                | Kind::With
                | Kind::Defer
                | Kind::Spawn
                | Kind::Return
                | Kind::Throw
                | Kind::Break
                | Kind::Continue
                | Kind::Switch
        )
    }
}

impl Role {
    /// The name of this role as the parent's kind calls it in captures.
    pub fn name_in(self, parent: Kind) -> &'static str {
        let roles = SHAPES.iter().find(|s| s.0 == parent).map_or(&[][..], |s| s.3);
        roles.iter().find(|r| r.1 == self).map_or("", |r| r.0)
    }
}

/// What the capture `name` (without `@`) stands for; `None` when it is outside the vocabulary.
pub fn capture(name: &str) -> Option<Capture> {
    let (kind, part) = name.split_once('.').map_or((name, None), |(k, p)| (k, Some(p)));
    let shape = SHAPES.iter().find(|s| s.1 == kind)?;
    match part {
        None => Some(Capture::Root(shape.0)),
        Some("name") => shape.2.then_some(Capture::Text(shape.0)),
        Some(role) => shape.3.iter().find(|r| r.0 == role).map(|r| Capture::Child(shape.0, r.1)),
    }
}

/// Every capture name of the vocabulary, for error messages.
pub fn capture_names() -> Vec<String> {
    let mut all = Vec::new();
    for (_, name, text, roles) in SHAPES {
        all.push((*name).to_owned());
        if *text {
            all.push(format!("{name}.name"));
        }
        all.extend(roles.iter().map(|(role, _)| format!("{name}.{role}")));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_listed_capture_is_understood() {
        for name in capture_names() {
            assert!(capture(&name).is_some(), "{name}");
        }
    }

    #[test]
    fn captures_outside_the_vocabulary_are_refused() {
        for name in ["", "cal", "call.argument", "null.name", "call.name.x", "_x"] {
            assert_eq!(capture(name), None, "{name}");
        }
    }

    #[test]
    fn roles_know_their_names() {
        assert_eq!(Role::Arg.name_in(Kind::Call), "arg");
        assert_eq!(Role::Other.name_in(Kind::Call), "");
        assert_eq!(capture("function.this"), Some(Capture::Child(Kind::Function, Role::This)));
    }
}
