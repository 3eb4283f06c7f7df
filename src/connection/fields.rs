//! Reading properties against a table of fields.
//!
//! Settings come from forms, files and command lines, so a value is taken in every form that the
//! contract allows, and every problem is found, not only the first. A message never repeats a
//! text value: it may be a secret, or part of a document.

use crate::catalogue::{Default, Field, Kind};
use crate::client::json::Node;
use crate::contract::{Problem, Property, Value};

/// Values of known fields, each of the kind that its field wants, defaults filled in.
#[derive(Default)]
pub struct Values {
    entries: Vec<(&'static str, Value)>,
}

impl Values {
    /// Reads settings against their table.
    ///
    /// An unknown or repeated name, and a value of the wrong kind or out of bounds, are problems;
    /// for missing ones see [`require`](Self::require). An empty text counts as not given: forms
    /// send empty fields.
    pub fn read(table: &[&'static Field], properties: Vec<Property>) -> (Self, Vec<Problem>) {
        let mut values = Self::default();
        let mut problems = Vec::new();
        for Property { name, value } in properties {
            let Some(field) = table.iter().find(|field| field.covers(&name)) else {
                problems.push(Problem::new(name, unknown(table)));
                continue;
            };
            if values.get(field.name).is_some() {
                problems.push(Problem::new(name, "is given more than once"));
                continue;
            }
            if is_blank(&value) && field.kind != Kind::TextList {
                continue;
            }
            match coerce(field, value) {
                Ok(value) => values.entries.push((field.name, value)),
                Err(message) => problems.push(Problem::new(name, message)),
            }
        }
        for field in table {
            if let (None, Some(value)) = (values.get(field.name), default_value(field.default)) {
                values.entries.push((field.name, value));
            }
        }
        (values, problems)
    }

    /// Adds a problem for every required field of the table that is not given. A step of its own,
    /// as what is required may also come from elsewhere.
    pub fn require(&self, table: &[&'static Field], problems: &mut Vec<Problem>) {
        for field in table.iter().filter(|field| field.required) {
            let said = problems.iter().any(|problem| problem.field == field.name);
            if self.get(field.name).is_none() && !said {
                problems.push(Problem::new(field.name, "is required"));
            }
        }
    }

    fn get(&self, name: &str) -> Option<&Value> {
        self.entries
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| value)
    }

    /// The text of a field, if given.
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.get(name) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// The text of a field, taken out: no copy of a secret stays behind.
    pub fn take_text(&mut self, name: &str) -> Option<String> {
        match self.take(name)? {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The whole number of a field, if given or by default.
    pub fn integer(&self, name: &str) -> Option<i64> {
        match self.get(name) {
            Some(Value::Integer(number)) => Some(*number),
            _ => None,
        }
    }

    /// Whether a field is true.
    pub fn flag(&self, name: &str) -> bool {
        matches!(self.get(name), Some(Value::Boolean(true)))
    }

    /// The value of a field, taken out.
    pub fn take(&mut self, name: &str) -> Option<Value> {
        let index = self.entries.iter().position(|(known, _)| *known == name)?;
        Some(self.entries.swap_remove(index).1)
    }

    /// The texts of a list field.
    pub fn list(&self, name: &str) -> &[String] {
        match self.get(name) {
            Some(Value::TextList(texts)) => texts,
            _ => &[],
        }
    }
}

fn unknown(table: &[&Field]) -> String {
    let names: Vec<&str> = table.iter().map(|field| field.name).collect();
    format!("is not a setting; known are: {}", names.join(", "))
}

fn is_blank(value: &Value) -> bool {
    matches!(value, Value::Text(text) if text.is_empty())
}

fn default_value(default: Default) -> Option<Value> {
    match default {
        Default::None => None,
        Default::Text(text) => Some(Value::Text(text.to_owned())),
        Default::Integer(number) => Some(Value::Integer(i64::from(number))),
        Default::Boolean(flag) => Some(Value::Boolean(flag)),
        Default::One(text) => Some(Value::TextList(vec![text.to_owned()])),
    }
}

/// The value as its field wants it, or what is wrong with it.
pub fn coerce(field: &Field, value: Value) -> Result<Value, String> {
    match field.kind {
        Kind::Text => text(field, value).map(Value::Text),
        Kind::Choice => {
            let chosen = text(field, value)?;
            if field.choices.contains(&chosen.as_str()) {
                Ok(Value::Text(chosen))
            } else {
                Err(format!("must be one of: {}", field.choices.join(", ")))
            }
        }
        Kind::Integer => integer(field, &value).map(Value::Integer),
        Kind::Boolean => match &value {
            Value::Boolean(flag) => Ok(Value::Boolean(*flag)),
            Value::Text(text) if text == "true" => Ok(Value::Boolean(true)),
            Value::Text(text) if text == "false" => Ok(Value::Boolean(false)),
            _ => Err("must be true or false".to_owned()),
        },
        Kind::TextList => list(field, value).map(Value::TextList),
        Kind::Bytes => match value {
            Value::Bytes(_) => Ok(value),
            _ => Err("must be bytes".to_owned()),
        },
        Kind::TextMap => structure(value, true),
        Kind::Json => structure(value, false),
        Kind::AttributeValue => match value {
            Value::Text(_) | Value::Integer(_) | Value::Bytes(_) => Ok(value),
            _ => Err("must be text, a whole number or bytes".to_owned()),
        },
    }
}

fn text(field: &Field, value: Value) -> Result<String, String> {
    let text = match value {
        Value::Text(text) => text,
        Value::Integer(number) => number.to_string(),
        _ => return Err("must be text".to_owned()),
    };
    let length = if field.minimum.is_some() || field.maximum.is_some() {
        text.chars().count()
    } else {
        0
    };
    match outside(field, length) {
        None => Ok(text),
        Some(bounds) => Err(format!("must have {bounds} characters, not {length}")),
    }
}

/// A JSON text, checked; of a map, its values as texts.
fn structure(value: Value, map: bool) -> Result<Value, String> {
    let wanted = || {
        if map {
            "must be a JSON object of texts"
        } else {
            "must be JSON"
        }
        .to_owned()
    };
    let (Value::Json(json) | Value::Text(json)) = value else {
        return Err(wanted());
    };
    let node = Node::parse(json.as_bytes()).ok_or_else(wanted)?;
    if !map {
        return Ok(Value::Json(node.to_json()));
    }
    let Node::Object(members) = node else {
        return Err(wanted());
    };
    let texts = members.into_iter().map(|(name, node)| match node {
        Node::Text(_) => Some((name, node)),
        Node::Integer(number) => Some((name, Node::Text(number.to_string().into()))),
        Node::Boolean(flag) => Some((name, Node::Text(flag.to_string().into()))),
        _ => None,
    });
    let texts: Vec<_> = texts.collect::<Option<_>>().ok_or_else(wanted)?;
    Ok(Value::Json(Node::Object(texts).to_json()))
}

fn integer(field: &Field, value: &Value) -> Result<i64, String> {
    let number = match value {
        Value::Integer(number) => Some(*number),
        Value::Text(text) => text.trim().parse().ok(),
        _ => None,
    };
    let wanted = || match (field.minimum, field.maximum) {
        (Some(minimum), Some(maximum)) => {
            format!("must be a whole number from {minimum} to {maximum}")
        }
        (Some(minimum), None) => format!("must be a whole number of at least {minimum}"),
        (None, Some(maximum)) => format!("must be a whole number of at most {maximum}"),
        (None, None) => "must be a whole number".to_owned(),
    };
    match number {
        None => Err(wanted()),
        Some(number)
            if field
                .minimum
                .is_some_and(|minimum| number < i64::from(minimum))
                || field
                    .maximum
                    .is_some_and(|maximum| number > i64::from(maximum)) =>
        {
            Err(format!("{}, not {number}", wanted()))
        }
        Some(number) => Ok(number),
    }
}

fn list(field: &Field, value: Value) -> Result<Vec<String>, String> {
    let texts = match value {
        Value::TextList(texts) => texts,
        Value::Text(text) if text.trim().is_empty() => Vec::new(),
        Value::Text(text) => text.split(',').map(|part| part.trim().to_owned()).collect(),
        Value::Json(json) => Node::parse(json.as_bytes())
            .and_then(|node| node.texts())
            .ok_or("must be a list of texts")?,
        _ => return Err("must be a list of texts".to_owned()),
    };
    if texts.iter().any(String::is_empty) {
        return Err("must not have empty elements".to_owned());
    }
    match outside(field, texts.len()) {
        None => Ok(texts),
        Some(bounds) => Err(format!("must have {bounds} elements, not {}", texts.len())),
    }
}

/// The bounds in words, where the length is outside them.
fn outside(field: &Field, length: usize) -> Option<String> {
    let length = i32::try_from(length).unwrap_or(i32::MAX);
    let low = field.minimum.is_some_and(|minimum| length < minimum);
    let high = field.maximum.is_some_and(|maximum| length > maximum);
    if !low && !high {
        return None;
    }
    Some(match (field.minimum, field.maximum) {
        (Some(minimum), Some(maximum)) => format!("{minimum} to {maximum}"),
        (Some(minimum), None) => format!("at least {minimum}"),
        (None, maximum) => format!("at most {}", maximum.unwrap_or(i32::MAX)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &[&Field] = &[
        &Field::new(Kind::Text, "name", "", "")
            .required()
            .between(1, 4),
        &Field::new(Kind::Integer, "count", "", "")
            .between(0, 9)
            .default(Default::Integer(3)),
        &Field::new(Kind::Boolean, "flag", "", ""),
        &Field::new(Kind::TextList, "list", "", "").default(Default::One("All")),
        &Field::new(Kind::Choice, "pick", "", "").choices(&["a", "b"]),
    ];

    fn property(name: &str, value: Value) -> Property {
        Property {
            name: name.to_owned(),
            value,
        }
    }

    #[test]
    fn every_problem_is_reported_at_once_and_names_its_field() {
        let (values, mut problems) = Values::read(
            TABLE,
            vec![
                Property::text("count", "ten"),
                Property::text("pick", "c"),
                Property::text("nmae", "x"),
                property("flag", Value::Integer(1)),
                Property::integer("list", 1),
            ],
        );
        values.require(TABLE, &mut problems);
        let mut fields: Vec<&str> = problems.iter().map(|p| p.field.as_str()).collect();
        fields.sort_unstable();
        assert_eq!(fields, ["count", "flag", "list", "name", "nmae", "pick"]);
    }

    #[test]
    fn text_forms_of_all_kinds_are_taken() {
        let (values, problems) = Values::read(
            TABLE,
            vec![
                Property::text("name", "x"),
                Property::text("count", " 7 "),
                Property::text("flag", "true"),
                Property::text("list", "a, b"),
            ],
        );
        assert!(problems.is_empty(), "{problems:?}");
        assert_eq!(values.integer("count"), Some(7));
        assert!(values.flag("flag"));
        assert_eq!(values.list("list"), ["a", "b"]);
    }

    #[test]
    fn a_blank_field_counts_as_not_given_but_an_empty_list_is_a_list() {
        let (values, problems) = Values::read(
            TABLE,
            vec![
                Property::text("name", "x"),
                Property::text("count", ""),
                Property::text("list", ""),
            ],
        );
        assert!(problems.is_empty(), "{problems:?}");
        assert_eq!(values.integer("count"), Some(3));
        assert!(values.list("list").is_empty());
    }

    #[test]
    fn a_repeated_field_and_a_bound_are_problems() {
        let (_, problems) = Values::read(
            TABLE,
            vec![
                Property::text("name", "12345"),
                Property::integer("count", 10),
                Property::integer("count", 1),
            ],
        );
        let messages: Vec<&str> = problems.iter().map(|p| p.message.as_str()).collect();
        assert_eq!(
            messages,
            [
                "must have 1 to 4 characters, not 5",
                "must be a whole number from 0 to 9, not 10",
            ],
            "a field whose first value is wrong may be given right the second time"
        );
    }
}
