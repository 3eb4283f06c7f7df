//! Writing JSON straight into a request's body.
//!
//! Bodies are large and their shape is fixed, so they are written once, in place, without a tree
//! in between.

use bytewise::write_json_string;

use super::Node;
use crate::contract::Value;

/// An object that is being written.
pub struct Object<'a> {
    out: &'a mut Vec<u8>,
    empty: bool,
}

/// Writes an object.
pub fn object(out: &mut Vec<u8>, write: impl FnOnce(&mut Object<'_>)) {
    out.push(b'{');
    write(&mut Object { out, empty: true });
    out.push(b'}');
}

impl Object<'_> {
    /// Writes a value.
    pub(super) fn value(out: &mut Vec<u8>, node: &Node<'_>) {
        match node {
            Node::Null => out.extend_from_slice(b"null"),
            Node::Boolean(flag) => out.extend_from_slice(if *flag { b"true" } else { b"false" }),
            Node::Integer(number) => out.extend_from_slice(number.to_string().as_bytes()),
            Node::Decimal(digits) => out.extend_from_slice(digits.as_bytes()),
            Node::Text(text) => write_json_string(out, text),
            Node::List(nodes) => {
                out.push(b'[');
                for (index, node) in nodes.iter().enumerate() {
                    if index > 0 {
                        out.push(b',');
                    }
                    Self::value(out, node);
                }
                out.push(b']');
            }
            Node::Object(members) => object(out, |object| {
                for (name, node) in members {
                    object.node(name, node);
                }
            }),
        }
    }

    /// A member with the value of a setting. Bytes have no form in JSON and are left out.
    pub fn value_of(&mut self, name: &str, value: &Value) -> &mut Self {
        match value {
            Value::Text(text) => self.text(name, text),
            Value::Integer(number) => self.optional_integer(name, Some(*number)),
            Value::Boolean(flag) => self.node(name, &Node::Boolean(*flag)),
            Value::TextList(texts) => self.texts(name, texts.iter().map(String::as_str)),
            Value::Json(json) => match Node::parse(json.as_bytes()) {
                Some(node) => self.node(name, &node),
                None => self,
            },
            Value::Bytes(_) => self,
        }
    }

    /// A member of any kind.
    pub fn node(&mut self, name: &str, node: &Node<'_>) -> &mut Self {
        self.name(name);
        Self::value(self.out, node);
        self
    }

    fn name(&mut self, name: &str) {
        if !self.empty {
            self.out.push(b',');
        }
        self.empty = false;
        write_json_string(self.out, name);
        self.out.push(b':');
    }

    /// A member that is text.
    pub fn text(&mut self, name: &str, value: &str) -> &mut Self {
        self.name(name);
        write_json_string(self.out, value);
        self
    }

    /// A member that is text, where there is any.
    pub fn optional_text(&mut self, name: &str, value: Option<&str>) -> &mut Self {
        match value {
            Some(value) => self.text(name, value),
            None => self,
        }
    }

    /// A member that is a whole number, where there is one.
    pub fn optional_integer(&mut self, name: &str, value: Option<i64>) -> &mut Self {
        if let Some(value) = value {
            self.name(name);
            self.out.extend_from_slice(value.to_string().as_bytes());
        }
        self
    }

    /// A member that is an object.
    pub fn object(&mut self, name: &str, write: impl FnOnce(&mut Object<'_>)) -> &mut Self {
        self.name(name);
        object(self.out, write);
        self
    }

    /// A member that is a list of objects, one for each item.
    pub fn objects<T>(
        &mut self,
        name: &str,
        items: impl IntoIterator<Item = T>,
        mut write: impl FnMut(&mut Object<'_>, T),
    ) -> &mut Self {
        self.name(name);
        self.out.push(b'[');
        for (index, item) in items.into_iter().enumerate() {
            if index > 0 {
                self.out.push(b',');
            }
            object(self.out, |object| write(object, item));
        }
        self.out.push(b']');
        self
    }

    /// A member that is a list of texts.
    pub fn texts<'t>(&mut self, name: &str, items: impl IntoIterator<Item = &'t str>) -> &mut Self {
        self.name(name);
        self.out.push(b'[');
        for (index, item) in items.into_iter().enumerate() {
            if index > 0 {
                self.out.push(b',');
            }
            write_json_string(self.out, item);
        }
        self.out.push(b']');
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_what_a_json_parser_reads() {
        let mut out = Vec::new();
        object(&mut out, |object| {
            object
                .text("QueueUrl", "https://x/\"q\"\n\u{1F600}")
                .optional_text("Absent", None)
                .optional_integer("DelaySeconds", Some(-3))
                .texts("Names", ["a", "b"])
                .objects("Entries", [1, 2], |entry, id| {
                    entry.text("Id", &id.to_string());
                })
                .object("Empty", |_| {});
        });
        let value: serde_json::Value = serde_json::from_slice(&out).unwrap();
        assert_eq!(
            value,
            serde_json::json!({
                "QueueUrl": "https://x/\"q\"\n\u{1F600}",
                "DelaySeconds": -3,
                "Names": ["a", "b"],
                "Entries": [{"Id": "1"}, {"Id": "2"}],
                "Empty": {}
            })
        );
    }
}
