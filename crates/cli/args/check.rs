//! The arguments of commands that analyse.

use super::{ConfigArguments, EXIT_CODES, OutputArguments};
use clap::{Args, ValueEnum};
use std::path::PathBuf;
use timelint_diagnostics::{Applicability, Confidence, Severity};
use timelint_engine::{FailOn, Flags, parse_size};

#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
#[allow(clippy::struct_excessive_bools, reason = "clap makes one flag of each")]
pub(crate) struct CheckArguments {
    #[command(flatten)]
    pub(crate) scan: ScanArguments,
    #[command(flatten)]
    pub(crate) gate: GateArguments,
    #[command(flatten)]
    pub(crate) output: OutputArguments,

    /// Exit with 1 for findings of this severity or a higher one [default: warning]
    #[arg(long, value_name = "LEVEL", help_heading = "Rules")]
    fail_on: Option<FailOnArgument>,
    /// The name of the text on standard input, which also says its language
    #[arg(long, value_name = "NAME", help_heading = "Files", conflicts_with = "folder")]
    pub(crate) stdin_filename: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) project: ProjectArguments,

    /// Apply the safe fixes, then report what is left
    #[arg(long, help_heading = "Fixes")]
    pub(crate) fix: bool,
    /// Like --fix, and also apply fixes that change behaviour which someone may rely on
    #[arg(long, help_heading = "Fixes")]
    pub(crate) unsafe_fixes: bool,
    /// Print what --fix (or --unsafe-fixes) would do as a patch for `git apply`, and change nothing
    #[arg(long, help_heading = "Fixes")]
    pub(crate) diff: bool,

    /// Say why nothing is reported at a place
    #[arg(long, value_name = "PATH:LINE", help_heading = "Output", conflicts_with = "folder")]
    pub(crate) explain_silence: Option<String>,
    /// Exit with 0 instead of 1
    #[arg(long)]
    pub(crate) exit_zero: bool,
    /// Exit with 0 instead of 3 when there is nothing to analyse
    #[arg(long)]
    pub(crate) allow_empty: bool,
}

/// What is analysed, and by which rules.
#[derive(Debug, Args)]
#[allow(clippy::struct_excessive_bools, reason = "clap makes one flag of each")]
pub(crate) struct ScanArguments {
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

    /// Number of threads [default: one a processor]
    #[arg(short = 'j', long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    threads: usize,
}

/// What is analysed where that is more than what is reported in.
#[derive(Debug, Default, Args)]
pub(crate) struct ProjectArguments {
    /// Analyse this folder and report in the PATHs only: other files explain them, and test code stays quiet
    #[arg(id = "folder", long = "project", value_name = "FOLDER", help_heading = "Files")]
    pub(crate) folder: Option<PathBuf>,
}

/// What is held back because it is known.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Only what is new")]
pub(crate) struct GateArguments {
    /// Hold back the findings in this baseline [default: the nearest .timelint-baseline.jsonl]
    #[arg(long, value_name = "FILE", conflicts_with = "no_baseline")]
    pub(crate) baseline: Option<PathBuf>,
    /// Use no baseline
    #[arg(long)]
    pub(crate) no_baseline: bool,
    /// Fail when entries of the baseline are stale, so that it only shrinks
    #[arg(long, conflicts_with = "no_baseline")]
    pub(crate) baseline_strict: bool,
    /// Report only findings that the last common ancestor of this commit and HEAD does not have
    #[arg(long, value_name = "REF")]
    pub(crate) since: Option<String>,
    /// Read files from git's index, and report only in those that are staged
    #[arg(long)]
    pub(crate) staged: bool,
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

impl ScanArguments {
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
            exclude: self.exclude.clone(),
            include_tests: self.include_tests,
            max_file_size: self.max_file_size,
            no_ignore: self.no_ignore,
            hidden: self.hidden,
            threads: self.threads,
            ..Flags::default()
        }
    }
}

impl CheckArguments {
    /// What the engine is told.
    pub(crate) fn flags(&self) -> Flags {
        Flags {
            fail_on: self.fail_on.map(|f| match f {
                FailOnArgument::Note => FailOn::At(Severity::Note),
                FailOnArgument::Warning => FailOn::At(Severity::Warning),
                FailOnArgument::Error => FailOn::At(Severity::Error),
                FailOnArgument::Never => FailOn::Never,
            }),
            ..self.scan.flags()
        }
    }

    /// Which fixes are wanted, if any.
    pub(crate) fn fixes(&self) -> Option<Applicability> {
        match (self.unsafe_fixes, self.fix || self.diff) {
            (true, _) => Some(Applicability::Unsafe),
            (false, true) => Some(Applicability::Safe),
            (false, false) => None,
        }
    }
}
