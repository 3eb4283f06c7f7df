//! One delivery in hand.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::time::Instant;

use crate::contract::{Delivery, Disposition, Settlement};

use super::super::event::SettlementKind;
use super::super::settle::Request;

/// Where a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// Behind others of its group.
    Waiting,
    /// Next for a handler.
    Ready,
    /// With a handler.
    Running,
    /// To be given back, after others of its group.
    Returning,
    /// Its last settlement is on the way.
    Closing(SettlementKind),
}

/// When a lease ends, and whether it can be renewed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lease {
    pub(super) ends: Instant,
    pub(super) is_renewable: bool,
}

pub(super) struct Entry {
    pub(super) delivery: Arc<Delivery>,
    pub(super) received: Instant,
    /// None where the message is removed already.
    pub(super) lease: Option<Lease>,
    /// Whether this consumer settles it.
    pub(super) is_ours: bool,
    pub(super) stage: Stage,
    /// A renewal is on the way since then, to last so many seconds.
    pub(super) renewal: Option<(Instant, u32)>,
    /// What is to follow once the renewal is answered: at most one settlement of a delivery is on
    /// the way, or a late renewal would hide what was given back.
    pub(super) deferred: Option<Disposition>,
    pub(super) lost: Arc<AtomicBool>,
    /// Where it stands in the list of alarms.
    pub(super) alarm: Option<Instant>,
}

impl Entry {
    pub(super) fn group(&self) -> Option<&str> {
        self.delivery.group.as_deref()
    }

    pub(super) fn has_lost_lease(&self) -> bool {
        self.lost.load(Ordering::Relaxed)
    }

    /// Notes that the lease is lost; true the first time.
    pub(super) fn lose_lease(&self) -> bool {
        !self.lost.swap(true, Ordering::Relaxed)
    }

    /// Whether the lease is over.
    pub(super) fn is_over(&self, now: Instant) -> bool {
        self.lease.is_some_and(|lease| lease.ends <= now)
    }

    pub(super) fn request(&self, id: u64, disposition: Disposition, now: Instant) -> Request {
        Request {
            id,
            settlement: Settlement {
                token: self.delivery.token.clone(),
                disposition,
            },
            until: self.lease.map_or(now, |lease| lease.ends),
        }
    }
}
