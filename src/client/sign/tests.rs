use aws_credential_types::Credentials as AwsCredentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4::SigningParams;

use super::*;
use crate::connection;
use crate::contract::Property;

const KEY: &str = "AKIAEXAMPLE";
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

fn signer(token: Option<&str>, endpoint: &str) -> (Config, Signer) {
    let mut settings = vec![
        Property::text("region", "eu-west-1"),
        Property::text("endpoint", endpoint),
        Property::text("access-key-id", KEY),
        Property::text("secret-access-key", SECRET),
    ];
    settings.extend(token.map(|token| Property::text("session-token", token)));
    let (config, credentials) = connection::open(settings).unwrap();
    (config, Signer::new(credentials))
}

fn authorization<'a>(request: &'a Request<'_>) -> &'a str {
    let found = request
        .headers
        .iter()
        .find(|(name, _)| *name == "authorization");
    &found.unwrap().1
}

/// What `aws-sigv4` makes of the same request.
fn oracle(request: &Request<'_>, token: Option<&str>, time: Duration) -> String {
    let identity = AwsCredentials::new(KEY, SECRET, token.map(str::to_owned), None, "test").into();
    let params = SigningParams::builder()
        .identity(&identity)
        .region("eu-west-1")
        .name(SERVICE)
        .time(SystemTime::UNIX_EPOCH + time)
        .settings(SigningSettings::default())
        .build()
        .unwrap()
        .into();
    let uri = format!("{}/", request.endpoint.origin());
    let added = ["authorization", "x-amz-date", "x-amz-security-token"];
    let headers = request
        .headers
        .iter()
        .filter(|(name, _)| !added.contains(name))
        .map(|(name, value)| (*name, value.as_str()));
    let body = SignableBody::Bytes(request.body);
    let signable = SignableRequest::new("POST", uri, headers, body).unwrap();
    let (instructions, _) = sign(signable, &params).unwrap().into_parts();
    let (headers, _) = instructions.into_parts();
    let found = headers
        .iter()
        .find(|header| header.name() == "authorization");
    found.unwrap().value().to_owned()
}

#[test]
fn signatures_are_those_of_aws_sigv4() {
    let endpoints = [
        "https://sqs.eu-west-1.amazonaws.com",
        "http://127.0.0.1:4566",
        "https://[::1]:8443",
        "https://vpce-1.example.com:8443",
    ];
    for endpoint in endpoints {
        for token in [None, Some("IQoJb3JpZ2luX2VjE//+==")] {
            let (config, signer) = signer(token, endpoint);
            // A day's end, a leap day, and a key used twice and then on another day.
            for seconds in [1_795_219_199, 1_795_219_200, 1_795_219_260, 1_709_164_800] {
                let time = Duration::from_millis(seconds * 1_000 + 999);
                let body = format!("{{\"QueueUrl\":\"é {seconds}\"}}");
                let call = Call::new("SendMessage", body.as_bytes());
                let request = signer.request(&config, call, time);
                assert_eq!(authorization(&request), oracle(&request, token, time));
            }
        }
    }
}

#[test]
fn the_host_header_is_signed_and_not_set() {
    let (config, signer) = signer(None, "http://127.0.0.1:4566");
    let request = signer.request(&config, Call::new("ListQueues", b"{}"), Duration::ZERO);
    assert!(authorization(&request).contains("SignedHeaders=content-type;host;x-amz-date;"));
    assert!(request.headers.iter().all(|(name, _)| *name != "host"));
}

#[test]
fn a_broken_clock_gives_a_signature_and_no_panic() {
    let (config, signer) = signer(None, "http://127.0.0.1:4566");
    let request = signer.request(&config, Call::new("ListQueues", b"{}"), Duration::MAX);
    assert!(authorization(&request).contains("/99991231/"));
}
