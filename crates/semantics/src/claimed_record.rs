//! Records that say in a column of their own who works on them: `locked_by`, `acquired_until`, `leaseOwner`. They are
//! looked for while nobody does, and then written by their id.

use crate::analysis::Analysis;
use crate::names::{has_word, words};
use timelint_model::{Kind, NodeId, Role};

/// A record that is claimed in two steps.
#[derive(Debug, Clone, Copy)]
pub struct SplitClaim {
    /// The query for records that nobody has claimed.
    pub read: NodeId,
    /// The write of the claim, whose condition names the record and no more.
    pub write: NodeId,
}

/// Words of a column of claims.
pub(crate) const CLAIMS: [&str; 10] =
    ["lock", "locked", "claim", "claimed", "acquired", "lease", "leased", "picked", "running", "processing"];
/// What a column of claims says: who, and until when.
const SAYS: [&str; 18] = [
    "by",
    "at",
    "until",
    "till",
    "owner",
    "worker",
    "expires",
    "expiry",
    "expiration",
    "time",
    "host",
    "node",
    "instance",
    "holder",
    "date",
    "expire",
    "token",
    "since",
];
/// Words of a column that names the record.
const NAMING: [&str; 7] = ["id", "ids", "uuid", "key", "pk", "in", "objectid"];
/// Verbs that write columns of records that are there.
const WRITES: [&str; 12] = [
    "update",
    "updateone",
    "updatemany",
    "updatebyid",
    "findbyidandupdate",
    "updates",
    "updatecolumn",
    "updatecolumns",
    "bulkupdate",
    "modify",
    "set",
    "values",
];
/// Verbs that add a condition to a query that is put together in a chain.
const CONDITIONS: [&str; 8] = ["where", "filter", "filterby", "andwhere", "eq", "wherein", "model", "match"];
/// Comparisons of a column, in the form of calls.
const COMPARES: [&str; 14] = [
    "eq",
    "ne",
    "lt",
    "lte",
    "gt",
    "gte",
    "isnull",
    "isnotnull",
    "inarray",
    "in",
    "is",
    "like",
    "lessthan",
    "morethan",
];
/// Words of a query that locks what it finds.
const LOCKING: [&str; 10] = [
    "for update",
    "skip locked",
    "for no key",
    "updlock",
    "pessimistic",
    "for_update",
    "forupdate",
    "setlock",
    "skiplocked",
    "lock_mode",
];

