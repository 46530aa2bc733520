//! The map step: one file is read, judged, parsed, lowered and summarised.

use crate::error::describe;
use crate::gate::{self, SkipReason};
use crate::knowledge::Knowledge;
use crate::panics::guard;
use crate::policy::Policy;
use crate::read::{self, Place};
use crate::settings::Settings;
use crate::test_code::uses_test_library;
use crate::walk::Candidate;
use std::cell::RefCell;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use timelint_diagnostics::{LineIndex, Note, NoteKind};
use timelint_model::FileModel;
use timelint_semantics::{FileSummary, summarize};
use timelint_syntax::{Language, Pack, Parser, lower};

/// Bytes of models that are kept from the map step until rules run; the others are lowered a second time.
const MODEL_BUDGET: usize = 320 * 1024 * 1024;

/// What the map step made of a file.
pub(crate) enum Mapped {
    /// Not analysed.
    Skipped(Candidate, SkipReason, Option<Note>),
    /// Analysed.
    Lowered(Box<Lowered>),
}

/// A file between the two steps.
pub(crate) struct Lowered {
    pub(crate) file: Candidate,
    /// Taken by the reduce step.
    pub(crate) summary: Option<FileSummary>,
    /// Absent when no rule can report here, or when the budget is spent.
    pub(crate) model: Option<FileModel>,
    /// Whether rules or suppression comments need the model.
    pub(crate) needed: bool,
    /// Whether the text may hold suppression comments.
    pub(crate) has_directives: bool,
    pub(crate) note: Option<Note>,
}

/// How many bytes of models are kept.
#[derive(Default)]
pub(crate) struct Budget {
    used: AtomicUsize,
}

impl Budget {
    fn takes(&self, bytes: usize) -> bool {
        if self.used.fetch_add(bytes, Ordering::Relaxed) + bytes <= MODEL_BUDGET {
            return true;
        }
        self.used.fetch_sub(bytes, Ordering::Relaxed);
        false
    }
}

/// Runs the map step on one file.
pub(crate) fn map(mut file: Candidate, knowledge: &Knowledge, settings: &Settings, budget: &Budget) -> Mapped {
    let own = file.settings(settings);
    let quiet = file.is_test && !Policy::new(own, &file.absolute).includes_tests();
    if quiet && !settings.explains(&file.absolute) {
        return Mapped::Skipped(file, SkipReason::TestCode, None);
    }
    let text = match gated_text(&file, own) {
        Ok(text) => text,
        Err((reason, message)) => {
            let kind = if reason == SkipReason::TooLarge { NoteKind::TooLarge } else { NoteKind::Unreadable };
            let note = message.map(|m| note(&file, None, kind, m));
            return Mapped::Skipped(file, reason, note);
        }
    };
    let done = guard(|| {
        let model = model(knowledge, file.language, &text)?;
        let catalog = knowledge.catalog(file.language).map_err(|e| e.to_string())?;
        let summary = summarize(catalog, &file.path, &model);
        let is_test = file.is_test || !file.is_named && uses_test_library(&model);
        let summary = if is_test { summary.without_values() } else { summary };
        Ok::<_, String>((model, summary, is_test))
    });
    match done {
        Ok(Ok((model, summary, is_test))) => {
            file.is_test = is_test;
            let note = parse_errors(&file, &model, &text);
            let has_directives = memchr::memmem::find(text.as_bytes(), b"timelint:").is_some();
            let needed = summary.is_relevant() || has_directives || settings.explains(&file.absolute);
            let keep = needed && budget.takes(model.heap_bytes());
            let model = keep.then_some(model);
            Mapped::Lowered(Box::new(Lowered { file, summary: Some(summary), model, needed, has_directives, note }))
        }
        Ok(Err(message)) | Err(message) => {
            let note = internal(&file, &message);
            Mapped::Skipped(file, SkipReason::InternalError, Some(note))
        }
    }
}

