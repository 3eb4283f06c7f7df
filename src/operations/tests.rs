use serde_json::{Value as Json, json};

use super::*;
use crate::client::checksum;
use crate::testing::{Reply, Script, Seen, fault, reply};

mod administration;
mod properties;

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
fn documents_are_packed_by_ten_and_their_outcomes_keep_their_order() {
    let (script, session) = session(takes_all);
    let documents = (0..25).map(|n| document(&n.to_string(), &[])).collect();
    let sent = send(&script, &session, URL, documents);
    for (index, result) in sent.into_iter().enumerate() {
        let properties = result.unwrap().remove(0).properties;
        let id = properties
            .into_iter()
            .find(|p| p.name == "message-id")
            .unwrap();
        assert!(matches!(id.value, Value::Text(id) if id == format!("message-{index}")));
    }
    let sizes: Vec<usize> = batches(&script).iter().map(Vec::len).collect();
    assert_eq!(sizes, [10, 10, 5]);
    assert_eq!(script.most_under_way(), 3);
}

#[test]
fn batches_never_exceed_a_mebibyte_of_bodies_and_attributes() {
    let (script, session) = session(takes_all);
    // 400,000 and an attribute of 1 + 6 + 124,281 bytes: two of these are one byte too much.
    let body = "x".repeat(400_000);
    let attribute = "y".repeat(124_282);
    let exact = document(&body, &[("attribute.a", &attribute[1..])]);
    let over = document(&body, &[("attribute.a", &attribute)]);
    for result in send(&script, &session, URL, vec![exact.clone(), exact.clone()]) {
        result.unwrap();
    }
    assert_eq!(script.actions(), ["SendMessageBatch"]);
    for result in send(&script, &session, URL, vec![exact, over]) {
        result.unwrap();
    }
    assert_eq!(
        script.actions(),
        ["SendMessageBatch", "SendMessage", "SendMessage"]
    );
}

#[test]
fn groups_of_a_fifo_queue_are_in_one_batch_under_way_at_a_time() {
    let (script, session) = session(takes_all);
    let documents = (0..40)
        .map(|n| {
            document(
                &n.to_string(),
                &[("message-group-id", if n < 20 { "a" } else { "b" })],
            )
        })
        .collect();
    for result in send(&script, &session, FIFO, documents) {
        result.unwrap();
    }
    let firsts: Vec<String> = batches(&script).iter().map(|b| b[0].clone()).collect();
    assert_eq!(firsts, ["0", "20", "10", "30"]);
    assert_eq!(script.most_under_way(), 2);
}

#[test]
fn what_fails_ends_its_fifo_group_and_no_other() {
    let (script, session) = session(|seen| {
        if seen.body["Entries"][0]["MessageBody"] != "0" {
            return takes_all(seen);
        }
        let entries = seen.body["Entries"].as_array().unwrap();
        let failed = json!([{ "Id": "3", "Code": "InvalidMessageContents", "SenderFault": true }]);
        let done: Vec<Json> = entries
            .iter()
            .filter(|e| e["Id"] != "3")
            .map(|e| json!({ "Id": e["Id"], "MessageId": "m" }))
            .collect();
        reply(
            200,
            json!({ "Successful": done, "Failed": failed }).to_string(),
        )
    });
    let documents = (0..30)
        .map(|n| {
            document(
                &n.to_string(),
                &[("message-group-id", if n % 2 == 1 { "odd" } else { "even" })],
            )
        })
        .collect();
    let sent = send(&script, &session, FIFO, documents);
    for (index, result) in sent.iter().enumerate() {
        match (index, result) {
            (3, Err(Error::Rejected(fault))) => assert_eq!(fault.code, "InvalidMessageContents"),
            (index, Err(Error::Other(words))) if index > 9 && index % 2 == 1 => {
                assert!(words.contains("not sent: document 3"), "{words}");
            }
            (index, Ok(_)) if index < 10 || index % 2 == 0 => {}
            (index, other) => panic!("{index}: {other:?}"),
        }
    }
}

#[test]
fn an_invalid_document_ends_its_fifo_group_too() {
    let (script, session) = session(takes_all);
    let group = [("message-group-id", "g")];
    let documents = vec![
        document("0", &group),
        document("", &group),
        document("2", &group),
    ];
    let sent = send(&script, &session, FIFO, documents);
    assert!(sent[0].is_ok());
    assert!(matches!(&sent[1], Err(Error::InvalidDocument(_))));
    assert!(matches!(&sent[2], Err(Error::Other(words)) if words.contains("document 1")));
}

