//! What `receive` hands over: attributes, checksums, and what was deleted.

use end_to_end::client::{Client, filled};
use end_to_end::document::{Read, With, text};
use end_to_end::error::kind;
use end_to_end::queue::Queue;
use end_to_end::server::{Reply, Server};
use end_to_end::sqs;
use serde_json::json;

#[tokio::test]
async fn attribute_names_filter_what_comes() {
    let queue = Queue::standard().await;
    let client = Client::open(&queue.service, &[]).await;
    let document = text("x")
        .with("attribute.order.id", "1")
        .with("attribute.order.kind", "2")
        .with("attribute.other", "3");
    client
        .send(&queue.url, &[document])
        .await
        .remove(0)
        .expect("it is sent");
    for (names, expected) in [
        (
            "All",
            vec![
                "attribute.order.id",
                "attribute.order.kind",
                "attribute.other",
            ],
        ),
        (
            "order.*",
            vec!["attribute.order.id", "attribute.order.kind"],
        ),
        (
            "other,order.id",
            vec!["attribute.order.id", "attribute.other"],
        ),
        ("", vec![]),
    ] {
        let settings = [
            ("message-attribute-names", names),
            ("visibility-timeout-seconds", "0"),
            ("wait-time-seconds", "5"),
        ];
        let received = client
            .receive(&queue.url, &settings)
            .await
            .expect("a message")
            .remove(0);
        let found: Vec<String> = received
            .properties("attribute.")
            .into_iter()
            .map(|(name, _)| name)
            .collect();
        assert_eq!(found, expected, "{names}");
    }
    let settings = [
        ("message-system-attribute-names", "SentTimestamp"),
        ("wait-time-seconds", "5"),
    ];
    let received = client
        .receive(&queue.url, &settings)
        .await
        .expect("a message")
        .remove(0);
    assert!(received.property("sent-timestamp").is_i64());
    assert!(received.property("approximate-receive-count").is_null());
    queue.delete().await;
}

#[tokio::test]
async fn system_attributes_are_properties_of_the_right_type() {
    let (queue, client) = filled(1).await;
    let message = client
        .receive(&queue.url, &[])
        .await
        .expect("a message")
        .remove(0);
    assert_eq!(message.property("approximate-receive-count"), json!(1));
    for name in ["sent-timestamp", "approximate-first-receive-timestamp"] {
        let milliseconds = message.property(name).as_u64().expect("an integer");
        assert!(milliseconds > 1_700_000_000_000, "{name}: {milliseconds}");
    }
    for name in [
        "sender-id",
        "queue-url",
        "message-id",
        "receipt-handle",
        "md5-of-body",
        "request-id",
    ] {
        assert!(!message.words(name).is_empty(), "{name}");
    }
    queue.delete().await;
}

#[tokio::test]
async fn a_member_that_the_plugin_does_not_know_is_passed_on() {
    let server = Server::start(|_| {
        let mut message = sqs::message("m", "body");
        message["Attributes"] = json!({ "SentTimestamp": "1795219200000", "SequenceNumber": "18849496460467696128", "BrandNewThing": "7" });
        message["AnotherThing"] = json!(5);
        sqs::messages(&[message])
    })
    .await;
    let client = Client::open(&server.service(), &[]).await;
    let message = client
        .receive(sqs::QUEUE_URL, &[])
        .await
        .expect("a message")
        .remove(0);
    assert_eq!(
        message.property("sent-timestamp"),
        json!(1_795_219_200_000_i64)
    );
    assert_eq!(
        message.property("sequence-number"),
        json!("18849496460467696128")
    );
    assert_eq!(message.property("brand-new-thing"), json!("7"));
    assert_eq!(message.property("another-thing"), json!(5));
}

#[tokio::test]
async fn delete_messages_deletes_what_is_handed_over() {
    let (queue, client) = filled(25).await;
    let settings = [
        ("maximum-message-count", "15"),
        ("wait-time-seconds", "1"),
        ("delete-messages", "true"),
    ];
    let received = client
        .receive(&queue.url, &settings)
        .await
        .expect("messages");
    assert_eq!(received.len(), 15);
    assert!(
        received
            .iter()
            .all(|message| message.property("deleted") == json!(true))
    );
    assert_eq!(queue.messages().await, [10, 0, 0]);
    queue.delete().await;
}

#[tokio::test]
async fn a_message_that_could_not_be_deleted_is_handed_over_and_says_so() {
    let server = Server::start(|request| match request.action() {
        "ReceiveMessage" => sqs::messages(&[sqs::message("1", "one"), sqs::message("2", "two")]),
        _ => Reply::json(
            200,
            &json!({
                "Successful": [{ "Id": "0" }],
                "Failed": [sqs::refused("1", "ReceiptHandleIsInvalid", true)],
            }),
        ),
    })
    .await;
    let client = Client::open(&server.service(), &[]).await;
    let settings = [("maximum-message-count", "2"), ("delete-messages", "true")];
    let received = client
        .receive(sqs::QUEUE_URL, &settings)
        .await
        .expect("messages");
    assert_eq!(server.actions(), ["ReceiveMessage", "DeleteMessageBatch"]);
    assert_eq!(received[0].property("deleted"), json!(true));
    assert_eq!(received[1].property("deleted"), json!(false));
    assert!(
        received[1]
            .words("delete-error")
            .contains("ReceiptHandleIsInvalid")
    );
}

#[tokio::test]
async fn a_wrong_checksum_is_corrupted_and_nothing_is_deleted_unless_checksums_are_not_wanted() {
    for part in ["MD5OfBody", "MD5OfMessageAttributes"] {
        let server = Server::start(move |request| match request.action() {
            "ReceiveMessage" => {
                let mut message = sqs::message("m-1", "the body as it came");
                message["MessageAttributes"] =
                    json!({ "n": { "DataType": "String", "StringValue": "v" } });
                message[part] = json!(sqs::md5("another body"));
                sqs::messages(&[message])
            }
            _ => sqs::obey(request),
        })
        .await;
        let settings = [("delete-messages", "true")];
        let strict = Client::open(&server.service(), &[]).await;
        let error = strict
            .receive(sqs::QUEUE_URL, &settings)
            .await
            .expect_err("a wrong checksum");
        let error = error.connector().expect("an error of the contract");
        assert_eq!(kind(error), "corrupted");
        assert!(
            connector_host::describe(error).contains("m-1"),
            "the message is named"
        );
        assert_eq!(server.actions(), ["ReceiveMessage"], "nothing was deleted");
        let lax = Client::open(&server.service(), &[("verify-checksums", "false")]).await;
        let message = lax
            .receive(sqs::QUEUE_URL, &settings)
            .await
            .expect("a message")
            .remove(0);
        assert_eq!(message.body(), "the body as it came");
    }
}

#[tokio::test]
async fn messages_that_came_are_handed_over_where_a_later_request_fails() {
    let server = Server::start(|request| match request.number {
        0 => {
            let all: Vec<_> = (0..10)
                .map(|index| sqs::message(&index.to_string(), "came"))
                .collect();
            sqs::messages(&all)
        }
        _ => Reply::fault(403, "AccessDenied", "no longer"),
    })
    .await;
    let client = Client::open(&server.service(), &[]).await;
    let settings = [("maximum-message-count", "-1")];
    let received = client
        .receive(sqs::QUEUE_URL, &settings)
        .await
        .expect("the messages that came");
    assert_eq!(received.len(), 10);
    let last = received.last().expect("a message");
    assert!(last.words("incomplete-reason").contains("AccessDenied"));
}
