//! What the user asked for: defaults, then the configuration file, then the command line.

use crate::config::{Config, Entries, Layer, Override, Setting};
use crate::day::Day;
use crate::error::EngineError;
use crate::globs::Patterns;
use crate::selector::{Names, Selector};
use crate::walk::clean;
use std::path::{Path, PathBuf};
use timelint_diagnostics::{Confidence, Severity};

/// From which severity on findings fail the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailOn {
    /// Findings of this severity or a higher one.
    At(Severity),
    /// Findings never do.
    Never,
}

impl FailOn {
    /// All levels, strictest first.
    pub const ALL: [FailOn; 4] =
        [FailOn::At(Severity::Note), FailOn::At(Severity::Warning), FailOn::At(Severity::Error), FailOn::Never];

    /// The name in configuration and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            FailOn::At(severity) => severity.name(),
            FailOn::Never => "never",
        }
    }

    /// Whether a finding of `severity` fails the run.
    pub fn fails(self, severity: Severity) -> bool {
        matches!(self, FailOn::At(least) if severity >= least)
    }
}

/// What the command line says; `None` and empty leave the decision to the configuration.
#[derive(Debug, Clone, Default)]
#[allow(clippy::struct_excessive_bools, reason = "independent switches")]
pub struct Flags {
    /// Run these rules, and no others; the configuration's `select` and `ignore` no longer count.
    pub select: Option<Vec<String>>,
    /// Leave these rules out.
    pub ignore: Vec<String>,
    /// Least confidence, also where an override says otherwise.
    pub min_confidence: Option<Confidence>,
    /// From which severity on the run fails.
    pub fail_on: Option<FailOn>,
    /// Patterns of files to leave out, beside the configured ones; relative to the working directory.
    pub exclude: Vec<String>,
    /// Report in test code too.
    pub include_tests: bool,
    /// Largest file in bytes.
    pub max_file_size: Option<u64>,
    /// Do not honour ignore files.
    pub no_ignore: bool,
    /// Enter hidden files and folders.
    pub hidden: bool,
    /// Threads; 0 for as many as there are processors.
    pub threads: usize,
    /// The present day, where suppressions may end.
    pub today: Option<Day>,
    /// Keep what is needed to explain why nothing was reported in this file, which may be test code.
    pub explain: Option<PathBuf>,
}

/// The default of `max-file-size`.
const MAX_FILE_SIZE: u64 = 2 * 1024 * 1024;

/// What a run is to do.
#[derive(Debug, Clone)]
#[allow(clippy::struct_excessive_bools, reason = "independent switches")]
pub struct Settings {
    /// From which severity on the run fails.
    pub fail_on: FailOn,
    pub(crate) working_dir: PathBuf,
    pub(crate) layers: Vec<Layer>,
    pub(crate) min_confidence: Confidence,
    pub(crate) forced_confidence: Option<Confidence>,
    pub(crate) severities: Vec<(&'static str, Severity)>,
    pub(crate) exclude: Vec<Patterns>,
    pub(crate) include_tests: bool,
    pub(crate) forced_tests: bool,
    pub(crate) max_file_size: u64,
    pub(crate) overrides: Vec<Override>,
    pub(crate) no_ignore: bool,
    pub(crate) hidden: bool,
    pub(crate) threads: usize,
    /// Absolute.
    pub(crate) explain: Option<PathBuf>,
    pub(crate) entries: Vec<Entries>,
    pub(crate) today: Option<Day>,
    /// The baseline that the configuration names, absolute.
    pub baseline: Option<PathBuf>,
    /// Where each configured value comes from; see [`Settings::origins`].
    pub(crate) configured: Vec<Setting>,
}

impl Settings {
    /// Whether the silence in this file, given by its absolute path, is to be explained.
    pub(crate) fn explains(&self, absolute: &Path) -> bool {
        self.explain.as_deref() == Some(absolute)
    }

