//! One entry of a catalogue: its arguments, units, effects.

use serde::Deserialize;

use super::ApiRole;
use crate::versions::{VersionRange, VersionSpan};

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
    /// Its name in a sentence.
    pub fn noun(self) -> &'static str {
        match self {
            Unit::Nanos => "nanoseconds",
            Unit::Micros => "microseconds",
            Unit::Millis => "milliseconds",
            Unit::Seconds => "seconds",
            Unit::Minutes => "minutes",
            Unit::Hours => "hours",
            Unit::Days => "days",
            Unit::Typed => "a typed time",
        }
    }

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
    /// A literal that unties a lock from its session when false (`ephemeral=False`).
    Session,
    /// SQL, CQL or Lua text.
    Text,
    /// What is written.
    Value,
    /// A map or properties with settings, a limit of time perhaps among them.
    Settings,
    /// What a connection runs over (`tcp`, `udp`, `unix`).
    Network,
    /// A time stamp that the store uses to order writes.
    Timestamp,
    /// A point in time of the monotonic clock until which, or at which, something is done.
    MonotonicInstant,
    /// A point in time of the wall clock.
    WallInstant,
    /// How long to wait between attempts: a strategy, a function of the attempt, a number.
    Backoff,
    /// The first or only pause between attempts.
    Delay,
    /// By how much each pause is longer than the one before.
    Growth,
    /// Randomness of the pause: an amount or a flag.
    Jitter,
    /// How often is tried.
    Attempts,
    /// Which requests or errors are repeated, beyond what is safe by default.
    Repeats,
}

impl ArgMeaning {
    /// Whether it is a length of time.
    pub fn is_length(self) -> bool {
        matches!(self, Self::Timeout | Self::Wait | Self::Lease | Self::Amount | Self::Delay)
    }
}

/// How the pauses between attempts follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pauses {
    /// There is none.
    None,
    /// All of one length.
    Fixed,
    /// Each longer than the one before.
    Growing,
}

/// What a library does between attempts when nothing else is said.
#[allow(clippy::struct_excessive_bools, reason = "each is a key that an entry may have")]
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RetrySpec {
    /// How the pauses follow each other.
    pub pauses: Pauses,
    /// They have a random part.
    #[serde(default)]
    pub jitter: bool,
    /// It repeats calls of other machines, whatever stands around it.
    #[serde(default)]
    pub network: bool,
    /// Nothing is repeated unless the number of attempts is given.
    #[serde(default)]
    pub opt_in: bool,
    /// How often it tries when no number is given; absent: without end.
    #[serde(default)]
    pub attempts: Option<f64>,
    /// How long the first or only pause is, in seconds, when nothing else is said.
    #[serde(default)]
    pub delay: Option<f64>,
    /// Only pauses that grow have the random part.
    #[serde(default)]
    pub jitter_grows: bool,
    /// What, as one more option, gives the pauses a random part: `randomize: true`.
    #[serde(default)]
    pub flag: Option<String>,
    /// Where an object with options stands: one that comes from elsewhere may say anything.
    #[serde(default)]
    pub options: Option<usize>,
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

impl TimeoutKind {
    /// Whether such a limit ends a call to another machine that is never answered.
    pub fn bounds(self) -> bool {
        !matches!(self, Self::Pool | Self::Session | Self::Heartbeat | Self::Election | Self::Shutdown)
    }
}

/// How a call and a later one on the same key become one.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Joined {
    /// The name of the later call.
    pub after: String,
    /// How many arguments it has.
    pub arity: usize,
    /// The one call: `{0}` is the first argument of this call, `{+1}` the second of the later one, `{r}` what it is called
    /// on (in front of the call where the text does not say).
    pub text: String,
    /// The text says by true and false what this call says by one and zero: it stands for the comparison.
    #[serde(default)]
    pub verdict: bool,
    /// The text needs a look: it leans on a version of the library.
    #[serde(default)]
    pub unsure: bool,
    /// It answers as this call does; otherwise only true and false are alike.
    #[serde(default)]
    pub alike: bool,
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
    /// The greatest number that it can be: what is greater is not what is waited for.
    #[serde(default)]
    pub most: Option<f64>,
}

