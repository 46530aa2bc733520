//! `[locks]`: what a project's own locks are for, and which of its functions take them.

use super::entries::{catalog, slot};
use super::{Entries, raw::Word};
use crate::error::ConfigError;
use serde::Deserialize;
use timelint_semantics::catalog::{
    Api, ApiRole, ArgMeaning, ArgPlace, ArgSpec, DeclaredLocks, LockPurpose, LockScope, OneOrMany, Unit,
};
use timelint_syntax::LANGUAGES;
use toml::Spanned;

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawLocks {
    #[serde(default)]
    efficiency: Vec<Word>,
    #[serde(default)]
    correctness: Vec<Word>,
    #[serde(default)]
    wrappers: Vec<Spanned<RawWrapper>>,
}

/// A function of the project that handles a lock for its callers.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawWrapper {
    language: Word,
    name: Word,
    does: Option<Spanned<Does>>,
    key: Option<ArgPlace>,
    callback: Option<ArgPlace>,
    ttl: Option<Spanned<ArgPlace>>,
    unit: Option<Unit>,
    #[serde(default)]
    renews: bool,
    token: Option<Word>,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Does {
    /// Returns with the lock held.
    Acquire,
    /// Says whether the lock is held now.
    Try,
    /// Gives it back.
    Release,
    /// Runs its callback while the lock is held.
    Run,
    /// As an annotation or decorator: the function runs while the lock is held.
    Decorate,
    /// Makes the scoped resource or handle.
    New,
}

/// Adds what `locks` says to the entries of the catalogues.
pub(super) fn add(file: &str, text: &str, locks: RawLocks, all: &mut Vec<Entries>) -> Result<(), ConfigError> {
    let error = |at: usize, message: String| ConfigError::at(file, text, at, message);
    let mut declared = Vec::new();
    for (words, purpose) in
        [(&locks.efficiency, LockPurpose::Efficiency), (&locks.correctness, LockPurpose::Correctness)]
    {
        for word in words {
            let (pattern, at) = (word.get_ref(), word.span().start);
            if pattern.trim_matches('*').is_empty() {
                return Err(error(at, format!("`{pattern}` fits every lock: name a key, such as `cache:*`")));
            }
            declared.push(DeclaredLocks { pattern: pattern.clone(), purpose });
        }
    }
    let twice = locks.correctness.iter().find(|c| locks.efficiency.iter().any(|e| e.get_ref() == c.get_ref()));
    if let Some(word) = twice {
        let message = format!("`{}` stands in `efficiency`, too: it can only be one of them", word.get_ref());
        return Err(error(word.span().start, message));
    }
    if !declared.is_empty() {
        for language in LANGUAGES {
            let entries = slot(all, language.apis);
            if entries.locks.is_empty() {
                entries.locks.clone_from(&declared);
            }
        }
    }
    for wrapper in locks.wrappers {
        let at = wrapper.span().start;
        let wrapper = wrapper.into_inner();
        let language = catalog(wrapper.language.get_ref()).map_err(|m| error(wrapper.language.span().start, m))?;
        let apis = wrapper.entries().map_err(|(place, m)| error(place.unwrap_or(at), m))?;
        slot(all, language).apis.extend(apis);
    }
    Ok(())
}

impl RawWrapper {
    /// What it does, as entries of a catalogue.
    fn entries(self) -> Result<Vec<Api>, (Option<usize>, String)> {
        let does = self.does.as_ref().map(|d| *d.get_ref());
        let stated = self.does.as_ref().map(|d| d.span().start);
        let role = match (does, &self.callback) {
            (None | Some(Does::Run), Some(_)) => ApiRole::LockRegion,
            (Some(Does::Run), None) => {
                return Err((stated, "what does it run? say which argument with `callback = 1`".to_owned()));
            }
            (Some(_), Some(_)) => {
                return Err((stated, "a wrapper with a `callback` runs it: write `does = \"run\"`".to_owned()));
            }
            (None | Some(Does::Acquire), None) => ApiRole::LockAcquire,
            (Some(Does::Try), None) => ApiRole::LockTry,
            (Some(Does::Release), None) => ApiRole::LockRelease,
            (Some(Does::Decorate), None) => ApiRole::LockDecorator,
            (Some(Does::New), None) => ApiRole::LockNew,
        };
        if let (Some(ttl), None) = (&self.ttl, self.unit) {
            let message = "in which unit is the `ttl`? say `unit = \"ms\"` (ns, us, ms, s, min, h, d), or \
                           `unit = \"typed\"` where the value knows its own";
            return Err((Some(ttl.span().start), message.to_owned()));
        }
        let argument = |place: Option<ArgPlace>, is: ArgMeaning, unit: Option<Unit>| {
            place.map(|at| ArgSpec { at: OneOrMany::One(at), is, unit, kind: None, infinite: Vec::new(), most: None })
        };
        let ttl = self.ttl.map(Spanned::into_inner);
        let args = [
            argument(self.key, ArgMeaning::Key, None),
            argument(ttl, ArgMeaning::Lease, self.unit),
            argument(self.callback, ArgMeaning::Callback, None),
        ];
        let token = self.token.map(Spanned::into_inner);
        let own = Api {
            args: args.into_iter().flatten().collect(),
            renewed: self.renews,
            scope: Some(LockScope::Distributed),
            token: token.as_ref().map(|t| format!("`{}` gives the fencing token: send it with the write", leaf(t))),
            ..Api::named(self.name.into_inner(), role)
        };
        Ok([own].into_iter().chain(token.map(|t| Api::named(t, ApiRole::LockToken))).collect())
    }
}

fn leaf(name: &str) -> &str {
    name.rsplit(['.', '#']).next().unwrap_or(name)
}
