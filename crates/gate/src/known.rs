//! Recognises findings that were known before, though code has moved.

use std::collections::BTreeMap;
use timelint_diagnostics::Finding;

/// What is remembered of a finding.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Known {
    /// The file, as reports of this run would call it.
    pub path: String,
    /// The rule's id.
    pub rule: String,
    /// See [`Finding::scope`].
    pub scope: String,
    /// See [`Finding::fingerprint`].
    pub fingerprint: String,
}

impl Known {
    /// What is remembered of `finding`.
    pub fn of(finding: &Finding) -> Self {
        Self {
            path: finding.primary.path.to_string(),
            rule: finding.rule.id.to_owned(),
            scope: finding.scope.clone(),
            fingerprint: finding.fingerprint.clone(),
        }
    }

    /// The half of the fingerprint that a renamed function leaves alone.
    fn what(&self) -> &str {
        what(&self.fingerprint)
    }
}

/// `v1:` and the first half.
fn what(fingerprint: &str) -> &str {
    fingerprint.get(..11).unwrap_or(fingerprint)
}

/// Which findings are known.
#[derive(Debug, Default)]
pub struct Claims {
    /// For each finding the index of what is known of it.
    pub known: Vec<Option<usize>>,
    /// Indexes of known findings that nothing answers to any more.
    pub stale: Vec<usize>,
}

/// Finds the `findings` that are among `known`, each of which answers for one finding only.
///
/// A finding is known when rule, path and fingerprint agree. Where `is_gone` says that a known finding's function (or
/// file) does not exist any more, it also answers for one of the same fingerprint in another file (a moved function, a
/// renamed file), or of the same code in another function of its file (a renamed function). So a bug that is mended in
/// one place and made again in another one is new, as long as the first place is still there.
pub fn claim(known: &[Known], findings: &[&Finding], mut is_gone: impl FnMut(&Known) -> bool) -> Claims {
    let mut claims = Claims { known: vec![None; findings.len()], stale: Vec::new() };
    let mut open: BTreeMap<(&str, &str, &str), Vec<usize>> = BTreeMap::new();
    for (nth, finding) in findings.iter().enumerate().rev() {
        open.entry((&finding.primary.path, finding.rule.id, &finding.fingerprint)).or_default().push(nth);
    }
    let mut rest = Vec::new();
    for (at, one) in known.iter().enumerate() {
        match open.get_mut(&(one.path.as_str(), one.rule.as_str(), one.fingerprint.as_str())).and_then(Vec::pop) {
            Some(nth) => claims.known[nth] = Some(at),
            None => rest.push(at),
        }
    }
    let mut free: Vec<usize> = (0..findings.len()).filter(|nth| claims.known[*nth].is_none()).collect();
    rest.retain(|at| {
        let stays = !is_gone(&known[*at]);
        claims.stale.extend(stays.then_some(*at));
        !stays
    });
    // The surer likeness first, for all: a renamed function must not take what a moved one left.
    for is_like in [moved, renamed] {
        rest.retain(|at| {
            let slot = free.iter().position(|nth| is_like(&known[*at], findings[*nth]));
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

/// Whether `finding` is the same in another file.
fn moved(known: &Known, finding: &Finding) -> bool {
    known.rule == finding.rule.id && known.fingerprint == finding.fingerprint
}

/// Whether `finding` is the same code in another function of the file.
fn renamed(known: &Known, finding: &Finding) -> bool {
    *finding.primary.path == known.path && known.rule == finding.rule.id && what(&finding.fingerprint) == known.what()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::finding;

    fn known(path: &str, scope: &str, print: &str) -> Known {
        Known { path: path.into(), rule: "fake-call".into(), scope: scope.into(), fingerprint: print.into() }
    }

    fn claimed(known: &[Known], findings: &[Finding], gone: bool) -> (Vec<Option<usize>>, Vec<usize>) {
        let claims = claim(known, &findings.iter().collect::<Vec<_>>(), |_| gone);
        (claims.known, claims.stale)
    }

    #[test]
    fn each_known_finding_answers_for_one() {
        let old = [known("a.py", "f", "v1:1111111122222222")];
        let new = [finding("a.py", "v1:1111111122222222"), finding("a.py", "v1:1111111122222222")];
        assert_eq!(claimed(&old, &new, false), (vec![Some(0), None], vec![]));
    }

    #[test]
    fn moved_and_renamed_places_are_followed_only_when_the_old_one_is_gone() {
        let old = [known("a.py", "f", "v1:1111111122222222")];
        let file = [finding("b.py", "v1:1111111122222222")];
        assert_eq!(claimed(&old, &file, true), (vec![Some(0)], vec![]));
        assert_eq!(claimed(&old, &file, false), (vec![None], vec![0]));
        let function = [finding("a.py", "v1:1111111133333333")];
        assert_eq!(claimed(&old, &function, true), (vec![Some(0)], vec![]));
        assert_eq!(claimed(&old, &function, false), (vec![None], vec![0]));
        let other = [finding("b.py", "v1:1111111133333333")];
        assert_eq!(claimed(&old, &other, true), (vec![None], vec![0]));
    }
}
