//! A consumer at work in this process, and what it is given to work on.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use connector_host::consumer::{Consumer, ConsumerOptions, Control, Event, Figures, Handler};
use connector_host::contract::Document;
use connector_host::{CallError, Connection, Settings};
use tokio::task::JoinHandle;

use crate::bounded;
use crate::client::{Client, failed};
use crate::document::{With, text};

/// A consumer at work; dropped, it goes on until the test's runtime ends.
pub struct Running {
    /// What stops it.
    pub control: Control,
    events: Arc<Mutex<Vec<Event>>>,
    task: JoinHandle<Result<Figures, CallError>>,
}

/// Options of so many handlers, with short waits after failures.
#[must_use]
pub fn options(concurrency: usize) -> ConsumerOptions {
    let mut options = ConsumerOptions::default();
    options.concurrency = concurrency;
    options.back_off.first = Duration::from_millis(20);
    options
}

/// Starts a consumer of an object, with settings of the listener (`name`, text).
#[must_use]
pub fn consume(
    connection: &Connection,
    object: &str,
    settings: &[(&str, &str)],
    options: ConsumerOptions,
    handler: impl Handler,
) -> Running {
    let given = settings
        .iter()
        .fold(Settings::new(), |all, (name, text)| all.with(*name, *text));
    let events: Arc<Mutex<Vec<Event>>> = Arc::default();
    let heard = Arc::clone(&events);
    let consumer =
        Consumer::new(connection.clone(), object, given, options).on_event(move |event| {
            heard
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(event);
        });
    Running {
        control: consumer.control(),
        events,
        task: tokio::spawn(consumer.run(handler)),
    }
}

impl Running {
    /// Stops it and waits for its end.
    ///
    /// # Panics
    /// Where it does not end well.
    pub async fn stop(self) -> Figures {
        self.control.stop();
        self.ended().await
    }

    /// Waits for its end.
    ///
    /// # Panics
    /// Where it does not end well.
    pub async fn ended(self) -> Figures {
        let ended = bounded("the end", self.task).await;
        ended.expect("a task").expect("a good end")
    }

    /// What it told so far.
    #[must_use]
    pub fn events(&self) -> Vec<Event> {
        self.events
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// Sends bodies, each with its group where it has one, in windows as a platform would.
///
/// # Panics
/// Where one is not taken.
pub async fn send_all(client: &Client, queue: &str, bodies: &[(Option<String>, String)]) {
    const WINDOW: usize = 1_000;
    for window in bodies.chunks(WINDOW) {
        let document = |(group, body): &(Option<String>, String)| match group {
            Some(group) => text(body.clone()).with("message-group-id", group),
            None => text(body.clone()),
        };
        let documents: Vec<Document> = window.iter().map(document).collect();
        for sent in client.send(queue, &documents).await {
            assert!(sent.is_ok(), "{}", failed(sent));
        }
    }
}
