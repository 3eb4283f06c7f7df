//! Servers, proxies and networks that misbehave: each gives a typed error in bounded time and
//! memory, and the next call works.

use std::time::{Duration, Instant};

use connector_host::CallError;
use connector_host::contract::{Document, Error};
use end_to_end::client::{Client, failed};
use end_to_end::document::{Read, text};
use end_to_end::error::{fault, kind};
use end_to_end::server::{Reply, Request, Server};
use end_to_end::sqs;
use serde_json::json;

/// What a receive gives whose first request, without retries, gets this reply; the next one gets
/// a good answer and has to work.
async fn attempt(
    reply: impl Fn() -> Reply + Send + Sync + 'static,
) -> Result<Vec<Document>, Error> {
    let server = Server::start(move |request| match request.number {
        0 => reply(),
        _ => good(request),
    })
    .await;
    let settings = [("max-attempts", "1"), ("request-timeout-ms", "2000")];
    let client = Client::open(&server.service(), &settings).await;
    let wait = [("wait-time-seconds", "0")];
    let first = client.receive(sqs::QUEUE_URL, &wait).await;
    let next = client
        .receive(sqs::QUEUE_URL, &wait)
        .await
        .expect("the next call works");
    assert_eq!(next[0].body(), "good");
    first.map_err(|error| match error {
        CallError::Connector(error) => error,
        other => panic!("no error of the contract: {other}"),
    })
}

/// The same where the first has to fail.
async fn after(reply: impl Fn() -> Reply + Send + Sync + 'static) -> Error {
    attempt(reply).await.expect_err("a bad answer")
}

fn good(_: &Request) -> Reply {
    sqs::messages(&[sqs::message("1", "good")])
}

fn raw(text: &str) -> Reply {
    Reply::Raw(text.as_bytes().to_vec())
}

#[tokio::test]
async fn an_error_page_of_a_proxy_is_unavailable_by_its_status() {
    let error = after(|| Reply::Answer {
        status: 502,
        headers: vec![("content-type", "text/html".to_owned())],
        body: b"<html><body><h1>502 Bad Gateway</h1>the-body-of-the-page</body></html>".to_vec(),
    })
    .await;
    assert_eq!(kind(&error), "unavailable");
    assert_eq!(
        (fault(&error).code.as_str(), fault(&error).http_status),
        ("HTTP 502", 502)
    );
    assert!(!connector_host::describe(&error).contains("the-body-of-the-page"));
}

#[tokio::test]
async fn a_page_with_status_200_is_corrupted() {
    let mut taken = Vec::new();
    for body in [
        "<html>Please log in</html>",
        "null",
        "[7]",
        "\"text\"",
        "{\"Messages\": 7}",
        "{\"Messages\": [7]}",
        "{\"Messages\": [{}]}",
        "{\"Messages\": [{\"Body\"",
    ] {
        let answer = move || Reply::Answer {
            status: 200,
            headers: Vec::new(),
            body: body.as_bytes().to_vec(),
        };
        match attempt(answer).await {
            Err(error) => assert_eq!(kind(&error), "corrupted", "{body}"),
            Ok(_) => taken.push(body),
        }
    }
    assert!(taken.is_empty(), "taken for good answers: {taken:?}");
}

#[tokio::test]
async fn a_send_without_a_message_id_is_corrupted() {
    let server = Server::start(|request| match request.number {
        0 => Reply::json(200, &json!({})),
        _ => sqs::obey(request),
    })
    .await;
    let client = Client::open(&server.service(), &[]).await;
    let error = client
        .send(sqs::QUEUE_URL, &[text("x")])
        .await
        .remove(0)
        .expect_err("an empty answer");
    assert_eq!(kind(&error), "corrupted");
    client.works().await;
}

