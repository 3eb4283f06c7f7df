//! `send`: documents in, messages out, packed as tightly as the service allows.
//!
//! Documents of one queue are packed in their order, by ten entries and by exact bytes. Batches go
//! out side by side, but a message group of a FIFO queue is never in two of them at once: its later
//! batch waits for the earlier one. Where a message of a group fails, the group's later messages
//! are not sent: to accept them would be to change their order.

mod order;
mod pack;

use super::message::{Defaults, Message};
use super::queues::{Destinations, Queue, Target};
use super::{Results, Session, batch, outcomes, result, settle};
use crate::catalogue::Operation;
use crate::client::json::{self, Node};
use crate::client::{Call, Trace};
use crate::connection::fields::Values;
use crate::contract::{Document, Error, Outcome, Property, Value};
use crate::transport::Ports;
use crate::transport::executor::{InFlight, meanwhile};
use order::Lanes;
use pack::Batch;

/// What the service says of a message that it took.
struct Taken {
    message_id: String,
    sequence_number: Option<String>,
    of_body: Option<String>,
    of_attributes: Option<String>,
    of_system_attributes: Option<String>,
}

impl Taken {
    fn read(node: &Node<'_>) -> Option<Self> {
        Some(Self {
            message_id: node.owned_text("MessageId")?,
            sequence_number: node.owned_text("SequenceNumber"),
            of_body: node.owned_text("MD5OfMessageBody"),
            of_attributes: node.owned_text("MD5OfMessageAttributes"),
            of_system_attributes: node.owned_text("MD5OfMessageSystemAttributes"),
        })
    }
}

pub(super) async fn execute<P: Ports>(
    session: &Session<P>,
    operation: &Operation,
    target: &Target,
    settings: &Values,
    documents: Vec<Document>,
) -> Result<Vec<Outcome>, Error> {
    let config = session.client.config();
    let defaults = Defaults::new(settings);
    // The operation's own queue is needed by all: where it cannot be had, nothing can be tried.
    if let Target::Fixed(reference) = target {
        session.queue(reference).await?;
    }
    let mut results: Results = documents.iter().map(|_| None).collect();
    let mut destinations = Destinations::default();
    let mut lanes = Lanes::default();
    let mut messages: Vec<Vec<Message>> = Vec::new();
    for (index, document) in documents.into_iter().enumerate() {
        match Message::read(
            index,
            document,
            operation,
            target,
            &config.region,
            &defaults,
        ) {
            Ok((reference, mut message)) => {
                let fifo = reference.is_fifo();
                let destination = destinations.id(reference);
                messages.resize_with(destinations.len(), Vec::new);
                // Elsewhere than on a FIFO queue, order is nobody's to keep.
                message.lane = message
                    .group_id
                    .as_deref()
                    .filter(|_| fifo)
                    .map(|group| lanes.id(destination, group));
                match message.lane.and_then(|lane| lanes.ended(lane)) {
                    Some(failed) => settle(&mut results, index, Err(order::held_back(failed))),
                    None => {
                        if let Some(of_queue) = messages.get_mut(destination) {
                            of_queue.push(message);
                        }
                    }
                }
            }
            Err(unfit) => {
                if let Some((reference, group)) = unfit.lane {
                    let lane = lanes.id(destinations.id(reference), &group);
                    lanes.end(lane, index);
                }
                settle(&mut results, index, Err(unfit.error));
            }
        }
    }
    let queues = session.queues_of(&destinations).await;
    for (queue, messages) in queues.into_iter().zip(messages) {
        match queue {
            Ok(queue) => lanes.add(pack::pack(&queue, messages)),
            Err(error) => {
                for message in messages {
                    settle(&mut results, message.document, Err(error.clone()));
                }
            }
        }
    }
    run(session, lanes, config.max_in_flight, &mut results).await;
    Ok(outcomes(results))
}

/// Sends the batches, several at a time, each group in order.
async fn run<P: Ports>(
    session: &Session<P>,
    mut lanes: Lanes,
    limit: usize,
    results: &mut Results,
) {
    let mut running = InFlight::default();
    loop {
        while running.len() < limit {
            let Some((batch, held_back)) = lanes.next() else {
                break;
            };
            for (document, error) in held_back {
                settle(results, document, Err(error));
            }
            if !batch.messages.is_empty() {
                running.push(send_batch(session, batch));
            }
        }
        let Some((batch, sent)) = running.next().await else {
            break;
        };
        lanes.finished(&batch, &sent);
        for (message, mut result) in batch.messages.iter().zip(sent) {
            if let Err(error) = &mut result {
                message.hide(error);
            }
            settle(results, message.document, result);
        }
    }
}

