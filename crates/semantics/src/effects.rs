//! What leaves the process: writes to shared state, and what makes them conditional.

use crate::analysis::{Analysis, Resolved};
use crate::catalog::{ApiRole, ArgMeaning, Effect, leaf};
use crate::names::{has_word, starts_with_word, words};
use crate::resolve::Callee;
use crate::summary::FunctionSummary;
use crate::value::{How, Origins};
use timelint_model::{Kind, NodeId, Role};

/// A call that changes something outside the process.
#[derive(Debug, Clone, Copy)]
pub struct Write {
    /// The call in the asked range (for a write inside a callee: the call that leads there).
    pub at: NodeId,
    /// How it is felt.
    pub effect: Effect,
    /// What makes it conditional or idempotent, where something does.
    pub fence: Option<NodeId>,
    /// How it was recognised.
    pub how: How,
    /// It happens in a function that the call leads to.
    pub indirect: bool,
}

/// Words of an argument, key or column that carries a fencing token, version or condition.
const FENCE_WORDS: [&str; 22] = [
    "version",
    "revision",
    "rev",
    "etag",
    "epoch",
    "term",
    "generation",
    "fence",
    "fencing",
    "cas",
    "seqno",
    "sequence",
    "precondition",
    "preconditions",
    "zxid",
    "czxid",
    "modrevision",
    "resourceversion",
    "lockindex",
    "modifyindex",
    "idempotency",
    "idempotent",
];

