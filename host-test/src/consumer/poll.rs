//! Pulling deliveries: one pull for each permit, waits after failures, fresh listeners for lost
//! ones, and the end.

use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, timeout};

use crate::contract::{Delivery, Error};
use crate::error::CallError;

use super::back_off::BackOff;
use super::faults;
use super::port::{Port, Source};

/// How far a stop has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    Running,
    /// Nothing more is pulled; what runs may end.
    Stopping,
    /// Nothing is waited for any more.
    Now,
}

/// Waits until a stop has come so far.
pub(super) async fn reached(stage: &mut watch::Receiver<Stage>, least: Stage) {
    if stage.wait_for(|stage| *stage >= least).await.is_err() {
        // Nobody is left who could say it.
        std::future::pending::<()>().await;
    }
}

/// What the poller tells.
pub(super) enum Polled {
    /// A pull ended well; there may be nothing in it.
    Deliveries(Vec<Delivery>),
    /// One failed, and the next follows by itself.
    Failed {
        error: CallError,
        wait: Duration,
        reconnecting: bool,
    },
    /// There is a fresh listener.
    Reconnected,
    /// The end; with an error where it is useless to go on.
    Ended(Result<(), CallError>),
}

/// A pull that brings nothing and takes less is followed by a pause of the rest: a listener is to
/// wait by itself, and one that does not shall not make a hot loop.
const LEAST_EMPTY_PULL: Duration = Duration::from_millis(100);
/// How long the listener's own `stop` may take.
const LAST_CALL: Duration = Duration::from_secs(10);
/// The same where nothing is to be waited for.
const LAST_CALL_NOW: Duration = Duration::from_secs(1);

/// The one who pulls.
pub(super) struct Poller<P: Port> {
    port: P,
    source: Option<P::Source>,
    permits: mpsc::Receiver<()>,
    stage: watch::Receiver<Stage>,
    told: mpsc::Sender<Polled>,
    back_off: BackOff,
    failures: u32,
}

impl<P: Port> Poller<P> {
    pub(super) fn new(
        port: P,
        source: P::Source,
        permits: mpsc::Receiver<()>,
        stage: watch::Receiver<Stage>,
        told: mpsc::Sender<Polled>,
        back_off: BackOff,
    ) -> Self {
        Self {
            port,
            source: Some(source),
            permits,
            stage,
            told,
            back_off,
            failures: 0,
        }
    }

    /// Pulls until it is told to stop.
    pub(super) async fn run(mut self) {
        let mut result = Ok(());
        'pulls: loop {
            let mut stage = self.stage.clone();
            tokio::select! {
                biased;
                () = reached(&mut stage, Stage::Stopping) => break,
                permit = self.permits.recv() => if permit.is_none() { break },
            }
            // A permit is good for one pull that ends well.
            loop {
                match self.pull().await {
                    Ok(Some(deliveries)) => {
                        self.tell(Polled::Deliveries(deliveries)).await;
                        continue 'pulls;
                    }
                    Ok(None) => break 'pulls,
                    Err(error) if is_fatal(&error) => {
                        result = Err(error);
                        break 'pulls;
                    }
                    Err(error) => {
                        if !self.wait_after(error).await {
                            break 'pulls;
                        }
                    }
                }
            }
        }
        self.end().await;
        self.tell(Polled::Ended(result)).await;
    }

    /// One pull; none where it is cut off.
    async fn pull(&mut self) -> Result<Option<Vec<Delivery>>, CallError> {
        let mut stage = self.stage.clone();
        let source = match self.source.take().filter(Source::is_alive) {
            Some(source) => source,
            None => {
                let source = self.port.listen().await?;
                self.tell(Polled::Reconnected).await;
                source
            }
        };
        let source = self.source.insert(source);
        let begun = Instant::now();
        // To drop a pull loses what is being handed out: only where nothing is waited for.
        let deliveries = tokio::select! {
            biased;
            () = reached(&mut stage, Stage::Now) => return Ok(None),
            pulled = source.next() => pulled?,
        };
        self.failures = 0;
        if deliveries.is_empty() {
            let rest = LEAST_EMPTY_PULL.saturating_sub(begun.elapsed());
            tokio::select! {
                () = reached(&mut stage, Stage::Stopping) => {}
                () = sleep(rest) => {}
            }
        }
        Ok(Some(deliveries))
    }

    /// Tells of a failure and waits; false where there is no next pull.
    async fn wait_after(&mut self, error: CallError) -> bool {
        self.failures = self.failures.saturating_add(1);
        let wait = if faults::may_pass(&error) {
            self.back_off.wait(self.failures)
        } else {
            self.back_off.longest()
        };
        let reconnecting = !self.source.as_ref().is_some_and(Source::is_alive);
        self.tell(Polled::Failed {
            error,
            wait,
            reconnecting,
        })
        .await;
        let mut stage = self.stage.clone();
        tokio::select! {
            biased;
            () = reached(&mut stage, Stage::Stopping) => false,
            () = sleep(wait) => true,
        }
    }

    /// Lets the listener give back what it has not handed over.
    async fn end(&mut self) {
        let Some(mut source) = self.source.take().filter(Source::is_alive) else {
            return;
        };
        let mut stage = self.stage.clone();
        let cut = async {
            reached(&mut stage, Stage::Now).await;
            sleep(LAST_CALL_NOW).await;
        };
        // Where it fails, the leases end by themselves: there is nobody left to try again.
        tokio::select! {
            _ = timeout(LAST_CALL, source.stop()) => {}
            () = cut => {}
        }
    }

    async fn tell(&mut self, polled: Polled) {
        // Where nobody hears it, the consumer was dropped, and this task is about to be.
        let _ = self.told.send(polled).await;
    }
}

/// Settings do not change while a consumer runs: what they cannot do now they never will.
fn is_fatal(error: &CallError) -> bool {
    matches!(error.connector(), Some(Error::InvalidSettings(_)))
}
