//! JSON Schemas (2020-12) of an operation's documents, written from the catalogue.

use super::administration::is_attribute;
use crate::catalogue::limits::MESSAGE_BYTES;
use crate::catalogue::operations::{Direction, Property, Run};
use crate::catalogue::{Field, Kind, Operation};
use crate::client::json::{self, Object};
use crate::contract::{Profile, Value};

const BODY: &str = "Body of the message: text of the characters that SQS allows; 1 MiB at most, together with the message attributes.";

const REQUEST: &str = "Empty, or a JSON object with members of the request under AWS's names; they win over settings.";
const ANSWER: &str = "The service's answer, JSON, with the numbers, truth values and policies among a queue's attributes as what they are.";

/// The schemas of what an operation takes and gives.
pub(super) fn of(operation: &Operation) -> Profile {
    Profile {
        request: (!operation.listens()).then(|| document(operation, Direction::Input)),
        response: Some(document(operation, Direction::Output)),
    }
}

fn document(operation: &Operation, direction: Direction) -> String {
    let properties: Vec<&Field> = operation
        .all_properties()
        .filter(|Property { direction: met, .. }| *met == direction || *met == Direction::Both)
        .map(|property| property.field)
        .collect();
    let required: Vec<&str> = properties
        .iter()
        .filter(|field| field.required && direction == Direction::Input)
        .map(|field| field.name)
        .collect();
    let sends = matches!((operation.run, direction), (Run::Send, Direction::Input));
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
                    .object("payload-base64", |schema| {
                        schema
                            .text("type", "string")
                            .text("contentEncoding", "base64")
                            .text("description", "The payload's bytes, in place of `payload`.");
                    })
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
        if !required.is_empty() {
            schema.texts("required", ["properties"]);
        }
        if sends {
            schema.objects("anyOf", ["payload", "payload-base64"], |schema, name| {
                schema.texts("required", [name]);
            });
        }
    });
    // It was written from texts.
    String::from_utf8(out).unwrap_or_default()
}

fn payload(operation: &Operation, direction: Direction, schema: &mut Object<'_>) {
    schema.text("type", "string");
    match (operation.run, direction) {
        (Run::Send, Direction::Input) => schema
            .optional_integer("minLength", Some(1))
            .optional_integer("maxLength", i64::try_from(MESSAGE_BYTES).ok())
            .text("description", BODY),
        (Run::Receive | Run::Listen, Direction::Output) => schema.text("description", BODY),
        (Run::Action(_), Direction::Input) => schema
            .text("contentMediaType", "application/json")
            .text("description", REQUEST)
            .object("contentSchema", |schema| request(operation, schema)),
        (Run::Action(action), Direction::Output) => schema
            .text("contentMediaType", "application/json")
            .text("description", ANSWER)
            .object("contentSchema", |schema| {
                schema
                    .text("type", "object")
                    .object("properties", |members| {
                        for member in action.answer {
                            members.object(member, |_| {});
                        }
                    });
            }),
        (_, Direction::Input) => schema.text("description", "Not read."),
        (_, _) => schema.text("description", "Empty, but for errors as documents."),
    };
}

/// The members of a request, in AWS's names.
fn request(operation: &Operation, schema: &mut Object<'_>) {
    let fields = operation.own_settings().into_iter();
    let (attributes, plain): (Vec<&Field>, Vec<&Field>) = fields
        .filter(|field| !field.member.is_empty())
        .partition(|field| is_attribute(field));
    schema
        .text("type", "object")
        .object("properties", |members| {
            if operation.takes_queue {
                members.object("QueueUrl", |schema| {
                    schema.text("type", "string");
                });
            }
            for field in plain {
                members.object(field.member, |schema| of_field(field, schema));
            }
            if !attributes.is_empty() {
                members.object("Attributes", |schema| {
                    schema
                        .text("type", "object")
                        .object("properties", |members| {
                            // A part of a policy has the policy's name before its own.
                            let whole = |field: &&&Field| !field.member.contains('.');
                            for field in attributes.iter().filter(whole) {
                                members.object(field.member, |schema| {
                                    schema.text("description", field.description);
                                });
                            }
                            for policy in ["RedrivePolicy", "RedriveAllowPolicy"] {
                                members.object(policy, |_| {});
                            }
                        });
                });
            }
        })
        // A typing error must not go unseen.
        .value_of("additionalProperties", &Value::Boolean(false));
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
        Kind::TextMap => schema
            .text("type", "object")
            .object("additionalProperties", |schema| {
                schema.text("type", "string");
            }),
        Kind::Json => schema,
        Kind::AttributeValue => schema.objects("anyOf", [false, true], |schema, is_bytes| {
            if is_bytes {
                bytes(schema);
            } else {
                schema.texts("type", ["string", "integer"]);
            }
        }),
    };
    schema
        .optional_integer(low, field.minimum.map(i64::from))
        .optional_integer(high, field.maximum.map(i64::from));
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