impl Analysis<'_> {
    /// The writes between two nodes of one function (from inclusive, to exclusive), through at most `depth` calls.
    /// Code of nested named functions counts only where it is called.
    pub fn writes_in(&self, from: NodeId, to: NodeId, depth: usize) -> Vec<Write> {
        let mut writes = Vec::new();
        for call in self.tables.calls_between(from, to) {
            if let Some(write) = self.write_at(*call, depth) {
                writes.push(write);
            }
        }
        writes
    }

    /// The write that a call makes, itself or through at most `depth` functions.
    pub fn write_at(&self, call: NodeId, depth: usize) -> Option<Write> {
        if let Some(known) = self.resolve(call) {
            let effect = self.effect_of_call(call, known);
            if let Some(effect) = effect {
                let fence = self.fence_of(call, known);
                return Some(Write { at: call, effect, fence, how: known.how, indirect: false });
            }
            if known.how != How::Name {
                return None;
            }
        }
        if let Some(write) = self.model_write(call) {
            return Some(write);
        }
        if self.saves_changed_object(call) {
            return Some(Write { at: call, effect: Effect::State, fence: None, how: How::Name, indirect: false });
        }
        if depth == 0 {
            return None;
        }
        let leads = self.may_lead_here(call) || self.index.names_write(self.model.name(call));
        let callee = leads.then(|| self.callee(call)).flatten();
        let effect = match callee {
            Some(Callee::Here(function)) if self.model.child(function, Role::Body).is_some() => {
                self.guarded(function, || self.effect_within(function, depth - 1))?
            }
            Some(Callee::Elsewhere(FunctionSummary { class, name, effect, .. }))
                if effect.is_some() || self.index.effect(class, name).is_some() =>
            {
                effect.or_else(|| self.index.effect(class, name))?
            }
            _ => {
                let method = leads.then(|| self.project_method(call)).flatten();
                let direct = method.and_then(|(class, method)| self.index.effect(&class, &method));
                match direct.or_else(|| self.referenced_effect(call)) {
                    Some(effect) => effect,
                    None => return self.named_store_write(call),
                }
            }
        };
        let fence = self.fencing_argument(call);
        Some(Write { at: call, effect, fence, how: How::Project, indirect: true })
    }

    /// The strongest unconditional write that a function of this file makes, itself or one or two calls down.
    pub(crate) fn effect_of(&self, function: NodeId) -> Option<Effect> {
        self.effect_within(function, 2)
    }

    /// The strongest write that a function makes, through at most `depth` others, unless every write is fenced.
    pub(crate) fn effect_within(&self, function: NodeId, depth: usize) -> Option<Effect> {
        self.kept(&self.effects, (function, depth), || {
            let writes = self.writes_in(function, self.model.end(function), depth);
            writes.into_iter().filter(|w| w.fence.is_none()).map(|w| w.effect).max()
        })
    }

    /// Class and method of a call on an object whose class the project defines.
    pub(crate) fn project_method(&self, call: NodeId) -> Option<(String, String)> {
        let name = self.model.name(call).to_owned();
        let object = match self.model.kind(call) {
            Kind::Member => self.model.child(call, Role::Object),
            _ => self.model.child(call, Role::Receiver),
        };
        let Some(object) = object else {
            let class = self.tables.class_around(self.model, call)?;
            return Some((self.tables.classes[class as usize].name.clone(), name)).filter(|m| !m.0.is_empty());
        };
        let ty = self.type_of(object).filter(|t| !self.catalog.knows_type(&t.name))?;
        Some((leaf(&ty.name).to_owned(), name))
    }

    /// The write of a method that a call is handed by reference: `rows.forEach(store::save)`.
    fn referenced_effect(&self, call: NodeId) -> Option<Effect> {
        let references = self.model.children_with(call, Role::Arg).filter(|a| self.model.kind(*a) == Kind::Member);
        let named = references.filter(|r| self.index.names_write(self.model.name(*r)));
        named.filter_map(|r| self.project_method(r)).find_map(|(class, method)| self.index.effect(&class, &method))
    }

    /// The methods of other classes of the project that a function calls and that may write, by their first word.
    pub(crate) fn may_write_through(&self, function: NodeId) -> Vec<(String, String)> {
        const READING: [&str; 20] = [
            "get", "find", "is", "has", "list", "query", "select", "read", "load", "to", "parse", "build", "check",
            "validate", "log", "info", "debug", "count", "equals", "size",
        ];
        const MOST: usize = 8;
        let model = self.model;
        let reads = |name: &str| !name.contains(char::is_alphanumeric) || starts_with_word(name, &READING);
        let calls = self.calls_below(function).iter().copied();
        let mut found: Vec<(String, String)> = Vec::new();
        for call in calls.filter(|c| model.kind(*c) == Kind::Call && !reads(model.name(*c))) {
            if self.resolve(call).is_some_and(|r| r.how != How::Name) {
                continue;
            }
            if let Some(method) = self.project_method(call).filter(|m| !found.contains(m)) {
                found.push(method);
            }
            if found.len() == MOST {
                break;
            }
        }
        found
    }

    /// `row.state = x; row.save()`: an object whose field was set before in the function stores itself.
    fn saves_changed_object(&self, call: NodeId) -> bool {
        let model = self.model;
        let plain = |a: NodeId| model.kind(a) == Kind::Argument;
        if model.name(call) != "save" || !model.children_with(call, Role::Arg).all(plain) {
            return false;
        }
        let Some(receiver) = model.child(call, Role::Receiver).filter(|r| model.kind(*r) == Kind::Name) else {
            return false;
        };
        let function = self.function_around(call).unwrap_or(model.root());
        (function.0..call.0).map(NodeId).any(|n| {
            model.kind(n) == Kind::Assign
                && model.children_with(n, Role::Target).any(|t| {
                    let object = model.child(t, Role::Object).filter(|_| model.kind(t) == Kind::Member);
                    object.is_some_and(|o| model.kind(o) == Kind::Name && model.sym(o) == model.sym(receiver))
                })
        })
    }

    /// `prisma.order.update({..})`: models of a generated client.
    fn model_write(&self, call: NodeId) -> Option<Write> {
        const VERBS: [&str; 9] = [
            "create",
            "createMany",
            "update",
            "updateMany",
            "upsert",
            "delete",
            "deleteMany",
            "createManyAndReturn",
            "updateManyAndReturn",
        ];
        let model = self.model;
        let entity = model.child(call, Role::Receiver).filter(|r| model.kind(*r) == Kind::Member)?;
        let client = model.child(entity, Role::Object).filter(|_| VERBS.contains(&model.name(call)))?;
        let named = has_word(model.name(client), &["prisma"]);
        (named || self.type_of(client).is_some_and(|t| leaf(&t.name) == "PrismaClient")).then(|| {
            let fence = self.fencing_argument(call);
            Write { at: call, effect: Effect::State, fence, how: How::Project, indirect: false }
        })
    }

    /// Evidence by convention: `orderMapper.updateState(..)`, `user_repository.save(user)`.
    fn named_store_write(&self, call: NodeId) -> Option<Write> {
        const STORES: [&str; 4] = ["mapper", "dao", "repository", "repo"];
        const VERBS: [&str; 10] =
            ["save", "update", "insert", "delete", "remove", "upsert", "create", "persist", "store", "merge"];
        let model = self.model;
        if !starts_with_word(model.name(call), &VERBS) {
            return None;
        }
        let receiver =
            model.child(call, Role::Receiver).filter(|r| matches!(model.kind(*r), Kind::Name | Kind::Member))?;
        let last = |name: &str, list: &[&str]| words(name).last().is_some_and(|w| list.contains(&w.as_str()));
        let store =
            last(model.name(receiver), &STORES) || self.type_of(receiver).is_some_and(|t| last(leaf(&t.name), &STORES));
        store.then(|| {
            let fence = self.fencing_argument(call).or_else(|| self.refused_duplicate(call));
            Write { at: call, effect: Effect::State, fence, how: How::Name, indirect: false }
        })
    }

    fn effect_of_call(&self, call: NodeId, known: Resolved<'_>) -> Option<Effect> {
        let text = self.argument(call, known, ArgMeaning::Text);
        if let Some(text) = text
            && matches!(known.api.role, ApiRole::Write | ApiRole::RemoteCall)
        {
            match self.literal_text(text) {
                Some(statement) => {
                    return is_data_change(&statement).then_some(known.api.effect.unwrap_or(Effect::State));
                }
                None if self.is_built_query(text) => return None,
                // By its name alone, with a text that cannot be read: it may as well be a query.
                None if known.how == How::Name => return None,
                None => {}
            }
        }
        match known.api.role {
            ApiRole::Write => Some(known.api.effect.unwrap_or(Effect::State)),
            ApiRole::RemoteCall => known.api.effect.or_else(|| self.request_effect(call)),
            _ => None,
        }
    }

    /// The effect of a request whose method is among its options: `{ method: 'POST' }`.
    fn request_effect(&self, call: NodeId) -> Option<Effect> {
        let method = self.model.children_with(call, Role::Arg).find_map(|a| self.entry(a, "method"))?;
        match self.literal_text(method)?.to_ascii_uppercase().as_str() {
            "POST" | "PATCH" => Some(Effect::External),
            "PUT" | "DELETE" => Some(Effect::State),
            _ => None,
        }
    }

    /// Whether a call runs a statement that reads: its text starts with `SELECT` or `WITH`.
    pub fn is_query(&self, call: NodeId) -> bool {
        let Some(known) = self.resolve(call) else { return false };
        let text = self.argument(call, known, ArgMeaning::Text).and_then(|t| self.literal_text(t));
        text.is_some_and(|t| {
            let verb: String = t.trim_start().chars().take_while(char::is_ascii_alphabetic).collect();
            matches!(verb.to_ascii_uppercase().as_str(), "SELECT" | "WITH")
        })
    }

    /// The content of a string literal, also through a constant, a concatenation or a text wrapper.
    pub fn literal_text(&self, id: NodeId) -> Option<String> {
        let model = self.model;
        match model.kind(id) {
            Kind::String => Some(model.name(id).to_owned()),
            Kind::Binary => {
                let parts = |c: NodeId| self.guarded(c, || self.literal_text(c));
                let parts: Vec<String> = model.children(id).filter_map(parts).collect();
                (!parts.is_empty()).then(|| parts.join(" "))
            }
            Kind::Call => {
                model.child(id, Role::Arg).filter(|a| model.kind(*a) == Kind::String).map(|a| model.name(a).to_owned())
            }
            Kind::Name => {
                let store = self.local_store(id, model.sym(id)).or_else(|| {
                    let class = self.tables.class_around(model, id)?;
                    let stores = self.tables.classes[class as usize].fields.get(&model.sym(id))?;
                    stores.first().copied().filter(|_| stores.len() == 1)
                })?;
                self.guarded(id, || self.literal_text(store.value?))
            }
            _ => None,
        }
    }

    /// What makes a known write conditional: a declared fence argument, a predicate in its text, a token among its
    /// arguments, or a conditional builder around it.
    fn fence_of(&self, call: NodeId, known: Resolved<'_>) -> Option<NodeId> {
        if let Some(argument) = self.argument(call, known, ArgMeaning::Fence) {
            let value = self.value(argument);
            // `-1` means "any version".
            if value.number != Some(-1.0) && !value.origins.has(Origins::NULL) {
                return Some(argument);
            }
        }
        if let Some(text) = self.argument(call, known, ArgMeaning::Text)
            && self.literal_text(text).is_some_and(|t| is_conditional(&t))
        {
            return Some(text);
        }
        self.fencing_argument(call).or_else(|| self.fenced_chain(call)).or_else(|| self.refused_duplicate(call))
    }

    /// The handler of the error with which the store refuses a second row: the insert may come late or twice.
    fn refused_duplicate(&self, call: NodeId) -> Option<NodeId> {
        const INSERTS: [&str; 6] = ["insert", "create", "add", "save", "persist", "put"];
        const REFUSED: [&str; 7] =
            ["duplicate", "unique", "integrity", "conflict", "constraint", "exists", "violation"];
        let model = self.model;
        if !has_word(model.name(call), &INSERTS) {
            return None;
        }
        let tries = model.ancestors(call).take_while(|a| model.kind(*a) != Kind::Function);
        let inside = |t: &NodeId| {
            model.kind(*t) == Kind::Try && model.child(*t, Role::Body).is_some_and(|b| model.contains(b, call))
        };
        let catches = tries.filter(inside).flat_map(|t| model.children(t)).filter(|c| model.kind(*c) == Kind::Catch);
        let refuses = |c: &NodeId| model.children_with(*c, Role::Type).any(|t| has_word(model.name(t), &REFUSED));
        catches.into_iter().find(refuses)
    }

    /// An argument that carries a token, version or condition, by its value or by its name.
    fn fencing_argument(&self, call: NodeId) -> Option<NodeId> {
        let model = self.model;
        model.children_with(call, Role::Arg).find(|arg| {
            let named = |n: NodeId| has_word(model.name(n), &FENCE_WORDS) || is_precondition(model.name(n));
            let by_name = model.self_and_descendants(*arg).any(|n| {
                matches!(model.kind(n), Kind::Name | Kind::Member | Kind::Argument | Kind::Entry | Kind::Call)
                    && named(n)
            });
            by_name || self.value(*arg).origins.any(Origins::TOKEN.and(Origins::LOGICAL))
        })
    }

    /// A fence earlier in the same chain: `setData().withVersion(v).forPath(p)`, `txn.If(..).Then(..)`.
    fn fenced_chain(&self, call: NodeId) -> Option<NodeId> {
        let model = self.model;
        let is_role = |n: NodeId, roles: &[ApiRole]| {
            model.kind(n) == Kind::Call && self.resolve(n).is_some_and(|r| roles.contains(&r.api.role))
        };
        if let Some(found) = self.chain(call).find(|n| is_role(*n, &[ApiRole::Fence, ApiRole::Transaction])) {
            return Some(found);
        }
        // Handed to a conditional transaction: `txn.If(cmp).Then(op)`.
        let around = model.ancestors(call).take_while(|a| !model.kind(*a).is_statement());
        around
            .filter(|a| model.kind(*a) == Kind::Call)
            .find(|a| [*a].into_iter().chain(self.chain(*a)).any(|n| is_role(n, &[ApiRole::Fence])))
    }

    /// What a call is made on, and what that was made on.
    fn chain(&self, call: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        let model = self.model;
        let inner = move |n: &NodeId| model.child(*n, Role::Receiver).or_else(|| model.child(*n, Role::Object));
        std::iter::successors(inner(&call), inner)
    }
}

