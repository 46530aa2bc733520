//! Our matcher finds what tree-sitter's own query engine finds, on every fixture.
#![allow(clippy::disallowed_methods, reason = "a test reads its fixtures from disk")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use timelint_syntax::{
    CapturedNode, Language, Pack, Parser, QuerySource, all_captures, inherited_packs, language_for_path,
};
use tree_sitter::{Query, QueryCursor, StreamingIterator as _, Tree};

/// At most this many differences of a file are shown in each direction.
const SHOWN: usize = 3;

/// A language's patterns in both engines.
struct Engines {
    ours: Pack,
    theirs: Query,
}

#[test]
fn our_matcher_agrees_with_tree_sitters_query_engine() {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut files = Vec::new();
    below(&repository.join("fixtures"), &mut files);
    let mut engines: BTreeMap<&str, Engines> = BTreeMap::new();
    let mut compared: BTreeMap<&str, usize> = BTreeMap::new();
    let mut wrong = Vec::new();
    for file in files {
        let Some(language) = language_for_path(&file) else { continue };
        let text = std::fs::read_to_string(&file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        let both = engines.entry(language.pack).or_insert_with(|| compile(&repository.join("queries"), language));
        let tree = Parser::new(&both.ours).expect("supported grammar").parse(&text).expect("parsed");
        let ours: BTreeSet<CapturedNode> = all_captures(&both.ours, &tree, &text).into_iter().collect();
        let theirs = captures(&both.theirs, &tree, &text);
        *compared.entry(language.name).or_default() += ours.len();
        let place = file.strip_prefix(&repository).unwrap_or(&file).display();
        let show = |who: &str, c: &CapturedNode| {
            format!("{place}: only {who}: @{} {} {:?}", c.capture, c.kind, &text[c.start..c.end])
        };
        wrong.extend(theirs.difference(&ours).take(SHOWN).map(|c| show("tree-sitter", c)));
        wrong.extend(ours.difference(&theirs).take(SHOWN).map(|c| show("timelint", c)));
    }
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
    assert!(compared.len() == 5 && compared.values().all(|n| *n > 1000), "too little was compared: {compared:?}");
}

fn compile(queries: &Path, language: &'static Language) -> Engines {
    let mut all = Vec::new();
    sources(queries, language.pack, &mut all);
    let ours = Pack::compile(language, &all).unwrap_or_else(|e| panic!("{e}"));
    let empty = Parser::new(&ours).expect("supported grammar").parse("").expect("parsed");
    let text: Vec<&str> = all.iter().map(|s| s.text.as_str()).collect();
    let theirs = Query::new(&empty.language(), &text.join("\n")).unwrap_or_else(|e| panic!("{}: {e}", language.pack));
    Engines { ours, theirs }
}

/// The query files of `pack`, and of the packs that they inherit.
fn sources(queries: &Path, pack: &str, into: &mut Vec<QuerySource>) {
    for path in entries(&queries.join(pack)) {
        if path.extension().is_some_and(|e| e == "scm") {
            let text = std::fs::read_to_string(&path).expect("readable");
            let parents = inherited_packs(&text);
            into.push(QuerySource { file: path.display().to_string(), text });
            for parent in parents {
                sources(queries, &parent, into);
            }
        }
    }
}

fn captures(query: &Query, tree: &Tree, text: &str) -> BTreeSet<CapturedNode> {
    let mut found = BTreeSet::new();
    let mut cursor = QueryCursor::new();
    let mut matches = cursor.matches(query, tree.root_node(), text.as_bytes());
    while let Some(one) = matches.next() {
        found.extend(one.captures().iter().map(|c| CapturedNode {
            capture: query.capture_names()[c.index as usize].to_owned(),
            start: c.node.start_byte(),
            end: c.node.end_byte(),
            kind: c.node.kind().to_owned(),
        }));
    }
    found
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let read = std::fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut all: Vec<PathBuf> = read.map(|e| e.expect("readable").path()).collect();
    all.sort();
    all
}

fn below(path: &Path, into: &mut Vec<PathBuf>) {
    if path.is_dir() {
        for inner in entries(path) {
            below(&inner, into);
        }
    } else {
        into.push(path.to_owned());
    }
}
