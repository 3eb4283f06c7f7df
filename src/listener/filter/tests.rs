use super::*;
use crate::contract::Property;

fn document() -> Document {
    let property = |name: &str, value| Property {
        name: name.to_owned(),
        value,
    };
    Document {
        payload: br#"{"order":{"total":120.5,"lines":[{"sku":"a-1"}],"odd name":"x"},
            "tags":["new","urgent"],"paid":true,"note":null,"count":"7"}"#
            .to_vec(),
        content_type: None,
        properties: vec![
            Property::text("attribute.kind", "order"),
            Property::text("attribute.price", "9.50"),
            Property::integer("attribute.number", 42),
            Property::text("attribute.flag", "true"),
            property("attribute.bytes", Value::Bytes(vec![1])),
            Property::text("message-group-id", "eu-west"),
            Property::integer("approximate-receive-count", 3),
            property("regions", Value::TextList(vec!["a".into(), "b".into()])),
        ],
    }
}

fn matches(filter: &str) -> bool {
    let filter = Filter::parse(filter).unwrap_or_else(|error| panic!("{filter}: {error}"));
    filter.matches(&document())
}

#[test]
fn conditions_hold_over_properties_and_the_body() {
    for filter in [
        "attribute.kind = 'order'",
        "attribute.kind != \"other\"",
        "attribute.price > 9.4 and attribute.price <= 9.5",
        "attribute.number = 42",
        "attribute.number = '42'",
        "attribute.number starts-with '4'",
        "attribute.flag = true",
        "message-group-id starts-with 'eu-'",
        "message-group-id ends-with 'west'",
        "approximate-receive-count < 5",
        "regions contains 'b'",
        "body.order.total >= 120",
        "body.order.total = '120.5'",
        "body.order.total starts-with '120'",
        "body.order.lines[0].sku in ('z', 'a-1')",
        "body['order']['odd name'] = 'x'",
        "body.order['lines'][0]['sku'] = 'a-1'",
        "body.tags contains 'urgent'",
        "body.paid = true",
        "body.note = null",
        "body.count > 6.5",
        "exists attribute.bytes and exists body.order",
        "body.order.total>=100 and attribute.kind='order'",
    ] {
        assert!(matches(filter), "{filter}");
        assert!(!matches(&format!("not ({filter})")), "not {filter}");
    }
}

#[test]
fn of_a_missing_field_every_condition_is_false() {
    for filter in [
        "attribute.absent = 'x'",
        "attribute.absent != 'x'",
        "attribute.absent in ('x')",
        "exists attribute.absent",
        "body.order.lines[1].sku = 'a-1'",
        "body.order.lines.sku = 'a-1'",
        "body.tags[99999999999999999999] = 'x'",
        "body.order.total.deeper != 1",
    ] {
        assert!(!matches(filter), "{filter}");
    }
    assert!(matches("not exists attribute.absent"));
}

#[test]
fn values_of_different_kinds_are_not_equal_and_not_ordered() {
    for filter in [
        "attribute.kind = 5",
        "attribute.kind > 5",
        "attribute.bytes = 'x'",
        "body.note = ''",
        "body.paid = 1",
        "body.order = 'x'",
        "body.tags = 'urgent'",
    ] {
        assert!(!matches(filter), "{filter}");
    }
    assert!(matches("attribute.kind != 5"));
}

#[test]
fn and_binds_before_or_and_parentheses_before_both() {
    let (yes, no) = ("body.paid = true", "body.paid = false");
    assert!(matches(&format!("{yes} or {yes} and {no}")));
    assert!(!matches(&format!("({yes} or {yes}) and {no}")));
    assert!(matches(&format!("not {no} and {yes}")));
}

#[test]
fn a_body_that_is_no_json_has_no_fields() {
    let mut document = document();
    document.payload = b"\xff plain".to_vec();
    let matches = |filter: &str| Filter::parse(filter).unwrap().matches(&document);
    assert!(!matches("body.paid = true"));
    assert!(!matches("exists body"));
    assert!(matches("attribute.kind = 'order'"));
}

#[test]
fn quotes_and_backslashes_are_escaped_in_texts() {
    let mut document = document();
    document.properties = vec![Property::text("p", r#"it's a "\""#)];
    let filter = Filter::parse(r#"p = 'it\'s a \"\\\"'"#).unwrap();
    assert!(filter.matches(&document));
}

#[test]
fn a_filter_that_cannot_be_read_says_where_and_why() {
    for (filter, problem) in [
        ("", "at character 1: expected a property's name or `body`"),
        ("a", "at character 2: expected =, !="),
        ("a = ", "at character 5: expected a text in quotes"),
        ("a = b", "at character 5: expected a text in quotes"),
        ("a = 'x", "expected a text that ends with its quote"),
        ("a = '\\n'", "expected only \\\\"),
        (
            "a = 1 b = 2",
            "at character 7: expected `and`, `or` or the end",
        ),
        ("(a = 1", "at character 7: expected `)`"),
        ("a in 1", "at character 6: expected `(`"),
        ("body.x[-1] = 1", "expected an element's number"),
        ("body..x = 1", "expected a member's name"),
        ("body.x[1 = 1", "expected `]`"),
        ("ä = 'x' und b = 1", "at character 9:"),
        ("a\u{a0}= 1", "at character 2: expected =, !="),
        ("a = inf", "expected a text in quotes"),
        ("a = 1e999", "expected a text in quotes"),
    ] {
        let said = Filter::parse(filter).unwrap_err();
        assert!(said.contains(problem), "{filter}: {said}");
    }
}

#[test]
fn decimals_are_read_as_the_standard_library_reads_them() {
    for text in [
        "0.1",
        "-12.75",
        "1e3",
        "2.5E-4",
        "123456789012345.0",
        "123456.789e-3",
        "0e5",
    ] {
        assert_eq!(number_of(text), text.parse().ok(), "{text}");
    }
    for text in ["1e-99999999999", "0.0"] {
        assert_eq!(number_of(text), Some(0.0), "{text}");
    }
    for text in ["1e999", "-1e99999999999", "1.", "0x1", "NaN", "inf", ""] {
        assert_eq!(number_of(text), None, "{text}");
    }
}

#[test]
fn deep_nesting_is_refused_and_not_followed() {
    let deep = format!("{}a = 1{}", "(".repeat(2_000), ")".repeat(2_000));
    assert!(Filter::parse(&deep).unwrap_err().contains("32"));
    let flat = vec!["(a = 1)"; 500].join(" or ");
    assert!(Filter::parse(&flat).is_ok());
}

#[test]
fn the_properties_that_a_filter_asks_for_are_known() {
    let filter = Filter::parse("a = 1 and (not exists b or c in (1)) and body.x = 1").unwrap();
    assert_eq!(filter.properties(), ["a", "b", "c"]);
}

proptest::proptest! {
    #[test]
    fn no_text_breaks_the_reader(text in "[a-z'\"\\\\()\\[\\]<>=!,.0-9é -]{0,60}") {
        if let Ok(filter) = Filter::parse(&text) {
            filter.matches(&document());
        }
    }
}
