//! The operations on messages: send, receive, delete, change visibility.

use super::limits::{DELAY_SECONDS, IDENTIFIER, VISIBILITY_SECONDS, WAIT_SECONDS};
use super::operations::{Direction, Operation, Property, Run};
use super::{Default, Field, Kind};

/// Prefix of the properties that carry message attributes.
pub const ATTRIBUTE: &str = "attribute.";
/// Prefix of the properties that carry the data types of message attributes.
pub const ATTRIBUTE_TYPE: &str = "attribute-type.";

const ATTRIBUTES: Field = Field::new(
    Kind::AttributeValue,
    "attribute.*",
    "Message attribute",
    "A message attribute of that name: text is sent as String, a whole number as Number, bytes as Binary. A received Number that is not a plain whole number is given as text. At most ten a message.",
);

const ATTRIBUTE_TYPES: Field = Field::new(
    Kind::Text,
    "attribute-type.*",
    "Data type of a message attribute",
    "Data type of the message attribute of that name: String, Number or Binary, or one of these with a label, such as Number.int. Needed on input only where it differs from what the value's own kind says.",
)
.between(1, 256);

const QUEUE: Field = Field::new(
    Kind::Text,
    "queue",
    "Queue",
    "Name, URL or ARN of the queue for this document. Read where the operation's object is `dynamic`, or where none is given.",
);

pub(super) const QUEUE_URL: Field = Field::new(
    Kind::Text,
    "queue-url",
    "Queue URL",
    "The queue that the document went to or came from.",
);

const GROUP_ID_TEXT: &str = "On a FIFO queue: messages of one group are kept in order. On a standard queue: the tenant, for fair queues.";

const MESSAGE_GROUP_ID: Field = Field::new(
    Kind::Text,
    "message-group-id",
    "Message group ID",
    GROUP_ID_TEXT,
)
.between(1, IDENTIFIER);

const MESSAGE_DEDUPLICATION_ID: Field = Field::new(
    Kind::Text,
    "message-deduplication-id",
    "Message deduplication ID",
    "FIFO queues only: a message with an ID seen within the last five minutes is accepted and not delivered again. Without it the queue must have content-based deduplication.",
)
.between(1, IDENTIFIER);

const DELAY: Field = Field::new(
    Kind::Integer,
    "delay-seconds",
    "Delay",
    "How long the message stays invisible at first, in seconds. Without it the queue's own delay holds. FIFO queues take it for the whole queue only.",
)
.between(0, DELAY_SECONDS)
.hints(&[("unit", "s")]);

const TRACE_HEADER: Field = Field::new(
    Kind::Text,
    "aws-trace-header",
    "AWS X-Ray trace header",
    "Trace header that travels with the message as its system attribute AWSTraceHeader.",
)
.between(1, 1_024);

const MESSAGE_ID: Field = Field::new(
    Kind::Text,
    "message-id",
    "Message ID",
    "The service's name of the message.",
);

const SEQUENCE_NUMBER: Field = Field::new(
    Kind::Text,
    "sequence-number",
    "Sequence number",
    "FIFO queues only: the message's place in its group, a number of up to 128 bits.",
);

const RECEIPT_HANDLE: Field = Field::new(
    Kind::Text,
    "receipt-handle",
    "Receipt handle",
    "Names this receipt of the message; who has it can delete the message. Valid until the message is received again.",
)
.secret();

pub(super) const REQUEST_ID: Field = Field::new(
    Kind::Text,
    "request-id",
    "Request ID",
    "The service's name of the request, for AWS support.",
);

const MD5_OF_ATTRIBUTES: Field = Field::new(
    Kind::Text,
    "md5-of-message-attributes",
    "MD5 of the message attributes",
    "As the service computed it.",
);

