//! `receive`: messages in, as many as asked for, one document each.
//!
//! One request brings ten messages at most, so more take several requests, side by side. Messages
//! that have come are always handed over, also where a later request fails: they are invisible to
//! everybody else by then, and would be lost to the caller until their timeout.

pub(crate) mod decode;

use std::time::Duration;

use super::queues::{Queue, Target};
use super::receipts::{self, Action, Receipt};
use super::{Problems, Session, outcomes, text};
use crate::catalogue::Operation;
use crate::catalogue::limits::{BATCH_ENTRIES, RECEIVE_BYTES};
use crate::client::{Call, fault, json};
use crate::connection::fields::Values;
use crate::contract::{Document, Error, Outcome, Problem, Property, Value};
use crate::transport::Ports;
use crate::transport::executor::InFlight;
use decode::Received;

pub(super) async fn execute<P: Ports>(
    session: &Session<P>,
    operation: &Operation,
    target: &Target,
    settings: &Values,
    mut documents: Vec<Document>,
) -> Result<Vec<Outcome>, Error> {
    // One `receive` a call, from the queue that the first document names; the other documents
    // give nothing, and say so with an empty list.
    let mut results: Vec<_> = documents.iter().map(|_| Some(Ok(Vec::new()))).collect();
    let Some(first) = documents.first_mut() else {
        return Ok(Vec::new());
    };
    let result = match Wish::read(
        session,
        operation,
        target,
        settings,
        std::mem::take(&mut first.properties),
    ) {
        Ok((reference, wish)) => {
            let queue = match (session.queue(&reference).await, target) {
                (Err(error), Target::Fixed(_)) => return Err(error),
                (queue, _) => queue,
            };
            match queue {
                Ok(queue) => receive(session, &queue, &wish).await,
                Err(error) => Err(error),
            }
        }
        Err(error) => Err(error),
    };
    if let Some(slot) = results.first_mut() {
        *slot = Some(result);
    }
    Ok(outcomes(results))
}

/// What is asked for.
struct Wish<'a> {
    /// Messages at most; none: until the queue answers empty.
    count: Option<usize>,
    wait_seconds: Option<i64>,
    visibility_seconds: Option<i64>,
    execution_timeout: Duration,
    attribute_names: &'a [String],
    system_attribute_names: &'a [String],
    attempt_id: Option<String>,
    delete: bool,
}

impl<'a> Wish<'a> {
    fn read<P: Ports>(
        session: &Session<P>,
        operation: &Operation,
        target: &Target,
        settings: &'a Values,
        properties: Vec<Property>,
    ) -> Result<(crate::connection::queue::QueueReference, Self), Error> {
        let mut problems = Problems::default();
        let count = settings.integer("maximum-message-count").unwrap_or(1);
        if count == 0 {
            let problem = Problem::new("maximum-message-count", "must be -1, or 1 or more, not 0");
            return Err(Error::InvalidSettings(vec![problem]));
        }
        let mut attempt_id = settings
            .text("receive-request-attempt-id")
            .map(str::to_owned);
        let mut queue = None;
        for property in properties {
            let slot = match property.name.as_str() {
                "queue" => &mut queue,
                "receive-request-attempt-id" => &mut attempt_id,
                _ => continue,
            };
            if let Some(Value::Text(text)) =
                problems.read(operation, &property.name, property.value)
            {
                *slot = Some(text);
            }
        }
        if attempt_id
            .as_deref()
            .is_some_and(|id| !text::is_identifier(id))
        {
            problems.add("receive-request-attempt-id", text::IDENTIFIER_PROBLEM);
        }
        let region = &session.client.config().region;
        let reference = target.of_document(queue.as_deref(), region, &mut problems);
        match reference {
            Some(reference) if problems.0.is_empty() => Ok((
                reference,
                Self {
                    count: usize::try_from(count).ok(),
                    wait_seconds: settings.integer("wait-time-seconds"),
                    visibility_seconds: settings.integer("visibility-timeout-seconds"),
                    execution_timeout: Duration::from_secs(
                        settings
                            .integer("execution-timeout-seconds")
                            .and_then(|seconds| u64::try_from(seconds).ok())
                            .unwrap_or(u64::MAX),
                    ),
                    attribute_names: settings.list("message-attribute-names"),
                    system_attribute_names: settings.list("message-system-attribute-names"),
                    attempt_id,
                    delete: settings.flag("delete-messages"),
                },
            )),
            _ => Err(Error::InvalidDocument(problems.0)),
        }
    }
}

