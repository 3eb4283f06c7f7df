//! Making, finding, describing and removing queues.

use super::*;
use crate::catalogue::attributes::{ATTRIBUTES, FIFO_QUEUE};

pub(in crate::catalogue) const QUEUE_DEPTH: Operation = Operation {
    properties: &[&[QUEUE, URL, QUEUE_ATTRIBUTES, REQUEST]],
    ..administration(
        "queue-depth",
        "Queue depth",
        "Gives the three approximate counters of a queue as whole numbers: messages that can be received, that are in flight, and that are delayed. For dashboards and autoscalers.",
        &DEPTH,
    )
};

pub(in crate::catalogue) const CREATE_QUEUE: Operation = Operation {
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
    properties: &[&[URL, REQUEST]],
    ..administration(
        "create-queue",
        "Create queue",
        "Makes a queue and gives its URL. Where a queue of that name with the same attributes exists, gives that one's.",
        &CREATE,
    )
};

pub(in crate::catalogue) const DELETE_QUEUE: Operation = administration(
    "delete-queue",
    "Delete queue",
    "Deletes a queue with all that is in it. It takes up to 60 seconds, and as long no queue of that name can be made.",
    &DELETE,
);

pub(in crate::catalogue) const PURGE_QUEUE: Operation = administration(
    "purge-queue",
    "Purge queue",
    "Deletes all messages of a queue. It takes up to 60 seconds, and can be done once in that time.",
    &PURGE,
);

pub(in crate::catalogue) const GET_QUEUE_URL: Operation = Operation {
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
    properties: &[&[URL, REQUEST]],
    ..administration(
        "get-queue-url",
        "Get queue URL",
        "Gives the URL of a queue by its name.",
        &GET_URL,
    )
};

pub(in crate::catalogue) const GET_QUEUE_ATTRIBUTES: Operation = Operation {
    settings: &[&[Field::new(
        Kind::TextList,
        "attribute-names",
        "Attribute names",
        "AWS's names of the attributes to get, or All.",
    )
    .member("AttributeNames")
    .default(Default::One("All"))
    .between(1, 100)]],
    properties: &[&[QUEUE, URL, QUEUE_ATTRIBUTES, REQUEST]],
    ..administration(
        "get-queue-attributes",
        "Get queue attributes",
        "Gives attributes of a queue, under AWS's names, with numbers, truth values and policies as what they are.",
        &GET_ATTRIBUTES,
    )
};

pub(in crate::catalogue) const SET_QUEUE_ATTRIBUTES: Operation = Operation {
    settings: &[ATTRIBUTES],
    ..administration(
        "set-queue-attributes",
        "Set queue attributes",
        "Sets attributes of a queue; those not named stay as they are. It takes up to 60 seconds to hold everywhere, and up to 15 minutes for the retention period.",
        &SET_ATTRIBUTES,
    )
};

pub(in crate::catalogue) const LIST_QUEUES: Operation = Operation {
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
    properties: &[&[URLS, TOKEN, REQUEST]],
    ..administration(
        "list-queues",
        "List queues",
        "Gives the URLs of the account's queues in the region.",
        &LIST,
    )
};

pub(in crate::catalogue) const LIST_DEAD_LETTER_SOURCE_QUEUES: Operation = Operation {
    settings: &[&[MAX_RESULTS, NEXT_TOKEN, ALL_PAGES]],
    properties: &[&[QUEUE, URL, URLS, TOKEN, REQUEST]],
    ..administration(
        "list-dead-letter-source-queues",
        "List dead-letter source queues",
        "Gives the URLs of the queues that have this one as their dead-letter queue.",
        &LIST_SOURCES,
    )
};
