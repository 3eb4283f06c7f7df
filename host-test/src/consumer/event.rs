//! What an operator wants to know, as it happens. No event holds a token, a payload or a secret.

use std::fmt;
use std::time::Duration;

/// Something that a [`super::Consumer`] met. Its `Display` is a line for a log.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// A pull failed. It is told for the first failure in a row, and where the reason changes.
    PullFailed {
        /// Why.
        reason: String,
        /// How long until the next one.
        wait: Duration,
        /// Whether the listener is lost with it, and another one will be made.
        reconnecting: bool,
    },
    /// Pulls work again.
    Recovered {
        /// How long they did not.
        after: Duration,
    },
    /// A settlement was refused, or could not be made in time. The message comes again, unless the
    /// service knows better.
    SettlementLost {
        /// What was to become of the delivery.
        settlement: SettlementKind,
        /// Why not.
        reason: String,
    },
    /// A lease ended or could not be renewed: the message may be handed out again.
    LeaseLost {
        /// Whether its handler runs already; else it is never started.
        started: bool,
        /// Why.
        reason: String,
    },
    /// A delivery could not be read as asked.
    Malformed {
        /// Why.
        reason: String,
    },
    /// A handler panicked; its delivery is retried.
    HandlerPanicked,
    /// The stop began: nothing more is pulled.
    Stopping,
    /// The time to stop is over.
    Abandoned {
        /// How many handlers were dropped at their work.
        handlers: usize,
        /// How many messages are lost by it, because they were removed before they were handed
        /// over.
        lost: usize,
    },
}

/// What a lost settlement was to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SettlementKind {
    /// To remove a message that was handled.
    Accept,
    /// To offer again one that was not.
    Retry,
    /// To give back one that was never, or not wholly, handled.
    GiveBack,
}

impl fmt::Display for Event {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PullFailed {
                reason,
                wait,
                reconnecting,
            } => {
                let how = if *reconnecting {
                    "reconnecting"
                } else {
                    "again"
                };
                let wait = wait.as_secs_f64();
                write!(
                    formatter,
                    "nothing is received, {how} in {wait:.1} s: {reason}"
                )
            }
            Self::Recovered { after } => {
                write!(
                    formatter,
                    "receiving again after {:.0} s",
                    after.as_secs_f64()
                )
            }
            Self::SettlementLost { settlement, reason } => {
                let what = match settlement {
                    SettlementKind::Accept => "a message that was handled is not removed",
                    SettlementKind::Retry => "a message that failed is not put back as asked",
                    SettlementKind::GiveBack => "a message is not given back at once",
                };
                write!(formatter, "{what}: {reason}")
            }
            Self::LeaseLost { started, reason } => {
                let what = if *started {
                    "a message may come again while it is being handled"
                } else {
                    "a message was held too long and is not started"
                };
                write!(formatter, "{what}: {reason}")
            }
            Self::Malformed { reason } => write!(formatter, "a malformed message: {reason}"),
            Self::HandlerPanicked => {
                formatter.write_str("a handler crashed, its message is retried")
            }
            Self::Stopping => formatter.write_str("stopping"),
            Self::Abandoned { handlers, lost: 0 } => {
                write!(formatter, "{handlers} handlers were abandoned")
            }
            Self::Abandoned { handlers, lost } => write!(
                formatter,
                "{handlers} handlers were abandoned; {lost} messages had been removed before and are lost"
            ),
        }
    }
}
