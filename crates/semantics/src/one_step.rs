//! What a store does in one step: scripts, transactions, watched keys, statements with a condition.

use crate::analysis::Analysis;
use crate::catalog::ApiRole;
use crate::names::{has_word, words};
use timelint_model::{Kind, NodeId, Role};

/// Words of a column that says who holds a lock, or which generation of it.
const OWNER_COLUMNS: [&str; 26] = [
    "owner", "holder", "token", "uuid", "server", "node", "instance", "client", "session", "pid", "host", "hostname",
    "ip", "address", "version", "worker", "value", "by", "user", "process", "request", "member", "secret", "fence",
    "xid", "branch",
];

/// Words of what ties several commands together.
const TIED: [&str; 7] = ["watch", "multi", "transaction", "tx", "txn", "atomic", "script"];

impl Analysis<'_> {
    /// Whether commands around `at` are tied together by the store: a watched key, a transaction, a script.
    pub fn is_one_step(&self, at: NodeId) -> bool {
        let model = self.model;
        let outer = model.ancestors(at).filter(|a| model.kind(*a) == Kind::Function).last().unwrap_or(model.root());
        let named = |n: NodeId| has_word(model.name(n), &TIED);
        model.child(at, Role::Receiver).is_some_and(named) || self.calls_below(outer).iter().any(|c| named(*c))
    }

    /// Whether commands from `at` to `until` are tied together: something ties them before the second, in their function.
    pub fn is_one_step_until(&self, at: NodeId, until: NodeId) -> bool {
        let model = self.model;
        let outer = model.ancestors(at).filter(|a| model.kind(*a) == Kind::Function).last().unwrap_or(model.root());
        let named = |n: NodeId| has_word(model.name(n), &TIED);
        let receiver = |n: NodeId| model.child(n, Role::Receiver).is_some_and(named);
        receiver(at)
            || receiver(until)
            || self.calls_below(outer).iter().take_while(|c| **c <= until).any(|c| named(*c))
    }

    /// The operations of a coordinator's transactions that delete the key of a lock, whoever holds it.
    pub fn unconditional_deletes(&self) -> Vec<NodeId> {
        let model = self.model;
        if !self.says(&["op"]) {
            return Vec::new();
        }
        let deletes = self.tables.calls.iter().copied().filter(|c| {
            words(model.name(*c)) == ["op", "delete"]
                && model.child(*c, Role::Arg).is_some_and(|key| self.is_lock_key(key))
        });
        deletes.filter(|delete| !self.has_condition(*delete)).collect()
    }

    /// The operations of a coordinator's transactions that make the key of a lock if it is not there, without a lease.
    pub fn unleased_puts(&self) -> Vec<NodeId> {
        let model = self.model;
        if !self.says(&["put"]) {
            return Vec::new();
        }
        let puts = self.tables.calls.iter().copied().filter(|c| {
            words(model.name(*c)) == ["op", "put"]
                && model.child(*c, Role::Arg).is_some_and(|key| self.is_lock_key(key))
                && model.children_with(*c, Role::Arg).count() == 2
        });
        let if_absent = |put: &NodeId| {
            let then = model.ancestors(*put).find(|a| model.kind(*a) == Kind::Call && model.name(*a) == "Then");
            let condition = then.and_then(|t| model.child(t, Role::Receiver)).filter(|r| model.name(*r) == "If");
            let Some(function) = condition.and_then(|c| self.function_around(c)) else { return false };
            model.descendants(function).any(|n| {
                model.kind(n) == Kind::Call
                    && matches!(model.name(n), "CreateRevision" | "Version")
                    && model.parent(n).is_some_and(|p| model.children(p).any(|o| model.name(o) == "0"))
            })
        };
        let listed = self.tables.calls.iter().copied().filter(|c| self.is_listed_put(*c));
        puts.filter(|p| self.is_about_locks(*p) && if_absent(p)).chain(listed).collect()
    }

    /// `transaction(compare=[version(key) == 0], success=[put(key, owner)])`: a put without a lease.
    fn is_listed_put(&self, call: NodeId) -> bool {
        let model = self.model;
        let of_transaction = model.child(call, Role::Receiver).is_some_and(|r| model.name(r) == "transactions");
        let args: Vec<NodeId> = model.children_with(call, Role::Arg).collect();
        let plain = args.len() == 2 && args.iter().all(|a| !matches!(model.kind(*a), Kind::Argument | Kind::Spread));
        if model.name(call) != "put" || !of_transaction || !plain || !self.is_lock_key(args[0]) {
            return false;
        }
        let absent = |n: NodeId| {
            model.kind(n) == Kind::Binary
                && model.children(n).any(|o| matches!(model.name(o), "version" | "create"))
                && model.children(n).any(|o| model.name(o) == "0")
        };
        self.is_about_locks(call) && self.function_around(call).is_some_and(|f| model.descendants(f).any(absent))
    }

    /// Whether the transaction that an operation is handed to has a condition, or cannot be seen to have none.
    fn has_condition(&self, operation: NodeId) -> bool {
        let model = self.model;
        let then = model.ancestors(operation).find(|a| model.kind(*a) == Kind::Call && model.name(*a) == "Then");
        let Some(then) = then else { return true };
        let chain = std::iter::successors(model.child(then, Role::Receiver), |n| model.child(*n, Role::Receiver));
        chain.into_iter().any(|n| {
            let fence = self.resolve(n).is_some_and(|r| r.api.role == ApiRole::Fence);
            fence
                || model.name(n) == "If"
                || self.callee(n).is_some()
                || model.kind(n) != Kind::Call && self.is_variable_of_file(n)
        })
    }

    /// A transaction that was begun elsewhere may have got its condition there.
    fn is_variable_of_file(&self, id: NodeId) -> bool {
        self.model.kind(id) == Kind::Name && words(self.model.name(id)).iter().any(|w| w == "txn" || w == "tx")
    }
}

