//! The attributes of queues, as settings with bounds.
//!
//! Source: SQS API Reference, `CreateQueue` and `SetQueueAttributes`. Attributes travel as texts;
//! what they are (a number, a truth value, a structure) is known here only. One that is not here
//! goes through the setting `attributes`, and comes out as the service gives it.

use super::limits::{DELAY_SECONDS, MESSAGE_BYTES, VISIBILITY_SECONDS, WAIT_SECONDS};
use super::{Field, Kind};

/// What an attribute's text stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// A whole number.
    Integer,
    /// `true` or `false`.
    Boolean,
    /// JSON.
    Structure,
    /// Itself.
    Text,
}

/// Every attribute that the service knows today, and what it stands for.
pub const MEANINGS: &[(&str, Meaning)] = &[
    ("ApproximateNumberOfMessages", Meaning::Integer),
    ("ApproximateNumberOfMessagesDelayed", Meaning::Integer),
    ("ApproximateNumberOfMessagesNotVisible", Meaning::Integer),
    ("ContentBasedDeduplication", Meaning::Boolean),
    ("CreatedTimestamp", Meaning::Integer),
    ("DeduplicationScope", Meaning::Text),
    ("DelaySeconds", Meaning::Integer),
    ("FifoQueue", Meaning::Boolean),
    ("FifoThroughputLimit", Meaning::Text),
    ("KmsDataKeyReusePeriodSeconds", Meaning::Integer),
    ("KmsMasterKeyId", Meaning::Text),
    ("LastModifiedTimestamp", Meaning::Integer),
    ("MaximumMessageSize", Meaning::Integer),
    ("MessageRetentionPeriod", Meaning::Integer),
    ("Policy", Meaning::Structure),
    ("QueueArn", Meaning::Text),
    ("ReceiveMessageWaitTimeSeconds", Meaning::Integer),
    ("RedriveAllowPolicy", Meaning::Structure),
    ("RedrivePolicy", Meaning::Structure),
    ("SqsManagedSseEnabled", Meaning::Boolean),
    ("VisibilityTimeout", Meaning::Integer),
];

/// What an attribute stands for; text where it is not known.
pub fn meaning(name: &str) -> Meaning {
    MEANINGS
        .iter()
        .find(|(known, _)| *known == name)
        .map_or(Meaning::Text, |(_, meaning)| *meaning)
}

const QUEUE: &[(&str, &str)] = &[("group", "Queue")];
const SECONDS: &[(&str, &str)] = &[("group", "Queue"), ("unit", "s")];
const ENCRYPTION: &[(&str, &str)] = &[("group", "Encryption")];
const REDRIVE: &[(&str, &str)] = &[("group", "Dead letters")];
const FIFO: &[(&str, &str)] = &[("group", "FIFO")];

/// Only when a queue is made.
pub const FIFO_QUEUE: &[Field] = &[Field::new(
    Kind::Boolean,
    "fifo-queue",
    "FIFO queue",
    "Make a FIFO queue. Its name ends in `.fifo`; a name that does makes it one without this setting.",
)
.member("FifoQueue")
.hints(FIFO)];

