//! Every operation that `describe` lists, run once with valid input.

use connector_host::contract::{Disposition, Document, Mode, Settings, Settlement};
use serde_json::{Value, json};

use crate::client::{Client, plugin};
use crate::document::{Read, With, empty, text};
use crate::made::Made;
use crate::random;

/// What an operation took and gave.
pub struct Done {
    /// Its name.
    pub operation: String,
    /// Its input.
    pub input: Vec<Document>,
    /// Its output.
    pub output: Vec<Document>,
}

/// Runs every operation.
///
/// # Panics
/// Where one fails, or is not in the table here.
pub async fn every(client: &Client) -> Vec<Done> {
    let descriptor = plugin().describe().await.expect("a description");
    let mut all = Vec::with_capacity(descriptor.operations.len());
    for operation in &descriptor.operations {
        let dead = Made::standard(client, &[]).await;
        let dead_arn = dead.arn().await;
        let settings = [
            ("dead-letter-target-arn", &*dead_arn),
            ("tags", r#"{"team":"orders"}"#),
        ];
        let queue = Made::standard(client, &settings).await;
        let place = Place {
            client,
            queue: &queue,
            dead: &dead,
            dead_arn: &dead_arn,
        };
        if matches!(operation.mode, Mode::Listen) {
            all.push(listened(&operation.id, &place).await);
            queue.delete().await;
            dead.delete().await;
            continue;
        }
        let Some(input) = input(&operation.id, &place).await else {
            panic!(
                "`describe` lists {}, which has no input here: add it",
                operation.id
            )
        };
        let object = operation.takes_object.then_some(&*queue.url);
        let settings: Vec<(&str, &str)> = input
            .settings
            .iter()
            .map(|(name, text)| (*name, &**text))
            .collect();
        let outcomes = client
            .execute(&operation.id, object, &settings, &input.documents)
            .await;
        let outcomes = outcomes.unwrap_or_else(|error| panic!("{}: {error}", operation.id));
        let mut output = Vec::new();
        for outcome in outcomes {
            match outcome.output {
                Ok(documents) => output.extend(documents),
                Err(error) => panic!("{}: {}", operation.id, connector_host::describe(&error)),
            }
        }
        assert!(!output.is_empty(), "{} gave nothing", operation.id);
        if operation.id == "create-queue" {
            let url = output[0].words("queue-url");
            let deleted = client.one("delete-queue", Some(&url), &[], &Value::Null);
            assert!(deleted.await.is_ok(), "{url} is not deleted");
        }
        if operation.id != "delete-queue" {
            queue.delete().await;
        }
        dead.delete().await;
        all.push(Done {
            operation: operation.id.clone(),
            input: input.documents,
            output,
        });
    }
    all
}

/// A queue for the operation, with its dead-letter queue.
struct Place<'a> {
    client: &'a Client,
    queue: &'a Made<'a>,
    dead: &'a Made<'a>,
    dead_arn: &'a str,
}

