//! What API names mean: the catalogues `queries/<language>/apis.toml` and the user's `[[api]]` entries.
//!
//! Keys are the qualified names that resolution produces: `module.function`, `module.Type` (its construction),
//! `module.Type#method`, `*#method` for a method whose receiver could not be resolved (evidence by name only), and
//! `idiom:name` for an idiom of the query pack.

use rustc_hash::{FxHashMap, FxHashSet};
use serde::Deserialize;
use thiserror::Error;

/// What a call, construction, member or decorator does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
pub enum ApiRole {
    /// Reads the wall clock.
    #[serde(rename = "clock.wall")]
    ClockWall,
    /// Reads both clocks; a difference uses the monotonic part as long as both sides have it.
    #[serde(rename = "clock.both")]
    ClockBoth,
    /// Reads a monotonic clock.
    #[serde(rename = "clock.monotonic")]
    ClockMonotonic,
    /// Reads CPU time.
    #[serde(rename = "clock.cpu")]
    ClockCpu,
    /// Reads a logical or hybrid clock, a revision, a term: safe for ordering.
    #[serde(rename = "clock.logical")]
    ClockLogical,
    /// Reads the database's clock.
    #[serde(rename = "clock.database")]
    ClockDatabase,
    /// Reads a file's time stamp.
    #[serde(rename = "clock.file")]
    ClockFile,
    /// A date fixed by an outside standard in wall time: certificate, token, credential, HTTP header.
    #[serde(rename = "clock.external")]
    ClockExternal,
    /// Another form of the same instant or duration (receiver, or the argument that `is = "from"`).
    #[serde(rename = "time.convert")]
    TimeConvert,
    /// Like `time.convert`, and the monotonic part is lost.
    #[serde(rename = "time.strip")]
    TimeStrip,
    /// A duration from two instants: receiver or `from`, and `to`.
    #[serde(rename = "time.difference")]
    TimeDifference,
    /// The duration from its argument until now.
    #[serde(rename = "time.since")]
    TimeSince,
    /// The duration from now until its argument.
    #[serde(rename = "time.until")]
    TimeUntil,
    /// Compares two instants: receiver and first argument.
    #[serde(rename = "time.compare")]
    TimeCompare,
    /// Receiver plus or minus an argument.
    #[serde(rename = "time.add")]
    TimeAdd,
    /// Makes a duration of numbers (`unit` of the argument).
    #[serde(rename = "time.duration")]
    TimeDuration,
    /// Passes on one of its arguments: `max`, `int`, `abs`.
    #[serde(rename = "value.pass")]
    ValuePass,
    /// Waits for a time and does nothing else.
    #[serde(rename = "sleep")]
    Sleep,
    /// Makes or looks up a lock handle.
    #[serde(rename = "lock.new")]
    LockNew,
    /// Acquires, waiting; on a handle, or by itself.
    #[serde(rename = "lock.acquire")]
    LockAcquire,
    /// Tries to acquire and says whether it did.
    #[serde(rename = "lock.try")]
    LockTry,
    /// Releases.
    #[serde(rename = "lock.release")]
    LockRelease,
    /// Renews.
    #[serde(rename = "lock.extend")]
    LockExtend,
    /// Says whether the lock is held, from local knowledge or a read.
    #[serde(rename = "lock.check")]
    LockCheck,
    /// Gives a fencing token.
    #[serde(rename = "lock.token")]
    LockToken,
    /// Runs a callback while holding a lock.
    #[serde(rename = "lock.region")]
    LockRegion,
    /// Decorator or annotation: the function runs while holding a lock.
    #[serde(rename = "lock.decorator")]
    LockDecorator,
    /// Makes a leader election handle.
    #[serde(rename = "leader.new")]
    LeaderNew,
    /// Says whether this process leads.
    #[serde(rename = "leader.check")]
    LeaderCheck,
    /// A callback (argument, or method of an implemented interface) that runs while leading.
    #[serde(rename = "leader.callback")]
    LeaderCallback,
    /// Proof of leadership by a round trip; raises the bar, closes nothing.
    #[serde(rename = "leader.verify")]
    LeaderVerify,
    /// Says whether a lease is still valid.
    #[serde(rename = "lease.check")]
    LeaseCheck,
    /// The instant until which a lease is valid.
    #[serde(rename = "lease.deadline")]
    LeaseDeadline,
    /// Calls another process and waits.
    #[serde(rename = "remote.call")]
    RemoteCall,
    /// Makes a client of a remote service.
    #[serde(rename = "remote.client")]
    RemoteClient,
    /// Sets a timeout on a client, builder or request (see `args`).
    #[serde(rename = "timeout.set")]
    TimeoutSet,
    /// Waits for a result, a latch or a future.
    #[serde(rename = "await")]
    Await,
    /// Gives data that another process made: row, message, decoded body.
    #[serde(rename = "remote.read")]
    RemoteRead,
    /// Writes shared state, by `effect`.
    #[serde(rename = "write")]
    Write,
    /// Makes the write it is part of conditional, or carries a token.
    #[serde(rename = "fence")]
    Fence,
    /// Opens or runs a transaction.
    #[serde(rename = "transaction")]
    Transaction,
    /// Reads configuration: environment, flag, property, setting.
    #[serde(rename = "config.read")]
    ConfigRead,
    /// Random bits.
    #[serde(rename = "random")]
    Random,
    /// Logs, prints, counts, traces: never a decision.
    #[serde(rename = "log")]
    Log,
    /// Runs a callback later or repeatedly; its times are polling periods.
    #[serde(rename = "schedule")]
    Schedule,
    /// Starts a local process; its timeouts are local.
    #[serde(rename = "local.process")]
    LocalProcess,
    /// Ends the process.
    #[serde(rename = "exit")]
    Exit,
    /// Known, and of no interest; mutes an entry of a wider name.
    #[serde(rename = "none")]
    None,
}

