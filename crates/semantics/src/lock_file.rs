//! Locks that are files which exist.

use crate::analysis::Analysis;
use crate::names::{has_word, words};
use crate::value::Origins;
use timelint_model::{Kind, NodeId, Role};

/// Options that make a file only if it is not there.
const EXCLUSIVE: [&str; 4] = ["O_EXCL", "CREATE_NEW", "wx", "x"];
/// Words of code that asks whether the holder is still there.
const LIVENESS: [&str; 14] = [
    "stale",
    "age",
    "mtime",
    "modtime",
    "expired",
    "expire",
    "expiry",
    "pid",
    "alive",
    "heartbeat",
    "orphan",
    "flock",
    "lockf",
    "timestamp",
];

impl Analysis<'_> {
    /// The calls that take a lock by creating a file, in files that never ask whether its holder still lives.
    pub fn lock_files(&self) -> Vec<NodeId> {
        let created: Vec<NodeId> = self.tables.calls.iter().copied().filter(|c| self.creates_lock_file(*c)).collect();
        if created.is_empty() || self.model.symbols().any(|(_, text)| text.len() < 80 && asks_liveness(text)) {
            return Vec::new();
        }
        created
    }

    /// A file is created exclusively in a function that takes a lock.
    fn creates_lock_file(&self, call: NodeId) -> bool {
        let model = self.model;
        let names_path = |n: &str| has_word(n, &["lock", "lockfile"]);
        let takes = self.named_function_around(call).is_some_and(|f| {
            words(self.function_name(f)).iter().any(|w| matches!(w.as_str(), "lock" | "trylock" | "acquire" | "obtain"))
        });
        let says_until = |n: NodeId| model.kind(n) == Kind::Call && self.value(n).origins.any(Origins::CLOCKS);
        takes
            && model.children_with(call, Role::Arg).any(|a| self.is_exclusive(a))
            // What is written says until when it counts.
            && !model.descendants(call).any(says_until)
            && (self.class_about_locks(call)
                || model.children_with(call, Role::Arg).any(|a| self.key_texts(a).iter().any(|t| names_path(t)))
                || self.writes_lock_path(call))
    }

    fn is_exclusive(&self, argument: NodeId) -> bool {
        let model = self.model;
        model.self_and_descendants(argument).any(|n| match model.kind(n) {
            Kind::Name | Kind::Member => EXCLUSIVE[..2].contains(&model.name(n)),
            Kind::String => EXCLUSIVE[2..].contains(&model.name(n)),
            _ => false,
        })
    }

    /// The path is put together in the same function from a name that says `lock`.
    fn writes_lock_path(&self, call: NodeId) -> bool {
        let model = self.model;
        let Some(function) = self.named_function_around(call) else { return false };
        let text = |n: NodeId| model.kind(n) == Kind::String && has_word(model.name(n), &["lock"]);
        model.descendants(function).take_while(|n| *n < call).any(text)
    }
}

/// Whether a name speaks of how old something is, or whether its maker is still there.
fn asks_liveness(text: &str) -> bool {
    has_word(text, &LIVENESS) || words(text).iter().any(|w| w.starts_with("mod") && w.ends_with("time"))
}
