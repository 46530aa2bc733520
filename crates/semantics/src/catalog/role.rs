//! What an entry of a catalogue does.

use serde::Deserialize;

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
    /// A length of time that a monotonic clock measured: a stopwatch, the process's age.
    #[serde(rename = "clock.elapsed")]
    ClockElapsed,
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
    /// Makes or runs a server: its limits are those of its clients.
    #[serde(rename = "server")]
    Server,
    /// Sets a timeout on a client, builder or request (see `args`).
    #[serde(rename = "timeout.set")]
    TimeoutSet,
    /// Makes a context that nothing ever ends.
    #[serde(rename = "context.root")]
    ContextRoot,
    /// Makes a context that ends no earlier by itself than the one it is given first.
    #[serde(rename = "context.derive")]
    ContextDerive,
    /// Hands a context to a request, which then bounds it.
    #[serde(rename = "context.attach")]
    ContextAttach,
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
    /// Gives the form of its argument in which it is stored or sent.
    #[serde(rename = "serialize")]
    Serialize,
    /// Runs a callback later or repeatedly; its times are polling periods.
    #[serde(rename = "schedule")]
    Schedule,
    /// Part of a library for programs that a person calls by their name and options.
    #[serde(rename = "command.line")]
    CommandLine,
    /// Starts a local process; its timeouts are local.
    #[serde(rename = "local.process")]
    LocalProcess,
    /// Ends the process.
    #[serde(rename = "exit")]
    Exit,
    /// Repeats what fails: a decorator, a wrapper, a policy, an option of a client (`retry` says how by default).
    #[serde(rename = "retry.policy")]
    RetryPolicy,
    /// The pauses of a retry policy (`retry` says which), by itself or later in the policy's chain.
    #[serde(rename = "retry.wait")]
    RetryWait,
    /// A function (argument, decorated one, method of an implemented interface, or one that is handed this type) that
    /// every replica runs, or that is run again from a log: it has to give the same result each time.
    #[serde(rename = "replayed")]
    Replayed,
    /// Known, and of no interest; mutes an entry of a wider name.
    #[serde(rename = "none")]
    None,
}