/// A unit of time, of numbers or of typed values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
pub enum Unit {
    /// Nanoseconds.
    #[serde(rename = "ns")]
    Nanos,
    /// Microseconds.
    #[serde(rename = "us")]
    Micros,
    /// Milliseconds.
    #[serde(rename = "ms")]
    Millis,
    /// Seconds.
    #[serde(rename = "s")]
    Seconds,
    /// Minutes.
    #[serde(rename = "min")]
    Minutes,
    /// Hours.
    #[serde(rename = "h")]
    Hours,
    /// Days.
    #[serde(rename = "d")]
    Days,
    /// A typed value that knows its own unit (`Duration`, `timedelta`, `Instant`, `time.Time`).
    #[serde(rename = "typed")]
    Typed,
}

impl Unit {
    /// One of this unit in seconds; 1 for typed values.
    pub fn seconds(self) -> f64 {
        match self {
            Unit::Nanos => 1e-9,
            Unit::Micros => 1e-6,
            Unit::Millis => 1e-3,
            Unit::Seconds | Unit::Typed => 1.0,
            Unit::Minutes => 60.0,
            Unit::Hours => 3600.0,
            Unit::Days => 86400.0,
        }
    }
}

/// Which argument an [`ArgSpec`] speaks of.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum ArgPlace {
    /// Position, from 0; negative counts from the end.
    Position(i32),
    /// Keyword, or key of an options object in any argument; dots go inside (`socket.connectTimeout`).
    Keyword(String),
}

