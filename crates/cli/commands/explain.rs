//! `timelint explain`.

use super::project;
use crate::args::ExplainArguments;
use crate::exit::{Exit, Failure, print};
use timelint_engine::did_you_mean;

pub(crate) fn run(arguments: &ExplainArguments) -> Result<Exit, Failure> {
    let names = project::names();
    let Some(rule) = names.rule(&arguments.rule) else {
        let hint = did_you_mean(&arguments.rule, names.ids())
            .map_or_else(|| "; `timelint rules` lists them all".to_owned(), |best| format!(": did you mean `{best}`?"));
        return Err(Failure::Usage(format!("no rule is called `{}`{hint}", arguments.rule)));
    };
    print(|out| writeln!(out, "{}", rule.page.trim_end()))?;
    Ok(Exit::Clean)
}
