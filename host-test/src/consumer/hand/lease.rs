//! Leases: renewed at half their length, and what follows where they are lost.

use std::time::Duration;

use tokio::time::Instant;

use crate::contract::{CommitMode, Delivery, Disposition};

use super::super::event::Event;
use super::Hand;
use super::entry::{Lease, Stage};

/// What is due so soon is done now, so that renewals go together.
const TOGETHER: Duration = Duration::from_millis(200);

impl Hand {
    /// The lease of a delivery that came now. `clock` is the time that leases are told by.
    pub(super) fn lease_of(
        &mut self,
        delivery: &Delivery,
        now: Instant,
        clock: Duration,
    ) -> Option<Lease> {
        if delivery.lease_ends_ms == 0 || self.commit == CommitMode::OnReceive {
            return None;
        }
        let left = Duration::from_millis(delivery.lease_ends_ms).saturating_sub(clock);
        // A lease that never ends within a year is one that needs no renewal.
        let left = left.min(Duration::from_secs(365 * 86_400));
        self.longest_lease = self.longest_lease.max(left);
        Some(Lease {
            ends: now + left,
            is_renewable: self.commit == CommitMode::AtLeastOnce,
        })
    }

    /// How many seconds a renewed lease is to last.
    fn renewed_seconds(&self) -> u32 {
        let length = self.lease.unwrap_or(self.longest_lease);
        let whole = length.as_secs() + u64::from(length.subsec_nanos() > 0);
        u32::try_from(whole.max(1)).unwrap_or(u32::MAX)
    }

    /// Sets the alarm of a lease that was given or renewed.
    pub(super) fn watch_lease(&mut self, id: u64) {
        let half = Duration::from_secs(self.renewed_seconds().into()) / 2;
        let Some(entry) = self.entries.get(&id) else {
            return;
        };
        let alarm = entry.lease.map(|lease| {
            if lease.is_renewable {
                lease.ends.checked_sub(half).unwrap_or(entry.received)
            } else {
                lease.ends
            }
        });
        self.set_alarm(id, alarm);
    }

    pub(super) fn set_alarm(&mut self, id: u64, alarm: Option<Instant>) {
        let Some(entry) = self.entries.get_mut(&id) else {
            return;
        };
        if let Some(old) = std::mem::replace(&mut entry.alarm, alarm) {
            self.alarms.remove(&(old, id));
        }
        if let Some(alarm) = alarm {
            self.alarms.insert((alarm, id));
        }
    }

    /// When [`Hand::look_at_leases`] has something to do.
    pub(in crate::consumer) fn next_alarm(&self) -> Option<Instant> {
        self.alarms.first().map(|(alarm, _)| *alarm)
    }

    /// Renews what is due, and drops what is over.
    pub(in crate::consumer) fn look_at_leases(&mut self, now: Instant) {
        if self.next_alarm().is_none_or(|alarm| alarm > now) {
            return;
        }
        let later = self.alarms.split_off(&(now + TOGETHER, 0));
        let due = std::mem::replace(&mut self.alarms, later);
        let seconds = self.renewed_seconds();
        for (_, id) in due {
            let Some(entry) = self.entries.get_mut(&id) else {
                continue;
            };
            entry.alarm = None;
            let Some(lease) = entry.lease else { continue };
            let is_held = !matches!(entry.stage, Stage::Closing(_));
            if lease.ends <= now {
                self.lapse(id, "its lease ended", now);
            } else if lease.is_renewable && is_held && entry.renewal.is_none() {
                entry.renewal = Some((now, seconds));
                let request = entry.request(id, Disposition::Extend(seconds), now);
                self.requests.push(request);
                self.set_alarm(id, Some(lease.ends));
            } else if is_held {
                self.set_alarm(id, Some(lease.ends));
            }
        }
    }

    /// What became of a renewal.
    pub(super) fn renewed(
        &mut self,
        id: u64,
        sent: Instant,
        seconds: u32,
        result: Result<(), String>,
        now: Instant,
    ) {
        let Some(entry) = self.entries.get_mut(&id) else {
            return;
        };
        match &result {
            Ok(()) => {
                let ends = sent + Duration::from_secs(seconds.into());
                if let Some(lease) = &mut entry.lease {
                    lease.ends = ends;
                }
                self.figures.renewed += 1;
            }
            Err(_) => {
                if let Some(lease) = &mut entry.lease {
                    lease.is_renewable = false;
                }
            }
        }
        if let Some(disposition) = entry.deferred.take() {
            // It had to wait for this answer.
            let request = entry.request(id, disposition, now);
            self.requests.push(request);
        } else if let Err(reason) = result {
            self.watch_lease(id);
            self.lapse(id, &reason, now);
        } else {
            self.watch_lease(id);
        }
    }

    /// A lease that is over, or cannot be renewed: what waits is never started, what runs goes
    /// on, and nothing after it in its group is handled.
    pub(super) fn lapse(&mut self, id: u64, reason: &str, now: Instant) {
        let Some(entry) = self.entries.get(&id) else {
            return;
        };
        let stage = entry.stage;
        if matches!(stage, Stage::Closing(_)) || stage == Stage::Running && !entry.is_ours {
            // The last settlement has its own end, and a process that settles by itself may have
            // renewed what it holds.
            return;
        }
        if entry.lose_lease() {
            self.figures.leases_lost += 1;
            self.events.push(Event::LeaseLost {
                started: stage == Stage::Running,
                reason: reason.to_owned(),
            });
        }
        let group = entry.group().map(str::to_owned);
        match stage {
            Stage::Running => {
                if let Some(name) = group {
                    self.return_waiting(&name, now);
                }
            }
            // One that is on its way back can still be given back, where its lease lives.
            Stage::Returning if !entry.is_over(now) => {}
            _ => {
                self.forget(id);
                if let Some(name) = group {
                    self.leave_group(&name, id, false, now);
                }
            }
        }
    }
}
