//! Values of options, the same in the file and on the command line.

use crate::settings::FailOn;
use crate::suggest::hint;
use timelint_diagnostics::{Confidence, Severity};

/// A size in bytes: `500000`, `500 KB`, `2 MiB`.
pub fn parse_size(text: &str) -> Option<u64> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '_').unwrap_or(text.len());
    let number: u64 = text[..digits].replace('_', "").parse().ok()?;
    let unit = match text[digits..].trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "kb" => 1000,
        "kib" | "k" => 1024,
        "mb" => 1_000_000,
        "mib" | "m" => 1024 * 1024,
        "gb" => 1_000_000_000,
        "gib" | "g" => 1024 * 1024 * 1024,
        _ => return None,
    };
    number.checked_mul(unit)
}

pub(super) fn confidence(text: &str) -> Result<Confidence, String> {
    named(text, "confidence", &Confidence::ALL, Confidence::name)
}

pub(super) fn severity(text: &str) -> Result<Severity, String> {
    named(text, "severity", &Severity::ALL, Severity::name)
}

pub(super) fn fail_on(text: &str) -> Result<FailOn, String> {
    named(text, "level", &FailOn::ALL, FailOn::name)
}

fn named<T: Copy>(text: &str, what: &str, all: &[T], name: impl Fn(T) -> &'static str) -> Result<T, String> {
    let found = all.iter().copied().find(|v| name(*v) == text);
    found.ok_or_else(|| {
        let names: Vec<&str> = all.iter().map(|v| name(*v)).collect();
        format!("there is no {what} `{text}`{}", hint(text, &names))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_units() {
        assert_eq!(parse_size("500_000"), Some(500_000));
        assert_eq!(parse_size("2 MiB"), Some(2 << 20));
        assert_eq!(parse_size("64KB"), Some(64_000));
        assert_eq!(parse_size("2 parsecs"), None);
        assert_eq!(parse_size("MiB"), None);
        assert_eq!(parse_size("99999999999 GiB"), None);
    }

    #[test]
    fn words_are_matched_or_suggested() {
        assert_eq!(confidence("low"), Ok(Confidence::Low));
        assert_eq!(fail_on("never"), Ok(FailOn::Never));
        assert_eq!(severity("eror"), Err("there is no severity `eror`: did you mean `error`?".into()));
    }
}
