//! Documents and their properties.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use connector_host::contract::{Document, Property, Value};
use serde_json::json;

/// A document with a text and no properties.
#[must_use]
pub fn text(payload: impl Into<String>) -> Document {
    Document {
        payload: payload.into().into_bytes(),
        content_type: None,
        properties: Vec::new(),
    }
}

/// A document with nothing in it.
#[must_use]
pub fn empty() -> Document {
    text("")
}

/// Adding properties, for chaining.
pub trait With: Sized {
    /// With a property of any kind.
    #[must_use]
    fn with_value(self, name: &str, value: Value) -> Self;

    /// With a text property.
    #[must_use]
    fn with(self, name: &str, text: &str) -> Self {
        self.with_value(name, Value::Text(text.to_owned()))
    }
}

impl With for Document {
    fn with_value(mut self, name: &str, value: Value) -> Self {
        self.properties.push(Property {
            name: name.to_owned(),
            value,
        });
        self
    }
}

/// Reading documents.
pub trait Read {
    /// The payload, which has to be UTF-8.
    ///
    /// # Panics
    /// Where it is not.
    fn body(&self) -> &str;

    /// A property in its JSON form; null where there is none.
    ///
    /// # Panics
    /// Where there is more than one of that name.
    fn property(&self, name: &str) -> serde_json::Value;

    /// A property that has to be there as text.
    ///
    /// # Panics
    /// Where it is not.
    fn words(&self, name: &str) -> String;

    /// Names and values of all properties with a beginning, in the order of their names.
    fn properties(&self, prefix: &str) -> Vec<(String, serde_json::Value)>;
}

impl Read for Document {
    fn body(&self) -> &str {
        std::str::from_utf8(&self.payload).expect("a payload of UTF-8")
    }

    fn property(&self, name: &str) -> serde_json::Value {
        let mut found = self
            .properties
            .iter()
            .filter(|property| property.name == name);
        let value = found
            .next()
            .map_or(serde_json::Value::Null, |property| plain(&property.value));
        assert!(found.next().is_none(), "the property {name} is there twice");
        value
    }

    fn words(&self, name: &str) -> String {
        let value = self.property(name);
        value
            .as_str()
            .unwrap_or_else(|| panic!("the property {name} is {value}, not text"))
            .to_owned()
    }

    fn properties(&self, prefix: &str) -> Vec<(String, serde_json::Value)> {
        let mut found: Vec<_> = self
            .properties
            .iter()
            .filter(|property| property.name.starts_with(prefix))
            .map(|property| (property.name.clone(), plain(&property.value)))
            .collect();
        found.sort_by(|left, right| left.0.cmp(&right.0));
        found
    }
}

/// A value in its JSON form, as `profile` in the contract has it.
#[must_use]
pub fn plain(value: &Value) -> serde_json::Value {
    match value {
        Value::Text(text) => json!(text),
        Value::Integer(number) => json!(number),
        Value::Boolean(truth) => json!(truth),
        Value::TextList(texts) => json!(texts),
        Value::Bytes(bytes) => base64(bytes),
        Value::Json(text) => serde_json::from_str(text).expect("JSON"),
    }
}

/// Bytes in their JSON form.
#[must_use]
pub fn base64(bytes: &[u8]) -> serde_json::Value {
    json!({ "base64": STANDARD.encode(bytes) })
}