/// One value or a list.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged, expecting = "this takes one value or a list of values, of the right type")]
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

/// What ends a context, a signal or a scope that calls are bound to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ends {
    /// Nothing.
    Never,
    /// A call of what came with it: its cancel function, its controller.
    Called,
    /// Its time being over.
    Time,
    /// Somebody outside: the caller, the client of a request, a signal to the process.
    Outside,
}

/// One entry of a catalogue.
#[allow(clippy::struct_excessive_bools, reason = "each is a key that an entry may have")]
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
    /// The method of the result that tells only whether the request itself failed, and not what was answered.
    #[serde(default)]
    pub failure: Option<String>,
    /// The result says whether it worked: nothing is thrown when a claim is lost.
    #[serde(default)]
    pub verdict: bool,
    /// Renewed by the library as long as the process runs (watchdog, session).
    #[serde(default)]
    pub renewed: bool,
    /// Default of the timeout or lease when the argument is absent, in words (`none`, `10 s`).
    #[serde(default)]
    pub default: Option<String>,
    /// Versions of the library in which the default is another one.
    #[serde(default)]
    pub versions: Vec<VersionSpan>,
    /// For locks: where it lives. For writes: `file` where it changes files, which usually are this machine's own.
    #[serde(default)]
    pub scope: Option<LockScope>,
    /// For locks and leaders: how this library hands out a fencing token, as advice to the reader.
    #[serde(default)]
    pub token: Option<String>,
    /// Advice in the reader's own library, one sentence, lower case, no final period.
    #[serde(default)]
    pub advice: Option<String>,
    /// For wall clocks: the qualified name of the monotonic clock that is called the same way.
    #[serde(default)]
    pub monotonic: Option<String>,
    /// For conversions of a length: gives only a part of it, without what is above or below.
    #[serde(default)]
    pub part: bool,
    /// Where that clock counts a smaller unit: how many of its units are one of this clock's, as code.
    #[serde(default)]
    pub scale: Option<String>,
    /// For numbers made of readings that carry both clocks: how the readings' own difference is written in this unit, with
    /// `{to}` and `{from}`.
    #[serde(default)]
    pub difference: Option<String>,
    /// The same, from `{from}` until now.
    #[serde(default)]
    pub elapsed: Option<String>,
    /// Whether it waits for ever when no limit is given; see [`Api::waits_for_ever`] for where this is absent.
    #[serde(default)]
    pub endless: Option<bool>,
    /// For a limit that holds in the whole process: the beginnings of the qualified names that it bounds.
    #[serde(default)]
    pub covers: Vec<String>,
    /// For monotonic clocks: readings may be negative and wrap around, so that only their differences mean something.
    #[serde(default)]
    pub wraps: bool,
    /// For calls that wait for a lock: whether they may come back without it, and say so in what they return. `false`
    /// where the end of the wait is an error; without it, a call that is given a limit of its wait answers.
    #[serde(default)]
    pub answers: Option<bool>,
    /// For contexts, signals and scopes that calls are bound to: what ends them.
    #[serde(default)]
    pub ends: Option<Ends>,
    /// For what keeps a claim: the event by which its handle tells that the claim is lost; `<-` for a channel that it gives
    /// back and closes then.
    #[serde(default)]
    pub loss: Option<String>,
    /// For what begins a session that ends unless it is renewed by hand: the names of the calls that renew it. An argument
    /// that is not `false` lets the library do so.
    #[serde(default)]
    pub beats: Vec<String>,
    /// For limits that end nothing: the event that tells that time is up, and that somebody must listen for.
    #[serde(default)]
    pub tells: Option<String>,
    /// For retry policies and their waits: what holds by default.
    #[serde(default)]
    pub retry: Option<RetrySpec>,
    /// For timers: they run their function again and again.
    #[serde(default)]
    pub repeats: bool,
    /// For timers: an exception of their function ends them, and is told to nobody.
    #[serde(default)]
    pub ends_on_throw: bool,
    /// For locks: only the thread that took it may renew it or give it back, unless an argument for what is local says `false`.
    #[serde(default)]
    pub thread_bound: bool,
    /// For a command that takes a lock: how it and the command that sets the expiry become one.
    #[serde(default)]
    pub joined: Vec<Joined>,
    /// For a command that removes a key: the one call that does so only where the key holds `{owner}`.
    #[serde(default)]
    pub owned: Option<String>,
    /// Where the fact was read.
    #[serde(default)]
    pub doc: Option<String>,
}

