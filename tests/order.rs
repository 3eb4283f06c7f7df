//! `send` to FIFO queues: every message group stays in order, also where something fails.

use std::collections::BTreeMap;

use connector_host::contract::Document;
use end_to_end::bounded;
use end_to_end::client::{Client, failed};
use end_to_end::document::{Read, With, text};
use end_to_end::error::kind;
use end_to_end::queue::Queue;
use end_to_end::server::{Gate, Reply, Server};
use end_to_end::sqs;
use serde_json::json;

/// The bodies of all entries that the server was sent, in the order of their coming.
fn bodies(server: &Server) -> Vec<String> {
    let requests = server.requests();
    let entries = requests
        .iter()
        .flat_map(|request| sqs::entries(&request.json()));
    entries
        .map(|entry| entry["MessageBody"].as_str().unwrap_or_default().to_owned())
        .collect()
}

/// A document of a group.
fn of(group: &str, body: impl Into<String>) -> Document {
    text(body).with("message-group-id", group)
}

#[tokio::test]
async fn groups_stay_in_order_over_many_batches_on_localstack() {
    let queue = Queue::fifo().await;
    let client = Client::open(&queue.service, &[]).await;
    let group = |number: usize| format!("group-{}", number * number % 7);
    let documents: Vec<_> = (0..130)
        .map(|number| of(&group(number), format!("{number:03}")))
        .collect();
    for sent in client.send(&queue.url, &documents).await {
        assert!(sent.is_ok(), "{}", failed(sent));
    }
    let mut groups: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for message in client.drain(&queue.url, documents.len()).await {
        groups
            .entry(message.words("message-group-id"))
            .or_default()
            .push(message.body().to_owned());
    }
    for (name, bodies) in groups {
        let expected: Vec<_> = (0..130)
            .filter(|n| group(*n) == name)
            .map(|n| format!("{n:03}"))
            .collect();
        assert_eq!(bodies, expected, "{name}");
    }
    queue.delete().await;
}

