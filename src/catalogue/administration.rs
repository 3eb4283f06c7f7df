//! The operations that administer queues: one action of the service each, by table.
//!
//! Source: the SQS service model, API version 2012-11-05. A row says what the request can have,
//! what the answer has, and nothing else; reading, checking, sending and answering are the same
//! for all of them.

use super::attributes::{ATTRIBUTES, FIFO_QUEUE};
use super::operations::{Direction, Operation, Property, QUEUE_URL, REQUEST_ID, Run};
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
const QUEUE_ATTRIBUTES: Property = text!(
    "queue-attribute.*",
    "Queue attribute",
    "An attribute of the queue under AWS's own name, such as queue-attribute.VisibilityTimeout: whole numbers and truth values as such, policies as JSON.",
);

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
        properties: &[QUEUE, URL, REQUEST],
        idempotent: true,
    }
}

pub(super) const QUEUE_DEPTH: Operation = Operation {
    properties: &[QUEUE, URL, QUEUE_ATTRIBUTES, REQUEST],
    ..administration(
        "queue-depth",
        "Queue depth",
        "Gives the three approximate counters of a queue as whole numbers: messages that can be received, that are in flight, and that are delayed. For dashboards and autoscalers.",
        &DEPTH,
    )
};

pub(super) const CREATE_QUEUE: Operation = Operation {
    takes_queue: false,
    settings: &[
        &[
            Field::new(
                Kind::Text,
                "queue-name",
                "Queue name",
                "Name of the new queue: letters, digits, hyphens and underscores, 80 at most. A name that ends in `.fifo` makes a FIFO queue.",
            )
            .member("QueueName")
            .required()
            .between(1, 80),
            Field::new(
                Kind::TextMap,
                "tags",
                "Tags",
                "Cost allocation tags, as a JSON object of texts.",
            )
            .member("tags"),
        ],
        FIFO_QUEUE,
        ATTRIBUTES,
    ],
    properties: &[URL, REQUEST],
    ..administration(
        "create-queue",
        "Create queue",
        "Makes a queue and gives its URL. Where a queue of that name with the same attributes exists, gives that one's.",
        &CREATE,
    )
};

pub(super) const DELETE_QUEUE: Operation = administration(
    "delete-queue",
    "Delete queue",
    "Deletes a queue with all that is in it. It takes up to 60 seconds, and as long no queue of that name can be made.",
    &DELETE,
);

pub(super) const PURGE_QUEUE: Operation = administration(
    "purge-queue",
    "Purge queue",
    "Deletes all messages of a queue. It takes up to 60 seconds, and can be done once in that time.",
    &PURGE,
);

pub(super) const GET_QUEUE_URL: Operation = Operation {
    takes_queue: false,
    settings: &[&[
        Field::new(Kind::Text, "queue-name", "Queue name", "Name of the queue.")
            .member("QueueName")
            .required()
            .between(1, 80),
        Field::new(
            Kind::Text,
            "queue-owner-aws-account-id",
            "Owner's account",
            "Account of the queue's owner, 12 digits. Without it: the credentials' own.",
        )
        .member("QueueOwnerAWSAccountId"),
    ]],
    properties: &[URL, REQUEST],
    ..administration(
        "get-queue-url",
        "Get queue URL",
        "Gives the URL of a queue by its name.",
        &GET_URL,
    )
};

pub(super) const GET_QUEUE_ATTRIBUTES: Operation = Operation {
    settings: &[&[Field::new(
        Kind::TextList,
        "attribute-names",
        "Attribute names",
        "AWS's names of the attributes to get, or All.",
    )
    .member("AttributeNames")
    .default(Default::One("All"))
    .between(1, 100)]],
    properties: &[QUEUE, URL, QUEUE_ATTRIBUTES, REQUEST],
    ..administration(
        "get-queue-attributes",
        "Get queue attributes",
        "Gives attributes of a queue, under AWS's names, with numbers, truth values and policies as what they are.",
        &GET_ATTRIBUTES,
    )
};

pub(super) const SET_QUEUE_ATTRIBUTES: Operation = Operation {
    settings: &[ATTRIBUTES],
    ..administration(
        "set-queue-attributes",
        "Set queue attributes",
        "Sets attributes of a queue; those not named stay as they are. It takes up to 60 seconds to hold everywhere, and up to 15 minutes for the retention period.",
        &SET_ATTRIBUTES,
    )
};

pub(super) const LIST_QUEUES: Operation = Operation {
    takes_queue: false,
    settings: &[&[
        Field::new(
            Kind::Text,
            "queue-name-prefix",
            "Name prefix",
            "Only queues whose names begin so.",
        )
        .member("QueueNamePrefix")
        .between(1, 80),
        MAX_RESULTS,
        NEXT_TOKEN,
        ALL_PAGES,
    ]],
    properties: &[URLS, TOKEN, REQUEST],
    ..administration(
        "list-queues",
        "List queues",
        "Gives the URLs of the account's queues in the region.",
        &LIST,
    )
};

