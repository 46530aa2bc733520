//! Commands on one key of a shared store, in whatever spelling a client gives them.
//!
//! The stores' own protocol is the common language of their clients: `setnx`, `SET key value NX PX ttl`, `setIfAbsent`,
//! `conn.Do("SETNX", ..)` and a cache's `add` are all [`Command::SetIfAbsent`].

use crate::analysis::{Analysis, Resolved};
use crate::catalog::{ApiRole, ArgMeaning, leaf};
use crate::effects::is_precondition;
use crate::names::{contains_part, has_word, words};
use crate::value::{How, Origins};
use timelint_model::{Kind, NodeId, Role, Sym};

/// What a command does to its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// Writes the key if it is not there, and says whether it did.
    SetIfAbsent,
    /// Writes the key whatever is there.
    Set,
    /// Writes the key and answers what was there before.
    Swap,
    /// Reads the key.
    Get,
    /// Asks whether the key is there.
    Exists,
    /// Sets when the key goes away by itself.
    Expire,
    /// Removes the key whatever is there.
    Delete,
}

/// When a written key goes away by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expiry {
    /// Never.
    Never,
    /// Some time after the command.
    Given,
    /// What was given could not be read.
    Unclear,
}

/// A command on a key.
#[derive(Debug, Clone, Copy)]
pub struct KeyCommand {
    /// The call.
    pub at: NodeId,
    /// What it does.
    pub command: Command,
    /// The key.
    pub key: NodeId,
    /// What is written.
    pub value: Option<NodeId>,
    /// When a written key goes away.
    pub expiry: Expiry,
    /// How the store was recognised.
    pub how: How,
}

/// The commands by the letters of their names, without case and separators.
const COMMANDS: [(&str, Command); 28] = [
    ("setnx", Command::SetIfAbsent),
    ("setifabsent", Command::SetIfAbsent),
    ("setifnotexists", Command::SetIfAbsent),
    ("setifnotexist", Command::SetIfAbsent),
    ("setnxex", Command::SetIfAbsent),
    ("set", Command::Set),
    ("setargs", Command::Set),
    ("setex", Command::Set),
    ("psetex", Command::Set),
    ("put", Command::Set),
    ("update", Command::Set),
    ("hset", Command::Set),
    ("hmset", Command::Set),
    ("getset", Command::Swap),
    ("getandset", Command::Swap),
    ("get", Command::Get),
    ("exists", Command::Exists),
    ("haskey", Command::Exists),
    ("expire", Command::Expire),
    ("pexpire", Command::Expire),
    ("expireat", Command::Expire),
    ("pexpireat", Command::Expire),
    ("setexpiration", Command::Expire),
    ("del", Command::Delete),
    ("delete", Command::Delete),
    ("unlink", Command::Delete),
    ("deletekey", Command::Delete),
    ("remove", Command::Delete),
];

/// Parts of a name that say which store is meant.
const STORES: [&str; 10] =
    ["etcd", "redis", "jedis", "valkey", "keydb", "memcache", "lettuce", "redigo", "rueidis", "dragonfly"];

/// Names of clients that do not say what they are clients of.
const CLIENTS: [&str; 11] =
    ["p", "client", "conn", "connection", "pipe", "pipeline", "store", "r", "c", "cli", "publisher"];

/// Whether a command is the protocol's own word, which nothing else is called.
fn is_own_word(name: &str) -> bool {
    matches!(name, "setnx" | "setNX" | "SetNX" | "setNx" | "set_nx" | "SETNX")
}

/// Names of objects that are spoken to in the protocol's own words somewhere in the file: whatever they are called, they
/// are stores.
struct Spoken(Vec<Sym>);

impl Spoken {
    fn of(file: &Analysis<'_>) -> Self {
        let model = file.model;
        let calls = file.tables.calls.iter().filter(|c| is_own_word(model.name(**c)));
        Spoken(calls.filter_map(|c| model.child(*c, Role::Receiver)).map(|r| model.sym(r)).collect())
    }
}

/// Whether an identifier, type or module speaks of a key-value store that processes share.
fn names_store(identifier: &str) -> bool {
    contains_part(identifier, &STORES) || has_word(identifier, &["rdb", "rds"])
}

