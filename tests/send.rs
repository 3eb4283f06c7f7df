//! `send`: what goes in comes out, on LocalStack.

use connector_host::contract::Value;
use end_to_end::client::{Client, failed};
use end_to_end::document::{Read, With, base64, text};
use end_to_end::environment::localstack;
use end_to_end::queue::Queue;
use end_to_end::random::Data;
use end_to_end::server::Server;
use end_to_end::sqs;
use serde_json::json;

#[tokio::test]
async fn a_message_comes_back_as_it_was_sent_with_the_service_s_word_for_it() {
    let queue = Queue::standard().await;
    let client = Client::open(&queue.service, &[]).await;
    let body = "  two words\r\n\tand a \"quote\" \\ \u{7f} ";
    let sent = client
        .send(&queue.url, &[text(body)])
        .await
        .remove(0)
        .expect("it is sent");
    assert_eq!(sent.words("queue-url"), queue.url);
    assert_eq!(sent.words("md5-of-message-body"), sqs::md5(body));
    assert!(!sent.words("request-id").is_empty());
    let received = client.drain(&queue.url, 1).await.remove(0);
    assert_eq!(received.body(), body);
    assert_eq!(received.words("message-id"), sent.words("message-id"));
    queue.delete().await;
}

#[tokio::test]
async fn ten_attributes_of_every_type_survive_byte_for_byte() {
    let queue = Queue::standard().await;
    let client = Client::open(&queue.service, &[]).await;
    let every_byte: Vec<u8> = (0..=255).collect();
    let document = text("attributes")
        .with("attribute.text", "grüße 🦀 \u{10ffff}\ttab")
        .with("attribute.labelled", "de-AT")
        .with("attribute-type.labelled", "String.locale")
        .with_value("attribute.whole", Value::Integer(-42))
        .with_value("attribute.int", Value::Integer(i64::MAX))
        .with("attribute-type.int", "Number.int")
        .with("attribute.decimal", "4563442423554324.32543234")
        .with("attribute-type.decimal", "Number.float")
        .with("attribute.padded", "007.50")
        .with("attribute-type.padded", "Number")
        .with_value("attribute.bytes", Value::Bytes(every_byte.clone()))
        .with_value("attribute.image", Value::Bytes(vec![0x00, 0xff, 0x00]))
        .with("attribute-type.image", "Binary.gif")
        .with("attribute.a-b_c.d", "dotted name")
        .with("attribute.numeral", "42");
    let sent = client
        .send(&queue.url, &[document])
        .await
        .remove(0)
        .expect("it is sent");
    let received = client.drain(&queue.url, 1).await.remove(0);
    assert_eq!(
        received.properties("attribute."),
        [
            ("attribute.a-b_c.d", json!("dotted name")),
            ("attribute.bytes", base64(&every_byte)),
            ("attribute.decimal", json!("4563442423554324.32543234")),
            ("attribute.image", base64(&[0x00, 0xff, 0x00])),
            ("attribute.int", json!(i64::MAX)),
            ("attribute.labelled", json!("de-AT")),
            ("attribute.numeral", json!("42")),
            ("attribute.padded", json!("007.50")),
            ("attribute.text", json!("grüße 🦀 \u{10ffff}\ttab")),
            ("attribute.whole", json!(-42)),
        ]
        .map(|(name, value)| (name.to_owned(), value))
    );
    let types = [
        "labelled", "int", "decimal", "bytes", "image", "numeral", "whole",
    ]
    .map(|name| received.words(&format!("attribute-type.{name}")));
    let expected = [
        "String.locale",
        "Number.int",
        "Number.float",
        "Binary",
        "Binary.gif",
        "String",
        "Number",
    ];
    assert_eq!(types, expected);
    let sums = [&sent, &received].map(|document| document.words("md5-of-message-attributes"));
    assert_eq!(sums.first(), sums.last());
    queue.delete().await;
}

#[tokio::test]
async fn unicode_of_every_length_survives() {
    let queue = Queue::standard().await;
    let client = Client::open(&queue.service, &[]).await;
    let mut data = Data::seeded(1);
    let bodies: Vec<String> = (4..27)
        .map(|length| format!("{length} {}", data.unicode(length * length)))
        .collect();
    let documents: Vec<_> = bodies.iter().map(text).collect();
    for sent in client.send(&queue.url, &documents).await {
        assert!(sent.is_ok(), "{}", failed(sent));
    }
    let mut received: Vec<String> = client
        .drain(&queue.url, bodies.len())
        .await
        .iter()
        .map(|message| message.body().to_owned())
        .collect();
    let mut expected = bodies;
    expected.sort();
    received.sort();
    assert_eq!(received, expected);
    queue.delete().await;
}

#[tokio::test]
async fn a_delayed_message_is_not_there_yet_and_one_beside_it_is() {
    let queue = Queue::standard().await;
    let client = Client::open(&queue.service, &[]).await;
    let late = text("late").with_value("delay-seconds", Value::Integer(900));
    for sent in client.send(&queue.url, &[late, text("now")]).await {
        assert!(sent.is_ok(), "{}", failed(sent));
    }
    assert_eq!(queue.messages().await, [1, 0, 1]);
    // The setting holds for all documents but those with a word of their own.
    let own = text("own").with("delay-seconds", "0");
    let settings = [("delay-seconds", "900")];
    client
        .execute("send", Some(&queue.url), &settings, &[text("late"), own])
        .await
        .expect("a call");
    assert_eq!(queue.messages().await, [2, 0, 2]);
    queue.delete().await;
}

