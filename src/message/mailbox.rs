//! Whether a text is an e-mail address.

use core::net::{Ipv4Addr, Ipv6Addr};

/// The service's columns are this long.
const LONGEST: usize = 254;
/// RFC 5321, section 4.5.3.1.1
const LONGEST_LOCAL: usize = 64;
/// RFC 1035, section 2.3.4
const LONGEST_LABEL: usize = 63;

/// Whether it is an address of a subscriber: a dot-atom (RFC 5322), `@`, and a domain of at least two labels.
/// Quoted local parts and addresses in brackets are refused: they are lawful mail, but nobody's subscribers.
pub fn is_public(address: &str) -> bool {
    is_address(address) && address.rsplit_once('@').is_some_and(|(_, domain)| is_domain(domain))
}

/// Whether it is one address to which mail could go, also one inside a network: its domain may be one label (`ops@mailhost`)
/// or a number in brackets (RFC 5321, section 4.1.3).
pub fn is_address(address: &str) -> bool {
    let Some((local, domain)) = address.rsplit_once('@') else {
        return false;
    };
    let literal = domain.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let is_host = match literal {
        Some(four) => four
            .strip_prefix("IPv6:")
            .map_or_else(|| four.parse::<Ipv4Addr>().is_ok(), |six| six.parse::<Ipv6Addr>().is_ok()),
        None => domain.split('.').all(is_label),
    };
    address.len() <= LONGEST && is_local(local) && is_host
}

fn is_local(local: &str) -> bool {
    let atom = |c: char| c.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c);
    local.len() <= LONGEST_LOCAL && local.split('.').all(|part| !part.is_empty() && part.chars().all(atom))
}

fn is_domain(domain: &str) -> bool {
    domain.rsplit_once('.').is_some_and(|(_, top)| is_label(top) && !top.chars().all(|c| c.is_ascii_digit()))
}

fn is_label(label: &str) -> bool {
    (1..=LONGEST_LABEL).contains(&label.len())
        && label.chars().all(|c| c.is_alphanumeric() || c == '-')
        && !label.starts_with('-')
        && !label.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::is_public;
    use proptest::prelude::*;

    #[test]
    fn addresses() {
        let good = [
            "douglas@accenture.com",
            "a@b.co",
            "first.last+tag@sub.example.co.uk",
            "o'neil@example.com",
            "müller@bücher.example",
            "x@1und1.de",
        ];
        let bad = [
            "",
            "@",
            "a",
            "a@",
            "@b.co",
            "a@b",
            "a@b.",
            "a@.co",
            "a@@b.co",
            "a b@c.de",
            ".a@b.co",
            "a.@b.co",
            "a..b@c.de",
            "a@-b.co",
            "a@b-.co",
            "a@b..co",
            "a@127.0.0.1",
            "a@b_c.de",
            "a@b.co ",
            "a<b@c.de",
            "\"a b\"@c.de",
            "a@b,co",
        ];
        for address in good {
            assert!(is_public(address), "{address:?} is one");
        }
        for address in bad {
            assert!(!is_public(address), "{address:?} is none");
        }
        assert!(!is_public(&format!("{}@b.co", "a".repeat(65))));
        assert!(!is_public(&format!("a@{}co", "b.".repeat(130))));
    }

    proptest! {
        #[test]
        fn no_text_that_is_public_holds_white_space_or_markup(text in "\\PC{0,30}") {
            if is_public(&text) {
                prop_assert!(!text.contains(|c: char| c.is_whitespace() || "<>()[],;:\\\"".contains(c)));
                prop_assert_eq!(text.matches('@').count(), 1);
            }
        }

        #[test]
        fn plain_addresses_are_valid(text in "[a-z0-9]{1,20}(\\.[a-z0-9]{1,10}){0,2}@[a-z0-9]{1,20}\\.[a-z]{2,6}") {
            prop_assert!(is_public(&text));
        }
    }
}
