//! The operation `listen`.

use super::limits::{
    FILTER_CHARACTERS, LISTEN_MESSAGES, LISTEN_POLLS, POLL_INTERVAL_MILLISECONDS,
    VISIBILITY_SECONDS, WAIT_SECONDS,
};
use super::messages::{MESSAGE_PROPERTIES, NAMES};
use super::operations::{Direction, Operation, Property, Run};
use super::{Default, Field, Kind};

/// Name of the setting that says who settles.
pub const COMMIT: &str = "commit";
/// Its choices.
pub const AT_LEAST_ONCE: &str = "at-least-once";
/// Nothing is settled unless asked.
pub const PROCESS_MANAGED: &str = "process-managed";
/// At most once.
pub const ON_RECEIVE: &str = "on-receive";

pub(super) const LISTEN: Operation = Operation {
    id: "listen",
    label: "Listen for messages",
    description: "Waits for messages of one queue and hands each over once, with the time its lease ends. What was handled is accepted and removed; what failed is retried after a pause; what takes longer has its lease extended.",
    run: Run::Listen,
    takes_queue: true,
    settings: &[
        &[
            Field::new(
                Kind::Integer,
                "wait-time-seconds",
                "Wait time",
                "How long a request waits for the first message, in seconds (long polling).",
            )
            .default(Default::Integer(WAIT_SECONDS))
            .between(0, WAIT_SECONDS)
            .hints(SECONDS),
            Field::new(
                Kind::Integer,
                "maximum-messages",
                "Maximum messages",
                "How many messages are handed over together at most. More than 10 takes several requests.",
            )
            .default(Default::Integer(10))
            .between(1, LISTEN_MESSAGES),
            Field::new(
                Kind::Integer,
                "visibility-timeout-seconds",
                "Visibility timeout",
                "How long a lease is, in seconds: for so long nobody else is given the message. Without it the queue's own timeout holds, which is asked for once; without the permission sqs:GetQueueAttributes it is 30.",
            )
            .between(1, VISIBILITY_SECONDS)
            .hints(SECONDS),
            Field::new(
                Kind::Integer,
                "receives-in-flight",
                "Receives in flight",
                "How many requests wait for messages side by side.",
            )
            .default(Default::Integer(1))
            .between(1, LISTEN_POLLS),
            Field::new(
                Kind::Integer,
                "poll-interval-ms",
                "Poll interval",
                "Pause after an empty answer or a failed request, in milliseconds, counted from the start of an empty one. It doubles each time up to ten seconds (after failures: 30), with chance in it, and ends with the first message. Never less than 200 after an empty answer, and 1000 after a failure.",
            )
            .default(Default::Integer(0))
            .between(0, POLL_INTERVAL_MILLISECONDS)
            .hints(&[("unit", "ms")]),
        ],
        NAMES,
        &[
            Field::new(
                Kind::Choice,
                COMMIT,
                "Commit",
                "Who removes messages. at-least-once: the platform, when they are handled. process-managed: whoever handles them, by the delivery's token or with `delete`. on-receive: the connector, before it hands them over (at most once: a failure in between loses the message).",
            )
            .default(Default::Text(AT_LEAST_ONCE))
            .choices(&[AT_LEAST_ONCE, PROCESS_MANAGED, ON_RECEIVE]),
            Field::new(
                Kind::Text,
                "filter",
                "Filter",
                "Which messages are handed over; without it all. Conditions on properties (attribute.NAME, message-group-id, …) and on a JSON body (body.order.total, body.items[0]), with =, !=, <, <=, >, >=, contains, starts-with, ends-with, in ('a', 'b'), exists, joined by and, or, not and parentheses: attribute.kind = 'order' and body.total >= 100. Of a field that is missing, every condition is false.",
            )
            .between(1, FILTER_CHARACTERS),
            Field::new(
                Kind::Choice,
                "unmatched",
                "Unmatched messages",
                "What becomes of a message that the filter keeps back. leave: others may get it when its lease ends. accept: it is removed. retry: it is offered again after `unmatched-retry-seconds`.",
            )
            .default(Default::Text("leave"))
            .choices(&["leave", "accept", "retry"])
            .shown_when(&("filter", &[])),
            Field::new(
                Kind::Integer,
                "unmatched-retry-seconds",
                "Retry of unmatched messages",
                "When an unmatched message is offered again, in seconds.",
            )
            .default(Default::Integer(30))
            .between(0, VISIBILITY_SECONDS)
            .shown_when(&("unmatched", &["retry"]))
            .hints(SECONDS),
            Field::new(
                Kind::Choice,
                "unwrap",
                "Unwrap",
                "Takes the payload out of an envelope and makes the envelope's fields properties: sns, a notification of Amazon SNS; eventbridge, an event of Amazon EventBridge; s3-event, notifications of Amazon S3. A message without that envelope is handed over with a problem, as it came.",
            )
            .default(Default::Text("none"))
            .choices(&["none", "sns", "eventbridge", "s3-event"]),
            Field::new(
                Kind::Choice,
                "content",
                "Content",
                "What payloads are. raw: anything. json: JSON. by-attribute: what the message attribute `contentType` says. A payload that should be JSON and is not is handed over with a problem, as it came.",
            )
            .default(Default::Text("raw"))
            .choices(&["raw", "json", "by-attribute"]),
        ],
        &[
            Field::new(
                Kind::Integer,
                "retry-base-seconds",
                "First retry",
                "What a delivery suggests to wait before its second attempt, in seconds.",
            )
            .default(Default::Integer(10))
            .between(0, VISIBILITY_SECONDS)
            .hints(SECONDS),
            Field::new(
                Kind::Integer,
                "retry-factor",
                "Retry factor",
                "How many times longer the pause suggested before each further attempt is.",
            )
            .default(Default::Integer(2))
            .between(1, 10),
            Field::new(
                Kind::Integer,
                "retry-cap-seconds",
                "Longest retry",
                "The longest pause suggested, in seconds.",
            )
            .default(Default::Integer(900))
            .between(0, VISIBILITY_SECONDS)
            .hints(SECONDS),
        ],
    ],
    properties: &[MESSAGE_PROPERTIES, ENVELOPES],
    idempotent: false,
};

const SECONDS: &[(&str, &str)] = &[("unit", "s")];

/// What envelopes become.
const ENVELOPES: &[Property] = &[
    output!(Field::new(
        Kind::Text,
        "sns-*",
        "SNS field",
        "With unwrap `sns`: a field of the notification, such as sns-topic-arn, sns-message-id, sns-subject and sns-timestamp. Its message attributes are `attribute.*`.",
    )),
    output!(Field::new(
        Kind::Text,
        "event-*",
        "EventBridge field",
        "With unwrap `eventbridge`: a field of the event, such as event-source, event-detail-type, event-id and event-time.",
    )),
    output!(Field::new(
        Kind::Text,
        "s3-*",
        "S3 field",
        "With unwrap `s3-event`: of the first notification s3-event-name, s3-event-time, s3-region, s3-bucket, s3-key (decoded), s3-size, s3-e-tag, s3-version-id and s3-sequencer; s3-records says how many there are.",
    )),
];
