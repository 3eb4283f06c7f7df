//! `change-visibility`: how long received messages stay invisible.

use connector_host::contract::{Document, Value};
use end_to_end::client::{Client, failed};
use end_to_end::document::{Read, With, text};
use end_to_end::environment::localstack;
use end_to_end::error::{fields, kind};
use end_to_end::made::Made;
use serde_json::json;

const HIDDEN: &str = "ApproximateNumberOfMessagesNotVisible";

/// So many messages, received for half an hour.
async fn received(client: &Client, queue: &Made<'_>, count: usize) -> Vec<Document> {
    let documents: Vec<_> = (0..count).map(|number| text(number.to_string())).collect();
    for sent in client.send(&queue.url, &documents).await {
        assert!(sent.is_ok(), "{}", failed(sent));
    }
    let settings = [
        ("maximum-message-count", "-1"),
        ("visibility-timeout-seconds", "1800"),
    ];
    let messages = client
        .receive(&queue.url, &settings)
        .await
        .expect("messages");
    assert_eq!(messages.len(), count);
    assert_eq!(queue.attribute(HIDDEN).await, count);
    messages
}

/// Changes all of them by the operation's setting.
async fn change(
    client: &Client,
    queue: &Made<'_>,
    seconds: &str,
    documents: &[Document],
) -> Vec<Result<Vec<Document>, connector_host::contract::Error>> {
    let settings = [("visibility-timeout-seconds", seconds)];
    client
        .execute("change-visibility", Some(&queue.url), &settings, documents)
        .await
        .expect("a call")
        .into_iter()
        .map(|outcome| outcome.output)
        .collect()
}

#[tokio::test]
async fn a_message_that_is_given_back_comes_again_at_once() {
    let client = Client::open(&localstack(), &[]).await;
    let queue = Made::standard(&client, &[]).await;
    let messages = received(&client, &queue, 1).await;
    let mut changed = change(&client, &queue, "0", &messages).await;
    let changed = changed.remove(0).expect("it is changed");
    assert_eq!(changed[0].words("queue-url"), queue.url);
    assert!(!changed[0].words("request-id").is_empty());
    let again = client.drain(&queue.url, 1).await.remove(0);
    assert_eq!(again.property("approximate-receive-count"), 2);
    queue.delete().await;
}

#[tokio::test]
async fn many_are_changed_in_one_call() {
    const COUNT: usize = 25;
    let client = Client::open(&localstack(), &[]).await;
    let queue = Made::standard(&client, &[]).await;
    let messages = received(&client, &queue, COUNT).await;
    for output in change(&client, &queue, "43000", &messages).await {
        assert!(output.is_ok(), "{}", failed(output));
    }
    assert_eq!(queue.attribute(HIDDEN).await, COUNT, "still invisible");
    for output in change(&client, &queue, "0", &messages).await {
        assert!(output.is_ok(), "{}", failed(output));
    }
    client.drain(&queue.url, COUNT).await;
    queue.delete().await;
}

#[tokio::test]
async fn a_document_s_own_timeout_wins_over_the_setting() {
    let client = Client::open(&localstack(), &[]).await;
    let queue = Made::standard(&client, &[]).await;
    let mut messages = received(&client, &queue, 3).await;
    let own = messages
        .remove(0)
        .with_value("visibility-timeout-seconds", Value::Integer(0));
    let body = own.body().to_owned();
    messages.push(own);
    for output in change(&client, &queue, "1800", &messages).await {
        assert!(output.is_ok(), "{}", failed(output));
    }
    let again = client.drain(&queue.url, 1).await.remove(0);
    assert_eq!(again.body(), body);
    assert_eq!(queue.attribute(HIDDEN).await, 2);
    queue.delete().await;
}

#[tokio::test]
async fn a_wrong_handle_or_timeout_fails_its_document_only() {
    let client = Client::open(&localstack(), &[]).await;
    let queue = Made::standard(&client, &[]).await;
    let mut messages = received(&client, &queue, 2).await;
    let wrong = text("").with("receipt-handle", "this-handle-is-nobody-s");
    messages.insert(1, wrong);
    messages.push(text(""));
    let late = messages[0]
        .clone()
        .with("visibility-timeout-seconds", "43201");
    messages.push(late);
    let mut outputs = change(&client, &queue, "0", &messages).await.into_iter();
    let mut next = || outputs.next().expect("an outcome");
    let first = next();
    assert!(first.is_ok(), "{}", failed(first));
    let wrong = next().expect_err("a wrong handle");
    assert!(
        ["rejected", "not-found"].contains(&kind(&wrong)),
        "{}",
        kind(&wrong)
    );
    assert_eq!(end_to_end::error::fault(&wrong).http_status, 200);
    let second = next();
    assert!(second.is_ok(), "{}", failed(second));
    assert_eq!(fields(&next().expect_err("no handle")), ["receipt-handle"]);
    assert_eq!(
        fields(&next().expect_err("too long")),
        ["visibility-timeout-seconds"]
    );
    client.drain(&queue.url, 2).await;
    queue.delete().await;
}

#[tokio::test]
async fn without_any_timeout_nothing_is_changed_and_the_field_is_named() {
    let client = Client::open(&localstack(), &[]).await;
    let queue = Made::standard(&client, &[]).await;
    let messages = received(&client, &queue, 1).await;
    let error = client
        .each("change-visibility", Some(&queue.url), &messages)
        .await
        .remove(0)
        .expect_err("for how long?");
    assert_eq!(fields(&error), ["visibility-timeout-seconds"]);
    assert_eq!(queue.attribute(HIDDEN).await, json!(1));
    queue.delete().await;
}
