//! The service's own model against the contract: whatever the service can be asked and can answer
//! has its place here. A model with something new fails this test, and says what is new.

mod places;

use connector_host::contract::{Direction, Operation};
use end_to_end::client::{Client, plugin};
use end_to_end::python::service_model;
use end_to_end::server::Server;
use end_to_end::sqs;
use places::{
    FAILED, MESSAGES, Messages, Nowhere, Object, Outcome, Payload, Property, READ_ONLY, Setting,
    TASK,
};
use serde_json::{Value, json};

#[derive(Clone, Copy, PartialEq)]
enum Side {
    Request,
    Response,
}

/// What the plugin says of itself.
struct Contract {
    operations: Vec<Operation>,
    /// For each operation the schemas of the payloads that it takes and gives.
    payloads: Vec<[Value; 2]>,
}

impl Contract {
    async fn read() -> Self {
        // No request is made: any server will do.
        let server = Server::start(sqs::obey).await;
        let client = Client::open(&server.service(), &[]).await;
        let operations = plugin().describe().await.expect("a description").operations;
        let mut payloads = Vec::new();
        for operation in &operations {
            let profile = client.connection().profile(&operation.id, None).await;
            let profile = profile.expect("a profile");
            payloads.push([profile.request, profile.response].map(|schema| {
                let schema: Value =
                    serde_json::from_str(&schema.unwrap_or_default()).unwrap_or_default();
                schema["properties"]["payload"]["contentSchema"]["properties"].clone()
            }));
        }
        assert_eq!(server.actions(), [""; 0]);
        Self {
            operations,
            payloads,
        }
    }

    fn operation(&self, id: &str) -> Option<&Operation> {
        self.operations.iter().find(|operation| operation.id == id)
    }

    /// Whether a member of an action is reachable.
    fn reaches(&self, action: &str, side: Side, path: &str) -> bool {
        match MESSAGES
            .iter()
            .find(|messages| messages.actions.contains(&action))
        {
            Some(messages) => self.has_place(messages, side, path),
            None => self.is_administered(action, side, path),
        }
    }

    fn has_place(&self, messages: &Messages, side: Side, path: &str) -> bool {
        let Some(operation) = self.operation(messages.operation) else {
            return false;
        };
        let table = match side {
            Side::Request => messages.request,
            Side::Response => messages.response,
        };
        let inner = ["Entries[].", "Successful[].", "Messages[]."]
            .iter()
            .find_map(|list| path.strip_prefix(list));
        let inner = inner.unwrap_or(path);
        let mut rows = table.iter().chain(FAILED);
        let Some((_, place)) = rows.find(|(known, _)| *known == inner) else {
            return false;
        };
        match place {
            Object => operation.takes_object,
            Payload | Outcome => true,
            Nowhere(why) => !why.is_empty(),
            Setting(name) => operation.settings.iter().any(|field| field.name == *name),
            Property(name) => operation.properties.iter().any(|property| {
                let other = match side {
                    Side::Request => Direction::Output,
                    Side::Response => Direction::Input,
                };
                property.field.name == *name && property.direction != other
            }),
        }
    }

    fn is_administered(&self, action: &str, side: Side, path: &str) -> bool {
        let id = kebab_case(action);
        let Some(index) = self
            .operations
            .iter()
            .position(|operation| operation.id == id)
        else {
            return false;
        };
        let [request, response] = &self.payloads[index];
        let has = |schema: &Value, member: &str| schema.get(member).is_some();
        if let Some(attribute) = path
            .strip_prefix("Attributes{")
            .and_then(|rest| rest.strip_suffix('}'))
        {
            return match side {
                Side::Request => {
                    let typed = has(&request["Attributes"]["properties"], attribute);
                    let fixed = action == "SetQueueAttributes" && attribute == "FifoQueue";
                    typed || fixed || READ_ONLY.contains(&attribute)
                }
                // One property for all of them, also for those to come.
                Side::Response => self.operations[index]
                    .properties
                    .iter()
                    .any(|property| property.field.name == "queue-attribute.*"),
            };
        }
        match (side, path.strip_prefix("Results[].")) {
            (Side::Response, Some(member)) => TASK.contains(&member),
            (Side::Response, None) => has(response, path),
            (Side::Request, _) => has(request, path),
        }
    }

    /// What of a model is not reachable.
    fn lacks(&self, model: &Value) -> Vec<String> {
        let mut lacking = Vec::new();
        for (action, sides) in model.as_object().expect("actions") {
            let known = MESSAGES
                .iter()
                .any(|messages| messages.actions.contains(&&**action))
                || self.operation(&kebab_case(action)).is_some();
            if !known {
                lacking.push(action.clone());
            }
            for (side, name) in [(Side::Request, "request"), (Side::Response, "response")] {
                for path in sides[name].as_array().expect("paths") {
                    let path = path.as_str().expect("a path");
                    if !self.reaches(action, side, path) {
                        lacking.push(format!("{action} {name} {path}"));
                    }
                }
            }
        }
        lacking
    }
}

/// `ListQueueTags` as `list-queue-tags`.
fn kebab_case(action: &str) -> String {
    let mut kebab = String::new();
    for letter in action.chars() {
        if letter.is_ascii_uppercase() && !kebab.is_empty() {
            kebab.push('-');
        }
        kebab.push(letter.to_ascii_lowercase());
    }
    kebab
}

#[tokio::test]
async fn every_action_and_every_member_of_the_service_is_reachable() {
    let contract = Contract::read().await;
    let model = service_model().await;
    assert!(model.as_object().is_some_and(|actions| actions.len() >= 23));
    let lacking = contract.lacks(&model);
    assert!(lacking.is_empty(), "not reachable: {lacking:#?}");
}

#[tokio::test]
async fn what_a_newer_service_adds_is_noticed() {
    let contract = Contract::read().await;
    let mut newer = service_model().await;
    let mut add = |action: &str, side: &str, path: &str| {
        let paths = newer[action][side].as_array_mut().expect("paths");
        paths.push(json!(path));
        format!("{action} {side} {path}")
    };
    let mut expected = vec![
        add("CreateQueue", "request", "Shards"),
        add("CreateQueue", "request", "Attributes{ShardCount}"),
        add("ListMessageMoveTasks", "response", "Results[].Speed"),
        add("PurgeQueue", "response", "Purged"),
        add(
            "ReceiveMessage",
            "response",
            "Messages[].Attributes{Planet}",
        ),
        add("SendMessage", "request", "MessageAttributes{}.FloatValue"),
        add("SendMessageBatch", "request", "Entries[].Priority"),
        add("SendMessageBatch", "response", "Failed[].RetryAfter"),
        add("ReceiveMessage", "request", "Entries[].Priority"),
        "SplitQueue".to_owned(),
        "SplitQueue request QueueUrl".to_owned(),
    ];
    newer["SplitQueue"] = json!({ "request": ["QueueUrl"], "response": [] });
    let mut lacking = contract.lacks(&newer);
    expected.sort();
    lacking.sort();
    assert_eq!(lacking, expected);
}
