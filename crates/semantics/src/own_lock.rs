//! Locks that a project makes itself of commands on a key.
//!
//! Writing a key if it is absent may be a lock, a cache, a rate limit or a record of what was done. What the key is
//! called, who writes it and what happens to it afterwards decide; see [`Analysis::is_own_lock`].

use crate::analysis::Analysis;
use crate::catalog::{ArgMeaning, Unit};
use crate::key_command::{Command, KeyCommand};
use crate::names::has_word;
use crate::value::{How, Origins};
use timelint_model::{Kind, NodeId, Role};

/// Words of a key that stands for a lock.
const KEY_WORDS: [&str; 12] = [
    "lock",
    "locks",
    "locker",
    "locking",
    "mutex",
    "lck",
    "lease",
    "leader",
    "leadership",
    "master",
    "redlock",
    "lockkey",
];
/// Words of a function or class that handles locks.
const SECTION_WORDS: [&str; 16] = [
    "elect",
    "lock",
    "locks",
    "locker",
    "locking",
    "mutex",
    "acquire",
    "obtain",
    "unlock",
    "release",
    "trylock",
    "redlock",
    "lease",
    "leader",
    "election",
    "leadership",
];
/// Words of keys and functions that remember, limit or refuse, and lock nothing.
const OTHER_PURPOSES: [&str; 32] = [
    "idempotent",
    "idempotency",
    "dedup",
    "dedupe",
    "duplicate",
    "repeat",
    "processed",
    "replay",
    "replayed",
    "seen",
    "nonce",
    "rate",
    "limit",
    "limiter",
    "throttle",
    "cooldown",
    "debounce",
    "captcha",
    "login",
    "password",
    "attempt",
    "attempts",
    "fail",
    "failed",
    "banned",
    "lockout",
    "notified",
    "sent",
    "visited",
    "online",
    "blacklist",
    "freeze",
];
/// Words of a value that says who holds a lock.
const OWNER_WORDS: [&str; 16] = [
    "owner",
    "uuid",
    "guid",
    "token",
    "identifier",
    "holder",
    "thread",
    "hostname",
    "host",
    "worker",
    "instance",
    "node",
    "pid",
    "ulid",
    "nanoid",
    "requestid",
];
/// Enough points for a lock.
const ENOUGH: i32 = 3;
/// How many definitions a key is followed through.
const MOST_STEPS: usize = 4;

