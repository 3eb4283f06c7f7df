//! What `profile` gives, by a validator of JSON Schema that is not ours: valid schemas, that take
//! what the plugin takes and gives, the examples of the documentation, and nothing that is wrong.

use std::collections::BTreeMap;
use std::fs;

use connector_host::contract::{Document, Mode};
use end_to_end::client::{Client, plugin};
use end_to_end::document::plain;
use end_to_end::environment::{localstack, workspace};
use end_to_end::every::every;
use jsonschema::Validator;
use serde_json::{Map, Value, json};

/// A document's schema, and that of a JSON payload where there is one.
struct Schema {
    document: Validator,
    payload: Option<Validator>,
}

impl Schema {
    /// # Panics
    /// Where the schema is none of JSON Schema 2020-12.
    fn new(text: &str) -> Self {
        let schema: Value = serde_json::from_str(text).expect("a schema is JSON");
        assert_eq!(
            schema["$schema"],
            "https://json-schema.org/draft/2020-12/schema"
        );
        let payload = &schema["properties"]["payload"];
        if payload.get("contentSchema").is_some() {
            assert_eq!(payload["contentMediaType"], "application/json");
        }
        Self {
            document: validator(&schema),
            payload: payload.get("contentSchema").map(validator),
        }
    }

    /// What is wrong with a document.
    fn problems(&self, document: &Value) -> Vec<String> {
        let told =
            |error: jsonschema::ValidationError<'_>| format!("{}: {error}", error.instance_path());
        let mut problems: Vec<_> = self.document.iter_errors(document).map(told).collect();
        let payload = document["payload"].as_str().filter(|text| !text.is_empty());
        if let (Some(validator), Some(text)) = (&self.payload, payload) {
            let payload = serde_json::from_str(text).expect("a payload of JSON");
            problems.extend(validator.iter_errors(&payload).map(told));
        }
        problems
    }
}

fn validator(schema: &Value) -> Validator {
    if let Err(error) = jsonschema::draft202012::meta::validate(schema) {
        panic!("{error}: {schema}");
    }
    jsonschema::draft202012::new(schema).expect("a schema that can be used")
}

/// In place of what an operation takes, where it takes no documents.
const NOTHING: &str = r#"{"$schema": "https://json-schema.org/draft/2020-12/schema", "not": {}}"#;

/// The schemas of every operation: of what it takes and of what it gives.
async fn schemas(client: &Client) -> BTreeMap<String, [Schema; 2]> {
    let descriptor = plugin().describe().await.expect("a description");
    let mut schemas = BTreeMap::new();
    for operation in descriptor.operations {
        let profile = client.connection().profile(&operation.id, None).await;
        let profile = profile.expect("a profile");
        let listens = operation.mode == Mode::Listen;
        assert_eq!(profile.request.is_none(), listens, "{}", operation.id);
        let request = profile.request.unwrap_or_else(|| NOTHING.to_owned());
        let both = [
            request,
            profile.response.expect("operations give documents"),
        ];
        let both = both.map(|text| Schema::new(&text));
        schemas.insert(operation.id, both);
    }
    schemas
}

/// A document in the form that the schemas speak of.
fn form(document: &Document) -> Value {
    let properties: Map<String, Value> = document
        .properties
        .iter()
        .map(|property| (property.name.clone(), plain(&property.value)))
        .collect();
    let payload = std::str::from_utf8(&document.payload).expect("text");
    let mut form = json!({ "payload": payload, "properties": properties });
    if let Some(media_type) = &document.content_type {
        form["content-type"] = json!(media_type);
    }
    form
}

