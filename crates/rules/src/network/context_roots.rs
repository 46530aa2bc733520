//! What ends a context, and who has one.

use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::catalog::ApiRole;
use timelint_semantics::{Analysis, has_word, words};

/// What ends a context.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Root {
    /// Nothing.
    Nothing,
    /// The end of the component whose field it is.
    Component,
}

pub(crate) fn root_of(file: &Analysis<'_>, context: NodeId, depth: usize) -> Option<Root> {
    let model = file.model;
    if depth > 4 {
        return None;
    }
    match model.kind(context) {
        // `WithoutCancel(ctx)`: somebody chose that nothing ends it.
        Kind::Call if has_word(model.name(context), &["without"]) => None,
        Kind::Call => match file.resolve(context)?.api.role {
            ApiRole::ContextRoot => Some(Root::Nothing),
            ApiRole::ContextDerive => root_of(file, model.child(context, Role::Arg)?, depth + 1),
            _ => None,
        },
        Kind::Name => {
            if let Some(source) = file.only_source(context) {
                // `if limit > 0 { ctx, cancel = context.WithTimeout(ctx, limit) }`: whoever sets it decides.
                let limits = |v: NodeId| file.resolve(v).is_some_and(|k| k.api.role == ApiRole::TimeoutSet);
                let mut between = file.stores_of(context).iter().filter(|s| s.at > source && s.at < context);
                if between.any(|s| s.value.is_some_and(limits)) {
                    return None;
                }
                return root_of(file, source, depth + 1);
            }
            // The caller's, and it lasts as long as the loop that only its end stops.
            let function = file.function_around(context)?;
            let lasts = takes_context(file, function) && !gives_an_answer(file, function);
            (lasts && ends_its_loop(file, context)).then_some(Root::Component)
        }
        Kind::Member => {
            let own = model.child(context, Role::Object).is_some_and(|o| file.tables.is_this(model, o));
            let names = has_word(model.name(context), &["ctx", "context"]) && !has_word(model.name(context), &["done"]);
            (own && names).then_some(Root::Component)
        }
        _ => None,
    }
}

/// A loop without end that waits for time to pass, and for the end of this very context: `case <-ctx.Done(): return`.
fn ends_its_loop(file: &Analysis<'_>, context: NodeId) -> bool {
    let model = file.model;
    let Some(around) = file.in_loop(context) else { return false };
    let done = |c: &NodeId| {
        model.kind(*c) == Kind::Call
            && file.resolve(*c).is_some_and(|k| k.api.role == ApiRole::Await)
            && model.child(*c, Role::Receiver).is_some_and(|r| model.sym(r) == model.sym(context))
    };
    let endless = model.child(around, Role::Condition).is_none() && model.child(around, Role::Iterable).is_none();
    endless && model.descendants(around).any(|d| done(&d))
}

/// Somebody waits for what the function gives, and it is no loop in the background.
fn gives_an_answer(file: &Analysis<'_>, function: NodeId) -> bool {
    let mut given = file.model.children_with(function, Role::Returns);
    given.any(|r| file.model.self_and_descendants(r).any(|t| !matches!(file.model.name(t), "" | "error")))
}

/// Whether a request that is given a context is bounded by it.
pub(crate) fn carries_limit(file: &Analysis<'_>, attaches: NodeId) -> bool {
    let context = file.model.child(attaches, Role::Arg);
    context.and_then(|c| root_of(file, c, 0)) != Some(Root::Nothing)
}

pub(crate) fn takes_context(file: &Analysis<'_>, function: NodeId) -> bool {
    file.model.children_with(function, Role::Param).any(|p| is_context(file, p))
}

/// A function that is given a context, or a request that has one.
pub(crate) fn has_context(file: &Analysis<'_>, function: NodeId) -> bool {
    takes_context(file, function) || file.model.children_with(function, Role::Param).any(|p| carries_context(file, p))
}

/// How a function that is given a context, or a request that has one, speaks of it.
pub(crate) fn context_at_hand(file: &Analysis<'_>, function: NodeId) -> Option<String> {
    let model = file.model;
    let name = |p: NodeId| model.child(p, Role::Target).map_or(model.name(p), |t| model.name(t));
    let mut params = model.children_with(function, Role::Param);
    params.find_map(|p| match way_to_context(file, p) {
        _ if is_context(file, p) => Some(name(p).to_owned()),
        Some(way) => Some(format!("{}.{way}()", name(p))),
        None => None,
    })
}

/// A parameter that has a context of its own: the request that a handler answers.
fn carries_context(file: &Analysis<'_>, param: NodeId) -> bool {
    way_to_context(file, param).is_some()
}

/// The method that gives the context of a parameter.
fn way_to_context<'a>(file: &Analysis<'a>, param: NodeId) -> Option<&'a str> {
    let written = file.model.child(param, Role::Type).map_or("", |t| file.model.name(t));
    let (package, name) = written.rsplit_once('.')?;
    let ty = format!("{}.{name}", file.tables.imports.get(package).map_or(package, String::as_str));
    let ways = file.apis_in(ApiRole::None).filter(|api| api.ends.is_some()).flat_map(|api| api.name.as_slice());
    let mut own = ways.filter_map(|n| n.split_once('#').filter(|(of, way)| *of == ty && is_named_context(way)));
    own.next().map(|(_, way)| way)
}

/// A parameter that is called a context.
pub(crate) fn is_context(file: &Analysis<'_>, param: NodeId) -> bool {
    let model = file.model;
    let name = model.child(param, Role::Target).map_or(model.name(param), |t| model.name(t));
    has_word(name, &["ctx", "context"]) && model.child(param, Role::Type).is_none_or(|t| is_type_of_contexts(file, t))
}

/// Of the standard library, or not said to be of another: `ctx *app.Context` holds settings or users and never ends.
fn is_type_of_contexts(file: &Analysis<'_>, ty: NodeId) -> bool {
    let name = file.model.name(ty);
    let Some((package, own)) = name.rsplit_once('.') else {
        return name.is_empty() || has_word(name, &["ctx", "context"]);
    };
    let path = file.tables.imports.get(package).map_or(package, String::as_str);
    own == "Context" && (path == "context" || path.ends_with("/net/context"))
}

pub(crate) fn is_named_context(name: &str) -> bool {
    words(name).last().is_some_and(|w| w == "context")
}

/// Where a context is made, for one that a variable holds.
pub(crate) fn made(file: &Analysis<'_>, context: NodeId) -> NodeId {
    let named = file.model.kind(context) == Kind::Name;
    file.only_source(context).filter(|_| named).unwrap_or(context)
}