#[test]
fn only_entries_that_can_pass_are_sent_again_with_every_field() {
    let mut first = true;
    let (script, session) = session(move |seen| {
        if !std::mem::take(&mut first) {
            return takes_all(seen);
        }
        let failed = json!([
            { "Id": "0", "Code": "RequestThrottled", "SenderFault": true },
            { "Id": "1", "Code": "InvalidParameterValue", "SenderFault": true },
        ]);
        reply(200, json!({ "Failed": failed }).to_string())
    });
    let documents = vec![
        document("a", &[("delay-seconds", "7"), ("attribute.x", "y")]),
        document("b", &[]),
        document("c", &[]),
    ];
    let sent = send(&script, &session, URL, documents);
    assert!(sent[0].is_ok(), "{:?}", sent[0]);
    assert!(matches!(&sent[1], Err(Error::Rejected(fault)) if fault.http_status == 200));
    assert!(
        matches!(&sent[2], Err(Error::Corrupted(_))),
        "mentioned in neither list"
    );
    let again = &script.seen()[1].body["Entries"];
    assert_eq!(again.as_array().unwrap().len(), 1);
    assert_eq!(again[0]["DelaySeconds"], 7);
    assert_eq!(again[0]["MessageAttributes"]["x"]["StringValue"], "y");
}

#[test]
fn on_a_fifo_queue_an_entry_is_not_sent_again_behind_a_later_one_of_its_group() {
    let (script, session) = session(|_| {
        let failed = json!([{ "Id": "0", "Code": "RequestThrottled", "SenderFault": true }]);
        let done = json!([{ "Id": "1", "MessageId": "m" }]);
        reply(
            200,
            json!({ "Successful": done, "Failed": failed }).to_string(),
        )
    });
    let group = [("message-group-id", "g")];
    let sent = send(
        &script,
        &session,
        FIFO,
        vec![document("0", &group), document("1", &group)],
    );
    assert!(matches!(&sent[0], Err(Error::Throttled(_))));
    assert!(sent[1].is_ok());
    assert_eq!(script.seen().len(), 1);
}

#[test]
fn names_are_resolved_once_and_a_missing_queue_fails_its_documents_only() {
    let (script, session) = session(|seen| match seen.body["QueueName"].as_str() {
        Some("missing") => fault(400, "QueueDoesNotExist"),
        _ => takes_all(seen),
    });
    for _ in 0..2 {
        let to = |queue| document("x", &[("queue", queue)]);
        let sent = send(
            &script,
            &session,
            DYNAMIC,
            vec![to("a"), to("missing"), to("a")],
        );
        assert!(sent[0].is_ok() && sent[2].is_ok());
        assert!(matches!(&sent[1], Err(Error::NotFound(f)) if f.message.contains("`missing`")));
    }
    let resolved = script
        .seen()
        .iter()
        .filter(|s| s.body["QueueName"] == "a")
        .count();
    assert_eq!(resolved, 1);
}

#[test]
fn a_wrong_checksum_is_an_error_of_its_document() {
    let (script, session) = session(|_| {
        reply(
            200,
            r#"{"MessageId":"m","MD5OfMessageBody":"00000000000000000000000000000000"}"#,
        )
    });
    let sent = send(&script, &session, URL, vec![document("x", &[])]);
    assert!(matches!(&sent[0], Err(Error::Corrupted(words)) if words.contains("body")));
}

fn receive(
    script: &Script,
    session: &Session<Script>,
    settings: &[(&str, &str)],
) -> Result<Vec<Document>, Error> {
    let settings = settings
        .iter()
        .map(|(n, v)| Property::text(*n, *v))
        .collect();
    let documents = vec![document("", &[])];
    let outcomes = script.run(session.execute("receive", Some(URL), settings, documents));
    outcomes.unwrap().remove(0).output
}

/// A queue of so many messages.
fn queue_of(mut left: u64) -> impl FnMut(&Seen) -> Reply {
    move |seen| {
        let count = left.min(seen.body["MaxNumberOfMessages"].as_u64().unwrap());
        let messages: Vec<Json> = (0..count)
            .map(|_| {
                left -= 1;
                json!({ "MessageId": left.to_string(), "ReceiptHandle": "h", "Body": "body" })
            })
            .collect();
        reply(200, json!({ "Messages": messages }).to_string())
    }
}