impl Analysis<'_> {
    /// The records of the file that are claimed in two steps.
    pub fn split_claims(&self) -> Vec<SplitClaim> {
        if !self.says(&CLAIMS) {
            return Vec::new();
        }
        self.tables.calls.iter().filter_map(|c| self.split_claim(*c)).collect()
    }

    fn split_claim(&self, write: NodeId) -> Option<SplitClaim> {
        let model = self.model;
        if model.kind(write) != Kind::Call || !(self.claims_by_statement(write) || self.claims_by_columns(write)) {
            return None;
        }
        let function = self.named_function_around(write)?;
        let reads = self.calls_below(function).iter().copied().filter(|c| model.end(*c) <= write);
        let read = reads.filter(|c| !model.contains(*c, write)).find(|c| self.looks_for_unclaimed(*c))?;
        let locks = |n: NodeId| {
            let name = model.name(n).to_ascii_lowercase();
            LOCKING.iter().any(|l| name.contains(l))
        };
        let around = self.lock_regions().iter().any(|r| r.covers(write));
        (!around && !model.descendants(function).any(locks)).then_some(SplitClaim { read, write })
    }

    /// `UPDATE jobs SET locked_by = ? WHERE id = ?`
    fn claims_by_statement(&self, call: NodeId) -> bool {
        let model = self.model;
        let mut texts = model.children_with(call, Role::Arg).take(2).filter_map(|a| self.literal_text(a));
        texts.any(|text| set_by_id(&text).iter().any(|(c, v)| is_claim(c) && v != "null"))
    }

    /// `jobs.update_one({"_id": id}, {"$set": {"locked_by": me}})`, `Job.objects.filter(id=id).update(locked_by=me)`.
    fn claims_by_columns(&self, call: NodeId) -> bool {
        let columns = self.written_by_id(call);
        columns.is_some_and(|(columns, by_id)| {
            by_id && columns.into_iter().any(|c| is_claim(self.model.name(c)) && !self.clears(c))
        })
    }

    /// The columns that a write of records sets, and whether its condition names the record and no more.
    pub(crate) fn written_by_id(&self, call: NodeId) -> Option<(Vec<NodeId>, bool)> {
        let model = self.model;
        let name: String = words(model.name(call)).concat();
        if !WRITES.contains(&name.as_str()) {
            return None;
        }
        let args: Vec<NodeId> = model.children_with(call, Role::Arg).map(|a| self.spelled(a)).collect();
        let (filter, values) = self.filter_and_values(call, &args);
        let set: Vec<NodeId> = values.iter().flat_map(|v| self.columns(*v)).collect();
        if !set.iter().any(|c| is_claim(model.name(*c))) {
            return None;
        }
        let by_id = filter.is_some_and(|filter| {
            filter.into_iter().all(|part| {
                let columns = self.columns(part);
                let plain = matches!(model.kind(part), Kind::Name | Kind::Member | Kind::Unary);
                columns.iter().all(|c| names_record(model.name(*c))) && (plain || !columns.is_empty())
            })
        });
        Some((set, by_id))
    }

    /// What says which records are meant, and what is written into them.
    fn filter_and_values(&self, call: NodeId, args: &[NodeId]) -> (Option<Vec<NodeId>>, Vec<NodeId>) {
        let model = self.model;
        let entry = |name: &'static str| {
            let inner = args.iter().flat_map(move |a| model.children(*a));
            inner.into_iter().find(|e| model.kind(*e) == Kind::Entry && model.name(*e) == name)
        };
        if let Some(place) = entry("where") {
            let others = args.iter().copied().flat_map(|a| match model.kind(a) {
                Kind::Record if model.contains(a, place) => model.children(a).filter(|e| *e != place).collect(),
                _ => vec![a],
            });
            return (model.child(place, Role::Value).map(|v| vec![self.spelled(v)]), others.collect());
        }
        let chain = std::iter::successors(model.child(call, Role::Receiver), |n| model.child(*n, Role::Receiver));
        let conditions = chain
            .filter(|n| model.kind(*n) == Kind::Call && CONDITIONS.contains(&words(model.name(*n)).concat().as_str()));
        // `update(jobs).set({..}).where(eq(jobs.id, id))`
        let behind = model.ancestors(call).take_while(|a| model.kind(*a) == Kind::Call).filter(|n| {
            CONDITIONS.contains(&words(model.name(*n)).concat().as_str())
                && model.child(*n, Role::Receiver).is_some_and(|r| model.contains(r, call))
        });
        let conditions: Vec<NodeId> =
            conditions.chain(behind).flat_map(|c| model.children_with(c, Role::Arg)).map(|a| self.spelled(a)).collect();
        if !conditions.is_empty() {
            return (Some(conditions), args.to_vec());
        }
        match args {
            [filter, values @ ..] if !values.is_empty() => (Some(vec![*filter]), values.to_vec()),
            _ => (None, args.to_vec()),
        }
    }

    /// The columns that an expression names: keys of records, names of arguments, texts.
    fn columns(&self, at: NodeId) -> Vec<NodeId> {
        let model = self.model;
        let names = |n: NodeId| {
            matches!(model.kind(n), Kind::Entry | Kind::Argument)
                && !model.name(n).starts_with('$')
                && !model.name(n).is_empty()
                || model.kind(n) == Kind::String && model.role(n) != Role::Value && is_column(model.name(n))
                || model.kind(n) == Kind::Member && self.is_compared_column(n)
        };
        let inside = model.self_and_descendants(at).take(64);
        inside
            .filter(|n| names(*n))
            .filter(|n| !matches!(model.name(*n), "data" | "set" | "session" | "values"))
            .collect()
    }

    /// `eq(jobs.id, id)`, `Job.id == id`, `Job.id.in_(ids)`
    fn is_compared_column(&self, member: NodeId) -> bool {
        let model = self.model;
        let Some(parent) = model.parent(member) else { return false };
        match model.kind(parent) {
            Kind::Binary => model.child(parent, Role::Operand) == Some(member),
            Kind::Call => {
                let first = model.child(parent, Role::Arg) == Some(member) || model.role(member) == Role::Receiver;
                first && COMPARES.contains(&words(model.name(parent)).concat().as_str())
            }
            _ => false,
        }
    }

    /// `locked_by: null` gives the record back.
    pub(crate) fn clears(&self, column: NodeId) -> bool {
        let model = self.model;
        let value = model.child(column, Role::Value);
        value.is_some_and(|v| {
            model.kind(v) == Kind::Null || model.kind(v) == Kind::Boolean && model.name(v).eq_ignore_ascii_case("false")
        })
    }

    /// A record in a local variable is what was stored there.
    fn spelled(&self, at: NodeId) -> NodeId {
        let model = self.model;
        let record = |n: &NodeId| matches!(model.kind(*n), Kind::Record | Kind::List);
        let source = (model.kind(at) == Kind::Name).then(|| self.only_source(at)).flatten().filter(record);
        source.unwrap_or(at)
    }

    /// A query whose condition looks at a column of claims.
    fn looks_for_unclaimed(&self, call: NodeId) -> bool {
        const READS: [&str; 10] =
            ["find", "filter", "where", "query", "select", "get", "first", "fetch", "execute", "all"];
        let model = self.model;
        if model.kind(call) != Kind::Call || !has_word(model.name(call), &READS) {
            return false;
        }
        let of_text = |a: NodeId| {
            let text = self.literal_text(a).unwrap_or_default().to_ascii_lowercase();
            let predicate = text.split_once("where ").map_or("", |(_, p)| p);
            let predicate = if text.starts_with("select") { predicate } else { text.as_str() };
            predicate.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').any(is_claim)
        };
        model.children_with(call, Role::Arg).any(|a| {
            let a = self.spelled(a);
            self.columns(a).into_iter().any(|c| is_claim(model.name(c)))
                || matches!(model.kind(a), Kind::String | Kind::Binary | Kind::Name | Kind::Member) && of_text(a)
                || model
                    .self_and_descendants(a)
                    .take(24)
                    .any(|n| model.kind(n) == Kind::Member && is_claim(model.name(n)))
        })
    }
}

