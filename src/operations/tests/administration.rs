//! The operations that administer queues.

use super::*;

fn run(
    script: &Script,
    session: &Session<Script>,
    operation: &str,
    settings: &[(&str, &str)],
    payload: &str,
) -> Result<Document, Error> {
    let settings = settings
        .iter()
        .map(|(n, v)| Property::text(*n, *v))
        .collect();
    let takes_queue = find(operation).unwrap().takes_queue;
    let object = takes_queue.then_some(URL);
    let documents = vec![document(payload, &[])];
    let outcomes = script.run(session.execute(operation, object, settings, documents))?;
    outcomes
        .into_iter()
        .next()
        .unwrap()
        .output
        .map(|mut output| output.remove(0))
}

fn problems(result: Result<Document, Error>) -> Vec<String> {
    match result {
        Err(Error::InvalidSettings(problems) | Error::InvalidDocument(problems)) => {
            problems.into_iter().map(|problem| problem.field).collect()
        }
        other => panic!("{other:?}"),
    }
}

fn answers(body: &'static str) -> (Script, Session<Script>) {
    session(move |_| reply(200, body))
}

#[test]
fn settings_become_members_and_attributes_with_policies_as_structures() {
    let (script, session) = answers(r#"{"QueueUrl":"https://x/1/orders.fifo"}"#);
    let settings = [
        ("queue-name", "orders.fifo"),
        ("tags", r#"{"team":"a","cost":7}"#),
        ("visibility-timeout-seconds", "45"),
        ("content-based-deduplication", "true"),
        (
            "dead-letter-target-arn",
            "arn:aws:sqs:eu-west-1:1:dead.fifo",
        ),
        ("redrive-permission", "byQueue"),
        (
            "source-queue-arns",
            "arn:aws:sqs:eu-west-1:1:a,arn:aws:sqs:eu-west-1:1:b",
        ),
        ("attributes", r#"{"BrandNew":"1","VisibilityTimeout":"9"}"#),
    ];
    let created = run(&script, &session, "create-queue", &settings, "").unwrap();
    assert!(created.properties.iter().any(|p| p.name == "queue-url"));
    let sent = &script.seen()[0].body;
    assert_eq!(sent["QueueName"], "orders.fifo");
    assert_eq!(sent["tags"], json!({"team": "a", "cost": "7"}));
    let attributes = &sent["Attributes"];
    assert_eq!(attributes["FifoQueue"], "true", "its name says so");
    assert_eq!(
        attributes["VisibilityTimeout"], "45",
        "a setting of its own wins"
    );
    assert_eq!(attributes["BrandNew"], "1");
    let policy =
        |name: &str| -> Json { serde_json::from_str(attributes[name].as_str().unwrap()).unwrap() };
    assert_eq!(policy("RedrivePolicy")["maxReceiveCount"], 10);
    assert_eq!(
        policy("RedriveAllowPolicy")["sourceQueueArns"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
}

#[test]
fn the_payload_wins_over_settings_member_by_member() {
    let (script, session) = answers("{}");
    let settings = [
        ("delay-seconds", "5"),
        ("visibility-timeout-seconds", "45"),
        ("dead-letter-target-arn", "arn:old"),
    ];
    let payload = r#"{"Attributes":{"VisibilityTimeout":60,"SqsManagedSseEnabled":true,
        "RedrivePolicy":{"deadLetterTargetArn":"arn:new","maxReceiveCount":3},"Policy":""}}"#;
    run(
        &script,
        &session,
        "set-queue-attributes",
        &settings,
        payload,
    )
    .unwrap();
    let attributes = &script.seen()[0].body["Attributes"];
    assert_eq!(
        *attributes,
        json!({
            "DelaySeconds": "5",
            "VisibilityTimeout": "60",
            "SqsManagedSseEnabled": "true",
            "RedrivePolicy": r#"{"deadLetterTargetArn":"arn:new","maxReceiveCount":3}"#,
            "Policy": "",
        })
    );
}

#[test]
fn a_payload_alone_will_do_and_names_its_queue() {
    let (script, session) = answers("{}");
    let payload =
        format!(r#"{{"QueueUrl":"{URL}2","Label":"l","AWSAccountIds":["1"],"Actions":["*"]}}"#);
    run(&script, &session, "add-permission", &[], &payload).unwrap();
    let seen = script.seen();
    assert_eq!(seen[0].body["QueueUrl"], format!("{URL}2"));
    assert_eq!(seen[0].body["AWSAccountIds"], json!(["1"]));
}

#[test]
fn everything_wrong_with_settings_and_payload_is_said_and_nothing_is_sent() {
    let (script, session) = answers("{}");
    let fields = problems(run(
        &script,
        &session,
        "create-queue",
        &[
            ("message-retention-period-seconds", "59"),
            ("deduplication-scope", "world"),
        ],
        "",
    ));
    assert_eq!(
        fields,
        ["message-retention-period-seconds", "deduplication-scope"]
    );
    let payload = r#"{"QueueNaem":"x","Attributes":{"DelaySeconds":901,"FifoQueue":true}}"#;
    let fields = problems(run(&script, &session, "create-queue", &[], payload));
    assert_eq!(
        fields,
        [
            "payload.QueueNaem",
            "payload.Attributes.DelaySeconds",
            "queue-name"
        ]
    );
    let payload = r#"{"QueueUrl":"https://sqs.us-east-1.amazonaws.com/1/q"}"#;
    let fields = problems(run(&script, &session, "purge-queue", &[], payload));
    assert_eq!(fields, ["payload.QueueUrl"]);
    let fields = problems(run(&script, &session, "tag-queue", &[], "[1]"));
    assert_eq!(fields, ["payload", "tags"]);
    let both = [
        ("sqs-managed-sse-enabled", "true"),
        ("kms-master-key-id", "k"),
    ];
    let fields = problems(run(&script, &session, "set-queue-attributes", &both, ""));
    assert_eq!(fields, ["sqs-managed-sse-enabled"]);
    assert!(script.seen().is_empty());
}

#[test]
fn attributes_come_back_as_what_they_are_and_unknown_ones_as_text() {
    let (script, session) = answers(
        r#"{"Attributes":{"VisibilityTimeout":"30","FifoQueue":"true","New":"7","RedrivePolicy":"{\"maxReceiveCount\":3}","Policy":"broken"},"Extra":[1]}"#,
    );
    let got = run(&script, &session, "get-queue-attributes", &[], "").unwrap();
    assert_eq!(script.seen()[0].body["AttributeNames"], json!(["All"]));
    let payload: Json = serde_json::from_slice(&got.payload).unwrap();
    assert_eq!(
        payload,
        json!({
            "Attributes": {
                "VisibilityTimeout": 30, "FifoQueue": true, "New": "7",
                "RedrivePolicy": {"maxReceiveCount": 3}, "Policy": "broken",
            },
            "Extra": [1],
        })
    );
    let value = |name: &str| {
        got.properties
            .iter()
            .find(|p| p.name == name)
            .map(|p| &p.value)
    };
    assert!(matches!(
        value("queue-attribute.VisibilityTimeout"),
        Some(Value::Integer(30))
    ));
    assert!(matches!(
        value("queue-attribute.FifoQueue"),
        Some(Value::Boolean(true))
    ));
    assert!(matches!(value("extra"), Some(Value::Json(_))));
}

#[test]
fn all_pages_are_gathered_and_one_page_keeps_its_token() {
    let pages = |seen: &Seen| match seen.body["NextToken"].as_str() {
        None => reply(200, r#"{"QueueUrls":["a","b"],"NextToken":"t"}"#),
        Some(_) => reply(200, r#"{"QueueUrls":["c"]}"#),
    };
    let (script, session) = session(pages);
    let all = run(
        &script,
        &session,
        "list-queues",
        &[("queue-name-prefix", "x")],
        "",
    )
    .unwrap();
    assert_eq!(all.payload, br#"{"QueueUrls":["a","b","c"]}"#);
    assert_eq!(
        script.seen()[0].body["MaxResults"],
        1_000,
        "without it there is no token"
    );
    let settings = [("all-pages", "false"), ("max-results", "2")];
    let one = run(&script, &session, "list-queues", &settings, "").unwrap();
    assert_eq!(one.payload, br#"{"QueueUrls":["a","b"],"NextToken":"t"}"#);
    assert!(one.properties.iter().any(|p| p.name == "next-token"));
}

#[test]
fn the_depth_of_a_queue_is_three_whole_numbers() {
    let (script, session) = answers(
        r#"{"Attributes":{"ApproximateNumberOfMessages":"5","ApproximateNumberOfMessagesNotVisible":"2","ApproximateNumberOfMessagesDelayed":"0"}}"#,
    );
    let got = run(&script, &session, "queue-depth", &[], "").unwrap();
    let numbers = got
        .properties
        .iter()
        .filter(|p| matches!(p.value, Value::Integer(_)));
    assert_eq!(numbers.count(), 3);
    assert_eq!(
        script.seen()[0].body["AttributeNames"]
            .as_array()
            .unwrap()
            .len(),
        3
    );
}

#[test]
fn a_fault_becomes_a_document_where_that_is_asked_for() {
    let (script, session) = session(|_| fault(400, "QueueDoesNotExist"));
    let settings = [("return-errors-as-documents", "true")];
    let got = run(&script, &session, "purge-queue", &settings, "").unwrap();
    let payload: Json = serde_json::from_slice(&got.payload).unwrap();
    assert_eq!(payload["Error"]["Code"], "QueueDoesNotExist");
    let kind = got
        .properties
        .iter()
        .find(|p| p.name == "error-kind")
        .unwrap();
    assert!(matches!(&kind.value, Value::Text(kind) if kind == "not-found"));
    // A queue that cannot be resolved fails the whole call; it is a fault all the same.
    let settings = vec![Property::text("return-errors-as-documents", "true")];
    let documents = vec![document("a", &[]), document("b", &[])];
    let called = session.execute("send", Some("missing"), settings, documents);
    let outcomes = script.run(called).unwrap();
    assert!(outcomes.len() == 2 && outcomes.iter().all(|outcome| outcome.output.is_ok()));
}

#[test]
fn visibility_is_changed_in_batches_with_each_documents_own_timeout() {
    let (script, session) = session(|seen| {
        let entries = seen.body["Entries"].as_array().unwrap();
        let done: Vec<Json> = entries.iter().map(|e| json!({ "Id": e["Id"] })).collect();
        reply(200, json!({ "Successful": done }).to_string())
    });
    let settings = vec![Property::text("visibility-timeout-seconds", "30")];
    let documents = vec![
        document("", &[("receipt-handle", "a")]),
        document(
            "",
            &[("receipt-handle", "b"), ("visibility-timeout-seconds", "0")],
        ),
        document(
            "",
            &[
                ("receipt-handle", "c"),
                ("visibility-timeout-seconds", "43201"),
            ],
        ),
    ];
    let called = session.execute("change-visibility", Some(URL), settings, documents);
    let outcomes = script.run(called).unwrap();
    assert!(matches!(
        &outcomes[2].output,
        Err(Error::InvalidDocument(_))
    ));
    let entries = &script.seen()[0].body["Entries"];
    assert_eq!(
        (
            &entries[0]["VisibilityTimeout"],
            &entries[1]["VisibilityTimeout"]
        ),
        (&json!(30), &json!(0))
    );
}
