//! Prints the model of a file: `cargo run -p timelint-syntax --example dump -- queries FILE...`.
#![allow(clippy::print_stdout, clippy::disallowed_methods, reason = "a command for developers of query packs")]

use std::error::Error;
use std::path::Path;
use timelint_syntax::{Pack, Parser, QuerySource, inherited_packs, language_for_path, lower};

fn sources(queries: &Path, pack: &str) -> Result<Vec<QuerySource>, Box<dyn Error>> {
    let mut files: Vec<_> = std::fs::read_dir(queries.join(pack))?.filter_map(Result::ok).map(|e| e.path()).collect();
    files.retain(|p| p.extension().is_some_and(|e| e == "scm"));
    files.sort();
    let mut all = Vec::new();
    for path in files {
        let text = std::fs::read_to_string(&path)?;
        let parents = inherited_packs(&text);
        all.push(QuerySource { file: path.display().to_string(), text });
        for parent in parents {
            all.extend(sources(queries, &parent)?);
        }
    }
    Ok(all)
}

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [queries, files @ ..] = args.as_slice() else { return Err("usage: dump QUERIES FILE...".into()) };
    for file in files {
        let language = language_for_path(Path::new(file)).ok_or("unknown extension")?;
        let pack = Pack::compile(language, &sources(Path::new(queries), language.pack)?)?;
        let text = String::from_utf8_lossy(&std::fs::read(file)?).into_owned();
        let tree = Parser::new(&pack).ok_or("unsupported grammar")?.parse(&text).ok_or("not parsed")?;
        if args.len() == 2 && std::env::var_os("TREE").is_some() {
            println!("{}", tree.root_node().to_sexp());
        }
        let model = lower(&pack, &tree, &text);
        println!("{}", timelint_model::dump(&model));
        for error in &model.errors {
            println!("error at {}..{}", error.start, error.end);
        }
    }
    Ok(())
}
