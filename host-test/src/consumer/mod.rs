//! A consumer: the loop that pulls deliveries from a listener, has them handled, and settles them.
//!
//! ```no_run
//! # async fn example(connection: connector_host::Connection) -> Result<(), connector_host::CallError> {
//! use connector_host::Settings;
//! use connector_host::consumer::{Consumer, ConsumerOptions, Handed, Outcome};
//!
//! let mut options = ConsumerOptions::default();
//! options.concurrency = 8;
//! let consumer = Consumer::new(connection, "orders", Settings::new(), options)
//!     .on_event(|event| eprintln!("{event}"));
//! let control = consumer.control();
//! // Elsewhere: control.stop(), and control.figures() now and then.
//! # drop(control);
//! let figures = consumer
//!     .run(|handed: Handed| async move {
//!         match std::str::from_utf8(&handed.document().payload) {
//!             Ok(_) => Outcome::Accept,
//!             Err(_) => Outcome::Retry(None),
//!         }
//!     })
//!     .await?;
//! println!("{figures}");
//! # Ok(())
//! # }
//! ```
//!
//! What it keeps to:
//!
//! - A message is removed only after its handler said [`Outcome::Accept`].
//! - Nothing is pulled while as many deliveries are in hand as may be.
//! - Deliveries of one group are handled one after another, each after the one before it was
//!   settled. Where one is not accepted, those after it go back unhandled, and it after them.
//! - While a delivery is in hand its lease is renewed, at half of its length. One whose lease has
//!   ended is never started.
//! - A stop gives back what waits, lets handlers finish, and gives back what does not finish in
//!   time.
//! - Failures end nothing: pulls and settlements are tried again, with waits that grow.
//!
//! | module | topic |
//! |---|---|
//! | `options`, `handler`, `event`, `figures` | what a platform sees |
//! | `conduct` | the loop |
//! | `hand` | what is decided about deliveries, without doing it |
//! | `poll`, `settle` | pulling and settling, with their second tries |
//! | `back_off`, `faults` | how long to wait, and after what |
//! | `port` | what the loop needs of a connection |

mod back_off;
mod conduct;
mod event;
mod faults;
mod figures;
mod hand;
mod handler;
mod options;
mod poll;
mod port;
mod settle;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use tokio::sync::watch;

use crate::connection::Connection;
use crate::contract::Settings;
use crate::error::CallError;

pub use back_off::BackOff;
pub use event::{Event, SettlementKind};
pub use figures::Figures;
pub use handler::{Handed, Handler, Outcome};
pub use options::{ConsumerOptions, Malformed};

use conduct::{Conductor, Listening};
use figures::Board;
use poll::Stage;
use port::Bound;

/// Pulls deliveries of one object of a connection and has them handled.
///
/// It uses one listener, and for settling the connection's other instances.
pub struct Consumer {
    bound: Bound,
    options: ConsumerOptions,
    listening: Option<Listening>,
    control: Control,
}

impl Consumer {
    /// A consumer of what `object` names, with settings of the operation that listens. Nothing
    /// happens before [`Consumer::run`].
    #[must_use]
    pub fn new(
        connection: Connection,
        object: &str,
        settings: Settings,
        options: ConsumerOptions,
    ) -> Self {
        Self {
            bound: Bound {
                connection,
                object: object.into(),
                settings: Arc::new(settings),
            },
            options,
            listening: None,
            control: Control::new(),
        }
    }

    /// Has this called with each event. It is called between two steps of the loop, and must not
    /// block.
    #[must_use]
    pub fn on_event(mut self, listening: impl Fn(Event) + Send + Sync + 'static) -> Self {
        self.listening = Some(Arc::new(listening));
        self
    }

    /// What stops it and reads its figures, also while it runs.
    #[must_use]
    pub fn control(&self) -> Control {
        self.control.clone()
    }

    /// Runs until it is stopped; gives the figures at the end.
    ///
    /// To drop the future ends it at once: handlers are dropped, and nothing is given back, so
    /// that messages come again when their leases end. [`Control::stop`] is the better way.
    ///
    /// # Errors
    /// Where the listener cannot be made, or its settings turn out not to work
    /// (`invalid-settings`). Any other failure of a pull is told as [`Event::PullFailed`], and
    /// the next pull comes after a wait: one that grows where the failure may pass by itself, the
    /// longest one where somebody has to act first.
    pub async fn run(self, handler: impl Handler) -> Result<Figures, CallError> {
        let conductor = Conductor {
            port: self.bound,
            handler: Arc::new(handler),
            options: self.options,
            listening: self.listening,
            board: self.control.board.clone(),
            stop: self.control.stage.subscribe(),
        };
        conductor.run().await
    }
}

impl fmt::Debug for Consumer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Consumer")
            .field("object", &self.bound.object)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

/// Stops a consumer and reads its figures. A clone controls the same one.
#[derive(Clone)]
pub struct Control {
    stage: watch::Sender<Stage>,
    board: Board,
}

impl Control {
    fn new() -> Self {
        Self {
            stage: watch::Sender::new(Stage::Running),
            board: Board::default(),
        }
    }

    /// Nothing more is pulled; a pull that waits may end by itself, and what it brings is given
    /// back, as is all that waits. Running handlers may finish. All that is bounded by
    /// [`ConsumerOptions::stop_within`], after which it goes on as [`Control::stop_now`] does.
    pub fn stop(&self) {
        self.go_to(Stage::Stopping);
    }

    /// Handlers are dropped, and their deliveries given back. It takes some seconds at most.
    pub fn stop_now(&self) {
        self.go_to(Stage::Now);
    }

    /// The figures up to now.
    #[must_use]
    pub fn figures(&self) -> Figures {
        self.board.read()
    }

    fn go_to(&self, wanted: Stage) {
        self.stage.send_if_modified(|stage| {
            let is_later = *stage < wanted;
            *stage = wanted.max(*stage);
            is_later
        });
    }
}

impl fmt::Debug for Control {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Control")
            .field("figures", &self.figures())
            .finish_non_exhaustive()
    }
}
