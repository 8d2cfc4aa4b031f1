//! Which addresses results may be posted to.

use core::net::IpAddr;

use super::Settings;

/// Whether results may be posted to an address: `https:`, or `http:` to a host that the settings allow.
pub fn is_allowed(address: &str, settings: &Settings) -> bool {
    let address = address.trim();
    // Readers of addresses disagree about these, so that what is checked here need not be where the post goes.
    if address.contains(|c: char| c == '\\' || c.is_whitespace() || c.is_control()) {
        return false;
    }
    let Some((scheme, rest)) = address.split_once("://") else {
        return false;
    };
    let Some(host) = host(rest) else {
        return false;
    };
    if scheme.eq_ignore_ascii_case("https") {
        return true;
    }
    let named = settings.insecure_hosts.iter().any(|allowed| allowed.eq_ignore_ascii_case(host));
    scheme.eq_ignore_ascii_case("http") && (named || settings.insecure_loopback && is_loopback(host))
}

/// The host of what follows `://`; none when it is empty or credentials stand before it.
fn host(rest: &str) -> Option<&str> {
    let authority = rest.split(['/', '?', '#']).next()?;
    if authority.contains('@') {
        return None;
    }
    let host = match authority.strip_prefix('[') {
        Some(six) => six.split_once(']')?.0,
        None => authority.split(':').next()?,
    };
    (!host.is_empty()).then_some(host)
}

fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
}