/// The command that a name spells.
fn command_named(name: &str) -> Option<Command> {
    let letters = || name.bytes().filter(u8::is_ascii_alphanumeric).map(|b| b.to_ascii_lowercase());
    let spells = |command: &str| {
        let mut rest = letters();
        command.bytes().all(|b| rest.next() == Some(b)) && (rest.clone().next().is_none() || rest.eq("async".bytes()))
    };
    COMMANDS.iter().find(|(n, _)| spells(n)).map(|(_, c)| *c)
}

impl Analysis<'_> {
    /// The command that a call gives to a shared store, if it gives one.
    pub fn key_command(&self, call: NodeId) -> Option<KeyCommand> {
        self.kept(&self.commands, call, || self.find_key_command(call))
    }

    fn find_key_command(&self, call: NodeId) -> Option<KeyCommand> {
        if let Some(found) = self.object_command(call) {
            return Some(found);
        }
        if self.model.kind(call) != Kind::Call {
            return None;
        }
        let known = self.resolve(call).filter(|k| k.how != How::Name);
        match known {
            Some(known) => self.catalogued_command(call, known),
            None => self.spelled_command(call),
        }
    }

    /// A command on an object of a bucket: `new PutObjectCommand({ Bucket, Key })`, `s3.put_object(Bucket=.., Key=..)`. One
    /// with a precondition is none of these: the store itself compares.
    fn object_command(&self, call: NodeId) -> Option<KeyCommand> {
        let model = self.model;
        let name = match model.kind(call) {
            Kind::Call => model.name(call),
            Kind::New => model.child(call, Role::Type).map(|t| model.name(t))?,
            _ => return None,
        };
        if !contains_part(name, &["object"]) {
            return None;
        }
        let command = match words(name).iter().map(String::as_str).collect::<Vec<_>>()[..] {
            ["put", "object"] | ["put", "object", "command"] => Command::Set,
            ["get", "object"] | ["get", "object", "command"] => Command::Get,
            ["head", "object"] | ["head", "object", "command"] => Command::Exists,
            ["delete", "object"] | ["delete", "object", "command"] => Command::Delete,
            _ => return None,
        };
        let given = |node: &NodeId| matches!(model.kind(*node), Kind::Entry | Kind::Argument);
        let named: Vec<NodeId> = model
            .children_with(call, Role::Arg)
            // `&s3.GetObjectInput{..}`
            .map(|a| model.child(a, Role::Operand).filter(|_| model.kind(a) == Kind::Unary).unwrap_or(a))
            .flat_map(|a| if model.kind(a) == Kind::Record { model.children(a).collect() } else { vec![a] })
            .filter(given)
            .collect();
        if named.iter().any(|n| is_precondition(model.name(*n))) {
            return None;
        }
        let key = named.iter().find(|n| model.name(**n) == "Key").and_then(|n| model.child(*n, Role::Value))?;
        Some(KeyCommand { at: call, command, key, value: None, expiry: Expiry::Never, how: How::Import })
    }

    /// A call that the catalogue knows: its entry names store and command.
    fn catalogued_command(&self, call: NodeId, known: Resolved<'_>) -> Option<KeyCommand> {
        let names = known.api.name.as_slice();
        let takes_key = |meaning| known.api.args.iter().any(|a| a.is == meaning);
        let adds = known.api.role == ApiRole::LockTry && takes_key(ArgMeaning::Value);
        let command = if adds {
            Command::SetIfAbsent
        } else if self.is_of_store(call, names) {
            let spelled = if names.len() == 1 { leaf(&names[0]) } else { self.model.name(call) };
            match command_named(spelled) {
                Some(command) => command,
                None => return self.sent_command(call, known.how),
            }
        } else {
            return None;
        };
        self.command_of(call, command, Some(known), known.how)
    }

    /// Whether an entry's names speak of a store; asked once for each entry, as some have a hundred names.
    fn is_of_store(&self, call: NodeId, names: &[String]) -> bool {
        let Some(entry) = self.api_id(call) else { return false };
        let known = self.store_entries.borrow().get(&entry).copied();
        known.unwrap_or_else(|| {
            let speaks = names.iter().any(|n| names_store(n) || n.contains(".cache."));
            self.store_entries.borrow_mut().insert(entry, speaks);
            speaks
        })
    }

    /// A call on an object that only its name, or the protocol's own word, tells to be a store.
    fn spelled_command(&self, call: NodeId) -> Option<KeyCommand> {
        let model = self.model;
        let receiver = model.child(call, Role::Receiver)?;
        let Some(command) = command_named(model.name(call)) else {
            return self.is_store(receiver).then(|| self.sent_command(call, How::Name)).flatten();
        };
        // The protocol's own words: a command's name, or the flag of one.
        let flagged = |a: NodeId| model.kind(a) == Kind::Argument && matches!(model.name(a), "nx" | "px");
        let own_word = is_own_word(model.name(call))
            || command == Command::Set && model.children_with(call, Role::Arg).any(flagged);
        if !own_word && !self.is_store(receiver) && !self.shared(Spoken::of).0.contains(&model.sym(receiver)) {
            return None;
        }
        let mut found = self.command_of(call, command, None, How::Name)?;
        // A class of the project may add an expiry of its own.
        let wrapped = self.type_of(receiver).is_some_and(|t| self.is_project_class(leaf(&t.name)));
        if wrapped && found.expiry == Expiry::Never {
            found.expiry = Expiry::Unclear;
        }
        Some(found)
    }

    fn is_project_class(&self, name: &str) -> bool {
        let own = self.tables.classes.iter().find(|c| c.name == name && c.node.is_some());
        // `type Client = ReturnType<typeof createClient>`: a name for something, and no class.
        let alias = |n: NodeId| self.model.child(n, Role::Type).is_some() && self.model.children(n).nth(1).is_none();
        match own.and_then(|c| c.node) {
            Some(node) => !alias(node),
            None => self.index.has_class(name),
        }
    }

    /// Whether a command goes to a coordinator, which could compare: etcd, whose keys have revisions.
    pub fn is_coordinator(&self, call: NodeId) -> bool {
        let model = self.model;
        let Some(receiver) = model.child(call, Role::Receiver) else { return false };
        let speaks = |name: &str| name.to_ascii_lowercase().contains("etcd");
        self.type_of(receiver).is_some_and(|t| speaks(&t.name))
            || self.path_of(receiver).is_some_and(|p| speaks(&p))
            || model.self_and_descendants(receiver).any(|n| speaks(model.name(n)))
    }

    /// Whether an object's name or type, or that of what it is a part of, speaks of a shared store.
    fn is_store(&self, object: NodeId) -> bool {
        let model = self.model;
        let plain = |n: NodeId| matches!(model.kind(n), Kind::Name | Kind::Member | Kind::Call);
        if model.self_and_descendants(object).any(|n| plain(n) && names_store(model.name(n))) {
            return true;
        }
        if let Some(ty) = self.type_of(object) {
            // The name of a type that nobody describes says no more than that of a variable.
            let described = self.catalog.knows_type(&ty.name) || self.is_project_class(leaf(&ty.name));
            if described || names_store(&ty.name) {
                return names_store(&ty.name);
            }
        }
        // A client without a telling name, in a file that imports one.
        let last = words(model.name(object)).last().cloned();
        last.is_some_and(|w| CLIENTS.contains(&w.as_str())) && self.imports_store()
    }

    fn imports_store(&self) -> bool {
        let imported = self.tables.imports.values().chain(&self.tables.wildcards);
        imported.into_iter().any(|path| names_store(path))
    }

    /// A command that is sent as text: `conn.Do("SETNX", key, value)`, `client.sendCommand(['SET', key, ..])`.
    fn sent_command(&self, call: NodeId, how: How) -> Option<KeyCommand> {
        let model = self.model;
        let mut args: Vec<NodeId> = model.children_with(call, Role::Arg).collect();
        if let [only] = args[..]
            && model.kind(only) == Kind::List
        {
            args = model.children(only).collect();
        }
        let at = args.iter().position(|a| model.kind(*a) == Kind::String)?;
        if at > 1 {
            return None;
        }
        let command = command_named(model.name(args[at]))?;
        let key = *args.get(at + 1)?;
        let rest = &args[at + 2..];
        Some(self.finish(call, command, key, rest, how))
    }

    fn command_of(&self, call: NodeId, command: Command, known: Option<Resolved<'_>>, how: How) -> Option<KeyCommand> {
        let model = self.model;
        let all: Vec<NodeId> = model.children_with(call, Role::Arg).collect();
        let plain: Vec<NodeId> = all.iter().copied().filter(|a| !self.is_context(*a)).collect();
        let declared = known.and_then(|k| self.argument(call, k, ArgMeaning::Key));
        let key = declared.or_else(|| plain.first().copied().filter(|a| model.kind(*a) != Kind::Argument))?;
        let beside = plain.iter().copied().filter(|a| *a != key && model.contains(*a, key));
        let record = beside.flat_map(|a| model.self_and_descendants(a)).find(|n| model.kind(*n) == Kind::Record);
        let fields = command == Command::Set && model.name(call).starts_with(['h', 'H']);
        let rest: Vec<NodeId> = plain.into_iter().filter(|a| !fields && !model.contains(*a, key)).collect();
        let mut found = self.finish(call, command, key, &rest, how);
        // `Item{Key: key, Value: value, Expiration: 30}`
        if let Some(flags) = record.map(|r| self.flag_of(r))
            && found.expiry == Expiry::Never
            && (flags.expires || flags.unclear)
        {
            found.expiry = if flags.expires { Expiry::Given } else { Expiry::Unclear };
        }
        if let Some(known) = known {
            found.value = self.argument(call, known, ArgMeaning::Value).or(found.value);
            if found.expiry == Expiry::Never && known.api.default.as_deref().is_some_and(|d| d != "none") {
                let lease = self.argument(call, known, ArgMeaning::Lease);
                // A client's own default, unless "never" is asked for.
                if lease.is_none_or(|l| !self.never(l)) {
                    found.expiry = Expiry::Given;
                }
            }
        }
        Some(found)
    }

    fn finish(&self, call: NodeId, command: Command, key: NodeId, rest: &[NodeId], how: How) -> KeyCommand {
        let value = match command {
            Command::SetIfAbsent | Command::Set | Command::Swap => rest.iter().copied().find(|a| self.is_value(*a)),
            _ => None,
        };
        let after = rest.iter().copied().filter(|a| Some(*a) != value);
        let flags = after.map(|a| self.flag_of(a)).fold(Flags::default(), Flags::join);
        let command = if command == Command::Set && flags.absent { Command::SetIfAbsent } else { command };
        let expiry = match command {
            Command::Expire => Expiry::Given,
            _ if flags.expires => Expiry::Given,
            _ if flags.unclear => Expiry::Unclear,
            _ => Expiry::Never,
        };
        KeyCommand { at: call, command, key, value, expiry, how }
    }

    fn is_value(&self, argument: NodeId) -> bool {
        let model = self.model;
        match model.kind(argument) {
            Kind::Argument => model.name(argument) == "value",
            Kind::Function | Kind::Spread => false,
            _ => true,
        }
    }

    /// What an argument behind the value asks for.
    fn flag_of(&self, argument: NodeId) -> Flags {
        let model = self.model;
        match model.kind(argument) {
            Kind::Argument => self.named_flag(model.name(argument), model.child(argument, Role::Value)),
            Kind::Record => {
                let entries = model.children(argument).filter(|e| model.kind(*e) == Kind::Entry);
                let named = entries.map(|e| self.named_flag(model.name(e), model.child(e, Role::Value)));
                let spread = model.children(argument).any(|e| model.kind(e) == Kind::Spread);
                named.fold(Flags { unclear: spread, ..Flags::default() }, Flags::join)
            }
            Kind::Spread => Flags { unclear: true, ..Flags::default() },
            Kind::Function | Kind::Null => Flags::default(),
            Kind::Number => Flags { expires: !self.never(argument), ..Flags::default() },
            _ => self.expression_flag(argument),
        }
    }

    fn expression_flag(&self, argument: NodeId) -> Flags {
        let model = self.model;
        if let Some(text) = self.literal_text(argument).filter(|_| model.kind(argument) != Kind::Call) {
            return word_flag(&text);
        }
        // What a variable for options holds may be anything, a condition too.
        if words(model.name(argument))
            .last()
            .is_some_and(|w| matches!(w.as_str(), "opt" | "opts" | "option" | "options"))
        {
            return Flags { unclear: true, ..Flags::default() };
        }
        let parts = model.self_and_descendants(argument);
        let named = parts.into_iter().filter(|n| matches!(model.kind(*n), Kind::Call | Kind::Member | Kind::Name));
        let found = named.map(|n| word_flag(model.name(n))).fold(Flags::default(), Flags::join);
        match model.kind(argument) {
            // A builder of options says all there is to say; anything else is some length of time.
            Kind::Call | Kind::New if found.absent || found.expires => found,
            _ if found.absent => found,
            _ => Flags { expires: !self.never(argument), ..found },
        }
    }

    fn named_flag(&self, name: &str, value: Option<NodeId>) -> Flags {
        let model = self.model;
        let refused = value.is_some_and(|v| {
            model.kind(v) == Kind::Null || model.kind(v) == Kind::Boolean && model.name(v).eq_ignore_ascii_case("false")
        });
        if name.is_empty() {
            return Flags { unclear: true, ..Flags::default() };
        }
        if refused {
            return Flags::default();
        }
        let by_value = value.and_then(|v| self.literal_text(v)).map(|t| word_flag(&t)).unwrap_or_default();
        let mut flags = word_flag(name).join(by_value);
        flags.expires &= value.is_none_or(|v| !self.never(v));
        flags
    }

    /// Whether a length of time is none: null, or the number that stands for it.
    pub fn never(&self, length: NodeId) -> bool {
        let value = self.value(length);
        value.origins == Origins::NULL || value.number.is_some_and(|n| n <= 0.0)
    }

    /// Whether a name is one that contexts usually have.
    pub(crate) fn is_named_context(&self, node: NodeId) -> bool {
        words(self.model.name(node)).iter().any(|w| matches!(w.as_str(), "ctx" | "context" | "signal"))
    }

    /// Whether an argument is a context that is handed along and not part of the command.
    pub(crate) fn is_context(&self, argument: NodeId) -> bool {
        let model = self.model;
        let named = |n: NodeId| self.is_named_context(n);
        match model.kind(argument) {
            Kind::Name | Kind::Member => named(argument),
            Kind::Call => model.child(argument, Role::Receiver).is_some_and(named) || named(argument),
            _ => false,
        }
    }
}

