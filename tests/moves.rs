//! Message move tasks: from a dead-letter queue back, or elsewhere.

use connector_host::contract::Document;
use end_to_end::bounded;
use end_to_end::client::{Client, failed};
use end_to_end::document::{Read, text};
use end_to_end::environment::localstack;
use end_to_end::error::kind;
use end_to_end::made::{Made, json_of};
use serde_json::{Value, json};

/// The latest task of a dead-letter queue.
async fn latest(client: &Client, source: &str) -> Value {
    let settings = [("source-arn", source), ("max-results", "10")];
    let listed = client
        .one("list-message-move-tasks", None, &settings, &Value::Null)
        .await
        .expect("a list of tasks");
    assert_eq!(listed.property("results"), json_of(&listed)["Results"]);
    listed.property("results")[0].clone()
}

/// Waits until the latest task has this status.
async fn becomes(client: &Client, source: &str, status: &str) -> Value {
    bounded(status, async {
        loop {
            let task = latest(client, source).await;
            if task["Status"] == status {
                return task;
            }
        }
    })
    .await
}

async fn start(client: &Client, settings: &[(&str, &str)]) -> Document {
    let started = client
        .one("start-message-move-task", None, settings, &Value::Null)
        .await;
    match started {
        Ok(document) => document,
        Err(_) => panic!("it does not start: {}", failed(started)),
    }
}

#[tokio::test]
async fn a_dead_message_is_moved_back_and_the_list_shows_the_task() {
    let client = Client::open(&localstack(), &[]).await;
    let dead = Made::standard(&client, &[]).await;
    let dead_arn = dead.arn().await;
    let settings = [
        ("dead-letter-target-arn", &*dead_arn),
        ("max-receive-count", "1"),
    ];
    let source = Made::standard(&client, &settings).await;
    let source_arn = source.arn().await;
    client
        .send(&source.url, &[text("dead or alive")])
        .await
        .remove(0)
        .expect("it is sent");
    let again = [
        ("visibility-timeout-seconds", "0"),
        ("wait-time-seconds", "1"),
    ];
    let message = bounded("a dead message", async {
        loop {
            client
                .receive(&source.url, &again)
                .await
                .expect("a receive");
            let mut dead = client.receive(&dead.url, &again).await.expect("a receive");
            if let Some(message) = dead.pop() {
                return message;
            }
        }
    })
    .await;
    assert_eq!(message.body(), "dead or alive");
    assert_eq!(message.words("dead-letter-queue-source-arn"), source_arn);

    let started = start(&client, &[("source-arn", &dead_arn)]).await;
    assert!(!started.words("task-handle").is_empty());
    let task = becomes(&client, &dead_arn, "COMPLETED").await;
    assert_eq!(task["SourceArn"], *dead_arn);
    assert_eq!(task["ApproximateNumberOfMessagesMoved"], 1);
    assert!(task["StartedTimestamp"].is_u64());
    assert_eq!(dead.attribute("ApproximateNumberOfMessages").await, 0);
    assert_eq!(source.attribute("ApproximateNumberOfMessages").await, 1);
    source.delete().await;
    dead.delete().await;
}

#[tokio::test]
async fn a_running_task_is_cancelled_and_what_was_moved_stays_moved() {
    let client = Client::open(&localstack(), &[]).await;
    let dead = Made::standard(&client, &[]).await;
    let dead_arn = dead.arn().await;
    let source = Made::standard(&client, &[("dead-letter-target-arn", &*dead_arn)]).await;
    let other = Made::standard(&client, &[]).await;
    let other_arn = other.arn().await;
    let documents: Vec<_> = (0..60).map(|number| text(number.to_string())).collect();
    for sent in client.send(&dead.url, &documents).await {
        assert!(sent.is_ok(), "{}", failed(sent));
    }
    let settings = [
        ("source-arn", &*dead_arn),
        ("destination-arn", &other_arn),
        ("max-number-of-messages-per-second", "1"),
    ];
    let handle = start(&client, &settings).await.words("task-handle");
    let task = becomes(&client, &dead_arn, "RUNNING").await;
    assert_eq!(task["TaskHandle"], *handle);
    assert_eq!(task["DestinationArn"], *other_arn);
    assert_eq!(task["MaxNumberOfMessagesPerSecond"], 1);
    let cancelled = client
        .one(
            "cancel-message-move-task",
            None,
            &[("task-handle", &handle)],
            &Value::Null,
        )
        .await
        .expect("it runs, so it can be cancelled");
    let moved = cancelled.property("approximate-number-of-messages-moved");
    assert!(moved.as_u64().is_some_and(|moved| moved < 60), "{moved}");
    becomes(&client, &dead_arn, "CANCELLED").await;
    let (left, arrived) = (
        dead.attribute("ApproximateNumberOfMessages").await,
        other.attribute("ApproximateNumberOfMessages").await,
    );
    let sum = left.as_u64().expect("a number") + arrived.as_u64().expect("a number");
    assert_eq!(sum, 60, "{left} left, {arrived} moved");
    for queue in [source, other, dead] {
        queue.delete().await;
    }
}

#[tokio::test]
async fn a_source_that_is_no_queue_and_a_handle_that_is_none_are_the_caller_s_faults() {
    let client = Client::open(&localstack(), &[]).await;
    let missing = "arn:aws:sqs:us-east-1:000000000000:no-such-queue-anywhere";
    let payload = json!({ "SourceArn": missing });
    for operation in ["start-message-move-task", "list-message-move-tasks"] {
        let error = client
            .one(operation, None, &[], &payload)
            .await
            .expect_err("no such queue");
        assert_eq!(kind(&error), "not-found", "{operation}");
    }
    let error = client
        .one(
            "cancel-message-move-task",
            None,
            &[],
            &json!({ "TaskHandle": "bm8gdGFzaw==" }),
        )
        .await
        .expect_err("no such task");
    assert!(
        ["not-found", "rejected"].contains(&kind(&error)),
        "{}",
        kind(&error)
    );
}
