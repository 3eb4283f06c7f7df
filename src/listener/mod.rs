//! Messages in, one delivery each, with its lease, and settled from anywhere by its token.
//!
//! Requests may be under way between two calls of `next`: they belong to the listener, and the
//! host carries them on. A lease is counted from the moment its request was sent, the only bound
//! that holds whatever the network did; a message that waited so long, in a long poll or for its
//! turn, that half of its lease may be over, has it renewed before it is handed over.

mod envelope;
mod filter;
mod message;
mod pace;
mod plan;
mod polls;
mod settle;
mod token;

pub use filter::Filter;

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

use crate::catalogue::{OPERATIONS, Operation};
use crate::connection::fields::Values;
use crate::contract::{CommitMode, Delivery, Error, Problem, Property};
use crate::operations::Session;
use crate::operations::queues::Target;
use crate::operations::receipts::{self, Action, Receipt};
use crate::transport::Ports;
use crate::transport::executor::{First, InFlight, race};
use message::Held;
use pace::Pace;
use plan::{Plan, Unmatched};
use polls::{Polled, Source};

/// A listener over one queue.
pub struct Listener<P> {
    session: Rc<Session<P>>,
    plan: Rc<Plan>,
    target: Target,
    state: RefCell<State>,
}

/// What changes from call to call. A call takes it out: there is one at a time.
#[derive(Default)]
struct State {
    source: Option<Rc<Source>>,
    pace: Pace,
    polls: InFlight<'static, Polled>,
    /// Received, and not handed over yet.
    ready: VecDeque<Held>,
    /// What went wrong beside messages that could be handed over: for the next call.
    failure: Option<Error>,
    /// Ids of requests whose answer was lost, and when each was first sent: a request with the
    /// same one brings the same messages again.
    lost: Vec<(String, Duration)>,
    stopped: bool,
}

