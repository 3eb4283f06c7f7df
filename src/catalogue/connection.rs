//! The settings of a connection.

use super::limits::IN_FLIGHT;
use super::partitions::REGIONS;
use super::{Default, Field, Kind};

/// Names of the settings that concern credentials: what `renew` takes.
pub const CREDENTIALS: &[&str] = &[
    ACCESS_KEY_ID.name,
    SECRET_ACCESS_KEY.name,
    SESSION_TOKEN.name,
];

const ACCESS_KEY_ID: Field = Field::new(
    Kind::Text,
    "access-key-id",
    "Access key ID",
    "Identifies the AWS access key that requests are signed with.",
)
.required()
.between(1, 128)
.hints(&[("group", "Credentials"), ("placeholder", "AKIA…")]);

const SECRET_ACCESS_KEY: Field = Field::new(
    Kind::Text,
    "secret-access-key",
    "Secret access key",
    "The secret part of the access key. It stays inside the plugin; requests carry signatures made with it.",
)
.required()
.secret()
.between(1, 256)
.hints(&[("group", "Credentials")]);

const SESSION_TOKEN: Field = Field::new(
    Kind::Text,
    "session-token",
    "Session token",
    "Needed with temporary credentials (from AWS STS, IAM Identity Center or a role), and only with those.",
)
.secret()
.between(1, 16_384)
.hints(&[("group", "Credentials")]);

/// Every setting, in the order that a form shows them in.
pub const SETTINGS: &[Field] = &[
    Field::new(
        Kind::Text,
        "region",
        "Region",
        "AWS region of the queues, such as eu-west-1. Requests are signed for it. Any region can be typed; the choices are suggestions.",
    )
    .required()
    .choices(REGIONS)
    .between(1, 64)
    .hints(&[("group", "Service"), ("pattern", "^[a-z0-9]+(-[a-z0-9]+)*$")]),
    Field::new(
        Kind::Text,
        "endpoint",
        "Endpoint",
        "Where requests go: a VPC endpoint, or any server that speaks the SQS JSON protocol, such as LocalStack. Scheme, host and port only. Empty: AWS's own endpoint for the region.",
    )
    .hints(&[
        ("group", "Service"),
        ("placeholder", "https://vpce-….sqs.eu-west-1.vpce.amazonaws.com"),
    ]),
    Field::new(
        Kind::Boolean,
        "use-fips",
        "FIPS endpoint",
        "Use AWS's endpoint with FIPS 140 validated cryptography. Cannot be combined with an endpoint of your own.",
    )
    .default(Default::Boolean(false))
    .hints(&[("group", "Service")]),
    Field::new(
        Kind::Boolean,
        "use-dualstack",
        "Dual-stack endpoint",
        "Use AWS's endpoint that answers over IPv4 and IPv6. Cannot be combined with an endpoint of your own.",
    )
    .default(Default::Boolean(false))
    .hints(&[("group", "Service")]),
    Field::new(
        Kind::Boolean,
        "allow-plaintext",
        "Allow plain HTTP",
        "Permit an http:// endpoint on a host other than this machine. Bodies and credentials' signatures then travel unencrypted.",
    )
    .default(Default::Boolean(false))
    .hints(&[("group", "Service")]),
    Field::new(
        Kind::Text,
        "default-queue",
        "Default queue",
        "Name, URL or ARN of the queue that is used where an operation names none, and by the connection test.",
    )
    .hints(&[("group", "Service")]),
    ACCESS_KEY_ID,
    SECRET_ACCESS_KEY,
    SESSION_TOKEN,
    Field::new(
        Kind::Integer,
        "connect-timeout-ms",
        "Connect timeout",
        "How long one attempt may take to connect, in milliseconds. A long poll adds its wait time to it, as some hosts count a connection's idle time with it.",
    )
    .default(Default::Integer(3_100))
    .between(1, 600_000)
    .hints(&[("group", "Limits"), ("unit", "ms")]),
    Field::new(
        Kind::Integer,
        "request-timeout-ms",
        "Request timeout",
        "How long one attempt may take from start to end, in milliseconds. A long poll adds its wait time to it.",
    )
    .default(Default::Integer(30_000))
    .between(1, 3_600_000)
    .hints(&[("group", "Limits"), ("unit", "ms")]),
    Field::new(
        Kind::Integer,
        "max-attempts",
        "Attempts",
        "How often a request is tried at most, the first time included. 1: never again.",
    )
    .default(Default::Integer(3))
    .between(1, 10)
    .hints(&[("group", "Limits")]),
    Field::new(
        Kind::Integer,
        "max-in-flight",
        "Requests side by side",
        "How many requests of one call are under way at once.",
    )
    .default(Default::Integer(8))
    .between(1, IN_FLIGHT)
    .hints(&[("group", "Limits")]),
    Field::new(
        Kind::Boolean,
        "verify-checksums",
        "Verify checksums",
        "Compare the MD5 checksums that SQS gives for bodies and attributes with what was sent or received.",
    )
    .default(Default::Boolean(true))
    .hints(&[("group", "Limits")]),
];
