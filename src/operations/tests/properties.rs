//! Properties that hold for any input: what is accepted is kept, and no answer is too odd.

use proptest::prelude::*;

use super::*;
use crate::connection::endpoint::Endpoint;
use crate::connection::queue::QueueReference;
use crate::testing::fuzz::{cases, json, value};

/// Names that mean something, and some that do not.
fn name() -> impl Strategy<Value = String> {
    let known: Vec<&'static str> = OPERATIONS
        .iter()
        .flat_map(|operation| operation.all_settings().into_iter().map(|field| field.name))
        .chain(
            OPERATIONS
                .iter()
                .flat_map(|o| o.all_properties().map(|p| p.field.name)),
        )
        .filter(|name| !name.ends_with('*'))
        .collect();
    prop_oneof![
        proptest::sample::select(known).prop_map(str::to_owned),
        "attribute\\.[A-Za-z0-9._-]{0,8}",
        "attribute-type\\.[A-Za-z0-9._-]{0,8}",
        any::<String>(),
    ]
}

fn properties() -> impl Strategy<Value = Vec<Property>> {
    let property = (name(), value()).prop_map(|(name, value)| Property { name, value });
    proptest::collection::vec(property, 0..6)
}

fn documents() -> impl Strategy<Value = Vec<Document>> {
    let payload = prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..60),
        any::<String>().prop_map(String::into_bytes),
        json_text().prop_map(String::into_bytes),
    ];
    let document = (payload, properties()).prop_map(|(payload, properties)| Document {
        payload,
        content_type: None,
        properties,
    });
    proptest::collection::vec(document, 0..5)
}

/// JSON with the names that answers and requests have.
fn json_text() -> impl Strategy<Value = String> {
    let names = vec![
        "Messages",
        "Body",
        "ReceiptHandle",
        "MessageId",
        "MD5OfBody",
        "Attributes",
        "MessageAttributes",
        "DataType",
        "StringValue",
        "BinaryValue",
        "Successful",
        "Failed",
        "Id",
        "Code",
        "SenderFault",
        "QueueUrl",
        "QueueUrls",
        "NextToken",
        "__type",
        "message",
        "ApproximateReceiveCount",
        "RedrivePolicy",
        "New",
    ];
    json(names).prop_map(|tree| tree.to_string())
}

proptest! {
    #![proptest_config(cases(300))]

    /// One outcome a document, in their order, whatever the service answers to whatever input.
    #[test]
    fn any_answer_to_any_input_ends_in_one_typed_outcome_a_document(
        operation in proptest::sample::select(OPERATIONS.iter().map(|o| o.id).collect::<Vec<_>>()),
        settings in properties(),
        documents in documents(),
        status in prop_oneof![Just(200_u16), Just(400), Just(500), 100_u16..600],
        body in prop_oneof![json_text().prop_map(String::into_bytes), proptest::collection::vec(any::<u8>(), 0..80)],
    ) {
        let count = documents.len();
        let (script, session) = session(move |_| reply(status, body.clone()));
        let called = session.execute(operation, Some(URL), settings, documents);
        if let Ok(outcomes) = script.run(called) {
            prop_assert_eq!(outcomes.len(), count);
            prop_assert!(outcomes.iter().zip(0..).all(|(outcome, index)| outcome.document == index));
        }
    }

    /// What is sent is what was given: body, attributes, group and delay.
    #[test]
    fn whatever_is_accepted_is_sent_unaltered(
        body in any::<String>(),
        texts in proptest::collection::btree_map("[A-Za-z0-9_-]{1,10}", any::<String>(), 0..3),
        bytes in proptest::collection::vec(any::<u8>(), 1..50),
        number in any::<i64>(),
        delay in -1_i64..1_000,
    ) {
        let (script, session) = session(|seen| {
            reply(200, json!({ "MessageId": "m", "seen": seen.action }).to_string())
        });
        let mut sent = document(&body, &[("message-group-id", "g")]);
        sent.properties.push(Property::integer("delay-seconds", delay));
        sent.properties.push(Property::integer("attribute.0.number", number));
        let binary = Value::Bytes(bytes.clone());
        sent.properties.push(Property { name: "attribute.0.bytes".to_owned(), value: binary });
        for (name, text) in &texts {
            sent.properties.push(Property::text(format!("attribute.{name}"), text.as_str()));
        }
        let result = send(&script, &session, URL, vec![sent]).remove(0);
        if matches!(result, Err(Error::InvalidDocument(_))) {
            prop_assert!(script.seen().is_empty());
            return Ok(());
        }
        let seen = &script.seen()[0].body;
        prop_assert_eq!(seen["MessageBody"].as_str(), Some(body.as_str()));
        prop_assert_eq!(seen["DelaySeconds"].as_i64(), Some(delay));
        prop_assert_eq!(seen["MessageGroupId"].as_str(), Some("g"));
        let attributes = &seen["MessageAttributes"];
        let number = number.to_string();
        prop_assert_eq!(attributes["0.number"]["StringValue"].as_str(), Some(number.as_str()));
        let base64 = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, &bytes);
        prop_assert_eq!(attributes["0.bytes"]["BinaryValue"].as_str(), Some(base64.as_str()));
        for (name, text) in &texts {
            prop_assert_eq!(attributes[name]["StringValue"].as_str(), Some(text.as_str()));
        }
    }

    /// What a person types is a queue, an endpoint, or a problem in words.
    #[test]
    fn any_text_is_a_queue_or_an_endpoint_or_a_problem(text in any::<String>(), tail in "[ -~]{0,40}") {
        for text in [text, format!("https://{tail}"), format!("arn:{tail}"), format!("http://[{tail}")] {
            let _ = QueueReference::parse(&text, "eu-west-1");
            if let Ok(endpoint) = Endpoint::parse(&text) {
                prop_assert!(!endpoint.authority.contains(['/', '@', ' ', '#', '?']));
            }
        }
    }
}
