//! A queue in memory: leases, groups that are closed while one of theirs is out, and failures on
//! request.

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::super::port::{Port, Source};
use crate::contract::{CommitMode, Delivery, Disposition, Document, Error, Settled, Settlement};
use crate::error::CallError;

/// What the clock showed when a test began.
const BEGINNING: Duration = Duration::from_secs(1_700_000_000);
/// How long a pull waits for messages.
pub(super) const WAIT: Duration = Duration::from_secs(20);

/// A message at the service.
#[derive(Clone)]
pub(super) struct Message {
    pub(super) body: String,
    pub(super) group: Option<String>,
    pub(super) attempts: u32,
    pub(super) is_removed: bool,
    pub(super) problem: Option<Error>,
    /// Out, or put off, until then.
    hidden_until: Instant,
    /// Its place among all receipts, while it is out.
    receipt: Option<u64>,
}

/// What the service was asked, in its order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Asked {
    Listen,
    Pull,
    HandedOut(String),
    Accept(String),
    Retry(String, u32),
    Extend(String, u32),
    Stop,
}

type Refusal = Box<dyn FnMut(&Asked) -> Option<Error> + Send>;

pub(super) struct State {
    pub(super) messages: Vec<Message>,
    pub(super) asked: Vec<(Instant, Asked)>,
    pub(super) lease: Duration,
    pub(super) commit: CommitMode,
    /// What the next pulls end with.
    pub(super) pulls_fail: VecDeque<CallError>,
    /// All pulls fail like this meanwhile.
    pub(super) gone: Option<fn() -> CallError>,
    /// What the next calls of `settle` end with.
    pub(super) settles_fail: VecDeque<CallError>,
    /// Which settlements are refused.
    pub(super) refuse: Option<Refusal>,
    pub(super) largest_pull: usize,
    /// As LocalStack does it: a group opens as soon as one of it is offered again, and what is put
    /// off stays away while anything that was received before it is out.
    pub(super) opens_early: bool,
    /// The groups that are closed there.
    closed: HashSet<String>,
    receipts: u64,
    begun: Instant,
}

#[derive(Clone)]
pub(super) struct Service {
    state: Arc<Mutex<State>>,
    changed: Arc<Notify>,
}

