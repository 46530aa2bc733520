//! What a team says its locks are for.

/// Why a lock is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LockPurpose {
    /// To save work: two holders do it twice, and nothing is harmed.
    Efficiency,
    /// To keep state right: two holders do damage.
    Correctness,
}

/// Locks whose purpose is declared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeclaredLocks {
    /// A key, handle or function; `*` stands for any characters.
    pub pattern: String,
    /// What they are for.
    pub purpose: LockPurpose,
}

impl DeclaredLocks {
    /// Whether the pattern fits all of `text`.
    pub fn fits(&self, text: &str) -> bool {
        let mut parts = self.pattern.split('*').peekable();
        let Some(mut rest) = parts.next().and_then(|first| text.strip_prefix(first)) else { return false };
        if parts.peek().is_none() {
            return rest.is_empty();
        }
        while let Some(part) = parts.next() {
            if parts.peek().is_none() {
                return rest.ends_with(part);
            }
            let Some(at) = rest.find(part) else { return false };
            rest = &rest[at + part.len()..];
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stand_for_anything() {
        let fits = |pattern: &str, text: &str| {
            DeclaredLocks { pattern: pattern.to_owned(), purpose: LockPurpose::Efficiency }.fits(text)
        };
        assert!(fits("cache:*", "cache:user:1") && fits("cache:*", "cache:") && fits("*", "x") && fits("a", "a"));
        assert!(fits("*:lock", "a:lock") && fits("a*c*e", "abcde") && fits("*x*", "axb"));
        assert!(
            !fits("cache:*", "my-cache:1") && !fits("a", "ab") && !fits("*:lock", "a:lock:b") && !fits("a*c", "abd")
        );
    }
}