/// What an argument is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ArgMeaning {
    /// A timeout: how long a remote side may take (see `kind`).
    Timeout,
    /// How long to wait for a lock.
    Wait,
    /// How long a lock or lease lasts.
    Lease,
    /// A lock's name.
    Key,
    /// A function that the call runs.
    Callback,
    /// Where a conversion or difference starts.
    From,
    /// Where a difference ends.
    To,
    /// An amount of time of the entry's `unit`.
    Amount,
    /// The unit of the other numbers (`TimeUnit.SECONDS`).
    Unit,
    /// A fencing token, version or condition: its presence makes the write conditional.
    Fence,
    /// A literal that makes a blocking call non-blocking when false (`blocking=False`).
    Blocking,
    /// SQL, CQL or Lua text.
    Text,
    /// What is written.
    Value,
    /// A time stamp that the store uses to order writes.
    Timestamp,
}

/// What a timeout bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TimeoutKind {
    /// Setting up a connection.
    Connect,
    /// Waiting for data.
    Read,
    /// Sending data.
    Write,
    /// The whole exchange.
    Total,
    /// Getting a connection from a pool.
    Pool,
    /// A session, lease or membership kept by heartbeats.
    Session,
    /// The interval or limit of a heartbeat or failure detector.
    Heartbeat,
    /// Leader election.
    Election,
    /// A query or statement.
    Query,
    /// Waiting for a future, latch or queue.
    Await,
    /// Closing idle connections, keeping them alive.
    Idle,
    /// Shutting down.
    Shutdown,
}

/// One argument of an API.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ArgSpec {
    /// Which argument; several places are alternatives (position and keyword).
    pub at: OneOrMany<ArgPlace>,
    /// What it is.
    pub is: ArgMeaning,
    /// Its unit where it is a number.
    #[serde(default)]
    pub unit: Option<Unit>,
    /// For timeouts.
    #[serde(default)]
    pub kind: Option<TimeoutKind>,
    /// Numbers that mean "for ever".
    #[serde(default)]
    pub infinite: Vec<f64>,
}

/// One value or a list.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum OneOrMany<T> {
    /// A single value.
    One(T),
    /// Several.
    Many(Vec<T>),
}

impl<T> OneOrMany<T> {
    /// All values.
    pub fn as_slice(&self) -> &[T] {
        match self {
            OneOrMany::One(one) => std::slice::from_ref(one),
            OneOrMany::Many(many) => many,
        }
    }
}

/// How a write is felt outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// A cache entry or something advisory.
    Cache,
    /// Durable shared state: row, document, object, file.
    State,
    /// Irreversible outside: payment, mail, POST, published message.
    External,
    /// A command to the cluster: promote, assign, fail over.
    Cluster,
}

/// Where a lock lives; only distributed ones may lead to findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LockScope {
    /// Held against other machines.
    Distributed,
    /// Held inside this process or machine.
    Local,
    /// A database row's lock inside a transaction.
    Row,
    /// A file lock.
    File,
}

/// One entry of a catalogue.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Api {
    /// The qualified name or names.
    #[serde(alias = "names")]
    pub name: OneOrMany<String>,
    /// What it does.
    pub role: ApiRole,
    /// Unit of the result; of the receiver's number for conversions with `from`.
    #[serde(default)]
    pub unit: Option<Unit>,
    /// Type of the result; `receiver` for the receiver's own type.
    #[serde(default)]
    pub returns: Option<String>,
    /// What the arguments are.
    #[serde(default)]
    pub args: Vec<ArgSpec>,
    /// Number of arguments that this entry is about; overloads are separate entries.
    #[serde(default)]
    pub arity: Option<OneOrMany<usize>>,
    /// How a write is felt.
    #[serde(default)]
    pub effect: Option<Effect>,
    /// Renewed by the library as long as the process runs (watchdog, session).
    #[serde(default)]
    pub renewed: bool,
    /// Default of the timeout or lease when the argument is absent, in words (`none`, `10 s`).
    #[serde(default)]
    pub default: Option<String>,
    /// For locks: where it lives. For writes: `file` where it changes files, which usually are this machine's own.
    #[serde(default)]
    pub scope: Option<LockScope>,
    /// For locks and leaders: how this library hands out a fencing token, as advice to the reader.
    #[serde(default)]
    pub token: Option<String>,
    /// Advice in the reader's own library, one sentence, lower case, no final period.
    #[serde(default)]
    pub advice: Option<String>,
    /// For wall clocks: the qualified name of the monotonic clock that is called the same way and counts the same unit.
    #[serde(default)]
    pub monotonic: Option<String>,
    /// Where the fact was read.
    #[serde(default)]
    pub doc: Option<String>,
}

