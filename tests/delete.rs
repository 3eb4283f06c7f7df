//! `delete`: messages by their receipt handles.

use end_to_end::client::{Client, failed};
use end_to_end::document::{Read, With, empty, text};
use end_to_end::error::{fault, fields, kind};
use end_to_end::queue::Queue;
use end_to_end::server::{Reply, Server};
use end_to_end::sqs;
use serde_json::json;

#[tokio::test]
async fn one_and_many_are_deleted_and_nothing_else() {
    let queue = Queue::standard().await;
    let client = Client::open(&queue.service, &[]).await;
    let documents: Vec<_> = (0..40).map(|number| text(number.to_string())).collect();
    for sent in client.send(&queue.url, &documents).await {
        assert!(sent.is_ok(), "{}", failed(sent));
    }
    let settings = [("maximum-message-count", "34"), ("wait-time-seconds", "1")];
    let received = client
        .receive(&queue.url, &settings)
        .await
        .expect("messages");
    let (one, many) = received.split_at(1);
    let deleted = client
        .delete(&queue.url, one)
        .await
        .remove(0)
        .expect("it is deleted");
    assert_eq!(deleted.words("queue-url"), queue.url);
    assert_eq!(queue.messages().await, [6, 33, 0]);
    for deleted in client.delete(&queue.url, many).await {
        assert!(deleted.is_ok(), "{}", failed(deleted));
    }
    assert_eq!(queue.messages().await, [6, 0, 0]);
    queue.delete().await;
}

#[tokio::test]
async fn documents_as_received_name_their_queues_by_themselves() {
    let queues = [Queue::standard().await, Queue::standard().await];
    let client = Client::open(&queues[0].service, &[]).await;
    let mut received = Vec::new();
    for queue in &queues {
        client.send(&queue.url, &["a", "b"].map(text)).await;
        let settings = [("maximum-message-count", "2"), ("wait-time-seconds", "5")];
        received.extend(
            client
                .receive(&queue.url, &settings)
                .await
                .expect("messages"),
        );
    }
    let count = received.len();
    assert!(count >= 2, "messages of both queues");
    for deleted in client.each("delete", Some("dynamic"), &received).await {
        assert!(deleted.is_ok(), "{}", failed(deleted));
    }
    for queue in queues {
        assert_eq!(queue.messages().await[1], 0, "nothing is left invisible");
        queue.delete().await;
    }
}

#[tokio::test]
async fn a_wrong_handle_is_an_error_of_its_document_only() {
    let queue = Queue::standard().await;
    let client = Client::open(&queue.service, &[]).await;
    client.send(&queue.url, &["a", "b"].map(text)).await;
    let settings = [("maximum-message-count", "-1"), ("wait-time-seconds", "1")];
    let mut documents = client
        .receive(&queue.url, &settings)
        .await
        .expect("messages");
    documents.insert(
        1,
        empty().with("receipt-handle", "this-is-no-receipt-handle"),
    );
    documents.push(empty());
    let results = client.delete(&queue.url, &documents).await;
    let kinds: Vec<_> = results
        .iter()
        .map(|result| result.as_ref().map_or_else(kind, |_| "deleted"))
        .collect();
    assert_eq!(
        kinds,
        ["deleted", "rejected", "deleted", "invalid-document"]
    );
    assert_eq!(
        fault(results[1].as_ref().expect_err("a wrong handle")).code,
        "ReceiptHandleIsInvalid"
    );
    assert_eq!(
        fields(results[3].as_ref().expect_err("no handle")),
        ["receipt-handle"]
    );
    assert_eq!(queue.messages().await, [0, 0, 0]);
    // Alone it is another action of the service, and the same error.
    let alone = client
        .delete(&queue.url, &documents[1..2])
        .await
        .remove(0)
        .expect_err("a wrong handle");
    assert_eq!(kind(&alone), "rejected");
    queue.delete().await;
}

#[tokio::test]
async fn failed_entries_are_looked_at_and_passing_failures_tried_again() {
    let server = Server::start(|request| {
        if request.number > 0 {
            return sqs::obey(request);
        }
        Reply::json(
            200,
            &json!({
                "Successful": [{ "Id": "0" }],
                "Failed": [
                    sqs::refused("1", "ReceiptHandleIsInvalid", true),
                    sqs::refused("2", "InternalError", false),
                ],
            }),
        )
    })
    .await;
    let client = Client::open(&server.service(), &[]).await;
    let documents: Vec<_> = (0..4)
        .map(|index| empty().with("receipt-handle", &format!("handle {index}")))
        .collect();
    let results = client.delete(sqs::QUEUE_URL, &documents).await;
    let kinds: Vec<_> = results
        .iter()
        .map(|result| result.as_ref().map_or_else(kind, |_| "deleted"))
        .collect();
    assert_eq!(kinds, ["deleted", "rejected", "deleted", "corrupted"]);
    let again = sqs::entries(&server.requests()[1].json());
    assert_eq!(again.len(), 1);
    assert_eq!(again[0]["ReceiptHandle"], "handle 2");
}

#[tokio::test]
async fn handles_go_out_ten_a_request() {
    let server = Server::start(sqs::obey).await;
    let client = Client::open(&server.service(), &[]).await;
    let documents: Vec<_> = (0..25)
        .map(|index| empty().with("receipt-handle", &format!("handle {index}")))
        .collect();
    assert!(
        client
            .delete(sqs::QUEUE_URL, &documents)
            .await
            .iter()
            .all(Result::is_ok)
    );
    let mut counts: Vec<_> = server
        .requests()
        .iter()
        .map(|request| sqs::entries(&request.json()).len())
        .collect();
    counts.sort_unstable();
    assert_eq!(counts, [5, 10, 10]);
    client
        .delete(sqs::QUEUE_URL, &documents[..1])
        .await
        .remove(0)
        .expect("it is deleted");
    assert_eq!(
        server.actions().last().map(String::as_str),
        Some("DeleteMessage")
    );
}
