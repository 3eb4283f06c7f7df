//! `delete` and `change-visibility`: what is done with a message by its receipt handle, ten a
//! request.

use super::queues::{Destinations, Queue, Target};
use super::{Problems, Results, Session, batch, outcomes, result, settle};
use crate::catalogue::Operation;
use crate::catalogue::limits::BATCH_ENTRIES;
use crate::client::json::{self, Node, Object};
use crate::client::{Call, fault};
use crate::connection::fields::Values;
use crate::connection::queue::QueueReference;
use crate::contract::{Document, Error, Outcome, Property, Value};
use crate::transport::{Ports, executor};

/// A message by its receipt handle, and for how long it is to be invisible from now on; none: it
/// is to be deleted.
pub(crate) struct Receipt {
    pub(crate) handle: String,
    pub(crate) visibility_seconds: Option<i64>,
}

impl Receipt {
    fn write(&self, object: &mut Object<'_>) {
        object
            .text("ReceiptHandle", &self.handle)
            .optional_integer("VisibilityTimeout", self.visibility_seconds);
    }
}

/// What is done with receipts.
#[derive(Clone, Copy)]
pub(crate) enum Action {
    Delete,
    ChangeVisibility,
}

impl Action {
    fn name(self, many: bool) -> &'static str {
        match (self, many) {
            (Self::Delete, false) => "DeleteMessage",
            (Self::Delete, true) => "DeleteMessageBatch",
            (Self::ChangeVisibility, false) => "ChangeMessageVisibility",
            (Self::ChangeVisibility, true) => "ChangeMessageVisibilityBatch",
        }
    }
}

pub(super) async fn execute<P: Ports>(
    session: &Session<P>,
    operation: &Operation,
    action: Action,
    target: &Target,
    settings: &Values,
    documents: Vec<Document>,
) -> Result<Vec<Outcome>, Error> {
    if let Target::Fixed(reference) = target {
        session.queue(reference).await?;
    }
    let mut results: Results = documents.iter().map(|_| None).collect();
    let mut destinations = Destinations::default();
    let mut by_queue: Vec<Vec<(usize, Receipt)>> = Vec::new();
    for (index, document) in documents.into_iter().enumerate() {
        match read(session, operation, action, target, settings, document) {
            Ok((queue, receipt)) => {
                let destination = destinations.id(queue);
                by_queue.resize_with(destinations.len(), Vec::new);
                if let Some(of_queue) = by_queue.get_mut(destination) {
                    of_queue.push((index, receipt));
                }
            }
            Err(error) => settle(&mut results, index, Err(error)),
        }
    }
    let queues = session.queues_of(&destinations).await;
    for (queue, receipts) in queues.iter().zip(by_queue) {
        let (indexes, receipts): (Vec<usize>, Vec<Receipt>) = receipts.into_iter().unzip();
        let done: Vec<Result<Vec<Document>, Error>> = match queue {
            Ok(queue) => {
                let done = all(session, action, queue, &receipts).await;
                done.into_iter()
                    .map(|id| id.map(|id| output(queue, id)))
                    .collect()
            }
            Err(error) => vec![Err(error.clone()); receipts.len()],
        };
        for (index, done) in indexes.into_iter().zip(done) {
            settle(&mut results, index, done);
        }
    }
    Ok(outcomes(results))
}

fn output(queue: &Queue, request_id: Option<String>) -> Vec<Document> {
    let mut properties = vec![Property::text("queue-url", &*queue.url)];
    properties.extend(request_id.map(|id| Property::text("request-id", id)));
    result(properties)
}

/// The queue and the receipt that a document names.
fn read<P: Ports>(
    session: &Session<P>,
    operation: &Operation,
    action: Action,
    target: &Target,
    settings: &Values,
    document: Document,
) -> Result<(QueueReference, Receipt), Error> {
    const TIMEOUT: &str = "visibility-timeout-seconds";
    let mut problems = Problems::default();
    let (mut queue, mut queue_url, mut handle) = (None, None, None);
    let mut visibility_seconds = settings.integer(TIMEOUT);
    for Property { name, value } in document.properties {
        let slot = match name.as_str() {
            "queue" => &mut queue,
            "queue-url" => &mut queue_url,
            "receipt-handle" => &mut handle,
            TIMEOUT if matches!(action, Action::ChangeVisibility) => {
                if let Some(Value::Integer(seconds)) = problems.read(operation, &name, value) {
                    visibility_seconds = Some(seconds);
                }
                continue;
            }
            _ => continue,
        };
        if let Some(Value::Text(text)) = problems.read(operation, &name, value) {
            *slot = Some(text);
        }
    }
    if handle.as_deref().is_none_or(str::is_empty) {
        problems.add("receipt-handle", "is required");
    }
    if matches!(action, Action::ChangeVisibility) && visibility_seconds.is_none() {
        problems.add(TIMEOUT, "is required, of the document or of the operation");
    }
    let named = queue.or(queue_url);
    let region = &session.client.config().region;
    let reference = target.of_document(named.as_deref(), region, &mut problems);
    match (reference, handle) {
        (Some(reference), Some(handle)) if problems.0.is_empty() => Ok((
            reference,
            Receipt {
                handle,
                visibility_seconds,
            },
        )),
        _ => Err(Error::InvalidDocument(problems.0)),
    }
}

/// Does it with messages of one queue; one result a receipt, in their order, with the request's
/// id.
pub(crate) async fn all<P: Ports>(
    session: &Session<P>,
    action: Action,
    queue: &Queue,
    receipts: &[Receipt],
) -> Vec<Result<Option<String>, Error>> {
    let batches = receipts
        .chunks(BATCH_ENTRIES)
        .map(|chunk| some(session, action, queue, chunk));
    let done = executor::all(session.client.config().max_in_flight, batches).await;
    let mut done: Vec<Result<Option<String>, Error>> = done.into_iter().flatten().collect();
    // The service repeats the handle that it does not like.
    for error in done.iter_mut().filter_map(|done| done.as_mut().err()) {
        fault::hide(
            error,
            receipts.iter().map(|receipt| receipt.handle.as_str()),
        );
    }
    done
}

async fn some<P: Ports>(
    session: &Session<P>,
    action: Action,
    queue: &Queue,
    receipts: &[Receipt],
) -> Vec<Result<Option<String>, Error>> {
    if let [receipt] = receipts {
        return vec![one(session, action, queue, receipt).await];
    }
    let batch = batch::Batch {
        action: action.name(true),
        queue_url: &queue.url,
        entries: receipts,
        room: receipts
            .iter()
            .map(|receipt| receipt.handle.len() + 64)
            .sum(),
        write: &|object, receipt: &Receipt| receipt.write(object),
        // It says no more than that it was done.
        read: &|_: &Node<'_>| Some(()),
        may_repeat: &|_, _| true,
    };
    let done = batch::run(session, batch).await;
    done.into_iter()
        .map(|done| done.map(|done| done.trace.request_id))
        .collect()
}

async fn one<P: Ports>(
    session: &Session<P>,
    action: Action,
    queue: &Queue,
    receipt: &Receipt,
) -> Result<Option<String>, Error> {
    let mut body = Vec::new();
    json::object(&mut body, |input| {
        input.text("QueueUrl", &queue.url);
        receipt.write(input);
    });
    let call = Call::new(action.name(false), &body);
    Ok(session.client.call(call).await?.trace.request_id)
}
