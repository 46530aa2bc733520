//! What may change a limit that is a constant where it stands: settings, defaults, owners, the next round of a loop.

use crate::network::limit_names::is_default_name;
use crate::network::limits::{Limit, in_defaults};
use crate::network::remote::{MOST_NEAR, Remote};
use std::collections::BTreeSet;
use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::catalog::{TimeoutKind, leaf};
use timelint_semantics::{Analysis, How, Origins, has_word, words};

/// A wait that is repeated when its time is up: the limit only says how often something else gets its turn.
pub(super) fn is_poll(file: &Analysis<'_>, limit: &Limit) -> bool {
    let model = file.model;
    let reads = matches!(limit.kind, TimeoutKind::Await | TimeoutKind::Read | TimeoutKind::Total);
    let Some(around) = file.in_loop(limit.site).filter(|_| reads) else { return false };
    // `do { work = queue.poll(1, SECONDS) } while (work == null)`
    let target = model.child(file.statement(limit.site), Role::Target);
    let asked = |c: NodeId| {
        let mut inner = model.self_and_descendants(c).take(64);
        inner.any(|n| model.kind(n) == Kind::Name && target.is_some_and(|t| model.sym(t) == model.sym(n)))
    };
    let again = |c: NodeId| model.contains(c, limit.site) || asked(c);
    if limit.kind == TimeoutKind::Await && model.child(around, Role::Condition).is_some_and(again) {
        return true;
    }
    // Each round asks another one: `for peer in peers: try: ping(peer, timeout=1) except TimeoutError: ..`
    let counts = |i: NodeId| has_word(model.name(i), &["range", "xrange", "count", "retries", "attempts"]);
    let counted = model.child(around, Role::Iterable).is_none_or(|i| model.self_and_descendants(i).take(8).any(counts));
    if model.name(around) == "each" && !counted {
        return false;
    }
    let repeats = |body: NodeId| {
        !model.descendants(body).any(|d| matches!(model.kind(d), Kind::Throw | Kind::Return | Kind::Break))
    };
    let timed_out = |catch: &NodeId| {
        let named = |t: NodeId| has_word(model.name(t), &["timeout", "empty"]);
        model.self_and_descendants(*catch).take(MOST_NEAR).any(named)
    };
    let tries = model.ancestors(limit.site).take_while(|a| *a != around).filter(|a| model.kind(*a) == Kind::Try);
    let mut catches = tries.flat_map(|t| model.children_with(t, Role::Catch)).filter(timed_out);
    catches.any(|c| model.child(c, Role::Body).is_some_and(repeats))
}

/// The constant is called a default, and it goes to something found by name, or where defaults are made.
pub(super) fn is_a_default(file: &Analysis<'_>, limit: &Limit) -> bool {
    let model = file.model;
    let says_default = |n: NodeId| has_word(model.name(n), &["default", "defaults"]);
    // `config.putIfAbsent(KEY, LIMIT)`: what is set is taken.
    if has_word(model.name(limit.site), &["absent", "setdefault"]) {
        return true;
    }
    let default = matches!(model.kind(limit.length), Kind::Name | Kind::Member) && says_default(limit.length);
    let made_default = model.child(file.statement(limit.site), Role::Target).is_some_and(says_default);
    let makes_defaults = || {
        let mut outer = model.ancestors(limit.site).filter(|a| model.kind(*a) == Kind::Function);
        outer.any(says_default)
    };
    let in_settings_class = || {
        let mut classes = model.ancestors(limit.site).filter(|a| model.kind(*a) == Kind::Class);
        model.kind(limit.site) == Kind::Call && classes.any(|c| is_default_name(model.name(c)))
    };
    made_default
        || limit.how == How::Name && (makes_defaults() || in_settings_class())
        || default && (limit.how == How::Name && !is_only_caller(file, limit) || in_defaults(file, limit.length))
}

/// A default that a constructor of clients is given where another package could have given something else: not the
/// shorter one of two constructors, nor where settings are made.
fn is_only_caller(file: &Analysis<'_>, limit: &Limit) -> bool {
    let model = file.model;
    let elsewhere = model.kind(limit.length) == Kind::Member && is_path(file, limit.length);
    let callee = words(model.name(limit.site));
    let function = file.function_around(limit.site).map_or("", |f| model.name(f));
    let beside = model.child(limit.site, Role::Receiver).is_none_or(|r| file.tables.is_this(model, r));
    let shorter = beside && words(function).iter().all(|w| callee.contains(w));
    let settings = in_defaults(file, limit.length) || is_default_name(model.name(limit.site));
    limit.remote >= Remote::Named && elsewhere && model.kind(limit.site) == Kind::Call && !shorter && !settings
}

/// A field that a subclass or another object may set: declared with a value, and neither private nor constant.
pub(super) fn may_be_overridden(file: &Analysis<'_>, length: NodeId) -> bool {
    let model = file.model;
    let name = model.name(length);
    if !matches!(model.kind(length), Kind::Name | Kind::Member)
        || !name.chars().any(char::is_lowercase)
        || name.starts_with('_')
    {
        return false;
    }
    // By convention open to other packages.
    let public = name.starts_with(char::is_uppercase);
    let own = model.child(length, Role::Object).is_some_and(|o| file.tables.is_this(model, o));
    if own && (public || file.index().is_set(name)) {
        return true;
    }
    let Some(class) = file.tables.class_around(model, length).and_then(|c| file.tables.classes.get(c as usize)) else {
        return false;
    };
    let stores = class.fields.get(&model.sym(length)).map_or(&[][..], Vec::as_slice);
    let elsewhere = file.value(length).sites.first().is_some_and(|s| s.location.path != file.path);
    if stores.is_empty() && elsewhere && !class.extends.is_empty() {
        return true;
    }
    stores.iter().any(|s| {
        let declared =
            class.node.is_some() && file.function_around(s.at).is_none_or(|f| class.node.is_some_and(|c| f < c));
        let closed = |m: NodeId| matches!(model.name(m), "private" | "final" | "readonly" | "const");
        declared && !model.children_with(s.at, Role::Modifier).any(closed)
    })
}

