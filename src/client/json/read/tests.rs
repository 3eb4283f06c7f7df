//! What is read as JSON, and how.

use super::*;

#[test]
fn texts_without_escapes_are_borrowed_and_members_keep_their_order() {
    let json = br#"{"b":"plain","a":"esc\n","n":-3,"d":1.5,"l":["x"],"z":null}"#;
    let node = Node::parse(json).unwrap();
    assert!(matches!(
        node.get("b"),
        Some(Node::Text(Cow::Borrowed("plain")))
    ));
    assert_eq!(node.text("a"), Some("esc\n"));
    assert_eq!(node.to_json().as_bytes(), json);
}

#[test]
fn values_keep_their_kind() {
    let value = |json: &'static str| Node::parse(json.as_bytes()).unwrap().into_value();
    assert!(value("null").is_none());
    assert!(matches!(value("7"), Some(Value::Integer(7))));
    assert!(matches!(value(r#"["a","b"]"#), Some(Value::TextList(texts)) if texts == ["a", "b"]));
    assert!(matches!(value(r#"{"a":[1]}"#), Some(Value::Json(json)) if json == r#"{"a":[1]}"#));
    assert!(matches!(
        value("18446744073709551615"),
        Some(Value::Json(_))
    ));
}

#[test]
fn what_is_no_json_and_what_is_nested_too_deep_is_refused() {
    assert_eq!(Node::parse(b"{\"a\":\"\xff\"}"), None);
    assert_eq!(Node::parse("[".repeat(100_000).as_bytes()), None);
}

#[test]
fn it_agrees_with_serde_json_on_what_json_is() {
    for text in [
        "<html>",
        "",
        " ",
        "null",
        "nul",
        "nulll",
        "true",
        "false ",
        "tru",
        "[",
        "[]",
        "[ ]",
        "[1,]",
        "[,]",
        "[1 2]",
        "{}",
        "{ }",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{a:1}",
        "{\"a\":1 \"b\":2}",
        "\t\r\n [\t1\r,\n2 ]\n",
        "\u{c}1",
        "[\u{c}]",
        "1\u{b}",
        " { \"a\" : [ 1 , { } ] , \"b\" : \"\" } ",
        "0",
        "-0",
        "00",
        "01",
        "-",
        "+1",
        "1.",
        ".5",
        "1.5e",
        "1e5",
        "1E+5",
        "-1.25e-7",
        "1e+",
        "9223372036854775807",
        "9223372036854775808",
        "-9223372036854775808",
        "\"",
        "\"a",
        "\"\t\"",
        "\"\u{7f}\u{e9}\u{1F600}\"",
        r#""\"\\\/\b\f\n\r\t""#,
        r#""\x""#,
        r#""\u00e9""#,
        r#""\u00E9 \ud83d\ude00""#,
        r#""\ud83d""#,
        r#""\ud83d\u0041""#,
        r#""\ude00""#,
        r#""\u+123""#,
        r#""\u12""#,
        "\"seven 7\"",
        "\"eight 88\"",
        "\"a longer one, with \\\"marks\\\" in it, and more behind\"",
        "1 1",
        "[1]]",
    ] {
        let ours = Node::parse(text.as_bytes()).map(|node| node.to_json());
        let theirs: Option<serde_json::Value> = serde_json::from_str(text).ok();
        let read_again = ours.map(|json| serde_json::from_str(&json).unwrap());
        assert_eq!(read_again, theirs, "{text}");
    }
}

#[test]
fn a_decimal_keeps_its_digits() {
    for text in [
        "1.50",
        "-0",
        "1e400",
        "0.1000000000000000055511151231257827",
    ] {
        assert_eq!(Node::parse(text.as_bytes()).unwrap().to_json(), text);
    }
}

#[test]
fn values_may_be_nested_so_deep_and_no_deeper() {
    let nested = |depth| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(Node::parse(nested(DEPTH).as_bytes()).is_some());
    assert_eq!(Node::parse(nested(DEPTH + 1).as_bytes()), None);
}

proptest::proptest! {
    #[test]
    fn every_text_is_read_as_it_was(text: String) {
        let json = serde_json::to_string(&text).unwrap();
        proptest::prop_assert_eq!(Node::parse(json.as_bytes()), Some(Node::Text(text.into())));
    }
}
