//! A listener's requests: which are under way, and what their answers come to.

use std::rc::Rc;
use std::time::Duration;

use super::message::Held;
use super::{Listener, State, queue_of};
use crate::catalogue::limits::{BATCH_ENTRIES, RECEIVE_BYTES};
use crate::client::{Call, json};
use crate::contract::Error;
use crate::operations::queues::Queue;
use crate::operations::receive::decode::Received;
use crate::operations::receive::{self, Answered, Poll};
use crate::transport::Ports;
use crate::transport::executor::all;

/// The lease where nobody says how long it is: the default of SQS for new queues.
const DEFAULT_VISIBILITY_SECONDS: u32 = 30;
/// How long the service keeps an attempt id for a repeated request: five minutes, and some room.
const ATTEMPT_ID_KEPT: Duration = Duration::from_secs(270);

/// What is known of the queue once it was asked.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) queue: Queue,
    pub(super) visibility_seconds: u32,
}

impl Source {
    pub(super) fn lease(&self) -> Duration {
        Duration::from_secs(self.visibility_seconds.into())
    }
}

/// One request, answered.
pub(super) struct Polled {
    /// By the wall clock, when it was sent.
    pub(super) sent: Duration,
    /// The same by the monotonic clock.
    begun: Duration,
    attempt_id: Option<(String, Duration)>,
    pub(super) answer: Answered,
}

