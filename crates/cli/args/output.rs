//! How findings are written.

use clap::{Args, ValueEnum};
use std::path::PathBuf;

#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
#[allow(clippy::struct_excessive_bools, reason = "clap makes one flag of each")]
pub(crate) struct OutputArguments {
    /// How findings are written, as FORMAT or FORMAT=FILE; may be repeated [default: full]
    #[arg(long = "format", value_name = "FORMAT[=FILE]", value_parser = wish, long_help = FORMATS)]
    format: Vec<Wish>,
    /// Write to this file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output_file: Option<PathBuf>,
    /// When to use colours
    #[arg(long, value_enum, default_value_t = Color::Auto)]
    pub(crate) color: Color,
    /// When to make names of rules links to their pages
    #[arg(long, value_enum, default_value_t = Color::Auto)]
    pub(crate) hyperlinks: Color,
    /// Columns of text [default: the terminal's, or 100]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(40..=400))]
    pub(crate) width: Option<u16>,
    /// What tells several SARIF uploads for one commit apart
    #[arg(long, value_name = "NAME")]
    pub(crate) sarif_category: Option<String>,
    /// Write suppressed and baselined findings into SARIF, marked as such; GitHub would show them as open alerts
    #[arg(long)]
    pub(crate) sarif_include_suppressed: bool,
    /// List suppressed and baselined findings with their reasons (text and JSON)
    #[arg(long)]
    pub(crate) show_suppressed: bool,
    /// Show at most so many findings as text; the others are counted
    #[arg(long, value_name = "N")]
    pub(crate) max_findings: Option<usize>,
    /// Count findings by rule (on standard error, where a machine reads the report)
    #[arg(long)]
    pub(crate) statistics: bool,
    /// Say on standard error where the time went
    #[arg(long)]
    pub(crate) timings: bool,
    /// Say nothing when there is nothing to report
    #[arg(short, long, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
    /// List skipped files on standard error
    #[arg(short, long)]
    pub(crate) verbose: bool,
}

const FORMATS: &str = "\
How findings are written, as FORMAT or FORMAT=FILE; may be repeated [default: full]

full        with source and explanation
concise     one line a finding
grouped     one line a finding, under its file
json        one document for scripts
jsonl       one JSON object a line
sarif       for code scanning services
github      annotations of a GitHub workflow
gitlab      GitLab's code quality report
junit       JUnit XML
checkstyle  Checkstyle XML
rdjson      for reviewdog";

/// One report to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wish {
    pub(crate) format: Format,
    /// Standard output where there is none.
    pub(crate) file: Option<PathBuf>,
}

fn wish(text: &str) -> Result<Wish, String> {
    let (name, file) = match text.split_once('=') {
        Some((_, "")) => return Err("name a file after the `=`".to_owned()),
        Some((name, file)) => (name, Some(PathBuf::from(file))),
        None => (text, None),
    };
    let format = Format::from_str(name, false).map_err(|_| {
        let names: Vec<String> = Format::value_variants()
            .iter()
            .filter_map(|f| Some(f.to_possible_value()?.get_name().to_owned()))
            .collect();
        format!("there is no format `{name}`: use one of {}", names.join(", "))
    })?;
    Ok(Wish { format, file })
}

impl OutputArguments {
    /// The reports to write.
    pub(crate) fn formats(&self) -> Vec<Wish> {
        let mut wishes = self.format.clone();
        if wishes.is_empty() {
            wishes.push(Wish { format: Format::Full, file: None });
        }
        if let Some(first) = wishes.iter_mut().find(|w| w.file.is_none()) {
            first.file.clone_from(&self.output_file);
        }
        wishes
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Full,
    Concise,
    Grouped,
    Json,
    Jsonl,
    Sarif,
    #[value(name = "github")]
    GitHub,
    #[value(name = "gitlab")]
    GitLab,
    Junit,
    Checkstyle,
    Rdjson,
}

impl Format {
    /// Whether people read it.
    pub(crate) fn is_text(self) -> bool {
        matches!(self, Format::Full | Format::Concise | Format::Grouped)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    Auto,
    Always,
    Never,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_may_have_files() {
        let read = |t: &str| wish(t).map(|w| (w.format, w.file));
        assert_eq!(read("sarif=a=b.sarif"), Ok((Format::Sarif, Some("a=b.sarif".into()))));
        assert_eq!(read("json"), Ok((Format::Json, None)));
        assert!(read("sarif=").is_err_and(|e| e.contains("name a file")));
        assert!(read("xml").is_err_and(|e| e.contains("no format `xml`: use one of full, concise")));
    }
}
