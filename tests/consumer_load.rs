//! Many messages through the loop: each handled to success once, none lost, also where the host is
//! killed in the middle.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use connector_host::consumer::{Handed, Outcome};
use end_to_end::bounded;
use end_to_end::client::Client;
use end_to_end::command::{Started, connection_file, start};
use end_to_end::consuming::{consume, options, send_all};
use end_to_end::queue::Queue;
use end_to_end::scratch::Scratch;
use serde_json::{Value, json};
use tokio::sync::watch;

const MESSAGES: usize = 20_000;
/// What a message that fails asks for after its first attempt and after its second.
const RETRIES: [u32; 2] = [1, 2];

/// What became of one message.
#[derive(Clone, Default)]
struct Seen {
    attempts: u32,
    successes: u32,
    /// When its latest retry was asked for, and for how many seconds.
    put_off: Option<(Instant, u32)>,
}

fn numbers(count: usize) -> Vec<(Option<String>, String)> {
    (0..count)
        .map(|number| (None, number.to_string()))
        .collect()
}

fn number(payload: &[u8]) -> usize {
    let text = std::str::from_utf8(payload).expect("UTF-8");
    text.parse().expect("a number")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_thousand_messages_are_handled_to_success_once_though_one_in_ten_fails_twice() {
    let queue = Queue::standard().await;
    let client = Client::open(&queue.service, &[]).await;
    let begun = Instant::now();
    send_all(&client, &queue.url, &numbers(MESSAGES)).await;
    let sent = begun.elapsed();
    let seen = Arc::new(Mutex::new(vec![Seen::default(); MESSAGES]));
    let soonest = Arc::new(Mutex::new(Duration::MAX));
    let done = watch::Sender::new(0);
    let mut progress = done.subscribe();
    let (noting, earliest) = (Arc::clone(&seen), Arc::clone(&soonest));
    let handler = move |handed: Handed| {
        let number = number(&handed.document().payload);
        let mut seen = noting.lock().unwrap_or_else(PoisonError::into_inner);
        let message = &mut seen[number];
        message.attempts += 1;
        assert_eq!(
            message.attempts,
            handed.attempt(),
            "a receipt that no handler saw"
        );
        if let Some((asked, seconds)) = message.put_off.take() {
            // How much later than asked it came; that it does not come sooner is the point.
            let late = asked
                .elapsed()
                .checked_sub(Duration::from_secs(seconds.into()))
                .expect("a failed message came sooner than asked");
            let mut earliest = earliest.lock().unwrap_or_else(PoisonError::into_inner);
            *earliest = late.min(*earliest);
        }
        let retry = RETRIES.get(message.attempts as usize - 1);
        let outcome = match retry {
            Some(seconds) if number % 10 == 3 => {
                message.put_off = Some((Instant::now(), *seconds));
                Outcome::Retry(Some(*seconds))
            }
            _ => {
                message.successes += 1;
                done.send_modify(|count| *count += 1);
                Outcome::Accept
            }
        };
        async move { outcome }
    };
    let begun = Instant::now();
    let running = consume(
        client.connection(),
        &queue.url,
        &[("wait-time-seconds", "1"), ("receives-in-flight", "2")],
        options(8),
        handler,
    );
    for thousands in 1..=MESSAGES / 1_000 {
        let enough = progress.wait_for(|count| *count >= thousands * 1_000);
        bounded("a thousand messages more", enough)
            .await
            .expect("a handler");
    }
    let handled = begun.elapsed();
    let figures = running.stop().await;
    let seen = seen.lock().unwrap_or_else(PoisonError::into_inner).clone();
    for (number, message) in seen.iter().enumerate() {
        let attempts = if number % 10 == 3 { 3 } else { 1 };
        assert_eq!(
            (message.successes, message.attempts),
            (1, attempts),
            "message {number}"
        );
    }
    let messages = MESSAGES as u64;
    assert_eq!(figures.accepted, messages, "{figures}");
    assert_eq!(figures.retried, messages / 10 * 2, "{figures}");
    assert_eq!(
        figures.received,
        figures.accepted + figures.retried,
        "{figures}"
    );
    assert_eq!(
        (
            figures.settlements_lost,
            figures.leases_lost,
            figures.handlers_panicked
        ),
        (0, 0, 0),
        "{figures}"
    );
    assert_eq!(queue.messages().await, [0, 0, 0]);
    let soonest = *soonest.lock().unwrap_or_else(PoisonError::into_inner);
    // Not by `println!`, which a test that passes does not show.
    let _ = writeln!(
        std::io::stderr(),
        "consumer: {MESSAGES} messages sent in {:.1} s, handled in {:.1} s, failures came again {:.2} s later than asked at the soonest",
        sent.as_secs_f32(),
        handled.as_secs_f32(),
        soonest.as_secs_f32(),
    );
    queue.delete().await;
}

/// Starts a host as a process, which appends what it handles to a file.
fn host(connection: &Path, queue: &str, out: &Path) -> Started {
    start(
        &[
            "--connection",
            &connection.to_string_lossy(),
            "listen",
            queue,
            "--out",
            &out.to_string_lossy(),
            "--concurrency",
            "8",
            "--set",
            "wait-time-seconds=1",
            // How long what was in hand at the kill stays away.
            "--set",
            "visibility-timeout-seconds=5",
        ],
        b"",
    )
}

/// The numbers in a file of documents, how often each.
fn written(path: &Path) -> BTreeMap<usize, usize> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let mut counts = BTreeMap::new();
    for line in text.lines() {
        // A kill may leave half a line: that document was not handled.
        let Ok(document) = serde_json::from_str::<Value>(line) else {
            continue;
        };
        let payload = document["payload"].as_str().expect("a payload");
        *counts.entry(number(payload.as_bytes())).or_default() += 1;
    }
    counts
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_killed_in_the_middle_loses_nothing_and_doubles_only_what_it_had_in_hand() {
    const MESSAGES: usize = 3_000;
    /// Four for each of eight handlers, and what one pull may bring beyond that.
    const IN_HAND: usize = 32 + 9;
    let limit = Duration::from_secs(60);
    let queue = Queue::standard().await;
    let client = Client::open(&queue.service, &[]).await;
    send_all(&client, &queue.url, &numbers(MESSAGES)).await;
    let scratch = Scratch::new();
    let connection = connection_file(&scratch, &queue.service, json!({}));
    let [first, second] = ["first.jsonl", "second.jsonl"].map(|name| scratch.path(name));

    let killed = host(&connection, &queue.url, &first);
    let far_enough = async {
        while written(&first).len() < MESSAGES / 3 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    bounded("a third of the messages", far_enough).await;
    killed.signal("KILL");
    let killed = killed.ended(limit).await;
    assert_eq!(killed.status, None, "{}", killed.words);
    let before = written(&first);
    assert!(before.len() < MESSAGES, "it was killed too late");

    let started = host(&connection, &queue.url, &second);
    let removed = async {
        while queue.messages().await != [0, 0, 0] {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    bounded("an empty queue", removed).await;
    started.signal("TERM");
    started.ended(limit).await.good();
    let after = written(&second);
    for counts in [&before, &after] {
        assert!(
            counts.values().all(|count| *count == 1),
            "a host handled a message twice"
        );
    }
    let lost =
        (0..MESSAGES).find(|number| !before.contains_key(number) && !after.contains_key(number));
    assert_eq!(lost, None, "a message is lost");
    let twice = before
        .keys()
        .filter(|number| after.contains_key(number))
        .count();
    assert!(twice <= IN_HAND, "{twice} messages were handled twice");
    let _ = writeln!(
        std::io::stderr(),
        "consumer: killed after {} of {MESSAGES} messages, {twice} of them handled again",
        before.len(),
    );
    queue.delete().await;
}
