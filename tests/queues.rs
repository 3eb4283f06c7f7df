//! Queues are made, looked at, changed, listed, emptied and deleted, each attribute as what it is.

use connector_host::contract::Value as Given;
use end_to_end::client::{Client, failed};
use end_to_end::document::{Read, With, empty, text};
use end_to_end::environment::{REGION, localstack};
use end_to_end::error::{fault, kind};
use end_to_end::made::{Made, json_of};
use end_to_end::random;
use serde_json::{Value, json};

/// The account of LocalStack's queues.
const ACCOUNT: &str = "000000000000";

/// Some of a queue's attributes, as the payload and as the properties have them.
async fn attributes(queue: &Made<'_>, names: &[&str]) -> Value {
    let got = queue
        .run(
            "get-queue-attributes",
            &[],
            &json!({ "AttributeNames": names }),
        )
        .await;
    let payload = json_of(&got)["Attributes"].clone();
    let properties: serde_json::Map<String, Value> = got
        .properties("queue-attribute.")
        .into_iter()
        .map(|(name, value)| {
            (
                name.trim_start_matches("queue-attribute.").to_owned(),
                value,
            )
        })
        .collect();
    assert_eq!(payload, Value::Object(properties), "payload and properties");
    payload
}

#[tokio::test]
async fn every_attribute_of_a_standard_queue_is_set_and_read_as_what_it_is() {
    let client = Client::open(&localstack(), &[]).await;
    let dead = Made::standard(&client, &[]).await;
    let dead_arn = dead.arn().await;
    let name = random::name();
    let policy = json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Sid": "all",
            "Effect": "Allow",
            "Principal": "*",
            "Action": "SQS:SendMessage",
            "Resource": format!("arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"),
        }],
    });
    let settings = [
        ("visibility-timeout-seconds", "45"),
        ("message-retention-period-seconds", "1209600"),
        ("delay-seconds", "7"),
        ("receive-message-wait-time-seconds", "3"),
        ("maximum-message-size-bytes", "1024"),
        ("policy", &policy.to_string()),
        ("sqs-managed-sse-enabled", "true"),
        ("dead-letter-target-arn", &dead_arn),
        ("max-receive-count", "3"),
        ("redrive-permission", "byQueue"),
        ("source-queue-arns", &dead_arn),
        ("tags", r#"{"team":"orders","cost":"7"}"#),
    ];
    let queue = Made::create(&client, name, &settings).await;
    let names = [
        "VisibilityTimeout",
        "MessageRetentionPeriod",
        "DelaySeconds",
        "ReceiveMessageWaitTimeSeconds",
        "MaximumMessageSize",
        "Policy",
        "SqsManagedSseEnabled",
        "RedrivePolicy",
        "RedriveAllowPolicy",
        "QueueArn",
    ];
    assert_eq!(
        attributes(&queue, &names).await,
        json!({
            "VisibilityTimeout": 45,
            "MessageRetentionPeriod": 1_209_600,
            "DelaySeconds": 7,
            "ReceiveMessageWaitTimeSeconds": 3,
            "MaximumMessageSize": 1_024,
            "Policy": policy,
            "SqsManagedSseEnabled": true,
            "RedrivePolicy": { "deadLetterTargetArn": dead_arn, "maxReceiveCount": 3 },
            "RedriveAllowPolicy": { "redrivePermission": "byQueue", "sourceQueueArns": [dead_arn] },
            "QueueArn": format!("arn:aws:sqs:{REGION}:{ACCOUNT}:{}", queue.name),
        })
    );
    let all = attributes(&queue, &["All"]).await;
    for name in ["CreatedTimestamp", "LastModifiedTimestamp"] {
        assert!(
            all[name].as_i64().is_some_and(|time| time > 1_600_000_000),
            "{all}"
        );
    }
    let tags = queue.run("list-queue-tags", &[], &Value::Null).await;
    assert_eq!(
        tags.property("tags"),
        json!({ "team": "orders", "cost": "7" })
    );
    queue.delete().await;
    dead.delete().await;
}

#[tokio::test]
async fn a_kms_key_and_its_reuse_period_are_kept_and_both_encryptions_at_once_are_refused() {
    let client = Client::open(&localstack(), &[]).await;
    let settings = [
        ("kms-master-key-id", "alias/aws/sqs"),
        ("kms-data-key-reuse-period-seconds", "86400"),
    ];
    let queue = Made::standard(&client, &settings).await;
    let names = ["KmsMasterKeyId", "KmsDataKeyReusePeriodSeconds"];
    assert_eq!(
        attributes(&queue, &names).await,
        json!({ "KmsMasterKeyId": "alias/aws/sqs", "KmsDataKeyReusePeriodSeconds": 86_400 })
    );
    let both = [("sqs-managed-sse-enabled", "true"), settings[0]];
    let error = queue
        .try_run("set-queue-attributes", &both, &Value::Null)
        .await
        .expect_err("one of them only");
    assert_eq!(
        end_to_end::error::fields(&error),
        ["sqs-managed-sse-enabled"]
    );
    queue.delete().await;
}

