//! Limits of time that stand inside texts: flags of commands that talk to other machines, parameters of addresses.

use crate::network::commands::is_client_program;
use crate::network::hard_coded_timeout::{META, WHY};
use crate::network::limit_names::is_default_name;
use crate::network::remote::is_near;
use crate::story::{Story, lower};
use crate::surface::is_command;
use timelint_diagnostics::{Confidence, Finding};
use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::catalog::ApiRole;
use timelint_semantics::{Analysis, has_word, words};

/// One finding for each literal limit in a text.
pub(crate) fn text_limits(file: &Analysis<'_>) -> Vec<Finding> {
    let model = file.model;
    let texts = model.ids().filter(|n| model.kind(*n) == Kind::String && speaks(model.name(*n)));
    texts.filter_map(|text| tell(file, text, &limit_in(file, text)?)).collect()
}

fn speaks(text: &str) -> bool {
    // Not a documentation.
    const LONGEST: usize = 400;
    text.len() < LONGEST && !text.contains('\n') && (text.contains("imeout") || text.contains("--max-time"))
}

/// A limit in a text: what it is called, and what it is.
struct InText {
    name: String,
    amount: String,
}

fn limit_in(file: &Analysis<'_>, text: NodeId) -> Option<InText> {
    let content = file.model.name(text);
    if content.contains("://") || content.starts_with("jdbc:") {
        return in_address(content);
    }
    let words: Vec<&str> = match command_of(file, text) {
        Some(words) => words,
        // A whole line: `curl --max-time 5 http://..`.
        None => content.split_whitespace().collect(),
    };
    let runs = words.first().and_then(|w| w.rsplit('/').next()).is_some_and(is_client_program);
    if !runs {
        return None;
    }
    let flags = content.split_whitespace().filter(|w| speaks(w)).map(|w| w.trim_start_matches('-'));
    flags.into_iter().find_map(|flag| {
        if let Some((name, amount)) = flag.split_once('=') {
            return given(name, amount);
        }
        let at = words.iter().position(|w| w.trim_start_matches('-') == flag)?;
        given(flag, words.get(at + 1)?)
    })
}

/// The other words of a command whose words are separate texts.
fn command_of<'f>(file: &'f Analysis<'_>, text: NodeId) -> Option<Vec<&'f str>> {
    let model = file.model;
    let parent = model.parent(text).filter(|p| matches!(model.kind(*p), Kind::List | Kind::Call | Kind::New))?;
    let texts = model.children(parent).filter(|c| model.kind(*c) == Kind::String).map(|c| model.name(c));
    let all: Vec<&str> = texts.collect();
    (all.len() > 1).then_some(all)
}

/// `jdbc:postgresql://db/app?connectTimeout=5`.
fn in_address(content: &str) -> Option<InText> {
    let (_, parameters) = content.split_once(['?', ';'])?;
    let mut pairs = parameters.split(['&', ';']).filter_map(|p| p.split_once('='));
    pairs.find_map(|(name, amount)| speaks(name).then(|| given(name, amount)).flatten())
}

fn given(name: &str, amount: &str) -> Option<InText> {
    let digits = amount.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let number: f64 = digits.parse().ok()?;
    let idle = has_word(name, &["idle", "keep", "lock", "statement"]);
    (number > 0.0 && !idle).then(|| InText { name: name.to_owned(), amount: amount.to_owned() })
}

fn tell(file: &Analysis<'_>, text: NodeId, limit: &InText) -> Option<Finding> {
    let model = file.model;
    let outer = || model.ancestors(text).take_while(|a| model.kind(*a) != Kind::Block).take(8);
    // What a setting is when nobody sets it.
    let default = outer().any(|a| match model.kind(a) {
        Kind::Call => {
            file.resolve(a).is_some_and(|k| k.api.role == ApiRole::ConfigRead) || is_default_name(model.name(a))
        }
        Kind::Let | Kind::Assign | Kind::Field => {
            model.child(a, Role::Target).is_some_and(|t| is_default_name(model.name(t)))
        }
        Kind::Param | Kind::Decorator => true,
        _ => false,
    });
    let said =
        outer().any(|a| model.kind(a) == Kind::Call && file.resolve(a).is_some_and(|k| k.api.role == ApiRole::Log));
    if default || said || is_near(file, text) {
        return None;
    }
    let connects = words(&limit.name).iter().any(|w| w.starts_with("connect"));
    let mut confidence = Confidence::Medium;
    if connects || is_command(file) {
        confidence = lower(confidence);
    }
    let message = format!("`{}` of {} is fixed in a text", limit.name, limit.amount);
    let finding = Story::new(&META, file, text, message)
        .why(WHY)
        .help("put the text together with a setting that has this value as its default; choose it from measured round trips")
        .confidence(confidence)
        .step(file.location(text), "bounds how long another machine may take")
        .tell();
    Some(finding)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_read_from_addresses() {
        let amount = |t: &str| in_address(t).map(|l| l.amount);
        assert_eq!(amount("jdbc:mysql://db/app?useSSL=true&socketTimeout=3000"), Some("3000".to_owned()));
        assert_eq!(amount("postgres://db/app?connect_timeout=5s"), Some("5s".to_owned()));
        for text in
            ["jdbc:mysql://db/app?socketTimeout={}", "http://x/timeout=5", "redis://h?idle_timeout=3", "a?timeout=0"]
        {
            assert_eq!(amount(text), None, "{text}");
        }
    }
}