/// The note on a file whose analysis failed inside timelint.
pub(crate) fn internal(file: &Candidate, message: &str) -> Note {
    let text = format!("timelint failed on this file and says nothing about it: {message}; please report this");
    note(file, None, NoteKind::InternalError, text)
}

fn note(file: &Candidate, line: Option<u32>, kind: NoteKind, message: String) -> Note {
    Note { path: file.path.clone(), line, kind, message }
}

fn gated_text(file: &Candidate, settings: &Settings) -> Result<Arc<str>, (SkipReason, Option<String>)> {
    let name = Path::new(&*file.path).file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned());
    if let Some(reason) = gate::by_name(&name) {
        return Err((reason, None));
    }
    let bytes = match &file.place {
        Place::Memory(text) => {
            check_size(text.len() as u64, settings)?;
            return gate::by_content(text.as_bytes()).map_or(Ok(text.clone()), |reason| Err((reason, None)));
        }
        Place::Disk => {
            let unreadable =
                |e: std::io::Error| (SkipReason::Unreadable, Some(format!("cannot be read: {}", describe(&e))));
            check_size(std::fs::metadata(&file.absolute).map_err(unreadable)?.len(), settings)?;
            read::bytes(&file.absolute).map_err(unreadable)?
        }
    };
    match gate::by_content(&bytes) {
        Some(reason) => Err((reason, None)),
        None => Ok(read::decode(bytes).into()),
    }
}

fn check_size(bytes: u64, settings: &Settings) -> Result<(), (SkipReason, Option<String>)> {
    // Positions in a file are 32 bits wide.
    let limit = settings.max_file_size.min(u64::from(u32::MAX / 2));
    if bytes <= limit {
        return Ok(());
    }
    let message = format!("not analysed: {bytes} bytes are over the limit of {limit}; raise it with --max-file-size");
    Err((SkipReason::TooLarge, Some(message)))
}

fn parse_errors(file: &Candidate, model: &FileModel, text: &str) -> Option<Note> {
    let first = model.errors.iter().min()?;
    let count = model.errors.len();
    let places = if count == 1 { "one place".to_owned() } else { format!("{count} places") };
    let message = format!("{places} could not be parsed; findings there may be missing");
    Some(note(file, Some(LineIndex::new(text).line(first.start)), NoteKind::ParseError, message))
}

/// The text of a file that was read before; it may have changed since, or be gone.
pub(crate) fn reread(file: &Candidate) -> Result<Arc<str>, String> {
    match &file.place {
        Place::Memory(text) => Ok(text.clone()),
        Place::Disk => read::text(&file.absolute).map(Arc::from).map_err(|e| describe(&e)),
    }
}

thread_local! {
    /// One parser for each grammar that this thread has met.
    static PARSERS: RefCell<Vec<(&'static str, Parser)>> = const { RefCell::new(Vec::new()) };
}

/// Parses and lowers `text`.
pub(crate) fn model(knowledge: &Knowledge, language: &'static Language, text: &str) -> Result<FileModel, String> {
    let pack = knowledge.pack(language).map_err(|e| e.to_string())?;
    let tree = with_parser(pack, |parser| parser.parse(text))?.ok_or("the parser gave up")?;
    Ok(lower(pack, &tree, text))
}

/// Runs `job` with this thread's parser of a language. The parser is out of its place meanwhile: one that panics is lost.
pub(crate) fn with_parser<T>(pack: &Pack, job: impl FnOnce(&mut Parser) -> T) -> Result<T, String> {
    let name = pack.language.pack;
    let known = PARSERS.with_borrow_mut(|all| all.iter().position(|p| p.0 == name).map(|at| all.swap_remove(at).1));
    let mut parser = match known {
        Some(parser) => parser,
        None => Parser::new(pack).ok_or("the grammar does not fit this build")?,
    };
    let result = job(&mut parser);
    PARSERS.with_borrow_mut(|all| all.push((name, parser)));
    Ok(result)
}