#[tokio::test]
async fn a_group_s_next_batch_waits_for_the_one_under_way_and_other_groups_do_not() {
    let gate = Gate::new();
    let held = gate.clone();
    let server = Server::start(move |request| match request.number {
        0 => Reply::Held(held.clone(), Box::new(sqs::obey(request))),
        _ => sqs::obey(request),
    })
    .await;
    let client = Client::open(&server.service(), &[("max-in-flight", "8")]).await;
    let mut documents: Vec<_> = (0..90)
        .map(|number| of("slow", format!("{number:03}")))
        .collect();
    documents.extend((0..10).map(|number| of("quick", format!("quick {number}"))));
    let sending = client.send(sqs::FIFO_URL, &documents);
    let watching = async {
        server.requested(2).await;
        let second = sqs::entries(&server.requests()[1].json());
        assert!(
            second
                .iter()
                .all(|entry| entry["MessageGroupId"] == "quick"),
            "the slow group waits"
        );
        gate.open();
    };
    let (results, ()) = bounded("sending", async { tokio::join!(sending, watching) }).await;
    for sent in results {
        assert!(sent.is_ok(), "{}", failed(sent));
    }
    let bodies = bodies(&server)
        .into_iter()
        .filter(|body| !body.starts_with("quick"));
    let expected: Vec<String> = (0..90).map(|number| format!("{number:03}")).collect();
    assert_eq!(bodies.collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn a_failed_message_holds_back_the_later_ones_of_its_group_and_says_so() {
    let server = Server::start(|request| {
        if request.action() == "SendMessage" {
            return sqs::obey(request);
        }
        let (mut done, mut refused) = (Vec::new(), Vec::new());
        for entry in sqs::entries(&request.json()) {
            let id = entry["Id"].as_str().unwrap_or_default();
            match entry["MessageBody"].as_str() {
                Some("a9") => refused.push(sqs::refused(id, "InvalidMessageContents", true)),
                _ => done.push(sqs::sent(&entry, Some(id))),
            }
        }
        Reply::json(200, &json!({ "Successful": done, "Failed": refused }))
    })
    .await;
    let client = Client::open(&server.service(), &[]).await;
    // Two groups, every second message: `a9` is in the second batch.
    let documents: Vec<_> = (0..60)
        .map(|number| {
            if number % 2 == 0 {
                of("a", format!("a{}", number / 2))
            } else {
                of("b", format!("b{}", number / 2))
            }
        })
        .collect();
    let results = client.send(sqs::FIFO_URL, &documents).await;
    let refused = 18;
    for (index, result) in results.into_iter().enumerate() {
        // The rest of the batch of the one that failed went out with it.
        let held_back = index % 2 == 0 && index >= 20;
        match result {
            Ok(_) => assert!(index != refused && !held_back, "document {index} was sent"),
            Err(error) if index == refused => assert_eq!(kind(&error), "rejected"),
            Err(error) => {
                let words = connector_host::describe(&error);
                assert!(held_back, "document {index}: {words}");
                assert_eq!(kind(&error), "other");
                assert!(
                    words.contains("not sent") && words.contains("document 18"),
                    "{words}"
                );
            }
        }
    }
    let sent = bodies(&server);
    assert!(!sent.iter().any(|body| body == "a10"), "{sent:?}");
}

#[tokio::test]
async fn an_invalid_document_holds_back_the_later_ones_of_its_group_only() {
    let server = Server::start(sqs::obey).await;
    let client = Client::open(&server.service(), &[]).await;
    let documents = [of("a", "1"), of("a", "\u{0}"), of("a", "3"), of("b", "4")];
    let results = client.send(sqs::FIFO_URL, &documents).await;
    let kinds: Vec<_> = results
        .iter()
        .map(|result| result.as_ref().map_or_else(kind, |_| "sent"))
        .collect();
    assert_eq!(kinds, ["sent", "invalid-document", "other", "sent"]);
    let next = client.send(sqs::FIFO_URL, &[of("a", "5")]).await;
    assert!(next[0].is_ok(), "the next call begins anew");
}

#[tokio::test]
async fn a_message_is_not_sent_again_behind_a_later_one_of_its_group() {
    let server = Server::start(|request| {
        if request.number > 0 {
            return sqs::obey(request);
        }
        let entries = sqs::entries(&request.json());
        // Of group a the second went through; of group b neither.
        let refused = ["0", "2", "3"].map(|id| sqs::refused(id, "InternalError", false));
        Reply::json(
            200,
            &json!({ "Successful": [sqs::sent(&entries[1], Some("1"))], "Failed": refused }),
        )
    })
    .await;
    let client = Client::open(&server.service(), &[]).await;
    let documents = [of("a", "a0"), of("a", "a1"), of("b", "b0"), of("b", "b1")];
    let results = client.send(sqs::FIFO_URL, &documents).await;
    let kinds: Vec<_> = results
        .iter()
        .map(|result| result.as_ref().map_or_else(kind, |_| "sent"))
        .collect();
    assert_eq!(kinds, ["unavailable", "sent", "sent", "sent"]);
    let again: Vec<_> = sqs::entries(&server.requests()[1].json())
        .iter()
        .map(|entry| entry["MessageBody"].as_str().unwrap_or_default().to_owned())
        .collect();
    assert_eq!(again, ["b0", "b1"]);
}

#[tokio::test]
async fn groups_go_on_where_a_whole_batch_of_another_fails() {
    let server = Server::start(|request| {
        let hit = sqs::entries(&request.json())
            .iter()
            .any(|entry| entry["MessageGroupId"] == "bad");
        if hit {
            Reply::fault(400, "InvalidMessageContents", "no")
        } else {
            sqs::obey(request)
        }
    })
    .await;
    let client = Client::open(&server.service(), &[]).await;
    let documents: Vec<_> = (0..40)
        .map(|number| {
            of(
                if number / 10 == 1 || number / 10 == 2 {
                    "bad"
                } else {
                    "good"
                },
                number.to_string(),
            )
        })
        .collect();
    let results = client.send(sqs::FIFO_URL, &documents).await;
    let kinds: Vec<_> = results
        .iter()
        .map(|result| result.as_ref().map_or_else(kind, |_| "sent"))
        .collect();
    let expected = [["sent"; 10], ["rejected"; 10], ["other"; 10], ["sent"; 10]].concat();
    assert_eq!(kinds, expected);
}
