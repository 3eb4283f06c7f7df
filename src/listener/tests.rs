use std::cell::Cell;
use std::time::Duration;

use serde_json::{Value as Json, json};

use super::*;
use crate::contract::{Disposition, Settlement, Value};
use crate::testing::{Reply, Script, Seen, broken, fault, reply};

mod settling;

const QUEUE: &str = "https://sqs.eu-west-1.amazonaws.com/123456789012/q";
const FIFO: &str = "https://sqs.eu-west-1.amazonaws.com/123456789012/q.fifo";

fn session(script: &Script) -> Rc<Session<Script>> {
    let settings = [
        ("region", "eu-west-1"),
        ("access-key-id", "AKIDEXAMPLE"),
        ("secret-access-key", "not-a-real-secret"),
    ];
    let settings = settings.map(|(name, text)| Property::text(name, text));
    Rc::new(Session::open(script.clone(), settings.to_vec()).unwrap())
}

fn listen(script: &Script, queue: &str, settings: &[(&str, &str)]) -> Listener<Script> {
    let settings = settings
        .iter()
        .map(|(name, text)| Property::text(*name, *text));
    Listener::open(session(script), queue, settings.collect()).unwrap()
}

/// A listener with leases of 30 seconds.
fn plain(script: &Script, queue: &str) -> Listener<Script> {
    listen(script, queue, &[("visibility-timeout-seconds", "30")])
}

fn message(number: usize, body: &str, group: Option<&str>) -> Json {
    let mut attributes = json!({"ApproximateReceiveCount": "2"});
    if let Some(group) = group {
        attributes["MessageGroupId"] = json!(group);
    }
    json!({
        "MessageId": format!("id-{number}"),
        "ReceiptHandle": format!("handle-{number}"),
        "Body": body,
        "Attributes": attributes,
    })
}

fn messages(numbers: impl IntoIterator<Item = usize>) -> Reply {
    let messages: Vec<Json> = numbers
        .into_iter()
        .map(|number| message(number, "body", Some("group")))
        .collect();
    reply(200, json!({ "Messages": messages }).to_string())
}