impl<P: Ports + 'static> Listener<P> {
    /// The queue, and how long a lease is.
    pub(super) async fn source(&self, state: &mut State) -> Result<Rc<Source>, Error> {
        if let Some(source) = &state.source {
            return Ok(source.clone());
        }
        let queue = self.session.queue(queue_of(&self.target)?).await?;
        let visibility_seconds = match self.plan.visibility_seconds {
            Some(seconds) => seconds,
            None => self.visibility_of(&queue).await?,
        };
        let source = Rc::new(Source {
            queue,
            visibility_seconds,
        });
        state.source = Some(source.clone());
        Ok(source)
    }

    /// The queue's own visibility timeout, in seconds. Requests name it from then on, so that a
    /// lease is what it is said to be, also where the queue is changed meanwhile.
    async fn visibility_of(&self, queue: &Queue) -> Result<u32, Error> {
        let mut body = Vec::new();
        json::object(&mut body, |input| {
            input
                .text("QueueUrl", &queue.url)
                .texts("AttributeNames", ["VisibilityTimeout"]);
        });
        let call = Call::new("GetQueueAttributes", &body);
        let answer = match self.session.client.call(call).await {
            Ok(answer) => answer,
            Err(Error::Forbidden(_)) => return Ok(DEFAULT_VISIBILITY_SECONDS),
            Err(error) => return Err(error),
        };
        let output = answer.read()?;
        let seconds = output
            .get("Attributes")
            .and_then(|attributes| attributes.text("VisibilityTimeout"))
            .and_then(|seconds| seconds.parse().ok());
        // A queue whose timeout is 0 would lend nothing at all.
        Ok(seconds
            .filter(|seconds| *seconds > 0)
            .unwrap_or(DEFAULT_VISIBILITY_SECONDS))
    }

    /// Sees to it that as many requests are under way as there should be.
    pub(super) fn ask(&self, state: &mut State, source: &Rc<Source>) {
        let wanted = if state.pace.is_failing() {
            1
        } else {
            self.plan.receives_in_flight
        };
        while state.polls.len() < wanted {
            let count = self.plan.maximum_messages;
            let poll = self.poll(state, source, count, self.plan.wait_seconds);
            state.polls.push(poll);
        }
    }

    /// The id of a lost request, or a new one.
    fn attempt_id(&self, state: &mut State) -> (String, Duration) {
        let ports = self.session.client.ports();
        let now = ports.monotonic();
        state
            .lost
            .retain(|(_, since)| now.saturating_sub(*since) < ATTEMPT_ID_KEPT);
        match state.lost.pop() {
            Some(lost) => lost,
            None => (receive::attempt_id(ports), now),
        }
    }

    fn poll(
        &self,
        state: &mut State,
        source: &Rc<Source>,
        count: usize,
        wait_seconds: u32,
    ) -> impl Future<Output = Polled> + use<P> {
        let attempt_id = source.queue.is_fifo().then(|| self.attempt_id(state));
        let (session, plan, source) = (self.session.clone(), self.plan.clone(), source.clone());
        async move {
            let ports = session.client.ports();
            let (sent, begun) = (ports.now(), ports.monotonic());
            let poll = Poll {
                count: count.min(BATCH_ENTRIES),
                wait_seconds: Some(wait_seconds.into()),
                visibility_seconds: Some(source.visibility_seconds.into()),
                attribute_names: &plan.attribute_names,
                system_attribute_names: &plan.system_attribute_names,
                attempt_id: attempt_id.as_ref().map(|(id, _)| id.as_str()),
                paced: true,
            };
            let answer = poll.send(&session, &source.queue).await;
            Polled {
                sent,
                begun,
                attempt_id,
                answer,
            }
        }
    }

    /// Takes an answer in, and asks for more where more than one request brings was asked for and
    /// is there. `false`: there was nothing in it.
    pub(super) async fn take(
        &self,
        state: &mut State,
        source: &Rc<Source>,
        polled: Polled,
    ) -> Result<bool, Error> {
        let begun = polled.begun;
        let full = matches!(&polled.answer, Ok(messages) if messages.len() == BATCH_ENTRIES);
        let mut came = match self.sort(state, source, polled) {
            Ok(came) => came,
            // Several requests that an outage ends are one failure: it is told once, and each more
            // of them must not put off the next request further.
            Err(_) if state.pace.knows(begun) => return Ok(true),
            Err(error) => {
                self.slow_down(state);
                return Err(error);
            }
        };
        let wanted = self.plan.maximum_messages.saturating_sub(came.len());
        if full && wanted > 0 {
            let bytes: usize = came.iter().map(Held::bytes).sum();
            let fit = RECEIVE_BYTES.checked_div(bytes).unwrap_or(usize::MAX);
            let requests = wanted.div_ceil(BATCH_ENTRIES).min(fit);
            let polls: Vec<_> = (0..requests)
                .map(|number| {
                    let count = wanted.saturating_sub(number * BATCH_ENTRIES);
                    self.poll(state, source, count, 0)
                })
                .collect();
            for polled in all(self.session.client.config().max_in_flight, polls).await {
                match self.sort(state, source, polled) {
                    Ok(more) => came.extend(more),
                    Err(error) => state.failure = Some(error),
                }
            }
        }
        let kept = self.filter(source, came).await;
        if kept.is_empty() && state.failure.is_some() {
            self.slow_down(state);
        } else if kept.is_empty() {
            // So it is where the filter kept all of them back: they may come again at once.
            let random = self.session.client.ports().random();
            state.pace.was_empty(begun, random);
        } else {
            state.pace.brought();
        }
        let some = !kept.is_empty() || state.failure.is_some();
        state.ready.extend(kept);
        Ok(some)
    }

    /// The messages of an answer; what is not fit to be handed over becomes a failure. Keeps the
    /// attempt id of a request whose answer was lost.
    fn sort(&self, state: &mut State, source: &Source, polled: Polled) -> Result<Vec<Held>, Error> {
        let messages = match polled.answer {
            Ok(messages) => messages,
            Err(error) => {
                let lost = matches!(
                    error,
                    Error::Transport(_) | Error::Timeout(_) | Error::Corrupted(_)
                );
                state.lost.extend(polled.attempt_id.filter(|_| lost));
                return Err(error);
            }
        };
        let mut held = Vec::with_capacity(messages.len());
        for message in messages {
            match message {
                Ok(received) => held.push(self.held(source, received, polled.sent)),
                Err(error) => state.failure = Some(error),
            }
        }
        Ok(held)
    }

    pub(super) fn held(&self, source: &Source, received: Received, sent: Duration) -> Held {
        let lease_ends = sent + source.lease();
        Held::new(
            &self.plan,
            source.queue.is_fifo(),
            received,
            sent,
            lease_ends,
        )
    }
}
