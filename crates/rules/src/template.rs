//! Code of the catalogue with places for what stands in the reader's code.

/// Puts what `given` has for each `{name}` of a template in its place, in one pass: what is put in may hold braces of its
/// own; doubled braces stand for themselves. `None` where a place stays empty.
pub(crate) fn fill(template: &str, given: impl Fn(&str) -> Option<String>) -> Option<String> {
    let mut filled = String::with_capacity(template.len() * 2);
    let mut rest = template;
    while let Some(at) = rest.find(['{', '}']) {
        filled.push_str(&rest[..at]);
        let (brace, behind) = rest[at..].split_at(1);
        if let Some(behind) = behind.strip_prefix(brace) {
            filled.push_str(brace);
            rest = behind;
            continue;
        }
        if brace == "}" {
            filled.push_str(brace);
            rest = behind;
            continue;
        }
        let (name, behind) = behind.split_once('}')?;
        filled.push_str(&given(name)?);
        rest = behind;
    }
    filled.push_str(rest);
    Some(filled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_in_is_not_filled_again() {
        let given = |name: &str| Some(if name == "0" { "'lock:{1}'" } else { "owner" }.to_owned());
        assert_eq!(fill("set({0}, {1}, nx=True)", given).as_deref(), Some("set('lock:{1}', owner, nx=True)"));
        assert_eq!(fill("set({0})", |_| None), None);
        assert_eq!(fill("set({0", given), None);
        assert_eq!(fill("eval({{ keys: [{1}] }})", given).as_deref(), Some("eval({ keys: [owner] })"));
    }
}
