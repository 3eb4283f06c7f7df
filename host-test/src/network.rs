//! Which addresses a plugin may be connected to.
//!
//! An allowed origin names a host, not an address, and whoever runs that host's DNS chooses the
//! address. A name that suddenly resolves to `127.0.0.1` or to a cloud's metadata service must not
//! turn an allowed origin into a way inside, so every address that is not a public one is refused
//! unless the user named it: by an allowed network, or as `localhost`.
//!
//! The rules are applied to the very addresses that are connected to (see `http::pool`), so a
//! second answer of the DNS cannot differ from the one that was checked.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

/// What the addresses behind a name may be, beside public ones.
///
/// Two policies with equal rules may share connections; that is what the HTTP pool's key is.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub(crate) struct AddressRules {
    /// Networks that were allowed by name, in order, without repetition.
    pub(crate) networks: Vec<IpNet>,
    /// Whether the name `localhost` was allowed; it then stands for loopback addresses only.
    pub(crate) localhost: bool,
}

impl AddressRules {
    /// Whether a connection for `host` may go to `address`; if not, what kind of address it is.
    pub(crate) fn check(&self, host: &str, address: IpAddr) -> Result<(), &'static str> {
        let Some(kind) = restriction(address) else {
            return Ok(());
        };
        let real = embedded(address).map_or(address, IpAddr::V4);
        if self.localhost && host == "localhost" && is_loopback(real) {
            return Ok(());
        }
        if self
            .networks
            .iter()
            .any(|network| network.contains(&address) || network.contains(&real))
        {
            return Ok(());
        }
        Err(kind)
    }
}

fn is_loopback(address: IpAddr) -> bool {
    address.is_loopback()
}

/// Why an address is not a public one; none for one that is.
pub(crate) fn restriction(address: IpAddr) -> Option<&'static str> {
    match address {
        IpAddr::V4(address) => restriction_v4(address),
        IpAddr::V6(address) => match embedded(IpAddr::V6(address)) {
            // A translator delivers it to the IPv4 address, so that one decides.
            Some(inner) => restriction_v4(inner),
            None => restriction_v6(address),
        },
    }
}

fn restriction_v4(address: Ipv4Addr) -> Option<&'static str> {
    let [a, b, c, _] = address.octets();
    let kind = match (a, b, c) {
        _ if address == Ipv4Addr::new(169, 254, 169, 254) => "a cloud metadata address",
        (0, ..) => "an unspecified address",
        (127, ..) => "a loopback address",
        (10, ..) | (172, 16..=31, _) | (192, 168, _) => "a private address",
        (100, 64..=127, _) => "a carrier-grade NAT address",
        (169, 254, _) => "a link-local address",
        (224..=239, ..) => "a multicast address",
        (192, 0, 0 | 2) | (198, 18..=19, _) | (198, 51, 100) | (203, 0, 113) | (240..=255, ..) => {
            "a reserved address"
        }
        _ => return None,
    };
    Some(kind)
}

fn restriction_v6(address: Ipv6Addr) -> Option<&'static str> {
    let segments = address.segments();
    let kind = match segments {
        [0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x254] => "a cloud metadata address",
        [0, 0, 0, 0, 0, 0, 0, 0] => "an unspecified address",
        [0, 0, 0, 0, 0, 0, 0, 1] => "a loopback address",
        [0xfc00..=0xfdff, ..] => "a unique-local address",
        [0xfe80..=0xfebf, ..] => "a link-local address",
        [0xfec0..=0xfeff, ..] => "a site-local address",
        [0xff00..=0xffff, ..] => "a multicast address",
        // Local-use NAT64 may be translated to anything; Teredo hides an IPv4 address.
        [0x64, 0xff9b, 1, ..] | [0x2001, 0, ..] => "a translated address",
        [0x2001, 0xdb8, ..] | [0x100, 0, 0, 0, ..] => "a reserved address",
        _ => return None,
    };
    Some(kind)
}

/// The IPv4 address inside an IPv4-mapped, IPv4-compatible, NAT64 or 6to4 address.
fn embedded(address: IpAddr) -> Option<Ipv4Addr> {
    let IpAddr::V6(address) = address else {
        return None;
    };
    let [.., high, low] = address.segments();
    let last = || {
        let [a, b] = high.to_be_bytes();
        let [c, d] = low.to_be_bytes();
        Ipv4Addr::new(a, b, c, d)
    };
    match address.segments() {
        [0, 0, 0, 0, 0, 0xffff, ..] | [0x64, 0xff9b, 0, 0, 0, 0, ..] => Some(last()),
        // `::` and `::1` have meanings of their own.
        [0, 0, 0, 0, 0, 0, high, _] if high != 0 => Some(last()),
        [0x2002, high, low, ..] => {
            let [a, b] = high.to_be_bytes();
            let [c, d] = low.to_be_bytes();
            Some(Ipv4Addr::new(a, b, c, d))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn addresses_that_are_not_public_are_restricted_in_every_spelling() {
        for text in [
            "127.0.0.1",
            "127.255.0.9",
            "10.1.2.3",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "100.64.0.1",
            "169.254.1.1",
            "169.254.169.254",
            "0.0.0.0",
            "0.1.2.3",
            "224.0.0.1",
            "255.255.255.255",
            "198.18.0.1",
            "::",
            "::1",
            "fe80::1",
            "fc00::1",
            "fd00:ec2::254",
            "ff02::1",
            "fec0::1",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b:1::1",
            "2002:7f00:1::",
            "2002:a9fe:a9fe::1",
            "::10.0.0.1",
            "2001:0:1::1",
        ] {
            assert!(restriction(ip(text)).is_some(), "{text} must be refused");
        }
    }

    #[test]
    fn public_addresses_are_not_restricted() {
        for text in [
            "52.94.5.1",
            "172.32.0.1",
            "100.128.0.1",
            "2600:1f18::1",
            "64:ff9b::345e:501",
        ] {
            assert_eq!(restriction(ip(text)), None, "{text} is public");
        }
    }

    #[test]
    fn localhost_names_loopback_addresses_and_no_other() {
        let rules = AddressRules {
            networks: Vec::new(),
            localhost: true,
        };
        assert_eq!(rules.check("localhost", ip("127.0.0.1")), Ok(()));
        assert_eq!(rules.check("localhost", ip("::1")), Ok(()));
        assert!(rules.check("localhost", ip("10.0.0.1")).is_err());
        assert!(rules.check("example.com", ip("127.0.0.1")).is_err());
    }

    #[test]
    fn an_allowed_network_covers_its_addresses_in_every_spelling() {
        let rules = AddressRules {
            networks: vec!["10.0.0.0/8".parse().expect("a network")],
            localhost: false,
        };
        assert_eq!(rules.check("vpce.example.com", ip("10.9.8.7")), Ok(()));
        assert_eq!(
            rules.check("vpce.example.com", ip("::ffff:10.9.8.7")),
            Ok(())
        );
        assert!(rules.check("vpce.example.com", ip("192.168.0.1")).is_err());
    }
}
