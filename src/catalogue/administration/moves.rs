//! Moving messages out of a dead-letter queue.

use super::*;

pub(in crate::catalogue) const START_MESSAGE_MOVE_TASK: Operation = Operation {
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
    properties: &[&[TASK, REQUEST]],
    ..administration(
        "start-message-move-task",
        "Start message move task",
        "Starts to move messages from a dead-letter queue back, or to another queue. One task a source at a time.",
        &START,
    )
};

pub(in crate::catalogue) const CANCEL_MESSAGE_MOVE_TASK: Operation = Operation {
    takes_queue: false,
    settings: &[&[Field::new(
        Kind::Text,
        "task-handle",
        "Task handle",
        "Names the move task; only one that is running can be cancelled.",
    )
    .member("TaskHandle")
    .required()]],
    properties: &[&[
        output!(Field::new(
            Kind::Integer,
            "approximate-number-of-messages-moved",
            "Messages moved",
            "How many were moved before, approximately.",
        )),
        REQUEST,
    ]],
    ..administration(
        "cancel-message-move-task",
        "Cancel message move task",
        "Stops a running move task; what was moved stays moved.",
        &CANCEL,
    )
};

pub(in crate::catalogue) const LIST_MESSAGE_MOVE_TASKS: Operation = Operation {
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
    properties: &[&[
        output!(Field::new(
            Kind::Json,
            "results",
            "Tasks",
            "The tasks, a JSON list: status, counts, source, destination, and the handle of one that is running.",
        )),
        REQUEST,
    ]],
    ..administration(
        "list-message-move-tasks",
        "List message move tasks",
        "Gives the latest move tasks of a dead-letter queue.",
        &LIST_TASKS,
    )
};
