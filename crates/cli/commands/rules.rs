//! `timelint rules`.

use super::project;
use crate::args::{ListFormat, RulesArguments};
use crate::exit::{Exit, Failure, print};
use serde::Serialize;
use std::io::{self, Write};
use timelint_diagnostics::RuleMeta;

#[derive(Serialize)]
struct Row {
    name: &'static str,
    aliases: &'static [&'static str],
    family: &'static str,
    mechanism: &'static str,
    severity: &'static str,
    summary: &'static str,
}

impl From<&RuleMeta> for Row {
    fn from(rule: &RuleMeta) -> Self {
        Self {
            name: rule.id,
            aliases: rule.aliases,
            family: rule.family.name(),
            mechanism: rule.mechanism,
            severity: rule.severity.name(),
            summary: rule.summary,
        }
    }
}

pub(crate) fn run(arguments: &RulesArguments) -> Result<Exit, Failure> {
    let names = project::names();
    let mut rules = names.rules().to_vec();
    rules.sort_by_key(|r| (r.family, r.id));
    print(|out| match arguments.format {
        ListFormat::Table => table(&rules, out),
        ListFormat::Json => {
            let rows: Vec<Row> = rules.iter().map(|r| Row::from(*r)).collect();
            serde_json::to_writer_pretty(&mut *out, &rows)?;
            writeln!(out)
        }
    })?;
    Ok(Exit::Clean)
}

fn table(rules: &[&RuleMeta], out: &mut dyn Write) -> io::Result<()> {
    let width = rules.iter().map(|r| r.id.len()).max().unwrap_or(0).max(4);
    writeln!(out, "{:width$}  {:7}  {:8}  summary", "rule", "family", "severity")?;
    for rule in rules {
        writeln!(out, "{:width$}  {:7}  {:8}  {}", rule.id, rule.family.name(), rule.severity.name(), rule.summary)?;
    }
    Ok(())
}