async fn send_batch<P: Ports>(
    session: &Session<P>,
    batch: Batch,
) -> (Batch, Vec<Result<Vec<Document>, Error>>) {
    let sent = match batch.messages.as_slice() {
        [message] => vec![send_one(session, &batch.queue, message).await],
        messages => send_many(session, &batch.queue, messages).await,
    };
    (batch, sent)
}

async fn send_one<P: Ports>(
    session: &Session<P>,
    queue: &Queue,
    message: &Message,
) -> Result<Vec<Document>, Error> {
    let mut body = Vec::with_capacity(message.room() + 256);
    json::object(&mut body, |input| {
        input.text("QueueUrl", &queue.url);
        message.write(input);
    });
    let call = session.client.call(Call::new("SendMessage", &body));
    let (answer, sums) = meanwhile(call, || sums(session, std::slice::from_ref(message))).await;
    let answer = answer?;
    let taken = Taken::read(&answer.read()?).ok_or_else(|| {
        Error::Corrupted("the answer has no message id; the message may have been taken".to_owned())
    })?;
    output(queue, message, sums.of(0), taken, answer.trace)
}

async fn send_many<P: Ports>(
    session: &Session<P>,
    queue: &Queue,
    messages: &[Message],
) -> Vec<Result<Vec<Document>, Error>> {
    // On a FIFO queue an entry may be sent again only while no later one of its group is in.
    let may_repeat = |index: usize, done: &[bool]| {
        let lane = messages.get(index).and_then(|message| message.lane);
        lane.is_none()
            || !messages
                .iter()
                .zip(done)
                .skip(index + 1)
                .any(|(later, done)| *done && later.lane == lane)
    };
    let batch = batch::Batch {
        action: "SendMessageBatch",
        queue_url: &queue.url,
        entries: messages,
        room: messages.iter().map(Message::room).sum(),
        write: &|object, message: &Message| message.write(object),
        read: &Taken::read,
        may_repeat: &may_repeat,
    };
    let sent = batch::run(session, batch);
    let (sent, sums) = meanwhile(sent, || sums(session, messages)).await;
    messages
        .iter()
        .zip(sent)
        .enumerate()
        .map(|(index, (message, sent))| {
            let done = sent?;
            output(queue, message, sums.of(index), done.entry, done.trace)
        })
        .collect()
}

/// Checksums of the bodies that are sent; none where they are not compared.
struct Sums(Option<Vec<String>>);

fn sums<P: Ports>(session: &Session<P>, messages: &[Message]) -> Sums {
    Sums(session.client.config().verify_checksums.then(|| {
        let sums = messages.iter().map(Message::body_checksum);
        sums.collect()
    }))
}

impl Sums {
    fn of(&self, index: usize) -> Option<&str> {
        // One that were missing would be no checksum's equal.
        self.0
            .as_ref()
            .map(|sums| sums.get(index).map_or("", String::as_str))
    }
}

fn output(
    queue: &Queue,
    message: &Message,
    sum: Option<&str>,
    taken: Taken,
    trace: Trace,
) -> Result<Vec<Document>, Error> {
    if let Some(sum) = sum {
        message.verify(
            sum,
            taken.of_body.as_deref(),
            taken.of_attributes.as_deref(),
            taken.of_system_attributes.as_deref(),
        )?;
    }
    let mut properties = vec![
        Property::text("queue-url", &*queue.url),
        Property::text("message-id", taken.message_id),
    ];
    let optional = [
        ("sequence-number", taken.sequence_number),
        ("md5-of-message-body", taken.of_body),
        ("md5-of-message-attributes", taken.of_attributes),
        (
            "md5-of-message-system-attributes",
            taken.of_system_attributes,
        ),
        ("message-group-id", message.group_id.clone()),
        ("message-deduplication-id", message.deduplication_id.clone()),
        ("request-id", trace.request_id),
    ];
    properties.extend(
        optional
            .into_iter()
            .filter_map(|(name, value)| Some(Property::text(name, value?))),
    );
    properties.push(Property::integer("attempts", trace.attempts.into()));
    // A FIFO queue takes a message once: the attempts were the same to the byte, and so was the
    // deduplication ID, given or made of the body by the service.
    if trace.repeated && !queue.is_fifo() {
        properties.push(Property {
            name: "may-be-duplicated".to_owned(),
            value: Value::Boolean(true),
        });
    }
    Ok(result(properties))
}
