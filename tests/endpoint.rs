//! Where requests go: to the endpoint, and nowhere else.

use connector_host::contract::Value;
use end_to_end::bounded;
use end_to_end::client::{Client, failed};
use end_to_end::document::{With, empty, text};
use end_to_end::environment::Service;
use end_to_end::error::{fields, kind};
use end_to_end::server::{Reply, Server};
use end_to_end::sqs;

#[tokio::test]
async fn the_host_in_a_queue_url_gets_no_connection() {
    let endpoint = Server::start(sqs::obey).await;
    let stranger = Server::start(sqs::obey).await;
    let url = format!("{}/000000000000/orders", stranger.origin);
    // The stranger is allowed as well: not the policy, but the connector keeps away from it.
    let mut policy = connector_host::Policy::deny_all();
    policy.allow(&endpoint.origin).expect("an origin");
    policy.allow(&stranger.origin).expect("an origin");
    let mut settings = endpoint.service().settings();
    settings.set("default-queue", Value::Text(url.clone()));
    let client = Client::connect(settings, policy)
        .await
        .expect("a connection");

    client.test().await.expect("the test of the connection");
    client.send(&url, &["one", "two"].map(text)).await;
    client
        .each(
            "send",
            Some("dynamic"),
            &[text("three").with("queue", &url)],
        )
        .await
        .remove(0)
        .expect("it is sent");
    client
        .each("send", None, &[text("four")])
        .await
        .remove(0)
        .expect("it is sent");
    client.receive(&url, &[]).await.expect("an answer");
    let handle = empty().with("receipt-handle", "h").with("queue-url", &url);
    client
        .each("delete", Some("dynamic"), &[handle])
        .await
        .remove(0)
        .expect("it is deleted");

    assert_eq!(stranger.connections(), 0);
    let requests = endpoint.requests();
    assert_eq!(requests.len(), 6);
    for request in requests {
        assert_eq!(
            request.json()["QueueUrl"],
            url,
            "the URL goes into the body, unaltered"
        );
        assert_eq!(request.line, "POST /");
        assert_eq!(
            request.header("host"),
            endpoint.origin.trim_start_matches("http://")
        );
    }
}

#[tokio::test]
async fn an_url_that_the_server_answers_with_does_not_choose_the_host_either() {
    let stranger = Server::start(sqs::obey).await;
    let url = format!("{}/000000000000/orders", stranger.origin);
    let answer = serde_json::json!({ "QueueUrl": url });
    let endpoint = Server::start(move |request| match request.action() {
        "GetQueueUrl" => Reply::json(200, &answer),
        _ => sqs::obey(request),
    })
    .await;
    let client = Client::open(&endpoint.service(), &[]).await;
    client
        .send("orders", &[text("one")])
        .await
        .remove(0)
        .expect("it is sent");
    assert_eq!(endpoint.actions(), ["GetQueueUrl", "SendMessage"]);
    assert_eq!(stranger.connections(), 0);
}

#[tokio::test]
async fn a_queue_of_another_region_or_partition_is_refused_and_nothing_is_sent() {
    let server = Server::start(sqs::obey).await;
    let client = Client::open(&server.service(), &[]).await;
    for elsewhere in [
        "https://sqs.eu-west-1.amazonaws.com/123456789012/orders",
        "https://eu-west-1.queue.amazonaws.com/123456789012/orders",
        "https://sqs.us-east-1.amazonaws.com.cn/123456789012/orders",
        "https://sqs-fips.us-gov-west-1.amazonaws.com/123456789012/orders",
        "https://vpce-1-2.sqs.eu-west-1.vpce.amazonaws.com/123456789012/orders",
        "arn:aws:sqs:eu-west-1:123456789012:orders",
    ] {
        let error = client
            .execute("send", Some(elsewhere), &[], &[text("x")])
            .await
            .expect_err(elsewhere);
        let error = error.connector().expect("an error of the contract");
        assert_eq!(
            (kind(error), fields(error)),
            ("invalid-settings", vec!["object"]),
            "{elsewhere}"
        );

        let documents = [
            text("x").with("queue", elsewhere),
            text("y").with("queue", sqs::QUEUE_URL),
        ];
        let mut results = client.each("send", Some("dynamic"), &documents).await;
        let kept = results.remove(1);
        assert!(kept.is_ok(), "{}", failed(kept));
        assert_eq!(fields(&results.remove(0).expect_err(elsewhere)), ["queue"]);

        let refused = Client::try_open(&server.service(), &[("default-queue", elsewhere)]).await;
        let error = refused.err().expect(elsewhere);
        assert_eq!(
            fields(error.connector().expect("an error of the contract")),
            ["default-queue"]
        );
    }
    assert!(
        server
            .requests()
            .iter()
            .all(|request| request.json()["QueueUrl"] == sqs::QUEUE_URL)
    );
    let own = "https://sqs.us-east-1.amazonaws.com/123456789012/orders";
    client
        .send(own, &[text("x")])
        .await
        .remove(0)
        .expect("its own region is good");
}

