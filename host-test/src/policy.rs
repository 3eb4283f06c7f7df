//! What a plugin may ask for: a list of origins, and none by default.
//!
//! Pure code, apart from the hook that applies it. The forms of an entry:
//!
//! | entry | allows |
//! |---|---|
//! | `https://host` | that host at port 443, over TLS |
//! | `https://host:8443` | that host at that port |
//! | `http://host`, `http://host:8080` | the same in plain text |
//! | `https://*.example.com` | every name below `example.com`, not itself |
//!
//! An IP literal has to stand in an exact entry, which thereby names the address. What a name may
//! resolve to is `network`'s affair.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use ipnet::IpNet;

use crate::network::{AddressRules, restriction};

/// Scheme, host and port of a request; `Display` leaves out the scheme's own port.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Origin {
    tls: bool,
    host: String,
    port: u16,
}

impl Origin {
    /// The host in lower case: a name, or an IP literal without brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port, the scheme's own where none was given.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Whether it is `https`.
    #[must_use]
    pub fn is_tls(&self) -> bool {
        self.tls
    }

    /// The address, where the host is an IP literal.
    #[must_use]
    pub fn address(&self) -> Option<IpAddr> {
        self.host.parse().ok()
    }

    /// Whether the host is this machine by name, or an address that is not a public one: such an
    /// origin should be allowed by someone who meant it, never only because a plugin asked.
    #[must_use]
    pub fn is_restricted(&self) -> bool {
        self.host == "localhost"
            || self.host.ends_with(".localhost")
            || self
                .address()
                .is_some_and(|address| restriction(address).is_some())
    }

    pub(crate) fn of(uri: &http::Uri) -> Option<Self> {
        let tls = match uri.scheme_str()? {
            "https" => true,
            "http" => false,
            _ => return None,
        };
        let authority = uri.authority()?;
        // A user name in an authority serves to disguise the host.
        if authority.as_str().contains('@') {
            return None;
        }
        let port = match authority.as_str().strip_prefix(authority.host())? {
            "" => default_port(tls),
            // A port that is no number must not pass for the scheme's own.
            _ => authority.port_u16()?,
        };
        Some(Self {
            tls,
            host: normal_host(authority.host())?,
            port,
        })
    }
}

fn default_port(tls: bool) -> u16 {
    if tls { 443 } else { 80 }
}

/// Lower case, without brackets and without the dot of a fully qualified name.
fn normal_host(host: &str) -> Option<String> {
    let host = match host.strip_prefix('[') {
        // `std` gives an address its one spelling.
        Some(rest) => rest
            .strip_suffix(']')?
            .parse::<std::net::Ipv6Addr>()
            .ok()?
            .to_string(),
        None => host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase(),
    };
    (!host.is_empty()).then_some(host)
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls { "https" } else { "http" };
        if self.host.contains(':') {
            write!(formatter, "{scheme}://[{}]", self.host)?;
        } else {
            write!(formatter, "{scheme}://{}", self.host)?;
        }
        if self.port == default_port(self.tls) {
            Ok(())
        } else {
            write!(formatter, ":{}", self.port)
        }
    }
}

impl FromStr for Origin {
    type Err = InvalidEntry;

    fn from_str(text: &str) -> Result<Self, InvalidEntry> {
        let invalid = |why| InvalidEntry {
            entry: text.to_owned(),
            why,
        };
        if !text.starts_with("https://") && !text.starts_with("http://") {
            return Err(invalid("it has to begin with https:// or http://"));
        }
        let uri: http::Uri = text.parse().map_err(|_| invalid("it is not a URL"))?;
        if uri.path() != "/" || uri.query().is_some() || text.contains('#') {
            return Err(invalid("an origin ends after host and port"));
        }
        Self::of(&uri).ok_or_else(|| invalid("its host or port cannot be read"))
    }
}

