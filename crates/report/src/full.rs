//! The report for people: each finding as a story in time, drawn into the source.

use crate::concise::{finding_line, more_lines, note_line, shown};
use crate::excerpt::{CONTEXT, Excerpt, Wish};
use crate::text::{DIM, clip, indented, one_line, paint, paragraph, visible};
use crate::{Reporter, TextOptions, footer, position};
use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, SourceCode};
use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, BufWriter, Write};
use timelint_diagnostics::{Edit, Finding, Fix, Report};

/// Findings of one rule in one file up to which all are shown in full.
const REPEATS: usize = 5;
/// How many are shown in full where there are more.
const SHOWN: usize = 3;
/// Characters of a replaced or new text that are shown.
const EDIT_CHARS: usize = 60;

/// The graphical format: position and message, snippet with numbered steps, reason, way out, confidence.
#[derive(Debug, Clone, Copy, Default)]
pub struct Full {
    options: TextOptions,
}

impl Full {
    /// A reporter with these options.
    pub fn new(options: TextOptions) -> Self {
        Self { options }
    }
}

impl Reporter for Full {
    fn write(&self, report: &Report, out: &mut dyn Write) -> io::Result<()> {
        let mut out = BufWriter::new(out);
        let page = Page { report, options: self.options, handler: handler(&self.options) };
        let mut repeats = Repeats::new(report);
        let mut after_line = false;
        for finding in shown(report, &self.options) {
            let in_full = repeats.in_full(finding);
            if after_line && in_full {
                writeln!(out)?;
            }
            let text = if in_full { page.block(finding) } else { page.head(finding) };
            writeln!(out, "{text}")?;
            after_line = !in_full;
        }
        if after_line {
            writeln!(out)?;
        }
        let more = more_lines(report, &self.options);
        for line in &more {
            writeln!(out, "{line}")?;
        }
        if !more.is_empty() {
            writeln!(out)?;
        }
        for note in &report.notes {
            writeln!(out, "{}", note_line(note, &self.options))?;
        }
        if !report.notes.is_empty() {
            writeln!(out)?;
        }
        for line in footer::lines(report, &self.options) {
            writeln!(out, "{line}")?;
        }
        out.flush()
    }
}

fn handler(options: &TextOptions) -> GraphicalReportHandler {
    let theme = match (options.unicode, options.color) {
        (true, true) => GraphicalTheme::unicode(),
        (true, false) => GraphicalTheme::unicode_nocolor(),
        (false, true) => GraphicalTheme::ascii(),
        (false, false) => GraphicalTheme::none(),
    };
    GraphicalReportHandler::new_themed(theme)
        .without_syntax_highlighting()
        .with_links(false)
        .with_wrap_lines(false)
        .with_context_lines(CONTEXT)
}

/// Counts how often a rule has spoken in a file.
struct Repeats<'r> {
    /// Per path and rule: how many findings there are, and how many were printed.
    counts: BTreeMap<(&'r str, &'r str), (usize, usize)>,
}

impl<'r> Repeats<'r> {
    fn new(report: &'r Report) -> Self {
        let mut counts = BTreeMap::new();
        for finding in &report.findings {
            counts.entry(key(finding)).or_insert((0, 0)).0 += 1;
        }
        Self { counts }
    }

    /// Whether `finding`, the next to be printed, is shown in full.
    fn in_full(&mut self, finding: &'r Finding) -> bool {
        let Some((all, printed)) = self.counts.get_mut(&key(finding)) else { return true };
        *printed += 1;
        *all <= REPEATS || *printed <= SHOWN
    }
}

fn key(finding: &Finding) -> (&str, &str) {
    (&finding.primary.path, finding.rule.id)
}

struct Page<'r> {
    report: &'r Report,
    options: TextOptions,
    handler: GraphicalReportHandler,
}

