//! Where requests go.
//!
//! The endpoint alone decides it. A queue URL, which may come from a document, names a queue in
//! a request's body and never a host: whoever can write a document must not be able to have
//! signed requests sent elsewhere.

use crate::catalogue::partitions::Partition;

/// How requests travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// Plain.
    Http,
    /// Over TLS.
    Https,
}

/// A scheme and an authority.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// How requests travel.
    pub scheme: Scheme,
    /// Host, with the port where it is not the scheme's own: exactly what the `Host` header will
    /// say, as that is what is signed.
    pub authority: String,
}

impl Endpoint {
    /// AWS's own endpoint for a region (endpoint rules of the SQS service model).
    pub fn of_region(region: &str, fips: bool, dual_stack: bool) -> Self {
        let partition = Partition::of(region);
        let suffix = if dual_stack {
            partition.dual_stack_suffix
        } else {
            partition.dns_suffix
        };
        // GovCloud's ordinary endpoints are FIPS endpoints, and have no others of that name.
        let service = if fips && (dual_stack || partition.id != "aws-us-gov") {
            "sqs-fips"
        } else {
            "sqs"
        };
        Self {
            scheme: Scheme::Https,
            authority: format!("{service}.{region}.{suffix}"),
        }
    }

    /// An endpoint as a person gives it.
    ///
    /// # Errors
    /// In words: what it must look like, where it does not.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        const SHAPE: &str =
            "must be scheme, host and port only, such as https://sqs.example.com:8443";
        let uri: http::Uri = text.trim().parse().map_err(|_| SHAPE)?;
        let (scheme, default_port) = match uri.scheme_str() {
            Some("https") => (Scheme::Https, 443),
            Some("http") => (Scheme::Http, 80),
            _ => return Err("must begin with https:// or http://"),
        };
        let authority = uri.authority().ok_or(SHAPE)?;
        let bare = matches!(uri.path(), "" | "/") && uri.query().is_none();
        if !bare || authority.as_str().contains('@') || text.contains('#') {
            return Err(SHAPE);
        }
        let host = authority.host().to_ascii_lowercase();
        if host.is_empty() {
            return Err(SHAPE);
        }
        let explicit = authority.as_str().len() > authority.host().len();
        let authority = match authority.port_u16() {
            Some(0) => return Err("must have a port from 1 to 65535"),
            Some(port) if port != default_port => format!("{host}:{port}"),
            None if explicit => return Err("must have a port from 1 to 65535"),
            _ => host,
        };
        Ok(Self { scheme, authority })
    }

    /// Whether the host is this machine itself.
    pub fn is_loopback(&self) -> bool {
        let host = match self.authority.strip_prefix('[') {
            Some(rest) => rest.split(']').next().unwrap_or_default(),
            None => self.authority.split(':').next().unwrap_or_default(),
        };
        let in_127 = || {
            let parts: Vec<&str> = host.split('.').collect();
            parts.len() == 4
                && parts.first() == Some(&"127")
                && parts.iter().all(|part| part.parse::<u8>().is_ok())
        };
        host == "localhost" || host.ends_with(".localhost") || host == "::1" || in_127()
    }

    /// `https://sqs.eu-west-1.amazonaws.com`: what an allow-list names.
    pub fn origin(&self) -> String {
        let scheme = match self.scheme {
            Scheme::Http => "http",
            Scheme::Https => "https",
        };
        format!("{scheme}://{}", self.authority)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aws_endpoints_follow_region_partition_fips_and_dual_stack() {
        for (region, fips, dual, origin) in [
            (
                "eu-west-1",
                false,
                false,
                "https://sqs.eu-west-1.amazonaws.com",
            ),
            (
                "eu-west-1",
                true,
                false,
                "https://sqs-fips.eu-west-1.amazonaws.com",
            ),
            ("eu-west-1", false, true, "https://sqs.eu-west-1.api.aws"),
            (
                "eu-west-1",
                true,
                true,
                "https://sqs-fips.eu-west-1.api.aws",
            ),
            (
                "cn-north-1",
                false,
                false,
                "https://sqs.cn-north-1.amazonaws.com.cn",
            ),
            (
                "us-gov-west-1",
                true,
                false,
                "https://sqs.us-gov-west-1.amazonaws.com",
            ),
            (
                "us-gov-west-1",
                true,
                true,
                "https://sqs-fips.us-gov-west-1.api.aws",
            ),
            (
                "us-isob-east-1",
                false,
                false,
                "https://sqs.us-isob-east-1.sc2s.sgov.gov",
            ),
            (
                "eusc-de-east-1",
                false,
                false,
                "https://sqs.eusc-de-east-1.amazonaws.eu",
            ),
        ] {
            assert_eq!(Endpoint::of_region(region, fips, dual).origin(), origin);
        }
    }

    #[test]
    fn an_endpoint_keeps_its_port_unless_it_is_the_schemes_own() {
        for (text, origin) in [
            ("https://SQS.Example.com", "https://sqs.example.com"),
            ("https://sqs.example.com:443/", "https://sqs.example.com"),
            ("http://localhost:80", "http://localhost"),
            ("http://127.0.0.1:4566", "http://127.0.0.1:4566"),
            ("http://[::1]:4566", "http://[::1]:4566"),
        ] {
            assert_eq!(Endpoint::parse(text).unwrap().origin(), origin, "{text}");
        }
    }

    #[test]
    fn anything_but_scheme_host_and_port_is_refused() {
        for text in [
            "sqs.example.com",
            "ftp://sqs.example.com",
            "https://",
            "https://user:secret@sqs.example.com",
            "https://sqs.example.com/path",
            "https://sqs.example.com?x=1",
            "https://sqs.example.com/#f",
            "https://sqs.example.com:0",
            "https://sqs.example.com:99999",
            "https://sqs.example.com:",
            "https://exa mple.com",
        ] {
            assert!(Endpoint::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn only_this_machines_own_names_are_loopback() {
        for (text, loopback) in [
            ("http://localhost:4566", true),
            ("http://sqs.localhost", true),
            ("http://127.8.9.1", true),
            ("http://[::1]:1", true),
            ("http://localhost.example.com", false),
            ("http://10.0.0.1", false),
        ] {
            assert_eq!(
                Endpoint::parse(text).unwrap().is_loopback(),
                loopback,
                "{text}"
            );
        }
    }
}