    /// Merges defaults, `config` and `flags`. `working_dir` is absolute; paths are shown relative to it.
    ///
    /// # Errors
    ///
    /// An unknown selector or a malformed pattern on the command line.
    pub fn resolve(
        working_dir: &Path,
        names: &Names,
        config: Option<Config>,
        flags: &Flags,
    ) -> Result<Self, EngineError> {
        let own = Layer {
            select: flags.select.as_deref().map(|s| selectors(names, "--select", s)).transpose()?,
            ignore: selectors(names, "--ignore", &flags.ignore)?,
        };
        let own_exclude = Patterns::new(working_dir, &flags.exclude).map_err(|(index, message)| EngineError::Glob {
            place: "--exclude".to_owned(),
            pattern: flags.exclude.get(index).cloned().unwrap_or_default(),
            message,
        })?;
        let mut settings = Self {
            fail_on: FailOn::At(Severity::Warning),
            working_dir: working_dir.to_owned(),
            layers: vec![Layer { select: Some(vec![Selector::Default]), ignore: Vec::new() }],
            min_confidence: Confidence::Medium,
            forced_confidence: flags.min_confidence,
            severities: Vec::new(),
            exclude: vec![own_exclude],
            include_tests: false,
            forced_tests: flags.include_tests,
            max_file_size: MAX_FILE_SIZE,
            overrides: Vec::new(),
            no_ignore: flags.no_ignore,
            hidden: flags.hidden,
            threads: flags.threads,
            explain: flags.explain.as_deref().map(|path| clean(&working_dir.join(path))),
            entries: Vec::new(),
            today: flags.today,
            baseline: None,
            configured: Vec::new(),
        };
        if let Some(config) = config {
            settings.configure(config);
        }
        settings.layers.push(own);
        settings.min_confidence = flags.min_confidence.unwrap_or(settings.min_confidence);
        settings.fail_on = flags.fail_on.unwrap_or(settings.fail_on);
        settings.max_file_size = flags.max_file_size.unwrap_or(settings.max_file_size);
        Ok(settings)
    }

    fn configure(&mut self, config: Config) {
        self.layers.extend(config.layers);
        self.min_confidence = config.min_confidence.unwrap_or(self.min_confidence);
        self.fail_on = config.fail_on.unwrap_or(self.fail_on);
        self.exclude.extend(config.exclude);
        self.include_tests = config.include_tests.unwrap_or(false);
        self.max_file_size = config.max_file_size.unwrap_or(self.max_file_size);
        self.severities = config.severities;
        self.overrides = config.overrides;
        self.entries = config.entries;
        self.baseline = config.baseline;
        self.configured = config.settings;
    }

    /// Every setting as it holds for the file at the absolute path `path`, with its origin: defaults that nothing
    /// replaces, what configurations say (of keys that do not add up, the last one), and what the command line says.
    pub fn origins(&self, path: &Path, flags: &Flags) -> Vec<Setting> {
        const ADD_UP: [&str; 5] = ["ignore", "exclude", "overrides", "api", "type"];
        let mut all: Vec<Setting> = Vec::new();
        for setting in self.configured.iter().filter(|s| s.key != "extend") {
            if !ADD_UP.contains(&setting.key.as_str()) {
                all.retain(|known| known.key != setting.key);
            }
            all.push(setting.clone());
        }
        for (key, value) in [
            ("select", "[\"default\"]"),
            ("min-confidence", "\"medium\""),
            ("fail-on", "\"warning\""),
            ("include-tests", "false"),
            ("max-file-size", "\"2 MiB\""),
        ] {
            if !all.iter().any(|s| s.key == key) {
                all.push(Setting::new(key, value, "default"));
            }
        }
        let list =
            |words: &[String]| format!("[{}]", words.iter().map(|w| format!("\"{w}\"")).collect::<Vec<_>>().join(", "));
        let given = [
            ("select", flags.select.as_deref().map(list)),
            ("ignore", (!flags.ignore.is_empty()).then(|| list(&flags.ignore))),
            ("min-confidence", flags.min_confidence.map(|c| format!("\"{}\"", c.name()))),
            ("exclude", (!flags.exclude.is_empty()).then(|| list(&flags.exclude))),
            ("include-tests", flags.include_tests.then(|| "true".to_owned())),
            ("max-file-size", flags.max_file_size.map(|n| n.to_string())),
        ];
        for (key, value) in given.into_iter().filter_map(|(key, value)| Some((key, value?))) {
            if !ADD_UP.contains(&key) {
                all.retain(|known| known.key != key);
            }
            all.push(Setting::new(key, value, "command line"));
        }
        all.sort_by(|a, b| a.key.cmp(&b.key));
        let fitting = self.overrides.iter().filter(|o| o.files.fit(path)).count();
        if !self.overrides.is_empty() {
            let value = format!("{fitting} of {} fit this path", self.overrides.len());
            all.push(Setting::new("overrides that hold", value, "the entries above"));
        }
        all
    }

