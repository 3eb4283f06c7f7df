//! A received message, from the service's JSON to a document.
//!
//! Answers can hold ten megabytes, so a message is built while it is read, member by member,
//! without a tree in between. Members that the model does not know are kept as properties: a new
//! one of the service's needs no new plugin.

use std::borrow::Cow;
use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::catalogue::operations::{ATTRIBUTE, ATTRIBUTE_TYPE};
use crate::catalogue::system_attributes::{SYSTEM_ATTRIBUTES, kebab_case};
use crate::client::Answer;
use crate::client::checksum::{self, AttributeValue};
use crate::contract::{Document, Error, Property, Value};
use crate::operations::attributes::received;
use crate::operations::queues::Queue;

/// A received message.
#[derive(Debug)]
pub(super) struct Received {
    receipt_handle: String,
    document: Document,
}

impl Received {
    pub(super) fn receipt_handle(&self) -> &str {
        &self.receipt_handle
    }

    pub(super) fn bytes(&self) -> usize {
        self.document.payload.len()
    }

    pub(super) fn add(&mut self, name: &str, value: Value) {
        let name = name.to_owned();
        self.document.properties.push(Property { name, value });
    }

    pub(super) fn into_document(self) -> Document {
        self.document
    }
}

/// The messages of an answer.
///
/// # Errors
/// `corrupted` where the answer is none of `ReceiveMessage`, a message has no body or receipt
/// handle, or a checksum differs. It names the message by its id.
pub(super) fn messages(
    answer: &Answer,
    queue: &Queue,
    verify: bool,
) -> Result<Vec<Received>, Error> {
    #[derive(Deserialize)]
    struct Output {
        // Left out where there are none.
        #[serde(rename = "Messages")]
        messages: Option<Vec<Message>>,
    }
    let output: Output = answer.read()?;
    output
        .messages
        .unwrap_or_default()
        .into_iter()
        .map(|message| {
            if verify {
                message.verify()?;
            }
            message.received(queue, answer.request_id.as_deref())
        })
        .collect()
}

/// A message as the answer has it.
#[derive(Default)]
struct Message {
    message_id: Option<String>,
    receipt_handle: Option<String>,
    body: Option<String>,
    of_body: Option<String>,
    of_attributes: Option<String>,
    attributes: Vec<(String, Attribute)>,
    /// System attributes and unknown members.
    others: Vec<Property>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Attribute {
    data_type: String,
    string_value: Option<String>,
    binary_value: Option<String>,
}

impl Attribute {
    fn value(&self) -> Option<AttributeValue<'_>> {
        match (&self.string_value, &self.binary_value) {
            (Some(text), _) => Some(AttributeValue::Text(Cow::Borrowed(text))),
            (None, Some(base64)) => STANDARD
                .decode(base64)
                .ok()
                .map(|bytes| AttributeValue::Binary(Cow::Owned(bytes))),
            (None, None) => None,
        }
    }
}

impl Message {
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
        let values: Vec<_> = self
            .attributes
            .iter()
            .filter_map(|(name, attribute)| Some((name, &attribute.data_type, attribute.value()?)))
            .collect();
        let computed = checksum::of_attributes(
            values
                .iter()
                .map(|(name, data_type, value)| (name.as_str(), data_type.as_str(), value)),
        );
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
            ("request-id", request_id.map(str::to_owned)),
        ];
        properties.extend(
            named
                .into_iter()
                .filter_map(|(name, value)| Some(Property::text(name, value?))),
        );
        properties.extend(self.others);
        for (name, attribute) in self.attributes {
            let value = attribute
                .value()
                .ok_or_else(|| incomplete("readable value of one of its attributes"))?;
            properties.push(Property {
                name: format!("{ATTRIBUTE}{name}"),
                value: received(&attribute.data_type, value),
            });
            properties.push(Property::text(
                format!("{ATTRIBUTE_TYPE}{name}"),
                attribute.data_type,
            ));
        }
        Ok(Received {
            receipt_handle,
            document: Document {
                payload: body.into_bytes(),
                content_type: None,
                properties,
            },
        })
    }

    fn system_attribute(&mut self, name: &str, text: String) {
        let known = SYSTEM_ATTRIBUTES.iter().find(|known| known.name == name);
        let number = match known {
            Some(known) if known.integer => text.parse().ok(),
            _ => None,
        };
        self.others.push(Property {
            name: known.map_or_else(|| kebab_case(name), |known| known.property.to_owned()),
            value: number.map_or(Value::Text(text), Value::Integer),
        });
    }
}

impl<'de> Deserialize<'de> for Message {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MessageVisitor)
    }
}

struct MessageVisitor;

impl<'de> Visitor<'de> for MessageVisitor {
    type Value = Message;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a message")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Message, A::Error> {
        let mut message = Message::default();
        while let Some(member) = map.next_key::<Cow<'_, str>>()? {
            match member.as_ref() {
                "MessageId" => message.message_id = map.next_value()?,
                "ReceiptHandle" => message.receipt_handle = map.next_value()?,
                "Body" => message.body = map.next_value()?,
                "MD5OfBody" => message.of_body = map.next_value()?,
                "MD5OfMessageAttributes" => message.of_attributes = map.next_value()?,
                "MessageAttributes" => {
                    message.attributes =
                        map.next_value::<Option<Pairs<_>>>()?.unwrap_or_default().0;
                }
                "Attributes" => {
                    let pairs = map
                        .next_value::<Option<Pairs<String>>>()?
                        .unwrap_or_default();
                    for (name, text) in pairs.0 {
                        message.system_attribute(&name, text);
                    }
                }
                unknown => {
                    let name = kebab_case(unknown);
                    let raw: Box<RawValue> = map.next_value()?;
                    let value = unknown_value(raw.get());
                    message.others.push(Property { name, value });
                }
            }
        }
        Ok(message)
    }
}

/// A value of which nothing is known but that it is JSON.
fn unknown_value(json: &str) -> Value {
    match json {
        "true" => Value::Boolean(true),
        "false" => Value::Boolean(false),
        _ => match (serde_json::from_str(json), json.parse()) {
            (Ok(text), _) => Value::Text(text),
            (_, Ok(number)) => Value::Integer(number),
            _ => Value::Json(json.to_owned()),
        },
    }
}

/// An object's members in their order.
struct Pairs<V>(Vec<(String, V)>);

impl<V> Default for Pairs<V> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, V: Deserialize<'de>> Deserialize<'de> for Pairs<V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PairsVisitor<V>(std::marker::PhantomData<V>);

        impl<'de, V: Deserialize<'de>> Visitor<'de> for PairsVisitor<V> {
            type Value = Pairs<V>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs<V>, A::Error> {
                let mut pairs = Vec::with_capacity(map.size_hint().unwrap_or(0));
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }

        deserializer.deserialize_map(PairsVisitor(std::marker::PhantomData))
    }
}
