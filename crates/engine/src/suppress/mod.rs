//! Suppression comments.
//!
//! `timelint: ignore[rule, family] until=2027-06-30 -- reason` in any comment of any language. After code it covers that
//! line's statement, alone on its line the next statement; of a statement with a body (`if`, a loop, a function) it
//! covers the head only. `ignore-file[...]` covers the file, `ignore-start[...]` to `ignore-end[...]` the lines between.
//! A comment without a reason still works, and is reported; so are comments whose day has passed, unknown names,
//! malformed comments, and names that match no finding of a rule that ran.

mod cover;
mod directive;
mod others;
mod remove;
mod rules;

use crate::day::Day;
use crate::selector::{Names, Selector};
use directive::{Directive, Verb};
use std::sync::Arc;
use timelint_diagnostics::{
    Applicability, Confidence, Edit, Family, Finding, Fix, Label, Location, RuleMeta, SourceFile, Span,
};
use timelint_model::FileModel;

pub use rules::SUPPRESSION_RULES;

/// One selector of one comment, with the lines (from 1, both ends inclusive) that it covers.
struct Suppression {
    selector: Selector,
    written: String,
    reason: Option<Arc<str>>,
    /// Where the name stands.
    place: Span,
    line: u32,
    covers: Vec<(u32, u32)>,
    /// What removes the name again.
    removal: Option<Edit>,
    used: bool,
}

/// A comment to another linter: the rule here that it speaks of, its line, the lines that it covers.
struct Known {
    rule: &'static str,
    line: u32,
    covers: Vec<(u32, u32)>,
}

/// The suppression comments of one file.
pub(crate) struct Suppressions<'s> {
    source: &'s SourceFile,
    all: Vec<Suppression>,
    /// Comments to other linters that say that somebody knows.
    known: Vec<Known>,
    complaints: Vec<Finding>,
}

impl<'s> Suppressions<'s> {
    /// Reads the comments of `model`, lowered from `source`. Those that ended before `today` do not count.
    pub(crate) fn read(source: &'s SourceFile, model: &FileModel, names: &Names, today: Option<Day>) -> Self {
        let mut found = Self { source, all: Vec::new(), known: Vec::new(), complaints: Vec::new() };
        let mut open: Vec<Suppression> = Vec::new();
        for span in &model.comments {
            let text = span.text(&source.text);
            if let Some(rule) = others::acknowledged(text) {
                let line = source.lines.line(span.start);
                found.known.push(Known { rule, line, covers: cover::statement(source, model, *span) });
            }
            if memchr::memmem::find(text.as_bytes(), directive::MARK.as_bytes()).is_none() {
                continue;
            }
            for (offset, read) in directive::read(text) {
                let at = span.start + offset as u32;
                let place = Span::new(at, at + line_end(&text[offset..]));
                match read {
                    Ok(directive) => {
                        if let Some(day) = directive.until.filter(|day| today.is_some_and(|today| *day < today)) {
                            let message = format!("this suppression ended on {day}: what it covered is reported again");
                            found.complain(&rules::EXPIRED, place, message, None);
                            continue;
                        }
                        let covers = match directive.verb {
                            Verb::Statement => cover::statement(source, model, *span),
                            Verb::File => vec![(1, u32::MAX)],
                            Verb::Start | Verb::End => Vec::new(),
                        };
                        let comment = Comment { span: *span, place, covers };
                        found.add(&directive, &comment, names, &mut open);
                    }
                    Err(message) => found.complain(&rules::UNKNOWN, place, message, None),
                }
            }
        }
        for mut rest in open {
            let message =
                format!("`ignore-start[{0}]` has no `ignore-end[{0}]`: it covers the rest of the file", rest.written);
            found.complain(&rules::UNKNOWN, rest.place, message, None);
            rest.covers.push((rest.line, u32::MAX));
            found.all.push(rest);
        }
        found
    }

    fn add(&mut self, directive: &Directive<'_>, comment: &Comment, names: &Names, open: &mut Vec<Suppression>) {
        let line = self.source.lines.line(comment.place.start);
        if let Some(complaint) = directive.complaint() {
            self.complain(&rules::WITHOUT_REASON, comment.place, complaint, None);
        }
        for (nth, written) in directive.names.iter().enumerate() {
            let place = comment.name(&self.source.text, written, nth);
            let is_whole = matches!(directive.verb, Verb::Statement | Verb::File);
            let removal = if is_whole { remove::name(self.source, comment.span, comment.place, place) } else { None };
            let selector = match names.selector(written) {
                Ok(selector) => selector,
                Err(hint) => {
                    let fix = self.correction(place, &hint, removal);
                    let message = format!("no rule, family or group is called `{written}`{hint}");
                    self.complain(&rules::UNKNOWN, place, message, fix);
                    continue;
                }
            };
            let written = (*written).to_owned();
            let covers = comment.covers.clone();
            let reason = directive.reason.filter(|r| !r.is_empty()).map(Arc::from);
            let suppression = Suppression { selector, written, reason, place, line, covers, removal, used: false };
            match directive.verb {
                Verb::Statement | Verb::File => self.all.push(suppression),
                Verb::Start => open.push(suppression),
                Verb::End => self.close(&suppression, line, open),
            }
        }
    }

