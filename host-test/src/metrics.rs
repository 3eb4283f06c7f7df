//! Figures of a connection, counted as they happen and read as one snapshot.

use std::sync::atomic::{AtomicU64, Ordering};

/// What happened over one connection since it was opened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Metrics {
    /// HTTP requests that the plugin asked for and the policy let through.
    pub requests: u64,
    /// Bytes of request bodies.
    pub bytes_sent: u64,
    /// Bytes of response bodies.
    pub bytes_received: u64,
    /// HTTP requests that the policy refused.
    pub denied: u64,
    /// Calls of the contract's functions.
    pub calls: u64,
    /// Calls that ended in a trap, those over the memory limit not included.
    pub traps: u64,
    /// Calls that ran out of time.
    pub timeouts: u64,
    /// Calls that ran out of memory.
    pub memory_exceeded: u64,
    /// Instances made.
    pub instances_created: u64,
    /// Instances there are now, idle or at work.
    pub instances: u64,
}

/// What [`Metrics`] is a snapshot of.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) requests: Counter,
    pub(crate) bytes_sent: Counter,
    pub(crate) bytes_received: Counter,
    pub(crate) denied: Counter,
    pub(crate) calls: Counter,
    pub(crate) traps: Counter,
    pub(crate) timeouts: Counter,
    pub(crate) memory_exceeded: Counter,
    pub(crate) instances_created: Counter,
    pub(crate) instances_dropped: Counter,
}

impl Counters {
    pub(crate) fn snapshot(&self) -> Metrics {
        // Dropped before created: the difference never goes below zero.
        let dropped = self.instances_dropped.get();
        let created = self.instances_created.get();
        Metrics {
            requests: self.requests.get(),
            bytes_sent: self.bytes_sent.get(),
            bytes_received: self.bytes_received.get(),
            denied: self.denied.get(),
            calls: self.calls.get(),
            traps: self.traps.get(),
            timeouts: self.timeouts.get(),
            memory_exceeded: self.memory_exceeded.get(),
            instances_created: created,
            instances: created.saturating_sub(dropped),
        }
    }
}

/// A number that only grows.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn add(&self, amount: u64) {
        self.0.fetch_add(amount, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
