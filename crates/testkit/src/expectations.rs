//! Expectation comments in fixtures, the same in every language:
//! `want RULE`, `want RULE "substring"`, `step "text"`, `ok RULE: why`, and for known wrong behaviour `miss RULE: why`
//! (should be reported, is not) and `noise RULE: why` (is reported, should not be).
//!
//! A comment speaks of its own line, or of the next code line when it stands alone. Several may be joined by `;;`.

use timelint_diagnostics::{Confidence, Finding, SourceFile};

/// What a comment expects of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expectation {
    /// A finding of this rule at medium confidence or more, whose message, why or help contains the text.
    Want(String, Option<String>),
    /// A label whose message contains the text.
    Step(String),
    /// No finding of this rule at medium confidence or more.
    Ok(String),
    /// A finding is due and does not come: asserted so that a change is noticed.
    Miss(String),
    /// A finding comes and is wrong: asserted so that a change is noticed.
    Noise(String),
}

/// The expectations of a file with their lines (from 1), in order.
pub fn expectations(file: &SourceFile) -> Vec<(u32, Expectation)> {
    let lines: Vec<&str> = file.text.lines().collect();
    let mut all = Vec::new();
    for (i, line) in lines.iter().enumerate() {
        let Some((before, comment)) = split_comment(line) else { continue };
        let own = !before.trim().is_empty();
        let next = || lines.iter().enumerate().skip(i + 1).find(|(_, l)| is_code(l)).map_or(i, |(j, _)| j);
        let target = if own { i } else { next() } as u32 + 1;
        all.extend(comment.split(";;").filter_map(parse).map(|e| (target, e)));
    }
    all
}

fn split_comment(line: &str) -> Option<(&str, &str)> {
    let at = ["// ", "# ", "//", "#"]
        .iter()
        .filter_map(|m| line.rfind(m).map(|i| (i, m.len())))
        .max_by_key(|(i, n)| (*i, *n))?;
    Some((&line[..at.0], line[at.0 + at.1..].trim()))
}

fn is_code(line: &str) -> bool {
    let line = line.trim();
    !line.is_empty() && !line.starts_with("//") && !line.starts_with('#')
}

fn parse(comment: &str) -> Option<Expectation> {
    let comment = comment.trim();
    let (word, rest) = comment.split_once(' ')?;
    let quoted = |s: &str| s.split('"').nth(1).map(str::to_owned);
    let rule = |s: &str| s.split([' ', ':']).next().unwrap_or("").to_owned();
    match word {
        "want" => Some(Expectation::Want(rule(rest), quoted(rest))),
        "step" => quoted(rest).map(Expectation::Step),
        "ok" if rest.contains(':') => Some(Expectation::Ok(rule(rest))),
        "miss" if rest.contains(':') => Some(Expectation::Miss(rule(rest))),
        "noise" if rest.contains(':') => Some(Expectation::Noise(rule(rest))),
        _ => None,
    }
}

/// Differences between what the comments of `file` expect and `findings` (of all rules, any confidence).
pub fn check_expectations(file: &SourceFile, findings: &[Finding]) -> Vec<String> {
    let shown: Vec<&Finding> =
        findings.iter().filter(|f| f.primary.path == file.path && f.confidence >= Confidence::Medium).collect();
    let line_of = |f: &Finding| file.line_column(f.primary.span.start).line;
    let mut used = vec![false; shown.len()];
    let mut trouble = Vec::new();
    let mut take = |line: u32, rule: &str, text: Option<&str>| {
        let at = shown.iter().position(|f| {
            f.rule.id == rule
                && line_of(f) == line
                && text.is_none_or(|t| [&f.message, &f.why, &f.help].iter().any(|s| s.contains(t)))
        });
        if let Some(at) = at {
            used[at] = true;
        }
        at.is_some()
    };
    for (line, expected) in expectations(file) {
        let place = format!("{}:{line}", file.path);
        match expected {
            Expectation::Want(rule, text) => {
                if !take(line, &rule, text.as_deref()) {
                    trouble.push(format!("{place}: want {rule} {}, found none", text.unwrap_or_default()));
                }
            }
            Expectation::Noise(rule) => {
                if !take(line, &rule, None) {
                    trouble.push(format!("{place}: noise {rule} is gone: make it `ok`"));
                }
            }
            Expectation::Ok(rule) => {
                if take(line, &rule, None) {
                    trouble.push(format!("{place}: ok {rule}, but it fires"));
                }
            }
            Expectation::Miss(rule) => {
                if take(line, &rule, None) {
                    trouble.push(format!("{place}: miss {rule} is found now: make it `want`"));
                }
            }
            Expectation::Step(text) => {
                let found = shown.iter().flat_map(|f| &f.labels).any(|l| {
                    l.location.path == file.path
                        && file.line_column(l.location.span.start).line == line
                        && l.message.contains(&text)
                });
                if !found {
                    trouble.push(format!("{place}: no step {text:?}"));
                }
            }
        }
    }
    for (finding, used) in shown.iter().zip(used) {
        if !used {
            trouble.push(format!(
                "{}:{}: unexpected {}: {}",
                file.path,
                line_of(finding),
                finding.rule.id,
                finding.message
            ));
        }
    }
    trouble
}
