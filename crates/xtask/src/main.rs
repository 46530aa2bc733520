//! `cargo run -p xtask -- new-rule <id> <family>` and `cargo run -p xtask -- readme`.
#![allow(clippy::disallowed_methods, clippy::print_stdout, clippy::print_stderr, reason = "a command for developers")]

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use xtask::{Error, new_rule, with_fresh_table};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments[..] {
        ["new-rule", id, family] => scaffold(id, family),
        ["readme"] => readme(),
        _ => Err(Error::Usage),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn scaffold(id: &str, family: &str) -> Result<(), Error> {
    let made = new_rule(&root(), id, family)?;
    made.files.iter().for_each(|file| println!("wrote {file}"));
    println!("\nAdd to crates/rules/src/{family}/mod.rs, among the modules:\n\n{}\n", made.module);
    println!("and to RULES in crates/rules/src/lib.rs, sorted by family and name:\n\n{}\n", made.entry);
    println!("`cargo test` says what is left to fill in; `cargo run -p xtask -- readme` refreshes the table of rules.");
    Ok(())
}

fn readme() -> Result<(), Error> {
    let path = root().join("README.md");
    let failed = |error| Error::Io { path: "README.md".to_owned(), error };
    let old = std::fs::read_to_string(&path).map_err(failed)?;
    let new = with_fresh_table(&old)?;
    if new == old {
        println!("README.md is fresh");
    } else {
        std::fs::write(&path, new).map_err(failed)?;
        println!("wrote README.md");
    }
    Ok(())
}