impl Page<'_> {
    fn head(&self, finding: &Finding) -> String {
        finding_line(self.report, finding, &self.options, ": ")
    }

    /// Everything about one finding.
    fn block(&self, finding: &Finding) -> String {
        let width = self.options.width.max(40);
        let mut out = self.head(finding);
        out.push('\n');
        out += &self.snippets(finding);
        if !finding.why.trim().is_empty() {
            out += &paragraph("  why: ", &finding.why, width);
        }
        if !finding.help.trim().is_empty() {
            out += &paragraph("  fix: ", &finding.help, width);
        }
        for fix in &finding.fixes {
            out += &self.fix(fix, width);
        }
        let dot = if self.options.unicode { "·" } else { "-" };
        let last = format!("  confidence: {} {dot} timelint explain {}", finding.confidence.name(), finding.rule.id);
        out += &paint(self.options.color, DIM, &last);
        out.push('\n');
        out
    }

    /// The finding's own file, then the others in the order in which the story reaches them.
    fn snippets(&self, finding: &Finding) -> String {
        let own = &*finding.primary.path;
        let mut wishes = wishes_by_file(finding);
        let mut out = String::new();
        for (path, wishes) in &mut wishes {
            if *path == own {
                mark_primary(finding, wishes);
                out.insert_str(0, &self.snippet(path, wishes));
                continue;
            }
            let Some(first) = wishes.first() else { continue };
            let at = position::line_column(self.report, path, first.span.start);
            let place = format!("and in {}:{}:{}", visible(path), at.line, at.column);
            out += &indented("  ", std::iter::once(&*place).chain(self.snippet(path, wishes).lines()));
        }
        out
    }

    fn snippet(&self, path: &str, wishes: &[Wish]) -> String {
        let Some(file) = position::source(self.report, path) else {
            return indented("    ", wishes.iter().filter_map(|wish| wish.text.as_deref()));
        };
        let room = self.options.width.max(60).saturating_sub(12);
        let (source, marks) = Excerpt::new(file, wishes, room, if self.options.unicode { '…' } else { '~' });
        let labels = marks
            .into_iter()
            .map(|mark| {
                let span = mark.range;
                if mark.primary {
                    LabeledSpan::new_primary_with_span(mark.text, span)
                } else {
                    LabeledSpan::new_with_span(mark.text, span)
                }
            })
            .collect();
        let mut drawn = String::new();
        // Writing to a string does not fail; a snippet that cannot be drawn is left out, the rest still stands.
        if self.handler.render_report(&mut drawn, &Snippet { source, labels }).is_err() {
            return String::new();
        }
        // The first line is miette's message, which stands in the head already.
        let body = drawn.split_once('\n').map_or("", |(_, body)| body);
        indented("", body.lines())
    }

    fn fix(&self, fix: &Fix, width: usize) -> String {
        let mut out = String::new();
        let title = format!("{} ({})", fix.title.trim(), fix.applicability.name());
        out += &paragraph("       edit: ", &title, width);
        for edit in &fix.edits {
            out += &indented("         ", [&*self.edit(edit)]);
        }
        out
    }

    fn edit(&self, edit: &Edit) -> String {
        let at = position::start(self.report, &edit.location);
        let place = format!("{}:{}:{}", visible(&edit.location.path), at.line, at.column);
        let source = position::source(self.report, &edit.location.path);
        let old = self.quote(source.map_or("", |file| edit.location.span.text(&file.text)));
        let new = self.quote(&edit.text);
        let arrow = if self.options.unicode { "→" } else { "->" };
        match (edit.location.span.start >= edit.location.span.end, edit.text.is_empty()) {
            (true, _) => format!("{place}: insert {new}"),
            (false, true) => format!("{place}: delete {old}"),
            (false, false) => format!("{place}: {old} {arrow} {new}"),
        }
    }

    fn quote(&self, code: &str) -> String {
        format!("`{}`", clip(&one_line(code), EDIT_CHARS, if self.options.unicode { "…" } else { "~" }))
    }
}

/// What to mark, per file, in the order in which the story reaches the files.
fn wishes_by_file(finding: &Finding) -> Vec<(&str, Vec<Wish>)> {
    let mut files: Vec<(&str, Vec<Wish>)> = vec![(&finding.primary.path, Vec::new())];
    let numbered = finding.labels.len() > 1;
    for (nth, label) in finding.labels.iter().enumerate() {
        let message = one_line(&label.message);
        let text = if numbered { format!("{} {message}", nth + 1) } else { message };
        let wish = Wish { text: Some(text), span: label.location.span, primary: label.location == finding.primary };
        match files.iter_mut().find(|(path, _)| *path == &*label.location.path) {
            Some((_, wishes)) => wishes.push(wish),
            None => files.push((&label.location.path, vec![wish])),
        }
    }
    files
}

