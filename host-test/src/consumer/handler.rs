//! What handles deliveries, and what it gets.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::contract::{Delivery, Document, Error};

/// What became of handling a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is done: the message is removed.
    Accept,
    /// It is not done: the message is offered again after so many seconds; none: after the wait
    /// that the delivery suggests. 0 is at once; in a group it is a second, which keeps its order.
    Retry(Option<u32>),
}

/// Handles deliveries, several side by side. Any `Fn(Handed) -> impl Future<Output = Outcome>` is
/// one.
///
/// The future may be dropped half-way: when a stop takes longer than it may. A panic counts as
/// [`Outcome::Retry`].
pub trait Handler: Send + Sync + 'static {
    /// Handles one delivery.
    fn handle(&self, handed: Handed) -> impl Future<Output = Outcome> + Send;
}

impl<F, R> Handler for F
where
    F: Fn(Handed) -> R + Send + Sync + 'static,
    R: Future<Output = Outcome> + Send,
{
    fn handle(&self, handed: Handed) -> impl Future<Output = Outcome> + Send {
        self(handed)
    }
}

/// A delivery in a handler's hand. `Debug` shows neither the token nor the document.
#[derive(Clone)]
pub struct Handed {
    delivery: Arc<Delivery>,
    lost: Arc<AtomicBool>,
}

impl Handed {
    pub(super) fn new(delivery: Arc<Delivery>, lost: Arc<AtomicBool>) -> Self {
        Self { delivery, lost }
    }

    /// The message; where it could not be read as asked, its raw body.
    #[must_use]
    pub fn document(&self) -> &Document {
        &self.delivery.document
    }

    /// Why the message could not be read as asked.
    #[must_use]
    pub fn problem(&self) -> Option<&Error> {
        self.delivery.problem.as_ref()
    }

    /// The group whose deliveries are handled one after another.
    #[must_use]
    pub fn group(&self) -> Option<&str> {
        self.delivery.group.as_deref()
    }

    /// How many times the service has handed it out, this time included.
    #[must_use]
    pub fn attempt(&self) -> u32 {
        self.delivery.attempt
    }

    /// What the listener's policy would wait before the next attempt, in seconds.
    #[must_use]
    pub fn suggested_retry_seconds(&self) -> u32 {
        self.delivery.suggested_retry_seconds
    }

    /// What settles the delivery, and a secret: for a process that settles by itself, with
    /// [`crate::Connection::settle`].
    #[must_use]
    pub fn token(&self) -> &str {
        &self.delivery.token
    }

    /// Whether its lease is known to be over: the message may be handed out again, so a handler
    /// that can give up had better do so.
    #[must_use]
    pub fn has_lost_lease(&self) -> bool {
        self.lost.load(Ordering::Relaxed)
    }
}

impl fmt::Debug for Handed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Handed")
            .field("attempt", &self.delivery.attempt)
            .field("malformed", &self.delivery.problem.is_some())
            .field("lost_lease", &self.has_lost_lease())
            .finish_non_exhaustive()
    }
}
