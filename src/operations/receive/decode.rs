//! A received message, from the service's JSON to a document.
//!
//! Answers can hold ten megabytes, so texts are moved where they can be, and copied once where they
//! must be. Members that the model does not know are kept as properties: a new one of the
//! service's needs no new plugin.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::catalogue::messages::{ATTRIBUTE, ATTRIBUTE_TYPE};
use crate::catalogue::system_attributes::{SYSTEM_ATTRIBUTES, kebab_case};
use crate::client::Answer;
use crate::client::checksum::{self, AttributeValue};
use crate::client::json::Node;
use crate::contract::{Document, Error, Property, Value};
use crate::operations::attributes::received;
use crate::operations::queues::Queue;
use crate::operations::receipts::Receipt;

/// A received message.
#[derive(Debug)]
pub(crate) struct Received {
    pub(crate) receipt_handle: String,
    pub(crate) document: Document,
}

impl Received {
    /// For its deletion.
    pub(crate) fn receipt(&self) -> Receipt {
        Receipt {
            handle: self.receipt_handle.clone(),
            visibility_seconds: None,
        }
    }

    pub(crate) fn bytes(&self) -> usize {
        self.document.payload.len()
    }

    pub(crate) fn add(&mut self, name: &str, value: Value) {
        let name = name.to_owned();
        self.document.properties.push(Property { name, value });
    }

    pub(crate) fn into_document(self) -> Document {
        self.document
    }
}

/// The messages of an answer; `corrupted` in place of one that has no body or receipt handle, or
/// whose checksum differs. It names the message by its id.
///
/// # Errors
/// `corrupted` where the answer is none of `ReceiveMessage`.
pub(super) fn messages(
    answer: &Answer,
    queue: &Queue,
    verify: bool,
) -> Result<Vec<Result<Received, Error>>, Error> {
    let Node::Object(members) = answer.read()? else {
        return Ok(Vec::new());
    };
    let mut messages = Vec::new();
    for (name, node) in members {
        match (name.as_ref(), node) {
            ("Messages", Node::List(nodes)) => messages = nodes,
            // Left out where there are none, or null.
            ("Messages", Node::Null) => {}
            ("Messages", _) => {
                return Err(Error::Corrupted(
                    "the answer's `Messages` is no list".to_owned(),
                ));
            }
            _ => {}
        }
    }
    let received = messages.into_iter().map(|node| {
        let message = Message::read(node);
        if verify {
            message.verify()?;
        }
        message.received(queue, answer.trace.request_id.as_deref())
    });
    Ok(received.collect())
}

/// A message as the answer has it.
#[derive(Default)]
struct Message<'a> {
    message_id: Option<Cow<'a, str>>,
    receipt_handle: Option<Cow<'a, str>>,
    body: Option<Cow<'a, str>>,
    of_body: Option<Cow<'a, str>>,
    of_attributes: Option<Cow<'a, str>>,
    /// Names, data types and values; a value that cannot be read is none.
    attributes: Vec<(Cow<'a, str>, String, Option<AttributeValue<'a>>)>,
    /// System attributes and unknown members.
    others: Vec<Property>,
}

impl<'a> Message<'a> {
    fn read(node: Node<'a>) -> Self {
        let mut message = Self::default();
        let Node::Object(members) = node else {
            return message;
        };
        for (name, node) in members {
            match (name.as_ref(), node) {
                ("MessageId", Node::Text(text)) => message.message_id = Some(text),
                ("ReceiptHandle", Node::Text(text)) => message.receipt_handle = Some(text),
                ("Body", Node::Text(text)) => message.body = Some(text),
                ("MD5OfBody", Node::Text(text)) => message.of_body = Some(text),
                ("MD5OfMessageAttributes", Node::Text(text)) => message.of_attributes = Some(text),
                ("MessageAttributes", Node::Object(attributes)) => {
                    let attributes = attributes.into_iter().map(|(name, node)| {
                        let data_type = node.owned_text("DataType").unwrap_or_default();
                        (name, data_type, attribute_value(node))
                    });
                    message.attributes = attributes.collect();
                }
                ("Attributes", Node::Object(attributes)) => {
                    for (name, node) in attributes {
                        message.system_attribute(&name, node);
                    }
                }
                (unknown, node) => {
                    let name = kebab_case(unknown);
                    let value = node.into_value();
                    message
                        .others
                        .extend(value.map(|value| Property { name, value }));
                }
            }
        }
        message
    }
}