/// An entry of the allow-list, or a network, that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{entry}` cannot be allowed: {why}")]
pub struct InvalidEntry {
    entry: String,
    why: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Entry {
    Exact(Origin),
    /// The origin's host is the suffix, with its leading dot.
    Below(Origin),
}

/// What a connection may reach; by default nothing.
#[derive(Debug, Clone, Default)]
pub struct Policy {
    entries: Vec<Entry>,
    networks: Vec<IpNet>,
}

impl Policy {
    /// A policy that refuses every request.
    #[must_use]
    pub fn deny_all() -> Self {
        Self::default()
    }

    /// Allows an entry in one of the forms that this module lists.
    ///
    /// # Errors
    /// Where the entry has none of these forms.
    pub fn allow(&mut self, entry: &str) -> Result<(), InvalidEntry> {
        let invalid = |why| InvalidEntry {
            entry: entry.to_owned(),
            why,
        };
        let Some((scheme, rest)) = entry.split_once("://*.") else {
            if entry.contains('*') {
                return Err(invalid(
                    "`*` may only stand for the first labels, as in https://*.example.com",
                ));
            }
            self.allow_origin(entry.parse()?);
            return Ok(());
        };
        let mut origin: Origin = format!("{scheme}://{rest}")
            .parse()
            .map_err(|error: InvalidEntry| invalid(error.why))?;
        if entry.matches('*').count() > 1 || origin.address().is_some() {
            return Err(invalid("`*` may only stand for the first labels of a name"));
        }
        origin.host.insert(0, '.');
        self.entries.push(Entry::Below(origin));
        Ok(())
    }

    /// Allows one origin; where its host is an IP literal or `localhost`, that address too.
    pub fn allow_origin(&mut self, origin: Origin) {
        self.entries.push(Entry::Exact(origin));
    }

    /// Allows names of allowed origins to resolve into a network (CIDR, such as `10.0.0.0/8`, or
    /// a single address) that is not a public one.
    ///
    /// # Errors
    /// Where it is neither.
    pub fn allow_network(&mut self, network: &str) -> Result<(), InvalidEntry> {
        let network = network
            .parse::<IpNet>()
            .or_else(|_| network.parse::<IpAddr>().map(IpNet::from))
            .map_err(|_| InvalidEntry {
                entry: network.to_owned(),
                why: "a network is written like 10.0.0.0/8 or fd00::/8",
            })?;
        self.networks.push(network);
        Ok(())
    }

    /// Whether a request to the origin may leave, as far as its text tells.
    pub(crate) fn check(&self, origin: &Origin) -> Result<(), Denial> {
        let allowed = self.entries.iter().any(|entry| match entry {
            Entry::Exact(allowed) => allowed == origin,
            Entry::Below(suffix) => {
                suffix.tls == origin.tls
                    && suffix.port == origin.port
                    && origin.address().is_none()
                    && origin.host.len() > suffix.host.len()
                    && origin.host.ends_with(&suffix.host)
            }
        });
        if allowed {
            Ok(())
        } else {
            Err(Denial {
                origin: origin.clone(),
                address: None,
            })
        }
    }

