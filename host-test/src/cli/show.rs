//! What `describe`, `test`, `browse`, `profile` and `inspect` print: tables for a person at a
//! terminal, JSON for a program at a pipe.

use std::io::{IsTerminal, Write};

use comfy_table::{ContentArrangement, Table, presets};
use connector_host::contract::{
    Descriptor, Direction, Field, FieldKind, Identity, Mode, ObjectType, Operation, Profile,
};
use connector_host::{ComponentOrigin, Plugin};
use serde_json::{Value, json};

use super::Failure;
use super::document::JsonValue;

fn is_for_a_person() -> bool {
    std::io::stdout().is_terminal()
}

fn print(text: &str) -> Result<(), Failure> {
    let mut output = std::io::stdout().lock();
    writeln!(output, "{}", text.trim_end())
        .and_then(|()| output.flush())
        .map_err(Failure::output)
}

fn table(head: &[&str], rows: Vec<Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY);
    // A terminal that does not know its width gets lines as long as they are.
    if table.width().is_some_and(|width| width >= 40) {
        table.set_content_arrangement(ContentArrangement::Dynamic);
    }
    table.set_header(head.to_vec());
    table.add_rows(rows);
    table.to_string()
}

/// Imports, exports, size.
pub(crate) fn inspect(plugin: &Plugin) -> Result<(), Failure> {
    let facts = plugin.facts();
    if !is_for_a_person() {
        return print(
            &json!({"imports": facts.imports, "exports": facts.exports, "size": facts.size})
                .to_string(),
        );
    }
    let row = |kind: &str, name: &String| vec![kind.to_owned(), name.clone()];
    let mut rows: Vec<_> = facts
        .imports
        .iter()
        .map(|name| row("import", name))
        .collect();
    rows.extend(facts.exports.iter().map(|name| row("export", name)));
    let origin = match facts.origin {
        ComponentOrigin::Compiled => "compiled now",
        ComponentOrigin::Cached => "compiled before",
    };
    print(&format!(
        "{}\n{} bytes, {origin}",
        table(&["", "interface"], rows),
        facts.size
    ))
}

/// Whom the credentials belong to.
pub(crate) fn identity(identity: Option<&Identity>) -> Result<(), Failure> {
    let text = match identity {
        Some(identity) if is_for_a_person() => {
            format!(
                "The connection works.\naccount    {}\nprincipal  {}",
                identity.account, identity.principal
            )
        }
        None if is_for_a_person() => "The connection works.".to_owned(),
        Some(identity) => {
            json!({"identity": {"account": identity.account, "principal": identity.principal}})
                .to_string()
        }
        None => json!({"identity": null}).to_string(),
    };
    print(&text)
}

/// What an operation can act on.
pub(crate) fn objects(objects: &[ObjectType]) -> Result<(), Failure> {
    if !is_for_a_person() {
        let objects: Vec<Value> = objects
            .iter()
            .map(|object| json!({"id": object.id, "label": object.label, "kind": object.kind}))
            .collect();
        return print(&Value::from(objects).to_string());
    }
    let rows = objects
        .iter()
        .map(|object| vec![object.id.clone(), object.label.clone(), object.kind.clone()]);
    print(&table(&["id", "label", "kind"], rows.collect()))
}

/// The schemas of an operation.
pub(crate) fn profile(profile: &Profile) -> Result<(), Failure> {
    let schema = |text: &Option<String>| match text {
        None => Value::Null,
        Some(text) => serde_json::from_str(text).unwrap_or_else(|_| Value::from(text.as_str())),
    };
    let json = json!({"request": schema(&profile.request), "response": schema(&profile.response)});
    // JSON is what a person wants of it, too.
    if is_for_a_person() {
        print(&format!("{json:#}"))
    } else {
        print(&json.to_string())
    }
}

