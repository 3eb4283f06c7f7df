//! What the fast server answers: right in every checksum, and as little work as can be.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use md5::{Digest, Md5};
use serde::Deserialize;
use serde_json::json;

use super::IDLE;
use crate::work::{BATCH, BODY_BYTES, body};

/// Requests that are remembered with their answers take no more than this.
const REMEMBERED_BYTES: usize = 512 << 20;
/// In a message, this is replaced by the message's own number.
const NUMBER: &str = "000000000000";

/// All answers.
pub(super) struct Answers {
    queue_url: Bytes,
    /// A received message and where its number stands in it.
    message: Vec<u8>,
    numbers: Vec<usize>,
    received: Cell<u64>,
    /// Contenders send the same bytes in every round: a checksum is computed once.
    remembered: RefCell<HashMap<u64, Vec<(Bytes, Bytes)>>>,
    remembered_bytes: Cell<usize>,
}

impl Answers {
    pub(super) fn new(endpoint: &str) -> Self {
        let message = message();
        let numbers = message
            .windows(NUMBER.len())
            .enumerate()
            .filter(|(_, window)| *window == NUMBER.as_bytes())
            .map(|(position, _)| position)
            .collect();
        let queue_url = json!({ "QueueUrl": format!("{endpoint}/000000000000/bench") });
        Self {
            queue_url: queue_url.to_string().into(),
            message,
            numbers,
            received: Cell::default(),
            remembered: RefCell::default(),
            remembered_bytes: Cell::default(),
        }
    }

    /// The answer to an action; none to one that is not known, or to a body that makes no sense.
    pub(super) fn to(&self, action: &str, request: &Bytes) -> Option<Bytes> {
        match action {
            "SendMessage" => self.remembered(request, sent),
            "SendMessageBatch" => self.remembered(request, batch_sent),
            "ReceiveMessage" => Some(self.receive(request)),
            "DeleteMessageBatch" | "ChangeMessageVisibilityBatch" => batch_done(request),
            "DeleteMessage" | "ChangeMessageVisibility" => Some(Bytes::from_static(b"{}")),
            "GetQueueUrl" => Some(self.queue_url.clone()),
            _ => None,
        }
    }

    fn remembered(&self, request: &Bytes, answer: fn(&[u8]) -> Option<Bytes>) -> Option<Bytes> {
        let key = fingerprint(request);
        if let Some(known) = self.remembered.borrow().get(&key)
            && let Some((_, answer)) = known.iter().find(|(known, _)| known == request)
        {
            return Some(answer.clone());
        }
        let answer = answer(request)?;
        let bytes = self.remembered_bytes.get() + request.len() + answer.len();
        if bytes < REMEMBERED_BYTES {
            self.remembered_bytes.set(bytes);
            let mut remembered = self.remembered.borrow_mut();
            let known = remembered.entry(key).or_default();
            known.push((request.clone(), answer.clone()));
        }
        Some(answer)
    }

    fn receive(&self, request: &[u8]) -> Bytes {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Input {
            max_number_of_messages: Option<usize>,
        }
        let count = serde_json::from_slice::<Input>(request)
            .ok()
            .and_then(|input| input.max_number_of_messages)
            .unwrap_or(1)
            .min(BATCH);
        let mut out = Vec::with_capacity(count * (self.message.len() + 1) + 16);
        out.extend_from_slice(br#"{"Messages":["#);
        for index in 0..count {
            if index > 0 {
                out.push(b',');
            }
            let start = out.len();
            out.extend_from_slice(&self.message);
            let number = self.received.get() + 1;
            self.received.set(number);
            let digits = hexadecimal(number);
            for position in &self.numbers {
                let place = start + position;
                if let Some(place) = out.get_mut(place..place + digits.len()) {
                    place.copy_from_slice(&digits);
                }
            }
        }
        out.extend_from_slice(b"]}");
        out.into()
    }
}

/// How long a poll of the idle queue waits; none for any other request.
pub(super) fn idle_poll(request: &[u8]) -> Option<u64> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Input<'a> {
        queue_url: &'a str,
        wait_time_seconds: Option<u64>,
    }
    let input: Input<'_> = serde_json::from_slice(request).ok()?;
    let idle = input.queue_url.rsplit('/').next() == Some(IDLE);
    idle.then(|| input.wait_time_seconds.unwrap_or(0))
}

