//! The server gone for half a minute: few ask meanwhile, and all goes on by itself after.

use std::io::Write;
use std::time::{Duration, Instant};

use connector_host::consumer::{ConsumerOptions, Event, Handed, Outcome};
use end_to_end::bounded;
use end_to_end::client::Client;
use end_to_end::consuming::consume;
use end_to_end::document::text;
use end_to_end::door::Door;
use end_to_end::environment::localstack;
use end_to_end::queue::Queue;
use tokio::sync::mpsc;

/// How long the server is gone.
const GONE: Duration = Duration::from_secs(30);
/// Most requests of a listener meanwhile.
const FEW: usize = 6;

#[tokio::test]
async fn a_server_gone_for_half_a_minute_is_asked_a_few_times_and_messages_come_by_themselves_after()
 {
    let queue = Queue::standard().await;
    let door = Door::to(&queue.service).await;
    let near = Client::open(&localstack(), &[]).await;
    let far = Client::open(door.service(), &[]).await;
    let (telling, mut told) = mpsc::unbounded_channel();
    let running = consume(
        far.connection(),
        &queue.url,
        &[("wait-time-seconds", "5"), ("receives-in-flight", "3")],
        // The waits that everybody gets.
        ConsumerOptions::default(),
        move |handed: Handed| {
            let body = String::from_utf8_lossy(&handed.document().payload).into_owned();
            let _ = telling.send((body, handed.attempt()));
            async { Outcome::Accept }
        },
    );
    near.send(&queue.url, &[text("before")])
        .await
        .remove(0)
        .expect("sent");
    let first = bounded("the first message", told.recv()).await;
    assert_eq!(first, Some(("before".to_owned(), 1)));
    while queue.messages().await != [0, 0, 0] {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }

    door.shut();
    let begun = Instant::now();
    // What is shown is what happens, or does not, in this time.
    tokio::time::sleep(GONE / 2).await;
    near.send(&queue.url, &[text("meanwhile")])
        .await
        .remove(0)
        .expect("sent");
    tokio::time::sleep(GONE.saturating_sub(begun.elapsed())).await;
    let tries = door.turned_away();
    assert!((2..=FEW).contains(&tries), "{tries} tries in {GONE:?}");
    door.open();
    let opened = Instant::now();

    let second = bounded("the second message", told.recv()).await;
    let after = opened.elapsed();
    assert_eq!(second.map(|(body, _)| body), Some("meanwhile".to_owned()));
    let events = running.events();
    let figures = running.stop().await;
    let failed = |event: &&Event| matches!(event, Event::PullFailed { .. });
    assert_eq!(events.iter().filter(failed).count(), 1, "{events:?}");
    assert!(
        events
            .iter()
            .any(|event| matches!(event, Event::Recovered { .. })),
        "{events:?}"
    );
    assert_eq!((figures.accepted, figures.reconnects), (2, 0), "{figures}");
    let _ = writeln!(
        std::io::stderr(),
        "outage: {tries} tries in {} s, a message {:.1} s after it was over",
        GONE.as_secs(),
        after.as_secs_f32()
    );
    queue.delete().await;
}
