//! The loop over a service in memory, in time that passes only when everybody waits.

mod failures;
mod leases;
mod modes;
mod order;
mod service;
mod stop;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use super::conduct::Conductor;
use super::{ConsumerOptions, Control, Event, Figures, Handler};
use crate::error::CallError;
use service::Service;

/// A consumer at work.
struct Running {
    control: Control,
    events: Arc<Mutex<Vec<Event>>>,
    task: tokio::task::JoinHandle<Result<Figures, CallError>>,
}

fn start(service: &Service, options: ConsumerOptions, handler: impl Handler) -> Running {
    let control = Control::new();
    let events: Arc<Mutex<Vec<Event>>> = Arc::default();
    let heard = Arc::clone(&events);
    let conductor = Conductor {
        port: service.clone(),
        handler: Arc::new(handler),
        options,
        listening: Some(Arc::new(move |event| {
            heard
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(event);
        })),
        board: control.board.clone(),
        stop: control.stage.subscribe(),
    };
    Running {
        control,
        events,
        task: tokio::spawn(conductor.run()),
    }
}

impl Running {
    fn events(&self) -> Vec<Event> {
        self.events
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Stops it and waits for its end.
    async fn stop(self) -> Figures {
        self.control.stop();
        self.task.await.expect("a task").expect("a good end")
    }
}

fn options(concurrency: usize) -> ConsumerOptions {
    ConsumerOptions {
        concurrency,
        ..ConsumerOptions::default()
    }
}

/// Time in which a test does nothing: it passes at once.
async fn pass(seconds: u64) {
    tokio::time::sleep(Duration::from_secs(seconds)).await;
}

/// A number of `0..below`, the same in every run.
#[derive(Clone)]
struct Chance(Arc<Mutex<u64>>);

impl Chance {
    fn new(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(
            seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
        )))
    }

    fn below(&self, below: u64) -> u64 {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *state ^= *state >> 12;
        *state ^= *state << 25;
        *state ^= *state >> 27;
        (state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % below
    }
}

/// A gate that handlers wait at.
#[derive(Clone)]
struct Gate(watch::Sender<bool>);

impl Gate {
    fn new() -> Self {
        Self(watch::Sender::new(false))
    }

    fn open(&self) {
        self.0.send_replace(true);
    }

    async fn pass(&self) {
        let mut open = self.0.subscribe();
        let _ = open.wait_for(|open| *open).await;
    }
}
