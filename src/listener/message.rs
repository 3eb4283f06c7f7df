//! A received message on its way to a delivery.

use std::time::Duration;

use super::plan::{CONTENT_TYPE, Content, Plan};
use super::token::Token;
use crate::client::json::Node;
use crate::contract::{Delivery, Document, Error, Problem, Value};
use crate::operations::receipts::Receipt;
use crate::operations::receive::decode::Received;

/// A message with its lease, not handed over yet.
pub(super) struct Held {
    handle: String,
    lease_ends: Duration,
    delivery: Delivery,
}

impl Held {
    /// Shapes a message as the settings ask. One that cannot be is kept as it came, with a
    /// problem. Moments are since 1970-01-01T00:00:00Z.
    pub(super) fn new(
        plan: &Plan,
        fifo: bool,
        received: Received,
        sent: Duration,
        lease_ends: Duration,
    ) -> Self {
        let Received {
            receipt_handle,
            mut document,
        } = received;
        let problem = shape(plan, &mut document)
            .err()
            .map(|message| Error::InvalidDocument(vec![Problem::new("payload", message)]));
        let property = |name| document.properties.iter().find(|p| p.name == name);
        let attempt = match property("approximate-receive-count").map(|p| &p.value) {
            Some(Value::Integer(count)) => u32::try_from(*count).unwrap_or(u32::MAX),
            _ => 1,
        };
        // A group of a standard queue is a tenant, and keeps no order.
        let group = match property("message-group-id").map(|p| &p.value) {
            Some(Value::Text(group)) if fifo => Some(group.clone()),
            _ => None,
        };
        let token = Token::Leased {
            received: sent,
            handle: &receipt_handle,
        };
        Self {
            delivery: Delivery {
                token: token.write(),
                group,
                attempt,
                lease_ends_ms: milliseconds(lease_ends),
                suggested_retry_seconds: plan.retry.after(attempt),
                document,
                problem,
            },
            handle: receipt_handle,
            lease_ends,
        }
    }

    pub(super) fn document(&self) -> &Document {
        &self.delivery.document
    }

    pub(super) fn is_malformed(&self) -> bool {
        self.delivery.problem.is_some()
    }

    pub(super) fn bytes(&self) -> usize {
        self.delivery.document.payload.len()
    }

    /// For its deletion, or to be invisible for so many seconds.
    pub(super) fn receipt(&self, visibility_seconds: Option<u32>) -> Receipt {
        Receipt {
            handle: self.handle.clone(),
            visibility_seconds: visibility_seconds.map(i64::from),
        }
    }

    pub(super) fn lease_left(&self, now: Duration) -> Duration {
        self.lease_ends.saturating_sub(now)
    }

    pub(super) fn renewed(&mut self, lease_ends: Duration) {
        self.lease_ends = lease_ends;
        self.delivery.lease_ends_ms = milliseconds(lease_ends);
    }

    /// It is deleted: there is nothing left to settle.
    pub(super) fn removed(&mut self) {
        self.delivery.lease_ends_ms = 0;
        self.delivery.token = Token::Removed.write();
    }

    pub(super) fn into_delivery(self) -> Delivery {
        self.delivery
    }
}

fn milliseconds(moment: Duration) -> u64 {
    u64::try_from(moment.as_millis()).unwrap_or(u64::MAX)
}

/// Unwraps and checks the payload.
fn shape(plan: &Plan, document: &mut Document) -> Result<(), &'static str> {
    if let Some(envelope) = plan.envelope {
        envelope.unwrap(document)?;
    }
    match plan.content {
        Content::Raw => return Ok(()),
        Content::Json => document.content_type = Some("application/json".to_owned()),
        Content::ByAttribute => {
            let named = document.properties.iter().find(|p| p.name == CONTENT_TYPE);
            if let Some(Value::Text(media_type)) = named.map(|p| &p.value) {
                document.content_type = Some(media_type.clone());
            }
        }
    }
    let json = document.content_type.as_deref().is_some_and(is_json);
    if json && Node::parse(&document.payload).is_none() {
        document.content_type = None;
        return Err("is not JSON, as the listener's `content` says it is");
    }
    Ok(())
}

/// `application/json`, and what is JSON by its ending (RFC 6839), parameters left out.
fn is_json(media_type: &str) -> bool {
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    let essence = essence.to_ascii_lowercase();
    essence == "application/json" || essence == "text/json" || essence.ends_with("+json")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_known_by_its_media_type() {
        for json in [
            "application/json",
            "Application/JSON; charset=utf-8",
            "application/ld+json",
        ] {
            assert!(is_json(json), "{json}");
        }
        for other in [
            "",
            "text/plain",
            "application/jsonl",
            "application/json+xml",
        ] {
            assert!(!is_json(other), "{other}");
        }
    }
}
