//! A listener's pull that goes wrong is a typed error, and the next one works.

use connector_host::contract::Disposition;
use end_to_end::bounded;
use end_to_end::client::{Client, failed};
use end_to_end::document::Read;
use end_to_end::error::{kind, words};
use end_to_end::listening::next;
use end_to_end::server::{Reply, Server};
use end_to_end::sqs;

/// A good answer, cut off in its body.
fn truncated() -> Reply {
    Reply::Raw(b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{\"Messages\": [".to_vec())
}

fn page(status: u16) -> Reply {
    Reply::Answer {
        status,
        headers: vec![("content-type", "text/html".to_owned())],
        body: b"<html><body>a proxy's words</body></html>".to_vec(),
    }
}

/// One pull gets this answer, the next one a message.
async fn fails(name: &str, kinds: &[&str], first: fn() -> Reply) {
    let server = Server::start(move |request| match request.action() {
        "ReceiveMessage" if request.number == 0 => first(),
        "ReceiveMessage" => sqs::messages(&[sqs::message("id", "after the fault")]),
        _ => sqs::obey(request),
    })
    .await;
    let client = Client::open(&server.service(), &[]).await;
    let settings = [("visibility-timeout-seconds", "60")];
    let mut listener = client.listen(sqs::QUEUE_URL, &settings).await;
    let error = bounded(name, listener.next()).await.expect_err(name);
    let typed = error
        .connector()
        .unwrap_or_else(|| panic!("{name}: {error}"));
    assert!(kinds.contains(&kind(typed)), "{name}: {}", words(typed));
    assert!(listener.is_alive(), "{name}");
    // One try a pull: the pause that follows is the listener's own.
    assert_eq!(server.actions(), ["ReceiveMessage"], "{name}");

    let delivery = next(&mut listener).await.remove(0);
    assert_eq!(delivery.document.body(), "after the fault", "{name}");
    let accepted = client
        .settle(sqs::QUEUE_URL, &delivery.token, Disposition::Accept)
        .await;
    assert!(accepted.is_ok(), "{name}: {}", failed(accepted));
}

#[tokio::test]
async fn a_pull_that_goes_wrong_is_a_typed_error_and_the_next_one_works() {
    // Each waits for the pause that follows a failure: together they take no longer than one.
    tokio::join!(
        fails("a truncated answer", &["transport", "corrupted"], truncated),
        fails("a reset connection", &["transport"], || Reply::Reset),
        fails("a closed connection", &["transport"], || Reply::Close),
        fails("an error page", &["unavailable"], || page(502)),
        fails("a page in place of an answer", &["corrupted"], || page(200)),
        fails("a fault of the service", &["unavailable"], || {
            Reply::fault(500, "InternalError", "try later")
        }),
        fails("a throttle", &["throttled"], || {
            Reply::fault(400, "RequestThrottled", "slow down")
        }),
    );
}

#[tokio::test]
async fn a_lost_answer_of_a_fifo_queue_is_asked_for_again_by_the_same_attempt_id() {
    let server = Server::start(|request| match request.number {
        0 => Reply::Close,
        1 => Reply::fault(400, "RequestThrottled", "slow down"),
        _ => sqs::messages(&[]),
    })
    .await;
    let client = Client::open(&server.service(), &[]).await;
    let settings = [
        ("visibility-timeout-seconds", "60"),
        ("wait-time-seconds", "1"),
    ];
    let mut listener = client.listen(sqs::FIFO_URL, &settings).await;
    for _ in 0..2 {
        let pulled = bounded("a pull", listener.next()).await;
        assert!(pulled.is_err());
    }
    let third = async {
        while server.actions().len() < 3 {
            assert!(next(&mut listener).await.is_empty());
        }
    };
    bounded("a third request", third).await;
    let ids: Vec<String> = server
        .requests()
        .iter()
        .map(|request| {
            let id = request.json()["ReceiveRequestAttemptId"].clone();
            id.as_str().expect("an attempt id").to_owned()
        })
        .collect();
    assert_eq!(ids[0], ids[1], "the same after a lost answer");
    assert_ne!(ids[1], ids[2], "a new one after a throttle");
}