#[tokio::test]
async fn answers_that_break_off_are_transport_errors() {
    for half in [
        "HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n{\"Messages\":[",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n20\r\n{\"Messages\"",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n",
        "HTTP/1.1 200 OK\r\ncontent-le",
        "HTTP/1.1 2",
    ] {
        let error = after(move || raw(half)).await;
        assert_eq!(
            kind(&error),
            "transport",
            "{half:?}: {}",
            connector_host::describe(&error)
        );
    }
}

#[tokio::test]
async fn what_is_no_http_is_a_transport_error() {
    for nonsense in [
        "SSH-2.0-OpenSSH_9.6\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: minus one\r\n\r\n{}",
        "HTTP/1.1 999999 What\r\n\r\n",
        "\0\0\0\0\0\0\0\0",
    ] {
        let error = after(move || raw(nonsense)).await;
        assert_eq!(
            kind(&error),
            "transport",
            "{nonsense:?}: {}",
            connector_host::describe(&error)
        );
    }
}

#[tokio::test]
async fn a_content_length_that_is_too_short_does_no_harm() {
    let error =
        after(|| raw("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n{\"Messages\":[]}")).await;
    assert_eq!(
        kind(&error),
        "corrupted",
        "{}",
        connector_host::describe(&error)
    );
}

#[tokio::test]
async fn connections_that_end_before_an_answer_are_transport_errors() {
    for reply in [|| Reply::Reset, || Reply::Close] {
        let error = after(reply).await;
        assert_eq!(
            kind(&error),
            "transport",
            "{}",
            connector_host::describe(&error)
        );
    }
}

#[tokio::test]
async fn a_cut_connection_is_retried_whether_or_not_the_request_was_taken() {
    for reply in [|| Reply::Reset, || Reply::Close] {
        let server = Server::start(move |request| match request.number {
            0 => reply(),
            _ => sqs::obey(request),
        })
        .await;
        let client = Client::open(&server.service(), &[]).await;
        let sent = client.send(sqs::QUEUE_URL, &[text("x")]).await.remove(0);
        assert!(sent.is_ok(), "{}", failed(sent));
    }
    let server = Server::refusing(2, sqs::obey).await;
    let client = Client::open(&server.service(), &[("max-attempts", "3")]).await;
    let sent = client.send(sqs::QUEUE_URL, &[text("x")]).await.remove(0);
    assert!(sent.is_ok(), "{}", failed(sent));
}

#[tokio::test]
async fn a_server_that_is_not_there_is_a_transport_error_that_names_the_origin() {
    let server = Server::start(sqs::obey).await;
    let service = server.service();
    drop(server);
    let client = Client::open(&service, &[]).await;
    let error = client
        .send(sqs::QUEUE_URL, &[text("x")])
        .await
        .remove(0)
        .expect_err("nobody there");
    assert_eq!(kind(&error), "transport");
    let words = connector_host::describe(&error);
    assert!(
        words.contains(&service.endpoint) && words.contains("nothing was sent"),
        "{words}"
    );
}

#[tokio::test]
async fn a_server_that_never_answers_ends_at_the_request_timeout() {
    let server = Server::start(|request| match request.number {
        0 => Reply::Silence,
        _ => sqs::obey(request),
    })
    .await;
    let client = Client::open(
        &server.service(),
        &[("max-attempts", "1"), ("request-timeout-ms", "300")],
    )
    .await;
    let begun = Instant::now();
    let error = client
        .send(sqs::QUEUE_URL, &[text("x")])
        .await
        .remove(0)
        .expect_err("no answer");
    assert!(
        begun.elapsed() >= Duration::from_millis(300),
        "{:?}",
        begun.elapsed()
    );
    assert!(
        begun.elapsed() < Duration::from_secs(5),
        "{:?}",
        begun.elapsed()
    );
    assert_eq!(
        kind(&error),
        "timeout",
        "{}",
        connector_host::describe(&error)
    );
    assert!(
        connector_host::describe(&error).contains(&server.origin),
        "the origin is named"
    );
    client.works().await;
}

#[tokio::test]
async fn an_answer_that_stops_half_way_ends_at_the_request_timeout() {
    let server = Server::start(|request| match request.number {
        0 => Reply::Stalled(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n{".to_vec()),
        _ => sqs::obey(request),
    })
    .await;
    let client = Client::open(
        &server.service(),
        &[("max-attempts", "1"), ("request-timeout-ms", "300")],
    )
    .await;
    let begun = Instant::now();
    let error = client
        .send(sqs::QUEUE_URL, &[text("x")])
        .await
        .remove(0)
        .expect_err("half an answer");
    assert!(
        begun.elapsed() < Duration::from_secs(5),
        "{:?}",
        begun.elapsed()
    );
    assert_eq!(
        kind(&error),
        "timeout",
        "{}",
        connector_host::describe(&error)
    );
    client.works().await;
}

#[tokio::test]
async fn a_long_poll_gets_its_wait_time_on_top_of_the_request_timeout() {
    let gate = end_to_end::server::Gate::new();
    let held = gate.clone();
    let server =
        Server::start(move |request| Reply::Held(held.clone(), Box::new(good(request)))).await;
    let client = Client::open(
        &server.service(),
        &[("max-attempts", "1"), ("request-timeout-ms", "200")],
    )
    .await;
    // What takes longer than the request timeout, told by another request's timeout.
    let poll = [("wait-time-seconds", "20")];
    let polling = client.receive(sqs::QUEUE_URL, &poll);
    let other = async {
        server.requested(1).await;
        let short = client
            .receive(sqs::QUEUE_URL, &[("wait-time-seconds", "0")])
            .await;
        gate.open();
        short
    };
    let (long, short) = tokio::join!(polling, other);
    let short = short.expect_err("it has no wait time");
    assert_eq!(short.connector().map(kind), Some("timeout"));
    assert_eq!(long.expect("the long poll goes on")[0].body(), "good");

    // And it does end.
    let server = Server::start(|_| Reply::Silence).await;
    let client = Client::open(
        &server.service(),
        &[("max-attempts", "1"), ("request-timeout-ms", "200")],
    )
    .await;
    let begun = Instant::now();
    let error = client
        .receive(sqs::QUEUE_URL, &[("wait-time-seconds", "1")])
        .await
        .expect_err("no answer");
    assert_eq!(error.connector().map(kind), Some("timeout"));
    let took = begun.elapsed();
    assert!(
        took >= Duration::from_millis(1_200) && took < Duration::from_secs(6),
        "{took:?}"
    );
}

#[tokio::test]
async fn an_answer_without_an_end_is_bounded() {
    let error = after(|| Reply::endless(&[b'x'; 1 << 16])).await;
    // Too large, or too slow on a slow machine: both are bounds.
    assert!(
        ["corrupted", "timeout"].contains(&kind(&error)),
        "{}",
        connector_host::describe(&error)
    );
}

#[tokio::test]
async fn a_huge_answer_is_refused_before_it_is_read() {
    let error = after(|| raw("HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n{")).await;
    assert_eq!(
        kind(&error),
        "corrupted",
        "{}",
        connector_host::describe(&error)
    );
    assert!(connector_host::describe(&error).contains("too large"));
}

#[tokio::test]
async fn deeply_nested_and_odd_json_is_an_error_and_no_crash() {
    let nested = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let lone_surrogate =
        "{\"Messages\":[{\"Body\":\"\\ud800\",\"ReceiptHandle\":\"h\"}]}".to_owned();
    for body in [
        nested.clone(),
        format!("{{\"Messages\":{nested}}}"),
        lone_surrogate,
    ] {
        let error = after(move || Reply::Answer {
            status: 200,
            headers: Vec::new(),
            body: body.clone().into_bytes(),
        })
        .await;
        assert_eq!(kind(&error), "corrupted");
    }
    // Where nobody looks into it, it goes through as it is.
    let unknown =
        format!("{{\"Messages\":[{{\"Body\":\"x\",\"ReceiptHandle\":\"h\",\"New\":{nested}}}]}}");
    let server = Server::start(move |_| Reply::Answer {
        status: 200,
        headers: Vec::new(),
        body: unknown.clone().into_bytes(),
    })
    .await;
    let client = Client::open(&server.service(), &[("max-attempts", "1")]).await;
    match client.receive(sqs::QUEUE_URL, &[]).await {
        Ok(messages) => assert_eq!(messages[0].body(), "x"),
        Err(error) => assert_eq!(error.connector().map(kind), Some("corrupted")),
    }
}
