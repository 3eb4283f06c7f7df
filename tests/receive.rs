//! `receive`: how many messages, in how many requests, with which settings.

use connector_host::contract::Value;
use end_to_end::client::{Client, filled};
use end_to_end::document::{With, empty, text};
use end_to_end::error::{fields, kind};
use end_to_end::server::Server;
use end_to_end::sqs;
use serde_json::json;

#[tokio::test]
async fn one_message_is_received_by_default_and_stays_in_the_queue_invisible() {
    let (queue, client) = filled(3).await;
    let received = client.receive(&queue.url, &[]).await.expect("a message");
    assert_eq!(received.len(), 1);
    assert_eq!(queue.messages().await, [2, 1, 0]);
    queue.delete().await;
}

#[tokio::test]
async fn an_empty_queue_gives_no_document_and_no_error() {
    let (queue, client) = filled(0).await;
    for count in ["1", "25", "-1"] {
        let settings = [("maximum-message-count", count), ("wait-time-seconds", "0")];
        assert_eq!(
            client
                .receive(&queue.url, &settings)
                .await
                .expect("an answer")
                .len(),
            0
        );
    }
    queue.delete().await;
}

#[tokio::test]
async fn more_than_ten_take_several_requests_and_never_more_than_asked_for() {
    let (queue, client) = filled(40).await;
    let settings = [("maximum-message-count", "25"), ("wait-time-seconds", "1")];
    let received = client
        .receive(&queue.url, &settings)
        .await
        .expect("messages");
    assert_eq!(received.len(), 25);
    assert_eq!(
        queue.messages().await,
        [15, 25, 0],
        "no message was taken and not handed over"
    );
    let settings = [("maximum-message-count", "-1"), ("wait-time-seconds", "1")];
    assert_eq!(
        client
            .receive(&queue.url, &settings)
            .await
            .expect("messages")
            .len(),
        15
    );
    queue.delete().await;
}

#[tokio::test]
async fn the_settings_reach_the_service_as_they_are() {
    let server = Server::start(sqs::obey).await;
    let client = Client::open(&server.service(), &[]).await;
    client
        .receive(sqs::QUEUE_URL, &[])
        .await
        .expect("an answer");
    let settings = [
        ("maximum-message-count", "7"),
        ("wait-time-seconds", "20"),
        ("visibility-timeout-seconds", "43200"),
        ("message-attribute-names", "order.*,kind"),
        ("message-system-attribute-names", "SentTimestamp"),
        ("receive-request-attempt-id", "again-1"),
    ];
    client
        .receive(sqs::FIFO_URL, &settings)
        .await
        .expect("an answer");
    let own = empty().with("receive-request-attempt-id", "own");
    let outcomes = client
        .execute("receive", Some(sqs::FIFO_URL), &settings, &[own, empty()])
        .await;
    assert_eq!(
        outcomes.expect("a call").len(),
        2,
        "the second document has its outcome, too"
    );
    let inputs: Vec<_> = server
        .requests()
        .iter()
        .map(|request| request.json())
        .collect();
    assert_eq!(
        inputs[0],
        json!({
            "QueueUrl": sqs::QUEUE_URL,
            "MaxNumberOfMessages": 1,
            "MessageAttributeNames": ["All"],
            "MessageSystemAttributeNames": ["All"],
        })
    );
    assert_eq!(
        inputs[1],
        json!({
            "QueueUrl": sqs::FIFO_URL,
            "MaxNumberOfMessages": 7,
            "WaitTimeSeconds": 20,
            "VisibilityTimeout": 43200,
            "MessageAttributeNames": ["order.*", "kind"],
            "MessageSystemAttributeNames": ["SentTimestamp"],
            "ReceiveRequestAttemptId": "again-1",
        })
    );
    assert_eq!(inputs[2]["ReceiveRequestAttemptId"], "own");
    assert_eq!(
        inputs.len(),
        3,
        "one receive a call, however many documents"
    );
}

#[tokio::test]
async fn each_of_several_requests_has_an_attempt_id_of_its_own() {
    let server = Server::start(|request| match request.number {
        0..2 => {
            let ids = (0..10).map(|index| format!("{}-{index}", request.number));
            sqs::messages(&ids.map(|id| sqs::message(&id, "x")).collect::<Vec<_>>())
        }
        _ => sqs::obey(request),
    })
    .await;
    let client = Client::open(&server.service(), &[("max-in-flight", "1")]).await;
    let settings = [
        ("maximum-message-count", "-1"),
        ("receive-request-attempt-id", "try"),
    ];
    assert_eq!(
        client
            .receive(sqs::FIFO_URL, &settings)
            .await
            .expect("messages")
            .len(),
        20
    );
    let mut ids: Vec<_> = server
        .requests()
        .iter()
        .map(|request| {
            request.json()["ReceiveRequestAttemptId"]
                .as_str()
                .expect("an id")
                .to_owned()
        })
        .collect();
    assert_eq!(ids.len(), 3);
    assert_eq!(ids[0], "try");
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 3);
}

#[tokio::test]
async fn a_long_poll_ends_when_a_message_comes() {
    let (queue, client) = filled(0).await;
    let settings = [("wait-time-seconds", "20")];
    let waiting = client.receive(&queue.url, &settings);
    let documents = [text("woken")];
    let sending = client.send(&queue.url, &documents);
    let begun = std::time::Instant::now();
    let (received, _) = tokio::join!(waiting, sending);
    assert_eq!(received.expect("a message").len(), 1);
    assert!(begun.elapsed().as_secs() < 15, "it waited to the end");
    queue.delete().await;
}

#[tokio::test]
async fn settings_out_of_bounds_are_refused_all_at_once_and_nothing_is_sent() {
    let server = Server::start(sqs::obey).await;
    let client = Client::open(&server.service(), &[]).await;
    let settings = [
        ("maximum-message-count", "-2"),
        ("wait-time-seconds", "21"),
        ("visibility-timeout-seconds", "43201"),
        ("delete-messages", "perhaps"),
        ("what-is-this", "1"),
    ];
    let error = client
        .receive(sqs::QUEUE_URL, &settings)
        .await
        .expect_err("refused");
    let error = error.connector().expect("an error of the contract");
    assert_eq!(kind(error), "invalid-settings");
    let mut found = fields(error);
    found.sort_unstable();
    let mut expected = settings.map(|(name, _)| name);
    expected.sort_unstable();
    assert_eq!(found, expected);
    let zero = client
        .receive(sqs::QUEUE_URL, &[("maximum-message-count", "0")])
        .await
        .expect_err("refused");
    assert_eq!(
        fields(zero.connector().expect("an error of the contract")),
        ["maximum-message-count"]
    );
    assert_eq!(server.requests().len(), 0);
}

#[tokio::test]
async fn the_queue_can_be_named_by_the_document() {
    let (queue, client) = filled(1).await;
    let named = empty().with_value("queue", Value::Text(queue.name.clone()));
    let mut outcomes = client
        .execute("receive", Some("dynamic"), &[], &[named])
        .await
        .expect("a call");
    assert_eq!(outcomes.remove(0).output.expect("messages").len(), 1);
    queue.delete().await;
}