/// What options ask for.
#[derive(Debug, Clone, Copy, Default)]
struct Flags {
    absent: bool,
    expires: bool,
    unclear: bool,
}

impl Flags {
    fn join(self, other: Flags) -> Flags {
        Flags {
            absent: self.absent || other.absent,
            expires: self.expires || other.expires,
            unclear: self.unclear || other.unclear,
        }
    }
}

/// What a word of the protocol, or a builder's or option's name made of it, asks for.
fn word_flag(text: &str) -> Flags {
    let letters: String = text.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    let absent = matches!(letters.as_str(), "nx" | "ifabsent" | "setifabsent" | "onlyifnotexists");
    let expires = matches!(letters.as_str(), "ex" | "px" | "exat" | "pxat" | "keepttl" | "ttl" | "timeout" | "time")
        || letters.starts_with("expir");
    Flags { absent, expires, unclear: false }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_known_in_every_spelling() {
        for name in ["setnx", "set_nx", "setNX", "SETNX", "setIfAbsent", "set_if_not_exists", "setnxAsync"] {
            assert_eq!(command_named(name), Some(Command::SetIfAbsent), "{name}");
        }
        assert_eq!(command_named("PExpire"), Some(Command::Expire));
        assert_eq!(command_named("settle"), None);
    }

    #[test]
    fn stores_are_known_by_a_part_of_a_name() {
        for name in ["redisTemplate", "github.com/redis/go-redis.Cmdable#Del", "jedisPool", "s.rdb", "ioredis#del"] {
            assert!(names_store(name), "{name}");
        }
        assert!(!names_store("predicate") && !names_store("birds"));
    }

    #[test]
    fn options_are_read() {
        assert!(word_flag("NX").absent && word_flag("PX").expires && word_flag("SET_IF_ABSENT").absent);
        assert!(!word_flag("XX").absent && !word_flag("XX").expires);
    }
}