/// One request's share of the wish.
struct Share {
    count: usize,
    wait_seconds: Option<i64>,
    attempt_id: Option<String>,
}

/// What was gathered so far.
#[derive(Default)]
struct Gathered {
    messages: Vec<Received>,
    bytes: usize,
    /// Bytes of the largest answer yet.
    largest: usize,
    /// Requests under way ask for so many messages.
    asked: usize,
    polls: usize,
    /// No further request is to be made.
    ended: bool,
    failure: Option<Error>,
}

async fn receive<P: Ports>(
    session: &Session<P>,
    queue: &Queue,
    wish: &Wish<'_>,
) -> Result<Vec<Document>, Error> {
    let mut gathered = Gathered::default();
    let begun = session.client.ports().monotonic();
    let mut running = InFlight::default();
    loop {
        let elapsed = session.client.ports().monotonic().saturating_sub(begun);
        let left = wish
            .execution_timeout
            .checked_sub(elapsed)
            .unwrap_or_default();
        while running.len() < side_by_side(session, wish, &gathered) {
            let Some(share) = next_poll(wish, &gathered, left) else {
                break;
            };
            gathered.asked += share.count;
            gathered.polls += 1;
            running.push(ask(session, queue, wish, share));
        }
        let Some((asked, answer)) = running.next().await else {
            break;
        };
        gathered.take(asked, answer, wish);
    }
    finish(session, queue, wish, gathered).await
}

/// How many requests may be under way: one at first, to see how large the messages are, and then
/// as many as fit into what may still be gathered.
fn side_by_side<P: Ports>(session: &Session<P>, wish: &Wish<'_>, gathered: &Gathered) -> usize {
    let most = session.client.config().max_in_flight;
    let single = wish.count.is_some_and(|count| count <= BATCH_ENTRIES);
    if gathered.largest == 0 || single {
        return 1;
    }
    let room = RECEIVE_BYTES.saturating_sub(gathered.bytes);
    (room / gathered.largest).clamp(1, most)
}

fn next_poll(wish: &Wish<'_>, gathered: &Gathered, left: Duration) -> Option<Share> {
    let wanted = match wish.count {
        Some(count) => count.saturating_sub(gathered.messages.len() + gathered.asked),
        None => BATCH_ENTRIES,
    };
    // One request was asked for by whoever wants ten messages or fewer.
    let once = wish.count.is_some_and(|count| count <= BATCH_ENTRIES) && gathered.polls > 0;
    let full = gathered.bytes >= RECEIVE_BYTES;
    let late = gathered.polls > 0 && left.is_zero();
    if gathered.ended || wanted == 0 || once || full || late {
        return None;
    }
    Some(Share {
        count: wanted.min(BATCH_ENTRIES),
        wait_seconds: wish
            .wait_seconds
            .map(|seconds| seconds.min(i64::try_from(left.as_secs()).unwrap_or(i64::MAX))),
        // Each request needs an id of its own, and the same one when the call is repeated.
        attempt_id: wish.attempt_id.as_ref().map(|id| match gathered.polls {
            0 => id.clone(),
            number => numbered(id, number),
        }),
    })
}

/// The id of a later request: the given one with a number, within the 128 characters that an id
/// may have.
fn numbered(id: &str, number: usize) -> String {
    const LONGEST: usize = 128;
    let suffix = format!(".{number}");
    let kept: String = id
        .chars()
        .take(LONGEST.saturating_sub(suffix.len()))
        .collect();
    kept + &suffix
}

impl Gathered {
    fn take(&mut self, asked: usize, answer: Answered, wish: &Wish<'_>) {
        self.asked = self.asked.saturating_sub(asked);
        match answer {
            Ok(messages) => {
                self.ended |= messages.is_empty();
                let before = self.bytes;
                for message in messages {
                    match message {
                        Ok(message) => {
                            self.bytes = self.bytes.saturating_add(message.bytes());
                            self.messages.push(message);
                        }
                        // It was not handed over, and comes again.
                        Err(error) => self.fail(error),
                    }
                }
                self.largest = self.largest.max(self.bytes - before).max(1);
                self.ended |= wish.count.is_some_and(|count| self.messages.len() >= count);
            }
            Err(error) => self.fail(error),
        }
    }

    fn fail(&mut self, error: Error) {
        self.ended = true;
        self.failure.get_or_insert(error);
    }
}

