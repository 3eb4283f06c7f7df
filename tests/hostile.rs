//! Answers made to exhaust: memory, patience, or the wits of whoever matches entries. Each ends in
//! a typed error within its bounds, and the next call works.

use std::time::{Duration, Instant};

use connector_host::CallError;
use connector_host::contract::Error;
use end_to_end::client::Client;
use end_to_end::document::{With, empty};
use end_to_end::environment::Service;
use end_to_end::error::kind;
use end_to_end::server::{Reply, Server};
use end_to_end::{bounded, sqs};
use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;

/// The head of a good answer.
const HEAD: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n";
const DRIP: Duration = Duration::from_millis(40);

/// What a receive of one attempt fails with whose request gets this reply, how long it took, and
/// how many bytes of bodies were read for it.
async fn after(reply: impl Fn() -> Reply + Send + Sync + 'static) -> (Error, Duration, u64) {
    let server = Server::start(move |request| match request.number {
        0 => reply(),
        _ => sqs::obey(request),
    })
    .await;
    let settings = [("max-attempts", "1"), ("request-timeout-ms", "1500")];
    let client = Client::open(&server.service(), &settings).await;
    let begun = Instant::now();
    let failed = client
        .receive(sqs::QUEUE_URL, &[("wait-time-seconds", "0")])
        .await
        .expect_err("a bad answer");
    let took = begun.elapsed();
    let metrics = client.connection().metrics();
    assert_eq!((metrics.traps, metrics.memory_exceeded), (0, 0));
    client.works().await;
    match failed {
        CallError::Connector(error) => (error, took, metrics.bytes_received),
        other => panic!("no error of the contract: {other}"),
    }
}

#[tokio::test]
async fn header_fields_without_an_end_are_refused() {
    for piece in [
        b"x-more: and more\r\n".repeat(1_000),
        // One field, and its value never ends.
        vec![b'x'; 1 << 16],
    ] {
        let begin = b"HTTP/1.1 200 OK\r\nx-first: ".to_vec();
        let (error, took, _) = after(move || Reply::Endless(begin.clone(), piece.clone())).await;
        let words = connector_host::describe(&error);
        assert!(
            ["transport", "corrupted"].contains(&kind(&error)),
            "{words}"
        );
        assert!(took < Duration::from_secs(5), "{took:?}: {words}");
    }
}

#[tokio::test]
async fn of_a_body_of_hundreds_of_megabytes_no_more_is_read_than_an_answer_may_have() {
    let (error, _, read) = after(|| Reply::endless(&[b' '; 1 << 20])).await;
    let words = connector_host::describe(&error);
    // Too large, or too slow on a slow machine: both are bounds.
    assert!(["corrupted", "timeout"].contains(&kind(&error)), "{words}");
    assert!(read < 48 << 20, "{read} bytes were read: {words}");
}

#[tokio::test]
async fn an_answer_that_stops_after_its_head_or_drips_ends_at_the_request_timeout() {
    let replies: [fn() -> Reply; 3] = [
        || Reply::Stalled(HEAD.to_vec()),
        // Each byte in time, and all of them never.
        || Reply::Dripping(b"HTTP/1.1 200 OK\r\n".repeat(40), DRIP),
        || Reply::Dripping([HEAD, &[b' '; 1_000]].concat(), DRIP),
    ];
    for reply in replies {
        let (error, took, _) = after(reply).await;
        let words = connector_host::describe(&error);
        assert_eq!(kind(&error), "timeout", "{words}");
        assert!(took >= Duration::from_millis(1_500), "{took:?}: {words}");
        assert!(took < Duration::from_secs(6), "{took:?}: {words}");
    }
}

#[tokio::test]
async fn garbage_where_tls_was_asked_for_is_a_transport_error() {
    for garbage in [
        &b"\x15\x03\x03\x00\x02\x02\x28"[..],
        b"\x16\x03\x03\xff\xff\x02\x00\x00\x00",
        b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n",
        b"\0\0\0\0",
        b"",
    ] {
        let listener = TcpListener::bind(("127.0.0.1", 0))
            .await
            .expect("a free port");
        let address = listener.local_addr().expect("an address");
        let answering = async {
            let (mut stream, _) = listener.accept().await.expect("a connection");
            stream.write_all(garbage).await.expect("it is taken");
        };
        let service = Service::scripted(&format!("https://{address}"));
        let client = Client::open(&service, &[("max-attempts", "1")]).await;
        let receiving = client.receive(sqs::QUEUE_URL, &[("wait-time-seconds", "0")]);
        let (received, ()) =
            bounded("an answer", async { tokio::join!(receiving, answering) }).await;
        let failed = received.expect_err("no TLS");
        assert_eq!(failed.connector().map(kind), Some("transport"), "{failed}");
    }
}

#[tokio::test]
async fn deletes_that_the_answer_does_not_mention_once_are_errors_of_their_documents() {
    let server = Server::start(|request| {
        let entries = sqs::entries(&request.json());
        if request.number > 0 {
            return sqs::obey(request);
        }
        let id = |index: usize| json!({ "Id": entries[index]["Id"] });
        let answer = json!({
            // 0: well; 1: nowhere; 2: twice; 3: in both lists; and some that nobody sent.
            "Successful": [id(0), id(2), id(2), id(3), { "Id": "77" }, { "Id": null }, {}, 7],
            "Failed": [sqs::refused("3", "ReceiptHandleIsInvalid", true), sqs::refused("", "InternalError", false)],
        });
        Reply::json(200, &answer)
    })
    .await;
    let client = Client::open(&server.service(), &[]).await;
    let handles = ["handle-0", "handle-1", "handle-2", "handle-3"];
    let documents = handles.map(|handle| empty().with("receipt-handle", handle));
    let results = client.delete(sqs::QUEUE_URL, &documents).await;
    let kinds: Vec<_> = results
        .iter()
        .map(|result| result.as_ref().map_or_else(kind, |_| "deleted"))
        .collect();
    assert_eq!(kinds, ["deleted", "corrupted", "corrupted", "corrupted"]);
    client.works().await;
}
