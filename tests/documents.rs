//! Documents that are no messages: refused with every problem at once, the others sent.

use connector_host::contract::{Document, Value};
use end_to_end::client::{Client, failed};
use end_to_end::document::{Read, With, text};
use end_to_end::error::{fields, kind};
use end_to_end::queue::Queue;
use end_to_end::server::Server;
use end_to_end::sqs;

const MEBIBYTE: usize = 1_048_576;

/// Sends each document between two good ones: it has to fail with exactly these fields, and the
/// good ones have to be sent.
async fn refused(cases: Vec<(Document, &[&str])>) {
    let server = Server::start(sqs::obey).await;
    let client = Client::open(&server.service(), &[]).await;
    for (document, expected) in cases {
        let shown = format!("{:?}", expected);
        let mut results = client
            .send(sqs::QUEUE_URL, &[text("good"), document, text("good")])
            .await;
        let error = results.remove(1).expect_err(&shown);
        assert_eq!(kind(&error), "invalid-document");
        assert_eq!(fields(&error), expected);
        for sent in results {
            assert!(sent.is_ok(), "{shown}: {}", failed(sent));
        }
        let last = server.requests().pop().expect("a request").json();
        assert_eq!(
            sqs::entries(&last).len(),
            2,
            "{shown}: the good ones, and no other"
        );
    }
}

#[tokio::test]
async fn a_body_has_to_be_text_that_sqs_takes() {
    let of_bytes = |payload: &[u8]| Document {
        payload: payload.to_vec(),
        ..text("")
    };
    refused(vec![
        (text("no\u{0}zero"), &["payload"]),
        (text("\u{b}"), &["payload"]),
        (text("\u{1f}"), &["payload"]),
        (text("\u{fffe}"), &["payload"]),
        (text("ends with \u{ffff}"), &["payload"]),
        (of_bytes(&[b'a', 0xff]), &["payload"]),
        (of_bytes(&[0xc3]), &["payload"]),
        // A surrogate, encoded as no encoder of UTF-8 may.
        (of_bytes(&[0xed, 0xa0, 0x80]), &["payload"]),
        (text(""), &["payload"]),
    ])
    .await;
}

#[tokio::test]
async fn attributes_have_to_fulfil_the_service_s_rules() {
    let eleven = (0..11).fold(text("eleven"), |document, number| {
        document.with(&format!("attribute.a{number}"), "x")
    });
    let mut cases: Vec<(Document, &[&str])> = vec![
        (eleven, &["attribute.*"]),
        (text("x").with("attribute.empty", ""), &["attribute.empty"]),
        (
            text("x").with_value("attribute.none", Value::Bytes(Vec::new())),
            &["attribute.none"],
        ),
        (
            text("x").with("attribute.control", "\u{1}"),
            &["attribute.control"],
        ),
        (
            text("x").with_value("attribute.flag", Value::Boolean(true)),
            &["attribute.flag"],
        ),
        (
            text("x")
                .with("attribute.t", "1")
                .with("attribute-type.t", "Float"),
            &["attribute.t"],
        ),
        (
            text("x")
                .with("attribute.t", "1")
                .with("attribute-type.t", "Number."),
            &["attribute.t"],
        ),
        (
            text("x")
                .with("attribute.t", "1")
                .with("attribute-type.t", "Binary"),
            &["attribute.t"],
        ),
        (
            text("x").with("attribute-type.lonely", "String"),
            &["attribute-type.lonely"],
        ),
    ];
    for name in [
        "attribute.",
        "attribute..a",
        "attribute.a.",
        "attribute.a..b",
        "attribute.a b",
        "attribute.ä",
        "attribute.AWS.x",
        "attribute.aws.x",
        "attribute.Amazon.x",
    ] {
        let expected: &'static [&'static str] = Box::leak(Box::new([name]));
        cases.push((text("x").with(name, "x"), expected));
    }
    refused(cases).await;
}

#[tokio::test]
async fn ten_attributes_and_a_name_of_256_characters_pass() {
    let server = Server::start(sqs::obey).await;
    let client = Client::open(&server.service(), &[("verify-checksums", "false")]).await;
    let ten = (0..10).fold(text("ten"), |document, number| {
        document.with(&format!("attribute.{}{number}", "n".repeat(255)), "x")
    });
    let sent = client.send(sqs::QUEUE_URL, &[ten]).await.remove(0);
    assert!(sent.is_ok(), "{}", failed(sent));
    let too_long = text("x").with(&format!("attribute.{}", "n".repeat(257)), "x");
    assert!(
        client
            .send(sqs::QUEUE_URL, &[too_long])
            .await
            .remove(0)
            .is_err()
    );
}

