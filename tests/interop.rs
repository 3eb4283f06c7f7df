//! boto3 reads what the plugin sent and the plugin what boto3 sent; servers that check signatures
//! accept the plugin's and refuse wrong ones.

use connector_host::contract::Value;
use end_to_end::client::{Client, failed};
use end_to_end::document::{Read, With, base64, text};
use end_to_end::environment::{
    Service, localstack, localstack_session, ministack, ministack_denied, ministack_session,
};
use end_to_end::error::{fault, kind};
use end_to_end::python::boto3;
use end_to_end::queue::Queue;
use end_to_end::random::Data;
use serde_json::json;

/// Bodies of many sorts, each one different.
fn bodies() -> Vec<String> {
    let mut data = Data::seeded(3);
    let mut bodies = vec![
        " ".to_owned(),
        "\t\r\n".to_owned(),
        "{\"json\": [1, \"\\u0041\", null]}".to_owned(),
        "\u{7f}\u{80}\u{d7ff}\u{e000}\u{fffd}\u{10000}\u{10ffff}".to_owned(),
        "e\u{301} is not é".to_owned(),
        "&lt;&#13;<![CDATA[]]>%00+/=".to_owned(),
    ];
    bodies.extend(
        [1, 100, 5_000, 300_000].map(|length| format!("{length}:{}", data.unicode(length))),
    );
    bodies.push(data.ascii(900_000));
    bodies.push("é".repeat(1_048_576 / 2));
    bodies.sort();
    bodies
}

#[tokio::test]
async fn boto3_reads_what_the_plugin_sent_byte_for_byte() {
    let queue = Queue::standard().await;
    let client = Client::open(&queue.service, &[]).await;
    let every_byte: Vec<u8> = (0..=255).collect();
    let document = text("with attributes")
        .with("attribute.text", "grüße\n🦀")
        .with_value("attribute.number", Value::Integer(-7))
        .with("attribute.decimal", "1.50")
        .with("attribute-type.decimal", "Number.price")
        .with_value("attribute.bytes", Value::Bytes(every_byte.clone()))
        .with_value("attribute.image", Value::Bytes(vec![0, 255]))
        .with("attribute-type.image", "Binary.gif");
    client
        .send(&queue.url, &[document])
        .await
        .remove(0)
        .expect("it is sent");
    let receive = json!({ "QueueUrl": queue.url, "MaxNumberOfMessages": 1, "WaitTimeSeconds": 5, "MessageAttributeNames": ["All"] });
    let answer = boto3(&queue.service, &[("receive_message", receive)])
        .await
        .remove(0);
    let message = &answer["Messages"][0];
    assert_eq!(message["Body"], "with attributes");
    assert_eq!(
        message["MessageAttributes"],
        json!({
            "text": { "DataType": "String", "StringValue": "grüße\n🦀" },
            "number": { "DataType": "Number", "StringValue": "-7" },
            "decimal": { "DataType": "Number.price", "StringValue": "1.50" },
            "bytes": { "DataType": "Binary", "BinaryValue": base64(&every_byte) },
            "image": { "DataType": "Binary.gif", "BinaryValue": base64(&[0, 255]) },
        })
    );
    let handle = json!({ "QueueUrl": queue.url, "ReceiptHandle": message["ReceiptHandle"] });
    boto3(&queue.service, &[("delete_message", handle)]).await;

    let bodies = bodies();
    let documents: Vec<_> = bodies.iter().map(text).collect();
    for sent in client.send(&queue.url, &documents).await {
        assert!(sent.is_ok(), "{}", failed(sent));
    }
    // One at a time, and a few more: short polls may come back empty.
    let receive = json!({ "QueueUrl": queue.url, "MaxNumberOfMessages": 10, "WaitTimeSeconds": 1 });
    let calls: Vec<_> = (0..4)
        .map(|_| ("receive_message", receive.clone()))
        .collect();
    let mut received: Vec<String> = boto3(&queue.service, &calls)
        .await
        .iter()
        .flat_map(|answer| answer["Messages"].as_array().cloned().unwrap_or_default())
        .map(|message| message["Body"].as_str().expect("a body").to_owned())
        .collect();
    received.sort();
    assert!(
        received == bodies,
        "{} of {} bodies, not all equal",
        received.len(),
        bodies.len()
    );
    queue.delete().await;
}

#[tokio::test]
async fn the_plugin_reads_what_boto3_sent_byte_for_byte() {
    let queue = Queue::standard().await;
    let client = Client::open(&queue.service, &[]).await;
    let every_byte: Vec<u8> = (0..=255).rev().collect();
    let bodies = bodies();
    let mut calls: Vec<_> = bodies
        .iter()
        .map(|body| {
            (
                "send_message",
                json!({ "QueueUrl": queue.url, "MessageBody": body }),
            )
        })
        .collect();
    for ((_, parameters), _) in calls.iter_mut().zip(0..1) {
        parameters["MessageAttributes"] = json!({
            "text": { "DataType": "String", "StringValue": "grüße\n🦀" },
            "number": { "DataType": "Number", "StringValue": "42" },
            "padded": { "DataType": "Number", "StringValue": "042.0" },
            "int": { "DataType": "Number.int", "StringValue": "42" },
            "bytes": { "DataType": "Binary", "BinaryValue": base64(&every_byte) },
            "image": { "DataType": "Binary.gif", "BinaryValue": base64(&[255, 0]) },
        });
    }
    for answer in boto3(&queue.service, &calls).await {
        assert!(answer["MessageId"].is_string(), "{answer}");
    }
    let mut received = client.drain(&queue.url, bodies.len()).await;
    received.sort_by(|left, right| left.payload.cmp(&right.payload));
    let same = received
        .iter()
        .map(Read::body)
        .eq(bodies.iter().map(String::as_str));
    assert!(same, "not all bodies are equal");
    assert_eq!(
        received[0].properties("attribute."),
        [
            ("attribute.bytes", base64(&every_byte)),
            ("attribute.image", base64(&[255, 0])),
            ("attribute.int", json!(42)),
            ("attribute.number", json!(42)),
            ("attribute.padded", json!("042.0")),
            ("attribute.text", json!("grüße\n🦀")),
        ]
        .map(|(name, value)| (name.to_owned(), value))
    );
    assert_eq!(received[0].words("attribute-type.int"), "Number.int");
    assert_eq!(received[0].words("attribute-type.image"), "Binary.gif");
    queue.delete().await;
}

