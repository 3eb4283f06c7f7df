//! Building a request of the AWS JSON 1.0 protocol and signing it (Signature Version 4).
//!
//! The keyed hashes are `aws-sigv4`'s. What stands here is the canonical form of the one kind of
//! request that there is: a POST to `/` without a query, with a handful of headers whose order and
//! shape are known. Its general form, for any request, is a third of the component's bytes. That
//! both come to the same signature is tested against `aws-sigv4`'s own.

use std::cell::RefCell;
use std::time::{Duration, SystemTime};

use aws_sigv4::sign::v4::{calculate_signature, generate_signing_key};
use bytewise::hexadecimal;
use sha2::{Digest, Sha256};
use time::OffsetDateTime;
use zeroize::Zeroizing;

use super::Call;
use crate::connection::Config;
use crate::connection::credentials::Credentials;
use crate::transport::Request;

/// Name of the service in signatures.
const SERVICE: &str = "sqs";
const ALGORITHM: &str = "AWS4-HMAC-SHA256";
const JSON: &str = "application/x-amz-json-1.0";
const AGENT: &str = concat!("sqs-connector/", env!("CARGO_PKG_VERSION"));

/// Signs with one set of credentials.
pub(super) struct Signer {
    credentials: Credentials,
    /// The key is the same for a day; to derive it takes four of the five keyed hashes.
    key: RefCell<Option<DayKey>>,
}

struct DayKey {
    day: String,
    key: Zeroizing<Vec<u8>>,
}

impl Signer {
    pub(super) fn new(credentials: Credentials) -> Self {
        Self {
            credentials,
            key: RefCell::new(None),
        }
    }

    /// What must never be shown.
    pub(super) fn secrets(&self) -> impl Iterator<Item = &str> {
        let token = self.credentials.session_token.as_ref();
        [self.credentials.secret_access_key.as_str()]
            .into_iter()
            .chain(token.map(|token| token.as_str()))
    }

    /// A signed request. `time` is the time since 1970-01-01T00:00:00Z.
    pub(super) fn request<'a>(
        &self,
        config: &'a Config,
        call: Call<'a>,
        time: Duration,
    ) -> Request<'a> {
        let stamp = Stamp::of(time);
        let mut headers = vec![
            // By name, as signing wants them.
            ("content-type", JSON.to_owned()),
            ("host", config.endpoint.authority.clone()),
            ("x-amz-date", stamp.time.clone()),
            ("x-amz-target", ["AmazonSQS.", call.action].concat()),
            // Asks for a fault's old code beside the new one.
            ("x-amzn-query-mode", "true".to_owned()),
        ];
        if let Some(token) = &self.credentials.session_token {
            headers.insert(3, ("x-amz-security-token", token.to_string()));
        }
        let signed: Vec<&str> = headers.iter().map(|(name, _)| *name).collect();
        let signed = signed.join(";");
        let length = |(name, value): &(&str, String)| name.len() + value.len() + 2;
        let length = headers.iter().map(length).sum::<usize>() + signed.len() + 80;
        let mut canonical = String::with_capacity(length);
        canonical.push_str("POST\n/\n\n");
        for (name, value) in &headers {
            for part in [name, ":", value, "\n"] {
                canonical.push_str(part);
            }
        }
        let body = hexadecimal(&Sha256::digest(call.body));
        for part in ["\n", &signed, "\n", &body] {
            canonical.push_str(part);
        }
        // Formatted, they would take three times as long.
        let scope = [
            &stamp.day,
            "/",
            &config.region,
            "/",
            SERVICE,
            "/aws4_request",
        ]
        .concat();
        let canonical = hexadecimal(&Sha256::digest(Zeroizing::new(canonical).as_bytes()));
        let to_sign = [ALGORITHM, "\n", &stamp.time, "\n", &scope, "\n", &canonical].concat();
        let signature = self.signature(&stamp, time, &config.region, to_sign.as_bytes());
        let authorization = [
            ALGORITHM,
            " Credential=",
            &self.credentials.access_key_id,
            "/",
            &scope,
            ", SignedHeaders=",
            &signed,
            ", Signature=",
            &signature,
        ]
        .concat();
        // The host makes this header of the address; it cannot be set.
        headers.retain(|(name, _)| *name != "host");
        headers.push(("authorization", authorization));
        headers.push(("user-agent", AGENT.to_owned()));
        Request {
            endpoint: &config.endpoint,
            headers,
            body: call.body,
        }
    }

    fn signature(&self, stamp: &Stamp, time: Duration, region: &str, to_sign: &[u8]) -> String {
        let mut cached = self.key.borrow_mut();
        let key = match &mut *cached {
            Some(of_day) if of_day.day == stamp.day => &of_day.key,
            other => {
                let secret = &self.credentials.secret_access_key;
                let time = SystemTime::UNIX_EPOCH + time.min(LATEST);
                let key = generate_signing_key(secret, time, region, SERVICE);
                &other
                    .insert(DayKey {
                        day: stamp.day.clone(),
                        key: Zeroizing::new(key.as_ref().to_vec()),
                    })
                    .key
            }
        };
        calculate_signature(key, to_sign)
    }
}

/// 9999-12-31T23:59:59Z: the last moment that can be written down. A clock beyond it is broken;
/// the service then says so.
const LATEST: Duration = Duration::from_secs(253_402_300_799);

/// A moment as signatures write it.
struct Stamp {
    /// `20261121`
    day: String,
    /// `20261121T093000Z`
    time: String,
}

impl Stamp {
    fn of(time: Duration) -> Self {
        let seconds = i64::try_from(time.min(LATEST).as_secs()).unwrap_or(0);
        let at = OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH);
        let year = u16::try_from(at.year()).unwrap_or(0);
        let day = [
            digits(year / 100),
            digits(year % 100),
            digits(u8::from(at.month()).into()),
            digits(at.day().into()),
        ];
        let of_day = [at.hour(), at.minute(), at.second()].map(|part| digits(part.into()));
        let text = |digits: &[[char; 2]]| digits.iter().flatten().collect::<String>();
        let day = text(&day);
        let time = [&day, "T", &text(&of_day), "Z"].concat();
        Self { day, time }
    }
}

/// The last two digits of a number.
fn digits(number: u16) -> [char; 2] {
    [number / 10, number].map(|number| char::from_digit((number % 10).into(), 10).unwrap_or('0'))
}

#[cfg(test)]
mod tests;
