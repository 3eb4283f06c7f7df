//! Ten thousand documents through the command: none lost, none doubled, memory bounded.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::Path;
use std::time::Duration;

use end_to_end::command::{Outcome, connection_file, run};
use end_to_end::queue::Queue;
use end_to_end::random::Data;
use end_to_end::scratch::Scratch;
use end_to_end::sqs::md5;
use serde_json::{Value, json};

const DOCUMENTS: usize = 10_000;
/// No command may need more memory than this.
const MEMORY: u64 = 512 << 20;

/// Documents of 0.1 to 10 kB, and one in a hundred of up to 900 kB. Gives the checksum of each
/// body, and the sum of their lengths.
fn write_documents(path: &Path) -> (HashMap<String, usize>, usize) {
    let mut data = Data::seeded(10_000);
    let mut file = BufWriter::new(File::create(path).expect("a file"));
    let mut bodies = HashMap::with_capacity(DOCUMENTS);
    let mut bytes = 0;
    for number in 0..DOCUMENTS {
        let length = if number % 100 == 50 {
            data.between(10_000, 900_000)
        } else {
            data.between(100, 10_000)
        };
        let rest = if number % 2 == 0 {
            data.ascii(length)
        } else {
            data.unicode(length)
        };
        let body = format!("{number}:{rest}");
        bytes += body.len();
        let document = json!({ "payload": body, "properties": { "attribute.number": number } });
        writeln!(file, "{document}").expect("a line");
        assert!(
            bodies.insert(md5(&body), number).is_none(),
            "every body is different"
        );
    }
    file.flush().expect("a file");
    (bodies, bytes)
}

fn lines(path: &Path) -> impl Iterator<Item = Value> {
    let file = BufReader::new(File::open(path).expect("a file of results"));
    file.lines()
        .map(|line| serde_json::from_str(&line.expect("a line")).expect("a line of JSON"))
}

fn report(step: &str, outcome: &Outcome) {
    // Not by `println!`, which a test that passes does not show.
    let _ = writeln!(
        std::io::stderr(),
        "load: {step} of {DOCUMENTS} documents took {:.1} s, at most {} MiB of memory",
        outcome.took.as_secs_f32(),
        outcome.peak_bytes >> 20
    );
    assert!(
        outcome.peak_bytes > 1 << 20,
        "the memory of {step} was not measured"
    );
    assert!(
        outcome.peak_bytes < MEMORY,
        "{step} took {} bytes of memory",
        outcome.peak_bytes
    );
    assert_eq!(outcome.words, "", "nothing to say into a pipe");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_documents_are_sent_received_and_deleted_each_once_in_bounded_memory() {
    let limit = Duration::from_secs(180);
    let queue = Queue::standard().await;
    let scratch = Scratch::new();
    let connection = connection_file(&scratch, &queue.service, json!({}));
    let [documents, sent, received, handles, deleted] =
        ["documents", "sent", "received", "handles", "deleted"]
            .map(|name| scratch.path(&format!("{name}.jsonl")));
    let (mut bodies, bytes) = write_documents(&documents);
    assert!(bytes > 50_000_000, "a load worth the name");
    let connection = connection.to_string_lossy();
    let common = |operation| {
        [
            "--connection",
            &*connection,
            "run",
            operation,
            "--object",
            &*queue.url,
        ]
    };
    let path = |path: &Path| path.to_string_lossy().into_owned();

    let files = [path(&documents), path(&sent)];
    let outcome = run(
        &[
            &common("send")[..],
            &["--in", &files[0], "--out", &files[1]],
        ]
        .concat(),
        b"",
        limit,
    )
    .await;
    let outcome = outcome.good();
    let mut count = 0;
    for (number, result) in lines(&sent).enumerate() {
        assert_eq!(
            result["document"], number,
            "results stand in the order of the documents"
        );
        let sum = result["output"][0]["properties"]["md5-of-message-body"]
            .as_str()
            .expect("a checksum");
        assert_eq!(
            bodies.get(sum),
            Some(&number),
            "the result of document {number}"
        );
        count += 1;
    }
    assert_eq!(count, DOCUMENTS);
    report("send", &outcome);
    assert_eq!(queue.messages().await, [DOCUMENTS as u64, 0, 0]);

    let set = [
        "maximum-message-count=-1",
        "wait-time-seconds=1",
        // No message may come again before it is deleted.
        "visibility-timeout-seconds=1800",
    ];
    let mut arguments = common("receive").to_vec();
    arguments.extend(set.iter().flat_map(|set| ["--set", set]));
    let file = path(&received);
    arguments.extend(["--until-empty", "--out", &file]);
    let outcome = run(&arguments, b"", limit).await.good();
    let mut receipts = BufWriter::new(File::create(&handles).expect("a file"));
    for result in lines(&received) {
        for message in result["output"].as_array().expect("messages") {
            let body = message["payload"].as_str().expect("a body");
            let number = bodies
                .remove(&md5(body))
                .expect("a body that was sent, and did not come before");
            assert_eq!(message["properties"]["attribute.number"], number);
            let handle = &message["properties"]["receipt-handle"];
            writeln!(
                receipts,
                "{}",
                json!({ "payload": "", "properties": { "receipt-handle": handle } })
            )
            .expect("a line");
        }
    }
    receipts.flush().expect("a file");
    assert!(bodies.is_empty(), "{} documents are lost", bodies.len());
    report("receive", &outcome);

    let files = [path(&handles), path(&deleted)];
    let outcome = run(
        &[
            &common("delete")[..],
            &["--in", &files[0], "--out", &files[1]],
        ]
        .concat(),
        b"",
        limit,
    )
    .await;
    let outcome = outcome.good();
    assert_eq!(
        lines(&deleted)
            .filter(|result| result["output"].is_array())
            .count(),
        DOCUMENTS
    );
    report("delete", &outcome);
    assert_eq!(queue.messages().await, [0, 0, 0]);
    queue.delete().await;
}
