//! Reading JSON into a tree that borrows what it can.
//!
//! Answers have many shapes, and new members at any time. One tree for all of them is smaller in
//! the component than a parser for each, keeps what nobody here knows, and copies a text only
//! where it has escapes.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use super::Object;
use crate::contract::Value;

/// A JSON value.
#[derive(Clone, Debug, PartialEq)]
pub enum Node<'a> {
    /// `null`
    Null,
    /// `true` or `false`
    Boolean(bool),
    /// A whole number of 64 bits.
    Integer(i64),
    /// Any other number.
    Decimal(f64),
    /// Text.
    Text(Cow<'a, str>),
    /// A list.
    List(Vec<Node<'a>>),
    /// An object, its members in their order.
    Object(Vec<(Cow<'a, str>, Node<'a>)>),
}

impl<'a> Node<'a> {
    /// Parses a text; none where it is not JSON. Deep nesting is refused, not followed.
    pub fn parse(json: &'a [u8]) -> Option<Self> {
        serde_json::from_slice(json).ok()
    }

    /// A member of an object.
    pub fn get(&self, name: &str) -> Option<&Node<'a>> {
        match self {
            Self::Object(members) => members
                .iter()
                .find(|(known, _)| known == name)
                .map(|(_, node)| node),
            _ => None,
        }
    }

    /// The text of a member.
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.get(name) {
            Some(Node::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// The same, as a text of its own.
    pub fn owned_text(&self, name: &str) -> Option<String> {
        self.text(name).map(str::to_owned)
    }

    /// The elements of a member that is a list; none of them where there is no such list.
    pub fn list(&self, name: &str) -> &[Node<'a>] {
        match self.get(name) {
            Some(Node::List(nodes)) => nodes,
            _ => &[],
        }
    }

    /// Its elements, where it is a list of texts.
    pub fn texts(&self) -> Option<Vec<String>> {
        let Node::List(nodes) = self else {
            return None;
        };
        nodes
            .iter()
            .map(|node| match node {
                Node::Text(text) => Some(text.to_string()),
                _ => None,
            })
            .collect()
    }

    /// The value of a property; none for `null`.
    pub fn into_value(self) -> Option<Value> {
        Some(match self {
            Node::Null => return None,
            Node::Boolean(flag) => Value::Boolean(flag),
            Node::Integer(number) => Value::Integer(number),
            Node::Text(text) => Value::Text(text.into_owned()),
            other => match other.texts() {
                Some(texts) => Value::TextList(texts),
                None => Value::Json(other.to_json()),
            },
        })
    }

    /// It as a JSON text.
    pub fn to_json(&self) -> String {
        let mut out = Vec::new();
        Object::value(&mut out, self);
        // It was written from texts.
        String::from_utf8(out).unwrap_or_default()
    }
}

impl<'de> Deserialize<'de> for Node<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Node<'de>, E> {
        Ok(Node::Null)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Node<'de>, E> {
        Ok(Node::Boolean(flag))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Node<'de>, E> {
        Ok(Node::Integer(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Node<'de>, E> {
        Ok(i64::try_from(number).map_or(Node::Decimal(number as f64), Node::Integer))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Node<'de>, E> {
        Ok(Node::Decimal(number))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Node<'de>, E> {
        Ok(Node::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Node<'de>, E> {
        Ok(Node::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Node<'de>, A::Error> {
        let mut nodes = Vec::new();
        while let Some(node) = list.next_element()? {
            nodes.push(node);
        }
        Ok(Node::List(nodes))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node<'de>, A::Error> {
        let mut members = Vec::new();
        // A name is read as any text is, so that it too is borrowed.
        while let Some(name) = map.next_key::<Node<'de>>()? {
            if let Node::Text(name) = name {
                members.push((name, map.next_value()?));
            }
        }
        Ok(Node::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_without_escapes_are_borrowed_and_members_keep_their_order() {
        let json = br#"{"b":"plain","a":"esc\n","n":-3,"d":1.5,"l":["x"],"z":null}"#;
        let node = Node::parse(json).unwrap();
        assert!(matches!(
            node.get("b"),
            Some(Node::Text(Cow::Borrowed("plain")))
        ));
        assert_eq!(node.text("a"), Some("esc\n"));
        assert_eq!(node.to_json().as_bytes(), json);
    }

    #[test]
    fn values_keep_their_kind() {
        let value = |json: &'static str| Node::parse(json.as_bytes()).unwrap().into_value();
        assert!(value("null").is_none());
        assert!(matches!(value("7"), Some(Value::Integer(7))));
        assert!(
            matches!(value(r#"["a","b"]"#), Some(Value::TextList(texts)) if texts == ["a", "b"])
        );
        assert!(matches!(value(r#"{"a":[1]}"#), Some(Value::Json(json)) if json == r#"{"a":[1]}"#));
        assert!(matches!(
            value("18446744073709551615"),
            Some(Value::Json(_))
        ));
    }

    #[test]
    fn what_is_no_json_and_what_is_nested_too_deep_is_refused() {
        assert_eq!(Node::parse(b"<html>"), None);
        assert_eq!(Node::parse(b"{\"a\":\"\xff\"}"), None);
        assert_eq!(Node::parse("[".repeat(100_000).as_bytes()), None);
    }
}