/// The name of an HTTP or object store precondition in any spelling: `If-Match`, `IfNoneMatch`, `ETag`.
pub(crate) fn is_precondition(name: &str) -> bool {
    const PRECONDITIONS: [&str; 6] =
        ["etag", "ifmatch", "ifnonematch", "ifgenerationmatch", "generationmatch", "ifmetagenerationmatch"];
    let plain = || name.bytes().filter(u8::is_ascii_alphanumeric).map(|b| b.to_ascii_lowercase());
    name.len() < 32 && PRECONDITIONS.iter().any(|p| plain().eq(p.bytes()))
}

/// Whether SQL or CQL text changes data.
pub fn is_data_change(text: &str) -> bool {
    let statement = text.trim_start_matches(|c: char| !c.is_ascii_alphabetic()).as_bytes();
    ["INSERT", "UPDATE", "DELETE", "MERGE", "REPLACE", "UPSERT", "CALL", "ALTER", "DROP", "TRUNCATE", "CREATE"]
        .iter()
        .any(|verb| statement.get(..verb.len()).is_some_and(|start| start.eq_ignore_ascii_case(verb.as_bytes())))
}

/// Whether a statement is conditional on a version or owner, or harmless when repeated.
pub fn is_conditional(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    if ["on conflict", "insert ignore", "if not exists", "on duplicate key"].iter().any(|p| lower.contains(p)) {
        return true;
    }
    let Some((_, predicate)) = lower.split_once(" where ").or_else(|| lower.split_once(" if ")) else { return false };
    let columns = ["owner", "locked_by", "holder", "status", "state"];
    words(predicate).iter().any(|w| FENCE_WORDS.contains(&w.as_str()) || columns.contains(&w.as_str()))
        || compares_what_it_sets(&lower, predicate)
}

