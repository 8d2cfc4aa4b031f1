//! What XML 1.0 (fifth edition) allows: characters, names, white space; and what they stand for when escaped.
//!
//! It never looks at elements or namespaces.

use std::borrow::Cow;

/// White space as XML knows it.
pub(super) const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

/// Whether there is nothing but white space.
pub(super) fn is_blank(text: &str) -> bool {
    text.bytes().all(is_space)
}

/// `text` without the white space around it.
pub(super) fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t', '\r', '\n'])
}

/// `Char` of XML 1.0.
pub(super) const fn is_char(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..)
}

const fn is_name_start(c: char) -> bool {
    matches!(c, 'A'..='Z' | 'a'..='z' | '_'
        | '\u{C0}'..='\u{D6}' | '\u{D8}'..='\u{F6}' | '\u{F8}'..='\u{2FF}' | '\u{370}'..='\u{37D}'
        | '\u{37F}'..='\u{1FFF}' | '\u{200C}'..='\u{200D}' | '\u{2070}'..='\u{218F}' | '\u{2C00}'..='\u{2FEF}'
        | '\u{3001}'..='\u{D7FF}' | '\u{F900}'..='\u{FDCF}' | '\u{FDF0}'..='\u{FFFD}' | '\u{10000}'..='\u{EFFFF}')
}

const fn is_name_char(c: char) -> bool {
    is_name_start(c) || matches!(c, '-' | '.' | '0'..='9' | '\u{B7}' | '\u{300}'..='\u{36F}' | '\u{203F}'..='\u{2040}')
}

/// `NCName`: a name without a colon.
pub(super) fn is_ncname(name: &str) -> bool {
    let mut bytes = name.bytes();
    let plain = bytes.next().is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'));
    plain || is_international_ncname(name)
}

fn is_international_ncname(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(is_name_start) && chars.all(is_name_char)
}

/// What one look over a whole document tells, so that the parts need not be looked at for it.
pub(super) struct Survey {
    /// The place of the first character that XML 1.0 does not have.
    pub(super) illegal: Option<usize>,
    /// Whether there is a carriage return.
    pub(super) returns: bool,
    /// Whether there is a `]`.
    pub(super) brackets: bool,
    /// How many `<` stand before something else than `/`: no fewer than there are elements.
    pub(super) tags: usize,
}

/// Looks over the document. Written for the compiler's vectors: this costs about a fiftieth of the reading.
pub(super) fn survey(text: &str) -> Survey {
    let bytes = text.as_bytes();
    let next = bytes.get(1..).unwrap_or_default();
    let (mut control, mut high, mut returns, mut brackets, mut tags) = (0_u8, 0_u8, 0_u8, 0_u8, 0_usize);
    // 240: the counter of a chunk is a byte.
    for (chunk, next) in bytes.chunks(240).zip(next.chunks(240)) {
        let mut count = 0_u8;
        for (&byte, &next) in chunk.iter().zip(next) {
            control |=
                u8::from(byte < 0x20) & u8::from(byte != b'\t') & u8::from(byte != b'\n') & u8::from(byte != b'\r');
            high |= u8::from(byte == 0xEF);
            returns |= u8::from(byte == b'\r');
            brackets |= u8::from(byte == b']');
            count += u8::from(byte == b'<') & u8::from(next != b'/');
        }
        tags += usize::from(count);
    }
    // The pairs above leave out the last byte; nothing well-formed ends in one that matters, but controls are named.
    let last = bytes.last().is_some_and(|byte| *byte < 0x20);
    let illegal = if control != 0 || high != 0 || last {
        text.char_indices().find(|(_, c)| !is_char(*c)).map(|(at, _)| at)
    } else {
        None
    };
    let ends = bytes.last();
    Survey {
        illegal,
        returns: returns != 0 || ends == Some(&b'\r'),
        brackets: brackets != 0 || ends == Some(&b']'),
        tags,
    }
}

/// The character that `&name;` stands for: the five of XML, or a character's number.
pub(super) fn referenced(name: &str) -> Option<char> {
    Some(match name {
        "lt" => '<',
        "gt" => '>',
        "amp" => '&',
        "quot" => '"',
        "apos" => '\'',
        _ => {
            let (digits, radix) = match name.strip_prefix("#x") {
                Some(digits) => (digits, 16),
                None => (name.strip_prefix('#')?, 10),
            };
            if digits.is_empty() || !digits.chars().all(|c| c.is_digit(radix)) {
                return None;
            }
            u32::from_str_radix(digits, radix).ok().and_then(char::from_u32).filter(|c| is_char(*c))?
        }
    })
}

