//! Suppression comments.
//!
//! `timelint: ignore[rule, family] -- reason` in any comment of any language. After code it covers that line's
//! statement, alone on its line the next statement; of a statement with a body (`if`, a loop, a function) it covers
//! the head only. `ignore-file[...]` covers the file, `ignore-start[...]` to `ignore-end[...]` the lines between.
//! A comment without a reason still works, and is reported; so are unknown names, malformed comments, and names that
//! match no finding of a rule that ran.

mod cover;
mod directive;

use crate::selector::{Names, Selector};
use directive::{Directive, Verb};
use timelint_diagnostics::{Note, NoteKind, RuleMeta, SourceFile};
use timelint_model::FileModel;

/// One selector of one comment, with the lines (from 1, both ends inclusive) that it covers.
struct Suppression {
    selector: Selector,
    written: String,
    line: u32,
    covers: Vec<(u32, u32)>,
    used: bool,
}

/// The suppression comments of one file.
pub(crate) struct Suppressions {
    all: Vec<Suppression>,
    notes: Vec<Note>,
    path: std::sync::Arc<str>,
}

impl Suppressions {
    /// Reads the comments of `model`, lowered from `source`.
    pub(crate) fn read(source: &SourceFile, model: &FileModel, names: &Names) -> Self {
        let mut found = Self { all: Vec::new(), notes: Vec::new(), path: source.path.clone() };
        let mut open: Vec<Suppression> = Vec::new();
        for span in &model.comments {
            let text = span.text(&source.text);
            if memchr::memmem::find(text.as_bytes(), directive::MARK.as_bytes()).is_none() {
                continue;
            }
            for (offset, read) in directive::read(text) {
                let line = source.lines.line(span.start + offset as u32);
                match read {
                    Ok(directive) => {
                        let covers = match directive.verb {
                            Verb::Statement => cover::statement(source, model, *span),
                            Verb::File => vec![(1, u32::MAX)],
                            Verb::Start | Verb::End => Vec::new(),
                        };
                        found.add(&directive, line, &covers, names, &mut open);
                    }
                    Err(message) => found.note(line, message),
                }
            }
        }
        for mut rest in open {
            found.note(
                rest.line,
                format!("`ignore-start[{0}]` has no `ignore-end[{0}]`: it covers the rest of the file", rest.written),
            );
            rest.covers.push((rest.line, u32::MAX));
            found.all.push(rest);
        }
        found
    }

    fn add(
        &mut self,
        directive: &Directive<'_>,
        line: u32,
        covers: &[(u32, u32)],
        names: &Names,
        open: &mut Vec<Suppression>,
    ) {
        if let Some(complaint) = directive.complaint() {
            self.note(line, complaint);
        }
        for written in &directive.names {
            let selector = match names.selector(written) {
                Ok(selector) => selector,
                Err(hint) => {
                    self.note(line, format!("no rule, family or group is called `{written}`{hint}"));
                    continue;
                }
            };
            let covers = covers.to_vec();
            let suppression = Suppression { selector, written: (*written).to_owned(), line, covers, used: false };
            match directive.verb {
                Verb::Statement | Verb::File => self.all.push(suppression),
                Verb::Start => open.push(suppression),
                Verb::End => match open.iter().rposition(|s| s.selector == selector) {
                    Some(at) => {
                        let mut started = open.remove(at);
                        started.covers.push((started.line, line));
                        self.all.push(started);
                    }
                    None => self
                        .note(line, format!("`ignore-end[{written}]` without an `ignore-start[{written}]` before it")),
                },
            }
        }
    }

    fn note(&mut self, line: u32, message: String) {
        self.notes.push(Note { path: self.path.clone(), line: Some(line), kind: NoteKind::Suppression, message });
    }

    /// The line of the comment that covers a finding of `rule` on `line`. All comments that cover it count as used.
    pub(crate) fn cover(&mut self, rule: &RuleMeta, line: u32) -> Option<u32> {
        let mut first = None;
        for one in &mut self.all {
            if one.selector.covers(rule) && one.covers.iter().any(|(from, to)| (*from..=*to).contains(&line)) {
                one.used = true;
                first = first.or(Some(one.line));
            }
        }
        first
    }

    /// What is wrong with the comments. A name is called unused only when all rules behind it ran.
    pub(crate) fn notes(mut self, ran: impl Fn(&RuleMeta) -> bool, names: &Names) -> Vec<Note> {
        for one in std::mem::take(&mut self.all) {
            let judged = names.rules().iter().filter(|r| one.selector.covers(r)).all(|r| ran(r));
            if !one.used && judged {
                self.note(one.line, format!("nothing is suppressed by `{}` here: remove it", one.written));
            }
        }
        self.notes
    }
}

#[cfg(test)]
mod tests;
