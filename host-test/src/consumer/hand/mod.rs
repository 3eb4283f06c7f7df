//! The deliveries in hand, and what is to be done with them: decisions only, made from what
//! happened and when. It does nothing by itself: it asks for settlements in `requests` and tells
//! in `events`.
//!
//! | module | topic |
//! |---|---|
//! | `entry` | one delivery |
//! | `group` | order |
//! | `lease` | renewals |

mod entry;
mod group;
mod lease;

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::contract::{CommitMode, Delivery, Disposition};
use crate::error::describe;

use super::event::{Event, SettlementKind};
use super::figures::Figures;
use super::handler::{Handed, Outcome};
use super::options::{ConsumerOptions, Malformed};
use super::settle::{Answer, Request};
use entry::{Entry, Stage};
use group::Group;

/// How a handler ended.
#[derive(Debug, Clone, Copy)]
pub(super) enum Ended {
    Handled(Outcome),
    Panicked,
    Abandoned,
}

/// A malformed message is offered again no sooner, in seconds: it will be malformed again.
const LEAST_MALFORMED_RETRY: u32 = 1;

/// What a consumer holds.
pub(super) struct Hand {
    commit: CommitMode,
    malformed: Malformed,
    lease: Option<Duration>,
    /// The longest lease that was seen.
    longest_lease: Duration,
    is_stopping: bool,
    entries: BTreeMap<u64, Entry>,
    next: u64,
    groups: HashMap<String, Group>,
    /// Those for the next free handlers; some may have gone another way meanwhile.
    ready: VecDeque<u64>,
    alarms: BTreeSet<(Instant, u64)>,
    pub(super) requests: Vec<Request>,
    pub(super) events: Vec<Event>,
    pub(super) figures: Figures,
}

impl Hand {
    pub(super) fn new(commit: CommitMode, options: &ConsumerOptions) -> Self {
        Self {
            commit,
            malformed: options.malformed,
            lease: options.lease,
            longest_lease: Duration::ZERO,
            is_stopping: false,
            entries: BTreeMap::new(),
            next: 0,
            groups: HashMap::new(),
            ready: VecDeque::new(),
            alarms: BTreeSet::new(),
            requests: Vec::new(),
            events: Vec::new(),
            figures: Figures::default(),
        }
    }

    /// How many deliveries there are.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// How many of them are with handlers.
    pub(super) fn running(&self) -> usize {
        self.figures.in_flight
    }

    /// The figures, with what is in hand now.
    pub(super) fn figures(&self) -> Figures {
        Figures {
            in_hand: self.len(),
            ..self.figures
        }
    }

    /// Since when the oldest one is in hand.
    pub(super) fn oldest(&self) -> Option<Instant> {
        self.entries.values().next().map(|entry| entry.received)
    }

    /// Takes in what a pull gave. `clock` is the time that leases are told by.
    pub(super) fn receive(&mut self, deliveries: Vec<Delivery>, now: Instant, clock: Duration) {
        self.figures.polls += 1;
        self.figures.empty_polls += u64::from(deliveries.is_empty());
        let mut groups = Vec::new();
        for delivery in deliveries {
            self.figures.received += 1;
            if let Some(problem) = &delivery.problem {
                self.figures.malformed += 1;
                self.events.push(Event::Malformed {
                    reason: describe(problem),
                });
            }
            let lease = self.lease_of(&delivery, now, clock);
            let id = self.next;
            self.next += 1;
            let group = delivery.group.clone();
            let entry = Entry {
                delivery: Arc::new(delivery),
                received: now,
                lease,
                is_ours: self.commit == CommitMode::AtLeastOnce && lease.is_some(),
                stage: Stage::Waiting,
                renewal: None,
                deferred: None,
                lost: Arc::default(),
                alarm: None,
            };
            self.entries.insert(id, entry);
            self.watch_lease(id);
            match group {
                Some(name) => {
                    self.join_group(&name, id);
                    groups.push(name);
                }
                None => {
                    self.set_stage(id, Stage::Ready);
                    self.ready.push_back(id);
                }
            }
        }
        self.figures.most_in_hand = self.figures.most_in_hand.max(self.len());
        if self.is_stopping {
            self.give_back_waiting(now);
        }
    }

    /// The next delivery for a handler, whose lease has not ended.
    pub(super) fn start(&mut self, now: Instant) -> Option<(u64, Handed)> {
        loop {
            let id = self.ready.pop_front()?;
            let Some(entry) = self.entries.get_mut(&id) else {
                continue;
            };
            if entry.stage != Stage::Ready {
                continue;
            }
            if entry.is_over(now) {
                self.lapse(id, "its lease ended", now);
                continue;
            }
            entry.stage = Stage::Running;
            self.figures.in_flight += 1;
            let decided = match self.malformed {
                _ if entry.delivery.problem.is_none() || !entry.is_ours => None,
                Malformed::HandOver => None,
                Malformed::Accept => Some(Outcome::Accept),
                Malformed::Retry => {
                    let seconds = entry.delivery.suggested_retry_seconds;
                    Some(Outcome::Retry(Some(seconds.max(LEAST_MALFORMED_RETRY))))
                }
            };
            match decided {
                Some(outcome) => self.ended(id, Ended::Handled(outcome), now),
                None => {
                    let handed = Handed::new(Arc::clone(&entry.delivery), Arc::clone(&entry.lost));
                    return Some((id, handed));
                }
            }
        }
    }