fn attribute_value(node: Node<'_>) -> Option<AttributeValue<'_>> {
    let Node::Object(members) = node else {
        return None;
    };
    members
        .into_iter()
        .find_map(|(name, node)| match (name.as_ref(), node) {
            ("StringValue", Node::Text(text)) => Some(AttributeValue::Text(text)),
            ("BinaryValue", Node::Text(base64)) => {
                let bytes = STANDARD.decode(base64.as_bytes()).ok()?;
                Some(AttributeValue::Binary(Cow::Owned(bytes)))
            }
            _ => None,
        })
}

impl Message<'_> {
    fn name(&self) -> &str {
        self.message_id.as_deref().unwrap_or("without an id")
    }

    fn verify(&self) -> Result<(), Error> {
        let differs = |part: &str| {
            Err(Error::Corrupted(format!(
                "the MD5 checksum of the {part} of message {} is not that of what was received; it was not deleted, and comes again after its visibility timeout",
                self.name()
            )))
        };
        let body = self.body.as_deref().unwrap_or_default().as_bytes();
        if self
            .of_body
            .as_ref()
            .is_some_and(|sum| *sum != checksum::of_body(body))
        {
            return differs("body");
        }
        let Some(sum) = &self.of_attributes else {
            return Ok(());
        };
        let values = self
            .attributes
            .iter()
            .filter_map(|(name, data_type, value)| {
                Some((name.as_ref(), data_type.as_str(), value.as_ref()?))
            });
        let computed = checksum::of_attributes(values);
        if computed == *sum {
            Ok(())
        } else {
            differs("message attributes")
        }
    }

    fn received(self, queue: &Queue, request_id: Option<&str>) -> Result<Received, Error> {
        let incomplete =
            |what: &str| Error::Corrupted(format!("the answer has a message without a {what}"));
        let receipt_handle = self
            .receipt_handle
            .ok_or_else(|| incomplete("receipt handle"))?;
        let body = self.body.ok_or_else(|| incomplete("body"))?;
        let mut properties = Vec::with_capacity(6 + self.others.len() + 2 * self.attributes.len());
        properties.push(Property::text("queue-url", &*queue.url));
        let named = [
            ("message-id", self.message_id),
            ("receipt-handle", Some(receipt_handle.clone())),
            ("md5-of-body", self.of_body),
            ("md5-of-message-attributes", self.of_attributes),
            ("request-id", request_id.map(Cow::Borrowed)),
        ];
        properties.extend(
            named
                .into_iter()
                .filter_map(|(name, value)| Some(Property::text(name, value?))),
        );
        properties.extend(self.others);
        for (name, data_type, value) in self.attributes {
            let value =
                value.ok_or_else(|| incomplete("readable value of one of its attributes"))?;
            properties.push(Property {
                name: format!("{ATTRIBUTE}{name}"),
                value: received(&data_type, value),
            });
            properties.push(Property::text(format!("{ATTRIBUTE_TYPE}{name}"), data_type));
        }
        Ok(Received {
            receipt_handle: receipt_handle.into_owned(),
            document: Document {
                payload: body.into_owned().into_bytes(),
                content_type: None,
                properties,
            },
        })
    }

    fn system_attribute(&mut self, name: &str, node: Node<'_>) {
        let known = SYSTEM_ATTRIBUTES.iter().find(|known| known.name == name);
        let value = match (known, node) {
            (Some(known), Node::Text(text)) if known.integer => text
                .parse()
                .map_or_else(|_| Value::Text(text.into_owned()), Value::Integer),
            (_, node) => match node.into_value() {
                Some(value) => value,
                None => return,
            },
        };
        self.others.push(Property {
            name: known.map_or_else(|| kebab_case(name), |known| known.property.to_owned()),
            value,
        });
    }
}
