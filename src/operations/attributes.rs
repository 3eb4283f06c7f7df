//! Message attributes: properties named `attribute.NAME`, with data types in `attribute-type.NAME`.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{Problems, text};
use crate::catalogue::limits::{ATTRIBUTE_NAME, MESSAGE_ATTRIBUTES};
use crate::catalogue::messages::{ATTRIBUTE, ATTRIBUTE_TYPE};
use crate::client::checksum::{self, AttributeValue};
use crate::client::json::Object;
use crate::contract::{Property, Value};

/// A message attribute on its way out.
#[derive(Debug)]
pub(super) struct Attribute {
    name: String,
    data_type: Cow<'static, str>,
    value: AttributeValue<'static>,
}

/// The message attributes of one document.
#[derive(Debug, Default)]
pub(super) struct Attributes(Vec<Attribute>);

/// What a document says of its attributes, before values and data types are brought together.
#[derive(Default)]
pub(super) struct Given {
    values: Vec<(String, Value)>,
    types: Vec<(String, String)>,
}

impl Given {
    /// Takes the property if it concerns a message attribute, and gives it back if not.
    pub(super) fn take(&mut self, property: Property) -> Option<Property> {
        if let Some(name) = property.name.strip_prefix(ATTRIBUTE_TYPE) {
            if let Value::Text(data_type) = property.value {
                self.types.push((name.to_owned(), data_type));
                return None;
            }
        } else if let Some(name) = property.name.strip_prefix(ATTRIBUTE) {
            self.values.push((name.to_owned(), property.value));
            return None;
        }
        Some(property)
    }

    /// The attributes, checked.
    pub(super) fn check(mut self, problems: &mut Problems) -> Attributes {
        let mut attributes = Vec::with_capacity(self.values.len());
        if self.values.len() > MESSAGE_ATTRIBUTES {
            problems.add(
                "attribute.*",
                format!(
                    "a message can have {MESSAGE_ATTRIBUTES} attributes at most, not {}",
                    self.values.len()
                ),
            );
        }
        for (name, value) in std::mem::take(&mut self.values) {
            let property = format!("{ATTRIBUTE}{name}");
            if let Some(message) = name_problem(&name) {
                problems.add(&property, message);
            }
            let data_type = self
                .types
                .iter()
                .position(|(typed, _)| *typed == name)
                .map(|index| self.types.swap_remove(index).1);
            match typed(value, data_type) {
                Ok((data_type, value)) => {
                    if let Some(message) = value_problem(&value) {
                        problems.add(&property, message);
                    }
                    attributes.push(Attribute {
                        name,
                        data_type,
                        value,
                    });
                }
                Err(message) => problems.add(&property, message),
            }
        }
        for (name, _) in self.types {
            problems.add(
                format!("{ATTRIBUTE_TYPE}{name}"),
                format!("there is no `{ATTRIBUTE}{name}` beside it"),
            );
        }
        Attributes(attributes)
    }
}

impl Attributes {
    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Bytes that count for the size of the message: names, data types and values.
    pub(super) fn bytes(&self) -> usize {
        self.0
            .iter()
            .map(|a| a.name.len() + a.data_type.len() + a.value.bytes().len())
            .sum()
    }

    /// The checksum that the service should come to.
    pub(super) fn checksum(&self) -> String {
        checksum::of_attributes(
            self.0
                .iter()
                .map(|a| (a.name.as_str(), a.data_type.as_ref(), &a.value)),
        )
    }

    /// Writes the member `MessageAttributes`.
    pub(super) fn write(&self, object: &mut Object<'_>) {
        if self.is_empty() {
            return;
        }
        object.object("MessageAttributes", |map| {
            for attribute in &self.0 {
                map.object(&attribute.name, |object| {
                    object.text("DataType", &attribute.data_type);
                    match &attribute.value {
                        AttributeValue::Text(text) => object.text("StringValue", text),
                        AttributeValue::Binary(bytes) => object.text("BinaryValue", &base64(bytes)),
                    };
                });
            }
        });
    }
}

/// The bytes as base64, without a panic in case it is no text: its words would be kilobytes.
fn base64(bytes: &[u8]) -> String {
    let length = base64::encoded_len(bytes.len(), true).unwrap_or(0);
    let mut text = vec![0; length];
    // There is room for all of it.
    let _ = STANDARD.encode_slice(bytes, &mut text);
    String::from_utf8(text).unwrap_or_default()
}

/// The rules of the Developer Guide, "Amazon SQS message metadata".
fn name_problem(name: &str) -> Option<&'static str> {
    let letters = name
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'));
    let dots = name.starts_with('.')
        || name.ends_with('.')
        || name.as_bytes().windows(2).any(|two| two == b"..");
    let lower = name.to_ascii_lowercase();
    if name.is_empty() || name.len() > ATTRIBUTE_NAME || !letters || dots {
        Some(
            "must have a name of 1 to 256 letters, digits, hyphens, underscores and periods, with no period at either end and no two together",
        )
    } else if lower.starts_with("aws.") || lower.starts_with("amazon.") {
        Some("must have a name that does not begin with AWS. or Amazon.")
    } else {
        None
    }
}

fn value_problem(value: &AttributeValue<'_>) -> Option<String> {
    match value {
        value if value.bytes().is_empty() => Some("must not be empty".to_owned()),
        AttributeValue::Text(text) => text::problem(text),
        AttributeValue::Binary(_) => None,
    }
}

