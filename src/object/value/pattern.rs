//! What a text must look like: the patterns that the WSDL uses, and base64.

use crate::object::chars::is_space;

/// The small part of XML Schema's patterns that the WSDL uses: characters, `\` before one, classes, `{n}`.
pub(super) fn matches_pattern(text: &str, pattern: &str) -> bool {
    let mut left = text.chars();
    let mut rest = pattern;
    while let Some(first) = rest.chars().next() {
        let (atom, after) = match first {
            '\\' => rest.split_at(rest.chars().take(2).map(char::len_utf8).sum()),
            '[' => rest.split_at(rest.find(']').map_or(rest.len(), |end| end + 1)),
            c => rest.split_at(c.len_utf8()),
        };
        let counted = after.strip_prefix('{').and_then(|after| after.split_once('}'));
        let (times, after) = match counted.and_then(|(times, after)| Some((times.parse().ok()?, after))) {
            Some(counted) => counted,
            None => (1_usize, after),
        };
        for _ in 0..times {
            if !left.next().is_some_and(|c| is_of(c, atom)) {
                return false;
            }
        }
        rest = after;
    }
    left.next().is_none()
}

fn is_of(c: char, atom: &str) -> bool {
    if let Some(class) = atom.strip_prefix('[').and_then(|atom| atom.strip_suffix(']')) {
        let class: Vec<char> = class.chars().collect();
        let mut class = class.as_slice();
        loop {
            class = match class {
                [from, '-', to, ..] if (*from..=*to).contains(&c) => return true,
                [_, '-', _, rest @ ..] => rest,
                [one, ..] if *one == c => return true,
                [_, rest @ ..] => rest,
                [] => return false,
            };
        }
    }
    atom.strip_prefix('\\').unwrap_or(atom).chars().eq([c])
}

pub(super) fn is_base64(text: &str) -> bool {
    let mut count = 0_usize;
    let mut padding = 0_usize;
    for byte in text.bytes().filter(|byte| !is_space(*byte)) {
        match byte {
            b'=' => padding += 1,
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' if padding == 0 => {}
            _ => return false,
        }
        count += 1;
    }
    count.is_multiple_of(4) && padding <= 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_of_the_wsdl_are_understood() {
        let guid = r"\{[a-fA-F0-9]{8}-[a-fA-F0-9]{4}\}";
        assert!(matches_pattern("{0123abCD-9f9F}", guid));
        for bad in ["", "0123abCD-9f9F", "{0123abCG-9f9F}", "{0123abCD-9f9F}x", "{0123abCD9f9F}"] {
            assert!(!matches_pattern(bad, guid), "{bad}");
        }
        assert!(is_base64("aGk=\n") && is_base64("") && !is_base64("aGk") && !is_base64("a=k="));
    }
}
