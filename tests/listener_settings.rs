//! What the listener's settings make of messages, and how it asks for them.

use std::time::{Duration, Instant};

use connector_host::contract::{Delivery, Disposition};
use end_to_end::bounded;
use end_to_end::client::{Client, failed, filled};
use end_to_end::document::{Read, With, text};
use end_to_end::error::fields;
use end_to_end::listening::{gather, next};
use end_to_end::queue::Queue;
use end_to_end::server::{Gate, Reply, Server};
use end_to_end::sqs;
use serde_json::json;

/// A queue with three orders and three others, and its client.
async fn mixed() -> (Queue, Client) {
    let queue = Queue::standard().await;
    let client = Client::open(&queue.service, &[]).await;
    let documents: Vec<_> = (0..6)
        .map(|number| {
            let kind = if number % 2 == 0 { "order" } else { "other" };
            text(json!({ "number": number }).to_string()).with("attribute.kind", kind)
        })
        .collect();
    for sent in client.send(&queue.url, &documents).await {
        assert!(sent.is_ok(), "{}", failed(sent));
    }
    (queue, client)
}

/// All that a listener with a filter for orders gives, accepted.
async fn orders(client: &Client, queue: &Queue, unmatched: &[(&str, &str)]) -> Vec<Delivery> {
    let filter = [
        ("filter", "attribute.kind = 'order' and body.number >= 2"),
        ("wait-time-seconds", "1"),
        ("visibility-timeout-seconds", "600"),
    ];
    let mut listener = client
        .listen(&queue.url, &[&filter, unmatched].concat())
        .await;
    let mut all = gather(&mut listener, 2).await;
    all.extend(next(&mut listener).await);
    for delivery in &all {
        let accepted = client
            .settle(&queue.url, &delivery.token, Disposition::Accept)
            .await;
        assert!(accepted.is_ok(), "{}", failed(accepted));
    }
    bounded("a stop", listener.stop())
        .await
        .expect("a good stop");
    all
}

#[tokio::test]
async fn a_filter_hands_over_what_matches_and_what_does_not_is_left_removed_or_put_off() {
    for (unmatched, after) in [
        (&[("unmatched", "leave")][..], [0, 4, 0]),
        (&[("unmatched", "accept")], [0, 0, 0]),
        (
            &[("unmatched", "retry"), ("unmatched-retry-seconds", "900")],
            [0, 4, 0],
        ),
    ] {
        let (queue, client) = mixed().await;
        let mut numbers: Vec<_> = orders(&client, &queue, unmatched)
            .await
            .iter()
            .map(|delivery| delivery.document.body().to_owned())
            .collect();
        numbers.sort();
        assert_eq!(numbers, [r#"{"number":2}"#, r#"{"number":4}"#]);
        assert_eq!(queue.messages().await, after, "{unmatched:?}");
        queue.delete().await;
    }
}

#[tokio::test]
async fn unmatched_messages_retried_at_once_can_be_had_by_another_listener() {
    let (queue, client) = mixed().await;
    let retry = [("unmatched", "retry"), ("unmatched-retry-seconds", "1")];
    orders(&client, &queue, &retry).await;
    let mut other = client.listen(&queue.url, &[]).await;
    let others = gather(&mut other, 4).await;
    assert!(others.iter().all(|delivery| delivery.attempt >= 2));
    queue.delete().await;
}

#[tokio::test]
async fn a_notification_of_sns_is_unwrapped_and_another_message_has_a_problem() {
    let queue = Queue::standard().await;
    let client = Client::open(&queue.service, &[]).await;
    let notification = json!({
        "Type": "Notification",
        "MessageId": "11111111-2222-3333-4444-555555555555",
        "TopicArn": "arn:aws:sns:us-east-1:000000000000:news",
        "Subject": "headline",
        "Message": "{\"kept\": [1,  2]}",
        "Timestamp": "2026-01-02T03:04:05.678Z",
        "MessageAttributes": { "kind": { "Type": "String", "Value": "order" } },
    });
    let documents = [text(notification.to_string()), text("no envelope")];
    for sent in client.send(&queue.url, &documents).await {
        assert!(sent.is_ok(), "{}", failed(sent));
    }
    let mut listener = client.listen(&queue.url, &[("unwrap", "sns")]).await;
    for delivery in gather(&mut listener, 2).await {
        let document = &delivery.document;
        if document.body() == "no envelope" {
            let problem = delivery.problem.as_ref().expect("a problem");
            assert_eq!(fields(problem), ["payload"]);
            continue;
        }
        assert!(delivery.problem.is_none());
        assert_eq!(document.body(), "{\"kept\": [1,  2]}");
        assert_eq!(document.property("sns-subject"), "headline");
        assert_eq!(
            document.property("sns-topic-arn"),
            "arn:aws:sns:us-east-1:000000000000:news"
        );
        assert_eq!(document.property("attribute.kind"), "order");
    }
    queue.delete().await;
}

#[tokio::test]
async fn more_messages_than_one_request_brings_are_handed_over_together() {
    let (queue, client) = filled(60).await;
    let settings = [("maximum-messages", "30"), ("wait-time-seconds", "1")];
    let mut listener = client.listen(&queue.url, &settings).await;
    let counts = [
        next(&mut listener).await.len(),
        next(&mut listener).await.len(),
    ];
    assert_eq!(counts, [30, 30]);
    assert!(next(&mut listener).await.is_empty());
    queue.delete().await;
}

#[tokio::test]
async fn several_receives_wait_side_by_side_and_the_first_that_brings_something_is_handed_over() {
    let gate = Gate::new();
    let held = gate.clone();
    let server = Server::start(move |request| match request.number {
        // The third of three.
        2 => sqs::messages(&[sqs::message("third", "of the third request")]),
        _ => Reply::Held(held.clone(), Box::new(sqs::obey(request))),
    })
    .await;
    let client = Client::open(&server.service(), &[]).await;
    let settings = [
        ("receives-in-flight", "3"),
        ("visibility-timeout-seconds", "60"),
    ];
    let mut listener = client.listen(sqs::QUEUE_URL, &settings).await;
    let deliveries = next(&mut listener).await;
    assert_eq!(deliveries[0].document.body(), "of the third request");
    assert_eq!(server.actions(), ["ReceiveMessage"; 3]);
    // The next pull makes one request more: the two others still wait.
    let pull = async {
        let pulled = bounded("a pull", listener.next()).await;
        assert!(pulled.expect("a good pull").is_empty());
    };
    tokio::join!(pull, async {
        server.requested(4).await;
        gate.open();
    });
    assert_eq!(server.actions().len(), 4);
}

#[tokio::test]
async fn short_polling_of_an_empty_queue_is_no_hot_loop() {
    const WATCHED: Duration = Duration::from_secs(3);
    let server = Server::start(sqs::obey).await;
    let client = Client::open(&server.service(), &[]).await;
    let settings = [
        ("wait-time-seconds", "0"),
        ("receives-in-flight", "1"),
        ("visibility-timeout-seconds", "60"),
    ];
    let mut listener = client.listen(sqs::QUEUE_URL, &settings).await;
    let begun = Instant::now();
    while begun.elapsed() < WATCHED {
        assert!(next(&mut listener).await.is_empty());
    }
    // Pauses of at least 0.2, 0.2, 0.4, 0.8, 1.6 seconds between them.
    let requests = server.actions().len();
    assert!((2..=7).contains(&requests), "{requests} requests");
}