#[tokio::test]
async fn a_fifo_queue_and_a_high_throughput_one_say_what_they_are() {
    let client = Client::open(&localstack(), &[]).await;
    let names = [
        "FifoQueue",
        "ContentBasedDeduplication",
        "DeduplicationScope",
        "FifoThroughputLimit",
    ];
    let plain = Made::fifo(&client, &[]).await;
    assert_eq!(
        attributes(&plain, &names).await,
        json!({
            "FifoQueue": true,
            "ContentBasedDeduplication": false,
            "DeduplicationScope": "queue",
            "FifoThroughputLimit": "perQueue",
        })
    );
    let settings = [
        ("fifo-queue", "true"),
        ("content-based-deduplication", "true"),
        ("deduplication-scope", "messageGroup"),
        ("fifo-throughput-limit", "perMessageGroupId"),
    ];
    let fast = Made::fifo(&client, &settings).await;
    assert_eq!(
        attributes(&fast, &names).await,
        json!({
            "FifoQueue": true,
            "ContentBasedDeduplication": true,
            "DeduplicationScope": "messageGroup",
            "FifoThroughputLimit": "perMessageGroupId",
        })
    );
    plain.delete().await;
    fast.delete().await;
}

#[tokio::test]
async fn making_a_queue_again_gives_the_same_one_and_with_other_attributes_is_a_conflict() {
    let client = Client::open(&localstack(), &[]).await;
    let queue = Made::standard(&client, &[("delay-seconds", "5")]).await;
    let again = Made::create(&client, queue.name.clone(), &[("delay-seconds", "5")]).await;
    assert_eq!(again.url, queue.url);
    let payload = json!({ "QueueName": queue.name, "Attributes": { "DelaySeconds": 5 } });
    let again = client
        .one("create-queue", None, &[], &payload)
        .await
        .expect("the payload alone will do");
    assert_eq!(json_of(&again), json!({ "QueueUrl": queue.url }));
    let settings = [("queue-name", &*queue.name), ("delay-seconds", "6")];
    let error = client
        .one("create-queue", None, &settings, &Value::Null)
        .await
        .expect_err("another delay");
    assert_eq!(kind(&error), "conflict");
    assert!(["QueueNameExists", "QueueAlreadyExists"].contains(&&*fault(&error).code));
    queue.delete().await;
}