#[tokio::test]
async fn what_every_operation_took_and_gave_is_valid_by_its_profile() {
    let client = Client::open(&localstack(), &[]).await;
    let schemas = schemas(&client).await;
    let mut wrong = Vec::new();
    for done in every(&client).await {
        let [request, response] = &schemas[&done.operation];
        for (schema, documents, side) in [
            (request, &done.input, "takes"),
            (response, &done.output, "gives"),
        ] {
            for document in documents {
                for problem in schema.problems(&form(document)) {
                    wrong.push(format!("{} {side}: {problem}", done.operation));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test]
async fn errors_as_documents_are_valid_by_every_profile() {
    let client = Client::open(&localstack(), &[]).await;
    let settings = [("return-errors-as-documents", "true")];
    let schemas = schemas(&client).await;
    for operation in ["receive", "queue-depth", "list-queue-tags"] {
        let failed = client
            .one(
                operation,
                Some("no-such-queue-anywhere"),
                &settings,
                &Value::Null,
            )
            .await
            .expect("a document");
        let [_, response] = &schemas[operation];
        assert_eq!(response.problems(&form(&failed)), [""; 0], "{operation}");
    }
}

#[tokio::test]
async fn the_examples_of_the_documentation_are_valid() {
    let client = Client::open(&localstack(), &[]).await;
    let schemas = schemas(&client).await;
    let mut files = vec![workspace().join("README.md")];
    let docs = fs::read_dir(workspace().join("docs")).expect("docs");
    files.extend(docs.map(|entry| entry.expect("a file").path()));
    let mut examples = 0;
    for file in files
        .iter()
        .filter(|file| file.extension().is_some_and(|end| end == "md"))
    {
        let text = fs::read_to_string(file).expect("text");
        for line in text.lines().filter(|line| line.starts_with("{\"payload")) {
            let document = serde_json::from_str(line).expect("an example is a line of JSON");
            let [request, _] = &schemas["send"];
            let problems = request.problems(&document);
            assert!(
                problems.is_empty(),
                "{}: {line}: {problems:?}",
                file.display()
            );
            examples += 1;
        }
    }
    assert!(examples > 1, "{examples} examples in {files:?}");
}

#[tokio::test]
async fn what_is_wrong_is_refused_and_text_for_a_number_is_not() {
    let client = Client::open(&localstack(), &[]).await;
    let schemas = schemas(&client).await;
    let properties = |properties: Value| json!({ "payload": "x", "properties": properties });
    let payload = |payload: Value| json!({ "payload": payload.to_string() });
    let wrong = [
        ("send", json!("x")),
        ("send", json!({})),
        ("send", json!({ "payload": "" })),
        ("send", json!({ "payload": 7 })),
        ("send", properties(json!({ "delay-seconds": 901 }))),
        ("send", properties(json!({ "delay-seconds": true }))),
        ("send", properties(json!({ "message-group-id": "" }))),
        ("send", properties(json!({ "attribute.x": 1.5 }))),
        (
            "send",
            properties(json!({ "attribute.x": { "hex": "00" } })),
        ),
        ("delete", json!({ "payload": "" })),
        ("delete", properties(json!({ "queue-url": "no handle" }))),
        (
            "change-visibility",
            properties(json!({ "visibility-timeout-seconds": 0 })),
        ),
        (
            "change-visibility",
            properties(json!({ "receipt-handle": "h", "visibility-timeout-seconds": 43_201 })),
        ),
        ("create-queue", payload(json!({ "QueueNaem": "x" }))),
        ("create-queue", payload(json!([]))),
        (
            "create-queue",
            payload(json!({ "QueueName": "x".repeat(81) })),
        ),
        ("tag-queue", payload(json!({ "Tags": { "team": 7 } }))),
        ("untag-queue", payload(json!({ "TagKeys": [] }))),
        (
            "add-permission",
            payload(json!({ "AWSAccountIds": "111111111111" })),
        ),
        ("list-queues", payload(json!({ "MaxResults": 1_001 }))),
        ("queue-depth", payload(json!({ "QueueName": "x" }))),
    ];
    for (operation, document) in wrong {
        let [request, _] = &schemas[operation];
        assert!(
            !request.problems(&document).is_empty(),
            "{operation}: {document}"
        );
    }
    let right = [
        (
            "send",
            properties(json!({ "delay-seconds": "900", "of-another-connector": [1] })),
        ),
        (
            "send",
            properties(json!({ "attribute.x": { "base64": "AP8=" }, "attribute.y": -7 })),
        ),
        ("receive", json!({})),
        ("list-queues", payload(json!({ "MaxResults": "1000" }))),
        (
            "set-queue-attributes",
            payload(json!({ "Attributes": { "Policy": {}, "New": 1 } })),
        ),
    ];
    for (operation, document) in right {
        let [request, _] = &schemas[operation];
        assert_eq!(
            request.problems(&document),
            [""; 0],
            "{operation}: {document}"
        );
    }
}
