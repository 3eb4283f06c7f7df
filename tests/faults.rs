//! Faults that the service reports, and settings that cannot work: typed, told without secrets,
//! retried where that can help. After each the next call works.

use end_to_end::client::Client;
use end_to_end::document::text;
use end_to_end::environment::{REGION, Service, localstack};
use end_to_end::error::{fault, fields, kind};
use end_to_end::queue::Queue;
use end_to_end::server::{Reply, Server};
use end_to_end::sqs;
use serde_json::json;

#[tokio::test]
async fn a_missing_queue_is_not_found_with_the_service_s_code() {
    let client = Client::open(&localstack(), &[]).await;
    let url = format!(
        "{}/queue/{REGION}/000000000000/no-such-queue",
        localstack().endpoint
    );
    for operation in ["send", "receive"] {
        let error = client
            .execute(operation, Some("no-such-queue"), &[], &[text("x")])
            .await
            .expect_err("no queue");
        let error = error.connector().expect("an error of the contract");
        assert_eq!(kind(error), "not-found", "{operation} by name");
        assert_eq!(fault(error).code, "QueueDoesNotExist");
        assert!(
            fault(error).message.contains("no-such-queue"),
            "the queue is named"
        );
        assert!(fault(error).request_id.is_some());

        let outcome = client
            .execute(operation, Some(&url), &[], &[text("x")])
            .await
            .expect("a call")
            .remove(0);
        let error = outcome.output.expect_err("no queue");
        assert_eq!(kind(&error), "not-found", "{operation} by URL");
        assert_eq!(fault(&error).code, "QueueDoesNotExist");
    }
    let queue = Queue::standard().await;
    client
        .send(&queue.url, &[text("x")])
        .await
        .remove(0)
        .expect("the next call works");
    queue.delete().await;
}

