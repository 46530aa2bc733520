//! Which lines a suppression comment covers.

use timelint_diagnostics::{SourceFile, Span};
use timelint_model::{FileModel, Kind, NodeId, Role};

type Lines = Vec<(u32, u32)>;

/// The lines of the statement that `comment` speaks of: the one it stands in, or the next one when it stands alone.
pub(super) fn statement(source: &SourceFile, model: &FileModel, comment: Span) -> Lines {
    let file = File { source, model };
    let (first, last) = file.lines(comment);
    if file.has_code(first, comment) || file.has_code(last, comment) { file.around(first) } else { file.after(comment) }
}

struct File<'a> {
    source: &'a SourceFile,
    model: &'a FileModel,
}

impl File<'_> {
    /// First and last line of a span.
    fn lines(&self, span: Span) -> (u32, u32) {
        let last = span.end.max(span.start + 1) - 1;
        (self.source.lines.line(span.start), self.source.lines.line(last))
    }

    /// Whether anything but comments stands on `line`. The braces of a JSX comment are part of it.
    fn has_code(&self, line: u32, comment: Span) -> bool {
        let start = self.source.lines.line_start(line);
        let text = self.source.lines.line_text(&self.source.text, line);
        let mut rest = String::new();
        for (offset, c) in text.char_indices() {
            let at = start + offset as u32;
            let inside = self.model.comments.iter().any(|s| s.start <= at && at < s.end);
            if !inside && !c.is_whitespace() {
                rest.push(c);
            }
        }
        let in_braces = rest == "{}"
            && text.trim_start().starts_with('{')
            && self.source.text[..comment.start as usize].ends_with('{');
        !rest.is_empty() && !in_braces
    }

    /// `line`, and the innermost statement that stands on it.
    fn around(&self, line: u32) -> Lines {
        let mut covered = vec![(line, line)];
        let on_line: Vec<NodeId> = self.statements().filter(|s| self.holds(*s, line)).collect();
        for (at, id) in on_line.iter().enumerate() {
            let is_innermost = on_line.get(at + 1).is_none_or(|next| !self.model.contains(*id, *next));
            if is_innermost {
                covered
                    .extend(self.extent(*id).into_iter().filter(|_| !self.is_compound(*id) || self.in_head(*id, line)));
            }
        }
        covered
    }

    /// The next line with code, and the statement that starts on it.
    fn after(&self, comment: Span) -> Lines {
        let (_, last) = self.lines(comment);
        let Some(line) = (last + 1..=self.source.lines.line_count()).find(|l| self.has_code(*l, comment)) else {
            return Vec::new();
        };
        let mut covered = vec![(line, line)];
        let next = self.statements().find(|s| self.model.span(*s).start >= comment.end);
        if let Some(id) = next {
            let start = self.lines(self.model.span(id)).0;
            // A decorator may stand before what the model calls the statement.
            let decorated = self.source.lines.line_text(&self.source.text, line).trim_start().starts_with('@');
            if start == line || decorated {
                covered.push((line, start));
                covered.extend(self.extent(id));
            }
        }
        covered
    }

    fn statements(&self) -> impl Iterator<Item = NodeId> + '_ {
        self.model.ids().filter(|id| self.is_statement(*id))
    }

    fn is_statement(&self, id: NodeId) -> bool {
        let Some(parent) = self.model.parent(id) else { return false };
        let kind = self.model.kind(id);
        let stands_in = matches!(self.model.kind(parent), Kind::Module | Kind::Block | Kind::Class | Kind::Case);
        let is_body = matches!(self.model.role(id), Role::Body | Role::Then | Role::Else | Role::Case | Role::Catch);
        (stands_in || is_body) && kind != Kind::Block && kind != Kind::Modifier && kind != Kind::Decorator
    }

    fn is_compound(&self, id: NodeId) -> bool {
        use Kind::{Case, Catch, Class, Function, If, Loop, Switch, Try, With};
        matches!(self.model.kind(id), If | Loop | Try | Catch | With | Switch | Case | Function | Class)
    }

    fn holds(&self, id: NodeId, line: u32) -> bool {
        let (first, last) = self.lines(self.model.span(id));
        first <= line && line <= last
    }

    fn in_head(&self, id: NodeId, line: u32) -> bool {
        self.extent(id).iter().any(|(from, to)| (*from..=*to).contains(&line))
    }

    /// The lines of a statement without those of statements inside it.
    fn extent(&self, id: NodeId) -> Lines {
        let (first, last) = self.lines(self.model.span(id));
        if self.is_compound(id) {
            let inner = self.model.descendants(id).find(|d| self.opens_body(*d));
            let head = inner.map_or(last, |d| self.head_end(first, d));
            return vec![(first, head.max(first))];
        }
        let mut covered = Vec::new();
        let mut from = first;
        let mut behind = id;
        for block in self.model.descendants(id).filter(|d| self.model.kind(*d) == Kind::Block) {
            if block < behind {
                continue;
            }
            behind = self.model.end(block);
            let (opens, closes) = self.lines(self.model.span(block));
            covered.push((from, self.head_end(first, block).min(opens)));
            from = closes.max(from);
        }
        covered.push((from, last));
        covered
    }

    fn opens_body(&self, id: NodeId) -> bool {
        self.model.kind(id) == Kind::Block || self.is_statement(id)
    }

    /// The last line before a body: a body in braces opens on the head's last line, any other starts after it.
    fn head_end(&self, first: u32, body: NodeId) -> u32 {
        let span = self.model.span(body);
        let line = self.source.lines.line(span.start);
        let braced = span.text(&self.source.text).starts_with('{');
        if braced || line <= first { line } else { line - 1 }
    }
}