/// A type of a library.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApiType {
    /// The qualified name or names.
    #[serde(alias = "names")]
    pub name: OneOrMany<String>,
    /// Types whose entries also hold for this one, in order.
    #[serde(default)]
    pub extends: Vec<String>,
    /// For locks: where they live.
    #[serde(default)]
    pub scope: Option<LockScope>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    api: Vec<Api>,
    #[serde(default, rename = "type")]
    types: Vec<ApiType>,
}

/// Why a catalogue was refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{file}{place}: {message}", place = line.map(|l| format!(":{l}")).unwrap_or_default())]
pub struct CatalogError {
    /// The catalogue's file.
    pub file: String,
    /// Line, from 1, where it is known.
    pub line: Option<usize>,
    /// What is wrong and how to mend it.
    pub message: String,
}

/// A language's APIs, looked up by leaf name first.
#[derive(Debug, Default)]
pub struct Catalog {
    apis: Vec<Api>,
    /// Qualified name to entries (overloads).
    by_name: FxHashMap<String, Vec<u32>>,
    /// Last segment to the number of entries that end in it.
    leaves: FxHashMap<String, u32>,
    types: FxHashMap<String, ApiType>,
    /// Every `a.b.C` of which an entry `a.b.C.m` or `a.b.C#m` exists.
    containers: FxHashSet<String>,
    /// Simple type name to qualified ones, for languages with wildcard imports.
    simple_types: FxHashMap<String, Vec<String>>,
}

impl Catalog {
    /// Adds a catalogue file; entries of a later file replace those of an earlier one with the same name and arity.
    ///
    /// # Errors
    ///
    /// Bad TOML, an unknown key, role or unit, an empty or ill-formed name, a duplicate within the file, an argument
    /// position that makes no sense for the entry's arity.
    pub fn add(&mut self, file: &str, text: &str) -> Result<(), CatalogError> {
        let parsed: File = toml::from_str(text).map_err(|e| CatalogError {
            file: file.to_owned(),
            line: e.span().map(|s| text.get(..s.start).unwrap_or("").matches('\n').count() + 1),
            message: e.message().to_owned(),
        })?;
        self.add_entries(file, text, parsed.api, parsed.types)
    }

    /// Adds entries that were read elsewhere (the user's configuration); `text` is only used to find lines.
    ///
    /// # Errors
    ///
    /// As [`Catalog::add`].
    pub fn add_entries(
        &mut self,
        file: &str,
        text: &str,
        apis: Vec<Api>,
        types: Vec<ApiType>,
    ) -> Result<(), CatalogError> {
        let mut own: FxHashSet<(String, Option<Vec<usize>>)> = FxHashSet::default();
        for api in apis {
            let arity = api.arity.as_ref().map(|a| a.as_slice().to_vec());
            check_arguments(&api).map_err(|message| refuse(file, text, &api, message))?;
            let index = self.apis.len() as u32;
            for name in api.name.as_slice() {
                if name.is_empty() || name.contains(char::is_whitespace) {
                    return Err(refuse(file, text, &api, format!("`{name}` is not a qualified name")));
                }
                if !own.insert((name.clone(), arity.clone())) {
                    return Err(refuse(
                        file,
                        text,
                        &api,
                        format!("`{name}` stands here twice: give each overload its own `arity`"),
                    ));
                }
                let known = self.by_name.entry(name.clone()).or_default();
                known.retain(|old| self.apis[*old as usize].arity.as_ref().map(|a| a.as_slice().to_vec()) != arity);
                known.push(index);
                *self.leaves.entry(leaf(name).to_owned()).or_default() += 1;
                if let Some((container, _)) = name.rsplit_once(['.', '#']) {
                    self.containers.insert(container.to_owned());
                }
            }
            self.apis.push(api);
        }
        for ty in types {
            for name in ty.name.as_slice() {
                self.simple_types.entry(leaf(name).to_owned()).or_default().push(name.clone());
                self.types.insert(name.clone(), ty.clone());
            }
        }
        let mut owners: Vec<String> = self
            .by_name
            .keys()
            .filter_map(|n| n.split_once('#').map(|(t, _)| t.to_owned()))
            .filter(|t| t != "*")
            .collect();
        owners.extend(self.apis.iter().filter_map(|a| a.returns.clone()));
        owners.sort();
        owners.dedup();
        for name in owners {
            let known = self.simple_types.entry(leaf(&name).to_owned()).or_default();
            if !known.contains(&name) {
                known.push(name);
            }
        }
        Ok(())
    }