/// The place of the first `&` that starts no lawful reference.
pub(super) fn bad_reference(raw: &str) -> Option<usize> {
    raw.match_indices('&').map(|(at, _)| at).find(|at| {
        let rest = raw.get(at + 1..).unwrap_or_default();
        rest.split_once(';').and_then(|(name, _)| referenced(name)).is_none()
    })
}

/// Character data as it was meant: references replaced, line ends made `\n`. References must be lawful.
pub(super) fn unescaped(raw: &str) -> Cow<'_, str> {
    plain(raw, false)
}

/// An attribute's value as it was meant: as [`unescaped`], and white space that is written as such becomes a space.
pub(super) fn unescaped_attribute(raw: &str) -> Cow<'_, str> {
    plain(raw, true)
}

/// Character data in which `&` means itself (CDATA): line ends made `\n`.
pub(super) fn with_line_ends(raw: &str) -> Cow<'_, str> {
    if raw.contains('\r') { Cow::Owned(raw.replace("\r\n", "\n").replace('\r', "\n")) } else { Cow::Borrowed(raw) }
}

fn plain(raw: &str, attribute: bool) -> Cow<'_, str> {
    let special = |c: char| matches!(c, '&' | '\r') || (attribute && matches!(c, '\n' | '\t'));
    if !raw.contains(special) {
        return Cow::Borrowed(raw);
    }
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find(special) {
        let (before, found) = rest.split_at(at);
        out.push_str(before);
        if let Some(reference) = found.strip_prefix('&') {
            let (name, after) = reference.split_once(';').unwrap_or((reference, ""));
            out.extend(referenced(name));
            rest = after;
        } else {
            out.push(if attribute { ' ' } else { '\n' });
            rest = found.strip_prefix("\r\n").or_else(|| found.get(1..)).unwrap_or_default();
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// Line and column (from 1, columns in characters) of a place in the document.
pub(super) fn position(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..text.floor_char_boundary(offset)).unwrap_or(text);
    let (mut line, mut start) = (1, 0);
    for (at, byte) in before.bytes().enumerate() {
        let lone = byte == b'\r' && text.as_bytes().get(at + 1) != Some(&b'\n');
        if byte == b'\n' || lone {
            line += 1;
            start = at + 1;
        }
    }
    (line, before.get(start..).unwrap_or_default().chars().count() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_the_five_or_a_number() {
        assert_eq!(referenced("amp"), Some('&'));
        assert_eq!(referenced("#65"), Some('A'));
        assert_eq!(referenced("#x1F600"), Some('\u{1F600}'));
        for bad in
            ["", "#", "#x", "#0", "#xD800", "#xFFFE", "#x110000", "#99999999999", "nbsp", "#X41", "#-1", "#+65", " amp"]
        {
            assert_eq!(referenced(bad), None, "{bad}");
        }
    }

    #[test]
    fn line_ends_and_references_are_undone() {
        assert_eq!(unescaped("a\r\nb\rc&#13;d&lt;"), "a\nb\nc\rd<");
        assert_eq!(unescaped_attribute("a\r\nb\tc&#10;"), "a b c\n");
        assert!(matches!(unescaped("nothing to do"), Cow::Borrowed(_)));
        assert_eq!(with_line_ends("&amp;\r\n"), "&amp;\n");
    }

    #[test]
    fn the_survey_sees_what_is_there() {
        let seen = survey("<a>\r<b/></a>");
        assert_eq!((seen.tags, seen.returns, seen.brackets, seen.illegal), (2, true, false, None));
        assert_eq!(survey("<a>\u{1}</a>").illegal, Some(3));
        assert_eq!(survey("<a>\u{FFFF}</a>").illegal, Some(3));
        assert_eq!(survey("<a>\u{FF21}</a>").illegal, None);
        assert_eq!(survey("<a/>\u{0}").illegal, Some(4));
        assert_eq!(survey(&format!("{}\u{8}{}", "x".repeat(1000), "y".repeat(1000))).illegal, Some(1000));
        assert!(survey("]").brackets && survey("\r").returns);
    }

    #[test]
    fn places_are_counted_as_people_count() {
        assert_eq!(position("ab", 0), (1, 1));
        assert_eq!(position("a\nb\u{e9}c", 5), (2, 3));
        assert_eq!(position("a\r\nb\rc", 5), (3, 1));
        assert_eq!(position("a", 100), (1, 2));
    }

    #[test]
    fn names_are_those_of_the_fifth_edition() {
        for good in ["a", "_", "\u{c9}t\u{e9}", "a-b.c", "a\u{b7}", "\u{10000}"] {
            assert!(is_ncname(good), "{good}");
        }
        for bad in ["", "1a", "-a", "a:b", "a b", "\u{d7}", "a\u{2000}", "\u{b7}"] {
            assert!(!is_ncname(bad), "{bad}");
        }
    }
}
