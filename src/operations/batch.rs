//! One batch request and what became of each of its entries.
//!
//! `SendMessageBatch`, `DeleteMessageBatch` and `ChangeMessageVisibilityBatch` answer alike: with
//! a list of entries that went through and a list of those that did not. Entry ids are positions,
//! so an answer is matched whatever its order, and nothing of a message can clash.

use super::Session;
use crate::catalogue::faults::{Class, known};
use crate::client::json::{self, Node, Object};
use crate::client::{Call, Trace, fault};
use crate::contract::{Error, Fault};
use crate::transport::Ports;

/// An entry that went through.
pub(super) struct Done<S> {
    /// What the answer says of it.
    pub(super) entry: S,
    /// How the answer came about; its attempts are all those of the entry.
    pub(super) trace: Trace,
}

/// What is sent and how it is read back.
pub(super) struct Batch<'a, T, S> {
    pub(super) action: &'static str,
    pub(super) queue_url: &'a str,
    pub(super) entries: &'a [T],
    /// About how many bytes they take.
    pub(super) room: usize,
    /// Writes an entry, but for its id.
    pub(super) write: &'a dyn Fn(&mut Object<'_>, &T),
    /// Reads what the answer says of an entry that went through; none where it lacks something.
    pub(super) read: &'a dyn Fn(&Node<'_>) -> Option<S>,
    /// Whether an entry may still be sent again after others went through, which on a FIFO queue
    /// would change their order: by its position, and by whether each entry is done.
    pub(super) may_repeat: &'a dyn Fn(usize, &[bool]) -> bool,
}

/// Sends the entries as one batch, and those of them again that failed for a reason that can
/// pass, while attempts are left.
///
/// Gives one result an entry, in their order. Where the request as a whole fails, every entry
/// that it carried has that error.
pub(super) async fn run<P: Ports, T, S>(
    session: &Session<P>,
    batch: Batch<'_, T, S>,
) -> Vec<Result<Done<S>, Error>> {
    let entries = batch.entries;
    let mut results: Vec<Option<Result<Done<S>, Error>>> = entries.iter().map(|_| None).collect();
    let mut pending: Vec<usize> = (0..entries.len()).collect();
    let mut attempt = 1;
    let mut earlier = Earlier::default();
    loop {
        let mut body = Vec::with_capacity(batch.room);
        json::object(&mut body, |input| {
            input.text("QueueUrl", batch.queue_url).objects(
                "Entries",
                pending
                    .iter()
                    .filter_map(|id| Some((id, entries.get(*id)?))),
                |object, (id, entry)| {
                    object.text("Id", &id.to_string());
                    (batch.write)(object, entry);
                },
            );
        });
        let answered = once(session, &batch, &body, &pending, &mut earlier).await;
        drop(body);
        for (id, result) in answered {
            if let Some(slot) = results.get_mut(id) {
                *slot = Some(result);
            }
        }
        let done: Vec<bool> = results
            .iter()
            .map(|result| matches!(result, Some(Ok(_))))
            .collect();
        let passing = pending.iter().filter_map(|id| match results.get(*id) {
            Some(Some(Err(error))) => passing_class(error).map(|class| (*id, class)),
            _ => None,
        });
        let again: Vec<(usize, Class)> = passing
            .filter(|(id, _)| (batch.may_repeat)(*id, &done))
            .collect();
        let Some((_, class)) = again.first().copied() else {
            break;
        };
        if !session.client.try_again(class, attempt).await {
            break;
        }
        pending = again.into_iter().map(|(id, _)| id).collect();
        attempt += 1;
    }
    results
        .into_iter()
        .map(|result| result.unwrap_or_else(|| Err(unanswered())))
        .collect()
}

/// What the requests before this one came to.
#[derive(Default)]
struct Earlier {
    attempts: u32,
    repeated: bool,
}

impl Earlier {
    /// How the next answer came about, this one's and all attempts before it.
    fn and(&mut self, trace: &Trace) -> Trace {
        self.attempts = self.attempts.saturating_add(trace.attempts);
        self.repeated |= trace.repeated;
        Trace {
            attempts: self.attempts,
            repeated: self.repeated,
            ..trace.clone()
        }
    }
}

/// One request, and what it says of the entries that it carried.
async fn once<P: Ports, T, S>(
    session: &Session<P>,
    batch: &Batch<'_, T, S>,
    body: &[u8],
    pending: &[usize],
    earlier: &mut Earlier,
) -> Vec<(usize, Result<Done<S>, Error>)> {
    let all = |error: Error| pending.iter().map(|id| (*id, Err(error.clone()))).collect();
    let answer = match session.client.call(Call::new(batch.action, body)).await {
        Ok(answer) => answer,
        // The client has tried the whole request again as often as it may; its status is not 200,
        // so no entry is taken for one that failed by itself.
        Err(error) => return all(error),
    };
    let trace = earlier.and(&answer.trace);
    let output = match answer.read() {
        Ok(output) => output,
        Err(error) => return all(error),
    };
    let mut said: Vec<(usize, Result<Done<S>, Error>)> = Vec::with_capacity(pending.len());
    // Both lists are required by the model, and are left out by the service when empty.
    let successful = output.list("Successful").iter().map(|node| {
        let done = (batch.read)(node).map(|entry| Done {
            entry,
            trace: trace.clone(),
        });
        (node.text("Id"), done.ok_or_else(incomplete))
    });
    let failed = output.list("Failed").iter().map(|node| {
        let error = entry_error(node, &trace);
        (node.text("Id"), Err(error))
    });
    for (id, result) in successful.chain(failed) {
        // An id that was never sent says nothing of any entry.
        let id = id.and_then(|id| id.parse().ok());
        let Some(id) = id.filter(|id| pending.contains(id)) else {
            continue;
        };
        match said.iter_mut().find(|(known, _)| *known == id) {
            None => said.push((id, result)),
            Some((_, known)) => {
                *known = Err(Error::Corrupted(
                    "the answer mentions this entry twice; it may have taken effect".to_owned(),
                ));
            }
        }
    }
    for id in pending {
        if !said.iter().any(|(known, _)| known == id) {
            said.push((*id, Err(unanswered())));
        }
    }
    said
}

fn incomplete() -> Error {
    Error::Corrupted(
        "the answer says that this entry is done, but not all that belongs to it".to_owned(),
    )
}

fn unanswered() -> Error {
    Error::Corrupted(
        "the answer mentions this entry neither as done nor as failed; it may have taken effect"
            .to_owned(),
    )
}

/// The class of an entry's own error where another attempt may help.
///
/// By its code, and not by `SenderFault` alone: the service calls some throttling the sender's
/// fault.
fn passing_class(error: &Error) -> Option<Class> {
    match error {
        Error::Throttled(fault) if fault.http_status == 200 => Some(Class::Throttled),
        Error::Unavailable(fault) if fault.http_status == 200 => Some(Class::Unavailable),
        _ => None,
    }
}

fn entry_error(failed: &Node<'_>, trace: &Trace) -> Error {
    let code = failed.text("Code").unwrap_or_default();
    let senders = failed.get("SenderFault") == Some(&Node::Boolean(true));
    // Of a code that is not known, the service says at least whose fault it is.
    let class = match known(code) {
        Some(class) => class,
        None if senders => Class::Rejected,
        None => Class::Unavailable,
    };
    let fault = Fault {
        code: code.to_owned(),
        message: fault::shown(failed.text("Message").unwrap_or_default()),
        http_status: 200,
        request_id: trace.request_id.clone(),
        blame: fault::blame(class),
        attempts: trace.attempts,
    };
    fault::error_of(class, fault)
}
