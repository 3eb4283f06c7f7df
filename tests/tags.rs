//! Tags of queues.

use end_to_end::client::Client;
use end_to_end::document::Read;
use end_to_end::environment::localstack;
use end_to_end::made::{Made, json_of};
use serde_json::{Value, json};

#[tokio::test]
async fn tags_are_added_replaced_listed_and_removed() {
    let client = Client::open(&localstack(), &[]).await;
    let queue = Made::standard(&client, &[]).await;
    let tags = async |expected: Value| {
        let listed = queue.run("list-queue-tags", &[], &Value::Null).await;
        let payload = json_of(&listed);
        let found = payload.get("Tags").cloned().unwrap_or(json!({}));
        assert_eq!(found, expected);
        if payload.get("Tags").is_some() {
            assert_eq!(listed.property("tags"), expected);
        }
    };
    tags(json!({})).await;
    let added = [(
        "tags",
        r#"{"team":"orders","grüße":"🦀 & more","empty":""}"#,
    )];
    queue.run("tag-queue", &added, &Value::Null).await;
    tags(json!({ "team": "orders", "grüße": "🦀 & more", "empty": "" })).await;
    let payload = json!({ "Tags": { "team": "billing", "cost": "7" } });
    queue.run("tag-queue", &[], &payload).await;
    tags(json!({ "team": "billing", "cost": "7", "grüße": "🦀 & more", "empty": "" })).await;
    let removed = [("tag-keys", "cost,empty,never")];
    queue.run("untag-queue", &removed, &Value::Null).await;
    tags(json!({ "team": "billing", "grüße": "🦀 & more" })).await;
    let payload = json!({ "TagKeys": ["grüße", "team"] });
    queue.run("untag-queue", &[], &payload).await;
    tags(json!({})).await;
    queue.delete().await;
}
