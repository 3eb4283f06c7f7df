//! Figures of a consumer.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// What a consumer did up to now, and what it has in hand.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Figures {
    /// Deliveries that were pulled.
    pub received: u64,
    /// Deliveries that were handled, and whose message is removed. In the commit modes in which
    /// the consumer does not settle: those whose handler said so.
    pub accepted: u64,
    /// Deliveries whose message is offered again because they failed or were malformed. Where the
    /// consumer does not settle: those whose handler said so.
    pub retried: u64,
    /// Deliveries that went back without having been handled to the end.
    pub given_back: u64,
    /// Deliveries that could not be read as asked.
    pub malformed: u64,
    /// Leases renewed.
    pub renewed: u64,
    /// Settlements that were refused or could not be made in time, renewals not included.
    pub settlements_lost: u64,
    /// Deliveries whose lease ended, or could not be renewed, while they were in hand.
    pub leases_lost: u64,
    /// Handlers that panicked.
    pub handlers_panicked: u64,
    /// Handlers that a stop abandoned.
    pub handlers_abandoned: u64,
    /// Pulls that ended well.
    pub polls: u64,
    /// Those of them that brought nothing.
    pub empty_polls: u64,
    /// Listeners made after the first.
    pub reconnects: u64,
    /// Deliveries in hand: waiting, being handled, or being settled.
    pub in_hand: usize,
    /// Most that there were at once.
    pub most_in_hand: usize,
    /// Handlers running.
    pub in_flight: usize,
    /// For how long the oldest delivery is in hand.
    pub oldest: Option<Duration>,
    /// For how long nothing has been in hand.
    pub idle: Option<Duration>,
}

impl fmt::Display for Figures {
    /// One line; what is rare stands there only where it happened.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "received {} accepted {} retried {} in flight {} oldest lease {:.0} s empty polls {}",
            self.received,
            self.accepted,
            self.retried,
            self.in_flight,
            self.oldest.unwrap_or_default().as_secs_f64(),
            self.empty_polls,
        )?;
        for (name, number) in [
            ("given back", self.given_back),
            ("malformed", self.malformed),
            ("settlements lost", self.settlements_lost),
            ("leases lost", self.leases_lost),
            ("handlers crashed", self.handlers_panicked),
            ("handlers abandoned", self.handlers_abandoned),
            ("reconnects", self.reconnects),
        ] {
            if number > 0 {
                write!(formatter, " {name} {number}")?;
            }
        }
        Ok(())
    }
}

/// The figures as the consumer writes them and others read them.
#[derive(Clone, Default)]
pub(super) struct Board(Arc<Mutex<Written>>);

#[derive(Default)]
struct Written {
    figures: Figures,
    oldest: Option<Instant>,
    idle: Option<Instant>,
}

impl Board {
    /// Writes counters, and since when the oldest delivery is in hand.
    pub(super) fn write(&self, figures: Figures, oldest: Option<Instant>) {
        let mut written = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        written.figures = figures;
        written.oldest = oldest;
        written.idle = match (oldest, written.idle) {
            (Some(_), _) => None,
            (None, Some(since)) => Some(since),
            (None, None) => Some(Instant::now()),
        };
    }

    pub(super) fn read(&self) -> Figures {
        let written = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let since = |moment: Instant| moment.elapsed();
        Figures {
            oldest: written.oldest.map(since),
            idle: written.idle.map(since),
            ..written.figures
        }
    }
}