struct Input {
    settings: Vec<(&'static str, String)>,
    documents: Vec<Document>,
}

/// Listens for one message, and accepts it.
async fn listened(operation: &str, place: &Place<'_>) -> Done {
    let url = &place.queue.url;
    let sent = place.client.send(url, &[message()]).await.remove(0);
    assert!(sent.is_ok(), "it is not sent");
    let connection = place.client.connection();
    let mut listener = connection
        .listen(url, &Settings::new())
        .await
        .expect("a listener");
    let mut deliveries = listener.next().await.expect("a delivery");
    assert_eq!(deliveries.len(), 1);
    let delivery = deliveries.remove(0);
    let settlement = Settlement {
        token: delivery.token,
        disposition: Disposition::Accept,
    };
    let settled = connection.settle(url, &[settlement]).await;
    assert!(settled.expect("a call").remove(0).outcome.is_ok());
    listener.stop().await.expect("it stops");
    Done {
        operation: operation.to_owned(),
        input: Vec::new(),
        output: vec![delivery.document],
    }
}

/// A message with properties of all sorts.
fn message() -> Document {
    text("a message")
        .with("attribute.kind", "order")
        .with("message-group-id", "tenant")
        .with(
            "aws-trace-header",
            "Root=1-5759e988-bd862e3fe1be46a994272793",
        )
}

/// What the operation takes; nothing for one that is not known here.
async fn input(operation: &str, place: &Place<'_>) -> Option<Input> {
    let payload = |payload: Value| vec![text(payload.to_string())];
    let nothing = || vec![empty()];
    let mut settings = Vec::new();
    let documents = match operation {
        "send" => vec![message()],
        "receive" | "delete" | "change-visibility" => {
            let url = &place.queue.url;
            let sent = place.client.send(url, &[message()]).await.remove(0);
            assert!(sent.is_ok(), "it is not sent");
            if operation == "change-visibility" {
                settings.push(("visibility-timeout-seconds", "60".to_owned()));
            }
            if operation == "receive" {
                nothing()
            } else {
                place.client.receive(url, &[]).await.expect("a message")
            }
        }
        "create-queue" => payload(json!({
            "QueueName": random::name(),
            "Attributes": {
                "VisibilityTimeout": 45,
                "SqsManagedSseEnabled": true,
                "RedrivePolicy": { "deadLetterTargetArn": place.dead_arn, "maxReceiveCount": 3 },
            },
            "tags": { "team": "orders" },
        })),
        "queue-depth"
        | "delete-queue"
        | "purge-queue"
        | "list-queue-tags"
        | "get-queue-attributes" => nothing(),
        "list-dead-letter-source-queues" => {
            payload(json!({ "QueueUrl": place.dead.url, "MaxResults": 10 }))
        }
        "get-queue-url" => payload(json!({ "QueueName": place.queue.name })),
        "set-queue-attributes" => payload(json!({ "Attributes": { "DelaySeconds": 5 } })),
        "list-queues" => {
            let prefix = &place.queue.name;
            payload(json!({ "QueueNamePrefix": prefix, "MaxResults": 10 }))
        }
        "add-permission" => payload(
            json!({ "Label": "one", "AWSAccountIds": ["111111111111"], "Actions": ["SendMessage"] }),
        ),
        "remove-permission" => {
            let added = [
                ("label", "one"),
                ("aws-account-ids", "111111111111"),
                ("actions", "SendMessage"),
            ];
            place
                .queue
                .run("add-permission", &added, &Value::Null)
                .await;
            payload(json!({ "Label": "one" }))
        }
        "tag-queue" => payload(json!({ "Tags": { "cost": "7" } })),
        "untag-queue" => payload(json!({ "TagKeys": ["team"] })),
        "start-message-move-task" => payload(json!({ "SourceArn": place.dead_arn })),
        "list-message-move-tasks" => {
            start_slowly(place).await;
            payload(json!({ "SourceArn": place.dead_arn, "MaxResults": 10 }))
        }
        "cancel-message-move-task" => payload(json!({ "TaskHandle": start_slowly(place).await })),
        _ => return None,
    };
    Some(Input {
        settings,
        documents,
    })
}

/// Starts a move task that runs for a while; its handle.
async fn start_slowly(place: &Place<'_>) -> String {
    let messages: Vec<_> = (0..30).map(|number| text(number.to_string())).collect();
    for sent in place.client.send(&place.dead.url, &messages).await {
        assert!(sent.is_ok(), "it is not sent");
    }
    let payload = json!({
        "SourceArn": place.dead_arn,
        "DestinationArn": place.queue.arn().await,
        "MaxNumberOfMessagesPerSecond": 1,
    });
    let started = place
        .client
        .one("start-message-move-task", None, &[], &payload);
    started.await.expect("it starts").words("task-handle")
}