    /// Whether any entry ends in `leaf`.
    pub fn has_leaf(&self, leaf: &str) -> bool {
        self.leaves.contains_key(leaf)
    }

    /// The entry behind `index`, as returned by [`Catalog::lookup`].
    pub fn api(&self, index: ApiId) -> &Api {
        &self.apis[index.0 as usize]
    }

    /// The entry for a qualified name and a number of arguments; an entry without arity serves any number.
    pub fn lookup(&self, name: &str, arity: Option<usize>) -> Option<ApiId> {
        let candidates = self.by_name.get(name)?;
        let fits = |a: &&u32| match (&self.apis[**a as usize].arity, arity) {
            (Some(wanted), Some(n)) => wanted.as_slice().contains(&n),
            (Some(_), None) => false,
            (None, _) => true,
        };
        let exact = candidates.iter().filter(|a| self.apis[**a as usize].arity.is_some()).find(fits);
        exact.or_else(|| candidates.iter().find(fits)).map(|i| ApiId(*i))
    }

    /// The entry for `method` on `ty` or, failing that, on a type that it extends.
    pub fn method(&self, ty: &str, method: &str, arity: Option<usize>) -> Option<ApiId> {
        self.ancestry(ty).into_iter().find_map(|t| self.lookup(&format!("{t}#{method}"), arity))
    }

    /// `ty` and everything that it extends, nearest first.
    pub fn ancestry(&self, ty: &str) -> Vec<String> {
        let mut all = vec![ty.to_owned()];
        let mut at = 0;
        while at < all.len() && all.len() < 32 {
            if let Some(known) = self.types.get(&all[at]) {
                for parent in &known.extends {
                    if !all.contains(parent) {
                        all.push(parent.clone());
                    }
                }
            }
            at += 1;
        }
        all
    }

    /// Where locks of this type live, by the type or one that it extends.
    pub fn lock_scope(&self, ty: &str) -> Option<LockScope> {
        self.ancestry(ty).iter().find_map(|t| self.types.get(t).and_then(|t| t.scope))
    }

    /// Whether the catalogue knows the type.
    pub fn knows_type(&self, name: &str) -> bool {
        self.simple_types.get(leaf(name)).is_some_and(|all| all.iter().any(|t| t == name))
    }

    /// Whether the catalogue has members of `name`.
    pub fn has_members_of(&self, name: &str) -> bool {
        self.containers.contains(name)
    }

    /// Known types with this simple name.
    pub fn types_named(&self, simple: &str) -> &[String] {
        self.simple_types.get(simple).map_or(&[], Vec::as_slice)
    }

    /// All entries with their names, in the order of the files.
    pub fn entries(&self) -> impl Iterator<Item = &Api> {
        self.apis.iter()
    }
}