impl Analysis<'_> {
    /// All commands on keys of shared stores, in source order.
    pub fn key_commands(&self) -> &[KeyCommand] {
        self.key_commands.get_or_init(|| self.tables.calls.iter().filter_map(|c| self.key_command(*c)).collect())
    }

    /// Whether a key is called a lock's.
    pub fn is_lock_key(&self, key: NodeId) -> bool {
        let texts = self.key_texts(key);
        texts.iter().any(|t| has_word(t, &KEY_WORDS)) && !texts.iter().any(|t| has_word(t, &OTHER_PURPOSES))
    }

    /// Whether the function or class around `at` is called after locks.
    pub fn is_about_locks(&self, at: NodeId) -> bool {
        let function = self.named_function_around(at).is_some_and(|f| has_word(self.function_name(f), &SECTION_WORDS));
        function || self.class_about_locks(at)
    }

    /// Whether the class around `at` is called after locks.
    pub fn class_about_locks(&self, at: NodeId) -> bool {
        let class = self.tables.class_around(self.model, at);
        class.is_some_and(|c| has_word(&self.tables.classes[c as usize].name, &SECTION_WORDS))
            || self.prototype_around(at).is_some_and(|name| has_word(name, &SECTION_WORDS))
    }

    /// The class whose method a function around `at` is made: `Leader.prototype.elect = function () {..}`.
    fn prototype_around(&self, at: NodeId) -> Option<&str> {
        let model = self.model;
        model.ancestors(at).filter(|a| model.kind(*a) == Kind::Assign).find_map(|assign| {
            let prototype = model.child(model.child(assign, Role::Target)?, Role::Object)?;
            let class = model.child(prototype, Role::Object).filter(|_| model.name(prototype) == "prototype")?;
            Some(model.name(class))
        })
    }

    /// The nearest function around `at` that has a name.
    pub fn named_function_around(&self, at: NodeId) -> Option<NodeId> {
        let model = self.model;
        model.ancestors(at).find(|a| model.kind(*a) == Kind::Function && !self.function_name(*a).is_empty())
    }

    /// The name of a function: its own, or that of the variable or property that it is the value of.
    pub fn function_name(&self, function: NodeId) -> &str {
        let model = self.model;
        let own = model.name(function);
        let Some(parent) = model.parent(function).filter(|_| own.is_empty() && model.role(function) == Role::Value)
        else {
            return own;
        };
        match model.kind(parent) {
            Kind::Entry => model.name(parent),
            Kind::Let | Kind::Assign | Kind::Field => model.child(parent, Role::Target).map_or("", |t| model.name(t)),
            _ => own,
        }
    }

    /// Whether a write of an absent key takes a lock, judged with all commands of the file.
    pub fn is_own_lock(&self, take: &KeyCommand, all: &[KeyCommand]) -> bool {
        take.command == Command::SetIfAbsent && self.lock_points(take, all) >= ENOUGH
    }

    fn lock_points(&self, take: &KeyCommand, all: &[KeyCommand]) -> i32 {
        let texts = self.key_texts(take.key);
        let function = self.named_function_around(take.at).map_or("", |f| self.function_name(f));
        let mut points = 0;
        if texts.iter().any(|t| has_word(t, &KEY_WORDS)) {
            points += 2;
        }
        if self.is_about_locks(take.at) {
            points += if has_word(function, &["lock", "trylock", "acquire"]) { 2 } else { 1 };
        }
        if take.value.is_some_and(|v| self.is_owner(v)) {
            points += 1;
        }
        if self.decides(take.at) {
            points += 1;
        }
        // A removal in passing may be anything's; one where the work ends is a release.
        let mut frees = self.frees(take, all).peekable();
        if frees.peek().is_some() {
            points += if frees.any(|f| self.is_cleanup(f.at) || self.is_about_locks(f.at)) { 2 } else { 1 };
        }
        // Who removes it looks whose it is.
        if self.is_removed_by_owner(take, all) {
            points += 2;
        }
        // A wrapper that offers the command under its own name says nothing of what it is used for.
        if matches!(
            function.trim_start_matches('_'),
            "add" | "setnx" | "set_nx" | "setNx" | "setIfAbsent" | "putIfAbsent" | "set_if_not_exists"
        ) {
            points -= 3;
        }
        // A class of locks may call its try an attempt.
        let named = (!self.class_about_locks(take.at)).then_some(function);
        if texts.iter().map(String::as_str).chain(named).any(|t| has_word(t, &OTHER_PURPOSES)) {
            points -= 3;
        }
        points
    }

    /// The commands that remove the key of `take` where its holder ends: in a clean-up or in a function that says so.
    pub fn frees<'c>(&'c self, take: &'c KeyCommand, all: &'c [KeyCommand]) -> impl Iterator<Item = &'c KeyCommand> {
        all.iter().filter(move |c| {
            c.command == Command::Delete
                && c.at != take.at
                && self.same_key(take.key, c.key)
                && (self.is_cleanup(c.at)
                    || self.is_about_locks(c.at)
                    || self.function_around(c.at) == self.function_around(take.at))
        })
    }

    /// What tells the key of `take` when to go away after it was written: a command, or a helper that is called after one.
    pub fn expires_later(&self, take: &KeyCommand, all: &[KeyCommand]) -> Option<NodeId> {
        let model = self.model;
        let outermost = |at: NodeId| model.ancestors(at).filter(|a| model.kind(*a) == Kind::Function).last();
        let function = outermost(take.at);
        let command = all.iter().find(|c| {
            c.command == Command::Expire
                && c.at > take.at
                && self.same_key(take.key, c.key)
                && outermost(c.at) == function
        });
        // `self._expire(key, ttl)`
        let helper = || {
            let below = self.calls_below(function?).iter().copied();
            below.into_iter().find(|c| {
                *c > take.at
                    && model.kind(*c) == Kind::Call
                    && has_word(model.name(*c), &["expire", "expiry", "expiration", "ttl"])
                    && model.children_with(*c, Role::Arg).any(|a| self.same_key(a, take.key))
                    && self.key_command(*c).is_none()
            })
        };
        command.map(|c| c.at).or_else(helper)
    }

    /// For how many seconds a command lets its key live from then on, where that is constant.
    pub fn lives_for(&self, command: &KeyCommand) -> Option<f64> {
        let model = self.model;
        let known = self.resolve(command.at).filter(|k| k.how != How::Name);
        if let Some(known) = known
            && let Some(length) = self.argument(command.at, known, ArgMeaning::Lease)
        {
            let spec = known.api.args.iter().find(|a| a.is == ArgMeaning::Lease).and_then(|a| a.unit);
            let stated = self.argument(command.at, known, ArgMeaning::Unit).and_then(|u| self.unit_named_by(u));
            return self.value(length).seconds(stated.or(spec));
        }
        // The protocol's own words say what they count.
        let unit = match model.name(command.at).to_ascii_lowercase().as_str() {
            "expire" => Unit::Seconds,
            "pexpire" => Unit::Millis,
            _ => return None,
        };
        let length = model.children_with(command.at, Role::Arg).find(|a| *a >= model.end(command.key))?;
        self.value(length).seconds(Some(unit))
    }

    /// Whether `at` runs when a function or section ends, however it ends.
    pub fn is_cleanup(&self, at: NodeId) -> bool {
        let model = self.model;
        model.self_and_ancestors(at).any(|a| model.kind(a) == Kind::Defer || model.role(a) == Role::Finally)
    }

    /// Whether a value says who wrote it: random bits, or a name for an owner.
    pub fn is_owner(&self, value: NodeId) -> bool {
        let model = self.model;
        self.value(value).origins.any(Origins::RANDOM)
            || self.key_texts(value).iter().any(|t| has_word(t, &OWNER_WORDS) || t.to_lowercase().contains("uuid"))
            || model
                .self_and_descendants(value)
                .any(|n| model.kind(n) == Kind::Call && has_word(model.name(n), &OWNER_WORDS))
    }

    /// Whether a value is the same for every writer.
    pub fn is_constant(&self, value: NodeId) -> bool {
        let known = self.value(value);
        known.is_constant() || matches!(self.model.kind(value), Kind::String | Kind::Number | Kind::Boolean)
    }

    /// Whether the answer of a call is tested: in a condition, by a name that a condition reads, or by the caller.
    fn decides(&self, call: NodeId) -> bool {
        let model = self.model;
        let statement = self.statement(call);
        if matches!(model.kind(statement), Kind::If | Kind::Loop | Kind::Return) {
            return true;
        }
        // `store.set(.., (error, answer) => { if (answer) .. })`
        let continuations = model.children_with(call, Role::Arg).filter(|a| model.kind(*a) == Kind::Function);
        let asked = |f: NodeId| {
            let params: Vec<_> = model.children_with(f, Role::Param).skip(1).map(|p| model.sym(p)).collect();
            let conditions = model.descendants(f).filter(|n| model.kind(*n) == Kind::If);
            conditions.filter_map(|i| model.child(i, Role::Condition)).any(|c| {
                model.self_and_descendants(c).any(|n| model.kind(n) == Kind::Name && params.contains(&model.sym(n)))
            })
        };
        if continuations.into_iter().any(asked) {
            return true;
        }
        let targets = model.children_with(statement, Role::Target).flat_map(|t| model.self_and_descendants(t));
        let names: Vec<NodeId> = targets.filter(|t| model.kind(*t) == Kind::Name).collect();
        names.into_iter().any(|n| !self.reads_of(n).is_empty())
    }

    /// Names and texts that a key is made of, through local variables, constants and fields of this file.
    pub(crate) fn key_texts(&self, key: NodeId) -> Vec<String> {
        let mut texts = Vec::new();
        self.collect_texts(key, MOST_STEPS, &mut texts);
        texts
    }

    fn collect_texts(&self, node: NodeId, steps: usize, texts: &mut Vec<String>) {
        const MOST: usize = 48;
        let model = self.model;
        for part in model.self_and_descendants(node) {
            if texts.len() >= MOST {
                return;
            }
            if matches!(model.kind(part), Kind::Name | Kind::Member | Kind::Call | Kind::String) {
                texts.push(model.name(part).to_owned());
            }
            if steps > 0
                && let Some(value) = self.definition(part)
            {
                self.collect_texts(value, steps - 1, texts);
            }
        }
    }

    /// The one value of a local variable, constant or field of this file.
    fn definition(&self, node: NodeId) -> Option<NodeId> {
        let model = self.model;
        match model.kind(node) {
            Kind::Name => {
                let found = self.local_store(node, model.sym(node)).or_else(|| {
                    let class = self.tables.class_around(model, node)?;
                    self.tables.classes[class as usize].fields.get(&model.sym(node))?.first().copied()
                })?;
                found.value.filter(|v| found.index == 0 && !model.contains(*v, node))
            }
            Kind::Member => {
                let own = model.child(node, Role::Object).is_some_and(|o| self.tables.is_this(model, o));
                let class = self.tables.class_around(model, node).filter(|_| own)?;
                let stores = self.tables.classes[class as usize].fields.get(&model.sym(node))?;
                stores.first().and_then(|s| s.value).filter(|v| !model.contains(*v, node))
            }
            _ => None,
        }
    }

    /// Whether two expressions make the same key.
    pub fn same_key(&self, one: NodeId, other: NodeId) -> bool {
        let defined = |n: NodeId| match self.definition(n) {
            Some(value) if self.model.kind(n) == Kind::Name => value,
            _ => n,
        };
        let (one, other) = (self.only_element(one), self.only_element(other));
        self.alike(one, other) || self.alike(defined(one), defined(other))
    }

    /// `[key]` and `List.of(key)` stand for the key.
    fn only_element(&self, node: NodeId) -> NodeId {
        let model = self.model;
        let mut elements = model.children(node);
        match (model.kind(node), elements.next(), elements.next()) {
            (Kind::List, Some(only), None) => only,
            (Kind::Cast | Kind::Argument | Kind::Await, _, _) => model.child(node, Role::Value).unwrap_or(node),
            _ => node,
        }
    }

    /// Whether two expressions are written alike.
    fn alike(&self, one: NodeId, other: NodeId) -> bool {
        let model = self.model;
        let length = |n: NodeId| model.end(n).0 - n.0;
        length(one) == length(other)
            && model
                .self_and_descendants(one)
                .zip(model.self_and_descendants(other))
                .all(|(a, b)| model.kind(a) == model.kind(b) && model.sym(a) == model.sym(b) && length(a) == length(b))
    }
}