/// Something else may set it: another statement of the file, or of the project for the project's own types.
pub(super) fn is_set_elsewhere(file: &Analysis<'_>, limit: &Limit, set: &MembersSet<'_>) -> bool {
    let model = file.model;
    let name = limit.name.as_str();
    let named = model.role(limit.length) == Role::Value && !name.is_empty();
    let target = model.child(file.statement(limit.site), Role::Target).map_or("", |t| owner_of(file, t));
    let here = set.contains(&(target, leaf(name))) || set.contains(&("", leaf(name)));
    // A literal with options is nobody else's.
    let own = model.kind(limit.site) == Kind::Record && model.child(limit.site, Role::Type).is_none();
    // `rpc.CallTimeout = time.Duration(conf.Timeout)`: a variable of its package that others fill.
    let variable = Some(limit.length).filter(|l| matches!(model.kind(*l), Kind::Name | Kind::Member));
    let open = variable.map(|l| model.name(l)).filter(|n| n.starts_with(char::is_uppercase));
    let open = open.filter(|n| n.chars().any(char::is_lowercase));
    open.is_some_and(|n| file.index().is_set(n))
        || named && (here || limit.how == How::Name && !own && file.index().is_set(name))
}

/// What something is a member of, or a member of a member.
fn root_of(file: &Analysis<'_>, id: NodeId) -> NodeId {
    const MOST: usize = 16;
    let objects = std::iter::successors(Some(id), |n| file.model.child(*n, Role::Object));
    objects.take(MOST).last().unwrap_or(id)
}

/// The name of the variable that something is a member of; empty for the current object.
fn owner_of<'f>(file: &'f Analysis<'_>, id: NodeId) -> &'f str {
    let root = root_of(file, id);
    if file.tables.is_this(file.model, root) { "" } else { file.model.name(root) }
}

/// `Optional.ofNullable(limit).orElse(DEFAULT)`, `limits.getOrDefault(..)`: the constant is what is taken where nothing
/// is set.
pub(super) fn is_alternative(file: &Analysis<'_>, length: NodeId) -> bool {
    let model = file.model;
    let inner = model.self_and_descendants(length).take(64);
    inner
        .into_iter()
        .any(|n| model.kind(n) == Kind::Call && has_word(model.name(n), &["or", "default", "coalesce", "present"]))
}

/// Members by the variable that they are reached from.
pub(super) type MembersSet<'f> = BTreeSet<(&'f str, &'f str)>;

/// The members that the file stores something to that is no constant.
pub(super) fn members_set<'f>(file: &'f Analysis<'_>) -> MembersSet<'f> {
    let model = file.model;
    let constant = Origins::CONSTANT.and(Origins::NULL);
    let assigns = model.ids().filter(|n| model.kind(*n) == Kind::Assign);
    let stored = assigns.filter_map(|n| Some((model.child(n, Role::Target)?, model.child(n, Role::Value)?)));
    let open = stored.filter(|(target, value)| {
        let named = model.kind(*target) == Kind::Member && model.name(*target).to_ascii_lowercase().contains("timeout");
        named && !file.value(*value).origins.without(constant).is_empty()
    });
    open.map(|(target, _)| (owner_of(file, target), model.name(target))).collect()
}

/// Another limit of the same construction can be set: this one was forgotten.
pub(super) fn has_settable_sibling(file: &Analysis<'_>, limit: &Limit) -> bool {
    let model = file.model;
    let entries = model
        .descendants(file.statement(limit.site))
        .take(MOST_NEAR)
        .filter(|d| matches!(model.kind(*d), Kind::Entry | Kind::Argument));
    let mut named = entries.filter(|e| model.name(*e).to_ascii_lowercase().contains("timeout"));
    let given = |n: NodeId| file.value(n).origins.any(Origins::PARAM.and(Origins::CONFIG));
    named.any(|e| {
        let value = model.child(e, Role::Value);
        // `settings.idleTimeout`
        value.is_some_and(|v| given(v) || model.kind(v) == Kind::Member && given(root_of(file, v)))
    })
}

/// The value is read from another object, whose owner may have set it: a setting, a message.
pub(super) fn of_another_object(file: &Analysis<'_>, id: NodeId, depth: usize) -> bool {
    let model = file.model;
    model.self_and_descendants(id).any(|n| match model.kind(n) {
        Kind::Member if model.role(n) != Role::Object => {
            let own = model.child(n, Role::Object).is_some_and(|o| file.tables.is_this(model, o));
            !own && file.resolve(n).is_none() && !is_path(file, n)
        }
        Kind::Call => {
            let asked =
                model.child(n, Role::Receiver).is_some_and(|r| !file.tables.is_this(model, r) && !is_path(file, r));
            asked && file.resolve(n).is_none()
        }
        Kind::Name if depth < 3 => {
            let source = file.condition_source(n);
            source != n && !model.contains(id, source) && of_another_object(file, source, depth + 1)
        }
        _ => false,
    })
}

/// `pkg.CONSTANT`, `Class.CONSTANT`: every part but the last is no variable of this file.
fn is_path(file: &Analysis<'_>, member: NodeId) -> bool {
    let model = file.model;
    let root = root_of(file, member);
    let name = model.name(root);
    model.kind(root) == Kind::Name
        && (file.tables.imports.contains_key(name) || name.starts_with(char::is_uppercase))
        && file.path_of(root).is_some()
}
