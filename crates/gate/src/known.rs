//! Recognises findings that were known before, though code has moved.

use std::collections::BTreeMap;
use std::path::Path;
use timelint_diagnostics::Finding;

/// What is remembered of a finding.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Known {
    /// The file's absolute path: what reports call it depends on where timelint was started.
    pub path: String,
    /// The rule's id.
    pub rule: String,
    /// See [`Finding::scope`].
    pub scope: String,
    /// See [`Finding::fingerprint`].
    pub fingerprint: String,
}

impl Known {
    /// What is remembered of `finding`, whose file's absolute path is `path`.
    pub fn new(finding: &Finding, path: &Path) -> Self {
        Self {
            path: path.to_string_lossy().into_owned(),
            rule: finding.rule.id.to_owned(),
            scope: finding.scope.clone(),
            fingerprint: finding.fingerprint.clone(),
        }
    }

    /// The half of the fingerprint that a renamed function leaves alone.
    fn what(&self) -> &str {
        self.fingerprint.get(..11).unwrap_or(&self.fingerprint)
    }
}

/// Which findings are known.
#[derive(Debug, Default)]
pub struct Claims {
    /// For each finding the index of what is known of it.
    pub known: Vec<Option<usize>>,
    /// Indexes of known findings that nothing answers to any more.
    pub stale: Vec<usize>,
}

/// Finds what of `present` is among `known`, each of which answers for one finding only.
///
/// A finding is known when rule, path and fingerprint agree. Where `is_gone` says that a known finding's function (or
/// file) does not exist any more, it also answers for one of the same fingerprint in another file (a moved function, a
/// renamed file), or of the same code in another function of its file (a renamed function). So a bug that is mended in
/// one place and made again in another one is new, as long as the first place is still there.
pub fn claim(known: &[Known], present: &[Known], mut is_gone: impl FnMut(&Known) -> bool) -> Claims {
    let mut claims = Claims { known: vec![None; present.len()], stale: Vec::new() };
    let mut open: BTreeMap<(&str, &str, &str), Vec<usize>> = BTreeMap::new();
    for (nth, one) in present.iter().enumerate().rev() {
        open.entry((&one.path, &one.rule, &one.fingerprint)).or_default().push(nth);
    }
    let mut rest = Vec::new();
    for (at, one) in known.iter().enumerate() {
        match open.get_mut(&(one.path.as_str(), one.rule.as_str(), one.fingerprint.as_str())).and_then(Vec::pop) {
            Some(nth) => claims.known[nth] = Some(at),
            None => rest.push(at),
        }
    }
    let mut free: Vec<usize> = (0..present.len()).filter(|nth| claims.known[*nth].is_none()).collect();
    rest.retain(|at| {
        let stays = !is_gone(&known[*at]);
        claims.stale.extend(stays.then_some(*at));
        !stays
    });
    // The surer likeness first, for all: a renamed function must not take what a moved one left.
    for is_like in [moved, renamed] {
        rest.retain(|at| {
            let slot = free.iter().position(|nth| is_like(&known[*at], &present[*nth]));
            if let Some(slot) = slot {
                claims.known[free.remove(slot)] = Some(*at);
            }
            slot.is_none()
        });
    }
    claims.stale.extend(rest);
    claims.stale.sort_unstable();
    claims
}

/// Whether `one` is the same in another file.
fn moved(known: &Known, one: &Known) -> bool {
    known.rule == one.rule && known.fingerprint == one.fingerprint
}

/// Whether `one` is the same code in another function of the file.
fn renamed(known: &Known, one: &Known) -> bool {
    known.path == one.path && known.rule == one.rule && known.what() == one.what()
}

#[cfg(test)]
mod tests {
    use super::*;
    fn known(path: &str, scope: &str, print: &str) -> Known {
        Known { path: path.into(), rule: "fake-call".into(), scope: scope.into(), fingerprint: print.into() }
    }

    fn claimed(old: &[Known], present: &[(&str, &str)], gone: bool) -> (Vec<Option<usize>>, Vec<usize>) {
        let present: Vec<Known> = present.iter().map(|(path, print)| known(path, "g", print)).collect();
        let claims = claim(old, &present, |_| gone);
        (claims.known, claims.stale)
    }

    #[test]
    fn each_known_finding_answers_for_one() {
        let old = [known("a.py", "f", "v1:1111111122222222")];
        let new = [("a.py", "v1:1111111122222222"), ("a.py", "v1:1111111122222222")];
        assert_eq!(claimed(&old, &new, false), (vec![Some(0), None], vec![]));
    }

    #[test]
    fn moved_and_renamed_places_are_followed_only_when_the_old_one_is_gone() {
        let old = [known("a.py", "f", "v1:1111111122222222")];
        let file = [("b.py", "v1:1111111122222222")];
        assert_eq!(claimed(&old, &file, true), (vec![Some(0)], vec![]));
        assert_eq!(claimed(&old, &file, false), (vec![None], vec![0]));
        let function = [("a.py", "v1:1111111133333333")];
        assert_eq!(claimed(&old, &function, true), (vec![Some(0)], vec![]));
        assert_eq!(claimed(&old, &function, false), (vec![None], vec![0]));
        let other = [("b.py", "v1:1111111133333333")];
        assert_eq!(claimed(&old, &other, true), (vec![None], vec![0]));
    }
}
