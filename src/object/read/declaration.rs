//! The XML declaration and processing instructions, checked.

use super::error::{Refusal, malformed, shown};
use crate::object::chars::{is_ncname, is_space};

/// Checks `<?xml … ?>`; `inside` is what stands between `<?xml` and `?>`.
pub(super) fn check(inside: &str, offset: usize) -> Result<(), Refusal> {
    let wrong = || malformed(offset, "the XML declaration is malformed");
    let mut rest = inside;
    let mut expected = ["version", "encoding", "standalone"].as_slice();
    let mut seen = 0;
    loop {
        let next = rest.trim_start_matches([' ', '\t', '\r', '\n']);
        if next.is_empty() {
            return if seen > 0 { Ok(()) } else { wrong() };
        }
        let Some((name, value, after)) = pseudo_attribute(next).filter(|_| next.len() < rest.len()) else {
            return wrong();
        };
        let Some(at) = expected.iter().position(|expected| *expected == name) else {
            return wrong();
        };
        let lawful = match name {
            "version" => is_version(value),
            "encoding" => is_encoding_name(value),
            _ => matches!(value, "yes" | "no"),
        };
        if !lawful || (seen == 0 && name != "version") {
            return wrong();
        }
        expected = expected.get(at + 1..).unwrap_or_default();
        seen += 1;
        rest = after;
    }
}

/// `name = "value"`: name, value and what follows.
pub(in crate::object) fn pseudo_attribute(text: &str) -> Option<(&str, &str, &str)> {
    let (name, rest) = text.split_once('=')?;
    let rest = rest.trim_start_matches([' ', '\t', '\r', '\n']);
    let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let (value, after) = rest.get(1..)?.split_once(quote)?;
    Some((name.trim_end_matches([' ', '\t', '\r', '\n']), value, after))
}

fn is_version(value: &str) -> bool {
    value.strip_prefix("1.").is_some_and(|minor| !minor.is_empty() && minor.bytes().all(|b| b.is_ascii_digit()))
}

fn is_encoding_name(value: &str) -> bool {
    let mut bytes = value.bytes();
    bytes.next().is_some_and(|b| b.is_ascii_alphabetic())
        && bytes.all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
}

/// Checks a processing instruction; `inside` is what stands between `<?` and `?>`.
pub(super) fn check_instruction(inside: &str, offset: usize) -> Result<(), Refusal> {
    let end = inside.bytes().position(is_space).unwrap_or(inside.len());
    let target = inside.get(..end).unwrap_or_default();
    if target.eq_ignore_ascii_case("xml") {
        return malformed(offset, "the XML declaration may stand at the very beginning alone, and in lower case");
    }
    if !is_ncname(target) {
        return malformed(offset, format!("the processing instruction's target {:?} is not a name", shown(target)));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn declarations_as_clients_write_them_are_accepted() {
        for good in [
            " version=\"1.0\"",
            " version='1.0' encoding='UTF-8'",
            " version=\"1.0\" encoding=\"utf-8\" standalone=\"yes\"",
            " version=\"1.0\" encoding=\"utf-8\" ",
            "\n\tversion = \"1.1\"\r\nstandalone = 'no'",
        ] {
            assert!(check(good, 0).is_ok(), "{good}");
        }
    }

    #[test]
    fn malformed_declarations_are_refused() {
        for bad in [
            "",
            " ",
            "version=\"1.0\"",
            " version=\"1.0\"encoding=\"UTF-8\"",
            " encoding=\"UTF-8\"",
            " encoding=\"UTF-8\" version=\"1.0\"",
            " version=\"1.0\" standalone=\"yes\" encoding=\"UTF-8\"",
            " version=\"1.0\" version=\"1.0\"",
            " version=\"2.0\"",
            " version=\"1.\"",
            " version=1.0",
            " version=\"1.0'",
            " version=\"1.0\" encoding=\"\"",
            " version=\"1.0\" encoding=\"8bit\"",
            " version=\"1.0\" encoding=\"a b\"",
            " version=\"1.0\" standalone=\"YES\"",
            " Version=\"1.0\"",
            " version=\"1.0\" bogus=\"1\"",
            " version=\"1.0\" ?",
        ] {
            assert!(check(bad, 0).is_err(), "{bad}");
        }
    }
}
