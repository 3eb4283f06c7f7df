//! Documents from JSON lines, and JSON from documents.
//!
//! | JSON | value of a property |
//! |---|---|
//! | string | text |
//! | whole number | integer |
//! | other number | text, as it was written |
//! | true, false | boolean |
//! | array of strings | text list |
//! | `{"base64": "…"}` | bytes |
//! | other array or object | JSON, as it was written |
//!
//! Objects are read with the order and the repetitions of their names, which the plugin is to see.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use connector_host::contract::{Document, Problem, Property, Value};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::value::RawValue;

/// The members of a JSON object, in their order.
pub(crate) struct Entries(pub(crate) Vec<(String, Box<RawValue>)>);

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Entries;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Entries(entries))
            }
        }
        deserializer.deserialize_map(Members)
    }
}

/// Reads one line. The problems of a malformed one say what is wrong, not what stands there.
pub(crate) fn parse(line: &[u8]) -> Result<Document, Vec<Problem>> {
    let problem = |field: &str, message: String| Problem {
        field: field.to_owned(),
        message,
    };
    let Entries(entries) = serde_json::from_slice(line).map_err(|error| {
        let message = format!("the line is not a JSON object (column {})", error.column());
        vec![problem("payload", message)]
    })?;
    let mut document = empty();
    let mut problems = Vec::new();
    let mut has_payload = false;
    for (name, raw) in entries {
        let wrong = match name.as_str() {
            "payload" | "payload-base64" if has_payload => Some("there is more than one payload"),
            "payload" => {
                has_payload = true;
                match serde_json::from_str::<String>(raw.get()) {
                    Ok(text) => {
                        document.payload = text.into_bytes();
                        None
                    }
                    Err(_) => {
                        Some("it has to be a string; a structure goes in as JSON in a string")
                    }
                }
            }
            "payload-base64" => {
                has_payload = true;
                match serde_json::from_str::<String>(raw.get())
                    .ok()
                    .and_then(|text| STANDARD.decode(text).ok())
                {
                    Some(bytes) => {
                        document.payload = bytes;
                        None
                    }
                    None => Some("it has to be a string of Base64"),
                }
            }
            "content-type" => match serde_json::from_str(raw.get()) {
                Ok(kind) => {
                    document.content_type = kind;
                    None
                }
                Err(_) => Some("it has to be a string"),
            },
            "properties" => match serde_json::from_str(raw.get()) {
                Ok(Entries(entries)) => {
                    document.properties = entries
                        .into_iter()
                        .map(|(name, raw)| Property {
                            name,
                            value: value(&raw),
                        })
                        .collect();
                    None
                }
                Err(_) => Some("it has to be an object"),
            },
            _ => Some("a document has payload or payload-base64, content-type and properties only"),
        };
        if let Some(wrong) = wrong {
            problems.push(problem(&name, wrong.to_owned()));
        }
    }
    if problems.is_empty() {
        Ok(document)
    } else {
        Err(problems)
    }
}

/// The document that an operation gets where there is no input.
pub(crate) fn empty() -> Document {
    Document {
        payload: Vec::new(),
        content_type: None,
        properties: Vec::new(),
    }
}

/// The value that a piece of JSON stands for.
pub(crate) fn value(raw: &RawValue) -> Value {
    let text = raw.get();
    let json = || Value::Json(text.to_owned());
    match text.as_bytes().first() {
        Some(b'"') => serde_json::from_str(text).map_or_else(|_| json(), Value::Text),
        Some(b't' | b'f') => Value::Boolean(text == "true"),
        Some(b'[') => serde_json::from_str(text).map_or_else(|_| json(), Value::TextList),
        Some(b'{') => bytes(text).map_or_else(json, Value::Bytes),
        Some(b'-' | b'0'..=b'9') => text
            .parse()
            .map_or_else(|_| Value::Text(text.to_owned()), Value::Integer),
        _ => json(),
    }
}

fn bytes(text: &str) -> Option<Vec<u8>> {
    let Entries(entries) = serde_json::from_str(text).ok()?;
    match entries.as_slice() {
        [(name, raw)] if name == "base64" => STANDARD
            .decode(serde_json::from_str::<String>(raw.get()).ok()?)
            .ok(),
        _ => None,
    }
}