/// Everything that is signed differently: a small body, a large one, one beyond ASCII, a batch,
/// and every action of the main job.
async fn is_accepted(service: &Service) {
    let queue = Queue::create(service, "", &[]).await;
    let client = Client::open(service, &[("default-queue", &queue.name)]).await;
    client.test().await.expect("the test of the connection");
    let documents = [
        "small".to_owned(),
        "grüße 🦀".to_owned(),
        "l".repeat(200_000),
    ]
    .map(text);
    for sent in client.send(&queue.name, &documents).await {
        assert!(sent.is_ok(), "{}", failed(sent));
    }
    client
        .send(&queue.name, &documents[..1])
        .await
        .remove(0)
        .expect("it is sent");
    client.drain(&queue.name, 4).await;
    let objects = client
        .connection()
        .browse("send", Some(&queue.name))
        .await
        .expect("queues");
    assert!(
        objects.iter().any(|object| object.id == queue.url),
        "the queue is listed"
    );
    queue.delete().await;
}

#[tokio::test]
async fn localstack_accepts_signatures_with_plain_keys() {
    is_accepted(&localstack()).await;
}

#[tokio::test]
async fn localstack_accepts_signatures_with_a_session_token() {
    is_accepted(&localstack_session()).await;
}

#[tokio::test]
async fn ministack_accepts_signatures_with_plain_keys() {
    is_accepted(&ministack()).await;
}

#[tokio::test]
async fn ministack_accepts_signatures_with_a_session_token() {
    is_accepted(&ministack_session()).await;
}

/// Wrong credentials are told as such, and mended ones work on the same connection.
async fn is_refused(good: &Service, wrong: &Service) {
    let queue = Queue::create(good, "", &[]).await;
    let client = Client::open(wrong, &[]).await;
    let error = client
        .send(&queue.url, &[text("a body that is not sent")])
        .await
        .remove(0)
        .expect_err("refused");
    assert_eq!(
        kind(&error),
        "unauthenticated",
        "{}",
        connector_host::describe(&error)
    );
    let fault = fault(&error);
    assert!(
        (400..404).contains(&fault.http_status),
        "{}",
        fault.http_status
    );
    assert_eq!(fault.attempts, 1, "the same request would fail again");
    let error = client.test().await.expect_err("refused");
    assert_eq!(error.connector().map(kind), Some("unauthenticated"));

    let keys = &good.keys;
    let mut renewed = connector_host::Settings::new()
        .with("access-key-id", &*keys.id)
        .with("secret-access-key", &*keys.secret);
    if let Some(token) = &keys.token {
        renewed.set("session-token", Value::Text(token.clone()));
    }
    client
        .connection()
        .renew(renewed)
        .await
        .expect("new credentials");
    client
        .send(&queue.url, &[text("sent")])
        .await
        .remove(0)
        .expect("the next call works");
    assert_eq!(client.drain(&queue.url, 1).await.remove(0).body(), "sent");
    queue.delete().await;
}

fn spoilt(service: &Service, spoil: impl FnOnce(&mut Service)) -> Service {
    let mut wrong = service.clone();
    spoil(&mut wrong);
    wrong
}

#[tokio::test]
async fn a_wrong_secret_is_unauthenticated_and_the_right_one_works_after_it() {
    for good in [
        localstack(),
        localstack_session(),
        ministack(),
        ministack_session(),
    ] {
        let wrong = spoilt(&good, |service| {
            service.keys.secret = "a-wrong-secret-of-somebody-else".to_owned()
        });
        is_refused(&good, &wrong).await;
    }
}

#[tokio::test]
async fn an_unknown_access_key_is_unauthenticated() {
    for good in [localstack(), ministack()] {
        let wrong = spoilt(&good, |service| {
            service.keys.id = "AKIANOBODYNOBODYNOBO".to_owned()
        });
        is_refused(&good, &wrong).await;
    }
}

#[tokio::test]
async fn a_missing_or_wrong_session_token_is_refused() {
    for good in [localstack_session(), ministack_session()] {
        for token in [
            None,
            Some("a-token-of-another-session-altogether".to_owned()),
        ] {
            let wrong = spoilt(&good, |service| service.keys.token = token);
            is_refused(&good, &wrong).await;
        }
    }
}

#[tokio::test]
async fn a_user_without_permission_is_forbidden_and_told_which_one_the_test_needs() {
    let queue = Queue::create(&ministack(), "", &[]).await;
    let client = Client::open(&ministack_denied(), &[]).await;
    let error = client
        .send(&queue.url, &[text("x")])
        .await
        .remove(0)
        .expect_err("forbidden");
    assert_eq!(kind(&error), "forbidden");
    let error = client.test().await.expect_err("forbidden");
    assert_eq!(error.connector().map(kind), Some("forbidden"));
    assert!(error.to_string().contains("sqs:ListQueues"), "{error}");
    queue.delete().await;
}