impl<P: Ports + 'static> Listener<P> {
    /// A listener; nothing is sent.
    ///
    /// # Errors
    /// `invalid-settings` with every problem at once.
    pub fn open(
        session: Rc<Session<P>>,
        object: &str,
        settings: Vec<Property>,
    ) -> Result<Self, Error> {
        let operation = OPERATIONS.iter().find(|operation| operation.listens());
        let table = operation.map(Operation::all_settings).unwrap_or_default();
        let (mut values, mut problems) = Values::read(&table, settings);
        let plan = Plan::read(&mut values, &mut problems);
        let target = session.target(Some(object), &mut problems);
        require_queue(&target, &mut problems);
        if !problems.is_empty() {
            return Err(Error::InvalidSettings(problems));
        }
        let state = State {
            pace: Pace::new(plan.poll_interval),
            ..State::default()
        };
        Ok(Self {
            session,
            plan: Rc::new(plan),
            target,
            state: RefCell::new(state),
        })
    }

    /// Who settles.
    pub fn commit(&self) -> CommitMode {
        self.plan.commit
    }

    /// The next deliveries. It ends with the first answer, be it empty, and where a pause is due,
    /// with that or with the wait time, whichever ends first.
    ///
    /// # Errors
    /// What the service or the network says; a pause before the next request is then kept by the
    /// next call.
    pub async fn next(&self) -> Result<Vec<Delivery>, Error> {
        let mut state = self.state.take();
        let result = self.advance(&mut state).await;
        self.state.replace(state);
        result
    }

    /// Gives back what was received and not handed over; waits for requests under way, as they
    /// may bring messages, and gives those back too.
    ///
    /// # Errors
    /// Where giving back failed: those messages come again when their leases end.
    pub async fn stop(&self) -> Result<(), Error> {
        let mut state = self.state.take();
        self.state.borrow_mut().stopped = true;
        let Some(source) = state.source.take() else {
            return Ok(());
        };
        let ready: Vec<Held> = state.ready.drain(..).collect();
        let mut result = self.give_back(&source, ready).await;
        while let Some(polled) = state.polls.next().await {
            let messages = polled.answer.unwrap_or_default().into_iter().flatten();
            let held = messages.map(|received| self.held(&source, received, polled.sent));
            let given = self.give_back(&source, held.collect()).await;
            result = result.and(given);
        }
        result
    }

    async fn advance(&self, state: &mut State) -> Result<Vec<Delivery>, Error> {
        let ports = self.session.client.ports();
        loop {
            if state.stopped {
                return Ok(Vec::new());
            }
            if !state.ready.is_empty() {
                return self.hand_over(state).await;
            }
            if let Some(error) = state.failure.take() {
                return Err(error);
            }
            let pause = state.pace.pause(ports.monotonic());
            if pause.is_zero() {
                let source = match self.source(state).await {
                    Ok(source) => source,
                    Err(error) => {
                        self.slow_down(state);
                        return Err(error);
                    }
                };
                self.ask(state, &source);
                if let Some(polled) = state.polls.next().await
                    && !self.take(state, &source, polled).await?
                {
                    return Ok(Vec::new());
                }
                continue;
            }
            // A pause is no longer than a long poll would be, so that whoever wants to stop the
            // listener has its turn.
            let wait = Duration::from_secs(self.plan.wait_seconds.max(1).into());
            let due = ports.sleep(pause.min(wait));
            let source = state.source.clone();
            match source.filter(|_| !state.polls.is_empty()) {
                Some(source) => {
                    if let First::One(Some(polled)) = race(state.polls.next(), due).await
                        && !self.take(state, &source, polled).await?
                    {
                        return Ok(Vec::new());
                    }
                }
                None => due.await,
            }
            if state.ready.is_empty() && pause > wait {
                return Ok(Vec::new());
            }
        }
    }

    /// Keeps back what does not match, and does with it what the settings say.
    async fn filter(&self, source: &Source, came: Vec<Held>) -> Vec<Held> {
        let Some(filter) = &self.plan.filter else {
            return came;
        };
        let (kept, unmatched): (Vec<Held>, Vec<Held>) = came
            .into_iter()
            .partition(|held| held.is_malformed() || filter.matches(held.document()));
        let seconds = match self.plan.unmatched {
            Unmatched::Leave => return kept,
            Unmatched::Accept => None,
            Unmatched::Retry(seconds) => Some(seconds),
        };
        // One that this fails for stays in the queue, comes again, and is seen to then.
        self.dispose(source, unmatched.iter(), seconds).await;
        kept
    }

    /// Deliveries of what is ready: as many as may be handed over together.
    async fn hand_over(&self, state: &mut State) -> Result<Vec<Delivery>, Error> {
        let Some(source) = state.source.clone() else {
            return Ok(Vec::new());
        };
        let count = state.ready.len().min(self.plan.maximum_messages);
        let held: Vec<Held> = state.ready.drain(..count).collect();
        let held = if self.plan.commit == CommitMode::OnReceive {
            self.remove(state, &source, held).await
        } else {
            self.renew(&source, held).await
        };
        Ok(held.into_iter().map(Held::into_delivery).collect())
    }

    /// Deletes messages; those that may still be there are not handed over, as they would come
    /// twice.
    async fn remove(&self, state: &mut State, source: &Source, held: Vec<Held>) -> Vec<Held> {
        let done = self.dispose(source, held.iter(), None).await;
        let mut removed = Vec::with_capacity(held.len());
        for (mut held, done) in held.into_iter().zip(done) {
            match done {
                Ok(_) => {
                    held.removed();
                    removed.push(held);
                }
                Err(error) => state.failure = Some(error),
            }
        }
        if state.failure.is_some() {
            // What cannot be removed must not be fetched on and on.
            self.slow_down(state);
        }
        removed
    }

    /// Renews leases of which half may be over. A message whose lease may be over as a whole is
    /// handed over only with a new one: without, somebody else may have it by now.
    async fn renew(&self, source: &Source, held: Vec<Held>) -> Vec<Held> {
        let now = self.session.client.ports().now();
        let lease = source.lease();
        let is_old = |held: &Held| held.lease_left(now) < lease / 2;
        if !held.iter().any(is_old) {
            return held;
        }
        let old = held.iter().filter(|held| is_old(held));
        let done = self
            .dispose(source, old, Some(source.visibility_seconds))
            .await;
        let after = self.session.client.ports().now();
        let mut done = done.into_iter();
        let mut fit = Vec::with_capacity(held.len());
        for mut held in held {
            if is_old(&held) && matches!(done.next(), Some(Ok(_))) {
                held.renewed(now + lease);
            }
            if !held.lease_left(after).is_zero() {
                fit.push(held);
            }
        }
        fit
    }

    /// Makes messages visible again, the last of them first: a group is never to be offered from
    /// its middle. SQS keeps it closed while one of its messages is out; for services that open it
    /// with the first that is back, those of groups come into sight a second later, and together.
    async fn give_back(&self, source: &Source, held: Vec<Held>) -> Result<(), Error> {
        let seconds = u32::from(source.queue.is_fifo());
        let done = self.dispose(source, held.iter().rev(), Some(seconds)).await;
        done.into_iter().try_for_each(|done| done.map(|_| ()))
    }

    /// Removes messages, or has them invisible for so many seconds from now; one result each.
    async fn dispose<'h>(
        &self,
        source: &Source,
        held: impl Iterator<Item = &'h Held>,
        visibility_seconds: Option<u32>,
    ) -> Vec<Result<Option<String>, Error>> {
        let action = match visibility_seconds {
            None => Action::Delete,
            Some(_) => Action::ChangeVisibility,
        };
        let receipts: Vec<Receipt> = held.map(|held| held.receipt(visibility_seconds)).collect();
        receipts::all(&self.session, action, &source.queue, &receipts).await
    }

    /// Something failed: the next request waits, and longer each time.
    fn slow_down(&self, state: &mut State) {
        let ports = self.session.client.ports();
        state.pace.has_failed(ports.monotonic(), ports.random());
    }
}

/// A problem where an object names no queue.
fn require_queue(target: &Target, problems: &mut Vec<Problem>) {
    if matches!(target, Target::PerDocument(None)) && problems.iter().all(|p| p.field != "object") {
        let message = "must be the name, URL or ARN of a queue; it may be left out only where the connection has a default queue";
        problems.push(Problem::new("object", message));
    }
}

/// The queue of a checked target.
fn queue_of(target: &Target) -> Result<&crate::connection::queue::QueueReference, Error> {
    match target {
        Target::Fixed(reference) | Target::PerDocument(Some(reference)) => Ok(reference),
        Target::PerDocument(None) => Err(Error::Other("there is no queue".to_owned())),
    }
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
