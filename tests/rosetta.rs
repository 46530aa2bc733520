//! One program in several languages gives one model.
//!
//! Every folder of `fixtures/_rosetta` holds a construct as `a.py`, `a.go`, `a.java`, `a.js` and `a.ts`, as far as the
//! language has it, and `expected.txt`: the dump of all of them after [`normal`] has taken away what languages write
//! differently on purpose. `expected.<ext>.txt` overrides it for one language; its first line says why.
//! `UPDATE_ROSETTA=1` rewrites the expectations.
#![allow(clippy::disallowed_methods, reason = "a test reads its fixtures from disk")]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use timelint_model::{FileModel, NodeId, dump};
use timelint_syntax::{Pack, Parser, QuerySource, inherited_packs, language_for_path, lower};

const EXTENSIONS: [&str; 5] = ["py", "go", "java", "js", "ts"];

#[test]
fn one_program_gives_one_model_in_every_language() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/_rosetta");
    let update = std::env::var_os("UPDATE_ROSETTA").is_some();
    let mut constructs: Vec<PathBuf> =
        std::fs::read_dir(root).expect("fixtures").map(|e| e.expect("entry").path()).filter(|p| p.is_dir()).collect();
    constructs.sort();
    assert!(!constructs.is_empty());
    let mut wrong = String::new();
    for construct in constructs {
        let name = construct.file_name().and_then(|n| n.to_str()).expect("a name");
        let files: Vec<PathBuf> =
            EXTENSIONS.iter().map(|e| construct.join(format!("a.{e}"))).filter(|p| p.is_file()).collect();
        assert!(files.len() > 1, "{name}: one language proves nothing");
        let mut shared_written = false;
        for file in files {
            let found = normalised(&file);
            let extension = file.extension().and_then(|e| e.to_str()).expect("an extension");
            let own = construct.join(format!("expected.{extension}.txt"));
            let shared = construct.join("expected.txt");
            let (path, why) = if own.is_file() {
                let text = read(&own);
                let why = text.lines().next().unwrap_or("").to_owned();
                assert!(why.starts_with("# why: "), "{}: the first line must be `# why: ...`", own.display());
                (own, format!("{why}\n"))
            } else {
                (shared, String::new())
            };
            if update && (!why.is_empty() || !shared_written) {
                shared_written |= why.is_empty();
                std::fs::write(&path, format!("{why}{found}")).expect("written");
            }
            let expected = read(&path);
            if expected.strip_prefix(&why) != Some(&found) {
                let _ = writeln!(
                    wrong,
                    "== {name}: {extension} differs from {}\n{}",
                    path.display(),
                    difference(&expected, &found)
                );
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|e| format!("({}: {e})\n", path.display()))
}

/// Both texts from the first line that differs on, a few lines each.
fn difference(expected: &str, found: &str) -> String {
    let same = expected.lines().zip(found.lines()).take_while(|(a, b)| a == b).count();
    let mut out = String::new();
    for (mark, text) in [("-", expected), ("+", found)] {
        for line in text.lines().skip(same.saturating_sub(2)).take(10) {
            let _ = writeln!(out, "{mark} {line}");
        }
    }
    out
}

fn sources(queries: &Path, pack: &str) -> Vec<QuerySource> {
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(queries.join(pack)).expect("a pack").map(|e| e.expect("entry").path()).collect();
    files.retain(|p| p.extension().is_some_and(|e| e == "scm"));
    files.sort();
    let mut all = Vec::new();
    for path in files {
        let text = read(&path);
        let parents = inherited_packs(&text);
        all.push(QuerySource { file: path.display().to_string(), text });
        for parent in parents {
            all.extend(sources(queries, &parent));
        }
    }
    all
}

fn normalised(file: &Path) -> String {
    let queries = Path::new(env!("CARGO_MANIFEST_DIR")).join("queries");
    let language = language_for_path(file).expect("a known language");
    let pack = Pack::compile(language, &sources(&queries, language.pack)).unwrap_or_else(|e| panic!("{e}"));
    let text = read(file);
    let tree = Parser::new(&pack).expect("supported").parse(&text).expect("parsed");
    let model = lower(&pack, &tree, &text);
    assert!(model.errors.is_empty(), "{}: does not parse", file.display());
    assert!(
        !dump(&model).contains("opaque"),
        "{}: has a shape that the pack does not name\n{}",
        file.display(),
        dump(&model)
    );
    let mut out = String::new();
    for node in model.children(model.root()).flat_map(|c| normal(Shape::of(&model, c), "")) {
        node.write(0, &mut out);
    }
    out
}

/// A node of the model that can be changed.
#[derive(Debug, Clone)]
struct Shape {
    role: String,
    kind: String,
    name: String,
    children: Vec<Shape>,
}

impl Shape {
    fn new(role: &str, kind: &str, name: &str, children: Vec<Shape>) -> Self {
        Self { role: role.into(), kind: kind.into(), name: name.into(), children }
    }

    fn of(model: &FileModel, id: NodeId) -> Self {
        let parent = model.parent(id).map_or(model.kind(id), |p| model.kind(p));
        let children = model.children(id).map(|c| Self::of(model, c)).collect();
        Self::new(model.role(id).name_in(parent), model.kind(id).name(), model.name(id), children)
    }

    fn has(&self, role: &str) -> bool {
        self.children.iter().any(|c| c.role == role)
    }

    /// In the form of [`timelint_model::dump`].
    fn write(&self, depth: usize, out: &mut String) {
        let role = if self.role.is_empty() { String::new() } else { format!("{}: ", self.role) };
        let name = if self.name.is_empty() { String::new() } else { format!(" {:?}", self.name) };
        let _ = writeln!(out, "{:indent$}{role}{}{name}", "", self.kind, indent = depth * 2);
        for child in &self.children {
            child.write(depth + 1, out);
        }
    }
}

/// `shape` without what languages write differently on purpose; nothing, one node, or the nodes it dissolves into.
fn normal(mut shape: Shape, class: &str) -> Vec<Shape> {
    // Types, modifiers and imports say what the language needs, not what the program does.
    if matches!(shape.kind.as_str(), "type" | "modifier" | "import")
        || matches!(shape.role.as_str(), "alias" | "returns")
    {
        return vec![];
    }
    // The current object is a parameter in Python and Go only.
    if shape.role == "this" || (shape.kind == "param" && shape.name == "self") {
        return vec![];
    }
    // Go's unused loop variable.
    if shape.role == "target" && shape.name == "_" {
        return vec![];
    }
    // A construction names a type where it is not a call.
    if shape.kind == "new" {
        let of = shape.children.iter().find(|c| c.role == "type").map_or(String::new(), |c| c.name.clone());
        shape = Shape::new(&shape.role, "call", &of, shape.children);
    }
    let inner = if shape.kind == "class" { shape.name.clone() } else { class.to_owned() };
    shape.children = shape.children.into_iter().flat_map(|c| normal(c, &inner)).collect();
    shape.name = spelling(&shape, class);
    match shape.kind.as_str() {
        // Java has no functions outside a class.
        "class" if shape.name == "main" => {
            return shape.children.into_iter().flat_map(|body| body.children).collect();
        }
        // Python and JavaScript do not declare fields; what has a value is stored.
        "field" if !shape.has("value") => return vec![],
        "field" => {
            shape.children.insert(0, Shape::new("target", "name", &shape.name, vec![]));
            shape = Shape::new(&shape.role, "store", "", shape.children);
        }
        // Python declares by assigning.
        "let" => shape.kind = "store".into(),
        "assign" if shape.name == "=" => {
            shape.kind = "store".into();
            shape.name.clear();
        }
        // Types are dropped, so a cast is its value; and only Go writes that it takes an address.
        "cast" => return with_role(shape.children, &shape.role),
        "unary" if shape.name == "&" => return with_role(shape.children, &shape.role),
        "if" => {
            // `elif` stands beside its `if`, `else if` inside it.
            let children = std::mem::take(&mut shape.children);
            for mut child in children {
                let is_elif = child.role == "else" && child.kind == "if";
                let (rest, own) =
                    std::mem::take(&mut child.children).into_iter().partition(|c| is_elif && c.role == "else");
                child.children = own;
                shape.children.push(child);
                shape.children.extend::<Vec<Shape>>(rest);
            }
            in_blocks(&mut shape, &["then", "else"]);
        }
        "loop" => {
            // An endless loop is `while true`, `for {}` or `for (;;)`.
            shape.children.retain(|c| c.role != "condition" || c.kind != "boolean" || c.name != "true");
            if shape.name == "for" && !["init", "condition", "update"].iter().any(|r| shape.has(r)) {
                shape.name = "while".into();
            }
            in_blocks(&mut shape, &["body"]);
        }
        "case" => {
            // Statements of a case are no block of their own in Java and JavaScript, and have to be left by `break`.
            let children = std::mem::take(&mut shape.children);
            for child in children {
                if child.role == "body" && child.kind == "block" {
                    shape.children.extend(with_role(child.children, "body"));
                } else {
                    shape.children.push(child);
                }
            }
            shape.children.pop_if(|c| c.kind == "break");
        }
        // Java's try-with-resources is Python's `with`.
        "try" if shape.has("item") => shape.kind = "with".into(),
        // Java writes the name before the value, Python after it.
        "with_item" => shape.children.sort_by(|a, b| a.role.cmp(&b.role)),
        // A lambda whose body is an expression returns it.
        "function" if shape.name.is_empty() => {
            for body in shape.children.iter_mut().filter(|c| c.role == "body" && c.kind != "block") {
                let mut value = std::mem::replace(body, Shape::new("body", "block", "", vec![]));
                value.role = "value".into();
                body.children.push(Shape::new("", "return", "", vec![value]));
            }
        }
        // Keyword arguments are one object of options.
        "call" => {
            let (keywords, mut plain): (Vec<Shape>, Vec<Shape>) =
                std::mem::take(&mut shape.children).into_iter().partition(|c| c.kind == "argument");
            if !keywords.is_empty() {
                let entries = keywords.into_iter().map(|k| Shape::new("item", "entry", &k.name, k.children)).collect();
                plain.push(Shape::new("arg", "record", "", entries));
            }
            shape.children = plain;
        }
        _ => {}
    }
    vec![shape]
}

/// The name without its language's spelling.
fn spelling(shape: &Shape, class: &str) -> String {
    let name = shape.name.as_str();
    match shape.kind.as_str() {
        // `${x}` in JavaScript is `{x}` in Python.
        "string" => name.replace("${", "{"),
        // `30L` and `0.5d` in Java.
        "number" if !name.starts_with("0x") => name.trim_end_matches(|c: char| c.is_ascii_alphabetic()).to_owned(),
        // Each language has its own name for constructors.
        "function" if name == "__init__" || name == "constructor" || (!class.is_empty() && name == class) => {
            "constructor".into()
        }
        "function" if is_new(name) => "constructor".into(),
        "call" if is_new(name) => fold(&name[3..]),
        "name" | "call" | "function" | "param" | "class" | "field" | "member" | "decorator" | "entry" | "argument" => {
            fold(name)
        }
        _ => name.to_owned(),
    }
}

/// Go's `NewWorker`.
fn is_new(name: &str) -> bool {
    name.strip_prefix("New").is_some_and(|rest| rest.starts_with(|c: char| c.is_uppercase()))
}

/// `renew_every`, `renewEvery`, `RenewEvery` and `RENEW_EVERY` are one name.
fn fold(name: &str) -> String {
    name.chars().filter(|c| *c != '_').flat_map(char::to_lowercase).collect()
}

fn with_role(mut shapes: Vec<Shape>, role: &str) -> Vec<Shape> {
    for shape in &mut shapes {
        role.clone_into(&mut shape.role);
    }
    shapes
}

/// A single statement without braces is a block.
fn in_blocks(shape: &mut Shape, roles: &[&str]) {
    for child in shape.children.iter_mut().filter(|c| roles.contains(&c.role.as_str())) {
        if child.kind != "block" && !(child.role == "else" && child.kind == "if") {
            let role = std::mem::take(&mut child.role);
            let statement = std::mem::replace(child, Shape::new(&role, "block", "", vec![]));
            child.children.push(statement);
        }
    }
}