#[tokio::test]
async fn every_setting_that_cannot_work_is_named_at_once_and_nothing_is_sent() {
    let server = Server::start(sqs::obey).await;
    let refused = Client::try_open(
        &server.service(),
        &[
            ("region", "Europe West"),
            ("use-fips", "true"),
            ("default-queue", "or ders"),
            ("connect-timeout-ms", "0"),
            ("max-attempts", "eleven"),
            ("max-in-flight", "65"),
            ("session-token", "copied with\na line end"),
            ("verify-checksums", "maybe"),
            ("colour", "red"),
        ],
    )
    .await;
    let error = refused.err().expect("settings that cannot work");
    let error = error.connector().expect("an error of the contract");
    let mut found = fields(error);
    found.sort_unstable();
    assert_eq!(
        found,
        [
            "colour",
            "connect-timeout-ms",
            "default-queue",
            "max-attempts",
            "max-in-flight",
            "region",
            "session-token",
            "use-fips",
            "verify-checksums",
        ]
    );
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn a_bad_region_missing_keys_and_a_repeated_setting_are_named() {
    let service = localstack();
    for region in ["", "eu_west_1", "-", "eu-west-1 ", "EU-WEST-1"] {
        let refused = Client::try_open(&service, &[("region", region)]).await;
        let error = refused
            .err()
            .unwrap_or_else(|| panic!("the region {region:?} was taken"));
        assert_eq!(
            fields(error.connector().expect("an error of the contract")),
            ["region"],
            "{region:?}"
        );
    }
    let policy = connector_host::Policy::deny_all;
    let error = Client::connect(connector_host::Settings::new(), policy())
        .await
        .err()
        .expect("no settings");
    let mut found = fields(error.connector().expect("an error of the contract"));
    found.sort_unstable();
    assert_eq!(found, ["access-key-id", "region", "secret-access-key"]);

    let mut twice = service.settings().as_properties().to_vec();
    twice.extend(
        twice
            .iter()
            .find(|property| property.name == "region")
            .cloned(),
    );
    let error = Client::connect(twice.into(), policy())
        .await
        .err()
        .expect("a repeated setting");
    assert_eq!(
        fields(error.connector().expect("an error of the contract")),
        ["region"]
    );
    Client::open(&service, &[])
        .await
        .test()
        .await
        .expect("good settings work");
}

/// A server that answers the first requests with a fault, and then does what is asked.
async fn failing(times: usize, status: u16, code: &'static str) -> Server {
    Server::start(move |request| match request.number {
        number if number < times => Reply::fault(status, code, "words of the service"),
        _ => sqs::obey(request),
    })
    .await
}

#[tokio::test]
async fn failures_of_the_service_are_retried_and_the_caller_sees_nothing() {
    for (status, code) in [
        (500, "InternalError"),
        (502, "BadGateway"),
        (503, "ServiceUnavailable"),
        (504, "GatewayTimeout"),
        (400, "RequestTimeout"),
        (400, "RequestThrottled"),
        (400, "ThrottlingException"),
        (429, "Whatever"),
    ] {
        let server = failing(1, status, code).await;
        let client = Client::open(&server.service(), &[]).await;
        let sent = client.send(sqs::QUEUE_URL, &[text("x")]).await.remove(0);
        assert!(
            sent.is_ok(),
            "{status} {code}: {}",
            end_to_end::client::failed(sent)
        );
        let bodies: Vec<_> = server
            .requests()
            .iter()
            .map(|request| request.body.clone())
            .collect();
        assert_eq!(bodies.len(), 2, "{status} {code}");
        assert_eq!(bodies[0], bodies[1], "the same request again");
    }
}

#[tokio::test]
async fn attempts_end_at_max_attempts_and_the_fault_says_how_many_there_were() {
    for (attempts, status, code, expected) in [
        (1, 500, "InternalError", "unavailable"),
        (2, 503, "ServiceUnavailable", "unavailable"),
        (4, 500, "InternalFailure", "unavailable"),
        (2, 400, "RequestThrottled", "throttled"),
    ] {
        let server = failing(attempts, status, code).await;
        let setting = attempts.to_string();
        let client = Client::open(&server.service(), &[("max-attempts", &setting)]).await;
        let error = client
            .send(sqs::QUEUE_URL, &[text("x")])
            .await
            .remove(0)
            .expect_err(code);
        assert_eq!(kind(&error), expected);
        let fault = fault(&error);
        assert_eq!((fault.code.as_str(), fault.http_status), (code, status));
        assert_eq!(fault.attempts as usize, attempts);
        assert_eq!(fault.message, "words of the service");
        assert_eq!(
            fault.request_id.as_deref(),
            Some("11111111-2222-3333-4444-555555555555")
        );
        assert_eq!(server.requests().len(), attempts);
        client.works().await;
    }
}

#[tokio::test]
async fn what_the_caller_has_to_mend_is_not_tried_again_and_has_its_own_kind() {
    for (status, code, expected) in [
        (400, "QueueDoesNotExist", "not-found"),
        (400, "AWS.SimpleQueueService.NonExistentQueue", "not-found"),
        (403, "AccessDenied", "forbidden"),
        (400, "AccessDeniedException", "forbidden"),
        (403, "SignatureDoesNotMatch", "unauthenticated"),
        (400, "ExpiredToken", "unauthenticated"),
        (403, "InvalidClientTokenId", "unauthenticated"),
        (400, "InvalidParameterValue", "rejected"),
        (400, "ANewCodeOfTheService", "rejected"),
        (403, "OverLimit", "conflict"),
        (501, "NotImplemented", "unavailable"),
    ] {
        let server = failing(1, status, code).await;
        let client = Client::open(&server.service(), &[]).await;
        let error = client
            .send(sqs::QUEUE_URL, &[text("x")])
            .await
            .remove(0)
            .expect_err(code);
        assert_eq!(kind(&error), expected, "{code}");
        assert_eq!(fault(&error).code, code);
        assert_eq!(server.requests().len(), 1, "{code}");
        client.works().await;
    }
}

#[tokio::test]
async fn a_failed_batch_is_an_error_of_each_of_its_documents() {
    let server = failing(1, 403, "AccessDenied").await;
    let client = Client::open(&server.service(), &[("max-in-flight", "1")]).await;
    let documents: Vec<_> = (0..15).map(|number| text(number.to_string())).collect();
    let results = client.send(sqs::QUEUE_URL, &documents).await;
    let kinds: Vec<_> = results
        .iter()
        .map(|result| result.as_ref().map_or_else(kind, |_| "sent"))
        .collect();
    assert_eq!(kinds, [vec!["forbidden"; 10], vec!["sent"; 5]].concat());
}

#[tokio::test]
async fn codes_are_found_wherever_servers_put_them() {
    let answers: [fn() -> Reply; 5] = [
        || {
            Reply::json(
                400,
                &json!({ "__type": "QueueDoesNotExist", "message": "m" }),
            )
        },
        || Reply::json(400, &json!({ "code": "QueueDoesNotExist", "Message": "m" })),
        || Reply::Answer {
            status: 400,
            headers: vec![(
                "x-amzn-errortype",
                "QueueDoesNotExist:http://internal.example/".to_owned(),
            )],
            body: b"{\"message\":\"m\"}".to_vec(),
        },
        || Reply::Answer {
            status: 400,
            headers: vec![(
                "x-amzn-query-error",
                "AWS.SimpleQueueService.NonExistentQueue;Sender".to_owned(),
            )],
            body: Vec::new(),
        },
        || Reply::Answer {
            status: 404,
            headers: Vec::new(),
            body: b"{}".to_vec(),
        },
    ];
    for (index, answer) in answers.into_iter().enumerate() {
        let server = Server::start(move |_| answer()).await;
        let client = Client::open(&server.service(), &[]).await;
        let error = client
            .send(sqs::QUEUE_URL, &[text("x")])
            .await
            .remove(0)
            .expect_err("a fault");
        assert_eq!(kind(&error), "not-found", "answer {index}");
    }
}

/// The client searches every error for the keys; here the service's own words hold them.
#[tokio::test]
async fn what_the_service_says_is_told_without_secrets() {
    let token = Service::scripted("").keys.token.expect("a token");
    let long_token = "IQoJb3JpZ2luX2VjE".repeat(20);
    let handle = "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a".repeat(6);
    let canonical = format!(
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret \
         Access Key and signing method. Consult the service documentation for details.\n\nThe Canonical String for \
         this request should have been\n'POST\n/\n\ncontent-type:application/x-amz-json-1.0\n\
         x-amz-security-token:{token}\n\nhost\nabc'\n\nThe String-to-Sign should have been\n'AWS4-HMAC-SHA256\n\
         20261121T000000Z\n20261121/us-east-1/sqs/aws4_request\nabc'\n"
    );
    let cases = [
        ("SignatureDoesNotMatch", canonical),
        (
            "ExpiredToken",
            format!("The security token {long_token} included in the request is expired"),
        ),
        (
            "InvalidClientTokenId",
            format!("The security token '{token}' included in the request is invalid."),
        ),
        (
            "ReceiptHandleIsInvalid",
            format!("The input receipt handle \"{handle}\" is not a valid receipt handle."),
        ),
        (
            "InvalidParameterValue",
            format!("Value {handle} for parameter ReceiptHandle is invalid. Reason: expired."),
        ),
    ];
    for (code, message) in cases {
        let words = message.clone();
        let server = Server::start(move |_| Reply::fault(403, code, &words)).await;
        let mut service = server.service();
        if message.contains(&long_token) {
            service.keys.token = Some(long_token.clone());
        }
        let client = Client::open(&service, &[]).await;
        let handle = end_to_end::document::With::with(
            end_to_end::document::empty(),
            "receipt-handle",
            &handle,
        );
        let error = client
            .delete(sqs::QUEUE_URL, &[handle])
            .await
            .remove(0)
            .expect_err(code);
        assert_eq!(fault(&error).code, code);
        assert!(
            !fault(&error).message.is_empty(),
            "what can be said is said"
        );
    }
}
