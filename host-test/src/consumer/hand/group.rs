//! The order of a group: one after another, and back in an order that keeps it.
//!
//! Where one of a group is not handled to the end, those after it must not be handled either: they
//! would overtake it. They go back one by one, the last one first, and after all of them the one
//! that failed, whose lease meanwhile keeps the group closed at the service.
//!
//! They go back with the wait of the one that failed, and that is a second at least, also where it
//! is alone and where the consumer stops. What is offered at once can come again before the answer
//! that it is back: what came would have to go back once more, to keep the order. And some services
//! open a group as soon as one of it is in sight, so that a pull that waits, here or at another
//! host, would take the last ones before the first are there; put off alike, all of them come into
//! sight together.

use std::collections::VecDeque;

use tokio::time::Instant;

use crate::contract::Disposition;

use super::super::event::SettlementKind;
use super::Hand;
use super::entry::Stage;

/// The least wait of what goes back, in seconds.
const LEAST_WAIT: u32 = 1;

/// Deliveries of one group.
#[derive(Default)]
pub(super) struct Group {
    /// In the order given; the first one may be with a handler, or on its way to be removed.
    pub(super) queue: VecDeque<u64>,
    pub(super) returning: Option<Returning>,
}

/// A part of a group on its way back.
#[derive(Default)]
pub(super) struct Returning {
    /// To be given back, the last one first.
    rest: Vec<u64>,
    /// With this wait, in seconds.
    wait: u32,
    /// What follows when all of those are back.
    failed: Option<(u64, SettlementKind, u32)>,
    /// The one on the way.
    current: Option<u64>,
}

impl Hand {
    /// Takes in one more delivery of a group.
    pub(super) fn join_group(&mut self, name: &str, id: u64) {
        let group = self.groups.entry(name.to_owned()).or_default();
        let is_ours = self.entries.get(&id).is_some_and(|entry| entry.is_ours);
        match &mut group.returning {
            // Others of the group are on their way back, and it came after them, or comes again
            // although it should not yet: it goes with them.
            Some(returning) if is_ours => {
                returning.rest.push(id);
                self.set_stage(id, Stage::Returning);
            }
            _ => {
                group.queue.push_back(id);
                self.advance_group(name);
            }
        }
    }

    /// Makes the first of a group ready, where nothing of the group is on its way back.
    pub(super) fn advance_group(&mut self, name: &str) {
        let Some(group) = self.groups.get(name) else {
            return;
        };
        if group.returning.is_some() {
            return;
        }
        let Some(&first) = group.queue.front() else {
            self.groups.remove(name);
            return;
        };
        if self.stage(first) == Some(Stage::Waiting) {
            self.set_stage(first, Stage::Ready);
            self.ready.push_back(first);
        }
    }

    /// Takes one out of its group's queue. Those after it go back, where `is_whole` is false.
    pub(super) fn leave_group(&mut self, name: &str, id: u64, is_whole: bool, now: Instant) {
        if let Some(group) = self.groups.get_mut(name) {
            if let Some(returning) = &mut group.returning {
                returning.rest.retain(|known| *known != id);
                if returning.current == Some(id) {
                    returning.current = None;
                }
                if returning.failed.is_some_and(|(known, _, _)| known == id) {
                    returning.failed = None;
                }
            }
            if let Some(place) = group.queue.iter().position(|known| *known == id) {
                group.queue.remove(place);
                if !is_whole {
                    self.return_from(name, place);
                }
            }
        }
        self.go_on_returning(name, now);
    }

    /// Gives one of a group back with a wait, after all that came after it.
    pub(super) fn return_failed(
        &mut self,
        name: &str,
        id: u64,
        kind: SettlementKind,
        seconds: u32,
        now: Instant,
    ) {
        self.set_stage(id, Stage::Returning);
        if let Some(group) = self.groups.get_mut(name) {
            let place = group.queue.iter().position(|known| *known == id);
            let place = place.unwrap_or(0);
            group.queue.remove(place);
            let wait = seconds.max(LEAST_WAIT);
            let returning = group.returning.get_or_insert_default();
            returning.failed = Some((id, kind, wait));
            returning.wait = returning.wait.max(wait);
            self.return_from(name, place);
        }
        self.go_on_returning(name, now);
    }

    /// Gives back all of a group but the one at work.
    pub(super) fn return_waiting(&mut self, name: &str, now: Instant) {
        let first = self.groups.get(name).and_then(|group| group.queue.front());
        let is_waiting =
            first.is_some_and(|id| matches!(self.stage(*id), Some(Stage::Waiting | Stage::Ready)));
        self.return_from(name, usize::from(!is_waiting));
        self.go_on_returning(name, now);
    }

    /// Puts those of a group's queue from a place on among those on their way back.
    pub(super) fn return_from(&mut self, name: &str, place: usize) {
        let Some(group) = self.groups.get_mut(name) else {
            return;
        };
        let place = place.min(group.queue.len());
        let mut ours = Vec::new();
        let mut dropped = Vec::new();
        for id in group.queue.split_off(place) {
            let Some(entry) = self.entries.get_mut(&id) else {
                continue;
            };
            if entry.is_ours {
                entry.stage = Stage::Returning;
                ours.push(id);
            } else if entry.lease.is_none() {
                // Removed at the service already: it would be lost if it were not handled.
                group.queue.push_back(id);
            } else {
                // A process settles it, but not this one, which has not seen it: it comes again.
                dropped.push(id);
            }
        }
        if !ours.is_empty() {
            // Those that are there already came later, and go first.
            let returning = group.returning.get_or_insert_default();
            returning.rest.splice(0..0, ours);
            returning.wait = returning.wait.max(LEAST_WAIT);
        }
        for id in dropped {
            self.forget(id);
        }
    }

    /// Sends the next one of a group back, or goes on with the group when all are.
    fn go_on_returning(&mut self, name: &str, now: Instant) {
        if let Some(group) = self.groups.get_mut(name)
            && let Some(returning) = &mut group.returning
        {
            if returning.current.is_some() {
                return;
            }
            let next = returning.rest.pop().map_or_else(
                || returning.failed.take(),
                |id| Some((id, SettlementKind::GiveBack, returning.wait)),
            );
            if let Some((id, kind, seconds)) = next {
                returning.current = Some(id);
                self.close(id, kind, Disposition::Retry(seconds), now);
                return;
            }
            group.returning = None;
        }
        self.advance_group(name);
    }
}
