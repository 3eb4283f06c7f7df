use serde_json::{Value as Json, json};

use super::*;
use crate::client::checksum;
use crate::testing::{Reply, Script, Seen, fault, reply};

mod administration;
mod answer_properties;
mod attempts;
mod properties;
mod receive;
mod send;

const URL: &str = "https://sqs.eu-west-1.amazonaws.com/123456789012/orders";
const FIFO: &str = "https://sqs.eu-west-1.amazonaws.com/123456789012/orders.fifo";

fn session(service: impl FnMut(&Seen) -> Reply + 'static) -> (Script, Session<Script>) {
    let settings = vec![
        Property::text("region", "eu-west-1"),
        Property::text("access-key-id", "AKIAEXAMPLE"),
        Property::text("secret-access-key", "secret"),
    ];
    let script = Script::new(service);
    let session = Session::open(script.clone(), settings).unwrap();
    (script, session)
}

fn document(payload: &str, properties: &[(&str, &str)]) -> Document {
    Document {
        payload: payload.into(),
        content_type: None,
        properties: properties
            .iter()
            .map(|(name, value)| Property::text(*name, *value))
            .collect(),
    }
}

/// Takes every message, as SQS does.
fn takes_all(seen: &Seen) -> Reply {
    let taken = |id: &Json, body: &Json| {
        json!({
            "Id": id,
            "MessageId": format!("message-{}", body.as_str().unwrap()),
            "MD5OfMessageBody": checksum::of_body(body.as_str().unwrap().as_bytes()),
        })
    };
    match seen.action.as_str() {
        "GetQueueUrl" => {
            let name = seen.body["QueueName"].as_str().unwrap();
            reply(
                200,
                json!({ "QueueUrl": format!("https://x/1/{name}") }).to_string(),
            )
        }
        "SendMessage" => reply(
            200,
            taken(&json!(""), &seen.body["MessageBody"]).to_string(),
        ),
        _ => {
            let entries = seen.body["Entries"].as_array().unwrap();
            let done: Vec<Json> = entries
                .iter()
                .map(|e| taken(&e["Id"], &e["MessageBody"]))
                .collect();
            reply(200, json!({ "Successful": done }).to_string())
        }
    }
}

fn send(
    script: &Script,
    session: &Session<Script>,
    object: &str,
    documents: Vec<Document>,
) -> Vec<Result<Vec<Document>, Error>> {
    let outcomes = script.run(session.execute("send", Some(object), vec![], documents));
    let outcomes = outcomes.unwrap();
    assert!(
        outcomes
            .iter()
            .zip(0..)
            .all(|(outcome, index)| outcome.document == index)
    );
    outcomes.into_iter().map(|outcome| outcome.output).collect()
}

fn batches(script: &Script) -> Vec<Vec<String>> {
    let bodies = |entry: &Json| entry["MessageBody"].as_str().unwrap().to_owned();
    script
        .seen()
        .iter()
        .map(|seen| {
            seen.body["Entries"]
                .as_array()
                .unwrap()
                .iter()
                .map(bodies)
                .collect()
        })
        .collect()
}

#[test]
fn deletes_are_batched_and_each_has_its_outcome() {
    let (script, session) = session(|seen| {
        let entries = seen.body["Entries"].as_array().unwrap();
        let (bad, good): (Vec<&Json>, Vec<&Json>) =
            entries.iter().partition(|e| e["ReceiptHandle"] == "bad");
        let done: Vec<Json> = good.iter().map(|e| json!({ "Id": e["Id"] })).collect();
        let failed: Vec<Json> = bad
            .iter()
            .map(
                |e| json!({ "Id": e["Id"], "Code": "ReceiptHandleIsInvalid", "SenderFault": true }),
            )
            .collect();
        reply(
            200,
            json!({ "Successful": done, "Failed": failed }).to_string(),
        )
    });
    let documents = (0..12)
        .map(|n| {
            document(
                "",
                &[("receipt-handle", if n == 4 { "bad" } else { "good" })],
            )
        })
        .chain([document("", &[])])
        .collect();
    let outcomes = script
        .run(session.execute("delete", Some(URL), vec![], documents))
        .unwrap();
    for outcome in outcomes {
        match (outcome.document, outcome.output) {
            (4, Err(Error::Rejected(fault))) => assert_eq!(fault.code, "ReceiptHandleIsInvalid"),
            (12, Err(Error::InvalidDocument(problems))) => {
                assert_eq!(problems[0].field, "receipt-handle")
            }
            (n, Ok(_)) if n != 4 && n < 12 => {}
            (n, other) => panic!("{n}: {other:?}"),
        }
    }
    assert_eq!(
        script.actions(),
        ["DeleteMessageBatch", "DeleteMessageBatch"]
    );
}

#[test]
fn settings_and_object_are_checked_together_before_anything_is_sent() {
    let (script, session) = session(takes_all);
    let settings = vec![
        Property::text("wait-time-seconds", "21"),
        Property::text("maximum-message-count", "0.5"),
        Property::text("colour", "red"),
    ];
    let called = session.execute(
        "receive",
        Some("no queue"),
        settings,
        vec![document("", &[])],
    );
    let Err(Error::InvalidSettings(problems)) = script.run(called) else {
        panic!("must be refused");
    };
    let mut fields: Vec<&str> = problems.iter().map(|p| p.field.as_str()).collect();
    fields.sort_unstable();
    assert_eq!(
        fields,
        [
            "colour",
            "maximum-message-count",
            "object",
            "wait-time-seconds"
        ]
    );
    assert!(script.seen().is_empty());
}

#[test]
fn profiles_are_json_that_names_every_property() {
    let (_, session) = session(takes_all);
    for operation in OPERATIONS {
        let profile = session.profile(operation.id).unwrap();
        assert_eq!(profile.request.is_none(), operation.listens());
        assert!(profile.response.is_some());
        for text in [profile.request, profile.response].into_iter().flatten() {
            let schema: Json = serde_json::from_str(&text).unwrap();
            assert_eq!(
                schema["$schema"],
                "https://json-schema.org/draft/2020-12/schema"
            );
        }
    }
}
