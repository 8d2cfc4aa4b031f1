//! XML over many lines and nothing lost: a line break stands only where one tag follows another, so that two answers have
//! one layout exactly when they are equal.

/// One element a line. Text next to elements, which the service never writes, is shown in quotes on a line of its own.
pub(crate) fn lines(xml: &str) -> String {
    let tokens = tokens(xml);
    let mut out = String::new();
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        if token.starts_with("</") {
            depth = depth.saturating_sub(1);
        }
        out += &"  ".repeat(depth);
        let leaf = leaf(&tokens[at..]);
        if leaf > 0 {
            tokens[at..at + leaf].iter().for_each(|token| out += token);
            at += leaf;
        } else if token.starts_with('<') {
            out += token;
            at += 1;
            if opens(token) {
                depth += 1;
            }
        } else {
            out += &format!("{token:?}");
            at += 1;
        }
        out.push('\n');
    }
    out
}

/// How many tokens an element without child elements takes, from its start tag to its end tag.
fn leaf(tokens: &[&str]) -> usize {
    match tokens {
        [open, close, ..] if opens(open) && close.starts_with("</") => 2,
        [open, text, close, ..] if opens(open) && !text.starts_with('<') && close.starts_with("</") => 3,
        _ => 0,
    }
}

fn opens(token: &str) -> bool {
    token.starts_with('<') && !token.starts_with("</") && !token.starts_with("<?") && !token.ends_with("/>")
}

/// Tags and texts, in turn. Answers have no comments, no CDATA and no `>` in attributes.
fn tokens(xml: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = xml;
    while !rest.is_empty() {
        let end = match rest.strip_prefix('<') {
            Some(tag) => tag.find('>').map_or(rest.len(), |end| end + 2),
            None => rest.find('<').unwrap_or(rest.len()),
        };
        let (token, after) = rest.split_at(end);
        found.push(token);
        rest = after;
    }
    found
}

#[test]
fn nothing_is_lost() {
    let xml = "<?xml version=\"1.0\"?><a b=\"c\"><d>e f</d><g></g><h /><i>\n<j>k</j></i></a>";
    let expected = "<?xml version=\"1.0\"?>\n<a b=\"c\">\n  <d>e f</d>\n  <g></g>\n  <h />\n  <i>\n    \"\\n\"\n    \
                    <j>k</j>\n  </i>\n</a>\n";
    assert_eq!(lines(xml), expected);
}
