//! Scripts that run inside a key-value store: the texts of a file, and what they do to the key of a lock.

use crate::analysis::Analysis;
use crate::names::has_word;
use timelint_model::{Kind, NodeId, Role};

/// A script of the file.
#[derive(Debug, Clone)]
pub struct Script {
    /// The string, or what strings are put together to.
    pub at: NodeId,
    /// Its text in one spelling: no comments, no spaces, double quotes, local names replaced by what they stand for.
    text: String,
}

/// All scripts of a file.
#[derive(Debug, Clone, Default)]
pub struct Scripts(pub Vec<Script>);

impl Scripts {
    /// The scripts that a file spells out.
    pub fn of(file: &Analysis<'_>) -> Self {
        let model = file.model;
        let joined = |n: NodeId| model.kind(n) == Kind::Binary && model.name(n) == "+";
        let starts = model.ids().filter(|n| {
            model.kind(*n) == Kind::String
                && (model.name(*n).contains("KEYS[") || model.name(*n).contains("redis.call("))
        });
        let mut found: Vec<Script> = Vec::new();
        for start in starts {
            let whole = model.ancestors(start).take_while(|a| joined(*a)).last().unwrap_or(start);
            if found.iter().any(|s| s.at == whole) {
                continue;
            }
            let parts = model.self_and_descendants(whole).filter(|n| model.kind(*n) == Kind::String);
            let text: Vec<&str> = parts.map(|n| model.name(n)).collect();
            found.push(Script { at: whole, text: one_spelling(&text.join(" ")) });
        }
        Scripts(found)
    }
}

impl Script {
    /// A script of this text, for tests.
    #[cfg(test)]
    fn of_text(text: &str) -> Self {
        Script { at: NodeId(0), text: one_spelling(text) }
    }

    fn calls(&self, command: &str) -> bool {
        self.text.contains(&format!("call(\"{command}\""))
    }

    /// Whether it writes the first key with an expiry and nothing makes that conditional.
    pub fn writes_blindly(&self) -> bool {
        let Some((_, command)) = self.text.split_once("call(\"set\"") else { return false };
        let command = command.split(')').next().unwrap_or(command);
        let says = |word: &str| command.contains(&format!("\"{word}\""));
        (says("px") || says("ex")) && !says("nx") && !says("xx") && !self.reads()
    }

    /// Whether it moves the first key's expiry and compares nothing with what the caller brings.
    pub fn extends_blindly(&self) -> bool {
        self.extends()
            && !["get", "hget", "hexists", "sismember", "zscore", "set", "setnx", "hset", "incr", "incrby", "del"]
                .iter()
                .any(|c| self.calls(c))
    }

    fn extends(&self) -> bool {
        ["expire", "pexpire", "expireat", "pexpireat"]
            .iter()
            .any(|c| self.text.contains(&format!("call(\"{c}\",keys[1]")))
    }

    /// Whether what it writes goes away by itself.
    pub fn expires(&self) -> bool {
        self.extends()
            || ["\"px\"", "\"ex\"", "call(\"psetex\"", "call(\"setex\""].iter().any(|w| self.text.contains(w))
    }

    /// Whether it writes the first key where there is none, as an acquire does.
    pub fn takes(&self) -> bool {
        let set = self.text.contains("call(\"set\",keys[1]") && (self.text.contains("\"nx\"") || self.reads());
        set || self.text.contains("call(\"setnx\",keys[1]")
    }

    /// Whether it removes the first key, and tells others at most: nothing else is asked or written.
    pub fn only_removes(&self) -> bool {
        let known = ["del", "unlink", "publish"];
        let commands = self.text.split("call(\"").skip(1);
        self.removes() && commands.into_iter().all(|c| known.iter().any(|k| c.starts_with(&format!("{k}\""))))
    }

    /// Whether it removes the first key.
    pub fn removes(&self) -> bool {
        ["del", "unlink"].iter().any(|c| self.text.contains(&format!("call(\"{c}\",keys[1]")))
    }

    /// Whether it compares what is there with what the caller brings, as owners do.
    pub fn compares_owner(&self) -> bool {
        self.text.contains("call(\"get\",keys[1])==argv[")
            || self.text.contains("==redis.call(\"get\",keys[1])")
            || self.text.contains("call(\"get\",keys[1])~=argv[")
    }

    /// Whether it looks at what is there.
    pub fn reads(&self) -> bool {
        ["get", "exists", "hget", "hexists"].iter().any(|c| self.calls(c))
    }

    /// Whether it prolongs the key of its owner, and writes the key anew where there is none.
    pub fn retakes(&self) -> bool {
        const GONE: [&str; 6] = [
            "call(\"get\",keys[1])==false",
            "call(\"get\",keys[1])==nil",
            "ifnotredis.call(\"get\",keys[1])",
            "call(\"exists\",keys[1])==0",
            "falseredis.call(\"set\",keys[1],argv[",
            "call(\"set\",keys[1],argv[1],\"nx\"",
        ];
        let writes = ["call(\"set\",keys[1],argv[", "call(\"setex\",keys[1]", "call(\"psetex\",keys[1]"];
        self.compares_owner()
            && self.extends()
            && GONE.iter().any(|g| self.text.contains(g))
            && writes.iter().any(|w| self.text.contains(w))
    }
}