pub(super) const SEND: Operation = Operation {
    id: "send",
    label: "Send messages",
    description: "Sends each document as one message. Documents are packed into batches by count and by exact size; several batches are under way at once, and the order within a FIFO message group is kept: where one message of a group fails, the later ones of that group are not sent.",
    run: Run::Send,
    takes_queue: true,
    settings: &[&[
        DELAY,
        Field::new(
            Kind::Text,
            "message-group-id",
            "Message group ID",
            "Message group of documents that have none of their own.",
        )
        .between(1, IDENTIFIER),
    ]],
    properties: &[&[
        input!(QUEUE),
        input!(DELAY),
        both!(MESSAGE_GROUP_ID),
        both!(MESSAGE_DEDUPLICATION_ID),
        input!(ATTRIBUTES),
        input!(ATTRIBUTE_TYPES),
        input!(TRACE_HEADER),
        output!(QUEUE_URL),
        output!(MESSAGE_ID),
        output!(SEQUENCE_NUMBER),
        output!(Field::new(
            Kind::Text,
            "md5-of-message-body",
            "MD5 of the body",
            "As the service computed it.",
        )),
        output!(MD5_OF_ATTRIBUTES),
        output!(Field::new(
            Kind::Text,
            "md5-of-message-system-attributes",
            "MD5 of the system attributes",
            "As the service computed it.",
        )),
        output!(REQUEST_ID),
        output!(Field::new(
            Kind::Integer,
            "attempts",
            "Attempts",
            "How many requests it took, those that failed included.",
        )),
        output!(Field::new(
            Kind::Boolean,
            "may-be-duplicated",
            "May be duplicated",
            "Standard queues only: true where the message may be in the queue twice, as an attempt whose answer was lost may have worked as well. Left out where it cannot.",
        )),
    ]],
    idempotent: false,
};

pub(super) const RECEIVE: Operation = Operation {
    id: "receive",
    label: "Receive messages",
    description: "Receives messages from one queue, each as an output document of the first input document. They stay in the queue, invisible for the visibility timeout, unless they are deleted.",
    run: Run::Receive,
    takes_queue: true,
    settings: &[&[
        Field::new(
            Kind::Integer,
            "maximum-message-count",
            "Maximum message count",
            "How many messages to receive at most. More than 10 takes several requests. -1: until the queue answers empty. Receiving ends early at an empty answer, when the execution timeout is over, and at 48 MiB of bodies.",
        )
        .default(Default::Integer(1))
        .between(-1, 1_000_000),
        Field::new(
            Kind::Integer,
            "wait-time-seconds",
            "Wait time",
            "How long a request waits for the first message, in seconds (long polling). 0: not at all, and then an answer may be empty though there are messages. Without it the queue's own wait time holds.",
        )
        .between(0, WAIT_SECONDS)
        .hints(&[("unit", "s")]),
        Field::new(
            Kind::Integer,
            "visibility-timeout-seconds",
            "Visibility timeout",
            "How long received messages stay invisible to others, in seconds. Without it the queue's own timeout holds.",
        )
        .between(0, VISIBILITY_SECONDS)
        .hints(&[("unit", "s")]),
        Field::new(
            Kind::Integer,
            "execution-timeout-seconds",
            "Execution timeout",
            "No further request is started after so many seconds, and no long poll waits beyond them.",
        )
        .default(Default::Integer(60))
        .between(1, 3_600)
        .hints(&[("unit", "s")]),
    ], NAMES, &[
        Field::new(
            Kind::Text,
            "receive-request-attempt-id",
            "Receive request attempt ID",
            "FIFO queues only: a receive repeated within five minutes with the same ID gets the same messages.",
        )
        .between(1, IDENTIFIER),
        Field::new(
            Kind::Boolean,
            "delete-messages",
            "Delete messages",
            "Delete what was received, after all of it was read.",
        )
        .default(Default::Boolean(false)),
    ]],
    properties: &[&[
        input!(QUEUE),
        input!(
            Field::new(
                Kind::Text,
                "receive-request-attempt-id",
                "Receive request attempt ID",
                "The same as the setting, which it overrides; read from the first input document.",
            )
            .between(1, IDENTIFIER),
        ),
    ], MESSAGE_PROPERTIES, &[
        output!(Field::new(
            Kind::Boolean,
            "deleted",
            "Deleted",
            "With `delete-messages`: whether the message was deleted.",
        )),
        output!(Field::new(
            Kind::Text,
            "delete-error",
            "Delete error",
            "With `delete-messages`: why the message was not deleted, and will come again.",
        )),
        output!(Field::new(
            Kind::Text,
            "incomplete-reason",
            "Why receiving ended early",
            "On the last document: the failure that ended receiving after some messages had come.",
        )),
    ]],
    idempotent: false,
};

