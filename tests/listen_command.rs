//! `sqs-connector listen`, as a process, over the misbehaving plugin and a queue of our own.

use std::time::Duration;

use end_to_end::broker::{Asked, Broker};
use end_to_end::command::{Started, run, start};
use end_to_end::environment;
use end_to_end::scratch::Scratch;
use serde_json::{Value, json};

const LIMIT: Duration = Duration::from_secs(60);

fn listen(broker: &Broker, arguments: &[&str]) -> Started {
    let fixture = environment::fixture();
    let url = format!("url={}", broker.server.origin);
    let common = [
        "--plugin",
        &*fixture.to_string_lossy(),
        "-c",
        &url,
        "listen",
        "queue",
    ];
    start(&[&common[..], arguments].concat(), b"")
}

#[tokio::test]
async fn documents_go_to_standard_output_as_lines_and_figures_to_standard_error() {
    let broker = Broker::start().await;
    for number in 0..30 {
        broker.send(format!("message {number}"), None);
    }
    let arguments = ["--out", "-", "--concurrency", "4", "--idle-exit", "1"];
    let outcome = listen(&broker, &arguments).ended(LIMIT).await.good();
    let lines = outcome.lines();
    assert_eq!(lines.len(), 30);
    assert!(lines.contains(&json!({
        "payload": "message 7",
        "content-type": "text/plain",
        "properties": { "number": "7" },
    })));
    let figures = outcome.words.lines().last().unwrap_or_default();
    assert!(
        figures.starts_with("sqs-connector: received 30 accepted 30 retried 0 in flight 0 oldest lease 0 s empty polls "),
        "{}",
        outcome.words
    );
    assert_eq!(broker.accepted().len(), 30);
}

#[tokio::test]
async fn a_file_is_appended_to_and_messages_are_accepted_after_it() {
    let broker = Broker::start().await;
    let scratch = Scratch::new();
    let path = scratch.write("out.jsonl", "{\"payload\":\"before\"}\n");
    broker.send("first", None);
    let arguments = ["--out", &path.to_string_lossy(), "--messages", "1"];
    let outcome = listen(&broker, &arguments).ended(LIMIT).await.good();
    assert_eq!(outcome.output, "");
    let text = std::fs::read_to_string(&path).expect("a file");
    let payloads: Vec<_> = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("JSON")["payload"].clone())
        .collect();
    assert_eq!(payloads, ["before", "first"]);
    assert_eq!(broker.accepted(), ["first"]);
}

#[tokio::test]
async fn output_that_cannot_be_written_ends_it_with_nothing_accepted() {
    let broker = Broker::start().await;
    broker.send("first", None);
    let outcome = listen(&broker, &["--out", "/dev/full"]).ended(LIMIT).await;
    assert_eq!(outcome.status, Some(3), "{}", outcome.words);
    assert!(
        outcome.words.contains("cannot write the output"),
        "{}",
        outcome.words
    );
    assert!(broker.accepted().is_empty());
}

#[tokio::test]
async fn a_command_gets_the_payload_and_its_status_decides() {
    let broker = Broker::start().await;
    let scratch = Scratch::new();
    let log = scratch.path("log");
    broker.send("fails at first", Some("group"));
    broker.send("good", None);
    broker.send("malformed", None);
    let command = format!(
        r#"body=$(cat); echo "$body|$DELIVERY_ATTEMPT|$DELIVERY_GROUP|$DOCUMENT_CONTENT_TYPE|$DOCUMENT_PROPERTIES" >> '{}'
        [ "$body" = good ] || [ "$DELIVERY_ATTEMPT" -gt 1 ] || exit 75"#,
        log.display()
    );
    let running = listen(&broker, &["--exec", &command, "--concurrency", "2"]);
    broker
        .until("both", |state| {
            state.messages[..2].iter().all(|message| message.is_removed)
        })
        .await;
    broker
        .until("the malformed one again", |state| {
            state.messages[2].attempts > 1
        })
        .await;
    running.signal("TERM");
    let outcome = running.ended(LIMIT).await.good();
    assert_eq!(outcome.output, "");
    let text = std::fs::read_to_string(&log).expect("a log");
    let mut lines: Vec<_> = text.lines().collect();
    lines.sort_unstable();
    assert_eq!(
        lines,
        [
            r#"fails at first|1|group|text/plain|{"number":"0"}"#,
            r#"fails at first|2|group|text/plain|{"number":"0"}"#,
            r#"good|1||text/plain|{"number":"1"}"#,
        ]
    );
    assert!(
        broker
            .asked()
            .contains(&Asked::Retry("fails at first".to_owned(), 1))
    );
    assert!(!broker.accepted().contains(&"malformed".to_owned()));
    assert!(
        outcome.words.contains("a malformed message"),
        "{}",
        outcome.words
    );
}

