//! The attributes of a queue on their way out.
//!
//! All of them travel as texts, some of those being JSON. Settings, and the payload's `Attributes`,
//! give them as what they are.

use std::borrow::Cow;

use crate::catalogue::Field;
use crate::catalogue::attributes::{
    ATTRIBUTES, DEAD_LETTER_TARGET, FIFO_QUEUE, MAX_RECEIVE_COUNT, REDRIVE_PERMISSION,
    SOURCE_QUEUES,
};
use crate::client::json::{Node, Object};
use crate::connection::fields::coerce;
use crate::contract::Value;
use crate::operations::Problems;

/// Receives before dead letter, where nobody says: AWS's own default.
const RECEIVES: i64 = 10;

/// Attributes by AWS's names, and the parts of the two policies that have settings of their own.
#[derive(Clone, Debug, Default)]
pub(super) struct Attributes {
    texts: Vec<(String, String)>,
    dead_letter_target: Option<String>,
    max_receive_count: Option<i64>,
    redrive_permission: Option<String>,
    source_queues: Option<Vec<String>>,
}

/// Whether the field stands for an attribute of a queue, or a part of one.
pub(in crate::operations) fn is_attribute(field: &Field) -> bool {
    ATTRIBUTES
        .iter()
        .chain(FIFO_QUEUE)
        .any(|attribute| attribute.member == field.member && attribute.name == field.name)
}

fn field_of(attribute: &str) -> Option<&'static Field> {
    ATTRIBUTES
        .iter()
        .chain(FIFO_QUEUE)
        .find(|field| field.member == attribute)
}

impl Attributes {
    pub(super) fn is_empty(&self) -> bool {
        self.texts.is_empty()
            && self.dead_letter_target.is_none()
            && self.redrive_permission.is_none()
    }

    fn put(&mut self, name: &str, text: String) {
        self.texts.retain(|(known, _)| known != name);
        self.texts.push((name.to_owned(), text));
    }

    fn get(&self, name: &str) -> Option<&str> {
        let found = self.texts.iter().find(|(known, _)| known == name);
        found.map(|(_, text)| text.as_str())
    }

    /// Takes the value of a setting, coerced already.
    pub(super) fn set_field(&mut self, field: &Field, value: Value) {
        match (field.member, value) {
            (DEAD_LETTER_TARGET, Value::Text(arn)) => self.dead_letter_target = Some(arn),
            (MAX_RECEIVE_COUNT, Value::Integer(count)) => self.max_receive_count = Some(count),
            (REDRIVE_PERMISSION, Value::Text(who)) => self.redrive_permission = Some(who),
            (SOURCE_QUEUES, Value::TextList(arns)) => self.source_queues = Some(arns),
            (name, Value::Text(text) | Value::Json(text)) => self.put(name, text),
            (name, Value::Integer(number)) => self.put(name, number.to_string()),
            (name, Value::Boolean(flag)) => self.put(name, flag.to_string()),
            _ => {}
        }
    }

    /// Takes attributes from the setting for those without one of their own.
    pub(super) fn set_missing(&mut self, json: &str) {
        let Some(Node::Object(members)) = Node::parse(json.as_bytes()) else {
            return;
        };
        for (name, node) in members {
            if let (None, Node::Text(text)) = (self.get(&name), node) {
                self.put(&name, text.into_owned());
            }
        }
    }

    /// Takes attributes from a payload, which wins. A known one is checked as its setting is; a
    /// structure may be given as such, or as the text that the service takes.
    pub(super) fn set(&mut self, given: Vec<(Cow<'_, str>, Node<'_>)>, problems: &mut Problems) {
        for (name, node) in given {
            let problem = |problems: &mut Problems, message: String| {
                problems.add(format!("payload.Attributes.{name}"), message);
            };
            match name.as_ref() {
                "RedrivePolicy" => (self.dead_letter_target, self.max_receive_count) = (None, None),
                "RedriveAllowPolicy" => {
                    (self.redrive_permission, self.source_queues) = (None, None);
                }
                _ => {}
            }
            match (field_of(&name), node) {
                (_, Node::Null) => self.texts.retain(|(known, _)| *known != name),
                // An empty text takes an attribute back, a policy for example.
                (_, Node::Text(text)) if text.is_empty() => self.put(&name, String::new()),
                (Some(field), node) => {
                    let value = match node {
                        structure @ (Node::Object(_) | Node::List(_)) => {
                            Some(Value::Json(structure.to_json()))
                        }
                        other => other.into_value(),
                    };
                    match value.map(|value| coerce(field, value)) {
                        Some(Ok(value)) => self.set_field(field, value),
                        Some(Err(message)) => problem(problems, message),
                        None => {}
                    }
                }
                (None, Node::Text(text)) => self.put(&name, text.into_owned()),
                (None, other) => self.put(&name, other.to_json()),
            }
        }
    }

    /// A FIFO queue's name ends in `.fifo`, and no other's does. The name alone is enough to ask
    /// for one.
    pub(super) fn agree_with_name(&mut self, name: &str, problems: &mut Problems) {
        match (self.get("FifoQueue"), name.ends_with(".fifo")) {
            (None, true) => self.put("FifoQueue", "true".to_owned()),
            (Some("true"), false) => {
                problems.add(
                    "queue-name",
                    "must end in `.fifo`, as it is to be a FIFO queue",
                );
            }
            (Some("false"), true) => {
                problems.add(
                    "queue-name",
                    "must not end in `.fifo`, as it is to be no FIFO queue",
                );
            }
            // The service refuses `FifoQueue` for a standard queue, even to say that it is none.
            (Some("false"), false) => self.texts.retain(|(known, _)| known != "FifoQueue"),
            _ => {}
        }
    }

    /// What cannot be together.
    pub(super) fn check(&self, problem: &mut dyn FnMut(&str, &str)) {
        if self.get("SqsManagedSseEnabled") == Some("true")
            && self
                .get("KmsMasterKeyId")
                .is_some_and(|key| !key.is_empty())
        {
            problem(
                "sqs-managed-sse-enabled",
                "cannot be together with `kms-master-key-id`: leave one of them out",
            );
        }
        if self.max_receive_count.is_some() && self.dead_letter_target.is_none() {
            problem("max-receive-count", "needs `dead-letter-target-arn`");
        }
        let by_queue = self.redrive_permission.as_deref() == Some("byQueue");
        if by_queue && self.source_queues.is_none() {
            problem(
                "source-queue-arns",
                "is required with `redrive-permission` byQueue",
            );
        }
        if !by_queue && self.source_queues.is_some() {
            problem("source-queue-arns", "needs `redrive-permission` byQueue");
        }
    }

    /// Writes them as the members of an object.
    pub(super) fn write(&self, map: &mut Object<'_>) {
        for (name, text) in &self.texts {
            map.text(name, text);
        }
        if let Some(target) = &self.dead_letter_target {
            let count = self.max_receive_count.unwrap_or(RECEIVES);
            let policy = Node::Object(vec![
                ("deadLetterTargetArn".into(), Node::Text(target.into())),
                ("maxReceiveCount".into(), Node::Integer(count)),
            ]);
            map.text("RedrivePolicy", &policy.to_json());
        }
        if let Some(who) = &self.redrive_permission {
            let mut policy = vec![("redrivePermission".into(), Node::Text(who.into()))];
            if let Some(arns) = &self.source_queues {
                let arns = arns.iter().map(|arn| Node::Text(arn.into())).collect();
                policy.push(("sourceQueueArns".into(), Node::List(arns)));
            }
            map.text("RedriveAllowPolicy", &Node::Object(policy).to_json());
        }
    }
}
