//! Which addresses results may be posted to.

use core::net::Ipv6Addr;

use super::Settings;
use crate::message::{host::is_loopback, network::is_odd_number};

/// No HTTP client of ours takes a longer URL, in bytes.
const LONGEST: usize = 65_534;

/// Why nothing is posted to an address. The texts follow the address in a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// There is none.
    #[error("is empty, expected an https: URL")]
    Empty,
    /// Readers of URLs would refuse it, or disagree about it.
    #[error("is no URL")]
    NoUrl,
    /// Credentials stand before the host.
    #[error("has a user part, which is not allowed")]
    User,
    /// What follows the host is no port.
    #[error("has a port that is none of 1 to 65535")]
    Port,
    /// Its host is a number that readers of URLs understand differently.
    #[error("names its host by a number that is no address: expected a name, or four numbers such as 192.0.2.7")]
    Number,
    /// Neither `https:` nor allowed without it.
    #[error("is not https, nor allowed without it")]
    Insecure,
}

impl Unfit {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Empty, Self::NoUrl, Self::User, Self::Port, Self::Number, Self::Insecure];
}

/// Whether results may be posted to an address: `https:`, or `http:` to a host that the settings allow.
///
/// # Errors
/// Why not.
pub fn may_post_to(address: &str, settings: &Settings) -> Result<(), Unfit> {
    let (scheme, host) = parts(address)?;
    if scheme.eq_ignore_ascii_case("https") {
        return Ok(());
    }
    let named = settings.insecure_hosts.iter().any(|allowed| allowed.eq_ignore_ascii_case(host));
    let plain = scheme.eq_ignore_ascii_case("http") && (named || settings.insecure_loopback && is_loopback(host));
    if plain { Ok(()) } else { Err(Unfit::Insecure) }
}

/// Whether an address is `http:` to a host that is this machine by its very name (`localhost`, 127.0.0.0/8, `[::1]`).
pub fn is_plain_loopback(address: &str) -> bool {
    parts(address).is_ok_and(|(scheme, host)| scheme.eq_ignore_ascii_case("http") && is_loopback(host))
}

/// Whether two addresses name the same host, whatever their schemes and ports.
pub fn is_same_host(one: &str, other: &str) -> bool {
    parts(one).is_ok_and(|(_, one)| parts(other).is_ok_and(|(_, other)| one.eq_ignore_ascii_case(other)))
}

/// Scheme and host. What is read here must be where the post goes, so whatever readers of URLs might read otherwise is
/// none; so is an empty port, which RFC 3986 would allow.
fn parts(address: &str) -> Result<(&str, &str), Unfit> {
    let address = address.trim();
    if address.is_empty() {
        return Err(Unfit::Empty);
    }
    let is_odd = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '\\' | '<' | '>' | '"' | '`');
    if address.len() > LONGEST || address.contains(is_odd) {
        return Err(Unfit::NoUrl);
    }
    let (scheme, rest) = address.split_once("://").ok_or(Unfit::NoUrl)?;
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.contains('@') {
        return Err(Unfit::User);
    }
    let (host, port) = match authority.strip_prefix('[') {
        Some(six) => {
            let (host, port) = six.split_once(']').ok_or(Unfit::NoUrl)?;
            host.parse::<Ipv6Addr>().map_err(|_| Unfit::NoUrl)?;
            (host, port)
        }
        None => {
            let (host, port) =
                authority.split_at_checked(authority.find(':').unwrap_or(authority.len())).ok_or(Unfit::NoUrl)?;
            let is_known = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
            if host.is_empty() || !host.bytes().all(is_known) {
                return Err(Unfit::NoUrl);
            }
            if is_odd_number(host) {
                return Err(Unfit::Number);
            }
            (host, port)
        }
    };
    match port.strip_prefix(':') {
        None if port.is_empty() => Ok((scheme, host)),
        None => Err(Unfit::NoUrl),
        // Digits alone: a number may have a sign.
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            let port: u16 = digits.parse().map_err(|_| Unfit::Port)?;
            if port == 0 { Err(Unfit::Port) } else { Ok((scheme, host)) }
        }
        Some(_) => Err(Unfit::Port),
    }
}