/// The attributes that can be set, each by a setting of its own.
pub const ATTRIBUTES: &[Field] = &[
    Field::new(
        Kind::Integer,
        "visibility-timeout-seconds",
        "Visibility timeout",
        "How long a received message stays invisible where the receiver does not say, in seconds. AWS's default: 30.",
    )
    .member("VisibilityTimeout")
    .between(0, VISIBILITY_SECONDS)
    .hints(SECONDS),
    Field::new(
        Kind::Integer,
        "message-retention-period-seconds",
        "Retention period",
        "How long a message is kept, in seconds. AWS's default: 345600, four days.",
    )
    .member("MessageRetentionPeriod")
    .between(60, 1_209_600)
    .hints(SECONDS),
    Field::new(
        Kind::Integer,
        "delay-seconds",
        "Delay",
        "How long a message stays invisible at first where the sender does not say, in seconds. AWS's default: 0.",
    )
    .member("DelaySeconds")
    .between(0, DELAY_SECONDS)
    .hints(SECONDS),
    Field::new(
        Kind::Integer,
        "receive-message-wait-time-seconds",
        "Wait time",
        "How long a receive waits for a message where the receiver does not say, in seconds. AWS's default: 0.",
    )
    .member("ReceiveMessageWaitTimeSeconds")
    .between(0, WAIT_SECONDS)
    .hints(SECONDS),
    Field::new(
        Kind::Integer,
        "maximum-message-size-bytes",
        "Maximum message size",
        "Largest message that the queue takes, in bytes. AWS's default: 1048576.",
    )
    .member("MaximumMessageSize")
    .between(1_024, MESSAGE_BYTES as i32)
    .hints(QUEUE),
    Field::new(
        Kind::Json,
        "policy",
        "Access policy",
        "The queue's access policy, a JSON document of IAM's.",
    )
    .member("Policy")
    .hints(QUEUE),
    Field::new(
        Kind::Boolean,
        "sqs-managed-sse-enabled",
        "Encrypt with SQS's keys",
        "Encrypt messages with keys that SQS manages. Not together with a KMS key.",
    )
    .member("SqsManagedSseEnabled")
    .hints(ENCRYPTION),
    Field::new(
        Kind::Text,
        "kms-master-key-id",
        "KMS key",
        "ID, ARN or alias of the KMS key that messages are encrypted with, such as alias/aws/sqs.",
    )
    .member("KmsMasterKeyId")
    .hints(ENCRYPTION),
    Field::new(
        Kind::Integer,
        "kms-data-key-reuse-period-seconds",
        "KMS data key reuse",
        "How long a data key is used before KMS is asked for another, in seconds. AWS's default: 300.",
    )
    .member("KmsDataKeyReusePeriodSeconds")
    .between(60, 86_400)
    .hints(ENCRYPTION),
    Field::new(
        Kind::Text,
        "dead-letter-target-arn",
        "Dead-letter queue",
        "ARN of the queue that a message goes to after it was received too often.",
    )
    .member(DEAD_LETTER_TARGET)
    .hints(REDRIVE),
    Field::new(
        Kind::Integer,
        "max-receive-count",
        "Receives before dead letter",
        "How often a message can be received before it goes to the dead-letter queue. Without it: 10.",
    )
    .member(MAX_RECEIVE_COUNT)
    .between(1, 1_000)
    .hints(REDRIVE),
    Field::new(
        Kind::Choice,
        "redrive-permission",
        "Who may use it for dead letters",
        "Which queues may name this one as their dead-letter queue.",
    )
    .member(REDRIVE_PERMISSION)
    .choices(&["allowAll", "denyAll", "byQueue"])
    .hints(REDRIVE),
    Field::new(
        Kind::TextList,
        "source-queue-arns",
        "Source queues",
        "ARNs of the queues that may name this one as their dead-letter queue.",
    )
    .member(SOURCE_QUEUES)
    .between(1, 10)
    .shown_when(&("redrive-permission", &["byQueue"]))
    .hints(REDRIVE),
    Field::new(
        Kind::Boolean,
        "content-based-deduplication",
        "Content-based deduplication",
        "FIFO queues only: the body's hash stands in for a deduplication ID.",
    )
    .member("ContentBasedDeduplication")
    .hints(FIFO),
    Field::new(
        Kind::Choice,
        "deduplication-scope",
        "Deduplication scope",
        "FIFO queues only. `messageGroup`, with a throughput limit `perMessageGroupId`, makes a high-throughput queue.",
    )
    .member("DeduplicationScope")
    .choices(&["queue", "messageGroup"])
    .hints(FIFO),
    Field::new(
        Kind::Choice,
        "fifo-throughput-limit",
        "Throughput limit",
        "FIFO queues only: whether the quota holds for the whole queue or for each message group.",
    )
    .member("FifoThroughputLimit")
    .choices(&["perQueue", "perMessageGroupId"])
    .hints(FIFO),
    Field::new(
        Kind::TextMap,
        "attributes",
        "Further attributes",
        "Attributes by AWS's names, as a JSON object of texts; for those without a setting of their own. Settings of their own win.",
    )
    .hints(QUEUE),
];

/// Parts of the attribute `RedrivePolicy`.
pub const DEAD_LETTER_TARGET: &str = "RedrivePolicy.deadLetterTargetArn";
/// See [`DEAD_LETTER_TARGET`].
pub const MAX_RECEIVE_COUNT: &str = "RedrivePolicy.maxReceiveCount";
/// Parts of the attribute `RedriveAllowPolicy`.
pub const REDRIVE_PERMISSION: &str = "RedriveAllowPolicy.redrivePermission";
/// See [`REDRIVE_PERMISSION`].
pub const SOURCE_QUEUES: &str = "RedriveAllowPolicy.sourceQueueArns";