    /// What became of handling one.
    pub(super) fn ended(&mut self, id: u64, ended: Ended, now: Instant) {
        let Some(entry) = self.entries.get(&id) else {
            return;
        };
        self.figures.in_flight = self.figures.in_flight.saturating_sub(1);
        let suggested = entry.delivery.suggested_retry_seconds;
        let (kind, seconds) = match ended {
            Ended::Handled(Outcome::Accept) => (SettlementKind::Accept, 0),
            Ended::Handled(Outcome::Retry(seconds)) => {
                (SettlementKind::Retry, seconds.unwrap_or(suggested))
            }
            Ended::Panicked => {
                self.figures.handlers_panicked += 1;
                self.events.push(Event::HandlerPanicked);
                (SettlementKind::Retry, suggested)
            }
            Ended::Abandoned => {
                self.figures.handlers_abandoned += 1;
                (SettlementKind::GiveBack, 0)
            }
        };
        let group = entry.group().map(str::to_owned);
        let is_over = entry.has_lost_lease() && entry.is_over(now);
        if !entry.is_ours {
            self.count(kind);
            self.forget(id);
            if let Some(name) = group {
                self.leave_group(&name, id, kind == SettlementKind::Accept, now);
            }
        } else if kind == SettlementKind::Accept {
            // Also where the lease is over: the service may well know the message still.
            self.close(id, kind, Disposition::Accept, now);
        } else if is_over {
            // It is offered again already.
            self.forget(id);
            if let Some(name) = group {
                self.leave_group(&name, id, false, now);
            }
        } else if let Some(name) = group {
            self.return_failed(&name, id, kind, seconds, now);
        } else {
            self.close(id, kind, Disposition::Retry(seconds), now);
        }
    }

    /// What became of a settlement.
    pub(super) fn answered(&mut self, answer: Answer, now: Instant) {
        let Answer { id, result } = answer;
        let Some(entry) = self.entries.get_mut(&id) else {
            return;
        };
        if let Some((sent, seconds)) = entry.renewal.take() {
            return self.renewed(id, sent, seconds, result, now);
        }
        let Stage::Closing(settlement) = entry.stage else {
            return;
        };
        let group = entry.group().map(str::to_owned);
        let is_settled = result.is_ok();
        match result {
            Ok(()) => self.count(settlement),
            Err(reason) => {
                self.figures.settlements_lost += 1;
                self.events
                    .push(Event::SettlementLost { settlement, reason });
            }
        }
        self.forget(id);
        if let Some(name) = group {
            self.leave_group(&name, id, is_settled, now);
        }
    }

    /// Nothing more is started, but what would be lost by that; what waits is given back.
    pub(super) fn stop(&mut self, now: Instant) {
        self.is_stopping = true;
        self.give_back_waiting(now);
    }

    /// Drops what waits and cannot be given back; how many those are.
    pub(super) fn drop_waiting(&mut self) -> usize {
        let ids: Vec<u64> = self
            .entries
            .iter()
            .filter(|(_, entry)| matches!(entry.stage, Stage::Waiting | Stage::Ready))
            .map(|(id, _)| *id)
            .collect();
        for id in &ids {
            self.forget(*id);
        }
        ids.len()
    }

    fn give_back_waiting(&mut self, now: Instant) {
        let names: Vec<String> = self.groups.keys().cloned().collect();
        for name in names {
            self.return_waiting(&name, now);
        }
        let ready: Vec<u64> = self
            .entries
            .iter()
            .filter(|(_, entry)| entry.stage == Stage::Ready && entry.lease.is_some())
            .map(|(id, _)| *id)
            .collect();
        for id in ready {
            if self.entries.get(&id).is_some_and(|entry| entry.is_ours) {
                self.close(id, SettlementKind::GiveBack, Disposition::Retry(0), now);
            } else {
                self.forget(id);
            }
        }
    }

    /// Sends the last settlement of one, once no renewal of it is on the way.
    fn close(&mut self, id: u64, kind: SettlementKind, disposition: Disposition, now: Instant) {
        self.set_alarm(id, None);
        let Some(entry) = self.entries.get_mut(&id) else {
            return;
        };
        entry.stage = Stage::Closing(kind);
        if entry.renewal.is_some() {
            entry.deferred = Some(disposition);
        } else {
            let request = entry.request(id, disposition, now);
            self.requests.push(request);
        }
    }

    fn count(&mut self, kind: SettlementKind) {
        match kind {
            SettlementKind::Accept => self.figures.accepted += 1,
            SettlementKind::Retry => self.figures.retried += 1,
            SettlementKind::GiveBack => self.figures.given_back += 1,
        }
    }

    fn forget(&mut self, id: u64) {
        self.set_alarm(id, None);
        self.entries.remove(&id);
    }

    fn stage(&self, id: u64) -> Option<Stage> {
        self.entries.get(&id).map(|entry| entry.stage)
    }

    fn set_stage(&mut self, id: u64, stage: Stage) {
        if let Some(entry) = self.entries.get_mut(&id) {
            entry.stage = stage;
        }
    }
}