/// Good enough to find a request again; that it is the same one is compared.
fn fingerprint(bytes: &[u8]) -> u64 {
    bytes.chunks(8).fold(bytes.len() as u64, |sum, chunk| {
        let mut word = [0; 8];
        if let Some(place) = word.get_mut(..chunk.len()) {
            place.copy_from_slice(chunk);
        }
        (sum.rotate_left(5) ^ u64::from_le_bytes(word)).wrapping_mul(0x517c_c1b7_2722_0a95)
    })
}

fn hexadecimal(number: u64) -> [u8; NUMBER.len()] {
    let mut digits = [b'0'; NUMBER.len()];
    for (place, digit) in digits.iter_mut().rev().enumerate() {
        let nibble = (number >> (4 * place)) & 15;
        *digit = b"0123456789abcdef"
            .get(nibble as usize)
            .copied()
            .unwrap_or(b'0');
    }
    digits
}

fn md5(bytes: &[u8]) -> String {
    Md5::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn sent(request: &[u8]) -> Option<Bytes> {
    let input: serde_json::Value = serde_json::from_slice(request).ok()?;
    let answer = json!({
        "MessageId": "5fea7756-0ea4-451a-a703-a558b933e274",
        "MD5OfMessageBody": md5(input["MessageBody"].as_str()?.as_bytes()),
    });
    Some(answer.to_string().into())
}

fn batch_sent(request: &[u8]) -> Option<Bytes> {
    let input: serde_json::Value = serde_json::from_slice(request).ok()?;
    let successful: Option<Vec<_>> = input["Entries"]
        .as_array()?
        .iter()
        .map(|entry| {
            Some(json!({
                "Id": entry["Id"],
                "MessageId": "5fea7756-0ea4-451a-a703-a558b933e274",
                "MD5OfMessageBody": md5(entry["MessageBody"].as_str()?.as_bytes()),
            }))
        })
        .collect();
    Some(
        json!({ "Successful": successful?, "Failed": [] })
            .to_string()
            .into(),
    )
}

fn batch_done(request: &[u8]) -> Option<Bytes> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Entry<'a> {
        id: &'a str,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Input<'a> {
        #[serde(borrow)]
        entries: Vec<Entry<'a>>,
    }
    let input: Input<'_> = serde_json::from_slice(request).ok()?;
    let mut out = String::from(r#"{"Successful":["#);
    for (index, entry) in input.entries.iter().enumerate() {
        let comma = if index > 0 { "," } else { "" };
        out.push_str(comma);
        out.push_str(r#"{"Id":""#);
        out.push_str(entry.id);
        out.push_str(r#""}"#);
    }
    out.push_str(r#"],"Failed":[]}"#);
    Some(out.into())
}

/// A message as AWS hands it out, with all system attributes of a standard queue and two of its
/// own, and the length that AWS's receipt handles have.
fn message() -> Vec<u8> {
    let body = body(0, BODY_BYTES);
    let attributes = [("kind", "String", "order"), ("weight", "Number", "12.5")];
    let mut digest = Md5::new();
    for (name, kind, value) in attributes {
        for part in [name, kind] {
            digest.update((part.len() as u32).to_be_bytes());
            digest.update(part);
        }
        digest.update([1]);
        digest.update((value.len() as u32).to_be_bytes());
        digest.update(value);
    }
    let of_attributes: String = digest
        .finalize()
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect();
    let handle = format!("AQEB{NUMBER}{}", STANDARD.encode([0x5a; 261]));
    let own: serde_json::Map<_, _> = attributes
        .into_iter()
        .map(|(name, kind, value)| {
            let value = json!({ "DataType": kind, "StringValue": value });
            (name.to_owned(), value)
        })
        .collect();
    let message = json!({
        "MessageId": format!("d6790f8d-d575-4f1e-8a3b-{NUMBER}"),
        "ReceiptHandle": handle,
        "MD5OfBody": md5(body.as_bytes()),
        "MD5OfMessageAttributes": of_attributes,
        "Body": body,
        "Attributes": {
            "SenderId": "AIDAEXAMPLEEXAMPLEEXA",
            "SentTimestamp": "1793782800123",
            "ApproximateReceiveCount": "1",
            "ApproximateFirstReceiveTimestamp": "1793782800456",
        },
        "MessageAttributes": own,
    });
    message.to_string().into_bytes()
}