    fn close(&mut self, end: &Suppression, line: u32, open: &mut Vec<Suppression>) {
        if let Some(at) = open.iter().rposition(|s| s.selector == end.selector) {
            let mut started = open.remove(at);
            started.covers.push((started.line, line));
            self.all.push(started);
        } else {
            let name = &end.written;
            let message = format!("`ignore-end[{name}]` without an `ignore-start[{name}]` before it");
            self.complain(&rules::UNKNOWN, end.place, message, None);
        }
    }

    /// The name that was meant, or no name.
    fn correction(&self, place: Span, hint: &str, removal: Option<Edit>) -> Option<Fix> {
        match hint.strip_prefix(": did you mean `").and_then(|rest| rest.split('`').next()) {
            Some(meant) => Some(Fix {
                title: format!("write `{meant}`"),
                applicability: Applicability::Unsafe,
                edits: vec![Edit { location: Location::new(self.source.path.clone(), place), text: meant.to_owned() }],
            }),
            None => removal.map(removing),
        }
    }

    fn complain(&mut self, rule: &'static RuleMeta, place: Span, message: String, fix: Option<Fix>) {
        let primary = Location::new(self.source.path.clone(), place);
        self.complaints.push(Finding {
            rule,
            severity: rule.severity,
            confidence: Confidence::High,
            labels: vec![Label { message: "this comment".to_owned(), location: primary.clone() }],
            primary,
            message,
            why: rule.mechanism.to_owned(),
            help: String::new(),
            evidence: Vec::new(),
            fixes: fix.into_iter().collect(),
            scope: String::new(),
            fingerprint: String::new(),
        });
    }

    /// Line and reason of the comment that covers a finding of `rule` on `line`. All comments that cover it count as used.
    pub(crate) fn cover(&mut self, rule: &RuleMeta, line: u32) -> Option<(u32, Option<Arc<str>>)> {
        let mut first = None;
        for one in &mut self.all {
            if one.selector.covers(rule) && one.covers.iter().any(|(from, to)| (*from..=*to).contains(&line)) {
                one.used = true;
                first = first.or_else(|| Some((one.line, one.reason.clone())));
            }
        }
        let covers = |k: &&Known| k.rule == rule.id && k.covers.iter().any(|(from, to)| (*from..=*to).contains(&line));
        let known = self.known.iter().find(covers);
        first
            .or_else(|| known.map(|k| (k.line, Some(Arc::from("a comment to another linter says that this is known")))))
    }

    /// What is wrong with the comments, in source order. A name is called unused only when all rules behind it ran.
    pub(crate) fn complaints(mut self, ran: impl Fn(&RuleMeta) -> bool, names: &Names) -> Vec<Finding> {
        for one in std::mem::take(&mut self.all) {
            let behind = names.rules().iter().filter(|r| r.family != Family::Suppression && one.selector.covers(r));
            if !one.used && behind.copied().all(&ran) {
                let message = format!("nothing is suppressed by `{}` here", one.written);
                self.complain(&rules::UNUSED, one.place, message, one.removal.map(removing));
            }
        }
        self.complaints.sort_by_key(|c| (c.primary.span, c.rule.id));
        self.complaints
    }
}

fn removing(edit: Edit) -> Fix {
    Fix { title: "remove what suppresses nothing".to_owned(), applicability: Applicability::Safe, edits: vec![edit] }
}

/// A directive in its comment.
struct Comment {
    span: Span,
    place: Span,
    covers: Vec<(u32, u32)>,
}

impl Comment {
    /// Where the `nth` name of the list stands; the whole directive where it cannot be told.
    fn name(&self, text: &str, written: &str, nth: usize) -> Span {
        let list = self.place.text(text);
        let open = list.find('[').map_or(0, |at| at + 1);
        let before: usize = list[open..].split(',').take(nth).map(|part| part.len() + 1).sum();
        let from = open + before;
        match list.get(from..).and_then(|rest| rest.find(written)) {
            Some(at) => {
                let start = self.place.start + (from + at) as u32;
                Span::new(start, start + written.len() as u32)
            }
            None => self.place,
        }
    }
}

/// Where the directive that `text` starts with ends: with its line, without the comment's own end.
fn line_end(text: &str) -> u32 {
    let line = text.lines().next().unwrap_or("");
    line.trim_end().trim_end_matches("*/").trim_end().len() as u32
}

#[cfg(test)]
mod tests;
