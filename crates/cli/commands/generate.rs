//! Shell completions and the man page.

use crate::args::{Arguments, CompletionsArguments};
use crate::exit::{Exit, Failure, print};
use clap::CommandFactory;

pub(crate) fn completions(arguments: &CompletionsArguments) -> Result<Exit, Failure> {
    let mut bytes = Vec::new();
    clap_complete::generate(arguments.shell, &mut Arguments::command(), "timelint", &mut bytes);
    print(|out| out.write_all(&bytes))?;
    Ok(Exit::Clean)
}

/// One page on everything: the tool, then each command.
pub(crate) fn man() -> Result<Exit, Failure> {
    print(|out| {
        let command = Arguments::command();
        clap_mangen::Man::new(command.clone()).render(&mut &mut *out)?;
        for sub in command.get_subcommands() {
            let name = format!("timelint-{}", sub.get_name());
            clap_mangen::Man::new(sub.clone().display_name(name)).render(&mut &mut *out)?;
        }
        Ok(())
    })?;
    Ok(Exit::Clean)
}