/// What a request came to: messages, each whole or not fit to be handed over.
pub(crate) type Answered = Result<Vec<Result<Received, Error>>, Error>;

async fn ask<P: Ports>(
    session: &Session<P>,
    queue: &Queue,
    wish: &Wish<'_>,
    share: Share,
) -> (usize, Answered) {
    // Where nobody gave one, an attempt after a lost answer still brings the same messages.
    let new = || queue.is_fifo().then(|| attempt_id(session.client.ports()));
    let attempt_id = share.attempt_id.or_else(new);
    let poll = Poll {
        count: share.count,
        wait_seconds: share.wait_seconds,
        visibility_seconds: wish.visibility_seconds,
        attribute_names: wish.attribute_names,
        system_attribute_names: wish.system_attribute_names,
        attempt_id: attempt_id.as_deref(),
        paced: false,
    };
    (share.count, poll.send(session, queue).await)
}

/// A new id for a request to a FIFO queue.
pub(crate) fn attempt_id(ports: &impl Ports) -> String {
    format!("{:016x}{:016x}", ports.random(), ports.random())
}

/// One `ReceiveMessage`.
pub(crate) struct Poll<'a> {
    pub(crate) count: usize,
    pub(crate) wait_seconds: Option<i64>,
    pub(crate) visibility_seconds: Option<i64>,
    pub(crate) attribute_names: &'a [String],
    pub(crate) system_attribute_names: &'a [String],
    pub(crate) attempt_id: Option<&'a str>,
    /// See [`Call::paced`].
    pub(crate) paced: bool,
}

impl Poll<'_> {
    pub(crate) async fn send<P: Ports>(&self, session: &Session<P>, queue: &Queue) -> Answered {
        let mut body = Vec::new();
        json::object(&mut body, |input| {
            input
                .text("QueueUrl", &queue.url)
                .optional_integer("MaxNumberOfMessages", i64::try_from(self.count).ok())
                .optional_integer("WaitTimeSeconds", self.wait_seconds)
                .optional_integer("VisibilityTimeout", self.visibility_seconds)
                .texts(
                    "MessageAttributeNames",
                    self.attribute_names.iter().map(String::as_str),
                )
                .texts(
                    "MessageSystemAttributeNames",
                    self.system_attribute_names.iter().map(String::as_str),
                )
                .optional_text("ReceiveRequestAttemptId", self.attempt_id);
        });
        // Where the wait time is the queue's own, it can be as long as any.
        let wait = self
            .wait_seconds
            .unwrap_or(i64::from(crate::catalogue::limits::WAIT_SECONDS));
        let call = Call {
            action: "ReceiveMessage",
            body: &body,
            wait: Duration::from_secs(u64::try_from(wait).unwrap_or(0)),
            paced: self.paced,
        };
        let answer = session.client.call(call).await?;
        decode::messages(&answer, queue, session.client.config().verify_checksums)
    }
}

/// Deletes what came, where that was asked for, and makes the documents.
async fn finish<P: Ports>(
    session: &Session<P>,
    queue: &Queue,
    wish: &Wish<'_>,
    gathered: Gathered,
) -> Result<Vec<Document>, Error> {
    let Gathered {
        mut messages,
        failure,
        ..
    } = gathered;
    match failure {
        Some(error) if messages.is_empty() => return Err(error),
        Some(error) => {
            if let Some(last) = messages.last_mut() {
                last.add("incomplete-reason", Value::Text(in_words(&error)));
            }
        }
        None => {}
    }
    if wish.delete {
        let receipts: Vec<Receipt> = messages.iter().map(Received::receipt).collect();
        let deleted = receipts::all(session, Action::Delete, queue, &receipts).await;
        for (message, result) in messages.iter_mut().zip(deleted) {
            message.add("deleted", Value::Boolean(result.is_ok()));
            if let Err(error) = result {
                message.add("delete-error", Value::Text(in_words(&error)));
            }
        }
    }
    Ok(messages.into_iter().map(Received::into_document).collect())
}

/// An error as a property's text: the code where there is one, and the words.
fn in_words(error: &Error) -> String {
    match (fault::fault_of(error), error) {
        (Some(fault), _) => format!("{}: {}", fault.code, fault.message),
        (
            None,
            Error::Transport(words)
            | Error::Timeout(words)
            | Error::Corrupted(words)
            | Error::Other(words),
        ) => words.clone(),
        (None, _) => "the request could not be made".to_owned(),
    }
}
