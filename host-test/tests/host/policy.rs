//! What leaves, and what the words of a denial are.

use connector_host::{CallError, Settings};

use crate::server::Server;
use crate::support::{connect, options, plugin, property, run, run_with, transport};

#[tokio::test(flavor = "multi_thread")]
async fn a_denied_request_names_the_origin_to_allow_and_nothing_leaves() {
    let server = Server::answering(Vec::new()).await;
    let connection = connect(&format!("{}/path", server.origin()), options(&[])).await;
    let words = transport(run(&connection, "request").await);
    let origin = server.origin();
    assert!(
        words.contains(&format!(
            "request to {origin} denied: allow it with --allow {origin}"
        )),
        "{words}"
    );
    assert_eq!(
        connection
            .last_denial()
            .map(|denial| denial.origin().to_string()),
        Some(origin)
    );
    assert_eq!((server.connections(), connection.metrics().denied), (0, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_denied_test_names_the_origin_too() {
    let connection = connect("https://sqs.example", options(&[])).await;
    let Err(CallError::Connector(error)) = connection.test().await else {
        panic!("denied")
    };
    assert!(connector_host::describe(&error).contains("--allow https://sqs.example"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_denied_request_with_a_large_body_is_a_denial_and_not_a_closed_stream() {
    let connection = connect("https://sqs.example", options(&[])).await;
    let words = transport(run_with(&connection, "upload", vec![b'x'; 3 << 20]).await);
    assert!(
        words.contains("HttpRequestDenied") && words.contains("--allow"),
        "{words}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_inside_is_let_through_where_it_is_allowed_literally() {
    let server = Server::answering(b"hello".to_vec()).await;
    let connection = connect(&server.origin(), options(&[&server.origin()])).await;
    let answer = run(&connection, "request").await.expect("allowed");
    assert_eq!(
        (property(&answer, "status"), property(&answer, "length")),
        ("200".into(), "5".into())
    );
}

/// A name that the system resolves to 127.0.0.1 without a DNS server.
fn name_of_loopback(server: &Server) -> String {
    format!("http://127.1:{}", server.port())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_leads_inside_is_refused_though_its_origin_is_allowed() {
    let server = Server::answering(Vec::new()).await;
    let url = name_of_loopback(&server);
    let connection = connect(&url, options(&[&url])).await;
    let words = transport(run(&connection, "request").await);
    assert!(words.contains("HttpRequestDenied"), "{words}");
    assert!(
        words.contains("127.0.0.1, a loopback address: allow it with --allow-network 127.0.0.1/32"),
        "{words}"
    );
    assert_eq!((server.connections(), connection.metrics().denied), (0, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_leads_into_an_allowed_network_is_let_through() {
    let server = Server::answering(Vec::new()).await;
    let url = name_of_loopback(&server);
    let mut options = options(&[&url]);
    options
        .policy
        .allow_network("127.0.0.0/8")
        .expect("a network");
    let connection = connect(&url, options).await;
    run(&connection, "request").await.expect("allowed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_warm_connection_of_a_freer_policy_does_not_serve_a_stricter_one() {
    let server = Server::answering(Vec::new()).await;
    let url = name_of_loopback(&server);
    let mut free = options(&[&url]);
    let mut strict = options(&[&url]);
    strict.http = free.http.clone();
    free.policy.allow_network("127.0.0.0/8").expect("a network");
    let free = connect(&url, free).await;
    run(&free, "request").await.expect("allowed");
    let strict = connect(&url, strict).await;
    assert!(transport(run(&strict, "request").await).contains("--allow-network"));
}

#[tokio::test(flavor = "multi_thread")]
async fn localhost_in_the_list_means_this_machine() {
    let server = Server::answering(Vec::new()).await;
    let url = format!("http://localhost:{}", server.port());
    let connection = connect(&url, options(&[&url])).await;
    run(&connection, "request").await.expect("allowed");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_endpoint_of_settings_is_learnt_without_a_request() {
    let server = Server::answering(Vec::new()).await;
    let settings = Settings::new().with("url", format!("{}/x", server.origin()));
    let origin = plugin()
        .endpoint(&settings)
        .await
        .expect("learnt")
        .expect("an origin");
    assert_eq!(
        (origin.to_string(), origin.is_restricted()),
        (server.origin(), true)
    );
    assert_eq!(server.connections(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_endpoint_of_invalid_settings_is_their_error() {
    let settings = Settings::new().with("wrong", "x").with("bad", "y");
    let Err(error) = plugin().endpoint(&settings).await else {
        panic!("invalid")
    };
    assert!(
        error.to_string().contains("wrong") && error.to_string().contains("bad"),
        "{error}"
    );
}
