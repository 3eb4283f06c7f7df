//! `return-errors-as-documents`: faults of the service as documents, and codes that nobody knows.

use connector_host::contract::Document;
use end_to_end::client::Client;
use end_to_end::document::{Read, With, empty, text};
use end_to_end::environment::localstack;
use end_to_end::error::{fault, fields, kind};
use end_to_end::made::{Made, json_of};
use end_to_end::server::{Reply, Server};
use end_to_end::sqs;
use serde_json::{Value, json};

const AS_DOCUMENTS: &[(&str, &str)] = &[("return-errors-as-documents", "true")];

/// That the document tells of a fault, in its properties and in its payload.
fn tells(document: &Document, error_kind: &str, code: &str) {
    assert_eq!(document.words("error-kind"), error_kind);
    assert_eq!(document.words("error-code"), code);
    assert!(document.property("http-status").is_u64());
    let payload = json_of(document);
    assert_eq!(payload["Error"]["Code"], code);
    assert_eq!(payload["Error"]["Message"], document.words("error-message"));
    assert_eq!(payload["RequestId"], document.property("request-id"));
    assert_eq!(document.content_type.as_deref(), Some("application/json"));
}

#[tokio::test]
async fn a_missing_queue_becomes_a_document_of_every_kind_of_operation() {
    let client = Client::open(&localstack(), &[]).await;
    let queue = Made::standard(&client, &[]).await;
    let (name, url) = (queue.name.clone(), queue.url.clone());
    queue.delete().await;
    for object in [&*name, &*url] {
        for operation in ["get-queue-attributes", "list-queue-tags", "send", "receive"] {
            // Fit for all of them: a body, and a request without members.
            let document = client
                .execute(operation, Some(object), AS_DOCUMENTS, &[text("{}")])
                .await
                .expect("a call")
                .remove(0)
                .output
                .expect("a document")
                .remove(0);
            tells(&document, "not-found", "QueueDoesNotExist");
        }
        let error = client
            .one("queue-depth", Some(object), &[], &Value::Null)
            .await
            .expect_err("without the setting it is an error");
        assert_eq!(kind(&error), "not-found");
    }
}

#[tokio::test]
async fn good_documents_beside_it_stay_what_they_are() {
    let client = Client::open(&localstack(), &[]).await;
    let queue = Made::standard(&client, &[]).await;
    let documents = [
        text("good").with("queue", &queue.url),
        text("lost").with("queue", "no-such-queue-anywhere"),
        empty().with("queue", &queue.url),
    ];
    let mut outputs = client
        .execute("send", Some("dynamic"), AS_DOCUMENTS, &documents)
        .await
        .expect("a call")
        .into_iter()
        .map(|outcome| outcome.output);
    let mut next = || outputs.next().expect("an outcome");
    let good = next().expect("it is sent").remove(0);
    assert!(!good.words("message-id").is_empty());
    assert_eq!(good.properties("error-"), []);
    let lost = next().expect("a document").remove(0);
    tells(&lost, "not-found", "QueueDoesNotExist");
    // What was never sent is no answer of the service.
    let empty = next().expect_err("an empty body cannot be sent");
    assert_eq!(fields(&empty), ["payload"]);
    client.drain(&queue.url, 1).await;

    let deleted = text("").with("receipt-handle", "this-handle-is-nobody-s");
    let document = client
        .execute("delete", Some(&queue.url), AS_DOCUMENTS, &[deleted])
        .await
        .expect("a call")
        .remove(0)
        .output
        .expect("a document")
        .remove(0);
    assert!(!document.words("error-code").is_empty());
    queue.delete().await;
}

#[tokio::test]
async fn a_code_that_nobody_knows_is_kept_as_it_is() {
    let server = Server::start(|request| match request.action() {
        "SendMessageBatch" => {
            let entries = sqs::entries(&request.json());
            let failed: Vec<_> = entries
                .iter()
                .map(|entry| {
                    sqs::refused(
                        entry["Id"].as_str().unwrap_or_default(),
                        "Brand.New#1",
                        true,
                    )
                })
                .collect();
            Reply::json(200, &json!({ "Failed": failed }))
        }
        _ => Reply::fault(418, "BrandNewFault", "words of a later year"),
    })
    .await;
    let client = Client::open(&server.service(), &[]).await;
    for operation in ["purge-queue", "receive", "send"] {
        let one = [text("{}")];
        let error = client
            .execute(operation, Some(sqs::QUEUE_URL), &[], &one)
            .await
            .map(|mut outcomes| outcomes.remove(0).output)
            .expect("a call")
            .expect_err("a fault");
        assert_eq!(fault(&error).code, "BrandNewFault", "{operation}");
        assert_eq!(fault(&error).http_status, 418, "{operation}");
        let document = client
            .execute(operation, Some(sqs::QUEUE_URL), AS_DOCUMENTS, &one)
            .await
            .expect("a call")
            .remove(0)
            .output
            .expect("a document")
            .remove(0);
        tells(&document, kind(&error), "BrandNewFault");
        assert_eq!(document.property("http-status"), 418, "{operation}");
    }
    let two = [text("x"), text("y")];
    for sent in client.send(sqs::QUEUE_URL, &two).await {
        let error = sent.expect_err("an entry that was refused");
        assert_eq!(fault(&error).code, "Brand.New#1");
    }
}
