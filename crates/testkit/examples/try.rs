//! Runs every rule over files given as arguments and prints the findings; for trying a rule.
#![allow(clippy::print_stdout, clippy::disallowed_methods, reason = "a command for developers of rules")]

use timelint_diagnostics::SourceFile;
use timelint_testkit::Project;

fn main() {
    let mut project = Project::default();
    let mut sources = Vec::new();
    for path in std::env::args().skip(1) {
        let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap_or_default()).into_owned();
        project.add(&path, &text);
        sources.push(SourceFile::new(path, text));
    }
    for finding in project.findings() {
        let place =
            sources.iter().find(|s| s.path == finding.primary.path).map(|s| s.line_column(finding.primary.span.start));
        let line = place.map_or(0, |p| p.line);
        println!("{}:{line} {} {:?} {}", finding.primary.path, finding.rule.id, finding.confidence, finding.message);
        for label in &finding.labels {
            let source = sources.iter().find(|s| s.path == label.location.path);
            let line = source.map_or(0, |s| s.line_column(label.location.span.start).line);
            println!("    {}:{line} {}", label.location.path, label.message);
        }
    }
}
