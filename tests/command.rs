//! The command `sqs-connector`, as a process.

use std::time::Duration;

use end_to_end::command::{Outcome, connection_file, run};
use end_to_end::environment::{Service, localstack, localstack_session};
use end_to_end::queue::Queue;
use end_to_end::scratch::Scratch;
use end_to_end::server::Server;
use end_to_end::sqs;
use serde_json::{Value, json};

/// A program that hangs is ended.
const LIMIT: Duration = Duration::from_secs(60);

/// A connection file in a folder of its own.
struct Place {
    scratch: Scratch,
    connection: String,
    secret: String,
}

impl Place {
    fn new(service: &Service, settings: Value) -> Self {
        let scratch = Scratch::new();
        let connection = connection_file(&scratch, service, settings)
            .to_string_lossy()
            .into_owned();
        Self {
            scratch,
            connection,
            secret: service.keys.secret.clone(),
        }
    }

    /// Runs the command over the connection; it must not tell the secret.
    async fn run(&self, arguments: &[&str], input: &str) -> Outcome {
        let all = [&["--connection", &self.connection], arguments].concat();
        let outcome = run(&all, input.as_bytes(), LIMIT).await;
        for text in [&outcome.output, &outcome.words] {
            assert!(!text.contains(&self.secret), "the secret is told: {text}");
        }
        outcome
    }
}

fn lines(values: &[Value]) -> String {
    values.iter().map(|value| format!("{value}\n")).collect()
}

#[tokio::test]
async fn describe_and_inspect_give_json_into_a_pipe_and_need_no_connection() {
    let described = run(&["describe"], b"", LIMIT).await.good();
    assert_eq!(described.words, "");
    let json = described.json();
    let operations: Vec<_> = json["operations"]
        .as_array()
        .expect("operations")
        .iter()
        .map(|operation| operation["id"].clone())
        .collect();
    assert_eq!(operations[..3], ["send", "receive", "listen"]);
    assert!(
        json["connection"]
            .as_array()
            .is_some_and(|fields| fields.iter().any(|field| field["name"] == "region"))
    );
    let inspected = run(&["inspect"], b"", LIMIT).await.good().json();
    assert!(inspected["size"].as_u64().is_some_and(|size| size > 10_000));
    let imports = inspected["imports"].as_array().expect("imports");
    assert!(
        imports
            .iter()
            .all(|import| !import.as_str().unwrap_or_default().starts_with("wasi:cli"))
    );
}

#[tokio::test]
async fn test_browse_and_profile_give_json_and_the_own_endpoint_is_allowed_by_default() {
    let queue = Queue::standard().await;
    for service in [localstack(), localstack_session()] {
        let place = Place::new(&service, json!({ "default-queue": queue.name }));
        let tested = place.run(&["test"], "").await.good();
        assert_eq!(
            (tested.json(), tested.words.as_str()),
            (json!({ "identity": null }), "")
        );
        let browsed = place
            .run(
                &["browse", "--operation", "send", "--filter", &queue.name],
                "",
            )
            .await
            .good()
            .json();
        let object = json!({ "id": queue.url, "label": queue.name, "kind": "standard-queue" });
        assert!(
            browsed
                .as_array()
                .is_some_and(|objects| objects.contains(&object)),
            "{browsed}"
        );
        let profile = place.run(&["profile", "send"], "").await.good().json();
        for side in ["request", "response"] {
            assert_eq!(
                profile[side]["$schema"], "https://json-schema.org/draft/2020-12/schema",
                "{side}"
            );
        }
    }
    queue.delete().await;
}

#[tokio::test]
async fn documents_go_through_files_and_come_back_as_they_were() {
    let queue = Queue::standard().await;
    let place = Place::new(&queue.service, json!({ "default-queue": queue.name }));
    let sent = [
        json!({ "payload": "grüße\n🦀", "properties": { "attribute.n": 7, "attribute.b": { "base64": "AP8=" }, "attribute.t": "x" } }),
        json!({ "payload-base64": "cGxhaW4=" }),
    ];
    let input = place.scratch.write("in.jsonl", lines(&sent));
    let output = place.scratch.path("out.jsonl");
    let (input, output) = (input.to_string_lossy(), output.to_string_lossy());
    let run = place
        .run(&["run", "send", "--in", &input, "--out", &output], "")
        .await
        .good();
    assert_eq!((run.output.as_str(), run.words.as_str()), ("", ""));
    let results = std::fs::read_to_string(&*output).expect("results");
    assert_eq!(results.lines().count(), 2);

    let set = [
        "--set",
        "maximum-message-count=10",
        "--set",
        "wait-time-seconds=1",
    ];
    let received = place
        .run(
            &[&["run", "receive", "--object", &queue.name], &set[..]].concat(),
            "",
        )
        .await
        .good();
    assert_eq!(received.words, "");
    let mut results = received.lines();
    assert_eq!(results.len(), 1, "one document, one result");
    let messages = results[0]["output"].take();
    let messages = messages.as_array().expect("messages");
    let rich = messages
        .iter()
        .find(|message| message["payload"] == "grüße\n🦀")
        .expect("the first message");
    for (name, value) in sent[0]["properties"].as_object().expect("properties") {
        assert_eq!(rich["properties"][name], *value, "{name}");
    }
    assert!(messages.iter().any(|message| message["payload"] == "plain"));

    // What was received is what `delete` takes, by standard input.
    let deleted = place
        .run(&["run", "delete", "--in", "-"], &lines(messages))
        .await
        .good();
    assert_eq!(deleted.lines().len(), 2);
    assert_eq!(queue.messages().await, [0, 0, 0]);
    queue.delete().await;
}

