//! Where the members of the service's actions have their places in the contract.

/// What does the work of a member of a request or of an answer.
pub(super) enum Place {
    /// The queue that the operation acts on.
    Object,
    /// The document's payload.
    Payload,
    /// A setting of the operation.
    Setting(&'static str),
    /// A property of the document.
    Property(&'static str),
    /// The outcome of each document, or a field of the fault in it.
    Outcome,
    /// Nothing: it is the plugin's own affair, or has no meaning. Why.
    Nowhere(&'static str),
}
pub(super) use Place::{Nowhere, Object, Outcome, Payload, Property, Setting};

pub(super) type Table = &'static [(&'static str, Place)];

/// An operation on messages, and the actions behind it. Their members are told without the list
/// that holds them in a batch.
pub(super) struct Messages {
    pub(super) operation: &'static str,
    pub(super) actions: &'static [&'static str],
    pub(super) request: Table,
    pub(super) response: Table,
}

const UNUSED: Place = Nowhere("the service says: not implemented");
const ENTRY: Place = Nowhere("the plugin names the entries of a batch itself");
const LIST: Place = Nowhere("the list of a batch, which the plugin makes and takes apart");
const ALL: Place = Nowhere("a word for all others, not one of them");

pub(super) const MESSAGES: &[Messages] = &[
    Messages {
        operation: "send",
        actions: &["SendMessage", "SendMessageBatch"],
        request: &[
            ("QueueUrl", Object),
            ("Entries", LIST),
            ("Id", ENTRY),
            ("MessageBody", Payload),
            ("DelaySeconds", Property("delay-seconds")),
            ("MessageAttributes", Property("attribute.*")),
            ("MessageAttributes{}.StringValue", Property("attribute.*")),
            ("MessageAttributes{}.BinaryValue", Property("attribute.*")),
            ("MessageAttributes{}.DataType", Property("attribute-type.*")),
            ("MessageAttributes{}.StringListValues", UNUSED),
            ("MessageAttributes{}.BinaryListValues", UNUSED),
            ("MessageSystemAttributes", Property("aws-trace-header")),
            (
                "MessageSystemAttributes{AWSTraceHeader}",
                Property("aws-trace-header"),
            ),
            (
                "MessageSystemAttributes{}.StringValue",
                Property("aws-trace-header"),
            ),
            (
                "MessageSystemAttributes{}.DataType",
                Nowhere("the trace header is a String"),
            ),
            (
                "MessageSystemAttributes{}.BinaryValue",
                Nowhere("the trace header is a String"),
            ),
            ("MessageSystemAttributes{}.StringListValues", UNUSED),
            ("MessageSystemAttributes{}.BinaryListValues", UNUSED),
            (
                "MessageDeduplicationId",
                Property("message-deduplication-id"),
            ),
            ("MessageGroupId", Property("message-group-id")),
        ],
        response: &[
            ("Successful", Outcome),
            ("Id", ENTRY),
            ("MessageId", Property("message-id")),
            ("MD5OfMessageBody", Property("md5-of-message-body")),
            (
                "MD5OfMessageAttributes",
                Property("md5-of-message-attributes"),
            ),
            (
                "MD5OfMessageSystemAttributes",
                Property("md5-of-message-system-attributes"),
            ),
            ("SequenceNumber", Property("sequence-number")),
        ],
    },
    Messages {
        operation: "receive",
        actions: &["ReceiveMessage"],
        request: &[
            ("QueueUrl", Object),
            ("AttributeNames", Setting("message-system-attribute-names")),
            (
                "MessageSystemAttributeNames",
                Setting("message-system-attribute-names"),
            ),
            ("MessageAttributeNames", Setting("message-attribute-names")),
            ("MaxNumberOfMessages", Setting("maximum-message-count")),
            ("VisibilityTimeout", Setting("visibility-timeout-seconds")),
            ("WaitTimeSeconds", Setting("wait-time-seconds")),
            (
                "ReceiveRequestAttemptId",
                Setting("receive-request-attempt-id"),
            ),
        ],
        response: &[
            ("Messages", Outcome),
            ("MessageId", Property("message-id")),
            ("ReceiptHandle", Property("receipt-handle")),
            ("MD5OfBody", Property("md5-of-body")),
            ("Body", Payload),
            ("Attributes", Nowhere("each has a property of its own")),
            ("Attributes{All}", ALL),
            ("Attributes{SenderId}", Property("sender-id")),
            ("Attributes{SentTimestamp}", Property("sent-timestamp")),
            (
                "Attributes{ApproximateReceiveCount}",
                Property("approximate-receive-count"),
            ),
            (
                "Attributes{ApproximateFirstReceiveTimestamp}",
                Property("approximate-first-receive-timestamp"),
            ),
            ("Attributes{SequenceNumber}", Property("sequence-number")),
            (
                "Attributes{MessageDeduplicationId}",
                Property("message-deduplication-id"),
            ),
            ("Attributes{MessageGroupId}", Property("message-group-id")),
            ("Attributes{AWSTraceHeader}", Property("aws-trace-header")),
            (
                "Attributes{DeadLetterQueueSourceArn}",
                Property("dead-letter-queue-source-arn"),
            ),
            (
                "MD5OfMessageAttributes",
                Property("md5-of-message-attributes"),
            ),
            ("MessageAttributes", Property("attribute.*")),
            ("MessageAttributes{}.StringValue", Property("attribute.*")),
            ("MessageAttributes{}.BinaryValue", Property("attribute.*")),
            ("MessageAttributes{}.DataType", Property("attribute-type.*")),
            ("MessageAttributes{}.StringListValues", UNUSED),
            ("MessageAttributes{}.BinaryListValues", UNUSED),
        ],
    },
    Messages {
        operation: "delete",
        actions: &["DeleteMessage", "DeleteMessageBatch"],
        request: &[
            ("QueueUrl", Object),
            ("Entries", LIST),
            ("Id", ENTRY),
            ("ReceiptHandle", Property("receipt-handle")),
        ],
        response: &[("Successful", Outcome), ("Id", ENTRY)],
    },
    Messages {
        operation: "change-visibility",
        actions: &["ChangeMessageVisibility", "ChangeMessageVisibilityBatch"],
        request: &[
            ("QueueUrl", Object),
            ("Entries", LIST),
            ("Id", ENTRY),
            ("ReceiptHandle", Property("receipt-handle")),
            ("VisibilityTimeout", Property("visibility-timeout-seconds")),
        ],
        response: &[("Successful", Outcome), ("Id", ENTRY)],
    },
];

/// What every batch answers for entries that failed.
pub(super) const FAILED: Table = &[
    ("Failed", Outcome),
    ("Failed[].Id", ENTRY),
    ("Failed[].SenderFault", Outcome),
    ("Failed[].Code", Outcome),
    ("Failed[].Message", Outcome),
];

/// Attributes that can be read only, or be set only where a queue is made.
pub(super) const READ_ONLY: &[&str] = &[
    "All",
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesDelayed",
    "ApproximateNumberOfMessagesNotVisible",
    "CreatedTimestamp",
    "LastModifiedTimestamp",
    "QueueArn",
];

/// What the list of move tasks holds, which is given whole.
pub(super) const TASK: &[&str] = &[
    "TaskHandle",
    "Status",
    "SourceArn",
    "DestinationArn",
    "MaxNumberOfMessagesPerSecond",
    "ApproximateNumberOfMessagesMoved",
    "ApproximateNumberOfMessagesToMove",
    "FailureReason",
    "StartedTimestamp",
];
