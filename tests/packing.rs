//! How documents are packed into requests, and how answers are matched to them again.

use end_to_end::bounded;
use end_to_end::client::{Client, failed};
use end_to_end::document::{Read, With, text};
use end_to_end::error::{fault, kind};
use end_to_end::random::Data;
use end_to_end::server::{Gate, Reply, Server};
use end_to_end::sqs;
use serde_json::{Value, json};

const MEBIBYTE: usize = 1_048_576;

#[tokio::test]
async fn one_document_uses_send_message_and_eleven_two_requests() {
    let server = Server::start(sqs::obey).await;
    let client = Client::open(&server.service(), &[]).await;
    client
        .send(sqs::QUEUE_URL, &[text("one")])
        .await
        .remove(0)
        .expect("it is sent");
    assert_eq!(server.actions(), ["SendMessage"]);
    let request = server.requests().remove(0);
    assert_eq!(request.line, "POST /");
    assert_eq!(request.header("content-type"), "application/x-amz-json-1.0");
    assert_eq!(
        request.json(),
        json!({ "QueueUrl": sqs::QUEUE_URL, "MessageBody": "one" })
    );

    let documents: Vec<_> = (0..11).map(|number| text(number.to_string())).collect();
    for (number, sent) in client
        .send(sqs::QUEUE_URL, &documents)
        .await
        .into_iter()
        .enumerate()
    {
        let sent = sent.expect("it is sent");
        assert_eq!(
            sent.words("md5-of-message-body"),
            sqs::md5(&number.to_string())
        );
    }
    let mut actions = server.actions().split_off(1);
    actions.sort();
    assert_eq!(actions, ["SendMessage", "SendMessageBatch"]);
}

