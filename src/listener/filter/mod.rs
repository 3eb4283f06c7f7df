//! The filter language: which messages a listener hands over.
//!
//! ```text
//! attribute.kind = 'order' and (body.order.total >= 100 or body.tags contains 'urgent')
//! not exists attribute.test and approximate-receive-count < 5
//! body.items[0].sku in ('a-1', 'a-2') and message-group-id starts-with 'eu-'
//! ```
//!
//! A path is the name of a document property, or `body` with the members and elements of a JSON
//! payload. Of a path that leads nowhere every condition is false, `!=` included; only `not` makes
//! it true. A number compares with a number, and with a text that is one; a text compares with a
//! number as it is written.

mod parse;

use std::cell::OnceCell;

use crate::client::json::Node;
use crate::contract::{Document, Value};

/// A checked filter.
#[derive(Debug)]
pub struct Filter(Test);

/// Something that is true or false of a message.
#[derive(Debug)]
enum Test {
    All(Vec<Test>),
    Any(Vec<Test>),
    Not(Box<Test>),
    Exists(Path),
    Compare(Path, Operator, Literal),
    In(Path, Vec<Literal>),
}

#[derive(Debug)]
enum Path {
    Property(String),
    Body(Vec<Step>),
}

#[derive(Debug)]
enum Step {
    Member(String),
    Element(usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Contains,
    StartsWith,
    EndsWith,
}

#[derive(Clone, Debug, PartialEq)]
enum Literal {
    Text(String),
    Number(f64),
    Boolean(bool),
    Null,
}

/// What a path leads to.
enum Found<'a> {
    Text(&'a str),
    Integer(i64),
    Decimal(&'a str),
    Boolean(bool),
    Null,
    Texts(&'a [String]),
    List(&'a [Node<'a>]),
    /// A structure or bytes: it is there, and compares with nothing.
    Other,
}

impl Filter {
    /// Reads a filter.
    ///
    /// # Errors
    /// What is wrong with it and where, for people.
    pub fn parse(text: &str) -> Result<Self, String> {
        parse::filter(text).map(Self)
    }

    /// Whether a message matches. Its payload is parsed where a condition asks for it, once.
    pub fn matches(&self, document: &Document) -> bool {
        let message = Message {
            document,
            body: OnceCell::new(),
        };
        self.0.holds(&message)
    }

    /// The message attributes that it asks for.
    pub(super) fn properties(&self) -> Vec<&str> {
        let mut names = Vec::new();
        self.0.properties(&mut names);
        names
    }
}

struct Message<'a> {
    document: &'a Document,
    /// None where the payload is not JSON.
    body: OnceCell<Option<Node<'a>>>,
}

impl Message<'_> {
    fn find(&self, path: &Path) -> Option<Found<'_>> {
        match path {
            Path::Property(name) => {
                let mut properties = self.document.properties.iter();
                let property = properties.find(|property| property.name == *name)?;
                Some(match &property.value {
                    Value::Text(text) => Found::Text(text),
                    Value::Integer(number) => Found::Integer(*number),
                    Value::Boolean(flag) => Found::Boolean(*flag),
                    Value::TextList(texts) => Found::Texts(texts),
                    Value::Bytes(_) | Value::Json(_) => Found::Other,
                })
            }
            Path::Body(steps) => {
                let parse = || Node::parse(&self.document.payload);
                let mut node = self.body.get_or_init(parse).as_ref()?;
                for step in steps {
                    node = match (step, node) {
                        (Step::Member(name), node) => node.get(name)?,
                        (Step::Element(index), Node::List(nodes)) => nodes.get(*index)?,
                        _ => return None,
                    };
                }
                Some(of_node(node))
            }
        }
    }
}

fn of_node<'a>(node: &'a Node<'a>) -> Found<'a> {
    match node {
        Node::Null => Found::Null,
        Node::Boolean(flag) => Found::Boolean(*flag),
        Node::Integer(number) => Found::Integer(*number),
        Node::Decimal(number) => Found::Decimal(number),
        Node::Text(text) => Found::Text(text),
        Node::List(nodes) => Found::List(nodes),
        Node::Object(_) => Found::Other,
    }
}

