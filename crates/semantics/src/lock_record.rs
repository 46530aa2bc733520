//! Records that stand for a lock in a store that has none: rows, documents, items, keys and objects.
//!
//! Every store has its own verbs for reading, writing and removing one record. What the table, collection or key is
//! called says that the record is a lock; what the write or removal compares says whether the store decides.

use crate::analysis::Analysis;
use crate::effects::is_precondition;
use crate::key_command::{Command, Expiry, KeyCommand};
use crate::names::{fold, has_word, words};
use crate::one_step::{LOCK_TABLES, names_owner};
use timelint_model::{Kind, NodeId, Role, Sym};

/// What a call does to the record of a lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Touch {
    /// Reads it.
    Read,
    /// Writes it whatever is there.
    Write,
    /// Removes it whoever wrote it.
    Remove,
}

/// What two calls have in common when they touch the same lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// An expression for the key.
    Key(NodeId),
    /// A table or collection, by its name or expression.
    Table(u64),
    /// The variable that holds the record.
    Record(Sym),
}

/// A call that touches the record of a lock, with nothing that makes it conditional.
#[derive(Debug, Clone, Copy)]
pub struct LockTouch {
    /// The call.
    pub at: NodeId,
    /// What it does.
    pub touch: Touch,
    /// To which lock.
    pub subject: Subject,
}

/// Verbs of stores of documents and items.
const VERBS: [(&[&str], Touch); 26] = [
    (&["find", "one"], Touch::Read),
    (&["find", "first"], Touch::Read),
    (&["find", "unique"], Touch::Read),
    (&["find", "by", "id"], Touch::Read),
    (&["find", "by", "pk"], Touch::Read),
    (&["find", "one", "by"], Touch::Read),
    (&["get", "item"], Touch::Read),
    (&["get", "command"], Touch::Read),
    (&["get", "item", "command"], Touch::Read),
    (&["update", "one"], Touch::Write),
    (&["replace", "one"], Touch::Write),
    (&["put", "item"], Touch::Write),
    (&["update", "item"], Touch::Write),
    (&["put", "command"], Touch::Write),
    (&["put", "item", "command"], Touch::Write),
    (&["update", "command"], Touch::Write),
    (&["update", "item", "command"], Touch::Write),
    (&["upsert"], Touch::Write),
    (&["delete", "one"], Touch::Remove),
    (&["delete", "many"], Touch::Remove),
    (&["delete", "item"], Touch::Remove),
    (&["delete", "command"], Touch::Remove),
    (&["delete", "item", "command"], Touch::Remove),
    (&["find", "one", "and", "delete"], Touch::Remove),
    (&["find", "by", "id", "and", "delete"], Touch::Remove),
    (&["remove", "item"], Touch::Remove),
];

/// Words of a name for the part of a filter that says which lock is meant, and nothing of its holder.
const NAMING: [&str; 9] = ["id", "name", "key", "lock", "resource", "job", "task", "type", "pk"];