type Typed = (Cow<'static, str>, AttributeValue<'static>);

/// The value with its data type: the one given, or the one that its kind says.
fn typed(value: Value, data_type: Option<String>) -> Result<Typed, String> {
    let (natural, value) = match value {
        Value::Text(text) => ("String", AttributeValue::Text(text.into())),
        Value::Integer(number) => ("Number", AttributeValue::Text(number.to_string().into())),
        Value::Bytes(bytes) => ("Binary", AttributeValue::Binary(bytes.into())),
        _ => return Err("must be text, a whole number or bytes".to_owned()),
    };
    let Some(data_type) = data_type.filter(|given| !given.is_empty()) else {
        return Ok((natural.into(), value));
    };
    let (base, label) = data_type.split_once('.').unwrap_or((&data_type, "x"));
    let labelled = label
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'));
    if label.is_empty() || !labelled || data_type.len() > ATTRIBUTE_NAME {
        return Err(
            "must have a data type of String, Number or Binary, or one of these with a label of letters and digits, such as Number.int".to_owned(),
        );
    }
    match (base, &value) {
        ("String" | "Number", AttributeValue::Text(_)) | ("Binary", AttributeValue::Binary(_)) => {
            Ok((data_type.into(), value))
        }
        ("Binary", AttributeValue::Text(_)) => {
            Err("must be bytes, as its data type is Binary".to_owned())
        }
        ("String" | "Number", AttributeValue::Binary(_)) => {
            Err("must be text or a whole number, as its data type says".to_owned())
        }
        _ => Err("must have a data type that begins with String, Number or Binary".to_owned()),
    }
}

/// A received attribute as the value of a property. A number stays a number only where its text
/// is what the number would be written as: `007` and `1.50` keep their own words.
pub(crate) fn received(data_type: &str, value: AttributeValue<'_>) -> Value {
    match value {
        AttributeValue::Binary(bytes) => Value::Bytes(bytes.into_owned()),
        AttributeValue::Text(text) => {
            let number = text
                .parse::<i64>()
                .ok()
                .filter(|number| data_type.starts_with("Number") && number.to_string() == *text);
            match number {
                Some(number) => Value::Integer(number),
                None => Value::Text(text.into_owned()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(properties: Vec<(&str, Value)>) -> Result<Attributes, Vec<String>> {
        let mut given = Given::default();
        for (name, value) in properties {
            let name = name.to_owned();
            assert!(given.take(Property { name, value }).is_none());
        }
        let mut problems = Problems::default();
        let attributes = given.check(&mut problems);
        if problems.0.is_empty() {
            Ok(attributes)
        } else {
            Err(problems.0.into_iter().map(|p| p.field).collect())
        }
    }

    fn text(text: &str) -> Value {
        Value::Text(text.into())
    }

    #[test]
    fn the_kind_of_a_value_gives_its_data_type_unless_one_is_given() {
        let attributes = check(vec![
            ("attribute.a", text("x")),
            ("attribute.b", Value::Integer(-7)),
            ("attribute.c", Value::Bytes(vec![0, 255])),
            ("attribute.d", text("1.50")),
            ("attribute-type.d", text("Number.decimal")),
        ])
        .unwrap();
        let types: Vec<&str> = attributes.0.iter().map(|a| a.data_type.as_ref()).collect();
        assert_eq!(types, ["String", "Number", "Binary", "Number.decimal"]);
        assert_eq!(
            attributes.bytes(),
            (1 + 6 + 1) + (1 + 6 + 2) + (1 + 6 + 2) + (1 + 14 + 4)
        );
    }

    #[test]
    fn names_types_values_and_their_count_are_checked_all_at_once() {
        let mut properties = vec![
            ("attribute.AWS.x", text("x")),
            ("attribute..x", text("x")),
            ("attribute.empty", text("")),
            ("attribute.control", text("\u{1}")),
            ("attribute.list", Value::TextList(vec![])),
            ("attribute.odd", text("x")),
            ("attribute-type.odd", text("Float")),
            ("attribute.bytes", Value::Bytes(vec![1])),
            ("attribute-type.bytes", text("String")),
            ("attribute-type.absent", text("String")),
        ];
        for name in ["attribute.1", "attribute.2", "attribute.3", "attribute.4"] {
            properties.push((name, text("x")));
        }
        assert_eq!(
            check(properties).unwrap_err(),
            [
                "attribute.*",
                "attribute.AWS.x",
                "attribute..x",
                "attribute.empty",
                "attribute.control",
                "attribute.list",
                "attribute.odd",
                "attribute.bytes",
                "attribute-type.absent",
            ]
        );
    }

    #[test]
    fn a_received_number_is_an_integer_only_where_nothing_is_lost() {
        let value =
            |data_type, text: &'static str| received(data_type, AttributeValue::Text(text.into()));
        assert!(matches!(value("Number", "42"), Value::Integer(42)));
        assert!(matches!(value("Number.int", "-1"), Value::Integer(-1)));
        for text in ["007", "+1", "1.50", "1e3", "99999999999999999999"] {
            assert!(matches!(value("Number", text), Value::Text(kept) if kept == text));
        }
        assert!(matches!(value("String", "42"), Value::Text(_)));
    }
}