pub(super) const LIST_DEAD_LETTER_SOURCE_QUEUES: Operation = Operation {
    settings: &[&[MAX_RESULTS, NEXT_TOKEN, ALL_PAGES]],
    properties: &[QUEUE, URL, URLS, TOKEN, REQUEST],
    ..administration(
        "list-dead-letter-source-queues",
        "List dead-letter source queues",
        "Gives the URLs of the queues that have this one as their dead-letter queue.",
        &LIST_SOURCES,
    )
};

pub(super) const ADD_PERMISSION: Operation = Operation {
    idempotent: false,
    settings: &[&[
        LABEL.required(),
        Field::new(
            Kind::TextList,
            "aws-account-ids",
            "AWS account IDs",
            "Accounts that get the permission, 12 digits each.",
        )
        .member("AWSAccountIds")
        .required()
        .between(1, 100),
        Field::new(
            Kind::TextList,
            "actions",
            "Actions",
            "What they may do: names of actions, such as SendMessage, or *.",
        )
        .member("Actions")
        .required()
        .between(1, 7),
    ]],
    ..administration(
        "add-permission",
        "Add permission",
        "Adds a statement to the queue's policy that lets other accounts use the queue.",
        &ADD,
    )
};

pub(super) const REMOVE_PERMISSION: Operation = Operation {
    settings: &[&[LABEL.required()]],
    ..administration(
        "remove-permission",
        "Remove permission",
        "Removes a statement from the queue's policy.",
        &REMOVE,
    )
};

pub(super) const TAG_QUEUE: Operation = Operation {
    settings: &[&[Field::new(
        Kind::TextMap,
        "tags",
        "Tags",
        "Tags to add or to replace, as a JSON object of texts.",
    )
    .member("Tags")
    .required()]],
    ..administration(
        "tag-queue",
        "Tag queue",
        "Adds cost allocation tags to a queue.",
        &TAG,
    )
};

pub(super) const UNTAG_QUEUE: Operation = Operation {
    settings: &[&[Field::new(
        Kind::TextList,
        "tag-keys",
        "Tag keys",
        "Keys of the tags to remove.",
    )
    .member("TagKeys")
    .required()
    .between(1, 200)]],
    ..administration(
        "untag-queue",
        "Untag queue",
        "Removes cost allocation tags from a queue.",
        &UNTAG,
    )
};

pub(super) const LIST_QUEUE_TAGS: Operation = Operation {
    properties: &[
        QUEUE,
        URL,
        output!(Field::new(
            Kind::Json,
            "tags",
            "Tags",
            "The tags, a JSON object of texts.",
        )),
        REQUEST,
    ],
    ..administration(
        "list-queue-tags",
        "List queue tags",
        "Gives the tags of a queue.",
        &LIST_TAGS,
    )
};

pub(super) const START_MESSAGE_MOVE_TASK: Operation = Operation {
    takes_queue: false,
    idempotent: false,
    settings: &[&[
        SOURCE_ARN,
        Field::new(
            Kind::Text,
            "destination-arn",
            "Destination ARN",
            "ARN of the queue that they are moved to. Without it each goes back to the queue that it came from.",
        )
        .member("DestinationArn"),
        Field::new(
            Kind::Integer,
            "max-number-of-messages-per-second",
            "Messages a second",
            "How many are moved a second at most. Without it the service decides.",
        )
        .member("MaxNumberOfMessagesPerSecond")
        .between(1, 500),
    ]],
    properties: &[TASK, REQUEST],
    ..administration(
        "start-message-move-task",
        "Start message move task",
        "Starts to move messages from a dead-letter queue back, or to another queue. One task a source at a time.",
        &START,
    )
};

pub(super) const CANCEL_MESSAGE_MOVE_TASK: Operation = Operation {
    takes_queue: false,
    settings: &[&[Field::new(
        Kind::Text,
        "task-handle",
        "Task handle",
        "Names the move task; only one that is running can be cancelled.",
    )
    .member("TaskHandle")
    .required()]],
    properties: &[
        output!(Field::new(
            Kind::Integer,
            "approximate-number-of-messages-moved",
            "Messages moved",
            "How many were moved before, approximately.",
        )),
        REQUEST,
    ],
    ..administration(
        "cancel-message-move-task",
        "Cancel message move task",
        "Stops a running move task; what was moved stays moved.",
        &CANCEL,
    )
};

pub(super) const LIST_MESSAGE_MOVE_TASKS: Operation = Operation {
    takes_queue: false,
    settings: &[&[
        SOURCE_ARN,
        Field::new(
            Kind::Integer,
            "max-results",
            "Results",
            "How many tasks are given at most, the latest first. Without it: 1.",
        )
        .member("MaxResults")
        .between(1, 10),
    ]],
    properties: &[
        output!(Field::new(
            Kind::Json,
            "results",
            "Tasks",
            "The tasks, a JSON list: status, counts, source, destination, and the handle of one that is running.",
        )),
        REQUEST,
    ],
    ..administration(
        "list-message-move-tasks",
        "List message move tasks",
        "Gives the latest move tasks of a dead-letter queue.",
        &LIST_TASKS,
    )
};
