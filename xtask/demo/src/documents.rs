//! The file that goes through: a few hundred documents of every sort, one JSON line each, in the
//! form that the command `sqs-connector run send --in FILE` takes as well.
//!
//! They are made from a fixed seed: every run sends the same.

use std::{fs, path::Path};

use anyhow::{Context, Result};
use base64::{Engine, prelude::BASE64_STANDARD};
use connector_host::contract::{Document, Property, Value};
use serde_json::{Map, json};

/// Property that tells the documents apart, also after they came back.
pub(crate) const NUMBER: &str = "attribute.number";
/// FIFO groups of the ordered documents.
const GROUPS: usize = 8;

/// Documents for a standard queue: small and large, with attributes of every type.
pub(crate) fn mixed(count: usize) -> Vec<Document> {
    let mut random = Random(0x5157_5331);
    (0..count).map(|number| one(number, &mut random)).collect()
}

/// Documents for a FIFO queue: their groups take turns, and each is numbered within its group.
pub(crate) fn ordered(count: usize) -> Vec<Document> {
    let ordered = |number: usize| {
        let (group, place) = (number % GROUPS, number / GROUPS);
        Document {
            payload: format!("{{\"group\": {group}, \"place\": {place}}}").into_bytes(),
            content_type: Some("application/json".to_owned()),
            properties: vec![
                property(NUMBER, Value::Integer(whole(number))),
                property("message-group-id", Value::Text(format!("customer-{group}"))),
                property(
                    "message-deduplication-id",
                    Value::Text(format!("event-{number}")),
                ),
            ],
        }
    };
    (0..count).map(ordered).collect()
}

fn one(number: usize, random: &mut Random) -> Document {
    // One in sixty is large; the others have up to four kilobytes.
    let (content_type, payload) = match number % 60 {
        59 => ("text/plain", random.text(200_000)),
        remainder => match remainder % 4 {
            0 => ("application/json", order(number, random)),
            1 => {
                let bytes = 200 + random.below(4_000);
                ("text/plain", random.text(bytes))
            }
            2 => (
                "application/xml",
                format!(
                    "<note id=\"{number}\">\r\n\t&amp; {}</note>",
                    random.text(300)
                ),
            ),
            // Not Unicode: bytes travel as text that stands for them.
            _ => (
                "application/octet-stream",
                BASE64_STANDARD.encode(random.bytes(600)),
            ),
        },
    };
    let mut properties = vec![property(NUMBER, Value::Integer(whole(number)))];
    if number.is_multiple_of(2) {
        properties.push(property("attribute.customer", Value::Text(random.text(40))));
        properties.push(property(
            "attribute.amount",
            Value::Text(format!("{}.25", number * 7)),
        ));
        properties.push(property(
            "attribute-type.amount",
            Value::Text("Number".to_owned()),
        ));
    }
    if number.is_multiple_of(3) {
        let every_byte = (0..=255).collect();
        properties.push(property("attribute.thumbnail", Value::Bytes(every_byte)));
        properties.push(property(
            "attribute-type.thumbnail",
            Value::Text("Binary.gif".to_owned()),
        ));
        properties.push(property(
            "attribute.signature",
            Value::Bytes(random.bytes(32)),
        ));
    }
    if number.is_multiple_of(5) {
        properties.push(property(
            "attribute.attempt",
            Value::Integer(-whole(number)),
        ));
        properties.push(property(
            "attribute-type.attempt",
            Value::Text("Number.int".to_owned()),
        ));
    }
    Document {
        payload: payload.into_bytes(),
        content_type: Some(content_type.to_owned()),
        properties,
    }
}

fn order(number: usize, random: &mut Random) -> String {
    json!({
        "order": number,
        "customer": random.text(20),
        "lines": (0..=random.below(20)).map(|line| json!({ "line": line, "text": random.text(30) })).collect::<Vec<_>>(),
    })
    .to_string()
}

fn property(name: &str, value: Value) -> Property {
    Property {
        name: name.to_owned(),
        value,
    }
}