/// `SET balance = ? WHERE id = ? AND balance = ?`: a compare-and-set of the value itself.
fn compares_what_it_sets(statement: &str, predicate: &str) -> bool {
    let Some((_, assigned)) = statement.split_once(" set ") else { return false };
    let assigned = assigned.split(" where ").next().unwrap_or(assigned);
    let column = |part: &str| {
        let name = part.split('=').next().unwrap_or_default().trim();
        let plain = part.contains('=')
            && !name.is_empty()
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'.');
        plain.then(|| name.rsplit('.').next().unwrap_or(name).to_owned())
    };
    let set: Vec<String> = assigned.split(',').filter_map(column).collect();
    predicate.split(" and ").filter_map(column).any(|c| set.contains(&c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_are_told_apart() {
        assert!(is_data_change("  (UPDATE t SET a = 1"));
        assert!(!is_data_change("select * from t for update"));
        assert!(is_conditional("UPDATE t SET a = 1 WHERE id = ? AND version = ?"));
        assert!(is_conditional("INSERT INTO t VALUES (1) ON CONFLICT DO NOTHING"));
        assert!(!is_conditional("UPDATE t SET version = 1 WHERE id = ?"));
        assert!(is_conditional("UPDATE account SET balance = ? WHERE id = ? AND balance = ?"));
        assert!(!is_conditional("UPDATE account SET balance = ? WHERE id = ? AND kind = ?"));
    }
}