/// The columns and values that a statement sets where its condition names the record and no more.
pub(crate) fn set_by_id(text: &str) -> Vec<(String, String)> {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let split = |s: &str, by: &str| {
        let at = s.to_ascii_lowercase().find(by)?;
        Some((s.get(..at)?.to_owned(), s.get(at + by.len()..)?.to_owned()))
    };
    let Some((head, predicate)) = split(&line, " where ").filter(|_| line.to_ascii_lowercase().starts_with("update "))
    else {
        return Vec::new();
    };
    let predicate = predicate.to_ascii_lowercase();
    let predicate = predicate.split(" returning ").next().unwrap_or(&predicate);
    let first = predicate.split(['=', ' ', '(', ')', ',']).find(|w| !w.is_empty());
    if predicate.contains(" and ") || !first.is_some_and(names_record) {
        return Vec::new();
    }
    let Some((_, set)) = split(&head, " set ") else { return Vec::new() };
    let pairs = set.split(',').filter_map(|s| s.split_once('='));
    pairs.map(|(c, v)| (c.trim().to_owned(), v.trim().to_ascii_lowercase())).collect()
}

/// Whether a column says who has claimed its record, or until when.
pub(crate) fn is_claim(name: &str) -> bool {
    has_word(name.trim(), &CLAIMS) && has_word(name.trim(), &SAYS) && words(name.trim()).len() <= 4
}

fn names_record(name: &str) -> bool {
    words(name).iter().any(|w| NAMING.contains(&w.as_str()))
}

/// A text that may be a column's name.
fn is_column(text: &str) -> bool {
    !text.is_empty() && text.len() < 40 && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_of_claims_are_told_from_others() {
        assert!(
            is_claim("locked_by") && is_claim("acquired_until") && is_claim("leaseOwner") && is_claim("LockExpiresAt")
        );
        assert!(!is_claim("owner") && !is_claim("blocked_by") && !is_claim("locked"));
        assert_eq!(set_by_id("UPDATE jobs SET locked_by = NULL WHERE id = $1").len(), 1);
        assert!(set_by_id("UPDATE jobs SET locked_by = NULL WHERE id = $1 AND locked_by = $2").is_empty());
        assert!(names_record("_id") && names_record("jobId") && !names_record("status"));
    }
}