/// Words of a table or column that belongs to locks.
pub(crate) const LOCK_TABLES: [&str; 7] = ["lock", "locks", "lease", "leases", "mutex", "leader", "locked"];

/// Whether a condition of a statement names the holder of a lock.
pub(crate) fn names_owner(predicate: &str) -> bool {
    has_word(predicate, &OWNER_COLUMNS)
}

/// Whether a statement frees the row of a lock by its name alone: it deletes the row, or updates the lock's columns.
pub fn frees_lock_row(statement: &str) -> bool {
    let statement = statement.trim_start();
    // Columns keep their case, which parts their words.
    let lower = statement.to_ascii_lowercase();
    let Some(verb) = ["delete from ", "update "].into_iter().find(|v| lower.starts_with(v)) else { return false };
    let Some(at) = lower.find(" where ") else { return false };
    let (table, predicate) = (&statement[verb.len()..at.max(verb.len())], &statement[at + " where ".len()..]);
    has_word(table, &LOCK_TABLES)
        && !names_owner(predicate)
        && !predicate.contains(['<', '>'])
        // The id of a row is its holder's own where every acquire inserts one.
        && !["id ", "id="].iter().any(|id| predicate.trim_start().to_ascii_lowercase().starts_with(id))
}

/// Whether a statement makes the row of a lock.
pub fn makes_lock_row(statement: &str) -> bool {
    let lower = plain_statement(statement);
    let table = lower.strip_prefix("insert into ").and_then(|r| r.split(['(', ' ']).find(|w| !w.is_empty()));
    table.is_some_and(|t| has_word(t, &LOCK_TABLES))
}

/// Whether a statement clears expired locks away, and whether only those of the client that asks.
pub fn clears_expired_locks(statement: &str) -> Option<bool> {
    let lower = plain_statement(statement);
    let rest = lower.strip_prefix("delete from ").or_else(|| lower.strip_prefix("update "))?;
    let (table, predicate) = rest.split_once(" where ")?;
    let own = ["owner", "holder", "client", "instance", "node", "server", "host", "by", "process", "session"];
    (has_word(table, &LOCK_TABLES) && predicate.contains('<') && !predicate.contains(" or "))
        .then(|| has_word(predicate, &own))
}

/// A statement in lower case, without the places where a prefix is put in.
fn plain_statement(statement: &str) -> String {
    statement.trim_start().to_ascii_lowercase().replace("%s", "").replace("{}", "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_are_read() {
        assert!(frees_lock_row("DELETE FROM job_locks WHERE lock_id = ?"));
        assert!(frees_lock_row("UPDATE tableName SET lockUntil = :end WHERE name = :name"));
        assert!(!frees_lock_row("DELETE FROM job_locks WHERE name = ? AND owner = ?"));
        assert!(!frees_lock_row("UPDATE jobs SET locked_by = NULL WHERE name = ? AND locked_by = ?"));
        assert!(!frees_lock_row("DELETE FROM job_locks WHERE expires_at < now()"));
        assert!(!frees_lock_row("DELETE FROM jobs WHERE name = ?"));
        assert!(!frees_lock_row("DELETE FROM job_locks WHERE id = ?"));
        assert!(makes_lock_row("INSERT INTO %SLOCK (REGION, LOCK_KEY) VALUES (?, ?)"));
        assert!(!makes_lock_row("INSERT INTO blocks (id) VALUES (?)"));
        assert_eq!(clears_expired_locks("DELETE FROM %SLOCK WHERE CLIENT_ID=? AND CREATED_DATE<?"), Some(true));
        assert_eq!(clears_expired_locks("DELETE FROM %SLOCK WHERE CREATED_DATE<?"), Some(false));
        assert_eq!(clears_expired_locks("DELETE FROM %SLOCK WHERE CLIENT_ID=?"), None);
    }
}