/// Says of every entry of a batch that it is done.
fn done(seen: &Seen) -> Reply {
    let successful: Vec<Json> = seen.body["Entries"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|entry| json!({"Id": entry["Id"]}))
        .collect();
    reply(200, json!({ "Successful": successful }).to_string())
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// The clock of the script in milliseconds since 1970.
fn clock(at: Duration) -> u64 {
    u64::try_from((seconds(1_795_219_200) + at).as_millis()).unwrap()
}

fn handles(seen: &Seen) -> Vec<String> {
    let entries = seen.body["Entries"].as_array().cloned();
    entries
        .unwrap_or_else(|| vec![seen.body.clone()])
        .iter()
        .map(|entry| entry["ReceiptHandle"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn a_delivery_says_its_lease_by_the_requests_clock_its_attempt_and_its_pause() {
    let script = Script::new(|_| messages([1]).after(seconds(5)));
    let listener = plain(&script, FIFO);
    let deliveries = script.run(listener.next()).unwrap();
    let [delivery] = &deliveries[..] else {
        panic!("{}", deliveries.len());
    };
    assert_eq!(delivery.lease_ends_ms, clock(seconds(30)));
    assert_eq!(delivery.attempt, 2);
    assert_eq!(delivery.suggested_retry_seconds, 20);
    assert_eq!(delivery.group.as_deref(), Some("group"));
    assert_eq!(delivery.document.payload, b"body");
    assert!(delivery.problem.is_none());
}

#[test]
fn a_group_of_a_standard_queue_keeps_no_order() {
    let script = Script::new(|_| messages([1]));
    let deliveries = script.run(plain(&script, QUEUE).next()).unwrap();
    assert_eq!(deliveries[0].group, None);
}

#[test]
fn a_lease_of_which_a_long_poll_may_have_used_half_is_renewed_before_it_is_handed_over() {
    let script = Script::new(|seen| match &*seen.action {
        "ReceiveMessage" => messages([1, 2]).after(seconds(18)),
        _ => done(seen),
    });
    let deliveries = script.run(plain(&script, QUEUE).next()).unwrap();
    assert_eq!(
        script.actions(),
        ["ReceiveMessage", "ChangeMessageVisibilityBatch"]
    );
    assert_eq!(deliveries[1].lease_ends_ms, clock(seconds(48)));
}

#[test]
fn a_message_whose_lease_cannot_be_renewed_and_is_over_is_not_handed_over() {
    let script = Script::new(|seen| match &*seen.action {
        "ReceiveMessage" => messages([1]).after(seconds(18)),
        _ => fault(400, "MessageNotInflight"),
    });
    let listener = listen(&script, QUEUE, &[("visibility-timeout-seconds", "10")]);
    assert!(script.run(listener.next()).unwrap().is_empty());
}

#[test]
fn the_queues_own_timeout_is_asked_for_once_and_named_from_then_on() {
    let script = Script::new(|seen| match &*seen.action {
        "GetQueueAttributes" => reply(200, r#"{"Attributes":{"VisibilityTimeout":"77"}}"#),
        _ => messages([1]),
    });
    let listener = listen(&script, QUEUE, &[]);
    script.run(listener.next()).unwrap();
    let deliveries = script.run(listener.next()).unwrap();
    let seen = script.seen();
    assert_eq!(script.actions()[1..], ["ReceiveMessage", "ReceiveMessage"]);
    assert_eq!(seen[1].body["VisibilityTimeout"], 77);
    assert_eq!(deliveries[0].lease_ends_ms, clock(seen[2].at + seconds(77)));
}

#[test]
fn without_the_permission_to_ask_for_the_timeout_it_is_thirty_seconds() {
    let script = Script::new(|seen| match &*seen.action {
        "GetQueueAttributes" => fault(403, "AccessDenied"),
        _ => messages([1]),
    });
    let listener = listen(&script, QUEUE, &[]);
    assert_eq!(script.run(listener.next()).unwrap().len(), 1);
    assert_eq!(script.seen()[1].body["VisibilityTimeout"], 30);
}

#[test]
fn more_than_ten_messages_take_several_requests_at_once() {
    let sent = Cell::new(0);
    let script = Script::new(move |seen| {
        let count = usize::try_from(seen.body["MaxNumberOfMessages"].as_u64().unwrap()).unwrap();
        let from = sent.replace(sent.get() + count);
        messages(from..from + count)
    });
    let listener = listen(
        &script,
        QUEUE,
        &[
            ("visibility-timeout-seconds", "30"),
            ("maximum-messages", "35"),
        ],
    );
    assert_eq!(script.run(listener.next()).unwrap().len(), 35);
    assert_eq!(script.seen().len(), 4);
    assert_eq!(script.most_under_way(), 3);
    assert_eq!(script.seen()[3].body["WaitTimeSeconds"], 0);
}

#[test]
fn polls_side_by_side_go_on_when_the_first_brings_messages() {
    let number = Cell::new(0);
    let script = Script::new(move |_| {
        number.set(number.get() + 1);
        match number.get() {
            1 => messages([1]).after(seconds(2)),
            2 => messages([2]).after(seconds(4)),
            _ => reply(200, "{}").after(seconds(20)),
        }
    });
    let settings = [
        ("visibility-timeout-seconds", "30"),
        ("receives-in-flight", "2"),
    ];
    let listener = listen(&script, QUEUE, &settings);
    let first = script.run(listener.next()).unwrap();
    assert_eq!(script.seen().len(), 2, "both were sent at once");
    let second = script.run(listener.next()).unwrap();
    assert_eq!((first.len(), second.len()), (1, 1));
    assert_eq!(
        second[0].lease_ends_ms,
        clock(seconds(30)),
        "it was asked for together with the first"
    );
    assert_eq!(script.seen()[2].at, seconds(2));
}

#[test]
fn an_empty_queue_is_never_asked_in_a_hot_loop() {
    let script = Script::new(|_| reply(200, "{}"));
    let settings = [
        ("visibility-timeout-seconds", "30"),
        ("wait-time-seconds", "0"),
    ];
    let listener = listen(&script, QUEUE, &settings);
    script.run(async {
        while script.monotonic_now() < seconds(60) {
            assert!(listener.next().await.unwrap().is_empty());
        }
    });
    let requests = script.seen().len();
    assert!((8..=16).contains(&requests), "{requests}");
}

#[test]
fn a_service_that_is_gone_for_a_minute_is_asked_a_handful_of_times_and_comes_back() {
    let script = Script::new(|seen| match seen.at < seconds(60) {
        true => broken(),
        false => messages([1]),
    });
    let settings = [
        ("visibility-timeout-seconds", "30"),
        ("receives-in-flight", "4"),
    ];
    let listener = listen(&script, QUEUE, &settings);
    let deliveries = script.run(async {
        loop {
            match listener.next().await {
                Ok(deliveries) if deliveries.is_empty() => {}
                Ok(deliveries) => return deliveries,
                Err(error) => assert!(matches!(error, Error::Transport(_)), "{error:?}"),
            }
        }
    });
    assert_eq!(deliveries.len(), 1);
    let requests = script.seen().iter().filter(|s| s.at < seconds(60)).count();
    assert!(requests <= 4 + 6, "{requests}");
    assert!(script.monotonic_now() < seconds(95));
}

#[test]
fn a_lost_poll_of_a_fifo_queue_is_repeated_with_its_id_and_a_throttled_one_is_not() {
    let number = Cell::new(0);
    let script = Script::new(move |_| {
        number.set(number.get() + 1);
        match number.get() {
            1 => broken(),
            2 => fault(400, "RequestThrottled"),
            _ => messages([1]),
        }
    });
    let listener = plain(&script, FIFO);
    for _ in 0..2 {
        script.run(listener.next()).unwrap_err();
    }
    script.run(listener.next()).unwrap();
    let seen = script.seen();
    let ids: Vec<&str> = seen
        .iter()
        .map(|seen| seen.body["ReceiveRequestAttemptId"].as_str().unwrap())
        .collect();
    assert_eq!(ids.len(), 3, "each of them was one attempt");
    assert_eq!(ids[0], ids[1]);
    let names: Vec<usize> = ids.iter().map(|id| id.len()).collect();
    assert_eq!(names, [32; 3]);
}

#[test]
fn a_standard_queue_gets_no_attempt_id() {
    let script = Script::new(|_| messages([1]));
    script.run(plain(&script, QUEUE).next()).unwrap();
    assert!(
        script.seen()[0]
            .body
            .get("ReceiveRequestAttemptId")
            .is_none()
    );
}

#[test]
fn a_malformed_message_is_a_delivery_with_a_problem_and_its_raw_body() {
    let script = Script::new(|_| {
        let bad = message(1, "<xml/>", None);
        let good = message(2, r#"{"a":1}"#, None);
        reply(200, json!({"Messages": [bad, good]}).to_string())
    });
    let settings = [
        ("visibility-timeout-seconds", "30"),
        ("content", "json"),
        ("filter", "body.a = 1"),
    ];
    let deliveries = script
        .run(listen(&script, QUEUE, &settings).next())
        .unwrap();
    assert_eq!(
        deliveries.len(),
        2,
        "a filter keeps no malformed message back"
    );
    assert_eq!(deliveries[0].document.payload, b"<xml/>");
    assert!(
        matches!(&deliveries[0].problem, Some(Error::InvalidDocument(problems))
        if problems[0].field == "payload")
    );
    assert!(deliveries[1].problem.is_none());
    assert_eq!(
        deliveries[1].document.content_type.as_deref(),
        Some("application/json")
    );
}

#[test]
fn an_envelope_becomes_properties_that_a_filter_sees() {
    let script = Script::new(|_| {
        let body = r#"{"Type":"Notification","TopicArn":"t","Message":"{\"n\":5}"}"#;
        reply(
            200,
            json!({"Messages": [message(1, body, None)]}).to_string(),
        )
    });
    let settings = [
        ("visibility-timeout-seconds", "30"),
        ("unwrap", "sns"),
        ("filter", "sns-topic-arn = 't' and body.n = 5"),
    ];
    let deliveries = script
        .run(listen(&script, QUEUE, &settings).next())
        .unwrap();
    assert_eq!(deliveries[0].document.payload, br#"{"n":5}"#);
    let property = deliveries[0]
        .document
        .properties
        .iter()
        .find(|p| p.name == "message-id");
    assert!(matches!(&property.unwrap().value, Value::Text(id) if id == "id-1"));
}