#[tokio::test]
async fn other_properties_have_to_fulfil_the_service_s_rules() {
    refused(vec![
        (
            text("x").with_value("delay-seconds", Value::Integer(901)),
            &["delay-seconds"],
        ),
        (
            text("x").with_value("delay-seconds", Value::Integer(-1)),
            &["delay-seconds"],
        ),
        (text("x").with("delay-seconds", "soon"), &["delay-seconds"]),
        (
            text("x").with("message-group-id", "with space"),
            &["message-group-id"],
        ),
        (
            text("x").with("message-group-id", &"g".repeat(129)),
            &["message-group-id"],
        ),
        (
            text("x").with("message-deduplication-id", "d"),
            &["message-deduplication-id"],
        ),
        (
            text("x").with("aws-trace-header", "\u{2}"),
            &["aws-trace-header"],
        ),
    ])
    .await;
}

#[tokio::test]
async fn a_fifo_queue_demands_a_group_and_takes_no_delay() {
    let server = Server::start(sqs::obey).await;
    let client = Client::open(&server.service(), &[]).await;
    let documents = [
        text("no group"),
        text("delayed")
            .with("message-group-id", "g")
            .with("delay-seconds", "5"),
        text("zero")
            .with("message-group-id", "h")
            .with("delay-seconds", "0"),
    ];
    let results = client.send(sqs::FIFO_URL, &documents).await;
    assert_eq!(
        fields(results[0].as_ref().expect_err("no group")),
        ["message-group-id"]
    );
    assert_eq!(
        fields(results[1].as_ref().expect_err("a delay")),
        ["delay-seconds"]
    );
    assert!(results[2].is_ok(), "a delay of zero is none");
}

#[tokio::test]
async fn every_problem_of_a_document_is_named_at_once() {
    refused(vec![(
        text("\u{0}")
            .with("attribute.", "x")
            .with("attribute.empty", "")
            .with("message-group-id", "a b")
            .with("delay-seconds", "901")
            .with("aws-trace-header", "\u{3}"),
        &[
            "delay-seconds",
            "attribute.",
            "attribute.empty",
            "payload",
            "message-group-id",
            "aws-trace-header",
        ],
    )])
    .await;
}

#[tokio::test]
async fn exactly_one_mebibyte_is_sent_and_one_byte_more_is_refused() {
    let queue = Queue::standard().await;
    let client = Client::open(&queue.service, &[]).await;
    let full = "m".repeat(MEBIBYTE);
    // Names, types and values of attributes count, in bytes.
    let attribute = "n".len() + "String".len() + "ü".len();
    let with_attribute = text("a".repeat(MEBIBYTE - attribute)).with("attribute.n", "ü");
    let too_long = text("a".repeat(MEBIBYTE - attribute + 1)).with("attribute.n", "ü");
    let documents = [
        text(full.clone() + "m"),
        text(full.clone()),
        too_long,
        with_attribute,
    ];
    let results = client.send(&queue.url, &documents).await;
    for (index, result) in results.into_iter().enumerate() {
        match result {
            Err(error) if index % 2 == 0 => {
                assert_eq!(fields(&error), ["payload"]);
                assert!(
                    connector_host::describe(&error).contains("1048576"),
                    "the limit is named"
                );
            }
            result => assert!(
                index % 2 == 1 && result.is_ok(),
                "document {index}: {}",
                failed(result)
            ),
        }
    }
    let received = client.drain(&queue.url, 2).await;
    assert!(
        received.iter().any(|message| message.body() == full),
        "all of it comes back"
    );
    queue.delete().await;
}

#[tokio::test]
async fn a_call_of_nothing_but_refused_documents_sends_nothing() {
    let server = Server::start(sqs::obey).await;
    let client = Client::open(&server.service(), &[]).await;
    let results = client
        .send(sqs::QUEUE_URL, &[text("\u{0}"), text("")])
        .await;
    assert!(results.iter().all(Result::is_err));
    assert_eq!(client.send(sqs::QUEUE_URL, &[]).await.len(), 0);
    assert_eq!(server.requests().len(), 0);
    assert!(
        client.send(sqs::QUEUE_URL, &[text("good")]).await[0].is_ok(),
        "the next call works"
    );
}