/// A document as JSON.
pub(crate) struct Json<'a>(pub(crate) &'a Document);

impl Serialize for Json<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        match std::str::from_utf8(&self.0.payload) {
            Ok(text) => map.serialize_entry("payload", text)?,
            Err(_) => map.serialize_entry("payload-base64", &STANDARD.encode(&self.0.payload))?,
        }
        if let Some(kind) = &self.0.content_type {
            map.serialize_entry("content-type", kind)?;
        }
        if !self.0.properties.is_empty() {
            map.serialize_entry("properties", &Properties(&self.0.properties))?;
        }
        map.end()
    }
}

/// Properties as a JSON object.
pub(crate) struct Properties<'a>(pub(crate) &'a [Property]);

impl Serialize for Properties<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(
            self.0
                .iter()
                .map(|property| (&property.name, JsonValue(&property.value))),
        )
    }
}

/// A value as JSON.
pub(crate) struct JsonValue<'a>(pub(crate) &'a Value);

impl Serialize for JsonValue<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Text(text) => serializer.serialize_str(text),
            Value::Integer(number) => serializer.serialize_i64(*number),
            Value::Boolean(truth) => serializer.serialize_bool(*truth),
            Value::TextList(list) => list.serialize(serializer),
            Value::Bytes(bytes) => serializer.collect_map([("base64", STANDARD.encode(bytes))]),
            // A plugin's word for it is not enough: the line has to stay JSON.
            Value::Json(text) => match serde_json::from_str::<&RawValue>(text) {
                Ok(raw) if !text.contains(['\n', '\r']) => raw.serialize(serializer),
                Ok(_) => match serde_json::from_str::<serde_json::Value>(text) {
                    Ok(value) => value.serialize(serializer),
                    Err(_) => serializer.serialize_str(text),
                },
                Err(_) => serializer.serialize_str(text),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round(line: &str) -> String {
        let Ok(document) = parse(line.as_bytes()) else {
            panic!("{line} is a document")
        };
        serde_json::to_string(&Json(&document)).expect("JSON")
    }

    #[test]
    fn a_document_with_every_kind_of_property_comes_back_as_it_was() {
        for line in [
            r#"{"payload":"täxt","content-type":"text/plain"}"#,
            r#"{"payload-base64":"//4A"}"#,
            r#"{"payload":"","properties":{"b":1,"a":"x","t":true,"l":["p","q"],"y":{"base64":"AAE="},"j":{"k":[1.50]}}}"#,
        ] {
            assert_eq!(round(line), line);
        }
    }

    #[test]
    fn numbers_that_are_not_whole_keep_their_digits_as_text() {
        let line = r#"{"payload":"","properties":{"a":1.10,"b":12345678901234567890}}"#;
        assert_eq!(
            round(line),
            r#"{"payload":"","properties":{"a":"1.10","b":"12345678901234567890"}}"#
        );
    }

    #[test]
    fn a_repeated_property_reaches_the_plugin_twice() {
        let Ok(document) = parse(br#"{"payload":"","properties":{"a":1,"a":2}}"#) else {
            panic!("a document")
        };
        assert_eq!(document.properties.len(), 2);
    }

    #[test]
    fn every_problem_of_a_line_is_named_with_its_field() {
        let line = br#"{"payload": {}, "content-type": 1, "properties": [], "what": 0}"#;
        let Err(problems) = parse(line) else {
            panic!("malformed")
        };
        let fields: Vec<_> = problems
            .iter()
            .map(|problem| problem.field.as_str())
            .collect();
        assert_eq!(fields, ["payload", "content-type", "properties", "what"]);
        for line in [
            "",
            "[]",
            "{",
            "7",
            r#"{"payload":"a","payload-base64":"YQ=="}"#,
            r#"{"payload-base64":"?"}"#,
        ] {
            assert!(parse(line.as_bytes()).is_err(), "{line}");
        }
    }

    #[test]
    fn json_of_a_plugin_that_is_none_becomes_a_string_and_never_breaks_the_line() {
        let json = |text: &str| {
            serde_json::to_string(&JsonValue(&Value::Json(text.to_owned()))).expect("JSON")
        };
        assert_eq!(json("{not json"), "\"{not json\"");
        assert_eq!(json("{\"a\":\n1}"), "{\"a\":1}");
    }
}