#[test]
fn receiving_gathers_as_many_as_asked_for_and_no_more() {
    for (count, expected, polls) in [("1", 1, 1), ("10", 10, 1), ("25", 25, 3)] {
        let (script, session) = session(queue_of(100));
        let got = receive(&script, &session, &[("maximum-message-count", count)]).unwrap();
        assert_eq!((got.len(), script.seen().len()), (expected, polls));
    }
    let (script, session) = session(queue_of(73));
    let got = receive(&script, &session, &[("maximum-message-count", "-1")]).unwrap();
    assert_eq!(got.len(), 73);
    assert!(script.most_under_way() > 1);
}

#[test]
fn receiving_ends_with_the_execution_timeout() {
    let (script, session) = session(|seen| {
        let wait = seen.body["WaitTimeSeconds"].as_u64().unwrap();
        assert!(wait <= 20);
        let reply = reply(200, r#"{"Messages":[{"ReceiptHandle":"h","Body":"b"}]}"#);
        reply.after(std::time::Duration::from_secs(wait.max(1)))
    });
    let settings = [
        ("maximum-message-count", "-1"),
        ("wait-time-seconds", "20"),
        ("execution-timeout-seconds", "30"),
    ];
    assert!(!receive(&script, &session, &settings).unwrap().is_empty());
    let latest = script.seen().iter().map(|s| s.at).max().unwrap();
    assert!(latest <= std::time::Duration::from_secs(30), "{latest:?}");
}

#[test]
fn messages_that_came_are_handed_over_when_a_later_request_fails() {
    let mut polls = 0;
    let (script, session) = session(move |seen| {
        polls += 1;
        if polls == 1 {
            queue_of(10)(seen)
        } else {
            fault(403, "AccessDeniedException")
        }
    });
    let got = receive(&script, &session, &[("maximum-message-count", "20")]).unwrap();
    assert_eq!(got.len(), 10);
    let last = got
        .last()
        .unwrap()
        .properties
        .iter()
        .find(|p| p.name == "incomplete-reason");
    assert!(matches!(&last.unwrap().value, Value::Text(words) if words.contains("AccessDenied")));
}

#[test]
fn unknown_members_of_a_message_are_kept() {
    let message = json!({
        "MessageId": "m", "ReceiptHandle": "h", "Body": "b", "BrandNew": {"a": [1]}, "Count": 3,
        "Attributes": {"SentTimestamp": "1795219200000", "NewAttribute": "x", "SequenceNumber": "18849496460467696128"},
        "MessageAttributes": {"n": {"DataType": "Number.int", "StringValue": "5"}},
    });
    let body = json!({ "Messages": [message] }).to_string();
    let (script, session) = session(move |_| reply(200, body.clone()));
    let properties = receive(&script, &session, &[])
        .unwrap()
        .remove(0)
        .properties;
    let value = |name: &str| properties.iter().find(|p| p.name == name).map(|p| &p.value);
    assert!(matches!(value("brand-new"), Some(Value::Json(json)) if json == r#"{"a":[1]}"#));
    assert!(matches!(value("count"), Some(Value::Integer(3))));
    assert!(matches!(
        value("sent-timestamp"),
        Some(Value::Integer(1_795_219_200_000))
    ));
    assert!(matches!(value("new-attribute"), Some(Value::Text(_))));
    assert!(matches!(value("sequence-number"), Some(Value::Text(_))));
    assert!(matches!(value("attribute.n"), Some(Value::Integer(5))));
    assert!(matches!(value("attribute-type.n"), Some(Value::Text(t)) if t == "Number.int"));
}

#[test]
fn every_property_that_documents_carry_is_described() {
    let body = json!({ "Messages": [{
        "MessageId": "m", "ReceiptHandle": "h", "Body": "b",
        "Attributes": crate::catalogue::system_attributes::SYSTEM_ATTRIBUTES
            .iter().map(|a| (a.name.to_owned(), json!("1"))).collect::<serde_json::Map<_, _>>(),
        "MessageAttributes": {"n": {"DataType": "String", "StringValue": "5"}},
    }] });
    let body = body.to_string();
    let (script, session) = session(move |seen| match seen.action.as_str() {
        "ReceiveMessage" => reply(200, body.clone()),
        _ => fault(400, "ReceiptHandleIsInvalid"),
    });
    let got = receive(&script, &session, &[("delete-messages", "true")]).unwrap();
    let described = find("receive").unwrap();
    for property in &got[0].properties {
        let known = described
            .all_properties()
            .any(|d| d.field.covers(&property.name));
        assert!(known, "{}", property.name);
    }
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
        for text in [profile.request, profile.response] {
            let schema: Json = serde_json::from_str(&text.unwrap()).unwrap();
            assert_eq!(
                schema["$schema"],
                "https://json-schema.org/draft/2020-12/schema"
            );
        }
    }
}
