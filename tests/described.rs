//! What `describe` and `browse` say holds: each operation works, each property is described.

use connector_host::contract::{Direction, Field, FieldKind, Value};
use end_to_end::client::{Client, plugin};
use end_to_end::environment::{localstack, ministack_denied};
use end_to_end::error::kind;
use end_to_end::every::every;
use end_to_end::made::Made;
use end_to_end::random;

/// Whether a value is of the kind that its field says.
fn holds(field: &Field, value: &Value) -> bool {
    matches!(
        (field.kind, value),
        (FieldKind::Text | FieldKind::Choice, Value::Text(_))
            | (FieldKind::Integer, Value::Integer(_))
            | (FieldKind::Boolean, Value::Boolean(_))
            | (FieldKind::TextList, Value::TextList(_))
            | (FieldKind::Json, Value::Json(_))
            | (FieldKind::Bytes, Value::Bytes(_))
    )
}

#[tokio::test]
async fn every_operation_works_and_every_property_that_it_gives_is_described() {
    let client = Client::open(&localstack(), &[]).await;
    let descriptor = plugin().describe().await.expect("a description");
    let mut unknown = Vec::new();
    for done in every(&client).await {
        let operation = descriptor
            .operations
            .iter()
            .find(|operation| operation.id == done.operation)
            .expect("it is described");
        let covers = |name: &str| {
            operation.properties.iter().any(|property| {
                let known = &*property.field.name;
                let covered = match known.strip_suffix('*') {
                    Some(beginning) => name.starts_with(beginning),
                    None => name == known,
                };
                covered && property.direction != Direction::Input
            })
        };
        for property in done.output.iter().flat_map(|document| &document.properties) {
            let described = operation.properties.iter().find(|described| {
                described.field.name == property.name && described.direction != Direction::Input
            });
            if let Some(described) =
                described.filter(|described| !holds(&described.field, &property.value))
            {
                let kind = described.field.kind;
                unknown.push(format!(
                    "{}: {} is not {kind:?}",
                    operation.id, property.name
                ));
            }
        }
        for property in done.output.iter().flat_map(|document| &document.properties) {
            if !covers(&property.name) {
                unknown.push(format!("{}: {}", operation.id, property.name));
            }
        }
    }
    assert!(unknown.is_empty(), "not as described: {unknown:#?}");
}

#[tokio::test]
async fn browsing_gives_dynamic_first_then_the_queues_of_the_prefix_with_their_kinds() {
    let client = Client::open(&localstack(), &[]).await;
    let prefix = random::name();
    let standard = Made::create(&client, format!("{prefix}-a"), &[]).await;
    let fifo = Made::create(&client, format!("{prefix}-b.fifo"), &[]).await;
    let other = Made::standard(&client, &[]).await;
    let found = client
        .connection()
        .browse("send", Some(&prefix))
        .await
        .expect("queues");
    let mut found: Vec<_> = found
        .iter()
        .map(|object| (&*object.id, &*object.label, &*object.kind))
        .collect();
    let (id, label, kind) = found.remove(0);
    assert_eq!((id, kind), ("dynamic", "dynamic"));
    assert!(!label.is_empty());
    found.sort_unstable();
    assert_eq!(
        found,
        [
            (&*standard.url, &*standard.name, "standard-queue"),
            (&*fifo.url, &*fifo.name, "fifo-queue"),
        ]
    );
    let all = client
        .connection()
        .browse("send", None)
        .await
        .expect("queues");
    assert_eq!(all[0].id, "dynamic");
    for queue in [&standard, &fifo, &other] {
        assert!(all.iter().any(|object| object.id == queue.url));
    }
    for queue in [standard, fifo, other] {
        queue.delete().await;
    }
}

#[tokio::test]
async fn who_may_not_list_queues_is_told_that_a_url_will_do() {
    let client = Client::open(&ministack_denied(), &[]).await;
    let error = client
        .connection()
        .browse("send", None)
        .await
        .expect_err("forbidden");
    assert_eq!(error.connector().map(kind), Some("forbidden"));
    let words = error.to_string();
    assert!(
        words.contains("sqs:ListQueues") && words.contains("URL"),
        "{words}"
    );
}