impl Analysis<'_> {
    /// The calls of the file that touch the record of a lock and compare nothing.
    pub fn lock_touches(&self) -> &[LockTouch] {
        self.lock_touches.get_or_init(|| self.find_lock_touches())
    }

    fn find_lock_touches(&self) -> Vec<LockTouch> {
        if !self.says(&LOCK_TABLES) && !self.says(&["leadership", "acquire", "already", "another"]) {
            return Vec::new();
        }
        let mut touches: Vec<LockTouch> = self.key_commands().iter().filter_map(key_touch).collect();
        let known: Vec<NodeId> = touches.iter().map(|t| t.at).collect();
        let others = self.tables.calls.iter().copied().filter(|c| known.binary_search(c).is_err());
        touches.extend(others.filter_map(|c| {
            self.statement_touch(c).or_else(|| self.document_touch(c)).or_else(|| self.entity_touch(c))
        }));
        touches.sort_by_key(|t| t.at);
        touches
    }

    /// `SELECT .. FROM locks`, `UPDATE locks SET .. WHERE name = ?`, as an argument of the call.
    fn statement_touch(&self, call: NodeId) -> Option<LockTouch> {
        let model = self.model;
        let texts = model.children_with(call, Role::Arg).take(3);
        let text = texts.filter(|a| matches!(model.kind(*a), Kind::String | Kind::Binary | Kind::Name | Kind::Member));
        let (touch, table) = text.filter_map(|a| self.literal_text(a)).find_map(|t| statement(&t))?;
        Some(LockTouch { at: call, touch, subject: Subject::Table(fold(&table)) })
    }

    /// `locks.find_one({..})`, `table.put_item(Item=..)`, `doc.send(new DeleteCommand({..}))`.
    fn document_touch(&self, call: NodeId) -> Option<LockTouch> {
        let model = self.model;
        let name = match model.kind(call) {
            Kind::Call => model.name(call),
            Kind::New => model.name(model.child(call, Role::Type)?),
            _ => return None,
        };
        let said = words(name);
        let said: Vec<&str> = said.iter().map(String::as_str).collect();
        let (_, touch) = *VERBS.iter().find(|(verb, _)| *verb == said.as_slice())?;
        let store = model.child(call, Role::Receiver);
        let mut texts = store.map(|s| self.key_texts(s)).unwrap_or_default();
        let table = self.named_argument(call, &["TableName"]);
        texts.extend(table.map(|t| self.key_texts(t)).unwrap_or_default());
        let about = texts.iter().any(|t| has_word(t, &LOCK_TABLES)) || self.class_about_locks(call);
        if !about || touch != Touch::Read && self.is_compared(call, &said) {
            return None;
        }
        let subject = fold(self.text(table.or(store)?));
        Some(LockTouch { at: call, touch, subject: Subject::Table(subject) })
    }

    /// Whether a write or removal names more than the lock: its holder, its expiry, a condition.
    fn is_compared(&self, call: NodeId, said: &[&str]) -> bool {
        let model = self.model;
        let given = |n: NodeId| matches!(model.kind(n), Kind::Entry | Kind::Argument);
        let conditional = model.descendants(call).any(|n| {
            given(n)
                && (is_precondition(model.name(n)) || has_word(model.name(n), &["condition", "expected", "expression"]))
        });
        if conditional {
            return true;
        }
        // Items name their key apart from what is written; a put replaces what is there.
        if said.contains(&"put") || said.contains(&"item") || said.contains(&"command") || said == ["upsert"] {
            return !model.descendants(call).any(given);
        }
        let Some(filter) = model.child(call, Role::Arg) else { return true };
        let filter = model.child(filter, Role::Value).filter(|_| given(filter)).unwrap_or(filter);
        let mut entries = model.children(filter).filter(|e| model.kind(*e) == Kind::Entry).peekable();
        if model.kind(filter) != Kind::Record || entries.peek().is_none() {
            return true;
        }
        !entries.all(|e| {
            let name = model.name(e);
            let plain = model.child(e, Role::Value).is_none_or(|v| model.kind(v) != Kind::Record);
            plain && words(name).iter().all(|w| NAMING.contains(&w.as_str()))
        })
    }

    fn named_argument(&self, call: NodeId, names: &[&str]) -> Option<NodeId> {
        let model = self.model;
        let own = model.children_with(call, Role::Arg);
        let inner = own.flat_map(|a| if model.kind(a) == Kind::Record { model.children(a).collect() } else { vec![a] });
        let mut entries = inner.filter(|n| matches!(model.kind(*n), Kind::Entry | Kind::Argument));
        entries.find(|n| names.contains(&model.name(*n))).and_then(|n| model.child(n, Role::Value))
    }

    /// `lock = JobLock.objects.get(name=name)`, `lock.save()`, `lockRepository.save(lock)`: the record is an object.
    fn entity_touch(&self, call: NodeId) -> Option<LockTouch> {
        let model = self.model;
        if model.kind(call) != Kind::Call || !self.is_about_locks(call) {
            return None;
        }
        if matches!(model.name(call), "save" | "saveAndFlush" | "persist" | "merge" | "flush" | "Save") {
            let receiver = model.child(call, Role::Receiver)?;
            let given = model.child(call, Role::Arg).filter(|a| matches!(model.kind(*a), Kind::Name | Kind::Unary));
            let given = given.map_or(receiver, |g| model.child(g, Role::Operand).unwrap_or(g));
            let record = Some(given).filter(|g| model.kind(*g) == Kind::Name)?;
            self.lock_entity(record)?;
            return Some(LockTouch { at: call, touch: Touch::Write, subject: Subject::Record(model.sym(record)) });
        }
        let statement = self.statement(call);
        if !matches!(model.kind(statement), Kind::Let | Kind::Assign) {
            return None;
        }
        let mut targets = model.children_with(statement, Role::Target);
        let target = targets.next().filter(|t| model.kind(*t) == Kind::Name)?;
        let source = self.lock_entity(target)?;
        (model.contains(source, call) && self.statement(source) == statement).then(|| LockTouch {
            at: call,
            touch: Touch::Read,
            subject: Subject::Record(model.sym(target)),
        })
    }

    /// The query that a variable for a lock's record comes from, unless it locks the row.
    fn lock_entity(&self, record: NodeId) -> Option<NodeId> {
        const READS: [&str; 9] = ["get", "find", "first", "one", "by", "query", "fetch", "load", "select"];
        const LOCKING: [&str; 6] = ["update", "pessimistic", "create", "share", "version", "locking"];
        let model = self.model;
        let mut source = self.only_source(record)?;
        while model.kind(source) == Kind::Await {
            source = model.child(source, Role::Value)?;
        }
        if model.kind(source) != Kind::Call {
            return None;
        }
        let mut reads = false;
        let mut about = false;
        for part in model.self_and_descendants(source).take(24) {
            let name = model.name(part);
            match model.kind(part) {
                Kind::Call if has_word(name, &LOCKING) => return None,
                Kind::Call => reads |= has_word(name, &READS),
                Kind::Name | Kind::Member => about |= model.role(part) != Role::Arg && has_word(name, &LOCK_TABLES),
                _ => {}
            }
        }
        (reads && about).then_some(source)
    }
}