    /// Whether the user excluded the file at the absolute path `path`.
    pub(crate) fn excludes(&self, path: &Path) -> bool {
        self.exclude.iter().any(|p| p.fit(path))
    }
}

fn selectors(names: &Names, option: &'static str, words: &[String]) -> Result<Vec<Selector>, EngineError> {
    let read = |name: &String| {
        names.selector(name).map_err(|hint| EngineError::UnknownSelector { option, name: name.clone(), hint })
    };
    words.iter().map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::names;

    #[test]
    fn the_command_line_beats_the_file_and_the_file_beats_the_defaults() {
        let text = "min-confidence = \"high\"\nfail-on = \"error\"\nmax-file-size = 10\ninclude-tests = true";
        let config = Config::parse("timelint.toml", text, Path::new("/r"), &names()).expect("valid");
        let plain = Settings::resolve(Path::new("/r"), &names(), None, &Flags::default()).expect("valid");
        assert_eq!((plain.min_confidence, plain.max_file_size), (Confidence::Medium, 2 << 20));
        let file =
            Settings::resolve(Path::new("/r"), &names(), Some(config.clone()), &Flags::default()).expect("valid");
        assert_eq!((file.min_confidence, file.max_file_size, file.include_tests), (Confidence::High, 10, true));
        assert_eq!(file.fail_on, FailOn::At(Severity::Error));
        let flags = Flags { min_confidence: Some(Confidence::Low), fail_on: Some(FailOn::Never), ..Flags::default() };
        let both = Settings::resolve(Path::new("/r"), &names(), Some(config), &flags).expect("valid");
        assert_eq!((both.min_confidence, both.fail_on), (Confidence::Low, FailOn::Never));
    }

    #[test]
    fn mistakes_on_the_command_line_name_the_option() {
        let error =
            |flags: Flags| Settings::resolve(Path::new("/r"), &names(), None, &flags).err().map(|e| e.to_string());
        assert_eq!(
            error(Flags { select: Some(vec!["clok".into()]), ..Flags::default() }).as_deref(),
            Some("--select: no rule, family or group is called `clok`: did you mean `clock`?")
        );
        assert!(
            error(Flags { ignore: vec!["zzzzzz".into()], ..Flags::default() })
                .is_some_and(|e| e.starts_with("--ignore: "))
        );
        assert!(
            error(Flags { exclude: vec!["a[".into()], ..Flags::default() })
                .is_some_and(|e| e.starts_with("--exclude: the pattern `a[`"))
        );
    }

    #[test]
    fn levels_fail_at_and_above() {
        assert!(FailOn::At(Severity::Warning).fails(Severity::Error));
        assert!(!FailOn::At(Severity::Error).fails(Severity::Warning));
        assert!(!FailOn::Never.fails(Severity::Error));
    }
}
