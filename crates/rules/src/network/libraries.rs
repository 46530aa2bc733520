//! Limits that another call of the same library sets: they may hold for what a call makes, on a way not seen.

use crate::network::context_roots::carries_limit;
use crate::network::remote::is_near;
use std::iter::successors;
use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::catalog::{Api, ApiRole, ArgMeaning, TimeoutKind, leaf};
use timelint_semantics::{Analysis, Callee, Resolved, has_word};

/// Whether another call of the file sets a limit of the same library: the limit may arrive on a way not seen. Where one
/// chain makes all of it, another builder's limit is not its own.
pub(crate) fn library_is_limited(file: &Analysis<'_>, site: NodeId, known: Resolved<'_>) -> bool {
    let Some(name) = known.api.name.as_slice().first() else { return false };
    let builder = name.split_once('#').map(|(ty, _)| ty).filter(|_| is_one_chain(file, site));
    let of_another_builder =
        |n: &str| builder.is_some_and(|ty| n.split_once('#').is_some_and(|(other, _)| other == ty));
    let calls = file.tables.calls.iter().filter_map(|c| file.resolve(*c));
    calls.into_iter().any(|other| {
        let names = other.api.name.as_slice();
        other.api.role == ApiRole::TimeoutSet
            && (bounds_answers(other.api) || !has_limit_of_answers(file, library(name)))
            && names.iter().any(|n| library(n) == library(name))
            && !names.iter().any(|n| of_another_builder(n))
    })
}

/// Not how long connecting may take, which says nothing of answers.
fn bounds_answers(api: &Api) -> bool {
    let mut kinds = api.args.iter().filter(|a| a.is == ArgMeaning::Timeout).filter_map(|a| a.kind).peekable();
    kinds.peek().is_none() || kinds.any(|k| k.bounds() && k != TimeoutKind::Connect)
}

/// Whether a library has calls that set how long answers may take.
fn has_limit_of_answers(file: &Analysis<'_>, of: &str) -> bool {
    let own = |api: &&Api| api.name.as_slice().iter().any(|n| library(n) == of);
    file.apis_in(ApiRole::TimeoutSet).filter(own).any(bounds_answers)
}

/// `Client.newBuilder().a(..).b(..).build()`: from a class to the end, and no variable between.
fn is_one_chain(file: &Analysis<'_>, site: NodeId) -> bool {
    const MOST_LINKS: usize = 24;
    let model = file.model;
    let links = successors(Some(site), |n| model.child(*n, Role::Receiver));
    let mut links = links.take(MOST_LINKS).skip_while(|n| model.kind(*n) == Kind::Call);
    links.next().is_some_and(|root| {
        matches!(model.kind(root), Kind::Name | Kind::Member)
            && model.name(root).starts_with(char::is_uppercase)
            && file.stores_of(root).is_empty()
    })
}

/// `org.apache.http` of `org.apache.http.impl.client.X`: where one project's names begin alike.
pub(crate) fn library(name: &str) -> &str {
    let mut dots = name.char_indices().filter(|(_, c)| *c == '.').map(|(i, _)| i);
    let end = dots.nth(2).unwrap_or(name.len());
    name.get(..end).unwrap_or(name)
}

/// An option that makes the opening of a connection wait, `dial(ctx, address, withBlock())`, says nothing where the call
/// that takes it is not seen, or has a context that something else ends.
pub(crate) fn option_is_limited(file: &Analysis<'_>, site: NodeId, known: Resolved<'_>) -> bool {
    let option = known.api.role == ApiRole::RemoteClient
        && known.api.returns.is_none()
        && known.api.args.is_empty()
        && matches!(file.model.role(site), Role::Arg | Role::Item)
        && file.model.kind(site) == Kind::Call;
    if !option {
        return false;
    }
    let own = |n: &str| n.split_once('.').map_or(n, |_| library(n)).to_owned();
    let Some(name) = known.api.name.as_slice().first().map(|n| own(n)) else { return false };
    let function = file.function_around(site);
    let opens = |c: &&NodeId| {
        file.function_around(**c) == function
            && file.resolve(**c).is_some_and(|k| {
                k.api.role == ApiRole::RemoteClient
                    && k.api.returns.is_some()
                    && k.api.name.as_slice().iter().any(|n| own(n) == name)
            })
    };
    let mut opening = file.tables.calls.iter().filter(opens).peekable();
    let near = |c: NodeId| {
        let address = file.model.child(c, Role::Arg).map(|a| file.condition_source(a));
        is_near(file, c) || address.is_some_and(|a| is_near(file, a))
    };
    opening.peek().is_none() || opening.any(|c| near(*c) || takes_context(file, *c) && carries_limit(file, *c))
}

/// The first thing it is given is called a context, or makes one.
fn takes_context(file: &Analysis<'_>, call: NodeId) -> bool {
    let first = file.model.child(call, Role::Arg);
    first.is_some_and(|a| {
        let makes = file
            .resolve(a)
            .is_some_and(|k| matches!(k.api.role, ApiRole::ContextRoot | ApiRole::ContextDerive | ApiRole::TimeoutSet));
        makes || has_word(file.model.name(a), &["ctx", "context"])
    })
}

/// A request waits as long as whoever sends it lets it: the library itself, or a wrapper that may have a limit of its own.
pub(crate) fn is_sent_by_another(file: &Analysis<'_>, library: &str) -> bool {
    let own = |n: &String| self::library(n) == library;
    let sends: Vec<&Api> = file.apis_in(ApiRole::RemoteCall).filter(|a| a.name.as_slice().iter().any(own)).collect();
    let named = |c: &NodeId| sends.iter().any(|a| a.name.as_slice().iter().any(|n| leaf(n) == file.model.name(*c)));
    let calls: Vec<NodeId> = file.tables.calls.iter().copied().filter(named).collect();
    let known = |c: &NodeId| file.resolve(*c).is_some_and(|k| k.api.name.as_slice().iter().any(own));
    !calls.is_empty() && !calls.iter().any(known)
}

/// The library whose clients are limited by their requests, and requests by themselves: what one file makes of them is one
/// mistake.
pub(crate) fn family_of<'a>(file: &Analysis<'a>, api: &'a Api) -> Option<&'a str> {
    let made = Some(api).filter(|a| matches!(a.role, ApiRole::RemoteClient | ApiRole::None) && a.args.is_empty())?;
    let own = library(made.name.as_slice().first()?);
    let is_request =
        |a: &Api| a.waits_for_ever() && a.name.as_slice().iter().any(|n| n.contains('#') && library(n) == own);
    file.apis_in(ApiRole::None).any(is_request).then_some(own)
}

/// Where a function of the file begins what is finished here: `newRequest(url).build()`.
pub(crate) fn begun(file: &Analysis<'_>, site: NodeId) -> Option<NodeId> {
    let helper = file.model.child(site, Role::Receiver)?;
    let Some(Callee::Here(function)) = file.callee(helper) else { return None };
    let root = |value: NodeId| {
        let along = successors(Some(value), |n| {
            let source = file.condition_source(*n);
            if source == *n { file.model.child(*n, Role::Receiver) } else { Some(source) }
        });
        along.take(24).filter(|n| file.resolve(*n).is_some()).last()
    };
    file.returns(function).into_iter().find_map(root)
}
