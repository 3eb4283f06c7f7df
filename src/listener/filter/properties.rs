//! A filter means what an evaluator that shares nothing with it says, and no text breaks its
//! reader.

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::*;
use crate::contract::Property;
use crate::testing::fuzz::{cases, corpus, mistaken};

/// A filter as it is meant.
#[derive(Clone, Debug)]
enum Meant {
    And(Vec<Meant>),
    Or(Vec<Meant>),
    Not(Box<Meant>),
    Exists(&'static str),
    Compare(&'static str, &'static str, Json),
    In(&'static str, Vec<Json>),
}

/// What can be asked for, with its value in a message; not all of them are there.
const PATHS: [&str; 12] = [
    "attribute.text",
    "attribute.number",
    "flag",
    "count",
    "texts",
    "bytes",
    "absent",
    "body",
    "body.total",
    "body.tags",
    "body['odd name'][1]",
    "body.none.deeper",
];

const OPERATORS: [&str; 9] = [
    "=",
    "!=",
    "<",
    "<=",
    ">",
    ">=",
    "contains",
    "starts-with",
    "ends-with",
];

/// A message: what its paths lead to, and itself.
#[derive(Clone, Debug)]
struct Case {
    found: Vec<(&'static str, Option<Json>)>,
    document: Document,
}

/// Few values, so that they are often equal.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[ab'\"\\\\ é]{0,3}",
        "-?[0-3]{1,2}(\\.[05])?",
        proptest::sample::select(vec!["true", "false", "null", "1e1", "NaN", ""])
            .prop_map(str::to_owned),
    ]
}

fn scalar() -> impl Strategy<Value = Json> {
    prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        (-3_i64..33).prop_map(Json::from),
        (-6_i32..66).prop_map(|half| Json::from(f64::from(half) / 2.0)),
        text().prop_map(Json::from),
    ]
}

fn body_value() -> impl Strategy<Value = Json> {
    prop_oneof![
        4 => scalar(),
        1 => vec(scalar(), 0..4).prop_map(Json::from),
        1 => Just(json!({ "a": 1 })),
    ]
}

fn case() -> impl Strategy<Value = Case> {
    let values = (text(), text(), any::<bool>(), -3_i64..33, vec(text(), 0..4));
    let bodies = (body_value(), vec(scalar(), 0..4), vec(body_value(), 0..3));
    (values, bodies).prop_map(|(values, (total, tags, odd))| {
        let (words, number, flag, count, texts) = values;
        let body = json!({ "total": total, "tags": tags, "odd name": odd, "none": null });
        let property = |name: &str, value| Property {
            name: name.to_owned(),
            value,
        };
        let document = Document {
            payload: body.to_string().into_bytes(),
            content_type: None,
            properties: vec![
                property("attribute.text", Value::Text(words.clone())),
                property("attribute.number", Value::Text(number.clone())),
                property("flag", Value::Boolean(flag)),
                property("count", Value::Integer(count)),
                property("texts", Value::TextList(texts.clone())),
                property("bytes", Value::Bytes(vec![1])),
            ],
        };
        let there = [
            Some(json!(words)),
            Some(json!(number)),
            Some(json!(flag)),
            Some(json!(count)),
            Some(json!(texts)),
            // What compares with nothing, as an object does.
            Some(json!({})),
            None,
            Some(body.clone()),
            Some(total),
            Some(json!(tags)),
            odd.get(1).cloned(),
            None,
        ];
        Case {
            found: PATHS.into_iter().zip(there).collect(),
            document,
        }
    })
}

fn meant() -> impl Strategy<Value = Meant> {
    let path = || proptest::sample::select(PATHS.to_vec());
    let operator = proptest::sample::select(OPERATORS.to_vec());
    let leaf = prop_oneof![
        6 => (path(), operator, scalar()).prop_map(|(path, operator, literal)| {
            Meant::Compare(path, operator, literal)
        }),
        1 => path().prop_map(Meant::Exists),
        1 => (path(), vec(scalar(), 1..4)).prop_map(|(path, literals)| Meant::In(path, literals)),
    ];
    leaf.prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 2..4).prop_map(Meant::And),
            vec(inner.clone(), 2..4).prop_map(Meant::Or),
            inner.prop_map(|test| Meant::Not(Box::new(test))),
        ]
    })
}

fn literal(value: &Json) -> String {
    match value {
        Json::String(text) => {
            let escaped = text.replace('\\', "\\\\").replace('\'', "\\'");
            format!("'{escaped}'")
        }
        other => other.to_string(),
    }
}

impl Meant {
    /// As a person writes it, with no parentheses but those it needs.
    fn write(&self) -> String {
        let joined = |tests: &[Meant], word: &str, looser: fn(&Meant) -> bool| {
            let part = |test: &Meant| {
                if looser(test) {
                    format!("({})", test.write())
                } else {
                    test.write()
                }
            };
            tests.iter().map(part).collect::<Vec<_>>().join(word)
        };
        match self {
            Self::Or(tests) => joined(tests, " or ", |test| matches!(test, Meant::Or(_))),
            Self::And(tests) => joined(tests, "  and ", |test| {
                matches!(test, Meant::Or(_) | Meant::And(_))
            }),
            Self::Not(test) => match **test {
                Self::And(_) | Self::Or(_) => format!("not({})", test.write()),
                _ => format!("not {}", test.write()),
            },
            Self::Exists(path) => format!("exists {path}"),
            Self::Compare(path, operator, value) => {
                format!("{path} {operator} {}", literal(value))
            }
            Self::In(path, values) => {
                let values: Vec<_> = values.iter().map(literal).collect();
                format!("{path} in ({})", values.join(" ,"))
            }
        }
    }

