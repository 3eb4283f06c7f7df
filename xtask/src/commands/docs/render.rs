//! The pages: the reference as a whole, and the README's tables.

use std::fmt::Write as _;

use anyhow::{Result, bail};
use serde_json::Value;

use super::REFERENCE;
use super::markdown::{code, first_sentence, flag, list, prose, string, table};

/// What ends a generated part of the README.
const END: &str = "<!-- end -->";

/// The whole reference.
pub(super) fn reference(descriptor: &Value) -> Result<String> {
    let mut page = format!(
        "<!-- Written by `cargo xtask docs` from what the plugin says of itself. The words stand \
         in src/catalogue: change them there. -->\n\n\
         # Reference: {} {}\n\n\
         {}\n\n\
         This is what `describe` says, so it is also what a platform draws its forms from. A value \
         may be given as text wherever that is not its type: `30`, `true`, `a,b` for a list, JSON \
         for a structure. Bounds are inclusive. A property whose name ends in `*` stands for every \
         name with that beginning.\n\n\
         ## Connection settings\n\n",
        string(descriptor, "label")?,
        string(descriptor, "version")?,
        prose(string(descriptor, "description")?),
    );
    page.push_str(&table(
        &["setting", "type", "default", "bounds", "what it does"],
        list(descriptor, "connection")?
            .iter()
            .map(setting_row)
            .collect::<Result<_>>()?,
    ));
    page.push_str("\n## Operations\n\n");
    let operations = list(descriptor, "operations")?;
    page.push_str(&operations_table(operations, "")?);
    for operation in operations {
        page.push('\n');
        page.push_str(&operation_section(operation)?);
    }
    Ok(page)
}

fn operation_section(operation: &Value) -> Result<String> {
    let mut section = format!(
        "### {}\n\n**{}.** {}\n\n",
        string(operation, "id")?,
        prose(string(operation, "label")?),
        prose(string(operation, "description")?)
    );
    let mode = match string(operation, "mode")? {
        "listen" => "Run with `listen`, `next` and `settle`.",
        _ => "Run with `execute`.",
    };
    let object = if flag(operation, "takes-object")? {
        "It acts on an object that `browse` lists."
    } else {
        "It takes no object."
    };
    let repeatable = if flag(operation, "idempotent")? {
        "Idempotent: to run it twice has the effect of running it once."
    } else {
        "Not idempotent: to run it twice may have another effect than to run it once."
    };
    let _ = writeln!(section, "{mode} {object} {repeatable}");

    let settings = list(operation, "settings")?;
    if settings.is_empty() {
        section.push_str("\nIt has no settings.\n");
    } else {
        section.push_str("\nSettings:\n\n");
        section.push_str(&table(
            &["setting", "type", "default", "bounds", "what it does"],
            settings.iter().map(setting_row).collect::<Result<_>>()?,
        ));
    }
    let properties = list(operation, "properties")?;
    if properties.is_empty() {
        section.push_str("\nIts documents have no properties of their own.\n");
    } else {
        section.push_str("\nDocument properties:\n\n");
        section.push_str(&table(
            &["property", "type", "direction", "bounds", "what it is"],
            properties
                .iter()
                .map(|property| {
                    let direction = match string(property, "direction")? {
                        "both" => "input, output",
                        one => one,
                    };
                    let [name, kind, _, bounds, help] = setting_row(&property["field"])?;
                    Ok([name, kind, direction.to_owned(), bounds, help])
                })
                .collect::<Result<_>>()?,
        ));
    }
    Ok(section)
}

/// One row an operation, with a link to where it is explained in full.
fn operations_table(operations: &[Value], page: &str) -> Result<String> {
    let row = |operation: &Value| {
        let id = string(operation, "id")?;
        let again = if flag(operation, "idempotent")? {
            "yes"
        } else {
            "no"
        };
        Ok([
            format!("[`{id}`]({page}#{id})"),
            prose(first_sentence(string(operation, "description")?)),
            again.to_owned(),
        ])
    };
    Ok(table(
        &["operation", "what it does", "idempotent"],
        operations.iter().map(row).collect::<Result<_>>()?,
    ))
}

/// The connection's settings in short.
fn settings_table(settings: &[Value]) -> Result<String> {
    let row = |field: &Value| {
        let [name, kind, default, _, _] = setting_row(field)?;
        let help = prose(first_sentence(string(field, "description")?));
        Ok([name, kind, default, help])
    };
    Ok(table(
        &["setting", "type", "default", "what it does"],
        settings.iter().map(row).collect::<Result<_>>()?,
    ))
}