impl Test {
    fn holds(&self, message: &Message<'_>) -> bool {
        match self {
            Self::All(tests) => tests.iter().all(|test| test.holds(message)),
            Self::Any(tests) => tests.iter().any(|test| test.holds(message)),
            Self::Not(test) => !test.holds(message),
            Self::Exists(path) => message.find(path).is_some(),
            Self::Compare(path, operator, literal) => message
                .find(path)
                .is_some_and(|found| compare(&found, *operator, literal)),
            Self::In(path, literals) => message.find(path).is_some_and(|found| {
                let equal = |literal| compare(&found, Operator::Equal, literal);
                literals.iter().any(equal)
            }),
        }
    }

    fn properties<'a>(&'a self, names: &mut Vec<&'a str>) {
        match self {
            Self::All(tests) | Self::Any(tests) => {
                tests.iter().for_each(|test| test.properties(names));
            }
            Self::Not(test) => test.properties(names),
            Self::Exists(path) | Self::Compare(path, ..) | Self::In(path, _) => {
                if let Path::Property(name) = path {
                    names.push(name);
                }
            }
        }
    }
}

fn compare(found: &Found<'_>, operator: Operator, literal: &Literal) -> bool {
    use std::cmp::Ordering;

    if operator == Operator::Contains {
        let equal = |found: Found<'_>| compare(&found, Operator::Equal, literal);
        match found {
            Found::Texts(texts) => return texts.iter().any(|text| equal(Found::Text(text))),
            Found::List(nodes) => return nodes.iter().any(|node| equal(of_node(node))),
            _ => {}
        }
    }
    let written;
    let order = match (found, literal) {
        (Found::Text(text), Literal::Text(other)) => match operator {
            Operator::Contains => return text.contains(other.as_str()),
            Operator::StartsWith => return text.starts_with(other.as_str()),
            Operator::EndsWith => return text.ends_with(other.as_str()),
            _ => Some((*text).cmp(other.as_str())),
        },
        (Found::Integer(number), Literal::Text(_)) => {
            written = number.to_string();
            return compare(&Found::Text(&written), operator, literal);
        }
        (Found::Decimal(written), Literal::Text(_)) => {
            return compare(&Found::Text(written), operator, literal);
        }
        (Found::Integer(number), Literal::Number(other)) => (*number as f64).partial_cmp(other),
        (Found::Decimal(text) | Found::Text(text), Literal::Number(other)) => {
            number_of(text).and_then(|number| number.partial_cmp(other))
        }
        (Found::Boolean(flag), Literal::Boolean(other)) => equality(flag == other),
        (Found::Text(text), Literal::Boolean(other)) => {
            equality(*text == if *other { "true" } else { "false" })
        }
        (Found::Null, Literal::Null) => Some(Ordering::Equal),
        // Of different kinds: not equal, and not more or less either.
        _ => None,
    };
    match operator {
        Operator::Equal => order == Some(Ordering::Equal),
        Operator::NotEqual => order != Some(Ordering::Equal),
        Operator::Less => order == Some(Ordering::Less),
        Operator::LessOrEqual => matches!(order, Some(Ordering::Less | Ordering::Equal)),
        Operator::Greater => order == Some(Ordering::Greater),
        Operator::GreaterOrEqual => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
        Operator::Contains | Operator::StartsWith | Operator::EndsWith => false,
    }
}

/// The number that a text is, as JSON writes numbers: there is one reader for both.
fn number_of(text: &str) -> Option<f64> {
    let number = match Node::parse(text.as_bytes())? {
        Node::Integer(number) => number as f64,
        Node::Decimal(number) => decimal(&number),
        _ => return None,
    };
    number.is_finite().then_some(number)
}

/// A number that is not whole, true to fifteen digits: more are not compared by people, and the
/// standard library's reader brings tables of kilobytes for them.
fn decimal(text: &str) -> f64 {
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = whole.bytes().chain(fraction.bytes());
    let digits = digits.filter(u8::is_ascii_digit);
    let value = digits.fold(0.0, |value, digit| value * 10.0 + f64::from(digit - b'0'));
    // What does not fit is as good as endless.
    let largest = if exponent.starts_with('-') {
        -9_999
    } else {
        9_999
    };
    let exponent: i32 = exponent.parse().unwrap_or(largest);
    let places = i32::try_from(fraction.len()).unwrap_or(i32::MAX);
    let exponent = exponent.saturating_sub(places);
    let scale = 10_f64.powi(exponent.saturating_abs());
    let value = if exponent < 0 {
        value / scale
    } else {
        value * scale
    };
    if text.starts_with('-') { -value } else { value }
}

/// Truth values are equal or not, never more or less.
fn equality(equal: bool) -> Option<std::cmp::Ordering> {
    equal.then_some(std::cmp::Ordering::Equal)
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
