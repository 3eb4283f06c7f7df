//! Renewed credentials reach every instance.

use std::sync::Arc;

use connector_host::{CallError, Settings};
use tokio::sync::Barrier;

use crate::server::{Server, answer};
use crate::support::{connect, options, property, run};

const SIDE_BY_SIDE: usize = 3;

/// Answers when so many requests are there: then so many instances are at work.
async fn gathering() -> Server {
    let barrier = Arc::new(Barrier::new(SIDE_BY_SIDE));
    Server::start(move |mut exchange| {
        let barrier = Arc::clone(&barrier);
        async move {
            while exchange.request().await.is_some() {
                barrier.wait().await;
                exchange.write(&answer(b"")).await;
            }
        }
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn renewed_credentials_reach_every_open_instance_and_every_new_one() {
    let server = gathering().await;
    let connection = connect(&server.origin(), options(&[&server.origin()])).await;
    let tokens = async || {
        let calls = (0..SIDE_BY_SIDE).map(|_| {
            let connection = connection.clone();
            tokio::spawn(async move {
                run(&connection, "request")
                    .await
                    .map(|document| property(&document, "token"))
            })
        });
        let mut tokens = Vec::new();
        for call in calls.collect::<Vec<_>>() {
            tokens.push(call.await.expect("a task").expect("an answer"));
        }
        tokens
    };
    assert_eq!(tokens().await, [""; SIDE_BY_SIDE]);
    assert_eq!(connection.metrics().instances, SIDE_BY_SIDE as u64);
    connection
        .renew(Settings::new().with("token", "second"))
        .await
        .expect("renewed");
    assert_eq!(tokens().await, ["second"; SIDE_BY_SIDE]);

    run(&connection, "trap").await.expect_err("a trap");
    assert_eq!(tokens().await, ["second"; SIDE_BY_SIDE]);
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_credentials_leave_the_old_ones_in_place() {
    let connection = connect("", options(&[])).await;
    connection
        .renew(Settings::new().with("token", "good"))
        .await
        .expect("renewed");
    let refused = connection
        .renew(Settings::new().with("token", "refused"))
        .await;
    assert!(matches!(refused, Err(CallError::Connector(_))));
    let document = run(&connection, "echo").await.expect("an answer");
    assert_eq!(property(&document, "token"), "good");
}
