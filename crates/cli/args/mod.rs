//! The command line.

mod check;
mod output;

pub(crate) use check::{CheckArguments, GateArguments, ProjectArguments, ScanArguments};
pub(crate) use output::{Color, Format, OutputArguments};

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Finds timing bugs in distributed code: unreliable clocks, process pauses, lost or late messages
#[derive(Debug, Parser)]
#[command(name = "timelint", version, after_help = EXIT_CODES)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

pub(crate) const EXIT_CODES: &str = "\
Exit codes: 0 clean, 1 findings at or above --fail-on, 2 usage, configuration or IO error, 3 nothing to analyse, \
4 internal error in a file (the others are still reported)";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Check files and folders (the default: `timelint src` is `timelint check src`)
    Check(Box<CheckArguments>),
    /// Live with what is there for now: list, add and drop known findings
    #[command(subcommand)]
    Baseline(Box<BaselineCommand>),
    /// Write suppression comments above findings
    Suppress(Box<SuppressArguments>),
    /// Show and check the configuration
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Write a commented configuration for this folder
    Init(InitArguments),
    /// Print a rule's page: what, why it fails in production, what to do
    Explain(ExplainArguments),
    /// List the rules
    Rules(RulesArguments),
    /// Show a file as timelint sees it
    Dump(DumpArguments),
    /// Print shell completions
    Completions(CompletionsArguments),
    /// Print the manual page
    Man,
}

/// Where the configuration comes from.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct ConfigArguments {
    /// Use this configuration file instead of the nearest timelint.toml
    #[arg(long, value_name = "FILE", conflicts_with = "isolated", help_heading = "Configuration")]
    pub(crate) config: Option<PathBuf>,
    /// Use no configuration file, no .timelint folder and no baseline that is not named
    #[arg(long, help_heading = "Configuration")]
    pub(crate) isolated: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum BaselineCommand {
    /// Write a baseline of all present findings
    Create(BaselineArguments),
    /// Add new findings to the baseline and drop entries that nothing answers to any more
    Update(BaselineArguments),
    /// Drop entries that nothing answers to any more
    Prune(BaselineArguments),
    /// List the entries
    Show(BaselineArguments),
}

#[derive(Debug, Args)]
pub(crate) struct BaselineArguments {
    #[command(flatten)]
    pub(crate) scan: ScanArguments,
    /// The baseline [default: the nearest .timelint-baseline.jsonl, or one at the repository's root]
    #[arg(long, value_name = "FILE")]
    pub(crate) baseline: Option<PathBuf>,
    /// Why these findings are accepted; kept in each new entry
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Option<String>,
    /// With `create`: replace a baseline that is there
    #[arg(long)]
    pub(crate) force: bool,
}

#[derive(Debug, Args)]
pub(crate) struct SuppressArguments {
    #[command(flatten)]
    pub(crate) scan: ScanArguments,
    #[command(flatten)]
    pub(crate) gate: GateArguments,
    #[command(flatten)]
    pub(crate) project: ProjectArguments,
    /// The rules whose findings are to be suppressed
    #[arg(long = "rule", value_name = "RULES", value_delimiter = ',', required = true)]
    pub(crate) rules: Vec<String>,
    /// Why they are fine; written into each comment
    #[arg(long, value_name = "TEXT", required = true)]
    pub(crate) reason: String,
    /// The last day on which the comments hold, such as 2027-06-30
    #[arg(long, value_name = "DATE")]
    pub(crate) until: Option<String>,
    /// Print a patch for `git apply` and change nothing
    #[arg(long)]
    pub(crate) diff: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Print every setting as it holds for a path, with its origin
    Show(ShowArguments),
    /// Check the configuration that holds for a path, without analysing anything
    Check(ShowArguments),
    /// Print the JSON schema of the configuration
    Schema,
}

#[derive(Debug, Args)]
pub(crate) struct ShowArguments {
    /// A file or folder
    #[arg(value_name = "PATH", default_value = ".")]
    pub(crate) path: PathBuf,
    #[command(flatten)]
    pub(crate) config: ConfigArguments,
}

#[derive(Debug, Args)]
pub(crate) struct InitArguments {
    /// Replace a timelint.toml that is there
    #[arg(long)]
    pub(crate) force: bool,
}

#[derive(Debug, Args)]
pub(crate) struct CompletionsArguments {
    /// The shell
    #[arg(value_enum)]
    pub(crate) shell: clap_complete::Shell,
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
pub(crate) enum ListFormat {
    Table,
    Json,
}

/// The process's arguments, with `check` put in where the first one is an option of it or a path.
pub(crate) fn with_default_verb(mut arguments: Vec<OsString>) -> Vec<OsString> {
    let own = ["-h", "--help", "-V", "--version"];
    let is_check = arguments.get(1).is_some_and(|first| {
        let text = first.to_string_lossy();
        let is_option = text.starts_with('-') && !own.contains(&&*text);
        is_option || text.contains(['/', '.', std::path::MAIN_SEPARATOR]) || is_folder_of_no_command(first)
    });
    if is_check {
        arguments.insert(1, "check".into());
    }
    arguments
}

fn is_folder_of_no_command(first: &OsString) -> bool {
    use clap::CommandFactory;
    let is_command = Arguments::command().get_subcommands().any(|c| first == c.get_name()) || first == "help";
    !is_command && Path::new(first).exists()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::output::Wish;
    use clap::CommandFactory;
    use timelint_diagnostics::Confidence;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn the_call_of_the_contract_is_understood() {
        let line = "timelint check --isolated --no-ignore --min-confidence low --format json a b";
        let Command::Check(check) = Arguments::parse_from(line.split(' ')).command else { panic!("not a check") };
        assert_eq!((check.scan.paths.len(), check.scan.config.isolated), (2, true));
        assert_eq!(check.output.formats(), [Wish { format: Format::Json, file: None }]);
        assert_eq!(check.scan.flags().min_confidence, Some(Confidence::Low));
    }

    #[test]
    fn check_is_the_default_verb() {
        let line = |text: &str| text.split(' ').map(OsString::from).collect::<Vec<_>>();
        assert_eq!(with_default_verb(line("timelint .")), line("timelint check ."));
        assert_eq!(with_default_verb(line("timelint --fix a/b")), line("timelint check --fix a/b"));
        for other in ["timelint", "timelint --help", "timelint rules", "timelint chek"] {
            assert_eq!(with_default_verb(line(other)), line(other));
        }
    }
}
