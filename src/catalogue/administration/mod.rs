//! The operations that administer queues: one action of the service each, by table.
//!
//! Source: the SQS service model, API version 2012-11-05. A row says what the request can have,
//! what the answer has, and nothing else; reading, checking, sending and answering are the same
//! for all of them.

pub(super) mod access;
pub(super) mod moves;
pub(super) mod queues;

use super::messages::{QUEUE_URL, REQUEST_ID};
use super::operations::{Direction, Operation, Property, Run};
use super::{Default, Field, Kind};

/// An action of the service.
#[derive(Debug)]
pub struct Action {
    /// Its name.
    pub name: &'static str,
    /// Members of its answer.
    pub answer: &'static [&'static str],
    /// Member of the request that holds attributes of a queue, where there is one.
    pub attributes: bool,
    /// Members that are always sent so.
    pub fixed: &'static [(&'static str, &'static [&'static str])],
    /// The answer's list that comes in pages, where it does.
    pub paged: Option<&'static str>,
}

const PLAIN: Action = Action {
    name: "",
    answer: &[],
    attributes: false,
    fixed: &[],
    paged: None,
};

macro_rules! action {
    ($name:ident, $action:literal $(, $member:ident: $value:expr)*) => {
        static $name: Action = Action { name: $action, $($member: $value,)* ..PLAIN };
    };
}

action!(ADD, "AddPermission");
action!(CANCEL, "CancelMessageMoveTask", answer: &["ApproximateNumberOfMessagesMoved"]);
action!(CREATE, "CreateQueue", answer: &["QueueUrl"], attributes: true);
action!(DELETE, "DeleteQueue");
action!(GET_ATTRIBUTES, "GetQueueAttributes", answer: &["Attributes"]);
action!(
    DEPTH,
    "GetQueueAttributes",
    answer: &["Attributes"],
    fixed: &[(
        "AttributeNames",
        &[
            "ApproximateNumberOfMessages",
            "ApproximateNumberOfMessagesNotVisible",
            "ApproximateNumberOfMessagesDelayed",
        ],
    )]
);
action!(GET_URL, "GetQueueUrl", answer: &["QueueUrl"]);
action!(
    LIST_SOURCES,
    "ListDeadLetterSourceQueues",
    answer: &["queueUrls", "NextToken"],
    paged: Some("queueUrls")
);
action!(LIST_TASKS, "ListMessageMoveTasks", answer: &["Results"]);
action!(LIST_TAGS, "ListQueueTags", answer: &["Tags"]);
action!(LIST, "ListQueues", answer: &["QueueUrls", "NextToken"], paged: Some("QueueUrls"));
action!(PURGE, "PurgeQueue");
action!(REMOVE, "RemovePermission");
action!(SET_ATTRIBUTES, "SetQueueAttributes", attributes: true);
action!(START, "StartMessageMoveTask", answer: &["TaskHandle"]);
action!(TAG, "TagQueue");
action!(UNTAG, "UntagQueue");

const QUEUE: Property = input!(Field::new(
    Kind::Text,
    "queue",
    "Queue",
    "Name, URL or ARN of the queue for this document. Read where the operation's object is `dynamic`, or where none is given, and the payload has no `QueueUrl`.",
));

macro_rules! text {
    ($name:literal, $label:literal, $description:literal $(,)?) => {
        output!(Field::new(Kind::Text, $name, $label, $description))
    };
}

const URL: Property = output!(QUEUE_URL);
const REQUEST: Property = output!(REQUEST_ID);
const URLS: Property = output!(Field::new(
    Kind::TextList,
    "queue-urls",
    "Queue URLs",
    "URLs of the queues.",
));
const TOKEN: Property = text!(
    "next-token",
    "Next token",
    "There are more: give it as the setting `next-token` to go on.",
);
const TASK: Property = text!("task-handle", "Task handle", "Names the move task.");
// What it is depends on the attribute.
const QUEUE_ATTRIBUTES: Property = output!(Field::new(
    Kind::Json,
    "queue-attribute.*",
    "Queue attribute",
    "An attribute of the queue under AWS's own name, such as queue-attribute.VisibilityTimeout: whole numbers and truth values as such, policies as JSON.",
));

const LABEL: Field = Field::new(
    Kind::Text,
    "label",
    "Label",
    "Name of the permission within the queue's policy: letters, digits, hyphens and underscores.",
)
.member("Label")
.between(1, 80);

const MAX_RESULTS: Field = Field::new(
    Kind::Integer,
    "max-results",
    "Results a page",
    "How many results a page has at most.",
)
.member("MaxResults")
.between(1, 1_000);

const NEXT_TOKEN: Field = Field::new(
    Kind::Text,
    "next-token",
    "Next token",
    "Where to go on: the `next-token` of an earlier answer.",
)
.member("NextToken");

const ALL_PAGES: Field = Field::new(
    Kind::Boolean,
    "all-pages",
    "All pages",
    "Read page after page, up to 100 of them. An answer that then still has a `next-token` has more.",
)
.default(Default::Boolean(true));

const SOURCE_ARN: Field = Field::new(
    Kind::Text,
    "source-arn",
    "Source ARN",
    "ARN of the dead-letter queue that messages are moved from.",
)
.member("SourceArn")
.required();

/// An operation on a queue that can be repeated without harm, and answers with nothing.
const fn administration(
    id: &'static str,
    label: &'static str,
    description: &'static str,
    action: &'static Action,
) -> Operation {
    Operation {
        id,
        label,
        description,
        run: Run::Action(action),
        takes_queue: true,
        settings: &[],
        properties: &[&[QUEUE, URL, REQUEST]],
        idempotent: true,
    }
}