    fn is_true(&self, case: &Case) -> bool {
        let found = |path: &str| {
            let (_, found) = case.found.iter().find(|(known, _)| *known == path)?;
            found.as_ref()
        };
        match self {
            Self::And(tests) => tests.iter().all(|test| test.is_true(case)),
            Self::Or(tests) => tests.iter().any(|test| test.is_true(case)),
            Self::Not(test) => !test.is_true(case),
            Self::Exists(path) => found(path).is_some(),
            Self::Compare(path, operator, value) => {
                found(path).is_some_and(|found| is_so(found, operator, value))
            }
            Self::In(path, values) => {
                found(path).is_some_and(|found| values.iter().any(|value| is_so(found, "=", value)))
            }
        }
    }
}

/// The language's reference, over again.
fn is_so(found: &Json, operator: &str, value: &Json) -> bool {
    match (operator, found, value) {
        ("!=", ..) => return !is_so(found, "=", value),
        ("contains", Json::Array(elements), _) => {
            return elements.iter().any(|element| is_so(element, "=", value));
        }
        // A number is compared with a text as it is written.
        (_, Json::Number(number), Json::String(_)) => {
            return is_so(&Json::from(number.to_string()), operator, value);
        }
        ("contains", Json::String(text), Json::String(part)) => return text.contains(&**part),
        ("starts-with", Json::String(text), Json::String(part)) => {
            return text.starts_with(&**part);
        }
        ("ends-with", Json::String(text), Json::String(part)) => return text.ends_with(&**part),
        _ => {}
    }
    let number = |json: &Json| match json {
        Json::Number(number) => number.as_f64(),
        Json::String(text) => serde_json::from_str(text).ok(),
        _ => None,
    };
    let order = match (found, value) {
        (Json::String(text), Json::String(other)) => Some(text.cmp(other)),
        (Json::Number(_) | Json::String(_), Json::Number(other)) => {
            number(found).and_then(|number| number.partial_cmp(&other.as_f64()?))
        }
        (Json::String(text), Json::Bool(flag)) => {
            (*text == flag.to_string()).then_some(std::cmp::Ordering::Equal)
        }
        (Json::Bool(_), Json::Bool(_)) | (Json::Null, Json::Null) => {
            (found == value).then_some(std::cmp::Ordering::Equal)
        }
        _ => None,
    };
    match operator {
        "=" => order.is_some_and(|order| order.is_eq()),
        "<" => order.is_some_and(|order| order.is_lt()),
        "<=" => order.is_some_and(|order| order.is_le()),
        ">" => order.is_some_and(|order| order.is_gt()),
        ">=" => order.is_some_and(|order| order.is_ge()),
        _ => false,
    }
}

/// Reads any text; what is wrong has to be said with a place in the text.
fn read(text: &str) -> Result<Option<Filter>, String> {
    let said = match Filter::parse(text) {
        Ok(filter) => return Ok(Some(filter)),
        Err(said) => said,
    };
    let Some(rest) = said.strip_prefix("at character ") else {
        // Only nesting has no place of its own.
        return if said.contains("within each other") {
            Ok(None)
        } else {
            Err(said)
        };
    };
    let place = rest.split(':').next().and_then(|place| place.parse().ok());
    let end = text.chars().count() + 1;
    match place {
        Some(place) if (1..=end).contains(&place) => Ok(None),
        _ => Err(format!("{said}, and the text ends at {end}")),
    }
}

proptest! {
    #![proptest_config(cases(500))]

    #[test]
    fn a_filter_means_what_is_written(meant in meant(), case in case()) {
        let written = meant.write();
        let filter = Filter::parse(&written);
        prop_assert!(filter.is_ok(), "{}: {:?}", written, filter.err());
        let matches = filter.is_ok_and(|filter| filter.matches(&case.document));
        prop_assert_eq!(matches, meant.is_true(&case), "{}", written);
    }

    #[test]
    fn any_text_is_a_filter_or_is_wrong_at_a_place_in_it(text in any::<String>(), case in case()) {
        if let Some(filter) = read(&text).map_err(TestCaseError::fail)? {
            filter.matches(&case.document);
        }
    }

    #[test]
    fn a_filter_with_mistakes_is_a_filter_or_is_wrong_at_a_place_in_it(
        bytes in mistaken(meant().prop_map(|meant| meant.write().into_bytes())),
        case in case(),
    ) {
        let text = String::from_utf8_lossy(&bytes);
        if let Some(filter) = read(&text).map_err(TestCaseError::fail)? {
            filter.matches(&case.document);
        }
    }
}

#[test]
fn the_corpus_is_filters_or_is_wrong_at_a_place_in_it() {
    for (name, bytes) in corpus("filter") {
        let text = String::from_utf8_lossy(&bytes);
        let read = read(&text).unwrap_or_else(|said| panic!("{name}: {said}"));
        assert_eq!(read.is_some(), name.starts_with("good"), "{name}");
    }
}