#[tokio::test]
async fn malformed_lines_are_errors_of_their_documents_and_the_others_are_sent() {
    let queue = Queue::standard().await;
    let place = Place::new(&queue.service, json!({}));
    let input = "{\"payload\":\"one\"}\n{\"payload\":\n\n{\"payload\":\"two\"}\n{\"payload\":\"three\",\"what\":1}\n\
                 {\"payload\":\"no\\u0000zero\"}\n[]\n{\"payload\":\"last, without a line end\"}";
    let run = place
        .run(&["run", "send", "--object", &queue.url, "--in", "-"], input)
        .await;
    assert_eq!(run.status, Some(1), "{}", run.words);
    let results: Vec<_> = run
        .lines()
        .iter()
        .map(|line| {
            let kind = line["error"]["kind"].as_str().unwrap_or("sent").to_owned();
            (line["document"].as_u64().expect("a number"), kind)
        })
        .collect();
    let invalid = "invalid-document";
    let expected = ["sent", invalid, "sent", invalid, invalid, invalid, "sent"];
    let expected: Vec<_> = (0..).zip(expected.map(str::to_owned)).collect();
    assert_eq!(results, expected);
    assert!(
        !run.output.contains("no\\u0000zero"),
        "no result line repeats a payload"
    );
    assert_eq!(queue.messages().await[0], 3);
    queue.delete().await;
}

#[tokio::test]
async fn a_failed_document_is_exit_status_1_with_its_kind_and_code() {
    let place = Place::new(&localstack(), json!({}));
    let input = lines(&[json!({ "payload": "x", "properties": { "queue": "no-such-queue" } })]);
    let run = place
        .run(&["run", "send", "--object", "dynamic", "--in", "-"], &input)
        .await;
    assert_eq!(run.status, Some(1), "{}", run.words);
    let error = run.json()["error"].take();
    assert_eq!(
        (&error["kind"], &error["code"]),
        (&json!("not-found"), &json!("QueueDoesNotExist"))
    );
    assert_eq!(
        (&error["http-status"], &error["blame"]),
        (&json!(400), &json!("caller"))
    );
}

#[tokio::test]
async fn wrong_usage_and_wrong_settings_are_exit_status_2() {
    let server = Server::start(sqs::obey).await;
    let place = Place::new(&server.service(), json!({}));
    let cases: [&[&str]; 9] = [
        &["dance"],
        &["run"],
        &["run", "send", "--set", "no-equals-sign"],
        &["-c", "region=Not A Region", "test"],
        &["-c", "colour=red", "test"],
        &[
            "run",
            "receive",
            "--object",
            sqs::QUEUE_URL,
            "--set",
            "wait-time-seconds=21",
        ],
        &["run", "send", "--object", "or ders"],
        &[
            "run",
            "send",
            "--object",
            sqs::QUEUE_URL,
            "--in",
            "/no/such/file",
        ],
        &["--allow", "not an origin", "test"],
    ];
    for arguments in cases {
        let run = place.run(arguments, "").await;
        assert_eq!(run.status, Some(2), "{arguments:?}: {}", run.words);
        assert!(!run.words.is_empty(), "{arguments:?}: nothing is said");
        assert_eq!(run.output, "", "{arguments:?}");
    }
    let broken = place.scratch.write("broken.json", "{\"region\": ");
    let run = run(
        &["--connection", &broken.to_string_lossy(), "test"],
        b"",
        LIMIT,
    )
    .await;
    assert_eq!(run.status, Some(2), "{}", run.words);
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn nothing_that_could_be_tried_is_exit_status_3() {
    let place = Place::new(&localstack(), json!({}));
    let run = place
        .run(
            &["run", "send", "--object", "no-such-queue", "--in", "-"],
            "{\"payload\":\"x\"}\n",
        )
        .await;
    assert_eq!(run.status, Some(3), "{}{}", run.words, run.output);
    assert!(run.words.contains("QueueDoesNotExist"), "{}", run.words);
    let run = place
        .run(&["-c", "secret-access-key=a-wrong-secret", "test"], "")
        .await;
    assert_eq!(run.status, Some(3), "{}", run.words);
    assert!(run.words.contains("unauthenticated"), "{}", run.words);
    let run = place
        .run(&["--plugin", "/no/such/plugin.wasm", "test"], "")
        .await;
    assert_eq!(run.status, Some(3), "{}", run.words);

    let server = Server::start(sqs::obey).await;
    let gone = server.service();
    drop(server);
    let place = Place::new(&gone, json!({}));
    let run = place.run(&["test"], "").await;
    assert_eq!(run.status, Some(3), "{}", run.words);
    assert!(run.words.contains(&gone.endpoint), "{}", run.words);
}

#[tokio::test]
async fn settings_on_the_command_line_go_before_those_of_the_file() {
    let server = Server::start(sqs::obey).await;
    let place = Place::new(
        &Service::scripted("http://127.0.0.1:1"),
        json!({ "max-attempts": 1 }),
    );
    let endpoint = format!("endpoint={}", server.origin);
    place
        .run(&["-c", &endpoint, "-c", "region=eu-west-1", "test"], "")
        .await
        .good();
    let scope = server
        .requests()
        .remove(0)
        .header("authorization")
        .to_owned();
    assert!(scope.contains("/eu-west-1/sqs/"), "{scope}");
}

#[tokio::test]
async fn a_list_setting_is_given_with_commas() {
    let server = Server::start(sqs::obey).await;
    let place = Place::new(&server.service(), json!({}));
    let names = "message-attribute-names=a,b.*";
    place
        .run(
            &["run", "receive", "--object", sqs::QUEUE_URL, "--set", names],
            "",
        )
        .await
        .good();
    assert_eq!(
        server.requests()[0].json()["MessageAttributeNames"],
        json!(["a", "b.*"])
    );
}
