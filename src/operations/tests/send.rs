//! `send`: packing, order, and what becomes of each document.

use super::*;

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
