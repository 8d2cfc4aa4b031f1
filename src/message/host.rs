//! Hosts, ports, and the beginning of URLs, as settings and arguments name them: one reader for all. Pure.
//!
//! It is stricter than readers of URLs are: what one takes for an address and another for a name is neither here.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::network::is_odd_number;

/// RFC 1035, section 2.3.4, without the length bytes of the first label and of the root.
const LONGEST: usize = 253;
/// RFC 1035, section 2.3.4.
const LONGEST_LABEL: usize = 63;

/// Why something is no host, port or URL.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// A host that nobody can have.
    #[error("`{host}` is no host: {why}")]
    Host {
        /// As it was given.
        host: String,
        /// What is wrong, and what was expected.
        why: &'static str,
    },
    /// What follows the colon.
    #[error("`{0}` is no port: expected 1 to 65535")]
    Port(String),
    /// Neither `http://` nor `https://`.
    #[error("expected http:// or https:// and a host")]
    Scheme,
    /// Credentials; they are not repeated.
    #[error("expected a URL without a user in it")]
    User,
    /// Nothing that can stand in a URL as it is.
    #[error("expected a URL of ASCII without spaces and quotation marks")]
    Character,
}

/// The beginning of a URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Start<'t> {
    /// Whether it is `https://`.
    pub is_secure: bool,
    /// The host, an address of IPv6 without brackets.
    pub host: &'t str,
    /// The port, when there is one.
    pub port: Option<u16>,
    /// What comes after: path and query.
    pub rest: &'t str,
}

/// Reads a name or an address, without port and brackets.
///
/// # Errors
/// What is wrong with it.
pub fn host(text: &str) -> Result<&str, Unfit> {
    let wrong = |why| Err(Unfit::Host { host: text.to_owned(), why });
    if text.parse::<IpAddr>().is_ok() {
        return Ok(text);
    }
    let is_ours = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let labels = || text.strip_suffix('.').unwrap_or(text).split('.');
    if text.is_empty() {
        return wrong("it is empty; expected a name or an address");
    }
    if !text.is_ascii() {
        return wrong("expected a name in ASCII, in which other letters are written as xn--…");
    }
    if text.contains(':') {
        return wrong("expected a name or an address without a port");
    }
    if !text.bytes().all(is_ours) {
        return wrong("expected a name or an address alone, such as hooks.internal");
    }
    if labels().any(str::is_empty) {
        return wrong("there is nothing between two of its dots, or before the first");
    }
    if labels().any(|label| label.len() > LONGEST_LABEL) {
        return wrong("what stands between two dots has at most 63 letters");
    }
    if labels().any(|label| label.starts_with('-') || label.ends_with('-')) {
        return wrong("what stands between two dots neither begins nor ends with a hyphen");
    }
    if text.trim_end_matches('.').len() > LONGEST {
        return wrong("it is longer than 253 letters");
    }
    if is_odd_number(text) {
        return wrong("expected a name, or an address of four numbers such as 192.0.2.7");
    }
    Ok(text)
}

/// Reads `HOST` or `HOST:PORT`. An address of IPv6 stands in brackets where a port follows, and may elsewhere.
///
/// # Errors
/// What is wrong with it.
pub fn with_port(text: &str) -> Result<(&str, Option<u16>), Unfit> {
    if text.parse::<Ipv6Addr>().is_ok() {
        return Ok((text, None));
    }
    if let Some(inner) = text.strip_prefix('[') {
        let wrong = |why| Unfit::Host { host: text.to_owned(), why };
        let (six, port) = inner.split_once(']').ok_or_else(|| wrong("there is no ] in it"))?;
        six.parse::<Ipv6Addr>().map_err(|_| wrong("expected an address of IPv6 in brackets"))?;
        return match port.strip_prefix(':') {
            None if port.is_empty() => Ok((six, None)),
            None => Err(wrong("expected nothing or a port behind the brackets")),
            Some(number) => Ok((six, Some(self::port(number)?))),
        };
    }
    match text.split_once(':') {
        Some((name, number)) => Ok((host(name)?, Some(port(number)?))),
        None => Ok((host(text)?, None)),
    }
}

/// Reads the beginning of a URL of `http` or `https`.
///
/// # Errors
/// What is wrong with it; a user or a password in it is never repeated.
pub fn url(text: &str) -> Result<Start<'_>, Unfit> {
    let (scheme, rest) = text.split_once("://").ok_or(Unfit::Scheme)?;
    let is_secure = scheme.eq_ignore_ascii_case("https");
    if !is_secure && !scheme.eq_ignore_ascii_case("http") {
        return Err(Unfit::Scheme);
    }
    let (authority, rest) =
        rest.split_at_checked(rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len())).unwrap_or((rest, ""));
    // `user:pass/word@host` ends its authority in the password.
    let user = |unfit| if text.contains('@') { Unfit::User } else { unfit };
    if authority.contains('@') {
        return Err(Unfit::User);
    }
    if authority.is_empty() {
        return Err(user(Unfit::Scheme));
    }
    if authority.parse::<Ipv6Addr>().is_ok() {
        return Err(Unfit::Host { host: authority.to_owned(), why: "expected an address of IPv6 in brackets" });
    }
    let (host, port) = with_port(authority).map_err(user)?;
    let is_odd = |c: char| !c.is_ascii_graphic() || matches!(c, '"' | '<' | '>' | '\\' | '`' | '\'');
    if rest.contains(is_odd) {
        return Err(Unfit::Character);
    }
    Ok(Start { is_secure, host, port, rest })
}

/// Whether a host is this machine by its very name.
pub fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