#[tokio::test]
async fn batches_hold_ten_entries_and_one_mebibyte_at_most_and_are_as_full_as_order_allows() {
    let server = Server::start(sqs::obey).await;
    let client = Client::open(&server.service(), &[("verify-checksums", "false")]).await;
    let mut data = Data::seeded(7);
    let sizes: Vec<usize> = (0..60).map(|_| data.between(1, 400_000)).collect();
    let documents: Vec<_> = sizes
        .iter()
        .map(|size| text(data.ascii(*size)).with("attribute.kind", "größe"))
        .collect();
    for sent in client.send(sqs::QUEUE_URL, &documents).await {
        assert!(sent.is_ok(), "{}", failed(sent));
    }
    // What each document counts for: its body, and name, type and value of the attribute.
    let counted: Vec<usize> = sizes
        .iter()
        .map(|size| size + "kind".len() + "String".len() + "größe".len())
        .collect();
    let mut expected: Vec<Vec<usize>> = Vec::new();
    for size in &counted {
        match expected.last_mut() {
            Some(batch) if batch.len() < 10 && batch.iter().sum::<usize>() + size <= MEBIBYTE => {
                batch.push(*size)
            }
            _ => expected.push(vec![*size]),
        }
    }
    let mut seen: Vec<Vec<usize>> = Vec::new();
    for request in server.requests() {
        let input = request.json();
        let entries = match request.action() {
            "SendMessage" => vec![input],
            _ => sqs::entries(&input),
        };
        let sizes: Vec<usize> = entries.iter().map(sqs::counted_bytes).collect();
        assert!(
            sizes.iter().sum::<usize>() <= MEBIBYTE,
            "a batch of {sizes:?}"
        );
        seen.push(sizes);
    }
    // They go out side by side: any order of requests will do.
    seen.sort();
    expected.sort();
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn a_batch_of_exactly_one_mebibyte_is_one_request() {
    let server = Server::start(sqs::obey).await;
    let client = Client::open(&server.service(), &[]).await;
    let half = MEBIBYTE / 2;
    let halves = [text("a".repeat(half)), text("b".repeat(half)), text("c")];
    for sent in client.send(sqs::QUEUE_URL, &halves).await {
        assert!(sent.is_ok(), "{}", failed(sent));
    }
    let mut actions = server.actions();
    actions.sort();
    assert_eq!(actions, ["SendMessage", "SendMessageBatch"]);
}

#[tokio::test]
async fn as_many_requests_are_under_way_as_the_setting_says_and_no_more() {
    let gate = Gate::new();
    let held = gate.clone();
    let server =
        Server::start(move |request| Reply::Held(held.clone(), Box::new(sqs::obey(request)))).await;
    let client = Client::open(&server.service(), &[("max-in-flight", "3")]).await;
    let documents: Vec<_> = (0..100).map(|number| text(number.to_string())).collect();
    let sending = client.send(sqs::QUEUE_URL, &documents);
    let watching = async {
        server.requested(3).await;
        // Whatever else were to come would be under way by the time that a fourth connection was
        // made and served beside it.
        let other = Client::open(&server.service(), &[]).await;
        let document = [text("probe")];
        let probe = other.send(sqs::QUEUE_URL, &document);
        let seen = async {
            server.requested(4).await;
            assert_eq!(
                server
                    .actions()
                    .iter()
                    .filter(|action| *action == "SendMessageBatch")
                    .count(),
                3
            );
            gate.open();
        };
        tokio::join!(probe, seen).0.remove(0).expect("it is sent");
    };
    let (sent, ()) = tokio::join!(sending, watching);
    for result in sent {
        assert!(result.is_ok(), "{}", failed(result));
    }
    assert_eq!(server.requests().len(), 11);
}

#[tokio::test]
async fn outcomes_stand_in_the_order_of_the_documents_whatever_the_order_of_answers() {
    let gate = Gate::new();
    let held = gate.clone();
    let server = Server::start(move |request| {
        let mut done = Vec::new();
        for entry in sqs::entries(&request.json()).iter().rev() {
            done.push(sqs::sent(entry, entry["Id"].as_str()));
        }
        let reply = Reply::json(200, &json!({ "Successful": done, "Failed": [] }));
        // The first request is answered last.
        if request.number == 0 {
            Reply::Held(held.clone(), Box::new(reply))
        } else {
            reply
        }
    })
    .await;
    let client = Client::open(&server.service(), &[]).await;
    let documents: Vec<_> = (0..30).map(|number| text(number.to_string())).collect();
    let sending = client.send(sqs::QUEUE_URL, &documents);
    let releasing = async {
        server.requested(3).await;
        gate.open();
    };
    let (results, ()) = bounded("sending", async { tokio::join!(sending, releasing) }).await;
    for (number, sent) in results.into_iter().enumerate() {
        let sent = sent.expect("it is sent");
        assert_eq!(
            sent.words("md5-of-message-body"),
            sqs::md5(&number.to_string())
        );
        assert_eq!(
            sent.words("message-id"),
            format!("id of {}", sqs::md5(&number.to_string()))
        );
    }
}

/// A server that answers each batch with what the function makes of its entries.
async fn judging(judge: impl Fn(&[Value]) -> Value + Send + Sync + 'static) -> Server {
    Server::start(move |request| match request.action() {
        "SendMessageBatch" => Reply::json(200, &judge(&sqs::entries(&request.json()))),
        _ => sqs::obey(request),
    })
    .await
}

#[tokio::test]
async fn a_failed_entry_fails_its_own_document_only() {
    let server = judging(|entries| {
        let (failed, done): (Vec<_>, Vec<_>) = entries.iter().partition(|entry| entry["MessageBody"] == "bad");
        json!({
            "Successful": done.iter().map(|entry| sqs::sent(entry, entry["Id"].as_str())).collect::<Vec<_>>(),
            "Failed": failed
                .iter()
                .map(|entry| sqs::refused(entry["Id"].as_str().unwrap_or_default(), "InvalidMessageContents", true))
                .collect::<Vec<_>>(),
        })
    })
    .await;
    let client = Client::open(&server.service(), &[]).await;
    let results = client
        .send(sqs::QUEUE_URL, &["good", "bad", "good"].map(text))
        .await;
    for (index, result) in results.into_iter().enumerate() {
        match result {
            Ok(_) => assert_ne!(index, 1),
            Err(error) => {
                assert_eq!((index, kind(&error)), (1, "rejected"));
                let fault = fault(&error);
                assert_eq!(
                    (fault.code.as_str(), fault.http_status, fault.attempts),
                    ("InvalidMessageContents", 200, 1)
                );
            }
        }
    }
    assert_eq!(
        server.requests().len(),
        1,
        "what the caller has to mend is not tried again"
    );
}

#[tokio::test]
async fn an_entry_that_the_answer_does_not_mention_once_is_an_error_of_its_document() {
    let server = judging(|entries| {
        let done = |index: usize| sqs::sent(&entries[index], entries[index]["Id"].as_str());
        json!({
            // 0: well; 1: nowhere; 2: twice; 3: in both lists; and two that nobody sent.
            "Successful": [done(0), done(2), done(2), done(3), { "Id": "77", "MessageId": "x" }],
            "Failed": [sqs::refused("3", "InvalidMessageContents", true), sqs::refused("what", "InternalError", false)],
        })
    })
    .await;
    let client = Client::open(&server.service(), &[]).await;
    let results = client
        .send(sqs::QUEUE_URL, &["0", "1", "2", "3"].map(text))
        .await;
    let kinds: Vec<_> = results
        .iter()
        .map(|result| result.as_ref().map_or_else(kind, |_| "sent"))
        .collect();
    assert_eq!(kinds, ["sent", "corrupted", "corrupted", "corrupted"]);
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn only_entries_that_failed_for_a_passing_reason_are_sent_again() {
    let server = Server::start(|request| {
        let input = request.json();
        if request.number > 0 {
            return sqs::obey(request);
        }
        let entries = sqs::entries(&input);
        Reply::json(
            200,
            &json!({
                "Successful": [sqs::sent(&entries[0], Some("0"))],
                "Failed": [
                    // AWS calls some throttling the sender's fault.
                    sqs::refused("1", "RequestThrottled", true),
                    sqs::refused("2", "InvalidMessageContents", true),
                    sqs::refused("3", "InternalError", false),
                ],
            }),
        )
    })
    .await;
    let client = Client::open(&server.service(), &[]).await;
    let results = client
        .send(sqs::QUEUE_URL, &["zero", "one", "two", "three"].map(text))
        .await;
    let kinds: Vec<_> = results
        .iter()
        .map(|result| result.as_ref().map_or_else(kind, |_| "sent"))
        .collect();
    assert_eq!(kinds, ["sent", "sent", "rejected", "sent"]);
    let again: Vec<_> = sqs::entries(&server.requests()[1].json())
        .iter()
        .map(|entry| entry["MessageBody"].as_str().unwrap_or_default().to_owned())
        .collect();
    assert_eq!(again, ["one", "three"]);
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn a_wrong_checksum_in_the_answer_is_corrupted_unless_checksums_are_not_wanted() {
    let server = judging(|entries| {
        let mut done: Vec<_> = entries
            .iter()
            .map(|entry| sqs::sent(entry, entry["Id"].as_str()))
            .collect();
        done[1]["MD5OfMessageBody"] = json!(sqs::md5("something else"));
        done[2]["MD5OfMessageAttributes"] = json!(sqs::md5("something else"));
        json!({ "Successful": done })
    })
    .await;
    let documents = ["a", "b", "c"].map(|body| text(body).with("attribute.n", "v"));
    let strict = Client::open(&server.service(), &[]).await;
    let results = strict.send(sqs::QUEUE_URL, &documents).await;
    let kinds: Vec<_> = results
        .iter()
        .map(|result| result.as_ref().map_or_else(kind, |_| "sent"))
        .collect();
    assert_eq!(kinds, ["sent", "corrupted", "corrupted"]);
    let lax = Client::open(&server.service(), &[("verify-checksums", "false")]).await;
    assert!(
        lax.send(sqs::QUEUE_URL, &documents)
            .await
            .iter()
            .all(Result::is_ok)
    );
}