/// All that the plugin says of itself.
pub(crate) fn describe(descriptor: &Descriptor) -> Result<(), Failure> {
    if !is_for_a_person() {
        let json = json!({
            "id": descriptor.id,
            "label": descriptor.label,
            "version": descriptor.version,
            "description": descriptor.description,
            "connection": descriptor.connection.iter().map(field).collect::<Vec<_>>(),
            "operations": descriptor.operations.iter().map(operation).collect::<Vec<_>>(),
        });
        return print(&json.to_string());
    }
    let mut text = format!(
        "{} {} ({})\n{}\n\nConnection settings\n{}\n",
        descriptor.label,
        descriptor.version,
        descriptor.id,
        descriptor.description,
        fields(&descriptor.connection)
    );
    for operation in &descriptor.operations {
        text.push_str(&format!(
            "\n{}: {}\n{}\n",
            operation.id, operation.label, operation.description
        ));
        if !operation.settings.is_empty() {
            text.push_str(&format!("Settings\n{}\n", fields(&operation.settings)));
        }
        if !operation.properties.is_empty() {
            let rows = operation.properties.iter().map(|property| {
                let mut row = field_row(&property.field);
                row.insert(1, direction(property.direction).to_owned());
                row
            });
            let head = ["name", "direction", "kind", "default", "description"];
            text.push_str(&format!("Properties\n{}\n", table(&head, rows.collect())));
        }
    }
    print(&text)
}

fn fields(fields: &[Field]) -> String {
    table(
        &["name", "kind", "default", "description"],
        fields.iter().map(field_row).collect(),
    )
}

fn field_row(field: &Field) -> Vec<String> {
    let default = match (&field.default, field.required) {
        (Some(value), _) => serde_json::to_string(&JsonValue(value)).unwrap_or_default(),
        (None, true) => "(required)".to_owned(),
        (None, false) => String::new(),
    };
    let mut description = field.description.clone();
    if !field.choices.is_empty() {
        description.push_str(&format!(" ({})", field.choices.join(", ")));
    }
    vec![
        field.name.clone(),
        kind(field.kind).to_owned(),
        default,
        description,
    ]
}

fn kind(kind: FieldKind) -> &'static str {
    match kind {
        FieldKind::Text => "text",
        FieldKind::Integer => "integer",
        FieldKind::Boolean => "boolean",
        FieldKind::Choice => "choice",
        FieldKind::TextList => "text-list",
        FieldKind::Json => "json",
        FieldKind::Bytes => "bytes",
    }
}

fn direction(direction: Direction) -> &'static str {
    match direction {
        Direction::Input => "input",
        Direction::Output => "output",
        Direction::Both => "both",
    }
}

fn field(field: &Field) -> Value {
    let shown_when = field
        .shown_when
        .as_ref()
        .map(|condition| json!({"field": condition.field, "any-of": condition.any_of}));
    let hints: serde_json::Map<String, Value> = field
        .hints
        .iter()
        .map(|(name, hint)| (name.clone(), Value::from(hint.as_str())))
        .collect();
    json!({
        "name": field.name,
        "label": field.label,
        "description": field.description,
        "kind": kind(field.kind),
        "required": field.required,
        "secret": field.secret,
        "default": field.default.as_ref().and_then(|value| serde_json::to_value(JsonValue(value)).ok()),
        "choices": field.choices,
        "minimum": field.minimum,
        "maximum": field.maximum,
        "shown-when": shown_when,
        "hints": hints,
    })
}

fn operation(operation: &Operation) -> Value {
    let properties = operation
        .properties
        .iter()
        .map(|property| json!({"field": field(&property.field), "direction": direction(property.direction)}));
    json!({
        "id": operation.id,
        "label": operation.label,
        "description": operation.description,
        "mode": match operation.mode { Mode::Execute => "execute", Mode::Listen => "listen" },
        "takes-object": operation.takes_object,
        "settings": operation.settings.iter().map(field).collect::<Vec<_>>(),
        "properties": properties.collect::<Vec<_>>(),
        "idempotent": operation.idempotent,
    })
}
