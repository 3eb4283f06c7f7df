//! Settling: requests are gathered into calls, several calls run side by side, and what failed is
//! tried again while that can help.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use crate::contract::{Settled, Settlement};
use crate::error::{CallError, describe};

use super::back_off::BackOff;
use super::faults;
use super::port::Port;

/// Settlements of one call.
const BATCH: usize = 100;
/// How long the first of a call waits for others.
const GATHERING: Duration = Duration::from_millis(5);
const AGAIN: BackOff = BackOff {
    first: Duration::from_millis(400),
    longest: Duration::from_secs(5),
};

/// A settlement to make.
pub(super) struct Request {
    pub(super) id: u64,
    pub(super) settlement: Settlement,
    /// When the lease ends: until then it is worth trying again.
    pub(super) until: Instant,
}

/// What became of a request.
pub(super) struct Answer {
    pub(super) id: u64,
    /// The error in words.
    pub(super) result: Result<(), String>,
}

/// A request with what was tried.
struct Tried {
    id: u64,
    until: Instant,
    failures: u32,
    /// In a call of its own, because a call with others broke down.
    alone: bool,
}

type Pending = (Tried, Settlement);
type Call = (Vec<Tried>, Vec<Settlement>, Result<Vec<Settled>, CallError>);

/// The one who settles.
pub(super) struct Settler<P> {
    port: P,
    side_by_side: usize,
    ready: VecDeque<Pending>,
    later: Vec<(Instant, Pending)>,
    calls: JoinSet<Call>,
    answers: mpsc::UnboundedSender<Answer>,
}

impl<P: Port> Settler<P> {
    pub(super) fn new(
        port: P,
        side_by_side: usize,
        answers: mpsc::UnboundedSender<Answer>,
    ) -> Self {
        Self {
            port,
            side_by_side: side_by_side.max(1),
            ready: VecDeque::new(),
            later: Vec::new(),
            calls: JoinSet::new(),
            answers,
        }
    }

    /// Settles until nobody asks any more.
    pub(super) async fn run(mut self, mut requests: mpsc::UnboundedReceiver<Request>) {
        let mut gathered = Instant::now();
        loop {
            while self.calls.len() < self.side_by_side
                && !self.ready.is_empty()
                && (self.ready.len() >= BATCH || gathered <= Instant::now())
            {
                self.call();
            }
            let has_room = self.calls.len() < self.side_by_side;
            let due = self.later.iter().map(|(due, _)| *due).min();
            tokio::select! {
                request = requests.recv() => {
                    let Some(request) = request else { return };
                    if self.ready.is_empty() {
                        gathered = Instant::now() + GATHERING;
                    }
                    self.ready.push_back(fresh(request));
                }
                Some(ended) = self.calls.join_next() => match ended {
                    Ok(call) => self.ended(call),
                    // Its requests are answered by nobody; the panic is this crate's own fault.
                    Err(error) => if let Ok(panic) = error.try_into_panic() {
                        std::panic::resume_unwind(panic);
                    }
                },
                () = sleep_until(gathered), if has_room && !self.ready.is_empty() => {}
                () = sleep_until(due.unwrap_or(gathered)), if due.is_some() => self.wake(),
            }
        }
    }

    /// What has waited long enough is ready again.
    fn wake(&mut self) {
        let now = Instant::now();
        let (due, later) = std::mem::take(&mut self.later)
            .into_iter()
            .partition(|(due, _)| *due <= now);
        self.later = later;
        let due: Vec<(Instant, Pending)> = due;
        self.ready
            .extend(due.into_iter().map(|(_, pending)| pending));
    }

    fn call(&mut self) {
        let mut tried = Vec::new();
        let mut settlements = Vec::new();
        while let Some((next, _)) = self.ready.front() {
            let is_full = settlements.len() >= BATCH;
            if is_full || next.alone && !tried.is_empty() {
                break;
            }
            let Some((next, settlement)) = self.ready.pop_front() else {
                break;
            };
            let alone = next.alone;
            tried.push(next);
            settlements.push(settlement);
            if alone {
                break;
            }
        }
        let port = self.port.clone();
        self.calls.spawn(async move {
            let result = port.settle(&settlements).await;
            (tried, settlements, result)
        });
    }

    fn ended(&mut self, (tried, settlements, result): Call) {
        let mut results = match result {
            Ok(settled) => settled.into_iter(),
            Err(error) => {
                // The plugin's own answer says that nothing was tried; a call that broke down may
                // break down again, for one of its settlements.
                let may_help = error.connector().is_none_or(faults::may_settle);
                let alone = error.connector().is_none() && !matches!(error, CallError::Exhausted);
                for mut pending in tried.into_iter().zip(settlements) {
                    pending.0.alone |= alone;
                    self.failed(pending, may_help, || error.to_string());
                }
                return;
            }
        };
        for (tried, settlement) in tried.into_iter().zip(settlements) {
            match results.next() {
                Some(settled) if settled.token == settlement.token => match settled.outcome {
                    Ok(()) => self.answer(tried.id, Ok(())),
                    Err(error) => {
                        self.failed((tried, settlement), faults::may_settle(&error), || {
                            describe(&error)
                        })
                    }
                },
                _ => self.failed((tried, settlement), true, || {
                    "the plugin did not say what became of it".to_owned()
                }),
            }
        }
    }

    /// Tries again later where that can help, and there is time.
    fn failed(&mut self, pending: Pending, may_help: bool, words: impl FnOnce() -> String) {
        let (mut tried, settlement) = pending;
        tried.failures += 1;
        let due = Instant::now() + AGAIN.wait(tried.failures);
        if may_help && due < tried.until {
            self.later.push((due, (tried, settlement)));
        } else {
            self.answer(tried.id, Err(words()));
        }
    }

    fn answer(&self, id: u64, result: Result<(), String>) {
        // Where nobody hears it, nobody asks any more either.
        let _ = self.answers.send(Answer { id, result });
    }
}

fn fresh(request: Request) -> Pending {
    let tried = Tried {
        id: request.id,
        until: request.until,
        failures: 0,
        alone: false,
    };
    (tried, request.settlement)
}
