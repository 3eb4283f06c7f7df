//! Answers as SQS gives them, for scripted servers.

use md5::{Digest, Md5};
use serde_json::{Value, json};

use crate::server::{Reply, Request};

/// A queue URL with a host that is nobody's.
pub const QUEUE_URL: &str = "http://sqs.us-east-1.example.invalid:4566/000000000000/orders";
/// The same for a FIFO queue.
pub const FIFO_URL: &str = "http://sqs.us-east-1.example.invalid:4566/000000000000/orders.fifo";

/// The MD5 checksum of a text.
#[must_use]
pub fn md5(text: &str) -> String {
    Md5::digest(text)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Does what is asked, without memory: every message is taken, every handle deleted, every queue
/// known, and nothing received.
#[must_use]
pub fn obey(request: &Request) -> Reply {
    let input = request.json();
    let done = match request.action() {
        "SendMessage" => sent(&input, None),
        "SendMessageBatch" => {
            let entries = entries(&input);
            let done = entries
                .iter()
                .map(|entry| sent(entry, entry["Id"].as_str()));
            json!({ "Successful": done.collect::<Vec<_>>() })
        }
        "DeleteMessageBatch" => {
            let entries = entries(&input);
            let done = entries.iter().map(|entry| json!({ "Id": entry["Id"] }));
            json!({ "Successful": done.collect::<Vec<_>>() })
        }
        "GetQueueUrl" => {
            let name = input["QueueName"].as_str().unwrap_or_default();
            json!({ "QueueUrl": format!("http://sqs.example.invalid/000000000000/{name}") })
        }
        _ => json!({}),
    };
    Reply::json(200, &done)
}

/// The entries of a batch.
#[must_use]
pub fn entries(input: &Value) -> Vec<Value> {
    input["Entries"].as_array().cloned().unwrap_or_default()
}

/// What is said of a message that was taken.
#[must_use]
pub fn sent(message: &Value, id: Option<&str>) -> Value {
    let body = message["MessageBody"].as_str().unwrap_or_default();
    let mut sent =
        json!({ "MessageId": format!("id of {}", md5(body)), "MD5OfMessageBody": md5(body) });
    if let Some(id) = id {
        sent["Id"] = json!(id);
    }
    sent
}

/// What is said of an entry that was refused.
#[must_use]
pub fn refused(id: &str, code: &str, sender: bool) -> Value {
    json!({ "Id": id, "Code": code, "Message": "not this one", "SenderFault": sender })
}

/// A received message.
#[must_use]
pub fn message(id: &str, body: &str) -> Value {
    json!({ "MessageId": id, "ReceiptHandle": format!("handle-of-{id}"), "Body": body, "MD5OfBody": md5(body) })
}

/// The answer with these messages.
#[must_use]
pub fn messages(messages: &[Value]) -> Reply {
    Reply::json(200, &json!({ "Messages": messages }))
}

/// Bytes of a batch entry that count for the service: body, and names, types and values of
/// attributes (those of text only).
#[must_use]
pub fn counted_bytes(entry: &Value) -> usize {
    let length = |value: &Value| value.as_str().map_or(0, str::len);
    let attributes = entry["MessageAttributes"].as_object();
    let attributes = attributes.map_or(0, |attributes| {
        attributes
            .iter()
            .map(|(name, value)| {
                name.len() + length(&value["DataType"]) + length(&value["StringValue"])
            })
            .sum()
    });
    length(&entry["MessageBody"]) + attributes
}
