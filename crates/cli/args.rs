//! The command line.

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;
use timelint_diagnostics::{Confidence, Severity};
use timelint_engine::{FailOn, Flags, parse_size};

/// Finds timing bugs in distributed code: unreliable clocks, process pauses, lost or late messages
#[derive(Debug, Parser)]
#[command(name = "timelint", version, after_help = EXIT_CODES)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXIT_CODES: &str = "\
Exit codes: 0 clean, 1 findings at or above --fail-on, 2 usage, configuration or IO error, 3 nothing to analyse, \
4 internal error in a file (the others are still reported)";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Check files and folders
    Check(Box<CheckArguments>),
    /// Print a rule's page: what, why it fails in production, what to do
    Explain(ExplainArguments),
    /// List the rules
    Rules(RulesArguments),
    /// Show a file as timelint sees it
    Dump(DumpArguments),
}

#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
#[allow(clippy::struct_excessive_bools, reason = "clap makes one flag of each")]
pub(crate) struct CheckArguments {
    /// Files and folders; `-` reads standard input
    #[arg(value_name = "PATH", default_value = ".")]
    pub(crate) paths: Vec<PathBuf>,

    #[command(flatten)]
    pub(crate) config: ConfigArguments,

    /// Run only these rules; names, families (clock, pause, network), `all`, `default`
    #[arg(long, value_name = "RULES", value_delimiter = ',', help_heading = "Rules")]
    select: Option<Vec<String>>,
    /// Leave these rules out
    #[arg(long, value_name = "RULES", value_delimiter = ',', help_heading = "Rules")]
    ignore: Vec<String>,
    /// Hold back findings that are less sure than this [default: medium]
    #[arg(long, value_name = "LEVEL", help_heading = "Rules")]
    min_confidence: Option<ConfidenceArgument>,
    /// Exit with 1 for findings of this severity or a higher one [default: warning]
    #[arg(long, value_name = "LEVEL", help_heading = "Rules")]
    fail_on: Option<FailOnArgument>,

    /// Leave out files that fit this pattern; may be repeated
    #[arg(long, value_name = "PATTERN", help_heading = "Files")]
    exclude: Vec<String>,
    /// Also report in test code, examples and benchmarks
    #[arg(long, help_heading = "Files")]
    include_tests: bool,
    /// Skip larger files, such as `500 KB` [default: 2 MiB]
    #[arg(long, value_name = "SIZE", value_parser = size, help_heading = "Files")]
    max_file_size: Option<u64>,
    /// Do not honour .gitignore and .ignore (folders of other people's code stay skipped)
    #[arg(long, help_heading = "Files")]
    no_ignore: bool,
    /// Look into hidden files and folders
    #[arg(long, help_heading = "Files")]
    hidden: bool,
    /// The name of the text on standard input, which also says its language
    #[arg(long, value_name = "NAME", help_heading = "Files")]
    pub(crate) stdin_filename: Option<PathBuf>,

    /// How findings are written
    #[arg(long, value_enum, default_value_t = Format::Full, help_heading = "Output")]
    pub(crate) format: Format,
    /// Write to this file instead of standard output
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub(crate) output_file: Option<PathBuf>,
    /// When to use colours
    #[arg(long, value_enum, default_value_t = Color::Auto, help_heading = "Output")]
    pub(crate) color: Color,
    /// Say nothing when there is nothing to report
    #[arg(short, long, conflicts_with = "verbose", help_heading = "Output")]
    pub(crate) quiet: bool,
    /// List skipped files on standard error
    #[arg(short, long, help_heading = "Output")]
    pub(crate) verbose: bool,
    /// Say why nothing is reported at a place
    #[arg(long, value_name = "PATH:LINE", help_heading = "Output")]
    pub(crate) explain_silence: Option<String>,

    /// Number of threads [default: one a processor]
    #[arg(short = 'j', long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    threads: usize,
    /// Exit with 0 instead of 1
    #[arg(long)]
    pub(crate) exit_zero: bool,
    /// Exit with 0 instead of 3 when there is nothing to analyse
    #[arg(long)]
    pub(crate) allow_empty: bool,
}

/// Where the configuration comes from.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct ConfigArguments {
    /// Use this configuration file instead of the nearest timelint.toml
    #[arg(long, value_name = "FILE", conflicts_with = "isolated", help_heading = "Configuration")]
    pub(crate) config: Option<PathBuf>,
    /// Use no configuration file and no .timelint folder
    #[arg(long, help_heading = "Configuration")]
    pub(crate) isolated: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ExplainArguments {
    /// The rule's name
    pub(crate) rule: String,
}

#[derive(Debug, Args)]
pub(crate) struct RulesArguments {
    /// How the list is written
    #[arg(long, value_enum, default_value_t = ListFormat::Table)]
    pub(crate) format: ListFormat,
}

#[derive(Debug, Args)]
pub(crate) struct DumpArguments {
    /// The file
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) view: View,
    #[command(flatten)]
    pub(crate) config: ConfigArguments,
}

/// What to show of a file.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
#[allow(clippy::struct_excessive_bools, reason = "clap makes one flag of each")]
pub(crate) struct View {
    /// The neutral model
    #[arg(long)]
    pub(crate) model: bool,
    /// The captures of the query patterns
    #[arg(long)]
    pub(crate) captures: bool,
    /// The roles that the catalogues give to places
    #[arg(long)]
    pub(crate) roles: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// With source and explanation
    Full,
    /// One line a finding
    Concise,
    /// One document for scripts
    Json,
    /// For code scanning services
    Sarif,
}

impl Format {
    /// Whether people read it.
    pub(crate) fn is_text(self) -> bool {
        matches!(self, Format::Full | Format::Concise)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ListFormat {
    Table,
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ConfidenceArgument {
    Low,
    Medium,
    High,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum FailOnArgument {
    Note,
    Warning,
    Error,
    Never,
}

fn size(text: &str) -> Result<u64, String> {
    parse_size(text).ok_or_else(|| "write bytes (`500000`) or a unit (`500 KB`, `2 MiB`)".to_owned())
}

impl CheckArguments {
    /// What the engine is told.
    pub(crate) fn flags(&self) -> Flags {
        Flags {
            select: self.select.clone(),
            ignore: self.ignore.clone(),
            min_confidence: self.min_confidence.map(|c| match c {
                ConfidenceArgument::Low => Confidence::Low,
                ConfidenceArgument::Medium => Confidence::Medium,
                ConfidenceArgument::High => Confidence::High,
            }),
            fail_on: self.fail_on.map(|f| match f {
                FailOnArgument::Note => FailOn::At(Severity::Note),
                FailOnArgument::Warning => FailOn::At(Severity::Warning),
                FailOnArgument::Error => FailOn::At(Severity::Error),
                FailOnArgument::Never => FailOn::Never,
            }),
            exclude: self.exclude.clone(),
            include_tests: self.include_tests,
            max_file_size: self.max_file_size,
            no_ignore: self.no_ignore,
            hidden: self.hidden,
            threads: self.threads,
            explain: self.explain_silence.is_some(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn the_call_of_the_contract_is_understood() {
        let line = "timelint check --isolated --no-ignore --min-confidence low --format json a b";
        let Command::Check(check) = Arguments::parse_from(line.split(' ')).command else { panic!("not a check") };
        assert_eq!((check.paths.len(), check.format, check.config.isolated), (2, Format::Json, true));
        assert_eq!(check.flags().min_confidence, Some(Confidence::Low));
    }
}