/// A field's name, type, default, bounds and help.
fn setting_row(field: &Value) -> Result<[String; 5]> {
    let mut kind = string(field, "kind")?.replace('-', " ");
    for (member, word) in [("required", ", required"), ("secret", ", secret")] {
        if flag(field, member)? {
            kind.push_str(word);
        }
    }
    Ok([
        code(string(field, "name")?),
        kind,
        default(&field["default"]),
        bounds(field)?,
        help(field)?,
    ])
}

fn default(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => code(text),
        Value::Array(texts) => {
            let texts: Vec<&str> = texts.iter().filter_map(Value::as_str).collect();
            code(&texts.join(","))
        }
        other => code(&other.to_string()),
    }
}

fn bounds(field: &Value) -> Result<String> {
    let unit = match string(field, "kind")? {
        "integer" => field["hints"]["unit"].as_str().unwrap_or(""),
        "text-list" => "entries",
        "bytes" => "bytes",
        _ => "characters",
    };
    let (least, most) = (field["minimum"].as_i64(), field["maximum"].as_i64());
    let words = match (least, most) {
        (None, None) => return Ok(String::new()),
        (Some(least), None) => format!("at least {least}"),
        (None, Some(most)) => format!("at most {most}"),
        (Some(least), Some(most)) => format!("{least} to {most}"),
    };
    Ok(format!("{words} {unit}").trim_end().to_owned())
}

/// What a field is for, and all of its form that has no column.
fn help(field: &Value) -> Result<String> {
    let mut help = format!(
        "**{}.** {}",
        prose(string(field, "label")?),
        prose(string(field, "description")?)
    );
    let codes = |values: &[Value]| {
        let values: Vec<String> = values.iter().filter_map(Value::as_str).map(code).collect();
        values.join(", ")
    };
    let choices = list(field, "choices")?;
    if !choices.is_empty() {
        let what = match string(field, "kind")? {
            "choice" => "One of",
            _ => "Suggestions:",
        };
        let _ = write!(help, " {what} {}.", codes(choices));
    }
    if let Some(pattern) = field["hints"]["pattern"].as_str() {
        let _ = write!(help, " Pattern: {}.", code(pattern));
    }
    let condition = &field["shown-when"];
    if !condition.is_null() {
        let other = code(string(condition, "field")?);
        let values = list(condition, "any-of")?;
        let _ = match values {
            [] => write!(help, " Only where {other} is given."),
            [one] => write!(
                help,
                " Only where {other} is {}.",
                codes(std::slice::from_ref(one))
            ),
            many => write!(help, " Only where {other} is one of {}.", codes(many)),
        };
    }
    Ok(help)
}

