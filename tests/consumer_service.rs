//! The loop against LocalStack: leases, two hosts at one queue, and messages that never work.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use connector_host::consumer::{Handed, Malformed, Outcome};
use end_to_end::bounded;
use end_to_end::client::{Client, failed, filled};
use end_to_end::consuming::{Running, consume, options};
use end_to_end::document::{Read, text};
use end_to_end::environment::localstack;
use end_to_end::made::Made;
use end_to_end::queue::Queue;
use end_to_end::server::Gate;
use serde_json::Value;
use tokio::sync::mpsc;

fn body(handed: &Handed) -> String {
    String::from_utf8_lossy(&handed.document().payload).into_owned()
}

/// Waits until the queue's count of messages is as wanted.
async fn until(queue: &Queue, what: &str, wanted: impl Fn([u64; 3]) -> bool) {
    let waiting = async {
        while !wanted(queue.messages().await) {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    bounded(what, waiting).await;
}

#[tokio::test]
async fn a_handler_that_outlives_the_visibility_timeout_three_times_is_not_given_its_message_again()
{
    const LEASE: Duration = Duration::from_secs(2);
    let (queue, client) = filled(1).await;
    let (telling, mut told) = mpsc::unbounded_channel();
    let running = consume(
        client.connection(),
        &queue.url,
        &[
            ("visibility-timeout-seconds", "2"),
            ("wait-time-seconds", "1"),
        ],
        // A free handler, which would take the message if it came again.
        options(2),
        move |handed: Handed| {
            let count = handed.document().property("approximate-receive-count");
            let _ = telling.send(count);
            async move {
                if handed.attempt() > 1 {
                    return Outcome::Accept;
                }
                tokio::time::sleep(LEASE * 7 / 2).await;
                // Given back rather than accepted, so that the server says its count once more.
                Outcome::Retry(Some(0))
            }
        },
    );
    for count in [1, 2] {
        let told = bounded("an attempt", told.recv()).await;
        assert_eq!(told, Some(Value::from(count)), "the server's receive count");
    }
    until(&queue, "an empty queue", |messages| messages == [0, 0, 0]).await;
    let figures = running.stop().await;
    assert_eq!((figures.received, figures.leases_lost), (2, 0), "{figures}");
    assert!((5..=9).contains(&figures.renewed), "{figures:?}");
    queue.delete().await;
}

/// A host whose handlers wait at a gate.
fn gated(
    client: &Client,
    queue: &Queue,
    gate: &Gate,
    handled: &Arc<Mutex<BTreeMap<String, Vec<&'static str>>>>,
    name: &'static str,
) -> Running {
    let (gate, handled) = (gate.clone(), Arc::clone(handled));
    let mut options = options(4);
    options.deliveries_in_hand = Some(10);
    let settings = [
        ("visibility-timeout-seconds", "600"),
        ("wait-time-seconds", "1"),
    ];
    let handler = move |handed: Handed| {
        let (gate, handled) = (gate.clone(), Arc::clone(&handled));
        async move {
            gate.pass().await;
            handled
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .entry(body(&handed))
                .or_default()
                .push(name);
            Outcome::Accept
        }
    };
    consume(client.connection(), &queue.url, &settings, options, handler)
}

#[tokio::test]
async fn two_hosts_share_a_queue_and_one_that_stops_gives_its_deliveries_back_at_once() {
    const MESSAGES: usize = 40;
    let (queue, client) = filled(MESSAGES).await;
    let second = Client::open(&queue.service, &[]).await;
    let gates = [Gate::new(), Gate::new()];
    let handled = Arc::default();
    let leaving = gated(&client, &queue, &gates[0], &handled, "leaving");
    let staying = gated(&second, &queue, &gates[1], &handled, "staying");
    bounded("two full hands", async {
        while [&leaving, &staying]
            .iter()
            .any(|host| host.control.figures().in_hand < 10)
        {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    let hands = [&leaving, &staying].map(|host| host.control.figures().in_hand as u64);
    let free = MESSAGES as u64 - hands[0] - hands[1];
    until(&queue, "the rest free", |messages| messages[0] == free).await;

    leaving.control.stop();
    let stopped = Instant::now();
    // All but the four that are with handlers.
    until(&queue, "the rest given back", |messages| {
        messages[0] == free + hands[0] - 4
    })
    .await;
    let back = stopped.elapsed();
    assert!(back < Duration::from_secs(20), "after {back:?}, of 600 s");
    for gate in &gates {
        gate.open();
    }
    let left = leaving.ended().await;
    until(&queue, "an empty queue", |messages| messages == [0, 0, 0]).await;
    let stayed = staying.stop().await;
    assert_eq!(
        (left.accepted, left.given_back),
        (4, hands[0] - 4),
        "{left}"
    );
    assert_eq!(stayed.accepted, MESSAGES as u64 - 4, "{stayed}");
    let handled = handled
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .clone();
    assert_eq!(handled.len(), MESSAGES);
    assert!(
        handled.values().all(|hosts| hosts.len() == 1),
        "{handled:?}"
    );
    queue.delete().await;
}

/// A queue whose messages go to a second one after two receipts.
async fn with_dead_letters(client: &Client) -> (Made<'_>, Made<'_>, String) {
    let dead = Made::standard(client, &[]).await;
    let dead_arn = dead.arn().await;
    let settings = [
        ("dead-letter-target-arn", &*dead_arn),
        ("max-receive-count", "2"),
    ];
    let source = Made::standard(client, &settings).await;
    (source, dead, dead_arn)
}

/// Waits until so many messages are visible in a queue.
async fn visible(queue: &Made<'_>, count: u64) {
    let waiting = async {
        while queue.attribute("ApproximateNumberOfMessages").await != count {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    bounded("messages in the dead-letter queue", waiting).await;
}

#[tokio::test]
async fn a_poisoned_message_is_dead_after_its_receipts_and_handled_once_it_is_moved_back() {
    let client = Client::open(&localstack(), &[]).await;
    let (source, dead, dead_arn) = with_dead_letters(&client).await;
    for sent in client
        .send(&source.url, &[text("poison"), text("good")])
        .await
    {
        assert!(sent.is_ok(), "{}", failed(sent));
    }
    let is_mended = Arc::new(AtomicBool::new(false));
    let mended = Arc::clone(&is_mended);
    let (telling, mut told) = mpsc::unbounded_channel();
    let running = consume(
        client.connection(),
        &source.url,
        &[("wait-time-seconds", "1")],
        options(2),
        move |handed: Handed| {
            let outcome = match body(&handed).as_str() {
                "poison" if !mended.load(Ordering::SeqCst) => Outcome::Retry(Some(0)),
                _ => Outcome::Accept,
            };
            let _ = telling.send((body(&handed), handed.attempt(), outcome));
            async move { outcome }
        },
    );
    visible(&dead, 1).await;
    let mut before = Vec::new();
    while let Ok(attempt) = told.try_recv() {
        before.push(attempt);
    }
    before.sort_by_key(|(body, attempt, _)| (body.clone(), *attempt));
    let again = Outcome::Retry(Some(0));
    assert_eq!(
        before,
        [
            ("good".to_owned(), 1, Outcome::Accept),
            ("poison".to_owned(), 1, again),
            ("poison".to_owned(), 2, again),
        ]
    );

    is_mended.store(true, Ordering::SeqCst);
    let settings = [("source-arn", &*dead_arn)];
    let moved = client
        .one("start-message-move-task", None, &settings, &Value::Null)
        .await;
    assert!(moved.is_ok(), "{}", failed(moved));
    let (body, _, outcome) = bounded("the poison", told.recv()).await.expect("a handler");
    assert_eq!((body.as_str(), outcome), ("poison", Outcome::Accept));
    let figures = running.stop().await;
    assert_eq!((figures.accepted, figures.retried), (2, 2), "{figures}");
    for queue in [source, dead] {
        assert_eq!(queue.attribute("ApproximateNumberOfMessages").await, 0);
        queue.delete().await;
    }
}

#[tokio::test]
async fn a_malformed_message_is_offered_again_until_it_is_dead_and_no_handler_sees_it() {
    let client = Client::open(&localstack(), &[]).await;
    let (source, dead, _) = with_dead_letters(&client).await;
    let documents = [text("{\"cut\": "), text("{\"whole\": 1}")];
    for sent in client.send(&source.url, &documents).await {
        assert!(sent.is_ok(), "{}", failed(sent));
    }
    let (telling, mut told) = mpsc::unbounded_channel();
    let mut options = options(2);
    options.malformed = Malformed::Retry;
    let running = consume(
        client.connection(),
        &source.url,
        &[
            ("wait-time-seconds", "1"),
            ("content", "json"),
            ("retry-base-seconds", "0"),
        ],
        options,
        move |handed: Handed| {
            let _ = telling.send(body(&handed));
            async { Outcome::Accept }
        },
    );
    visible(&dead, 1).await;
    let figures = running.stop().await;
    assert_eq!((figures.malformed, figures.retried), (2, 2), "{figures}");
    assert_eq!(told.recv().await.as_deref(), Some("{\"whole\": 1}"));
    assert_eq!(told.recv().await, None);
    assert_eq!(client.drain(&dead.url, 1).await[0].body(), "{\"cut\": ");
    for queue in [source, dead] {
        queue.delete().await;
    }
}
