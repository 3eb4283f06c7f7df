//! An answer as a document: whole, as a JSON payload in AWS's names, and as properties.

use std::borrow::Cow;

use crate::catalogue::attributes::{Meaning, meaning};
use crate::catalogue::system_attributes::kebab_case;
use crate::catalogue::{Kind, Operation};
use crate::client::json::Node;
use crate::contract::{Document, Property, Value};

/// Prefix of the properties that carry attributes of a queue.
const QUEUE_ATTRIBUTE: &str = "queue-attribute.";

/// The value of a property, of the kind that the catalogue says; as it is where it says nothing.
fn value(operation: &Operation, name: &str, node: Node<'_>) -> Option<Value> {
    let described = operation
        .all_properties()
        .find(|property| property.field.name == name);
    match (described.map(|property| property.field.kind), node) {
        (_, Node::Null) => None,
        (Some(Kind::Json), node) => Some(Value::Json(node.to_json())),
        (_, node) => node.into_value(),
    }
}

/// The document of an answer. `all` replaces a list that came in pages by what all pages had.
pub(super) fn document(
    operation: &Operation,
    output: Node<'_>,
    all: Option<(&str, Vec<String>)>,
    queue_url: Option<&str>,
    request_id: Option<&str>,
) -> Vec<Document> {
    let Node::Object(mut members) = output else {
        return Vec::new();
    };
    if let Some((list, texts)) = all {
        let texts = Node::List(
            texts
                .into_iter()
                .map(|text| Node::Text(text.into()))
                .collect(),
        );
        members.retain(|(name, _)| name != list);
        members.insert(0, (list.to_owned().into(), texts));
    }
    for (name, node) in &mut members {
        if let ("Attributes", Node::Object(attributes)) = (name.as_ref(), node) {
            for (name, node) in attributes {
                typed(name, node);
            }
        }
    }
    let answer = Node::Object(members);
    let payload = answer.to_json();
    let mut properties: Vec<Property> = Vec::new();
    properties.extend(queue_url.map(|url| Property::text("queue-url", url)));
    if let Node::Object(members) = answer {
        for (name, node) in members {
            match (name.as_ref(), node) {
                ("Attributes", Node::Object(attributes)) => {
                    properties.extend(attributes.into_iter().filter_map(|(name, node)| {
                        Some(Property {
                            name: format!("{QUEUE_ATTRIBUTE}{name}"),
                            value: node.into_value()?,
                        })
                    }));
                }
                (name, node) => {
                    let name = kebab_case(name);
                    let value = value(operation, &name, node);
                    properties.extend(value.map(|value| Property { name, value }));
                }
            }
        }
    }
    properties.extend(request_id.map(|id| Property::text("request-id", id)));
    vec![Document {
        payload: payload.into_bytes(),
        content_type: Some("application/json".to_owned()),
        properties,
    }]
}

/// Makes an attribute's text what it stands for. One that is not what it should be stays text.
fn typed(name: &str, node: &mut Node<'_>) {
    let Node::Text(text) = node else {
        return;
    };
    let better = match meaning(name) {
        Meaning::Text => None,
        Meaning::Integer => text.parse().ok().map(Node::Integer),
        Meaning::Boolean => text.parse().ok().map(Node::Boolean),
        Meaning::Structure => {
            let structure: Option<Node<'_>> = Node::parse(text.as_bytes());
            structure.map(Node::into_owned)
        }
    };
    if let Some(better) = better {
        *node = better;
    }
}

impl Node<'_> {
    /// The same, without borrowing.
    fn into_owned(self) -> Node<'static> {
        let owned = |text: Cow<'_, str>| Cow::Owned(text.into_owned());
        match self {
            Node::Null => Node::Null,
            Node::Boolean(flag) => Node::Boolean(flag),
            Node::Integer(number) => Node::Integer(number),
            Node::Decimal(digits) => Node::Decimal(owned(digits)),
            Node::Text(text) => Node::Text(owned(text)),
            Node::List(nodes) => Node::List(nodes.into_iter().map(Node::into_owned).collect()),
            Node::Object(members) => Node::Object(
                members
                    .into_iter()
                    .map(|(name, node)| (owned(name), node.into_owned()))
                    .collect(),
            ),
        }
    }
}