fn whole(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Writes documents as JSON lines.
pub(crate) fn write(path: &Path, documents: &[Document]) -> Result<()> {
    let mut text = String::new();
    for document in documents {
        let mut properties = Map::new();
        for Property { name, value } in &document.properties {
            let value = match value {
                Value::Text(text) | Value::Json(text) => json!(text),
                Value::Integer(number) => json!(number),
                Value::Boolean(truth) => json!(truth),
                Value::TextList(list) => json!(list),
                Value::Bytes(bytes) => json!({ "base64": BASE64_STANDARD.encode(bytes) }),
            };
            properties.insert(name.clone(), value);
        }
        let mut line = json!({ "properties": properties });
        match std::str::from_utf8(&document.payload) {
            Ok(payload) => line["payload"] = payload.into(),
            Err(_) => line["payload-base64"] = BASE64_STANDARD.encode(&document.payload).into(),
        }
        if let Some(content_type) = &document.content_type {
            line["content-type"] = content_type.as_str().into();
        }
        text.push_str(&line.to_string());
        text.push('\n');
    }
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

/// Reads what [`write`] wrote.
pub(crate) fn read(path: &Path) -> Result<Vec<Document>> {
    let text =
        fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let lines = text.lines().enumerate();
    lines
        .map(|(index, line)| {
            document(line).with_context(|| format!("{} line {}", path.display(), index + 1))
        })
        .collect()
}

fn document(line: &str) -> Result<Document> {
    let line: serde_json::Value = serde_json::from_str(line)?;
    let payload = match line["payload"].as_str() {
        Some(text) => text.as_bytes().to_vec(),
        None => {
            let text = line["payload-base64"]
                .as_str()
                .context("there is no payload")?;
            BASE64_STANDARD.decode(text)?
        }
    };
    let mut properties = Vec::new();
    for (name, value) in line["properties"]
        .as_object()
        .context("there are no properties")?
    {
        let value = match value {
            serde_json::Value::String(text) => Value::Text(text.clone()),
            serde_json::Value::Bool(truth) => Value::Boolean(*truth),
            serde_json::Value::Number(number) => {
                Value::Integer(number.as_i64().context("a number must be whole")?)
            }
            other => {
                let text = other["base64"]
                    .as_str()
                    .context("a property of an unknown form")?;
                Value::Bytes(BASE64_STANDARD.decode(text)?)
            }
        };
        properties.push(property(name, value));
    }
    let content_type = line["content-type"].as_str().map(ToOwned::to_owned);
    Ok(Document {
        payload,
        content_type,
        properties,
    })
}

/// Pseudo-random numbers (xorshift): enough for test data, and the same on every machine.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound.max(1) as u64).unwrap_or(0)
    }

    fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| self.next().to_le_bytes()[0]).collect()
    }

    /// About so many bytes of text from many scripts, with what needs escaping in it.
    fn text(&mut self, bytes: usize) -> String {
        const WORDS: &[&str] = &[
            "order",
            "Straße",
            "naïve",
            "Ελλάδα",
            "Україна",
            "日本語",
            "한국어",
            "العربية",
            "🚚📦",
            "e\u{301}",
            "\"quoted\"",
            "back\\slash",
            "a\tb",
            "line\n",
            "\u{fffd}",
            "& < >",
            "👩‍👩‍👧",
        ];
        let mut text = String::with_capacity(bytes + 32);
        while text.len() < bytes {
            text.push_str(WORDS[self.below(WORDS.len())]);
            text.push(' ');
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_gives_back_what_was_written() {
        let path =
            std::env::temp_dir().join(format!("demo-documents-{}.jsonl", std::process::id()));
        let documents = mixed(120);
        write(&path, &documents).expect("it can be written");
        let read = read(&path).expect("it can be read");
        fs::remove_file(&path).expect("it can be removed");
        assert_eq!(read.len(), documents.len());
        for (read, written) in read.iter().zip(&documents) {
            assert_eq!(read.payload, written.payload);
            assert_eq!(read.content_type, written.content_type);
            let found = crate::compare::differences(written, read);
            assert_eq!(found, Vec::<String>::new());
        }
    }
}
