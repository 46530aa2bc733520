//! Commands of key-value stores that are written as texts: which unit an amount is due in says the word before it, or the
//! command. `SET key value PX 30000`, `redis.call("expire", KEYS[1], ARGV[2])`.

use crate::network::timeout_unit_mismatch::{Mismatch, Taker};
use timelint_diagnostics::Confidence;
use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::Analysis;
use timelint_semantics::catalog::Unit;

/// Words that are followed by an amount.
const BEFORE: [(&str, Unit); 3] = [("PX", Unit::Millis), ("EX", Unit::Seconds), ("BLOCK", Unit::Millis)];

/// Commands and the place of their amount, counted from the command; 0 for the last argument.
const COMMANDS: [(&str, usize, Unit); 10] = [
    ("EXPIRE", 2, Unit::Seconds),
    ("PEXPIRE", 2, Unit::Millis),
    ("SETEX", 2, Unit::Seconds),
    ("PSETEX", 2, Unit::Millis),
    ("WAIT", 2, Unit::Millis),
    ("BLPOP", 0, Unit::Seconds),
    ("BRPOP", 0, Unit::Seconds),
    ("BRPOPLPUSH", 3, Unit::Seconds),
    ("BZPOPMIN", 0, Unit::Seconds),
    ("BZPOPMAX", 0, Unit::Seconds),
];

/// An argument of a command that is written as a text.
pub(super) struct TextDue {
    /// The argument.
    pub(super) length: NodeId,
    /// The unit that is due.
    pub(super) unit: Unit,
    /// The text that says so.
    pub(super) text: NodeId,
    /// The word or command in it.
    word: &'static str,
}

impl TextDue {
    /// What takes the argument.
    pub(super) fn taker(&self) -> Taker {
        Taker::takes(self.word, self.text)
    }

    /// The argument is in another unit.
    pub(super) fn mismatch(&self, file: &Analysis<'_>) -> Option<Mismatch> {
        let is = file.measure(self.length)?;
        Mismatch::between(self.length, is, self.unit, self.taker(), Confidence::Medium)
    }
}

/// The amounts of all commands of a file that are texts.
pub(super) fn text_dues(file: &Analysis<'_>) -> Vec<TextDue> {
    let about_store = file.says(&["redis", "redlock", "valkey", "jedis", "ioredis", "lettuce", "keydb", "dragonfly"])
        || file.path.to_ascii_lowercase().contains("redis")
        || file.path.to_ascii_lowercase().contains("redlock");
    if !about_store {
        return Vec::new();
    }
    let calls = file.tables.calls.iter().filter(|c| matches!(file.model.kind(**c), Kind::Call | Kind::New));
    calls.flat_map(|call| dues_of(file, *call)).collect()
}

fn dues_of(file: &Analysis<'_>, call: NodeId) -> Vec<TextDue> {
    let model = file.model;
    let args: Vec<NodeId> = model.children_with(call, Role::Arg).collect();
    let mut all = Vec::new();
    for (at, arg) in args.iter().enumerate() {
        let Some(text) = text_of(file, *arg) else { continue };
        let content = model.name(text);
        if content.contains("call(") {
            all.extend(dues_of_script(file, &args, at, text));
            continue;
        }
        let said = BEFORE.iter().find(|(word, _)| content.eq_ignore_ascii_case(word));
        if let (Some((word, unit)), Some(length)) = (said, args.get(at + 1)) {
            all.push(TextDue { length: *length, unit: *unit, text, word });
        }
        let command = COMMANDS.iter().find(|(word, ..)| content.eq_ignore_ascii_case(word));
        let Some((word, place, unit)) = command else { continue };
        let length = if *place == 0 { args.last().filter(|l| **l > *arg) } else { args.get(at + place) };
        all.extend(length.map(|length| TextDue { length: *length, unit: *unit, text, word }));
    }
    all
}

/// The literal that an argument is, by itself or through a variable.
fn text_of(file: &Analysis<'_>, arg: NodeId) -> Option<NodeId> {
    let model = file.model;
    match model.kind(arg) {
        Kind::String => Some(arg),
        Kind::Name | Kind::Member => {
            let value = file.stores_of(arg).first().and_then(|s| s.value);
            value.filter(|v| model.kind(*v) == Kind::String)
        }
        _ => None,
    }
}

/// The arguments of a script that it hands to commands: `eval(script, 1, key, value, ttl)`.
fn dues_of_script(file: &Analysis<'_>, args: &[NodeId], at: usize, text: NodeId) -> Vec<TextDue> {
    let script = file.model.name(text).replace('\'', "\"").to_ascii_uppercase();
    let keys = args.get(at + 1).filter(|k| file.model.kind(**k) == Kind::Number);
    let Some(keys) = keys.and_then(|k| file.model.name(*k).parse::<usize>().ok()) else { return Vec::new() };
    let mut all = Vec::new();
    for command in script.split("CALL(").skip(1).map(|c| c.split(')').next().unwrap_or(c)) {
        let parts: Vec<&str> = command.split(',').map(|p| p.trim().trim_matches('"')).collect();
        let amount = COMMANDS
            .iter()
            .find(|(word, ..)| parts.first() == Some(word))
            .and_then(|(word, place, unit)| Some((*word, *unit, parts.get(*place).filter(|_| *place > 0)?)));
        let option = BEFORE.iter().find_map(|(word, unit)| {
            let at = parts.iter().position(|p| p == word)?;
            Some((*word, *unit, parts.get(at + 1)?))
        });
        let Some((word, unit, given)) = amount.or(option) else { continue };
        let number = given.strip_prefix("ARGV[").map(|n| n.trim_end_matches(']')).and_then(|n| n.parse::<usize>().ok());
        let length = number.and_then(|n| args.get(at + 1 + keys + n));
        all.extend(length.map(|length| TextDue { length: *length, unit, text, word }));
    }
    all
}