#[tokio::test]
async fn the_trace_header_travels_as_a_system_attribute_and_is_checked() {
    const HEADER: &str =
        "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";
    let queue = Queue::standard().await;
    let client = Client::open(&queue.service, &[]).await;
    let traced = text("traced").with("aws-trace-header", HEADER);
    let sent = client
        .send(&queue.url, &[traced])
        .await
        .remove(0)
        .expect("it is sent");
    // The checksum that AWS's own answer has for this header.
    assert_eq!(
        sent.words("md5-of-message-system-attributes"),
        "5ae4d5d7636402d80f4eb6d213245a88"
    );
    let received = client.drain(&queue.url, 1).await.remove(0);
    assert_eq!(received.words("aws-trace-header"), HEADER);
    queue.delete().await;
}

#[tokio::test]
async fn a_fifo_queue_gets_group_deduplication_id_and_sequence_number() {
    let queue = Queue::fifo().await;
    let client = Client::open(&queue.service, &[]).await;
    let document = text("one")
        .with("message-group-id", "g!1")
        .with("message-deduplication-id", "d:1");
    let again = document.clone();
    let sent = client
        .send(&queue.url, &[document])
        .await
        .remove(0)
        .expect("it is sent");
    assert_eq!(sent.words("message-group-id"), "g!1");
    assert_eq!(sent.words("message-deduplication-id"), "d:1");
    client
        .send(&queue.url, &[again])
        .await
        .remove(0)
        .expect("a repetition is taken, too");
    let received = client.drain(&queue.url, 1).await.remove(0);
    assert_eq!(received.words("message-group-id"), "g!1");
    assert_eq!(received.words("message-deduplication-id"), "d:1");
    assert_eq!(
        received.words("sequence-number"),
        sent.words("sequence-number")
    );
    assert_eq!(
        queue.messages().await,
        [0, 0, 0],
        "the repetition is no second message"
    );
    queue.delete().await;
}

#[tokio::test]
async fn a_standard_queue_takes_a_group_id_for_fair_sharing() {
    // What is sent counts; then that a server takes it.
    let server = Server::start(sqs::obey).await;
    let client = Client::open(&server.service(), &[]).await;
    let document = text("tenant").with("message-group-id", "tenant-7");
    let sent = client
        .send(sqs::QUEUE_URL, &[document])
        .await
        .remove(0)
        .expect("it is sent");
    assert_eq!(sent.words("message-group-id"), "tenant-7");
    assert_eq!(server.requests()[0].json()["MessageGroupId"], "tenant-7");

    let queue = Queue::standard().await;
    let client = Client::open(&queue.service, &[]).await;
    let document = text("tenant").with("message-group-id", "tenant-7");
    let sent = client.send(&queue.url, &[document]).await.remove(0);
    assert!(sent.is_ok(), "{}", failed(sent));
    client.drain(&queue.url, 1).await;
    queue.delete().await;
}

#[tokio::test]
async fn each_document_can_name_its_queue_and_a_name_is_resolved_once() {
    let server = Server::start(sqs::obey).await;
    let client = Client::open(&server.service(), &[]).await;
    let documents: Vec<_> = (0..40)
        .map(|number| {
            text(format!("{number}")).with("queue", if number % 2 == 0 { "even" } else { "odd" })
        })
        .collect();
    for round in 0..2 {
        for (number, sent) in client
            .each("send", Some("dynamic"), &documents)
            .await
            .into_iter()
            .enumerate()
        {
            let sent = sent.expect("it is sent");
            let name = if number % 2 == 0 { "even" } else { "odd" };
            assert!(sent.words("queue-url").ends_with(name), "round {round}");
            assert_eq!(
                sent.words("md5-of-message-body"),
                sqs::md5(&number.to_string())
            );
        }
    }
    let actions = server.actions();
    let count = |wanted: &str| actions.iter().filter(|action| *action == wanted).count();
    assert_eq!(count("GetQueueUrl"), 2, "{actions:?}");
    assert_eq!(count("SendMessageBatch"), 8, "{actions:?}");
    for request in server
        .requests()
        .iter()
        .filter(|request| request.action() == "SendMessageBatch")
    {
        let input = request.json();
        let even = input["QueueUrl"].as_str().expect("a URL").ends_with("even");
        for entry in sqs::entries(&input) {
            let number: usize = entry["MessageBody"]
                .as_str()
                .expect("a body")
                .parse()
                .expect("a number");
            assert_eq!(
                number.is_multiple_of(2),
                even,
                "a message for the other queue"
            );
        }
    }
}

#[tokio::test]
async fn a_document_whose_queue_is_missing_fails_alone() {
    let queue = Queue::standard().await;
    let client = Client::open(&localstack(), &[("default-queue", &queue.name)]).await;
    let missing = text("lost").with("queue", "no-such-queue-anywhere");
    let unnamed = text("kept");
    let mut results = client
        .each("send", None, &[missing.clone(), unnamed, missing])
        .await;
    let kept = results.remove(1);
    assert!(kept.is_ok(), "{}", failed(kept));
    for result in results {
        let error = result.expect_err("there is no such queue");
        assert_eq!(end_to_end::error::kind(&error), "not-found");
        assert_eq!(end_to_end::error::fault(&error).code, "QueueDoesNotExist");
    }
    assert_eq!(client.drain(&queue.url, 1).await.remove(0).body(), "kept");
    queue.delete().await;
}
