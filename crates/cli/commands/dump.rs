//! `timelint dump`.

use super::project;
use crate::args::DumpArguments;
use crate::exit::{Exit, Failure, print};
use timelint_diagnostics::{SourceFile, Span};
use timelint_engine::Flags;

pub(crate) fn run(arguments: &DumpArguments) -> Result<Exit, Failure> {
    let engine = project::engine(&arguments.config, &arguments.file, &Flags::default())?;
    let seen = engine.inspect(&arguments.file)?;
    print(|out| {
        if arguments.view.model {
            write!(out, "{}", timelint_model::dump(&seen.model))?;
        }
        if arguments.view.captures {
            for capture in &seen.captures {
                let place = place(&seen.source, Span::new(capture.start as u32, capture.end as u32));
                writeln!(out, "{place} @{} {}", capture.capture, capture.kind)?;
            }
        }
        if arguments.view.roles {
            for (span, role) in &seen.roles {
                writeln!(out, "{} {role}", place(&seen.source, *span))?;
            }
        }
        Ok(())
    })?;
    Ok(Exit::Clean)
}

/// `line:column-line:column`.
pub(crate) fn place(source: &SourceFile, span: Span) -> String {
    let (start, end) = (source.line_column(span.start), source.line_column(span.end));
    format!("{}:{}-{}:{}", start.line, start.column, end.line, end.column)
}