impl Analysis<'_> {
    /// Whether what stands at `at` serves what one of the words says: the name that it is stored in, a function around it
    /// or around a use of that name, the file itself.
    pub fn serves(&self, at: NodeId, purpose: &[&str]) -> bool {
        let model = self.model;
        let named = |n: NodeId| self.named_function_around(n).is_some_and(|f| has_word(self.function_name(f), purpose));
        let stem = self.path.rsplit('/').next().and_then(|f| f.split('.').next()).unwrap_or("");
        if named(at) || has_word(stem, purpose) {
            return true;
        }
        let stored = model
            .ancestors(at)
            .take_while(|a| model.kind(*a) != Kind::Function)
            .find(|a| matches!(model.kind(*a), Kind::Let | Kind::Assign | Kind::Entry | Kind::Field));
        let Some(stored) = stored else { return false };
        let name = model.child(stored, Role::Target).unwrap_or(stored);
        has_word(model.name(name), purpose)
            || matches!(model.kind(name), Kind::Name | Kind::Field)
                && self.tables.reads(model.sym(name)).iter().any(|r| named(*r))
    }
}

/// A script without comments and spaces, in lower case, with its local names for keys, arguments and reads written out.
fn one_spelling(script: &str) -> String {
    let lower = script.to_ascii_lowercase().replace(['\'', '`'], "\"").replace(".pcall(", ".call(");
    let lines = lower.lines().map(|l| l.split("--").next().unwrap_or(l));
    let plain = lines.collect::<Vec<_>>().join(" ");
    let plain: Vec<&str> = plain.split_whitespace().collect();
    let mut plain = plain.join(" ");
    let mut from = 0;
    // A handful of locals is what such scripts have.
    for _ in 0..8 {
        let Some(at) = plain.get(from..).and_then(|rest| rest.find("local ")).map(|at| at + from) else { break };
        from = at + "local ".len();
        let Some((name, value)) = plain.get(from..).and_then(local) else { continue };
        plain = written_out(&plain, &name, &value, at);
    }
    plain.replace([' ', ';'], "")
}

/// The name and value of a local definition, where the value is a key, an argument or a read.
fn local(rest: &str) -> Option<(String, String)> {
    let (name, value) = rest.split_once('=')?;
    let name = name.trim();
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if name.is_empty() || !name.chars().all(is_name) {
        return None;
    }
    let value = value.trim_start();
    let end = if value.starts_with("keys[") || value.starts_with("argv[") {
        value.find(']')?
    } else if value.starts_with("redis.call(") {
        value.find(')')?
    } else {
        return None;
    };
    Some((name.to_owned(), value.get(..=end)?.to_owned()))
}

/// Every use of a local name behind its definition, replaced by its value.
fn written_out(script: &str, name: &str, value: &str, defined: usize) -> String {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let begin = script.get(defined..).and_then(|r| r.find('=')).map_or(script.len(), |at| at + defined);
    let (head, mut rest) = script.split_at(begin);
    let mut out = head.to_owned();
    while let Some(at) = rest.find(name) {
        let before = rest[..at].chars().next_back();
        let behind = rest[at + name.len()..].chars().next();
        let whole = !before.is_some_and(|c| is_name(c) || c == '"' || c == '.')
            && !behind.is_some_and(|c| is_name(c) || c == '"');
        out.push_str(&rest[..at]);
        out.push_str(if whole { value } else { name });
        rest = &rest[at + name.len()..];
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_are_read() {
        let script = Script::of_text;
        assert!(script("redis.call(\"SET\", KEYS[1], ARGV[1], \"PX\", ARGV[2])").writes_blindly());
        assert!(!script("redis.call('set', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2])").writes_blindly());
        assert!(
            script("if redis.call('ttl', KEYS[1]) >= 0 then redis.call('expire', KEYS[1], ARGV[1]) end")
                .extends_blindly()
        );
        let owned = script("if redis.call('get', KEYS[1]) == ARGV[2] then redis.call('expire', KEYS[1], 1) end");
        assert!(!owned.extends_blindly() && owned.compares_owner() && owned.reads() && !owned.retakes());
    }

    #[test]
    fn local_names_are_written_out() {
        let text = "local key = KEYS[1]\nlocal id = ARGV[1] -- owner\nlocal value = redis.call('get', key)\n\
                    if value == id then redis.call('pexpire', key, ARGV[2]) return 1\n\
                    elseif value == false then redis.call('set', key, id) return 1 end";
        assert!(Script::of_text(text).compares_owner());
        assert!(Script::of_text(text).retakes());
        let kept =
            "local v = redis.call('get', KEYS[1]) if v ~= ARGV[1] then return 0 end redis.call('pexpire', KEYS[1], 9)";
        assert!(Script::of_text(kept).compares_owner() && !Script::of_text(kept).retakes());
    }

    #[test]
    fn an_acquire_writes_where_nothing_is_and_may_expire() {
        let known = |text: &str| {
            let script = Script::of_text(text);
            (script.takes(), script.expires(), script.only_removes())
        };
        let asked = "if redis.call('exists', KEYS[1]) == 0 then redis.call('set', KEYS[1], ARGV[1], 'px', ARGV[2]) end";
        assert_eq!(known(asked), (true, true, false));
        assert_eq!(known("return redis.call('set', KEYS[1], ARGV[1], 'NX')"), (true, false, false));
        assert_eq!(known("return redis.call('setnx', KEYS[1], ARGV[1])"), (true, false, false));
        assert_eq!(known("return redis.call('set', KEYS[1], ARGV[1], 'ex', 5)"), (false, true, false));
        assert_eq!(known("redis.call('del', KEYS[1]) redis.call('publish', ARGV[1], '')"), (false, false, true));
        let owned = "if redis.call('get', KEYS[1]) == ARGV[1] then redis.call('del', KEYS[1]) end";
        assert_eq!(known(owned), (false, false, false));
    }
}
