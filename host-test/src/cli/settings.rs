//! Settings from a file and from the command line, as values of the kinds that `describe` lists.
//!
//! What does not fit its kind, and a name that does not exist, is passed on as text: the plugin
//! reports every problem at once, and in its own words.

use connector_host::Settings;
use connector_host::contract::{Field, FieldKind, Value};

use super::document::{self, Entries};

/// Reads a JSON object of settings into `settings`; `null` is a setting not given.
pub(crate) fn read(text: &[u8], fields: &[Field], settings: &mut Settings) -> Result<(), String> {
    let Entries(entries) = serde_json::from_slice(text).map_err(|error| {
        // Only where it is: the words may repeat what stands there.
        format!(
            "it is not a JSON object (line {}, column {})",
            error.line(),
            error.column()
        )
    })?;
    for (name, raw) in entries {
        if raw.get() == "null" {
            continue;
        }
        let kind = kind(fields, &name);
        let value = match (document::value(&raw), kind) {
            (Value::Text(text), kind) => from_text(text, kind),
            // A structure is what this field wants, whatever it looks like.
            (_, Some(FieldKind::Json)) => Value::Json(raw.get().to_owned()),
            (value, _) => value,
        };
        settings.set(name, value);
    }
    Ok(())
}

/// Takes `name=value` pairs of a command line into `settings`.
pub(crate) fn take(pairs: &[(String, String)], fields: &[Field], settings: &mut Settings) {
    for (name, text) in pairs {
        settings.set(name, from_text(text.clone(), kind(fields, name)));
    }
}

fn kind(fields: &[Field], name: &str) -> Option<FieldKind> {
    fields
        .iter()
        .find(|field| field.name == name)
        .map(|field| field.kind)
}

fn from_text(text: String, kind: Option<FieldKind>) -> Value {
    match kind {
        Some(FieldKind::Integer) => text.parse().map_or(Value::Text(text), Value::Integer),
        Some(FieldKind::Boolean) => text.parse().map_or(Value::Text(text), Value::Boolean),
        Some(FieldKind::TextList) if text.is_empty() => Value::TextList(Vec::new()),
        Some(FieldKind::TextList) => Value::TextList(text.split(',').map(str::to_owned).collect()),
        Some(FieldKind::Json) => Value::Json(text),
        Some(FieldKind::Bytes) => Value::Bytes(text.into_bytes()),
        Some(FieldKind::Text | FieldKind::Choice) | None => Value::Text(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(name: &str, kind: FieldKind) -> Field {
        Field {
            name: name.to_owned(),
            label: String::new(),
            description: String::new(),
            kind,
            required: false,
            secret: false,
            default: None,
            choices: Vec::new(),
            minimum: None,
            maximum: None,
            shown_when: None,
            hints: Vec::new(),
        }
    }

    fn fields() -> Vec<Field> {
        vec![
            field("count", FieldKind::Integer),
            field("deep", FieldKind::Boolean),
            field("names", FieldKind::TextList),
            field("policy", FieldKind::Json),
            field("region", FieldKind::Text),
        ]
    }

    #[test]
    fn a_file_gives_values_of_the_kinds_that_the_fields_want() {
        let mut settings = Settings::new();
        let text = br#"{"count": "3", "deep": true, "names": ["a", "b"], "policy": {"x": [1]}, "region": null, "other": 5}"#;
        read(text, &fields(), &mut settings).expect("an object");
        assert!(matches!(settings.get("count"), Some(Value::Integer(3))));
        assert!(matches!(settings.get("deep"), Some(Value::Boolean(true))));
        assert!(
            matches!(settings.get("names"), Some(Value::TextList(list)) if list == &["a", "b"])
        );
        assert!(
            matches!(settings.get("policy"), Some(Value::Json(text)) if text == r#"{"x": [1]}"#)
        );
        assert!(settings.get("region").is_none());
        assert!(matches!(settings.get("other"), Some(Value::Integer(5))));
    }

    #[test]
    fn the_command_line_wins_over_the_file_and_what_does_not_fit_stays_text() {
        let mut settings = Settings::new();
        read(br#"{"count": 3, "region": "a"}"#, &fields(), &mut settings).expect("an object");
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let pairs = [
            pair("count", "many"),
            pair("names", "a,b"),
            pair("region", "b=c"),
            pair("what", "1"),
        ];
        take(&pairs, &fields(), &mut settings);
        assert!(matches!(settings.get("count"), Some(Value::Text(text)) if text == "many"));
        assert!(matches!(settings.get("names"), Some(Value::TextList(list)) if list.len() == 2));
        assert!(matches!(settings.get("region"), Some(Value::Text(text)) if text == "b=c"));
        assert!(matches!(settings.get("what"), Some(Value::Text(text)) if text == "1"));
    }
}