/// What a command on a key does to it; one whose options are not seen may be conditional.
fn key_touch(command: &KeyCommand) -> Option<LockTouch> {
    let touch = match command.command {
        Command::Get | Command::Exists => Touch::Read,
        Command::Set if command.expiry != Expiry::Unclear => Touch::Write,
        Command::Delete => Touch::Remove,
        _ => return None,
    };
    Some(LockTouch { at: command.at, touch, subject: Subject::Key(command.key) })
}

/// What a statement does to which table of locks; one that compares, or that locks its rows, does neither.
fn statement(text: &str) -> Option<(Touch, String)> {
    let lower = text.trim_start().to_ascii_lowercase();
    let lower = lower.split_whitespace().collect::<Vec<_>>().join(" ");
    let table_of = |rest: &str| {
        let table = rest.split([' ', '(', ';', ',']).next().unwrap_or(rest).trim_matches(['`', '"', '\'', '[', ']']);
        has_word(table, &LOCK_TABLES).then(|| table.to_owned())
    };
    if lower.starts_with("select ") {
        let (_, rest) = lower.split_once(" from ")?;
        let locks =
            [" for update", " for share", " for no key", "updlock", "lock in share"].iter().any(|l| lower.contains(l));
        return (!locks).then(|| table_of(rest)).flatten().map(|t| (Touch::Read, t));
    }
    let rest = lower.strip_prefix("update ")?;
    let table = table_of(rest)?;
    let predicate = rest.split_once(" where ").map_or("", |(_, p)| p);
    let state = ["locked", "status", "state", "expires", "expiry", "until", "active", "taken", "held", "leader"];
    let compares = names_owner(predicate)
        || predicate.contains(['<', '>'])
        || predicate.contains(" is null")
        || predicate.contains(" exists")
        || has_word(predicate, &state);
    (!compares).then_some((Touch::Write, table))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_on_lock_tables_are_read() {
        let read = |t: &str| statement(t).map(|(touch, _)| touch);
        assert_eq!(read("SELECT owner FROM app_locks WHERE name = $1"), Some(Touch::Read));
        assert_eq!(read("SELECT owner FROM app_locks WHERE name = $1 FOR UPDATE"), None);
        assert_eq!(read("UPDATE leases SET holder = $1 WHERE name = $2"), Some(Touch::Write));
        assert_eq!(read("UPDATE leases SET holder = $1 WHERE name = $2 AND holder IS NULL"), None);
        assert_eq!(read("UPDATE leases SET holder = $1 WHERE name = $2 AND expires_at < now()"), None);
        assert_eq!(read("SELECT hash FROM blocks"), None);
    }
}
