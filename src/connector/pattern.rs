//! Patterns of routes: a text in which `*` stands for any characters, also for none.

/// Whether a text fits a pattern. Case matters, as it does in CustomerKeys.
pub fn fits(pattern: &str, text: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(text) = text.strip_prefix(first) else {
        return false;
    };
    let (middle, last) = rest.rsplit_once('*').unwrap_or(("", rest));
    let Some(mut text) = text.strip_suffix(last) else {
        return false;
    };
    // The leftmost place of each piece leaves the most to those behind it.
    for piece in middle.split('*') {
        match text.split_once(piece) {
            Some((_, behind)) => text = behind,
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn stars_stand_for_anything() {
        for (pattern, text) in [
            ("", ""),
            ("*", ""),
            ("*", "anything"),
            ("wa_*", "wa_order"),
            ("*_wa", "order_wa"),
            ("a*b*c", "a-b-b-c"),
            ("a**c", "ac"),
            ("*x*", "axb"),
            ("über*", "überall"),
            ("aba*aba", "abaaba"),
        ] {
            assert!(fits(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [
            ("", "a"),
            ("a", "A"),
            ("wa_*", "sms_order"),
            ("*_wa", "order_wa2"),
            ("aba*aba", "aba"),
            ("a*b*c", "acb"),
            ("*x*", "abc"),
        ] {
            assert!(!fits(pattern, text), "{pattern} {text}");
        }
    }

    proptest! {
        #[test]
        fn whatever_stands_for_the_stars_fits(parts in prop::collection::vec(("[a-c]{0,3}", "[a-c*]{0,3}"), 1..5)) {
            let text: String = parts.iter().map(|(fixed, any)| format!("{fixed}{any}")).collect();
            let pattern: String = parts.iter().map(|(fixed, _)| format!("{fixed}*")).collect();
            prop_assert!(fits(&pattern, &text));
        }

        #[test]
        fn it_is_as_a_slow_reading_says(pattern in "[ab*]{0,7}", text in "[ab]{0,7}") {
            fn slow(pattern: &[u8], text: &[u8]) -> bool {
                match pattern.split_first() {
                    None => text.is_empty(),
                    Some((b'*', rest)) => (0..=text.len()).any(|from| slow(rest, &text[from..])),
                    Some((first, rest)) => text.split_first().is_some_and(|(t, text)| t == first && slow(rest, text)),
                }
            }
            prop_assert_eq!(fits(&pattern, &text), slow(pattern.as_bytes(), text.as_bytes()));
        }
    }
}
