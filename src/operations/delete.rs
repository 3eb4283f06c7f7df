//! `delete`: messages out of the queue, by receipt handle, ten a request.

use serde::Deserialize;

use super::queues::{Destinations, Queue, Target};
use super::{Problems, Results, Session, batch, find, outcomes, result, settle};
use crate::catalogue::limits::BATCH_ENTRIES;
use crate::client::{Call, json};
use crate::contract::{Document, Error, Outcome, Property, Value};
use crate::transport::{Ports, executor};

/// An entry of the answer; it says no more than that it was done.
#[derive(Deserialize)]
struct Deleted {
    #[serde(rename = "Id")]
    id: String,
}

impl batch::Entry for Deleted {
    fn id(&self) -> &str {
        &self.id
    }
}

pub(super) async fn execute<P: Ports>(
    session: &Session<P>,
    target: &Target,
    documents: Vec<Document>,
) -> Result<Vec<Outcome>, Error> {
    if let Target::Fixed(reference) = target {
        session.queue(reference).await?;
    }
    let mut results: Results = documents.iter().map(|_| None).collect();
    let mut destinations = Destinations::default();
    let mut handles: Vec<Vec<(usize, String)>> = Vec::new();
    for (index, document) in documents.into_iter().enumerate() {
        match receipt(session, target, document) {
            Ok((queue, handle)) => {
                let destination = destinations.id(queue);
                handles.resize_with(destinations.len(), Vec::new);
                if let Some(of_queue) = handles.get_mut(destination) {
                    of_queue.push((index, handle));
                }
            }
            Err(error) => settle(&mut results, index, Err(error)),
        }
    }
    let queues = session.queues_of(&destinations).await;
    for (queue, receipts) in queues.iter().zip(handles) {
        let deleted = match queue {
            Ok(queue) => {
                let handles: Vec<&str> = receipts.iter().map(|(_, h)| h.as_str()).collect();
                let deleted = all(session, queue, &handles).await;
                let output = |id| output(queue, id);
                deleted.into_iter().map(|id| id.map(output)).collect()
            }
            Err(error) => vec![Err(error.clone()); receipts.len()],
        };
        for ((index, _), deleted) in receipts.into_iter().zip(deleted) {
            settle(&mut results, index, deleted);
        }
    }
    Ok(outcomes(results))
}

fn output(queue: &Queue, request_id: Option<String>) -> Vec<Document> {
    let mut properties = vec![Property::text("queue-url", &*queue.url)];
    properties.extend(request_id.map(|id| Property::text("request-id", id)));
    result(properties)
}

/// The queue and the receipt handle that a document names.
fn receipt<P: Ports>(
    session: &Session<P>,
    target: &Target,
    document: Document,
) -> Result<(crate::connection::queue::QueueReference, String), Error> {
    let operation = find("delete")?;
    let mut problems = Problems::default();
    let (mut queue, mut queue_url, mut handle) = (None, None, None);
    for Property { name, value } in document.properties {
        let slot = match name.as_str() {
            "queue" => &mut queue,
            "queue-url" => &mut queue_url,
            "receipt-handle" => &mut handle,
            _ => continue,
        };
        if let Some(Value::Text(text)) = problems.read(operation, &name, value) {
            *slot = Some(text);
        }
    }
    if handle.as_deref().is_none_or(str::is_empty) {
        problems.add("receipt-handle", "is required");
    }
    let named = queue.or(queue_url);
    let region = &session.client.config().region;
    let reference = target.of_document(named.as_deref(), region, &mut problems);
    match (reference, handle) {
        (Some(reference), Some(handle)) if problems.0.is_empty() => Ok((reference, handle)),
        _ => Err(Error::InvalidDocument(problems.0)),
    }
}

/// Deletes messages of one queue; one result a handle, in their order, with the request's id.
pub(super) async fn all<P: Ports>(
    session: &Session<P>,
    queue: &Queue,
    handles: &[&str],
) -> Vec<Result<Option<String>, Error>> {
    let batches = handles
        .chunks(BATCH_ENTRIES)
        .map(|chunk| some(session, queue, chunk));
    let deleted = executor::all(session.client.config().max_in_flight, batches).await;
    deleted.into_iter().flatten().collect()
}

async fn some<P: Ports>(
    session: &Session<P>,
    queue: &Queue,
    handles: &[&str],
) -> Vec<Result<Option<String>, Error>> {
    if let [handle] = handles {
        return vec![one(session, queue, handle).await];
    }
    batch::run(
        session,
        "DeleteMessageBatch",
        &queue.url,
        handles,
        |object, handle| {
            object.text("ReceiptHandle", handle);
        },
        |_, _| true,
    )
    .await
    .into_iter()
    .map(|result: Result<batch::Done<Deleted>, Error>| result.map(|done| done.request_id))
    .collect()
}

async fn one<P: Ports>(
    session: &Session<P>,
    queue: &Queue,
    handle: &str,
) -> Result<Option<String>, Error> {
    let mut body = Vec::new();
    json::object(&mut body, |input| {
        input
            .text("QueueUrl", &queue.url)
            .text("ReceiptHandle", handle);
    });
    let answer = session
        .client
        .call(Call::new("DeleteMessage", &body))
        .await?;
    Ok(answer.request_id)
}
