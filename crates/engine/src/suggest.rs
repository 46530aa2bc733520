//! "Did you mean".

/// The candidate that is most like `word`, if any is like it at all.
pub fn did_you_mean<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let wanted = word.to_ascii_lowercase().replace('_', "-");
    let mut best: Option<(&str, f64)> = None;
    for candidate in candidates {
        let score = strsim::normalized_damerau_levenshtein(&wanted, candidate)
            .max(strsim::jaro_winkler(&wanted, candidate) - 0.25);
        if score >= 0.6 && best.is_none_or(|(_, s)| score > s) {
            best = Some((candidate, score));
        }
    }
    best.map(|(candidate, _)| candidate)
}

/// `: did you mean ...?`, or the candidates where there are few, or nothing.
pub(crate) fn hint(word: &str, candidates: &[&str]) -> String {
    if let Some(best) = did_you_mean(word, candidates.iter().copied()) {
        return format!(": did you mean `{best}`?");
    }
    if candidates.is_empty() || candidates.len() > 12 {
        return String::new();
    }
    let list: Vec<String> = candidates.iter().map(|c| format!("`{c}`")).collect();
    format!(": expected one of {}", list.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_words_are_found_and_far_ones_are_not() {
        let names = ["unfenced-lock", "missing-timeout", "clock", "all"];
        assert_eq!(did_you_mean("unfenced_lock", names), Some("unfenced-lock"));
        assert_eq!(did_you_mean("unfenced-lok", names), Some("unfenced-lock"));
        assert_eq!(did_you_mean("clocks", names), Some("clock"));
        assert_eq!(did_you_mean("banana", names), None);
    }

    #[test]
    fn a_hint_names_the_nearest_or_the_few_choices() {
        assert_eq!(hint("hig", &["low", "medium", "high"]), ": did you mean `high`?");
        assert_eq!(hint("zzz", &["low", "high"]), ": expected one of `low`, `high`");
        assert_eq!(hint("zzz", &[]), "");
    }
}
