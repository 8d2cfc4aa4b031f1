//! `%%name%%` in subjects, bodies and sender names. Pure: it knows no store and no attribute.
//!
//! AMPscript (`%%[ … ]%%`, `%%=…=%%`) is another language, which is told apart here and run nowhere.

use std::borrow::Cow;

/// The longest name; what is longer is text that happens to stand between percent signs.
const LONGEST_NAME: usize = 128;
const MARK: &str = "%%";

/// A part of a text with names in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Piece<'t> {
    Text(&'t str),
    Name(&'t str),
}

struct Pieces<'t>(&'t str);

impl<'t> Iterator for Pieces<'t> {
    type Item = Piece<'t>;

    fn next(&mut self) -> Option<Piece<'t>> {
        if self.0.is_empty() {
            return None;
        }
        if let Some((name, rest)) = name_at(self.0) {
            self.0 = rest;
            return Some(Piece::Name(name));
        }
        // What begins here is no name: text up to the next mark behind it.
        let from = if self.0.starts_with(MARK) { MARK.len() } else { 0 };
        let end = self.0.get(from..).and_then(|rest| rest.find(MARK)).map_or(self.0.len(), |at| at + from);
        let (text, rest) = self.0.split_at_checked(end)?;
        self.0 = rest;
        Some(Piece::Text(text))
    }
}

/// The name that a text begins with, and what follows it.
fn name_at(text: &str) -> Option<(&str, &str)> {
    let (name, rest) = text.strip_prefix(MARK)?.split_once(MARK)?;
    is_name(name).then_some((name, rest))
}

/// Names of attributes may hold spaces; what begins or ends with one is text.
fn is_name(text: &str) -> bool {
    let inner = |c: char| c.is_alphanumeric() || matches!(c, ' ' | '_' | '-' | '.' | '\'');
    let ends = |c: char| c.is_alphanumeric() || c == '_';
    text.len() <= LONGEST_NAME && text.starts_with(ends) && text.ends_with(ends) && text.chars().all(inner)
}

/// The names in a text, in order, as they are written.
pub(crate) fn names(text: &str) -> impl Iterator<Item = &str> {
    Pieces(text).filter_map(|piece| match piece {
        Piece::Name(name) => Some(name),
        Piece::Text(_) => None,
    })
}

/// Whether there is AMPscript in a text.
pub(crate) fn has_script(text: &str) -> bool {
    text.contains("%%[") || text.contains("%%=")
}

/// The text with values for its names; an error is a name without one.
pub(crate) fn fill<'t, 'v>(
    text: &'t str,
    mut value: impl FnMut(&str) -> Option<Cow<'v, str>>,
) -> Result<String, &'t str> {
    let mut filled = String::with_capacity(text.len());
    for piece in Pieces(text) {
        match piece {
            Piece::Text(text) => filled.push_str(text),
            Piece::Name(name) => filled.push_str(&value(name).ok_or(name)?),
        }
    }
    Ok(filled)
}

/// A value as it may stand in HTML, in text and in quoted attributes alike.
pub(crate) fn escaped(text: &str) -> Cow<'_, str> {
    if !text.contains(['&', '<', '>', '"', '\'']) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c => safe.push(c),
        }
    }
    Cow::Owned(safe)
}

/// A value as it may stand in a header field: one line.
pub(crate) fn one_line(text: &str) -> String {
    let spaced: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn filled(text: &str) -> Result<String, &str> {
        fill(text, |name| match name.to_lowercase().as_str() {
            "first name" => Some("Ada".into()),
            "emailaddr" => Some("ada@example.com".into()),
            "empty" => Some("".into()),
            _ => None,
        })
    }

    #[test]
    fn names_are_filled_and_all_else_stays() {
        for (text, expected) in [
            ("", Ok("")),
            ("plain", Ok("plain")),
            ("Hi %%First Name%%!", Ok("Hi Ada!")),
            ("%%FIRST NAME%%%%emailaddr%%", Ok("Adaada@example.com")),
            ("a%%empty%%b", Ok("ab")),
            ("%%unknown%%", Err("unknown")),
            ("100%% wool, 20%% off", Ok("100%% wool, 20%% off")),
            ("50%% %%First Name%%", Ok("50%% Ada")),
            ("50%", Ok("50%")),
            ("%%", Ok("%%")),
            ("%%%%", Ok("%%%%")),
            ("%%% %%emailaddr%%", Ok("%%% ada@example.com")),
            ("%%no\nname%%", Ok("%%no\nname%%")),
            ("%%First Name", Ok("%%First Name")),
        ] {
            assert_eq!(filled(text), expected.map(str::to_owned), "{text:?}");
        }
        assert_eq!(names("%%a%% %%b c%% %%=v(@d)=%%").collect::<Vec<_>>(), ["a", "b c"]);
    }

    #[test]
    fn scripts_are_seen() {
        assert!(has_script("%%[ set @a = 1 ]%%") && has_script("Hi %%=v(@a)=%%"));
        assert!(!has_script("Hi %%a%%, 100% [sure]"));
    }

    #[test]
    fn values_are_made_safe() {
        assert_eq!(escaped("a"), "a");
        assert_eq!(escaped("<b a='1'>\"&\"</b>"), "&lt;b a=&#39;1&#39;&gt;&quot;&amp;&quot;&lt;/b&gt;");
        assert_eq!(one_line(" a\r\nBcc: b@c.de\t d "), "a Bcc: b@c.de d");
    }

    proptest! {
        #[test]
        fn text_without_names_comes_back(text in "\\PC{0,80}") {
            prop_assume!(names(&text).next().is_none());
            prop_assert_eq!(fill(&text, |_| None).unwrap(), text);
        }

        #[test]
        fn every_name_is_found_between_texts(parts in prop::collection::vec(("[^%]{0,10}", "[a-z][a-z ]{0,5}[a-z]"), 0..6)) {
            let text: String = parts.iter().map(|(text, name)| format!("{text}%%{name}%%")).collect();
            let expected: String = parts.iter().map(|(text, name)| format!("{text}<{name}>")).collect();
            prop_assert_eq!(fill(&text, |name| Some(format!("<{name}>").into())).unwrap(), expected);
        }

        #[test]
        fn nothing_that_is_escaped_is_markup(text in "\\PC{0,40}") {
            prop_assert!(!escaped(&text).contains(['<', '>', '"', '\'']));
        }
    }
}