/// The README with its generated parts made anew.
pub(super) fn filled(readme: &str, descriptor: &Value) -> Result<String> {
    let mut filled = String::with_capacity(readme.len());
    let mut missing = vec!["settings", "operations"];
    let mut lines = readme.lines();
    while let Some(line) = lines.next() {
        filled.push_str(line);
        filled.push('\n');
        let name = line
            .strip_prefix("<!-- generated: ")
            .and_then(|rest| rest.strip_suffix(" -->"));
        let Some(name) = name else { continue };
        missing.retain(|wanted| *wanted != name);
        let table = match name {
            "settings" => settings_table(list(descriptor, "connection")?)?,
            "operations" => operations_table(list(descriptor, "operations")?, REFERENCE)?,
            other => bail!("nothing is generated under the name {other:?}"),
        };
        // An empty line on both sides, or the table is no table.
        let _ = write!(filled, "\n{table}\n{END}\n");
        if !lines.by_ref().any(|line| line == END) {
            bail!("`{line}` is not followed by `{END}`");
        }
    }
    if !missing.is_empty() {
        bail!(
            "there is no line `<!-- generated: {} -->`, with `{END}` after it",
            missing.join(" -->` or `<!-- generated: ")
        );
    }
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::first_difference;
    use super::*;

    fn field() -> Value {
        json!({
            "name": "delay", "label": "Delay", "description": "How long, in seconds. 0: not at all.",
            "kind": "integer", "required": false, "secret": false, "default": 30, "choices": [],
            "minimum": 0, "maximum": 900, "shown-when": null, "hints": {"unit": "s"},
        })
    }

    fn with(mut field: Value, member: &str, value: Value) -> Value {
        field[member] = value;
        field
    }

    fn descriptor() -> Value {
        json!({
            "id": "x", "label": "X", "version": "1.0.0", "description": "Does it.",
            "connection": [field()],
            "operations": [{
                "id": "send", "label": "Send", "description": "Sends it. All of it.",
                "mode": "execute", "takes-object": true, "idempotent": false, "settings": [],
                "properties": [{"direction": "both", "field": field()}],
            }],
        })
    }

    #[test]
    fn a_field_is_a_row() {
        assert_eq!(
            setting_row(&field()).expect("a field"),
            [
                "`delay`",
                "integer",
                "`30`",
                "0 to 900 s",
                "**Delay.** How long, in seconds. 0: not at all."
            ]
        );
        let list = with(
            with(field(), "kind", json!("text-list")),
            "default",
            json!(["a", "b"]),
        );
        let [_, kind, default, bounds, _] = setting_row(&list).expect("a field");
        assert_eq!(
            [kind, default, bounds],
            ["text list", "`a,b`", "0 to 900 entries"]
        );
    }

    #[test]
    fn a_row_says_what_else_a_form_needs() {
        let mut choice = with(field(), "kind", json!("choice"));
        choice["choices"] = json!(["a", "b"]);
        choice["secret"] = json!(true);
        choice["maximum"] = Value::Null;
        choice["hints"] = json!({"pattern": "^a|b$"});
        choice["shown-when"] = json!({"field": "other", "any-of": ["x", "y"]});
        let [_, kind, _, bounds, help] = setting_row(&choice).expect("a field");
        assert_eq!([kind, bounds], ["choice, secret", "at least 0 characters"]);
        assert!(help.ends_with(
            "One of `a`, `b`. Pattern: `^a\\|b$`. Only where `other` is one of `x`, `y`."
        ));
    }

    #[test]
    fn a_member_that_is_missing_is_named() {
        let error = setting_row(&json!({"name": "x"})).expect_err("no field");
        assert!(error.to_string().contains("`kind`"));
    }

    #[test]
    fn the_reference_has_every_operation_and_property() {
        let page = reference(&descriptor()).expect("a page");
        assert!(page.contains("\n| [`send`](#send) | Sends it. | no |\n"));
        assert!(page.contains("\n### send\n\n**Send.** Sends it. All of it.\n"));
        assert!(page.contains("\nIt has no settings.\n"));
        assert!(page.contains("\n| `delay` | integer | input, output | 0 to 900 s | "));
    }

    #[test]
    fn the_readme_keeps_everything_but_its_generated_parts() {
        let readme = "a\n<!-- generated: settings -->\nold\n<!-- end -->\nb\n<!-- generated: operations -->\n<!-- end -->\nc\n";
        let once = filled(readme, &descriptor()).expect("a page");
        assert!(once.starts_with("a\n<!-- generated: settings -->\n\n| setting |"));
        assert!(once.ends_with("| no |\n\n<!-- end -->\nc\n"));
        assert!(!once.contains("old"));
        assert!(once.contains("[`send`](docs/reference.md#send)"));
        assert_eq!(filled(&once, &descriptor()).expect("a page"), once);
    }

    #[test]
    fn a_marker_that_is_missing_or_unknown_is_an_error() {
        for readme in [
            "<!-- generated: settings -->\n<!-- end -->\n",
            "<!-- generated: settings -->\n",
            "<!-- generated: everything -->\n<!-- end -->\n",
        ] {
            assert!(filled(readme, &descriptor()).is_err(), "{readme}");
        }
    }

    #[test]
    fn a_sentence_ends_where_the_next_one_begins() {
        assert_eq!(first_sentence("One, e.g. two. Three."), "One, e.g. two.");
        assert_eq!(first_sentence("One. `two` is three."), "One.");
        assert_eq!(first_sentence("One"), "One");
    }

    #[test]
    fn markup_is_escaped_outside_code() {
        assert_eq!(
            prose("a|b <c> * `d|* <e>`"),
            "a\\|b \\<c\\> \\* `d\\|* <e>`"
        );
        assert_eq!(code("a`b"), "`` a`b ``");
    }

    #[test]
    fn a_difference_is_found_by_its_line() {
        assert_eq!(first_difference("a\nb\n", "a\nb\n"), None);
        assert_eq!(first_difference("a\nb\n", "a\nc\n"), Some(2));
        assert_eq!(first_difference("", "a\n"), Some(1));
        assert_eq!(first_difference("a\n", "a\nb\n"), Some(2));
    }
}