#[tokio::test]
async fn a_signal_lets_commands_finish_and_gives_the_rest_back() {
    for signal in ["TERM", "INT"] {
        let broker = Broker::start().await;
        let scratch = Scratch::new();
        let (begun, go) = (scratch.path("begun"), scratch.path("go"));
        for number in 0..3 {
            broker.send(format!("message {number}"), None);
        }
        let command = format!(
            "touch '{}'; while ! [ -e '{}' ]; do sleep 0.05; done",
            begun.display(),
            go.display()
        );
        let running = listen(&broker, &["--exec", &command]);
        exists(&begun).await;
        running.signal(signal);
        broker
            .until("two back", |state| {
                let returned = state
                    .asked
                    .iter()
                    .filter(|asked| matches!(asked, Asked::Retry(_, 0)));
                returned.count() == 2
            })
            .await;
        scratch.write("go", "");
        let outcome = running.ended(LIMIT).await.good();
        assert_eq!(broker.accepted().len(), 1, "{}", outcome.words);
        assert!(
            outcome.words.contains("received 3 accepted 1 retried 0"),
            "{}",
            outcome.words
        );
    }
}

#[tokio::test]
async fn a_second_signal_kills_commands_with_all_that_they_started_and_gives_everything_back() {
    let broker = Broker::start().await;
    let scratch = Scratch::new();
    let child = scratch.path("child");
    broker.send("message", None);
    let command = format!(
        "sleep 600 & echo $! > '{0}.new'; mv '{0}.new' '{0}'; wait",
        child.display()
    );
    let running = listen(&broker, &["--exec", &command]);
    exists(&child).await;
    running.signal("TERM");
    broker
        .until("the stop", |state| state.asked.contains(&Asked::Stop))
        .await;
    running.signal("TERM");
    let outcome = running.ended(LIMIT).await;
    assert_eq!(outcome.status, Some(1), "{}", outcome.words);
    assert!(
        outcome.words.contains("1 handlers were abandoned"),
        "{}",
        outcome.words
    );
    assert!(
        broker
            .asked()
            .contains(&Asked::Retry("message".to_owned(), 0))
    );
    let id = std::fs::read_to_string(&child).expect("a process");
    let status = std::fs::read_to_string(format!("/proc/{}/stat", id.trim()));
    let is_gone = status.map_or(true, |status| status.contains(") Z "));
    assert!(is_gone, "what the command started still runs");
}

#[tokio::test]
async fn exactly_one_thing_to_do_has_to_be_named_and_settings_are_checked_before_anything_is_asked()
{
    let broker = Broker::start().await;
    for arguments in [
        &[][..],
        &["--accept", "--exec", "true"],
        &["--accept", "--concurrency", "0"],
        &["--accept", "--set", "commit=some-day"],
    ] {
        let outcome = listen(&broker, arguments).ended(LIMIT).await;
        assert_eq!(outcome.status, Some(2), "{arguments:?}: {}", outcome.words);
    }
    assert!(broker.asked().is_empty());
    let help = run(&["listen", "--help"], b"", LIMIT).await.good();
    for word in ["--exec", "DELIVERY_ATTEMPT", "--stop-within", "SIGTERM"] {
        assert!(help.output.contains(word), "{word}");
    }
}

/// Waits for a file that a command makes; there is nobody to ask but the file system.
async fn exists(path: &std::path::Path) {
    let waiting = async {
        while !path.exists() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    end_to_end::bounded("a file", waiting).await;
}
