//! `receive`: how many, how long, and what a message becomes.

use super::*;

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
fn a_message_with_a_wrong_checksum_is_left_out_and_told_and_the_others_are_handed_over() {
    let message = |id: &str, sum: &str| json!({ "MessageId": id, "ReceiptHandle": "h", "Body": "b", "MD5OfBody": sum });
    let right = checksum::of_body(b"b");
    let two = json!({ "Messages": [message("bad", "0"), message("good", &right)] }).to_string();
    let (script, session) = session(move |seen| match seen.action.as_str() {
        "ReceiveMessage" => reply(200, two.clone()),
        _ => reply(200, "{}"),
    });
    let settings = [("maximum-message-count", "2"), ("delete-messages", "true")];
    let got = receive(&script, &session, &settings).unwrap();
    assert_eq!(got.len(), 1);
    let reason = got[0]
        .properties
        .iter()
        .find(|p| p.name == "incomplete-reason");
    assert!(matches!(&reason.unwrap().value, Value::Text(words) if words.contains("message bad")));
    assert_eq!(
        script.actions(),
        ["ReceiveMessage", "DeleteMessage"],
        "the other one stays"
    );

    let one = json!({ "Messages": [message("bad", "0")] }).to_string();
    let (script, session) = session_of(one);
    assert!(matches!(
        receive(&script, &session, &[]),
        Err(Error::Corrupted(_))
    ));
}

fn session_of(answer: String) -> (Script, Session<Script>) {
    session(move |_| reply(200, answer.clone()))
}