/// Sees to it that the primary span is marked, if only by an underline.
fn mark_primary(finding: &Finding, wishes: &mut Vec<Wish>) {
    if !wishes.iter().any(|wish| wish.primary) {
        wishes.push(Wish { text: None, span: finding.primary.span, primary: true });
    }
}

/// One file's part of a finding, as miette wants it; the message is empty since the head says it.
#[derive(Debug)]
struct Snippet {
    source: Excerpt,
    labels: Vec<LabeledSpan>,
}

impl fmt::Display for Snippet {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ok(())
    }
}

impl std::error::Error for Snippet {}

impl Diagnostic for Snippet {
    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.source)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.labels.iter().cloned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{at, finding, hostile, render, report, sample};

    #[test]
    fn tells_the_story() {
        let expected = "\
src/lease.go:3:5 warning[lease-check-then-act]: lease checked here, used later without a fence
   ╭─[3:5]
 2 │ func flush() {
 3 │     if m.lease.Valid() {
   ·        ───────┬───────
   ·               ╰── 1 validity is read from the local clock
 4 │         // GC may run here
 5 │         return m.store.Put(key, val)
   ·                ──────────┬──────────
   ·                          ╰── 2 write carries no token
 6 │     }
   ╰────
  and in src/store.go:3:6
     ╭─[3:6]
   2 │
   3 │ func Put(k, v string) {}
     ·      ────────┬───────
     ·              ╰── 3 accepts any writer
     ╰────
  why: a pause of any length may sit between 1 and 2
  fix: pass the lease's fencing token and let the store refuse older tokens
       edit: pass the token (unsafe)
         src/lease.go:5:22: `key, val` → `key, val, token`
  confidence: high · timelint explain lease-check-then-act

src/lease.go:5:10 error[unfenced-lock]: lock is held on the word of a clock
   ╭─[5:10]
 4 │         // GC may run here
 5 │         return m.store.Put(key, val)
   ·                ───────
 6 │     }
   ╰────
  why: a pause of any length may sit between 1 and 2
  fix: pass the lease's fencing token and let the store refuse older tokens
  confidence: medium · timelint explain unfenced-lock

src/broken.go:7 info[parse-error] skipped 3 lines

2 findings in 1 file: 1 error, 1 warning (2 at or above --fail-on warning)
checked 2 files (go 2) with 2 rules
1 fixable with --unsafe-fixes
";
        assert_eq!(render(&Full::default(), &sample()), expected);
    }

    #[test]
    fn ascii_without_colour_is_ascii() {
        let options = TextOptions { unicode: false, ..TextOptions::default() };
        let text = render(&Full::new(options), &sample());
        assert!(text.is_ascii(), "{text}");
        let options = TextOptions { color: true, ..TextOptions::default() };
        assert!(render(&Full::new(options), &sample()).contains("\x1b[35;1m"));
    }

    #[test]
    fn many_findings_of_one_rule_are_shortened_but_all_there() {
        let text = "a()\n".repeat(6);
        let findings = |n: u32| {
            (0..n).map(|i| {
                let mut found = finding(at("a.py", &text, "a()"));
                found.primary.span.start += 4 * i;
                found.primary.span.end += 4 * i;
                found
            })
        };
        let six = render(&Full::default(), &report("a.py", &text, findings(6).collect()));
        assert_eq!(six.matches("  why: ").count(), 3);
        assert_eq!(six.lines().filter(|line| line.starts_with("a.py:")).count(), 6);
        let five = render(&Full::default(), &report("a.py", &text, findings(5).collect()));
        assert_eq!(five.matches("  why: ").count(), 5);
    }

    #[test]
    fn hostile_text_stays_harmless_and_narrow() {
        for report in hostile() {
            for unicode in [true, false] {
                let options = TextOptions { unicode, width: 0, ..TextOptions::default() };
                let text = render(&Full::new(options), &report);
                assert!(!text.contains(['\x1b', '\u{202e}', '\u{2066}', '\r', '\t', '\x07']), "{text}");
                assert!(!text.contains("OutOfBounds"), "{text}");
                assert!(text.lines().all(|line| line.chars().count() < 200), "{text}");
            }
        }
    }

    #[test]
    fn a_clean_report_is_one_line() {
        let text = render(&Full::default(), &report("a.py", "", vec![]));
        assert_eq!(text, "no findings: checked 0 files with 2 rules\n");
    }
}
