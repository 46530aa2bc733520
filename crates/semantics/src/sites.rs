//! The places that take part in a value, shared between the many values that have the same ones.

use crate::value::Origins;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use timelint_diagnostics::Location;

/// A place that takes part in a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// Where.
    pub location: Location,
    /// What it contributes.
    pub origins: Origins,
}

/// At most this many sites are kept for a value: enough to tell its story.
const MAX_SITES: usize = 6;

/// A few places in the order in which they were met. Copies are cheap until one of them changes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sites(Option<Arc<Vec<Site>>>);

impl Sites {
    /// Adds a place unless it is known or there are enough.
    pub fn push(&mut self, site: Site) {
        if self.len() < MAX_SITES && !self.contains(&site) {
            Arc::make_mut(self.0.get_or_insert_default()).push(site);
        }
    }

    /// Adds the places of `other`.
    pub(crate) fn append(&mut self, other: Sites) {
        if self.is_empty() {
            *self = other;
        } else {
            other.iter().for_each(|site| self.push(site.clone()));
        }
    }
}

impl Deref for Sites {
    type Target = [Site];

    fn deref(&self) -> &[Site] {
        self.0.as_ref().map_or(&[], |sites| sites)
    }
}

impl DerefMut for Sites {
    fn deref_mut(&mut self) -> &mut [Site] {
        self.0.as_mut().map_or(&mut [], |sites| Arc::make_mut(sites).as_mut_slice())
    }
}

impl<'a> IntoIterator for &'a Sites {
    type Item = &'a Site;
    type IntoIter = std::slice::Iter<'a, Site>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl IntoIterator for Sites {
    type Item = Site;
    type IntoIter = std::vec::IntoIter<Site>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.map(Arc::unwrap_or_clone).unwrap_or_default().into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use timelint_diagnostics::Span;

    fn site(at: u32) -> Site {
        Site { location: Location::new("a".into(), Span::new(at, at + 1)), origins: Origins::WALL }
    }

    #[test]
    fn copies_change_alone_and_few_places_are_kept_once() {
        let mut first = Sites::default();
        first.push(site(1));
        first.push(site(1));
        let mut second = first.clone();
        (0..20).for_each(|at| second.push(site(at)));
        assert_eq!((first.len(), second.len()), (1, MAX_SITES));
        second[0].origins = Origins::BOTH;
        assert_eq!(first[0].origins, Origins::WALL);
        let mut none = Sites::default();
        none.append(first.clone());
        assert_eq!(none, first);
    }
}