#[tokio::test]
async fn attributes_are_set_by_settings_by_payload_and_by_both_where_the_payload_wins() {
    let client = Client::open(&localstack(), &[]).await;
    let queue = Made::standard(&client, &[]).await;
    let names = ["VisibilityTimeout", "DelaySeconds"];
    for (settings, payload, expected) in [
        (
            &[("visibility-timeout-seconds", "40")][..],
            Value::Null,
            [40, 0],
        ),
        (&[], json!({ "Attributes": { "DelaySeconds": 1 } }), [40, 1]),
        (
            &[],
            json!({ "Attributes": { "DelaySeconds": "2" } }),
            [40, 2],
        ),
        (
            &[("attributes", r#"{"DelaySeconds":"3"}"#)],
            Value::Null,
            [40, 3],
        ),
        (
            &[("visibility-timeout-seconds", "41"), ("delay-seconds", "4")],
            json!({ "Attributes": { "VisibilityTimeout": 42 } }),
            [42, 4],
        ),
    ] {
        queue.run("set-queue-attributes", settings, &payload).await;
        let [visibility, delay] = expected;
        assert_eq!(
            attributes(&queue, &names).await,
            json!({ "VisibilityTimeout": visibility, "DelaySeconds": delay }),
            "{settings:?} {payload}"
        );
    }
    queue.delete().await;
}

#[tokio::test]
async fn a_queue_is_found_by_its_name_and_owner_and_a_missing_one_is_not_found() {
    let client = Client::open(&localstack(), &[]).await;
    let queue = Made::standard(&client, &[]).await;
    let name = ("queue-name", &*queue.name);
    for settings in [
        &[name][..],
        &[name, ("queue-owner-aws-account-id", ACCOUNT)],
    ] {
        let got = client
            .one("get-queue-url", None, settings, &Value::Null)
            .await
            .expect("its URL");
        assert_eq!(got.words("queue-url"), queue.url);
        assert_eq!(json_of(&got), json!({ "QueueUrl": queue.url }));
    }
    let missing = random::name();
    let other = ("queue-owner-aws-account-id", "111111111111");
    for settings in [&[("queue-name", &*missing)][..], &[name, other]] {
        let error = client
            .one("get-queue-url", None, settings, &Value::Null)
            .await
            .expect_err("no such queue");
        assert_eq!(kind(&error), "not-found", "{settings:?}");
        assert_eq!(fault(&error).code, "QueueDoesNotExist");
    }
    queue.delete().await;
}

fn texts(value: &Value) -> Vec<String> {
    let mut texts: Vec<String> = serde_json::from_value(value.clone()).expect("a list of texts");
    texts.sort();
    texts
}

#[tokio::test]
async fn queues_are_listed_by_prefix_all_at_once_or_page_after_page() {
    let client = Client::open(&localstack(), &[]).await;
    let prefix = random::name();
    let mut queues = Vec::new();
    for number in 0..5 {
        queues.push(Made::create(&client, format!("{prefix}-{number}"), &[]).await);
    }
    let expected: Vec<&str> = queues.iter().map(|queue| &*queue.url).collect();
    let begin = ("queue-name-prefix", &*prefix);
    for settings in [&[begin][..], &[begin, ("max-results", "2")]] {
        let all = client
            .one("list-queues", None, settings, &Value::Null)
            .await
            .expect("a list");
        assert_eq!(texts(&all.property("queue-urls")), expected);
        assert_eq!(texts(&json_of(&all)["QueueUrls"]), expected);
        assert_eq!(all.property("next-token"), Value::Null, "no page is left");
    }
    let page = [begin, ("max-results", "2"), ("all-pages", "false")];
    let (mut found, mut token) = (Vec::new(), None::<String>);
    for size in [2, 2, 1] {
        let next = token.as_deref().map(|token| ("next-token", token));
        let settings: Vec<_> = page.into_iter().chain(next).collect();
        let one = client
            .one("list-queues", None, &settings, &Value::Null)
            .await
            .expect("a page");
        let urls = texts(&one.property("queue-urls"));
        assert_eq!(urls.len(), size);
        found.extend(urls);
        token = one.property("next-token").as_str().map(str::to_owned);
    }
    found.sort();
    assert_eq!(
        (found.iter().map(|url| &**url).collect(), token),
        (expected, None)
    );
    let none = random::name();
    let empty = client
        .one(
            "list-queues",
            None,
            &[("queue-name-prefix", &none)],
            &Value::Null,
        )
        .await
        .expect("an empty list");
    assert_eq!(empty.property("queue-urls"), json!([]));
    for queue in queues {
        queue.delete().await;
    }
}

#[tokio::test]
async fn the_sources_of_a_dead_letter_queue_are_listed() {
    let client = Client::open(&localstack(), &[]).await;
    let dead = Made::standard(&client, &[]).await;
    let arn = dead.arn().await;
    let settings = [("dead-letter-target-arn", &*arn)];
    let sources = [
        Made::standard(&client, &settings).await,
        Made::standard(&client, &settings).await,
    ];
    let mut expected = sources.each_ref().map(|queue| &*queue.url);
    expected.sort_unstable();
    let listed = dead
        .run("list-dead-letter-source-queues", &[], &Value::Null)
        .await;
    assert_eq!(texts(&listed.property("queue-urls")), expected);
    assert_eq!(texts(&json_of(&listed)["queueUrls"]), expected);
    let policy = sources[0].attribute("RedrivePolicy").await;
    assert_eq!(policy["maxReceiveCount"], 10, "AWS's default");
    for queue in sources {
        queue.delete().await;
    }
    dead.delete().await;
}

#[tokio::test]
async fn the_depth_is_whole_numbers_a_purge_empties_and_a_deleted_queue_is_gone() {
    let client = Client::open(&localstack(), &[]).await;
    let queue = Made::standard(&client, &[]).await;
    let late = text("late").with_value("delay-seconds", Given::Integer(900));
    let documents = [text("a"), text("b"), text("c"), late];
    for sent in client.send(&queue.url, &documents).await {
        assert!(sent.is_ok(), "{}", failed(sent));
    }
    client.receive(&queue.url, &[]).await.expect("a message");
    let depth = async |expected: [u32; 3]| {
        let got = queue.run("queue-depth", &[], &Value::Null).await;
        let [visible, in_flight, delayed] = expected;
        let expected = json!({
            "ApproximateNumberOfMessages": visible,
            "ApproximateNumberOfMessagesNotVisible": in_flight,
            "ApproximateNumberOfMessagesDelayed": delayed,
        });
        assert_eq!(json_of(&got)["Attributes"], expected);
        let properties = got.properties("queue-attribute.");
        assert!(properties.len() == 3 && properties.iter().all(|(_, value)| value.is_u64()));
    };
    depth([2, 1, 1]).await;
    queue.run("purge-queue", &[], &Value::Null).await;
    depth([0, 0, 0]).await;

    // A document can name the queue, too.
    let named = empty().with("queue", &queue.name);
    let deleted = client
        .each("delete-queue", Some("dynamic"), &[named])
        .await
        .remove(0);
    assert!(deleted.is_ok(), "{}", failed(deleted));
    let error = client
        .one("queue-depth", Some(&queue.url), &[], &Value::Null)
        .await
        .expect_err("it is gone");
    assert_eq!(kind(&error), "not-found");
}
