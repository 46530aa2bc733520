//! CPU time of each stage over a folder of real code, as ratios to parsing in the same run:
//! `cargo bench -p timelint-testkit --bench stages -- FOLDER...` (every file below them that has a known extension).
//! Machines differ and are noisy; the ratios are what may be compared. `--by-rule` adds what each rule costs, where a
//! fact that several rules ask for counts for the first of them.
#![allow(clippy::disallowed_methods, reason = "a benchmark reads files")]
#![allow(clippy::print_stdout, reason = "a benchmark prints figures")]
#![allow(clippy::cast_precision_loss, reason = "the figures are rounded")]

use cpu_time::ThreadTime;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use timelint_rules::RULES;
use timelint_semantics::{Analysis, ProjectIndex, summarize};
use timelint_syntax::{Parser, language_for_path, lower};
use timelint_testkit::load;

const MOST_BYTES: usize = 2 << 20;

fn collect(path: &Path, into: &mut Vec<PathBuf>) {
    if path.is_file() {
        into.extend(language_for_path(path).map(|_| path.to_owned()));
    } else if let Ok(entries) = std::fs::read_dir(path) {
        let mut all: Vec<PathBuf> = entries.filter_map(Result::ok).map(|e| e.path()).collect();
        all.sort();
        for inner in &all {
            collect(inner, into);
        }
    }
}

#[derive(Default)]
struct Times {
    read: Duration,
    parse: Duration,
    lower: Duration,
    summarize: Duration,
    index: Duration,
    rules: Duration,
    bytes: usize,
    files: usize,
    nodes: usize,
    findings: usize,
    by_rule: Vec<Duration>,
}

fn timed<T>(total: &mut Duration, work: impl FnOnce() -> T) -> T {
    let start = ThreadTime::now();
    let result = work();
    *total += start.elapsed();
    result
}

fn main() {
    let mut files = Vec::new();
    let by_rule = std::env::args().any(|a| a == "--by-rule");
    for arg in std::env::args().skip(1).filter(|a| !a.starts_with("--")) {
        collect(Path::new(&arg), &mut files);
    }
    let mut times: BTreeMap<&str, Times> = BTreeMap::new();
    let mut by_language: BTreeMap<&str, Vec<PathBuf>> = BTreeMap::new();
    for file in files {
        if let Some(language) = language_for_path(&file) {
            by_language.entry(language.apis).or_default().push(file);
        }
    }
    for (apis, files) in by_language {
        let t = times.entry(apis).or_default();
        let mut models = Vec::new();
        let mut summaries = Vec::new();
        let mut catalog = None;
        for file in files {
            let Some(language) = language_for_path(&file) else { continue };
            let loaded = load(language);
            catalog = Some(&loaded.catalog);
            let Ok(bytes) = timed(&mut t.read, || std::fs::read(&file)) else { continue };
            if bytes.len() > MOST_BYTES {
                continue;
            }
            let text = String::from_utf8_lossy(&bytes).into_owned();
            let Some(mut parser) = Parser::new(&loaded.pack) else { continue };
            let Some(tree) = timed(&mut t.parse, || parser.parse(&text)) else { continue };
            let model = timed(&mut t.lower, || lower(&loaded.pack, &tree, &text));
            // Whoever parses pays for taking the tree down, too.
            timed(&mut t.parse, || drop(tree));
            let path: Arc<str> = file.display().to_string().into();
            summaries.push(timed(&mut t.summarize, || summarize(&loaded.catalog, &path, &model)));
            t.bytes += text.len();
            t.files += 1;
            t.nodes += model.len();
            if summaries.last().is_some_and(timelint_semantics::FileSummary::is_relevant) {
                models.push((path, model));
            }
        }
        let Some(catalog) = catalog else { continue };
        let index = timed(&mut t.index, || ProjectIndex::build(catalog, summaries));
        let mut found = Vec::new();
        let mut spent = vec![Duration::ZERO; RULES.len()];
        let no_text = || Arc::from("");
        for (path, model) in &models {
            timed(&mut t.rules, || {
                let analysis = Analysis::new(catalog, &index, path.clone(), model, &no_text);
                for (spent, rule) in spent.iter_mut().zip(RULES) {
                    timed(spent, || rule.check(&analysis, &mut found));
                }
            });
        }
        t.findings = found.len();
        t.by_rule = spent;
    }
    for (language, t) in &times {
        let parse = t.parse.as_secs_f64();
        let ratio = |d: Duration| d.as_secs_f64() / parse;
        let stages = [t.read, t.lower, t.summarize, t.index, t.rules].map(ratio);
        let all = 1.0 + stages.iter().sum::<f64>();
        println!(
            "{language}: {} files, {:.1} MB, {} nodes, {} findings; parse {parse:.2} s; of parse: read {:.3}, lower {:.3}, summarize {:.3}, index {:.3}, rules {:.3}, whole {all:.3}",
            t.files,
            t.bytes as f64 / 1e6,
            t.nodes,
            t.findings,
            stages[0],
            stages[1],
            stages[2],
            stages[3],
            stages[4],
        );
        if by_rule {
            let mut costs: Vec<_> = RULES.iter().zip(&t.by_rule).collect();
            costs.sort_by_key(|(_, spent)| std::cmp::Reverse(**spent));
            for (rule, spent) in costs {
                println!("  {:.3} {}", ratio(*spent), rule.meta().id);
            }
        }
    }
}
