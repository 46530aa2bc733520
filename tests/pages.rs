//! A rule's page has a fixed shape, and its examples do what it says.

use crate::folders::is_absent;
use timelint_diagnostics::{RuleMeta, SourceFile};
use timelint_rules::RULES;
use timelint_testkit::{Expectation, Project, check_expectations, expectations};

/// The second-level headings of every page, in order.
const HEADINGS: [&str; 6] =
    ["What it finds", "Why it is wrong", "Example", "Instead", "When it is quiet or wrong", "References"];

/// How a page says that the mistake cannot be made in some language.
const ABSENCE: &str = "does not exist in ";

/// The words after a fence that name a language, with the extension that picks it.
const LANGUAGES: [(&str, &str); 5] =
    [("go", "go"), ("java", "java"), ("javascript", "js"), ("python", "py"), ("typescript", "ts")];

/// A fenced block.
struct Block {
    heading: String,
    /// The word after the fence.
    language: String,
    /// The line of the page (from 1) on which the text starts.
    line: usize,
    text: String,
}

#[test]
fn every_page_has_the_headings_in_order() {
    let mut wrong = Vec::new();
    for rule in rules() {
        let title = format!("# {}", rule.id);
        if rule.page.lines().next() != Some(&title) {
            wrong.push(format!("{}: the first line must be `{title}`", rule.id));
        }
        let found = headings(rule.page);
        if found != HEADINGS {
            wrong.push(format!("{}: the headings must be {HEADINGS:?}, found {found:?}", rule.id));
        }
        for heading in HEADINGS.iter().filter(|h| found.contains(*h) && section(rule.page, h).trim().is_empty()) {
            wrong.push(format!("{}: nothing stands under `{heading}`", rule.id));
        }
    }
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_page_shows_the_mistake_and_the_way_out_in_every_language() {
    let mut wrong = Vec::new();
    for rule in rules() {
        let blocks = blocks(rule.page);
        for heading in ["Example", "Instead"] {
            for (language, _) in LANGUAGES {
                if is_absent(rule.id, language) {
                    assert!(rule.page.contains(ABSENCE), "{}: the page does not say where it does not exist", rule.id);
                } else if !blocks.iter().any(|b| b.heading == heading && b.language == language) {
                    wrong.push(format!("{}: no {language} block under `{heading}`", rule.id));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} blocks are missing:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn the_blocks_of_every_page_do_what_the_page_says() {
    let mut wrong = Vec::new();
    for rule in rules() {
        for block in blocks(rule.page) {
            if block.heading == "Example" || block.heading == "Instead" {
                wrong.extend(run(rule, &block).into_iter().map(|d| format!("{}: {}: {d}", rule.id, block.heading)));
            }
        }
    }
    assert!(wrong.is_empty(), "{} differences (lines are those of the page):\n{}", wrong.len(), wrong.join("\n"));
}

/// Analyses one block and says where it differs from its comments.
fn run(rule: &RuleMeta, block: &Block) -> Vec<String> {
    let Some((_, extension)) = LANGUAGES.iter().find(|l| l.0 == block.language) else {
        let known = LANGUAGES.map(|l| l.0).join(", ");
        let plain = matches!(block.language.as_str(), "text" | "toml" | "sql");
        let message = format!("line {}: `{}` is none of {known}, text, toml, sql", block.line, block.language);
        return if plain { Vec::new() } else { vec![message] };
    };
    // Blank lines before the block make its lines those of the page.
    let text = format!("{}{}", "\n".repeat(block.line - 1), block.text);
    // A neutral name: rules may look at the words of a path.
    let source = SourceFile::new(format!("page.{extension}"), text);
    let mut project = Project::default();
    project.add(&source.path, &source.text);
    let mut wrong = check_expectations(&source, &project.findings());
    let wants = expectations(&source).iter().any(|(_, e)| matches!(e, Expectation::Want(r, _) if r == rule.id));
    if wants != (block.heading == "Example") {
        let what = if wants { "a `want` where the mistake is mended" } else { "no `want` where the mistake is shown" };
        wrong.push(format!("{}:{}: {what}", source.path, block.line));
    }
    wrong
}

fn rules() -> impl Iterator<Item = &'static RuleMeta> {
    RULES.iter().map(|r| r.meta())
}

/// The second-level headings outside fenced blocks.
fn headings(page: &str) -> Vec<&str> {
    let mut fenced = false;
    let mut found = Vec::new();
    for line in page.lines() {
        fenced ^= line.starts_with("```");
        if !fenced {
            found.extend(line.strip_prefix("## "));
        }
    }
    found
}

/// What stands under a heading, up to the next one.
fn section<'p>(page: &'p str, heading: &str) -> &'p str {
    let rest = page.split_once(&format!("\n## {heading}\n")).map_or("", |(_, rest)| rest);
    rest.split_once("\n## ").map_or(rest, |(own, _)| own)
}

fn blocks(page: &str) -> Vec<Block> {
    let mut all = Vec::new();
    let mut heading = String::new();
    let mut open: Option<Block> = None;
    for (line, text) in (1..).zip(page.lines()) {
        match (open.take(), text.strip_prefix("```")) {
            (None, Some(language)) => {
                let language = language.trim().to_owned();
                open = Some(Block { heading: heading.clone(), language, line: line + 1, text: String::new() });
            }
            (None, None) => {
                if let Some(found) = text.strip_prefix("## ") {
                    found.clone_into(&mut heading);
                }
            }
            (Some(block), Some(_)) => all.push(block),
            (Some(mut block), None) => {
                block.text.push_str(text);
                block.text.push('\n');
                open = Some(block);
            }
        }
    }
    all
}

#[test]
fn blocks_and_headings_are_read() {
    let page = "# a\n\n## Example\n\n```go\n## no heading\n```\n\n## Instead\n\n```text\nx\n```\n";
    assert_eq!(headings(page), ["Example", "Instead"]);
    let found: Vec<_> = blocks(page).into_iter().map(|b| (b.heading, b.language, b.line, b.text)).collect();
    let block = |h: &str, l: &str, n, t: &str| (h.to_owned(), l.to_owned(), n, t.to_owned());
    assert_eq!(found, [block("Example", "go", 6, "## no heading\n"), block("Instead", "text", 12, "x\n")]);
    assert_eq!(section(page, "Instead"), "\n```text\nx\n```\n");
}
