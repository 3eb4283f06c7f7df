//! Those who work on a queue: senders, and a consumer whose handlers fail at random.

use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use connector_host::consumer::{Consumer, ConsumerOptions, Control, Figures, Handed, Outcome};
use connector_host::contract::{Document, Error};
use connector_host::{CallError, Connection, Settings};
use end_to_end::document::{Read, With, text};
use end_to_end::error::kind;
use end_to_end::ledger::{Ledger, Told};
use end_to_end::queue::Queue;
use end_to_end::random::Data;
use serde_json::Value;
use tokio::task::JoinHandle;

/// How many messages may wait to be handled before senders pause: so many can be worked off once
/// the sending is over.
const OUTSTANDING: usize = 200;
/// Message groups of each sender to a FIFO queue.
const GROUPS: usize = 5;

/// A queue, and what is said and done about it.
pub(crate) struct Site {
    pub(crate) name: &'static str,
    pub(crate) queue: Queue,
    pub(crate) connection: Connection,
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) visibility_seconds: u32,
}

/// A consumer at work.
pub(crate) struct Consuming {
    pub(crate) control: Control,
    pub(crate) task: JoinHandle<Result<Figures, CallError>>,
}

impl Site {
    fn is_fifo(&self) -> bool {
        self.queue.name.ends_with(".fifo")
    }

    /// Sends, batch after batch, until it is told to stop. Each sender has groups of its own.
    pub(crate) async fn send(self: Arc<Self>, seed: u64, sender: usize, stop: Arc<AtomicBool>) {
        let mut data = Data::seeded(seed ^ (sender as u64 + 1));
        let mut number = 0;
        while !stop.load(Ordering::SeqCst) {
            self.ledger.at_most(OUTSTANDING).await;
            let mut keys = Vec::new();
            let mut documents = Vec::new();
            for _ in 0..data.between(1, 25) {
                number += 1;
                let key = format!("{}-{sender}-{number}", self.name);
                let group = self
                    .is_fifo()
                    .then(|| format!("{sender}-{}", data.between(1, GROUPS)));
                documents.push(self.document(&key, group, number));
                keys.push(key);
            }
            let sent = self
                .connection
                .execute("send", Some(&self.queue.url), &Settings::new(), &documents)
                .await;
            match sent {
                Ok(outcomes) => {
                    for (key, outcome) in keys.iter().zip(outcomes) {
                        self.ledger.tell(key, told(outcome.output));
                    }
                }
                Err(CallError::Connector(error)) => {
                    for key in &keys {
                        self.ledger.tell(key, Told::Failed(kind(&error)));
                    }
                }
                // Nothing was told: the ledger says so of each.
                Err(error) => eprintln!("soak: a send broke down: {error}"),
            }
        }
    }

    fn document(&self, key: &str, group: Option<String>, number: u64) -> Document {
        let numbered = group.clone().map(|group| (group, number));
        let document = text(self.ledger.open(key, numbered)).with("attribute.key", key);
        match group {
            None => document,
            Some(group) => {
                let document = document.with("message-group-id", &group);
                // The others are known by their bodies.
                if number.is_multiple_of(2) {
                    document.with("message-deduplication-id", key)
                } else {
                    document
                }
            }
        }
    }

    /// Starts to listen. While the weather is bad, handlers fail at random, and some are slow.
    pub(crate) fn consume(
        &self,
        seed: u64,
        concurrency: usize,
        is_clear: Arc<AtomicBool>,
    ) -> Consuming {
        let settings = Settings::new()
            .with("wait-time-seconds", "2")
            .with("receives-in-flight", "2")
            // What panics waits as long as this says; each time that a message is given back or
            // its answer lost counts as an attempt, and a whole group waits with it. With the
            // defaults that can be minutes, longer than anybody looks for what is left.
            .with("retry-base-seconds", "1")
            .with("retry-cap-seconds", "2")
            .with(
                "visibility-timeout-seconds",
                self.visibility_seconds.to_string(),
            );
        let mut options = ConsumerOptions::default();
        options.concurrency = concurrency;
        options.back_off.first = Duration::from_millis(200);
        options.back_off.longest = Duration::from_secs(2);
        let consumer = Consumer::new(self.connection.clone(), &self.queue.url, settings, options);
        let control = consumer.control();
        let (ledger, lease) = (Arc::clone(&self.ledger), self.visibility_seconds);
        let task = tokio::spawn(consumer.run(move |handed: Handed| {
            let (ledger, is_clear) = (Arc::clone(&ledger), Arc::clone(&is_clear));
            async move {
                handle(
                    seed,
                    &ledger,
                    lease,
                    is_clear.load(Ordering::SeqCst),
                    handed,
                )
                .await
            }
        }));
        Consuming { control, task }
    }
}

fn told(output: Result<Vec<Document>, Error>) -> Told {
    match output {
        Ok(documents) => match documents.first() {
            Some(document) => Told::Taken(
                document.words("message-id"),
                document.property("may-be-duplicated") == Value::Bool(true),
            ),
            None => Told::Nothing,
        },
        Err(error) => Told::Failed(kind(&error)),
    }
}

async fn handle(
    seed: u64,
    ledger: &Ledger,
    lease_seconds: u32,
    is_clear: bool,
    handed: Handed,
) -> Outcome {
    let document = handed.document();
    let Some(key) = ledger.came(&document.payload) else {
        return Outcome::Accept;
    };
    if !is_clear {
        let hash = key
            .bytes()
            .fold(seed, |hash, byte| hash.wrapping_mul(31) + u64::from(byte));
        let mut data = Data::seeded(hash ^ u64::from(handed.attempt()));
        data.number();
        match data.between(0, 99) {
            0..8 => return Outcome::Retry(Some(0)),
            8..14 => return Outcome::Retry(Some(1)),
            // As a panic, but without its words.
            14..16 => resume_unwind(Box::new("a handler's panic")),
            // Its lease has to be renewed meanwhile.
            16 => tokio::time::sleep(Duration::from_secs(lease_seconds.into())).await,
            17..30 => tokio::time::sleep(Duration::from_millis(50)).await,
            _ => {}
        }
    }
    ledger.handled(&key, document.words("message-id"));
    Outcome::Accept
}