/// Reads the name in EHLO: a host, or an address in brackets (RFC 5321, section 4.1.3).
///
/// # Errors
/// What is wrong with it.
pub fn greeting(text: &str) -> Result<(), Unfit> {
    let wrong = |why| Err(Unfit::Host { host: text.to_owned(), why });
    let Some(inner) = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')) else {
        return match text.parse::<IpAddr>() {
            Ok(_) => wrong("expected an address in brackets, such as [192.0.2.7] or [IPv6:2001:db8::7]"),
            Err(_) => host(text).map(drop),
        };
    };
    match inner.split_at_checked("IPv6:".len()) {
        Some((tag, six)) if tag.eq_ignore_ascii_case("IPv6:") && six.parse::<Ipv6Addr>().is_ok() => Ok(()),
        _ if inner.parse::<Ipv4Addr>().is_ok() => Ok(()),
        _ => wrong("expected an address in the brackets, such as [192.0.2.7] or [IPv6:2001:db8::7]"),
    }
}

/// Digits alone: a number may have a sign.
fn port(digits: &str) -> Result<u16, Unfit> {
    let number = Some(digits).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
    let number = number.and_then(|digits| digits.parse().ok()).filter(|port| *port != 0);
    number.ok_or_else(|| Unfit::Port(digits.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_names_and_addresses_alone() {
        let (longest_label, longest) = ("a".repeat(63), ["a".repeat(61).as_str(); 4].join(".") + ".abcdef");
        for good in
            ["hooks.internal", "10.0.0.7", "::1", "LOCALHOST", "a", "x-y.z_1", "example.com.", &longest_label, "1a"]
        {
            assert_eq!(host(good), Ok(good));
        }
        for (wrong, why) in [
            ("", "it is empty"),
            ("x..y", "nothing between two of its dots"),
            (".x", "before the first"),
            ("x..", "nothing between"),
            (".", "nothing between"),
            ("-a.example", "hyphen"),
            ("a-.example", "hyphen"),
            ("a.example-", "hyphen"),
            ("a_b.-", "hyphen"),
            (&"a".repeat(64), "at most 63"),
            (&longest, "longer than 253"),
            ("a:80", "without a port"),
            ("http://a", "without a port"),
            ("[::1]", "without a port"),
            ("*.a", "alone"),
            ("a/b", "alone"),
            ("u@a", "alone"),
            ("a b", "alone"),
            ("a\r\nb", "alone"),
            ("b\u{fc}cher.example", "xn--"),
            ("127.1", "four numbers"),
            ("1.2.3.256", "four numbers"),
            ("0x7f000001", "four numbers"),
        ] {
            let told = host(wrong).unwrap_err().to_string();
            assert!(told.starts_with(&format!("`{wrong}` is no host: ")) && told.contains(why), "{told}");
        }
        assert_eq!(longest.len(), 254);
        assert!(host(longest.trim_end_matches('f')).is_ok());
    }

    #[test]
    fn a_port_is_a_number_of_sixteen_bits() {
        for (text, host, port) in [
            ("smtp.example.com", "smtp.example.com", None),
            ("smtp.example.com:2525", "smtp.example.com", Some(2525)),
            ("127.0.0.1:25", "127.0.0.1", Some(25)),
            ("::1", "::1", None),
            ("[::1]", "::1", None),
            ("[::1]:65535", "::1", Some(65535)),
        ] {
            assert_eq!(with_port(text), Ok((host, port)), "{text}");
        }
        for wrong in ["a:0", "a:x", "a:", "a:65536", "a:99999", "a:+1", "[::1]:0", "a:1:2"] {
            assert!(matches!(with_port(wrong), Err(Unfit::Port(_))), "{wrong}");
        }
        for wrong in ["", ":25", "[::1", "[::1]x", "[127.0.0.1]", "[x]:1", "x..y:1"] {
            assert!(matches!(with_port(wrong), Err(Unfit::Host { .. })), "{wrong}");
        }
    }

    #[test]
    fn a_url_begins_with_scheme_and_host() {
        let start = |is_secure, host, port, rest| Ok(Start { is_secure, host, port, rest });
        assert_eq!(url("https://mc.example"), start(true, "mc.example", None, ""));
        assert_eq!(url("HTTP://[::1]:8080/soap/"), start(false, "::1", Some(8080), "/soap/"));
        assert_eq!(url("https://h?x=1"), start(true, "h", None, "?x=1"));
        assert_eq!(url("https://h/a@b"), start(true, "h", None, "/a@b"));
        for wrong in ["mc.example", "/soap", "ftp://h", "https://", "https:///x", "://h"] {
            assert_eq!(url(wrong), Err(Unfit::Scheme), "{wrong}");
        }
        for wrong in ["https://u:p@h", "https://u@h:1/x", "https://u:pa/ss@h", "https://@h"] {
            assert_eq!(url(wrong), Err(Unfit::User), "{wrong}");
        }
        assert_eq!(url("https://h:99999/"), Err(Unfit::Port("99999".to_owned())));
        for wrong in ["https://x..y", "https://::1", "https://a-/", "https://127.1/"] {
            assert!(matches!(url(wrong), Err(Unfit::Host { .. })), "{wrong}");
        }
        for wrong in ["https://h/\"", "https://h/a b", "https://h/\u{fc}"] {
            assert_eq!(url(wrong), Err(Unfit::Character), "{wrong}");
        }
    }

    #[test]
    fn a_greeting_has_addresses_in_brackets() {
        for good in ["mx.example", "[192.0.2.7]", "[IPv6:2001:db8::7]", "localhost"] {
            assert_eq!(greeting(good), Ok(()), "{good}");
        }
        for wrong in ["192.0.2.7", "::1", "[::1]", "[x]", "[IPv6:192.0.2.7]", "x..y", "", "[]", "a:25"] {
            assert!(greeting(wrong).is_err(), "{wrong}");
        }
    }
}