/// Index of an entry in its catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ApiId(u32);

/// The last segment of a qualified name.
pub fn leaf(name: &str) -> &str {
    name.rsplit(['.', '#', '/', ':']).next().unwrap_or(name)
}

fn check_arguments(api: &Api) -> Result<(), String> {
    let most = api.arity.as_ref().and_then(|a| a.as_slice().iter().max().copied());
    for arg in &api.args {
        for place in arg.at.as_slice() {
            match place {
                ArgPlace::Position(p) if most.is_some_and(|m| p.unsigned_abs() as usize >= m.max(1) && *p >= 0) => {
                    return Err(format!("argument {p} does not exist in a call of {} arguments", most.unwrap_or(0)));
                }
                ArgPlace::Position(p) if !(-8..=32).contains(p) => {
                    return Err(format!("argument index {p} makes no sense"));
                }
                ArgPlace::Keyword(k) if k.is_empty() => return Err("an argument's keyword is empty".to_owned()),
                _ => {}
            }
        }
        if arg.is == ArgMeaning::Timeout && arg.kind.is_none() {
            return Err("a timeout needs a `kind`, such as `connect`, `read`, `total` or `session`".to_owned());
        }
    }
    Ok(())
}

fn refuse(file: &str, text: &str, api: &Api, message: String) -> CatalogError {
    let first = api.name.as_slice().first().map_or("", String::as_str);
    let line = text.find(&format!("\"{first}\"")).map(|at| text[..at].matches('\n').count() + 1);
    CatalogError { file: file.to_owned(), line, message }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn catalog(text: &str) -> Result<Catalog, String> {
        let mut c = Catalog::default();
        c.add("a.toml", text).map(|()| c).map_err(|e| e.to_string())
    }

    #[test]
    fn overloads_are_told_apart_by_arity_and_types_inherit() {
        let c = catalog(
            r#"
            [[type]]
            name = "r.RLock"
            extends = ["j.Lock"]
            scope = "distributed"
            [[api]]
            name = "j.Lock#tryLock"
            role = "lock.try"
            [[api]]
            name = "r.RLock#tryLock"
            arity = 3
            role = "lock.try"
            args = [{ at = 1, is = "lease", unit = "ms" }]
            "#,
        )
        .expect("valid");
        let lease = |n| c.method("r.RLock", "tryLock", n).map(|id| c.api(id).args.len());
        assert_eq!(lease(Some(3)), Some(1));
        assert_eq!(lease(Some(2)), Some(0));
        assert_eq!(c.lock_scope("r.RLock"), Some(LockScope::Distributed));
        assert!(c.has_leaf("tryLock") && !c.has_leaf("lock"));
        assert_eq!(c.types_named("RLock"), ["r.RLock"]);
    }

    #[test]
    fn mistakes_are_refused_with_their_line() {
        let error = |t: &str| catalog(t).err().unwrap_or_default();
        assert!(
            error("[[api]]\nname = \"a\"\nrole = \"clock.wal\"").starts_with("a.toml:3: unknown variant `clock.wal`")
        );
        assert!(error("[[api]]\nname = \"a\"\nrole = \"sleep\"\ncolour = 1").contains("unknown field `colour`"));
        assert!(error("[[api]]\nname = \"a b\"\nrole = \"sleep\"").contains("not a qualified name"));
        assert!(error("[[api]]\nnames = [\"a\", \"a\"]\nrole = \"sleep\"").contains("stands here twice"));
        let args = "[[api]]\nname = \"a\"\nrole = \"sleep\"\narity = 1\nargs = [{ at = 1, is = \"amount\" }]";
        assert!(error(args).contains("argument 1 does not exist"));
        assert!(
            error("[[api]]\nname = \"a\"\nrole = \"timeout.set\"\nargs = [{ at = 0, is = \"timeout\" }]")
                .contains("needs a `kind`")
        );
    }
}
