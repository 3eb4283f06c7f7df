//! From settings to a checked connection.

pub mod credentials;
pub mod endpoint;
pub mod fields;
pub mod queue;

use std::time::Duration;

use zeroize::Zeroizing;

use crate::catalogue::Field;
use crate::catalogue::connection::{CREDENTIALS, SETTINGS};

use crate::contract::{Error, Problem, Property};
use credentials::Credentials;
use endpoint::{Endpoint, Scheme};
use fields::Values;
use queue::QueueReference;

/// What the settings of a connection say, checked; its credentials apart.
#[derive(Debug)]
pub struct Config {
    /// Region that requests are signed for.
    pub region: String,
    /// Where every request goes.
    pub endpoint: Endpoint,
    /// The queue where an operation names none.
    pub default_queue: Option<QueueReference>,
    /// Bound of connecting.
    pub connect_timeout: Duration,
    /// Bound of one attempt, a long poll's wait time not counted.
    pub request_timeout: Duration,
    /// Attempts of a request, the first included.
    pub max_attempts: u32,
    /// Requests of one call side by side.
    pub max_in_flight: usize,
    /// Whether checksums are compared.
    pub verify_checksums: bool,
}

/// Checks every setting of a connection.
///
/// # Errors
/// `invalid-settings` with every problem at once.
pub fn open(settings: Vec<Property>) -> Result<(Config, Credentials), Error> {
    let table: Vec<&Field> = SETTINGS.iter().collect();
    let (mut values, mut problems) = Values::read(&table, settings);
    values.require(&table, &mut problems);
    let region = values.text("region").unwrap_or_default().to_owned();
    if !region.is_empty() && !is_region(&region) {
        problems.push(Problem::new(
            "region",
            "must be lower-case letters and digits with hyphens between, such as eu-west-1",
        ));
    }
    let endpoint = endpoint(&values, &region, &mut problems);
    let default_queue = values.text("default-queue").and_then(|text| {
        QueueReference::parse(text, &region)
            .map_err(|message| problems.push(Problem::new("default-queue", message)))
            .ok()
    });
    let credentials = credentials(&mut values, &mut problems);
    if !problems.is_empty() {
        return Err(Error::InvalidSettings(problems));
    }
    let milliseconds = |name| Duration::from_millis(positive(&values, name));
    let config = Config {
        region,
        endpoint,
        default_queue,
        connect_timeout: milliseconds("connect-timeout-ms"),
        request_timeout: milliseconds("request-timeout-ms"),
        max_attempts: u32::try_from(positive(&values, "max-attempts")).unwrap_or(1),
        max_in_flight: usize::try_from(positive(&values, "max-in-flight")).unwrap_or(1),
        verify_checksums: values.flag("verify-checksums"),
    };
    Ok((config, credentials))
}

/// Checks the settings of `renew`: those that concern credentials, and no others.
///
/// # Errors
/// `invalid-settings` with every problem at once.
pub fn renew(settings: Vec<Property>) -> Result<Credentials, Error> {
    let (ours, others): (Vec<Property>, Vec<Property>) = settings
        .into_iter()
        .partition(|property| CREDENTIALS.contains(&property.name.as_str()));
    let table: Vec<&Field> = SETTINGS
        .iter()
        .filter(|field| CREDENTIALS.contains(&field.name))
        .collect();
    let (mut values, mut problems) = Values::read(&table, ours);
    values.require(&table, &mut problems);
    problems.extend(others.into_iter().map(|property| {
        Problem::new(
            property.name,
            format!(
                "cannot be renewed; only these can: {}",
                CREDENTIALS.join(", ")
            ),
        )
    }));
    let credentials = credentials(&mut values, &mut problems);
    if problems.is_empty() {
        Ok(credentials)
    } else {
        Err(Error::InvalidSettings(problems))
    }
}

fn endpoint(values: &Values, region: &str, problems: &mut Vec<Problem>) -> Endpoint {
    let fips = values.flag("use-fips");
    let dual_stack = values.flag("use-dualstack");
    let aws = Endpoint::of_region(region, fips, dual_stack);
    let Some(text) = values.text("endpoint") else {
        return aws;
    };
    for (name, set) in [("use-fips", fips), ("use-dualstack", dual_stack)] {
        if set {
            problems.push(Problem::new(
                name,
                "cannot be combined with `endpoint`: leave one of them out",
            ));
        }
    }
    match Endpoint::parse(text) {
        Ok(own) => {
            let plain = own.scheme == Scheme::Http && !own.is_loopback();
            if plain && !values.flag("allow-plaintext") {
                problems.push(Problem::new(
                    "endpoint",
                    "must begin with https://, as the host is not this machine; plain HTTP there needs `allow-plaintext`",
                ));
            }
            own
        }
        Err(message) => {
            problems.push(Problem::new("endpoint", message));
            aws
        }
    }
}

fn credentials(values: &mut Values, problems: &mut Vec<Problem>) -> Credentials {
    let mut take = |name: &str| {
        let text = values.take_text(name);
        // They go into header fields, or are mistyped: a line end copied along is the usual case.
        if text
            .as_deref()
            .is_some_and(|text| !text.bytes().all(|b| b.is_ascii_graphic()))
        {
            problems.push(Problem::new(
                name,
                "must have no spaces, line ends or characters beyond ASCII",
            ));
        }
        text
    };
    Credentials {
        access_key_id: take("access-key-id").unwrap_or_default(),
        secret_access_key: Zeroizing::new(take("secret-access-key").unwrap_or_default()),
        session_token: take("session-token").map(Zeroizing::new),
    }
}

fn is_region(text: &str) -> bool {
    text.split('-').all(|part| {
        !part.is_empty()
            && part
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
    })
}

fn positive(values: &Values, name: &str) -> u64 {
    values
        .integer(name)
        .and_then(|number| u64::try_from(number).ok())
        .unwrap_or(1)
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
