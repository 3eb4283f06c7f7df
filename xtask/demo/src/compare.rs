//! What has to be the same after the way through: every document once, byte for byte, with its
//! attributes, and in a FIFO group the order.

use std::collections::BTreeMap;

use connector_host::contract::{Document, Value};

use crate::documents::NUMBER;

/// How many differences are told; more would say no more.
const TOLD: usize = 5;

/// What is different between what was sent and what came, in words; nothing if all is well.
pub(crate) fn all(sent: &[Document], received: &[Document]) -> Vec<String> {
    let mut problems = Vec::new();
    let mut by_number: BTreeMap<i64, Vec<&Document>> = BTreeMap::new();
    for document in received {
        match number(document) {
            Some(number) => by_number.entry(number).or_default().push(document),
            None => problems.push("a document came that was not sent".to_owned()),
        }
    }
    for document in sent {
        let number = number(document).unwrap_or(-1);
        match by_number.remove(&number).as_deref() {
            None => problems.push(format!("document {number} did not come")),
            Some([one]) => {
                let found = differences(document, one);
                problems.extend(
                    found
                        .into_iter()
                        .map(|what| format!("document {number}: {what}")),
                );
            }
            Some(several) => {
                problems.push(format!("document {number} came {} times", several.len()));
            }
        }
    }
    problems.extend(
        by_number
            .keys()
            .map(|number| format!("document {number} was not sent")),
    );
    problems.truncate(TOLD);
    problems
}

/// What differs between one document and what came of it.
pub(crate) fn differences(sent: &Document, received: &Document) -> Vec<String> {
    let mut found = Vec::new();
    if sent.payload != received.payload {
        found.push(format!(
            "its payload has {} bytes, not the {} that were sent, or others",
            received.payload.len(),
            sent.payload.len()
        ));
    }
    for wanted in &sent.properties {
        // What the service uses up on the way in does not have to come back under this name.
        let Some(value) = property(received, &wanted.name) else {
            found.push(format!("{} did not come", wanted.name));
            continue;
        };
        if !same(&wanted.value, value) {
            found.push(format!("{} is another", wanted.name));
        }
    }
    let attributes = |document: &Document| {
        document
            .properties
            .iter()
            .filter(|one| one.name.starts_with("attribute."))
            .count()
    };
    if attributes(sent) != attributes(received) {
        found.push("it came with more attributes than it was sent with".to_owned());
    }
    found
}

/// Where the order within a group is not kept; the group is the property of that name.
pub(crate) fn order(received: &[Document]) -> Vec<String> {
    let mut last: BTreeMap<&str, i64> = BTreeMap::new();
    let mut problems = Vec::new();
    for document in received {
        let (Some(Value::Text(group)), Some(number)) =
            (property(document, "message-group-id"), number(document))
        else {
            problems.push("a document came without its group or number".to_owned());
            continue;
        };
        if let Some(before) = last.insert(group, number).filter(|before| *before > number) {
            problems.push(format!("{group}: document {number} came after {before}"));
        }
    }
    problems.truncate(TOLD);
    problems
}

fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Text(one), Value::Text(other)) => one == other,
        (Value::Integer(one), Value::Integer(other)) => one == other,
        (Value::Bytes(one), Value::Bytes(other)) => one == other,
        _ => false,
    }
}

fn property<'a>(document: &'a Document, name: &str) -> Option<&'a Value> {
    document
        .properties
        .iter()
        .find(|property| property.name == name)
        .map(|property| &property.value)
}

fn number(document: &Document) -> Option<i64> {
    match property(document, NUMBER)? {
        Value::Integer(number) => Some(*number),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::documents::{mixed, ordered};

    #[test]
    fn what_came_as_it_was_sent_has_no_difference() {
        let sent = mixed(30);
        let mut received = mixed(30);
        received.reverse();
        assert_eq!(all(&sent, &received), Vec::<String>::new());
    }

    #[test]
    fn a_lost_a_doubled_and_an_altered_document_are_told() {
        let sent = mixed(4);
        let mut received = mixed(4);
        received[1].payload.push(b'!');
        let doubled = received.remove(3);
        received.remove(0);
        received.extend([doubled.clone(), doubled]);
        let problems = all(&sent, &received);
        assert_eq!(problems.len(), 3, "{problems:?}");
        assert_eq!(problems[0], "document 0 did not come");
        assert!(problems[1].starts_with("document 1: its payload"));
        assert_eq!(problems[2], "document 3 came 2 times");
    }

    #[test]
    fn a_changed_attribute_is_told() {
        let sent = mixed(1);
        let mut received = mixed(1);
        let last = received[0].properties.last_mut().expect("it has some");
        last.value = Value::Integer(7);
        let name = last.name.clone();
        assert_eq!(
            all(&sent, &received),
            [format!("document 0: {name} is another")]
        );
    }

    #[test]
    fn order_counts_within_a_group_only() {
        let mut received = ordered(24);
        assert_eq!(order(&received), Vec::<String>::new());
        received.swap(0, 1);
        assert_eq!(order(&received), Vec::<String>::new());
        received.swap(2, 10);
        assert_eq!(order(&received), ["customer-2: document 2 came after 10"]);
    }
}
