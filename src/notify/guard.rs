//! Which addresses callbacks may reach: public ones, and what the settings allow. Pure.
//!
//! A caller names the URL, so without this he could have the gateway post to what only the gateway can reach. Addresses are
//! looked at after DNS resolution, and the connection is made to the address that was looked at (`dial`).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::message::network::Network;

/// Whether a callback may be posted to an address.
pub(super) fn is_allowed(address: IpAddr, allowed: &[Network]) -> bool {
    is_public(address) || allowed.iter().any(|network| network.contains(address))
}

/// Whether an address belongs to the public Internet, by the registries of special-purpose addresses (RFC 6890 and what
/// has followed it).
fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(four) => is_public_four(four),
        IpAddr::V6(six) => match translated(six) {
            Some(four) => is_public_four(four),
            None => is_public_six(six),
        },
    }
}

/// The IPv4 address that a translator reaches for this one (NAT64, RFC 6052: DNS64 makes such addresses of public hosts).
fn translated(six: Ipv6Addr) -> Option<Ipv4Addr> {
    let octets = six.octets();
    let (prefix, four) = octets.split_last_chunk::<4>()?;
    (prefix == [0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0]).then(|| Ipv4Addr::from(*four))
}

fn is_public_four(four: Ipv4Addr) -> bool {
    // A fixed address of a cloud's metadata service, in the middle of public ones.
    const WIRE_SERVER: Ipv4Addr = Ipv4Addr::new(168, 63, 129, 16);
    !(four == WIRE_SERVER
        || matches!(
            four.octets(),
            // "This network", private, loopback, link-local with the clouds' metadata.
            [0 | 10 | 127, ..] | [172, 16..=31, ..] | [192, 168, ..] | [169, 254, ..]
            // Shared by carriers (another metadata service in it), protocol assignments, 6to4 relays.
            | [100, 64..=127, ..] | [192, 0, 0, _] | [192, 88, 99, _]
            // Documentation and benchmarks.
            | [192, 0, 2, _] | [198, 51, 100, _] | [203, 0, 113, _] | [198, 18 | 19, ..]
            // Multicast, reserved, broadcast.
            | [224..=255, ..]
        ))
}

fn is_public_six(six: Ipv6Addr) -> bool {
    // Global unicast is 2000::/3; loopback, unique local (metadata at fd00:ec2::254), link-local, multicast, mapped and
    // local translation prefixes lie outside of it.
    match six.segments() {
        // Teredo and other protocol assignments (2001::/23), documentation, 6to4: the last may lead anywhere.
        [0x2001, 0..=0x01ff, ..] | [0x2001, 0x0db8, ..] | [0x3fff, 0..=0x0fff, ..] | [0x2002, ..] => false,
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_are_allowed_however_they_are_written() {
        for inner in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "100.100.100.200",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.0.9",
            "168.63.129.16",
            "169.254.169.254",
            "169.254.170.2",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.192",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.7",
            "203.0.113.9",
            "224.0.0.1",
            "239.255.255.250",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::127.0.0.1",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "::ffff:0:10.0.0.1",
            "64:ff9b::10.0.0.1",
            "64:ff9b::169.254.169.254",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:0:53aa:64c::1",
            "2001:db8::1",
            "2002:7f00:1::1",
            "2002:c0a8:101::1",
            "2002:808:808::1",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fd00:ec2::254",
            "fd00::1",
            "fe80::1",
            "febf::1",
            "fec0::1",
            "ff02::1",
            "ff0e::1",
        ] {
            assert!(!is_allowed(inner.parse().unwrap(), &[]), "{inner}");
        }
        for public in [
            "1.1.1.1",
            "8.8.8.8",
            "100.63.255.255",
            "100.128.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.0.1.1",
            "198.17.0.1",
            "223.255.255.255",
            "::ffff:8.8.8.8",
            "64:ff9b::8.8.8.8",
            "2001:4860:4860::8888",
            "2606:4700::1111",
            "2a00:1450::1",
            "3ffe::1",
        ] {
            assert!(is_allowed(public.parse().unwrap(), &[]), "{public}");
        }
    }

    #[test]
    fn what_is_allowed_by_name_is_allowed_and_nothing_beside() {
        let allowed = ["127.0.0.0/8".parse().unwrap(), "fd12::/16".parse().unwrap()];
        for (address, expected) in [
            ("127.0.0.1", true),
            ("::ffff:127.0.0.1", true),
            ("fd12::1", true),
            ("::1", false),
            ("10.0.0.1", false),
            ("fd13::1", false),
        ] {
            assert_eq!(is_allowed(address.parse().unwrap(), &allowed), expected, "{address}");
        }
    }
}
