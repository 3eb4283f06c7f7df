//! JSON Schemas (2020-12) of an operation's documents, written from the catalogue.

use crate::catalogue::limits::MESSAGE_BYTES;
use crate::catalogue::operations::{Direction, Property};
use crate::catalogue::{Field, Kind, Operation};
use crate::client::json::{self, Object};
use crate::contract::Profile;

const BODY: &str = "Body of the message: text of the characters that SQS allows; 1 MiB at most, together with the message attributes.";

/// The schemas of what an operation takes and gives.
pub(super) fn of(operation: &Operation) -> Profile {
    Profile {
        request: Some(document(operation, Direction::Input)),
        response: Some(document(operation, Direction::Output)),
    }
}

fn document(operation: &Operation, direction: Direction) -> String {
    let properties: Vec<&Field> = operation
        .properties
        .iter()
        .filter(|Property { direction: met, .. }| *met == direction || *met == Direction::Both)
        .map(|property| &property.field)
        .collect();
    let required: Vec<&str> = properties
        .iter()
        .filter(|field| field.required && direction == Direction::Input)
        .map(|field| field.name)
        .collect();
    let sends = direction == Direction::Input && operation.id == "send";
    let mut out = Vec::new();
    json::object(&mut out, |schema| {
        schema
            .text("$schema", "https://json-schema.org/draft/2020-12/schema")
            .text("title", operation.label)
            .text("description", operation.description)
            .text("type", "object")
            .object("properties", |members| {
                members
                    .object("payload", |schema| payload(operation, direction, schema))
                    .object("content-type", |schema| {
                        schema.text("type", "string");
                    })
                    .object("properties", |schema| {
                        schema
                            .text("type", "object")
                            .object("properties", |members| {
                                for field in properties.iter().filter(|f| !f.name.ends_with('*')) {
                                    members.object(field.name, |schema| of_field(field, schema));
                                }
                            })
                            .object("patternProperties", |members| {
                                for field in &properties {
                                    if let Some(beginning) = field.name.strip_suffix('*') {
                                        let pattern =
                                            format!("^{}.+$", beginning.replace('.', "\\."));
                                        members.object(&pattern, |schema| of_field(field, schema));
                                    }
                                }
                            })
                            .texts("required", required.iter().copied());
                    });
            });
        let payload = sends.then_some("payload");
        let properties = (!required.is_empty()).then_some("properties");
        schema.texts("required", payload.into_iter().chain(properties));
    });
    // It was written from texts.
    String::from_utf8(out).unwrap_or_default()
}

fn payload(operation: &Operation, direction: Direction, schema: &mut Object<'_>) {
    schema.text("type", "string");
    match (direction, operation.id) {
        (Direction::Input, "send") => schema
            .optional_integer("minLength", Some(1))
            .optional_integer("maxLength", i64::try_from(MESSAGE_BYTES).ok())
            .text("description", BODY),
        (Direction::Input, _) => schema.text("description", "Not read."),
        (_, "receive") => schema.text("description", BODY),
        (_, _) => schema
            .optional_integer("maxLength", Some(0))
            .text("description", "Always empty."),
    };
}

/// The schema of one property.
fn of_field(field: &Field, schema: &mut Object<'_>) {
    schema
        .text("title", field.label)
        .text("description", field.description);
    let (low, high) = match field.kind {
        Kind::Integer => ("minimum", "maximum"),
        Kind::TextList => ("minItems", "maxItems"),
        _ => ("minLength", "maxLength"),
    };
    match field.kind {
        Kind::Text => schema.text("type", "string"),
        Kind::Choice => schema
            .text("type", "string")
            .texts("enum", field.choices.iter().copied()),
        // A platform that knows only text may give the number as text.
        Kind::Integer => schema.texts("type", ["integer", "string"]),
        Kind::Boolean => schema.text("type", "boolean"),
        Kind::TextList => schema.text("type", "array").object("items", |items| {
            items.text("type", "string");
        }),
        Kind::Bytes => bytes(schema),
        Kind::AttributeValue => schema.objects("anyOf", [false, true], |schema, is_bytes| {
            if is_bytes {
                bytes(schema);
            } else {
                schema.texts("type", ["string", "integer"]);
            }
        }),
    };
    schema
        .optional_integer(low, field.minimum)
        .optional_integer(high, field.maximum);
}

fn bytes<'s, 'o>(schema: &'s mut Object<'o>) -> &'s mut Object<'o> {
    schema
        .text("type", "object")
        .object("properties", |members| {
            members.object("base64", |schema| {
                schema
                    .text("type", "string")
                    .text("contentEncoding", "base64");
            });
        })
        .texts("required", ["base64"])
}
