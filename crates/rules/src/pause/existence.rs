//! Answers to "is it mine" that only look whether anybody has it.

use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::{Analysis, Command, has_word, words};

/// An answer, and where the owner is written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Existence {
    /// What is returned.
    pub(crate) answer: NodeId,
    /// The read of the key.
    pub(crate) read: NodeId,
    /// The command that writes who holds the lock.
    pub(crate) take: NodeId,
}

/// Methods that are asked whether this process holds the lock, and return whether its key is there.
pub(crate) fn existences(file: &Analysis<'_>) -> Vec<Existence> {
    const CLAIM: [&str; 8] = ["acquired", "held", "owned", "owner", "mine", "leader", "master", "holding"];
    let model = file.model;
    if !file.says(&CLAIM) {
        return Vec::new();
    }
    let all = file.key_commands();
    let asks = |name: &str| {
        let said = words(name);
        said.first().is_some_and(|w| matches!(w.as_str(), "is" | "has" | "owns" | "am" | "i" | "held" | "acquired"))
            && has_word(name, &CLAIM)
    };
    let functions = file.tables.functions.iter().map(|f| f.node).filter(|f| asks(file.function_name(*f)));
    functions
        .filter_map(|function| {
            let [answer] = file.returns(function)[..] else { return None };
            let read = all
                .iter()
                .find(|c| matches!(c.command, Command::Get | Command::Exists) && model.contains(function, c.at))?;
            let source = file.condition_source(answer);
            let plain = read.command == Command::Exists || against_nothing(file, source);
            let about = model.contains(answer, read.at) || source == read.at || spoken(file, source, read.at);
            let take = all.iter().find(|c| {
                c.command == Command::SetIfAbsent
                    && file.same_key(c.key, read.key)
                    && c.value.is_some_and(|v| !file.is_constant(v))
            })?;
            (plain && about).then_some(Existence { answer, read: read.at, take: take.at })
        })
        .collect()
}

/// `value is not None`, `value != null`, `!!value`
fn against_nothing(file: &Analysis<'_>, answer: NodeId) -> bool {
    let model = file.model;
    match model.kind(answer) {
        Kind::Binary if matches!(model.name(answer), "!=" | "is not") => {
            model.children_with(answer, Role::Operand).any(|o| model.kind(o) == Kind::Null)
        }
        Kind::Unary => model.name(answer) == "!",
        _ => false,
    }
}

/// The answer is about a variable that holds what was read.
fn spoken(file: &Analysis<'_>, answer: NodeId, read: NodeId) -> bool {
    let model = file.model;
    let names = model.self_and_descendants(answer).filter(|n| model.kind(*n) == Kind::Name);
    names.into_iter().any(|n| file.stores_of(n).iter().any(|s| s.value.is_some_and(|v| model.contains(v, read))))
}