impl Service {
    pub(super) fn new() -> Self {
        let state = State {
            messages: Vec::new(),
            asked: Vec::new(),
            lease: Duration::from_secs(30),
            commit: CommitMode::AtLeastOnce,
            pulls_fail: VecDeque::new(),
            gone: None,
            settles_fail: VecDeque::new(),
            refuse: None,
            largest_pull: 10,
            opens_early: false,
            closed: HashSet::new(),
            receipts: 0,
            begun: Instant::now(),
        };
        Self {
            state: Arc::new(Mutex::new(state)),
            changed: Arc::default(),
        }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn send(&self, body: impl Into<String>, group: Option<&str>) {
        self.state().messages.push(Message {
            body: body.into(),
            group: group.map(str::to_owned),
            attempts: 0,
            is_removed: false,
            problem: None,
            hidden_until: Instant::now(),
            receipt: None,
        });
        self.changed.notify_waiters();
    }

    /// What was asked, without the times.
    pub(super) fn asked(&self) -> Vec<Asked> {
        let state = self.state();
        state.asked.iter().map(|(_, asked)| asked.clone()).collect()
    }

    /// How often something was asked.
    pub(super) fn count(&self, matching: impl Fn(&Asked) -> bool) -> usize {
        self.asked().iter().filter(|asked| matching(asked)).count()
    }

    /// The messages that were removed, in the order of their removal.
    pub(super) fn accepted(&self) -> Vec<String> {
        let accepted = |asked| match asked {
            Asked::Accept(body) => Some(body),
            _ => None,
        };
        self.asked().into_iter().filter_map(accepted).collect()
    }

    /// Waits until something holds; it has to become true by somebody's doing.
    pub(super) async fn until(&self, what: &str, holds: impl Fn(&State) -> bool) {
        let waiting = async {
            while !holds(&self.state()) {
                sleep(Duration::from_millis(10)).await;
            }
        };
        let patience = Duration::from_secs(24 * 3_600);
        assert!(
            timeout(patience, waiting).await.is_ok(),
            "waited in vain: {what}"
        );
    }

    pub(super) async fn until_empty(&self) {
        self.until("an empty queue", |state| {
            state.messages.iter().all(|message| message.is_removed)
        })
        .await;
    }

    fn note(&self, asked: Asked) {
        self.state().asked.push((Instant::now(), asked));
    }
}

impl State {
    /// What can be handed out now, and when that changes by itself.
    fn take(&mut self, clock: Duration) -> (Vec<Delivery>, Option<Instant>) {
        let now = Instant::now();
        let (lease, commit) = (self.lease, self.commit);
        let closed = self.closed(now);
        let mut taken = Vec::new();
        let mut next = None;
        let mut messages: Vec<_> = self.messages.iter_mut().enumerate().collect();
        if self.opens_early {
            // A group at a time.
            messages.sort_by_key(|(_, message)| message.group.clone());
        }
        for (number, message) in messages {
            if message.is_removed {
                continue;
            }
            if message.hidden_until > now {
                next = Some(next.map_or(message.hidden_until, |next: Instant| {
                    next.min(message.hidden_until)
                }));
                continue;
            }
            if self.opens_early && message.receipt.is_some() {
                continue;
            }
            let is_closed = message
                .group
                .as_ref()
                .is_some_and(|group| closed.contains(group));
            if is_closed || taken.len() >= self.largest_pull {
                continue;
            }
            message.attempts += 1;
            message.hidden_until = now + lease;
            message.receipt = Some(self.receipts);
            self.receipts += 1;
            self.closed.extend(message.group.clone());
            self.asked
                .push((now, Asked::HandedOut(message.body.clone())));
            let removed = commit == CommitMode::OnReceive;
            message.is_removed = removed;
            let ends = (clock + lease).as_millis();
            taken.push(Delivery {
                token: format!("{number}/{}/secret-token", message.attempts),
                group: message.group.clone(),
                attempt: message.attempts,
                lease_ends_ms: if removed {
                    0
                } else {
                    u64::try_from(ends).unwrap_or(0)
                },
                suggested_retry_seconds: 7,
                document: Document {
                    payload: message.body.clone().into_bytes(),
                    content_type: None,
                    properties: Vec::new(),
                },
                problem: message.problem.clone(),
            });
        }
        (taken, next)
    }

    /// The groups of which nothing may be handed out.
    fn closed(&mut self, now: Instant) -> HashSet<String> {
        if !self.opens_early {
            let out = self
                .messages
                .iter()
                .filter(|message| !message.is_removed && message.hidden_until > now);
            return out.filter_map(|message| message.group.clone()).collect();
        }
        let mut out: Vec<&mut Message> = self
            .messages
            .iter_mut()
            .filter(|message| message.receipt.is_some())
            .collect();
        out.sort_by_key(|message| message.receipt);
        for message in out {
            if message.hidden_until > now {
                break;
            }
            message.receipt = None;
            if let Some(group) = &message.group {
                self.closed.remove(group);
            }
        }
        self.closed.clone()
    }

    /// A message is out no more.
    fn came_back(&mut self, number: usize, opens: bool) {
        let Some(message) = self.messages.get_mut(number) else {
            return;
        };
        message.receipt = None;
        let Some(group) = message.group.clone() else {
            return;
        };
        let mut out = self.messages.iter().filter(|other| other.receipt.is_some());
        if opens || out.all(|other| other.group.as_ref() != Some(&group)) {
            self.closed.remove(&group);
        }
    }