    /// What the names of allowed origins may resolve to.
    pub(crate) fn address_rules(&self) -> AddressRules {
        let mut networks = self.networks.clone();
        networks.sort();
        networks.dedup();
        let localhost = self
            .entries
            .iter()
            .any(|entry| matches!(entry, Entry::Exact(origin) if origin.host == "localhost"));
        AddressRules {
            networks,
            localhost,
        }
    }
}

/// A request that the policy refused. Its words say what would have to be allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denial {
    pub(crate) origin: Origin,
    pub(crate) address: Option<(IpAddr, &'static str)>,
}

impl Denial {
    /// Where the request was to go.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The address that was refused, where the origin itself is allowed.
    #[must_use]
    pub fn address(&self) -> Option<IpAddr> {
        self.address.map(|(address, _)| address)
    }
}

impl fmt::Display for Denial {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let origin = &self.origin;
        match self.address {
            None => write!(
                formatter,
                "request to {origin} denied: allow it with --allow {origin}"
            ),
            Some((address, kind)) => write!(
                formatter,
                "request to {origin} denied: its name resolves to {address}, {kind}: allow it with \
                 --allow-network {}",
                IpNet::from(address)
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(text: &str) -> Origin {
        text.parse().expect("an origin")
    }

    fn policy(entries: &[&str]) -> Policy {
        let mut policy = Policy::deny_all();
        for entry in entries {
            policy.allow(entry).expect("an entry");
        }
        policy
    }

    #[test]
    fn an_empty_list_allows_nothing_and_says_what_to_allow() {
        let denial = policy(&[])
            .check(&origin("https://sqs.eu-west-1.amazonaws.com"))
            .expect_err("denied");
        assert_eq!(
            denial.to_string(),
            "request to https://sqs.eu-west-1.amazonaws.com denied: allow it with --allow \
             https://sqs.eu-west-1.amazonaws.com"
        );
    }

    #[test]
    fn an_exact_entry_allows_its_scheme_host_and_port_only() {
        let policy = policy(&["https://a.example", "http://b.example:8080"]);
        for allowed in [
            "https://a.example",
            "https://A.EXAMPLE:443",
            "https://a.example.",
            "http://b.example:8080",
        ] {
            assert!(policy.check(&origin(allowed)).is_ok(), "{allowed}");
        }
        for denied in [
            "http://a.example",
            "https://a.example:444",
            "https://b.a.example",
            "http://b.example",
            "https://aaexample",
        ] {
            assert!(policy.check(&origin(denied)).is_err(), "{denied}");
        }
    }

    #[test]
    fn a_wildcard_allows_names_below_and_neither_the_name_itself_nor_an_address() {
        let policy = policy(&["https://*.example.com"]);
        assert!(policy.check(&origin("https://a.example.com")).is_ok());
        assert!(policy.check(&origin("https://a.b.example.com")).is_ok());
        for denied in [
            "https://example.com",
            "https://badexample.com",
            "http://a.example.com",
            "https://127.0.0.1",
        ] {
            assert!(policy.check(&origin(denied)).is_err(), "{denied}");
        }
    }

    #[test]
    fn entries_that_mean_something_else_are_refused() {
        for entry in [
            "example.com",
            "ftp://example.com",
            "https://",
            "https://example.com/path",
            "https://example.com?x",
            "https://user@example.com",
            "https://*",
            "https://*.*.com",
            "https://a.*.com",
            "*",
            "https://example.com:99999",
            "https://example.com:",
            "https://example.com#f",
            "https://*.10.0.0.1",
        ] {
            assert!(
                Policy::deny_all().allow(entry).is_err(),
                "{entry} must not be taken"
            );
        }
    }

    #[test]
    fn a_request_with_a_user_name_in_its_authority_has_no_origin() {
        assert_eq!(
            Origin::of(&http::Uri::from_static(
                "https://good.example@evil.example/"
            )),
            None
        );
    }

    #[test]
    fn an_ip_literal_is_allowed_by_an_exact_entry() {
        let policy = policy(&["http://127.0.0.1:4566", "http://[::1]:4566"]);
        assert!(policy.check(&origin("http://127.0.0.1:4566")).is_ok());
        assert!(
            policy
                .check(&origin("http://[0:0:0:0:0:0:0:1]:4566"))
                .is_ok()
        );
        assert!(policy.check(&origin("http://127.0.0.1:4567")).is_err());
    }

    #[test]
    fn restricted_origins_are_recognised() {
        for text in [
            "http://localhost:1",
            "http://127.0.0.1",
            "http://[::1]",
            "http://x.localhost",
            "http://10.0.0.1",
        ] {
            assert!(origin(text).is_restricted(), "{text}");
        }
        assert!(!origin("https://sqs.eu-west-1.amazonaws.com").is_restricted());
    }

    #[test]
    fn localhost_in_an_exact_entry_makes_the_name_mean_loopback() {
        assert!(policy(&["http://localhost:4566"]).address_rules().localhost);
        assert!(
            !policy(&["http://*.localhost:4566", "http://example.com"])
                .address_rules()
                .localhost
        );
    }

    #[test]
    fn origins_print_without_the_default_port() {
        for text in [
            "https://a.example",
            "http://a.example:8080",
            "http://[::1]:4566",
        ] {
            assert_eq!(origin(text).to_string(), text);
        }
        assert_eq!(
            origin("http://a.example:80").to_string(),
            "http://a.example"
        );
    }
}
