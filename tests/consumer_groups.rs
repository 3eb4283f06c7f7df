//! Message groups through the loop: the order of acceptance is that of sending, though handlers
//! fail.

use std::collections::HashMap;
use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use connector_host::consumer::{ConsumerOptions, Figures, Handed, Outcome};
use end_to_end::bounded;
use end_to_end::client::Client;
use end_to_end::consuming::{Running, consume, options, send_all};
use end_to_end::environment::{Service, localstack, ministack};
use end_to_end::queue::Queue;
use end_to_end::random::{self, Data};
use tokio::sync::watch;

/// What handlers accepted, in the order of acceptance, by group.
#[derive(Clone)]
struct Handled {
    accepted: Arc<Mutex<HashMap<String, Vec<usize>>>>,
    data: Arc<Mutex<Data>>,
    count: watch::Sender<usize>,
    /// One in so many fails.
    failing: usize,
}

impl Handled {
    fn new(seed: u64, failing: usize) -> Self {
        Self {
            accepted: Arc::default(),
            data: Arc::new(Mutex::new(Data::seeded(seed))),
            count: watch::Sender::new(0),
            failing,
        }
    }

    fn handle(&self, handed: &Handed) -> Outcome {
        let group = handed.group().expect("a group").to_owned();
        let text = std::str::from_utf8(&handed.document().payload).expect("UTF-8");
        let (_, number) = text.split_once(':').expect("a number");
        let mut data = self.data.lock().unwrap_or_else(PoisonError::into_inner);
        if data.between(1, self.failing) == 1 {
            // At once, or after a second.
            return Outcome::Retry(Some(u32::from(data.between(0, 1) == 1)));
        }
        self.accepted
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .entry(group)
            .or_default()
            .push(number.parse().expect("a number"));
        self.count.send_modify(|count| *count += 1);
        Outcome::Accept
    }

    async fn until(&self, wanted: usize) {
        const STEP: usize = 500;
        let mut progress = self.count.subscribe();
        for step in (0..wanted).step_by(STEP) {
            let enough = progress.wait_for(|count| *count >= wanted.min(step + STEP));
            bounded("more messages of groups", enough)
                .await
                .expect("a handler");
        }
    }

    /// Asserts that each group was accepted from its first to its last, each once.
    fn assert_order(&self, groups: usize, each: usize, seed: u64) {
        let accepted = self.accepted.lock().unwrap_or_else(PoisonError::into_inner);
        assert_eq!(accepted.len(), groups);
        let sent: Vec<usize> = (0..each).collect();
        for (group, numbers) in accepted.iter() {
            assert_eq!(*numbers, sent, "{group}, seed {seed}");
        }
    }
}

/// A FIFO queue, filled round robin, and the client that filled it.
async fn filled(service: &Service, groups: usize, each: usize) -> (Queue, Client) {
    let attributes = [("FifoQueue", "true"), ("ContentBasedDeduplication", "true")];
    let queue = Queue::create(service, ".fifo", &attributes).await;
    let client = Client::open(service, &[]).await;
    let body = |number: usize| {
        let (place, group) = (number / groups, number % groups);
        (Some(format!("group-{group}")), format!("{group}:{place}"))
    };
    let bodies: Vec<_> = (0..groups * each).map(body).collect();
    send_all(&client, &queue.url, &bodies).await;
    (queue, client)
}

/// Eight handlers, with room for the groups that they work at.
fn eight() -> ConsumerOptions {
    let mut options = options(8);
    options.deliveries_in_hand = Some(80);
    options
}

fn host(client: &Client, queue: &Queue, handled: &Handled) -> Running {
    let handled = handled.clone();
    let handler = move |handed: Handed| {
        let outcome = handled.handle(&handed);
        async move { outcome }
    };
    let settings = [("wait-time-seconds", "1"), ("receives-in-flight", "2")];
    consume(client.connection(), &queue.url, &settings, eight(), handler)
}

fn tell(server: &str, seed: u64, begun: Instant, figures: &Figures) {
    // Not by `println!`, which a test that passes does not show.
    let _ = writeln!(
        std::io::stderr(),
        "groups on {server}, seed {seed}: {:.1} s, {figures}",
        begun.elapsed().as_secs_f32()
    );
}

/// One host, handlers that fail at random.
async fn one_host(server: &str, service: &Service, groups: usize, each: usize) {
    let seed = random::seed();
    let (queue, client) = filled(service, groups, each).await;
    let begun = Instant::now();
    let handled = Handled::new(seed, 40);
    let running = host(&client, &queue, &handled);
    handled.until(groups * each).await;
    let figures = running.stop().await;
    tell(server, seed, begun, &figures);
    handled.assert_order(groups, each, seed);
    assert_eq!(figures.accepted, (groups * each) as u64, "{figures}");
    assert!(figures.retried > 0 && figures.given_back > 0, "{figures}");
    assert_eq!(figures.settlements_lost, 0, "{figures}");
    assert_eq!(queue.messages().await, [0, 0, 0]);
    queue.delete().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_groups_keep_their_order_through_failing_handlers_on_localstack() {
    one_host("LocalStack", &localstack(), 50, 100).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn groups_keep_their_order_through_failing_handlers_on_ministack() {
    one_host("MiniStack", &ministack(), 10, 40).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn groups_keep_their_order_where_one_of_two_hosts_stops_in_the_middle() {
    const GROUPS: usize = 12;
    const EACH: usize = 40;
    for (server, service) in [("LocalStack", localstack()), ("MiniStack", ministack())] {
        let seed = random::seed();
        let (queue, client) = filled(&service, GROUPS, EACH).await;
        let second = Client::open(&service, &[]).await;
        let begun = Instant::now();
        let handled = Handled::new(seed, 40);
        let [staying, leaving] = [&client, &second].map(|client| host(client, &queue, &handled));
        handled.until(GROUPS * EACH / 4).await;
        let left = leaving.stop().await;
        handled.until(GROUPS * EACH).await;
        let figures = staying.stop().await;
        tell(server, seed, begun, &left);
        tell(server, seed, begun, &figures);
        handled.assert_order(GROUPS, EACH, seed);
        assert!(left.accepted > 0 && figures.accepted > 0);
        queue.delete().await;
    }
}
