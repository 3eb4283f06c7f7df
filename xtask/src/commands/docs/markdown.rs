//! Pieces of Markdown, and members of JSON that have to be there.

use std::fmt::Write as _;

use anyhow::{Context, Result};
use serde_json::Value;

pub(super) fn table<const N: usize>(head: &[&str; N], rows: Vec<[String; N]>) -> String {
    let mut text = format!("| {} |\n|{}\n", head.join(" | "), "---|".repeat(N));
    for row in rows {
        let _ = writeln!(text, "| {} |", row.join(" | "));
    }
    text
}

/// The first sentence: up to a full stop with a capital or a code span after it, so that the stop
/// of an abbreviation ends none.
pub(super) fn first_sentence(text: &str) -> &str {
    let begins = |rest: &str| {
        rest.starts_with(|letter: char| letter.is_uppercase() || letter.is_ascii_digit())
            || rest.starts_with('`')
    };
    text.match_indices(". ")
        .find(|(at, stop)| begins(&text[at + stop.len()..]))
        .map_or(text, |(at, _)| &text[..=at])
}

/// A code span within a cell of a table.
pub(super) fn code(text: &str) -> String {
    let text = text.replace('|', "\\|").replace('\n', " ");
    if text.contains('`') {
        format!("`` {text} ``")
    } else {
        format!("`{text}`")
    }
}

/// Words within a cell of a table: what would be markup is escaped, but for code spans.
pub(super) fn prose(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    let mut in_code = false;
    for letter in text.chars() {
        match letter {
            '`' => in_code = !in_code,
            '\n' => {
                escaped.push(' ');
                continue;
            }
            '|' => escaped.push('\\'),
            '<' | '>' | '*' | '[' | ']' | '\\' if !in_code => escaped.push('\\'),
            _ => {}
        }
        escaped.push(letter);
    }
    escaped
}

pub(super) fn string<'a>(value: &'a Value, member: &str) -> Result<&'a str> {
    value[member]
        .as_str()
        .with_context(|| format!("`describe` gives no text `{member}`"))
}

pub(super) fn flag(value: &Value, member: &str) -> Result<bool> {
    value[member]
        .as_bool()
        .with_context(|| format!("`describe` gives no truth value `{member}`"))
}

pub(super) fn list<'a>(value: &'a Value, member: &str) -> Result<&'a [Value]> {
    value[member]
        .as_array()
        .map(Vec::as_slice)
        .with_context(|| format!("`describe` gives no list `{member}`"))
}
