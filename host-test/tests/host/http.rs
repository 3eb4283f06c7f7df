//! The pool, and the bounds on answers.
//!
//! An error in the middle of a body reaches the guest as words: wasmtime 48 gives no error code for
//! it (`http-error-code` answers none).

use std::time::Duration;

use connector_host::{HttpOptions, HttpPool, Settings};

use crate::server::{Server, answer};
use crate::support::{connect, options, plugin, property, run, run_with, transport};

#[tokio::test(flavor = "multi_thread")]
async fn connections_are_kept_over_calls_and_instances() {
    let server = Server::answering(b"hello".to_vec()).await;
    let options = options(&[&server.origin()]);
    let pool = options.http.clone();
    let connection = connect(&server.origin(), options).await;
    for number in 0..40 {
        run(&connection, "request").await.expect("an answer");
        if number == 20 {
            run(&connection, "trap").await.expect_err("a trap");
        }
    }
    assert_eq!(
        (server.requests(), connection.metrics().instances_created),
        (40, 2)
    );
    // It is back before the plugin has the end of the answer.
    assert_eq!(server.connections(), 1);
    assert_eq!(pool.metrics().opened, server.connections() as u64);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_the_server_closed_while_idle_is_replaced_without_an_error() {
    let mut server = Server::start(|mut exchange| async move {
        exchange.request().await;
        exchange.write(&answer(b"once")).await;
    })
    .await;
    let connection = connect(&server.origin(), options(&[&server.origin()])).await;
    for _ in 0..20 {
        run(&connection, "request").await.expect("an answer");
        server.closed().await;
    }
    assert_eq!(server.connections(), 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_nobody_uses_any_more_is_closed_by_itself() {
    let mut server = Server::start(|mut exchange| async move {
        exchange.request().await;
        exchange.write(&answer(b"once")).await;
        exchange.until_closed().await;
    })
    .await;
    let mut http = HttpOptions::default();
    http.idle_timeout = Duration::from_millis(20);
    let mut options = options(&[&server.origin()]);
    options.http = HttpPool::new(http).expect("a pool");
    let pool = options.http.clone();
    let connection = connect(&server.origin(), options).await;
    for number in 1..=3 {
        run(&connection, "request").await.expect("an answer");
        server.closed().await;
        assert_eq!((pool.metrics().opened, pool.metrics().open), (number, 0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_goes_up_whole_though_its_answer_came_first() {
    let (whole, mut arrived) = tokio::sync::mpsc::unbounded_channel();
    let server = Server::start(move |mut exchange| {
        let whole = whole.clone();
        async move {
            let head = exchange.head().await.expect("a head");
            exchange.write(&answer(b"early")).await;
            let _ = whole.send(exchange.body(&head).await.is_some());
        }
    })
    .await;
    let connection = connect(&server.origin(), options(&[&server.origin()])).await;
    run_with(&connection, "upload", vec![b'x'; 5 << 20])
        .await
        .expect("an answer");
    assert_eq!(arrived.recv().await, Some(true));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_host_header_is_the_authority_with_its_port() {
    let server = Server::start(|mut exchange| async move {
        let head = exchange.request().await.expect("a request");
        let host = head
            .lines()
            .find_map(|line| line.strip_prefix("host: "))
            .unwrap_or_default()
            .to_owned();
        exchange.write(&answer(&vec![b'x'; host.len()])).await;
    })
    .await;
    let connection = connect(&server.origin(), options(&[&server.origin()])).await;
    let document = run(&connection, "request").await.expect("an answer");
    let expected = server.origin().len() - "http://".len();
    assert_eq!(property(&document, "length"), expected.to_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_is_an_answer_and_is_not_followed() {
    let server = Server::start(|mut exchange| async move {
        exchange.request().await;
        exchange
            .write(b"HTTP/1.1 302 Found\r\nlocation: /other\r\ncontent-length: 0\r\n\r\n")
            .await;
    })
    .await;
    let connection = connect(&server.origin(), options(&[&server.origin()])).await;
    let document = run(&connection, "request").await.expect("an answer");
    assert_eq!(
        (property(&document, "status"), server.requests()),
        ("302".into(), 1)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_body_goes_up_whole() {
    let server = Server::answering(Vec::new()).await;
    let connection = connect(&server.origin(), options(&[&server.origin()])).await;
    run_with(&connection, "upload", vec![b'x'; 5 << 20])
        .await
        .expect("an answer");
    assert_eq!(
        (server.requests(), connection.metrics().bytes_sent),
        (1, 5 << 20)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_announces_too_much_is_refused() {
    let server = Server::answering(vec![b'x'; 1001]).await;
    let mut options = options(&[&server.origin()]);
    options.limits.response_bytes = 1000;
    let connection = connect(&server.origin(), options).await;
    let words = transport(run(&connection, "request").await);
    assert!(
        words.contains("response body size exceeds limit: 1000"),
        "{words}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_goes_on_for_ever_is_cut_at_the_bound() {
    let server = Server::start(|mut exchange| async move {
        exchange.request().await;
        exchange
            .write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
            .await;
        for _ in 0..1_000 {
            exchange.write(b"64\r\n").await;
            exchange.write(&[b'x'; 100]).await;
            exchange.write(b"\r\n").await;
        }
    })
    .await;
    let mut options = options(&[&server.origin()]);
    options.limits.response_bytes = 1000;
    let connection = connect(&server.origin(), options).await;
    let words = transport(run(&connection, "request").await);
    assert!(
        words.contains("response body size exceeds limit: 1000"),
        "{words}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_beyond_the_bound_is_refused() {
    let server = Server::start(|mut exchange| async move {
        exchange.request().await;
        exchange.write(b"HTTP/1.1 200 OK\r\n").await;
        exchange
            .write(format!("x: {}\r\n\r\n", "y".repeat(1 << 20)).as_bytes())
            .await;
        exchange.until_closed().await;
    })
    .await;
    let connection = connect(&server.origin(), options(&[&server.origin()])).await;
    let words = transport(run(&connection, "request").await);
    assert!(words.contains("HttpResponseHeaderSectionSize"), "{words}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_breaks_off_is_an_error() {
    let server = Server::start(|mut exchange| async move {
        exchange.request().await;
        exchange
            .write(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf")
            .await;
    })
    .await;
    let connection = connect(&server.origin(), options(&[&server.origin()])).await;
    let words = transport(run(&connection, "request").await);
    assert!(words.contains("incomplete"), "{words}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_where_nobody_listens_is_a_refused_connection() {
    // Bound, so that no one else gets the port, and not listening.
    let socket = tokio::net::TcpSocket::new_v4().expect("a socket");
    socket
        .bind("127.0.0.1:0".parse().expect("an address"))
        .expect("a port");
    let origin = format!("http://{}", socket.local_addr().expect("an address"));
    let connection = connect(&origin, options(&[&origin])).await;
    let words = transport(run(&connection, "request").await);
    assert!(words.contains("ConnectionRefused"), "{words}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_does_not_exist_is_a_dns_error() {
    let connection = connect(
        "http://nowhere.invalid",
        options(&["http://nowhere.invalid"]),
    )
    .await;
    let words = transport(run(&connection, "request").await);
    assert!(words.contains("DnsError"), "{words}");
}

async fn with_timeout(server: &Server, scheme: &str, timeout: &str) -> String {
    let url = format!("{scheme}://127.0.0.1:{}", server.port());
    let settings = Settings::new().with("url", &url).with(timeout, "200");
    let connection = plugin()
        .connect(settings, options(&[&url]))
        .await
        .expect("a connection");
    transport(run(&connection, "request").await)
}

/// A server that takes connections and says nothing.
async fn silent() -> Server {
    Server::start(|mut exchange| async move {
        exchange.request().await;
        exchange.until_closed().await;
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_time_for_connecting_is_kept_tls_included() {
    let words = with_timeout(&silent().await, "https", "connect-timeout-ms").await;
    assert!(words.contains("ConnectionTimeout"), "{words}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_time_for_the_first_byte_is_kept() {
    let words = with_timeout(&silent().await, "http", "first-byte-timeout-ms").await;
    assert!(words.contains("ConnectionReadTimeout"), "{words}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_time_between_bytes_is_kept() {
    let server = Server::start(|mut exchange| async move {
        exchange.request().await;
        exchange
            .write(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf")
            .await;
        exchange.until_closed().await;
    })
    .await;
    let words = with_timeout(&server, "http", "between-bytes-timeout-ms").await;
    assert!(words.contains("connection read timeout"), "{words}");
}

#[tokio::test(flavor = "multi_thread")]
async fn plain_text_where_tls_was_asked_for_is_a_tls_error() {
    let server = Server::start(|mut exchange| async move {
        exchange.write(&answer(b"plain")).await;
        exchange.until_closed().await;
    })
    .await;
    let url = format!("https://127.0.0.1:{}", server.port());
    let connection = connect(&url, options(&[&url])).await;
    let words = transport(run(&connection, "request").await);
    assert!(words.contains("Tls"), "{words}");
}
