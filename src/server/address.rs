//! Under which URL the client reached us, and from where it came. Pure: it reads header fields and settings only.
//!
//! Host is the client's to choose, and it ends in documents that we serve: only characters of a host and port pass.

use std::net::{IpAddr, SocketAddr};

use hyper::{HeaderMap, Uri, header::HOST};

use super::{Settings, connection::Wire};

/// The longest host and port that is believed.
const LONGEST: usize = 255;

/// The two ends of a request as they are to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    /// Scheme and host; never ends in `/`.
    pub(crate) public_url: String,
    /// Who sent it.
    pub(crate) peer: SocketAddr,
}

/// Nothing can be told: the Host is not a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BadHost;

impl Address {
    /// The address of a request: as configured, as a trusted proxy tells it, or as the client used it.
    pub(crate) fn of(uri: &Uri, headers: &HeaderMap, wire: &Wire, settings: &Settings) -> Result<Self, BadHost> {
        let proxied = trusted(wire.peer.ip(), settings);
        let forwarded = |name| if proxied { last(headers, name) } else { None };
        let peer = if proxied { source(headers, settings).unwrap_or(wire.peer) } else { wire.peer };
        if let Some(configured) = &settings.public_url {
            return Ok(Self { public_url: configured.trim_end_matches('/').to_owned(), peer });
        }
        let scheme = match forwarded("x-forwarded-proto") {
            Some(proto) if proto.eq_ignore_ascii_case("https") => "https",
            Some(proto) if proto.eq_ignore_ascii_case("http") => "http",
            _ if wire.tls => "https",
            _ => "http",
        };
        let host = match forwarded("x-forwarded-host") {
            Some(host) => Some(host),
            None => named(uri, headers)?,
        };
        let host = match host {
            Some(host) if is_host(host) => host.to_owned(),
            Some(_) => return Err(BadHost),
            // HTTP/1.0 has no Host.
            None => wire.local.to_string(),
        };
        Ok(Self { public_url: format!("{scheme}://{host}"), peer })
    }
}

fn trusted(ip: IpAddr, settings: &Settings) -> bool {
    settings.trusted_proxies.iter().any(|network| network.contains(ip))
}

/// HTTP/2 and absolute-form requests name the host in the URI, all others in Host.
pub(crate) fn named<'a>(uri: &'a Uri, headers: &'a HeaderMap) -> Result<Option<&'a str>, BadHost> {
    if let Some(authority) = uri.authority() {
        return Ok(Some(authority.as_str()));
    }
    let mut hosts = headers.get_all(HOST).iter();
    match (hosts.next(), hosts.next()) {
        (None, _) => Ok(None),
        (Some(host), None) => match host.to_str() {
            Ok("") => Ok(None),
            Ok(host) => Ok(Some(host)),
            Err(_) => Err(BadHost),
        },
        (Some(_), Some(_)) => Err(BadHost),
    }
}

/// A name, an IPv4 or a bracketed IPv6 address, with or without a port.
fn is_host(text: &str) -> bool {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, port),
        _ => (text, ""),
    };
    let name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    let address = |c: char| c.is_ascii_hexdigit() || matches!(c, ':' | '.');
    let lawful = match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(inner) => !inner.is_empty() && inner.chars().all(address),
        None => !host.is_empty() && host.chars().all(name),
    };
    lawful
        && text.len() <= LONGEST
        && !text.ends_with(':')
        && port.chars().all(|c| c.is_ascii_digit())
        && port.len() <= 5
}

/// The last item of a list field: the one that the nearest proxy wrote.
fn last<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let value = headers.get_all(name).iter().next_back()?.to_str().ok()?;
    value.rsplit(',').map(str::trim).find(|item| !item.is_empty())
}

/// The last address of X-Forwarded-For that is not itself a trusted proxy; what stands before it anyone could have written.
fn source(headers: &HeaderMap, settings: &Settings) -> Option<SocketAddr> {
    for value in headers.get_all("x-forwarded-for").iter().rev() {
        for item in value.to_str().ok()?.rsplit(',').map(str::trim) {
            let ip = item.parse().or_else(|_| item.parse().map(|with_port: SocketAddr| with_port.ip())).ok()?;
            if !trusted(ip, settings) {
                return Some(SocketAddr::new(ip, 0));
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wire(peer: &str, tls: bool) -> Wire {
        Wire { peer: peer.parse().unwrap(), local: "127.0.0.1:8080".parse().unwrap(), tls }
    }

    fn headers(fields: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(*name, value.parse().unwrap());
        }
        headers
    }

    fn url(fields: &[(&'static str, &str)], settings: &Settings) -> Result<String, BadHost> {
        let address = Address::of(&Uri::from_static("/"), &headers(fields), &wire("10.0.0.9:4000", false), settings);
        address.map(|address| address.public_url)
    }

    #[test]
    fn the_url_is_what_the_client_used() {
        let settings = Settings::default();
        assert_eq!(url(&[("host", "mc.example:8080")], &settings).unwrap(), "http://mc.example:8080");
        assert_eq!(url(&[("host", "[::1]:8080")], &settings).unwrap(), "http://[::1]:8080");
        assert_eq!(url(&[], &settings).unwrap(), "http://127.0.0.1:8080");
        let uri = Uri::from_static("https://h2.example/Service.asmx");
        let address = Address::of(&uri, &HeaderMap::new(), &wire("10.0.0.9:4000", true), &settings).unwrap();
        assert_eq!(address.public_url, "https://h2.example");
    }

    #[test]
    fn a_host_that_is_none_is_refused() {
        let settings = Settings::default();
        for host in ["a\"b", "a<b", "user@host", "a b", "a/b", "host:", "host:80x", "[::1", "[]", "a'b", "a&b"] {
            assert_eq!(url(&[("host", host)], &settings), Err(BadHost), "{host}");
        }
        assert_eq!(url(&[("host", &"a".repeat(256))], &settings), Err(BadHost));
        assert_eq!(url(&[("host", "one"), ("host", "two")], &settings), Err(BadHost));
    }

    #[test]
    fn only_a_trusted_proxy_is_believed() {
        let mut settings = Settings::default();
        let fields = [("host", "inner"), ("x-forwarded-proto", "https"), ("x-forwarded-host", "mc.example")];
        assert_eq!(url(&fields, &settings).unwrap(), "http://inner");
        settings.trusted_proxies = vec!["10.0.0.9".parse().unwrap()];
        assert_eq!(url(&fields, &settings).unwrap(), "https://mc.example");
        settings.public_url = Some("https://configured.example/soap/".to_owned());
        assert_eq!(url(&fields, &settings).unwrap(), "https://configured.example/soap");
    }

    #[test]
    fn the_source_is_the_last_that_no_client_could_have_written() {
        let settings = Settings {
            trusted_proxies: vec!["10.0.0.9".parse().unwrap(), "10.0.0.0/29".parse().unwrap()],
            ..Settings::default()
        };
        let fields = headers(&[("host", "h"), ("x-forwarded-for", "6.6.6.6, 192.0.2.7, 10.0.0.5")]);
        let peer =
            |from: &str| Address::of(&Uri::from_static("/"), &fields, &wire(from, false), &settings).unwrap().peer;
        assert_eq!(peer("10.0.0.9:4000"), "192.0.2.7:0".parse().unwrap());
        assert_eq!(peer("192.0.2.99:4000"), "192.0.2.99:4000".parse().unwrap());
    }
}
