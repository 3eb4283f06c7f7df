//! One batch request and what became of each of its entries.
//!
//! `SendMessageBatch`, `DeleteMessageBatch` and `ChangeMessageVisibilityBatch` answer alike: with
//! a list of entries that went through and a list of those that did not. Entry ids are positions,
//! so an answer is matched whatever its order, and nothing of a message can clash.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::Session;
use crate::catalogue::faults::{Class, classify};
use crate::client::json::{self, Object};
use crate::client::{Call, fault};
use crate::contract::{Error, Fault};
use crate::transport::Ports;

/// What an answer says of an entry that went through.
pub(super) trait Entry: DeserializeOwned {
    /// The id that the entry was sent with.
    fn id(&self) -> &str;
}

/// An entry that went through.
pub(super) struct Done<S> {
    /// What the answer says of it.
    pub(super) entry: S,
    /// The service's name of the request.
    pub(super) request_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(bound = "S: DeserializeOwned")]
struct Output<S> {
    // Both are required by the model, and are left out by the service when empty.
    #[serde(rename = "Successful", default = "Vec::new")]
    successful: Vec<S>,
    #[serde(rename = "Failed", default)]
    failed: Vec<Failed>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Failed {
    id: String,
    #[serde(default)]
    sender_fault: bool,
    code: String,
    message: Option<String>,
}

/// Sends the entries as one batch, and those of them again that failed for a reason that can
/// pass, while attempts are left.
///
/// `may_repeat` says whether an entry may still be sent again after others went through, which on
/// a FIFO queue would change their order; it gets the position and whether each entry is done.
///
/// Gives one result an entry, in their order. Where the request as a whole fails, every entry
/// that it carried has that error.
pub(super) async fn run<P, T, S>(
    session: &Session<P>,
    action: &'static str,
    queue_url: &str,
    entries: &[T],
    write: impl Fn(&mut Object<'_>, &T),
    may_repeat: impl Fn(usize, &[bool]) -> bool,
) -> Vec<Result<Done<S>, Error>>
where
    P: Ports,
    S: Entry,
{
    let mut results: Vec<Option<Result<Done<S>, Error>>> = entries.iter().map(|_| None).collect();
    let mut pending: Vec<usize> = (0..entries.len()).collect();
    let mut attempt = 1;
    loop {
        let mut body = Vec::new();
        json::object(&mut body, |input| {
            input.text("QueueUrl", queue_url).objects(
                "Entries",
                pending
                    .iter()
                    .filter_map(|id| Some((id, entries.get(*id)?))),
                |object, (id, entry)| {
                    object.text("Id", &id.to_string());
                    write(object, entry);
                },
            );
        });
        let answered = once(session, action, &body, &pending, attempt).await;
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
        let again: Vec<(usize, Class)> = passing.filter(|(id, _)| may_repeat(*id, &done)).collect();
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

/// One request, and what it says of the entries that it carried.
async fn once<P: Ports, S: Entry>(
    session: &Session<P>,
    action: &'static str,
    body: &[u8],
    pending: &[usize],
    attempt: u32,
) -> Vec<(usize, Result<Done<S>, Error>)> {
    let all = |error: Error| pending.iter().map(|id| (*id, Err(error.clone()))).collect();
    let answer = match session.client.call(Call::new(action, body)).await {
        Ok(answer) => answer,
        // The client has tried the whole request again as often as it may; its status is not 200,
        // so no entry is taken for one that failed by itself.
        Err(error) => return all(error),
    };
    let output: Output<S> = match answer.read() {
        Ok(output) => output,
        Err(error) => return all(error),
    };
    let mut said: Vec<(usize, Result<Done<S>, Error>)> = Vec::with_capacity(pending.len());
    let successful = output.successful.into_iter().map(|entry| {
        let id = entry.id().to_owned();
        let request_id = answer.request_id.clone();
        (id, Ok(Done { entry, request_id }))
    });
    let failed = output.failed.into_iter().map(|failed| {
        let error = entry_error(&failed, answer.request_id.clone(), attempt);
        (failed.id, Err(error))
    });
    for (id, result) in successful.chain(failed) {
        // An id that was never sent says nothing of any entry.
        let Some(id) = id.parse().ok().filter(|id| pending.contains(id)) else {
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

fn entry_error(failed: &Failed, request_id: Option<String>, attempts: u32) -> Error {
    let class = match classify(&failed.code, 200) {
        // An unknown code of which the service says that it is not the sender's fault.
        Class::Rejected if !failed.sender_fault => Class::Unavailable,
        class => class,
    };
    let fault = Fault {
        code: failed.code.clone(),
        message: fault::shown(failed.message.as_deref().unwrap_or_default()),
        http_status: 200,
        request_id,
        blame: fault::blame(class),
        attempts,
    };
    fault::error_of(class, fault)
}
