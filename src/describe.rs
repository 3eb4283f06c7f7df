//! What the plugin says of itself: the catalogue in the contract's words.

use crate::catalogue::connection::SETTINGS;
use crate::catalogue::operations::{Direction, Property};
use crate::catalogue::{Default, Field, Kind, OPERATIONS, Operation};
use crate::contract::{Value, metadata};

/// Everything that a platform needs to draw every form.
pub fn describe() -> metadata::Descriptor {
    metadata::Descriptor {
        id: "amazon-sqs".to_owned(),
        label: "Amazon SQS".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        description: "Sends, receives and deletes messages of Amazon Simple Queue Service, and of any server that speaks its JSON protocol, and administers its queues.".to_owned(),
        connection: SETTINGS.iter().map(field).collect(),
        operations: OPERATIONS.iter().map(operation).collect(),
    }
}

fn operation(operation: &Operation) -> metadata::Operation {
    metadata::Operation {
        id: operation.id.to_owned(),
        label: operation.label.to_owned(),
        description: operation.description.to_owned(),
        mode: if operation.listens() {
            metadata::Mode::Listen
        } else {
            metadata::Mode::Execute
        },
        takes_object: operation.takes_queue,
        settings: operation.all_settings().into_iter().map(field).collect(),
        properties: operation.all_properties().map(property).collect(),
        idempotent: operation.idempotent,
    }
}

fn property(property: &Property) -> metadata::PropertyDefinition {
    metadata::PropertyDefinition {
        field: field(property.field),
        direction: match property.direction {
            Direction::Input => metadata::Direction::Input,
            Direction::Output => metadata::Direction::Output,
            Direction::Both => metadata::Direction::Both,
        },
    }
}

fn field(field: &Field) -> metadata::Field {
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    metadata::Field {
        name: field.name.to_owned(),
        label: field.label.to_owned(),
        description: field.description.to_owned(),
        kind: match field.kind {
            // A message attribute's value may be of several kinds; text always works.
            Kind::Text | Kind::AttributeValue => metadata::FieldKind::Text,
            Kind::Integer => metadata::FieldKind::Integer,
            Kind::Boolean => metadata::FieldKind::Boolean,
            Kind::Choice => metadata::FieldKind::Choice,
            Kind::TextList => metadata::FieldKind::TextList,
            Kind::Bytes => metadata::FieldKind::Bytes,
            Kind::TextMap | Kind::Json => metadata::FieldKind::Json,
        },
        required: field.required,
        secret: field.secret,
        default: match field.default {
            Default::None => None,
            Default::Text(text) => Some(Value::Text(text.to_owned())),
            Default::Integer(number) => Some(Value::Integer(i64::from(number))),
            Default::Boolean(flag) => Some(Value::Boolean(flag)),
            Default::One(text) => Some(Value::TextList(vec![text.to_owned()])),
        },
        choices: texts(field.choices),
        minimum: field.minimum.map(i64::from),
        maximum: field.maximum.map(i64::from),
        shown_when: field.shown_when.map(|(name, any_of)| metadata::Condition {
            field: (*name).to_owned(),
            any_of: texts(any_of),
        }),
        hints: field
            .hints
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
    }
}
