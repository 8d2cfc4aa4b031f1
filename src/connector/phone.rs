//! Numbers of telephones in one form, E.164, by the tables of libphonenumber.
//!
//! A number is brought into its form, not judged: whether somebody has it, the system behind the connector knows better.

use phonenumber::{Mode, country, metadata::DATABASE};

/// Digits of a number with its country's: the most that E.164 allows.
const MOST: usize = 15;
/// The fewest that any country's plan has, with the country's.
const FEWEST: usize = 7;

/// A number in E.164: `+4915112345678`. `country` (two letters, ISO 3166-1) is that of numbers that name none.
///
/// # Errors
/// What is wrong with the number, and what was expected.
pub fn e164(text: &str, country: Option<&str>) -> Result<String, String> {
    let text = text.trim();
    let region = match country {
        Some(code) => Some(region(code).ok_or_else(|| format!("`{code}` is no country of two letters"))?),
        None => None,
    };
    let hint = if region.is_none() && !text.starts_with('+') {
        ": expected a number with its country, such as +4915112345678, or `country` in the defaults of its route"
    } else {
        ": expected a number such as +4915112345678"
    };
    // Letters that stand for digits (1-800-FLOWERS) are a way to remember a number; in what a client sends they are a mistake.
    if text.chars().any(char::is_alphabetic) {
        return Err(format!("`{text}` is no telephone number{hint}"));
    }
    // Given a country, the library takes that country's prefixes off numbers of others too: so it is given one only where the
    // number names none.
    let abroad = match region {
        _ if text.starts_with('+') => Some(text.to_owned()),
        Some(region) => called_abroad(region, text),
        None => None,
    };
    let number = match &abroad {
        Some(whole) => phonenumber::parse(None, whole),
        None => phonenumber::parse(region, text),
    };
    let number = number.map_err(|_| format!("`{text}` is no telephone number{hint}"))?;
    let number = number.format().mode(Mode::E164).to_string();
    let digits = number.chars().filter(char::is_ascii_digit).count();
    match (FEWEST..=MOST).contains(&digits) {
        true => Ok(number),
        false => Err(format!("`{text}` has {digits} digits with its country's{hint}")),
    }
}

/// A number as one calls abroad from a country (`011 49 …` from the USA), with a plus in place of that prefix.
fn called_abroad(from: country::Id, text: &str) -> Option<String> {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let prefix = DATABASE.by_id(from.as_ref())?.international_prefix()?;
    let rest = digits.get(prefix.find(&digits).filter(|found| found.start() == 0)?.end()..)?;
    // No country's code begins with 0.
    (!rest.is_empty() && !rest.starts_with('0')).then(|| format!("+{rest}"))
}

/// Whether it is a country that numbers may lack.
pub fn is_country(code: &str) -> bool {
    region(code).is_some()
}

/// Whether it can only be meant as a number: digits and what stands between them.
pub(super) fn looks_like(text: &str) -> bool {
    let text = text.trim();
    let between = |c: char| c.is_ascii_digit() || "+()-./ \u{a0}".contains(c);
    text.chars().all(between) && text.chars().filter(char::is_ascii_digit).count() >= FEWEST
}

fn region(code: &str) -> Option<country::Id> {
    Some(code).filter(|code| code.len() == 2)?.to_ascii_uppercase().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_get_one_form() {
        for (text, country, expected) in [
            ("+49 151 1234 5678", None, "+4915112345678"),
            ("0151 12345678", Some("DE"), "+4915112345678"),
            ("0049 151 12345678", Some("de"), "+4915112345678"),
            ("(202) 555-0100", Some("US"), "+12025550100"),
            ("1 202.555.0100", Some("US"), "+12025550100"),
            ("+55 (11) 98765-4321", Some("US"), "+5511987654321"),
            (" +442071838750\n", None, "+442071838750"),
            // Trunk prefixes, prefixes of carriers, leading zeros that belong to the number, mobile prefixes.
            ("+49 (0)151 12345678", None, "+4915112345678"),
            ("06 698 12345", Some("IT"), "+390669812345"),
            ("+39 06 698 12345", None, "+390669812345"),
            ("(11) 98765-4321", Some("BR"), "+5511987654321"),
            ("0 15 11 98765-4321", Some("BR"), "+5511987654321"),
            ("011 15-2345-6789", Some("AR"), "+5491123456789"),
            ("0412 345 678", Some("AU"), "+61412345678"),
            ("0011 49 151 12345678", Some("AU"), "+4915112345678"),
            ("011 49 151 12345678", Some("US"), "+4915112345678"),
            ("8 912 345-67-89", Some("RU"), "+79123456789"),
            ("06 12 34 56 78", Some("FR"), "+33612345678"),
            ("098765 43210", Some("IN"), "+919876543210"),
            ("55 1234 5678", Some("MX"), "+525512345678"),
            ("+52 55 1234 5678", None, "+525512345678"),
            ("+1 268 464 1234", None, "+12684641234"),
            ("079 123 45 67", Some("CH"), "+41791234567"),
            ("138 0013 8000", Some("CN"), "+8613800138000"),
        ] {
            assert_eq!(e164(text, country).as_deref(), Ok(expected), "{text:?}");
        }
    }

    #[test]
    fn what_is_no_number_is_told() {
        for (text, country) in
            [("", None), ("0151 12345678", None), ("call me", Some("DE")), ("+49", None), ("1-800-FLOWERS", Some("US"))]
        {
            assert!(e164(text, country).unwrap_err().contains("expected"), "{text:?}");
        }
        assert_eq!(e164("1", Some("Germany")), Err("`Germany` is no country of two letters".to_owned()));
        assert!(is_country("br") && is_country("DE") && !is_country("XX") && !is_country(""));
        assert!(looks_like("+49 (151) 123-45.67") && !looks_like("bsuid:BR.12345678") && !looks_like("12"));
    }

    proptest! {
        #[test]
        fn one_form_is_its_own(national in "[2-9][0-9]{2}[2-9][0-9]{6}", country in "(1|49|44|55|33|91)") {
            let Ok(once) = e164(&format!("+{country} {national}"), None) else { return Ok(()) };
            prop_assert!(once.starts_with('+') && once[1..].bytes().all(|byte| byte.is_ascii_digit()));
            prop_assert_eq!(e164(&once, None), Ok(once.clone()));
            prop_assert_eq!(e164(&once, Some("BR")), Ok(once.clone()));
        }

        #[test]
        fn no_text_is_too_strange(text in "\\PC{0,40}", country in prop::option::of("[A-Z]{2}")) {
            if let Ok(number) = e164(&text, country.as_deref()) {
                prop_assert!(number.starts_with('+') && number.len() <= 16);
            }
        }
    }
}
