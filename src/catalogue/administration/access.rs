//! Who may use a queue, and its tags.

use super::*;

pub(in crate::catalogue) const ADD_PERMISSION: Operation = Operation {
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

pub(in crate::catalogue) const REMOVE_PERMISSION: Operation = Operation {
    settings: &[&[LABEL.required()]],
    ..administration(
        "remove-permission",
        "Remove permission",
        "Removes a statement from the queue's policy.",
        &REMOVE,
    )
};

pub(in crate::catalogue) const TAG_QUEUE: Operation = Operation {
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

pub(in crate::catalogue) const UNTAG_QUEUE: Operation = Operation {
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

pub(in crate::catalogue) const LIST_QUEUE_TAGS: Operation = Operation {
    properties: &[&[
        QUEUE,
        URL,
        output!(Field::new(
            Kind::Json,
            "tags",
            "Tags",
            "The tags, a JSON object of texts.",
        )),
        REQUEST,
    ]],
    ..administration(
        "list-queue-tags",
        "List queue tags",
        "Gives the tags of a queue.",
        &LIST_TAGS,
    )
};
