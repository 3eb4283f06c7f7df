//! How a consumer works: bounds and choices.

use std::time::Duration;

use super::back_off::BackOff;

/// Bounds and choices of a [`super::Consumer`].
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ConsumerOptions {
    /// How many handlers run side by side; at least 1.
    pub concurrency: usize,
    /// While so many deliveries are in hand (waiting, being handled, or being settled), nothing
    /// more is pulled. One pull may bring several, so there can be that many less one more; at
    /// least 1. None: four for each handler, and no less than ten.
    pub deliveries_in_hand: Option<usize>,
    /// How many calls of `settle` run side by side; at least 1. Each takes one of the
    /// connection's instances.
    pub settling: usize,
    /// How long running handlers may go on after a stop, and a pull that waits; then they are
    /// abandoned.
    pub stop_within: Duration,
    /// How long a renewed lease is, in whole seconds from the moment of renewal. None: as long as
    /// the longest that the listener gave, which is the one to choose unless there is a reason.
    pub lease: Option<Duration>,
    /// What becomes of a delivery that could not be read as asked.
    pub malformed: Malformed,
    /// How long to wait after a pull that failed.
    pub back_off: BackOff,
}

impl Default for ConsumerOptions {
    /// One handler, four settling calls, 30 seconds to stop, malformed deliveries handed over,
    /// waits of 2 to 30 seconds.
    fn default() -> Self {
        Self {
            concurrency: 1,
            deliveries_in_hand: None,
            settling: 4,
            stop_within: Duration::from_secs(30),
            lease: None,
            malformed: Malformed::HandOver,
            back_off: BackOff::default(),
        }
    }
}

impl ConsumerOptions {
    pub(super) fn handlers(&self) -> usize {
        self.concurrency.max(1)
    }

    pub(super) fn bound(&self) -> usize {
        self.deliveries_in_hand
            .unwrap_or_else(|| self.handlers().saturating_mul(4).max(10))
            .max(1)
    }
}

/// What becomes of a delivery that could not be read as asked (it has a `problem`).
///
/// It holds where the consumer settles: in the other commit modes such a delivery is always handed
/// over, because nothing else could be done with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Malformed {
    /// The handler gets it, with its problem.
    HandOver,
    /// It is offered again after the wait that it suggests, and no sooner than a second from now,
    /// so that a service that counts attempts can put it aside.
    Retry,
    /// It is removed.
    Accept,
}