/// Settings that say which attributes to fetch.
pub(super) const NAMES: &[Field] = &[
        Field::new(
            Kind::TextList,
            "message-attribute-names",
            "Message attribute names",
            "Which message attributes to fetch: names, beginnings such as `order.*`, or All. An empty list: none.",
        )
        .default(Default::One("All"))
        .between(0, 1_000),
        Field::new(
            Kind::TextList,
            "message-system-attribute-names",
            "System attribute names",
            "Which system attributes to fetch: AWS's names, such as SentTimestamp, or All. An empty list: none.",
        )
        .default(Default::One("All"))
        .between(0, 100),
];

/// The properties of a received message.
pub(super) const MESSAGE_PROPERTIES: &[Property] = &[
    output!(QUEUE_URL),
    output!(MESSAGE_ID),
    output!(RECEIPT_HANDLE),
    output!(Field::new(
        Kind::Text,
        "md5-of-body",
        "MD5 of the body",
        "As the service computed it.",
    )),
    output!(MD5_OF_ATTRIBUTES),
    output!(ATTRIBUTES),
    output!(ATTRIBUTE_TYPES),
    output!(Field::new(
        Kind::Text,
        "sender-id",
        "Sender ID",
        "ID of the user or role that sent the message.",
    )),
    output!(
        Field::new(
            Kind::Integer,
            "sent-timestamp",
            "Sent",
            "When the message was sent, in milliseconds since 1970-01-01T00:00:00Z.",
        )
        .hints(&[("unit", "ms")]),
    ),
    output!(Field::new(
        Kind::Integer,
        "approximate-receive-count",
        "Receive count",
        "How many times the message was received, this time included; approximate.",
    )),
    output!(
        Field::new(
            Kind::Integer,
            "approximate-first-receive-timestamp",
            "First received",
            "When the message was first received, in milliseconds since 1970-01-01T00:00:00Z.",
        )
        .hints(&[("unit", "ms")]),
    ),
    output!(SEQUENCE_NUMBER),
    output!(MESSAGE_DEDUPLICATION_ID),
    output!(MESSAGE_GROUP_ID),
    output!(TRACE_HEADER),
    output!(Field::new(
        Kind::Text,
        "dead-letter-queue-source-arn",
        "Dead-letter source",
        "ARN of the queue that the message was moved from to this dead-letter queue.",
    )),
    output!(REQUEST_ID),
];

pub(super) const DELETE: Operation = Operation {
    id: "delete",
    label: "Delete messages",
    description: "Deletes each document's message, named by its receipt handle. Documents are packed into batches; several batches are under way at once. A document as `receive` gives it will do.",
    run: Run::Delete,
    takes_queue: true,
    settings: &[],
    properties: &[RECEIPT_PROPERTIES],
    idempotent: true,
};

pub(super) const CHANGE_VISIBILITY: Operation = Operation {
    id: "change-visibility",
    label: "Change visibility",
    description: "Sets for how long each document's message, named by its receipt handle, stays invisible from now on: 0 offers it again at once. Twelve hours from its receipt is the most. Packed into batches; several batches are under way at once. A document as `receive` gives it will do.",
    run: Run::ChangeVisibility,
    takes_queue: true,
    settings: &[&[VISIBILITY]],
    properties: &[&[
        input!(QUEUE),
        input!(RECEIPT_HANDLE.required()),
        input!(VISIBILITY),
        RECEIPT_QUEUE_URL,
        output!(REQUEST_ID),
    ]],
    idempotent: true,
};

const VISIBILITY: Field = Field::new(
    Kind::Integer,
    "visibility-timeout-seconds",
    "Visibility timeout",
    "For how long the message stays invisible from now on, in seconds. Of the document, or of the operation for documents without one.",
)
.between(0, VISIBILITY_SECONDS)
.hints(&[("unit", "s")]);

const RECEIPT_QUEUE_URL: Property = both!(Field::new(
    Kind::Text,
    "queue-url",
    "Queue URL",
    "The queue of the message. On input it is read where the document is to name its queue and has no `queue`.",
));

const RECEIPT_PROPERTIES: &[Property] = &[
    input!(QUEUE),
    input!(RECEIPT_HANDLE.required()),
    RECEIPT_QUEUE_URL,
    output!(REQUEST_ID),
];
