//! Reading JSON into a tree that borrows what it can.
//!
//! Answers have many shapes, and new members at any time. One tree for all of them is smaller in
//! the component than a parser for each, keeps what nobody here knows, and copies a text only
//! where it has escapes. A number that is not whole stays as it is written: no digit is lost, and
//! no arithmetic is needed to write it again.

use std::borrow::Cow;

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
    /// Any other number, as it is written.
    Decimal(Cow<'a, str>),
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
        let mut reader = Reader(json);
        let node = reader.value(DEPTH)?;
        reader.token().is_none().then_some(node)
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

/// How deep values may be nested; what is nested deeper is refused, as it could exhaust the stack.
const DEPTH: usize = 128;

/// What is still to be read.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// The next byte.
    fn next(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    /// The next byte that is no white space.
    fn token(&mut self) -> Option<u8> {
        self.0 = trimmed(self.0);
        self.next()
    }

    /// The next bytes, so many of them, as text.
    fn text(&mut self, length: usize) -> Option<&'a str> {
        let (text, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        str::from_utf8(text).ok()
    }

    fn value(&mut self, depth: usize) -> Option<Node<'a>> {
        let depth = depth.checked_sub(1)?;
        self.0 = trimmed(self.0);
        if let [b'-' | b'0'..=b'9', ..] = self.0 {
            return self.number();
        }
        match self.next()? {
            b'"' => self.string().map(Node::Text),
            b'[' => self.list(depth),
            b'{' => self.object(depth),
            b'n' => self.word("ull", Node::Null),
            b't' => self.word("rue", Node::Boolean(true)),
            b'f' => self.word("alse", Node::Boolean(false)),
            _ => None,
        }
    }

    fn word(&mut self, rest: &str, node: Node<'a>) -> Option<Node<'a>> {
        (self.text(rest.len())? == rest).then_some(node)
    }

    fn list(&mut self, depth: usize) -> Option<Node<'a>> {
        let mut nodes = Vec::new();
        if let [b']', rest @ ..] = trimmed(self.0) {
            self.0 = rest;
            return Some(Node::List(nodes));
        }
        loop {
            nodes.push(self.value(depth)?);
            match self.token()? {
                b',' => {}
                b']' => return Some(Node::List(nodes)),
                _ => return None,
            }
        }
    }

    fn object(&mut self, depth: usize) -> Option<Node<'a>> {
        let mut members = Vec::new();
        let mut token = self.token()?;
        if token == b'}' {
            return Some(Node::Object(members));
        }
        loop {
            if token != b'"' {
                return None;
            }
            let name = self.string()?;
            if self.token()? != b':' {
                return None;
            }
            members.push((name, self.value(depth)?));
            match self.token()? {
                b',' => token = self.token()?,
                b'}' => return Some(Node::Object(members)),
                _ => return None,
            }
        }
    }

    /// A text, behind its opening quotation mark.
    fn string(&mut self) -> Option<Cow<'a, str>> {
        let text = self.text(bytewise::plain_json(self.0))?;
        let mut next = self.next()?;
        if next == b'"' {
            return Some(Cow::Borrowed(text));
        }
        let mut bytes = text.as_bytes().to_vec();
        loop {
            match next {
                b'"' => return String::from_utf8(bytes).ok().map(Cow::Owned),
                b'\\' => self.escaped(&mut bytes)?,
                // A control character has to be escaped.
                _ => return None,
            }
            let length = bytewise::read_json_text(&mut bytes, self.0);
            self.0 = self.0.get(length..)?;
            next = self.next()?;
        }
    }

    /// Adds what an escape stands for, behind its backslash.
    fn escaped(&mut self, bytes: &mut Vec<u8>) -> Option<()> {
        bytes.push(match self.next()? {
            b'b' => 0x08,
            b'f' => 0x0C,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'u' => {
                let character = self.character()?;
                bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                return Some(());
            }
            itself @ (b'"' | b'\\' | b'/') => itself,
            _ => return None,
        });
        Some(())
    }

    /// The character that is written as one or two units.
    fn character(&mut self) -> Option<char> {
        let unit = self.unit()?;
        // A character beyond U+FFFF is written as two units, each of which is none.
        if !(0xD800..0xDC00).contains(&unit) {
            return char::from_u32(unit);
        }
        if self.text(2)? != "\\u" {
            return None;
        }
        let low = self.unit()?.checked_sub(0xDC00)?;
        let low = Some(low).filter(|low| *low < 0x400)?;
        char::from_u32(0x1_0000 + ((unit - 0xD800) << 10) + low)
    }

    /// Four hexadecimal digits.
    fn unit(&mut self) -> Option<u32> {
        let digits = self.text(4)?.chars();
        digits
            .map(|digit| digit.to_digit(16))
            .try_fold(0, |unit, digit| Some(unit << 4 | digit?))
    }

    fn number(&mut self) -> Option<Node<'a>> {
        let begun = self.0;
        self.skip(|byte| byte == b'-');
        match self.0 {
            [b'0', rest @ ..] => self.0 = rest,
            _ => self.digits()?,
        }
        let whole = begun.len() - self.0.len();
        if let [b'.', rest @ ..] = self.0 {
            self.0 = rest;
            self.digits()?;
        }
        if let [b'e' | b'E', rest @ ..] = self.0 {
            self.0 = rest;
            self.skip(|byte| matches!(byte, b'+' | b'-'));
            self.digits()?;
        }
        let length = begun.len() - self.0.len();
        let text = Reader(begun).text(length)?;
        // A zero with a sign is no whole number: its sign would be lost.
        if length == whole
            && text != "-0"
            && let Ok(number) = text.parse()
        {
            return Some(Node::Integer(number));
        }
        Some(Node::Decimal(Cow::Borrowed(text)))
    }

    /// Passes by one byte, where there is such a one.
    fn skip(&mut self, wanted: impl Fn(u8) -> bool) -> bool {
        match self.0 {
            [first, rest @ ..] if wanted(*first) => {
                self.0 = rest;
                true
            }
            _ => false,
        }
    }

    /// Passes by digits, one at least.
    fn digits(&mut self) -> Option<()> {
        let mut some = false;
        while self.skip(|byte| byte.is_ascii_digit()) {
            some = true;
        }
        some.then_some(())
    }
}

/// Without the white space before it: JSON's four, which are fewer than ASCII's.
fn trimmed(mut bytes: &[u8]) -> &[u8] {
    while let [b' ' | b'\t' | b'\n' | b'\r', rest @ ..] = bytes {
        bytes = rest;
    }
    bytes
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
