//! Settling: what became of deliveries, by their tokens alone.

use std::time::Duration;

use super::token::Token;
use super::{queue_of, require_queue};
use crate::catalogue::limits::VISIBILITY_SECONDS;
use crate::contract::{Disposition, Error, Fault, Problem, Settled, Settlement};
use crate::operations::Session;
use crate::operations::receipts::{self, Action, Receipt};
use crate::transport::{Ports, executor};

/// How long a message can be in flight, from its receipt.
const IN_FLIGHT: Duration = Duration::from_secs(VISIBILITY_SECONDS as u64);

impl<P: Ports> Session<P> {
    /// Settles deliveries: one result a settlement, in their order. Removals and changes of
    /// leases go side by side, in batches.
    ///
    /// # Errors
    /// Where no settlement could be tried: the object is no queue, or cannot be resolved.
    pub async fn settle(
        &self,
        object: &str,
        settlements: Vec<Settlement>,
    ) -> Result<Vec<Settled>, Error> {
        let mut problems = Vec::new();
        let target = self.target(Some(object), &mut problems);
        require_queue(&target, &mut problems);
        if !problems.is_empty() {
            return Err(Error::InvalidSettings(problems));
        }
        if settlements.is_empty() {
            return Ok(Vec::new());
        }
        let queue = self.queue(queue_of(&target)?).await?;
        let now = self.client.ports().now();
        let mut outcomes: Vec<Result<(), Error>> = Vec::with_capacity(settlements.len());
        let (mut removals, mut changes) = (Work::default(), Work::default());
        for (index, settlement) in settlements.iter().enumerate() {
            let outcome = match wanted(settlement, now) {
                Ok(None) => Ok(()),
                Ok(Some(receipt)) => {
                    let work = match receipt.visibility_seconds {
                        None => &mut removals,
                        Some(_) => &mut changes,
                    };
                    work.indexes.push(index);
                    work.receipts.push(receipt);
                    // In case it is forgotten, which would be a fault of ours.
                    Err(Error::Other("this settlement was not handled".to_owned()))
                }
                Err(error) => Err(error),
            };
            outcomes.push(outcome);
        }
        let done = executor::all(
            2,
            [
                (Action::Delete, &removals),
                (Action::ChangeVisibility, &changes),
            ]
            .map(|(action, work)| receipts::all(self, action, &queue, &work.receipts)),
        )
        .await;
        let indexes = removals.indexes.iter().chain(&changes.indexes);
        for (index, done) in indexes.zip(done.into_iter().flatten()) {
            if let Some(outcome) = outcomes.get_mut(*index) {
                *outcome = done.map(|_| ()).map_err(explain);
            }
        }
        let settled = settlements.into_iter().zip(outcomes);
        Ok(settled
            .map(|(settlement, outcome)| Settled {
                token: settlement.token,
                outcome,
            })
            .collect())
    }
}

/// Receipts of one action, and the settlements they are of.
#[derive(Default)]
struct Work {
    indexes: Vec<usize>,
    receipts: Vec<Receipt>,
}

/// What to ask of the service; nothing where there is nothing left to do.
fn wanted(settlement: &Settlement, now: Duration) -> Result<Option<Receipt>, Error> {
    let problem =
        |field: &str, message: String| Error::InvalidDocument(vec![Problem::new(field, message)]);
    let (received, handle) = match (Token::read(&settlement.token), settlement.disposition) {
        (Some(Token::Leased { received, handle }), _) => (received, handle),
        (Some(Token::Removed), Disposition::Accept) => return Ok(None),
        (Some(Token::Removed), _) => {
            return Err(problem(
                "disposition",
                "must be accept: with commit `on-receive` the message was removed before it was handed over".to_owned(),
            ));
        }
        (None, _) => {
            return Err(problem(
                "token",
                "is not one that a listener of this connector has handed over".to_owned(),
            ));
        }
    };
    let left = (received + IN_FLIGHT).saturating_sub(now).as_secs();
    let visibility_seconds = match settlement.disposition {
        Disposition::Accept => None,
        Disposition::Extend(seconds) if u64::from(seconds) > left => {
            return Err(problem(
                "disposition",
                format!(
                    "can extend by {left} seconds at most: a message is in flight for twelve hours from its receipt at the longest"
                ),
            ));
        }
        Disposition::Extend(seconds) => Some(i64::from(seconds)),
        Disposition::Retry(seconds) if i64::from(seconds) > i64::from(VISIBILITY_SECONDS) => {
            return Err(problem(
                "disposition",
                format!("must retry within {VISIBILITY_SECONDS} seconds"),
            ));
        }
        // As late as the service lets it be: the message is to come again in any case.
        Disposition::Retry(seconds) => {
            Some(i64::from(seconds).min(i64::try_from(left).unwrap_or(i64::MAX)))
        }
    };
    Ok(Some(Receipt {
        handle: handle.to_owned(),
        visibility_seconds,
    }))
}

/// Says in words what the service's code means for a delivery.
fn explain(error: Error) -> Error {
    let told = |fault: Fault| {
        let code = fault.code.rsplit('.').next().unwrap_or_default();
        let words = match code {
            "MessageNotInflight" => {
                "the message is no longer in flight: its lease is over, or it was settled before"
            }
            "ReceiptHandleIsInvalid" => "the service does not know this delivery in this queue",
            "InvalidParameterValue" | "InvalidParameterValueException"
                if fault.message.contains("beyond the limit") =>
            {
                "the message was in flight for the twelve hours that the service allows"
            }
            "InvalidParameterValue" | "InvalidParameterValueException" => {
                "the lease is over: the message was offered again, or removed"
            }
            _ => return fault,
        };
        Fault {
            message: format!("{words} ({})", fault.message),
            ..fault
        }
    };
    match error {
        Error::Conflict(fault) => Error::Conflict(told(fault)),
        Error::Rejected(fault) => Error::Rejected(told(fault)),
        other => other,
    }
}