    fn settle(&mut self, settlement: &Settlement) -> Result<(), Error> {
        let mut parts = settlement.token.split('/');
        let mut part = || parts.next().and_then(|part| part.parse::<usize>().ok());
        let (number, attempt) = (part().unwrap_or(usize::MAX), part());
        let now = Instant::now();
        let message = self.messages.get_mut(number).expect("a known message");
        let asked = match settlement.disposition {
            Disposition::Accept => Asked::Accept(message.body.clone()),
            Disposition::Retry(seconds) => Asked::Retry(message.body.clone(), seconds),
            Disposition::Extend(seconds) => Asked::Extend(message.body.clone(), seconds),
        };
        let refused = self.refuse.as_mut().and_then(|refuse| refuse(&asked));
        if let Some(error) = refused {
            return Err(error);
        }
        let is_current = attempt == usize::try_from(message.attempts).ok();
        if !is_current || message.is_removed || message.hidden_until <= now {
            return Err(Error::Other("it is not in flight".to_owned()));
        }
        match settlement.disposition {
            Disposition::Accept => message.is_removed = true,
            Disposition::Retry(seconds) | Disposition::Extend(seconds) => {
                message.hidden_until = now + Duration::from_secs(seconds.into());
            }
        }
        match settlement.disposition {
            Disposition::Accept => self.came_back(number, false),
            Disposition::Retry(0) => self.came_back(number, true),
            _ => {}
        }
        self.asked.push((now, asked));
        Ok(())
    }
}

impl Port for Service {
    type Source = Pulling;

    async fn listen(&self) -> Result<Pulling, CallError> {
        self.note(Asked::Listen);
        Ok(Pulling {
            commit: self.state().commit,
            service: self.clone(),
            is_alive: true,
        })
    }

    async fn settle(&self, settlements: &[Settlement]) -> Result<Vec<Settled>, CallError> {
        sleep(Duration::from_millis(3)).await;
        let failure = self.state().settles_fail.pop_front();
        if let Some(error) = failure {
            return Err(error);
        }
        let settle = |settlement: &Settlement| Settled {
            token: settlement.token.clone(),
            outcome: self.state().settle(settlement),
        };
        let settled = settlements.iter().map(settle).collect();
        self.changed.notify_waiters();
        // A pull may be answered before the one who settles is.
        sleep(Duration::from_millis(3)).await;
        Ok(settled)
    }

    fn now(&self) -> Duration {
        BEGINNING + self.state().begun.elapsed()
    }
}

pub(super) struct Pulling {
    service: Service,
    commit: CommitMode,
    is_alive: bool,
}

impl Pulling {
    async fn pull(&mut self) -> Result<Vec<Delivery>, CallError> {
        let failure = {
            let mut state = self.service.state();
            let gone = state.gone.map(|error| error());
            state.pulls_fail.pop_front().or(gone)
        };
        if let Some(error) = failure {
            return Err(error);
        }
        let end = Instant::now() + WAIT;
        loop {
            let service = self.service.clone();
            let changed = service.changed.notified();
            let clock = service.now();
            let (taken, next) = service.state().take(clock);
            if !taken.is_empty() || Instant::now() >= end {
                return Ok(taken);
            }
            tokio::select! {
                () = changed => {}
                () = sleep_until(next.map_or(end, |next| next.min(end))) => {}
            }
        }
    }
}

impl Source for Pulling {
    fn commit(&self) -> CommitMode {
        self.commit
    }

    fn is_alive(&self) -> bool {
        self.is_alive
    }

    async fn next(&mut self) -> Result<Vec<Delivery>, CallError> {
        assert!(self.is_alive, "a listener that is lost is called");
        self.service.note(Asked::Pull);
        // A future that is dropped, and an error that is not the plugin's own, cost the listener.
        self.is_alive = false;
        sleep(Duration::from_millis(3)).await;
        let pulled = self.pull().await;
        self.is_alive = pulled
            .as_ref()
            .err()
            .is_none_or(|error| error.connector().is_some());
        pulled
    }

    async fn stop(&mut self) -> Result<(), CallError> {
        self.service.note(Asked::Stop);
        Ok(())
    }
}