#[tokio::test]
async fn redirections_are_not_followed() {
    let stranger = Server::start(sqs::obey).await;
    for status in [301, 302, 303, 307, 308] {
        let location = format!("{}/", stranger.origin);
        let server = Server::start(move |request| match request.number {
            0 => Reply::Answer {
                status,
                headers: vec![("location", location.clone())],
                body: Vec::new(),
            },
            _ => sqs::obey(request),
        })
        .await;
        let client = Client::open(&server.service(), &[]).await;
        let error = client
            .send(sqs::QUEUE_URL, &[text("x")])
            .await
            .remove(0)
            .expect_err("a redirection");
        assert_eq!(kind(&error), "transport", "{status}");
        let words = connector_host::describe(&error);
        assert!(
            words.contains(&status.to_string()) && words.contains(&server.origin),
            "{words}"
        );
        assert_eq!(server.requests().len(), 1, "it is not tried again");
        client.works().await;
    }
    assert_eq!(stranger.connections(), 0);
}

#[tokio::test]
async fn connections_that_the_server_closed_while_idle_are_replaced_without_an_error() {
    let server = Server::start(|request| Reply::Last(Box::new(sqs::obey(request)))).await;
    let client = Client::open(&server.service(), &[("max-attempts", "1")]).await;
    for round in 1..=5 {
        client
            .send(sqs::QUEUE_URL, &[text("x")])
            .await
            .remove(0)
            .expect("no error");
        assert_eq!(server.connections(), round);
        let closed = async {
            while client.open_sockets() > 0 {
                tokio::task::yield_now().await;
            }
        };
        bounded("the end of the connection", closed).await;
    }
}

#[tokio::test]
async fn a_connection_is_used_again_while_the_server_keeps_it() {
    let server = Server::start(sqs::obey).await;
    let client = Client::open(&server.service(), &[("max-in-flight", "1")]).await;
    for _ in 0..5 {
        client
            .send(sqs::QUEUE_URL, &[text("x")])
            .await
            .remove(0)
            .expect("it is sent");
    }
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn plain_http_to_another_machine_is_refused_at_open_unless_allowed() {
    for (endpoint, allowed) in [
        ("http://sqs.example.com", false),
        ("http://10.0.0.1:4566", false),
        ("http://localhost.example.com", false),
        ("http://127.0.0.1.example.com", false),
        ("http://127.0.0.1:4566", true),
        ("http://[::1]:4566", true),
        ("http://localhost:4566", true),
        ("https://sqs.example.com", true),
    ] {
        let service = Service::scripted(endpoint);
        let opened = Client::try_open(&service, &[]).await;
        match opened {
            Ok(_) => assert!(allowed, "{endpoint} was taken"),
            Err(error) => {
                assert!(!allowed, "{endpoint}: {error}");
                assert_eq!(
                    fields(error.connector().expect("an error of the contract")),
                    ["endpoint"]
                );
            }
        }
        let explicit = Client::try_open(&service, &[("allow-plaintext", "true")]).await;
        assert!(explicit.is_ok(), "{endpoint} with allow-plaintext");
    }
}

#[tokio::test]
async fn a_connection_is_used_again_after_answers_without_a_body() {
    let server = Server::start(|_| Reply::Answer {
        status: 200,
        headers: Vec::new(),
        body: Vec::new(),
    })
    .await;
    let client = Client::open(&server.service(), &[]).await;
    for _ in 0..3 {
        client
            .connection()
            .execute(
                "purge-queue",
                Some(sqs::QUEUE_URL),
                &connector_host::Settings::new(),
                &[empty()],
            )
            .await
            .expect("the call")
            .remove(0)
            .output
            .expect("it is purged");
    }
    assert_eq!((server.requests().len(), server.connections()), (3, 1));
}
