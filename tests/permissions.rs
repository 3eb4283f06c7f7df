//! Permissions are statements of a queue's policy.

use end_to_end::client::Client;
use end_to_end::environment::localstack;
use end_to_end::error::{fault, fields};
use end_to_end::made::Made;
use serde_json::{Value, json};

#[tokio::test]
async fn a_permission_stands_in_the_policy_until_it_is_removed() {
    let client = Client::open(&localstack(), &[]).await;
    let queue = Made::standard(&client, &[]).await;
    assert_eq!(queue.attribute("Policy").await, Value::Null);
    let settings = [
        ("label", "by-settings"),
        ("aws-account-ids", "111111111111,222222222222"),
        ("actions", "SendMessage,ReceiveMessage"),
    ];
    queue.run("add-permission", &settings, &Value::Null).await;
    let payload =
        json!({ "Label": "by-payload", "AWSAccountIds": ["333333333333"], "Actions": ["*"] });
    queue.run("add-permission", &[], &payload).await;
    let policy = queue.attribute("Policy").await;
    let statements = policy["Statement"].as_array().expect("statements");
    let labels: Vec<_> = statements
        .iter()
        .map(|statement| &statement["Sid"])
        .collect();
    assert_eq!(labels, ["by-settings", "by-payload"]);
    let text = statements[0].to_string();
    for part in [
        "111111111111",
        "222222222222",
        "SendMessage",
        "ReceiveMessage",
    ] {
        assert!(text.contains(part), "{text}");
    }
    let label = [("label", "by-settings")];
    queue.run("remove-permission", &label, &Value::Null).await;
    let policy = queue.attribute("Policy").await;
    let statements = policy["Statement"].as_array().expect("statements");
    assert_eq!(statements.len(), 1);
    assert_eq!(statements[0]["Sid"], "by-payload");
    queue.delete().await;
}

#[tokio::test]
async fn a_permission_that_is_not_there_is_the_service_s_fault_to_tell() {
    let client = Client::open(&localstack(), &[]).await;
    let queue = Made::standard(&client, &[]).await;
    let error = queue
        .try_run("remove-permission", &[("label", "nobody")], &Value::Null)
        .await
        .expect_err("there is no permission");
    assert!(!fault(&error).code.is_empty());
    queue.delete().await;
}

#[tokio::test]
async fn what_a_permission_lacks_is_named_at_once() {
    let client = Client::open(&localstack(), &[]).await;
    let queue = Made::standard(&client, &[]).await;
    let error = queue
        .try_run("add-permission", &[], &json!({ "Label": "l".repeat(81) }))
        .await
        .expect_err("it lacks most of it");
    let mut found = fields(&error);
    found.sort_unstable();
    assert_eq!(
        found,
        ["actions", "aws-account-ids", "label", "payload.Label"]
    );
    queue.delete().await;
}
