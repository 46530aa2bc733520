//! Claims of records that are given up by the record's id alone, whoever's they are by then.

use crate::analysis::Analysis;
use crate::claimed_record::{CLAIMS, is_claim, set_by_id};
use crate::names::{has_word, words};
use timelint_model::{Kind, NodeId, Role};

/// A claim that others may take over, given up without a look at whose it is by then.
#[derive(Debug, Clone, Copy)]
pub struct UncheckedEnd {
    /// Where the age of a claim decides that another may have it; none where the write itself shows that claims end, by
    /// clearing until when.
    pub taken_over: Option<NodeId>,
    /// The write that ends the claim, whose condition names the record and no more.
    pub write: NodeId,
}

/// Words of a function that ends the work on a record.
const ENDS: [&str; 14] = [
    "finish",
    "complete",
    "done",
    "ack",
    "acknowledge",
    "fail",
    "release",
    "unlock",
    "settle",
    "succeed",
    "success",
    "end",
    "retry",
    "reschedule",
];
impl Analysis<'_> {
    /// The claims of the file that may pass to another when they are old, and are ended by the record's id alone.
    pub fn unchecked_ends(&self) -> Vec<UncheckedEnd> {
        if !self.says(&CLAIMS) {
            return Vec::new();
        }
        let aged = if self.says(&ENDS) { self.aged_claims() } else { Vec::new() };
        let calls = self.tables.calls.iter().copied().filter(|c| self.model.kind(*c) == Kind::Call);
        let run = calls.filter(|c| !self.keeps_statement(*c));
        run.filter_map(|c| self.unchecked_end(c, &aged).or_else(|| self.cleared_end(c))).collect()
    }

    /// `const completeSql = sql("UPDATE ..")`: the text is made here, and whoever runs it may have looked.
    fn keeps_statement(&self, call: NodeId) -> bool {
        let model = self.model;
        let made = model.parent(call).filter(|p| matches!(model.kind(*p), Kind::Let | Kind::Assign | Kind::Entry));
        let kept = |at: NodeId| {
            let name = model.child(at, Role::Target).map_or(model.name(at), |t| model.name(t));
            words(name).last().is_some_and(|w| matches!(w.as_str(), "sql" | "query" | "statement" | "stmt"))
        };
        made.is_some_and(kept)
    }

    /// `UPDATE jobs SET status = 'done', lease_owner = NULL, lease_expiry = NULL WHERE id = ?`, by whoever did the work.
    fn cleared_end(&self, write: NodeId) -> Option<UncheckedEnd> {
        /// Words of a function that frees the records of others, and means to.
        const FREES: [&str; 16] = [
            "reap",
            "reaper",
            "recover",
            "reclaim",
            "expire",
            "expired",
            "reset",
            "force",
            "admin",
            "orphan",
            "orphans",
            "orphaned",
            "stale",
            "abandoned",
            "cancel",
            "sweep",
        ];
        let model = self.model;
        let columns = || {
            let (columns, by_id) = self.written_by_id(write)?;
            let cleared = columns.into_iter().filter(|c| by_id && self.clears(*c));
            Some(cleared.map(|c| model.name(c).to_owned()).collect::<Vec<_>>())
        };
        let statement = || {
            let mut texts = model.children_with(write, Role::Arg).take(2).filter_map(|a| self.literal_text(a));
            texts
                .find(|t| t.contains("UPDATE") || t.contains("update"))
                .map(|t| set_by_id(&t).into_iter().filter(|(_, v)| v == "null").map(|(c, _)| c).collect::<Vec<_>>())
        };
        let cleared = columns().filter(|c| !c.is_empty()).or_else(statement)?;
        let says = |words: &[&str]| cleared.iter().any(|c| is_claim(c) && has_word(c, words));
        let both = says(&["by", "owner", "worker", "host", "node", "instance", "holder", "token"])
            && says(&["until", "till", "expires", "expiry", "expiration", "expire"]);
        let function = self.named_function_around(write)?;
        let frees = has_word(self.function_name(function), &FREES);
        (both && !frees).then_some(UncheckedEnd { taken_over: None, write })
    }

    fn unchecked_end(&self, write: NodeId, aged: &[(String, NodeId)]) -> Option<UncheckedEnd> {
        let model = self.model;
        let function = self.named_function_around(write)?;
        let first = words(self.function_name(function)).into_iter().next()?;
        if aged.is_empty() || !ENDS.contains(&first.as_str()) {
            return None;
        }
        let ends = |column: &str| aged.iter().find(|(c, _)| *c == words(column).concat()).map(|(_, at)| *at);
        let by_columns = || {
            let (columns, by_id) = self.written_by_id(write)?;
            columns.into_iter().filter(|c| by_id && self.clears(*c)).find_map(|c| ends(model.name(c)))
        };
        let by_statement = || {
            let mut texts = model.children_with(write, Role::Arg).take(2).filter_map(|a| self.literal_text(a));
            texts.find_map(|t| set_by_id(&t).into_iter().filter(|(_, v)| v == "null").find_map(|(c, _)| ends(&c)))
        };
        let taken_over = Some(by_columns().or_else(by_statement)?);
        Some(UncheckedEnd { taken_over, write })
    }

    /// The columns of claims whose age is compared: another may take the record when its claim is old.
    fn aged_claims(&self) -> Vec<(String, NodeId)> {
        let model = self.model;
        let old = |n: NodeId| match model.kind(n) {
            Kind::String => {
                let text = model.name(n).to_ascii_lowercase();
                let mut parts = text.split('<');
                let before = parts.next().unwrap_or("");
                let column = before.trim_end().rsplit(|c: char| !c.is_ascii_alphanumeric() && c != '_').next();
                parts.next().and(column).filter(|c| is_claim(c)).map(|c| words(c).concat())
            }
            Kind::Entry | Kind::Argument
                if is_claim(model.name(n).trim_end_matches("__lt").trim_end_matches("__lte")) =>
            {
                let less = |e: NodeId| matches!(model.name(e), "$lt" | "$lte" | "lt" | "lte");
                let name = model.name(n);
                let value = model.child(n, Role::Value);
                let inner = value.is_some_and(|v| model.kind(v) == Kind::Record && model.children(v).any(less));
                let plain = name.trim_end_matches("__lt").trim_end_matches("__lte");
                (inner || plain != name).then(|| words(plain).concat())
            }
            Kind::Call if matches!(model.name(n), "lt" | "lte") => {
                let column = model.child(n, Role::Arg).filter(|a| is_claim(model.name(*a)))?;
                Some(words(model.name(column)).concat())
            }
            Kind::Binary if matches!(model.name(n), "<" | "<=") => {
                let column = model
                    .child(n, Role::Operand)
                    .filter(|a| model.kind(*a) == Kind::Member && is_claim(model.name(*a)))?;
                Some(words(model.name(column)).concat())
            }
            _ => None,
        };
        model.ids().filter_map(|n| Some((old(n)?, n))).collect()
    }
}