impl Api {
    /// An entry that says no more than what a name does.
    pub fn named(name: String, role: ApiRole) -> Self {
        Self {
            name: OneOrMany::One(name),
            role,
            unit: None,
            returns: None,
            args: Vec::new(),
            arity: None,
            effect: None,
            failure: None,
            verdict: false,
            renewed: false,
            default: None,
            versions: Vec::new(),
            scope: None,
            token: None,
            advice: None,
            monotonic: None,
            part: false,
            scale: None,
            difference: None,
            elapsed: None,
            endless: None,
            covers: Vec::new(),
            wraps: false,
            answers: None,
            ends: None,
            loss: None,
            beats: Vec::new(),
            tells: None,
            retry: None,
            repeats: false,
            ends_on_throw: false,
            thread_bound: false,
            joined: Vec::new(),
            owned: None,
            doc: None,
        }
    }

    /// The entry as it is in the versions in use; `of` knows those of a package.
    pub(crate) fn in_use<'v>(&self, of: impl Fn(&str) -> Option<&'v VersionRange>) -> &Self {
        let holds = |span: &&VersionSpan| of(&span.package).is_some_and(|range| span.holds(range));
        self.versions.iter().find(holds).map_or(self, |span| span.entry(self))
    }

    /// Whether it waits for ever when no limit is given. Where the entry does not say: when its default is `none` and
    /// it takes a limit itself, or is a function that nothing else can limit.
    pub fn waits_for_ever(&self) -> bool {
        let unlimited = || {
            let none = self.default.as_deref().is_some_and(|d| d.split([' ', ',', ';', ':']).next() == Some("none"));
            let own = self.args.iter().any(|a| a.is == ArgMeaning::Timeout && a.kind.is_some_and(TimeoutKind::bounds));
            let method = self.name.as_slice().iter().any(|n| n.contains('#'));
            match self.role {
                ApiRole::RemoteCall => none && (own || !method),
                ApiRole::RemoteClient => none && own,
                ApiRole::Await => none,
                _ => false,
            }
        };
        self.endless.unwrap_or_else(unlimited)
    }

    /// The numbers of arguments that the entry is about; `None` for any.
    pub fn arities(&self) -> Option<&[usize]> {
        self.arity.as_ref().map(OneOrMany::as_slice)
    }
}

/// A module that code also imports under other names: old ones, copies inside other packages.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ApiModule {
    /// The name that entries use.
    pub(super) name: String,
    /// The other names.
    pub(super) also: Vec<String>,
}

/// A type of whole numbers of the language, of which literals without an ending are.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Integer {
    /// Its names.
    pub names: Vec<String>,
    /// Its greatest number: what is greater wraps around.
    pub most: f64,
    /// The ending that makes a literal one of a wider type.
    pub wide: String,
}

/// Where a program runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunsIn {
    /// On a user's screen: a browser, a desktop, a telephone.
    Page,
    /// On a server.
    Server,
}

/// A package that tells by itself where what depends on it runs.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ApiPackage {
    /// As manifests name it.
    #[serde(alias = "names")]
    pub(super) name: OneOrMany<String>,
    /// Where.
    pub(super) runs_in: RunsIn,
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
    /// What objects of it are called, in words joined by `_`, where nothing else says their type. Only their locks are
    /// believed.
    #[serde(default)]
    pub called: Vec<String>,
    /// For open connections, on which a read waits until a limit that is set on them: how one is set, as advice.
    #[serde(default)]
    pub connection: Option<String>,
}
